package web

import (
	"github.com/cordon-isao/cordon/web/ui"
)

// frontView is what the public front page is drawn from.
type frontView struct {
	Name, Purpose string
	Founded       bool
	Topics        []ui.TopicRow
	Rooms         []ui.RoomRow
	Key           string
	Demo          bool
}

// front is the public page of the community. Who is signed in goes to his inbox.
func (c *Ctx) front() error {
	if c.Viewer.InGoodStanding() {
		return c.redirect("/inbox")
	}
	if c.Viewer.SignedIn() {
		return c.redirect("/account")
	}
	x := frontView{Name: c.communityName(), Key: c.Ledger.Public(), Demo: c.Demo != nil}
	s, err := c.Members.Settings(c.View)
	if x.Founded, err = seen(err); err != nil {
		return err
	}
	x.Purpose = s.Purpose
	rooms, err := c.Forum.Rooms(c.View)
	if err != nil {
		return err
	}
	for _, r := range rooms {
		x.Rooms = append(x.Rooms, ui.RoomRow{ID: r.ID, Title: r.Name, Href: "/rooms/" + r.ID, Purpose: firstWords(r.Purpose, 120), Label: string(r.Label.TLP), LastAt: r.Last, Now: c.View.Now()})
	}
	topics, err := c.Forum.PublicTopics(c.View, 8)
	if err != nil {
		return err
	}
	for _, t := range topics {
		row := c.topicRow(t)
		row.Unread, row.Room = 0, t.RoomName
		x.Topics = append(x.Topics, row)
	}
	return c.show(Page{Title: "", Kind: "front", Public: true, Body: frontBody(x)})
}

// publicNav is the head of a page for the public.
func (c *Ctx) publicNav() []ui.NavGroup {
	items := []ui.NavItem{{Label: "Report a vulnerability", Href: "/report"}, {Label: "Disclosures", Href: "/disclosures"}, {Label: "Check evidence", Href: "/verify"}}
	if c.Viewer.SignedIn() {
		items = append(items, ui.NavItem{Label: "Inbox", Href: "/inbox"})
	} else {
		items = append(items, ui.NavItem{Label: "Sign in", Href: "/sign-in"})
	}
	for i := range items {
		items[i].Current = c.R.URL.Path == items[i].Href
	}
	return []ui.NavGroup{{Items: items}}
}
