package assets

import (
	"net/http"
	"net/http/httptest"
	"path"
	"strings"
	"testing"
)

// TestWeight holds the pages to U-01: at most 120 KB of script and 30 KB of
// style, packed; and the script to what one person can read in an hour.
func TestWeight(t *testing.T) {
	limits := map[string]int{".js": 120 << 10, ".css": 30 << 10}
	packed := map[string]int{}
	for name, f := range load().byPath {
		packed[path.Ext(name)] += len(f.packed)
	}
	for ext, limit := range limits {
		if packed[ext] == 0 || packed[ext] > limit {
			t.Errorf("all %s together are %d bytes packed; U-01 allows 1 to %d", ext, packed[ext], limit)
		}
	}
	if n := len(load().byPath[Path("app.js")].plain); n > 25<<10 {
		t.Errorf("app.js is %d bytes; 25 KB was promised", n)
	}
}

// TestServed asks for each asset as a browser does.
func TestServed(t *testing.T) {
	h := Handler()
	for p, f := range load().byPath {
		for _, encoding := range []string{"", "gzip, br"} {
			r := httptest.NewRequest("GET", p, nil)
			r.Header.Set("Accept-Encoding", encoding)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			want := f.plain
			if encoding != "" && f.packed != nil {
				want = f.packed
			}
			if w.Code != 200 || w.Body.String() != string(want) {
				t.Errorf("GET %s (%q): %d, %d bytes; want 200, %d bytes", p, encoding, w.Code, w.Body.Len(), len(want))
			}
			if c := w.Header().Get("Cache-Control"); !strings.Contains(c, "immutable") {
				t.Errorf("GET %s: Cache-Control %q", p, c)
			}
		}
	}
	for _, p := range []string{"/assets/app.css", "/assets/", "/assets/app.0000000000000000.css", "/assets/../app.js"} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", p, nil))
		if w.Code != http.StatusNotFound || strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
			t.Errorf("GET %s: %d %q; want an uncached 404", p, w.Code, w.Header().Get("Cache-Control"))
		}
	}
}

// TestStyleNamesItsFonts makes sure that linking left no address behind that
// is not served, and none that leads outside.
func TestStyleNamesItsFonts(t *testing.T) {
	css := string(load().byPath[Path("app.css")].plain)
	found := 0
	for _, m := range cssURL.FindAllStringSubmatch(css, -1) {
		found++
		if _, ok := load().byPath[m[1]]; !ok {
			t.Errorf("the style sheet names %q, which is not served", m[1])
		}
	}
	if found != 4 {
		t.Errorf("the style sheet names %d fonts, want 4", found)
	}
	if strings.Contains(css, "//") || strings.Contains(css, "@import") {
		t.Error("the style sheet loads something from elsewhere")
	}
}
