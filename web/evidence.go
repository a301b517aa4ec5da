package web

import (
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

// sharesAPage is how many of the reader's own entries a page of evidence looks at.
const sharesAPage = 200

// evidencePage lists what the reader shared, with the proof of each.
func (c *Ctx) evidencePage() error {
	token := c.Box.Token("web/evidence")
	var before int64
	if s := c.R.URL.Query().Get("after"); s != "" {
		n, err := token.Decode(s, []byte(c.Viewer.Person))
		if err != nil {
			return fault.InvalidField("after", "This is not a place in this list. Start from its beginning.")
		}
		before = n
	}
	es, err := c.Ledger.By(c.View, c.Viewer.Person, before, sharesAPage)
	if err != nil {
		return err
	}
	cp, err := c.Ledger.Checkpoint(c.View)
	if err != nil && !fault.Is(err, fault.Missing) {
		return err
	}
	g, err := c.gate()
	if err != nil {
		return err
	}
	var rows []ui.Row
	var label policy.Label
	hidden := 0
	var pages ui.Pages
	if len(es) == sharesAPage {
		pages.OlderHref = "/evidence?after=" + token.Encode(es[len(es)-1].Seq, []byte(c.Viewer.Person))
	}
	if before != 0 {
		pages.NewerHref = "/evidence"
	}
	seenTopics := map[string]bool{}
	for _, e := range es {
		topic := e.Object
		if e.Verb == "post.added" {
			topic = e.Parent
		}
		if e.Verb != "topic.started" && e.Verb != "post.added" || seenTopics[topic] {
			continue
		}
		seenTopics[topic] = true
		t, err := c.Forum.Topic(c.View, topic)
		if fault.Is(err, fault.Missing) {
			continue
		}
		if err != nil {
			return err
		}
		if g.hides(t.Label) {
			hidden++
			continue
		}
		if label.TLP == "" || t.Label.TLP.StricterThan(label.TLP) {
			label.TLP = t.Label.TLP
		}
		row := ui.Row{ID: t.ID, Title: t.Title, Href: "/topics/" + t.ID, Label: string(t.Label.TLP), At: t.At, Now: c.View.Now(), Icon: "clock",
			Meta: "You answered; recorded, and the next checkpoint will cover it"}
		if t.Author.Person == c.Viewer.Person {
			row.Meta = "You shared this; recorded, and the next checkpoint will cover it"
		}
		if cp.Size > e.Seq {
			row.Icon, row.Meta = "check", "You answered; covered by a signed checkpoint"
			if t.Author.Person == c.Viewer.Person {
				row.Meta = "You shared this; covered by a signed checkpoint"
			}
		}
		if c.Viewer.May(policy.MayExport) {
			row.Actions = []ui.Action{{Label: "Evidence pack", Href: "/topics/" + t.ID + "/evidence", Method: "post", Icon: "download", Kind: "quiet"}}
		}
		rows = append(rows, row)
	}
	return c.show(Page{Title: "Evidence", Kind: "evidence", Label: label, Live: []string{"*"}, Body: evidenceBody(rows, hidden, pages, c.Ledger.Public())})
}
