package cases

import (
	"errors"
	"fmt"
	"strings"

	"github.com/cordon-isao/cordon/formats/ssvc"
	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
)

// DecisionKind is what the desk decides on a report: the outcomes of SSVC's
// coordinator triage.
type DecisionKind string

// The decisions.
const (
	Decline    DecisionKind = "decline"
	Track      DecisionKind = "track"
	Coordinate DecisionKind = "coordinate"

	decidedDuplicate DecisionKind = "duplicate"
)

// ReportDecision is what the desk decides on a report, and on what grounds. A person
// decides; the table only suggests.
type ReportDecision struct {
	Kind      DecisionKind
	Points    map[string]string // of ssvc.CoordinatorTriage; empty if the table was not used
	Deviation string            // why it is decided otherwise than suggested
	Reason    string            // for the desk
	Answer    string            // for the reporter; needed to decline
	Case      NewCase           // of the case that Coordinate opens; its title and summary are the report's unless given
	Into      string            // the case that the report joins, instead of a new one
}

// SuggestTriage is what SSVC's coordinator triage says to the points. A point that
// is missing or wrong is named as the field "points.<id>".
func SuggestTriage(points map[string]string) (DecisionKind, error) {
	t, ok := ssvc.Find(ssvc.CoordinatorTriage)
	if !ok {
		return "", errors.New("there is no table of coordinator triage")
	}
	out, err := t.Decide(points)
	var wrong *ssvc.Error
	if !errors.As(err, &wrong) {
		return DecisionKind(out), err
	}
	var p check.Problems
	for _, id := range wrong.Missing {
		p.Add("points."+id, "This is not answered.")
	}
	for _, id := range wrong.Invalid {
		id, _, _ = strings.Cut(id, ":") // the value is beside it
		p.Add("points."+cut(id, 40), "This is none of the answers.")
	}
	return "", p.Err()
}

// DecideReport decides on a report and returns the case, if one came of it. The reporter
// reads the outcome and the answer, never the grounds.
func (c *Cases) DecideReport(tx *db.Tx, report string, in ReportDecision) (opened string, err error) {
	r, desk, err := c.triages(tx, report)
	if err != nil {
		return "", err
	}
	if err := settled(r); err != nil {
		return "", err
	}
	d := conclusion{kind: in.Kind}
	var p check.Problems
	p.OneOf("decision", "The decision", string(in.Kind), string(Decline), string(Track), string(Coordinate))
	d.reason = p.Text("reason", "The reason", in.Reason, MaxReason, true)
	d.answer = p.Text("answer", "The answer to the reporter", in.Answer, MaxText, in.Kind == Decline)
	d.doc.Deviation = p.Text("deviation", "Why you decide otherwise than suggested", in.Deviation, MaxReason, false)
	if len(in.Points) > 0 {
		suggested, err := SuggestTriage(in.Points)
		if err := p.Take(err); err != nil {
			return "", err
		}
		d.doc.Points, d.doc.Suggested = in.Points, suggested
		if suggested != "" && suggested != in.Kind && d.doc.Deviation == "" {
			p.Add("deviation", "The table suggests to %s. Say why you decide otherwise.", suggested)
		}
	}
	if err := p.Err(); err != nil {
		return "", err
	}
	if len(in.Points) > 0 {
		t, _ := ssvc.Find(ssvc.CoordinatorTriage)
		if d.doc.Vector, err = t.Vector(in.Points, tx.Now()); err != nil {
			return "", fmt.Errorf("write the vector of a triage: %w", err)
		}
	}
	state := map[DecisionKind]ReportState{Decline: ReportDeclined, Track: ReportTracked, Coordinate: ReportAccepted}[in.Kind]
	if in.Kind == Coordinate {
		if d.opened, err = c.accept(tx, r, in); err != nil {
			return "", err
		}
	}
	if err := c.conclude(tx, r, state, d); err != nil {
		return "", err
	}
	tx.Append(db.Entry{Verb: "report.triaged", Object: r.ID, Parent: d.opened, Label: desk, Data: map[string]any{"decision": in.Kind, "reason": d.reason, "suggested": d.doc.Suggested,
		"vector": d.doc.Vector, "deviation": d.doc.Deviation, "case": d.opened}})
	return d.opened, nil
}

// accept opens the case of a report, or joins it to one, with the reporter as its
// finder.
func (c *Cases) accept(tx *db.Tx, r Report, in ReportDecision) (id string, err error) {
	id = in.Into
	if id == "" {
		n := in.Case
		n.Report, n.Key = r.ID, ""
		if n.Title == "" {
			n.Title = r.Title
		}
		if n.Summary == "" {
			n.Summary = cut(r.Intake.Description, MaxSummary)
		}
		if n.Safety == "" && r.Intake.Harm == AnswerYes {
			n.Safety = SafetyReview
		}
		if id, _, err = c.Open(tx, n); err != nil {
			return "", err
		}
		if tx, err = c.fresh(tx); err != nil {
			return "", err
		}
	}
	k, err := c.led(tx.View, id)
	if fault.Is(err, fault.Missing) {
		return "", fault.InvalidField("into", "There is no case %s that you can see.", cut(in.Into, 40))
	}
	if err != nil {
		return "", err
	}
	if k.Stage.Ended() {
		return "", fault.InvalidField("into", "%s has ended.", k.Short())
	}
	if err := c.addFinder(tx, k, r); err != nil {
		return "", err
	}
	return k.ID, c.reckonCase(tx, k)
}

// addFinder makes the reporter a party. One who did not allow his contact to be
// shared, or has no account, stays without a name; the desk speaks for him. One
// with an account takes part at once if nothing binds the parties yet, since what
// he found he knows; otherwise he is asked in like everybody.
func (c *Cases) addFinder(tx *db.Tx, k Case, r Report) error {
	p := Party{Case: k.ID, Name: "Reporter (no account)", Role: Finder, State: Joined}
	switch {
	case r.Person == "":
	case !r.Intake.MayShare:
		p.Name = "Reporter (through the desk)"
	default:
		there, err := all(tx.View).Exists(`SELECT 1 FROM visible.case_parties p WHERE p.case_id = $1 AND p.org = $2`, k.ID, r.Org)
		if err != nil || there {
			return err // his organization is asked in already; whom it seats is its own affair
		}
		p.Org, p.Name = r.Org, r.OrgName
		if k.Embargo.State != "none" {
			p.State = Invited
			if p.Offer, err = c.offer(tx.View, k); err != nil {
				return err
			}
		}
	}
	if err := c.addParty(tx, k, &p); err != nil {
		return err
	}
	switch {
	case p.Org == "":
		return nil
	case p.State == Joined:
		return c.seat(tx, k, p, r.Person)
	}
	return c.members.PutOnTeam(tx, p.Circle, r.Person, zero)
}
