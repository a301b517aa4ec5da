package matching_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/testkit/pgtest"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/vulns"
)

// TestTrees: a store of the steps before the trees were changed is taken over whole:
// findings, reasons and news stay as they were, everybody sees what he saw, answers
// still belong, and what comes next is found and told.
func TestTrees(t *testing.T) {
	for engine, url := range map[string]func(testing.TB) string{
		"sqlite":   func(testing.TB) string { return "" },
		"postgres": func(t testing.TB) string { return pgtest.URL(t, pgtest.NoFsync()) },
	} {
		t.Run(engine, func(t *testing.T) {
			now, earlier, address := town.Schemas, slices.Clone(town.Schemas), url(t)
			for i, s := range earlier {
				if s.Duty == "matching" || s.Duty == "devices" {
					earlier[i].Steps = s.Steps[:2]
				}
			}
			town.Schemas = earlier
			t.Cleanup(func() { town.Schemas = now })
			h := newHouse(t, address)
			product := h.product(town.Pia, devices.ProductForm{Name: "Infusor", Maker: "Pump Works", Label: public})
			label := town.Label(policy.Amber, town.Pump, town.Ward)
			first := h.sbom(town.Pia, product, "1.0", label, cdx(library("left", "1.0.0", "pkg:npm/left@1.0.0"), library("right", "1.0.0", "pkg:npm/right@1.0.0")))
			h.bring(town.Dora, vulns.OSV, public, []byte(osv("OLD-1", "2025-01-01T00:00:00Z", "left", "2.0.0")+"\n"+osv("OLD-2", "2025-01-01T00:00:00Z", "right", "2.0.0", `"aliases":["CVE-2025-0002"]`)))
			h.bring(town.Dora, vulns.CSAF, public, advisory("ADV-1", "CVE-2025-0001", "Pump Works", "Infusor", "< 2.0"))
			h.deploy(town.Wim, devices.DeploymentForm{Product: product, Version: "1.0"})
			h.deploy(town.Wim, devices.DeploymentForm{Maker: "Pump Works", Model: "Infusor", Version: "1.1"})
			waits := h.queue(town.Pia, product, "3.0", label, cdx(library("left", "1.5.0", "pkg:npm/left@1.5.0")))
			h.settle()

			rows := func() (out []string) {
				for _, stmt := range []string{
					`SELECT n || ' ' || id || ' ' || kind || ' ' || sbom || ' ' || part || ' ' || subject || ' ' || version || ' ' || vuln || ' ' || gone FROM matching_findings ORDER BY n`,
					`SELECT finding || ' ' || record || ' ' || claim || ' ' || verdict || ' ' || how || ' ' || why || ' ' || found || ' ' || gone FROM matching_reasons ORDER BY finding, record, claim`,
					`SELECT n || ' ' || finding || ' ' || record || ' ' || what || ' ' || at FROM matching_news ORDER BY n`,
				} {
					out = append(out, town.Must(h.Town, "", func(v *db.View) ([]string, error) { return db.All(v, db.Value[string], stmt) })...)
				}
				return out
			}
			seen := func() (out []string) {
				for _, who := range []string{town.Pia, town.Wim, town.Cleo} {
					for _, f := range h.mine(who) {
						out = append(out, fmt.Sprint(who, f.ID, f.Kind, f.Vuln, f.Verdict))
					}
				}
				for _, f := range h.ofSBOM(town.Wim, first.ID) {
					out = append(out, fmt.Sprint(f.ID, f.Vuln, f.Part.Name))
				}
				return out
			}
			had, saw := rows(), seen()
			if len(had) < 15 || len(saw) < 6 {
				t.Fatalf("too little to tell:\n%q\n%q", had, saw)
			}

			h.OK(h.DB.Close())
			var err error
			h.DB, err = db.Open(h.Ctx, db.Options{Dir: h.Dir, URL: address, Clock: h.Clock, Ledger: h.Ledger, Schemas: now})
			h.OK(err)
			h.OK(h.Ledger.Attach(h.Ctx, h.DB))
			h.DB.SetRefresh(h.Members.Refresh)
			if d := cmp.Diff(had, rows()); d != "" {
				t.Errorf("not taken over: %s", d)
			}
			if d := cmp.Diff(saw, seen()); d != "" {
				t.Errorf("seen otherwise: %s", d)
			}
			h.again()
			if d := cmp.Diff(had, rows()); d != "" {
				t.Errorf("made otherwise from nothing: %s", d)
			}

			// It goes on: what waited is read, a new record is found, and a listed one is told.
			if b, err := h.Devices.ReadSBOM(h.Ctx, h.DB, program, waits.ID, nil); err != nil || b.State != devices.SBOMDone {
				t.Fatal(b.State, err)
			}
			h.bring(town.Dora, vulns.OSV, public, []byte(osv("NEW-1", "2025-02-01T00:00:00Z", "right", "3.0.0")))
			h.bring(town.Dora, vulns.KEV, public, []byte(`{"title":"Catalog","catalogVersion":"1","dateReleased":"2025-03-01T00:00:00.0Z","count":1,"vulnerabilities":[{"cveID":"CVE-2025-0002","vendorProject":"Right","product":"Right","vulnerabilityName":"Right","dateAdded":"2025-03-01","shortDescription":"x","requiredAction":"x","dueDate":"2025-03-22","knownRansomwareCampaignUse":"Unknown","notes":""}]}`))
			h.settle()
			more := rows()
			count := func(word string) (n int) {
				for _, r := range more {
					if !slices.Contains(had, r) && slices.Contains(strings.Fields(r), word) {
						n++
					}
				}
				return n
			}
			if count("NEW-1") != 1 || count("exploited") != 1 || len(h.ofSBOM(town.Wim, waits.ID)) != 1 {
				t.Errorf("%d, %d: %q", count("NEW-1"), count("exploited"), more)
			}
			h.again()
			if d := cmp.Diff(more, rows()); d != "" {
				t.Errorf("made otherwise from nothing: %s", d)
			}
		})
	}
}
