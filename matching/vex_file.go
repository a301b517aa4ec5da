package matching

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/formats/cpe"
	"github.com/cordon-isao/cordon/formats/cyclonedx"
	"github.com/cordon-isao/cordon/formats/names"
	"github.com/cordon-isao/cordon/formats/purl"
	"github.com/cordon-isao/cordon/formats/sbom"
	"github.com/cordon-isao/cordon/formats/vex"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
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
	statements []vex.Statement
}

func (g *gatherer) Component(c sbom.Component) error {
	g.parts[c.Ref] = c
	return nil
}
func (g *gatherer) Depends(string, []string) error { return nil }
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
	g := &gatherer{parts: map[string]sbom.Component{}}
	if _, err := cyclonedx.Read(bytes.NewReader(data), encoding, g, sbom.Limits{Bytes: MaxVEX}); err != nil {
		return CycloneDXVEX, nil, err
	}
	for i, s := range g.statements {
		for j, p := range s.Products {
			ref := p.Ref
			if _, _, inner, ok := cyclonedx.BOMLink(ref); ok {
				ref = inner
			}
			if c, ok := g.parts[ref]; ok {
				g.statements[i].Products[j] = vex.Product{Ref: ref, PURL: c.PURL, Vendor: c.Supplier, Name: c.Name, Version: c.Version, CPE: strings.Join(c.CPE[:min(1, len(c.CPE))], "")}
			}
		}
	}
	return CycloneDXVEX, g.statements, nil
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
				leave("Statement %d on %s names %s, which is neither this product nor a component of its newest SBOM.", i+1, s.Vulnerability, productWords(about))
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
	for _, s := range []string{p.PURL, strings.TrimSpace(p.Vendor + " " + p.Name + " " + p.Version), p.CPE, p.ID, p.Ref} {
		if s != "" {
			return "“" + s + "”"
		}
	}
	return "nothing"
}

// known is what a statement may name of a product.
type known struct {
	device     []string          // keys of the product's names
	components map[string]string // by key: how statements call the component
}

func (x *Matching) known(v *db.View, p devices.Product) (known, error) {
	k := known{components: map[string]string{}}
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
			for _, key := range part.Keys() {
				k.components[key] = ComponentKey(part)
			}
		}
		if len(parts) < chunkParts {
			return k, nil
		}
		after = parts[len(parts)-1].Number
	}
}

// find tells which version of the product, or which component, a statement names.
func (k known) find(p vex.Product) (version, component string, ok bool) {
	for _, s := range []string{p.PURL, p.ID} {
		if u, err := purl.Parse(s); err == nil {
			if c, ok := k.components[u.Key()]; ok {
				return "", c, true
			}
		}
	}
	if c, err := cpe.Parse(p.CPE); err == nil {
		if name, ok := k.components[c.Key()]; ok {
			return "", name, true
		}
	}
	if p.Name != "" && slices.Contains(k.device, names.Device(p.Vendor, p.Name)) {
		return strings.TrimPrefix(p.Version, "vers:all/*"), "", true
	}
	if p.Name != "" && p.Vendor == "" && slices.ContainsFunc(k.device, func(d string) bool { return strings.HasSuffix(d, ":"+names.Fold(p.Name)) }) {
		return strings.TrimPrefix(p.Version, "vers:all/*"), "", true
	}
	if c, ok := k.components[names.Component(p.Name)]; ok && p.Name != "" && p.PURL == "" {
		return "", c, true
	}
	return "", "", false
}

// WriteVEX writes the statements about a product, that the viewer may read and its
// maker made, as a document; version "" is those on every version. The label is the
// strictest of the statements'. origin is the address of this house.
func (x *Matching) WriteVEX(v *db.View, w io.Writer, product, version string, format VEXFormat, origin string) (policy.Label, error) {
	p, err := x.devices.Product(v, product)
	if err != nil {
		return policy.Label{}, err
	}
	says, err := db.All(v, scanSaying(v), `SELECT `+sayingColumns+` FROM visible.matching_vex x WHERE x.product = $1 AND x.org = $2 AND x.replaced = 0 ORDER BY x.said, x.id LIMIT 20000`, product, p.Kept)
	if err != nil {
		return policy.Label{}, err
	}
	var label policy.Label
	var list []vex.Statement
	var at time.Time
	author := p.Maker
	for _, s := range says {
		if version != "" && s.Version != "" && devices.FoldVersion(s.Version) != devices.FoldVersion(version) {
			continue
		}
		if label.TLP == "" || s.Label.TLP.StricterThan(label.TLP) {
			label = s.Label
		}
		about := vex.Product{ID: "urn:cordon:" + p.ID, Vendor: p.Maker, Name: p.Name, Version: s.Version}
		if s.Component != "" {
			about = vex.Product{Name: strings.TrimPrefix(s.Component, "name:")}
			if strings.HasPrefix(s.Component, "pkg:") {
				about = vex.Product{PURL: s.Component, ID: s.Component, Name: lastOf(s.Component)}
			}
		}
		st := vex.Statement{Vulnerability: s.Vuln, Products: []vex.Product{about}, Status: s.Status, Justification: s.Justification, Impact: s.Impact, Action: s.Action, Notes: s.Notes, At: s.Said, Author: s.OrgName}
		list, author = append(list, st), s.OrgName
		if s.Said.After(at) {
			at = s.Said
		}
	}
	if len(list) == 0 {
		return label, fault.Conflictf("There is no statement to write: the maker has said nothing about this product that you may read.")
	}
	sum := sha256.Sum256([]byte("vex " + p.ID))
	meta := vex.Meta{ID: "VEX-" + ids.Short(p.ID), Author: author, Role: "vendor", Namespace: origin, At: at, Version: 1, TLP: string(label.TLP)}
	switch format {
	case OpenVEX:
		err = vex.WriteOpenVEX(w, meta, list)
	case CSAFVEX:
		err = vex.WriteCSAF(w, meta, list)
	case CycloneDXVEX:
		err = cyclonedx.WriteVEX(w, cyclonedx.VEX{Serial: uuid(sum), Version: 1, Created: at, Author: author, Tool: "Cordon", Statements: list})
	default:
		return label, fault.InvalidField("format", "Choose OpenVEX, CSAF or CycloneDX.")
	}
	if err != nil {
		return label, fault.InvalidField("format", "%s", sentence(err))
	}
	return label, nil
}

// uuid makes a UUID of a digest, so that a product's documents are one series.
func uuid(sum [32]byte) string {
	b := sum[:16]
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:16])
}

func lastOf(purl string) string {
	return purl[strings.LastIndexByte(purl, '/')+1:]
}
