package cases_test

import (
	"testing"
	"time"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/testkit/town"
)

// An invitation comes to those who answer it, once, until it is answered; a clock comes
// when it begins to press and when it has run out.
func TestCame(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		start := h.Clock.Now()
		id := h.Case(town.Dora, cases.NewCase{Title: "Library flaw", Maker: town.Pump.ID()})
		h.Clock.Add(time.Hour)
		came := func(who string, after, until time.Time, want bool) {
			t.Helper()
			if got := town.Must(h, who, func(v *db.View) (bool, error) { return h.Cases.Came(v, after, until) }); got != want {
				t.Errorf("for %s from %s to %s: %v", who, after, until, got)
			}
		}
		invited := start.Add(-time.Second)
		came(town.Pia, invited, h.Clock.Now(), true)
		came(town.Paz, invited, h.Clock.Now(), false) // no recipient
		came(town.Max, invited, h.Clock.Now(), false)
		came(town.Pia, h.Clock.Now(), h.Clock.Now().Add(time.Hour), false)
		came(town.Pia, invited.Add(-time.Hour), invited, false)
		accept(h, town.Pia, parties(h, town.Dora, id)[town.Pump.ID()].ID)
		came(town.Pia, invited, h.Clock.Now(), false)

		os := town.Must(h, town.Pia, func(v *db.View) ([]cases.Obligation, error) { return h.Cases.MyClocks(v, 0) })
		found := false
		for _, o := range os {
			if found = o.State == cases.ClockRunning && !o.Warn.IsZero(); !found {
				continue
			}
			h.Clock.Set(o.Warn.Add(time.Minute))
			came(town.Pia, o.Warn.Add(-time.Second), h.Clock.Now(), true)
			came(town.Paz, o.Warn.Add(-time.Second), h.Clock.Now(), false)
			came(town.Max, o.Warn.Add(-time.Second), h.Clock.Now(), false)
			break
		}
		if !found {
			t.Fatalf("no clock runs: %+v", os)
		}
	})
}
