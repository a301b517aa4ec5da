package cases

import (
	"time"

	"github.com/cordon-isao/cordon/internal/db"
)

// Came reports whether, after one moment and until another, an invitation to a case came
// to the viewer, or a clock of his organization began to press or ran out.
func (c *Cases) Came(v *db.View, after, until time.Time) (bool, error) {
	within := func(t time.Time) bool { return t.After(after) && !t.After(until) }
	asked, err := c.Invitations(v)
	if err != nil {
		return false, err
	}
	for _, in := range asked {
		if within(in.At) {
			return true, nil
		}
	}
	os, err := c.MyClocks(v, MaxPage)
	for _, o := range os {
		if (o.State == ClockAtRisk || o.State == ClockOver) && (within(o.Warn) || within(o.Due)) {
			return true, nil
		}
	}
	return false, err
}
