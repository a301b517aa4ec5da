package web

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/vulns"
)

// public is the label of what the desk brings to everybody.
var public = town.Label(policy.Clear, policy.Public)

// compared has everything compared that the ledger asks for.
func (h *caseHouse) compared() {
	h.t.Helper()
	f := h.Matching.Follower()
	for {
		n, err := h.Ledger.Step(h.Ctx, f)
		if h.OK(err); n == 0 {
			break
		}
	}
	for {
		more, err := h.Matching.Step(h.Ctx, h.DB, policy.System("test"))
		if h.OK(err); !more {
			return
		}
	}
}

// fed has a file of vulnerabilities read to its end.
func (h *caseHouse) fed(who string, k vulns.Kind, l policy.Label, data string) *vulns.Batch {
	h.t.Helper()
	h.Clock.Add(time.Second)
	b, err := h.Vulns.Accept(h.Ctx, h.DB, h.As(who), vulns.NewBatch{Name: string(k) + " file", Kind: k, Label: l}, strings.NewReader(data))
	h.OK(err)
	b, err = h.Vulns.Read(h.Ctx, h.DB, policy.System("vulns"), b.ID, nil)
	h.OK(err)
	return b
}

// runs adds a deployment in a person's name.
func (h *caseHouse) runs(who string, in devices.DeploymentForm) (id string) {
	h.t.Helper()
	h.do(who, func(tx *db.Tx) (err error) {
		id, _, err = h.Devices.Deploy(tx, in)
		return err
	})
	return id
}

// advisories are some of CISA's.
func advisories() (out []string) {
	files, err := filepath.Glob("../vulns/testdata/csaf/*.json")
	if err != nil || len(files) == 0 {
		panic(fmt.Sprint("no advisories: ", err))
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			panic(err)
		}
		out = append(out, string(b))
	}
	return out
}

const (
	kevFile = `{"title":"t","catalogVersion":"2026.02.01","dateReleased":"2026-02-01T00:00:00Z","count":1,"vulnerabilities":[{"cveID":"CVE-2017-5149","vendorProject":"St. Jude Medical","product":"Merlin","vulnerabilityName":"Channel accessible by non-endpoint","dateAdded":"2026-02-01","shortDescription":"It is attacked.","requiredAction":"Update it.","dueDate":"2026-03-15","knownRansomwareCampaignUse":"Unknown","notes":"","cwes":[]}]}`
	osvFile = `{"schema_version":"1.6.0","id":"GHSA-aaaa-bbbb-cccc","modified":"2026-02-10T00:00:00Z","published":"2026-02-01T00:00:00Z","aliases":["CVE-2026-1000"],"summary":"Request smuggling in tiny-http","details":"A crafted request is read twice.","severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],"references":[{"type":"WEB","url":"https://tiny.example/advisory"}],"affected":[{"package":{"ecosystem":"npm","name":"tiny-http"},"ranges":[{"type":"SEMVER","events":[{"introduced":"1.0.0"},{"fixed":"1.4.2"},{"introduced":"2.0.0"},{"fixed":"2.1.0"}]}]}]}`
	bomFile = `{"bomFormat":"CycloneDX","specVersion":"1.5","version":1,"metadata":{"component":{"type":"device","bom-ref":"root","name":"A4","version":"3.1"}},"components":[{"type":"library","bom-ref":"a","name":"tiny-http","version":"1.4.0","purl":"pkg:npm/tiny-http@1.4.0"}],"dependencies":[{"ref":"root","dependsOn":["a"]}]}`
)

// ward is Ward Hospital with an inventory: two devices by name that CISA's advisories
// speak of, one of which is attacked, one with an SBOM, and one that nothing touches.
type ward struct {
	pump                     string // product
	merlin, alaris, a4, bare string // deployments
}

func (h *caseHouse) ward() (w ward) {
	h.t.Helper()
	h.do(town.Pia, func(tx *db.Tx) (err error) {
		w.pump, _, err = h.Devices.AddProduct(tx, devices.ProductForm{Name: "A4", Models: []string{"A4-100"}, Stage: devices.Support, Announced: "2025-06-01", EOS: "2026-06-30", Label: town.Label(policy.Green, policy.Community)})
		return err
	})
	h.do(town.Pia, func(tx *db.Tx) error {
		_, err := h.Devices.AddVersion(tx, w.pump, devices.VersionForm{Name: "3.1"})
		return err
	})
	b, err := h.Devices.AcceptSBOM(h.Ctx, h.DB, h.As(town.Pia), devices.NewSBOM{Product: w.pump, Version: "3.1", Name: "bom.json", Via: "page", Label: town.Label(policy.Green, policy.Community)}, bytes.NewReader([]byte(bomFile)))
	h.OK(err)
	_, err = h.Devices.ReadSBOM(h.Ctx, h.DB, policy.System("test"), b.ID, nil)
	h.OK(err)
	w.merlin = h.runs(town.Wim, devices.DeploymentForm{Maker: "St. Jude Medical", Model: "Inductive models EX1100", Version: "8.1.0", Count: 12, Zone: "Cardiology", Exposure: "internet", EOS: "2026-03-20"})
	w.alaris = h.runs(town.Wim, devices.DeploymentForm{Maker: "BD", Model: "Alaris 8000 PC unit", Version: "9.1", Count: 140, Zone: "Ward network", Owner: "Clinical engineering", EOS: "2025-12-31"})
	w.a4 = h.runs(town.Wim, devices.DeploymentForm{Product: w.pump, Version: "3.1", Count: 60, Zone: "Ward network", Exposure: "network"})
	w.bare = h.runs(town.Wim, devices.DeploymentForm{Maker: "Invented Monitors", Model: "M2", Version: "12.0", Count: 36})
	for _, doc := range advisories() {
		h.fed(town.Dora, vulns.CSAF, public, doc)
	}
	h.fed(town.Dora, vulns.KEV, public, kevFile)
	h.fed(town.Dora, vulns.OSV, public, osvFile)
	h.fed(town.Dora, vulns.EPSS, public, "#model_version:v2025.03.14,score_date:2026-02-28T00:00:00+0000\ncve,epss,percentile\nCVE-2017-5149,0.41234,0.97123\nCVE-2026-1000,0.00123,0.31\n")
	h.compared()
	return w
}
