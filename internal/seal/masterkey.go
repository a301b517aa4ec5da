package seal

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// LoadOrCreateKey reads the master key from a file of exactly 32 bytes that
// only its owner may touch, or makes one. It returns a new key only once it is
// on disk, name and all. Two programs that start at once get the same key.
//
// A file of another size or with wider permissions is refused, never mended: a
// key that others could read is to be replaced, and a cut one restored.
func LoadOrCreateKey(path string) (key [KeySize]byte, created bool, err error) {
	key, err = loadKey(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, false, err
	}
	fresh := NewKey()
	switch err := createKey(path, fresh); {
	case errors.Is(err, fs.ErrExist): // another program was quicker: use its key
		key, err = loadKey(path)
		return key, false, err
	case err != nil:
		return key, false, fmt.Errorf("making the master key %s: %w", path, err)
	}
	return fresh, true, nil
}

func loadKey(path string) (key [KeySize]byte, err error) {
	info, err := os.Lstat(path)
	if err != nil {
		return key, fmt.Errorf("reading the master key: %w", err)
	}
	if !info.Mode().IsRegular() {
		return key, fmt.Errorf("the master key %s is not a regular file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return key, fmt.Errorf("reading the master key: %w", err)
	}
	defer f.Close()
	// What counts is the file that was opened, not the one that was looked at.
	opened, err := f.Stat()
	if err != nil {
		return key, fmt.Errorf("reading the master key: %w", err)
	}
	if !os.SameFile(info, opened) {
		return key, fmt.Errorf("the master key %s was replaced while it was read", path)
	}
	if perm := opened.Mode().Perm(); perm&0o077 != 0 {
		return key, fmt.Errorf("the master key %s may be touched by others (mode %04o); it must be 0600", path, perm)
	}
	if opened.Size() != KeySize {
		return key, fmt.Errorf("the master key %s is %d bytes long, not %d", path, opened.Size(), KeySize)
	}
	if _, err := io.ReadFull(f, key[:]); err != nil {
		return [KeySize]byte{}, fmt.Errorf("reading the master key %s: %w", path, err)
	}
	return key, nil
}

// createKey writes under another name first and links, so that no crash leaves
// a cut key and no race replaces one.
func createKey(path string, key [KeySize]byte) error {
	var suffix [8]byte
	rand.Read(suffix[:])
	temp := path + ".new-" + hex.EncodeToString(suffix[:])
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer os.Remove(temp)
	_, err = f.Write(key[:])
	if err == nil {
		err = f.Sync()
	}
	if err2 := f.Close(); err == nil {
		err = err2
	}
	if err != nil {
		return err
	}
	if err := os.Link(temp, path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}
