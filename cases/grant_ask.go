package cases

import (
	"fmt"
	"time"

	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/policy"
)

// NewGrant is what a grant is asked for with.
type NewGrant struct {
	Person    string // of an agency
	Seat      Seat   // SeatOther by default
	Purpose   string
	Agreement string    // id of a document of agreements, or
	Basis     string    // the legal authority
	Question  string    // the seat's own by default
	Until     time.Time // GrantTerm from now by default, which is also the longest
	Key       string    // idempotency key, may be empty
}

// RequestGrant asks for a grant for a named person and returns its id. Whoever
// takes part in the case, or the desk, may; the desk's approval follows. To renew
// a grant, ask for the next one: once granted it takes the former's place.
func (c *Cases) RequestGrant(tx *db.Tx, id string, in NewGrant) (grant string, again bool, err error) {
	k, err := c.Case(tx.View, id)
	if err != nil {
		return "", false, err
	}
	if err := c.mayAskGrant(tx.View, k); err != nil {
		return "", false, err
	}
	return tx.Once(in.Key, digest("grant", id, in.Person, in.Seat, in.Purpose, in.Agreement, in.Basis, in.Question, in.Until), func() (string, error) {
		g, err := c.newGrant(tx, k, in)
		if err != nil {
			return "", err
		}
		audience, err := tx.Store(g.Label.Audience)
		if err != nil {
			return "", err
		}
		if _, err := tx.Exec(`INSERT INTO case_grants (id, case_id, party, person, name, org, org_name, circle, seat, purpose, agreement, basis, question, answer, answered_at,
				asked_at, asked_by, asked_name, approved_at, approver, approver_name, expires_at, revoked_at, expired_at, why, tlp, audience)
			VALUES ($1, $2, '', $3, $4, $5, $6, '', $7, $8, $9, $10, $11, '', 0, $12, $13, $14, 0, '', '', $15, 0, 0, '', $16, $17)`,
			g.ID, g.Case, g.Holder.Person, g.Holder.Name, g.Holder.Org, g.Holder.OrgName, string(g.Seat), g.Purpose, g.Agreement, g.Basis, g.Question,
			clock.Micros(g.Asked), g.AskedBy.Person, g.AskedBy.Name, clock.Micros(g.Expires), string(g.Label.TLP), audience); err != nil {
			return "", err
		}
		tx.Append(db.Entry{Verb: "grant.requested", Object: g.ID, Parent: k.ID, Label: g.Label, Data: grantFacts(g)})
		return g.ID, nil
	})
}

// mayAskGrant reports whether the viewer may ask for grants to a case.
func (c *Cases) mayAskGrant(v *db.View, k Case) error {
	if !v.Viewer().May(policy.MayWorkCase) {
		return fault.Forbiddenf("You may not work on cases.")
	}
	if !v.Viewer().May(policy.MayTriage) {
		if _, err := c.partyOf(v, k.ID); fault.Is(err, fault.Missing) {
			return fault.Forbiddenf("Those who take part in the case, and the desk, ask for grants.")
		} else if err != nil {
			return err
		}
	}
	if !k.Shared {
		return fault.Conflictf("This case is its manufacturer's own. Share it with the desk first: a second person there approves every grant.")
	}
	if k.Stage.Ended() {
		return fault.Conflictf("This case has ended.")
	}
	return nil
}

// newGrant checks the input.
func (c *Cases) newGrant(tx *db.Tx, k Case, in NewGrant) (g Grant, err error) {
	var p check.Problems
	g = Grant{ID: ids.New("grant"), Case: k.ID, Seat: in.Seat, Agreement: in.Agreement, Asked: tx.Now(), Expires: in.Until, Label: k.Label}
	g.AskedBy.Person, g.AskedBy.Name = tx.Viewer().Person, tx.Viewer().Name
	if g.Seat == "" {
		g.Seat = SeatOther
	}
	p.OneOf("seat", "The seat", string(g.Seat), string(SeatHarm), string(SeatCoordination), string(SeatOther))
	if err := c.grantee(tx.View, in.Person, &g); fault.Is(err, fault.Missing) {
		p.Add("person", "Choose a person of a government agency that is a member.")
	} else if err != nil {
		return g, err
	}
	g.Purpose = p.Text("purpose", "The purpose", in.Purpose, MaxReason, true)
	g.Basis = p.Line("basis", "The basis", in.Basis, MaxReason, false)
	switch d, err := c.agreements.Document(tx.View, in.Agreement); {
	case in.Agreement == "" && g.Basis == "":
		p.Add("basis", "Name the agreement that allows it, or cite the legal authority.")
	case in.Agreement == "":
	case fault.Is(err, fault.Missing):
		p.Add("agreement", "There is no such agreement or policy.")
	case err != nil:
		return g, err
	case g.Basis == "":
		g.Basis = fmt.Sprintf("%s, version %d", d.Title, d.Version)
	}
	if in.Question == "" {
		in.Question = g.Seat.Question()
	}
	g.Question = p.Text("question", "The question", in.Question, MaxReason, true)
	switch last := tx.Now().Add(GrantTerm); {
	case g.Expires.IsZero():
		g.Expires = last
	case !g.Expires.After(tx.Now()):
		p.Add("until", "The grant would have expired already.")
	case g.Expires.After(last):
		p.Add("until", "A grant runs 90 days at most, until %s. Ask for another one then.", last.UTC().Format("2 Jan 2006 15:04 UTC"))
	}
	if err := p.Err(); err != nil {
		return g, err
	}
	waits, err := tx.Exists(`SELECT 1 FROM visible.case_grants g WHERE g.case_id = $1 AND g.person = $2 AND g.approved_at = 0 AND g.revoked_at = 0 AND g.expired_at = 0 AND g.expires_at > $3`,
		k.ID, g.Holder.Person, clock.Micros(tx.Now()))
	if err == nil && waits {
		err = fault.Conflictf("A grant for %s was asked for already and waits for the desk.", g.Holder.Name)
	}
	return g, err
}

// grantee fills in for whom a grant is. Whoever cannot get one, or cannot be
// seen, is missing alike.
func (c *Cases) grantee(v *db.View, person string, g *Grant) error {
	who, err := c.members.Person(v, person)
	if err != nil {
		return err
	}
	o, err := c.members.Organization(v, who.Org)
	if err != nil {
		return err
	}
	if who.OrgKind != policy.Agency || who.Suspended || !who.Left.IsZero() || !o.Standing.Good() {
		return fault.ErrMissing
	}
	g.Holder.Person, g.Holder.Name, g.Holder.Org, g.Holder.OrgName = who.ID, who.Name, who.Org, who.OrgName
	return nil
}

// grantFacts is what a grant's entries hold.
func grantFacts(g Grant) map[string]any {
	return map[string]any{"person": g.Holder.Person, "name": g.Holder.Name, "org": g.Holder.Org, "org_name": g.Holder.OrgName, "seat": g.Seat, "purpose": g.Purpose,
		"agreement": g.Agreement, "basis": g.Basis, "question": g.Question, "asked_by": g.AskedBy.Person, "expires_at": g.Expires.UTC()}
}
