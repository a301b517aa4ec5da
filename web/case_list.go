package web

import (
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

// casesAPage is how many cases a page of the list shows.
const casesAPage = 40

// caseListView is what the list of cases is drawn from.
type caseListView struct {
	Rows        []cases.Case
	Invitations []cases.Invitation
	Waits       map[string]cases.Step
	Q           string
	Stage       cases.Stage
	Ended       bool // those that have ended are listed too
	Pages       ui.Pages
	Hidden      int  // cases that a second passkey would open
	MayOpen     bool // the reader may open a case
	Desk        bool
	Agency      bool
}

// Filtered reports whether the list is narrowed by words or a stage.
func (x caseListView) Filtered() bool { return x.Q != "" || x.Stage != "" }

// Searches reports whether the list is long enough to be searched, or is.
func (x caseListView) Searches() bool {
	return len(x.Rows) > 0 || x.Filtered() || x.Ended || x.Pages != (ui.Pages{})
}

// caseList lists the cases that the reader can see, newest first, and what the
// reader's organization is asked into.
func (c *Ctx) caseList() error {
	q := c.R.URL.Query()
	x := caseListView{Q: q.Get("q"), Stage: cases.Stage(q.Get("stage")), Ended: q.Get("ended") == "1", MayOpen: c.mayOpenCase(),
		Desk: c.Viewer.May(policy.MayTriage), Agency: c.Viewer.Kind == policy.Agency}
	if !utf8.ValidString(x.Q) || utf8.RuneCountInString(x.Q) > 200 {
		x.Q = ""
	}
	if x.Stage.Words() == "" {
		x.Stage = ""
	}
	after, err := readPlace(q.Get("after"))
	if err != nil {
		return err
	}
	ks, next, err := c.Cases.Cases(c.View, cases.Filter{Stage: x.Stage, Open: !x.Ended && x.Stage == "", Words: x.Q}, cases.Cursor(after), casesAPage)
	if err != nil {
		return err
	}
	address := func(after string) string {
		v := url.Values{}
		for name, value := range map[string]string{"q": x.Q, "stage": string(x.Stage), "after": after} {
			if value != "" {
				v.Set(name, value)
			}
		}
		if x.Ended {
			v.Set("ended", "1")
		}
		if len(v) == 0 {
			return "/cases"
		}
		return "/cases?" + v.Encode()
	}
	if next.ID != "" {
		x.Pages.OlderHref = address(placeText(forum.Cursor(next)))
	}
	if !after.IsZero() {
		x.Pages.NewerHref, x.Pages.Note = address(""), "Newer leads to the newest."
	}
	g, err := c.gate()
	if err != nil {
		return err
	}
	var label policy.Label
	for _, k := range ks {
		if g.hides(k.Label) {
			x.Hidden++
			continue
		}
		x.Rows = append(x.Rows, k)
		label = stricter(label, k.Label.TLP)
	}
	if x.Invitations, err = c.Cases.Invitations(c.View); err != nil {
		return err
	}
	if len(x.Invitations) > 0 {
		label = stricter(label, policy.AmberStrict)
	}
	if x.Waits, err = c.waits(); err != nil {
		return err
	}
	return c.show(Page{Title: "Cases", Kind: "cases", Label: label, Live: []string{"*"}, Body: caseListBody(x, c.View.Now())})
}

// mayOpenCase reports whether the reader is offered to open a case: its duty has
// the last word.
func (c *Ctx) mayOpenCase() bool {
	return c.Viewer.May(policy.MayWorkCase) && (c.Viewer.May(policy.MayTriage) || slices.Contains([]policy.Kind{policy.Manufacturer, policy.Vendor}, c.Viewer.Kind))
}

// stageOptions are the stages as a filter.
func stageOptions(chosen cases.Stage) []ui.Option {
	out := []ui.Option{{Value: "", Text: "Every stage"}}
	for _, s := range append(cases.Course(), cases.Disputed, cases.Duplicate, cases.OutOfScope, cases.Withdrawn) {
		out = append(out, ui.Option{Value: string(s), Text: s.Words(), Selected: s == chosen})
	}
	return out
}

// caseCommands offers the command menu what can be done with cases, and those
// whose title or short id is looked for.
func (c *Ctx) caseCommands(q string, add func(command)) error {
	want := strings.ToLower(q)
	offer := func(label, href string) {
		if strings.Contains(strings.ToLower(label), want) {
			add(command{Label: label, Href: href})
		}
	}
	if c.mayOpenCase() {
		offer("Open a case", "/cases/new")
	}
	offer("Need-to-know register", "/need-to-know")
	if c.Viewer.May(policy.MayTriage) {
		offer("Take a case over from another coordinator", "/cases/import")
	}
	if q == "" {
		return nil
	}
	g, err := c.gate()
	if err != nil {
		return err
	}
	ks, _, err := c.Cases.Cases(c.View, cases.Filter{Words: q}, cases.Cursor{}, maxCommands/2)
	for _, k := range ks {
		if !g.hides(k.Label) {
			add(command{Label: k.Short() + " " + k.Title, Href: "/cases/" + k.ID})
		}
	}
	return err
}
