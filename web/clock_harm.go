package web

import (
	"strings"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/formats/fda"
	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/web/ui"
)

// harmWord is what somebody types who means it.
const harmWord = "HARM KNOWN"

// harmView is everything on the page of the switch.
type harmView struct {
	head    caseHead
	party   cases.Party
	parties []cases.Party
	own     bool
	known   bool // for the party it is known already
	a       attempt
}

// harmNew says what follows from known serious harm, and then asks for it.
func (c *Ctx) harmNew() error { return c.showHarm(200, attempt{}) }

func (c *Ctx) showHarm(status int, a attempt) error {
	return c.onCase(tabClocks, func(h caseHead) error {
		p, err := c.party(h, a.t["party"])
		if err != nil {
			return err
		}
		x := harmView{head: h, party: p, parties: c.speaksFor(h), own: h.Own != nil, a: a}
		facts, err := c.Cases.Facts(c.View, h.K.ID)
		if err != nil {
			return err
		}
		for _, f := range facts {
			x.known = x.known || f.Party == p.ID && f.Kind == cases.SeriousHarmKnown
		}
		page := c.casePage(h, "serious harm", status)
		page.Body = harmBody(x)
		return c.show(page)
	})
}

// harmKnown throws the switch. It goes one way.
func (c *Ctx) harmKnown() error {
	id := c.R.PathValue("case")
	return c.caseAct(caseForm{which: "harm", fields: []string{"party", "at", "event", "reporter", "remedial_action", "text", "source", "word"}, show: c.showHarm,
		do: func(tx *db.Tx, a attempt) (string, error) {
			p, err := c.Cases.Party(tx.View, a.t["party"])
			if err != nil {
				return "", err
			}
			if p.Case != id {
				return "", fault.ErrMissing
			}
			h := cases.Harm{Event: fda.Event(a.t["event"]), Reporter: fda.Reporter(a.t["reporter"]), RemedialAction: a.t["remedial_action"] != "", Text: a.t["text"], Source: a.t["source"], Confirm: true}
			var wrong check.Problems
			h.At = moment(&wrong, "at", "When it became known", a.t["at"], true)
			if !strings.EqualFold(strings.TrimSpace(a.t["word"]), harmWord) {
				wrong.Add("word", "Type %s to confirm that you read what follows: it cannot be taken back.", harmWord)
			}
			if err := wrong.Err(); err != nil {
				return "", err
			}
			_, err = c.Cases.SeriousHarm(tx, p.ID, h)
			return "/cases/" + id + "/clocks?done=" + doneHarm, err
		}})
}

func harmEvents() []ui.Option {
	return []ui.Option{{Value: string(fda.Death), Text: "A death"}, {Value: string(fda.SeriousInjury), Text: "A serious injury", Hint: "Life-threatening, or permanent impairment, or needing medical intervention to prevent it (21 CFR 803.3)."}}
}

func harmReporters() []ui.Option {
	return []ui.Option{{Value: string(fda.Manufacturer), Text: "The manufacturer"}, {Value: string(fda.Importer), Text: "The importer"}, {Value: string(fda.UserFacility), Text: "The user facility"}}
}
