// Package live carries what just happened to the open pages and programs of
// those who may know it. It knows nothing of the mission: frames come in with an
// audience, and go out to the streams whose viewer meets it.
//
// A stream that cannot keep up, or whose viewer's rights changed, is closed; its
// reader comes back with the last cursor it saw and is sent what it missed, from
// the ledger and in the rights of that moment. So nothing is lost, and nothing
// has to be taken back.
package live

import (
	"sync"

	"github.com/cordon-isao/cordon/policy"
)

// Frame is one event for the streams: ready bytes, and who may have them.
type Frame struct {
	Seq      int64
	Audience policy.Audience
	Bytes    []byte
}

// buffer is how many frames a stream may be behind before it is closed.
const buffer = 256

// Stream is one open connection. Its goroutine reads C until Done is closed.
type Stream struct {
	C    chan Frame
	Done chan struct{}

	viewer policy.Viewer
	once   sync.Once
	reason string
}

// Viewer is in whose name the stream was opened.
func (s *Stream) Viewer() policy.Viewer { return s.viewer }

// Reason says, once Done is closed, why: "access" or "slow" or "stopping".
func (s *Stream) Reason() string { return s.reason }

func (s *Stream) close(reason string) {
	s.once.Do(func() { s.reason = reason; close(s.Done) })
}

// Hub hands frames to streams. It is safe for concurrent use.
type Hub struct {
	mu      sync.RWMutex
	streams map[*Stream]struct{}
	person  map[string]int
	stopped bool
}

// NewHub makes a hub without streams.
func NewHub() *Hub { return &Hub{streams: map[*Stream]struct{}{}, person: map[string]int{}} }

// MaxPerPerson is how many streams one person may hold open at once.
const MaxPerPerson = 50

// Open adds a stream, or returns nil when the person has too many or the hub has
// stopped. From here on the stream gets every frame its viewer may have.
func (h *Hub) Open(viewer policy.Viewer) *Stream {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.stopped || h.person[viewer.Person] >= MaxPerPerson {
		return nil
	}
	s := &Stream{C: make(chan Frame, buffer), Done: make(chan struct{}), viewer: viewer}
	h.streams[s] = struct{}{}
	h.person[viewer.Person]++
	return s
}

// Close removes a stream.
func (h *Hub) Close(s *Stream) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, ok := h.streams[s]; !ok {
		return
	}
	delete(h.streams, s)
	if h.person[s.viewer.Person]--; h.person[s.viewer.Person] == 0 {
		delete(h.person, s.viewer.Person)
	}
	s.close("closed")
}

// Publish sends the frames, in order, to everyone who may have them.
func (h *Hub) Publish(frames ...Frame) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	for s := range h.streams {
		for _, f := range frames {
			if !s.viewer.CanRead(f.Audience) {
				continue
			}
			select {
			case s.C <- f:
				continue
			default:
			}
			s.close("slow")
			break
		}
	}
}

// Cut closes the streams for which lost says so.
func (h *Hub) Cut(reason string, lost func(policy.Viewer) bool) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	for s := range h.streams {
		if lost(s.viewer) {
			s.close(reason)
		}
	}
}

// Viewers lists the viewers of the open streams, each once.
func (h *Hub) Viewers() []policy.Viewer {
	h.mu.RLock()
	defer h.mu.RUnlock()
	seen := map[string]bool{}
	var vs []policy.Viewer
	for s := range h.streams {
		if key := s.viewer.Person + " " + s.viewer.Via; !seen[key] {
			seen[key] = true
			vs = append(vs, s.viewer)
		}
	}
	return vs
}

// Len is the number of open streams.
func (h *Hub) Len() int { h.mu.RLock(); defer h.mu.RUnlock(); return len(h.streams) }

// Stop closes every stream and takes no more.
func (h *Hub) Stop() {
	h.mu.Lock()
	h.stopped = true
	h.mu.Unlock()
	h.Cut("stopping", func(policy.Viewer) bool { return true })
}
