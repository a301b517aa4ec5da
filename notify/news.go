package notify

import (
	"time"

	"github.com/cordon-isao/cordon/internal/db"
)

// news is whether something came for a viewer within a time, by how soon he is told.
type news struct{ now, soon, rest bool }

// newsOf asks every duty in the viewer's own view.
func (x *Notify) newsOf(v *db.View, after, until time.Time) (n news, err error) {
	a, err := x.alerts.Came(v, after, until)
	if err != nil {
		return n, err
	}
	n.now, n.soon, n.rest = a.Exploited, a.Sent, a.Found
	f, err := x.forum.Came(v, after, until)
	if err != nil {
		return n, err
	}
	n.soon, n.rest = n.soon || f.Mine, n.rest || f.Any
	waits, err := x.cases.Came(v, after, until)
	n.soon = n.soon || waits
	return n, err
}

// slot is the newest moment, not after now, at which the rest is told; zero if never.
func (c Choice) slot(now time.Time) time.Time {
	now = now.UTC()
	at := time.Date(now.Year(), now.Month(), now.Day(), c.Hour, 0, 0, 0, time.UTC)
	if at.After(now) {
		at = at.AddDate(0, 0, -1)
	}
	switch c.Rest {
	case RestNever:
		return time.Time{}
	case RestWeek:
		return at.AddDate(0, 0, -(int(at.Weekday())+6)%7)
	}
	return at
}

// tells decides whether there is a mail. slot says that the moment for the rest has come.
func (c Choice) tells(n news, sinceMail time.Duration, slot bool) bool {
	return n.now ||
		n.soon && (c.Soon == SoonHour && sinceMail >= time.Hour || slot) ||
		n.rest && slot
}
