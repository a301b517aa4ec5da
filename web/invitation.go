package web

import (
	"strconv"
	"strings"

	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/httpkit"
	"github.com/cordon-isao/cordon/members"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

// invitation is the page behind a one-time link: to join an organization, to
// apply as one, or to come back after a recovery.
func (c *Ctx) invitation() error {
	secret := c.R.PathValue("token")
	in, err := c.Members.OpenLink(c.View, secret)
	if err != nil || in.Kind == members.LinkOperator {
		return c.deadLink(err)
	}
	if in.Kind == members.LinkOrganization {
		return c.showApplication(200, secret, in, typed{"name": in.Name}, nil, false)
	}
	return c.show(Page{Title: "Join " + in.Org, Kind: "invitation", Public: true, Body: invitationPage(secret, in, c.View.Now())})
}

func (c *Ctx) showApplication(status int, secret string, in members.Invited, t typed, errs []ui.FieldError, checked bool) error {
	return c.show(Page{Title: "Apply for membership", Kind: "invitation", Public: true, Status: status,
		Body: applicationPage(secret, in, t, errs, checked, c.View.Now())})
}

var applicationFields = []string{"name", "kind", "employees", "city", "country", "families", "contact", "csaf", "about", "person", "title", "passkey"}

// applicationCheck reads an applicant's form. What is wrong is said beside it; a
// form that is right is shown once more, to be sent off with a passkey.
func (c *Ctx) applicationCheck() error {
	secret := c.R.PathValue("token")
	t, err := c.typed(applicationFields...)
	if err != nil {
		return err
	}
	return c.again(nil, func(int) error {
		in, err := c.Members.OpenLink(c.View, secret)
		if err != nil || in.Kind != members.LinkOrganization {
			return c.deadLink(err)
		}
		if c.R.PostForm.Has("change") {
			return c.showApplication(200, secret, in, t, nil, false)
		}
		if err := t.application().check(); err != nil {
			return c.showApplication(httpkit.Status(err), secret, in, t, formErrors(err, "apply", applicationFields...), false)
		}
		return c.showApplication(200, secret, in, t, nil, true)
	})
}

// application is an applicant's form as the duty takes it.
type application members.Enrollment

func (t typed) application() application {
	return application{Passkey: t["passkey"], Org: t.profile(), Person: members.NewPerson{Name: t["person"], Title: t["title"], Recipient: true}}
}

// profile is what a form says of an organization.
func (t typed) profile() members.Profile {
	return members.Profile{Name: t["name"], Kind: policy.Kind(t["kind"]), Employees: number(t["employees"]), City: t["city"], Country: t["country"],
		About: t["about"], Families: families(t["families"]), Contact: t["contact"], CSAF: t["csaf"]}
}

// check says what can be said before the duty takes it: about the organization,
// and that somebody signs for it.
func (a application) check() error {
	org := a.Org
	fields := fault.FieldsOf(org.Check())
	if org.Kind == policy.ISAO {
		fields = append(fields, fault.Field{Name: "kind", Message: "The community has one ISAO, its own. Choose another kind."})
	}
	if len(strings.TrimSpace(a.Person.Name)) < 2 {
		fields = append(fields, fault.Field{Name: "person", Message: "Write the name of who signs for the organization."})
	}
	if strings.TrimSpace(a.Person.Title) == "" {
		fields = append(fields, fault.Field{Name: "title", Message: "Write the title of who signs for the organization."})
	}
	return fault.InvalidFields(fields)
}

// families reads device families, one a line or set apart by commas.
func families(s string) (out []string) {
	for _, f := range strings.FieldsFunc(s, func(r rune) bool { return r == '\n' || r == ',' || r == ';' }) {
		if f = strings.TrimSpace(f); f != "" {
			out = append(out, f)
		}
	}
	return out
}

// invitationBegin begins the first passkey of who came through a link.
func (c *Ctx) invitationBegin() error {
	t, err := c.typed(append([]string{"listed"}, applicationFields...)...)
	if err != nil {
		return err
	}
	secret := c.R.PathValue("token")
	if err := c.linkIs(secret, members.LinkOrganization, members.LinkPerson, members.LinkRecovery); err != nil {
		return err
	}
	e := members.Enrollment(t.application())
	e.Person.Listed = t["listed"] != ""
	return c.begin(func(tx *db.Tx) (members.Begun, error) { return c.Members.BeginEnroll(tx, secret, e) })
}

// invite is where links are made: for people of the own organization (officers)
// and for organizations (officers and the desk).
func (c *Ctx) invite() error {
	return c.showInvite(200, inviteForm{t: typed{"recipient": "1"}})
}

// inviteForm is what was typed on the page, and what came of it.
type inviteForm struct {
	which string // person or organization
	t     typed
	errs  []ui.FieldError
	link  *madeLink
}

// madeLink is a link that is shown this once.
type madeLink struct {
	Whom, URL string
	Link      members.Link
}

func (c *Ctx) showInvite(status int, f inviteForm) error {
	list, err := c.Members.Invitations(c.View)
	if err != nil {
		return err
	}
	return c.show(Page{Title: "Invite", Kind: "invite", Status: status, Label: policy.Default(c.Viewer.Org),
		Body: invitePage(f, list, c.Viewer, c.View.Now()), Right: inviteAside()})
}

// inviteMake makes a link and shows it this once.
func (c *Ctx) inviteMake() error {
	t, err := c.typed("which", "name", "title", "recipient", "officer", "organization")
	if err != nil {
		return err
	}
	f := inviteForm{which: t["which"], t: t}
	var link members.Link
	err = c.write(func(tx *db.Tx) (err error) {
		if t["which"] == "organization" {
			link, err = c.Members.InviteOrganization(tx, t["organization"])
			return err
		}
		p := members.NewPerson{Name: t["name"], Title: t["title"], Recipient: t["recipient"] != ""}
		if t["officer"] != "" {
			p.Roles = []policy.Role{policy.RoleOfficer}
		}
		link, err = c.Members.InvitePerson(tx, p)
		return err
	})
	if err == nil {
		whom := t["name"]
		if t["which"] == "organization" {
			whom = t["organization"]
		}
		f.link, f.t = &madeLink{Whom: whom, URL: c.Origin + "/invitations/" + link.Secret, Link: link}, typed{"recipient": "1"}
	} else if f.which == "organization" {
		f.errs = formErrors(renamed(err, "name", "organization"), "invite", "organization")
	} else {
		f.errs = formErrors(renamed(err, "person", "name"), "invite", "name", "title", "roles")
	}
	return c.again(err, func(status int) error { return c.showInvite(status, f) })
}

// renamed gives a field the name that it has in the form.
func renamed(err error, from, to string) error {
	fields := fault.FieldsOf(err)
	if len(fields) == 0 {
		return err
	}
	out := make([]fault.Field, len(fields))
	for i, f := range fields {
		if out[i] = f; f.Name == from {
			out[i].Name = to
		}
	}
	return fault.InvalidFields(out)
}

var doneLinkEnded = greeting("link-ended", "ok", "The link does not work any more.")

func (c *Ctx) invitationRevoke() error {
	if err := c.write(func(tx *db.Tx) error { return c.Members.RevokeInvitation(tx, c.R.PathValue("invitation")) }); err != nil {
		return err
	}
	return c.redirect("/invitations?done=" + doneLinkEnded)
}

// kindOptions are the kinds of organizations that can apply.
func kindOptions(selected string) []ui.Option {
	out := []ui.Option{{Value: "", Text: "Choose", Selected: selected == ""}}
	for _, k := range policy.Kinds() {
		if k != policy.ISAO {
			out = append(out, ui.Option{Value: string(k), Text: upperFirst(members.KindWords(k, 1)), Selected: string(k) == selected})
		}
	}
	return out
}

func upperFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

func itoa(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}
