package web

import (
	"html"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/internal/markdown"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

// disclosuresPage is how many statements a page shows.
const disclosuresPage = 50

// toAll is the label of the pages about what is public.
var toAll = policy.Label{TLP: policy.Clear, Audience: policy.NewAudience(policy.Public)}

// disclosures lists the public statements about cases, for everybody.
func (c *Ctx) disclosures() error {
	var after cases.Cursor
	at := c.R.URL.Query().Get("after")
	if at != "" {
		if err := c.openPlace("disclosures", at, &after); err != nil {
			return err
		}
	}
	xs, next, err := c.Cases.Published(c.View, after, disclosuresPage)
	if err != nil {
		return err
	}
	var pages ui.Pages
	if next.ID != "" {
		pages.OlderHref = "/disclosures?after=" + c.sealPlace("disclosures", next)
	}
	if at != "" {
		pages.NewerHref = "/disclosures"
	}
	var rows []ui.Row
	for _, x := range xs {
		r := ui.Row{ID: x.ID, Title: x.Title, Href: "/disclosures/" + x.ID, Meta: x.Case + " · " + firstWords(x.Body, 120), Label: string(policy.Clear), At: x.Published, Now: c.View.Now()}
		if !x.Withdrawn.IsZero() {
			r.State, r.Meta = "Withdrawn", x.Case
		}
		rows = append(rows, r)
	}
	return c.show(Page{Title: "Disclosures", Kind: "disclosures", Label: toAll, Body: disclosuresBody(rows, pages)})
}

// disclosure is one public statement.
func (c *Ctx) disclosure() error {
	x, err := c.Cases.Statement(c.View, c.R.PathValue("statement"))
	if err != nil {
		return err
	}
	text, err := markdown.Render(x.Body, markdown.Options{})
	if err != nil { // too much for a page: shown as it was typed
		text = "<pre>" + html.EscapeString(x.Body) + "</pre>"
	}
	return c.show(Page{Title: x.Title, Kind: "disclosure", Label: toAll, Body: disclosureBody(x, raw(text), c.View.Now())})
}
