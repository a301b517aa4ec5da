package intel_test

import (
	"context"
	"crypto/x509"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/formats/taxii"
	"github.com/cordon-isao/cordon/intel"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/policy"
)

func subscribe(h *town.Town, person string, o *outside, change func(*intel.NewSource)) string {
	h.T.Helper()
	h.Intel.Connect(o.reaching(h))
	n := intel.NewSource{Name: "Others", Kind: intel.SourceTAXII, URL: o.URL + "/api1/", Collection: "main", Terms: open}
	if change != nil {
		change(&n)
	}
	var id string
	h.OK(h.Write(person, func(tx *db.Tx) (err error) { id, err = h.Intel.Subscribe(tx, n); return err }))
	return id
}

// pullNow reads a source now, whenever it was due.
func pullNow(h *town.Town, id string) intel.Source {
	h.T.Helper()
	h.OK(h.Intel.PullSource(h.Ctx, h.DB, program, id))
	return sourceOf(h, id)
}

func sourceOf(h *town.Town, id string) intel.Source {
	h.T.Helper()
	return town.Must(h, town.Pia, func(v *db.View) (intel.Source, error) { return h.Intel.Source(v, id) })
}

func TestSourcePulls(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		c := &collection{count: 2300, object: func(i int) string {
			if i%10 == 0 {
				return indicator(i, 0, amberStrict)
			}
			return indicator(i, 0)
		}}
		o := newOutside(t, nil, c.serve)
		id := subscribe(h, town.Pia, o, func(n *intel.NewSource) {
			n.Token = "token-of-the-source"
			n.URL = o.URL + "/api1/collections/main/"
			n.Collection = ""
		})
		s := pullNow(h, id)
		if s.Health.Error != "" || s.Health.Added != 2300 || s.Health.Objects != 2300 || s.Health.Failures != 0 || s.Health.Running || s.Pin == "" || s.URL != o.URL+"/api1/" || s.Collection != "main" || s.Auth != "bearer" {
			t.Fatalf("%+v", s)
		}
		if got := len(pulledIDs(h, town.Wim)); got != 2070 {
			t.Errorf("the community sees %d objects, want 2070", got)
		}
		asked := o.requests()
		if len(asked) != 3 {
			t.Errorf("%d requests", len(asked))
		}
		for i, r := range asked {
			if r.Header.Get("Authorization") != "Bearer token-of-the-source" || r.Header.Get("Accept") != taxii.MediaType {
				t.Errorf("request %d: %v", i, r.Header)
			}
		}
		b := town.Must(h, town.Pol, func(v *db.View) (*intel.Batch, error) { return h.Intel.Batch(v, s.Health.Batch) })
		if b.State != intel.Done || b.Added != 2300 || b.Via != "source" || b.Source != id {
			t.Errorf("%+v", b)
		}

		// The next time only what came since is asked for, and nothing is read where
		// nothing is.
		c.set(func(c *collection) { c.count = 2303 })
		s = pullNow(h, id)
		asked = o.requests()[3:]
		if s.Health.Added != 2303 || len(asked) != 1 || asked[0].URL.Query().Get("added_after") != taxii.FormatTime(added.Add(2299*time.Second)) {
			t.Errorf("%+v after %v", s.Health, asked)
		}
		batch := s.Health.Batch
		s = pullNow(h, id)
		if s.Health.Batch != batch || s.Health.Added != 2303 || s.Health.LastOK.IsZero() {
			t.Errorf("an empty answer: %+v", s.Health)
		}
		if s.Health.NextTry.Sub(h.Clock.Now()) != intel.EveryDefault {
			t.Errorf("next at %v", s.Health.NextTry)
		}

		// It is its organization's, and its credentials are nobody's.
		if _, err := town.Read(h, town.Wim, func(v *db.View) (intel.Source, error) { return h.Intel.Source(v, id) }); !fault.Is(err, fault.Missing) {
			t.Errorf("another organization: %v", err)
		}
		for _, person := range []string{town.Paz, town.Wim, town.Dora, ""} {
			if ss := town.Must(h, person, h.Intel.Sources); len(ss) != 0 {
				t.Errorf("%q sees %d sources", person, len(ss))
			}
		}
		if text := fmt.Sprintf("%+v", s); strings.Contains(text, "token-of-the-source") {
			t.Error("the credentials are shown")
		}
	})
}

// U: a million objects at once are contained by the quota, and it says so.
func TestSourceQuota(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		c := &collection{count: 1_000_000, object: func(i int) string { return indicator(i, 0) }}
		o := newOutside(t, nil, c.serve)
		id := subscribe(h, town.Pia, o, func(n *intel.NewSource) { n.DayObjects = 1500 })
		s := pullNow(h, id)
		if s.Health.Objects != 1500 || s.Health.Added != 1500 || !s.Full() || !s.Health.More || s.Health.Error != "" {
			t.Fatalf("%+v", s.Health)
		}
		if err := h.Note(town.Pia, func(tx *db.Tx) error { return h.Intel.PullNow(tx, id) }); !fault.Is(err, fault.Conflict) {
			t.Errorf("more today: %v", err)
		}
		asked := len(o.requests())
		if pullNow(h, id); len(o.requests()) != asked {
			t.Error("it is asked again on the same day")
		}
		if s = sourceOf(h, id); s.Health.NextTry.Before(town.Epoch.Add(12 * time.Hour)) {
			t.Errorf("next at %v", s.Health.NextTry)
		}
		h.Clock.Add(24 * time.Hour)
		s = pullNow(h, id)
		if s.Health.Added != 3000 || s.Health.Same != 0 || s.Health.Objects != 1500 {
			t.Errorf("the next day: %+v", s.Health)
		}

		// Everything in one answer, whatever was asked for.
		c.set(func(c *collection) { c.cap = 20_000 })
		h.Clock.Add(24 * time.Hour)
		s = pullNow(h, id)
		if s.Health.Added != 3000 || !strings.Contains(s.Health.Error, "20000 objects at once") || s.Health.Failures != 1 {
			t.Errorf("all at once: %+v", s.Health)
		}
	})
}

// A pull that ends in the middle, as by a crash, goes on where it was.
func TestSourceResumes(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		ctx, cancel := context.WithCancel(h.Ctx)
		c := &collection{count: 3500, object: func(i int) string { return indicator(i, 0) }}
		o := newOutside(t, nil, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Query().Get("next") == "2000" && ctx.Err() == nil {
				cancel()
			}
			c.serve(w, r)
		})
		id := subscribe(h, town.Pia, o, nil)
		if err := h.Intel.PullSource(ctx, h.DB, program, id); err != nil && ctx.Err() == nil {
			t.Fatal(err)
		}
		first := sourceOf(h, id)
		if first.Health.Added != 2000 {
			t.Fatalf("%+v", first.Health)
		}
		s := pullNow(h, id)
		if s.Health.Added != 3500 || s.Health.Same != 0 || s.Health.Batch != first.Health.Batch {
			t.Errorf("after resuming: %+v", s.Health)
		}
		if got := len(pulledIDs(h, town.Wim)); got != 3500 {
			t.Errorf("%d objects are there", got)
		}
		b := town.Must(h, town.Pia, func(v *db.View) (*intel.Batch, error) { return h.Intel.Batch(v, s.Health.Batch) })
		if b.Added != 3500 || b.State != intel.Done {
			t.Errorf("%+v", b)
		}

		// The server forgets its cursors in between: the dates help.
		c.set(func(c *collection) { c.count = 6500; c.boundary = 5000 })
		s = pullNow(h, id)
		if s.Health.Added != 6500 || s.Health.Error != "" || s.Health.Same > 1 {
			t.Errorf("with a forgotten cursor: %+v", s.Health)
		}
		// Without dates everything is read again, and is known.
		c.set(func(c *collection) { c.count = 900; c.undated = true })
		other := subscribe(h, town.Pia, o, nil)
		pullNow(h, other)
		if s = pullNow(h, other); s.Health.Added != 0 || s.Health.Same != 1800 || s.Health.Back != 1800 {
			t.Errorf("without dates: %+v", s.Health)
		}
	})
}

// A source that loops our own back, and revokes ours.
func TestSourceLoops(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		take(h, town.Pia, open, indicator(0, 0), indicator(1, 0))
		take(h, town.Wim, open, indicator(2, 0))
		revoked := func(i int) string { return strings.Replace(indicator(i, 1), `"name"`, `"revoked":true,"name"`, 1) }
		c := &collection{count: 5, object: func(i int) string {
			if i >= 3 {
				return revoked(i - 3)
			}
			return indicator(i, 0)
		}}
		o := newOutside(t, nil, c.serve)
		s := pullNow(h, subscribe(h, town.Pia, o, nil))
		if s.Health.Same != 3 || s.Health.Back != 2 || s.Health.Added != 0 || s.Health.Held != 2 {
			t.Errorf("%+v", s.Health)
		}
		for _, o := range everything(h, town.Cy) {
			if o.Revoked {
				t.Errorf("%s was revoked by another", o.ID)
			}
		}
		held := town.Must(h, town.Pol, func(v *db.View) ([]intel.Held, error) { return h.Intel.Waiting(v, "", 10) })
		if len(held) != 2 || held[0].Why != intel.WhyForeign || held[0].Owner != town.Pump.ID() {
			t.Errorf("%+v", held)
		}
	})
}

func TestSourceCertificate(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		c := &collection{count: 1, object: func(i int) string { return indicator(i, 0) }}
		o := newOutside(t, nil, c.serve)
		id := subscribe(h, town.Pia, o, func(n *intel.NewSource) { n.User, n.Password = "pump", "hunter2 of pump" })
		before := pullNow(h, id)
		if user, pass, ok := o.requests()[0].BasicAuth(); !ok || user != "pump" || pass != "hunter2 of pump" {
			t.Errorf("%q %q %v", user, pass, ok)
		}
		o.show(t)
		o.CloseClientConnections()
		asked := len(o.requests())
		s := pullNow(h, id)
		if s.State != intel.SourceStopped || s.Offered == "" || s.Offered == before.Pin || s.Pin != before.Pin || len(o.requests()) != asked {
			t.Fatalf("%+v, and it was asked %d times", s, len(o.requests())-asked)
		}
		if pullNow(h, id); len(o.requests()) != asked {
			t.Error("a stopped source is asked")
		}
		if err := h.Write(town.Pia, func(tx *db.Tx) error { return h.Intel.TrustSource(tx, id, before.Pin) }); !fault.Is(err, fault.Conflict) {
			t.Errorf("another fingerprint: %v", err)
		}
		if err := h.Write(town.Wim, func(tx *db.Tx) error { return h.Intel.TrustSource(tx, id, s.Offered) }); !fault.Is(err, fault.Missing) {
			t.Errorf("another organization trusts: %v", err)
		}
		h.OK(h.Write(town.Pol, func(tx *db.Tx) error { return h.Intel.TrustSource(tx, id, s.Offered) }))
		if s = pullNow(h, id); s.State != intel.SourceOn || s.Health.Error != "" || s.Offered != "" || len(o.requests()) != asked+1 {
			t.Errorf("%+v", s)
		}
	})
}

func TestSourceMutualTLS(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		_, cert, key := certificate(t)
		ca := x509.NewCertPool()
		ca.AppendCertsFromPEM([]byte(cert))
		c := &collection{count: 3, object: func(i int) string { return indicator(i, 0) }}
		o := newOutside(t, ca, c.serve)
		if s := pullNow(h, subscribe(h, town.Pia, o, nil)); s.Health.Error == "" {
			t.Error("the server takes anybody")
		}
		if s := pullNow(h, subscribe(h, town.Pia, o, func(n *intel.NewSource) { n.Certificate, n.Key = cert, key })); s.Health.Error != "" || s.Health.Added != 3 || s.Auth != "certificate" {
			t.Errorf("%+v", s)
		}
		h.Intel.Connect(o.reaching(h))
		err := h.Write(town.Pia, func(tx *db.Tx) error {
			_, err := h.Intel.Subscribe(tx, intel.NewSource{Name: "x", Kind: intel.SourceTAXII, URL: o.URL, Collection: "a", Credentials: intel.Credentials{Certificate: cert, Key: "nonsense"}})
			return err
		})
		town.Wants(t, err, fault.Invalid, "certificate")
	})
}

func TestSourceFailures(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		c := &collection{count: 1, object: func(i int) string { return indicator(i, 0) }}
		o := newOutside(t, nil, c.serve)
		id := subscribe(h, town.Pia, o, nil)
		fails := func(want string, least, most time.Duration, change func(c *collection)) {
			t.Helper()
			c.set(change)
			before := sourceOf(h, id).Health.Failures
			s := pullNow(h, id)
			wait := s.Health.NextTry.Sub(h.Clock.Now())
			if !strings.Contains(s.Health.Error, want) || s.Health.Failures != before+1 || wait < least || wait > most || strings.Contains(s.Health.Error, "secret") {
				t.Errorf("want %q: %+v, in %v", want, s.Health, wait)
			}
		}
		fails("fault of its own", 15*time.Second, 30*time.Second, func(c *collection) { c.status = 500 })
		fails("less often", 15*time.Minute, 17*time.Minute, func(c *collection) { c.status = 429; c.header = http.Header{"Retry-After": {"900"}} })
		fails("credentials", time.Minute, 3*time.Minute, func(c *collection) { c.status = 401; c.header = nil })
		fails("nothing at this address", 0, time.Hour, func(c *collection) { c.status = 404 })
		fails("cannot be read", 0, time.Hour, func(c *collection) { c.status = 0; c.body = `{"objects":[{"a":1,"a":2}` })
		fails("cannot be read", 0, time.Hour, func(c *collection) { c.body = strings.Repeat("[", 100_000) })
		fails("promises more", 0, time.Hour, func(c *collection) { c.body = `{"more":true}` })
		fails("round in a circle", 0, 7*time.Hour, func(c *collection) { c.body = `{"more":true,"next":"a","objects":[` + indicator(7, 0) + `]}` })
		fails("does not speak TAXII", 0, 7*time.Hour, func(c *collection) {
			c.body = ""
			c.header = http.Header{"Content-Type": {"text/html"}}
			c.status = 200
		})
		c.set(func(c *collection) { c.status, c.header, c.body = 0, nil, "" })
		if s := pullNow(h, id); s.Health.Error != "" || s.Health.Failures != 0 {
			t.Errorf("when it works again: %+v", s.Health)
		}

		// One bad object does not hold up the others, and what is marked as nobody
		// knows waits.
		c.set(func(c *collection) {
			c.count, c.object = 4, func(i int) string {
				switch i {
				case 1:
					return `{"type":"indicator","id":"nonsense"}`
				case 2:
					return indicator(i, 0, "marking-definition--00000000-0000-4000-8000-00000000ffff")
				}
				return indicator(i, 0)
			}
		})
		if s := pullNow(h, id); s.Health.Refused != 1 || s.Health.Held != 1 {
			t.Errorf("%+v", s.Health)
		}

		// Paused, changed, removed.
		h.OK(h.Write(town.Pol, func(tx *db.Tx) error { return h.Intel.PauseSource(tx, id) }))
		asked := len(o.requests())
		if s := pullNow(h, id); s.State != intel.SourcePaused || len(o.requests()) != asked {
			t.Error("a paused source is read")
		}
		h.OK(h.Write(town.Pol, func(tx *db.Tx) error { return h.Intel.ResumeSource(tx, id) }))
		h.OK(h.Write(town.Pol, func(tx *db.Tx) error {
			return h.Intel.EditSource(tx, id, intel.NewSource{Name: "Others still", Kind: intel.SourceTAXII, URL: o.URL + "/api1/", Collection: "main", Keep: true, Terms: intel.Terms{Scrub: intel.ScrubClean, Floor: policy.AmberStrict}})
		}))
		c.set(func(c *collection) { c.count, c.object = 9, func(i int) string { return indicator(i+100, 0, white1) } })
		if s := pullNow(h, id); s.Person != town.Pol || s.Health.Error != "" {
			t.Errorf("%+v", s)
		}
		for id, o := range everything(h, town.Cy) {
			if strings.Contains(o.Name, "Beacon 10") {
				t.Errorf("%s came below the floor", id)
			}
		}
		h.OK(h.Write(town.Pia, func(tx *db.Tx) error { return h.Intel.RemoveSource(tx, id) }))
		h.OK(h.Intel.PullSource(h.Ctx, h.DB, program, id))
		if ss := town.Must(h, town.Pia, h.Intel.Sources); len(ss) != 0 {
			t.Errorf("%+v", ss)
		}

		// The person leaves: nothing more comes in his name.
		id = subscribe(h, town.Pol, o, nil)
		h.OK(h.System("test", func(tx *db.Tx) error { return h.Members.RemovePerson(tx, town.Pol) }))
		if s := pullNow(h, id); s.State != intel.SourceStopped || !strings.Contains(s.Why, "has left") {
			t.Errorf("%+v", s)
		}
	})
}

// T-48 for sources: what is inside cannot be subscribed to, and a name that leads
// inside is not followed.
func TestSourceSSRF(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		hits := 0
		o := newOutside(t, nil, func(http.ResponseWriter, *http.Request) { hits++ })
		add := func(address string) error {
			return h.Write(town.Pia, func(tx *db.Tx) error {
				_, err := h.Intel.Subscribe(tx, intel.NewSource{Name: "x", Kind: intel.SourceTAXII, URL: address, Collection: "a", Terms: open})
				return err
			})
		}
		for _, address := range []string{o.URL, "https://127.0.0.1/", "https://169.254.169.254/", "https://[::ffff:127.0.0.1]/", "https://2130706433/", "https://0x7f.1/", "https://10.0.0.1/", "https://localhost/", "http://example.com/",
			"file:///etc/passwd", "gopher://example.com/", "https://user:pass@example.com/", "https://example.com:22/", "https://metadata.google.internal/", "", "https://example.com/?a=b"} {
			town.Wants(t, add(address), fault.Invalid, "url")
		}
		port := o.URL[strings.LastIndexByte(o.URL, ':'):]
		h.Intel.Connect(intel.Outside{Call: callNames("127.0.0.1")})
		h.OK(add("https://rebind.example.com" + port + "/api1/"))
		s := pullNow(h, town.Must(h, town.Pia, h.Intel.Sources)[0].ID)
		if hits != 0 || s.Health.Error != "The other side could not be reached." {
			t.Errorf("%d hits, %q", hits, s.Health.Error)
		}
		// The operator's own network, where he lists it; not by a redirect from outside.
		h.Intel.Connect(intel.Outside{Call: callNames("127.0.0.1", netip.MustParsePrefix("127.0.0.2/32"))})
		if s := pullNow(h, s.ID); hits != 0 || s.Health.Error != "The other side could not be reached." {
			t.Errorf("%d hits, %q", hits, s.Health.Error)
		}
	})
}

func TestSourceFeed(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		files := map[string]string{}
		entry := func(n int, stamp string) string {
			return fmt.Sprintf(`"00000000-0000-4000-8000-%012d":{"info":"Event %d","date":"2026-01-01","timestamp":"%s","analysis":"0","threat_level_id":"1","Orgc":{"name":"Example Sharing","uuid":"00000000-0000-4000-a000-000000000001"}}`, n, n, stamp)
		}
		set := func(n int, body string) { files[fmt.Sprintf("/feed/00000000-0000-4000-8000-%012d.json", n)] = body }
		green := `,"distribution":"3","Tag":[{"name":"tlp:green"}]`
		files["/feed/manifest.json"] = "{" + entry(1, "1767225600") + "," + entry(2, "1767225601") + "," + entry(3, "1767225602") + "," + entry(4, "1767225603") + "}"
		set(1, event(1, green, attribute(1, "")))
		set(2, event(2, green, attribute(2, "")))
		set(3, "this is no event")
		o := newOutside(t, nil, func(w http.ResponseWriter, r *http.Request) {
			if body, ok := files[r.URL.Path]; ok {
				fmt.Fprint(w, body)
				return
			}
			w.WriteHeader(404)
		})
		id := subscribe(h, town.Pia, o, func(n *intel.NewSource) {
			n.Kind, n.URL, n.Collection = intel.SourceMISP, o.URL+"/feed/manifest.json", ""
		})
		s := pullNow(h, id)
		if s.Health.Error != "" || s.Health.Refused != 2 || s.Health.Added == 0 || s.Health.More {
			t.Fatalf("%+v", s.Health)
		}
		if _, ok := indicatorOf(everything(h, town.Wim), "203.0.113.2"); !ok {
			t.Error("the second event's indicator is not there")
		}
		asked := len(o.requests())
		if s = pullNow(h, id); len(o.requests()) != asked+1 || s.Health.Refused != 2 {
			t.Errorf("what did not change is read again: %d requests, %+v", len(o.requests())-asked, s.Health)
		}
		files["/feed/manifest.json"] = "{" + entry(1, "1767225600") + "," + entry(2, "1767229999") + "}"
		set(2, strings.Replace(event(2, green, attribute(2, ""), attribute(22, "")), `"timestamp":"1767225600","published"`, `"timestamp":"1767229999","published"`, 1))
		asked = len(o.requests())
		if s = pullNow(h, id); len(o.requests()) != asked+2 {
			t.Errorf("%d requests for one changed event", len(o.requests())-asked)
		}
		if _, ok := indicatorOf(everything(h, town.Wim), "203.0.113.22"); !ok {
			t.Errorf("the changed event's indicator is not there: %+v", s.Health)
		}
	})
}

// A source that is due is read by the part that runs behind.
func TestSourceRuns(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		c := &collection{count: 10, object: func(i int) string { return indicator(i, 0) }}
		o := newOutside(t, nil, c.serve)
		id := subscribe(h, town.Pia, o, nil)
		ctx, cancel := context.WithCancel(h.Ctx)
		ended := make(chan error, 1)
		go func() { ended <- h.Intel.RunSources(ctx, h.DB, program, nil) }()
		for range 200 {
			if s := sourceOf(h, id); s.Health.Added == 10 && !s.Health.Running {
				break
			}
			time.Sleep(20 * time.Millisecond)
		}
		cancel()
		<-ended
		if s := sourceOf(h, id); s.Health.Added != 10 {
			t.Errorf("%+v", s.Health)
		}
	})
}
