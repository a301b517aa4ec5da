package cases

import (
	"slices"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/formats/vultron"
	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
)

// proposal reads an open proposal of a case that the viewer can see.
func (c *Cases) proposal(v *db.View, id, kind string) (Proposal, error) {
	p, err := db.One(v, scanProposal, `SELECT `+proposalColumns+` FROM visible.case_embargoes e WHERE e.id = $1 AND e.kind = $2`, id, kind)
	if err == nil && p.State != proposalOpen {
		err = fault.Conflictf("This was %s already.", p.State)
	}
	return p, err
}

// Consent agrees to a proposal for the viewer's organization.
func (c *Cases) Consent(tx *db.Tx, proposal string) error {
	q, err := c.proposal(tx.View, proposal, "proposal")
	if err != nil {
		return err
	}
	k, p, err := c.act(tx.View, q.Case)
	if err != nil {
		return err
	}
	if q.agreedBy(p.ID) {
		return fault.Conflictf("Your organization has agreed already.")
	}
	return c.consent(tx, k, p, q)
}

func (q Proposal) agreedBy(party string) bool {
	return slices.ContainsFunc(q.Consents, func(c Consent) bool { return c.Party == party })
}

func (c *Cases) consent(tx *db.Tx, k Case, p Party, q Proposal) error {
	who := tx.Viewer()
	text, err := consentsText(append(q.Consents, Consent{p.ID, p.Name, who.Person, who.Name, tx.Now()}))
	if err != nil {
		return err
	}
	if err := tx.MustChange(`UPDATE case_embargoes SET consents = $1 WHERE id = $2`, text, q.ID); err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: "embargo.agreed", Object: q.ID, Parent: k.ID, Label: k.Label, Data: map[string]any{"party": p.ID, "until": q.Until}})
	return nil
}

// consentByOffer counts the acceptance of an invitation as the consent to the
// proposal that was offered with it.
func (c *Cases) consentByOffer(tx *db.Tx, k Case, p Party) error {
	if p.Offer.Until.IsZero() || k.Embargo.State != string(vultron.EmbargoProposed) {
		return nil
	}
	ps, err := openProposals(tx.View, k.ID)
	if err != nil {
		return err
	}
	for _, q := range ps {
		if q.Until.Equal(p.Offer.Until) && q.Terms == p.Offer.Terms && !q.agreedBy(p.ID) {
			return c.consent(tx, k, p, q)
		}
	}
	return nil
}

// AcceptProposal puts a proposal in force: for whoever leads the case. The
// shortest goes first; longer ones stay as proposals to revise it. Every
// vendor that takes part must have agreed to it or to a longer one, unless it is
// the case's first embargo and no longer than the default, which who is silent
// accepts. See docs/decisions/embargo.md.
func (c *Cases) AcceptProposal(tx *db.Tx, proposal string) error {
	q, err := c.proposal(tx.View, proposal, "proposal")
	if err != nil {
		return err
	}
	k, err := c.led(tx.View, q.Case)
	if err != nil {
		return err
	}
	ps, err := openProposals(tx.View, k.ID)
	if err != nil {
		return err
	}
	first := k.Embargo.State == string(vultron.EmbargoProposed)
	if first && ps[0].Until.Before(q.Until) {
		return fault.Conflictf("The shortest proposal wins, and there is one until %s. The longer one can revise it afterwards.", ps[0].Until.Format("2 Jan 2006 15:04 UTC"))
	}
	if !q.Until.After(tx.Now()) {
		return fault.Conflictf("The end that was proposed has passed. Reject this proposal.")
	}
	if k.Embargo.State == string(vultron.EmbargoRevise) && !k.Embargo.In(tx.Now()) {
		return fault.Conflictf("The embargo's end has come.")
	}
	missing, err := c.notAgreed(tx.View, k, q, ps)
	if err != nil {
		return err
	}
	if len(missing) > 0 && !(first && byDefault(k, q)) {
		return fault.Conflictf("%s has not agreed. Every vendor that takes part must.", strings.Join(missing, ", "))
	}
	next, err := step(k, vultron.AcceptEmbargo)
	if err != nil {
		return err
	}
	if k.Embargo.From.IsZero() {
		k.Embargo.From = tx.Now()
	}
	k.Embargo.Until, k.Embargo.Terms = q.Until, q.Terms
	if err := c.decideProposal(tx, &k, q, next, proposalAccepted, ""); err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: "embargo.accepted", Object: q.ID, Parent: k.ID, Label: k.Label,
		Data: map[string]any{"from": k.Embargo.From, "until": q.Until, "terms": q.Terms, "silent": missing, "state": k.Embargo.State}})
	if err := c.refreshOffers(tx, k); err != nil {
		return err
	}
	return c.reckonCase(tx, k)
}

// byDefault reports whether a proposal is no longer than the default embargo.
func byDefault(k Case, q Proposal) bool {
	first := k.Contacted
	if first.IsZero() {
		first = q.At
	}
	due, err := vultron.EmbargoExpiry(first, zero, 0, nil)
	return err == nil && !q.Until.After(due.At)
}

// notAgreed names the vendors that take part and agreed neither to the proposal
// nor, before there is an embargo, to a longer one.
func (c *Cases) notAgreed(v *db.View, k Case, q Proposal, ps []Proposal) (names []string, err error) {
	vendors, err := db.All(all(v), scanParty(v), `SELECT `+partyColumns+` FROM visible.case_parties p WHERE p.case_id = $1 AND p.role = 'vendor' AND p.state = 'joined' ORDER BY p.name`, k.ID)
	for _, p := range vendors {
		agreed := q.agreedBy(p.ID)
		for _, longer := range ps {
			agreed = agreed || k.Embargo.State == string(vultron.EmbargoProposed) && longer.agreedBy(p.ID)
		}
		if !agreed {
			names = append(names, p.Name)
		}
	}
	return names, err
}

// RejectProposal turns a proposal down: for whoever leads the case, and for the
// party that made it. What is in force stays in force.
func (c *Cases) RejectProposal(tx *db.Tx, proposal, reason string) error {
	q, err := c.proposal(tx.View, proposal, "proposal")
	if err != nil {
		return err
	}
	k, p, leads, err := c.voice(tx.View, q.Case)
	if err != nil {
		return err
	}
	if !leads && (p.ID == "" || p.ID != q.Party) {
		return fault.Forbiddenf("The coordinator of %s decides on proposals.", k.Short())
	}
	var ps check.Problems
	reason = ps.Text("reason", "The reason", reason, MaxReason, true)
	if err := ps.Err(); err != nil {
		return err
	}
	next, err := step(k, vultron.RejectEmbargo)
	if err != nil {
		return err
	}
	if err := c.decideProposal(tx, &k, q, next, proposalRejected, reason); err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: "embargo.rejected", Object: q.ID, Parent: k.ID, Label: k.Label, Data: map[string]any{"reason": reason, "until": q.Until, "state": k.Embargo.State}})
	if err := c.refreshOffers(tx, k); err != nil {
		return err
	}
	return c.reckonCase(tx, k)
}

// decideProposal closes one proposal and takes the case's embargo to its next
// state. The proposals that stay open are proposed anew in it, by the machine's
// own table: active becomes revise, none becomes proposed.
func (c *Cases) decideProposal(tx *db.Tx, k *Case, q Proposal, next vultron.EmbargoState, state, why string) error {
	if err := closeProposal(tx, q.ID, state, why); err != nil {
		return err
	}
	k.Embargo.State = string(next)
	left, err := openProposals(tx.View, k.ID)
	if err != nil {
		return err
	}
	if len(left) > 0 {
		if next, err = step(*k, vultron.ProposeEmbargo); err != nil {
			return err
		}
	}
	return c.setEmbargo(tx, k, next)
}

func closeProposal(tx *db.Tx, id, state, why string) error {
	by := tx.Viewer().Name
	if tx.Viewer().IsSystem() {
		by = "Cordon"
	}
	return tx.MustChange(`UPDATE case_embargoes SET state = $1, why = $2, decided_at = $3, decided_by = $4 WHERE id = $5 AND state = 'open'`, state, why, clock.Micros(tx.Now()), by, id)
}

// Terminate ends the embargo before its end, with a reason: for whoever leads the
// case.
func (c *Cases) Terminate(tx *db.Tx, id, reason string) error {
	k, err := c.led(tx.View, id)
	if err != nil {
		return err
	}
	var ps check.Problems
	reason = ps.Text("reason", "The reason", reason, MaxReason, true)
	if err := ps.Err(); err != nil {
		return err
	}
	if _, err := step(k, vultron.TerminateEmbargo); err != nil {
		return err
	}
	if err := c.exit(tx, &k, tx.Now(), "decided", reason); err != nil {
		return err
	}
	return c.reckonCase(tx, k)
}

// exit ends the embargo, at the instant ended; with it every open proposal and
// question. cause is decided, time, public or exploit.
func (c *Cases) exit(tx *db.Tx, k *Case, ended time.Time, cause, reason string) error {
	next, err := step(*k, vultron.TerminateEmbargo)
	if err != nil {
		return err
	}
	if ended.After(k.Embargo.Until) {
		ended = k.Embargo.Until
	}
	if err := c.overtake(tx, *k, cause); err != nil {
		return err
	}
	k.Embargo.Ended = ended
	if err := c.setEmbargo(tx, k, next); err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: "embargo.ended", Object: k.ID, Label: k.Label, Data: map[string]any{"ended": ended, "until": k.Embargo.Until, "cause": cause, "reason": reason}})
	return c.refreshOffers(tx, *k)
}

// overtake closes whatever is still open about a case's embargo.
func (c *Cases) overtake(tx *db.Tx, k Case, cause string) error {
	open, err := db.All(all(tx.View), db.Value[string], `SELECT e.id FROM visible.case_embargoes e WHERE e.case_id = $1 AND e.state = 'open' ORDER BY e.n`, k.ID)
	for _, id := range open {
		if err == nil {
			err = closeProposal(tx, id, proposalOvertaken, cause)
		}
	}
	return err
}
