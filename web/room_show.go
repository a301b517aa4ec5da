package web

import (
	"fmt"

	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/members"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

// topicsAPage is how many topics a room's page lists.
const topicsAPage = 40

// roomView is what a room's page is drawn from.
type roomView struct {
	Room   forum.Room
	Head   ui.Heading
	Topics []ui.TopicRow
	Hidden int // topics that a second passkey would open
	Pages  ui.Pages
	First  bool // the newest page
	Reach  members.Reach
	Facts  []ui.KV
	Member bool
}

// roomShow lists a room's topics, those with the newest posts first.
func (c *Ctx) roomShow() error {
	r, err := c.Forum.Room(c.View, c.R.PathValue("room"))
	if err != nil {
		return err
	}
	if r.Object != "" { // a case's room is shown there
		return c.redirect("/cases/" + r.Object + "/" + tabThreads)
	}
	after, err := readPlace(c.R.URL.Query().Get("after"))
	if err != nil {
		return err
	}
	topics, err := c.Forum.Topics(c.View, r.ID, after, topicsAPage+1)
	if err != nil {
		return err
	}
	x := roomView{Room: r, First: after.IsZero(), Member: c.Viewer.InGoodStanding()}
	if len(topics) > topicsAPage {
		topics = topics[:topicsAPage]
		x.Pages.OlderHref = "/rooms/" + r.ID + "?after=" + placeText(topics[topicsAPage-1].Last)
	}
	if !x.First {
		x.Pages.NewerHref = "/rooms/" + r.ID
		x.Pages.Note = "Newer leads to the newest."
	}
	g, err := c.gate()
	if err != nil {
		return err
	}
	label := r.Label
	for _, t := range topics {
		if g.hides(t.Label) {
			x.Hidden++
			continue
		}
		if t.Label.TLP.StricterThan(label.TLP) {
			label = policy.Label{TLP: t.Label.TLP}
		}
		x.Topics = append(x.Topics, c.topicRow(t))
	}
	if x.Reach, err = c.Members.Reach(c.View, r.Label); err != nil {
		return err
	}
	words, err := c.audienceWords(c.View, r.Label.Audience)
	if err != nil {
		return err
	}
	x.Facts = []ui.KV{{Key: "For", Value: words}, {Key: "Opened by", Value: r.OpenedBy.Name + ", " + r.OpenedBy.OrgName}, {Key: "Opened", Part: ui.RelTime(r.OpenedAt, c.View.Now())}}
	x.Head = ui.Heading{ShortID: shortID(r.ID), Label: string(r.Label.TLP), Title: r.Name, Subtitle: r.Purpose}
	if !r.Archived.IsZero() {
		x.Head.States = []string{"Archived"}
	}
	if x.Member {
		c.roomActions(&x)
	}
	page := Page{Title: r.Name, Kind: "room", Label: label, Live: []string{"*"}, Body: roomBody(x)}
	if c.Viewer.SignedIn() {
		page.Right = roomRail(x)
	}
	return c.show(page)
}

func (c *Ctx) topicRow(t forum.Topic) ui.TopicRow {
	row := ui.TopicRow{ID: t.ID, Title: t.Title, Href: "/topics/" + t.ID, Label: string(t.Label.TLP), Resolved: t.State == forum.Resolved, Pinned: t.Decisions > 0,
		Replies: t.Posts - 1, By: t.Author.Name + ", " + t.Author.OrgName, LastAt: t.Last.At, Now: c.View.Now()}
	if t.Unread && c.Viewer.SignedIn() { // who is nobody has read nothing, and has nothing to catch up with
		row.Unread = 1
	}
	return row
}

func (c *Ctx) roomActions(x *roomView) {
	r := x.Room
	at := "/rooms/" + r.ID
	watch := func(label string, level forum.Level) {
		x.Head.Actions = append(x.Head.Actions, ui.Action{Label: label, Href: at + "/watch", Method: "post", Icon: "bell", Key: "w", Hidden: []ui.Hidden{{Name: "level", Value: string(level)}}})
	}
	switch r.Watch {
	case forum.Watched:
		watch("Watching: mute", forum.Muted)
	case forum.Muted:
		watch("Muted: back to normal", forum.Normal)
	default:
		watch("Watch", forum.Watched)
	}
	if r.Unread > 0 {
		x.Head.Actions = append(x.Head.Actions, ui.Action{Label: "Mark all read", Href: "/inbox/done", Method: "post", Icon: "check", Hidden: []ui.Hidden{{Name: "room", Value: r.ID}}})
	}
	if r.Archived.IsZero() && c.Viewer.May(policy.MayPost) {
		x.Head.Actions = append(x.Head.Actions, ui.Action{Label: "New topic", Href: at + "/topics/new", Icon: "plus", Key: "t", Kind: "primary"})
	}
}

// hiddenSentence says how many things a second passkey would open.
func hiddenSentence(n int) string {
	return fmt.Sprintf("Add a second passkey to open %s labelled TLP:AMBER or stricter.", ui.Count(n, "item", "items"))
}
