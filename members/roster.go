package members

import (
	"time"

	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
)

// The duties of people in a circle.
const (
	duSteward = "steward"
	duMember  = "member"
)

// RosterRow is one person of a circle.
type RosterRow struct {
	Person
	Steward bool
	Since   time.Time
	By      string // person id of who added this one
}

// Roster lists who is in a circle, for those who are in it; to others it is
// ErrMissing, even if they may know that the circle exists.
func (m *Members) Roster(v *db.View, circle string) ([]RosterRow, error) {
	if who := v.Viewer(); !who.IsSystem() && !who.Principals().Has(policy.OfCircle(circle)) {
		return nil, fault.ErrMissing
	}
	return db.All(v, func(s db.Scanner) (r RosterRow, err error) {
		var officer, desk, operator, recipient, listed, suspended, joined, left, at int64
		var duty string
		p := &r.Person
		err = s.Scan(&p.ID, &p.Org, &p.OrgName, &p.OrgKind, &p.Name, &p.Title, &officer, &desk, &operator, &recipient, &listed, &suspended, &joined, &left, &duty, &at, &r.By)
		p.Roles = roles(officer, desk, operator)
		p.Recipient, p.Listed, p.Suspended = recipient == 1, listed == 1, suspended == 1
		p.Joined, p.Left, r.Since, r.Steward = clock.FromMicros(joined), clock.FromMicros(left), clock.FromMicros(at), duty == duSteward
		return r, err
	}, `SELECT `+personColumns+`, cp.duty, cp.at, cp.by_person FROM circle_people cp JOIN visible.people p ON p.id = cp.person JOIN visible.organizations o ON o.id = p.org
		WHERE cp.circle = $1 ORDER BY p.name_key, p.id`, circle)
}

func (m *Members) isSteward(v *db.View, circle, person string) (bool, error) {
	return v.Exists(`SELECT 1 FROM circle_people WHERE circle = $1 AND person = $2 AND duty = 'steward'`, circle, person)
}

var errTeam = fault.Forbiddenf("This team follows its case: who is on it changes on the case's page.")

// stewarded reads a circle that the viewer admits people to.
func (m *Members) stewarded(v *db.View, circle string) (Circle, error) {
	c, err := m.Circle(v, circle)
	if err != nil {
		return c, err
	}
	if who := v.Viewer(); !who.IsSystem() && (!c.Steward || !who.InGoodStanding() || who.IsToken()) {
		return c, fault.Forbiddenf("Only a steward of %s may do that.", c.Name)
	}
	if c.Object != "" {
		return c, errTeam
	}
	s, err := m.Settings(v)
	if err == nil && s.Desk == circle {
		err = fault.Forbiddenf("The desk's circle follows the desk role: an operator gives and takes it.")
	}
	return c, err
}

// AddToCircle puts a person whom the viewer can see on a circle's roster
// (stewards). From then on the person reads everything the circle can read.
func (m *Members) AddToCircle(tx *db.Tx, circle, person string) error {
	c, err := m.stewarded(tx.View, circle)
	if err != nil {
		return err
	}
	if c.Named {
		if err := m.freshly(tx.View); err != nil {
			return err
		}
	}
	if err := m.nameable(tx.View, policy.NewAudience(policy.OfPerson(person))); err != nil {
		if !fault.Is(err, fault.Invalid) {
			return err
		}
		return fault.InvalidField("person", "%q is nobody you can add. Choose from those you are offered.", person)
	}
	return m.enroll(tx, circle, person, duMember)
}

// enroll writes a roster line and what follows from it.
func (m *Members) enroll(tx *db.Tx, circle, person, duty string) error {
	n, err := tx.Exec(`INSERT INTO circle_people (circle, person, duty, at, by_person, until) VALUES ($1, $2, $3, $4, $5, 0) ON CONFLICT (circle, person) DO NOTHING`,
		circle, person, duty, clock.Micros(tx.Now()), tx.Viewer().Actor())
	if err != nil {
		return err
	}
	if n == 0 {
		return fault.Conflictf("This person is in the circle already.")
	}
	tx.Append(db.Entry{Verb: "circle.joined", Object: person, Parent: circle, Label: rosterLabel(circle, person), Access: true, Data: map[string]string{"duty": duty}})
	return m.relabelPerson(tx, person)
}

// rosterLabel is for entries about a person's place in a circle: the circle and
// the person, who is told even when taken out.
func rosterLabel(circle, person string) policy.Label {
	return policy.Label{TLP: policy.Red, Audience: policy.NewAudience(policy.OfCircle(circle), policy.OfPerson(person))}
}

// RemoveFromCircle takes a person off the roster (stewards).
func (m *Members) RemoveFromCircle(tx *db.Tx, circle, person string) error {
	if _, err := m.stewarded(tx.View, circle); err != nil {
		return err
	}
	return m.unroll(tx, circle, person, "removed by a steward")
}

// LeaveCircle takes the viewer off the roster.
func (m *Members) LeaveCircle(tx *db.Tx, circle string) error {
	c, err := m.Circle(tx.View, circle)
	if err != nil {
		return err
	}
	if !c.Mine || tx.Viewer().IsToken() {
		return errMayNot
	}
	if c.Object != "" {
		return errTeam
	}
	if s, err := m.Settings(tx.View); err != nil {
		return err
	} else if s.Desk == circle {
		return fault.Forbiddenf("The desk's circle follows the desk role: an operator gives and takes it.")
	}
	return m.unroll(tx, circle, tx.Viewer().Person, "left")
}

// unroll removes a roster line. Somebody stays who can admit others, unless the
// circle ends up empty.
func (m *Members) unroll(tx *db.Tx, circle, person, why string) error {
	steward, err := m.isSteward(tx.View, circle, person)
	if err != nil {
		return err
	}
	if steward {
		alone, err := db.One(tx.View, func(s db.Scanner) (bool, error) {
			var stewards, people int64
			err := s.Scan(&stewards, &people)
			return stewards == 0 && people > 0, err
		}, `SELECT COALESCE(SUM(CASE WHEN duty = 'steward' THEN 1 ELSE 0 END), 0), COUNT(*) FROM circle_people WHERE circle = $1 AND person <> $2`, circle, person)
		if err != nil {
			return err
		}
		if alone {
			return fault.Conflictf("The last steward cannot go while others are in the circle. Make somebody else steward first.")
		}
	}
	if err := m.dropLine(tx, circle, person, why); err != nil {
		return err
	}
	return m.relabelPerson(tx, person)
}

func (m *Members) dropLine(tx *db.Tx, circle, person, why string) error {
	if err := tx.MustChange(`DELETE FROM circle_people WHERE circle = $1 AND person = $2`, circle, person); err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: "circle.left", Object: person, Parent: circle, Label: rosterLabel(circle, person), Access: true, Data: map[string]string{"why": why}})
	return nil
}

// SetSteward makes a person of the roster a steward, or an ordinary member
// again (stewards).
func (m *Members) SetSteward(tx *db.Tx, circle, person string, steward bool) error {
	if _, err := m.stewarded(tx.View, circle); err != nil {
		return err
	}
	duty := duMember
	if steward {
		duty = duSteward
	}
	if err := tx.MustChange(`UPDATE circle_people SET duty = $1 WHERE circle = $2 AND person = $3`, duty, circle, person); err != nil {
		return err
	}
	if ok, err := tx.Exists(`SELECT 1 FROM circle_people WHERE circle = $1 AND duty = 'steward'`, circle); err != nil || !ok {
		if err != nil {
			return err
		}
		return fault.Conflictf("A circle keeps at least one steward.")
	}
	tx.Append(db.Entry{Verb: "circle.duty-changed", Object: person, Parent: circle, Label: rosterLabel(circle, person), Data: map[string]string{"duty": duty}})
	return nil
}

// followDeskRole keeps the desk's circle equal to the people of the ISAO who
// hold the desk role.
func (m *Members) followDeskRole(tx *db.Tx, person, org string, desk bool) error {
	s, err := m.Settings(tx.View)
	if err != nil {
		return err
	}
	in, err := tx.Exists(`SELECT 1 FROM circle_people WHERE circle = $1 AND person = $2`, s.Desk, person)
	if err != nil {
		return err
	}
	switch want := desk && org == s.Org; {
	case want && !in:
		return m.enroll(tx, s.Desk, person, duMember)
	case !want && in:
		return m.dropLine(tx, s.Desk, person, "no longer of the desk")
	}
	return nil
}
