package cases

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/formats/fda"
	"github.com/cordon-isao/cordon/internal/clock"
)

// account is everything that a party's statutory clocks are worked out of.
type account struct {
	kase           Case
	party          Party
	facts          []Fact // those that stand, in any order
	notices        []Notice
	determinations []Determination
	spells         []fda.Interval // of good standing
}

const (
	source806   = "FDA, Postmarket Management of Cybersecurity in Medical Devices (2016), §VII.B"
	source80610 = "21 CFR 806.10(b)"
	sourcePMA   = "FDA, Postmarket Management of Cybersecurity in Medical Devices (2016), §VIII; 21 CFR 814.84"
)

// forever is later than every deadline: what is not done by then was not done.
var forever = time.Date(9000, 1, 1, 0, 0, 0, 0, time.UTC)

// plan works out a party's obligations under FDA's rules. It does not ask the
// time: the same facts, recorded in whatever order, give the same obligations,
// whose state at any moment follows from the instants in them.
func (a account) plan() []Obligation {
	var out []Obligation
	f := a.fda()
	var d fda.Discretion
	if !f.LearnedAt.IsZero() {
		d = fda.Part806Discretion(f, forever)
		out = append(out, a.discretion(f, d)...)
	}
	out = append(out, a.reports(f, d)...)
	out = append(out, a.mdrs()...)
	if o, ok := a.pma(f); ok {
		out = append(out, o)
	}
	for i := range out {
		out[i].Case, out[i].Party, out[i].Owner = a.kase.ID, a.party.ID, a.party.Org
		out[i].seal()
	}
	return out
}

// seal gives an obligation its id and its instants the precision of the store.
func (o *Obligation) seal() {
	o.ID = clockID(o.Object, o.Party, o.Rule, o.Clock)
	if o.Begins.IsZero() {
		o.Begins = o.Trigger
	}
	if o.Zone == "" {
		o.Zone = fda.DefaultZone.String()
	}
	if o.After == "" {
		o.After = ClockOver
	}
	for _, t := range []*time.Time{&o.Begins, &o.Trigger, &o.Warn, &o.Due, &o.SatisfiedAt, &o.lost, &o.gap} {
		*t = clock.FromMicros(micros(*t))
	}
	if o.Warn.IsZero() {
		o.Warn = warning(o.Trigger, o.Due)
	}
	// A loss that is nothing but the deadline passing follows from the deadline.
	if o.After == ClockLost && o.SatisfiedAt.IsZero() && o.lost.Equal(o.Due.Add(time.Microsecond)) {
		o.lost = zero
	}
	o.Missing, o.Why = distinct(o.Missing), distinct(o.Why)
}

func distinct(ss []string) []string {
	out := []string{}
	for _, s := range ss {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// first is the earliest fact of a kind that fits; of several at one instant, the
// one of the smallest id.
func (a account) first(kind FactKind, fits func(Fact) bool) (f Fact, ok bool) {
	for _, x := range a.facts {
		if x.Kind != kind || fits != nil && !fits(x) {
			continue
		}
		if !ok || x.At.Before(f.At) || x.At.Equal(f.At) && x.ID < f.ID {
			f, ok = x, true
		}
	}
	return f, ok
}

func (a account) when(kind FactKind) time.Time { f, _ := a.first(kind, nil); return f.At }

// fda gives the facts to the rule R-010.
func (a account) fda() fda.Facts {
	f := fda.Facts{LearnedAt: a.when(Learned), RemediationPlan: a.when(PlanMade), TimelineRationale: a.when(Rationale), Memberships: a.spells}
	if harm, ok := a.first(SeriousHarmKnown, nil); ok {
		f.KnownSeriousHarm = &harm.At
	}
	for _, x := range a.facts {
		if x.Kind == ControlsFound {
			answer := fda.Unknown
			if says := x.Says("greater_risk"); says == "yes" || says == "no" {
				answer = fda.Tri(says)
			}
			f.InterimControls = append(f.InterimControls, fda.CompensatingControl{Name: x.Says("name"), IdentifiedAt: x.At, IntroducesGreaterRisk: answer})
		}
	}
	for _, n := range a.notices {
		if n.State == NoticeSent {
			f.Notices = append(f.Notices, fda.Notice{SentAt: n.SentAt, ToCustomers: n.Text.Customers, ToUserCommunity: n.Text.Users, Content: n.Text.content(),
				HasStrategy: strings.TrimSpace(n.Text.Strategy) != "", ISAOCopyAt: n.ISAOAt})
		}
	}
	f.Fix = a.fix()
	f.Determinations = a.risks(f)
	return f
}

// fix is the change, or the long-term control, that ends the risk. Whether it is
// long-term control is told with its distribution.
func (a account) fix() fda.Fix {
	fix := fda.Fix{ValidatedAt: a.when(FixValidated)}
	if d, ok := a.first(FixDistributed, nil); ok {
		fix.DistributedAt, fix.LongTermControl, fix.Justification = d.At, d.Is("long_term_control"), d.Says("justification")
	}
	if r, ok := a.first(FixDistributed, func(f Fact) bool { return f.Is("residual_controlled") }); ok {
		fix.ResidualControlledAt = r.At
	}
	for _, d := range a.determinations {
		if d.Sheet.Residual && d.Outcome == fda.Controlled && (fix.ResidualControlledAt.IsZero() || d.At.Before(fix.ResidualControlledAt)) {
			fix.ResidualControlledAt = d.At
		}
	}
	return fix
}

// determined reports whether the vulnerability's risk was determined at all.
func (a account) determined() bool {
	return slices.ContainsFunc(a.determinations, func(d Determination) bool { return !d.Sheet.Residual })
}

// risks is the risk of the case over time: uncontrolled while the newest
// determination of any vulnerability and device says so. Before there is any, the
// worst is assumed, so that no deadline is shown too late; and known serious harm
// is an uncontrolled risk whatever was determined.
func (a account) risks(f fda.Facts) []fda.Determination {
	var all []Determination
	for _, d := range a.determinations {
		if !d.Sheet.Residual {
			all = append(all, d)
		}
	}
	slices.SortFunc(all, func(x, y Determination) int {
		// At one instant the worse one counts: it comes last.
		return cmp.Or(x.At.Compare(y.At), cmp.Compare(x.Outcome, y.Outcome))
	})
	var out []fda.Determination
	if len(all) == 0 {
		out = append(out, fda.Determination{At: f.LearnedAt, Risk: fda.Uncontrolled})
	}
	now := map[string]fda.Risk{}
	for i, d := range all {
		now[d.target()] = d.Outcome
		if i+1 < len(all) && all[i+1].At.Equal(d.At) {
			continue
		}
		worst := fda.Controlled
		for _, r := range now {
			if r == fda.Uncontrolled {
				worst = r
			}
		}
		out = append(out, fda.Determination{At: d.At, Risk: worst})
	}
	if f.KnownSeriousHarm != nil {
		out = append(out, fda.Determination{At: *f.KnownSeriousHarm, Risk: fda.Uncontrolled})
	}
	return out
}

// newest is the latest instant that any fact names: what is missing is told as of
// then.
func (a account) newest() (t time.Time) {
	take := func(x time.Time) {
		if x.After(t) {
			t = x
		}
	}
	for _, f := range a.facts {
		take(f.At)
	}
	for _, n := range a.notices {
		take(n.SentAt)
		take(n.ISAOAt)
	}
	for _, d := range a.determinations {
		take(d.At)
	}
	return t
}

// discretion is the two dated conditions of for the whole. The
// other two conditions, no serious harm and membership, must hold all along: when
// one fails, both clocks are lost.
func (a account) discretion(f fda.Facts, end fda.Discretion) []Obligation {
	now := fda.Part806Discretion(f, a.newest())
	notice := Obligation{Object: a.party.ID, Rule: "R-010", Clock: "notice", Name: "30-day notice to customers and users", SatisfiedBy: a.noticeBy(f)}
	fix := Obligation{Object: a.party.ID, Rule: "R-010", Clock: "fix", Name: "60-day fix"}
	if by, ok := a.first(FixDistributed, nil); ok {
		fix.SatisfiedBy = by.ID
	}
	always := earliest(end.Predicates[0].LostAt, end.Predicates[3].LostAt)
	for i, o := range []*Obligation{&notice, &fix} {
		p := end.Predicates[i+1]
		o.Source, o.Trigger, o.What, o.Due, o.Zone, o.After = source806, f.LearnedAt, "The manufacturer learned of the vulnerability.", p.Due.At, p.Due.Zone, ClockLost
		o.Warn = p.Due.At.Add(-fda.RiskWindow)
		o.Missing = slices.Concat(now.Predicates[i+1].Missing, now.Predicates[i+1].Failing)
		o.SatisfiedAt, o.lost = p.SatisfiedAt, earliest(p.LostAt, always)
		if p.OK == fda.Yes {
			o.lost = always
		} else {
			o.SatisfiedBy = ""
			o.Why = append(o.Why, p.Failing...)
		}
		if !always.IsZero() {
			o.Why = slices.Concat(end.Predicates[0].Failing, end.Predicates[3].Failing, o.Why)
		}
	}
	whole := a.whole(f, now, end)
	out := []Obligation{notice, fix, whole}
	if end.Status == fda.NotApplicable {
		for i := range out {
			out[i].Moot, out[i].lost, out[i].SatisfiedAt, out[i].SatisfiedBy = true, zero, zero, ""
			out[i].Why = []string{"The risk was determined to be controlled: the change is a routine update, which need not be reported (R-005)."}
		}
	}
	return out
}

// whole is R-011: where the discretion as a whole stands.
func (a account) whole(f fda.Facts, now, end fda.Discretion) Obligation {
	o := Obligation{Object: a.party.ID, Rule: "R-011", Clock: "discretion", Name: "No Part 806 report, while all four conditions hold", Source: source806,
		Trigger: f.LearnedAt, What: "The manufacturer learned of the vulnerability.", After: ClockLost, SatisfiedAt: end.SatisfiedAt, lost: end.LostAt, Why: end.Why}
	if !end.LostAt.IsZero() { // why it was lost then, not what else would have failed later
		o.Why = fda.Part806Discretion(f, end.LostAt).Why
	}
	due := end.Predicates[2].Due // day 60, or day 30 while the notice is missing
	if end.Predicates[1].OK != fda.Yes {
		due = end.Predicates[1].Due
	}
	o.Due, o.Zone, o.Warn = due.At, due.Zone, due.At.Add(-fda.RiskWindow)
	o.gap = gapIn(f.Memberships, f.LearnedAt, fda.AddDays(f.LearnedAt, fda.FixDays, f.Zone).At)
	for _, p := range now.Predicates {
		o.Missing = slices.Concat(o.Missing, p.Missing, p.Failing)
	}
	o.Missing = append(o.Missing, now.Alerts...)
	if !a.determined() {
		o.Missing = append(o.Missing, "Whether the risk is controlled has not been determined; until then the clocks run as if it were not.")
		if end.Status == fda.Satisfied {
			o.SatisfiedAt, o.After = zero, ClockOver
		}
	}
	return o
}

// gapIn is the first instant from start to the end of the days that count at which
// no membership holds, or zero.
func gapIn(all []fda.Interval, start, end time.Time) time.Time {
	all = slices.Clone(all)
	slices.SortFunc(all, func(a, b fda.Interval) int { return a.From.Compare(b.From) })
	at := start
	for _, m := range all {
		if m.From.After(at) {
			break
		}
		if m.To.IsZero() {
			return time.Time{}
		}
		if m.To.After(at) {
			at = m.To
		}
	}
	if at.After(end) {
		return time.Time{}
	}
	return at
}

func earliest(ts ...time.Time) (t time.Time) {
	for _, x := range ts {
		if !x.IsZero() && (t.IsZero() || x.Before(t)) {
			t = x
		}
	}
	return t
}

// noticeBy is the first notice that says all that is required.
func (a account) noticeBy(f fda.Facts) string {
	var by Notice
	for _, n := range a.notices {
		if n.State == NoticeSent && len(n.Text.Lacks()) == 0 && (by.ID == "" || n.SentAt.Before(by.SentAt) || n.SentAt.Equal(by.SentAt) && n.ID < by.ID) {
			by = n
		}
	}
	return by.ID
}

// reports is R-020: the report under 21 CFR 806.10, from the instant at which the
// discretion is lost, due ten work days after the correction was initiated; and
// its amendments.
func (a account) reports(f fda.Facts, d fda.Discretion) []Obligation {
	var out []Obligation
	initiated, ok := a.first(Initiated, nil)
	unknown := f.LearnedAt.IsZero()
	if lost := d.Status == fda.Lost; lost || unknown && ok {
		o := Obligation{Object: a.party.ID, Rule: "R-020", Clock: "806", Name: "Part 806 report", Source: source80610, Trigger: d.LostAt,
			What: "FDA's enforcement discretion is lost: 21 CFR 806.10 applies."}
		if unknown {
			o.What = "A correction or removal was initiated, and when the manufacturer learned of the vulnerability is not recorded: 21 CFR 806.10 applies."
		}
		o.Begins = d.LostAt
		switch {
		case !ok:
			o.Missing = []string{"21 CFR 806.10 applies. The correction or removal has not been recorded as initiated: its ten work days begin then."}
		default:
			due := fda.Part806Due(initiated.At, nil)
			o.Trigger, o.Due, o.Zone = initiated.At, due.At, due.Zone
			o.Missing = []string{fmt.Sprintf("No report under 21 CFR 806.10 is recorded; it is due by the end of %s.", due.Date)}
			if unknown {
				o.Begins = initiated.At
			}
		}
		if by, ok := a.first(Filed806, func(f Fact) bool { return f.Says("extends") == "" }); ok {
			o.SatisfiedAt, o.SatisfiedBy = by.At, by.ID
		}
		out = append(out, o)
	}
	if len(out) == 0 {
		return nil
	}
	for _, x := range a.facts {
		if x.Kind != Extension {
			continue
		}
		due := fda.Part806AmendmentDue(x.At, nil)
		o := Obligation{Object: x.ID, Rule: "R-020", Clock: "amendment", Name: "Amended Part 806 report", Source: "21 CFR 806.10(d)", Begins: out[0].Begins, Trigger: x.At,
			What: "The correction or removal was extended.", Due: due.At, Zone: due.Zone, Missing: []string{fmt.Sprintf("No amended report is recorded; it is due by the end of %s.", due.Date)}}
		if o.Begins.Before(x.At) {
			o.Begins = x.At
		}
		if by, ok := a.first(Filed806, func(f Fact) bool { return f.Says("extends") == x.ID }); ok {
			o.SatisfiedAt, o.SatisfiedBy = by.At, by.ID
		}
		out = append(out, o)
	}
	return out
}

// mdrs is R-023: a medical device report for each event.
func (a account) mdrs() []Obligation {
	var out []Obligation
	for _, x := range a.facts {
		if x.Kind != MDRAware {
			continue
		}
		o := Obligation{Object: x.ID, Rule: "R-023", Clock: "mdr", Name: "Medical device report", Trigger: x.At, What: "The reporter became aware of the event."}
		duty, err := fda.MDRDue(fda.MDRFacts{Reporter: fda.Reporter(x.Says("reporter")), Event: fda.Event(x.Says("event")), AwareAt: x.At,
			RemedialAction: x.Is("remedial_action"), FDARequest: x.Is("fda_request"), ManufacturerUnknown: x.Is("manufacturer_unknown")}, nil)
		about := func(f Fact) bool { return f.Says("event") == x.ID }
		concluded, excused := a.first(MDRNotReportable, about)
		must, why := fda.Reportable(&fda.NotCaused{By: concluded.Says("by"), Role: fda.QualifiedRole(concluded.Says("role")), Basis: concluded.Says("basis")})
		o.Source, o.Due, o.Zone = duty.Source, duty.Due.At, duty.Due.Zone
		filed, done := a.first(MDRFiled, about)
		switch {
		case err != nil:
			o.Missing = []string{capital(err.Error()) + "."}
		case !duty.Required:
			o.Moot, o.Why = true, []string{"A user facility need not report a malfunction; it may."}
		case done:
			o.SatisfiedAt, o.SatisfiedBy = filed.At, filed.ID
		case excused && !must:
			o.Moot, o.SatisfiedBy, o.Why = true, concluded.ID, []string{"A qualified person concluded that the device did not cause or contribute to the event; the basis is kept (R-025)."}
		default:
			if duty.FiveDay {
				o.Name = "Five-day medical device report"
			}
			var to []string
			for _, r := range duty.To {
				to = append(to, map[fda.Recipient]string{fda.ToFDA: "FDA", fda.ToManufacturer: "the manufacturer"}[r])
			}
			o.Missing = []string{fmt.Sprintf("No report to %s is recorded; it is due by the end of %s.", strings.Join(to, " and "), duty.Due.Date)}
			if excused {
				o.Missing = append(o.Missing, why...)
			}
		}
		if duty.FiveDay {
			o.Name = "Five-day medical device report"
		}
		out = append(out, o)
	}
	return out
}
