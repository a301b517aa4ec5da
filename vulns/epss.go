package vulns

import (
	"errors"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/formats/epss"
	"github.com/cordon-isao/cordon/formats/vuln"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
)

// EPSS scores are kept as the raw values of the newest day, in millionths.
const million = 1_000_000

type scored struct {
	cve               string
	score, percentile int64
	date              int64
}

// scores reads a day's EPSS scores, some thousand a commit. The error is the file's;
// the store's is in failed.
func (r *reading) scores() error {
	var held []scored
	n := 0
	commit := func() error {
		if len(held) == 0 {
			return nil
		}
		r.next.Seen += len(held)
		err := r.write(func(tx *db.Tx, next *Batch) error { return r.x.score(tx, next, held) }, func() { held = held[:0] })
		if err != nil {
			r.failed = err
			return errEnough
		}
		return nil
	}
	err := epss.EachSkip(r.file, func(cve string, score, percentile float64, date time.Time) error {
		if n++; n <= r.from {
			return nil
		}
		if date.IsZero() {
			return errors.New("the file does not say of which day its scores are")
		}
		if err := r.ctx.Err(); err != nil {
			r.failed = err
			return errEnough
		}
		held = append(held, scored{strings.ToUpper(cve), int64(math.Round(score * million)), int64(math.Round(percentile * million)), clock.Micros(date)})
		if len(held) < chunkScores {
			return nil
		}
		return commit()
	}, func(where string, err error) {
		if n++; n > r.from {
			r.next.Seen++
			r.next.skip(where, err)
		}
	})
	if errors.Is(err, errEnough) || r.failed != nil {
		return nil
	}
	if cerr := commit(); cerr != nil {
		return nil
	}
	return err
}

// score writes scores, unless later ones are known.
func (x *Vulns) score(tx *db.Tx, b *Batch, in []scored) error {
	tx = tx.As(system)
	known := map[string]scored{}
	for part := range slices.Chunk(in, readChunk) {
		list := make([]string, len(part))
		for i, s := range part {
			list[i] = s.cve
		}
		err := tx.Each(`SELECT cve, score, percentile, date FROM vulns_epss WHERE cve IN (SELECT value FROM json_each($1))`, []any{db.List(list)}, func(s db.Scanner) error {
			var k scored
			err := s.Scan(&k.cve, &k.score, &k.percentile, &k.date)
			known[k.cve] = k
			return err
		})
		if err != nil {
			return err
		}
	}
	last := map[string]scored{} // of a CVE that stands twice, the last row
	for _, s := range in {
		last[s.cve] = s
	}
	var fresh []any
	entry := Scored{Batch: b.ID, Part: b.parts}
	flush := func() error {
		if len(fresh) == 0 {
			return nil
		}
		_, err := tx.Exec(`INSERT INTO vulns_epss (cve, score, percentile, date) VALUES `+places(len(fresh)/4, 4)+
			` ON CONFLICT (cve) DO UPDATE SET score = excluded.score, percentile = excluded.percentile, date = excluded.date`, fresh...)
		fresh = fresh[:0]
		return err
	}
	for _, s := range in {
		if last[s.cve] != s {
			b.Same++
			continue
		}
		delete(last, s.cve)
		k, ok := known[s.cve]
		switch {
		case ok && (k == s || k.date > s.date):
			b.Same++
			continue
		case ok:
			b.Changed++
		default:
			b.Added++
		}
		entry.Rows++
		entry.Date = clock.FromMicros(s.date).Format(time.DateOnly)
		if fresh = append(fresh, s.cve, s.score, s.percentile, s.date); len(fresh) == 200 {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if err := flush(); err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: ScoredVerb, Object: b.ID, Label: b.Label, Data: entry})
	return nil
}

// EPSSOf reads the EPSS scores of CVE ids: raw values of the newest day that is known.
// They are public.
func (x *Vulns) EPSSOf(v *db.View, cves []string) (map[string]vuln.EPSS, error) {
	out := map[string]vuln.EPSS{}
	for part := range slices.Chunk(cves, readChunk) {
		err := v.Each(`SELECT cve, score, percentile, date FROM vulns_epss WHERE cve IN (SELECT value FROM json_each($1))`, []any{db.List(part)}, func(s db.Scanner) error {
			var k scored
			err := s.Scan(&k.cve, &k.score, &k.percentile, &k.date)
			out[k.cve] = vuln.EPSS{Score: float64(k.score) / million, Percentile: float64(k.percentile) / million, Date: clock.FromMicros(k.date)}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}
