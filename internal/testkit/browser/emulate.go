package browser

import (
	"maps"
	"slices"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// SetViewport sets the page's size in CSS pixels.
func (t *Tab) SetViewport(width, height int) {
	t.t.Helper()
	t.do("set the viewport", chromedp.EmulateViewport(int64(width), int64(height)))
}

// Dark makes the reader prefer the dark theme, or the light one.
func (t *Tab) Dark(on bool) {
	t.t.Helper()
	t.setMedia("prefers-color-scheme", choose(on, "dark", "light"))
}

// ForcedColors turns the system's high-contrast colours on or off.
func (t *Tab) ForcedColors(on bool) {
	t.t.Helper()
	t.setMedia("forced-colors", choose(on, "active", "none"))
}

// ReducedMotion makes the reader prefer no animation, or not.
func (t *Tab) ReducedMotion(on bool) {
	t.t.Helper()
	t.setMedia("prefers-reduced-motion", choose(on, "reduce", "no-preference"))
}

// Print lays the page out as for paper, or for the screen.
func (t *Tab) Print(on bool) {
	t.t.Helper()
	t.print = on
	t.applyMedia()
}

func (t *Tab) setMedia(name, value string) {
	t.t.Helper()
	t.media[name] = value
	t.applyMedia()
}

// applyMedia sends all features at once: each command replaces the last one.
func (t *Tab) applyMedia() {
	t.t.Helper()
	p := emulation.SetEmulatedMediaParams{Media: choose(t.print, "print", "")}
	for _, name := range slices.Sorted(maps.Keys(t.media)) {
		p.Features = append(p.Features, &emulation.MediaFeature{Name: name, Value: t.media[name]})
	}
	call(t, emulation.SetEmulatedMedia, p)
}

func choose(on bool, yes, no string) string {
	if on {
		return yes
	}
	return no
}

// Offline cuts the page's network, or restores it: new requests fail and
// navigator.onLine changes.
func (t *Tab) Offline(on bool) {
	t.t.Helper()
	call(t, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{
		EmulateOfflineServiceWorker: &on,
		MatchedNetworkConditions: []*network.Conditions{{
			Offline: on, DownloadThroughput: -1, UploadThroughput: -1,
		}},
	})
	call(t, network.OverrideNetworkState, network.OverrideNetworkStateParams{
		Offline: on, DownloadThroughput: -1, UploadThroughput: -1,
	})
}
