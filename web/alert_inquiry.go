package web

import (
	"time"

	"github.com/cordon-isao/cordon/alerts"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

var (
	doneAlertReplied  = greeting("alert-replied", "ok", "Your message is in the inquiry.")
	doneAlertClosed   = greeting("alert-closed", "ok", "The inquiry is closed. It stays here to be read.")
	doneAlertRevealed = greeting("alert-revealed", "ok", "They know who you are now, in this inquiry.")
)

// alertInquiryView is what an inquiry is drawn from.
type alertInquiryView struct {
	q     alerts.Inquiry
	a     attempt
	tabs  []ui.Tab
	may   bool
	back  string // address of the notice, or of the alert
	prose *prose
}

// alertInquiry is what was asked about an alert, from one side.
func (c *Ctx) alertInquiry() error { return c.showAlertInquiry(200, attempt{}) }

func (c *Ctx) showAlertInquiry(status int, a attempt) error {
	q, err := c.Alerts.Inquiry(c.View, c.R.PathValue("inquiry"))
	if err != nil {
		return err
	}
	g, err := c.gate()
	if err != nil {
		return err
	}
	if g.hides(q.Label) {
		return c.secondPasskey()
	}
	x := alertInquiryView{q: q, a: a, may: c.Viewer.May(policy.MayPost), prose: c.prose()}
	if q.Side == alerts.AsAsker {
		x.tabs, x.back = c.alertTabs(alertsAt), alertNoticeAt(q.Notice)
	} else {
		x.tabs, x.back = c.alertTabs(alertsAtWritten), alertAt(q.Alert)
	}
	return c.show(Page{Title: "Inquiry about " + q.Title, Kind: "inquiry", Status: status, Label: q.Label, Live: []string{q.ID}, Body: alertInquiryBody(x, c.View.Now()), Right: alertInquiryAside(x)})
}

// alertInquiryAct is one form of an inquiry's page.
func (c *Ctx) alertInquiryAct(which, done string, fields []string, do func(tx *db.Tx, id string, a attempt) error) error {
	id := c.R.PathValue("inquiry")
	return c.caseAct(caseForm{which: which, fields: fields, show: c.showAlertInquiry, do: func(tx *db.Tx, a attempt) (string, error) {
		return alertInquiryAt(id) + "?done=" + done, do(tx, id, a)
	}})
}

// alertReply writes on in an inquiry.
func (c *Ctx) alertReply() error {
	return c.alertInquiryAct("reply", doneAlertReplied, []string{"body"}, func(tx *db.Tx, id string, a attempt) error { return c.Alerts.Reply(tx, id, a.t["body"]) })
}

// alertClose ends an inquiry.
func (c *Ctx) alertClose() error {
	return c.alertInquiryAct("close", doneAlertClosed, nil, func(tx *db.Tx, id string, _ attempt) error { return c.Alerts.CloseInquiry(tx, id) })
}

// alertReveal tells the respondent which organization asks.
func (c *Ctx) alertReveal() error {
	return c.alertInquiryAct("reveal", doneAlertRevealed, nil, func(tx *db.Tx, id string, _ attempt) error { return c.Alerts.Reveal(tx, id) })
}

// sender says to whom the reply form sends.
func (x alertInquiryView) sender() string {
	if x.q.Side == alerts.AsRespondent {
		return "Send to " + alertAskerName(x.q)
	}
	if x.q.Revealed != "" {
		return "Send, as " + x.q.Revealed
	}
	return "Send, as " + x.q.Pseudonym
}

// subtitle says who stands on the other side, and what it knows.
func (x alertInquiryView) subtitle() string {
	switch {
	case x.q.Side == alerts.AsRespondent && x.q.Revealed != "":
		return x.q.Revealed + " asks about your alert, and told you who it is."
	case x.q.Side == alerts.AsRespondent:
		return x.q.Pseudonym + " asks about your alert. You cannot see who it is; the name is the same in all that it asks about this alert, and another one elsewhere."
	case x.q.Revealed != "":
		return "You told who you are."
	}
	return "You ask as " + x.q.Pseudonym + ". Who wrote the alert does not learn who you are unless you say so."
}

// messageTime is when a message was written, as far as this side is told.
func (x alertInquiryView) messageTime(m alerts.Message, now time.Time) string {
	return dayOr(m.At, now, m.Asks && x.q.Side == alerts.AsRespondent)
}
