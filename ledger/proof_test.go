package ledger_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	xtlog "golang.org/x/mod/sumdb/tlog"

	"github.com/cordon-isao/cordon/formats/tlog"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/ledger"
	"github.com/cordon-isao/cordon/policy"
)

// T-33: inclusion and consistency between every pair of 200 checkpoints hold
// for a third party, golang.org/x/mod's own client side.
func TestProofsOfEveryPair(t *testing.T) {
	r := dice(t)
	h := sqlitePlace(t).mustOpen(t)
	var cs []ledger.Checkpoint
	for len(cs) < 200 {
		h.write(t, 1+r.IntN(70), "words")
		c := h.publish(t)
		if c.Size%ledger.Pad != 0 || len(cs) > 0 && c.Size <= cs[len(cs)-1].Size {
			t.Fatalf("a checkpoint over %d entries", c.Size)
		}
		cs = append(cs, c)
	}
	verifier, err := note.NewVerifier(h.Public())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cs {
		if _, err := note.Open([]byte(c.Note), note.VerifierList(verifier)); err != nil {
			t.Fatal(err)
		}
	}
	pairs := 0
	h.read(t, func(v *db.View) error {
		all, err := db.All(v, db.Value[[]byte], `SELECT leaf FROM visible.ledger_entries ORDER BY seq`)
		if err != nil {
			return err
		}
		for i, old := range cs {
			for j := i; j < len(cs); j++ {
				now := cs[j]
				p, err := h.Consistency(v, old.Size, now.Size)
				if err != nil {
					return err
				}
				if old.Size != now.Size {
					if err := xtlog.CheckTree(xtlog.TreeProof(p), now.Size, now.Root, old.Size, old.Root); err != nil {
						return fmt.Errorf("%d in %d: %w", old.Size, now.Size, err)
					}
				}
				seq := r.Int64N(old.Size)
				in, err := h.Proof(v, now, seq)
				if err != nil {
					return err
				}
				if err := xtlog.CheckRecord(xtlog.RecordProof(in), now.Size, now.Root, seq, xtlog.RecordHash(all[seq])); err != nil {
					return fmt.Errorf("entry %d in %d: %w", seq, now.Size, err)
				}
				if xtlog.CheckRecord(xtlog.RecordProof(in), now.Size, now.Root, seq, xtlog.RecordHash(all[(seq+1)%old.Size])) == nil {
					return fmt.Errorf("another leaf passes for entry %d", seq)
				}
				pairs++
			}
		}
		if _, err := h.Proof(v, cs[0], cs[0].Size); !errors.Is(err, ledger.ErrUncovered) {
			t.Errorf("an entry that is not covered: %v", err)
		}
		return nil
	})
	h.mustBeWhole(t)
	t.Logf("%d pairs, %d entries", pairs, cs[len(cs)-1].Size)
}

// An idle ledger does not grow, and padding makes every size a multiple of 64.
func TestPublishPads(t *testing.T) {
	onBoth(t, func(t *testing.T, p *place) {
		h := p.mustOpen(t)
		if c := h.publish(t); c.Size != 0 || c.Note != "" {
			t.Errorf("an empty ledger has a checkpoint over %d", c.Size)
		}
		for i, want := range []int64{64, 128, 192} {
			h.write(t, []int{1, 64, 63}[i], "words")
			c := h.publish(t)
			if c.Size != want {
				t.Errorf("the size is %d, want %d", c.Size, want)
			}
			for range 3 {
				if again := h.publish(t); again.Size != want || again.Note != c.Note {
					t.Errorf("an idle ledger grew to %d", again.Size)
				}
			}
		}
		c, err := h.Covering(t.Context(), 10)
		if err != nil || c.Size != 192 {
			t.Error(c.Size, err)
		}
		h.write(t, 1, "words")
		if c, err = h.Covering(t.Context(), 192); err != nil || c.Size != 256 {
			t.Error(c.Size, err)
		}
		if r := h.mustBeWhole(t); r.Size != 256 || r.Covered != 256 || r.Pads != 256-1-64-63-1 {
			t.Errorf("%+v", r)
		}
		h.read(t, func(v *db.View) error {
			es, err := h.Range(v, 0, 1000)
			for _, e := range es {
				if e.Verb == "ledger.pad" {
					t.Error("padding is shown as an entry")
				}
			}
			return err
		})
	})
}

// outside is what a stranger's tile reader sees of the ledger: C2SP paths.
type outside struct {
	v *db.View
	h *house
	c ledger.Checkpoint
}

func (o outside) Height() int { return tlog.TileHeight }
func (o outside) ReadTiles(tiles []xtlog.Tile) ([][]byte, error) {
	out := make([][]byte, len(tiles))
	for i, x := range tiles {
		b, err := o.h.Tile(o.v, tlog.Tile{Level: x.L, Index: x.N, Width: x.W}.Path())
		if err != nil {
			return nil, fmt.Errorf("%s: %w", x.Path(), err)
		}
		out[i] = b
	}
	return out, nil
}
func (o outside) SaveTiles([]xtlog.Tile, [][]byte) {}

func TestTilesServeAnOutsideReader(t *testing.T) {
	onBoth(t, func(t *testing.T, p *place) {
		h := p.mustOpen(t)
		h.write(t, 700, "words")
		c := h.publish(t)
		h.write(t, 5, "not covered")
		err := h.db.Read(t.Context(), policy.Anonymous(), func(v *db.View) error {
			reader := xtlog.TileHashReader(xtlog.Tree{N: c.Size, Hash: c.Root}, outside{v, h, c})
			for seq := int64(0); seq < c.Size; seq++ {
				n, w := seq/256, min(int64(256), c.Size-seq/256*256)
				b, err := h.Tile(v, tlog.Tile{Level: tlog.Entries, Index: n, Width: int(w)}.Path())
				if err != nil {
					return err
				}
				leaves, err := tlog.ParseEntryBundle(b)
				if err != nil {
					return err
				}
				proof, err := xtlog.ProveRecord(c.Size, seq, reader)
				if err != nil {
					return err
				}
				if err := xtlog.CheckRecord(proof, c.Size, c.Root, seq, xtlog.RecordHash(leaves[seq%256])); err != nil {
					return err
				}
				seq += 12
			}
			for _, path := range []string{"tile/0/003", "tile/entries/002.p/200", "tile/9/000.p/1", "tile/x", "../ledger.key", ""} {
				if _, err := h.Tile(v, path); err != fault.ErrMissing {
					t.Errorf("%q beyond the checkpoint: %v", path, err)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// A store that is rolled back behind a signed checkpoint is refused.
func TestAttachRefusesRollback(t *testing.T) {
	p := sqlitePlace(t)
	h, err := p.open(t)
	if err != nil {
		t.Fatal(err)
	}
	h.write(t, 3, "words")
	h.publish(t)
	h.db.Close()
	file := filepath.Join(p.dir, "cordon.db")
	old, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if h, err = p.open(t); err != nil {
		t.Fatal(err)
	}
	h.write(t, 3, "words")
	h.publish(t)
	h.db.Close()
	if err := os.WriteFile(file, old, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := p.open(t); err == nil || !strings.Contains(err.Error(), "older copy") {
		t.Errorf("a rolled back store: %v", err)
	}
}

// T-37, the ledger's part: of 100 shredded entries nothing is left in any file,
// neither their ciphertext nor their wrapped keys, and every proof stays valid.
func TestShredLeavesNothing(t *testing.T) {
	h := sqlitePlace(t).mustOpen(t)
	const canary = "CANARY-7f3a9c-patient-name"
	h.write(t, 50, "kept")
	h.write(t, 100, strings.Repeat(canary, 20))
	h.write(t, 50, "kept")
	c := h.publish(t)
	type remains struct{ key, body []byte }
	var rs []remains
	var es []ledger.Entry
	var before []tlog.Proof
	h.read(t, func(v *db.View) (err error) {
		if es, err = h.Range(v, 50, 100); err != nil {
			return err
		}
		for _, e := range es {
			p, err := h.Proof(v, c, e.Seq)
			if err != nil {
				return err
			}
			before = append(before, p)
		}
		rs, err = db.All(v, func(s db.Scanner) (r remains, err error) { err = s.Scan(&r.key, &r.body); return r, err },
			`SELECT key, body FROM ledger_contents WHERE seq >= 50 AND seq < 150`)
		return err
	})
	if len(rs) != 100 || !foundIn(t, h.dir, rs[7].key) || !foundIn(t, h.dir, rs[7].body[:16]) {
		t.Fatal("the search finds nothing before shredding: it cannot fail")
	}
	err := h.db.Write(t.Context(), ada, func(tx *db.Tx) error {
		for _, e := range es {
			if err := h.Shred(tx, e, "spill"); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := h.db.Scrub(t.Context(), "ledger_contents"); err != nil {
		t.Fatal(err)
	}
	for i, r := range rs {
		if foundIn(t, h.dir, r.key) || foundIn(t, h.dir, r.body[:16]) || foundIn(t, h.dir, r.body[len(r.body)-16:]) {
			t.Errorf("entry %d left something behind", es[i].Seq)
		}
	}
	if foundIn(t, h.dir, []byte(canary)) {
		t.Error("plain text was on the disk at all")
	}
	h.read(t, func(v *db.View) error {
		for i, e := range es {
			if got, err := h.Open(v, e); err != nil || got.Canonical != nil {
				t.Errorf("entry %d opens to %q, %v", e.Seq, got.Canonical, err)
			}
			if err := tlog.CheckInclusion(before[i], c.Size, c.Root, e.Seq, e.Leaf); err != nil {
				t.Error(err)
			}
		}
		return nil
	})
	if r := h.mustBeWhole(t); r.Shredded != 100 {
		t.Errorf("%d entries on record as shredded", r.Shredded)
	}
}

func foundIn(t *testing.T, dir string, what []byte) bool {
	t.Helper()
	found := false
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		found = found || bytes.Contains(b, what)
	}
	return found
}

// What could not be read again is not recorded.
func TestRecordRefuses(t *testing.T) {
	h := sqlitePlace(t).mustOpen(t)
	for name, e := range map[string]db.Entry{
		"no label":      {Verb: "a.b", Object: "c"},
		"no verb":       {Verb: "ab", Object: "c", Label: toOrg},
		"no object":     {Verb: "a.b", Label: toOrg},
		"two spellings": {Verb: "a.b", Object: "c", Label: toOrg, Data: map[string]int{"key": 1, "KEY": 2}},
		"too large":     {Verb: "a.b", Object: "c", Label: toOrg, Data: strings.Repeat("x", 2<<20)},
		"not JSON":      {Verb: "a.b", Object: "c", Label: toOrg, Data: func() {}},
		"not a double":  {Verb: "a.b", Object: "c", Label: toOrg, Data: uint64(1<<63 + 1)},
	} {
		err := h.db.Write(context.Background(), ada, func(tx *db.Tx) error { tx.Append(e); return nil })
		if err == nil {
			t.Errorf("%s was recorded", name)
		}
	}
	if r := h.mustBeWhole(t); r.Size != 0 {
		t.Error(r.Size)
	}
}
