package web

import (
	"errors"

	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/members"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

// recoveryRow is a recovery under way, in words.
type recoveryRow struct {
	members.Recovery
	Name, First, Second string
	Words               string
	Mine                bool // the reader vouched first
	Ready               bool // the link can be made
}

// recoveryRows lists the recoveries that the reader may handle.
func (c *Ctx) recoveryRows() (rows []recoveryRow, err error) {
	list, err := c.Members.Recoveries(c.View)
	if err != nil {
		return nil, err
	}
	now := c.View.Now()
	for _, r := range list {
		if r.Person == c.Viewer.Person {
			continue // on the account page, with a button to stop it
		}
		x := recoveryRow{Recovery: r, Mine: r.First == c.Viewer.Person}
		if x.Name, err = c.personName(r.Person); err != nil {
			return nil, err
		}
		if x.First, err = c.personName(r.First); err != nil {
			return nil, err
		}
		if r.Second != "" {
			if x.Second, err = c.personName(r.Second); err != nil {
				return nil, err
			}
		}
		switch {
		case r.Second == "":
			x.Words = x.First + " vouches. A second person has to."
		case now.Before(r.Ready):
			x.Words = x.First + " and " + x.Second + " vouch. The link can be made from " + ui.Absolute(r.Ready, now) + " on."
		default:
			x.Words, x.Ready = x.First+" and "+x.Second+" vouch, and a day has passed. The link can be made.", true
		}
		rows = append(rows, x)
	}
	return rows, nil
}

// mayRecover reports whether the reader handles recoveries at all.
func mayRecover(who policy.Viewer) bool {
	return who.May(policy.MayVet) || who.May(policy.MayManageOrg)
}

// recovery lists the recoveries under way.
func (c *Ctx) recovery() error { return c.showRecovery(200, nil, nil) }

func (c *Ctx) showRecovery(status int, link *madeLink, errs []ui.FieldError) error {
	if !mayRecover(c.Viewer) {
		return fault.ErrMissing
	}
	rows, err := c.recoveryRows()
	if err != nil {
		return err
	}
	label := policy.Default(c.Viewer.Org)
	if c.Viewer.May(policy.MayVet) {
		if label, err = c.deskLabel(); err != nil {
			return err
		}
	}
	return c.show(Page{Title: "Recoveries", Kind: "recovery", Status: status, Label: label, Live: []string{"*"}, Body: recoveryPage(rows, link, errs, c.fresh(), c.View.Now()), Right: recoveryAside()})
}

// recoveryNew is the form with which the first person vouches.
func (c *Ctx) recoveryNew() error {
	return c.showRecoveryNew(200, c.R.URL.Query().Get("person"), typed{}, nil)
}

func (c *Ctx) showRecoveryNew(status int, person string, t typed, errs []ui.FieldError) error {
	if !mayRecover(c.Viewer) {
		return fault.ErrMissing
	}
	p, err := c.Members.Person(c.View, person)
	if err != nil {
		return err
	}
	if !c.Viewer.May(policy.MayVet) && p.Org != c.Viewer.Org {
		return fault.ErrMissing
	}
	return c.show(Page{Title: "Recover " + p.Name, Kind: "recovery-new", Status: status, Label: policy.Default(p.Org), Body: recoveryNewPage(p, t, errs, c.fresh()), Right: recoveryAside()})
}

var (
	doneAsked     = greeting("recovery-asked", "ok", "Your word is on record. A second person has to approve it.")
	doneVouched   = greeting("recovery-approved", "ok", "Two people vouch now. The link can be made in 24 hours.")
	doneCancelled = greeting("recovery-cancelled", "ok", "The recovery is stopped.")
)

// recoveryAsk is the first person's word.
func (c *Ctx) recoveryAsk() error {
	t, err := c.typed("person", "reason")
	if err != nil {
		return err
	}
	err = c.write(func(tx *db.Tx) error { _, err := c.Members.RequestRecovery(tx, t["person"], t["reason"]); return err })
	if err != nil {
		return c.again(err, func(status int) error {
			return c.showRecoveryNew(status, t["person"], t, formErrors(err, "recover", "reason"))
		})
	}
	return c.redirect("/recovery?done=" + doneAsked)
}

// recoveryAct does an act on a recovery that needs no form of its own.
func (c *Ctx) recoveryAct(act func(tx *db.Tx, id string) error, to string) error {
	id := c.R.PathValue("recovery")
	err := c.write(func(tx *db.Tx) error { return act(tx, id) })
	switch {
	case errors.Is(err, members.ErrStepUp):
		return c.redirect(stepUpLink("/recovery"))
	case err != nil && mayRecover(c.Viewer):
		return c.again(err, func(status int) error { return c.showRecovery(status, nil, formErrors(err, "recovery")) })
	case err != nil:
		return err
	}
	return c.redirect(to)
}

func (c *Ctx) recoveryApprove() error {
	return c.recoveryAct(c.Members.ApproveRecovery, "/recovery?done="+doneVouched)
}

// recoveryCancel stops a recovery: the owner from the account page, or somebody
// who may vouch.
func (c *Ctx) recoveryCancel() error {
	to := "/account"
	if mayRecover(c.Viewer) {
		to = "/recovery"
	}
	return c.recoveryAct(c.Members.CancelRecovery, to+"?done="+doneCancelled)
}

// recoveryLink makes the link and shows it this once.
func (c *Ctx) recoveryLink() error {
	id := c.R.PathValue("recovery")
	var link *madeLink
	err := c.write(func(tx *db.Tx) error {
		l, err := c.Members.RecoveryLink(tx, id)
		link = &madeLink{URL: c.Origin + "/invitations/" + l.Secret, Link: l}
		return err
	})
	if err != nil {
		link = nil
	}
	return c.again(err, func(status int) error { return c.showRecovery(status, link, formErrors(err, "recovery")) })
}
