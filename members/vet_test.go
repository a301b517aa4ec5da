package members

import (
	"errors"
	"strings"
	"testing"

	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
	"github.com/google/go-cmp/cmp"
)

func TestMovesAreALifeCycle(t *testing.T) {
	reached := map[policy.Standing]bool{policy.Applicant: true}
	for range Moves() {
		for _, m := range Moves() {
			if reached[m.From] {
				reached[m.To] = true
			}
		}
	}
	seen := map[string]bool{}
	d := Diagram()
	for _, m := range Moves() {
		if !reached[m.From] {
			t.Errorf("no way leads to %s", m.From)
		}
		if m.From == policy.Withdrawn || m.From == policy.Terminated {
			t.Errorf("%s is an end and leads to %s", m.From, m.To)
		}
		key := string(m.From) + " " + m.Verb
		if seen[key] {
			t.Errorf("%s leads to two standings", key)
		}
		seen[key] = true
		if !strings.Contains(d, string(m.From)+" --> "+string(m.To)+": ") {
			t.Errorf("the diagram lacks %s to %s", m.From, m.To)
		}
		if m.To == policy.Active && m.From != policy.Agreement && !m.From.Good() && m.From != policy.Suspended {
			t.Errorf("%s becomes active without an agreement", m.From)
		}
	}
}

// TestVettingTakesTwo walks an application from the link to the agreement.
func TestVettingTakesTwo(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		org, officer, _ := h.applicant(h.ana, "Hillside")
		approve := func(tx *db.Tx) error { return h.m.Approve(tx, org, "identity and domain checked") }

		// Strangers do not know of it; the desk and its circle do.
		h.refused(h.as(h.lin), fault.Missing, approve)
		h.read(h.as(h.bo), func(v *db.View) error {
			list, err := h.m.Applications(v)
			if err == nil && (len(list) != 1 || list[0].MayVote != "") {
				t.Errorf("Bo sees %+v", list)
			}
			return err
		})
		// Ana invited; with Bo alone beside her there are not two others, so she may.
		h.does(h.ana, approve)
		if got := h.standing(org); got != policy.Vetting {
			t.Fatalf("after one approval the applicant is %s", got)
		}
		h.refused(h.as(h.ana), fault.Conflict, approve)
		h.does(h.bo, approve)
		if got := h.standing(org); got != policy.Agreement {
			t.Fatalf("after two approvals the applicant is %s", got)
		}
		h.refused(h.as(h.bo), fault.Conflict, approve)

		// Only its officer's signature activates, never the desk.
		h.refused(h.as(h.bo), fault.Forbidden, func(tx *db.Tx) error { return h.m.Activate(tx, "acceptance") })
		if who := h.as(officer); who.InGoodStanding() || len(who.Principals().Members()) != 1 {
			t.Errorf("an applicant can be reached as %v", who.Principals().Strings())
		}
		h.read(h.as(officer), func(v *db.View) error {
			own, err := h.m.Own(v)
			if err == nil && (own.Organization.ID != org || own.Standing != policy.Agreement) {
				t.Errorf("the applicant sees itself as %+v", own)
			}
			return err
		})
		h.does(officer, func(tx *db.Tx) error { return h.m.Activate(tx, "acceptance_1") })
		if who := h.as(officer); !who.InGoodStanding() || !who.Principals().Has(policy.OfOrg(org)) {
			t.Errorf("an active member's officer can be reached as %v", who.Principals().Strings())
		}
		h.read(h.as(h.dev), func(v *db.View) error { _, err := h.m.Organization(v, org); return err })
		want := map[string]int{"organization.applied": 1, "person.joined": 1, "organization.approved": 2, "organization.vetting": 1, "organization.vetted": 1, "organization.activated": 1}
		if d := cmp.Diff(want, h.verbs(org)); d != "" {
			t.Error(d)
		}
	})
}

// TestInviterDoesNotVote: vetting approver is not the one who brought the
// applicant in, while two others of the desk can (domain §d).
func TestInviterDoesNotVote(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.system(func(tx *db.Tx) error {
			h.person(tx, h.s.Org, NewPerson{Name: "Cy Desk", Roles: []policy.Role{policy.RoleDesk}})
			return nil
		})
		org, _, _ := h.applicant(h.ana, "Hillside")
		h.refused(h.as(h.ana), fault.Forbidden, func(tx *db.Tx) error { return h.m.Approve(tx, org, "identity checked") })
	})
}

func TestSponsorVotesOnce(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		var lin2 string
		h.system(func(tx *db.Tx) error {
			lin2 = h.person(tx, h.pumps, NewPerson{Name: "Lin Second", Recipient: true})
			return nil
		})
		org, _, _ := h.applicant(h.lin, "Hillside") // Pumpworks sponsors
		h.does(lin2, func(tx *db.Tx) error { return h.m.Approve(tx, org, "known to us for years") })
		h.refused(h.as(h.eng), fault.Forbidden, func(tx *db.Tx) error { return h.m.Approve(tx, org, "known to us for years") })
		h.refused(h.as(h.nurse), fault.Missing, func(tx *db.Tx) error { return h.m.Approve(tx, org, "known to us for years") })
		h.does(h.bo, func(tx *db.Tx) error { return h.m.NameSponsor(tx, org, h.clin) })
		h.does(h.nurse, func(tx *db.Tx) error { return h.m.Approve(tx, org, "known to us for years") })
		if got := h.standing(org); got != policy.Agreement {
			t.Errorf("two sponsors led to %s", got)
		}
	})
}

func TestDeclineEndsAndHides(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		org, officer, _ := h.applicant(h.ana, "Hillside")
		h.refused(h.as(h.lin), fault.Forbidden, func(tx *db.Tx) error { return h.m.Decline(tx, org, "not in the sector") })
		h.refused(h.as(h.bo), fault.Invalid, func(tx *db.Tx) error { return h.m.Decline(tx, org, " ") })
		h.does(h.bo, func(tx *db.Tx) error { return h.m.Decline(tx, org, "not in the sector") })
		h.read(h.as(officer), func(v *db.View) error {
			own, err := h.m.Own(v)
			if own.Reason != "not in the sector" || own.Standing != policy.Terminated {
				t.Errorf("the applicant is told %+v", own)
			}
			return err
		})
		if err := h.db.Read(t.Context(), h.as(h.nurse), func(v *db.View) error { _, err := h.m.Organization(v, org); return err }); !fault.Is(err, fault.Missing) {
			t.Errorf("a member learns of a declined applicant: %v", err)
		}
	})
}

// TestStandingMoves tries every verb from every standing of a member and expects
// exactly the table.
func TestStandingMoves(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		acts := map[string]func(tx *db.Tx, org string) error{
			"organization.suspended":  func(tx *db.Tx, org string) error { return h.m.Suspend(tx, org, "a reason") },
			"organization.reinstated": func(tx *db.Tx, org string) error { return h.m.Reinstate(tx, org, "a reason") },
			"organization.terminated": func(tx *db.Tx, org string) error { return h.m.Terminate(tx, org, "a reason") },
			"organization.lapsed":     func(tx *db.Tx, org string) error { return h.m.Lapse(tx, org, "a reason") },
			"organization.renewed":    func(tx *db.Tx, org string) error { return h.m.Renew(tx, org, "a reason") },
			"organization.declined":   func(tx *db.Tx, org string) error { return h.m.Decline(tx, org, "a reason") },
		}
		for _, from := range []policy.Standing{policy.Applicant, policy.Vetting, policy.Agreement, policy.Active, policy.Grace, policy.Suspended, policy.Withdrawn, policy.Terminated} {
			for verb, act := range acts {
				h.must(h.note(policy.System("test"), func(tx *db.Tx) error { return nil }))
				h.system(func(tx *db.Tx) error {
					_, err := tx.Exec(`UPDATE organizations SET standing = $1 WHERE id = $2`, string(from), h.clin)
					tx.Append(db.Entry{Verb: "test.set", Object: h.clin, Label: toCommunity()})
					return err
				})
				want, ok := findMove(from, verb)
				err := h.write(h.as(h.ana), func(tx *db.Tx) error { return act(tx, h.clin) })
				switch {
				case ok && err != nil:
					t.Errorf("%s from %s: %v", verb, from, err)
				case ok && h.standing(h.clin) != want.To:
					t.Errorf("%s from %s leads to %s", verb, from, h.standing(h.clin))
				case !ok && !fault.Is(err, fault.Conflict):
					t.Errorf("%s from %s: %v, want a conflict", verb, from, err)
				}
			}
		}
		// Reasons are for the desk and the organization itself.
		for who, want := range map[string]bool{h.bo: true, h.nurse: true, h.lin: false} {
			err := h.db.Read(t.Context(), h.as(who), func(v *db.View) error {
				steps, err := h.m.History(v, h.clin)
				if err == nil && (len(steps) == 0 || steps[0].Reason != "a reason") {
					t.Errorf("the history is %+v", steps)
				}
				es, err2 := h.led.About(v, h.clin, 100)
				for _, e := range es {
					if !want && e.Verb == "organization.suspended" {
						t.Error("another member reads the entry of a suspension")
					}
				}
				return errors.Join(err, err2)
			})
			if want != (err == nil) {
				t.Errorf("history for %s: %v", who, err)
			}
		}
		h.refused(h.as(h.lin), fault.Forbidden, func(tx *db.Tx) error { return h.m.Suspend(tx, h.fda, "a reason") })
		h.refused(h.as(h.ana), fault.Forbidden, func(tx *db.Tx) error { return h.m.Suspend(tx, h.s.Org, "a reason") })
	})
}
