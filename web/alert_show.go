package web

import (
	"strconv"
	"time"

	"github.com/cordon-isao/cordon/alerts"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

var (
	doneAlertApproved  = greeting("alert-approved", "ok", "Approved. It can be sent as it is; a change makes it a draft again.")
	doneAlertSent      = greeting("alert-sent", "ok", "Sent. Every holder has a notice of its own. Answers are counted below as they come.")
	doneAlertWithdrawn = greeting("alert-withdrawn", "ok", "Withdrawn. Whoever was told sees that, and why.")
)

// alertView is what an alert's page is drawn from.
type alertView struct {
	al       alerts.Alert
	a        attempt
	tabs     []ui.Tab
	text     alertText
	inside   bool // the reader is of its author's side
	change   bool // may change, send, withdraw it
	approve  bool
	reach    []alertReach
	funnel   alerts.Answered
	asks     []alerts.Inquiry
	notice   string // address of the reader's own notice of it
	told     bool   // the reader would see such a notice
	caseHref string
	before   string // address of the one that it takes the place of
	after    string // address of the one that took its place
	now      time.Time
}

// alertReach is how many hold a product, as it may be shown.
type alertReach struct {
	Product string // as it is called
	Shown   alerts.Shown
}

// alertShow is an alert: to its author's side with what became of it, to others its
// text.
func (c *Ctx) alertShow() error { return c.showAlert(200, attempt{}) }

func (c *Ctx) showAlert(status int, a attempt) error {
	al, err := c.Alerts.Alert(c.View, c.R.PathValue("alert"))
	if err != nil {
		return err
	}
	g, err := c.gate()
	if err != nil {
		return err
	}
	if g.hides(al.Label) {
		return c.secondPasskey()
	}
	x := alertView{al: al, a: a, inside: al.Person != "", change: c.Alerts.MayChange(c.View, al), approve: c.Alerts.MayApprove(c.View, al), now: c.View.Now()}
	if x.text, err = c.alertText(al.Content); err != nil {
		return err
	}
	label := al.Label
	if c.Viewer.InGoodStanding() {
		current := alertsAtCommunity
		if x.inside {
			current = alertsAtWritten
		}
		x.tabs = c.alertTabs(current)
		x.told = c.recipient() && !al.Sent.IsZero()
		if n, err := c.Alerts.NoticeOf(c.View, al.ID); err == nil {
			x.notice = alertNoticeAt(n.ID)
			label = together(label, n.Label)
		} else if !fault.Is(err, fault.Missing) {
			return err
		}
	}
	if x.inside {
		if err := c.alertInside(&x, &label); err != nil {
			return err
		}
	}
	return c.show(Page{Title: al.Title, Kind: "alert", Status: status, Label: label, Live: []string{al.ID}, Body: alertBody(x), Right: alertAside(x)})
}

// alertInside gathers what the author's side sees besides the text.
func (c *Ctx) alertInside(x *alertView, label *policy.Label) (err error) {
	if !x.al.Sent.IsZero() {
		if x.funnel, err = c.Alerts.Funnel(c.View, x.al.ID); err != nil {
			return err
		}
	} else if x.reach, err = c.alertReach(x.al.Content); err != nil {
		return err
	}
	qs, err := c.Alerts.Inquiries(c.View, x.al.ID)
	if err != nil {
		return err
	}
	for _, q := range qs {
		if q.Side == alerts.AsRespondent {
			x.asks = append(x.asks, q)
			*label = together(*label, q.Label)
		}
	}
	if x.caseHref, err = c.alertCase(x.al); err != nil {
		return err
	}
	if x.before, err = c.alertKin(x.al.Supersedes); err != nil {
		return err
	}
	x.after, err = c.alertKin(x.al.SupersededBy)
	return err
}

// alertKin is the address of another alert, or "" if there is none that the reader may
// read.
func (c *Ctx) alertKin(id string) (string, error) {
	if id == "" {
		return "", nil
	}
	_, err := c.Alerts.Alert(c.View, id)
	if found, err := seen(err); err != nil || !found {
		return "", err
	}
	return alertAt(id), nil
}

// alertReach asks how many hold each product that a text names, where the reader may
// ask; of a product that nobody keeps here nothing is counted.
func (c *Ctx) alertReach(t alerts.Content) (out []alertReach, err error) {
	if !c.Alerts.MayWrite(c.View) {
		return nil, nil
	}
	var ids []string
	called := map[string]string{}
	for _, a := range t.Affected {
		if a.Product != "" && called[a.Product] == "" {
			ids, called[a.Product] = append(ids, a.Product), a.Title()
		}
	}
	known, err := c.Devices.ProductsOf(c.View, ids)
	if err != nil {
		return nil, err
	}
	var may []string
	for _, id := range ids {
		if p, ok := known[id]; ok && (c.Viewer.May(policy.MayTriage) || p.Kept == c.Viewer.Org) && len(may) < alerts.MaxAffected {
			may = append(may, id)
		}
	}
	shown, err := c.Alerts.Reach(c.View, may)
	for _, s := range shown {
		out = append(out, alertReach{called[s.Product], s.Shown})
	}
	return out, err
}

// alertAct is one form of an alert's page that acts on the text that was read.
func (c *Ctx) alertAct(which, done string, do func(tx *db.Tx, id string, revision int64) error) error {
	id := c.R.PathValue("alert")
	return c.caseAct(caseForm{which: which, fields: []string{"revision"}, show: c.showAlert, do: func(tx *db.Tx, a attempt) (string, error) {
		revision, err := strconv.ParseInt(a.t["revision"], 10, 64)
		if err != nil {
			return "", fault.Invalidf("The form does not say which text it means. Load the page again.")
		}
		return alertAt(id) + "?done=" + done, do(tx, id, revision)
	}})
}

// alertApprove approves an alert as it is.
func (c *Ctx) alertApprove() error { return c.alertAct("approve", doneAlertApproved, c.Alerts.Approve) }

// alertSend sends an approved alert.
func (c *Ctx) alertSend() error { return c.alertAct("send", doneAlertSent, c.Alerts.Send) }

// alertWithdraw takes an alert back.
func (c *Ctx) alertWithdraw() error {
	id := c.R.PathValue("alert")
	return c.caseAct(caseForm{which: "withdraw", fields: []string{"why"}, show: c.showAlert, do: func(tx *db.Tx, a attempt) (string, error) {
		return alertAt(id) + "?done=" + doneAlertWithdrawn, c.Alerts.Withdraw(tx, id, a.t["why"])
	}})
}

// next is the one thing that is to be done with an alert.
func (x alertView) next() ui.Step {
	revision := []ui.Hidden{{Name: "revision", Value: strconv.FormatInt(x.al.Revision, 10)}}
	waiting := 0
	first := ""
	for _, q := range x.asks {
		if q.State == alerts.InquiryOpen {
			if waiting++; first == "" {
				first = q.ID
			}
		}
	}
	switch x.al.State {
	case alerts.Draft:
		if x.approve {
			s := ui.Step{Kind: "info", Sentence: "It is a draft.", Detail: "Read it as its recipients will, then approve it. Nobody is told yet.", Button: "Approve this text", Href: alertAt(x.al.ID) + "/approve", Method: "post", Key: "r", Hidden: revision}
			if x.al.NeedsSecond {
				s.Kind, s.Sentence = "warn", "It waits for a second person: you."
			}
			return s
		}
		return ui.Step{Sentence: "It waits for a second person.", Detail: "Somebody of " + x.al.OrgName + " or of the desk who wrote none of it approves it: " + x.second() + "."}
	case alerts.Approved:
		if x.change {
			return ui.Step{Sentence: x.al.ApproverName + " approved it.", Detail: "Nobody is told before it is sent.", Button: x.sendButton(), Href: alertAt(x.al.ID) + "/send", Method: "post", Key: "r", Hidden: revision,
				Confirm: alertTold(len(x.al.Affected), x.al.TLP) + " What was sent can be withdrawn, not unsent."}
		}
		return ui.Step{Kind: "info", Sentence: x.al.ApproverName + " approved it.", Detail: x.al.OrgName + " sends it."}
	case alerts.Sent:
		if waiting > 0 {
			return ui.Step{Sentence: ui.Count(waiting, "inquiry waits", "inquiries wait") + " for an answer.", Detail: "Who asks is hidden from you.", Button: "Answer", Href: alertInquiryAt(first), Key: "r"}
		}
		return ui.Step{Kind: "ok", Sentence: "It is sent.", Detail: "Nothing waits for you here."}
	case alerts.Superseded:
		return ui.Step{Kind: "info", Sentence: "Another alert took its place.", Button: "Open the newer one", Href: x.after, Key: "r"}
	}
	return ui.Step{Kind: "info", Sentence: "It was withdrawn.", Detail: x.al.Why}
}

// second says why a second person is asked.
func (x alertView) second() string {
	switch {
	case x.al.Class == alerts.Now:
		return "it interrupts people"
	case x.al.TLP == policy.Clear || x.al.TLP == policy.Green:
		return "its text opens to many"
	}
	return "it is about another organization’s product"
}

// sendButton says whom the alert reaches.
func (x alertView) sendButton() string {
	s := "Send to all holders of " + ui.Count(len(x.al.Affected), "product", "products")
	switch x.al.TLP {
	case policy.Clear:
		return s + ", and publish"
	case policy.Green:
		return s + ", and the community"
	}
	return s
}

// received is the funnel of an alert that was sent.
func (x alertView) received() ui.Funnel {
	f := x.funnel
	row := func(name string, s alerts.Shown, part bool) ui.FunnelRow {
		return ui.FunnelRow{Name: name, Count: string(s), Least: s.AtLeast(), Part: part}
	}
	return ui.Funnel{ID: "received", Label: "How the alert was received", Finding: upperFirst(string(f.Told)) + " organizations were told, " + string(f.Silent) + " did not answer yet",
		Note: "Counts are told from 5 organizations on, rounded down to fives, and stand still until 5 others answer: nobody can be told from them.",
		Rows: []ui.FunnelRow{row("Told", f.Told, false), row("Opened", f.Opened, false), row(alertAnswerWords[alerts.NotUs], f.NotUs, true), row(alertAnswerWords[alerts.Looking], f.Looking, true),
			row(alertAnswerWords[alerts.Hit], f.Affected, true), row(alertAnswerWords[alerts.Fixed], f.Fixed, true), row("Silent", f.Silent, false)}}
}

func (x alertView) actions() (as []ui.Action) {
	if x.caseHref != "" {
		as = append(as, ui.Action{Label: "Open the case", Href: x.caseHref, Icon: "case", Key: "c"})
	}
	if !x.change {
		return as
	}
	switch x.al.State {
	case alerts.Draft, alerts.Approved:
		as = append(as, ui.Action{Label: "Change", Href: alertsAtDrafts + "/" + x.al.ID, Icon: "edit"})
	case alerts.Sent:
		as = append(as, ui.Action{Label: "Write one in its place", Href: alertsAtNew + "?supersedes=" + x.al.ID, Icon: "edit"})
	}
	return as
}

func (x alertView) states() []string {
	s := []string{alertClassWords[x.al.Class]}
	if x.inside || x.al.State != alerts.Sent {
		s = append(s, alertStateWords[x.al.State])
	}
	return s
}

// errors are those of whichever step was refused.
func (x alertView) errors() []ui.FieldError {
	if x.a.which == "withdraw" {
		return nil // beside its field
	}
	return x.a.errs
}
