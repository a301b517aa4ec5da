package cases_test

import (
	"testing"
	"time"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/policy"
)

func readable(h *town.Town, person, id string) error {
	_, err := town.Read(h, person, func(v *db.View) (cases.Case, error) { return h.Cases.Case(v, id) })
	return err
}

// A manufacturer's case is its own until it shares it; the desk's is the desk's
// and, once it accepts, the manufacturer's. Nobody else finds it.
func TestOpen(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		own := h.Case(town.Pia, cases.NewCase{Title: "Open port in A4", LearnedAt: town.Epoch.Add(-time.Hour)})
		shared := h.Case(town.Paz, cases.NewCase{Title: "Hard-coded password in A5", Label: town.Label(policy.Amber, h.Desk)})
		desk := h.Case(town.Dora, cases.NewCase{Title: "Library flaw", Maker: town.Pump.ID(), LearnedAt: town.Epoch.Add(-time.Hour)})
		for _, c := range []struct {
			who                string
			own, shared, desks bool
		}{{town.Pia, true, false, false}, {town.Paz, false, true, false}, {town.Dora, false, true, true}, {town.Dan, false, true, true},
			{town.Pol, false, false, false}, {town.Max, false, false, false}, {town.Wim, false, false, false}, {town.Fay, false, false, false}, {"", false, false, false}} {
			for id, want := range map[string]bool{own: c.own, shared: c.shared, desk: c.desks} {
				if err := readable(h, c.who, id); (err == nil) != want || err != nil && !fault.Is(err, fault.Missing) {
					t.Errorf("%q reads case %s: %v, want %t", c.who, id, err, want)
				}
			}
		}
		threads := town.Must(h, town.Pia, func(v *db.View) ([]cases.Thread, error) { return h.Cases.Threads(v, own) })
		if len(threads) != 1 || !threads[0].Official || threads[0].Title != "Official thread" {
			t.Errorf("the threads of a new case: %+v", threads)
		}
		ps := town.Must(h, town.Pia, func(v *db.View) ([]cases.Party, error) { return h.Cases.Parties(v, desk) })
		if len(ps) != 1 || ps[0].State != cases.Invited || ps[0].Org != town.Pump.ID() {
			t.Errorf("the manufacturer sees its invitation as %+v", ps)
		}
		if ps := town.Must(h, town.Max, func(v *db.View) ([]cases.Party, error) { return h.Cases.Parties(v, desk) }); len(ps) != 0 {
			t.Errorf("another sees it: %+v", ps)
		}
	})
}

func TestOpenRefuses(t *testing.T) {
	h := town.New(t, "")
	open := func(by string, in cases.NewCase) error {
		return h.Write(by, func(tx *db.Tx) error { _, _, err := h.Cases.Open(tx, in); return err })
	}
	for _, c := range []struct {
		name, by string
		in       cases.NewCase
		kind     fault.Kind
		field    string
	}{
		{"without a title", town.Pia, cases.NewCase{}, fault.Invalid, "title"},
		{"learned tomorrow", town.Pia, cases.NewCase{Title: "X", LearnedAt: town.Epoch.AddDate(0, 0, 1)}, fault.Invalid, "learned_at"},
		{"for another manufacturer", town.Pia, cases.NewCase{Title: "X", Maker: town.Monitor.ID()}, fault.Invalid, "manufacturer"},
		{"by a hospital", town.Wim, cases.NewCase{Title: "X", Maker: town.Pump.ID()}, fault.Invalid, "manufacturer"},
		{"by a hospital as its maker", town.Wim, cases.NewCase{Title: "X", Maker: town.Ward.ID()}, fault.Invalid, "manufacturer"},
		{"by the desk as its maker", town.Dora, cases.NewCase{Title: "X", Maker: h.ISAO}, fault.Invalid, "manufacturer"},
		{"by the public", "", cases.NewCase{Title: "X"}, fault.Forbidden, ""},
		{"for nobody there is", town.Dora, cases.NewCase{Title: "X", Maker: "org_NONE"}, fault.Invalid, "manufacturer"},
		{"green", town.Pia, cases.NewCase{Title: "X", Label: town.Label(policy.Green, policy.Community)}, fault.Invalid, "label"},
		{"with harm known from the start", town.Pia, cases.NewCase{Title: "X", Safety: cases.SafetyHarm}, fault.Invalid, "safety"},
		{"to a stranger's circle", town.Pia, cases.NewCase{Title: "X", Label: town.Label(policy.Amber, "circle:circle_NONE")}, fault.Invalid, "audience"},
	} {
		t.Run(c.name, func(t *testing.T) { town.Wants(t, open(c.by, c.in), c.kind, c.field) })
	}
}
