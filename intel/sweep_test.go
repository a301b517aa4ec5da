package intel_test

import (
	"context"
	"strings"
	"testing"

	"github.com/cordon-isao/cordon/intel"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/internal/seal"
	"github.com/cordon-isao/cordon/internal/testkit/town"
)

// TestSweepFiles: a file that a crash left without its batch goes at the second
// sweep; one that waits to be read stays.
func TestSweepFiles(t *testing.T) {
	h := town.New(t, "")
	ctx := context.Background()
	b, err := h.Intel.Accept(ctx, h.DB, h.As(town.Pia), intel.NewBatch{Via: "page", Name: "a.json", Format: intel.FormatSTIX, Terms: open}, strings.NewReader(bundle(indicator(1, 0))))
	h.OK(err)
	left := strings.ToLower(ids.New("intel"))
	_, _, err = h.Blobs.Put(ctx, left, seal.NewKey(), strings.NewReader("left"), 10)
	h.OK(err)
	lost, removed, err := h.Intel.SweepFiles(ctx, h.DB, program, nil)
	h.OK(err)
	if removed != 0 || len(lost) != 1 {
		t.Errorf("the first sweep removed %d and found %v", removed, lost)
	}
	if lost, removed, err = h.Intel.SweepFiles(ctx, h.DB, program, lost); err != nil || removed != 1 || len(lost) != 0 {
		t.Errorf("the second sweep removed %d and found %v: %v", removed, lost, err)
	}
	if b, err = h.Intel.Read(ctx, h.DB, program, b.ID, nil); err != nil || b.Added != 1 {
		t.Errorf("what waited was not read: %+v, %v", b, err)
	}
}
