package fda

import (
	"fmt"
	"strings"
	"time"
)

// Facts is what the Part 806 enforcement-discretion test looks at. A
// zero time means that it has not happened.
type Facts struct {
	// LearnedAt is when the manufacturer learned of the vulnerability: not its
	// publication, not its submission to the ISAO.
	LearnedAt time.Time
	// Zone is where the days of the 30 and 60 are counted; nil is [DefaultZone].
	Zone *time.Location
	// Determinations are those of the vulnerability itself, in any order; the
	// latest is in force. What a fix leaves is Fix.ResidualControlledAt.
	Determinations []Determination
	// KnownSeriousHarm is when the first serious adverse event or death
	// associated with the vulnerability was known; nil: none is known.
	KnownSeriousHarm *time.Time

	Notices           []Notice
	InterimControls   []CompensatingControl
	RemediationPlan   time.Time // when the plan existed
	TimelineRationale time.Time // when its rationale was documented
	Fix               Fix
	Memberships       []Interval // of active participation in an ISAO
	Waivers           []Waiver
}

// Determination is one signed outcome of the risk assessment.
type Determination struct {
	At   time.Time
	Risk Risk
}

// Interval is a stretch of time, From included, To excluded; a zero To is open.
type Interval struct{ From, To time.Time }

// Fix is the change, or the long-term control, that ends the uncontrolled risk.
type Fix struct {
	ValidatedAt          time.Time
	DistributedAt        time.Time // deployable, to customers and user community
	ResidualControlledAt time.Time // when the residual risk was determined to be controlled
	// LongTermControl says that the fix is a compensating control, which
	// counts only with a Justification.
	LongTermControl bool
	Justification   string
}

// Waiver records that somebody decided not to pursue one of the four
// predicates. Only FDA can waive FDA's condition: a waiver makes nothing true,
// it stops the warning of an approaching deadline.
type Waiver struct {
	Predicate int // 1 to 4
	At        time.Time
	By        string
	Reason    string // required
}

// Notice is one communication about the vulnerability.
type Notice struct {
	SentAt          time.Time
	ToCustomers     bool
	ToUserCommunity bool
	Content         Content
	// HasStrategy says that the notice holds a strategy that reduces the risk
	// to an acceptable level.
	HasStrategy bool
	// ISAOCopyAt is when the ISAO got the notice as sent.
	ISAOCopyAt time.Time
}

// RemediationComplete tells whether the notice has a strategy that reduces the
// risk to an acceptable level; without one remediation is incomplete (R-004;
// FDA Postmarket 2016 §IV, "remediation").
func (n Notice) RemediationComplete() bool { return n.HasStrategy }

// Content is what a notice says of the four required things, as text or
// quotation; blank is missing.
type Content struct {
	ImpactAssessment       string // a
	EffortsUnderway        string // b
	CompensatingControls   string // c
	NoCompensatingControls bool   // c: the notice says that there are none
	FixOrDefenceInDepth    string // d
	FutureAvailability     string // d
}

// ContentItem is one of the four things a notice must say.
type ContentItem struct {
	Letter string // a, b, c or d
	What   string // in plain words
}

// CheckContent lists which of the four required things a customer notice does
// not say (R-013; FDA Postmarket 2016 §VII.B). Each notice is checked by
// itself: two halves do not make a whole.
func CheckContent(c Content) []ContentItem {
	blank := func(s string) bool { return strings.TrimSpace(s) == "" }
	var missing []ContentItem
	lack := func(letter, what string) { missing = append(missing, ContentItem{letter, what}) }
	if blank(c.ImpactAssessment) {
		lack("a", "a description of the vulnerability with an impact assessment")
	}
	if blank(c.EffortsUnderway) {
		lack("b", "that efforts are underway to address the risk of patient harm as expeditiously as possible")
	}
	if blank(c.CompensatingControls) && !c.NoCompensatingControls {
		lack("c", "the compensating controls, or that there are none")
	}
	switch fix, later := blank(c.FixOrDefenceInDepth), blank(c.FutureAvailability); {
	case fix && later:
		lack("d", "that a fix is being worked on or a defense-in-depth strategy, and that the availability of a fix will be communicated")
	case fix:
		lack("d", "that a fix is being worked on, or a defense-in-depth strategy")
	case later:
		lack("d", "that the availability of a fix will be communicated")
	}
	return missing
}

// Problems lists what contradicts itself in the facts, in plain sentences. The
// test still runs on them.
func (f Facts) Problems() []string {
	var all []string
	day := func(t time.Time) Date { return DateOf(t, f.Zone) }
	for _, n := range f.Notices {
		if !f.LearnedAt.IsZero() && n.SentAt.Before(f.LearnedAt) && !n.SentAt.IsZero() {
			all = append(all, fmt.Sprintf("The notice of %s was sent before the vulnerability was learned of.", day(n.SentAt)))
		}
	}
	if v, d := f.Fix.ValidatedAt, f.Fix.DistributedAt; !v.IsZero() && !d.IsZero() && d.Before(v) {
		all = append(all, "The fix was distributed before it was validated.")
	}
	for _, d := range f.Determinations {
		if !d.Risk.Valid() {
			all = append(all, fmt.Sprintf("The determination of %s is neither controlled nor uncontrolled and does not count.", day(d.At)))
		}
	}
	for _, m := range f.Memberships {
		if !m.To.IsZero() && !m.To.After(m.From) {
			all = append(all, fmt.Sprintf("The membership from %s ends before it begins and does not count.", day(m.From)))
		}
	}
	for _, w := range f.Waivers {
		if !w.valid() {
			all = append(all, fmt.Sprintf("The waiver of condition %d names no reason or nobody and does not count.", w.Predicate))
		}
	}
	return all
}

func (w Waiver) valid() bool {
	return w.Predicate >= 1 && w.Predicate <= 4 && strings.TrimSpace(w.Reason) != "" && strings.TrimSpace(w.By) != ""
}
