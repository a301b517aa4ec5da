package evidence

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
)

// The re-checker works out FDA's clocks of a case once more, from the ledger's
// entries alone, with its own code for the calendar (recheck_calendar.go) and for
// the rules (recheck_rules.go). It shares neither with cases nor with formats/fda,
// so that a mistake, or somebody who edits a clock to help a friend, does not go
// unseen: two accounts must agree.

// The states of a clock.
const (
	running = "running"
	atRisk  = "at-risk"
	over    = "over"
	met     = "met"
	late    = "late"
	lost    = "lost"
	waived  = "waived"
	moot    = "not-applicable"
)

// Recheck is what came of working a case's clocks out once more.
type Recheck struct {
	Checked       int // clocks that were compared
	Disagreements []Disagreement
	Notes         []string // what could not be compared, and why
	Clocks        []Reckoned

	recorded []clockRecord // the last record of every clock, in order of first record
	learned  []learnedFact
}

// Disagreement is a clock of which the record says something else than what
// follows from the recorded facts.
type Disagreement struct {
	Entry int64 // the last record of the clock; of one that was never recorded, the last entry
	Text  string
}

// Reckoned is one clock as it follows from the facts.
type Reckoned struct {
	Object, Party, Rule, Clock string
	State                      string
	Trigger, Due               time.Time
	SatisfiedAt, LostAt        time.Time
}

type learnedFact struct {
	party string
	at    time.Time
	entry int64
}

// clockRecord is a clock as an entry records it.
type clockRecord struct {
	ID          string    `json:"id"`
	Object      string    `json:"object"`
	Party       string    `json:"party"`
	Owner       string    `json:"owner"`
	Rule        string    `json:"rule"`
	Clock       string    `json:"clock"`
	Name        string    `json:"name"`
	Source      string    `json:"source"`
	Trigger     time.Time `json:"trigger_at"`
	What        string    `json:"trigger"`
	Warn        time.Time `json:"warn_at"`
	Due         time.Time `json:"due_at"`
	Zone        string    `json:"zone"`
	After       string    `json:"after"`
	State       string    `json:"state"`
	Missing     []string  `json:"missing"`
	Why         []string  `json:"why"`
	Moot        bool      `json:"moot"`
	SatisfiedAt time.Time `json:"satisfied_at"`
	SatisfiedBy string    `json:"satisfied_by"`
	LostAt      time.Time `json:"lost_at"`
	WaivedAt    time.Time `json:"waived_at"`
	WaivedName  string    `json:"waived_name"`
	WaivedWhy   string    `json:"waived_why"`

	entry int64
}

// stateAt is the state of a recorded clock at a moment, by its recorded instants.
func (c clockRecord) stateAt(now time.Time) string {
	return instants{c.Moot, c.After, c.Warn, c.Due, c.SatisfiedAt, c.LostAt, c.WaivedAt}.state(now)
}

// instants is what a clock's state follows from.
type instants struct {
	moot                               bool
	after                              string // what it is once due and not done
	warn, due, satisfied, lost, waived time.Time
}

func (x instants) state(now time.Time) string {
	isLost := !x.lost.IsZero() && !x.lost.After(now)
	done := !x.satisfied.IsZero()
	passed := !x.due.IsZero() && (now.After(x.due) || x.after == met && now.Equal(x.due))
	if x.moot {
		return moot
	}
	if !x.waived.IsZero() && (!done || !x.lost.IsZero()) {
		return waived
	}
	if isLost {
		return lost
	}
	if done && !x.due.IsZero() && x.satisfied.After(x.due) {
		return late
	}
	if done {
		return met
	}
	if passed {
		return x.after
	}
	if !x.warn.IsZero() && now.After(x.warn) {
		return atRisk
	}
	return running
}

// RecheckCase works out a case's clocks from the entries that the viewer can read,
// as they stand now.
func (e *Evidence) RecheckCase(v *db.View, id string) (Recheck, error) {
	if _, err := e.cases.Case(v, id); err != nil {
		return Recheck{}, err
	}
	entries, _, err := e.entries(v, &Pack{Version: caseVersion, Case: id})
	if err != nil {
		return Recheck{}, err
	}
	events, err := e.events(v, entries)
	if err != nil {
		return Recheck{}, err
	}
	if len(events) == 0 {
		return Recheck{}, fault.ErrMissing
	}
	return recheck(events, v.Now()), nil
}

// statutory are the rules that are worked out again. The embargo and the answers
// that parties owe each other are agreed, not FDA's.
var statutory = []string{"R-010", "R-011", "R-014", "R-020", "R-023"}

// recheck compares the last record of every clock with what follows from the facts.
func recheck(events []event, now time.Time) Recheck {
	f := readFacts(events)
	var out Recheck
	for _, e := range events {
		c, ok := recordedIn(e)
		if !ok {
			continue
		}
		i := slices.IndexFunc(out.recorded, func(x clockRecord) bool { return x.ID == e.Object })
		switch {
		case e.Verb == "obligation.dropped" && i >= 0:
			out.recorded = slices.Delete(out.recorded, i, i+1)
		case e.Verb == "obligation.dropped":
		case i >= 0:
			out.recorded[i] = c
		default:
			out.recorded = append(out.recorded, c)
		}
	}
	mine := map[string]reckoning{}
	for _, p := range f.parties {
		if l := p.first(kindLearned, nil); l != nil {
			out.learned = append(out.learned, learnedFact{p.id, l.at, l.entry})
		}
		for _, o := range p.reckon() {
			mine[o.key()] = o
		}
	}
	lastEntry := int64(0)
	if len(events) > 0 {
		lastEntry = events[len(events)-1].index
	}
	have := map[string]bool{}
	for _, c := range out.recorded {
		if !slices.Contains(statutory, c.Rule) {
			continue
		}
		k := key(c.Object, c.Rule, c.Clock)
		have[k] = true
		o, ok := mine[k]
		p := f.party(c.Party)
		switch {
		case !p.whole:
			out.note("The facts of %s are not all in the pack: its clocks cannot be worked out again.", c.Owner)
		case !ok && c.Moot:
			out.Checked++
		case !ok:
			out.disagree(c.entry, "%s (%s): it is recorded as %s, but no recorded fact starts it.", c.Name, c.Rule, stateWords[c.State])
		default:
			o.waived = f.waiver(c)
			mine[k] = o
			out.compare(c, o, p, now)
		}
	}
	for _, k := range slices.Sorted(keysOf(mine)) {
		o := mine[k]
		if o.begins.After(now) {
			continue
		}
		out.Clocks = append(out.Clocks, Reckoned{o.object, o.party, o.rule, o.clock, o.state(now), micro(o.trigger), micro(o.due), micro(o.satisfied), o.lostAt(now)})
		switch p := f.party(o.party); {
		case have[k] || !p.whole || o.begins.After(p.recorded):
		case o.rule == "R-020": // begun by a deadline passing, at which nobody wrote anything
			out.note("A report under 21 CFR 806.10 (R-020) is owed since %s; the record does not say so yet.", when(o.begins))
		default:
			out.disagree(lastEntry, "%s, %s: it follows from the recorded facts, but is not recorded.", o.rule, o.clock)
		}
	}
	slices.SortFunc(out.Disagreements, func(a, b Disagreement) int { return cmp.Compare(a.Entry, b.Entry) })
	return out
}

// recordedIn reads an entry that records a clock.
func recordedIn(e event) (c clockRecord, ok bool) {
	if e.gone {
		return c, false
	}
	switch e.Verb {
	case "obligation.changed", "obligation.dropped":
		ok = e.Decode(&c) == nil
	case "obligation.notice":
		var n struct {
			Obligation clockRecord `json:"obligation"`
		}
		ok = e.Decode(&n) == nil
		c = n.Obligation
	}
	c.ID, c.entry = e.Object, e.index
	return c, ok
}

func (r *Recheck) disagree(entry int64, format string, args ...any) {
	r.Disagreements = append(r.Disagreements, Disagreement{entry, "The facts and the clock do not agree. " + fmt.Sprintf(format, args...)})
}

func (r *Recheck) note(format string, args ...any) {
	if n := fmt.Sprintf(format, args...); !slices.Contains(r.Notes, n) {
		r.Notes = append(r.Notes, n)
	}
}

// compare holds the record of a clock against what follows from the facts.
func (r *Recheck) compare(c clockRecord, o reckoning, p *partyFacts, now time.Time) {
	if o.begins.After(now) {
		return // it may never come to be
	}
	r.Checked++
	var wrong []string
	differ := func(what string, recorded, follows time.Time) {
		if !recorded.Equal(micro(follows)) {
			wrong = append(wrong, fmt.Sprintf("%s is recorded as %s and follows from the facts as %s", what, orNever(recorded), orNever(micro(follows))))
		}
	}
	differ("the beginning", c.Trigger, o.trigger)
	differ("the due instant", c.Due, o.due)
	if !c.Moot || !o.moot {
		differ("when it was met", c.SatisfiedAt, o.satisfied)
	}
	was, is := c.stateAt(now), o.state(now)
	if was != is {
		if is == lost && o.byMembership && p.moved > c.entry {
			r.note("%s (%s): lost since it was last recorded, because the membership ended on %s.", c.Name, c.Rule, when(o.lost))
		} else if was == lost && !p.member {
			r.note("%s (%s): it is recorded as lost. The pack does not hold when its organization was a member, so that this cannot be worked out again.", c.Name, c.Rule)
		} else {
			wrong = append(wrong, fmt.Sprintf("it is recorded as %s and follows from the facts as %s", stateWords[was], stateWords[is]))
		}
	}
	if len(wrong) > 0 {
		r.disagree(c.entry, "%s (%s): %s.", c.Name, c.Rule, strings.Join(wrong, "; "))
	}
}

func orNever(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.UTC().Format("2 Jan 2006 15:04:05.999999 UTC")
}
