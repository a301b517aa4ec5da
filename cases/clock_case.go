package cases

import (
	"time"

	"github.com/cordon-isao/cordon/formats/fda"
	"github.com/cordon-isao/cordon/formats/vultron"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
)

const sourceCVD = "CERT Guide to Coordinated Vulnerability Disclosure"

// decision is a question whether the embargo should end sooner.
type decision struct {
	id               string
	at, until, ended time.Time
	terms            string
}

// planCase works out the obligations of whoever leads a case: the embargo's end
// and the decisions about it.
func planCase(k Case, owner string, decisions []decision) []Obligation {
	var out []Obligation
	if !k.Embargo.From.IsZero() && !k.Embargo.Until.IsZero() {
		o := Obligation{Object: k.ID, Rule: "R-062", Clock: "embargo", Name: "Embargo ends", Source: sourceCVD, Trigger: k.Contacted, What: "The vendor was first contacted.",
			Due: k.Embargo.Until, After: ClockMet, Missing: []string{"Nothing: the embargo ends by itself. Have the publication ready."}}
		if o.Trigger.IsZero() || o.Trigger.After(o.Due) {
			o.Trigger, o.What = k.Embargo.From, "The embargo was accepted."
		}
		o.Begins = k.Embargo.From
		if !k.Embargo.Ended.IsZero() && k.Embargo.Ended.Before(k.Embargo.Until) {
			o.SatisfiedAt = k.Embargo.Ended
		}
		out = append(out, o)
	}
	for _, d := range decisions {
		out = append(out, Obligation{Object: d.id, Rule: "R-063", Clock: "decide", Name: "Decide whether the embargo ends", Source: "Vultron, embargo termination; 24 hours are this house's choice",
			Trigger: d.at, What: d.terms, Due: d.until, SatisfiedAt: d.ended, Missing: []string{"End the embargo, or say why it is kept."}})
	}
	for i := range out {
		out[i].Case, out[i].Owner = k.ID, owner
		out[i].stop(k)
		out[i].seal()
	}
	return out
}

// stop ends an obligation that has no sense any more because the case ended.
func (o *Obligation) stop(k Case) {
	if k.Stage.Ended() && o.SatisfiedAt.IsZero() && !o.Moot {
		o.Moot, o.Why = true, []string{"The case ended: " + k.Stage.Words() + "."}
	}
}

// planAnswers works out what a vendor owes the others in a case: an answer, and
// news of its work.
func planAnswers(k Case, p Party) []Obligation {
	if p.Role != Vendor || p.Org == "" || p.Org == k.Author.Org {
		return nil
	}
	ack := vultron.VendorAckDue(p.Invited, nil)
	answer := Obligation{Object: p.ID, Rule: "R-068", Clock: "answer", Name: "Answer of " + p.Name, Source: sourceCVD + "; device makers' published policies: 5 and 10 work days",
		Trigger: p.Invited, What: "It was asked to take part.", Warn: ack.Warn.At, Due: ack.Breach.At, Zone: ack.Breach.Zone, SatisfiedAt: earliest(p.Answered, p.Accepted),
		Missing: []string{p.Name + " has not answered."}}
	out := []Obligation{answer}
	if p.State == Joined {
		last := p.Accepted
		for _, t := range []time.Time{p.Answered, p.Updated} {
			if t.After(last) {
				last = t
			}
		}
		due := vultron.UpdateDue(last, nil)
		out = append(out, Obligation{Object: p.ID, Rule: "R-068", Clock: "update", Name: "News from " + p.Name, Source: sourceCVD, Trigger: last, What: "Its newest word on the case.",
			Due: due.At, Zone: due.Zone, Missing: []string{"Tell the others how the work stands, in the official thread or with the status."}})
	}
	for i := range out {
		o := &out[i]
		o.Case, o.Party, o.Owner = k.ID, p.ID, p.Org
		switch {
		case !o.SatisfiedAt.IsZero():
		case p.State != Invited && p.State != Joined:
			o.Moot, o.Why = true, []string{p.Name + " takes no part any more."}
		case o.Clock == "update" && (k.Stage == Published || k.Stage == PostPublished):
			o.Moot, o.Why = true, []string{"The case was published."}
		}
		o.stop(k)
		o.seal()
	}
	return out
}

// leader is the organization that leads a case: the ISAO where it is shared with
// the desk, otherwise the manufacturer.
func (c *Cases) leader(v *db.View, k Case) (string, error) {
	if !k.Shared {
		return k.Maker, nil
	}
	s, err := c.members.Settings(v)
	return s.Org, err
}

// reckonCase works out the obligations of the case itself, the embargo's end and
// the decisions on it, and every vendor's answers.
func (c *Cases) reckonCase(tx *db.Tx, k Case) error {
	k, err := c.Case(all(tx.View), k.ID) // as it is now
	if err != nil {
		return err
	}
	owner, err := c.leader(tx.View, k)
	if err != nil {
		return err
	}
	decisions, err := db.All(all(tx.View), func(s db.Scanner) (d decision, err error) {
		var at, until, ended int64
		err = s.Scan(&d.id, &at, &until, &ended, &d.terms)
		d.at, d.until, d.ended = clock.FromMicros(at), clock.FromMicros(until), clock.FromMicros(ended)
		return d, err
	}, `SELECT e.id, e.at, e.until, e.decided_at, e.terms FROM visible.case_embargoes e WHERE e.case_id = $1 AND e.kind = 'decision' ORDER BY e.n, e.id`, k.ID)
	if err != nil {
		return err
	}
	if err := c.keepClocks(tx, k.ID, k.Label, planCase(k, owner, decisions), `o.case_id = $1 AND o.party = '' AND o.rule IN ('R-062', 'R-063')`, k.ID); err != nil {
		return err
	}
	ps, err := c.Parties(all(tx.View), k.ID)
	if err != nil {
		return err
	}
	for _, p := range ps {
		if err := c.reckonAnswers(tx, k, p); err != nil {
			return err
		}
	}
	return nil
}

// reckonAnswers works out what one vendor owes the others. Until it takes part,
// that it was asked is known to whoever leads the case alone.
func (c *Cases) reckonAnswers(tx *db.Tx, k Case, p Party) error {
	l := k.Label
	if p.State != Joined {
		var err error
		if l, err = c.deskLabel(tx.View); err != nil {
			return err
		}
		if !k.Shared {
			maker, err := db.One(all(tx.View), scanParty(tx.View), `SELECT `+partyColumns+` FROM visible.case_parties p WHERE p.case_id = $1 AND p.org = $2`, k.ID, k.Maker)
			if err != nil {
				return err
			}
			if l, err = c.partyLabel(tx.View, Party{Circle: maker.Circle}); err != nil {
				return err
			}
		}
	}
	return c.keepClocks(tx, k.ID, l, planAnswers(k, p), `o.case_id = $1 AND o.party = $2 AND o.rule = 'R-068'`, k.ID, p.ID)
}

// reckonReport works out the desk's obligation to acknowledge a report. Of
// a report without an account only the day is known: its 48 hours begin when that
// day ends.
func (c *Cases) reckonReport(tx *db.Tx, report string) error {
	type row struct {
		digest, kase string
		at, acked    int64
	}
	r, err := db.One(all(tx.View), func(s db.Scanner) (r row, err error) {
		err = s.Scan(&r.digest, &r.kase, &r.at, &r.acked)
		return r, err
	},
		`SELECT r.digest, r.case_id, r.at, r.acked_at FROM visible.case_reports r WHERE r.id = $1`, report)
	if err != nil {
		return err
	}
	s, err := c.members.Settings(tx.View)
	if fault.Is(err, fault.Missing) {
		return nil // no community yet
	}
	if err != nil {
		return err
	}
	l, err := c.deskLabel(tx.View)
	if err != nil {
		return err
	}
	at := clock.FromMicros(r.at)
	o := Obligation{Object: report, Owner: s.Org, Rule: "R-068", Clock: "acknowledge", Name: "Acknowledge the report", Source: sourceCVD + ": 24 to 48 hours are common",
		Trigger: at, What: "The report came in.", SatisfiedAt: clock.FromMicros(r.acked), Missing: []string{"Nobody has told the reporter that the report was received."}}
	received := at
	if r.digest != "" {
		received = fda.DateOf(at, time.UTC).End(time.UTC)
		o.What = "The report came in on that day."
	}
	o.Due, o.Zone = vultron.DeskAckDue(received, time.UTC).Breach.At, "UTC"
	o.seal()
	return c.keepClocks(tx, report, l, []Obligation{o}, `o.object = $1 AND o.rule = 'R-068'`, report)
}
