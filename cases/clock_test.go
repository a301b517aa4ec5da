package cases_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/formats/fda"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/members"
	"github.com/cordon-isao/cordon/policy"
)

// noon is a moment of a day, noon in FDA's zone or so.
func noon(day string) time.Time {
	d, err := fda.ParseDate(day)
	if err != nil {
		panic(err)
	}
	return time.Date(d.Year, d.Month, d.Day, 17, 0, 0, 0, time.UTC)
}

// course drives one manufacturer's case through the duty.
type course struct {
	*town.Town
	id, party string
	facts     map[cases.FactKind]string
}

// newCourse opens Pump's own case; learned may be zero.
func newCourse(t *testing.T, h *town.Town, learned time.Time) *course {
	t.Helper()
	h.T = t
	if learned.After(h.Clock.Now()) {
		h.Clock.Set(learned)
	}
	c := &course{Town: h, facts: map[cases.FactKind]string{}}
	c.id = h.Case(town.Pia, cases.NewCase{Title: "Open port", LearnedAt: learned})
	ps := town.Must(h, town.Pia, func(v *db.View) ([]cases.Party, error) { return h.Cases.Parties(v, c.id) })
	c.party = ps[0].ID
	return c
}

func (c *course) try(kind cases.FactKind, at time.Time, detail map[string]any) error {
	if at.After(c.Clock.Now()) {
		c.Clock.Set(at)
	}
	return c.Write(town.Pia, func(tx *db.Tx) error {
		id, _, err := c.Cases.StateFact(tx, c.party, cases.NewFact{Kind: kind, At: at, Detail: detail, Key: c.Key()})
		c.facts[kind] = id
		return err
	})
}

func (c *course) state(kind cases.FactKind, at time.Time, detail map[string]any) {
	c.T.Helper()
	c.OK(c.try(kind, at, detail))
}

// plan states what condition 2 asks for besides the notice.
func (c *course) plan(at time.Time) {
	c.T.Helper()
	c.state(cases.ControlsFound, at, map[string]any{"name": "Disconnect it from the network", "greater_risk": "no"})
	c.state(cases.PlanMade, at, map[string]any{"text": "Close the port."})
	c.state(cases.Rationale, at, map[string]any{"text": "Validation takes six weeks."})
}

func (c *course) fix(at time.Time) {
	c.T.Helper()
	c.state(cases.FixValidated, at, nil)
	c.state(cases.FixDistributed, at, map[string]any{"residual_controlled": true})
}

var whole = cases.NoticeText{Subject: "Open port in A4", Impact: "An open port lets anybody change the rate.", Efforts: "We work on a fix as expeditiously as possible.", Controls: "Disconnect it from the network.",
	Fix: "We are working on a fix.", Future: "We will tell you when it is available.", Strategy: "Without the network the risk is acceptable.", Customers: true, Users: true, Contact: "psirt@pump.example", Recipients: []string{"Ward Hospital", "it@clinic.example"}}

func (c *course) send(at time.Time, t cases.NoticeText, incomplete string) (id string, err error) {
	if at.After(c.Clock.Now()) {
		c.Clock.Set(at)
	}
	c.OK(c.Write(town.Pia, func(tx *db.Tx) (err error) { id, _, err = c.Cases.DraftNotice(tx, c.party, t, c.Key()); return err }))
	return id, c.Write(town.Pia, func(tx *db.Tx) error {
		return c.Cases.SendNotice(tx, id, cases.Sending{At: at, Via: "E-mail", Incomplete: incomplete})
	})
}

func (c *course) notice(at time.Time) {
	c.T.Helper()
	_, err := c.send(at, whole, "")
	c.OK(err)
}

func (c *course) determine(at time.Time, w cases.Worksheet) fda.Risk {
	c.T.Helper()
	if at.After(c.Clock.Now()) {
		c.Clock.Set(at)
	}
	w.Rationale, w.Key = "As analysed.", c.Key()
	var id string
	c.OK(c.Write(town.Pia, func(tx *db.Tx) (err error) { id, _, err = c.Cases.Determine(tx, c.party, w); return err }))
	for _, d := range town.Must(c.Town, town.Pia, func(v *db.View) ([]cases.Determination, error) { return c.Cases.Determinations(v, c.id) }) {
		if d.ID == id {
			return d.Outcome
		}
	}
	c.T.Fatal("the determination is not there")
	return ""
}

var (
	uncontrolled = cases.Worksheet{Exploit: fda.HighExploitability, Harm: fda.HarmFacts{LifeThreatening: true}}
	controlled   = cases.Worksheet{Exploit: fda.LowExploitability, Harm: fda.HarmFacts{TemporaryInjury: true}}
)

func (c *course) clocks(who string) []cases.Obligation {
	c.T.Helper()
	return town.Must(c.Town, who, func(v *db.View) ([]cases.Obligation, error) { return c.Cases.Obligations(v, c.id) })
}

// clock finds one; rule/clock, such as "R-010/fix".
func (c *course) clock(name string) cases.Obligation {
	c.T.Helper()
	for _, o := range c.clocks(town.Pia) {
		if o.Rule+"/"+o.Clock == name {
			return o
		}
	}
	c.T.Fatalf("there is no clock %s", name)
	return cases.Obligation{}
}

// wants compares the clocks' states at an instant: "R-010/notice met".
func (c *course) wants(at time.Time, lines ...string) {
	c.T.Helper()
	c.Clock.Set(at)
	var got []string
	for _, o := range c.clocks(town.Pia) {
		if o.Rule != "R-068" {
			got = append(got, fmt.Sprintf("%s/%s %s", o.Rule, o.Clock, o.State))
		}
	}
	slices.Sort(got)
	slices.Sort(lines)
	if !slices.Equal(got, lines) {
		c.T.Errorf("at %s:\n got  %s\n want %s", at.Format(time.RFC3339Nano), strings.Join(got, ", "), strings.Join(lines, ", "))
	}
}

func day(o cases.Obligation) string { return fda.DateOf(o.Due, nil).String() }

// The date examples of section b, through the duty.
func TestDateExamples(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		// learned 2026-01-01: day 30 is 2026-01-31, day 60 is 2026-03-02.
		c := newCourse(t, h, noon("2026-01-01"))
		if a, b := c.clock("R-010/notice"), c.clock("R-010/fix"); day(a) != "2026-01-31" || day(b) != "2026-03-02" || a.Zone != "America/New_York" || len(a.Missing) == 0 {
			t.Errorf("the 30 and 60 days end on %s and %s; missing %q", day(a), day(b), a.Missing)
		}
		last := func(s string) time.Time { d, _ := fda.ParseDate(s); return d.End(nil).Truncate(time.Microsecond) }
		for _, x := range []struct {
			sent, fixed time.Time
			notice, fix cases.ClockState
		}{
			{last("2027-01-31"), last("2027-03-02"), cases.ClockMet, cases.ClockMet},
			{last("2027-01-31").Add(time.Microsecond), last("2027-03-02"), cases.ClockLost, cases.ClockMet},
			{noon("2027-02-01"), noon("2027-03-03"), cases.ClockLost, cases.ClockLost},
			{noon("2027-01-31"), last("2027-03-02").Add(time.Microsecond), cases.ClockMet, cases.ClockLost},
		} {
			h.Clock.Set(noon("2027-01-01"))
			c := newCourse(t, h, noon("2027-01-01"))
			c.plan(noon("2027-01-10"))
			c.notice(x.sent)
			c.fix(x.fixed)
			c.determine(noon("2027-03-10"), uncontrolled)
			if a, b := c.clock("R-010/notice").State, c.clock("R-010/fix").State; a != x.notice || b != x.fix {
				t.Errorf("sent %s, fixed %s: %s and %s, want %s and %s", x.sent, x.fixed, a, b, x.notice, x.fix)
			}
		}
		// initiated Friday 2026-11-20: 2026-12-07, Thanksgiving left out.
		h.Clock.Set(noon("2026-11-20"))
		c = newCourse(t, h, time.Time{})
		c.state(cases.Initiated, noon("2026-11-20"), map[string]any{"kind": "correction", "text": "A patch."})
		if o := c.clock("R-020/806"); day(o) != "2026-12-07" || o.State != cases.ClockRunning {
			t.Errorf("the 806 report is due %s, %s", day(o), o.State)
		}
		// aware Wednesday 2026-11-25: five-day 2026-12-03, 30-day 2026-12-25.
		for five, want := range map[bool]string{true: "2026-12-03", false: "2026-12-25"} {
			c := newCourse(t, h, time.Time{})
			detail := map[string]any{"reporter": "manufacturer", "event": "malfunction"}
			if five {
				detail["remedial_action"] = true
			}
			c.state(cases.MDRAware, noon("2026-11-25"), detail)
			if o := c.clock("R-023/mdr"); day(o) != want {
				t.Errorf("five-day %t: the report is due %s, want %s", five, day(o), want)
			}
		}
	})
}

// FDA's eight worked examples (domain §1.1.e), facts in, obligations out.
func TestScenarios(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		routine := []string{"R-010/notice not-applicable", "R-010/fix not-applicable", "R-011/discretion not-applicable"}
		begin := func(t *testing.T, w cases.Worksheet, want fda.Risk) *course {
			c := newCourse(t, h, noon("2027-01-01"))
			c.wants(noon("2027-01-02"), "R-010/notice running", "R-010/fix running", "R-011/discretion running")
			if got := c.determine(noon("2027-01-03"), w); got != want {
				t.Fatalf("determined %s, want %s", got, want)
			}
			return c
		}
		reset := func() { h.Clock.Set(noon("2027-01-01")) }
		scenario := func(name string, fn func(t *testing.T)) { reset(); t.Run(name, fn) }
		scenario("1 blood-gas analyzer malware", func(t *testing.T) {
			begin(t, cases.Worksheet{Exploit: fda.MediumExploitability, Harm: fda.HarmFacts{TemporaryInjury: true}}, fda.Controlled).wants(noon("2027-06-01"), routine...)
		})
		scenario("2 database misconfiguration", func(t *testing.T) {
			c := begin(t, cases.Worksheet{Exploit: fda.HighExploitability, Harm: fda.HarmFacts{ConfidentialityLoss: true}}, fda.Controlled)
			c.state(cases.Enhancement, noon("2027-01-20"), map[string]any{"purpose": "confidentiality_only", "text": "Secure configuration."})
			c.wants(noon("2027-06-01"), routine...)
		})
		scenario("3 unused port, download blocked", func(t *testing.T) {
			begin(t, cases.Worksheet{Exploit: fda.MediumExploitability, Harm: fda.HarmFacts{ProfessionalIntervention: true},
				Controls: []cases.Control{{Name: "Download is blocked by design", GreaterRisk: fda.No, LowersExploitability: fda.LowExploitability}}}, fda.Controlled).wants(noon("2027-06-01"), routine...)
		})
		scenario("4 class III browsing malware", func(t *testing.T) {
			c := begin(t, cases.Worksheet{Exploit: fda.MediumExploitability, Harm: fda.HarmFacts{TemporaryInjury: true}}, fda.Controlled)
			c.state(cases.PMA, noon("2027-01-05"), map[string]any{"report_due": "2027-05-01"})
			c.wants(noon("2027-04-01"), append([]string{"R-014/pma running"}, routine...)...)
			c.state(cases.PMAReported, noon("2027-04-20"), map[string]any{"text": "Annual report of 2027"})
			c.wants(noon("2027-06-01"), append([]string{"R-014/pma met"}, routine...)...)
		})
		scenario("5 unauthorized firmware, all done in time", func(t *testing.T) {
			c := begin(t, uncontrolled, fda.Uncontrolled)
			c.state(cases.PMA, noon("2027-01-05"), nil)
			c.plan(noon("2027-01-10"))
			c.notice(noon("2027-01-20"))
			c.wants(noon("2027-01-28"), "R-014/pma running", "R-010/notice met", "R-010/fix running", "R-011/discretion running")
			c.wants(noon("2027-02-25"), "R-014/pma running", "R-010/notice met", "R-010/fix at-risk", "R-011/discretion at-risk")
			c.fix(noon("2027-03-01"))
			c.wants(noon("2027-06-01"), "R-014/pma running", "R-010/notice met", "R-010/fix met", "R-011/discretion met")
		})
		scenario("7 known component, new failure mode", func(t *testing.T) {
			c := begin(t, cases.Worksheet{Exploit: fda.HighExploitability, Harm: fda.HarmFacts{ProfessionalIntervention: true}}, fda.Uncontrolled)
			c.plan(noon("2027-01-08"))
			c.notice(noon("2027-01-31"))
			c.fix(noon("2027-03-02"))
			c.wants(noon("2027-06-01"), "R-010/notice met", "R-010/fix met", "R-011/discretion met")
		})
		scenario("8 patient harmed", func(t *testing.T) {
			c := begin(t, uncontrolled, fda.Uncontrolled)
			h.Clock.Set(noon("2027-01-12"))
			harm := cases.Harm{At: noon("2027-01-12"), Event: fda.Death, Text: "A pump stopped."}
			town.Wants(t, h.Write(town.Pia, func(tx *db.Tx) error { _, err := h.Cases.SeriousHarm(tx, c.party, harm); return err }), fault.Invalid, "confirm")
			harm.Confirm = true
			var fact string
			h.OK(h.Write(town.Pia, func(tx *db.Tx) (err error) { fact, err = h.Cases.SeriousHarm(tx, c.party, harm); return err }))
			c.wants(noon("2027-01-12"), "R-010/notice lost", "R-010/fix lost", "R-011/discretion lost", "R-020/806 running", "R-023/mdr running")
			if o := c.clock("R-020/806"); !o.Due.IsZero() || len(o.Missing) == 0 {
				t.Errorf("before a correction is initiated the report is due %s", o.Due)
			}
			if k := town.Must(h, town.Pia, func(v *db.View) (cases.Case, error) { return h.Cases.Case(v, c.id) }); k.Safety != cases.SafetyHarm {
				t.Errorf("the case's safety is %s", k.Safety)
			}
			town.Wants(t, h.Write(town.Pia, func(tx *db.Tx) error { return h.Cases.Withdraw(tx, fact, "A mistake.") }), fault.Conflict, "")
			c.notice(noon("2027-01-13"))
			c.state(cases.Initiated, noon("2027-01-14"), map[string]any{"kind": "correction", "text": "Emergency patch."})
			if o := c.clock("R-020/806"); day(o) != "2027-01-29" { // ten work days, Martin Luther King's day left out
				t.Errorf("the 806 report is due %s", day(o))
			}
			if o := c.clock("R-023/mdr"); day(o) != "2027-02-11" {
				t.Errorf("the MDR is due %s", day(o))
			}
			event := ""
			for _, f := range town.Must(h, town.Pia, func(v *db.View) ([]cases.Fact, error) { return h.Cases.Facts(v, c.id) }) {
				if f.Kind == cases.MDRAware {
					event = f.ID
				}
			}
			c.state(cases.MDRFiled, noon("2027-02-01"), map[string]any{"number": "1234567-2027-00001", "event": event})
			town.Wants(t, c.try(cases.Filed806, noon("2027-02-02"), map[string]any{"number": "806/1"}), fault.Invalid, "number")
			c.state(cases.Filed806, noon("2027-02-02"), map[string]any{"number": "1234567-2/2/27-001-C"})
			// A later determination changes nothing of it.
			c.determine(noon("2027-02-03"), controlled)
			c.wants(noon("2027-06-01"), "R-010/notice lost", "R-010/fix lost", "R-011/discretion lost", "R-020/806 late", "R-023/mdr met")
		})
		// The last, because the membership ends in it.
		scenario("6 hard-coded password, no member", func(t *testing.T) {
			c := begin(t, cases.Worksheet{Exploit: fda.MediumExploitability, Harm: fda.HarmFacts{PermanentImpairment: true}}, fda.Uncontrolled)
			c.plan(noon("2027-01-08"))
			c.notice(noon("2027-01-20"))
			h.Clock.Set(noon("2027-01-25"))
			suspend := func(verb func(*members.Members, *db.Tx) error) {
				h.OK(h.Write(town.Dora, func(tx *db.Tx) error { return verb(h.Members, tx) }))
			}
			suspend(func(m *members.Members, tx *db.Tx) error { return m.Suspend(tx, town.Pump.ID(), "Fees.") })
			h.Clock.Set(noon("2027-01-26"))
			suspend(func(m *members.Members, tx *db.Tx) error { return m.Reinstate(tx, town.Pump.ID(), "Paid.") })
			// Nobody told the case: the reader sees it all the same, before a pass and after.
			lost := []string{"R-010/notice lost", "R-010/fix lost", "R-011/discretion lost", "R-020/806 running"}
			c.wants(noon("2027-01-27"), lost...)
			if o := c.clock("R-011/discretion"); !o.LostAt.Equal(noon("2027-01-25")) || !strings.Contains(strings.Join(o.Why, " "), "not an active ISAO participant") {
				t.Errorf("lost at %s: %q", o.LostAt, o.Why)
			}
			if _, err := h.Cases.Pass(h.Ctx, h.DB, policy.System("deadlines")); err != nil {
				t.Fatal(err)
			}
			c.wants(noon("2027-01-27"), lost...)
			c.fix(noon("2027-02-20"))
			c.state(cases.Initiated, noon("2027-01-20"), map[string]any{"kind": "correction", "text": "The patch."})
			if o := c.clock("R-020/806"); day(o) != "2027-02-03" || o.State != cases.ClockOver {
				t.Errorf("the 806 report is due %s, %s", day(o), o.State)
			}
		})
	})
}

// A party's clocks are its own, and the desk's only if it lets the desk see them.
func TestWhoSeesClocks(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		own := newCourse(t, h, town.Epoch.Add(time.Minute))
		shared := &course{Town: h, facts: map[cases.FactKind]string{}}
		shared.id = h.Case(town.Pia, cases.NewCase{Title: "Shared", LearnedAt: town.Epoch, Label: town.Label(policy.Amber, h.Desk), DeskSees: true})
		for _, x := range []struct {
			who         string
			own, shared int
		}{{town.Pia, 3, 3}, {town.Dora, 0, 3}, {town.Max, 0, 0}, {"", 0, 0}, {town.Pol, 0, 0}} {
			if a, b := len(own.clocks(x.who)), len(shared.clocks(x.who)); a != x.own || b != x.shared {
				t.Errorf("%q sees %d and %d clocks, want %d and %d", x.who, a, b, x.own, x.shared)
			}
		}
		mine := town.Must(h, town.Pia, func(v *db.View) ([]cases.Obligation, error) { return h.Cases.MyClocks(v, 0) })
		if len(mine) != 6 || mine[0].Due.After(mine[5].Due) {
			t.Errorf("Pia's clocks: %+v", mine)
		}
		if desk := town.Must(h, town.Dora, func(v *db.View) ([]cases.Obligation, error) { return h.Cases.MyClocks(v, 0) }); len(desk) != 0 {
			t.Errorf("the desk owes %+v", desk)
		}
		// Nobody else states facts, signs, or waives.
		for _, who := range []string{town.Max, town.Dora, town.Pol, ""} {
			err := h.Write(who, func(tx *db.Tx) error {
				_, _, err := h.Cases.StateFact(tx, own.party, cases.NewFact{Kind: cases.PlanMade, At: h.Clock.Now(), Detail: map[string]any{"text": "x"}})
				return err
			})
			want := fault.Missing // they do not know of it
			if who == "" || who == town.Pol {
				want = fault.Forbidden // Pol is told of his organization's cases and has no seat
			}
			if !fault.Is(err, want) {
				t.Errorf("%q states a fact: %v", who, err)
			}
			if err := h.Write(who, func(tx *db.Tx) error { return h.Cases.Waive(tx, own.clock("R-010/fix").ID, "x") }); !fault.Is(err, fault.Missing) {
				t.Errorf("%q waives: %v", who, err)
			}
		}
	})
}

// What is stated wrongly is refused, field by field; what was stated is withdrawn,
// and the clocks follow.
func TestFacts(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		c := newCourse(t, h, town.Epoch.Add(time.Minute))
		now := h.Clock.Now()
		for _, x := range []struct {
			kind   cases.FactKind
			at     time.Time
			detail map[string]any
			field  string
		}{
			{"no-such", now, nil, "kind"}, {cases.SeriousHarmKnown, now, nil, "kind"}, {cases.PlanMade, now, nil, "text"},
			{cases.ControlsFound, now, map[string]any{"name": "x", "greater_risk": "maybe"}, "greater_risk"},
			{cases.FixDistributed, now, map[string]any{"long_term_control": true}, "justification"},
			{cases.MDRFiled, now, map[string]any{"number": "1", "event": "x"}, "number"}, {cases.MDRFiled, now, map[string]any{"number": "1234567-2011-00001", "event": "fact_NONE"}, "event"},
			{cases.MDRNotReportable, now, map[string]any{"event": "x", "by": "A. Smith", "role": "engineer", "basis": "b"}, "role"}, {cases.Filed806, now, map[string]any{"number": "806"}, "number"},
			{cases.PMA, now, map[string]any{"report_due": "soon"}, "report_due"},
		} {
			town.Wants(t, c.try(x.kind, x.at, x.detail), fault.Invalid, x.field)
		}
		err := h.Write(town.Pia, func(tx *db.Tx) error {
			_, _, err := h.Cases.StateFact(tx, c.party, cases.NewFact{Kind: cases.FixValidated, At: now.Add(time.Second)})
			return err
		})
		town.Wants(t, err, fault.Invalid, "at")
		facts := town.Must(h, town.Pia, func(v *db.View) ([]cases.Fact, error) { return h.Cases.Facts(v, c.id) })
		if len(facts) != 1 || facts[0].Kind != cases.Learned {
			t.Fatalf("facts: %+v", facts)
		}
		h.OK(h.Write(town.Pia, func(tx *db.Tx) error { return h.Cases.Withdraw(tx, facts[0].ID, "It was a day before.") }))
		c.wants(now) // the record keeps that they were
		if n := len(c.entries("obligation.dropped")); n != 3 {
			t.Errorf("%d clocks were dropped on the record", n)
		}
		c.state(cases.Learned, town.Epoch.Add(-24*time.Hour), nil)
		if o := c.clock("R-010/notice"); day(o) != "2026-03-30" || !o.State.Open() && o.State != cases.ClockLost {
			t.Errorf("restated: %s %s", day(o), o.State)
		}
		// The desk may state for who lets it see, and says how it knows.
		desk := h.Case(town.Dora, cases.NewCase{Title: "Library", Maker: town.Pump.ID(), LearnedAt: town.Epoch})
		party := town.Must(h, town.Dora, func(v *db.View) ([]cases.Party, error) { return h.Cases.Parties(v, desk) })[0].ID
		fact := cases.NewFact{Kind: cases.PlanMade, At: town.Epoch, Detail: map[string]any{"text": "As they told us."}}
		put := func() error {
			return h.Write(town.Dora, func(tx *db.Tx) error { _, _, err := h.Cases.StateFact(tx, party, fact); return err })
		}
		town.Wants(t, put(), fault.Invalid, "source")
		fact.Source = "Call of 1 March"
		h.OK(put())
		err = h.Write(town.Dora, func(tx *db.Tx) error { _, _, err := h.Cases.Determine(tx, party, controlled); return err })
		town.Wants(t, err, fault.Forbidden, "")
	})
}

// A waiver is recorded and still shown; FDA's clocks can only be said not to apply.
func TestWaive(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		c := newCourse(t, h, town.Epoch.Add(time.Minute))
		waive := func(clock, why string) error {
			id := c.clock(clock).ID
			return h.Write(town.Pia, func(tx *db.Tx) error { return h.Cases.Waive(tx, id, why) })
		}
		town.Wants(t, waive("R-010/fix", ""), fault.Invalid, "reason")
		h.OK(waive("R-010/fix", "the device was never sold in the United States."))
		o := c.clock("R-010/fix")
		if o.State != cases.ClockWaived || o.WaivedWhy != "Does not apply because the device was never sold in the United States." || o.WaivedName != "Pia Pump" {
			t.Errorf("waived: %+v", o)
		}
		town.Wants(t, waive("R-010/fix", "again"), fault.Conflict, "")
		c.state(cases.PlanMade, h.Clock.Now(), map[string]any{"text": "x"}) // it stands when the clocks are worked out anew
		c.wants(town.Epoch.AddDate(0, 6, 0), "R-010/notice lost", "R-010/fix waived", "R-011/discretion lost", "R-020/806 running")
	})
}
