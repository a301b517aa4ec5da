package intel

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"

	"github.com/cordon-isao/cordon/internal/db"
)

// Unfinished finds a batch of the viewer's own that was not read to its end and
// holds a file of this digest (SHA-256) under these terms, so that who sends a file
// again after an interruption goes on where it was; nil if there is none.
func (x *Intel) Unfinished(ctx context.Context, v *db.View, f Format, terms Terms, size int64, sum [sha256.Size]byte) (*Batch, error) {
	terms, err := x.Check(v, terms)
	if err != nil {
		return nil, err
	}
	want, err := json.Marshal(terms)
	if err != nil {
		return nil, err
	}
	bs, err := db.All(v, scanBatch(v), `SELECT `+batchColumns+` FROM visible.intel_batches b WHERE b.person = $1 AND b.size = $2 AND b.format = $3 AND b.state IN ('queued', 'running', 'stopped') AND b.file <> '' ORDER BY b.at, b.id LIMIT 20`,
		v.Viewer().Person, size, string(f))
	if err != nil {
		return nil, err
	}
	for _, b := range bs {
		have, err := json.Marshal(b.Terms)
		if err != nil {
			return nil, err
		}
		if string(have) != string(want) {
			continue
		}
		if same, err := x.holds(ctx, b, sum); err != nil || same {
			return b, err
		}
	}
	return nil, nil
}

// holds reports whether a batch's file has a digest.
func (x *Intel) holds(ctx context.Context, b *Batch, sum [sha256.Size]byte) (bool, error) {
	key, err := x.box.UnwrapKey(b.key, []byte(b.file))
	if err != nil {
		return false, fmt.Errorf("open the batch's file: %w", err)
	}
	r, _, err := x.files.Open(ctx, blobOf(b.file), key)
	if err != nil {
		return false, fmt.Errorf("open the batch's file: %w", err)
	}
	defer r.Close()
	h := sha256.New()
	if _, err := io.Copy(h, r); err != nil {
		return false, fmt.Errorf("read the batch's file: %w", err)
	}
	return [sha256.Size]byte(h.Sum(nil)) == sum, nil
}
