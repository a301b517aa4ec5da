package api

import (
	"time"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
)

// Grant lets one named person of an agency into one case.
type Grant struct {
	ID         string    `json:"id"`
	Case       string    `json:"case,omitempty" doc:"Missing while you cannot see the case"`
	CaseShort  string    `json:"case_short"`
	Party      string    `json:"party,omitempty"`
	Holder     Author    `json:"holder"`
	Seat       string    `json:"seat" enum:"patient-harm,coordination,other"`
	Purpose    string    `json:"purpose"`
	Agreement  string    `json:"agreement,omitempty"`
	Basis      string    `json:"basis,omitempty"`
	Question   string    `json:"question,omitempty"`
	Answer     string    `json:"answer,omitempty"`
	AnsweredAt time.Time `json:"answered_at,omitzero"`
	AskedAt    time.Time `json:"asked_at"`
	AskedBy    Author    `json:"asked_by"`
	ApprovedAt time.Time `json:"approved_at,omitzero"`
	Approver   *Author   `json:"approver,omitempty"`
	ExpiresAt  time.Time `json:"expires_at"`
	RevokedAt  time.Time `json:"revoked_at,omitzero"`
	Why        string    `json:"why,omitempty" doc:"Of refusing or revoking"`
	State      string    `json:"state" enum:"requested,granted,refused,revoked,expired"`
	Label      Label     `json:"label"`
}

func (c *call) grantShape(v *db.View, g cases.Grant) (Grant, error) {
	l, err := c.label(v, g.Label)
	if err != nil {
		return Grant{}, err
	}
	out := Grant{g.ID, g.Case, g.Short(), g.Party, author(g.Holder), string(g.Seat), g.Purpose, g.Agreement, g.Basis, g.Question, g.Answer, utc(g.Answered), utc(g.Asked), author(g.AskedBy),
		utc(g.Approved), nil, utc(g.Expires), utc(g.Revoked), g.Why, string(g.State(v.Now())), l}
	if g.Approver.Name != "" {
		by := author(g.Approver)
		out.Approver = &by
	}
	if _, err = c.Cases.Case(v, g.Case); fault.Is(err, fault.Missing) {
		out.Case, out.Party, err = "", "", nil // its holder has not opened it
	}
	return out, err
}

func (c *call) readGrant(v *db.View, id string) (Grant, error) {
	g, err := c.Cases.Grant(v, id)
	if err != nil {
		return Grant{}, err
	}
	return c.grantShape(v, g)
}

// InGrant is an operation on a grant.
type InGrant struct {
	Grant string `path:"grant" doc:"A grant's id"`
}

func (c *call) grants(in *InCase) (*answer[list[Grant]], error) {
	if _, err := c.Cases.Case(c.view, in.Case); err != nil {
		return nil, err
	}
	gs, err := c.Cases.Grants(c.view, in.Case)
	return listed(c.view, gs, err, c.grantShape)
}

func (c *call) myGrants(*nothing) (*answer[list[Grant]], error) {
	gs, err := c.Cases.MyGrants(c.view)
	return listed(c.view, gs, err, c.grantShape)
}

func (c *call) register(in *struct{ Paging }) (*answer[list[Grant]], error) {
	at, id, err := c.place("register", "grant", in.Cursor)
	if err != nil {
		return nil, err
	}
	gs, next, err := c.Cases.Register(c.view, cases.Cursor{At: at, ID: id}, in.Limit)
	out, err := listed(c.view, gs, err, c.grantShape)
	if err == nil {
		out.Body.Next = c.cursor("register", next.At, next.ID)
	}
	return out, err
}

// GrantPage is a grant with the embargo that its holder accepts by opening.
type GrantPage struct {
	Grant
	Terms *Embargo `json:"terms,omitempty" doc:"What the holder accepts by opening the case"`
}

func (c *call) grant(in *InGrant) (*answer[GrantPage], error) {
	g, err := c.readGrant(c.view, in.Grant)
	if err != nil {
		return nil, err
	}
	out := GrantPage{Grant: g}
	e, err := c.Cases.GrantTerms(c.view, in.Grant)
	if err == nil && !e.Until.IsZero() {
		terms := embargo(e, c.view.Now())
		out.Terms = &terms
	}
	return &answer[GrantPage]{out}, err
}

func (c *call) requestGrant(in *struct {
	InCase
	Keyed
	Body struct {
		Person    string    `json:"person" doc:"Of an agency"`
		Seat      string    `json:"seat,omitempty" doc:"patient-harm, coordination or other"`
		Purpose   string    `json:"purpose"`
		Agreement string    `json:"agreement,omitempty" doc:"The id of a document that it rests on, or"`
		Basis     string    `json:"basis,omitempty" doc:"the legal authority"`
		Question  string    `json:"question,omitempty" doc:"The seat's own if missing"`
		Until     time.Time `json:"until,omitzero" doc:"At most 90 days from now, which is also the default"`
	}
}) (*created[Grant], error) {
	b := in.Body
	return makes(c, in.Keyed, "/api/v1/grants/", func(tx *db.Tx) (string, bool, error) {
		return c.Cases.RequestGrant(tx, in.Case, cases.NewGrant{Person: b.Person, Seat: cases.Seat(b.Seat), Purpose: b.Purpose, Agreement: b.Agreement, Basis: b.Basis, Question: b.Question, Until: b.Until, Key: in.Key})
	}, c.readGrant)
}

func (c *call) approveGrant(in *InGrant) (*answer[Grant], error) {
	return changes(c, in.Grant, func(tx *db.Tx) error { return c.Cases.ApproveGrant(tx, in.Grant) }, c.readGrant)
}

func (c *call) revokeGrant(in *struct {
	InGrant
	Body Why
}) (*answer[Grant], error) {
	return changes(c, in.Grant, func(tx *db.Tx) error { return c.Cases.RevokeGrant(tx, in.Grant, in.Body.Reason) }, c.readGrant)
}

// Opening is a line of the disclosure log.
type Opening struct {
	ID           string    `json:"id"`
	Grant        string    `json:"grant"`
	Case         string    `json:"case"`
	Person       string    `json:"person"`
	Name         string    `json:"name"`
	Organization string    `json:"organization_name"`
	At           time.Time `json:"at"`
	Until        time.Time `json:"until" doc:"Closed again at this instant"`
}

func opening(o cases.Opening) Opening {
	return Opening{o.ID, o.Grant, o.Case, o.Person, o.Name, o.OrgName, utc(o.At), utc(o.Until)}
}

func (c *call) openGrant(in *InGrant) (*answer[Opening], error) {
	var out Opening
	err := c.write(func(tx *db.Tx) error {
		o, err := c.Cases.OpenUnderGrant(tx, in.Grant)
		out = opening(o)
		return err
	})
	return &answer[Opening]{out}, err
}

func (c *call) answerGrant(in *struct {
	InGrant
	Body struct {
		Answer string `json:"answer" doc:"Markdown: it is posted in the official thread"`
	}
}) (*answer[Grant], error) {
	return changes(c, in.Grant, func(tx *db.Tx) error {
		_, err := c.Cases.AnswerGrant(tx, in.Grant, in.Body.Answer)
		return err
	}, c.readGrant)
}

func (c *call) openings(in *InCase) (*answer[list[Opening]], error) {
	if _, err := c.Cases.Case(c.view, in.Case); err != nil {
		return nil, err
	}
	os, err := c.Cases.Openings(c.view, in.Case)
	return listed(c.view, os, err, plain(opening))
}
