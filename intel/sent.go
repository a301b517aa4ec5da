package intel

import (
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
)

// Added lists objects that a batch of the viewer's organization brought in and
// that he may still see, first come first; at most limit of them.
func (x *Intel) Added(v *db.View, batch string, limit int) ([]Object, error) {
	b, err := x.batchOf(v, batch)
	if err != nil {
		return nil, err
	}
	// Nothing of it came before it, so the order of arrival is where to look.
	return db.All(v, scanObject(v), `SELECT `+objectColumns+fromObjects+`WHERE o.added >= $1 AND s.batch = $2 ORDER BY o.added, o.n LIMIT $3`, clock.Micros(b.At), batch, page(limit))
}

// HeldOf lists what of a batch waits for somebody, oldest first; at most limit.
func (x *Intel) HeldOf(v *db.View, batch string, limit int) ([]Held, error) {
	if _, err := x.batchOf(v, batch); err != nil {
		return nil, err
	}
	return db.All(v, scanHeld(v), `SELECT `+heldColumns+` FROM visible.intel_held h WHERE h.state = 'waiting' AND h.batch = $1 ORDER BY h.at, h.id LIMIT $2`, batch, page(limit))
}
