package alerts

import (
	"strings"

	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
)

// Resolve finds the alert or notice whose id a short id such as ALERT-7K3Q-2M9P begins,
// among those that the viewer can see: one, or a fault.
func (x *Alerts) Resolve(v *db.View, short string) (id string, err error) {
	prefix, ok := ids.FromShort(short)
	stmt := `SELECT a.id FROM visible.alerts_alerts a WHERE a.id >= $1 AND a.id < $2 LIMIT 2`
	switch {
	case ok && strings.HasPrefix(prefix, "alert_"):
	case ok && strings.HasPrefix(prefix, "notice_"):
		stmt = `SELECT n.id FROM visible.alerts_notices n WHERE n.id >= $1 AND n.id < $2 LIMIT 2`
	default:
		return "", fault.ErrMissing
	}
	return db.Only(v, db.Value[string], stmt, prefix, prefix+"~")
}
