package cpe

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// TestParse has the examples of NISTIR 7695 (6.1.3, 6.2.3) and names from
// advisories.
func TestParse(t *testing.T) {
	for _, c := range []struct {
		text string
		want CPE
		fs   string // if not the text
		key  string
	}{
		{`cpe:2.3:a:microsoft:internet_explorer:8.0.6001:beta:*:*:*:*:*:*`, CPE{'a', "microsoft", "internet_explorer", "8.0.6001", "beta", "*", "*", "*", "*", "*", "*"}, "", "cpe:a:microsoft:internet_explorer"},
		{`cpe:2.3:a:microsoft:internet_explorer:8.*:sp?:*:*:*:*:*:*`, CPE{'a', "microsoft", "internet_explorer", "8.*", "sp?", "*", "*", "*", "*", "*", "*"}, "", "cpe:a:microsoft:internet_explorer"},
		{`cpe:2.3:a:hp:insight_diagnostics:7.4.0.1570:-:*:*:online:win2003:x64:*`, CPE{'a', "hp", "insight_diagnostics", "7.4.0.1570", "-", "*", "*", "online", "win2003", "x64", "*"}, "", "cpe:a:hp:insight_diagnostics"},
		{`cpe:2.3:a:foo\\bar:big\$money:2010:*:*:*:special:ipod_touch:80gb:*`, CPE{'a', `foo\\bar`, "big$money", "2010", "*", "*", "*", "special", "ipod_touch", "80gb", "*"}, "", `cpe:a:foo\bar:big$money`},
		{`cpe:2.3:o:Philips:PIC\:iX_firmware:B.02:*:*:*:*:*:*:*`, CPE{'o', "Philips", "PIC:iX_firmware", "B.02", "*", "*", "*", "*", "*", "*", "*"}, "", "cpe:o:philips:pic%3aix_firmware"},
		{`cpe:2.3:h:baxter:sigma_spectrum:\-:-:*:*:*:*:*:\*`, CPE{'h', "baxter", "sigma_spectrum", `\-`, "-", "*", "*", "*", "*", "*", `\*`}, "", "cpe:h:baxter:sigma_spectrum"},
		{`cpe:/a:microsoft:internet_explorer:8.0.6001:beta`, CPE{'a', "microsoft", "internet_explorer", "8.0.6001", "beta", "*", "*", "*", "*", "*", "*"}, `cpe:2.3:a:microsoft:internet_explorer:8.0.6001:beta:*:*:*:*:*:*`, "cpe:a:microsoft:internet_explorer"},
		{`cpe:/a:microsoft:internet_explorer:8.%02:sp%01`, CPE{'a', "microsoft", "internet_explorer", "8.*", "sp?", "*", "*", "*", "*", "*", "*"}, `cpe:2.3:a:microsoft:internet_explorer:8.*:sp?:*:*:*:*:*:*`, "cpe:a:microsoft:internet_explorer"},
		{`cpe:/a:hp:insight_diagnostics:7.4.0.1570::~~online~win2003~x64~`, CPE{'a', "hp", "insight_diagnostics", "7.4.0.1570", "*", "*", "*", "online", "win2003", "x64", "*"}, `cpe:2.3:a:hp:insight_diagnostics:7.4.0.1570:*:*:*:online:win2003:x64:*`, "cpe:a:hp:insight_diagnostics"},
		{`cpe:/a:hp:openview_network_manager:7.51:-:~~~linux~~`, CPE{'a', "hp", "openview_network_manager", "7.51", "-", "*", "*", "*", "linux", "*", "*"}, `cpe:2.3:a:hp:openview_network_manager:7.51:-:*:*:*:linux:*:*`, "cpe:a:hp:openview_network_manager"},
		{`cpe:/a:foo%5cbar:big%24money_2010:%07`, CPE{}, "", ""},
		{`cpe:/a:foo~bar:big%7emoney_2010`, CPE{'a', "foo~bar", "big~money_2010", "*", "*", "*", "*", "*", "*", "*", "*"}, `cpe:2.3:a:foo\~bar:big\~money_2010:*:*:*:*:*:*:*:*`, "cpe:a:foo~bar:big~money_2010"},
		{`cpe:/o:redhat:enterprise_linux:8::baseos`, CPE{'o', "redhat", "enterprise_linux", "8", "*", "baseos", "*", "*", "*", "*", "*"}, `cpe:2.3:o:redhat:enterprise_linux:8:*:baseos:*:*:*:*:*`, "cpe:o:redhat:enterprise_linux"},
	} {
		got, err := Parse(c.text)
		if c.want == (CPE{}) {
			if err == nil {
				t.Errorf("%s was read as %s", c.text, got)
			}
			continue
		}
		if err != nil {
			t.Error(err)
			continue
		}
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", c.text, d)
		}
		if c.fs == "" {
			c.fs = c.text
		}
		if got.String() != c.fs || got.Key() != c.key {
			t.Errorf("%s: %s %s, want %s %s", c.text, got, got.Key(), c.fs, c.key)
		}
	}
}

func TestRefused(t *testing.T) {
	for _, s := range []string{
		"", "cpe:", "cpe:2.3:", "cpe:2.3:a:b:c", "cpe:2.3:x:b:c:1:*:*:*:*:*:*:*", "cpe:2.3:a:b:c:1:*:*:*:*:*:*:*:*",
		"cpe:2.3:a:b::1:*:*:*:*:*:*:*", `cpe:2.3:a:b:c:1:*:*:*:*:*:*:\`, "cpe:2.3:a:b:c:1*2:*:*:*:*:*:*:*", "cpe:2.3:a:b c:d:1:*:*:*:*:*:*:*",
		"cpe:2.3:a:bé:d:1:*:*:*:*:*:*:*", "cpe:2.3:a:b:c:**:*:*:*:*:*:*:*", "cpe:/", "cpe:/x:a", "cpe:/a:b:c:d:e:f:g:h", "cpe:/a:b%2", "cpe:/a:b%zz",
		"cpe:/a:b:c:d:e:~a~b", "cpe:/a:" + strings.Repeat("b", maxBytes),
	} {
		if got, err := Parse(s); err == nil {
			t.Errorf("%.60q was read as %s", s, got)
		}
	}
}

func TestMatches(t *testing.T) {
	full := func(s string) CPE {
		t.Helper()
		for strings.Count(s, ":") < 12 {
			s += ":*"
		}
		c, err := Parse(s)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	for _, c := range []struct {
		pattern, target string
		want            bool
	}{
		{"cpe:2.3:o:v:p", "cpe:2.3:o:v:p:1.0", true},
		{"cpe:2.3:o:v:p", "cpe:2.3:h:v:p:1.0", false},
		{"cpe:2.3:*:v:p", "cpe:2.3:h:v:p:1.0", true},
		{"cpe:2.3:o:V:P", "cpe:2.3:o:v:p:1.0", true},
		{"cpe:2.3:o:v:p:1.0", "cpe:2.3:o:v:p", false},
		{"cpe:2.3:o:v:p:1.*", "cpe:2.3:o:v:p:1.2.3", true},
		{"cpe:2.3:o:v:p:1.*", "cpe:2.3:o:v:p:10.2", false},
		{"cpe:2.3:o:v:p:1.?", "cpe:2.3:o:v:p:1.2", true},
		{"cpe:2.3:o:v:p:1.?", "cpe:2.3:o:v:p:1.", true},
		{"cpe:2.3:o:v:p:1.?", "cpe:2.3:o:v:p:1.23", false},
		{"cpe:2.3:o:v:p:*.1", "cpe:2.3:o:v:p:9.9.1", true},
		{`cpe:2.3:o:v:p:1.\*`, "cpe:2.3:o:v:p:1.2", false},
		{`cpe:2.3:o:v:p:1.\*`, `cpe:2.3:o:v:p:1.\*`, true},
		{"cpe:2.3:o:v:p:1.*", "cpe:2.3:o:v:p:1.2?", false},
		{"cpe:2.3:o:v:p:-", "cpe:2.3:o:v:p:-", true},
		{"cpe:2.3:o:v:p:-", "cpe:2.3:o:v:p:1", false},
		{"cpe:2.3:o:v:p:1", "cpe:2.3:o:v:p:-", false},
		{"cpe:2.3:o:v:p:*:sp1", "cpe:2.3:o:v:p:1:sp2", false},
	} {
		if got := Matches(full(c.pattern), full(c.target)); got != c.want {
			t.Errorf("%s and %s: %v", c.pattern, c.target, got)
		}
	}
}

// TestMatchesProperties: a name covers itself, the name of all covers every name,
// and the String of a name is the same name.
func TestMatchesProperties(t *testing.T) {
	value := rapid.OneOf(rapid.Just(Any), rapid.Just(NA), rapid.Map(rapid.StringMatching(`[ -~]{1,6}`), func(s string) string {
		var b strings.Builder
		for i := range len(s) {
			if s[i] != ' ' {
				literal(&b, s[i])
			}
		}
		if b.Len() == 0 || b.String() == NA {
			return `\-`
		}
		return b.String()
	}))
	rapid.Check(t, func(t *rapid.T) {
		c := CPE{Part: rapid.SampledFrom([]byte("aoh*")).Draw(t, "part")}
		for i, a := range c.attributes() {
			*a = value.Draw(t, names[i])
		}
		all := CPE{}
		if !Matches(c, c) || !Matches(all, c) {
			t.Fatalf("%s is not covered", c)
		}
		back, err := Parse(c.String())
		if err != nil || back != c {
			t.Fatalf("%#v became %#v: %v", c, back, err)
		}
		if narrow := c; c.Version == Any {
			narrow.Version = "1.0"
			if !Matches(c, narrow) || Matches(narrow, c) {
				t.Fatalf("%s does not cover %s, or is covered by it", c, narrow)
			}
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add(`cpe:2.3:a:foo\\bar:big\$money:2010:*:*:*:special:ipod_touch:80gb:*`)
	f.Add(`cpe:/a:hp:insight_diagnostics:7.4.0.1570::~~online~win2003~x64~%02`)
	f.Fuzz(func(t *testing.T, s string) {
		c, err := Parse(s)
		if err != nil {
			return
		}
		back, err := Parse(c.String())
		if err != nil && len(c.String()) <= maxBytes || err == nil && back != c {
			t.Fatalf("%q became %q: %v", s, c, err)
		}
		if !Matches(c, c) {
			t.Fatalf("%q does not cover itself", s)
		}
		c.Key()
	})
}
