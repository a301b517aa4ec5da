package web

import (
	"strings"

	"github.com/a-h/templ"

	"github.com/cordon-isao/cordon/agreements"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/markdown"
	"github.com/cordon-isao/cordon/members"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

// agreementView is everything on the agreement's page.
type agreementView struct {
	own      members.Own
	document agreements.Document
	text     templ.Component
	accepted []agreements.Acceptance
	due      bool // the reader's organization has to accept this version
	fresh    bool
	t        typed
	errs     []ui.FieldError
}

// agreement is the participation agreement in force, to be read by everybody who
// is signed in and accepted by an officer.
func (c *Ctx) agreement() error {
	return c.showAgreement(200, nil, nil)
}

func (c *Ctx) showAgreement(status int, t typed, errs []ui.FieldError) error {
	a := agreementView{t: t, errs: errs, fresh: c.fresh()}
	var err error
	if a.own, err = c.Members.Own(c.View); err != nil {
		return err
	}
	if a.document, err = c.Agreements.Current(c.View, agreements.Participation); err != nil {
		return err
	}
	// Its first line is the title, which heads the page already.
	_, text, _ := strings.Cut(a.document.Body, "\n")
	html, err := markdown.Render(text, markdown.Options{})
	if err != nil {
		return err
	}
	a.text = templ.Raw(html)
	if a.accepted, err = c.Agreements.Acceptances(c.View, a.own.Organization.ID); err != nil {
		return err
	}
	outdated, err := c.Agreements.Outdated(c.View)
	if err != nil {
		return err
	}
	a.due = (a.own.Standing == policy.Agreement || outdated) && a.own.Person.Has(policy.RoleOfficer) && !a.own.Person.Suspended
	if a.t == nil {
		a.t = typed{"name": a.own.Person.Name, "title": a.own.Person.Title}
	}
	var label policy.Label
	if len(a.accepted) > 0 {
		label = policy.Default(a.own.Organization.ID)
	}
	return c.show(Page{Title: a.document.Title, Kind: "agreement", Status: status, Label: label, Body: agreementPage(a, c.View.Now()), Right: agreementAside(a, c.View.Now())})
}

var doneAccepted = greeting("accepted", "ok", "The agreement is accepted and on record. Your organization is an active member.")

// agreementAccept records a named signatory's yes to the text that was on the
// page.
func (c *Ctx) agreementAccept() error {
	t, err := c.typed("digest", "name", "title", "agreed")
	if err != nil {
		return err
	}
	err = c.write(func(tx *db.Tx) error {
		_, err := c.Agreements.Accept(tx, agreements.Signing{Digest: t["digest"], Name: t["name"], Title: t["title"], Agreed: t["agreed"] != ""})
		return err
	})
	if err != nil {
		return c.again(err, func(status int) error {
			return c.showAgreement(status, t, formErrors(err, "sign", "name", "title", "agreed"))
		})
	}
	return c.redirect("/account?done=" + doneAccepted)
}
