package devices

import (
	"github.com/cordon-isao/cordon/formats/names"
	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
)

// AliasForm is another name of a product: of its maker, of itself, or of both.
type AliasForm struct {
	Maker string // "" = the product's maker
	Name  string // "" = the product's name
	Why   string // where it is known from: "renamed in 2019", "as in ICSMA-21-012-01"
}

const (
	aliasColumns = `a.id, a.product, a.at, a.maker, a.name, a.why`
	fromAliases  = ` FROM devices_aliases a JOIN visible.devices_products p ON p.id = a.product `
)

func scanAlias(s db.Scanner) (a Alias, err error) {
	var at int64
	err = s.Scan(&a.ID, &a.Product, &at, &a.Maker, &a.Name, &a.Why)
	a.At = clock.FromMicros(at)
	return a, err
}

// Aliases lists the other names of a product, oldest first.
func (x *Devices) Aliases(v *db.View, product string) ([]Alias, error) {
	return db.All(v, scanAlias, `SELECT `+aliasColumns+fromAliases+`WHERE a.product = $1 ORDER BY a.at, a.id`, product)
}

// AddAlias adds another name to a product. The entry is product.aliased.
func (x *Devices) AddAlias(tx *db.Tx, product string, in AliasForm) (id string, err error) {
	d, err := x.toChange(tx.View, product)
	if err != nil {
		return "", err
	}
	var p check.Problems
	in.Maker = p.Line("maker", "The maker's other name", in.Maker, MaxName, false)
	in.Name = p.Line("name", "The product's other name", in.Name, MaxName, false)
	in.Why = p.Line("why", "The reason, where the name is known from,", in.Why, MaxName, true)
	if names.Fold(in.Maker) == "" && names.Fold(in.Name) == "" {
		p.Add("name", "Give another name of the maker, of the product, or both.")
	}
	before, err := x.Aliases(tx.View, product)
	if err != nil {
		return "", err
	}
	for _, a := range before {
		if names.Fold(a.Maker) == names.Fold(in.Maker) && names.Fold(a.Name) == names.Fold(in.Name) {
			p.Add("name", "This name is known already: %s.", a.Why)
		}
	}
	if len(before) >= MaxAliases {
		p.Add("name", "A product has at most %d other names.", MaxAliases)
	}
	if err := p.Err(); err != nil {
		return "", err
	}
	id = ids.New("alias")
	if _, err := tx.Exec(`INSERT INTO devices_aliases (id, product, at, person, maker, name, why) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		id, d.ID, clock.Micros(tx.Now()), tx.Viewer().Person, in.Maker, in.Name, in.Why); err != nil {
		return "", err
	}
	if err := touch(tx, d.ID); err != nil {
		return "", err
	}
	tx.Append(db.Entry{Verb: "product.aliased", Object: d.ID, Label: d.Label, Data: map[string]any{"alias": id, "maker": in.Maker, "name": in.Name, "why": in.Why}})
	return id, x.index(tx, d)
}

// RemoveAlias takes another name away that is wrong. The entry is product.aliased.
func (x *Devices) RemoveAlias(tx *db.Tx, id, why string) error {
	a, err := db.One(tx.View, scanAlias, `SELECT `+aliasColumns+fromAliases+`WHERE a.id = $1`, id)
	if err != nil {
		return err
	}
	d, err := x.toChange(tx.View, a.Product)
	if err != nil {
		return err
	}
	var p check.Problems
	if why = p.Line("why", "The reason", why, MaxName, true); p.Found() {
		return p.Err()
	}
	n, err := tx.Exec(`DELETE FROM devices_aliases WHERE id = $1`, id)
	if err != nil {
		return err
	}
	if n == 0 {
		return fault.ErrMissing
	}
	if err := touch(tx, d.ID); err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: "product.aliased", Object: d.ID, Label: d.Label, Data: map[string]any{"removed": id, "maker": a.Maker, "name": a.Name, "why": why}})
	return x.index(tx, d)
}
