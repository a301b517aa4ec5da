package api

import (
	"time"

	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/members"
	"github.com/cordon-isao/cordon/policy"
)

// Me is who asks, and what decides what he may see and do.
type Me struct {
	Person           string   `json:"person"`
	Name             string   `json:"name"`
	Organization     string   `json:"organization"`
	OrganizationName string   `json:"organization_name"`
	Kind             string   `json:"kind" doc:"Of the organization"`
	Principals       []string `json:"principals" doc:"Everything you can be reached as"`
	Roles            []string `json:"roles"`
	Scopes           []string `json:"scopes" doc:"What this token, or your session, may do"`
}

func (c *call) me(*nothing) (*answer[Me], error) {
	w := c.who
	me := Me{Person: w.Person, Name: w.Name, Organization: w.Org, OrganizationName: w.OrgName, Kind: string(w.Kind), Principals: w.Principals().Strings(), Roles: []string{}, Scopes: []string{}}
	for _, r := range policy.Roles() {
		if w.HasRole(r) {
			me.Roles = append(me.Roles, string(r))
		}
	}
	for _, s := range policy.Scopes() {
		if w.HasScope(s) {
			me.Scopes = append(me.Scopes, string(s))
		}
	}
	return &answer[Me]{me}, nil
}

// Organization is a member.
type Organization struct {
	ID        string    `json:"id"`
	Short     string    `json:"short" doc:"The id as people say it"`
	Name      string    `json:"name"`
	Kind      string    `json:"kind"`
	Employees int64     `json:"employees"`
	City      string    `json:"city,omitempty"`
	Country   string    `json:"country,omitempty"`
	About     string    `json:"about,omitempty"`
	Families  []string  `json:"families" doc:"Device families it makes, runs or studies"`
	Contact   string    `json:"contact,omitempty" doc:"Its security contact"`
	CSAF      string    `json:"csaf,omitempty" doc:"Its CSAF provider metadata"`
	Standing  string    `json:"standing"`
	Since     time.Time `json:"since,omitzero" doc:"Of its membership"`
	People    []Person  `json:"people,omitempty" doc:"Those that you may know of; in the answer about one organization"`
}

// Person is somebody of a member organization.
type Person struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Title     string `json:"title,omitempty"`
	Recipient bool   `json:"recipient" doc:"Reached by what is sent to the organization"`
}

func organization(o members.Organization) Organization {
	return Organization{ID: o.ID, Short: ids.Short(o.ID), Name: o.Name, Kind: string(o.Kind), Employees: o.Employees, City: o.City, Country: o.Country, About: o.About,
		Families: some(o.Families), Contact: o.Contact, CSAF: o.CSAF, Standing: string(o.Standing), Since: utc(o.Active)}
}

type membersIn struct {
	Paging
	Query string `query:"q" maxLength:"200" doc:"Part of a name"`
	Kind  string `query:"kind" enum:"manufacturer,provider,agency,researcher,vendor,isao"`
}

func (c *call) members(in *membersIn) (*answer[list[Organization]], error) {
	_, id, err := c.place("members", "org", in.Cursor)
	if err != nil {
		return nil, err
	}
	after := ""
	if id != "" {
		o, err := c.Members.Organization(c.view, id)
		if fault.Is(err, fault.Missing) {
			return nil, fault.InvalidField("cursor", "This place in the list is not there any more. Begin without a cursor.")
		}
		if err != nil {
			return nil, err
		}
		after = members.After(o)
	}
	rows, next, err := c.Members.Organizations(c.view, members.Filter{Query: in.Query, Kind: policy.Kind(in.Kind), Limit: in.Limit}, after)
	if err != nil {
		return nil, err
	}
	out := list[Organization]{Items: []Organization{}}
	for _, r := range rows {
		out.Items = append(out.Items, organization(r.Organization))
	}
	if next != "" {
		out.Next = c.cursor("members", time.UnixMicro(0), rows[len(rows)-1].ID)
	}
	return &answer[list[Organization]]{out}, nil
}

func (c *call) member(in *struct {
	Org string `path:"org" doc:"An organization's id"`
}) (*answer[Organization], error) {
	o, err := c.Members.Organization(c.view, in.Org)
	if err != nil {
		return nil, err
	}
	people, err := c.Members.People(c.view, in.Org)
	if err != nil {
		return nil, err
	}
	out := organization(o)
	for _, p := range people {
		out.People = append(out.People, Person{ID: p.ID, Name: p.Name, Title: p.Title, Recipient: p.Recipient})
	}
	return &answer[Organization]{out}, nil
}

// Circle is a working group, a room's roster or a case team.
type Circle struct {
	ID      string `json:"id"`
	Short   string `json:"short" doc:"The id as people say it"`
	Name    string `json:"name"`
	Purpose string `json:"purpose"`
	Named   bool   `json:"named" doc:"A circle of named persons: TLP:RED may go to it"`
	Mine    bool   `json:"mine" doc:"You are in it"`
	Steward bool   `json:"steward" doc:"You admit people to it"`
	Label   Label  `json:"label" doc:"Who may know of it"`
}

func (c *call) circles(*nothing) (*answer[list[Circle]], error) {
	cs, err := c.Members.Circles(c.view)
	if err != nil {
		return nil, err
	}
	items, err := each(c.view, cs, func(v *db.View, x members.Circle) (Circle, error) {
		l, err := c.label(v, x.Label)
		return Circle{x.ID, ids.Short(x.ID), x.Name, x.Purpose, x.Named, x.Mine, x.Steward, l}, err
	})
	return &answer[list[Circle]]{list[Circle]{Items: items}}, err
}

// Preview says who could read something.
type Preview struct {
	Sentence      string       `json:"sentence"`
	Everyone      bool         `json:"everyone" doc:"It would be public: the numbers mean nothing"`
	People        int          `json:"people"`
	Organizations int          `json:"organizations"`
	Rows          []PreviewRow `json:"rows" doc:"By organization"`
}

// PreviewRow is how many people of one organization could read it.
type PreviewRow struct {
	Organization string `json:"organization"`
	Name         string `json:"name"`
	Kind         string `json:"kind"`
	People       int    `json:"people"`
}

func (c *call) preview(in *struct {
	Body struct {
		Label NewLabel `json:"label"`
	}
}) (*answer[Preview], error) {
	l, err := in.Body.Label.parse()
	if err != nil {
		return nil, err
	}
	out := Preview{Rows: []PreviewRow{}}
	err = c.snapshot(func(v *db.View) error {
		if err := c.Members.CheckLabel(v, l); err != nil {
			return err
		}
		r, err := c.Members.Reach(v, l)
		out.Sentence, out.Everyone, out.People, out.Organizations = r.Sentence(), r.Everyone, r.People, r.Orgs
		for _, row := range r.Rows {
			out.Rows = append(out.Rows, PreviewRow{row.Org, row.Name, string(row.Kind), row.People})
		}
		return err
	})
	return &answer[Preview]{out}, err
}

// Key is what evidence packs and checkpoints are verified with.
type Key struct {
	Key string `json:"key" doc:"To be pinned"`
}

func (c *call) ledgerKey(*nothing) (*answer[Key], error) {
	return &answer[Key]{Key{c.Ledger.Public()}}, nil
}
