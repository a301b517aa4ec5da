package members

import (
	"context"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
)

// TestRevocationTakesEffect: whatever takes a right away is seen by the next
// write and the next refresh (T-05).
func TestRevocationTakesEffect(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		token, s := h.signIn(h.eng)
		who, _, err := h.auth(token)
		h.must(err)
		if !who.Principals().Has(policy.OfOrg(h.pumps)) || who.Via != s.ID {
			t.Fatalf("signed in as %+v", who)
		}
		refresh := func(who policy.Viewer) (fresh policy.Viewer, err error) {
			err = h.db.Read(context.Background(), who, func(v *db.View) (err error) { fresh, err = h.m.Refresh(v, who); return err })
			return fresh, err
		}
		if fresh, err := refresh(who); err != nil || !fresh.SameRights(who) {
			t.Fatalf("nothing changed, and the refresh gives %+v, %v", fresh, err)
		}
		post := func(tx *db.Tx) error {
			if !tx.Viewer().May(policy.MayPost) || !tx.Viewer().Principals().Has(policy.OfOrg(h.pumps)) {
				return fault.Forbiddenf("No.")
			}
			tx.Append(db.Entry{Verb: "test.posted", Object: "x", Label: toCommunity()})
			return nil
		}
		h.must(h.write(who, post))

		// Taken off the recipients, with the viewer value of before.
		h.does(h.lin, func(tx *db.Tx) error { return h.m.SetRecipient(tx, h.eng, false) })
		h.refused(who, fault.Forbidden, post)
		h.does(h.lin, func(tx *db.Tx) error { return h.m.SetRecipient(tx, h.eng, true) })
		h.must(h.write(who, post))

		// Suspended and back, the person and the organization.
		h.does(h.lin, func(tx *db.Tx) error { return h.m.SuspendPerson(tx, h.eng, "lost laptop") })
		h.refused(who, fault.Forbidden, post)
		if fresh, err := refresh(who); err != nil || fresh.InGoodStanding() {
			t.Errorf("a suspended person is refreshed as %+v, %v", fresh, err)
		}
		h.does(h.lin, func(tx *db.Tx) error { return h.m.ReinstatePerson(tx, h.eng, "found again") })
		h.does(h.ana, func(tx *db.Tx) error { return h.m.Suspend(tx, h.pumps, "breach of label") })
		h.refused(who, fault.Forbidden, post)
		h.does(h.ana, func(tx *db.Tx) error { return h.m.Reinstate(tx, h.pumps, "settled") })
		h.must(h.write(who, post))

		// The session itself.
		h.must(h.write(who, func(tx *db.Tx) error { return h.m.RevokeSession(tx, s.ID) }))
		h.refused(who, fault.Forbidden, post)
		if _, err := refresh(who); !fault.Is(err, fault.Forbidden) {
			t.Errorf("a revoked session is refreshed: %v", err)
		}
		if _, _, err := h.auth(token); !fault.Is(err, fault.Forbidden) {
			t.Errorf("a revoked session signs in: %v", err)
		}
		if h.verbs(s.ID)["session.revoked"] != 1 {
			t.Error("the revocation left no entry")
		}
		// A person who leaves.
		token, _ = h.signIn(h.eng)
		who, _, err = h.auth(token)
		h.must(err)
		h.does(h.lin, func(tx *db.Tx) error { return h.m.RemovePerson(tx, h.eng) })
		h.refused(who, fault.Forbidden, post)
		if _, _, err := h.auth(token); !fault.Is(err, fault.Forbidden) {
			t.Errorf("somebody who left signs in: %v", err)
		}
	})
}

// TestAccessEntries: each change of rights is marked so that live streams are
// checked at once.
func TestAccessEntries(t *testing.T) {
	h := furnished(t, "", Options{})
	token, s := h.signIn(h.eng)
	who, _, err := h.auth(token)
	h.must(err)
	var circle string
	h.does(h.lin, func(tx *db.Tx) (err error) {
		circle, err = h.m.FormCircle(tx, NewCircle{Name: "Alarm team"})
		return err
	})
	steps := []func(tx *db.Tx) error{
		func(tx *db.Tx) error { return h.m.SetRecipient(tx, h.dev, true) },
		func(tx *db.Tx) error { return h.m.SetRoles(tx, h.eng, []policy.Role{policy.RoleOfficer}) },
		func(tx *db.Tx) error { return h.m.SuspendPerson(tx, h.dev, "a reason") },
		func(tx *db.Tx) error { return h.m.AddToCircle(tx, circle, h.eng) },
		func(tx *db.Tx) error { return h.m.RemoveFromCircle(tx, circle, h.eng) },
	}
	for i, step := range steps {
		var from int64
		h.read(policy.System("test"), func(v *db.View) (err error) { from, err = h.led.Size(v); return err })
		h.does(h.lin, step)
		marked := false
		h.read(policy.System("test"), func(v *db.View) error {
			es, err := h.led.Range(v, from, 100)
			for _, e := range es {
				marked = marked || e.Access
			}
			return err
		})
		if !marked {
			t.Errorf("step %d changes rights and no entry says so", i)
		}
	}
	h.must(h.write(who, func(tx *db.Tx) error { return h.m.RevokeSession(tx, s.ID) }))
}

func TestSessionLife(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		// Idle: 30 minutes, 15 for the desk and operators.
		member, ms := h.signIn(h.eng)
		staff, _ := h.signIn(h.bo)
		h.clock.Add(14 * time.Minute)
		for _, tok := range []string{member, staff} {
			if _, _, err := h.auth(tok); err != nil {
				t.Fatalf("after 14 idle minutes: %v", err)
			}
		}
		h.clock.Add(time.Minute)
		if _, _, err := h.auth(staff); !fault.Is(err, fault.Forbidden) {
			t.Errorf("the desk's session lives after 15 idle minutes: %v", err)
		}
		if _, s, err := h.auth(member); err != nil || s.StepUpFresh(h.clock.Now()) {
			t.Errorf("a member after 15 idle minutes: %v, fresh %v", err, s.StepUpFresh(h.clock.Now()))
		}
		// Use keeps it alive, noted at most once a minute, never past 12 hours.
		for range 34 {
			h.clock.Add(14 * time.Minute)
			who, s, err := h.auth(member)
			h.must(err)
			if !s.NeedsTouch(h.clock.Now()) {
				t.Fatal("14 idle minutes need no touch")
			}
			h.must(h.note(who, func(tx *db.Tx) error { return h.m.Touch(tx, s.ID) }))
			if _, s, _ = h.auth(member); s.NeedsTouch(h.clock.Now()) {
				t.Fatal("a touched session needs a touch at once")
			}
		}
		if got := h.clock.Now().Sub(ms.Made); got > 12*time.Hour {
			t.Fatalf("the test went %v far", got)
		}
		h.clock.Set(ms.Made.Add(12 * time.Hour))
		if _, _, err := h.auth(member); !fault.Is(err, fault.Forbidden) {
			t.Errorf("a session lives after 12 hours: %v", err)
		}
	})
}

// TestSessionsCapped: the eleventh ends the oldest (T-44).
func TestSessionsCapped(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		var tokens []string
		for range 11 {
			tok, _ := h.signIn(h.eng)
			tokens = append(tokens, tok)
			h.clock.Add(time.Second)
		}
		if _, _, err := h.auth(tokens[0]); !fault.Is(err, fault.Forbidden) {
			t.Errorf("the oldest of eleven lives: %v", err)
		}
		who, _, err := h.auth(tokens[10])
		h.must(err)
		h.read(who, func(v *db.View) error {
			ss, err := h.m.Sessions(v)
			if len(ss) != 10 || ss[0].ID != who.Via {
				t.Errorf("%d sessions are listed, newest %s", len(ss), ss[0].ID)
			}
			return err
		})
		h.must(h.write(who, func(tx *db.Tx) error { return h.m.RevokeOthers(tx) }))
		for _, tok := range tokens[1:10] {
			if _, _, err := h.auth(tok); err == nil {
				t.Error("a session outlives logout everywhere else")
			}
		}
		_, _, err = h.auth(tokens[10])
		h.must(err)
		// Nobody ends another's session; it does not even exist for them.
		h.refused(h.as(h.nurse), fault.Missing, func(tx *db.Tx) error { return h.m.RevokeSession(tx, who.Via) })
		h.does(h.ana, func(tx *db.Tx) error { return h.m.RevokeAll(tx, h.eng, "stolen laptop") })
		if _, _, err := h.auth(tokens[10]); err == nil {
			t.Error("a session outlives the operator's revocation")
		}
	})
}

// TestSessionFixation: a sign-in in a browser that had a session ends that one.
func TestSessionFixation(t *testing.T) {
	h := furnished(t, "", Options{})
	old, _ := h.signIn(h.nurse)
	h.must(h.write(policy.System("demo"), func(tx *db.Tx) error { _, _, err := h.m.OpenSession(tx, h.eng, "", old, false); return err }))
	if _, _, err := h.auth(old); !fault.Is(err, fault.Forbidden) {
		t.Errorf("the session before the sign-in lives on: %v", err)
	}
	for _, bad := range []string{"", "x", old[:42], old + "A", "' OR 1=1 --"} {
		if _, _, err := h.auth(bad); fault.Sentence(err) != fault.Sentence(errEnded) {
			t.Errorf("%q is answered with %v", bad, err)
		}
	}
}

// twoPasskeys gives a person two passkeys that nobody holds.
func (h *house) twoPasskeys(person string) {
	h.must(h.write(policy.System("demo"), func(tx *db.Tx) error {
		for _, id := range []string{"a", "b"} {
			if _, err := tx.Exec(`INSERT INTO passkeys (id, person, credential, name, record, counter, made_at, used_at, blocked_at) VALUES ($1, $2, $1, 'test', '{}', 0, 1, 0, 0)`, id+person, person); err != nil {
				return err
			}
		}
		tx.Append(db.Entry{Verb: "passkey.added", Object: person, Label: toPerson(person), Data: struct{}{}})
		return nil
	}))
}

func TestTokens(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		tok, _ := h.signIn(h.eng)
		who, _, err := h.auth(tok)
		h.must(err)
		// A token opens what two passkeys protect.
		h.refused(who, fault.Conflict, func(tx *db.Tx) error {
			_, _, err := h.m.MakeToken(tx, NewToken{Name: "SIEM", Scopes: []policy.Scope{policy.ScopeRead}})
			return err
		})
		h.twoPasskeys(h.eng)
		var text string
		var made APIToken
		h.must(h.write(who, func(tx *db.Tx) (err error) {
			text, made, err = h.m.MakeToken(tx, NewToken{Name: "SIEM", Scopes: []policy.Scope{policy.ScopeRead}})
			return err
		}))
		if made.Expires.Sub(h.clock.Now()) != 90*24*time.Hour {
			t.Errorf("a token lasts %v by default", made.Expires.Sub(h.clock.Now()))
		}
		auth := func(text string) (who policy.Viewer, t APIToken, err error) {
			err = h.db.Read(context.Background(), policy.Anonymous(), func(v *db.View) (err error) {
				who, t, err = h.m.AuthenticateToken(v, text)
				return err
			})
			return who, t, err
		}
		viewer, _, err := auth(text)
		h.must(err)
		if !viewer.IsToken() || viewer.May(policy.MayPost) || !viewer.May(policy.MayExport) || viewer.Person != h.eng {
			t.Errorf("a read token is %+v", viewer)
		}
		// No token makes, lists or ends what belongs to the account.
		h.refused(viewer, fault.Forbidden, func(tx *db.Tx) error {
			_, _, err := h.m.MakeToken(tx, NewToken{Name: "more", Scopes: []policy.Scope{policy.ScopeWrite}})
			return err
		})
		h.refused(viewer, fault.Forbidden, func(tx *db.Tx) error { return h.m.RevokeOthers(tx) })
		h.refused(viewer, fault.Forbidden, func(tx *db.Tx) error { return h.m.SetListed(tx, true) })
		h.refused(viewer, fault.Forbidden, func(tx *db.Tx) error { return h.m.RevokeAll(tx, h.eng, "x") })

		// Unknown, mistyped, expired, revoked: one answer.
		other := text[:len(text)-9]
		other = other[:len(other)-1] + map[bool]string{true: "1", false: "0"}[other[len(other)-1] == '0']
		for _, bad := range []string{"", text + " ", other + text[len(text)-9:], "cordon_pat_", tokenPrefix + "a_b_c"} {
			if _, _, err := auth(bad); fault.Sentence(err) != fault.Sentence(errToken) {
				t.Errorf("%q is answered with %v", bad, err)
			}
		}
		h.must(h.note(viewer, func(tx *db.Tx) error { return h.m.TouchToken(tx, made.ID) }))
		h.read(who, func(v *db.View) error {
			ts, err := h.m.Tokens(v)
			if err == nil && (len(ts) != 1 || !ts[0].LastUsed.Equal(h.clock.Now().Truncate(24*time.Hour)) || ts[0].NeedsTouch(h.clock.Now())) {
				t.Errorf("tokens are %+v", ts)
			}
			return err
		})
		h.must(h.write(who, func(tx *db.Tx) error { return h.m.RevokeToken(tx, made.ID) }))
		if _, _, err := auth(text); fault.Sentence(err) != fault.Sentence(errToken) {
			t.Errorf("a revoked token is answered with %v", err)
		}
		h.refused(viewer, fault.Forbidden, func(tx *db.Tx) error { return nil })

		// Expiry, and the owner's suspension.
		var short string
		h.system(func(tx *db.Tx) (err error) {
			short, err = h.m.SeedToken(tx, h.eng, NewToken{Name: "short", Scopes: policy.Scopes(), Days: 1})
			return err
		})
		viewer, _, err = auth(short)
		h.must(err)
		if !viewer.May(policy.MayPost) || viewer.May(policy.MayFormCircle) {
			t.Errorf("a full token may form circles or not post")
		}
		h.does(h.lin, func(tx *db.Tx) error { return h.m.SuspendPerson(tx, h.eng, "a reason") })
		if _, _, err := auth(short); !fault.Is(err, fault.Forbidden) {
			t.Errorf("a suspended person's token works: %v", err)
		}
		h.refused(viewer, fault.Forbidden, func(tx *db.Tx) error { return nil })
		h.does(h.lin, func(tx *db.Tx) error { return h.m.ReinstatePerson(tx, h.eng, "a reason") })
		h.clock.Add(24 * time.Hour)
		if _, _, err := auth(short); !fault.Is(err, fault.Forbidden) {
			t.Errorf("an expired token works: %v", err)
		}
		for _, bad := range []NewToken{{}, {Name: "x"}, {Name: "x", Scopes: []policy.Scope{"all"}}, {Name: "x", Scopes: policy.Scopes(), Days: 91}} {
			h.refused(h.as(h.eng), fault.Invalid, func(tx *db.Tx) error { _, _, err := h.m.MakeToken(tx, bad); return err })
		}
	})
}

func TestAttempts(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		try := func() (wait time.Duration) {
			h.must(h.note(policy.Anonymous(), func(tx *db.Tx) (err error) { wait, err = h.m.Attempt(tx, "link:x"); return err }))
			return wait
		}
		locked := func() error {
			return h.db.Read(context.Background(), policy.Anonymous(), func(v *db.View) error { return h.m.Locked(v, "link:x") })
		}
		for i := range 9 {
			if w := try(); w != 0 {
				t.Fatalf("locked after %d", i+1)
			}
		}
		h.must(locked())
		if w := try(); w != attemptWindow {
			t.Fatalf("ten failures lock for %v", w)
		}
		if err := locked(); !fault.Is(err, fault.Busy) {
			t.Errorf("a locked key is %v", err)
		}
		h.clock.Add(attemptWindow + time.Second)
		h.must(locked())
		if w := try(); w != 0 {
			t.Errorf("after the window it is still locked for %v", w)
		}
		h.must(h.note(policy.Anonymous(), func(tx *db.Tx) error { return h.m.ClearAttempts(tx, "link:x") }))
	})
}

func TestPreferences(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		who := h.as(h.eng)
		want := DefaultPreferences()
		get := func() (p Preferences) {
			h.read(who, func(v *db.View) (err error) { p, err = h.m.Preferences(v); return err })
			return p
		}
		if get() != want || !want.Mentions || !want.Replies || want.NewTopics {
			t.Errorf("the defaults are %+v", get())
		}
		want.Theme, want.KeysOff, want.Mentions = "dark", true, false
		h.must(h.note(who, func(tx *db.Tx) error { return h.m.SetPreferences(tx, want) }))
		if get() != want {
			t.Errorf("kept %+v, want %+v", get(), want)
		}
		if err := h.note(who, func(tx *db.Tx) error { return h.m.SetPreferences(tx, Preferences{Theme: "pink"}) }); !fault.Is(err, fault.Invalid) {
			t.Errorf("a pink theme: %v", err)
		}
	})
}
