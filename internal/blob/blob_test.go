package blob

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"
	"time"

	"pgregory.net/rapid"
)

var (
	bg  = context.Background()
	now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
)

func testKey(n byte) (key [32]byte) {
	for i := range key {
		key[i] = n
	}
	return key
}

func content(n int) []byte {
	b := make([]byte, n)
	r := dice(1)
	for i := range b {
		b[i] = byte(r.below(256))
	}
	return b
}

// dice throws the same numbers for the same seed (xorshift64*).
type dice uint64

func (d *dice) below(n int) int {
	x := uint64(*d)
	x ^= x >> 12
	x ^= x << 25
	x ^= x >> 27
	*d = dice(x)
	return int(x * 0x2545F4914F6CDD1D >> 33 % uint64(n))
}

func openDir(t testing.TB) (*Dir, string) {
	path := filepath.Join(t.TempDir(), "files")
	d, err := OpenDir(path, now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d, path
}

// files lists every file below path, in whatever state.
func files(t testing.TB, path string) (names []string) {
	err := filepath.WalkDir(path, func(p string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			names = append(names, p)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestPutAndOpen(t *testing.T) {
	d, path := openDir(t)
	for _, n := range []int{0, 1, chunkSize - 1, chunkSize, chunkSize + 1, 2 * chunkSize, 3*chunkSize + 17} {
		id := fmt.Sprintf("file_%d", n)
		want := content(n)
		size, sum, err := d.Put(bg, id, testKey(1), iotest.HalfReader(bytes.NewReader(want)), int64(n))
		if err != nil {
			t.Fatal(err)
		}
		if size != int64(n) || sum != sha256.Sum256(want) {
			t.Errorf("%d bytes: size %d, or another hash", n, size)
		}
		f, size, err := d.Open(bg, id, testKey(1))
		if err != nil {
			t.Fatal(err)
		}
		if size != int64(n) {
			t.Errorf("%d bytes opened as %d", n, size)
		}
		// The standard library's own check of Read and Seek.
		if err := iotest.TestReader(f, want); err != nil {
			t.Errorf("%d bytes: %v", n, err)
		}
		f.Close()
		if _, _, err := d.Open(bg, id, testKey(2)); !errors.Is(err, ErrDamaged) {
			t.Errorf("opened with another key: %v", err)
		}
		if _, _, err := d.Put(bg, id, testKey(1), strings.NewReader("x"), 1); !errors.Is(err, ErrExists) {
			t.Errorf("put twice: %v", err)
		}
	}
	var ids []string
	for id, err := range d.List(bg) {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	if len(ids) != 7 || !slices.Contains(ids, "file_0") {
		t.Errorf("listed %v", ids)
	}
	for _, id := range ids {
		if err := d.Delete(bg, id); err != nil {
			t.Fatal(err)
		}
		if err := d.Delete(bg, id); err != nil {
			t.Errorf("deleting again: %v", err)
		}
		if _, _, err := d.Open(bg, id, testKey(1)); !errors.Is(err, ErrMissing) {
			t.Errorf("opened after deletion: %v", err)
		}
	}
	if left := files(t, path); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestNoPlainBytesOnDisk(t *testing.T) {
	d, path := openDir(t)
	if _, _, err := d.Put(bg, "file_a", testKey(1), strings.NewReader(strings.Repeat("canary", 20_000)), 1<<20); err != nil {
		t.Fatal(err)
	}
	for _, name := range files(t, path) {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(data, []byte("canary")) {
			t.Errorf("%s holds plain content", name)
		}
	}
}

func TestIDs(t *testing.T) {
	d, path := openDir(t)
	for _, id := range []string{"", ".", "..", "../x", "a/b", "a\\b", "A", "é", "a b", "a\x00", "a.b", strings.Repeat("a", 129)} {
		if _, _, err := d.Put(bg, id, testKey(1), strings.NewReader("x"), 1); err == nil {
			t.Errorf("%q was taken", id)
		}
		if _, _, err := d.Open(bg, id, testKey(1)); !errors.Is(err, ErrMissing) {
			t.Errorf("%q: %v", id, err)
		}
		if err := d.Delete(bg, id); err != nil {
			t.Errorf("%q: %v", id, err)
		}
	}
	if left := files(t, filepath.Dir(path)); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

// R: an upload over its limit, cut off, or cancelled leaves nothing behind.
func TestFailedPutLeavesNothing(t *testing.T) {
	d, path := openDir(t)
	cancelled, cancel := context.WithCancel(bg)
	boom := errors.New("boom")
	for _, c := range []struct {
		name  string
		ctx   context.Context
		r     io.Reader
		limit int64
		want  error
	}{
		{"over by one", bg, bytes.NewReader(content(1001)), 1000, ErrTooLarge},
		{"over by one at a chunk's end", bg, bytes.NewReader(content(chunkSize + 1)), chunkSize, ErrTooLarge},
		{"endless", bg, endless{}, 3 * chunkSize, ErrTooLarge},
		{"over nothing", bg, strings.NewReader("x"), 0, ErrTooLarge},
		{"cut", bg, io.MultiReader(bytes.NewReader(content(chunkSize+5)), iotest.ErrReader(boom)), 1 << 20, boom},
		{"cut as net/http says it", bg, io.MultiReader(bytes.NewReader(content(chunkSize+5)), iotest.ErrReader(io.ErrUnexpectedEOF)), 1 << 20, errCut},
		{"cut at a chunk's end", bg, io.MultiReader(bytes.NewReader(content(chunkSize)), iotest.ErrReader(io.ErrUnexpectedEOF)), 1 << 20, errCut},
		{"cancelled", cancelled, io.MultiReader(bytes.NewReader(content(3*chunkSize)), readerFunc(func([]byte) (int, error) { cancel(); return 0, io.EOF })), 1 << 20, context.Canceled},
	} {
		_, _, err := d.Put(c.ctx, "file_x", testKey(1), c.r, c.limit)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
		if left := files(t, path); len(left) != 0 {
			t.Errorf("%s: left behind: %v", c.name, left)
		}
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// full is a disk with room for so many more bytes.
type full struct {
	w    io.Writer
	room int
}

func (f *full) Write(p []byte) (int, error) {
	if len(p) > f.room {
		n, _ := f.w.Write(p[:f.room])
		f.room = 0
		return n, syscall.ENOSPC
	}
	f.room -= len(p)
	return f.w.Write(p)
}

// T-25: disk full at any point of a put.
func TestDiskFull(t *testing.T) {
	d, path := openDir(t)
	want := content(2*chunkSize + 100)
	stored := headerSize + len(want) + 3*tagSize
	for room := 0; room < stored; room += 4999 {
		d.wrap = func(w io.Writer) io.Writer { return &full{w, room} }
		if _, _, err := d.Put(bg, "file_x", testKey(1), bytes.NewReader(want), 1<<20); !errors.Is(err, syscall.ENOSPC) {
			t.Fatalf("room for %d: %v", room, err)
		}
		if left := files(t, path); len(left) != 0 {
			t.Fatalf("room for %d: left behind: %v", room, left)
		}
	}
	d.wrap = func(w io.Writer) io.Writer { return &full{w, stored} }
	if _, _, err := d.Put(bg, "file_x", testKey(1), bytes.NewReader(want), 1<<20); err != nil {
		t.Errorf("with just enough room: %v", err)
	}
}

// readAll reads a stored file through the store; got is what was served.
func readAll(d *Dir, id string) (got []byte, err error) {
	f, _, err := d.Open(bg, id, testKey(1))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(f)
}

// T-29: flip one bit at random in any file, 200 times: always detected, and
// nothing that was not put is served before that.
func TestBitRot(t *testing.T) {
	d, path := openDir(t)
	want := content(3*chunkSize + 1000)
	if _, _, err := d.Put(bg, "file_x", testKey(1), bytes.NewReader(want), 1<<20); err != nil {
		t.Fatal(err)
	}
	name := files(t, path)[0]
	stored, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	const seed = 29
	random := dice(seed)
	check := func(what string, data []byte) {
		t.Helper()
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := readAll(d, "file_x")
		if !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: not detected: %v", what, err)
		}
		if !bytes.HasPrefix(want, got) {
			t.Errorf("%s: wrong bytes were served", what)
		}
	}
	for range 200 {
		at, bit := random.below(len(stored)), random.below(8)
		bad := bytes.Clone(stored)
		bad[at] ^= 1 << bit
		check(fmt.Sprintf("seed %d, byte %d, bit %d", seed, at, bit), bad)
	}
	for range 50 {
		at := random.below(len(stored))
		check(fmt.Sprintf("cut to %d", at), stored[:at])
	}
	for chunk := range 4 {
		check(fmt.Sprintf("cut after chunk %d", chunk), stored[:headerSize+chunk*sealedSize])
	}
	swapped := bytes.Clone(stored)
	copy(swapped[headerSize:], stored[headerSize+sealedSize:headerSize+2*sealedSize])
	copy(swapped[headerSize+sealedSize:], stored[headerSize:headerSize+sealedSize])
	check("chunks swapped", swapped)
	check("chunk dropped", slices.Delete(bytes.Clone(stored), headerSize, headerSize+sealedSize))
	check("longer", append(bytes.Clone(stored), 0))
	check("appended to itself", append(bytes.Clone(stored), stored[headerSize:]...))

	// One file's bytes in the place of another's.
	if err := os.WriteFile(name, stored, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := d.Put(bg, "file_y", testKey(1), strings.NewReader("y"), 1); err != nil {
		t.Fatal(err)
	}
	_, other := place("file_y")
	if err := os.WriteFile(filepath.Join(path, other), stored, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := readAll(d, "file_y"); !errors.Is(err, ErrDamaged) {
		t.Errorf("another file's content was served: %v", err)
	}
	if got, err := readAll(d, "file_x"); err != nil || !bytes.Equal(got, want) {
		t.Errorf("whole again: %v", err)
	}
}

func TestSweep(t *testing.T) {
	d, path := openDir(t)
	if _, _, err := d.Put(bg, "file_x", testKey(1), strings.NewReader("x"), 1); err != nil {
		t.Fatal(err)
	}
	for name, age := range map[string]time.Duration{"old": 25 * time.Hour, "young": 23 * time.Hour} {
		p := filepath.Join(path, tmp, name)
		if err := os.WriteFile(p, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(p, now.Add(-age), now.Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	_, stored := place("file_x")
	old := now.Add(-1000 * time.Hour)
	if err := os.Chtimes(filepath.Join(path, stored), old, old); err != nil {
		t.Fatal(err)
	}
	again, err := OpenDir(path, now)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	var left []string
	for _, name := range files(t, path) {
		left = append(left, filepath.Base(name))
	}
	slices.Sort(left)
	if !slices.Equal(left, []string{"file_x", "young"}) {
		t.Errorf("left: %v", left)
	}
}

func TestOnePutOfManyWins(t *testing.T) {
	d, path := openDir(t)
	results := make(chan error, 8)
	for i := range cap(results) {
		go func() {
			_, _, err := d.Put(bg, "file_x", testKey(1), bytes.NewReader(bytes.Repeat([]byte{byte(i)}, 100_000)), 1<<20)
			results <- err
		}()
	}
	won := 0
	for range cap(results) {
		if err := <-results; err == nil {
			won++
		} else if !errors.Is(err, ErrExists) {
			t.Error(err)
		}
	}
	if won != 1 {
		t.Errorf("%d puts of one id succeeded", won)
	}
	got, err := readAll(d, "file_x")
	if err != nil || len(got) != 100_000 || bytes.Count(got, got[:1]) != len(got) {
		t.Errorf("mixed content, %v", err)
	}
	if left := files(t, path); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
}

func TestRandomReads(t *testing.T) {
	d, _ := openDir(t)
	want := content(4*chunkSize + 321)
	if _, _, err := d.Put(bg, "file_x", testKey(1), bytes.NewReader(want), 1<<20); err != nil {
		t.Fatal(err)
	}
	f, size, err := d.Open(bg, "file_x", testKey(1))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rapid.Check(t, func(t *rapid.T) {
		from := rapid.Int64Range(0, size).Draw(t, "from")
		n := rapid.Int64Range(0, size-from).Draw(t, "n")
		if _, err := f.Seek(from-size, io.SeekEnd); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, n)
		if _, err := io.ReadFull(f, got); err != nil || !bytes.Equal(got, want[from:from+n]) {
			t.Fatalf("%d from %d: %v", n, from, err)
		}
	})
	if _, err := f.Seek(-1, io.SeekStart); err == nil {
		t.Error("sought before the start")
	}
}

func FuzzOpen(f *testing.F) {
	var stored bytes.Buffer
	if err := encrypt(&stored, strings.NewReader("hello"), testKey(1), "file_x"); err != nil {
		f.Fatal(err)
	}
	f.Add(stored.Bytes())
	f.Add([]byte(magic))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := newReader(bytes.NewReader(data), int64(len(data)), testKey(1), "file_x")
		if err != nil {
			return
		}
		got, err := io.ReadAll(r)
		if err == nil && string(got) != "hello" {
			t.Errorf("%q was read as %q", data, got)
		}
	})
}
