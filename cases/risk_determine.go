package cases

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/cordon-isao/cordon/formats/cvss"
	"github.com/cordon-isao/cordon/formats/fda"
	"github.com/cordon-isao/cordon/formats/rubric"
	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/policy"
)

// Control is a compensating control on the worksheet.
type Control struct {
	Name                 string             `json:"name"`
	GreaterRisk          fda.Tri            `json:"introduces_greater_risk"` // only a plain no lets it count
	LowersExploitability fda.Exploitability `json:"lowers_exploitability,omitempty"`
	LowersSeverity       fda.HarmSeverity   `json:"lowers_severity,omitempty"`
}

// Worksheet is what a risk determination rests on.
type Worksheet struct {
	Vulnerability string             `json:"vulnerability,omitempty"` // "" for the case as a whole
	Device        string             `json:"device,omitempty"`        // with its versions; "" for every affected one
	Versions      string             `json:"versions,omitempty"`
	Residual      bool               `json:"residual,omitempty"` // of the risk that the fix leaves (condition 3), not of the vulnerability
	Exploit       fda.Exploitability `json:"exploitability"`
	Harm          fda.HarmFacts      `json:"harm"`
	CVSS3         string             `json:"cvss3,omitempty"`
	CVSS4         string             `json:"cvss4,omitempty"`
	Rubric        rubric.Answers     `json:"rubric,omitempty"`
	Controls      []Control          `json:"controls,omitempty"`
	Performance   string             `json:"essential_performance,omitempty"` // the effect on it, and of the controls
	Rationale     string             `json:"rationale"`
	Outcome       fda.Risk           `json:"-"`                  // "" takes the computed one
	Override      string             `json:"override,omitempty"` // why the outcome is another than the computed one
	Key           string             `json:"-"`                  // idempotency key, may be empty
}

// Reckoned is what a worksheet comes to before anybody signs it.
type Reckoned struct {
	Class    fda.HarmClass    `json:"class"`
	Severity fda.HarmSeverity `json:"severity"`           // 0 unless patients can be harmed
	Initial  fda.Risk         `json:"initial"`            // without controls
	Cell     fda.Cell         `json:"cell"`               // with the controls that count
	Counted  []string         `json:"counted,omitempty"`  // names of controls
	Rejected []string         `json:"rejected,omitempty"` // these introduce greater risk
	Open     []string         `json:"open,omitempty"`     // whether these do is not answered
	Outcome  fda.Risk         `json:"computed"`
	Score3   float64          `json:"score3,omitempty"`
	Score4   float64          `json:"score4,omitempty"`
	Extended string           `json:"rubric_vector,omitempty"`
	Flags    []string         `json:"flags,omitempty"` // of the rubric, in sentences
}

// Determination is a signed outcome of a risk assessment.
type Determination struct {
	ID         string
	Case       string
	Party      string
	Sheet      Worksheet
	Reckoned   Reckoned
	Outcome    fda.Risk
	Overridden bool // the signer decided otherwise than the matrix
	Matrix     fda.Matrix
	Version    int64 // of the matrix; 0 is the default one
	At         time.Time
	Person     string
	Name       string
	Title      string // the signer's, at that time
	OrgName    string
	Supersedes string // the determination of the same vulnerability and device before it
	n          int64
}

type determinationDoc struct {
	Sheet      Worksheet  `json:"worksheet"`
	Reckoned   Reckoned   `json:"reckoned"`
	Overridden bool       `json:"overridden,omitempty"`
	Matrix     fda.Matrix `json:"matrix"`
	Version    int64      `json:"matrix_version"`
	OrgName    string     `json:"org_name"`
}

// Reckon works out what a worksheet comes to, for a form that shows it before the
// signature. It is an invalid fault with everything that is missing.
func (c *Cases) Reckon(v *db.View, w Worksheet) (Reckoned, error) {
	m, err := c.RiskMatrix(v)
	if err != nil {
		return Reckoned{}, err
	}
	return w.reckon(m.Table)
}

// reckon checks and trims a worksheet and decides by the matrix. Loss of
// confidentiality alone is no patient harm, and so controlled.
func (w *Worksheet) reckon(m fda.Matrix) (r Reckoned, err error) {
	var p check.Problems
	w.Device = p.Line("device", "The device", w.Device, MaxTitle, false)
	w.Versions = p.Line("versions", "The versions", w.Versions, MaxTitle, false)
	w.Performance = p.Text("essential_performance", "The effect on essential performance", w.Performance, MaxText, false)
	w.Rationale = p.Text("rationale", "The rationale", w.Rationale, MaxText, true)
	w.Override = p.Text("override", "Why you decide otherwise than the matrix", w.Override, MaxText, false)
	p.OneOf("exploitability", "Exploitability", string(w.Exploit), string(fda.LowExploitability), string(fda.MediumExploitability), string(fda.HighExploitability))
	if r.Class, r.Severity = fda.SeverityFromHarm(w.Harm); r.Class == fda.NoHarmStated {
		p.Add("harm", "Say what the vulnerability could do at worst.")
	}
	if len(w.Controls) > 50 {
		p.Add("controls", "A worksheet takes at most 50 controls.")
	}
	var controls []fda.CompensatingControl
	for i, x := range w.Controls {
		w.Controls[i].Name = p.Line("controls", "The control", x.Name, MaxTitle, true)
		if x.LowersExploitability != "" {
			p.OneOf("controls", "The exploitability with a control", string(x.LowersExploitability), string(fda.LowExploitability), string(fda.MediumExploitability), string(fda.HighExploitability))
		}
		if x.LowersSeverity != 0 && !x.LowersSeverity.Valid() {
			p.Add("controls", "The severity with a control is 1 to 5.")
		}
		controls = append(controls, fda.CompensatingControl{Name: w.Controls[i].Name, IntroducesGreaterRisk: x.GreaterRisk, LowersExploitability: x.LowersExploitability, LowersSeverity: x.LowersSeverity})
	}
	r.Score3, w.CVSS3 = score(&p, "cvss3", w.CVSS3, cvss.V31, cvss.V30)
	r.Score4, w.CVSS4 = score(&p, "cvss4", w.CVSS4, cvss.V40)
	if len(w.Rubric) > 0 {
		answers, err := rubric.Score(w.Rubric)
		var wrong *rubric.Error
		if errors.As(err, &wrong) {
			p.Add("rubric", "%s", capital(wrong.Error())+".")
		} else if err != nil {
			return r, err
		}
		r.Extended = answers.Extended
		for _, f := range answers.Flags {
			r.Flags = append(r.Flags, f.Text)
		}
	}
	if err := p.Err(); err != nil {
		return r, err
	}
	if r.Class == fda.ConfidentialityOnly {
		r.Initial, r.Outcome = fda.Controlled, fda.Controlled
		return r, nil
	}
	initial := fda.Cell{Exploitability: w.Exploit, Severity: r.Severity}
	if r.Initial, err = m.Decide(initial); err != nil {
		return r, err
	}
	left := fda.ResidualRisk(initial, controls)
	r.Cell, r.Counted, r.Rejected, r.Open = left.Cell, left.Counted, left.Rejected, left.Open
	r.Outcome, err = m.Decide(left.Cell)
	return r, err
}

func score(p *check.Problems, field, vector string, versions ...cvss.Version) (float64, string) {
	if vector == "" {
		return 0, ""
	}
	v, err := cvss.Parse(vector)
	if err != nil {
		p.Add(field, "%s.", capital(err.Error()))
		return 0, vector
	}
	for _, x := range versions {
		if v.Version == x {
			return v.Score(), v.String()
		}
	}
	p.Add(field, "This is a vector of CVSS %s.", v.Version)
	return 0, vector
}

func capital(s string) string {
	if s == "" {
		return s
	}
	if s[0] >= 'a' && s[0] <= 'z' {
		return string(s[0]-'a'+'A') + s[1:]
	}
	return s
}

// Determine signs a risk determination in the name of the viewer, for the party
// that the viewer acts for: the determination is the manufacturer's, never the
// desk's. The outcome is the matrix's; another one needs a reason and is marked.
func (c *Cases) Determine(tx *db.Tx, party string, w Worksheet) (id string, again bool, err error) {
	return tx.Once(w.Key, digest("determination", party, w, w.Outcome), func() (string, error) {
		var k Case
		var p Party
		own, err := c.speaksFor(tx.View, party, &k, &p)
		if err != nil {
			return "", err
		}
		if !own || !tx.Viewer().SignedIn() {
			return "", fault.Forbiddenf("A risk determination is signed by a person of the manufacturer.")
		}
		d, err := c.sign(tx, k, p, w)
		if err != nil {
			return "", err
		}
		return d.ID, c.reckon(tx, k, p)
	})
}

func (c *Cases) sign(tx *db.Tx, k Case, p Party, w Worksheet) (d Determination, err error) {
	m, err := c.RiskMatrix(tx.View)
	if err != nil {
		return d, err
	}
	d = Determination{ID: ids.New("determination"), Case: k.ID, Party: p.ID, Matrix: m.Table, Version: m.Version, At: tx.Now(), OrgName: tx.Viewer().OrgName}
	if d.Reckoned, err = w.reckon(m.Table); err != nil {
		return d, err
	}
	if w.Vulnerability != "" {
		ok, err := tx.Exists(`SELECT 1 FROM visible.case_vulnerabilities x WHERE x.id = $1 AND x.case_id = $2`, w.Vulnerability, k.ID)
		if err != nil {
			return d, err
		}
		if !ok {
			return d, fault.InvalidField("vulnerability", "Choose one of the case's vulnerabilities.")
		}
	}
	if d.Outcome = w.Outcome; d.Outcome == "" {
		d.Outcome = d.Reckoned.Outcome
	}
	d.Overridden = d.Outcome != d.Reckoned.Outcome
	switch {
	case !d.Outcome.Valid():
		return d, fault.InvalidField("outcome", "The outcome is controlled or uncontrolled; there is no third.")
	case d.Overridden && w.Override == "":
		return d, fault.InvalidField("override", "The matrix says %s. Say why you decide otherwise.", d.Reckoned.Outcome)
	case !d.Overridden:
		w.Override = ""
	}
	d.Sheet = w
	signer, err := c.members.Person(tx.View, tx.Viewer().Person)
	if err != nil {
		return d, err
	}
	d.Person, d.Name, d.Title = signer.ID, signer.Name, signer.Title
	history, err := c.determinations(all(tx.View), k.ID, p.ID)
	if err != nil {
		return d, err
	}
	for _, old := range history {
		if old.target() == d.target() {
			d.Supersedes = old.ID
		}
	}
	return d, c.keepDetermination(tx, k, p, d)
}

func (c *Cases) keepDetermination(tx *db.Tx, k Case, p Party, d Determination) error {
	l, err := c.partyLabel(tx.View, p)
	if err != nil {
		return err
	}
	audience, err := tx.Store(l.Audience)
	if err != nil {
		return err
	}
	full := determinationDoc{Sheet: d.Sheet, Reckoned: d.Reckoned, Overridden: d.Overridden, Matrix: d.Matrix, Version: d.Version, OrgName: d.OrgName}
	doc, err := json.Marshal(full)
	if err != nil {
		return fmt.Errorf("write a determination: %w", err)
	}
	if _, err := tx.Exec(`INSERT INTO case_determinations (id, n, case_id, party, vulnerability, device, exploitability, severity, outcome, rationale, doc, signed_at, signed_by, name, title, supersedes, tlp, audience)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)`,
		d.ID, position(tx), k.ID, p.ID, d.Sheet.Vulnerability, d.Sheet.Device, string(d.Sheet.Exploit), int64(d.Reckoned.Severity), string(d.Outcome), d.Sheet.Rationale, string(doc),
		clock.Micros(d.At), d.Person, d.Name, d.Title, d.Supersedes, string(l.TLP), audience); err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: "determination.signed", Object: d.ID, Parent: k.ID, Label: l, Data: map[string]any{"party": p.ID, "at": d.At, "outcome": d.Outcome,
		"overridden": d.Overridden, "target": d.target(), "residual": d.Sheet.Residual, "signed_by": d.Person, "name": d.Name, "title": d.Title, "org_name": d.OrgName, "supersedes": d.Supersedes,
		"worksheet": d.Sheet, "reckoned": d.Reckoned, "matrix": d.Matrix, "matrix_version": d.Version}})
	return nil
}

// target is what a determination is about: a new one of the same supersedes it.
func (d Determination) target() string {
	kind := "vulnerability"
	if d.Sheet.Residual {
		kind = "residual"
	}
	return kind + "|" + d.Sheet.Vulnerability + "|" + d.Sheet.Device + "|" + d.Sheet.Versions
}

// Determinations lists a case's determinations that the viewer can see, oldest
// first.
func (c *Cases) Determinations(v *db.View, id string) ([]Determination, error) {
	return c.determinations(v, id, "")
}

func (c *Cases) determinations(v *db.View, id, party string) ([]Determination, error) {
	return db.All(v, func(s db.Scanner) (d Determination, err error) {
		var doc string
		var at int64
		if err = s.Scan(&d.ID, &d.n, &d.Case, &d.Party, &d.Outcome, &doc, &at, &d.Person, &d.Name, &d.Title, &d.Supersedes); err != nil {
			return d, err
		}
		var full determinationDoc
		if err = json.Unmarshal([]byte(doc), &full); err != nil {
			return d, fmt.Errorf("read determination %s: %w", d.ID, err)
		}
		d.At, d.Sheet, d.Reckoned, d.Overridden = clock.FromMicros(at), full.Sheet, full.Reckoned, full.Overridden
		d.Matrix, d.Version, d.OrgName, d.Sheet.Outcome = full.Matrix, full.Version, full.OrgName, d.Outcome
		return d, nil
	}, `SELECT d.id, d.n, d.case_id, d.party, d.outcome, d.doc, d.signed_at, d.signed_by, d.name, d.title, d.supersedes
		FROM visible.case_determinations d WHERE d.case_id = $1 AND ($2 = '' OR d.party = $2) ORDER BY d.n, d.id`, id, party)
}

// MayDetermine reports whether the viewer may sign for a party, for pages.
func (c *Cases) MayDetermine(v *db.View, p Party) bool {
	return v.Viewer().May(policy.MayWorkCase) && v.Viewer().SignedIn() && v.Viewer().Principals().Has(policy.OfCircle(p.Circle))
}
