package web

import (
	"slices"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/web/ui"
)

// factForm is everything on the page that states a fact.
type factForm struct {
	head    caseHead
	kind    cases.FactKind // "" while none is chosen
	party   cases.Party
	parties []cases.Party // for whom the reader may state it
	own     bool
	facts   []cases.Fact // the party's own, to refer to
	a       attempt
	key     string
	now     time.Time
}

// factNew asks first what happened, then for what that kind of fact needs.
func (c *Ctx) factNew() error { return c.showFactNew(200, attempt{}) }

func (c *Ctx) showFactNew(status int, a attempt) error {
	return c.onCase(tabClocks, func(h caseHead) error {
		q := c.R.URL.Query()
		kind, party := cases.FactKind(q.Get("kind")), q.Get("party")
		if a.which != "" {
			kind, party = cases.FactKind(a.t["kind"]), a.t["party"]
		}
		p, err := c.party(h, party)
		if err != nil {
			return err
		}
		if kind != "" && !slices.Contains(cases.FactKinds(), kind) {
			return fault.ErrMissing
		}
		x := factForm{head: h, kind: kind, party: p, parties: c.speaksFor(h), own: h.Own != nil, a: a, key: a.key("fact", ids.Random(26)), now: c.View.Now()}
		all, err := c.Cases.Facts(c.View, h.K.ID)
		if err != nil {
			return err
		}
		for _, f := range all {
			if f.Party == p.ID && f.Withdrawn == "" {
				x.facts = append(x.facts, f)
			}
		}
		page := c.casePage(h, "state a fact", status)
		page.Body = factNewBody(x)
		return c.show(page)
	})
}

// factFieldNames lists the fields of every kind's form.
func factFieldNames() (names []string) {
	names = []string{"kind", "party", "at", "evidence", "source"}
	for _, k := range cases.FactKinds() {
		for _, f := range cases.FactFields(k) {
			if name := "d_" + f.Name; !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// factState records a fact.
func (c *Ctx) factState() error {
	id := c.R.PathValue("case")
	return c.caseAct(caseForm{which: "fact", fields: factFieldNames(), show: c.showFactNew,
		do: func(tx *db.Tx, a attempt) (string, error) {
			to := "/cases/" + id + "/clocks?done=" + doneStated
			p, err := c.Cases.Party(tx.View, a.t["party"])
			if err != nil {
				return to, err
			}
			if p.Case != id {
				return to, fault.ErrMissing
			}
			in := cases.NewFact{Kind: cases.FactKind(a.t["kind"]), Detail: map[string]any{}, Evidence: evidenceList(a.t["evidence"]), Source: a.t["source"], Key: a.t["idempotency_key"]}
			var wrong check.Problems
			if in.At = moment(&wrong, "at", "The time", a.t["at"], false); wrong.Found() {
				return to, wrong.Err()
			}
			for _, f := range cases.FactFields(in.Kind) {
				switch v := a.t["d_"+f.Name]; {
				case f.Type == "bool":
					in.Detail[f.Name] = v != ""
				case v != "":
					in.Detail[f.Name] = v
				}
			}
			_, again, err := c.Cases.StateFact(tx, p.ID, in)
			return to, once(again, prefixed(err, "d_", in.Kind))
		}})
}

// prefixed gives the details' faults the names of their fields in the form.
func prefixed(err error, prefix string, kind cases.FactKind) error {
	fields := fault.FieldsOf(err)
	if !fault.Is(err, fault.Invalid) || len(fields) == 0 {
		return err
	}
	out := slices.Clone(fields)
	for i := range out {
		if slices.ContainsFunc(cases.FactFields(kind), func(f cases.Field) bool { return f.Name == out[i].Name }) {
			out[i].Name = prefix + out[i].Name
		}
	}
	return fault.InvalidFields(out)
}

// evidenceList reads ids of files and posts, separated by spaces, commas or lines.
func evidenceList(s string) (out []string) {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == '\n' || r == '\r' || r == ' ' || r == '\t' })
}

// factShow is one fact, with the form that withdraws it.
func (c *Ctx) factShow() error { return c.showFact(200, attempt{}) }

func (c *Ctx) showFact(status int, a attempt) error {
	return c.onCase(tabClocks, func(h caseHead) error {
		f, err := c.Cases.Fact(c.View, c.R.PathValue("fact"))
		if err != nil {
			return err
		}
		if f.Case != h.K.ID {
			return fault.ErrMissing
		}
		may := false
		for _, p := range c.speaksFor(h) {
			may = may || p.ID == f.Party
		}
		if f.Withdrawn != "" || f.Kind == cases.SeriousHarmKnown || f.Is("harm") {
			may = false
		}
		page := c.casePage(h, f.Kind.Words(), status)
		page.Body = factBody(h, f, may, a, c.View.Now())
		return c.show(page)
	})
}

// factWithdraw takes a fact back, with a reason.
func (c *Ctx) factWithdraw() error {
	id := c.R.PathValue("case")
	return c.caseAct(caseForm{which: "withdraw", fields: []string{"reason"}, show: c.showFact,
		do: func(tx *db.Tx, a attempt) (string, error) {
			f, err := c.Cases.Fact(tx.View, c.R.PathValue("fact"))
			if err != nil {
				return "", err
			}
			if f.Case != id {
				return "", fault.ErrMissing
			}
			return "/cases/" + id + "/clocks?done=" + doneFactBack, c.Cases.Withdraw(tx, f.ID, a.t["reason"])
		}})
}

// factField is a detail of a fact as a field of the form.
func (x factForm) field(f cases.Field) ui.Field {
	u := ui.Field{Name: "d_" + f.Name, Label: f.Label, Required: f.Needed, MaxLength: cases.MaxTitle}
	switch f.Type {
	case "text":
		u.Type, u.Rows, u.MaxLength = "textarea", 3, cases.MaxText
	case "bool":
		u.Type = "checkbox"
	case "date":
		u.Type = "date"
	case "choice":
		u.Type = "radios"
		for _, v := range f.Choices {
			u.Options = append(u.Options, ui.Option{Value: v, Text: upperFirst(choiceWords(v, f))})
		}
	case "fact":
		u.Type = "select"
		u.Options = []ui.Option{{Value: "", Text: "none"}}
		if f.Needed {
			u.Options[0].Text = "choose one"
		}
		kind := cases.MDRAware
		if f.Name == "extends" {
			kind = cases.Extension
		}
		for _, o := range x.facts {
			if o.Kind == kind {
				text := o.Says("event")
				if kind == cases.Extension {
					text = o.Says("text")
				}
				u.Options = append(u.Options, ui.Option{Value: o.ID, Text: o.At.UTC().Format("2 Jan 2006 15:04 UTC") + ": " + clip(strings.ReplaceAll(text, "_", " "), 60)})
			}
		}
	}
	u = x.a.field("fact", u)
	u.Checked = u.Checked && f.Type == "bool"
	return u
}

// clip shortens a text to n characters.
func clip(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}
