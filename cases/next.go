package cases

import (
	"fmt"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/formats/vultron"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
)

// Step is the next thing to do in a case for one viewer.
type Step struct {
	Text   string // what to do, as a button's sentence: "Say what is affected"
	Detail string // why, or what follows
	Action string // a key that a page turns into the button's place; "" when there is nothing to do
	Due    time.Time
}

// The keys of actions.
const (
	DoDecideEmbargo = "embargo-decide"
	DoAcceptEmbargo = "embargo-accept"
	DoProposal      = "embargo-propose"
	DoConsent       = "embargo-agree"
	DoClock         = "clocks"
	DoNotice        = "notice" // the clock of the notice to customers
	DoTriage        = "stage"
	DoInvite        = "invite"
	DoRemind        = "remind"
	DoAssign        = "assign"
	DoEndEmbargo    = "embargo-end"
	DoPublish       = "publish"
	DoShare         = "share"
	DoAcknowledge   = "acknowledge"
	DoStatuses      = "statuses"
	DoDetermine     = "determine"
	DoFix           = "fix"
	DoUpdate        = "update"
	DoAnswer        = "grant-answer"
	DoAccept        = "invitation"
)

// situation is what the table of steps looks at.
type situation struct {
	k          Case
	now        time.Time
	leads      bool
	own        *Party // the viewer's own, joined and seated
	rows       []MatrixRow
	unsaid     int // vulnerabilities of which the own party has not said the status
	props      []Proposal
	clock      *dueClock
	determined bool
	question   string // that is put to the viewer, who is let in by a grant
}

// dueClock is the first clock of the viewer's that has not been met.
type dueClock struct {
	name, rule, clock string
	due               time.Time
}

// steps is what may be the next step, the most urgent first: the first that fits
// is told.
var steps = []func(situation) (Step, bool){
	answerQuestion, overdueClock, decideEmbargo, ownAcknowledge, ownConsent, ownStatuses, ownDetermine, soonClock,
	noCoordinator, leaveTriage, acceptEmbargo, nobodyAsked, noEmbargo, late, quorum, publishNow, ownFix, ownWord, shareIt, anyClock,
}

// Next is the one next step in a case for the viewer; without any, Action is "".
func (c *Cases) Next(v *db.View, k Case) (Step, error) {
	m, err := c.Matrix(v, k.ID)
	if err != nil {
		return Step{}, err
	}
	return c.NextIn(v, k, m)
}

// NextIn is Next for a page that has read the matrix already.
func (c *Cases) NextIn(v *db.View, k Case, m Matrix) (Step, error) {
	s := situation{k: k, now: v.Now()}
	if k.Stage.Ended() {
		return Step{Text: "Nothing is to be done", Detail: "This case is " + strings.ToLower(k.Stage.Words()) + "."}, nil
	}
	var err error
	if s.leads, err = c.mayLead(v, k); err != nil {
		return Step{}, err
	}
	own, err := c.partyOf(v, k.ID)
	if err == nil {
		s.own = &own
	} else if !fault.Is(err, fault.Missing) {
		return Step{}, err
	}
	s.rows = m.Rows
	for _, r := range m.Rows {
		for _, u := range m.Vulnerabilities {
			if s.own != nil && r.Party.ID == own.ID && r.Statuses[u.ID] == "" {
				s.unsaid++
			}
		}
	}
	if s.props, err = c.Proposals(v, k.ID); err != nil {
		return Step{}, err
	}
	if err := c.clocksAndRisk(v, &s); err != nil {
		return Step{}, err
	}
	for _, fits := range steps {
		if step, ok := fits(s); ok {
			return step, nil
		}
	}
	return Step{Text: "Nothing is to be done now", Detail: "You are told when that changes."}, nil
}

// clocksAndRisk reads the first open clock of the viewer's own party, or the
// case's for who leads it, and whether a risk was determined. Of clocks that are
// due together the one that something can be done about goes before the sum of
// them.
func (c *Cases) clocksAndRisk(v *db.View, s *situation) error {
	party := ""
	if s.own != nil {
		party = s.own.ID
	}
	d, err := db.One(v, func(r db.Scanner) (d dueClock, err error) {
		var due int64
		err = r.Scan(&d.name, &d.rule, &d.clock, &due)
		d.due = clock.FromMicros(due)
		return d, err
	}, `SELECT o.name, o.rule, o.clock, o.due_at FROM visible.case_obligations o WHERE o.case_id = $1 AND o.due_at > 0 AND o.satisfied_at = 0 AND o.waived_at = 0 AND o.lost_at = 0
			AND o.state IN ('running', 'at-risk', 'over') AND (o.party = $2 OR o.party = '' AND CAST($3 AS BIGINT) = 1) ORDER BY o.due_at, CASE WHEN o.rule = 'R-011' THEN 1 ELSE 0 END, o.id LIMIT 1`, s.k.ID, party, flag(s.leads))
	if err == nil {
		s.clock = &d
	} else if !fault.Is(err, fault.Missing) {
		return err
	}
	if party == "" || s.own.Role == Government {
		s.question, err = db.One(v, db.Value[string], `SELECT g.question FROM visible.case_grants g
			WHERE g.case_id = $1 AND g.person = $2 AND g.question <> '' AND g.answered_at = 0 AND g.approved_at > 0 AND g.revoked_at = 0 AND g.expires_at > $3 ORDER BY g.asked_at, g.id LIMIT 1`,
			s.k.ID, v.Viewer().Person, clock.Micros(v.Now()))
		if fault.Is(err, fault.Missing) {
			err = nil
		}
		return err
	}
	s.determined, err = v.Exists(`SELECT 1 FROM visible.case_determinations d WHERE d.case_id = $1 AND d.party = $2`, s.k.ID, party)
	return err
}

func answerQuestion(s situation) (Step, bool) {
	if s.question == "" {
		return Step{}, false
	}
	return Step{"Answer the question", s.question, DoAnswer, zero}, true
}

func clockStep(s situation, within time.Duration) (Step, bool) {
	if s.clock == nil || s.clock.due.Sub(s.now) > within {
		return Step{}, false
	}
	word := "Due"
	if s.now.After(s.clock.due) {
		word = "Overdue"
	}
	step := Step{Text: s.clock.name, Detail: word + " under " + s.clock.rule + ".", Action: DoClock, Due: s.clock.due}
	if s.clock.rule == "R-010" && s.clock.clock == "notice" && s.own != nil {
		step.Action = DoNotice
	}
	return step, true
}

func overdueClock(s situation) (Step, bool) { return clockStep(s, 0) }
func soonClock(s situation) (Step, bool)    { return clockStep(s, 7*24*time.Hour) }
func anyClock(s situation) (Step, bool)     { return clockStep(s, 366*24*time.Hour) }

func (s situation) open(kind string) *Proposal {
	var first *Proposal
	for i, p := range s.props {
		if p.Kind == kind && p.State == proposalOpen && (first == nil || p.Until.Before(first.Until)) {
			first = &s.props[i]
		}
	}
	return first
}

func decideEmbargo(s situation) (Step, bool) {
	q := s.open("decision")
	if !s.leads || q == nil {
		return Step{}, false
	}
	return Step{"Decide whether the embargo ends now", q.Terms, DoDecideEmbargo, q.Until}, true
}

func (s situation) vendor() bool { return s.own != nil && s.own.Role == Vendor }

func ownAcknowledge(s situation) (Step, bool) {
	if !s.vendor() || !s.own.Answered.IsZero() {
		return Step{}, false
	}
	return Step{"Acknowledge the report", "The others then know that you have it.", DoAcknowledge, vultron.VendorAckDue(s.own.Accepted, nil).Breach.At}, true
}

func ownConsent(s situation) (Step, bool) {
	if !s.vendor() {
		return Step{}, false
	}
	for _, q := range s.props {
		if q.Kind == "proposal" && q.State == proposalOpen && !q.agreedBy(s.own.ID) {
			return Step{"Answer the proposed embargo", "Proposed until " + inWords(q.Until) + ".", DoConsent, zero}, true
		}
	}
	return Step{}, false
}

func ownStatuses(s situation) (Step, bool) {
	if !s.vendor() || s.unsaid <= 0 {
		return Step{}, false
	}
	return Step{"Say what is affected", fmt.Sprintf("Open for %d of the case's vulnerabilities.", s.unsaid), DoStatuses, zero}, true
}

func ownDetermine(s situation) (Step, bool) {
	if !s.vendor() || s.determined {
		return Step{}, false
	}
	return Step{"Determine the risk", "Controlled or uncontrolled: the statutory clocks follow from it.", DoDetermine, zero}, true
}

func noCoordinator(s situation) (Step, bool) {
	if !s.leads || !s.k.Shared || s.k.Coordinator.Person != "" {
		return Step{}, false
	}
	return Step{"Take the case", "Nobody coordinates it yet.", DoAssign, zero}, true
}

func leaveTriage(s situation) (Step, bool) {
	if !s.leads || s.k.Stage != Triage {
		return Step{}, false
	}
	return Step{"Finish triage", "Verify the report, or tell the vendors at once.", DoTriage, zero}, true
}

func acceptEmbargo(s situation) (Step, bool) {
	q := s.open("proposal")
	if !s.leads || q == nil {
		return Step{}, false
	}
	return Step{"Decide on the proposed embargo", "Until " + inWords(q.Until) + ", proposed by " + or(q.Party == "", "the desk", q.OrgName) + ".", DoAcceptEmbargo, q.Until}, true
}

func nobodyAsked(s situation) (Step, bool) {
	if !s.leads || !s.k.Shared {
		return Step{}, false
	}
	for _, r := range s.rows {
		if r.Party.Role == Vendor {
			return Step{}, false
		}
	}
	return Step{"Ask the vendor in", "No vendor was asked yet.", DoInvite, zero}, true
}

func noEmbargo(s situation) (Step, bool) {
	if !s.leads || !s.k.Shared || s.k.Embargo.State != string(vultron.EmbargoNone) || !s.k.PublicAt.IsZero() {
		return Step{}, false
	}
	for _, p := range s.props {
		if p.Kind == "proposal" {
			return Step{}, false // it was proposed and rejected: that is settled
		}
	}
	return Step{"Propose an embargo", "The default is 45 days from the first contact with a vendor.", DoProposal, zero}, true
}

func late(s situation) (Step, bool) {
	var names []string
	for _, r := range s.rows {
		if r.Late {
			names = append(names, r.Party.Name)
		}
	}
	if !s.leads || len(names) == 0 {
		return Step{}, false
	}
	more := ""
	if n := len(names) - 3; n > 0 {
		names, more = names[:3], fmt.Sprintf(" and %d more", n)
	}
	return Step{"Remind those who are late", strings.Join(names, ", ") + more + ".", DoRemind, zero}, true
}

// quorum is R-063's MAY: every vendor that takes part has its fix ready.
func quorum(s situation) (Step, bool) {
	n := 0
	for _, r := range s.rows {
		if r.Party.Role == Vendor && r.Party.State == Joined {
			n++
			if r.Party.Fix != "VFd" && r.Party.Fix != "VFD" {
				return Step{}, false
			}
		}
	}
	if !s.leads || n == 0 || !s.k.Embargo.In(s.now) {
		return Step{}, false
	}
	return Step{"Ask whether the embargo can end", "Every vendor that takes part has its fix.", DoEndEmbargo, s.k.Embargo.Until}, true
}

func publishNow(s situation) (Step, bool) {
	if !s.leads || s.k.Embargo.In(s.now) || s.k.Stage == Published || s.k.Stage == PostPublished || s.k.Embargo.State != string(vultron.EmbargoExited) && s.k.Stage != PreDisclosure {
		return Step{}, false
	}
	return Step{"Publish", "No embargo holds this case back.", DoPublish, zero}, true
}

func ownFix(s situation) (Step, bool) {
	if !s.vendor() || !s.own.Planned.IsZero() || s.own.Fix != "Vfd" {
		return Step{}, false
	}
	return Step{"Say when the fix is planned", "The others plan by it.", DoFix, zero}, true
}

func ownWord(s situation) (Step, bool) {
	if !s.vendor() || s.own.Updated.IsZero() {
		return Step{}, false
	}
	due := vultron.UpdateDue(s.own.Updated, nil)
	if due.At.Sub(s.now) > 7*24*time.Hour {
		return Step{}, false
	}
	return Step{"Give word on the case", "The others expect it every 30 days.", DoUpdate, due.At}, true
}

func shareIt(s situation) (Step, bool) {
	if s.k.Shared || !s.leads {
		return Step{}, false
	}
	for _, r := range s.rows {
		if r.Party.Role == Coordinator {
			return Step{}, false
		}
	}
	return Step{"Share the case with the desk", "The desk coordinates with other vendors, and FDA's conditions ask for the ISAO.", DoShare, zero}, true
}

// Next is the next step of an organization that is asked in.
func (i Invitation) Next() Step {
	if i.Handover {
		return Step{"Take the case over", i.From + " offers it to the desk.", DoAccept, zero}
	}
	if i.Offer.Until.IsZero() {
		return Step{"Answer the invitation", "No embargo is asked for.", DoAccept, zero}
	}
	return Step{"Answer the invitation", "The case opens when you agree to the embargo until " + inWords(i.Offer.Until) + ".", DoAccept, zero}
}
