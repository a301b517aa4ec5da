package intel_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/intel"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/policy"
)

// BenchmarkSearch asks a store of 50,000 objects, or of as many as
// CORDON_BENCH_OBJECTS says, what people ask, and tells the 95th percentile of
// what the first page and the facets take.
func BenchmarkSearch(b *testing.B) {
	objects := 50_000
	if s := os.Getenv("CORDON_BENCH_OBJECTS"); s != "" {
		objects, _ = strconv.Atoi(s)
	}
	h := town.New(b, "")
	stock(b, h, objects)
	for _, c := range []struct{ name, person, query string }{
		{"newest", town.Wim, ""},
		{"rare word", town.Wim, "zebra77"},
		{"common word", town.Wim, "beacon"},
		{"two common words", town.Wim, "beacon campaign"},
		{"unfinished word", town.Wim, "camp*"},
		{"unfinished rare", town.Wim, "zebra7*"},
		{"phrase", town.Wim, `"command and control"`},
		{"address", town.Wim, "10.77.3.9"},
		{"type", town.Wim, "type:malware"},
		{"type and word", town.Wim, "type:malware beacon"},
		{"type without word", town.Wim, "type:indicator -beacon"},
		{"suffix", town.Wim, "pattern:*.example"},
		{"rare suffix", town.Wim, "pattern:*.host77.example"},
		{"no such suffix", town.Wim, "pattern:*.example.example"},
		{"value", town.Wim, "pattern:10.77.3.9"},
		{"dates", town.Wim, "after:2026-03-01 before:2026-03-02"},
		{"dates and word", town.Wim, "beacon after:2026-03-01 tlp<=green"},
		{"labels", town.Wim, "label:ransomware confidence>=60 -is:expired"},
		{"expired", town.Wim, "is:expired"},
		{"one percent, newest", town.Cleo, ""},
		{"one percent, common word", town.Cleo, "beacon"},
		{"one percent, suffix", town.Cleo, "pattern:*.example type:indicator"},
		{"one percent, nothing", town.Cleo, "beacon label:worm"},
		{"nothing of two", town.Wim, "type:malware phase:impact"},
	} {
		q := query(h, c.query)
		run := func(name string, fn func(v *db.View) error) {
			b.Run(c.name+"/"+name, func(b *testing.B) {
				var took []time.Duration
				who := h.As(c.person)
				for b.Loop() {
					start := time.Now()
					if err := h.DB.Read(context.Background(), who, fn); err != nil {
						b.Fatal(err)
					}
					took = append(took, time.Since(start))
				}
				slices.Sort(took)
				b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "p95-ms")
			})
		}
		run("page", func(v *db.View) error {
			_, _, err := h.Intel.Search(v, q, "", 50)
			return err
		})
		run("facets", func(v *db.View) error {
			_, _, _, err := h.Intel.Facets(v, q)
			return err
		})
	}
}

// stock fills a store: 99 of a hundred objects for Ward, one for Clinic too, whose
// people see nothing else.
func stock(b *testing.B, h *town.Town, objects int) {
	few := intel.Terms{Scrub: intel.ScrubClean, Unmarked: policy.Amber, Amber: []policy.Principal{town.Clinic, town.Ward, town.Pump}}
	most := intel.Terms{Scrub: intel.ScrubClean, Unmarked: policy.Amber, Amber: []policy.Principal{town.Ward, town.Monitor, town.Pump}}
	start := time.Now()
	for at, part := range []struct {
		terms intel.Terms
		n     int
	}{{most, objects * 98 / 100}, {few, objects / 100}, {most, objects / 100}} {
		r, w := io.Pipe()
		go func() {
			fmt.Fprint(w, `{"type":"bundle","id":"bundle--00000000-0000-4000-8000-000000000000","objects":[`)
			for i := range part.n {
				if i > 0 {
					fmt.Fprint(w, ",")
				}
				fmt.Fprint(w, made(at, i))
			}
			fmt.Fprint(w, `]}`)
			w.Close()
		}()
		h.Clock.Add(12 * time.Hour)
		batch, err := h.Intel.Accept(context.Background(), h.DB, h.As(town.Pia), intel.NewBatch{Via: "command", Name: "stock", Format: intel.FormatSTIX, Terms: part.terms}, r)
		h.OK(err)
		batch, err = h.Intel.Read(context.Background(), h.DB, program, batch.ID, nil)
		h.OK(err)
		if batch.Added != part.n {
			b.Fatalf("%+v", batch)
		}
	}
	came := time.Since(start)
	start = time.Now()
	indexed(h)
	b.Logf("%d objects came in %v and were indexed in %v", objects, came.Round(time.Second), time.Since(start).Round(time.Second))
}

// made is the i-th object of a heap like those that feeds bring.
func made(at, i int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %d", at, i))
	x := hex.EncodeToString(sum[:])
	id := x[:8] + "-" + x[8:12] + "-4" + x[13:16] + "-8" + x[17:20] + "-" + x[20:32]
	names := []string{"Beacon", "Dropper", "Loader", "Tunnel", "Scanner"}
	verbs := []string{"command and control", "exfiltration of patient records", "lateral movement from the pump network", "initial access through a vendor's tunnel"}
	common := fmt.Sprintf(`"spec_version":"2.1","created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:00.000Z","name":"%s %d","description":"Part of campaign zebra%d, for %s."`,
		names[int(sum[0])%len(names)], i, int(sum[1])<<8|int(sum[2]), verbs[int(sum[3])%len(verbs)])
	if sum[4]%4 != 0 {
		common += fmt.Sprintf(`,"confidence":%d`, int(sum[5])%101)
	}
	if sum[6]%8 == 0 {
		common += `,"labels":["ransomware"]`
	}
	if sum[7] == 0 {
		return fmt.Sprintf(`{"type":"malware","id":"malware--%s","is_family":false,%s}`, id, common)
	}
	var pattern string
	switch sum[8] % 4 {
	case 0:
		pattern = fmt.Sprintf("[ipv4-addr:value = '10.%d.%d.%d']", sum[9], sum[10], sum[11])
	case 1:
		pattern = fmt.Sprintf("[domain-name:value = 'n%d.host%d.example']", sum[9], int(sum[10])<<8|int(sum[11]))
	case 2:
		pattern = fmt.Sprintf("[url:value = 'http://%s.test/in/%d.php']", x[40:48], sum[9])
	default:
		pattern = fmt.Sprintf("[file:hashes.'SHA-256' = '%s']", x)
	}
	if sum[12]%2 == 0 {
		common += fmt.Sprintf(`,"valid_until":"2026-%02d-%02dT00:00:00Z"`, 2+int(sum[13])%11, 1+int(sum[14])%28)
	}
	if sum[15]%16 == 0 {
		common += `,"kill_chain_phases":[{"kill_chain_name":"mitre-ics-attack","phase_name":"impact"}]`
	}
	return fmt.Sprintf(`{"type":"indicator","id":"indicator--%s",%s,"pattern":%q,"pattern_type":"stix","valid_from":"2026-01-01T00:00:00Z"}`, id, common, pattern)
}
