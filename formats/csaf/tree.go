package csaf

import (
	"fmt"
	"strings"

	"github.com/cordon-isao/cordon/formats/cpe"
	"github.com/cordon-isao/cordon/formats/purl"
	"github.com/cordon-isao/cordon/formats/vers"
	"github.com/cordon-isao/cordon/formats/vuln"
)

// Tree is a document's product tree, laid flat.
type Tree struct {
	Vendors  []string // names, once each
	Products []Leaf   // every product with an id, in the document's order
}

// Leaf is a product of a tree: one version or range of versions of one product,
// or two products in relation.
type Leaf struct {
	ID      string
	Name    string // full name, as the document gives it
	Vendor  string // nearest branch of category vendor
	Family  string // nearest branch of category product_family
	Product string // nearest branch of category product_name; else of the full name what is before the versions
	Version string // as written: branches of versions, service packs and patch levels; else of the full name what is behind the product
	Range   vers.Range
	CPE     string
	PURL    string
	Models  []string // model numbers, where * and ? stand for others
	Serials []string
	SKUs    []string

	// Of a relationship, such as "Of is installed on On", the category and the
	// ids of both. Vendor, Family and Product are those of On.
	Relation, Of, On string

	alone bool // the names no version of their own
	path  string
}

// Leaf finds a product by its id.
func (t *Tree) Leaf(id string) (Leaf, bool) {
	for i := range t.Products {
		if t.Products[i].ID == id {
			return t.Products[i], true
		}
	}
	return Leaf{}, false
}

// relations say how one product belongs to another (CSAF 2.0 §3.2.2.5).
var relations = map[string]string{
	"default_component_of": "a component of", "optional_component_of": "an optional component of",
	"external_component_of": "an external component of", "installed_on": "installed on", "installed_with": "installed with",
}

// readLeaves lays a tree flat.
func readLeaves(d *Doc, w *wireDoc) (Tree, map[string]*Leaf, error) {
	t := Tree{Vendors: d.Vendors, Products: make([]Leaf, 0, len(d.Products))}
	var walk func([]wireBranch, Leaf)
	walk = func(branches []wireBranch, above Leaf) {
		for i := range branches {
			b, here := &branches[i], above
			switch b.Category {
			case "vendor":
				here.Vendor = b.Name
			case "product_family":
				here.Family = b.Name
			case "product_name":
				here.Product = b.Name
			case "product_version", "product_version_range":
				here.Version, here.Range = b.Name, readVersion(b.Category, b.Name)
			case "service_pack", "patch_level":
				here.Version = strings.TrimSpace(here.Version + " " + b.Name)
				here.Range = readVersion(b.Category, here.Version)
			}
			if b.Product != nil {
				t.Products = append(t.Products, b.Product.leaf(here))
			}
			walk(b.Branches, here)
		}
	}
	walk(w.Tree.Branches, Leaf{})
	for i := range w.Tree.FullNames {
		t.Products = append(t.Products, w.Tree.FullNames[i].leaf(Leaf{}))
	}
	simple := len(t.Products)
	for i := range w.Tree.Relationships {
		r := &w.Tree.Relationships[i]
		l := r.Product.leaf(Leaf{})
		l.Relation, l.Of, l.On = r.Category, r.Of, r.On
		l.Product, l.Version, l.Range = "", "", vers.Range{}
		t.Products = append(t.Products, l)
	}
	byID := make(map[string]*Leaf, len(t.Products))
	for i := range t.Products {
		l := &t.Products[i]
		if l.ID == "" {
			return Tree{}, nil, fmt.Errorf("%w: product %d (%s) has no product_id", ErrNotCSAF, i+1, vuln.Clip(l.Name, 80))
		}
		if _, twice := byID[l.ID]; twice {
			return Tree{}, nil, fmt.Errorf("%w: the product_id %s is given twice", ErrNotCSAF, vuln.Clip(l.ID, 80))
		}
		byID[l.ID] = l
	}
	for i := simple; i < len(t.Products); i++ {
		t.Products[i].relate(byID, 0)
	}
	return t, byID, nil
}

// leaf makes a product of what its branches say and what itself says.
func (p *wireProduct) leaf(l Leaf) Leaf {
	l.ID, l.Name, l.CPE, l.PURL = p.ID, p.Name, p.Helper.CPE, p.Helper.PURL
	l.Models, l.Serials, l.SKUs = p.Helper.Models, p.Helper.Serials, p.Helper.SKUs
	if l.Version != "" {
		return l
	}
	// No branch has the version: the full name may, else its other names.
	product, version := splitName(p.Name)
	if l.Product == "" {
		l.Product = product
	}
	if version != "" {
		if r := vers.ParseText(version); len(r.Plain) == 0 {
			l.Version, l.Range = version, r
			return l
		}
	}
	if u, err := purl.Parse(l.PURL); l.PURL != "" && err == nil && u.Version != "" {
		l.Version, l.Range = u.Version, vers.Range{Exact: []string{u.Version}}
		return l
	}
	if c, err := cpe.Parse(l.CPE); l.CPE != "" && err == nil && concrete(c.Version) {
		l.Version = strings.ReplaceAll(c.Version, `\`, "")
		l.Range = vers.Range{Exact: []string{l.Version}}
		return l
	}
	l.alone = true
	l.Range = vers.Range{Plain: []string{"no version is named: " + vuln.Clip(p.Name, vuln.MaxWords)}}
	return l
}

// readVersion reads a branch's name. What is one version by its
// category and no range by its words is that version, as it stands.
func readVersion(category, name string) vers.Range {
	r := vers.ParseText(name)
	if rest, ok := strings.CutPrefix(strings.TrimSpace(name), "vers:all/"); ok && len(r.Plain) > 0 {
		// Siemens writes "vers:all/<V4.3.8", which the specification of vers
		// does not allow, for "< V4.3.8" by no ecosystem's order.
		if s := vers.ParseText(rest); len(s.Plain) == 0 {
			r = s
		}
	}
	if !r.All && len(r.Exact)+len(r.Spans)+len(r.Plain) == 0 {
		return vers.Range{Plain: []string{"a version without a name"}}
	}
	if category == "product_version" && len(r.Plain) > 0 && !r.All && len(r.Exact)+len(r.Spans) == 0 && single(name) {
		return vers.Range{Exact: []string{strings.TrimSpace(name)}}
	}
	return r
}

// single tells whether a label is one word with a digit: a version, however odd.
func single(name string) bool {
	name = strings.TrimSpace(name)
	return len(name) <= 256 && strings.ContainsAny(name, "0123456789") && !strings.ContainsAny(name, " \t,;|<>=*/")
}

// concrete tells whether the version of a CPE name is one version.
func concrete(version string) bool {
	return version != "" && version != "*" && version != "-" && !strings.ContainsAny(version, "*?")
}

// splitName parts a full name as CISA writes them: "Inductive models EX1100:
// versions prior to Version 8.2.2", "Widget <= 1.2", "Widget version 1.2".
func splitName(name string) (product, version string) {
	if head, tail, ok := strings.Cut(name, ": "); ok && strings.ContainsAny(tail, "0123456789*") || ok && strings.Contains(strings.ToLower(tail), "version") {
		return strings.TrimSpace(head), strings.TrimSpace(tail)
	}
	if i := strings.IndexAny(name, "<>="); i > 0 {
		return strings.TrimSpace(name[:i]), strings.TrimSpace(name[i:])
	}
	lower := strings.ToLower(name)
	for _, word := range []string{" all versions", " versions ", " version "} {
		if i := strings.Index(lower, word); i > 0 && len(lower) == len(name) {
			return strings.TrimSpace(name[:i]), strings.TrimSpace(name[i:])
		}
	}
	return strings.TrimSpace(name), ""
}

// maxRelated is how far relationships of relationships are followed.
const maxRelated = 8

// relate fills in what a relationship has from its two products, and says its
// path in words. The firmware installed on a device of the same maker is that
// device's version; any other pair of versions needs a person.
func (l *Leaf) relate(byID map[string]*Leaf, depth int) {
	if l.path != "" || l.Relation == "" {
		return
	}
	how := relations[l.Relation]
	if how == "" {
		how = "in relation (" + vuln.Clip(l.Relation, 40) + ") to"
	}
	of, on := byID[l.Of], byID[l.On]
	if of == nil || on == nil || depth == maxRelated {
		l.path = l.Name
		l.Product = l.Name
		l.Range = vers.Range{Plain: []string{"a relation of products that cannot be followed: " + vuln.Clip(l.Name, vuln.MaxWords)}}
		return
	}
	of.relate(byID, depth+1)
	on.relate(byID, depth+1)
	l.path = vuln.Clip(of.title()+", "+how+" "+on.title(), vuln.MaxWords)
	l.Vendor, l.Family, l.Product = on.Vendor, on.Family, on.Product
	if l.PURL == "" {
		l.PURL = of.PURL
	}
	if l.CPE == "" {
		l.CPE = of.CPE
	}
	switch {
	case of.Range.All && !of.needsPerson():
		l.Version, l.Range = on.Version, on.Range
	case l.Relation == "installed_on" && (on.alone || on.Range.All) && strings.EqualFold(of.Vendor, on.Vendor):
		l.Version, l.Range = of.Version, of.Range
	default:
		l.Range = vers.Range{Plain: []string{l.path}}
	}
}

func (l *Leaf) title() string {
	if l.path != "" {
		return l.path
	}
	return vuln.Clip(l.Name, 400)
}

func (l *Leaf) needsPerson() bool { return len(l.Range.Plain) > 0 }
