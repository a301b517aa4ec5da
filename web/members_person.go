package web

import (
	"errors"
	"slices"

	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/members"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

// personView is everything on a person's page.
type personView struct {
	p        members.Person
	manage   bool // the reader is an officer of the organization, or an operator
	vouch    bool // the reader may start a recovery
	self     bool
	staff    bool // the organization is the ISAO's own, and the reader an operator
	fresh    bool
	recovery *members.Recovery
	t        typed
	errs     []ui.FieldError
	which    string
}

// personShow is a person whom the reader can see; for those who manage the
// person also what they decide about it.
func (c *Ctx) personShow() error { return c.showPerson(200, "", nil, nil) }

func (c *Ctx) showPerson(status int, which string, t typed, errs []ui.FieldError) error {
	x := personView{which: which, t: t, errs: errs, fresh: c.fresh()}
	var err error
	if x.p, err = c.Members.Person(c.View, c.R.PathValue("person")); err != nil {
		return err
	}
	if !x.p.Left.IsZero() {
		return fault.ErrMissing
	}
	s, err := c.Members.Settings(c.View)
	if err != nil {
		return err
	}
	x.self = x.p.ID == c.Viewer.Person
	x.manage = c.Viewer.May(policy.MayManageOrg) && (c.Viewer.Org == x.p.Org || c.Viewer.May(policy.MayOperate))
	x.vouch = !x.self && (x.manage || c.Viewer.May(policy.MayVet))
	x.staff = s.Org == x.p.Org && c.Viewer.May(policy.MayOperate)
	if x.vouch {
		rs, err := c.Members.Recoveries(c.View)
		if err != nil {
			return err
		}
		for _, r := range rs {
			if r.Person == x.p.ID {
				x.recovery = &r
			}
		}
	}
	label := policy.Label{TLP: policy.Green, Audience: policy.NewAudience(policy.Community)}
	if !x.p.Listed || x.manage {
		label = policy.Default(x.p.Org)
	}
	return c.show(Page{Title: x.p.Name, Kind: "person", Status: status, Label: label, Live: []string{x.p.ID}, Body: personPage(x), Right: personAside(x)})
}

var (
	donePersonSaved = greeting("person-saved", "ok", "It holds from this moment.")
	donePersonGone  = greeting("person-gone", "ok", "The person is no longer a member. What they wrote stays; their sessions, tokens and circles are gone.")
	doneRevoked     = greeting("person-revoked", "ok", "Every session and token of the person has ended.")
)

// personAct does one of the acts on a person that need no form of their own.
func (c *Ctx) personAct(act func(tx *db.Tx, id string) error, to string) error {
	id := c.R.PathValue("person")
	err := c.write(func(tx *db.Tx) error { return act(tx, id) })
	switch {
	case errors.Is(err, members.ErrStepUp):
		return c.redirect(stepUpLink("/people/" + id))
	case fault.Is(err, fault.Conflict):
		return c.again(err, func(status int) error { return c.showPerson(status, "act", nil, formErrors(err, "act")) })
	case err != nil:
		return err
	}
	if to == "" {
		to = "/people/" + id + "?done=" + donePersonSaved
	}
	return c.redirect(to)
}

func (c *Ctx) personRecipient() error {
	t, err := c.typed("recipient")
	if err != nil {
		return err
	}
	return c.personAct(func(tx *db.Tx, id string) error { return c.Members.SetRecipient(tx, id, t["recipient"] == "1") }, "")
}

// personRoles gives the person exactly the roles that are ticked.
func (c *Ctx) personRoles() error {
	t, err := c.typed("officer", "desk", "operator")
	if err != nil {
		return err
	}
	var want []policy.Role
	for _, r := range policy.Roles() {
		if t[string(r)] != "" {
			want = append(want, r)
		}
	}
	return c.personAct(func(tx *db.Tx, id string) error {
		want := slices.Clone(want)
		if !tx.Viewer().May(policy.MayOperate) { // an officer's form has only the officer role on it
			p, err := c.Members.Person(tx.View, id)
			if err != nil {
				return err
			}
			for _, r := range p.Roles {
				if r != policy.RoleOfficer {
					want = append(want, r)
				}
			}
		}
		return c.Members.SetRoles(tx, id, want)
	}, "")
}

// personSuspend suspends or reinstates a person, with a reason.
func (c *Ctx) personSuspend() error {
	t, err := c.typed("suspend", "reason")
	if err != nil {
		return err
	}
	id, act := c.R.PathValue("person"), c.Members.ReinstatePerson
	if t["suspend"] == "1" {
		act = c.Members.SuspendPerson
	}
	if err := c.write(func(tx *db.Tx) error { return act(tx, id, t["reason"]) }); err != nil {
		return c.again(err, func(status int) error {
			return c.showPerson(status, "suspend", t, formErrors(err, "suspend", "reason"))
		})
	}
	return c.redirect("/people/" + id + "?done=" + donePersonSaved)
}

func (c *Ctx) personRemove() error {
	org := c.Viewer.Org
	return c.personAct(c.Members.RemovePerson, "/members/"+org+"?done="+donePersonGone)
}

// personRevoke ends every session and token of a person.
func (c *Ctx) personRevoke() error {
	id := c.R.PathValue("person")
	return c.personAct(func(tx *db.Tx, id string) error { return c.Members.RevokeAll(tx, id, "ended by "+c.Viewer.Name) }, "/people/"+id+"?done="+doneRevoked)
}
