package members

import (
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/policy"
)

// SeedOrganization makes an active member at once, for the demo and for tests.
// id may be "". Only the program itself may.
func (m *Members) SeedOrganization(tx *db.Tx, id string, p Profile) (string, error) {
	if !tx.Viewer().IsSystem() {
		return "", errMayNot
	}
	if err := p.Check(); err != nil {
		return "", err
	}
	if id == "" {
		id = ids.New("org")
	}
	if err := m.insertOrg(tx, id, p, policy.Active, "", ""); err != nil {
		return "", err
	}
	tx.Append(db.Entry{Verb: "organization.activated", Object: id, Label: toCommunity(), Access: true, Data: p})
	return id, nil
}

// SeedPerson makes a person of an organization at once. id may be "". Only the
// program itself may.
func (m *Members) SeedPerson(tx *db.Tx, id, org string, p NewPerson) (string, error) {
	if !tx.Viewer().IsSystem() {
		return "", errMayNot
	}
	var c checker
	p.check(&c)
	if err := c.err(); err != nil {
		return "", err
	}
	if err := m.mayGive(tx.View, org, nil, p.Roles); err != nil {
		return "", err
	}
	if id == "" {
		id = ids.New("person")
	}
	return id, m.join(tx, id, org, p, "seeded")
}

// SeedCircle forms a circle with a roster at once; steward is one of the people.
// n.ID may be "", or chosen beforehand so that n.Label can name it. Only the
// program itself may.
func (m *Members) SeedCircle(tx *db.Tx, n NewCircle, steward string, roster []string) (string, error) {
	if !tx.Viewer().IsSystem() {
		return "", errMayNot
	}
	if n.ID == "" {
		n.ID = ids.New("circle")
	}
	if err := m.formCircle(tx, n, steward); err != nil {
		return "", err
	}
	if err := m.enroll(tx, n.ID, steward, duSteward); err != nil {
		return "", err
	}
	for _, p := range roster {
		if p == steward {
			continue
		}
		if err := m.enroll(tx, n.ID, p, duMember); err != nil {
			return "", err
		}
	}
	return n.ID, nil
}

// SeedToken makes a token for any person, for the demo's programs and tests.
// Only the program itself may.
func (m *Members) SeedToken(tx *db.Tx, person string, n NewToken) (string, error) {
	if !tx.Viewer().IsSystem() {
		return "", errMayNot
	}
	if ok, err := all(tx.View).Exists(`SELECT 1 FROM visible.people WHERE id = $1 AND left_at = 0`, person); err != nil || !ok {
		if err == nil {
			err = fault.ErrMissing
		}
		return "", err
	}
	text, _, err := m.makeToken(tx, person, n)
	return text, err
}
