package alerts

import (
	"time"

	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
)

// Came is which kinds of notices came to the viewer's inbox within a time, or got news in
// it, and were not opened yet.
type Came struct {
	Exploited bool // of a vulnerability that is exploited
	Sent      bool // of an alert that somebody wrote
	Found     bool // of what matching found
}

// Came looks for notices after one moment and until another.
func (x *Alerts) Came(v *db.View, after, until time.Time) (c Came, err error) {
	err = v.Each(`SELECT n.exploited, n.kind FROM visible.alerts_notices n WHERE n.org = $1 AND n.updated > $2 AND n.updated <= $3 AND `+boxes[BoxNew]+` GROUP BY n.exploited, n.kind`,
		[]any{v.Viewer().Org, clock.Micros(after), clock.Micros(until)}, func(s db.Scanner) error {
			var exploited int64
			var kind Kind
			if err := s.Scan(&exploited, &kind); err != nil {
				return err
			}
			c.Exploited = c.Exploited || exploited == 1
			c.Sent = c.Sent || kind == OfAlert
			c.Found = c.Found || kind != OfAlert
			return nil
		})
	return c, err
}
