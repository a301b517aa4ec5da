package main

import (
	"bytes"
	"context"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/policy"
)

// pairOfStreams is the same stream in both towns.
type pairOfStreams struct {
	who    string
	a, b   *tap
	closed [2]chan struct{}
	cancel context.CancelFunc
}

// live opens each subject's streams in both towns: one from before they parted,
// one from now on.
func (x *twins) live(before map[string]string) {
	for _, s := range x.subjects(x.a) {
		for _, path := range []string{"/live", "/live?cursor=" + before[s.name], "/api/v1/stream"} {
			if s.cookie == "" && path != "/api/v1/stream" || before[s.name] == "" && strings.HasSuffix(path, "=") {
				continue
			}
			ctx, cancel := context.WithCancel(context.Background())
			p := &pairOfStreams{who: s.name + " on " + path, cancel: cancel}
			p.a, p.closed[0] = x.a.stream(ctx, s, path)
			p.b, p.closed[1] = x.b.stream(ctx, s, path)
			x.open = append(x.open, p)
		}
	}
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if x.a.house.hub.Len() == x.b.house.hub.Len() && x.a.house.hub.Len() >= 8 {
			break
		}
	}
}

// stop ends the streams after a last act that everybody sees, and compares what
// came on them.
func (x *twins) stop() {
	var last [2]string
	x.both("topic", "mia", func(w *town, tx *db.Tx) (string, error) {
		id, _, err := w.house.forum.StartTopic(tx, w.rooms["commons"], forum.NewTopic{Title: "The last", Body: "The last.", Label: labelled(policy.Green, policy.Community)})
		if w == x.a {
			last[0] = id
		} else {
			last[1] = id
		}
		return id, err
	})
	x.samePosts(map[*town]string{x.a: last[0], x.b: last[1]})
	frames := 0
	for _, p := range x.open {
		a := x.collect(p.a, last[0], p.closed[0])
		b := x.collect(p.b, last[1], p.closed[1])
		p.cancel()
		<-p.closed[0]
		<-p.closed[1]
		frames += len(a)
		ta, tb := x.plain(strings.Join(a, "\n\n"), false), x.plain(strings.Join(b, "\n\n"), true)
		if ta != tb || p.a.status != p.b.status || !cmp.Equal(x.plainHeader(p.a.header, false), x.plainHeader(p.b.header, true)) {
			x.t.Errorf("T-01: the streams of %s differ: %d, %d, %s", p.who, p.a.status, p.b.status, firstDifference(ta, tb))
		}
	}
	if frames < 100 {
		x.t.Errorf("only %d frames came on %d streams", frames, len(x.open))
	}
}

// collect takes the frames up to the last act, or until the stream ends.
func (x *twins) collect(r *tap, last string, closed chan struct{}) (list []string) {
	take := func(s string) bool {
		if !strings.HasPrefix(s, ": beat") {
			list = append(list, s)
		}
		return strings.Contains(s, "topic.started") && strings.Contains(s, last)
	}
	for {
		select {
		case s := <-r.lines:
			if take(s) {
				time.Sleep(20 * time.Millisecond)
				for len(r.lines) > 0 {
					take(<-r.lines)
				}
				return list
			}
		case <-closed:
			for len(r.lines) > 0 {
				take(<-r.lines)
			}
			return append(list, string(bytes.TrimSpace(r.left)))
		case <-time.After(3 * time.Second):
			return append(list, "(nothing more)")
		}
	}
}
