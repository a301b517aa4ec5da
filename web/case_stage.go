package web

import (
	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/web/ui"
)

// stageHints say what a stage means and what follows from entering it.
var stageHints = map[cases.Stage]string{
	cases.Triage:        "It is looked at anew.",
	cases.Verification:  "Somebody reproduces what was reported.",
	cases.Notified:      "The vendors are told; their clocks to answer run.",
	cases.Analysis:      "Vendors find out what is affected and how badly.",
	cases.Planning:      "It is decided how it is mended, and until when.",
	cases.Remediation:   "Fixes are made and validated.",
	cases.PreDisclosure: "The public statement is prepared. It opens when the embargo ends.",
	cases.Published:     "Says that the public knows. Not before the embargo ends.",
	cases.PostPublished: "What is learned after publication is gathered.",
	cases.Closed:        "Nobody writes to it any more. Every clock must be met or waived.",
	cases.Duplicate:     "Another case carries it. This one ends.",
	cases.OutOfScope:    "Not for this community. It ends.",
	cases.Disputed:      "The vendor and the finder disagree whether it is a vulnerability.",
	cases.Withdrawn:     "Who reported it takes it back. It ends, and does not come back.",
}

// stageTrack is the course of a case and where it stands.
func stageTrack(k cases.Case) ui.Track {
	t := ui.Track{Label: "Stage of the case"}
	on := false
	for _, s := range cases.Course() {
		step := ui.TrackStep{Name: s.Words()}
		switch {
		case s == k.Stage:
			step.State, step.Note, on = "now", "since "+k.StageAt.UTC().Format("2 Jan"), true
		case !on:
			step.State = "done"
		}
		t.Steps = append(t.Steps, step)
	}
	if !on { // it left the course
		for i := range t.Steps {
			t.Steps[i].State = ""
		}
		t.Steps = append(t.Steps[:1], ui.TrackStep{Name: k.Stage.Words(), Note: "since " + k.StageAt.UTC().Format("2 Jan"), State: "now"})
		t.Steps[0].State = "done"
		if k.Stage.Ended() {
			t.Steps[1].State = "stopped"
		}
	}
	return t
}

// caseStageView is what the form of a case's stage is drawn from.
type caseStageView struct {
	caseHead
	a    attempt
	next []ui.Option
}

// caseStage is the form to take a case to its next stage: only those that may
// follow are offered.
func (c *Ctx) caseStage() error { return c.showCaseStage(200, attempt{}) }

func (c *Ctx) showCaseStage(status int, a attempt) error {
	return c.onCase(tabDecisions, func(h caseHead) error {
		if !h.Leads {
			return fault.ErrMissing
		}
		x := caseStageView{caseHead: h, a: a}
		for i, s := range h.K.Stage.Next() {
			x.next = append(x.next, ui.Option{Value: string(s), Text: s.Words(), Hint: stageHints[s], Selected: i == 0})
		}
		page := c.casePage(h, "stage", status)
		page.Body = caseStageBody(x, c.View.Now())
		return c.show(page)
	})
}

var doneStage = greeting("stage", "ok", "The case is in its next stage. Everybody in it reads that.")

// caseMove takes a case to another stage.
func (c *Ctx) caseMove() error {
	id := c.R.PathValue("case")
	return c.caseAct(caseForm{which: "stage", fields: []string{"stage", "reason"}, show: c.showCaseStage, do: func(tx *db.Tx, a attempt) (string, error) {
		return "/cases/" + id + "?done=" + doneStage, c.Cases.Move(tx, id, cases.Stage(a.t["stage"]), a.t["reason"])
	}})
}

// caseShareView is what the page to share a case with the desk is drawn from.
type caseShareView struct {
	caseHead
	a     attempt
	asked bool // it is offered already
}

// caseShare says what follows from sharing a case with the desk, and asks.
func (c *Ctx) caseShare() error { return c.showCaseShare(200, attempt{}) }

func (c *Ctx) showCaseShare(status int, a attempt) error {
	return c.onCase("", func(h caseHead) error {
		if !h.Leads {
			return fault.ErrMissing
		}
		x := caseShareView{caseHead: h, a: a}
		for _, p := range h.All {
			x.asked = x.asked || p.Role == cases.Coordinator && p.State == cases.Invited
		}
		page := c.casePage(h, "share", status)
		page.Body = caseShareBody(x)
		return c.show(page)
	})
}

var doneOffered = greeting("offered", "ok", "The case is offered to the desk. It opens to the desk when somebody there accepts.")

// caseOffer offers a case to the desk.
func (c *Ctx) caseOffer() error {
	id := c.R.PathValue("case")
	return c.caseAct(caseForm{which: "share", fields: []string{"note"}, show: c.showCaseShare, do: func(tx *db.Tx, a attempt) (string, error) {
		_, err := c.Cases.ShareWithDesk(tx, id, a.t["note"])
		return "/cases/" + id + "?done=" + doneOffered, err
	}})
}
