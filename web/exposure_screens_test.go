package web

import (
	"strings"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/vulns"
)

// U-03, U-05: what a hospital runs, what touches it, what is known and from where, in
// Chromium; and the way by keyboard from the exposure to the row that waits.
func TestExposureScreens(t *testing.T) {
	h := openCases(t, "")
	w := h.ward()
	h.do(town.Dora, func(tx *db.Tx) (err error) {
		_, err = h.Vulns.AddFeed(tx, vulns.NewFeed{Name: "CISA KEV", Kind: vulns.KEV, Place: vulns.PlaceURL, Address: "https://kev.example/known_exploited_vulnerabilities.json"})
		return err
	})
	h.do(town.Dora, func(tx *db.Tx) (err error) {
		_, err = h.Vulns.AddFeed(tx, vulns.NewFeed{Name: "OSV, by hand", Kind: vulns.OSV, Place: vulns.PlaceFile})
		return err
	})
	h.runs(town.Wim, devices.DeploymentForm{Maker: "Pump Works", Model: "A4-100", Count: 3})
	sheet, err := h.Forum.Upload(h.Ctx, h.DB, h.As(town.Wim), forum.Incoming{Name: "inventory.csv", Size: -1, From: strings.NewReader("maker,model,version,qty,network\nPump Works,A4,3.1,61,Ward network\nBD,Alaris 8000 PC unit,9.1,none,Ward network\nNew Makers,N1,2,4,Lab\n")})
	h.OK(err)

	wim, dora := h.tab(town.Wim), h.tab(town.Dora)
	at := func(path string) func() { return func() { wim.Go(h.web.URL + path) } }
	glance(t, wim, "exposure", at("/exposure"))
	glance(t, wim, "deployments", at("/deployments"))
	glance(t, wim, "deployment", at("/deployments/"+w.merlin))
	glance(t, wim, "deployment-form", at("/deployments/"+w.a4+"/edit"))
	glance(t, wim, "inventory", at("/inventories/"+sheet.ID))
	glance(t, wim, "reconcile", at("/deployments/reconcile"))
	glance(t, wim, "lifecycle", at("/lifecycle"))
	glance(t, wim, "vulnerabilities", at("/vulnerabilities"))
	glance(t, wim, "vulnerability", at("/vulnerabilities/CVE-2017-5149"))
	glance(t, wim, "vulnerability-versions", at("/vulnerabilities/CVE-2026-1000"))
	glance(t, dora, "vulnerability-import", func() { dora.Go(h.web.URL + "/vulnerabilities/import") })
	glance(t, dora, "feeds", func() { dora.Go(h.web.URL + "/feeds/vulnerabilities") })
	glance(t, dora, "feed-form", func() { dora.Go(h.web.URL + "/feeds/vulnerabilities/new") })

	wim.SetViewport(1280, 800)
	at("/exposure")()
	var first string
	wim.Eval(`(document.querySelector(".heatmap td a").focus(), document.activeElement.textContent)`, &first)
	if !strings.Contains(first, "Exploited") {
		t.Errorf("the first cell with a number is %q", first)
	}
	wim.Press("Enter")
	wim.WaitText("h1", "Inductive models EX1100", 5*time.Second)
	at("/exposure")()
	wim.Press("r")
	wim.WaitText("h1", "CVE-2017-5149", 5*time.Second)
}
