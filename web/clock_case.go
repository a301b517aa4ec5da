package web

import (
	"strings"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

var (
	doneStated   = greeting("fact-stated", "ok", "Recorded. The clocks were worked out anew.")
	doneFactBack = greeting("fact-withdrawn", "ok", "Withdrawn, with your reason. It stays in the record, and the clocks were worked out anew.")
	doneHarm     = greeting("harm-known", "warn", "Recorded: serious harm is known. What follows from it is below.")
	doneWaived   = greeting("clock-waived", "ok", "Recorded. The clock stays in sight, with your reason.")
)

// clockCaseView is everything on a case's page of clocks.
type clockCaseView struct {
	head    caseHead
	os      []cases.Obligation
	facts   []cases.Fact
	parties []cases.Party // for whom the reader may state facts
	names   map[string]string
	harm    bool // serious harm is known to a party that the reader may read
	picture ui.ClocksChart
	pma     []cases.Party // the parties whose PMA rows can be exported
}

// speaksFor lists the parties for which the reader may state facts: its own, or,
// for the desk, those that let the desk see their records.
func (c *Ctx) speaksFor(h caseHead) (ps []cases.Party) {
	if !c.Viewer.May(policy.MayWorkCase) {
		return nil
	}
	if h.Own != nil {
		return []cases.Party{*h.Own}
	}
	if !c.Viewer.May(policy.MayTriage) {
		return nil
	}
	for _, p := range h.All {
		if p.DeskSees && p.State == cases.Joined {
			ps = append(ps, p)
		}
	}
	return ps
}

// party is one that the reader may speak for: the one that is named, or the first.
func (c *Ctx) party(h caseHead, id string) (cases.Party, error) {
	ps := c.speaksFor(h)
	for _, p := range ps {
		if p.ID == id || id == "" {
			return p, nil
		}
	}
	return cases.Party{}, fault.Forbiddenf("The people of a party to %s do that for it.", h.K.Short())
}

func partyNames(ps []cases.Party) map[string]string {
	names := map[string]string{}
	for _, p := range ps {
		names[p.ID] = p.Name
	}
	return names
}

// clockCase is the page of a case's clocks and of the facts that they rest on.
func (c *Ctx) clockCase() error {
	return c.onCase(tabClocks, func(h caseHead) error {
		x := clockCaseView{head: h, parties: c.speaksFor(h), names: partyNames(h.All)}
		var err error
		if x.os, err = c.Cases.Obligations(c.View, h.K.ID); err != nil {
			return err
		}
		if x.facts, err = c.Cases.Facts(c.View, h.K.ID); err != nil {
			return err
		}
		more := []policy.Label{}
		for _, o := range x.os {
			more = append(more, o.Label)
		}
		pma := map[string]bool{}
		for _, f := range x.facts {
			x.harm = x.harm || f.Kind == cases.SeriousHarmKnown
			if f.Kind == cases.PMA && f.Withdrawn == "" && !pma[f.Party] {
				pma[f.Party] = true
				for _, p := range x.parties {
					if p.ID == f.Party {
						x.pma = append(x.pma, p)
					}
				}
			}
		}
		x.picture = clockPicture(h.K, x.os, x.names, c.View.Now())
		p := c.casePage(h, "clocks", 200, more...)
		p.Body = clockCaseBody(x, c.View.Now())
		return c.show(p)
	})
}

// clockCaseCSV is the picture's table as a file.
func (c *Ctx) clockCaseCSV() error {
	return c.onCase(tabClocks, func(h caseHead) error {
		os, err := c.Cases.Obligations(c.View, h.K.ID)
		if err != nil {
			return err
		}
		return c.sendCSV(h.K.Short()+"-clocks.csv", os)
	})
}

// clockShow is one clock: its rule, its source, what it counts from, what meets
// it and what is missing; and the form with which it is waived.
func (c *Ctx) clockShow() error { return c.showClock(200, attempt{}) }

func (c *Ctx) showClock(status int, a attempt) error {
	return c.onCase(tabClocks, func(h caseHead) error {
		o, err := c.Cases.Obligation(c.View, c.R.PathValue("clock"))
		if err != nil {
			return err
		}
		if o.Case != h.K.ID {
			return fault.ErrMissing
		}
		p := c.casePage(h, o.Name, status, o.Label)
		p.Body = clockBody(h, o, c.mayWaive(h, o), a, c.View.Now())
		return c.show(p)
	})
}

// mayWaive reports whether to offer the reader the waiving of a clock.
func (c *Ctx) mayWaive(h caseHead, o cases.Obligation) bool {
	switch {
	case !c.Viewer.May(policy.MayWorkCase) || !o.State.Open():
		return false
	case o.Party != "" && o.Rule != "R-068":
		return h.Own != nil && h.Own.ID == o.Party
	}
	return h.Leads
}

// clockWaive records why a clock is not pursued.
func (c *Ctx) clockWaive() error {
	return c.caseAct(caseForm{which: "waive", fields: []string{"reason"}, show: c.showClock,
		do: func(tx *db.Tx, a attempt) (string, error) {
			o, err := c.Cases.Obligation(tx.View, c.R.PathValue("clock"))
			if err != nil {
				return "", err
			}
			if o.Case != c.R.PathValue("case") {
				return "", fault.ErrMissing
			}
			return clockHref(o) + "?done=" + doneWaived, c.Cases.Waive(tx, o.ID, a.t["reason"])
		}})
}

// factLine says the details of a fact in one line each.
func factLine(f cases.Fact) (out []ui.KV) {
	for _, d := range cases.FactFields(f.Kind) {
		switch v := f.Detail[d.Name].(type) {
		case string:
			if d.Type == "fact" {
				v = ids.Short(v)
			}
			out = append(out, ui.KV{Key: d.Label, Value: choiceWords(v, d)})
		case bool:
			if v {
				out = append(out, ui.KV{Key: d.Label, Value: "yes"})
			}
		}
	}
	if s := f.Says("source"); s != "" {
		out = append(out, ui.KV{Key: "How the desk knows it", Value: s})
	}
	return out
}

// choiceWords writes a stored choice for people: serious_injury as "serious injury".
func choiceWords(v string, d cases.Field) string {
	if d.Type != "choice" {
		return v
	}
	return strings.ReplaceAll(v, "_", " ")
}
