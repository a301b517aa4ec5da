package intel

import (
	"slices"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
)

// A person's searches are his own, as read marks are: nobody else sees them and
// they are no facts. What is new is never stored; it is searched each time, in the
// person's view of that time.

var savedTables = map[string]db.Privacy{"intel_saved": db.Scratch}

// seen is the last place that was in the index when the person looked. A device
// (fresh.go) is a row of its own kind.
const savedStep = `
CREATE TABLE intel_saved (
	id     TEXT NOT NULL PRIMARY KEY,
	person TEXT NOT NULL,
	kind   TEXT NOT NULL,
	name   TEXT NOT NULL,
	query  TEXT NOT NULL,
	at     BIGINT NOT NULL,
	seen   BIGINT NOT NULL
);
CREATE INDEX intel_saved_person ON intel_saved (person, kind, name);
`

const (
	kindSearch = "search"
	kindDevice = "device"
	kindLook   = "look" // when the person last looked at the news of devices
)

// Saved is a search that a person keeps.
type Saved struct {
	ID    string
	Name  string
	Query string // as it was written: "after:30d" goes with the time
	At    time.Time

	seen int64
}

const (
	// MaxSaved is how many searches a person keeps.
	MaxSaved = 50
	// MaxNews is how far what is new is counted.
	MaxNews = 99
)

// News is what came for a saved search since its person last looked.
type News struct {
	Saved
	Count int    // at most MaxNews
	More  bool   // there are more
	Hits  []Hit  // the newest few
	Wrong string // why the search cannot be run any more; "" if it can
}

// Save keeps a search of the viewer's own. What there is counts as seen. It is a
// scratch write (db.Note).
func (x *Intel) Save(tx *db.Tx, name, query string) (string, error) {
	all, err := x.Saved(tx.View)
	if err != nil {
		return "", err
	}
	var p check.Problems
	name = savedName(&p, all, "", name)
	query = strings.TrimSpace(query)
	if _, err := ParseQuery(query, tx.Now()); err != nil {
		if err := p.Take(err); err != nil {
			return "", err
		}
	}
	if len(all) >= MaxSaved {
		p.Add("name", "You keep %d searches, which is all that fit. Remove one first.", MaxSaved)
	}
	if p.Found() {
		return "", p.Err()
	}
	seen, err := x.mark(tx.View, indexMark)
	if err != nil {
		return "", err
	}
	id := ids.New("search")
	_, err = tx.Exec(`INSERT INTO intel_saved (id, person, kind, name, query, at, seen) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		id, tx.Viewer().Person, kindSearch, name, query, clock.Micros(tx.Now()), seen)
	return id, err
}

// savedName checks a name among the others.
func savedName(p *check.Problems, all []Saved, id, name string) string {
	name = p.Line("name", "The name", name, 100, true)
	if slices.ContainsFunc(all, func(s Saved) bool { return s.ID != id && fold(s.Name) == fold(name) }) {
		p.Add("name", "You have a search of this name. Choose another.")
	}
	return name
}

// Rename gives a saved search another name (db.Note).
func (x *Intel) Rename(tx *db.Tx, id, name string) error {
	all, err := x.Saved(tx.View)
	if err != nil {
		return err
	}
	if _, err := x.SavedOne(tx.View, id); err != nil {
		return err
	}
	var p check.Problems
	name = savedName(&p, all, id, name)
	if p.Found() {
		return p.Err()
	}
	return tx.MustChange(`UPDATE intel_saved SET name = $1 WHERE id = $2`, name, id)
}

// Forget removes a saved search (db.Note).
func (x *Intel) Forget(tx *db.Tx, id string) error {
	if _, err := x.SavedOne(tx.View, id); err != nil {
		return err
	}
	return tx.MustChange(`DELETE FROM intel_saved WHERE id = $1`, id)
}

// MarkSeen notes that the viewer looked at what a saved search finds (db.Note).
func (x *Intel) MarkSeen(tx *db.Tx, id string) error {
	if _, err := x.SavedOne(tx.View, id); err != nil {
		return err
	}
	seen, err := x.mark(tx.View, indexMark)
	if err != nil {
		return err
	}
	return tx.MustChange(`UPDATE intel_saved SET seen = $1 WHERE id = $2`, seen, id)
}

// Saved lists the viewer's searches by name.
func (x *Intel) Saved(v *db.View) ([]Saved, error) {
	all, err := x.kept(v, kindSearch)
	slices.SortStableFunc(all, func(a, b Saved) int { return strings.Compare(fold(a.Name), fold(b.Name)) })
	return all, err
}

func (x *Intel) kept(v *db.View, kind string) ([]Saved, error) {
	if v.Viewer().Person == "" {
		return nil, fault.Forbiddenf("Sign in to keep searches.")
	}
	return db.All(v, scanSaved, `SELECT k.id, k.name, k.query, k.at, k.seen FROM intel_saved k WHERE k.person = $1 AND k.kind = $2 ORDER BY k.name, k.id`, v.Viewer().Person, kind)
}

// SavedOne is one of the viewer's searches.
func (x *Intel) SavedOne(v *db.View, id string) (Saved, error) {
	return db.One(v, scanSaved, `SELECT k.id, k.name, k.query, k.at, k.seen FROM intel_saved k WHERE k.id = $1 AND k.person = $2 AND k.kind = $3`, id, v.Viewer().Person, kindSearch)
}

func scanSaved(s db.Scanner) (k Saved, err error) {
	var at int64
	err = s.Scan(&k.ID, &k.Name, &k.Query, &at, &k.seen)
	k.At = clock.FromMicros(at)
	return k, err
}

// Fresh tells for each of the viewer's searches what is new, with the newest few
// hits: the digest.
func (x *Intel) Fresh(v *db.View, few int) ([]News, error) {
	all, err := x.Saved(v)
	if err != nil {
		return nil, err
	}
	news := make([]News, len(all))
	for i, k := range all {
		news[i].Saved = k
		q, err := ParseQuery(k.Query, v.Now())
		if err != nil {
			news[i].Wrong = fault.Sentence(err)
			continue
		}
		if news[i].Hits, news[i].Count, news[i].More, err = x.since(v, q, k.seen, few); err != nil {
			return nil, err
		}
	}
	return news, nil
}

// since counts what a query finds behind a place, and reads the newest few.
func (x *Intel) since(v *db.View, q Query, place int64, few int) (hits []Hit, n int, more bool, err error) {
	ask := func() (*finding, bool, error) {
		f, ok, err := x.find(v, q)
		if err == nil && ok {
			f.and(f.at + ` > ` + f.arg(place))
		}
		return f, ok, err
	}
	f, ok, err := ask()
	if err != nil || !ok {
		return nil, 0, false, err
	}
	places, err := db.All(v, db.Value[int64], f.statement(`o.n`, MaxNews+1), f.args...)
	if err != nil || len(places) == 0 {
		return nil, 0, false, err
	}
	n, more = min(len(places), MaxNews), len(places) > MaxNews
	if few <= 0 {
		return nil, n, more, nil
	}
	if f, _, err = ask(); err != nil {
		return nil, 0, false, err
	}
	objs, err := db.All(v, scanObject(v), f.statement(objectColumns, few), f.args...)
	for _, o := range objs {
		o.Newest = true
		hits = append(hits, Hit{o, f.snippet(o)})
	}
	return hits, n, more, err
}
