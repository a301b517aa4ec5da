package cases

import (
	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/members"
	"github.com/cordon-isao/cordon/policy"
)

// ApproveGrant gives a grant that was asked for. Somebody of the desk does, never
// the one who asked. From then on its holder sees the grant, and nothing else of
// the case until he opens it.
func (c *Cases) ApproveGrant(tx *db.Tx, id string) error {
	g, k, err := c.grantToDecide(tx.View, id)
	if err != nil {
		return err
	}
	if g.AskedBy.Person == tx.Viewer().Person {
		return fault.Forbiddenf("You asked for this grant. A second person of the desk approves it.")
	}
	if g.Holder.Person == tx.Viewer().Person {
		return fault.Forbiddenf("This grant is for yourself. A second person of the desk approves it.")
	}
	if err := c.grantee(tx.View, g.Holder.Person, &g); fault.Is(err, fault.Missing) {
		return fault.Conflictf("%s is no longer a person of an agency that is a member. Refuse the grant.", g.Holder.Name)
	} else if err != nil {
		return err
	}
	p, err := c.agencyParty(tx, k, g)
	if err != nil {
		return err
	}
	if err := c.renewed(tx, g); err != nil {
		return err
	}
	d, err := c.desk(tx.View)
	if err != nil {
		return err
	}
	// Nobody else is ever on this circle: it tells one person that the grant is there.
	g.circle, err = c.members.FormTeam(tx, members.NewTeam{Object: g.ID, Name: g.Holder.Name + ", by grant", Named: true, Known: policy.NewAudience(policy.OfCircle(k.Team), d)})
	if err != nil {
		return err
	}
	if err := c.members.PutOnTeam(tx, g.circle, g.Holder.Person, zero); err != nil {
		return err
	}
	g.Label = policy.Label{TLP: k.Label.TLP, Audience: k.Label.Audience.With(policy.OfCircle(g.circle))}
	audience, err := tx.Store(g.Label.Audience)
	if err != nil {
		return err
	}
	if err := tx.MustChange(`UPDATE case_grants SET party = $1, circle = $2, approved_at = $3, approver = $4, approver_name = $5, tlp = $6, audience = $7 WHERE id = $8 AND approved_at = 0`,
		p.ID, g.circle, clock.Micros(tx.Now()), tx.Viewer().Person, tx.Viewer().Name, string(g.Label.TLP), audience, g.ID); err != nil {
		return err
	}
	data := grantFacts(g)
	data["approver"] = tx.Viewer().Person
	tx.Append(db.Entry{Verb: "grant.approved", Object: g.ID, Parent: k.ID, Label: g.Label, Access: true, Data: data})
	return nil
}

// grantToDecide reads a grant that waits for the desk.
func (c *Cases) grantToDecide(v *db.View, id string) (g Grant, k Case, err error) {
	if g, err = c.Grant(v, id); err != nil {
		return g, k, err
	}
	if !v.Viewer().May(policy.MayTriage) {
		return g, k, fault.Forbiddenf("The desk decides on grants.")
	}
	if k, err = c.Case(v, g.Case); err != nil {
		return g, k, err
	}
	switch g.State(v.Now()) {
	case GrantAsked:
	case GrantExpired:
		return g, k, fault.Conflictf("The time this grant was asked for is over. It must be asked for again.")
	default:
		return g, k, fault.Conflictf("This grant was decided already.")
	}
	if !k.Shared {
		return g, k, fault.Conflictf("This case is not shared with the desk.")
	}
	return g, k, nil
}

// agencyParty is the agency's place in the case. An agency that takes part
// otherwise, or was asked to, is not let in a second way.
func (c *Cases) agencyParty(tx *db.Tx, k Case, g Grant) (Party, error) {
	sys := all(tx.View)
	p, err := db.One(sys, scanParty(sys), `SELECT `+partyColumns+` FROM visible.case_parties p WHERE p.case_id = $1 AND p.org = $2`, k.ID, g.Holder.Org)
	switch {
	case fault.Is(err, fault.Missing):
		p = Party{Case: k.ID, Org: g.Holder.Org, Name: g.Holder.OrgName, Role: Government, State: Joined}
		err = c.addParty(tx, k, &p)
		return p, err
	case err != nil || p.Role == Government && p.State == Joined:
		return p, err
	case p.State == Invited || p.State == Joined:
		return p, fault.Conflictf("%s is %s as %s in this case. A grant is for an agency that takes no other part.", p.Name, standingWords[p.State], string(p.Role))
	}
	p.Role, p.State, p.Accepted = Government, Joined, tx.Now()
	if p.Label, err = c.rowLabel(tx.View, k, p); err != nil {
		return p, err
	}
	audience, err := tx.Store(p.Label.Audience)
	if err != nil {
		return p, err
	}
	if err := tx.MustChange(`UPDATE case_parties SET role = $1, state = $2, accepted_at = $3, left_at = 0, why = '', tlp = $4, audience = $5 WHERE id = $6`,
		string(p.Role), string(p.State), clock.Micros(p.Accepted), string(p.Label.TLP), audience, p.ID); err != nil {
		return p, err
	}
	tx.Append(db.Entry{Verb: "party.joined", Object: p.ID, Parent: k.ID, Label: p.Label, Access: true, Data: map[string]any{"org": p.Org, "name": p.Name, "role": p.Role}})
	return p, nil
}

// renewed ends the holder's former grants to the case: the new one takes their
// place. What is open now closes at the time it would have.
func (c *Cases) renewed(tx *db.Tx, next Grant) error {
	sys := all(tx.View)
	old, err := db.All(sys, scanGrant(sys), `SELECT `+grantColumns+` FROM visible.case_grants g
		WHERE g.case_id = $1 AND g.person = $2 AND g.approved_at > 0 AND g.revoked_at = 0 AND g.expires_at > $3`, next.Case, next.Holder.Person, clock.Micros(tx.Now()))
	if err != nil {
		return err
	}
	for _, g := range old {
		if err := tx.MustChange(`UPDATE case_grants SET revoked_at = $1, why = 'Renewed.' WHERE id = $2`, clock.Micros(tx.Now()), g.ID); err != nil {
			return err
		}
		tx.Append(db.Entry{Verb: "grant.renewed", Object: g.ID, Parent: g.Case, Label: g.Label, Data: map[string]any{"by": next.ID, "expires_at": next.Expires.UTC()}})
	}
	return nil
}

// RevokeGrant ends a grant with a reason, and with it what is open under it; a
// grant that still waits it refuses. Who leads the case may, and who asked for it.
func (c *Cases) RevokeGrant(tx *db.Tx, id, reason string) error {
	g, err := c.Grant(tx.View, id)
	if err != nil {
		return err
	}
	k, err := c.Case(tx.View, g.Case)
	if err != nil {
		return err
	}
	leads, err := c.mayLead(tx.View, k)
	if err != nil {
		return err
	}
	if who := tx.Viewer(); !leads && (who.Person != g.AskedBy.Person || !who.May(policy.MayWorkCase)) {
		return fault.Forbiddenf("The desk revokes grants, and who asked for them.")
	}
	verb := "grant.revoked"
	switch g.State(tx.Now()) {
	case GrantAsked:
		verb = "grant.refused"
	case GrantGiven:
	default:
		return fault.Conflictf("This grant has ended already.")
	}
	var p check.Problems
	reason = p.Text("reason", "The reason", reason, MaxReason, true)
	if err := p.Err(); err != nil {
		return err
	}
	if err := tx.MustChange(`UPDATE case_grants SET revoked_at = $1, why = $2 WHERE id = $3`, clock.Micros(tx.Now()), reason, id); err != nil {
		return err
	}
	if g.Party != "" {
		sys := all(tx.View)
		party, err := db.One(sys, scanParty(sys), `SELECT `+partyColumns+` FROM visible.case_parties p WHERE p.id = $1`, g.Party)
		if err != nil {
			return err
		}
		if err := c.unseat(tx, k, party, g.Holder.Person, "the grant was revoked"); err != nil {
			return err
		}
	}
	tx.Append(db.Entry{Verb: verb, Object: id, Parent: k.ID, Label: g.Label, Access: true, Data: map[string]any{"person": g.Holder.Person, "reason": reason}})
	return nil
}

// ExpireGrants records the end of grants whose time is over, at most 500, and
// returns how many; more may be left. What they opened ended with the time
// itself, not with this.
func (c *Cases) ExpireGrants(tx *db.Tx) (int, error) {
	sys := all(tx.View)
	gs, err := db.All(sys, scanGrant(sys), `SELECT `+grantColumns+` FROM visible.case_grants g
		WHERE g.revoked_at = 0 AND g.expired_at = 0 AND g.expires_at <= $1 ORDER BY g.expires_at, g.id LIMIT 500`, clock.Micros(tx.Now()))
	if err != nil {
		return 0, err
	}
	for _, g := range gs {
		if err := tx.MustChange(`UPDATE case_grants SET expired_at = $1 WHERE id = $2`, clock.Micros(tx.Now()), g.ID); err != nil {
			return 0, err
		}
		tx.Append(db.Entry{Verb: "grant.expired", Object: g.ID, Parent: g.Case, Label: g.Label, Data: map[string]any{"person": g.Holder.Person, "expires_at": g.Expires.UTC()}})
	}
	return len(gs), nil
}
