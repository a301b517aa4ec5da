package matching_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/matching"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/vulns"
)

// infusor is a product with an SBOM that Ward has, and runs.
func infusor(h *house) (product string, bom *devices.SBOM) {
	product = h.product(town.Pia, devices.ProductForm{Name: "Infusor", Label: public})
	bom = h.sbom(town.Pia, product, "1.0", town.Label(policy.Amber, town.Pump, town.Ward), cdx(library("alpha", "1.0.0", "pkg:npm/alpha@1.0.0"), library("beta", "1.0.0", "pkg:npm/beta@1.0.0")))
	h.deploy(town.Wim, devices.DeploymentForm{Product: product, Version: "1.0"})
	return product, bom
}

// openOf lists the vulnerabilities that are open for a reader's deployments, and checks
// that the exposure counts the same.
func openOf(h *house, who string) []string {
	h.T.Helper()
	out := map[string]bool{}
	n := 0
	for _, f := range h.mine(who) {
		if f.Open(h.Clock.Now()) {
			out[f.Vuln] = true
			n++
		}
	}
	e := town.Must(h.Town, who, func(v *db.View) (matching.Exposure, error) { return h.Matching.Exposure(v, time.Time{}) })
	if e.Open != n {
		h.T.Errorf("%s has %d open findings, and the exposure counts %d", who, n, e.Open)
	}
	return slices.Sorted(maps.Keys(out))
}

// TestVEX: the word of the product's maker closes and opens, for those who may read it;
// that of others does not.
func TestVEX(t *testing.T) {
	onBoth(t, func(t *testing.T, h *house) {
		product, _ := infusor(h)
		alpha := osv("OSV-1", "2025-01-01T00:00:00Z", "alpha", "2.0.0", `"aliases":["CVE-2025-0001"]`)
		h.bring(town.Dora, vulns.OSV, public, []byte(alpha))
		h.bring(town.Dora, vulns.OSV, public, []byte(osv("OSV-2", "2025-01-01T00:00:00Z", "beta", "2.0.0")))
		h.settle()
		is := func(what, who string, want ...string) {
			t.Helper()
			if got := openOf(h, who); !slices.Equal(got, want) {
				t.Errorf("%s: %v are open for %s, want %v", what, got, who, want)
			}
		}
		both := []string{"CVE-2025-0001", "OSV-2"}
		is("at first", town.Wim, both...)
		n := matching.NewSaying{Product: product, Version: "1.0", Component: "pkg:npm/alpha", Vuln: "OSV-1", Status: "not_affected", Justification: "vulnerable_code_not_in_execute_path"}
		say := func(who string, n matching.NewSaying) string {
			t.Helper()
			id, err := h.say(who, n)
			h.OK(err)
			return id
		}
		wants := func(n matching.NewSaying, field string) {
			t.Helper()
			_, err := h.say(town.Pia, n)
			town.Wants(t, err, fault.Invalid, field)
		}
		if f := h.ofVuln(town.Wim, "CVE-2025-0001")[0]; len(f.Reasons) != 1 || !slices.Equal(f.Reasons[0].Fixed, []string{"2.0.0"}) {
			t.Errorf("what fixes it is not told: %+v", f.Reasons)
		}
		bad := n
		bad.Justification = ""
		wants(bad, "justification")
		bad = n
		bad.Status, bad.Justification = "affected", ""
		wants(bad, "action")
		bad.Status, bad.Justification = "fixed", "component_not_present"
		wants(bad, "justification")

		// A stranger's word is shown and closes nothing.
		other := n
		other.Label = public
		say(town.Max, other)
		is("a stranger's word", town.Wim, both...)

		// A draft is the maker's own.
		draft := say(town.Pia, n)
		is("a draft", town.Wim, both...)
		if _, err := town.Read(h.Town, town.Wim, func(v *db.View) (matching.Saying, error) { return h.Matching.Saying(v, draft) }); !fault.Is(err, fault.Missing) {
			t.Errorf("Ward reads a draft: %v", err)
		}
		// Published, it closes for those who read it.
		n.Label = town.Label(policy.Green, policy.Community)
		say(town.Pia, n)
		is("published", town.Wim, "OSV-2")
		f := h.ofVuln(town.Wim, "CVE-2025-0001")[0]
		if f.Said == nil || f.Said.Status != "not_affected" || f.Said.OrgName != "Pump Works" || f.Verdict != matching.Affected {
			t.Errorf("%+v", f)
		}
		// A new draft takes nothing away from what others were told; nor does made again.
		again := n
		again.Status, again.Justification, again.Action, again.Label = "affected", "", "Wait.", policy.Label{}
		say(town.Pia, again)
		is("a draft after", town.Wim, "OSV-2")
		if f := h.ofVuln(town.Pia, "CVE-2025-0001")[0]; f.Said == nil || f.Said.Status != "affected" {
			t.Errorf("the maker does not read the own draft: %+v", f.Said)
		}
		h.again()
		is("made again", town.Wim, "OSV-2")
		// Published, the later word stands, and the earlier are history.
		again.Label = n.Label
		say(town.Pia, again)
		is("affected after all", town.Wim, both...)
		all := town.Must(h.Town, town.Pia, func(v *db.View) ([]matching.Saying, error) { return h.Matching.Sayings(v, product, true, 100) })
		now := town.Must(h.Town, town.Pia, func(v *db.View) ([]matching.Saying, error) { return h.Matching.Sayings(v, product, false, 100) })
		if len(all) != 5 || len(now) != 2 { // the stranger's, and the last
			t.Errorf("%d words, %d in force: %+v", len(all), len(now), now)
		}
		// About another component, or another version, it is no word.
		elsewhere := n
		elsewhere.Component, elsewhere.Vuln = "pkg:npm/alpha", "OSV-2"
		say(town.Pia, elsewhere)
		elsewhere.Component, elsewhere.Version = "pkg:npm/beta", "2.0"
		say(town.Pia, elsewhere)
		is("said of others", town.Wim, both...)
		elsewhere.Version = ""
		say(town.Pia, elsewhere)
		is("of every version", town.Wim, "CVE-2025-0001")
		// What the source takes back is not open.
		h.bring(town.Dora, vulns.OSV, public, []byte(osv("OSV-1", "2025-02-01T00:00:00Z", "alpha", "2.0.0", `"aliases":["CVE-2025-0001"]`, `"withdrawn":"2025-02-01T00:00:00Z"`)))
		h.settle()
		is("withdrawn", town.Wim)
		h.bring(town.Dora, vulns.OSV, public, []byte(osv("OSV-1", "2025-03-01T00:00:00Z", "alpha", "2.0.0", `"aliases":["CVE-2025-0001"]`)))
		h.settle()
		is("said again", town.Wim, "CVE-2025-0001")
		if again := h.ofVuln(town.Wim, "CVE-2025-0001")[0]; again.ID != f.ID {
			t.Errorf("the finding has another id")
		}
	})
}

// TestWithin: the statements that an SBOM brings itself count as its maker's.
func TestWithin(t *testing.T) {
	onBoth(t, func(t *testing.T, h *house) {
		product := h.product(town.Pia, devices.ProductForm{Name: "Infusor", Label: public})
		bom := `{"bomFormat":"CycloneDX","specVersion":"1.5","version":1,"components":[` + library("alpha", "1.0.0", "pkg:npm/alpha@1.0.0") + "," + library("beta", "1.0.0", "pkg:npm/beta@1.0.0") + `],
			"vulnerabilities":[{"id":"CVE-2025-0001","analysis":{"state":"not_affected","justification":"code_not_reachable"},"affects":[{"ref":"pkg:npm/alpha@1.0.0"}]}]}`
		h.sbom(town.Pia, product, "1.0", town.Label(policy.Amber, town.Pump, town.Ward), []byte(bom))
		h.deploy(town.Wim, devices.DeploymentForm{Product: product, Version: "1.0"})
		h.bring(town.Dora, vulns.OSV, public, []byte(osv("OSV-1", "2025-01-01T00:00:00Z", "alpha", "2.0.0", `"aliases":["CVE-2025-0001"]`)))
		h.bring(town.Dora, vulns.OSV, public, []byte(osv("OSV-2", "2025-01-01T00:00:00Z", "beta", "2.0.0")))
		h.settle()
		if got := openOf(h, town.Wim); !slices.Equal(got, []string{"OSV-2"}) {
			t.Errorf("open: %v", got)
		}
		if f := h.ofVuln(town.Wim, "CVE-2025-0001")[0]; f.Said == nil || f.Said.Source != "sbom" || f.Said.Status != "not_affected" {
			t.Errorf("%+v", f.Said)
		}
		// A later word of the maker stands before it.
		_, err := h.say(town.Pia, matching.NewSaying{Product: product, Vuln: "CVE-2025-0001", Status: "affected", Action: "Update to 1.1.", Label: public})
		h.OK(err)
		if got := openOf(h, town.Wim); !slices.Equal(got, []string{"CVE-2025-0001", "OSV-2"}) {
			t.Errorf("open: %v", got)
		}
	})
}

// TestExposure: units and vulnerabilities by device, each counted once.
func TestExposure(t *testing.T) {
	h := newHouse(t, "")
	product, _ := infusor(h)
	h.deploy(town.Wim, devices.DeploymentForm{Product: product, Version: "1.0", Count: 7, Zone: "ICU", EOS: "2027-01-01"})
	h.deploy(town.Wim, devices.DeploymentForm{Maker: "Monitor Makers", Model: "Scope", Version: "3", Count: 2})
	h.deploy(town.Cleo, devices.DeploymentForm{Maker: "Monitor Makers", Model: "Scope", Version: "3", Count: 90})
	high := `"severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}]`
	h.bring(town.Dora, vulns.OSV, public, []byte(osv("OSV-1", "2025-01-01T00:00:00Z", "alpha", "2.0.0", high)+"\n"+osv("OSV-2", "2025-01-01T00:00:00Z", "beta", "2.0.0")))
	h.bring(town.Dora, vulns.CSAF, public, advisory("ADV-1", "CVE-2025-0003", "Monitor Makers", "Scope", "<= 3"))
	h.settle()
	since := h.Clock.Now()
	h.Clock.Add(8 * 24 * time.Hour)
	h.bring(town.Dora, vulns.OSV, public, []byte(osv("OSV-4", "2025-01-01T00:00:00Z", "beta", "2.0.0")))
	h.bring(town.Dora, vulns.OSV, public, []byte(osv("OSV-2", "2025-02-01T00:00:00Z", "beta", "0.5.0")))
	h.settle()
	e := town.Must(h.Town, town.Wim, func(v *db.View) (matching.Exposure, error) { return h.Matching.Exposure(v, since) })
	if e.Open != 3 || e.New != 1 || e.Gone != 1 || e.Capped || len(e.Rows) != 2 || len(e.Weeks) != 26 {
		t.Fatalf("%+v", e)
	}
	top, next := e.Rows[0], e.Rows[1]
	if top.Product != product || top.Units != 8 || len(top.Deployments) != 2 || top.EOS != "2027-01-01" || !cmp.Equal(top.Count, map[string]int{"critical": 1, "none": 1}) {
		t.Errorf("%+v", top)
	}
	if next.Model != "Scope" || next.Units != 2 || !cmp.Equal(next.Count, map[string]int{"none": 1}) {
		t.Errorf("%+v", next)
	}
	if w := e.Weeks; w[25].Open != 3 || w[24].Open != 3 || w[23].Open != 0 {
		t.Errorf("%+v", w)
	}
	counts := town.Must(h.Town, town.Wim, func(v *db.View) (map[string]matching.Count, error) { return h.Matching.Counts(v, []string{product}) })
	if c := counts[product]; c.Open != 2 || c.Settled != 0 || !cmp.Equal(c.Bands, map[string]int{"critical": 1, "none": 1}) {
		t.Errorf("%+v", counts)
	}
	if counts := town.Must(h.Town, town.Cleo, func(v *db.View) (map[string]matching.Count, error) { return h.Matching.Counts(v, []string{product}) }); counts[product].Open != 0 {
		t.Errorf("the clinic counts %+v of an SBOM that it does not have", counts)
	}
}

// TestMetrics: FDA's three measures by a table.
func TestMetrics(t *testing.T) {
	inMemory(t)
	day := 24 * time.Hour
	for _, c := range []struct {
		name  string
		found map[string]int // vulnerability: day on which it is found
		said  map[string]int // vulnerability: day on which the maker says it is fixed
		not   map[string]int // or not affected
		want  matching.Metrics
	}{
		{"none", nil, nil, nil, matching.Metrics{Percent: -1}},
		{"open", map[string]int{"A-1": 0}, nil, nil, matching.Metrics{Identified: 1, Open: 1}},
		{"fixed", map[string]int{"A-1": 0}, map[string]int{"A-1": 30}, nil, matching.Metrics{Identified: 1, Patched: 1, Percent: 100, ToPatch: 30 * day, Timed: 1}},
		{"not affected has no time", map[string]int{"A-1": 0}, nil, map[string]int{"A-1": 2}, matching.Metrics{Identified: 1, Patched: 1, Percent: 100}},
		{"a mean, and one open", map[string]int{"A-1": 0, "A-2": 10, "A-3": 10}, map[string]int{"A-1": 30, "A-2": 20}, nil, matching.Metrics{Identified: 3, Patched: 2, Open: 1, Percent: 66, ToPatch: 20 * day, Timed: 2}},
		{"fixed before it was found", map[string]int{"A-1": 20}, map[string]int{"A-1": 10}, nil, matching.Metrics{Identified: 1, Patched: 1, Percent: 100}},
		{"said of what was not found", map[string]int{"A-1": 0}, map[string]int{"A-9": 10}, nil, matching.Metrics{Identified: 1, Open: 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHouse(t, "")
			product, _ := infusor(h)
			start := h.Clock.Now()
			for d := range 40 {
				if on := start.Add(time.Duration(d) * day); on.After(h.Clock.Now()) {
					h.Clock.Add(on.Sub(h.Clock.Now()))
				}
				for _, id := range slices.Sorted(maps.Keys(c.found)) {
					if c.found[id] == d {
						h.bring(town.Dora, vulns.OSV, public, []byte(osv(id, "2025-01-01T00:00:00Z", "alpha", "2.0.0")))
						h.settle()
					}
				}
				for status, when := range map[string]map[string]int{"fixed": c.said, "not_affected": c.not} {
					for id, on := range when {
						if on != d {
							continue
						}
						n := matching.NewSaying{Product: product, Vuln: id, Status: status}
						if status == "not_affected" {
							n.Impact = "The code is not run."
						}
						_, err := h.say(town.Pia, n)
						h.OK(err)
					}
				}
			}
			got := town.Must(h.Town, town.Pia, func(v *db.View) (matching.Metrics, error) { return h.Matching.Metrics(v, product) })
			got.ToPatch = got.ToPatch.Round(time.Hour)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}
