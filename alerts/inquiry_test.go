package alerts_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/alerts"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/ledger"
)

func (h *place) ask(who, alert, body string) (id string) {
	h.T.Helper()
	h.Clock.Add(time.Minute)
	n, err := h.noticeOf(who, alert)
	h.OK(err)
	h.OK(h.Write(who, func(tx *db.Tx) (err error) { id, err = h.Ask(tx, n.ID, body); return err }))
	return id
}

func (h *place) inquiries(who, alert string) []alerts.Inquiry {
	h.T.Helper()
	return town.Must(h.Town, who, func(v *db.View) ([]alerts.Inquiry, error) { return h.Inquiries(v, alert) })
}

// everything is all bytes that somebody can read of inquiries, and of the record from an
// entry on.
func (h *place) everything(who string, from int64, of ...string) string {
	h.T.Helper()
	return town.Must(h.Town, who, func(v *db.View) (string, error) {
		var all []any
		for _, id := range of {
			qs, err := h.Inquiries(v, id)
			h.OK(err)
			all = append(all, qs)
		}
		qs, err := h.OpenInquiries(v)
		h.OK(err)
		es, err := h.Ledger.Range(v, from, 10_000)
		h.OK(err)
		contents, err := h.Ledger.OpenAll(v, es)
		h.OK(err)
		for _, e := range es {
			all = append(all, e.Actor, e.Verb, e.Object, e.Parent, e.Label.Audience.Strings(), contents[e.Seq].Event)
		}
		b, err := json.Marshal(append(all, qs))
		return string(b), err
	})
}

// An inquiry is private to the asker and pseudonymous: the same within an alert,
// another in the next; the respondent never learns the organization, not from the record
// either, until the asker reveals itself.
func TestInquiry(t *testing.T) {
	onBoth(t, func(t *testing.T, h *place) {
		p := h.product(town.Pia, "Pump A4")
		h.deploy(town.Wim, p, "1.0")
		h.deploy(town.Cleo, p, "1.0")
		one, two := h.sent(text(p, "")), h.sent(text(p, ""))
		from := town.Must(h.Town, town.Pia, func(v *db.View) (int64, error) { return h.Ledger.Size(v) })
		first := h.ask(town.Wim, one, "Does a restart lose the drug library?")
		h.ask(town.Wim, one, "And the log?")
		h.ask(town.Wim, two, "Is that the same?")
		h.ask(town.Cleo, one, "Who visits us?")

		ward := map[string]bool{}
		for _, q := range h.inquiries(town.Pia, one) {
			if q.Side != alerts.AsRespondent || q.Asker != "" || q.Revealed != "" || q.Notice != "" || len(q.Messages) != 1 || q.State != alerts.InquiryOpen {
				t.Errorf("the maker reads %+v", q)
			}
			if h, m, s := q.Messages[0].At.Clock(); h+m+s != 0 || q.Messages[0].Name != q.Pseudonym || !q.Messages[0].Asks {
				t.Errorf("the maker reads %+v", q.Messages[0])
			}
			ward[q.Pseudonym] = true
		}
		names := regexp.MustCompile(`^Asker [0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}$`)
		mine := h.inquiries(town.Wim, one)
		other := h.inquiries(town.Wim, two)
		if len(ward) != 2 || len(mine) != 2 || mine[0].Pseudonym != mine[1].Pseudonym || !ward[mine[0].Pseudonym] || !names.MatchString(mine[0].Pseudonym) {
			t.Errorf("pseudonyms in one alert: %v; Ward's: %+v", ward, mine)
		}
		if len(other) != 1 || ward[other[0].Pseudonym] {
			t.Errorf("a pseudonym of one alert is that of another: %+v", other)
		}
		for _, who := range []string{town.Pia, town.Pol} {
			s := h.everything(who, from, one, two)
			for _, word := range []string{"org_WARD", "Ward Hospital", town.Wim, "Wim", first, "org_CLINIC", "Clinic Group", town.Cleo, "Cleo"} {
				if strings.Contains(s, word) {
					t.Errorf("%s can read %q of who asks", who, word)
				}
			}
		}
		for _, who := range []string{town.Cleo, town.Dora, town.Max, town.Wanda, ""} {
			if _, err := town.Read(h.Town, who, func(v *db.View) (alerts.Inquiry, error) { return h.Inquiry(v, first) }); !fault.Is(err, fault.Missing) {
				t.Errorf("%q reads Ward's inquiry: %v", who, err)
			}
		}

		// The maker answers; both sides write on.
		var maker alerts.Inquiry
		for _, q := range h.inquiries(town.Pia, one) {
			if q.Messages[0].Body == "Does a restart lose the drug library?" {
				maker = q
			}
		}
		town.Wants(t, h.Write(town.Pia, func(tx *db.Tx) error { return h.Reply(tx, maker.ID, " ") }), fault.Invalid, "body")
		town.Wants(t, h.Write(town.Pia, func(tx *db.Tx) error { return h.Reply(tx, maker.ID, strings.Repeat("x", alerts.MaxBody+1)) }), fault.Invalid, "body")
		town.Wants(t, h.Write(town.Pia, func(tx *db.Tx) error { return h.Reply(tx, first, "Hello") }), fault.Missing, "")
		h.OK(h.Write(town.Pia, func(tx *db.Tx) error { return h.Reply(tx, maker.ID, "It does not.") }))
		q := h.inquiries(town.Wim, one)[0]
		if q.ID != first || q.State != alerts.InquiryAnswered || len(q.Messages) != 2 || q.Messages[1].Body != "It does not." || q.Messages[1].Name != "Pia Pump, Pump Works" {
			t.Errorf("the asker reads %+v", q)
		}
		if es := town.Must(h.Town, town.Wim, func(v *db.View) ([]ledger.Entry, error) { return h.Ledger.About(v, first, 10) }); len(es) != 2 {
			t.Errorf("the asker has %d entries, want the question's and the reply's", len(es))
		}
		h.OK(h.Write(town.Wim, func(tx *db.Tx) error { return h.Reply(tx, first, "Thank you.") }))
		if s := h.everything(town.Pia, from, one, two); strings.Contains(s, "Ward") || !strings.Contains(s, "Thank you.") {
			t.Error("after a second message the maker reads who asks, or does not read the message")
		}

		// Revealing is the asker's own act.
		town.Wants(t, h.Write(town.Pia, func(tx *db.Tx) error { return h.Reveal(tx, maker.ID) }), fault.Forbidden, "")
		h.OK(h.Write(town.Wim, func(tx *db.Tx) error { return h.Reveal(tx, first) }))
		town.Wants(t, h.Write(town.Wim, func(tx *db.Tx) error { return h.Reveal(tx, first) }), fault.Conflict, "")
		got := town.Must(h.Town, town.Pia, func(v *db.View) (alerts.Inquiry, error) { return h.Inquiry(v, maker.ID) })
		if got.Revealed != "Ward Hospital" || got.Asker != "Ward Hospital" {
			t.Errorf("revealed: %+v", got)
		}
		for _, q := range h.inquiries(town.Pia, one) {
			if q.ID != maker.ID && q.Revealed != "" {
				t.Errorf("another inquiry is revealed: %+v", q)
			}
		}

		h.OK(h.Write(town.Wim, func(tx *db.Tx) error { return h.CloseInquiry(tx, first) }))
		town.Wants(t, h.Write(town.Pia, func(tx *db.Tx) error { return h.Reply(tx, maker.ID, "More") }), fault.Conflict, "")
		town.Wants(t, h.Write(town.Pia, func(tx *db.Tx) error { return h.CloseInquiry(tx, maker.ID) }), fault.Conflict, "")
		if got := town.Must(h.Town, town.Pia, func(v *db.View) ([]alerts.Inquiry, error) { return h.OpenInquiries(v) }); len(got) != 3 {
			t.Errorf("%d inquiries wait, want 3", len(got))
		}
	})
}

// Who wrote the alert is asked: the desk's circle, if it was the desk. The author's own
// organization and matching are not asked.
func TestWhoIsAsked(t *testing.T) {
	onBoth(t, func(t *testing.T, h *place) {
		p := h.product(town.Pia, "Pump A4")
		h.deploy(town.Wim, p, "1.0")
		id, err := h.draft(town.Dora, text(p, ""))
		h.OK(err)
		h.OK(h.approve(town.Dan, id))
		h.OK(h.send(town.Dora, id))
		h.ask(town.Wim, id, "How sure is this?")
		for who, want := range map[string]int{town.Dora: 1, town.Dan: 1, town.Wim: 1, town.Pia: 0, town.Cleo: 0, town.Max: 0} {
			if qs := h.inquiries(who, id); len(qs) != want {
				t.Errorf("%s reads %d inquiries, want %d", who, len(qs), want)
			}
		}
		h.deploy(town.Pol, p, "1.0") // a maker's own laboratory
		own := h.sent(text(p, ""))
		n, err := h.noticeOf(town.Pol, own)
		h.OK(err)
		town.Wants(t, h.Write(town.Pol, func(tx *db.Tx) error { _, err := h.Ask(tx, n.ID, "Us?"); return err }), fault.Conflict, "")
	})
}
