package forum

import (
	"context"
	"fmt"

	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
)

// RebuildIndex indexes the posts that are missing at the end of the search index
// and tells how many: all of them after a restore, which leaves indexes out, and
// none otherwise. The program runs it before it serves; looking costs nothing.
func (f *Forum) RebuildIndex(ctx context.Context, d *db.DB, program policy.Viewer) (done int, err error) {
	for {
		n := 0
		err := d.Note(ctx, program, func(tx *db.Tx) error {
			n = 0
			last, err := db.One(tx.View, db.Value[int64], `SELECT rowid FROM posts_fts ORDER BY rowid DESC LIMIT 1`)
			if fault.Is(err, fault.Missing) {
				last, err = -1, nil
			}
			if err != nil {
				return err
			}
			posts, err := db.All(tx.View, db.Value[string], `SELECT p.id FROM visible.posts p WHERE p.n > $1 AND p.deleted = 0 ORDER BY p.n LIMIT 500`, last)
			if err != nil {
				return err
			}
			for _, id := range posts {
				if err := reindex(tx, id); err != nil {
					return err
				}
			}
			n = len(posts)
			return nil
		})
		if err != nil {
			return done, fmt.Errorf("rebuild the search index: %w", err)
		}
		if done += n; n == 0 {
			return done, nil
		}
	}
}
