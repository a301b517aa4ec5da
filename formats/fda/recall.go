package fda

// HealthRisk is what a correction or removal is meant to reduce.
type HealthRisk struct {
	SeriousReasonable   bool // reasonable probability of serious adverse health consequences or death
	TemporaryReversible bool // may cause temporary or medically reversible consequences
	SeriousRemote       bool // remote probability of serious ones
}

// RiskToHealth tells whether r is a "risk to health", so that a correction or
// removal to reduce it must be reported (R-026; 21 CFR 806.2).
func RiskToHealth(r HealthRisk) bool {
	return r.SeriousReasonable || r.TemporaryReversible || r.SeriousRemote
}

// RecallEstimate is an estimate only: FDA alone classifies a recall.
type RecallEstimate struct {
	Class string // I, II or III
	Label string // to be shown with it
}

// EstimateRecallClass guesses the class by the first definition that matches
// (R-026; 21 CFR 7.3(m)).
func EstimateRecallClass(r HealthRisk) RecallEstimate {
	const label = "estimate, FDA classifies"
	switch {
	case r.SeriousReasonable:
		return RecallEstimate{"I", label}
	case r.TemporaryReversible || r.SeriousRemote:
		return RecallEstimate{"II", label}
	}
	return RecallEstimate{"III", label}
}
