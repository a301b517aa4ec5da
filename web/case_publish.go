package web

import (
	"time"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

var publicationWords = map[cases.PublicationState]string{cases.PublicationDraft: "a draft", cases.PublicationApproved: "approved, and waits for the embargo’s end",
	cases.PublicationOpen: "published", cases.PublicationWithdrawn: "withdrawn"}

// casePublishView is what the page of a case's public statement is drawn from.
type casePublishView struct {
	caseHead
	a       attempt
	Now     time.Time
	Current *cases.Publication // draft or approved
	Past    []cases.Publication
	Drafts  bool // the reader may write it
	Decides bool // the reader is offered to approve it
	Takes   bool // the reader is offered to withdraw
	Prose   *prose
}

// casePublish is the page of a case's public statement: the draft, its approval by
// a second person, what became of it.
func (c *Ctx) casePublish() error { return c.showPublish(200, attempt{}) }

func (c *Ctx) showPublish(status int, a attempt) error {
	return c.onCase(tabDecisions, func(h caseHead) error {
		x := casePublishView{caseHead: h, a: a, Now: c.View.Now(), Prose: c.prose()}
		all, err := c.Cases.Publications(c.View, h.K.ID)
		if err != nil {
			return err
		}
		for i, p := range all {
			if p.State == cases.PublicationDraft || p.State == cases.PublicationApproved {
				x.Current = &all[i]
			} else {
				x.Past = append(x.Past, p)
			}
		}
		if x.Drafts, err = c.Cases.MayDescribe(c.View, h.K); err != nil {
			return err
		}
		x.Drafts = x.Drafts && h.K.Stage != cases.Closed
		ours := c.Viewer.Org == h.K.Author.Org
		x.Takes = h.Leads || ours && c.Viewer.May(policy.MayWorkCase)
		x.Decides = x.Current != nil && x.Current.State == cases.PublicationDraft && c.Viewer.May(policy.MayApprove) && (h.Leads || ours) && x.Current.Drafter.Person != c.Viewer.Person
		page := c.casePage(h, "public statement", status)
		page.Body = publishBody(x)
		return c.show(page)
	})
}

var (
	doneDrafted      = greeting("statement-drafted", "ok", "The draft is kept. A second person approves it.")
	donePublic       = greeting("statement-approved", "ok", "Approved. It is public as soon as no embargo binds.")
	doneStatementOut = greeting("statement-withdrawn", "ok", "The statement is withdrawn. Its title and the reason stay for all to see.")
)

// publishDraft writes the statement, or writes it anew.
func (c *Ctx) publishDraft() error {
	id := c.R.PathValue("case")
	return c.caseAct(caseForm{which: "draft", fields: []string{"title", "body", "reference"}, show: c.showPublish, do: func(tx *db.Tx, a attempt) (string, error) {
		_, err := c.Cases.DraftPublication(tx, id, cases.NewPublication{Title: a.t["title"], Body: a.t["body"], Reference: a.t["reference"]})
		return "/cases/" + id + "/publish?done=" + doneDrafted, err
	}})
}

// publicationOf checks that a statement that an address names is of its case.
func (c *Ctx) publicationOf(v *db.View, id, publication string) error {
	p, err := c.Cases.Publication(v, publication)
	if err == nil && p.Case != id {
		err = fault.ErrMissing
	}
	return err
}

// publishApprove lets a statement out.
func (c *Ctx) publishApprove() error {
	id, publication := c.R.PathValue("case"), c.R.PathValue("publication")
	return c.caseAct(caseForm{which: "approve", fields: []string{"sure", "drafted"}, show: c.showPublish, do: func(tx *db.Tx, a attempt) (string, error) {
		p, err := c.Cases.Publication(tx.View, publication)
		if err != nil {
			return "", err
		}
		if p.Case != id {
			return "", fault.ErrMissing
		}
		if a.t["sure"] == "" {
			return "", fault.InvalidField("sure", "Say that you know that it cannot be taken back from the public web.")
		}
		if a.t["drafted"] != p.Drafted.UTC().Format(time.RFC3339Nano) {
			return "", fault.Conflictf("The draft was changed since you read it. Read it again before you approve it.")
		}
		return "/cases/" + id + "/publish?done=" + donePublic, c.Cases.ApprovePublication(tx, publication)
	}})
}

// publishWithdraw takes a statement back.
func (c *Ctx) publishWithdraw() error {
	id, publication := c.R.PathValue("case"), c.R.PathValue("publication")
	return c.caseAct(caseForm{which: "withdraw-" + publication, fields: []string{"reason"}, show: c.showPublish, do: func(tx *db.Tx, a attempt) (string, error) {
		if err := c.publicationOf(tx.View, id, publication); err != nil {
			return "", err
		}
		return "/cases/" + id + "/publish?done=" + doneStatementOut, c.Cases.WithdrawPublication(tx, publication, a.t["reason"])
	}})
}

// publicationRow is one statement that is out, as a line.
func publicationRow(p cases.Publication, now time.Time) ui.Row {
	r := ui.Row{ID: p.ID, Title: p.Title, State: upperFirst(publicationWords[p.State]), Icon: "send", At: p.Published, Now: now}
	if p.State == cases.PublicationOpen {
		r.Href = "/disclosures/" + p.ID
	}
	if p.Why != "" {
		r.Meta = p.Why
	}
	return r
}
