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
				tab.CheckAxe()
				if dir != "" {
					tab.FullScreenshot(filepath.Join(dir, fmt.Sprintf("ui-%s-%s-%d.png", name, theme, width)))
				}
			}
		}
	}
	tab.CheckQuiet()
}
