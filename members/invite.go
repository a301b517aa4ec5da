package members

import (
	"encoding/json"
	"time"

	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/policy"
)

// The kinds of links. Each is used once, within seven days.
const (
	LinkOrganization = "organization" // an organization applies
	LinkPerson       = "person"       // a person joins an organization
	LinkOperator     = "operator"     // the first operator founds the community
	LinkRecovery     = "recovery"     // a person who lost every passkey
)

const linkLife = 7 * 24 * time.Hour

// Link is a one-time link. Secret is shown once and kept nowhere.
type Link struct {
	ID      string
	Kind    string
	Secret  string
	Expires time.Time
}

// Invitation is a link as its maker sees it afterwards.
type Invitation struct {
	ID      string
	Kind    string
	Name    string // of the invited
	By      string // person id
	Made    time.Time
	Expires time.Time
	Used    time.Time
	Revoked time.Time
}

// invitation is a link as the program reads it.
type invitation struct {
	Invitation
	org, person, byOrg, detail string
}

// ErrLink is the one answer for a link that is unknown, used, revoked or
// expired.
var ErrLink error = &fault.Error{Kind: fault.Missing, Message: "This link is not valid, was used, or has expired. Ask whoever sent it for a new one."}

func (m *Members) makeLink(tx *db.Tx, kind, org, person, name string, detail any) (Link, error) {
	b, err := json.Marshal(detail)
	if err != nil {
		return Link{}, err
	}
	l := Link{ID: ids.New("invite"), Kind: kind, Secret: secret(), Expires: tx.Now().Add(linkLife)}
	who := tx.Viewer()
	_, err = tx.Exec(`INSERT INTO invitations (id, kind, digest, org, person, name, detail, by_person, by_org, made_at, expires_at, used_at, revoked_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0, 0)`,
		l.ID, kind, digest(l.Secret), org, person, name, string(b), who.Actor(), who.Org, clock.Micros(tx.Now()), clock.Micros(l.Expires))
	return l, err
}

const inviteColumns = `i.id, i.kind, i.name, i.by_person, i.made_at, i.expires_at, i.used_at, i.revoked_at, i.org, i.person, i.by_org, i.detail`

func scanInvite(s db.Scanner) (i invitation, err error) {
	var made, expires, used, revoked int64
	err = s.Scan(&i.ID, &i.Kind, &i.Name, &i.By, &made, &expires, &used, &revoked, &i.org, &i.person, &i.byOrg, &i.detail)
	i.Made, i.Expires, i.Used, i.Revoked = clock.FromMicros(made), clock.FromMicros(expires), clock.FromMicros(used), clock.FromMicros(revoked)
	return i, err
}

// openLink finds a link, by the digest of its secret, that can still be used.
func openLink(v *db.View, digest string) (invitation, error) {
	i, err := db.One(v, scanInvite, `SELECT `+inviteColumns+` FROM invitations i WHERE i.digest = $1 AND i.used_at = 0 AND i.revoked_at = 0 AND i.expires_at > $2`,
		digest, clock.Micros(v.Now()))
	if fault.Is(err, fault.Missing) {
		return i, ErrLink
	}
	return i, err
}

// use spends a link, once.
func (i invitation) use(tx *db.Tx) error {
	n, err := tx.Exec(`UPDATE invitations SET used_at = $1 WHERE id = $2 AND used_at = 0 AND revoked_at = 0`, clock.Micros(tx.Now()), i.ID)
	if err == nil && n != 1 {
		err = ErrLink
	}
	return err
}

// Invited is what a link's page shows before anybody signed in.
type Invited struct {
	Kind    string
	Name    string // of the person, or a proposed name of the organization
	Org     string // name of the organization that is joined, for LinkPerson and LinkRecovery
	By      string // name of the organization that invites
	Expires time.Time
}

// OpenLink looks at a link; it spends nothing.
func (m *Members) OpenLink(v *db.View, secret string) (Invited, error) {
	i, err := openLink(v, digest(secret))
	if err != nil {
		return Invited{}, err
	}
	in := Invited{Kind: i.Kind, Name: i.Name, Expires: i.Expires}
	name := func(id string) (string, error) {
		if id == "" {
			return "", nil
		}
		return db.One(all(v), db.Value[string], `SELECT name FROM visible.organizations WHERE id = $1`, id)
	}
	if in.Org, err = name(i.org); err == nil {
		in.By, err = name(i.byOrg)
	}
	return in, err
}

// InviteOrganization makes the link with which an organization applies. name is
// the inviter's note of whom it is for. A member that invites becomes the
// applicant's sponsor; the desk does not.
func (m *Members) InviteOrganization(tx *db.Tx, name string) (Link, error) {
	if !tx.Viewer().May(policy.MayInvite) {
		return Link{}, errMayNot
	}
	var c checker
	name = c.line("name", "whom you invite", name, 2, 160)
	if err := c.err(); err != nil {
		return Link{}, err
	}
	l, err := m.makeLink(tx, LinkOrganization, "", "", name, struct{}{})
	if err != nil {
		return l, err
	}
	label, err := m.inviterLabel(tx.View)
	if err != nil {
		return l, err
	}
	tx.Append(db.Entry{Verb: "organization.invited", Object: l.ID, Label: label, Data: map[string]string{"name": name}})
	return l, nil
}

// inviterLabel is for what an organization does towards strangers: it and the
// desk know.
func (m *Members) inviterLabel(v *db.View) (policy.Label, error) {
	s, err := m.Settings(v)
	if err != nil {
		return policy.Label{}, err
	}
	ps := []policy.Principal{policy.OfCircle(s.Desk)}
	if org := v.Viewer().Org; org != "" {
		ps = append(ps, policy.OfOrg(org))
	}
	return strict(ps...), nil
}

// InvitePerson makes the link with which a person joins the viewer's own
// organization, with the roles and the place among its recipients that the
// officer decided.
func (m *Members) InvitePerson(tx *db.Tx, p NewPerson) (Link, error) {
	who := tx.Viewer()
	if !who.May(policy.MayManageOrg) || who.Org == "" {
		return Link{}, errMayNot
	}
	var c checker
	p.check(&c)
	if err := c.err(); err != nil {
		return Link{}, err
	}
	if err := m.mayGive(tx.View, who.Org, nil, p.Roles); err != nil {
		return Link{}, err
	}
	p.Listed = false // the person's own choice
	l, err := m.makeLink(tx, LinkPerson, who.Org, "", p.Name, p)
	if err != nil {
		return l, err
	}
	tx.Append(db.Entry{Verb: "person.invited", Object: l.ID, Parent: who.Org, Label: toOrg(who.Org), Data: p})
	return l, nil
}

// FirstOperatorLink makes the link with which the first operator founds the
// community. It is for the program's start only, and every start of an empty
// house ends the link of the start before.
func (m *Members) FirstOperatorLink(tx *db.Tx) (Link, error) {
	if !tx.Viewer().IsSystem() {
		return Link{}, errMayNot
	}
	if _, err := m.Settings(tx.View); !fault.Is(err, fault.Missing) {
		if err == nil {
			err = fault.Conflictf("The community was founded already.")
		}
		return Link{}, err
	}
	if _, err := tx.Exec(`UPDATE invitations SET revoked_at = $1 WHERE kind = $2 AND used_at = 0 AND revoked_at = 0`, clock.Micros(tx.Now()), LinkOperator); err != nil {
		return Link{}, err
	}
	l, err := m.makeLink(tx, LinkOperator, "", "", "", struct{}{})
	tx.Append(db.Entry{Verb: "community.link-made", Object: l.ID, Label: policy.Label{TLP: policy.Clear, Audience: policy.NewAudience(policy.Public)}, Data: struct{}{}})
	return l, err
}

// Invitations lists the links that the viewer's organization made, newest first
// (officers and the desk).
func (m *Members) Invitations(v *db.View) ([]Invitation, error) {
	who := v.Viewer()
	if !who.May(policy.MayInvite) && !who.May(policy.MayManageOrg) {
		return nil, errMayNot
	}
	return db.All(v, func(s db.Scanner) (Invitation, error) { i, err := scanInvite(s); return i.Invitation, err },
		`SELECT `+inviteColumns+` FROM invitations i WHERE i.by_org = $1 AND i.kind IN ('organization', 'person') ORDER BY i.made_at DESC, i.id LIMIT 200`, who.Org)
}

// RevokeInvitation ends an unused link of the viewer's organization.
func (m *Members) RevokeInvitation(tx *db.Tx, id string) error {
	who := tx.Viewer()
	if !who.May(policy.MayInvite) && !who.May(policy.MayManageOrg) || who.Org == "" {
		return errMayNot
	}
	i, err := db.One(tx.View, scanInvite, `SELECT `+inviteColumns+` FROM invitations i WHERE i.id = $1 AND i.by_org = $2 AND i.used_at = 0 AND i.revoked_at = 0`, id, who.Org)
	if err != nil {
		return err
	}
	if err := tx.MustChange(`UPDATE invitations SET revoked_at = $1 WHERE id = $2`, clock.Micros(tx.Now()), id); err != nil {
		return err
	}
	label, err := m.inviterLabel(tx.View)
	if err != nil {
		return err
	}
	if i.Kind == LinkPerson {
		label = toOrg(who.Org)
	}
	tx.Append(db.Entry{Verb: "invitation.revoked", Object: id, Parent: i.org, Label: label, Data: map[string]string{"name": i.Name}})
	return nil
}
