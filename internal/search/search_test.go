package search

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestTokens(t *testing.T) {
	for text, want := range map[string]string{
		"":                              "",
		" -.,! ":                        "",
		"Infusion pump":                 "infusion pump",
		"CVE-2026-1234.":                "cve 2026 1234 cve20261234",
		"ICSMA-17-009-01A, again":       "icsma 17 009 01a again icsma1700901a",
		"v1.2.3 at 10.0.0.1":            "v1 2 3 at 10 0 0 1 v123 10001",
		"well-known":                    "well known",
		"(01)00844588003288(17)141120":  "01 00844588003288 17 141120 010084458800328817141120",
		"a -- b1":                       "a b1",
		"CVE-2026-1 and CVE-2026-1":     "cve 2026 1 and cve 2026 1 cve20261",
		"Müller, Straße, Łódź, ÆØÅ":     "muller strasse lodz aeoa",
		"Mu\u0308ller soft\u00adhyphen": "muller softhyphen",
		"ｆｕｌｌ ﬁ ②":                      "full fi 2",
		"жук":                           "u0436u0443u043a",
		"ЖУК":                           "u0436u0443u043a",
		"漏洞 1":                          "u6f0f u6d1e 1",
		"\xff\xfe a":                    "a",
		strings.Repeat("a", 300):        strings.Repeat("a", 128),
	} {
		if got := Tokens(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func parsed(t testing.TB, q string) Query {
	query, err := ParseQuery(q)
	if err != nil {
		t.Fatalf("%q: %v", q, err)
	}
	return query
}

func TestParseQuery(t *testing.T) {
	for _, c := range []struct{ q, fts5, tsquery string }{
		{"pump", `"pump" *`, "(pump:*)"},
		{"Pump alarm", `"pump" AND "alarm" *`, "(pump) & (alarm:*)"},
		{`pump "alarm loop"`, `"pump" AND "alarm loop"`, "(pump) & (alarm <-> loop)"},
		{`-old pump -"very old"`, `"pump" NOT "old" NOT "very old"`, "(pump) & !(old) & !(very <-> old)"},
		{"CVE-2026-12", `("cve 2026 12" * OR "cve202612" *)`, "(cve <-> 2026 <-> 12:* | cve202612:*)"},
		{"1.2.3 x", `"1 2 3" AND "x" *`, "(1 <-> 2 <-> 3) & (x:*)"},
		{`"open`, `"open"`, "(open)"},
		{"a OR b", `"a" AND "or" AND "b" *`, "(a) & (or) & (b:*)"},
		{`x NEAR(y) title:z^ *`, `"x" AND ("near y") AND ("title z") *`, ""},
		{"Müller ", `"muller"`, "(muller)"},
	} {
		q := parsed(t, c.q)
		if c.tsquery == "" {
			continue // covered by the shapes below
		}
		if q.FTS5() != c.fts5 || q.TSQuery() != c.tsquery {
			t.Errorf("%q:\n%s\n%s", c.q, q.FTS5(), q.TSQuery())
		}
	}
	for q, want := range map[string]error{
		"": ErrEmpty, "  ": ErrEmpty, "-a": ErrEmpty, `-"a b" -c`: ErrEmpty, "*&|!()": ErrEmpty, `""`: ErrEmpty, "-": ErrEmpty, `"`: ErrEmpty, "--": ErrEmpty,
		strings.Repeat("a", 201): ErrTooLong, strings.Repeat("a ", 17): ErrTooLong, strings.Repeat("é", 201): ErrTooLong,
	} {
		if _, err := ParseQuery(q); !errors.Is(err, want) {
			t.Errorf("%q: %v", q, err)
		}
	}
	parsed(t, strings.Repeat("é", 200))
	parsed(t, strings.Repeat("a ", 16))
}

func TestMatch(t *testing.T) {
	const text = "St. Jude Merlin@home Transmitter, CVE-2026-1234 and 10.0.0.1 (Update A) für Müller"
	for q, want := range map[string]bool{
		"merlin": true, "Merl": true, "erlin": false, "merl transmitter": false, "merlin trans": true, "merlin -jude": false, "merlin -joan": true,
		"CVE-2026-1234": true, "2026-1234": true, "CVE20261234": true, "cve 2026": true, "CVE-2026-12": true, "CVE-2026-12 x": false, "CVE-2026-1235": false, "2026 cve": true,
		`"2026 cve"`: false, `"cve-2026"`: true, `"Jude Merlin"`: true, `"merlin jude"`: false, `"CVE-2026-1234 and"`: true, `"1234 and 10.0.0.1 update"`: true,
		"10.0.0.1": true, "10.0.01": false, "muller": true, "MÜLLER": true, `-"update b" fur`: true, "-CVE-2026-1234 jude": false, "merlin@home": true,
	} {
		if got := parsed(t, q).Match(Tokens(text)); got != want {
			t.Errorf("%q: %v", q, got)
		}
	}
	if (Query{}).Match("a") {
		t.Error("no query matches everything")
	}
}

var words = rapid.SampledFrom([]string{"pump", "alarm", "CVE-2026-1234", "CVE-2026-99", "1.2.3", "Müller", "漏洞", "log4j", "ICSMA-17-009-01A", "a", "жук", "x_y", "e5", "10e5"})

// Match is consistent: with the parts of the text, with negation, with order,
// and with what the snippet marks.
func TestMatchIsConsistent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := rapid.SliceOfN(words, 1, 12).Draw(t, "text")
		text := strings.Join(in, rapid.SampledFrom([]string{" ", ", ", "\n"}).Draw(t, "between"))
		tokens := Tokens(text)
		if Tokens(tokens) != tokens {
			t.Fatalf("the words of words change: %q", tokens)
		}
		query := func(s string) Query {
			q, err := ParseQuery(s)
			if err != nil {
				t.Fatalf("%q: %v", s, err)
			}
			return q
		}
		i := rapid.IntRange(0, len(in)-1).Draw(t, "i")
		j := rapid.IntRange(i, len(in)-1).Draw(t, "j")
		phrase := `"` + strings.Join(in[i:j+1], " ") + `"`
		if j-i < 8 && !query(phrase).Match(tokens) {
			t.Fatalf("%s is not found in %q", phrase, text)
		}
		a, b := words.Draw(t, "a"), words.Draw(t, "b")
		hasA := query(a + " ").Match(tokens)
		hasB := query(b + " ").Match(tokens)
		if got := query(a + " " + b + " ").Match(tokens); got != (hasA && hasB) {
			t.Fatalf("%s and %s: %v", a, b, got)
		}
		if got := query(b + " -" + a).Match(tokens); got != (hasB && !hasA) {
			t.Fatalf("%s without %s: %v", b, a, got)
		}
		if hasA && !query(a).Match(tokens) {
			t.Fatalf("%s is found, but not as a prefix", a)
		}
		r := []rune(a)
		if cut := string(r[:rapid.IntRange(1, len(r)).Draw(t, "cut")]); hasA && Tokens(cut) != "" && !query(cut).Match(tokens) {
			t.Fatalf("the prefix %q of %s is not found in %q", cut, a, text)
		}
		marked := false
		for _, p := range Snippet(text, query(a+" "), 1000) {
			marked = marked || p.Hit
		}
		if marked != hasA {
			t.Fatalf("%s: found %v, marked %v in %q", a, hasA, marked, text)
		}
	})
}

func TestSnippet(t *testing.T) {
	for _, c := range []struct {
		text, q string
		n       int
		want    []Part
	}{
		{"The pump stops.", "pump", 100, []Part{{"The ", false}, {"pump", true}, {" stops.", false}}},
		{"Pumpen", "pump", 100, []Part{{"Pumpen", true}}},
		{"CVE-2026-1 is CVE-2026-1", "CVE-2026-1 -x", 100, []Part{{"CVE-2026-1", true}, {" is ", false}, {"CVE-2026-1", true}}},
		{"nothing here", "pump", 100, []Part{{"nothing here", false}}},
		{strings.Repeat("a ", 50) + "pump" + strings.Repeat(" b", 50), "pump", 30, []Part{{"…a a a a a ", false}, {"pump", true}, {" b b b b b b b b…", false}}},
		{strings.Repeat("é ", 50), "pump", 20, []Part{{strings.Repeat("é ", 10) + "…", false}}},
		{"", "pump", 20, nil},
	} {
		if d := cmp.Diff(c.want, Snippet(c.text, parsed(t, c.q), c.n)); d != "" {
			t.Errorf("%q in %.30q: %s", c.q, c.text, d)
		}
	}
}

var (
	fts5Shape    = regexp.MustCompile(`^\(?"[a-z0-9 ]+"( \*)?( OR "[a-z0-9]+"( \*)?\))?(( AND| NOT) \(?"[a-z0-9 ]+"( \*)?( OR "[a-z0-9]+"( \*)?\))?)*$`)
	tsqueryShape = regexp.MustCompile(`^\([a-z0-9]+( <-> [a-z0-9]+)*(:\*)?( \| [a-z0-9]+(:\*)?)?\)( & !?\([a-z0-9]+( <-> [a-z0-9]+)*(:\*)?( \| [a-z0-9]+(:\*)?)?\))*$`)
)

func FuzzQuery(f *testing.F) {
	f.Add("CVE-2026-1 \"a b\" -c d", "CVE-2026-1 a b d")
	f.Add(`" -" OR NEAR( * : ^ ' \`, "漏洞 é")
	f.Add("cve-2026 near(x) title:z", "")
	f.Fuzz(func(t *testing.T, query, text string) {
		tokens := Tokens(text)
		for _, w := range strings.Fields(tokens) {
			if len(w) > maxToken || strings.Trim(w, "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
				t.Errorf("%q has the word %q", text, w)
			}
		}
		q, err := ParseQuery(query)
		if err != nil {
			return
		}
		// Nothing of the person's syntax reaches an engine.
		if s := q.FTS5(); !fts5Shape.MatchString(s) {
			t.Errorf("%q becomes %s", query, s)
		}
		if s := q.TSQuery(); !tsqueryShape.MatchString(s) {
			t.Errorf("%q becomes %s", query, s)
		}
		q.Match(tokens)
		var b strings.Builder
		for _, p := range Snippet(text, q, 60) {
			b.WriteString(p.Text)
		}
		if !strings.Contains(text, strings.TrimSuffix(strings.TrimPrefix(b.String(), "…"), "…")) && utf8.ValidString(text) {
			t.Errorf("the snippet %q is not of %q", b.String(), text)
		}
	})
}
