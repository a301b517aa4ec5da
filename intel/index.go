package intel

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/formats/stix"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/search"
	"github.com/cordon-isao/cordon/policy"
)

// The index of words is written behind the imports, so that these are not held
// up: a search finds an object some moments after it came. It holds whom an object
// reaches, too (internal/search); what decides is that the object is read as
// visible.

var indexTables = map[string]db.Privacy{"intel_fts": db.Scratch}

const indexStep = `
-- sqlite: CREATE VIRTUAL TABLE intel_fts USING fts5(words, tags, who, tokenize='ascii');
-- sqlite: INSERT INTO intel_fts (intel_fts, rank) VALUES ('secure-delete', 1);
-- postgres: CREATE TABLE intel_fts (rowid BIGINT NOT NULL PRIMARY KEY, doc tsvector NOT NULL);
-- postgres: CREATE INDEX intel_fts_doc ON intel_fts USING gin (doc);
`

const (
	indexMark  = "indexed" // the last place whose words are in the index
	indexChunk = 300
)

// Index writes the words of the next objects into the index and tells how many.
func (x *Intel) Index(ctx context.Context, d *db.DB, program policy.Viewer) (n int, err error) {
	type row struct {
		n     int64
		words string
		card  card
	}
	var from int64
	var rows []row
	err = d.Read(ctx, program, func(v *db.View) error {
		if from, err = x.mark(v, indexMark); err != nil {
			return err
		}
		return v.Each(`SELECT o.n, s.org_name, s.attribution, o.raw FROM visible.intel_objects o JOIN visible.intel_shares s ON s.id = o.share WHERE o.n > $1 ORDER BY o.n LIMIT $2`,
			[]any{from, indexChunk}, func(s db.Scanner) error {
				var r row
				var from Share
				var raw []byte
				if err := s.Scan(&r.n, &from.OrgName, &from.Attribution, &raw); err != nil {
					return err
				}
				o, err := stix.Parse(raw)
				r.words, r.card = words(o), newCard(o, from)
				rows = append(rows, r)
				return err
			})
	})
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	err = d.Note(ctx, program, func(tx *db.Tx) error {
		// Another node may have been faster; labels may have changed meanwhile.
		now, err := x.mark(tx.View, indexMark)
		if err != nil || now != from {
			return err
		}
		labels := map[int64]policy.Label{}
		err = tx.Each(`SELECT o.n, o.tlp, o.audience FROM visible.intel_objects o WHERE o.n > $1 ORDER BY o.n LIMIT $2`, []any{from, indexChunk}, func(s db.Scanner) error {
			var n int64
			var tlp, audience string
			if err := s.Scan(&n, &tlp, &audience); err != nil {
				return err
			}
			labels[n], err = tx.Label(tlp, audience)
			return err
		})
		if err != nil {
			return err
		}
		for _, r := range rows {
			l, ok := labels[r.n]
			if !ok {
				continue // it was deleted meanwhile
			}
			if err := index(tx, r.n, r.words, r.card, l); err != nil {
				return err
			}
		}
		_, err = tx.Exec(`INSERT INTO intel_marks (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value`, indexMark, rows[len(rows)-1].n)
		return err
	})
	return len(rows), err
}

// beginAgain has an index that is empty made anew: a restore leaves indexes out.
func (x *Intel) beginAgain(ctx context.Context, d *db.DB, program policy.Viewer) error {
	return d.Note(ctx, program, func(tx *db.Tx) error {
		some, err := tx.Exists(`SELECT rowid FROM intel_fts LIMIT 1`)
		if err != nil || some {
			return err
		}
		_, err = tx.Exec(`DELETE FROM intel_marks WHERE name = $1`, indexMark)
		return err
	})
}

// RunIndex keeps the index of words up with what comes, until ctx ends.
func (x *Intel) RunIndex(ctx context.Context, d *db.DB, program policy.Viewer, log *slog.Logger) error {
	if err := x.beginAgain(ctx, d, program); err != nil {
		return err
	}
	return d.Work(ctx, log, "index intelligence", 5*time.Second, func() (bool, error) {
		n, err := x.Index(ctx, d, program)
		return n > 0, err
	})
}

// words is what a search looks for in an object.
func words(o stix.Object) string {
	return search.Tokens(o.Type + " " + o.ID + " " + strings.Join(o.Texts, " \n "))
}

func (x *Intel) mark(v *db.View, name string) (int64, error) {
	n, err := db.One(v, db.Value[int64], `SELECT value FROM intel_marks WHERE name = $1`, name)
	if fault.Is(err, fault.Missing) {
		return 0, nil
	}
	return n, err
}

func index(tx *db.Tx, n int64, words string, c card, l policy.Label) error {
	tags := append([]string{markingTag(l.TLP)}, c.tags...)
	var err error
	if tx.Engine() == db.SQLite {
		_, err = tx.Exec(`INSERT INTO intel_fts (rowid, words, tags, who) VALUES ($1, $2, $3, $4)`, n, words, strings.Join(append(tags, beginnings(words)...), " "), search.WhoTokens(l.Audience))
	} else {
		for i, t := range tags {
			tags[i] = lexeme(t)
		}
		_, err = tx.Exec(`INSERT INTO intel_fts (rowid, doc) VALUES ($1, to_tsvector('simple', $2) || array_to_tsvector(ARRAY(SELECT value FROM json_each($3))))`,
			n, words, db.List(append(tags, search.WhoLexemes(l.Audience)...)))
	}
	if err != nil {
		return err
	}
	return keepCard(tx, n, c)
}

func (x *Intel) unindex(tx *db.Tx, n int64) error {
	if _, err := tx.Exec(`DELETE FROM intel_fts WHERE rowid = $1`, n); err != nil {
		return err
	}
	return dropCard(tx, n)
}

// reindex makes an object's words anew after its label changed; one that is not
// in the index yet will come into it by itself.
func (x *Intel) reindex(tx *db.Tx, n int64) error {
	done, err := x.mark(tx.View, indexMark)
	if err != nil || n > done {
		return err
	}
	o, err := db.One(tx.View.As(system), scanObject(tx.View), `SELECT `+objectColumns+fromObjects+`WHERE o.n = $1`, n)
	if err != nil {
		return err
	}
	if err := x.unindex(tx, n); err != nil {
		return err
	}
	return index(tx, n, words(o.Object), newCard(o.Object, o.From), o.Label)
}
