package vuln

import (
	"time"

	"github.com/cordon-isao/cordon/formats/vers"
)

// The sources of records.
const (
	OSV    = "osv"
	CVE    = "cve"
	CSAF   = "csaf"
	InKEV  = "kev"
	InEPSS = "epss"
)

// The statuses of a Claim; those of CSAF and VEX.
const (
	Affected      = "affected"
	NotAffected   = "not_affected"
	Fixed         = "fixed"
	Investigating = "under_investigation"
)

// The kinds of a Claim: how the thing it speaks of is known.
const (
	PURL   = "purl"   // Key is purl.Key()
	CPE    = "cpe"    // Key is cpe.Key()
	Device = "device" // a product of an advisory, by vendor and product name; no Key
	Name   = "name"   // vendor and product as a CVE record names them; no Key
)

// Record is one source's word about one vulnerability.
type Record struct {
	ID       string   `json:"id"` // the source's own: CVE-…, GHSA-…, PYSEC-…; of CSAF the document's, "#" and the CVE id: ICSMA-…#CVE-…
	Source   string   `json:"source"`
	Aliases  []string `json:"aliases,omitempty"`  // other ids of the same vulnerability
	Related  []string `json:"related,omitempty"`  // ids of others close to it
	Upstream []string `json:"upstream,omitempty"` // ids of those it is made of: a distribution's advisory of its CVEs

	Title   string `json:"title,omitempty"`
	Summary string `json:"summary,omitempty"` // plain text, at most MaxSummary bytes

	Published time.Time `json:"published,omitzero"`
	Modified  time.Time `json:"modified,omitzero"`
	Withdrawn time.Time `json:"withdrawn,omitzero"` // not zero: the source takes its word back

	Scores     []Score  `json:"scores,omitempty"`
	CWEs       []string `json:"cwes,omitempty"`
	Claims     []Claim  `json:"claims,omitempty"`
	References []string `json:"references,omitempty"` // https only, at most MaxReferences

	// CISA's SSVC decision points, lower case; empty where it has none.
	Exploitation string `json:"exploitation,omitempty"` // none, poc or active
	Automatable  string `json:"automatable,omitempty"`  // yes or no
	Impact       string `json:"impact,omitempty"`       // technical impact: partial or total

	KEV  *KEV  `json:"kev,omitempty"`
	EPSS *EPSS `json:"epss,omitempty"`

	Document string `json:"document,omitempty"` // tracking id of the CSAF document
	TLP      string `json:"tlp,omitempty"`      // of the CSAF document: CLEAR, GREEN, AMBER, RED, or empty if it has none
}

// Score is a CVSS score or another severity of a source.
type Score struct {
	Version  string  `json:"version,omitempty"` // 2.0, 3.0, 3.1 or 4.0; empty if there is only a word
	Vector   string  `json:"vector,omitempty"`
	Base     float64 `json:"base,omitzero"`      // 0 to 10
	Severity string  `json:"severity,omitempty"` // lower case: none, low, medium, high, critical, or the source's word
	By       string  `json:"by,omitempty"`       // who scored: a CNA's or ADP's short name, a publisher, a database
}

// KEV is an entry of CISA's catalogue of known exploited vulnerabilities.
type KEV struct {
	Added      time.Time `json:"added"`
	Due        time.Time `json:"due,omitzero"`
	Ransomware bool      `json:"ransomware,omitzero"` // known to be used in ransomware campaigns
	Action     string    `json:"action,omitempty"`
	Name       string    `json:"name,omitempty"`
	Vendor     string    `json:"vendor,omitempty"` // vendor and product as the catalogue names them
	Product    string    `json:"product,omitempty"`
}

// EPSS is a forecast of FIRST's Exploit Prediction Scoring System: raw values
// of one day.
type EPSS struct {
	Score      float64   `json:"score"`      // probability of exploitation within 30 days, 0 to 1
	Percentile float64   `json:"percentile"` // 0 to 1
	Date       time.Time `json:"date,omitzero"`
}

// Claim says that versions of one thing are, or are not, affected.
type Claim struct {
	Kind    string     `json:"kind"`
	Key     string     `json:"key,omitempty"` // what is looked up: purl.Key(), cpe.Key(), or nothing
	Vendor  string     `json:"vendor,omitempty"`
	Product string     `json:"product,omitempty"` // vendor and product as written
	Release string     `json:"release,omitempty"` // of a distribution: 11
	Status  string     `json:"status"`
	Range   vers.Range `json:"range,omitzero"`
	Words   string     `json:"words,omitempty"`  // as the source wrote it, for the reason
	CPE     string     `json:"cpe,omitempty"`    // whole, where its other fields matter
	Remedy  string     `json:"remedy,omitempty"` // what the source says to do, at most MaxRemedy bytes
}

// NeedsPerson says that no rule reads all the versions that this claim is about.
func (c Claim) NeedsPerson() bool {
	return len(c.Range.Plain) > 0
}
