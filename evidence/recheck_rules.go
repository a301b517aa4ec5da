package evidence

import (
	"iter"
	"maps"
	"slices"
	"strings"
	"time"
)

// The kinds of facts that start or end a clock, as they stand in the entries.
const (
	kindLearned   = "learned"
	kindControls  = "controls-identified"
	kindPlan      = "plan-made"
	kindRationale = "timeline-rationale"
	kindValidated = "fix-validated"
	kindFixed     = "fix-distributed"
	kindHarm      = "serious-harm-known"
	kindInitiated = "correction-initiated"
	kindExtension = "extension-of-correction"
	kindFiled806  = "806-filed"
	kindAware     = "mdr-aware"
	kindMDR       = "mdr-filed"
	kindNoMDR     = "mdr-not-reportable"
	kindPMA       = "pma"
	kindReported  = "pma-reported"
)

// caseFacts is what the entries of a case state, party by party.
type caseFacts struct {
	parties []*partyFacts
	waivers map[string]time.Time // by clock: when it was waived last
}

type partyFacts struct {
	id, org  string
	facts    []stated
	notices  []sentNotice
	judged   []judged
	spells   []spell
	member   bool  // the entries tell of the organization's standing since it joined
	moved    int64 // the last entry about that
	whole    bool  // the entries hold its facts
	recorded time.Time
}

type stated struct {
	id, kind string
	at       time.Time
	detail   map[string]any
	entry    int64
}

func (s stated) says(name string) string { v, _ := s.detail[name].(string); return v }
func (s stated) is(name string) bool     { v, _ := s.detail[name].(bool); return v }

type sentNotice struct {
	sent, copied     time.Time
	customers, users bool
	complete         bool // all that ask
}

type judged struct {
	at           time.Time
	target       string
	uncontrolled bool
	residual     bool
}

type spell struct{ from, to time.Time } // a zero to goes on

func (f *caseFacts) party(id string) *partyFacts {
	for _, p := range f.parties {
		if p.id == id {
			return p
		}
	}
	p := &partyFacts{id: id}
	f.parties = append(f.parties, p)
	return p
}

// readFacts gathers what the entries state.
func readFacts(events []event) *caseFacts {
	f := &caseFacts{waivers: map[string]time.Time{}}
	gone := map[string]bool{}
	for _, e := range events {
		if !e.gone && e.Verb == "fact.withdrawn" {
			gone[e.Object] = true
		}
	}
	for _, e := range events {
		if e.gone {
			continue
		}
		var p *partyFacts
		if id := e.text("party"); id != "" {
			p = f.party(id)
		}
		switch {
		case e.Verb == "obligation.waived":
			f.waivers[e.Object] = e.time("at")
		case p == nil:
		case e.Verb == "obligation.changed":
			if org := e.text("owner"); org != "" {
				p.org = org
			}
			p.recorded = e.Time()
		case e.Verb == "fact.recorded":
			p.whole = true
			if detail, _ := e.data["detail"].(map[string]any); !gone[e.Object] {
				p.facts = append(p.facts, stated{e.Object, e.text("kind"), e.time("at"), detail, e.index})
			}
		case e.Verb == "notice.sent":
			p.notices = append(p.notices, noticeIn(e))
		case e.Verb == "determination.signed":
			residual, _ := e.data["residual"].(bool)
			p.judged = append(p.judged, judged{e.time("at"), e.text("target"), e.text("outcome") == "uncontrolled", residual})
		}
	}
	for _, p := range f.parties {
		p.standing(events)
	}
	return f
}

func noticeIn(e event) sentNotice {
	text, _ := e.data["text"].(map[string]any)
	has := func(name string) bool { s, _ := text[name].(string); return strings.TrimSpace(s) != "" }
	is := func(name string) bool { b, _ := text[name].(bool); return b }
	return sentNotice{sent: e.time("sent_at"), copied: e.time("isao_at"), customers: is("to_customers"), users: is("to_users"),
		complete: has("impact") && has("efforts") && (has("controls") || is("no_controls")) && has("fix") && has("future") && has("strategy")}
}

// standing works out when the party's organization was a member.
func (p *partyFacts) standing(events []event) {
	for _, e := range events {
		if e.gone || e.Object != p.org || p.org == "" || standings[e.Verb] == "" {
			continue
		}
		p.moved = e.index
		in := len(p.spells) > 0 && p.spells[len(p.spells)-1].to.IsZero()
		switch e.Verb {
		case "organization.activated", "organization.renewed", "organization.reinstated", "organization.lapsed":
			if !in {
				p.spells = append(p.spells, spell{from: e.Time()})
			}
			p.member = p.member || e.Verb != "organization.activated"
		default:
			p.member = true
			if in {
				p.spells[len(p.spells)-1].to = e.Time()
			}
		}
	}
}

// gap is the first instant from start on at which the organization was no member,
// or zero.
func (p *partyFacts) gap(start time.Time) time.Time {
	if len(p.spells) == 0 && !p.member {
		return time.Time{} // the pack does not tell
	}
	at := start
	for _, s := range p.spells { // in order, and apart
		if s.from.After(at) {
			return at
		}
		if s.to.IsZero() {
			return time.Time{}
		}
		if s.to.After(at) {
			at = s.to
		}
	}
	return at
}

// first is the earliest fact of a kind that fits; of two at one instant, the one
// of the smaller id.
func (p *partyFacts) first(kind string, fits func(stated) bool) *stated {
	var best *stated
	for i := range p.facts {
		x := &p.facts[i]
		if x.kind != kind || fits != nil && !fits(*x) {
			continue
		}
		if best == nil || x.at.Before(best.at) || x.at.Equal(best.at) && x.id < best.id {
			best = x
		}
	}
	return best
}

func (p *partyFacts) at(kind string, fits func(stated) bool) time.Time {
	if x := p.first(kind, fits); x != nil {
		return x.at
	}
	return time.Time{}
}

// reckoning is a clock as it follows from the facts.
type reckoning struct {
	object, party, rule, clock string
	begins, trigger, warn, due time.Time
	satisfied, lost, waived    time.Time
	after                      string
	moot, byMembership         bool
}

func key(object, rule, clock string) string { return rule + " " + clock + " " + object }

func (o reckoning) key() string { return key(o.object, o.rule, o.clock) }

func (o reckoning) state(now time.Time) string {
	after := o.after
	if after == "" {
		after = over
	}
	return instants{o.moot, after, micro(o.warning()), micro(o.due), micro(o.satisfied), micro(o.lost), o.waived}.state(now)
}

// lostAt is when it was lost, by a fact or by its deadline passing.
func (o reckoning) lostAt(now time.Time) time.Time {
	if o.state(now) != lost {
		return time.Time{}
	}
	if o.lost.IsZero() {
		return micro(o.due).Add(time.Microsecond)
	}
	return micro(o.lost)
}

// warning is when a clock becomes pressing: 7 days before its end; of short ones,
// 48, 24 or 12 hours.
func (o reckoning) warning() time.Time {
	if !o.warn.IsZero() || o.due.IsZero() {
		return o.warn
	}
	switch whole := o.due.Sub(o.trigger); {
	case whole >= 10*24*time.Hour:
		return o.due.AddDate(0, 0, -7)
	case whole >= 4*24*time.Hour:
		return o.due.Add(-48 * time.Hour)
	case whole >= 36*time.Hour:
		return o.due.Add(-24 * time.Hour)
	}
	return o.due.Add(-12 * time.Hour)
}

// micro is t to the microsecond, as the record keeps it.
func micro(t time.Time) time.Time { return t.Truncate(time.Microsecond) }

// waiver is when a clock was waived: the record that says so must have an entry of
// the waiving.
func (f *caseFacts) waiver(c clockRecord) time.Time {
	if at := f.waivers[c.ID]; at.Equal(c.WaivedAt) {
		return at
	}
	return time.Time{}
}

// reckon works out a party's clocks under FDA's rules.
func (p *partyFacts) reckon() (out []reckoning) {
	gone, lossAt := false, time.Time{}
	if learned := p.at(kindLearned, nil); !learned.IsZero() {
		var of []reckoning
		of, lossAt = p.discretion(learned)
		gone = !lossAt.IsZero()
		out = append(out, of...)
	}
	out = append(out, p.corrections(gone, lossAt)...)
	out = append(out, p.events()...)
	if x := p.first(kindPMA, nil); x != nil {
		o := reckoning{object: p.id, rule: "R-014", clock: "pma", begins: x.at, trigger: x.at, satisfied: p.at(kindReported, nil)}
		if day, err := time.Parse(time.DateOnly, x.says("report_due")); err == nil {
			o.due = endOfDay(day.Date())
		}
		out = append(out, o)
	}
	for i := range out {
		out[i].party = p.id
	}
	return out
}

// all returns the latest of instants if each of them is there by the due one, and
// otherwise zero.
func all(due time.Time, ts ...time.Time) (done time.Time) {
	for _, t := range ts {
		if t.IsZero() || t.After(due) {
			return time.Time{}
		}
		if t.After(done) {
			done = t
		}
	}
	return done
}

func soonest(ts ...time.Time) (out time.Time) {
	for _, t := range ts {
		if !t.IsZero() && (out.IsZero() || t.Before(out)) {
			out = t
		}
	}
	return out
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// discretion is FDA's four conditions and the whole; lost is when
// the whole was, or will be, lost.
func (p *partyFacts) discretion(learned time.Time) (out []reckoning, lossAt time.Time) {
	day30, day60 := endAfterDays(learned, 30), endAfterDays(learned, 60)
	tick := time.Microsecond

	var customers, users time.Time
	for _, n := range p.notices {
		if n.customers && n.complete {
			customers = soonest(customers, n.sent)
		}
		if n.users {
			users = soonest(users, n.sent)
		}
	}
	control := p.at(kindControls, func(s stated) bool { return s.says("greater_risk") == "no" })
	told := all(day30, customers, users, control, p.at(kindPlan, nil), p.at(kindRationale, nil))

	residual := p.at(kindFixed, func(s stated) bool { return s.is("residual_controlled") })
	determined := false
	for _, j := range p.judged {
		if j.residual && !j.uncontrolled {
			residual = soonest(residual, j.at)
		}
		determined = determined || !j.residual
	}
	fixed := all(day60, p.at(kindValidated, nil), p.at(kindFixed, nil), residual)
	if x := p.first(kindFixed, nil); x != nil && x.is("long_term_control") && strings.TrimSpace(x.says("justification")) == "" {
		fixed = time.Time{}
	}

	harm := p.at(kindHarm, nil)
	harmed := time.Time{}
	if !harm.IsZero() {
		harmed = latest(harm, learned)
	}
	gap := p.gap(learned)
	if gap.After(day60) {
		gap = time.Time{}
	}
	uncopied, copied := time.Time{}, time.Time{}
	for _, n := range p.notices {
		if !n.customers || n.sent.After(day60) {
			continue
		}
		limit := latest(day60, n.sent.Add(24*time.Hour))
		if n.copied.IsZero() || n.copied.Before(n.sent) || n.copied.After(limit) {
			uncopied = soonest(uncopied, limit.Add(tick))
		} else {
			copied = latest(copied, n.copied)
		}
	}
	shared := soonest(gap, uncopied)
	always := soonest(harmed, shared)

	var late30, late60 time.Time
	if told.IsZero() {
		late30 = day30.Add(tick)
	}
	if fixed.IsZero() {
		late60 = day60.Add(tick)
	}
	failed := soonest(late30, late60, always)
	risks := p.risks(learned, harm)
	if !failed.IsZero() {
		for i, r := range risks {
			at := latest(failed, r.at)
			if r.uncontrolled && (i+1 == len(risks) || at.Before(risks[i+1].at)) {
				lossAt = at
				break
			}
		}
	}
	controlled := lossAt.IsZero() && len(risks) > 0 && !risks[len(risks)-1].uncontrolled

	notice := reckoning{object: p.id, rule: "R-010", clock: "notice", begins: learned, trigger: learned, due: day30, satisfied: told, lost: soonest(late30, always), after: lost}
	fix := reckoning{object: p.id, rule: "R-010", clock: "fix", begins: learned, trigger: learned, due: day60, satisfied: fixed, lost: soonest(late60, always), after: lost}
	whole := reckoning{object: p.id, rule: "R-011", clock: "discretion", begins: learned, trigger: learned, due: day60, lost: lossAt, after: lost}
	if told.IsZero() {
		whole.due = day30
	}
	if lossAt.IsZero() {
		if whole.satisfied = latest(latest(told, fixed), copied); !determined {
			whole.satisfied, whole.after = time.Time{}, over
		}
	}
	out = []reckoning{notice, fix, whole}
	for i := range out {
		o := &out[i]
		o.warn = o.due.Add(-7 * 24 * time.Hour)
		o.byMembership = !gap.IsZero() && !o.lost.IsZero() && !gap.After(o.lost)
		if controlled {
			o.moot, o.satisfied, o.lost = true, time.Time{}, time.Time{}
		}
	}
	return out, lossAt
}

type risk struct {
	at           time.Time
	uncontrolled bool
}

// risks is how the case's risk stood over time: uncontrolled while the newest word
// on any vulnerability and device is. Nothing determined counts as uncontrolled,
// and so does known harm.
func (p *partyFacts) risks(learned, harm time.Time) (out []risk) {
	var js []judged
	for _, j := range p.judged {
		if !j.residual {
			js = append(js, j)
		}
	}
	slices.SortStableFunc(js, func(a, b judged) int {
		switch {
		case !a.at.Equal(b.at):
			return a.at.Compare(b.at)
		case a.uncontrolled == b.uncontrolled:
			return 0
		case b.uncontrolled:
			return -1
		}
		return 1
	})
	if len(js) == 0 {
		out = append(out, risk{learned, true})
	}
	stands := map[string]bool{}
	for i, j := range js {
		stands[j.target] = j.uncontrolled
		if i+1 < len(js) && js[i+1].at.Equal(j.at) {
			continue
		}
		worst := false
		for _, u := range stands {
			worst = worst || u
		}
		out = append(out, risk{j.at, worst})
	}
	if !harm.IsZero() {
		out = append(out, risk{harm, true})
	}
	slices.SortStableFunc(out, func(a, b risk) int { return a.at.Compare(b.at) })
	return out
}

// corrections is the report under 21 CFR 806.10 and its amendments.
func (p *partyFacts) corrections(gone bool, lossAt time.Time) (out []reckoning) {
	initiated := p.at(kindInitiated, nil)
	unknown := p.first(kindLearned, nil) == nil
	if !gone && !(unknown && !initiated.IsZero()) {
		return nil
	}
	o := reckoning{object: p.id, rule: "R-020", clock: "806", begins: lossAt, trigger: lossAt, satisfied: p.at(kindFiled806, func(s stated) bool { return s.says("extends") == "" })}
	if !initiated.IsZero() {
		o.trigger, o.due = initiated, endAfterWorkDays(initiated, 10)
		if unknown {
			o.begins = initiated
		}
	}
	out = append(out, o)
	for _, x := range p.facts {
		if x.kind == kindExtension {
			out = append(out, reckoning{object: x.id, rule: "R-020", clock: "amendment", begins: latest(o.begins, x.at), trigger: x.at, due: endAfterWorkDays(x.at, 10),
				satisfied: p.at(kindFiled806, func(s stated) bool { return s.says("extends") == x.id })})
		}
	}
	return out
}

// events is a medical device report for each event (R-023; 21 CFR 803).
func (p *partyFacts) events() (out []reckoning) {
	for _, x := range p.facts {
		if x.kind != kindAware {
			continue
		}
		about := func(s stated) bool { return s.says("event") == x.id }
		o := reckoning{object: x.id, rule: "R-023", clock: "mdr", begins: x.at, trigger: x.at, satisfied: p.at(kindMDR, about)}
		switch who := x.says("reporter"); {
		case who == "user_facility" && x.says("event") == "malfunction":
			o.moot, o.satisfied = true, time.Time{}
		case who == "user_facility":
			o.due = endAfterWorkDays(x.at, 10)
		case who == "manufacturer" && (x.is("remedial_action") || x.is("fda_request")):
			o.due = endAfterWorkDays(x.at, 5)
		default:
			o.due = endAfterDays(x.at, 30)
		}
		if o.satisfied.IsZero() && p.first(kindNoMDR, about) != nil {
			o.moot = true
		}
		out = append(out, o)
	}
	return out
}

func keysOf(m map[string]reckoning) iter.Seq[string] { return maps.Keys(m) }
