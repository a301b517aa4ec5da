package web

import (
	"strings"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/web/ui"
)

var (
	doneNoticeDraft = greeting("notice-drafted", "ok", "Saved as a draft. Only your own people on the case read it.")
	doneNoticeSent  = greeting("notice-sent", "ok", "Recorded as sent, and copied to the ISAO in the same step.")
)

var noticeFields = []string{"subject", "devices", "impact", "efforts", "controls", "no_controls", "fix", "future", "strategy", "contact", "to_customers", "to_users", "recipients"}

// noticeForm is everything on the editor of a notice.
type noticeForm struct {
	head  caseHead
	a     attempt
	id    string // of the draft, or ""
	known []ui.KV
	text  cases.NoticeText
	check bool // what is missing was asked for
	key   string
}

// noticeNew is the editor, begun with what the case's facts say.
func (c *Ctx) noticeNew() error { return c.showNoticeForm(200, attempt{}, "") }

// noticeEdit is the editor with a draft in it.
func (c *Ctx) noticeEdit() error { return c.showNoticeForm(200, attempt{}, c.R.PathValue("notice")) }

func (c *Ctx) showNoticeForm(status int, a attempt, id string) error {
	return c.onCase(tabNotices, func(h caseHead) error {
		if !c.mayNotice(h) {
			return fault.Forbiddenf("The people of a party tell its customers.")
		}
		x := noticeForm{head: h, a: a, id: id, key: a.key("notice", ids.Random(26))}
		if id != "" {
			n, err := c.noticeOf(h)
			if err != nil {
				return err
			}
			if n.State != cases.NoticeDraft {
				return fault.Conflictf("This notice was sent. Write another one.")
			}
			x.text = n.Text
		}
		facts, err := c.Cases.Facts(c.View, h.K.ID)
		if err != nil {
			return err
		}
		for _, f := range facts {
			if f.Party == h.Own.ID && f.Withdrawn == "" {
				x.known = append(x.known, knownFact(f)...)
			}
		}
		if id == "" {
			x.text = begunNotice(h, facts)
		}
		if a.which != "" {
			x.text, x.check = typedNotice(a.t), true
		}
		x.a = noticeAttempt(a, x.text)
		p := c.casePage(h, "write to customers", status)
		p.Label, p.Live = c.ownLabel(*h.Own), nil
		p.Body = noticeFormBody(x)
		return c.show(p)
	})
}

// knownFact is a fact of the case that a notice may draw on.
func knownFact(f cases.Fact) []ui.KV {
	switch f.Kind {
	case cases.ControlsFound:
		return []ui.KV{{Key: "Control", Value: strings.TrimSuffix(f.Says("name")+". "+f.Says("text"), ". ")}}
	case cases.PlanMade:
		return []ui.KV{{Key: "Plan", Value: f.Says("text")}}
	case cases.FixValidated, cases.FixDistributed:
		return []ui.KV{{Key: f.Kind.Words(), Value: f.Says("text")}}
	}
	return nil
}

// begunNotice begins a notice with what the case's facts say; everything can be
// changed before it is sent.
func begunNotice(h caseHead, facts []cases.Fact) cases.NoticeText {
	t := cases.NoticeText{Subject: h.K.Title, Customers: true, Users: true}
	var controls, plans []string
	for _, f := range facts {
		if f.Party != h.Own.ID || f.Withdrawn != "" {
			continue
		}
		switch f.Kind {
		case cases.ControlsFound:
			if f.Says("greater_risk") != "yes" {
				controls = append(controls, strings.TrimSuffix(f.Says("name")+": "+f.Says("text"), ": "))
			}
		case cases.PlanMade:
			plans = append(plans, f.Says("text"))
		}
	}
	t.Controls, t.Strategy = strings.Join(controls, "\n\n"), strings.Join(plans, "\n\n")
	return t
}

// typedNotice is the notice as it was typed.
func typedNotice(t typed) cases.NoticeText {
	n := cases.NoticeText{Subject: t["subject"], Devices: t["devices"], Impact: t["impact"], Efforts: t["efforts"], Controls: t["controls"], NoControls: t["no_controls"] != "", Fix: t["fix"],
		Future: t["future"], Strategy: t["strategy"], Contact: t["contact"], Customers: t["to_customers"] != "", Users: t["to_users"] != ""}
	for line := range strings.Lines(t["recipients"]) {
		if line = strings.TrimSpace(line); line != "" {
			n.Recipients = append(n.Recipients, line)
		}
	}
	return n
}

// noticeAttempt is the editor's form with a text in it.
func noticeAttempt(a attempt, t cases.NoticeText) attempt {
	if a.which != "" {
		return a
	}
	yes := func(b bool) string {
		if b {
			return "1"
		}
		return ""
	}
	return attempt{which: "notice", t: typed{"subject": t.Subject, "devices": t.Devices, "impact": t.Impact, "efforts": t.Efforts, "controls": t.Controls, "no_controls": yes(t.NoControls), "fix": t.Fix,
		"future": t.Future, "strategy": t.Strategy, "contact": t.Contact, "to_customers": yes(t.Customers), "to_users": yes(t.Users), "recipients": strings.Join(t.Recipients, "\n")}}
}

// noticeSave checks a notice, or keeps it as a draft.
func (c *Ctx) noticeSave() error {
	a := attempt{which: "notice"}
	var err error
	if a.t, err = c.typed(append([]string{"do", "idempotency_key"}, noticeFields...)...); err != nil {
		return err
	}
	id, draft := c.R.PathValue("case"), c.R.PathValue("notice")
	if a.t["do"] == "check" {
		return c.again(nil, func(status int) error { return c.showNoticeForm(status, a, draft) })
	}
	text := typedNotice(a.t)
	err = c.write(func(tx *db.Tx) (err error) {
		if draft != "" {
			return c.Cases.EditNotice(tx, draft, text)
		}
		p, err := c.ownParty(tx.View, id)
		if err != nil {
			return err
		}
		var again bool
		draft, again, err = c.Cases.DraftNotice(tx, p.ID, text, a.t["idempotency_key"])
		return once(again, err)
	})
	if err == errAgain {
		err = nil
	}
	if err != nil {
		a.errs = formErrors(err, "notice", noticeFields...)
		return c.again(err, func(status int) error { return c.showNoticeForm(status, a, c.R.PathValue("notice")) })
	}
	return c.redirect("/cases/" + id + "/notices/" + draft + "?done=" + doneNoticeDraft)
}

// noticeSending is the form that records how a notice was sent.
func (c *Ctx) noticeSending() error { return c.onNotice(200, attempt{}, true) }

// noticeSend marks a notice as sent, which copies it to the ISAO.
func (c *Ctx) noticeSend() error {
	id := c.R.PathValue("case")
	return c.caseAct(caseForm{which: "send", fields: []string{"at", "via", "evidence", "incomplete"},
		show: func(status int, a attempt) error { return c.onNotice(status, a, true) },
		do: func(tx *db.Tx, a attempt) (string, error) {
			n, err := c.Cases.Notice(tx.View, c.R.PathValue("notice"))
			if err != nil {
				return "", err
			}
			if n.Case != id {
				return "", fault.ErrMissing
			}
			how := cases.Sending{Via: a.t["via"], Evidence: evidenceList(a.t["evidence"]), Incomplete: a.t["incomplete"]}
			var wrong check.Problems
			if how.At = moment(&wrong, "at", "The time", a.t["at"], false); wrong.Found() {
				return "", wrong.Err()
			}
			return "/cases/" + id + "/notices/" + n.ID + "?done=" + doneNoticeSent, c.Cases.SendNotice(tx, n.ID, how)
		}})
}
