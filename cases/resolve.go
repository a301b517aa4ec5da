package cases

import (
	"strings"

	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
)

// Resolve finds the case whose id a short id such as CASE-7K3Q-2M9P begins, among
// those that the viewer can see: one, or a fault.
func (c *Cases) Resolve(v *db.View, short string) (string, error) {
	prefix, ok := ids.FromShort(short)
	if !ok || !strings.HasPrefix(prefix, "case_") {
		return "", fault.ErrMissing
	}
	return db.Only(v, db.Value[string], `SELECT k.id FROM visible.cases k WHERE k.id >= $1 AND k.id < $2 LIMIT 2`, prefix, prefix+"~")
}
