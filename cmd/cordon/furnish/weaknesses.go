package furnish

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Weakness is one vulnerability of an advisory as CISA tells it, in whose words it
// names the real device.
type Weakness struct {
	CVE    string
	CWE    string // CWE-306
	Name   string // of the CWE
	Text   string
	Vector string // CVSS 3
	URL    string // of the advisory
}

// Weaknesses are the vulnerabilities of an advisory that the demo's cases are
// modelled on: those of the CVE ids, or all of them.
func (c *Community) Weaknesses(advisory string, cves ...string) ([]Weakness, error) {
	i := slices.IndexFunc(c.Advisories, func(a Advisory) bool { return a.ID == advisory })
	if i < 0 {
		return nil, fmt.Errorf("there is no advisory %s", advisory)
	}
	var d document
	if err := json.Unmarshal(c.Advisories[i].CSAF, &d); err != nil {
		return nil, fmt.Errorf("%s: %w", advisory, err)
	}
	var out []Weakness
	for _, v := range d.Vulnerabilities {
		if len(cves) > 0 && !slices.Contains(cves, v.CVE) {
			continue
		}
		w := Weakness{CVE: v.CVE, CWE: v.CWE.ID, Name: v.CWE.Name, URL: d.page()}
		if len(v.Scores) > 0 {
			w.Vector = v.Scores[0].V3.Vector
		}
		for _, n := range v.Notes {
			if n.Category == "summary" {
				text := assigned.ReplaceAllString(strings.TrimPrefix(tidy(n.Text), "Vulnerability Summary "), "")
				w.Text = strings.TrimRight(text, ". ") + "."
			}
		}
		out = append(out, w)
	}
	if len(out) == 0 || len(cves) > 0 && len(out) != len(cves) {
		return nil, fmt.Errorf("advisory %s has %d of the vulnerabilities %v", advisory, len(out), cves)
	}
	return out, nil
}

// page is the advisory's address on the web.
func (d document) page() string {
	for _, r := range d.Document.References {
		if r.Category == "self" && strings.HasPrefix(r.URL, "https://www.cisa.gov/") {
			return r.URL
		}
	}
	return ""
}

// assigned is what each summary says of its number and score, which stand beside it.
var assigned = regexp.MustCompile(`(?s) ?CVE-[0-9]{4}-[0-9]+ has been assigned.*$`)
