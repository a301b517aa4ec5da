package ledger

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/cordon-isao/cordon/formats/tlog"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/policy"
)

// Problem is one thing that does not fit. Part names where: "entry 17",
// "hash 40", "checkpoint 64", "audience aud_…", "head".
type Problem struct{ Part, Text string }

// String is the problem in one line.
func (p Problem) String() string { return p.Part + ": " + p.Text }

// Report is what [Ledger.Verify] found.
type Report struct {
	Size        int64 // entries, padding included
	Pads        int64
	Shredded    int64 // entries whose content was destroyed, on the record
	Checkpoints int64
	Covered     int64     // entries under the newest checkpoint
	Root        tlog.Hash // of all entries, computed from their leaves
	Problems    []Problem // the first of them, at most [MaxProblems]
	More        int64     // problems beyond those
}

// MaxProblems is how many problems a report names.
const MaxProblems = 1000

// Whole reports whether nothing was found wrong.
func (r Report) Whole() bool { return len(r.Problems) == 0 }

func (r *Report) add(part, format string, args ...any) {
	if len(r.Problems) == MaxProblems {
		r.More++
		return
	}
	r.Problems = append(r.Problems, Problem{part, fmt.Sprintf(format, args...)})
}

func (r *Report) entry(seq int64, format string, args ...any) {
	r.add(fmt.Sprintf("entry %d", seq), format, args...)
}

// verifyChunk is how many entries are held in memory at once.
const verifyChunk = 1000

// Verify walks the whole ledger on one snapshot and names what is wrong: every
// entry against its content and its leaf, every leaf against the tree, the tree
// against every checkpoint and against what the keys folder remembers to have
// signed, every audience against its address. The error is for what could not
// be read; what reads but does not fit is in the report. progress, if not nil,
// is called now and then with how many of how many entries are done.
//
// What it cannot see: the loss of entries younger than the newest checkpoint, of
// checkpoints (the next one covers what they did), and changes of an entry's room
// and access mark, which steer live updates and are no part of the record.
func (l *Ledger) Verify(ctx context.Context, progress func(done, total int64)) (Report, error) {
	w := walk{l: l, tree: map[int64]tlog.Hash{}, audiences: map[string][]string{}, gone: map[int64]bool{}}
	err := l.db.Read(ctx, policy.System("ledger"), func(v *db.View) error { return w.all(v, progress) })
	return w.report, err
}

// walk is the state of one Verify.
type walk struct {
	l         *Ledger
	report    Report
	tree      map[int64]tlog.Hash // the right edge of the tree so far, computed
	audiences map[string][]string // checked audiences and their members
	gone      map[int64]bool      // entries without content and, so far, without a record of shredding
}

// row is an entry as it stands in the store.
type row struct {
	Entry
	org, tlp, audience string
	access             int64
	key, body          []byte // nil without content
}

func (w *walk) all(v *db.View, progress func(done, total int64)) error {
	size, err := w.l.Size(v)
	if err != nil {
		return fmt.Errorf("read the ledger's head: %w", err)
	}
	w.report.Size = size
	signed, err := w.l.lastSigned()
	if err != nil {
		return err
	}
	if signed > size {
		w.report.add("head", "the store holds %d entries, but a checkpoint over %d was signed", size, signed)
	}
	checkpoints, err := w.checkpoints(v)
	if err != nil {
		return err
	}
	for done := int64(0); done < size; {
		to := min(size, done+verifyChunk)
		if i, _ := slices.BinarySearchFunc(checkpoints, done+1, func(c Checkpoint, n int64) int { return int(c.Size - n) }); i < len(checkpoints) {
			to = min(to, checkpoints[i].Size)
		}
		if err := w.chunk(v, done, to); err != nil {
			return err
		}
		if done = to; progress != nil {
			progress(done, size)
		}
		root, err := tlog.Root(done, w.hashes())
		if err != nil {
			return fmt.Errorf("compute the ledger's root: %w", err)
		}
		w.report.Root = root
		for _, c := range checkpoints {
			if c.Size == done && c.Root != root {
				w.report.add(fmt.Sprintf("checkpoint %d", c.Size), "it does not fit the first %d entries", c.Size)
			}
		}
	}
	for _, seq := range slices.Sorted(maps.Keys(w.gone)) {
		w.report.entry(seq, "its content is missing, and no record says that it was shredded")
	}
	return w.beyond(v, size)
}

// checkpoints reads all checkpoints and checks their signatures.
func (w *walk) checkpoints(v *db.View) ([]Checkpoint, error) {
	cs, err := db.All(v, scanCheckpoint, `SELECT size, at, note FROM ledger_checkpoints ORDER BY size`)
	if err != nil {
		return nil, fmt.Errorf("read the ledger's checkpoints: %w", err)
	}
	var good []Checkpoint
	for _, c := range cs {
		w.report.Checkpoints++
		part := fmt.Sprintf("checkpoint %d", c.Size)
		parsed, err := tlog.ParseCheckpoint(w.l.key.Verifier(), []byte(c.Note))
		switch {
		case err != nil:
			w.report.add(part, "%s", err)
		case parsed.Size != c.Size:
			w.report.add(part, "it is signed for %d entries", parsed.Size)
		case c.Size > w.report.Size:
			w.report.add(part, "the store holds only %d entries", w.report.Size)
		default:
			c.Root = parsed.Root
			w.report.Covered = c.Size
			good = append(good, c)
		}
	}
	return good, nil
}

// chunk checks the entries from done up to to, and what hangs on them.
func (w *walk) chunk(v *db.View, done, to int64) error {
	rows, err := w.rows(v, done, to)
	if err != nil {
		return err
	}
	leaves := make([][]byte, to-done)
	for i := range leaves {
		seq := done + int64(i)
		r, ok := rows[seq]
		if !ok {
			w.report.entry(seq, "it is missing")
			continue
		}
		leaves[i] = r.Leaf
		if err := w.one(v, r); err != nil {
			return err
		}
	}
	return w.grow(v, done, leaves)
}

func (w *walk) rows(v *db.View, from, to int64) (map[int64]*row, error) {
	rows := make(map[int64]*row, to-from)
	err := v.Each(`SELECT e.seq, e.at, e.actor, e.verb, e.object, e.parent, e.room, e.leaf, e.org, e.tlp, e.audience, e.access, c.key, c.body
		FROM visible.ledger_entries e LEFT JOIN ledger_contents c ON c.seq = e.seq WHERE e.seq >= $1 AND e.seq < $2 ORDER BY e.seq`, []any{from, to},
		func(s db.Scanner) error {
			var r row
			err := s.Scan(&r.Seq, &r.At, &r.Actor, &r.Verb, &r.Object, &r.Parent, &r.Room, &r.Leaf, &r.org, &r.tlp, &r.audience, &r.access, &r.key, &r.body)
			rows[r.Seq] = &r
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("read the ledger's entries from %d: %w", from, err)
	}
	return rows, nil
}

// one checks an entry against its content and its leaf.
func (w *walk) one(v *db.View, r *row) error {
	if r.access != 0 && r.access != 1 {
		w.report.entry(r.Seq, "its access mark is %d", r.access)
	}
	if r.Verb == padVerb {
		w.report.Pads++
		if !bytes.Equal(r.Leaf, w.l.padLeaf(r.Seq)) || r.Actor != "system:ledger" || r.Object != "pad" ||
			r.org+r.Parent+r.Room+r.tlp != "" || r.audience != (policy.Audience{}).ID() || r.key != nil {
			w.report.entry(r.Seq, "it is marked as padding and is not")
		}
		return nil
	}
	members, err := w.audience(v, r.audience)
	if err != nil {
		return err
	}
	if r.key == nil {
		w.gone[r.Seq] = true
		if len(r.Leaf) != LeafSize || !bytes.HasPrefix(r.Leaf, leafMagic) {
			w.report.entry(r.Seq, "its leaf is not one")
		}
		return nil
	}
	c, err := w.l.open(r.Seq, r.key, r.body)
	if err != nil {
		w.report.entry(r.Seq, "its content does not open")
		return nil
	}
	e, err := CheckLeaf(r.Leaf, c.Salt, c.Canonical)
	if err != nil {
		w.report.entry(r.Seq, "%s", err)
		return nil
	}
	for _, f := range []struct {
		name string
		same bool
	}{
		{"number", e.Seq == r.Seq}, {"time", clock.Micros(e.Time()) == r.At}, {"actor", e.Actor == r.Actor}, {"organization", e.Org == r.org},
		{"verb", e.Verb == r.Verb}, {"object", e.Object == r.Object}, {"parent", e.Parent == r.Parent},
		{"TLP", e.TLP == r.tlp}, {"audience", slices.Equal(e.Audience, members) && e.Label().Audience.ID() == r.audience},
	} {
		if !f.same {
			w.report.entry(r.Seq, "its %s is not what was recorded", f.name)
		}
	}
	if e.Verb == shredVerb {
		var d struct {
			Entry int64 `json:"entry"`
		}
		if err := json.Unmarshal(e.Data, &d); err == nil && w.gone[d.Entry] {
			delete(w.gone, d.Entry)
			w.report.Shredded++
		}
	}
	return nil
}

// audience checks once that an audience is what its address says, in both
// tables, and returns its members.
func (w *walk) audience(v *db.View, id string) ([]string, error) {
	if members, ok := w.audiences[id]; ok {
		return members, nil
	}
	members, err := v.StoredAudience(id)
	if err != nil {
		return nil, err
	}
	if members == nil {
		w.report.add("audience "+id, "its members are not those that its address stands for")
	}
	w.audiences[id] = members
	return members, nil
}

// grow adds leaves to the computed tree and compares what the store holds.
func (w *walk) grow(v *db.View, size int64, leaves [][]byte) error {
	fresh, after, err := tlog.Grow(size, leaves, w.hashes())
	if err != nil {
		return fmt.Errorf("compute the ledger's tree: %w", err)
	}
	stored := make(map[int64][]byte, len(fresh))
	err = v.Each(`SELECT idx, hash FROM ledger_hashes WHERE idx >= $1 AND idx < $2`, []any{fresh[0].Index, fresh[0].Index + int64(len(fresh))},
		func(s db.Scanner) error {
			var idx int64
			var h []byte
			err := s.Scan(&idx, &h)
			stored[idx] = h
			return err
		})
	if err != nil {
		return fmt.Errorf("read the ledger's tree: %w", err)
	}
	entry := map[int64]int64{} // of a leaf's hash
	for i := range leaves {
		entry[tlog.StoredHashIndex(0, size+int64(i))] = size + int64(i)
	}
	for _, h := range fresh {
		got, ok := stored[h.Index]
		switch part := fmt.Sprintf("hash %d", h.Index); {
		case !ok:
			w.report.add(part, "it is missing")
		case !bytes.Equal(got, h.Hash[:]):
			if seq, ok := entry[h.Index]; ok {
				w.report.entry(seq, "its leaf and its hash in the tree do not fit")
			}
			w.report.add(part, "it does not fit the entries")
		}
		w.tree[h.Index] = h.Hash
	}
	edge := map[int64]tlog.Hash{}
	for level := 0; after>>level != 0; level++ {
		if n := after >> level; n&1 == 1 {
			idx := tlog.StoredHashIndex(level, n-1)
			edge[idx] = w.tree[idx]
		}
	}
	w.tree = edge
	return nil
}

func (w *walk) hashes() tlog.HashReader {
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, x := range indexes {
			h, ok := w.tree[x]
			if !ok {
				return nil, fmt.Errorf("hash %d is not on the tree's edge", x)
			}
			out[i] = h
		}
		return out, nil
	})
}

// beyond looks for rows that no entry under the head accounts for.
func (w *walk) beyond(v *db.View, size int64) error {
	for _, q := range []struct {
		part, stmt string
		from       int64
	}{
		{"entry", `SELECT seq FROM visible.ledger_entries WHERE seq < 0 OR seq >= $1 ORDER BY seq LIMIT 1000`, size},
		{"content", `SELECT seq FROM ledger_contents WHERE seq < 0 OR seq >= $1 ORDER BY seq LIMIT 1000`, size},
		{"hash", `SELECT idx FROM ledger_hashes WHERE idx < 0 OR idx >= $1 ORDER BY idx LIMIT 1000`, tlog.StoredHashCount(size)},
	} {
		ns, err := db.All(v, db.Value[int64], q.stmt, q.from)
		if err != nil {
			return fmt.Errorf("look beyond the ledger's head: %w", err)
		}
		for _, n := range ns {
			w.report.add(fmt.Sprintf("%s %d", q.part, n), "it lies beyond the head of %d entries", size)
		}
	}
	followers, err := db.All(v, func(s db.Scanner) (f struct {
		name string
		seq  int64
	}, err error) {
		err = s.Scan(&f.name, &f.seq)
		return f, err
	}, `SELECT name, seq FROM ledger_followers WHERE seq > $1 ORDER BY name`, size)
	if err != nil {
		return fmt.Errorf("read the followers: %w", err)
	}
	for _, f := range followers {
		w.report.add("follower "+f.name, "it is at entry %d of %d", f.seq, size)
	}
	return nil
}
