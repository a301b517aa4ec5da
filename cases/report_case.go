package cases

import "github.com/cordon-isao/cordon/internal/db"

// CaseReports lists the reports that a case came of, oldest first, as far as the
// viewer can read them: all for the desk, his own for a reporter.
func (c *Cases) CaseReports(v *db.View, id string) ([]Report, error) {
	if _, err := c.Case(v, id); err != nil {
		return nil, err
	}
	rs, err := db.All(v, scanReport(v), `SELECT `+reportColumns+` FROM visible.case_reports r WHERE r.case_id = $1 ORDER BY r.at, r.id LIMIT $2`, id, MaxPage)
	for i := range rs {
		if err == nil {
			rs[i], err = c.forViewer(v, rs[i])
		}
	}
	return rs, err
}
