package cases

import (
	"slices"

	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
)

// ShareWithDesk offers a manufacturer's own case to the desk. It is the
// originator's consent to a loosening; the second person is whoever of the desk
// accepts the invitation that this makes (design 3.1). Until then nothing of the
// case is open to the desk but that it is offered, by whom, and the note. It
// returns the invitation's party.
func (c *Cases) ShareWithDesk(tx *db.Tx, id, note string) (party string, err error) {
	k, err := c.led(tx.View, id)
	if err != nil {
		return "", err
	}
	if k.Shared {
		return "", fault.Conflictf("The desk reads this case already.")
	}
	var ps check.Problems
	note = ps.Text("note", "The note", note, MaxReason, false)
	if err := ps.Err(); err != nil {
		return "", err
	}
	s, err := c.members.Settings(tx.View)
	if err != nil {
		return "", err
	}
	p, err := db.One(all(tx.View), scanParty(tx.View), `SELECT `+partyColumns+` FROM visible.case_parties p WHERE p.case_id = $1 AND p.org = $2`, k.ID, s.Org)
	if err == nil {
		if err := p.State.to(Invited); err != nil {
			return "", fault.Conflictf("It is offered to the desk already and waits for somebody there.")
		}
		if err := tx.MustChange(`UPDATE case_parties SET state = 'invited', note = $1, invited_at = $2, invited_by = $3, seen_at = 0, left_at = 0, why = '' WHERE id = $4`,
			note, clock.Micros(tx.Now()), tx.Viewer().Actor(), p.ID); err != nil {
			return "", err
		}
		p.State = Invited
	} else if fault.Is(err, fault.Missing) {
		p = Party{Case: k.ID, Org: s.Org, Name: s.Name, Role: Coordinator, State: Invited, Note: note}
		if err := c.addParty(tx, k, &p); err != nil {
			return "", err
		}
	} else {
		return "", err
	}
	if err := c.relabelParty(tx, k, &p); err != nil {
		return "", err
	}
	tx.Append(db.Entry{Verb: "case.offered", Object: p.ID, Parent: k.ID, Label: p.Label, Data: map[string]any{"note": note}})
	return p.ID, nil
}

// handsOver reports whether a party is the desk, to which a case of somebody's
// own is offered.
func (c *Cases) handsOver(v *db.View, k Case, p Party) bool {
	if k.Shared || p.Role != Coordinator || p.State != Invited {
		return false
	}
	s, err := c.members.Settings(v)
	return err == nil && s.Org == p.Org
}

// takeOver is the desk's acceptance of a case that is offered to it: the case,
// what carries its label, its room and its official thread become readable for
// the desk.
func (c *Cases) takeOver(tx *db.Tx, k Case, p Party) error {
	if !tx.Viewer().May(policy.MayTriage) {
		return fault.Forbiddenf("The desk decides whether it takes a case.")
	}
	d, err := c.desk(tx.View)
	if err != nil {
		return err
	}
	next := policy.Label{TLP: k.Label.TLP, Audience: k.Label.Audience.With(d)}
	k.Shared = true
	if err := c.relabelCase(tx, &k, next, map[string]any{"why": "shared with the desk", "originator": p.By, "second": tx.Viewer().Person}); err != nil {
		return err
	}
	p.State, p.Accepted = Joined, tx.Now()
	if err := tx.MustChange(`UPDATE case_parties SET state = 'joined', accepted_at = $1, accepted_by = $2, seen_at = CASE WHEN seen_at = 0 THEN $1 ELSE seen_at END WHERE id = $3`,
		clock.Micros(tx.Now()), tx.Viewer().Actor(), p.ID); err != nil {
		return err
	}
	if err := c.relabelParty(tx, k, &p); err != nil {
		return err
	}
	if k.Coordinator.Person == "" {
		k.Coordinator = forum.Author{Person: tx.Viewer().Person, Name: tx.Viewer().Name}
	}
	if err := tx.MustChange(`UPDATE cases SET shared = 1, coordinator = $1, coordinator_name = $2 WHERE id = $3`, k.Coordinator.Person, k.Coordinator.Name, k.ID); err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: "case.shared", Object: k.ID, Label: k.Label, Access: true,
		Data: map[string]any{"with": "desk", "originator": p.By, "second": tx.Viewer().Person, "coordinator": k.Coordinator.Person}})
	return c.reckonCase(tx, k)
}

// caseTables are the tables whose rows may carry the case's own label.
var caseTables = []string{"case_threads", "case_embargoes", "case_publications", "case_alerts", "case_vulnerabilities", "case_statuses", "case_obligations", "case_grants", "case_openings"}

// relabelCase gives a case, and everything that carries its label, the next one;
// posts stay with whom their authors wrote them for (forum.FollowObject).
func (c *Cases) relabelCase(tx *db.Tx, k *Case, next policy.Label, data map[string]any) error {
	was := k.Label
	from := was.Audience.ID()
	audience, err := tx.Store(next.Audience)
	if err != nil {
		return err
	}
	k.Label = next
	if err := tx.MustChange(`UPDATE cases SET tlp = $1, audience = $2 WHERE id = $3`, string(next.TLP), audience, k.ID); err != nil {
		return err
	}
	for _, table := range caseTables {
		if _, err := tx.Exec(`UPDATE `+table+` SET tlp = $1, audience = $2 WHERE case_id = $3 AND tlp = $4 AND audience = $5`, string(next.TLP), audience, k.ID, string(was.TLP), from); err != nil {
			return err
		}
	}
	if _, err := tx.Exec(`UPDATE case_files SET tlp = $1, audience = $2 WHERE (parent = $3 OR object = $3) AND tlp = $4 AND audience = $5`, string(next.TLP), audience, k.ID, string(was.TLP), from); err != nil {
		return err
	}
	parties, err := db.All(all(tx.View), scanParty(tx.View), `SELECT `+partyColumns+` FROM visible.case_parties p WHERE p.case_id = $1 ORDER BY p.id`, k.ID)
	if err != nil {
		return err
	}
	for _, p := range parties {
		if err := c.relabelParty(tx, *k, &p); err != nil {
			return err
		}
		known, err := c.partyKnown(tx.View, *k, p)
		if err != nil {
			return err
		}
		if err := c.members.KnowTeam(tx, p.Circle, known); err != nil {
			return err
		}
	}
	var known policy.Audience
	if k.Shared {
		d, err := c.desk(tx.View)
		if err != nil {
			return err
		}
		known = policy.NewAudience(d)
	}
	if err := c.members.KnowTeam(tx, k.Team, known); err != nil {
		return err
	}
	return c.forum.FollowObject(tx, k.Room, next, data)
}

// without is a label less an organization named in it.
func without(l policy.Label, org string) (policy.Label, bool) {
	p := policy.OfOrg(org)
	if org == "" || !l.Audience.Has(p) {
		return l, false
	}
	ms := slices.DeleteFunc(slices.Clone(l.Audience.Members()), func(q policy.Principal) bool { return q == p })
	return policy.Label{TLP: l.TLP, Audience: policy.NewAudience(ms...)}, true
}
