package cases_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/testkit/town"
)

// plain is a small report in which nothing is wrong.
func plain(title string) cases.Intake {
	return cases.Intake{Title: title, Products: []cases.Product{{Maker: "Pump Works", Name: "Infuser", Model: "A4", Version: "2.1"}}, Description: "The service port takes commands without a password.", NoPatients: true}
}

func with(title string, fn func(in *cases.Intake)) cases.Intake {
	in := plain(title)
	fn(&in)
	return in
}

func fieldsOf(err error) (names []string) {
	for _, f := range fault.FieldsOf(err) {
		names = append(names, f.Name)
	}
	return names
}

// Everything that is wrong is told at once, and nothing that is right.
func TestIntakeCheck(t *testing.T) {
	for _, c := range []struct {
		name string
		in   cases.Intake
		want []string // fields
	}{
		{"plain", plain("Open port"), nil},
		{"whole", with("Open port", func(in *cases.Intake) {
			in.Products[0].UDI, in.CWE, in.CVEs, in.Tracking = "(01)09506000134352", []string{"cwe-306"}, []string{" cve-2026-12345", "CVE-2026-12345"}, []string{"VU#12"}
			in.FoundOn, in.PlanOn, in.PlanZone, in.PlanURL, in.PublicURL = "2026-02-28", "2026-06-01", "America/New_York", "https://example.org/x", "https://example.org/y"
			in.Exploited, in.BenchOnly, in.Harm, in.Contact = cases.AnswerNo, cases.AnswerYes, cases.AnswerUnknown, cases.Contact{Email: "finder@example.org"}
			in.TLP, in.Credit, in.CreditName, in.Confirmed = "AMBER", true, "Ada", cases.FoundNone
		}), nil},
		{"empty", cases.Intake{}, []string{"products", "description", "no_patient_data"}},
		{"empty rows only", with("", func(in *cases.Intake) { in.Products = []cases.Product{{}, {}} }), []string{"products"}},
		{"all at once", with("x", func(in *cases.Intake) {
			in.CVEs, in.CWE, in.FoundOn, in.PlanOn, in.PlanZone = []string{"2026-1"}, []string{"79"}, "1 March", "2026-02-30", "Mars/Olympus"
			in.PlanURL, in.PublicURL, in.Exploited, in.TLP = "javascript:alert(1)", "ftp://x", "maybe", "ORANGE"
			in.Contact.Email, in.Credit, in.Confirmed, in.Harm = "nobody", true, "perhaps", cases.AnswerYes
		}), []string{"cwe", "cves", "exploited", "patient_harm_text", "found_on", "disclosure_on", "disclosure_zone", "public_url", "disclosure_url", "contact.email", "credit_name", "tlp", "confirmed"}},
		{"found next week", with("x", func(in *cases.Intake) { in.FoundOn = "2026-03-08" }), []string{"found_on"}},
		{"a whole UDI", with("x", func(in *cases.Intake) { in.Products[0].UDI = "(01)09506000134352(21)SN4711" }), []string{"products[0].udi_di"}},
		{"a mistyped UDI", with("x", func(in *cases.Intake) { in.Products[0].UDI = "09506000134353" }), []string{"products[0].udi_di"}},
		{"a whole HIBC UDI", with("x", func(in *cases.Intake) { in.Products[0].UDI = "+A99912345/$$52001510X3" }), []string{"products[0].udi_di"}},
		{"a serial number", with("x", func(in *cases.Intake) { in.Products[0].Model = "A4, serial number PX-448812-B" }), []string{"products[0].model"}},
		{"too many", with("x", func(in *cases.Intake) { in.Products = slices.Repeat(in.Products, cases.MaxProducts+1) }), []string{"products"}},
		{"too long", with("x", func(in *cases.Intake) { in.Description = strings.Repeat("x", cases.MaxText+1) }), []string{"description"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := c.in.Check(town.Epoch)
			if d := cmp.Diff(c.want, fieldsOf(err)); d != "" {
				t.Errorf("fields (-want +got):\n%s%v", d, err)
			}
		})
	}
	in := with("", func(in *cases.Intake) {
		in.CVEs, in.MayShare, in.Products[0].UDI = []string{"cve-2026-12345 ", "CVE-2026-12345"}, true, "0109506000134352"
	})
	if err := in.Check(town.Epoch); err != nil || len(in.CVEs) != 1 || in.Title != "Vulnerability in Pump Works Infuser A4" || in.MayShare || in.Products[0].UDI != "09506000134352" {
		t.Errorf("a checked report is %+v, %v", in, err)
	}
}

// What the detectors find is asked about, but not the contact.
func TestIntakeLook(t *testing.T) {
	in := with("x", func(in *cases.Intake) {
		in.Description = "On TLP:RED. The patient John Miller, MRN: 00482913, was connected."
		in.Contact = cases.Contact{Email: "finder@example.org", Phone: "+1 202 555 0143"}
	})
	kinds := map[string]bool{}
	for _, q := range in.Look() {
		if q.Field != "description" || q.Why == "" {
			t.Errorf("asks %+v", q)
		}
		kinds[q.Kind] = true
	}
	if !kinds["label"] || !kinds["record-number"] {
		t.Errorf("asks about %v", kinds)
	}
	if qs := plain("Open port in the Infuser A4, CVE-2026-12345").Look(); len(qs) != 0 {
		t.Errorf("asks about an ordinary report: %+v", qs)
	}
}

// What reads is checked without a panic, and what was checked once is right when
// it is checked again.
func FuzzReadIntake(f *testing.F) {
	for _, in := range []cases.Intake{plain("x"), {}, with("x", func(in *cases.Intake) {
		in.CVEs, in.PlanZone, in.Products[0].UDI = []string{"CVE-2026-1234"}, "UTC", "09506000134352"
	})} {
		b, err := json.Marshal(in)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte(`{"tlp":"RED","TLP":"CLEAR"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		in, err := cases.ReadIntake(b)
		if err != nil {
			return
		}
		if err := in.Check(town.Epoch); err != nil {
			return
		}
		in.Look()
		before, _ := json.Marshal(in)
		if err := in.Check(town.Epoch.Add(time.Hour)); err != nil {
			t.Fatalf("right, and then: %v", err)
		}
		if after, _ := json.Marshal(in); string(before) != string(after) {
			t.Fatalf("checking again changed it:\n%s\n%s", before, after)
		}
	})
}

// The longest report is looked at in a moment: the public form must not be a way
// to keep the machine busy.
func BenchmarkLook(b *testing.B) {
	long := strings.Repeat("The service port of the pump takes commands; see 10.2.0.14 and log 2026-03-01. ", 250)
	in := with("x", func(in *cases.Intake) {
		for _, f := range []*string{&in.Description, &in.Exploit, &in.Impact, &in.HowFound, &in.Told, &in.Evidence, &in.Setting, &in.HarmText, &in.SafetyText, &in.Comments} {
			*f = long
		}
	})
	for b.Loop() {
		in.Look()
	}
}
