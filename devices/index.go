package devices

import (
	"context"
	"strconv"

	"github.com/cordon-isao/cordon/formats/names"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
)

// keysForm changes when products or deployments get other keys for the same words.
const keysForm = 1

// KeysVersion says how products and deployments are looked up: another version, other
// keys. It changes with the table of makers' names.
func KeysVersion() int64 { return names.Version(keysForm) }

// markKeys is the mark of the version whose keys are kept.
const markKeys = "keys"

const indexChunk = 200

// Keyed reports whether products and deployments are found by the keys that this
// program makes.
func (x *Devices) Keyed(v *db.View) (bool, error) {
	return v.Exists(`SELECT value FROM devices_marks WHERE name = $1 AND value = $2`, markKeys, strconv.FormatInt(KeysVersion(), 10))
}

// RebuildIndex makes the keys of products and deployments anew when a new program makes
// other ones. It goes on where it was interrupted. Looking costs nothing.
func (x *Devices) RebuildIndex(ctx context.Context, d *db.DB, program policy.Viewer) error {
	var keyed bool
	err := d.Read(ctx, program, func(v *db.View) (err error) {
		keyed, err = x.Keyed(v)
		return err
	})
	if err != nil || keyed {
		return err
	}
	err = rekey(ctx, d, program, "products", func(v *db.View, from string) ([]Product, error) {
		return db.All(v, scanProduct(v), `SELECT `+productColumns+` FROM visible.devices_products p WHERE p.id > $1 ORDER BY p.id LIMIT $2`, from, indexChunk)
	}, func(tx *db.Tx, p Product) (string, error) {
		return p.ID, x.index(tx, p)
	})
	if err != nil {
		return err
	}
	err = rekey(ctx, d, program, "deployments", func(v *db.View, from string) ([]Deployment, error) {
		return db.All(v, scanDeployment(v), `SELECT `+deploymentColumns+` FROM visible.devices_deployments d WHERE d.id > $1 ORDER BY d.id LIMIT $2`, from, indexChunk)
	}, func(tx *db.Tx, p Deployment) (string, error) {
		return p.ID, x.place(tx, p)
	})
	if err != nil {
		return err
	}
	return d.Note(ctx, program, func(tx *db.Tx) error {
		if _, err := tx.Exec(`DELETE FROM devices_marks`); err != nil {
			return err
		}
		return setMark(tx, markKeys, strconv.FormatInt(KeysVersion(), 10))
	})
}

// rekey runs one over all that list gives, which begins after an id, a chunk a commit.
// The last that was done is marked under this version's name, so that another program's
// half is not taken for its own; and what is kept is by no version's keys until all is.
func rekey[T any](ctx context.Context, d *db.DB, program policy.Viewer, kind string, list func(v *db.View, from string) ([]T, error), one func(*db.Tx, T) (id string, err error)) error {
	mark := kind + " " + strconv.FormatInt(KeysVersion(), 10)
	for {
		n := 0
		err := d.Note(ctx, program, func(tx *db.Tx) error {
			if _, err := tx.Exec(`DELETE FROM devices_marks WHERE name = $1`, markKeys); err != nil {
				return err
			}
			from, err := db.One(tx.View, db.Value[string], `SELECT value FROM devices_marks WHERE name = $1`, mark)
			if err != nil && !fault.Is(err, fault.Missing) {
				return err
			}
			rows, err := list(tx.View, from)
			if n = len(rows); err != nil || n == 0 {
				return err
			}
			for _, row := range rows {
				if from, err = one(tx, row); err != nil {
					return err
				}
			}
			return setMark(tx, mark, from)
		})
		if err != nil || n == 0 {
			return err
		}
	}
}

func setMark(tx *db.Tx, name, value string) error {
	_, err := tx.Exec(`INSERT INTO devices_marks (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value`, name, value)
	return err
}
