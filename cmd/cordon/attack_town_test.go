package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/internal/testkit/pgtest"
	"github.com/cordon-isao/cordon/internal/testkit/softkey"
	"github.com/cordon-isao/cordon/members"
	"github.com/cordon-isao/cordon/policy"
)

// The attacks of security.md A3 that go over every route. Their town is a house
// behind its real doors, asked in process, so that ten thousand requests take
// seconds and two towns can have one address.
const (
	townHost   = "localhost:4000"
	townOrigin = "http://" + townHost
)

// townEpoch is when every town's story begins.
var townEpoch = time.Date(2026, 11, 14, 9, 0, 0, 0, time.UTC)

// attackSeed is the seed of this run; CORDON_SEED=N runs it again.
func attackSeed(t testing.TB) uint64 {
	seed := rand.Uint64()
	if s := os.Getenv("CORDON_SEED"); s != "" {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		seed = n
	}
	t.Logf("replay: CORDON_SEED=%d go test ./cmd/cordon -run '^%s$' -count=1", seed, strings.SplitN(t.Name(), "/", 2)[0])
	return seed
}

// town is a house, its doors, and who lives in it by name.
type town struct {
	*world
	manual  *clock.Manual
	handler http.Handler
	db      string // address of its database; "" is SQLite
	log     *logBook
	upTo    int64 // how much of the record was followed, see settled

	people, orgs, circles, rooms, topics, posts, files map[string]string
	relabels                                           map[string]string
	sessions, tokens                                   map[string]string            // id of a person's
	cookies                                            map[string]string            // a person's session
	bearers                                            map[string]string            // a person's token, "name/read" for read only
	ids                                                map[string]bool              // see knows
	things                                             map[string]map[string]string // of coordinated disclosure: by kind and name
}

// logBook keeps what a house logs.
type logBook struct {
	bytes.Buffer
	lock chan struct{}
}

func (b *logBook) Write(p []byte) (int, error) {
	b.lock <- struct{}{}
	defer func() { <-b.lock }()
	return b.Buffer.Write(p)
}

func (b *logBook) text() string {
	b.lock <- struct{}{}
	defer func() { <-b.lock }()
	return b.Buffer.String()
}

// openTown opens the doors of the house in dir. found says that it is new.
func openTown(t testing.TB, dir, database string, clk clock.Clock, found bool) *town {
	t.Helper()
	return openTownWith(t, plan{Data: dir, Database: database, Clock: clk}, found)
}

// openTownWith opens one from a plan that says what else there is.
func openTownWith(t testing.TB, p plan, found bool) *town {
	t.Helper()
	book := &logBook{lock: make(chan struct{}, 1)}
	p.Origin, p.Demo, p.Log = townOrigin, true, slog.New(slog.NewJSONHandler(book, &slog.HandlerOptions{Level: slog.LevelDebug}))
	h, err := build(context.Background(), p)
	if err != nil {
		t.Fatal(err)
	}
	w := &town{world: &world{t: t, house: h, clock: p.Clock}, db: p.Database, log: book}
	w.manual, _ = p.Clock.(*clock.Manual)
	if found {
		w.found()
	}
	h.start(context.Background())
	w.handler = h.doors(townOrigin, false, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 4000})
	return w
}

func (w *town) shut() {
	w.house.hub.Stop()
	if err := w.house.close(); err != nil {
		w.t.Errorf("close the town: %v", err)
	}
}

// tick moves the town's clock.
func (w *town) tick(d time.Duration) {
	if w.manual != nil {
		w.manual.Add(d)
	}
}

// try writes in a person's name and gives the error.
func (w *town) try(person string, fn func(*db.Tx) error) error {
	return w.house.db.Write(context.Background(), w.viewer(w.people[person]), fn)
}

func (w *town) tryNote(person string, fn func(*db.Tx) error) error {
	return w.house.db.Note(context.Background(), w.viewer(w.people[person]), fn)
}

// did writes in a person's name, and must.
func (w *town) did(person string, fn func(*db.Tx) error) {
	w.t.Helper()
	w.tick(time.Second)
	if err := w.try(person, fn); err != nil {
		w.t.Fatalf("%s: %v", person, err)
	}
}

func (w *town) noted(person string, fn func(*db.Tx) error) {
	w.t.Helper()
	if err := w.tryNote(person, fn); err != nil {
		w.t.Fatalf("%s: %v", person, err)
	}
}

func labelled(tlp policy.TLP, ps ...policy.Principal) policy.Label {
	return policy.Label{TLP: tlp, Audience: policy.NewAudience(ps...)}
}

func (w *town) ofOrg(names ...string) (ps []policy.Principal) {
	for _, n := range names {
		ps = append(ps, policy.OfOrg(w.orgs[n]))
	}
	return ps
}

func (w *town) ofPerson(names ...string) (ps []policy.Principal) {
	for _, n := range names {
		ps = append(ps, policy.OfPerson(w.people[n]))
	}
	return ps
}

func (w *town) ofCircle(names ...string) (ps []policy.Principal) {
	for _, n := range names {
		ps = append(ps, policy.OfCircle(w.circles[n]))
	}
	return ps
}

// upload brings a file in and returns its id.
func (w *town) upload(person, name string, content []byte) string {
	w.t.Helper()
	f, err := w.house.forum.Upload(context.Background(), w.house.db, w.viewer(w.people[person]), forum.Incoming{Name: name, Size: int64(len(content)), From: bytes.NewReader(content)})
	if err != nil {
		w.t.Fatal(err)
	}
	return f.ID
}

// starts begins a topic under a name.
func (w *town) starts(name, person, room, text string, l policy.Label, files ...string) string {
	w.t.Helper()
	var id string
	w.did(person, func(tx *db.Tx) (err error) {
		id, _, err = w.house.forum.StartTopic(tx, w.rooms[room], forum.NewTopic{Title: text, Body: text + ", in full.", Label: l, Files: files})
		return err
	})
	w.topics[name] = id
	w.read(program, func(v *db.View) error {
		ps, err := w.house.forum.Posts(v, id, forum.Cursor{}, 1)
		if err == nil {
			w.posts[name] = ps[0].ID
		}
		return err
	})
	return id
}

// replies adds a post under a name.
func (w *town) replies(name, person, topic, text string, l policy.Label, quote string, files ...string) string {
	w.t.Helper()
	w.did(person, func(tx *db.Tx) error {
		id, _, err := w.house.forum.Reply(tx, w.topics[topic], forum.NewPost{Body: text, Label: l, Quote: quote, Files: files})
		w.posts[name] = id
		return err
	})
	return w.posts[name]
}

// settle furnishes a town: members of all kinds, and beside them the houses of
// Shade and Umbra and one vendor, who share among themselves what nobody else
// may learn of. Names that begin with "shade" are hidden from the subjects.
func (w *town) settle() {
	w.people, w.orgs, w.circles, w.rooms, w.topics, w.posts, w.files = map[string]string{}, map[string]string{}, map[string]string{}, map[string]string{}, map[string]string{}, map[string]string{}, map[string]string{}
	w.relabels, w.sessions, w.tokens, w.cookies, w.bearers = map[string]string{}, map[string]string{}, map[string]string{}, map[string]string{}, map[string]string{}
	for _, o := range []struct {
		key, name string
		kind      policy.Kind
		people    string
	}{
		{"med", "Medley Devices", policy.Manufacturer, "mia mo*"},
		{"hosp", "Harbor Hospital", policy.Provider, "hal han*"},
		{"agency", "Agency of Devices", policy.Agency, "ada abe*"},
		{"paused", "Paused Pumps", policy.Manufacturer, "sue"},
		{"gone", "Gone Gear", policy.Manufacturer, "gus"},
		{"lab", "Lab of Lena", policy.Researcher, "lena"},
		{"shade", "Shade Systems", policy.Manufacturer, "sam sid*"},
		{"umbra", "Umbra Care", policy.Provider, "una uli*"},
		{"vend", "Vendor Voss", policy.Vendor, "vic"},
	} {
		w.orgs[o.key] = w.org(o.name, o.kind)
		for _, p := range strings.Fields(o.people) {
			name, officer := strings.CutSuffix(p, "*")
			var roles []policy.Role
			if officer {
				roles = append(roles, policy.RoleOfficer)
			}
			w.people[name] = w.person(w.orgs[o.key], strings.ToUpper(name[:1])+name[1:]+" "+o.name, roles...)
		}
	}
	w.people["dora"] = w.desk.Person
	w.orgs["desk"] = w.desk.Org
	w.circles["desk"] = w.deskID
	green := labelled(policy.Green, policy.Community)
	w.circles["pumps"] = w.circle("Pump group", false, green, w.some("mia", "hal", "sam")...)
	w.circles["red"] = w.circle("Case team", true, policy.Label{}, w.some("mia", "hal", "ada", "sam")...)
	w.circles["shade"] = w.circle("Shade ring", false, policy.Label{}, w.some("sam", "una", "vic")...)
	w.circles["shade-red"] = w.circle("Shade cabal", true, policy.Label{}, w.some("sam", "una")...)

	w.opens("commons", "dora", "Commons", green)
	w.opens("public", "dora", "Open window", labelled(policy.Clear, policy.Public))
	w.opens("pumps", "mia", "Pump room", labelled(policy.Amber, w.ofCircle("pumps")...))
	w.opens("red", "mia", "Case room", labelled(policy.AmberStrict, w.ofCircle("red")...))
	w.opens("shade", "sam", "Shade room", labelled(policy.Amber, w.ofCircle("shade")...))

	csaf := w.upload("mia", "advisory.json", []byte(`{"document":{"title":"telnet"}}`))
	w.files["csaf"] = csaf
	w.starts("telnet", "mia", "commons", "Infusion pump answers on telnet", green, csaf)
	w.starts("notice", "mia", "public", "Public notice about firmware", labelled(policy.Clear, policy.Public))
	w.starts("pair", "mia", "commons", "Firmware keys of two houses", labelled(policy.Amber, w.ofOrg("med", "hosp")...))
	w.starts("team", "mia", "red", "Case team on the infusion pump", labelled(policy.Red, w.ofCircle("red")...))
	w.starts("pumps", "hal", "pumps", "Pump alarms and firmware", labelled(policy.Amber, w.ofCircle("pumps")...))
	w.starts("private", "hal", "commons", "Without the agencies, firmware", labelled(policy.Green, policy.CommunityPrivate))
	w.starts("agencies", "ada", "commons", "Among agencies, telnet", labelled(policy.Green, policy.OfKind(policy.Agency)))
	w.starts("own", "mia", "commons", "Medley alone, firmware", labelled(policy.AmberStrict, w.ofOrg("med")...))
	w.starts("elsewhere", "hal", "commons", "Harbor alone, telnet", labelled(policy.AmberStrict, w.ofOrg("hosp")...))
	w.starts("shared", "sam", "commons", "Shade asks all about firmware", green)
	hidden := w.upload("sam", "quokka.bin", []byte("quokka quokka"))
	w.files["shade"] = hidden
	w.starts("shade", "sam", "commons", "Zebrafish firmware on telnet", labelled(policy.Amber, w.ofOrg("shade", "umbra")...), hidden)
	w.starts("shade-room", "una", "shade", "Quokka in the shade", labelled(policy.Amber, w.ofCircle("shade")...))
	w.starts("shade-red", "sam", "commons", "Zebrafish in person", labelled(policy.Red, w.ofPerson("sam", "una")...))
	// The first posts are a day old, so that lists have more than one date.
	w.tick(24 * time.Hour)

	for i, who := range []string{"hal", "ada", "sam", "mia", "lena", "hal", "vic"} {
		w.replies(fmt.Sprintf("telnet%d", i), who, "telnet", fmt.Sprintf("Reply %d on telnet and firmware by @%s, see %s.", i, w.people["mia"], ids.Short(w.topics["notice"])), policy.Label{}, "")
	}
	w.replies("telnet-quote", "hal", "telnet", "I quote that.", policy.Label{}, w.posts["telnet0"])
	w.replies("telnet-pair", "mia", "telnet", "For Harbor alone: firmware 4.1.", labelled(policy.Amber, w.ofOrg("med", "hosp")...), "", w.upload("mia", "log.txt", []byte("log of mia")))
	w.replies("shade-telnet", "sam", "telnet", "For Umbra alone: zebrafish firmware, see "+ids.Short(w.topics["shade"])+".", labelled(policy.Amber, w.ofOrg("shade", "umbra")...), "")
	w.replies("shade-quote", "una", "telnet", "We quote in the shade.", labelled(policy.Amber, w.ofOrg("shade", "umbra")...), w.posts["telnet1"])
	w.replies("refs", "hal", "telnet", "See "+ids.Short(w.topics["shade"])+" and "+ids.Short(w.topics["pair"])+" and "+ids.Short(w.topics["own"])+".", policy.Label{}, "")
	w.replies("shade1", "una", "shade", "Zebrafish reply, quokka too.", policy.Label{}, "")
	w.replies("pair1", "hal", "pair", "Harbor answers about the keys.", policy.Label{}, "")
	w.replies("team1", "ada", "team", "The agency answers the team.", policy.Label{}, "")
	w.did("hal", func(tx *db.Tx) error { return w.house.forum.Edit(tx, w.posts["telnet0"], "Edited: telnet is open.", 0) })
	w.did("vic", func(tx *db.Tx) error { return w.house.forum.Delete(tx, w.posts["telnet6"], "wrong topic") })
	w.did("mia", func(tx *db.Tx) error { return w.house.forum.Pin(tx, w.posts["telnet1"]) })
	w.did("mia", func(tx *db.Tx) error { return w.house.forum.ResolveTopic(tx, w.topics["notice"], "Patched.") })
	w.did("mia", func(tx *db.Tx) (err error) {
		w.relabels["pair"], err = w.house.forum.RelabelTopic(tx, w.topics["pair"], labelled(policy.Green, policy.Community), "The embargo is over.")
		return err
	})
	w.did("sam", func(tx *db.Tx) (err error) {
		w.relabels["shade"], err = w.house.forum.RelabelTopic(tx, w.topics["shade"], labelled(policy.Green, policy.Community), "Zebrafish over.")
		return err
	})
	for _, who := range []string{"hal", "ada", "sam"} {
		w.noted(who, func(tx *db.Tx) error { return w.house.forum.React(tx, w.posts["telnet"], forum.Agree) })
		w.noted(who, func(tx *db.Tx) error { return w.house.forum.MarkDone(tx, w.topics["shared"]) })
	}
	w.noted("mia", func(tx *db.Tx) error {
		return w.house.forum.SaveDraft(tx, forum.Draft{Key: "topic:" + w.rooms["commons"], Title: "A draft", Body: "Begun."})
	})
	for name, id := range w.people {
		var s members.Session
		w.write(program, func(tx *db.Tx) (err error) {
			w.cookies[name], s, err = w.house.members.OpenSession(tx, id, "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0", "", true)
			return err
		})
		w.sessions[name] = s.ID
		w.bearers[name] = w.token(id)
		w.write(program, func(tx *db.Tx) (err error) {
			w.bearers[name+"/read"], err = w.house.members.SeedToken(tx, id, members.NewToken{Name: "reads", Scopes: []policy.Scope{policy.ScopeRead}})
			return err
		})
		w.read(w.viewer(id), func(v *db.View) error {
			ts, err := w.house.members.Tokens(v)
			if err == nil {
				w.tokens[name] = ts[0].ID
			}
			return err
		})
	}
	w.discloses()
	w.informs()
	w.equips()
	w.did("dora", func(tx *db.Tx) error { return w.house.members.Suspend(tx, w.orgs["paused"], "Fees are overdue.") })
	w.did("dora", func(tx *db.Tx) error { return w.house.members.Terminate(tx, w.orgs["gone"], "It left.") })
}

func (w *town) opens(key, person, name string, l policy.Label) {
	w.t.Helper()
	w.did(person, func(tx *db.Tx) (err error) {
		w.rooms[key], err = w.house.forum.OpenRoom(tx, forum.NewRoom{Name: name, Purpose: "Of " + name + ".", Label: l})
		return err
	})
}

func (w *town) some(names ...string) (list []string) {
	for _, n := range names {
		list = append(list, w.people[n])
	}
	return list
}

// copyTown opens a second house with everything of a closed one.
func copyTown(t testing.TB, from *town, dir string) *town {
	t.Helper()
	to := t.TempDir()
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		info, err := e.Info()
		switch {
		case err != nil:
			return err
		case e.IsDir():
			return os.MkdirAll(filepath.Join(to, rel), 0o700)
		case !info.Mode().IsRegular():
			return nil
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, rel), b, info.Mode().Perm())
	})
	if err != nil {
		t.Fatal(err)
	}
	url := ""
	if from.db != "" {
		url = pgtest.Template(t, from.db)
	}
	w := openTown(t, to, url, clock.NewManual(from.manual.Now()), false)
	w.people, w.orgs, w.circles, w.rooms, w.topics, w.posts, w.files = from.people, from.orgs, from.circles, from.rooms, from.topics, from.posts, from.files
	w.relabels, w.sessions, w.tokens, w.cookies, w.bearers = from.relabels, from.sessions, from.tokens, from.cookies, from.bearers
	w.things = from.things
	w.desk, w.deskID = from.desk, from.deskID
	return w
}

// apply has an organization apply through an invitation with a passkey.
func (w *town) apply(name string) (org string, err error) {
	var l members.Link
	if err := w.try("dora", func(tx *db.Tx) (err error) { l, err = w.house.members.InviteOrganization(tx, name); return err }); err != nil {
		return "", err
	}
	in, err := w.enroll(l.Secret, members.Enrollment{Org: members.Profile{Name: name, Kind: policy.Provider, Employees: 12, City: "Town", Country: "US", Contact: "security@" + "apply.example"}, Person: members.NewPerson{Name: "Officer of " + name}})
	return in.Org, err
}

// enroll goes through a link with a passkey, as a browser does.
func (w *town) enroll(secret string, e members.Enrollment) (in members.Enrolled, err error) {
	ctx, m := context.Background(), w.house.members
	var b members.Begun
	if err = w.house.db.Note(ctx, policy.Anonymous(), func(tx *db.Tx) (err error) { b, err = m.BeginEnroll(tx, secret, e); return err }); err != nil {
		return in, err
	}
	answer, err := softkey.New("localhost", townOrigin).Create(b.Options)
	if err != nil {
		return in, err
	}
	var c members.Ceremony
	if err = w.house.db.Note(ctx, policy.Anonymous(), func(tx *db.Tx) (err error) { c, err = m.TakeCeremony(tx, b.ID); return err }); err != nil {
		return in, err
	}
	err = w.house.db.Write(ctx, policy.Anonymous(), func(tx *db.Tx) (err error) {
		in, err = m.FinishEnroll(tx, c, answer, "test", "")
		return err
	})
	return in, err
}

// subject is somebody who asks.
type subject struct {
	name   string
	cookie string
	bearer string
	addr   string // "" is a neighbour's
}

// errand is one request.
type errand struct {
	method, path string
	header       http.Header
	body         string
	kind         string // content type of the body
}

func (a errand) String() string {
	s := a.method + " " + a.path
	if a.body != "" {
		s += " < " + a.body
	}
	if len(a.header) > 0 {
		s += fmt.Sprint(" ", a.header)
	}
	return s
}

// answerOf is everything that comes back.
type answerOf struct {
	status int
	header http.Header
	body   string
}

// ask sends a request of a subject through the doors.
func (w *town) ask(s subject, a errand) answerOf {
	return w.askFrom(context.Background(), s, a, strings.NewReader(a.body))
}

func (w *town) askFrom(ctx context.Context, s subject, a errand, body io.Reader) answerOf {
	rec := httptest.NewRecorder()
	w.send(ctx, rec, s, a, body)
	return answerOf{rec.Code, rec.Header(), rec.Body.String()}
}

func (w *town) send(ctx context.Context, rec http.ResponseWriter, s subject, a errand, body io.Reader) {
	r, err := http.NewRequestWithContext(ctx, a.method, townOrigin+a.path, body)
	if err != nil {
		w.t.Fatalf("%v: %v", a, err)
	}
	if _, ok := body.(*strings.Reader); !ok && body != http.NoBody {
		r.ContentLength = -1 // as of a chunked body
	}
	r.RequestURI = a.path
	r.RemoteAddr = s.addr
	if r.RemoteAddr == "" {
		r.RemoteAddr = "192.0.2.7:5000"
	}
	if a.method != "GET" && a.method != "HEAD" && s.bearer == "" {
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		r.Header.Set("Origin", townOrigin)
	}
	if a.kind != "" {
		r.Header.Set("Content-Type", a.kind)
	}
	if s.cookie != "" {
		r.AddCookie(&http.Cookie{Name: "cordon", Value: s.cookie})
	}
	if s.bearer != "" {
		r.Header.Set("Authorization", "Bearer "+s.bearer)
	}
	for k, v := range a.header {
		r.Header[k] = v
	}
	defer func() {
		if p := recover(); p != nil && p != http.ErrAbortHandler {
			panic(p)
		}
	}()
	w.handler.ServeHTTP(rec, r)
}

// tap is a connection on which a stream is read while it is written.
type tap struct {
	header http.Header
	status int
	lines  chan string
	left   []byte
}

func newTap() *tap { return &tap{header: http.Header{}, lines: make(chan string, 10_000)} }

func (r *tap) Header() http.Header  { return r.header }
func (r *tap) WriteHeader(code int) { r.status = code }
func (r *tap) Flush()               {}
func (r *tap) Write(b []byte) (int, error) {
	r.left = append(r.left, b...)
	for {
		i := bytes.Index(r.left, []byte("\n\n"))
		if i < 0 {
			return len(b), nil
		}
		r.lines <- string(r.left[:i])
		r.left = r.left[i+2:]
	}
}

// stream opens a stream; closed ends when the server has ended it.
func (w *town) stream(ctx context.Context, s subject, path string) (rec *tap, closed chan struct{}) {
	rec, closed = newTap(), make(chan struct{})
	go func() {
		defer close(closed)
		w.send(ctx, rec, s, errand{method: "GET", path: path}, http.NoBody)
	}()
	return rec, closed
}

// facts is the number of facts in the ledger that are about more than somebody
// coming or going.
func (w *town) facts() int {
	w.t.Helper()
	n := 0
	w.read(program, func(v *db.View) error {
		for from := int64(0); ; {
			es, err := w.house.ledger.Range(v, from, 500)
			if err != nil || len(es) == 0 {
				return err
			}
			for _, e := range es {
				if !strings.HasPrefix(e.Verb, "session.") {
					n++
				}
			}
			from = es[len(es)-1].Seq + 1
		}
	})
	return n
}

// newest is what the last n facts say that somebody did.
func (w *town) newest(n int) (verbs []string) {
	w.t.Helper()
	w.read(program, func(v *db.View) error {
		size, err := w.house.ledger.Size(v)
		if err != nil {
			return err
		}
		es, err := w.house.ledger.Range(v, max(0, size-int64(n)), n)
		for _, e := range es {
			verbs = append(verbs, e.Verb+" by "+e.Actor)
		}
		return err
	})
	return verbs
}

// fillIn replaces {kind} in a template by what pick gives for the kind.
func fillIn(template string, pick func(kind string) string) string {
	return pathParams.ReplaceAllStringFunc(template, func(p string) string { return pick(strings.Trim(p, "{}.")) })
}

var pathParams = regexp.MustCompile(`\{[a-z]+(\.\.\.)?\}`)

// kindsIn are the kinds of things that a route names.
func kindsIn(path string) (list []string) {
	for _, p := range pathParams.FindAllString(path, -1) {
		if k := strings.Trim(p, "{}."); k != "" {
			list = append(list, k)
		}
	}
	return list
}

var errNothing = errors.New("nothing to do")
