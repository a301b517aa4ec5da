package intel

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
)

// Versions says which versions of an object a page shows.
type Versions string

// The choices of TAXII 2.1 §3.4; a time is one version.
const (
	LastVersion  Versions = "last" // as far as the reader may see; the default
	FirstVersion Versions = "first"
	AllVersions  Versions = "all"
)

// Range is a question for a page: which objects, in the order of arrival.
type Range struct {
	Within   policy.Principal // only what is addressed to this principal; "" = everything
	Types    []string         // any of these; none = all
	IDs      []string         // any of these; none = all
	Versions []Versions       // any of these
	At       []time.Time      // or of these versions
	After    time.Time        // that came after this; zero = from the beginning
	Limit    int              // objects; at most MaxPage
	Next     string           // a page's cursor
	Mark     Mark             // of this very snapshot, if the asker has read it
}

// Page is objects as they came, joined by commas and not touched otherwise.
type Page struct {
	Objects     []byte
	Count       int
	First, Last time.Time // when the first and the last of them came
	More        bool
	Next        string // cursor; "" if there is no more
}

// Entry is an object without its bytes.
type Entry struct {
	ID      string
	Added   time.Time
	Version time.Time
}

// maxPageBytes is about how large a page may become; an object is at most 8 MiB.
const maxPageBytes = 32 << 20

// question names a range without its place, for cursors.
func (r Range) question() string {
	return fmt.Sprintf("%q %q %q %q %v %d", r.Within, r.Types, r.IDs, r.Versions, r.At, clock.Micros(r.After))
}

// Pull reads a page. Whoever follows Next gets every object that he may read
// exactly once, in the order of arrival, while others write.
func (x *Intel) Pull(v *db.View, r Range) (Page, error) { return x.PullInto(v, r, "", 0) }

// PullInto is [Intel.Pull] for whoever sends the page on: its Objects begin with
// head, and have room for so many bytes more.
func (x *Intel) PullInto(v *db.View, r Range, head string, room int) (p Page, err error) {
	if all, ok := r.shelved(); ok {
		_, narrow, mark, err := x.reach(v, r)
		if err != nil {
			return p, err
		}
		if !narrow {
			from, any, err := x.start(v, r)
			if err != nil || !any {
				return p, err
			}
			if p, ok, err = x.fromShelves(v, r, mark, from, all, head, room); err != nil || ok {
				return p, err
			}
			p = Page{}
		}
	}
	q, ok, err := x.plan(v, r)
	if err != nil || !ok {
		return p, err
	}
	limit := page(r.Limit)
	var first, until, last int64
	args := append(slices.Clone(q.args), limit+1) // one more says whether there is more
	var parts []string
	size := 0
	err = v.Each(`SELECT o.n, o.added, o.raw `+q.text+fmt.Sprintf(` ORDER BY o.n LIMIT $%d`, len(args)), args, func(s db.Scanner) error {
		var n, added int64
		var raw string
		if err := s.Scan(&n, &added, &raw); err != nil {
			return err
		}
		if len(parts) == limit || len(parts) > 0 && size+len(raw) > maxPageBytes {
			p.More = true
			return errFull
		}
		if len(parts) == 0 {
			first = added
		}
		last, until = n, added
		parts, size = append(parts, raw), size+len(raw)+1
		return nil
	})
	if err != nil && err != errFull || len(parts) == 0 {
		return p, err
	}
	p.Count, p.First, p.Last = len(parts), clock.FromMicros(first), clock.FromMicros(until)
	p.Objects = append(make([]byte, 0, len(head)+size+room), head...)
	for i, raw := range parts {
		if i > 0 {
			p.Objects = append(p.Objects, ',')
		}
		p.Objects = append(p.Objects, raw...)
	}
	if !p.More {
		return p, nil
	}
	p.Next, err = x.behind(v, r, last)
	return p, err
}

// errFull ends the reading of a page.
var errFull = errors.New("the page is full")

// behind is the cursor behind the object at a place, which its reader was given.
func (x *Intel) behind(v *db.View, r Range, last int64) (next string, err error) {
	err = v.Each(`SELECT o.id, o.version, o.added FROM visible.intel_objects o WHERE o.n = $1`, []any{last}, func(s db.Scanner) error {
		var id string
		var version, added int64
		err := s.Scan(&id, &version, &added)
		next = x.cursor.seal(v.Viewer().Actor(), r.question(), id, version, added)
		return err
	})
	return next, err
}

// List reads a page of entries.
func (x *Intel) List(v *db.View, r Range) (es []Entry, next string, err error) {
	q, ok, err := x.plan(v, r)
	if err != nil || !ok {
		return nil, "", err
	}
	var last int64
	limit, more := page(r.Limit), false
	args := append(slices.Clone(q.args), limit+1)
	err = v.Each(`SELECT o.n, o.id, o.version, o.added `+q.text+fmt.Sprintf(` ORDER BY o.n LIMIT $%d`, len(args)), args, func(s db.Scanner) error {
		if more = len(es) == limit; more {
			return nil
		}
		var e Entry
		var version, added int64
		if err := s.Scan(&last, &e.ID, &version, &added); err != nil {
			return err
		}
		e.Added = clock.FromMicros(added)
		if e.Version = clock.FromMicros(version); version == 0 {
			e.Version = e.Added
		}
		es = append(es, e)
		return nil
	})
	if err != nil || !more {
		return es, "", err
	}
	next, err = x.behind(v, r, last)
	return es, next, err
}

// query is the part of a statement from FROM on, without order and limit. Its
// first argument is the place after which it looks.
type query struct {
	text string
	args []any
}

// start is the place behind which a range begins. ok is false when nothing came
// since.
func (x *Intel) start(v *db.View, r Range) (from int64, ok bool, err error) {
	if r.Next != "" {
		if from, err = x.after(v, r.question(), r.Next); err != nil {
			return 0, false, err
		}
	}
	if r.After.IsZero() {
		return from, true, nil
	}
	// Places and dates grow together.
	n, err := db.One(v.As(system), db.Value[int64], `SELECT o.n FROM visible.intel_objects o WHERE o.added > $1 ORDER BY o.added, o.n LIMIT 1`, clock.Micros(r.After))
	if fault.Is(err, fault.Missing) {
		return 0, false, nil
	}
	return max(from, n-1), err == nil, err
}

// plan turns a range into a query whose cost follows the page, not the store.
// Where few of the objects are asked for, or few of them are the reader's, each
// type or audience is a short walk of its own along an index. ok is false when
// nothing can be found.
func (x *Intel) plan(v *db.View, r Range) (q query, ok bool, err error) {
	from, ok, err := x.start(v, r)
	if err != nil || !ok {
		return q, false, err
	}
	q.args = []any{from}
	arg := func(a any) string { q.args = append(q.args, a); return fmt.Sprintf("$%d", len(q.args)) }
	where := []string{`o.n > $1`}
	if !r.After.IsZero() {
		where = append(where, `o.added > `+arg(clock.Micros(r.After)))
	}
	if len(r.IDs) > 0 {
		where = append(where, `o.id IN (SELECT value FROM json_each(`+arg(db.List(folded(r.IDs)))+`))`)
	}
	if c := r.versions(arg); c != "" {
		where = append(where, c)
	}
	where = append(where, `(o.twin = 0 OR NOT EXISTS (SELECT 1 FROM visible.intel_objects e WHERE e.id = o.id AND e.version = o.version AND e.n < o.n))`)

	var walks []string // conditions, each along an index
	audiences, narrow, _, err := x.reach(v, r)
	if err != nil {
		return q, false, err
	}
	switch {
	case len(r.IDs) > 0 || !narrow && len(r.Types) == 0:
		if r.Within != "" {
			where = append(where, `o.audience IN (SELECT value FROM json_each(`+arg(db.List(audiences))+`))`)
		}
		if len(r.Types) > 0 {
			where = append(where, `o.type IN (SELECT value FROM json_each(`+arg(db.List(r.Types))+`))`)
		}
		q.text = `FROM visible.intel_objects o WHERE ` + strings.Join(where, ` AND `)
		return q, true, nil
	case narrow:
		if len(audiences) == 0 {
			return q, false, nil
		}
		if len(r.Types) > 0 {
			where = append(where, `o.type IN (SELECT value FROM json_each(`+arg(db.List(r.Types))+`))`)
		}
		for _, a := range audiences {
			walks = append(walks, `o.audience = `+arg(a))
		}
	default:
		for _, t := range slices.Compact(slices.Sorted(slices.Values(r.Types))) {
			walks = append(walks, `o.type = `+arg(t))
		}
	}
	common := strings.Join(where, ` AND `)
	if len(walks) == 1 {
		q.text = `FROM visible.intel_objects o WHERE ` + walks[0] + ` AND ` + common
		return q, true, nil
	}
	most := arg(page(r.Limit) + 1)
	parts := make([]string, len(walks))
	for i, w := range walks {
		parts[i] = fmt.Sprintf(`SELECT w%d.n FROM (SELECT o.n FROM visible.intel_objects o WHERE %s AND %s ORDER BY o.n LIMIT %s) w%d`, i, w, common, most, i)
	}
	q.text = `FROM visible.intel_objects o WHERE o.n IN (` + strings.Join(parts, ` UNION ALL `) + `)`
	return q, true, nil
}

// versions is the condition for the versions asked for.
func (r Range) versions(arg func(any) string) string {
	if slices.Contains(r.Versions, AllVersions) {
		return ""
	}
	var any []string
	if len(r.Versions) == 0 && len(r.At) == 0 || slices.Contains(r.Versions, LastVersion) {
		any = append(any, `o.newest = 1`, `NOT EXISTS (SELECT 1 FROM visible.intel_objects l WHERE l.id = o.id AND l.version > o.version)`)
	}
	if slices.Contains(r.Versions, FirstVersion) {
		any = append(any, `NOT EXISTS (SELECT 1 FROM visible.intel_objects f WHERE f.id = o.id AND f.version < o.version)`)
	}
	for _, t := range r.At {
		at := arg(clock.Micros(t))
		any = append(any, `(o.version = `+at+` OR o.version = 0 AND o.added = `+at+`)`)
	}
	return `(` + strings.Join(any, ` OR `) + `)`
}

// walkMost is how many audiences are walked one by one at most.
const walkMost = 40

// audiences is reach without its mark.
func (x *Intel) audiences(v *db.View, within policy.Principal) (ids []string, narrow bool, err error) {
	ids, narrow, _, err = x.reach(v, Range{Within: within})
	return ids, narrow, err
}

// reach tells whether the objects that the viewer may read, within a
// principal, are better found audience by audience, and which audiences those are.
func (x *Intel) reach(v *db.View, r Range) (ids []string, narrow bool, mark Mark, err error) {
	within := r.Within
	if mark = r.Mark; mark == (Mark{}) {
		if mark, err = x.Mark(v); err != nil {
			return nil, false, mark, err
		}
	}
	if v.Viewer().IsSystem() && within == "" {
		return nil, false, mark, nil
	}
	counts, err := x.counts(v, mark)
	if err != nil {
		return nil, false, mark, err
	}
	var mine, all int64
	who := v.Viewer()
	for _, c := range counts {
		all += c.objects
		if c.objects > 0 && who.CanRead(c.audience) && (within == "" || c.audience.Has(within)) {
			ids = append(ids, c.id)
			mine += c.objects
		}
	}
	return ids, within != "" && len(ids) <= walkMost || mine*4 < all && len(ids) <= walkMost, mark, nil
}

// audienceCount is how many copies there are for an audience.
type audienceCount struct {
	id       string
	audience policy.Audience
	objects  int64
}

// tallied is the counts of all audiences, as they were under a mark.
type tallied struct {
	mark   Mark
	counts []audienceCount
}

// counts are kept in memory while the store does not change.
func (x *Intel) counts(v *db.View, mark Mark) ([]audienceCount, error) {
	if c := x.tallied.Load(); c != nil && c.mark == mark {
		return c.counts, nil
	}
	c := &tallied{mark: mark}
	err := v.Each(`SELECT c.audience, c.objects FROM intel_counts c`, nil, func(s db.Scanner) error {
		var a audienceCount
		if err := s.Scan(&a.id, &a.objects); err != nil {
			return err
		}
		var err error
		a.audience, err = v.Audience(a.id)
		c.counts = append(c.counts, a)
		return err
	})
	if err == nil {
		v.Remember(func() { x.tallied.Store(c) })
	}
	return c.counts, err
}
