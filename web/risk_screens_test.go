package web

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/formats/fda"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/testkit/browser"
	"github.com/cordon-isao/cordon/internal/testkit/town"
)

// tabTo goes on by the Tab key until an element has the focus.
func tabTo(t *testing.T, tab *browser.Tab, css string) {
	t.Helper()
	for range 200 {
		tab.Press("Tab")
		var there bool
		tab.Eval(`document.activeElement.matches(`+"`"+css+"`"+`)`, &there)
		if there {
			return
		}
	}
	t.Fatalf("Tab does not lead to %s", css)
}

// examine opens a page in both themes, wide and narrow, and holds it to axe's
// rules. CORDON_SHOTS names a folder for pictures.
func examine(t *testing.T, tab *browser.Tab, name string, open func()) {
	t.Helper()
	for _, width := range []int{1280, 360} {
		tab.SetViewport(width, 800)
		open()
		for _, theme := range []string{"light", "dark"} {
			tab.Dark(theme == "dark")
			axe := tab.Axe
			if theme == "dark" {
				axe = tab.AxeColours
			}
			for _, v := range axe() {
				t.Errorf("%s, %s, %d px: %s", name, theme, width, v)
			}
			var wide bool
			if tab.Eval(`document.documentElement.scrollWidth > innerWidth`, &wide); wide {
				t.Errorf("%s is wider than %d px", name, width)
			}
			if dir := os.Getenv("CORDON_SHOTS"); dir != "" {
				tab.FullScreenshot(filepath.Join(dir, fmt.Sprintf("%s-%d-%s.png", name, width, theme)))
			}
		}
		tab.Dark(false)
	}
}

// U-04: the risk is determined and signed by keyboard alone.
func TestRiskByKeyboard(t *testing.T) {
	h := openCases(t, "")
	id, _ := h.coordinated()
	tab := h.tab(town.Pia)
	tab.Go(h.web.URL + "/cases/" + id + "/risk")
	tab.Press("r") // what is next
	tab.Wait("#sheet")
	tabTo(t, tab, "[name=exploitability]")
	tab.Press("Space")
	tab.Press("ArrowDown") // medium
	tabTo(t, tab, "[name=harm][value=permanent]")
	tab.Press("Space")
	tabTo(t, tab, "[name=rationale]")
	tab.Type("[name=rationale]", "A changed rate can do lasting harm.")
	tabTo(t, tab, "[name=do][value=work]:not(.sr)")
	tab.Press("Enter")
	tab.WaitText("main", "is UNCONTROLLED.", 5*time.Second)
	tabTo(t, tab, "[name=signed]")
	tab.Press("Space")
	tabTo(t, tab, "[name=do][value=sign]")
	tab.Press("Enter")
	tab.WaitText("main", "The determination is signed", 5*time.Second)
	if !strings.Contains(tab.Text("main"), "4 Critical") {
		t.Error("the determination is not listed")
	}
	tab.CheckQuiet()
}

// U-03, U-05: the pages of risk, clocks, notices and participation, empty, filled
// and refused, in Chromium.
func TestRiskScreens(t *testing.T) {
	h := openCases(t, "")
	h.Clock.Add(40 * 24 * time.Hour)
	pia := h.tab(town.Pia)
	at := func(tab *browser.Tab, path string) func() { return func() { tab.Go(h.web.URL + path) } }
	examine(t, pia, "clocks-empty", at(pia, "/clocks"))
	examine(t, pia, "calculator", func() {
		at(pia, "/calculators/cvss-4.0")()
		pia.Click("form .btn.primary")
		pia.Wait(".errors")
	})
	examine(t, pia, "matrix", at(pia, "/risk-matrix"))

	id, v := h.coordinated()
	case_ := "/cases/" + id
	examine(t, pia, "notices-empty", at(pia, case_+"/notices"))
	h.learned(id, town.Pia, 25*24*time.Hour)
	p := h.party(id, town.Pump)
	for _, f := range []cases.NewFact{{Kind: cases.ControlsFound, Detail: map[string]any{"name": "Unplug the network", "greater_risk": "no", "text": "Use the pump stand-alone."}}, {Kind: cases.PlanMade, Detail: map[string]any{"text": "A signed update."}}} {
		f.At, f.Key = h.Clock.Now().Add(-time.Hour), h.Key()
		h.do(town.Pia, func(tx *db.Tx) error { _, _, err := h.Cases.StateFact(tx, p, f); return err })
	}
	h.do(town.Pia, func(tx *db.Tx) error {
		_, err := h.Cases.DecideSSVC(tx, v, "supplier", map[string]string{"exploitation": "active", "utility": "efficient", "technical-impact": "total", "public-safety-impact": "significant"})
		if err != nil {
			return err
		}
		_, _, err = h.Cases.Determine(tx, p, cases.Worksheet{Vulnerability: v, Device: "A4", Exploit: fda.MediumExploitability, Harm: fda.HarmFacts{PermanentImpairment: true}, Rationale: "A changed rate can do lasting harm.", Key: h.Key()})
		return err
	})
	var notice string
	h.do(town.Pia, func(tx *db.Tx) (err error) {
		notice, _, err = h.Cases.DraftNotice(tx, p, cases.NoticeText{Subject: "Firmware of the A4", Impact: "Anybody on the network can replace the firmware.", Controls: "Unplug it.", Customers: true, Recipients: []string{"Ward Hospital"}}, h.Key())
		return err
	})
	examine(t, pia, "clocks", at(pia, "/clocks"))
	examine(t, pia, "inbox-clocks", at(pia, "/inbox"))
	examine(t, pia, "case-clocks", at(pia, case_+"/clocks"))
	examine(t, pia, "harm", at(pia, case_+"/harm"))
	examine(t, pia, "risk", at(pia, case_+"/risk"))
	examine(t, pia, "sheet", func() {
		at(pia, case_+"/risk/new")()
		pia.Click("[name=exploitability][value=medium]")
		pia.Click("[name=harm][value=permanent]")
		pia.Click(".btn.primary[value=work]")
		pia.Wait("[name=signed]")
	})
	examine(t, pia, "notice-draft", at(pia, case_+"/notices/"+notice))
	examine(t, pia, "notice-checked", func() {
		at(pia, case_+"/notices/"+notice+"/edit")()
		pia.Click("#notice .actions .btn[value=check]")
		pia.Wait(".notice.warn")
	})
	examine(t, pia, "participation", at(pia, "/participation"))
}
