package forum_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/testkit/pgtest"
	"github.com/cordon-isao/cordon/policy"
)

// Posting a reply is a bounded number of statements, whoever reads along.
func TestStatementsOfAReply(t *testing.T) {
	onBoth(t, func(t *testing.T, h *house) {
		_, topic := h.community()
		must[string](h)(h.reply(wim, topic, forum.NewPost{Body: "Warm up."}))
		author := h.as(wim)
		var stmts []string
		h.db.Faults().Set(func(stmt string, after bool) error {
			if !after && stmt != "COMMIT" {
				stmts = append(stmts, strings.Join(strings.Fields(stmt), " "))
			}
			return nil
		})
		defer h.db.Faults().Set(nil)
		ours := 0
		h.ok(h.db.Write(ctx, author, func(tx *db.Tx) error {
			before := len(stmts)
			_, _, err := h.forum.Reply(tx, topic, forum.NewPost{Body: "Counted.", Key: "k"})
			ours = len(stmts) - before
			return err
		}))
		if ours > 10 {
			t.Errorf("%d statements:\n%s", ours, strings.Join(stmts, "\n"))
		}
	})
}

// A page of posts is read with the same few statements however many posts it
// has.
func TestStatementsOfAPage(t *testing.T) {
	onBoth(t, func(t *testing.T, h *house) {
		_, topic := h.community()
		count := func() (n int) {
			v := h.as(lea)
			h.db.Faults().Set(func(stmt string, after bool) error {
				if !after {
					n++
				}
				return nil
			})
			defer h.db.Faults().Set(nil)
			h.ok(h.db.Read(ctx, v, func(v *db.View) error { _, err := h.forum.Posts(v, topic, forum.Cursor{}, 100); return err }))
			return n
		}
		f := h.upload(wim, "a.txt", "x")
		quoted := must[string](h)(h.reply(wim, topic, forum.NewPost{Body: "@[Pia](person:" + pia + ")", Files: []string{f.ID}}))
		few := count()
		for range 20 {
			f := h.upload(wim, "a.txt", "x")
			must[string](h)(h.reply(wim, topic, forum.NewPost{Body: "@[Pia](person:" + pia + ")", Quote: quoted, Files: []string{f.ID}}))
		}
		if many := count(); many != few || many > 6 {
			t.Errorf("%d statements for 2 posts, %d for 22", few, many)
		}
	})
}

// fill writes topics of 20 posts each, one in four of them hidden from lea.
func (h *house) fill(rooms []string, posts int) (topic string) {
	h.t.Helper()
	v := h.as(pia)
	for done := 0; done < posts; {
		h.ok(h.db.Write(ctx, v, func(tx *db.Tx) error {
			for range 25 {
				h.clock.Add(time.Second)
				n := done / 20
				l := label(policy.Green, policy.Community)
				if n%4 == 1 {
					l = label(policy.Amber, pump, ward)
				}
				id, _, err := h.forum.StartTopic(tx, rooms[n%len(rooms)], forum.NewTopic{Title: fmt.Sprintf("Topic number%d", n), Body: fmt.Sprintf("A pump shows word%d again.", n%97), Label: l})
				if err != nil {
					return err
				}
				for i := range 19 {
					if _, _, err := h.forum.Reply(tx, id, forum.NewPost{Body: fmt.Sprintf("Answer %d on the pump with CVE-2026-%d.", i, 1000+n)}); err != nil {
						return err
					}
				}
				if l.TLP == policy.Green {
					topic = id
				}
				done += 20
			}
			return nil
		}))
	}
	return topic
}

// BenchmarkGrowth reads the same pages in stores of different sizes: the cost is
// to follow the page, not the store.
func BenchmarkGrowth(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) { growth(b, func() string { return "" }) })
	b.Run("postgres", func(b *testing.B) { growth(b, func() string { return pgtest.URL(b, pgtest.NoFsync()) }) })
}

func growth(b *testing.B, url func() string) {
	for _, posts := range []int{2_000, 20_000} {
		h := newHouse(b, url())
		var rooms []string
		for i := range 20 {
			rooms = append(rooms, h.room(dora, fmt.Sprintf("Room %d", i), label(policy.Green, policy.Community)))
		}
		started := time.Now()
		topic := h.fill(rooms, posts)
		b.Logf("%d posts written in %v", posts, time.Since(started))
		for _, c := range []struct {
			name string
			fn   func(v *db.View) error
		}{
			{"topic", func(v *db.View) error {
				if _, err := h.forum.Topic(v, topic); err != nil {
					return err
				}
				_, err := h.forum.Posts(v, topic, forum.Cursor{}, 50)
				return err
			}},
			{"rooms", func(v *db.View) error { _, err := h.forum.Rooms(v); return err }},
			{"topics", func(v *db.View) error { _, err := h.forum.Topics(v, rooms[3], forum.Cursor{}, 50); return err }},
			{"inbox", func(v *db.View) error { _, err := h.forum.Inbox(v, forum.Cursor{}, 50); return err }},
			{"count", func(v *db.View) error { _, err := h.forum.InboxCount(v); return err }},
			{"search-rare", func(v *db.View) error {
				_, err := h.forum.Search(v, forum.Query{Text: "CVE-2026-1003"}, forum.Cursor{}, 20)
				return err
			}},
			{"search-common", func(v *db.View) error {
				_, err := h.forum.Search(v, forum.Query{Text: "pump"}, forum.Cursor{}, 20)
				return err
			}},
			{"search-whole", func(v *db.View) error {
				_, err := h.forum.Search(v, forum.Query{Text: "pump "}, forum.Cursor{}, 20)
				return err
			}},
			{"search-unfinished", func(v *db.View) error {
				_, err := h.forum.Search(v, forum.Query{Text: "pump answ"}, forum.Cursor{}, 20)
				return err
			}},
		} {
			b.Run(fmt.Sprintf("%s/%d", c.name, posts), func(b *testing.B) {
				v := h.as(lea)
				for b.Loop() {
					if err := h.db.Read(ctx, v, c.fn); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
