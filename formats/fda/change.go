package fda

import "fmt"

// ChangePurpose is why a device is changed.
type ChangePurpose string

// The purposes.
const (
	ReduceHarm         ChangePurpose = "reduce_harm"          // lower the risk of patient harm
	ConfidentialityFix ChangePurpose = "confidentiality_only" // protect information only
	DefenceInDepthOnly ChangePurpose = "defense_in_depth"     // strengthen security only
)

// ChangeKind is what FDA calls a change.
type ChangeKind string

// The kinds.
const (
	RoutineUpdate ChangeKind = "ROUTINE_UPDATE" // a device enhancement
	Remediation   ChangeKind = "REMEDIATION"    // brings uncontrolled risk to an acceptable level
)

// Change is a change to a device, classified.
type Change struct {
	Kind ChangeKind
	// Part806 tells whether the change may have to be reported under 21 CFR
	// 806, unless the enforcement-discretion test holds.
	Part806 bool
	// PMAAnnual tells whether the periodic report of a PMA device carries it.
	PMAAnnual bool
	Reason    string // one sentence
}

// ClassifyChange tells a routine update from a remediation (R-005; FDA
// Postmarket 2016 §IV, §VII.A–B). pma says whether the device is approved under
// a PMA (21 CFR 814.84). A change only for confidentiality or for defence in
// depth is an enhancement even when the vulnerability's own risk is
// uncontrolled; the clocks of that vulnerability run on and this change does
// not stop them.
func ClassifyChange(risk Risk, purpose ChangePurpose, pma bool) (Change, error) {
	if !risk.Valid() {
		return Change{}, fmt.Errorf("the risk is determined as controlled or uncontrolled, not %q", string(risk))
	}
	c := Change{Kind: RoutineUpdate, PMAAnnual: pma}
	switch {
	case purpose != ReduceHarm && purpose != ConfidentialityFix && purpose != DefenceInDepthOnly:
		return Change{}, fmt.Errorf("a change's purpose is not %q", string(purpose))
	case purpose == ConfidentialityFix:
		c.Reason = "The change protects information only; loss of confidentiality is not patient harm."
	case purpose == DefenceInDepthOnly:
		c.Reason = "The change only strengthens security."
	case risk == Controlled:
		c.Reason = "The risk of patient harm is controlled."
	default:
		c.Kind, c.Part806 = Remediation, true
		c.Reason = "The change reduces an uncontrolled risk of patient harm."
	}
	return c, nil
}
