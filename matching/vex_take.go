package matching

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/formats/cpe"
	"github.com/cordon-isao/cordon/formats/cyclonedx"
	"github.com/cordon-isao/cordon/formats/names"
	"github.com/cordon-isao/cordon/formats/purl"
	"github.com/cordon-isao/cordon/formats/sbom"
	"github.com/cordon-isao/cordon/formats/vex"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
)

// VEXFormat is a format of VEX documents.
type VEXFormat string

// The formats that are read and written.
const (
	OpenVEX      VEXFormat = "openvex"
	CSAFVEX      VEXFormat = "csaf"
	CycloneDXVEX VEXFormat = "cyclonedx"
)

// VEXFormats lists the formats.
func VEXFormats() []VEXFormat { return []VEXFormat{OpenVEX, CSAFVEX, CycloneDXVEX} }

// MaxVEX is how long a VEX document is at most, in bytes.
const MaxVEX = vex.MaxBytes

// Taken is what became of a VEX document's statements.
type Taken struct {
	Format VEXFormat
	Kept   []string // ids of the statements that were kept
	Left   []string // why others were not: they name something else, or are not whole
}

// maxLeft is how many reasons are told.
const maxLeft = 100

// gatherer takes the statements of a CycloneDX document, and what they name.
type gatherer struct {
	parts      map[string]sbom.Component
	above      map[string]string // what a component is nested in, or needed by
	statements []vex.Statement
}

func (g *gatherer) Component(c sbom.Component) error {
	g.parts[c.Ref] = c
	return nil
}
func (g *gatherer) Depends(from string, on []string) error {
	for _, ref := range on {
		g.above[ref] = from
	}
	return nil
}
func (g *gatherer) Statement(s vex.Statement) error {
	g.statements = append(g.statements, s)
	return nil
}

// readVEX finds out which format it is and reads it.
func readVEX(data []byte) (VEXFormat, []vex.Statement, error) {
	head := data[:min(len(data), 4<<10)]
	switch {
	case bytes.Contains(head, []byte(`csaf_version`)):
		_, list, err := vex.ReadCSAF(data)
		return CSAFVEX, list, err
	case bytes.Contains(head, []byte(`openvex`)):
		_, list, err := vex.ReadOpenVEX(data)
		return OpenVEX, list, err
	}
	format, encoding, err := sbom.Sniff(head)
	if err != nil || format != sbom.CycloneDX {
		return "", nil, fmt.Errorf("this is none of OpenVEX, CSAF and CycloneDX")
	}
	g := &gatherer{parts: map[string]sbom.Component{}, above: map[string]string{}}
	doc, err := cyclonedx.Read(bytes.NewReader(data), encoding, g, sbom.Limits{Bytes: MaxVEX})
	if err != nil {
		return CycloneDXVEX, nil, err
	}
	for i, s := range g.statements {
		for j, p := range s.Products {
			g.statements[i].Products[j] = g.named(p, doc.Root)
		}
	}
	return CycloneDXVEX, g.statements, nil
}

// named is what a statement names by reference, in words: a component within that which
// the document describes, or else within that which it is nested in.
func (g *gatherer) named(p vex.Product, root string) vex.Product {
	ref := p.Ref
	if _, _, inner, ok := cyclonedx.BOMLink(ref); ok {
		ref = inner
	}
	words := func(c sbom.Component) vex.Product {
		return vex.Product{Ref: ref, PURL: c.PURL, Vendor: c.Supplier, Name: c.Name, Version: c.Version, CPE: strings.Join(c.CPE[:min(1, len(c.CPE))], "")}
	}
	c, ok := g.parts[ref]
	if !ok {
		return p
	}
	one := words(c)
	if p.Version != "" { // the statement says of which version, or versions
		one.Version = p.Version
		if u, err := purl.Parse(one.PURL); err == nil && u.Version != p.Version {
			one.PURL = ""
		}
	}
	if root == "" {
		root = g.above[ref]
	}
	host, ok := g.parts[root]
	if !ok || root == ref {
		return one
	}
	whole := words(host)
	whole.Part = one.PURL
	if whole.Part == "" {
		whole.Part = writtenPart(names.Component(one.Name) + "@" + one.Version)
	}
	return whole
}

// TakeVEX keeps the statements of a VEX document about a product: those that name the
// product, or a component of its newest SBOM that the viewer may read. Others are left,
// and told. A document of which nothing can be kept is refused.
func (x *Matching) TakeVEX(tx *db.Tx, product string, data []byte, l policy.Label) (Taken, error) {
	p, err := x.devices.Product(tx.View, product)
	if err != nil {
		return Taken{}, err
	}
	if len(data) > MaxVEX {
		return Taken{}, fault.InvalidField("file", "The file is larger than %d MiB.", MaxVEX>>20)
	}
	format, list, err := readVEX(data)
	if err != nil {
		return Taken{}, fault.InvalidField("file", "%s", sentence(err))
	}
	t := Taken{Format: format}
	leave := func(format string, args ...any) {
		if len(t.Left) < maxLeft {
			t.Left = append(t.Left, fmt.Sprintf(format, args...))
		}
	}
	known, err := x.known(tx.View, p)
	if err != nil {
		return t, err
	}
	for i, s := range list {
		if err := s.Check(); err != nil {
			leave("Statement %d: %s", i+1, sentence(err))
			continue
		}
		for _, about := range s.Products {
			version, component, ok := known.find(about)
			if !ok {
				leave("Statement %d on %s names %s, which is neither this product nor a component of its newest SBOM, in that version.", i+1, s.Vulnerability, productWords(about))
				continue
			}
			id, err := x.Say(tx, NewSaying{Product: p.ID, Version: version, Component: component, Vuln: s.Vulnerability, Status: s.Status, Justification: s.Justification, Impact: s.Impact, Action: s.Action, Notes: s.Notes,
				Source: string(format), Said: s.At, Label: l})
			if err != nil {
				return Taken{}, err
			}
			t.Kept = append(t.Kept, id)
		}
	}
	if len(t.Kept) == 0 {
		why := "It holds no statements."
		if len(t.Left) > 0 {
			why = t.Left[0]
		}
		return t, fault.InvalidField("file", "Nothing of this document could be kept. %s", why)
	}
	return t, nil
}

func productWords(p vex.Product) string {
	if p.Part != "" {
		whole := p
		whole.Part = ""
		return "“" + p.Part + "” in " + productWords(whole)
	}
	for _, s := range []string{p.PURL, strings.TrimSpace(p.Vendor + " " + p.Name + " " + p.Version), p.CPE, p.ID, p.Ref} {
		if s != "" {
			return "“" + s + "”"
		}
	}
	return "nothing"
}

// known is what a statement may name of a product.
type known struct {
	device []string        // keys of the product's names
	whole  map[string]bool // keys of what its newest SBOM says it describes
	// parts is by key, by version, how statements call the component: "" where two of
	// one name can be meant.
	parts map[string]map[string]string
}

func (x *Matching) known(v *db.View, p devices.Product) (known, error) {
	k := known{whole: map[string]bool{}, parts: map[string]map[string]string{}}
	for _, name := range append([]string{p.Name}, p.Models...) {
		k.device = append(k.device, names.Device(p.Maker, name))
	}
	aliases, err := x.devices.Aliases(v, p.ID)
	if err != nil {
		return k, err
	}
	for _, a := range aliases {
		k.device = append(k.device, names.Device(p.Maker, a.Name), names.Device(a.Maker, a.Name))
	}
	b, err := x.devices.CurrentSBOM(v, p.ID, "")
	if fault.Is(err, fault.Missing) {
		return k, nil
	}
	if err != nil {
		return k, err
	}
	for after := 0; ; {
		parts, err := x.devices.PartsOf(v, b.Number(), after, chunkParts)
		if err != nil {
			return k, err
		}
		for _, part := range parts {
			all, version, one := called(part)
			for _, key := range part.Keys() {
				if part.Number == b.Root {
					k.whole[key] = true
					continue
				}
				if k.parts[key] == nil {
					k.parts[key] = map[string]string{}
				}
				for version, name := range map[string]string{"": all, version: one} {
					if had, ok := k.parts[key][version]; ok && had != name {
						name = ""
					}
					k.parts[key][version] = name
				}
			}
		}
		if len(parts) < chunkParts {
			return k, nil
		}
		after = parts[len(parts)-1].Number
	}
}

// find tells which version of the product, or which component in which version of the
// product, a statement names. Of a component's version that the product does not hold
// nothing is said.
func (k known) find(p vex.Product) (version, component string, ok bool) {
	if p.Part == "" {
		return k.one(p)
	}
	whole := p
	whole.Part = ""
	version, within, ok := k.one(whole)
	if !ok {
		return "", "", false
	}
	if within != "" { // a part of a component: of whatever version of the product
		version = ""
	}
	part := vex.Product{Name: p.Part}
	switch {
	case strings.HasPrefix(p.Part, "pkg:"):
		part = vex.Product{PURL: p.Part}
	case strings.HasPrefix(p.Part, "cpe:"):
		part = vex.Product{CPE: p.Part}
	}
	_, component, ok = k.one(part)
	return version, component, ok && component != ""
}

// one is find of what has no parts.
func (k known) one(p vex.Product) (version, component string, ok bool) {
	type named struct{ key, version string }
	var all []named
	for _, s := range []string{p.PURL, p.ID} {
		if u, err := purl.Parse(s); err == nil {
			all = append(all, named{u.Key(), u.Version})
			if u.Type == "generic" { // only a name, and how [writtenPart] writes those
				all = append(all, named{names.Component(u.Name), u.Version})
			}
		}
	}
	if c, err := cpe.Parse(p.CPE); err == nil {
		if c.Version == cpe.Any || c.Version == cpe.NA {
			c.Version = ""
		}
		all = append(all, named{c.Key(), c.Version})
	}
	ofAll := strings.TrimPrefix(p.Version, "vers:all/*")
	if p.Name != "" {
		device := names.Device(p.Vendor, p.Name)
		if slices.Contains(k.device, device) || p.Vendor == "" && slices.ContainsFunc(k.device, func(d string) bool { return strings.HasSuffix(d, ":"+names.Fold(p.Name)) }) {
			return ofAll, "", true
		}
		if p.PURL == "" {
			all = append(all, named{names.Component(p.Name), ofAll})
		}
	}
	for _, n := range all {
		if k.whole[n.key] {
			return n.version, "", true
		}
		if c := k.parts[n.key][n.version]; c != "" {
			return "", c, true
		}
	}
	return "", "", false
}
