package web

import (
	"context"
	"strconv"
	"time"

	"github.com/cordon-isao/cordon/alerts"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

// The pages of alerts.
const (
	alertsAt          = "/alerts"
	alertsAtNotices   = "/alerts/notices"
	alertsAtCommunity = "/alerts/community"
	alertsAtWritten   = "/alerts/written"
	alertsAtNew       = "/alerts/new"
	alertsAtDrafts    = "/alerts/drafts"
	alertsAtInquiries = "/alerts/inquiries"
	alertsAtNewest    = "/alerts/newest"
)

func alertAt(id string) string        { return alertsAt + "/" + id }
func alertNoticeAt(id string) string  { return alertsAtNotices + "/" + id }
func alertInquiryAt(id string) string { return alertsAtInquiries + "/" + id }

// alertTabs are the tabs of the pages of alerts, with the one that the reader is on.
func (c *Ctx) alertTabs(current string) []ui.Tab {
	tabs := []ui.Tab{{Label: "For us", Href: alertsAt}, {Label: "For everybody", Href: alertsAtCommunity}}
	if c.Alerts.MayWrite(c.View) || c.Viewer.May(policy.MayTriage) {
		tabs = append(tabs, ui.Tab{Label: "Written", Href: alertsAtWritten})
	}
	for i := range tabs {
		tabs[i].Current = tabs[i].Href == current
	}
	return tabs
}

// recipient reports whether the reader is a named recipient of the own organization,
// who reads its notices.
func (c *Ctx) recipient() bool {
	return c.Viewer.SignedIn() && c.Viewer.Principals().Has(policy.OfOrg(c.Viewer.Org))
}

// newNotices counts the notices that nobody of the reader's organization opened.
func (c *Ctx) newNotices() (int, error) {
	return c.noticeCounts.get(c, func() (int, error) { return c.Alerts.Unopened(c.View) })
}

// newestNotice says, as the pages' script compares it, what came last: the entry that a
// notice comes with is not its reader's to see, so that the live stream does not tell of it.
func (c *Ctx) newestNotice() (string, error) {
	at, err := c.Alerts.Newest(c.View)
	if err != nil || at.IsZero() {
		return "0", err
	}
	return strconv.FormatInt(at.UnixMicro(), 36), nil
}

// alertsNewest answers the pages' script whether something came.
func (c *Ctx) alertsNewest() error {
	s, err := c.newestNotice()
	if err != nil {
		return err
	}
	c.W.Header().Set("Content-Type", "text/plain; charset=utf-8")
	c.W.WriteHeader(200)
	_, err = c.W.Write([]byte(s))
	return err
}

// alertNeeds are what of alerts waits for the reader, for the inbox: notices that are
// new, texts to approve, inquiries to answer. hidden counts what stays closed; shows is
// told of every label that is shown.
func (c *Ctx) alertNeeds(g gate, shows func(policy.Label)) (rows []ui.Row, hidden int, err error) {
	now := c.View.Now()
	add := func(l policy.Label, r ui.Row) {
		if g.hides(l) {
			hidden++
			return
		}
		shows(l)
		r.Label, r.Now = string(l.TLP), now
		rows = append(rows, r)
	}
	ns, _, err := c.Alerts.Inbox(c.View, alerts.InboxQuery{State: alerts.BoxNew, Limit: needsAlerts})
	if err != nil {
		return nil, 0, err
	}
	for _, n := range ns {
		r := ui.Row{ID: n.ID, Title: n.Content.Title, Href: alertNoticeAt(n.ID), Meta: "Alert · " + alertWhyLine(n), Unread: true, At: n.At}
		if n.Exploited {
			r.State = "Exploited"
		}
		add(n.Label, r)
	}
	qs, err := c.Alerts.OpenInquiries(c.View)
	if err != nil {
		return nil, 0, err
	}
	for i, q := range qs {
		if i == needsAlerts {
			break
		}
		add(q.Label, ui.Row{ID: q.ID, Title: "Answer: " + q.Title, Href: alertInquiryAt(q.ID), Meta: alertAskerName(q) + " asks about your alert", Icon: "reply", At: q.Changed})
	}
	if !c.Alerts.MayWrite(c.View) {
		return rows, hidden, nil
	}
	drafts, _, err := c.Alerts.Alerts(c.View, alerts.Query{State: alerts.Draft, Limit: needsAlerts})
	if err != nil {
		return nil, 0, err
	}
	for _, a := range drafts {
		if a.NeedsSecond && c.Alerts.MayApprove(c.View, a) {
			add(a.Label, ui.Row{ID: a.ID, Title: "Approve: " + a.Title, Href: alertAt(a.ID), Meta: "An alert of " + a.OrgName + " waits for a second person", Icon: "lock", At: a.Changed})
		}
	}
	return rows, hidden, nil
}

// needsAlerts is how many of each sort stand in the inbox.
const needsAlerts = 7

// alertOpened notes, once the page is on its way, that the organization opened a notice;
// but not what the page's script fetched by itself.
func (c *Ctx) alertOpened(n alerts.Notice) {
	if !n.Opened.IsZero() || c.R.Method != "GET" || c.R.Header.Get("X-Cordon-Partial") != "" || !c.recipient() || !c.Viewer.May(policy.MayPost) {
		return
	}
	ctx := context.WithoutCancel(c.R.Context())
	c.afterwards(func() {
		err := c.DB.Write(ctx, c.Viewer, func(tx *db.Tx) error { return c.Alerts.Open(tx, n.ID) })
		if err != nil && !fault.Is(err, fault.Conflict) && !fault.Is(err, fault.Missing) {
			c.Log.Warn("note that a notice was opened", "err", err)
		}
	})
}

// alertCommands are the commands of alerts for the command menu.
func (c *Ctx) alertCommands(add func(command), matches func(label string) bool) {
	for _, x := range []command{{Label: "Alerts for everybody", Href: alertsAtCommunity}, {Label: "Write an alert", Href: alertsAtNew}} {
		if matches(x.Label) && (x.Href != alertsAtNew || c.Alerts.MayWrite(c.View)) {
			add(x)
		}
	}
}

// dayOr is a time in words: of what came at the beginning of a day, only the day, for
// the time of day was kept back.
func dayOr(t, now time.Time, dayOnly bool) string {
	if dayOnly {
		return t.UTC().Format("2 Jan 2006")
	}
	return ui.Absolute(t, now)
}
