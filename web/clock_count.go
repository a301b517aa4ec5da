package web

import (
	"sync"
	"time"

	"github.com/cordon-isao/cordon/cases"
)

// clockCounts keeps how many clocks of each reader are at risk or over: the rail
// of every page asks, and it changes only when something is recorded or time goes
// by.
type clockCounts struct {
	mu sync.Mutex
	of map[string]clockCount // by person
}

type clockCount struct {
	size int64 // of the ledger
	at   time.Time
	n    int
}

// urgentClocks counts the clocks of the reader's organization that are at risk or
// over.
func (c *Ctx) urgentClocks() (int, error) {
	if c.Cases == nil || c.Viewer.Org == "" {
		return 0, nil
	}
	size, err := c.Ledger.Size(c.View)
	if err != nil {
		return 0, err
	}
	now, key := c.View.Now(), c.Viewer.Person
	c.clockCounts.mu.Lock()
	x, ok := c.clockCounts.of[key]
	c.clockCounts.mu.Unlock()
	if ok && x.size == size && now.Sub(x.at).Abs() < waitsFor {
		return x.n, nil
	}
	os, err := c.Cases.MyClocks(c.View, clocksAPage)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, o := range os {
		if o.State == cases.ClockAtRisk || o.State == cases.ClockOver {
			n++
		}
	}
	c.clockCounts.mu.Lock()
	defer c.clockCounts.mu.Unlock()
	if c.clockCounts.of == nil || len(c.clockCounts.of) >= waitsMost {
		c.clockCounts.of = map[string]clockCount{}
	}
	c.clockCounts.of[key] = clockCount{size, now, n}
	return n, nil
}
