package taxii

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/cordon-isao/cordon/formats/taxii"
	"github.com/cordon-isao/cordon/intel"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/policy"
)

// house is a town with this door open on loopback.
type house struct {
	*town.Town
	t   testing.TB
	srv *Server
	web *httptest.Server
}

func newHouse(t testing.TB, h *town.Town) *house {
	x := &house{Town: h, t: t}
	x.srv = &Server{DB: h.DB, Members: h.Members, Intel: h.Intel, Box: h.Box, Log: slog.New(slog.DiscardHandler), Origin: "https://isao.example"}
	x.web = newServer(t, x.srv)
	return x
}

func newServer(t testing.TB, s *Server) *httptest.Server {
	web := httptest.NewServer(s.mux())
	t.Cleanup(web.Close)
	return web
}

// mux is the door as the program mounts it.
func (s *Server) mux() *http.ServeMux {
	mux := http.NewServeMux()
	for _, r := range s.Routes() {
		mux.Handle(r.Method+" "+r.Path, r.Handler)
	}
	mux.Handle("/taxii2/", s.NotFound())
	return mux
}

// onBoth runs a test with the door on each engine.
func onBoth(t *testing.T, fn func(t *testing.T, x *house)) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) { fn(t, newHouse(t, h)) })
}

// got is an answer.
type got struct {
	status int
	head   http.Header
	body   string
}

// do asks; person "" is nobody. head is pairs of header names and values.
func (x *house) do(method, person, path, body string, head ...string) got {
	x.t.Helper()
	r, err := http.NewRequest(method, x.web.URL+path, strings.NewReader(body))
	x.OK(err)
	if person != "" {
		r.Header.Set("Authorization", "Bearer "+x.Token(person))
	}
	r.Header.Set("Accept", taxii.MediaType)
	r.Header.Set("Accept-Encoding", "identity")
	if method == "POST" {
		r.Header.Set("Content-Type", taxii.MediaType)
	}
	for i := 0; i < len(head); i += 2 {
		if r.Header.Del(head[i]); head[i+1] != "" {
			r.Header.Set(head[i], head[i+1])
		}
	}
	resp, err := http.DefaultClient.Do(r)
	x.OK(err)
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	x.OK(err)
	resp.Header.Del("Date")
	return got{resp.StatusCode, resp.Header, string(data)}
}

func (x *house) get(person, path string, head ...string) got {
	x.t.Helper()
	return x.do("GET", person, path, "", head...)
}

// ok is get that ends the test unless the answer is 200 in the standard's type.
func (x *house) ok(person, path string, head ...string) got {
	x.t.Helper()
	g := x.get(person, path, head...)
	if g.status != 200 || g.head.Get("Content-Type") != taxii.MediaType {
		x.t.Fatalf("GET %s as %q: %d %v %s", path, person, g.status, g.head, g.body)
	}
	return g
}

// indicator is a small object with its own id and version.
func indicator(n, version int, markings ...string) string {
	marks := ""
	if len(markings) > 0 {
		marks = `"object_marking_refs":["` + strings.Join(markings, `","`) + `"],`
	}
	return fmt.Sprintf(`{"type":"indicator","spec_version":"2.1","id":"%s","created":"2026-01-01T00:00:00.000Z","modified":"%s",%s"name":"Beacon %d","pattern":"[ipv4-addr:value = '198.51.100.%d']","pattern_type":"stix","valid_from":"2026-01-01T00:00:00Z"}`,
		idOf(n), versionOf(version), marks, n, n%250)
}

func idOf(n int) string              { return fmt.Sprintf("indicator--00000000-0000-4000-8000-%012d", n) }
func versionOf(n int) string         { return fmt.Sprintf("2026-01-01T00:00:%02d.000Z", n) }
func envelope(objs ...string) string { return `{"objects":[` + strings.Join(objs, ",") + `]}` }

const (
	clear       = "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487"
	green       = "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"
	amber       = "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421"
	amberStrict = "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003"
	red         = "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"
)

// take sends objects in a person's name, past the door.
func (x *house) take(person string, terms intel.Terms, objs ...string) {
	x.t.Helper()
	g, err := x.Intel.Gather(terms, bytes.NewReader([]byte(envelope(objs...))))
	x.OK(err)
	x.OK(x.Write(person, func(tx *db.Tx) error {
		_, err := x.Intel.Post(tx, intel.NewBatch{Via: "api", Name: "test", Format: intel.FormatSTIX, Terms: terms}, g)
		return err
	}))
}

var shared = intel.Terms{Scrub: intel.ScrubClean, Unmarked: policy.Green}
