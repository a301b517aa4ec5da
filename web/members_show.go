package web

import (
	"strings"

	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/members"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

// orgView is everything on an organization's page.
type orgView struct {
	org     members.Organization
	people  []members.Person
	history []members.StandingChange
	moves   []ui.Option // of its standing, that the reader may make
	manage  bool        // the reader is its officer
	desk    bool
	t       typed
	errs    []ui.FieldError
}

// memberShow is an organization: what it is, whom of it the reader can see; for
// its officers and the desk also what they do about it.
func (c *Ctx) memberShow() error { return c.showMember(200, nil, nil) }

func (c *Ctx) showMember(status int, t typed, errs []ui.FieldError) error {
	id := c.R.PathValue("org")
	o := orgView{t: t, errs: errs, desk: c.Viewer.May(policy.MayVet), manage: c.Viewer.May(policy.MayManageOrg) && c.Viewer.Org == id}
	var err error
	if o.org, err = c.Members.Organization(c.View, id); err != nil {
		return err
	}
	if o.people, err = c.Members.People(c.View, id); err != nil {
		return err
	}
	if o.desk || c.Viewer.Org == id {
		if o.history, err = c.history(id); err != nil {
			return err
		}
	}
	if o.desk && o.org.Kind != policy.ISAO {
		o.moves = standingMoves(o.org.Standing, c.Viewer)
	}
	label := o.org.Label
	switch {
	case c.Viewer.Org == id:
		label = policy.Default(id)
	case o.desk:
		if label, err = c.deskLabel(); err != nil {
			return err
		}
	}
	return c.show(Page{Title: o.org.Name, Kind: "member", Status: status, Label: label, Live: []string{id}, Body: memberPage(o, c.View.Now()), Right: memberAside(o, c.View.Now())})
}

// history is how an organization came to its standing, as far as the reader may
// know: its own people, and the desk's circle.
func (c *Ctx) history(org string) ([]members.StandingChange, error) {
	list, err := c.Members.History(c.View, org)
	if fault.Is(err, fault.Missing) || fault.Is(err, fault.Forbidden) {
		return nil, nil
	}
	return list, err
}

// deskLabel is for pages of the desk's work.
func (c *Ctx) deskLabel() (policy.Label, error) {
	s, err := c.Members.Settings(c.View)
	return policy.Label{TLP: policy.AmberStrict, Audience: policy.NewAudience(policy.OfCircle(s.Desk))}, err
}

// standingMoves offers the moves of the life-cycle that the reader may make now.
func standingMoves(from policy.Standing, who policy.Viewer) (out []ui.Option) {
	words := map[string]string{"organization.suspended": "Suspend: its people see public pages only", "organization.reinstated": "Reinstate: active again",
		"organization.terminated": "Terminate: the membership ends for good", "organization.lapsed": "Lapse: the renewal is overdue, grace begins", "organization.renewed": "Renew: active again"}
	for _, m := range members.Moves() {
		may := m.Who == members.ByDesk && who.May(policy.MayVet) || m.Who == members.ByOperator && who.May(policy.MayOperate)
		if m.From == from && may && words[m.Verb] != "" {
			_, verb, _ := strings.Cut(m.Verb, ".")
			out = append(out, ui.Option{Value: verb, Text: words[m.Verb]})
		}
	}
	return out
}

var (
	doneStanding = greeting("standing", "ok", "The new standing holds from this moment.")
	doneContact  = greeting("contact", "ok", "It is on record that the security contact answers.")
	doneOrg      = greeting("organization", "ok", "What your organization says of itself is saved.")
)

// memberStanding moves an organization along its life-cycle, with a reason.
func (c *Ctx) memberStanding() error {
	t, err := c.typed("move", "reason")
	if err != nil {
		return err
	}
	moves := map[string]func(*db.Tx, string, string) error{"suspended": c.Members.Suspend, "reinstated": c.Members.Reinstate,
		"terminated": c.Members.Terminate, "lapsed": c.Members.Lapse, "renewed": c.Members.Renew}
	id := c.R.PathValue("org")
	err = fault.InvalidField("move", "Choose what is to change.")
	if move := moves[t["move"]]; move != nil {
		err = c.write(func(tx *db.Tx) error { return move(tx, id, t["reason"]) })
	}
	if err != nil {
		return c.again(err, func(status int) error { return c.showMember(status, t, formErrors(err, "standing", "move", "reason")) })
	}
	return c.redirect("/members/" + id + "?done=" + doneStanding)
}

func (c *Ctx) memberContact() error {
	id := c.R.PathValue("org")
	if err := c.write(func(tx *db.Tx) error { return c.Members.VerifyContact(tx, id) }); err != nil {
		return err
	}
	to := "/members/" + id
	if c.R.URL.Query().Get("from") == "application" {
		to = "/desk/applications/" + id
	}
	return c.redirect(to + "?done=" + doneContact)
}

// memberEdit is the form for what the reader's organization says of itself.
func (c *Ctx) memberEdit() error {
	return c.showMemberEdit(200, nil, nil)
}

func (c *Ctx) showMemberEdit(status int, t typed, errs []ui.FieldError) error {
	id := c.R.PathValue("org")
	if !c.Viewer.May(policy.MayManageOrg) || c.Viewer.Org != id {
		return fault.ErrMissing
	}
	o, err := c.Members.Organization(c.View, id)
	if err != nil {
		return err
	}
	if t == nil {
		t = typed{"name": o.Name, "employees": itoa(o.Employees), "city": o.City, "country": o.Country, "families": strings.Join(o.Families, "\n"), "contact": o.Contact, "csaf": o.CSAF, "about": o.About}
	}
	return c.show(Page{Title: "Change " + o.Name, Kind: "member-edit", Status: status, Label: o.Label, Body: memberEditPage(o, t, errs)})
}

func (c *Ctx) memberUpdate() error {
	t, err := c.typed(applicationFields...)
	if err != nil {
		return err
	}
	id := c.R.PathValue("org")
	if c.Viewer.Org != id {
		return fault.ErrMissing
	}
	if err := c.write(func(tx *db.Tx) error { return c.Members.UpdateOrganization(tx, t.profile()) }); err != nil {
		return c.again(err, func(status int) error {
			return c.showMemberEdit(status, t, formErrors(err, "org", applicationFields...))
		})
	}
	return c.redirect("/members/" + id + "?done=" + doneOrg)
}
