package cases

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/cordon-isao/cordon/formats/fda"
)

var day0 = time.Date(2027, 1, 1, 17, 0, 0, 0, time.UTC)

// instants are those at which something changes, and just beside them.
func instant(t *rapid.T, name string) time.Time {
	at := day0.Add(time.Duration(rapid.IntRange(-5*24, 80*24).Draw(t, name)) * time.Hour)
	if rapid.IntRange(0, 3).Draw(t, name+" edge") == 0 {
		at = fda.AddDays(day0, rapid.SampledFrom([]int{23, 30, 53, 60}).Draw(t, name+" day"), nil).At.Truncate(time.Microsecond).
			Add(time.Duration(rapid.IntRange(-1, 1).Draw(t, name+" off")) * time.Microsecond)
	}
	return at
}

// history is a random course of a party's doings.
func history(t *rapid.T) account {
	a := account{kase: Case{ID: "case_1", Title: "X"}, party: Party{ID: "party_1", Org: "org_1"}}
	fact := func(kind FactKind, at time.Time, detail map[string]any) {
		a.facts = append(a.facts, Fact{ID: fmt.Sprintf("fact_%02d", len(a.facts)), Kind: kind, At: at, Detail: detail})
	}
	fact(Learned, day0, nil)
	details := map[FactKind]map[string]any{ControlsFound: {"name": "x", "greater_risk": "no"}, FixDistributed: {"residual_controlled": true}}
	for _, kind := range []FactKind{ControlsFound, PlanMade, Rationale, FixValidated, FixDistributed} {
		for range rapid.IntRange(0, 2).Draw(t, string(kind)) {
			fact(kind, instant(t, string(kind)), details[kind])
		}
	}
	slices.SortFunc(a.facts, func(x, y Fact) int { return x.At.Compare(y.At) })
	for i := range a.facts {
		a.facts[i].ID = fmt.Sprintf("fact_%02d", i)
	}
	if rapid.IntRange(0, 4).Draw(t, "harm") == 0 {
		at := instant(t, "harm")
		fact(SeriousHarmKnown, at, map[string]any{"event": "death"})
		fact(MDRAware, at, map[string]any{"reporter": "manufacturer", "event": "death"})
	}
	for range rapid.IntRange(0, 1).Draw(t, "initiated") {
		fact(Initiated, instant(t, "initiated"), map[string]any{"kind": "correction"})
	}
	for range rapid.IntRange(0, 1).Draw(t, "filed") {
		fact(Filed806, instant(t, "filed"), nil)
	}
	for i := range rapid.IntRange(0, 2).Draw(t, "notices") {
		n := Notice{ID: fmt.Sprintf("notice_%d", i), State: NoticeSent, SentAt: instant(t, "sent")}
		n.Text = NoticeText{Impact: "a", Efforts: "b", NoControls: true, Fix: "d", Future: "d", Strategy: "s", Customers: true, Users: rapid.Bool().Draw(t, "users")}
		if rapid.IntRange(0, 3).Draw(t, "whole") == 0 {
			n.Text.Strategy = ""
		}
		n.ISAOAt = n.SentAt.Add(time.Duration(rapid.IntRange(0, 30).Draw(t, "copy")) * time.Hour)
		a.notices = append(a.notices, n)
	}
	for i := range rapid.IntRange(0, 3).Draw(t, "determinations") {
		d := Determination{ID: fmt.Sprintf("determination_%d", i), At: instant(t, "signed"), Outcome: rapid.SampledFrom([]fda.Risk{fda.Controlled, fda.Uncontrolled}).Draw(t, "risk")}
		d.Sheet.Vulnerability = rapid.SampledFrom([]string{"v1", "v2"}).Draw(t, "vulnerability")
		d.Sheet.Residual = rapid.IntRange(0, 4).Draw(t, "residual") == 0
		a.determinations = append(a.determinations, d)
	}
	a.spells = []fda.Interval{{From: day0.AddDate(-1, 0, 0)}}
	if rapid.IntRange(0, 4).Draw(t, "gap") == 0 {
		a.spells[0].To = instant(t, "left")
		a.spells = append(a.spells, fda.Interval{From: a.spells[0].To.Add(48 * time.Hour)})
	}
	return a
}

var wordOf = map[fda.Status]ClockState{fda.NotApplicable: ClockMoot, fda.OnTrack: ClockRunning, fda.AtRisk: ClockAtRisk, fda.Lost: ClockLost, fda.Satisfied: ClockMet}

// T-26: what is stored once, of the facts alone, gives at every later moment what
// the rule itself says at that moment: no deadline early, late or missed, and
// nothing that waits for a pass.
func TestPlanIsTheRuleAtEveryMoment(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := history(t)
		plan := a.plan()
		after := a.newest()
		for _, s := range a.spells {
			for _, at := range []time.Time{s.From, s.To} {
				if at.After(after) {
					after = at
				}
			}
		}
		for _, now := range []time.Time{after, instant(t, "now"), instant(t, "now"), day0.AddDate(10, 0, 0)} {
			if now.Before(after) {
				continue
			}
			rule := fda.Part806Discretion(a.fda(), now)
			find := func(id, clock string) (Obligation, bool) {
				i := slices.IndexFunc(plan, func(o Obligation) bool { return o.Rule == id && o.Clock == clock })
				if i < 0 {
					return Obligation{}, false
				}
				return plan[i], plan[i].begun(now)
			}
			whole, _ := find("R-011", "discretion")
			want := wordOf[rule.Status]
			if want == ClockMet && !a.determined() {
				want = map[bool]ClockState{true: ClockOver, false: whole.stateAt(now)}[now.After(whole.Due)]
				if whole.stateAt(now) == ClockMet {
					t.Fatalf("met without a determination")
				}
			}
			if got := whole.stateAt(now); got != want {
				t.Fatalf("R-011 at %s is %s, the rule says %s: %+v", now, got, rule.Status, whole)
			}
			for i, clock := range []string{"notice", "fix"} {
				o, _ := find("R-010", clock)
				p := rule.Predicates[i+1]
				want := wordOf[p.State]
				for _, always := range []fda.Predicate{rule.Predicates[0], rule.Predicates[3]} {
					if always.OK == fda.No && rule.Status != fda.NotApplicable {
						want = ClockLost
					}
				}
				if got := o.stateAt(now); got != want {
					t.Fatalf("R-010 %s at %s is %s, the rule says %s (%s): %+v", clock, now, got, p.State, rule.Status, o)
				}
			}
			if _, begun := find("R-020", "806"); begun != rule.ReportDue() {
				t.Fatalf("at %s the report is owed: %t, the rule says %s", now, begun, rule.Status)
			}
		}
	})
}

// Facts recorded in any order come to the same obligations.
func TestPlanKnowsNoOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := history(t)
		b := a
		b.facts = rapid.Permutation(a.facts).Draw(t, "facts")
		b.notices = rapid.Permutation(a.notices).Draw(t, "notices")
		b.determinations = rapid.Permutation(a.determinations).Draw(t, "determinations")
		sorted := func(os []Obligation) []Obligation {
			slices.SortFunc(os, func(x, y Obligation) int { return slices.Compare([]byte(x.ID), []byte(y.ID)) })
			for i := range os {
				slices.Sort(os[i].Missing)
				slices.Sort(os[i].Why)
			}
			return os
		}
		if d := cmp.Diff(sorted(a.plan()), sorted(b.plan()), cmp.AllowUnexported(Obligation{}), cmpopts.EquateEmpty(), cmpopts.EquateComparable()); d != "" {
			t.Fatal(d)
		}
	})
}

// Steps come in order, each at its time, and none twice.
func TestSteps(t *testing.T) {
	o := Obligation{Trigger: day0, Due: day0.Add(60 * 24 * time.Hour), After: ClockLost}
	o.seal()
	for _, c := range []struct {
		at   time.Duration // from the due instant
		want int
	}{{-8 * 24 * time.Hour, stepNone}, {-7 * 24 * time.Hour, stepWarn}, {-48 * time.Hour, step48}, {-24*time.Hour - 1, step48}, {-24 * time.Hour, step24}, {-12 * time.Hour, stepDue}, {0, stepDue}, {time.Microsecond, stepOver}} {
		if got := o.step(o.Due.Add(c.at)); got != c.want {
			t.Errorf("%s from the due instant: step %d, want %d", c.at, got, c.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		o := o
		now := day0
		for range 20 {
			next := o.nextAfter(now)
			if next.IsZero() {
				if !now.After(o.Due) {
					t.Fatalf("nothing more at %s, before it is due", now)
				}
				return
			}
			if !next.After(now) {
				t.Fatalf("at %s the next step is %s", now, next)
			}
			now = next.Add(time.Duration(rapid.Int64Range(0, int64(20*24*time.Hour)).Draw(t, "late")))
			o.noticed = max(o.noticed, o.step(now))
		}
		t.Fatal("it never ends")
	})
}

// The case's risk is that of its worst vulnerability, by the newest determination
// of each; of two at one instant the worse counts.
func TestRiskIsTheWorst(t *testing.T) {
	sign := func(day int, v string, r fda.Risk) Determination {
		return Determination{At: day0.AddDate(0, 0, day), Outcome: r, Sheet: Worksheet{Vulnerability: v}}
	}
	u, c := fda.Uncontrolled, fda.Controlled
	for _, x := range []struct {
		name string
		ds   []Determination
		want []fda.Risk
	}{
		{"none", nil, []fda.Risk{u}},
		{"one of two", []Determination{sign(1, "a", u), sign(2, "b", c)}, []fda.Risk{u, u}},
		{"both in the end", []Determination{sign(1, "a", u), sign(2, "b", c), sign(3, "a", c)}, []fda.Risk{u, u, c}},
		{"at once", []Determination{sign(1, "a", u), sign(1, "a", c)}, []fda.Risk{u}},
		{"at once, the other way", []Determination{sign(1, "a", c), sign(1, "a", u)}, []fda.Risk{u}},
	} {
		var got []fda.Risk
		for _, d := range (account{determinations: x.ds}).risks(fda.Facts{LearnedAt: day0}) {
			got = append(got, d.Risk)
		}
		if !slices.Equal(got, x.want) {
			t.Errorf("%s: %v, want %v", x.name, got, x.want)
		}
	}
}
