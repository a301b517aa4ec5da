//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// T-22: the disk refuses fsync, once, at each instance of a flow of writes. From
// a refused fsync of the database on nothing is acknowledged and the program
// ends, not with 0; started again it has everything that was acknowledged.
// Files' own fsyncs refuse that one upload.
func TestFsyncFails(t *testing.T) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("strace is not installed; scripts/prepare installs it")
	}
	if out, err := exec.Command(strace, "-o", filepath.Join(t.TempDir(), "o"), "true").CombinedOutput(); err != nil {
		t.Skipf("strace may not trace here: %s", bytes.TrimSpace(out))
	}
	ended, refused, quiet := 0, 0, 0
	for instance := 1; quiet < 3 && instance < 60; instance++ {
		dir := t.TempDir()
		room, tokens := furnishFor(t, dir, "", 1)
		trace := filepath.Join(t.TempDir(), "trace")
		// -D keeps the program our own child; calls are counted in each thread.
		p := launch(t, []string{strace, "-D", "-f", "-y", "--seccomp-bpf", "-o", trace, "-e", "trace=fsync,fdatasync",
			"-e", fmt.Sprintf("inject=fsync,fdatasync:error=EIO:when=%d", instance)},
			"serve", "--data", dir, "--addr", "127.0.0.1:0", "--log-level", "error")
		var acked []*deed
		failed := false
		if p.url != "" {
			acked, failed = fsyncFlow(t, p, room, tokens[0])
		}
		hit, store := injected(t, trace)
		switch {
		case !hit:
			quiet++ // the flow has no more instances in any thread
		case store:
			ended++
			if code := p.code(20 * time.Second); code == 0 {
				t.Errorf("instance %d: the database's fsync failed and the program ended with 0:\n%s", instance, p.out)
			}
			if a := ask("GET", p.url+"/healthz", "", "", "", nil); p.url != "" && a.err == nil {
				t.Errorf("instance %d: it still answers", instance)
			}
		case failed:
			refused++
		}
		p.kill()
		again := start(t, "serve", "--data", dir, "--addr", "127.0.0.1:0", "--log-level", "error")
		for _, d := range acked {
			var got onePost
			a := ask("GET", again.url+"/api/v1/posts/"+d.id, tokens[0], "", "", nil)
			if err := json.Unmarshal(a.body, &got); err != nil || got.Body != d.text {
				t.Errorf("instance %d: %q was acknowledged and is lost: %d %s", instance, d.text, a.status, a.body)
			}
			if d.bytes == nil {
				continue
			}
			if a := ask("GET", again.url+"/api/v1/files/"+d.file, tokens[0], "", "", nil); !bytes.Equal(a.body, d.bytes) {
				t.Errorf("instance %d: the file of %q is lost: %d", instance, d.text, a.status)
			}
		}
		again.cmd.Process.Signal(syscall.SIGTERM)
		if code := again.code(15 * time.Second); code != 0 {
			t.Errorf("instance %d: told to stop, it ended with %d:\n%s", instance, code, again.out)
		}
	}
	t.Logf("the program ended %d times; %d uploads were refused", ended, refused)
	if ended == 0 {
		t.Error("no fsync of the database was hit")
	}
}

// fsyncFlow writes posts and files one after another until one is refused.
func fsyncFlow(t *testing.T, p *running, room, token string) (acked []*deed, failed bool) {
	t.Helper()
	a := ask("POST", p.url+"/api/v1/rooms/"+room+"/topics", token, "", "application/json",
		[]byte(`{"title":"Flow","body":"First.","label":{"tlp":"GREEN","audience":["community"]}}`))
	var topic struct {
		ID    string
		Posts struct{ Items []struct{ ID string } }
	}
	json.Unmarshal(a.body, &topic)
	if a.status != http.StatusCreated {
		return nil, true
	}
	acked = append(acked, &deed{id: topic.Posts.Items[0].ID, text: "First."})
	for i := range 8 {
		d := &deed{text: fmt.Sprintf("Post %d.", i), bytes: bytes.Repeat([]byte{byte(i)}, 3000)}
		var made struct{ ID string }
		in := map[string]any{"body": d.text}
		a := ask("POST", p.url+"/api/v1/files?name=f", token, "", "application/octet-stream", d.bytes)
		json.Unmarshal(a.body, &made)
		if a.status == http.StatusCreated {
			d.file = made.ID
			in["files"] = []string{d.file}
		} else {
			failed, d.bytes = true, nil
		}
		b, _ := json.Marshal(in)
		a = ask("POST", p.url+"/api/v1/topics/"+topic.ID+"/posts", token, "", "application/json", b)
		if a.status != http.StatusCreated {
			return acked, true
		}
		json.Unmarshal(a.body, &made)
		d.id = made.ID
		acked = append(acked, d)
	}
	return acked, failed
}

// injected reads a trace: whether an error was injected, and into the database.
func injected(t *testing.T, trace string) (hit, store bool) {
	t.Helper()
	time.Sleep(100 * time.Millisecond) // the tracer writes behind
	text, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if strings.Contains(line, "INJECTED") {
			hit = true
			store = store || strings.Contains(line, "/cordon.db")
		}
	}
	return hit, store
}
