package api

import (
	"time"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/formats/fda"
	"github.com/cordon-isao/cordon/formats/rubric"
	"github.com/cordon-isao/cordon/internal/db"
)

// HarmFacts is what a vulnerability could do at worst.
type HarmFacts struct {
	Death                    bool `json:"death,omitempty"`
	LifeThreatening          bool `json:"life_threatening,omitempty"`
	PermanentImpairment      bool `json:"permanent_impairment,omitempty"`
	ProfessionalIntervention bool `json:"professional_intervention,omitempty" doc:"Injury or impairment that needs it"`
	TemporaryInjury          bool `json:"temporary_injury,omitempty" doc:"Injury or impairment that does not"`
	Inconvenience            bool `json:"inconvenience,omitempty" doc:"Or temporary discomfort"`
	ConfidentialityLoss      bool `json:"confidentiality_loss,omitempty"`
}

// Worksheet is what a risk determination rests on.
type Worksheet struct {
	Vulnerability string            `json:"vulnerability,omitempty" doc:"Missing for the case as a whole"`
	Device        string            `json:"device,omitempty"`
	Versions      string            `json:"versions,omitempty"`
	Residual      bool              `json:"residual,omitempty" doc:"Of the risk that the fix leaves"`
	Exploit       string            `json:"exploitability" doc:"low, medium or high"`
	Harm          HarmFacts         `json:"harm"`
	CVSS3         string            `json:"cvss3,omitempty"`
	CVSS4         string            `json:"cvss4,omitempty"`
	Rubric        map[string]string `json:"rubric,omitempty" doc:"Answers to MITRE's rubric, by question"`
	Controls      []cases.Control   `json:"controls,omitempty" doc:"Compensating controls"`
	Performance   string            `json:"essential_performance,omitempty" doc:"The effect on it"`
	Rationale     string            `json:"rationale"`
	Outcome       string            `json:"outcome,omitempty" doc:"controlled or uncontrolled; the computed one if missing"`
	Override      string            `json:"override,omitempty" doc:"Why you decide otherwise than your matrix"`
}

func (w Worksheet) in(key string) cases.Worksheet {
	return cases.Worksheet{Vulnerability: w.Vulnerability, Device: w.Device, Versions: w.Versions, Residual: w.Residual, Exploit: fda.Exploitability(w.Exploit), Harm: fda.HarmFacts(w.Harm), CVSS3: w.CVSS3, CVSS4: w.CVSS4,
		Rubric: rubric.Answers(w.Rubric), Controls: w.Controls, Performance: w.Performance, Rationale: w.Rationale, Outcome: fda.Risk(w.Outcome), Override: w.Override, Key: key}
}

func worksheet(w cases.Worksheet, outcome fda.Risk) Worksheet {
	return Worksheet{w.Vulnerability, w.Device, w.Versions, w.Residual, string(w.Exploit), HarmFacts(w.Harm), w.CVSS3, w.CVSS4, w.Rubric, w.Controls, w.Performance, w.Rationale, string(outcome), w.Override}
}

// Determination is a signed outcome of a risk assessment.
type Determination struct {
	ID            string         `json:"id"`
	Case          string         `json:"case"`
	Party         string         `json:"party"`
	Worksheet     Worksheet      `json:"worksheet"`
	Reckoned      cases.Reckoned `json:"reckoned"`
	Outcome       string         `json:"outcome" enum:"controlled,uncontrolled"`
	Overridden    bool           `json:"overridden" doc:"The signer decided otherwise than the matrix"`
	Matrix        fda.Matrix     `json:"matrix"`
	MatrixVersion int64          `json:"matrix_version"`
	At            time.Time      `json:"at"`
	Person        string         `json:"person"`
	Name          string         `json:"name"`
	Title         string         `json:"title,omitempty"`
	Organization  string         `json:"organization_name"`
	Supersedes    string         `json:"supersedes,omitempty"`
}

func determination(d cases.Determination) Determination {
	return Determination{d.ID, d.Case, d.Party, worksheet(d.Sheet, d.Outcome), d.Reckoned, string(d.Outcome), d.Overridden, d.Matrix, d.Version, utc(d.At), d.Person, d.Name, d.Title, d.OrgName, d.Supersedes}
}

func (c *call) determinations(in *InCase) (*answer[list[Determination]], error) {
	ds, err := c.Cases.Determinations(c.view, in.Case)
	ds, err = orMissing(c, in.Case, ds, err)
	return listed(c.view, ds, err, plain(determination))
}

func (c *call) determine(in *struct {
	InCase
	Keyed
	Body struct {
		Party string `json:"party,omitempty" doc:"Your organization's own if missing"`
		Worksheet
	}
}) (*created[Determination], error) {
	return makes(c, in.Keyed, "/api/v1/cases/"+in.Case+"/determinations", func(tx *db.Tx) (string, bool, error) {
		party, err := c.partyFor(tx.View, in.Case, in.Body.Party)
		if err != nil {
			return "", false, err
		}
		return c.Cases.Determine(tx, party, in.Body.in(in.Key))
	}, func(v *db.View, id string) (Determination, error) {
		ds, err := c.Cases.Determinations(v, in.Case)
		for _, d := range ds {
			if d.ID == id {
				return determination(d), nil
			}
		}
		return Determination{}, err
	})
}

// tryDetermination works a worksheet out and signs nothing.
func (c *call) tryDetermination(in *struct{ Body Worksheet }) (out *answer[cases.Reckoned], err error) {
	err = c.snapshot(func(v *db.View) error {
		r, err := c.Cases.Reckon(v, in.Body.in(""))
		out = &answer[cases.Reckoned]{r}
		return err
	})
	return out, err
}

// RiskMatrix is a version of your organization's own matrix.
type RiskMatrix struct {
	Version int64      `json:"version" doc:"0 is what everybody starts from"`
	Table   fda.Matrix `json:"matrix" doc:"Rows: exploitability low, medium, high; columns: severity of harm 1 to 5; controlled or uncontrolled"`
	Note    string     `json:"note,omitempty"`
	At      time.Time  `json:"at,omitzero"`
	By      string     `json:"by,omitempty" doc:"A name"`
}

func riskMatrix(m cases.RiskMatrix) RiskMatrix {
	return RiskMatrix{m.Version, m.Table, m.Note, utc(m.At), m.Name}
}

// RiskMatrixPage is the matrix in force with the versions before it.
type RiskMatrixPage struct {
	RiskMatrix
	Versions []RiskMatrix `json:"versions" doc:"Newest first"`
}

func (c *call) matrixPage(v *db.View) (out RiskMatrixPage, err error) {
	ms, err := c.Cases.RiskMatrices(v)
	if err != nil {
		return out, err
	}
	m, err := c.Cases.RiskMatrix(v)
	if err != nil {
		return out, err
	}
	out.RiskMatrix = riskMatrix(m)
	out.Versions, err = each(v, ms, plain(riskMatrix))
	return out, err
}

func (c *call) riskMatrix(*nothing) (*answer[RiskMatrixPage], error) {
	out, err := c.matrixPage(c.view)
	return &answer[RiskMatrixPage]{out}, err
}

func (c *call) setRiskMatrix(in *struct {
	Keyed
	Body struct {
		Table fda.Matrix `json:"matrix" doc:"Three rows of five"`
		Note  string     `json:"note,omitempty"`
	}
}) (*created[RiskMatrixPage], error) {
	return makes(c, in.Keyed, "/api/v1/risk-matrix", func(tx *db.Tx) (string, bool, error) {
		return once(tx, in.Keyed, "matrix", in.Body, func() (string, error) { return c.Cases.SetRiskMatrix(tx, in.Body.Table, in.Body.Note) })
	}, func(v *db.View, _ string) (RiskMatrixPage, error) { return c.matrixPage(v) })
}
