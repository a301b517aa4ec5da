package matching_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"testing"

	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/formats/names"
	"github.com/cordon-isao/cordon/formats/vers"
	"github.com/cordon-isao/cordon/formats/vuln"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/matching"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/vulns"
)

// TestAdvisories: of all 144 CISA medical advisories no word is lost. Every
// product of their trees is found by the claims about it: by a rule, or for a person; or
// the versions that are known of it all lie outside.
func TestAdvisories(t *testing.T) {
	inMemory(t)
	h := newHouse(t, "")
	packed := sample(t, "icsma.zip")
	b := h.bring(town.Dora, vulns.CSAF, public, packed)
	again := h.bring(town.Dora, vulns.CSAF, public, packed)
	if again.Added+again.Changed != 0 || again.Same != b.Added {
		t.Errorf("the second time: %+v", again.Tally)
	}
	z, err := zip.NewReader(bytes.NewReader(packed), int64(len(packed)))
	h.OK(err)
	products := 0
	for _, f := range z.File {
		r, err := f.Open()
		h.OK(err)
		data, err := io.ReadAll(r)
		h.OK(err)
		plan, err := h.Devices.ImportProducts(h.Ctx, h.DB, h.As(town.Dora), devices.ProductImport{Format: devices.FromCSAF, Name: f.Name, Body: data}, nil)
		h.OK(err)
		if plan.Refused != 0 {
			t.Errorf("%s: %+v", f.Name, plan.Rows)
		}
		products += plan.Added
	}
	h.settle()

	type about struct{ document, product string }
	found := map[about]map[matching.Verdict]bool{}
	versions := map[string][]string{}
	byKey := map[int64]string{}
	findings := 0
	view := func(fn func(v *db.View) error) {
		t.Helper()
		h.OK(h.DB.Read(h.Ctx, policy.System("matching"), fn))
	}
	var claims []vulns.Claim
	view(func(v *db.View) error {
		list, err := db.All(v, db.Value[string], `SELECT p.id FROM visible.devices_products p`)
		if err != nil {
			return err
		}
		for _, id := range list {
			called, err := h.Devices.NamesOf(v, id)
			if err != nil {
				return err
			}
			for _, n := range called {
				if n.How == "name" {
					byKey[n.Key] = id
				}
			}
			vs, err := h.Devices.Versions(v, id)
			if err != nil {
				return err
			}
			for _, w := range vs {
				versions[id] = append(versions[id], w.Name)
			}
			for after := 0; ; after += matching.MaxPage {
				fs, err := h.Matching.OfProduct(v, id, "", matching.Query{After: after, Limit: matching.MaxPage})
				if err != nil {
					return err
				}
				findings += len(fs)
				for _, f := range fs {
					for _, r := range f.Reasons {
						k := about{r.Document, id}
						if found[k] == nil {
							found[k] = map[matching.Verdict]bool{}
						}
						found[k][r.Verdict] = true
					}
				}
				if len(fs) < matching.MaxPage {
					break
				}
			}
		}
		places := make([]int64, 2*b.Added)
		for i := range places {
			places[i] = int64(i + 1)
		}
		claims, err = h.Vulns.ClaimsOf(v, places)
		return err
	})
	count := map[string]int{}
	seen := map[about]bool{}
	outside := map[about]bool{}
	for _, c := range claims {
		if c.Kind != vuln.Device || c.Status != vuln.Affected {
			continue
		}
		count["claims"]++
		id := byKey[names.Hash(names.Device(c.Vendor, c.Product))]
		if id == "" {
			t.Errorf("%s: no product is called %s, %s", c.SourceID, c.Vendor, c.Product)
			continue
		}
		k := about{c.Document, id}
		all := len(versions[id]) > 0
		for _, w := range versions[id] {
			if verdict, _ := c.Range.Contains(w); verdict != vers.Outside {
				all = false
			}
		}
		if was, ok := outside[k]; ok {
			all = all && was
		}
		seen[k], outside[k] = true, all
	}
	for k := range seen {
		switch v := found[k]; {
		case v[matching.Affected]:
			count["by a rule"]++
		case v[matching.Person]:
			count["for a person"]++
		case outside[k]:
			count["outside"]++
		default:
			t.Errorf("%s says something of product %s, and nothing is found", k.document, k.product)
		}
	}
	got := fmt.Sprintf("%d documents, %d records, %d products, %d claims, %d products in advisories: %d by a rule, %d for a person, %d outside; %d findings", len(z.File), b.Added, products, count["claims"], len(seen), count["by a rule"], count["for a person"], count["outside"], findings)
	if want := string(bytes.TrimSpace(sample(t, "icsma.golden"))); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
