package db_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/cordon-isao/cordon/internal/fault"
)

// T-25: the disk is full at 40 different points. The reader is told so, reads
// go on, nothing acknowledged is lost, and when there is room again, writing
// goes on by itself.
func TestDiskFull(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("mounting a small disk needs root")
	}
	p := sqlitePlace(t)
	if err := syscall.Mount("tmpfs", p.dir, "tmpfs", 0, "size=8m"); err != nil {
		t.Skipf("a small disk cannot be mounted here: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(p.dir, 0); err != nil {
			t.Errorf("unmount: %v", err)
		}
	})
	h := p.mustOpen(t) // closed before the disk goes
	acked := map[string]bool{}
	body := strings.Repeat("x", 6000)
	ballast := filepath.Join(p.dir, "ballast")
	full := 0
	for point := range 40 {
		fill(t, ballast, int64(point)*2048) // leaves this much
		for i := range 40 {
			id := fmt.Sprintf("post_%d_%d", point, i)
			err := h.db.Write(t.Context(), member("p1"), postBody(id, body))
			if err == nil {
				acked[id] = true
				continue
			}
			full++
			if !fault.Is(err, fault.Busy) || !strings.Contains(fault.Sentence(err), "full") {
				t.Fatalf("point %d: on a full disk the writer is told %q (%v)", point, fault.Sentence(err), err)
			}
			break
		}
		if got := h.ids(t, member("p2"), `SELECT id FROM visible.posts`); len(got) != len(acked) {
			t.Fatalf("point %d: %d posts to be read, %d acknowledged", point, len(got), len(acked))
		}
		if err := os.Remove(ballast); err != nil {
			t.Fatal(err)
		}
		id := fmt.Sprintf("post_%d_after", point)
		if err := h.post(id); err != nil {
			t.Fatalf("point %d: with room again: %v", point, err)
		}
		acked[id] = true
		// Keep what is there small, so that 40 points fit on the disk.
		if point%4 == 3 {
			h.mustBeWhole(t)
			if err := h.db.Scrub(t.Context(), "posts"); err != nil {
				t.Fatalf("point %d: scrub: %v", point, err)
			}
		}
	}
	if full < 30 {
		t.Errorf("the disk was full at %d of 40 points only", full)
	}
	select {
	case <-h.db.Failed():
		t.Error("a full disk ended the store")
	default:
	}
	for _, id := range h.ids(t, member("p2"), `SELECT id FROM visible.posts`) {
		if !acked[id] {
			t.Errorf("%s was refused and is there", id)
		}
		delete(acked, id)
	}
	if len(acked) > 0 {
		t.Errorf("acknowledged and lost: %v", acked)
	}
	h.mustBeWhole(t)
	if err := h.db.Check(t.Context()); err != nil {
		t.Error(err)
	}
	t.Logf("full at %d points", full)
}

// fill writes until the disk holds nothing more, then gives back leave bytes.
func fill(t *testing.T, path string, leave int64) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var size int64
	for block := 1 << 16; block >= 512; {
		n, err := f.Write(make([]byte, block))
		size += int64(n)
		switch {
		case errors.Is(err, syscall.ENOSPC):
			block /= 2
		case err != nil:
			t.Fatal(err)
		}
	}
	if err := f.Truncate(max(0, size-leave)); err != nil {
		t.Fatal(err)
	}
}
