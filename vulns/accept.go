package vulns

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/cordon-isao/cordon/internal/blob"
	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/internal/seal"
	"github.com/cordon-isao/cordon/policy"
)

// MaxFile is the largest file, in bytes.
const MaxFile = 2 << 30

var errTooLarge = fault.InvalidField("file", "The file is larger than %d GiB. Split it.", MaxFile>>30)

// errCameTwice undoes the write for a file that was kept before, under its key.
var errCameTwice = errors.New("this file was kept before")

// Accept keeps a file and queues its reading in the viewer's name: when it returns,
// the file is on disk and will be read, whatever happens. body is read to its end.
func (x *Vulns) Accept(ctx context.Context, d *db.DB, who policy.Viewer, n NewBatch, body io.Reader) (*Batch, error) {
	// What cannot be sent is told before the file is taken.
	if err := d.Read(ctx, who, func(v *db.View) error { return x.acceptable(v, n) }); err != nil {
		return nil, err
	}
	f, err := x.keepFile(ctx, body)
	if err != nil {
		return nil, err
	}
	n.size, n.fingerprint, n.file, n.key = f.size, f.sum, f.name, f.key
	var b *Batch
	err = d.Write(ctx, who, func(tx *db.Tx) error {
		id, again, err := tx.Once(n.Key, fmt.Sprintf("%s %s %s %s %s %s", f.sum, n.Kind, n.Feed, n.Name, n.Label.TLP, n.Label.Audience.ID()), func() (id string, err error) {
			if b, err = x.open(tx, n); err == nil {
				id = b.ID
			}
			return id, err
		})
		if err == nil && again {
			if b, err = x.Batch(tx.View, id); err == nil {
				err = errCameTwice
			}
		}
		return err
	})
	if err != nil {
		_ = x.files.Delete(context.WithoutCancel(ctx), blobOf(f.name)) // what stays, SweepFiles removes
	}
	if err != nil && err != errCameTwice {
		return nil, err
	}
	return b, nil
}

// acceptable says what is wrong with a batch before its file is there. What it
// misses, the write finds.
func (x *Vulns) acceptable(v *db.View, n NewBatch) error {
	if !v.Viewer().May(policy.MayPost) {
		return fault.Forbiddenf("You may not share vulnerability records.")
	}
	var p check.Problems
	p.Line("name", "The name", n.Name, 200, true)
	p.OneOf("kind", "The kind", string(n.Kind), kinds()...)
	if n.Feed == "" && !(n.Label.TLP == "" && n.Label.Audience.Empty()) {
		x.checkLabel(v, &p, n.Label)
	}
	return p.Err()
}

// kept is a file in the store.
type kept struct {
	name string
	key  []byte // wrapped
	size int64
	sum  string
}

func (x *Vulns) keepFile(ctx context.Context, body io.Reader) (kept, error) {
	name, key := ids.New(fileKind), seal.NewKey()
	size, sum, err := x.files.Put(ctx, blobOf(name), key, body, MaxFile)
	switch {
	case errors.Is(err, blob.ErrTooLarge):
		return kept{}, errTooLarge
	case err != nil:
		return kept{}, fmt.Errorf("keep the file: %w", err)
	}
	return kept{name, x.box.WrapKey(key, []byte(name)), size, hex.EncodeToString(sum[:])}, nil
}

func (x *Vulns) openFile(ctx context.Context, b *Batch) (io.ReadSeekCloser, error) {
	key, err := x.box.UnwrapKey(b.key, []byte(b.file))
	if err != nil {
		return nil, fmt.Errorf("open the batch's file: %w", err)
	}
	f, _, err := x.files.Open(ctx, blobOf(b.file), key)
	if err != nil {
		return nil, fmt.Errorf("open the batch's file: %w", err)
	}
	return f, nil
}

// sentence is what an error of a format tells its reader.
func sentence(err error) string {
	s := strings.TrimSpace(err.Error())
	if s == "" {
		return "It cannot be read."
	}
	return strings.ToUpper(s[:1]) + strings.TrimSuffix(s[1:], ".") + "."
}
