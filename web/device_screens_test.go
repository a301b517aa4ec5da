package web

import (
	"os"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/matching"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/vulns"
)

// U-03, U-04, U-05: the pages of products, SBOMs and findings in Chromium, and from
// the list to the keeper's statement by keys alone.
func TestDeviceScreens(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a browser")
	}
	h := openCases(t, "")
	pia := h.tab(town.Pia)
	at := func(path string) func() { return func() { pia.Go(h.web.URL + path) } }
	more := os.Getenv("CORDON_SHOTS") != "" // every screen is looked at
	if more {
		glance(t, pia, "devices-empty", at("/devices"))
	}
	amber := town.Label(policy.Amber, town.Pump, town.Ward)
	id := h.infusor(amber)
	h.do(town.Pia, func(tx *db.Tx) error {
		_, _, err := h.Devices.AddProduct(tx, devices.ProductForm{Name: "Pump Gateway", Models: []string{"GW-2"}, Stage: devices.LimitedSupport, EOS: "2026-12-31", Announced: "2025-12-01", Label: town.Label(policy.Green, policy.Community)})
		return err
	})
	first := h.sbomOf(id, "3.1", infusorSBOM, amber)
	h.known(vulns.OSV, infusorOSV)
	h.known(vulns.KEV, infusorKEV)
	h.known(vulns.EPSS, "#model_version:v2025.03.14,score_date:2026-02-20T00:00:00+0000\ncve,epss,percentile\nCVE-2026-1111,0.91234,0.99\n")
	product := productAt(id)

	pia.SetViewport(1280, 800)
	pia.Go(h.web.URL + "/inbox")
	pia.Press("g")
	pia.Press("d")
	pia.WaitText("h1", "Devices", 10*time.Second)
	pia.Press("j")
	pia.Press("o")
	pia.WaitText("h1", "Infusor", 10*time.Second)
	if more {
		glance(t, pia, "device-new-finding", at(product))
		pia.SetViewport(1280, 800)
	}
	pia.Press("r")
	pia.WaitText("h1", "CVE-2026-1111", 10*time.Second)
	glance(t, pia, "finding", at(findingAt(h.findingOn(town.Pia, id, "CVE-2026-1111"))))
	pia.SetViewport(1280, 800)
	pia.Press("v")
	pia.Press("f")
	var chosen bool
	if pia.Eval(`document.querySelector("[name=status][value=fixed]").checked`, &chosen); !chosen {
		t.Error("the key f does not choose “fixed”")
	}
	pia.Press("Control+Enter")
	pia.WaitText(".notice", "Your statement is on record", 10*time.Second)

	h.do(town.Pia, func(tx *db.Tx) error {
		_, err := h.Matching.Say(tx, matching.NewSaying{Product: id, Version: "3.1", Vuln: "CVE-2026-2222", Status: "affected", Action: "Keep the pump in its own network segment until 3.2.", Label: amber})
		return err
	})
	h.do(town.Pia, func(tx *db.Tx) error {
		_, err := h.Devices.MoveStage(tx, id, devices.LimitedSupport, "Support for the kernel ends.")
		return err
	})
	glance(t, pia, "devices", at("/devices"))
	glance(t, pia, "device", at(product))
	glance(t, pia, "device-lifecycle", at(product+"/lifecycle?component=Kernel&impact=yes&mitigable=yes&continue=yes"))
	glance(t, pia, "sbom-new", at(product+"/sboms/new"))
	glance(t, pia, "sbom", at(sbomAt(first.ID)))
	glance(t, pia, "sbom-tree", at(sbomAt(first.ID)+"?show=tree&all=1"))
	if more {
		glance(t, pia, "device-findings", at(product+"/findings"))
		glance(t, pia, "device-new", at("/devices/new"))
		glance(t, pia, "sbom-components", at(sbomAt(first.ID)+"?show=components"))
		next := h.sbomOf(id, "3.2", infusorSBOM[:len(infusorSBOM)-1]+`}`, town.Label(policy.AmberStrict, town.Pump))
		for name, path := range map[string]string{"device-versions": product + "/versions", "device-documents": product + "/documents", "device-statements": product + "/statements", "device-relabel": product + "/relabel", "device-edit": product + "/edit",
			"device-import": "/devices/import", "device-contains": "/devices/contains?q=lodash", "sbom-tighten": sbomAt(next.ID) + "/tighten", "sbom-withdraw": sbomAt(next.ID) + "/withdraw", "sbom-diff": sbomAt(next.ID) + "/diff?with=" + first.ID, "sbom-findings": sbomAt(next.ID) + "?show=findings"} {
			glance(t, pia, name, at(path))
		}
		wim := h.tab(town.Wim)
		glance(t, wim, "finding-hospital", func() { wim.Go(h.web.URL + findingAt(h.findingOn(town.Wim, id, "CVE-2026-2222"))) })
	}
	pia.CheckQuiet()
}
