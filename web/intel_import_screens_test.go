package web

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/intel"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/testkit/browser"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/policy"
)

// U-03, U-05: the pages of what comes in and goes out, empty, filled and refused,
// in Chromium; and that the import's button says whom it reaches.
func TestIntelInAndOutScreens(t *testing.T) {
	h := openCases(t, "")
	pia := h.tab(town.Pia)
	at := func(path string) func() { return func() { pia.Go(h.web.URL + path) } }

	pia.SetViewport(1280, 800)
	at("/intel/import")()
	if got := pia.Text("[data-send]"); got != "Bring it in for Pump Works" {
		t.Errorf("the button says %q", got)
	}
	pia.Click("[name=reach][value=marked]")
	pia.WaitText("[data-send]", "Share with the community", 5*time.Second)
	glance(t, pia, "import-refused", func() {
		at("/intel/import")()
		pia.Eval(`document.querySelector("details.picker").open = true`, nil)
		pia.Click("[data-send]")
		pia.Wait(".errors")
	})

	table, err := h.Intel.Accept(h.Ctx, h.DB, h.As(town.Pia), intel.NewBatch{Via: "page", Name: "list-of-this-week.csv", Format: intel.FormatCSV, Paused: true, Terms: intel.Terms{Floor: policy.AmberStrict}}, strings.NewReader("indicator,comment,tlp,first seen\n192.0.2.1,Beacon,GREEN,2026-02-01\nhxxps://update[.]example/firmware.bin,Dropper,AMBER,2026-02-02\nnowhere at all,?,,\n"))
	h.OK(err)
	open := intel.Terms{Scrub: intel.ScrubClean, Unmarked: policy.Green}
	h.brought(town.Max, open, beacon(1, 0, "Monitor’s beacon"))
	sent := h.brought(town.Pia, open, beacon(1, 5, "Another name for it"), beacon(2, 0, "Beacon of the ransom group"), `{"type":"indicator"}`)
	held := town.Must(h.Town, town.Max, func(v *db.View) ([]intel.Held, error) { return h.Intel.Waiting(v, "", 1) })[0]

	glance(t, pia, "batch-columns", at("/intel/batches/"+table.ID))
	glance(t, pia, "batch", at("/intel/batches/"+sent.ID))
	max := h.tab(town.Max)
	glance(t, max, "held-foreign", func() { max.Go(h.web.URL + "/intel/held/" + held.ID) })

	var source, hook string
	h.do(town.Pia, func(tx *db.Tx) (err error) {
		source, err = h.Intel.Subscribe(tx, intel.NewSource{Name: "Sector ISAO", Kind: intel.SourceTAXII, URL: "https://taxii.example/api/collections/91a7b528-80eb-42ed-a74d-c6fbd5a26116/",
			Credentials: intel.Credentials{Token: "t"}, Terms: intel.Terms{Floor: policy.AmberStrict}})
		return err
	})
	h.do(town.Pia, func(tx *db.Tx) (err error) {
		hook, _, err = h.Intel.AddHook(tx, intel.NewHook{Name: "Our SIEM", URL: "https://siem.example/in", Query: "type:indicator"})
		return err
	})
	h.OK(h.Note(town.Pia, func(tx *db.Tx) error { _, err := h.Intel.TestHook(tx, hook); return err }))
	glance(t, pia, "source-form", at("/intel/sources/"+source+"/edit"))
	glance(t, pia, "hook", at("/intel/hooks/"+hook))
	h.wordsIndexed()
	glance(t, pia, "export", at("/intel/export?q=type:indicator&format=csv"))
}

// glance is half of what examine looks at: light and wide, dark and narrow.
func glance(t *testing.T, tab *browser.Tab, name string, open func()) {
	t.Helper()
	for _, x := range []struct {
		width int
		theme string
	}{{1280, "light"}, {360, "dark"}} {
		tab.SetViewport(x.width, 800)
		tab.Dark(x.theme == "dark")
		open()
		for _, v := range tab.Axe() {
			t.Errorf("%s, %s, %d px: %s", name, x.theme, x.width, v)
		}
		var wide bool
		if tab.Eval(`document.documentElement.scrollWidth > innerWidth`, &wide); wide {
			t.Errorf("%s is wider than %d px", name, x.width)
		}
		if dir := os.Getenv("CORDON_SHOTS"); dir != "" {
			tab.FullScreenshot(filepath.Join(dir, fmt.Sprintf("%s-%d-%s.png", name, x.width, x.theme)))
		}
	}
	tab.Dark(false)
}
