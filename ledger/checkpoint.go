package ledger

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/cordon-isao/cordon/formats/tlog"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/seal"
	"github.com/cordon-isao/cordon/policy"
)

// Checkpoint is a signed statement of the tree's size and root.
type Checkpoint struct {
	Size int64
	Root tlog.Hash
	At   time.Time
	Note string // the signed note, as served
}

// Checkpoint reads the newest published checkpoint; Size 0 means none yet.
func (l *Ledger) Checkpoint(v *db.View) (Checkpoint, error) {
	c, err := db.One(v, scanCheckpoint, `SELECT size, at, note FROM ledger_checkpoints ORDER BY size DESC LIMIT 1`)
	if fault.Is(err, fault.Missing) {
		return Checkpoint{}, nil
	}
	if err != nil {
		return c, err
	}
	parsed, err := tlog.ParseCheckpoint(l.key.Verifier(), []byte(c.Note))
	if err != nil {
		return c, fmt.Errorf("read the ledger's checkpoint: %w", err)
	}
	if parsed.Size != c.Size {
		return c, fmt.Errorf("the ledger's checkpoint over %d entries stands in the row of %d: the store was changed outside this program", parsed.Size, c.Size)
	}
	c.Root = parsed.Root
	return c, nil
}

func scanCheckpoint(s db.Scanner) (c Checkpoint, err error) {
	var at int64
	err = s.Scan(&c.Size, &at, &c.Note)
	c.At = clock.FromMicros(at)
	return c, err
}

// Publish fills the tree up to a multiple of [Pad], signs it and keeps the
// checkpoint. With nothing new it returns the newest one there is.
func (l *Ledger) Publish(ctx context.Context) (Checkpoint, error) {
	system := policy.System("ledger")
	var c Checkpoint
	var size int64
	read := func(v *db.View) (err error) {
		if c, err = l.Checkpoint(v); err != nil {
			return err
		}
		size, err = l.Size(v)
		return err
	}
	if err := l.db.Read(ctx, system, read); err != nil {
		return c, err
	}
	if size == c.Size {
		return c, nil
	}
	if size%Pad != 0 {
		err := l.db.Write(ctx, system, func(tx *db.Tx) error {
			next := tx.NextSeq()
			for n := next; n%Pad != 0 || n == next; n++ {
				tx.Append(db.Entry{Verb: padVerb, Object: "pad"})
			}
			size = next + int64(tx.Pending())
			return nil
		})
		if err != nil {
			return c, fmt.Errorf("pad the ledger: %w", err)
		}
	}
	var root tlog.Hash
	err := l.db.Read(ctx, system, func(v *db.View) (err error) {
		root, err = tlog.Root(size, l.hashes(v))
		return err
	})
	if err != nil {
		return c, fmt.Errorf("read the ledger's tree: %w", err)
	}
	text, err := tlog.SignCheckpoint(l.key.Signer(), l.key.Name(), size, root)
	if err != nil {
		return c, fmt.Errorf("sign the checkpoint: %w", err)
	}
	// What was signed is remembered outside the store before anyone sees it: a
	// store that is rolled back can then be told from the true one.
	if signed, err := l.lastSigned(); err != nil {
		return c, err
	} else if size > signed {
		if err := seal.WriteFile(l.signedPath(), []byte(strconv.FormatInt(size, 10)+"\n")); err != nil {
			return c, fmt.Errorf("remember the checkpoint: %w", err)
		}
	}
	err = l.db.Note(ctx, system, func(tx *db.Tx) error {
		_, err := tx.Exec(`INSERT INTO ledger_checkpoints (size, at, note) VALUES ($1, $2, $3) ON CONFLICT (size) DO NOTHING`,
			size, clock.Micros(tx.Now()), string(text))
		c = Checkpoint{Size: size, Root: root, At: tx.Now(), Note: string(text)}
		return err
	})
	return c, err
}

// Covering returns a published checkpoint that covers the entry, publishing one
// if need be.
func (l *Ledger) Covering(ctx context.Context, seq int64) (Checkpoint, error) {
	var c Checkpoint
	err := l.db.Read(ctx, policy.System("ledger"), func(v *db.View) (err error) {
		c, err = l.Checkpoint(v)
		return err
	})
	if err != nil || c.Size > seq {
		return c, err
	}
	return l.Publish(ctx)
}

// Run publishes checkpoints until ctx ends.
func (l *Ledger) Run(ctx context.Context) error {
	for {
		changed := l.db.Changed()
		if _, err := l.Publish(ctx); err != nil && ctx.Err() == nil {
			l.log.Error("publish a checkpoint", "err", err)
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(l.pace):
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-changed:
		}
	}
}

// ErrUncovered means that no published checkpoint covers an entry yet.
var ErrUncovered = errors.New("no checkpoint covers this entry yet")

// Tile answers a request for a C2SP tile (tile/<L>/<N>[.p/<W>] or
// tile/entries/<N>[.p/<W>]) within the newest published checkpoint. What it does
// not cover does not exist. Hashes and leaves tell nothing, so every viewer gets
// the same.
func (l *Ledger) Tile(v *db.View, path string) ([]byte, error) {
	t, err := tlog.ParseTilePath(path)
	if err != nil {
		return nil, fault.ErrMissing
	}
	c, err := l.Checkpoint(v)
	if err != nil {
		return nil, err
	}
	if !t.Within(c.Size) {
		return nil, fault.ErrMissing
	}
	if t.Level != tlog.Entries {
		return tlog.ReadHashTile(t, l.hashes(v))
	}
	first := t.Index * tlog.TileWidth
	leaves, err := db.All(v.As(policy.System("ledger")), db.Value[[]byte], `SELECT leaf FROM visible.ledger_entries WHERE seq >= $1 AND seq < $2 ORDER BY seq`, first, first+int64(t.Width))
	if err != nil {
		return nil, err
	}
	if len(leaves) != t.Width {
		return nil, fmt.Errorf("the ledger holds %d of the %d entries from %d on", len(leaves), t.Width, first)
	}
	return tlog.EntryBundle(leaves)
}
