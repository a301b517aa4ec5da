package cve

import (
	"slices"
	"strings"

	"github.com/cordon-isao/cordon/formats/cpe"
	"github.com/cordon-isao/cordon/formats/vers"
	"github.com/cordon-isao/cordon/formats/vuln"
)

// Applicability says by CPE names what is affected: all of its nodes together
// (AND) or any (OR).
type Applicability struct {
	Operator string `json:"operator,omitzero"` // AND, OR or empty
	Negate   bool   `json:"negate,omitzero"`
	Nodes    []Node `json:"nodes"`
}

// Node is all or any of its matches.
type Node struct {
	Operator string  `json:"operator"` // AND or OR
	Negate   bool    `json:"negate,omitzero"`
	Matches  []Match `json:"cpeMatch"`
}

// Match is a CPE name with versions; a part of a system, and whether that part
// is the vulnerable one.
type Match struct {
	Vulnerable     bool   `json:"vulnerable"`
	Criteria       string `json:"criteria"` // CPE 2.3
	ID             string `json:"matchCriteriaId,omitzero"`
	StartExcluding string `json:"versionStartExcluding,omitzero"`
	StartIncluding string `json:"versionStartIncluding,omitzero"`
	EndExcluding   string `json:"versionEndExcluding,omitzero"`
	EndIncluding   string `json:"versionEndIncluding,omitzero"`
}

// claims makes one claim of each vulnerable match. What must be there with it
// for it to be affected, such as the hardware that a firmware runs on, is said
// in words; a negated condition needs a person.
func (a *Applicability) claims() []vuln.Claim {
	var out []vuln.Claim
	for i := range a.Nodes {
		n := &a.Nodes[i]
		var together []string
		if n.Operator == "AND" {
			together = append(together, n.others()...)
		}
		if a.Operator == "AND" {
			for j := range a.Nodes {
				if j != i {
					together = append(together, a.Nodes[j].names()...)
				}
			}
		}
		for j := range n.Matches {
			m := &n.Matches[j]
			if !m.Vulnerable {
				continue
			}
			c := m.claim()
			if len(together) > 0 {
				c.Words = vuln.Clip(strings.TrimSpace(c.Words+" together with "+strings.Join(together, " or ")), vuln.MaxWords)
			}
			if a.Negate || n.Negate {
				c.Range = vers.Range{Plain: []string{vuln.Clip("all but "+c.Range.String(), vuln.MaxWords)}}
			}
			out = append(out, c)
		}
	}
	return out
}

// names are the node's matches; others those that are not vulnerable.
func (n *Node) names() (out []string) {
	for _, m := range n.Matches {
		out = append(out, m.Criteria)
	}
	return out
}

func (n *Node) others() (out []string) {
	for _, m := range n.Matches {
		if !m.Vulnerable {
			out = append(out, m.Criteria)
		}
	}
	return out
}

func (m *Match) claim() vuln.Claim {
	c := vuln.Claim{Kind: vuln.CPE, Status: vuln.Affected, Words: vuln.Clip(m.Criteria, vuln.MaxWords), Range: vers.Range{Scheme: genericScheme}}
	name, err := cpe.Parse(m.Criteria)
	if err != nil {
		c.Kind, c.Product = vuln.Name, vuln.Clip(m.Criteria, vuln.MaxWords)
		c.Range.Plain = []string{"a CPE name that cannot be read"}
		return c
	}
	c.Key, c.Vendor, c.Product = name.Key(), plainText(name.Vendor), plainText(name.Product)
	if narrow(name) {
		c.CPE = name.String()
	}
	s := vers.Span{Low: m.StartIncluding, High: m.EndExcluding}
	if m.StartExcluding != "" {
		s.Low, s.LowOpen = m.StartExcluding, true
	}
	if m.EndIncluding != "" {
		s.High, s.HighClosed = m.EndIncluding, true
	}
	switch {
	case s != vers.Span{}:
		if slices.ContainsFunc([]string{s.Low, s.High}, func(v string) bool { return len(v) > maxVersion }) {
			c.Range.Plain = []string{"versions that are too long to compare"}
			break
		}
		c.Range.Spans = []vers.Span{s}
	case concrete(name.Version):
		c.Range.Exact = []string{plainText(name.Version)}
	case name.Version == "-":
		c.Range.Plain = []string{"the name says that there is no version"}
	default:
		c.Range.All = true
	}
	return c
}

// concrete tells whether the version of a CPE name is one version.
func concrete(version string) bool {
	return version != "" && version != "*" && version != "-" && !strings.ContainsAny(version, "*?") && len(version) <= maxVersion
}

// narrow tells whether a CPE name says more than vendor, product and version.
func narrow(c cpe.CPE) bool {
	for _, v := range []string{c.Update, c.Edition, c.Language, c.SwEdition, c.TargetSW, c.TargetHW, c.Other} {
		if v != "" && v != "*" {
			return true
		}
	}
	return false
}

// plainText takes the escapes of a CPE name's value away.
func plainText(value string) string { return strings.ReplaceAll(value, `\`, "") }
