package seal

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

func TestSealAndOpen(t *testing.T) {
	box, other := NewBox(NewKey()), NewBox(NewKey())
	rapid.Check(t, func(t *rapid.T) {
		plain := rapid.SliceOf(rapid.Byte()).Draw(t, "plain")
		aad := rapid.SliceOf(rapid.Byte()).Draw(t, "aad")
		sealed := box.Seal(plain, aad)
		if len(sealed) != len(plain)+Overhead {
			t.Fatalf("%d bytes sealed to %d", len(plain), len(sealed))
		}
		got, err := box.Open(sealed, aad)
		if err != nil || !bytes.Equal(got, plain) {
			t.Fatalf("opened to %q, %v", got, err)
		}
		if bytes.Equal(sealed, box.Seal(plain, aad)) {
			t.Fatal("the same nonce twice")
		}
		bad := bytes.Clone(sealed)
		bad[rapid.IntRange(0, len(bad)-1).Draw(t, "at")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		for name, err := range map[string]error{
			"changed":    errOf(box.Open(bad, aad)),
			"cut":        errOf(box.Open(sealed[:len(sealed)-1], aad)),
			"longer":     errOf(box.Open(append(bytes.Clone(sealed), 0), aad)),
			"other aad":  errOf(box.Open(sealed, append(bytes.Clone(aad), 0))),
			"other key":  errOf(other.Open(sealed, aad)),
			"as a key":   errOf(box.UnwrapKey(sealed, aad)),
			"empty":      errOf(box.Open(nil, aad)),
			"no content": errOf(box.Open(sealed[:Overhead-1], aad)),
		} {
			if !errors.Is(err, ErrOpen) {
				t.Fatalf("%s: %v", name, err)
			}
		}
	})
}

func errOf[T any](_ T, err error) error { return err }

func TestWrapKey(t *testing.T) {
	box, key := NewBox(NewKey()), NewKey()
	wrapped := box.WrapKey(key, []byte("file_a"))
	if got, err := box.UnwrapKey(wrapped, []byte("file_a")); err != nil || got != key {
		t.Errorf("unwrapped to another key, %v", err)
	}
	if _, err := box.UnwrapKey(wrapped, []byte("file_b")); !errors.Is(err, ErrOpen) {
		t.Errorf("unwrapped for another object: %v", err)
	}
	if _, err := box.Open(wrapped, []byte("file_a")); !errors.Is(err, ErrOpen) {
		t.Error("a wrapped key opened as content")
	}
	if s := fmt.Sprintf("%v %+v %#v", box, box, box); s != "seal.Box seal.Box seal.Box" {
		t.Errorf("printing a box shows %s", s)
	}
}

func TestToken(t *testing.T) {
	box := NewBox(NewKey())
	cursor, page := box.Token("cursor"), box.Token("page")
	seen := map[string]int64{}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64().Draw(t, "n")
		aad := []byte(rapid.StringMatching(`person_[a-z0-9]{4}`).Draw(t, "aad"))
		s := cursor.Encode(n, aad)
		if len(s) != TokenLen || strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") != "" {
			t.Fatalf("%d is %q", n, s)
		}
		if s != NewBox(box.master).Token("cursor").Encode(n, aad) {
			t.Fatal("not deterministic")
		}
		if got, err := cursor.Decode(s, aad); err != nil || got != n {
			t.Fatalf("%d came back as %d, %v", n, got, err)
		}
		if m, dup := seen[s+string(aad)]; dup && m != n {
			t.Fatalf("%d and %d are the same token", n, m)
		}
		seen[s+string(aad)] = n
		if _, err := cursor.Decode(s, append(aad, 'x')); !errors.Is(err, ErrOpen) {
			t.Fatal("decoded for another reader")
		}
		if _, err := page.Decode(s, aad); !errors.Is(err, ErrOpen) {
			t.Fatal("decoded for another purpose")
		}
		// Every single changed character is refused: one token, one spelling.
		for i := range len(s) {
			c := byte('A')
			if s[i] == c {
				c = 'B'
			}
			if _, err := cursor.Decode(s[:i]+string(c)+s[i+1:], aad); !errors.Is(err, ErrOpen) {
				t.Fatalf("character %d changed and still decoded", i)
			}
		}
	})
	for _, n := range []int64{0, 1, -1, math.MaxInt64, math.MinInt64} {
		if got, err := cursor.Decode(cursor.Encode(n, nil), nil); err != nil || got != n {
			t.Errorf("%d came back as %d, %v", n, got, err)
		}
	}
	for _, s := range []string{"", "x", strings.Repeat("A", 31), strings.Repeat("A", 32), strings.Repeat("A", 33), strings.Repeat("=", 32), strings.Repeat("+", 32)} {
		if _, err := cursor.Decode(s, nil); !errors.Is(err, ErrOpen) {
			t.Errorf("%q decoded", s)
		}
	}
	if s := fmt.Sprintf("%v %+v %#v", cursor, cursor, cursor); strings.Contains(s, "mac") {
		t.Errorf("printing a token maker shows %s", s)
	}
}

func TestMasterKeyFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "master.key")
	key, created, err := LoadOrCreateKey(path)
	if err != nil || !created {
		t.Fatal(created, err)
	}
	again, created, err := LoadOrCreateKey(path)
	if err != nil || created || again != key {
		t.Fatalf("read back: created %v, same %v, %v", created, again == key, err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	entries, _ := os.ReadDir(dir)
	if len(entries) != 1 {
		t.Errorf("left behind: %v", entries)
	}

	for _, mode := range []os.FileMode{0o640, 0o604, 0o660, 0o666} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if _, _, err := LoadOrCreateKey(path); err == nil || !strings.Contains(err.Error(), "0600") {
			t.Errorf("mode %v: %v", mode, err)
		}
	}
	for _, size := range []int{0, 31, 33, 4096} {
		path := filepath.Join(dir, fmt.Sprint(size))
		if err := os.WriteFile(path, make([]byte, size), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, err := LoadOrCreateKey(path); err == nil {
			t.Errorf("a key of %d bytes was taken", size)
		}
		if info, _ := os.Stat(path); info.Size() != int64(size) {
			t.Errorf("a key of %d bytes was overwritten", size)
		}
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	if _, _, err := LoadOrCreateKey(link); err == nil {
		t.Error("a symbolic link was followed")
	}
	if _, _, err := LoadOrCreateKey(filepath.Join(dir, "none", "key")); err == nil {
		t.Error("a key was made in a folder that is not there")
	}
}

func TestMasterKeyMadeByManyAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "master.key")
	keys := make([][KeySize]byte, 16)
	var made sync.Map
	var wg sync.WaitGroup
	for i := range keys {
		wg.Go(func() {
			key, created, err := LoadOrCreateKey(path)
			if err != nil {
				t.Error(err)
			}
			if created {
				made.Store(i, true)
			}
			keys[i] = key
		})
	}
	wg.Wait()
	n := 0
	made.Range(func(any, any) bool { n++; return true })
	if n != 1 {
		t.Errorf("%d keys were made", n)
	}
	for _, k := range keys {
		if k != keys[0] {
			t.Fatal("two programs have different keys")
		}
	}
}

func FuzzOpen(f *testing.F) {
	box := NewBox(NewKey())
	cursor := box.Token("cursor")
	f.Add(box.Seal([]byte("x"), nil), cursor.Encode(7, nil))
	f.Fuzz(func(t *testing.T, sealed []byte, token string) {
		_, _ = box.Open(sealed, nil)
		_, _ = box.UnwrapKey(sealed, nil)
		if n, err := cursor.Decode(token, nil); err == nil && cursor.Encode(n, nil) != token {
			t.Errorf("%q is not the token of %d", token, n)
		}
	})
}
