package web

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/testkit/browser"
	"github.com/cordon-isao/cordon/internal/testkit/reader"
	"github.com/cordon-isao/cordon/internal/testkit/town"
)

// inspect opens a page in both themes, wide and narrow, and holds it to axe's rules.
// CORDON_SHOTS names a folder for pictures.
func inspect(t *testing.T, tab *browser.Tab, name string, open func()) {
	t.Helper()
	for _, width := range []int{1280, 360} {
		tab.SetViewport(width, 800)
		open()
		for _, dark := range []bool{false, true} {
			tab.Dark(dark)
			if tab.Exists("[data-passkey]") {
				t.Fatalf("%s: signed out", name)
			}
			tab.CheckAxe()
			var wide bool
			tab.Eval(`document.documentElement.scrollWidth > innerWidth`, &wide)
			if wide {
				t.Errorf("%s is wider than %d px", name, width)
			}
			if dir := os.Getenv("CORDON_SHOTS"); dir != "" {
				theme := map[bool]string{false: "light", true: "dark"}[dark]
				tab.FullScreenshot(filepath.Join(dir, fmt.Sprintf("%s-%s-%d.png", name, theme, width)))
			}
		}
		tab.Dark(false)
	}
	if blocked := tab.CSPViolations(); len(blocked) > 0 {
		t.Errorf("%s: %v", name, blocked)
	}
}

// Every page of intake, empty, filled and refused, in Chromium.
func TestIntakeScreens(t *testing.T) {
	h := openIntake(t, "")
	tab, desk := h.tab(""), h.tab(town.Dora)
	at := func(tab *browser.Tab, path string) func() { return func() { tab.Go(h.web.URL + path) } }
	fill := func() {
		tab.Fill("#report-description", "Patient John Smith, MRN 00123456, had the pump with serial number SN: 8812-XK-204 when its alarm was silenced over the network.")
		tab.Fill("#report-products-0-manufacturer", "Pump Works")
		tab.Fill("#report-products-0-name", "Drip 3")
	}

	inspect(t, tab, "report", at(tab, "/report"))
	inspect(t, tab, "report-refused", func() {
		at(tab, "/report")()
		tab.Eval(`document.querySelectorAll("[required]").forEach((e) => e.required = false)`, nil)
		tab.Click("form .btn.primary")
		tab.Wait(".errors")
	})
	inspect(t, tab, "report-questions", func() {
		at(tab, "/report")()
		fill()
		tab.Click("#report-no-patient-data")
		tab.Click("form .btn.primary")
		tab.Wait(".look-again")
	})
	inspect(t, tab, "report-return", at(tab, "/report/return"))
	inspect(t, desk, "triage-empty", at(desk, "/triage"))

	receipt := h.stranger(reader.Fill{"title": {"An answered one"}}, reader.File("files", "a.txt", "what the pump sent"))
	inspect(t, tab, "report-receipt", func() {
		h.later()
		at(tab, "/report")()
		fill()
		tab.Fill("#report-description", "The pump takes firmware that nobody signed.")
		tab.Click("#report-no-patient-data")
		tab.Click("form .btn.primary")
		tab.Wait(".receipt")
	})
	id := h.queued("An answered one")
	h.OK(h.Write(town.Dora, func(tx *db.Tx) error {
		_, _, err := h.Cases.Answer(tx, id, "Thank you. Which version of the firmware was it, and was the pump in use?", nil, "key")
		return err
	}))
	inspect(t, tab, "report-returned", func() {
		h.later()
		at(tab, "/report/return")()
		tab.Fill("#report-receipt", receipt)
		tab.Click("form .btn.primary")
		tab.Wait("#add")
	})
	inspect(t, tab, "disclosures-empty", at(tab, "/disclosures"))

	pia := h.tab(town.Pia)
	inspect(t, pia, "reports-empty", at(pia, "/reports"))
	inspect(t, pia, "reports-new", at(pia, "/reports/new"))
	mine := h.member(town.Pia, func(in *cases.Intake) { in.Harm, in.CVEs = cases.AnswerNo, []string{"CVE-2026-12345"} })
	h.member(town.Lea, func(in *cases.Intake) {
		in.Title, in.CVEs, in.Description = "Drip 3 takes firmware without a signature", []string{"CVE-2026-12345"}, "Its updater does not check who made the image."
	})
	h.Clock.Add(50 * time.Hour)
	h.member(town.Wim, func(in *cases.Intake) {
		in.Title, in.CWE, in.Products = "Fixed password in the service menu", []string{"CWE-798"}, []cases.Product{{Maker: "Monitor Makers", Name: "Beat 2"}}
	})
	h.OK(h.Write(town.Dan, func(tx *db.Tx) error {
		if err := h.Cases.SetSeverity(tx, mine, 4); err != nil {
			return err
		}
		return h.Cases.AssignReport(tx, mine, town.Dan)
	}))
	pia, desk = h.tab(town.Pia), h.tab(town.Dora) // the sessions of before have ended
	inspect(t, pia, "reports", at(pia, "/reports"))
	inspect(t, pia, "reports-show", at(pia, "/reports/"+mine))
	inspect(t, desk, "triage", at(desk, "/triage"))
	inspect(t, desk, "triage-none", at(desk, "/triage?severity=5"))
	inspect(t, desk, "triage-show", at(desk, "/triage/"+mine))
	inspect(t, desk, "triage-suggested", func() {
		at(desk, "/triage/"+mine)()
		desk.Click("#decide button[name=check]")
		desk.Wait("#decide .errors")
	})
}
