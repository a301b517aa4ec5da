package api

import (
	"time"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/formats/vultron"
	"github.com/cordon-isao/cordon/internal/db"
)

// EmbargoPage is a case's embargo with what was proposed about it.
type EmbargoPage struct {
	Embargo
	Proposals []Proposal `json:"proposals" doc:"Oldest first"`
}

// Proposal is an embargo that somebody proposed, or a question whether it should
// end sooner.
type Proposal struct {
	ID        string    `json:"id"`
	Kind      string    `json:"kind" enum:"proposal,decision"`
	Party     string    `json:"party,omitempty" doc:"Who proposed it; missing for the desk"`
	By        string    `json:"by" doc:"A name"`
	ByOrg     string    `json:"by_organization,omitempty" doc:"A name"`
	At        time.Time `json:"at"`
	Until     time.Time `json:"until" doc:"The end proposed; of a decision when it is due"`
	Terms     string    `json:"terms,omitempty"`
	Consents  []Consent `json:"consents"`
	State     string    `json:"state"`
	Why       string    `json:"why,omitempty"`
	DecidedAt time.Time `json:"decided_at,omitzero"`
	DecidedBy string    `json:"decided_by,omitempty" doc:"A name"`
}

// Consent is that a party agrees.
type Consent struct {
	Party        string    `json:"party"`
	Organization string    `json:"organization_name"`
	Name         string    `json:"name"`
	At           time.Time `json:"at"`
}

func proposal(p cases.Proposal) Proposal {
	out := Proposal{p.ID, p.Kind, p.Party, p.Name, p.OrgName, utc(p.At), utc(p.Until), p.Terms, []Consent{}, p.State, p.Why, utc(p.Decided), p.By}
	for _, x := range p.Consents {
		out.Consents = append(out.Consents, Consent{x.Party, x.Org, x.Name, utc(x.At)})
	}
	return out
}

func (c *call) embargoPage(v *db.View, id string) (out EmbargoPage, err error) {
	k, err := c.Cases.Case(v, id)
	if err != nil {
		return out, err
	}
	ps, err := c.Cases.Proposals(v, id)
	if err != nil {
		return out, err
	}
	out.Embargo = embargo(k.Embargo, v.Now())
	out.Proposals, err = each(v, ps, plain(proposal))
	return out, err
}

func (c *call) embargo(in *InCase) (*answer[EmbargoPage], error) {
	out, err := c.embargoPage(c.view, in.Case)
	return &answer[EmbargoPage]{out}, err
}

func (c *call) propose(in *struct {
	InCase
	Keyed
	Body struct {
		Until time.Time `json:"until,omitzero" doc:"Without one: 45 days from the first attempted contact"`
		Terms string    `json:"terms,omitempty"`
	}
}) (*created[EmbargoPage], error) {
	return makes(c, in.Keyed, "/api/v1/cases/"+in.Case+"/embargo", func(tx *db.Tx) (string, bool, error) {
		return c.Cases.Propose(tx, in.Case, cases.NewProposal{Until: in.Body.Until, Terms: in.Body.Terms, Key: in.Key})
	}, func(v *db.View, _ string) (EmbargoPage, error) { return c.embargoPage(v, in.Case) })
}

// InEmbargo is an operation on a proposal or question about an embargo.
type InEmbargo struct {
	Embargo string `path:"embargo" doc:"A proposal's id"`
}

func (c *call) consent(in *InEmbargo) (*nothing, error) {
	return c.does(func(tx *db.Tx) error { return c.Cases.Consent(tx, in.Embargo) })
}

func (c *call) acceptProposal(in *InEmbargo) (*nothing, error) {
	return c.does(func(tx *db.Tx) error { return c.Cases.AcceptProposal(tx, in.Embargo) })
}

func (c *call) rejectProposal(in *struct {
	InEmbargo
	Body Why
}) (*nothing, error) {
	return c.does(func(tx *db.Tx) error { return c.Cases.RejectProposal(tx, in.Embargo, in.Body.Reason) })
}

func (c *call) keepEmbargo(in *struct {
	InEmbargo
	Body Why
}) (*nothing, error) {
	return c.does(func(tx *db.Tx) error { return c.Cases.Keep(tx, in.Embargo, in.Body.Reason) })
}

func (c *call) endEmbargo(in *struct {
	InCase
	Body Why
}) (*answer[EmbargoPage], error) {
	return changes(c, in.Case, func(tx *db.Tx) error { return c.Cases.Terminate(tx, in.Case, in.Body.Reason) }, c.embargoPage)
}

func (c *call) breach(in *struct {
	InCase
	Body struct {
		Breach string `json:"breach" doc:"adversary_exploit, adversary_knows or quorum_ready"`
		Source string `json:"source"`
	}
}) (*answer[EmbargoPage], error) {
	return changes(c, in.Case, func(tx *db.Tx) error {
		return c.Cases.Breached(tx, in.Case, vultron.Breach(in.Body.Breach), in.Body.Source)
	}, c.embargoPage)
}
