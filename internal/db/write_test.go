package db_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
)

func TestWriteAndRead(t *testing.T) {
	onBoth(t, func(t *testing.T, p *place) {
		h := p.mustOpen(t)
		if err := h.post("post_a"); err != nil {
			t.Fatal(err)
		}
		if got := h.ids(t, member("p2"), `SELECT p.id FROM visible.posts p`); !slices.Equal(got, []string{"post_a"}) {
			t.Errorf("a member sees %v", got)
		}
		if got := h.ids(t, policy.Anonymous(), `SELECT id FROM visible.posts`); got != nil {
			t.Errorf("the public sees %v", got)
		}
		if r := h.mustBeWhole(t); r.Size != 1 {
			t.Errorf("%d entries after one write", r.Size)
		}
		if err := h.db.Check(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

// A write leaves an entry; a note writes scratch tables only, whichever way it
// tries; a read writes nothing.
func TestWhoMayWriteWhat(t *testing.T) {
	onBoth(t, func(t *testing.T, p *place) {
		h := p.mustOpen(t)
		ctx, who := context.Background(), member("p1")
		if err := h.post("post_a"); err != nil {
			t.Fatal(err)
		}
		refused := func(name, want string, err error) {
			t.Helper()
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: got %v, want an error with %q", name, err, want)
			}
		}
		refused("write without entry", "left no ledger entry", h.db.Write(ctx, who, func(tx *db.Tx) error {
			_, err := tx.Exec(`INSERT INTO facts (id) VALUES ($1)`, "f1")
			return err
		}))
		refused("note with entry", "a note appended", h.db.Note(ctx, who, func(tx *db.Tx) error {
			tx.Append(db.Entry{Verb: "a.b", Object: "c", Label: toOrg})
			return nil
		}))
		for _, stmt := range []string{
			`INSERT INTO facts (id) VALUES ('f1')`, `insert into FACTS (id) values ('f1')`, `DELETE FROM posts`, `UPDATE posts SET body = ''`,
			`UPDATE facts SET id = 'f2' RETURNING id`, `UPDATE ledger_head SET size = 9`, `DELETE FROM schema_steps`,
			`UPDATE visible.posts SET body = ''`, `DELETE FROM visible.posts`, `INSERT INTO visible.posts (id) VALUES ('x')`,
		} {
			for _, v := range []policy.Viewer{who, policy.System("ledger")} {
				exec := h.db.Note(ctx, v, func(tx *db.Tx) error { _, err := tx.Exec(stmt); return err })
				read := h.db.Note(ctx, v, func(tx *db.Tx) error { _, err := db.All(tx.View, db.Value[string], stmt); return err })
				if exec == nil || read == nil {
					t.Errorf("a note did %s (exec: %v, query: %v)", stmt, exec, read)
				}
			}
		}
		for _, stmt := range []string{`INSERT INTO drafts (id, body) VALUES ('d1', '')`, `DELETE FROM drafts`, `DROP TABLE drafts`, `PRAGMA query_only = 0`} {
			if err := h.db.Read(ctx, who, func(v *db.View) error { _, err := v.Exists(stmt); return err }); err == nil {
				t.Errorf("a read did %s", stmt)
			}
		}
		if err := h.db.Note(ctx, who, func(tx *db.Tx) error {
			_, err := tx.Exec(`INSERT INTO drafts (id, body) VALUES ($1, $2)`, "d1", "it costs $5, she said -- or '$1'")
			return err
		}); err != nil {
			t.Errorf("a note on scratch: %v", err)
		}
		if n := h.count(t, `SELECT count(*) FROM drafts WHERE body LIKE '%$5%'`); n != 1 {
			t.Errorf("a placeholder inside a string was rewritten: found %d", n)
		}
		if n := h.count(t, `SELECT count(*) FROM facts`); n != 0 {
			t.Errorf("%d facts were written without an entry", n)
		}
		h.mustBeWhole(t)
	})
}

// A failing writer takes nobody with it: not by an error, a panic, a hidden
// error of a statement (which spoils a PostgreSQL transaction), a gone reader.
func TestFailingWritersHarmNobody(t *testing.T) {
	onBoth(t, func(t *testing.T, p *place) {
		h := p.mustOpen(t)
		ctx := context.Background()
		release := hold(t, h)
		type outcome struct {
			id  string
			err error
		}
		var wg sync.WaitGroup
		out := make(chan outcome, 200)
		gone, cancel := context.WithCancel(ctx)
		for i := range 64 {
			wg.Add(1)
			go func() {
				defer wg.Done()
				id := name(i)
				with := ctx
				if i%8 == 5 {
					with = gone
				}
				err := h.db.Write(with, member("p1"), func(tx *db.Tx) error {
					if err := post(tx, id, "t", 0, "words", toOrg); err != nil {
						return err
					}
					switch i % 8 {
					case 1:
						return errors.New("no")
					case 2:
						panic("oh")
					case 3: // the error of a statement is returned
						return post(tx, id, "t", 0, "again", toOrg)
					case 4: // … or hidden
						tx.Exec(`INSERT INTO posts (id, topic, world, body, tlp, audience) VALUES ('x', 't', 0, $1, 'RED', 'a')`, nil)
					}
					return nil
				})
				out <- outcome{id, err}
			}()
			wg.Add(1)
			go func() {
				defer wg.Done()
				// a note that hides an error and does nothing more
				h.db.Note(ctx, member("p1"), func(tx *db.Tx) error {
					tx.Exec(`INSERT INTO drafts (id, body) VALUES ($1, $2)`, "d", nil)
					return nil
				})
			}()
		}
		time.Sleep(20 * time.Millisecond)
		cancel()
		release()
		wg.Wait()
		close(out)
		there := h.ids(t, member("p2"), `SELECT id FROM visible.posts ORDER BY id`)
		acked := 0
		for o := range out {
			if got := slices.Contains(there, o.id); got != (o.err == nil) {
				t.Errorf("%s: answered %v, present %v", o.id, o.err, got)
			}
			if o.err == nil {
				acked++
			}
		}
		if acked < 64*3/8 {
			t.Errorf("only %d writes were acknowledged", acked)
		}
		if r := h.mustBeWhole(t); r.Size != int64(acked)+1 {
			t.Errorf("%d entries for %d acknowledged writes and the held one", r.Size, acked)
		}
	})
}

// hold occupies the writer until release is called, so that writes pile up into
// one batch.
func hold(t *testing.T, h *house) (release func()) {
	t.Helper()
	held, free, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		done <- h.db.Write(context.Background(), member("p0"), func(tx *db.Tx) error {
			close(held)
			<-free
			return post(tx, "post_held", "t", 0, "", toOrg)
		})
	}()
	<-held
	return func() {
		close(free)
		if err := <-done; err != nil {
			t.Errorf("the held write: %v", err)
		}
	}
}

// 64 writers at once: each acknowledged write is there, once, with its entry,
// and numbers have no gaps.
func TestGroupCommit(t *testing.T) {
	onBoth(t, func(t *testing.T, p *place) {
		h := p.mustOpen(t)
		var wg sync.WaitGroup
		var bad atomic.Int64
		for w := range 64 {
			wg.Add(1)
			go func() {
				defer wg.Done()
				for i := range 5 {
					if err := h.post(fmt.Sprintf("post_%d_%d", w, i)); err != nil {
						bad.Add(1)
					}
				}
			}()
		}
		wg.Wait()
		if n := h.count(t, `SELECT count(*) FROM visible.posts`); bad.Load() != 0 || n != 320 {
			t.Errorf("%d errors, %d posts", bad.Load(), n)
		}
		if r := h.mustBeWhole(t); r.Size != 320 {
			t.Errorf("%d entries", r.Size)
		}
	})
}

func TestCancel(t *testing.T) {
	onBoth(t, func(t *testing.T, p *place) {
		h := p.mustOpen(t)
		gone, cancel := context.WithCancel(context.Background())
		cancel()
		ran := false
		err := h.db.Write(gone, member("p1"), func(tx *db.Tx) error { ran = true; return post(tx, "post_a", "t", 0, "", toOrg) })
		if !errors.Is(err, context.Canceled) || ran {
			t.Errorf("before: %v, ran %v", err, ran)
		}
		// After the hand-over the outcome is waited for, and true.
		late, cancel := context.WithCancel(context.Background())
		defer cancel()
		err = h.db.Write(late, member("p1"), func(tx *db.Tx) error { cancel(); return post(tx, "post_b", "t", 0, "", toOrg) })
		if err != nil {
			t.Errorf("after: %v", err)
		}
		if got := h.ids(t, member("p2"), `SELECT id FROM visible.posts`); !slices.Equal(got, []string{"post_b"}) {
			t.Errorf("there is %v", got)
		}
		err = h.db.Read(gone, member("p1"), func(*db.View) error { return nil })
		if !errors.Is(err, context.Canceled) {
			t.Errorf("a read of a gone reader: %v", err)
		}
		h.mustBeWhole(t)
	})
}

// A closed store answers everybody: whoever came too late is told so.
func TestCloseAnswersEverybody(t *testing.T) {
	for range 20 {
		h, err := sqlitePlace(t).open(t)
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for i := range 32 {
			wg.Add(1)
			go func() {
				defer wg.Done()
				if err := h.post(name(i)); err != nil && !fault.Is(err, fault.Busy) {
					t.Errorf("while closing: %v", err)
				}
			}()
		}
		if err := h.db.Close(); err != nil {
			t.Error(err)
		}
		wg.Wait()
		if err := h.post("post_late"); !fault.Is(err, fault.Busy) {
			t.Errorf("after closing: %v", err)
		}
	}
}

func TestOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, p *place) {
		h := p.mustOpen(t)
		runs := 0
		send := func(who policy.Viewer, key, digest string) (result string, again bool, err error) {
			err = h.db.Write(context.Background(), who, func(tx *db.Tx) (err error) {
				result, again, err = tx.Once(key, digest, func() (string, error) {
					runs++
					id := name(runs)
					return id, post(tx, id, "t", 0, "", toOrg)
				})
				if again {
					tx.Append(db.Entry{Verb: "post.resent", Object: result, Label: toOrg})
				}
				return err
			})
			return result, again, err
		}
		first, again, err := send(member("p1"), "k", "d")
		if err != nil || again {
			t.Fatal(first, again, err)
		}
		if second, again, err := send(member("p1"), "k", "d"); second != first || !again || err != nil || runs != 1 {
			t.Errorf("second time: %q %v %v, %d runs", second, again, err, runs)
		}
		if _, _, err := send(member("p1"), "k", "other"); !fault.Is(err, fault.Conflict) {
			t.Errorf("another input under the key: %v", err)
		}
		if other, again, err := send(member("p2"), "k", "d"); other == first || again || err != nil {
			t.Errorf("another person's key: %q %v %v", other, again, err)
		}
		if _, _, err := send(member("p1"), strings.Repeat("k", 101), "d"); !fault.Is(err, fault.Invalid) {
			t.Errorf("a long key: %v", err)
		}
		before := runs
		for range 2 { // no key, no memory
			if _, again, err := send(member("p1"), "", "d"); again || err != nil {
				t.Error(again, err)
			}
		}
		if runs != before+2 {
			t.Errorf("%d runs without a key", runs-before)
		}
		p.clock.Add(49 * time.Hour)
		send(member("p1"), "k2", "d") // sweeps
		if _, again, err := send(member("p1"), "k", "d"); again || err != nil {
			t.Errorf("after two days: %v %v", again, err)
		}
	})
}

// Every write is judged by the rights of its own moment.
func TestRefresh(t *testing.T) {
	onBoth(t, func(t *testing.T, p *place) {
		h := p.mustOpen(t)
		var suspended atomic.Bool
		h.db.SetRefresh(func(v *db.View, who policy.Viewer) (policy.Viewer, error) {
			return policy.Member(policy.Membership{Person: who.Person, Org: "o1", Kind: policy.Provider, OrgStands: policy.Active, Recipient: true, Suspended: suspended.Load()},
				who.Name, who.OrgName, who.Via, nil, nil), nil
		})
		write := func() error {
			return h.db.Write(context.Background(), member("p1"), func(tx *db.Tx) error {
				if !tx.Viewer().May(policy.MayPost) {
					return fault.Forbiddenf("No.")
				}
				return post(tx, "post_a", "t", 0, "", toOrg)
			})
		}
		suspended.Store(true)
		if err := write(); !fault.Is(err, fault.Forbidden) {
			t.Errorf("a suspended person with an old viewer: %v", err)
		}
		suspended.Store(false)
		if err := write(); err != nil {
			t.Error(err)
		}
	})
}

// The time of a write is one, comes from the clock and is that of its entries,
// also when the clock jumps (T-26).
func TestTime(t *testing.T) {
	onBoth(t, func(t *testing.T, p *place) {
		h := p.mustOpen(t)
		var want []int64
		for i, jump := range []time.Duration{0, time.Second, -time.Hour, 24 * time.Hour, -24 * time.Hour, 87600 * time.Hour, -87600 * time.Hour, time.Microsecond, 1500 * time.Nanosecond} {
			p.clock.Add(jump)
			err := h.db.Write(context.Background(), member("p1"), func(tx *db.Tx) error {
				now := tx.Now()
				p.clock.Add(time.Minute)
				if !tx.Now().Equal(now) || !tx.As(policy.System("ledger")).Now().Equal(now) || now.Location() != time.UTC {
					t.Error("the time moved inside a write")
				}
				want = append(want, now.UnixMicro())
				return post(tx, name(i), "t", 0, "", toOrg)
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		var got []int64
		h.db.Read(context.Background(), policy.System("ledger"), func(v *db.View) error {
			es, err := h.ledger.Range(v, 0, 100)
			for _, e := range es {
				got = append(got, e.At)
				if c, err := h.ledger.Open(v, e); err != nil || c.Event.Time().UnixMicro() != e.At {
					t.Errorf("entry %d says %s: %v", e.Seq, c.Event.At, err)
				}
			}
			return err
		})
		if !slices.Equal(got, want) {
			t.Errorf("entries at %v, writes at %v", got, want)
		}
		h.mustBeWhole(t)
	})
}

func TestAfterCommit(t *testing.T) {
	h := sqlitePlace(t).mustOpen(t)
	var ran []string
	write := func(id string, err error) {
		h.db.Write(context.Background(), member("p1"), func(tx *db.Tx) error {
			tx.AfterCommit(func() {
				ran = append(ran, id+":"+fmt.Sprint(h.count(t, `SELECT count(*) FROM visible.posts WHERE id = $1`, id)))
			})
			post(tx, id, "t", 0, "", toOrg)
			return err
		})
	}
	write("a", nil)
	write("b", errors.New("no"))
	if !slices.Equal(ran, []string{"a:1"}) {
		t.Errorf("ran %v", ran)
	}
}

// An audience that was stored by a write that failed is stored again.
func TestStoreAfterFailure(t *testing.T) {
	onBoth(t, func(t *testing.T, p *place) {
		h := p.mustOpen(t)
		l := label(policy.Amber, policy.OfCircle("c9"))
		try := func(fail error) error {
			return h.db.Write(context.Background(), member("p1"), func(tx *db.Tx) error {
				if err := post(tx, "post_a", "t", 0, "", l); err != nil {
					return err
				}
				got, err := tx.Label("AMBER", l.Audience.ID())
				if err != nil || !got.Audience.Equal(l.Audience) {
					t.Errorf("read back %v, %v", got, err)
				}
				return fail
			})
		}
		if try(errors.New("no")) == nil {
			t.Fatal("the failing write succeeded")
		}
		if err := try(nil); err != nil {
			t.Fatal(err)
		}
		if got := h.ids(t, member("p2", "c9"), `SELECT id FROM visible.posts`); len(got) != 1 {
			t.Errorf("the circle sees %v", got)
		}
		h.mustBeWhole(t)
	})
}

func TestReadAnswers(t *testing.T) {
	h := sqlitePlace(t).mustOpen(t)
	h.post("a")
	h.post("b")
	h.db.Read(context.Background(), member("p1"), func(v *db.View) error {
		if _, err := db.One(v, db.Value[string], `SELECT id FROM visible.posts WHERE id = $1`, "z"); err != fault.ErrMissing {
			t.Errorf("nothing: %v", err)
		}
		if s, err := db.One(v, db.Value[string], `SELECT id FROM visible.posts ORDER BY id`); s != "a" || err != nil {
			t.Errorf("the first of two: %q %v", s, err)
		}
		if ok, err := v.Exists(`SELECT 1 FROM visible.posts WHERE id IN (SELECT value FROM json_each($1))`, db.List([]string{"q", "b"})); !ok || err != nil {
			t.Errorf("in a list: %v %v", ok, err)
		}
		if db.List(nil) != "[]" {
			t.Error("no list is not an empty list")
		}
		if _, err := v.Exists(`SELECT $1`, 1, 2); err == nil {
			t.Error("two arguments for one placeholder")
		}
		if _, err := v.Audience("aud_none"); err == nil {
			t.Error("an audience that is not there")
		}
		return nil
	})
}
