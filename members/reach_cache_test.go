package members

import (
	"errors"
	"testing"

	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/policy"
)

// TestReachIsRememberedOnlyWhileItHolds: a remembered count must never outlive a
// change of anybody's rights, nor come from a write that was undone.
func TestReachIsRememberedOnlyWhileItHolds(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		label := policy.Label{TLP: policy.Green, Audience: policy.NewAudience(policy.Community)}
		count := func(v *db.View) int {
			r, err := h.m.Reach(v, label)
			h.must(err)
			return r.People
		}
		now := func() (n int) {
			h.read(policy.System("demo"), func(v *db.View) error { n = count(v); return nil })
			return n
		}
		was := now()
		join := func(tx *db.Tx) {
			_, err := h.m.SeedPerson(tx, "", h.clin, NewPerson{Name: "New Person", Recipient: true})
			h.must(err)
		}
		undone := errors.New("undone")
		if err := h.write(policy.System("demo"), func(tx *db.Tx) error {
			join(tx)
			if got := count(tx.View); got != was+1 {
				t.Errorf("inside the write there are %d, not %d", got, was+1)
			}
			return undone
		}); !errors.Is(err, undone) {
			t.Fatal(err)
		}
		if got := now(); got != was {
			t.Errorf("after an undone write there are %d, not %d", got, was)
		}
		h.must(h.write(policy.System("demo"), func(tx *db.Tx) error { join(tx); return nil }))
		if got := now(); got != was+1 {
			t.Errorf("after a person joined there are %d, not %d", got, was+1)
		}
	})
}
