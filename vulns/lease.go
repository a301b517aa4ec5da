package vulns

import (
	"time"

	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
)

// Of several nodes one works on a feed or a batch at a time. It holds a lease of
// it, which it renews as it goes on; a node that is lost holds it no longer than
// this.
const (
	batchLease = 30 * time.Second
	pullLease  = 15 * time.Minute // a download may take ten
)

// newHolder is a name for one attempt to work on something.
func newHolder() string { return ids.Random(26) }

// errElsewhere says that another node works on it, or that it was stopped.
var errElsewhere = fault.Conflictf("This is being read elsewhere, or was stopped.")

// take takes or renews a lease, or says errElsewhere.
func take(tx *db.Tx, name, holder string, long time.Duration) error {
	now := tx.Now()
	_, err := tx.Exec(`INSERT INTO vulns_leases (name, holder, until) VALUES ($1, $2, $3)
		ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until WHERE vulns_leases.holder = excluded.holder OR vulns_leases.until <= $4`,
		name, holder, clock.Micros(now.Add(long)), clock.Micros(now))
	if err != nil {
		return err
	}
	mine, err := tx.Exists(`SELECT name FROM vulns_leases WHERE name = $1 AND holder = $2`, name, holder)
	if err == nil && !mine {
		err = errElsewhere
	}
	return err
}

// give gives a lease back.
func give(tx *db.Tx, name, holder string) error {
	_, err := tx.Exec(`DELETE FROM vulns_leases WHERE name = $1 AND holder = $2`, name, holder)
	return err
}
