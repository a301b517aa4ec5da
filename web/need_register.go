package web

import (
	"time"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/members"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

// grantsAPage is how many grants a page of the register shows.
const grantsAPage = 50

// needView is what the need-to-know register is drawn from.
type needView struct {
	Mine     []cases.Grant
	All      []cases.Grant // the desk's register
	Desk     bool
	Agency   bool
	Later    bool // the address begins later in the list
	Pages    ui.Pages
	Hidden   int
	Me       string
	Now      time.Time
	Decision int // grants that wait for the desk
}

// needToKnow is the register of need-to-know grants: the reader's own and, for
// the desk, all.
func (c *Ctx) needToKnow() error {
	x := needView{Desk: c.Viewer.May(policy.MayTriage), Agency: c.Viewer.Kind == policy.Agency, Now: c.View.Now(), Me: c.Viewer.Person}
	g, err := c.gate()
	if err != nil {
		return err
	}
	var label policy.Label
	keep := func(gs []cases.Grant) (out []cases.Grant) {
		for _, n := range gs {
			if g.hides(n.Label) {
				x.Hidden++
				continue
			}
			label = stricter(label, n.Label.TLP)
			out = append(out, n)
		}
		return out
	}
	mine, err := c.Cases.MyGrants(c.View)
	if err != nil {
		return err
	}
	x.Mine = keep(mine)
	if x.Desk {
		after, err := readPlace(c.R.URL.Query().Get("after"))
		if err != nil {
			return err
		}
		all, next, err := c.Cases.Register(c.View, cases.Cursor(after), grantsAPage)
		if err != nil {
			return err
		}
		x.All = keep(all)
		for _, n := range x.All {
			if n.State(x.Now) == cases.GrantAsked {
				x.Decision++
			}
		}
		if next.ID != "" {
			x.Pages.OlderHref = "/need-to-know?after=" + placeText(forum.Cursor(next))
		}
		if x.Later = !after.IsZero(); x.Later {
			x.Pages.NewerHref, x.Pages.Note = "/need-to-know", "Newer leads to the newest."
		}
	}
	return c.show(Page{Title: "Need-to-know register", Kind: "need", Label: label, Live: []string{"*"}, Body: needBody(x), Right: needAside()})
}

// caseGrantsView is what the page of agencies' access to a case is drawn from.
type caseGrantsView struct {
	caseHead
	a         attempt
	key       string
	All       []cases.Grant
	Openings  []cases.Opening
	May       bool
	People    []ui.Option
	Documents []ui.Option
	Now       time.Time
}

// caseGrants is a case's need-to-know register with its disclosure log, and the
// form to ask for a grant.
func (c *Ctx) caseGrants() error { return c.showCaseGrants(200, attempt{}) }

func (c *Ctx) showCaseGrants(status int, a attempt) error {
	return c.onCase("", func(h caseHead) error {
		x := caseGrantsView{caseHead: h, a: a, key: a.key("grant", ids.Random(26)), Now: c.View.Now()}
		var err error
		if x.All, err = c.Cases.Grants(c.View, h.K.ID); err != nil {
			return err
		}
		if x.Openings, err = c.Cases.Openings(c.View, h.K.ID); err != nil {
			return err
		}
		x.May = c.Viewer.May(policy.MayWorkCase) && h.K.Shared && !h.K.Stage.Ended() && (h.Own != nil || c.Viewer.May(policy.MayTriage))
		if x.May {
			if err := c.grantOptions(&x); err != nil {
				return err
			}
		}
		page := c.casePage(h, "agencies’ access", status)
		page.Body = caseGrantsBody(x)
		return c.show(page)
	})
}

// grantOptions are whom a grant can be for and what it can rest on.
func (c *Ctx) grantOptions(x *caseGrantsView) error {
	people, err := c.Members.FindPeople(c.View, members.Filter{Kind: policy.Agency, Limit: 200})
	if err != nil {
		return err
	}
	x.People = []ui.Option{{Value: "", Text: "Choose a person"}}
	for _, p := range people {
		x.People = append(x.People, ui.Option{Value: p.ID, Text: joinWords(p.Name, p.OrgName)})
	}
	docs, err := c.Agreements.Documents(c.View)
	if err != nil {
		return err
	}
	x.Documents = []ui.Option{{Value: "", Text: "None: a legal authority, below"}}
	for _, d := range docs {
		x.Documents = append(x.Documents, ui.Option{Value: d.ID, Text: d.Title})
	}
	return nil
}

var (
	doneGrantAsked = greeting("grant-asked", "ok", "Asked for. Somebody else, of the desk, decides.")
	doneGranted    = greeting("granted", "ok", "Granted. The case opens to that person when it is opened under the grant, which is logged.")
	doneGrantEnded = greeting("grant-revoked", "ok", "The access is ended.")
	doneAnswered   = greeting("grant-answered", "ok", "Your answer stands in the official thread and on the grant.")
	doneOpened     = greeting("grant-opened", "ok", "The case is open to you for an hour. That is in its disclosure log.")
)

// grantAsk asks for a grant.
func (c *Ctx) grantAsk() error {
	id := c.R.PathValue("case")
	return c.caseAct(caseForm{which: "grant", fields: []string{"person", "seat", "purpose", "agreement", "basis", "question", "until"}, show: c.showCaseGrants, do: func(tx *db.Tx, a attempt) (string, error) {
		var p check.Problems
		until := moment(&p, "until", "The end", a.t["until"], false)
		if err := p.Err(); err != nil {
			return "", err
		}
		_, again, err := c.Cases.RequestGrant(tx, id, cases.NewGrant{Person: a.t["person"], Seat: cases.Seat(a.t["seat"]), Purpose: a.t["purpose"], Agreement: a.t["agreement"], Basis: a.t["basis"],
			Question: a.t["question"], Until: until, Key: a.t["idempotency_key"]})
		return "/cases/" + id + "/grants?done=" + doneGrantAsked, once(again, err)
	}})
}

// grantView is what the page of one grant is drawn from.
type grantView struct {
	G       cases.Grant
	a       attempt
	State   cases.GrantState
	Case    *cases.Case // if it is open to the reader now
	Holder  bool
	Decides bool // the reader is offered to approve it
	Ends    bool // the reader is offered to refuse or revoke it
	Terms   cases.Embargo
	Now     time.Time
}

// grantShow is one grant: for its holder, who opens the case under it; for the
// desk, which decides; for those in the case.
func (c *Ctx) grantShow() error { return c.showGrant(200, attempt{}) }

func (c *Ctx) showGrant(status int, a attempt) error {
	n, err := c.Cases.Grant(c.View, c.R.PathValue("grant"))
	if err != nil {
		return err
	}
	g, err := c.gate()
	if err != nil {
		return err
	}
	if g.hides(n.Label) {
		return c.secondPasskey()
	}
	x := grantView{G: n, a: a, Now: c.View.Now(), Holder: n.Holder.Person == c.Viewer.Person}
	x.State = n.State(x.Now)
	k, err := c.Cases.Case(c.View, n.Case)
	open, err := seen(err)
	if err != nil {
		return err
	}
	if open {
		x.Case = &k
		leads, err := c.Cases.MayLead(c.View, k)
		if err != nil {
			return err
		}
		x.Decides = x.State == cases.GrantAsked && c.Viewer.May(policy.MayTriage) && n.AskedBy.Person != c.Viewer.Person && !x.Holder
		x.Ends = (x.State == cases.GrantAsked || x.State == cases.GrantGiven) && (leads || n.AskedBy.Person == c.Viewer.Person && c.Viewer.May(policy.MayWorkCase))
	}
	if x.Holder && x.State == cases.GrantGiven {
		if x.Terms, err = c.Cases.GrantTerms(c.View, n.ID); err != nil && !fault.Is(err, fault.Forbidden) {
			return err
		}
	}
	return c.show(Page{Title: "Grant for " + n.Short(), Kind: "grant", Label: n.Label, Live: []string{n.ID, n.Case}, Status: status, Body: grantBody(x)})
}

// grantAct is a form of the page of one grant.
func (c *Ctx) grantAct(which string, fields []string, do func(tx *db.Tx, g cases.Grant, a attempt) (to string, err error)) error {
	return c.caseAct(caseForm{which: which, fields: fields, show: c.showGrant, do: func(tx *db.Tx, a attempt) (string, error) {
		g, err := c.Cases.Grant(tx.View, c.R.PathValue("grant"))
		if err != nil {
			return "", err
		}
		return do(tx, g, a)
	}})
}

// grantApprove gives a grant.
func (c *Ctx) grantApprove() error {
	return c.grantAct("approve", []string{"sure"}, func(tx *db.Tx, g cases.Grant, a attempt) (string, error) {
		if a.t["sure"] == "" {
			return "", fault.InvalidField("sure", "Say that you checked the purpose and the basis.")
		}
		return "/grants/" + g.ID + "?done=" + doneGranted, c.Cases.ApproveGrant(tx, g.ID)
	})
}

// grantRevoke refuses a grant, or ends it.
func (c *Ctx) grantRevoke() error {
	return c.grantAct("revoke", []string{"reason"}, func(tx *db.Tx, g cases.Grant, a attempt) (string, error) {
		return "/grants/" + g.ID + "?done=" + doneGrantEnded, c.Cases.RevokeGrant(tx, g.ID, a.t["reason"])
	})
}

// grantOpen opens the case to the holder, which is logged.
func (c *Ctx) grantOpen() error {
	return c.grantAct("open", []string{"agree", "terms"}, func(tx *db.Tx, g cases.Grant, a attempt) (string, error) {
		terms, err := c.Cases.GrantTerms(tx.View, g.ID)
		if err != nil {
			return "", err
		}
		switch {
		case terms.Digest() == "":
		case a.t["agree"] == "":
			return "", fault.InvalidField("agree", "Agree to the embargo first.")
		case a.t["terms"] != terms.Digest():
			return "", fault.Conflictf("The embargo’s terms changed since you read them. Read them again.")
		}
		_, err = c.Cases.OpenUnderGrant(tx, g.ID)
		return "/cases/" + g.Case + "?done=" + doneOpened, err
	})
}

// grantAnswer answers a grant's question.
func (c *Ctx) grantAnswer() error {
	return c.grantAct("answer", []string{"answer"}, func(tx *db.Tx, g cases.Grant, a attempt) (string, error) {
		_, err := c.Cases.AnswerGrant(tx, g.ID, a.t["answer"])
		return "/grants/" + g.ID + "?done=" + doneAnswered, err
	})
}
