package vulns_test

import (
	"archive/tar"
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/formats/names"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/testkit/pgtest"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/vulns"
)

// shared is a file of the public data beside the repository, unpacked.
func shared(t testing.TB, name string) []byte {
	t.Helper()
	file := filepath.Join("..", "..", "shared", "data", name)
	if _, err := os.Stat(file); err != nil {
		t.Skip("the public data is not here")
	}
	if filepath.Ext(name) != ".zst" {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	out, err := exec.Command("zstd", "-dc", file).Output()
	if err != nil {
		t.Skipf("zstd: %v", err)
	}
	return out
}

func long(t testing.TB) {
	t.Helper()
	if os.Getenv("CORDON_LONG") == "" {
		t.Skip("CORDON_LONG is not set")
	}
}

// TestCorpora takes in everything that there is, twice, and measures look-ups;
// CORDON_LONG=postgres does so on PostgreSQL.
func TestCorpora(t *testing.T) {
	long(t)
	url := ""
	if os.Getenv("CORDON_LONG") == "postgres" {
		url = pgtest.URL(t, pgtest.NoFsync())
	}
	h := town.New(t, url)
	var csaf []string
	archive := tar.NewReader(bytes.NewReader(shared(t, "csaf/cisa-icsma-all.tar.zst")))
	for {
		head, err := archive.Next()
		if err == io.EOF {
			break
		}
		h.OK(err)
		if head.Typeflag == tar.TypeReg && filepath.Ext(head.Name) == ".json" {
			data, err := io.ReadAll(archive)
			h.OK(err)
			csaf = append(csaf, filepath.Base(head.Name), string(data))
		}
	}
	for _, c := range []struct {
		kind vulns.Kind
		name string
		data []byte
		want int
	}{
		{vulns.OSV, "osv", shared(t, "osv/osv.jsonl.zst"), 27_825}, {vulns.OSV, "osv-converted", shared(t, "osv/osv-converted.jsonl.zst"), 2_774},
		{vulns.CVE, "cve", shared(t, "cve/cisa-vulnrichment-cve5.jsonl.zst"), 44_130}, {vulns.KEV, "kev", shared(t, "kev/known_exploited_vulnerabilities.json"), 1_404},
		{vulns.CSAF, "icsma", zipped(t, csaf...), 433}, {vulns.EPSS, "epss", []byte(scores(98_000)), 98_000},
	} {
		for _, again := range []bool{false, true} {
			start := time.Now()
			b := send(h, town.Dora, c.kind, public, c.data)
			spent := time.Since(start)
			t.Logf("%s: %s %+v in %s, %.0f/s", c.name, b.State, b.Tally, spent.Round(time.Millisecond), float64(b.Seen)/spent.Seconds())
			for _, p := range b.Problems[:min(len(b.Problems), 5)] {
				t.Logf("  %s: %s", p.Where, p.Reason)
			}
			if b.State != vulns.Done || b.Seen < c.want*99/100 || again && b.Added+b.Changed != 0 {
				t.Errorf("%s: %+v", c.name, b)
			}
		}
	}
	var places []int64
	for n := range int64(200_000) {
		places = append(places, n)
	}
	read := func(what string, n func(v *db.View) (int, error)) {
		t.Helper()
		for range 2 {
			start := time.Now()
			got := 0
			h.OK(h.DB.Read(context.Background(), program, func(v *db.View) (err error) { got, err = n(v); return err }))
			spent := time.Since(start)
			t.Logf("%s: %d in %s, %.0f/s", what, got, spent.Round(100*time.Microsecond), float64(got)/spent.Seconds())
		}
	}
	var keys []int64
	read("ClaimsOf all", func(v *db.View) (int, error) {
		cs, err := h.Vulns.ClaimsOf(v, places)
		for _, c := range cs {
			for _, k := range c.Keys {
				keys = append(keys, names.Hash(k))
			}
		}
		return len(cs), err
	})
	keys = slices.Compact(slices.Sorted(slices.Values(keys)))
	t.Logf("%d keys", len(keys))
	var ask, strange []int64
	for i := range 60_000 {
		strange = append(strange, int64(i)*1_234_567_891_011)
		if i%10 == 0 {
			ask = append(ask, keys[(i*7919)%len(keys)])
		} else {
			ask = append(ask, strange[i])
		}
	}
	read("ClaimsByKey of 60,000 unknown", func(v *db.View) (int, error) { cs, err := h.Vulns.ClaimsByKey(v, strange); return len(cs), err })
	read("ClaimsByKey of 60,000, a tenth known", func(v *db.View) (int, error) { cs, err := h.Vulns.ClaimsByKey(v, ask); return len(cs), err })
	read("ClaimsByKey of linux", func(v *db.View) (int, error) {
		cs, err := h.Vulns.ClaimsByKey(v, []int64{names.Hash("name:linux kernel"), names.Hash("cpe:o:linux:linux_kernel")})
		return len(cs), err
	})
	for name, q := range map[string]vulns.Query{"all": {}, "exploited": {Exploited: true}, "severe": {Severity: 95}, "word": {Text: "overflow"}, "id": {Text: "CVE-2021-44228"}, "rare": {Text: "infusion"}, "csaf": {Source: "csaf"}, "severe csaf": {Source: "csaf", Severity: 98}} {
		for _, who := range []string{"", town.Wim} {
			start := time.Now()
			items := town.Must(h, who, func(v *db.View) (items []vulns.Item, err error) {
				items, _, err = h.Vulns.List(v, q)
				return items, err
			})
			t.Logf("list %s for %q: %d in %s", name, who, len(items), time.Since(start).Round(100*time.Microsecond))
		}
	}
	start := time.Now()
	u := mustLook(h, "", "CVE-2021-44228")
	t.Logf("%s: %d records, %d ids, in %s", u.ID, len(u.Records), len(u.IDs), time.Since(start))
}
