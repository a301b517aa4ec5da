package tlog

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	xtlog "golang.org/x/mod/sumdb/tlog"

	"golang.org/x/mod/sumdb/note"
	"pgregory.net/rapid"
)

// store keeps hashes by index and counts how often each is read.
type store struct {
	hashes []Hash
	reads  map[int64]int
	calls  int
}

func (s *store) ReadHashes(indexes []int64) ([]Hash, error) {
	s.calls++
	out := make([]Hash, len(indexes))
	for i, x := range indexes {
		if x < 0 || x >= int64(len(s.hashes)) {
			return nil, fmt.Errorf("no hash at %d", x)
		}
		if s.reads != nil {
			s.reads[x]++
		}
		out[i] = s.hashes[x]
	}
	return out, nil
}

func (s *store) add(t interface{ Fatalf(string, ...any) }, hashes []StoredHash) {
	for _, h := range hashes {
		if h.Index != int64(len(s.hashes)) {
			t.Fatalf("hash for index %d, but the next to store is %d", h.Index, len(s.hashes))
		}
		s.hashes = append(s.hashes, h.Hash)
	}
}

func leaf(n int) []byte { return fmt.Appendf(nil, "leaf %d", n) }

// grown is a store with n leaves, made in one batch.
func grown(t testing.TB, n int) *store {
	leaves := make([][]byte, n)
	for i := range leaves {
		leaves[i] = leaf(i)
	}
	s := new(store)
	hashes, _, err := Grow(0, leaves, s)
	if err != nil {
		t.Fatal(err)
	}
	s.add(t, hashes)
	return s
}

func TestGrowInBatchesIsGrowOneByOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		batches := rapid.SliceOfN(rapid.IntRange(0, 70), 1, 12).Draw(t, "batches")
		got, want := new(store), new(store)
		var size int64
		for _, b := range batches {
			leaves := make([][]byte, b)
			for i := range leaves {
				n := size + int64(i)
				leaves[i] = leaf(int(n))
				// The library's own way, leaf by leaf.
				hashes, err := xtlog.StoredHashes(n, leaves[i], want)
				if err != nil {
					t.Fatal(err)
				}
				want.hashes = append(want.hashes, hashes...)
			}
			got.reads, got.calls = map[int64]int{}, 0
			hashes, newSize, err := Grow(size, leaves, got)
			if err != nil {
				t.Fatal(err)
			}
			if newSize != size+int64(b) {
				t.Fatalf("size %d after %d more leaves than %d", newSize, b, size)
			}
			if got.calls > 1 {
				t.Fatalf("%d calls to read the edge", got.calls)
			}
			for x, n := range got.reads {
				if n != 1 {
					t.Fatalf("index %d read %d times", x, n)
				}
			}
			got.add(t, hashes)
			size = newSize
			if int64(len(got.hashes)) != StoredHashCount(size) {
				t.Fatalf("%d hashes for %d leaves, want %d", len(got.hashes), size, StoredHashCount(size))
			}
		}
		if d := cmp.Diff(want.hashes, got.hashes); d != "" {
			t.Fatal(d)
		}
	})
}

func TestGrowPassesOnReadErrors(t *testing.T) {
	broken := errors.New("disk on fire")
	_, _, err := Grow(1, [][]byte{leaf(1)}, HashReaderFunc(func([]int64) ([]Hash, error) { return nil, broken }))
	if !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	_, _, err = Grow(1, [][]byte{leaf(1)}, HashReaderFunc(func([]int64) ([]Hash, error) { return nil, nil }))
	if err == nil {
		t.Error("a reader that answers with too few hashes was believed")
	}
	if _, _, err = Grow(-1, nil, nil); err == nil {
		t.Error("a negative size was accepted")
	}
	if _, _, err = Grow(maxSize, [][]byte{{}}, nil); err == nil {
		t.Error("a tree beyond the largest was accepted")
	}
}

// T-33: inclusion and consistency proofs for every pair of 200 checkpoints;
// x/mod's verifier agrees.
func TestProofsBetweenAllCheckpoints(t *testing.T) {
	const n = 200
	s := grown(t, n)
	roots := make([]Hash, n+1)
	for size := range roots {
		var err error
		if roots[size], err = Root(int64(size), s); err != nil {
			t.Fatal(err)
		}
	}
	for new := int64(0); new <= n; new++ {
		for old := int64(0); old <= new; old++ {
			p, err := Consistency(old, new, s)
			if err != nil {
				t.Fatalf("%d to %d: %v", old, new, err)
			}
			if err := CheckConsistency(p, old, roots[old], new, roots[new]); err != nil {
				t.Fatalf("%d to %d: %v", old, new, err)
			}
			if old > 0 {
				if err := xtlog.CheckTree(xtlog.TreeProof(p), new, roots[new], old, roots[old]); err != nil {
					t.Fatalf("x/mod disagrees on %d to %d: %v", old, new, err)
				}
			}
			if err := CheckConsistency(p, old, roots[(old+1)%n], new, roots[new]); err == nil {
				t.Fatalf("%d to %d: another old root passes", old, new)
			}
			if old == new {
				continue
			}
			p, err = Inclusion(new, old, s)
			if err != nil {
				t.Fatal(err)
			}
			if err := CheckInclusion(p, new, roots[new], old, leaf(int(old))); err != nil {
				t.Fatal(err)
			}
			if err := xtlog.CheckRecord(xtlog.RecordProof(p), new, roots[new], old, LeafHash(leaf(int(old)))); err != nil {
				t.Fatalf("x/mod disagrees on leaf %d of %d: %v", old, new, err)
			}
			if err := CheckInclusion(p, new, roots[new], old, leaf(int(old)+1)); err == nil {
				t.Fatalf("leaf %d of %d: another leaf passes", old, new)
			}
		}
	}
}

// T-34: any changed byte of a proof makes it fail.
func TestAnyChangedProofByteFails(t *testing.T) {
	const n = 77
	s := grown(t, n)
	root := func(size int64) Hash {
		h, err := Root(size, s)
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	for old := int64(1); old < n; old++ {
		p, err := Consistency(old, n, s)
		if err != nil {
			t.Fatal(err)
		}
		mutations(p, func(m Proof) {
			if CheckConsistency(m, old, root(old), n, root(n)) == nil {
				t.Fatalf("a changed consistency proof %d to %d passes", old, n)
			}
		})
		p, err = Inclusion(n, old, s)
		if err != nil {
			t.Fatal(err)
		}
		mutations(p, func(m Proof) {
			if CheckInclusion(m, n, root(n), old, leaf(int(old))) == nil {
				t.Fatalf("a changed inclusion proof of leaf %d passes", old)
			}
		})
	}
	long := make(Proof, maxProof+1)
	if CheckInclusion(long, n, root(n), 1, leaf(1)) == nil || CheckConsistency(long, 1, root(1), n, root(n)) == nil {
		t.Error("an endless proof passes")
	}
}

func mutations(p Proof, check func(Proof)) {
	for i := range p {
		for b := range p[i] {
			m := append(Proof(nil), p...)
			m[i][b] ^= 0x40
			check(m)
		}
		check(append(append(Proof(nil), p[:i]...), p[i+1:]...))
	}
	check(append(append(Proof(nil), p...), Hash{}))
}

func TestProofsOutsideTheTree(t *testing.T) {
	s := grown(t, 10)
	root, _ := Root(10, s)
	for _, c := range [][2]int64{{10, 10}, {10, -1}, {0, 0}, {-1, 0}} {
		if _, err := Inclusion(c[0], c[1], s); err == nil {
			t.Errorf("Inclusion%v worked", c)
		}
		if CheckInclusion(nil, c[0], root, c[1], leaf(0)) == nil {
			t.Errorf("CheckInclusion%v passed", c)
		}
	}
	for _, c := range [][2]int64{{11, 10}, {-1, 10}, {1, maxSize + 1}} {
		if _, err := Consistency(c[0], c[1], s); err == nil {
			t.Errorf("Consistency%v worked", c)
		}
		if CheckConsistency(nil, c[0], root, c[1], root) == nil {
			t.Errorf("CheckConsistency%v passed", c)
		}
	}
	if CheckConsistency(Proof{}, 0, root, 10, root) == nil {
		t.Error("a root of the empty tree that is not its hash passes")
	}
	if CheckConsistency(Proof{{}}, 10, root, 10, root) == nil {
		t.Error("a proof between equal trees that is not empty passes")
	}
}

func testKey(t testing.TB) *Key {
	k, err := GenerateKey(rand.Reader, "isao.example/ledger")
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestCheckpoint(t *testing.T) {
	k := testKey(t)
	root := LeafHash([]byte("x"))
	msg, err := SignCheckpoint(k.Signer(), k.Name(), 1234, root)
	if err != nil {
		t.Fatal(err)
	}
	got, err := ParseCheckpoint(k.Verifier(), msg)
	if err != nil {
		t.Fatal(err)
	}
	if want := (Checkpoint{k.Name(), 1234, root}); got != want {
		t.Errorf("got %v, want %v", got, want)
	}

	// A key read back from its text signs and verifies alike.
	again, err := ParseKey(k.Private())
	if err != nil {
		t.Fatal(err)
	}
	if again.Public() != k.Public() {
		t.Error("the public key changed on the way")
	}
	if strings.Contains(fmt.Sprint(k), k.Private()) || strings.Contains(fmt.Sprintf("%v", k), "PRIVATE") {
		t.Error("printing the key shows its secret")
	}

	// A witness's signature beside ours is no hindrance, and does not do instead of it.
	witness, err := GenerateKey(rand.Reader, "witness.example")
	if err != nil {
		t.Fatal(err)
	}
	n, err := note.Open(msg, note.VerifierList(k.Verifier()))
	if err != nil {
		t.Fatal(err)
	}
	both, err := note.Sign(n, witness.Signer())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ParseCheckpoint(k.Verifier(), both); err != nil {
		t.Errorf("with a cosignature: %v", err)
	}
	if _, err := ParseCheckpoint(witness.Verifier(), both); err == nil {
		t.Error("a witness's signature was taken for the log's")
	}
	other := testKey(t)
	if _, err := ParseCheckpoint(other.Verifier(), msg); err == nil {
		t.Error("another key of the same name was satisfied")
	}
	// T-34: any changed byte fails.
	for i := range msg {
		m := bytes.Clone(msg)
		m[i] ^= 1
		if _, err := ParseCheckpoint(k.Verifier(), m); err == nil {
			t.Fatalf("byte %d changed and still verified:\n%s", i, m)
		}
	}
	if _, err := SignCheckpoint(k.Signer(), "other.example", 1, root); err == nil {
		t.Error("signed for another log")
	}
}

func TestCheckpointShapes(t *testing.T) {
	k := testKey(t)
	root := "QjdMcOdDs+Vwc4vxTMpaXjEEiRcuWUtvWNX+XkNDlrM="
	for _, c := range []struct {
		text string
		ok   bool
	}{
		{k.Name() + "\n7\n" + root + "\n", true},
		{k.Name() + "\n7\n" + root + "\nextension\n", true},
		{k.Name() + "\n07\n" + root + "\n", false},
		{k.Name() + "\n+7\n" + root + "\n", false},
		{k.Name() + "\n-7\n" + root + "\n", false},
		{k.Name() + "\n0\n" + root + "\n", false},
		{k.Name() + "\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n", true},
		{k.Name() + "\n99999999999999999999\n" + root + "\n", false},
		{k.Name() + "\n7\n" + root[1:] + "\n", false},
		{k.Name() + "\n7\n" + strings.Replace(root, "M=", "N=", 1) + "\n", false},
		{k.Name() + "\n7\n", false},
		{"other.example\n7\n" + root + "\n", false},
	} {
		msg, err := note.Sign(&note.Note{Text: c.text}, k.Signer())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ParseCheckpoint(k.Verifier(), msg); (err == nil) != c.ok {
			t.Errorf("%q: %v", c.text, err)
		}
	}
	for _, name := range []string{"", "a b", "a+b", "a\nb", "a\x00b", strings.Repeat("a", 256)} {
		if _, err := GenerateKey(rand.Reader, name); err == nil {
			t.Errorf("made a key named %q", name)
		}
	}
	for _, text := range []string{"", "PRIVATE+KEY", k.Private()[:40], k.Public(), strings.Replace(k.Private(), "isao", "asio", 1)} {
		if _, err := ParseKey(text); err == nil {
			t.Errorf("read %q as a private key", text)
		}
	}
	if _, err := ParseVerifier(k.Private()); err == nil {
		t.Error("read a private key as a public one")
	}
}

// tileClient is x/mod's client reading our tiles by our paths.
type tileClient struct {
	t    *testing.T
	s    *store
	size int64
}

func (c tileClient) Height() int { return TileHeight }
func (c tileClient) ReadTiles(tiles []xtlog.Tile) ([][]byte, error) {
	var out [][]byte
	for _, x := range tiles {
		tile, err := ParseTilePath(strings.Replace(x.Path(), "tile/8/", "tile/", 1))
		if err != nil {
			return nil, err
		}
		if !tile.Within(c.size) {
			return nil, fmt.Errorf("%s is not within %d", tile.Path(), c.size)
		}
		data, err := ReadHashTile(tile, c.s)
		if err != nil {
			return nil, err
		}
		out = append(out, data)
	}
	return out, nil
}
func (c tileClient) SaveTiles([]xtlog.Tile, [][]byte) {}

// T-33: an outsider's client, reading tiles only, agrees with our roots and proofs.
func TestTilesServeAnOutsider(t *testing.T) {
	const n = 70_000 // three levels of tiles
	s := grown(t, n)
	for _, size := range []int64{1, 2, 255, 256, 257, 511, 65_535, 65_536, 65_793, n} {
		root, err := Root(size, s)
		if err != nil {
			t.Fatal(err)
		}
		outside := xtlog.TileHashReader(xtlog.Tree{N: size, Hash: root}, tileClient{t, s, size})
		for _, index := range []int64{0, size / 3, size - 1} {
			p, err := xtlog.ProveRecord(size, index, outside)
			if err != nil {
				t.Fatalf("leaf %d of %d from tiles: %v", index, size, err)
			}
			if err := CheckInclusion(Proof(p), size, root, index, leaf(int(index))); err != nil {
				t.Error(err)
			}
		}
		// A client pinned to another root refuses our tiles.
		wrong := xtlog.TileHashReader(xtlog.Tree{N: size, Hash: LeafHash(nil)}, tileClient{t, s, size})
		if _, err := xtlog.ProveRecord(size, size-1, wrong); err == nil && size > 1 {
			t.Errorf("tiles of size %d satisfied another root", size)
		}
	}
}

func TestTilePaths(t *testing.T) {
	for path, want := range map[string]Tile{
		"tile/0/000":                               {0, 0, 256},
		"tile/0/x001/067.p/8":                      {0, 1067, 8},
		"tile/0/x001/x234/067":                     {0, 1234067, 256},
		"tile/63/999.p/255":                        {63, 999, 255},
		"tile/entries/x001/067":                    {Entries, 1067, 256},
		"tile/entries/000.p/1":                     {Entries, 0, 1},
		"tile/1/x009/x223/x372/x036/x854/x775/807": {1, 1<<63 - 1, 256},
	} {
		got, err := ParseTilePath(path)
		if err != nil || got != want {
			t.Errorf("%s: %v, %v", path, got, err)
		}
		if want.Path() != path {
			t.Errorf("%v is written %s", want, want.Path())
		}
	}
	for _, path := range []string{
		"", "tile", "tile/0", "tile/0/", "/tile/0/000", "tile/00/000", "tile/64/000", "tile/-1/000", "tile/+1/000",
		"tile/data/000", "tile/0/0", "tile/0/0000", "tile/0/x000/001", "tile/0/001/001", "tile/0/x001", "tile/0/x001/x001",
		"tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/08", "tile/0/000.p/+8", "tile/0/000.p/", "tile/0/000.p/8/",
		"tile/0/000.p/8.p/8", "tile/0/+01", "tile/0/-01", "tile/0/1_0", "tile/0/００１", "tile/0/000/", "tile/0/X001/001",
		"tile/0/../000", "tile/0/x009/x223/x372/x036/x854/x775/808", "tile/8/0/000", "tile/0/" + strings.Repeat("x001/", 40) + "001",
	} {
		if got, err := ParseTilePath(path); err == nil {
			t.Errorf("%q read as %v", path, got)
		}
	}
}

func TestTileWithin(t *testing.T) {
	for _, c := range []struct {
		path string
		size int64
		want bool
	}{
		{"tile/0/000", 255, false}, {"tile/0/000", 256, true},
		{"tile/0/000.p/3", 3, true}, {"tile/0/000.p/4", 3, false}, {"tile/0/000.p/3", 300, true},
		{"tile/0/001.p/1", 256, false}, {"tile/0/001.p/1", 257, true},
		{"tile/1/000.p/1", 255, false}, {"tile/1/000.p/1", 256, true}, {"tile/1/000.p/2", 511, false},
		{"tile/entries/000.p/5", 5, true}, {"tile/entries/000.p/6", 5, false},
		{"tile/63/000.p/1", 1 << 60, false}, {"tile/8/000.p/1", 1 << 60, false}, {"tile/7/000.p/1", 1 << 60, true},
		{"tile/1/x009/x223/x372/x036/x854/x775/807", maxSize, false}, {"tile/0/000.p/1", 0, false},
	} {
		tile, err := ParseTilePath(c.path)
		if err != nil {
			t.Fatal(err)
		}
		if got := tile.Within(c.size); got != c.want {
			t.Errorf("%s within %d: %v", c.path, c.size, got)
		}
	}
	if _, err := ReadHashTile(Tile{Entries, 0, 1}, nil); err == nil {
		t.Error("read hashes from an entry bundle")
	}
	if _, err := ReadHashTile(Tile{63, 0, 1}, nil); err == nil {
		t.Error("read a tile above every tree")
	}
}

func TestEntryBundle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOfN(rapid.SliceOfN(rapid.Byte(), 0, 50), 1, 256).Draw(t, "entries")
		data, err := EntryBundle(want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ParseEntryBundle(data)
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != len(want) {
			t.Fatalf("%d entries of %d", len(got), len(want))
		}
		for i := range got {
			if !bytes.Equal(got[i], want[i]) {
				t.Fatalf("entry %d differs", i)
			}
		}
	})
	if data, _ := EntryBundle([][]byte{[]byte("ab"), nil}); string(data) != "\x00\x02ab\x00\x00" {
		t.Errorf("encoded as %q", data)
	}
	if _, err := EntryBundle(nil); err == nil {
		t.Error("an empty bundle was made")
	}
	if _, err := EntryBundle(make([][]byte, 257)); err == nil {
		t.Error("a bundle of 257 was made")
	}
	if _, err := EntryBundle([][]byte{make([]byte, MaxEntry+1)}); err == nil {
		t.Error("an entry over the limit was taken")
	}
	for _, bad := range []string{"", "\x00", "\x00\x03ab", "\x00\x01ab", strings.Repeat("\x00\x00", 257)} {
		if _, err := ParseEntryBundle([]byte(bad)); err == nil {
			t.Errorf("%.20q was read", bad)
		}
	}
}

func FuzzParseTilePath(f *testing.F) {
	f.Add("tile/0/x001/067.p/8")
	f.Add("tile/entries/x001/x234/067")
	f.Fuzz(func(t *testing.T, path string) {
		tile, err := ParseTilePath(path)
		if err == nil && tile.Path() != path {
			t.Errorf("%q is spelt %q", path, tile.Path())
		}
	})
}

func FuzzParseEntryBundle(f *testing.F) {
	f.Add([]byte("\x00\x02ab\x00\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		entries, err := ParseEntryBundle(data)
		if err != nil {
			return
		}
		again, err := EntryBundle(entries)
		if err != nil || !bytes.Equal(again, data) {
			t.Errorf("%q came back as %q, %v", data, again, err)
		}
	})
}

func FuzzParseCheckpoint(f *testing.F) {
	k := testKey(f)
	msg, err := SignCheckpoint(k.Signer(), k.Name(), 5, Hash{})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(msg, "isao.example/ledger\n5\nAAAA\n")
	f.Fuzz(func(t *testing.T, signed []byte, text string) {
		if c, err := ParseCheckpoint(k.Verifier(), signed); err == nil && !bytes.Equal(signed[:len(k.Name())], []byte(c.Origin)) {
			t.Errorf("a checkpoint of %q that does not begin with it", c.Origin)
		}
		if c, err := parseCheckpointText(text); err == nil {
			want := fmt.Sprintf("%s\n%d\n%s\n", c.Origin, c.Size, c.Root)
			if !strings.HasPrefix(text, want) {
				t.Errorf("%q read as %v", text, c)
			}
		}
	})
}
