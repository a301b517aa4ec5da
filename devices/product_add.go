package devices

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/formats/names"
	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/policy"
)

// AddProduct adds a product and returns its id. A named recipient of a manufacturer
// or vendor adds products of the own organization, the desk those of makers that
// are no members. The entry is product.added.
func (x *Devices) AddProduct(tx *db.Tx, in ProductForm) (id string, again bool, err error) {
	k, err := x.keeper(tx.View)
	if err != nil {
		return "", false, err
	}
	return tx.Once(in.Key, digest("product", in.Maker, in.Name, in), func() (string, error) {
		others, err := x.others(tx.View)
		if err != nil {
			return "", err
		}
		d, err := x.newProduct(tx, k, others, in, "typed", "")
		if err != nil {
			return "", err
		}
		tx.Append(db.Entry{Verb: "product.added", Object: d.ID, Label: d.Label, Data: map[string]any{"maker": d.Maker, "name": d.Name, "stage": d.Stage, "source": d.Source}})
		return d.ID, nil
	})
}

// newProduct checks and writes a product, without an entry.
func (x *Devices) newProduct(tx *db.Tx, k keeper, others map[string]string, in ProductForm, source, ref string) (Product, error) {
	var p check.Problems
	d, err := x.checkedNew(tx.View, &p, k, others, in)
	if err != nil {
		return d, err
	}
	if err := p.Err(); err != nil {
		return d, err
	}
	d.ID, d.At, d.Changed, d.Revision, d.Source, d.SourceRef = ids.New("product"), tx.Now(), tx.Now(), 1, source, ref
	audience, err := tx.Store(d.Label.Audience)
	if err != nil {
		return d, err
	}
	_, err = tx.Exec(`INSERT INTO devices_products (id, at, changed, revision, org, kept, person, maker, name, models, description, udis, catalog, gmdn, codes, class, premarket, essential, connectors,
			software, vulnerable, sustaining, implantable, stage, eol, eos, announced, source, source_ref, folded, tlp, audience)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32)`,
		d.ID, clock.Micros(d.At), clock.Micros(d.Changed), d.Revision, d.Org, d.Kept, tx.Viewer().Person, d.Maker, d.Name, list(d.Models), d.Description, list(d.UDIs), d.Catalog, list(d.GMDN), list(d.Codes), d.Class,
		list(d.Premarket), d.Essential, list(d.Connectors), flag(d.Software), flag(d.Vulnerable), flag(d.Sustaining), flag(d.Implantable), string(d.Stage), d.EOL, d.EOS, d.Announced, d.Source, d.SourceRef,
		names.Fold(d.Title()), string(d.Label.TLP), audience)
	if err != nil {
		return d, err
	}
	return d, x.index(tx, d)
}

// checkedNew checks a new product, its label among it.
func (x *Devices) checkedNew(v *db.View, p *check.Problems, k keeper, others map[string]string, in ProductForm) (Product, error) {
	if in.Maker == "" && k.org != "" {
		in.Maker = k.name
	}
	d := in.checked(p)
	d.Org, d.Kept, d.Label = k.org, k.kept, in.Label
	notAnothers(p, others, d.Maker)
	if d.Label.TLP == "" && d.Label.Audience.Empty() {
		d.Label = policy.Default(k.kept)
	}
	if err := p.Take(x.productLabel(v, d.Label, k.kept)); err != nil {
		return d, err
	}
	same, err := x.named(v, k, d.Maker, d.Name)
	if err == nil && same != "" {
		p.Add("name", "You keep a product of this name already. Change that one, or add this as a model of it.")
	}
	return d, err
}

// productLabel checks a product's label: it is lawful, and the organization that
// keeps the product can read it.
func (x *Devices) productLabel(v *db.View, l policy.Label, kept string) error {
	if err := x.members.CheckLabel(v, l); err != nil {
		return err
	}
	if !policy.Covers(l.Audience, policy.NewAudience(policy.OfOrg(kept)), x.members.Facts(v)) {
		return fault.InvalidField("audience", "Your organization keeps this product and has to read it. Add your organization.")
	}
	return nil
}

// named is the product of that name that a keeper keeps, or "".
func (x *Devices) named(v *db.View, k keeper, maker, name string) (string, error) {
	key := names.Device(maker, name)
	found, err := db.All(v, scanProduct(v), `SELECT `+productColumns+` FROM devices_names n JOIN visible.devices_products p ON p.id = n.product
		WHERE n.key = $1 AND n.how = 'name' AND p.kept = $2 AND p.org = $3 ORDER BY p.at, p.id LIMIT 10`, names.Hash(key), k.kept, k.org)
	for _, d := range found {
		if names.Device(d.Maker, d.Name) == key {
			return d.ID, err
		}
	}
	return "", err
}

// ChangeProduct says anew what a product is. revision is the one that the viewer
// saw; its stage and label have steps of their own. The entry is product.changed.
func (x *Devices) ChangeProduct(tx *db.Tx, id string, revision int64, in ProductForm) error {
	d, err := x.toChange(tx.View, id)
	if err != nil {
		return err
	}
	if d.Revision != revision {
		return changedMeanwhile("product")
	}
	others, err := x.others(tx.View)
	if err != nil {
		return err
	}
	next, err := x.changeProduct(tx, d, others, in)
	if err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: "product.changed", Object: id, Label: next.Label, Data: map[string]any{"maker": next.Maker, "name": next.Name, "fields": changedFields(d.Form(), next.Form())}})
	return nil
}

// changeProduct checks and writes a change, without an entry.
func (x *Devices) changeProduct(tx *db.Tx, d Product, others map[string]string, in ProductForm) (Product, error) {
	var p check.Problems
	next, err := x.checkedChange(tx.View, &p, d, others, in)
	if err != nil {
		return next, err
	}
	if err := p.Err(); err != nil {
		return next, err
	}
	n, err := tx.Exec(`UPDATE devices_products SET changed = $1, revision = revision + 1, maker = $2, name = $3, models = $4, description = $5, udis = $6, catalog = $7, gmdn = $8, codes = $9, class = $10, premarket = $11,
			essential = $12, connectors = $13, software = $14, vulnerable = $15, sustaining = $16, implantable = $17, eol = $18, eos = $19, announced = $20, source = $21, source_ref = $22, folded = $23
		WHERE id = $24 AND revision = $25`,
		clock.Micros(tx.Now()), next.Maker, next.Name, list(next.Models), next.Description, list(next.UDIs), next.Catalog, list(next.GMDN), list(next.Codes), next.Class, list(next.Premarket), next.Essential, list(next.Connectors),
		flag(next.Software), flag(next.Vulnerable), flag(next.Sustaining), flag(next.Implantable), next.EOL, next.EOS, next.Announced, next.Source, next.SourceRef, names.Fold(next.Title()), d.ID, d.Revision)
	if err != nil {
		return next, err
	}
	if n != 1 {
		return next, changedMeanwhile("product")
	}
	return next, x.index(tx, next)
}

func (x *Devices) checkedChange(v *db.View, p *check.Problems, d Product, others map[string]string, in ProductForm) (Product, error) {
	if in.Maker == "" && d.Org != "" {
		in.Maker = d.Maker
	}
	if in.Stage == "" {
		in.Stage = d.Stage
	}
	next := in.checked(p)
	if next.Stage != d.Stage {
		p.Add("stage", "The stage is not changed here: move the product, which says whom it has to be told.")
	}
	notAnothers(p, others, next.Maker)
	next.ID, next.At, next.Changed, next.Revision, next.Org, next.Kept, next.Label = d.ID, d.At, v.Now(), d.Revision+1, d.Org, d.Kept, d.Label
	next.Source, next.SourceRef = d.Source, d.SourceRef
	if names.Device(next.Maker, next.Name) != names.Device(d.Maker, d.Name) {
		same, err := x.named(v, keeper{org: d.Org, kept: d.Kept}, next.Maker, next.Name)
		if err != nil {
			return next, err
		}
		if same != "" && same != d.ID {
			p.Add("name", "You keep another product of this name.")
		}
	}
	return next, nil
}

// changedFields names what differs between two forms.
func changedFields(a, b ProductForm) []string {
	var out []string
	for _, f := range []struct {
		name string
		same bool
	}{{"maker", a.Maker == b.Maker}, {"name", a.Name == b.Name}, {"models", slices.Equal(a.Models, b.Models)}, {"description", a.Description == b.Description}, {"udis", slices.Equal(a.UDIs, b.UDIs)},
		{"catalog", a.Catalog == b.Catalog}, {"gmdn", slices.Equal(a.GMDN, b.GMDN)}, {"codes", slices.Equal(a.Codes, b.Codes)}, {"class", a.Class == b.Class}, {"premarket", slices.Equal(a.Premarket, b.Premarket)},
		{"essential", a.Essential == b.Essential}, {"connectors", slices.Equal(a.Connectors, b.Connectors)}, {"software", a.Software == b.Software}, {"vulnerable", a.Vulnerable == b.Vulnerable},
		{"sustaining", a.Sustaining == b.Sustaining}, {"implantable", a.Implantable == b.Implantable}, {"eol", a.EOL == b.EOL}, {"eos", a.EOS == b.EOS}, {"announced", a.Announced == b.Announced}} {
		if !f.same {
			out = append(out, f.name)
		}
	}
	return out
}

// toChange reads a product that the viewer wants to change.
func (x *Devices) toChange(v *db.View, id string) (Product, error) {
	d, err := x.Product(v, id)
	if err != nil {
		return d, err
	}
	return d, x.mayChange(v, d)
}

// touch notes that something of a product changed, without its own words.
func touch(tx *db.Tx, id string) error {
	return tx.MustChange(`UPDATE devices_products SET changed = $1 WHERE id = $2`, clock.Micros(tx.Now()), id)
}

func changedMeanwhile(what string) error {
	return fault.Conflictf("This %s was changed meanwhile. Look at it as it is now, and make your change again.", what)
}

const productColumns = `p.id, p.at, p.changed, p.revision, p.org, p.kept, p.maker, p.name, p.models, p.description, p.udis, p.catalog, p.gmdn, p.codes, p.class, p.premarket, p.essential, p.connectors,
	p.software, p.vulnerable, p.sustaining, p.implantable, p.stage, p.eol, p.eos, p.announced, p.source, p.source_ref, p.tlp, p.audience`

func scanProduct(v *db.View, more ...any) func(db.Scanner) (Product, error) {
	return func(s db.Scanner) (d Product, err error) {
		var at, changed, software, vulnerable, sustaining, implantable int64
		var models, udis, gmdn, fda, premarket, connectors, tlp, audience string
		if err = s.Scan(append([]any{&d.ID, &at, &changed, &d.Revision, &d.Org, &d.Kept, &d.Maker, &d.Name, &models, &d.Description, &udis, &d.Catalog, &gmdn, &fda, &d.Class, &premarket, &d.Essential, &connectors,
			&software, &vulnerable, &sustaining, &implantable, &d.Stage, &d.EOL, &d.EOS, &d.Announced, &d.Source, &d.SourceRef, &tlp, &audience}, more...)...); err != nil {
			return d, err
		}
		d.At, d.Changed = clock.FromMicros(at), clock.FromMicros(changed)
		d.Software, d.Vulnerable, d.Sustaining, d.Implantable = software == 1, vulnerable == 1, sustaining == 1, implantable == 1
		for _, l := range []struct {
			text string
			into *[]string
		}{{models, &d.Models}, {udis, &d.UDIs}, {gmdn, &d.GMDN}, {fda, &d.Codes}, {premarket, &d.Premarket}, {connectors, &d.Connectors}} {
			if err = json.Unmarshal([]byte(l.text), l.into); err != nil {
				return d, fmt.Errorf("read product %s: %w", d.ID, err)
			}
		}
		d.Label, err = v.Label(tlp, audience)
		return d, err
	}
}

// list writes texts as they are stored; an empty list reads back as nil.
func list(ss []string) string {
	if len(ss) == 0 {
		return "null"
	}
	return db.List(ss)
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// digest stands for an input, so that the same idempotency key with another input
// is noticed.
func digest(parts ...any) string {
	b, err := json.Marshal(parts)
	if err != nil {
		panic(err) // strings, times and numbers only
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// day checks a date of the form YYYY-MM-DD.
func day(p *check.Problems, field, what, s string) string {
	s = strings.TrimSpace(s)
	if s == "" {
		return ""
	}
	if t, err := time.Parse(time.DateOnly, s); err != nil || t.Year() < 1950 || t.Year() > 2150 {
		p.Add(field, "%s, %q, is no date. Write it as 2027-12-31.", what, cut(s, 30))
	}
	return s
}
