package members

import (
	"time"

	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
)

// Vote is one person's word on an applicant.
type Vote struct {
	Person   string
	Org      string // of the voter
	FromDesk bool
	Approve  bool
	Reason   string
	At       time.Time
}

// Application is an applicant with the votes on it so far.
type Application struct {
	Organization
	Votes   []Vote
	MayVote string // "" if the viewer may vote now, or why not, as a sentence
}

// vetters is how many different people must approve an applicant.
const vetters = 2

// Applications lists the applicants that the viewer can see, oldest first.
func (m *Members) Applications(v *db.View) ([]Application, error) {
	orgs, err := db.All(v, scanOrg(v), `SELECT `+orgColumns+` FROM visible.organizations o
		WHERE o.standing IN ('applicant', 'vetting', 'agreement_pending') ORDER BY o.applied_at, o.id`)
	if err != nil {
		return nil, err
	}
	out := make([]Application, len(orgs))
	for i, o := range orgs {
		if out[i], err = m.application(v, o); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Application reads one applicant that the viewer can see.
func (m *Members) Application(v *db.View, org string) (Application, error) {
	o, err := m.Organization(v, org)
	if err != nil {
		return Application{}, err
	}
	return m.application(v, o)
}

func (m *Members) application(v *db.View, o Organization) (Application, error) {
	votes, err := db.All(v, func(s db.Scanner) (t Vote, err error) {
		var desk, approve, at int64
		err = s.Scan(&t.Person, &t.Org, &desk, &approve, &t.Reason, &at)
		t.FromDesk, t.Approve, t.At = desk == 1, approve == 1, clock.FromMicros(at)
		return t, err
	}, `SELECT person, voter_org, from_desk, approve, reason, at FROM vettings WHERE org = $1 ORDER BY at, person`, o.ID)
	if err != nil {
		return Application{}, err
	}
	a := Application{Organization: o, Votes: votes}
	if err := m.mayVote(v, a); err != nil {
		if fault.Is(err, fault.Internal) {
			return a, err
		}
		a.MayVote = fault.Sentence(err)
	}
	return a, nil
}

// mayVote is the rule of vetting: two different people, each of the desk or of
// a sponsoring member, no two of one sponsor, none of the applicant itself; and
// who invited the applicant does not vote while two others of the desk can
// (domain §d: vetting approver ≠ sponsor).
func (m *Members) mayVote(v *db.View, a Application) error {
	who := v.Viewer()
	if a.Standing != policy.Applicant && a.Standing != policy.Vetting {
		return fault.Conflictf("%s is not being vetted.", a.Name)
	}
	fromDesk := who.May(policy.MayVet)
	switch {
	case who.IsSystem() || !who.SignedIn() || !fromDesk && !who.May(policy.MaySponsor):
		return errMayNot
	case who.Org == a.ID:
		return fault.Forbiddenf("Nobody vets their own organization.")
	case !fromDesk && who.Org != a.Sponsor:
		return fault.Forbiddenf("Only the desk and the sponsoring organization vet this application.")
	}
	for _, t := range a.Votes {
		switch {
		case t.Person == who.Person:
			return fault.Conflictf("You approved this application already. A second person has to.")
		case !fromDesk && !t.FromDesk && t.Org == who.Org:
			return fault.Forbiddenf("Somebody of your organization approved already. The second person has to be of the desk.")
		}
	}
	if who.Person == a.InvitedBy {
		others, err := db.One(all(v), db.Value[int64], `SELECT COUNT(*) FROM visible.people p JOIN visible.organizations o ON o.id = p.org
			WHERE (p.desk = 1 OR p.operator = 1) AND p.suspended = 0 AND p.left_at = 0 AND p.id <> $1 AND o.standing IN ('active', 'provisional', 'grace')`, who.Person)
		if err != nil {
			return err
		}
		if others >= vetters {
			return fault.Forbiddenf("You invited this applicant. Two others of the desk have to vet it.")
		}
	}
	return nil
}

// Approve is one person's yes to an applicant; the second of two moves it on to
// the participation agreement. The reason says what was checked: identity,
// eligibility, conflicts.
func (m *Members) Approve(tx *db.Tx, org, reason string) error {
	var c checker
	reason = c.text("reason", "what you checked", reason, 10, 2000)
	if err := c.err(); err != nil {
		return err
	}
	a, err := m.Application(tx.View, org)
	if err != nil {
		return err
	}
	if err := m.mayVote(tx.View, a); err != nil {
		return err
	}
	who := tx.Viewer()
	if _, err := tx.Exec(`INSERT INTO vettings (org, person, voter_org, from_desk, approve, reason, at) VALUES ($1, $2, $3, $4, 1, $5, $6)`,
		org, who.Person, who.Org, flag(who.May(policy.MayVet)), reason, clock.Micros(tx.Now())); err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: "organization.approved", Object: org, Label: a.Label, Data: map[string]string{"reason": reason}})
	if len(a.Votes)+1 < vetters {
		return m.move(tx, a.Organization, "organization.vetting", "")
	}
	// The name is claimed here, by people who may know all names there are.
	n, err := tx.Exec(`UPDATE organizations SET claimed = 1 WHERE id = $1`, org)
	if err != nil || n != 1 {
		if fault.Is(err, fault.Conflict) {
			return fault.Conflictf("Another organization has this name. The desk has to settle that first.")
		}
		return err
	}
	return m.move(tx, a.Organization, "organization.vetted", "")
}

// Decline ends an application, with the reason that the applicant is told
// (desk).
func (m *Members) Decline(tx *db.Tx, org, reason string) error {
	return m.moveBy(tx, org, "organization.declined", reason, policy.MayVet)
}

// NameSponsor lets a member organization, whose word the desk wants, see an
// application and vote on it (desk).
func (m *Members) NameSponsor(tx *db.Tx, org, sponsor string) error {
	if !tx.Viewer().May(policy.MayVet) {
		return errMayNot
	}
	o, err := m.Organization(tx.View, org)
	if err != nil {
		return err
	}
	if o.Standing != policy.Applicant && o.Standing != policy.Vetting {
		return fault.Conflictf("%s is not being vetted.", o.Name)
	}
	s, err := m.Organization(tx.View, sponsor)
	if err != nil && !fault.Is(err, fault.Missing) {
		return err
	}
	if err != nil || !s.Standing.Good() || sponsor == org {
		return fault.InvalidField("sponsor", "Choose an active member as sponsor.")
	}
	if _, err := tx.Exec(`UPDATE organizations SET sponsor = $1 WHERE id = $2`, sponsor, org); err != nil {
		return err
	}
	label, err := m.relabelOrg(tx, org, o.Standing, sponsor)
	if err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: "organization.sponsored", Object: org, Label: label, Access: true, Data: map[string]string{"sponsor": sponsor, "sponsor_name": s.Name}})
	return nil
}
