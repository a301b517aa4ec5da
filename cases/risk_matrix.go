package cases

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/cordon-isao/cordon/formats/fda"
	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/policy"
)

// RiskMatrix is one version of an organization's own table from exploitability and
// severity of harm to a determination. Version 0 is what everybody starts
// from, fda.DefaultMatrix.
type RiskMatrix struct {
	ID      string
	Version int64
	Table   fda.Matrix
	Note    string
	At      time.Time
	Person  string
	Name    string
}

// RiskMatrix is the viewer's own organization's matrix in force.
func (c *Cases) RiskMatrix(v *db.View) (RiskMatrix, error) {
	ms, err := c.RiskMatrices(v)
	if err != nil || len(ms) == 0 {
		return RiskMatrix{Table: fda.DefaultMatrix()}, err
	}
	return ms[0], nil
}

// RiskMatrices lists the versions of the viewer's own organization's matrix, newest
// first. All who work on its cases may read it, also those who are not named
// recipients: their determinations rest on it.
func (c *Cases) RiskMatrices(v *db.View) ([]RiskMatrix, error) {
	who := v.Viewer()
	if !who.May(policy.MayWorkCase) || who.Org == "" {
		return nil, fault.Forbiddenf("You may not work on cases.")
	}
	return db.All(all(v), func(s db.Scanner) (m RiskMatrix, err error) {
		var at int64
		var doc string
		if err = s.Scan(&m.ID, &m.Version, &doc, &m.Note, &at, &m.Person, &m.Name); err != nil {
			return m, err
		}
		m.At = clock.FromMicros(at)
		if err = json.Unmarshal([]byte(doc), &m.Table); err != nil {
			return m, fmt.Errorf("read matrix %s: %w", m.ID, err)
		}
		return m, nil
	}, `SELECT m.id, m.version, m.doc, m.note, m.at, m.person, m.name FROM visible.case_matrices m WHERE m.org = $1 ORDER BY m.version DESC LIMIT 200`, who.Org)
}

// SetRiskMatrix puts a new version of the viewer's own organization's matrix in
// force. More exploitability or more harm never turns uncontrolled into controlled
// . Determinations that were signed keep the version they rest on.
func (c *Cases) SetRiskMatrix(tx *db.Tx, table fda.Matrix, note string) (string, error) {
	now, err := c.RiskMatrix(tx.View)
	if err != nil {
		return "", err
	}
	var p check.Problems
	note = p.Text("note", "Why it is so", note, MaxReason, true)
	var wrong *fda.MatrixError
	if err := table.Validate(); errors.As(err, &wrong) {
		p.Add("matrix", "The matrix cannot be used. %s", sentence(wrong))
	} else if err != nil {
		return "", err
	}
	if table == now.Table && now.Version > 0 {
		p.Add("matrix", "This is the matrix in force already.")
	}
	if err := p.Err(); err != nil {
		return "", err
	}
	doc, err := json.Marshal(table)
	if err != nil {
		return "", fmt.Errorf("write a matrix: %w", err)
	}
	who := tx.Viewer()
	l := policy.Label{TLP: policy.AmberStrict, Audience: policy.NewAudience(policy.OfOrg(who.Org))}
	audience, err := tx.Store(l.Audience)
	if err != nil {
		return "", err
	}
	id := ids.New("matrix")
	if _, err := tx.Exec(`INSERT INTO case_matrices (id, org, version, doc, note, at, person, name, tlp, audience) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		id, who.Org, now.Version+1, string(doc), note, clock.Micros(tx.Now()), who.Actor(), who.Name, string(l.TLP), audience); err != nil {
		return "", err
	}
	tx.Append(db.Entry{Verb: "matrix.set", Object: id, Label: l, Data: map[string]any{"org": who.Org, "version": now.Version + 1, "matrix": table, "note": note}})
	return id, nil
}

func sentence(e *fda.MatrixError) string {
	switch {
	case len(e.Empty) > 0:
		return fmt.Sprintf("Say controlled or uncontrolled for %s.", e.Empty[0])
	case len(e.Falls) > 0:
		return fmt.Sprintf("It calls %s uncontrolled and %s, which is worse, controlled.", e.Falls[0][0], e.Falls[0][1])
	}
	return ""
}
