package ui

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	testkit "github.com/cordon-isao/cordon/internal/testkit/browser"
)

// TestDisclosureAxe opens every part of coordinated disclosure in light, dark
// and forced colours at three widths (U-03): no violation of axe-core, nothing
// moves while it loads (U-12), nothing breaks the policy.
func TestDisclosureAxe(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a browser")
	}
	_, url := newHouse(t)
	tab := testkit.New(t).Tab()
	dir := os.Getenv("CORDON_GALLERY")
	for name := range disclosureGallery("light") {
		for _, width := range []int{1280, 768, 360} {
			tab.SetViewport(width, 900)
			for _, theme := range []string{"light", "dark", "forced"} {
				tab.ForcedColors(theme == "forced")
				tab.Go(fmt.Sprintf("%s/gallery/%s?theme=%s", url, name, theme))
				if s := tab.CLS(); s > 0.02 {
					t.Errorf("%s, %s, %d px: the layout shifts by %.3f", name, theme, width, s)
				}
				if theme == "dark" { // whatever opens is open
					tab.Eval(`document.querySelectorAll("main details").forEach((d) => { d.open = true; })`, nil)
				}
				if theme == "forced" {
					tab.CheckAxeColours()
				} else {
					tab.CheckAxe()
				}
				if dir != "" {
					tab.FullScreenshot(filepath.Join(dir, fmt.Sprintf("ui-%s-%s-%d.png", name, theme, width)))
				}
			}
		}
	}
	tab.CheckQuiet()
}

// TestTableKey opens and closes the twins with Shift T, a clock's rule with
// the keyboard, and chooses answers with the arrow keys.
func TestTableKey(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a browser")
	}
	_, url := newHouse(t)
	tab := testkit.New(t).Tab()
	tab.SetViewport(1280, 900)
	tab.Go(url + "/gallery/case")
	open := func() (n int) {
		tab.Eval(`document.querySelectorAll("[data-twin][open]").length`, &n)
		return n
	}
	for _, want := range []int{1, 0} {
		tab.Press("Shift+T")
		if n := open(); n != want {
			t.Errorf("after Shift T %d twins are open, want %d", n, want)
		}
	}
	var shown bool
	tab.Eval(`document.querySelectorAll("details.clock > summary")[3].focus()`, nil)
	tab.Press("Enter")
	tab.Eval(`document.querySelectorAll(".rule")[3].checkVisibility() && document.querySelectorAll(".rule")[3].textContent.includes("Item c: compensating controls")`, &shown)
	if !shown {
		t.Error("Enter does not show the rule of a clock")
	}
	tab.Go(url + "/gallery/worksheet")
	tab.Eval(`document.querySelector("[name=AV]").focus()`, nil)
	tab.Press("ArrowDown")
	var chosen string
	tab.Eval(`document.forms.risk.elements.AV.value`, &chosen)
	if chosen != "A" {
		t.Errorf("the arrow key chose %q, want A", chosen)
	}
	tab.CheckQuiet()
}

// TestPicturesPrint lays the pictures out on paper (U-10): on A4 and Letter no
// chart is cut off, and every twin is printed although it was closed.
func TestPicturesPrint(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a browser")
	}
	_, url := newHouse(t)
	tab := testkit.New(t).Tab()
	tab.Print(true)
	for _, page := range []string{"case", "clocks", "strip", "ruler", "matrix"} {
		for _, width := range []int{658, 680} { // A4 and Letter between margins of 18 mm, in CSS px
			tab.SetViewport(width, 900)
			tab.Go(url + "/gallery/" + page + "?theme=dark")
			var found struct{ Cut, Closed []string }
			tab.Eval(`({
				Cut: [...document.querySelectorAll(".plane, .scroller, .plot > svg text, .plot > svg rect")].filter((e) => e.checkVisibility() &&
					(e.matches("div") ? e.scrollWidth > e.clientWidth + 1 : e.getBoundingClientRect().right > innerWidth + 1)).map((e) => e.outerHTML.slice(0, 80)),
				Closed: [...document.querySelectorAll(".twin")].filter((d) => !d.querySelector("td, li").getClientRects().length).map((d) => d.textContent.trim().slice(0, 40)),
			})`, &found)
			if len(found.Cut) > 0 || len(found.Closed) > 0 {
				t.Errorf("%s at %d px: cut off: %q; not printed: %q", page, width, found.Cut, found.Closed)
			}
		}
		if dir := os.Getenv("CORDON_GALLERY"); dir != "" {
			os.WriteFile(filepath.Join(dir, "ui-"+page+".pdf"), tab.PDF(), 0o644)
		}
	}
}
