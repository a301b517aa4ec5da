package csaf

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/cordon-isao/cordon/formats/cpe"
	"github.com/cordon-isao/cordon/formats/purl"
	"github.com/cordon-isao/cordon/formats/vers"
	"github.com/cordon-isao/cordon/formats/vuln"
)

// MaxClaims is the most that one document may say of products.
const MaxClaims = 500_000

// Vulnerabilities reads a document as one record for each of its
// vulnerabilities, with its product tree. A record's id is the document's, a
// hash sign and the CVE id, another id or the place.
//
// Every product of every status makes a claim of kind device, and more where the
// document gives a package URL or a CPE name for it. Its versions are read by
// rule or stay in words, so that a person looks; none is left out.
func Vulnerabilities(data []byte) ([]vuln.Record, Tree, error) {
	d, w, err := read(data)
	if err != nil {
		return nil, Tree{}, err
	}
	tree, byID, err := readLeaves(&d, w)
	if err != nil {
		return nil, Tree{}, err
	}
	groups := map[string][]string{}
	for _, g := range w.Tree.Groups {
		groups[g.ID] = append(groups[g.ID], g.Products...)
	}
	ids := map[string]bool{}
	total := 0
	var out []vuln.Record
	for i := range w.Vulns {
		v := reader{doc: &d, vuln: &d.Vulns[i], wire: &w.Vulns[i], leaves: byID, groups: groups}
		r, err := v.record(i)
		if err != nil {
			return nil, Tree{}, err
		}
		for n, base := 2, r.ID; ids[r.ID]; n++ {
			r.ID = base + "#" + strconv.Itoa(n)
		}
		ids[r.ID] = true
		if total += len(r.Claims); total > MaxClaims {
			return nil, Tree{}, fmt.Errorf("%w: it makes more than %d claims about products (at /vulnerabilities/%d)", ErrNotCSAF, MaxClaims, i)
		}
		out = append(out, r)
	}
	return out, tree, nil
}

// reader reads one vulnerability.
type reader struct {
	doc    *Doc
	vuln   *Vuln
	wire   *wireVuln
	leaves map[string]*Leaf
	groups map[string][]string
}

func (x *reader) record(n int) (vuln.Record, error) {
	d, v := x.doc, x.vuln
	r := vuln.Record{
		Source: vuln.CSAF, Document: d.ID, TLP: d.TLP, Published: d.Released, Modified: d.Updated,
		Title: vuln.Clip(v.Title, vuln.MaxTitle), Summary: vuln.Clip(v.summary(), vuln.MaxSummary),
	}
	var aliases, urls []string
	own := "vulnerability-" + strconv.Itoa(n+1)
	for i := len(x.wire.IDs) - 1; i >= 0; i-- {
		own = x.wire.IDs[i].Text
		aliases = append([]string{own}, aliases...)
	}
	if v.CVE != "" {
		own = v.CVE
		aliases = append([]string{own}, aliases...)
	}
	r.ID, r.Aliases = d.ID+"#"+vuln.Clip(own, 128), vuln.IDs(aliases)
	if r.Title == "" {
		r.Title = vuln.Clip(d.Title, vuln.MaxTitle)
	}
	if r.Summary == "" {
		r.Summary = vuln.Clip(d.Summary(), vuln.MaxSummary)
	}
	for _, ref := range append(slices.Clone(v.Refs), d.Refs...) {
		urls = append(urls, ref.URL)
	}
	r.References = vuln.Links(urls...)
	if strings.HasPrefix(v.CWE, "CWE-") && len(v.CWE) <= 16 {
		r.CWEs = []string{v.CWE}
	}
	by := vuln.Clip(d.Publisher.Name, 64)
	for _, s := range v.Scores {
		score := vuln.Score{Version: vuln.Clip(s.Version, 8), Vector: vuln.Clip(s.Vector, 512), Base: s.Base, Severity: strings.ToLower(vuln.Clip(s.Severity, 16)), By: by}
		if !slices.Contains(r.Scores, score) && len(r.Scores) < vuln.MaxIDs {
			r.Scores = append(r.Scores, score)
		}
	}
	var err error
	r.Claims, err = x.claims(n)
	return r, err
}

// claims makes the claims of all products of all statuses.
func (x *reader) claims(n int) ([]vuln.Claim, error) {
	s := &x.wire.Status
	remedies, reasons, fixes := x.remedies(), x.reasons(), x.fixes()
	var out []vuln.Claim
	for _, group := range []struct {
		name, status string
		ids          []string
	}{
		{"known_affected", vuln.Affected, s.Known},
		{"first_affected", vuln.Affected, s.FirstAffected},
		{"last_affected", vuln.Affected, s.LastAffected},
		{"known_not_affected", vuln.NotAffected, s.Not},
		{"under_investigation", vuln.Investigating, s.Investigated},
		{"fixed", vuln.Fixed, s.Fixed},
		{"first_fixed", vuln.Fixed, s.FirstFixed},
		{"recommended", vuln.Fixed, s.Recommended},
	} {
		for _, id := range merge(group.ids) {
			l := x.leaves[id]
			if l == nil {
				return nil, fmt.Errorf("%w: /vulnerabilities/%d/product_status/%s names %s, which is no product of the tree", ErrNotCSAF, n, group.name, vuln.Clip(id, 80))
			}
			c := vuln.Claim{
				Kind: vuln.Device, Vendor: vuln.Clip(l.Vendor, 256), Product: vuln.Clip(l.Product, 512),
				Status: group.status, Range: x.ranged(l, group.name), Words: l.title(),
			}
			if c.Product == "" {
				c.Product = vuln.Clip(l.Name, 512)
			}
			switch group.status {
			case vuln.Affected:
				c.Remedy = remedies.of(id)
				c.Range.Fixed = fixes[nameOf(l)]
			case vuln.NotAffected:
				if why := reasons[id]; why != "" {
					c.Words = vuln.Clip(c.Words+": "+why, vuln.MaxWords)
				}
			}
			out = append(append(out, c), more(l, c)...)
			if len(out) > MaxClaims {
				return nil, fmt.Errorf("%w: /vulnerabilities/%d makes more than %d claims about products", ErrNotCSAF, n, MaxClaims)
			}
		}
	}
	return out, nil
}

// ranged is the range of versions that a product in a group of statuses stands
// for: the first affected one begins a range, the last ends one.
func (x *reader) ranged(l *Leaf, group string) vers.Range {
	r := l.Range
	if len(r.Exact) != 1 || r.All || len(r.Spans)+len(r.Plain) > 0 {
		return r
	}
	only := func(ids []string) (string, int) {
		found, n := "", 0
		for _, id := range ids {
			if o := x.leaves[id]; o != nil && nameOf(o) == nameOf(l) && len(o.Range.Exact) == 1 {
				found, n = o.Range.Exact[0], n+1
			}
		}
		return found, n
	}
	first, firsts := only(x.wire.Status.FirstAffected)
	last, lasts := only(x.wire.Status.LastAffected)
	switch group {
	case "first_affected", "last_affected":
		if firsts > 1 || lasts > 1 {
			return vers.Range{Scheme: r.Scheme, Plain: []string{vuln.Clip("one of several ranges: "+strings.ReplaceAll(group, "_", " ")+" "+r.Exact[0], vuln.MaxWords)}}
		}
		return vers.Range{Scheme: r.Scheme, Spans: []vers.Span{{Low: first, High: last, HighClosed: lasts == 1}}}
	case "first_fixed":
		return vers.Range{Scheme: r.Scheme, Spans: []vers.Span{{Low: r.Exact[0]}}}
	}
	return r
}

// nameOf tells products apart whatever their versions.
func nameOf(l *Leaf) [3]string { return [3]string{l.Vendor, l.Family, l.Product} }

// fixes are the versions that fix it, by product.
func (x *reader) fixes() map[[3]string][]string {
	out := map[[3]string][]string{}
	for _, ids := range [][]string{x.wire.Status.FirstFixed, x.wire.Status.Fixed} {
		for _, id := range ids {
			if l := x.leaves[id]; l != nil {
				for _, v := range l.Range.Exact {
					if have := out[nameOf(l)]; len(have) < 20 && !slices.Contains(have, v) {
						out[nameOf(l)] = append(have, v)
					}
				}
			}
		}
	}
	return out
}

// more makes claims by the package URL and the CPE name of a product.
func more(l *Leaf, c vuln.Claim) []vuln.Claim {
	var out []vuln.Claim
	if l.PURL != "" {
		if u, err := purl.Parse(l.PURL); err == nil {
			p := c
			p.Kind, p.Key, p.Release = vuln.PURL, u.Key(), u.Distro()
			if u.Version != "" {
				p.Range = vers.Range{Scheme: u.Ecosystem(), Exact: []string{u.Version}, Fixed: c.Range.Fixed}
			}
			out = append(out, p)
		}
	}
	if l.CPE != "" {
		if name, err := cpe.Parse(l.CPE); err == nil {
			p := c
			p.Kind, p.Key, p.CPE = vuln.CPE, name.Key(), name.String()
			if concrete(name.Version) && l.Relation == "" {
				p.Range = vers.Range{Exact: []string{strings.ReplaceAll(name.Version, `\`, "")}, Fixed: c.Range.Fixed}
			}
			out = append(out, p)
		}
	}
	return out
}

// members are products named one by one and by group.
func (x *reader) members(products, groups []string) []string {
	if len(groups) == 0 {
		return products
	}
	lists := [][]string{products}
	for _, g := range groups {
		lists = append(lists, x.groups[g])
	}
	return merge(lists...)
}

// reasons say why products are not affected: flags and threats of category
// impact.
func (x *reader) reasons() map[string]string {
	out := map[string]string{}
	add := func(ids []string, text string) {
		for _, id := range ids {
			out[id] = strings.TrimPrefix(vuln.Clip(out[id]+"; "+text, vuln.MaxWords), "; ")
		}
	}
	for _, f := range x.wire.Flags {
		add(x.members(f.Products, f.Groups), strings.ReplaceAll(f.Label, "_", " "))
	}
	for _, t := range x.wire.Threats {
		if t.Category == "impact" {
			add(x.members(t.Products, t.Groups), t.Details)
		}
	}
	return out
}

// remedies are what to do, by product; under "" for all.
type remedies map[string]string

func (r remedies) of(id string) string {
	if r[""] == "" {
		return r[id]
	}
	return vuln.Clip(r[id]+"\n"+r[""], vuln.MaxRemedy)
}

// remedies lists remediations, the vendor's fix first.
func (x *reader) remedies() remedies {
	out := remedies{}
	for _, kind := range []struct{ category, words string }{
		{"vendor_fix", "The vendor's fix"}, {"workaround", "Workaround"}, {"mitigation", "Mitigation"},
		{"no_fix_planned", "No fix is planned"}, {"none_available", "There is no fix yet"},
	} {
		for _, r := range x.wire.Remediations {
			if r.Category != kind.category {
				continue
			}
			ids := x.members(r.Products, r.Groups)
			if len(ids) == 0 {
				ids = []string{""}
			}
			text := kind.words + ": " + strings.TrimSpace(r.Details)
			for _, id := range ids {
				if have := out[id]; len(have) < vuln.MaxRemedy && !strings.Contains(have, text) {
					out[id] = vuln.Clip(have+"\n"+text, vuln.MaxRemedy)
				}
			}
		}
	}
	return out
}

// summary is the vulnerability's first summary or description, else its first
// note.
func (v *Vuln) summary() string { return Doc{Notes: v.Notes}.Summary() }
