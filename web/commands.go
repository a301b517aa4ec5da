package web

import (
	"strings"
	"unicode/utf8"

	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/intel"
	"github.com/cordon-isao/cordon/internal/fault"
)

// command is a line of the command menu.
type command struct {
	Label string `json:"label"`
	Href  string `json:"href"`
	Keys  string `json:"keys,omitempty"`
}

// maxCommands is how many lines the command menu shows.
const maxCommands = 12

// commands answers the command menu: commands first, then what the reader can
// see, found in his own view.
func (c *Ctx) commands() error {
	q := strings.TrimSpace(c.R.URL.Query().Get("q"))
	if !utf8.ValidString(q) || utf8.RuneCountInString(q) > 200 {
		return fault.InvalidField("q", "That is too long to look for.")
	}
	found := []command{}
	add := func(x command) {
		if len(found) < maxCommands {
			found = append(found, x)
		}
	}
	if to := c.target(q); to != "" && !intel.ValidID(q) {
		add(command{Label: "Go to " + strings.ToUpper(q), Href: to})
	}
	want := strings.ToLower(q)
	groups, err := c.nav()
	if err != nil {
		return err
	}
	for _, g := range groups {
		for _, i := range g.Items {
			x := command{Label: i.Label, Href: i.Href}
			if i.Key != "" {
				x.Keys = "G " + strings.ToUpper(i.Key)
			}
			if strings.Contains(strings.ToLower(x.Label), want) {
				add(x)
			}
		}
	}
	for _, x := range []command{{Label: "Approvals", Href: "/approvals"}, {Label: "Check an evidence pack", Href: "/verify"}, {Label: "Open a room", Href: "/rooms/new"}} {
		if strings.Contains(strings.ToLower(x.Label), want) {
			add(x)
		}
	}
	c.intelCommands(q, add)
	c.alertCommands(add, func(label string) bool { return strings.Contains(strings.ToLower(label), want) })
	if err := c.caseCommands(q, add); err != nil {
		return err
	}
	rooms, err := c.Forum.Rooms(c.View)
	if err != nil {
		return err
	}
	for _, r := range rooms {
		if strings.Contains(strings.ToLower(r.Name), want) {
			add(command{Label: r.Name, Href: "/rooms/" + r.ID})
		}
	}
	if q == "" || len(found) == maxCommands {
		return c.json(found)
	}
	hits, err := c.Forum.Search(c.View, forum.Query{Text: q}, forum.Cursor{}, maxCommands)
	if err != nil && !fault.Is(err, fault.Invalid) {
		return err
	}
	g, err := c.gate()
	if err != nil {
		return err
	}
	had := map[string]bool{}
	for _, h := range hits {
		if had[h.Post.Topic] || g.hides(h.Post.Label) {
			continue
		}
		had[h.Post.Topic] = true
		add(command{Label: h.Title, Href: "/posts/" + h.Post.ID})
	}
	add(command{Label: "Search for “" + q + "”", Href: "/search?q=" + queryEscape(q)})
	return c.json(found)
}
