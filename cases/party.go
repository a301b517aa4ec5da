package cases

import (
	"github.com/cordon-isao/cordon/formats/vultron"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/members"
	"github.com/cordon-isao/cordon/policy"
)

// addParty writes a party with a circle of its own. p.State says whether it is
// asked or takes part already. Until it takes part, its circle is as little known
// to the others as its row.
func (c *Cases) addParty(tx *db.Tx, k Case, p *Party) (err error) {
	known, err := c.partyKnown(tx.View, k, *p)
	if err != nil {
		return err
	}
	p.ID, p.RM, p.Fix, p.Invited, p.By = ids.New("party"), string(vultron.ReportStart), "vfd", tx.Now(), tx.Viewer().Person
	if p.State == Joined {
		p.RM, p.Accepted = string(vultron.ReportReceived), tx.Now()
		if p.Role == Vendor {
			p.Fix = "Vfd"
			p.Answered, p.Updated = tx.Now(), tx.Now() // it opened the case itself
		}
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
			seen_at, accepted_at, accepted_by, answered_at, updated_at, left_at, why, desk_sees, fix_planned_at, statement, statuses, tlp, audience)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 0, $15, '', $16, $17, 0, '', $18, 0, '', '', $19, $20)`,
		p.ID, p.Case, p.Org, p.Name, string(p.Role), p.Circle, string(p.State), p.RM, p.Fix, clock.Micros(p.Invited), p.By, p.Note, micros(p.Offer.Until), p.Offer.Terms,
		micros(p.Accepted), micros(p.Answered), micros(p.Updated), flag(p.DeskSees), string(p.Label.TLP), audience); err != nil {
		return err
	}
	verb := "party.invited"
	if p.State == Joined {
		verb = "party.joined"
	}
	tx.Append(db.Entry{Verb: verb, Object: p.ID, Parent: k.ID, Label: p.Label, Access: true,
		Data: map[string]any{"org": p.Org, "name": p.Name, "role": p.Role, "note": p.Note, "offered_until": p.Offer.Until, "offered_terms": p.Offer.Terms}})
	return c.attempted(tx, k, *p)
}

// attempted keeps when a vendor was first told, or tried to be told: what the
// default embargo counts from.
func (c *Cases) attempted(tx *db.Tx, k Case, p Party) error {
	if p.Role != Vendor || p.State != Invited || !k.Contacted.IsZero() {
		return nil
	}
	_, err := tx.Exec(`UPDATE cases SET contacted_at = $1 WHERE id = $2 AND contacted_at = 0`, clock.Micros(tx.Now()), k.ID)
	return err
}

// partyKnown is who but its own people may name a party's circle.
func (c *Cases) partyKnown(v *db.View, k Case, p Party) (policy.Audience, error) {
	var ps []policy.Principal
	if k.Shared {
		d, err := c.desk(v)
		if err != nil {
			return policy.Audience{}, err
		}
		ps = append(ps, d)
	}
	if p.State == Joined {
		ps = append(ps, policy.OfCircle(k.Team))
	}
	return policy.NewAudience(ps...), nil
}

// relabelParty writes a party's label anew, after its state or its case changed,
// and who may know its circle.
func (c *Cases) relabelParty(tx *db.Tx, k Case, p *Party) (err error) {
	if p.Label, err = c.rowLabel(tx.View, k, *p); err != nil {
		return err
	}
	if c.handsOver(tx.View, k, *p) {
		p.Label.Audience = p.Label.Audience.With(k.Label.Audience.Members()...)
	}
	audience, err := tx.Store(p.Label.Audience)
	if err != nil {
		return err
	}
	return tx.MustChange(`UPDATE case_parties SET tlp = $1, audience = $2 WHERE id = $3`, string(p.Label.TLP), audience, p.ID)
}

// act is the case and the party that the viewer acts for in it.
func (c *Cases) act(v *db.View, id string) (k Case, p Party, err error) {
	if !v.Viewer().May(policy.MayWorkCase) {
		return k, p, fault.Forbiddenf("You may not work on cases.")
	}
	if k, err = c.Case(v, id); err != nil {
		return k, p, err
	}
	p, err = c.partyOf(v, id)
	if fault.Is(err, fault.Missing) {
		err = fault.Forbiddenf("Your organization's people on %s do that.", k.Short())
	}
	return k, p, err
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

func scanParty(v *db.View, more ...any) func(db.Scanner) (Party, error) {
	return func(s db.Scanner) (p Party, err error) {
		var invited, offered, seen, accepted, answered, updated, left, sees, planned int64
		var tlp, audience string
		if err = s.Scan(append([]any{&p.ID, &p.Case, &p.Org, &p.Name, &p.Role, &p.Circle, &p.State, &p.RM, &p.Fix, &invited, &p.By, &p.Note, &offered, &p.Offer.Terms,
			&seen, &accepted, &answered, &updated, &left, &p.Why, &sees, &planned, &p.Words, &tlp, &audience}, more...)...); err != nil {
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
