package alerts

import (
	"encoding/json"
	"time"

	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/policy"
)

// system finds who holds what an alert names, and keeps counts. Its rows are shown to
// nobody but each recipient, as a notice of its own.
var system = policy.System("alerts")

// all is the same snapshot without a viewer's limits. Its rows are never handed to a
// viewer.
func all(v *db.View) *db.View { return v.As(system) }

// micros is a time as it is stored, 0 for never.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return clock.Micros(t)
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// encode writes what is stored as JSON. What is given cannot fail to encode.
func encode(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // texts, numbers and lists of them only
	}
	return string(b)
}

func page(n int) int {
	if n <= 0 {
		return 50
	}
	return min(n, MaxPage)
}

// ofOrg reports whether the viewer is a named recipient of the organization.
func ofOrg(who policy.Viewer, org string) bool {
	return org != "" && who.Org == org && who.SignedIn() && who.Principals().Has(policy.OfOrg(org))
}

func (x *Alerts) cursor(v *db.View, name string) (int64, error) {
	n, err := db.All(v, db.Value[int64], `SELECT c.value FROM alerts_cursor c WHERE c.name = $1`, name)
	if err != nil || len(n) == 0 {
		return 0, err
	}
	return n[0], nil
}

func (x *Alerts) setCursor(tx *db.Tx, name string, value int64) error {
	_, err := tx.Exec(`INSERT INTO alerts_cursor (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value`, name, value)
	return err
}
