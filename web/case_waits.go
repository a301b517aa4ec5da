package web

import (
	"sync"
	"time"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/internal/fault"
)

// What waits for a reader in the cases is asked for by every page, for the rail,
// and changes only when something is recorded or time goes by: it is kept until
// then.
const (
	waitsCases = 30 // newest open cases that are asked what their next step is
	waitsFor   = time.Minute
	waitsMost  = 2000 // readers
)

type waitsOf struct {
	size  int64 // of the ledger
	at    time.Time
	steps map[string]cases.Step
}

type waitsCache struct {
	mu sync.Mutex
	of map[string]waitsOf
}

func (w *waitsCache) get(person string) (waitsOf, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	x, ok := w.of[person]
	return x, ok
}

func (w *waitsCache) put(person string, x waitsOf) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.of == nil || len(w.of) >= waitsMost {
		w.of = map[string]waitsOf{}
	}
	w.of[person] = x
}

// waits is the next step of each of the newest open cases in which one waits for
// the reader, by case, and of the invitations, by party.
func (c *Ctx) waits() (map[string]cases.Step, error) {
	size, err := c.Ledger.Size(c.View)
	if err != nil {
		return nil, err
	}
	now, key := c.View.Now(), c.Viewer.Person
	if x, ok := c.caseWaits.get(key); ok && x.size == size && now.Sub(x.at).Abs() < waitsFor {
		return x.steps, nil
	}
	steps := map[string]cases.Step{}
	ks, _, err := c.Cases.Cases(c.View, cases.Filter{Open: true}, cases.Cursor{}, waitsCases)
	if err != nil {
		return nil, err
	}
	for _, k := range ks {
		s, err := c.Cases.Next(c.View, k)
		if fault.Is(err, fault.Missing) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if s.Action != "" {
			steps[k.ID] = s
		}
	}
	asked, err := c.Cases.Invitations(c.View)
	if err != nil {
		return nil, err
	}
	for _, in := range asked {
		steps[in.Party] = in.Next()
	}
	c.caseWaits.put(key, waitsOf{size, now, steps})
	return steps, nil
}
