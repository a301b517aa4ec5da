package vulns

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/formats/vuln"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/search"
	"github.com/cordon-isao/cordon/policy"
)

// Query asks for vulnerabilities.
type Query struct {
	Text      string // words of titles and ids
	Severity  int64  // at least this CVSS base score × 10; 0 = any
	Exploited bool   // only those
	Source    string // only those of which this source speaks: vuln.OSV …
	After     string // a cursor that [Vulns.List] gave; "" = from the newest
	Limit     int    // at most [MaxPage]; 0 = 50
}

// Item is a vulnerability in a list.
type Item struct {
	ID        string
	Title     string
	Modified  time.Time
	Published time.Time
	Severity  int64 // worst × 10, -1 if there is none
	Exploited bool
	Withdrawn bool
	Sources   []string
	EPSS      *vuln.EPSS
	Label     policy.Label // the strictest of the records'
}

// MaxPage is how many vulnerabilities one answer has at most.
const MaxPage = 500

func page(n int) int {
	if n <= 0 {
		return 50
	}
	return min(n, MaxPage)
}

// A cursor holds what its reader was shown: when the last vulnerability of a page
// was modified, and its id.
func cursor(modified int64, id string) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d %s", modified, id))
}

func readCursor(s string) (modified int64, id string, err error) {
	raw, err := base64.RawURLEncoding.DecodeString(s)
	if err == nil {
		at, rest, _ := strings.Cut(string(raw), " ")
		id = rest
		modified, err = strconv.ParseInt(at, 10, 64)
	}
	if err != nil || badID(id) {
		return 0, "", fault.InvalidField("after", "This does not continue a list. Begin again.")
	}
	return modified, id, nil
}

// List finds vulnerabilities, those with the newest word first. It gives a cursor
// for the next page, "" at the end, and never says how many there are.
func (x *Vulns) List(v *db.View, q Query) (items []Item, next string, err error) {
	var args []any
	arg := func(a any) string {
		args = append(args, a)
		return fmt.Sprintf("$%d", len(args))
	}
	// A vulnerability stands where its newest visible word is.
	where := []string{`NOT EXISTS (SELECT 1 FROM visible.vulns_records o WHERE o.vuln = r.vuln AND (o.modified > r.modified OR o.modified = r.modified AND o.n > r.n))`}
	if strings.TrimSpace(q.Text) != "" {
		words, err := search.ParseQuery(q.Text)
		if err != nil {
			return nil, "", fault.InvalidField("text", "%s", sentence(err))
		}
		if v.Engine() == db.SQLite {
			where = append(where, `r.vuln IN (SELECT m.vuln FROM vulns_fts CROSS JOIN visible.vulns_records m WHERE m.n = vulns_fts.rowid AND vulns_fts MATCH `+arg(words.FTS5For(v.Viewer()))+`)`)
		} else {
			cond := `vulns_fts.doc @@ to_tsquery('simple', ` + arg(words.TSQuery()) + `)`
			if !v.Viewer().IsSystem() {
				cond += ` AND vulns_fts.doc @@ (` + arg(search.WhoTSQuery(v.Viewer())) + `)::tsquery`
			}
			where = append(where, `r.vuln IN (SELECT m.vuln FROM vulns_fts JOIN visible.vulns_records m ON m.n = vulns_fts.rowid WHERE `+cond+`)`)
		}
	}
	if q.Severity > 0 {
		where = append(where, `EXISTS (SELECT 1 FROM visible.vulns_records s WHERE s.vuln = r.vuln AND s.withdrawn = 0 AND s.severity >= `+arg(q.Severity)+`)`)
	}
	if q.Exploited {
		where = append(where, `r.vuln IN (SELECT e.vuln FROM visible.vulns_records e WHERE e.exploited = 1 AND e.withdrawn = 0)`)
	}
	switch q.Source { // of few records it is quicker to look at those, of many to look whether there is one
	case "":
	case vuln.CSAF, vuln.InKEV:
		where = append(where, `r.vuln IN (SELECT t.vuln FROM visible.vulns_records t WHERE t.source = `+arg(q.Source)+`)`)
	default:
		where = append(where, `EXISTS (SELECT 1 FROM visible.vulns_records t WHERE t.vuln = r.vuln AND t.source = `+arg(q.Source)+`)`)
	}
	if q.After != "" {
		at, id, err := readCursor(q.After)
		if err != nil {
			return nil, "", err
		}
		a := arg(at)
		where = append(where, `(r.modified < `+a+` OR r.modified = `+a+` AND r.vuln < `+arg(id)+`)`)
	}
	limit := page(q.Limit)
	type row struct {
		vuln     string
		modified int64
	}
	rows, err := db.All(v, func(s db.Scanner) (r row, err error) { err = s.Scan(&r.vuln, &r.modified); return r, err },
		`SELECT r.vuln, r.modified FROM visible.vulns_records r WHERE `+strings.Join(where, ` AND `)+` ORDER BY r.modified DESC, r.vuln DESC LIMIT `+arg(limit+1), args...)
	if err != nil {
		return nil, "", err
	}
	if len(rows) > limit {
		rows = rows[:limit]
		next = cursor(rows[limit-1].modified, rows[limit-1].vuln)
	}
	var ids []string
	for _, r := range rows {
		ids = append(ids, r.vuln)
	}
	found, err := x.Items(v, ids)
	if err != nil {
		return nil, "", err
	}
	for _, id := range ids {
		items = append(items, found[id])
	}
	return items, next, nil
}

// Items are the vulnerabilities of canonical ids, in the viewer's eyes.
func (x *Vulns) Items(v *db.View, ids []string) (map[string]Item, error) {
	out := map[string]Item{}
	for part := range slices.Chunk(ids, readChunk) {
		found := map[string][]Record{}
		err := v.Each(`SELECT r.vuln, r.source, r.source_id, r.document, r.id, r.title, r.published, r.modified, r.withdrawn, r.severity, r.exploited, r.tlp, r.audience FROM visible.vulns_records r
			WHERE r.vuln IN (SELECT value FROM json_each($1))`, []any{db.List(part)}, func(s db.Scanner) error {
			var r Record
			var published, modified, withdrawn, exploited int64
			var tlp, audience string
			err := s.Scan(&r.Vuln, &r.Source, &r.Record.ID, &r.Document, &r.ID, &r.Title, &published, &modified, &withdrawn, &r.Severity, &exploited, &tlp, &audience)
			if err != nil {
				return err
			}
			r.Published, r.Modified, r.Withdrawn, r.Exploited = clock.FromMicros(published), clock.FromMicros(modified), clock.FromMicros(withdrawn), exploited == 1
			r.Label, err = v.Label(tlp, audience)
			found[r.Vuln] = append(found[r.Vuln], r)
			return err
		})
		if err != nil {
			return nil, err
		}
		scores, err := x.EPSSOf(v, part)
		if err != nil {
			return nil, err
		}
		for id, rs := range found {
			it := newItem(id, rs)
			if e, ok := scores[id]; ok {
				it.EPSS = &e
			}
			out[id] = it
		}
	}
	return out, nil
}

func newItem(id string, rs []Record) Item {
	u := Vulnerability{ID: id, Severity: -1, Withdrawn: true, Records: rs}
	sortRecords(u.Records)
	u.merge()
	it := Item{ID: id, Title: u.Title, Modified: u.Modified, Published: u.Published, Severity: -1, Exploited: u.Exploited, Withdrawn: u.Withdrawn, Label: u.Label}
	for _, r := range rs {
		if r.Withdrawn.IsZero() {
			it.Severity = max(it.Severity, r.Severity)
		}
		if !slices.Contains(it.Sources, r.Source) {
			it.Sources = append(it.Sources, r.Source)
		}
	}
	return it
}
