package cases

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/policy"
)

// NewFact is a fact on its way in.
type NewFact struct {
	Kind     FactKind
	At       time.Time      // when it happened, as the party says
	Detail   map[string]any // by kind: see FactFields
	Evidence []string       // ids of files and posts
	Source   string         // how the desk knows it, when the desk states it
	Key      string         // idempotency key, may be empty
}

// Fact is what a party stated. Facts are never changed: a wrong one is withdrawn
// with a reason and stated anew.
type Fact struct {
	ID        string
	Case      string
	Party     string
	Kind      FactKind
	At        time.Time // claimed
	Recorded  time.Time // by this house's clock
	Detail    map[string]any
	Evidence  []string
	Person    string
	Name      string
	OrgName   string
	Withdrawn string // the reason, or ""
}

// Says is a detail's text, or "".
func (f Fact) Says(field string) string { s, _ := f.Detail[field].(string); return s }

// Is is a detail's yes or no.
func (f Fact) Is(field string) bool { b, _ := f.Detail[field].(bool); return b }

type factDoc struct {
	Detail   map[string]any `json:"detail,omitempty"`
	Evidence []string       `json:"evidence,omitempty"`
}

// StateFact records what a party did, or what happened to it, and works out its
// clocks anew. The party's own people state it; the desk may for a party that lets
// it see its records, and then says how it knows. At lies in the past.
func (c *Cases) StateFact(tx *db.Tx, party string, in NewFact) (id string, again bool, err error) {
	return tx.Once(in.Key, digest("fact", party, in.Kind, in.At, in.Detail, in.Evidence, in.Source), func() (string, error) {
		k, p, err := c.stating(tx.View, party, &in)
		if err != nil {
			return "", err
		}
		if in.Kind == SeriousHarmKnown {
			return "", fault.InvalidField("kind", "Known serious harm has a switch of its own, which says first what follows from it.")
		}
		if err := in.check(tx.Now()); err != nil {
			return "", err
		}
		if err := c.refers(tx.View, p, in); err != nil {
			return "", err
		}
		return c.record(tx, k, p, in)
	})
}

// stating reads the party that the viewer may speak for.
func (c *Cases) stating(v *db.View, party string, in *NewFact) (k Case, p Party, err error) {
	own, err := c.speaksFor(v, party, &k, &p)
	if err != nil {
		return k, p, err
	}
	if own {
		in.Source = ""
		return k, p, nil
	}
	var problems check.Problems
	in.Source = problems.Line("source", "How the desk knows it", in.Source, MaxTitle, true)
	if err := problems.Err(); err != nil {
		return k, p, err
	}
	in.Detail = mapWith(in.Detail, "source", in.Source)
	return k, p, nil
}

// speaksFor reads a party and its case; own tells that the viewer is one of its
// people, and not the desk in its stead.
func (c *Cases) speaksFor(v *db.View, party string, k *Case, p *Party) (own bool, err error) {
	who := v.Viewer()
	if !who.May(policy.MayWorkCase) {
		return false, fault.Forbiddenf("You may not work on cases.")
	}
	if *p, err = c.Party(v, party); err != nil {
		return false, err
	}
	if *k, err = db.One(all(v), scanCase(v), `SELECT `+caseColumns+` FROM visible.cases k WHERE k.id = $1`, p.Case); err != nil {
		return false, err
	}
	own = who.Principals().Has(policy.OfCircle(p.Circle))
	if !own && !(who.May(policy.MayTriage) && p.DeskSees) {
		return false, fault.Forbiddenf("The people of %s on %s do that.", p.Name, k.Short())
	}
	return own, nil
}

func mapWith(m map[string]any, key string, value any) map[string]any {
	out := map[string]any{key: value}
	for k, v := range m {
		if k != key {
			out[k] = v
		}
	}
	return out
}

// refers checks that a fact about another fact names one of the party's own.
func (c *Cases) refers(v *db.View, p Party, in NewFact) error {
	for field, kind := range map[string]FactKind{"event": MDRAware, "extends": Extension} {
		id, _ := in.Detail[field].(string)
		if id == "" || !slices.ContainsFunc(factFields[in.Kind], func(f Field) bool { return f.Name == field && f.Type == "fact" }) {
			continue
		}
		ok, err := all(v).Exists(`SELECT 1 FROM visible.case_facts f WHERE f.id = $1 AND f.party = $2 AND f.kind = $3 AND f.withdrawn = ''`, id, p.ID, string(kind))
		if err != nil {
			return err
		}
		if !ok {
			return fault.InvalidField(field, "Choose one of the party's own events.")
		}
	}
	return nil
}

// record writes a fact that was checked and works out the party's clocks anew.
func (c *Cases) record(tx *db.Tx, k Case, p Party, in NewFact) (string, error) {
	id, err := c.note(tx, k, p, in)
	if err != nil {
		return "", err
	}
	return id, c.reckon(tx, k, p)
}

// note writes a fact that was checked.
func (c *Cases) note(tx *db.Tx, k Case, p Party, in NewFact) (string, error) {
	l, err := c.partyLabel(tx.View, p)
	if err != nil {
		return "", err
	}
	audience, err := tx.Store(l.Audience)
	if err != nil {
		return "", err
	}
	doc, err := json.Marshal(factDoc{in.Detail, in.Evidence})
	if err != nil {
		return "", fmt.Errorf("write a fact: %w", err)
	}
	id, who := ids.New("fact"), tx.Viewer()
	if _, err := tx.Exec(`INSERT INTO case_facts (id, n, case_id, party, kind, at, doc, recorded_at, person, name, org_name, withdrawn, tlp, audience)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, '', $12, $13)`,
		id, position(tx), k.ID, p.ID, string(in.Kind), clock.Micros(in.At), string(doc), clock.Micros(tx.Now()), who.Actor(), who.Name, who.OrgName, string(l.TLP), audience); err != nil {
		return "", err
	}
	tx.Append(db.Entry{Verb: "fact.recorded", Object: id, Parent: k.ID, Label: l,
		Data: map[string]any{"party": p.ID, "kind": in.Kind, "at": in.At.UTC(), "detail": in.Detail, "evidence": in.Evidence}})
	return id, nil
}

// Withdraw takes a fact back, with a reason. It stays in the record. That serious
// harm is known is never taken back.
func (c *Cases) Withdraw(tx *db.Tx, fact, reason string) error {
	f, err := c.Fact(tx.View, fact)
	if err != nil {
		return err
	}
	var k Case
	var p Party
	if _, err := c.speaksFor(tx.View, f.Party, &k, &p); err != nil {
		return err
	}
	if f.Kind == SeriousHarmKnown || f.Is("harm") {
		return fault.Conflictf("That serious harm is known cannot be taken back. If FDA's clock does not apply, say why in the clock.")
	}
	if f.Withdrawn != "" {
		return fault.Conflictf("This was withdrawn already: %s", f.Withdrawn)
	}
	var problems check.Problems
	reason = problems.Text("reason", "The reason", reason, MaxReason, true)
	if err := problems.Err(); err != nil {
		return err
	}
	if err := tx.MustChange(`UPDATE case_facts SET withdrawn = $1 WHERE id = $2 AND withdrawn = ''`, reason, f.ID); err != nil {
		return err
	}
	l, err := c.partyLabel(tx.View, p)
	if err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: "fact.withdrawn", Object: f.ID, Parent: k.ID, Label: l, Data: map[string]any{"party": p.ID, "kind": f.Kind, "reason": reason}})
	return c.reckon(tx, k, p)
}

const factColumns = `f.id, f.case_id, f.party, f.kind, f.at, f.doc, f.recorded_at, f.person, f.name, f.org_name, f.withdrawn`

func scanFact(s db.Scanner) (f Fact, err error) {
	var at, recorded int64
	var doc string
	if err = s.Scan(&f.ID, &f.Case, &f.Party, &f.Kind, &at, &doc, &recorded, &f.Person, &f.Name, &f.OrgName, &f.Withdrawn); err != nil {
		return f, err
	}
	var d factDoc
	if err = json.Unmarshal([]byte(doc), &d); err != nil {
		return f, fmt.Errorf("read fact %s: %w", f.ID, err)
	}
	f.At, f.Recorded, f.Detail, f.Evidence = clock.FromMicros(at), clock.FromMicros(recorded), d.Detail, d.Evidence
	return f, nil
}

// Fact reads a fact that the viewer can see.
func (c *Cases) Fact(v *db.View, id string) (Fact, error) {
	return db.One(v, scanFact, `SELECT `+factColumns+` FROM visible.case_facts f WHERE f.id = $1`, id)
}

// Facts lists a case's facts that the viewer can see, in the order in which they
// were recorded, those that were withdrawn among them.
func (c *Cases) Facts(v *db.View, id string) ([]Fact, error) {
	return db.All(v, scanFact, `SELECT `+factColumns+` FROM visible.case_facts f WHERE f.case_id = $1 ORDER BY f.n, f.id`, id)
}
