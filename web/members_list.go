package web

import (
	"net/url"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/members"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

// directoryView is a page of the member directory.
type directoryView struct {
	rows     []members.OrgRow
	query    string
	kind     string
	people   []members.Person // found by name
	next     string
	toVet    []members.Application // those the reader may vote on
	filtered bool
}

// contactHolds is how long a checked security contact counts as checked.
const contactHolds = 90 * 24 * time.Hour

// memberList is the directory: organizations; people only if they stand in it
// or share something with the reader.
func (c *Ctx) memberList() error {
	q := c.R.URL.Query()
	d := directoryView{query: strings.TrimSpace(q.Get("q")), kind: q.Get("kind")}
	if !policy.Kind(d.kind).Known() {
		d.kind = ""
	}
	d.filtered = d.query != "" || d.kind != ""
	var err error
	f := members.Filter{Query: d.query, Kind: policy.Kind(d.kind)}
	if d.rows, d.next, err = c.Members.Organizations(c.View, f, q.Get("after")); err != nil {
		return err
	}
	if d.query != "" {
		if d.people, err = c.Members.FindPeople(c.View, f); err != nil {
			return err
		}
	}
	if d.next != "" {
		d.next = "/members?" + url.Values{"q": {d.query}, "kind": {d.kind}, "after": {d.next}}.Encode()
	}
	applicants, err := c.Members.Applications(c.View)
	if err != nil {
		return err
	}
	for _, a := range applicants {
		if a.MayVote == "" && !c.Viewer.May(policy.MayVet) { // the desk has its own page
			d.toVet = append(d.toVet, a)
		}
	}
	label := policy.Label{TLP: policy.Green, Audience: policy.NewAudience(policy.Community)}
	return c.show(Page{Title: "Members", Kind: "members", Label: label, Live: []string{"*"}, Body: memberListPage(d, c.Viewer, c.View.Now()), Right: memberListAside()})
}

func directoryKinds(selected string) []ui.Option {
	out := []ui.Option{{Value: "", Text: "All kinds", Selected: selected == ""}}
	for _, k := range policy.Kinds() {
		out = append(out, ui.Option{Value: string(k), Text: upperFirst(members.KindWords(k, 2)), Selected: string(k) == selected})
	}
	return out
}
