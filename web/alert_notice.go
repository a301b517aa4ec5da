package web

import (
	"github.com/cordon-isao/cordon/alerts"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

var (
	doneAlertAnswered = greeting("alert-answered", "ok", "Your answer is on record. You can change it while you find out more.")
	doneAlertArchived = greeting("alert-archived", "ok", "Put away. It stands under “Done”.")
	doneAlertBack     = greeting("alert-back", "ok", "It is back among the open ones.")
	doneAlertAsked    = greeting("alert-asked", "ok", "Sent. Who wrote the alert sees your question and your pseudonym, and answers here.")
)

const noticesBeside = 12 // of the inbox, beside a notice

// alertNoticeView is what a notice is drawn from.
type alertNoticeView struct {
	n        alerts.Notice
	tabs     []ui.Tab
	a        attempt
	text     alertText
	asked    []alerts.Inquiry
	ask      bool // the reader may ask who wrote it
	may      bool // answers for the organization
	caseHref string
	alert    string // address of the alert, if the reader may read it
	beside   []alerts.Notice
	newest   string
	own      string // the organization's name
}

// alertText is what a text of an alert is drawn from.
type alertText struct {
	alerts.Content
	products map[string]bool // those that the reader may look at
	prose    *prose
}

// alertText gathers what the text of an alert is drawn from. The page is marked like
// the strictest product that it links to; others are named by the text only.
func (c *Ctx) alertText(t alerts.Content) (x alertText, err error) {
	x = alertText{Content: t, products: map[string]bool{}, prose: c.prose()}
	var ids []string
	for _, a := range t.Affected {
		if a.Product != "" {
			ids = append(ids, a.Product)
		}
	}
	if len(ids) == 0 {
		return x, nil
	}
	known, err := c.Devices.ProductsOf(c.View, ids)
	for id := range known {
		x.products[id] = true
	}
	return x, err
}

// alertNotice is one notice: why it is the reader's, what to do, and the answer.
func (c *Ctx) alertNotice() error { return c.showAlertNotice(200, attempt{}) }

func (c *Ctx) showAlertNotice(status int, a attempt) error {
	return c.ownDevices(func() error {
		n, err := c.Alerts.Notice(c.View, c.R.PathValue("notice"))
		if err != nil {
			return err
		}
		x := alertNoticeView{n: n, tabs: c.alertTabs(alertsAt), a: a, may: c.recipient() && c.Viewer.May(policy.MayPost), own: c.Viewer.OrgName}
		if x.text, err = c.alertText(n.Content); err != nil {
			return err
		}
		label := n.Label
		if n.Alert != "" {
			written, err := c.Alerts.Alert(c.View, n.Alert)
			switch {
			case fault.Is(err, fault.Missing):
				x.ask = x.may
			case err != nil:
				return err
			default:
				x.alert, x.ask = alertAt(written.ID), x.may && written.Org != n.Org
				if x.caseHref, err = c.alertCase(written); err != nil {
					return err
				}
			}
			qs, err := c.Alerts.Inquiries(c.View, n.Alert)
			if err != nil {
				return err
			}
			for _, q := range qs {
				if q.Side == alerts.AsAsker {
					x.asked = append(x.asked, q)
					label = together(label, q.Label)
				}
			}
		}
		if x.beside, _, err = c.Alerts.Inbox(c.View, alerts.InboxQuery{Limit: noticesBeside}); err != nil {
			return err
		}
		if x.newest, err = c.newestNotice(); err != nil {
			return err
		}
		c.alertOpened(n)
		return c.show(Page{Title: n.Content.Title, Kind: "alert", Status: status, Label: label, Live: []string{n.ID}, Body: alertNoticeBody(x, c.View.Now()), Right: alertNoticeAside(x, c.View.Now())})
	})
}

// alertCase is the address of the case that an alert comes from, if the reader may know
// of both.
func (c *Ctx) alertCase(a alerts.Alert) (string, error) {
	if a.Case == "" {
		return "", nil
	}
	k, err := c.Cases.Case(c.View, a.Case)
	if found, err := seen(err); err != nil || !found {
		return "", err
	}
	return "/cases/" + k.ID, nil
}

// alertAnswer answers a notice for the reader's organization.
func (c *Ctx) alertAnswer() error {
	id := c.R.PathValue("notice")
	return c.caseAct(caseForm{which: "answer", fields: []string{"answer", "note"}, show: c.showAlertNotice, do: func(tx *db.Tx, a attempt) (string, error) {
		return alertNoticeAt(id) + "?done=" + doneAlertAnswered, c.Alerts.Answer(tx, id, alerts.Answer(a.t["answer"]), a.t["note"])
	}})
}

// alertArchive puts a notice away, or back.
func (c *Ctx) alertArchive() error {
	id := c.R.PathValue("notice")
	return c.caseAct(caseForm{which: "archive", fields: []string{"away"}, show: c.showAlertNotice, do: func(tx *db.Tx, a attempt) (string, error) {
		switch a.t["away"] {
		case "1":
			return alertsAt + "?done=" + doneAlertArchived, c.Alerts.Archive(tx, id, true)
		case "0":
			return alertNoticeAt(id) + "?done=" + doneAlertBack, c.Alerts.Archive(tx, id, false)
		}
		return "", fault.InvalidField("away", "Say whether the alert is put away or back.")
	}})
}

// alertAsk asks who wrote the alert of a notice.
func (c *Ctx) alertAsk() error {
	id := c.R.PathValue("notice")
	return c.caseAct(caseForm{which: "ask", fields: []string{"body"}, show: c.showAlertNotice, do: func(tx *db.Tx, a attempt) (string, error) {
		q, err := c.Alerts.Ask(tx, id, a.t["body"])
		return alertInquiryAt(q) + "?done=" + doneAlertAsked, err
	}})
}

// states are a notice's chips.
func (x alertNoticeView) states() []string {
	s := []string{alertClassWords[x.n.Class]}
	if x.n.Answer != alerts.Unanswered {
		s = append(s, "Our answer: "+alertAnswerWords[x.n.Answer])
	}
	if x.n.Archived {
		s = append(s, "Archived")
	}
	if x.n.Ended != "" {
		s = append(s, alertStateWords[x.n.Ended])
	}
	return s
}

func (x alertNoticeView) actions() (as []ui.Action) {
	if x.caseHref != "" {
		as = append(as, ui.Action{Label: "Open the case", Href: x.caseHref, Icon: "case", Key: "c"})
	}
	if !x.may {
		return as
	}
	if x.n.Archived {
		return append(as, ui.Action{Label: "Take it back out", Href: alertNoticeAt(x.n.ID) + "/archive", Method: "post", Hidden: []ui.Hidden{{Name: "away", Value: "0"}}})
	}
	return append(as, ui.Action{Label: "Archive", Href: alertNoticeAt(x.n.ID) + "/archive", Method: "post", Icon: "check", Key: "e", Hidden: []ui.Hidden{{Name: "away", Value: "1"}}})
}

// answered says who answered, and what.
func (x alertNoticeView) answered() string {
	if x.n.Answer == alerts.Unanswered {
		return "Nobody of " + x.own + " answered yet."
	}
	return x.n.AnsweredBy + " answered “" + alertAnswerWords[x.n.Answer] + "”. You may change it."
}

// counted says what becomes of an answer.
func (x alertNoticeView) counted() string {
	if x.n.Kind != alerts.OfAlert {
		return "Matching found this. Your answer stays in your organization."
	}
	return "Who sent it sees how many answered what, from 5 organizations on, and never who. Your note stays in your organization."
}
