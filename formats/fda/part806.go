package fda

import (
	"slices"
	"time"
)

// Status is where the enforcement-discretion test, or one of its predicates, stands.
type Status string

// The states. UNDETERMINED is only ever computed: nobody may store it as an
// outcome.
const (
	NotApplicable Status = "NOT_APPLICABLE" // the risk is controlled
	Undetermined  Status = "UNDETERMINED"   // no determination yet; the clocks run from learning all the same
	OnTrack       Status = "ON_TRACK"
	AtRisk        Status = "AT_RISK" // a deadline is at most 7 days away, or a copy is late
	Lost          Status = "LOST"    // final: a predicate can never hold again
	Satisfied     Status = "SATISFIED"
)

// Windows of. The seven days and the 24 hours are design
// choices of ours; FDA gives neither.
const (
	NoticeDays   = 30 // calendar days after learning
	FixDays      = 60 // calendar days after learning
	RiskWindow   = 7 * 24 * time.Hour
	ISAOCopyTime = 24 * time.Hour // after this a copy is late, which is shown for ever
)

// Discretion is whether FDA does not intend to enforce Part 806 for an
// uncontrolled risk, as known at one instant.
type Discretion struct {
	Status      Status
	Predicates  [4]Predicate
	LostAt      time.Time // first instant at which it was lost
	SatisfiedAt time.Time // when the last of the four came to hold
	Why         []string  // why it was lost, in plain sentences
	Alerts      []string  // what weakens the evidence without breaking it
}

// ReportDue tells whether a report under 21 CFR 806.10 is owed (R-011 creates
// R-020), unless one was made under part 803 or 1004.
func (d Discretion) ReportDue() bool { return d.Status == Lost }

// Predicate is one of the four conditions as known at one instant.
type Predicate struct {
	Rule    string // "R-010"
	Number  int    // 1 to 4, as FDA numbers them
	Title   string
	OK      Tri      // Yes: holds; No: can never hold again; Unknown: not yet
	State   Status   // of this condition alone
	Missing []string // what is still to be done, in plain sentences
	Failing []string // what can no longer be mended, in plain sentences
	Due     Due      // zero for condition 1, which has no date
	// SatisfiedAt is when the condition was met. Conditions 1 and 4 must hold
	// all along, so they are met when 2 and 3 are.
	SatisfiedAt time.Time
	LostAt      time.Time // first instant at which it could never hold again
	Waived      *Waiver
}

// Part806Discretion applies the four conditions under which FDA does not
// intend to enforce reporting under 21 CFR 806 (R-010, R-011; FDA Postmarket
// 2016 §VII.B) to what is known at now.
//
// Strict where the guidance is silent: membership must be without a gap from
// the instant of learning to the end of day 60, also when the fix came early;
// the residual risk must be determined within the 60 days too; and a risk
// determined as uncontrolled late has the same 30 and 60 days from learning.
// Once lost, it stays lost, whatever is determined afterwards. Once satisfied,
// it can still be lost: by serious harm becoming known, or a gap in membership
// before day 60.
func Part806Discretion(f Facts, now time.Time) Discretion {
	var d Discretion
	if !happened(f.LearnedAt, now) {
		d.Status = Undetermined
		for i, title := range titles {
			d.Predicates[i] = Predicate{Rule: "R-010", Number: i + 1, Title: title, State: Undetermined,
				Missing: []string{"When the manufacturer learned of the vulnerability is not recorded."}}
		}
		return d
	}
	d.Predicates = [4]Predicate{noHarm(f, now), told(f, now), fixed(f, now), shared(f, now)}
	d.Alerts = append(lateCopies(f, now), f.Problems()...)
	for i := range d.Predicates {
		d.Predicates[i].settle(f, now)
	}

	d.LostAt = lostAt(f, d.Predicates, now)
	switch risk := riskAt(f, now); {
	case !d.LostAt.IsZero():
		d.Status = Lost
		for _, p := range d.Predicates {
			d.Why = append(d.Why, p.Failing...)
		}
	case risk == "":
		d.Status = Undetermined
	case risk == Controlled:
		d.Status = NotApplicable
		for i := range d.Predicates {
			d.Predicates[i].State = NotApplicable
		}
	default:
		d.conclude()
	}
	return d
}

// conclude draws the whole from its parts when nothing is lost and the risk is uncontrolled.
func (d *Discretion) conclude() {
	d.Status = Satisfied
	for _, p := range d.Predicates {
		switch {
		case p.State == AtRisk:
			d.Status = AtRisk
		case p.OK != Yes && d.Status == Satisfied:
			d.Status = OnTrack
		}
		d.SatisfiedAt = later(d.SatisfiedAt, p.SatisfiedAt)
	}
	if d.Status != Satisfied {
		d.SatisfiedAt = time.Time{}
		return
	}
	for i := range d.Predicates {
		if p := &d.Predicates[i]; p.State != Satisfied { // the two that must hold all along
			p.State, p.SatisfiedAt = Satisfied, d.SatisfiedAt
		}
	}
}

// settle fills in the state of one condition from its answer.
func (p *Predicate) settle(f Facts, now time.Time) {
	for _, w := range f.Waivers {
		if w.Predicate == p.Number && w.valid() && happened(w.At, now) {
			p.Waived = &w
		}
	}
	switch {
	case p.OK == No:
		p.State = Lost
	case p.OK == Yes && !p.SatisfiedAt.IsZero() && p.Number != 4:
		p.State = Satisfied
	case p.OK == Yes:
		p.State = OnTrack
	case p.Waived == nil && (p.State == AtRisk || !now.Before(p.Due.At.Add(-RiskWindow))):
		p.State = AtRisk
	default:
		p.State = OnTrack
	}
}

// riskAt is the determination in force at now, or "".
func riskAt(f Facts, now time.Time) Risk {
	var risk Risk
	for _, d := range inOrder(f.Determinations, now) {
		risk = d.Risk
	}
	return risk
}

func inOrder(all []Determination, now time.Time) []Determination {
	var known []Determination
	for _, d := range all {
		if d.Risk.Valid() && happened(d.At, now) {
			known = append(known, d)
		}
	}
	slices.SortStableFunc(known, func(a, b Determination) int { return a.At.Compare(b.At) })
	return known
}

// lostAt is the first instant at which a condition had failed for good while
// the risk stood as uncontrolled. A later determination changes nothing of it.
func lostAt(f Facts, all [4]Predicate, now time.Time) time.Time {
	var failed time.Time
	for _, p := range all {
		if !p.LostAt.IsZero() && (failed.IsZero() || p.LostAt.Before(failed)) {
			failed = p.LostAt
		}
	}
	if failed.IsZero() {
		return time.Time{}
	}
	known := inOrder(f.Determinations, now)
	for i, d := range known {
		if d.Risk != Uncontrolled {
			continue
		}
		at := later(failed, d.At)
		if i+1 == len(known) || at.Before(known[i+1].At) {
			return at
		}
	}
	return time.Time{}
}

// happened tells whether something dated t is known at now.
func happened(t, now time.Time) bool { return !t.IsZero() && !t.After(now) }

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
