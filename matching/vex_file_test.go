package matching_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/matching"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/vulns"
)

// takes reads a VEX document about a product.
func (h *house) takes(who, product string, data []byte) (t matching.Taken, err error) {
	h.T.Helper()
	err = h.Write(who, func(tx *db.Tx) error {
		t, err = h.Matching.TakeVEX(tx, product, data, town.Label(policy.Green, policy.Community))
		return err
	})
	return t, err
}

// words are the statements of an organization about a product that are in force.
func (h *house) words(org policy.Principal, product string) (out []string) {
	h.T.Helper()
	for _, s := range town.Must(h.Town, town.Pia, func(v *db.View) ([]matching.Saying, error) { return h.Matching.Sayings(v, product, false, 100) }) {
		if s.Org != org.ID() {
			continue
		}
		out = append(out, fmt.Sprint(s.Vuln, " ", s.Status, " ", s.Version, "|", s.Component, " ", s.Justification, s.Action))
	}
	slices.Sort(out)
	return out
}

// TestVEXRoundTrip: what is written in each format says the same when it is read: of
// one version or all, of the product or of one version of a component. The newest
// word is written, once.
func TestVEXRoundTrip(t *testing.T) {
	onBoth(t, func(t *testing.T, h *house) {
		green := town.Label(policy.Green, policy.Community)
		product := h.product(town.Pia, devices.ProductForm{Name: "Infusor", Label: public})
		h.sbom(town.Pia, product, "1.0", green, cdx(library("alpha", "1.0.0", "pkg:npm/alpha@1.0.0"), library("beta", "1.0.0", "pkg:npm/%40scope/beta@1.0.0"), `{"type":"library","bom-ref":"rtos","name":"Vendor RTOS","version":"7.1"}`))
		say := func(n matching.NewSaying) {
			t.Helper()
			n.Product = product
			if n.Label.TLP == "" {
				n.Label = green
			}
			if n.Status == "not_affected" {
				n.Justification = "component_not_present"
			} else {
				n.Action = "Wait for 2.0."
			}
			_, err := h.say(town.Pia, n)
			h.OK(err)
		}
		for _, n := range []matching.NewSaying{
			{Vuln: "CVE-2025-0001", Status: "not_affected"},
			{Vuln: "CVE-2025-0001", Status: "affected", Version: "1.0"},
			{Vuln: "CVE-2025-0001", Status: "not_affected", Version: "2.0"},
			{Vuln: "CVE-2025-0001", Status: "affected", Version: "1.0", Component: "pkg:npm/alpha"},
			{Vuln: "CVE-2025-0001", Status: "not_affected", Component: "pkg:npm/alpha@1.0.0"},
			{Vuln: "CVE-2025-0002", Status: "not_affected", Version: "1.0", Component: "pkg:npm/@scope/beta@1.0.0"},
			{Vuln: "CVE-2025-0002", Status: "affected", Component: "name:vendor rtos@7.1"},
			{Vuln: "CVE-2025-0003", Status: "affected", Component: "name:vendor rtos"},
			// Published, then thought of otherwise in a draft.
			{Vuln: "CVE-2025-0004", Status: "affected"},
			{Vuln: "CVE-2025-0004", Status: "not_affected", Label: policy.Default(town.Pump.ID())},
		} {
			say(n)
		}
		before := h.words(town.Pump, product)
		if len(before) != 10 {
			t.Fatalf("%q", before)
		}
		newest := slices.DeleteFunc(slices.Clone(before), func(s string) bool { return strings.HasPrefix(s, "CVE-2025-0004 affected") })
		for _, format := range []matching.VEXFormat{matching.OpenVEX, matching.CSAFVEX, matching.CycloneDXVEX} {
			var b bytes.Buffer
			_, err := town.Read(h.Town, town.Max, func(v *db.View) (policy.Label, error) {
				return h.Matching.WriteVEX(v, &b, product, "", format, "https://cordon.test")
			})
			h.OK(err)
			taken, err := h.takes(town.Max, product, b.Bytes())
			if err != nil || len(taken.Left) > 0 {
				t.Fatalf("%s: %v, %q\n%s", format, err, taken.Left, b.Bytes())
			}
			// Max does not read the draft, and what he was given says the word before it.
			want := slices.DeleteFunc(slices.Clone(before), func(s string) bool { return strings.HasPrefix(s, "CVE-2025-0004 not_affected") })
			if diff := cmp.Diff(want, h.words(town.Monitor, product)); diff != "" {
				t.Errorf("%s: %s\n%s", format, diff, b.Bytes())
			}
		}
		for _, format := range []matching.VEXFormat{matching.OpenVEX, matching.CSAFVEX, matching.CycloneDXVEX} {
			var b bytes.Buffer
			label, err := town.Read(h.Town, town.Pia, func(v *db.View) (policy.Label, error) {
				return h.Matching.WriteVEX(v, &b, product, "", format, "https://cordon.test")
			})
			if format == matching.CSAFVEX {
				// The draft is AMBER+STRICT, which CSAF 2.0 cannot say.
				town.Wants(t, err, fault.Invalid, "format")
				continue
			}
			h.OK(err)
			if label.TLP != policy.AmberStrict {
				t.Errorf("%s: a document with a draft is %s", format, label.TLP)
			}
			if _, err := h.takes(town.Max, product, b.Bytes()); err != nil {
				t.Error(err)
			}
			if diff := cmp.Diff(newest, h.words(town.Monitor, product)); diff != "" {
				t.Errorf("%s: %s", format, diff)
			}
		}
	})
}

// TestVEXByNameOfTwo: a statement that names a component by name only, where packages of
// two ecosystems have that name, is about neither.
func TestVEXByNameOfTwo(t *testing.T) {
	onBoth(t, func(t *testing.T, h *house) {
		product := h.product(town.Pia, devices.ProductForm{Name: "Infusor", Label: public})
		h.sbom(town.Pia, product, "1.0", town.Label(policy.Green, policy.Community), cdx(library("alpha", "1.0.0", "pkg:npm/alpha@1.0.0"), library("alpha", "1.0.0", "pkg:pypi/alpha@1.0.0"), library("beta", "1.0.0", "pkg:npm/beta@1.0.0")))
		const named = `{"@context":"https://openvex.dev/ns/v0.2.0","@id":"https://pump.test/vex/1","author":"Pump Works","timestamp":"2025-02-01T00:00:00Z","version":1,"statements":[{"vulnerability":{"name":"CVE-2025-0001"},"products":[{"@id":"pkg:generic/%s@1.0.0"}],"status":"not_affected","justification":"vulnerable_code_not_present"}]}`
		_, err := h.takes(town.Pia, product, fmt.Appendf(nil, named, "alpha"))
		town.Wants(t, err, fault.Invalid, "file")
		_, err = h.takes(town.Pia, product, fmt.Appendf(nil, named, "beta"))
		h.OK(err)
		if got, want := h.words(town.Pump, product), []string{"CVE-2025-0001 not_affected |pkg:npm/beta@1.0.0 vulnerable_code_not_present"}; !slices.Equal(got, want) {
			t.Errorf("%q", got)
		}
	})
}

// TestVEXOfAnother: a statement on another version of a component, on a part of another
// version or of another product closes nothing here.
func TestVEXOfAnother(t *testing.T) {
	onBoth(t, func(t *testing.T, h *house) {
		product := h.product(town.Pia, devices.ProductForm{Name: "Infusor", Label: public})
		// Two versions of alpha, both with the flaw.
		h.sbom(town.Pia, product, "1.0", town.Label(policy.Green, policy.Community), cdx(library("alpha", "1.0.0", "pkg:npm/alpha@1.0.0"), library("alpha", "1.5.0", "pkg:npm/alpha@1.5.0")))
		h.bring(town.Dora, vulns.OSV, public, []byte(osv("OSV-1", "2025-01-01T00:00:00Z", "alpha", "2.0.0")))
		h.settle()
		open := func() (out []string) {
			for _, f := range h.ofVuln(town.Pia, "OSV-1") {
				if f.Open(h.Clock.Now()) {
					out = append(out, f.Part.Version)
				}
			}
			slices.Sort(out)
			return out
		}
		both := []string{"1.0.0", "1.5.0"}
		if !slices.Equal(open(), both) {
			t.Fatalf("%q are open", open())
		}
		const openvex = `{"@context":"https://openvex.dev/ns/v0.2.0","@id":"https://pump.test/vex/1","author":"Pump Works","timestamp":"2025-02-01T00:00:00Z","version":1,"statements":[{"vulnerability":{"name":"OSV-1"},"products":[%s],"status":"not_affected","justification":"vulnerable_code_not_present"}]}`
		const cyclone = `{"bomFormat":"CycloneDX","specVersion":"1.6","version":1,"metadata":{"timestamp":"2025-02-01T00:00:00Z","component":{"type":"firmware","bom-ref":"root","name":%q,"version":%q}},"components":[{"type":"library","bom-ref":"a","name":"alpha","version":%q,"purl":%q}],"vulnerabilities":[{"id":"OSV-1","analysis":{"state":"not_affected","justification":"code_not_present"},"affects":[{"ref":"a"}]}]}`
		for name, doc := range map[string]string{
			"another version":                     fmt.Sprintf(openvex, `{"@id":"pkg:npm/alpha@2.0.0"}`),
			"another component":                   fmt.Sprintf(openvex, `{"@id":"pkg:npm/beta@1.0.0"}`),
			"within another product":              fmt.Sprintf(openvex, `{"@id":"https://pump.test/#product:name=Ventilator&vendor=Pump+Works","subcomponents":[{"@id":"pkg:npm/alpha@1.0.0"}]}`),
			"another part":                        fmt.Sprintf(openvex, `{"@id":"https://pump.test/#product:name=Infusor&vendor=Pump+Works","subcomponents":[{"@id":"pkg:npm/alpha@9.0.0"}]}`),
			"CycloneDX: of another product":       fmt.Sprintf(cyclone, "Ventilator", "1.0", "1.0.0", "pkg:npm/alpha@1.0.0"),
			"CycloneDX: another component's line": fmt.Sprintf(cyclone, "Infusor", "1.0", "3.0.0", "pkg:npm/alpha@3.0.0"),
		} {
			_, err := h.takes(town.Pia, product, []byte(doc))
			if town.Wants(t, err, fault.Invalid, "file"); !slices.Equal(open(), both) {
				t.Errorf("%s: %q are open", name, open())
			}
		}
		// Of another version of the product it is kept, and closes nothing of this one.
		_, err := h.takes(town.Pia, product, fmt.Appendf(nil, openvex, `{"@id":"https://pump.test/#product:name=Infusor&vendor=Pump+Works&version=2.0","subcomponents":[{"@id":"pkg:npm/alpha@1.0.0"}]}`))
		if h.OK(err); !slices.Equal(open(), both) {
			t.Errorf("of another version of the product: %q are open", open())
		}
		_, err = h.takes(town.Pia, product, fmt.Appendf(nil, cyclone, "Infusor", "1.0", "1.0.0", "pkg:npm/alpha@1.0.0"))
		if h.OK(err); !slices.Equal(open(), both[1:]) {
			t.Errorf("of one of two: %q are open", open())
		}
		_, err = h.takes(town.Pia, product, fmt.Appendf(nil, openvex, `{"@id":"pkg:npm/alpha"}`))
		if h.OK(err); len(open()) != 0 {
			t.Errorf("of the component as such: %q are open", open())
		}
	})
}
