package fda_test

import (
	"bytes"
	"encoding/csv"
	"testing"
	"time"

	. "github.com/cordon-isao/cordon/formats/fda"
	"github.com/google/go-cmp/cmp"
)

// R-020's example: initiated Friday 2026-11-20, due 2026-12-07, for Thanksgiving is skipped.
func TestR020Part806Due(t *testing.T) {
	due := Part806Due(noon("2026-11-20"), nil)
	if due.Date.String() != "2026-12-07" || due.At.Format(time.RFC3339) != "2026-12-07T23:59:59-05:00" {
		t.Error(due)
	}
	if got := Part806AmendmentDue(noon("2026-12-18"), nil); got.Date.String() != "2027-01-05" {
		t.Error(got) // Christmas and New Year's Day are skipped
	}
}

// R-021's examples.
func TestR021CorrectionReportNumber(t *testing.T) {
	for _, c := range []struct {
		reg  string
		on   Date
		seq  int
		kind CorrectionOrRemoval
		want string
	}{
		{"1234567", Date{1997, 6, 1}, 1, Correction, "1234567-6/1/97-001-C"},
		{"1234567", Date{1997, 7, 1}, 2, Removal, "1234567-7/1/97-002-R"},
		{"", Date{2026, 12, 31}, 999, Removal, "0000000-12/31/26-999-R"},
		{"", Date{2003, 10, 9}, 12, Correction, "0000000-10/9/03-012-C"},
	} {
		if got, err := CorrectionReportNumber(c.reg, c.on, c.seq, c.kind); err != nil || got != c.want {
			t.Error(got, err)
		}
	}
	for _, c := range []struct {
		reg  string
		on   Date
		seq  int
		kind CorrectionOrRemoval
	}{
		{"123456", Date{2026, 1, 1}, 1, "C"}, {"12345678", Date{2026, 1, 1}, 1, "C"}, {"", Date{2026, 2, 30}, 1, "C"}, {"", Date{}, 1, "C"},
		{"", Date{2026, 1, 1}, 0, "C"}, {"", Date{2026, 1, 1}, 1000, "C"}, {"", Date{2026, 1, 1}, -1, "C"}, {"", Date{2026, 1, 1}, 1, "X"}, {"", Date{2026, 1, 1}, 1, ""},
	} {
		if got, err := CorrectionReportNumber(c.reg, c.on, c.seq, c.kind); err == nil {
			t.Error(c, got)
		}
	}
}

func TestR022NonReportRecord(t *testing.T) {
	r := NonReportRecord{Description: "closed a port", Justification: "controlled", ReviewedBy: "R. Abara", ExpectedLifeEnd: Date{2030, 6, 30}}
	if m := r.Missing(); m != nil || r.RetainUntil() != (Date{2032, 6, 30}) {
		t.Error(m, r.RetainUntil())
	}
	r = NonReportRecord{Justification: " \n"}
	if m := r.Missing(); len(m) != 3 || !r.RetainUntil().IsZero() {
		t.Error(m, r.RetainUntil())
	}
	if d := (NonReportRecord{ExpectedLifeEnd: Date{2028, 2, 29}}).RetainUntil(); d != (Date{2030, 3, 1}) {
		t.Error(d)
	}
}

// R-023's examples: aware Wednesday 2026-11-25; five-day 2026-12-03, 30-day 2026-12-25.
// And the routing table of domain 6.2, whole.
func TestR023MDRDue(t *testing.T) {
	both := []Recipient{ToFDA, ToManufacturer}
	fda, mfr := both[:1], both[1:]
	for _, c := range []struct {
		facts MDRFacts
		to    []Recipient
		date  string
	}{
		{MDRFacts{Reporter: Manufacturer, Event: Malfunction, RemedialAction: true}, fda, "2026-12-03"},
		{MDRFacts{Reporter: Manufacturer, Event: Death, FDARequest: true}, fda, "2026-12-03"},
		{MDRFacts{Reporter: Manufacturer, Event: Death}, fda, "2026-12-25"},
		{MDRFacts{Reporter: Manufacturer, Event: SeriousInjury}, fda, "2026-12-25"},
		{MDRFacts{Reporter: Manufacturer, Event: Malfunction, ManufacturerUnknown: true}, fda, "2026-12-25"},
		{MDRFacts{Reporter: Importer, Event: Death, RemedialAction: true}, both, "2026-12-25"},
		{MDRFacts{Reporter: Importer, Event: SeriousInjury}, both, "2026-12-25"},
		{MDRFacts{Reporter: Importer, Event: Malfunction}, mfr, "2026-12-25"},
		{MDRFacts{Reporter: UserFacility, Event: Death}, both, "2026-12-10"},
		{MDRFacts{Reporter: UserFacility, Event: Death, ManufacturerUnknown: true}, fda, "2026-12-10"},
		{MDRFacts{Reporter: UserFacility, Event: SeriousInjury}, mfr, "2026-12-10"},
		{MDRFacts{Reporter: UserFacility, Event: SeriousInjury, ManufacturerUnknown: true}, fda, "2026-12-10"},
	} {
		c.facts.AwareAt = noon("2026-11-25")
		got, err := MDRDue(c.facts, nil)
		if err != nil || !got.Required || got.Due.Date.String() != c.date || got.Source == "" || got.FiveDay != (c.date == "2026-12-03") {
			t.Error(c.facts, got, err)
		}
		if diff := cmp.Diff(c.to, got.To); diff != "" {
			t.Error(c.facts, diff)
		}
	}
	got, err := MDRDue(MDRFacts{Reporter: UserFacility, Event: Malfunction, AwareAt: noon("2026-11-25")}, nil)
	if err != nil || got.Required || !got.Due.IsZero() || got.To != nil {
		t.Error(got, err)
	}
	for _, f := range []MDRFacts{
		{Reporter: "patient", Event: Death, AwareAt: noon("2026-11-25")}, {Reporter: Importer, Event: "rumour", AwareAt: noon("2026-11-25")}, {Reporter: Importer, Event: Death},
	} {
		if got, err := MDRDue(f, nil); err == nil {
			t.Error(f, got)
		}
	}
}

func TestR024Numbers(t *testing.T) {
	for s, want := range map[string][3]bool{ // MDR, facility's MDR, 806
		"1234567-2011-00001":    {true, false, false},
		"1234560000-2011-0001":  {false, true, false},
		"1234567-6/1/97-001-C":  {false, false, true},
		"1234567-6/1/97-000-C":  {},
		"1234567-06/1/97-001-C": {},
		"1234567-13/1/97-001-C": {},
		"1234567-6/32/97-001-C": {},
		"1234567-2011-0001":     {},
		"1234567-2011-00001\n":  {},
		" 1234567-2011-00001":   {},
		"123456A000-2011-0001":  {},
		"١٢٣٤٥٦٧-2011-00001":    {},
		"":                      {},
	} {
		if got := [3]bool{ValidMDRNumber(s), ValidFacilityMDRNumber(s), ValidCorrectionReportNumber(s)}; got != want {
			t.Errorf("%q: %v", s, got)
		}
	}
}

func TestR025Reportable(t *testing.T) {
	if must, why := Reportable(nil); !must || why != nil {
		t.Error(must, why)
	}
	for _, role := range []QualifiedRole{Physician, Nurse, RiskManager, BiomedicalEngineer} {
		if must, why := Reportable(&NotCaused{"A. Okafor", role, "log of the pump"}); must || why != nil {
			t.Error(role, must, why)
		}
	}
	for _, c := range []NotCaused{{"", Nurse, "x"}, {"A. Okafor", "salesman", "x"}, {"A. Okafor", "", "x"}, {"A. Okafor", Nurse, " "}} {
		if must, why := Reportable(&c); !must || len(why) != 1 {
			t.Error(c, must, why)
		}
	}
}

func TestR026RiskToHealth(t *testing.T) {
	for _, c := range []struct {
		risk  HealthRisk
		want  bool
		class string
	}{
		{HealthRisk{}, false, "III"}, {HealthRisk{SeriousReasonable: true, TemporaryReversible: true}, true, "I"},
		{HealthRisk{TemporaryReversible: true}, true, "II"}, {HealthRisk{SeriousRemote: true}, true, "II"},
	} {
		got := EstimateRecallClass(c.risk)
		if RiskToHealth(c.risk) != c.want || got.Class != c.class || got.Label != "estimate, FDA classifies" {
			t.Error(c, got)
		}
	}
}

func TestR014PMAAnnualRow(t *testing.T) {
	if h := PMAHeader(); len(h) != 11 || len(PMAAnnualRow{}.Record()) != 11 {
		t.Fatal(len(h))
	}
	if diff := cmp.Diff(PMAHeader(), PMAAnnualRow{}.Missing()); diff != "" {
		t.Error("an empty row lacks all eleven:", diff)
	}
	none := Listed{None: true}
	row := PMAAnnualRow{
		Vulnerability: "=cmd: hard-coded password.", HowAware: "Told by a researcher.", RiskConclusion: Uncontrolled, RiskSummary: "medium, critical",
		Change: "Password removed.", Comparison: "2.1 had one, 2.2 has none.", Rationale: "Patient harm.", OtherDevices: none, RelatedEvents: none,
		UDI: Listed{Items: []string{"00812345000011"}}, Alerts: Listed{Items: []string{"https://example.org/icsma"}}, Notifications: Listed{Items: []string{"2026-01-20", "2026-02-25"}},
		ISAO: "Example ISAO", ISAOReportedOn: Date{2026, 1, 20}, OtherSubmissions: none, BasisForNone: "R-010 holds",
	}
	if m := row.Missing(); m != nil {
		t.Error(m)
	}
	// None is no answer for a UDI, nor a missing basis for "no other submissions".
	bad := row
	bad.UDI, bad.BasisForNone, bad.OtherDevices = none, "", Listed{Items: []string{" "}}
	if diff := cmp.Diff([]string{PMAHeader()[4], PMAHeader()[6], PMAHeader()[10]}, bad.Missing()); diff != "" {
		t.Error(diff)
	}
	var b bytes.Buffer
	if err := WritePMA(&b, []PMAAnnualRow{row}); err != nil {
		t.Fatal(err)
	}
	got, err := csv.NewReader(&b).ReadAll()
	if err != nil || len(got) != 2 {
		t.Fatal(got, err)
	}
	want := []string{"'=cmd: hard-coded password. Told by a researcher.", "uncontrolled: medium, critical", "Password removed. 2.1 had one, 2.2 has none.", "Patient harm.",
		"none", "none", "00812345000011", "https://example.org/icsma", "2026-01-20; 2026-02-25", "Example ISAO, 2026-01-20", "none: R-010 holds"}
	if diff := cmp.Diff(want, got[1]); diff != "" {
		t.Error(diff)
	}
}
