package ledger_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/ledger"
)

// counter does every fact by counting it.
func counter(fail func(facts []ledger.Fact) error) ledger.Follower {
	return ledger.Follower{Name: "counter", Apply: func(tx *db.Tx, facts []ledger.Fact) error {
		for i, f := range facts {
			if _, err := tx.Exec(`INSERT INTO done (seq, times) VALUES ($1, 1) ON CONFLICT (seq) DO UPDATE SET times = done.times + 1`, f.Seq); err != nil {
				return err
			}
			if i == len(facts)/2 && fail != nil { // in the middle of the work
				if err := fail(facts); err != nil {
					return err
				}
			}
		}
		return nil
	}}
}

func (h *house) mustHaveDone(t *testing.T, want int64) {
	t.Helper()
	h.read(t, func(v *db.View) error {
		n, err := db.One(v, db.Value[int64], `SELECT count(*) FROM done WHERE times = 1`)
		if err != nil {
			return err
		}
		all, err := db.One(v, db.Value[int64], `SELECT count(*) FROM done`)
		if n != want || all != want {
			t.Errorf("%d facts done once, %d at all, want %d", n, all, want)
		}
		return err
	})
}

// A follower that fails in the middle, by an error, a panic or a lost commit,
// repeats nothing and loses nothing.
func TestFollowerCrashes(t *testing.T) {
	onBoth(t, func(t *testing.T, p *place) {
		r := dice(t)
		h := p.mustOpen(t)
		h.write(t, 450, "words")
		h.publish(t)
		h.write(t, 50, "words")
		for crashes := 0; ; {
			if crashes < 30 && r.IntN(2) == 0 {
				h.db.Faults().Set(func(stmt string, after bool) error {
					if stmt == "COMMIT" && after == (crashes%2 == 0) {
						return errors.New("injected")
					}
					return nil
				})
			}
			n, err := h.Step(t.Context(), counter(func([]ledger.Fact) error {
				if crashes++; crashes < 30 && crashes%3 == 0 {
					panic("oh")
				} else if crashes < 30 && crashes%3 == 1 {
					return errors.New("no")
				}
				return nil
			}))
			h.db.Faults().Set(nil)
			if err == nil && n == 0 {
				break
			}
		}
		h.mustHaveDone(t, 500)
	})
}

// Two nodes follow at once: each fact is done once.
func TestTwoNodesFollow(t *testing.T) {
	onBoth(t, func(t *testing.T, p *place) {
		nodes := []*house{p.mustOpen(t)}
		if p.url != "" {
			nodes = append(nodes, p.mustOpen(t))
		}
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		var wg sync.WaitGroup
		for _, h := range nodes {
			for range 2 { // on one node, too
				wg.Add(1)
				go func() {
					defer wg.Done()
					if err := h.Follow(ctx, counter(nil)); !errors.Is(err, context.Canceled) {
						t.Error(err)
					}
				}()
			}
		}
		for i := range 60 {
			nodes[i%len(nodes)].write(t, 5, "words")
		}
		for done := int64(0); done < 300 && ctx.Err() == nil; time.Sleep(5 * time.Millisecond) {
			nodes[0].read(t, func(v *db.View) (err error) {
				done, err = db.One(v, db.Value[int64], `SELECT count(*) FROM done`)
				return err
			})
		}
		cancel()
		wg.Wait()
		nodes[0].mustHaveDone(t, 300)
	})
}

// Tail gives everything, in order, under concurrent writers of two nodes.
func TestTail(t *testing.T) {
	onBoth(t, func(t *testing.T, p *place) {
		nodes := []*house{p.mustOpen(t)}
		if p.url != "" {
			nodes = append(nodes, p.mustOpen(t))
		}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		got := make(chan int64, 1000)
		ended := make(chan error, 1)
		go func() {
			ended <- nodes[0].Tail(ctx, 0, func(es []ledger.Entry) {
				for _, e := range es {
					got <- e.Seq
				}
			})
		}()
		var wg sync.WaitGroup
		for w := range 16 {
			wg.Add(1)
			go func() {
				defer wg.Done()
				for range 10 {
					nodes[w%len(nodes)].write(t, 2, "words")
				}
			}()
		}
		for want := range int64(320) {
			select {
			case seq := <-got:
				if seq != want {
					t.Fatalf("entry %d came where %d was due", seq, want)
				}
			case <-ctx.Done():
				t.Fatalf("entry %d never came", want)
			}
		}
		wg.Wait()
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}
