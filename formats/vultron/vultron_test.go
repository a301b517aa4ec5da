package vultron_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/cordon-isao/cordon/formats/fda"
	. "github.com/cordon-isao/cordon/formats/vultron"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// The tables of domain section c, written once more as "from event to": no row
// more, no row less.
const reportTable = `
start receive received
received validate valid
received invalidate invalid
invalid validate valid
invalid close closed
valid accept accepted
valid defer deferred
accepted defer deferred
accepted close closed
deferred accept accepted
deferred close closed`

const embargoTable = `
none propose proposed
proposed propose proposed
proposed reject none
proposed accept active
active propose revise
active terminate exited
revise propose revise
revise accept active
revise reject active
revise terminate exited`

func TestTables(t *testing.T) {
	if diff := cmp.Diff(strings.TrimSpace(reportTable), written(Report)); diff != "" {
		t.Error("report:", diff)
	}
	if diff := cmp.Diff(strings.TrimSpace(embargoTable), written(Embargo)); diff != "" {
		t.Error("embargo:", diff)
	}
}

func written[S, E ~string](m *Machine[S, E]) string {
	var rows []string
	for _, r := range m.Table() {
		rows = append(rows, string(r.From)+" "+string(r.Event)+" "+string(r.To))
	}
	return strings.Join(rows, "\n")
}

// model walks a machine at random beside a map made from the table's text: no
// path outside the table exists, and a refused step changes nothing.
func model[S, E ~string](t *testing.T, m *Machine[S, E], table string, events []E) {
	t.Helper()
	allowed := map[string]string{}
	for _, row := range strings.Split(strings.TrimSpace(table), "\n") {
		f := strings.Fields(row)
		allowed[f[0]+" "+f[1]] = f[2]
	}
	rapid.Check(t, func(t *rapid.T) {
		state := m.Start()
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			event := rapid.SampledFrom(append(events, "", "Accept", "reopen")).Draw(t, "event")
			next, err := m.Next(state, event)
			want, ok := allowed[string(state)+" "+string(event)]
			var no *NoTransition
			switch {
			case ok && (err != nil || string(next) != want):
				t.Fatalf("%s, %s: %s (%v), want %s", state, event, next, err, want)
			case !ok && (!errors.As(err, &no) || next != state):
				t.Fatalf("%s, %s: %s (%v), want a refusal", state, event, next, err)
			}
			var listed bool
			for _, e := range m.Events(state) {
				listed = listed || e == event
			}
			if listed != ok {
				t.Fatalf("%s: %s listed %v, allowed %v", state, event, listed, ok)
			}
			state = next
		}
	})
}

func TestReportModel(t *testing.T) {
	model(t, Report, reportTable, []ReportEvent{Receive, Validate, Invalidate, Accept, Defer, Close})
	if e := Report.Events(ReportClosed); e != nil || !Report.Final(ReportClosed) || Report.Final(ReportAccepted) {
		t.Error("closed is not the end:", e)
	}
}

func TestEmbargoModel(t *testing.T) {
	model(t, Embargo, embargoTable, []EmbargoEvent{ProposeEmbargo, AcceptEmbargo, RejectEmbargo, TerminateEmbargo})
	for _, s := range Embargo.States() {
		if (s == EmbargoNone || s == EmbargoExited) != Embargo.Final(s) || (s == EmbargoActive || s == EmbargoRevise) != s.InForce() {
			t.Error(s, "final or in force")
		}
	}
	if e := Embargo.Events(EmbargoExited); e != nil {
		t.Error("an embargo comes back:", e)
	}
}

// 32 states; one letter a step, upper-case only; V before F before D;
// vP and pX go nowhere but to VP and PX.
func TestCaseStates(t *testing.T) {
	states := Case.States()
	if len(states) != 32 {
		t.Fatalf("%d states, want 32", len(states))
	}
	for _, r := range Case.Table() {
		i := strings.Index("VFDPXA", string(r.Event))
		if i < 0 || r.From[:i] != r.To[:i] || r.From[i+1:] != r.To[i+1:] || !unicode.IsLower(rune(r.From[i])) || r.To[i] != r.Event[0] {
			t.Errorf("%v flips something else", r)
		}
	}
	for _, s := range states {
		if s.Has("F") && !s.Has("V") || s.Has("D") && !s.Has("F") {
			t.Errorf("%s exists", s)
		}
		got := Case.Events(s)
		switch {
		case s.Has("X") && !s.Has("P"):
			if diff := cmp.Diff([]CaseEvent{PublicAware}, got); diff != "" {
				t.Error(s, diff)
			}
		case s.Has("P") && !s.Has("V"):
			if diff := cmp.Diff([]CaseEvent{VendorAware}, got); diff != "" {
				t.Error(s, diff)
			}
		case len(got) == 0 && s != "VFDPXA":
			t.Errorf("%s is a dead end", s)
		}
	}
	for _, s := range []CaseState{"", "vfdpx", "vFdpxa", "vfDpxa", "VfDPXA", "vfdpxaa"} {
		if Case.Valid(s) {
			t.Errorf("%q is a state", s)
		}
		if _, err := Case.Next(s, Attacks); err == nil {
			t.Errorf("%q goes on", s)
		}
	}
}

// whatever happens in whatever order, letters never flip back, no state
// is left between, and every case can reach the end.
func TestCaseModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		state := Case.Start()
		true_ := map[rune]bool{}
		for range rapid.IntRange(1, 20).Draw(t, "steps") {
			event := rapid.SampledFrom([]CaseEvent{"V", "F", "D", "P", "X", "A", "v", ""}).Draw(t, "event")
			next, events, err := Advance(state, event)
			legal := strings.Contains("VPXA", string(event)) && event != "" || event == "F" && true_['V'] || event == "D" && true_['F']
			legal = legal && !true_[rune((string(event) + " ")[0])]
			if (err == nil) != legal {
				t.Fatalf("%s, %q: %v, legal %v", state, event, err, legal)
			}
			if err != nil {
				if next != state || events != nil {
					t.Fatal("a refused event changed something")
				}
				continue
			}
			true_[rune(event[0])] = true
			true_['P'] = true_['P'] || true_['X']
			true_['V'] = true_['V'] || true_['P']
			for _, c := range "VFDPXA" {
				if next.Has(CaseEvent(c)) != true_[c] {
					t.Fatalf("%s, %s: %s, letter %c", state, event, next, c)
				}
			}
			if next.Transient() || events[0] != event {
				t.Fatal("left between:", next, events)
			}
			state = next
		}
		for _, event := range []CaseEvent{"V", "F", "D", "P", "X", "A"} {
			if !state.Has(event) {
				var err error
				if state, _, err = Advance(state, event); err != nil {
					t.Fatal(err)
				}
			}
		}
		if !Case.Final(state) {
			t.Fatal("the end is", state)
		}
	})
}

func TestAdvanceInOrder(t *testing.T) {
	s, events, err := Advance("vfdpxa", ExploitPublic)
	if err != nil || s != "VfdPXa" {
		t.Fatal(s, err)
	}
	if diff := cmp.Diff([]CaseEvent{ExploitPublic, PublicAware, VendorAware}, events); diff != "" {
		t.Error(diff)
	}
}

// R-062's example: first attempted contact 2026-11-21, so the embargo ends with
// 2027-01-05, and not an instant earlier.
func TestR062EmbargoExpiry(t *testing.T) {
	first := time.Date(2026, 11, 21, 15, 0, 0, 0, time.UTC)
	due, err := EmbargoExpiry(first, time.Time{}, 0, nil)
	if err != nil || due.Date.String() != "2027-01-05" {
		t.Fatal(due, err)
	}
	midnight := time.Date(2027, 1, 6, 0, 0, 0, 0, fda.DefaultZone)
	if due.Over(midnight.Add(-1)) || !due.Over(midnight) {
		t.Error("ends at", due.At)
	}
	if d, err := EmbargoExpiry(first, time.Time{}, 90, time.UTC); err != nil || d.Date.String() != "2027-02-19" {
		t.Error(d, err)
	}
	until := first.Add(100 * time.Hour)
	if d, err := EmbargoExpiry(first, until, 45, time.UTC); err != nil || !d.At.Equal(until) {
		t.Error(d, err)
	}
	for _, bad := range []struct {
		first, until time.Time
		days         int
	}{{time.Time{}, until, 0}, {first, first, 0}, {first, first.Add(-1), 0}, {first, time.Time{}, -1}} {
		if d, err := EmbargoExpiry(bad.first, bad.until, bad.days, nil); err == nil {
			t.Error(bad, d)
		}
	}
}

func TestR063MustEnd(t *testing.T) {
	at := time.Date(2026, 3, 8, 1, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		b     Breach
		force Force
		by    time.Time
	}{
		{InformationPublic, EndNow, at}, {ExploitIsPublic, EndNow, at},
		{ActiveExploitation, EndShould, at.Add(24 * time.Hour)}, {AdversaryExploit, EndShould, at.Add(24 * time.Hour)},
		{AdversaryKnows, EndMay, time.Time{}}, {QuorumReady, EndMay, time.Time{}},
	} {
		force, by, err := MustEnd(c.b, at)
		if err != nil || force != c.force || !by.Equal(c.by) {
			t.Error(c, force, by, err)
		}
	}
	if _, _, err := MustEnd("boredom", at); err == nil {
		t.Error("anything ends an embargo")
	}
	for event, want := range map[CaseEvent]Force{PublicAware: EndNow, ExploitPublic: EndNow, Attacks: EndShould, VendorAware: "", FixReady: "", FixDeployed: ""} {
		b, ok := BreachOf(event)
		if ok != (want != "") {
			t.Error(event, b)
		}
		if force, _, _ := MustEnd(b, at); force != want {
			t.Error(event, force)
		}
	}
}

func TestR064Agree(t *testing.T) {
	short, long := time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	var none time.Time
	for _, c := range []struct {
		sender, receiver time.Time
		want             Agreement
	}{
		{short, long, Agreement{short, long}}, {long, short, Agreement{short, long}}, {short, short, Agreement{short, none}},
		{none, long, Agreement{long, none}}, {short, none, Agreement{short, none}}, {none, none, Agreement{}},
	} {
		if diff := cmp.Diff(c.want, Agree(c.sender, c.receiver)); diff != "" {
			t.Error(c, diff)
		}
	}
}

// R-066's figures, and the guide's P(no leak): 10 parties 99 %, 100 90 %, 1000 37 %.
func TestR066LeakRisk(t *testing.T) {
	for n, want := range map[int]float64{0: 0, 10: 0.00996, 100: 0.0952, 1000: 0.6323} {
		if got, err := LeakRisk(n, 0.001); err != nil || math.Abs(got-want) > 1e-4 {
			t.Error(n, got, err)
		}
	}
	for _, c := range []struct{ p, want float64 }{{0, 0}, {1, 1}} {
		if got, err := LeakRisk(5, c.p); err != nil || got != c.want {
			t.Error(c, got, err)
		}
	}
	if got, err := LeakRisk(0, 1); err != nil || got != 0 {
		t.Error(got, err)
	}
	for _, p := range []float64{-0.1, 1.1, math.NaN()} {
		if _, err := LeakRisk(1, p); err == nil {
			t.Error(p)
		}
	}
	if _, err := LeakRisk(-1, 0.5); err == nil {
		t.Error("-1 parties")
	}
}

func TestR068Acknowledgement(t *testing.T) {
	// A Friday evening in New York before Thanksgiving week; in UTC it is Saturday.
	at := time.Date(2026, 11, 21, 1, 0, 0, 0, time.UTC)
	desk := DeskAckDue(at, nil)
	if end := at.Add(48 * time.Hour); desk.Breach.Over(end) || !desk.Breach.Over(end.Add(1)) || !desk.Warn.IsZero() || desk.Warn.Over(end) {
		t.Error(desk)
	}
	vendor := VendorAckDue(at, nil)
	if vendor.Warn.Date.String() != "2026-11-30" || vendor.Breach.Date.String() != "2026-12-07" {
		t.Error(vendor)
	}
	if d := UpdateDue(at, nil); d.Date.String() != "2026-12-20" {
		t.Error(d)
	}
}
