package web

import (
	"time"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/policy"
)

// caseEmbargoView is what the page of a case's embargo is drawn from.
type caseEmbargoView struct {
	caseHead
	a        attempt
	key      string
	All      []cases.Proposal
	Open     []cases.Proposal // to be decided
	Question *cases.Proposal  // whether it should end sooner, to be answered
	Approved string           // the statement that opens with its end
	Works    bool
	Now      time.Time
}

// Binds reports whether the embargo binds now.
func (x caseEmbargoView) Binds() bool { return x.K.Embargo.In(x.Now) }

// MayPropose reports whether the reader is offered to propose another end.
func (x caseEmbargoView) MayPropose() bool {
	return x.Works && (x.Leads || x.Own != nil) && x.K.PublicAt.IsZero() && x.K.ExploitAt.IsZero() && !x.K.Stage.Ended() && x.K.Embargo.State != "exited"
}

// caseEmbargo is the page of a case's embargo: what binds, what is proposed, who
// agreed.
func (c *Ctx) caseEmbargo() error { return c.showEmbargo(200, attempt{}) }

func (c *Ctx) showEmbargo(status int, a attempt) error {
	return c.onCase(tabDecisions, func(h caseHead) error {
		x := caseEmbargoView{caseHead: h, a: a, key: a.key("propose", ids.Random(26)), Now: c.View.Now(), Works: c.Viewer.May(policy.MayWorkCase)}
		var err error
		if x.All, err = c.Cases.Proposals(c.View, h.K.ID); err != nil {
			return err
		}
		for i, p := range x.All {
			switch {
			case p.State != "open":
			case p.Kind == "decision":
				x.Question = &x.All[i]
			default:
				x.Open = append(x.Open, p)
			}
		}
		ps, err := c.Cases.Publications(c.View, h.K.ID)
		if err != nil {
			return err
		}
		for _, p := range ps {
			if p.State == cases.PublicationApproved {
				x.Approved = p.Title
			}
		}
		page := c.casePage(h, "embargo", status)
		page.Body = embargoBody(x)
		return c.show(page)
	})
}

var (
	doneProposed   = greeting("proposed", "ok", "It is proposed. The parties are asked to agree.")
	doneConsented  = greeting("consented", "ok", "Your organization’s consent is on record.")
	doneInForce    = greeting("in-force", "ok", "The embargo is in force. Everybody in the case reads it.")
	doneTurned     = greeting("turned-down", "ok", "The proposal is turned down. What is in force stays in force.")
	doneKept       = greeting("kept", "ok", "The embargo is kept, and why is on record.")
	doneTerminated = greeting("terminated", "warn", "The embargo is over. An approved statement is published within a minute.")
)

// embargoPropose proposes an embargo, or another end of it.
func (c *Ctx) embargoPropose() error {
	id := c.R.PathValue("case")
	return c.caseAct(caseForm{which: "propose", fields: []string{"until", "terms"}, show: c.showEmbargo, do: func(tx *db.Tx, a attempt) (string, error) {
		var p check.Problems
		until := moment(&p, "until", "The end", a.t["until"], false)
		if err := p.Err(); err != nil {
			return "", err
		}
		_, again, err := c.Cases.Propose(tx, id, cases.NewProposal{Until: until, Terms: a.t["terms"], Key: a.t["idempotency_key"]})
		return "/cases/" + id + "/embargo?done=" + doneProposed, once(again, err)
	}})
}

// embargoDecide is a form about one proposal or question.
func (c *Ctx) embargoDecide(which, done string, fields []string, do func(tx *db.Tx, proposal string, a attempt) error) error {
	id, proposal := c.R.PathValue("case"), c.R.PathValue("proposal")
	return c.caseAct(caseForm{which: which + "-" + proposal, fields: fields, show: c.showEmbargo, do: func(tx *db.Tx, a attempt) (string, error) {
		all, err := c.Cases.Proposals(tx.View, id)
		if err != nil {
			return "", err
		}
		for _, p := range all {
			if p.ID == proposal {
				return "/cases/" + id + "/embargo?done=" + done, do(tx, proposal, a)
			}
		}
		return "", fault.ErrMissing
	}})
}

// embargoAgree consents to a proposal for one's organization.
func (c *Ctx) embargoAgree() error {
	return c.embargoDecide("agree", doneConsented, nil, func(tx *db.Tx, p string, _ attempt) error { return c.Cases.Consent(tx, p) })
}

// embargoAccept puts a proposal in force.
func (c *Ctx) embargoAccept() error {
	return c.embargoDecide("accept", doneInForce, nil, func(tx *db.Tx, p string, _ attempt) error { return c.Cases.AcceptProposal(tx, p) })
}

// embargoReject turns a proposal down.
func (c *Ctx) embargoReject() error {
	return c.embargoDecide("reject", doneTurned, []string{"reason"}, func(tx *db.Tx, p string, a attempt) error { return c.Cases.RejectProposal(tx, p, a.t["reason"]) })
}

// embargoKeep answers the question whether the embargo should end with no.
func (c *Ctx) embargoKeep() error {
	return c.embargoDecide("keep", doneKept, []string{"reason"}, func(tx *db.Tx, p string, a attempt) error { return c.Cases.Keep(tx, p, a.t["reason"]) })
}

// embargoEnd ends the embargo before its end.
func (c *Ctx) embargoEnd() error {
	id := c.R.PathValue("case")
	return c.caseAct(caseForm{which: "end", fields: []string{"reason", "sure"}, show: c.showEmbargo, do: func(tx *db.Tx, a attempt) (string, error) {
		if a.t["sure"] == "" {
			return "", fault.InvalidField("sure", "Say that you know that this is never taken back.")
		}
		return "/cases/" + id + "/embargo?done=" + doneTerminated, c.Cases.Terminate(tx, id, a.t["reason"])
	}})
}
