package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/members"
	"github.com/cordon-isao/cordon/policy"
)

// T-26: the clock jumps 200 times, by a second to ten years, forwards and
// backwards. Sessions, tokens, links and the day that a recovery takes hold and
// end by the time that it is; what was written stays in the order in which it was
// written; what is sent again within two days is not done twice; nothing fails
// otherwise.
func TestClockJumps(t *testing.T) {
	roll := seeded(t, 26)
	clk := clock.NewManual(time.Date(2026, 3, 28, 23, 59, 59, 0, time.UTC))
	w := openWorld(t, plan{Data: t.TempDir(), Demo: true, Clock: clk}, true)
	org := w.org("Writers", policy.Manufacturer)
	wim, lost := w.person(org, "Wim"), w.person(org, "Lost")
	second := w.person(w.desk.Org, "Second Desk", policy.RoleDesk)
	room := w.room("Room", policy.Green, policy.Community)
	topic := w.topic(w.viewer(wim), room, "Topic", policy.Label{TLP: policy.Green, Audience: policy.NewAudience(policy.Community)})

	var p mortal
	made := func() {
		w.write(program, func(tx *db.Tx) (err error) {
			if p.token, err = w.house.members.SeedToken(tx, wim, members.NewToken{Name: "t", Scopes: policy.Scopes(), Days: 30}); err != nil {
				return err
			}
			p.tokenEnds = tx.Now().Add(30 * 24 * time.Hour)
			p.cookie, p.session, err = w.house.members.OpenSession(tx, wim, "test", "", true)
			return err
		})
		w.write(w.desk, func(tx *db.Tx) (err error) {
			p.link, err = w.house.members.InviteOrganization(tx, "Newcomer")
			return err
		})
	}
	made()
	var recovery string
	var ready time.Time
	w.write(operator, func(tx *db.Tx) (err error) {
		recovery, err = w.house.members.AdminRecovery(tx, lost, w.desk.Person, second, "Known by voice, called back.")
		ready = tx.Now().Add(24 * time.Hour)
		return err
	})

	jumps := []time.Duration{time.Microsecond, time.Second, time.Minute, 29 * time.Minute, 31 * time.Minute, time.Hour, 23*time.Hour + 59*time.Minute, 25 * time.Hour,
		47 * time.Hour, 8 * 24 * time.Hour, 31 * 24 * time.Hour, 366 * 24 * time.Hour, 3653 * 24 * time.Hour}
	home := clk.Now()
	var written []string
	for i := range cycles(200) {
		if i%40 == 39 { // come home, so that there is something left to end
			clk.Set(home)
			made()
		}
		jump := jumps[roll.below(len(jumps))]
		if roll.below(2) == 0 {
			jump = -jump
		}
		// Written before the jump, sent again after it.
		body, key := fmt.Sprintf("Words %d.", i), fmt.Sprintf("k%d", i)
		before := w.reply(wim, topic, body, key)
		written = append(written, before)
		was := clk.Now()
		clk.Add(jump)
		now := clk.Now()
		say := fmt.Sprintf("jump %d, by %v to %v", i, jump, now)
		if again := w.reply(wim, topic, body, key); again != before {
			t.Fatalf("%s: what was sent again was done twice", say)
		}
		written = append(written, w.reply(wim, topic, fmt.Sprintf("After %d.", i), ""))
		p.check(t, w, now, say)

		var err error
		w.write(program, func(tx *db.Tx) error {
			_, err = w.house.members.RecoveryLink(tx, recovery)
			tx.Append(db.Entry{Verb: "test.looked", Object: "recovery", Label: policy.Label{TLP: policy.Red, Audience: policy.NewAudience(policy.OfPerson(wim))}})
			return nil
		})
		if fault.Is(err, fault.Conflict) != now.Before(ready) || err != nil && !fault.Is(err, fault.Conflict) {
			t.Fatalf("%s: the recovery is ready %v: %v", say, ready, err)
		}
		draft := forum.Draft{Key: "reply:" + topic, Body: body}
		if err := w.house.db.Note(t.Context(), w.viewer(wim), func(tx *db.Tx) error { return w.house.forum.SaveDraft(tx, draft) }); err != nil {
			t.Fatalf("%s: %v", say, err)
		}
		w.read(w.viewer(wim), func(v *db.View) error {
			if d, err := w.house.forum.Draft(v, draft.Key); err != nil || d.Body != body {
				t.Fatalf("%s: the draft says %q: %v", say, d.Body, err)
			}
			if _, err := w.house.forum.Inbox(v, forum.Cursor{}, 50); err != nil {
				t.Fatalf("%s: %v", say, err)
			}
			_, err := w.house.forum.Topics(v, room, forum.Cursor{}, 50)
			return err
		})
		if roll.below(3) == 0 {
			clk.Set(was)
		}
	}
	var got []string
	w.read(w.viewer(wim), func(v *db.View) error {
		for after := (forum.Cursor{}); ; {
			ps, err := w.house.forum.Posts(v, topic, after, 100)
			if err != nil || len(ps) == 0 {
				return err
			}
			for _, post := range ps {
				got = append(got, post.ID)
			}
			after = ps[len(ps)-1].Cursor()
		}
	})
	if len(got) == 0 || !slices.Equal(got[1:], written) {
		t.Errorf("%d posts were written; %d are read, or in another order", len(written), len(got)-1)
	}
	r, err := w.house.ledger.Verify(t.Context(), nil)
	if err != nil || !r.Whole() {
		t.Errorf("the ledger is not whole: %v %v", r.Problems, err)
	}
}

// mortal is what ends with time.
type mortal struct {
	token     string
	tokenEnds time.Time
	cookie    string
	session   members.Session
	link      members.Link
}

// check asks with each, and compares with what the time says.
func (p *mortal) check(t *testing.T, w *world, now time.Time, say string) {
	t.Helper()
	get := func(set func(*http.Request)) int {
		req, err := http.NewRequest("GET", w.url+"/api/v1/me", nil)
		if err != nil {
			t.Fatal(err)
		}
		set(req)
		resp, err := w.client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		var me map[string]any
		if err := json.NewDecoder(resp.Body).Decode(&me); err != nil {
			t.Fatalf("%s: %v", say, err)
		}
		return resp.StatusCode
	}
	want := func(holds bool) int {
		if holds {
			return http.StatusOK
		}
		return http.StatusUnauthorized
	}
	if got := get(func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+p.token) }); got != want(now.Before(p.tokenEnds)) {
		t.Fatalf("%s: a token until %v is answered %d", say, p.tokenEnds, got)
	}
	holds := now.Before(p.session.Ends) && now.Before(p.session.LastSeen.Add(p.session.Idle))
	if got := get(func(r *http.Request) {
		r.AddCookie(&http.Cookie{Name: "cordon", Value: p.cookie})
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}); got != want(holds) {
		t.Fatalf("%s: a session until %v, seen %v, is answered %d", say, p.session.Ends, p.session.LastSeen, got)
	}
	if holds && p.session.NeedsTouch(now) {
		p.session.LastSeen = now
	}
	w.read(policy.Anonymous(), func(v *db.View) error {
		if _, err := w.house.members.OpenLink(v, p.link.Secret); (err == nil) != now.Before(p.link.Expires) {
			t.Fatalf("%s: a link until %v: %v", say, p.link.Expires, err)
		}
		return nil
	})
}

// reply writes a post and returns its id.
func (w *world) reply(person, topic, body, key string) (id string) {
	w.t.Helper()
	w.write(w.viewer(person), func(tx *db.Tx) (err error) {
		id, _, err = w.house.forum.Reply(tx, topic, forum.NewPost{Body: body, Key: key})
		return err
	})
	return id
}
