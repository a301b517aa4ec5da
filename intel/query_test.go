package intel_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/cordon-isao/cordon/intel"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
)

var noon = time.Date(2026, 3, 1, 12, 0, 30, 0, time.UTC)

func yes(b bool) *bool { return &b }

func TestParseQuery(t *testing.T) {
	none := intel.Query{Confidence: -1}
	with := func(set func(q *intel.Query)) intel.Query {
		q := none
		set(&q)
		return q
	}
	for _, c := range []struct {
		text string
		want intel.Query
		form string // "" if it is the text
	}{
		{"", none, ""},
		{"  \t ", none, "-"},
		{"-", none, "-"},
		{"pump", with(func(q *intel.Query) { q.Text = "pump" }), ""},
		{`type:indicator device:"Pump A4" pattern:*.Example after:30d tlp<=green`, with(func(q *intel.Query) {
			q.Types, q.Device, q.Pattern = []string{"indicator"}, "Pump A4", "*.example"
			q.After, q.TLP = time.Date(2026, 1, 30, 0, 0, 0, 0, time.UTC), []policy.TLP{policy.Clear, policy.Green}
		}), `type:indicator pattern:*.example device:"Pump A4" tlp:clear,green after:2026-01-30`},
		{`a "b  c" -d -"e f" g`, with(func(q *intel.Query) { q.Text = `a "b c" -d -"e f" g` }), `a "b c" -d -"e f" g`},
		{`a a "open`, with(func(q *intel.Query) { q.Text = `a "open"` }), `a "open"`},
		{"type:report,malware type:malware -type:tool", with(func(q *intel.Query) {
			q.Types, q.Not.Types = []string{"malware", "report"}, []string{"tool"}
		}), "type:malware,report -type:tool"},
		{"tlp>=amber -tlp:red", with(func(q *intel.Query) { q.TLP = []policy.TLP{policy.Amber, policy.AmberStrict} }), "tlp:amber,amber+strict"},
		{"tlp>green tlp<red", with(func(q *intel.Query) { q.TLP = []policy.TLP{policy.Amber, policy.AmberStrict} }), "tlp:amber,amber+strict"},
		{"tlp:white,strict", with(func(q *intel.Query) { q.TLP = []policy.TLP{policy.Clear, policy.AmberStrict} }), "tlp:clear,amber+strict"},
		{"confidence>60", with(func(q *intel.Query) { q.Confidence = 61 }), "confidence>=61"},
		{"is:revoked -is:expired", with(func(q *intel.Query) { q.Revoked, q.Expired = yes(true), yes(false) }), ""},
		{"after:12h", with(func(q *intel.Query) { q.After = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC) }), "after:2026-03-01"},
		{"before:2026-02-03T04:05:06.5+01:00", with(func(q *intel.Query) { q.Before = time.Date(2026, 2, 3, 3, 5, 6, 500_000_000, time.UTC) }), "before:2026-02-03T03:05:06.5Z"},
		{"technique:t1059.001 phase:Impact", with(func(q *intel.Query) { q.Technique, q.Phase = "T1059.001", "impact" }), "technique:T1059.001 phase:impact"},
		{`label:"Two Words" label:x -label:y from:"Pump Works"`, with(func(q *intel.Query) {
			q.Labels, q.Not.Labels, q.Source = []string{"two words", "x"}, []string{"y"}, "pump works"
		}), `label:"two words" label:x from:"pump works" -label:y`},
		{"http://evil.example/a?b=c 2001:db8::1 a=b", with(func(q *intel.Query) { q.Text = "http://evil.example/a?b=c 2001:db8::1 a=b" }), ""},
		{"indi*", with(func(q *intel.Query) { q.Text = "indi*" }), ""},
	} {
		got, err := intel.ParseQuery(c.text, noon)
		if err != nil {
			t.Errorf("%q: %v", c.text, err)
			continue
		}
		if d := cmp.Diff(c.want, got, cmp.AllowUnexported(intel.Query{})); d != "" {
			t.Errorf("%q: %s", c.text, d)
		}
		form := c.form
		switch form {
		case "":
			form = c.text
		case "-":
			form = ""
		}
		if got.String() != form {
			t.Errorf("%q is written %q, want %q", c.text, got.String(), form)
		}
	}
}

// Every error names the part that is wrong and what would be right.
func TestParseQueryErrors(t *testing.T) {
	for text, want := range map[string][]string{
		"kind:indicator":                  {"“kind:indicator”", "type, pattern, device"},
		"type:":                           {"“type:”", "nothing to look for"},
		"type:Not-A-Type":                 {"“type:Not-A-Type”", "indicator, malware"},
		"pattern:*a*":                     {"“pattern:*a*”", "three characters"},
		"pattern:a*b*c*d*e*f*ghi":         {"at most 4"},
		"id:x":                            {"“id:x”", "indicator--"},
		"technique:806":                   {"T0806"},
		"tlp:purple":                      {"clear, green, amber, amber+strict and red"},
		"tlp:red -tlp:red":                {"no marking is left"},
		"after:soon":                      {"2026-01-30", "30d"},
		"after:2026-02-01 before:2026-01": {"“before:2026-01”"},
		"after:1d before:2d":              {"before:"},
		"confidence>=101":                 {"0 to 100"},
		"confidence<=3":                   {"confidence>=60"},
		"is:new":                          {"is:revoked and is:expired"},
		"is:revoked -is:revoked":          {"both"},
		"abc*":                            {"“abc*”", "4 letters"},
		"abcd* abce*":                     {"“abce*”", "only one"},
		"-abcd*":                          {"“-abcd*”"},
		"-pattern:abc":                    {"“-pattern:abc”", "type, label, phase, from, tlp and is"},
		"pattern:abc pattern:abd":         {"“pattern:abd”", "abc"},
		"type<=x":                         {"type:x"},
		`device:"--"`:                     {"no word"},
		"a\u202eb":                        {"cannot be seen"},
		"a\x00b":                          {"cannot be seen"},
		"\xff":                            {"UTF-8"},
		strings.Repeat("a", 1001):         {"1001 characters"},
		strings.Repeat("a ", 41):          {"too many parts"},
		strings.Repeat("a", 201):          {"longer than 200"},
		"kind:x tlp:purple":               {"“kind:x”", "“tlp:purple”"}, // all at once
	} {
		_, err := intel.ParseQuery(text, noon)
		if !fault.Is(err, fault.Invalid) {
			t.Errorf("%.40q is taken: %v", text, err)
			continue
		}
		said := ""
		for _, f := range fault.FieldsOf(err) {
			if f.Name != "q" {
				t.Errorf("%.40q: a fault of the field %q", text, f.Name)
			}
			said += f.Message + "\n"
		}
		for _, w := range want {
			if !strings.Contains(said, w) {
				t.Errorf("%.40q: %q does not say %q", text, said, w)
			}
		}
	}
}

// What a query is written as is read as the same query.
func TestQueryComesBack(t *testing.T) {
	part := rapid.OneOf(
		rapid.SampledFrom([]string{"pump", `"infusion pump"`, "-old", `-"very old"`, "indi*", "type:indicator", "type:malware,tool", "-type:report", "pattern:*.example", `pattern:"c:\program files\*"`,
			"device:A4", `device:"pump a4"`, "id:tool--00000000-0000-4000-8000-000000000001", "technique:T0806", "phase:Impact", "-phase:x", "label:a", `label:"b c"`, "-label:d", "from:x", `-from:"y z"`,
			"tlp<=amber", "tlp>=green", "-tlp:clear", "after:30d", "after:2026-01-01T01:02:03.000004Z", "before:1h", "confidence>=7", "is:revoked", "-is:revoked", "is:expired", "http://x/?a=b", "a=b", "--x", "x*y", "--", "-"}),
		rapid.StringN(1, 12, 40),
		rapid.StringMatching(`-?[a-z]{2,9}(:|<=|>=)"?[a-zA-Z0-9*,. -]{0,9}"?`),
	)
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(part, 0, 8).Draw(t, "parts"), " ")
		q, err := intel.ParseQuery(text, noon)
		if err != nil {
			return
		}
		comesBack(t, q)
	})
}

func comesBack(t rapid.TB, q intel.Query) {
	again, err := intel.ParseQuery(q.String(), noon.AddDate(1, 2, 3))
	if err != nil {
		t.Fatalf("%q, which was written by String, is refused: %v", q.String(), err)
	}
	if d := cmp.Diff(q, again, cmp.AllowUnexported(intel.Query{})); d != "" {
		t.Fatalf("%q: %s", q.String(), d)
	}
	if again.String() != q.String() {
		t.Fatalf("%q becomes %q", q.String(), again.String())
	}
}

func FuzzParseQuery(f *testing.F) {
	for _, s := range []string{`type:indicator device:"A4" pattern:*.example after:30d tlp<=green confidence>=60 is:revoked -is:expired`, `"a b" -c d*`, "label:x from:\"Org\" id:tool--00000000-0000-4000-8000-000000000001 phase:a technique:T0806", "漏洞 é", `"`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		q, err := intel.ParseQuery(s, noon)
		if err != nil {
			if !fault.Is(err, fault.Invalid) {
				t.Errorf("%q: %v", s, err)
			}
			return
		}
		if len(q.String()) <= intel.MaxQuery { // quotes may make it longer than what was typed
			comesBack(t, q)
		}
	})
}
