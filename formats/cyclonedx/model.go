package cyclonedx

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/formats/sbom"
	"github.com/cordon-isao/cordon/formats/sbom/scan"
	"github.com/cordon-isao/cordon/formats/vex"
)

// Specs are the versions of CycloneDX that are read.
func Specs() []string { return []string{"1.2", "1.3", "1.4", "1.5", "1.6", "1.7"} }

var types = []string{
	"application", "framework", "library", "container", "platform", "operating-system", "device", "device-driver",
	"firmware", "file", "machine-learning-model", "data", "cryptographic-asset",
}

var algorithms = []string{
	"MD5", "SHA-1", "SHA-256", "SHA-384", "SHA-512", "SHA3-256", "SHA3-384", "SHA3-512",
	"BLAKE2b-256", "BLAKE2b-384", "BLAKE2b-512", "BLAKE3", "Streebog-256", "Streebog-512",
}

const (
	maxLicenses    = 20
	maxCPEs        = 64
	maxHashes      = 64
	maxDescription = 4096
	maxPeople      = 1000    // authors, tools
	maxAffects     = 100_000 // products of a vulnerability
)

// core is what the readers of both encodings share: the checks and the sink.
type core struct {
	sink sbom.Sink
	lim  sbom.Limits
	doc  sbom.Document
	refs scan.Set

	// fail makes an error at the current place; at, at a path.
	fail func(format string, args ...any) error
}

// component is a component while it is read.
type component struct {
	sbom.Component
	path         string // its place in the document
	manufacturer string
	publisher    string
	author       string
	hasRange     bool // versionRange, 1.7
	external     bool // isExternal, 1.7
	expressions  int  // of licenses
	choices      int  // licences by id or name
	children     []string
}

// finish checks c, gives it to the sink and hangs its children from it.
func (r *core) finish(c *component) error {
	// One expression, or a list without: so until 1.6; in JSON, from 1.5.
	one := r.doc.Spec == "1.5" || r.doc.Spec == "1.6" || r.doc.Encoding == sbom.XML && r.doc.Spec < "1.7"
	switch {
	case c.Type == "":
		return r.fail("the component %s has no type", scan.Quote(c.Name))
	case c.Name == "":
		return r.fail("the component has no name")
	case c.hasRange && c.Version != "":
		return r.fail("the component %s has both a version and a version range", scan.Quote(c.Name))
	case c.hasRange && !c.external:
		return r.fail("the component %s has a version range, but is not external: what is built in has one version", scan.Quote(c.Name))
	case c.expressions > 0 && c.choices > 0 && one:
		return r.fail("the licenses of the component %s mix expressions with identifiers or names", scan.Quote(c.Name))
	case c.expressions > 1 && one:
		return r.fail("the component %s has several license expressions", scan.Quote(c.Name))
	}
	if !sbom.IsPURL(c.PURL) {
		c.PURL = ""
	}
	if c.Ref == "" {
		c.Ref = c.path
	}
	if !r.refs.Add(c.Ref) {
		return r.fail("the bom-ref %s is given twice", scan.Quote(c.Ref))
	}
	for _, supplier := range []string{c.manufacturer, c.publisher, c.author} {
		if c.Supplier == "" {
			c.Supplier = supplier
		}
	}
	r.doc.Components++
	if r.doc.Components > r.lim.Components {
		return r.fail("there are more than %d components", r.lim.Components)
	}
	if err := r.sink.Component(c.Component); err != nil {
		return fmt.Errorf("taking the component %s: %w", scan.Quote(c.Name), err)
	}
	return r.depends(c.Ref, c.children)
}

func (r *core) depends(from string, on []string) error {
	if len(on) == 0 {
		return nil
	}
	r.doc.Edges += len(on)
	if r.doc.Edges > r.lim.Edges {
		return r.fail("there are more than %d dependencies", r.lim.Edges)
	}
	if err := r.sink.Depends(from, on); err != nil {
		return fmt.Errorf("taking the dependencies of %s: %w", scan.Quote(from), err)
	}
	return nil
}

// dependOn adds ref to what from, if it is known, depends on. A long list goes
// to the sink in parts, so that it is not held.
func (r *core) dependOn(from string, on []string, ref string) ([]string, error) {
	if ref == "" {
		return nil, r.fail("%s depends on an empty ref", scan.Quote(from))
	}
	on = append(on, ref)
	switch {
	case r.doc.Edges+len(on) > r.lim.Edges:
		return nil, r.fail("there are more than %d dependencies", r.lim.Edges)
	case from == "" || len(on) < 10_000:
		return on, nil
	}
	return nil, r.depends(from, on)
}

func (r *core) setType(c *component, s string) error {
	if !slices.Contains(types, s) {
		return r.fail("%s is no type of component; there are %s", scan.Quote(s), strings.Join(types, ", "))
	}
	c.Type = types[slices.Index(types, s)]
	return nil
}

// setRef takes a bom-ref: of at least one character.
func (r *core) setRef(c *component, s string) error {
	if s == "" {
		return r.fail("the bom-ref is empty")
	}
	c.Ref = s
	return nil
}

func (r *core) addHash(c *component, alg, content string) error {
	i := slices.Index(algorithms, alg)
	if i < 0 {
		return r.fail("%s is no hash algorithm of CycloneDX", scan.Quote(alg))
	}
	content = strings.ToLower(strings.TrimSpace(content))
	if strings.Trim(content, "0123456789abcdef") != "" || !slices.Contains([]int{32, 40, 64, 96, 128}, len(content)) {
		return r.fail("%s is no %s: 32, 40, 64, 96 or 128 hexadecimal digits are wanted", scan.Quote(content), alg)
	}
	if len(c.Hashes) >= maxHashes {
		return r.fail("a component has more than %d hashes", maxHashes)
	}
	c.Hashes = append(c.Hashes, sbom.Hash{Algorithm: algorithms[i], Value: content})
	return nil
}

// addLicense takes one licence: exactly one of its three forms.
func (r *core) addLicense(c *component, id, name, expression string, license bool) error {
	switch {
	case license && expression != "":
		return r.fail("a license is either an expression or an identifier or name, not both")
	case license && id != "" && name != "":
		return r.fail("a license has either an identifier or a name, not both")
	case license && id == "" && name == "":
		if r.doc.Spec < "1.6" { // tools of that time wrote them
			return nil
		}
		return r.fail("a license has neither an identifier nor a name")
	case !license && expression == "":
		return r.fail("a license choice is empty: a license or an expression is wanted")
	}
	if license {
		c.choices++
	} else {
		c.expressions++
	}
	if l := id + name + expression; len(c.Licenses) < maxLicenses && !slices.Contains(c.Licenses, l) {
		c.Licenses = append(c.Licenses, l)
	}
	return nil
}

func (r *core) addProperty(c *component, name, value string) {
	if strings.EqualFold(name, "syft:cpe23") {
		c.addCPE(value)
		return
	}
	c.Property(name, value)
}

func (c *component) addCPE(s string) {
	if s != "" && len(c.CPE) < maxCPEs && !slices.Contains(c.CPE, s) {
		c.CPE = append(c.CPE, s)
	}
}

// setCreated takes metadata.timestamp: RFC 3339, or without a zone as XML
// Schema allows, taken for UTC.
func (r *core) setCreated(s string) error {
	t, ok := timestamp(s)
	if !ok {
		return r.fail("%s is no date and time as in 2026-01-31T12:00:00Z", scan.Quote(s))
	}
	r.doc.Created = t
	return nil
}

func timestamp(s string) (time.Time, bool) {
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t.UTC(), true
	}
	t, err := time.Parse("2006-01-02T15:04:05", s)
	return t, err == nil
}

func (r *core) setSpec(s string) error {
	if !slices.Contains(Specs(), s) {
		return r.fail("CycloneDX %s is not read; %s are", scan.Quote(s), strings.Join(Specs(), ", "))
	}
	r.doc.Spec = s
	return nil
}

// setSerial takes a serial number: urn:uuid and an RFC 4122 UUID. An empty one
// counts as none.
func (r *core) setSerial(s string) error {
	rest, ok := strings.CutPrefix(s, "urn:uuid:")
	if !ok || !isUUID(rest) {
		return r.fail("the serial number %s is not urn:uuid: and a UUID", scan.Quote(s))
	}
	r.doc.Serial = s
	return nil
}

func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case i == 8 || i == 13 || i == 18 || i == 23:
			if c != '-' {
				return false
			}
		case ('0' > c || c > '9') && ('a' > c || c > 'f') && ('A' > c || c > 'F'):
			return false
		}
	}
	return true
}

func (r *core) addTool(vendor, name, version string) error {
	if len(r.doc.Tools) >= maxPeople {
		return r.fail("there are more than %d tools", maxPeople)
	}
	if tool := strings.TrimSpace(strings.Join([]string{vendor, name, version}, " ")); tool != "" {
		r.doc.Tools = append(r.doc.Tools, strings.Join(strings.Fields(tool), " "))
	}
	return nil
}

func (r *core) addAuthor(name string) error {
	if len(r.doc.Authors) >= maxPeople {
		return r.fail("there are more than %d authors", maxPeople)
	}
	if name != "" {
		r.doc.Authors = append(r.doc.Authors, name)
	}
	return nil
}

// root notes what the document describes.
func (r *core) root(c *component) {
	r.doc.Root, r.doc.Name = c.Ref, c.Name
	if r.doc.Supplier == "" {
		r.doc.Supplier = c.Supplier
	}
}

// BOMLink splits a BOM-Link (urn:cdx:serial/version#bom-ref), which names a
// component of another document: serial is the UUID alone.
func BOMLink(s string) (serial, version, ref string, ok bool) {
	rest, ok := strings.CutPrefix(s, "urn:cdx:")
	if !ok {
		return "", "", "", false
	}
	rest, ref, _ = strings.Cut(rest, "#")
	serial, version, ok = strings.Cut(rest, "/")
	if !ok || !isUUID(serial) || version == "" {
		return "", "", "", false
	}
	return serial, version, ref, true
}

// Read reads a document from r, which is [sbom.JSON] or [sbom.XML], and gives
// what it finds to sink. The document is complete only if there is no error.
// What was given before an error is to be thrown away.
func Read(in io.Reader, encoding string, sink sbom.Sink, lim sbom.Limits) (sbom.Document, error) {
	lim = lim.Filled()
	c := core{sink: sink, lim: lim, doc: sbom.Document{Format: sbom.CycloneDX, Encoding: encoding}}
	switch encoding {
	case sbom.JSON:
		return readJSON(in, c)
	case sbom.XML:
		return readXML(in, c)
	}
	return sbom.Document{}, fmt.Errorf("CycloneDX is read as JSON or XML, not as %s", scan.Quote(encoding))
}

// statuses are the analysis states.
var statuses = map[string]string{
	"not_affected": vex.NotAffected, "false_positive": vex.NotAffected,
	"exploitable": vex.Affected, "in_triage": vex.Investigating,
	"resolved": vex.Fixed, "resolved_with_pedigree": vex.Fixed,
}

// justifications are the analysis justifications; see the package comment.
var justifications = map[string]string{
	"code_not_present":                "vulnerable_code_not_present",
	"code_not_reachable":              "vulnerable_code_not_in_execute_path",
	"requires_dependency":             "component_not_present",
	"requires_configuration":          "vulnerable_code_cannot_be_controlled_by_adversary",
	"requires_environment":            "vulnerable_code_cannot_be_controlled_by_adversary",
	"protected_by_compiler":           "inline_mitigations_already_exist",
	"protected_at_runtime":            "inline_mitigations_already_exist",
	"protected_at_perimeter":          "inline_mitigations_already_exist",
	"protected_by_mitigating_control": "inline_mitigations_already_exist",
}

// responses are analysis.response in words.
var responses = map[string]string{
	"can_not_fix": "it cannot be fixed", "will_not_fix": "it will not be fixed", "update": "update to another version",
	"rollback": "go back to an earlier version", "workaround_available": "a workaround is available",
}

// vulnerability is a vulnerability while it is read.
type vulnerability struct {
	id, recommendation, workaround string
	aliases                        []string
	state, justification, detail   string
	response                       []string
	first, last, updated           string // issued and updated (analysis); updated (of the record)
	affects                        []affected
	products                       int
}

type affected struct {
	ref      string
	versions []affectedVersion
}

type affectedVersion struct{ version, status string }

// say gives what v says to the sink: a statement for each status.
func (r *core) say(v *vulnerability) error {
	status, ok := statuses[v.state]
	switch {
	case v.state == "":
		status = vex.Affected
	case !ok:
		return r.fail("%s is no analysis state", scan.Quote(v.state))
	}
	why, ok := justifications[v.justification]
	if v.justification != "" && !ok {
		return r.fail("%s is no analysis justification", scan.Quote(v.justification))
	}
	if len(v.affects) == 0 {
		return nil // about no product: a mere record
	}
	if v.id == "" {
		return r.fail("a vulnerability that affects products has no id")
	}
	products := map[string][]vex.Product{}
	for _, a := range v.affects {
		if len(a.versions) == 0 {
			products[status] = append(products[status], vex.Product{Ref: a.ref})
		}
		for _, version := range a.versions {
			s := status
			switch version.status {
			case "", "affected":
				// The state is about the versions listed.
			case "unaffected":
				s = vex.NotAffected
			case "unknown":
				s = vex.Investigating
			default:
				return r.fail("%s is no status of a version; there are affected, unaffected and unknown", scan.Quote(version.status))
			}
			products[s] = append(products[s], vex.Product{Ref: a.ref, Version: version.version})
		}
	}
	for _, s := range vex.Statuses() {
		if len(products[s]) == 0 {
			continue
		}
		if err := r.sayStatus(v, s, why, products[s]); err != nil {
			return err
		}
	}
	return nil
}

func (r *core) sayStatus(v *vulnerability, status, why string, products []vex.Product) error {
	st := vex.Statement{Vulnerability: v.id, Products: products, Status: status, At: r.doc.Created}
	for _, a := range v.aliases {
		if a != v.id && a != "" && !slices.Contains(st.Aliases, a) {
			st.Aliases = append(st.Aliases, a)
		}
	}
	for _, s := range []string{v.last, v.first, v.updated} {
		if t, ok := timestamp(s); ok {
			st.At = t
			break
		}
	}
	switch {
	case len(r.doc.Authors) > 0:
		st.Author = r.doc.Authors[0]
	default:
		st.Author = r.doc.Supplier
	}
	if status == vex.NotAffected {
		st.Justification, st.Impact = why, v.detail
		if back := toCycloneDX[why]; why != "" && back != v.justification {
			st.Notes = "CycloneDX justification: " + v.justification
		}
	} else {
		st.Notes = v.detail
	}
	if status == vex.Affected {
		var parts []string
		for _, s := range []string{v.recommendation, v.workaround} {
			if s = strings.TrimSpace(s); s != "" {
				parts = append(parts, s)
			}
		}
		var words []string
		for _, s := range v.response {
			if w := responses[s]; w != "" {
				words = append(words, w)
			}
		}
		if len(words) > 0 {
			parts = append(parts, "Response of the supplier: "+strings.Join(words, "; ")+".")
		}
		st.Action = strings.Join(parts, "\n")
	}
	r.doc.Statements++
	if err := r.sink.Statement(st); err != nil {
		return fmt.Errorf("taking what is said of %s: %w", scan.Quote(v.id), err)
	}
	return nil
}

func (r *core) addAffected(v *vulnerability, a affected) error {
	if a.ref == "" {
		return r.fail("what is affected has no ref")
	}
	if v.products += max(1, len(a.versions)); v.products > maxAffects {
		return r.fail("a vulnerability affects more than %d products", maxAffects)
	}
	v.affects = append(v.affects, a)
	return nil
}

// done checks what only the whole document can tell.
func (r *core) done() error {
	if r.doc.Spec == "" {
		return errors.New("the document does not say which version of CycloneDX it has (specVersion)")
	}
	return nil
}
