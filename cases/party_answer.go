package cases

import (
	"slices"
	"time"

	"github.com/cordon-isao/cordon/formats/vultron"
	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
)

// Invitation is all that an organization is shown before it accepts.
type Invitation struct {
	Party       string // id
	Case        string // short id: the case itself is not there yet
	Role        Role
	Coordinator string // who runs the case: the coordinator's name, or the desk's
	Note        string
	At          time.Time
	Seen        time.Time // somebody of the organization opened it; zero: not yet
	Offer       Embargo   // what must be agreed to; Until is zero when there is none
	Handover    bool      // a manufacturer offers the desk a case of its own (ShareWithDesk)
	From        string    // the organization that offers it, then
}

// Invitations lists the open invitations of the viewer's organization, newest
// first, for its named recipients.
func (c *Cases) Invitations(v *db.View) ([]Invitation, error) {
	ps, err := db.All(v, scanParty(v), `SELECT `+partyColumns+` FROM visible.case_parties p WHERE p.org = $1 AND p.state = 'invited' ORDER BY p.invited_at DESC, p.id LIMIT $2`,
		v.Viewer().Org, MaxPage)
	if err != nil || v.Viewer().Org == "" {
		return nil, err
	}
	ps = slices.DeleteFunc(ps, func(p Party) bool { return !answers(v.Viewer(), p) })
	out := make([]Invitation, 0, len(ps))
	for _, p := range ps {
		in, err := c.invitation(v, p)
		if err != nil {
			return nil, err
		}
		out = append(out, in)
	}
	return out, nil
}

// Invitation reads one invitation of the viewer's organization. Opening one whose
// Seen is zero is noted with [Cases.SeeInvitation].
func (c *Cases) Invitation(v *db.View, party string) (Invitation, error) {
	p, err := c.asked(v, party)
	if err != nil {
		return Invitation{}, err
	}
	return c.invitation(v, p)
}

// answers reports whether the viewer may answer for a party: a named recipient
// of its organization.
func answers(who policy.Viewer, p Party) bool {
	return p.Org != "" && who.Org == p.Org && who.Principals().Has(policy.OfOrg(p.Org))
}

// asked reads an open invitation that the viewer may answer.
func (c *Cases) asked(v *db.View, party string) (Party, error) {
	p, err := c.Party(v, party)
	if err == nil && (p.State != Invited || !answers(v.Viewer(), p)) {
		err = fault.ErrMissing
	}
	return p, err
}

func (c *Cases) invitation(v *db.View, p Party) (Invitation, error) {
	k, err := c.Case(all(v), p.Case)
	if err != nil {
		return Invitation{}, err
	}
	in := Invitation{Party: p.ID, Case: k.Short(), Role: p.Role, Coordinator: k.Coordinator.Name, Note: p.Note, At: p.Invited, Seen: p.Seen, Handover: c.handsOver(v, k, p)}
	if p.Offer.Until.After(v.Now()) {
		in.Offer = p.Offer
	}
	if in.Handover {
		in.From = k.MakerName
	}
	if in.Coordinator == "" {
		in.Coordinator = "the desk"
		if in.Handover {
			in.Coordinator = k.MakerName
		}
	}
	return in, nil
}

// SeeInvitation notes that somebody of the organization opened its invitation.
// The first time only; then it is a Conflict, which a door passes over.
func (c *Cases) SeeInvitation(tx *db.Tx, party string) error {
	p, err := c.asked(tx.View, party)
	if err != nil {
		return err
	}
	n, err := tx.Exec(`UPDATE case_parties SET seen_at = $1 WHERE id = $2 AND seen_at = 0`, clock.Micros(tx.Now()), p.ID)
	if err != nil {
		return err
	}
	if n == 0 {
		return fault.Conflictf("Somebody of your organization has opened this invitation already.")
	}
	tx.Append(db.Entry{Verb: "party.seen", Object: p.ID, Parent: p.Case, Label: p.Label, Data: map[string]any{}})
	return nil
}

// Acceptance is how an invitation is accepted.
type Acceptance struct {
	People   []string     // colleagues to be seated besides the viewer
	Agree    string       // Digest of the embargo that was read; needed if one is offered
	Proposal *NewProposal // another end, proposed at the same time; may be nil
}

// Accept takes part in a case: a named recipient agrees to the embargo that was
// offered, in exactly those terms, and is seated with the chosen colleagues. If
// the terms changed since they were read it is a Conflict.
func (c *Cases) Accept(tx *db.Tx, party string, a Acceptance) error {
	p, err := c.asked(tx.View, party)
	if err != nil {
		return err
	}
	k, err := c.Case(all(tx.View), p.Case)
	if err != nil {
		return err
	}
	who := tx.Viewer()
	switch {
	case !who.May(policy.MayWorkCase):
		return fault.Forbiddenf("You may not answer invitations.")
	case who.Kind == policy.Agency || p.Role == Government:
		return fault.Forbiddenf("An agency comes in by a need-to-know grant for named persons.")
	case k.Stage.Ended():
		return fault.Conflictf("This case has ended.")
	}
	if c.handsOver(tx.View, k, p) {
		return c.takeOver(tx, k, p)
	}
	if p.Offer.Until.After(tx.Now()) {
		switch a.Agree {
		case p.Offer.Digest():
		case "":
			return fault.InvalidField("agree", "Agree to the embargo first: until %s nothing of this case is passed on.", p.Offer.Until.UTC().Format("2 Jan 2006 15:04 UTC"))
		default:
			return fault.Conflictf("The embargo's terms changed since you read them. Read them again.")
		}
	}
	people, err := c.colleagues(tx.View, p.Org, append([]string{who.Person}, a.People...))
	if err != nil {
		return err
	}
	if err := p.State.to(Joined); err != nil {
		return err
	}
	if p, err = c.join(tx, k, p, people); err != nil {
		return err
	}
	if tx, err = c.fresh(tx); err != nil {
		return err
	}
	if err := c.consentByOffer(tx, k, p); err != nil {
		return err
	}
	if a.Proposal != nil {
		if _, _, err := c.Propose(tx, k.ID, *a.Proposal); err != nil {
			return err
		}
	}
	if err := c.reckon(tx, k, p); err != nil {
		return err
	}
	return c.reckonCase(tx, k)
}

// colleagues checks that people are of an organization and in good standing, as
// far as the viewer can see; nobody is told of others.
func (c *Cases) colleagues(v *db.View, org string, list []string) ([]string, error) {
	var p check.Problems
	var out []string
	for _, id := range list {
		if slices.Contains(out, id) {
			continue
		}
		who, err := c.members.Person(v, id)
		switch {
		case fault.Is(err, fault.Missing) || err == nil && (who.Org != org || !who.Left.IsZero() || who.Suspended):
			p.Add("people", "%q is none of your organization's people.", id)
		case err != nil:
			return nil, err
		case who.OrgKind == policy.Agency:
			p.Add("people", "An agency's people come in by a need-to-know grant.")
		}
		out = append(out, id)
	}
	if len(out) > MaxSeats {
		p.Add("people", "At most %d people of one organization take part.", MaxSeats)
	}
	return out, p.Err()
}

// join makes an invited party one that takes part and seats its people.
func (c *Cases) join(tx *db.Tx, k Case, p Party, people []string) (Party, error) {
	now := tx.Now()
	if next, err := vultron.Report.Next(vultron.ReportState(p.RM), vultron.Receive); err == nil {
		p.RM = string(next) // who comes again keeps where it stood
	}
	if p.Role == Vendor && p.Fix == "vfd" {
		p.Fix = "Vfd" // the vendor knows
	}
	p.State, p.Accepted = Joined, now
	if p.Seen.IsZero() {
		p.Seen = now
	}
	if err := tx.MustChange(`UPDATE case_parties SET state = $1, rm = $2, fix = $3, accepted_at = $4, accepted_by = $5, seen_at = $6 WHERE id = $7`,
		string(p.State), p.RM, p.Fix, clock.Micros(now), tx.Viewer().Actor(), micros(p.Seen), p.ID); err != nil {
		return p, err
	}
	if err := c.relabelParty(tx, k, &p); err != nil {
		return p, err
	}
	known, err := c.partyKnown(tx.View, k, p)
	if err != nil {
		return p, err
	}
	if err := c.members.KnowTeam(tx, p.Circle, known); err != nil {
		return p, err
	}
	// What the desk stated of it while nobody could know of it is the case's now.
	audience, err := tx.Store(k.Label.Audience)
	if err != nil {
		return p, err
	}
	if _, err := tx.Exec(`UPDATE case_statuses SET tlp = $1, audience = $2 WHERE party = $3`, string(k.Label.TLP), audience, p.ID); err != nil {
		return p, err
	}
	data := map[string]any{"org": p.Org, "name": p.Name, "role": p.Role, "rm": p.RM, "fix": p.Fix}
	if p.Offer.Until.After(now) {
		data["agreed_until"], data["agreed_terms"] = p.Offer.Until, p.Offer.Terms
	}
	tx.Append(db.Entry{Verb: "party.joined", Object: p.ID, Parent: k.ID, Label: p.Label, Access: true, Data: data})
	for _, id := range people {
		if err := c.seat(tx, k, p, id); err != nil {
			return p, err
		}
	}
	return p, nil
}

// Decline says no to an invitation. The reason is read by the desk.
func (c *Cases) Decline(tx *db.Tx, party, reason string) error {
	p, err := c.asked(tx.View, party)
	if err != nil {
		return err
	}
	if !tx.Viewer().May(policy.MayWorkCase) {
		return fault.Forbiddenf("You may not answer invitations.")
	}
	k, err := c.Case(all(tx.View), p.Case)
	if err != nil {
		return err
	}
	return c.end(tx, k, p, Declined, reason)
}
