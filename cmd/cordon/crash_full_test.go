//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/policy"
)

// T-25: the disk of a running server is full at 40 points. Writers are told so
// with 503 and a sentence, readers go on reading, nothing acknowledged is lost,
// and once there is room the same process takes writes again.
func TestFullDisk(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("mounting a small disk needs root")
	}
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=24m"); err != nil {
		t.Skipf("a small disk cannot be mounted here: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Errorf("unmount: %v", err)
		}
	})
	w := openWorld(t, plan{Data: dir, Demo: true, Clock: clock.System()}, true)
	token := w.token(w.person(w.org("Writers", policy.Manufacturer), "Wim"))
	room := w.room("Room", policy.Green, policy.Community)
	topic := w.post(token, "/api/v1/rooms/"+room+"/topics", `{"title":"Full","body":"First.","label":{"tlp":"GREEN","audience":["community"]}}`)

	posts, files := map[string]string{}, map[string][]byte{}
	full := map[string]int{}
	refused := func(point int, what string, a answer) {
		t.Helper()
		var p struct{ Detail string }
		if err := json.Unmarshal(a.body, &p); err != nil || a.status != http.StatusServiceUnavailable || !strings.Contains(p.Detail, "full") || !strings.Contains(p.Detail, "othing was saved") {
			t.Fatalf("point %d: %s on a full disk is answered %d %s %v", point, what, a.status, a.body, a.err)
		}
		full[what]++
	}
	write := func(point, i int) bool {
		body := fmt.Sprintf("point %d post %d %s", point, i, strings.Repeat("x", 5000))
		in := map[string]any{"body": body}
		var data []byte
		if (i+point)%3 == 0 { // so that now a file, now a post is the first to find no room
			data = bytes.Repeat([]byte{byte(point), byte(i)}, 10_000)
			a := ask("POST", w.url+"/api/v1/files?name=a.bin", token, "", "application/octet-stream", data)
			var up struct{ ID string }
			json.Unmarshal(a.body, &up)
			if a.status != http.StatusCreated {
				refused(point, "an upload", a)
				return false
			}
			in["files"] = []string{up.ID}
			files[up.ID] = data
		}
		b, _ := json.Marshal(in)
		a := ask("POST", w.url+"/api/v1/topics/"+topic+"/posts", token, fmt.Sprintf("k-%d-%d", point, i), "application/json", b)
		if a.status != http.StatusCreated {
			refused(point, "a post", a)
			return false
		}
		var made struct{ ID string }
		json.Unmarshal(a.body, &made)
		posts[made.ID] = body
		return true
	}
	ballast := filepath.Join(dir, "ballast")
	for point := range 40 {
		fillDisk(t, ballast, int64(point)*3000)
		for i := range 60 {
			if !write(point, i) {
				break
			}
		}
		for _, path := range []string{"/api/v1/topics/" + topic, "/api/v1/rooms", "/api/v1/search?q=point"} {
			if a := ask("GET", w.url+path, token, "", "", nil); a.status != http.StatusOK {
				t.Fatalf("point %d: on a full disk GET %s is answered %d %s", point, path, a.status, a.body)
			}
		}
		if err := os.Remove(ballast); err != nil {
			t.Fatal(err)
		}
		if !write(point, 1000) {
			t.Fatalf("point %d: with room again nothing is taken", point)
		}
	}
	if full["a post"] < 5 || full["an upload"] < 5 {
		t.Errorf("the disk was full for %v only", full)
	}
	for id, body := range posts {
		var p onePost
		a := ask("GET", w.url+"/api/v1/posts/"+id, token, "", "", nil)
		if err := json.Unmarshal(a.body, &p); err != nil || p.Body != body {
			t.Fatalf("post %s was acknowledged: %d %v", id, a.status, err)
		}
		for _, f := range p.Files {
			if a := ask("GET", w.url+"/api/v1/files/"+f.ID, token, "", "", nil); !bytes.Equal(a.body, files[f.ID]) {
				t.Errorf("file %s has other bytes than were acknowledged: %d", f.ID, a.status)
			}
		}
	}
	r, err := w.house.ledger.Verify(t.Context(), nil)
	if err != nil || !r.Whole() {
		t.Errorf("the ledger is not whole: %v %v", r.Problems, err)
	}
	t.Logf("full for %v; %d posts kept", full, len(posts))
}

// fillDisk writes until the disk holds nothing more, then gives back leave bytes.
func fillDisk(t *testing.T, path string, leave int64) {
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
