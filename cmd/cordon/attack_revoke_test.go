package main

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/policy"
)

// TestRevocation: T-05. Whatever somebody's access came from, once it is taken
// the next request is denied and open streams are cut within a second: 500 cases,
// half with a session, half with a token.
func TestRevocation(t *testing.T) {
	w := newTown(t, clock.System())
	m := w.house.members
	// Each case has somebody of its own, in an organization and a circle that last
	// for ten cases.
	type victim struct {
		person, org, session, cookie, token, bearer string
	}
	var longest time.Duration
	cases := 0
	for _, x := range []struct {
		name string
		via  string // "session" or "token" ends only that one; "" both
		lost string // what is not reachable afterwards
		take func(v victim) error
	}{
		{"the session ended by its owner", "session", "topic", func(v victim) error {
			a := w.ask(subject{cookie: v.cookie}, errand{method: "POST", path: "/account/sessions/" + v.session + "/end", kind: "application/x-www-form-urlencoded"})
			return mustBe(a, 303)
		}},
		{"the token revoked by its owner", "token", "topic", func(v victim) error {
			a := w.ask(subject{cookie: v.cookie}, errand{method: "POST", path: "/account/tokens/" + v.token + "/revoke", kind: "application/x-www-form-urlencoded"})
			return mustBe(a, 303)
		}},
		{"signed out everywhere by an operator", "", "topic", func(v victim) error {
			return w.try("dora", func(tx *db.Tx) error { return m.RevokeAll(tx, v.person, "lost laptop") })
		}},
		{"the person suspended", "", "topic", func(v victim) error {
			return w.try("dora", func(tx *db.Tx) error { return m.SuspendPerson(tx, v.person, "left the team") })
		}},
		{"the person removed", "", "topic", func(v victim) error {
			return w.try("dora", func(tx *db.Tx) error { return m.RemovePerson(tx, v.person) })
		}},
		{"no longer a recipient", "", "org topic", func(v victim) error {
			return w.try("dora", func(tx *db.Tx) error { return m.SetRecipient(tx, v.person, false) })
		}},
		{"taken out of the circle", "", "circle", func(v victim) error {
			return w.try("mia", func(tx *db.Tx) error { return m.RemoveFromCircle(tx, w.circles["pumps"], v.person) })
		}},
		{"left the circle", "", "circle", func(v victim) error {
			return w.house.db.Write(context.Background(), w.viewer(v.person), func(tx *db.Tx) error { return m.LeaveCircle(tx, w.circles["pumps"]) })
		}},
		{"the organization suspended", "", "org", func(v victim) error {
			return w.try("dora", func(tx *db.Tx) error { return m.Suspend(tx, v.org, "fees") })
		}},
		{"the organization terminated", "", "org", func(v victim) error {
			return w.try("dora", func(tx *db.Tx) error { return m.Terminate(tx, v.org, "over") })
		}},
	} {
		for n := range 25 {
			v := victim{}
			v.org = w.org(fmt.Sprintf("Org %d of %s", n, x.name), policy.Provider)
			v.person = w.person(v.org, fmt.Sprintf("Victim %d", n))
			w.write(program, func(tx *db.Tx) error {
				c, s, err := m.OpenSession(tx, v.person, "test", "", true)
				v.cookie, v.session = c, s.ID
				return err
			})
			v.bearer = w.token(v.person)
			w.read(w.viewer(v.person), func(view *db.View) error {
				ts, err := m.Tokens(view)
				v.token = ts[0].ID
				return err
			})
			at := w.topics["telnet"]
			switch x.lost {
			case "circle":
				if err := w.try("mia", func(tx *db.Tx) error { return m.AddToCircle(tx, w.circles["pumps"], v.person) }); err != nil {
					t.Fatal(err)
				}
				at = w.topics["pumps"]
			case "org topic":
				at = w.topic(w.viewer(v.person), w.rooms["commons"], "For one house", labelled(policy.Amber, policy.OfOrg(v.org)))
			}
			get := errand{method: "GET", path: "/topics/" + at}
			api := errand{method: "GET", path: "/api/v1/topics/" + at}
			cookie, bearer := subject{cookie: v.cookie}, subject{bearer: v.bearer}
			if a, b := w.ask(cookie, get), w.ask(bearer, api); a.status != 200 || b.status != 200 {
				t.Fatalf("T-05: before %s: %d, %d", x.name, a.status, b.status)
			}
			ctx, cancel := context.WithCancel(context.Background())
			sOut, sEnd := w.stream(ctx, cookie, "/live")
			tOut, tEnd := w.stream(ctx, bearer, "/api/v1/stream")
			for _, open := range []*tap{sOut, tOut} {
				select {
				case <-open.lines:
				case <-time.After(10 * time.Second):
					t.Fatal("a stream does not open")
				}
			}
			begin := time.Now()
			if err := x.take(v); err != nil {
				t.Fatalf("T-05: %s: %v", x.name, err)
			}
			// The very next request.
			a, b := w.ask(cookie, get), w.ask(bearer, api)
			for _, c := range []struct {
				via    string
				got    answerOf
				closed chan struct{}
				out    *tap
			}{{"session", a, sEnd, sOut}, {"token", b, tEnd, tOut}} {
				if x.via != "" && x.via != c.via {
					if c.got.status != 200 {
						t.Errorf("T-05: %s also ended the %s: %d", x.name, c.via, c.got.status)
					}
					continue
				}
				cases++
				if c.got.status == 200 {
					t.Errorf("T-05: after %s the %s still reads: %d", x.name, c.via, c.got.status)
				}
				select {
				case <-c.closed:
					longest = max(longest, time.Since(begin))
				case <-time.After(time.Until(begin.Add(5 * time.Second))):
					t.Errorf("T-05: after %s the %s's stream is still open after 5 s", x.name, c.via)
				}
			}
			cancel()
			<-sEnd
			<-tEnd
		}
	}
	// What closed between somebody's request and the next one is told nothing of
	// what came after.
	for n := range 50 {
		person := w.person(w.orgs["med"], fmt.Sprintf("Reader %d", n))
		if err := w.try("mia", func(tx *db.Tx) error { return m.AddToCircle(tx, w.circles["pumps"], person) }); err != nil {
			t.Fatal(err)
		}
		var cookie string
		w.write(program, func(tx *db.Tx) (err error) {
			cookie, _, err = m.OpenSession(tx, person, "test", "", true)
			return err
		})
		ctx, cancel := context.WithCancel(context.Background())
		out, end := w.stream(ctx, subject{cookie: cookie}, "/live")
		<-out.lines
		if err := w.try("mia", func(tx *db.Tx) error { return m.RemoveFromCircle(tx, w.circles["pumps"], person) }); err != nil {
			t.Fatal(err)
		}
		after := w.topic(w.viewer(w.people["mia"]), w.rooms["pumps"], "After the cut", labelled(policy.Amber, w.ofCircle("pumps")...))
		select {
		case <-end:
			cases++
		case <-time.After(5 * time.Second):
			t.Error("T-05: the stream of somebody who was taken out is still open")
		}
		cancel()
		<-end
		for len(out.lines) > 0 {
			if s := <-out.lines; strings.Contains(s, after) {
				t.Errorf("T-05: the stream told of what came after the cut: %s", s)
			}
		}
	}
	t.Logf("%d cases; the longest time from the act to the end of a stream was %v", cases, longest)
	if cases < 500 {
		t.Errorf("only %d cases", cases)
	}
	if longest > time.Second {
		t.Errorf("T-05: a stream lived %v after its access had ended", longest)
	}
}

func mustBe(a answerOf, status int) error {
	if a.status != status {
		return fmt.Errorf("answered %d, not %d: %s", a.status, status, lastOf(a.body))
	}
	return nil
}
