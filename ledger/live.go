package ledger

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/live"
	"github.com/cordon-isao/cordon/internal/seal"
	"github.com/cordon-isao/cordon/policy"
)

// Live sends new entries, without their content, to open streams.
//
// A frame says which object changed and how; its reader asks for the object
// through the ordinary doors, in its own view. The cursor in a frame and on a
// page is the position in the ledger, encrypted afresh each time, so that two
// cursors tell nothing, not even whether anything happened between them (T-13).
type Live struct {
	ledger  *Ledger
	hub     *live.Hub
	box     *seal.Box
	refresh db.Refresh
	beat    time.Duration
}

// NewLive joins a ledger and a hub. refresh tells a viewer's rights of now, or an
// error when its session has ended.
func NewLive(l *Ledger, hub *live.Hub, box *seal.Box, refresh db.Refresh) *Live {
	return &Live{ledger: l, hub: hub, box: box, refresh: refresh, beat: 15 * time.Second}
}

// replayLimit is how many entries a returning stream is sent at most; beyond
// that it is told to load its page again.
const replayLimit = 500

var cursorAAD = []byte("cordon/live/cursor")

func (l *Live) encode(seq int64) string {
	return base64.RawURLEncoding.EncodeToString(l.box.Seal(binary.BigEndian.AppendUint64(nil, uint64(seq)), cursorAAD))
}

func (l *Live) decode(cursor string) (int64, error) {
	b, err := base64.RawURLEncoding.DecodeString(cursor)
	if err == nil && len(cursor) < 200 {
		if b, err = l.box.Open(b, cursorAAD); err == nil && len(b) == 8 {
			return int64(binary.BigEndian.Uint64(b)), nil
		}
	}
	return 0, fault.Invalidf("This cursor is not one of ours. Open the stream without one, or load the page again.")
}

// Cursor is where a page made from this view lets its stream begin.
func (l *Live) Cursor(v *db.View) (string, error) {
	size, err := l.ledger.Size(v)
	return l.encode(size), err
}

// frame makes the bytes of an entry: the same for every reader.
func (l *Live) frame(e Entry) live.Frame {
	data, _ := json.Marshal(struct {
		Verb   string `json:"verb"`
		Object string `json:"object"`
		Parent string `json:"parent,omitempty"`
	}{e.Verb, e.Object, e.Parent})
	b := fmt.Appendf(nil, "event: change\nid: %s\ndata: %s\n\n", l.encode(e.Seq+1), data)
	return live.Frame{Seq: e.Seq, Audience: e.Label.Audience, Bytes: b}
}

// Run feeds the hub until ctx ends and cuts streams whose viewer lost a right.
func (l *Live) Run(ctx context.Context) error {
	var from int64
	if err := l.ledger.db.Read(ctx, policy.System("live"), func(v *db.View) (err error) {
		from, err = l.ledger.Size(v)
		return err
	}); err != nil {
		return err
	}
	// Rights also end with time (an idle session), which no entry announces.
	go func() {
		tick := time.NewTicker(30 * time.Second)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				l.recheck(ctx, func(policy.Viewer) bool { return true })
			}
		}
	}()
	return l.ledger.Tail(ctx, from, func(es []Entry) {
		frames := make([]live.Frame, 0, len(es))
		var access []Entry
		for _, e := range es {
			frames = append(frames, l.frame(e))
			if e.Access {
				access = append(access, e)
			}
		}
		// First cut, then send: who lost access at entry n gets nothing of n+1.
		if len(access) > 0 {
			l.recheck(ctx, func(v policy.Viewer) bool {
				for _, e := range access {
					if touches(e, v) {
						return true
					}
				}
				return false
			})
		}
		l.hub.Publish(frames...)
	})
}

// touches reports whether an entry that changes rights may change the viewer's.
func touches(e Entry, v policy.Viewer) bool {
	for _, id := range []string{e.Object, e.Parent} {
		if id != "" && (id == v.Person || id == v.Org || id == v.Via || v.Principals().Has(policy.OfCircle(id))) {
			return true
		}
	}
	return false
}

// recheck reads the rights of the viewers again and cuts the streams of those
// whose rights are not what they were.
func (l *Live) recheck(ctx context.Context, which func(policy.Viewer) bool) {
	lost := map[string]bool{}
	key := func(v policy.Viewer) string { return v.Person + " " + v.Via }
	for _, who := range l.hub.Viewers() {
		if !which(who) {
			continue
		}
		err := l.ledger.db.Read(ctx, who, func(v *db.View) error {
			fresh, err := l.refresh(v, who)
			lost[key(who)] = err != nil || !fresh.SameRights(who)
			return nil
		})
		if err != nil && ctx.Err() == nil {
			lost[key(who)] = true // in doubt, the reader comes back and is asked
		}
	}
	if len(lost) > 0 {
		l.hub.Cut("access", func(v policy.Viewer) bool { return lost[key(v)] })
	}
}

// Serve answers with a server-sent event stream from a cursor on ("" = from now)
// until the reader goes, falls behind or loses a right. The last frame says
// "bye" with the reason, unless the reader went.
func (l *Live) Serve(w http.ResponseWriter, r *http.Request, viewer policy.Viewer, cursor string) error {
	from := int64(-1)
	if cursor != "" {
		var err error
		if from, err = l.decode(cursor); err != nil {
			return err
		}
	}
	// The stream is open before the past is read, so nothing falls between.
	s := l.hub.Open(viewer)
	if s == nil {
		return fault.Busyf("Too many streams are open for you. Close some pages and try again.")
	}
	defer l.hub.Close(s)
	var past []Entry
	err := l.ledger.db.Read(r.Context(), viewer, func(v *db.View) (err error) {
		fresh, err := l.refresh(v, viewer)
		if err != nil {
			return err
		}
		if !fresh.SameRights(viewer) {
			return fault.Busyf("Your rights changed just now. Open the stream again.")
		}
		if from >= 0 {
			past, err = l.ledger.Range(v, from, replayLimit+1)
		}
		return err
	})
	if err != nil {
		return err
	}
	rc := http.NewResponseController(w)
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	write := func(b []byte) bool {
		rc.SetWriteDeadline(clock.System().Now().Add(20 * time.Second)) // a stuck reader is let go
		_, err := w.Write(b)
		return err == nil && rc.Flush() == nil
	}
	if !write([]byte("retry: 1000\n: open\n\n")) {
		return nil
	}
	if len(past) > replayLimit {
		write([]byte("event: reset\ndata: {}\n\n"))
		past = past[:0]
	}
	sent := from - 1 // the hub may still be handing out what came before the cursor
	for _, e := range past {
		if !write(l.frame(e).Bytes) {
			return nil
		}
		sent = e.Seq
	}
	beat := time.NewTicker(l.beat)
	defer beat.Stop()
	for {
		select {
		case <-r.Context().Done():
			return nil
		case <-s.Done:
			write(fmt.Appendf(nil, "event: bye\ndata: {\"reason\":%q}\n\n", s.Reason()))
			return nil
		case f := <-s.C:
			select {
			case <-s.Done: // cut before this frame was sent
				continue
			default:
			}
			if f.Seq > sent && !write(f.Bytes) {
				return nil
			}
		case <-beat.C:
			if !write([]byte(": beat\n\n")) {
				return nil
			}
		}
	}
}
