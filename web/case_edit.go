package web

import (
	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/web/ui"
)

// caseEditView is what the form of a case's own words is drawn from.
type caseEditView struct {
	caseHead
	a     attempt
	staff []ui.Option // who may coordinate it
}

// caseEdit is the form to change what a case is called and says.
func (c *Ctx) caseEdit() error { return c.showCaseEdit(200, attempt{}) }

func (c *Ctx) showCaseEdit(status int, a attempt) error {
	return c.onCase("", func(h caseHead) error {
		if !h.Leads {
			return fault.ErrMissing
		}
		x := caseEditView{caseHead: h, a: a}
		people, err := c.Members.People(c.View, c.Viewer.Org)
		if err != nil {
			return err
		}
		x.staff = []ui.Option{{Value: "", Text: "Nobody", Selected: h.K.Coordinator.Person == ""}}
		for _, p := range people {
			x.staff = append(x.staff, ui.Option{Value: p.ID, Text: p.Name, Selected: p.ID == h.K.Coordinator.Person})
		}
		page := c.casePage(h, "edit", status)
		page.Body = caseEditBody(x)
		return c.show(page)
	})
}

var doneEdited = greeting("case-edited", "ok", "The case is changed. Its record keeps what it said before.")

// caseChange changes what a case is called and says.
func (c *Ctx) caseChange() error {
	id := c.R.PathValue("case")
	return c.caseAct(caseForm{which: "edit", fields: []string{"title", "summary", "safety", "review"}, show: c.showCaseEdit, do: func(tx *db.Tx, a attempt) (string, error) {
		var p check.Problems
		review := moment(&p, "review", "The next review", a.t["review"], false)
		if err := p.Err(); err != nil {
			return "", err
		}
		return "/cases/" + id + "?done=" + doneEdited, c.Cases.Edit(tx, id, a.t["title"], a.t["summary"], cases.Safety(a.t["safety"]), review)
	}})
}

var doneAssigned = greeting("assigned", "ok", "The case has its coordinator.")

// caseAssign makes somebody the coordinator of a case.
func (c *Ctx) caseAssign() error {
	id := c.R.PathValue("case")
	return c.caseAct(caseForm{which: "assign", fields: []string{"person"}, show: c.showCaseEdit, do: func(tx *db.Tx, a attempt) (string, error) {
		return "/cases/" + id + "?done=" + doneAssigned, c.Cases.Assign(tx, id, a.t["person"])
	}})
}
