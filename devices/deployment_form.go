package devices

import (
	"cmp"
	"slices"
	"strings"

	"github.com/cordon-isao/cordon/formats/names"
	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/policy"
)

// DeploymentForm is what is said of a deployment. It names a known product, or
// maker and model in the hospital's words, or both.
type DeploymentForm struct {
	Product  string // id of a product that the viewer can read, or ""
	Maker    string
	Model    string
	Version  string
	UDI      string // device identifier; production identifiers are refused
	Count    int    // units, at least 1
	Zone     string
	Exposure string // one of [Exposures], or ""
	Stage    string // one of [Uses]; "" = in use
	Owner    string
	Note     string
	EOS      string // YYYY-MM-DD or ""
	Key      string // when it is new: idempotency key, may be ""
}

// Form is what a deployment's form shows.
func (d Deployment) Form() DeploymentForm {
	return DeploymentForm{Product: d.Product, Maker: d.Maker, Model: d.Model, Version: d.Version, UDI: d.UDI, Count: d.Count, Zone: d.Zone, Exposure: d.Exposure, Stage: d.Stage, Owner: d.Owner, Note: d.Note, EOS: d.EOS}
}

// MaxCount is the most units of one deployment.
const MaxCount = 1_000_000

// The states of a deployment: what is retired is kept for the record, and is not
// matched. It is in that state exactly if that is its stage.
const (
	deploymentKept    = "kept"
	deploymentRetired = "retired"
)

// maxPlace is how long a deployment's short texts are, in characters.
const maxPlace = 120

// checkedDeployment checks a form and gives the deployment that it describes,
// without ids and times.
func (x *Devices) checkedDeployment(v *db.View, p *check.Problems, f DeploymentForm) (d Deployment, err error) {
	d.Product = strings.TrimSpace(f.Product)
	d.Maker = p.Line("maker", "The maker", f.Maker, maxPlace, false)
	d.Model = p.Line("model", "The product or model", f.Model, maxPlace, false)
	if d.Product != "" {
		known, err := x.Product(v, d.Product)
		switch {
		case fault.Is(err, fault.Missing):
			p.Add("product", "There is no such product, or it is not shared with you. Leave it out and write maker and model.")
		case err != nil:
			return d, err
		default:
			if d.Maker == "" {
				d.Maker = cutTo(known.Maker, maxPlace)
			}
			if d.Model == "" {
				d.Model = cutTo(known.Name, maxPlace)
			}
		}
	} else {
		if names.Fold(d.Maker) == "" {
			p.Add("maker", "Say who makes it, or choose a known product.")
		}
		if names.Fold(d.Model) == "" {
			p.Add("model", "Say which product or model it is, or choose a known product.")
		}
	}
	d.Version = p.Line("version", "The version", f.Version, maxVersion, false)
	d.UDI = checkedUDI(p, "udi", f.UDI)
	if d.Count = f.Count; f.Count < 1 || f.Count > MaxCount {
		p.Add("count", "The number of units must be from 1 to %d.", MaxCount)
	}
	d.Zone = p.Line("zone", "The network zone", f.Zone, maxPlace, false)
	d.Owner = p.Line("owner", "Who is responsible", f.Owner, maxPlace, false)
	d.Note = p.Text("note", "The note", f.Note, maxNote, false)
	if d.Exposure = f.Exposure; f.Exposure != "" {
		p.OneOf("exposure", "How it can be reached", f.Exposure, Exposures()...)
	}
	if d.Stage = f.Stage; d.Stage == "" {
		d.Stage = Uses()[1]
	}
	p.OneOf("stage", "The stage", d.Stage, Uses()...)
	d.EOS = day(p, "eos", "The end of support", f.EOS)
	for _, t := range []struct{ field, text string }{{"maker", d.Maker}, {"model", d.Model}, {"version", d.Version}, {"zone", d.Zone}, {"owner", d.Owner}, {"note", d.Note}} {
		noProduction(p, t.field, t.text)
	}
	return d, nil
}

func cutTo(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n])
	}
	return s
}

// state follows from the stage.
func (d Deployment) state() string {
	if d.Stage == "retired" {
		return deploymentRetired
	}
	return deploymentKept
}

// sameAs is what an import knows a deployment again by.
func (d Deployment) sameAs() string {
	return digest(names.Fold(d.Maker), names.Fold(d.Model), FoldVersion(d.Version), names.Fold(d.Zone), names.Fold(d.Owner))[:32]
}

// MayDeploy reports whether the viewer may keep deployments: a named recipient of
// any organization, for that organization.
func (x *Devices) MayDeploy(v *db.View) bool { return mayDeploy(v) == nil }

func mayDeploy(v *db.View) error {
	who := v.Viewer()
	if !who.May(policy.MayPost) || !who.SignedIn() {
		return fault.Forbiddenf("You may not keep deployments.")
	}
	return recipient(who)
}

// Deploy adds a deployment of the viewer's organization and returns its id. The
// entry is device.deployed; it names nothing but ids.
func (x *Devices) Deploy(tx *db.Tx, in DeploymentForm) (id string, again bool, err error) {
	if err := mayDeploy(tx.View); err != nil {
		return "", false, err
	}
	return tx.Once(in.Key, digest("deployment", in), func() (string, error) {
		var p check.Problems
		d, err := x.checkedDeployment(tx.View, &p, in)
		if err != nil {
			return "", err
		}
		d.Org = tx.Viewer().Org
		twin, err := x.twin(tx.View, d)
		if err != nil {
			return "", err
		}
		if twin != "" && d.state() == deploymentKept {
			p.Add("model", "You have a deployment of this maker, model, version, zone and owner. Change its number of units instead.")
		}
		if err := p.Err(); err != nil {
			return "", err
		}
		if err := x.writeDeployment(tx, &d, ""); err != nil {
			return "", err
		}
		tx.Append(db.Entry{Verb: "device.deployed", Object: d.ID, Label: d.Label, Data: map[string]any{"deployments": []string{d.ID}}})
		return d.ID, nil
	})
}

// twin is another kept deployment of the organization that an import could not
// tell from this one, or "".
func (x *Devices) twin(v *db.View, d Deployment) (string, error) {
	twins, err := db.All(v, db.Value[string], `SELECT d.id FROM visible.devices_deployments d WHERE d.org = $1 AND d.same = $2 AND d.state = 'kept' AND d.id <> $3 ORDER BY d.id LIMIT 1`, d.Org, d.sameAs(), d.ID)
	if err != nil || len(twins) == 0 {
		return "", err
	}
	return twins[0], nil
}

// writeDeployment writes a new deployment, without an entry.
func (x *Devices) writeDeployment(tx *db.Tx, d *Deployment, imported string) error {
	d.ID, d.At, d.Changed, d.Revision, d.Org, d.Label = ids.New("deployment"), tx.Now(), tx.Now(), 1, tx.Viewer().Org, policy.Default(tx.Viewer().Org)
	audience, err := tx.Store(d.Label.Audience)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(`INSERT INTO devices_deployments (id, at, changed, revision, org, person, product, maker, model, version, folded, udi, count, zone, exposure, stage, owner, note, eos, state, import, name, words, same, tlp, audience)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26)`,
		d.ID, clock.Micros(d.At), clock.Micros(d.Changed), d.Revision, d.Org, tx.Viewer().Person, d.Product, d.Maker, d.Model, d.Version, FoldVersion(d.Version), d.UDI, d.Count, d.Zone, d.Exposure, d.Stage, d.Owner, d.Note, d.EOS,
		d.state(), imported, d.listed(), d.searched(), d.sameAs(), string(d.Label.TLP), audience); err != nil {
		return err
	}
	return x.place(tx, *d)
}

// updateDeployment writes what a deployment is now, without an entry.
func (x *Devices) updateDeployment(tx *db.Tx, d *Deployment, imported string) error {
	n, err := tx.Exec(`UPDATE devices_deployments SET changed = $1, revision = revision + 1, product = $2, maker = $3, model = $4, version = $5, folded = $6, udi = $7, count = $8, zone = $9, exposure = $10, stage = $11,
			owner = $12, note = $13, eos = $14, state = $15, import = $16, name = $17, words = $18, same = $19
		WHERE id = $20 AND revision = $21 AND org = $22`,
		clock.Micros(tx.Now()), d.Product, d.Maker, d.Model, d.Version, FoldVersion(d.Version), d.UDI, d.Count, d.Zone, d.Exposure, d.Stage, d.Owner, d.Note, d.EOS, d.state(), imported, d.listed(), d.searched(), d.sameAs(),
		d.ID, d.Revision, tx.Viewer().Org)
	if err != nil {
		return err
	}
	if n != 1 {
		return changedMeanwhile("deployment")
	}
	d.Revision++
	d.Changed = tx.Now()
	return x.place(tx, *d)
}

// listed is what deployments are listed by.
func (d Deployment) listed() string { return names.Fold(d.Maker + " " + d.Model + " " + d.Version) }

// searched is what a search looks through.
func (d Deployment) searched() string {
	return names.Fold(strings.Join([]string{d.Maker, d.Model, d.Version, d.UDI, d.Zone, d.Owner, d.Note}, " "))
}

// placeKeys are what a deployment is looked up by.
func (d Deployment) placeKeys() []string {
	keys := []string{names.Device(d.Maker, d.Model)}
	if k := udiKey(d.UDI); k != "" {
		keys = append(keys, k)
	}
	return keys
}

// place writes anew how a deployment is looked up. What is retired is not.
func (x *Devices) place(tx *db.Tx, d Deployment) error {
	if _, err := tx.Exec(`DELETE FROM devices_places WHERE deployment = $1`, d.ID); err != nil {
		return err
	}
	if d.state() != deploymentKept {
		return nil
	}
	for _, k := range d.placeKeys() {
		if _, err := tx.Exec(`INSERT INTO devices_places (key, deployment) VALUES ($1, $2) ON CONFLICT DO NOTHING`, names.Hash(k), d.ID); err != nil {
			return err
		}
	}
	return nil
}

// ChangeDeployment says anew what a deployment is; revision is the one that the
// viewer saw. A stage other than retired brings a retired one back. The entry is
// device.changed, or device.retired.
func (x *Devices) ChangeDeployment(tx *db.Tx, id string, revision int64, in DeploymentForm) error {
	old, err := x.ownDeployment(tx.View, id)
	if err != nil {
		return err
	}
	if old.Revision != revision {
		return changedMeanwhile("deployment")
	}
	stays := in.Product != "" && in.Product == old.Product // even if the product is not shared any more
	if stays {
		in.Product, in.Maker, in.Model = "", cmp.Or(in.Maker, old.Maker), cmp.Or(in.Model, old.Model)
	}
	var p check.Problems
	if in.Stage == "" {
		in.Stage = old.Stage
	}
	d, err := x.checkedDeployment(tx.View, &p, in)
	if err != nil {
		return err
	}
	if stays {
		d.Product = old.Product
	}
	d.ID, d.At, d.Revision, d.Org, d.Label = old.ID, old.At, old.Revision, old.Org, old.Label
	return x.change(tx, &p, old, d)
}

func (x *Devices) change(tx *db.Tx, p *check.Problems, old, d Deployment) error {
	if twin, err := x.twin(tx.View, d); err != nil {
		return err
	} else if twin != "" && d.state() == deploymentKept {
		p.Add("model", "You have another deployment of this maker, model, version, zone and owner.")
	}
	if err := p.Err(); err != nil {
		return err
	}
	if err := x.updateDeployment(tx, &d, ""); err != nil {
		return err
	}
	verb := "device.changed"
	if d.state() == deploymentRetired && old.state() == deploymentKept {
		verb = "device.retired"
	}
	tx.Append(db.Entry{Verb: verb, Object: d.ID, Label: d.Label, Data: map[string]any{"deployments": []string{d.ID}}})
	return nil
}

// ownDeployment reads a deployment that the viewer wants to change. Nobody reads
// another organization's, so who is no recipient learns nothing of it.
func (x *Devices) ownDeployment(v *db.View, id string) (Deployment, error) {
	d, err := x.Deployment(v, id)
	if err != nil {
		return d, err
	}
	if err := mayDeploy(v); err != nil {
		return d, err
	}
	if d.Org != v.Viewer().Org {
		return d, fault.ErrMissing
	}
	return d, nil
}

// RetireDeployment takes a deployment out of use. It is kept for the record, and
// matched no more.
func (x *Devices) RetireDeployment(tx *db.Tx, id string) error {
	return x.RetireDeployments(tx, []string{id})
}

// MaxBatch is how many deployments one entry names.
const MaxBatch = 500

// RetireDeployments takes some deployments out of use, at most [MaxBatch], in one
// step and with one entry, device.retired. Those that are retired already stay so.
func (x *Devices) RetireDeployments(tx *db.Tx, some []string) error {
	if len(some) == 0 || len(some) > MaxBatch {
		return fault.InvalidField("deployments", "Choose 1 to %d deployments.", MaxBatch)
	}
	var done []string
	for _, id := range slices.Compact(slices.Sorted(slices.Values(some))) {
		d, err := x.ownDeployment(tx.View, id)
		if err != nil {
			return err
		}
		if d.state() == deploymentRetired {
			continue
		}
		d.Stage = "retired"
		if err := x.updateDeployment(tx, &d, ""); err != nil {
			return err
		}
		done = append(done, id)
	}
	if len(done) == 0 {
		return fault.Conflictf("They are retired already.")
	}
	object := done[0]
	if len(done) > 1 {
		object = ids.New("import")
	}
	tx.Append(db.Entry{Verb: "device.retired", Object: object, Label: policy.Default(tx.Viewer().Org), Data: map[string]any{"deployments": done}})
	return nil
}
