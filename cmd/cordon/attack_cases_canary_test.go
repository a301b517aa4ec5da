package main

import (
	"bytes"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/internal/clock"
)

// intakeAgent is the program with which a stranger reports; nothing may keep it.
const intakeAgent = "Xylobrowser/45.46"

var (
	formOnPage = regexp.MustCompile(`name="form" value="([^"]*)"`)
	receiptOn  = regexp.MustCompile(`(?s)class="receipt-words"[^>]*>(.*?)</`)
)

// plantsIntake reports without an account, through both doors, and comes back with
// the receipt, with canaries in every text: by somebody who is signed in, whose
// address, program, cookie and forwarding proxy must be kept nowhere (T-46).
func (w *town) plantsIntake(canary func() string, who subject) {
	w.t.Helper()
	from := http.Header{"User-Agent": {intakeAgent}, "X-Forwarded-For": {"203.0.113.252"}, "Referer": {"https://" + canary() + ".example/"}}
	page := w.ask(who, errand{method: "GET", path: "/report", header: from})
	m := formOnPage.FindStringSubmatch(page.body)
	if page.status != 200 || m == nil {
		w.t.Fatalf("the form for reports: %d", page.status)
	}
	form := url.Values{"form": {m[1]}, "title": {canary()}, "description": {canary()}, "exploit": {canary()}, "impact": {canary()}, "how_found": {canary()}, "comments": {canary()}, "already_told": {canary()},
		"component": {canary()}, "products[0].manufacturer": {canary()}, "products[0].name": {canary()}, "contact.name": {canary()}, "contact.email": {canary() + "@" + "reporter.example"}, "no_patient_data": {"1"}}
	sent := w.ask(who, errand{method: "POST", path: "/report", header: from, body: form.Encode(), kind: "application/x-www-form-urlencoded"})
	receipt := receiptOn.FindStringSubmatch(sent.body)
	if sent.status != 200 || receipt == nil {
		w.t.Fatalf("a report without an account: %d %s", sent.status, lastOf(sent.body))
	}
	if c := sent.header.Get("Set-Cookie") + page.header.Get("Set-Cookie"); c != "" {
		w.t.Errorf("T-46: the form for reports sets a cookie: %s", c)
	}
	words := strings.TrimSpace(receipt[1])
	back := w.ask(who, errand{method: "POST", path: "/report/return", header: from, body: url.Values{"receipt": {words}, "form": {m[1]}, "text": {canary()}}.Encode(), kind: "application/x-www-form-urlencoded"})
	if back.status != 200 {
		w.t.Errorf("back with a receipt: %d %s", back.status, lastOf(back.body))
	}
	got := w.ask(who, errand{method: "POST", path: "/api/v1/reports/anonymous", header: from, body: `{"title":"` + canary() + `","description":"` + canary() + `","products":[{"name":"` + canary() + `"}],"no_patient_data":true}`, kind: "application/json"})
	if got.status != 200 && got.status != 201 {
		w.t.Errorf("a report by the API without an account: %d %s", got.status, got.body)
	}
	w.noTrace(w.house.data, words)
}

// noTrace looks through everything on disk for what must not be there (T-45,
// T-46).
func (w *town) noTrace(dir string, words ...string) {
	w.t.Helper()
	files := 0
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return nil // a file that went meanwhile
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return nil
		}
		files++
		for _, word := range words {
			if i := bytes.Index(b, []byte(word)); i >= 0 {
				w.t.Errorf("T-46: %s holds %q: %q", filepath.Base(path), word, b[max(0, i-80):min(len(b), i+80)])
			}
		}
		return nil
	})
	if err != nil || files < 3 {
		w.t.Errorf("looked through %d files in %s: %v", files, dir, err)
	}
}

// TestHiddenCaseTiming: T-06. A hidden case is denied in about the time of one that
// does not exist: asked in turn, the medians are alike. What is left, a row that the
// store reads and drops, is far below what a network blurs. CORDON_TIMING asks more
// often and allows less.
func TestHiddenCaseTiming(t *testing.T) {
	w := newTown(t, clock.NewManual(townEpoch))
	rounds, allowed := 100, 0.5
	if os.Getenv("CORDON_TIMING") != "" {
		rounds, allowed = 3000, 0.1
	}
	for _, path := range []string{"/cases/{case}", "/api/v1/cases/{case}", "/cases/{case}/clocks"} {
		for name, hidden := range map[string]string{"of others": w.things["case"]["shade"], "of one organization": w.things["case"]["shade-own"]} {
			took := map[bool][]time.Duration{}
			s := subject{cookie: w.cookies["mia"]}
			for i := range rounds {
				w.tick(50 * time.Millisecond)
				for _, real := range []bool{i%2 == 0, i%2 == 1} {
					id := hidden
					if !real {
						id = unknownID("case")
					}
					began := time.Now()
					if got := w.ask(s, errand{method: "GET", path: strings.ReplaceAll(path, "{case}", id)}); got.status != 404 {
						t.Fatalf("T-06: %s answers %d", path, got.status)
					}
					took[real] = append(took[real], time.Since(began))
				}
			}
			median := func(real bool) time.Duration { slices.Sort(took[real]); return took[real][rounds/2] }
			a, b := median(true), median(false)
			t.Logf("%s: hidden, %s, %v; not there %v", path, name, a, b)
			if off := float64(a-b) / float64(b); off > allowed || off < -allowed {
				t.Errorf("T-06: %s: a hidden case is denied in %v, one that is not there in %v", path, a, b)
			}
		}
	}
}
