package vulns_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cordon-isao/cordon/formats/names"
	"github.com/cordon-isao/cordon/formats/vuln"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/vulns"
)

// byKey finds claims as matching does: by hash, then by the word itself.
func byKey(h *town.Town, who policy.Viewer, key string) (out []vulns.Claim) {
	h.T.Helper()
	h.OK(h.DB.Read(h.Ctx, who, func(v *db.View) error {
		cs, err := h.Vulns.ClaimsByKey(v, []int64{names.Hash(key)})
		for _, c := range cs {
			if slices.Contains(c.Keys, key) {
				out = append(out, c)
			}
		}
		return err
	}))
	return out
}

func TestKeys(t *testing.T) {
	for _, c := range []struct {
		claim vuln.Claim
		want  []string
	}{
		{vuln.Claim{Kind: vuln.PURL, Key: "pkg:npm/a"}, []string{"pkg:npm/a"}},
		{vuln.Claim{Kind: vuln.CPE, Key: "cpe:a:openssl:openssl", CPE: "cpe:2.3:a:openssl:openssl:1.0:*:*:*:*:*:*:*"}, []string{"cpe:a:openssl:openssl", "name:openssl", "dev:openssl:openssl"}},
		{vuln.Claim{Kind: vuln.CPE, Key: "cpe:o:philips:intellivue_mx800_firmware"}, []string{"cpe:o:philips:intellivue_mx800_firmware", "name:intellivue mx800 firmware", "dev:philips:intellivue mx800"}},
		{vuln.Claim{Kind: vuln.Device, Vendor: "Philips", Product: "IntelliVue MX800"}, []string{"dev:philips:intellivue mx800"}},
		{vuln.Claim{Kind: vuln.Name, Vendor: "Wind River", Product: "VxWorks Firmware"}, []string{"name:vxworks firmware", "dev:wind river:vxworks"}},
		{vuln.Claim{Kind: vuln.Name, Vendor: "", Product: "zlib"}, []string{"name:zlib"}},
		{vuln.Claim{Kind: vuln.Device}, nil},
		{vuln.Claim{Kind: vuln.CPE}, nil},
	} {
		if d := cmp.Diff(c.want, vulns.Keys(c.claim)); d != "" {
			t.Errorf("%+v: %s", c.claim, d)
		}
	}
}

func TestClaims(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		send(h, town.Dora, vulns.OSV, public, sample(t, "osv.jsonl"))
		send(h, town.Dora, vulns.CVE, public, sample(t, "cve.jsonl"))
		send(h, town.Dora, vulns.KEV, public, sample(t, "kev.json"))
		type all struct{ claims, again []vulns.Claim }
		a := town.Must(h, "", func(v *db.View) (a all, err error) {
			var places, keys []int64
			for n := range int64(200) {
				places = append(places, n)
			}
			if a.claims, err = h.Vulns.ClaimsOf(v, places); err != nil {
				return a, err
			}
			for _, c := range a.claims {
				for _, k := range c.Keys {
					keys = append(keys, names.Hash(k))
				}
			}
			a.again, err = h.Vulns.ClaimsByKey(v, append(keys, 1, 2, 3))
			return a, err
		})
		found := map[[2]int64]bool{}
		for _, c := range a.again {
			found[[2]int64{c.Record, int64(c.I)}] = true
		}
		if len(found) != len(a.again) || len(found) < 100 {
			t.Errorf("%d claims, %d of them apart", len(a.again), len(found))
		}
		for _, c := range a.claims {
			if len(c.Keys) > 0 && !found[[2]int64{c.Record, int64(c.I)}] {
				t.Errorf("%s %d is not found by %v", c.SourceID, c.I, c.Keys)
			}
		}
	})
}
