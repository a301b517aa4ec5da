package api

import (
	"strconv"
	"time"

	"github.com/cordon-isao/cordon/formats/vuln"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/matching"
)

// Finding says that a vulnerability touches something that you may see, and why.
// That there is none does not mean "not affected".
type Finding struct {
	ID            string          `json:"id"`
	Kind          string          `json:"kind" enum:"component,version,deployment" doc:"What it is about"`
	Vulnerability string          `json:"vulnerability"`
	Title         string          `json:"title,omitempty"`
	Severity      *float64        `json:"severity,omitempty" doc:"The worst CVSS base score; missing if there is none"`
	Band          string          `json:"band" enum:"critical,high,medium,low,none"`
	Exploited     bool            `json:"exploited" doc:"In CISA's catalogue, or CISA says that it is"`
	Withdrawn     bool            `json:"withdrawn,omitempty"`
	EPSS          *EPSSScore      `json:"epss,omitempty"`
	Verdict       string          `json:"verdict" enum:"affected,under_investigation,needs a person,cleared" doc:"The gravest of the reasons"`
	Reasons       []FindingReason `json:"reasons"`
	FoundAt       time.Time       `json:"found_at"`
	GoneAt        time.Time       `json:"gone_at,omitzero" doc:"When the sources stopped to say so"`
	Product       string          `json:"product,omitempty"`
	Version       string          `json:"version,omitempty"`
	SBOM          string          `json:"sbom,omitempty"`
	Component     *SBOMComponent  `json:"component,omitempty"`
	Deployment    string          `json:"deployment,omitempty"`
	Said          *VEXStatement   `json:"said,omitempty" doc:"The newest word of who keeps the product"`
	Answer        *FindingAnswer  `json:"answer,omitempty" doc:"What your organization decided; nobody else reads it"`
	Open          bool            `json:"open" doc:"Something is to be done"`
}

// EPSSScore is FIRST's forecast, raw.
type EPSSScore struct {
	Score      float64   `json:"score" doc:"Probability of exploitation within 30 days"`
	Percentile float64   `json:"percentile"`
	Date       time.Time `json:"date,omitzero"`
}

// FindingReason is a source's word, as a rule understood it.
type FindingReason struct {
	Source   string   `json:"source" enum:"osv,cve,csaf,kev,epss"`
	SourceID string   `json:"source_id"`
	Document string   `json:"document,omitempty" doc:"The advisory that says so"`
	Verdict  string   `json:"verdict"`
	How      string   `json:"how" doc:"By what the thing was recognized"`
	Why      string   `json:"why"`
	Remedy   string   `json:"remedy,omitempty" doc:"What the source says to do"`
	Fixed    []string `json:"fixed" doc:"Versions that fix it"`
}

// FindingAnswer is what an organization decided about a finding.
type FindingAnswer struct {
	At    time.Time `json:"at"`
	Name  string    `json:"name" doc:"Who answered"`
	State string    `json:"state" enum:"looking,affected,fixed,not us,muted"`
	Why   string    `json:"why,omitempty"`
	Until string    `json:"until,omitempty" doc:"A day; then it is asked again"`
}

// score is a CVSS base score; nil if there is none.
func score(x10 int64) *float64 {
	if x10 < 0 {
		return nil
	}
	f := float64(x10) / 10
	return &f
}

func epssShape(e *vuln.EPSS) *EPSSScore {
	if e == nil {
		return nil
	}
	return &EPSSScore{e.Score, e.Percentile, utc(e.Date)}
}

func (c *call) findingShape(v *db.View, f matching.Finding) (Finding, error) {
	out := Finding{ID: f.ID, Kind: f.Kind, Vulnerability: f.Vuln, Title: f.Title, Severity: score(f.Severity), Band: matching.Band(f.Severity), Exploited: f.Exploited, Withdrawn: f.Withdrawn, EPSS: epssShape(f.EPSS),
		Verdict: string(f.Verdict), Reasons: []FindingReason{}, FoundAt: utc(f.Found), GoneAt: utc(f.Gone), Product: f.Product, Version: f.Version, SBOM: f.SBOM, Deployment: f.Deployment, Open: f.Open(v.Now())}
	for _, r := range f.Reasons {
		out.Reasons = append(out.Reasons, FindingReason{r.Source, r.SourceID, r.Document, string(r.Verdict), string(r.How), r.Why, r.Remedy, some(r.Fixed)})
	}
	if f.SBOM != "" {
		p := componentShape(f.Part)
		out.Component = &p
	}
	if a := f.Answer; a != nil {
		out.Answer = &FindingAnswer{utc(a.At), a.Name, a.State, a.Why, a.Until}
	}
	if f.Said != nil {
		s, err := c.vexShape(v, *f.Said)
		if err != nil {
			return out, err
		}
		out.Said = &s
	}
	return out, nil
}

// FindingQuery narrows findings.
type FindingQuery struct {
	Limit         int     `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"How many at most"`
	Cursor        string  `query:"cursor" maxLength:"9" pattern:"^[0-9]*$" doc:"The next of the page before"`
	Vulnerability string  `query:"vulnerability" maxLength:"200" doc:"Only of this one"`
	Severity      float64 `query:"severity" minimum:"0" maximum:"10" doc:"At least this CVSS base score"`
	Exploited     bool    `query:"exploited" doc:"Only what is known to be exploited"`
	Gone          bool    `query:"gone" doc:"Also what no source says any more"`
}

// findings answers a page: exploited first, then what a rule affirms, then the
// gravest.
func (c *call) findings(q FindingQuery, read func(matching.Query) ([]matching.Finding, error)) (*answer[list[Finding]], error) {
	after := 0
	if q.Cursor != "" {
		after, _ = strconv.Atoi(q.Cursor) // digits only
	}
	fs, err := read(matching.Query{Vuln: q.Vulnerability, Severity: int64(q.Severity*10 + 0.5), Exploited: q.Exploited, Gone: q.Gone, After: after, Limit: q.Limit})
	out, err := listed(c.view, fs, err, c.findingShape)
	if err == nil && len(fs) == q.Limit {
		out.Body.Next = strconv.Itoa(after + len(fs))
	}
	return out, err
}

func (c *call) findingsOfProduct(in *struct {
	InProduct
	FindingQuery
	Version string `query:"version" maxLength:"100" doc:"Of this version; of all if it is left out"`
}) (*answer[list[Finding]], error) {
	if _, err := c.Devices.Product(c.view, in.Product); err != nil {
		return nil, err
	}
	return c.findings(in.FindingQuery, func(q matching.Query) ([]matching.Finding, error) {
		return c.Matching.OfProduct(c.view, in.Product, in.Version, q)
	})
}

func (c *call) findingsOfSBOM(in *struct {
	InSBOM
	FindingQuery
}) (*answer[list[Finding]], error) {
	return c.findings(in.FindingQuery, func(q matching.Query) ([]matching.Finding, error) { return c.Matching.OfSBOM(c.view, in.SBOM, q) })
}

func (c *call) findingsOfDeployment(in *struct {
	InDeployment
	FindingQuery
}) (*answer[list[Finding]], error) {
	return c.findings(in.FindingQuery, func(q matching.Query) ([]matching.Finding, error) {
		return c.Matching.OfDeployment(c.view, in.Deployment, q)
	})
}

func (c *call) findingsOfVulnerability(in *struct {
	InKnown
	FindingQuery
}) (*answer[list[Finding]], error) {
	u, err := c.Vulns.Vulnerability(c.view, in.Known)
	if err != nil {
		return nil, err
	}
	return c.findings(in.FindingQuery, func(q matching.Query) ([]matching.Finding, error) { return c.Matching.OfVulnerability(c.view, u.ID, q) })
}

func (c *call) myFindings(in *FindingQuery) (*answer[list[Finding]], error) {
	return c.findings(*in, func(q matching.Query) ([]matching.Finding, error) { return c.Matching.Mine(c.view, q) })
}

// InFinding is an operation on a finding.
type InFinding struct {
	Find string `path:"find" doc:"A finding's id"`
}

func (c *call) readFinding(v *db.View, id string) (Finding, error) {
	f, err := c.Matching.Finding(v, id)
	if err != nil {
		return Finding{}, err
	}
	return c.findingShape(v, f)
}

func (c *call) finding(in *InFinding) (*answer[Finding], error) {
	out, err := c.readFinding(c.view, in.Find)
	return &answer[Finding]{out}, err
}

// findingPath is the way from the product to the component that a finding is about.
func (c *call) findingPath(in *InFinding) (*answer[list[SBOMComponent]], error) {
	f, err := c.Matching.Finding(c.view, in.Find)
	if err != nil {
		return nil, err
	}
	out := list[SBOMComponent]{Items: []SBOMComponent{}}
	if f.SBOM == "" {
		return &answer[list[SBOMComponent]]{out}, nil
	}
	ps, err := c.Devices.PathTo(c.view, f.SBOM, f.Part.Number)
	return listed(c.view, ps, err, plain(componentShape))
}

func (c *call) answerFinding(in *struct {
	InFinding
	Body struct {
		State string `json:"state" enum:"looking,affected,fixed,not us,muted"`
		Why   string `json:"why,omitempty" doc:"Needed for what settles it: fixed, not us, muted"`
		Until string `json:"until,omitempty" doc:"A day, such as 2026-11-21; needed to mute it"`
	}
}) (*answer[Finding], error) {
	b := in.Body
	return changes(c, in.Find, func(tx *db.Tx) error { return c.Matching.Decide(tx, in.Find, b.State, b.Why, b.Until) }, c.readFinding)
}

// DeviceExposure is what your organization runs, against how grave what is known of
// it is.
type DeviceExposure struct {
	Rows   []ExposureRow  `json:"rows" doc:"By kind of device"`
	Open   int            `json:"open" doc:"Findings that wait for a decision"`
	New    int            `json:"new" doc:"Of them, those found since the given time"`
	Gone   int            `json:"gone" doc:"Findings that went since then"`
	Weeks  []ExposureWeek `json:"weeks" doc:"Oldest first"`
	Capped bool           `json:"capped,omitempty" doc:"There are more findings than are counted"`

	Unversioned int `json:"unversioned" doc:"Deployments that say no version: what is built into them is not compared"`
}

// ExposureRow is one kind of device.
type ExposureRow struct {
	Maker       string         `json:"maker"`
	Model       string         `json:"model"`
	Product     string         `json:"product,omitempty"`
	Units       int            `json:"units"`
	Deployments []string       `json:"deployments"`
	EOS         string         `json:"eos,omitempty" doc:"The earliest end of support"`
	Counts      map[string]int `json:"counts" doc:"Vulnerabilities by band: critical, high, medium, low, none"`
	Exploited   int            `json:"exploited"`
}

// ExposureWeek is how many findings were open at the end of a week.
type ExposureWeek struct {
	Ends time.Time `json:"ends"`
	Open int       `json:"open"`
}

func (c *call) exposure(in *struct {
	Since string `query:"since" doc:"Count what is new and gone since this day or time"`
}) (*answer[DeviceExposure], error) {
	since, err := moment("since", in.Since)
	if err != nil {
		return nil, err
	}
	e, err := c.Matching.Exposure(c.view, since)
	if err != nil {
		return nil, err
	}
	out := DeviceExposure{Rows: []ExposureRow{}, Open: e.Open, New: e.New, Gone: e.Gone, Weeks: []ExposureWeek{}, Capped: e.Capped, Unversioned: e.Unversioned}
	for _, r := range e.Rows {
		row := ExposureRow{r.Maker, r.Model, r.Product, r.Units, some(r.Deployments), r.EOS, r.Count, r.Exploited}
		if row.Counts == nil {
			row.Counts = map[string]int{}
		}
		out.Rows = append(out.Rows, row)
	}
	for _, w := range e.Weeks {
		out.Weeks = append(out.Weeks, ExposureWeek{utc(w.Ends), w.Open})
	}
	return &answer[DeviceExposure]{out}, nil
}

// DeviceMetrics are FDA's three measures of how vulnerabilities in a product are
// handled.
type DeviceMetrics struct {
	Identified  int      `json:"identified" doc:"Vulnerabilities that touched the product"`
	Patched     int      `json:"patched" doc:"Of them, those that its maker says are fixed or do not affect it"`
	Open        int      `json:"open"`
	Percent     *int     `json:"percent,omitempty" doc:"Patched of identified; missing if there are none"`
	DaysToPatch *float64 `json:"days_to_patch,omitempty" doc:"The mean from identification to the maker's word that it is fixed"`
	Timed       int      `json:"timed" doc:"Over how many that mean was taken"`
}

func (c *call) deviceMetrics(in *InProduct) (*answer[DeviceMetrics], error) {
	if _, err := c.Devices.Product(c.view, in.Product); err != nil {
		return nil, err
	}
	m, err := c.Matching.Metrics(c.view, in.Product)
	out := DeviceMetrics{Identified: m.Identified, Patched: m.Patched, Open: m.Open, Timed: m.Timed}
	if m.Percent >= 0 {
		out.Percent = &m.Percent
	}
	if m.Timed > 0 {
		days := m.ToPatch.Hours() / 24
		out.DaysToPatch = &days
	}
	return &answer[DeviceMetrics]{out}, err
}
