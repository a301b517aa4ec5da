package cases

import (
	"time"

	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
)

// mayLead reports whether the viewer leads the case: the desk, if the case is
// shared with it; otherwise the manufacturer's people who are on it.
func (c *Cases) mayLead(v *db.View, k Case) (bool, error) {
	who := v.Viewer()
	if !who.May(policy.MayWorkCase) {
		return false, nil
	}
	if k.Shared {
		return who.May(policy.MayTriage), nil
	}
	return who.Org == k.Maker && who.Principals().Has(policy.OfCircle(k.Team)), nil
}

// MayLead is mayLead for pages: whether to offer what only a leader may do.
func (c *Cases) MayLead(v *db.View, k Case) (bool, error) { return c.mayLead(v, k) }

// led reads a case that the viewer leads.
func (c *Cases) led(v *db.View, id string) (Case, error) {
	k, err := c.Case(v, id)
	if err != nil {
		return k, err
	}
	ok, err := c.mayLead(v, k)
	if err == nil && !ok {
		err = fault.Forbiddenf("The coordinator of %s does that. Ask in the official thread.", k.Short())
	}
	return k, err
}

// Move takes a case to another stage, with a reason where it leaves the course.
func (c *Cases) Move(tx *db.Tx, id string, to Stage, reason string) error {
	k, err := c.led(tx.View, id)
	if err != nil {
		return err
	}
	if err := k.Stage.to(to); err != nil {
		return err
	}
	var p check.Problems
	reason = p.Text("reason", "The reason", reason, MaxReason, stageNeedsReason(to))
	if err := p.Err(); err != nil {
		return err
	}
	switch to {
	case Published:
		if k.Embargo.In(tx.Now()) {
			return fault.Conflictf("The embargo runs until %s. Publish after it, or end it with every party's consent.", k.Embargo.Until.UTC().Format("2 Jan 2006 15:04 UTC"))
		}
	case Closed:
		open, err := c.clocksRun(tx.View, id)
		if err != nil {
			return err
		}
		if open {
			return fault.Conflictf("Clocks of this case still run. Meet or waive them first; a party may have clocks that only it sees.")
		}
	}
	if err := tx.MustChange(`UPDATE cases SET stage = $1, stage_at = $2 WHERE id = $3`, string(to), clock.Micros(tx.Now()), id); err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: "case.stage", Object: id, Label: k.Label, Data: map[string]any{"from": k.Stage, "to": to, "reason": reason}})
	return c.reckonCase(tx, k)
}

func stageNeedsReason(s Stage) bool {
	switch s {
	case Duplicate, OutOfScope, Disputed, Withdrawn:
		return true
	}
	return false
}

// Assign makes a person of the desk the case's coordinator; "" takes nobody.
func (c *Cases) Assign(tx *db.Tx, id, person string) error {
	k, err := c.led(tx.View, id)
	if err != nil {
		return err
	}
	name, err := c.handler(tx.View, person, k.Maker)
	if err != nil {
		return err
	}
	if err := tx.MustChange(`UPDATE cases SET coordinator = $1, coordinator_name = $2 WHERE id = $3`, person, name, id); err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: "case.assigned", Object: id, Label: k.Label, Data: map[string]string{"person": person, "name": name}})
	return nil
}

// handler is the name of a person to whom a case or a report is given: of the ISAO,
// or of another organization if one is named. Nobody has no name.
func (c *Cases) handler(v *db.View, person, or string) (string, error) {
	if person == "" {
		return "", nil
	}
	s, err := c.members.Settings(v)
	if err != nil {
		return "", err
	}
	p, err := c.members.Person(v, person)
	if fault.Is(err, fault.Missing) || err == nil && p.Org != s.Org && p.Org != or {
		err = fault.InvalidField("person", "Choose somebody of the desk.")
	}
	return p.Name, err
}

// Edit changes what a case is called and says, when it is reviewed next, and what
// is known of patients' safety (but for known harm, which has its own switch).
func (c *Cases) Edit(tx *db.Tx, id string, title, summary string, safety Safety, review time.Time) error {
	k, err := c.led(tx.View, id)
	if err != nil {
		return err
	}
	var p check.Problems
	title = p.Line("title", "The title", title, MaxTitle, true)
	summary = p.Text("summary", "The summary", summary, MaxSummary, false)
	if k.Safety == SafetyHarm {
		safety = SafetyHarm
	} else {
		p.OneOf("safety", "Patient safety", string(safety), string(SafetyUnknown), string(SafetyReview), string(SafetyNone), string(SafetyPossible))
	}
	if err := p.Err(); err != nil {
		return err
	}
	if err := tx.MustChange(`UPDATE cases SET title = $1, summary = $2, safety = $3, review_at = $4 WHERE id = $5`, title, summary, string(safety), micros(review), id); err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: "case.edited", Object: id, Label: k.Label, Data: map[string]any{"title": title, "summary": summary, "safety": safety, "review_at": review}})
	return nil
}
