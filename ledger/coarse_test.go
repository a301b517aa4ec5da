package ledger_test

import (
	"context"
	"testing"

	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
)

// A coarse entry tells its day and no more, nor do those of the same write (T-46);
// others keep their moment, and the record is whole.
func TestCoarse(t *testing.T) {
	onBoth(t, func(t *testing.T, p *place) {
		h := p.mustOpen(t)
		h.write(t, 1, "before")
		err := h.db.Write(context.Background(), ada, func(tx *db.Tx) error {
			tx.Append(db.Entry{Verb: "post.written", Object: "post_x", Label: toOrg})
			tx.Append(db.Entry{Verb: "post.written", Object: "post_y", Label: toOrg, Coarse: true})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		h.write(t, 1, "after")
		h.publish(t)
		h.read(t, func(v *db.View) error {
			es, err := h.Range(v, 0, 10)
			if err != nil {
				return err
			}
			now := v.Now()
			for i, e := range es {
				c, err := h.Open(v, e)
				if err != nil {
					return err
				}
				coarse, at := i == 1 || i == 2, clock.FromMicros(e.At)
				if c.Event.Coarse() != coarse || !c.Event.Time().Equal(at) || coarse && !at.Equal(clock.Day(now)) || !coarse && at.Equal(clock.Day(now)) {
					t.Errorf("entry %d is at %v and says %q", e.Seq, at, c.Event.At)
				}
			}
			if len(es) != 4 {
				t.Errorf("%d entries", len(es))
			}
			return nil
		})
		if r := h.verify(t); !r.Whole() {
			t.Errorf("%v", r.Problems)
		}
	})
}
