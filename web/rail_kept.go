package web

import (
	"sync"
	"time"
)

// The bounds of what is kept for the rail.
const (
	keptFor  = time.Minute
	keptMost = 2000 // readers
)

// railKept is something that the rail of every page asks for each reader and that
// changes only when something is recorded or time goes by: it is kept until then.
type railKept[T any] struct {
	mu sync.Mutex
	of map[string]railKeptOf[T] // by person
}

type railKeptOf[T any] struct {
	size  int64 // of the ledger
	at    time.Time
	value T
}

// get is what is kept for the page's reader, or what find finds in the page's own
// snapshot.
func (k *railKept[T]) get(c *Ctx, find func() (T, error)) (T, error) {
	size, err := c.Ledger.Size(c.View)
	if err != nil {
		var none T
		return none, err
	}
	now, person := c.View.Now(), c.Viewer.Person
	k.mu.Lock()
	x, ok := k.of[person]
	k.mu.Unlock()
	if ok && x.size == size && now.Sub(x.at).Abs() < keptFor {
		return x.value, nil
	}
	value, err := find()
	if err != nil {
		return value, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.of == nil || len(k.of) >= keptMost {
		k.of = map[string]railKeptOf[T]{}
	}
	k.of[person] = railKeptOf[T]{size, now, value}
	return value, nil
}
