package cases_test

import (
	"testing"
	"time"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/testkit/town"
)

// The next step is one, for each viewer another, and goes on as things are done.
func TestNext(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		id := h.Case(town.Dora, cases.NewCase{Title: "Library flaw", Maker: town.Pump.ID()})
		next := func(who string) string {
			t.Helper()
			return town.Must(h, who, func(v *db.View) (cases.Step, error) {
				k, err := h.Cases.Case(v, id)
				if err != nil {
					return cases.Step{}, err
				}
				return h.Cases.Next(v, k)
			}).Action
		}
		wants := func(who, want string) {
			t.Helper()
			if got := next(who); got != want {
				t.Errorf("%s's next step is %q, want %q", who, got, want)
			}
		}
		wants(town.Dora, cases.DoTriage)
		h.OK(h.Write(town.Dora, func(tx *db.Tx) error { return h.Cases.Move(tx, id, cases.Verification, "") }))
		wants(town.Dora, cases.DoProposal)
		q := propose(h, town.Dora, id, time.Time{})
		wants(town.Dora, cases.DoAcceptEmbargo)
		h.OK(accepting(h, town.Dora, q))
		pump := parties(h, town.Dora, id)[town.Pump.ID()].ID
		if in := town.Must(h, town.Pia, func(v *db.View) (cases.Invitation, error) { return h.Cases.Invitation(v, pump) }); in.Next().Action != cases.DoAccept {
			t.Errorf("%+v", in.Next())
		}
		accept(h, town.Pia, pump)
		wants(town.Pia, cases.DoAcknowledge)
		h.OK(h.Write(town.Pia, func(tx *db.Tx) error { return h.Cases.Acknowledge(tx, id) }))
		u := vulnerability(h, town.Dora, id, "Overflow")
		wants(town.Pia, cases.DoStatuses)
		h.OK(h.Write(town.Pia, func(tx *db.Tx) error {
			return h.Cases.SetStatuses(tx, pump, []cases.NewStatus{{Vulnerability: u, Status: cases.StatusAffected}}, "")
		}))
		wants(town.Pia, cases.DoDetermine)
		monitor := ask(h, id, cases.Vendor, town.Monitor)[0]
		accept(h, town.Max, monitor)
		propose(h, town.Pia, id, town.Epoch.AddDate(0, 0, 80))
		wants(town.Max, cases.DoAcknowledge)
		h.OK(h.Write(town.Max, func(tx *db.Tx) error { return h.Cases.Acknowledge(tx, id) }))
		wants(town.Max, cases.DoConsent)
		wants(town.Dora, cases.DoAcceptEmbargo)
		h.OK(h.Write(town.Dora, func(tx *db.Tx) error { return h.Cases.Terminate(tx, id, "All are ready.") }))
		wants(town.Dora, cases.DoPublish)

		own := h.Case(town.Paz, cases.NewCase{Title: "Own"})
		s := town.Must(h, town.Paz, func(v *db.View) (cases.Step, error) {
			k, err := h.Cases.Case(v, own)
			h.OK(err)
			return h.Cases.Next(v, k)
		})
		if s.Action != cases.DoAcknowledge && s.Action != cases.DoDetermine {
			t.Errorf("in an own case: %+v", s)
		}
	})
}
