package api

import (
	"time"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/internal/db"
)

// Publication is a public statement about a case, as those in the case see it.
type Publication struct {
	ID          string    `json:"id"`
	Case        string    `json:"case"`
	Title       string    `json:"title"`
	Body        string    `json:"body" doc:"Markdown; empty once withdrawn from the public"`
	Reference   string    `json:"reference,omitempty" doc:"A web address"`
	State       string    `json:"state" enum:"draft,approved,published,withdrawn"`
	DraftedAt   time.Time `json:"drafted_at"`
	DraftedBy   Author    `json:"drafted_by"`
	ApprovedAt  time.Time `json:"approved_at,omitzero"`
	ApprovedBy  *Author   `json:"approved_by,omitempty"`
	OpensAt     time.Time `json:"opens_at,omitzero" doc:"When it is expected to be public; the embargo decides"`
	PublishedAt time.Time `json:"published_at,omitzero"`
	WithdrawnAt time.Time `json:"withdrawn_at,omitzero"`
	Why         string    `json:"why,omitempty" doc:"Of withdrawing"`
	Label       Label     `json:"label"`
}

func (c *call) publicationShape(v *db.View, p cases.Publication) (Publication, error) {
	l, err := c.label(v, p.Label)
	out := Publication{p.ID, p.Case, p.Title, p.Body, p.Reference, string(p.State), utc(p.Drafted), author(p.Drafter), utc(p.Approved), nil, utc(p.Opens), utc(p.Published), utc(p.Withdrawn), p.Why, l}
	if p.Approver.Name != "" {
		by := author(p.Approver)
		out.ApprovedBy = &by
	}
	return out, err
}

func (c *call) readPublication(v *db.View, id string) (Publication, error) {
	p, err := c.Cases.Publication(v, id)
	if err != nil {
		return Publication{}, err
	}
	return c.publicationShape(v, p)
}

// InStatement is an operation on a public statement.
type InStatement struct {
	Statement string `path:"statement" doc:"A statement's id"`
}

func (c *call) publications(in *InCase) (*answer[list[Publication]], error) {
	if _, err := c.Cases.Case(c.view, in.Case); err != nil {
		return nil, err
	}
	ps, err := c.Cases.Publications(c.view, in.Case)
	return listed(c.view, ps, err, c.publicationShape)
}

func (c *call) draftPublication(in *struct {
	InCase
	Keyed
	Body struct {
		Title     string `json:"title"`
		Body      string `json:"body" doc:"Markdown"`
		Reference string `json:"reference,omitempty" doc:"The address of an advisory or a CVE record"`
	}
}) (*created[Publication], error) {
	b := in.Body
	return makes(c, in.Keyed, "/api/v1/cases/"+in.Case+"/publications", func(tx *db.Tx) (string, bool, error) {
		return once(tx, in.Keyed, "publication "+in.Case, b, func() (string, error) {
			return c.Cases.DraftPublication(tx, in.Case, cases.NewPublication{Title: b.Title, Body: b.Body, Reference: b.Reference})
		})
	}, c.readPublication)
}

func (c *call) approvePublication(in *InStatement) (*answer[Publication], error) {
	return changes(c, in.Statement, func(tx *db.Tx) error { return c.Cases.ApprovePublication(tx, in.Statement) }, c.readPublication)
}

func (c *call) withdrawPublication(in *struct {
	InStatement
	Body Why
}) (*answer[Publication], error) {
	return changes(c, in.Statement, func(tx *db.Tx) error { return c.Cases.WithdrawPublication(tx, in.Statement, in.Body.Reason) }, c.readPublication)
}

// Statement is a published statement, as everybody sees it.
type Statement struct {
	ID          string    `json:"id"`
	Case        string    `json:"case_short"`
	Title       string    `json:"title"`
	Body        string    `json:"body,omitempty" doc:"Markdown; missing once it is withdrawn"`
	Reference   string    `json:"reference,omitempty"`
	PublishedAt time.Time `json:"published_at"`
	WithdrawnAt time.Time `json:"withdrawn_at,omitzero"`
	Why         string    `json:"why,omitempty" doc:"Of withdrawing"`
}

func statement(s cases.Statement) Statement {
	return Statement{s.ID, s.Case, s.Title, s.Body, s.Reference, utc(s.Published), utc(s.Withdrawn), s.Why}
}

func (c *call) statements(in *struct{ Paging }) (*answer[list[Statement]], error) {
	at, id, err := c.place("statements", "statement", in.Cursor)
	if err != nil {
		return nil, err
	}
	ss, next, err := c.Cases.Published(c.view, cases.Cursor{At: at, ID: id}, in.Limit)
	out, err := listed(c.view, ss, err, plain(statement))
	if err == nil {
		out.Body.Next = c.cursor("statements", next.At, next.ID)
	}
	return out, err
}

func (c *call) statement(in *InStatement) (*answer[Statement], error) {
	s, err := c.Cases.Statement(c.view, in.Statement)
	return &answer[Statement]{statement(s)}, err
}
