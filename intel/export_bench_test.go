package intel_test

import (
	"fmt"
	"io"
	"testing"

	"github.com/cordon-isao/cordon/formats/misp"
	"github.com/cordon-isao/cordon/intel"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/testkit/town"
)

// BenchmarkOut makes a whole MISP feed, and an export of each of three formats, of
// 10,000 indicators.
func BenchmarkOut(b *testing.B) {
	h := town.New(b, "")
	var objs []string
	for i := range 10_000 {
		objs = append(objs, looksFor(i, fmt.Sprintf("Beacon %d", i), fmt.Sprintf("[domain-name:value = 'h%d.example']", i), "", green))
	}
	take(h, town.Pia, open, objs...)
	indexed(h)
	b.Run("feed", func(b *testing.B) {
		for b.Loop() {
			es := town.Must(h, town.Cy, func(v *db.View) ([]misp.Event, error) { return h.Intel.MISPFeed(v, intel.ReachGreen) })
			if len(es) != 1 || len(es[0].Attributes) != 10_000 {
				b.Fatalf("%d events", len(es))
			}
		}
	})
	for _, f := range []intel.ExportFormat{intel.ExportSTIX, intel.ExportCSV, intel.ExportMISP} {
		b.Run(string(f), func(b *testing.B) {
			for b.Loop() {
				e, err := h.Intel.Export(h.Ctx, h.DB, h.As(town.Cy), intel.ExportRequest{Query: query(h, ""), Format: f}, func(intel.Exported) (io.Writer, error) { return io.Discard, nil })
				if err != nil || e.Count != 10_000 {
					b.Fatal(e.Count, err)
				}
			}
		})
	}
}
