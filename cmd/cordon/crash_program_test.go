//go:build linux

package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// running is cordon in a process of its own.
type running struct {
	t      testing.TB
	cmd    *exec.Cmd
	url    string // http://127.0.0.1:PORT
	out    *output
	exited chan struct{}
	took   time.Duration // until it said that it is open
}

// output is what a process said, while it says it.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write is io.Writer.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

var openAt = regexp.MustCompile(`open at (https?)://[^ ]*:(\d+)`)

// start runs cordon with these arguments and waits until it is open. It is
// killed when the test ends.
func start(t testing.TB, args ...string) *running {
	t.Helper()
	p := launch(t, nil, args...)
	if p.url == "" {
		t.Fatalf("cordon %s did not open:\n%s", strings.Join(args, " "), p.out)
	}
	return p
}

// launch runs cordon, behind another command if one is given, and waits until it
// is open or has ended.
func launch(t testing.TB, behind []string, args ...string) *running {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return launchProgram(t, append(append(behind, self), args...))
}

func launchProgram(t testing.TB, line []string) *running {
	t.Helper()
	p := &running{t: t, cmd: exec.Command(line[0], line[1:]...), out: &output{}, exited: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), asProgram+"=1")
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	p.cmd.Stderr = p.out
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	opened := make(chan string, 1)
	go func() {
		lines := bufio.NewScanner(stdout)
		for lines.Scan() {
			p.out.Write(append(lines.Bytes(), '\n'))
			if m := openAt.FindStringSubmatch(lines.Text()); m != nil {
				select {
				case opened <- m[1] + "://127.0.0.1:" + m[2]:
				default:
				}
			}
		}
		p.cmd.Wait()
		close(p.exited)
	}()
	t.Cleanup(p.kill)
	select {
	case p.url = <-opened:
		p.took = time.Since(began)
	case <-p.exited:
	case <-time.After(time.Minute):
		t.Fatalf("cordon neither opens nor ends:\n%s", p.out)
	}
	return p
}

// kill ends it as a crash would.
func (p *running) kill() {
	p.cmd.Process.Signal(syscall.SIGKILL)
	<-p.exited
}

// code is how it ended, once it has.
func (p *running) code(within time.Duration) int {
	p.t.Helper()
	select {
	case <-p.exited:
		return p.cmd.ProcessState.ExitCode()
	case <-time.After(within):
		p.t.Fatalf("it did not end within %v:\n%s", within, p.out)
		return -1
	}
}

// answer is what a server said, or err that it said nothing.
type answer struct {
	status int
	body   []byte
	header http.Header
	err    error
}

var programClient = &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 100, DisableCompression: true}}

// ask sends one request with a token.
func ask(method, url, token, key, media string, body []byte) answer {
	req, err := http.NewRequestWithContext(context.Background(), method, url, bytes.NewReader(body))
	if err != nil {
		return answer{err: err}
	}
	req.Header.Set("Authorization", "Bearer "+token)
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	if media != "" {
		req.Header.Set("Content-Type", media)
	}
	resp, err := programClient.Do(req)
	if err != nil {
		return answer{err: err}
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, b, resp.Header, err}
}
