package cases

import (
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/members"
	"github.com/cordon-isao/cordon/policy"
)

// addParty writes a party with a circle of its own. p.State says whether it is
// asked or takes part already.
func (c *Cases) addParty(tx *db.Tx, k Case, p *Party) (err error) {
	d, err := c.desk(tx.View)
	if err != nil {
		return err
	}
	known := policy.NewAudience(policy.OfCircle(k.Team))
	if k.Shared {
		known = known.With(d)
	}
	p.ID, p.RM, p.Fix, p.Invited, p.By = ids.New("party"), "start", "vfd", tx.Now(), tx.Viewer().Person
	if p.State == Joined {
		p.RM, p.Accepted = "received", tx.Now()
	}
	if p.Circle, err = c.members.FormTeam(tx, members.NewTeam{Object: p.ID, Name: p.Name + " on " + k.Short(), Known: known}); err != nil {
		return err
	}
	if p.Label, err = c.rowLabel(tx.View, k, *p); err != nil {
		return err
	}
	audience, err := tx.Store(p.Label.Audience)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(`INSERT INTO case_parties (id, case_id, org, name, role, circle, state, rm, fix, invited_at, invited_by, note, offered_until, offered_terms,
			seen_at, accepted_at, accepted_by, answered_at, updated_at, left_at, why, desk_sees, fix_planned_at, statement, tlp, audience)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 0, $15, '', 0, 0, 0, '', $16, 0, '', $17, $18)`,
		p.ID, p.Case, p.Org, p.Name, string(p.Role), p.Circle, string(p.State), p.RM, p.Fix, clock.Micros(p.Invited), p.By, p.Note, micros(p.Offer.Until), p.Offer.Terms,
		micros(p.Accepted), flag(p.DeskSees), string(p.Label.TLP), audience); err != nil {
		return err
	}
	verb := "party.invited"
	if p.State == Joined {
		verb = "party.joined"
	}
	tx.Append(db.Entry{Verb: verb, Object: p.ID, Parent: k.ID, Label: p.Label, Access: true,
		Data: map[string]any{"org": p.Org, "name": p.Name, "role": p.Role, "offered_until": p.Offer.Until, "offered_terms": p.Offer.Terms}})
	return nil
}

// seat gives a person of a party a place in the case: on the party's circle and
// on the team.
func (c *Cases) seat(tx *db.Tx, k Case, p Party, person string) error {
	for _, circle := range []string{p.Circle, k.Team} {
		if err := c.members.PutOnTeam(tx, circle, person, zero); err != nil {
			return err
		}
	}
	return nil
}

// unseat takes it away.
func (c *Cases) unseat(tx *db.Tx, k Case, p Party, person, why string) error {
	for _, circle := range []string{p.Circle, k.Team} {
		if err := c.members.TakeOffTeam(tx, circle, person, why); err != nil {
			return err
		}
	}
	return nil
}

const partyColumns = `p.id, p.case_id, p.org, p.name, p.role, p.circle, p.state, p.rm, p.fix, p.invited_at, p.invited_by, p.note, p.offered_until, p.offered_terms,
	p.seen_at, p.accepted_at, p.answered_at, p.updated_at, p.left_at, p.why, p.desk_sees, p.fix_planned_at, p.statement, p.tlp, p.audience`

func scanParty(v *db.View) func(db.Scanner) (Party, error) {
	return func(s db.Scanner) (p Party, err error) {
		var invited, offered, seen, accepted, answered, updated, left, sees, planned int64
		var tlp, audience string
		if err = s.Scan(&p.ID, &p.Case, &p.Org, &p.Name, &p.Role, &p.Circle, &p.State, &p.RM, &p.Fix, &invited, &p.By, &p.Note, &offered, &p.Offer.Terms,
			&seen, &accepted, &answered, &updated, &left, &p.Why, &sees, &planned, &p.Words, &tlp, &audience); err != nil {
			return p, err
		}
		p.Invited, p.Offer.Until, p.Seen, p.Accepted = clock.FromMicros(invited), clock.FromMicros(offered), clock.FromMicros(seen), clock.FromMicros(accepted)
		p.Answered, p.Updated, p.Left, p.Planned = clock.FromMicros(answered), clock.FromMicros(updated), clock.FromMicros(left), clock.FromMicros(planned)
		p.DeskSees = sees == 1
		p.Label, err = v.Label(tlp, audience)
		return p, err
	}
}

// Party reads a party that the viewer may know of.
func (c *Cases) Party(v *db.View, id string) (Party, error) {
	return db.One(v, scanParty(v), `SELECT `+partyColumns+` FROM visible.case_parties p WHERE p.id = $1`, id)
}

// Parties lists a case's parties that the viewer may know of, in the order in
// which they were asked.
func (c *Cases) Parties(v *db.View, id string) ([]Party, error) {
	return db.All(v, scanParty(v), `SELECT `+partyColumns+` FROM visible.case_parties p WHERE p.case_id = $1 ORDER BY p.invited_at, p.id`, id)
}

// partyOf reads the party that the viewer acts for in a case; it is ErrMissing
// for somebody whose organization takes no part, or who has no seat.
func (c *Cases) partyOf(v *db.View, id string) (Party, error) {
	p, err := db.One(v, scanParty(v), `SELECT `+partyColumns+` FROM visible.case_parties p WHERE p.case_id = $1 AND p.org = $2 AND p.state = 'joined'`, id, v.Viewer().Org)
	if err == nil && !v.Viewer().Principals().Has(policy.OfCircle(p.Circle)) {
		err = fault.ErrMissing
	}
	return p, err
}
