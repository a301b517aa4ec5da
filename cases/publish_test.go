package cases_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/policy"
)

// embargoed puts an embargo in force as it stands in the store.
func embargoed(h *town.Town, id string, until time.Time) {
	h.T.Helper()
	h.OK(h.System("test", func(tx *db.Tx) error {
		tx.Append(db.Entry{Verb: "test.embargo", Object: id, Label: town.Label(policy.AmberStrict, h.Desk)})
		return tx.MustChange(`UPDATE cases SET embargo = 'active', embargo_from = $1, embargo_until = $2, embargo_ended = 0, stage = 'pre-disclosure' WHERE id = $3`,
			clock.Micros(h.Clock.Now()), clock.Micros(until), id)
	}))
}

func draft(h *town.Town, by, id, title string) (statement string, err error) {
	err = h.Write(by, func(tx *db.Tx) (err error) {
		statement, err = h.Cases.DraftPublication(tx, id, cases.NewPublication{Title: title, Body: "Update to 4.2.", Reference: "https://example.org/a4"})
		return err
	})
	return statement, err
}

func letOut(h *town.Town, by, statement string) error {
	return h.Write(by, func(tx *db.Tx) error { return h.Cases.ApprovePublication(tx, statement) })
}

func pass(h *town.Town) (n int) {
	h.T.Helper()
	err := h.System("deadlines", func(tx *db.Tx) (err error) { n, err = h.Cases.OpenPublications(tx); return err })
	if n > 0 {
		h.OK(err)
	}
	return n
}

func public(h *town.Town, statement string) bool {
	h.T.Helper()
	x, err := town.Read(h, "", func(v *db.View) (cases.Statement, error) { return h.Cases.Statement(v, statement) })
	if err != nil && !fault.Is(err, fault.Missing) {
		h.T.Fatal(err)
	}
	return err == nil && x.Body != ""
}

// A statement takes a second person, the originator's consent and the embargo's
// end (design 3.1).
func TestPublish(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		id := sharedCase(h) // opened by Pump, led by the desk
		until := h.Clock.Now().Add(24 * time.Hour)
		embargoed(h, id, until)
		_, err := draft(h, town.Max, id, "A4")
		town.Wants(t, err, fault.Missing, "")
		_, err = draft(h, town.Dora, id, "")
		town.Wants(t, err, fault.Invalid, "title")
		s, err := draft(h, town.Dora, id, "A4")
		h.OK(err)
		town.Wants(t, letOut(h, town.Dora, s), fault.Forbidden, "") // she wrote it
		town.Wants(t, letOut(h, town.Dan, s), fault.Forbidden, "")  // the originator has not consented
		town.Wants(t, letOut(h, town.Max, s), fault.Missing, "")
		h.OK(letOut(h, town.Pia, s))
		if n := pass(h); n != 0 || public(h, s) {
			t.Errorf("%d opened under the embargo", n)
		}
		// Written anew, it must be approved anew.
		again, err := draft(h, town.Pia, id, "A4, mended")
		h.OK(err)
		if again != s {
			t.Errorf("a second statement beside the first")
		}
		h.Clock.Set(until)
		if n := pass(h); n != 0 || public(h, s) {
			t.Error("a draft was published")
		}
		h.Clock.Set(until.Add(-time.Hour))
		h.OK(letOut(h, town.Dan, s))
		h.Clock.Set(until.Add(-time.Microsecond))
		if pass(h) != 0 || public(h, s) {
			t.Error("published a microsecond early")
		}
		h.Clock.Set(until)
		if pass(h) != 1 || !public(h, s) || pass(h) != 0 {
			t.Error("not published at the end, or twice")
		}
		k := town.Must(h, town.Pia, func(v *db.View) (cases.Case, error) { return h.Cases.Case(v, id) })
		if k.Stage != cases.Published || !k.PublicAt.Equal(until) {
			t.Errorf("the case is %s, public at %s", k.Stage, k.PublicAt)
		}
		if err := readable(h, "", id); !fault.Is(err, fault.Missing) {
			t.Errorf("the public reads the case: %v", err)
		}
		if _, err := town.Read(h, "", func(v *db.View) (cases.Publication, error) { return h.Cases.Publication(v, s) }); !fault.Is(err, fault.Missing) {
			t.Errorf("the public reads who drafted it: %v", err)
		}
		h.OK(h.Write(town.Dora, func(tx *db.Tx) error { return h.Cases.WithdrawPublication(tx, s, "The wrong version was named.") }))
		xs := town.Must(h, "", func(v *db.View) ([]cases.Statement, error) {
			xs, _, err := h.Cases.Published(v, cases.Cursor{}, 0)
			return xs, err
		})
		if len(xs) != 1 || xs[0].Title != "A4, mended" || xs[0].Body != "" || xs[0].Why != "The wrong version was named." || xs[0].Withdrawn.IsZero() {
			t.Errorf("the tombstone: %+v", xs)
		}
		// Without an embargo it is public at once, beside the tombstone.
		next, err := draft(h, town.Pia, id, "A4, right")
		h.OK(err)
		h.OK(letOut(h, town.Dora, next))
		if next == s || !public(h, next) || public(h, s) {
			t.Error("the second statement")
		}
	})
}

// T-26: whatever the clock does, no statement is public before the embargo's end
// as that clock tells it, and each is after the first pass that comes then. An
// embargo that is prolonged holds what was approved.
func TestPublishClockJumps(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		r := rand.New(rand.NewPCG(26, 3))
		const scenarios = 200
		type scenario struct {
			id, statement string
			until         time.Time
			out           bool
		}
		all := make([]*scenario, scenarios)
		for i := range all {
			s := &scenario{}
			h.OK(h.Write(town.Dora, func(tx *db.Tx) (err error) {
				if s.id, _, err = h.Cases.Open(tx, cases.NewCase{Title: "Flaw"}); err != nil {
					return err
				}
				s.statement, err = h.Cases.DraftPublication(tx, s.id, cases.NewPublication{Title: "Flaw", Body: "Fixed."})
				return err
			}))
			all[i] = s
		}
		start := h.Clock.Now()
		for _, s := range all {
			s.until = start.Add(time.Duration(1+r.Int64N(int64(40*24*time.Hour/time.Microsecond))) * time.Microsecond)
			embargoed(h, s.id, s.until)
			h.OK(letOut(h, town.Dan, s.statement))
		}
		check := func() {
			t.Helper()
			now := h.Clock.Now()
			pass(h)
			for _, s := range all {
				s.out = s.out || !now.Before(s.until)
				if got := public(h, s.statement); got != s.out {
					t.Fatalf("at %s the statement whose embargo ends %s is public: %t", now, s.until, got)
				}
			}
		}
		jumps := []time.Duration{time.Second, -time.Second, time.Hour, -time.Hour, 24 * time.Hour, -24 * time.Hour, time.Microsecond}
		for range 25 {
			s := all[r.IntN(scenarios)]
			switch r.IntN(3) {
			case 0:
				h.Clock.Add(jumps[r.IntN(len(jumps))])
			case 1: // to the very end of one, or beside it
				if at := s.until.Add(time.Duration(r.IntN(3)-1) * time.Microsecond); at.Before(start.AddDate(0, 0, 20)) {
					h.Clock.Set(at)
				}
			case 2:
				if !s.out {
					s.until = s.until.Add(24 * time.Hour)
					h.OK(h.System("test", func(tx *db.Tx) error {
						tx.Append(db.Entry{Verb: "test.embargo", Object: s.id, Label: town.Label(policy.AmberStrict, h.Desk)})
						return tx.MustChange(`UPDATE cases SET embargo_until = $1 WHERE id = $2`, clock.Micros(s.until), s.id)
					}))
				}
			}
			check()
		}
		h.Clock.Set(start.AddDate(10, 0, 0))
		check()
		for _, s := range all {
			if !s.out {
				t.Fatal("ten years on, a statement waits")
			}
		}
		h.Clock.Set(start)
		check()
	})
}
