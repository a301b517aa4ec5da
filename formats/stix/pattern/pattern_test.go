package pattern

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// same compares what was parsed, regular expressions by their text.
var same = cmp.Options{
	cmp.AllowUnexported(Pattern{}, bracket{}, joined{}, qualified{}, both{}, test{}, step{}, constant{}),
	cmp.Comparer(func(a, b *regexp.Regexp) bool { return fmt.Sprint(a) == fmt.Sprint(b) }),
	cmp.Comparer(func(a, b interface{ IsValid() bool }) bool { return a == b }), // netip.Prefix
}

func mustParse(t testing.TB, text string) *Pattern {
	t.Helper()
	p, err := Parse(text)
	if err != nil {
		t.Fatalf("Parse(%.200s): %v", text, err)
	}
	return p
}

// roundTrip checks that String prints p so that it is read again as p.
func roundTrip(t testing.TB, p *Pattern) {
	t.Helper()
	text := p.String()
	again, err := Parse(text)
	if err != nil {
		t.Fatalf("Parse(String()): %v\n%.2000s", err, text)
	}
	if diff := cmp.Diff(p, again, same); diff != "" {
		t.Fatalf("String() is read differently (-first +again):\n%s\n%s", diff, text)
	}
	if got := again.String(); got != text {
		t.Fatalf("String() is not stable:\n%s\n%s", text, got)
	}
}

func lines(t testing.TB, name string) []string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimRight(string(data), "\n"), "\n")
}

// TestOASIS runs the cases of OASIS's validator (issue 4: the pattern examples
// parse).
func TestOASIS(t *testing.T) {
	for _, name := range []string{"spec_examples.txt", "pass.txt"} {
		for _, text := range lines(t, name) {
			p, err := Parse(text)
			if err != nil {
				t.Errorf("%s: %s\n%v", name, text, err)
				continue
			}
			roundTrip(t, p)
		}
	}
	for _, text := range lines(t, "fail.txt") {
		p, err := Parse(text)
		if err == nil {
			t.Errorf("accepted %s\nas %s", text, p)
		}
		var e *Error
		if err != nil && !errors.As(err, &e) {
			t.Errorf("%s: the error is a %T", text, err)
		}
	}
}

// TestInspector holds the patterns of OASIS's inspector tests.
func TestInspector(t *testing.T) {
	for _, text := range []string{
		`[foo:bar = 1] WITHIN 10.3 SECONDS`,
		`([foo:bar = 1] START t'1932-11-12T15:42:15Z' STOP t'1964-10-23T21:12:26Z' AND [foo:abc < h'12ab']) WITHIN 22 SECONDS OR [frob:baz NOT IN (1,2,3)] REPEATS 31 TIMES`,
		`[foo:bar = 1] OR ([foo:baz = false] FOLLOWEDBY [frob:abc LIKE '123']) WITHIN 46.1 SECONDS`,
		`[foo:bar NOT !=1 OR bar:foo<12.3]`,
		`[foo:bar=1] OR [foo:baz MATCHES '123\\d+']`,
		`[obj-type:a.b[*][1].'c-d' NOT ISSUPERSET '1.2.3.4/16']`,
		`[foo:bar=1 AND bar:foo NOT >33] REPEATS 12 TIMES OR ([baz:bar ISSUBSET '1234'] FOLLOWEDBY [baz:quux NOT LIKE 'a_cd'])`,
	} {
		roundTrip(t, mustParse(t, text))
	}
}

func TestRemarks(t *testing.T) {
	const mixed = "AND inside brackets joins"
	for _, c := range []struct{ text, want string }{
		{"[a:b = 1 AND c:d = 2]", mixed},
		{"[(a:b = 1 OR c:d = 2) AND e:f = 1]", mixed},
		{"[a:b = 1 AND (a:b = 2 AND c:d = 2)]", mixed},
		{"[(a:b = 1 OR c:d = 2) AND a:f = 1]", ""},
		{"[a:b = 1 OR c:d = 2]", ""},
		{"[a:b = 1] AND [c:d = 2]", ""},
		{"[a:b ISSUBSET '1234']", "ISSUBSET is not followed by"},
		{"[a:b ISSUPERSET '::/0']", ""},
		{"[a:b = t'2023-02-29T12:00:00Z']", "a timestamp names no day"},
		{"[a:b = t'2024-02-29T12:00:60Z']", ""},
		{"[a:b = 1] START t'2024-01-01T00:00:00Z' STOP t'2024-01-01T00:00:00Z'", "START is not before STOP"},
	} {
		got := strings.Join(mustParse(t, c.text).Remarks(), "; ")
		if !strings.HasPrefix(got, c.want) || (got == "") != (c.want == "") {
			t.Errorf("%s: %q", c.text, got)
		}
	}
}

func TestCanonical(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"[ file : name=='x' ]", `[file:name = 'x']`},
		{"[a:b<>1]", `[a:b != 1]`},
		{"[a:b /* odd\n */ = // rest\n +1]", `[a:b = 1]`},
		{"(([a:b=1]))", `[a:b = 1]`},
		{"[((a:b=1))]", `[a:b = 1]`},
		{"[(a:b=1 AND a:c=2) OR a:d=3]", `[a:b = 1 AND a:c = 2 OR a:d = 3]`},
		{"[a:b=1 AND (a:c=2 OR a:d=3)]", `[a:b = 1 AND (a:c = 2 OR a:d = 3)]`},
		{"[a:b=1] AND ([a:b=2] AND [a:b=3])", `[a:b = 1] AND ([a:b = 2] AND [a:b = 3])`},
		{"[a:b=1] FOLLOWEDBY ([a:b=2] OR [a:b=3])", `[a:b = 1] FOLLOWEDBY [a:b = 2] OR [a:b = 3]`},
		{"([a:b=1] FOLLOWEDBY [a:b=2]) OR [a:b=3]", `([a:b = 1] FOLLOWEDBY [a:b = 2]) OR [a:b = 3]`},
		{"[a:b.'c'.'d-e'.'IN'[3][*] = .50]", `[a:b.c.'d-e'.'IN'[3][*] = 0.5]`},
		{"[a:'b c' = -0.0]", `[a:'b c' = -0.0]`},
		{"[a:b IN()]", `[a:b IN ()]`},
		{"[a:b IN (1,2.0)]", `[a:b IN (1, 2.0)]`},
		{"[a:b = h'FFd8' OR a:b=b'AQI=' OR a:b=t'2020-01-01T00:00:00.10Z' OR a:b=true]", `[a:b = h'ffd8' OR a:b = b'AQI=' OR a:b = t'2020-01-01T00:00:00.10Z' OR a:b = true]`},
		{`[a:b = 'it\'s \\ back']`, `[a:b = 'it\'s \\ back']`},
		{"[NOT EXISTS a:b]", `[NOT EXISTS a:b]`},
		{"[EXISTS x-y:b[0]]", `[EXISTS x-y:b[0]]`},
		{"([a:b=1]) WITHIN 5 SECONDS REPEATS 2 TIMES WITHIN 6.50 SECONDS", `([a:b = 1] WITHIN 5 SECONDS REPEATS 2 TIMES) WITHIN 6.5 SECONDS`},
		{"([a:b=1] OR [a:b=2]) REPEATS 2 TIMES", `([a:b = 1] OR [a:b = 2]) REPEATS 2 TIMES`},
	} {
		p := mustParse(t, c.text)
		if got := p.String(); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.text, got, c.want)
		}
		roundTrip(t, p)
	}
}

func TestRefused(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", "at column 1: [ or ( is wanted"},
		{"[file:name 'x']", "at column 12: a comparison operator such as = or IN is wanted"},
		{"[file:size = 1280\n AND\n file:name ! 'x']", "at line 3, column 12: this character has no meaning here"},
		{"[a:é = 1]", "at column 4: this character has no meaning here"},
		{"[é:b = 1]", "at column 2: this character has no meaning here"},
		{"[a:b = 'é' x]", "at column 12: AND, OR or ] is wanted"},
		{"[a:b = 1", "at column 9: AND, OR or ] is wanted"},
		{"[a:b = 1] x", "at column 11: AND, OR, FOLLOWEDBY, a qualifier or the end is wanted"},
		{"[a:b-c = 1]", "at column 4: a property's name with a hyphen is put in quotes"},
		{"[a:IN = 1]", "at column 4: IN is a word of the language; as a property's name it is put in quotes"},
		{"[a:b[-1] = 1]", "at column 6: a position in the list, from 0, or * is wanted"},
		{"[a:b = 01]", "at column 8: a whole number is written without leading zeros"},
		{"[a:b = 9223372036854775808]", "at column 8: the number does not fit in 64 bits"},
		{`[a:b = 'C:\temp']`, `at column 11: a backslash in a string is written twice (\\), and stands alone only before a quote`},
		{"[a:b = 'x]", "at column 8: the quote that begins here does not end"},
		{"[a:b = 'x] /* y", "at column 8: the quote that begins here does not end"},
		{"[a:b = 1] /* y", "at column 11: the comment that begins here does not end"},
		{"[a:b > true]", "at column 8: true and false have no order; = or != is wanted before them"},
		{"[a:b LIKE 5]", "at column 11: a string in quotes is wanted"},
		{"[a:b IN (1, 'x')]", "at column 13: a set holds constants of one kind"},
		{"[a:b IN (1 2)]", "at column 12: , or ) is wanted"},
		{"[a:b = h'abc']", "at column 8: between the quotes of h'' stand hexadecimal digits in pairs"},
		{"[a:b = b'AA\nA=']", "at column 8: between the quotes of b'' stands Base64 with its padding"},
		{"[a:b = 1] WITHIN 0 SECONDS", "at column 18: a number of seconds above 0 is wanted"},
		{"[a:b = 1] REPEATS 0 TIMES", "at column 19: a whole number above 0 is wanted"},
		{"[a:b = 1] REPEATS 1.5 TIMES", "at column 19: a whole number above 0 is wanted"},
		{"[a:b = 1] START '2020-01-01T00:00:00Z' STOP t'2021-01-01T00:00:00Z'", "at column 17: a timestamp such as t'2030-01-31T12:00:00Z' is wanted"},
		{"[a:b NOT EXISTS]", "at column 10: a comparison operator such as = or IN is wanted"},
		{"[NOT a:b = 1]", "at column 6: EXISTS is wanted"},
		{"[a:b = 1 and a:c = 1]", "at column 10: AND, OR or ] is wanted"},
		{"[a:b = null]", "at column 8: a constant: a string in quotes, a number, true, false, t'', h'' or b'' is wanted"},
		{"[a:b = '\x00']", "at column 9: the text holds NUL"},
		{"[a:b = '\xff']", "at column 9: the text is not UTF-8"},
		{"[file:hashes.'SHA-256' = 'f00']", "at column 26: this is not a SHA-256 hash, which has 64 hexadecimal digits"},
		{"[file:hashes.MD5 IN ('f00')]", "at column 22: this is not a MD5 hash, which has 32 hexadecimal digits"},
	} {
		p, err := Parse(c.text)
		if err == nil {
			t.Errorf("accepted %q as %s", c.text, p)
			continue
		}
		if err.Error() != c.want {
			t.Errorf("%q\n got %s\nwant %s", c.text, err, c.want)
		}
	}
}

func TestErrorPlace(t *testing.T) {
	_, err := Parse("[é:b = 1]")
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("the error is %T", err)
	}
	if e.Offset != 1 || e.Line != 1 || e.Col != 2 || e.Near != "é:b = 1]" {
		t.Errorf("got %+v", e)
	}
	_, err = Parse("[a:b = 'x'\n  ? " + strings.Repeat("ü", 50))
	if !errors.As(err, &e) {
		t.Fatalf("the error is %T", err)
	}
	if e.Offset != 13 || e.Line != 2 || e.Col != 3 || e.Near != "? "+strings.Repeat("ü", 18) {
		t.Errorf("got %+v", e)
	}
}

// TestLimits: T-55, patterns that are only large.
func TestLimits(t *testing.T) {
	deep := func(n int) string {
		return strings.Repeat("(", n) + "[a:b = 1]" + strings.Repeat(")", n)
	}
	inside := func(n int) string {
		return "[" + strings.Repeat("(", n) + "a:b = 1" + strings.Repeat(")", n) + "]"
	}
	many := func(n int) string { return "[a:b IN (1" + strings.Repeat(",1", n-1) + ")]" }
	qualifiers := func(n int) string { return "([a:b = 1])" + strings.Repeat(" WITHIN 1 SECONDS", n) }
	for _, ok := range []string{deep(64), inside(64), many(9_990), qualifiers(64), `[a:b MATCHES '(?:a{100}){10}']`} {
		roundTrip(t, mustParse(t, ok))
	}
	for name, c := range map[string]struct{ text, want string }{
		"depth":      {deep(65), "deeper than 64"},
		"inside":     {inside(65), "deeper than 64"},
		"both":       {deep(60)[:60] + inside(10) + strings.Repeat(")", 60), "deeper than 64"},
		"very deep":  {strings.Repeat("(", 60_000), "deeper than 64"},
		"qualifiers": {strings.Repeat("(", 10) + qualifiers(60) + strings.Repeat(" OR [a:b = 1]) WITHIN 1 SECONDS", 10), "deeper than 64"},
		"many":       {many(10_001), "more than 10000 parts"},
		"steps":      {"[a:b" + strings.Repeat("[0]", 10_001) + " = 1]", "more than 10000 parts"},
		"length":     {"[a:b = '" + strings.Repeat("x", maxText) + "']", "longer than 65536 bytes"},
		"spread":     {"[" + strings.Repeat("a:b=1.0 OR ", 2) + "a:b='" + strings.Repeat("x", maxText-32) + "']", "longer than 65536 bytes with a space"},
		"regexp":     {"[a:b MATCHES '" + strings.Repeat("(?:a{1000})", 30) + "']", "together too large"},
		"regexps":    {"[a:b MATCHES 'a{900}'" + strings.Repeat(" OR a:b MATCHES 'a{900}'", 30) + "]", "together too large"},
		"nested":     {"[a:b MATCHES '(((a{100}){100}){100}){100}']", "cannot be read"},
		"expression": {"[a:b MATCHES '" + strings.Repeat("x", 5000) + "']", "longer than 4096 bytes"},
	} {
		_, err := Parse(c.text)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

// TestPCRE: what needs backtracking is refused with the reason.
func TestPCRE(t *testing.T) {
	for _, re := range []string{`(?=x)a`, `(?!x)a`, `(?<=x)a`, `(?<!x)a`, `(a)\\1`, `(?>a)`, `a++`, `(?R)`, `(?P=x)`, `(?(1)a|b)`, `\\Kx`} {
		_, err := Parse("[a:b MATCHES '" + re + "']")
		if err == nil || !strings.Contains(err.Error(), "not offered, because their running time has no bound") {
			t.Errorf("%s: %v", re, err)
		}
	}
	_, err := Parse("[a:b MATCHES '(a']")
	if err == nil || !strings.Contains(err.Error(), "cannot be read: missing closing") {
		t.Errorf("unbalanced: %v", err)
	}
	for _, re := range []string{`^a.+\\.exe$`, `(?i)x`, `\\d{3}\\s\\w\\b`, `[[:alpha:]]`, `a+?`, `(?<name>a)`, `\\x{1F600}`, `\\Qa.b\\E`, `\\/\\@\\-\\_\\"`, `\\p{L}`, `a)|(b`} {
		_, err := Parse("[a:b MATCHES '" + re + "']")
		if (err == nil) != (re != `a)|(b`) {
			t.Errorf("%s: %v", re, err)
		}
	}
}

func TestValues(t *testing.T) {
	p := mustParse(t, `[ipv4-addr:value = '198.51.100.7' OR ipv4-addr:value NOT IN ('198.51.100.8', '198.51.100.9') OR file:hashes.'SHA-1' != '46aba99aa7158e4609aaa72b50990842fd22ae86']
		FOLLOWEDBY ([file:name NOT LIKE 'a%'] AND [file:size > 5 AND file:magic_number_hex = h'FFD8' AND file:x NOT != 7]) WITHIN 5 SECONDS`)
	want := []Comparison{
		{"ipv4-addr", "value", "=", "198.51.100.7", false},
		{"ipv4-addr", "value", "IN", "198.51.100.8", true},
		{"ipv4-addr", "value", "IN", "198.51.100.9", true},
		{"file", "hashes.'SHA-1'", "=", "46aba99aa7158e4609aaa72b50990842fd22ae86", true},
		{"file", "name", "LIKE", "a%", true},
		{"file", "magic_number_hex", "=", "ffd8", false},
		{"file", "x", "=", "7", false},
	}
	if diff := cmp.Diff(want, p.Values()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"file", "ipv4-addr"}, p.Types()); diff != "" {
		t.Error(diff)
	}
}

func TestSimple(t *testing.T) {
	for _, c := range []struct{ text, typ, path, value string }{
		{`[domain-name:value = 'bad.example']`, "domain-name", "value", "bad.example"},
		{`([file:hashes.'MD5' = 'cead3f77f6cda6ec00f57d76c9a6879f'])`, "file", "hashes.MD5", "cead3f77f6cda6ec00f57d76c9a6879f"},
		{`[file:name = 'it\'s \\']`, "file", "name", `it's \`},
	} {
		typ, path, value, ok := mustParse(t, c.text).Simple()
		if !ok || typ != c.typ || path != c.path || value != c.value {
			t.Errorf("%s: %q %q %q %v", c.text, typ, path, value, ok)
		}
		again := Equal(typ, path, value)
		if got := mustParse(t, again).String(); got != again {
			t.Errorf("Equal gave %s, which is printed %s", again, got)
		}
	}
	for _, text := range []string{
		`[a:b = 1]`, `[a:b != 'x']`, `[a:b NOT = 'x']`, `[a:b IN ('x')]`, `[a:b = 'x' OR a:b = 'y']`,
		`[a:b = 'x'] WITHIN 1 SECONDS`, `[a:b = 'x'] AND [a:b = 'y']`, `[EXISTS a:b]`,
	} {
		if _, _, _, ok := mustParse(t, text).Simple(); ok {
			t.Errorf("%s is not simple", text)
		}
	}
	for _, c := range []struct{ path, want string }{
		{"hashes.SHA-256", "[file:hashes.'SHA-256' = 'x']"},
		{"hashes.'SHA3-256'", "[file:hashes.'SHA3-256' = 'x']"},
		{"a[0].b", "[file:a[0].b = 'x']"},
		{"IN.x", "[file:'IN'.x = 'x']"},
	} {
		if got := Equal("file", c.path, "x"); got != c.want {
			t.Errorf("Equal of %s: %s", c.path, got)
		}
	}
}

// TestCorpora reads every STIX pattern of the public data, where it is at hand:
// OASIS's examples, MISP's pairs, ATT&CK.
func TestCorpora(t *testing.T) {
	if _, err := exec.LookPath("zstd"); err != nil {
		t.Skip("zstd is not installed")
	}
	root := filepath.Join("..", "..", "..", "..", "shared", "data")
	archives, _ := filepath.Glob(filepath.Join(root, "*", "*stix*.tar.zst"))
	attack, _ := filepath.Glob(filepath.Join(root, "stix", "*.json.zst"))
	if len(archives) == 0 {
		t.Skip("the public data is not at hand")
	}
	found := 0
	read := func(name string, data []byte) {
		var doc any
		if json.Unmarshal(data, &doc) != nil {
			return // the archives hold broken files on purpose
		}
		for _, text := range patternsIn(doc) {
			found++
			p, err := Parse(text)
			if err == nil {
				roundTrip(t, p)
				continue
			}
			t.Errorf("%s: %v\n%s", name, err, text)
		}
	}
	for _, name := range append(archives, attack...) {
		data, err := exec.Command("zstd", "-dc", name).Output()
		if err != nil {
			t.Fatalf("unpack %s: %v", name, err)
		}
		if !strings.HasSuffix(name, ".tar.zst") {
			read(name, data)
			continue
		}
		for files := tar.NewReader(bytes.NewReader(data)); ; {
			h, err := files.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasSuffix(h.Name, ".json") {
				data, err := io.ReadAll(files)
				if err != nil {
					t.Fatal(err)
				}
				read(h.Name, data)
			}
		}
	}
	t.Logf("%d patterns", found)
	if found < 500 {
		t.Errorf("only %d patterns were found", found)
	}
}

// patternsIn finds the STIX patterns of all indicators in a document.
func patternsIn(v any) []string {
	var all []string
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			all = append(all, patternsIn(e)...)
		}
	case map[string]any:
		text, ok := v["pattern"].(string)
		if kind, given := v["pattern_type"]; ok && v["type"] == "indicator" && (!given || kind == "stix") {
			all = append(all, text)
		}
		for _, e := range v {
			all = append(all, patternsIn(e)...)
		}
	}
	return all
}

func TestAny(t *testing.T) {
	for text, want := range map[string]string{
		`[ipv4-addr:value = '198.51.100.7']`: "198.51.100.7",
		`[ipv4-addr:value IN ('198.51.100.7', '198.51.100.8') OR domain-name:value = 'a.example'] OR [file:hashes.MD5 = 'cead3f77f6cda6ec00f57d76c9a6879f']`: "198.51.100.7 198.51.100.8 a.example cead3f77f6cda6ec00f57d76c9a6879f",
		`[ipv4-addr:value ISSUBSET '198.51.100.0/24']`:                                           "198.51.100.0/24",
		`[ipv4-addr:value = '198.51.100.7' AND ipv4-addr:value = '198.51.100.8']`:                "no",
		`[ipv4-addr:value = '198.51.100.7'] AND [ipv4-addr:value = '198.51.100.8']`:              "no",
		`[ipv4-addr:value != '198.51.100.7']`:                                                    "no",
		`[ipv4-addr:value NOT = '198.51.100.7' OR ipv4-addr:value = '198.51.100.8']`:             "no",
		`[domain-name:value LIKE '%.example']`:                                                   "no",
		`[ipv4-addr:value = '198.51.100.7'] REPEATS 5 TIMES`:                                     "no",
		`[ipv4-addr:value = '198.51.100.7'] OR ([url:value = 'x'] FOLLOWEDBY [url:value = 'y'])`: "no",
	} {
		values, ok := mustParse(t, text).Any()
		var got []string
		for _, v := range values {
			got = append(got, v.Value)
		}
		if s := strings.Join(got, " "); s != want && (ok || want != "no") {
			t.Errorf("%s: %q, %v; want %q", text, s, ok, want)
		}
	}
}
