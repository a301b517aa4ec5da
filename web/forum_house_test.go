package web

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cordon-isao/cordon/agreements"
	"github.com/cordon-isao/cordon/alerts"
	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/evidence"
	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/blob"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/httpkit"
	"github.com/cordon-isao/cordon/internal/live"
	"github.com/cordon-isao/cordon/internal/seal"
	"github.com/cordon-isao/cordon/internal/testkit/browser"
	"github.com/cordon-isao/cordon/internal/testkit/reader"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/ledger"
	"github.com/cordon-isao/cordon/matching"
	"github.com/cordon-isao/cordon/members"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/vulns"
)

// forumHouse is a small community behind real doors.
type forumHouse struct {
	t      *testing.T
	server *Server
	web    *httptest.Server
	orgs   map[string]string // name → id
	people map[string]string
	circle string // the pump group: Osei and Roy
	rooms  map[string]string
}

// openForum opens a house. One passkey, or none, is enough if waive is true.
func openForum(t *testing.T, url string, waive bool) *forumHouse {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	h := &forumHouse{t: t, orgs: map[string]string{}, people: map[string]string{}, rooms: map[string]string{}}
	dir := t.TempDir()
	box := seal.NewBox(seal.NewKey())
	log := slog.New(slog.NewTextHandler(testLog{t}, &slog.HandlerOptions{Level: slog.LevelWarn}))
	l, err := ledger.New(filepath.Join(dir, "keys"), box, log)
	h.must(err)
	d, err := db.Open(ctx, db.Options{Dir: dir, URL: url, Clock: clock.System(), Log: log, Ledger: l,
		Schemas: town.Schemas})
	h.must(err)
	h.must(l.Attach(ctx, d))
	files, err := blob.OpenDir(filepath.Join(dir, "files"), clock.System().Now())
	h.must(err)
	m, err := members.New(members.Options{RPID: "localhost", Origins: []string{"http://localhost"}, WaivePasskeys: waive})
	h.must(err)
	d.SetRefresh(m.Refresh)
	f := forum.New(m, files, box)
	hub := live.NewHub()
	agreed := agreements.New(m)
	ds, us := devices.New(m, files, box), vulns.New(m, files, box, vulns.Options{})
	found := matching.New(m, ds, us)
	told := alerts.New(m, ds, us, found, box)
	s := &Server{DB: d, Ledger: l, Agreements: agreed, Live: ledger.NewLive(l, hub, box, m.Refresh), Members: m, Forum: f, Cases: cases.New(m, agreed, f, files, box, l, told),
		Devices: ds, Vulns: us, Matching: found, Alerts: told, Evidence: evidence.New(l, f, m, nil, nil), Log: log, Box: box}
	h.server = s
	go l.Run(ctx)
	go s.Live.Run(ctx)

	mux := http.NewServeMux()
	for _, r := range s.Routes() {
		mux.Handle(r.Method+" "+r.Path, r.Handler)
	}
	mux.Handle("/", s.NotFound())
	h.web = httptest.NewServer(httpkit.Headers(httpkit.Recover(http.NewCrossOriginProtection().Handler(mux), log), false))
	s.Origin = h.web.URL
	t.Cleanup(func() {
		hub.Stop()
		h.web.CloseClientConnections()
		h.web.Close()
		stop()
		d.Close()
	})
	h.furnish()
	return h
}

// testLog sends warnings to the test's own log.
type testLog struct{ t *testing.T }

func (l testLog) Write(b []byte) (int, error) {
	fmt.Fprintf(os.Stderr, "%s: %s", l.t.Name(), b)
	return len(b), nil
}

// eachEngine runs a test on SQLite and on PostgreSQL.
func eachEngine(t *testing.T, fn func(t *testing.T, h *forumHouse)) {
	t.Run("sqlite", func(t *testing.T) { fn(t, openForum(t, "", true)) })
	t.Run("postgres", func(t *testing.T) { fn(t, openForum(t, town.Postgres(t), true)) })
}

func (h *forumHouse) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *forumHouse) write(who policy.Viewer, fn func(tx *db.Tx) error) {
	h.t.Helper()
	h.must(h.server.DB.Write(context.Background(), who, fn))
}

// as is a person as a viewer.
func (h *forumHouse) as(name string) (who policy.Viewer) {
	h.t.Helper()
	h.must(h.server.DB.Read(context.Background(), policy.System("test"), func(v *db.View) (err error) {
		who, err = h.server.Members.ViewerOf(v, h.people[name], "", nil)
		return err
	}))
	return who
}

func (h *forumHouse) furnish() {
	h.t.Helper()
	m := h.server.Members
	sys := policy.System("demo")
	profile := func(name string, k policy.Kind) members.Profile {
		return members.Profile{Name: name, Kind: k, Employees: 120, Country: "Norway"}
	}
	h.write(sys, func(tx *db.Tx) error {
		s, err := m.FirstRun(tx, members.Founding{Community: "Device ISAO", Purpose: "We tell each other about weaknesses in medical devices.",
			Org: profile("ISAO desk", policy.ISAO), Person: members.NewPerson{Name: "Ana Desk", Recipient: true}, PersonID: "person_00000000000000000000000000"})
		h.orgs["ISAO desk"], h.people["Ana"] = s.Org, "person_00000000000000000000000000"
		return err
	})
	for _, o := range []struct {
		name   string
		kind   policy.Kind
		people []string // key=name
	}{
		{"Pumpworks", policy.Manufacturer, []string{"Osei=R. Osei", "Lin=Q. Lin"}},
		{"St. Anne Hospital", policy.Provider, []string{"Adeyemi=K. Adeyemi", "Roy=J. Roy"}},
		{"Hillside Clinics", policy.Provider, []string{"Hilde=H. Dahl"}},
		{"Device Agency", policy.Agency, []string{"Ada=A. Agent"}},
	} {
		h.write(sys, func(tx *db.Tx) (err error) {
			if h.orgs[o.name], err = m.SeedOrganization(tx, "", profile(o.name, o.kind)); err != nil {
				return err
			}
			for _, p := range o.people {
				key, name, _ := strings.Cut(p, "=")
				if h.people[key], err = m.SeedPerson(tx, "", h.orgs[o.name], members.NewPerson{Name: name, Title: "Security engineer", Recipient: true, Listed: true}); err != nil {
					return err
				}
			}
			return nil
		})
	}
	h.write(sys, func(tx *db.Tx) (err error) {
		h.circle, err = m.SeedCircle(tx, members.NewCircle{Name: "Pump group", Purpose: "Infusion pumps", Label: policy.Label{TLP: policy.Green, Audience: policy.NewAudience(policy.Community)}},
			h.people["Osei"], []string{h.people["Lin"], h.people["Roy"]})
		return err
	})
	for _, r := range []struct {
		name  string
		by    string
		label policy.Label
	}{
		{"Infusion pumps", "Osei", policy.Label{TLP: policy.Amber, Audience: policy.NewAudience(policy.OfCircle(h.circle))}},
		{"Everyone", "Ana", policy.Label{TLP: policy.Green, Audience: policy.NewAudience(policy.Community)}},
		{"Public notices", "Ana", policy.Label{TLP: policy.Clear, Audience: policy.NewAudience(policy.Public)}},
	} {
		h.write(h.as(r.by), func(tx *db.Tx) (err error) {
			h.rooms[r.name], err = h.server.Forum.OpenRoom(tx, forum.NewRoom{Name: r.name, Purpose: "What concerns " + strings.ToLower(r.name) + ".",
				Questions: []string{"Which firmware is in your fleet?", "Who has seen this before?"}, Label: r.label})
			return err
		})
	}
}

// topic starts a topic beside the doors.
func (h *forumHouse) topic(by, room, title, body string, l policy.Label) (id string) {
	h.t.Helper()
	h.write(h.as(by), func(tx *db.Tx) (err error) {
		id, _, err = h.server.Forum.StartTopic(tx, h.rooms[room], forum.NewTopic{Title: title, Body: body, Label: l})
		return err
	})
	return id
}

// reply adds a post beside the doors.
func (h *forumHouse) reply(by, topic, body string) (id string) {
	h.t.Helper()
	h.write(h.as(by), func(tx *db.Tx) (err error) {
		id, _, err = h.server.Forum.Reply(tx, topic, forum.NewPost{Body: body})
		return err
	})
	return id
}

func (h *forumHouse) pumpLabel() policy.Label {
	return policy.Label{TLP: policy.Amber, Audience: policy.NewAudience(policy.OfCircle(h.circle), policy.OfOrg(h.orgs["St. Anne Hospital"]))}
}

// session signs a person in and returns the cookie.
func (h *forumHouse) session(name string) *http.Cookie {
	h.t.Helper()
	var token string
	h.write(policy.System("members"), func(tx *db.Tx) (err error) {
		token, _, err = h.server.Members.OpenSession(tx, h.people[name], "Mozilla/5.0 Chrome/140", "", true)
		return err
	})
	return &http.Cookie{Name: "cordon", Value: token, Path: "/"}
}

// tab opens a private window in which a person ("" for nobody) is signed in.
func (h *forumHouse) tab(name string) *browser.Tab {
	h.t.Helper()
	tab := browser.New(h.t).Tab()
	if name != "" {
		tab.SetCookie(h.web.URL, h.session(name))
	}
	return tab
}

// visitor opens a private window without script in which somebody ("" for nobody)
// is signed in.
func (h *forumHouse) visitor(name string) *reader.Reader {
	h.t.Helper()
	if name == "" {
		return reader.New(h.t, h.web.URL)
	}
	return reader.New(h.t, h.web.URL, h.session(name))
}
