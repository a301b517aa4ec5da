package matching_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/matching"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/vulns"
)

var errCrash = errors.New("crash")

// interrupted does something again and again, with the store failing once each time:
// at the first, second, third … statement of a kind, before it or after it. It ends when
// everything went through without one failing.
func (h *house) interrupted(prefixes []string, do func() error) (crashes int) {
	h.T.Helper()
	defer h.DB.Faults().Set(nil)
	for _, late := range []bool{false, true} {
		for nth := 1; nth < 60; nth += 1 + nth/4 {
			seen, failed := 0, false
			h.DB.Faults().Set(func(stmt string, after bool) error {
				if after != late || failed || !slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(stmt, p) }) {
					return nil
				}
				if seen++; seen < nth {
					return nil
				}
				failed = true
				return errCrash
			})
			err := do()
			h.DB.Faults().Set(nil)
			if failed {
				crashes++
			} else if err != nil {
				h.T.Fatal(err)
			}
			h.Clock.Add(10 * time.Minute) // what a dead node held is free again
			if !failed && err == nil {
				break
			}
		}
	}
	h.OK(do())
	return crashes
}

// state is all that there is to find, and to be told, without ids.
func (h *house) state() (out []string) {
	h.T.Helper()
	h.OK(h.DB.Read(h.Ctx, policy.System("matching"), func(v *db.View) error {
		for _, id := range []string{"OSV-1", "OSV-2", "CVE-2025-0001"} {
			fs, err := h.Matching.OfVulnerability(v, id, matching.Query{Limit: matching.MaxPage})
			if err != nil {
				return err
			}
			for _, f := range fs {
				for _, r := range f.Reasons {
					out = append(out, fmt.Sprintf("%s %s %s %s: %s", f.Kind, f.Part.Name, f.Vuln, r.SourceID, r.Verdict))
				}
			}
		}
		for after := int64(0); ; {
			ts, upto, err := h.Matching.FreshTouches(v, after, 100)
			if err != nil {
				return err
			}
			for _, t := range ts {
				out = append(out, fmt.Sprintf("told %s of %s: %s", t.Org, t.Vuln, t.News))
			}
			if upto == after {
				break
			}
			after = upto
		}
		return nil
	}))
	slices.Sort(out)
	return out
}

// TestKilled: the store fails at any statement of a reading, an import or a comparison;
// what goes on afterwards ends where it would have ended, nothing twice, nothing lost.
func TestKilled(t *testing.T) {
	onBoth(t, func(t *testing.T, h *house) {
		var parts []string
		for i := range 30 {
			parts = append(parts, library(fmt.Sprintf("p%d", i), "1.0.0", fmt.Sprintf("pkg:npm/p%d@1.0.0", i)))
		}
		bom := []byte(`{"bomFormat":"CycloneDX","specVersion":"1.5","version":1,"components":[` + strings.Join(parts, ",") + `],"dependencies":[{"ref":"pkg:npm/p0@1.0.0","dependsOn":["pkg:npm/p1@1.0.0","pkg:npm/p2@1.0.0"]}]}`)
		product := h.product(town.Pia, devices.ProductForm{Name: "Infusor", Label: public})
		h.deploy(town.Wim, devices.DeploymentForm{Product: product, Version: "1.0"})
		h.deploy(town.Wim, devices.DeploymentForm{Maker: "Pump Works", Model: "Infusor", Version: "0.9"})
		h.settle()
		b := h.queue(town.Pia, product, "1.0", town.Label(policy.Amber, town.Pump, town.Ward), bom)
		total := h.interrupted([]string{"INSERT INTO devices_components", "INSERT INTO devices_keys", "INSERT INTO devices_edges", "INSERT INTO devices_reading", "UPDATE devices_sboms", "DELETE FROM devices_reading", "COMMIT"}, func() error {
			_, err := h.Devices.ReadSBOM(h.Ctx, h.DB, program, b.ID, nil)
			return err
		})
		read := town.Must(h.Town, town.Pia, func(v *db.View) (*devices.SBOM, error) { return h.Devices.SBOM(v, b.ID) })
		if read.State != devices.SBOMDone || read.Components != 30 || read.Edges != 2 {
			t.Fatalf("%s %s: %d components, %d edges", read.State, read.Why, read.Components, read.Edges)
		}
		ps := town.Must(h.Town, town.Pia, func(v *db.View) ([]devices.Part, error) { return h.Devices.Components(v, b.ID, "", 0, 100) })
		if len(ps) != 30 {
			t.Errorf("%d components", len(ps))
		}

		records := osv("OSV-1", "2025-01-01T00:00:00Z", "p1", "2.0.0") + "\n" + osv("OSV-2", "2025-01-01T00:00:00Z", "p2", "2.0.0")
		for i := range 10 {
			records += "\n" + osv(fmt.Sprintf("OTHER-%d", i), "2025-01-01T00:00:00Z", "elsewhere", "2.0.0")
		}
		batch, err := h.Vulns.Accept(h.Ctx, h.DB, h.As(town.Dora), vulns.NewBatch{Name: "x", Kind: vulns.OSV, Label: public}, strings.NewReader(records))
		h.OK(err)
		total += h.interrupted([]string{"INSERT INTO vulns_", "UPDATE vulns_", "DELETE FROM vulns_", "COMMIT"}, func() error {
			_, err := h.Vulns.Read(h.Ctx, h.DB, policy.System("vulns"), batch.ID, nil)
			return err
		})
		done := town.Must(h.Town, town.Dora, func(v *db.View) (*vulns.Batch, error) { return h.Vulns.Batch(v, batch.ID) })
		if done.State != vulns.Done || done.Added != 12 || done.Changed+done.Same+done.Skipped != 0 {
			t.Fatalf("%s %+v", done.State, done.Tally)
		}
		h.bring(town.Dora, vulns.CSAF, public, advisory("ADV-1", "CVE-2025-0001", "Pump Works", "Infusor", "<= 1.0"))
		total += h.interrupted([]string{"INSERT INTO matching_", "UPDATE matching_", "DELETE FROM matching_", "SELECT t.kind", "COMMIT"}, h.trySettle)
		want := []string{
			"component p1 OSV-1 OSV-1: affected", "component p2 OSV-2 OSV-2: affected",
			"deployment  CVE-2025-0001 ADV-1#CVE-2025-0001: affected", "deployment  CVE-2025-0001 ADV-1#CVE-2025-0001: affected",
			"told " + town.Pump.ID() + " of CVE-2025-0001: found", "told " + town.Pump.ID() + " of OSV-1: found", "told " + town.Pump.ID() + " of OSV-2: found",
			"told " + town.Ward.ID() + " of CVE-2025-0001: found", "told " + town.Ward.ID() + " of CVE-2025-0001: found",
			"told " + town.Ward.ID() + " of OSV-1: found", "told " + town.Ward.ID() + " of OSV-2: found",
			"version  CVE-2025-0001 ADV-1#CVE-2025-0001: needs a person",
		}
		if diff := cmp.Diff(want, h.state()); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		// The same again from nothing, interrupted, changes nothing.
		h.OK(h.DB.Note(h.Ctx, program, h.Matching.Again))
		total += h.interrupted([]string{"INSERT INTO matching_", "UPDATE matching_", "DELETE FROM matching_", "COMMIT"}, h.trySettle)
		if diff := cmp.Diff(want, h.state()); diff != "" {
			t.Errorf("again (-want +got)\n%s", diff)
		}
		// Nor does an SBOM that is withdrawn while the store fails.
		h.OK(h.Write(town.Pia, func(tx *db.Tx) error { return h.Devices.WithdrawSBOM(tx, b.ID, "a test") }))
		total += h.interrupted([]string{"INSERT INTO matching_", "UPDATE matching_", "DELETE FROM matching_", "COMMIT"}, h.trySettle)
		if got := h.ofVuln(town.Pia, "OSV-1"); len(got) != 0 {
			t.Errorf("%+v", got)
		}
		if waits := town.Must(h.Town, town.Dora, h.Matching.Waiting); waits != 0 {
			t.Errorf("%d comparisons wait", waits)
		}
		if total < 30 {
			t.Errorf("the store failed %d times only", total)
		}
		t.Logf("the store failed %d times", total)
	})
}
