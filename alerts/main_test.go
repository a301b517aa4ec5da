package alerts_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/alerts"
	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/members"
	"github.com/cordon-isao/cordon/policy"
)

func init() {
	if !slices.ContainsFunc(town.Schemas, func(s db.Schema) bool { return s.Duty == "alerts" }) {
		town.Schemas = append(slices.Clone(town.Schemas), alerts.Schema)
	}
}

// place is a town with the duty, and with as many more hospitals as a test wants.
type place struct {
	*town.Town
	*alerts.Alerts
}

func onBoth(t *testing.T, fn func(t *testing.T, h *place)) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		fn(t, furnish(h))
	})
}

func furnish(h *town.Town) *place {
	p := &place{h, alerts.New(h.Members, h.Devices, h.Vulns, h.Matching, h.Box)}
	p.SetPace(0)
	return p
}

// hospitals adds hospitals 0 to n-1, with a named recipient each.
func (h *place) hospitals(n int) {
	h.T.Helper()
	h.OK(h.System("test", func(tx *db.Tx) error {
		for i := range n {
			org := fmt.Sprintf("org_H%02d", i)
			if _, err := h.Members.SeedOrganization(tx, org, town.Profile("Hospital "+fmt.Sprint(i), policy.Provider)); err != nil {
				return err
			}
			if _, err := h.Members.SeedPerson(tx, nurse(i), org, members.NewPerson{Name: fmt.Sprint("Nurse ", i), Title: "Engineer", Recipient: true, Listed: true}); err != nil {
				return err
			}
		}
		return nil
	}))
}

func nurse(i int) string { return fmt.Sprintf("person_H%02d", i) }

// everyone is the label of a product that all may know.
var everyone = town.Label(policy.Green, policy.Community)

// product adds a product of Pump Works, or of Monitor Makers.
func (h *place) product(by, name string) (id string) {
	h.T.Helper()
	h.OK(h.Write(by, func(tx *db.Tx) (err error) {
		id, _, err = h.Devices.AddProduct(tx, devices.ProductForm{Name: name, Label: everyone, Software: true})
		return err
	}))
	return id
}

// deploy has somebody run a version of a product.
func (h *place) deploy(by, product, version string) (id string) {
	h.T.Helper()
	h.OK(h.Write(by, func(tx *db.Tx) (err error) {
		id, _, err = h.Devices.Deploy(tx, devices.DeploymentForm{Product: product, Version: version, Count: 3, Zone: "Ward 7"})
		return err
	}))
	return id
}

// follow brings what follows the record up to date.
func (h *place) follow() {
	h.T.Helper()
	for {
		n, err := h.Ledger.Step(h.Ctx, h.Follower())
		h.OK(err)
		if n == 0 {
			return
		}
	}
}

// text is a form that fits, about a product.
func text(product, versions string) alerts.Form {
	return alerts.Form{Class: alerts.Today, Content: alerts.Content{Title: "Pumps may stop", DoNow: "Unplug the network.\nCall us.", What: "A **long** text.", TLP: policy.Amber,
		Affected: []alerts.Affected{{Product: product, Range: versions}}, Clinical: alerts.Clinical{Downtime: "yes", Seconds: 600, Restart: "yes", Features: "Remote control"},
		Mechanism: "firmware_patch", Category: "vendor_fix", Vulns: []string{"CVE-2026-1234"}}}
}

func (h *place) draft(by string, f alerts.Form) (id string, err error) {
	h.T.Helper()
	h.Clock.Add(time.Minute)
	err = h.Write(by, func(tx *db.Tx) (err error) { id, err = h.Draft(tx, f); return err })
	return id, err
}

func (h *place) alert(who, id string) (alerts.Alert, error) {
	h.T.Helper()
	return town.Read(h.Town, who, func(v *db.View) (alerts.Alert, error) { return h.Alert(v, id) })
}

func (h *place) mustAlert(who, id string) alerts.Alert {
	h.T.Helper()
	a, err := h.alert(who, id)
	h.OK(err)
	return a
}

func (h *place) approve(by, id string) error {
	h.T.Helper()
	a, err := h.alert(by, id)
	if err != nil {
		return err
	}
	return h.Write(by, func(tx *db.Tx) error { return h.Approve(tx, id, a.Revision) })
}

func (h *place) send(by, id string) error {
	h.T.Helper()
	a, err := h.alert(by, id)
	if err != nil {
		return err
	}
	h.Clock.Add(time.Minute)
	return h.Write(by, func(tx *db.Tx) error { return h.Send(tx, id, a.Revision) })
}

// sent writes, approves and sends an alert of Pia's, whom Pol helps.
func (h *place) sent(f alerts.Form) (id string) {
	h.T.Helper()
	id, err := h.draft(town.Pia, f)
	h.OK(err)
	h.OK(h.approve(town.Pol, id))
	h.OK(h.send(town.Pia, id))
	return id
}

func (h *place) inbox(who string, b alerts.Box) []alerts.Notice {
	h.T.Helper()
	return town.Must(h.Town, who, func(v *db.View) ([]alerts.Notice, error) {
		ns, _, err := h.Inbox(v, alerts.InboxQuery{State: b})
		return ns, err
	})
}

func (h *place) noticeOf(who, alert string) (alerts.Notice, error) {
	h.T.Helper()
	return town.Read(h.Town, who, func(v *db.View) (alerts.Notice, error) { return h.NoticeOf(v, alert) })
}

func (h *place) answer(who, alert string, a alerts.Answer) {
	h.T.Helper()
	n, err := h.noticeOf(who, alert)
	h.OK(err)
	h.OK(h.Write(who, func(tx *db.Tx) error { return h.Answer(tx, n.ID, a, "") }))
}

func (h *place) funnel(who, alert string) alerts.Answered {
	h.T.Helper()
	return town.Must(h.Town, who, func(v *db.View) (alerts.Answered, error) { return h.Funnel(v, alert) })
}

func (h *place) reach(who, product string) alerts.Shown {
	h.T.Helper()
	rs := town.Must(h.Town, who, func(v *db.View) ([]alerts.ProductReach, error) { return h.Reach(v, []string{product}) })
	if len(rs) != 1 || rs[0].Product != product {
		h.T.Fatalf("the reach of one product: %+v", rs)
	}
	return rs[0].Shown
}
