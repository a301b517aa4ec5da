package evidence_test

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/evidence"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/testkit/town"
)

// thousand is a case of about 1,000 entries.
func thousand(h *town.Town) *work {
	w := newWork(h, town.Epoch, true)
	w.good()
	w.write(func(tx *db.Tx) error {
		for i := range 980 {
			in := cases.NewFact{Kind: cases.Information, At: town.Epoch, Detail: map[string]any{"text": fmt.Sprintf("Finding %d.", i)}, Key: h.Key()}
			if _, _, err := w.Cases.StateFact(tx, w.party, in); err != nil {
				return err
			}
		}
		return nil
	})
	return w
}

// A pack of 1,000 entries is made and verified in under 2 seconds: the test prints
// how long it takes, since a timed test fails on a busy machine.
func TestThousandEntries(t *testing.T) {
	h := town.New(t, "")
	w := thousand(h)
	begin := time.Now()
	pack := w.pack(town.Pia)
	made := time.Since(begin)
	begin = time.Now()
	r := verify(t, pack, h.Ledger.Public())
	checked := time.Since(begin)
	if !r.OK || !said(r, "The record is whole: 10") {
		t.Errorf("%+v", r.Lines)
	}
	t.Logf("a pack of %d KB: made in %v, verified in %v: %.2f of the 2 s it may take", len(pack)>>10, made.Round(time.Millisecond), checked.Round(time.Millisecond), (made+checked).Seconds()/2)
}

func BenchmarkCasePack(b *testing.B) {
	h := town.New(b, "")
	w := thousand(h)
	for b.Loop() {
		pack := w.pack(town.Pia)
		r, err := evidence.Verify(bytes.NewReader(pack), int64(len(pack)), evidence.Options{Key: h.Ledger.Public()})
		if err != nil || !r.OK {
			b.Fatalf("%v %+v", err, r)
		}
	}
}
