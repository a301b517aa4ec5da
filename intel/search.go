package intel

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/search"
	"github.com/cordon-isao/cordon/policy"
)

// Hit is one object found.
type Hit struct {
	Object
	Snippet []search.Part // of its texts, around what was asked for
}

// Search finds objects, the latest version of each that the reader may see, in the
// order of arrival from the newest back, after a cursor ("" = from the newest). It
// never says how many there are. An object is found some moments after it came,
// when its words are in the index.
func (x *Intel) Search(v *db.View, q Query, after string, limit int) (hits []Hit, next string, err error) {
	question := "search " + q.String()
	f, ok, err := x.find(v, q)
	if err != nil {
		return nil, "", err
	}
	if after != "" {
		n, err := x.after(v, question, after)
		if err != nil {
			return nil, "", err
		}
		f.before(n)
	}
	if !ok {
		return nil, "", nil
	}
	limit = page(limit)
	os, err := db.All(v, scanObject(v), f.statement(objectColumns, limit+1), f.args...)
	if err != nil {
		return nil, "", err
	}
	if len(os) > limit {
		os = os[:limit]
		o := os[limit-1]
		next = x.cursor.seal(v.Viewer().Actor(), question, o.ID, o.stored(), clock.Micros(o.Added))
	}
	for _, o := range os {
		o.Newest = true
		hits = append(hits, Hit{o, f.snippet(o)})
	}
	return hits, next, nil
}

// stored is the object's version as its row has it.
func (o Object) stored() int64 { return version(o.Object) }

// finding is a search as a statement. Conditions are added to it until
// [finding.statement] writes it down.
type finding struct {
	engine db.Engine
	args   []any
	where  []string // about o, the object, and at, its place
	at     string   // the column of the place that the index gives
	from   string
	walks  []string // if the index is of no use: audiences, each walked for itself

	words search.Query // for snippets; may be empty
	value bool         // the pattern is what was asked for
}

func (f *finding) arg(a any) string {
	f.args = append(f.args, a)
	return fmt.Sprintf("$%d", len(f.args))
}

func (f *finding) and(condition string) { f.where = append(f.where, condition) }

// before leaves out what came at a place or after it.
func (f *finding) before(n int64) { f.and(f.at + ` < ` + f.arg(n)) }

// statement writes the search, newest first.
func (f *finding) statement(columns string, limit int) string {
	where := strings.Join(f.where, ` AND `)
	most := f.arg(limit)
	if f.walks == nil {
		return `SELECT ` + columns + f.from + `JOIN visible.intel_shares s ON s.id = o.share WHERE ` + where + ` ORDER BY ` + f.at + ` DESC LIMIT ` + most
	}
	parts := make([]string, len(f.walks))
	for i, w := range f.walks {
		parts[i] = fmt.Sprintf(`SELECT w%d.n FROM (SELECT o.n FROM visible.intel_objects o WHERE o.audience = %s AND %s ORDER BY o.n DESC LIMIT %s) w%d`, i, f.arg(w), where, most, i)
	}
	return `SELECT ` + columns + ` FROM visible.intel_objects o JOIN visible.intel_shares s ON s.id = o.share WHERE o.n IN (` + strings.Join(parts, ` UNION ALL `) + `) ORDER BY o.n DESC LIMIT ` + most
}

// index has the search go along the index.
func (f *finding) index(m *matching, who policy.Viewer) {
	f.at = `intel_fts.rowid`
	if f.engine != db.SQLite {
		f.from = ` FROM intel_fts JOIN visible.intel_objects o ON o.n = intel_fts.rowid `
		m.postgres(f, who)
		return
	}
	f.from = ` FROM intel_fts CROSS JOIN visible.intel_objects o `
	f.and(`o.n = intel_fts.rowid`)
	f.and(`intel_fts MATCH ` + f.arg(m.fts5(who)))
	if m.stem != nil {
		f.and(`' ' || intel_fts.words LIKE ` + f.arg("% "+strings.Join(m.stem, " ")+"%"))
	}
}

// find turns a query into a statement. ok is false when nothing can be found.
func (x *Intel) find(v *db.View, q Query) (f *finding, ok bool, err error) {
	f = &finding{engine: v.Engine()}
	m, err := x.match(v, q, f)
	if err != nil {
		return f, false, err
	}
	who := v.Viewer()
	switch {
	case !m.empty() || f.engine == db.SQLite && !who.IsSystem():
		f.index(m, who)
	default:
		f.from, f.at = ` FROM visible.intel_objects o `, `o.n`
		ids, narrow, err := x.audiences(v, "")
		if err != nil || narrow && len(ids) == 0 {
			return f, false, err
		}
		if narrow {
			f.walks = ids
		}
	}
	f.and(latest)
	f.and(once)
	now := clock.Micros(v.Now())
	if q.Expired != nil {
		f.and(pick(*q.Expired, `(o.until > 0 AND o.until <= `, `(o.until = 0 OR o.until > `) + f.arg(now) + `)`)
	}
	if q.ID != "" {
		f.and(`o.id = ` + f.arg(q.ID))
	}
	if q.TLP != nil {
		var tlps []string
		for _, t := range q.TLP {
			tlps = append(tlps, string(t))
		}
		f.and(`o.tlp IN (SELECT value FROM json_each(` + f.arg(db.List(tlps)) + `))`)
	}
	if q.Confidence > 0 && q.Confidence%10 != 0 {
		f.and(`EXISTS (SELECT 1 FROM intel_cards c WHERE c.n = o.n AND c.confidence >= ` + f.arg(q.Confidence) + `)`)
	}
	f.value = q.Pattern != ""
	if _, exact := valueTags(q.Pattern); f.value && !exact {
		f.and(`EXISTS (SELECT 1 FROM intel_values w WHERE w.n = o.n AND w.value LIKE ` + f.arg(like(q.Pattern)) + ` ESCAPE '!')`)
	}
	return f, true, x.between(v, q, f)
}

// between bounds the places by the times asked for: places and dates grow
// together.
func (x *Intel) between(v *db.View, q Query, f *finding) error {
	first := func(at int64) (int64, error) {
		n, err := db.One(v.As(system), db.Value[int64], `SELECT o.n FROM visible.intel_objects o WHERE o.added >= $1 ORDER BY o.added, o.n LIMIT 1`, at)
		if fault.Is(err, fault.Missing) {
			return 1 << 62, nil
		}
		return n, err
	}
	if !q.After.IsZero() {
		at := clock.Micros(q.After)
		n, err := first(at)
		if err != nil {
			return err
		}
		f.and(f.at + ` >= ` + f.arg(n))
		f.and(`o.added >= ` + f.arg(at))
	}
	if !q.Before.IsZero() {
		at := clock.Micros(q.Before)
		n, err := first(at)
		if err != nil {
			return err
		}
		f.before(n)
		f.and(`o.added < ` + f.arg(at))
	}
	return nil
}

// like writes a value with * for LIKE, with ! before what is meant as it stands.
func like(value string) string {
	return strings.NewReplacer("!", "!!", "%", "!%", "_", "!_", "*", "%").Replace(value)
}

// texts is the words of a query apart from one another.
func (q Query) texts() (parts []string) {
	for rest := q.Text; ; {
		rest = strings.TrimLeft(rest, " ")
		if rest == "" {
			return parts
		}
		end := strings.IndexByte(rest, ' ')
		start := strings.TrimPrefix(rest, "-")
		if strings.HasPrefix(start, `"`) {
			if end = strings.IndexByte(start[1:], '"'); end >= 0 {
				end += len(rest) - len(start) + 2
			}
		}
		if end < 0 {
			end = len(rest)
		}
		parts, rest = append(parts, rest[:end]), rest[end:]
	}
}

// snippet is the part of an object's texts that answers the query.
func (f *finding) snippet(o Object) []search.Part {
	const size = 220
	texts := []string{o.Description, o.Pattern, o.Name}
	if f.value {
		texts = []string{o.Pattern, o.Name}
	}
	var first []search.Part
	for _, text := range slices.Concat(texts, o.Texts) {
		if strings.TrimSpace(text) == "" {
			continue
		}
		parts := search.Snippet(text, f.words, size)
		if first == nil {
			first = parts
		}
		if f.words.FTS5() == "" || slices.ContainsFunc(parts, func(p search.Part) bool { return p.Hit }) {
			return parts
		}
	}
	return first
}
