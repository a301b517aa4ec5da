package web

import (
	"time"

	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/members"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

// patience is how long an application should take from first to last: the bar on
// the desk is full then.
const patience = 14 * 24 * time.Hour

// deskView is everything on the desk's page.
type deskView struct {
	applicants []applicant
	relabels   []forum.Relabel
	recoveries []recoveryRow
	paused     []members.Organization // suspended, or in grace
	second     bool                   // the reader lacks a second passkey
}

// applicant is an application as the desk's list shows it.
type applicant struct {
	members.Application
	Voters []string // by name
}

// desk is what waits for the desk: applications, approvals, recoveries.
func (c *Ctx) desk() error {
	var d deskView
	list, err := c.Members.Applications(c.View)
	if err != nil {
		return err
	}
	for _, a := range list {
		voters, err := c.voters(a)
		if err != nil {
			return err
		}
		d.applicants = append(d.applicants, applicant{a, voters})
	}
	if d.relabels, err = c.Forum.RelabelsToDecide(c.View); err != nil {
		return err
	}
	if d.recoveries, err = c.recoveryRows(); err != nil {
		return err
	}
	if d.paused, err = c.Members.Paused(c.View); err != nil {
		return err
	}
	if d.second, err = c.Members.NeedsSecondPasskey(c.View); err != nil {
		return err
	}
	label, err := c.deskLabel()
	if err != nil {
		return err
	}
	return c.show(Page{Title: "Desk", Kind: "desk", Label: label, Live: []string{"*"}, Body: deskPage(d, c.Viewer, c.View.Now()), Right: deskAside()})
}

// voters names who voted, as far as the reader may know them.
func (c *Ctx) voters(a members.Application) (names []string, err error) {
	for _, v := range a.Votes {
		name, err := c.personName(v.Person)
		if err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, nil
}

// personName names a person if the reader can see them.
func (c *Ctx) personName(id string) (string, error) {
	p, err := c.Members.Person(c.View, id)
	if fault.Is(err, fault.Missing) {
		return "Somebody you cannot see", nil
	}
	return p.Name, err
}

// applicationView is everything on an application's page.
type applicationView struct {
	a       members.Application
	voters  []string
	sponsor string
	inviter string
	history []members.StandingChange
	members []members.OrgRow // who could be named as sponsor
	desk    bool
	which   string
	t       typed
	errs    []ui.FieldError
}

// deskApplication is one application, for the desk and for its sponsor.
func (c *Ctx) deskApplication() error { return c.showApplicant(200, "", nil, nil) }

func (c *Ctx) showApplicant(status int, which string, t typed, errs []ui.FieldError) error {
	x := applicationView{which: which, t: t, errs: errs, desk: c.Viewer.May(policy.MayVet)}
	var err error
	if x.a, err = c.Members.Application(c.View, c.R.PathValue("org")); err != nil {
		return err
	}
	if !applying(x.a.Standing) || c.Viewer.Org == x.a.ID {
		return fault.ErrMissing // a member's page, or an applicant's own account, tells the rest
	}
	if x.voters, err = c.voters(x.a); err != nil {
		return err
	}
	if x.a.Sponsor != "" {
		s, err := c.Members.Organization(c.View, x.a.Sponsor)
		if err != nil && !fault.Is(err, fault.Missing) {
			return err
		}
		x.sponsor = s.Name
	}
	if x.a.InvitedBy != "" {
		if x.inviter, err = c.personName(x.a.InvitedBy); err != nil {
			return err
		}
	}
	if x.desk {
		if x.history, err = c.history(x.a.ID); err != nil {
			return err
		}
		if x.members, _, err = c.Members.Organizations(c.View, members.Filter{Limit: 200}, ""); err != nil {
			return err
		}
	}
	return c.show(Page{Title: x.a.Name, Kind: "application", Status: status, Label: x.a.Label, Live: []string{x.a.ID}, Body: deskApplicationPage(x, c.View.Now()), Right: deskApplicationAside(x, c.View.Now())})
}

func applying(s policy.Standing) bool {
	return s == policy.Applicant || s == policy.Vetting || s == policy.Agreement
}

var (
	doneApproved  = greeting("approved", "ok", "Your approval is on record.")
	doneDeclined  = greeting("declined", "ok", "The application is declined. The applicant is told the reason.")
	doneSponsored = greeting("sponsored", "ok", "The sponsor sees the application now and may vote on it.")
)

// applicantAct does an act on an application; what was typed stays when it fails.
func (c *Ctx) applicantAct(which, to string, fields []string, act func(tx *db.Tx, org string, t typed) error) error {
	t, err := c.typed(fields...)
	if err != nil {
		return err
	}
	id := c.R.PathValue("org")
	if err := c.write(func(tx *db.Tx) error { return act(tx, id, t) }); err != nil {
		return c.again(err, func(status int) error {
			return c.showApplicant(status, which, t, formErrors(err, which, fields...))
		})
	}
	return c.redirect(to)
}

func (c *Ctx) applicantApprove() error {
	return c.applicantAct("approve", c.applicantPath(doneApproved), []string{"reason"}, func(tx *db.Tx, org string, t typed) error { return c.Members.Approve(tx, org, t["reason"]) })
}

func (c *Ctx) applicantDecline() error {
	return c.applicantAct("decline", "/desk?done="+doneDeclined, []string{"reason"}, func(tx *db.Tx, org string, t typed) error { return c.Members.Decline(tx, org, t["reason"]) })
}

func (c *Ctx) applicantSponsor() error {
	return c.applicantAct("sponsor", c.applicantPath(doneSponsored), []string{"sponsor"}, func(tx *db.Tx, org string, t typed) error { return c.Members.NameSponsor(tx, org, t["sponsor"]) })
}

func (c *Ctx) applicantPath(done string) string {
	return "/desk/applications/" + c.R.PathValue("org") + "?done=" + done
}

// deskHealth says in words how the installation does. It tells nothing of what
// members share.
func (c *Ctx) deskHealth() error {
	var lines []HealthLine
	if c.Health != nil {
		lines = c.Health(c.R.Context())
	}
	label, err := c.deskLabel()
	if err != nil {
		return err
	}
	return c.show(Page{Title: "Health", Kind: "health", Label: label, Body: deskHealthPage(lines, c.View.Now()), Right: deskHealthAside()})
}
