//go:build linux

package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/internal/testkit/pgtest"
)

// Two nodes on one PostgreSQL, each with its own data folder and the same keys:
// what is posted on one is on the other's streams within a second or two, and when
// one is killed, the other has everything that was acknowledged and goes on.
func TestTwoNodes(t *testing.T) {
	t.Parallel()
	database := pgtest.URL(t)
	a, b := t.TempDir(), t.TempDir()
	room, tokens := furnishFor(t, a, database, 4)
	copyKeys(t, filepath.Join(a, "keys"), filepath.Join(b, "keys"))
	serve := func(dir string) *running {
		return start(t, "serve", "--data", dir, "--addr", "127.0.0.1:0", "--database", database, "--log-level", "error")
	}
	first, second := serve(a), serve(b)

	frames := listen(t, second.url, tokens[0])
	topic := startOne(t, first.url, room, tokens[1], "From the first node")
	began := time.Now()
	for {
		select {
		case f := <-frames:
			if !strings.Contains(f, topic) {
				continue
			}
		case <-time.After(10 * time.Second):
			t.Fatal("the second node's stream does not tell what was posted on the first")
		}
		break
	}
	t.Logf("across nodes in %v", time.Since(began).Round(time.Millisecond))

	var mu sync.Mutex
	acked := map[string]string{}
	var wg sync.WaitGroup
	for i, token := range tokens {
		for _, node := range []*running{first, second} {
			wg.Go(func() {
				for n := range 200 {
					body := fmt.Sprintf("Reply %d by %d on %s.", n, i, node.url)
					r := ask("POST", node.url+"/api/v1/topics/"+topic+"/posts", token, "", "application/json", fmt.Appendf(nil, `{"body":%q}`, body))
					if r.err != nil {
						if node == second {
							t.Errorf("the second node broke off: %v", r.err)
						}
						return
					}
					var made struct{ ID string }
					if err := json.Unmarshal(r.body, &made); err != nil || r.status != http.StatusCreated {
						t.Errorf("a reply is answered %d %s", r.status, r.body)
						return
					}
					mu.Lock()
					acked[made.ID] = body
					done := node == second && len(acked) > 400
					mu.Unlock()
					if done {
						return
					}
				}
			})
		}
	}
	time.Sleep(700 * time.Millisecond)
	first.kill()
	wg.Wait()
	startOne(t, second.url, room, tokens[2], "After the first node's end")
	for id, body := range acked {
		var got onePost
		r := ask("GET", second.url+"/api/v1/posts/"+id, tokens[3], "", "", nil)
		if err := json.Unmarshal(r.body, &got); err != nil || got.Body != body {
			t.Errorf("%q was acknowledged: %d %s", body, r.status, r.body)
		}
	}
	v := &victim{t: t, dir: b, database: database}
	v.ledgerWhole()
	t.Logf("%d acknowledged on two nodes", len(acked))
}

// startOne starts a topic and returns its id.
func startOne(t *testing.T, url, room, token, title string) string {
	t.Helper()
	r := ask("POST", url+"/api/v1/rooms/"+room+"/topics", token, "", "application/json",
		fmt.Appendf(nil, `{"title":%q,"body":"Words.","label":{"tlp":"GREEN","audience":["community"]}}`, title))
	var made struct{ ID string }
	if err := json.Unmarshal(r.body, &made); err != nil || r.status != http.StatusCreated {
		t.Fatalf("start a topic: %d %s %v", r.status, r.body, r.err)
	}
	return made.ID
}

// listen opens a live stream and returns what comes on it.
func listen(t *testing.T, url, token string) chan string {
	t.Helper()
	addr := strings.TrimPrefix(url, "http://")
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	fmt.Fprintf(c, "GET /api/v1/stream HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n\r\n", addr, token)
	r := bufio.NewReader(c)
	if line, err := r.ReadString('\n'); err != nil || !strings.Contains(line, "200") {
		t.Fatalf("the stream: %q %v", line, err)
	}
	out := make(chan string, 1000)
	go func() {
		for {
			line, err := r.ReadString('\n')
			if err != nil {
				return
			}
			if strings.HasPrefix(line, "data:") {
				out <- line
			}
		}
	}()
	return out
}

func copyKeys(t *testing.T, from, to string) {
	t.Helper()
	if err := os.MkdirAll(to, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"master.key", "ledger.key"} {
		b, err := os.ReadFile(filepath.Join(from, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(to, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
