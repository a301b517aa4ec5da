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
	known             bool
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
		var fresh []scored
		if r.failed = r.d.Read(r.ctx, r.program, func(v *db.View) (err error) { fresh, err = r.x.freshScores(v, held); return err }); r.failed != nil {
			return errEnough
		}
		r.next.Seen += len(held)
		r.next.Same += len(held) - len(fresh)
		if held = fresh; len(held) == 0 {
			return nil
		}
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
		held = append(held, scored{strings.ToUpper(cve), int64(math.Round(score * million)), int64(math.Round(percentile * million)), clock.Micros(date), false})
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

// freshScores leaves out what is known as it stands, or of a later day, and all but
// the last row of a CVE that stands twice.
func (x *Vulns) freshScores(v *db.View, in []scored) ([]scored, error) {
	known := map[string]scored{}
	for part := range slices.Chunk(in, readChunk) {
		list := make([]string, len(part))
		for i, s := range part {
			list[i] = s.cve
		}
		err := v.Each(`SELECT cve, score, percentile, date FROM vulns_epss WHERE cve IN (SELECT value FROM json_each($1))`, []any{db.List(list)}, func(s db.Scanner) error {
			var k scored
			err := s.Scan(&k.cve, &k.score, &k.percentile, &k.date)
			known[k.cve] = k
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	last := map[string]int{}
	for i, s := range in {
		last[s.cve] = i
	}
	var out []scored
	for i, s := range in {
		if k, ok := known[s.cve]; last[s.cve] == i && (!ok || k.date <= s.date) {
			if s.known = ok; !ok || k.score != s.score || k.percentile != s.percentile || k.date != s.date {
				out = append(out, s)
			}
		}
	}
	return out, nil
}

// score writes scores, unless later ones are known.
func (x *Vulns) score(tx *db.Tx, b *Batch, in []scored) error {
	tx = tx.As(system)
	fresh, err := x.freshScores(tx.View, in)
	if err != nil {
		return err
	}
	entry := Scored{Batch: b.ID, Part: b.parts, Rows: len(fresh)}
	rows := db.Rows{Into: `INSERT INTO vulns_epss (cve, score, percentile, date)`, End: `ON CONFLICT (cve) DO UPDATE SET score = excluded.score, percentile = excluded.percentile, date = excluded.date`}
	for _, s := range fresh {
		if s.known {
			b.Changed++
		} else {
			b.Added++
		}
		entry.Date = clock.FromMicros(s.date).Format(time.DateOnly)
		if err := rows.Add(tx, s.cve, s.score, s.percentile, s.date); err != nil {
			return err
		}
	}
	if err := rows.Flush(tx); err != nil {
		return err
	}
	b.Same += len(in) - len(fresh)
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
