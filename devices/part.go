package devices

import (
	"encoding/json"
	"strings"

	"github.com/cordon-isao/cordon/formats/cpe"
	"github.com/cordon-isao/cordon/formats/names"
	"github.com/cordon-isao/cordon/formats/purl"
	"github.com/cordon-isao/cordon/formats/sbom"
	"github.com/cordon-isao/cordon/internal/db"
)

// Part is a component of an SBOM.
type Part struct {
	SBOM   int64 // number of its SBOM, for joining; it is shown to nobody
	Number int   // within its SBOM, from 1
	sbom.Component
}

// Keys are what a component is looked up by: its package URL without the version,
// its CPEs without the version, and its name.
func (p Part) Keys() []string {
	var keys []string
	if p.PURL != "" {
		if u, err := purl.Parse(p.PURL); err == nil {
			keys = append(keys, u.Key())
		}
	}
	for _, s := range p.CPE {
		if c, err := cpe.Parse(s); err == nil {
			keys = append(keys, c.Key())
		}
	}
	if k := names.Component(p.Name); k != "name:" {
		keys = append(keys, k)
	}
	return keys
}

const partColumns = `c.sbom, c.part, c.ref, c.type, c.name, c.version, c.supplier, c.purl, c.cpes`

func scanPart(s db.Scanner) (p Part, err error) {
	var cpes string
	err = s.Scan(&p.SBOM, &p.Number, &p.Ref, &p.Type, &p.Name, &p.Version, &p.Supplier, &p.PURL, &cpes)
	if cpes != "" {
		p.CPE = strings.Split(cpes, "\n")
	}
	return p, err
}

// scanWhole also reads what is not needed to match.
func scanWhole(s db.Scanner) (p Part, err error) {
	var cpes, text string
	if err = s.Scan(&p.SBOM, &p.Number, &p.Ref, &p.Type, &p.Name, &p.Version, &p.Supplier, &p.PURL, &cpes, &text); err != nil {
		return p, err
	}
	if cpes != "" {
		p.CPE = strings.Split(cpes, "\n")
	}
	var f facts
	if err = json.Unmarshal([]byte(text), &f); err != nil {
		return p, err
	}
	p.Group, p.Hashes, p.Licenses, p.Description, p.Support, p.EndOfSupport = f.Group, f.Hashes, f.Licenses, f.Description, f.Support, f.EndOfSupport
	return p, nil
}
