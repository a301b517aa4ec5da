package cases

import (
	"time"

	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
)

// Deadlines is how much the passes have to do, for those who run the machine: two
// numbers and an instant, which tell of nobody whose they are.
type Deadlines struct {
	Open    int       // obligations of which something is still to be done
	Waiting int       // obligations that wait for a pass because time asks something of them now
	Next    time.Time // when time asks for something next; zero: never
}

// Deadlines counts what the viewer can see; the program that passes sees all.
func (c *Cases) Deadlines(v *db.View) (Deadlines, error) {
	return db.One(v, func(s db.Scanner) (d Deadlines, err error) {
		var open, waiting, next int64
		err = s.Scan(&open, &waiting, &next)
		return Deadlines{int(open), int(waiting), clock.FromMicros(next)}, err
	}, `SELECT COALESCE(SUM(CASE WHEN o.state IN ('running', 'at-risk', 'over') AND o.begins_at <= $1 THEN 1 ELSE 0 END), 0),
			COALESCE(SUM(CASE WHEN o.next_at > 0 AND o.next_at <= $1 THEN 1 ELSE 0 END), 0),
			COALESCE(MIN(CASE WHEN o.next_at > 0 THEN o.next_at END), 0) FROM visible.case_obligations o`, clock.Micros(v.Now()))
}
