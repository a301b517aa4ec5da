package cases

import (
	"errors"
	"time"

	"github.com/cordon-isao/cordon/formats/vultron"
	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
)

// Acknowledge says that the viewer's organization has the report and works on
// it. Once is enough; it counts as its answer.
func (c *Cases) Acknowledge(tx *db.Tx, id string) error {
	k, p, err := c.act(tx.View, id)
	if err != nil {
		return err
	}
	if !p.Answered.IsZero() {
		return fault.Conflictf("Your organization has answered already.")
	}
	if err := c.answered(tx, &p); err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: "party.acknowledged", Object: p.ID, Parent: k.ID, Label: p.Label, Data: map[string]any{"org": p.Org}})
	return c.reckon(tx, k, p)
}

// answered keeps the first answer of a party and its newest word.
func (c *Cases) answered(tx *db.Tx, p *Party) error {
	if p.Answered.IsZero() {
		p.Answered = tx.Now()
	}
	p.Updated = tx.Now()
	return tx.MustChange(`UPDATE case_parties SET answered_at = $1, updated_at = $2 WHERE id = $3`, clock.Micros(p.Answered), clock.Micros(p.Updated), p.ID)
}

// Handle moves where the viewer's organization stands with the report: validate,
// invalidate, accept, defer, close (vultron.Report). To doubt, put off or close
// needs a reason.
func (c *Cases) Handle(tx *db.Tx, id string, e vultron.ReportEvent, reason string) error {
	k, p, err := c.act(tx.View, id)
	if err != nil {
		return err
	}
	var ps check.Problems
	needed := e == vultron.Invalidate || e == vultron.Defer || e == vultron.Close
	reason = ps.Text("reason", "The reason", reason, MaxReason, needed)
	if e == vultron.Receive {
		ps.Add("event", "A report is received by accepting the invitation.")
	}
	if err := ps.Err(); err != nil {
		return err
	}
	next, err := vultron.Report.Next(vultron.ReportState(p.RM), e)
	if err != nil {
		return noStep(err, "The report is %s with your organization: “%s” is not possible.", p.RM, string(e))
	}
	if err := tx.MustChange(`UPDATE case_parties SET rm = $1 WHERE id = $2`, string(next), p.ID); err != nil {
		return err
	}
	if err := c.answered(tx, &p); err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: "party.report", Object: p.ID, Parent: k.ID, Label: p.Label, Data: map[string]any{"from": p.RM, "to": next, "event": e, "reason": reason}})
	p.RM = string(next)
	return c.reckon(tx, k, p)
}

// noStep turns a machine's refusal into a sentence.
func noStep(err error, format string, args ...any) error {
	var no *vultron.NoTransition
	if errors.As(err, &no) {
		return fault.Conflictf(format, args...)
	}
	return err
}

// Update marks that the viewer's organization gave word on the case (R-068: every
// 30 days). A text, if there is one, is posted in the official thread.
func (c *Cases) Update(tx *db.Tx, id, text, key string) (post string, again bool, err error) {
	k, p, err := c.act(tx.View, id)
	if err != nil {
		return "", false, err
	}
	return tx.Once(key, digest("update", id, text), func() (string, error) {
		var post string
		if text != "" {
			thread, err := c.officialThread(tx.View, k)
			if err != nil {
				return "", err
			}
			if post, _, err = c.forum.Reply(tx, thread, forum.NewPost{Body: text}); err != nil {
				return "", err
			}
		}
		p.Updated = tx.Now()
		if err := tx.MustChange(`UPDATE case_parties SET updated_at = $1 WHERE id = $2`, clock.Micros(tx.Now()), p.ID); err != nil {
			return "", err
		}
		tx.Append(db.Entry{Verb: "party.updated", Object: p.ID, Parent: k.ID, Label: p.Label, Data: map[string]any{"post": post}})
		return post, c.reckon(tx, k, p)
	})
}

// PlanFix says when the viewer's organization plans to have a fix; the zero time
// takes a plan back.
func (c *Cases) PlanFix(tx *db.Tx, id string, at time.Time) error {
	k, p, err := c.act(tx.View, id)
	if err != nil {
		return err
	}
	if at.After(tx.Now().AddDate(5, 0, 0)) {
		return fault.InvalidField("at", "A plan reaches at most five years ahead.")
	}
	p.Planned, p.Updated = at.UTC(), tx.Now()
	if err := tx.MustChange(`UPDATE case_parties SET fix_planned_at = $1, updated_at = $2 WHERE id = $3`, micros(at), clock.Micros(p.Updated), p.ID); err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: "party.fix-planned", Object: p.ID, Parent: k.ID, Label: p.Label, Data: map[string]any{"planned_at": at}})
	return c.reckon(tx, k, p)
}

// MoveFix takes the viewer's organization's fix one step on: ready, then
// deployed (R-069: V before F before D, never back).
func (c *Cases) MoveFix(tx *db.Tx, id string, e vultron.CaseEvent) error {
	k, p, err := c.act(tx.View, id)
	if err != nil {
		return err
	}
	if p.Role != Vendor {
		return fault.Conflictf("Only a vendor has a fix.")
	}
	if e != vultron.FixReady && e != vultron.FixDeployed {
		return fault.InvalidField("event", "A fix is ready (F) or deployed (D).")
	}
	next, err := vultron.Case.Next(vultron.CaseState(p.Fix+"pxa"), e)
	if err != nil {
		return noStep(err, "The fix is %s; the step %q does not follow.", fixWords[p.Fix], string(e))
	}
	was := p.Fix
	p.Fix, p.Updated = string(next[:3]), tx.Now()
	if err := tx.MustChange(`UPDATE case_parties SET fix = $1, updated_at = $2 WHERE id = $3`, p.Fix, clock.Micros(p.Updated), p.ID); err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: "party.fix", Object: p.ID, Parent: k.ID, Label: p.Label, Data: map[string]any{"from": was, "to": p.Fix}})
	return c.reckon(tx, k, p)
}

var fixWords = map[string]string{"vfd": "not begun", "Vfd": "being made", "VFd": "ready", "VFD": "deployed"}

// FixWords says a fix path to people.
func FixWords(fix string) string { return fixWords[fix] }

// Declare sets the statement that the viewer's organization offers to the public;
// it stands in the case until it is published with it.
func (c *Cases) Declare(tx *db.Tx, id, words string) error {
	k, p, err := c.act(tx.View, id)
	if err != nil {
		return err
	}
	var ps check.Problems
	words = ps.Text("statement", "The statement", words, MaxSummary, false)
	if err := ps.Err(); err != nil {
		return err
	}
	if err := tx.MustChange(`UPDATE case_parties SET statement = $1, updated_at = $2 WHERE id = $3`, words, clock.Micros(tx.Now()), p.ID); err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: "party.statement", Object: p.ID, Parent: k.ID, Label: p.Label, Data: map[string]any{"statement": words}})
	return c.reckon(tx, k, p)
}
