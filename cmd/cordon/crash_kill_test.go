//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/testkit/pgtest"
	"github.com/cordon-isao/cordon/policy"
)

// T-20: the server is killed with SIGKILL while eight clients write through
// HTTP. Whatever was acknowledged is there, whole, afterwards; what was not is
// there whole or not at all; sent again under its key it is never there twice;
// the ledger is whole. 220 times with the embedded database, 80 times with
// PostgreSQL, whose own processes are the ones killed in one time of four.
func TestKillSQLite(t *testing.T) {
	t.Parallel()
	killing(t, cycles(220), nil)
}

// See TestKillSQLite.
func TestKillPostgres(t *testing.T) {
	t.Parallel()
	killing(t, cycles(80), pgtest.Cluster(t))
}

// perStore is how often one store is killed before a new one is begun, which
// keeps them small.
const perStore = 20

func killing(t *testing.T, cycles int, cluster *pgtest.Server) {
	roll := seeded(t, cycles)
	began := time.Now()
	var acked, resent, slowest, databases int
	for done := 0; done < cycles; done += perStore {
		v := newVictim(t, roll, cluster)
		v.start()
		for i := range min(perStore, cycles-done) {
			v.cycle()
			v.settle()
			if t.Failed() {
				t.Fatalf("cycle %d", done+i)
			}
		}
		v.audit()
		acked, resent, databases = acked+v.acked, resent+v.resent, databases+v.databases
		slowest = max(slowest, v.slowest)
		v.server.kill()
		if t.Failed() {
			return
		}
	}
	took := time.Since(began)
	t.Logf("%d kills (%d of the database) in %v, %.0f a minute; %d acknowledged writes checked, %d sent again; slowest start %d ms",
		cycles, databases, took.Round(time.Second), float64(cycles)/took.Minutes(), acked, resent, slowest)
	if acked < 3*cycles {
		t.Errorf("only %d writes were acknowledged: the kills come too early to prove anything", acked)
	}
}

// deed is one write that a client sent.
type deed struct {
	kind  string // "topic", "post", "edit"
	path  string
	key   string
	token string
	body  []byte // as sent
	title string // of a topic
	text  string // what its post is to say, unlike any other
	was   string // of an edit: what its post said before
	edits int    // of an edit: how many there were before
	file  string // id of the file it brings, if any
	bytes []byte // the file's
	id    string // of the topic or post, once known
	post  string // of a topic: its first post
	topic string
}

// victim is a server that is killed, and what its clients know of it.
type victim struct {
	t        *testing.T
	roll     *dice
	cluster  *pgtest.Server
	database string
	dir      string
	room     string
	tokens   []string
	server   *running

	mu      sync.Mutex
	n       int
	posts   map[string]*deed // by post id: what the post must say; its latest acknowledged deed
	files   map[string][]byte
	topics  []string
	fresh   []string // posts of the cycle
	pending []*deed
	hot     map[string]bool // topics in which something was sent again

	acked, resent, slowest, databases int
}

const clients = 8

func newVictim(t *testing.T, roll *dice, cluster *pgtest.Server) *victim {
	v := &victim{t: t, roll: roll, cluster: cluster, dir: t.TempDir(), posts: map[string]*deed{}, files: map[string][]byte{}, hot: map[string]bool{}}
	if cluster != nil {
		v.database = cluster.Fresh()
	}
	v.room, v.tokens = furnishFor(t, v.dir, v.database, clients)
	return v
}

// furnishFor founds a community with one room that all may read and so many
// people in it, and leaves it closed.
func furnishFor(t testing.TB, dir, database string, people int) (room string, tokens []string) {
	t.Helper()
	w := closedWorld(t, plan{Data: dir, Database: database, Clock: clock.System()})
	w.found()
	org := w.org("Writers", policy.Manufacturer)
	for i := range people {
		tokens = append(tokens, w.token(w.person(org, fmt.Sprintf("Writer %d", i))))
	}
	room = w.room("Room", policy.Green, policy.Community)
	if err := w.house.close(); err != nil {
		t.Fatal(err)
	}
	return room, tokens
}

func (v *victim) start() {
	args := []string{"serve", "--data", v.dir, "--addr", "127.0.0.1:0", "--log-level", "error"}
	if v.database != "" {
		args = append(args, "--database", v.database)
	}
	v.server = start(v.t, args...)
	v.slowest = max(v.slowest, int(v.server.took.Milliseconds()))
}

// cycle lets the clients write until the server, or its database, is killed.
func (v *victim) cycle() {
	v.fresh, v.pending, v.hot = nil, nil, map[string]bool{}
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for i := range clients {
		roll := dice(uint64(v.roll.below(1<<30))*2 + 1)
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if !v.send(v.next(&roll, v.tokens[i])) {
					return
				}
			}
		})
	}
	time.Sleep(time.Duration(20+v.roll.below(180)) * time.Millisecond)
	if v.cluster != nil && v.roll.below(4) == 0 {
		v.databases++
		v.cluster.Kill9()
		close(stop)
		wg.Wait()
		v.cluster.Restart() // the server has to find it again by itself
		return
	}
	v.server.kill()
	close(stop)
	wg.Wait()
	v.start()
}

// next makes up a client's next write.
func (v *victim) next(roll *dice, token string) *deed {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.n++
	d := &deed{kind: "post", key: fmt.Sprintf("key-%d", v.n), token: token, text: fmt.Sprintf("text%d %s", v.n, strings.Repeat("word ", roll.below(200)))}
	d.text = strings.TrimSpace(d.text)
	what := roll.below(100)
	if what < 20 || len(v.topics) < 3 {
		d.kind, d.title, d.path = "topic", fmt.Sprintf("title%d", v.n), "/api/v1/rooms/"+v.room+"/topics"
		d.body, _ = json.Marshal(map[string]any{"title": d.title, "body": d.text, "label": map[string]any{"tlp": "GREEN", "audience": []string{"community"}}})
		return d
	}
	if what < 40 && len(v.fresh) > 0 {
		old := v.posts[v.fresh[roll.below(len(v.fresh))]]
		if old.token == token { // its own posts only, so that nobody else edits them
			d.kind, d.was, d.edits, d.id, d.topic, d.path = "edit", old.text, old.edits, old.postID(), old.topic, "/api/v1/posts/"+old.postID()
			if old.kind == "edit" {
				d.edits++
			}
			d.body, _ = json.Marshal(map[string]any{"body": d.text, "edits": d.edits})
			return d
		}
	}
	d.topic = v.topics[roll.below(len(v.topics))]
	d.path = "/api/v1/topics/" + d.topic + "/posts"
	in := map[string]any{"body": d.text}
	if what >= 75 {
		d.bytes = bytes.Repeat([]byte(d.key+"\x00"), 1+roll.below(8000))
		d.file = "?"
	}
	d.body, _ = json.Marshal(in)
	return d
}

func (d *deed) postID() string {
	if d.kind == "topic" {
		return d.post
	}
	return d.id
}

// send sends a deed and notes what came of it; false ends the client.
func (v *victim) send(d *deed) bool {
	if d.file == "?" {
		a := ask("POST", v.server.url+"/api/v1/files?name="+d.key+".bin", d.token, "", "application/octet-stream", d.bytes)
		if a.err != nil || a.status == http.StatusServiceUnavailable {
			return false // nothing was promised
		}
		var up struct{ ID string }
		if err := json.Unmarshal(a.body, &up); err != nil || a.status != http.StatusCreated {
			v.t.Errorf("upload: %d %s", a.status, a.body)
			return false
		}
		d.file = up.ID
		d.body, _ = json.Marshal(map[string]any{"body": d.text, "files": []string{d.file}})
	}
	return v.post(d)
}

func (v *victim) post(d *deed) bool {
	method := "POST"
	if d.kind == "edit" {
		method = "PATCH"
	}
	a := ask(method, v.server.url+d.path, d.token, d.key, "application/json", d.body)
	v.mu.Lock()
	defer v.mu.Unlock()
	switch {
	case a.err != nil || a.status == http.StatusServiceUnavailable, bytes.Contains(a.body, []byte("This was saved, as ")):
		// The last is saved, but the database went before it could be shown.
		v.pending = append(v.pending, d)
		return false
	case a.status != http.StatusCreated && a.status != http.StatusOK:
		v.t.Errorf("%s %s: %d %s", method, d.path, a.status, a.body)
		return false
	}
	v.note(d, a.body)
	return true
}

// note keeps what was acknowledged.
func (v *victim) note(d *deed, body []byte) {
	var made struct {
		ID    string
		Posts struct{ Items []struct{ ID string } }
	}
	if err := json.Unmarshal(body, &made); err != nil || made.ID == "" {
		v.t.Errorf("an acknowledgement cannot be read: %v %s", err, body)
		return
	}
	v.acked++
	switch d.kind {
	case "topic":
		if len(made.Posts.Items) == 0 {
			v.t.Errorf("a topic without a post: %s", body)
			return
		}
		d.id, d.topic, d.post = made.ID, made.ID, made.Posts.Items[0].ID
		v.topics = append(v.topics, d.id)
	case "post":
		d.id = made.ID
	}
	if old := v.posts[d.postID()]; old != nil && d.kind == "edit" {
		d.file = old.file
	}
	v.posts[d.postID()] = d
	v.fresh = append(v.fresh, d.postID())
	if d.bytes != nil {
		v.files[d.file] = d.bytes
	}
}

// settle is what the clients do after the crash: they send again what was not
// acknowledged, and then everything of the cycle must be there.
func (v *victim) settle() {
	v.t.Helper()
	for _, d := range v.pending {
		v.resent++
		v.hot[d.topic] = true
		if d.kind == "edit" {
			got := v.read(d.id)
			switch got.Body {
			case d.text:
				d.file = v.posts[d.id].file
				v.posts[d.id] = d
			case d.was:
			default:
				v.t.Errorf("post %s says %q: neither what it said nor what it was to say", d.id, got.Body)
			}
			continue
		}
		for try := 0; ; try++ {
			before := len(v.fresh)
			if v.post(d); len(v.fresh) > before {
				break
			}
			v.pending = v.pending[:len(v.pending):len(v.pending)]
			if v.t.Failed() || try == 100 {
				v.t.Errorf("what was not acknowledged cannot be sent again: %s %s", d.kind, d.path)
				return
			}
			time.Sleep(50 * time.Millisecond) // the database is coming back
		}
	}
	for _, id := range v.fresh {
		v.check(id)
	}
	for topic := range v.hot {
		if topic != "" {
			v.once(topic)
		}
	}
	v.ledgerWhole()
}

// onePost is a post as the API tells it.
type onePost struct {
	ID    string
	Body  string
	Files []struct {
		ID   string
		Size int
	}
}

func (v *victim) get(path string, into any) []byte {
	v.t.Helper()
	for try := 0; ; try++ {
		a := ask("GET", v.server.url+path, v.tokens[0], "", "", nil)
		if a.status == http.StatusTooManyRequests || a.status == http.StatusServiceUnavailable && try < 100 {
			time.Sleep(50 * time.Millisecond)
			continue
		}
		if a.err != nil || a.status != http.StatusOK {
			v.t.Fatalf("GET %s: %d %v %s\n%s", path, a.status, a.err, a.body, v.server.out)
		}
		if into != nil {
			if err := json.Unmarshal(a.body, into); err != nil {
				v.t.Fatalf("GET %s: %v", path, err)
			}
		}
		return a.body
	}
}

func (v *victim) read(id string) (p onePost) {
	v.t.Helper()
	v.get("/api/v1/posts/"+id, &p)
	return p
}

// check reads a post and its files and compares them with what was sent.
func (v *victim) check(id string) {
	v.t.Helper()
	d, p := v.posts[id], v.read(id)
	if p.Body != d.text {
		v.t.Errorf("post %s says %.40q, acknowledged was %.40q", id, p.Body, d.text)
	}
	if (d.file != "") != (len(p.Files) == 1) {
		v.t.Errorf("post %s has %d files, sent with %q", id, len(p.Files), d.file)
		return
	}
	if d.file != "" {
		if got := v.get("/api/v1/files/"+d.file, nil); !bytes.Equal(got, v.files[d.file]) {
			v.t.Errorf("file %s has other bytes than were sent (%d, %d)", d.file, len(got), len(v.files[d.file]))
		}
	}
}

// once reads a whole topic: each post is one that was acknowledged, once.
func (v *victim) once(topic string) (n int) {
	v.t.Helper()
	seen := map[string]bool{}
	for next := ""; ; {
		var page struct {
			Items []onePost
			Next  string
		}
		v.get("/api/v1/topics/"+topic+"/posts?limit=200"+next, &page)
		for _, p := range page.Items {
			d := v.posts[p.ID]
			if d == nil || p.Body != d.text || seen[p.Body] {
				v.t.Errorf("topic %s holds %s saying %.40q, which is not, or is twice, what was sent", topic, p.ID, p.Body)
			}
			seen[p.Body] = true
		}
		n += len(page.Items)
		if page.Next == "" {
			return n
		}
		next = "&cursor=" + page.Next
	}
}

// audit reads everything: all topics are those that were started, and all posts
// and files those that were sent.
func (v *victim) audit() {
	v.t.Helper()
	known := map[string]bool{}
	for _, id := range v.topics {
		known[id] = true
	}
	posts, topics := 0, 0
	for next := ""; ; {
		var page struct {
			Items []struct{ ID string }
			Next  string
		}
		v.get("/api/v1/rooms/"+v.room+"/topics?limit=200"+next, &page)
		for _, t := range page.Items {
			if !known[t.ID] {
				v.t.Errorf("topic %s is there twice, or nobody started it", t.ID)
			}
			delete(known, t.ID)
			posts += v.once(t.ID)
		}
		topics += len(page.Items)
		if page.Next == "" {
			break
		}
		next = "&cursor=" + page.Next
	}
	if len(known) > 0 || posts != len(v.posts) {
		v.t.Errorf("%d topics are missing; %d posts are there, %d were acknowledged", len(known), posts, len(v.posts))
	}
	for id, d := range v.posts {
		if d.file != "" {
			v.check(id)
		}
	}
}

// ledgerWhole verifies the whole ledger: every entry has its content, its leaf
// and its place in the tree, and the sequence has no gap.
func (v *victim) ledgerWhole() {
	v.t.Helper()
	ctx := context.Background()
	d, l, err := openStore(ctx, v.dir, v.database)
	if err != nil {
		v.t.Fatal(err)
	}
	defer d.Close()
	if err := l.Attach(ctx, d); err != nil {
		v.t.Fatal(err)
	}
	r, err := l.Verify(ctx, nil)
	if err != nil {
		v.t.Fatal(err)
	}
	if !r.Whole() {
		v.t.Errorf("the ledger is not whole: %v", r.Problems)
	}
	var n, top int64
	err = d.Read(ctx, policy.System("test"), func(view *db.View) error {
		n, err = db.One(view, db.Value[int64], `SELECT COUNT(*) FROM visible.ledger_entries e`)
		if err != nil {
			return err
		}
		top, err = db.One(view, db.Value[int64], `SELECT COALESCE(MAX(e.seq), -1) FROM visible.ledger_entries e`)
		return err
	})
	if err != nil {
		v.t.Fatal(err)
	}
	if n != top+1 || n < r.Size {
		v.t.Errorf("the ledger has %d entries and the last is number %d", n, top)
	}
}
