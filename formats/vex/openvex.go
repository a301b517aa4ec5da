package vex

import (
	"cmp"
	"fmt"
	"io"
	"net/url"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/cordon-isao/cordon/formats/strictjson"
)

// openVEX is the context of OpenVEX v0.2.0, which names its version.
const openVEX = "https://openvex.dev/ns/v0.2.0"

type openDoc struct {
	Context    string          `json:"@context"`
	ID         string          `json:"@id"`
	Author     string          `json:"author"`
	Role       string          `json:"role,omitzero"`
	Timestamp  string          `json:"timestamp"`
	Updated    string          `json:"last_updated,omitzero"`
	Version    int             `json:"version"`
	Tooling    string          `json:"tooling,omitzero"`
	Statements []openStatement `json:"statements"`
}

type openStatement struct {
	ID            string `json:"@id,omitzero"`
	Version       int    `json:"version,omitzero"`
	Vulnerability struct {
		ID          string   `json:"@id,omitzero"`
		Name        string   `json:"name"`
		Description string   `json:"description,omitzero"`
		Aliases     []string `json:"aliases,omitzero"`
	} `json:"vulnerability"`
	Timestamp     string        `json:"timestamp,omitzero"`
	Updated       string        `json:"last_updated,omitzero"`
	Products      []openProduct `json:"products,omitzero"`
	Status        string        `json:"status"`
	Supplier      string        `json:"supplier,omitzero"`
	Notes         string        `json:"status_notes,omitzero"`
	Justification string        `json:"justification,omitzero"`
	Impact        string        `json:"impact_statement,omitzero"`
	Action        string        `json:"action_statement,omitzero"`
	ActionTime    string        `json:"action_statement_timestamp,omitzero"`
}

type openProduct struct {
	ID            string            `json:"@id,omitzero"`
	Identifiers   *openIdentifiers  `json:"identifiers,omitzero"`
	Hashes        map[string]string `json:"hashes,omitzero"`
	Subcomponents []openProduct     `json:"subcomponents,omitzero"`
}

type openIdentifiers struct {
	PURL  string `json:"purl,omitzero"`
	CPE22 string `json:"cpe22,omitzero"`
	CPE23 string `json:"cpe23,omitzero"`
}

// ReadOpenVEX reads an OpenVEX document of v0.2.0. It refuses a document with a
// statement that says less than it must (see [Statement.Check]).
//
// A product's @id that is a package URL is its PURL. A statement about
// subcomponents becomes one about those parts of the product alone.
func ReadOpenVEX(data []byte) (Meta, []Statement, error) {
	m, statements, err := readOpenVEX(data)
	if err != nil {
		return Meta{}, nil, fmt.Errorf("reading OpenVEX: %w", err)
	}
	return m, statements, nil
}

func readOpenVEX(data []byte) (Meta, []Statement, error) {
	var d openDoc
	if err := strictjson.UnmarshalLimits(data, strictjson.Limits{Bytes: MaxBytes, Values: 5_000_000}, &d); err != nil {
		return Meta{}, nil, err
	}
	if d.Context != openVEX {
		return Meta{}, nil, fmt.Errorf("the @context is not %s", openVEX)
	}
	if strings.TrimSpace(d.ID) == "" || strings.TrimSpace(d.Author) == "" || d.Version < 1 {
		return Meta{}, nil, fmt.Errorf("the document has no @id, no author or no version")
	}
	m := Meta{ID: d.ID, Author: d.Author, Role: d.Role, Version: d.Version}
	if role, label, ok := strings.Cut(d.Role, rolesLabel); ok {
		m.Role, m.TLP = role, strings.TrimSuffix(label, ")")
		if !known(m.TLP) {
			return Meta{}, nil, fmt.Errorf("the label in /role is none of TLP 2.0")
		}
	}
	var err error
	if m.At, err = readTime(cmp.Or(d.Updated, d.Timestamp), "/timestamp"); err != nil {
		return Meta{}, nil, err
	}
	if u, err := url.Parse(d.ID); err == nil && u.Host != "" {
		m.Namespace = u.Scheme + "://" + u.Host
	}
	var out []Statement
	for i := range d.Statements {
		s, err := d.Statements[i].read(m)
		if err != nil {
			return Meta{}, nil, fmt.Errorf("statement %d: %w", i+1, err)
		}
		out = append(out, s)
	}
	return m, out, checkStatements(m.Author, out)
}

func (w *openStatement) read(m Meta) (Statement, error) {
	s := Statement{
		Vulnerability: w.Vulnerability.Name, Aliases: w.Vulnerability.Aliases, Status: w.Status, Justification: w.Justification,
		Impact: w.Impact, Action: w.Action, Notes: w.Notes, At: m.At, Author: m.Author,
	}
	if t := cmp.Or(w.Updated, w.Timestamp); t != "" {
		var err error
		if s.At, err = readTime(t, "/timestamp"); err != nil {
			return s, err
		}
	}
	for i := range w.Products {
		p, ok := w.Products[i].read()
		if !ok {
			return s, fmt.Errorf("product %d has no @id and no identifier", i+1)
		}
		if len(w.Products[i].Subcomponents) == 0 {
			s.Products = append(s.Products, p)
		}
		for j := range w.Products[i].Subcomponents {
			part, ok := w.Products[i].Subcomponents[j].read()
			if p.Part = cmp.Or(part.PURL, part.CPE, part.ID); !ok || p.Part == "" {
				return s, fmt.Errorf("subcomponent %d of product %d has no @id and no identifier", j+1, i+1)
			}
			s.Products = append(s.Products, p)
		}
	}
	return s, nil
}

func (w *openProduct) read() (Product, bool) {
	p := Product{ID: w.ID}
	if x := w.Identifiers; x != nil {
		p.PURL, p.CPE = x.PURL, cmp.Or(x.CPE23, x.CPE22)
	}
	switch {
	case p.PURL == "" && strings.HasPrefix(p.ID, "pkg:"):
		p.PURL, p.ID = p.ID, ""
	case p.ID != "":
		if names, ok := readNames(p.ID); ok {
			p.ID, p.Ref, p.Vendor, p.Name, p.Version = "", names.Ref, names.Vendor, names.Name, names.Version
		}
	}
	return p, p != Product{}
}

// WriteOpenVEX writes statements as an OpenVEX document of v0.2.0. Products are
// named by ID, PURL and CPE; where there is no ID, an @id of the namespace holds
// the other names. A label other than CLEAR, for which OpenVEX has no place, is
// written behind the author's role, for people to see.
func WriteOpenVEX(out io.Writer, m Meta, statements []Statement) error {
	if err := checkAll(m, statements); err != nil {
		return fmt.Errorf("writing OpenVEX: %w", err)
	}
	d := openDoc{Context: openVEX, ID: m.ID, Author: m.Author, Role: m.Role, Timestamp: stamp(m.At), Version: m.Version}
	if u, err := url.Parse(m.ID); err != nil || u.Scheme == "" || u.Host == "" && u.Opaque == "" {
		d.ID = strings.TrimSuffix(m.Namespace, "/") + "/vex/" + url.PathEscape(m.ID)
	}
	if m.TLP != "" && m.TLP != "CLEAR" {
		d.Role += rolesLabel + m.TLP + ")"
	}
	for _, s := range statements {
		w := openStatement{Status: s.Status, Notes: s.Notes, Justification: s.Justification, Impact: s.Impact, Action: s.Action}
		w.Vulnerability.Name, w.Vulnerability.Aliases = s.Vulnerability, s.Aliases
		if !s.At.IsZero() {
			w.Timestamp = stamp(s.At)
		}
		at := map[Product]int{}
		for _, p := range s.Products {
			part := p.Part
			p.Part = ""
			i, known := at[p]
			if !known {
				i = len(w.Products)
				at[p], w.Products = i, append(w.Products, openName(m.Namespace, p))
			}
			if part != "" {
				w.Products[i].Subcomponents = append(w.Products[i].Subcomponents, openPart(part))
			} else if known {
				return fmt.Errorf("writing OpenVEX: the statement on %s names a product twice, or both it and a part of it", s.Vulnerability)
			}
		}
		for _, p := range s.Products {
			part := p.Part
			p.Part = ""
			if part == "" && len(w.Products[at[p]].Subcomponents) > 0 {
				return fmt.Errorf("writing OpenVEX: the statement on %s names both a product and a part of it", s.Vulnerability)
			}
		}
		d.Statements = append(d.Statements, w)
	}
	text, err := json.Marshal(d, jsontext.WithIndent("  "), json.Deterministic(true))
	if err != nil {
		return fmt.Errorf("writing OpenVEX: %w", err)
	}
	if _, err := out.Write(append(text, '\n')); err != nil {
		return fmt.Errorf("writing OpenVEX: %w", err)
	}
	return nil
}

// rolesLabel stands between a role and a label.
const rolesLabel = " (TLP:"

func known(label string) bool {
	for _, l := range labels[1:] {
		if l == label {
			return true
		}
	}
	return false
}

func openName(namespace string, p Product) openProduct {
	w := openProduct{ID: p.ID, Identifiers: identifiers(p.PURL, p.CPE)}
	if w.ID == "" {
		w.ID = names(namespace, p)
	}
	return w
}

func openPart(part string) openProduct {
	switch {
	case strings.HasPrefix(part, "pkg:"):
		return openProduct{Identifiers: identifiers(part, "")}
	case strings.HasPrefix(part, "cpe:"):
		return openProduct{Identifiers: identifiers("", part)}
	}
	return openProduct{ID: part}
}

func identifiers(purl, cpe string) *openIdentifiers {
	if purl == "" && cpe == "" {
		return nil
	}
	x := &openIdentifiers{PURL: purl}
	if strings.HasPrefix(cpe, "cpe:/") {
		x.CPE22 = cpe
	} else {
		x.CPE23 = cpe
	}
	return x
}

// nameFragment marks an IRI that holds a product's names.
const nameFragment = "#product:"

// names writes what has no other place in OpenVEX as an IRI of the namespace.
func names(namespace string, p Product) string {
	q := url.Values{}
	for _, x := range []struct{ key, value string }{{"ref", p.Ref}, {"vendor", p.Vendor}, {"name", p.Name}, {"version", p.Version}} {
		if x.value != "" {
			q.Set(x.key, x.value)
		}
	}
	if len(q) == 0 {
		return ""
	}
	return strings.TrimSuffix(namespace, "/") + "/" + nameFragment + q.Encode()
}

// readNames reads such an IRI.
func readNames(id string) (Product, bool) {
	_, text, ok := strings.Cut(id, nameFragment)
	if !ok {
		return Product{}, false
	}
	q, err := url.ParseQuery(text)
	if err != nil {
		return Product{}, false
	}
	for key, values := range q {
		if !strings.Contains(" ref vendor name version ", " "+key+" ") || len(values) != 1 || values[0] == "" {
			return Product{}, false
		}
	}
	p := Product{Ref: q.Get("ref"), Vendor: q.Get("vendor"), Name: q.Get("name"), Version: q.Get("version")}
	return p, p.Ref+p.Name != "" || len(q) > 0
}
