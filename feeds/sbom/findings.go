package sbom

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/formats/vex"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/matching"
)

// maxFindings is how many findings one answer has at most.
const maxFindings = 20_000

// finding is a finding as Dependency-Track writes it. What it has no place for stands
// under exploited, verdict and reason.
type finding struct {
	Component     component     `json:"component"`
	Vulnerability vulnerability `json:"vulnerability"`
	Analysis      analysis      `json:"analysis"`
	Attribution   attribution   `json:"attribution"`
	Matrix        string        `json:"matrix"`
}

type component struct {
	UUID    string `json:"uuid"`
	Name    string `json:"name"`
	Group   string `json:"group,omitempty"`
	Version string `json:"version,omitempty"`
	PURL    string `json:"purl,omitempty"`
	CPE     string `json:"cpe,omitempty"`
	Project string `json:"project"`
}

type vulnerability struct {
	UUID           string   `json:"uuid"`
	Source         string   `json:"source"`
	VulnID         string   `json:"vulnId"`
	Title          string   `json:"title,omitempty"`
	Severity       string   `json:"severity"`
	SeverityRank   int      `json:"severityRank"`
	CVSSV3         *float64 `json:"cvssV3BaseScore,omitempty"`
	EPSS           *float64 `json:"epssScore,omitempty"`
	EPSSPercentile *float64 `json:"epssPercentile,omitempty"`
	Exploited      bool     `json:"exploited"`
}

type analysis struct {
	State        string `json:"state"`
	IsSuppressed bool   `json:"isSuppressed"`
}

type attribution struct {
	Analyzer string   `json:"analyzerIdentity"`
	On       int64    `json:"attributedOn"` // milliseconds since 1970
	Verdict  string   `json:"verdict"`
	Reason   []string `json:"reason"`
}

// severities are Dependency-Track's words for the bands, in its order.
var severities = []struct{ band, word string }{{"critical", "CRITICAL"}, {"high", "HIGH"}, {"medium", "MEDIUM"}, {"low", "LOW"}, {"none", "UNASSIGNED"}}

// states are its words for what a product's keeper says.
var states = map[string]string{vex.NotAffected: "NOT_AFFECTED", vex.Affected: "EXPLOITABLE", vex.Fixed: "RESOLVED", vex.Investigating: "IN_TRIAGE"}

// source is the database that an id is of, in its words.
func source(id string) string {
	for prefix, s := range map[string]string{"CVE-": "NVD", "GHSA-": "GITHUB"} {
		if strings.HasPrefix(id, prefix) {
			return s
		}
	}
	return "OSV"
}

func (c *call) shape(p devices.Product, f matching.Finding, settled bool) finding {
	out := finding{
		Component:     component{UUID: p.ID, Name: p.Name, Version: f.Version, Project: p.ID},
		Vulnerability: vulnerability{UUID: f.Vuln, Source: source(f.Vuln), VulnID: f.Vuln, Title: f.Title, Exploited: f.Exploited},
		Analysis:      analysis{State: "NOT_SET", IsSuppressed: settled},
		Attribution:   attribution{Analyzer: "CORDON", On: f.Found.UnixMilli(), Verdict: string(f.Verdict), Reason: []string{}},
	}
	if f.SBOM != "" {
		x := f.Part
		out.Component = component{UUID: f.SBOM + "." + strconv.Itoa(x.Number), Name: x.Name, Group: x.Group, Version: x.Version, PURL: x.PURL, Project: p.ID}
		if len(x.CPE) > 0 {
			out.Component.CPE = x.CPE[0]
		}
	}
	band := matching.Band(f.Severity)
	for i, s := range severities {
		if s.band == band {
			out.Vulnerability.Severity, out.Vulnerability.SeverityRank = s.word, i
		}
	}
	if f.Severity >= 0 {
		score := float64(f.Severity) / 10
		out.Vulnerability.CVSSV3 = &score
	}
	if f.EPSS != nil {
		out.Vulnerability.EPSS, out.Vulnerability.EPSSPercentile = &f.EPSS.Score, &f.EPSS.Percentile
	}
	if f.Said != nil {
		out.Analysis.State = states[f.Said.Status]
	}
	for _, r := range f.Reasons {
		out.Attribution.Reason = append(out.Attribution.Reason, r.Why)
	}
	out.Matrix = out.Component.Project + ":" + out.Component.UUID + ":" + out.Vulnerability.UUID
	return out
}

// findings lists what touches a product of the asker's organization. What was settled
// is left out, as there, unless it is asked for.
func (c *call) findings(w http.ResponseWriter) error {
	q := c.r.URL.Query()
	for name, values := range q {
		switch name {
		case "product", "project", "version", "suppressed":
		default:
			return fault.InvalidField("query", "The address names something that is no part of this. Give product, version and suppressed.")
		}
		if len(values) > 1 {
			return fault.InvalidField(name, "Say this once.")
		}
	}
	if s := q.Get("suppressed"); s != "" && s != "true" && s != "false" {
		return fault.InvalidField("suppressed", "Write true or false.")
	}
	out := []finding{}
	err := c.snapshot(func(v *db.View) error {
		p, err := c.find(v, q.Get("project"), q.Get("product"))
		if err != nil {
			return err
		}
		for after := 0; ; {
			fs, err := c.Matching.OfProduct(v, p.ID, q.Get("version"), matching.Query{After: after, Limit: matching.MaxPage})
			if err != nil {
				return err
			}
			for _, f := range fs {
				settled := !f.Open(v.Now())
				if !settled || q.Get("suppressed") == "true" {
					out = append(out, c.shape(p, f, settled))
				}
			}
			if after += len(fs); len(fs) < matching.MaxPage {
				return nil
			}
			if after >= maxFindings {
				return fault.Invalidf("This product has more than %d findings. Ask for one version of it.", maxFindings)
			}
		}
	})
	if err != nil {
		return err
	}
	w.Header().Set("X-Total-Count", fmt.Sprint(len(out)))
	return answer(w, out)
}
