package members

import (
	"slices"
	"time"

	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/policy"
)

// Person is somebody of a member organization.
type Person struct {
	ID        string
	Org       string
	OrgName   string
	OrgKind   policy.Kind
	Name      string
	Title     string
	Roles     []policy.Role
	Recipient bool // a named recipient: reached by org:<Org>
	Listed    bool // chose to stand in the directory
	Suspended bool
	Joined    time.Time
	Left      time.Time // zero while a member
}

// Has reports whether the person holds the role.
func (p Person) Has(r policy.Role) bool { return slices.Contains(p.Roles, r) }

// NewPerson is somebody to be made a member.
type NewPerson struct {
	Name      string        `json:"name"`
	Title     string        `json:"title,omitempty"`
	Roles     []policy.Role `json:"roles,omitempty"`
	Recipient bool          `json:"recipient"`
	Listed    bool          `json:"listed"`
}

func (p *NewPerson) check(c *checker) {
	p.Name = c.line("person", "the person's name", p.Name, 2, 120)
	p.Title = c.line("title", "the title", p.Title, 0, 120)
	for _, r := range p.Roles {
		if !slices.Contains(policy.Roles(), r) {
			c.add("roles", "There is no role %q.", r)
		}
	}
}

const personColumns = `p.id, p.org, o.name, o.kind, p.name, p.title, p.officer, p.desk, p.operator, p.recipient, p.listed, p.suspended, p.joined_at, p.left_at`

func scanPerson(s db.Scanner) (p Person, err error) {
	var officer, desk, operator, recipient, listed, suspended, joined, left int64
	err = s.Scan(&p.ID, &p.Org, &p.OrgName, &p.OrgKind, &p.Name, &p.Title, &officer, &desk, &operator, &recipient, &listed, &suspended, &joined, &left)
	p.Roles = roles(officer, desk, operator)
	p.Recipient, p.Listed, p.Suspended = recipient == 1, listed == 1, suspended == 1
	p.Joined, p.Left = clock.FromMicros(joined), clock.FromMicros(left)
	return p, err
}

func roles(officer, desk, operator int64) (rs []policy.Role) {
	if officer == 1 {
		rs = append(rs, policy.RoleOfficer)
	}
	if desk == 1 {
		rs = append(rs, policy.RoleDesk)
	}
	if operator == 1 {
		rs = append(rs, policy.RoleOperator)
	}
	return rs
}

// Person reads one person that the viewer can see.
func (m *Members) Person(v *db.View, id string) (Person, error) {
	return db.One(v, scanPerson, `SELECT `+personColumns+` FROM visible.people p JOIN visible.organizations o ON o.id = p.org WHERE p.id = $1`, id)
}

// person reads anybody, for the rules.
func person(v *db.View, id string) (Person, error) {
	return db.One(all(v), scanPerson, `SELECT `+personColumns+` FROM visible.people p JOIN visible.organizations o ON o.id = p.org WHERE p.id = $1`, id)
}

// insertPerson writes a new person of an organization. An officer is always a
// named recipient: officers answer for what their organization is told, and no
// role reads by itself.
func (m *Members) insertPerson(tx *db.Tx, id, org string, p NewPerson) error {
	if id == "" {
		id = ids.New("person")
	}
	officer := slices.Contains(p.Roles, policy.RoleOfficer)
	audience, err := tx.Store(policy.NewAudience(policy.OfPerson(id)))
	if err != nil {
		return err
	}
	if _, err := tx.Exec(`INSERT INTO people (id, org, name, name_key, title, officer, desk, operator, recipient, listed, suspended, joined_at, left_at, tlp, audience)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, $11, 0, $12, $13)`,
		id, org, p.Name, fold(p.Name), p.Title, flag(officer), flag(slices.Contains(p.Roles, policy.RoleDesk)), flag(slices.Contains(p.Roles, policy.RoleOperator)),
		flag(p.Recipient || officer), flag(p.Listed), clock.Micros(tx.Now()), string(policy.Red), audience); err != nil {
		return err
	}
	if err := m.followDeskRole(tx, id, org, slices.Contains(p.Roles, policy.RoleDesk)); err != nil {
		return err
	}
	return m.relabelPerson(tx, id)
}

// relabelPerson recomputes who may see a person: the person, the recipients of
// the own organization, the desk, everybody who shares a circle, and the
// community if the person stands in the directory. It runs in the same
// transaction as every change of one of these.
func (m *Members) relabelPerson(tx *db.Tx, id string) error {
	p, err := person(tx.View, id)
	if err != nil {
		return err
	}
	s, err := m.Settings(tx.View)
	if err != nil {
		return err
	}
	ps := []policy.Principal{policy.OfPerson(id), policy.OfOrg(p.Org), policy.OfCircle(s.Desk)}
	circles, err := circlesOf(tx.View, id)
	if err != nil {
		return err
	}
	for _, c := range circles[:min(len(circles), policy.MaxAudience-4)] {
		ps = append(ps, policy.OfCircle(c))
	}
	tlp := policy.AmberStrict
	if p.Listed {
		tlp, ps = policy.Green, append(ps, policy.Community)
	}
	audience, err := tx.Store(policy.NewAudience(ps...))
	if err != nil {
		return err
	}
	return tx.MustChange(`UPDATE people SET tlp = $1, audience = $2 WHERE id = $3`, string(tlp), audience, id)
}

// circlesOf lists the circles whose roster names a person now.
func circlesOf(v *db.View, person string) ([]string, error) {
	return db.All(v, db.Value[string], `SELECT circle FROM circle_people WHERE person = $1 AND (until = 0 OR until > $2) ORDER BY circle`, person, clock.Micros(v.Now()))
}

// personLabel is for entries about a person that its organization handles.
func personLabel(p Person) policy.Label { return toOrg(p.Org) }

// Own is what somebody who signed in may know of the own membership, whatever
// its standing: an applicant and a suspended member, who can read nothing else,
// see this.
type Own struct {
	Person       Person
	Organization Organization
	Since        time.Time       // of the standing
	Reason       string          // why it is what it is, if somebody said
	Standing     policy.Standing // of the organization
}

// Own reads the viewer's own membership.
func (m *Members) Own(v *db.View) (Own, error) {
	id := v.Viewer().Person
	if id == "" {
		return Own{}, errSignIn
	}
	sys := all(v)
	p, err := person(v, id)
	if err != nil {
		return Own{}, err
	}
	o, err := db.One(sys, scanOrg(sys), `SELECT `+orgColumns+` FROM visible.organizations o WHERE o.id = $1`, p.Org)
	if err != nil {
		return Own{}, err
	}
	own := Own{Person: p, Organization: o, Standing: o.Standing, Since: o.Applied}
	err = sys.Each(`SELECT at, reason FROM organization_moves WHERE org = $1 ORDER BY step DESC LIMIT 1`, []any{p.Org}, func(s db.Scanner) error {
		var at int64
		err := s.Scan(&at, &own.Reason)
		own.Since = clock.FromMicros(at)
		return err
	})
	return own, err
}
