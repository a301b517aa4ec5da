package members

import (
	"strings"
	"time"

	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
)

// moveBy is a move that needs one right and a reason.
func (m *Members) moveBy(tx *db.Tx, org, verb, reason string, right policy.Right) error {
	if !tx.Viewer().May(right) {
		return errMayNot
	}
	var c checker
	reason = c.text("reason", "the reason", reason, 3, 2000)
	if err := c.err(); err != nil {
		return err
	}
	o, err := m.Organization(tx.View, org)
	if err != nil {
		return err
	}
	if s, err := m.Settings(tx.View); err != nil {
		return err
	} else if s.Org == org {
		return fault.Forbiddenf("This is the organization that runs the house; it stays active.")
	}
	return m.move(tx, o, verb, reason)
}

// Suspend takes a member's reading and acting away until it is reinstated or
// leaves (operators).
func (m *Members) Suspend(tx *db.Tx, org, reason string) error {
	return m.moveBy(tx, org, "organization.suspended", reason, policy.MayOperate)
}

// Reinstate ends a suspension (operators).
func (m *Members) Reinstate(tx *db.Tx, org, reason string) error {
	return m.moveBy(tx, org, "organization.reinstated", reason, policy.MayOperate)
}

// Terminate ends a membership for good and revokes its sessions and tokens; the
// duties of handling stay (operators).
func (m *Members) Terminate(tx *db.Tx, org, reason string) error {
	return m.moveBy(tx, org, "organization.terminated", reason, policy.MayOperate)
}

// Lapse puts a member whose renewal is overdue in grace; Renew ends that (desk).
func (m *Members) Lapse(tx *db.Tx, org, reason string) error {
	return m.moveBy(tx, org, "organization.lapsed", reason, policy.MayVet)
}

// Renew ends a grace period (desk).
func (m *Members) Renew(tx *db.Tx, org, reason string) error {
	return m.moveBy(tx, org, "organization.renewed", reason, policy.MayVet)
}

// Withdraw ends the membership, or the application, of the viewer's own
// organization. An officer may withdraw even out of good standing.
func (m *Members) Withdraw(tx *db.Tx, reason string) error {
	o, err := m.ownAsOfficer(tx.View)
	if err != nil {
		return err
	}
	var c checker
	reason = c.text("reason", "the reason", reason, 3, 2000)
	if err := c.err(); err != nil {
		return err
	}
	if s, err := m.Settings(tx.View); err != nil {
		return err
	} else if s.Org == o.ID {
		return fault.Forbiddenf("This is the organization that runs the house; it stays active.")
	}
	return m.move(tx, o, "organization.withdrawn", reason)
}

// ownAsOfficer reads the viewer's own organization, whatever its standing, if
// the viewer is an officer of it.
func (m *Members) ownAsOfficer(v *db.View) (Organization, error) {
	own, err := m.Own(v)
	if err != nil {
		return Organization{}, err
	}
	if v.Viewer().IsToken() || own.Person.Suspended || !own.Person.Has(policy.RoleOfficer) {
		return Organization{}, errMayNot
	}
	return own.Organization, nil
}

// Activate makes an applicant that signed the participation agreement a member.
// Only agreements calls it; evidence is the id of the acceptance.
func (m *Members) Activate(tx *db.Tx, evidence string) error {
	o, err := m.ownAsOfficer(tx.View)
	if err != nil {
		return err
	}
	if evidence == "" {
		return fault.Conflictf("The participation agreement has not been accepted.")
	}
	return m.move(tx, o, "organization.activated", evidence)
}

// move makes one move of the life-cycle, with everything that follows from it.
func (m *Members) move(tx *db.Tx, o Organization, verb, reason string) error {
	step, ok := findMove(o.Standing, verb)
	if !ok {
		_, word, _ := strings.Cut(verb, ".")
		return fault.Conflictf("%s cannot be %s now: it is %s.", o.Name, word, strings.ReplaceAll(string(o.Standing), "_", " "))
	}
	now := clock.Micros(tx.Now())
	n, err := tx.Exec(`UPDATE organizations SET standing = $1 WHERE id = $2 AND standing = $3`, string(step.To), o.ID, string(step.From))
	if err != nil {
		return err
	}
	if n != 1 {
		return fault.Conflictf("%s changed meanwhile. Look again.", o.Name)
	}
	if step.To == policy.Active && o.Active.IsZero() {
		if _, err := tx.Exec(`UPDATE organizations SET active_at = $1 WHERE id = $2`, now, o.ID); err != nil {
			return err
		}
	}
	if step.To == policy.Terminated && o.Active.IsZero() || step.To == policy.Withdrawn && o.Active.IsZero() {
		if _, err := tx.Exec(`UPDATE organizations SET claimed = 0 WHERE id = $1`, o.ID); err != nil {
			return err
		}
	}
	label, err := m.relabelOrg(tx, o.ID, step.To, o.Sponsor)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(`INSERT INTO organization_moves (org, at, step, was, became, by_actor, reason)
		SELECT $1, CAST($2 AS BIGINT), COUNT(*) + 1, $3, $4, $5, $6 FROM organization_moves WHERE org = $1`,
		o.ID, now, string(step.From), string(step.To), tx.Viewer().Actor(), reason); err != nil {
		return err
	}
	if step.To == policy.Terminated || step.To == policy.Withdrawn {
		people, err := db.All(all(tx.View), db.Value[string], `SELECT id FROM visible.people WHERE org = $1 AND left_at = 0`, o.ID)
		if err != nil {
			return err
		}
		for _, p := range people {
			if err := m.revokeAll(tx, p, "the membership ended"); err != nil {
				return err
			}
		}
	}
	// That a member came is for the community; every other step, and every
	// reason, is between the organization and the desk.
	data := map[string]string{"was": string(step.From), "became": string(step.To)}
	if step.From != policy.Agreement || step.To != policy.Active {
		s, err := m.Settings(tx.View)
		if err != nil {
			return err
		}
		label, data["reason"] = strict(policy.OfCircle(s.Desk), policy.OfOrg(o.ID)), reason
	}
	tx.Append(db.Entry{Verb: verb, Object: o.ID, Label: label, Access: true, Data: data})
	return nil
}

// relabelOrg gives an organization the label of its standing.
func (m *Members) relabelOrg(tx *db.Tx, id string, st policy.Standing, sponsor string) (policy.Label, error) {
	label, err := m.orgLabel(tx.View, id, st, sponsor)
	if err != nil {
		return label, err
	}
	audience, err := tx.Store(label.Audience)
	if err != nil {
		return label, err
	}
	_, err = tx.Exec(`UPDATE organizations SET tlp = $1, audience = $2 WHERE id = $3`, string(label.TLP), audience, id)
	return label, err
}

// StandingChange is one step an organization took.
type StandingChange struct {
	At          time.Time
	Was, Became policy.Standing
	By          string // a person id, or system:<name>
	Reason      string
}

// History lists the steps of an organization's standing with their reasons,
// oldest first, for the desk's circle and for the organization's own people.
func (m *Members) History(v *db.View, org string) ([]StandingChange, error) {
	who := v.Viewer()
	if who.Org != org || who.IsToken() {
		s, err := m.Settings(v)
		if err != nil {
			return nil, err
		}
		if !who.CanRead(policy.NewAudience(policy.OfCircle(s.Desk))) {
			return nil, fault.ErrMissing
		}
	}
	return db.All(v, func(s db.Scanner) (c StandingChange, err error) {
		var at int64
		err = s.Scan(&at, &c.Was, &c.Became, &c.By, &c.Reason)
		c.At = clock.FromMicros(at)
		return c, err
	}, `SELECT at, was, became, by_actor, reason FROM organization_moves WHERE org = $1 ORDER BY step`, org)
}

// Paused lists the members that the viewer can see and that are suspended or in
// grace, by name, for the desk.
func (m *Members) Paused(v *db.View) ([]Organization, error) {
	if !v.Viewer().May(policy.MayVet) {
		return nil, errMayNot
	}
	return db.All(v, scanOrg(v), `SELECT `+orgColumns+` FROM visible.organizations o WHERE o.standing IN ('suspended', 'grace') ORDER BY o.name_key, o.id`)
}
