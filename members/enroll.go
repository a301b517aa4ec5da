package members

import (
	"encoding/json"

	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/policy"
)

// Enrollment is what somebody fills in on a link's page. Which parts count
// depends on the link: an applicant writes Org and Person, an invited person
// Person, the first operator Founding, a recovered person none.
type Enrollment struct {
	Org      Profile   `json:"org"`
	Person   NewPerson `json:"person"`
	Founding Founding  `json:"founding"`
	Passkey  string    `json:"passkey"` // name for the passkey
}

// Enrolled is somebody who came in through a link.
type Enrolled struct {
	SignedIn
	Kind    string // of the link
	Org     string
	Founded bool // the community was founded just now
}

// check says what is wrong with the form, for the link's kind.
func (e *Enrollment) check(i invitation) error {
	var c checker
	if e.Passkey == "" {
		e.Passkey = "First passkey"
	}
	e.Passkey = c.line("passkey", "a name for the passkey", e.Passkey, 1, 60)
	switch i.Kind {
	case LinkOperator:
		if err := e.Founding.check(); err != nil {
			c.fields = append(c.fields, fault.FieldsOf(err)...)
		}
	case LinkOrganization:
		e.Org.check(&c)
		if e.Org.Kind == policy.ISAO {
			c.add("kind", "The community has one ISAO, its own. Choose another kind.")
		}
		e.Person.Roles = nil
		e.Person.check(&c)
	case LinkPerson:
		var p NewPerson
		if err := json.Unmarshal([]byte(i.detail), &p); err != nil {
			return err
		}
		// Name and title are the person's to write, the rest was the officer's.
		p.Name, p.Title, p.Listed = e.Person.Name, e.Person.Title, e.Person.Listed
		if p.Name == "" {
			p.Name = i.Name
		}
		p.check(&c)
		e.Person = p
	}
	return c.err()
}

// BeginEnroll checks a link and its form and begins the registration of the
// first passkey (a scratch write). The link is not spent yet.
func (m *Members) BeginEnroll(tx *db.Tx, secret string, e Enrollment) (Begun, error) {
	i, err := openLink(tx.View, digest(secret))
	if err != nil {
		return Begun{}, err
	}
	if err := e.check(i); err != nil {
		return Begun{}, err
	}
	a := account{id: ids.New("person"), name: e.Person.Name}
	switch i.Kind {
	case LinkOperator:
		a.name = e.Founding.Person.Name
	case LinkRecovery:
		if a, err = loadAccount(tx.View, i.person); err != nil {
			return Begun{}, err
		}
		a.keys = nil // lost ones may be registered anew
	}
	return m.beginCreation(tx, ceremonyEnroll, a, ceremonyState{Invite: digest(secret), Name: e.Passkey, Enroll: &e})
}

// FinishEnroll spends the link, makes the person (and the organization, or the
// community) and signs the person in.
func (m *Members) FinishEnroll(tx *db.Tx, c Ceremony, response []byte, agent, replaces string) (Enrolled, error) {
	var out Enrolled
	if c.kind != ceremonyEnroll || c.state.Enroll == nil {
		return out, errCeremony
	}
	i, err := openLink(tx.View, c.state.Invite)
	if err != nil {
		return out, err
	}
	if err := i.use(tx); err != nil {
		return out, err
	}
	out.Kind, out.Person, out.Org = i.Kind, c.person, i.org
	e := *c.state.Enroll
	switch i.Kind {
	case LinkOperator:
		e.Founding.PersonID = c.person
		s, err := m.found(tx, e.Founding)
		if err != nil {
			return out, err
		}
		out.Org, out.Founded = s.Org, true
	case LinkOrganization:
		if out.Org, err = m.apply(tx, i, c.person, e); err != nil {
			return out, err
		}
	case LinkPerson:
		o, err := db.One(all(tx.View), db.Value[string], `SELECT standing FROM visible.organizations WHERE id = $1`, i.org)
		if err != nil {
			return out, err
		}
		if !policy.Standing(o).Good() {
			return out, ErrLink
		}
		if err := m.join(tx, c.person, i.org, e.Person, "invited"); err != nil {
			return out, err
		}
	case LinkRecovery:
		if out.Org, err = m.recovered(tx, c.person); err != nil {
			return out, err
		}
	default:
		return out, ErrLink
	}
	a, err := loadAccount(tx.View, c.person)
	if err != nil {
		return out, err
	}
	if _, err := m.keepPasskey(tx, a, c, response, c.state.Name); err != nil {
		return out, err
	}
	out.Token, out.Session, err = m.OpenSession(tx, c.person, agent, replaces, true)
	return out, err
}

// apply makes an applicant organization with its first officer. Two applicants
// may bear one name until vetting claims it: an applicant must not learn which
// names there are.
func (m *Members) apply(tx *db.Tx, i invitation, person string, e Enrollment) (string, error) {
	s, err := m.Settings(tx.View)
	if err != nil {
		return "", err
	}
	sponsor := i.byOrg
	if sponsor == s.Org {
		sponsor = ""
	}
	org := ids.New("org")
	if err := m.insertOrg(tx, org, e.Org, policy.Applicant, sponsor, i.By); err != nil {
		return "", err
	}
	label, err := m.orgLabel(tx.View, org, policy.Applicant, sponsor)
	if err != nil {
		return "", err
	}
	tx.Append(db.Entry{Verb: "organization.applied", Object: org, Label: label, Access: true,
		Data: map[string]any{"profile": e.Org, "invited_by": i.By, "sponsor": sponsor}})
	e.Person.Roles = []policy.Role{policy.RoleOfficer}
	return org, m.join(tx, person, org, e.Person, "applied")
}
