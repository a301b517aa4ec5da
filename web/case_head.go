package web

import (
	"bytes"
	"html"
	"slices"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/httpkit"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

// caseHead is what every page of a case begins with, and what its parts ask of
// the reader's place in the case.
type caseHead struct {
	K     cases.Case
	Head  ui.Heading
	Tabs  []ui.Tab
	Leads bool         // the reader leads the case
	Own   *cases.Party // the party that the reader acts for, or nil
	All   []cases.Party
}

// At is the address of a part of the case: "" is its summary.
func (h caseHead) At(part string) string {
	if part == "" {
		return "/cases/" + h.K.ID
	}
	return "/cases/" + h.K.ID + "/" + part
}

// The tabs of a case, by their part of the address.
const (
	tabSummary   = ""
	tabThreads   = "threads"
	tabTechnical = "technical"
	tabRisk      = "risk"
	tabClocks    = "clocks"
	tabNotices   = "notices"
	tabDecisions = "decisions"
	tabEvidence  = "evidence"
)

var caseTabs = []ui.Tab{
	{Label: "Summary", Href: tabSummary}, {Label: "Threads", Href: tabThreads}, {Label: "Technical", Href: tabTechnical}, {Label: "Risk", Href: tabRisk},
	{Label: "Clocks", Href: tabClocks}, {Label: "Notices", Href: tabNotices}, {Label: "Decisions", Href: tabDecisions}, {Label: "Evidence", Href: tabEvidence},
}

// onCase shows a page of the case that the address names: it reads the case and
// the reader's place in it, and keeps the page closed to who has one passkey only.
func (c *Ctx) onCase(tab string, show func(h caseHead) error) error {
	return c.onMatrix(tab, func(k cases.Case) ([]cases.Party, error) { return c.Cases.Parties(c.View, k.ID) }, show)
}

// onMatrix is onCase for a page that reads the parties with more than themselves:
// once is enough.
func (c *Ctx) onMatrix(tab string, read func(k cases.Case) ([]cases.Party, error), show func(h caseHead) error) error {
	k, err := c.Cases.Case(c.View, c.R.PathValue("case"))
	if err != nil {
		return err
	}
	g, err := c.gate()
	if err != nil {
		return err
	}
	if g.hides(k.Label) {
		return c.secondPasskey()
	}
	ps, err := read(k)
	if err != nil {
		return err
	}
	h, err := c.headOf(k, tab, ps)
	if err != nil {
		return err
	}
	return show(h)
}

// headOf is the head of a case that was read, with its parties.
func (c *Ctx) headOf(k cases.Case, tab string, ps []cases.Party) (h caseHead, err error) {
	h.K, h.All = k, ps
	if h.Leads, err = c.Cases.MayLead(c.View, k); err != nil {
		return h, err
	}
	for i, p := range h.All {
		if p.Org != "" && p.Org == c.Viewer.Org && p.State == cases.Joined && c.Viewer.Principals().Has(policy.OfCircle(p.Circle)) {
			h.Own = &h.All[i]
		}
	}
	h.Head = ui.Heading{ShortID: k.Short(), Label: string(k.Label.TLP), Severity: k.Severity, SeverityText: upperFirst(k.Severity), Title: k.Title,
		States: []string{k.Stage.Words(), safetyWords[k.Safety]}, SubtitlePart: caseSubtitle(k, c.View.Now())}
	if k.Embargo.In(c.View.Now()) {
		h.Head.States = append(h.Head.States, "Embargo until "+k.Embargo.Until.UTC().Format("2 Jan 2006"))
	}
	h.Tabs = slices.Clone(caseTabs)
	for i := range h.Tabs {
		t := &h.Tabs[i]
		t.Current = t.Href == tab
		t.Href = h.At(t.Href)
	}
	return h, nil
}

// safetyWords says what is known of patients' safety, as a chip does.
var safetyWords = map[cases.Safety]string{
	cases.SafetyUnknown: "Safety impact: not looked at", cases.SafetyReview: "Safety impact: under review", cases.SafetyNone: "Safety impact: none expected",
	cases.SafetyPossible: "Safety impact: possible", cases.SafetyHarm: "Serious harm known",
}

// casePage is the page of a case with everything that its pages have in common.
// label is the strictest label on it, if that is stricter than the case's own.
func (c *Ctx) casePage(h caseHead, title string, status int, more ...policy.Label) Page {
	p := Page{Title: h.K.Short() + " " + title, Kind: "case", Label: h.K.Label, Live: []string{h.K.ID, h.K.Room}, Status: status}
	for _, l := range more {
		if l.TLP.StricterThan(p.Label.TLP) {
			p.Label = l
		}
	}
	return p
}

// attempt is a form that was sent and refused: which of the page's forms, what
// was typed and what is wrong with it. The zero attempt is none.
type attempt struct {
	which string
	t     typed
	lists map[string][]string
	errs  []ui.FieldError
}

// errors are those of one form of the page.
func (a attempt) errors(which string) []ui.FieldError {
	if a.which != which {
		return nil
	}
	return a.errs
}

// field is a field of one form: with what was typed into it, if that was refused,
// and what is wrong with it.
func (a attempt) field(which string, f ui.Field) ui.Field {
	f.ID = which + "-" + f.Name
	if a.which != which {
		return f
	}
	typed := a.t[f.Name]
	switch f.Type {
	case "checkbox":
		f.Checked = typed != ""
	case "select", "radios":
		f.Options = slices.Clone(f.Options)
		for i := range f.Options {
			f.Options[i].Selected = f.Options[i].Value == typed
		}
	case "checkboxes":
		f.Options = slices.Clone(f.Options)
		for i := range f.Options {
			f.Options[i].Selected = slices.Contains(a.lists[f.Name], f.Options[i].Value)
		}
	default:
		f.Value = typed
	}
	f.Error = errorOf(a.errs, f.ID)
	return f
}

// key is the idempotency key of one form: the one that was sent, or a fresh one.
func (a attempt) key(which, fresh string) string {
	if a.which == which && a.t["idempotency_key"] != "" {
		return a.t["idempotency_key"]
	}
	return fresh
}

// caseForm is one form of a case's pages.
type caseForm struct {
	which  string   // its id, with which the ids of its fields begin
	fields []string // that come once
	lists  []string // that come any number of times
	show   func(status int, a attempt) error
	do     func(tx *db.Tx, a attempt) (to string, err error)
}

// caseAct does what a form asks for and goes where that leads. Refused, its page
// is shown again with all that was typed.
func (c *Ctx) caseAct(f caseForm) error {
	a := attempt{which: f.which, lists: map[string][]string{}}
	var err error
	if a.t, err = c.typed(append([]string{"idempotency_key"}, f.fields...)...); err != nil {
		return err
	}
	for _, name := range f.lists {
		a.lists[name] = c.R.PostForm[name]
		if len(a.lists[name]) > maxParts {
			a.lists[name] = a.lists[name][:maxParts]
		}
	}
	var to string
	err = c.write(func(tx *db.Tx) (err error) { to, err = f.do(tx, a); return err })
	if err == errAgain {
		err = nil
	}
	if err != nil {
		a.errs = formErrors(err, f.which, append(slices.Clone(f.fields), f.lists...)...)
		refusal := err
		return c.again(err, func(status int) error {
			err := f.show(status, a)
			// The page may not offer this form any more: what is wrong is said all the same.
			if page, ok := c.W.(*httpkit.Buffer); err == nil && ok && !slices.ContainsFunc(a.errs, func(e ui.FieldError) bool {
				return bytes.Contains(page.Body.Bytes(), []byte(html.EscapeString(e.Text)))
			}) {
				return refusal
			}
			return err
		})
	}
	return c.redirect(to)
}

// once turns a duty's “this was done before” into errAgain, so that the write
// that had nothing to record is not refused.
func once(again bool, err error) error {
	if err == nil && again {
		return errAgain
	}
	return err
}
