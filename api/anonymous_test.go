package api

import (
	"bytes"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/internal/testkit/town"
)

// T-45, T-46: a report without an account. No session, no token and no address
// counts for anything; a receipt that opens nothing is answered like one that
// does, as long and with the same headers.
func (h *house) anonymousJob(t *testing.T) {
	t.Helper()
	const at = "/api/v1/reports/anonymous"
	form := text(h.do("GET", at, "", nil).want(t, 200), "form")
	cookie := h.session(town.Wim)
	body := withFields(aReport, obj{"form": form, "title": "From nobody"})
	sent := h.do("POST", at, "", body, cookie, "Authorization: Bearer nonsense") // neither is looked at
	one := sent.want(t, 200)
	if words := strings.Split(text(one, "receipt"), "-"); len(words) != 7 || len(sent.Header.Values("Set-Cookie")) != 0 || sent.Header.Get("Cache-Control") != "no-store" || len(sent.body)%anonBlock != 0 {
		t.Fatalf("sent: %s %v", sent.body[:200], sent.Header)
	}
	if two := h.do("POST", at, "", body).want(t, 200); text(two, "receipt") != text(one, "receipt") || text(two, "again") != "true" {
		t.Errorf("sent twice: %v", two)
	}
	for _, bad := range []struct {
		body   string
		status int
	}{{`{"description":"x"}`, 422}, {`{"description":"x","description":"y"}`, 400}, {`{"wat":"swordfish"}`, 400}, {`{`, 400}} {
		if r := h.do("POST", at, "", bad.body); r.StatusCode != bad.status || bytes.Contains(r.body, []byte("swordfish")) {
			t.Errorf("%s: %d %s", bad.body, r.StatusCode, r.body)
		}
	}
	receipt := text(one, "receipt")
	hit := h.do("POST", at+"/fetch", "", obj{"receipt": strings.ToUpper(strings.ReplaceAll(receipt, "-", " "))})
	got := hit.want(t, 200)
	if text(got, "title") != "From nobody" || text(got, "state") != "received" || text(got, "day") != h.clock.Now().UTC().Format(time.DateOnly) {
		t.Errorf("fetched: %v", got)
	}
	for _, wrong := range []string{"acorn-lapel-gizmo-mango-gift-unwind-0417", "", "no receipt at all", strings.Repeat("x", 5000)} {
		began := time.Now()
		miss := h.do("POST", at+"/fetch", "", obj{"receipt": wrong})
		if p := miss.want(t, 200); text(p, "found") != "false" || len(p) != 2 || len(miss.body) != len(hit.body) || time.Since(began) < anonTick {
			t.Errorf("a receipt that opens nothing: %d bytes, not %d, %v", len(miss.body), len(hit.body), time.Since(began))
		}
		miss.Header.Del("Date")
		hit.Header.Del("Date")
		if text(miss.Header) != text(hit.Header) {
			t.Errorf("headers differ: %v and %v", miss.Header, hit.Header)
		}
	}
	// The desk answers, and more is added, with a file.
	q := h.ask(town.Dora, "GET", "/api/v1/triage?q=nobody", nil).want(t, 200)
	report := text(q, "items", 0, "id")
	if text(q, "items", 0, "source") != "anonymous" || get(q, "items", 0, "person") != nil || !strings.HasSuffix(text(q, "items", 0, "at"), "T00:00:00Z") {
		t.Errorf("in the queue: %v", q)
	}
	h.ask(town.Dora, "POST", "/api/v1/reports/"+report+"/messages", obj{"text": "Which port?"}).want(t, 201)
	b, kind := mixed(t, `{"receipt":"`+receipt+`","text":"Port 23."}`, "poc.txt", "the proof")
	more := h.do("POST", at+"/fetch", "", b, kind).want(t, 200)
	if text(more, "added") != "true" || text(more, "messages", 0, "body") != "Which port?" || get(more, "messages", 0, "name") != nil || text(more, "messages", 1, "body") != "Port 23." {
		t.Errorf("added: %v", more)
	}
	file := text(more, "messages", 1, "files", 0, "id")
	if r := h.do("POST", at+"/file", "", obj{"receipt": receipt, "file": file}); string(r.body) != "the proof" || r.Header.Get("Content-Type") != "application/octet-stream" {
		t.Errorf("the file: %d %s", r.StatusCode, r.body)
	}
	if r := h.do("POST", at+"/file", "", obj{"receipt": "acorn-lapel-gizmo-mango-gift-unwind-0417", "file": file}).want(t, 200); text(r, "found") != "false" {
		t.Errorf("the file without the receipt: %v", r)
	}
	h.do("GET", "/api/v1/reports/files/"+file, h.tokens[town.Wim], nil).want(t, 404)
	if r := h.do("POST", at+"/fetch", "", obj{"receipt": receipt, "text": "Patient John Smith, MRN 12345678."}); r.StatusCode != 422 {
		t.Errorf("patient data is not asked about: %d %s", r.StatusCode, r.body)
	}
}

// T-46: nothing of who sent a report is on the disk or in the log.
func TestAnonymousLeavesNoTrace(t *testing.T) {
	w := town.New(t, "")
	h := &house{t: t, db: w.DB, clock: w.Clock, ledger: w.Ledger, tokens: map[string]string{}}
	h.serve(&Server{DB: w.DB, Ledger: w.Ledger, Members: w.Members, Forum: w.Forum, Cases: w.Cases, Evidence: w.Evidence, Box: w.Box})
	var log bytes.Buffer
	h.srv.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	marks := []with{"User-Agent: tracemark-agent", "X-Forwarded-For: 203.0.113.77", "Referer: https://tracemark.example/"}
	one := h.do("POST", "/api/v1/reports/anonymous", "", aReport, marks...).want(t, 200)
	receipt := text(one, "receipt")
	h.do("POST", "/api/v1/reports/anonymous/fetch", "", obj{"receipt": receipt, "text": "More."}, marks...).want(t, 200)
	h.do("POST", "/api/v1/reports/anonymous/fetch", "", obj{"receipt": "tracemark"}, marks...).want(t, 200)
	h.do("POST", "/api/v1/reports/anonymous", "", `{"wat":"tracemark"}`, marks...).want(t, 400)
	files := 0
	for _, dir := range []string{w.Dir, w.FilesDir} {
		h.ok(filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			b, err := os.ReadFile(path)
			files++
			for _, mark := range []string{"tracemark", "203.0.113.77", "127.0.0.1", receipt} {
				if bytes.Contains(b, []byte(mark)) {
					t.Errorf("%s holds %q", filepath.Base(path), mark)
				}
			}
			return err
		}))
	}
	if files == 0 || log.Len() > 0 {
		t.Errorf("%d files were looked at; the log: %s", files, log.String())
	}
}
