package forum_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/internal/markdown"
	"github.com/cordon-isao/cordon/policy"
)

func TestWriteAndRead(t *testing.T) {
	onBoth(t, func(t *testing.T, h *house) {
		room, topic := h.community()
		must[string](h)(h.reply(wim, topic, forum.NewPost{Body: "On ours too."}))
		if diff := cmp.Diff([]string{"It is open.", "On ours too."}, h.bodies(lea, topic)); diff != "" {
			t.Fatal(diff)
		}
		rooms := must[[]forum.Room](h)(read(h, lea, h.forum.Rooms))
		if len(rooms) != 1 || rooms[0].ID != room || rooms[0].Unread != 1 {
			t.Fatalf("rooms: %+v", rooms)
		}
		ts := must[[]forum.Topic](h)(read(h, lea, func(v *db.View) ([]forum.Topic, error) { return h.forum.Topics(v, room, forum.Cursor{}, 10) }))
		if len(ts) != 1 || ts[0].Posts != 2 || !ts[0].Unread || ts[0].RoomName != "Pumps" {
			t.Fatalf("topics: %+v", ts)
		}
		_, err := read(h, "", func(v *db.View) ([]forum.Post, error) { return h.forum.Posts(v, topic, forum.Cursor{}, 10) })
		wants(t, err, fault.Missing, "")
	})
}

// A topic may go to people who are not in its room; they do not learn the room.
func TestTopicBeyondItsRoom(t *testing.T) {
	onBoth(t, func(t *testing.T, h *house) {
		room := h.room(pia, "Pump and ward", label(policy.Amber, both))
		topic := must[string](h)(h.topic(pia, room, forum.NewTopic{Title: "For the lab too", Body: "Look.", Label: label(policy.Amber, both, lab)}))
		got := must[forum.Topic](h)(read(h, lea, func(v *db.View) (forum.Topic, error) { return h.forum.Topic(v, topic) }))
		if got.Room != "" || got.RoomName != "" {
			t.Errorf("the lab learns the room %q %q", got.Room, got.RoomName)
		}
		in := must[forum.Inbox](h)(read(h, lea, func(v *db.View) (forum.Inbox, error) { return h.forum.Inbox(v, forum.Cursor{}, 10) }))
		if len(in.Rooms) != 1 || in.Rooms[0].Room != "" || len(in.Rooms[0].News) != 1 {
			t.Errorf("inbox: %+v", in)
		}
		_, err := read(h, lea, func(v *db.View) (forum.Room, error) { return h.forum.Room(v, room) })
		wants(t, err, fault.Missing, "")
		_, err = h.topic(lea, room, forum.NewTopic{Title: "x", Body: "y", Label: label(policy.Green, policy.Community)})
		wants(t, err, fault.Missing, "")
	})
}

// No path makes a post looser than its topic, nor a quotation looser than its
// source (T-07).
func TestNothingIsLooser(t *testing.T) {
	onBoth(t, func(t *testing.T, h *house) {
		room := h.room(dora, "Pumps", label(policy.Green, policy.Community))
		amber := label(policy.Amber, pump, ward)
		topic := must[string](h)(h.topic(pia, room, forum.NewTopic{Title: "Amber", Body: "Secret.", Label: amber}))
		for _, l := range []policy.Label{
			label(policy.Clear, policy.Public), label(policy.Green, policy.Community), label(policy.Green, policy.OfKind(policy.Provider)),
			label(policy.Amber, pump, ward, lab), label(policy.Amber, lab), label(policy.AmberStrict, pump, lab), label(policy.Red, policy.OfPerson(pia), policy.OfPerson(lea)),
			label(policy.Red, pump), label("amber", pump), label(policy.Amber), {TLP: policy.Amber}, label(policy.AmberStrict, ward),
		} {
			_, err := h.reply(pia, topic, forum.NewPost{Body: "x", Label: l})
			if !fault.Is(err, fault.Invalid) {
				t.Errorf("a reply under %v with %v: %v", amber, l, err)
			}
		}
		strict := label(policy.AmberStrict, pump)
		hidden := must[string](h)(h.reply(pia, topic, forum.NewPost{Body: "Only us.", Label: strict}))
		red := must[string](h)(h.reply(pol, topic, forum.NewPost{Body: "Two of us.", Label: label(policy.Red, policy.OfPerson(pia), policy.OfPerson(pol))}))
		if got := h.bodies(wim, topic); len(got) != 1 {
			t.Errorf("the ward reads %q", got)
		}

		_, err := h.reply(pia, topic, forum.NewPost{Body: "I quote.", Quote: hidden})
		wants(t, err, fault.Invalid, "label")
		_, err = h.reply(wim, topic, forum.NewPost{Body: "I guess.", Quote: hidden})
		wants(t, err, fault.Invalid, "quote")
		quoting := must[string](h)(h.reply(pia, topic, forum.NewPost{Body: "I quote.", Quote: hidden, Label: strict}))
		_, err = h.reply(pia, topic, forum.NewPost{Body: "> [!quote TLP:RED " + red + "]\n> Two of us.\n\nSo."})
		wants(t, err, fault.Invalid, "label")
		_, err = h.reply(pia, topic, forum.NewPost{Body: "> [!quote TLP:CLEAR " + red + "]\n> Two of us.\n\nSo."}) // the marking lies
		wants(t, err, fault.Invalid, "label")
		plain := must[string](h)(h.reply(pia, topic, forum.NewPost{Body: "Nothing yet."}))
		err = h.write(pia, func(tx *db.Tx) error { return h.forum.Edit(tx, plain, "> [!quote TLP:RED "+red+"]\n> Two of us.", 0) })
		wants(t, err, fault.Invalid, "label")
		_, err = h.topic(pia, room, forum.NewTopic{Title: "Out", Body: "> [!quote TLP:AMBER+STRICT " + hidden + "]\n> Only us.", Label: label(policy.Green, policy.Community)})
		wants(t, err, fault.Invalid, "label")

		for _, id := range []string{hidden, quoting} { // not even with two people, above the topic
			err = h.write(pia, func(tx *db.Tx) error {
				_, err := h.forum.RelabelPost(tx, id, label(policy.Green, policy.Community), "")
				return err
			})
			wants(t, err, fault.Invalid, "")
		}
		err = h.write(pia, func(tx *db.Tx) error { _, err := h.forum.RelabelPost(tx, quoting, amber, ""); return err })
		wants(t, err, fault.Invalid, "label")
	})
}

func TestMissingLabelIsTheAuthorsOwnOrganization(t *testing.T) {
	onBoth(t, func(t *testing.T, h *house) {
		room := h.room(dora, "Pumps", label(policy.Green, policy.Community))
		topic := must[string](h)(h.topic(pia, room, forum.NewTopic{Title: "Unlabelled", Body: "x"}))
		got := must[forum.Topic](h)(read(h, pol, func(v *db.View) (forum.Topic, error) { return h.forum.Topic(v, topic) }))
		if diff := cmp.Diff(policy.Default(pump.ID()).Audience.Strings(), got.Label.Audience.Strings()); diff != "" || got.Label.TLP != policy.AmberStrict {
			t.Fatalf("%v %s", got.Label, diff)
		}
	})
}

func TestMentionsStayInTheAudience(t *testing.T) {
	onBoth(t, func(t *testing.T, h *house) {
		room := h.room(dora, "Pumps", label(policy.Green, policy.Community))
		topic := must[string](h)(h.topic(pia, room, forum.NewTopic{Title: "Amber", Body: "x", Label: label(policy.Amber, pump, ward)}))
		if got := markdown.Mentions("@[Wim](person:" + wim + ")"); len(got) != 1 {
			t.Fatalf("the mention is not read: %v", got)
		}
		_, hiddenErr := h.reply(pia, topic, forum.NewPost{Body: "@[Lea](person:" + lea + ") look"})
		wants(t, hiddenErr, fault.Invalid, "body")
		_, noneErr := h.reply(pia, topic, forum.NewPost{Body: "@[Lea](person:person_NOBODY) look"})
		if fault.Sentence(hiddenErr) != fault.Sentence(noneErr) {
			t.Errorf("somebody hidden and nobody are told apart: %v / %v", hiddenErr, noneErr)
		}
		post := must[string](h)(h.reply(pia, topic, forum.NewPost{Body: "@[Wim](person:" + wim + ") look"}))
		got := must[[]forum.Post](h)(read(h, wim, func(v *db.View) ([]forum.Post, error) { return h.forum.Mentions(v, forum.Cursor{}, 10) }))
		if len(got) != 1 || got[0].ID != post {
			t.Fatalf("mentions of wim: %+v", got)
		}
		in := must[forum.Inbox](h)(read(h, wim, func(v *db.View) (forum.Inbox, error) { return h.forum.Inbox(v, forum.Cursor{}, 10) }))
		if len(in.Rooms) != 1 || !in.Rooms[0].News[0].Mentioned {
			t.Fatalf("inbox of wim: %+v", in)
		}
	})
}

func TestBadInputIsToldAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, h *house) {
		room, topic := h.community()
		_, err := h.topic(pia, room, forum.NewTopic{Title: " ", Body: "\x00", Label: label(policy.Clear, policy.Community), Files: []string{"file_NONE"}})
		for _, field := range []string{"title", "body", "label", "files"} {
			wants(t, err, fault.Invalid, field)
		}
		for _, in := range []forum.NewPost{
			{Body: ""}, {Body: " \n"}, {Body: "\xff"}, {Body: "a\x00b"}, {Body: strings.Repeat("x", forum.MaxBody+1)}, {Body: "x", Files: make([]string, forum.MaxFiles+1)}, {Body: "x", Quote: "post_NONE"},
		} {
			_, err := h.reply(wim, topic, in)
			wants(t, err, fault.Invalid, "")
		}
		for _, title := range []string{"a\nb", "a\u202eb", "a\u200bb", strings.Repeat("ä", forum.MaxTitle+1)} {
			_, err := h.topic(pia, room, forum.NewTopic{Title: title, Body: "x", Label: label(policy.Green, policy.Community)})
			wants(t, err, fault.Invalid, "title")
		}
		must[string](h)(h.topic(pia, room, forum.NewTopic{Title: strings.Repeat("ä", forum.MaxTitle), Body: strings.Repeat("x", forum.MaxBody), Label: label(policy.Green, policy.Community)}))
		if got := h.bodies(wim, topic); len(got) != 1 {
			t.Errorf("something was saved: %q", got)
		}
	})
}

// The same key and input give the same post, whatever became of the first
// answer; the same key with other input is a conflict.
func TestIdempotency(t *testing.T) {
	onBoth(t, func(t *testing.T, h *house) {
		_, topic := h.community()
		first := must[string](h)(h.reply(wim, topic, forum.NewPost{Body: "Once.", Key: "k"}))
		again := must[string](h)(h.reply(wim, topic, forum.NewPost{Body: "Once.", Key: "k"}))
		if first != again || len(h.bodies(pia, topic)) != 2 {
			t.Errorf("%s and %s; posts %q", first, again, h.bodies(pia, topic))
		}
		_, err := h.reply(wim, topic, forum.NewPost{Body: "Twice.", Key: "k"})
		wants(t, err, fault.Conflict, "")
		other := must[string](h)(h.reply(lea, topic, forum.NewPost{Body: "Twice.", Key: "k"})) // another person's key
		if other == first || len(h.bodies(pia, topic)) != 3 {
			t.Errorf("posts %q", h.bodies(pia, topic))
		}
	})
}

func TestEditsKeepHistoryAndDeletionDestroys(t *testing.T) {
	onBoth(t, func(t *testing.T, h *house) {
		_, topic := h.community()
		post := must[string](h)(h.reply(wim, topic, forum.NewPost{Body: "Version alphaword."}))
		err := h.write(lea, func(tx *db.Tx) error { return h.forum.Edit(tx, post, "Mine.", 0) })
		wants(t, err, fault.Forbidden, "")
		h.clock.Add(1e9)
		h.ok(h.write(wim, func(tx *db.Tx) error { return h.forum.Edit(tx, post, "Version betaword.", 0) }))
		err = h.write(wim, func(tx *db.Tx) error { return h.forum.Edit(tx, post, "Version gammaword.", 0) }) // a stale window
		wants(t, err, fault.Conflict, "")
		vs := must[[]forum.Version](h)(read(h, lea, func(v *db.View) ([]forum.Version, error) { return h.forum.History(v, post) }))
		if len(vs) != 2 || vs[0].Body != "Version alphaword." || vs[1].Body != "Version betaword." || !vs[1].At.After(vs[0].At) {
			t.Fatalf("history: %+v", vs)
		}
		if n := h.found(lea, forum.Query{Text: "alphaword"}); len(n) != 0 {
			t.Errorf("the earlier text is found: %v", n)
		}
		h.ok(h.write(wim, func(tx *db.Tx) error { return h.forum.Pin(tx, post) }))
		h.ok(h.write(wim, func(tx *db.Tx) error { return h.forum.Delete(tx, post, "Wrong device.") }))
		ps := h.posts(lea, topic)
		d := ps[len(ps)-1]
		if d.ID != post || d.Body != "" || d.Deleted == nil || d.Deleted.Why != "Wrong device." || d.Author.Person != wim || d.Decision != nil {
			t.Fatalf("tombstone: %+v", d)
		}
		if n := h.found(lea, forum.Query{Text: "betaword"}); len(n) != 0 {
			t.Errorf("the deleted text is found: %v", n)
		}
		if vs := must[[]forum.Version](h)(read(h, wim, func(v *db.View) ([]forum.Version, error) { return h.forum.History(v, post) })); len(vs) != 0 {
			t.Errorf("history of a deleted post: %+v", vs)
		}
		got := must[forum.Topic](h)(read(h, lea, func(v *db.View) (forum.Topic, error) { return h.forum.Topic(v, topic) }))
		if got.Posts != 2 || got.Decisions != 0 {
			t.Errorf("topic after deletion: %+v", got)
		}
		for _, fn := range []func(tx *db.Tx) error{
			func(tx *db.Tx) error { return h.forum.Edit(tx, post, "Back.", 1) },
			func(tx *db.Tx) error { return h.forum.Delete(tx, post, "") },
			func(tx *db.Tx) error { return h.forum.Pin(tx, post) },
		} {
			wants(t, h.write(wim, fn), fault.Conflict, "")
		}
	})
}

func TestStatesOfATopic(t *testing.T) {
	onBoth(t, func(t *testing.T, h *house) {
		_, topic := h.community()
		resolve := func(tx *db.Tx) error { return h.forum.ResolveTopic(tx, topic, "Closed the port.") }
		wants(t, h.write(wim, resolve), fault.Forbidden, "")
		h.ok(h.write(pia, resolve))
		wants(t, h.write(pia, resolve), fault.Conflict, "")
		got := must[forum.Topic](h)(read(h, lea, func(v *db.View) (forum.Topic, error) { return h.forum.Topic(v, topic) }))
		if got.State != forum.Resolved || got.Summary != "Closed the port." || got.StateBy != "Pia Pump" {
			t.Fatalf("%+v", got)
		}
		h.ok(h.write(wim, func(tx *db.Tx) error { return h.forum.ReopenTopic(tx, topic) }))
		h.ok(h.write(dora, resolve))
	})
}

// The public and members out of good standing write nothing.
func TestWhoMayPost(t *testing.T) {
	onBoth(t, func(t *testing.T, h *house) {
		room, topic := h.community()
		for _, fn := range []func(tx *db.Tx) error{
			func(tx *db.Tx) error { _, _, err := h.forum.Reply(tx, topic, forum.NewPost{Body: "x"}); return err },
			func(tx *db.Tx) error {
				_, _, err := h.forum.StartTopic(tx, room, forum.NewTopic{Title: "x", Body: "x"})
				return err
			},
			func(tx *db.Tx) error { _, err := h.forum.OpenRoom(tx, forum.NewRoom{Name: "x"}); return err },
		} {
			wants(t, h.db.Write(ctx, policy.Anonymous(), fn), fault.Forbidden, "")
		}
	})
}

func TestReactions(t *testing.T) {
	onBoth(t, func(t *testing.T, h *house) {
		_, topic := h.community()
		post := h.posts(lea, topic)[0].ID
		react := func(who string, r forum.Reaction) {
			t.Helper()
			h.ok(h.note(who, func(tx *db.Tx) error { return h.forum.React(tx, post, r) }))
		}
		for _, who := range []string{pia, wim, lea, ann} {
			react(who, forum.Same)
		}
		if r := h.posts(lea, topic)[0].Reactions; r.Same != 0 || r.Mine != forum.Same {
			t.Errorf("four organizations are told: %+v", r)
		}
		react(dora, forum.Same)
		if r := h.posts(pol, topic)[0].Reactions; r.Same != 5 || r.Mine != "" {
			t.Errorf("five organizations: %+v", r)
		}
		react(dora, forum.Agree)
		react(lea, "")
		if r := h.posts(dora, topic)[0].Reactions; r.Same != 0 || r.Agree != 1 || r.Mine != forum.Agree {
			t.Errorf("after changes: %+v", r)
		}
	})
}

func TestDrafts(t *testing.T) {
	onBoth(t, func(t *testing.T, h *house) {
		_, topic := h.community()
		save := func(key, body string) {
			h.clock.Add(1e9)
			h.ok(h.note(wim, func(tx *db.Tx) error {
				return h.forum.SaveDraft(tx, forum.Draft{Key: key, Title: "T", Body: body, TLP: "AMBER", Audience: []string{"org:org_W"}})
			}))
		}
		save("reply:"+topic, "Half a")
		save("reply:"+topic, "Half a sentence")
		d := must[forum.Draft](h)(read(h, wim, func(v *db.View) (forum.Draft, error) { return h.forum.Draft(v, "reply:"+topic) }))
		if d.Body != "Half a sentence" || d.TLP != "AMBER" || len(d.Audience) != 1 {
			t.Fatalf("%+v", d)
		}
		_, err := read(h, wanda, func(v *db.View) (forum.Draft, error) { return h.forum.Draft(v, "reply:"+topic) })
		wants(t, err, fault.Missing, "")
		must[string](h)(h.reply(wim, topic, forum.NewPost{Body: "Half a sentence, whole.", Draft: "reply:" + topic}))
		_, err = read(h, wim, func(v *db.View) (forum.Draft, error) { return h.forum.Draft(v, "reply:"+topic) })
		wants(t, err, fault.Missing, "")
		for i := range 25 {
			save("d"+string(rune('a'+i)), "x")
		}
		ds := must[[]forum.Draft](h)(read(h, wim, h.forum.Drafts))
		if len(ds) != forum.MaxDrafts || ds[0].Key != "dy" {
			t.Fatalf("%d drafts, first %q", len(ds), ds[0].Key)
		}
		err = h.note(wim, func(tx *db.Tx) error {
			return h.forum.SaveDraft(tx, forum.Draft{Key: "k", Body: strings.Repeat("x", forum.MaxBody+1)})
		})
		wants(t, err, fault.Invalid, "body")
	})
}

// After a restore the search index is empty and is made again.
func TestRebuildIndex(t *testing.T) {
	onBoth(t, func(t *testing.T, h *house) {
		_, topic := h.community()
		post := must[string](h)(h.reply(wim, topic, forum.NewPost{Body: "needleword"}))
		gone := must[string](h)(h.reply(wim, topic, forum.NewPost{Body: "needleword"}))
		h.ok(h.write(wim, func(tx *db.Tx) error { return h.forum.Delete(tx, gone, "") }))
		program := policy.System("test")
		for _, want := range []int{0, 2} {
			if n, err := h.forum.RebuildIndex(ctx, h.db, program); err != nil || n != want {
				t.Errorf("rebuilt %d, want %d: %v", n, want, err)
			}
			if got := h.found(lea, forum.Query{Text: "needleword"}); len(got) != 1 || got[0] != post {
				t.Errorf("found %v", got)
			}
			h.ok(h.db.Note(ctx, program, func(tx *db.Tx) error { _, err := tx.Exec(`DELETE FROM posts_fts WHERE rowid > $1`, 0); return err }))
		}
	})
}

// News, read marks, floors, mutes and what has grown old.
func TestReadMarks(t *testing.T) {
	onBoth(t, func(t *testing.T, h *house) {
		room, topic := h.community()
		reply := must[string](h)(h.reply(wim, topic, forum.NewPost{Body: "On ours too."}))
		inbox := func() (news []forum.News) {
			t.Helper()
			in := must[forum.Inbox](h)(read(h, lea, func(v *db.View) (forum.Inbox, error) { return h.forum.Inbox(v, forum.Cursor{}, 10) }))
			for _, r := range in.Rooms {
				news = append(news, r.News...)
			}
			if n := must[int](h)(read(h, lea, h.forum.InboxCount)); n != len(news) {
				t.Errorf("counted %d, listed %d", n, len(news))
			}
			return news
		}
		if got := inbox(); len(got) != 1 || got[0].New != 2 || !got[0].Fresh || got[0].Mine {
			t.Fatalf("%+v", got)
		}
		opening := h.posts(lea, topic)[0].ID
		h.ok(h.note(lea, func(tx *db.Tx) error { return h.forum.MarkRead(tx, topic, opening) }))
		if got := inbox(); len(got) != 1 || got[0].New != 1 || got[0].First != reply || got[0].Fresh {
			t.Fatalf("%+v", got)
		}
		first := must[forum.Post](h)(read(h, lea, func(v *db.View) (forum.Post, error) { return h.forum.FirstUnread(v, topic) }))
		if first.ID != reply {
			t.Errorf("first unread: %+v", first)
		}
		h.ok(h.note(lea, func(tx *db.Tx) error { return h.forum.MarkDone(tx, topic) }))
		h.ok(h.note(lea, func(tx *db.Tx) error { return h.forum.MarkRead(tx, topic, opening) })) // a mark does not go back
		if got := inbox(); len(got) != 0 {
			t.Fatalf("%+v", got)
		}
		must[string](h)(h.reply(wim, topic, forum.NewPost{Body: "More."}))
		h.ok(h.note(lea, func(tx *db.Tx) error { return h.forum.SetWatch(tx, topic, forum.Muted) }))
		if got := inbox(); len(got) != 0 {
			t.Fatalf("muted: %+v", got)
		}
		h.ok(h.note(lea, func(tx *db.Tx) error { return h.forum.SetWatch(tx, topic, forum.Normal) }))
		if got := inbox(); len(got) != 1 {
			t.Fatalf("not muted any more: %+v", got)
		}
		h.ok(h.note(lea, func(tx *db.Tx) error { return h.forum.MarkAllRead(tx, room) }))
		if got := inbox(); len(got) != 0 {
			t.Fatalf("all read: %+v", got)
		}
		must[string](h)(h.reply(wim, topic, forum.NewPost{Body: "Still more."}))
		if got := inbox(); len(got) != 1 {
			t.Fatalf("%+v", got)
		}
		h.clock.Add(forum.Window)
		if got := inbox(); len(got) != 0 {
			t.Fatalf("old: %+v", got)
		}
		hidden := must[string](h)(h.topic(pia, room, forum.NewTopic{Title: "Hidden", Body: "x", Label: label(policy.Amber, pump)}))
		for _, fn := range []func(tx *db.Tx) error{
			func(tx *db.Tx) error { return h.forum.MarkDone(tx, hidden) },
			func(tx *db.Tx) error { return h.forum.SetWatch(tx, hidden, forum.Watched) },
			func(tx *db.Tx) error { return h.forum.MarkRead(tx, topic, hidden) },
			func(tx *db.Tx) error { return h.forum.React(tx, h.posts(pia, hidden)[0].ID, forum.Seen) },
		} {
			wants(t, h.note(lea, fn), fault.Missing, "")
		}
	})
}

func TestShortIDs(t *testing.T) {
	onBoth(t, func(t *testing.T, h *house) {
		room := h.room(dora, "Pumps", label(policy.Green, policy.Community))
		topic := must[string](h)(h.topic(pia, room, forum.NewTopic{Title: "Amber", Body: "x", Label: label(policy.Amber, pump)}))
		post := h.posts(pia, topic)[0].ID
		resolve := func(who, id string) (string, error) {
			return read(h, who, func(v *db.View) (string, error) {
				full, t, err := h.forum.Resolve(v, ids.Short(id))
				if err == nil && strings.HasPrefix(full, "post_") && t != topic {
					h.t.Errorf("post %s is in topic %s", full, t)
				}
				return full, err
			})
		}
		for _, id := range []string{room, topic, post} {
			if got := must[string](h)(resolve(pia, id)); got != id {
				t.Errorf("%s became %s", id, got)
			}
		}
		for _, id := range []string{topic, post, ids.New("topic"), "case_00000000"} {
			_, err := resolve(lea, id)
			wants(t, err, fault.Missing, "")
		}
	})
}

// found searches and gives the ids of the hits.
func (h *house) found(person string, q forum.Query) (ids []string) {
	h.t.Helper()
	for _, hit := range must[[]forum.Hit](h)(read(h, person, func(v *db.View) ([]forum.Hit, error) { return h.forum.Search(v, q, forum.Cursor{}, 50) })) {
		ids = append(ids, hit.Post.ID)
	}
	return ids
}
