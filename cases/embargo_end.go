package cases

import (
	"strings"
	"time"

	"github.com/cordon-isao/cordon/formats/vultron"
	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
)

// EndEmbargoes records the end of embargoes whose time has come, and drops
// proposals whose end has passed, at most 200 each, and returns how many. What an
// embargo permits is decided by [Embargo.In] at each moment: a pass that comes
// late, twice, or by a wrong clock opens nothing sooner.
func (c *Cases) EndEmbargoes(tx *db.Tx) (int, error) {
	now := clock.Micros(tx.Now())
	due, err := db.All(all(tx.View), scanCase(tx.View), `SELECT `+caseColumns+` FROM visible.cases k
		WHERE k.embargo_until > 0 AND k.embargo_until <= $1 AND k.embargo IN ('active', 'revise') ORDER BY k.embargo_until, k.id LIMIT 200`, now)
	if err != nil {
		return 0, err
	}
	for _, k := range due {
		if err := c.exit(tx, &k, k.Embargo.Until, "time", ""); err != nil {
			return 0, err
		}
		if err := c.reckonCase(tx, k); err != nil {
			return 0, err
		}
	}
	stale, err := db.All(all(tx.View), scanProposal, `SELECT `+proposalColumns+` FROM visible.case_embargoes e WHERE e.state = 'open' AND e.kind = 'proposal' AND e.until <= $1 ORDER BY e.until, e.id LIMIT 200`, now)
	if err != nil {
		return 0, err
	}
	for _, q := range stale {
		k, err := c.Case(all(tx.View), q.Case)
		if err != nil {
			return 0, err
		}
		next, err := step(k, vultron.RejectEmbargo)
		if err != nil {
			return 0, err
		}
		if err := c.decideProposal(tx, &k, q, next, proposalOvertaken, "time"); err != nil {
			return 0, err
		}
		tx.Append(db.Entry{Verb: "embargo.lapsed", Object: q.ID, Parent: k.ID, Label: k.Label, Data: map[string]any{"until": q.Until, "state": k.Embargo.State}})
		if err := c.refreshOffers(tx, k); err != nil {
			return 0, err
		}
		if err := c.reckonCase(tx, k); err != nil {
			return 0, err
		}
	}
	return len(due) + len(stale), nil
}

// Happened records that the vulnerability became public (P), that an exploit did
// (X, which makes the vulnerability public too), or that attacks were seen (A),
// at a time and from a source: for whoever leads the case. None is ever taken
// back. P and X end the embargo at once; A asks for a decision within 24
// hours.
func (c *Cases) Happened(tx *db.Tx, id string, e vultron.CaseEvent, at time.Time, source string) error {
	k, err := c.led(tx.View, id)
	if err != nil {
		return err
	}
	var p check.Problems
	source = p.Text("source", "The source", source, MaxReason, true)
	if at.IsZero() || at.After(tx.Now()) {
		p.Add("at", "Say when it happened; that cannot be in the future.")
	}
	p.OneOf("event", "The event", string(e), string(vultron.PublicAware), string(vultron.ExploitPublic), string(vultron.Attacks))
	if err := p.Err(); err != nil {
		return err
	}
	return c.happened(tx, k, e, at, source)
}

// Letters is what is known of a case's vulnerability apart from its vendors:
// p or P, x or X, a or A.
func (k Case) Letters() string {
	s := []byte("pxa")
	for i, at := range []time.Time{k.PublicAt, k.ExploitAt, k.AttacksAt} {
		if !at.IsZero() {
			s[i] -= 'a' - 'A'
		}
	}
	return string(s)
}

func (c *Cases) happened(tx *db.Tx, k Case, e vultron.CaseEvent, at time.Time, source string) error {
	next, events, err := vultron.Advance(vultron.CaseState("Vfd"+k.Letters()), e)
	if err != nil {
		return noStep(err, "That is recorded already, and stays.")
	}
	for _, event := range events {
		switch event {
		case vultron.PublicAware:
			k.PublicAt = at
			// What is public is known to every vendor.
			if _, err := tx.Exec(`UPDATE case_parties SET fix = 'Vfd' WHERE case_id = $1 AND role = 'vendor' AND fix = 'vfd'`, k.ID); err != nil {
				return err
			}
		case vultron.ExploitPublic:
			k.ExploitAt = at
		case vultron.Attacks:
			k.AttacksAt = at
		}
	}
	if err := tx.MustChange(`UPDATE cases SET public_at = $1, exploit_at = $2, attacks_at = $3 WHERE id = $4`, micros(k.PublicAt), micros(k.ExploitAt), micros(k.AttacksAt), k.ID); err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: "case.happened", Object: k.ID, Label: k.Label, Data: map[string]any{"event": e, "at": at.UTC(), "source": source, "state": next[3:]}})
	b, _ := vultron.BreachOf(e)
	return c.breached(tx, k, b, source)
}

// Breached records what may end the embargo besides the case's letters
// (vultron.Breach): an adversary has an exploit or knows the details, or enough
// vendors are ready. For whoever leads the case.
func (c *Cases) Breached(tx *db.Tx, id string, b vultron.Breach, source string) error {
	k, err := c.led(tx.View, id)
	if err != nil {
		return err
	}
	var p check.Problems
	source = p.Text("source", "The source", source, MaxReason, true)
	p.OneOf("breach", "What happened", string(b), string(vultron.AdversaryExploit), string(vultron.AdversaryKnows), string(vultron.QuorumReady))
	if err := p.Err(); err != nil {
		return err
	}
	if !k.Embargo.In(tx.Now()) {
		return fault.Conflictf("No embargo is in force.")
	}
	tx.Append(db.Entry{Verb: "embargo.breached", Object: k.ID, Label: k.Label, Data: map[string]any{"breach": b, "source": source}})
	return c.breached(tx, k, b, source)
}

// breached does what R-063 asks: ends the embargo, or puts the question.
func (c *Cases) breached(tx *db.Tx, k Case, b vultron.Breach, source string) error {
	force, by, err := vultron.MustEnd(b, tx.Now())
	if err != nil {
		return err
	}
	state := vultron.EmbargoState(k.Embargo.State)
	switch {
	case force == vultron.EndNow && state.InForce():
		err = c.exit(tx, &k, tx.Now(), "public", source)
	case force == vultron.EndNow && state == vultron.EmbargoProposed:
		err = c.dropProposals(tx, &k, "public")
	case force == vultron.EndShould && state.InForce():
		who := tx.Viewer()
		q := Proposal{ID: ids.New("embargo"), Case: k.ID, Kind: "decision", Person: who.Actor(), Name: who.Name, OrgName: who.OrgName, At: tx.Now(), Until: by, Terms: breachWords[b] + " " + source}
		if err = c.putProposal(tx, k, q); err == nil {
			tx.Append(db.Entry{Verb: "embargo.decision-due", Object: q.ID, Parent: k.ID, Label: k.Label, Data: map[string]any{"breach": b, "due": by}})
		}
	}
	if err != nil {
		return err
	}
	return c.reckonCase(tx, k)
}

var breachWords = map[vultron.Breach]string{vultron.ActiveExploitation: "Attacks were observed.", vultron.AdversaryExploit: "An adversary has a working exploit."}

// dropProposals turns down everything proposed, so that there is no embargo.
func (c *Cases) dropProposals(tx *db.Tx, k *Case, cause string) error {
	next, err := step(*k, vultron.RejectEmbargo)
	if err != nil {
		return err
	}
	if err := c.overtake(tx, *k, cause); err != nil {
		return err
	}
	if err := c.setEmbargo(tx, k, next); err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: "embargo.dropped", Object: k.ID, Label: k.Label, Data: map[string]any{"cause": cause}})
	return c.refreshOffers(tx, *k)
}

// Keep answers the question whether the embargo should end sooner with no, and
// says why; [Cases.Terminate] is the yes. For whoever leads the case.
func (c *Cases) Keep(tx *db.Tx, decision, reason string) error {
	q, err := c.proposal(tx.View, decision, "decision")
	if err != nil {
		return err
	}
	k, err := c.led(tx.View, q.Case)
	if err != nil {
		return err
	}
	var p check.Problems
	reason = p.Text("reason", "The reason", reason, MaxReason, true)
	if err := p.Err(); err != nil {
		return err
	}
	if err := closeProposal(tx, q.ID, proposalRejected, reason); err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: "embargo.kept", Object: q.ID, Parent: k.ID, Label: k.Label, Data: map[string]any{"reason": reason, "asked": strings.TrimSpace(q.Terms), "in_time": !tx.Now().After(q.Until)}})
	return c.reckonCase(tx, k)
}
