package web

import (
	"fmt"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/testkit/town"
)

// U-03, U-05, U-04: the pages with which intelligence is used, empty, filled and
// refused, in Chromium; and from the search to a sighting by keys alone.
func TestIntelUseScreens(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a browser")
	}
	h := openCases(t, "")
	wim := h.tab(town.Wim)
	at := func(path string) func() { return func() { wim.Go(h.web.URL + path) } }
	glance(t, wim, "intel-empty", at("/intel"))
	indicator, malware, _ := h.lair()
	var more []string
	for i := range 14 {
		n := 100 + 2*i
		more = append(more, stixIndicator(n, []string{stixGreen, stixClear}[i%2], fmt.Sprintf("Relay %d of DoseShift in a hospital network", i), fmt.Sprintf("r%d.pump.example", i)), stixTie(n+1, stixGreen, "indicates", "indicator--"+uuid(n), malware))
	}
	h.share(town.Pia, intelTerms(), append(more,
		stixObject("threat-actor", 60, stixGreen, `"name":"Night Shift"`), stixTie(61, stixGreen, "uses", "threat-actor--"+uuid(60), malware),
		stixObject("report", 62, stixGreen, `"name":"Dose limits changed at night","published":"2026-02-01T00:00:00Z","object_refs":["`+malware+`","`+indicator+`"]`),
		stixObject("vulnerability", 63, stixGreen, `"name":"CVE-2026-12345"`), stixTie(64, stixGreen, "exploits", malware, "vulnerability--"+uuid(63)))...)
	h.share(town.Wim, intelTerms(town.Ward), stixObject("campaign", 65, stixAmber, `"name":"Only ours"`), stixTie(66, stixAmber, "uses", "campaign--"+uuid(65), malware))
	h.OK(h.Note(town.Wim, func(tx *db.Tx) error {
		if _, err := h.Intel.Save(tx, "Beacons that hold", "type:indicator -is:expired"); err != nil {
			return err
		}
		return h.Intel.KeepDevices(tx, []string{"Pump A4"})
	}))
	h.share(town.Pia, intelTerms(), stixMalware(67, stixGreen, "RateShift"), stixIndicator(68, stixGreen, "Beacon of RateShift", "rate.example"))

	// Search, go, open, say that it was seen: keys alone.
	wim.SetViewport(1280, 800)
	wim.Go(h.web.URL + "/inbox")
	wim.Press("g")
	wim.Press("t")
	wim.WaitText("h1", "Threat intelligence", 10*time.Second)
	tabTo(t, wim, "#intel-q")
	wim.Type("#intel-q", "doseshift type:indicator pattern:updates.*")
	wim.Press("Enter")
	wim.Wait("a[href^='/intel?q=doseshift']") // its facets
	wim.Press("j")
	wim.Press("x")
	var chosen bool
	if wim.Eval(`document.querySelector("[name=ids]").checked`, &chosen); !chosen {
		t.Error("the key x does not choose the row")
	}
	wim.Press("o")
	wim.WaitText("h1", "Beacon of DoseShift", 10*time.Second)
	wim.Press("s")
	wim.WaitText(".notice", "It is on record", 10*time.Second)
	wim.WaitText("#sightings", "by Ward Hospital", 10*time.Second)
	wim.Press("v")
	wim.Wait(".gnode")
	wim.Eval(`document.querySelector(".gnode.center").focus()`, nil)
	before := ""
	wim.Eval(`document.activeElement.id`, &before)
	for _, key := range []string{"ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"} {
		wim.Press(key)
	}
	var on bool
	if wim.Eval(`document.activeElement.matches(".gnode")`, &on); !on || before == "" {
		t.Error("arrow keys leave the graph")
	}

	glance(t, wim, "intel-new", at("/intel"))
	glance(t, wim, "intel-found", func() {
		at("/intel?q=doseshift+type:indicator")()
		wim.Eval(`document.querySelector(".save-search").open = true`, nil)
	})
	glance(t, wim, "intel-refused", at("/intel?q=tlp:purple"))
	wim.Forget() // that a page was refused, the browser complains of
	glance(t, wim, "intel-object", func() {
		at("/intel/objects/" + indicator)()
		wim.Eval(`document.querySelector(".raw").open = true`, nil)
	})
	glance(t, wim, "intel-malware", at("/intel/objects/"+malware))
	glance(t, wim, "intel-sight", at("/intel/objects/"+indicator+"/sight"))
	glance(t, wim, "intel-graph", at("/intel/graph?ids="+malware))
	glance(t, wim, "intel-matrix", func() {
		at("/intel/matrix")()
		wim.Eval(`document.querySelector("[data-twin]").open = true`, nil)
	})
	glance(t, wim, "intel-saved", at("/intel/saved"))
	glance(t, wim, "intel-pattern", func() {
		at("/intel/pattern?object=" + indicator)()
		wim.Type("#try-observed", `{"type":"domain-name","id":"domain-name--`+uuid(40)+`","value":"updates.pump.example"}`)
		wim.Click("#try .btn.primary")
		wim.Wait(".notice.ok")
	})
	wim.CheckQuiet()
}
