package cases

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/cordon-isao/cordon/formats/fda"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/policy"
)

// reckon works out a party's obligations anew from its facts, and what it owes the
// others in the case.
func (c *Cases) reckon(tx *db.Tx, k Case, p Party) error {
	k, err := c.Case(all(tx.View), k.ID) // as they are now
	if err != nil {
		return err
	}
	if p, err = c.Party(all(tx.View), p.ID); err != nil {
		return err
	}
	a, err := c.account(tx.View, k, p)
	if err != nil {
		return err
	}
	l, err := c.partyLabel(tx.View, p)
	if err != nil {
		return err
	}
	if err := c.keepClocks(tx, k.ID, l, a.plan(), `o.party = $1 AND o.rule <> 'R-068'`, p.ID); err != nil {
		return err
	}
	return c.reckonAnswers(tx, k, p)
}

// account reads everything that a party's statutory clocks are worked out of.
func (c *Cases) account(v *db.View, k Case, p Party) (a account, err error) {
	v = all(v)
	a = account{kase: k, party: p}
	if a.facts, err = db.All(v, scanFact, `SELECT `+factColumns+` FROM visible.case_facts f WHERE f.party = $1 AND f.withdrawn = '' ORDER BY f.n, f.id`, p.ID); err != nil {
		return a, err
	}
	if a.notices, err = db.All(v, scanNotice, `SELECT `+noticeColumns+` FROM visible.case_notices n WHERE n.party = $1 AND n.state = 'sent' ORDER BY n.n, n.id`, p.ID); err != nil {
		return a, err
	}
	if a.determinations, err = c.determinations(v, k.ID, p.ID); err != nil {
		return a, err
	}
	a.spells, err = c.spells(v, p.Org)
	return a, err
}

// spells lists when an organization took part in the ISAO.
func (c *Cases) spells(v *db.View, org string) (out []fda.Interval, err error) {
	if org == "" {
		return nil, nil
	}
	ss, err := c.members.StandingSpells(v, org)
	for _, s := range ss {
		out = append(out, fda.Interval{From: s.From, To: s.To})
	}
	return out, err
}

// keepClocks brings the stored obligations of one kind to what was worked out, and
// records what changed. What was stored and is not among them any more is dropped,
// on the record. A waiver stands as long as what it waives is the same clock.
func (c *Cases) keepClocks(tx *db.Tx, parent string, l policy.Label, want []Obligation, which string, args ...any) error {
	have, err := db.All(all(tx.View), scanObligation(tx.View), `SELECT `+obligationColumns+` FROM visible.case_obligations o WHERE `+which, args...)
	if err != nil {
		return err
	}
	for _, o := range have {
		if slices.ContainsFunc(want, func(w Obligation) bool { return w.ID == o.ID }) {
			continue
		}
		if _, err := tx.Exec(`DELETE FROM case_obligations WHERE id = $1`, o.ID); err != nil {
			return err
		}
		if o.begun(tx.Now()) { // otherwise it was never told of
			o.Moot, o.Why = true, []string{"What started this clock was withdrawn, or turned out otherwise."}
			tx.Append(db.Entry{Verb: "obligation.dropped", Object: o.ID, Parent: parent, Label: o.Label, Data: o.at(tx.Now())})
		}
	}
	for _, o := range want {
		o.Label = l
		i := slices.IndexFunc(have, func(x Obligation) bool { return x.ID == o.ID })
		if i < 0 {
			if err := c.insertClock(tx, parent, o); err != nil {
				return err
			}
			continue
		}
		old := have[i]
		if old.Trigger.Equal(o.Trigger) {
			o.WaivedAt, o.WaivedBy, o.WaivedName, o.WaivedWhy = old.WaivedAt, old.WaivedBy, old.WaivedName, old.WaivedWhy
		}
		if old.Due.Equal(o.Due) {
			o.noticed = old.noticed
		}
		if err := c.replaceClock(tx, parent, old, o); err != nil {
			return err
		}
	}
	return nil
}

func (c *Cases) insertClock(tx *db.Tx, parent string, o Obligation) error {
	audience, err := tx.Store(o.Label.Audience)
	if err != nil {
		return err
	}
	missing, why, err := o.sentences()
	if err != nil {
		return err
	}
	now := tx.Now()
	if _, err := tx.Exec(`INSERT INTO case_obligations (id, object, case_id, party, owner, rule, clock, name, source, begins_at, trigger_at, trigger_by, warn_at, due_at, zone, after, state, missing, why, moot,
			satisfied_at, satisfied_by, lost_at, gap_at, waived_at, waived_by, waived_name, waived_why, noticed, next_at, tlp, audience)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32)`,
		o.ID, o.Object, o.Case, o.Party, o.Owner, o.Rule, o.Clock, o.Name, o.Source, micros(o.Begins), micros(o.Trigger), o.What, micros(o.Warn), micros(o.Due), o.Zone, string(o.After), string(o.stateAt(now)),
		missing, why, flag(o.Moot), micros(o.SatisfiedAt), o.SatisfiedBy, micros(o.lost), micros(o.gap), micros(o.WaivedAt), o.WaivedBy, o.WaivedName, o.WaivedWhy, int64(o.noticed), o.nextAt(now),
		string(o.Label.TLP), audience); err != nil {
		return err
	}
	o.tell(tx, parent)
	return nil
}

// nextAt is when a pass looks at the obligation next: at once, if a step is
// behind that nobody was told of.
func (o Obligation) nextAt(now time.Time) int64 {
	if o.begun(now) && o.step(now) > o.noticed {
		return clock.Micros(now)
	}
	return micros(o.nextAfter(now))
}

// replaceClock writes an obligation over what was stored, if anything changed.
func (c *Cases) replaceClock(tx *db.Tx, parent string, old, o Obligation) error {
	now := tx.Now()
	state, before := o.stateAt(now), old.State // as it was stored
	if o.same(old) && state == before {
		return nil
	}
	audience, err := tx.Store(o.Label.Audience)
	if err != nil {
		return err
	}
	missing, why, err := o.sentences()
	if err != nil {
		return err
	}
	if err := tx.MustChange(`UPDATE case_obligations SET owner = $1, name = $2, source = $3, begins_at = $4, trigger_at = $5, trigger_by = $6, warn_at = $7, due_at = $8, zone = $9, after = $10, state = $11,
			missing = $12, why = $13, moot = $14, satisfied_at = $15, satisfied_by = $16, lost_at = $17, gap_at = $18, waived_at = $19, waived_by = $20, waived_name = $21, waived_why = $22,
			noticed = $23, next_at = $24, tlp = $25, audience = $26 WHERE id = $27`,
		o.Owner, o.Name, o.Source, micros(o.Begins), micros(o.Trigger), o.What, micros(o.Warn), micros(o.Due), o.Zone, string(o.After), string(state), missing, why, flag(o.Moot),
		micros(o.SatisfiedAt), o.SatisfiedBy, micros(o.lost), micros(o.gap), micros(o.WaivedAt), o.WaivedBy, o.WaivedName, o.WaivedWhy, int64(o.noticed), o.nextAt(now),
		string(o.Label.TLP), audience, o.ID); err != nil {
		return err
	}
	o.tell(tx, parent)
	return nil
}

// tell records the whole obligation, so that the ledger alone can be replayed. One
// that has not begun is not told: it may never come to be.
func (o Obligation) tell(tx *db.Tx, parent string) {
	if o.begun(tx.Now()) {
		tx.Append(db.Entry{Verb: "obligation.changed", Object: o.ID, Parent: parent, Label: o.Label, Data: o.at(tx.Now())})
	}
}

// same reports whether two obligations say the same; their states aside.
func (o Obligation) same(x Obligation) bool {
	return o.Owner == x.Owner && o.Name == x.Name && o.Source == x.Source && o.Begins.Equal(x.Begins) && o.Trigger.Equal(x.Trigger) && o.What == x.What && o.Warn.Equal(x.Warn) && o.Due.Equal(x.Due) &&
		o.Zone == x.Zone && o.After == x.After && o.Moot == x.Moot && o.SatisfiedAt.Equal(x.SatisfiedAt) && o.SatisfiedBy == x.SatisfiedBy && o.lost.Equal(x.lost) && o.gap.Equal(x.gap) &&
		o.WaivedAt.Equal(x.WaivedAt) && o.WaivedBy == x.WaivedBy && o.WaivedWhy == x.WaivedWhy && o.noticed == x.noticed &&
		slices.Equal(o.Missing, x.Missing) && slices.Equal(o.Why, x.Why) && o.Label.TLP == x.Label.TLP && o.Label.Audience.Equal(x.Label.Audience)
}

func (o Obligation) sentences() (missing, why string, err error) {
	m, err := json.Marshal(append([]string{}, o.Missing...))
	if err != nil {
		return "", "", fmt.Errorf("write an obligation: %w", err)
	}
	w, err := json.Marshal(append([]string{}, o.Why...))
	return string(m), string(w), err
}
