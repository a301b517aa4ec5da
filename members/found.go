package members

import (
	"slices"

	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/policy"
)

// Founding is what a house needs to begin: the community, the organization that
// runs it, and its first operator.
type Founding struct {
	Community string    `json:"community"`
	Purpose   string    `json:"purpose"`
	Org       Profile   `json:"org"`
	Person    NewPerson `json:"founder"`
	// OrgID, DeskID and PersonID are chosen by the program, or "" for new ones.
	OrgID    string `json:"-"`
	DeskID   string `json:"-"`
	PersonID string `json:"-"`
}

func (f *Founding) check() error {
	var c checker
	f.Community = c.line("community", "the community's name", f.Community, 2, 120)
	f.Purpose = c.text("purpose", "the purpose", f.Purpose, 0, 1000)
	f.Org.Kind = policy.ISAO
	f.Org.check(&c)
	f.Person.check(&c)
	return c.err()
}

// Founded reports whether the community exists.
func (m *Members) Founded(v *db.View) (bool, error) {
	_, err := m.Settings(v)
	if fault.Is(err, fault.Missing) {
		return false, nil
	}
	return err == nil, err
}

// FirstRun founds the community: its settings, the ISAO's organization, the
// desk's circle and the first operator, who is also officer and desk. It can be
// done once, by the program or through the first operator's link.
func (m *Members) FirstRun(tx *db.Tx, f Founding) (Settings, error) {
	if !tx.Viewer().IsSystem() {
		return Settings{}, errMayNot
	}
	return m.found(tx, f)
}

func (m *Members) found(tx *db.Tx, f Founding) (Settings, error) {
	if err := f.check(); err != nil {
		return Settings{}, err
	}
	if done, err := m.Founded(tx.View); err != nil || done {
		if err == nil {
			err = fault.Conflictf("The community was founded already.")
		}
		return Settings{}, err
	}
	for _, id := range []struct {
		kind string
		id   *string
	}{{"org", &f.OrgID}, {"circle", &f.DeskID}, {"person", &f.PersonID}} {
		if *id.id == "" {
			*id.id = ids.New(id.kind)
		}
	}
	s := Settings{ID: ids.New("community"), Name: f.Community, Purpose: f.Purpose, Org: f.OrgID, Desk: f.DeskID, Founded: tx.Now()}
	if _, err := tx.Exec(`INSERT INTO community_settings (one, id, name, purpose, isao, desk, founded_at) VALUES (1, $1, $2, $3, $4, $5, $6)`,
		s.ID, s.Name, s.Purpose, s.Org, s.Desk, clock.Micros(s.Founded)); err != nil {
		return s, err
	}
	tx.Append(db.Entry{Verb: "community.founded", Object: s.ID, Label: toCommunity(), Data: map[string]string{"name": s.Name, "purpose": s.Purpose}})
	if err := m.insertOrg(tx, s.Org, f.Org, policy.Active, "", ""); err != nil {
		return s, err
	}
	tx.Append(db.Entry{Verb: "organization.activated", Object: s.Org, Label: toCommunity(), Access: true, Data: f.Org})
	desk := NewCircle{ID: s.Desk, Name: "Desk", Purpose: "The staff of " + f.Org.Name + ": applications, rooms, help.", Named: true,
		Label: policy.Label{TLP: policy.Green, Audience: policy.NewAudience(policy.Community)}}
	if err := m.formCircle(tx, desk, f.PersonID); err != nil {
		return s, err
	}
	for _, r := range policy.Roles() {
		if !slices.Contains(f.Person.Roles, r) {
			f.Person.Roles = append(f.Person.Roles, r)
		}
	}
	return s, m.join(tx, f.PersonID, s.Org, f.Person, "founding")
}

// join makes a person a member, however it came about.
func (m *Members) join(tx *db.Tx, id, org string, p NewPerson, how string) error {
	if err := m.insertPerson(tx, id, org, p); err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: "person.joined", Object: id, Parent: org, Label: toOrg(org), Access: true,
		Data: map[string]any{"name": p.Name, "title": p.Title, "roles": p.Roles, "recipient": p.Recipient, "how": how}})
	return nil
}
