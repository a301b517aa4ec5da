package fda

import "time"

// CompensatingControl is a safeguard outside the device's design that a user
// can employ in the field (FDA Postmarket 2016 §IV).
type CompensatingControl struct {
	Name         string
	IdentifiedAt time.Time
	// IntroducesGreaterRisk answers whether the control itself endangers safety
	// or essential performance more than the vulnerability does. Only a plain
	// No lets the control count.
	IntroducesGreaterRisk Tri
	LowersExploitability  Exploitability // to this level; empty: not at all
	LowersSeverity        HarmSeverity   // to this level; 0: not at all
}

// Residual is the risk that remains with controls in place.
type Residual struct {
	Cell     Cell
	Counted  []string // names of the controls that count
	Rejected []string // these introduce greater risk
	Open     []string // whether these do has not been answered
}

// ResidualRisk is what remains of initial once the controls that count are in
// place. A control never raises a level.
func ResidualRisk(initial Cell, controls []CompensatingControl) Residual {
	r := Residual{Cell: initial}
	for _, c := range controls {
		switch c.IntroducesGreaterRisk {
		case Yes:
			r.Rejected = append(r.Rejected, c.Name)
			continue
		case No:
		default:
			r.Open = append(r.Open, c.Name)
			continue
		}
		r.Counted = append(r.Counted, c.Name)
		if row := c.LowersExploitability.row(); row >= 0 && row < r.Cell.Exploitability.row() {
			r.Cell.Exploitability = c.LowersExploitability
		}
		if c.LowersSeverity.Valid() && c.LowersSeverity < r.Cell.Severity {
			r.Cell.Severity = c.LowersSeverity
		}
	}
	return r
}
