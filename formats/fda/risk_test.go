package fda_test

import (
	"errors"
	"strings"
	"testing"

	. "github.com/cordon-isao/cordon/formats/fda"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// any matrix is either refused or monotone, over all pairs of cells.
func TestR001MatrixMonotone(t *testing.T) {
	check := func(t interface{ Fatalf(string, ...any) }, m Matrix) bool {
		monotone := true
		for r := range 3 {
			for c := range 5 {
				for r2 := r; r2 < 3; r2++ {
					for c2 := c; c2 < 5; c2++ {
						monotone = monotone && !(m[r][c] == Uncontrolled && m[r2][c2] == Controlled)
					}
				}
			}
		}
		if (m.Validate() == nil) != monotone {
			t.Fatalf("%v: monotone %v, error %v", m, monotone, m.Validate())
		}
		for r, e := range Exploitabilities {
			for c := range 5 {
				got, err := m.Decide(Cell{e, HarmSeverity(c + 1)})
				if (err == nil) != monotone || err == nil && got != m[r][c] || err != nil && got != "" {
					t.Fatalf("%v at %d, %d: %s %v", m, r, c, got, err)
				}
			}
		}
		return monotone
	}
	if !check(t, DefaultMatrix()) {
		t.Fatal("the default matrix is not monotone")
	}
	for bits := range 1 << 15 { // every matrix there is
		var m Matrix
		for i := range 15 {
			m[i/5][i%5] = Controlled
			if bits>>i&1 == 1 {
				m[i/5][i%5] = Uncontrolled
			}
		}
		check(t, m)
	}
	rapid.Check(t, func(t *rapid.T) {
		var first [3]int // first uncontrolled column of each row, falling: monotone by construction
		limit := 5
		var m Matrix
		for r := range m {
			first[r] = rapid.IntRange(0, limit).Draw(t, "first")
			limit = first[r]
			for c := range m[r] {
				m[r][c] = Controlled
				if c >= first[r] {
					m[r][c] = Uncontrolled
				}
			}
		}
		if err := m.Validate(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestR001OffendingCells(t *testing.T) {
	m := DefaultMatrix()
	m[2][3] = Controlled
	m[0][0] = ""
	var bad *MatrixError
	if err := m.Validate(); !errors.As(err, &bad) || !strings.Contains(err.Error(), "medium exploitability, critical harm is uncontrolled, yet high exploitability, critical harm is controlled") {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Cell{{LowExploitability, Negligible}}, bad.Empty); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([][2]Cell{{{MediumExploitability, Critical}, {HighExploitability, Critical}}, {{HighExploitability, Serious}, {HighExploitability, Critical}}}, bad.Falls); diff != "" {
		t.Error(diff)
	}
	for _, c := range []Cell{{"extreme", 3}, {"", 3}, {LowExploitability, 0}, {LowExploitability, 6}} {
		if got, err := DefaultMatrix().Decide(c); err == nil {
			t.Error(c, got)
		}
	}
}

func TestR002SeverityFromHarm(t *testing.T) {
	for _, c := range []struct {
		facts    HarmFacts
		class    HarmClass
		severity HarmSeverity
	}{
		{HarmFacts{Death: true, Inconvenience: true}, PatientHarm, Catastrophic},
		{HarmFacts{PermanentImpairment: true, TemporaryInjury: true}, PatientHarm, Critical},
		{HarmFacts{LifeThreatening: true}, PatientHarm, Critical},
		{HarmFacts{ProfessionalIntervention: true, TemporaryInjury: true}, PatientHarm, Serious},
		{HarmFacts{TemporaryInjury: true, Inconvenience: true}, PatientHarm, Minor},
		{HarmFacts{Inconvenience: true, ConfidentialityLoss: true}, PatientHarm, Negligible},
		{HarmFacts{ConfidentialityLoss: true}, ConfidentialityOnly, 0},
		{HarmFacts{}, NoHarmStated, 0},
	} {
		if class, severity := SeverityFromHarm(c.facts); class != c.class || severity != c.severity {
			t.Errorf("%+v: %s %s", c.facts, class, severity)
		}
	}
}

func TestR003ResidualRisk(t *testing.T) {
	initial := Cell{HighExploitability, Critical}
	got := ResidualRisk(initial, []CompensatingControl{
		{Name: "unplug it in surgery", IntroducesGreaterRisk: Yes, LowersExploitability: LowExploitability, LowersSeverity: Negligible},
		{Name: "nobody has looked", LowersExploitability: LowExploitability, LowersSeverity: Negligible},
		{Name: "separate network", IntroducesGreaterRisk: No, LowersExploitability: MediumExploitability},
		{Name: "alarm", IntroducesGreaterRisk: No, LowersExploitability: HighExploitability, LowersSeverity: Serious},
	})
	want := Residual{Cell{MediumExploitability, Serious}, []string{"separate network", "alarm"}, []string{"unplug it in surgery"}, []string{"nobody has looked"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if up := ResidualRisk(Cell{LowExploitability, Minor}, []CompensatingControl{{IntroducesGreaterRisk: No, LowersExploitability: HighExploitability, LowersSeverity: Critical}}); up.Cell != (Cell{LowExploitability, Minor}) {
		t.Error("a control raised the risk:", up)
	}
}

func TestR005ClassifyChange(t *testing.T) {
	for _, c := range []struct {
		risk    Risk
		purpose ChangePurpose
		kind    ChangeKind
	}{
		{Controlled, ReduceHarm, RoutineUpdate}, {Controlled, ConfidentialityFix, RoutineUpdate}, {Controlled, DefenceInDepthOnly, RoutineUpdate},
		{Uncontrolled, ReduceHarm, Remediation}, {Uncontrolled, ConfidentialityFix, RoutineUpdate}, {Uncontrolled, DefenceInDepthOnly, RoutineUpdate},
	} {
		for _, pma := range []bool{false, true} {
			got, err := ClassifyChange(c.risk, c.purpose, pma)
			if err != nil || got.Kind != c.kind || got.Part806 != (c.kind == Remediation) || got.PMAAnnual != pma || got.Reason == "" {
				t.Error(c, got, err)
			}
		}
	}
	if got, err := ClassifyChange("", ReduceHarm, false); err == nil {
		t.Error("undetermined is classified:", got)
	}
	if got, err := ClassifyChange(Controlled, "marketing", false); err == nil {
		t.Error(got)
	}
}
