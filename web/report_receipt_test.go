package web

import (
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/testkit/reader"
	"github.com/cordon-isao/cordon/internal/testkit/town"
)

// unknownReceipt is a receipt of the right form that nobody was given.
const unknownReceipt = "acorn-lapel-gizmo-mango-gift-unwind-0417"

// ask sends a form of the drop and returns what comes and how long it took.
func (h *intakeHouse) ask(path string, form url.Values) (res *http.Response, body string, took time.Duration) {
	h.t.Helper()
	h.Clock.Add(time.Second)
	q, err := http.NewRequest("POST", h.web.URL+path, strings.NewReader(form.Encode()))
	h.OK(err)
	q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	q.Header.Set("Sec-Fetch-Site", "same-origin")
	began := clock.System().Now()
	res, err = http.DefaultClient.Do(q)
	h.OK(err)
	took = clock.Since(began)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	h.OK(err)
	return res, string(b), took
}

// T-45: a receipt that is wrong, malformed or of no report gets an answer of the
// status, the headers and the length of every other, and of those of a hit; as
// twin worlds, in one of which there is a report.
func TestReceiptShape(t *testing.T) {
	eachIntake(t, func(t *testing.T, h *intakeHouse) {
		receipt := h.stranger(nil)
		shape := func(path, receipt string) string {
			res, body, _ := h.ask(path, url.Values{"receipt": {receipt}, "file": {"cfile_00000000000000000000000000"}})
			res.Header.Del("Date")
			title, _, _ := strings.Cut(body[strings.Index(body, "<title>"):], "</title>")
			return fmt.Sprint(res.StatusCode, len(body), title, res.Header)
		}
		want := shape("/report/return", unknownReceipt)
		for _, s := range []string{"", "nothing", strings.Replace(receipt, receipt[:1], "x", 1), receipt[:len(receipt)-1], strings.Repeat("long ", 40), "acorn-lapel-gizmo-mango-gift-unwind-0418", receipt} {
			if got := shape("/report/return", s); got != want {
				t.Errorf("%q is answered\n%s\nand an unknown receipt\n%s", s, got, want)
			}
			if got := shape("/report/file", s); got != want {
				t.Errorf("a file for %q is answered\n%s\nand an unknown receipt\n%s", s, got, want)
			}
		}
		// What is wrong with an addition is told alike, too: it is never told of a
		// receipt that opens nothing.
		key := h.server.Cases.NewForm()
		res, body, _ := h.ask("/report/return", url.Values{"receipt": {unknownReceipt}, "form": {key}, "text": {"More."}})
		if res.StatusCode != 200 || !strings.Contains(body, "There is no report with this receipt") {
			t.Errorf("an addition to nothing is answered %d", res.StatusCode)
		}
		for _, q := range []string{"receipt=" + receipt, "x=" + receipt} {
			// Never in an address: it would be in histories and logs.
			if p := h.visitor("").Get("/report/return?" + q); strings.Contains(p.Body, receipt) {
				t.Error("a receipt in the address is taken")
			}
		}
	})
}

// T-45, T-06: a hit, a miss and what is no receipt take alike long. CORDON_TIMING
// is the number of requests of each kind for the Kolmogorov-Smirnov test of the
// full campaign (20000); by default the medians of a few are compared.
func TestReceiptTiming(t *testing.T) {
	h := openIntake(t, "")
	receipt := h.stranger(nil)
	n, full := 9, 0
	if fmt.Sscan(os.Getenv("CORDON_TIMING"), &full); full > 0 {
		n = full
	}
	kinds := []string{receipt, unknownReceipt, "not a receipt"}
	measure := func() (wrong []string) {
		took := make([][]float64, len(kinds))
		for range n {
			for i, k := range kinds { // in turn, so that a busy machine slows all alike
				_, body, d := h.ask("/report/return", url.Values{"receipt": {k}})
				if hit := !strings.Contains(body, "There is no report"); hit != (i == 0) {
					t.Fatalf("%q: hit %v", k, hit)
				}
				took[i] = append(took[i], d.Seconds())
			}
		}
		for i := range took {
			slices.Sort(took[i])
		}
		median := func(xs []float64) float64 { return xs[len(xs)/2] }
		for i := 1; i < len(kinds); i++ {
			if r := median(took[i]) / median(took[0]); r < 0.4 || r > 2.5 {
				wrong = append(wrong, fmt.Sprintf("%q takes %.2f times as long as a hit", kinds[i], r))
			}
			if full > 0 {
				// Bonferroni over the two comparisons: p > 0.005.
				if d, limit := kolmogorov(took[0], took[i]), 1.73*math.Sqrt(2/float64(n)); d > limit {
					wrong = append(wrong, fmt.Sprintf("%q is told from a hit by its time: D = %.4f, limit %.4f, medians %.6f and %.6f s", kinds[i], d, limit, median(took[0]), median(took[i])))
				}
			}
		}
		return wrong
	}
	// A busy machine can slow one kind by chance, but not again and again.
	for range 3 {
		wrong := measure()
		if len(wrong) == 0 {
			return
		}
		t.Log(wrong)
	}
	t.Error("the time tells which receipts there are")
}

// kolmogorov is the largest distance of two samples' distributions, both sorted.
func kolmogorov(a, b []float64) (d float64) {
	for i, j := 0, 0; i < len(a) && j < len(b); {
		x := min(a[i], b[j])
		for i < len(a) && a[i] == x {
			i++
		}
		for j < len(b) && b[j] == x {
			j++
		}
		d = max(d, math.Abs(float64(i)/float64(len(a))-float64(j)/float64(len(b))))
	}
	return d
}

// A form that is sent twice is taken once and gets the same receipt; with another
// text the first stays, and that is said.
func TestDoubleSubmit(t *testing.T) {
	eachIntake(t, func(t *testing.T, h *intakeHouse) {
		h.later()
		p := h.visitor("").Get("/report")
		key := reader.Attr(reader.Find(p.Page, func(n *node) bool { return reader.Attr(n, "name") == "form" }), "value")
		first := receiptOn(t, p.Send("/report", pumpReport(nil)).Want(200).Never("sent before with another text"))
		h.later()
		second := receiptOn(t, p.Get("/report").Send("/report", pumpReport(reader.Fill{"form": {key}})).Want(200).Never("sent before with another text"))
		h.later()
		third := receiptOn(t, p.Get("/report").Send("/report", pumpReport(reader.Fill{"form": {key}, "description": {"Another text"}})).Want(200, "sent before with another text"))
		if first != second || first != third {
			t.Errorf("three receipts: %s, %s, %s", first, second, third)
		}
		n := town.Must(h.Town, town.Dora, func(v *db.View) (int, error) { return h.Cases.Waiting(v) })
		if n != 1 {
			t.Errorf("%d reports", n)
		}
		// A key that this server did not make opens nothing: the form comes back
		// whole, with a fresh key.
		p.Get("/report").Send("/report", pumpReport(reader.Fill{"form": {"AAAA"}})).Want(422, "was not made here", "firmware that nobody signed")
		h.later()
		p.Send("/report", nil).Want(200, "The desk has your report")
	})
}

// What the detectors find is shown highlighted and asked about once.
func TestQuestions(t *testing.T) {
	eachIntake(t, func(t *testing.T, h *intakeHouse) {
		h.later()
		p := h.visitor("").Get("/report").Send("/report", pumpReport(reader.Fill{"description": {"Patient John Smith, MRN 00123456, saw the alarm <fail>."}})).
			Want(422, "Look at this once more", "I have taken it out below", "saw the alarm <fail>")
		if m := reader.Find(p.Page, func(n *node) bool { return n.Data == "mark" }); m == nil || reader.Words(m) == "" {
			t.Error("nothing is highlighted")
		}
		p.Send("/report", reader.Fill{"confirmed": {"none"}}).Want(200, "The desk has your report")
		id := h.queued("Drip 3")
		h.visitor(town.Dora).Get("/triage/"+id).Want(200, "Found, and the sender says that it is none")
	})
}

// Files have limits, told with what to do; nothing that was typed is lost.
func TestDropFileLimits(t *testing.T) {
	h := openIntake(t, "")
	many := make([]reader.Upload, cases.MaxFiles+1)
	for i := range many {
		many[i] = reader.File("files", fmt.Sprintf("%d.txt", i), "x")
	}
	big := strings.Repeat("x", cases.MaxFile+1)
	four := make([]reader.Upload, 4)
	for i := range four {
		four[i] = reader.File("files", "f.txt", big[:16<<20])
	}
	for name, c := range map[string]struct {
		files []reader.Upload
		says  string
	}{
		"many":  {many, "At most 10 files fit"},
		"large": {[]reader.Upload{reader.File("files", "big.txt", big)}, "“big.txt” is larger than 20 MB"},
		"all":   {four, "Together the files are larger than 60 MB"},
		"empty": {[]reader.Upload{reader.File("files", "e.txt", "")}, "is empty"},
	} {
		h.later()
		h.visitor("").Get("/report").Send("/report", pumpReport(nil), c.files...).Want(422, c.says, "Nothing you typed is lost", "firmware that nobody signed")
		for began := clock.System().Now(); dropped.Load() != 0; time.Sleep(time.Millisecond) {
			if clock.Since(began) > 10*time.Second {
				t.Fatalf("%s: %d bytes are held for nobody", name, dropped.Load())
			}
		}
	}
	if n := town.Must(h.Town, town.Dora, func(v *db.View) (int, error) { return h.Cases.Waiting(v) }); n != 0 {
		t.Errorf("%d reports were taken", n)
	}
}

// U-01, issue 3: the form, its style, its script and its icon together are at most
// 60 KB on the line.
func TestDropWeight(t *testing.T) {
	h := openIntake(t, "")
	total := 0
	p := h.visitor("").Get("/report")
	total += len(p.Body)
	for n := range p.Page.Descendants() {
		at := ""
		switch n.Data {
		case "link":
			at = reader.Attr(n, "href")
		case "script":
			at = reader.Attr(n, "src")
		case "img", "iframe", "video", "style":
			t.Errorf("the page has a %s", n.Data)
		}
		if at == "" {
			continue
		}
		q, err := http.NewRequest("GET", h.web.URL+at, nil)
		h.OK(err)
		q.Header.Set("Accept-Encoding", "gzip")
		res, err := (&http.Transport{DisableCompression: true}).RoundTrip(q)
		h.OK(err)
		b, err := io.ReadAll(res.Body)
		h.OK(err)
		res.Body.Close()
		t.Logf("%s: %d bytes", at, len(b))
		total += len(b)
	}
	t.Logf("the page: %d bytes; together %d", len(p.Body), total)
	if total > 60<<10 {
		t.Errorf("%d bytes; 60 KB were promised", total)
	}
}
