package cases

import (
	"slices"

	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/members"
)

// MaxSeats is how many people of one organization take part in a case.
const MaxSeats = 50

// Seats lists a party's people on the case: for its own people. A person who
// left the organization, or whose organization lost its standing, reads nothing
// any more and is not in the list of those whom the viewer can see.
func (c *Cases) Seats(v *db.View, party string) ([]members.RosterRow, error) {
	p, err := c.Party(v, party)
	if err != nil {
		return nil, err
	}
	return c.members.Roster(v, p.Circle)
}

// Seat gives colleagues of one's own organization a place in the case.
func (c *Cases) Seat(tx *db.Tx, id string, people []string) error {
	k, p, err := c.act(tx.View, id)
	if err != nil {
		return err
	}
	if p.Role == Government {
		return fault.Forbiddenf("An agency's people come in by a need-to-know grant each.")
	}
	if len(people) == 0 {
		return fault.InvalidField("people", "Choose somebody.")
	}
	if people, err = c.colleagues(tx.View, p.Org, people); err != nil {
		return err
	}
	there, err := c.members.OnTeam(tx.View, p.Circle)
	if err != nil {
		return err
	}
	people = slices.DeleteFunc(people, func(id string) bool { return slices.Contains(there, id) })
	switch {
	case len(people) == 0:
		return fault.Conflictf("They have a place already.")
	case len(there)+len(people) > MaxSeats:
		return fault.InvalidField("people", "At most %d people of one organization take part.", MaxSeats)
	}
	for _, person := range people {
		if err := c.seat(tx, k, p, person); err != nil {
			return err
		}
	}
	tx.Append(db.Entry{Verb: "party.seated", Object: p.ID, Parent: k.ID, Label: p.Label, Access: true, Data: map[string]any{"people": people}})
	return nil
}

// Unseat takes a colleague's place, or one's own, away. The last one cannot be
// taken: then the organization leaves.
func (c *Cases) Unseat(tx *db.Tx, id, person, reason string) error {
	k, p, err := c.act(tx.View, id)
	if err != nil {
		return err
	}
	var ps check.Problems
	reason = ps.Text("reason", "The reason", reason, MaxReason, false)
	if err := ps.Err(); err != nil {
		return err
	}
	there, err := c.members.OnTeam(tx.View, p.Circle)
	if err != nil {
		return err
	}
	switch {
	case !slices.Contains(there, person):
		return fault.ErrMissing
	case len(there) == 1:
		return fault.Conflictf("This is the last of your people on the case. Seat somebody else first, or leave the case.")
	}
	if err := c.unseat(tx, k, p, person, reason); err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: "party.unseated", Object: p.ID, Parent: k.ID, Label: p.Label, Access: true, Data: map[string]any{"person": person, "reason": reason}})
	return nil
}

// Leave ends one's organization's part in a case. The embargo goes on to bind it.
func (c *Cases) Leave(tx *db.Tx, id, reason string) error {
	k, p, err := c.act(tx.View, id)
	if err != nil {
		return err
	}
	if err := c.mayEnd(tx.View, k, p); err != nil {
		return err
	}
	if !k.Shared && p.Org == k.Maker {
		return fault.Conflictf("This case is your organization's own: nobody would be left. Close it, or share it with the desk first.")
	}
	return c.end(tx, k, p, Left, reason)
}

// Remove takes a party, or an invitation that was not answered, out of a case:
// for whoever leads it.
func (c *Cases) Remove(tx *db.Tx, party, reason string) error {
	p, err := c.Party(tx.View, party)
	if err != nil {
		return err
	}
	k, err := c.led(tx.View, p.Case)
	if err != nil {
		return err
	}
	if err := c.mayEnd(tx.View, k, p); err != nil {
		return err
	}
	if !k.Shared && p.Org == k.Maker {
		return fault.Conflictf("This case is your organization's own.")
	}
	return c.end(tx, k, p, Removed, reason)
}

// mayEnd refuses to take out who cannot be: the desk of its own case, and an
// agency, whose part is its grants.
func (c *Cases) mayEnd(v *db.View, k Case, p Party) error {
	set, err := c.members.Settings(v)
	switch {
	case err != nil:
		return err
	case k.Shared && p.Org == set.Org:
		return fault.Conflictf("The desk leads this case and cannot be taken out of it.")
	case p.Role == Government:
		return fault.Conflictf("An agency's access is ended by revoking its grants.")
	}
	return nil
}

// end takes a party out: its people's places, and what opened the case to its
// organization by name.
func (c *Cases) end(tx *db.Tx, k Case, p Party, to Standing, reason string) error {
	if err := p.State.to(to); err != nil {
		return err
	}
	var ps check.Problems
	reason = ps.Text("reason", "The reason", reason, MaxReason, true)
	if err := ps.Err(); err != nil {
		return err
	}
	was := p.Label
	joined := p.State == Joined
	p.State = to
	if err := tx.MustChange(`UPDATE case_parties SET state = $1, left_at = $2, why = $3 WHERE id = $4`, string(to), clock.Micros(tx.Now()), reason, p.ID); err != nil {
		return err
	}
	there, err := c.members.OnTeam(tx.View, p.Circle)
	if err != nil {
		return err
	}
	for _, person := range there {
		if err := c.unseat(tx, k, p, person, reason); err != nil {
			return err
		}
	}
	if next, named := without(k.Label, p.Org); named && joined {
		if err := c.relabelCase(tx, &k, next, map[string]any{"why": "a party left"}); err != nil {
			return err
		}
	}
	if err := c.relabelParty(tx, k, &p); err != nil {
		return err
	}
	// Those who knew of the party read that it is gone.
	tx.Append(db.Entry{Verb: "party." + string(to), Object: p.ID, Parent: k.ID, Label: was, Access: true, Data: map[string]any{"org": p.Org, "name": p.Name, "reason": reason}})
	if err := c.reckon(tx, k, p); err != nil {
		return err
	}
	return c.reckonCase(tx, k)
}
