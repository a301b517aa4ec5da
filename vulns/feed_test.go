package vulns_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/outbound"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/vulns"
)

// source is a server of somebody else on loopback that answers as it is told.
type source struct {
	*httptest.Server
	mu    sync.Mutex
	reply http.HandlerFunc
	asked []http.Header
}

func newSource(t testing.TB) *source {
	t.Helper()
	s := &source{}
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.asked = append(s.asked, r.Header.Clone())
		reply := s.reply
		s.mu.Unlock()
		reply(w, r)
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

func (s *source) answer(fn http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reply = fn
}

func (s *source) outside() vulns.Outside {
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	return vulns.Outside{Call: outbound.Options{AllowPrivate: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}, TLS: &tls.Config{RootCAs: pool}}}
}

func addFeed(h *town.Town, person string, n vulns.NewFeed) string {
	h.T.Helper()
	var id string
	h.OK(h.Write(person, func(tx *db.Tx) (err error) { id, err = h.Vulns.AddFeed(tx, n); return err }))
	return id
}

func feedOf(h *town.Town, person, id string) vulns.Feed {
	h.T.Helper()
	return town.Must(h, person, func(v *db.View) (vulns.Feed, error) { return h.Vulns.Feed(v, id) })
}

// pull fetches a feed and reads what it brought.
func pull(h *town.Town, id string) vulns.Feed {
	h.T.Helper()
	h.OK(h.Vulns.PullFeed(h.Ctx, h.DB, program, id))
	f := feedOf(h, town.Dora, id)
	if f.Health.Running {
		readOn(h, f.Health.Batch)
		f = feedOf(h, town.Dora, id)
	}
	return f
}

func TestFeedByAddress(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		s := newSource(t)
		h.Vulns.Connect(s.outside())
		body := list(osv("A-1", "2025-01-01T00:00:00Z"), osv("A-2", "2025-01-01T00:00:00Z"))
		etag := `"one"`
		s.answer(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("If-None-Match") == etag {
				w.WriteHeader(http.StatusNotModified)
				return
			}
			w.Header().Set("ETag", etag)
			w.Header().Set("Last-Modified", "Wed, 01 Jan 2025 00:00:00 GMT")
			io.WriteString(w, body)
		})
		id := addFeed(h, town.Dan, vulns.NewFeed{Name: "OSV", Kind: vulns.OSV, Place: vulns.PlaceURL, Address: s.URL + "/all.jsonl", Every: time.Hour})
		f := pull(h, id)
		if f.Health.Error != "" || f.Health.Added != 2 || f.Health.LastOK.IsZero() || f.Health.Fingerprint == "" || !f.Health.NextTry.Equal(h.Clock.Now().Add(time.Hour)) || f.Health.Failures != 0 {
			t.Fatalf("%+v", f.Health)
		}
		if u := mustLook(h, "", "A-2"); u.Label.TLP != policy.Clear || u.Records[0].Batch != f.Health.Batch {
			t.Errorf("%+v", u)
		}
		// Unchanged: by the server's word, and by the content.
		for range 2 {
			batch := f.Health.Batch
			h.Clock.Add(time.Hour)
			if f = pull(h, id); f.Health.Batch != batch || !f.Health.LastOK.Equal(h.Clock.Now()) || f.Health.Error != "" {
				t.Errorf("unchanged: %+v", f.Health)
			}
			etag = `"two"`
		}
		if s.asked[1].Get("If-None-Match") != `"one"` || s.asked[1].Get("If-Modified-Since") != "Wed, 01 Jan 2025 00:00:00 GMT" {
			t.Errorf("%v", s.asked[1])
		}
		// What fails is told, and what was there stays.
		for _, c := range []struct {
			reply http.HandlerFunc
			want  string
		}{
			{func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(500) }, "fault of its own"},
			{func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(404) }, "nothing at this address"},
			{func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(403) }, "credentials"},
			{func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(200) }, "empty"},
			{func(w http.ResponseWriter, r *http.Request) { w.Header().Set("Content-Length", "99999999999") }, "large"},
			{func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, "https://169.254.169.254/latest/", http.StatusFound)
			}, ""},
			{func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, "https://10.0.0.1/", http.StatusFound)
			}, ""},
			{func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Length", "500")
				io.WriteString(w, "{")
			}, ""},
			{func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "[1]") }, "The array"},
		} {
			s.answer(c.reply)
			h.Clock.Add(24 * time.Hour)
			before := f.Health
			f = pull(h, id)
			if f.Health.Error == "" || !strings.Contains(f.Health.Error, c.want) || f.Health.Failures != before.Failures+1 || !f.Health.LastOK.Equal(before.LastOK) {
				t.Errorf("want %q: %+v", c.want, f.Health)
			}
			if strings.Contains(f.Health.Error, "169.254") || strings.Contains(f.Health.Error, "10.0.0.1") {
				t.Errorf("it tells of what lies inside: %s", f.Health.Error)
			}
		}
		if !f.Late(h.Clock.Now()) {
			t.Error("it is not late")
		}
		// It comes back, with a new word.
		s.answer(func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, list(osv("A-1", "2025-01-01T00:00:00Z"), osv("A-2", "2025-01-05T00:00:00Z"), "nothing"))
		})
		h.Clock.Add(24 * time.Hour)
		if f = pull(h, id); f.Health.Error != "" || f.Health.Failures != 0 || f.Health.Changed != 1 || f.Health.Same != 1 || f.Health.Skipped != 1 {
			t.Errorf("%+v", f.Health)
		}

		// A paused one is not read; a removed one is gone, and what it brought stays.
		asked := len(s.asked)
		h.OK(h.Write(town.Dan, func(tx *db.Tx) error { return h.Vulns.PauseFeed(tx, id) }))
		h.Clock.Add(24 * time.Hour)
		if pull(h, id); len(s.asked) != asked {
			t.Error("a paused feed is read")
		}
		h.OK(h.Write(town.Dan, func(tx *db.Tx) error { return h.Vulns.ResumeFeed(tx, id) }))
		h.OK(h.Note(town.Dan, func(tx *db.Tx) error { return h.Vulns.PullNow(tx, id) }))
		h.OK(h.Write(town.Dan, func(tx *db.Tx) error { return h.Vulns.RemoveFeed(tx, id) }))
		if _, err := town.Read(h, town.Dan, func(v *db.View) (vulns.Feed, error) { return h.Vulns.Feed(v, id) }); !fault.Is(err, fault.Missing) {
			t.Errorf("%v", err)
		}
		mustLook(h, "", "A-1")
	})
}

func TestFeedRights(t *testing.T) {
	h := town.New(t, "")
	s := newSource(t)
	h.Vulns.Connect(s.outside())
	add := func(person string, n vulns.NewFeed) error {
		if n.Name == "" {
			n.Name = "x"
		}
		return h.Write(person, func(tx *db.Tx) error { _, err := h.Vulns.AddFeed(tx, n); return err })
	}
	folder := vulns.NewFeed{Kind: vulns.OSV, Place: vulns.PlaceFolder, Address: h.Mirror}
	for _, person := range []string{town.Pia, town.Cy, ""} {
		if err := add(person, vulns.NewFeed{Kind: vulns.OSV, Place: vulns.PlaceFile}); !fault.Is(err, fault.Forbidden) {
			t.Errorf("%q: %v", person, err)
		}
	}
	if err := add(town.Dan, folder); !fault.Is(err, fault.Forbidden) { // of the desk, and no operator
		t.Errorf("a folder: %v", err)
	}
	for _, n := range []vulns.NewFeed{
		{Kind: "x", Place: vulns.PlaceFile}, {Kind: vulns.OSV, Place: "x"}, {Kind: vulns.OSV, Place: vulns.PlaceURL, Address: "http://example.org/"}, {Kind: vulns.OSV, Place: vulns.PlaceURL, Address: "https://a:b@example.org/"},
		{Kind: vulns.OSV, Place: vulns.PlaceURL, Address: "https://example.org/?token=1"}, {Kind: vulns.OSV, Place: vulns.PlaceURL, Address: "https://10.0.0.1/"}, {Kind: vulns.OSV, Place: vulns.PlaceURL, Address: "file:///etc/passwd"},
		{Kind: vulns.OSV, Place: vulns.PlaceFile, Every: time.Minute}, {Kind: vulns.OSV, Place: vulns.PlaceFile, Label: town.Label(policy.Clear, policy.Community)}, {Kind: vulns.EPSS, Place: vulns.PlaceFile, Label: town.Label(policy.Green, policy.Community)},
		{Kind: vulns.OSV, Place: vulns.PlaceFolder, Address: "/etc"}, {Kind: vulns.OSV, Place: vulns.PlaceFolder, Address: h.Mirror + "/../"}, {Kind: vulns.OSV, Place: vulns.PlaceFolder, Address: "mirror"},
		{Kind: vulns.OSV, Place: vulns.PlaceFolder, Address: h.Mirror + "/none"},
	} {
		if err := add(town.Dora, n); !fault.Is(err, fault.Invalid) {
			t.Errorf("%+v: %v", n, err)
		}
	}
	id := addFeed(h, town.Dora, vulns.NewFeed{Name: "Mirror", Kind: vulns.OSV, Place: vulns.PlaceFolder, Address: h.Mirror})
	if f := feedOf(h, town.Wim, id); f.Address != "" || f.Name != "Mirror" {
		t.Errorf("a member sees the server's folder: %+v", f)
	}
	if f := feedOf(h, town.Dora, id); f.Address != h.Mirror {
		t.Errorf("%+v", f)
	}
	if fs := town.Must(h, "", h.Vulns.Feeds); len(fs) != 0 {
		t.Errorf("the public sees %d feeds", len(fs))
	}
	if err := h.Write(town.Dan, func(tx *db.Tx) error { return h.Vulns.RemoveFeed(tx, id) }); !fault.Is(err, fault.Forbidden) {
		t.Errorf("the desk removes the operator's: %v", err)
	}

	// Files for a feed take its label.
	id = addFeed(h, town.Dan, vulns.NewFeed{Name: "Notices", Kind: vulns.OSV, Place: vulns.PlaceFile, Label: town.Label(policy.Green, policy.Community)})
	b, err := h.Vulns.Accept(h.Ctx, h.DB, h.As(town.Dan), vulns.NewBatch{Name: "x", Kind: vulns.OSV, Feed: id}, strings.NewReader(osv("N-1", "2025-01-01T00:00:00Z")))
	h.OK(err)
	if b = readOn(h, b.ID); b.Added != 1 {
		t.Errorf("%+v", b)
	}
	mustLook(h, town.Wim, "N-1")
	if _, err := look(h, "", "N-1"); !fault.Is(err, fault.Missing) {
		t.Errorf("%v", err)
	}
	if f := feedOf(h, town.Wim, id); f.Health.Added != 1 || f.Health.LastOK.IsZero() {
		t.Errorf("%+v", f.Health)
	}
	_, err = h.Vulns.Accept(h.Ctx, h.DB, h.As(town.Pia), vulns.NewBatch{Name: "x", Kind: vulns.OSV, Feed: id}, strings.NewReader("{}"))
	town.Wants(t, err, fault.Forbidden, "")
}

func TestFeedByFolder(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		secret := filepath.Join(t.TempDir(), "secret")
		write := func(name, text string) {
			t.Helper()
			name = filepath.Join(h.Mirror, name)
			h.OK(os.MkdirAll(filepath.Dir(name), 0o755))
			h.OK(os.WriteFile(name, []byte(text), 0o644))
		}
		h.OK(os.MkdirAll(secret, 0o755))
		h.OK(os.WriteFile(filepath.Join(secret, "s.json"), []byte(osv("SECRET-1", "2025-01-01T00:00:00Z")), 0o644))
		write("osv/npm/1.json", osv("M-1", "2025-01-01T00:00:00Z"))
		write("osv/npm/2.json", osv("M-2", "2025-01-01T00:00:00Z"))
		write("osv/PyPI/all.zip", string(zipped(t, "3.json", osv("M-3", "2025-01-01T00:00:00Z"), "4.json", osv("M-4", "2025-01-01T00:00:00Z"))))
		write("osv/lines.jsonl", list(osv("M-5", "2025-01-01T00:00:00Z"), "junk"))
		write("osv/README.md", "no record")
		// What links out of the folder is not followed.
		h.OK(os.Symlink(secret, filepath.Join(h.Mirror, "osv", "out")))
		h.OK(os.Symlink(filepath.Join(secret, "s.json"), filepath.Join(h.Mirror, "osv", "s.json")))
		h.OK(os.Symlink(secret, filepath.Join(h.Mirror, "escape")))
		err := h.Write(town.Dora, func(tx *db.Tx) error {
			_, err := h.Vulns.AddFeed(tx, vulns.NewFeed{Name: "x", Kind: vulns.OSV, Place: vulns.PlaceFolder, Address: filepath.Join(h.Mirror, "escape")})
			return err
		})
		town.Wants(t, err, fault.Invalid, "address")

		id := addFeed(h, town.Dora, vulns.NewFeed{Name: "Mirror", Kind: vulns.OSV, Place: vulns.PlaceFolder, Address: filepath.Join(h.Mirror, "osv")})
		f := pull(h, id)
		if f.Health.Error != "" || f.Health.Added != 5 || f.Health.Skipped != 1 {
			t.Fatalf("%+v", f.Health)
		}
		if _, err := look(h, "", "SECRET-1"); !fault.Is(err, fault.Missing) {
			t.Errorf("what lies outside was read: %v", err)
		}
		batch := f.Health.Batch
		h.Clock.Add(48 * time.Hour)
		if f = pull(h, id); f.Health.Batch != batch || f.Health.Error != "" || !f.Health.LastOK.Equal(h.Clock.Now()) {
			t.Errorf("unchanged: %+v", f.Health)
		}
		// The same content at another time is the same.
		later := time.Now().Add(time.Hour)
		h.OK(os.Chtimes(filepath.Join(h.Mirror, "osv/npm/1.json"), later, later))
		if f = pull(h, id); f.Health.Batch != batch {
			t.Errorf("the same content: %+v", f.Health)
		}
		write("osv/npm/2.json", osv("M-2", "2025-01-02T00:00:00Z"))
		if f = pull(h, id); f.Health.Changed != 1 || f.Health.Same != 4 || f.Health.Added != 0 {
			t.Errorf("%+v", f.Health)
		}
		// The folder becomes a way out later.
		h.OK(os.Rename(filepath.Join(h.Mirror, "osv"), filepath.Join(h.Mirror, "was")))
		h.OK(os.Symlink(secret, filepath.Join(h.Mirror, "osv")))
		if f = pull(h, id); !strings.Contains(f.Health.Error, "leads out") {
			t.Errorf("%+v", f.Health)
		}

		// Of files that say all, the newest counts.
		write("epss/epss_scores-2025-07-31.csv.gz", string(gzipped(t, strings.Replace(scores(3), "2025-08-01", "2025-07-31", 1))))
		write("epss/epss_scores-2025-08-01.csv.gz", string(gzipped(t, scores(4))))
		id = addFeed(h, town.Dora, vulns.NewFeed{Name: "EPSS", Kind: vulns.EPSS, Place: vulns.PlaceFolder, Address: filepath.Join(h.Mirror, "epss")})
		if f = pull(h, id); f.Health.Added != 4 || f.Health.Error != "" {
			t.Errorf("%+v", f.Health)
		}
	})
}

// TestRun: what is queued and due is read by the program itself.
func TestRun(t *testing.T) {
	h := town.New(t, "")
	s := newSource(t)
	h.Vulns.Connect(s.outside())
	s.answer(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, osv("R-1", "2025-01-01T00:00:00Z")) })
	ctx, cancel := context.WithCancel(h.Ctx)
	var running sync.WaitGroup
	running.Go(func() { h.Vulns.Run(ctx, h.DB, program, slog.New(slog.DiscardHandler)) })
	running.Go(func() { h.Vulns.RunFeeds(ctx, h.DB, program, slog.New(slog.DiscardHandler)) })
	defer running.Wait()
	defer cancel()
	addFeed(h, town.Dora, vulns.NewFeed{Name: "OSV", Kind: vulns.OSV, Place: vulns.PlaceURL, Address: s.URL})
	b, err := h.Vulns.Accept(h.Ctx, h.DB, h.As(town.Dora), vulns.NewBatch{Name: "x", Kind: vulns.OSV, Label: public}, strings.NewReader(osv("R-2", "2025-01-01T00:00:00Z")))
	h.OK(err)
	until := time.Now().Add(20 * time.Second)
	for _, id := range []string{"R-1", "R-2"} {
		for {
			if _, err := look(h, "", id); err == nil {
				break
			} else if time.Now().After(until) {
				t.Fatalf("%s did not come: %v", id, err)
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
	for b.State != vulns.Done && time.Now().Before(until) {
		b = town.Must(h, town.Dora, func(v *db.View) (*vulns.Batch, error) { return h.Vulns.Batch(v, b.ID) })
	}
	if b.State != vulns.Done {
		t.Errorf("%+v", b)
	}
	if fs := town.Must(h, town.Wim, h.Vulns.Feeds); len(fs) != 1 || fs[0].Health.Added != 1 {
		t.Errorf("%+v", fs)
	}
}
