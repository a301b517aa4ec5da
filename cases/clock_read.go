package cases

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/cordon-isao/cordon/formats/fda"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
)

const obligationColumns = `o.id, o.object, o.case_id, o.party, o.owner, o.rule, o.clock, o.name, o.source, o.begins_at, o.trigger_at, o.trigger_by, o.warn_at, o.due_at, o.zone, o.after, o.state, o.missing, o.why, o.moot,
	o.satisfied_at, o.satisfied_by, o.lost_at, o.gap_at, o.waived_at, o.waived_by, o.waived_name, o.waived_why, o.noticed, o.next_at, o.tlp, o.audience`

func scanObligation(v *db.View) func(db.Scanner) (Obligation, error) {
	return func(s db.Scanner) (o Obligation, err error) {
		var begins, trigger, warn, due, satisfied, lost, gap, waived, moot, noticed, next int64
		var missing, why, tlp, audience string
		if err = s.Scan(&o.ID, &o.Object, &o.Case, &o.Party, &o.Owner, &o.Rule, &o.Clock, &o.Name, &o.Source, &begins, &trigger, &o.What, &warn, &due, &o.Zone, &o.After, &o.State, &missing, &why, &moot,
			&satisfied, &o.SatisfiedBy, &lost, &gap, &waived, &o.WaivedBy, &o.WaivedName, &o.WaivedWhy, &noticed, &next, &tlp, &audience); err != nil {
			return o, err
		}
		if err = json.Unmarshal([]byte(missing), &o.Missing); err == nil {
			err = json.Unmarshal([]byte(why), &o.Why)
		}
		if err != nil {
			return o, fmt.Errorf("read obligation %s: %w", o.ID, err)
		}
		o.Begins, o.Trigger, o.Warn, o.Due, o.SatisfiedAt = clock.FromMicros(begins), clock.FromMicros(trigger), clock.FromMicros(warn), clock.FromMicros(due), clock.FromMicros(satisfied)
		o.lost, o.gap, o.WaivedAt, o.next = clock.FromMicros(lost), clock.FromMicros(gap), clock.FromMicros(waived), clock.FromMicros(next)
		o.Moot, o.noticed = moot == 1, int(noticed)
		o.Label, err = v.Label(tlp, audience)
		return o, err
	}
}

// Obligations lists a case's obligations that the viewer can see, as they stand at
// this moment: what is open first, the soonest due before the others.
func (c *Cases) Obligations(v *db.View, id string) ([]Obligation, error) {
	os, err := db.All(v, scanObligation(v), `SELECT `+obligationColumns+` FROM visible.case_obligations o WHERE o.case_id = $1 AND o.begins_at <= $2`, id, clock.Micros(v.Now()))
	if err != nil {
		return nil, err
	}
	return c.current(v, os)
}

// Urgent lists the most urgent of a case's obligations that the viewer can see, at
// most limit, and tells how many there are: a case with a hundred vendors has
// hundreds, and its page shows ten.
func (c *Cases) Urgent(v *db.View, id string, limit int) (os []Obligation, total int, err error) {
	// What is settled may have become so since it was stored by the time alone, and
	// a lost clock may bring another: a few more than are shown are looked at.
	os, err = db.All(v, scanObligation(v), `SELECT `+obligationColumns+` FROM visible.case_obligations o WHERE o.case_id = $1 AND o.begins_at <= $2
		ORDER BY `+storedUrgency+` LIMIT $3`, id, clock.Micros(v.Now()), 2*limit)
	if err != nil {
		return nil, 0, err
	}
	n, err := db.One(v, db.Value[int64], `SELECT COUNT(*) FROM visible.case_obligations o WHERE o.case_id = $1 AND o.begins_at <= $2`, id, clock.Micros(v.Now()))
	if err != nil {
		return nil, 0, err
	}
	if os, err = c.current(v, os); err != nil {
		return nil, 0, err
	}
	return os[:min(limit, len(os))], max(int(n), len(os)), nil
}

// storedUrgency is byUrgency for what is stored.
const storedUrgency = `CASE WHEN o.state IN ('running', 'at-risk', 'over') THEN 0 ELSE 1 END, CASE WHEN o.due_at = 0 THEN 1 ELSE 0 END,
			CASE WHEN o.state IN ('running', 'at-risk', 'over') THEN o.due_at ELSE 0 - o.due_at END, o.id`

// ReportObligations lists a report's obligations that the viewer can see.
func (c *Cases) ReportObligations(v *db.View, report string) ([]Obligation, error) {
	os, err := db.All(v, scanObligation(v), `SELECT `+obligationColumns+` FROM visible.case_obligations o WHERE o.object = $1 AND o.begins_at <= $2`, report, clock.Micros(v.Now()))
	if err != nil {
		return nil, err
	}
	return c.current(v, os)
}

// Obligation reads one obligation that the viewer can see.
func (c *Cases) Obligation(v *db.View, id string) (Obligation, error) {
	o, err := db.One(v, scanObligation(v), `SELECT `+obligationColumns+` FROM visible.case_obligations o WHERE o.id = $1 AND o.begins_at <= $2`, id, clock.Micros(v.Now()))
	if err != nil {
		return o, err
	}
	os, err := c.current(v, []Obligation{o})
	for _, x := range os {
		if x.ID == id {
			o = x
		}
	}
	return o, err
}

// MyClocks lists what the viewer's own organization owes, in every case and report
// that the viewer can see, what is open first; at most limit.
func (c *Cases) MyClocks(v *db.View, limit int) ([]Obligation, error) {
	if limit <= 0 || limit > MaxPage {
		limit = MaxPage
	}
	if v.Viewer().Org == "" {
		return nil, nil
	}
	// The stored states may be a pass old, but none that is settled opens again by
	// time alone, and none is lost before its due instant.
	os, err := db.All(v, scanObligation(v), `SELECT `+obligationColumns+` FROM visible.case_obligations o WHERE o.owner = $1 AND o.begins_at <= $2
		ORDER BY `+storedUrgency+` LIMIT $3`, v.Viewer().Org, clock.Micros(v.Now()), limit)
	if err != nil {
		return nil, err
	}
	return c.current(v, os)
}

// clocksRun reports whether anything is still to be done in a case, by anybody.
func (c *Cases) clocksRun(v *db.View, id string) (bool, error) {
	os, err := c.Obligations(all(v), id)
	return slices.ContainsFunc(os, func(o Obligation) bool { return o.State.Open() }), err
}

// current gives obligations the state of this moment. A party whose membership
// changed since its clocks were worked out has them worked out anew.
func (c *Cases) current(v *db.View, os []Obligation) ([]Obligation, error) {
	spells := map[string][]fda.Interval{}
	anew := map[string][]Obligation{} // by party
	for _, o := range os {
		if o.Rule != "R-010" && o.Rule != "R-011" || o.Moot || anew[o.Party] != nil {
			continue
		}
		if _, ok := spells[o.Owner]; !ok {
			ss, err := c.spells(v, o.Owner)
			if err != nil {
				return nil, err
			}
			spells[o.Owner] = ss
		}
		if gapIn(spells[o.Owner], o.Trigger, fda.AddDays(o.Trigger, fda.FixDays, nil).At).Equal(o.gap) {
			continue
		}
		fresh, err := c.replan(v, o.Party)
		if err != nil {
			return nil, err
		}
		anew[o.Party] = fresh
	}
	now := v.Now()
	var out []Obligation
	seen := map[string]bool{}
	for _, o := range os {
		for _, x := range anew[o.Party] {
			if x.ID == o.ID {
				x.WaivedAt, x.WaivedBy, x.WaivedName, x.WaivedWhy, x.Label = o.WaivedAt, o.WaivedBy, o.WaivedName, o.WaivedWhy, o.Label
				o = x
			} else if x.Rule == "R-020" && x.begun(now) && !seen[x.ID] && !slices.ContainsFunc(os, func(y Obligation) bool { return y.ID == x.ID }) {
				x.Label = o.Label // new since: the report is owed
				out, seen[x.ID] = append(out, x.at(now)), true
			}
		}
		out = append(out, o.at(now))
	}
	slices.SortStableFunc(out, byUrgency)
	return out, nil
}

// byUrgency puts what is open first, the soonest due before the others, and then
// what is settled, the newest first.
func byUrgency(a, b Obligation) int {
	open := func(o Obligation) int { return int(1 - flag(o.State.Open())) }
	if d := cmp.Compare(open(a), open(b)); d != 0 {
		return d
	}
	due := func(o Obligation) time.Time {
		if o.Due.IsZero() && o.State.Open() {
			return forever
		}
		return o.Due
	}
	if a.State.Open() {
		return cmp.Or(due(a).Compare(due(b)), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.ID, b.ID))
	}
	return cmp.Or(due(b).Compare(due(a)), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.ID, b.ID))
}

// replan works out a party's statutory clocks without storing them.
func (c *Cases) replan(v *db.View, party string) ([]Obligation, error) {
	p, err := c.Party(all(v), party)
	if err != nil {
		return nil, err
	}
	k, err := c.Case(all(v), p.Case)
	if err != nil {
		return nil, err
	}
	a, err := c.account(v, k, p)
	if err != nil {
		return nil, err
	}
	return append([]Obligation{}, a.plan()...), nil
}
