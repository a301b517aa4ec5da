package fda_test

import (
	"strings"
	"testing"
	"time"

	. "github.com/cordon-isao/cordon/formats/fda"
	"github.com/google/go-cmp/cmp"
)

func full() Content {
	return Content{
		ImpactAssessment: "An attacker on the ward's network can stop therapy.", EffortsUnderway: "We are working as expeditiously as possible.",
		CompensatingControls: "Disconnect the pump from the network.", FixOrDefenceInDepth: "Version 2.2 is in validation.", FutureAvailability: "We will write again.",
	}
}

// good are facts under which all four conditions hold, learned 2026-01-01.
func good() Facts {
	at := func(day string) time.Time { return noon(day) }
	return Facts{
		LearnedAt:         at("2026-01-01"),
		Determinations:    []Determination{{at("2026-01-05"), Uncontrolled}},
		Notices:           []Notice{{SentAt: at("2026-01-20"), ToCustomers: true, ToUserCommunity: true, Content: full(), HasStrategy: true, ISAOCopyAt: at("2026-01-20")}},
		InterimControls:   []CompensatingControl{{Name: "disconnect", IdentifiedAt: at("2026-01-10"), IntroducesGreaterRisk: No}},
		RemediationPlan:   at("2026-01-15"),
		TimelineRationale: at("2026-01-15"),
		Fix:               Fix{ValidatedAt: at("2026-02-10"), DistributedAt: at("2026-02-20"), ResidualControlledAt: at("2026-02-12")},
		Memberships:       []Interval{{From: at("2020-01-01")}},
	}
}

func want(t *testing.T, d Discretion, status Status) {
	t.Helper()
	if d.Status != status || d.ReportDue() != (status == Lost) {
		t.Errorf("%s, want %s: %s", d.Status, status, strings.Join(d.Why, " "))
	}
}

func TestR011Course(t *testing.T) {
	f := good()
	for _, c := range []struct {
		now    string
		status Status
		second Status // of condition 2
	}{
		{"2025-12-31", Undetermined, Undetermined}, {"2026-01-01", Undetermined, OnTrack}, {"2026-01-05", OnTrack, OnTrack},
		{"2026-01-20", OnTrack, Satisfied}, {"2026-02-19", OnTrack, Satisfied}, {"2026-02-20", Satisfied, Satisfied}, {"2036-02-20", Satisfied, Satisfied},
	} {
		d := Part806Discretion(f, noon(c.now))
		if d.Status != c.status || d.Predicates[1].State != c.second || d.LostAt != (time.Time{}) || d.Alerts != nil {
			t.Errorf("%s: %s, condition 2 %s, %v", c.now, d.Status, d.Predicates[1].State, d.Alerts)
		}
		if (d.Status == Satisfied) != d.SatisfiedAt.Equal(noon("2026-02-20")) {
			t.Error(c.now, "satisfied at", d.SatisfiedAt)
		}
	}
	d := Part806Discretion(f, noon("2026-02-20"))
	for i, p := range d.Predicates {
		if p.Rule != "R-010" || p.Number != i+1 || p.OK != Yes || p.State != Satisfied || p.Missing != nil || p.Failing != nil {
			t.Errorf("%+v", p)
		}
	}
}

// R-010's examples: learned 2026-01-01, so day 30 is 2026-01-31 and day 60 is
// 2026-03-02; to the last instant of the day.
func TestR010Days(t *testing.T) {
	d := Part806Discretion(good(), noon("2026-01-02"))
	if p := d.Predicates; p[1].Due.Date.String() != "2026-01-31" || p[2].Due.Date.String() != "2026-03-02" {
		t.Fatal(p[1].Due, p[2].Due)
	}
	local := func(day int, month time.Month, h, m, s int) time.Time {
		return time.Date(2026, month, day, h, m, s, 0, DefaultZone)
	}
	for _, c := range []struct {
		name   string
		set    func(*Facts)
		status Status
	}{
		{"notice on day 30", func(f *Facts) { f.Notices[0].SentAt = noon("2026-01-31") }, Satisfied},
		{"notice on day 30 at 23:59:59", func(f *Facts) { f.Notices[0].SentAt = local(31, 1, 23, 59, 59) }, Satisfied},
		{"notice on day 31 at 00:00", func(f *Facts) { f.Notices[0].SentAt = local(1, 2, 0, 0, 0) }, Lost},
		{"notice on day 31", func(f *Facts) { f.Notices[0].SentAt = noon("2026-02-01") }, Lost},
		{"fix on day 60", func(f *Facts) { f.Fix.DistributedAt = noon("2026-03-02") }, Satisfied},
		{"fix on day 60 at 23:59:59", func(f *Facts) { f.Fix.DistributedAt = local(2, 3, 23, 59, 59) }, Satisfied},
		{"fix on day 61 at 00:00", func(f *Facts) { f.Fix.DistributedAt = local(3, 3, 0, 0, 0) }, Lost},
		{"fix on day 61", func(f *Facts) { f.Fix.DistributedAt = noon("2026-03-03") }, Lost},
		{"validated on day 61", func(f *Facts) { f.Fix.ValidatedAt = noon("2026-03-03") }, Lost},
		{"residual risk on day 61", func(f *Facts) { f.Fix.ResidualControlledAt = noon("2026-03-03") }, Lost},
		{"plan on day 31", func(f *Facts) { f.RemediationPlan = noon("2026-02-01") }, Lost},
		{"rationale on day 31", func(f *Facts) { f.TimelineRationale = noon("2026-02-01") }, Lost},
		{"control on day 31", func(f *Facts) { f.InterimControls[0].IdentifiedAt = noon("2026-02-01") }, Lost},
		// In Tokyo day 30 ended ten hours before New York's noon of the 31st began … and
		// learning at New York's noon was already 2 January there.
		{"Tokyo's day 30", func(f *Facts) { f.Zone = zone(t, "Asia/Tokyo"); f.Notices[0].SentAt = local(1, 2, 9, 59, 59) }, Satisfied},
		{"Tokyo's day 31", func(f *Facts) { f.Zone = zone(t, "Asia/Tokyo"); f.Notices[0].SentAt = local(1, 2, 10, 0, 0) }, Lost},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := good()
			c.set(&f)
			f.Notices[0].ISAOCopyAt = f.Notices[0].SentAt
			want(t, Part806Discretion(f, noon("2026-06-01")), c.status)
		})
	}
}

// The instant at which it is lost, and why, in words.
func TestR011LostAt(t *testing.T) {
	f := good()
	f.Notices = nil
	midnight := time.Date(2026, 2, 1, 0, 0, 0, 0, DefaultZone)
	for now, status := range map[time.Time]Status{
		midnight.Add(-RiskWindow - 2): OnTrack, midnight.Add(-RiskWindow - 1): AtRisk, midnight.Add(-1): AtRisk, midnight: Lost, midnight.AddDate(10, 0, 0): Lost,
	} {
		d := Part806Discretion(f, now)
		if d.Status != status {
			t.Errorf("%s: %s, want %s", now, d.Status, status)
		}
		if p := d.Predicates[1]; status != Lost && (p.OK != Unknown || len(p.Missing) != 2 || p.Failing != nil) {
			t.Errorf("%s: %+v", now, p)
		}
		if status == Lost {
			if !d.LostAt.Equal(midnight) || !d.Predicates[1].LostAt.Equal(midnight) || d.Predicates[1].OK != No || d.Predicates[1].Missing != nil {
				t.Errorf("%s: lost at %s", now, d.LostAt)
			}
			if diff := cmp.Diff([]string{"No notice to customers has been sent. The last day was 2026-01-31.", "The user community has not been told. The last day was 2026-01-31."}, d.Why); diff != "" {
				t.Error(now, diff)
			}
		}
	}
	f.Notices = good().Notices
	f.Notices[0].SentAt, f.Notices[0].ISAOCopyAt = noon("2026-02-03"), noon("2026-02-03")
	if d := Part806Discretion(f, noon("2026-02-04")); d.Why[0] != "Customers were told all that is required on 2026-02-03, after the last day, 2026-01-31." {
		t.Error(d.Why)
	}
}

// R-010 (1): loud and one-way, also after all was satisfied.
func TestR010KnownHarm(t *testing.T) {
	f := good()
	harm := noon("2026-05-01")
	f.KnownSeriousHarm = &harm
	want(t, Part806Discretion(f, harm.Add(-1)), Satisfied)
	d := Part806Discretion(f, harm)
	want(t, d, Lost)
	if !d.LostAt.Equal(harm) || d.Predicates[0].OK != No || len(d.Why) != 1 {
		t.Error(d.LostAt, d.Why)
	}
	early := noon("2025-12-01") // before learning: lost from learning on
	f.KnownSeriousHarm = &early
	if d := Part806Discretion(f, noon("2026-01-06")); d.Status != Lost || !d.Predicates[0].LostAt.Equal(f.LearnedAt) || !d.LostAt.Equal(noon("2026-01-05")) {
		t.Error(d.Status, d.LostAt)
	}
}

func TestR013Content(t *testing.T) {
	for _, c := range []struct {
		set  func(*Content)
		want string
	}{
		{func(c *Content) {}, ""},
		{func(c *Content) { c.ImpactAssessment = "" }, "a"},
		{func(c *Content) { c.EffortsUnderway = " \t\n" }, "b"},
		{func(c *Content) { c.CompensatingControls = "" }, "c"},
		{func(c *Content) { c.CompensatingControls, c.NoCompensatingControls = "", true }, ""},
		{func(c *Content) { c.FixOrDefenceInDepth = "" }, "d"},
		{func(c *Content) { c.FutureAvailability = "" }, "d"},
		{func(c *Content) { *c = Content{} }, "abcd"},
	} {
		text := full()
		c.set(&text)
		var got string
		for _, item := range CheckContent(text) {
			got += item.Letter
		}
		if got != c.want {
			t.Errorf("%+v: %q", text, got)
		}
	}
}

// and trap 4: an incomplete notice, or one without a path to
// acceptable risk, does not stop the clock, nor do two halves.
func TestR010IncompleteNotice(t *testing.T) {
	f := good()
	f.Notices[0].Content.FutureAvailability = ""
	d := Part806Discretion(f, noon("2026-01-21"))
	want(t, d, OnTrack)
	if diff := cmp.Diff([]string{"The notice to customers of 2026-01-20 does not say: (d) that the availability of a fix will be communicated."}, d.Predicates[1].Missing); diff != "" {
		t.Error(diff)
	}
	want(t, Part806Discretion(f, noon("2026-02-01")), Lost)

	// What is missing is told of the best notice, not of the last.
	f.Notices = append(f.Notices, Notice{SentAt: noon("2026-01-22"), ToCustomers: true})
	if d := Part806Discretion(f, noon("2026-01-23")); !strings.HasPrefix(d.Predicates[1].Missing[0], "The notice to customers of 2026-01-20 does not say: (d)") {
		t.Error(d.Predicates[1].Missing)
	}

	f = good()
	f.Notices[0].HasStrategy = false
	if d := Part806Discretion(f, noon("2026-01-21")); d.Predicates[1].OK != Unknown || !strings.Contains(d.Predicates[1].Missing[0], "remediation is incomplete") {
		t.Error(d.Predicates[1])
	}
	want(t, Part806Discretion(f, noon("2026-02-01")), Lost)

	f = good()
	other := f.Notices[0]
	f.Notices[0].Content.ImpactAssessment, other.Content.EffortsUnderway = "", ""
	f.Notices = append(f.Notices, other)
	want(t, Part806Discretion(f, noon("2026-02-01")), Lost)

	// A second, whole notice in time mends it; the first one counts for the users.
	f.Notices[1].Content, f.Notices[1].ToUserCommunity, f.Notices[1].SentAt, f.Notices[1].ISAOCopyAt = full(), false, noon("2026-01-31"), noon("2026-01-31")
	d = Part806Discretion(f, noon("2026-06-01"))
	want(t, d, Satisfied)
	if !d.Predicates[1].SatisfiedAt.Equal(noon("2026-01-31")) {
		t.Error(d.Predicates[1].SatisfiedAt)
	}
	f.Notices[0].ToUserCommunity = false
	want(t, Part806Discretion(f, noon("2026-06-01")), Lost)

	// A later notice, whole and to all, takes nothing from the one in time, in whatever order.
	f = good()
	again := f.Notices[0]
	again.SentAt, again.ISAOCopyAt = noon("2026-02-05"), noon("2026-02-05")
	for _, all := range [][]Notice{{f.Notices[0], again}, {again, f.Notices[0]}} {
		f.Notices = all
		d := Part806Discretion(f, noon("2026-06-01"))
		want(t, d, Satisfied)
		if !d.Predicates[1].SatisfiedAt.Equal(noon("2026-01-20")) {
			t.Error(d.Predicates[1].SatisfiedAt)
		}
	}
}

// R-003 in R-010 (2): a control that may add greater risk is none.
func TestR010InterimControls(t *testing.T) {
	for answer, status := range map[Tri]Status{No: Satisfied, Yes: Lost, Unknown: Lost} {
		f := good()
		f.InterimControls[0].IntroducesGreaterRisk = answer
		want(t, Part806Discretion(f, noon("2026-06-01")), status)
	}
}

func TestR010LongTermControl(t *testing.T) {
	f := good()
	f.Fix.LongTermControl = true
	want(t, Part806Discretion(f, noon("2026-06-01")), Lost)
	f.Fix.Justification = "The port cannot be reached without opening the case."
	want(t, Part806Discretion(f, noon("2026-06-01")), Satisfied)
}

// Trap 6: membership is tested continuously, to the instant.
func TestR010MembershipGap(t *testing.T) {
	learned, end := noon("2026-01-01"), time.Date(2026, 3, 3, 0, 0, 0, 0, DefaultZone)
	from := noon("2020-01-01")
	for _, c := range []struct {
		name  string
		all   []Interval
		gapAt time.Time // zero: none
	}{
		{"never a member", nil, learned},
		{"joined an instant late", []Interval{{learned.Add(1), time.Time{}}}, learned},
		{"joined in time", []Interval{{learned, time.Time{}}}, time.Time{}},
		{"a microsecond's gap", []Interval{{from, noon("2026-02-01")}, {noon("2026-02-01").Add(time.Microsecond), time.Time{}}}, noon("2026-02-01")},
		{"renewed without a gap, in any order", []Interval{{noon("2026-02-01"), time.Time{}}, {from, noon("2026-02-01")}}, time.Time{}},
		{"two that overlap", []Interval{{from, noon("2026-02-10")}, {noon("2026-01-10"), end}}, time.Time{}},
		{"one inside another", []Interval{{from, end}, {noon("2026-01-10"), noon("2026-01-11")}}, time.Time{}},
		{"left on day 60", []Interval{{from, end.Add(-1)}}, end.Add(-1)},
		{"left after day 60", []Interval{{from, end}}, time.Time{}},
		{"left after an early fix", []Interval{{from, noon("2026-02-25")}}, noon("2026-02-25")},
		{"an interval that ends before it begins", []Interval{{learned, from}}, learned},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := good()
			f.Memberships = c.all
			d := Part806Discretion(f, noon("2026-06-01"))
			if c.gapAt.IsZero() {
				want(t, d, Satisfied)
				return
			}
			want(t, d, Lost)
			if p := d.Predicates[3]; p.OK != No || !p.LostAt.Equal(c.gapAt) || len(p.Failing) != 1 {
				t.Errorf("%+v", p)
			}
			if before := Part806Discretion(f, c.gapAt.Add(-1)); before.Status == Lost {
				t.Error("lost before the gap")
			}
		})
	}
}

// Trap 5: the ISAO's copy travels with the notice. Late is shown for ever; never is lost.
func TestR010ISAOCopy(t *testing.T) {
	sentAt := noon("2026-01-20")
	f := good()
	for _, c := range []struct {
		copy   time.Time
		now    time.Time
		status Status
		alert  string
	}{
		{time.Time{}, sentAt.Add(ISAOCopyTime), OnTrack, ""},
		{time.Time{}, sentAt.Add(ISAOCopyTime + 1), AtRisk, "was sent more than 24 hours ago and the ISAO has no copy"},
		{time.Time{}, noon("2026-03-02"), AtRisk, "has no copy"},
		{time.Time{}, noon("2026-03-03"), Lost, "has no copy"},
		{sentAt.Add(-time.Hour), noon("2026-03-03"), Lost, "has no copy"}, // a draft is no copy
		{sentAt.Add(ISAOCopyTime), noon("2026-03-03"), Satisfied, ""},
		{sentAt.Add(ISAOCopyTime + 1), noon("2026-03-03"), Satisfied, "more than 24 hours after it was sent"},
		{noon("2026-03-03"), noon("2026-03-04"), Lost, "more than 24 hours after"},
	} {
		f.Notices[0].ISAOCopyAt = c.copy
		d := Part806Discretion(f, c.now)
		if d.Status != c.status || strings.Contains(strings.Join(d.Alerts, " "), c.alert) != true || (c.alert == "") != (len(d.Alerts) == 0) {
			t.Errorf("copy %s at %s: %s %v", c.copy, c.now, d.Status, d.Alerts)
		}
	}
	// Every customer notice needs its copy, one to the users alone does not, and a
	// notice late on day 60 has its 24 hours.
	f = good()
	f.Notices = append(f.Notices, Notice{SentAt: noon("2026-01-25"), ToUserCommunity: true})
	want(t, Part806Discretion(f, noon("2026-06-01")), Satisfied)
	f.Notices = append(f.Notices, Notice{SentAt: noon("2026-03-02"), ToCustomers: true})
	want(t, Part806Discretion(f, noon("2026-03-03")), AtRisk)
	want(t, Part806Discretion(f, noon("2026-03-03").Add(1)), Lost)
	f.Notices[2].ISAOCopyAt = noon("2026-03-03")
	want(t, Part806Discretion(f, noon("2026-06-01")), Satisfied)
	// After day 60 a missing copy is an alert, for R-012.
	f.Notices[2] = Notice{SentAt: noon("2026-04-02"), ToCustomers: true}
	if d := Part806Discretion(f, noon("2026-06-01")); d.Status != Satisfied || len(d.Alerts) != 1 {
		t.Error(d.Status, d.Alerts)
	}
}

// Determined late, corrected in time, or made acceptable after the loss.
func TestR011Determinations(t *testing.T) {
	late := good()
	late.Notices = nil
	at := func(f Facts, day string) Discretion { return Part806Discretion(f, noon(day)) }
	for _, c := range []struct {
		all    []Determination
		now    string
		status Status
		lostOn string
	}{
		{nil, "2026-06-01", Undetermined, ""},
		{[]Determination{{noon("2026-01-05"), Controlled}}, "2026-06-01", NotApplicable, ""},
		{[]Determination{{noon("2026-01-05"), Uncontrolled}, {noon("2026-01-10"), Controlled}}, "2026-06-01", NotApplicable, ""},
		{[]Determination{{noon("2026-02-10"), Controlled}, {noon("2026-01-05"), Uncontrolled}}, "2026-06-01", Lost, "2026-02-01"},
		{[]Determination{{noon("2026-02-15"), Uncontrolled}}, "2026-02-14", Undetermined, ""},
		{[]Determination{{noon("2026-02-15"), Uncontrolled}}, "2026-06-01", Lost, "2026-02-15"},
		{[]Determination{{noon("2026-01-05"), Controlled}, {noon("2026-02-15"), Uncontrolled}}, "2026-02-14", NotApplicable, ""},
		{[]Determination{{noon("2026-01-05"), Controlled}, {noon("2026-02-15"), Uncontrolled}, {noon("2026-02-16"), Controlled}}, "2026-06-01", Lost, "2026-02-15"},
		{[]Determination{{noon("2026-01-05"), "undetermined"}}, "2026-06-01", Undetermined, ""},
	} {
		late.Determinations = c.all
		d := at(late, c.now)
		want(t, d, c.status)
		if c.lostOn != "" && DateOf(d.LostAt, nil).String() != c.lostOn {
			t.Error(c, d.LostAt)
		}
		if c.status == NotApplicable && d.Predicates[1].State != NotApplicable {
			t.Error(c, d.Predicates[1].State)
		}
	}
	// Undetermined, the clocks are seen to run all the same.
	late.Determinations = nil
	if d := at(late, "2026-01-28"); d.Status != Undetermined || d.Predicates[1].State != AtRisk {
		t.Error(d.Status, d.Predicates[1].State)
	}
}

// A waiver needs a reason and a name; it silences a warning and makes nothing true.
func TestWaivers(t *testing.T) {
	f := good()
	f.Notices = nil
	for _, c := range []struct {
		w     Waiver
		valid bool
	}{
		{Waiver{2, noon("2026-01-10"), "R. Abara", "report 806.10 is being filed"}, true},
		{Waiver{2, noon("2026-01-10"), "R. Abara", " "}, false}, {Waiver{2, noon("2026-01-10"), "", "because"}, false}, {Waiver{5, noon("2026-01-10"), "R. Abara", "because"}, false},
	} {
		f.Waivers = []Waiver{c.w}
		d := Part806Discretion(f, noon("2026-01-30"))
		if p := d.Predicates[1]; (p.Waived != nil) != c.valid || (p.State == OnTrack) != c.valid || p.OK != Unknown || (len(d.Alerts) == 0) != c.valid {
			t.Errorf("%+v: %+v %v", c.w, p, d.Alerts)
		}
		want(t, Part806Discretion(f, noon("2026-02-01")), Lost)
	}
}

func TestProblems(t *testing.T) {
	if got := good().Problems(); got != nil {
		t.Error(got)
	}
	f := good()
	f.Notices[0].SentAt = noon("2025-12-01")
	f.Fix.DistributedAt = noon("2026-02-01")
	f.Determinations = append(f.Determinations, Determination{noon("2026-01-06"), "maybe"})
	f.Memberships = append(f.Memberships, Interval{noon("2026-02-01"), noon("2026-01-01")})
	f.Waivers = []Waiver{{Predicate: 1}}
	if got := f.Problems(); len(got) != 5 {
		t.Error(strings.Join(got, "\n"))
	}
}
