package fda

import "fmt"

// HarmSeverity is the severity of patient harm, 1 to 5.
//
// R-002; FDA Postmarket 2016 §VI.B, after ANSI/AAMI/ISO 14971.
type HarmSeverity int

// The five levels.
const (
	Negligible   HarmSeverity = 1 + iota // inconvenience or temporary discomfort
	Minor                                // temporary injury, no professional intervention
	Serious                              // professional medical intervention needed
	Critical                             // permanent impairment or life-threatening injury
	Catastrophic                         // death
)

var severityNames = [...]string{"negligible", "minor", "serious", "critical", "catastrophic"}

// Valid tells whether s is one of the five levels.
func (s HarmSeverity) Valid() bool { return s >= Negligible && s <= Catastrophic }

func (s HarmSeverity) String() string {
	if !s.Valid() {
		return fmt.Sprintf("severity %d", int(s))
	}
	return severityNames[s-1]
}

// HarmFacts is what a vulnerability could do, as answered on a worksheet.
type HarmFacts struct {
	Death                    bool
	LifeThreatening          bool
	PermanentImpairment      bool
	ProfessionalIntervention bool // injury or impairment that needs it
	TemporaryInjury          bool // injury or impairment that does not
	Inconvenience            bool // or temporary discomfort
	ConfidentialityLoss      bool // health or other confidential data read or leaked
}

// HarmClass says whether a vulnerability can harm patients at all.
type HarmClass string

// The classes.
const (
	PatientHarm         HarmClass = "patient_harm"
	ConfidentialityOnly HarmClass = "confidentiality_only"
	NoHarmStated        HarmClass = "no_harm_stated" // the facts name none
)

// SeverityFromHarm is the worst of the stated harms. The severity is 0
// unless the class is [PatientHarm]: loss of confidential information alone is
// not patient harm (FDA Postmarket 2016 §IV, "patient harm").
func SeverityFromHarm(f HarmFacts) (HarmClass, HarmSeverity) {
	switch {
	case f.Death:
		return PatientHarm, Catastrophic
	case f.PermanentImpairment || f.LifeThreatening:
		return PatientHarm, Critical
	case f.ProfessionalIntervention:
		return PatientHarm, Serious
	case f.TemporaryInjury:
		return PatientHarm, Minor
	case f.Inconvenience:
		return PatientHarm, Negligible
	case f.ConfidentialityLoss:
		return ConfidentialityOnly, 0
	}
	return NoHarmStated, 0
}
