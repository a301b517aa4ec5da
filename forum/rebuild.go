package forum

import (
	"context"
	"fmt"

	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/policy"
)

// Reindex makes the search index of every post anew, as after a restore, which
// brings none. It is run by the program, in its own name, and may be repeated.
func Reindex(ctx context.Context, d *db.DB, program policy.Viewer, report func(done int)) error {
	type place struct {
		id string
		n  int64
	}
	last, done := int64(-1), 0
	for {
		var batch []place
		err := d.Note(ctx, program, func(tx *db.Tx) (err error) {
			batch, err = db.All(tx.View, func(s db.Scanner) (p place, err error) { err = s.Scan(&p.id, &p.n); return p, err },
				`SELECT p.id, p.n FROM visible.posts p WHERE p.n > $1 ORDER BY p.n LIMIT 500`, last)
			for i := 0; err == nil && i < len(batch); i++ {
				err = reindex(tx, batch[i].id)
			}
			return err
		})
		if err != nil {
			return fmt.Errorf("make the search index: %w", err)
		}
		if len(batch) == 0 {
			return nil
		}
		last, done = batch[len(batch)-1].n, done+len(batch)
		if report != nil {
			report(done)
		}
	}
}
