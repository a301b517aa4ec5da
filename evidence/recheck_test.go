package evidence_test

import (
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/evidence"
	"github.com/cordon-isao/cordon/formats/fda"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/testkit/town"
)

// The re-checker's own calendar agrees with formats/fda on every day of 14 years,
// at both ends of the day.
func TestOwnCalendar(t *testing.T) {
	ny := fda.DefaultZone
	for day := time.Date(2020, 1, 1, 0, 0, 0, 0, ny); day.Year() < 2034; day = day.AddDate(0, 0, 1) {
		for _, at := range []time.Time{day, day.AddDate(0, 0, 1).Add(-time.Microsecond)} {
			for n, ours := range map[int]time.Time{30: evidence.EndAfterDays(at, 30), 60: evidence.EndAfterDays(at, 60)} {
				if want := fda.AddDays(at, n, nil).At.Truncate(time.Microsecond); !ours.Equal(want) {
					t.Fatalf("%d days after %s: %s, not %s", n, at, ours, want)
				}
			}
			for _, n := range []int{5, 10} {
				if ours, want := evidence.EndAfterWorkDays(at, n), fda.AddWorkDays(at, n, nil).At.Truncate(time.Microsecond); !ours.Equal(want) {
					t.Fatalf("%d work days after %s: %s, not %s", n, at, ours, want)
				}
			}
		}
	}
}

// randomCases is how many cases are replayed. A thousand take minutes, so that a
// plain run replays the first hundred; CORDON_CASES=1000 replays all.
func randomCases() int {
	if n, err := strconv.Atoi(os.Getenv("CORDON_CASES")); err == nil && n > 0 {
		return n
	}
	return 100
}

// Random cases, replayed from the ledger by code that shares nothing
// with the clocks, give the same obligations as the live ones.
func TestRandomCasesReplayTheSame(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	var h *town.Town
	states, checked, i := map[string]int{}, 0, 0
	for i < randomCases() {
		if i%100 == 0 { // what one town remembers is read again for each case
			h = town.New(t, "")
			h.Clock.Set(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC))
		}
		draw := rapid.Custom(script).Example(i)
		i++
		checked += draw.play(t, h, states)
		if i%200 == 0 {
			t.Logf("%d cases", i)
		}
		if t.Failed() {
			t.Fatalf("case %d: %+v", i, draw)
		}
	}
	t.Logf("%d cases, %d obligations, by state %v", i, checked, states)
	for _, s := range []string{"running", "at-risk", "over", "met", "late", "lost", "waived", "not-applicable"} {
		if states[s] == 0 && i >= 1000 {
			t.Errorf("no obligation came to be %q: the cases are not random enough", s)
		}
	}
}

// step is one thing that happens in a random case; day is counted from the case's
// beginning.
type step struct {
	Day     int
	What    string
	Variant int
}

type play struct {
	Learned int // days before the case was opened; -1: never said
	Steps   []step
	Until   int // the last day: how long it is looked at
}

// The things that happen; those of the first rows more often, so that cases go
// well sometimes.
var happenings = []string{"uncontrolled", "uncontrolled", "controlled", "residual", "notice", "notice", "notice-lacking", "notice-late-record", "notice-users", "controls", "controls", "controls-greater", "plan", "plan", "rationale", "rationale",
	"validated", "validated", "fixed", "fixed", "fixed-long", "harm", "initiated", "filed", "extension", "filed-extension", "aware", "mdr", "not-reportable", "pma", "pma-reported", "withdraw", "waive", "suspend", "learned"}

func script(t *rapid.T) play {
	p := play{Learned: rapid.IntRange(-1, 20).Draw(t, "learned"), Until: rapid.SampledFrom([]int{5, 25, 29, 31, 55, 61, 62, 95}).Draw(t, "until")}
	// Half of the cases begin by doing what is asked, in time or nearly so.
	if rapid.Bool().Draw(t, "good") {
		d := rapid.IntRange(1, 32).Draw(t, "notice day")
		for _, what := range []string{"uncontrolled", "controls", "plan", "rationale", "notice"} {
			p.Steps = append(p.Steps, step{d, what, 0})
		}
		d = rapid.IntRange(d, 62).Draw(t, "fix day")
		p.Steps = append(p.Steps, step{d, "validated", 0}, step{d, "fixed", 0})
	}
	for range rapid.IntRange(0, 9).Draw(t, "steps") {
		p.Steps = append(p.Steps, step{rapid.IntRange(0, 70).Draw(t, "day"), rapid.SampledFrom(happenings).Draw(t, "what"), rapid.IntRange(0, 5).Draw(t, "variant")})
	}
	return p
}

// play acts it out and compares; it returns how many obligations agreed.
func (p play) play(t *testing.T, h *town.Town, states map[string]int) int {
	h.T = t
	h.Clock.Add(7 * time.Hour)
	begin := h.Clock.Now()
	learned := time.Time{}
	if p.Learned >= 0 {
		learned = begin.AddDate(0, 0, -p.Learned)
	}
	w := newWork(h, learned, p.Until%2 == 0)
	facts := map[string][]string{}
	for day := 0; day <= 70 && day <= p.Until; day++ {
		now := begin.AddDate(0, 0, day)
		if now.After(h.Clock.Now()) {
			h.Clock.Set(now)
		}
		// One transaction a day: that is quicker, and at one instant too.
		var todo []step
		for _, s := range p.Steps {
			if s.Day == day {
				todo = append(todo, s)
			}
		}
		for i := range todo {
			if err := w.happen(todo[i], facts); err != nil {
				t.Fatalf("%s: %v", todo[i].What, err)
			}
		}
	}
	if end := begin.AddDate(0, 0, p.Until); end.After(h.Clock.Now()) {
		h.Clock.Set(end)
	}
	live := town.Must(h, town.Pia, func(v *db.View) ([]cases.Obligation, error) { return h.Cases.Obligations(v, w.id) })
	re := town.Must(h, town.Pia, func(v *db.View) (evidence.Recheck, error) { return h.Evidence.RecheckCase(v, w.id) })
	for _, d := range re.Disagreements {
		t.Errorf("with the record: %s", d.Text)
	}
	mine := map[string]evidence.Reckoned{}
	for _, o := range re.Clocks {
		mine[o.Rule+"/"+o.Clock+"/"+o.Object] = o
	}
	n := 0
	for _, o := range live {
		name := o.Rule + "/" + o.Clock + "/" + o.Object
		x, ok := mine[name]
		delete(mine, name)
		switch {
		case o.Rule == "R-068" || o.Rule == "R-062" || o.Rule == "R-063":
			continue
		case !ok && o.State == cases.ClockMoot: // what started it was withdrawn
			continue
		case !ok:
			t.Errorf("live only: %s %s", name, o.State)
			continue
		}
		n++
		states[string(o.State)]++
		if string(o.State) != x.State || !o.Due.Equal(x.Due) || !o.Trigger.Equal(x.Trigger) || o.State != cases.ClockMoot && (!o.SatisfiedAt.Equal(x.SatisfiedAt) || !o.LostAt.Equal(x.LostAt)) {
			t.Errorf("%s\n live      %s, from %s, due %s, satisfied %s, lost %s\n rechecked %s, from %s, due %s, satisfied %s, lost %s", name,
				o.State, o.Trigger, o.Due, o.SatisfiedAt, o.LostAt, x.State, x.Trigger, x.Due, x.SatisfiedAt, x.LostAt)
		}
	}
	for name, x := range mine {
		t.Errorf("rechecked only: %s %s", name, x.State)
	}
	return n
}

// happen does one thing now, or some days ago.
func (w *work) happen(s step, facts map[string][]string) error {
	now := w.Clock.Now()
	at := now.Add(-time.Duration(s.Variant) * 20 * time.Hour)
	text := map[string]any{"text": "words"}
	fact := func(kind cases.FactKind, detail map[string]any) error {
		return w.Write(town.Pia, func(tx *db.Tx) error {
			id, _, err := w.Cases.StateFact(tx, w.party, cases.NewFact{Kind: kind, At: at, Detail: detail, Key: w.Key()})
			facts[string(kind)] = append(facts[string(kind)], id)
			return err
		})
	}
	last := func(kind cases.FactKind) string {
		if ids := facts[string(kind)]; len(ids) > 0 {
			return ids[len(ids)-1]
		}
		return ""
	}
	switch s.What {
	case "learned":
		return fact(cases.Learned, nil)
	case "uncontrolled", "controlled", "residual":
		sheet := uncontrolled
		if s.What != "uncontrolled" {
			sheet = controlled
		}
		sheet.Residual, sheet.Device = s.What == "residual", []string{"", "A4"}[s.Variant%2]
		w.determine(sheet)
	case "notice", "notice-lacking", "notice-users", "notice-late-record":
		n := full
		switch s.What {
		case "notice-lacking":
			n.Impact = ""
		case "notice-users":
			n.Customers = false
		case "notice-late-record":
			at = now.Add(-time.Duration(10+s.Variant*10) * 24 * time.Hour)
		}
		w.notice(n, at)
	case "controls":
		return fact(cases.ControlsFound, map[string]any{"name": "Disconnect it", "greater_risk": "no"})
	case "controls-greater":
		return fact(cases.ControlsFound, map[string]any{"name": "Switch it off", "greater_risk": "yes"})
	case "plan":
		return fact(cases.PlanMade, text)
	case "rationale":
		return fact(cases.Rationale, text)
	case "validated":
		return fact(cases.FixValidated, nil)
	case "fixed":
		return fact(cases.FixDistributed, map[string]any{"residual_controlled": s.Variant < 4})
	case "fixed-long":
		return fact(cases.FixDistributed, map[string]any{"residual_controlled": true, "long_term_control": true, "justification": "It is as good."})
	case "harm":
		if len(facts["harm"]) > 0 {
			return nil
		}
		facts["harm"] = []string{"known"}
		return w.Write(town.Pia, func(tx *db.Tx) error {
			_, err := w.Cases.SeriousHarm(tx, w.party, cases.Harm{At: at, Event: fda.SeriousInjury, Text: "An injury.", RemedialAction: s.Variant%2 == 0, Confirm: true})
			return err
		})
	case "initiated":
		return fact(cases.Initiated, map[string]any{"kind": "correction", "text": "words"})
	case "filed":
		return fact(cases.Filed806, map[string]any{"number": "0000000-6/1/26-001-C"})
	case "extension":
		return fact(cases.Extension, text)
	case "filed-extension":
		if id := last(cases.Extension); id != "" {
			return fact(cases.Filed806, map[string]any{"number": "0000000-6/1/26-002-C", "extends": id})
		}
	case "aware":
		who := []fda.Reporter{fda.Manufacturer, fda.UserFacility, fda.Importer}[s.Variant%3]
		what := []fda.Event{fda.Death, fda.Malfunction}[s.Variant/3]
		return fact(cases.MDRAware, map[string]any{"reporter": string(who), "event": string(what), "fda_request": s.Variant == 3})
	case "mdr":
		if id := last(cases.MDRAware); id != "" {
			return fact(cases.MDRFiled, map[string]any{"number": "1234567-2026-00001", "event": id})
		}
	case "not-reportable":
		if id := last(cases.MDRAware); id != "" {
			return fact(cases.MDRNotReportable, map[string]any{"event": id, "by": "Dr. Who", "role": string(fda.Physician), "basis": "The log."})
		}
	case "pma":
		detail := map[string]any{"number": "P990001"}
		if s.Variant < 3 {
			detail["report_due"] = now.AddDate(0, 0, 30*s.Variant).Format(time.DateOnly)
		}
		return fact(cases.PMA, detail)
	case "pma-reported":
		return fact(cases.PMAReported, map[string]any{"text": "R-1"})
	case "withdraw":
		for _, kind := range []cases.FactKind{cases.FixDistributed, cases.PlanMade, cases.Initiated, cases.MDRAware, cases.PMA, cases.ControlsFound}[s.Variant:] {
			if id := last(kind); id != "" {
				facts[string(kind)] = facts[string(kind)][:len(facts[string(kind)])-1]
				return w.Write(town.Pia, func(tx *db.Tx) error { return w.Cases.Withdraw(tx, id, "a mistake") })
			}
		}
	case "waive":
		for _, o := range town.Must(w.Town, town.Pia, func(v *db.View) ([]cases.Obligation, error) { return w.Cases.Obligations(v, w.id) }) {
			if o.State.Open() && o.Party == w.party {
				return w.Write(town.Pia, func(tx *db.Tx) error { return w.Cases.Waive(tx, o.ID, "it is another firm's device") })
			}
		}
	case "suspend":
		if s.Variant > 0 {
			return nil // gaps last in everybody's memory
		}
		err := w.Write(town.Dora, func(tx *db.Tx) error { return w.Members.Suspend(tx, town.Pump.ID(), "fees") })
		if err != nil {
			return err
		}
		w.Clock.Add(time.Hour)
		return w.Write(town.Dora, func(tx *db.Tx) error { return w.Members.Reinstate(tx, town.Pump.ID(), "paid") })
	default:
		return fmt.Errorf("nobody knows how to do %q", s.What)
	}
	return nil
}

// A clock that says something else than the facts is told in words.
func TestRecheckDisagrees(t *testing.T) {
	h := town.New(t, "")
	w := newWork(h, town.Epoch, true)
	w.good()
	events := evidence.Told(t, w.pack(town.Pia))
	if r := evidence.RecheckTold(t, events, h.Clock.Now(), "", ""); len(r.Disagreements) > 0 || r.Checked != 3 {
		t.Fatalf("%+v", r)
	}
	for was, is := range map[string]string{
		`"due_at":"2026-04-01T03:59:59.999999Z"`: `"due_at":"2026-05-01T03:59:59.999999Z"`,
		`"kind":"fix-validated"`:                 `"kind":"information"`,
		`"moot":false`:                           ``,
	} {
		if is == "" {
			continue
		}
		if r := evidence.RecheckTold(t, events, h.Clock.Now(), was, is); len(r.Disagreements) == 0 {
			t.Errorf("%s instead of %s goes unseen: %+v", is, was, r)
		}
	}
}
