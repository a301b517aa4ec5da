package web

import (
	"context"
	"io"
	"net/url"
	"slices"
	"strings"

	"github.com/a-h/templ"

	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

// Page is what a handler says about its page; the frame around it is the same
// for all.
type Page struct {
	Title string
	Kind  string       // the script's keyboard map: inbox, rooms, topic …
	Label policy.Label // the most restrictive thing on the page; zero = the page itself is public
	Live  []string     // ids whose changes refresh the page; "*" = any
	Right templ.Component
	Body  templ.Component
	// Status is the HTTP status; 0 means 200.
	Status int
	// Public pages have no rails: sign-in, invitations, the verifier.
	Public bool
	Flash  *ui.Flash
}

// show renders a page of the console from the request's view.
func (c *Ctx) show(p Page) error {
	f := ui.Frame{Title: p.Title, Community: c.communityName(), PageKind: p.Kind, Live: p.Live, Right: p.Right, Flash: p.Flash, Demo: c.Demo != nil}
	if p.Flash == nil {
		f.Flash = c.flash()
	}
	if err := c.drawCited(&p); err != nil {
		return err
	}
	if err := c.band(&f, p.Label); err != nil {
		return err
	}
	status := p.Status
	if status == 0 {
		status = 200
	}
	if !c.Viewer.SignedIn() || p.Public {
		f.Nav = c.publicNav()
		return c.render(status, publicPage(f, p.Body))
	}
	if err := c.furnish(&f); err != nil {
		return err
	}
	if status != 200 {
		f.StreamCursor = "" // fetched again in place it would be refused again, and look like a lost session
	}
	return c.render(status, within(ui.Page(f), p.Body))
}

// drawCited draws a page that may name cited objects before its band is made, so
// that the band says the strictest label of all that is named.
func (c *Ctx) drawCited(p *Page) error {
	if !c.cites {
		return nil
	}
	for _, part := range []*templ.Component{&p.Body, &p.Right} {
		if *part == nil {
			continue
		}
		var b strings.Builder
		if err := (*part).Render(c.R.Context(), &b); err != nil {
			return err
		}
		*part = raw(b.String())
	}
	if c.citing != "" && (p.Label.TLP == "" || c.citing.StricterThan(p.Label.TLP)) {
		p.Label = stricter(p.Label, c.citing)
	}
	return nil
}

func publicPage(f ui.Frame, body templ.Component) templ.Component {
	return within(ui.PublicPage(f), body)
}

// within renders a component with a body as its children.
func within(outer, body templ.Component) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		return outer.Render(templ.WithChildren(ctx, body), w)
	})
}

// band fills the black band: how the page may be shared, and who can see it.
func (c *Ctx) band(f *ui.Frame, l policy.Label) error {
	if l.TLP == "" {
		f.Band = ui.Band{Label: string(policy.Clear), Sentence: policy.Clear.Sentence()}
		return nil
	}
	f.Band = ui.Band{Label: string(l.TLP), Sentence: l.TLP.Sentence()}
	if l.Audience.Empty() || l.Audience.Has(policy.Public) || c.View == nil {
		return nil
	}
	reach, err := c.Members.Reach(c.View, l)
	if err != nil {
		return err
	}
	f.Band.People, f.Band.Orgs = reach.People, reach.Orgs
	f.Band.Audience = audienceRows(reach)
	return nil
}

// furnish adds what a signed-in reader has around every page.
func (c *Ctx) furnish(f *ui.Frame) error {
	prefs, err := c.Members.Preferences(c.View)
	if err != nil {
		return err
	}
	f.Theme, f.Density, f.KeysOff = prefs.Theme, prefs.Density, prefs.KeysOff
	f.Person = &ui.PersonBadge{Name: c.Viewer.Name, Org: c.Viewer.OrgName, Href: "/account", SignOutURL: "/sign-out"}
	if c.Viewer.InGoodStanding() {
		if f.StreamCursor, err = c.Live.Cursor(c.View); err != nil {
			return err
		}
	}
	f.Nav, err = c.nav()
	return err
}

// nav is the left rail.
func (c *Ctx) nav() ([]ui.NavGroup, error) {
	if !c.Viewer.InGoodStanding() {
		return []ui.NavGroup{{Title: "Mine", Items: []ui.NavItem{{Label: "My account", Href: "/account", Icon: "account"}}}}, nil
	}
	unread, err := c.Forum.InboxCount(c.View)
	if err != nil {
		return nil, err
	}
	waits, err := c.waits()
	if err != nil {
		return nil, err
	}
	pressing, err := c.urgentClocks()
	if err != nil {
		return nil, err
	}
	told, err := c.newNotices()
	if err != nil {
		return nil, err
	}
	report := []ui.NavItem{{Label: "Report", Href: "/reports", Icon: "alert", Key: "v"}}
	var desk []ui.NavItem
	if c.Viewer.May(policy.MayTriage) {
		waiting, err := c.Cases.Waiting(c.View)
		if err != nil {
			return nil, err
		}
		desk = append(desk, ui.NavItem{Label: "Triage", Href: "/triage", Icon: "bell", Count: waiting, Key: "q"})
		report = nil // the queue leads there: a rail has at most fourteen entries
	}
	if c.Viewer.May(policy.MayVet) || c.Viewer.May(policy.MayOperate) {
		desk = append(desk, ui.NavItem{Label: "Applications", Href: "/desk", Icon: "desk", Key: "k"})
	}
	groups := []ui.NavGroup{
		{Title: "Mine", Items: []ui.NavItem{
			{Label: "Inbox", Href: "/inbox", Icon: "inbox", Count: unread, Key: "i"},
			{Label: "My cases", Href: "/cases", Icon: "case", Count: len(waits), Key: "c"},
			{Label: "Clocks", Href: "/clocks", Icon: "clock", Count: pressing},
			{Label: "Devices", Href: devicesAtProducts, Icon: "device", Key: "d"},
			{Label: "My account", Href: "/account", Icon: "account"},
		}},
		{Title: "Together", Items: slices.Concat([]ui.NavItem{
			{Label: "Rooms", Href: "/rooms", Icon: "room", Key: "r"},
			{Label: "Circles", Href: "/circles", Icon: "circle"},
			{Label: "Alerts", Href: alertsAt, Icon: "bell", Count: told, Key: "a"},
		}, report, []ui.NavItem{
			{Label: "Intel", Href: "/intel", Icon: "intel", Key: "t"},
			{Label: "Search", Href: "/search", Icon: "search", Key: "s"},
		})},
		{Title: "Organization", Items: []ui.NavItem{
			{Label: "Members", Href: "/members", Icon: "members", Key: "m"},
			{Label: "Evidence", Href: "/evidence", Icon: "evidence", Key: "e"},
		}},
	}
	if len(desk) > 0 {
		groups = append(groups, ui.NavGroup{Title: "Desk", Items: desk})
	}
	for g := range groups {
		for i := range groups[g].Items {
			it := &groups[g].Items[i]
			it.Current = underneath(c.R.URL.Path, it.Href)
		}
	}
	return groups, nil
}

// underneath reports whether a path belongs to a rail entry.
func underneath(path, entry string) bool {
	if path == entry {
		return true
	}
	if entry == "/desk" {
		return strings.HasPrefix(path, "/desk/")
	}
	if entry == "/cases" && (strings.HasPrefix(path, "/invited/") || strings.HasPrefix(path, "/grants/") || path == "/need-to-know") {
		return true
	}
	if entry == "/evidence" && (strings.HasPrefix(path, "/participation") || strings.HasPrefix(path, "/certificates/")) {
		return true
	}
	if entry == devicesAtProducts && ofDevices(path) {
		return true
	}
	if entry == "/rooms" && len(path) > 8 && path[:8] == "/topics/" {
		return true
	}
	return len(path) > len(entry) && path[:len(entry)+1] == entry+"/"
}

func queryEscape(s string) string { return url.QueryEscape(s) }

// cookieName is the session cookie's. Over TLS its prefix makes browsers refuse
// one that another host or a plain connection set.
func (s *Server) cookieName() string {
	if s.TLS {
		return "__Host-cordon"
	}
	return "cordon"
}
