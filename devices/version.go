package devices

import (
	"strings"

	"github.com/cordon-isao/cordon/formats/udi"
	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
)

// VersionForm is what is said of a version.
type VersionForm struct {
	Name     string
	Released string // YYYY-MM-DD or ""
	EOS      string
	UDI      string // device identifier of its own, or ""
	Note     string
}

const (
	maxVersion = 100
	maxNote    = 2000
)

func (f VersionForm) checked(p *check.Problems) VersionForm {
	f.Name = p.Line("name", "The version", f.Name, maxVersion, true)
	if f.Name != "" && FoldVersion(f.Name) == "" {
		p.Add("name", "The version has no letter and no digit.")
	}
	f.Released = day(p, "released", "The day of the release", f.Released)
	f.EOS = day(p, "eos", "The end of support", f.EOS)
	f.UDI = checkedUDI(p, "udi", f.UDI)
	f.Note = p.Text("note", "The note", f.Note, maxNote, false)
	noProduction(p, "note", f.Note)
	return f
}

// checkedUDI is a device identifier as it is stored, which is as GUDID has it, or
// "".
func checkedUDI(p *check.Problems, field, s string) string {
	if s = strings.TrimSpace(s); s == "" {
		return ""
	}
	di, err := udi.Parse(s)
	if err != nil {
		p.Add(field, "%s", sentence(err))
		return ""
	}
	if again, err := udi.Parse(di.ID); err == nil && again == di {
		return di.ID
	}
	return di.String() // an identifier that by itself reads as another agency's
}

const (
	versionColumns = `r.id, r.product, r.at, r.name, r.released, r.eos, r.udi, r.note`
	fromVersions   = ` FROM devices_versions r JOIN visible.devices_products p ON p.id = r.product `
)

func scanVersion(s db.Scanner) (r Version, err error) {
	var at int64
	err = s.Scan(&r.ID, &r.Product, &at, &r.Name, &r.Released, &r.EOS, &r.UDI, &r.Note)
	r.At = clock.FromMicros(at)
	return r, err
}

// Versions lists the versions of a product, newest first.
func (x *Devices) Versions(v *db.View, product string) ([]Version, error) {
	return db.All(v, scanVersion, `SELECT `+versionColumns+fromVersions+`WHERE r.product = $1 ORDER BY r.released DESC, r.at DESC, r.folded DESC`, product)
}

// Version is one version of a product.
func (x *Devices) Version(v *db.View, id string) (Version, error) {
	return db.One(v, scanVersion, `SELECT `+versionColumns+fromVersions+`WHERE r.id = $1`, id)
}

// AddVersion adds a version to a product. The entry is product.versioned with the
// version's id in its data.
func (x *Devices) AddVersion(tx *db.Tx, product string, in VersionForm) (id string, err error) {
	d, err := x.toChange(tx.View, product)
	if err != nil {
		return "", err
	}
	var p check.Problems
	in = in.checked(&p)
	if err := p.Err(); err != nil {
		return "", err
	}
	if id, err = x.addVersion(tx, d, in); err != nil {
		return "", err
	}
	tx.Append(db.Entry{Verb: "product.versioned", Object: d.ID, Label: d.Label, Data: map[string]any{"version": id, "name": in.Name}})
	return id, nil
}

// addVersion writes a checked version, without an entry.
func (x *Devices) addVersion(tx *db.Tx, d Product, in VersionForm) (string, error) {
	known, err := tx.Exists(`SELECT 1`+fromVersions+`WHERE r.product = $1 AND r.folded = $2`, d.ID, FoldVersion(in.Name))
	if err != nil {
		return "", err
	}
	if known {
		return "", fault.InvalidField("name", "This product has the version %s already.", in.Name)
	}
	n, err := db.One(tx.View, db.Value[int64], `SELECT COUNT(*)`+fromVersions+`WHERE r.product = $1`, d.ID)
	if err != nil {
		return "", err
	}
	if n >= MaxVersions {
		return "", fault.InvalidField("name", "A product has at most %d versions.", MaxVersions)
	}
	id := ids.New("version")
	if _, err := tx.Exec(`INSERT INTO devices_versions (id, product, at, name, folded, released, eos, udi, note) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		id, d.ID, clock.Micros(tx.Now()), in.Name, FoldVersion(in.Name), in.Released, in.EOS, in.UDI, in.Note); err != nil {
		return "", err
	}
	if err := touch(tx, d.ID); err != nil {
		return "", err
	}
	if in.UDI == "" {
		return id, nil
	}
	return id, x.index(tx, d)
}

// ChangeVersion says anew what a version is. The entry is product.versioned.
func (x *Devices) ChangeVersion(tx *db.Tx, id string, in VersionForm) error {
	r, err := x.Version(tx.View, id)
	if err != nil {
		return err
	}
	d, err := x.toChange(tx.View, r.Product)
	if err != nil {
		return err
	}
	var p check.Problems
	in = in.checked(&p)
	known, err := tx.Exists(`SELECT 1`+fromVersions+`WHERE r.product = $1 AND r.folded = $2 AND r.id <> $3`, d.ID, FoldVersion(in.Name), id)
	if err != nil {
		return err
	}
	if known {
		p.Add("name", "This product has the version %s already.", in.Name)
	}
	if err := p.Err(); err != nil {
		return err
	}
	if err := tx.MustChange(`UPDATE devices_versions SET name = $1, folded = $2, released = $3, eos = $4, udi = $5, note = $6 WHERE id = $7`,
		in.Name, FoldVersion(in.Name), in.Released, in.EOS, in.UDI, in.Note, id); err != nil {
		return err
	}
	if err := touch(tx, d.ID); err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: "product.versioned", Object: d.ID, Label: d.Label, Data: map[string]any{"version": id, "name": in.Name}})
	return x.index(tx, d)
}
