package api

import (
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/internal/db"
)

// Described is what is said of a vulnerability.
type Described struct {
	Title       string         `json:"title"`
	Description string         `json:"description,omitempty" doc:"Markdown"`
	CWE         string         `json:"cwe,omitempty" example:"CWE-79"`
	CVSS3       string         `json:"cvss3,omitempty" doc:"A CVSS 3.1 or 3.0 vector"`
	CVSS4       string         `json:"cvss4,omitempty" doc:"A CVSS 4.0 vector"`
	Products    []cases.Device `json:"products,omitempty" doc:"What is affected"`
	References  []string       `json:"references,omitempty" doc:"https addresses"`
	Solution    string         `json:"solution,omitempty"`
	Workaround  string         `json:"workaround,omitempty"`
	Exploits    string         `json:"exploits,omitempty" doc:"What is known of exploitation"`
	Credits     []string       `json:"credits,omitempty"`
}

func (d Described) in() cases.Description {
	return cases.Description{Title: d.Title, Text: d.Description, CWE: d.CWE, Vector3: d.CVSS3, Vector4: d.CVSS4, Products: d.Products, References: d.References,
		Solution: d.Solution, Workaround: d.Workaround, Exploits: d.Exploits, Credits: d.Credits}
}

// Vulnerability is one vulnerability of a case.
type Vulnerability struct {
	ID     string `json:"id"`
	Number int    `json:"number" doc:"In its case, from 1"`
	Case   string `json:"case"`
	CVE    string `json:"cve,omitempty"`
	Described
	Score3      float64         `json:"cvss3_score,omitempty"`
	Score4      float64         `json:"cvss4_score,omitempty"`
	Severity    string          `json:"severity,omitempty" doc:"The worse of its scores"`
	KEV         *cases.KEV      `json:"kev,omitempty" doc:"Missing while nobody looked"`
	EPSS        *cases.EPSS     `json:"epss,omitempty"`
	SSVC        []SSVC          `json:"ssvc" doc:"Decisions, oldest first"`
	CVEState    string          `json:"cve_state" enum:"none,requested,assigned"`
	CVERequest  *CVERequest     `json:"cve_request,omitempty"`
	CVEAssigner *cases.Assigner `json:"cve_assigner,omitempty"`
	At          time.Time       `json:"at"`
	WithdrawnAt time.Time       `json:"withdrawn_at,omitzero"`
	Why         string          `json:"why,omitempty" doc:"Of withdrawing"`
	Label       Label           `json:"label"`
}

// CVERequest says who was asked for a CVE id.
type CVERequest struct {
	To string    `json:"to"`
	At time.Time `json:"at"`
	By string    `json:"by" doc:"A name"`
}

// SSVC is an outcome of an SSVC table.
type SSVC struct {
	Table        string            `json:"table"`
	Version      string            `json:"version"`
	Values       map[string]string `json:"values"`
	Outcome      string            `json:"outcome"`
	Vector       string            `json:"vector"`
	At           time.Time         `json:"at"`
	Name         string            `json:"name"`
	Organization string            `json:"organization_name"`
}

func ssvcShape(d cases.SSVCDecision) SSVC {
	return SSVC{d.Table, d.Version, d.Values, d.Outcome, d.Vector, utc(d.At), d.Name, d.OrgName}
}

func (c *call) vulnerabilityShape(v *db.View, x cases.Vulnerability) (Vulnerability, error) {
	l, err := c.label(v, x.Label)
	out := Vulnerability{ID: x.ID, Number: x.Number, Case: x.Case, CVE: x.CVE, Described: Described{x.Title, x.Text, x.CWE, x.Vector3, x.Vector4, x.Products, x.References, x.Solution, x.Workaround, x.Exploits, x.Credits},
		Score3: x.Score3, Score4: x.Score4, Severity: x.Severity, KEV: x.KEV, EPSS: x.EPSS, SSVC: []SSVC{}, CVEState: string(x.CVEState), CVEAssigner: x.Assigner,
		At: utc(x.At), WithdrawnAt: utc(x.Withdrawn), Why: x.Why, Label: l}
	if out.CVEState == "" {
		out.CVEState = "none"
	}
	for _, d := range x.Decisions {
		out.SSVC = append(out.SSVC, ssvcShape(d))
	}
	if r := x.Request; r != nil {
		out.CVERequest = &CVERequest{r.To, utc(r.At), r.Name}
	}
	return out, err
}

func (c *call) readVulnerability(v *db.View, id string) (Vulnerability, error) {
	x, err := c.Cases.Vulnerability(v, id)
	if err != nil {
		return Vulnerability{}, err
	}
	return c.vulnerabilityShape(v, x)
}

// InVuln is an operation on a vulnerability.
type InVuln struct {
	Vuln string `path:"vuln" doc:"A vulnerability's id"`
}

func (c *call) vulnerabilities(in *InCase) (*answer[list[Vulnerability]], error) {
	if _, err := c.Cases.Case(c.view, in.Case); err != nil {
		return nil, err
	}
	xs, err := c.Cases.Vulnerabilities(c.view, in.Case)
	return listed(c.view, xs, err, c.vulnerabilityShape)
}

func (c *call) vulnerability(in *InVuln) (*answer[Vulnerability], error) {
	out, err := c.readVulnerability(c.view, in.Vuln)
	return &answer[Vulnerability]{out}, err
}

func (c *call) addVulnerability(in *struct {
	InCase
	Keyed
	Body struct {
		CVE string `json:"cve,omitempty" doc:"If it has one already"`
		Described
	}
}) (*created[Vulnerability], error) {
	return makes(c, in.Keyed, "/api/v1/vulnerabilities/", func(tx *db.Tx) (string, bool, error) {
		return c.Cases.AddVulnerability(tx, in.Case, in.Body.CVE, in.Body.in(), in.Key)
	}, c.readVulnerability)
}

// changeVulnerability changes a vulnerability and answers what it became.
func (c *call) changeVulnerability(id string, fn func(tx *db.Tx) error) (*answer[Vulnerability], error) {
	return changes(c, id, fn, c.readVulnerability)
}

func (c *call) editVulnerability(in *struct {
	InVuln
	Body struct {
		CVE         *string         `json:"cve,omitempty"`
		Title       *string         `json:"title,omitempty"`
		Description *string         `json:"description,omitempty"`
		CWE         *string         `json:"cwe,omitempty"`
		CVSS3       *string         `json:"cvss3,omitempty"`
		CVSS4       *string         `json:"cvss4,omitempty"`
		Products    *[]cases.Device `json:"products,omitempty"`
		References  *[]string       `json:"references,omitempty"`
		Solution    *string         `json:"solution,omitempty"`
		Workaround  *string         `json:"workaround,omitempty"`
		Exploits    *string         `json:"exploits,omitempty"`
		Credits     *[]string       `json:"credits,omitempty"`
	}
}) (*answer[Vulnerability], error) {
	return c.changeVulnerability(in.Vuln, func(tx *db.Tx) error {
		x, err := c.Cases.Vulnerability(tx.View, in.Vuln)
		if err != nil {
			return err
		}
		d, b := x.Description, in.Body
		put(&x.CVE, b.CVE)
		put(&d.Title, b.Title)
		put(&d.Text, b.Description)
		put(&d.CWE, b.CWE)
		put(&d.Vector3, b.CVSS3)
		put(&d.Vector4, b.CVSS4)
		put(&d.Products, b.Products)
		put(&d.References, b.References)
		put(&d.Solution, b.Solution)
		put(&d.Workaround, b.Workaround)
		put(&d.Exploits, b.Exploits)
		put(&d.Credits, b.Credits)
		return c.Cases.EditVulnerability(tx, in.Vuln, x.CVE, d)
	})
}

func (c *call) withdrawVulnerability(in *struct {
	InVuln
	Body Why
}) (*answer[Vulnerability], error) {
	return c.changeVulnerability(in.Vuln, func(tx *db.Tx) error {
		return c.Cases.WithdrawVulnerability(tx, in.Vuln, in.Body.Reason)
	})
}

func (c *call) setKEV(in *struct {
	InVuln
	Body cases.KEV
}) (*answer[Vulnerability], error) {
	return c.changeVulnerability(in.Vuln, func(tx *db.Tx) error { return c.Cases.SetKEV(tx, in.Vuln, in.Body) })
}

func (c *call) setEPSS(in *struct {
	InVuln
	Body cases.EPSS
}) (*answer[Vulnerability], error) {
	return c.changeVulnerability(in.Vuln, func(tx *db.Tx) error { return c.Cases.SetEPSS(tx, in.Vuln, in.Body) })
}

func (c *call) decideSSVC(in *struct {
	InVuln
	Body struct {
		Table  string            `json:"table" doc:"supplier, deployer or cisa-coordinator"`
		Values map[string]string `json:"values" doc:"By decision point"`
	}
}) (*answer[Vulnerability], error) {
	return c.changeVulnerability(in.Vuln, func(tx *db.Tx) error {
		_, err := c.Cases.DecideSSVC(tx, in.Vuln, in.Body.Table, in.Body.Values)
		return err
	})
}

func (c *call) requestCVE(in *struct {
	InVuln
	Body struct {
		To string `json:"to" doc:"The CVE numbering authority that was asked"`
	}
}) (*answer[Vulnerability], error) {
	return c.changeVulnerability(in.Vuln, func(tx *db.Tx) error { return c.Cases.RequestCVE(tx, in.Vuln, in.Body.To) })
}

func (c *call) assignCVE(in *struct {
	InVuln
	Body struct {
		CVE          string    `json:"cve" example:"CVE-2026-12345"`
		Assigner     string    `json:"assigner,omitempty" doc:"The numbering authority's UUID; the record needs it"`
		AssignerName string    `json:"assigner_name,omitempty"`
		Reserved     time.Time `json:"reserved,omitzero"`
	}
}) (*answer[Vulnerability], error) {
	return c.changeVulnerability(in.Vuln, func(tx *db.Tx) error {
		return c.Cases.AssignCVE(tx, in.Vuln, in.Body.CVE, cases.Assigner{OrgID: in.Body.Assigner, ShortName: in.Body.AssignerName, Reserved: in.Body.Reserved})
	})
}

func recordDoc(_ *table, op *huma.Operation) {
	op.Description = "What it still lacks is told as fields, each by its place in the record."
	document(op, "application/json", "The record")
}

// cveRecord hands out the record as it would be published.
func (c *call) cveRecord(w http.ResponseWriter) {
	var record []byte
	err := c.look(func() (err error) {
		record, err = c.Cases.CVERecord(c.view, c.r.PathValue("vuln"))
		return err
	})
	if err != nil {
		c.fail(w, err)
		return
	}
	c.touch()
	inert(w.Header(), "application/json", "cve.json")
	w.Write(record)
}
