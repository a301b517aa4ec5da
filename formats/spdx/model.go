package spdx

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/formats/sbom"
	"github.com/cordon-isao/cordon/formats/sbom/scan"
)

const (
	maxLicenses    = 20
	maxCPEs        = 64
	maxHashes      = 64
	maxDescription = 4096
	maxPeople      = 1000
	maxPending     = 200_000 // relationships that wait for their packages
	maxSuppliers   = 100_000 // packages of which the supplier is remembered
)

// Read reads a document from r, which is [sbom.JSON] or [sbom.TagValue], and
// gives what it finds to sink. The document is complete only if there is no
// error. What was given before an error is to be thrown away.
func Read(r io.Reader, encoding string, sink sbom.Sink, lim sbom.Limits) (sbom.Document, error) {
	lim = lim.Filled()
	c := core{sink: sink, lim: lim, doc: sbom.Document{Format: sbom.SPDX, Encoding: encoding}}
	switch encoding {
	case sbom.JSON:
		return readJSON(r, c)
	case sbom.TagValue:
		return readTags(r, c)
	}
	return sbom.Document{}, fmt.Errorf("SPDX is read as JSON or tag-value, not as %s", scan.Quote(encoding))
}

// core is what the readers share: the checks and the sink.
type core struct {
	sink      sbom.Sink
	lim       sbom.Limits
	doc       sbom.Document
	refs      scan.Set // of packages
	described []string // by the document
	document  string   // its identifier
	pending   []edge
	suppliers map[[16]byte]string // by identifier: the root is known at the end only
	fail      func(format string, args ...any) error
}

type edge struct{ from, to string }

// said is s unless it says nothing.
func said(s string) string {
	switch s = strings.TrimSpace(s); s {
	case "NOASSERTION", "NONE":
		return ""
	}
	return s
}

// who is the name in "Organization: Acme (mail)", or all of s if it has not
// that form. tool says that it is one.
func who(s string) (name string, tool bool) {
	s = said(s)
	for _, kind := range []string{"Organization:", "Person:", "Tool:"} {
		if rest, ok := strings.CutPrefix(s, kind); ok {
			s, tool = strings.TrimSpace(rest), kind == "Tool:"
		}
	}
	if i := strings.LastIndexByte(s, '('); i > 0 && strings.HasSuffix(s, ")") && (i+2 == len(s) || strings.Contains(s[i:], "@")) {
		s = strings.TrimSpace(s[:i])
	}
	return said(s), tool
}

// pkg is a package while it is read.
type pkg struct {
	sbom.Component
	originator, summary string
	concluded, declared string
	notes               []string // annotations and comments
	validUntil          string
	levels              []string // SPDX 3: support levels
	suppliedBy          []string // SPDX 3: identifiers of agents, as the next
	originatedBy        []string
}

func (r *core) setVersion(s string) error {
	spec, ok := strings.CutPrefix(s, "SPDX-")
	if !ok || !slices.Contains([]string{"2.0", "2.1", "2.2", "2.3"}, spec) {
		return r.fail("%s is no version of SPDX that is read; SPDX-2.0 to SPDX-2.3 are, and SPDX 3 as JSON-LD", scan.Quote(s))
	}
	r.doc.Spec = spec
	return nil
}

func (r *core) setCreated(s string) error {
	t, err := time.Parse(time.RFC3339, strings.TrimSpace(s))
	if err != nil {
		return r.fail("%s is no date and time as in 2026-01-31T12:00:00Z", scan.Quote(s))
	}
	r.doc.Created = t.UTC()
	return nil
}

func (r *core) addCreator(s string) error {
	name, tool := who(s)
	switch {
	case name == "":
	case len(r.doc.Authors)+len(r.doc.Tools) >= maxPeople:
		return r.fail("there are more than %d creators", maxPeople)
	case tool:
		r.doc.Tools = append(r.doc.Tools, name)
	default:
		r.doc.Authors = append(r.doc.Authors, name)
	}
	return nil
}

// algorithm spells the name of a hash function as CycloneDX does.
func algorithm(s string) string {
	s = strings.ToUpper(strings.TrimPrefix(s, "checksumAlgorithm_"))
	s = strings.NewReplacer("-", "", "_", "").Replace(s)
	switch {
	case strings.HasPrefix(s, "SHA3") && len(s) == 7:
		return "SHA3-" + s[4:]
	case s == "SHA384", s == "SHA3":
		return "SHA-" + s[3:]
	case strings.HasPrefix(s, "SHA"):
		return "SHA-" + s[3:]
	case strings.HasPrefix(s, "BLAKE2B"):
		return "BLAKE2b-" + s[7:]
	}
	return s
}

// lengths are how many hexadecimal digits a digest has.
var lengths = map[string]int{
	"MD5": 32, "SHA-1": 40, "SHA-224": 56, "SHA-256": 64, "SHA-384": 96, "SHA-512": 128,
	"SHA3-256": 64, "SHA3-384": 96, "SHA3-512": 128, "BLAKE2b-256": 64, "BLAKE2b-384": 96, "BLAKE2b-512": 128,
}

func (r *core) addHash(p *pkg, alg, value string) error {
	alg, value = algorithm(alg), strings.ToLower(strings.TrimSpace(value))
	switch want := lengths[alg]; {
	case alg == "" || said(value) == "":
		return nil
	case strings.Trim(value, "0123456789abcdef") != "" || want > 0 && len(value) != want:
		return r.fail("%s is no %s of the package %s", scan.Quote(value), alg, scan.Quote(p.Name))
	case len(p.Hashes) >= maxHashes:
		return r.fail("the package %s has more than %d checksums", scan.Quote(p.Name), maxHashes)
	}
	p.Hashes = append(p.Hashes, sbom.Hash{Algorithm: alg, Value: value})
	return nil
}

// addReference takes an external reference if it is a purl or a CPE.
func (p *pkg) addReference(kind, locator string) {
	if i := strings.LastIndexByte(kind, '/'); i >= 0 { // some write the whole IRI
		kind = kind[i+1:]
	}
	locator = said(locator)
	switch {
	case locator == "":
	case kind == "purl", kind == "packageUrl", kind == "packageURL":
		if p.PURL == "" && sbom.IsPURL(locator) { // some write a web address
			p.PURL = locator
		}
	case kind == "cpe23Type", kind == "cpe22Type", kind == "cpe23", kind == "cpe22":
		if len(p.CPE) < maxCPEs && !slices.Contains(p.CPE, locator) {
			p.CPE = append(p.CPE, locator)
		}
	}
}

func (p *pkg) addLicense(s string) {
	if s = said(s); s != "" && len(p.Licenses) < maxLicenses && !slices.Contains(p.Licenses, s) {
		p.Licenses = append(p.Licenses, s)
	}
}

// purpose spells a primary purpose as CycloneDX spells types.
func purpose(s string) string {
	switch s = strings.ToLower(strings.ReplaceAll(s, "_", "-")); s {
	case "operatingsystem":
		return "operating-system"
	case "devicedriver":
		return "device-driver"
	case "model":
		return "machine-learning-model"
	}
	return s
}

// finish checks p and gives it to the sink.
func (r *core) finish(p *pkg) error {
	switch {
	case p.Name == "":
		return r.fail("a package has no name")
	case p.Ref == "":
		return r.fail("the package %s has no SPDX identifier", scan.Quote(p.Name))
	case !r.refs.Add(p.Ref):
		return r.fail("the identifier %s is given twice", scan.Quote(p.Ref))
	}
	if p.Supplier == "" {
		p.Supplier = p.originator
	}
	if p.Description == "" {
		p.Description = p.summary
	}
	p.addLicense(p.concluded)
	p.addLicense(p.declared)
	for _, note := range p.notes {
		p.PropertiesIn(note)
	}
	if date := sbom.Date(p.validUntil); date != "" {
		p.EndOfSupport = date
	}
	r.doc.Components++
	if r.doc.Components > r.lim.Components {
		return r.fail("there are more than %d packages", r.lim.Components)
	}
	if err := r.sink.Component(p.Component); err != nil {
		return fmt.Errorf("taking the package %s: %w", scan.Quote(p.Name), err)
	}
	if p.Supplier != "" && len(r.suppliers) < maxSuppliers {
		if r.suppliers == nil {
			r.suppliers = map[[16]byte]string{}
		}
		r.suppliers[scan.Key(p.Ref)] = p.Supplier
	}
	return nil
}

// forward are the relationships in which the first needs or contains the
// second; backward those in which the second does.
var forward = map[string]bool{
	"DEPENDS_ON": true, "CONTAINS": true, "HAS_PREREQUISITE": true, "STATIC_LINK": true, "DYNAMIC_LINK": true,
}

var backward = map[string]bool{
	"DEPENDENCY_OF": true, "BUILD_DEPENDENCY_OF": true, "DEV_DEPENDENCY_OF": true, "OPTIONAL_DEPENDENCY_OF": true,
	"PROVIDED_DEPENDENCY_OF": true, "RUNTIME_DEPENDENCY_OF": true, "TEST_DEPENDENCY_OF": true, "CONTAINED_BY": true,
	"PREREQUISITE_FOR": true, "PACKAGE_OF": true, "OPTIONAL_COMPONENT_OF": true,
}

// relationship takes one of SPDX 2.
func (r *core) relationship(from, kind, to string) error {
	switch kind = strings.ToUpper(kind); {
	case from == "" || to == "" || kind == "":
		return r.fail("a relationship lacks its type or one of its ends")
	case kind == "DESCRIBES", kind == "DESCRIBE":
		r.describe(from, to)
	case kind == "DESCRIBED_BY":
		r.describe(to, from)
	case forward[kind]:
		return r.edge(from, to)
	case backward[kind]:
		return r.edge(to, from)
	}
	return nil
}

// describe notes what the document describes. Of so many things none is the
// root.
func (r *core) describe(by, ref string) {
	if by == r.document && len(r.described) <= maxPeople && !slices.Contains(r.described, ref) {
		r.described = append(r.described, ref)
	}
}

// edge gives an edge between packages, now if both are known, else at the end
// if they are by then.
func (r *core) edge(from, to string) error {
	if said(from) == "" || said(to) == "" || from == r.document {
		return nil
	}
	if !r.refs.Has(from) || !r.refs.Has(to) {
		if len(r.pending) < maxPending {
			r.pending = append(r.pending, edge{from, to})
			return nil
		}
		// What comes after cannot wait: it may name what is no package.
	}
	return r.depends(from, to)
}

func (r *core) depends(from, to string) error {
	r.doc.Edges++
	if r.doc.Edges > r.lim.Edges {
		return r.fail("there are more than %d relationships", r.lim.Edges)
	}
	if err := r.sink.Depends(from, []string{to}); err != nil {
		return fmt.Errorf("taking the relationships of %s: %w", scan.Quote(from), err)
	}
	return nil
}

// end gives the edges that waited and settles the root.
func (r *core) end() error {
	for _, e := range r.pending {
		if r.refs.Has(e.from) && r.refs.Has(e.to) {
			if err := r.depends(e.from, e.to); err != nil {
				return err
			}
		}
	}
	r.pending = nil
	packages := 0
	for _, ref := range r.described {
		if r.refs.Has(ref) {
			r.doc.Root = ref
			packages++
		}
	}
	if packages != 1 || len(r.described) > maxPeople {
		r.doc.Root = ""
	}
	r.doc.Supplier = r.suppliers[scan.Key(r.doc.Root)]
	return nil
}
