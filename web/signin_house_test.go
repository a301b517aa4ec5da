package web_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/agreements"
	"github.com/cordon-isao/cordon/alerts"
	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/evidence"
	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/blob"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/httpkit"
	"github.com/cordon-isao/cordon/internal/live"
	"github.com/cordon-isao/cordon/internal/seal"
	"github.com/cordon-isao/cordon/internal/testkit/browser"
	"github.com/cordon-isao/cordon/internal/testkit/pgtest"
	"github.com/cordon-isao/cordon/ledger"
	"github.com/cordon-isao/cordon/matching"
	"github.com/cordon-isao/cordon/members"
	"github.com/cordon-isao/cordon/notify"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/vulns"
	"github.com/cordon-isao/cordon/web"
)

var ctx = context.Background()

// house is a whole house behind its door, on an address that passkeys accept.
// Its clock stands still until a test moves it.
type house struct {
	t       *testing.T
	server  *web.Server
	db      *db.DB
	members *members.Members
	clock   *clock.Manual
	url     string
}

// openHouse opens an empty house. demo waives passkeys and offers the people who
// are added to server.Demo.
func openHouse(t *testing.T, demo bool) *house {
	t.Helper()
	return openHouseOn(t, "", demo)
}

// onBoth runs a test on SQLite and on PostgreSQL.
func onBoth(t *testing.T, fn func(t *testing.T, database string)) {
	t.Run("sqlite", func(t *testing.T) { fn(t, "") })
	t.Run("postgres", func(t *testing.T) { fn(t, pgtest.URL(t, pgtest.NoFsync())) })
}

// openHouseOn opens an empty house on a database; "" is SQLite.
func openHouseOn(t *testing.T, database string, demo bool) *house {
	t.Helper()
	h := &house{t: t, clock: clock.NewManual(time.Now())}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	srv := httptest.NewUnstartedServer(nil)
	h.url = browser.Localhost("http://" + srv.Listener.Addr().String())

	box := seal.NewBox(seal.NewKey())
	l, err := ledger.New(filepath.Join(t.TempDir(), "keys"), box, log)
	h.ok(err)
	h.db, err = db.Open(ctx, db.Options{Dir: t.TempDir(), URL: database, Clock: h.clock, Log: log, Ledger: l,
		Schemas: []db.Schema{ledger.Schema, members.Schema, agreements.Schema, forum.Schema, devices.Schema, vulns.Schema, matching.Schema, alerts.Schema, cases.Schema, notify.Schema, evidence.Schema}})
	h.ok(err)
	h.ok(l.Attach(ctx, h.db))
	h.members, err = members.New(members.Options{RPID: "localhost", Origins: []string{h.url}, WaivePasskeys: demo})
	h.ok(err)
	h.db.SetRefresh(h.members.Refresh)
	files, err := blob.OpenDir(t.TempDir(), h.clock.Now())
	h.ok(err)
	f := forum.New(h.members, files, box)
	hub := live.NewHub()
	agreed := agreements.New(h.members)
	ds, us := devices.New(h.members, files, box), vulns.New(h.members, files, box, vulns.Options{})
	found := matching.New(h.members, ds, us)
	told := alerts.New(h.members, ds, us, found, box)
	coordinated := cases.New(h.members, agreed, f, files, box, l, told)
	h.server = &web.Server{DB: h.db, Ledger: l, Agreements: agreed, Cases: coordinated, Notify: notify.New(h.members, f, told, coordinated, l, box), Live: ledger.NewLive(l, hub, box, h.members.Refresh),
		Members: h.members, Forum: f, Devices: ds, Vulns: us, Matching: found, Alerts: told, Evidence: evidence.New(l, f, h.members, nil, nil), Log: log, Box: box, Origin: h.url,
		Health: func(context.Context) []web.HealthLine {
			return []web.HealthLine{{OK: true, Text: "The store is whole."}, {OK: false, Text: "The last backup is 9 days old. Make one with cordon backup."}}
		}}
	if demo {
		h.server.Demo = &web.Demo{}
	}
	run, stop := context.WithCancel(ctx)
	go h.server.Live.Run(run)

	mux := http.NewServeMux()
	for _, r := range h.server.Routes() {
		mux.Handle(r.Method+" "+r.Path, r.Handler)
	}
	mux.Handle("/", h.server.NotFound())
	srv.Config.Handler = httpkit.Headers(httpkit.Recover(http.NewCrossOriginProtection().Handler(mux), log), false)
	srv.Start()
	t.Cleanup(func() {
		hub.Stop()
		srv.CloseClientConnections()
		srv.Close()
		stop()
		h.db.Close()
		files.Close()
	})
	return h
}

func (h *house) ok(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatalf("%v %v", err, fault.FieldsOf(err))
	}
}

func (h *house) write(who policy.Viewer, fn func(tx *db.Tx) error) {
	h.t.Helper()
	h.ok(h.db.Write(ctx, who, fn))
}

var program = policy.System("test")

// firstLink is the address that the server prints on an empty store.
func (h *house) firstLink() string {
	h.t.Helper()
	var l members.Link
	h.write(program, func(tx *db.Tx) (err error) { l, err = h.members.FirstOperatorLink(tx); return err })
	return h.url + "/first-run/" + l.Secret
}

// found makes the community at once, with its first operator.
func (h *house) found(operator string) (settings members.Settings) {
	h.t.Helper()
	h.write(program, func(tx *db.Tx) (err error) {
		settings, err = h.members.FirstRun(tx, members.Founding{Community: "Device ISAO", Purpose: "We tell each other about weaknesses in medical devices.", PersonID: operator,
			Org: members.Profile{Name: "Device ISAO Desk", Kind: policy.ISAO, Employees: 6, Country: "Norway"}, Person: members.NewPerson{Name: "Ana Desk", Title: "Coordinator", Recipient: true, Listed: true}})
		if err != nil {
			return err
		}
		return h.server.Agreements.Establish(tx)
	})
	return settings
}

// person seeds somebody.
func (h *house) person(org, name string, listed bool, roles ...policy.Role) (id string) {
	h.t.Helper()
	h.write(program, func(tx *db.Tx) (err error) {
		id, err = h.members.SeedPerson(tx, "", org, members.NewPerson{Name: name, Title: "Security engineer", Roles: roles, Recipient: true, Listed: listed})
		return err
	})
	return id
}

func (h *house) org(name string, k policy.Kind, families ...string) (id string) {
	h.t.Helper()
	h.write(program, func(tx *db.Tx) (err error) {
		id, err = h.members.SeedOrganization(tx, "", members.Profile{Name: name, Kind: k, Employees: 420, City: "Bergen", Country: "Norway", Families: families,
			Contact: "psirt@" + strings.ToLower(strings.ReplaceAll(name, " ", "")) + ".example", About: "An invented organization of this test."})
		return err
	})
	return id
}

// invite makes a link for a person of an organization, by its officer.
func (h *house) invite(officer, name string, roles ...policy.Role) string {
	h.t.Helper()
	var l members.Link
	h.write(h.viewer(officer), func(tx *db.Tx) (err error) {
		l, err = h.members.InvitePerson(tx, members.NewPerson{Name: name, Recipient: true, Roles: roles})
		return err
	})
	return h.url + "/invitations/" + l.Secret
}

func (h *house) viewer(person string) (who policy.Viewer) {
	h.t.Helper()
	h.ok(h.db.Read(ctx, program, func(v *db.View) (err error) { who, err = h.members.ViewerOf(v, person, "", nil); return err }))
	return who
}

// session signs a person in beside the door, fresh or not.
func (h *house) session(person string, fresh bool) *http.Cookie {
	h.t.Helper()
	var token string
	h.write(program, func(tx *db.Tx) (err error) {
		token, _, err = h.members.OpenSession(tx, person, "Mozilla/5.0 (X11; Linux) Firefox/140", "", fresh)
		return err
	})
	return &http.Cookie{Name: "cordon", Value: token, Path: "/"}
}

// device is a browser window with a passkey device of its own.
type device struct {
	*browser.Tab
	h   *house
	key *browser.Authenticator
}

func (h *house) device() device {
	h.t.Helper()
	tab := browser.New(h.t).Tab()
	return device{tab, h, tab.VirtualAuthenticator(browser.AuthenticatorOptions{})}
}

// register opens a link and registers the passkey of who was invited.
func (d device) register(link string) {
	d.h.t.Helper()
	d.Go(link)
	d.Click("form[data-passkey] button.primary")
	d.arrives("/account")
}

// arrives waits until the window shows a path.
func (d device) arrives(path string) {
	d.h.t.Helper()
	for began := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		u, err := url.Parse(d.URL())
		if err == nil && u.Path == path {
			d.Wait("#main h1")
			return
		}
		if time.Since(began) > browser.Patience {
			d.h.t.Fatalf("the window shows %s, not %s: %s", d.URL(), path, d.Text("body"))
		}
	}
}

// signIn signs in with a passkey that the device has.
func (d device) signIn() {
	d.h.t.Helper()
	d.Go(d.h.url + "/sign-in")
	d.Click("form[data-passkey] button.primary")
	d.Wait(".person")
}

// refusal is what the page says when the ceremony it offers is refused.
func (d device) refusal() string {
	d.h.t.Helper()
	d.Click("form[data-passkey] button.primary")
	d.WaitText(".form-state.bad", "Nothing was changed", browser.Patience)
	return d.Text(".form-state.bad")
}

// confirm presses a button and answers the question it asks.
func (d device) confirm(css string) {
	d.h.t.Helper()
	d.Click(css)
	d.Wait("#ui-ask[open]")
	d.Click("#ui-ask [value=yes]")
}

// client is a program without script, keeping cookies.
type client struct {
	h *house
	*http.Client
}

func (h *house) client(cookies ...*http.Cookie) client {
	h.t.Helper()
	jar, err := cookiejar.New(nil)
	h.ok(err)
	u, err := url.Parse(h.url)
	h.ok(err)
	jar.SetCookies(u, cookies)
	return client{h, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
}

func (c client) get(path string) answer { return c.do("GET", path, nil) }

func (c client) post(path string, form url.Values) answer { return c.do("POST", path, form) }

func (c client) do(method, path string, form url.Values, cookies ...*http.Cookie) answer {
	c.h.t.Helper()
	r, err := http.NewRequest(method, c.h.url+path, strings.NewReader(form.Encode()))
	c.h.ok(err)
	if method == "POST" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for _, k := range cookies {
		r.AddCookie(k)
	}
	res, err := c.Do(r)
	c.h.ok(err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	c.h.ok(err)
	return answer{res.StatusCode, res.Header, string(b)}
}

var tags = regexp.MustCompile(`<[^>]*>`)

// text is what a page says, without its tags.
func (a answer) text() string {
	return strings.Join(strings.Fields(tags.ReplaceAllString(a.body, " ")), " ")
}

// want fails unless the answer has the status and says all of it.
func (a answer) want(t *testing.T, status int, says ...string) {
	t.Helper()
	if a.status != status {
		t.Fatalf("answered %d, not %d: %s", a.status, status, a.text())
	}
	for _, s := range says {
		if !strings.Contains(a.text(), s) && !strings.Contains(a.body, s) {
			t.Fatalf("does not say %q: %s", s, a.text())
		}
	}
}
