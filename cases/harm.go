package cases

import (
	"time"

	"github.com/cordon-isao/cordon/formats/fda"
	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
)

// HarmConsequences says what follows from known serious harm. It is shown before
// the switch is thrown, which cannot be undone.
func HarmConsequences() []string {
	return []string{
		"The case says from now on, to everybody in it, that a serious adverse event or death is known.",
		"FDA's enforcement discretion is lost for ever: the first of its four conditions fails (R-010).",
		"A report of the correction or removal under 21 CFR 806.10 is owed within 10 work days of initiating it (R-020).",
		"A medical device report is owed: 30 calendar days after becoming aware, or 5 work days where remedial action is needed or FDA asked (R-023).",
		"This cannot be taken back, by nobody. A mistake is answered by saying in the clock why it does not apply.",
	}
}

// Harm is what a party says of known serious harm.
type Harm struct {
	At             time.Time // when the party became aware of it
	Event          fda.Event // death or serious injury
	Reporter       fda.Reporter
	RemedialAction bool   // see fda.MDRFacts
	Text           string // without anything that tells who the patient is
	Source         string // how the desk knows it, when the desk says it
	Confirm        bool   // the consequences were read
}

// SeriousHarm says that a serious adverse event or death associated with the
// vulnerability is known. It goes one way: the case's safety is harm, the party's
// discretion is lost, its medical device report falls due. It returns the fact.
func (c *Cases) SeriousHarm(tx *db.Tx, party string, h Harm) (string, error) {
	fact := NewFact{Kind: SeriousHarmKnown, At: h.At, Source: h.Source, Detail: map[string]any{"event": string(h.Event), "text": h.Text}}
	k, p, err := c.stating(tx.View, party, &fact)
	if err != nil {
		return "", err
	}
	if h.Reporter == "" {
		if h.Reporter = fda.Manufacturer; p.Role == Deployer {
			h.Reporter = fda.UserFacility
		}
	}
	var problems check.Problems
	if err := problems.Take(fact.check(tx.Now())); err != nil {
		return "", err
	}
	problems.OneOf("reporter", "Who reports", string(h.Reporter), string(fda.Manufacturer), string(fda.Importer), string(fda.UserFacility))
	if !h.Confirm {
		problems.Add("confirm", "Confirm that you read what follows: it cannot be taken back.")
	}
	if err := problems.Err(); err != nil {
		return "", err
	}
	known, err := all(tx.View).Exists(`SELECT 1 FROM visible.case_facts f WHERE f.party = $1 AND f.kind = $2`, p.ID, string(SeriousHarmKnown))
	if err != nil {
		return "", err
	}
	if known {
		return "", fault.Conflictf("Serious harm is known already. State a further event as one you became aware of.")
	}
	id, err := c.note(tx, k, p, fact)
	if err != nil {
		return "", err
	}
	aware := NewFact{Kind: MDRAware, At: h.At, Detail: map[string]any{"reporter": string(h.Reporter), "event": string(h.Event), "text": h.Text, "harm": true}}
	if h.RemedialAction {
		aware.Detail["remedial_action"] = true
	}
	if h.Source != "" {
		aware.Detail["source"] = h.Source
	}
	if _, err := c.note(tx, k, p, aware); err != nil {
		return "", err
	}
	if k.Safety != SafetyHarm {
		if err := tx.MustChange(`UPDATE cases SET safety = $1 WHERE id = $2`, string(SafetyHarm), k.ID); err != nil {
			return "", err
		}
		tx.Append(db.Entry{Verb: "case.harm-known", Object: k.ID, Label: k.Label, Data: map[string]any{"from": k.Safety, "safety": SafetyHarm}})
	}
	return id, c.reckon(tx, k, p)
}
