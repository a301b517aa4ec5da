package members

import (
	"context"
	"testing"

	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
)

// sees reports whether a person can see another in the directory.
func (h *house) sees(who, whom string) bool {
	h.t.Helper()
	err := h.db.Read(context.Background(), h.as(who), func(v *db.View) error { _, err := h.m.Person(v, whom); return err })
	if err != nil && !fault.Is(err, fault.Missing) {
		h.t.Fatal(err)
	}
	return err == nil
}

// TestCircleRecomputes: who shares a circle sees each other, from the moment of
// joining to the moment of leaving.
func TestCircleRecomputes(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		var c string
		h.does(h.eng, func(tx *db.Tx) (err error) {
			c, err = h.m.FormCircle(tx, NewCircle{Name: "Alarm team", Purpose: "Alarms"})
			return err
		})
		if h.sees(h.nurse, h.eng) || !h.sees(h.eng, h.nurse) || !h.sees(h.eng, h.eng) {
			t.Fatal("an unlisted person is seen by strangers, a listed one is not, or one does not see oneself")
		}
		h.refused(h.as(h.nurse), fault.Missing, func(tx *db.Tx) error { return h.m.AddToCircle(tx, c, h.nurse) })
		h.does(h.eng, func(tx *db.Tx) error { return h.m.AddToCircle(tx, c, h.nurse) })
		h.refused(h.as(h.eng), fault.Conflict, func(tx *db.Tx) error { return h.m.AddToCircle(tx, c, h.nurse) })
		if !h.sees(h.nurse, h.eng) {
			t.Error("who shares a circle does not see the other")
		}
		h.read(h.as(h.nurse), func(v *db.View) error {
			r, err := h.m.Roster(v, c)
			if err == nil && (len(r) != 2 || !r[0].Steward || r[1].ID != h.nurse) {
				t.Errorf("the roster is %+v", r)
			}
			return err
		})
		// Strangers get the roster as they get a random id (T-08).
		for _, id := range []string{c, "circle_0"} {
			if err := h.db.Read(t.Context(), h.as(h.agent), func(v *db.View) error { _, err := h.m.Roster(v, id); return err }); err != fault.ErrMissing {
				t.Errorf("a stranger asks for the roster of %s: %v", id, err)
			}
		}
		// Whom one cannot see, one cannot add; hidden and unknown alike.
		for _, id := range []string{h.dev, "person_0"} {
			h.refused(h.as(h.nurse), fault.Forbidden, func(tx *db.Tx) error { return h.m.AddToCircle(tx, c, id) })
		}
		h.does(h.eng, func(tx *db.Tx) error { return h.m.SetSteward(tx, c, h.nurse, true) })
		for _, id := range []string{h.dev, "person_0"} {
			h.refused(h.as(h.nurse), fault.Invalid, func(tx *db.Tx) error { return h.m.AddToCircle(tx, c, id) })
		}
		h.does(h.eng, func(tx *db.Tx) error { return h.m.LeaveCircle(tx, c) })
		if h.sees(h.nurse, h.eng) || h.as(h.eng).Principals().Has(policy.OfCircle(c)) {
			t.Error("who left the circle is still of it")
		}
		h.does(h.nurse, func(tx *db.Tx) error { return h.m.AddToCircle(tx, c, h.lin) })
		h.refused(h.as(h.nurse), fault.Conflict, func(tx *db.Tx) error { return h.m.LeaveCircle(tx, c) })
		h.does(h.nurse, func(tx *db.Tx) error { return h.m.RemoveFromCircle(tx, c, h.lin) })
		if h.as(h.lin).Principals().Has(policy.OfCircle(c)) {
			t.Error("who was removed is still of the circle")
		}
	})
}

func TestListing(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		if h.sees(h.nurse, h.dev) {
			t.Fatal("an unlisted person is in the directory")
		}
		h.does(h.dev, func(tx *db.Tx) error { return h.m.SetListed(tx, true) })
		if !h.sees(h.nurse, h.dev) {
			t.Error("a listed person is not in the directory")
		}
		h.does(h.dev, func(tx *db.Tx) error { return h.m.SetListed(tx, false) })
		if h.sees(h.nurse, h.dev) {
			t.Error("who left the directory is still in it")
		}
	})
}

func TestCircleLabels(t *testing.T) {
	h := furnished(t, "", Options{})
	for _, c := range []struct {
		name string
		n    NewCircle
		ok   bool
	}{
		{"hidden by default", NewCircle{Name: "One"}, true},
		{"known to an organization", NewCircle{Name: "Two", Label: label(t, policy.Amber, "org:"+h.clin)}, true},
		{"named and RED", NewCircle{Name: "Three", Named: true, Label: policy.Label{TLP: policy.Red}}, true},
		{"unnamed and RED", NewCircle{Name: "Four", Label: policy.Label{TLP: policy.Red}}, false},
		{"known to one kind only", NewCircle{Name: "Five", Label: label(t, policy.Green, "kind:provider")}, false},
		{"known to an unknown", NewCircle{Name: "Six", Label: label(t, policy.Amber, "org:org_0")}, false},
		{"nameless", NewCircle{}, false},
	} {
		err := h.write(h.as(h.eng), func(tx *db.Tx) error {
			id, err := h.m.FormCircle(tx, c.n)
			if err == nil && !c.ok {
				t.Errorf("%s: formed", c.name)
			}
			_ = id
			return err
		})
		if c.ok && err != nil || !c.ok && !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	// The founder and all members see their circle.
	h.read(h.as(h.eng), func(v *db.View) error {
		cs, err := h.m.Circles(v)
		mine := 0
		for _, c := range cs {
			if c.Mine && c.Steward {
				mine++
			}
		}
		if mine != 3 {
			t.Errorf("the founder sees %d circles of the own three", mine)
		}
		return err
	})
}

// TestDeskFollowsRole: the desk's circle is the desk role, nothing else.
func TestDeskFollowsRole(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		desk := policy.OfCircle(h.s.Desk)
		if !h.as(h.ana).Principals().Has(desk) || !h.as(h.bo).Principals().Has(desk) || h.as(h.lin).Principals().Has(desk) {
			t.Fatal("the desk's circle is not the desk")
		}
		h.refused(h.as(h.bo), fault.Forbidden, func(tx *db.Tx) error { return h.m.AddToCircle(tx, h.s.Desk, h.lin) })
		h.refused(h.as(h.bo), fault.Forbidden, func(tx *db.Tx) error { return h.m.LeaveCircle(tx, h.s.Desk) })
		h.does(h.ana, func(tx *db.Tx) error { return h.m.SetRoles(tx, h.bo, nil) })
		if h.as(h.bo).Principals().Has(desk) {
			t.Error("who gave up the desk role is still of its circle")
		}
		// Roles are given by those who may, to those who can have them.
		h.refused(h.as(h.ana), fault.Invalid, func(tx *db.Tx) error { return h.m.SetRoles(tx, h.lin, []policy.Role{policy.RoleDesk}) })
		h.refused(h.as(h.lin), fault.Missing, func(tx *db.Tx) error { return h.m.SetRoles(tx, h.nurse, nil) })
		h.refused(h.as(h.lin), fault.Conflict, func(tx *db.Tx) error { return h.m.SetRoles(tx, h.lin, nil) })
		h.refused(h.as(h.ana), fault.Conflict, func(tx *db.Tx) error { return h.m.SetRoles(tx, h.ana, []policy.Role{policy.RoleOfficer}) })
		h.refused(h.as(h.eng), fault.Forbidden, func(tx *db.Tx) error { return h.m.SetRoles(tx, h.eng, []policy.Role{policy.RoleOfficer}) })
		h.does(h.lin, func(tx *db.Tx) error { return h.m.SetRoles(tx, h.dev, []policy.Role{policy.RoleOfficer}) })
		if !h.as(h.dev).Principals().Has(policy.OfOrg(h.pumps)) {
			t.Error("an officer is not a recipient")
		}
		h.refused(h.as(h.lin), fault.Conflict, func(tx *db.Tx) error { return h.m.SetRecipient(tx, h.dev, false) })
	})
}

// TestLeavingKeepsCirclesGoverned: a steward who leaves the community is
// followed by the longest-standing member.
func TestLeavingKeepsCirclesGoverned(t *testing.T) {
	h := furnished(t, "", Options{})
	var c string
	h.does(h.eng, func(tx *db.Tx) (err error) {
		if c, err = h.m.FormCircle(tx, NewCircle{Name: "Team"}); err != nil {
			return err
		}
		return nil
	})
	h.does(h.eng, func(tx *db.Tx) error { return h.m.AddToCircle(tx, c, h.nurse) })
	h.does(h.eng, func(tx *db.Tx) error { return h.m.RemovePerson(tx, h.eng) })
	h.does(h.nurse, func(tx *db.Tx) error { return h.m.AddToCircle(tx, c, h.agent) })
	h.refused(h.as(h.lin), fault.Missing, func(tx *db.Tx) error { return h.m.RemovePerson(tx, h.nurse) })
	h.refused(h.as(h.lin), fault.Conflict, func(tx *db.Tx) error { return h.m.RemovePerson(tx, h.lin) })
}
