package fda

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

var titles = [4]string{
	"No serious adverse events or deaths are known",
	"Customers and users are told within 30 days of learning",
	"The risk is fixed within 60 days of learning",
	"Active in an ISAO, which gets every customer notice",
}

func predicate(n int) Predicate { return Predicate{Rule: "R-010", Number: n, Title: titles[n-1]} }

// noHarm is condition 1.
func noHarm(f Facts, now time.Time) Predicate {
	p := predicate(1)
	p.OK = Yes
	if f.KnownSeriousHarm != nil && happened(*f.KnownSeriousHarm, now) {
		p.OK = No
		p.LostAt = later(*f.KnownSeriousHarm, f.LearnedAt)
		p.Failing = []string{fmt.Sprintf("A serious adverse event or death associated with the vulnerability has been known since %s.", DateOf(*f.KnownSeriousHarm, f.Zone))}
	}
	return p
}

// step is one thing that a dated condition asks for.
type step struct {
	at      time.Time // when it was done, zero if it was not
	done    string    // what then happened, to which the date is added
	missing string    // a sentence for when it has not
}

// dated is a condition that holds once all its steps are done, if that is in time.
func (p Predicate) dated(steps []step, zone *time.Location, now time.Time) Predicate {
	limit := earlier(now, p.Due.At)
	over := p.Due.Over(now)
	p.OK = Yes
	for _, s := range steps {
		switch {
		case happened(s.at, limit):
			p.SatisfiedAt = later(p.SatisfiedAt, s.at)
			continue
		case happened(s.at, now):
			p.Failing = append(p.Failing, fmt.Sprintf("%s on %s, after the last day, %s.", s.done, DateOf(s.at, zone), p.Due.Date))
		case over:
			p.Failing = append(p.Failing, fmt.Sprintf("%s The last day was %s.", s.missing, p.Due.Date))
		default:
			p.Missing = append(p.Missing, s.missing)
		}
		p.OK = Unknown
	}
	if p.OK == Unknown {
		p.SatisfiedAt = time.Time{}
		if over {
			p.OK, p.LostAt = No, p.Due.At.Add(1)
		}
	}
	return p
}

// told is condition 2: notice, interim controls, plan and rationale in 30 days.
func told(f Facts, now time.Time) Predicate {
	p := predicate(2)
	p.Due = AddDays(f.LearnedAt, NoticeDays, f.Zone)
	customers := step{done: "Customers were told all that is required", missing: "No notice to customers has been sent."}
	users := step{done: "The user community was told", missing: "The user community has not been told."}
	fewest := -1 // gaps in the best notice so far
	for _, n := range sent(f.Notices, now) {
		if n.ToUserCommunity && users.at.IsZero() {
			users.at = n.SentAt
		}
		if !n.ToCustomers {
			continue
		}
		gaps := noticeGaps(n)
		if len(gaps) == 0 && customers.at.IsZero() {
			customers.at = n.SentAt
		}
		if fewest < 0 || len(gaps) < fewest {
			fewest = len(gaps)
			customers.missing = fmt.Sprintf("The notice to customers of %s does not say: %s.", DateOf(n.SentAt, f.Zone), strings.Join(gaps, "; "))
		}
	}
	controls := step{done: "An interim compensating control was identified", missing: "No interim compensating control has been identified that is known not to add greater risk than the vulnerability."}
	for _, c := range f.InterimControls {
		if c.IntroducesGreaterRisk == No && !c.IdentifiedAt.IsZero() && (controls.at.IsZero() || c.IdentifiedAt.Before(controls.at)) {
			controls.at = c.IdentifiedAt
		}
	}
	return p.dated([]step{customers, users, controls,
		{f.RemediationPlan, "The remediation plan was made", "There is no remediation plan."},
		{f.TimelineRationale, "The rationale of its timeline was documented", "The rationale of the timeline is not documented."},
	}, f.Zone, now)
}

// noticeGaps lists what keeps a customer notice from counting.
func noticeGaps(n Notice) []string {
	var gaps []string
	for _, item := range CheckContent(n.Content) {
		gaps = append(gaps, fmt.Sprintf("(%s) %s", item.Letter, item.What))
	}
	if !n.RemediationComplete() {
		gaps = append(gaps, "a strategy that reduces the risk to an acceptable level, without which remediation is incomplete")
	}
	return gaps
}

// sent lists the notices that are out at now, oldest first.
func sent(all []Notice, now time.Time) []Notice {
	var out []Notice
	for _, n := range all {
		if happened(n.SentAt, now) {
			out = append(out, n)
		}
	}
	slices.SortStableFunc(out, func(a, b Notice) int { return a.SentAt.Compare(b.SentAt) })
	return out
}

// fixed is condition 3: validated, distributed and controlled in 60 days.
func fixed(f Facts, now time.Time) Predicate {
	p := predicate(3)
	p.Due = AddDays(f.LearnedAt, FixDays, f.Zone)
	steps := []step{
		{f.Fix.ValidatedAt, "The fix was validated", "The fix has not been validated."},
		{f.Fix.DistributedAt, "The fix was distributed", "The fix has not been distributed to customers and the user community."},
		{f.Fix.ResidualControlledAt, "The residual risk was determined to be controlled", "The residual risk has not been determined to be controlled."},
	}
	if f.Fix.LongTermControl && strings.TrimSpace(f.Fix.Justification) == "" {
		steps = append(steps, step{missing: "Why a compensating control is the long-term solution is not justified."})
	}
	return p.dated(steps, f.Zone, now)
}

// shared is condition 4: a member all along, and the ISAO has every customer
// notice sent up to day 60. Later notices only raise an alert here; R-012 counts them.
func shared(f Facts, now time.Time) Predicate {
	p := predicate(4)
	p.Due = AddDays(f.LearnedAt, FixDays, f.Zone)
	p.OK = Yes
	lose := func(at time.Time, why string) {
		p.OK, p.Failing = No, append(p.Failing, why)
		if p.LostAt.IsZero() || at.Before(p.LostAt) {
			p.LostAt = at
		}
	}
	if gap := firstGap(f.Memberships, f.LearnedAt); !gap.IsZero() && !gap.After(earlier(now, p.Due.At)) {
		lose(gap, fmt.Sprintf("The manufacturer was not an active ISAO participant on %s; participation must be without a gap from learning to the end of %s.", DateOf(gap, f.Zone), p.Due.Date))
	}
	for _, n := range sent(f.Notices, earlier(now, p.Due.At)) {
		if !n.ToCustomers {
			continue
		}
		// Near day 60 a copy still has its 24 hours.
		last := later(p.Due.At, n.SentAt.Add(ISAOCopyTime))
		switch on := DateOf(n.SentAt, f.Zone); {
		case copied(n) && happened(n.ISAOCopyAt, earlier(now, last)):
			p.SatisfiedAt = later(p.SatisfiedAt, n.ISAOCopyAt)
		case now.After(last):
			lose(last.Add(1), fmt.Sprintf("The ISAO got no copy of the customer notice of %s by %s.", on, DateOf(last, f.Zone)))
		case p.OK != No:
			p.OK = Unknown
			p.Missing = append(p.Missing, fmt.Sprintf("The ISAO has no copy of the customer notice of %s as it was sent.", on))
			if now.After(n.SentAt.Add(ISAOCopyTime)) {
				p.State = AtRisk
			}
		}
	}
	if p.OK != Yes {
		p.SatisfiedAt = time.Time{}
	}
	if p.OK == No {
		p.Missing = nil
	}
	return p
}

// copied tells whether the ISAO has the notice as sent: what it got before the
// sending was a draft.
func copied(n Notice) bool { return !n.ISAOCopyAt.IsZero() && !n.ISAOCopyAt.Before(n.SentAt) }

// lateCopies warns of customer notices that reached the ISAO more than 24 hours
// after the customers: "upon notification" is then hard to claim (trap 5).
func lateCopies(f Facts, now time.Time) []string {
	var all []string
	for _, n := range sent(f.Notices, now) {
		if !n.ToCustomers || !now.After(n.SentAt.Add(ISAOCopyTime)) {
			continue
		}
		switch on := DateOf(n.SentAt, f.Zone); {
		case !copied(n) || !happened(n.ISAOCopyAt, now):
			all = append(all, fmt.Sprintf("The customer notice of %s was sent more than 24 hours ago and the ISAO has no copy of it.", on))
		case n.ISAOCopyAt.Sub(n.SentAt) > ISAOCopyTime:
			all = append(all, fmt.Sprintf("The ISAO got the customer notice of %s more than 24 hours after it was sent.", on))
		}
	}
	return all
}

// firstGap is the first instant from start on that no interval covers, or zero
// if they cover all time to come.
func firstGap(all []Interval, start time.Time) time.Time {
	all = slices.Clone(all)
	slices.SortFunc(all, func(a, b Interval) int { return a.From.Compare(b.From) })
	at := start
	for _, m := range all {
		if m.From.After(at) {
			break
		}
		if m.To.IsZero() {
			return time.Time{}
		}
		at = later(at, m.To)
	}
	return at
}
