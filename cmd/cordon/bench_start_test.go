//go:build linux

package main

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// BenchmarkStart starts the real binary on a store of a million posts, from the
// call to the moment it says that it is open and then answers (issue: under 2 s),
// and reads what memory it holds.
//
//	go test ./cmd/cordon -run '^$' -bench '^BenchmarkStart$' -benchtime 1x -timeout 60m
func BenchmarkStart(b *testing.B) {
	bin := built(b)
	s := fillStore(b, large)
	for b.Loop() {
		var times, rss []float64
		for range 7 {
			began := time.Now()
			p := serveBuilt(b, bin, s.dir)
			times = append(times, float64(time.Since(began).Milliseconds()))
			rss = append(rss, residentMB(b, p.cmd.Process.Pid))
			p.kill()
		}
		b.ReportMetric(median(times), "start-ms")
		b.ReportMetric(median(rss), "rss-MB")
		b.ReportMetric(0, "ns/op")
	}
}

// BenchmarkIdle is the memory of the real binary that has nothing to do, on a new
// folder (issue: under 100 MB), and the size of the binary.
//
//	go test ./cmd/cordon -run '^$' -bench '^BenchmarkIdle$' -benchtime 1x
func BenchmarkIdle(b *testing.B) {
	bin := built(b)
	info, err := os.Stat(bin)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		p := serveBuilt(b, bin, b.TempDir())
		time.Sleep(3 * time.Second)
		b.ReportMetric(residentMB(b, p.cmd.Process.Pid), "rss-MB")
		p.kill()
		b.ReportMetric(float64(info.Size())/1e6, "binary-MB")
		b.ReportMetric(0, "ns/op")
	}
}

// built builds the program as it is released: one file, without cgo.
func built(b *testing.B) string {
	b.Helper()
	bin := filepath.Join(b.TempDir(), "cordon")
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", bin, ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("build: %v\n%s", err, out)
	}
	text, err := os.ReadFile(bin)
	if err != nil {
		b.Fatal(err)
	}
	if bytes.Contains(text, []byte("/lib64/ld-linux")) {
		b.Fatal("the binary is not static")
	}
	return bin
}

// serveBuilt starts the built program and waits until it answers.
func serveBuilt(b *testing.B, bin, dir string) *running {
	b.Helper()
	p := launchProgram(b, []string{bin, "serve", "--data", dir, "--addr", "127.0.0.1:0", "--log-level", "error"})
	if p.url == "" {
		b.Fatalf("it did not open:\n%s", p.out)
	}
	if s := sendJSON(programClient, "GET", p.url+"/healthz", "", nil); s != http.StatusOK {
		b.Fatalf("it answers %d", s)
	}
	return p
}

// residentMB is how much memory a process holds.
func residentMB(b *testing.B, pid int) float64 {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		var kb float64
		if _, err := fmt.Sscanf(line, "VmRSS: %f kB", &kb); err == nil {
			return kb / 1000
		}
	}
	b.Fatal("no VmRSS")
	return 0
}
