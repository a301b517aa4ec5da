package live

import (
	"fmt"
	"sync"
	"testing"

	"github.com/cordon-isao/cordon/policy"
)

// member is a viewer in good standing whose circles are given.
func member(id string, circles ...string) policy.Viewer {
	m := policy.Membership{Person: id, Org: "org_x", Kind: policy.Provider, OrgStands: policy.Active, Circles: circles}
	return policy.Member(m, id, "X", "sess_"+id, nil, nil)
}

func frame(seq int64, p policy.Principal) Frame {
	return Frame{Seq: seq, Audience: policy.NewAudience(p), Bytes: fmt.Appendf(nil, "id: %d\n\n", seq)}
}

func TestPublishReachesOnlyTheAudience(t *testing.T) {
	h := NewHub()
	in, out := h.Open(member("a", "circle_1")), h.Open(member("b"))
	h.Publish(frame(1, policy.OfCircle("circle_1")), frame(2, policy.Community), frame(3, policy.OfPerson("b")))
	for _, c := range []struct {
		s    *Stream
		want []int64
	}{{in, []int64{1, 2}}, {out, []int64{2, 3}}} {
		for _, want := range c.want {
			if f := <-c.s.C; f.Seq != want {
				t.Errorf("%s got frame %d, want %d", c.s.Viewer().Person, f.Seq, want)
			}
		}
		if len(c.s.C) != 0 {
			t.Errorf("%s got a frame that is not theirs", c.s.Viewer().Person)
		}
	}
}

// TestSlowStreamIsClosed: who cannot keep up is let go, with the reason, and
// holds up nobody else.
func TestSlowStreamIsClosed(t *testing.T) {
	h := NewHub()
	slow, other := h.Open(member("slow")), h.Open(member("other"))
	for i := range int64(buffer + 1) {
		h.Publish(frame(i, policy.Community))
		<-other.C
	}
	<-slow.Done
	if slow.Reason() != "slow" {
		t.Errorf("closed because %q", slow.Reason())
	}
	select {
	case <-other.Done:
		t.Error("the other stream was closed too")
	default:
	}
}

func TestCutClosesWhoLostAccess(t *testing.T) {
	h := NewHub()
	a, b := h.Open(member("a")), h.Open(member("b"))
	h.Cut("access", func(v policy.Viewer) bool { return v.Person == "a" })
	<-a.Done
	select {
	case <-b.Done:
		t.Error("somebody else was cut")
	default:
	}
	h.Stop()
	<-b.Done
	if a.Reason() != "access" || b.Reason() != "stopping" {
		t.Errorf("closed because %q and %q", a.Reason(), b.Reason())
	}
	if h.Open(member("c")) != nil {
		t.Error("a stopped hub took a stream")
	}
}

func TestStreamsAPerson(t *testing.T) {
	h := NewHub()
	var first *Stream
	for range MaxPerPerson {
		if s := h.Open(member("a")); s == nil {
			t.Fatal("refused too early")
		} else if first == nil {
			first = s
		}
	}
	if h.Open(member("a")) != nil {
		t.Errorf("one person has more than %d streams", MaxPerPerson)
	}
	if h.Open(member("b")) == nil {
		t.Error("another person was refused")
	}
	h.Close(first)
	h.Close(first) // closing twice counts once
	if h.Open(member("a")) == nil || h.Open(member("a")) != nil {
		t.Error("a closed stream made room for none, or for two")
	}
}

// TestHubUnderLoad opens, publishes, cuts and closes at once; the race detector
// watches.
func TestHubUnderLoad(t *testing.T) {
	h := NewHub()
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for n := range 200 {
				s := h.Open(member(fmt.Sprint("p", i)))
				h.Publish(frame(int64(n), policy.Community))
				select {
				case <-s.C:
				case <-s.Done:
				}
				if n%10 == 0 {
					h.Cut("access", func(v policy.Viewer) bool { return v.Person == "p0" })
					h.Viewers()
				}
				h.Close(s)
			}
		})
	}
	wg.Wait()
	if h.Len() != 0 {
		t.Errorf("%d streams are left", h.Len())
	}
}
