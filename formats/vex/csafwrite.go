package vex

import (
	"cmp"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// The shape of a CSAF 2.0 document of the profile csaf_vex (CSAF 2.0 §4.5), as
// far as it is written.
type csafDoc struct {
	Document struct {
		Category     string `json:"category"`
		Version      string `json:"csaf_version"`
		Distribution *struct {
			TLP struct {
				Label string `json:"label"`
				URL   string `json:"url,omitzero"`
			} `json:"tlp"`
		} `json:"distribution,omitzero"`
		Publisher struct {
			Category  string `json:"category"`
			Name      string `json:"name"`
			Namespace string `json:"namespace"`
		} `json:"publisher"`
		Title    string `json:"title"`
		Tracking struct {
			Current string         `json:"current_release_date"`
			ID      string         `json:"id"`
			Initial string         `json:"initial_release_date"`
			History []csafRevision `json:"revision_history"`
			Status  string         `json:"status"`
			Version string         `json:"version"`
		} `json:"tracking"`
	} `json:"document"`
	Tree  csafTree   `json:"product_tree"`
	Vulns []csafVuln `json:"vulnerabilities"`
}

type csafRevision struct {
	Date    string `json:"date"`
	Number  string `json:"number"`
	Summary string `json:"summary"`
}

type csafTree struct {
	Branches      []*csafBranch  `json:"branches,omitzero"`
	Names         []csafProduct  `json:"full_product_names,omitzero"`
	Relationships []csafRelation `json:"relationships,omitzero"`
}

type csafBranch struct {
	Branches []*csafBranch `json:"branches,omitzero"`
	Category string        `json:"category"`
	Name     string        `json:"name"`
	Product  *csafProduct  `json:"product,omitzero"`
}

type csafProduct struct {
	Name   string      `json:"name"`
	ID     string      `json:"product_id"`
	Helper *csafHelper `json:"product_identification_helper,omitzero"`
}

type csafHelper struct {
	CPE  string    `json:"cpe,omitzero"`
	PURL string    `json:"purl,omitzero"`
	URIs []csafURI `json:"x_generic_uris,omitzero"`
}

type csafURI struct {
	Namespace string `json:"namespace"`
	URI       string `json:"uri"`
}

type csafRelation struct {
	Category string      `json:"category"`
	Product  csafProduct `json:"full_product_name"`
	Of       string      `json:"product_reference"`
	On       string      `json:"relates_to_product_reference"`
}

type csafVuln struct {
	CVE          string              `json:"cve,omitzero"`
	Flags        []csafFlag          `json:"flags,omitzero"`
	IDs          []csafID            `json:"ids,omitzero"`
	Notes        []csafNote          `json:"notes,omitzero"`
	Status       map[string][]string `json:"product_status"`
	Remediations []csafText          `json:"remediations,omitzero"`
	Threats      []csafText          `json:"threats,omitzero"`
}

type csafFlag struct {
	Date     string   `json:"date,omitzero"`
	Groups   []string `json:"group_ids,omitzero"`
	Label    string   `json:"label"`
	Products []string `json:"product_ids,omitzero"`
}

type csafID struct {
	System string `json:"system_name"`
	Text   string `json:"text"`
}

type csafNote struct {
	Category string `json:"category"`
	Text     string `json:"text"`
	Title    string `json:"title,omitzero"`
}

type csafText struct {
	Category string   `json:"category"`
	Date     string   `json:"date,omitzero"`
	Details  string   `json:"details"`
	Groups   []string `json:"group_ids,omitzero"`
	Products []string `json:"product_ids,omitzero"`
}

// groups are CSAF's names of the statuses.
var groups = map[string]string{
	Affected: "known_affected", NotAffected: "known_not_affected", Fixed: "fixed", Investigating: "under_investigation",
}

// csafLabels are the labels that CSAF 2.0 has. It has none for AMBER+STRICT.
var csafLabels = map[string]string{"CLEAR": "WHITE", "GREEN": "GREEN", "AMBER": "AMBER", "RED": "RED"}

var (
	cvePattern   = regexp.MustCompile(`^CVE-[0-9]{4}-[0-9]{4,}$`)
	rangePattern = regexp.MustCompile(`(?i)[<>|*]|\b(after|all|before|earlier|later|prior|versions?)\b`)
)

// WriteCSAF writes statements as a CSAF 2.0 document of the profile csaf_vex.
// Statements on one vulnerability are together; of one product there can be one.
// A document for AMBER+STRICT cannot be written, as CSAF 2.0 has no such label
// and no laxer one may stand for it: label it RED.
func WriteCSAF(out io.Writer, m Meta, statements []Statement) error {
	d, err := makeCSAF(m, statements)
	if err != nil {
		return fmt.Errorf("writing CSAF: %w", err)
	}
	text, err := json.Marshal(d, jsontext.WithIndent("  "), json.Deterministic(true))
	if err != nil {
		return fmt.Errorf("writing CSAF: %w", err)
	}
	if _, err := out.Write(append(text, '\n')); err != nil {
		return fmt.Errorf("writing CSAF: %w", err)
	}
	return nil
}

func makeCSAF(m Meta, statements []Statement) (*csafDoc, error) {
	if err := checkAll(m, statements); err != nil {
		return nil, err
	}
	d := &csafDoc{}
	w := &d.Document
	w.Category, w.Version, w.Title = "csaf_vex", "2.0", "Vulnerability statements "+m.ID
	if m.TLP != "" {
		label, ok := csafLabels[m.TLP]
		if !ok {
			return nil, fmt.Errorf("CSAF 2.0 cannot say TLP:%s, and a laxer label may not stand for it; label the document RED to write it", m.TLP)
		}
		w.Distribution = new(struct {
			TLP struct {
				Label string `json:"label"`
				URL   string `json:"url,omitzero"`
			} `json:"tlp"`
		})
		w.Distribution.TLP.Label = label
	}
	w.Publisher.Name, w.Publisher.Namespace, w.Publisher.Category = m.Author, m.Namespace, "other"
	if role := strings.ToLower(strings.TrimSpace(m.Role)); slices.Contains([]string{"coordinator", "discoverer", "translator", "user", "vendor"}, role) {
		w.Publisher.Category = role
	}
	t := &w.Tracking
	t.ID, t.Status, t.Version, t.Current, t.Initial = m.ID, "final", strconv.Itoa(m.Version), stamp(m.At), stamp(m.At)
	for v := 1; v <= m.Version; v++ {
		r := csafRevision{Date: stamp(m.At), Number: strconv.Itoa(v), Summary: "Version " + strconv.Itoa(v)}
		if v <= len(m.History) {
			if when := m.History[v-1]; when.IsZero() || when.After(m.At) || v > 1 && when.Before(m.History[v-2]) {
				return nil, fmt.Errorf("the times of the document's versions do not follow each other")
			}
			r.Date = stamp(m.History[v-1])
		}
		t.History = append(t.History, r)
	}
	t.Initial = t.History[0].Date

	x := csafWriter{meta: m, doc: d, ids: map[Product]string{}, taken: map[string]bool{}, at: map[string]int{}}
	for _, s := range statements {
		for _, p := range s.Products {
			if p.Ref != "" && p.Part == "" {
				x.taken[p.Ref] = true
			}
		}
	}
	for i := range statements {
		if err := x.statement(&statements[i]); err != nil {
			return nil, err
		}
	}
	return d, nil
}

type csafWriter struct {
	meta  Meta
	doc   *csafDoc
	ids   map[Product]string
	given map[string]Product // whose a product_id is
	taken map[string]bool    // ids that products ask for
	at    map[string]int     // of vulnerabilities
	n     int                // ids made
}

func (x *csafWriter) statement(s *Statement) error {
	var ids []string
	for _, p := range s.Products {
		id, err := x.product(p)
		if err != nil {
			return err
		}
		ids = append(ids, id)
	}
	v := x.vulnerability(s)
	for group, have := range v.Status {
		for _, id := range ids {
			if slices.Contains(have, id) {
				return fmt.Errorf("there are two statements on %s of the product %s (%s and %s); CSAF allows one", s.Vulnerability, id, group, groups[s.Status])
			}
		}
	}
	if sorted := slices.Sorted(slices.Values(ids)); len(slices.Compact(sorted)) != len(ids) {
		return fmt.Errorf("a statement on %s names a product twice", s.Vulnerability)
	}
	v.Status[groups[s.Status]] = append(v.Status[groups[s.Status]], ids...)

	at := s.At
	date := ""
	if !at.IsZero() {
		date = stamp(at)
	}
	dated := at.IsZero() || at.Equal(x.meta.At)
	if s.Justification != "" {
		v.Flags = append(v.Flags, csafFlag{Label: s.Justification, Date: date, Products: ids})
		dated = true
	}
	if s.Impact != "" {
		v.Threats = append(v.Threats, csafText{Category: "impact", Date: date, Details: s.Impact, Products: ids})
		dated = true
	}
	if s.Action != "" {
		v.Remediations = append(v.Remediations, csafText{Category: "mitigation", Date: date, Details: s.Action, Products: ids})
		dated = true
	}
	if s.Notes != "" || !dated {
		if at.IsZero() {
			at = x.meta.At
		}
		v.Notes = append(v.Notes, csafNote{Category: "details", Title: noteTitle(at, ids), Text: cmp.Or(s.Notes, noNotes)})
	}
	return nil
}

// A note about some products, which CSAF has no member for, says in its title
// since when and which.
const (
	noteBegin = "Statement of "
	noteOn    = " on "
	noNotes   = "There are no notes."
)

func noteTitle(at time.Time, ids []string) string {
	quoted := make([]string, len(ids))
	for i, id := range ids {
		quoted[i] = strconv.Quote(id)
	}
	return noteBegin + stamp(at) + noteOn + strings.Join(quoted, " ")
}

func readNoteTitle(title string) (at time.Time, ids []string, ok bool) {
	rest, ok := strings.CutPrefix(title, noteBegin)
	if !ok {
		return at, nil, false
	}
	when, rest, ok := strings.Cut(rest, noteOn)
	at, err := time.Parse(time.RFC3339Nano, when)
	if !ok || err != nil {
		return at, nil, false
	}
	for rest != "" {
		quoted, err := strconv.QuotedPrefix(rest)
		if err != nil {
			return at, nil, false
		}
		id, err := strconv.Unquote(quoted)
		if err != nil {
			return at, nil, false
		}
		ids, rest = append(ids, id), strings.TrimPrefix(rest[len(quoted):], " ")
	}
	return at.UTC(), ids, len(ids) > 0
}

// vulnerability finds or makes the entry of a statement's vulnerability.
func (x *csafWriter) vulnerability(s *Statement) *csafVuln {
	i, known := x.at[s.Vulnerability]
	if !known {
		i = len(x.doc.Vulns)
		x.at[s.Vulnerability] = i
		v := csafVuln{Status: map[string][]string{}, Notes: []csafNote{{Category: "general", Text: "Statements of " + x.meta.Author + " on " + s.Vulnerability + "."}}}
		if cvePattern.MatchString(s.Vulnerability) {
			v.CVE = s.Vulnerability
		} else {
			v.IDs = append(v.IDs, csafID{system(s.Vulnerability), s.Vulnerability})
		}
		x.doc.Vulns = append(x.doc.Vulns, v)
	}
	v := &x.doc.Vulns[i]
	for _, alias := range s.Aliases {
		if id := (csafID{system(alias), alias}); alias != s.Vulnerability && !slices.Contains(v.IDs, id) {
			v.IDs = append(v.IDs, id)
		}
	}
	return v
}

// system names the kind of an id by what it begins with.
func system(id string) string {
	if prefix, _, ok := strings.Cut(id, "-"); ok && prefix != "" {
		return prefix
	}
	return "id"
}

// product gives the id of a product in the tree, to which it is added.
func (x *csafWriter) product(p Product) (string, error) {
	if id, known := x.ids[p]; known {
		return id, nil
	}
	if p.Part != "" {
		return x.part(p)
	}
	id := p.Ref
	if id == "" {
		id = x.next()
	}
	if _, twice := x.given[id]; twice {
		return "", fmt.Errorf("two products have the reference %s", id)
	}
	x.give(p, id)
	leaf := csafProduct{ID: id, Helper: x.helper(p)}
	type level struct{ category, name string }
	var levels []level
	for _, l := range []level{{"vendor", p.Vendor}, {"product_name", p.Name}, {"product_version", p.Version}} {
		if l.name != "" {
			levels = append(levels, l)
			leaf.Name += " " + l.name
		}
	}
	leaf.Name = strings.TrimSpace(leaf.Name)
	t := &x.doc.Tree
	if len(levels) == 0 {
		leaf.Name = cmp.Or(p.PURL, p.CPE, p.ID, id)
		t.Names = append(t.Names, leaf)
		return id, nil
	}
	list := &t.Branches
	for i, l := range levels {
		if l.category == "product_version" && rangePattern.MatchString(l.name) {
			l.category = "product_version_range" // test 6.1.31
		}
		last := i == len(levels)-1
		// A branch holds branches or a product, never both.
		at := slices.IndexFunc(*list, func(b *csafBranch) bool {
			return !last && b.Category == l.category && b.Name == l.name && b.Product == nil
		})
		if at < 0 {
			at = len(*list)
			*list = append(*list, &csafBranch{Category: l.category, Name: l.name})
		}
		b := (*list)[at]
		if last {
			b.Product = &leaf
		}
		list = &b.Branches
	}
	return id, nil
}

// part adds a part of a product, related to it.
func (x *csafWriter) part(p Product) (string, error) {
	whole := p
	whole.Part = ""
	on, err := x.product(whole)
	if err != nil {
		return "", err
	}
	part := Product{ID: p.Part}
	switch {
	case strings.HasPrefix(p.Part, "pkg:"):
		part = Product{PURL: p.Part}
	case strings.HasPrefix(p.Part, "cpe:"):
		part = Product{CPE: p.Part}
	}
	of, err := x.product(part)
	if err != nil {
		return "", err
	}
	id := x.next()
	x.give(p, id)
	x.doc.Tree.Relationships = append(x.doc.Tree.Relationships, csafRelation{
		Category: "default_component_of", Product: csafProduct{ID: id, Name: p.Part + " as a component of " + on}, Of: of, On: on,
	})
	return id, nil
}

// next makes an id that no product asks for.
func (x *csafWriter) next() string {
	for {
		x.n++
		if id := fmt.Sprintf("CSAFPID-%04d", x.n); !x.taken[id] {
			return id
		}
	}
}

func (x *csafWriter) give(p Product, id string) {
	if x.given == nil {
		x.given = map[string]Product{}
	}
	x.ids[p], x.given[id] = id, p
}

func (x *csafWriter) helper(p Product) *csafHelper {
	if p.CPE == "" && p.PURL == "" && p.ID == "" {
		return nil
	}
	h := &csafHelper{CPE: p.CPE, PURL: p.PURL}
	if p.ID != "" {
		h.URIs = []csafURI{{Namespace: "https://openvex.dev/ns", URI: p.ID}}
	}
	return h
}
