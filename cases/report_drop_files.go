package cases

import (
	"context"
	"time"

	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/internal/seal"
	"github.com/cordon-isao/cordon/policy"
)

// dropped is a stranger's file that is on disk and in no report yet.
type dropped struct {
	File
	key [32]byte
}

func sentFiles(ds []dropped) (fs []File) {
	for _, d := range ds {
		fs = append(fs, d.File)
	}
	return fs
}

// takeAll stores a stranger's files. They are named to the store before they are
// written, so that what a crash leaves is swept.
func (c *Cases) takeAll(ctx context.Context, d *db.DB, files []Incoming, asIs bool) (out []dropped, err error) {
	if len(files) == 0 {
		return nil, nil
	}
	day := clock.Day(d.Clock().Now())
	for range files {
		out = append(out, dropped{File{ID: ids.New(fileKind), At: day}, seal.NewKey()})
	}
	err = d.Note(ctx, stranger, func(tx *db.Tx) error {
		for _, f := range out {
			if _, err := tx.Exec(`INSERT INTO case_intake (file, at) VALUES ($1, $2)`, f.ID, clock.Micros(day)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for i, in := range files {
		in.Clean = !asIs
		out[i].Name = forum.CleanName(in.Name)
		if err := c.take(ctx, &out[i].File, out[i].key, in, i+1, day); err != nil {
			c.giveUp(ctx, d, out)
			return nil, err
		}
	}
	return out, nil
}

// giveUp takes back files of a report that was not kept.
func (c *Cases) giveUp(ctx context.Context, d *db.DB, files []dropped) {
	if len(files) == 0 {
		return
	}
	ctx = context.WithoutCancel(ctx)
	for _, f := range files {
		c.dropBlobs(ctx, f.ID)
	}
	_ = d.Note(ctx, stranger, func(tx *db.Tx) error { return forgetIntake(tx, files) })
}

func forgetIntake(tx *db.Tx, files []dropped) error {
	var names []string
	for _, f := range files {
		names = append(names, f.ID)
	}
	_, err := tx.Exec(`DELETE FROM case_intake WHERE file IN (SELECT value FROM json_each($1))`, db.List(names))
	return err
}

// attach makes a stranger's files those of his report, or of an addition to it.
func (c *Cases) attach(tx *db.Tx, object, report string, l policy.Label, files []dropped, at time.Time) error {
	if len(files) == 0 {
		return nil
	}
	audience, err := tx.Store(l.Audience)
	if err != nil {
		return err
	}
	for i, f := range files {
		if _, err := tx.Exec(`INSERT INTO case_files (id, object, parent, place, name, media, size, sha256, key, removed, at, tlp, audience)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
			f.ID, object, report, i, f.Name, f.Media, f.Size, f.SHA256, c.box.WrapKey(f.key, fileAAD(f.ID)), list(f.Removed), clock.Micros(at), string(l.TLP), audience); err != nil {
			return err
		}
	}
	return forgetIntake(tx, files)
}
