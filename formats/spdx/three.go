package spdx

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/formats/sbom"
	"github.com/cordon-isao/cordon/formats/sbom/scan"
	"github.com/cordon-isao/cordon/formats/vex"
)

// graph reads the @graph of SPDX 3 and resolves it at the end.
type graph struct {
	r        *jsonReader
	packages []packed
	names    map[string]string // agents, tools, licences, vulnerabilities: identifier → name
	infos    map[string]*info  // creation infos
	roots    map[string][]string
	document *info // the SpdxDocument

	edges    []edge // from contains or needs to
	concl    []edge // concluded and declared licences
	decl     []edge
	descr    []edge
	vex      []assessment
	counted  int // relationships
	vulnIDs  map[string][]string
	docName  string
	docID    string
	sbomName string
}

type info struct {
	spec         string
	created      time.Time
	by, using    []string
	creationInfo string
}

// assessment is a VEX relationship.
type assessment struct {
	from                                         string
	to                                           []string
	status, justification, impact, action, notes string
	at                                           time.Time
	by, creationInfo                             string
}

func newGraph(r *jsonReader) *graph {
	return &graph{r: r, names: map[string]string{}, infos: map[string]*info{}, roots: map[string][]string{}, vulnIDs: map[string][]string{}}
}

// element is what one member of the graph may have: SPDX 3 has no name twice
// with two meanings, so one reader does for all types.
type element struct {
	pkg
	kind, id, creationInfo, spec, license string
	created                               string
	createdBy, createdUsing, roots        []string
	from, relation                        string
	to                                    []string
	ids                                   []identifier
	a                                     assessment
	published, supplied                   string
}

type identifier struct{ kind, value string }

func (g *graph) element() error {
	r := g.r
	if r.Kind() != '{' {
		return r.fail("an element of the graph is no object")
	}
	e := &element{}
	if err := r.Object(func(name string) error { return g.member(e, name) }); err != nil {
		return err
	}
	if e.kind == "" {
		return r.fail("an element has no type")
	}
	return g.take(e)
}

// take files e by its type.
func (g *graph) take(e *element) error {
	r := g.r
	kind := e.kind[strings.LastIndexAny(e.kind, "_/:#")+1:]
	switch {
	case kind == "CreationInfo":
		i := &info{spec: e.spec, by: e.createdBy, using: e.createdUsing}
		if e.created != "" {
			t, err := time.Parse(time.RFC3339, e.created)
			if err != nil {
				return r.fail("%s is no date and time as in 2026-01-31T12:00:00Z", scan.Quote(e.created))
			}
			i.created = t.UTC()
		}
		if len(g.infos) >= maxPeople {
			return nil
		}
		g.infos[e.id] = i
	case kind == "SpdxDocument", kind == "Sbom", kind == "Bom":
		if len(g.roots) < maxPeople {
			g.roots[e.id] = e.roots
		}
		if kind == "SpdxDocument" {
			if g.document != nil {
				return r.fail("there is more than one SpdxDocument")
			}
			g.document, g.docID, g.docName = &info{creationInfo: e.creationInfo}, e.id, e.Name
		} else if g.sbomName == "" {
			g.sbomName = e.Name
			if g.docID == "" {
				r.doc.Serial = e.id
			}
		}
	case kind == "Package", kind == "AIPackage", kind == "DatasetPackage":
		if len(g.packages) >= r.lim.Components {
			return r.fail("there are more than %d packages", r.lim.Components)
		}
		p := e.pkg
		p.Ref = e.id
		if p.Type == "" {
			p.Type = map[string]string{"AIPackage": "machine-learning-model", "DatasetPackage": "data"}[kind]
		}
		if !sbom.IsPURL(p.PURL) {
			p.PURL = ""
		}
		if e.supplied != "" {
			p.suppliedBy = []string{e.supplied}
		}
		for _, id := range e.ids {
			p.addReference(id.kind, id.value)
		}
		if p.Name == "" {
			return r.fail("a package has no name")
		}
		if p.Ref == "" {
			return r.fail("the package %s has no spdxId", scan.Quote(p.Name))
		}
		g.packages = append(g.packages, p.pack())
	case kind == "Person", kind == "Organization", kind == "Tool", kind == "SoftwareAgent", kind == "Agent":
		g.name(e.id, e.Name)
	case strings.HasSuffix(kind, "License"), strings.HasSuffix(kind, "LicenseExpression"), strings.HasSuffix(kind, "LicenseAddition"):
		if e.license == "" {
			e.license = e.Name
		}
		g.name(e.id, e.license)
	case kind == "Vulnerability":
		ids := []string{}
		for _, id := range e.ids {
			if id.kind == "cve" || id.kind == "securityOther" {
				ids = append(ids, id.value)
			}
		}
		if e.Name != "" {
			ids = append(ids, e.Name)
		}
		if len(g.vulnIDs) < r.lim.Components {
			g.vulnIDs[e.id] = ids
		}
	case strings.HasSuffix(kind, "Relationship"):
		return g.relationship(e, kind)
	}
	return nil
}

// name remembers what an identifier stands for. Real documents give identifiers
// of other elements than packages twice: the first stays.
func (g *graph) name(id, name string) {
	if id != "" && name != "" && g.names[id] == "" && len(g.names) < g.r.lim.Components {
		g.names[id] = name
	}
}

// forward3 are SPDX 3's relationships in which from needs or contains to.
var forward3 = map[string]bool{
	"dependsOn": true, "contains": true, "hasDynamicLink": true, "hasStaticLink": true, "hasOptionalComponent": true,
	"hasOptionalDependency": true, "hasPrerequisite": true, "hasProvidedDependency": true,
}

var vexRelations = map[string]string{
	"affects": vex.Affected, "fixedIn": vex.Fixed, "doesNotAffect": vex.NotAffected, "underInvestigationFor": vex.Investigating,
}

func (g *graph) relationship(e *element, kind string) error {
	r := g.r
	if e.from == "" || e.relation == "" {
		return r.fail("a relationship lacks its from or its type")
	}
	if g.counted += len(e.to); g.counted > r.lim.Edges {
		return r.fail("there are more than %d relationships", r.lim.Edges)
	}
	into := &g.edges
	switch {
	case forward3[e.relation]:
	case e.relation == "describes":
		into = &g.descr
	case e.relation == "hasConcludedLicense":
		into = &g.concl
	case e.relation == "hasDeclaredLicense":
		into = &g.decl
	case strings.HasPrefix(kind, "Vex") && vexRelations[e.relation] != "":
		a := e.a
		a.from, a.to, a.status, a.by, a.creationInfo = e.from, e.to, vexRelations[e.relation], e.supplied, e.creationInfo
		if t, err := time.Parse(time.RFC3339, e.published); err == nil {
			a.at = t.UTC()
		}
		g.vex = append(g.vex, a)
		return nil
	default:
		return nil
	}
	for _, to := range e.to {
		*into = append(*into, edge{e.from, to})
	}
	return nil
}

func (g *graph) member(e *element, name string) (err error) {
	r := g.r
	switch name {
	case "type", "@type":
		return r.into(&e.kind)
	case "spdxId", "@id":
		return r.into(&e.id)
	case "name":
		return r.into(&e.Name)
	case "specVersion":
		if err := r.into(&e.spec); err != nil {
			return err
		}
		if !strings.HasPrefix(e.spec, "3.0") {
			return r.fail("SPDX %s is not read; 3.0 is", scan.Quote(e.spec))
		}
	case "created":
		return r.into(&e.created)
	case "createdBy":
		e.createdBy, err = g.refs()
	case "createdUsing":
		e.createdUsing, err = g.refs()
	case "creationInfo":
		e.creationInfo, err = g.ref()
	case "rootElement":
		e.roots, err = g.refs()
	case "description":
		e.Description, err = r.Text(maxDescription)
	case "summary":
		e.summary, err = r.Text(maxDescription)
	case "comment":
		return r.note(&e.pkg)
	case "software_packageVersion":
		return r.into(&e.Version)
	case "software_packageUrl":
		return r.into(&e.PURL)
	case "software_primaryPurpose":
		s, err := r.String()
		e.Type = purpose(s)
		return err
	case "suppliedBy":
		e.supplied, err = g.ref()
	case "originatedBy":
		e.originatedBy, err = g.refs()
	case "supportLevel":
		e.levels, err = r.Strings(20)
	case "validUntilTime":
		return r.into(&e.validUntil)
	case "verifiedUsing":
		return g.hashes(e)
	case "externalIdentifier":
		return g.identifiers(e)
	case "simplelicensing_licenseExpression":
		return r.into(&e.license)
	case "from":
		e.from, err = g.ref()
	case "to":
		e.to, err = g.refs()
	case "relationshipType":
		return r.into(&e.relation)
	case "security_justificationType":
		return r.into(&e.a.justification)
	case "security_impactStatement":
		e.a.impact, err = r.Text(r.lim.Text)
	case "security_actionStatement":
		e.a.action, err = r.Text(r.lim.Text)
	case "security_statusNotes":
		e.a.notes, err = r.Text(r.lim.Text)
	case "security_modifiedTime", "security_publishedTime":
		s, err := r.String()
		if s > e.published { // RFC 3339 in UTC sorts by time
			e.published = s
		}
		return err
	default:
		return r.Skip(name)
	}
	return err
}

// ref reads a reference: an identifier, or an object in place that has one.
func (g *graph) ref() (string, error) {
	r := g.r
	if r.Kind() != '{' {
		return r.String()
	}
	e := &element{}
	if err := r.Object(func(name string) error { return g.member(e, name) }); err != nil {
		return "", err
	}
	if e.kind == "" {
		return "", r.fail("an element has no type")
	}
	if e.id == "" {
		e.id = fmt.Sprintf("_:in-place-%d", r.Offset())
	}
	return e.id, g.take(e)
}

func (g *graph) refs() ([]string, error) {
	if g.r.Kind() != '[' {
		s, err := g.ref()
		return []string{s}, err
	}
	var all []string
	err := g.r.Array(func(i int) error {
		if i >= g.r.lim.Edges {
			return g.r.fail("there are more than %d references", g.r.lim.Edges)
		}
		s, err := g.ref()
		all = append(all, s)
		return err
	})
	return all, err
}

func (g *graph) hashes(e *element) error {
	r := g.r
	return r.Array(func(int) error {
		if r.Kind() == '"' { // by reference to another element
			return r.Skip("")
		}
		var alg, value string
		err := r.Object(func(name string) error {
			switch name {
			case "algorithm":
				return r.into(&alg)
			case "hashValue":
				return r.into(&value)
			}
			return r.Skip(name)
		})
		if err != nil || value == "" {
			return err
		}
		return r.addHash(&e.pkg, alg, value)
	})
}

func (g *graph) identifiers(e *element) error {
	r := g.r
	return r.Array(func(i int) error {
		if r.Kind() == '"' || i >= 1000 {
			return r.Skip("")
		}
		var id identifier
		err := r.Object(func(name string) error {
			switch name {
			case "externalIdentifierType":
				return r.into(&id.kind)
			case "identifier":
				return r.into(&id.value)
			}
			return r.Skip(name)
		})
		e.ids = append(e.ids, id)
		return err
	})
}

// finish resolves the graph and gives it to the sink.
func (g *graph) finish() error {
	r := g.r
	if err := g.head(); err != nil {
		return err
	}
	concluded, declared := g.licenses(g.concl), g.licenses(g.decl)
	for i, waiting := range g.packages {
		g.packages[i] = nil
		p := waiting.unpack()
		for _, id := range p.suppliedBy {
			if p.Supplier == "" {
				p.Supplier = g.names[id]
			}
		}
		for _, id := range p.originatedBy {
			if p.originator == "" {
				p.originator = g.names[id]
			}
		}
		p.concluded, p.declared = concluded[p.Ref], declared[p.Ref]
		for _, level := range p.levels {
			if l := sbom.SupportLevel(level); l != "" {
				p.Support = l
			}
		}
		if err := r.core.finish(p); err != nil {
			return err
		}
	}
	g.packages = nil
	for _, e := range g.edges {
		if r.refs.Has(e.from) && r.refs.Has(e.to) {
			if err := r.depends(e.from, e.to); err != nil {
				return err
			}
		}
	}
	g.root()
	for _, a := range g.vex {
		if err := g.say(a); err != nil {
			return err
		}
	}
	return nil
}

// head settles version, time, authors and tools from the creation info of the
// document, else from the only one.
func (g *graph) head() error {
	r := g.r
	var i *info
	if g.document != nil {
		i = g.infos[g.document.creationInfo]
		r.doc.Serial = g.docID
	}
	for _, id := range sorted(g.infos) {
		if i == nil {
			i = g.infos[id]
		}
	}
	if i == nil || i.spec == "" {
		return errors.New("the graph has no CreationInfo with a specVersion: it does not say that it is SPDX 3")
	}
	r.doc.Spec, r.doc.Created = i.spec, i.created
	r.doc.Name = g.docName
	if r.doc.Name == "" {
		r.doc.Name = g.sbomName
	}
	for _, id := range i.by {
		if name := g.names[id]; name != "" && len(r.doc.Authors) < maxPeople {
			r.doc.Authors = append(r.doc.Authors, name)
		}
	}
	for _, id := range i.using {
		if name := g.names[id]; name != "" && len(r.doc.Tools) < maxPeople {
			r.doc.Tools = append(r.doc.Tools, name)
		}
	}
	return nil
}

// licenses are the expressions by package; one of SPDX's list by its IRI.
func (g *graph) licenses(edges []edge) map[string]string {
	m := map[string]string{}
	for _, e := range edges {
		name := g.names[e.to]
		if name == "" {
			if i := strings.LastIndex(e.to, "spdx.org/licenses/"); i >= 0 {
				name = e.to[i+len("spdx.org/licenses/"):]
			}
		}
		if m[e.from] == "" {
			m[e.from] = said(name)
		}
	}
	return m
}

// root follows what the document has for a root, through a bill of materials,
// to the only package.
func (g *graph) root() {
	r := g.r
	next := slices.Clone(g.roots[g.docID])
	if g.docID == "" {
		for _, id := range sorted(g.roots) {
			next = append(next, g.roots[id]...)
		}
	}
	for _, e := range g.descr {
		if _, ok := g.roots[e.from]; ok {
			next = append(next, e.to)
		}
	}
	var found []string
	seen := map[string]bool{}
	for len(next) > 0 {
		id := next[0]
		next = next[1:]
		if seen[id] {
			continue
		}
		seen[id] = true
		if r.refs.Has(id) {
			found = append(found, id)
		}
		next = append(next, g.roots[id]...)
	}
	if len(found) == 1 {
		r.doc.Root = found[0]
		r.doc.Supplier = r.suppliers[scan.Key(found[0])]
	}
}

// justifications3 are SPDX 3's, in CSAF's spelling.
var justifications3 = map[string]string{
	"componentNotPresent":                         "component_not_present",
	"vulnerableCodeNotPresent":                    "vulnerable_code_not_present",
	"vulnerableCodeCannotBeControlledByAdversary": "vulnerable_code_cannot_be_controlled_by_adversary",
	"vulnerableCodeNotInExecutePath":              "vulnerable_code_not_in_execute_path",
	"inlineMitigationsAlreadyExist":               "inline_mitigations_already_exist",
}

func (g *graph) say(a assessment) error {
	r := g.r
	ids := g.vulnIDs[a.from]
	if len(ids) == 0 {
		return &scan.Error{Reason: fmt.Sprintf("a VEX statement is about the vulnerability %s, which is not there or has no name", scan.Quote(a.from))}
	}
	st := vex.Statement{Vulnerability: ids[0], Status: a.status, Impact: a.impact, Action: a.action, Notes: a.notes, At: a.at, Author: g.names[a.by]}
	for _, id := range ids[1:] {
		if id != ids[0] && !slices.Contains(st.Aliases, id) {
			st.Aliases = append(st.Aliases, id)
		}
	}
	if a.justification != "" {
		st.Justification = justifications3[a.justification[strings.LastIndexAny(a.justification, "/:_")+1:]]
		if st.Justification == "" {
			return &scan.Error{Reason: fmt.Sprintf("%s is no VEX justification", scan.Quote(a.justification))}
		}
	}
	i := g.infos[a.creationInfo]
	if i != nil && st.At.IsZero() {
		st.At = i.created
	}
	if i != nil && st.Author == "" && len(i.by) > 0 {
		st.Author = g.names[i.by[0]]
	}
	for _, to := range a.to {
		st.Products = append(st.Products, vex.Product{Ref: to})
	}
	if len(st.Products) == 0 {
		return nil
	}
	r.doc.Statements++
	if err := r.sink.Statement(st); err != nil {
		return fmt.Errorf("taking what is said of %s: %w", scan.Quote(st.Vulnerability), err)
	}
	return nil
}

func sorted[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
