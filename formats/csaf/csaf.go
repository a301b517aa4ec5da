package csaf

import "time"

// Doc is what an advisory says, in the document's order.
type Doc struct {
	ID        string // /document/tracking/id
	Title     string
	Category  string // profile: csaf_security_advisory, …
	TLP       string // TLP 2.0: CLEAR, GREEN, AMBER or RED; empty when there is none
	Lang      string
	Status    string // draft, interim or final
	Version   string
	Publisher Publisher
	Released  time.Time // initial release, UTC
	Updated   time.Time // current release, UTC
	Notes     []Note
	Refs      []Reference
	Vendors   []string  // names, once each
	Products  []Product // every product with an id
	Vulns     []Vuln
}

// Publisher is who issued the advisory.
type Publisher struct{ Name, Category, Namespace, Contact string }

// Note is a piece of prose.
type Note struct {
	Category string // summary, description, general, legal_disclaimer, …
	Title    string // may be empty
	Text     string
}

// Reference is a link.
type Reference struct {
	Category string // self or external
	Summary  string
	URL      string // as written: judge before following
}

// Product is a leaf of the product tree, or a relationship of two.
type Product struct {
	ID      string
	Name    string // full name, as the document gives it
	Vendor  string // nearest branch of category vendor; may be empty
	Family  string // nearest branch of category product_name; may be empty
	Version string // nearest branch of category product_version(_range)
	CPE     string
	PURL    string
}

// Vuln is one vulnerability.
type Vuln struct {
	CVE          string // may be empty
	CWE          string // CWE-…
	CWEName      string
	Title        string
	Notes        []Note
	Scores       []Score
	Affected     []string // ids of products known affected
	NotAffected  []string
	Fixed        []string
	Unknown      []string // under investigation
	Remediations []Remediation
	Refs         []Reference
}

// Score is a CVSS score of some products.
type Score struct {
	Version  string // 2.0, 3.0 or 3.1
	Vector   string
	Base     float64
	Severity string // as written, for 3.x: NONE to CRITICAL
	Products []string
}

// Remediation is what to do.
type Remediation struct {
	Category string // vendor_fix, mitigation, workaround, none_available, no_fix_planned
	Details  string
	URL      string
	Date     time.Time // zero when not given
	Products []string
}

// Summary is the advisory's first summary or description, else its first note.
func (d Doc) Summary() string {
	for _, want := range []string{"summary", "description"} {
		for _, n := range d.Notes {
			if n.Category == want {
				return n.Text
			}
		}
	}
	if len(d.Notes) > 0 {
		return d.Notes[0].Text
	}
	return ""
}

// CVEs are the CVE ids of the advisory, once each.
func (d Doc) CVEs() []string {
	var out []string
	seen := map[string]bool{}
	for _, v := range d.Vulns {
		if v.CVE != "" && !seen[v.CVE] {
			seen[v.CVE] = true
			out = append(out, v.CVE)
		}
	}
	return out
}

// MaxScore is the highest base score, and whether there is any.
func (d Doc) MaxScore() (Score, bool) {
	var best Score
	found := false
	for _, v := range d.Vulns {
		for _, s := range v.Scores {
			if !found || s.Base > best.Base {
				best, found = s, true
			}
		}
	}
	return best, found
}
