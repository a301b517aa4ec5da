package cases_test

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/formats/fda"
	"github.com/cordon-isao/cordon/formats/vultron"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/policy"
)

func obligation(h *town.Town, who, id, name, owner string) (cases.Obligation, bool) {
	h.T.Helper()
	for _, o := range town.Must(h, who, func(v *db.View) ([]cases.Obligation, error) { return h.Cases.Obligations(v, id) }) {
		if o.Rule+"/"+o.Clock == name && (owner == "" || o.Owner == owner) {
			return o, true
		}
	}
	return cases.Obligation{}, false
}

// in a case that the desk coordinates, and who sees them.
func TestCaseClocks(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		h.Clock.Set(noon("2026-11-21"))
		id := h.Case(town.Dora, cases.NewCase{Title: "Library flaw", Maker: town.Pump.ID()})
		o, ok := obligation(h, town.Dora, id, "R-068/answer", town.Pump.ID())
		// 5 work days, and 10: Thanksgiving is left out.
		if !ok || day(o) != "2026-12-07" || fda.DateOf(o.Warn, nil).String() != "2026-11-30" || o.State != cases.ClockRunning {
			t.Fatalf("Pump's answer: %+v", o)
		}
		accept(h, town.Pia, parties(h, town.Dora, id)[town.Pump.ID()].ID)
		monitor := ask(h, id, cases.Vendor, town.Monitor)[0]
		if _, ok := obligation(h, town.Pia, id, "R-068/answer", town.Monitor.ID()); ok {
			t.Error("a party learns of another that was asked from its clock")
		}
		if _, ok := obligation(h, town.Dora, id, "R-068/answer", town.Monitor.ID()); !ok {
			t.Error("the desk does not see who has not answered")
		}
		if o, ok := obligation(h, town.Pia, id, "R-068/answer", town.Pump.ID()); !ok || o.State != cases.ClockMet {
			t.Errorf("Pump's answer, after it: %+v", o)
		}
		o, ok = obligation(h, town.Pia, id, "R-068/update", town.Pump.ID())
		if !ok || day(o) != "2026-12-21" {
			t.Errorf("Pump's news are due %s", day(o))
		}
		h.Clock.Set(noon("2026-12-01"))
		if o, _ := obligation(h, town.Dora, id, "R-068/answer", town.Monitor.ID()); o.State != cases.ClockAtRisk {
			t.Errorf("Monitor's answer, after five work days: %s", o.State)
		}
		h.Clock.Set(noon("2026-12-08"))
		if o, _ := obligation(h, town.Dora, id, "R-068/answer", town.Monitor.ID()); o.State != cases.ClockOver {
			t.Errorf("Monitor's answer, after ten work days: %s", o.State)
		}
		accept(h, town.Max, monitor)
		if o, ok := obligation(h, town.Pia, id, "R-068/answer", town.Monitor.ID()); !ok || o.State != cases.ClockLate {
			t.Errorf("Monitor's answer, late: %+v", o)
		}

		h.OK(accepting(h, town.Dora, propose(h, town.Dora, id, time.Time{})))
		if o, ok = obligation(h, town.Max, id, "R-062/embargo", ""); !ok || day(o) != "2027-01-05" || o.State != cases.ClockRunning {
			t.Errorf("the embargo of 45 days from 21 November ends %s: %+v", day(o), o)
		}
		h.OK(h.Write(town.Dora, func(tx *db.Tx) error {
			return h.Cases.Happened(tx, id, vultron.Attacks, h.Clock.Now(), "A hospital saw them.")
		}))
		o, ok = obligation(h, town.Pia, id, "R-063/decide", "")
		if !ok || !o.Due.Equal(h.Clock.Now().Add(24*time.Hour)) || o.Owner != h.ISAO || o.State != cases.ClockRunning {
			t.Errorf("the decision: %+v", o)
		}
		mine := town.Must(h, town.Dora, func(v *db.View) ([]cases.Obligation, error) { return h.Cases.MyClocks(v, 0) })
		if len(mine) != 2 || mine[0].Rule != "R-063" || mine[1].Rule != "R-062" {
			t.Errorf("the desk's clocks: %+v", mine)
		}
		h.OK(h.Write(town.Dora, func(tx *db.Tx) error { return h.Cases.Keep(tx, o.Object, "The fix is a week away.") }))
		if o, _ := obligation(h, town.Pia, id, "R-063/decide", ""); o.State != cases.ClockMet {
			t.Errorf("the decision, after it: %s", o.State)
		}
		until := caseOf(h, town.Dora, id).Embargo.Until
		for _, x := range []struct {
			at   time.Time
			want cases.ClockState
		}{{until.Add(-time.Microsecond), cases.ClockAtRisk}, {until, cases.ClockMet}} {
			h.Clock.Set(x.at)
			if o, _ := obligation(h, town.Pia, id, "R-062/embargo", ""); o.State != x.want {
				t.Errorf("the embargo at %s: %s, want %s", x.at, o.State, x.want)
			}
		}
	})
}

// A party's history recorded in another order comes to the same obligations.
func TestOrderOfRecording(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		var want []string
		for turn := range 4 {
			h.Clock.Set(noon("2027-01-01"))
			c := newCourse(t, h, time.Time{})
			h.Clock.Set(noon("2027-02-28"))
			steps := []func(){
				func() { c.state(cases.Learned, noon("2027-01-01"), nil) },
				func() { c.plan(noon("2027-01-08")) },
				func() { c.fix(noon("2027-02-25")) },
				func() {
					c.state(cases.Initiated, noon("2027-01-20"), map[string]any{"kind": "correction", "text": "x"})
				},
				func() {
					c.state(cases.MDRAware, noon("2027-01-22"), map[string]any{"reporter": "importer", "event": "malfunction"})
				},
				func() { c.notice(noon("2027-01-30")) },
			}
			for i := range steps {
				steps[(i*5+turn)%len(steps)]()
			}
			var got []string
			for _, o := range c.clocks(town.Pia) {
				got = append(got, strings.Join([]string{o.Rule, o.Clock, string(o.State), o.Due.String(), o.SatisfiedAt.String(), strings.Join(o.Missing, "|")}, " "))
			}
			slices.Sort(got)
			if turn == 0 {
				want = got
			} else if !slices.Equal(got, want) {
				t.Errorf("in order %d:\n%s\nwant\n%s", turn, strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		}
	})
}

// who reports what, and what excuses.
func TestMDR(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		h.Clock.Set(noon("2026-11-25"))
		for _, x := range []struct {
			reporter, event, due string
			state                cases.ClockState
		}{
			{"user_facility", "death", "2026-12-10", cases.ClockRunning}, {"user_facility", "malfunction", "0001-01-01", cases.ClockMoot}, {"importer", "serious_injury", "2026-12-25", cases.ClockRunning},
		} {
			c := newCourse(t, h, time.Time{})
			c.state(cases.MDRAware, noon("2026-11-25"), map[string]any{"reporter": x.reporter, "event": x.event})
			if o := c.clock("R-023/mdr"); o.State != x.state || !o.Due.IsZero() && day(o) != x.due {
				t.Errorf("%s, %s: %s, due %s", x.reporter, x.event, o.State, day(o))
			}
			if x.state != cases.ClockRunning {
				continue
			}
			c.state(cases.MDRNotReportable, noon("2026-11-25"), map[string]any{"event": c.facts[cases.MDRAware], "by": "A. Smith", "role": "physician", "basis": "The device was not in use."})
			if o := c.clock("R-023/mdr"); o.State != cases.ClockMoot {
				t.Errorf("after a physician's conclusion: %s", o.State)
			}
		}
	})
}

// the row says what it lacks, and is written as CSV.
func TestPMARow(t *testing.T) {
	h := town.New(t, "")
	c := newCourse(t, h, noon("2027-01-01"))
	row := func(who string) (missing []string, err error) {
		return town.Read(h, who, func(v *db.View) ([]string, error) { _, m, err := h.Cases.PMARow(v, c.party); return m, err })
	}
	if _, err := row(town.Pia); !fault.Is(err, fault.Conflict) {
		t.Errorf("a row without a PMA: %v", err)
	}
	c.determine(noon("2027-01-03"), controlled)
	c.notice(noon("2027-01-05"))
	c.state(cases.PMA, noon("2027-01-06"), map[string]any{"change": "Port closed", "comparison": "Open before", "rationale": "Defence", "udi": "00844588003288", "other_devices": "none", "related_events": "none", "alerts": "none"})
	missing, err := row(town.Pia)
	if err != nil || !slices.Equal(missing, []string{"Vulnerability and how the firm became aware", "Other submissions, or the basis for none"}) {
		t.Errorf("the row lacks %q, %v", missing, err)
	}
	if _, err := row(town.Max); !fault.Is(err, fault.Missing) {
		t.Errorf("another reads the row: %v", err)
	}
}

// Run passes until it is told to end.
func TestRun(t *testing.T) {
	h := town.New(t, "")
	c := newCourse(t, h, noon("2027-01-01"))
	h.Clock.Set(noon("2027-03-10"))
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		ended <- h.Cases.Run(ctx, h.DB, policy.System("deadlines"), 20*time.Millisecond, slog.New(slog.DiscardHandler), nil)
	}()
	for ctx.Err() == nil && len(c.entries("obligation.notice")) == 0 {
		changed := h.DB.Changed()
		select {
		case <-changed:
		case <-time.After(50 * time.Millisecond):
		}
	}
	if len(c.entries("obligation.notice")) == 0 {
		t.Error("nobody was told")
	}
	cancel()
	if err := <-ended; err == nil {
		t.Error("it ended without a reason")
	}
}

// the desk has 48 hours to acknowledge a report; of one without an account
// only the day is known, and they begin when it ends.
func TestAcknowledgementClock(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		clocks := func(who, id string) []cases.Obligation {
			return town.Must(h, who, func(v *db.View) ([]cases.Obligation, error) { return h.Cases.ReportObligations(v, id) })
		}
		submit(h, plain("Open port"))
		var anonymous string
		for _, q := range queue(h, town.Dora) {
			anonymous = q.ID
		}
		h.Clock.Add(time.Minute)
		member := report(h, town.Wim, plain("Open port"))
		sent := h.Clock.Now()
		for id, due := range map[string]time.Time{anonymous: time.Date(2026, 3, 3, 23, 59, 59, 999_999_000, time.UTC), member: sent.Add(48 * time.Hour)} {
			os := clocks(town.Dora, id)
			if len(os) != 1 || !os[0].Due.Equal(due) || os[0].Owner != h.ISAO || os[0].State != cases.ClockRunning {
				t.Errorf("due %s wanted: %+v", due, os)
			}
			for _, who := range []string{town.Wim, town.Pia, ""} {
				if os := clocks(who, id); len(os) != 0 {
					t.Errorf("%q sees the desk's clock: %+v", who, os)
				}
			}
		}
		h.Clock.Set(sent.Add(49 * time.Hour))
		if os := clocks(town.Dora, member); os[0].State != cases.ClockOver {
			t.Errorf("after 49 hours: %s", os[0].State)
		}
	})
}
