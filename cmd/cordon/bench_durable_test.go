package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/policy"
)

// BenchmarkDurable writes posts by 64 writers at once, each acknowledged only
// when it is on disk, through the duties and through HTTP, beside one fsync after
// another on the same disk (a 4 KiB block each). The two take turns within the
// run. The ratio says how many posts are saved in the time of one fsync (issue:
// at least 8).
//
//	go test ./cmd/cordon -run '^$' -bench '^BenchmarkDurable$' -benchtime 1x
func BenchmarkDurable(b *testing.B) {
	dir := b.TempDir()
	w := openWorld(b, plan{Data: dir, Demo: true, Clock: clock.System()}, true)
	org := w.org("Writers", policy.Manufacturer)
	const writers = 64
	var people []policy.Viewer
	var tokens []string
	for i := range writers {
		id := w.person(org, fmt.Sprintf("Writer %d", i))
		people, tokens = append(people, w.viewer(id)), append(tokens, w.token(id))
	}
	room := w.room("Room", policy.Green, policy.Community)
	var topics []string
	for i := range 8 {
		topics = append(topics, w.topic(people[i], room, fmt.Sprintf("Topic %d", i), policy.Label{TLP: policy.Green, Audience: policy.NewAudience(policy.Community)}))
	}
	var number atomic.Int64
	doors := map[string]func(i int) error{
		"duty": func(i int) error {
			body := fmt.Sprintf("Post %d about a pump.", number.Add(1))
			return w.house.db.Write(b.Context(), people[i], func(tx *db.Tx) error {
				_, _, err := w.house.forum.Reply(tx, topics[i%len(topics)], forum.NewPost{Body: body})
				return err
			})
		},
		"http": func(i int) error {
			a := sendJSON(w.client, "POST", w.url+"/api/v1/topics/"+topics[i%len(topics)]+"/posts", tokens[i], fmt.Appendf(nil, `{"body":"Post %d about a pump."}`, number.Add(1)))
			if a != http.StatusCreated {
				return fmt.Errorf("answered %d", a)
			}
			return nil
		},
	}
	for _, door := range []string{"duty", "http"} {
		b.Run(door, func(b *testing.B) {
			const rounds, each = 5, 20 // writes of each writer a round
			var rates, limits, ratios []float64
			for range b.N {
				for range rounds {
					limit := fsyncs(b, dir, 200)
					began := time.Now()
					var wg sync.WaitGroup
					for i := range writers {
						wg.Go(func() {
							for range each {
								if err := doors[door](i); err != nil {
									b.Error(err)
									return
								}
							}
						})
					}
					wg.Wait()
					rate := writers * each / time.Since(began).Seconds()
					rates, limits, ratios = append(rates, rate), append(limits, limit), append(ratios, rate/limit)
				}
			}
			b.ReportMetric(median(rates), "posts/s")
			b.ReportMetric(median(limits), "fsyncs/s")
			b.ReportMetric(median(ratios), "posts/fsync")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// fsyncs is how many fsyncs a second the disk of a folder does, one after
// another.
func fsyncs(b *testing.B, dir string, n int) float64 {
	b.Helper()
	f, err := os.CreateTemp(dir, "fsync")
	if err != nil {
		b.Fatal(err)
	}
	defer os.Remove(filepath.Clean(f.Name()))
	defer f.Close()
	block := make([]byte, 4096)
	began := time.Now()
	for range n {
		if _, err := f.Write(block); err != nil {
			b.Fatal(err)
		}
		if err := f.Sync(); err != nil {
			b.Fatal(err)
		}
	}
	return float64(n) / time.Since(began).Seconds()
}
