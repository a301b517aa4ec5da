package misp

import (
	"context"
	"sync"

	"github.com/cordon-isao/cordon/formats/misp"
	"github.com/cordon-isao/cordon/intel"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/policy"
)

// feed is a feed as one reader may see it, while the store does not change.
type feed struct {
	mark     intel.Mark
	manifest []byte
	hashes   []byte
	events   map[string][]byte
	size     int
	used     uint64
}

// keepBytes bounds what is kept of all feeds; the one used longest ago goes first.
const keepBytes = 64 << 20

// feeds keeps what was made, so that a MISP instance that fetches a thousand events
// has them made once. Two are made at a time, whoever asks.
type feeds struct {
	mu   sync.Mutex
	kept map[string]*feed
	size int
	tick uint64
	sem  chan struct{}
}

func (k *feeds) get(key string, mark intel.Mark) *feed {
	k.mu.Lock()
	defer k.mu.Unlock()
	f := k.kept[key]
	if f == nil || f.mark != mark {
		return nil
	}
	k.tick++
	f.used = k.tick
	return f
}

func (k *feeds) put(key string, f *feed) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.kept == nil {
		k.kept = map[string]*feed{}
	}
	if old := k.kept[key]; old != nil {
		k.size -= old.size
	}
	k.tick++
	f.used = k.tick
	k.kept[key], k.size = f, k.size+f.size
	for k.size > keepBytes && len(k.kept) > 1 {
		oldest := ""
		for name, g := range k.kept {
			if g != f && (oldest == "" || g.used < k.kept[oldest].used) {
				oldest = name
			}
		}
		k.size -= k.kept[oldest].size
		delete(k.kept, oldest)
	}
}

// turn waits until another feed may be made.
func (k *feeds) turn(ctx context.Context) (done func(), err error) {
	k.mu.Lock()
	if k.sem == nil {
		k.sem = make(chan struct{}, 2)
	}
	sem := k.sem
	k.mu.Unlock()
	select {
	case sem <- struct{}{}:
		return func() { <-sem }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// feed is the reader's feed at this moment. What is kept is the same for whoever
// has the same principals; a mark of the store says whether it still holds.
func (s *Server) feed(ctx context.Context, who policy.Viewer, reach intel.Reach, mark intel.Mark) (*feed, error) {
	key := string(reach) + " " + who.Principals().ID()
	if f := s.feeds.get(key, mark); f != nil {
		return f, nil
	}
	done, err := s.feeds.turn(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	var f *feed
	err = s.DB.Read(ctx, who, func(v *db.View) error {
		now, err := s.Members.Refresh(v, who)
		if err != nil {
			return err
		}
		v = v.As(now)
		mark, err := s.Intel.Mark(v)
		if err != nil {
			return err
		}
		key = string(reach) + " " + now.Principals().ID()
		if f = s.feeds.get(key, mark); f != nil {
			return nil
		}
		events, err := s.Intel.MISPFeed(v, reach)
		if err != nil {
			return err
		}
		f = newFeed(events)
		f.mark = mark
		return nil
	})
	if err == nil {
		s.feeds.put(key, f)
	}
	return f, err
}

func newFeed(events []misp.Event) *feed {
	f := &feed{manifest: misp.NewManifest(events).JSON(), hashes: misp.HashesCSV(events), events: map[string][]byte{}}
	for _, e := range events {
		f.events[e.UUID] = e.JSON()
		f.size += len(f.events[e.UUID])
	}
	f.size += len(f.manifest) + len(f.hashes) + 1<<10
	return f
}
