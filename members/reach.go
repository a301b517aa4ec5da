package members

import (
	"fmt"
	"strconv"
	"sync"

	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/policy"
)

// Reach is who can read a label at this moment.
type Reach struct {
	Everyone bool // the label is public: the numbers mean nothing
	People   int
	Orgs     int
	Rows     []ReachRow // by organization's name
	Others   bool       // the label also names some whom this viewer may not know
}

// ReachRow is how many people of one organization can read it.
type ReachRow struct {
	Org    string // id
	Name   string
	Kind   policy.Kind
	People int
}

// readers is the rule of policy.Membership.Principals as one condition, over
// people p and organizations o. A property test holds both equal.
const readers = `p.left_at = 0 AND p.suspended = 0 AND o.standing IN ('active', 'provisional', 'grace') AND (
	CAST($1 AS BIGINT) = 1 OR CAST($2 AS BIGINT) = 1 AND o.kind <> 'agency'
	OR o.kind IN (SELECT value FROM json_each($3))
	OR p.recipient = 1 AND p.org IN (SELECT value FROM json_each($4))
	OR p.id IN (SELECT value FROM json_each($5))
	OR p.id IN (SELECT cp.person FROM circle_people cp WHERE cp.circle IN (SELECT value FROM json_each($6))))`

// readerArgs splits an audience into the arguments of readers. Public counts
// every member, as a member reads what everybody reads.
func readerArgs(ps []policy.Principal) []any {
	lists := map[string][]string{}
	var community, private int64
	for _, p := range ps {
		switch p {
		case policy.Public, policy.Community:
			community = 1
		case policy.CommunityPrivate:
			private = 1
		default:
			lists[p.Class()] = append(lists[p.Class()], p.ID())
		}
	}
	return []any{community, private, db.List(lists["kind"]), db.List(lists["org"]), db.List(lists["person"]), db.List(lists["circle"])}
}

// Reach counts who can read a label now, as far as the viewer may name them.
func (m *Members) Reach(v *db.View, l policy.Label) (Reach, error) {
	if l.Audience.Has(policy.Public) {
		return Reach{Everyone: true}, nil
	}
	var r Reach
	ps := l.Audience.Members()
	if !v.Viewer().IsSystem() {
		k, err := m.known(v, l.Audience)
		if err != nil {
			return r, err
		}
		var named []policy.Principal
		for _, p := range ps {
			if k[p] || v.Viewer().Principals().Has(p) {
				named = append(named, p)
			} else {
				r.Others = true
			}
		}
		ps = named
	}
	rows, err := m.reachRows(v, ps)
	if err != nil {
		return r, err
	}
	r.Rows, r.Orgs = rows, len(rows)
	for _, row := range rows {
		r.People += row.People
	}
	return r, nil
}

// reachRows counts the readers of principals by organization. Every page and
// every post asks, and the answer changes only when somebody's rights do: it is
// remembered until then. The caller must not change the rows.
func (m *Members) reachRows(v *db.View, ps []policy.Principal) ([]ReachRow, error) {
	version, ok, err := v.AccessVersion()
	if err != nil {
		return nil, err
	}
	key := policy.NewAudience(ps...).ID()
	if ok {
		if rows, found := m.reaches.get(version, key); found {
			return rows, nil
		}
	}
	rows, err := db.All(all(v), func(s db.Scanner) (row ReachRow, err error) {
		err = s.Scan(&row.Org, &row.Name, &row.Kind, &row.People)
		return row, err
	}, `SELECT o.id, o.name, o.kind, COUNT(*) FROM visible.people p JOIN visible.organizations o ON o.id = p.org WHERE `+readers+`
		GROUP BY o.id, o.name, o.kind, o.name_key ORDER BY o.name_key, o.id`, readerArgs(ps)...)
	if err == nil && ok {
		v.Remember(func() { m.reaches.put(version, key, rows) })
	}
	return rows, err
}

// reaches remembers counts under the newest version of everybody's rights. It is
// safe for concurrent use.
type reaches struct {
	mu      sync.Mutex
	version int64
	rows    map[string][]ReachRow
}

// mostReaches bounds what is remembered.
const mostReaches = 2000

func (r *reaches) get(version int64, key string) ([]ReachRow, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.version != version {
		return nil, false
	}
	rows, ok := r.rows[key]
	return rows, ok
}

// put keeps a count; a view that is older than what is kept keeps nothing.
func (r *reaches) put(version int64, key string, rows []ReachRow) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.rows != nil && version < r.version {
		return
	}
	if r.rows == nil || version > r.version || len(r.rows) >= mostReaches {
		r.version, r.rows = version, map[string][]ReachRow{}
	}
	r.rows[key] = rows
}

// Readers lists the ids of the people who can read a label now, for mentions
// and notices. It is for rules, not for show.
func (m *Members) Readers(v *db.View, l policy.Label) ([]string, error) {
	return db.All(all(v), db.Value[string], `SELECT p.id FROM visible.people p JOIN visible.organizations o ON o.id = p.org WHERE `+readers+` ORDER BY p.id`,
		readerArgs(l.Audience.Members())...)
}

// Sentence says the reach in words: "14 people in 5 organizations".
func (r Reach) Sentence() string {
	if r.Everyone {
		return "Everyone, on the public web"
	}
	s := people(r.People)
	if r.Orgs > 0 {
		s += " in " + count(r.Orgs, "organization", "organizations")
	}
	if r.Others {
		s += ", and others you cannot see"
	}
	return s
}

// SendButton is what the composer's button says: "Send to 14 people in 5
// organizations".
func (r Reach) SendButton() string {
	if r.Everyone {
		return "Publish to everyone"
	}
	return "Send to " + r.Sentence()
}

func people(n int) string { return count(n, "person", "people") }

// count writes a number with thousands set apart, and its noun.
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return fmt.Sprintf("%s %s", s, many)
}
