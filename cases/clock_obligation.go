package cases

import (
	"crypto/sha256"
	"encoding/base32"
	"slices"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/policy"
)

// ClockState is where an obligation stands at one moment.
type ClockState string

// The states of an obligation. A state is worked out when it is read, of the
// instants that are stored, so that it is never older than the reader's clock.
const (
	ClockRunning ClockState = "running"
	ClockAtRisk  ClockState = "at-risk"
	ClockOver    ClockState = "over" // due, and not done; doing it late is still better than not
	ClockMet     ClockState = "met"
	ClockLate    ClockState = "late" // done after it was due
	ClockLost    ClockState = "lost" // a condition that can never hold again
	ClockWaived  ClockState = "waived"
	ClockMoot    ClockState = "not-applicable"
)

// Open reports whether something is still to be done.
func (s ClockState) Open() bool { return s == ClockRunning || s == ClockAtRisk || s == ClockOver }

// Obligation is something that somebody owes by a time, with the rule that says
// so, what started it, and what shows that it was done.
type Obligation struct {
	ID     string `json:"id"`
	Case   string `json:"case,omitempty"` // "" for a report that is no case yet
	Object string `json:"object"`         // the party, fact, case or report that it is about
	Party  string `json:"party,omitempty"`
	Owner  string `json:"owner,omitempty"` // the organization that owes it
	Rule   string `json:"rule"`            // "R-010"
	Clock  string `json:"clock"`           // tells the clocks of one rule apart: notice, fix …
	Name   string `json:"name"`
	Source string `json:"source"` // the citation

	// Begins is when it comes to be: the instant at which it is lost that FDA does
	// not ask for a report. Trigger is what its days are counted from.
	Begins  time.Time `json:"begins_at,omitzero"`
	Trigger time.Time `json:"trigger_at,omitzero"`
	What    string    `json:"trigger"` // what happened then
	Warn    time.Time `json:"warn_at,omitzero"`
	Due     time.Time `json:"due_at,omitzero"` // the last instant in time; zero: no date yet
	Zone    string    `json:"zone"`            // in which its days are counted
	// After is what it becomes once Due has passed and it is not done.
	After ClockState `json:"after,omitempty"`

	State       ClockState `json:"state"`
	Missing     []string   `json:"missing"` // what is still to be done, or was not done in time, in sentences
	Why         []string   `json:"why,omitempty"`
	Moot        bool       `json:"moot,omitempty"` // it does not apply
	SatisfiedAt time.Time  `json:"satisfied_at,omitzero"`
	SatisfiedBy string     `json:"satisfied_by,omitempty"` // id of the fact or notice
	LostAt      time.Time  `json:"lost_at,omitzero"`
	WaivedAt    time.Time  `json:"waived_at,omitzero"`
	WaivedBy    string     `json:"waived_by,omitempty"`
	WaivedName  string     `json:"waived_name,omitempty"`
	WaivedWhy   string     `json:"waived_why,omitempty"`

	Label policy.Label `json:"-"`

	gap     time.Time // when its party was first not a member, within the days that count
	lost    time.Time // by something that happened, not by the deadline itself
	noticed int       // the highest step of which a notice was written
	next    time.Time // when a pass looks at it again
}

// Statutory reports whether the clock is FDA's: it can be waived only by saying
// why it does not apply.
func (o Obligation) Statutory() bool {
	return slices.Contains([]string{"R-010", "R-011", "R-020", "R-023"}, o.Rule)
}

// Window is from when to when a picture draws the clock: until it was done, lost
// or waived, or is due; to is zero where there is no end.
func (o Obligation) Window() (from, to time.Time) {
	from = o.Trigger
	for _, t := range []time.Time{o.SatisfiedAt, o.LostAt, o.WaivedAt, o.Due} {
		if !t.IsZero() {
			return from, t
		}
	}
	return from, zero
}

// begun reports whether the obligation exists at that moment.
func (o Obligation) begun(now time.Time) bool { return !now.Before(o.Begins) }

// stateAt is the state at any moment. It uses nothing but stored instants.
func (o Obligation) stateAt(now time.Time) ClockState {
	late := o.lateAt(now)
	switch {
	case o.Moot:
		return ClockMoot
	case !o.WaivedAt.IsZero() && (o.SatisfiedAt.IsZero() || !o.lost.IsZero()):
		return ClockWaived
	case !o.lost.IsZero() && !now.Before(o.lost):
		return ClockLost
	case !o.SatisfiedAt.IsZero() && !o.Due.IsZero() && o.SatisfiedAt.After(o.Due) && o.After != ClockLost: // R-010 knows no late: a copy sent along has its own 24 hours
		return ClockLate
	case !o.SatisfiedAt.IsZero():
		return ClockMet
	case late:
		return o.After
	case !o.Warn.IsZero() && now.After(o.Warn):
		return ClockAtRisk
	}
	return ClockRunning
}

// lateAt reports whether the last instant has passed. An embargo is over at its
// end; what is done at the end of a deadline is in time.
func (o Obligation) lateAt(now time.Time) bool {
	return !o.Due.IsZero() && (now.After(o.Due) || o.After == ClockMet && now.Equal(o.Due))
}

// settled reports whether time alone changes nothing any more.
func (o Obligation) settled() bool {
	return o.Moot || !o.WaivedAt.IsZero() || !o.lost.IsZero() || !o.SatisfiedAt.IsZero()
}

// at is the obligation as a reader sees it at that moment.
func (o Obligation) at(now time.Time) Obligation {
	o.State = o.stateAt(now)
	o.LostAt = zero
	switch o.State {
	case ClockLost:
		if o.LostAt = o.lost; o.lost.IsZero() {
			o.LostAt = o.Due.Add(time.Microsecond)
		}
	case ClockMoot:
		o.Missing = []string{}
	case ClockMet:
		o.Missing, o.Why = []string{}, nil
		if o.SatisfiedAt.IsZero() {
			o.SatisfiedAt = o.Due
		}
	case ClockLate:
		o.Missing, o.Why = []string{}, nil
	default:
		o.Why = nil
	}
	return o
}

// The steps at which a notice is written, and how long before the due instant.
const (
	stepNone = iota
	stepWarn // 7 days, or when the clock's own rule warns
	step48
	step24
	stepDue // the last half day
	stepOver
)

var stepWords = [...]string{stepWarn: "7d", step48: "48h", step24: "24h", stepDue: "due", stepOver: "over"}

// steps lists when each step begins; a zero time means that there is none. Steps
// that lie before the trigger do not exist.
func (o Obligation) steps() (all [stepOver + 1]time.Time) {
	if o.settled() || o.Due.IsZero() {
		return all
	}
	all[stepOver] = o.Due.Add(time.Microsecond)
	if o.Rule != "R-011" { // its parts give notice
		all[stepWarn] = o.Warn
		all[step48], all[step24], all[stepDue] = o.Due.Add(-48*time.Hour), o.Due.Add(-24*time.Hour), o.Due.Add(-12*time.Hour)
	}
	if o.After == ClockMet {
		all[stepOver] = zero // what ends by itself is not late
	}
	for i := stepWarn; i < stepOver; i++ {
		if !all[i].After(o.Trigger) || i > stepWarn && all[i].Before(all[stepWarn]) {
			all[i] = zero
		}
	}
	return all
}

// step is the newest step that was reached.
func (o Obligation) step(now time.Time) int {
	all := o.steps()
	for i := stepOver; i > stepNone; i-- {
		if !all[i].IsZero() && !now.Before(all[i]) {
			return i
		}
	}
	return stepNone
}

// nextAfter is when time changes something next, or zero.
func (o Obligation) nextAfter(now time.Time) time.Time {
	var next time.Time
	take := func(t time.Time) {
		if !t.IsZero() && t.After(now) && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	take(o.Begins)
	if o.settled() {
		return next
	}
	for i, t := range o.steps() {
		if i > o.noticed {
			take(t)
		}
	}
	if !o.Warn.IsZero() {
		take(o.Warn.Add(time.Microsecond))
	}
	if !o.Due.IsZero() {
		take(o.Due.Add(time.Microsecond))
	}
	return next
}

// warning is when a deadline becomes pressing: 7 days before it, or less where
// the whole time is short. FDA gives no such figure; it is ours.
func warning(trigger, due time.Time) time.Time {
	if due.IsZero() {
		return zero
	}
	for _, w := range []struct{ whole, before time.Duration }{{10 * 24 * time.Hour, 7 * 24 * time.Hour}, {4 * 24 * time.Hour, 48 * time.Hour}, {36 * time.Hour, 24 * time.Hour}} {
		if due.Sub(trigger) >= w.whole {
			return due.Add(-w.before)
		}
	}
	return due.Add(-12 * time.Hour)
}

var clockIDs = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

// clockID names an obligation by what it is about, whose ids are random: the same
// facts give the same id, in whatever order they were recorded.
func clockID(object, party, rule, clock string) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{"obligation", object, party, rule, clock}, "\x00")))
	return "clock_" + clockIDs.EncodeToString(sum[:])[:26]
}
