package main

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/members"
	"github.com/cordon-isao/cordon/policy"
)

// world is a whole house behind its real doors, in this process, for tests. The
// people of it are made as needed.
type world struct {
	t      testing.TB
	house  *house
	clock  clock.Clock
	url    string // http://127.0.0.1:PORT
	addr   string
	client *http.Client
	desk   policy.Viewer // the founder
	deskID string        // the desk's circle
}

// newWorld opens a house on a new folder, or on a database if a URL is given.
func newWorld(t testing.TB, database string) *world {
	return openWorld(t, plan{Data: t.TempDir(), Database: database, Demo: true, Clock: clock.System()}, true)
}

// openWorld opens a house on what is there. found says that it is to be founded.
func openWorld(t testing.TB, p plan, found bool) *world {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(ln.Addr().String())
	p.Origin = "http://localhost:" + port
	if p.Log == nil {
		p.Log = slog.New(slog.NewTextHandler(testLog{t}, &slog.HandlerOptions{Level: slog.LevelWarn}))
	}
	h, err := build(context.Background(), p)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, house: h, clock: p.Clock, addr: ln.Addr().String(), url: "http://" + ln.Addr().String(),
		client: &http.Client{Timeout: 30 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
			Transport: &http.Transport{MaxIdleConnsPerHost: 100}}}
	if found {
		w.found()
	}
	h.start(context.Background())
	srv := &http.Server{Handler: h.doors(p.Origin, false, ln.Addr())}
	go srv.Serve(ln)
	t.Cleanup(func() {
		h.hub.Stop()
		srv.Close()
		if err := h.close(); err != nil {
			t.Errorf("close the house: %v", err)
		}
	})
	return w
}

// testLog sends the house's warnings to the test's log.
type testLog struct{ t testing.TB }

func (l testLog) Write(b []byte) (int, error) { l.t.Log(string(b)); return len(b), nil }

func (w *world) write(who policy.Viewer, fn func(*db.Tx) error) {
	w.t.Helper()
	if err := w.house.db.Write(context.Background(), who, fn); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) read(who policy.Viewer, fn func(*db.View) error) {
	w.t.Helper()
	if err := w.house.db.Read(context.Background(), who, fn); err != nil {
		w.t.Fatal(err)
	}
}

var program = policy.System("test")

func (w *world) found() {
	w.t.Helper()
	var s members.Settings
	w.write(program, func(tx *db.Tx) (err error) {
		s, err = w.house.members.FirstRun(tx, members.Founding{Community: "Test ISAO", Purpose: "Tests.",
			Org:    members.Profile{Name: "Desk Organization", Kind: policy.ISAO, Employees: 5, City: "Town", Country: "US", Contact: "desk@isao.example"},
			Person: members.NewPerson{Name: "Dora Desk", Title: "Coordinator", Recipient: true, Listed: true}})
		return err
	})
	w.deskID = s.Desk
	w.read(program, func(v *db.View) error {
		people, err := w.house.members.People(v, s.Org)
		if err != nil {
			return err
		}
		w.desk, err = w.house.members.ViewerOf(v, people[0].ID, "", nil)
		return err
	})
}

// org makes an active organization and returns its id.
func (w *world) org(name string, kind policy.Kind) (id string) {
	w.t.Helper()
	w.write(program, func(tx *db.Tx) (err error) {
		id, err = w.house.members.SeedOrganization(tx, "", members.Profile{Name: name, Kind: kind, Employees: 100, City: "Town", Country: "US", Contact: "security@" + "org.example"})
		return err
	})
	return id
}

// person makes a named recipient of an organization and returns the id.
func (w *world) person(org, name string, roles ...policy.Role) (id string) {
	w.t.Helper()
	w.write(program, func(tx *db.Tx) (err error) {
		id, err = w.house.members.SeedPerson(tx, "", org, members.NewPerson{Name: name, Title: "Engineer", Roles: roles, Recipient: true, Listed: true})
		return err
	})
	return id
}

// circle forms a circle; its first person is the steward.
func (w *world) circle(name string, named bool, label policy.Label, people ...string) (id string) {
	w.t.Helper()
	w.write(program, func(tx *db.Tx) (err error) {
		id, err = w.house.members.SeedCircle(tx, members.NewCircle{Name: name, Purpose: "Tests.", Named: named, Label: label}, people[0], people)
		return err
	})
	return id
}

// viewer loads a person's rights of now.
func (w *world) viewer(person string) (who policy.Viewer) {
	w.t.Helper()
	w.read(program, func(v *db.View) (err error) {
		who, err = w.house.members.ViewerOf(v, person, "", nil)
		return err
	})
	return who
}

// token makes a person an API token with all scopes.
func (w *world) token(person string) (token string) {
	w.t.Helper()
	w.write(program, func(tx *db.Tx) (err error) {
		token, err = w.house.members.SeedToken(tx, person, members.NewToken{Name: "test", Scopes: policy.Scopes()})
		return err
	})
	return token
}

// session signs a person in and returns the cookie.
func (w *world) session(person string) *http.Cookie {
	w.t.Helper()
	var token string
	w.write(program, func(tx *db.Tx) (err error) {
		token, _, err = w.house.members.OpenSession(tx, person, "test", "", true)
		return err
	})
	return &http.Cookie{Name: "cordon", Value: token, Path: "/"}
}

// room opens a room in the desk's name.
func (w *world) room(name string, tlp policy.TLP, audience ...policy.Principal) (id string) {
	w.t.Helper()
	w.write(w.desk, func(tx *db.Tx) (err error) {
		id, err = w.house.forum.OpenRoom(tx, forum.NewRoom{Name: name, Purpose: "Tests.", Label: policy.Label{TLP: tlp, Audience: policy.NewAudience(audience...)}})
		return err
	})
	return id
}

// topic starts a topic and returns its id.
func (w *world) topic(who policy.Viewer, room, title string, label policy.Label) (id string) {
	w.t.Helper()
	w.write(who, func(tx *db.Tx) (err error) {
		id, _, err = w.house.forum.StartTopic(tx, room, forum.NewTopic{Title: title, Body: title + " in full.", Label: label})
		return err
	})
	return id
}
