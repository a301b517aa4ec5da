package db_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/policy"
)

// BenchmarkWrite64 is durable posts, each with its ledger entry, by 64 writers
// at once, beside one fsync after another of the same disk in the same run. The
// ratio says how many posts are saved in the time of one fsync.
func BenchmarkWrite64(b *testing.B) {
	p := sqlitePlace(b)
	h := p.mustOpen(b)
	f, err := os.Create(filepath.Join(p.dir, "fsync"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	block := make([]byte, 4096)
	const syncs = 400
	start := time.Now()
	for range syncs {
		if _, err := f.Write(block); err != nil {
			b.Fatal(err)
		}
		if err := f.Sync(); err != nil {
			b.Fatal(err)
		}
	}
	limit := syncs / time.Since(start).Seconds()
	var next atomic.Int64
	var wg sync.WaitGroup
	b.ResetTimer()
	for range 64 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for {
				n := next.Add(1)
				if n > int64(b.N) {
					return
				}
				if err := h.post(name(int(n))); err != nil {
					b.Error(err)
					return
				}
			}
		}()
	}
	wg.Wait()
	b.StopTimer()
	rate := float64(b.N) / b.Elapsed().Seconds()
	b.ReportMetric(rate, "posts/s")
	b.ReportMetric(limit, "fsyncs/s")
	b.ReportMetric(rate/limit, "posts/fsync")
}

// BenchmarkVisible is a page of the newest 50 posts that the viewer may read, a
// tenth of all.
func BenchmarkVisible(b *testing.B) {
	for _, posts := range []int{1_000, 20_000} {
		b.Run(fmt.Sprint(posts), func(b *testing.B) {
			h := sqlitePlace(b).mustOpen(b)
			for from := 0; from < posts; from += 1000 {
				err := h.db.Write(context.Background(), policy.System("ledger"), func(tx *db.Tx) error {
					tx.Append(db.Entry{Verb: "posts.made", Object: "p", Label: toOrg})
					for i := from; i < from+1000; i++ {
						aud, err := tx.Store(policy.NewAudience(policy.OfCircle(fmt.Sprintf("c%d", i%10))))
						if err != nil {
							return err
						}
						if _, err := tx.Exec(`INSERT INTO posts (id, topic, world, body, tlp, audience) VALUES ($1, 't', 0, 'words', 'AMBER', $2)`, fmt.Sprintf("post_%07d", i), aud); err != nil {
							return err
						}
					}
					return nil
				})
				if err != nil {
					b.Fatal(err)
				}
			}
			who := member("p1", "c3")
			for b.Loop() {
				if got := h.ids(b, who, `SELECT id FROM visible.posts WHERE world = 0 ORDER BY id DESC LIMIT 50`); len(got) != 50 {
					b.Fatal(len(got))
				}
			}
		})
	}
}
