package matching

import (
	"crypto/sha256"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/formats/cyclonedx"
	"github.com/cordon-isao/cordon/formats/purl"
	"github.com/cordon-isao/cordon/formats/vex"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/policy"
)

// WriteVEX writes the statements about a product that the viewer may read and its maker
// made, as a document: the newest on each component and vulnerability. With a version,
// those on it and on every version; without, all. The label is the strictest of the
// statements'. origin is the address of this house.
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
	type subject struct{ version, component, vuln string }
	last := map[subject]int{}
	for i, s := range says { // a draft may stand beside what was published
		last[subject{devices.FoldVersion(s.Version), s.Component, s.Vuln}] = i
	}
	for i, s := range says {
		if last[subject{devices.FoldVersion(s.Version), s.Component, s.Vuln}] != i {
			continue
		}
		if version != "" && s.Version != "" && devices.FoldVersion(s.Version) != devices.FoldVersion(version) {
			continue
		}
		if label.TLP == "" || s.Label.TLP.StricterThan(label.TLP) {
			label = s.Label
		}
		about := vex.Product{Vendor: p.Maker, Name: p.Name, Version: s.Version}
		if s.Component != "" {
			about.Part = writtenPart(s.Component)
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

// writtenPart is the package URL of what a statement calls a component: all formats
// have a place for one. A component without a package URL has a generic one.
func writtenPart(component string) string {
	key, version, _ := strings.Cut(component, "@")
	u, err := purl.Parse(key)
	if err != nil {
		u, err = purl.Canonical(purl.PURL{Type: "generic", Name: strings.TrimPrefix(key, "name:")})
	}
	if err != nil {
		return component
	}
	u.Version = version
	return u.String()
}
