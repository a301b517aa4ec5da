package forum_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/search"
	"github.com/cordon-isao/cordon/internal/testkit/pgtest"
	"github.com/cordon-isao/cordon/policy"
)

// The reader S of the twin worlds is lea. An act is hidden when what it acts on
// cannot be read by her; the second world leaves the hidden acts out.
var labels = []policy.Label{
	label(policy.Green, policy.Community),
	label(policy.Amber, pump, lab),
	label(policy.Amber, pump, ward), // hidden from lea
	label(policy.Amber, pump, ward, lab),
	label(policy.AmberStrict, pump), // hidden
	label(policy.Red, policy.OfPerson(pia), policy.OfPerson(lea)),
	label(policy.Red, policy.OfPerson(pia), policy.OfPerson(pol)), // hidden
	label(policy.Clear, policy.Public),
}

// act is one step of a story. Numbers choose among what there is.
type act struct {
	Verb                 int
	Who, Thing, Label, N int
}

var acts = rapid.Custom(func(t *rapid.T) act {
	return act{rapid.IntRange(0, 13).Draw(t, "verb"), rapid.IntRange(0, 3).Draw(t, "who"), rapid.IntRange(0, 99).Draw(t, "thing"),
		rapid.IntRange(0, len(labels)-1).Draw(t, "label"), rapid.IntRange(0, 5).Draw(t, "n")}
})

var words = []string{"pump", "telnet", "CVE-2026-1234", "ICSMA-24-200-01", "firmware", "ward"}

// story plays acts in one world. Things are kept by the number of their act, so
// that both worlds name the same thing alike.
type story struct {
	h      *house
	twin   bool // leave hidden acts out
	room   string
	ids    map[string]string // thing → id
	things []thing
}

type thing struct {
	name, topic, post string // names; post is "" for a topic
	hidden            bool
}

func (s *story) play(list []act) {
	h := s.h
	h.t.Helper()
	s.ids = map[string]string{}
	people := []string{pia, pol, wim, lea}
	for i, a := range list {
		h.clock.Set(epoch.Add(time.Duration(i+1) * time.Hour)) // whatever was left out
		who := people[a.Who]
		l := labels[a.Label]
		text := fmt.Sprintf("%s %s act%d", words[a.N], words[(a.Thing+a.N)%len(words)], i)
		if a.Verb < 3 {
			hidden := !slices.ContainsFunc(h.as(lea).Principals().Members(), l.Audience.Has)
			name := fmt.Sprintf("topic%d", i)
			if hidden && s.twin {
				s.things = append(s.things, thing{name, name, "", true}, thing{name + "-opening", name, name + "-opening", true})
				continue
			}
			id, err := h.topic(who, s.room, forum.NewTopic{Title: text, Body: text, Label: l})
			if err != nil { // the author could not read it himself
				hidden = true
			} else {
				s.ids[name] = id
				s.ids[name+"-opening"] = h.posts(who, id)[0].ID
			}
			s.things = append(s.things, thing{name, name, "", hidden}, thing{name + "-opening", name, name + "-opening", hidden})
			continue
		}
		if len(s.things) == 0 {
			continue
		}
		at := s.things[a.Thing%len(s.things)]
		id, topic := s.ids[at.name], s.ids[at.topic]
		shut := s.things[slices.IndexFunc(s.things, func(x thing) bool { return x.name == at.topic })].hidden
		if a.Verb < 8 { // replies: with the topic's label, an own one, quoting
			in := forum.NewPost{Body: text}
			hidden := shut
			if a.Verb > 4 {
				in.Label = l
				hidden = hidden || !slices.ContainsFunc(h.as(lea).Principals().Members(), l.Audience.Has)
			}
			if a.Verb == 7 {
				in.Quote = s.ids[at.post]
				hidden = hidden || at.hidden
			}
			name := fmt.Sprintf("post%d", i)
			if s.twin && hidden {
				s.things = append(s.things, thing{name, at.topic, name, true})
				continue
			}
			post, err := h.reply(who, topic, in)
			s.things = append(s.things, thing{name, at.topic, name, hidden || err != nil})
			if err == nil {
				s.ids[name] = post
			}
			continue
		}
		if s.twin && (shut || at.hidden && a.Verb < 12) {
			continue
		}
		post := s.ids[at.post]
		_ = h.write(who, func(tx *db.Tx) error { // errors are the same in both worlds, or hidden
			switch a.Verb {
			case 8:
				return h.forum.Edit(tx, post, text, 0)
			case 9:
				return h.forum.Delete(tx, post, "")
			case 10:
				return h.forum.Pin(tx, post)
			case 11:
				if at.post == "" {
					return h.forum.ResolveTopic(tx, id, text)
				}
				_, err := h.forum.RelabelPost(tx, post, l, "")
				return err
			case 12:
				_, err := h.forum.RelabelTopic(tx, topic, l, "")
				return err
			}
			return fmt.Errorf("nothing")
		})
		if a.Verb == 13 {
			_ = h.note(who, func(tx *db.Tx) error { return h.forum.MarkDone(tx, topic) })
		}
	}
}

// view is everything that a person gets from the forum, with ids turned into the
// story's names.
func (s *story) view(person string) string {
	h := s.h
	h.t.Helper()
	all := map[string]any{}
	rooms := must[[]forum.Room](h)(read(h, person, h.forum.Rooms))
	all["rooms"] = rooms
	for _, r := range rooms {
		var ts []forum.Topic
		for at := (forum.Cursor{}); ; {
			page := must[[]forum.Topic](h)(read(h, person, func(v *db.View) ([]forum.Topic, error) { return h.forum.Topics(v, r.ID, at, 3) }))
			ts = append(ts, page...)
			if len(page) < 3 {
				break
			}
			at = page[len(page)-1].Last
		}
		all["topics "+r.Name] = ts
	}
	for name, id := range s.ids {
		if !strings.HasPrefix(name, "topic") || strings.HasSuffix(name, "opening") {
			continue
		}
		t, err := read(h, person, func(v *db.View) (forum.Topic, error) { return h.forum.Topic(v, id) })
		if err != nil {
			continue
		}
		var ps []forum.Post
		for at := (forum.Cursor{}); ; {
			page := must[[]forum.Post](h)(read(h, person, func(v *db.View) ([]forum.Post, error) { return h.forum.Posts(v, id, at, 2) }))
			ps = append(ps, page...)
			if len(page) < 2 {
				break
			}
			at = page[len(page)-1].Cursor()
		}
		back := must[[]forum.Post](h)(read(h, person, func(v *db.View) ([]forum.Post, error) { return h.forum.PostsBefore(v, id, forum.Cursor{}, 0) }))
		if diff := cmp.Diff(ps, back); diff != "" {
			h.t.Errorf("forwards and backwards differ: %s", diff)
		}
		if t.Posts != len(ps) || t.Last != ps[len(ps)-1].Cursor() {
			h.t.Errorf("topic %s says %d posts, last %v; it has %d, last %v", name, t.Posts, t.Last, len(ps), ps[len(ps)-1].Cursor())
		}
		all["posts "+name] = []any{t, ps, must[[]forum.Post](h)(read(h, person, func(v *db.View) ([]forum.Post, error) { return h.forum.Decisions(v, id) }))}
	}
	all["inbox"] = must[forum.Inbox](h)(read(h, person, func(v *db.View) (forum.Inbox, error) { return h.forum.Inbox(v, forum.Cursor{}, 0) }))
	all["count"] = must[int](h)(read(h, person, h.forum.InboxCount))
	for _, q := range words {
		var hits []forum.Hit
		for at := (forum.Cursor{}); ; {
			page := must[[]forum.Hit](h)(read(h, person, func(v *db.View) ([]forum.Hit, error) { return h.forum.Search(v, forum.Query{Text: q}, at, 2) }))
			hits = append(hits, page...)
			if len(page) < 2 {
				break
			}
			at = page[len(page)-1].Post.Cursor()
		}
		all["search "+q] = hits
	}
	b, err := json.MarshalIndent(all, "", " ")
	h.ok(err)
	text := strings.ReplaceAll(string(b), h.desk, "desk")
	for name, id := range s.ids {
		text = strings.ReplaceAll(text, id, name)
	}
	return strings.ReplaceAll(text, s.room, "room")
}

// T-01: two worlds that differ only in what S cannot see give S the same.
func TestHiddenActsChangeNothing(t *testing.T) {
	n, hidden := 25, 0
	if testing.Short() {
		n = 5
	}
	for seed := range n {
		list := rapid.SliceOfN(acts, 20, 60).Example(seed)
		var views []string
		var counts []int
		for _, twin := range []bool{false, true} {
			h := newHouse(t, "")
			s := &story{h: h, twin: twin, room: h.room(dora, "Pumps", label(policy.Green, policy.Community))}
			s.play(list)
			views = append(views, s.view(lea))
			counts = append(counts, len(s.ids))
			h.db.Close()
		}
		hidden += counts[0] - counts[1]
		if diff := cmp.Diff(views[1], views[0]); diff != "" {
			t.Fatalf("seed %d: lea sees what is hidden from her:\n%s", seed, diff)
		}
	}
	if hidden < n {
		t.Errorf("only %d hidden things in %d stories: the test proves little", hidden, n)
	}
}

// Both engines give every person the same.
func TestEnginesAreEqual(t *testing.T) {
	for seed := range 4 {
		list := rapid.SliceOfN(acts, 40, 60).Example(1000 + seed)
		var views []string
		for _, url := range []string{"", pgtest.URL(t, pgtest.NoFsync())} {
			h := newHouse(t, url)
			s := &story{h: h, room: h.room(dora, "Pumps", label(policy.Green, policy.Community))}
			s.play(list)
			var all strings.Builder
			for _, who := range []string{pia, wim, lea, ann, ""} {
				all.WriteString(s.view(who))
			}
			views = append(views, all.String())
			h.db.Close()
		}
		if diff := cmp.Diff(views[0], views[1]); diff != "" {
			t.Fatalf("seed %d: SQLite (-) and PostgreSQL (+) differ:\n%s", seed, diff)
		}
	}
}

// A search finds exactly what a filter over all readable posts finds, newest
// first, whatever was edited, deleted and relabelled (T-03).
func TestSearchEqualsAFilter(t *testing.T) {
	onBoth(t, func(t *testing.T, h *house) {
		s := &story{h: h, room: h.room(dora, "Pumps", label(policy.Green, policy.Community))}
		s.play(rapid.SliceOfN(acts, 80, 120).Example(7))
		for _, who := range []string{pia, wim, lea, ann, ""} {
			var readable []forum.Post
			titles := map[string]string{} // of the topics that a post opens
			for name, id := range s.ids {
				if strings.HasSuffix(name, "opening") || !strings.HasPrefix(name, "topic") {
					continue
				}
				topic, err := read(h, who, func(v *db.View) (forum.Topic, error) { return h.forum.Topic(v, id) })
				if err != nil {
					continue
				}
				titles[topic.Opening] = topic.Title
				readable = append(readable, h.posts(who, id)...)
			}
			slices.SortFunc(readable, func(a, b forum.Post) int { return b.At.Compare(a.At) })
			for _, text := range []string{"pump", "telnet -pump", "2026-1234", "cve20261234", `"telnet pump"`, "ICSMA", "icsma-24-200-01 ward", "fir", "absent", "act1"} {
				q, err := search.ParseQuery(text)
				h.ok(err)
				for _, author := range []string{"", pia, pump.ID()} {
					var want []string
					for _, p := range readable {
						if p.Deleted == nil && q.Match(search.Tokens(titles[p.ID]+"\n"+p.Body)) && (author == "" || author == p.Author.Person || author == p.Author.Org) {
							want = append(want, p.ID)
						}
					}
					if diff := cmp.Diff(want, h.found(who, forum.Query{Text: text, Author: author, Room: room(who, s.room)})); diff != "" {
						t.Errorf("%q searches %q by %q: %s", who, text, author, diff)
					}
				}
			}
		}
		for _, text := range []string{"-x", `"`, "*", "NEAR(", "a AND", "words:", "'", strings.Repeat("x ", 100)} {
			if _, err := read(h, lea, func(v *db.View) ([]forum.Hit, error) {
				return h.forum.Search(v, forum.Query{Text: text}, forum.Cursor{}, 10)
			}); err != nil {
				wants(t, err, "invalid", "q")
			}
		}
	})
}

// room narrows by the room whoever can read it.
func room(who, id string) string {
	if who == "" {
		return ""
	}
	return id
}
