package web

import (
	"bytes"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/matching"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/vulns"
)

// infusorSBOM is what an invented pump is made of, a component in the depth among it.
const infusorSBOM = `{"bomFormat":"CycloneDX","specVersion":"1.6","version":1,
"metadata":{"timestamp":"2026-02-01T00:00:00Z","component":{"type":"device","bom-ref":"pump","name":"Infusor","version":"3.1"}},
"components":[
{"type":"application","bom-ref":"gateway","name":"pump-gateway","version":"2.0","purl":"pkg:npm/pump-gateway@2.0.0","supplier":{"name":"Pump Works"}},
{"type":"library","bom-ref":"lodash","name":"lodash","version":"4.17.15","purl":"pkg:npm/lodash@4.17.15","licenses":[{"license":{"id":"MIT"}}]},
{"type":"library","bom-ref":"minimist","name":"minimist","version":"1.2.0","purl":"pkg:npm/minimist@1.2.0"},
{"type":"operating-system","bom-ref":"os","name":"VxWorks","version":"6.9"}],
"dependencies":[{"ref":"pump","dependsOn":["gateway","os"]},{"ref":"gateway","dependsOn":["lodash","minimist"]}]}`

// Invented words of OSV and KEV on components of that pump.
const (
	infusorOSV = `{"id":"GHSA-aaaa-bbbb-cccc","aliases":["CVE-2026-1111"],"modified":"2026-02-10T00:00:00Z","published":"2026-02-01T00:00:00Z","summary":"Prototype pollution in lodash","severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],"affected":[{"package":{"ecosystem":"npm","name":"lodash","purl":"pkg:npm/lodash"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"4.17.21"}]}]}]}
{"id":"GHSA-dddd-eeee-ffff","aliases":["CVE-2026-2222"],"modified":"2026-02-11T00:00:00Z","published":"2026-02-01T00:00:00Z","summary":"Arguments are not checked in minimist","severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:L/A:N"}],"affected":[{"package":{"ecosystem":"npm","name":"minimist","purl":"pkg:npm/minimist"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"1.2.6"}]}]}]}
`
	infusorKEV = `{"title":"Known exploited vulnerabilities","catalogVersion":"2026.02.12","dateReleased":"2026-02-12T00:00:00Z","count":1,"vulnerabilities":[{"cveID":"CVE-2026-1111","vendorProject":"Lodash","product":"lodash","vulnerabilityName":"Lodash prototype pollution","dateAdded":"2026-02-12","shortDescription":"Attackers use it.","requiredAction":"Update.","dueDate":"2026-03-05","knownRansomwareCampaignUse":"Unknown","notes":""}]}`
)

// infusor adds a product in Pia's name, with a version, for those readers.
func (h *caseHouse) infusor(l policy.Label) (id string) {
	h.t.Helper()
	h.do(town.Pia, func(tx *db.Tx) (err error) {
		id, _, err = h.Devices.AddProduct(tx, devices.ProductForm{Name: "Infusor", Models: []string{"X1", "X2"}, Description: "A pump for wards.", UDIs: []string{"00889842082470"}, Codes: []string{"FRN"}, Class: "2",
			Connectors: []string{"wifi"}, Software: true, Vulnerable: true, EOL: "2028-06-30", EOS: "2030-06-30", Announced: "2026-01-15", Label: l})
		return err
	})
	h.do(town.Pia, func(tx *db.Tx) error {
		_, err := h.Devices.AddVersion(tx, id, devices.VersionForm{Name: "3.1", Released: "2025-03-01"})
		return err
	})
	return id
}

// sbomOf sends an SBOM of the product in Pia's name and has it read.
func (h *caseHouse) sbomOf(product, version, text string, l policy.Label) *devices.SBOM {
	h.t.Helper()
	h.Clock.Add(time.Minute)
	b, err := h.Devices.AcceptSBOM(h.Ctx, h.DB, h.As(town.Pia), devices.NewSBOM{Product: product, Version: version, Name: "infusor.cdx.json", Via: "page", Label: l}, strings.NewReader(text))
	h.OK(err)
	h.readSBOM(b.ID)
	return b
}

// readSBOM does what the program does in the background.
func (h *caseHouse) readSBOM(id string) {
	h.t.Helper()
	b, err := h.Devices.ReadSBOM(h.Ctx, h.DB, policy.System("devices"), id, nil)
	h.OK(err)
	if b.State != devices.SBOMDone {
		h.t.Fatalf("the SBOM is %s: %s", b.State, b.Why)
	}
	h.matched()
}

// known brings in vulnerabilities in the desk's name, for everybody.
func (h *caseHouse) known(k vulns.Kind, text string) {
	h.t.Helper()
	h.Clock.Add(time.Minute)
	b, err := h.Vulns.Accept(h.Ctx, h.DB, h.As(town.Dora), vulns.NewBatch{Name: "a file", Kind: k, Label: town.Label(policy.Clear, policy.Public)}, bytes.NewReader([]byte(text)))
	h.OK(err)
	b, err = h.Vulns.Read(h.Ctx, h.DB, policy.System("vulns"), b.ID, nil)
	h.OK(err)
	if b.State != vulns.Done || b.Skipped != 0 {
		h.t.Fatalf("the batch is %s: %+v", b.State, b.Problems)
	}
	h.matched()
}

// matched has everything compared that waits.
func (h *caseHouse) matched() {
	h.t.Helper()
	f := h.Matching.Follower()
	for n := int64(1); n > 0; {
		var err error
		n, err = h.Ledger.Step(h.Ctx, f)
		h.OK(err)
	}
	for more := true; more; {
		var err error
		more, err = h.Matching.Step(h.Ctx, h.DB, policy.System("matching"))
		h.OK(err)
	}
}

// findingOn is the id of a finding that a person sees on a product.
func (h *caseHouse) findingOn(person, product, vuln string) string {
	h.t.Helper()
	for _, f := range town.Must(h.Town, person, func(v *db.View) ([]matching.Finding, error) {
		return h.Matching.OfProduct(v, product, "", matching.Query{})
	}) {
		if f.Vuln == vuln {
			return f.ID
		}
	}
	h.t.Fatalf("%s has no finding on %s", product, vuln)
	return ""
}
