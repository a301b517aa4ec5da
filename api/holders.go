package api

import (
	"time"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/internal/db"
)

// HolderNotice is what a case tells the holders of products, as those in the case see
// it. Who the holders are, nobody in the case learns.
type HolderNotice struct {
	ID         string    `json:"id"`
	Case       string    `json:"case"`
	State      string    `json:"state" enum:"draft,sent,withdrawn"`
	Text       AlertText `json:"text"`
	Class      string    `json:"class" enum:"now,today,digest"`
	DraftedAt  time.Time `json:"drafted_at" doc:"To be given when you agree to it"`
	DraftedBy  Author    `json:"drafted_by"`
	ApprovedAt time.Time `json:"approved_at,omitzero"`
	ApprovedBy *Author   `json:"approved_by,omitempty"`
	EndedAt    time.Time `json:"ended_at,omitzero" doc:"Taken back"`
	Why        string    `json:"why,omitempty" doc:"Of taking it back"`
	Alert      string    `json:"alert,omitempty" doc:"The alert that it became, once it is sent"`
	Label      Label     `json:"label" doc:"Of the draft, which is the case's"`
}

func (c *call) holderShape(v *db.View, n cases.HolderNotice) (HolderNotice, error) {
	l, err := c.label(v, n.Label)
	out := HolderNotice{ID: n.ID, Case: n.Case, State: string(n.State), Text: alertText(n.Form.Content), Class: string(n.Form.Class), DraftedAt: utc(n.Drafted), DraftedBy: author(n.Drafter), ApprovedAt: utc(n.Approved), EndedAt: utc(n.Ended), Why: n.Why, Alert: n.Alert, Label: l}
	if n.Approver.Name != "" {
		by := author(n.Approver)
		out.ApprovedBy = &by
	}
	return out, err
}

func (c *call) readHolderNotice(v *db.View, id string) (HolderNotice, error) {
	n, err := c.Cases.HolderNotice(v, id)
	if err != nil {
		return HolderNotice{}, err
	}
	return c.holderShape(v, n)
}

// InHolderNotice is an operation on a notice to holders.
type InHolderNotice struct {
	Holders string `path:"holders" doc:"The id of a notice to holders"`
}

func (c *call) holderNotices(in *InCase) (*answer[list[HolderNotice]], error) {
	if _, err := c.Cases.Case(c.view, in.Case); err != nil {
		return nil, err
	}
	ns, err := c.Cases.HolderNotices(c.view, in.Case)
	return listed(c.view, ns, err, c.holderShape)
}

func (c *call) holderNotice(in *InHolderNotice) (*answer[HolderNotice], error) {
	out, err := c.readHolderNotice(c.view, in.Holders)
	return &answer[HolderNotice]{out}, err
}

func (c *call) draftHolderNotice(in *struct {
	InCase
	Keyed
	Body struct {
		Text  AlertText `json:"text"`
		Class string    `json:"class" enum:"now,today,digest" doc:"How soon it wants to be read"`
	}
}) (*created[HolderNotice], error) {
	f, err := NewAlert{Text: in.Body.Text, Class: in.Body.Class}.form()
	if err != nil {
		return nil, err
	}
	out, err := makes(c, in.Keyed, "/api/v1/holder-notices/", func(tx *db.Tx) (string, bool, error) {
		return once(tx, in.Keyed, "holder-notice "+in.Case, in.Body, func() (string, error) { return c.Cases.DraftHolderNotice(tx, in.Case, f) })
	}, c.readHolderNotice)
	return out, renamed(err, alertFields...)
}

func (c *call) approveHolderNotice(in *struct {
	InHolderNotice
	Body struct {
		DraftedAt time.Time `json:"drafted_at" doc:"Of the draft that you read"`
	}
}) (*answer[HolderNotice], error) {
	return changes(c, in.Holders, func(tx *db.Tx) error {
		return c.Cases.ApproveHolderNotice(tx, in.Holders, in.Body.DraftedAt)
	}, c.readHolderNotice)
}

func (c *call) withdrawHolderNotice(in *struct {
	InHolderNotice
	Body Why
}) (*answer[HolderNotice], error) {
	return changes(c, in.Holders, func(tx *db.Tx) error { return c.Cases.TakeHolderNotice(tx, in.Holders, in.Body.Reason) }, c.readHolderNotice)
}
