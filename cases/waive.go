package cases

import (
	"strings"

	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
)

// doesNot begins the reason of a statutory clock that was waived: only FDA can
// waive its conditions; anybody else can say that they do not apply.
const doesNot = "Does not apply because "

// Waive records that an obligation is not pursued, by whom and why. It stays to be
// seen. A named person of whoever owes it does that; FDA's own clocks can only be
// said not to apply.
func (c *Cases) Waive(tx *db.Tx, obligation, reason string) error {
	o, err := c.Obligation(tx.View, obligation)
	if err != nil {
		return err
	}
	who := tx.Viewer()
	if !who.May(policy.MayWorkCase) || !who.SignedIn() {
		return fault.Forbiddenf("You may not work on cases.")
	}
	parent := o.Case
	if parent == "" {
		parent = o.Object
	}
	switch {
	case o.Party != "" && o.Rule != "R-068":
		p, err := c.Party(tx.View, o.Party)
		if err != nil {
			return err
		}
		if !who.Principals().Has(policy.OfCircle(p.Circle)) {
			return fault.Forbiddenf("A person of %s does that.", p.Name)
		}
	case o.Case != "": // the embargo's clocks, and what a vendor owes the others
		if _, err := c.led(tx.View, o.Case); err != nil {
			return err
		}
	case !who.May(policy.MayTriage):
		return fault.Forbiddenf("The desk does that.")
	}
	if !o.State.Open() {
		return fault.Conflictf("This clock is settled: there is nothing to waive.")
	}
	var p check.Problems
	reason = p.Text("reason", "The reason", reason, MaxReason, true)
	if err := p.Err(); err != nil {
		return err
	}
	if o.Statutory() && !strings.HasPrefix(strings.ToLower(reason), strings.ToLower(doesNot)) {
		reason = doesNot + reason
	}
	old, err := db.One(all(tx.View), scanObligation(tx.View), `SELECT `+obligationColumns+` FROM visible.case_obligations o WHERE o.id = $1`, o.ID)
	if err != nil {
		return err
	}
	next := old
	next.WaivedAt, next.WaivedBy, next.WaivedName, next.WaivedWhy = clock.FromMicros(clock.Micros(tx.Now())), who.Actor(), who.Name, reason
	tx.Append(db.Entry{Verb: "obligation.waived", Object: o.ID, Parent: parent, Label: old.Label,
		Data: map[string]any{"rule": o.Rule, "clock": o.Clock, "object": o.Object, "party": o.Party, "reason": reason, "name": who.Name, "at": next.WaivedAt}})
	return c.replaceClock(tx, parent, old, next)
}
