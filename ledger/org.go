package ledger

import (
	"time"

	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
)

// ByOrg reads the entries of the given verbs that an organization's people made
// from one time (included) to another (excluded), oldest first, that the viewer
// may read.
func (l *Ledger) ByOrg(v *db.View, org string, verbs []string, from, to time.Time, limit int) ([]Entry, error) {
	return db.All(v, scanEntry(v), `SELECT `+entryColumns+` FROM visible.ledger_entries e
		WHERE e.org = $1 AND e.org <> '' AND e.at >= $2 AND e.at < $3 AND e.verb IN (SELECT value FROM json_each($4)) ORDER BY e.at, e.seq LIMIT $5`,
		org, clock.Micros(from), clock.Micros(to), db.List(verbs), limit)
}

// Started reads the entries by which topics were started from one time
// (included) to another (excluded), oldest first, that the viewer may read.
func (l *Ledger) Started(v *db.View, from, to time.Time, limit int) ([]Entry, error) {
	return db.All(v, scanEntry(v), `SELECT `+entryColumns+` FROM visible.ledger_entries e
		WHERE e.verb = 'topic.started' AND e.at >= $1 AND e.at < $2 ORDER BY e.at, e.seq LIMIT $3`, clock.Micros(from), clock.Micros(to), limit)
}
