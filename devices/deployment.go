package devices

import (
	"time"

	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/policy"
)

// Deployment is devices of one kind and version that a care provider runs. It is
// readable by the named recipients of that organization and by nobody else.
type Deployment struct {
	ID       string
	At       time.Time
	Changed  time.Time
	Revision int64
	Org      string
	Label    policy.Label

	Product  string // a known product's id, or ""
	Maker    string // as the hospital writes it
	Model    string // product or model, as the hospital writes it
	Version  string
	UDI      string // device identifier
	Count    int    // units
	Zone     string // network zone, in the hospital's words
	Exposure string // internet, network, isolated, or "" if not known
	Stage    string // planned, in use, stored or retired (of the deployment, not of the product)
	Owner    string // the hospital's unit that is responsible
	Note     string
	EOS      string // expected end of support, YYYY-MM-DD; "" = as the product says
}

// Exposures are how a deployment can be reached.
func Exposures() []string { return []string{"internet", "network", "isolated"} }

// Uses are where in its use a deployment is. Only what is in use or stored is
// matched.
func Uses() []string { return []string{"planned", "in use", "stored", "retired"} }

const deploymentColumns = `d.id, d.at, d.changed, d.revision, d.org, d.product, d.maker, d.model, d.version, d.udi, d.count, d.zone, d.exposure, d.stage, d.owner, d.note, d.eos, d.tlp, d.audience`

func scanDeployment(v *db.View) func(db.Scanner) (Deployment, error) {
	return func(s db.Scanner) (d Deployment, err error) {
		var at, changed int64
		var tlp, audience string
		if err = s.Scan(&d.ID, &at, &changed, &d.Revision, &d.Org, &d.Product, &d.Maker, &d.Model, &d.Version, &d.UDI, &d.Count, &d.Zone, &d.Exposure, &d.Stage, &d.Owner, &d.Note, &d.EOS, &tlp, &audience); err != nil {
			return d, err
		}
		d.At, d.Changed = clock.FromMicros(at), clock.FromMicros(changed)
		d.Label, err = v.Label(tlp, audience)
		return d, err
	}
}
