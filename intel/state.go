package intel

import (
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/policy"
)

// system reads what has an id, whoever may read it, so that places, latest
// versions and copies are right for everybody. Its rows are shown to nobody.
var system = policy.System("intel")

// place is the next free place in the order of arrival and the last date_added
// that was given, in UTC microseconds. Writes are serial, so a place is a safe
// cursor.
func (x *Intel) place(v *db.View) (next, last int64, err error) {
	next, last = 1, 0
	err = v.Each(`SELECT name, value FROM intel_state WHERE name IN ('next', 'added')`, nil, func(s db.Scanner) error {
		var name string
		var value int64
		if err := s.Scan(&name, &value); err != nil {
			return err
		}
		if name == "next" {
			next = value
		} else {
			last = value
		}
		return nil
	})
	return next, last, err
}

func (x *Intel) set(tx *db.Tx, name string, value int64) error {
	_, err := tx.Exec(`INSERT INTO intel_state (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value`, name, value)
	return err
}

// raise sets a value that only grows.
func (x *Intel) raise(tx *db.Tx, name string, value int64) error {
	_, err := tx.Exec(`INSERT INTO intel_state (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE excluded.value > intel_state.value`, name, value)
	return err
}

// changed notes that something other than an arrival happened: pages that were
// given out may look different now.
func (x *Intel) changed(tx *db.Tx) error {
	_, err := tx.Exec(`INSERT INTO intel_state (name, value) VALUES ('changes', 1) ON CONFLICT (name) DO UPDATE SET value = intel_state.value + 1`)
	return err
}

// count keeps how many copies there are for each audience. It chooses how to look
// for a page, and is never shown.
func (x *Intel) count(tx *db.Tx, audience string, n int) error {
	_, err := tx.Exec(`INSERT INTO intel_counts (audience, objects) VALUES ($1, $2) ON CONFLICT (audience) DO UPDATE SET objects = intel_counts.objects + excluded.objects`, audience, n)
	return err
}

// Mark says whether the store changed: the same mark, the same pages. Arrived
// counts arrivals and Changed everything else. It is for caches and is not shown.
type Mark struct{ Arrived, Changed int64 }

// Mark reads the store's mark.
func (x *Intel) Mark(v *db.View) (m Mark, err error) {
	err = v.Each(`SELECT name, value FROM intel_state WHERE name IN ('next', 'changes')`, nil, func(s db.Scanner) error {
		var name string
		var value int64
		if err := s.Scan(&name, &value); err != nil {
			return err
		}
		if name == "next" {
			m.Arrived = value
		} else {
			m.Changed = value
		}
		return nil
	})
	return m, err
}
