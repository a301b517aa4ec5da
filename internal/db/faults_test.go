package db_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/ledger"
	"github.com/cordon-isao/cordon/policy"
)

var errInjected = errors.New("injected")

// failing makes the k-th store call fail, before or after it happened, and
// tells whether it did and on which statement.
func failing(d *db.DB, k int, after bool) (fired func() string) {
	var mu sync.Mutex
	n, hit := 0, ""
	d.Faults().Set(func(stmt string, at bool) error {
		mu.Lock()
		defer mu.Unlock()
		if at != after {
			return nil
		}
		if n++; n == k {
			hit = stmt
			return errInjected
		}
		return nil
	})
	return func() string {
		d.Faults().Set(nil)
		mu.Lock()
		defer mu.Unlock()
		return hit
	}
}

// T-24: each store call of each flow fails in both ways. Acknowledged means
// there; an error means not there, but after the commit whole; the ledger is
// whole always and the next try succeeds.
func TestEveryStoreCallFails(t *testing.T) {
	onBoth(t, func(t *testing.T, p *place) {
		h := p.mustOpen(t)
		ctx := context.Background()
		if err := h.post("post_0"); err != nil {
			t.Fatal(err)
		}
		serial, rounds := 0, 0
		followed := map[string]int{}
		follower := ledger.Follower{Name: "copy", Apply: func(tx *db.Tx, facts []ledger.Fact) error {
			for _, f := range facts {
				if _, err := tx.Exec(`INSERT INTO drafts (id, body) VALUES ($1, '')`, fmt.Sprintf("fact_%d", f.Seq)); err != nil {
					return err
				}
			}
			return nil
		}}
		flows := map[string]func() error{
			"write": func() error {
				serial++
				id, aud := name(serial), policy.OfCircle(fmt.Sprintf("c%d", serial)) // a new audience each time
				err := h.db.Write(ctx, member("p1"), func(tx *db.Tx) error {
					_, _, err := tx.Once(id, "", func() (string, error) {
						if err := post(tx, id, "t", serial, "one", label(policy.Amber, aud, policy.OfOrg("o1"))); err != nil {
							return "", err
						}
						return id, post(tx, id+"_b", "t", serial, "two", toOrg)
					})
					return err
				})
				return err
			},
			"publish": func() error {
				_, err := h.ledger.Publish(ctx)
				return err
			},
			"follow": func() error {
				serial++
				if err := h.post(name(serial)); err != nil {
					return err
				}
				for {
					n, err := h.ledger.Step(ctx, follower)
					if err != nil || n == 0 {
						return err
					}
				}
			},
		}
		// Two entries short of a whole block, so that two pads do.
		prepare := func() {
			serial++
			if err := h.db.Write(ctx, policy.System("ledger"), func(tx *db.Tx) error {
				for n := tx.NextSeq(); n%ledger.Pad != ledger.Pad-2 || tx.Pending() == 0; n++ {
					tx.Append(db.Entry{Verb: "block.filled", Object: "block", Label: toOrg})
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
		}
		for _, flow := range []string{"write", "follow", "publish"} {
			for _, after := range []bool{false, true} {
				for k := 1; ; k++ {
					switch flow {
					case "publish":
						prepare()
					case "follow": // from where there is nothing left to follow
						if err := flows[flow](); err != nil {
							t.Fatal(err)
						}
					}
					fired := failing(h.db, k, after)
					err := flows[flow]()
					hit := fired()
					if hit == "" {
						if err != nil {
							t.Fatalf("%s without a fault: %v", flow, err)
						}
						break
					}
					rounds++
					id := name(serial)
					where := fmt.Sprintf("%s, call %d, after %v, %s", flow, k, after, hit)
					n := h.count(t, `SELECT count(*) FROM visible.posts WHERE id = $1 OR id = $2`, id, id+"_b")
					entries := h.count(t, `SELECT count(*) FROM visible.ledger_entries WHERE object = $1 OR object = $2`, id, id+"_b")
					if n != entries {
						t.Errorf("%s: %d posts and %d entries", where, n, entries)
					}
					if flow == "write" {
						switch {
						case err == nil && n != 2:
							t.Errorf("%s: acknowledged and %d of 2 there", where, n)
						case err != nil && n != 0 && !(n == 2 && after && hit == "COMMIT"):
							t.Errorf("%s: failed and %d of 2 there", where, n)
						}
					}
					if flow != "publish" || k%10 == 0 {
						h.mustBeWhole(t)
					}
					if k > 500 {
						t.Fatal("no end of store calls")
					}
				}
			}
			followed[flow] = rounds
		}
		// The follower did every fact once.
		if err := flows["follow"](); err != nil {
			t.Fatal(err)
		}
		want := h.ids(t, policy.System("ledger"), `SELECT 'fact_' || CAST(seq AS TEXT) FROM visible.ledger_entries WHERE verb <> 'ledger.pad' ORDER BY 1`)
		got := h.ids(t, policy.System("ledger"), `SELECT id FROM drafts ORDER BY 1`)
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%d facts followed of %d", len(got), len(want))
		}
		t.Logf("%v store calls failed", followed)
	})
}

// T-24, in company: a fault in one of many concurrent writes. Who was told
// "saved" is there whole; who was told of an error is not, or whole.
func TestStoreCallsFailInCompany(t *testing.T) {
	onBoth(t, func(t *testing.T, p *place) {
		r := dice(t)
		h := p.mustOpen(t)
		for round := range 60 {
			fired := failing(h.db, 1+r.IntN(60), r.IntN(2) == 0)
			var wg sync.WaitGroup
			errs := make([]error, 8)
			for i := range errs {
				wg.Add(1)
				go func() {
					defer wg.Done()
					errs[i] = h.db.Write(context.Background(), member("p1"), func(tx *db.Tx) error {
						id := fmt.Sprintf("post_%d_%d", round, i)
						if err := post(tx, id, "t", round, "", label(policy.Amber, policy.OfCircle(id))); err != nil {
							return err
						}
						return post(tx, id+"_b", "t", round, "", toOrg)
					})
				}()
			}
			wg.Wait()
			hit := fired()
			for i, err := range errs {
				id := fmt.Sprintf("post_%d_%d", round, i)
				n := h.count(t, `SELECT count(*) FROM visible.posts WHERE id = $1 OR id = $2`, id, id+"_b")
				if err == nil && n != 2 || err != nil && n != 0 && (n != 2 || hit != "COMMIT") {
					t.Errorf("round %d, %s on %s: answered %v, %d of 2 there", round, id, hit, err, n)
				}
			}
		}
		h.mustBeWhole(t)
	})
}
