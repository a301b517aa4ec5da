package blob

import (
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A dated file tells its day and nothing else, nor do the folders it went
// through (T-46).
func TestPutDated(t *testing.T) {
	dir := t.TempDir()
	d, err := OpenDir(dir, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	day := time.Date(2026, 3, 5, 0, 0, 0, 0, time.UTC)
	size, _, err := d.PutDated(t.Context(), "cfile_a", [32]byte{1}, strings.NewReader("content"), 100, day)
	if err != nil || size != 7 {
		t.Fatal(size, err)
	}
	if _, _, err := d.PutDated(t.Context(), "cfile_b", [32]byte{1}, strings.NewReader("too long"), 3, day); err == nil {
		t.Fatal("a file over its limit was kept")
	}
	files := 0
	err = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err == nil && !info.ModTime().Equal(day) {
			t.Errorf("%s was changed at %v", path, info.ModTime())
		}
		if !e.IsDir() {
			files++
		}
		return err
	})
	if err != nil || files != 1 {
		t.Errorf("%d files, %v", files, err)
	}
	if _, n, err := d.Open(t.Context(), "cfile_a", [32]byte{1}); err != nil || n != 7 {
		t.Errorf("it opens with %d bytes, %v", n, err)
	}
}
