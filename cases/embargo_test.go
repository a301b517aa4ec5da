package cases_test

import (
	"testing"
	"time"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/formats/vultron"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/members"
	"pgregory.net/rapid"
)

func recipient(name string) members.NewPerson {
	return members.NewPerson{Name: name, Title: "Engineer", Recipient: true, Listed: true}
}

// joint is a desk's case in which Pump and Monitor take part as vendors.
func joint(h *town.Town) string {
	h.T.Helper()
	id := h.Case(town.Dora, cases.NewCase{Title: "Library flaw", Maker: town.Pump.ID()})
	accept(h, town.Pia, parties(h, town.Dora, id)[town.Pump.ID()].ID)
	accept(h, town.Max, ask(h, id, cases.Vendor, town.Monitor)[0])
	return id
}

// without an end the embargo is the default, 45 calendar days from the
// first attempted contact, and who is silent accepts it. The contact counts when
// it is attempted, not when it is answered.
func TestR062Default(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		id := h.Case(town.Dora, cases.NewCase{Title: "Library flaw", Maker: town.Pump.ID()})
		contact := h.Clock.Now()
		h.Clock.Add(72 * time.Hour)
		accept(h, town.Pia, parties(h, town.Dora, id)[town.Pump.ID()].ID)
		q := propose(h, town.Dora, id, time.Time{})
		h.OK(accepting(h, town.Dora, q))
		due, err := vultron.EmbargoExpiry(contact, time.Time{}, 0, nil)
		h.OK(err)
		k := caseOf(h, town.Pia, id)
		if !k.Contacted.Equal(contact) || !k.Embargo.Until.Equal(due.At.Truncate(time.Microsecond)) || k.Embargo.State != "active" || !k.Embargo.In(h.Clock.Now()) {
			t.Errorf("%+v, want until %s", k, due.At)
		}
	})
}

// the shortest proposal wins; the longer stays as a proposal to revise;
// beyond the default every vendor must agree; a rejected revision leaves the
// embargo as it was.
func TestR064Shortest(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		id := joint(h)
		short, long := town.Epoch.AddDate(0, 0, 60), town.Epoch.AddDate(0, 0, 90)
		a, b := propose(h, town.Pia, id, long), propose(h, town.Max, id, short)
		town.Wants(t, accepting(h, town.Dora, a), fault.Conflict, "")
		town.Wants(t, accepting(h, town.Max, b), fault.Forbidden, "")
		// Pump proposed 90 days: it agrees to 60 too, by the rule.
		h.OK(accepting(h, town.Dora, b))
		k := caseOf(h, town.Max, id)
		if k.Embargo.State != "revise" || !k.Embargo.Until.Equal(short) {
			t.Errorf("%+v", k.Embargo)
		}
		town.Wants(t, accepting(h, town.Dora, a), fault.Conflict, "") // Monitor has not agreed
		town.Wants(t, h.Write(town.Max, func(tx *db.Tx) error { return h.Cases.RejectProposal(tx, a, "No.") }), fault.Forbidden, "")
		h.OK(h.Write(town.Dora, func(tx *db.Tx) error { return h.Cases.RejectProposal(tx, a, "Too long.") }))
		if k := caseOf(h, town.Max, id); k.Embargo.State != "active" || !k.Embargo.Until.Equal(short) {
			t.Errorf("a rejected revision changed %+v", k.Embargo)
		}
		c := propose(h, town.Pia, id, long)
		h.OK(h.Write(town.Max, func(tx *db.Tx) error { return h.Cases.Consent(tx, c) }))
		town.Wants(t, h.Write(town.Max, func(tx *db.Tx) error { return h.Cases.Consent(tx, c) }), fault.Conflict, "")
		h.OK(accepting(h, town.Dora, c))
		if k := caseOf(h, town.Max, id); k.Embargo.State != "active" || !k.Embargo.Until.Equal(long) {
			t.Errorf("%+v", k.Embargo)
		}
		// The first embargo beyond the default needs everybody, too.
		other := joint(h)
		town.Wants(t, accepting(h, town.Dora, propose(h, town.Dora, other, long)), fault.Conflict, "")
	})
}

func TestProposeRefuses(t *testing.T) {
	h := town.New(t, "")
	id := joint(h)
	try := func(who string, until time.Time) error {
		return h.Write(who, func(tx *db.Tx) error {
			_, _, err := h.Cases.Propose(tx, id, cases.NewProposal{Until: until})
			return err
		})
	}
	town.Wants(t, try(town.Pia, h.Clock.Now()), fault.Invalid, "until")
	town.Wants(t, try(town.Pia, h.Clock.Now().AddDate(2, 0, 0)), fault.Invalid, "until")
	town.Wants(t, try(town.Sue, time.Time{}), fault.Missing, "")
	h.OK(h.Write(town.Dora, func(tx *db.Tx) error {
		return h.Cases.Happened(tx, id, vultron.PublicAware, h.Clock.Now(), "A blog.")
	}))
	town.Wants(t, try(town.Pia, time.Time{}), fault.Conflict, "")
}

// what is public ends the embargo in the same write and is known to
// every vendor; attacks put a question; nothing is taken back.
func TestR063Events(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		happened := func(id string, e vultron.CaseEvent) error {
			return h.Write(town.Dora, func(tx *db.Tx) error { return h.Cases.Happened(tx, id, e, h.Clock.Now(), "A mailing list.") })
		}
		id := joint(h)
		ask(h, id, cases.Vendor, town.Supply)
		h.OK(accepting(h, town.Dora, propose(h, town.Dora, id, time.Time{})))
		town.Wants(t, h.Write(town.Pia, func(tx *db.Tx) error {
			return h.Cases.Happened(tx, id, vultron.PublicAware, h.Clock.Now(), "Us.")
		}), fault.Forbidden, "")
		h.OK(happened(id, vultron.Attacks))
		open := func() (q cases.Proposal) {
			for _, p := range town.Must(h, town.Dora, func(v *db.View) ([]cases.Proposal, error) { return h.Cases.Proposals(v, id) }) {
				if p.Kind == "decision" && p.State == "open" {
					q = p
				}
			}
			return q
		}
		q := open()
		if !q.Until.Equal(h.Clock.Now().Add(24 * time.Hour)) {
			t.Errorf("the question is due %s", q.Until)
		}
		if s := town.Must(h, town.Dora, func(v *db.View) (cases.Step, error) { return h.Cases.Next(v, caseOf(h, town.Dora, id)) }); s.Action != cases.DoDecideEmbargo && s.Action != cases.DoClock {
			t.Errorf("next for the desk: %+v", s)
		}
		town.Wants(t, happened(id, vultron.Attacks), fault.Conflict, "")
		h.OK(h.Write(town.Dora, func(tx *db.Tx) error { return h.Cases.Keep(tx, q.ID, "Few targets; the fix is days away.") }))
		if k := caseOf(h, town.Pia, id); !k.Embargo.In(h.Clock.Now()) || k.Letters() != "pxA" {
			t.Errorf("%+v %s", k.Embargo, k.Letters())
		}
		h.OK(h.Write(town.Dora, func(tx *db.Tx) error { return h.Cases.Breached(tx, id, vultron.AdversaryExploit, "A market place.") }))
		if open().ID == "" {
			t.Error("no question about an adversary's exploit")
		}
		h.OK(happened(id, vultron.ExploitPublic))
		k := caseOf(h, town.Pia, id)
		if k.Embargo.State != "exited" || k.Embargo.In(h.Clock.Now()) || k.Letters() != "PXA" || open().ID != "" {
			t.Errorf("%+v %s, open %+v", k.Embargo, k.Letters(), open())
		}
		if p := parties(h, town.Dora, id)[town.Supply.ID()]; p.Fix != "Vfd" || !p.Offer.Until.IsZero() {
			t.Errorf("a vendor asked in is %s, offered %+v", p.Fix, p.Offer)
		}
		// Public before an embargo is in force: the proposal falls.
		other := joint(h)
		late := propose(h, town.Pia, other, time.Time{})
		h.OK(happened(other, vultron.PublicAware))
		if k := caseOf(h, town.Pia, other); k.Embargo.State != "none" {
			t.Errorf("%+v", k.Embargo)
		}
		town.Wants(t, accepting(h, town.Dora, late), fault.Conflict, "")
	})
}

// The machine of domain section c as a model: whatever is done in whatever order
// by whomever, the case's embargo goes only along the table, a refusal changes
// nothing, and what the embargo forbids follows from its terms alone.
func TestEmbargoModel(t *testing.T) {
	h := town.New(t, "")
	rapid.Check(t, func(rt *rapid.T) {
		h.Clock.Add(time.Hour)
		id := joint(h)
		allowed := map[string]bool{}
		for _, r := range vultron.Embargo.Table() {
			allowed[string(r.From)+" "+string(r.To)] = true
		}
		// What one act may do in two steps of the table: the proposals that stay
		// open after a decision are proposed anew.
		allowed["proposed revise"] = true // accept, then propose
		var proposals []string
		for range rapid.IntRange(3, 12).Draw(rt, "acts") {
			before := caseOf(h, town.Dora, id).Embargo
			act := rapid.SampledFrom([]string{"propose", "propose", "accept", "accept", "reject", "consent", "terminate", "pass", "public", "wait"}).Draw(rt, "act")
			who := rapid.SampledFrom([]string{town.Dora, town.Pia, town.Max}).Draw(rt, "who")
			q := ""
			if len(proposals) > 0 {
				q = rapid.SampledFrom(proposals).Draw(rt, "proposal")
			}
			until := h.Clock.Now().AddDate(0, 0, rapid.IntRange(1, 80).Draw(rt, "days"))
			err := func() error {
				switch act {
				case "wait":
					h.Clock.Add(time.Duration(rapid.IntRange(1, 20).Draw(rt, "wait")) * 24 * time.Hour)
					return nil
				case "pass":
					if n := 0; h.System("cases", func(tx *db.Tx) (err error) {
						n, err = h.Cases.EndEmbargoes(tx)
						if err == nil && n == 0 {
							err = fault.Conflictf("nothing")
						}
						return err
					}) != nil {
						return fault.Conflictf("nothing to end")
					}
					return nil
				}
				return h.Write(who, func(tx *db.Tx) error {
					switch act {
					case "propose":
						made, _, err := h.Cases.Propose(tx, id, cases.NewProposal{Until: until})
						if err == nil {
							proposals = append(proposals, made)
						}
						return err
					case "accept":
						return h.Cases.AcceptProposal(tx, q)
					case "reject":
						return h.Cases.RejectProposal(tx, q, "No.")
					case "consent":
						return h.Cases.Consent(tx, q)
					case "terminate":
						return h.Cases.Terminate(tx, id, "Enough.")
					default:
						return h.Cases.Happened(tx, id, vultron.PublicAware, tx.Now(), "News.")
					}
				})
			}()
			after := caseOf(h, town.Dora, id).Embargo
			if err != nil && fault.KindOf(err) == fault.Internal {
				rt.Fatalf("%s: %v", act, err)
			}
			if err != nil && before != after {
				rt.Fatalf("%s was refused (%v) and changed %+v to %+v", act, err, before, after)
			}
			if before.State != after.State && !allowed[before.State+" "+after.State] {
				rt.Fatalf("%s by %s took the embargo from %s to %s", act, who, before.State, after.State)
			}
			if act == "consent" && before != after {
				rt.Fatal("a consent changed the embargo")
			}
			now := h.Clock.Now()
			bound := vultron.EmbargoState(after.State).InForce() && now.Before(after.Until)
			if after.In(now) != bound && !(after.State == "exited" && now.Before(after.Until) == false) {
				rt.Fatalf("%+v binds at %s: %t", after, now, after.In(now))
			}
			if !before.From.IsZero() && (!after.From.Equal(before.From)) {
				rt.Fatal("the embargo's beginning moved")
			}
			open := 0
			for _, p := range town.Must(h, town.Dora, func(v *db.View) ([]cases.Proposal, error) { return h.Cases.Proposals(v, id) }) {
				if p.Kind == "proposal" && p.State == "open" {
					open++
				}
			}
			if wants := after.State == "proposed" || after.State == "revise"; wants != (open > 0) {
				rt.Fatalf("%s with %d open proposals", after.State, open)
			}
		}
	})
}

// T-26: the clock jumps by seconds, hours, a day and ten years, also backwards,
// and the pass runs whenever it likes: whoever asks at an instant before the
// embargo's end is told that it holds, and at or after it that it does not.
func TestT26EmbargoJumps(t *testing.T) {
	h := town.New(t, "")
	id := joint(h)
	until := town.Epoch.AddDate(0, 0, 30)
	h.OK(accepting(h, town.Dora, propose(h, town.Dora, id, until)))
	for _, to := range []cases.Stage{cases.Notified, cases.Analysis, cases.PreDisclosure} {
		h.OK(h.Write(town.Dora, func(tx *db.Tx) error { return h.Cases.Move(tx, id, to, "") }))
	}
	starts := h.Clock.Now()
	rapid.Check(t, func(rt *rapid.T) {
		for range rapid.IntRange(1, 8).Draw(rt, "jumps") {
			var at time.Time
			if rapid.Bool().Draw(rt, "near") {
				at = until.Add(rapid.SampledFrom([]time.Duration{-time.Microsecond, 0, time.Microsecond, -time.Second, time.Second, -time.Hour, time.Hour, -24 * time.Hour, 24 * time.Hour}).Draw(rt, "off"))
			} else {
				at = h.Clock.Now().Add(rapid.SampledFrom([]time.Duration{time.Second, -time.Second, time.Hour, -time.Hour, 24 * time.Hour, -24 * time.Hour, 3653 * 24 * time.Hour, -3653 * 24 * time.Hour}).Draw(rt, "jump"))
			}
			if at.Before(starts) || at.After(starts.AddDate(30, 0, 0)) {
				at = starts
			}
			h.Clock.Set(at)
			if rapid.Bool().Draw(rt, "pass") {
				_ = h.System("cases", func(tx *db.Tx) error { _, err := h.Cases.EndEmbargoes(tx); return err }) // a pass that finds nothing writes nothing
			}
			now := h.Clock.Now()
			if k := caseOf(h, town.Dora, id); k.Embargo.In(now) != now.Before(until) {
				rt.Fatalf("at %s, %s from the end: in force %t (%+v)", now, until.Sub(now), k.Embargo.In(now), k.Embargo)
			}
			if now.Before(until) {
				if err := h.Write(town.Dora, func(tx *db.Tx) error { return h.Cases.Move(tx, id, cases.Published, "") }); !fault.Is(err, fault.Conflict) {
					rt.Fatalf("published at %s, before the end: %v", now, err)
				}
			}
		}
	})
	h.Clock.Set(until)
	h.OK(h.Write(town.Dora, func(tx *db.Tx) error { return h.Cases.Move(tx, id, cases.Published, "") }))
}

// The pass records an end once, and drops proposals whose end has passed.
func TestEndEmbargoes(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		id, other := joint(h), joint(h)
		until := town.Epoch.AddDate(0, 0, 10)
		h.OK(accepting(h, town.Dora, propose(h, town.Dora, id, until)))
		stale := propose(h, town.Pia, other, until)
		pass := func() (n int) {
			_ = h.System("cases", func(tx *db.Tx) (err error) { n, err = h.Cases.EndEmbargoes(tx); return err })
			return n
		}
		h.Clock.Set(until.Add(-time.Microsecond))
		if n := pass(); n != 0 {
			t.Errorf("%d ended early", n)
		}
		h.Clock.Set(until)
		if n := pass(); n != 2 {
			t.Errorf("%d ended, want the embargo and the proposal", n)
		}
		if n := pass(); n != 0 {
			t.Errorf("%d ended twice", n)
		}
		if k := caseOf(h, town.Pia, id); k.Embargo.State != "exited" || !k.Embargo.Ended.Equal(until) {
			t.Errorf("%+v", k.Embargo)
		}
		if k := caseOf(h, town.Pia, other); k.Embargo.State != "none" {
			t.Errorf("%+v", k.Embargo)
		}
		town.Wants(t, accepting(h, town.Dora, stale), fault.Conflict, "")
	})
}
