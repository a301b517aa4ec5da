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

// The marks of the indexes.
const (
	markKeys        = "keys"        // the version whose keys are kept
	markProducts    = "products"    // while keys are being made again: the last product that was
	markDeployments = "deployments" // and the last deployment
)

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
	err = again(ctx, d, program, markProducts, func(tx *db.Tx, from string) (string, error) {
		list, err := db.All(tx.View, scanProduct(tx.View), `SELECT `+productColumns+` FROM visible.devices_products p WHERE p.id > $1 ORDER BY p.id LIMIT $2`, from, indexChunk)
		for _, p := range list {
			if err == nil {
				err, from = x.index(tx, p), p.ID
			}
		}
		return from, err
	})
	if err != nil {
		return err
	}
	err = again(ctx, d, program, markDeployments, func(tx *db.Tx, from string) (string, error) {
		list, err := db.All(tx.View, scanDeployment(tx.View), `SELECT `+deploymentColumns+` FROM visible.devices_deployments d WHERE d.id > $1 ORDER BY d.id LIMIT $2`, from, indexChunk)
		for _, p := range list {
			if err == nil {
				err, from = x.place(tx, p), p.ID
			}
		}
		return from, err
	})
	if err != nil {
		return err
	}
	return d.Note(ctx, program, func(tx *db.Tx) error {
		if err := setMark(tx, markKeys, strconv.FormatInt(KeysVersion(), 10)); err != nil {
			return err
		}
		_, err := tx.Exec(`DELETE FROM devices_marks WHERE name IN ($1, $2)`, markProducts, markDeployments)
		return err
	})
}

// again runs some over all rows, a chunk a commit, beginning after the mark.
func again(ctx context.Context, d *db.DB, program policy.Viewer, mark string, some func(tx *db.Tx, from string) (string, error)) error {
	for {
		var from, to string
		err := d.Note(ctx, program, func(tx *db.Tx) (err error) {
			from, err = db.One(tx.View, db.Value[string], `SELECT value FROM devices_marks WHERE name = $1`, mark)
			if err != nil && !fault.Is(err, fault.Missing) {
				return err
			}
			if to, err = some(tx, from); err != nil || to == from {
				return err
			}
			return setMark(tx, mark, to)
		})
		if err != nil || to == from {
			return err
		}
	}
}

func setMark(tx *db.Tx, name, value string) error {
	_, err := tx.Exec(`INSERT INTO devices_marks (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value`, name, value)
	return err
}
