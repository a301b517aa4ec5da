package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/internal/search"
	"github.com/cordon-isao/cordon/members"
	"github.com/cordon-isao/cordon/policy"
)

// large is how many posts the large store of the benchmarks holds; it can be
// set lower to try them. benchStores names a folder in which the stores are kept for
// the next run; without it they are made anew, which takes minutes.
var (
	large = func() int {
		n := 1_000_000
		fmt.Sscan(os.Getenv("CORDON_BENCH_POSTS"), &n)
		return n
	}()
	benchStores = os.Getenv("CORDON_BENCH_STORES")
)

const small = 10_000

// BenchmarkGrowth asks a real server over HTTP for the same pages in a store of
// 10,000 posts and in one of a million. The small store and the large one give
// answers of the same length, so the ratio is the cost of the store's size (issue:
// at most 1.5). The two are asked in turns, so that what else the machine does
// weighs on both alike.
//
//	go test ./cmd/cordon -run '^$' -bench '^BenchmarkGrowth$' -benchtime 1x -timeout 60m
func BenchmarkGrowth(b *testing.B) {
	stores := []*filled{fillStore(b, small), fillStore(b, large)}
	for _, s := range stores {
		s.open(b)
	}
	pages := []struct{ name, path string }{
		{"api-topic", "/api/v1/topics/{topic}"},
		{"api-rooms", "/api/v1/rooms"},
		{"api-room", "/api/v1/rooms/{room}/topics?limit=20"},
		{"api-search-rare", "/api/v1/search?q=" + url.QueryEscape(rareWord)},
		{"api-search-common", "/api/v1/search?q=" + commonWord},
		{"api-search-prefix", "/api/v1/search?q=" + commonWord[:3]},
		{"api-search-two", "/api/v1/search?q=" + url.QueryEscape(commonWord+" "+oftenWord)},
		{"page-topic", "/topics/{topic}"},
		{"page-rooms", "/rooms"},
		{"page-room", "/rooms/{room}"},
		{"page-inbox", "/inbox"},
		{"page-search", "/search?q=" + commonWord},
	}
	for _, p := range pages {
		b.Run(p.name, func(b *testing.B) {
			times := make([][]float64, len(stores))
			lengths := make([]int, len(stores))
			for range b.N {
				for round := range 120 {
					for i, s := range stores {
						began := time.Now()
						n := s.get(b, p.path)
						if round >= 20 { // after the caches are warm
							times[i] = append(times[i], float64(time.Since(began).Microseconds())/1000)
						}
						lengths[i] = n
					}
				}
			}
			few, many := median(times[0]), median(times[1])
			b.ReportMetric(few, "small-ms")
			b.ReportMetric(many, "large-ms")
			b.ReportMetric(many/few, "ratio")
			b.ReportMetric(float64(lengths[1])/float64(lengths[0]), "bytes-ratio")
			b.ReportMetric(0, "ns/op")
		})
	}
}

func median(xs []float64) float64 {
	s := slices.Sorted(slices.Values(xs))
	if len(s) == 0 {
		return 0
	}
	return s[len(s)/2]
}

// filled is a store with many posts.
type filled struct {
	dir   string
	posts int
	facts storeFacts
	w     *world
	token string
	sess  *http.Cookie
}

// storeFacts is what the benchmarks must know of a store that was made before.
type storeFacts struct{ Reader, Desk, Room, Topic string }

const (
	commonWord = "pump"    // in a third of all posts
	oftenWord  = "gateway" // in a tenth
	rareWord   = "CVE-2031-40404"
	perRoom    = 40 // rooms
	longTopic  = 60 // posts in the topic that is asked for
)

// fillStore makes a store of so many posts, in 40 rooms, under five audiences of
// which the reader belongs to three, with an entry in the ledger for each. The
// rows are written straight into the tables: through the duties it would take an
// hour. The small store has topics of 3 posts from the last 60 days and the large
// one topics of 50 from the last two years, so that every list is full in both.
func fillStore(b *testing.B, posts int) *filled {
	b.Helper()
	s := &filled{posts: posts, dir: filepath.Join(benchStores, fmt.Sprint("posts-", posts))}
	if benchStores == "" {
		s.dir = b.TempDir()
	} else if text, err := os.ReadFile(filepath.Join(s.dir, "facts")); err == nil {
		if _, err := fmt.Sscan(string(text), &s.facts.Reader, &s.facts.Desk, &s.facts.Room, &s.facts.Topic); err != nil {
			b.Fatal(err)
		}
		return s
	}
	began := time.Now()
	w := closedWorld(b, plan{Data: s.dir, Demo: true, Clock: clock.System()})
	w.found()
	reader := w.org("Reader Hospital", policy.Provider)
	other := w.org("Other Maker", policy.Manufacturer)
	s.facts.Reader, s.facts.Desk = w.person(reader, "Rita Reader"), w.desk.Person
	writer := w.person(other, "Otto Other")
	in := w.circle("Infusion", false, policy.Label{TLP: policy.Amber, Audience: policy.NewAudience(policy.OfOrg(reader), policy.OfOrg(other))}, s.facts.Reader, writer)
	labels := []policy.Label{
		{TLP: policy.Green, Audience: policy.NewAudience(policy.Community)},
		{TLP: policy.Amber, Audience: policy.NewAudience(policy.OfCircle(in), policy.OfOrg(reader))},
		{TLP: policy.Green, Audience: policy.NewAudience(policy.OfKind(policy.Provider))},
		{TLP: policy.Amber, Audience: policy.NewAudience(policy.OfOrg(other))},
		{TLP: policy.Green, Audience: policy.NewAudience(policy.OfKind(policy.Manufacturer))},
	}
	rooms := make([]string, perRoom)
	for i := range rooms {
		rooms[i] = w.room(fmt.Sprintf("Room %02d", i), policy.Green, policy.Community)
	}
	s.facts.Room = rooms[3]
	f := &filler{w: w, labels: labels, rooms: rooms, author: w.viewer(writer), dice: 1}
	each, span := 3, 59*24*time.Hour
	if posts > 100_000 {
		each, span = 50, 2*365*24*time.Hour
	}
	f.step = span / time.Duration(posts)
	f.at = time.Now().Add(-span)
	for done := 0; done < posts; {
		n := min(posts-done, 5000)
		w.write(program, func(tx *db.Tx) error { return f.batch(tx, n, each) })
		done += n
		if done%100_000 == 0 {
			fmt.Fprintf(os.Stderr, "# %d of %d posts after %v\n", done, posts, time.Since(began).Round(time.Second))
		}
	}
	s.facts.Topic = f.long
	if _, err := w.house.ledger.Publish(context.Background()); err != nil {
		b.Fatal(err)
	}
	if err := w.house.close(); err != nil {
		b.Fatal(err)
	}
	if benchStores != "" {
		if err := os.WriteFile(filepath.Join(s.dir, "facts"), fmt.Appendln(nil, s.facts.Reader, s.facts.Desk, s.facts.Room, s.facts.Topic), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	fmt.Fprintf(os.Stderr, "# made a store of %d posts in %v\n", posts, time.Since(began).Round(time.Second))
	return s
}

// closedWorld is a house without its doors.
func closedWorld(t testing.TB, p plan) *world {
	t.Helper()
	p.Origin = "http://localhost:1"
	if p.Log == nil {
		p.Log = slog.New(slog.DiscardHandler)
	}
	h, err := build(context.Background(), p)
	if err != nil {
		t.Fatal(err)
	}
	return &world{t: t, house: h, clock: p.Clock}
}

// filler writes posts.
type filler struct {
	w      *world
	labels []policy.Label
	rooms  []string
	author policy.Viewer
	dice   dice
	at     time.Time
	step   time.Duration

	topics int
	post   int // in the open topic
	of     int
	topic  string
	room   string
	label  policy.Label
	long   string
	total  int
}

var vocabulary = strings.Fields(`alarm battery bedside bootloader catheter certificate console default device dose drug encryption
	endpoint ethernet exposure field firewall firmware flash hardcoded hospital imaging infusion integrity interface kernel library ligature
	login manual memory mitigation modality monitor network nurse operator overflow packet password patch patient port protocol radio reboot
	record release remote scanner segment sensor serial service session signature station supplier telemetry token update upload valve
	vendor ventilator version vlan volume vulnerability ward wireless workaround`)

func (f *filler) words() string {
	var b strings.Builder
	for range 25 {
		b.WriteString(vocabulary[f.dice.below(len(vocabulary))])
		b.WriteByte(' ')
	}
	if f.dice.below(3) == 0 {
		b.WriteString(commonWord + " ")
	}
	if f.dice.below(10) == 0 {
		b.WriteString(oftenWord + " ")
	}
	fmt.Fprintf(&b, "CVE-2026-%d", 1000+f.dice.below(20_000))
	return b.String()
}

// batch writes n posts, each topic at its end once more as it then stands.
func (f *filler) batch(tx *db.Tx, n, each int) error {
	a := f.author
	for range n {
		f.at = f.at.Add(f.step)
		at := clock.Micros(f.at)
		pos := tx.NextSeq() + int64(tx.Pending())
		id := ids.New("post")
		body := f.words()
		if f.total%4001 == 17 && f.total < small { // in a few posts, as many in both stores
			body += " " + rareWord
		}
		if f.post == f.of {
			f.topic, f.room = ids.New("topic"), f.rooms[f.topics%len(f.rooms)]
			f.label, f.post, f.of = f.labels[f.topics/len(f.rooms)%len(f.labels)], 0, each
			if f.topics == 3 {
				f.long, f.of = f.topic, longTopic
			}
			f.topics++
			audience, err := tx.Store(f.label.Audience)
			if err != nil {
				return err
			}
			if _, err := tx.Exec(`INSERT INTO topics (id, n, room, title, author, author_name, author_org, author_org_name, at, opening, state, state_at, state_by, state_name, summary, tlp, audience)
				VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'open', 0, '', '', '', $11, $12)`,
				f.topic, pos, f.room, fmt.Sprintf("Topic %d on the %s", f.topics, vocabulary[f.dice.below(len(vocabulary))]), a.Person, a.Name, a.Org, a.OrgName, at, id, string(f.label.TLP), audience); err != nil {
				return err
			}
			if _, err := tx.Exec(`INSERT INTO topic_activity (topic, audience, tlp, room, at, n, post, shown, decided) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0)`,
				f.topic, audience, string(f.label.TLP), f.room, at, pos, id, f.of); err != nil {
				return err
			}
		}
		audience := f.label.Audience.ID()
		if _, err := tx.Exec(`INSERT INTO posts (id, n, topic, room, author, author_name, author_org, author_org_name, at, body, quote, attached,
				edits, edited, pinned, pinned_name, deleted, deleted_name, deleted_why, tlp, audience)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, '', 0, 0, 0, 0, '', 0, '', '', $11, $12)`,
			id, pos, f.topic, f.room, a.Person, a.Name, a.Org, a.OrgName, at, body, string(f.label.TLP), audience); err != nil {
			return err
		}
		var who []string
		for _, p := range f.label.Audience.Members() {
			who = append(who, whoWord(p))
		}
		if _, err := tx.Exec(`INSERT INTO posts_fts (rowid, words, who) VALUES ($1, $2, $3)`, pos, search.Tokens(body), strings.Join(who, " ")); err != nil {
			return err
		}
		f.post++
		f.total++
		if f.post == f.of {
			if _, err := tx.Exec(`UPDATE topic_activity SET at = $1, n = $2, post = $3 WHERE topic = $4`, at, pos, id, f.topic); err != nil {
				return err
			}
		}
		tx.Append(db.Entry{Verb: "post.added", Object: id, Parent: f.topic, Room: f.room, Label: f.label, Data: map[string]int{"bytes": len(body)}})
	}
	return nil
}

// open opens the store behind real doors. The reader has read all but the last
// three posts of each topic, so that the inbox counts as much in both stores.
func (s *filled) open(b *testing.B) {
	s.w = openWorld(b, plan{Data: s.dir, Demo: true, Clock: clock.System()}, false)
	s.w.write(program, func(tx *db.Tx) (err error) {
		s.token, err = s.w.house.members.SeedToken(tx, s.facts.Reader, members.NewToken{Name: ids.New("bench"), Scopes: policy.Scopes()})
		return err
	})
	s.sess = s.w.session(s.facts.Reader)
	err := s.w.house.db.Note(b.Context(), program, func(tx *db.Tx) error {
		_, err := tx.Exec(`INSERT INTO topic_reads (person, topic, n) SELECT $1, a.topic, a.n - 3 FROM visible.topic_activity a WHERE a.n > 0 ON CONFLICT (person, topic) DO NOTHING`, s.facts.Reader)
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
}

// get asks for a page and returns the length of the answer.
func (s *filled) get(b *testing.B, path string) int {
	path = strings.NewReplacer("{topic}", s.facts.Topic, "{room}", s.facts.Room).Replace(path)
	req, err := http.NewRequest("GET", s.w.url+path, nil)
	if err != nil {
		b.Fatal(err)
	}
	if strings.HasPrefix(path, "/api/") {
		req.Header.Set("Authorization", "Bearer "+s.token)
	} else {
		req.AddCookie(s.sess)
	}
	var resp *http.Response
	for { // the limit on one asker's requests is not what is measured
		if resp, err = s.w.client.Do(req); err != nil {
			b.Fatal(err)
		}
		if resp.StatusCode != http.StatusTooManyRequests {
			break
		}
		resp.Body.Close()
		time.Sleep(100 * time.Millisecond)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		b.Fatalf("GET %s: %s %v\n%s", path, resp.Status, err, bytes.TrimSpace(body[:min(len(body), 500)]))
	}
	return len(body)
}

// sendJSON sends one JSON request with a token and returns the answer's status, 0 if
// there was none.
func sendJSON(c *http.Client, method, url, token string, body []byte) int {
	req, err := http.NewRequest(method, url, bytes.NewReader(body))
	if err != nil {
		return 0
	}
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := c.Do(req)
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return 0
	}
	return resp.StatusCode
}
