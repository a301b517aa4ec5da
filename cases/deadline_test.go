package cases_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/formats/fda"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/ledger"
	"github.com/cordon-isao/cordon/policy"
)

// entries lists a case's entries of a verb with their contents, as its party reads
// them.
func (c *course) entries(verb string) []ledger.Content {
	c.T.Helper()
	return town.Must(c.Town, town.Pia, func(v *db.View) (out []ledger.Content, err error) {
		es, err := c.Ledger.About(v, c.id, 10_000)
		if err != nil {
			return nil, err
		}
		for _, e := range es {
			if e.Verb != verb {
				continue
			}
			content, err := c.Ledger.Open(v, e)
			if err != nil {
				return nil, err
			}
			out = append(out, content)
		}
		return out, nil
	})
}

func (c *course) pass() {
	c.T.Helper()
	if _, err := c.Cases.Pass(c.Ctx, c.DB, policy.System("deadlines")); err != nil {
		c.T.Fatal(err)
	}
}

// At each step one notice, and none twice; the stored state follows.
func TestPassGivesNotice(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		c := newCourse(t, h, noon("2027-01-01"))
		due := c.clock("R-010/notice").Due
		for _, x := range []struct {
			before time.Duration
			step   string
		}{{7*24*time.Hour + time.Hour, ""}, {6 * 24 * time.Hour, "7d"}, {47 * time.Hour, "48h"}, {23 * time.Hour, "24h"}, {time.Hour, "due"}, {-time.Second, "over"}, {-24 * time.Hour, ""}} {
			h.Clock.Set(due.Add(-x.before))
			before := len(c.entries("obligation.notice"))
			c.pass()
			c.pass()
			got := c.entries("obligation.notice")[before:]
			var steps []string
			for _, e := range got {
				var data struct {
					Step       string
					Obligation cases.Obligation
				}
				if err := e.Event.Decode(&data); err != nil {
					t.Fatal(err)
				}
				if data.Obligation.Rule == "R-010" {
					steps = append(steps, data.Step)
				}
			}
			if want := fmt.Sprint(append([]string{}, map[bool][]string{true: {}, false: {x.step}}[x.step == ""]...)); fmt.Sprint(steps) != want {
				t.Errorf("%s before the notice is due: notices %v, want %s", x.before, steps, want)
			}
		}
		c.wants(due.Add(time.Second), "R-010/notice lost", "R-010/fix running", "R-011/discretion lost", "R-020/806 running")
	})
}

// T-26: 200 scenarios of a clock that jumps, forth and back, across deadlines and
// changes to summer time, with passes now and then: what a reader sees is at every
// moment what the facts and the deadlines come to, and no step is told early or
// twice.
func TestClockJumps(t *testing.T) {
	h := town.New(t, "")
	n, jumps := 0, []time.Duration{time.Second, -time.Second, time.Hour, -time.Hour, 24 * time.Hour, -24 * time.Hour, 5 * 24 * time.Hour, 366 * 24 * time.Hour, -366 * 24 * time.Hour, 3652 * 24 * time.Hour}
	base := noon("2027-01-01")
	scenario := func(r *rapid.T) {
		n++
		h.T = t
		learned := base.Add(time.Duration(rapid.IntRange(0, 365*24).Draw(r, "learned")) * time.Hour)
		h.Clock.Set(learned)
		c := newCourse(t, h, learned)
		due30, due60 := fda.AddDays(learned, 30, nil).At.Truncate(time.Microsecond), fda.AddDays(learned, 60, nil).At.Truncate(time.Microsecond)
		var told, fixed time.Time
		look := func() {
			now := h.Clock.Now()
			want := func(done, due time.Time) cases.ClockState {
				switch {
				case !done.IsZero() && !done.After(due):
					return cases.ClockMet
				case now.After(due):
					return cases.ClockLost
				case !done.IsZero():
					return cases.ClockLost // done late, as the record says, whatever the clock says now
				case now.After(due.Add(-7 * 24 * time.Hour)):
					return cases.ClockAtRisk
				}
				return cases.ClockRunning
			}
			if now.Before(learned) {
				if os := c.clocks(town.Pia); len(os) != 0 && os[0].Rule == "R-010" {
					r.Fatalf("clocks before anything was learned: %+v", os)
				}
				return
			}
			for name, x := range map[string][2]time.Time{"R-010/notice": {told, due30}, "R-010/fix": {fixed, due60}} {
				done, due := x[0], x[1]
				w := want(done, due)
				if !done.IsZero() && done.After(due) && !now.After(due) {
					continue // a fact of the future: the clock stood wrong
				}
				if got := c.clock(name); got.State != w || !got.Due.Equal(due) {
					r.Fatalf("scenario %d: %s at %s is %s, due %s, want %s (done %s)", n, name, now, got.State, got.Due, w, done)
				}
			}
		}
		look()
		for range rapid.IntRange(3, 9).Draw(r, "steps") {
			switch rapid.IntRange(0, 9).Draw(r, "do") {
			case 0, 1, 2:
				c.pass()
			case 3:
				at := h.Clock.Now()
				if !at.Before(learned) && told.IsZero() {
					c.plan(at)
					c.notice(at)
					told = at
				}
			case 4:
				if at := h.Clock.Now(); !at.Before(learned) && fixed.IsZero() {
					c.fix(at)
					fixed = at
				}
			case 5, 6:
				edge := rapid.SampledFrom([]time.Time{due30, due60, due30.Add(-7 * 24 * time.Hour), due60.Add(-24 * time.Hour), noon("2027-03-14"), noon("2027-11-07")}).Draw(r, "edge")
				h.Clock.Set(edge.Add(rapid.SampledFrom([]time.Duration{-time.Microsecond, 0, time.Microsecond, time.Second}).Draw(r, "off")))
			default:
				h.Clock.Add(rapid.SampledFrom(jumps).Draw(r, "jump"))
			}
			look()
		}
		c.pass()
		look()
		h.Clock.Set(base.AddDate(40, 0, 0))
		seen := map[string]bool{}
		for _, e := range c.entries("obligation.notice") {
			var data struct {
				Step       string
				Obligation cases.Obligation
			}
			if err := e.Event.Decode(&data); err != nil {
				r.Fatal(err)
			}
			key := data.Obligation.ID + data.Step
			at := e.Event.Time()
			before := map[string]time.Duration{"7d": 7 * 24 * time.Hour, "48h": 48 * time.Hour, "24h": 24 * time.Hour, "due": 12 * time.Hour, "over": -time.Microsecond}[data.Step]
			if seen[key] || at.Before(data.Obligation.Due.Add(-before)) {
				r.Fatalf("scenario %d: step %s of %s told at %s, due %s, again %t", n, data.Step, data.Obligation.Rule, at, data.Obligation.Due, seen[key])
			}
			seen[key] = true
		}
	}
	for n < 200 {
		rapid.Check(t, scenario)
	}
}

// fill stores open obligations, none of which asks for anything soon.
func fill(h *town.Town, n int) {
	h.OK(h.System("test", func(tx *db.Tx) error {
		l := town.Label(policy.AmberStrict, town.Pump)
		audience, err := tx.Store(l.Audience)
		if err != nil {
			return err
		}
		for i := range n {
			id := fmt.Sprintf("clock_%026d", i)
			if _, err := tx.Exec(`INSERT INTO case_obligations (id, object, case_id, party, owner, rule, clock, name, source, begins_at, trigger_at, trigger_by, warn_at, due_at, zone, after, state, missing, why, moot,
				satisfied_at, satisfied_by, lost_at, gap_at, waived_at, waived_by, waived_name, waived_why, noticed, next_at, tlp, audience)
				VALUES ($1, $1, '', '', '', 'R-062', 'embargo', '', '', 1, 1, '', 1, $2, 'UTC', 'over', 'running', '[]', '[]', 0, 0, '', 0, 0, 0, '', '', '', 0, $2, $3, $4)`,
				id, h.Clock.Now().AddDate(1, 0, 0).UnixMicro()+int64(i), string(l.TLP), audience); err != nil {
				return err
			}
		}
		tx.Append(db.Entry{Verb: "test.filled", Object: "test", Label: l})
		return nil
	}))
}

// A pass looks at what is due, not at what is open: 20,000 clocks of which one is
// due cost as much as one.
func TestPassCostsWhatIsDue(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		fill(h, 20_000)
		began := clock.System().Now()
		n, err := h.Cases.Pass(h.Ctx, h.DB, policy.System("deadlines"))
		if err != nil || n != 0 {
			t.Fatalf("a pass with nothing due did %d, %v", n, err)
		}
		t.Logf("a pass over 20,000 clocks: %s", clock.Since(began))
		h.Clock.Set(h.Clock.Now().AddDate(1, 0, 0).Add(1200 * time.Microsecond))
		if n, err := h.Cases.Pass(h.Ctx, h.DB, policy.System("deadlines")); err != nil || n < 1200 || n > 1300 {
			t.Fatalf("a pass with some 1,200 due did %d, %v", n, err)
		}
	})
}

func BenchmarkPass(b *testing.B) {
	h := town.New(b, "")
	fill(h, 100_000)
	for b.Loop() {
		if _, err := h.Cases.Pass(h.Ctx, h.DB, policy.System("deadlines")); err != nil {
			b.Fatal(err)
		}
	}
}
