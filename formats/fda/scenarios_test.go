package fda_test

import (
	"testing"

	. "github.com/cordon-isao/cordon/formats/fda"
)

// The eight worked examples of FDA's guidance (Postmarket 2016 §VII; domain
// 1.1.e), each with the outcome FDA gives.

// controlled decides with the default matrix, and finds that nothing is to be
// reported and the test does not apply.
func controlled(t *testing.T, cell Cell, purpose ChangePurpose, pma bool) {
	t.Helper()
	risk, err := DefaultMatrix().Decide(cell)
	if err != nil || risk != Controlled {
		t.Fatal(risk, err)
	}
	enhancement(t, risk, purpose, pma)
}

func enhancement(t *testing.T, risk Risk, purpose ChangePurpose, pma bool) {
	t.Helper()
	change, err := ClassifyChange(risk, purpose, pma)
	if err != nil || change.Kind != RoutineUpdate || change.Part806 || change.PMAAnnual != pma {
		t.Error(change, err)
	}
	d := Part806Discretion(Facts{LearnedAt: noon("2026-01-01"), Determinations: []Determination{{noon("2026-01-02"), risk}}}, noon("2027-01-01"))
	want(t, d, NotApplicable)
}

func TestScenario1BloodGasAnalyzerMalware(t *testing.T) {
	// Malware slows the analyzer and changes no data: an inconvenience.
	class, severity := SeverityFromHarm(HarmFacts{Inconvenience: true})
	if class != PatientHarm {
		t.Fatal(class)
	}
	controlled(t, Cell{HighExploitability, severity}, ReduceHarm, false)
}

func TestScenario2DatabaseExposesHealthData(t *testing.T) {
	// Read-only exposure of health information is not patient harm: no cell of
	// the matrix, and a routine update.
	class, severity := SeverityFromHarm(HarmFacts{ConfidentialityLoss: true})
	if class != ConfidentialityOnly || severity.Valid() {
		t.Fatal(class, severity)
	}
	enhancement(t, Controlled, ConfidentialityFix, false)
}

func TestScenario3UnusedPortBlockedByDesign(t *testing.T) {
	// Firmware download is blocked by design and needs physical access.
	initial := Cell{MediumExploitability, Serious}
	residual := ResidualRisk(initial, []CompensatingControl{{Name: "download blocked by design", IntroducesGreaterRisk: No, LowersExploitability: LowExploitability}})
	controlled(t, residual.Cell, ReduceHarm, false)
	record := NonReportRecord{Description: "The unused port is closed.", Justification: "The risk is controlled.", ReviewedBy: "L. Moreau"}
	if m := record.Missing(); m != nil {
		t.Error(m)
	}
}

func TestScenario4ClassIIIBrowsingMalware(t *testing.T) {
	// A PC component of a class III device: routine, and in the PMA annual report.
	controlled(t, Cell{MediumExploitability, Minor}, ReduceHarm, true)
}

func TestScenario5OpenPortUnauthorizedFirmware(t *testing.T) {
	// Uncontrolled, no injuries, notice in 30 and fix in 60 days, active in an
	// ISAO: FDA does not intend to enforce 806. Class III: in the annual report.
	risk, err := DefaultMatrix().Decide(Cell{HighExploitability, Critical})
	if err != nil || risk != Uncontrolled {
		t.Fatal(risk, err)
	}
	if change, err := ClassifyChange(risk, ReduceHarm, true); err != nil || change.Kind != Remediation || !change.Part806 || !change.PMAAnnual {
		t.Error(change, err)
	}
	f := good()
	f.Determinations[0].Risk = risk
	want(t, Part806Discretion(f, noon("2026-03-03")), Satisfied)
}

func TestScenario6HardCodedPasswordNoISAO(t *testing.T) {
	// Moderate exploitability with permanent impairment or death is uncontrolled;
	// patched within 60 days, but no member of an ISAO: 806.10.
	_, severity := SeverityFromHarm(HarmFacts{PermanentImpairment: true})
	risk, err := DefaultMatrix().Decide(Cell{MediumExploitability, severity})
	if err != nil || risk != Uncontrolled {
		t.Fatal(risk, err)
	}
	f := good()
	f.Determinations[0].Risk = risk
	f.Memberships = nil
	d := Part806Discretion(f, noon("2026-03-03"))
	want(t, d, Lost)
	for i, ok := range []Tri{Yes, Yes, Yes, No} {
		if d.Predicates[i].OK != ok {
			t.Errorf("condition %d: %s", i+1, d.Predicates[i].OK)
		}
	}
	// The patch was initiated as a correction on Tuesday 2026-01-20: 10 work days.
	if due := Part806Due(noon("2026-01-20"), nil); due.Date.String() != "2026-02-03" {
		t.Error(due)
	}
}

func TestScenario7KnownComponentNewFailureMode(t *testing.T) {
	// Uncontrolled; the instruction to disconnect brings it to controlled within
	// 30 days, the patch follows within 60; active in an ISAO.
	initial := Cell{HighExploitability, Serious}
	m := DefaultMatrix()
	if risk, err := m.Decide(initial); err != nil || risk != Uncontrolled {
		t.Fatal(risk, err)
	}
	disconnect := CompensatingControl{Name: "disconnect from the network", IdentifiedAt: noon("2026-01-08"), IntroducesGreaterRisk: No, LowersExploitability: LowExploitability}
	if risk, err := m.Decide(ResidualRisk(initial, []CompensatingControl{disconnect}).Cell); err != nil || risk != Controlled {
		t.Fatal(risk, err)
	}
	f := good()
	f.InterimControls = []CompensatingControl{disconnect}
	f.Notices[0].SentAt, f.Notices[0].ISAOCopyAt = noon("2026-01-31"), noon("2026-01-31")
	f.Fix = Fix{ValidatedAt: noon("2026-02-27"), ResidualControlledAt: noon("2026-02-27"), DistributedAt: noon("2026-03-02")}
	want(t, Part806Discretion(f, noon("2026-02-27")), AtRisk)
	want(t, Part806Discretion(f, noon("2026-03-02")), Satisfied)
}

func TestScenario8PatientHarmed(t *testing.T) {
	// A possible death: MDR, customers told, emergency patch, and 806.10.
	f := good()
	harm := noon("2026-01-12")
	f.KnownSeriousHarm = &harm
	d := Part806Discretion(f, harm)
	want(t, d, Lost)
	if !d.LostAt.Equal(harm) || d.Predicates[0].OK != No {
		t.Error(d.LostAt, d.Predicates[0])
	}
	if must, _ := Reportable(nil); !must {
		t.Error("no MDR")
	}
	mdr, err := MDRDue(MDRFacts{Reporter: Manufacturer, Event: Death, AwareAt: harm}, nil)
	if err != nil || mdr.Due.Date.String() != "2026-02-11" {
		t.Error(mdr, err)
	}
	if due := Part806Due(noon("2026-01-13"), nil); due.Date.String() != "2026-01-28" { // over Martin Luther King's birthday
		t.Error(due)
	}
}
