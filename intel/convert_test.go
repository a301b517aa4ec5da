package intel_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cordon-isao/cordon/formats/iocs"
	"github.com/cordon-isao/cordon/intel"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/members"
	"github.com/cordon-isao/cordon/policy"
)

// imported takes a file in to its end, in a person's name.
func imported(h *town.Town, person string, f intel.Format, terms intel.Terms, text string) *intel.Batch {
	h.T.Helper()
	b, err := h.Intel.Accept(h.Ctx, h.DB, h.As(person), intel.NewBatch{Via: "page", Name: "file", Format: f, Terms: terms}, strings.NewReader(text))
	h.OK(err)
	b, err = h.Intel.Read(h.Ctx, h.DB, program, b.ID, nil)
	h.OK(err)
	return b
}

// everything is what a person may see, by id.
func everything(h *town.Town, person string) map[string]intel.Object {
	h.T.Helper()
	ids := pulledIDs(h, person)
	out := map[string]intel.Object{}
	for _, id := range ids {
		out[id] = town.Must(h, person, func(v *db.View) (intel.Object, error) { return h.Intel.Object(v, id) })
	}
	return out
}

func pulledIDs(h *town.Town, person string) (ids []string) {
	h.T.Helper()
	r := intel.Range{Limit: 500}
	for {
		type page struct {
			es   []intel.Entry
			next string
		}
		p := town.Must(h, person, func(v *db.View) (page, error) { es, next, err := h.Intel.List(v, r); return page{es, next}, err })
		for _, e := range p.es {
			ids = append(ids, e.ID)
		}
		if r.Next = p.next; p.next == "" {
			return ids
		}
	}
}

func attribute(n int, extra string) string {
	return fmt.Sprintf(`{"uuid":"00000000-0000-4000-9000-%012d","type":"ip-dst","category":"Network activity","value":"203.0.113.%d","to_ids":true,"timestamp":"1767225600"%s}`, n, n, extra)
}

func event(n int, extra string, attributes ...string) string {
	return fmt.Sprintf(`{"Event":{"uuid":"00000000-0000-4000-8000-%012d","info":"Event %d","date":"2026-01-01","timestamp":"1767225600","published":true,"Orgc":{"uuid":"00000000-0000-4000-a000-000000000001","name":"Example Sharing"}%s,"Attribute":[%s]}}`,
		n, n, extra, strings.Join(attributes, ","))
}

// indicatorOf finds the indicator for an address.
func indicatorOf(objs map[string]intel.Object, value string) (intel.Object, bool) {
	for _, o := range objs {
		if o.Type == "indicator" && strings.Contains(o.Pattern, "'"+value+"'") {
			return o, true
		}
	}
	return intel.Object{}, false
}

func TestImportMISP(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		terms := intel.Terms{Scrub: intel.ScrubClean, Unmarked: policy.Green}
		text := "[" + strings.Join([]string{
			event(1, `,"distribution":"3","Tag":[{"name":"tlp:clear"}]`, attribute(1, `,"distribution":"5"`), attribute(2, `,"distribution":"0"`), attribute(3, `,"distribution":"1"`), attribute(4, `,"Tag":[{"name":"tlp:amber+strict"}]`)),
			event(2, `,"distribution":"1"`, attribute(5, "")),
			event(3, `,"distribution":"0"`, attribute(6, "")),
			event(4, `,"distribution":"4","Tag":[{"name":"tlp:green"}]`, attribute(7, "")),
			event(5, `,"distribution":"2","Tag":[{"name":"tlp:clear"}]`, attribute(8, "")),
			event(6, `,"distribution":"3","Tag":[{"name":"tlp:nonsense"}]`, attribute(9, "")),
		}, ",") + "]"
		b := imported(h, town.Pia, intel.FormatMISP, terms, text)
		if b.State != intel.Done || b.Tally.Held > 0 {
			t.Fatalf("%+v", b)
		}
		want := map[string]policy.TLP{"1": policy.Clear, "2": policy.AmberStrict, "3": policy.Green, "4": policy.AmberStrict, "5": policy.Green, "6": policy.AmberStrict, "7": policy.AmberStrict, "8": policy.Green, "9": policy.AmberStrict}
		mine, theirs := everything(h, town.Pia), everything(h, town.Wim)
		for n, tlp := range want {
			o, ok := indicatorOf(mine, "203.0.113."+n)
			if !ok || o.Label.TLP != tlp {
				t.Errorf("attribute %s: %v, %v, want %s", n, ok, o.Label, tlp)
			}
			if _, ok := indicatorOf(theirs, "203.0.113."+n); ok != (tlp == policy.Green || tlp == policy.Clear) {
				t.Errorf("attribute %s, which is %s, is seen by another: %v", n, tlp, ok)
			}
		}
		if !slices.ContainsFunc(b.Problems, func(p intel.Problem) bool { return strings.HasPrefix(p.Where, "event 6") }) {
			t.Errorf("nobody is told of the unknown tag: %+v", b.Problems)
		}

		// Again: everything is known.
		if b := imported(h, town.Pia, intel.FormatMISP, terms, text); b.Added > 0 || b.Same == 0 {
			t.Errorf("again: %+v", b.Tally)
		}

		// Where AMBER goes to a circle, what MISP keeps inside stays out.
		var circle string
		h.OK(h.System("test", func(tx *db.Tx) (err error) {
			circle, err = h.Members.SeedCircle(tx, members.NewCircle{Name: "Pumps", Purpose: "Pumps.", Label: town.Label(policy.Green, policy.Community)}, town.Pia, []string{town.Pia, town.Wim})
			return err
		}))
		terms.Amber = []policy.Principal{policy.OfCircle(circle)}
		b = imported(h, town.Pia, intel.FormatMISP, terms, "["+event(11, `,"distribution":"0"`, attribute(11, ""))+","+event(12, `,"distribution":"3"`, attribute(12, `,"distribution":"4"`), attribute(13, `,"Tag":[{"name":"tlp:amber"}]`))+"]")
		theirs = everything(h, town.Wim)
		for n, sees := range map[string]bool{"11": false, "12": false, "13": true} {
			if _, ok := indicatorOf(theirs, "203.0.113."+n); ok != sees {
				t.Errorf("attribute %s is seen in the circle: %v (%+v)", n, ok, b.Problems)
			}
		}
		if b.Refused != 2 {
			t.Errorf("%+v", b)
		}
		if b := imported(h, town.Pia, intel.FormatMISP, terms, `{"Event":{"uuid":"x","UUID":"y"}}`); b.State != intel.Broken || len(b.Problems) != 1 {
			t.Errorf("what is no event: %+v", b)
		}
	})
}

func TestImportCSV(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		terms := intel.Terms{Scrub: intel.ScrubClean, Unmarked: policy.Green}
		b := imported(h, town.Pia, intel.FormatCSV, terms, "value,tlp,comment\n203.0.113.1,green,one\nevil[.]example,amber+strict,two\nCVE-2026-12345,,three\nnot an indicator at all,,four\n203.0.113.9,purple,five\n")
		if b.State != intel.Done || b.Added != 3 || b.Refused != 2 || len(b.Problems) != 2 {
			t.Fatalf("%+v", b)
		}
		if got := b.Problems[0].Where + "; " + b.Problems[1].Where; got != "row 5, column value; row 6, column tlp" {
			t.Errorf("problems at %s", got)
		}
		mine, theirs := everything(h, town.Pia), everything(h, town.Wim)
		if o, ok := indicatorOf(mine, "evil.example"); !ok || o.Label.TLP != policy.AmberStrict {
			t.Errorf("the marked row: %v %v", ok, o.Label)
		}
		if len(theirs) != 2 {
			t.Errorf("another sees %d objects", len(theirs))
		}

		// The columns can be said, and the ids are the sender's own: the same row by
		// another is another object.
		said := terms
		said.Mapping = iocs.Mapping{{}, {Field: iocs.FieldValue}}
		if b := imported(h, town.Wim, intel.FormatCSV, said, "value,other\nfirst.example,203.0.113.1\n"); b.Added != 1 {
			t.Errorf("%+v", b)
		}
		if n := len(pulledIDs(h, town.Cy)); n != 3 {
			t.Errorf("%d objects for everybody, want 3", n)
		}

		// Interrupted in the middle, it goes on where it was.
		var rows strings.Builder
		rows.WriteString("value\n")
		for i := range 1300 {
			fmt.Fprintf(&rows, "h%d.example\n", i)
		}
		b, err := h.Intel.Accept(h.Ctx, h.DB, h.As(town.Pia), intel.NewBatch{Via: "page", Name: "many", Format: intel.FormatCSV, Terms: terms}, strings.NewReader(rows.String()))
		h.OK(err)
		ctx, cancel := context.WithCancel(h.Ctx)
		if _, err = h.Intel.Read(ctx, h.DB, program, b.ID, func(*intel.Batch) { cancel() }); err == nil {
			t.Fatal("it was not interrupted")
		}
		h.Clock.Add(second)
		if b, err = h.Intel.Read(h.Ctx, h.DB, program, b.ID, nil); err != nil || b.State != intel.Done || b.Added != 1300 {
			t.Errorf("%v %+v", err, b)
		}
	})
}

func TestSniff(t *testing.T) {
	for text, want := range map[string]intel.Format{
		`{"type":"bundle","objects":[]}`: intel.FormatSTIX, ` [{"type":"indicator"}]`: intel.FormatSTIX, "\ufeff{\"objects\":[]}": intel.FormatSTIX,
		`{"Event":{}}`: intel.FormatMISP, `{"response":[{"Event":{}}]}`: intel.FormatMISP, `[{"Event":{}}]`: intel.FormatMISP, `{"info":"x","threat_level_id":"1"}`: intel.FormatMISP,
		`{"type":"bundle","objects":[{"spec_version":"2.1","description":"\"Event\""}]}`: intel.FormatSTIX,
		"value\nx": intel.FormatCSV, "hxxp://x": intel.FormatCSV, "": "", " \n": "",
	} {
		if got := intel.Sniff("x", []byte(text)); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
