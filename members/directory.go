package members

import (
	"encoding/base64"
	"strings"

	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
)

// Filter narrows a list of the directory.
type Filter struct {
	Query string      // part of a name
	Kind  policy.Kind // "" for all
	Limit int         // at most 200; 0 means 50
}

func (f Filter) limit() int {
	if f.Limit <= 0 {
		return 50
	}
	return min(f.Limit, 200)
}

// like is the pattern that finds the query in a folded name. Its wildcards are
// taken literally, with ! before them.
func (f Filter) like() string {
	return "%" + strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(fold(f.Query)) + "%"
}

// cursor is where a list by name goes on: after a folded name and an id.
func cursor(key, id string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(key + "\n" + id))
}

// After is the cursor of [Members.Organizations] that goes on after one.
func After(o Organization) string { return cursor(fold(o.Name), o.ID) }

func readCursor(s string) (key, id string, err error) {
	if s == "" {
		return "", "", nil
	}
	b, err := base64.RawURLEncoding.DecodeString(s)
	key, id, ok := strings.Cut(string(b), "\n")
	if err != nil || !ok || len(b) > 2000 {
		return "", "", fault.InvalidField("cursor", "This is not a place in this list. Start from its beginning.")
	}
	return key, id, nil
}

// OrgRow is an organization in the directory.
type OrgRow struct {
	Organization
	People int // those of its people whom the viewer can see
}

// Organizations lists the members in good standing that the viewer can see, by
// name. next is "" at the end.
func (m *Members) Organizations(v *db.View, f Filter, after string) (rows []OrgRow, next string, err error) {
	key, id, err := readCursor(after)
	if err != nil {
		return nil, "", err
	}
	limit := f.limit()
	orgs, err := db.All(v, scanOrg(v), `SELECT `+orgColumns+` FROM visible.organizations o
		WHERE o.standing IN ('active', 'provisional', 'grace') AND ($1 = '' OR o.kind = $1) AND o.name_key LIKE $2 ESCAPE '!'
		AND (o.name_key > $3 OR o.name_key = $3 AND o.id > $4) ORDER BY o.name_key, o.id LIMIT $5`,
		string(f.Kind), f.like(), key, id, limit+1)
	if err != nil {
		return nil, "", err
	}
	if len(orgs) > limit {
		orgs = orgs[:limit]
		last := orgs[limit-1]
		next = cursor(fold(last.Name), last.ID)
	}
	list := make([]string, len(orgs))
	for i, o := range orgs {
		list[i] = o.ID
	}
	counts := map[string]int{}
	err = v.Each(`SELECT org, COUNT(*) FROM visible.people WHERE left_at = 0 AND org IN (SELECT value FROM json_each($1)) GROUP BY org`, []any{db.List(list)},
		func(s db.Scanner) error {
			var org string
			var n int
			err := s.Scan(&org, &n)
			counts[org] = n
			return err
		})
	for _, o := range orgs {
		rows = append(rows, OrgRow{o, counts[o.ID]})
	}
	return rows, next, err
}

// Makers gives the names of the manufacturers and vendors in good standing that the
// viewer can see, by id.
func (m *Members) Makers(v *db.View) (map[string]string, error) {
	out := map[string]string{}
	err := v.Each(`SELECT o.id, o.name FROM visible.organizations o WHERE o.standing IN ('active', 'provisional', 'grace') AND o.kind IN ($1, $2)`, []any{string(policy.Manufacturer), string(policy.Vendor)}, func(s db.Scanner) error {
		var id, name string
		err := s.Scan(&id, &name)
		out[id] = name
		return err
	})
	return out, err
}

// People lists the people of an organization whom the viewer can see, by name.
// An organization that is not visible has none.
func (m *Members) People(v *db.View, org string) ([]Person, error) {
	return db.All(v, scanPerson, `SELECT `+personColumns+` FROM visible.people p JOIN visible.organizations o ON o.id = p.org
		WHERE p.org = $1 AND p.left_at = 0 ORDER BY p.name_key, p.id`, org)
}

// FindPeople lists the people in good standing whom the viewer can see and whose
// name contains the query, for pickers and mentions.
func (m *Members) FindPeople(v *db.View, f Filter) ([]Person, error) {
	return db.All(v, scanPerson, `SELECT `+personColumns+` FROM visible.people p JOIN visible.organizations o ON o.id = p.org
		WHERE p.left_at = 0 AND p.suspended = 0 AND o.standing IN ('active', 'provisional', 'grace') AND ($1 = '' OR o.kind = $1)
		AND p.name_key LIKE $2 ESCAPE '!' ORDER BY p.name_key, p.id LIMIT $3`, string(f.Kind), f.like(), f.limit())
}

// Addressees is whom a viewer may put in an audience.
type Addressees struct {
	Circles []Circle
	Orgs    []Organization
	Kinds   []policy.Kind // those of which there is a visible member
	People  []Person      // at most the first 500 by name; FindPeople finds the others
	More    bool          // there are more people
}

// mostPeople is how many people a picker is given at once.
const mostPeople = 500

// Addressees lists whom the viewer may put in an audience.
func (m *Members) Addressees(v *db.View) (a Addressees, err error) {
	if !v.Viewer().InGoodStanding() && !v.Viewer().IsSystem() {
		return a, nil
	}
	if a.Circles, err = m.Circles(v); err != nil {
		return a, err
	}
	if a.Orgs, err = db.All(v, scanOrg(v), `SELECT `+orgColumns+` FROM visible.organizations o
		WHERE o.standing IN ('active', 'provisional', 'grace') ORDER BY o.name_key, o.id`); err != nil {
		return a, err
	}
	seen := map[policy.Kind]bool{}
	for _, o := range a.Orgs {
		seen[o.Kind] = true
	}
	for _, k := range policy.Kinds() {
		if seen[k] {
			a.Kinds = append(a.Kinds, k)
		}
	}
	a.People, err = db.All(v, scanPerson, `SELECT `+personColumns+` FROM visible.people p JOIN visible.organizations o ON o.id = p.org
		WHERE p.left_at = 0 AND p.suspended = 0 AND o.standing IN ('active', 'provisional', 'grace') ORDER BY p.name_key, p.id LIMIT $1`, mostPeople+1)
	if len(a.People) > mostPeople {
		a.People, a.More = a.People[:mostPeople], true
	}
	return a, err
}
