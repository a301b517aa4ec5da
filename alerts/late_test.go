package alerts_test

import (
	"testing"
	"time"

	"github.com/cordon-isao/cordon/alerts"
	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/testkit/town"
)

// Who installs a device after an alert on it was sent is told in the next round, as long
// as the alert stands; who has its notice already, of what is new.
func TestLateHolders(t *testing.T) {
	onBoth(t, func(t *testing.T, h *place) {
		p := h.product(town.Pia, "Pump A4")
		h.deploy(town.Wim, p, "1.0")
		h.matched()
		standing, ended := h.sent(text(p, "< 2.0")), h.sent(text(p, ""))
		h.OK(h.Write(town.Pia, func(tx *db.Tx) error { return h.Withdraw(tx, ended, "It was wrong.") }))
		told := func(who, alert string, want int) {
			t.Helper()
			n, err := h.noticeOf(who, alert)
			if want == 0 {
				town.Wants(t, err, fault.Missing, "")
				return
			}
			if h.OK(err); len(n.Matched) != want || n.Kind != alerts.OfAlert || n.Content.Title != "Pumps may stop" {
				t.Errorf("%s has %+v", who, n)
			}
		}
		rounds := func() {
			t.Helper()
			h.Clock.Add(2 * time.Minute)
			h.matched()
		}
		told(town.Cleo, standing, 0)
		h.deploy(town.Cleo, p, "2.0") // not one of those
		rounds()
		told(town.Cleo, standing, 0)
		d := h.deploy(town.Cleo, p, "1.4")
		told(town.Cleo, standing, 0) // nothing is told outside a round
		rounds()
		told(town.Cleo, standing, 1)
		told(town.Cleo, ended, 0)
		told(town.Wim, standing, 1)

		// Nothing is told twice, and what was settled stays so.
		h.answer(town.Cleo, standing, alerts.Fixed)
		h.OK(h.Write(town.Cleo, func(tx *db.Tx) error {
			was, err := h.Devices.Deployment(tx.View, d)
			if err != nil {
				return err
			}
			return h.Devices.ChangeDeployment(tx, d, was.Revision, devices.DeploymentForm{Product: p, Version: "1.4", Count: 4, Zone: "Ward 9"})
		}))
		rounds()
		told(town.Cleo, standing, 1)
		if n, err := h.noticeOf(town.Cleo, standing); err != nil || n.Answer != alerts.Fixed {
			t.Errorf("the answer is %q, %v", n.Answer, err)
		}
		// One more device opens it again.
		h.deploy(town.Cleo, p, "1.5")
		rounds()
		told(town.Cleo, standing, 2)
		if n, err := h.noticeOf(town.Cleo, standing); err != nil || n.Answer != "" {
			t.Errorf("the answer is %q, %v", n.Answer, err)
		}
	})
}

// The sender's counts grow by who is told late, on the same floor.
func TestLateHoldersAreCounted(t *testing.T) {
	onBoth(t, func(t *testing.T, h *place) {
		h.hospitals(6)
		p := h.product(town.Pia, "Pump A4")
		h.matched()
		a := h.sent(text(p, ""))
		for i := range 6 {
			h.deploy(nurse(i), p, "1.0")
			h.Clock.Add(2 * time.Minute)
			h.matched()
			want := alerts.Shown("fewer than 5")
			if i >= 4 {
				want = "5 or more"
			}
			if got := h.funnel(town.Pia, a).Told; got != want {
				t.Errorf("with %d told: %q", i+1, got)
			}
		}
		for i := range 6 {
			h.answer(nurse(i), a, alerts.Fixed)
		}
		if got := h.funnel(town.Pia, a).Fixed; got != "5 or more" {
			t.Errorf("six have it fixed: %q", got)
		}
		for i := range 6 { // with another device, it is open again
			h.deploy(nurse(i), p, "1.1")
		}
		h.Clock.Add(2 * time.Minute)
		h.matched()
		if got := h.funnel(town.Pia, a).Fixed; got != "fewer than 5" {
			t.Errorf("none has all of it fixed: %q", got)
		}
	})
}
