package web

import (
	"fmt"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/formats/fda"
	"github.com/cordon-isao/cordon/web/ui"
)

// ruleWords says in one line what each rule asks for, by rule and clock
// (domain.md, section b).
var ruleWords = map[string]string{
	"R-010 notice":      "R-010: tell customers and users no later than 30 calendar days after the manufacturer learned",
	"R-010 fix":         "R-010: fix, validate and distribute no later than 60 calendar days after the manufacturer learned",
	"R-011 discretion":  "R-011: FDA asks for no Part 806 report while all four conditions hold",
	"R-014 pma":         "R-014: one row of the next periodic report of a PMA device",
	"R-020 806":         "R-020: within 10 work days of initiating a correction or removal",
	"R-020 amendment":   "R-020: within 10 work days of extending a correction or removal",
	"R-023 mdr":         "R-023: 30 calendar days after becoming aware; 5 work days where remedial action is needed; 10 work days for user facilities",
	"R-062 embargo":     "R-062: 45 days from the first attempted contact, unless the parties agreed otherwise",
	"R-063 decide":      "R-063: an embargo whose ground is gone is decided on within 24 hours",
	"R-068 answer":      "R-068: a vendor answers within 5 work days, at the latest within 10",
	"R-068 update":      "R-068: news of the work at least every 30 days",
	"R-068 acknowledge": "R-068: a report is acknowledged within 48 hours",
}

// satisfies says what meets each clock.
var satisfies = map[string]string{
	"R-010 notice":      "A notice with items a to d, sent to customers and the user community and copied to the ISAO, with interim controls, a remediation plan and the rationale of its timeline recorded.",
	"R-010 fix":         "A validated fix, distributed, that leaves a controlled risk; or a compensating control for the long term, with its justification.",
	"R-011 discretion":  "No known serious harm, the notice by day 30, the fix by day 60, and membership in good standing without a gap.",
	"R-014 pma":         "The row in the periodic report, recorded as told to FDA.",
	"R-020 806":         "The report under 21 CFR 806.10, recorded with its number.",
	"R-020 amendment":   "The amended report, recorded with its number.",
	"R-023 mdr":         "The medical device report, recorded with its number; or a qualified person’s conclusion, with its basis, that none is owed.",
	"R-062 embargo":     "Nothing needs doing: it ends by itself.",
	"R-063 decide":      "A decision: the embargo ends, or it is kept, with the reason.",
	"R-068 answer":      "Any answer of the vendor: accepting, acknowledging, or a status.",
	"R-068 update":      "Word to the others, in the official thread or by a status.",
	"R-068 acknowledge": "An acknowledgement to the reporter.",
}

func ruleOf(o cases.Obligation) string {
	if s := ruleWords[o.Rule+" "+o.Clock]; s != "" {
		return s
	}
	return o.Rule
}

// inZone is t where the clock's days are counted.
func inZone(t time.Time, zone string) time.Time { return fda.In(t, zone) }

// zoneName is what stands beside a due time: the name of a place, or UTC.
func zoneName(zone string) string {
	if zone == "" {
		return "UTC"
	}
	return zone
}

// clockKind is a state as pictures know it, and its words beside the bar.
func clockKind(o cases.Obligation, zero, now time.Time) (state, words string) {
	day := func(t time.Time) string { return fmt.Sprintf("day %d", ui.DayNumber(zero, inZone(t, o.Zone))) }
	switch o.State {
	case cases.ClockMet:
		return "met", "met " + day(o.SatisfiedAt)
	case cases.ClockLate:
		return "met", "met " + ui.Span(o.SatisfiedAt.Sub(o.Due)) + " late"
	case cases.ClockLost:
		return "lost", "lost " + day(o.LostAt)
	case cases.ClockWaived:
		return "waived", "waived " + day(o.WaivedAt)
	case cases.ClockMoot:
		return "waived", "does not apply"
	case cases.ClockOver:
		return "over", "over by " + ui.Span(now.Sub(o.Due))
	}
	state = "running"
	if o.State == cases.ClockAtRisk {
		state = "at-risk"
	}
	if o.Due.IsZero() {
		return state, "no date yet"
	}
	return state, "due in " + ui.Span(o.Due.Sub(now))
}

// stateWords names a state to people.
func stateWords(s cases.ClockState) string {
	switch s {
	case cases.ClockAtRisk:
		return "at risk"
	case cases.ClockLate:
		return "met late"
	case cases.ClockMoot:
		return "does not apply"
	}
	return string(s)
}

// clockRow is an obligation as a row of the picture.
func clockRow(o cases.Obligation, zero, now time.Time) ui.Clock {
	key := o.Rule + " " + o.Clock
	r := ui.Clock{Name: o.Name, Rule: ruleOf(o), Source: o.Source, Trigger: o.What, Satisfies: satisfies[key], Start: inZone(o.Trigger, o.Zone), Due: inZone(o.Due, o.Zone),
		Missing: o.Missing, Zone: zoneName(o.Zone), Reason: clockReason(o), Href: clockHref(o)}
	r.State, r.StateWords = clockKind(o, zero, now)
	switch o.State {
	case cases.ClockMet, cases.ClockLate:
		r.SatisfiedAt = inZone(o.SatisfiedAt, o.Zone)
	case cases.ClockLost:
		r.StoppedAt = inZone(o.LostAt, o.Zone)
	case cases.ClockWaived:
		r.StoppedAt = inZone(o.WaivedAt, o.Zone)
	case cases.ClockMoot:
		r.StoppedAt, r.Missing = r.Start, nil
	}
	return r
}

func clockReason(o cases.Obligation) string {
	if o.State == cases.ClockWaived && o.WaivedWhy != "" {
		return o.WaivedWhy + " (" + o.WaivedName + ")"
	}
	return strings.Join(o.Why, " ")
}

// clockHref is the page of one clock.
func clockHref(o cases.Obligation) string {
	if o.Case == "" {
		return "/triage/" + o.Object
	}
	return "/cases/" + o.Case + "/clocks/" + o.ID
}

// dayZero is the day from which a case's picture counts: that on which the
// manufacturer learned, or else on which its first clock started.
func dayZero(os []cases.Obligation, otherwise time.Time) time.Time {
	zero, learned := time.Time{}, time.Time{}
	for _, o := range os {
		if zero.IsZero() || o.Trigger.Before(zero) {
			zero = o.Trigger
		}
		if o.Rule == "R-010" && (learned.IsZero() || o.Trigger.Before(learned)) {
			learned = o.Trigger
		}
	}
	switch {
	case !learned.IsZero():
		return inZone(learned, fda.DefaultZone.String())
	case !zero.IsZero():
		return zero
	}
	return otherwise
}

// clockPicture is the picture of a case's clocks, as the reader sees them: names
// tells parties apart where there are several.
func clockPicture(k cases.Case, os []cases.Obligation, names map[string]string, now time.Time) ui.ClocksChart {
	c := ui.ClocksChart{ID: "case-clocks", Label: "Clocks of " + k.Short(), Zero: dayZero(os, k.At), Now: now, CSV: "/cases/" + k.ID + "/clocks.csv",
		Empty: "No clock is running. The first starts when the case records the day on which the manufacturer learned of the vulnerability."}
	c.Now = now.In(c.Zero.Location())
	several := map[string]bool{}
	for _, o := range os {
		if o.Rule != "R-068" && o.Party != "" {
			several[o.Party] = true
		}
	}
	for _, o := range os {
		r := clockRow(o, c.Zero, now)
		if len(several) > 1 && several[o.Party] && names[o.Party] != "" && o.Rule != "R-068" {
			r.Name += ", " + names[o.Party]
		}
		c.Rows = append(c.Rows, r)
	}
	return c
}
