package sbom

import (
	"fmt"
	"math"
	"strings"

	"github.com/cordon-isao/cordon/formats/sbom/scan"
)

// The elements that are counted.
const (
	KeyName          = "name"
	KeyVersion       = "version"
	KeySupplier      = "supplier"
	KeyIdentifier    = "identifier" // purl or CPE
	KeyPURL          = "purl"
	KeyCPE           = "cpe"
	KeyHash          = "hash"
	KeyLicense       = "license"
	KeyRelationships = "relationships"
	KeySupport       = "support"
	KeyEndOfSupport  = "end-of-support"
	KeyAuthor        = "author"    // of the document
	KeyTimestamp     = "timestamp" // of the document
)

// Weights are what each element adds to [Report.Score] at a share of 1; they
// add up to 100. An identifier, a version and a supplier weigh most: without
// them nothing can be matched with a vulnerability.
var Weights = map[string]int{
	KeyIdentifier: 25, KeyVersion: 15, KeySupplier: 15, KeyRelationships: 10,
	KeyName: 5, KeyHash: 5, KeyLicense: 5, KeySupport: 5, KeyEndOfSupport: 5,
	KeyAuthor: 5, KeyTimestamp: 5,
}

// elements are the counted elements in the order of the report, and for each
// its label and how to improve.
var elements = []struct{ key, label, improve string }{
	{KeyName, "Name", "Give every component its name."},
	{KeyVersion, "Version", "Give every component the exact version that is built in, not a range; for hardware, the revision."},
	{KeySupplier, "Supplier", "Name who supplies each component: the vendor, or the project for open source."},
	{KeyIdentifier, "Unique identifier", "Give every component a package URL (purl), or a CPE where there is no package: without either, only names can be compared."},
	{KeyPURL, "Package URL", "Let the build tool write package URLs: they match vulnerabilities without doubt."},
	{KeyCPE, "CPE", "Give operating systems, firmware and hardware a CPE: they have no package URL in most databases."},
	{KeyHash, "Hash", "Add a SHA-256 of each component's file, so that it can be recognized."},
	{KeyLicense, "License", "State each component's licence as an SPDX expression."},
	{KeyRelationships, "Relationships", "Say what depends on what, or contains what: then a finding can show its path."},
	{KeySupport, "Support level", `Say for each component whether it is "actively maintained", "no longer maintained" or "abandoned" (property supportLevel), as FDA's premarket guidance asks.`},
	{KeyEndOfSupport, "End of support", "Give each component's end-of-support date as YYYY-MM-DD (property endOfSupport), as FDA's premarket guidance asks."},
	{KeyAuthor, "Author of the SBOM", "Name who made this bill of materials."},
	{KeyTimestamp, "Timestamp", "Say when this bill of materials was made."},
}

// Quality counts what a bill of materials holds, component by component, in
// about 80 bytes a component. Make one with [NewQuality].
type Quality struct {
	components int
	edges      int
	count      map[string]int
	refs       scan.Set // of the components
	related    scan.Set // named by a relationship
}

// NewQuality counts nothing yet.
func NewQuality() *Quality { return &Quality{count: map[string]int{}} }

// Add counts c.
func (q *Quality) Add(c Component) {
	q.components++
	q.refs.Add(c.Ref)
	for _, e := range [...]struct {
		key string
		has bool
	}{
		{KeyName, strings.TrimSpace(c.Name) != ""},
		{KeyVersion, strings.TrimSpace(c.Version) != ""},
		{KeySupplier, strings.TrimSpace(c.Supplier) != ""},
		{KeyIdentifier, c.PURL != "" || len(c.CPE) > 0},
		{KeyPURL, c.PURL != ""},
		{KeyCPE, len(c.CPE) > 0},
		{KeyHash, len(c.Hashes) > 0},
		{KeyLicense, len(c.Licenses) > 0},
		{KeySupport, c.Support != ""},
		{KeyEndOfSupport, c.EndOfSupport != ""},
	} {
		if e.has {
			q.count[e.key]++
		}
	}
}

// Depends counts relationships.
func (q *Quality) Depends(from string, on []string) {
	if len(on) == 0 {
		return
	}
	q.edges += len(on)
	q.related.Add(from)
	for _, ref := range on {
		q.related.Add(ref)
	}
}

// Report says how complete a bill of materials is and how to improve it.
type Report struct {
	Components int       // how many were counted
	Edges      int       // relationships between them
	Score      int       // 0–100, see [Weights]; 0 if there are no components
	Shares     []Share   // of every element, those of the document last
	NTIA       []Element // the seven minimum elements (NTIA 2021, R-036)
	FDA        []Element // support level and end of support (premarket guidance)
}

// Share is how many of the components have one element; for an element of the
// document, Total is 1.
type Share struct {
	Key     string  // one of the Key constants
	Label   string  // for people
	Count   int     // that have it
	Total   int     // of all
	Share   float64 // Count / Total, 0–1; 0 if Total is 0
	Improve string  // one sentence; "" when nothing is missing
}

// Element is one required element.
type Element struct {
	Share
	Met bool // everything that should have it has it
}

// Report is the count so far with what it means, for the document d.
func (q *Quality) Report(d Document) Report {
	r := Report{Components: q.components, Edges: q.edges}
	byKey := map[string]Share{}
	score := 0.0
	for _, e := range elements {
		s := Share{Key: e.key, Label: e.label, Count: q.count[e.key], Total: q.components}
		switch e.key {
		case KeyRelationships:
			s.Count = q.refs.Common(&q.related)
			if q.components == 1 { // one thing alone has nothing to relate to
				s.Count = 1
			}
		case KeyAuthor:
			s.Total, s.Count = 1, yes(len(d.Authors) > 0 || d.Supplier != "")
		case KeyTimestamp:
			s.Total, s.Count = 1, yes(!d.Created.IsZero())
		}
		if s.Total > 0 {
			s.Share = float64(s.Count) / float64(s.Total)
		}
		if s.Count < s.Total {
			s.Improve = e.improve
			if s.Total > 1 {
				s.Improve = fmt.Sprintf("%d of %d lack it. %s", s.Total-s.Count, s.Total, e.improve)
			}
		}
		score += float64(Weights[e.key]) * s.Share
		byKey[e.key] = s
		r.Shares = append(r.Shares, s)
	}
	if q.components > 0 {
		r.Score = int(math.Floor(score + 1e-9)) // 100 only if nothing is missing
	}
	pick := func(keys ...string) (list []Element) {
		for _, k := range keys {
			s := byKey[k]
			list = append(list, Element{s, s.Total > 0 && s.Count == s.Total})
		}
		return list
	}
	r.NTIA = pick(KeyAuthor, KeyTimestamp, KeySupplier, KeyName, KeyVersion, KeyIdentifier, KeyRelationships)
	r.FDA = pick(KeySupport, KeyEndOfSupport)
	return r
}

func yes(b bool) int {
	if b {
		return 1
	}
	return 0
}
