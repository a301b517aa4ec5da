package vulns

import (
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
)

// system numbers records, finds what is known of them and keeps canonical ids,
// whoever may read them. Its rows are shown to nobody.
var system = policy.System("vulns")

// mark is a number that is kept for the program itself; 0 if it is not there.
func mark(v *db.View, name string) (int64, error) {
	n, err := db.One(v, db.Value[int64], `SELECT value FROM vulns_marks WHERE name = $1`, name)
	if fault.Is(err, fault.Missing) {
		return 0, nil
	}
	return n, err
}

func setMark(tx *db.Tx, name string, value int64) error {
	_, err := tx.Exec(`INSERT INTO vulns_marks (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value`, name, value)
	return err
}

// dropMark forgets the marks whose names are like the pattern of LIKE.
func dropMark(tx *db.Tx, like string) error {
	_, err := tx.Exec(`DELETE FROM vulns_marks WHERE name LIKE $1`, like)
	return err
}

func bit(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
