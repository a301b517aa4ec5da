package cases_test

import (
	"testing"
	"time"

	"github.com/cordon-isao/cordon/alerts"
	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/policy"
)

func holders(t policy.TLP) alerts.Form {
	return alerts.Form{Class: alerts.Today, Content: alerts.Content{Title: "Pump A4 answers strangers", DoNow: "Take the gateway off the network.", TLP: t,
		Affected: []alerts.Affected{{Maker: "Pump Works", Name: "A4", Range: "< 4.2"}}}}
}

// Holders are told when the case's source agrees with the wording and the marking, by
// two persons of whom one leads; an embargo is not ended by it, and nobody in the case
// learns who was told.
func TestTellHolders(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		id := sharedCase(h) // opened by Pump, led by the desk
		embargoed(h, id, h.Clock.Now().Add(24*time.Hour))
		h.OK(h.Write(town.Wim, func(tx *db.Tx) error {
			_, _, err := h.Devices.Deploy(tx, devices.DeploymentForm{Maker: "Pump Works", Model: "A4", Version: "4.1", Count: 3, Stage: "in use"})
			return err
		}))
		write := func(by string, f alerts.Form) (n string, err error) {
			err = h.Write(by, func(tx *db.Tx) (err error) { n, err = h.Cases.DraftHolderNotice(tx, id, f); return err })
			return n, err
		}
		agree := func(by, n string) error {
			return h.Write(by, func(tx *db.Tx) error {
				read, err := h.Cases.HolderNotice(tx.View, n)
				if err != nil {
					return err
				}
				return h.Cases.ApproveHolderNotice(tx, n, read.Drafted)
			})
		}
		told := func(person string) int {
			ns, err := town.Read(h, person, func(v *db.View) ([]alerts.Notice, error) {
				ns, _, err := h.Alerts.Inbox(v, alerts.InboxQuery{})
				return ns, err
			})
			h.OK(err)
			return len(ns)
		}
		_, err := write(town.Max, holders(policy.Amber))
		town.Wants(t, err, fault.Missing, "")
		_, err = write(town.Dora, holders(policy.Green))
		town.Wants(t, err, fault.Invalid, "tlp") // the embargo binds
		_, err = write(town.Dora, alerts.Form{Class: alerts.Today, Content: alerts.Content{TLP: policy.Amber}})
		town.Wants(t, err, fault.Invalid, "title")
		n, err := write(town.Dora, holders(policy.Amber))
		h.OK(err)
		town.Wants(t, agree(town.Dora, n), fault.Forbidden, "") // she wrote it
		town.Wants(t, agree(town.Dan, n), fault.Forbidden, "")  // the source has not agreed
		town.Wants(t, agree(town.Wim, n), fault.Missing, "")    // a stranger to the case
		if told(town.Wim) != 0 {
			t.Error("holders were told before the source agreed")
		}
		again, err := write(town.Dora, holders(policy.AmberStrict))
		h.OK(err)
		if again != n {
			t.Error("a second draft beside the first")
		}
		unread := h.Write(town.Pia, func(tx *db.Tx) error { return h.Cases.ApproveHolderNotice(tx, n, h.Clock.Now().Add(-time.Hour)) })
		town.Wants(t, unread, fault.Conflict, "") // she read an earlier draft
		h.OK(agree(town.Pia, n))
		town.Wants(t, agree(town.Pia, n), fault.Conflict, "")
		if told(town.Wim) != 1 || told(town.Cleo) != 0 {
			t.Errorf("Ward has %d notices and Clinic %d", told(town.Wim), told(town.Cleo))
		}
		list, err := town.Read(h, town.Pia, func(v *db.View) ([]cases.HolderNotice, error) { return h.Cases.HolderNotices(v, id) })
		h.OK(err)
		if len(list) != 1 || list[0].State != cases.HolderSent || list[0].Alert == "" || list[0].Approver.Person != town.Pia || list[0].Form.TLP != policy.AmberStrict {
			t.Errorf("the case says %+v", list)
		}
		if list, err := town.Read(h, town.Wim, func(v *db.View) ([]cases.HolderNotice, error) { return h.Cases.HolderNotices(v, id) }); err != nil || len(list) != 0 {
			t.Errorf("a holder reads %d of the case's notices, %v", len(list), err)
		}

		// A draft that is taken back is told to nobody.
		next, err := write(town.Pia, holders(policy.Amber))
		h.OK(err)
		take := func(by, why string) error {
			return h.Write(by, func(tx *db.Tx) error { return h.Cases.TakeHolderNotice(tx, next, why) })
		}
		town.Wants(t, take(town.Dora, ""), fault.Invalid, "reason")
		h.OK(take(town.Dora, "Not yet."))
		town.Wants(t, agree(town.Dan, next), fault.Conflict, "")
		town.Wants(t, take(town.Dora, "Again."), fault.Conflict, "")
	})
}
