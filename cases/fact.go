package cases

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/ids"
)

// FactKind says what a party states that it did, or that happened.
type FactKind string

// Learned starts the statutory clocks: the day the manufacturer learned of the
// vulnerability (R-010; FDA Postmarket 2016 §VII.A).
const Learned FactKind = "learned"

// NewFact is a fact on its way in.
type NewFact struct {
	Kind     FactKind
	At       time.Time      // when it happened, as the party says
	Detail   map[string]any // by kind
	Evidence []string       // ids of files and posts
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

type factDoc struct {
	Detail   map[string]any `json:"detail,omitempty"`
	Evidence []string       `json:"evidence,omitempty"`
}

// record writes a fact that was checked and works out the party's clocks anew.
func (c *Cases) record(tx *db.Tx, k Case, p Party, in NewFact) (string, error) {
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
	return id, c.reckon(tx, k, p)
}
