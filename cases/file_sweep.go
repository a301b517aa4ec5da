package cases

import (
	"context"
	"fmt"

	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/policy"
)

// SweepFiles forgets uploads that nothing claimed in time and removes blobs that
// belong to nothing. It is run by the program, in its own name, now and then.
func (c *Cases) SweepFiles(ctx context.Context, d *db.DB, program policy.Viewer) (removed int, err error) {
	err = d.Note(ctx, program, func(tx *db.Tx) error {
		before := tx.Now().Add(-KeepUpload)
		if _, err := tx.Exec(`DELETE FROM case_uploads WHERE at < $1`, clock.Micros(before)); err != nil {
			return err
		}
		// Those have the day only: a report being written now is kept for one more.
		_, err := tx.Exec(`DELETE FROM case_intake WHERE at < $1`, clock.Micros(clock.Day(before)))
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("forget old uploads: %w", err)
	}
	var batch []string
	flush := func() error {
		var known []string
		err := d.Read(ctx, program, func(v *db.View) (err error) {
			known, err = db.All(v, db.Value[string], `SELECT f.id FROM visible.case_files f WHERE f.id IN (SELECT value FROM json_each($1))
				UNION SELECT u.id FROM case_uploads u WHERE u.id IN (SELECT value FROM json_each($1))
				UNION SELECT i.file FROM case_intake i WHERE i.file IN (SELECT value FROM json_each($1))`, db.List(batch))
			return err
		})
		if err != nil {
			return err
		}
		keep := map[string]bool{}
		for _, id := range known {
			keep[id] = true
		}
		for _, id := range batch {
			if !keep[id] {
				c.dropBlobs(ctx, id)
				removed++
			}
		}
		batch = batch[:0]
		return nil
	}
	for name, err := range c.files.List(ctx) {
		if err != nil {
			return removed, fmt.Errorf("list files: %w", err)
		}
		id := fileOf(name)
		if id == "" {
			continue
		}
		if batch = append(batch, id); len(batch) == 500 {
			if err := flush(); err != nil {
				return removed, fmt.Errorf("sweep files: %w", err)
			}
		}
	}
	return removed, flush()
}
