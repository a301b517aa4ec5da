package api

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/cordon-isao/cordon/internal/db"
)

// matches reports whether a path is one of a route's.
func matches(pattern, path string) bool {
	a, b := strings.Split(described(pattern), "/"), strings.Split(path, "/")
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] && !strings.HasPrefix(a[i], "{") {
			return false
		}
	}
	return true
}

// violations lists how a JSON text is not what a schema says.
func violations(r huma.Registry, s *huma.Schema, body []byte) (out []string) {
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		return []string{err.Error()}
	}
	res := &huma.ValidateResult{}
	huma.Validate(r, s, huma.NewPathBuffer([]byte("answer"), 0), huma.ModeReadFromServer, v, res)
	for _, err := range res.Errors {
		out = append(out, err.Error())
	}
	return out
}

// cutOff announces more bytes than it sends, and goes.
func (h *house) cutOff(path, token string) {
	h.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(h.url, "http://"))
	h.ok(err)
	fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Length: 1000\r\n\r\nonly this", path, token)
	conn.(*net.TCPConn).CloseWrite()
	io.Copy(io.Discard, conn) // until the server has answered or gone
	conn.Close()
}

// frame is one server-sent event.
type frame struct{ event, id, data string }

// listen opens a stream; the channel is closed when the stream ends.
func (h *house) listen(ctx context.Context, token, cursor string) <-chan frame {
	h.t.Helper()
	req, err := http.NewRequestWithContext(ctx, "GET", h.url+"/api/v1/stream", nil)
	h.ok(err)
	req.Header.Set("Authorization", "Bearer "+token)
	if cursor != "" {
		req.Header.Set("Last-Event-ID", cursor)
	}
	res, err := http.DefaultClient.Do(req)
	h.ok(err)
	if res.StatusCode != 200 || res.Header.Get("Content-Type") != "text/event-stream" {
		h.t.Fatalf("the stream: %d %v", res.StatusCode, res.Header)
	}
	out := make(chan frame, 100)
	open := make(chan struct{})
	go func() {
		defer close(out)
		defer res.Body.Close()
		var f frame
		for s := bufio.NewScanner(res.Body); s.Scan(); {
			name, value, _ := strings.Cut(s.Text(), ": ")
			switch {
			case s.Text() == ": open":
				close(open)
			case s.Text() == "" && f.event != "":
				out <- f
				f = frame{}
			case name == "event":
				f.event = value
			case name == "id":
				f.id = value
			case name == "data":
				f.data = value
			}
		}
	}()
	select {
	case <-open:
	case <-time.After(5 * time.Second):
		h.t.Fatal("the stream did not open")
	}
	return out
}

// next waits a second at most.
func next(t *testing.T, c <-chan frame) frame {
	t.Helper()
	select {
	case f, ok := <-c:
		if !ok {
			t.Fatal("the stream ended")
		}
		return f
	case <-time.After(time.Second):
		t.Fatal("no frame within a second")
	}
	return frame{}
}

// A frame arrives within a second at those who may know, and at nobody else; a
// stream resumes without loss or repetition; losing the token cuts it within a
// second (T-05).
func TestStream(t *testing.T) {
	onBoth(t, func(t *testing.T, h *house) {
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		wim := h.listen(ctx, h.tokens[h.wim], "")
		lea := h.listen(ctx, h.tokens[h.lea], "")
		say := func(body string) string {
			return text(h.do("POST", "/api/v1/topics/"+h.hiddenTopic+"/posts", h.tokens[h.pia], map[string]any{"body": body}).want(t, 201), "id")
		}
		one := say("one")
		got := next(t, wim)
		for !strings.Contains(got.data, one) { // the furnishing is still being told
			got = next(t, wim)
		}
		if want := fmt.Sprintf(`{"verb":"post.added","object":%q,"parent":%q}`, one, h.hiddenTopic); got.event != "change" || got.data != want {
			t.Fatalf("%+v, not %s", got, want)
		}
		stop() // the reader goes; two posts happen meanwhile
		two, three := say("two"), say("three")
		ctx, stop = context.WithCancel(t.Context())
		defer stop()
		back := h.listen(ctx, h.tokens[h.wim], got.id)
		if a, b := next(t, back), next(t, back); !strings.Contains(a.data, two) || !strings.Contains(b.data, three) {
			t.Fatalf("after coming back: %+v %+v", a, b)
		}
		four := say("four")
		if f := next(t, back); !strings.Contains(f.data, four) {
			t.Fatalf("the next: %+v", f)
		}
		for f := range lea { // its request ended with the first context
			for _, id := range []string{h.hidden, h.hiddenTopic, h.hiddenPost, one, two} {
				if strings.Contains(f.data, id) {
					t.Errorf("the lab learned of %+v", f)
				}
			}
		}
		if res := h.do("GET", "/api/v1/stream", h.tokens[h.wim], nil, "Last-Event-ID: nonsense"); res.StatusCode != 422 {
			t.Errorf("a cursor of nobody: %d %s", res.StatusCode, res.body)
		}
		begun := time.Now()
		h.write(h.wim, func(tx *db.Tx) error { return h.srv.Members.RevokeAll(tx, h.wim, "lost") })
		for {
			select {
			case f, ok := <-back:
				if ok {
					if f.event == "change" && !strings.Contains(f.data, "token.revoked") && !strings.Contains(f.data, "session.") {
						t.Errorf("after the revocation: %+v", f)
					}
					continue
				}
			case <-time.After(time.Second):
				t.Fatal("the stream was not cut within a second")
			}
			break
		}
		t.Logf("cut after %v", time.Since(begun))
		say("five")
	})
}
