package devices

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/policy"
)

// The kinds of the files that the duty keeps.
const (
	fileSBOM     = "sbomfile"
	fileDocument = "devdoc"
)

// blobOf is a file's name in the store, which takes small letters only.
func blobOf(file string) string { return strings.ToLower(file) }

// fileOf is the file that a blob belongs to, or "" if it is none of this duty.
func fileOf(blob string) string {
	for _, kind := range []string{fileSBOM, fileDocument} {
		if rest, ok := strings.CutPrefix(blob, kind+"_"); ok {
			if file := kind + "_" + strings.ToUpper(rest); ids.Valid(kind, file) {
				return file
			}
		}
	}
	return ""
}

// open opens a file that a row names.
func (x *Devices) open(ctx context.Context, file string, wrapped []byte) (io.ReadSeekCloser, error) {
	key, err := x.box.UnwrapKey(wrapped, []byte(file))
	if err != nil {
		return nil, fmt.Errorf("open a device's file: %w", err)
	}
	f, _, err := x.files.Open(ctx, blobOf(file), key)
	if err != nil {
		return nil, fmt.Errorf("open a device's file: %w", err)
	}
	return f, nil
}

// SweepFiles removes files that no row names: what a crash left between a file and
// its row. A file is kept in the store before its row is written, so only what the
// sweep before found without one, too, is removed. before is what that gave back; nil
// at first.
func (x *Devices) SweepFiles(ctx context.Context, d *db.DB, program policy.Viewer, before map[string]bool) (lost map[string]bool, removed int, err error) {
	lost = map[string]bool{}
	for name, err := range x.files.List(ctx) {
		if err != nil {
			return lost, removed, fmt.Errorf("list files: %w", err)
		}
		file := fileOf(name)
		if file == "" {
			continue
		}
		var known bool
		err = d.Read(ctx, program, func(v *db.View) (err error) {
			known, err = v.Exists(`SELECT 1 FROM visible.devices_sboms s WHERE s.file = $1 UNION ALL SELECT 1 FROM devices_documents f WHERE f.file = $1`, file)
			return err
		})
		switch {
		case err != nil:
			return lost, removed, err
		case known:
		case before[file]:
			if err := x.files.Delete(ctx, blobOf(file)); err != nil {
				return lost, removed, err
			}
			removed++
		default:
			lost[file] = true
		}
	}
	return lost, removed, nil
}
