package vulns

import (
	"context"
	"fmt"
	"strings"

	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/policy"
)

// fileKind begins the names of the files that wait to be read.
const fileKind = "vulnfile"

// blobOf is a file's name in the store, which takes small letters only.
func blobOf(file string) string { return strings.ToLower(file) }

// fileOf is the file that a blob belongs to, or "" if it is none of this duty.
func fileOf(blob string) string {
	rest, ok := strings.CutPrefix(blob, fileKind+"_")
	file := fileKind + "_" + strings.ToUpper(rest)
	if !ok || !ids.Valid(fileKind, file) {
		return ""
	}
	return file
}

// SweepFiles removes files that no batch names: what a crash left between the file
// and its batch, or between a batch's end and its file. A file is kept in the store
// before its batch is written down, so only what the sweep before found without a
// batch, too, is removed. before is what that gave back; nil at first.
func (x *Vulns) SweepFiles(ctx context.Context, d *db.DB, program policy.Viewer, before map[string]bool) (lost map[string]bool, removed int, err error) {
	lost = map[string]bool{}
	var batch []string
	flush := func() error {
		var known []string
		err := d.Read(ctx, program, func(v *db.View) (err error) {
			known, err = db.All(v, db.Value[string], `SELECT b.file FROM visible.vulns_batches b WHERE b.file IN (SELECT value FROM json_each($1))`, db.List(batch))
			return err
		})
		if err != nil {
			return err
		}
		named := map[string]bool{}
		for _, file := range known {
			named[file] = true
		}
		for _, file := range batch {
			switch {
			case named[file]:
			case before[file]:
				if err := x.files.Delete(ctx, blobOf(file)); err != nil {
					return err
				}
				removed++
			default:
				lost[file] = true
			}
		}
		batch = batch[:0]
		return nil
	}
	for name, err := range x.files.List(ctx) {
		if err != nil {
			return lost, removed, fmt.Errorf("list files: %w", err)
		}
		file := fileOf(name)
		if file == "" {
			continue
		}
		if batch = append(batch, file); len(batch) == 500 {
			if err := flush(); err != nil {
				return lost, removed, err
			}
		}
	}
	return lost, removed, flush()
}
