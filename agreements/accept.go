package agreements

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/members"
	"github.com/cordon-isao/cordon/policy"
)

// Acceptance is one organization's yes to one version, by a named signatory.
type Acceptance struct {
	ID        string
	Org       string
	Document  string
	Version   int64
	Digest    string
	Person    string // id of the officer who signed in
	Signatory string // the name as written
	Title     string // the title as written
	At        time.Time
}

// Signing is what a signatory fills in.
type Signing struct {
	Digest string // of the text that was on the page
	Name   string
	Title  string
	Agreed bool // "I have read this and may bind the organization"
}

// Accept signs the participation agreement for the viewer's own organization:
// an officer with a fresh passkey. An applicant that was vetted becomes an
// active member with it; a member accepts a newer version.
func (a *Agreements) Accept(tx *db.Tx, s Signing) (string, error) {
	own, err := a.members.Own(tx.View)
	if err != nil {
		return "", err
	}
	if tx.Viewer().IsToken() || own.Person.Suspended || !own.Person.Has(policy.RoleOfficer) {
		return "", fault.Forbiddenf("Only an officer of the organization signs its agreement.")
	}
	if own.Standing != policy.Agreement && !own.Standing.Good() {
		return "", fault.Conflictf("There is no agreement to sign now: the organization is %s.", strings.ReplaceAll(string(own.Standing), "_", " "))
	}
	if err := a.members.StepUp(tx.View); err != nil {
		return "", err
	}
	d, err := a.Current(tx.View, Participation)
	if err != nil {
		return "", err
	}
	if s.Digest != d.Digest {
		return "", fault.Conflictf("The text changed while you read it. Read version %d and sign again.", d.Version)
	}
	var fields []fault.Field
	if s.Name = strings.TrimSpace(s.Name); !plain(s.Name, 120) || s.Name == "" {
		fields = append(fields, fault.Field{Name: "name", Message: "Write your full name, as you sign it."})
	}
	if s.Title = strings.TrimSpace(s.Title); !plain(s.Title, 120) || s.Title == "" {
		fields = append(fields, fault.Field{Name: "title", Message: "Write your title in the organization."})
	}
	if !s.Agreed {
		fields = append(fields, fault.Field{Name: "agreed", Message: "Confirm that you have read the agreement and may bind the organization."})
	}
	if err := fault.InvalidFields(fields); err != nil {
		return "", err
	}
	return a.accept(tx, d, own, s)
}

func plain(s string, most int) bool {
	return utf8.ValidString(s) && utf8.RuneCountInString(s) <= most &&
		!strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) })
}

func (a *Agreements) accept(tx *db.Tx, d Document, own members.Own, s Signing) (string, error) {
	c, err := a.members.Settings(tx.View)
	if err != nil {
		return "", err
	}
	label := policy.Label{TLP: policy.AmberStrict, Audience: policy.NewAudience(policy.OfOrg(own.Organization.ID), policy.OfCircle(c.Desk))}
	audience, err := tx.Store(label.Audience)
	if err != nil {
		return "", err
	}
	id := ids.New("acceptance")
	if _, err := tx.Exec(`INSERT INTO acceptances (id, org, document, digest, person, signatory, title, at, tlp, audience) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		id, own.Organization.ID, d.ID, d.Digest, own.Person.ID, s.Name, s.Title, clock.Micros(tx.Now()), string(label.TLP), audience); err != nil {
		return "", err
	}
	tx.Append(db.Entry{Verb: "agreement.accepted", Object: id, Parent: own.Organization.ID, Label: label, Data: map[string]any{
		"organization": own.Organization.Name, "document": d.ID, "version": d.Version, "sha256": d.Digest, "signatory": s.Name, "title": s.Title}})
	if own.Standing == policy.Agreement {
		return id, a.members.Activate(tx, id)
	}
	return id, nil
}

// SeedAcceptance records that an officer of an active member signed the current
// version, for the demo and for tests. Only the program itself may.
func (a *Agreements) SeedAcceptance(tx *db.Tx, org, officer string) (string, error) {
	if !tx.Viewer().IsSystem() {
		return "", fault.Forbiddenf("Only an officer of the organization signs its agreement.")
	}
	d, err := a.Current(tx.View, Participation)
	if err != nil {
		return "", err
	}
	o, err := a.members.Organization(tx.View, org)
	if err != nil {
		return "", err
	}
	p, err := a.members.Person(tx.View, officer)
	if err != nil || p.Org != org || !p.Has(policy.RoleOfficer) {
		return "", fault.InvalidField("person", "%q is not an officer of %s.", officer, o.Name)
	}
	return a.accept(tx, d, members.Own{Organization: o, Person: p, Standing: o.Standing}, Signing{Name: p.Name, Title: p.Title})
}

// Acceptances lists what an organization accepted, newest first, as far as the
// viewer may read it: the organization's recipients and the desk.
func (a *Agreements) Acceptances(v *db.View, org string) ([]Acceptance, error) {
	return db.All(v, func(s db.Scanner) (x Acceptance, err error) {
		var at int64
		err = s.Scan(&x.ID, &x.Org, &x.Document, &x.Version, &x.Digest, &x.Person, &x.Signatory, &x.Title, &at)
		x.At = clock.FromMicros(at)
		return x, err
	}, `SELECT c.id, c.org, c.document, d.version, c.digest, c.person, c.signatory, c.title, c.at
		FROM visible.acceptances c JOIN visible.documents d ON d.id = c.document WHERE c.org = $1 ORDER BY c.at DESC, c.id`, org)
}

// Outdated reports whether the viewer's organization, as far as the viewer may
// know, has yet to accept the version in force.
func (a *Agreements) Outdated(v *db.View) (bool, error) {
	d, err := a.Current(v, Participation)
	if fault.Is(err, fault.Missing) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	list, err := a.Acceptances(v, v.Viewer().Org)
	return err == nil && len(list) > 0 && list[0].Document != d.ID, err
}
