package matching

import (
	"maps"
	"slices"
	"strings"

	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/ids"
)

// keep makes the reasons of a scope what the outcome says: what is new is added, what
// is no more so is removed, and findings come and go with their reasons. scope is a
// condition on findings f and reasons r.
func (x *Matching) keep(tx *db.Tx, o *outcome, scope string, args ...any) error {
	type had struct {
		subject
		n, record, claim   int64
		found              int64
		gone               bool
		vuln               string
		verdict, how, text string
	}
	type key struct {
		subject
		vuln          string
		record, claim int64
	}
	old, err := db.All(tx.View, func(s db.Scanner) (h had, err error) {
		var gone int64
		err = s.Scan(&h.n, &h.kind, &h.sbom, &h.part, &h.id, &h.version, &h.vuln, &h.record, &h.claim, &h.verdict, &h.how, &h.text, &h.found, &gone)
		h.gone = gone != 0
		return h, err
	}, `SELECT f.n, f.kind, f.sbom, f.part, f.subject, f.version, f.vuln, r.record, r.claim, r.verdict, r.how, r.why, r.found, r.gone FROM matching_reasons r JOIN matching_findings f ON f.n = r.finding WHERE `+scope, args...)
	if err != nil {
		return err
	}
	want := map[key]reason{}
	for _, r := range o.settled() {
		want[key{r.subject, r.vuln, r.record, r.claim}] = r
	}
	type word struct{ finding, record int64 }
	since := map[word]int64{} // since when a record gives reasons, whichever of its claims they are
	for _, h := range old {
		if s, ok := since[word{h.n, h.record}]; !h.gone && (!ok || h.found < s) {
			since[word{h.n, h.record}] = h.found
		}
	}
	now := clock.Micros(tx.Now())
	lost := map[int64]bool{} // findings that lost a reason
	for _, h := range old {
		k := key{h.subject, h.vuln, h.record, h.claim}
		r, ok := want[k]
		switch {
		case h.gone && !ok:
		case h.gone: // it is said again, which is as if it were new
			if _, err := tx.Exec(`DELETE FROM matching_reasons WHERE finding = $1 AND record = $2 AND claim = $3`, h.n, h.record, h.claim); err != nil {
				return err
			}
		case ok && string(r.verdict) == h.verdict && string(r.how) == h.how && r.why == h.text:
			delete(want, k)
		case ok:
			if _, err := tx.Exec(`UPDATE matching_reasons SET verdict = $1, how = $2, why = $3 WHERE finding = $4 AND record = $5 AND claim = $6`, string(r.verdict), string(r.how), r.why, h.n, h.record, h.claim); err != nil {
				return err
			}
			delete(want, k)
		default:
			if _, err := tx.Exec(`UPDATE matching_reasons SET gone = $1 WHERE finding = $2 AND record = $3 AND claim = $4`, now, h.n, h.record, h.claim); err != nil {
				return err
			}
			lost[h.n] = true
		}
	}
	rest := make([]reason, 0, len(want))
	for _, r := range want {
		rest = append(rest, r)
	}
	slices.SortFunc(rest, func(a, b reason) int { // so that equal inputs give equal tables
		for _, c := range []int{strings.Compare(a.kind, b.kind), int(a.sbom - b.sbom), int(a.part - b.part), strings.Compare(a.id, b.id), strings.Compare(a.version, b.version), strings.Compare(a.vuln, b.vuln), int(a.record - b.record), int(a.claim - b.claim)} {
			if c != 0 {
				return c
			}
		}
		return 0
	})
	w := newWriter()
	if err := w.open(tx, rest); err != nil {
		return err
	}
	var last reason
	var n int64
	for _, r := range rest {
		if n == 0 || r.subject != last.subject || r.vuln != last.vuln {
			if n, err = w.finding(tx, r); err != nil {
				return err
			}
			last = reason{}
		}
		found, known := since[word{n, r.record}]
		if !known {
			found = now
		}
		if !known && r.record != last.record {
			if err := w.news(tx, n, r.record, "found", now); err != nil {
				return err
			}
		}
		if err := w.reasons.Add(tx, n, r.record, r.claim, string(r.verdict), string(r.how), r.why, found, 0); err != nil {
			return err
		}
		last = r
	}
	if err := w.flush(tx); err != nil {
		return err
	}
	for n := range lost {
		if _, err := tx.Exec(`DELETE FROM matching_reasons WHERE finding = $1 AND gone <> 0 AND record IN (SELECT record FROM matching_reasons WHERE finding = $1 AND gone = 0)`, n); err != nil {
			return err
		}
		if _, err := tx.Exec(`UPDATE matching_findings SET gone = $1 WHERE n = $2 AND gone = 0 AND NOT EXISTS (SELECT 1 FROM matching_reasons WHERE finding = $2 AND gone = 0)`, now, n); err != nil {
			return err
		}
	}
	return nil
}

// writer adds findings, their reasons and what they are news of, many at once.
type writer struct {
	lastFinding, lastNews   serial
	findings, told, reasons db.Rows
	known                   map[findingKey]openFinding
}

type findingKey struct {
	subject
	vuln string
}

type openFinding struct{ n, gone int64 }

func newWriter() *writer {
	return &writer{
		lastFinding: serial{stmt: `SELECT COALESCE(MAX(n), 0) FROM matching_findings`},
		lastNews:    serial{stmt: `SELECT COALESCE(MAX(n), 0) FROM matching_news`},
		findings:    db.Rows{Into: `INSERT INTO matching_findings (n, id, kind, sbom, part, subject, version, vuln, gone)`},
		told:        db.Rows{Into: `INSERT INTO matching_news (n, finding, record, what, at)`},
		reasons:     db.Rows{Into: `INSERT INTO matching_reasons (finding, record, claim, verdict, how, why, found, gone)`},
		known:       map[findingKey]openFinding{},
	}
}

// open looks up the findings that there are on the subjects of reasons.
func (w *writer) open(tx *db.Tx, rs []reason) error {
	type parts struct{ first, last int64 }
	sboms, subjects := map[int64]parts{}, map[string]bool{}
	for _, r := range rs {
		if r.kind != ofComponent {
			subjects[r.id] = true
			continue
		}
		p, ok := sboms[r.sbom]
		if !ok {
			p.first = r.part
		}
		sboms[r.sbom] = parts{min(p.first, r.part), max(p.last, r.part)}
	}
	keep := func(s db.Scanner) error {
		var k findingKey
		var f openFinding
		err := s.Scan(&f.n, &f.gone, &k.kind, &k.sbom, &k.part, &k.id, &k.version, &k.vuln)
		w.known[k] = f
		return err
	}
	const columns = `SELECT f.n, f.gone, f.kind, f.sbom, f.part, f.subject, f.version, f.vuln FROM matching_findings f `
	for _, n := range slices.Sorted(maps.Keys(sboms)) {
		if err := tx.Each(columns+`WHERE f.sbom = $1 AND f.part >= $2 AND f.part <= $3`, []any{n, sboms[n].first, sboms[n].last}, keep); err != nil {
			return err
		}
	}
	for part := range slices.Chunk(slices.Sorted(maps.Keys(subjects)), 500) {
		if err := tx.Each(columns+`WHERE f.kind IN ('version', 'deployment') AND f.subject <> '' AND f.subject IN (SELECT value FROM json_each($1))`, []any{db.List(part)}, keep); err != nil {
			return err
		}
	}
	return nil
}

// finding is the number of the finding about a subject and a vulnerability: the one
// there is, opened again if it was gone, or a new one.
func (w *writer) finding(tx *db.Tx, r reason) (n int64, err error) {
	k := findingKey{r.subject, r.vuln}
	f, ok := w.known[k]
	switch {
	case ok && f.gone == 0:
		return f.n, nil
	case ok:
		_, err = tx.Exec(`UPDATE matching_findings SET gone = 0 WHERE n = $1`, f.n)
	default:
		if f.n, err = w.lastFinding.next(tx); err != nil {
			return 0, err
		}
		err = w.findings.Add(tx, f.n, ids.New("find"), r.kind, r.sbom, r.part, r.id, r.version, r.vuln, 0)
	}
	w.known[k] = openFinding{n: f.n}
	return f.n, err
}

// news notes what a record brought about a finding; to whom it is news, who asks finds
// out.
func (w *writer) news(tx *db.Tx, finding, record int64, what string, now int64) error {
	n, err := w.lastNews.next(tx)
	if err != nil {
		return err
	}
	return w.told.Add(tx, n, finding, record, what, now)
}

// flush writes what waits.
func (w *writer) flush(tx *db.Tx) error {
	for _, r := range []*db.Rows{&w.findings, &w.told, &w.reasons} {
		if err := r.Flush(tx); err != nil {
			return err
		}
	}
	return nil
}

// serial counts on from the last number of a table. There is one worker at a time, so
// nobody else counts meanwhile.
type serial struct {
	stmt  string
	n     int64
	known bool
}

func (s *serial) next(tx *db.Tx) (n int64, err error) {
	if !s.known {
		if s.n, err = db.One(tx.View, db.Value[int64], s.stmt); err != nil {
			return 0, err
		}
		s.known = true
	}
	s.n++
	return s.n, nil
}
