package fda_test

import (
	"slices"
	"testing"
	"time"

	. "github.com/cordon-isao/cordon/formats/fda"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// someFacts draws facts whose instants crowd around what matters: learning, the
// ends of day 30 and day 60, changes of the clock.
func someFacts(t *rapid.T, zones []*time.Location) (Facts, []time.Time) {
	loc := rapid.SampledFrom(zones).Draw(t, "zone")
	learned := time.UnixMicro(rapid.Int64Range(1_600_000_000_000_000, 1_900_000_000_000_000).Draw(t, "learned")).UTC()
	d30, d60 := AddDays(learned, 30, loc).At, AddDays(learned, 60, loc).At
	anchors := []time.Time{learned, d30, d60, d30.Add(-RiskWindow), d60.Add(-RiskWindow)}
	near := []time.Duration{0, 1, -1, time.Microsecond, -time.Microsecond, time.Second, -time.Second, time.Hour, -time.Hour, 24 * time.Hour, -24 * time.Hour, 25 * time.Hour}
	instant := rapid.Custom(func(t *rapid.T) time.Time {
		if rapid.IntRange(0, 2).Draw(t, "how") == 0 {
			return rapid.SampledFrom(anchors).Draw(t, "anchor").Add(rapid.SampledFrom(near).Draw(t, "near"))
		}
		return learned.Add(time.Duration(rapid.IntRange(-2*24*60, 80*24*60).Draw(t, "minutes")) * time.Minute)
	})
	in := rapid.Custom(func(t *rapid.T) time.Time { // more often in time than not
		switch rapid.IntRange(0, 19).Draw(t, "when") { // rapid likes small numbers
		case 19:
			return time.Time{}
		case 17, 18:
			return instant.Draw(t, "any")
		}
		return learned.Add(time.Duration(rapid.IntRange(0, 29*24*60).Draw(t, "soon")) * time.Minute)
	})
	yes := rapid.Custom(func(t *rapid.T) bool { return rapid.IntRange(0, 19).Draw(t, "yes") < 19 })

	f := Facts{LearnedAt: learned, Zone: loc, RemediationPlan: in.Draw(t, "plan"), TimelineRationale: in.Draw(t, "rationale"),
		Fix: Fix{ValidatedAt: in.Draw(t, "validated"), DistributedAt: in.Draw(t, "distributed"), ResidualControlledAt: in.Draw(t, "residual"), LongTermControl: !yes.Draw(t, "fix")}}
	f.Determinations = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Determination {
		return Determination{in.Draw(t, "at"), rapid.SampledFrom([]Risk{Uncontrolled, Uncontrolled, Uncontrolled, Controlled, ""}).Draw(t, "risk")}
	}), rapid.SampledFrom([]int{1, 1, 1, 0}).Draw(t, "least"), 3).Draw(t, "determinations")
	if !yes.Draw(t, "unharmed") {
		at := instant.Draw(t, "harm")
		f.KnownSeriousHarm = &at
	}
	f.InterimControls = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) CompensatingControl {
		return CompensatingControl{IdentifiedAt: in.Draw(t, "at"), IntroducesGreaterRisk: rapid.SampledFrom([]Tri{No, No, Yes, Unknown}).Draw(t, "greater")}
	}), rapid.SampledFrom([]int{1, 1, 1, 0}).Draw(t, "least"), 3).Draw(t, "controls")
	f.Notices = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Notice {
		n := Notice{SentAt: in.Draw(t, "sent"), ToCustomers: yes.Draw(t, "customers"), ToUserCommunity: yes.Draw(t, "users"), Content: full(), HasStrategy: yes.Draw(t, "strategy")}
		if !yes.Draw(t, "whole") {
			n.Content.EffortsUnderway = ""
		}
		n.ISAOCopyAt = n.SentAt
		if !yes.Draw(t, "copied at once") {
			n.ISAOCopyAt = in.Draw(t, "copy")
		}
		return n
	}), rapid.SampledFrom([]int{1, 1, 1, 0}).Draw(t, "least"), 3).Draw(t, "notices")
	f.Memberships = []Interval{{From: learned.Add(-time.Hour)}}
	if !yes.Draw(t, "member all along") {
		f.Memberships = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Interval {
			return Interval{instant.Draw(t, "from"), in.Draw(t, "to")}
		}), 0, 3).Draw(t, "memberships")
	}

	nows := rapid.SliceOfN(instant, 2, 10).Draw(t, "nows")
	nows = append(nows, anchors...)
	nows = append(nows, d30.Add(1), d60.Add(1), learned.AddDate(10, 0, 0), learned.AddDate(-10, 0, 0))
	return f, nows
}

func zonesForTests(t *testing.T) []*time.Location {
	return []*time.Location{nil, time.UTC, zone(t, "America/Los_Angeles"), zone(t, "Europe/Berlin"), zone(t, "Asia/Tokyo"), zone(t, "America/Sao_Paulo")}
}

// with the same facts, what is lost stays lost, since the same instant;
// and before that instant it was not.
func TestR011LostForEver(t *testing.T) {
	zones := zonesForTests(t)
	seen := map[Status]int{}
	rapid.Check(t, func(t *rapid.T) {
		f, nows := someFacts(t, zones)
		slices.SortFunc(nows, time.Time.Compare)
		var lost time.Time
		for _, now := range nows {
			d := Part806Discretion(f, now)
			seen[d.Status]++
			if !lost.IsZero() && (d.Status != Lost || !d.LostAt.Equal(lost)) {
				t.Fatalf("lost at %s, and at %s %s", lost, now, d.Status)
			}
			if (d.Status == Lost) == d.LostAt.IsZero() || (d.Status == Lost) != (len(d.Why) > 0 && d.ReportDue()) || (d.Status == Satisfied) == d.SatisfiedAt.IsZero() {
				t.Fatalf("%s, lost at %s because %v, satisfied at %s", d.Status, d.LostAt, d.Why, d.SatisfiedAt)
			}
			if lost = d.LostAt; lost.IsZero() {
				continue
			}
			if lost.After(now) || Part806Discretion(f, lost).Status != Lost || Part806Discretion(f, lost.Add(-1)).Status == Lost {
				t.Fatalf("at %s it was not lost at %s", now, lost)
			}
		}
	})
	t.Log(seen)
	for _, s := range []Status{NotApplicable, Undetermined, OnTrack, AtRisk, Lost, Satisfied} {
		if seen[s] < 10 {
			t.Errorf("%s was met %d times only: the test tests little", s, seen[s])
		}
	}
}

// T-26: any sequence of instants, backwards too, over days of 23 and 25 hours
// and ±10 years: each answer is the one that fresh facts give, no deadline is
// over before its last civil day is, and none is open after.
func TestT26Discretion(t *testing.T) {
	zones := zonesForTests(t)
	rapid.Check(t, func(t *rapid.T) {
		f, nows := someFacts(t, zones)
		nows = rapid.Permutation(nows).Draw(t, "order")
		for _, now := range nows {
			fresh := f
			fresh.Notices, fresh.Determinations = slices.Clone(f.Notices), slices.Clone(f.Determinations)
			fresh.Memberships, fresh.InterimControls = slices.Clone(f.Memberships), slices.Clone(f.InterimControls)
			got := Part806Discretion(f, now)
			if diff := cmp.Diff(Part806Discretion(fresh, now.UTC()), got); diff != "" {
				t.Fatal(diff)
			}
			if now.Before(f.LearnedAt) {
				if got.Status != Undetermined {
					t.Fatal("before learning:", got.Status)
				}
				continue
			}
			for i, days := range map[int]int{1: 30, 2: 60} {
				p := got.Predicates[i]
				last := DateOf(f.LearnedAt, f.Zone).AddDays(days)
				over := DateOf(now, f.Zone).Compare(last) > 0
				switch done := doneInTime(f, i, last, now); {
				case done && (p.OK != Yes || p.SatisfiedAt.IsZero() || p.SatisfiedAt.After(now)),
					!done && over && (p.OK != No || DateOf(p.LostAt, f.Zone) != last.AddDays(1) || DateOf(p.LostAt.Add(-1), f.Zone) != last),
					!done && !over && (p.OK != Unknown || len(p.Missing) == 0 || !p.LostAt.IsZero()):
					t.Fatalf("at %s, last day %s, over %v, done %v: %+v", now, last, over, done, p)
				}
			}
		}
	})
}

// doneInTime is conditions 2 and 3 of R-010 read once more, on civil dates alone.
func doneInTime(f Facts, i int, last Date, now time.Time) bool {
	in := func(t time.Time) bool { return !t.IsZero() && !t.After(now) && DateOf(t, f.Zone).Compare(last) <= 0 }
	if i == 2 {
		return in(f.Fix.ValidatedAt) && in(f.Fix.DistributedAt) && in(f.Fix.ResidualControlledAt) && (!f.Fix.LongTermControl || f.Fix.Justification != "")
	}
	return in(f.RemediationPlan) && in(f.TimelineRationale) &&
		slices.ContainsFunc(f.InterimControls, func(c CompensatingControl) bool { return in(c.IdentifiedAt) && c.IntroducesGreaterRisk == No }) &&
		slices.ContainsFunc(f.Notices, func(n Notice) bool { return in(n.SentAt) && n.ToUserCommunity }) &&
		slices.ContainsFunc(f.Notices, func(n Notice) bool {
			return in(n.SentAt) && n.ToCustomers && n.HasStrategy && len(CheckContent(n.Content)) == 0
		})
}
