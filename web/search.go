package web

import (
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/a-h/templ"

	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/search"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

// hitsAPage is how many results a page shows.
const hitsAPage = 25

// searchView is what the search page is drawn from.
type searchView struct {
	Q, Room, Since string
	File           bool
	Asked          bool
	Rooms          []ui.Option
	Rows           []ui.Row
	Hidden         int
	Pages          ui.Pages
	Errors         []ui.FieldError
}

// search finds posts in the reader's view, newest first. It never says how many
// there are.
func (c *Ctx) search() error {
	q := c.R.URL.Query()
	x := searchView{Q: q.Get("q"), Room: q.Get("room"), Since: q.Get("since"), File: q.Get("file") == "1"}
	if !utf8.ValidString(x.Q) {
		x.Q = ""
	}
	// A short id that is typed into the box leads to what it names.
	if to := c.target(strings.TrimSpace(x.Q)); x.Room == "" && to != "" {
		return c.redirect(to)
	}
	rooms, err := c.Forum.Rooms(c.View)
	if err != nil {
		return err
	}
	x.Rooms = []ui.Option{{Value: "", Text: "All rooms", Selected: x.Room == ""}}
	for _, r := range rooms {
		x.Rooms = append(x.Rooms, ui.Option{Value: r.ID, Text: r.Name, Selected: x.Room == r.ID})
	}
	after, err := readPlace(q.Get("after"))
	if err != nil {
		return err
	}
	status, label := 200, policy.Label{}
	x.Asked = strings.TrimSpace(x.Q) != "" || x.Room != "" || x.Since != "" || x.File
	if x.Asked {
		if label, err = c.find(&x, after); fault.Is(err, fault.Invalid) {
			status, x.Errors = 422, formErrors(err, "search", "q", "since")
		} else if err != nil {
			return err
		}
	}
	return c.show(Page{Title: "Search", Kind: "search", Label: label, Status: status, Body: searchBody(x)})
}

// find fills the results and returns the strictest label among them.
func (c *Ctx) find(x *searchView, after forum.Cursor) (policy.Label, error) {
	var label policy.Label
	query := forum.Query{Text: x.Q, Room: x.Room, HasFile: x.File}
	if x.Since != "" {
		day, err := time.Parse("2006-01-02", x.Since)
		if err != nil {
			return label, fault.InvalidField("since", "Write the day as year-month-day, such as 2026-11-14.")
		}
		query.After = day
	}
	hits, err := c.Forum.Search(c.View, query, after, hitsAPage+1)
	if err != nil {
		return label, err
	}
	address := func(after string) string {
		v := url.Values{}
		for name, value := range map[string]string{"q": x.Q, "room": x.Room, "since": x.Since, "after": after} {
			if value != "" {
				v.Set(name, value)
			}
		}
		if x.File {
			v.Set("file", "1")
		}
		return "/search?" + v.Encode()
	}
	if len(hits) > hitsAPage {
		hits = hits[:hitsAPage]
		x.Pages.OlderHref = address(placeText(hits[hitsAPage-1].Post.Cursor()))
	}
	if !after.IsZero() {
		x.Pages.NewerHref = address("")
	}
	g, err := c.gate()
	if err != nil {
		return label, err
	}
	for _, h := range hits {
		if g.hides(h.Post.Label) {
			x.Hidden++
			continue
		}
		if label.TLP == "" || h.Post.Label.TLP.StricterThan(label.TLP) {
			label.TLP = h.Post.Label.TLP
		}
		meta := h.Post.Author.Name + ", " + h.Post.Author.OrgName
		if h.RoomName != "" {
			meta += " · " + h.RoomName
		}
		x.Rows = append(x.Rows, ui.Row{ID: h.Post.ID, Title: h.Title, Href: "/posts/" + h.Post.ID, Meta: meta, Snippet: snippet(h.Snippet),
			Label: string(h.Post.Label.TLP), Unread: h.Post.Unread, At: h.Post.At, Now: c.View.Now()})
	}
	return label, nil
}

func snippet(parts []search.Part) templ.Component { return marked(parts) }
