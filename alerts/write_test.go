package alerts_test

import (
	"strings"
	"testing"

	"github.com/cordon-isao/cordon/alerts"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/policy"
)

// The desk writes about any product, a manufacturer's named recipient about its own.
func TestWhoWrites(t *testing.T) {
	onBoth(t, func(t *testing.T, h *place) {
		p := h.product(town.Pia, "Pump A4")
		for _, c := range []struct {
			who   string
			kind  fault.Kind
			field string
		}{{town.Dora, "", ""}, {town.Pia, "", ""}, {town.Max, fault.Invalid, "affected.0.product"}, {town.Paz, fault.Forbidden, ""}, {town.Wim, fault.Forbidden, ""}, {town.Lea, fault.Forbidden, ""}, {town.Fay, fault.Forbidden, ""}, {"", fault.Forbidden, ""}} {
			_, err := h.draft(c.who, text(p, ""))
			if c.kind == "" {
				h.OK(err)
			} else {
				town.Wants(t, err, c.kind, c.field)
			}
			if may := town.Must(h.Town, c.who, func(v *db.View) (bool, error) { return h.MayWrite(v), nil }); may != (c.kind == "" || c.who == town.Max) {
				t.Errorf("%q may write: %v", c.who, may)
			}
		}
		// By maker and name only, for makers that keep nothing here: the desk.
		f := text("", "")
		f.Affected = []alerts.Affected{{Maker: "Elsewhere Devices", Name: "Infuser 9"}}
		_, err := h.draft(town.Dora, f)
		h.OK(err)
		_, err = h.draft(town.Pia, f)
		town.Wants(t, err, fault.Invalid, "affected.0.product")

		// A draft is its author's and the desk's; for others it is not there.
		id, err := h.draft(town.Pia, text(p, ""))
		h.OK(err)
		for who, sees := range map[string]bool{town.Pia: true, town.Pol: true, town.Dora: true, town.Dan: true, town.Paz: false, town.Max: false, town.Wim: false, town.Fay: false, "": false} {
			if _, err := h.alert(who, id); sees != (err == nil) || !sees && !fault.Is(err, fault.Missing) {
				t.Errorf("%q reads the draft: %v", who, err)
			}
		}
		for _, who := range []string{town.Max, town.Wim} {
			town.Wants(t, h.Write(who, func(tx *db.Tx) error { return h.Change(tx, id, 1, text(p, "")) }), fault.Missing, "")
			town.Wants(t, h.Write(who, func(tx *db.Tx) error { return h.Withdraw(tx, id, "No.") }), fault.Missing, "")
		}
		town.Wants(t, h.Write(town.Dora, func(tx *db.Tx) error { return h.Change(tx, id, 1, text(p, "")) }), fault.Forbidden, "")
	})
}

// Bad input names its field and changes nothing.
func TestForm(t *testing.T) {
	onBoth(t, func(t *testing.T, h *place) {
		p := h.product(town.Pia, "Pump A4")
		id, err := h.draft(town.Pia, text(p, "< 2.0"))
		h.OK(err)
		before := h.mustAlert(town.Pia, id)
		for _, c := range []struct {
			field  string
			break_ func(f *alerts.Form)
		}{
			{"title", func(f *alerts.Form) { f.Title = " " }},
			{"title", func(f *alerts.Form) { f.Title = strings.Repeat("x", alerts.MaxTitle+1) }},
			{"title", func(f *alerts.Form) { f.Title = "left\u202eright" }},
			{"do_now", func(f *alerts.Form) { f.DoNow = "" }},
			{"do_now", func(f *alerts.Form) { f.DoNow = "1\n2\n3\n4" }},
			{"do_now", func(f *alerts.Form) { f.DoNow = strings.Repeat("x", alerts.MaxDoNow+1) }},
			{"what", func(f *alerts.Form) { f.What = strings.Repeat("x", alerts.MaxWhat+1) }},
			{"what", func(f *alerts.Form) { f.What = "a\x00b" }},
			{"class", func(f *alerts.Form) { f.Class = "soon" }},
			{"tlp", func(f *alerts.Form) { f.TLP = policy.Red }},
			{"tlp", func(f *alerts.Form) { f.TLP = "" }},
			{"tlp", func(f *alerts.Form) { f.TLP = "WHITE" }},
			{"mechanism", func(f *alerts.Form) { f.Mechanism = "prayer" }},
			{"category", func(f *alerts.Form) { f.Category = "fix" }},
			{"vulns", func(f *alerts.Form) { f.Vulns = []string{"CVE 1"} }},
			{"affected", func(f *alerts.Form) { f.Affected = nil }},
			{"affected", func(f *alerts.Form) { f.Affected = make([]alerts.Affected, alerts.MaxAffected+1) }},
			{"affected.0.product", func(f *alerts.Form) { f.Affected[0].Product = "product_NONE" }},
			{"affected.0.range", func(f *alerts.Form) { f.Affected[0].Range = strings.Repeat("1", alerts.MaxRange+1) }},
			{"affected.1.product", func(f *alerts.Form) { f.Affected = append(f.Affected, f.Affected[0]) }},
			{"downtime", func(f *alerts.Form) { f.Clinical.Downtime = "maybe" }},
			{"seconds", func(f *alerts.Form) { f.Clinical.Seconds = -1 }},
			{"seconds", func(f *alerts.Form) { f.Clinical.Downtime = "no" }},
			{"restart", func(f *alerts.Form) { f.Clinical.Restart = "often" }},
			{"supersedes", func(f *alerts.Form) { f.Supersedes = "alert_NONE" }},
			{"supersedes", func(f *alerts.Form) { f.Supersedes = id }},
		} {
			f := text(p, "< 2.0")
			c.break_(&f)
			_, err := h.draft(town.Pia, f)
			town.Wants(t, err, fault.Invalid, c.field)
			town.Wants(t, h.Write(town.Pia, func(tx *db.Tx) error { return h.Change(tx, id, 1, f) }), fault.Invalid, c.field)
		}
		if after := h.mustAlert(town.Pia, id); after.Revision != 1 || after.Title != before.Title || after.TLP != before.TLP {
			t.Errorf("after refusals: %+v", after)
		}
		if as := town.Must(h.Town, town.Pia, func(v *db.View) ([]alerts.Alert, error) {
			as, _, err := h.Alerts.Alerts(v, alerts.Query{})
			return as, err
		}); len(as) != 1 {
			t.Errorf("%d alerts after refusals", len(as))
		}
	})
}

// An alert's life: draft → approved → sent → withdrawn or superseded; a change makes it
// a draft again; and nothing is done to another text than the one that was read.
func TestLife(t *testing.T) {
	onBoth(t, func(t *testing.T, h *place) {
		p := h.product(town.Pia, "Pump A4")
		id, err := h.draft(town.Pia, text(p, ""))
		h.OK(err)
		town.Wants(t, h.send(town.Pia, id), fault.Conflict, "") // nobody approved it
		town.Wants(t, h.Write(town.Pia, func(tx *db.Tx) error { return h.Approve(tx, id, 2) }), fault.Conflict, "")
		h.OK(h.approve(town.Pia, id)) // AMBER, today, her own product: no second person
		town.Wants(t, h.approve(town.Pol, id), fault.Conflict, "")
		h.OK(h.Write(town.Pol, func(tx *db.Tx) error { return h.Change(tx, id, 1, text(p, "< 3")) }))
		a := h.mustAlert(town.Pia, id)
		if a.State != alerts.Draft || a.Revision != 2 || a.Approver != "" || a.Editor != town.Pol || a.Person != town.Pia || a.Affected[0].Range != "< 3" {
			t.Fatalf("after a change: %+v", a)
		}
		town.Wants(t, h.Write(town.Pia, func(tx *db.Tx) error { return h.Change(tx, id, 1, text(p, "")) }), fault.Conflict, "")
		h.OK(h.approve(town.Pia, id))
		h.OK(h.send(town.Pol, id))
		town.Wants(t, h.send(town.Pol, id), fault.Conflict, "")
		town.Wants(t, h.Write(town.Pia, func(tx *db.Tx) error { return h.Change(tx, id, 2, text(p, "")) }), fault.Conflict, "")
		town.Wants(t, h.Write(town.Pia, func(tx *db.Tx) error { return h.Withdraw(tx, id, " ") }), fault.Invalid, "why")
		h.OK(h.Write(town.Pia, func(tx *db.Tx) error { return h.Withdraw(tx, id, "The versions were wrong.") }))
		town.Wants(t, h.Write(town.Pia, func(tx *db.Tx) error { return h.Withdraw(tx, id, "Again.") }), fault.Conflict, "")
		if a := h.mustAlert(town.Pia, id); a.State != alerts.Withdrawn || a.Why == "" || a.Ended.IsZero() {
			t.Errorf("withdrawn: %+v", a)
		}
		for s, next := range map[alerts.State]int{alerts.Draft: 2, alerts.Approved: 3, alerts.Sent: 2, alerts.Withdrawn: 0, alerts.Superseded: 0} {
			if len(s.Next()) != next || s.Words() == "" {
				t.Errorf("%s leads to %v", s, s.Next())
			}
		}
		// The same key is the same alert.
		f := text(p, "")
		f.Key = "k"
		one, err := h.draft(town.Pia, f)
		h.OK(err)
		two, err := h.draft(town.Pia, f)
		h.OK(err)
		if one != two {
			t.Errorf("one key made %s and %s", one, two)
		}
	})
}

// Writing and approving are two persons' where it counts: class now, what everybody is
// to read, and the desk about a member's product.
func TestSecondPerson(t *testing.T) {
	onBoth(t, func(t *testing.T, h *place) {
		p := h.product(town.Pia, "Pump A4")
		urgent, clear, green := text(p, ""), text(p, ""), text(p, "")
		urgent.Class, clear.TLP, green.TLP = alerts.Now, policy.Clear, policy.Green
		for name, c := range map[string]struct {
			by, other string
			f         alerts.Form
		}{"class now": {town.Pia, town.Pol, urgent}, "CLEAR": {town.Pia, town.Dora, clear}, "GREEN": {town.Pol, town.Pia, green}, "the desk about a member": {town.Dora, town.Dan, text(p, "")}} {
			id, err := h.draft(c.by, c.f)
			h.OK(err)
			if a := h.mustAlert(c.by, id); !a.NeedsSecond {
				t.Errorf("%s needs no second person", name)
			}
			town.Wants(t, h.approve(c.by, id), fault.Forbidden, "")
			h.OK(h.approve(c.other, id))
			h.OK(h.send(c.by, id))
		}
		// Who changed it last did not only approve it.
		id, err := h.draft(town.Pia, urgent)
		h.OK(err)
		h.OK(h.Write(town.Pol, func(tx *db.Tx) error { return h.Change(tx, id, 1, urgent) }))
		town.Wants(t, h.approve(town.Pia, id), fault.Forbidden, "")
		town.Wants(t, h.approve(town.Pol, id), fault.Forbidden, "")
		h.OK(h.approve(town.Dan, id))
		// A token is no second person.
		id, err = h.draft(town.Pia, urgent)
		h.OK(err)
		token := h.As(town.Pol)
		token = policy.Member(policy.Membership{Person: token.Person, Org: token.Org, Kind: token.Kind, OrgStands: policy.Active, Recipient: true}, token.Name, token.OrgName, "", nil, []policy.Scope{policy.ScopeRead, policy.ScopeWrite})
		if town.Must(h.Town, town.Pol, func(v *db.View) (bool, error) {
			a, err := h.Alert(v, id)
			return h.MayApprove(v.As(token), a), err
		}) {
			t.Error("a token is a second person")
		}
	})
}

// What comes from a case is sent as its source approved it, with that marking; a case
// that is not the desk's does not reach the desk this way.
func TestSendApproved(t *testing.T) {
	onBoth(t, func(t *testing.T, h *place) {
		p := h.product(town.Pia, "Pump A4")
		h.deploy(town.Wim, p, "1.0")
		k := "case_" + strings.Repeat("A", 26)
		f := text(p, "")
		send := func(f alerts.Form) (id string, err error) {
			err = h.Write(town.Pia, func(tx *db.Tx) (err error) { id, err = h.SendApproved(tx, f); return err })
			return id, err
		}
		_, err := send(f)
		town.Wants(t, err, fault.Invalid, "case")
		f.Case, f.Approver, f.ApproverName, f.TLP = k, town.Lea, "Lea Lab", policy.AmberStrict
		id, err := send(f)
		h.OK(err)
		a := h.mustAlert(town.Pia, id)
		if a.State != alerts.Sent || a.Source != alerts.FromCase || a.Case != k || a.Approver != town.Lea || a.Label.TLP != policy.AmberStrict || !a.Label.Audience.Equal(policy.NewAudience(town.Pump)) {
			t.Errorf("sent from a case: %+v", a)
		}
		if _, err := h.alert(town.Dora, id); !fault.Is(err, fault.Missing) {
			t.Errorf("the desk reads what a maker's own case sent: %v", err)
		}
		n, err := h.noticeOf(town.Wim, id)
		h.OK(err)
		if n.Content.TLP != policy.AmberStrict || n.From != "Pump Works" {
			t.Errorf("the notice: %+v", n)
		}
	})
}
