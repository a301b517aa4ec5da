package web

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

// postsAPage is how many posts a topic's page shows.
const postsAPage = 50

// topicShow is the page of a topic: its newest posts, or those around or before
// a place in it.
func (c *Ctx) topicShow() error {
	return c.topicPage(c.R.PathValue("topic"), 200, composed{Quote: c.R.URL.Query().Get("quote"), Fewer: c.R.URL.Query().Get("fewer") == "1"}, nil)
}

// topicView is what the page is drawn from.
type topicView struct {
	Topic     forum.Topic
	Head      ui.Heading
	Decisions []forum.Post
	Posts     []ui.Post
	Pages     ui.Pages
	Unseen    string // address of the first new post, if this page does not show it
	Compose   *ui.Compose
	Fewer     bool // the composer offers readers of its own
	Quoting   *forum.Post
	Reach     []ui.AudienceRow
	Facts     []ui.KV
	Actions   []ui.Action
	Steps     []ui.Step // what waits for somebody
	Member    bool
	Resolve   bool // the reader may resolve it
	Now       time.Time
	Prose     *prose
	Case      string // the case whose thread it is, or ""
}

// topicPage draws a topic, with what was typed in its composer and what is
// wrong with it.
func (c *Ctx) topicPage(id string, status int, in composed, problem error) error {
	t, err := c.Forum.Topic(c.View, id)
	if err != nil {
		return err
	}
	g, err := c.gate()
	if err != nil {
		return err
	}
	if g.hides(t.Label) {
		return c.secondPasskey()
	}
	x := topicView{Topic: t, Now: c.View.Now(), Member: c.Viewer.InGoodStanding(), Prose: c.prose(), Fewer: in.Fewer}
	if x.Case, err = c.Cases.CaseOf(c.View, id); err != nil {
		return err
	}
	posts, err := c.topicPosts(&x)
	if err != nil {
		return err
	}
	strictest := t.Label
	fresh, line := false, c.R.Header.Get("X-Cordon-New")
	for _, p := range posts {
		if p.Label.TLP.StricterThan(strictest.TLP) && !g.hides(p.Label) {
			strictest = p.Label
		}
		y := c.post(t, p, g, x.Prose)
		// A page that is refreshed in place keeps its "new since" line.
		if y.New && !fresh && line == "" && p.ID != posts[0].ID || p.ID == line {
			y.FirstNew = true
		}
		fresh = fresh || y.New
		x.Posts = append(x.Posts, y)
	}
	decisions, err := c.Forum.Decisions(c.View, id)
	if err != nil {
		return err
	}
	for _, d := range decisions {
		if g.hides(d.Label) {
			continue
		}
		if d.Label.TLP.StricterThan(strictest.TLP) {
			strictest = d.Label
		}
		x.Decisions = append(x.Decisions, d)
	}
	x.Head = c.topicHead(t, x.Case)
	if x.Member {
		if err := c.topicComposer(&x, in, g, problem); err != nil {
			return err
		}
		if x.Quoting != nil && x.Quoting.Label.TLP.StricterThan(strictest.TLP) {
			strictest = x.Quoting.Label
		}
		if err := c.pending(&x); err != nil {
			return err
		}
		if x.Resolve, err = c.mayResolve(t); err != nil {
			return err
		}
		c.noteRead(t, x, posts)
	}
	if err := c.topicFacts(&x); err != nil {
		return err
	}
	page := Page{Title: t.Title, Kind: "topic", Label: strictest, Live: []string{t.ID}, Status: status, Body: topicBody(x)}
	if c.Viewer.SignedIn() {
		page.Right = topicRail(x)
	}
	return c.show(page)
}

// topicPosts reads the page's posts: around a post, before or after one, or the
// newest.
func (c *Ctx) topicPosts(x *topicView) ([]forum.Post, error) {
	q := c.R.URL.Query()
	at := "/topics/" + x.Topic.ID
	var posts []forum.Post
	var err error
	older, newer := false, false
	switch {
	case q.Get("after") != "":
		from, err := readPlace(q.Get("after"))
		if err != nil {
			return nil, err
		}
		if posts, err = c.Forum.Posts(c.View, x.Topic.ID, from, postsAPage+1); err != nil {
			return nil, err
		}
		older = true
		if newer = len(posts) > postsAPage; newer {
			posts = posts[:postsAPage]
		}
	default:
		var before forum.Cursor
		if q.Get("before") != "" {
			if before, err = readPlace(q.Get("before")); err != nil {
				return nil, err
			}
			newer = true
		}
		if posts, err = c.Forum.PostsBefore(c.View, x.Topic.ID, before, postsAPage+1); err != nil {
			return nil, err
		}
		if older = len(posts) > postsAPage; older {
			posts = posts[1:]
		}
	}
	if len(posts) > 0 {
		if older {
			x.Pages.OlderHref = at + "?before=" + placeText(posts[0].Cursor())
		}
		if newer {
			x.Pages.NewerHref = at + "?after=" + placeText(posts[len(posts)-1].Cursor())
		}
	}
	return posts, nil
}

// placeText writes a place in a list into an address. It says nothing but the time
// and the id of a post that the reader was shown.
func placeText(p forum.Cursor) string {
	return strconv.FormatInt(clock.Micros(p.At), 36) + "-" + p.ID
}

func readPlace(s string) (forum.Cursor, error) {
	if s == "" {
		return forum.Cursor{}, nil
	}
	at, id, ok := strings.Cut(s, "-")
	n, err := strconv.ParseInt(at, 36, 64)
	if !ok || err != nil || len(id) > 100 {
		return forum.Cursor{}, fault.InvalidField("after", "This is not a place in this list. Start from its beginning.")
	}
	return forum.Cursor{At: clock.FromMicros(n), ID: id}, nil
}

// noteRead notes that the reader has seen the page's posts, once the page is on
// its way; but not while there are new ones before it, nor what a page in the
// background fetched.
func (c *Ctx) noteRead(t forum.Topic, x topicView, posts []forum.Post) {
	if !t.Unread || len(posts) == 0 || x.Unseen != "" || c.R.Header.Get("X-Cordon-Partial") == "hidden" {
		return
	}
	last := posts[len(posts)-1].ID
	ctx := context.WithoutCancel(c.R.Context())
	c.afterwards(func() {
		err := c.DB.Note(ctx, c.Viewer, func(tx *db.Tx) error { return c.Forum.MarkRead(tx, t.ID, last) })
		if err != nil && !fault.Is(err, fault.Missing) {
			c.Log.Warn("note a topic as read", "err", err)
		}
	})
}

// pending tells what waits in the topic: requests to loosen a label, and where
// the first new post is if this page does not show it.
func (c *Ctx) pending(x *topicView) error {
	all, err := c.Forum.Relabels(c.View, x.Topic.ID)
	if err != nil {
		return err
	}
	for _, r := range all {
		if r.State == forum.Pending {
			x.Steps = append(x.Steps, c.relabelStep(r))
		}
	}
	if !x.Topic.Unread {
		return nil
	}
	first, err := c.Forum.FirstUnread(c.View, x.Topic.ID)
	if found, err := seen(err); err != nil || !found {
		return err
	}
	for _, p := range x.Posts {
		if p.ID == first.ID {
			return nil
		}
	}
	if len(x.Posts) > 0 && first.At.Before(x.Posts[0].At) {
		x.Unseen = "/posts/" + first.ID
	}
	return nil
}

// mayResolve reports whether the reader is offered to resolve a topic; what
// decides is the forum's table of states.
func (c *Ctx) mayResolve(t forum.Topic) (bool, error) {
	switch {
	case t.State != forum.Open || !c.Viewer.May(policy.MayPost):
		return false, nil
	case t.Author.Person == c.Viewer.Person || c.Viewer.HasRole(policy.RoleDesk):
		return true, nil
	case t.Room == "":
		return false, nil
	}
	r, err := c.Forum.Room(c.View, t.Room)
	return r.OpenedBy.Person == c.Viewer.Person, err
}

func (c *Ctx) topicHead(t forum.Topic, k string) ui.Heading {
	h := ui.Heading{ShortID: shortID(t.ID), Label: string(t.Label.TLP), Title: t.Title, SubtitlePart: topicSubtitle(t, k, c.View.Now())}
	if t.State == forum.Resolved {
		h.States = append(h.States, "Resolved")
	}
	if !c.Viewer.InGoodStanding() {
		return h
	}
	watch := func(label string, level forum.Level) {
		h.Actions = append(h.Actions, ui.Action{Label: label, Href: "/topics/" + t.ID + "/watch", Method: "post", Icon: "bell", Key: "w", Hidden: []ui.Hidden{{Name: "level", Value: string(level)}}})
	}
	switch t.Watch {
	case forum.Watched:
		watch("Watching: mute", forum.Muted)
	case forum.Muted:
		watch("Muted: back to normal", forum.Normal)
	default:
		watch("Watch", forum.Watched)
	}
	return h
}

// topicComposer prepares the reply.
func (c *Ctx) topicComposer(x *topicView, in composed, g gate, problem error) error {
	t := x.Topic
	key := "reply:" + t.ID
	saved, err := c.recall(&in, key)
	if err != nil {
		return err
	}
	if in.Quote != "" {
		q, err := c.Forum.Post(c.View, in.Quote)
		found, err := seen(err)
		if err != nil {
			return err
		}
		if found && q.Topic == t.ID && q.Deleted == nil && !g.hides(q.Label) {
			x.Quoting = &q
		} else {
			in.Quote = ""
		}
	}
	m := c.compose(in)
	m.Heading, m.Action, m.DraftKey, m.DraftSaved = "Reply", "/topics/"+t.ID+"/posts", key, saved
	m.PreviewURL = "/audience-preview"
	m.Errors = composeErrors(problem, in, false)
	m.Hidden = []ui.Hidden{{Name: "topic", Value: t.ID}, {Name: "draft_key", Value: key}}
	if x.Quoting != nil {
		m.Heading = "Reply to " + x.Quoting.Author.Name
		m.Hidden = append(m.Hidden, ui.Hidden{Name: "quote", Value: in.Quote})
	}
	least := t.Label.TLP
	if x.Quoting != nil {
		least = policy.Strictest(least, x.Quoting.Label.TLP)
	}
	label := t.Label
	if in.TLP == "" && least != label.TLP {
		label.TLP = least
	}
	if in.TLP != "" || len(in.Audience) > 0 || in.Fewer {
		if l, err := in.label(t.Label); err == nil {
			label = l
		}
	}
	switch {
	case in.Fewer:
		x.Fewer = true
		m.Hidden = append(m.Hidden, ui.Hidden{Name: "fewer", Value: "1"})
		if in.TLP == "" {
			label = policy.Label{TLP: t.Label.TLP, Audience: t.Label.Audience}
			in.Audience = t.Label.Audience.Strings()
		}
		m.Labels, m.AudienceOpen = labelOptions(label.TLP, least), true
		if m.Audience, _, err = c.audienceGroups(c.View, in.Audience, t.Label); err != nil {
			return err
		}
	case t.Label.TLP == policy.Amber: // the same readers, but not their clients
		m.Labels = labelOptions(label.TLP, least)
		m.Labels = m.Labels[:len(m.Labels)-1] // RED has other readers
	}
	m.Preview, err = c.preview(c.View, label, t.Label)
	x.Compose = &m
	return err
}

// topicFacts fills the right rail.
func (c *Ctx) topicFacts(x *topicView) error {
	t := x.Topic
	reach, err := c.Members.Reach(c.View, t.Label)
	if err != nil {
		return err
	}
	x.Reach = audienceRows(reach)
	words, err := c.audienceWords(c.View, t.Label.Audience)
	if err != nil {
		return err
	}
	x.Facts = []ui.KV{{Key: "Shared with", Value: words}}
	switch {
	case x.Case != "":
		x.Facts = append(x.Facts, ui.KV{Key: "Case", Value: shortID(x.Case), Href: "/cases/" + x.Case})
	case t.Room != "":
		x.Facts = append(x.Facts, ui.KV{Key: "Room", Value: t.RoomName, Href: "/rooms/" + t.Room})
	}
	x.Facts = append(x.Facts,
		ui.KV{Key: "Started by", Value: t.Author.Name + ", " + t.Author.OrgName},
		ui.KV{Key: "Started", Part: ui.RelTime(t.At, x.Now)},
		ui.KV{Key: "Posts", Value: ui.Number(t.Posts)})
	if !x.Member {
		return nil
	}
	recorded, err := c.recorded(t.ID)
	if err != nil {
		return err
	}
	x.Facts = append(x.Facts, recorded...)
	at := "/topics/" + t.ID
	if c.Viewer.May(policy.MayExport) {
		x.Actions = append(x.Actions, ui.Action{Label: "Download evidence pack", Href: at + "/evidence", Method: "post", Icon: "evidence"})
	}
	if t.Author.Person == c.Viewer.Person {
		x.Actions = append(x.Actions, ui.Action{Label: "Change label or audience", Href: at + "/relabel", Icon: "lock", Key: "l"})
	}
	return nil
}

// recorded says how a thing stands in the ledger.
func (c *Ctx) recorded(object string) ([]ui.KV, error) {
	es, err := c.Ledger.About(c.View, object, 1)
	if err != nil || len(es) == 0 {
		return nil, err
	}
	cp, err := c.Ledger.Checkpoint(c.View)
	if err != nil && !fault.Is(err, fault.Missing) {
		return nil, err
	}
	kv := ui.KV{Key: "Ledger", Value: "Recorded; the next checkpoint will cover it"}
	if cp.Size > es[0].Seq {
		kv.Value = "Recorded and covered by a signed checkpoint"
	}
	return []ui.KV{kv}, nil
}
