package matching_test

import (
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

// Counts are made in the reader's eyes: who may not read the SBOM counts nothing, and
// what the keeper settled is counted apart.
func TestCounts(t *testing.T) {
	onBoth(t, func(t *testing.T, h *house) {
		open := town.Label(policy.Green, policy.Community)
		id := h.product(town.Pia, devices.ProductForm{Name: "Infusor", Label: open})
		h.sbom(town.Pia, id, "3.1", town.Label(policy.Amber, town.Pump, town.Ward), []byte(`{"bomFormat":"CycloneDX","specVersion":"1.6","version":1,"components":[
			{"type":"library","bom-ref":"a","name":"alpha","version":"1.0.0","purl":"pkg:npm/alpha@1.0.0"},{"type":"library","bom-ref":"b","name":"beta","version":"1.0.0","purl":"pkg:npm/beta@1.0.0"}]}`))
		record := func(id, name, vector string) string {
			return `{"id":"` + id + `","modified":"2026-02-10T00:00:00Z","summary":"x","severity":[{"type":"CVSS_V3","score":"` + vector + `"}],"affected":[{"package":{"ecosystem":"npm","name":"` + name + `","purl":"pkg:npm/` + name + `"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"2.0.0"}]}]}]}` + "\n"
		}
		h.bring(town.Dora, vulns.OSV, public, []byte(record("CVE-2026-0001", "alpha", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H")+record("CVE-2026-0002", "beta", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:L/A:N")))
		h.settle()
		counts := func(who string) matching.Count {
			return town.Must(h.Town, who, func(v *db.View) (map[string]matching.Count, error) { return h.Matching.Counts(v, []string{id}) })[id]
		}
		for _, who := range []string{town.Pia, town.Wim} {
			if d := cmp.Diff(matching.Count{Bands: map[string]int{"critical": 1, "medium": 1}, Open: 2}, counts(who)); d != "" {
				t.Errorf("%s (-want +got)\n%s", who, d)
			}
		}
		if d := cmp.Diff(matching.Count{}, counts(town.Max)); d != "" {
			t.Errorf("who may not read the SBOM counts\n%s", d)
		}
		metrics := func() matching.Metrics {
			return town.Must(h.Town, town.Pia, func(v *db.View) (matching.Metrics, error) { return h.Matching.Metrics(v, id) })
		}
		// A word on another version, on another component or of somebody else settles nothing.
		for who, n := range map[string]matching.NewSaying{town.Pia: {Version: "3.0"}, town.Pol: {Component: "pkg:npm/beta@1.0.0"}, town.Max: {}} {
			n.Product, n.Vuln, n.Status, n.Impact, n.Label = id, "CVE-2026-0001", "not_affected", "It is never called.", open
			_, err := h.say(who, n)
			h.OK(err)
		}
		if d := cmp.Diff(matching.Count{Bands: map[string]int{"critical": 1, "medium": 1}, Open: 2}, counts(town.Pia)); d != "" {
			t.Errorf("after words on other things (-want +got)\n%s", d)
		}
		if m := metrics(); m.Identified != 2 || m.Patched != 0 || m.Open != 2 {
			t.Errorf("after words on other things: %+v", m)
		}
		_, err := h.say(town.Pia, matching.NewSaying{Product: id, Vuln: "CVE-2026-0001", Status: "not_affected", Impact: "It is never called.", Label: town.Label(policy.AmberStrict, town.Pump)})
		h.OK(err)
		if d := cmp.Diff(matching.Count{Bands: map[string]int{"medium": 1}, Open: 1, Settled: 1}, counts(town.Pia)); d != "" {
			t.Errorf("after the keeper's word (-want +got)\n%s", d)
		}
		if m := metrics(); m.Identified != 2 || m.Patched != 1 || m.Open != 1 || m.Percent != 50 {
			t.Errorf("after the keeper's word: %+v", m)
		}
		if d := cmp.Diff(matching.Count{Bands: map[string]int{"critical": 1, "medium": 1}, Open: 2}, counts(town.Wim)); d != "" {
			t.Errorf("who may not read the keeper's word (-want +got)\n%s", d)
		}
	})
}

// TestExposureLabels: what is counted keeps its marking: an exposure that counts what is
// in a RED SBOM is RED.
func TestExposureLabels(t *testing.T) {
	onBoth(t, func(t *testing.T, h *house) {
		id := h.product(town.Pia, devices.ProductForm{Name: "Infusor", Label: public})
		h.deploy(town.Wim, devices.DeploymentForm{Product: id, Version: "1.0"})
		h.bring(town.Dora, vulns.OSV, public, []byte(osv("OSV-1", "2025-01-01T00:00:00Z", "alpha", "2.0.0")))
		h.settle()
		strictest := func() (out policy.TLP) {
			for _, l := range town.Must(h.Town, town.Wim, func(v *db.View) (matching.Exposure, error) { return h.Matching.Exposure(v, time.Time{}) }).Labels {
				if out == "" || l.TLP.StricterThan(out) {
					out = l.TLP
				}
			}
			return out
		}
		if got := strictest(); got != "" {
			t.Errorf("nothing is counted, and is %s", got)
		}
		h.sbom(town.Pia, id, "1.0", town.Label(policy.Red, policy.OfPerson(town.Pia), policy.OfPerson(town.Wim)), cdx(library("alpha", "1.0.0", "pkg:npm/alpha@1.0.0")))
		h.settle()
		if got := strictest(); got != policy.Red {
			t.Errorf("what is counted from a RED SBOM is %s", got)
		}
	})
}
