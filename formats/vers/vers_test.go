package vers

import (
	"strconv"
	"strings"
	"testing"
)

func TestContains(t *testing.T) {
	openssl := Range{Scheme: "generic", Spans: []Span{{Low: "1.1.1", High: "1.1.1l"}}}
	none, _ := ParseVers("vers:none/*")
	for _, c := range []struct {
		r       Range
		version string
		want    Verdict
		why     string
	}{
		{openssl, "1.1.1k", Inside, "1.1.1k is at least 1.1.1 and before 1.1.1l"},
		{openssl, "1.1.1", Inside, "1.1.1 is at least 1.1.1 and before 1.1.1l"},
		{openssl, "1.1.1l", Outside, "1.1.1l is not before 1.1.1l"},
		{openssl, "1.1.0", Outside, "1.1.0 is before 1.1.1"},
		{openssl, "3.0", Outside, "3.0 is after 1.1.1l"},
		{openssl, "Rev B", Unknown, `"Rev B" and "1.1.1" cannot be compared: one begins with a number, the other with a word`},
		{openssl, "", Unknown, "no version is given"},
		{openssl, strings.Repeat("1", 257), Unknown, "the version has more than 256 bytes"},
		{Range{All: true}, "", Inside, "all versions are meant"},
		{Range{All: true}, "anything", Inside, "all versions are meant"},
		{Range{}, "1.0", Unknown, "the source names no versions"},
		{none, "1.0", Outside, "1.0 is any version, which is excepted"},
		{Range{Plain: []string{"Rev B-M"}}, "Rev C", Unknown, `a person must read "Rev B-M"`},
		{Range{Exact: []string{"1.1", "1.2"}}, "1.3", Outside, "1.3 is none of the 2 versions listed"},
		{Range{Exact: []string{"1.1"}}, "1.3", Outside, "1.3 is not 1.1"},
		{Range{Exact: []string{"1.1"}}, "1.1.0", Inside, "1.1.0 is 1.1, which is listed"},
		{Range{Exact: []string{"1.1"}}, "1.1.3", Unknown, `1.1.3 may be one of those that "1.1" means`},
		{Range{Scheme: "npm", Exact: []string{"1.1.0"}}, "1.1.3", Outside, "1.1.3 is not 1.1.0"},
		{Range{Scheme: "npm", Exact: []string{"1.1.0"}}, "latest", Unknown, `"latest" is not a semantic version`},
		// A label that is a model's number says nothing about versions.
		{Range{Exact: []string{"24950"}}, "4.2", Unknown, `4.2 may be one of those that "24950" means`},
		{Range{Exact: []string{"24950"}}, "3", Unknown, `3 may be one of those that "24950" means`},
		{Range{Exact: []string{"24950"}}, "24952", Outside, "24952 is not 24950"},
		{Range{Exact: []string{"MMT-1711"}}, "4.2", Unknown, `"4.2" and "MMT-1711" cannot be compared: one begins with a number, the other with a word`},
		{Range{All: true, ExceptExact: []string{"2.0"}}, "2.0", Outside, "2.0 is listed, which is excepted"},
		{Range{All: true, ExceptExact: []string{"2.0"}}, "2.1", Inside, "all versions are meant"},
		{Range{All: true, Except: []Span{{Low: "2.0"}}}, "B", Unknown, `"B" and "2.0" cannot be compared: one begins with a number, the other with a word`},
		{Range{Scheme: "odd", Exact: []string{"x"}}, "x", Inside, "x is listed"},
		{Range{Scheme: "odd", Exact: []string{"x"}}, "y", Unknown, `versions of "odd" cannot be compared: the scheme is not known`},
		{Range{Scheme: "Go", Spans: []Span{{Low: "0", High: "1.4.1"}}}, "v1.4.0", Inside, "v1.4.0 is before 1.4.1"},
		{Range{Scheme: "generic", Spans: []Span{{High: "1.0"}, {Low: "2.0", LowOpen: true}}}, "1.5", Outside, "1.5 is in none of the ranges given"},
		{Range{Scheme: "generic", Spans: []Span{{High: "U61", HighClosed: true}, {High: "L81", HighClosed: true}}}, "L90", Unknown, `"L90" and "U61" cannot be compared: nothing orders the words "L" and "U"`},
		// One bound that fails decides.
		{Range{Spans: []Span{{Low: "Rev B", High: "2.0"}}}, "3.0", Outside, "3.0 is after 2.0"},
	} {
		got, why := c.r.Contains(c.version)
		if got != c.want || why != c.why {
			t.Errorf("%q in %s: %s (%s), want %s (%s)", c.version, c.r, got, why, c.want, c.why)
		}
	}
}

func TestParseVers(t *testing.T) {
	for _, c := range []struct{ text, scheme, want string }{
		{"vers:npm/1.2.3|>=2.0.0|<5.0.0", "npm", ">= 2.0.0, < 5.0.0; 1.2.3"},
		{"vers:pypi/0.0.0|0.0.1|0.0.2|0.0.3|1.0|2.0pre1", "PyPI", "0.0.0, 0.0.1, 0.0.2, 0.0.3, 1.0 and 2.0pre1"},
		{"vers:npm/<5.0.0|>=2.0.0", "npm", ">= 2.0.0, < 5.0.0"},
		{"vers:gem/>= 2.2.0 | != 2.2.1 | < 2.3.0", "RubyGems", ">= 2.2.0, < 2.3.0, except 2.2.1"},
		{"vers:nginx/>=0.8.40|<=1.4.0", "semver", ">= 0.8.40, <= 1.4.0"},
		{"vers:npm/<=1.0.2|>1.1.0|<=1.1.9", "npm", "<= 1.0.2; > 1.1.0, <= 1.1.9"},
		{"vers:npm/>1|>2", "npm", "> 1"},
		{"vers:npm/<1|<2", "npm", "< 2"},
		{"vers:npm/>=3", "npm", ">= 3"},
		{"vers:npm/!=1.0.0", "npm", "all versions, except 1.0.0"},
		{"vers:all/*", "", "all versions"},
		{"vers:npm/*", "npm", "all versions"},
		{"vers:none/*", "", "no version"},
		{"VERS:Deb/<1%3a2.0%2bb1", "Debian", "< 1:2.0+b1"},
		{"vers:odd/>=1", "odd", ">= 1"},
	} {
		r, err := ParseVers(c.text)
		if err != nil || r.String() != c.want || r.Scheme != c.scheme {
			t.Errorf("%s: %q %s %v, want %q %s", c.text, r.Scheme, r, err, c.scheme, c.want)
		}
	}
	for _, s := range []string{
		"", "vers:", "vers:npm", "vers:npm/", "npm/1.0", "vers:/1.0", "vers:npm/1.0||2.0", "vers:npm/>=", "vers:npm/1.0|1.0",
		"vers:npm/>1.0|<1.0", "vers:npm/*|1.0", "vers:all/1.0", "vers:npm/1.0<2.0", "vers:npm/>=a|<b", "vers:npm/%zz", "vers:npm/%4",
		"vers:odd/>=1|<2", "vers:npm/" + strings.Repeat("1", 257), "vers:npm/" + manyVersions(maxItems+1),
	} {
		if r, err := ParseVers(s); err == nil {
			t.Errorf("%.40q was read as %s", s, r)
		}
	}
}

func manyVersions(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString("|1." + strconv.Itoa(i))
	}
	return b.String()[1:]
}

func TestDecodeRefuses(t *testing.T) {
	for _, s := range []string{
		``, `null1`, `[]`, `{"x":1}`, `{"eq":["1"],"eq":["2"]}`, `{"EQ":["1"]}`, `{"in":[{"lo":1}]}`, `{"all":true}x`,
		`{"eq":["` + strings.Repeat("1", 257) + `"]}`, `{"txt":["` + strings.Repeat("x", 4097) + `"]}`,
		`{"in":[{"hi":"` + strings.Repeat("1", 257) + `"}]}`, `{"eq":[` + strings.Repeat(`"1",`, maxItems) + `"1"]}`,
	} {
		if r, err := Decode(s); err == nil {
			t.Errorf("%.40q was read as %s", s, r)
		}
	}
	if r, err := Decode((Range{Exact: []string{"\xff"}}).Encode()); err != nil || r.Exact[0] != "\uFFFD" {
		t.Errorf("what is not UTF-8: %v %v", r, err)
	}
}

func BenchmarkContains(b *testing.B) {
	for _, c := range []struct {
		name    string
		r       Range
		version string
	}{
		{"npm", Range{Scheme: "npm", Spans: []Span{{Low: "1.0.0", High: "2.3.4"}}}, "1.2.3"},
		{"PyPI", Range{Scheme: "PyPI", Spans: []Span{{Low: "1.0.0", High: "2.3.4"}}}, "1.2.3"},
		{"generic", Range{Spans: []Span{{Low: "1.1.1", High: "1.1.1l"}}}, "1.1.1k"},
		{"Debian", Range{Scheme: "Debian:11", Spans: []Span{{Low: "0", High: "1.1.1n-0+deb11u4"}}}, "1.1.1n-0+deb11u3"},
		{"Alpine", Range{Scheme: "Alpine", Spans: []Span{{Low: "0", High: "1.2.4-r2"}}}, "1.2.4-r1"},
		{"RedHat", Range{Scheme: "AlmaLinux:8", Spans: []Span{{Low: "0", High: "4.18.0-477.13.1.el8_8"}}}, "4.18.0-477.10.1.el8_8"},
		{"Maven", Range{Scheme: "Maven", Spans: []Span{{Low: "1.0-rc1", High: "2.0"}}}, "1.2.Final"},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if v, why := c.r.Contains(c.version); v != Inside {
					b.Fatal(v, why)
				}
			}
		})
	}
}

func FuzzParseText(f *testing.F) {
	for _, s := range []string{">= 1.0 | <= 1.3", "1.2 and prior", "vers:npm/>=1|<2", "Rev B-M", "9.9.x", "A.01 to A.05", "1,2 and 3"} {
		f.Add(s, "1.2")
	}
	f.Fuzz(func(t *testing.T, s, version string) {
		r := ParseText(s)
		if strings.TrimSpace(strings.Map(dropInvisible, s)) != "" && !r.All && len(r.Exact)+len(r.Spans)+len(r.Plain)+len(r.Except) == 0 {
			t.Fatalf("%q is lost", s)
		}
		back, err := Decode(r.Encode())
		if err != nil || back.Encode() != r.Encode() {
			t.Fatalf("%q: %v, %s, %s", s, err, r.Encode(), back.Encode())
		}
		r.Contains(version)
		if _, err := Compare("generic", s, version); err == nil {
			if _, err := Compare("generic", version, s); err != nil {
				t.Fatal(err)
			}
		}
		if text, ok := r.Vers(); ok {
			again, err := ParseVers(text)
			if err != nil {
				t.Fatalf("%q: %v", text, err)
			}
			if more, ok := again.Vers(); !ok || more != text {
				t.Fatalf("%q became %q", text, more)
			}
		}
	})
}

// dropInvisible drops what ParseText sees as nothing.
func dropInvisible(r rune) rune {
	if r == '\u200b' || r == '|' {
		return -1
	}
	return r
}

func FuzzCompare(f *testing.F) {
	for i := range allSchemes {
		f.Add(uint8(i), "1.0-rc1", "1:2.0~b+c^d")
	}
	f.Fuzz(func(t *testing.T, n uint8, a, b string) {
		scheme := allSchemes[int(n)%len(allSchemes)]
		x, errX := Compare(scheme, a, b)
		y, errY := Compare(scheme, b, a)
		if x != -y || (errX == nil) != (errY == nil) {
			t.Fatalf("%s: %q %q: %d %v, turned round %d %v", scheme, a, b, x, errX, y, errY)
		}
	})
}

func FuzzDecode(f *testing.F) {
	f.Add(`{"eq":["1"],"in":[{"lo":"1","hi":"2","hc":true}],"s":"npm"}`)
	f.Fuzz(func(t *testing.T, s string) {
		r, err := Decode(s)
		if err != nil {
			return
		}
		again, err := Decode(r.Encode())
		if err != nil || again.Encode() != r.Encode() {
			t.Fatalf("%q: %v", s, err)
		}
		r.Contains("1.5")
	})
}
