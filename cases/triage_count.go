package cases

import "github.com/cordon-isao/cordon/internal/db"

// Waiting is how many reports that the viewer triages are not decided.
func (c *Cases) Waiting(v *db.View) (int, error) {
	n, err := db.One(v, db.Value[int64], `SELECT COUNT(*) FROM visible.case_triages t JOIN visible.case_reports r ON r.id = t.report WHERE r.state IN ('received', 'acknowledged', 'examined')`)
	return int(n), err
}
