package db_test

import (
	"fmt"
	"sync"
	"testing"
	"time"
)

func (h *house) size(t testing.TB) int64 {
	return h.count(t, `SELECT size FROM ledger_head WHERE id = 1`)
}

// A commit wakes those who wait, on the same node and, on PostgreSQL, on others.
func TestChanged(t *testing.T) {
	onBoth(t, func(t *testing.T, p *place) {
		a := p.mustOpen(t)
		handles := []*house{a}
		if p.url != "" {
			handles = append(handles, p.mustOpen(t))
		}
		for round := range 5 {
			for _, writer := range handles {
				seen := make(chan int64, len(handles))
				for _, h := range handles {
					want := h.size(t) + 1
					go func() {
						for {
							changed := h.db.Changed()
							if n := h.size(t); n >= want {
								seen <- n
								return
							}
							<-changed
						}
					}()
				}
				if err := writer.post(fmt.Sprintf("post_%d_%p", round, writer)); err != nil {
					t.Fatal(err)
				}
				for range handles {
					select {
					case <-seen:
					case <-time.After(5 * time.Second):
						t.Fatal("a commit woke nobody")
					}
				}
			}
		}
	})
}

// Two nodes write at once: numbers stay gapless, the tree right, every
// acknowledged write is there.
func TestTwoNodes(t *testing.T) {
	p := postgresPlace(t)
	nodes := []*house{p.mustOpen(t), p.mustOpen(t)}
	var wg sync.WaitGroup
	for n, h := range nodes {
		for w := range 16 {
			wg.Add(1)
			go func() {
				defer wg.Done()
				for i := range 10 {
					if err := h.post(fmt.Sprintf("post_%d_%d_%d", n, w, i)); err != nil {
						t.Errorf("node %d: %v", n, err)
					}
				}
			}()
		}
	}
	wg.Wait()
	for _, h := range nodes {
		if r := h.mustBeWhole(t); r.Size != 320 {
			t.Errorf("%d entries", r.Size)
		}
		if n := len(h.ids(t, member("p9"), `SELECT id FROM visible.posts`)); n != 320 {
			t.Errorf("%d posts", n)
		}
	}
	if n := nodes[0].count(t, `SELECT count(*) FROM visible.ledger_entries WHERE actor = 'p1'`); n != 320 {
		t.Error(n)
	}
}
