package intel

import (
	"time"

	"github.com/cordon-isao/cordon/formats/stix"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
)

// Delete removes what the viewer's organization brought of an id: every version,
// or the one of a time. Others' copies stay, and programs that have it keep it: to
// tell them that it no longer holds, share a later version that is revoked.
func (x *Intel) Delete(tx *db.Tx, id string, at time.Time) error {
	if !tx.Viewer().May(policy.MayPost) {
		return fault.Forbiddenf("You may not do that.")
	}
	all, err := x.History(tx.View, id)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return fault.ErrMissing
	}
	gone, match := 0, 0
	for _, o := range all {
		if !at.IsZero() && !o.Version.Equal(at) {
			continue
		}
		match++
		mine, err := x.Mine(tx.View, o)
		if err != nil {
			return err
		}
		if !mine {
			continue
		}
		if err := x.remove(tx, o); err != nil {
			return err
		}
		gone++
	}
	switch {
	case match == 0:
		return fault.ErrMissing
	case gone == 0:
		return fault.Forbiddenf("Another organization shared this. Only it may delete it.")
	}
	return x.renew(tx, all[0].ID)
}

// remove takes one copy out of the store; its place is remembered for cursors.
func (x *Intel) remove(tx *db.Tx, o Object) error {
	version := int64(0)
	if !o.Version.Equal(o.Added) || !o.Modified.IsZero() || !o.Created.IsZero() {
		version = clock.Micros(o.Version)
	}
	if _, err := tx.Exec(`INSERT INTO intel_gone (n, id, version, added) VALUES ($1, $2, $3, $4)`, o.n, o.ID, version, clock.Micros(o.Added)); err != nil {
		return err
	}
	targets := make([]string, len(o.Refs))
	for i, r := range o.Refs {
		targets[i] = stix.FoldID(r.Target)
	}
	if _, err := tx.Exec(`DELETE FROM intel_refs WHERE target IN (SELECT value FROM json_each($1)) AND n = $2`, db.List(targets), o.n); err != nil {
		return err
	}
	if err := x.unindex(tx, o.n); err != nil {
		return err
	}
	if err := tx.MustChange(`DELETE FROM intel_objects WHERE n = $1`, o.n); err != nil {
		return err
	}
	if err := x.count(tx, o.Label.Audience.ID(), -1); err != nil {
		return err
	}
	l := o.Label
	if o.From.Attribution != Named {
		l = policy.Default(tx.Viewer().Org) // an entry names its actor
	}
	tx.Append(db.Entry{Verb: "intel.deleted", Object: o.ID, Label: l, Data: map[string]string{"version": o.VersionText, "share": o.From.ID}})
	return x.changed(tx)
}

// renew finds the latest of the versions that are left.
func (x *Intel) renew(tx *db.Tx, id string) error {
	tx = tx.As(system) // what is latest is so for everybody
	_, err := tx.Exec(`UPDATE intel_objects SET newest = 1 WHERE id = $1 AND newest = 0 AND version = (SELECT MAX(l.version) FROM visible.intel_objects l WHERE l.id = $1)`, id)
	return err
}
