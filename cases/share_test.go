package cases_test

import (
	"strings"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/testkit/town"
)

// A private case becomes the desk's with the originator's consent and a second
// person's, the desk's; posts of others stay with whom they were written for, and
// the manufacturer's own clocks stay its own.
func TestShareWithDesk(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		id := h.Case(town.Pia, cases.NewCase{Title: "Open port", Summary: "Port 23", LearnedAt: town.Epoch.Add(-time.Hour)})
		h.OK(h.Write(town.Pia, func(tx *db.Tx) error { return h.Cases.Seat(tx, id, []string{town.Pol}) }))
		u := vulnerability(h, town.Pia, id, "Telnet")
		thread := town.Must(h, town.Pia, func(v *db.View) ([]cases.Thread, error) { return h.Cases.Threads(v, id) })[0].ID
		h.OK(h.Write(town.Pol, func(tx *db.Tx) error {
			_, _, err := h.Forum.Reply(tx, thread, forum.NewPost{Body: "Among ourselves."})
			return err
		}))
		var party string
		share := func(who string) error {
			return h.Write(who, func(tx *db.Tx) error {
				made, err := h.Cases.ShareWithDesk(tx, id, "Please coordinate.")
				if err == nil {
					party = made
				}
				return err
			})
		}
		town.Wants(t, share(town.Max), fault.Missing, "")
		h.OK(share(town.Pia))
		for _, who := range []string{town.Dora, town.Dan} {
			if err := readable(h, who, id); !fault.Is(err, fault.Missing) {
				t.Errorf("%s reads before accepting: %v", who, err)
			}
		}
		if p := parties(h, town.Pia, id)[h.ISAO]; p.State != cases.Invited {
			t.Errorf("Pump sees its offer as %+v", p)
		}
		in := town.Must(h, town.Dan, func(v *db.View) (cases.Invitation, error) { return h.Cases.Invitation(v, party) })
		if !in.Handover || in.From != "Pump Works" || in.Note != "Please coordinate." {
			t.Errorf("%+v", in)
		}
		town.Wants(t, h.Write(town.Pia, func(tx *db.Tx) error { return h.Cases.Accept(tx, party, cases.Acceptance{}) }), fault.Missing, "")
		h.OK(h.Write(town.Dan, func(tx *db.Tx) error { return h.Cases.Accept(tx, party, cases.Acceptance{}) }))
		for _, who := range []string{town.Dora, town.Dan} {
			k := caseOf(h, who, id)
			if !k.Shared || k.Summary != "Port 23" || k.Coordinator.Person != town.Dan {
				t.Errorf("%s: %+v", who, k)
			}
			vs := town.Must(h, who, func(v *db.View) (cases.Matrix, error) { return h.Cases.Matrix(v, id) })
			if len(vs.Vulnerabilities) != 1 || vs.Vulnerabilities[0].ID != u || len(vs.Rows) != 2 {
				t.Errorf("%s sees %+v", who, vs)
			}
			th := town.Must(h, who, func(v *db.View) ([]cases.Thread, error) { return h.Cases.Threads(v, id) })
			if len(th) != 1 || th[0].Posts != 1 {
				t.Errorf("%s reads %d posts: Pol's words are Pump's", who, th[0].Posts)
			}
			facts := 0
			for _, m := range timeline(h, who, id) {
				if strings.HasPrefix(m.Verb, "fact.") {
					facts++
				}
			}
			if facts != 0 {
				t.Errorf("%s reads %d of Pump's own facts", who, facts)
			}
		}
		town.Wants(t, share(town.Pia), fault.Forbidden, "") // the desk leads it now
		if err := readable(h, town.Pol, id); err != nil {
			t.Error(err)
		}
		town.Wants(t, h.Write(town.Dora, func(tx *db.Tx) error { return h.Cases.Remove(tx, party, "No.") }), fault.Conflict, "")
		ask(h, id, cases.Vendor, town.Monitor)
	})
}

// The desk may decline, the manufacturer may take its offer back and make it
// again; neither opens anything.
func TestShareWithDeskTakenBack(t *testing.T) {
	h := town.New(t, "")
	id := h.Case(town.Pia, cases.NewCase{Title: "Open port"})
	var party string
	offer := func() {
		h.OK(h.Write(town.Pia, func(tx *db.Tx) (err error) { party, err = h.Cases.ShareWithDesk(tx, id, ""); return err }))
	}
	offer()
	town.Wants(t, h.Write(town.Pia, func(tx *db.Tx) error { _, err := h.Cases.ShareWithDesk(tx, id, ""); return err }), fault.Conflict, "")
	h.OK(h.Write(town.Pia, func(tx *db.Tx) error { return h.Cases.Remove(tx, party, "Too early.") }))
	town.Wants(t, h.Write(town.Dan, func(tx *db.Tx) error { return h.Cases.Accept(tx, party, cases.Acceptance{}) }), fault.Missing, "")
	offer()
	h.OK(h.Write(town.Dan, func(tx *db.Tx) error { return h.Cases.Decline(tx, party, "Not a device.") }))
	offer()
	if err := readable(h, town.Dan, id); !fault.Is(err, fault.Missing) {
		t.Errorf("%v", err)
	}
	h.OK(h.Write(town.Dan, func(tx *db.Tx) error { return h.Cases.Accept(tx, party, cases.Acceptance{}) }))
	h.OK(readable(h, town.Dan, id))
}

func timeline(h *town.Town, who, id string) (ms []cases.Moment) {
	h.T.Helper()
	before := int64(0)
	for {
		type page struct {
			ms   []cases.Moment
			next int64
		}
		p := town.Must(h, who, func(v *db.View) (p page, err error) {
			p.ms, p.next, err = h.Cases.Timeline(v, id, before, 3)
			return p, err
		})
		ms = append(ms, p.ms...)
		if p.next == 0 {
			return ms
		}
		before = p.next
	}
}
