package osv

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cordon-isao/cordon/formats/vuln"
)

// shared gives a file of the data folder beside the repository, unpacked, and
// skips the test where the folder or zstd is absent.
func shared(tb testing.TB, name string) []byte {
	tb.Helper()
	path := filepath.Join("..", "..", "..", "shared", "data", "osv", name)
	if _, err := os.Stat(path); err != nil {
		tb.Skip("the data folder is not here")
	}
	zstd, err := exec.LookPath("zstd")
	if err != nil {
		tb.Skip("zstd is not here")
	}
	data, err := exec.Command(zstd, "-dc", path).Output()
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

func testdata(tb testing.TB, name string) []byte {
	tb.Helper()
	f, err := os.Open(filepath.Join("testdata", name))
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		tb.Fatal(err)
	}
	data, err := io.ReadAll(z)
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

// count is what is known of the claims of one ecosystem.
type count struct{ Claims, NoKey, Person int }

func survey(t *testing.T, data []byte) (records int, claims map[string]count, withdrawn int) {
	t.Helper()
	claims = map[string]count{}
	err := Each(bytes.NewReader(data), func(r vuln.Record) error {
		records++
		if r.ID == "" || r.Source != vuln.OSV || len(r.Claims) == 0 || r.Summary == "" && r.Title == "" && strings.HasPrefix(r.ID, "GO-") {
			t.Errorf("%+v", r)
		}
		if !r.Withdrawn.IsZero() {
			withdrawn++
		}
		for _, c := range r.Claims {
			eco, _, _ := strings.Cut(c.Vendor, ":")
			n := claims[eco]
			n.Claims++
			if c.Key == "" {
				n.NoKey++
			}
			if c.NeedsPerson() {
				n.Person++
			}
			claims[eco] = n
			// a claim has versions or says that a person must look.
			if g := c.Range; c.Status != vuln.Affected || len(g.Exact)+len(g.Spans)+len(g.Plain) == 0 || c.Kind == vuln.PURL && !strings.HasPrefix(c.Key, "pkg:") {
				t.Errorf("%s: %+v", r.ID, c)
			}
		}
		return nil
	}, func(where string, err error) { t.Errorf("%s: %v", where, err) })
	if err != nil {
		t.Fatal(err)
	}
	return records, claims, withdrawn
}

func show(claims map[string]count) string {
	var b strings.Builder
	for _, eco := range slices.Sorted(maps.Keys(claims)) {
		fmt.Fprintf(&b, "%s %+v\n", eco, claims[eco])
	}
	return b.String()
}

// Every record of the sample is read, and what has no key or no versions is
// known by number.
func TestSample(t *testing.T) {
	n, claims, withdrawn := survey(t, testdata(t, "sample.jsonl.gz"))
	if n != 2123 || withdrawn != 68 {
		t.Errorf("%d records, %d withdrawn", n, withdrawn)
	}
	if d := cmp.Diff(wantSample, claims); d != "" {
		t.Errorf("%s\n%s", d, show(claims))
	}
	n, claims, _ = survey(t, testdata(t, "converted.jsonl.gz"))
	if n != 2774 {
		t.Errorf("%d records", n)
	}
	if d := cmp.Diff(wantConverted, claims); d != "" {
		t.Errorf("%s\n%s", d, show(claims))
	}
}

// Every record of the whole set, with CORDON_LONG=1.
func TestCorpus(t *testing.T) {
	if os.Getenv("CORDON_LONG") == "" {
		t.Skip("CORDON_LONG is not set")
	}
	n, claims, withdrawn := survey(t, shared(t, "osv.jsonl.zst"))
	if n != 27_825 || withdrawn != 68 {
		t.Errorf("%d records, %d withdrawn", n, withdrawn)
	}
	if d := cmp.Diff(wantCorpus, claims); d != "" {
		t.Errorf("%s\n%s", d, show(claims))
	}
}

func BenchmarkEach(b *testing.B) {
	data := testdata(b, "sample.jsonl.gz")
	b.SetBytes(int64(len(data)))
	n := 0
	for b.Loop() {
		if err := Each(bytes.NewReader(data), func(vuln.Record) error { n++; return nil }, nil); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "records/s")
}

var (
	wantSample = map[string]count{
		"AlmaLinux":  {5379, 0, 0},
		"Bitnami":    {537, 0, 0},
		"CRAN":       {6, 0, 0},
		"GHC":        {3, 0, 0},
		"GIT":        {14, 14, 14},
		"Go":         {489, 0, 0},
		"Hackage":    {7, 0, 0},
		"Homebrew":   {8, 0, 0},
		"Julia":      {153, 0, 0},
		"OSS-Fuzz":   {314, 0, 184},
		"Packagist":  {52, 0, 0},
		"PyPI":       {204, 0, 1},
		"crates.io":  {103, 0, 0},
		"kubernetes": {9, 0, 0},
	}
	wantConverted = map[string]count{
		"Packagist": {1592, 0, 0},
		"RubyGems":  {717, 0, 0},
		"npm":       {465, 0, 0},
	}
	wantCorpus = map[string]count{
		"AlmaLinux":  {69160, 0, 0},
		"Bitnami":    {7444, 0, 0},
		"CRAN":       {14, 0, 0},
		"GHC":        {3, 0, 0},
		"GIT":        {132, 132, 132},
		"Go":         {6125, 0, 0},
		"Hackage":    {41, 0, 0},
		"Homebrew":   {43, 0, 0},
		"Julia":      {2017, 0, 0},
		"OSS-Fuzz":   {4014, 0, 2420},
		"Packagist":  {591, 0, 0},
		"PyPI":       {2668, 0, 3},
		"crates.io":  {1206, 0, 0},
		"kubernetes": {50, 0, 0},
	}
)
