package web

import (
	"net/url"
	"time"

	"github.com/cordon-isao/cordon/alerts"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

const (
	noticesAPage    = 50
	communityBeside = 5 // alerts for everybody that stand below the inbox
)

// alertInboxView is what the inbox of alerts is drawn from.
type alertInboxView struct {
	tabs      []ui.Tab
	box       alerts.Box
	rows      []alerts.Notice
	community []alerts.Alert
	pages     ui.Pages
	newest    string
	recipient bool // the reader is told of the organization's notices
	may       bool // answers them
	write     bool // writes alerts
	devices   int  // deployments of the organization
	checked   time.Time
	weeks     []alerts.Week
	now       time.Time
}

// alertInbox is what the reader's organization was told.
func (c *Ctx) alertInbox() error {
	return c.ownDevices(func() (err error) {
		q := c.R.URL.Query()
		x := alertInboxView{tabs: c.alertTabs(alertsAt), box: alerts.Box(q.Get("show")), recipient: c.recipient(), may: c.Viewer.May(policy.MayPost), write: c.Alerts.MayWrite(c.View), now: c.View.Now()}
		if x.box != alerts.BoxNew && x.box != alerts.BoxDone {
			x.box = alerts.BoxOpen
		}
		var next string
		if x.rows, next, err = c.Alerts.Inbox(c.View, alerts.InboxQuery{State: x.box, After: q.Get("after"), Limit: noticesAPage}); err != nil {
			return err
		}
		if next != "" {
			x.pages.OlderHref = alertsAt + "?" + url.Values{"show": {string(x.box)}, "after": {next}}.Encode()
			x.pages.Note = "The most pressing come first."
		}
		if q.Get("after") != "" {
			x.pages.NewerHref = x.boxAt(x.box)
		}
		if x.newest, err = c.newestNotice(); err != nil {
			return err
		}
		if x.recipient && len(x.rows) == 0 {
			n, err := c.Devices.DeploymentCounts(c.View)
			if err != nil {
				return err
			}
			x.devices = n.Deployments
			if x.checked, err = c.lastFed(); err != nil {
				return err
			}
		}
		if x.community, _, err = c.Alerts.Community(c.View, alerts.Query{Limit: communityBeside}); err != nil {
			return err
		}
		if x.weeks, err = c.Alerts.Volume(c.View); err != nil {
			return err
		}
		var label policy.Label
		if x.recipient {
			label = policy.Default(c.Viewer.Org)
		}
		for _, a := range x.community {
			label = together(label, a.Label)
		}
		return c.show(Page{Title: "Alerts", Kind: "alerts", Label: label, Live: []string{"*"}, Body: alertInboxBody(x), Right: alertInboxAside(x)})
	})
}

func (x alertInboxView) boxAt(b alerts.Box) string {
	if b == alerts.BoxOpen {
		return alertsAt
	}
	return alertsAt + "?show=" + string(b)
}

// checkedWords says how fresh the answer is.
func (x alertInboxView) checkedWords() string {
	if x.checked.IsZero() {
		return "No feed of vulnerabilities was read yet."
	}
	return "Last check " + ui.Absolute(x.checked, x.now) + "."
}

// alertVolume is how many notices came, week by week.
func alertVolume(weeks []alerts.Week) ui.Trend {
	t := ui.Trend{ID: "volume", Label: "Notices by week", What: "notice", Empty: "No notice came in half a year."}
	sum := 0
	for _, w := range weeks {
		sum += w.Notices
	}
	if sum == 0 {
		return t
	}
	for _, w := range weeks {
		t.Points = append(t.Points, ui.TrendPoint{Ends: w.Start.AddDate(0, 0, 6), N: w.Notices})
	}
	t.Finding = ui.Count(weeks[len(weeks)-1].Notices, "notice", "notices") + " this week, " + ui.Number(sum) + " in half a year"
	return t
}

// alertCommunityView is what the list of alerts for everybody is drawn from.
type alertCommunityView struct {
	tabs  []ui.Tab
	rows  []alerts.Alert
	pages ui.Pages
	write bool
	now   time.Time
}

// alertCommunity lists the alerts whose text is for everybody.
func (c *Ctx) alertCommunity() (err error) {
	after := c.R.URL.Query().Get("after")
	x := alertCommunityView{tabs: c.alertTabs(alertsAtCommunity), write: c.Alerts.MayWrite(c.View), now: c.View.Now()}
	var next string
	if x.rows, next, err = c.Alerts.Community(c.View, alerts.Query{After: after, Limit: noticesAPage}); err != nil {
		return err
	}
	if next != "" {
		x.pages.OlderHref = alertsAtCommunity + "?after=" + queryEscape(next)
	}
	if after != "" {
		x.pages.NewerHref = alertsAtCommunity
	}
	var label policy.Label
	for _, a := range x.rows {
		label = together(label, a.Label)
	}
	return c.show(Page{Title: "Alerts for everybody", Kind: "alerts", Label: label, Live: []string{"*"}, Body: alertCommunityBody(x)})
}

// alertRows are alerts for everybody as rows of a list.
func alertRows(as []alerts.Alert, now time.Time) (rows []ui.Row) {
	for _, a := range as {
		r := ui.Row{ID: a.ID, Title: a.Title, Href: alertAt(a.ID), Meta: a.OrgName + " · " + alertProducts(a.Content), Label: string(a.Label.TLP), Icon: "alert", At: a.Sent, Now: now}
		if a.State != alerts.Sent {
			r.State = alertStateWords[a.State]
		}
		rows = append(rows, r)
	}
	return rows
}

// alertProducts names what an alert is about, in a line.
func alertProducts(t alerts.Content) string {
	if len(t.Affected) == 0 {
		return "no product is named"
	}
	s := t.Affected[0].Title()
	if a := t.Affected[0]; a.Range != "" {
		s += " " + a.Range
	}
	if n := len(t.Affected) - 1; n > 0 {
		s += ", and " + ui.Count(n, "more", "more")
	}
	return s
}

// alertWrittenView is what the list of written alerts is drawn from.
type alertWrittenView struct {
	tabs   []ui.Tab
	rows   []alerts.Alert
	asks   []alerts.Inquiry
	state  alerts.State
	mine   bool
	desk   bool
	hidden int
	pages  ui.Pages
	write  bool
	now    time.Time
}

// alertWritten lists alerts from their author's side.
func (c *Ctx) alertWritten() (err error) {
	q := c.R.URL.Query()
	x := alertWrittenView{tabs: c.alertTabs(alertsAtWritten), state: alerts.State(q.Get("state")), mine: q.Get("mine") == "1", desk: c.Viewer.May(policy.MayTriage), write: c.Alerts.MayWrite(c.View), now: c.View.Now()}
	if alertStateWords[x.state] == "" {
		x.state = ""
	}
	g, err := c.gate()
	if err != nil {
		return err
	}
	as, next, err := c.Alerts.Alerts(c.View, alerts.Query{State: x.state, Mine: x.mine, After: q.Get("after"), Limit: noticesAPage})
	if err != nil {
		return err
	}
	var label policy.Label
	for _, a := range as {
		if g.hides(a.Label) {
			x.hidden++
			continue
		}
		label = together(label, a.Label)
		x.rows = append(x.rows, a)
	}
	asks, err := c.Alerts.OpenInquiries(c.View)
	if err != nil {
		return err
	}
	for _, i := range asks {
		if g.hides(i.Label) {
			x.hidden++
			continue
		}
		label = together(label, i.Label)
		x.asks = append(x.asks, i)
	}
	if next != "" {
		x.pages.OlderHref = x.at(x.state, x.mine) + "&after=" + queryEscape(next)
	}
	if q.Get("after") != "" {
		x.pages.NewerHref = x.at(x.state, x.mine)
	}
	return c.show(Page{Title: "Alerts that were written", Kind: "alerts", Label: label, Live: []string{"*"}, Body: alertWrittenBody(x), Right: alertWrittenAside()})
}

func (x alertWrittenView) at(s alerts.State, mine bool) string {
	v := url.Values{"state": {string(s)}}
	if mine {
		v.Set("mine", "1")
	}
	return alertsAtWritten + "?" + v.Encode()
}

func (x alertWrittenView) listed() (rows []ui.Row) {
	for _, a := range x.rows {
		r := ui.Row{ID: a.ID, Title: a.Title, Href: alertAt(a.ID), Meta: alertProducts(a.Content), Label: string(a.Label.TLP), State: alertStateWords[a.State], Icon: "alert", At: a.Changed, Now: x.now}
		if !a.Sent.IsZero() {
			r.At, r.Icon = a.Sent, "send"
		}
		if x.desk {
			r.Meta = a.OrgName + " · " + r.Meta
		}
		rows = append(rows, r)
	}
	return rows
}

// alertInquiryRows are inquiries as rows of a list.
func alertInquiryRows(qs []alerts.Inquiry, now time.Time) (rows []ui.Row) {
	for _, q := range qs {
		r := ui.Row{ID: q.ID, Title: q.Title, Href: alertInquiryAt(q.ID), State: alertInquiryWords[q.State], Icon: "reply", Label: string(q.Label.TLP)}
		if len(q.Messages) > 0 {
			r.Title = shortText(q.Messages[0].Body, 120)
		}
		r.Meta = "Asked as " + q.Pseudonym
		if q.Side == alerts.AsRespondent {
			r.Meta = alertAskerName(q) + " about “" + q.Title + "”"
		} else {
			r.At, r.Now = q.Changed, now
		}
		rows = append(rows, r)
	}
	return rows
}
