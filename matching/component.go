package matching

import (
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/ledger"
)

// Component is what a statement calls the component that a finding is about by; ""
// if it is about the product as a whole. See [NewSaying].
func (f Finding) Component() string {
	if f.Kind != ofComponent {
		return ""
	}
	_, _, name := called(f.Part)
	return name
}

// Compared reports whether an SBOM that the viewer may read was compared with all
// that was known when its reading ended. Until then that there is no finding says
// nothing.
func (x *Matching) Compared(v *db.View, sbom string) (bool, error) {
	if _, err := x.devices.SBOM(v, sbom); err != nil {
		return false, err
	}
	passed, err := ledger.Followed(v, "matching", sbom, "sbom.read")
	if err != nil || !passed {
		return false, err
	}
	waits, err := v.Exists(`SELECT 1 FROM matching_todo WHERE kind = $1 AND subject = $2`, todoSBOM, sbom)
	return !waits, err
}
