package members

import (
	"slices"

	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
)

// managed reads a person whom the viewer manages: an officer the own people, an
// operator everybody. Whoever manages nobody learns nothing of whom there is.
func (m *Members) managed(v *db.View, id string) (Person, error) {
	who := v.Viewer()
	if !who.May(policy.MayManageOrg) && !who.May(policy.MayOperate) {
		return Person{}, errMayNot
	}
	p, err := person(v, id)
	if err != nil {
		return p, err
	}
	if !who.May(policy.MayOperate) && p.Org != who.Org {
		return Person{}, fault.ErrMissing
	}
	return p, nil
}

// SetRecipient names a person as recipient of what is sent to the organization,
// or takes the name off the list. An officer is always a recipient.
func (m *Members) SetRecipient(tx *db.Tx, id string, recipient bool) error {
	p, err := m.present(tx.View, id)
	if err != nil {
		return err
	}
	if p.Has(policy.RoleOfficer) && !recipient {
		return fault.Conflictf("An officer is always a recipient. Take the officer role first.")
	}
	if p.Recipient == recipient {
		return fault.Conflictf("This is so already.")
	}
	if err := tx.MustChange(`UPDATE people SET recipient = $1 WHERE id = $2`, flag(recipient), id); err != nil {
		return err
	}
	verb := "person.recipient-named"
	if !recipient {
		verb = "person.recipient-dropped"
	}
	tx.Append(db.Entry{Verb: verb, Object: id, Parent: p.Org, Label: personLabel(p), Access: true, Data: map[string]string{"name": p.Name}})
	return nil
}

// present is managed, and still a member.
func (m *Members) present(v *db.View, id string) (Person, error) {
	p, err := m.managed(v, id)
	if err == nil && !p.Left.IsZero() {
		err = fault.ErrMissing
	}
	return p, err
}

// SetRoles gives a person exactly these roles. Officers give and take the
// officer role among their own people; desk and operator are roles of the ISAO's
// people, and an operator gives them. The last officer of an organization and
// the last operator keep theirs.
func (m *Members) SetRoles(tx *db.Tx, id string, want []policy.Role) error {
	p, err := m.present(tx.View, id)
	if err != nil {
		return err
	}
	if err := m.mayGive(tx.View, p.Org, p.Roles, want); err != nil {
		return err
	}
	if err := m.freshly(tx.View); err != nil {
		return err
	}
	has := func(r policy.Role) bool { return slices.Contains(want, r) }
	for _, r := range []policy.Role{policy.RoleOfficer, policy.RoleOperator} {
		if p.Has(r) && !has(r) {
			if err := m.lastOf(tx.View, p, r); err != nil {
				return err
			}
		}
	}
	recipient := p.Recipient || has(policy.RoleOfficer)
	if err := tx.MustChange(`UPDATE people SET officer = $1, desk = $2, operator = $3, recipient = $4 WHERE id = $5`,
		flag(has(policy.RoleOfficer)), flag(has(policy.RoleDesk)), flag(has(policy.RoleOperator)), flag(recipient), id); err != nil {
		return err
	}
	if err := m.followDeskRole(tx, id, p.Org, has(policy.RoleDesk)); err != nil {
		return err
	}
	if err := m.relabelPerson(tx, id); err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: "person.roles-set", Object: id, Parent: p.Org, Label: personLabel(p), Access: true,
		Data: map[string]any{"name": p.Name, "was": p.Roles, "roles": want}})
	return nil
}

// mayGive is the rule of who hands out which roles, from had to want.
func (m *Members) mayGive(v *db.View, org string, had, want []policy.Role) error {
	who := v.Viewer()
	s, err := m.Settings(v)
	if err != nil {
		return err
	}
	for _, r := range want {
		if !slices.Contains(policy.Roles(), r) {
			return fault.InvalidField("roles", "There is no role %q.", string(r))
		}
	}
	for _, r := range []policy.Role{policy.RoleDesk, policy.RoleOperator} {
		if slices.Contains(had, r) == slices.Contains(want, r) {
			continue
		}
		if org != s.Org {
			return fault.InvalidField("roles", "Desk and operator are roles of the ISAO's own people.")
		}
		if !who.May(policy.MayOperate) {
			return fault.Forbiddenf("Only an operator gives or takes the desk and operator roles.")
		}
	}
	return nil
}

// lastOf refuses to take the last holder of a role away.
func (m *Members) lastOf(v *db.View, p Person, r policy.Role) error {
	stmt, args := `SELECT 1 FROM visible.people WHERE officer = 1 AND left_at = 0 AND suspended = 0 AND id <> $1 AND org = $2`, []any{p.ID, p.Org}
	sentence := "An organization keeps at least one officer. Make somebody else officer first."
	if r == policy.RoleOperator {
		stmt, args = `SELECT 1 FROM visible.people WHERE operator = 1 AND left_at = 0 AND suspended = 0 AND id <> $1`, []any{p.ID}
		sentence = "The house keeps at least one operator. Make somebody else operator first."
	}
	other, err := all(v).Exists(stmt, args...)
	if err == nil && !other {
		err = fault.Conflictf("%s", sentence)
	}
	return err
}

// SetListed puts the viewer in the community's directory, or takes the viewer
// out of it.
func (m *Members) SetListed(tx *db.Tx, listed bool) error {
	own, err := m.ownSelf(tx.View)
	if err != nil {
		return err
	}
	if own.Listed == listed {
		return fault.Conflictf("This is so already.")
	}
	if err := tx.MustChange(`UPDATE people SET listed = $1 WHERE id = $2`, flag(listed), own.ID); err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: "person.listing-set", Object: own.ID, Parent: own.Org, Label: toPerson(own.ID), Data: map[string]bool{"listed": listed}})
	return m.relabelPerson(tx, own.ID)
}

// SetName changes the viewer's own name and title.
func (m *Members) SetName(tx *db.Tx, name, title string) error {
	own, err := m.ownSelf(tx.View)
	if err != nil {
		return err
	}
	n := NewPerson{Name: name, Title: title}
	var c checker
	n.check(&c)
	if err := c.err(); err != nil {
		return err
	}
	if err := tx.MustChange(`UPDATE people SET name = $1, name_key = $2, title = $3 WHERE id = $4`, n.Name, fold(n.Name), n.Title, own.ID); err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: "person.renamed", Object: own.ID, Parent: own.Org, Label: personLabel(own), Data: map[string]string{"was": own.Name, "name": n.Name, "title": n.Title}})
	return nil
}

// ownSelf reads the viewer's own record; a token does not manage an account.
func (m *Members) ownSelf(v *db.View) (Person, error) {
	who := v.Viewer()
	if !who.SignedIn() {
		return Person{}, errSignIn
	}
	if who.IsToken() {
		return Person{}, errMayNot
	}
	return person(v, who.Person)
}

// SuspendPerson takes a person's reading and acting away (an officer for the own
// people, an operator for anybody).
func (m *Members) SuspendPerson(tx *db.Tx, id, reason string) error {
	return m.setSuspended(tx, id, reason, true)
}

// ReinstatePerson ends a person's suspension.
func (m *Members) ReinstatePerson(tx *db.Tx, id, reason string) error {
	return m.setSuspended(tx, id, reason, false)
}

func (m *Members) setSuspended(tx *db.Tx, id, reason string, suspend bool) error {
	p, err := m.present(tx.View, id)
	if err != nil {
		return err
	}
	var c checker
	reason = c.text("reason", "the reason", reason, 3, 2000)
	if err := c.err(); err != nil {
		return err
	}
	if p.Suspended == suspend {
		return fault.Conflictf("This is so already.")
	}
	verb := "person.reinstated"
	if suspend {
		verb = "person.suspended"
		if err := m.indispensable(tx.View, p); err != nil {
			return err
		}
	}
	if err := tx.MustChange(`UPDATE people SET suspended = $1 WHERE id = $2`, flag(suspend), id); err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: verb, Object: id, Parent: p.Org, Label: personLabel(p), Access: true, Data: map[string]string{"name": p.Name, "reason": reason}})
	return nil
}

// indispensable refuses to take away the last officer or the last operator.
func (m *Members) indispensable(v *db.View, p Person) error {
	for _, r := range []policy.Role{policy.RoleOfficer, policy.RoleOperator} {
		if p.Has(r) {
			if err := m.lastOf(v, p, r); err != nil {
				return err
			}
		}
	}
	return nil
}

// RemovePerson ends a person's membership: sessions, tokens and circles go, what
// the person wrote stays. A person may also leave alone.
func (m *Members) RemovePerson(tx *db.Tx, id string) error {
	var p Person
	var err error
	if id == tx.Viewer().Person {
		p, err = m.ownSelf(tx.View)
	} else {
		p, err = m.present(tx.View, id)
	}
	if err != nil {
		return err
	}
	if err := m.indispensable(tx.View, p); err != nil {
		return err
	}
	circles, err := circlesOf(tx.View, id)
	if err != nil {
		return err
	}
	for _, c := range circles {
		if err := m.dropLine(tx, c, id, "left the community"); err != nil {
			return err
		}
		if err := m.heirFor(tx, c); err != nil {
			return err
		}
	}
	if err := m.revokeAll(tx, id, "left the community"); err != nil {
		return err
	}
	if err := tx.MustChange(`UPDATE people SET left_at = $1, officer = 0, desk = 0, operator = 0, recipient = 0 WHERE id = $2`, clock.Micros(tx.Now()), id); err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: "person.left", Object: id, Parent: p.Org, Label: personLabel(p), Access: true, Data: map[string]string{"name": p.Name}})
	return m.relabelPerson(tx, id)
}

// heirFor makes the longest-standing member steward of a circle that lost its
// last one with somebody's leaving, so that no roster is left ungoverned.
func (m *Members) heirFor(tx *db.Tx, circle string) error {
	s, err := m.Settings(tx.View)
	if err != nil || circle == s.Desk {
		return err
	}
	ok, err := all(tx.View).Exists(`SELECT 1 FROM visible.circles c WHERE c.id = $1 AND (c.object <> '' OR c.id IN (SELECT circle FROM circle_people WHERE duty = 'steward'))`, circle)
	if err != nil || ok {
		return err
	}
	heir, err := db.One(tx.View, db.Value[string], `SELECT person FROM circle_people WHERE circle = $1 ORDER BY at, person LIMIT 1`, circle)
	if fault.Is(err, fault.Missing) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := tx.MustChange(`UPDATE circle_people SET duty = 'steward' WHERE circle = $1 AND person = $2`, circle, heir); err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: "circle.duty-changed", Object: heir, Parent: circle, Label: rosterLabel(circle, heir), Data: map[string]string{"duty": duSteward, "why": "the last steward left"}})
	return nil
}
