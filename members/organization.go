package members

import (
	"encoding/json"
	"net/url"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
)

// Organization is a member, or one that wants to be.
type Organization struct {
	ID              string
	Name            string
	Kind            policy.Kind
	Employees       int64
	City            string
	Country         string
	About           string
	Families        []string // device families it makes, runs or studies
	Contact         string   // security contact, as mail address or web address
	ContactVerified time.Time
	CSAF            string // provider metadata address, or ""
	Standing        policy.Standing
	Sponsor         string // id of the organization that vouches, or ""
	InvitedBy       string // person id
	Applied, Active time.Time
	Label           policy.Label
}

// Profile is what an organization says of itself.
type Profile struct {
	Name      string      `json:"name"`
	Kind      policy.Kind `json:"kind"`
	Employees int64       `json:"employees"`
	City      string      `json:"city,omitempty"`
	Country   string      `json:"country,omitempty"`
	About     string      `json:"about,omitempty"`
	Families  []string    `json:"families,omitempty"`
	Contact   string      `json:"contact,omitempty"`
	CSAF      string      `json:"csaf,omitempty"`
}

// Check cleans the profile and says all that is wrong with it at once.
func (p *Profile) Check() error {
	var c checker
	p.check(&c)
	return c.err()
}

func (p *Profile) check(c *checker) {
	p.Name = c.line("name", "the legal name", p.Name, 2, 160)
	if !p.Kind.Known() {
		c.add("kind", "Choose what kind of organization this is.")
	}
	if p.Employees < 1 || p.Employees > 10_000_000 {
		c.add("employees", "Write how many people work there, as a number from 1 to 10,000,000.")
	}
	p.City = c.line("city", "the city", p.City, 0, 80)
	p.Country = c.line("country", "the country", p.Country, 2, 80)
	p.About = c.text("about", "what the organization does", p.About, 0, 1000)
	p.Contact = c.line("contact", "the security contact", p.Contact, 0, 200)
	if p.Contact != "" && !strings.Contains(p.Contact, "@") && !webAddress(p.Contact) {
		c.add("contact", "Write the security contact as a mail address or as a web address that starts with https://.")
	}
	p.CSAF = c.line("csaf", "the CSAF provider address", p.CSAF, 0, 300)
	if p.CSAF != "" && !webAddress(p.CSAF) {
		c.add("csaf", "Write the CSAF provider address so that it starts with https://.")
	}
	if len(p.Families) > 40 {
		c.add("families", "Name at most 40 device families.")
		return
	}
	var families []string
	for _, f := range p.Families {
		if f = c.line("families", "a device family", f, 0, 80); f != "" {
			families = append(families, f)
		}
	}
	p.Families = families
}

func webAddress(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Scheme == "https" && u.Host != "" && u.User == nil
}

const orgColumns = `o.id, o.name, o.kind, o.employees, o.city, o.country, o.about, o.families, o.contact, o.contact_at, o.csaf,
	o.standing, o.sponsor, o.invited_by, o.applied_at, o.active_at, o.tlp, o.audience`

func scanOrg(v *db.View) func(db.Scanner) (Organization, error) {
	return func(s db.Scanner) (o Organization, err error) {
		var families, tlp, audience string
		var verified, applied, active int64
		if err = s.Scan(&o.ID, &o.Name, &o.Kind, &o.Employees, &o.City, &o.Country, &o.About, &families, &o.Contact, &verified, &o.CSAF,
			&o.Standing, &o.Sponsor, &o.InvitedBy, &applied, &active, &tlp, &audience); err != nil {
			return o, err
		}
		o.ContactVerified, o.Applied, o.Active = clock.FromMicros(verified), clock.FromMicros(applied), clock.FromMicros(active)
		if err = json.Unmarshal([]byte(families), &o.Families); err != nil {
			return o, err
		}
		o.Label, err = v.Label(tlp, audience)
		return o, err
	}
}

// Organization reads one organization that the viewer can see.
func (m *Members) Organization(v *db.View, id string) (Organization, error) {
	return db.One(v, scanOrg(v), `SELECT `+orgColumns+` FROM visible.organizations o WHERE o.id = $1`, id)
}

// insertOrg writes a new organization with the label of its standing.
func (m *Members) insertOrg(tx *db.Tx, id string, p Profile, st policy.Standing, sponsor, invitedBy string) error {
	families, err := json.Marshal(append([]string{}, p.Families...))
	if err != nil {
		return err
	}
	now := clock.Micros(tx.Now())
	var active int64
	if st == policy.Active {
		active = now
	}
	label, err := m.orgLabel(tx.View, id, st, sponsor)
	if err != nil {
		return err
	}
	audience, err := tx.Store(label.Audience)
	if err != nil {
		return err
	}
	_, err = tx.Exec(`INSERT INTO organizations (id, name, name_key, claimed, kind, employees, city, country, about, families, contact, contact_by, contact_at,
		csaf, standing, sponsor, invited_by, applied_at, active_at, tlp, audience)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, '', 0, $12, $13, $14, $15, $16, $17, $18, $19)`,
		id, p.Name, fold(p.Name), flag(st == policy.Active), string(p.Kind), p.Employees, p.City, p.Country, p.About, string(families), p.Contact,
		p.CSAF, string(st), sponsor, invitedBy, now, active, string(label.TLP), audience)
	if fault.Is(err, fault.Conflict) {
		return fault.InvalidField("name", "An organization of this name is a member already.")
	}
	return err
}

// orgLabel is who may know of an organization: an applicant is known to the
// desk, to its sponsor and to itself; from its activation on, to the community.
// One that was never active stays unknown.
func (m *Members) orgLabel(v *db.View, id string, st policy.Standing, sponsor string) (policy.Label, error) {
	ever, err := all(v).Exists(`SELECT 1 FROM visible.organizations WHERE id = $1 AND active_at > 0`, id)
	if err != nil {
		return policy.Label{}, err
	}
	if ever || st.Good() {
		return toCommunity(), nil
	}
	s, err := m.Settings(v)
	if err != nil {
		return policy.Label{}, err
	}
	ps := []policy.Principal{policy.OfCircle(s.Desk), policy.OfOrg(id)}
	if sponsor != "" {
		ps = append(ps, policy.OfOrg(sponsor))
	}
	return strict(ps...), nil
}

// UpdateOrganization changes what the viewer's own organization says of itself
// (officers). Its kind is fixed at vetting: only the desk changes it.
func (m *Members) UpdateOrganization(tx *db.Tx, p Profile) error {
	who := tx.Viewer()
	if !who.May(policy.MayManageOrg) || who.Org == "" {
		return errMayNot
	}
	old, err := m.Organization(tx.View, who.Org)
	if err != nil {
		return err
	}
	p.Kind = old.Kind
	if err := p.Check(); err != nil {
		return err
	}
	families, err := json.Marshal(append([]string{}, p.Families...))
	if err != nil {
		return err
	}
	keep := flag(p.Contact == old.Contact) // a new contact is not verified yet
	if err := tx.MustChange(`UPDATE organizations SET name = $1, name_key = $2, employees = $3, city = $4, country = $5, about = $6, families = $7,
		contact = $8, csaf = $9, contact_at = contact_at * $10 WHERE id = $11`,
		p.Name, fold(p.Name), p.Employees, p.City, p.Country, p.About, string(families), p.Contact, p.CSAF, keep, who.Org); err != nil {
		if fault.Is(err, fault.Conflict) {
			return fault.InvalidField("name", "Another organization has this name.")
		}
		return err
	}
	tx.Append(db.Entry{Verb: "organization.updated", Object: who.Org, Label: old.Label, Data: p, Access: true}) // its name stands in reaches
	return nil
}

// VerifyContact records that the desk reached the organization's security
// contact by a way of its own.
func (m *Members) VerifyContact(tx *db.Tx, org string) error {
	if !tx.Viewer().May(policy.MayVet) {
		return errMayNot
	}
	o, err := m.Organization(tx.View, org)
	if err != nil {
		return err
	}
	if o.Contact == "" {
		return fault.Conflictf("The organization has named no security contact yet.")
	}
	if err := tx.MustChange(`UPDATE organizations SET contact_by = $1, contact_at = $2 WHERE id = $3`, tx.Viewer().Actor(), clock.Micros(tx.Now()), org); err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: "organization.contact-verified", Object: org, Label: o.Label, Data: map[string]string{"contact": o.Contact}})
	return nil
}
