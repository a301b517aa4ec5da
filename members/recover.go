package members

import (
	"time"

	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/policy"
)

// recoveryDelay is how long a recovery waits after its second approval, so that
// the true owner can object (security.md A7.1).
const recoveryDelay = 24 * time.Hour

// Recovery is the way back for a person who lost every passkey: two different
// people vouch, a day passes, one link is made.
type Recovery struct {
	ID       string
	Person   string
	Reason   string
	Asked    time.Time
	First    string // person ids of those who vouched
	Second   string
	Approved time.Time
	Ready    time.Time // when the link can be made; zero until approved
	Linked   time.Time
}

const recoveryColumns = `r.id, r.person, r.reason, r.asked_at, r.first_by, r.second_by, r.approved_at, r.linked_at`

func scanRecovery(s db.Scanner) (r Recovery, err error) {
	var asked, approved, linked int64
	err = s.Scan(&r.ID, &r.Person, &r.Reason, &asked, &r.First, &r.Second, &approved, &linked)
	r.Asked, r.Approved, r.Linked = clock.FromMicros(asked), clock.FromMicros(approved), clock.FromMicros(linked)
	if approved != 0 {
		r.Ready = r.Approved.Add(recoveryDelay)
	}
	return r, err
}

// mayVouch is who vouches for a recovery: an officer of the person's own
// organization, the desk or an operator, never the person.
func (m *Members) mayVouch(v *db.View, p Person) error {
	who := v.Viewer()
	switch {
	case who.IsToken() || who.Person == p.ID:
		return errMayNot
	case who.May(policy.MayVet) && who.SignedIn(), who.May(policy.MayManageOrg) && who.Org == p.Org && who.SignedIn():
		return nil
	case who.May(policy.MayManageOrg):
		return fault.ErrMissing
	}
	return errMayNot
}

// RequestRecovery is the first person's word that somebody lost every passkey
// and is who they say they are; the reason says how that was checked.
func (m *Members) RequestRecovery(tx *db.Tx, personID, reason string) (string, error) {
	p, err := person(tx.View, personID)
	if err == nil {
		err = m.mayVouch(tx.View, p)
	}
	if fault.Is(err, fault.Missing) && !tx.Viewer().May(policy.MayVet) && !tx.Viewer().May(policy.MayManageOrg) {
		return "", errMayNot
	}
	if err != nil {
		return "", err
	}
	if err := m.freshly(tx.View); err != nil {
		return "", err
	}
	return m.askRecovery(tx, p, reason, tx.Viewer().Person, "")
}

func (m *Members) askRecovery(tx *db.Tx, p Person, reason, first, second string) (string, error) {
	var c checker
	reason = c.text("reason", "how you know that it is this person", reason, 10, 2000)
	if err := c.err(); err != nil {
		return "", err
	}
	if !p.Left.IsZero() {
		return "", fault.ErrMissing
	}
	if open, err := tx.Exists(`SELECT 1 FROM recoveries WHERE person = $1 AND ended_at = 0`, p.ID); err != nil || open {
		if err == nil {
			err = fault.Conflictf("A recovery is under way already.")
		}
		return "", err
	}
	var approved int64
	if second != "" {
		approved = clock.Micros(tx.Now())
	}
	id := ids.New("recovery")
	if _, err := tx.Exec(`INSERT INTO recoveries (id, person, reason, asked_at, first_by, second_by, approved_at, linked_at, ended_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 0)`,
		id, p.ID, reason, clock.Micros(tx.Now()), first, second, approved); err != nil {
		return "", err
	}
	tx.Append(db.Entry{Verb: "recovery.asked", Object: id, Parent: p.ID, Label: toPerson(p.ID), Data: map[string]string{"reason": reason, "first": first, "second": second}})
	return id, nil
}

// ApproveRecovery is the second person's word. From now a day has to pass.
func (m *Members) ApproveRecovery(tx *db.Tx, id string) error {
	r, err := m.openRecovery(tx.View, id)
	if err != nil {
		return err
	}
	if r.First == tx.Viewer().Person {
		return fault.Forbiddenf("You asked for this recovery. A second person has to approve it.")
	}
	if r.Second != "" {
		return fault.Conflictf("This recovery is approved already.")
	}
	if err := m.freshly(tx.View); err != nil {
		return err
	}
	if err := tx.MustChange(`UPDATE recoveries SET second_by = $1, approved_at = $2 WHERE id = $3 AND second_by = ''`, tx.Viewer().Person, clock.Micros(tx.Now()), id); err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: "recovery.approved", Object: id, Parent: r.Person, Label: toPerson(r.Person), Data: map[string]string{"second": tx.Viewer().Person}})
	return nil
}

// openRecovery reads a recovery that is under way and the viewer may handle.
func (m *Members) openRecovery(v *db.View, id string) (Recovery, error) {
	r, err := db.One(v, scanRecovery, `SELECT `+recoveryColumns+` FROM recoveries r WHERE r.id = $1 AND r.ended_at = 0`, id)
	if err != nil {
		return r, err
	}
	p, err := person(v, r.Person)
	if err != nil {
		return r, err
	}
	if err := m.mayVouch(v, p); err != nil {
		return r, fault.ErrMissing
	}
	return r, nil
}

// RecoveryLink makes the link, a day after the second approval. A link made
// before is void.
func (m *Members) RecoveryLink(tx *db.Tx, id string) (Link, error) {
	var r Recovery
	var err error
	if tx.Viewer().IsSystem() {
		r, err = db.One(tx.View, scanRecovery, `SELECT `+recoveryColumns+` FROM recoveries r WHERE r.id = $1 AND r.ended_at = 0`, id)
	} else {
		r, err = m.openRecovery(tx.View, id)
	}
	if err != nil {
		return Link{}, err
	}
	switch {
	case r.Ready.IsZero():
		return Link{}, fault.Conflictf("A second person has to approve first.")
	case tx.Now().Before(r.Ready):
		return Link{}, fault.Conflictf("The link can be made from %s UTC on, a day after the second approval.", r.Ready.Format("2 January 2006 15:04"))
	}
	if _, err := tx.Exec(`UPDATE invitations SET revoked_at = $1 WHERE kind = $2 AND person = $3 AND used_at = 0 AND revoked_at = 0`, clock.Micros(tx.Now()), LinkRecovery, r.Person); err != nil {
		return Link{}, err
	}
	p, err := person(tx.View, r.Person)
	if err != nil {
		return Link{}, err
	}
	l, err := m.makeLink(tx, LinkRecovery, p.Org, p.ID, p.Name, map[string]string{"recovery": id})
	if err != nil {
		return l, err
	}
	if err := tx.MustChange(`UPDATE recoveries SET linked_at = $1 WHERE id = $2`, clock.Micros(tx.Now()), id); err != nil {
		return l, err
	}
	tx.Append(db.Entry{Verb: "recovery.link-made", Object: id, Parent: r.Person, Label: toPerson(r.Person), Data: struct{}{}})
	return l, nil
}

// CancelRecovery ends a recovery: its owner, who evidently can sign in, or
// anybody who may vouch.
func (m *Members) CancelRecovery(tx *db.Tx, id string) error {
	r, err := db.One(tx.View, scanRecovery, `SELECT `+recoveryColumns+` FROM recoveries r WHERE r.id = $1 AND r.ended_at = 0`, id)
	if err != nil {
		return err
	}
	if tx.Viewer().Person != r.Person || tx.Viewer().IsToken() {
		if _, err := m.openRecovery(tx.View, id); err != nil {
			return err
		}
	}
	now := clock.Micros(tx.Now())
	if err := tx.MustChange(`UPDATE recoveries SET ended_at = $1 WHERE id = $2`, now, id); err != nil {
		return err
	}
	if _, err := tx.Exec(`UPDATE invitations SET revoked_at = $1 WHERE kind = $2 AND person = $3 AND used_at = 0 AND revoked_at = 0`, now, LinkRecovery, r.Person); err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: "recovery.cancelled", Object: id, Parent: r.Person, Label: toPerson(r.Person), Data: struct{}{}})
	return nil
}

// Recoveries lists the recoveries under way that the viewer may handle, or that
// are about the viewer, oldest first.
func (m *Members) Recoveries(v *db.View) ([]Recovery, error) {
	rs, err := db.All(v, scanRecovery, `SELECT `+recoveryColumns+` FROM recoveries r WHERE r.ended_at = 0 ORDER BY r.asked_at, r.id`)
	if err != nil {
		return nil, err
	}
	var out []Recovery
	for _, r := range rs {
		if r.Person == v.Viewer().Person && !v.Viewer().IsToken() {
			out = append(out, r)
			continue
		}
		p, err := person(v, r.Person)
		if err != nil {
			return nil, err
		}
		if m.mayVouch(v, p) == nil {
			out = append(out, r)
		}
	}
	return out, nil
}

// AdminRecovery is for the loss of an operator, through the machine itself: two
// different people of the desk or operators vouch, named to the program on the
// machine. The day's delay holds here too.
func (m *Members) AdminRecovery(tx *db.Tx, personID, first, second, reason string) (string, error) {
	if !tx.Viewer().IsSystem() {
		return "", errMayNot
	}
	if first == second || first == personID || second == personID {
		return "", fault.InvalidField("by", "Two different people have to vouch, neither of them the one who is recovered.")
	}
	for _, id := range []string{first, second} {
		r, err := load(tx.View, id)
		if fault.Is(err, fault.Missing) || err == nil && (!r.good() || !ofStaff(r.roles)) {
			return "", fault.InvalidField("by", "%q is not an operator or of the desk, in good standing.", id)
		}
		if err != nil {
			return "", err
		}
	}
	p, err := person(tx.View, personID)
	if err != nil {
		return "", err
	}
	return m.askRecovery(tx, p, reason, first, second)
}

// ofStaff reports whether the roles name the desk or an operator.
func ofStaff(rs []policy.Role) bool {
	for _, r := range rs {
		if r == policy.RoleDesk || r == policy.RoleOperator {
			return true
		}
	}
	return false
}

// recovered ends a recovery with its link: the lost passkeys, every session and
// every token go.
func (m *Members) recovered(tx *db.Tx, personID string) (org string, err error) {
	r, err := db.One(tx.View, scanRecovery, `SELECT `+recoveryColumns+` FROM recoveries r WHERE r.person = $1 AND r.ended_at = 0 AND r.linked_at > 0`, personID)
	if fault.Is(err, fault.Missing) {
		return "", ErrLink
	}
	if err != nil {
		return "", err
	}
	p, err := person(tx.View, personID)
	if err != nil {
		return "", err
	}
	if err := m.revokeAll(tx, personID, "recovered"); err != nil {
		return "", err
	}
	n, err := tx.Exec(`DELETE FROM passkeys WHERE person = $1`, personID)
	if err != nil {
		return "", err
	}
	if err := tx.MustChange(`UPDATE recoveries SET ended_at = $1 WHERE id = $2`, clock.Micros(tx.Now()), r.ID); err != nil {
		return "", err
	}
	tx.Append(db.Entry{Verb: "recovery.done", Object: r.ID, Parent: personID, Label: toPerson(personID), Access: true, Data: map[string]int64{"passkeys_removed": n}})
	return p.Org, nil
}
