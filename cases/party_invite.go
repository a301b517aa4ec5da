package cases

import (
	"slices"
	"strings"

	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/members"
	"github.com/cordon-isao/cordon/policy"
)

// MaxInvited is how many organizations one call may ask in.
const MaxInvited = 500

// NewInvitation asks organizations into a case.
type NewInvitation struct {
	Orgs     []string // ids of organizations in good standing, at most MaxInvited
	Role     Role     // vendor, deployer, finder, coordinator or other
	Note     string   // why they are asked; it is read before they accept, so nothing of the case
	DeskSees bool     // the desk sees their clocks and records
	Key      string   // idempotency key, may be empty
}

// Invite asks organizations into a case, with one entry each, and returns their
// parties in the order of in.Orgs. What they are shown is the embargo and the
// note; the case stays closed to them until they accept. Who is asked is
// known to the desk and to the organization itself, nobody else.
func (c *Cases) Invite(tx *db.Tx, id string, in NewInvitation) (parties []string, again bool, err error) {
	k, err := c.led(tx.View, id)
	if err != nil {
		return nil, false, err
	}
	list, again, err := tx.Once(in.Key, digest("invite", id, in.Orgs, in.Role, in.Note, in.DeskSees), func() (string, error) {
		orgs, err := c.checkInvitation(tx, k, &in)
		if err != nil {
			return "", err
		}
		var made []string
		for _, o := range orgs {
			p, err := c.invite(tx, k, o, in)
			if err != nil {
				return "", err
			}
			if k.Contacted.IsZero() && p.Role == Vendor {
				k.Contacted = tx.Now()
			}
			made = append(made, p.ID)
		}
		return strings.Join(made, " "), c.reckonCase(tx, k)
	})
	return strings.Fields(list), again, err
}

func (c *Cases) checkInvitation(tx *db.Tx, k Case, in *NewInvitation) ([]members.Organization, error) {
	switch {
	case !k.Shared:
		return nil, fault.Conflictf("Share this case with the desk first: the desk asks others in.")
	case k.Stage.Ended():
		return nil, fault.Conflictf("This case has ended: nobody can be asked in any more.")
	}
	var p check.Problems
	in.Note = p.Text("note", "The note", in.Note, MaxReason, false)
	if in.Role == Government {
		p.Add("role", "An agency comes in by a need-to-know grant for named persons, not by an invitation.")
	} else {
		p.OneOf("role", "The role", string(in.Role), string(Vendor), string(Deployer), string(Finder), string(Coordinator), string(Other))
	}
	if n := len(in.Orgs); n == 0 || n > MaxInvited {
		p.Add("orgs", "Choose from 1 to %d organizations, not %d.", MaxInvited, n)
		return nil, p.Err()
	}
	s, err := c.members.Settings(tx.View)
	if err != nil {
		return nil, err
	}
	there, err := db.All(all(tx.View), scanParty(tx.View), `SELECT `+partyColumns+` FROM visible.case_parties p WHERE p.case_id = $1 AND p.org <> ''`, k.ID)
	if err != nil {
		return nil, err
	}
	var orgs []members.Organization
	for i, id := range in.Orgs {
		o, err := c.members.Organization(tx.View, id)
		switch {
		case fault.Is(err, fault.Missing) || err == nil && !o.Standing.Good():
			p.Add("orgs", "%q is no member that you can ask in.", id)
			continue
		case err != nil:
			return nil, err
		case o.Kind == policy.Agency:
			p.Add("orgs", "%s is an agency: it comes in by a need-to-know grant for named persons.", o.Name)
		case o.ID == s.Org:
			p.Add("orgs", "The desk takes part already.")
		case slices.Contains(in.Orgs[:i], id):
			p.Add("orgs", "%s is named twice.", o.Name)
		}
		if at := slices.IndexFunc(there, func(q Party) bool { return q.Org == id }); at >= 0 {
			if err := there[at].State.to(Invited); err != nil {
				p.Add("orgs", "%s is %s already.", o.Name, standingWords[there[at].State])
			}
		}
		orgs = append(orgs, o)
	}
	return orgs, p.Err()
}

// invite asks one organization in, for the first time or again.
func (c *Cases) invite(tx *db.Tx, k Case, o members.Organization, in NewInvitation) (Party, error) {
	offer, err := c.offer(tx.View, k)
	if err != nil {
		return Party{}, err
	}
	p, err := db.One(all(tx.View), scanParty(tx.View), `SELECT `+partyColumns+` FROM visible.case_parties p WHERE p.case_id = $1 AND p.org = $2`, k.ID, o.ID)
	if fault.Is(err, fault.Missing) {
		p = Party{Case: k.ID, Org: o.ID, Name: o.Name, Role: in.Role, State: Invited, Note: in.Note, Offer: offer, DeskSees: in.DeskSees}
		return p, c.addParty(tx, k, &p)
	}
	if err != nil {
		return p, err
	}
	p.State, p.Role, p.Note, p.Offer, p.Invited = Invited, in.Role, in.Note, offer, tx.Now()
	if err := tx.MustChange(`UPDATE case_parties SET state = $1, role = $2, name = $3, note = $4, offered_until = $5, offered_terms = $6, invited_at = $7, invited_by = $8,
			seen_at = 0, accepted_at = 0, accepted_by = '', left_at = 0, why = '' WHERE id = $9`,
		string(p.State), string(p.Role), o.Name, p.Note, micros(offer.Until), offer.Terms, clock.Micros(tx.Now()), tx.Viewer().Actor(), p.ID); err != nil {
		return p, err
	}
	if err := c.relabelParty(tx, k, &p); err != nil {
		return p, err
	}
	tx.Append(db.Entry{Verb: "party.invited", Object: p.ID, Parent: k.ID, Label: p.Label, Access: true,
		Data: map[string]any{"org": p.Org, "name": o.Name, "role": p.Role, "note": p.Note, "offered_until": offer.Until, "offered_terms": offer.Terms, "again": true}})
	return p, c.attempted(tx, k, p)
}
