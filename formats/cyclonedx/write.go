package cyclonedx

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/cordon-isao/cordon/formats/purl"
	"github.com/cordon-isao/cordon/formats/sbom/scan"
	"github.com/cordon-isao/cordon/formats/vex"
)

// VEX is a CycloneDX document of VEX statements.
type VEX struct {
	Serial      string    // urn:uuid:…, required: made by the caller, kept over revisions
	Version     int       // of the document, from 1
	Created     time.Time // required
	Author      string    // person or organization
	Tool        string    // what wrote it, and its version
	ToolVersion string
	Statements  []vex.Statement
}

// toCycloneDX maps CSAF's flags to CycloneDX's justifications: each to one that
// [Read] maps back.
var toCycloneDX = map[string]string{
	"component_not_present":                             "requires_dependency",
	"vulnerable_code_not_present":                       "code_not_present",
	"vulnerable_code_not_in_execute_path":               "code_not_reachable",
	"vulnerable_code_cannot_be_controlled_by_adversary": "requires_environment",
	"inline_mitigations_already_exist":                  "protected_by_mitigating_control",
}

var toState = map[string]string{
	vex.NotAffected: "not_affected", vex.Affected: "exploitable", vex.Fixed: "resolved", vex.Investigating: "in_triage",
}

type outDocument struct {
	Schema          string             `json:"$schema"`
	BOMFormat       string             `json:"bomFormat"`
	SpecVersion     string             `json:"specVersion"`
	SerialNumber    string             `json:"serialNumber"`
	Version         int                `json:"version"`
	Metadata        outMetadata        `json:"metadata"`
	Components      []outComponent     `json:"components,omitempty"`
	Vulnerabilities []outVulnerability `json:"vulnerabilities"`
}

type outMetadata struct {
	Timestamp string     `json:"timestamp"`
	Authors   []outNamed `json:"authors,omitempty"`
	Tools     *outTools  `json:"tools,omitempty"`
}

type outNamed struct {
	Name string `json:"name"`
}

type outTools struct {
	Components []outComponent `json:"components"`
}

type outComponent struct {
	Type     string         `json:"type"`
	Ref      string         `json:"bom-ref,omitempty"`
	Supplier *outNamed      `json:"supplier,omitempty"`
	Name     string         `json:"name"`
	Version  string         `json:"version,omitempty"`
	CPE      string         `json:"cpe,omitempty"`
	PURL     string         `json:"purl,omitempty"`
	Parts    []outComponent `json:"components,omitempty"`
}

type outVulnerability struct {
	ID             string         `json:"id"`
	References     []outReference `json:"references,omitempty"`
	Recommendation string         `json:"recommendation,omitempty"`
	Analysis       outAnalysis    `json:"analysis"`
	Affects        []outAffects   `json:"affects"`
}

type outReference struct {
	ID     string    `json:"id"`
	Source outSource `json:"source"`
}

type outSource struct {
	Name string `json:"name"`
}

type outAnalysis struct {
	State         string `json:"state"`
	Justification string `json:"justification,omitempty"`
	Detail        string `json:"detail,omitempty"`
	LastUpdated   string `json:"lastUpdated,omitempty"`
}

type outAffects struct {
	Ref string `json:"ref"`
}

// WriteVEX writes d as CycloneDX 1.6 JSON, the same bytes for the same d. Each
// product becomes a component under its Ref, or under its purl, CPE, identifier
// or name and version if it has none; a Ref that is a BOM-Link stays one. A part
// of a product is a component nested in it. The
// impact of what is not affected, else the notes, become the detail; the action
// becomes the recommendation.
func WriteVEX(w io.Writer, d VEX) error {
	if rest, ok := strings.CutPrefix(d.Serial, "urn:uuid:"); !ok || !isUUID(rest) {
		return fmt.Errorf("the serial number %s is not urn:uuid: and a UUID", scan.Quote(d.Serial))
	}
	switch {
	case d.Version < 1:
		return errors.New("the version of a document counts from 1")
	case d.Created.IsZero():
		return errors.New("the document has no time")
	}
	out := outDocument{
		Schema: "http://cyclonedx.org/schema/bom-1.6.schema.json", BOMFormat: "CycloneDX", SpecVersion: "1.6",
		SerialNumber: d.Serial, Version: d.Version,
		Metadata:        outMetadata{Timestamp: d.Created.UTC().Format(time.RFC3339)},
		Vulnerabilities: []outVulnerability{},
	}
	if d.Author != "" {
		out.Metadata.Authors = []outNamed{{d.Author}}
	}
	if d.Tool != "" {
		out.Metadata.Tools = &outTools{[]outComponent{{Type: "application", Name: d.Tool, Version: d.ToolVersion}}}
	}
	p := products{known: map[string]vex.Product{}}
	for i, s := range d.Statements {
		v, err := p.statement(s)
		if err != nil {
			return fmt.Errorf("statement %d: %w", i+1, err)
		}
		out.Vulnerabilities = append(out.Vulnerabilities, v)
	}
	out.Components = p.list
	if err := json.MarshalWrite(w, out, jsontext.WithIndent("  "), json.Deterministic(true)); err != nil {
		return fmt.Errorf("writing CycloneDX: %w", err)
	}
	_, err := io.WriteString(w, "\n")
	return err
}

// products are the components written so far, by bom-ref.
type products struct {
	list  []outComponent
	known map[string]vex.Product
}

func (p *products) statement(s vex.Statement) (v outVulnerability, err error) {
	state, ok := toState[s.Status]
	why := toCycloneDX[s.Justification]
	switch {
	case s.Vulnerability == "":
		return v, errors.New("no vulnerability is named")
	case !ok:
		return v, fmt.Errorf("the status %s is none of VEX", scan.Quote(s.Status))
	case s.Justification != "" && why == "":
		return v, fmt.Errorf("the justification %s is none of VEX", scan.Quote(s.Justification))
	case len(s.Products) == 0:
		return v, fmt.Errorf("no product is named for %s", scan.Quote(s.Vulnerability))
	}
	v = outVulnerability{ID: s.Vulnerability, Recommendation: s.Action, Analysis: outAnalysis{State: state, Justification: why}}
	if s.Status == vex.NotAffected {
		v.Analysis.Detail = s.Impact
	} else {
		v.Analysis.Detail = s.Notes
	}
	if !s.At.IsZero() {
		v.Analysis.LastUpdated = s.At.UTC().Format(time.RFC3339)
	}
	for _, a := range s.Aliases {
		v.References = append(v.References, outReference{a, outSource{source(a)}})
	}
	for _, product := range s.Products {
		ref, err := p.add(product)
		if err != nil {
			return v, err
		}
		v.Affects = append(v.Affects, outAffects{ref})
	}
	return v, nil
}

// source names the database of an identifier by its prefix: a reference must
// have one.
func source(id string) string {
	prefix, _, _ := strings.Cut(id, "-")
	if name := map[string]string{"CVE": "CVE", "GHSA": "GitHub Advisories", "ICSMA": "CISA", "ICSA": "CISA"}[prefix]; name != "" {
		return name
	}
	return prefix
}

// add makes product a component, once, and gives its bom-ref. A part is nested in
// its product.
func (p *products) add(product vex.Product) (string, error) {
	if _, _, _, ok := BOMLink(product.Ref); ok && product.Part == "" {
		return product.Ref, nil
	}
	in, name, base := &p.list, product, product.Ref
	if product.Part != "" {
		whole := product
		whole.Part = ""
		on, err := p.add(whole)
		if err != nil {
			return "", err
		}
		at := slices.IndexFunc(p.list, func(c outComponent) bool { return c.Ref == on })
		if at < 0 {
			return "", fmt.Errorf("the part %s is in %s, which stands in another document", scan.Quote(product.Part), scan.Quote(on))
		}
		in, name, base = &p.list[at].Parts, part(product.Part), on+" / "+product.Part
	}
	for _, s := range []string{name.PURL, name.CPE, name.ID, strings.TrimSpace(name.Name + " " + name.Version)} {
		if base == "" {
			base = s
		}
	}
	if base == "" {
		return "", errors.New("a product has no name and no identifier")
	}
	ref := base
	for n := 2; ; n++ { // another product may have the same ref
		known, taken := p.known[ref]
		if !taken {
			break
		}
		if known == product {
			return ref, nil
		}
		ref = base + "#" + strconv.Itoa(n)
	}
	p.known[ref] = product
	c := outComponent{Type: "application", Ref: ref, Name: name.Name, Version: name.Version, CPE: name.CPE, PURL: name.PURL}
	if c.Name == "" {
		c.Name = base
	}
	if name.Vendor != "" {
		c.Supplier = &outNamed{name.Vendor}
	}
	*in = append(*in, c)
	return ref, nil
}

// part is what a part of a product is called by.
func part(id string) vex.Product {
	if u, err := purl.Parse(id); err == nil {
		return vex.Product{PURL: id, Name: u.Name, Version: u.Version}
	}
	if strings.HasPrefix(id, "cpe:") {
		return vex.Product{CPE: id, Name: id}
	}
	return vex.Product{Name: id}
}
