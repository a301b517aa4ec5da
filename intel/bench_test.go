package intel_test

import (
	"context"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/intel"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/policy"
)

// attack unpacks a file of the public data beside the repository.
func attack(t testing.TB, name string) []byte {
	t.Helper()
	file := "../../shared/data/stix/" + name + ".zst"
	if _, err := os.Stat(file); err != nil {
		t.Skip("the public data is not here")
	}
	out, err := exec.Command("zstd", "-dc", file).Output()
	if err != nil {
		t.Skipf("zstd: %v", err)
	}
	return out
}

// published is how a public catalogue is taken in.
var published = intel.Terms{Unmarked: policy.Clear, Scrub: intel.ScrubJustified, Why: "Published by its source."}

// BenchmarkImport takes in enterprise ATT&CK, every commit on disk.
func BenchmarkImport(b *testing.B) {
	data := attack(b, "enterprise-attack-18.1-from-cti.json")
	for b.Loop() {
		b.StopTimer()
		h := town.New(b, "")
		batch, err := h.Intel.Accept(context.Background(), h.DB, h.As(town.Dora), intel.NewBatch{Via: "command", Name: "ATT&CK", Format: intel.FormatSTIX, Terms: published}, newReader(data))
		if err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		start := time.Now()
		if batch, err = h.Intel.Read(context.Background(), h.DB, program, batch.ID, nil); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(batch.Added)/time.Since(start).Seconds(), "objects/s")
		if batch.Tally.Held+batch.Refused > 0 || batch.Added < 24_000 {
			b.Fatalf("%+v", batch.Tally)
		}
	}
}
