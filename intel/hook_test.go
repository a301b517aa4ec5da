package intel_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/intel"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/outbound"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/policy"
)

// bell is a member's program that is told.
type bell struct {
	*outside
	mu     sync.Mutex
	status int
	header http.Header
	heard  []rung
}

type rung struct {
	body      string
	signature string
	delivery  string
}

func newBell(t testing.TB) *bell {
	b := &bell{}
	b.outside = newOutside(t, nil, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		b.mu.Lock()
		defer b.mu.Unlock()
		for k, vs := range b.header {
			w.Header()[k] = vs
		}
		b.heard = append(b.heard, rung{string(body), r.Header.Get(outbound.SignatureHeader), r.Header.Get("Cordon-Delivery")})
		if b.status != 0 {
			w.WriteHeader(b.status)
			fmt.Fprint(w, "a secret of the inside")
		}
	})
	return b
}

func (b *bell) answer(status int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.status = status
}

// since is what was heard after the first n.
func (b *bell) since(n int) []rung {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]rung(nil), b.heard[n:]...)
}

func addHook(h *town.Town, person string, b *bell, change func(*intel.NewHook)) (id, secret string) {
	h.T.Helper()
	h.Intel.Connect(b.reaching(h))
	n := intel.NewHook{Name: "Our SIEM", URL: b.URL + "/hook?key=in-the-address"}
	if change != nil {
		change(&n)
	}
	h.OK(h.Write(person, func(tx *db.Tx) (err error) { id, secret, err = h.Intel.AddHook(tx, n); return err }))
	return id, secret
}

// ring indexes what came and tells a webhook.
func ring(h *town.Town, id string) intel.Hook {
	h.T.Helper()
	for {
		n, err := h.Intel.Index(h.Ctx, h.DB, program)
		h.OK(err)
		if n == 0 {
			break
		}
	}
	h.OK(h.Intel.RingHook(h.Ctx, h.DB, program, id))
	hooks := town.Must(h, town.Pia, h.Intel.Hooks)
	hooks = append(hooks, town.Must(h, town.Wim, h.Intel.Hooks)...)
	for _, k := range hooks {
		if k.ID == id {
			return k
		}
	}
	h.T.Fatal("the webhook is not there")
	return intel.Hook{}
}

type message struct {
	ID, Type, Time, URL string
	More                bool
	Objects             []struct {
		ID, Type, TLP, Added, URL string
		Object                    json.RawMessage
	}
}

func parsed(t testing.TB, body string) (m message) {
	t.Helper()
	if err := json.Unmarshal([]byte(body), &m); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	return m
}

func TestHookTells(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		b := newBell(t)
		take(h, town.Pia, open, indicator(90, 0)) // before it was made
		id, secret := addHook(h, town.Wim, b, nil)
		if ring(h, id); len(b.since(0)) != 0 {
			t.Fatalf("it tells what was there before: %v", b.since(0))
		}
		take(h, town.Pia, open, indicator(1, 0), indicator(2, 0, white1), indicator(3, 0, amberStrict))
		k := ring(h, id)
		heard := b.since(0)
		if len(heard) != 1 || k.LastOK.IsZero() || k.Failures != 0 {
			t.Fatalf("%d deliveries, %+v", len(heard), k)
		}
		if err := outbound.Verify([]byte(secret), heard[0].signature, []byte(heard[0].body), h.Clock.Now(), time.Minute); err != nil {
			t.Errorf("the signature: %v", err)
		}
		m := parsed(t, heard[0].body)
		if m.Type != "intel.new" || m.ID != heard[0].delivery || m.URL != "https://isao.example/intel" || m.More || len(m.Objects) != 2 || m.Objects[0].TLP != "GREEN" || m.Objects[1].TLP != "CLEAR" ||
			string(m.Objects[0].Object) != indicator(1, 0) || m.Objects[0].URL != "https://isao.example/intel/objects/"+m.Objects[0].ID {
			t.Errorf("%+v", m)
		}
		if ring(h, id); len(b.since(1)) != 0 {
			t.Error("it tells twice")
		}

		// Above GREEN it says that there is something, and nothing of it.
		own := intel.Terms{Scrub: intel.ScrubClean}
		take(h, town.Wim, own, indicator(4, 0), indicator(5, 0))
		ring(h, id)
		if heard = b.since(1); len(heard) != 1 {
			t.Fatalf("%d deliveries", len(heard))
		}
		m = parsed(t, heard[0].body)
		if len(m.Objects) != 0 || !m.More || strings.Contains(heard[0].body, "indicator") || strings.Contains(heard[0].body, "Beacon") {
			t.Errorf("content above GREEN: %s", heard[0].body)
		}

		// Its own organization's alone, and the secret nobody's.
		for _, person := range []string{town.Pia, town.Wanda, ""} {
			if hs := town.Must(h, person, h.Intel.Hooks); len(hs) != 0 {
				t.Errorf("%q sees %d webhooks", person, len(hs))
			}
			if _, err := town.Read(h, person, func(v *db.View) ([]intel.Delivery, error) { return h.Intel.Deliveries(v, id) }); !fault.Is(err, fault.Missing) {
				t.Errorf("%q: %v", person, err)
			}
		}
		if strings.Contains(fmt.Sprintf("%+v", k), secret) {
			t.Error("the secret is shown")
		}
		ds := town.Must(h, town.Wim, func(v *db.View) ([]intel.Delivery, error) { return h.Intel.Deliveries(v, id) })
		if len(ds) != 2 || ds[0].State != intel.DeliveryDone || ds[0].Objects != 2 || ds[0].Answer != 200 {
			t.Errorf("%+v", ds)
		}

		// Another secret holds at once.
		var renewed string
		h.OK(h.Write(town.Wim, func(tx *db.Tx) (err error) { renewed, err = h.Intel.RenewHookSecret(tx, id); return err }))
		h.OK(h.Note(town.Wim, func(tx *db.Tx) error { _, err := h.Intel.TestHook(tx, id); return err }))
		ring(h, id)
		last := b.since(2)[0]
		if m := parsed(t, last.body); m.Type != "test" || outbound.Verify([]byte(renewed), last.signature, []byte(last.body), h.Clock.Now(), time.Minute) != nil {
			t.Errorf("%s", last.body)
		}
	})
}

func TestHookQueryAndChat(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		b := newBell(t)
		id, _ := addHook(h, town.Wim, b, func(n *intel.NewHook) { n.Query = `type:indicator "Beacon 7"` })
		chat, _ := addHook(h, town.Wim, b, func(n *intel.NewHook) { n.Mode, n.Name = intel.HookChat, "Our chat" })
		take(h, town.Pia, open, indicator(6, 0), indicator(7, 0), strings.Replace(indicator(8, 0), "Beacon 8", "<!channel> *hey* & more", 1))
		ring(h, id)
		heard := b.since(0)
		if len(heard) != 1 || len(parsed(t, heard[0].body).Objects) != 1 || !strings.Contains(heard[0].body, "Beacon 7") {
			t.Fatalf("%v", heard)
		}
		ring(h, chat)
		var m struct{ Text string }
		if err := json.Unmarshal([]byte(b.since(1)[0].body), &m); err != nil || !strings.Contains(m.Text, "Beacon 6") || !strings.Contains(m.Text, "&lt;!channel&gt;") || strings.Contains(m.Text, "<!") {
			t.Errorf("%v %q", err, m.Text)
		}
		take(h, town.Wim, intel.Terms{Scrub: intel.ScrubClean}, indicator(9, 0))
		ring(h, chat)
		if got := b.since(2)[0].body; got != `{"text":"Something new came that you may read: https://isao.example/intel"}` {
			t.Errorf("%s", got)
		}
		// What does not match rings no bell.
		if ring(h, id); len(b.since(3)) != 0 {
			t.Errorf("%v", b.since(3))
		}
		town.Wants(t, h.Write(town.Wim, func(tx *db.Tx) error {
			_, _, err := h.Intel.AddHook(tx, intel.NewHook{Name: "x", URL: b.URL, Query: "type:"})
			return err
		}), fault.Invalid, "query")
	})
}

// Rights are looked at again at each try, and at each manual redelivery.
func TestHookRights(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		b := newBell(t)
		id, _ := addHook(h, town.Wim, b, nil)
		b.answer(500)
		take(h, town.Pia, open, indicator(1, 0))
		take(h, town.Pia, open, indicator(2, 0))
		if k := ring(h, id); k.Failures != 1 || k.NextTry.IsZero() {
			t.Fatalf("%+v", k)
		}
		if ring(h, id); len(b.since(1)) != 0 {
			t.Error("it does not wait")
		}
		// Meanwhile the first is deleted, and it was the only one told so far.
		h.OK(h.Write(town.Pia, func(tx *db.Tx) error {
			return h.Intel.Delete(tx, "indicator--00000000-0000-4000-8000-000000000001", zero)
		}))
		b.answer(0)
		h.Clock.Add(time.Minute)
		if k := ring(h, id); k.Failures != 0 {
			t.Errorf("%+v", k)
		}
		if heard := b.since(1); len(heard) != 1 || strings.Contains(heard[0].body, "Beacon 1") || !strings.Contains(heard[0].body, "Beacon 2") {
			t.Errorf("%v", heard)
		}

		// Redelivered after the label became stricter: nothing of it, or nothing at all.
		ds := town.Must(h, town.Wim, func(v *db.View) ([]intel.Delivery, error) { return h.Intel.Deliveries(v, id) })
		again := func() {
			t.Helper()
			h.OK(h.Note(town.Wim, func(tx *db.Tx) error { return h.Intel.Redeliver(tx, id, ds[0].ID) }))
			ring(h, id)
		}
		again()
		if heard := b.since(2); len(heard) != 1 || heard[0].delivery != ds[0].ID || !strings.Contains(heard[0].body, "Beacon 2") {
			t.Errorf("again: %v", heard)
		}
		take(h, town.Pia, intel.Terms{Scrub: intel.ScrubClean, Unmarked: policy.Amber, Amber: []policy.Principal{town.Pump}}, indicator(2, 0))
		again()
		if heard := b.since(3); len(heard) != 0 {
			t.Errorf("what was taken away is told again: %v", heard)
		}
		if ds := town.Must(h, town.Wim, func(v *db.View) ([]intel.Delivery, error) { return h.Intel.Deliveries(v, id) }); ds[0].State != intel.DeliveryVoid || ds[0].Objects != 0 {
			t.Errorf("%+v", ds[0])
		}
		if err := h.Note(town.Pia, func(tx *db.Tx) error { return h.Intel.Redeliver(tx, id, ds[0].ID) }); !fault.Is(err, fault.Missing) {
			t.Errorf("another organization redelivers: %v", err)
		}

		// A member out of good standing is told nothing.
		take(h, town.Pia, open, indicator(3, 0))
		h.OK(h.System("test", func(tx *db.Tx) error { return h.Members.SuspendPerson(tx, town.Wim, "Test.") }))
		h.OK(h.Intel.RingHook(h.Ctx, h.DB, program, id))
		if heard := b.since(3); len(heard) != 0 {
			t.Errorf("a suspended person is told: %v", heard)
		}
	})
}

// It is tried again ever more seldom, and turned off after days of failures.
func TestHookFails(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		b := newBell(t)
		id, _ := addHook(h, town.Pia, b, nil)
		b.answer(503)
		take(h, town.Wim, open, indicator(1, 0))
		k := ring(h, id)
		tries := 1
		for start := h.Clock.Now(); k.State == intel.HookOn && h.Clock.Now().Sub(start) < 2*intel.HookPatience; tries++ {
			h.Clock.Set(k.NextTry)
			k = ring(h, id)
		}
		if k.State != intel.HookFailed || k.Why == "" || tries < 20 || tries > 60 {
			t.Errorf("after %d tries: %+v", tries, k)
		}
		ds := town.Must(h, town.Pia, func(v *db.View) ([]intel.Delivery, error) { return h.Intel.Deliveries(v, id) })
		if len(ds) != 1 || ds[0].State != intel.DeliveryLost || ds[0].Answer != 503 || strings.Contains(ds[0].Error, "secret") || ds[0].Error == "" {
			t.Errorf("%+v", ds)
		}
		heard := len(b.since(0))
		if ring(h, id); len(b.since(heard)) != 0 {
			t.Error("a failed webhook is told")
		}
		take(h, town.Wim, open, indicator(2, 0)) // while it is off
		b.answer(0)
		h.OK(h.Write(town.Pol, func(tx *db.Tx) error { return h.Intel.TurnHook(tx, id, true) }))
		h.OK(h.Note(town.Pol, func(tx *db.Tx) error { return h.Intel.Redeliver(tx, id, ds[0].ID) }))
		k = ring(h, id)
		if got := b.since(heard); k.State != intel.HookOn || len(got) != 1 || !strings.Contains(got[0].body, "Beacon 1") {
			t.Errorf("%+v %v", k, got)
		}
		// Another who edits it tells in his own view from then on; redirects of a POST
		// are not followed; Retry-After is.
		b.mu.Lock()
		b.status, b.header = 307, http.Header{"Location": {b.URL + "/elsewhere"}}
		b.mu.Unlock()
		take(h, town.Wim, open, indicator(3, 0))
		heard = len(b.since(0))
		if ring(h, id); len(b.since(heard)) != 1 {
			t.Error("a redirect is followed")
		}
		h.OK(h.Write(town.Pia, func(tx *db.Tx) error { return h.Intel.RemoveHook(tx, id) }))
		h.OK(h.Intel.RingHook(h.Ctx, h.DB, program, id))
	})
}

// Ten thousand objects are a handful of deliveries, not ten thousand.
func TestHookFlood(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		b := newBell(t)
		id, _ := addHook(h, town.Wim, b, nil)
		var objs []string
		for i := range 1300 {
			objs = append(objs, indicator(i, 0))
		}
		imported(h, town.Pia, intel.FormatSTIX, open, bundle(objs...))
		ring(h, id)
		heard := b.since(0)
		if len(heard) != 10 || !parsed(t, heard[9].body).More || parsed(t, heard[8].body).More || len(parsed(t, heard[0].body).Objects) != 100 {
			t.Errorf("%d deliveries", len(heard))
		}
		if ring(h, id); len(b.since(10)) != 0 {
			t.Error("it goes on")
		}
		// For days without an answer the queue does not grow without end.
		b.answer(500)
		for i := range 11 {
			objs = objs[:0]
			for j := range 1000 {
				objs = append(objs, indicator(10_000+i*1000+j, 0))
			}
			take(h, town.Pia, open, objs...)
			ring(h, id)
		}
		ds := town.Must(h, town.Wim, func(v *db.View) ([]intel.Delivery, error) { return h.Intel.Deliveries(v, id) })
		waits := 0
		for _, d := range ds {
			if d.State == intel.DeliveryWaits {
				waits++
			}
		}
		if waits > 100 {
			t.Errorf("%d deliveries wait", waits)
		}
	})
}

// T-48 for webhooks.
func TestHookSSRF(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		b := newBell(t)
		add := func(address string) (id string, err error) {
			err = h.Write(town.Pia, func(tx *db.Tx) (err error) {
				id, _, err = h.Intel.AddHook(tx, intel.NewHook{Name: "x", URL: address})
				return err
			})
			return id, err
		}
		for _, address := range []string{b.URL, "https://127.0.0.1/", "https://169.254.169.254/latest/meta-data", "https://[::1]/", "https://017700000001/", "https://192.168.1.1/", "https://localhost/", "http://example.com/", "https://u:p@example.com/", "https://example.com:6379/", "", "ftp://example.com/"} {
			_, err := add(address)
			town.Wants(t, err, fault.Invalid, "url")
		}
		port := b.URL[strings.LastIndexByte(b.URL, ':'):]
		for _, private := range [][]netip.Prefix{nil, {netip.MustParsePrefix("127.0.0.2/32")}} {
			h.Intel.Connect(intel.Outside{Call: callNames("127.0.0.1", private...)})
			id, err := add("https://inner.example.com" + port + "/")
			h.OK(err)
			h.OK(h.Note(town.Pia, func(tx *db.Tx) error { _, err := h.Intel.TestHook(tx, id); return err }))
			ring(h, id)
			ds := town.Must(h, town.Pia, func(v *db.View) ([]intel.Delivery, error) { return h.Intel.Deliveries(v, id) })
			if len(b.requests()) != 0 || ds[0].Error != "The other side could not be reached." {
				t.Errorf("%d hits, %+v", len(b.requests()), ds[0])
			}
		}
	})
}

// Two worlds that differ in what Wim may not see: his webhook rings alike.
func TestHookTwins(t *testing.T) {
	var worlds [2][]string
	for i := range worlds {
		h := town.New(t, "")
		b := newBell(t)
		id, _ := addHook(h, town.Wim, b, nil)
		for n := range 5 {
			if i == 1 {
				take(h, town.Pia, intel.Terms{Scrub: intel.ScrubClean}, indicator(100+n, 0))
				ring(h, id)
			}
			h.Clock.Add(time.Second)
			take(h, town.Pia, open, indicator(n, 0))
			ring(h, id)
			h.Clock.Add(time.Minute)
		}
		for _, r := range b.since(0) {
			m := parsed(t, r.body)
			worlds[i] = append(worlds[i], strings.ReplaceAll(r.body, m.ID, "ID"))
		}
	}
	if a, b := strings.Join(worlds[0], "\n"), strings.Join(worlds[1], "\n"); a != b || len(worlds[0]) != 5 {
		t.Errorf("the worlds differ:\n%s\n\n%s", a, b)
	}
}
