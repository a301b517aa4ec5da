package web

import (
	"fmt"

	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/members"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

var (
	doneOne  = greeting("done", "ok", "Done. It comes back when something new is said.")
	doneRead = greeting("read", "ok", "Everything up to now is read.")
)

// inboxPage is how many topics the inbox shows at once.
const inboxPage = 50

// clocksInStrip is how many clocks the strip on top is drawn from.
const clocksInStrip = 12

// inboxView is what the inbox is drawn from.
type inboxView struct {
	Clocks myClocks // of the reader's organization, on the first page
	Needs  []ui.Row // for the reader himself
	Rooms  []inboxRoom
	Newest string // what the page's script compares, on the first page
	Hidden int
	Muted  int
	Pages  ui.Pages
	First  bool
}

type inboxRoom struct {
	ID, Name string
	Rows     []ui.Row
}

// inbox is what is new for the reader: what needs him first, then the rest by
// room.
func (c *Ctx) inbox() error {
	after, err := readPlace(c.R.URL.Query().Get("after"))
	if err != nil {
		return err
	}
	in, err := c.Forum.Inbox(c.View, after, inboxPage)
	if err != nil {
		return err
	}
	g, err := c.gate()
	if err != nil {
		return err
	}
	prefs, err := c.Members.Preferences(c.View)
	if err != nil {
		return err
	}
	x := inboxView{Muted: in.Skipped, First: after.IsZero()}
	var label policy.Label
	strictest := func(l policy.Label) {
		if label.TLP == "" || l.TLP.StricterThan(label.TLP) {
			label.TLP = l.TLP
		}
	}
	if x.First {
		if x.Clocks, err = c.clocksOf(clocksInStrip); err != nil {
			return err
		}
		if len(x.Clocks.Open) > 0 {
			strictest(x.Clocks.Label)
		}
	}
	if x.First {
		if x.Needs, x.Hidden, err = c.alertNeeds(g, strictest); err != nil {
			return err
		}
		if x.Newest, err = c.newestNotice(); err != nil {
			return err
		}
	}
	for _, r := range in.Decide {
		if g.hides(r.From) {
			x.Hidden++
			continue
		}
		strictest(r.From)
		x.Needs = append(x.Needs, ui.Row{ID: r.ID, Title: "Decide: share “" + r.Title + "” as " + r.To.TLP.String() + "?", Href: "/approvals#" + r.ID,
			Meta: "asked by " + r.By.Name, Label: string(r.From.TLP), Icon: "lock", At: r.At, Now: c.View.Now()})
	}
	for _, room := range in.Rooms {
		group := inboxRoom{ID: room.Room, Name: room.Name}
		if group.Name == "" {
			group.Name = "Shared with you directly"
		}
		for _, n := range room.News {
			if g.hides(n.Topic.Label) {
				x.Hidden++
				continue
			}
			strictest(n.Topic.Label)
			row, mine := c.newsRow(n, room, prefs)
			if mine {
				x.Needs = append(x.Needs, row)
			} else {
				group.Rows = append(group.Rows, row)
			}
		}
		if len(group.Rows) > 0 {
			x.Rooms = append(x.Rooms, group)
		}
	}
	if !in.Next.IsZero() {
		x.Pages.OlderHref = "/inbox?after=" + placeText(in.Next)
	}
	if !x.First {
		x.Pages.NewerHref = "/inbox"
	}
	return c.show(Page{Title: "Inbox", Kind: "inbox", Label: label, Live: []string{"*"}, Body: inboxBody(x)})
}

// newsRow is one topic with news; mine says that it is for the reader himself,
// as he chose on his account page.
func (c *Ctx) newsRow(n forum.News, room forum.RoomNews, prefs members.Preferences) (row ui.Row, mine bool) {
	t := n.Topic
	row = ui.Row{ID: t.ID, Title: t.Title, Href: "/posts/" + n.First, Label: string(t.Label.TLP), Unread: true, At: t.Last.At, Now: c.View.Now(),
		Actions: []ui.Action{{Label: "Done", Href: "/inbox/done", Method: "post", Key: "e", Kind: "quiet", Hidden: []ui.Hidden{{Name: "topic", Value: t.ID}}}}}
	count := ui.Count(n.New, "new post", "new posts")
	if n.New >= forum.MaxUnread {
		count = fmt.Sprintf("more than %d new posts", forum.MaxUnread-1)
	}
	switch {
	case n.Mentioned:
		row.Meta, mine = "You are mentioned · "+count, prefs.Mentions
	case n.Mine:
		row.Meta, mine = "Answers to your topic · "+count, prefs.Replies
	case n.Fresh:
		row.Meta, mine = "New topic by "+t.Author.Name+", "+t.Author.OrgName, prefs.NewTopics
	default:
		row.Meta = count
	}
	if mine && room.Name != "" {
		row.Meta += " · " + room.Name
	}
	return row, mine
}

// inboxDone notes that the reader is done with a topic, a room or everything.
func (c *Ctx) inboxDone() error {
	if err := c.parseForm(); err != nil {
		return err
	}
	topic, err := c.field("topic")
	if err != nil {
		return err
	}
	room, err := c.field("room")
	if err != nil {
		return err
	}
	err = c.note(func(tx *db.Tx) error {
		if topic != "" {
			return c.Forum.MarkDone(tx, topic)
		}
		return c.Forum.MarkAllRead(tx, room)
	})
	if err != nil {
		return err
	}
	switch {
	case topic != "":
		return c.redirect("/inbox?done=" + doneOne)
	case room != "":
		return c.redirect("/rooms/" + room + "?done=" + doneRead)
	}
	return c.redirect("/inbox?done=" + doneRead)
}
