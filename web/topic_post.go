package web

import (
	"context"
	"fmt"
	"html"
	"io"

	"github.com/a-h/templ"

	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/intel"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/internal/markdown"
	"github.com/cordon-isao/cordon/web/ui"
)

// prose renders posts in the reader's view: names of those mentioned and links
// to what short ids mean are looked up as he may know them, once a page.
type prose struct {
	c     *Ctx
	names map[string]string
	refs  map[string]string
	cites map[string]citation
}

// maxLookups bounds what one page looks up; beyond it, text stays text.
const maxLookups = 200

func (c *Ctx) prose() *prose {
	c.cites = true
	return &prose{c, map[string]string{}, map[string]string{}, map[string]citation{}}
}

// body is a post's text as a component.
func (p *prose) body(src string) templ.Component {
	text, err := markdown.Render(src, markdown.Options{Mention: p.mention, Ref: p.ref})
	if err != nil { // too much for a page: shown as it was typed
		text = "<pre>" + html.EscapeString(src) + "</pre>"
	}
	return raw(text)
}

// raw is markup made by internal/markdown, which lets nothing dangerous out.
func raw(text string) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	})
}

func (p *prose) mention(id string) (string, bool) {
	name, ok := p.names[id]
	if !ok && len(p.names) < maxLookups {
		if person, err := p.c.Members.Person(p.c.View, id); err == nil {
			name = person.Name
		}
		p.names[id] = name
	}
	return name, name != ""
}

func (p *prose) ref(short string) (href, text string, ok bool) {
	if intel.ValidID(short) {
		return p.cite(short)
	}
	to, known := p.refs[short]
	if !known && len(p.refs) < maxLookups {
		to = p.c.target(short)
		p.refs[short] = to
	}
	return to, short, to != ""
}

// target is the page of what a short id, or a STIX id, means to the reader, or "".
func (c *Ctx) target(short string) string {
	if intel.ValidID(short) {
		return c.intelTarget(short)
	}
	if id, err := c.Cases.Resolve(c.View, short); err == nil {
		return "/cases/" + id
	}
	id, topic, err := c.Forum.Resolve(c.View, short)
	switch {
	case err != nil:
		return ""
	case topic == "":
		return "/rooms/" + id
	case topic == id:
		return "/topics/" + id
	}
	return "/posts/" + id
}

// post is a post with what its reader can do with it.
func (c *Ctx) post(t forum.Topic, p forum.Post, g gate, text *prose) ui.Post {
	x := ui.Post{ID: p.ID, Author: p.Author.Name, Org: p.Author.OrgName, At: p.At, Now: c.View.Now(), Label: string(p.Label.TLP), New: p.Unread && p.Author.Person != c.Viewer.Person}
	if p.Deleted != nil {
		x.Deleted, x.DeletedText = true, "Deleted by "+p.Deleted.By+". That it existed stays on record."
		if p.Deleted.Why != "" {
			x.DeletedText = "Deleted by " + p.Deleted.By + ": " + p.Deleted.Why
		}
		return x
	}
	if g.hides(p.Label) {
		x.Body = ui.ActionButton(ui.Action{Label: "Add a second passkey to read this", Href: "/account", Icon: "key"})
		return x
	}
	x.Body = postBody(p, text)
	if p.Edits > 0 {
		x.Edited, x.HistoryHref = true, "/posts/"+p.ID+"/history"
	}
	if p.Decision != nil {
		x.Decision = "Decision, pinned by " + p.Decision.By
	}
	for _, f := range p.Files {
		file := ui.File{Name: f.Name, Size: fileSize(f.Size), Href: "/files/" + f.ID}
		if f.Width > 0 {
			file.Preview = file.Href + "/preview"
		}
		x.Files = append(x.Files, file)
	}
	if !c.Viewer.InGoodStanding() {
		return x
	}
	x.Actions = c.postActions(t, p)
	return x
}

func (c *Ctx) postActions(t forum.Topic, p forum.Post) []ui.Action {
	at := "/posts/" + p.ID
	as := []ui.Action{{Label: "Quote", Href: "/topics/" + t.ID + "?quote=" + p.ID + "#compose", Icon: "quote", Key: "q", Kind: "quiet"}}
	react := func(r forum.Reaction, label string, n int) {
		if n > 0 {
			label = fmt.Sprintf("%s %d", label, n)
		}
		a := ui.Action{Label: label, Href: at + "/react", Method: "post", Kind: "quiet", Hidden: []ui.Hidden{{Name: "reaction", Value: string(r)}}}
		if p.Reactions.Mine == r {
			a.Icon, a.Hidden[0].Value = "check", ""
		}
		as = append(as, a)
	}
	react(forum.Seen, "Seen", p.Reactions.Seen)
	react(forum.Agree, "Agree", p.Reactions.Agree)
	react(forum.Same, "Same here", p.Reactions.Same)
	if p.Decision == nil {
		as = append(as, ui.Action{Label: "Mark as decision", Href: at + "/pin", Method: "post", Icon: "pin", Key: "d", Kind: "quiet"})
	} else {
		as = append(as, ui.Action{Label: "Not a decision", Href: at + "/unpin", Method: "post", Icon: "pin", Key: "d", Kind: "quiet"})
	}
	if p.Author.Person == c.Viewer.Person {
		as = append(as, ui.Action{Label: "Edit", Href: at + "/edit", Icon: "edit", Kind: "quiet"},
			ui.Action{Label: "Delete", Href: at + "/delete", Icon: "delete", Kind: "quiet"})
		if p.ID != t.Opening {
			as = append(as, ui.Action{Label: "Label", Href: at + "/relabel", Icon: "lock", Kind: "quiet"})
		}
	}
	return as
}

// seen reports whether an error says that there is nothing, which is no fault of
// a page that only asked.
func seen(err error) (bool, error) {
	if fault.Is(err, fault.Missing) {
		return false, nil
	}
	return err == nil, err
}

func shortID(id string) string { return ids.Short(id) }
