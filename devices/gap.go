package devices

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/internal/db"
)

// Facts are what is known of a product, and of a deployment of it.
type Facts struct {
	Product    Product
	Documents  []Document // as the viewer reads them
	SBOM       bool       // the viewer may read one that was read
	Deployment *Deployment
	Now        time.Time
}

// Gap is a responsibility that the facts show is not met. That there is none does
// not mean that all are met: most need a person's judgement.
type Gap struct {
	Responsibility
	Why string // what is missing
}

// Gaps lists the responsibilities of the product's stage that the facts show are
// not met: the manufacturer's, and with a deployment the provider's.
func Gaps(f Facts) (out []Gap) {
	for _, r := range Responsibilities(f.Product.Stage) {
		if r.Role == RoleProvider && f.Deployment == nil {
			continue
		}
		if why := f.missing(r.fact); why != "" {
			out = append(out, Gap{r, why})
		}
	}
	return out
}

// has reports whether there is a document of a kind.
func (f Facts) has(kinds ...string) bool {
	return slices.ContainsFunc(f.Documents, func(d Document) bool { return slices.Contains(kinds, d.Kind) })
}

// missing says what a fact lacks, or "".
func (f Facts) missing(fact string) string {
	p, today := f.Product, f.Now.UTC().Format(time.DateOnly)
	d := Deployment{}
	if f.Deployment != nil {
		d = *f.Deployment
	}
	switch fact {
	case factMDS2:
		return unless(f.has("mds2"), "There is no MDS2.")
	case factSBOM:
		return unless(f.SBOM, "There is no SBOM.")
	case factSecurity:
		return unless(f.has("security"), "There is no security documentation.")
	case factEOS:
		return unless(p.EOS != "", "There is no date for the end of support.")
	case factNotice:
		switch {
		case CheckNotice(p.EOS, p.Announced) == NoticeLate:
			return fmt.Sprintf("The end of support on %s was announced on %s, less than two years before.", p.EOS, p.Announced)
		case p.EOS != "" && p.Announced == "":
			return fmt.Sprintf("It is not said when the end of support on %s was announced.", p.EOS)
		}
	case factEOSPassed:
		if p.EOS != "" && p.EOS < today {
			return fmt.Sprintf("Support ended on %s, and the product is still in the stage of %s.", p.EOS, StageWords(p.Stage))
		}
	case factOwner:
		return unless(d.Owner != "", "Nobody is named who is responsible.")
	case factZone:
		return unless(d.Zone != "", "The network zone is not known.")
	case factExposure:
		return unless(d.Exposure != "", "It is not known how it can be reached.")
	case factVersion:
		return unless(d.Version != "", "The version is not known.")
	case factOwnEOS:
		return unless(d.EOS != "" || p.EOS != "", "The expected end of support is not known.")
	case factAccepted:
		return unless(strings.TrimSpace(d.Note) != "", "It is not noted that the risk was accepted, or how the device is replaced.")
	}
	return ""
}

func unless(ok bool, why string) string {
	if ok {
		return ""
	}
	return why
}

// ProductGaps lists the gaps of a product as far as the viewer can read the facts.
func (x *Devices) ProductGaps(v *db.View, product string) ([]Gap, error) {
	f, err := x.facts(v, product)
	if err != nil {
		return nil, err
	}
	return Gaps(f), nil
}

// DeploymentGaps lists the gaps of a deployment and of its product. Of a
// deployment that names no known product the provider's are listed, as in the
// stage of support.
func (x *Devices) DeploymentGaps(v *db.View, deployment string) ([]Gap, error) {
	d, err := x.Deployment(v, deployment)
	if err != nil {
		return nil, err
	}
	f := Facts{Product: Product{Stage: Support}, Now: v.Now()}
	known, err := v.Exists(`SELECT 1 FROM visible.devices_products p WHERE p.id = $1`, d.Product)
	if err != nil {
		return nil, err
	}
	if known {
		if f, err = x.facts(v, d.Product); err != nil {
			return nil, err
		}
	}
	f.Deployment = &d
	gaps := Gaps(f)
	if !known {
		gaps = slices.DeleteFunc(gaps, func(g Gap) bool { return g.Role == RoleMaker })
	}
	return gaps, nil
}

func (x *Devices) facts(v *db.View, product string) (f Facts, err error) {
	f.Now = v.Now()
	if f.Product, err = x.Product(v, product); err != nil {
		return f, err
	}
	if f.Documents, err = x.Documents(v, product); err != nil {
		return f, err
	}
	f.SBOM, err = v.Exists(`SELECT 1 FROM visible.devices_sboms s WHERE s.product = $1 AND s.state = 'done'`, product)
	return f, err
}
