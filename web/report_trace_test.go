package web

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"io/fs"
	"mime/multipart"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/httpkit"
)

// canaries are what a browser tells of its user, and a file of its maker. None of
// it may be on the disk afterwards.
var canaries = map[string]string{"User-Agent": "canary-agent-9d1f", "Referer": "https://canary-referer-9d1f.example/page", "Accept-Language": "xx-canary-9d1f", "X-Forwarded-For": "203.0.113.77",
	"Forwarded": "for=198.51.100.78;proto=canary9d1f", "X-Real-Ip": "192.0.2.79", "Via": "1.1 canary-proxy-9d1f", "Cookie": "cordon=canary-session-9d1f; other=canary-other-9d1f",
	"Authorization": "Bearer canary-token-9d1f", "Sec-Ch-Ua-Platform": `"canary-system-9d1f"`}

const (
	canaryName = "canary-name-9d1f.jpg"
	canaryExif = "canary-artist-9d1f"
	strangerAt = "127.77.88.99" // whence the stranger connects
)

// canaryPhoto is a picture whose EXIF data names an artist.
func canaryPhoto(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 8, 8)), nil); err != nil {
		t.Fatal(err)
	}
	// An APP1 segment: TIFF header, one directory with the tag Artist.
	text := canaryExif + "\x00"
	tiff := "II*\x00\x08\x00\x00\x00\x01\x00\x3b\x01\x02\x00" + string([]byte{byte(len(text)), 0, 0, 0, 26, 0, 0, 0}) + "\x00\x00\x00\x00" + text
	exif := "Exif\x00\x00" + tiff
	n := len(exif) + 2
	seg := append([]byte{0xff, 0xe1, byte(n >> 8), byte(n)}, exif...)
	return append(append(append([]byte{}, b.Bytes()[:2]...), seg...), b.Bytes()[2:]...)
}

// wanderer sends requests as a browser that tells everything, from an address of
// its own.
func wanderer() *http.Client {
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(strangerAt)}}
	return &http.Client{Transport: &http.Transport{DialContext: d.DialContext, DisableCompression: true}}
}

var formKey = regexp.MustCompile(`name="form" value="([^"]+)"`)

// wander fetches the form and sends it with a file, with every canary, and returns
// the receipt.
func (h *intakeHouse) wander(client *http.Client, photo []byte, n int) string {
	h.t.Helper()
	page := h.tell(client, "GET", "/report", "", nil)
	key := formKey.FindStringSubmatch(page)
	if key == nil {
		h.t.Fatalf("the form has no key: %s", page[:min(len(page), 300)])
	}
	var body bytes.Buffer
	m := multipart.NewWriter(&body)
	for name, values := range pumpReport(nil) {
		for _, v := range values {
			m.WriteField(name, v)
		}
	}
	m.WriteField("title", fmt.Sprintf("Report number %d", n))
	m.WriteField("form", key[1])
	f, err := m.CreateFormFile("files", canaryName)
	h.OK(err)
	f.Write(photo)
	h.OK(m.Close())
	page = h.tell(client, "POST", "/report", m.FormDataContentType(), &body)
	_, rest, ok := strings.Cut(page, `class="receipt-words" translate="no">`)
	if !ok {
		h.t.Fatalf("no receipt: %s", page)
	}
	receipt, _, _ := strings.Cut(rest, "<")
	return strings.TrimSpace(receipt)
}

// tell sends a request with every canary and holds the answer to the rules of the
// drop.
func (h *intakeHouse) tell(client *http.Client, method, path, kind string, body io.Reader) string {
	h.t.Helper()
	q, err := http.NewRequest(method, h.web.URL+path, body)
	h.OK(err)
	for k, v := range canaries {
		q.Header.Set(k, v)
	}
	if kind != "" {
		q.Header.Set("Content-Type", kind)
		q.Header.Set("Origin", "null") // as a page with no-referrer sends it
		q.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	res, err := client.Do(q)
	h.OK(err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	h.OK(err)
	if res.Header.Get("Set-Cookie") != "" {
		h.t.Fatalf("%s %s set a cookie: %s", method, path, res.Header.Get("Set-Cookie"))
	}
	if got := res.Header.Get("Cache-Control") + ", " + res.Header.Get("Referrer-Policy"); got != "no-store, no-referrer" {
		h.t.Fatalf("%s %s: %s", method, path, got)
	}
	if strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") && len(b)%dropBlock != 0 {
		h.t.Fatalf("%s %s answered %d bytes, which is no multiple of %d", method, path, len(b), dropBlock)
	}
	return string(b)
}

// writtenForms are the ways in which a word may stand in a file.
func writtenForms(word string) (out [][]byte) {
	out = [][]byte{[]byte(word), []byte(hex.EncodeToString([]byte(word))), []byte(strings.ToUpper(hex.EncodeToString([]byte(word))))}
	for lead := range 3 { // base64 depends on what stands before
		s := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("\x00", lead) + word))
		if middle := s[4 : len(s)-4]; len(middle) >= 8 { // which does not
			out = append(out, []byte(middle))
		}
	}
	return out
}

// searchDisk names every file below the folders in which one of the words stands.
func searchDisk(t *testing.T, words []string, folders ...string) (found []string, files int) {
	t.Helper()
	for _, dir := range folders {
		err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
			if err != nil || !e.Type().IsRegular() {
				return err
			}
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			files++
			for _, w := range words {
				for _, f := range writtenForms(w) {
					if bytes.Contains(b, f) || strings.Contains(path, w) {
						found = append(found, filepath.Base(path)+": "+w)
						break
					}
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return found, files
}

// T-46: 500 reports over real HTTP leave nothing of who sent them, of their
// browser or of their files' maker in any file of the store, the log included;
// what is stored of files bears a day as its time; no cookie is set. T-45: nor do
// receipts stand anywhere.
func TestDropLeavesNoTrace(t *testing.T) {
	reports := 500
	if testing.Short() {
		reports = 25
	}
	h := openIntake(t, "")
	client, photo := wanderer(), canaryPhoto(t)
	if !bytes.Contains(photo, []byte(canaryExif)) {
		t.Fatal("the picture bears no canary")
	}
	var receipts []string
	for n := range reports {
		h.Clock.Add(7 * time.Second) // the whole community's budget
		receipts = append(receipts, h.wander(client, photo, n))
	}
	h.Clock.Add(time.Minute)
	page := h.tell(client, "POST", "/report/return", "application/x-www-form-urlencoded", strings.NewReader("receipt="+receipts[0]))
	if !strings.Contains(page, "Report number 0") {
		t.Fatalf("the first report is not found: %s", page)
	}
	h.tell(client, "POST", "/report/return", "application/x-www-form-urlencoded", strings.NewReader("receipt=canary-receipt-9d1f"))
	h.tell(client, "GET", "/.well-known/security.txt", "", nil)
	id := regexp.MustCompile(`name="file" value="([^"]+)"`).FindStringSubmatch(page)
	if id == nil {
		t.Fatal("the report has no file")
	}
	if file := h.tell(client, "POST", "/report/file", "application/x-www-form-urlencoded", strings.NewReader("receipt="+receipts[0]+"&file="+id[1])); strings.Contains(file, "9d1f") || len(file) == 0 {
		t.Fatal("the file tells of its maker")
	}

	words := []string{canaryName, canaryExif, strangerAt, "canary-receipt-9d1f", receipts[0], receipts[len(receipts)-1], "canary"}
	for _, v := range canaries {
		words = append(words, v)
	}
	words = append(words, "203.0.113.77", "198.51.100.78", "192.0.2.79")
	found, files := searchDisk(t, words, h.Dir, h.FilesDir)
	if len(found) > 0 {
		t.Errorf("on the disk: %v", found)
	}
	if files < reports {
		t.Fatalf("only %d files were searched", files)
	}
	// The search finds what is there.
	h.OK(os.WriteFile(filepath.Join(h.Dir, "probe"), []byte("x"+hex.EncodeToString([]byte(strangerAt))), 0o600))
	if found, _ := searchDisk(t, words, h.Dir); len(found) != 1 {
		t.Fatalf("the search is blind: %v", found)
	}
	h.OK(filepath.WalkDir(h.FilesDir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		info, err := e.Info()
		if err == nil && !info.ModTime().Equal(clock.Day(info.ModTime())) {
			t.Errorf("%s bears the time %s", filepath.Base(path), info.ModTime())
		}
		return err
	}))
}

// T-46: a session that the browser sends along is not looked at, and every route
// of the drop is for nobody.
func TestDropKnowsNobody(t *testing.T) {
	h := openIntake(t, "")
	n := 0
	for _, r := range h.server.Routes() {
		drop := r.Path == "/report" || strings.HasPrefix(r.Path, "/report/") || r.Path == "/.well-known/security.txt"
		if drop != (r.Access == httpkit.Anonymous) {
			t.Errorf("%s %s is %s", r.Method, r.Path, r.Access)
		}
		q, _ := http.NewRequest(r.Method, h.web.URL+r.Path, nil)
		if drop != httpkit.Unnamed(q) {
			t.Errorf("%s %s: its askers are told apart, or another's are not", r.Method, r.Path)
		}
		if drop {
			n++
		}
	}
	if n != 6 {
		t.Errorf("the drop has %d routes", n)
	}
	signed := h.visitor("person_DORA")
	for _, path := range []string{"/report", "/report/return"} {
		signed.Get(path).Want(200).Never("Dora", "Triage", "/sign-out", "app.js", "woff2")
		if signed.Header.Get("Set-Cookie") != "" {
			t.Errorf("%s sets a cookie", path)
		}
	}
	signed.Get("/triage").Want(200, "Triage") // elsewhere the session is good
}
