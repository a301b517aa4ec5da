package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/agreements"
	"github.com/cordon-isao/cordon/alerts"
	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/evidence"
	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/intel"
	"github.com/cordon-isao/cordon/internal/blob"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/httpkit"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/internal/live"
	"github.com/cordon-isao/cordon/internal/seal"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/ledger"
	"github.com/cordon-isao/cordon/matching"
	"github.com/cordon-isao/cordon/members"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/vulns"
)

var epoch = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// house is a small community with its API on a real address: a manufacturer
// (pia, pol), a care provider (wim), a researcher (lea) and the desk (dora), a
// circle of pia, pol and wim, a public room, one for the community, and a hidden
// one for the circle.
type house struct {
	t      testing.TB
	db     *db.DB
	clock  *clock.Manual
	ledger *ledger.Ledger
	srv    *Server
	url    string

	pump, ward, lab           string // organizations
	pia, pol, wim, lea, dora  string // people
	circle                    string
	open, common, hidden      string // rooms
	openTopic, hiddenTopic    string
	openPost, hiddenPost      string
	hiddenFile, hiddenRelabel string
	hiddenCase                map[string]string // a thing of pia's case, by kind, hidden from lea
	tokens                    map[string]string // by person, with both scopes
	answers                   func(method, path string, res *http.Response, body []byte)
}

// onBoth runs a test in a house on SQLite and in one on PostgreSQL.
func onBoth(t *testing.T, fn func(t *testing.T, h *house)) {
	t.Run("sqlite", func(t *testing.T) { fn(t, newHouse(t, "")) })
	t.Run("postgres", func(t *testing.T) { fn(t, newHouse(t, town.Postgres(t))) })
}

func newHouse(t testing.TB, url string) *house {
	t.Helper()
	h := &house{t: t, clock: clock.NewManual(epoch), tokens: map[string]string{}}
	ctx := t.Context()
	keys := t.TempDir()
	key, _, err := seal.LoadOrCreateKey(filepath.Join(keys, "master.key"))
	h.ok(err)
	box := seal.NewBox(key)
	h.ledger, err = ledger.New(keys, box, nil)
	h.ok(err)
	h.db, err = db.Open(ctx, db.Options{Dir: t.TempDir(), URL: url, Clock: h.clock, Ledger: h.ledger,
		Schemas: town.Schemas})
	h.ok(err)
	t.Cleanup(func() { h.db.Close() })
	h.ok(h.ledger.Attach(ctx, h.db))
	m, err := members.New(members.Options{RPID: "localhost", Origins: []string{"http://localhost"}, WaivePasskeys: true})
	h.ok(err)
	h.db.SetRefresh(m.Refresh)
	blobs, err := blob.OpenDir(t.TempDir(), epoch)
	h.ok(err)
	t.Cleanup(func() { blobs.Close() })
	f := forum.New(m, blobs, box)
	a := agreements.New(m)
	d, u := devices.New(m, blobs, box), vulns.New(m, blobs, box, vulns.Options{})
	g := matching.New(m, d, u)
	w := alerts.New(m, d, u, g, box)
	k := cases.New(m, a, f, blobs, box, h.ledger, w)
	h.serve(&Server{DB: h.db, Ledger: h.ledger, Members: m, Forum: f, Devices: d, Vulns: u, Matching: g, Alerts: w, Cases: k, Intel: intel.New(m, blobs, box), Evidence: evidence.New(h.ledger, f, m, a, k), Box: box})
	h.furnish()
	h.furnishCases()
	h.furnishIntel()
	h.furnishDevices()
	return h
}

// serve opens the API on a real address.
func (h *house) serve(s *Server) {
	t, hub := h.t, live.NewHub()
	s.Live = ledger.NewLive(s.Ledger, hub, s.Box, s.Members.Refresh)
	s.Log, s.Origin = slog.New(slog.NewTextHandler(testLog{t}, nil)), "http://localhost"
	h.srv = s
	mux := http.NewServeMux()
	for _, r := range s.Routes() {
		mux.Handle(r.Method+" "+r.Path, r.Handler)
	}
	door := httptest.NewServer(httpkit.Headers(httpkit.Recover(http.NewCrossOriginProtection().Handler(mux), s.Log), false))
	t.Cleanup(door.Close)
	live, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan struct{})
	go func() { defer close(done); s.Live.Run(live) }()
	t.Cleanup(func() { hub.Stop(); stop(); <-done })
	h.url = door.URL
}

// testLog writes the program's log into the test's.
type testLog struct{ t testing.TB }

func (l testLog) Write(b []byte) (int, error) {
	if l.t.Context().Err() == nil {
		l.t.Log(strings.TrimSpace(string(b)))
	}
	return len(b), nil
}

func (h *house) furnish() {
	h.t.Helper()
	m, f := h.srv.Members, h.srv.Forum
	h.system(func(tx *db.Tx) error {
		h.dora = ids.New("person")
		_, err := m.FirstRun(tx, members.Founding{Community: "Test ISAO", Org: profile("Test ISAO", policy.ISAO), Person: members.NewPerson{Name: "Dora Desk", Recipient: true}, PersonID: h.dora})
		if err != nil {
			return err
		}
		for _, o := range []struct {
			id   *string
			name string
			kind policy.Kind
		}{{&h.pump, "Pumpworks", policy.Manufacturer}, {&h.ward, "Ward Clinics", policy.Provider}, {&h.lab, "Lab of Lea", policy.Researcher}} {
			if *o.id, err = m.SeedOrganization(tx, "", profile(o.name, o.kind)); err != nil {
				return err
			}
		}
		for _, p := range []struct {
			id        *string
			name, org string
		}{{&h.pia, "Pia Pump", h.pump}, {&h.pol, "Pol Pump", h.pump}, {&h.wim, "Wim Ward", h.ward}, {&h.lea, "Lea Lab", h.lab}} {
			if *p.id, err = m.SeedPerson(tx, "", p.org, members.NewPerson{Name: p.name, Recipient: true, Listed: true}); err != nil {
				return err
			}
		}
		h.circle, err = m.SeedCircle(tx, members.NewCircle{Name: "Pumps and wards", Named: true}, h.pia, []string{h.pia, h.pol, h.wim})
		return err
	})
	for _, p := range []string{h.pia, h.pol, h.wim, h.lea, h.dora} {
		h.tokens[p] = h.token(p, 0, policy.ScopeRead, policy.ScopeWrite)
	}
	room := func(by, name string, l policy.Label) (id string) {
		h.write(by, func(tx *db.Tx) (err error) {
			id, err = f.OpenRoom(tx, forum.NewRoom{Name: name, Purpose: "For tests.", Label: l})
			return err
		})
		return id
	}
	topic := func(by, room, title string, l policy.Label, files ...string) (id, post string) {
		h.clock.Add(time.Minute)
		h.write(by, func(tx *db.Tx) (err error) {
			if id, _, err = f.StartTopic(tx, room, forum.NewTopic{Title: title, Body: "Seen on the ward: " + title, Label: l, Files: files}); err != nil {
				return err
			}
			t, err := f.Topic(tx.View, id)
			post = t.Opening
			return err
		})
		return id, post
	}
	clear := policy.Label{TLP: policy.Clear, Audience: policy.NewAudience(policy.Public)}
	circle := policy.Label{TLP: policy.AmberStrict, Audience: policy.NewAudience(policy.OfCircle(h.circle))}
	h.open = room(h.dora, "Open", clear)
	h.common = room(h.dora, "Common", policy.Label{TLP: policy.Green, Audience: policy.NewAudience(policy.Community)})
	h.hidden = room(h.pia, "Hidden", circle)
	h.openTopic, h.openPost = topic(h.dora, h.open, "Public notice", clear)
	file, err := f.Upload(h.t.Context(), h.db, h.as(h.pia), forum.Incoming{Name: "secret.txt", Size: 6, From: strings.NewReader("secret")})
	h.ok(err)
	h.hiddenFile = file.ID
	h.hiddenTopic, h.hiddenPost = topic(h.pia, h.hidden, "Confidential zebra", circle, h.hiddenFile)
	h.write(h.pia, func(tx *db.Tx) (err error) {
		h.hiddenRelabel, err = f.RelabelTopic(tx, h.hiddenTopic, policy.Label{TLP: policy.Amber, Audience: policy.NewAudience(policy.OfCircle(h.circle), policy.OfOrg(h.lab))}, "the lab can help")
		return err
	})
}

func profile(name string, k policy.Kind) members.Profile {
	return members.Profile{Name: name, Kind: k, Employees: 10, Country: "Norway"}
}

func (h *house) ok(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatalf("%v (%v)", err, fault.FieldsOf(err))
	}
}

func (h *house) system(fn func(tx *db.Tx) error) {
	h.t.Helper()
	h.ok(h.db.Write(h.t.Context(), policy.System("test"), fn))
}

func (h *house) as(person string) (v policy.Viewer) {
	h.t.Helper()
	h.ok(h.db.Read(h.t.Context(), policy.System("test"), func(view *db.View) (err error) {
		v, err = h.srv.Members.ViewerOf(view, person, "", nil)
		return err
	}))
	return v
}

func (h *house) write(person string, fn func(tx *db.Tx) error) {
	h.t.Helper()
	h.ok(h.db.Write(h.t.Context(), h.as(person), fn))
}

// token makes a token for a person; 0 days are 90.
func (h *house) token(person string, days int, scopes ...policy.Scope) (text string) {
	h.t.Helper()
	h.system(func(tx *db.Tx) (err error) {
		text, err = h.srv.Members.SeedToken(tx, person, members.NewToken{Name: "test", Scopes: scopes, Days: days})
		return err
	})
	return text
}

// reply is what was answered to a request.
type reply struct {
	*http.Response
	body []byte
}

// with is a header for do: "Name: value".
type with string

// do sends a request with a token ("" for none). A string body is sent as it is,
// anything else as JSON.
func (h *house) do(method, path, token string, body any, headers ...with) reply {
	h.t.Helper()
	var r io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		r = strings.NewReader(b)
	default:
		data, err := json.Marshal(b)
		h.ok(err)
		r = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(h.t.Context(), method, h.url+path, r)
	h.ok(err)
	if r != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	for _, w := range headers {
		name, value, _ := strings.Cut(string(w), ": ")
		req.Header.Set(name, value)
	}
	res, err := http.DefaultClient.Do(req)
	h.ok(err)
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		h.ok(err)
	}
	if h.answers != nil {
		h.answers(method, path, res, data)
	}
	return reply{res, data}
}

// want fails the test unless the status is the given one, and returns the JSON.
func (r reply) want(t testing.TB, status int) map[string]any {
	t.Helper()
	if r.StatusCode != status {
		t.Fatalf("%s %s: %d, not %d: %s", r.Request.Method, r.Request.URL.Path, r.StatusCode, status, r.body)
	}
	out := map[string]any{}
	if len(r.body) > 0 && strings.Contains(r.Header.Get("Content-Type"), "json") {
		if err := json.Unmarshal(r.body, &out); err != nil {
			t.Fatalf("%s: %v", r.body, err)
		}
	}
	return out
}

// get follows names into JSON.
func get(v any, path ...any) any {
	for _, p := range path {
		switch p := p.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[p]
		case int:
			s, _ := v.([]any)
			if p >= len(s) {
				return nil
			}
			v = s[p]
		}
	}
	return v
}

func text(v any, path ...any) string { return fmt.Sprint(get(v, path...)) }
