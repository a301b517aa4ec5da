package members

import (
	"time"

	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/policy"
)

// Circle is a working group, a room's roster or a case team.
type Circle struct {
	ID      string
	Name    string
	Purpose string
	Named   bool   // of named persons: may hold TLP:RED
	Object  string // of a team: the thing its roster follows, such as a case
	Formed  time.Time
	By      string       // person id of the founder
	Label   policy.Label // who may know that it exists
	Mine    bool         // the viewer is on the roster
	Steward bool         // the viewer admits others
}

// NewCircle is a circle to be formed. An empty audience in Label means that only
// the circle itself knows of it.
type NewCircle struct {
	ID      string // chosen by the program, or "" for a new one
	Name    string
	Purpose string
	Named   bool
	Label   policy.Label
}

const circleColumns = `c.id, c.name, c.purpose, c.named, c.object, c.formed_at, c.formed_by, c.tlp, c.audience`

func scanCircle(v *db.View) func(db.Scanner) (Circle, error) {
	return func(s db.Scanner) (c Circle, err error) {
		var named, at int64
		var tlp, audience string
		if err = s.Scan(&c.ID, &c.Name, &c.Purpose, &named, &c.Object, &at, &c.By, &tlp, &audience); err != nil {
			return c, err
		}
		c.Named, c.Formed = named == 1, clock.FromMicros(at)
		c.Label, err = v.Label(tlp, audience)
		c.Mine = v.Viewer().Principals().Has(policy.OfCircle(c.ID))
		return c, err
	}
}

// FormCircle founds a circle with the viewer as its first steward.
func (m *Members) FormCircle(tx *db.Tx, n NewCircle) (string, error) {
	who := tx.Viewer()
	if !who.May(policy.MayFormCircle) || !who.SignedIn() {
		return "", errMayNot
	}
	n.ID = ids.New("circle")
	if err := m.formCircle(tx, n, who.Person); err != nil {
		return "", err
	}
	return n.ID, m.enroll(tx, n.ID, who.Person, duSteward)
}

// formCircle writes the circle itself.
func (m *Members) formCircle(tx *db.Tx, n NewCircle, by string) error {
	var c checker
	n.Name = c.line("name", "the circle's name", n.Name, 2, 120)
	n.Purpose = c.text("purpose", "the circle's purpose", n.Purpose, 0, 1000)
	if err := c.err(); err != nil {
		return err
	}
	self := policy.OfCircle(n.ID)
	l := n.Label
	if l.TLP == "" {
		l.TLP = policy.AmberStrict
	}
	if (l.TLP == policy.Green || l.TLP == policy.Clear) && l.Audience.Empty() {
		return fault.InvalidField("audience", "Choose who may know that the circle exists.")
	}
	// Its members always know of the circle: by name, or because everybody does.
	switch l.TLP {
	case policy.Green:
		if !l.Audience.Has(policy.Community) {
			return fault.InvalidField("audience", "A circle that is known under TLP:GREEN is known to the whole community. For fewer, choose TLP:AMBER or stricter.")
		}
	case policy.Clear:
	default:
		l.Audience = l.Audience.With(self)
	}
	// The circle is not there yet, so it is checked as the facts will be.
	if err := m.nameable(tx.View, without(l.Audience, self)); err != nil {
		return err
	}
	if err := l.Check(future{m.Facts(tx.View), n.ID, n.Named}); err != nil {
		return fault.InvalidField("label", "%s", err)
	}
	audience, err := tx.Store(l.Audience)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(`INSERT INTO circles (id, name, name_key, purpose, named, object, formed_at, formed_by, tlp, audience) VALUES ($1, $2, $3, $4, $5, '', $6, $7, $8, $9)`,
		n.ID, n.Name, fold(n.Name), n.Purpose, flag(n.Named), clock.Micros(tx.Now()), by, string(l.TLP), audience); err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: "circle.formed", Object: n.ID, Label: l, Data: map[string]any{"name": n.Name, "purpose": n.Purpose, "named": n.Named}})
	return nil
}

// future is the facts with one circle more.
type future struct {
	policy.Facts
	circle string
	named  bool
}

func (f future) NamedCircle(id string) bool {
	if id == f.circle {
		return f.named
	}
	return f.Facts.NamedCircle(id)
}

func without(a policy.Audience, p policy.Principal) policy.Audience {
	var ps []policy.Principal
	for _, q := range a.Members() {
		if q != p {
			ps = append(ps, q)
		}
	}
	return policy.NewAudience(ps...)
}

// Circle reads a circle that the viewer may know of.
func (m *Members) Circle(v *db.View, id string) (Circle, error) {
	c, err := db.One(v, scanCircle(v), `SELECT `+circleColumns+` FROM visible.circles c WHERE c.id = $1`, id)
	if err != nil {
		return c, err
	}
	c.Steward, err = m.isSteward(v, id, v.Viewer().Person)
	return c, err
}

// Circles lists the circles that the viewer may know of, by name; teams, whose
// rosters follow something else, are not among them.
func (m *Members) Circles(v *db.View) ([]Circle, error) {
	cs, err := db.All(v, scanCircle(v), `SELECT `+circleColumns+` FROM visible.circles c WHERE c.object = '' ORDER BY c.name_key, c.id`)
	if err != nil {
		return nil, err
	}
	led, err := db.All(v, db.Value[string], `SELECT circle FROM circle_people WHERE person = $1 AND duty = 'steward'`, v.Viewer().Person)
	if err != nil {
		return nil, err
	}
	mine := map[string]bool{}
	for _, id := range led {
		mine[id] = true
	}
	for i := range cs {
		cs[i].Steward = cs[i].Mine && mine[cs[i].ID]
	}
	return cs, nil
}
