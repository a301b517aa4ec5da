package browser

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

var namedKeys = map[string]string{
	"Enter": kb.Enter, "Escape": kb.Escape, "Tab": kb.Tab, "Space": " ",
	"Backspace": kb.Backspace, "Delete": kb.Delete,
	"ArrowUp": kb.ArrowUp, "ArrowDown": kb.ArrowDown, "ArrowLeft": kb.ArrowLeft, "ArrowRight": kb.ArrowRight,
	"Home": kb.Home, "End": kb.End, "PageUp": kb.PageUp, "PageDown": kb.PageDown,
}

var modifiers = map[string]chromedp.Modifier{
	"Control": chromedp.ModifierCtrl, "Alt": chromedp.ModifierAlt,
	"Shift": chromedp.ModifierShift, "Meta": chromedp.ModifierMeta,
}

// Press presses keys where the focus is: chords after one another, separated
// by spaces, as in "g i", "?", "Control+k" or "Shift+Tab Enter". It waits until
// the page has loaded: a key pressed before its script listens is lost, to a
// person as to a test.
func (t *Tab) Press(keys string) {
	t.t.Helper()
	t.loaded()
	for chord := range strings.FieldsSeq(keys) {
		key, mods, err := parseChord(chord)
		if err != nil {
			t.t.Fatalf("press %s: %v", keys, err)
		}
		var opts []chromedp.KeyOption
		if len(mods) > 0 {
			opts = append(opts, chromedp.KeyModifiers(mods...))
		}
		t.do("press "+chord, chromedp.KeyEvent(key, opts...))
	}
}

// loaded waits until the page, its scripts included, has loaded.
func (t *Tab) loaded() {
	t.t.Helper()
	t.until("load the page", Patience, `document.readyState === "complete" && document.activeElement !== null`)
}

// parseChord reads modifiers and one key joined by "+"; "+" alone is the key.
func parseChord(chord string) (key string, mods []chromedp.Modifier, err error) {
	for {
		before, after, ok := strings.Cut(chord, "+")
		if !ok || before == "" || after == "" {
			break
		}
		m, ok := modifiers[before]
		if !ok {
			return "", nil, fmt.Errorf("no modifier is called %q", before)
		}
		mods = append(mods, m)
		chord = after
	}
	if k, ok := namedKeys[chord]; ok {
		return k, mods, nil
	}
	if utf8.RuneCountInString(chord) != 1 {
		return "", nil, fmt.Errorf("no key is called %q", chord)
	}
	return chord, mods, nil
}
