package vex

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/cordon-isao/cordon/formats/csaf"
	"github.com/cordon-isao/cordon/formats/strictjson"
)

// csafIn is what is read of a document besides what formats/csaf reads.
type csafIn struct {
	Document struct {
		Tracking struct {
			History []csafRevision `json:"revision_history"`
		} `json:"tracking"`
	} `json:"document"`
	Tree struct {
		Branches []csafBranch  `json:"branches"`
		Names    []csafProduct `json:"full_product_names"`
		Groups   []struct {
			ID       string   `json:"group_id"`
			Products []string `json:"product_ids"`
		} `json:"product_groups"`
	} `json:"product_tree"`
	Vulns []csafVuln `json:"vulnerabilities"`
}

// ReadCSAF reads a CSAF 2.0 document of the profile csaf_vex. It refuses one
// with a product that is not affected and no impact statement, or affected and
// no action statement (CSAF 2.0 §4.5), and one that says two things of a
// product (§6.1.6).
func ReadCSAF(data []byte) (Meta, []Statement, error) {
	m, statements, err := readCSAF(data)
	if err != nil {
		return Meta{}, nil, fmt.Errorf("reading a CSAF VEX document: %w", err)
	}
	return m, statements, nil
}

func readCSAF(data []byte) (Meta, []Statement, error) {
	limits := strictjson.Limits{Bytes: MaxBytes, Values: 5_000_000, AllowUnknown: true}
	var in csafIn
	if err := strictjson.UnmarshalLimits(data, limits, &in); err != nil {
		return Meta{}, nil, err
	}
	d, err := csaf.Parse(data)
	if err != nil {
		return Meta{}, nil, err
	}
	if d.Category != "csaf_vex" {
		return Meta{}, nil, fmt.Errorf("its category is %s, not csaf_vex", strconv.Quote(d.Category))
	}
	_, tree, err := csaf.Vulnerabilities(data)
	if err != nil {
		return Meta{}, nil, err
	}
	m := Meta{ID: d.ID, Author: d.Publisher.Name, Role: d.Publisher.Category, Namespace: d.Publisher.Namespace, At: d.Updated, TLP: d.TLP, Version: 1}
	if head, _, _ := strings.Cut(d.Version, "."); head != "" {
		if n, err := strconv.Atoi(head); err == nil && n > 0 {
			m.Version = n
		}
	}
	for _, r := range in.Document.Tracking.History {
		if at, err := readTime(r.Date, "a date of the history"); err == nil && len(m.History) < m.Version-1 {
			m.History = append(m.History, at)
		}
	}
	x := csafReader{meta: m, products: map[string]Product{}, groups: map[string][]string{}}
	x.index(&in, tree)
	var out []Statement
	for i := range in.Vulns {
		statements, err := x.vulnerability(&in.Vulns[i])
		if err != nil {
			return Meta{}, nil, fmt.Errorf("/vulnerabilities/%d: %w", i, err)
		}
		out = append(out, statements...)
		if len(out) > MaxStatements {
			return Meta{}, nil, fmt.Errorf("the document has more than %d statements", MaxStatements)
		}
	}
	return m, out, checkStatements(m.Author, out)
}

type csafReader struct {
	meta     Meta
	products map[string]Product
	groups   map[string][]string
}

// index gives every id of the tree its product.
func (x *csafReader) index(in *csafIn, tree csaf.Tree) {
	uris := map[string]string{}
	keep := func(p *csafProduct) {
		if p != nil && p.Helper != nil && len(p.Helper.URIs) > 0 {
			uris[p.ID] = p.Helper.URIs[0].URI
		}
	}
	names := map[string]Product{} // by the branches alone
	var walk func([]*csafBranch, Product)
	walk = func(branches []*csafBranch, above Product) {
		for _, b := range branches {
			here := above
			switch b.Category {
			case "vendor":
				here.Vendor = b.Name
			case "product_name":
				here.Name = b.Name
			case "product_version", "product_version_range":
				here.Version = b.Name
			}
			if keep(b.Product); b.Product != nil {
				names[b.Product.ID] = here
			}
			walk(b.Branches, here)
		}
	}
	for i := range in.Tree.Branches {
		walk([]*csafBranch{&in.Tree.Branches[i]}, Product{})
	}
	for i := range in.Tree.Names {
		keep(&in.Tree.Names[i])
	}
	for _, g := range in.Tree.Groups {
		x.groups[g.ID] = append(x.groups[g.ID], g.Products...)
	}
	relations := map[string]csaf.Leaf{}
	for _, l := range tree.Products {
		if l.Relation != "" {
			relations[l.ID] = l
			continue
		}
		p := names[l.ID]
		p.Ref, p.PURL, p.CPE, p.ID = l.ID, l.PURL, l.CPE, uris[l.ID]
		if p.Vendor+p.Name+p.Version == "" && l.Name != cmp.Or(p.PURL, p.CPE, p.ID) {
			p.Name = l.Name
		}
		x.products[l.ID] = p
	}
	parts := map[string]Product{}
	for id, l := range relations {
		on, part := x.products[l.On], x.products[l.Of]
		on.Part = cmp.Or(part.PURL, part.CPE, part.ID, strings.TrimSpace(part.Vendor+" "+part.Name+" "+part.Version), l.Of)
		if on.Ref == "" { // a relation of relations: by its name alone
			on = Product{Ref: id, Name: l.Name}
		}
		parts[id] = on
	}
	maps.Copy(x.products, parts)
}

// said is what a vulnerability says of one product.
type said struct {
	status, justification, impact, action, notes, at string
}

func (x *csafReader) vulnerability(v *csafVuln) ([]Statement, error) {
	s := Statement{Vulnerability: v.CVE, Author: x.meta.Author}
	for _, id := range v.IDs {
		if s.Vulnerability == "" {
			s.Vulnerability = id.Text
		} else if id.Text != s.Vulnerability && !slices.Contains(s.Aliases, id.Text) {
			s.Aliases = append(s.Aliases, id.Text)
		}
	}
	if s.Vulnerability == "" {
		return nil, fmt.Errorf("it has neither a cve nor an id")
	}
	all := map[string]*said{}
	var order []string
	for _, status := range Statuses() {
		for _, id := range x.inGroup(v, status) {
			if _, known := x.products[id]; !known {
				return nil, fmt.Errorf("it names %s, which is no product of the tree", strconv.Quote(id))
			}
			if before := all[id]; before != nil {
				if before.status != status {
					return nil, fmt.Errorf("it says of the product %s both %s and %s", strconv.Quote(id), before.status, status)
				}
				continue
			}
			all[id], order = &said{status: status}, append(order, id)
		}
	}
	if err := x.words(v, all); err != nil {
		return nil, err
	}
	at := map[said]int{}
	var out []Statement
	for _, id := range order {
		what := *all[id]
		i, known := at[what]
		if !known {
			i = len(out)
			at[what] = i
			s := s
			s.Status, s.Justification, s.Impact, s.Action, s.Notes, s.At = what.status, what.justification, what.impact, what.action, what.notes, x.meta.At
			if what.at != "" {
				var err error
				if s.At, err = readTime(what.at, "a date"); err != nil {
					return nil, err
				}
			}
			out = append(out, s)
		}
		out[i].Products = append(out[i].Products, x.products[id])
	}
	return out, nil
}

// inGroup are the products of a status: the first and last affected are
// affected too, the first fixed is fixed.
func (x *csafReader) inGroup(v *csafVuln, status string) []string {
	ids := v.Status[groups[status]]
	switch status {
	case Affected:
		ids = slices.Concat(ids, v.Status["first_affected"], v.Status["last_affected"])
	case Fixed:
		ids = slices.Concat(ids, v.Status["first_fixed"])
	}
	return ids
}

// words adds what flags, threats, remediations and notes say of products.
func (x *csafReader) words(v *csafVuln, all map[string]*said) error {
	later := func(s *said, date string) {
		if date == "" {
			return
		}
		a, err1 := readTime(s.at, "")
		b, err2 := readTime(date, "")
		if err1 != nil || err2 != nil || b.After(a) {
			s.at = date
		}
	}
	each := func(products, groups []string, do func(*said)) {
		ids := products
		for _, g := range groups {
			ids = append(slices.Clip(ids), x.groups[g]...)
		}
		for _, id := range ids {
			if s := all[id]; s != nil {
				do(s)
			}
		}
	}
	var wrong error
	for _, f := range v.Flags {
		each(f.Products, f.Groups, func(s *said) {
			if s.status != NotAffected {
				return
			}
			if s.justification != "" && s.justification != f.Label {
				wrong = fmt.Errorf("a product has two justifications, %s and %s", s.justification, f.Label)
			}
			s.justification = f.Label
			later(s, f.Date)
		})
	}
	join := func(to *string, text string) {
		if *to = strings.TrimPrefix(*to+"\n"+text, "\n"); len(*to) > MaxText {
			wrong = fmt.Errorf("the texts about one product have more than %d bytes", MaxText)
			*to = text[:0]
		}
	}
	for _, t := range v.Threats {
		if t.Category == "impact" {
			each(t.Products, t.Groups, func(s *said) { join(&s.impact, t.Details); later(s, t.Date) })
		}
	}
	for _, r := range v.Remediations {
		each(r.Products, r.Groups, func(s *said) { join(&s.action, r.Details); later(s, r.Date) })
	}
	for _, n := range v.Notes {
		if date, ids, ok := readNoteTitle(n.Title); ok {
			each(ids, nil, func(s *said) {
				if n.Text != noNotes {
					join(&s.notes, n.Text)
				}
				later(s, stamp(date))
			})
		}
	}
	return wrong
}
