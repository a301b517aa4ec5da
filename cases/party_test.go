package cases_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/formats/vultron"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/policy"
	"github.com/google/go-cmp/cmp"
)

// ask asks organizations in by the desk and returns their parties.
func ask(h *town.Town, id string, role cases.Role, orgs ...policy.Principal) (parties []string) {
	h.T.Helper()
	in := cases.NewInvitation{Role: role, Note: "You make one of the products.", Key: h.Key()}
	for _, o := range orgs {
		in.Orgs = append(in.Orgs, o.ID())
	}
	h.OK(h.Write(town.Dora, func(tx *db.Tx) (err error) {
		parties, _, err = h.Cases.Invite(tx, id, in)
		return err
	}))
	return parties
}

// accept agrees to whatever is offered and takes part.
func accept(h *town.Town, person, party string, people ...string) {
	h.T.Helper()
	in := town.Must(h, person, func(v *db.View) (cases.Invitation, error) { return h.Cases.Invitation(v, party) })
	h.OK(h.Write(person, func(tx *db.Tx) error {
		return h.Cases.Accept(tx, party, cases.Acceptance{People: people, Agree: in.Offer.Digest()})
	}))
}

func caseOf(h *town.Town, person, id string) cases.Case {
	h.T.Helper()
	return town.Must(h, person, func(v *db.View) (cases.Case, error) { return h.Cases.Case(v, id) })
}

func parties(h *town.Town, person, id string) map[string]cases.Party {
	h.T.Helper()
	out := map[string]cases.Party{}
	for _, p := range town.Must(h, person, func(v *db.View) ([]cases.Party, error) { return h.Cases.Parties(v, id) }) {
		out[p.Org] = p
	}
	return out
}

// propose proposes an embargo and returns the proposal.
func propose(h *town.Town, person, id string, until time.Time) (q string) {
	h.T.Helper()
	h.OK(h.Write(person, func(tx *db.Tx) (err error) {
		q, _, err = h.Cases.Propose(tx, id, cases.NewProposal{Until: until, Key: h.Key()})
		return err
	}))
	return q
}

func accepting(h *town.Town, person, q string) error {
	return h.Write(person, func(tx *db.Tx) error { return h.Cases.AcceptProposal(tx, q) })
}

// who is asked in sees the embargo's terms and nothing of the case until
// they agree to exactly those; nobody else learns that they are asked.
func TestR065Invitation(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		id := h.Case(town.Dora, cases.NewCase{Title: "Library flaw", Summary: "Secret of the case", Maker: town.Pump.ID()})
		pump := parties(h, town.Dora, id)[town.Pump.ID()].ID
		accept(h, town.Pia, pump, town.Paz)
		q := propose(h, town.Dora, id, town.Epoch.AddDate(0, 0, 30))
		h.OK(accepting(h, town.Dora, q))
		monitor := ask(h, id, cases.Vendor, town.Monitor, town.Supply)[0]

		if err := readable(h, town.Max, id); !fault.Is(err, fault.Missing) {
			t.Errorf("an invited vendor reads the case: %v", err)
		}
		for _, who := range []string{town.Pia, town.Wim, town.Fay, ""} {
			if _, err := town.Read(h, who, func(v *db.View) (cases.Party, error) { return h.Cases.Party(v, monitor) }); !fault.Is(err, fault.Missing) {
				t.Errorf("%s learns that Monitor is asked: %v", who, err)
			}
			if _, err := town.Read(h, who, func(v *db.View) (cases.Invitation, error) { return h.Cases.Invitation(v, monitor) }); !fault.Is(err, fault.Missing) {
				t.Errorf("%s opens Monitor's invitation: %v", who, err)
			}
		}
		if ps := parties(h, town.Pia, id); len(ps) != 1 {
			t.Errorf("a party sees %d parties while two are asked", len(ps))
		}
		// Neither does the party's circle give it away.
		circle := parties(h, town.Dora, id)[town.Monitor.ID()].Circle
		for who, want := range map[string]bool{town.Pia: false, town.Dora: true} {
			err := h.DB.Read(h.Ctx, h.As(who), func(v *db.View) error {
				return h.Members.CheckAudience(v, policy.NewAudience(policy.OfCircle(circle)))
			})
			if (err == nil) != want {
				t.Errorf("%s names the circle of an invited party: %v", who, err)
			}
		}
		ins := town.Must(h, town.Max, func(v *db.View) ([]cases.Invitation, error) { return h.Cases.Invitations(v) })
		if len(ins) != 1 || ins[0].Party != monitor || ins[0].Role != cases.Vendor || !ins[0].Offer.Until.Equal(town.Epoch.AddDate(0, 0, 30)) || ins[0].Coordinator != "Dora Desk" || ins[0].Case != (cases.Case{ID: id}).Short() {
			t.Fatalf("the invitation: %+v", ins)
		}
		see := func() error {
			return h.Write(town.Max, func(tx *db.Tx) error { return h.Cases.SeeInvitation(tx, monitor) })
		}
		h.OK(see())
		town.Wants(t, see(), fault.Conflict, "")
		if p := parties(h, town.Dora, id)[town.Monitor.ID()]; p.Seen.IsZero() {
			t.Error("the desk does not see that the invitation was opened")
		}

		yes := func(who string, a cases.Acceptance) error {
			return h.Write(who, func(tx *db.Tx) error { return h.Cases.Accept(tx, monitor, a) })
		}
		town.Wants(t, yes(town.Max, cases.Acceptance{}), fault.Invalid, "agree")
		town.Wants(t, yes(town.Max, cases.Acceptance{Agree: "other"}), fault.Conflict, "")
		town.Wants(t, yes(town.Wim, cases.Acceptance{}), fault.Missing, "")
		agree := ins[0].Offer.Digest()
		town.Wants(t, yes(town.Max, cases.Acceptance{Agree: agree, People: []string{town.Wim}}), fault.Invalid, "people")
		// The terms change: Pump agrees to a longer embargo, and what Max read does not hold.
		longer := propose(h, town.Pia, id, town.Epoch.AddDate(0, 0, 40))
		h.OK(accepting(h, town.Dora, longer))
		town.Wants(t, yes(town.Max, cases.Acceptance{Agree: agree}), fault.Conflict, "")
		accept(h, town.Max, monitor, town.Mia)
		for _, who := range []string{town.Max, town.Mia} {
			if k := caseOf(h, who, id); k.Summary != "Secret of the case" {
				t.Errorf("%s reads %q", who, k.Summary)
			}
		}
		if ps := parties(h, town.Pia, id); len(ps) != 2 || ps[town.Monitor.ID()].Fix != "Vfd" || ps[town.Monitor.ID()].RM != "received" {
			t.Errorf("after acceptance the others see %+v", ps)
		}
		if err := readable(h, town.Sue, id); !fault.Is(err, fault.Missing) {
			t.Errorf("Sue, who has not answered, reads the case: %v", err)
		}
		threads := town.Must(h, town.Mia, func(v *db.View) ([]cases.Thread, error) { return h.Cases.Threads(v, id) })
		if len(threads) != 1 || !threads[0].Official {
			t.Errorf("Mia's threads: %+v", threads)
		}
	})
}

func TestInviteRefuses(t *testing.T) {
	h := town.New(t, "")
	id := h.Case(town.Dora, cases.NewCase{Title: "X", Maker: town.Pump.ID()})
	own := h.Case(town.Pia, cases.NewCase{Title: "Y"})
	for _, c := range []struct {
		name, by, id string
		in           cases.NewInvitation
		kind         fault.Kind
		field        string
	}{
		{"nobody", town.Dora, id, cases.NewInvitation{Role: cases.Vendor}, fault.Invalid, "orgs"},
		{"too many", town.Dora, id, cases.NewInvitation{Role: cases.Vendor, Orgs: make([]string, 501)}, fault.Invalid, "orgs"},
		{"one there is not", town.Dora, id, cases.NewInvitation{Role: cases.Vendor, Orgs: []string{"org_NONE"}}, fault.Invalid, "orgs"},
		{"one twice", town.Dora, id, cases.NewInvitation{Role: cases.Vendor, Orgs: []string{town.Monitor.ID(), town.Monitor.ID()}}, fault.Invalid, "orgs"},
		{"one that is asked already", town.Dora, id, cases.NewInvitation{Role: cases.Vendor, Orgs: []string{town.Pump.ID()}}, fault.Invalid, "orgs"},
		{"an agency", town.Dora, id, cases.NewInvitation{Role: cases.Other, Orgs: []string{town.Fda.ID()}}, fault.Invalid, "orgs"},
		{"as an agency", town.Dora, id, cases.NewInvitation{Role: cases.Government, Orgs: []string{town.Monitor.ID()}}, fault.Invalid, "role"},
		{"as a king", town.Dora, id, cases.NewInvitation{Role: "king", Orgs: []string{town.Monitor.ID()}}, fault.Invalid, "role"},
		{"into a private case", town.Pia, own, cases.NewInvitation{Role: cases.Vendor, Orgs: []string{town.Monitor.ID()}}, fault.Conflict, ""},
		{"by a stranger", town.Max, id, cases.NewInvitation{Role: cases.Vendor, Orgs: []string{town.Monitor.ID()}}, fault.Missing, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			town.Wants(t, h.Write(c.by, func(tx *db.Tx) error { _, _, err := h.Cases.Invite(tx, c.id, c.in); return err }), c.kind, c.field)
		})
	}
}

// A party's end: declined, removed, left, asked again; one's own seats; and
// access that ends by itself with membership.
func TestPartyEnds(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		id := h.Case(town.Dora, cases.NewCase{Title: "Library flaw", Maker: town.Pump.ID()})
		accept(h, town.Pia, parties(h, town.Dora, id)[town.Pump.ID()].ID, town.Pol)
		ps := ask(h, id, cases.Vendor, town.Monitor, town.Supply, town.Clinic)
		monitor, supply, clinic := ps[0], ps[1], ps[2]
		do := func(who string, fn func(tx *db.Tx) error) error { return h.Write(who, fn) }

		town.Wants(t, do(town.Sue, func(tx *db.Tx) error { return h.Cases.Decline(tx, supply, "") }), fault.Invalid, "reason")
		h.OK(do(town.Sue, func(tx *db.Tx) error { return h.Cases.Decline(tx, supply, "Not our part.") }))
		town.Wants(t, do(town.Sue, func(tx *db.Tx) error { return h.Cases.Accept(tx, supply, cases.Acceptance{}) }), fault.Missing, "")
		h.OK(do(town.Dora, func(tx *db.Tx) error { return h.Cases.Remove(tx, clinic, "Asked by mistake.") }))
		if got := parties(h, town.Dora, id); got[town.Supply.ID()].State != cases.Declined || got[town.Clinic.ID()].State != cases.Removed {
			t.Errorf("%+v", got)
		}
		if got := parties(h, town.Pia, id); len(got) != 1 {
			t.Errorf("Pump learns of %d", len(got))
		}
		again := ask(h, id, cases.Vendor, town.Supply)[0]
		if again != supply {
			t.Error("asking again makes another party")
		}
		accept(h, town.Sue, supply)

		accept(h, town.Max, monitor)
		h.OK(do(town.Max, func(tx *db.Tx) error { return h.Cases.Seat(tx, id, []string{town.Mia}) }))
		town.Wants(t, do(town.Max, func(tx *db.Tx) error { return h.Cases.Seat(tx, id, []string{town.Fay}) }), fault.Invalid, "people")
		town.Wants(t, do(town.Max, func(tx *db.Tx) error { return h.Cases.Seat(tx, id, []string{town.Pia}) }), fault.Invalid, "people")
		h.OK(do(town.Mia, func(tx *db.Tx) error { return h.Cases.Unseat(tx, id, town.Max, "On holiday.") }))
		if err := readable(h, town.Max, id); !fault.Is(err, fault.Missing) {
			t.Errorf("Max reads without a seat: %v", err)
		}
		town.Wants(t, do(town.Mia, func(tx *db.Tx) error { return h.Cases.Unseat(tx, id, town.Mia, "") }), fault.Conflict, "")
		h.OK(do(town.Mia, func(tx *db.Tx) error { return h.Cases.Leave(tx, id, "We make no such part.") }))
		for _, who := range []string{town.Max, town.Mia} {
			if err := readable(h, who, id); !fault.Is(err, fault.Missing) {
				t.Errorf("%s reads after leaving: %v", who, err)
			}
		}
		h.OK(do(town.Dora, func(tx *db.Tx) error { return h.Cases.Remove(tx, supply, "Broke the embargo.") }))
		if err := readable(h, town.Sue, id); !fault.Is(err, fault.Missing) {
			t.Errorf("a removed party reads: %v", err)
		}

		// Pol leaves the organization, then Pump loses its standing: both stop reading at once.
		h.OK(readable(h, town.Pol, id))
		h.OK(h.System("test", func(tx *db.Tx) error { return h.Members.SuspendPerson(tx, town.Pol, "Left us.") }))
		if err := readable(h, town.Pol, id); !fault.Is(err, fault.Missing) {
			t.Errorf("a suspended person reads: %v", err)
		}
		h.OK(readable(h, town.Pia, id))
		h.OK(h.System("test", func(tx *db.Tx) error { return h.Members.Suspend(tx, town.Pump.ID(), "Fees were not paid.") }))
		if err := readable(h, town.Pia, id); !fault.Is(err, fault.Missing) {
			t.Errorf("people of a suspended member read: %v", err)
		}
	})
}

// An organization that the case's label names loses that too when it leaves.
func TestLeaveEndsNamedAccess(t *testing.T) {
	h := town.New(t, "")
	id := h.Case(town.Dora, cases.NewCase{Title: "Library flaw", Maker: town.Pump.ID(), Label: town.Label(policy.Amber, town.Pump, h.Desk)})
	accept(h, town.Pia, parties(h, town.Dora, id)[town.Pump.ID()].ID)
	h.OK(readable(h, town.Pol, id))
	h.OK(h.Write(town.Pia, func(tx *db.Tx) error { return h.Cases.Leave(tx, id, "Sold the product.") }))
	for _, who := range []string{town.Pia, town.Pol} {
		if err := readable(h, who, id); !fault.Is(err, fault.Missing) {
			t.Errorf("%s: %v", who, err)
		}
	}
	threads := town.Must(h, town.Pol, func(v *db.View) ([]cases.Thread, error) { return h.Cases.Threads(v, id) })
	if len(threads) != 0 {
		t.Errorf("the official thread stays open to it: %+v", threads)
	}
	h.OK(readable(h, town.Dan, id))
}

// The report-management machine of a party, its answer, word, fix and
// statement.
func TestPartyReport(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		id := h.Case(town.Dora, cases.NewCase{Title: "Library flaw", Maker: town.Pump.ID()})
		accept(h, town.Pia, parties(h, town.Dora, id)[town.Pump.ID()].ID)
		do := func(who string, fn func(tx *db.Tx) error) error { h.Clock.Add(time.Minute); return h.Write(who, fn) }
		own := func() cases.Party { return parties(h, town.Pia, id)[town.Pump.ID()] }

		h.OK(do(town.Pia, func(tx *db.Tx) error { return h.Cases.Acknowledge(tx, id) }))
		answered := own().Answered
		if answered.IsZero() {
			t.Error("acknowledging is no answer")
		}
		town.Wants(t, do(town.Pia, func(tx *db.Tx) error { return h.Cases.Acknowledge(tx, id) }), fault.Conflict, "")
		town.Wants(t, do(town.Dora, func(tx *db.Tx) error { return h.Cases.Acknowledge(tx, id) }), fault.Forbidden, "")
		town.Wants(t, do(town.Max, func(tx *db.Tx) error { return h.Cases.Acknowledge(tx, id) }), fault.Missing, "")
		for _, c := range []struct {
			e    vultron.ReportEvent
			why  string
			want string
			kind fault.Kind
		}{
			{vultron.Accept, "", "", fault.Conflict}, {vultron.Invalidate, "", "", fault.Invalid}, {vultron.Receive, "", "", fault.Invalid}, {"shout", "", "", fault.Conflict},
			{vultron.Invalidate, "Not seen here.", "invalid", ""}, {vultron.Validate, "", "valid", ""}, {vultron.Accept, "", "accepted", ""},
			{vultron.Defer, "Next quarter.", "deferred", ""}, {vultron.Accept, "", "accepted", ""}, {vultron.Close, "Fixed.", "closed", ""}, {vultron.Accept, "", "", fault.Conflict},
		} {
			was := own().RM
			err := do(town.Pia, func(tx *db.Tx) error { return h.Cases.Handle(tx, id, c.e, c.why) })
			if c.kind != "" {
				town.Wants(t, err, c.kind, "")
				if own().RM != was {
					t.Errorf("refused %s moved the report to %s", c.e, own().RM)
				}
			} else if h.OK(err); own().RM != c.want {
				t.Errorf("%s: %s, want %s", c.e, own().RM, c.want)
			}
		}
		if !own().Answered.Equal(answered) {
			t.Error("the first answer was moved")
		}
		h.OK(do(town.Pia, func(tx *db.Tx) error { _, _, err := h.Cases.Update(tx, id, "The patch is in test.", "k"); return err }))
		h.OK(do(town.Pia, func(tx *db.Tx) error { _, _, err := h.Cases.Update(tx, id, "The patch is in test.", "k"); return err }))
		if th := town.Must(h, town.Dora, func(v *db.View) ([]cases.Thread, error) { return h.Cases.Threads(v, id) }); th[0].Posts != 2 {
			t.Errorf("the word stands %d times in the official thread", th[0].Posts-1)
		}
		plan := town.Epoch.AddDate(0, 1, 0)
		h.OK(do(town.Pia, func(tx *db.Tx) error { return h.Cases.PlanFix(tx, id, plan) }))
		town.Wants(t, do(town.Pia, func(tx *db.Tx) error { return h.Cases.MoveFix(tx, id, vultron.FixDeployed) }), fault.Conflict, "")
		town.Wants(t, do(town.Pia, func(tx *db.Tx) error { return h.Cases.MoveFix(tx, id, vultron.PublicAware) }), fault.Invalid, "event")
		h.OK(do(town.Pia, func(tx *db.Tx) error { return h.Cases.MoveFix(tx, id, vultron.FixReady) }))
		h.OK(do(town.Pia, func(tx *db.Tx) error { return h.Cases.MoveFix(tx, id, vultron.FixDeployed) }))
		town.Wants(t, do(town.Pia, func(tx *db.Tx) error { return h.Cases.MoveFix(tx, id, vultron.FixReady) }), fault.Conflict, "")
		h.OK(do(town.Pia, func(tx *db.Tx) error { return h.Cases.Declare(tx, id, "Update to 5.2.") }))
		if p := own(); p.Fix != "VFD" || !p.Planned.Equal(plan) || p.Words != "Update to 5.2." || p.Updated.Before(answered) {
			t.Errorf("%+v", p)
		}
	})
}

// 500 may be asked in at once, with one entry each, and once for a key.
func TestInviteMany(t *testing.T) {
	h := town.New(t, "")
	id := h.Case(town.Dora, cases.NewCase{Title: "Library flaw"})
	orgs := crowd(h, 121)
	in := cases.NewInvitation{Orgs: orgs, Role: cases.Vendor, Key: "many"}
	for range 2 {
		var made []string
		h.OK(h.Write(town.Dora, func(tx *db.Tx) (err error) {
			made, _, err = h.Cases.Invite(tx, id, in)
			return err
		}))
		if len(made) != len(orgs) {
			t.Fatalf("%d parties", len(made))
		}
	}
	if n := len(parties(h, town.Dora, id)); n != 121 {
		t.Errorf("%d parties", n)
	}
	h.OK(h.DB.Read(h.Ctx, h.As(town.Dora), func(v *db.View) error {
		es, err := h.Ledger.About(v, id, 1000)
		n := 0
		for _, e := range es {
			if e.Verb == "party.invited" {
				n++
			}
		}
		if n != 121 {
			t.Errorf("%d entries for 121 invitations", n)
		}
		return err
	}))
}

// T-01: two worlds that differ only in who else was asked in, opened the
// invitation, was talked about and declined look the same to a party: its case,
// parties, matrix, timeline, proposals, statuses and next step.
func TestTwinInvitations(t *testing.T) {
	h := town.New(t, "")
	id := h.Case(town.Dora, cases.NewCase{Title: "Library flaw", Maker: town.Pump.ID()})
	accept(h, town.Pia, parties(h, town.Dora, id)[town.Pump.ID()].ID)
	u := vulnerability(h, town.Dora, id, "Overflow")
	h.OK(accepting(h, town.Dora, propose(h, town.Dora, id, town.Epoch.AddDate(0, 0, 30))))
	look := func() string {
		return town.Must(h, town.Pia, func(v *db.View) (string, error) {
			k, err := h.Cases.Case(v, id)
			h.OK(err)
			ps, err := h.Cases.Parties(v, id)
			h.OK(err)
			m, err := h.Cases.Matrix(v, id)
			h.OK(err)
			ms, next, err := h.Cases.Timeline(v, id, 0, 100)
			h.OK(err)
			qs, err := h.Cases.Proposals(v, id)
			h.OK(err)
			ss, err := h.Cases.CaseStatuses(v, id)
			h.OK(err)
			step, err := h.Cases.Next(v, k)
			h.OK(err)
			who, err := h.Members.Addressees(v)
			h.OK(err)
			return fmt.Sprintf("%+v\n%+v\n%+v\n%+v %d\n%+v\n%+v\n%+v\n%+v", k, ps, m, ms, next, qs, ss, step, who.Circles), nil
		})
	}
	before := look()
	same := func(what string) {
		t.Helper()
		if diff := cmp.Diff(before, look()); diff != "" {
			t.Errorf("after %s: %s", what, diff)
		}
	}
	made := ask(h, id, cases.Vendor, town.Monitor, town.Supply)
	same("asking two in")
	h.OK(h.Write(town.Max, func(tx *db.Tx) error { return h.Cases.SeeInvitation(tx, made[0]) }))
	same("opening the invitation")
	h.OK(h.Write(town.Dora, func(tx *db.Tx) error {
		return h.Cases.SetStatuses(tx, made[0], []cases.NewStatus{{Vulnerability: u, Status: cases.StatusAffected}}, "A call.")
	}))
	same("a status of one of them")
	h.OK(h.Write(town.Max, func(tx *db.Tx) error { return h.Cases.Decline(tx, made[0], "No.") }))
	same("declining")
	h.OK(h.Write(town.Dora, func(tx *db.Tx) error { return h.Cases.Remove(tx, made[1], "No answer.") }))
	same("taking an invitation back")
	ask(h, id, cases.Vendor, town.Monitor)
	same("asking again")
}

// crowd seeds organizations, each with one recipient whose id is that of the
// organization with person_ for org_.
func crowd(h *town.Town, n int) (orgs []string) {
	h.T.Helper()
	h.OK(h.System("test", func(tx *db.Tx) error {
		for i := range n {
			org := fmt.Sprintf("org_CROWD%03d", i)
			if _, err := h.Members.SeedOrganization(tx, org, town.Profile(fmt.Sprintf("Crowd %03d", i), policy.Vendor)); err != nil {
				return err
			}
			if _, err := h.Members.SeedPerson(tx, "person_CROWD"+org[len("org_CROWD"):], org, recipient(fmt.Sprintf("Crowd Person %03d", i))); err != nil {
				return err
			}
			orgs = append(orgs, org)
		}
		return nil
	}))
	return orgs
}
