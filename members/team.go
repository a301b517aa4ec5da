package members

import (
	"time"

	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/policy"
)

// NewTeam is a circle whose roster another duty keeps: the participants of a
// case, or one organization's people on it. It stands for the thing that Object
// names and is not among the circles that people found and lead.
type NewTeam struct {
	Object string          // id of the thing that the roster follows
	Name   string          // shown in audiences
	Named  bool            // of named persons: may hold TLP:RED
	Known  policy.Audience // who else may know of it and name it: organizations and circles
}

// FormTeam forms a team with nobody on it and returns the circle's id. It is for
// duties, which have checked that the viewer may; the roster changes only through
// [Members.PutOnTeam] and [Members.TakeOffTeam].
func (m *Members) FormTeam(tx *db.Tx, n NewTeam) (string, error) {
	id := ids.New("circle")
	l := policy.Label{TLP: policy.AmberStrict, Audience: n.Known.With(policy.OfCircle(id))}
	audience, err := tx.Store(l.Audience)
	if err != nil {
		return "", err
	}
	if _, err := tx.Exec(`INSERT INTO circles (id, name, name_key, purpose, named, object, formed_at, formed_by, tlp, audience) VALUES ($1, $2, $3, '', $4, $5, $6, $7, $8, $9)`,
		id, n.Name, fold(n.Name), flag(n.Named), n.Object, clock.Micros(tx.Now()), tx.Viewer().Actor(), string(l.TLP), audience); err != nil {
		return "", err
	}
	tx.Append(db.Entry{Verb: "circle.formed", Object: id, Parent: n.Object, Label: l, Data: map[string]any{"name": n.Name, "named": n.Named}})
	return id, nil
}

// KnowTeam changes who else may know of a team and name it: an organization that
// was asked into a case becomes known to the others only when it accepts. It is
// for duties.
func (m *Members) KnowTeam(tx *db.Tx, circle string, known policy.Audience) error {
	if err := isTeam(tx.View, circle); err != nil {
		return err
	}
	l := policy.Label{TLP: policy.AmberStrict, Audience: known.With(policy.OfCircle(circle))}
	audience, err := tx.Store(l.Audience)
	if err != nil {
		return err
	}
	if err := tx.MustChange(`UPDATE circles SET tlp = $1, audience = $2 WHERE id = $3`, string(l.TLP), audience, circle); err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: "circle.known", Object: circle, Label: l, Access: true, Data: map[string]any{"known": known.Strings()}})
	return nil
}

// PutOnTeam puts a person on a team's roster, until a time or, with the zero
// time, until taken off. Again, it changes the time. It is for duties.
func (m *Members) PutOnTeam(tx *db.Tx, circle, person string, until time.Time) error {
	if err := isTeam(tx.View, circle); err != nil {
		return err
	}
	var ends int64
	if !until.IsZero() {
		ends = clock.Micros(until)
	}
	if _, err := tx.Exec(`INSERT INTO circle_people (circle, person, duty, at, by_person, until) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (circle, person) DO UPDATE SET until = excluded.until`,
		circle, person, duMember, clock.Micros(tx.Now()), tx.Viewer().Actor(), ends); err != nil {
		return err
	}
	data := map[string]any{"duty": duMember}
	if !until.IsZero() {
		data["until"] = until.UTC()
	}
	tx.Append(db.Entry{Verb: "circle.joined", Object: person, Parent: circle, Label: rosterLabel(circle, person), Access: true, Data: data})
	return m.relabelPerson(tx, person)
}

// TakeOffTeam takes a person off a team's roster, if he is on it. It is for
// duties.
func (m *Members) TakeOffTeam(tx *db.Tx, circle, person, why string) error {
	if err := isTeam(tx.View, circle); err != nil {
		return err
	}
	on, err := tx.Exists(`SELECT 1 FROM circle_people WHERE circle = $1 AND person = $2`, circle, person)
	if err != nil || !on {
		return err
	}
	if err := m.dropLine(tx, circle, person, why); err != nil {
		return err
	}
	return m.relabelPerson(tx, person)
}

// OnTeam lists who is on a team now, by id. It is for rules, not for show: see
// [Members.Roster].
func (m *Members) OnTeam(v *db.View, circle string) ([]string, error) {
	return db.All(v, db.Value[string], `SELECT person FROM circle_people WHERE circle = $1 AND (until = 0 OR until > $2) ORDER BY person`, circle, clock.Micros(v.Now()))
}

// LapseTeams takes those off their teams whose time has ended, so that their open
// pages end too; what they may read ended with the time itself. It returns how
// many it took off.
func (m *Members) LapseTeams(tx *db.Tx) (int, error) {
	type line struct{ circle, person string }
	lines, err := db.All(tx.View, func(s db.Scanner) (l line, err error) { err = s.Scan(&l.circle, &l.person); return l, err },
		`SELECT circle, person FROM circle_people WHERE until > 0 AND until <= $1 ORDER BY circle, person LIMIT 500`, clock.Micros(tx.Now()))
	if err != nil {
		return 0, err
	}
	for _, l := range lines {
		if err := m.dropLine(tx, l.circle, l.person, "the time ended"); err != nil {
			return 0, err
		}
		if err := m.relabelPerson(tx, l.person); err != nil {
			return 0, err
		}
	}
	return len(lines), nil
}

func isTeam(v *db.View, circle string) error {
	ok, err := all(v).Exists(`SELECT 1 FROM visible.circles WHERE id = $1 AND object <> ''`, circle)
	if err == nil && !ok {
		err = fault.ErrMissing
	}
	return err
}
