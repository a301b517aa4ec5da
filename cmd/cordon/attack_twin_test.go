package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/httpkit"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/internal/testkit/pgtest"
	"github.com/cordon-isao/cordon/members"
	"github.com/cordon-isao/cordon/policy"
)

// TestTwinTowns: T-01. Two towns are one copied, and differ in what happened
// afterwards among those whose doings the subjects may not see. Every byte that a
// subject gets, from any route, with any id (also the ids of what is hidden), is
// equal. Acts that everybody sees happen in both towns between the hidden ones.
func TestTwinTowns(t *testing.T) {
	t.Parallel()
	seed := attackSeed(t)
	pairs := 9800 // seven of ten ask every route as every subject
	if s := os.Getenv("CORDON_PAIRS"); s != "" {
		pairs, _ = strconv.Atoi(s)
	}
	t.Run("sqlite", func(t *testing.T) { twinTowns(t, "", seed, pairs, 3) })
	t.Run("postgres", func(t *testing.T) { twinTowns(t, pgtest.URL(t, pgtest.NoFsync()), seed, pairs/6, 1) })
}

func twinTowns(t *testing.T, database string, seed uint64, pairs, worlds int) {
	dir := t.TempDir()
	base := openTown(t, dir, database, clock.NewManual(townEpoch), true)
	base.settle()
	before := map[string]string{} // cursors of streams, from before the towns part
	for _, s := range subjects(base) {
		if m := streamCursor.FindStringSubmatch(base.ask(s, errand{method: "GET", path: "/rooms"}).body); m != nil {
			before[s.name] = m[1]
		}
	}
	base.shut()
	total, differ := 0, 0
	for n := range worlds {
		x := &twins{t: t, rand: rand.New(rand.NewPCG(seed, uint64(n))), fresh: map[string]bool{}, verbs: map[string]int{}, subjects: subjects}
		x.a, x.b = copyTown(t, base, dir), copyTown(t, base, dir)
		x.subscribes("mia", "han", "hal", "ada", "lena", "sam", "una")
		x.live(before)
		x.story(140)
		x.secretMails()
		x.stop()
		x.a.passes()
		x.b.passes()
		quota := pairs / worlds
		if worlds > 1 {
			// The first world asks every route as every subject; chance has the rest.
			quota = map[bool]int{true: pairs * 7 / 10, false: pairs * 3 / 10 / (worlds - 1)}[n == 0]
		}
		done, bad := x.compare(quota, n == 0)
		total, differ = total+done, differ+bad
		if n == 0 {
			t.Logf("hidden acts of world %d: %v", n, x.verbs)
		}
		x.a.shut()
		x.b.shut()
	}
	if database == "" {
		t.Run("hospitals", func(t *testing.T) { twinHospitals(t, base, dir, seed, 2700) })
	}
	t.Logf("%d probe pairs in %d worlds, %d differ", total, worlds, differ)
	if total < pairs*9/10 {
		t.Errorf("only %d probe pairs, not %d", total, pairs)
	}
}

// subjects are those who may not learn of the shade.
func subjects(w *town) []subject {
	return []subject{
		{name: "nobody"},
		{name: "member", cookie: w.cookies["mia"]},
		{name: "provider's officer", cookie: w.cookies["han"]},
		{name: "provider", cookie: w.cookies["hal"]},
		{name: "agency", cookie: w.cookies["ada"]},
		{name: "suspended", cookie: w.cookies["sue"]},
		{name: "reading token", bearer: w.bearers["mia/read"]},
		{name: "token", bearer: w.bearers["lena"]},
		{name: "terminated", cookie: w.cookies["gus"]},
	}
}

// twins are the two towns: b has had hidden acts that a has not.
type twins struct {
	t       *testing.T
	rand    *rand.Rand
	a, b    *town
	hidden  map[string][]string // ids of what only b has, by kind
	pairs   []string            // a's and b's names for the same thing, in turn
	swap    [2]*strings.Replacer
	swapped int // pairs in swap
	fresh   map[string]bool
	verbs   map[string]int
	open    []*pairOfStreams
	shade   []shadeThing
	objects int         // of threat intelligence that came in the shade
	brought int         // times that others brought some
	told    [2][]string // what senders of intelligence were told in each town
	mails   [2]mailed
	posted  [2]int // mails to who may not learn of the shade, and what others had more

	talk     [2]string                // the product that both towns speak of
	subjects func(*town) []subject    // who may not learn of the shade
	only     func(httpkit.Route) bool // the routes that are asked; nil is all
}

type shadeThing struct {
	topic, post, author string
	opening             bool
	narrow              bool // for one organization: it can be loosened in the shade
}

// hiddenLabels are labels whose readers are all in the shade.
func (x *twins) label(author string) policy.Label {
	w := x.b
	all := []policy.Label{
		labelled(policy.Amber, w.ofOrg("shade", "umbra")...),
		labelled(policy.Amber, w.ofCircle("shade")...),
		labelled(policy.AmberStrict, w.ofOrg("shade", "umbra")...),
		labelled(policy.Red, w.ofPerson("sam", "una")...),
		labelled(policy.Amber, w.ofOrg(map[string]string{"sam": "shade", "una": "umbra"}[author])...),
	}
	return all[x.rand.IntN(len(all))]
}

func (x *twins) text() string {
	words := []string{"firmware", "telnet", "zebrafish", "quokka", "infusion", "pump", "keys", "@" + x.b.people["una"], ids.Short(x.b.topics["telnet"]), ids.Short(x.b.topics["shade"])}
	var list []string
	for range 3 + x.rand.IntN(12) {
		list = append(list, words[x.rand.IntN(len(words))])
	}
	return strings.Join(list, " ")
}

// hide notes the id of something that only b has.
func (x *twins) hide(kind, id string) string {
	if x.hidden == nil {
		x.hidden = map[string][]string{}
	}
	if id != "" {
		x.hidden[kind] = append(x.hidden[kind], id)
		if kind == "topic" {
			x.hidden["short"] = append(x.hidden["short"], ids.Short(id))
		}
		if kind == "case" {
			x.hidden["short"] = append(x.hidden["short"], ids.Short(id))
		}
		for place, k := range placeKinds {
			if k == kind {
				x.hidden[place] = append(x.hidden[place], id)
			}
		}
		if kind == "relabel" {
			x.hidden["id"] = append(x.hidden["id"], id)
		}
	}
	return id
}

func narrow(l policy.Label) bool {
	return l.TLP == policy.Amber && len(l.Audience.Members()) == 1 && l.Audience.Members()[0].Class() == "org"
}

func oneOf[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

// hiddenActs is everything that can happen in the shade, in town b alone.
func (x *twins) hiddenActs() map[string]func() error {
	w, r, f, m := x.b, x.rand, x.b.house.forum, x.b.house.members
	who := func() string { return oneOf(r, []string{"sam", "una"}) }
	visible := []string{"telnet", "shared", "notice", "private"}
	aThing := func() (shadeThing, error) {
		if len(x.shade) == 0 {
			return shadeThing{}, errNothing
		}
		return oneOf(r, x.shade), nil
	}
	loosened := map[string]string{} // requests, and the house that asked
	start := func(room string) func() error {
		return func() error {
			by := who()
			return w.try(by, func(tx *db.Tx) error {
				l := x.label(by)
				id, _, err := f.StartTopic(tx, w.rooms[room], forum.NewTopic{Title: x.text(), Body: x.text(), Label: l})
				if err == nil {
					ps, err := f.Posts(tx.View, id, forum.Cursor{}, 1)
					if err != nil {
						return err
					}
					x.hide("topic", id)
					x.hide("post", ps[0].ID)
					x.shade = append(x.shade, shadeThing{id, ps[0].ID, by, true, narrow(l)})
				}
				return err
			})
		}
	}
	reply := func(topic func() string, quote func() string, file bool) func() error {
		return func() error {
			by, at := who(), topic()
			if at == "" {
				return errNothing
			}
			var files []string
			if file {
				files = []string{x.hide("file", w.upload(by, "zebrafish.bin", []byte(x.text())))}
			}
			return w.try(by, func(tx *db.Tx) error {
				l := x.label(by)
				id, _, err := f.Reply(tx, at, forum.NewPost{Body: x.text(), Label: l, Quote: quote(), Files: files})
				if err == nil {
					x.hide("post", id)
					x.shade = append(x.shade, shadeThing{at, id, by, false, narrow(l)})
				}
				return err
			})
		}
	}
	none := func() string { return "" }
	seen := func() string { return w.topics[oneOf(r, visible)] }
	hiddenTopic := func() string {
		if len(x.hidden["topic"]) == 0 {
			return w.topics["shade"]
		}
		return oneOf(r, x.hidden["topic"])
	}
	onThing := func(fn func(tx *db.Tx, s shadeThing) error) func() error {
		return func() error {
			s, err := aThing()
			if err != nil {
				return err
			}
			return w.try(s.author, func(tx *db.Tx) error { return fn(tx, s) })
		}
	}
	return map[string]func() error{
		"topic in a room all see":     start("commons"),
		"topic on the open window":    start("public"),
		"topic in the shade":          start("shade"),
		"stricter reply":              reply(seen, none, false),
		"stricter reply with a file":  reply(seen, none, true),
		"stricter reply with a quote": reply(func() string { return w.topics["telnet"] }, func() string { return w.posts["telnet1"] }, false),
		"reply in the shade":          reply(hiddenTopic, none, r.IntN(2) == 0),
		"edit":                        onThing(func(tx *db.Tx, s shadeThing) error { return f.Edit(tx, s.post, x.text(), 0) }),
		"delete":                      onThing(func(tx *db.Tx, s shadeThing) error { return f.Delete(tx, s.post, "zebrafish") }),
		"pin":                         onThing(func(tx *db.Tx, s shadeThing) error { return f.Pin(tx, s.post) }),
		"tighten": onThing(func(tx *db.Tx, s shadeThing) error {
			_, err := f.RelabelPost(tx, s.post, labelled(policy.Red, w.ofPerson("sam", "una")...), "")
			return err
		}),
		"ask to loosen": onThing(func(tx *db.Tx, s shadeThing) error {
			if !s.narrow || s.opening {
				return errNothing
			}
			house := map[string]string{"sam": "sid", "una": "uli"}[s.author]
			id, err := f.RelabelPost(tx, s.post, labelled(policy.Amber, w.ofOrg("shade", "umbra")...), "zebrafish")
			loosened[x.hide("relabel", id)] = house
			return err
		}),
		"resolve": onThing(func(tx *db.Tx, s shadeThing) error {
			if !s.opening {
				return errNothing
			}
			return f.ResolveTopic(tx, s.topic, "zebrafish")
		}),
		"react": func() error {
			s, err := aThing()
			if err != nil {
				return err
			}
			return w.tryNote(who(), func(tx *db.Tx) error { return f.React(tx, s.post, forum.Agree) })
		},
		"upload": func() error { x.hide("file", w.upload(who(), "quokka.txt", []byte("quokka"))); return nil },
		"circle": func() error {
			return w.try("sam", func(tx *db.Tx) error {
				id, err := m.FormCircle(tx, members.NewCircle{Name: "Quokka " + ids.Random(4), Purpose: "zebrafish", Named: r.IntN(2) == 0})
				x.hide("circle", id)
				return err
			})
		},
		"join": func() error {
			if len(x.hidden["circle"]) == 0 {
				return errNothing
			}
			return w.try("sam", func(tx *db.Tx) error {
				return m.AddToCircle(tx, oneOf(r, x.hidden["circle"]), w.people[oneOf(r, []string{"una", "uli", "vic", "sid"})])
			})
		},
		"room": func() error {
			return w.try("sam", func(tx *db.Tx) error {
				id, err := f.OpenRoom(tx, forum.NewRoom{Name: "Zebrafish " + ids.Random(4), Purpose: "quokka", Label: labelled(policy.Amber, w.ofCircle("shade")...)})
				x.hide("room", id)
				return err
			})
		},
		"session": func() error {
			return w.house.db.Write(context.Background(), program, func(tx *db.Tx) error {
				_, s, err := m.OpenSession(tx, w.people[oneOf(r, []string{"una", "vic", "sid"})], "quokka", "", true)
				x.hide("session", s.ID)
				return err
			})
		},
		"token": func() error {
			return w.try("uli", func(tx *db.Tx) error {
				_, t, err := m.MakeToken(tx, members.NewToken{Name: "quokka", Scopes: policy.Scopes()})
				x.hide("token", t.ID)
				return err
			})
		},
		"draft": func() error {
			return w.tryNote(who(), func(tx *db.Tx) error {
				return f.SaveDraft(tx, forum.Draft{Key: "topic:" + w.rooms["commons"], Title: "Zebrafish", Body: x.text()})
			})
		},
		"read": func() error {
			return w.tryNote(oneOf(r, []string{"sam", "una", "vic"}), func(tx *db.Tx) error { return f.MarkDone(tx, seen()) })
		},
		"watch": func() error {
			return w.tryNote(who(), func(tx *db.Tx) error { return f.SetWatch(tx, seen(), forum.Watched) })
		},
		"export": func() error {
			return w.house.evidence.Topic(context.Background(), w.house.db, w.viewer(w.people[who()]), seen(), io.Discard)
		},
		"export of the shade": func() error {
			return w.house.evidence.Topic(context.Background(), w.house.db, w.viewer(w.people[who()]), w.topics["shade"], io.Discard)
		},
		"application": func() error {
			org, err := w.apply("Apply Quokka " + ids.Random(4))
			x.hide("org", org)
			return err
		},
		"invitation": func() error {
			return w.try("sid", func(tx *db.Tx) error {
				_, err := m.InvitePerson(tx, members.NewPerson{Name: "Quokka Zebrafish"})
				return err
			})
		},
		"recovery": func() error {
			return w.try("sid", func(tx *db.Tx) error {
				id, err := m.RequestRecovery(tx, w.people["sam"], "quokka lost")
				x.hide("recovery", id)
				return err
			})
		},
		"choices": func() error {
			return w.tryNote(who(), func(tx *db.Tx) error {
				return m.SetPreferences(tx, members.Preferences{Theme: "dark", Density: "compact"})
			})
		},
		"approval": func() error {
			if len(x.hidden["relabel"]) == 0 {
				return errNothing
			}
			id := oneOf(r, x.hidden["relabel"])
			return w.try(loosened[id], func(tx *db.Tx) error { return f.ApproveRelabel(tx, id) })
		},
	}
}

// both does an act that everybody may see in both towns.
func (x *twins) both(kind, person string, act func(w *town, tx *db.Tx) (string, error)) {
	x.t.Helper()
	var made [2]string
	for i, w := range []*town{x.a, x.b} {
		if err := w.try(person, func(tx *db.Tx) (err error) { made[i], err = act(w, tx); return err }); err != nil {
			x.t.Fatalf("an act that both towns see: %v", err)
		}
	}
	x.same(made[0], made[1])
}

// same notes that two ids name the same thing in the two towns.
func (x *twins) same(a, b string) {
	if a == "" || a == b || x.fresh[a] {
		return
	}
	x.fresh[a] = true
	x.pairs = append(x.pairs, a, b)
}

// story lets hidden things happen in b, and between them open things in both.
func (x *twins) story(n int) {
	acts := x.hiddenActs()
	maps.Copy(acts, x.caseActs())
	maps.Copy(acts, x.intelActs())
	maps.Copy(acts, x.deviceActs())
	names := slices.Sorted(maps.Keys(acts))
	x.rand.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	for _, first := range []string{"approval", "ask to loosen", "stricter reply", "circle", "stricter reply", "topic in a room all see"} {
		names = slices.Insert(names, 0, first)
	}
	topic := map[*town]string{x.a: x.a.topics["telnet"], x.b: x.b.topics["telnet"]}
	post := map[*town]string{}
	for i := range n {
		name := names[i%len(names)]
		err := acts[name]()
		for try := 0; err != nil && try < 20; try++ { // with other things, chosen afresh
			err = acts[name]()
		}
		if err == nil {
			x.verbs[name]++
		} else {
			x.verbs[name+" (refused)"]++
		}
		now := x.b.manual.Now().Add(time.Second)
		x.a.manual.Set(now)
		x.b.manual.Set(now)
		if i%10 == 9 {
			x.sameMails("sam", "una")
		}
		who := oneOf(x.rand, []string{"mia", "hal", "ada", "sam"})
		switch i % 12 {
		case 2:
			text := "Open talk of firmware " + strconv.Itoa(i)
			x.both("topic", who, func(w *town, tx *db.Tx) (string, error) {
				id, _, err := w.house.forum.StartTopic(tx, w.rooms["commons"], forum.NewTopic{Title: text, Body: text, Label: labelled(policy.Green, policy.Community)})
				topic[w] = id
				return id, err
			})
			x.samePosts(topic)
		case 4, 7, 9:
			text := "An open reply on telnet " + strconv.Itoa(i)
			x.both("post", who, func(w *town, tx *db.Tx) (string, error) {
				id, _, err := w.house.forum.Reply(tx, topic[w], forum.NewPost{Body: text, Quote: ""})
				post[w] = id
				return id, err
			})
		case 5:
			x.caseTalk(i)
		case 8:
			x.intelTalk(i)
		case 10:
			x.deviceTalk(i)
		case 11:
			x.both("post", "mia", func(w *town, tx *db.Tx) (string, error) { return "", w.house.forum.Pin(tx, post[w]) })
		}
	}
	for _, name := range []string{"topic in a room all see", "stricter reply", "circle", "session", "application", "case of the desk and the shade", "invitation into the joint case",
		"side thread in the joint case", "fact", "determination", "notice drafted", "opened under a grant", "member's report", "stranger's report", "statement drafted in a hidden case",
		"beacon of the shade", "sighting of what all see", "what others will bring later", "file queued",
		"product of the shade", "SBOM in the shade", "statement in the shade", "records in the shade", "deployment", "finding answered", "notice answered", "alert of the shade"} {
		if x.verbs[name] == 0 {
			x.t.Errorf("nothing of %q happened in the shade: %v", name, x.verbs)
		}
	}
}

func (x *twins) samePosts(topic map[*town]string) {
	var list [2][]forum.Post
	for i, w := range []*town{x.a, x.b} {
		w.read(w.viewer(w.people["mia"]), func(v *db.View) (err error) {
			list[i], err = w.house.forum.Posts(v, topic[w], forum.Cursor{}, 200)
			return err
		})
	}
	for i := range list[0] {
		x.same(list[0][i].ID, list[1][i].ID)
	}
}

// What is random in every answer, and tells nothing.
var (
	streamCursor = regexp.MustCompile(`/live\?cursor=([^"&]+)`)
	formKey      = regexp.MustCompile(`name="idempotency_key" value="[^"]*"`)
	challenge    = regexp.MustCompile(`"challenge":"[^"]*"`)
	ceremony     = regexp.MustCompile(`cordon-ceremony=[^;]+`)
	eventID      = regexp.MustCompile(`(?m)^id: .*$`)
	packID       = regexp.MustCompile(`pack_[0-9A-HJKMNP-TV-Z]{26}`) // an export's, new each time
	momentID     = regexp.MustCompile(`"e[0-9a-f]{16}"`)             // of a moment of a case: made of ids
	audiences    = regexp.MustCompile(`\["[a-z]+:[^\]]*\]`)
	storyPlace   = regexp.MustCompile(`"next":"[0-9A-HJKMNP-TV-Z]{26}[A-Za-z0-9_-]{32}"|before=[A-Za-z0-9_-]{32}#story`)                               // sealed places in the ledger
	dropForm     = rare(`name="form" value="[^"]*"|"form":"[^"]*"|"pad":"[^"]*"|<!-- [A-Za-z0-9_-]+ -->`, `name="form"`, `"form":`, `"pad":`, `<!-- `) // T-45
	// Whether the published checkpoint covers an entry yet: what its steps tell is
	// for T-13.
	covered    = rare(`(?s)<(?:span|a) class="tick-proof .*?</span></(?:span|a)>|Recorded; the next checkpoint will cover it|Recorded and covered by a signed checkpoint|"proof":(?:true|false)`, `tick-proof`, `checkpoint`, `"proof":`)
	pairCursor = regexp.MustCompile(`«(\d+)»[A-Za-z0-9_-]{32}`)
)

// plain makes what is random in an answer of a or b alike.
func (x *twins) plain(body string, b bool) string {
	if len(x.pairs) != x.swapped {
		var swaps [2][]string
		for i, id := range x.pairs {
			_, rest, _ := strings.Cut(id, "_")
			name := fmt.Sprintf("«%d»", i/2)
			swaps[i%2] = append(swaps[i%2], rest, name, rest[:4]+"-"+rest[4:8], name)
		}
		x.swap, x.swapped = [2]*strings.Replacer{strings.NewReplacer(swaps[0]...), strings.NewReplacer(swaps[1]...)}, len(x.pairs)
	}
	switch {
	case x.swapped == 0:
	case b:
		body = x.swap[1].Replace(body)
	default:
		body = x.swap[0].Replace(body)
	}
	body = x.plainPlaces(body, b)
	body = pairCursor.ReplaceAllString(body, "«$1»+place")
	body = streamCursor.ReplaceAllString(body, "/live?cursor=C")
	body = challenge.ReplaceAllString(body, `"challenge":"C"`)
	body = ceremony.ReplaceAllString(body, "cordon-ceremony=C")
	body = newSTIX.replace(body, func(id string) string { return id[:strings.Index(id, "--")] + "--new" })
	body = audiences.ReplaceAllStringFunc(body, func(set string) string {
		list := strings.Split(set, ",") // which stand in the order of ids, new ones too
		slices.SortFunc(list, func(a, b string) int { return strings.Compare(strings.Trim(a, "[]"), strings.Trim(b, "[]")) })
		return strings.Join(list, ",")
	})
	if strings.Contains(body, `"verb":`) || strings.Contains(body, "#story") {
		body = storyPlace.ReplaceAllString(body, "place")
	}
	body = momentID.ReplaceAllString(packID.ReplaceAllString(body, "pack_P"), `"e"`)
	body = covered.to(dropForm.to(body, "F"), "P")
	if strings.Contains(body, "event: ") {
		body = eventID.ReplaceAllString(body, "id: C")
	}
	return formKey.ReplaceAllString(body, `name="idempotency_key" value="K"`)
}

// compare sends n requests to both towns and compares what comes back. each says
// that every route is asked by every subject first; otherwise chance decides.
func (x *twins) compare(n int, each bool) (done, differ int) {
	routes := x.a.house.routes()
	people := x.subjects(x.a)
	var list []probePair
	asked := 0
	for _, r := range routes {
		if r.Stream || r.Path == "/desk/health" || x.only != nil && !x.only(r) {
			continue
		}
		asked++
		for i := range people {
			queries := append([]string{""}, probes[r.Method+" "+r.Path].queries...)
			if costly.MatchString(r.Method + " " + r.Path) {
				if each {
					list = append(list, probePair{r, i, ""})
				}
				continue
			}
			for _, q := range queries {
				for range 2 + 3*len(kindsIn(r.Path+q+probes[r.Method+" "+r.Path].form)) {
					list = append(list, probePair{r, i, q})
				}
			}
		}
	}
	x.rand.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	if each {
		list = firstOfEach(list)
		if had := n < len(people)*asked; had && n > 2000 {
			x.t.Errorf("%d requests are too few for %d routes and %d subjects", n, asked, len(people))
		}
	}
	if len(list) > n {
		list = list[:n]
	}
	// What changes something comes last: it is compared, too, but what it makes
	// has ids of its own in each town.
	slices.SortStableFunc(list, func(p, q probePair) int { return turnOf(p.route) - turnOf(q.route) })
	for i, p := range list {
		s := people[p.who]
		s.addr = fmt.Sprintf("192.0.2.%d:5000", i%200+1)
		chosen := x.picker()
		pick := func(kind string) string { return chosen(kindOn(p.route, kind)) }
		if p.route.Path == "/assets/{path...}" {
			pick = func(string) string { return "none/" + ids.Random(4) }
		}
		req := requestOf(p.route, p.query, pick)
		req.header = http.Header{}
		switch x.rand.IntN(5) {
		case 0:
			req.header.Set("Accept", "application/json")
		case 1:
			req.header.Set("X-Cordon-Partial", "main")
		case 2:
			req.header.Set("Accept", "text/html")
		}
		if p.route.Method != "GET" && strings.HasPrefix(p.route.Path, "/api/") {
			req.header.Set("Idempotency-Key", "k"+strconv.Itoa(i))
		}
		if turnOf(p.route) > 0 { // what followed from the act before is worked off at a time of its own
			x.a.settled()
			x.b.settled()
		}
		done++
		if !x.equal(s, req, p.route, 0) {
			if differ++; differ >= 5 {
				return done, differ
			}
		}
		if more := x.follow(s, req, p.route); more >= 0 {
			done += more
		}
	}
	return done, differ
}

type probePair struct {
	route httpkit.Route
	who   int
	query string
}

// turnOf puts what acts after what reads, and what ends a session at the end.
func turnOf(r httpkit.Route) int {
	switch {
	case strings.HasSuffix(r.Path, "/evidence") && strings.HasPrefix(r.Path, "/api/"):
		return 1 // an export is recorded
	case r.Method == "GET":
		return 0
	case strings.Contains(r.Path, "sign-out") || strings.Contains(r.Path, "session") || strings.Contains(r.Path, "token") || strings.Contains(r.Path, "withdraw") && strings.HasPrefix(r.Path, "/account"):
		return 2
	}
	return 1
}

// firstOfEach moves one request of each route and subject to the front.
func firstOfEach(list []probePair) []probePair {
	had := map[string]bool{}
	var first, rest []probePair
	for _, p := range list {
		key := fmt.Sprint(p.route.Method, p.route.Path, p.who)
		if had[key] {
			rest = append(rest, p)
			continue
		}
		had[key] = true
		first = append(first, p)
	}
	return append(first, rest...)
}

// picker chooses what a request names: what some see, what is hidden in both
// towns, what only b has, or nothing that there is.
func (x *twins) picker() func(kind string) string {
	return func(kind string) string {
		var list []string
		switch x.rand.IntN(8) {
		case 0:
			return unknownID(kind)
		case 1, 2:
			list = x.hidden[kind]
		case 3:
			list = x.a.pool(kind, true)
		default:
			list = x.a.pool(kind, false)
		}
		if len(list) == 0 {
			return unknownID(kind)
		}
		return oneOf(x.rand, list)
	}
}

// equal reports whether both towns answer a request alike.
func (x *twins) equal(s subject, req errand, r httpkit.Route, page int) bool {
	x.t.Helper()
	a, b := x.a.ask(s, req), x.b.ask(s, req)
	if a.status == http.StatusTooManyRequests || b.status == http.StatusTooManyRequests {
		x.t.Fatalf("%v: the attack itself ran into the rate limit", req)
	}
	if r.Method != "GET" {
		x.learn(a, b)
	}
	if strings.HasPrefix(r.Path, "/ledger/") || a.status == 200 && (strings.HasSuffix(r.Path, "/evidence") || strings.HasPrefix(r.Path, "/feeds/misp/")) {
		// A checkpoint, a tile and a proof are about positions in the ledger; that
		// those tell nothing is for T-13.
		if a.status == b.status || strings.HasPrefix(r.Path, "/ledger/tile") {
			return true
		}
	}
	if a.status >= 500 || b.status >= 500 {
		x.t.Errorf("%s: %v answers %d and %d: %s %s\n%s", s.name, req, a.status, b.status, a.body, b.body, lastOf(x.b.log.text()))
		return false
	}
	if a.status == b.status && a.body == b.body && cmp.Equal(a.header, b.header) {
		return true
	}
	if covered.in(a.body) && covered.in(b.body) {
		a.header.Del("Content-Length")
		b.header.Del("Content-Length")
	}
	ha, hb := x.plainHeader(a.header, false), x.plainHeader(b.header, true)
	ba, bb := x.plain(a.body, false), x.plain(b.body, true)
	if strings.Contains(a.header.Get("Content-Type"), "octet-stream") {
		ba, bb = a.body, b.body
	}
	if a.status == b.status && cmp.Equal(ha, hb) && ba == bb {
		return true
	}
	x.t.Errorf("T-01: the towns differ for %s (page %d)\n%v\nstatus %d, %d\nheaders %s\nbody %s", s.name, page, req, a.status, b.status, cmp.Diff(ha, hb), firstDifference(ba, bb))
	return false
}

// learn pairs the ids of what an act made in each town.
func (x *twins) learn(a, b answerOf) {
	known := func(id string) bool { return strings.Contains(x.known(), id) }
	fa, fb := anyID.FindAllString(a.header.Get("Location")+" "+a.body, -1), anyID.FindAllString(b.header.Get("Location")+" "+b.body, -1)
	if len(fa) != len(fb) {
		return
	}
	for i := range fa {
		if fa[i] != fb[i] && !known(fa[i]) && !known(fb[i]) {
			x.same(fa[i], fb[i])
		}
	}
}

var anyID = regexp.MustCompile(`[a-z]+_[0-9A-HJKMNP-TV-Z]{26}`)

// allKinds are the kinds of things that have an id.
var allKinds = []string{"batch", "held", "room", "topic", "post", "file", "org", "person", "circle", "relabel", "session", "token", "recovery",
	"case", "party", "vuln", "embargo", "statement", "fact", "clock", "determination", "notice", "report", "cfile", "grant", "attestation",
	"product", "version", "alias", "document", "sbom", "find", "vex", "deployment", "feed", "vbatch", "alert", "told", "inquiry", "holders"}

// known is every id that was there before: none of them may stand for another.
func (x *twins) known() string {
	var all []string
	for _, kind := range allKinds {
		all = append(append(append(all, x.a.pool(kind, false)...), x.a.pool(kind, true)...), x.hidden[kind]...)
	}
	return strings.Join(append(all, x.pairs...), " ")
}

var (
	apiNext  = regexp.MustCompile(`"next":"([^"]+)"`)
	pageNext = regexp.MustCompile(`href="(/[^"]*[?&](?:amp;)?(?:after|before)=[^"]+)"`)
)

// follow goes on through the pages of a list, by each town's own cursors.
func (x *twins) follow(s subject, req errand, r httpkit.Route) (done int) {
	if req.method != "GET" {
		return 0
	}
	ask := [2]errand{req, req}
	for page := 1; page < 12; page++ {
		var got [2]answerOf
		for i, w := range []*town{x.a, x.b} {
			got[i] = w.ask(s, ask[i])
			m := apiNext.FindStringSubmatch(got[i].body)
			n := pageNext.FindStringSubmatch(got[i].body)
			switch {
			case m != nil && (strings.HasPrefix(r.Path, "/api/") || strings.HasPrefix(r.Path, "/taxii2/")):
				name := "cursor="
				if strings.HasPrefix(r.Path, "/taxii2/") {
					name = "next="
				}
				path, _, _ := strings.Cut(ask[i].path, "&"+name)
				sep := "&"
				if !strings.Contains(path, "?") {
					sep = "?limit=50&"
				}
				if strings.Contains(path, name+"zz") {
					return done
				}
				ask[i].path = path + sep + name + m[1]
			case n != nil:
				ask[i].path = strings.ReplaceAll(n[1], "&amp;", "&")
			default:
				ask[i].path = ""
			}
		}
		if (ask[0].path == "") != (ask[1].path == "") {
			x.t.Errorf("T-01: for %s, %v has another page in one town only", s.name, req)
			return done
		}
		if ask[0].path == "" || strings.Contains(ask[0].path, "before=") && page > 3 {
			return done
		}
		a, b := x.a.ask(s, ask[0]), x.b.ask(s, ask[1])
		done++
		if a.status != b.status || x.plain(a.body, false) != x.plain(b.body, true) {
			x.t.Errorf("T-01: page %d differs for %s: %v, then %s\n%d %d\n%s", page+1, s.name, req, ask[0].path, a.status, b.status, firstDifference(x.plain(a.body, false), x.plain(b.body, true)))
			return done
		}
	}
	return done
}
