package matching_test

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/formats/names"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/vulns"
)

// shared is a file of the public data beside the repository, unpacked.
func shared(t testing.TB, name string) []byte {
	t.Helper()
	file := filepath.Join("..", "..", "shared", "data", name)
	if _, err := os.Stat(file); err != nil {
		t.Skip("the public data is not here")
	}
	out, err := exec.Command("zstd", "-dc", file).Output()
	if err != nil {
		t.Skipf("zstd: %v", err)
	}
	return out
}

// peak runs fn and tells how many bytes of heap were in use at most, beyond those that
// were before.
func peak(fn func()) uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	before, most := m.HeapAlloc, uint64(0)
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapAlloc)
			select {
			case <-stop:
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	}()
	fn()
	close(stop)
	<-done
	return most - min(most, before)
}

// packageURLs are those of the packages of the OSV set, as many as there are.
func packageURLs(t testing.TB, feed []byte) (out []string) {
	seen := map[string]bool{}
	for line := range bytes.Lines(feed) {
		var r struct {
			Affected []struct {
				Package struct{ Ecosystem, Name string }
			}
		}
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatal(err)
		}
		for _, a := range r.Affected {
			kind := map[string]string{"PyPI": "pypi", "Go": "golang", "crates.io": "cargo", "Bitnami": "bitnami"}[a.Package.Ecosystem]
			if p := "pkg:" + kind + "/" + strings.ToLower(a.Package.Name); kind != "" && !seen[p] {
				seen[p] = true
				out = append(out, p)
			}
		}
	}
	return out
}

// large is a CycloneDX document of about so many bytes; every fourth component is a
// package of which OSV says something.
func large(size int, packages []string, salt string) []byte {
	var b bytes.Buffer
	b.WriteString(`{"bomFormat":"CycloneDX","specVersion":"1.5","version":1,"metadata":{"component":{"type":"device","bom-ref":"root","name":"device ` + salt + `"}},"components":[`)
	var refs []string
	for i := 0; b.Len() < size*9/10; i++ {
		if i > 0 {
			b.WriteByte(',')
		}
		purl := fmt.Sprintf("pkg:npm/library-%d@%d.%d.0", i, i%9, i%7)
		if i%4 == 0 && len(packages) > 0 {
			purl = fmt.Sprintf("%s@1.%d.0", packages[i/4%len(packages)], i%40)
		}
		ref := fmt.Sprintf("ref-%d", i)
		refs = append(refs, ref)
		fmt.Fprintf(&b, `{"type":"library","bom-ref":%q,"supplier":{"name":"Supplier %d"},"name":"library-%d","version":"%d.%d.0","purl":%q,"hashes":[{"alg":"SHA-256","content":"%064x"}],"licenses":[{"license":{"id":"MIT"}}]}`, ref, i%50, i, i%9, i%7, purl, i)
	}
	b.WriteString(`],"dependencies":[`)
	for i, ref := range refs {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"ref":%q,"dependsOn":[%q]}`, ref, refs[(i*7+1)%len(refs)])
	}
	b.WriteString("]}")
	return b.Bytes()
}

// BenchmarkAgainstOSV: SBOMs against the whole OSV set: one of 10 MB, and all of the
// SBOM set.
func BenchmarkAgainstOSV(b *testing.B) {
	h := newHouse(b, "")
	var packages []string
	start := time.Now()
	for _, name := range []string{"osv/osv.jsonl.zst", "osv/osv-converted.jsonl.zst"} { // one after the other: what stays in memory hides what is measured
		feed := shared(b, name)
		if h.bring(town.Dora, vulns.OSV, public, feed); packages == nil {
			packages = packageURLs(b, feed)
		}
	}
	h.settle()
	b.Logf("the OSV set was taken in within %v", time.Since(start).Round(time.Millisecond))
	product := h.product(town.Pia, devices.ProductForm{Name: "Infusor"})

	b.Run("10MB", func(b *testing.B) {
		var read, matched time.Duration
		var heap uint64
		parts, found := 0, 0
		for i := range b.N {
			bom := large(10_000_000, packages, fmt.Sprint(i, time.Now()))
			version := fmt.Sprint("10MB ", b.N, i)
			heap = max(heap, peak(func() {
				start := time.Now()
				q := h.queue(town.Pia, product, version, own(town.Pump), bom)
				s, err := h.Devices.ReadSBOM(h.Ctx, h.DB, program, q.ID, nil)
				h.OK(err)
				read += time.Since(start)
				start = time.Now()
				h.settle()
				matched += time.Since(start)
				parts = s.Components
			}))
		}
		h.OK(h.DB.Read(h.Ctx, policy.System("matching"), func(v *db.View) (err error) {
			found, err = db.One(v, db.Value[int], `SELECT count(*) FROM matching_findings`)
			return err
		}))
		b.ReportMetric(float64(read.Milliseconds())/float64(b.N), "ms-read/op")
		b.ReportMetric(float64(matched.Milliseconds())/float64(b.N), "ms-match/op")
		b.ReportMetric(float64(heap)/1e6, "MB-peak")
		b.ReportMetric(float64(parts), "components")
		b.ReportMetric(float64(found), "findings-in-all")
	})
	b.Run("set", func(b *testing.B) {
		set := shared(b, "sbom/sbom-set.tar.zst")
		for i := range b.N {
			var read, matched time.Duration
			files, parts, found := 0, 0, 0
			var bills []int64
			for r := tar.NewReader(bytes.NewReader(set)); ; {
				head, err := r.Next()
				if err == io.EOF {
					break
				}
				h.OK(err)
				data, err := io.ReadAll(r)
				h.OK(err)
				if head.Typeflag != tar.TypeReg {
					continue
				}
				h.Clock.Add(time.Second)
				start := time.Now()
				q, err := h.Devices.AcceptSBOM(h.Ctx, h.DB, h.As(town.Pia), devices.NewSBOM{Product: product, Version: fmt.Sprintf("%d %d %d", b.N, i, files), Name: "bom"}, bytes.NewReader(data))
				if err != nil {
					continue
				}
				s, err := h.Devices.ReadSBOM(h.Ctx, h.DB, program, q.ID, nil)
				h.OK(err)
				if s.State != devices.SBOMDone {
					continue
				}
				read += time.Since(start)
				files, parts, bills = files+1, parts+s.Components, append(bills, s.Number())
			}
			start := time.Now() // what came together is compared together
			h.settle()
			matched += time.Since(start)
			for _, n := range bills {
				h.OK(h.DB.Read(h.Ctx, policy.System("matching"), func(v *db.View) error {
					some, err := db.One(v, db.Value[int], `SELECT count(*) FROM matching_findings WHERE sbom = $1`, n)
					found += some
					return err
				}))
			}
			b.ReportMetric(float64(parts)/matched.Seconds(), "components/s-matched")
			b.ReportMetric(float64(parts)/(read+matched).Seconds(), "components/s-read-and-matched")
			b.ReportMetric(float64(files), "files")
			b.ReportMetric(float64(parts), "components")
			b.ReportMetric(float64(found), "findings")
		}
	})
}

// BenchmarkContaining: "which products contain X?" over many SBOMs: 1,000, or 10,000
// with CORDON_LONG=1.
func BenchmarkContaining(b *testing.B) {
	h := newHouse(b, "")
	n := 1000
	if long() {
		n = 10_000
	}
	product := h.product(town.Pia, devices.ProductForm{Name: "Infusor"})
	for i := range n {
		var parts []string
		for k := range 20 {
			parts = append(parts, library(fmt.Sprintf("library-%d", (i*31+k*17)%3000), "1.0.0", fmt.Sprintf("pkg:npm/library-%d@1.0.0", (i*31+k*17)%3000)))
		}
		if i%500 == 7 {
			parts = append(parts, library("rare", "2.0.0", "pkg:npm/rare@2.0.0"))
		}
		parts = append(parts, library("common", "3.0.0", "pkg:npm/common@3.0.0"))
		h.sbom(town.Pia, product, fmt.Sprint("v", i), own(town.Pump), cdx(parts...))
	}
	for _, what := range []string{"pkg:npm/rare", "rare", "library-17", "pkg:npm/common", "absent"} {
		b.Run(strings.ReplaceAll(what, "/", "_"), func(b *testing.B) {
			found := 0
			for range b.N {
				found = len(town.Must(h.Town, town.Pia, func(v *db.View) ([]devices.Holds, error) { return h.Devices.Containing(v, what, 100) }))
			}
			b.ReportMetric(float64(found), "found")
		})
	}
}

// BenchmarkNewVulnerability: a new record against many components and deployments, to
// the list of their owners: 20,000 and 5,000, or 5 million and a million with
// CORDON_LONG=1.
func BenchmarkNewVulnerability(b *testing.B) {
	h := newHouse(b, "")
	sboms, each, places := 10, 2000, 5000
	if long() {
		sboms, each, places = 1000, 5000, 1_000_000
	}
	product := h.product(town.Pia, devices.ProductForm{Name: "Infusor", Label: public})
	for i := range sboms {
		parts := make([]string, 0, each+1)
		for k := range each {
			n := i*each + k
			parts = append(parts, library(fmt.Sprintf("library-%d", n), "1.0.0", fmt.Sprintf("pkg:npm/library-%d@1.0.0", n)))
		}
		if i%100 == 3 {
			parts = append(parts, library("rare", "1.0.0", "pkg:npm/rare@1.0.0"))
		}
		h.sbom(town.Pia, product, fmt.Sprint("v", i), town.Label(policy.Amber, town.Pump, town.Ward), cdx(parts...))
	}
	who := []string{town.Wim, town.Cleo}
	const at = 50_000 // once; each import looks through what the organization has
	for from := 0; from < places; from += at {
		var csv strings.Builder
		csv.WriteString("maker,model,version,units,zone\n")
		for i := from; i < min(from+at, places); i++ {
			fmt.Fprintf(&csv, "Maker %d,Model %d,1.0,1,Zone %d\n", i%997, i%99_991, i)
		}
		plan, err := h.Devices.ImportDeployments(h.Ctx, h.DB, h.As(who[from/at%2]), devices.DeploymentImport{Body: []byte(csv.String())}, nil)
		h.OK(err)
		if plan.Added != min(at, places-from) {
			b.Fatalf("%+v", plan.Rows[:min(3, len(plan.Rows))])
		}
	}
	for i := range 20 { // that run the product's versions, one of which holds the rare part
		h.deploy(who[i%2], devices.DeploymentForm{Product: product, Version: fmt.Sprint("v", i%sboms), Zone: fmt.Sprint("place ", i)})
	}
	h.settle()
	b.Logf("%d components, %d deployments", sboms*each, places)
	eyes := policy.System("matching")
	var compared, owners, parts []time.Duration
	n := 0
	for i := range max(b.N, 20) { // the furnishing takes minutes: -benchtime 1x does it once
		id := fmt.Sprintf("NEW-%d-%d", b.N, i)
		h.bring(town.Dora, vulns.OSV, public, []byte(osv(id, "2025-01-01T00:00:00Z", "rare", "2.0.0")))
		start := time.Now()
		h.settle()
		compared = append(compared, time.Since(start))
		h.OK(h.DB.Read(h.Ctx, eyes, func(v *db.View) error {
			start := time.Now()
			list, err := h.Matching.Owners(v, id)
			owners = append(owners, time.Since(start))
			n = len(list)
			if err != nil {
				return err
			}
			start = time.Now()
			_, err = h.Devices.PartsByKey(v, []int64{names.Hash("pkg:npm/rare")})
			parts = append(parts, time.Since(start))
			return err
		}))
	}
	for name, all := range map[string][]time.Duration{"ms-compared": compared, "ms-owners": owners, "ms-parts": parts} {
		slices.Sort(all)
		b.ReportMetric(float64(all[len(all)/2].Microseconds())/1000, name)
	}
	b.ReportMetric(float64(n), "owners")
}
