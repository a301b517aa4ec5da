package pattern

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var noon = time.Date(2030, 1, 31, 12, 0, 0, 0, time.UTC)

// at makes an observation of objects, seconds after noon.
func at(seconds float64, objects ...map[string]any) Observation {
	when := noon.Add(time.Duration(seconds * float64(time.Second)))
	return Observation{First: when, Last: when, Count: 1, Objects: objects}
}

func host(name string) map[string]any { return map[string]any{"type": "host", "name": name} }

func match(t testing.TB, text string, obs []Observation) Result {
	t.Helper()
	r, err := mustParse(t, text).Match(obs, Limits{})
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return r
}

// TestComparisons is STIX 2.1 §9.6 by operator and kind of constant.
func TestComparisons(t *testing.T) {
	obs := []Observation{at(0, map[string]any{
		"type": "x-thing", "id": "x-thing--1", "int": int64(5), "big": int64(9007199254740993), "float": 12.5, "round": 12.0,
		"bool": true, "string": "hello", "accent": "héllo", "ip": "198.51.100.44", "cidr": "198.51.100.44/20", "six": "2001:db8:dead:beef::1",
		"when": "2030-01-31T12:00:00.5Z", "empty": "", "null": nil,
		"magic_hex": "FFd8ff", "payload_bin": "1MOyoQIABAA=", "bad_hex": "zz", "latin_bin": "1PI=", "quote": `it's \`,
		"list": []any{"one", "two", int64(3)}, "nothing": []any{},
		"nested": map[string]any{"a-b": map[string]any{"c": "deep"}, "list": []any{map[string]any{"n": int64(1)}, map[string]any{"n": int64(2)}}},
		"hashes": map[string]any{"MD5": "cead3f77f6cda6ec00f57d76c9a6879f", "SHA-1": "46aba99aa7158e4609aaa72b50990842fd22ae86"},
		"lines":  "first\nsecond",
	})}
	yes := []string{
		`int = 5`, `int = 5.0`, `int NOT != 5`, `int > 4.9`, `int < 5.1`, `int >= 5`, `int <= 5`, `int NOT < 5`, `int != 6`,
		`int != true`, `int NOT = true`, `int != 'x'`, `int != h'05'`, `int != b'BQ=='`, `int != t'2030-01-31T12:00:00Z'`,
		`int IN (-4, 5, 6)`, `int IN (5.0)`, `int NOT IN ('a', 'b')`, `int NOT IN ()`, `int NOT MATCHES '5'`, `int NOT LIKE '5'`, `int NOT ISSUBSET '0.0.0.0/0'`,
		`big = 9007199254740993`, `big > 9007199254740992.0`, `big != 9007199254740992.0`,
		`float = 12.5`, `float > 12`, `float < 13`, `float > -1`, `round = 12`, `round IN (11, 12)`, `float IN (12.5, 1)`,
		`bool = true`, `bool != false`, `bool NOT = false`, `bool IN (false, true)`, `bool != 1`, `bool NOT LIKE 't%'`,
		`string = 'hello'`, `string != 'Hello'`, `string > 'alice'`, `string < 'zelda'`, `string >= 'hello'`, `string IN ('x', 'hello')`, `string NOT IN ('x')`, `string != 5`,
		`string = h'68656c6c6f'`, `string = b'aGVsbG8='`, `string < h'ff'`,
		`string LIKE 'he%'`, `string LIKE '%'`, `string LIKE 'hell_'`, `string LIKE '%l%o'`, `string LIKE 'hello%'`, `string LIKE '_____'`, `string NOT LIKE 'HE%'`, `string NOT LIKE 'hell'`,
		`accent LIKE 'h_llo'`, `accent NOT LIKE 'h__llo'`, `accent = h'68e96c6c6f'`, `empty LIKE ''`, `empty LIKE '%%'`, `empty NOT LIKE '_'`, `empty = ''`,
		`string MATCHES 'l+'`, `string MATCHES '^h.*o$'`, `string NOT MATCHES '^l'`, `string MATCHES ''`, `lines MATCHES 't.s'`, `lines NOT MATCHES '^second'`,
		`quote = 'it\'s \\'`, `quote MATCHES '\\\\$'`,
		`ip ISSUBSET '198.51.96.0/20'`, `ip ISSUBSET '198.51.100.44'`, `ip ISSUBSET '198.51.100.99/24'`, `ip NOT ISSUBSET '198.51.101.0/24'`, `ip NOT ISSUBSET '::/0'`, `ip ISSUBSET '0.0.0.0/0'`,
		`six ISSUBSET '2001:0db8:dead:beef:0000:0000:0000:0000/64'`, `six NOT ISSUBSET '0.0.0.0/0'`,
		`cidr ISSUPERSET '198.51.100.0/24'`, `cidr ISSUPERSET '198.51.96.1'`, `cidr NOT ISSUPERSET '198.51.0.0/16'`, `cidr ISSUBSET '198.51.96.0/20'`, `string NOT ISSUBSET '0.0.0.0/0'`,
		`when = t'2030-01-31T12:00:00.500Z'`, `when > t'2030-01-31T12:00:00Z'`, `when < t'2030-01-31T12:00:01Z'`, `when != t'2030-01-31T12:00:00Z'`, `string != t'2030-01-31T12:00:00Z'`, `when != t'2030-02-30T12:00:00Z'`,
		`when = '2030-01-31T12:00:00.5Z'`,
		`magic_hex = h'ffd8FF'`, `magic_hex != 'FFd8ff'`, `magic_hex > h'ffd8'`, `magic_hex MATCHES '^\\xff\\xd8'`, `bad_hex = 'zz'`, `payload_bin = b'1MOyoQIABAA='`, `payload_bin = h'd4c3b2a102000400'`,
		`payload_bin MATCHES '\\xd4\\xc3\\xb2\\xa1\\x02\\x00\\x04\\x00'`, `latin_bin = 'Ôò'`, `latin_bin != 'Ô€'`,
		`list[0] = 'one'`, `list[*] = 'two'`, `list[2] = 3`, `list[*] != 'one'`, `list[*] NOT = 'one'`, `list != 'one'`,
		`nested.'a-b'.c = 'deep'`, `nested.list[1].n = 2`, `nested.list[*].n > 1`, `hashes.MD5 LIKE 'cead%'`, `hashes.'SHA-1' LIKE '46%'`, `hashes[*] LIKE '46%'`,
	}
	no := []string{
		`int = 6`, `int NOT = 5`, `int != 5`, `int > 5`, `int = true`, `int = '5'`, `int = h'05'`, `int > h'00'`, `int < t'2030-01-31T12:00:00Z'`, `int LIKE '5'`, `int MATCHES '5'`, `int IN ('5')`, `int IN ()`, `int ISSUBSET '0.0.0.0/0'`,
		`big = 9007199254740992.0`, `float = 12`, `float NOT IN (12.5)`, `round NOT IN (12)`, `float > 12.5`,
		`bool = 1`, `bool = 'true'`, `bool NOT = true`,
		`string = 'Hello'`, `string > 'zelda'`, `string < 'hello'`, `string LIKE 'he'`, `string LIKE 'h_'`, `string LIKE '%x%'`, `string MATCHES 'L'`, `string = h'68'`, `string < 5`, `string > 5`,
		`accent = b'aMOpbGxv'`, `string = t'2030-01-31T12:00:00Z'`, `string > t'1930-01-31T12:00:00Z'`, `when = t'2030-02-30T12:00:00Z'`,
		`ip ISSUBSET '198.51.101.0/24'`, `ip ISSUPERSET '198.51.100.0/24'`, `ip ISSUBSET '1234'`, `six ISSUBSET '2001:db8:dead:bee0::/64'`, `cidr ISSUPERSET '198.51.0.0/16'`,
		`magic_hex = 'FFd8ff'`, `bad_hex = h'00'`, `latin_bin = 'Ô€'`, `latin_bin < 'Ô€'`,
		// A path that leads nowhere is false whatever is asked (§9.7).
		`absent = 'x'`, `absent != 'x'`, `absent NOT = 'x'`, `absent NOT IN ('x')`, `null != 'x'`, `string.x != 'x'`, `string[0] != 'x'`, `list.x != 'x'`, `list[3] != 'x'`, `nothing[*] != 'x'`, `int[*] != 5`,
		`list = 'one'`, `hashes = 'x'`,
	}
	for _, text := range yes {
		if !match(t, "[x-thing:"+text+"]", obs).Matched {
			t.Errorf("%s does not match", text)
		}
	}
	for _, text := range no {
		if match(t, "[x-thing:"+text+"]", obs).Matched {
			t.Errorf("%s matches", text)
		}
	}
	for text, want := range map[string]bool{
		`EXISTS x-thing:int`: true, `EXISTS x-thing:absent`: false, `EXISTS x-thing:null`: false, `EXISTS x-thing:nested.list[1].n`: true, `EXISTS x-thing:list[3]`: false,
		`EXISTS x-thing:nothing`: true, `EXISTS x-thing:nothing[*]`: false,
		`NOT EXISTS x-thing:absent`: true, `NOT EXISTS x-thing:int`: false, `NOT EXISTS other:int`: false,
		`other:int != 5`: false, `x-thing:int = 5 AND x-thing:bool = true`: true, `x-thing:int = 5 AND x-thing:bool = false`: false, `x-thing:int = 6 OR x-thing:bool = true`: true,
		`x-thing:int = 6 OR x-thing:int = 5 AND x-thing:bool = false`: false, `(x-thing:int = 6 OR x-thing:int = 5) AND x-thing:bool = true`: true, `other:a = 1 OR x-thing:int = 5`: true,
	} {
		if got := match(t, "["+text+"]", obs).Matched; got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}

// TestOneObject: AND inside brackets speaks of one object, AND outside of two
// observations.
func TestOneObject(t *testing.T) {
	both := []Observation{at(0, host("a"), map[string]any{"type": "host", "name": "b", "os": "x"})}
	for text, want := range map[string]bool{
		`[host:name = 'a' AND host:os = 'x']`:       false,
		`[host:name = 'b' AND host:os = 'x']`:       true,
		`[host:name = 'a'] AND [host:name = 'b']`:   false, // one observation is not two
		`[host:name = 'a' OR host:os = 'y']`:        true,
		`[host:name = 'a' AND other:name = 'a']`:    false,
		`[host:name = 'a'] OR [host:name = 'none']`: true,
	} {
		if got := match(t, text, both).Matched; got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
	twice := []Observation{{First: noon, Last: noon, Count: 2, Objects: both[0].Objects}}
	if !match(t, `[host:name = 'a'] AND [host:name = 'b']`, twice).Matched {
		t.Error("an observation seen twice is not taken twice")
	}
}

// TestObservationOperators is STIX 2.1 §9.5 on three hosts five seconds apart.
func TestObservationOperators(t *testing.T) {
	obs := []Observation{at(10, host("c")), at(0, host("a")), at(5, host("b"))} // given out of order
	stamp := func(s int) string { return noon.Add(time.Duration(s) * time.Second).Format("t'2006-01-02T15:04:05Z'") }
	for _, c := range []struct {
		text string
		want []int // nil: no match
	}{
		{`[host:name = 'a']`, []int{1}},
		{`[host:name = 'x']`, nil},
		{`[host:name = 'a'] AND [host:name = 'c']`, []int{0, 1}},
		{`[host:name = 'a'] AND [host:name = 'a']`, nil},
		{`[host:name = 'a'] AND [host:name LIKE '%']`, []int{1, 2}},
		{`[host:name = 'x'] OR [host:name = 'c']`, []int{0}},
		{`[host:name = 'x'] AND [host:name = 'a'] OR [host:name = 'c']`, []int{0}},
		{`[host:name = 'x'] AND ([host:name = 'a'] OR [host:name = 'c'])`, nil},
		{`[host:name = 'a'] FOLLOWEDBY [host:name = 'b']`, []int{1, 2}},
		{`[host:name = 'b'] FOLLOWEDBY [host:name = 'a']`, nil},
		{`[host:name = 'a'] FOLLOWEDBY [host:name = 'b'] FOLLOWEDBY [host:name = 'c']`, []int{0, 1, 2}},
		{`[host:name = 'a'] FOLLOWEDBY [host:name = 'c'] FOLLOWEDBY [host:name = 'b']`, nil},
		{`[host:name = 'a'] FOLLOWEDBY ([host:name = 'b'] AND [host:name = 'c'])`, []int{0, 1, 2}},
		{`([host:name = 'a'] AND [host:name = 'c']) FOLLOWEDBY [host:name = 'b']`, nil},
		{`[host:name = 'c'] OR [host:name = 'a'] FOLLOWEDBY [host:name = 'b']`, []int{1, 2}}, // OR binds tighter
		{`[host:name LIKE '%'] REPEATS 3 TIMES`, []int{0, 1, 2}},
		{`[host:name LIKE '%'] REPEATS 4 TIMES`, nil},
		{`([host:name = 'a'] OR [host:name = 'b']) REPEATS 2 TIMES`, []int{1, 2}},
		{`([host:name LIKE '%'] AND [host:name LIKE '%']) REPEATS 2 TIMES`, nil},
		{`([host:name LIKE '%'] REPEATS 2 TIMES) AND [host:name = 'a']`, []int{0, 1, 2}},
		{`([host:name = 'a'] AND [host:name = 'b']) WITHIN 5 SECONDS`, []int{1, 2}},
		{`([host:name = 'a'] AND [host:name = 'b']) WITHIN 4.999 SECONDS`, nil},
		{`([host:name = 'a'] AND [host:name = 'c']) WITHIN 9 SECONDS`, nil},
		{`[host:name = 'a'] AND [host:name = 'c'] WITHIN 1 SECONDS`, []int{0, 1}}, // qualifies c alone
		{`[host:name = 'b'] WITHIN 0.001 SECONDS`, []int{2}},
		{`([host:name LIKE '%'] REPEATS 2 TIMES) WITHIN 5 SECONDS`, []int{1, 2}},
		{`[host:name LIKE '%'] REPEATS 3 TIMES WITHIN 10 SECONDS`, []int{0, 1, 2}},
		{`[host:name LIKE '%'] REPEATS 3 TIMES WITHIN 9 SECONDS`, nil},
		{`([host:name LIKE '%'] WITHIN 1 SECONDS) REPEATS 3 TIMES`, []int{0, 1, 2}}, // each turn for itself
		{`([host:name = 'a'] OR [host:name = 'x'] AND [host:name = 'b']) WITHIN 1 SECONDS`, []int{1}},
		{`[host:name = 'b'] START ` + stamp(5) + ` STOP ` + stamp(6), []int{2}},
		{`[host:name = 'b'] START ` + stamp(4) + ` STOP ` + stamp(5), nil}, // STOP is outside
		{`[host:name = 'b'] START ` + stamp(6) + ` STOP ` + stamp(9), nil},
		{`[host:name = 'b'] START ` + stamp(6) + ` STOP ` + stamp(4), nil},
		{`([host:name = 'a'] AND [host:name = 'b']) START ` + stamp(0) + ` STOP ` + stamp(6), []int{1, 2}},
		{`([host:name = 'a'] AND [host:name = 'b']) START ` + stamp(0) + ` STOP ` + stamp(5), nil},
		{`[host:name = 'a'] AND [host:name = 'b'] START ` + stamp(5) + ` STOP ` + stamp(6), []int{1, 2}},
		{`[host:name LIKE '%'] START ` + stamp(0) + ` STOP ` + stamp(6) + ` REPEATS 2 TIMES`, []int{1, 2}},
		{`[host:name LIKE '%'] START ` + stamp(0) + ` STOP ` + stamp(6) + ` REPEATS 3 TIMES`, nil},
		{`([host:name LIKE '%'] START ` + stamp(0) + ` STOP ` + stamp(8) + `) START ` + stamp(3) + ` STOP ` + stamp(20), []int{2}},
		{`[host:name = 'b'] START t'2023-02-29T00:00:00Z' STOP t'2099-01-01T00:00:00Z'`, nil},
		{`([host:name = 'a'] START ` + stamp(0) + ` STOP ` + stamp(1) + ` OR [host:name = 'a'] START ` + stamp(8) + ` STOP ` + stamp(9) + `) WITHIN 1 SECONDS`, []int{1}},
	} {
		got := match(t, c.text, obs)
		if diff := cmp.Diff(c.want, got.Observations); diff != "" || got.Matched != (c.want != nil) {
			t.Errorf("%s: matched %v (-want +got)\n%s", c.text, got.Matched, diff)
		}
	}
}

// TestLasting is about observations that lasted, and were made more than once.
func TestLasting(t *testing.T) {
	long := Observation{First: noon, Last: noon.Add(time.Hour), Count: 5, Objects: []map[string]any{host("a")}}
	late := at(1800, host("b"))
	stamp := func(s int) string { return noon.Add(time.Duration(s) * time.Second).Format("t'2006-01-02T15:04:05Z'") }
	for text, want := range map[string]bool{
		`[host:name = 'a'] REPEATS 5 TIMES`:                                                                           true,
		`[host:name = 'a'] REPEATS 6 TIMES`:                                                                           false,
		`[host:name LIKE '%'] REPEATS 6 TIMES`:                                                                        true,
		`[host:name LIKE '%'] REPEATS 6 TIMES WITHIN 1 SECONDS`:                                                       true,
		`[host:name = 'a'] FOLLOWEDBY [host:name = 'b']`:                                                              true,
		`[host:name = 'b'] FOLLOWEDBY [host:name = 'a']`:                                                              true,
		`[host:name = 'a'] FOLLOWEDBY [host:name = 'b'] FOLLOWEDBY [host:name = 'a']`:                                 true,
		`([host:name = 'a'] AND [host:name = 'b']) WITHIN 1 SECONDS`:                                                  true,
		`[host:name = 'a'] START ` + stamp(600) + ` STOP ` + stamp(601):                                               true,
		`[host:name = 'a'] START ` + stamp(-5) + ` STOP ` + stamp(0):                                                  false,
		`[host:name = 'a'] START ` + stamp(3600) + ` STOP ` + stamp(3601):                                             true,
		`[host:name = 'a'] START ` + stamp(0) + ` STOP ` + stamp(60) + ` FOLLOWEDBY [host:name = 'b']`:                true,
		`[host:name = 'b'] FOLLOWEDBY [host:name = 'a'] START ` + stamp(0) + ` STOP ` + stamp(60):                     false,
		`([host:name = 'a'] START ` + stamp(0) + ` STOP ` + stamp(60) + ` AND [host:name = 'b']) WITHIN 1700 SECONDS`: false,
		`([host:name = 'a'] START ` + stamp(0) + ` STOP ` + stamp(60) + ` AND [host:name = 'b']) WITHIN 1741 SECONDS`: true,
		`[host:name = 'b'] FOLLOWEDBY ([host:name = 'a'] START ` + stamp(3000) + ` STOP ` + stamp(3060) + ` OR [host:name = 'a'] START ` + stamp(0) + ` STOP ` + stamp(60) + `)`: true,
		`[host:name = 'b'] FOLLOWEDBY ([host:name = 'a'] START ` + stamp(0) + ` STOP ` + stamp(60) + ` OR [host:name = 'a'] START ` + stamp(3000) + ` STOP ` + stamp(3060) + `)`: true,
		`[host:name = 'a'] START ` + stamp(3000) + ` STOP ` + stamp(3060) + ` FOLLOWEDBY [host:name = 'a'] FOLLOWEDBY [host:name = 'b']`:                                         false,
		`[host:name = 'a'] START ` + stamp(3000) + ` STOP ` + stamp(3060) + ` FOLLOWEDBY [host:name = 'a'] FOLLOWEDBY ([host:name = 'b'] AND [host:name = 'a'])`:                 false,
		`([host:name LIKE '%'] REPEATS 5 TIMES AND [host:name = 'a']) WITHIN 5 SECONDS`:                                                                                          true, // one of a is left over
		`([host:name = 'a'] REPEATS 2 TIMES WITHIN 1 SECONDS) REPEATS 2 TIMES`:                                                                                                   true,
		`([host:name LIKE '%'] REPEATS 3 TIMES WITHIN 1 SECONDS) REPEATS 2 TIMES`:                                                                                                true,
		`[host:name = 'a'] REPEATS 999999999 TIMES`:                                    false,
		`[host:name = 'a'] REPEATS 9223372036854775807 TIMES`:                          false,
		`[host:name = 'a'] WITHIN 9223372036854775807 SECONDS`:                         true,
		`([host:name = 'a'] AND [host:name = 'b']) WITHIN 9223372036854775807 SECONDS`: true,
	} {
		if got := match(t, text, []Observation{long, late}).Matched; got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
	// Without a time, nothing that asks for one holds.
	untimed := []Observation{{Objects: []map[string]any{host("a")}}, {Objects: []map[string]any{host("b")}}}
	for text, want := range map[string]bool{
		`[host:name = 'a'] AND [host:name = 'b']`:                    true,
		`[host:name = 'a'] FOLLOWEDBY [host:name = 'b']`:             false,
		`[host:name = 'a'] WITHIN 5 SECONDS`:                         false,
		`[host:name = 'a'] START ` + stamp(0) + ` STOP ` + stamp(60): false,
		`[host:name LIKE '%'] REPEATS 2 TIMES`:                       true,
		`[host:name = 'a'] WITHIN 5 SECONDS OR [host:name = 'b']`:    true,
	} {
		if got := match(t, text, untimed).Matched; got != want {
			t.Errorf("without times: %s: %v", text, got)
		}
	}
}

func TestTerms(t *testing.T) {
	obs := []Observation{at(5, host("b")), at(0, host("a")), at(1, host("b"))}
	got := match(t, `[host:name='b'] FOLLOWEDBY ([host:name = 'a'] OR [host:name = 'x']) START t'1999-01-01T00:00:00Z' STOP t'2000-01-01T00:00:00Z'`, obs)
	want := []Term{{`[host:name = 'b']`, []int{0, 2}}, {`[host:name = 'a']`, []int{1}}, {`[host:name = 'x']`, nil}}
	if diff := cmp.Diff(want, got.Terms); diff != "" || got.Matched {
		t.Errorf("matched %v\n%s", got.Matched, diff)
	}
}

const bundle = `{"type":"observed-data","id":"observed-data--1","first_observed":"2030-01-31T12:00:00Z","last_observed":"2030-01-31T12:00:05Z","number_observed":3,
	"object_refs":["network-traffic--1","email-message--1","ipv4-addr--1","ipv4-addr--1","file--gone"]}
{"type":"network-traffic","id":"network-traffic--1","dst_ref":"ipv4-addr--1","src_ref":"domain-name--1","protocols":["tcp"]}
{"type":"ipv4-addr","id":"ipv4-addr--1","value":"203.0.113.33"}
{"type":"domain-name","id":"domain-name--1","value":"pump.example","resolves_to_refs":["ipv4-addr--1","ipv4-addr--gone"]}
{"type":"email-message","id":"email-message--1","from_ref":"user--gone","body_multipart":[{"body_raw_ref":"file--1"},{"body_raw_ref":"file--gone"}]}
{"type":"file","id":"file--1","name":"Final Report 2030.exe"}
{"type":"identity","id":"identity--1","created":"2030-01-31T12:00:00Z","modified":"2030-01-31T12:00:00Z","name":"Ward 3"}
{"type":"x-pump-fault","id":"x-pump-fault--1","created":"2030-01-31T12:00:00Z","modified":"2030-01-31T12:00:00Z","code":7}
{"type":"observed-data","id":"observed-data--2","first_observed":"2030-02-01T12:00:00.25Z","last_observed":"2030-02-01T12:00:00.25Z",
	"objects":{"0":{"type":"network-traffic","dst_ref":"1"},"1":{"type":"ipv4-addr","value":"198.51.100.7"}}}`

// split takes JSON texts apart that begin on a line of their own.
func split(text string) [][]byte {
	var all [][]byte
	for _, s := range strings.Split(text, "\n{") {
		all = append(all, []byte("{"+strings.TrimPrefix(s, "{")))
	}
	return all
}

func TestObserve(t *testing.T) {
	obs, err := Observe(split(bundle))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, o := range obs {
		s := fmt.Sprintf("%s %s %d:", o.First.Format(time.RFC3339Nano), o.Last.Format(time.RFC3339Nano), o.Count)
		for _, object := range o.Objects {
			s += fmt.Sprint(" ", object["type"])
		}
		got = append(got, s)
	}
	want := []string{
		"2030-01-31T12:00:00Z 2030-01-31T12:00:05Z 3: network-traffic email-message ipv4-addr",
		"2030-02-01T12:00:00.25Z 2030-02-01T12:00:00.25Z 1: network-traffic ipv4-addr",
		"0001-01-01T00:00:00Z 0001-01-01T00:00:00Z 1: domain-name file",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatal(diff)
	}
	for text, want := range map[string][]int{
		`[network-traffic:dst_ref.value = '203.0.113.33']`:                                      {0},
		`[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:protocols[*] = 'tcp']`: {0},
		`[network-traffic:dst_ref.value ISSUBSET '198.51.100.0/24']`:                            {1},
		`[network-traffic:dst_ref = 'ipv4-addr--1']`:                                            {0},
		`[network-traffic:src_ref.resolves_to_refs[*].value = '203.0.113.33']`:                  {0},
		`[network-traffic:src_ref.resolves_to_refs[1].value != 'x']`:                            nil,
		`[email-message:from_ref.value != 'x']`:                                                 nil,
		`[email-message:body_multipart[*].body_raw_ref.name MATCHES '^Final Report.+\\.exe$']`:  {0},
		`[domain-name:value = 'pump.example']`:                                                  {2},
		`[identity:name = 'Ward 3' OR x-pump-fault:code = 7]`:                                   nil,
		`[network-traffic:dst_ref.value = '203.0.113.33'] REPEATS 3 TIMES`:                      {0},
	} {
		if diff := cmp.Diff(want, match(t, text, obs).Observations); diff != "" {
			t.Errorf("%s\n%s", text, diff)
		}
	}
}

func TestObserveRefuses(t *testing.T) {
	deep := strings.Repeat(`{"a":`, 65) + "1" + strings.Repeat("}", 65)
	for text, want := range map[string]string{
		`{"a":1,"a":2}`:      "object 1: at byte",
		`{"a":1,"A":2}`:      "letter case",
		`{"k":1,"\u212a":2}`: "letter case",
		`{"a":"\u0000"}`:     "NUL",
		`{"a":"\ud800"}`:     "well-formed",
		"{\"a\":\"\xff\"}":   "well-formed",
		`{"a":1} {}`:         "follows",
		`[1]`:                "not a JSON object",
		`{"a":`:              "well-formed",
		`{"a":[1,`:           "well-formed",
		`]`:                  "well-formed",
		`{"a":1e999}`:        "64 bits",
		``:                   "well-formed",
		deep:                 "deeper than 64",
		`{"type":"observed-data","last_observed":"2030-01-31T12:00:00Z","first_observed":"noon"}`:                                       "first_observed of",
		`{"type":"observed-data","first_observed":"2030-01-31T12:00:00Z","last_observed":"2030-02-30T12:00:00Z"}`:                       "last_observed of",
		`{"type":"observed-data","first_observed":"2030-01-31T12:00:00Z","last_observed":"2030-01-31T11:00:00Z"}`:                       "before first_observed",
		`{"type":"observed-data","first_observed":"2030-01-31T12:00:00Z","last_observed":"2030-01-31T12:00:00Z","number_observed":0}`:   "number_observed",
		`{"type":"observed-data","first_observed":"2030-01-31T12:00:00Z","last_observed":"2030-01-31T12:00:00Z","number_observed":1.5}`: "number_observed",
	} {
		_, err := Observe([][]byte{[]byte(text)})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60s: %v, want %q", text, err, want)
		}
	}
}

// TestBlowUp: T-55. Each of these would take time without end if it were taken
// at its word; each must give the right answer or ErrWork, soon.
func TestBlowUp(t *testing.T) {
	var same, objects []Observation
	var list []any
	for i := range 200 {
		same = append(same, at(float64(i), host(strings.Repeat("a", 40)+"!")))
		list = append(list, "node")
	}
	knot := map[string]any{"type": "node", "id": "node", "next_refs": list}
	objects = []Observation{at(0, knot)}
	long := []Observation{at(0, host(strings.Repeat("a", 1<<20)))}
	few := same[:29]
	for _, c := range []struct {
		name string
		text string
		obs  []Observation
		want string // yes, no or work
	}{
		{"classic", `[host:name MATCHES '^(a+)+$']`, same, "no"},
		{"alternation", `[host:name MATCHES '^(a|aa)+$']`, same, "no"},
		{"long value", `[host:name MATCHES '(a{1,500}){1,2}b']`, long, "work"},
		{"like", `[host:name LIKE '` + "%" + strings.Repeat("a", 400) + `b']`, long, "work"},
		{"pigeons", "[host:name LIKE 'a%']" + strings.Repeat(" AND [host:name LIKE 'a%']", 29), few, "no"},
		{"pigeons fit", "[host:name LIKE 'a%']" + strings.Repeat(" AND [host:name LIKE 'a%']", 28), few, "yes"},
		{"pigeons in time", "(([host:name LIKE 'a%'] AND [host:name LIKE 'a%']) REPEATS 14 TIMES AND [host:name LIKE 'a%'] AND [host:name LIKE 'a%']) WITHIN 1000 SECONDS", few, "no"},
		{"window", "[host:name LIKE 'a%'] REPEATS 50 TIMES WITHIN 48 SECONDS", same, "no"},
		{"window fits", "[host:name LIKE 'a%'] REPEATS 50 TIMES WITHIN 49 SECONDS", same, "yes"},
		{"choices", "([host:name LIKE 'a%'] REPEATS 20 TIMES AND [host:name LIKE 'a%'] REPEATS 21 TIMES) WITHIN 39 SECONDS", same, "work"},
		{"turns", "(([host:name LIKE 'a%'] FOLLOWEDBY [host:name LIKE 'a%']) WITHIN 1 SECONDS) REPEATS 100 TIMES", same, "yes"},
		{"turns too many", "([host:name LIKE 'a%'] FOLLOWEDBY [host:name LIKE 'a%']) REPEATS 101 TIMES", same, "no"},
		{"either", strings.Repeat("([host:name LIKE 'a%'] OR [host:name = 'x'] REPEATS 2 TIMES) AND ", 40) + "[host:name LIKE '%!']", same[:40], "no"},
		{"knot", "[node:next_refs[*]" + strings.Repeat(".next_refs[*]", 20) + ".name = 'x']", objects, "work"},
		{"many comparisons", "[" + strings.Repeat("host:name = 'x' OR ", 3_200) + "host:name = 'y']", same, "work"},
		{"many brackets", "[host:name = 'x']" + strings.Repeat(" OR [host:name = 'x']", 2_400), same, "work"},
		{"repeats", "([host:name LIKE 'a%'] OR [host:name = 'x'] AND [host:name = 'y']) REPEATS 9223372036854775807 TIMES", same, "no"},
	} {
		begin := time.Now()
		r, err := mustParse(t, c.text).Match(c.obs, Limits{})
		got := map[bool]string{true: "yes", false: "no"}[r.Matched]
		if errors.Is(err, ErrWork) {
			got = "work"
		}
		if got != c.want || (err != nil) != (got == "work") {
			t.Errorf("%s: %s (%v) after %d steps, want %s", c.name, got, err, r.Steps, c.want)
		}
		if d := time.Since(begin); d > 5*time.Second {
			t.Errorf("%s took %v", c.name, d)
		} else if testing.Verbose() {
			t.Logf("%-16s %-4s %8d steps %v", c.name, got, r.Steps, d.Round(time.Millisecond))
		}
	}
	_, err := mustParse(t, `[host:name = 'x']`).Match(same, Limits{Steps: 100})
	if err == nil || err.Error() != "the pattern takes more work on these observations than is allowed: 100 steps" {
		t.Errorf("the error is %v", err)
	}
}

// TestDeepChoice: a choice of very many observations ends with an error, not
// with the end of the stack.
func TestDeepChoice(t *testing.T) {
	huge := []Observation{{First: noon, Last: noon, Count: 999_999_999, Objects: []map[string]any{host("a")}}}
	_, err := mustParse(t, "([host:name = 'a'] FOLLOWEDBY [host:name = 'a']) REPEATS 400000000 TIMES").Match(huge, Limits{Steps: 50_000_000})
	if !errors.Is(err, ErrWork) {
		t.Errorf("got %v", err)
	}
	if !match(t, "([host:name = 'a'] AND [host:name = 'a']) REPEATS 400000000 TIMES", huge).Matched {
		t.Error("a choice that needs only counting is not made")
	}
}
