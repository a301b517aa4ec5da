package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cordon-isao/cordon/internal/testkit/browser"
)

// keyboard is a tab that is worked by keys alone.
type keyboard struct {
	*browser.Tab
	t *testing.T
}

// to presses Tab until the focus is on what css selects, as somebody does who
// looks where the focus is.
func (k keyboard) to(css string) {
	k.t.Helper()
	for range 250 {
		var there, shown bool
		k.Eval(fmt.Sprintf(`document.activeElement?.matches(%q) ?? false`, css), &there)
		if there {
			k.Eval(`(r => r.width > 0 && r.bottom > 0 && r.top < innerHeight)(document.activeElement.getBoundingClientRect())`, &shown)
			if !shown {
				k.t.Errorf("the focus is on %s, out of sight", css)
			}
			return
		}
		k.Press("Tab")
	}
	k.t.Fatalf("Tab does not lead to %s at %s", css, k.URL())
}

// arrive waits until a page shows a text. Keys wait for its script by themselves.
func (k keyboard) arrive(css, text string) {
	k.t.Helper()
	k.WaitText(css, text, browser.Patience)
}

// write types at the focus.
func (k keyboard) write(text string) { k.t.Helper(); k.Type(":focus", text) }

// focus says where the focus is.
func (k keyboard) focus() (s string) {
	k.Eval(`document.activeElement.id || document.activeElement.outerHTML.slice(0, 120)`, &s)
	return s
}

// TestKeyboardOnly does a day's work without a mouse: sign in, open a room,
// write, reply, quote, relabel, resolve, search; see who can see; the command
// menu and the sheet of keys, from which Esc leads back (U-04).
func TestKeyboardOnly(t *testing.T) {
	browserTest(t)
	w, _ := furnished(t)
	k := keyboard{browser.New(t).Tab(), t}
	k.SetViewport(1280, 900)
	// What a mouse does would be counted.
	count := func() {
		k.Eval(`for (const n of ["mousedown", "pointerdown", "touchstart"]) addEventListener(n, () => { throw new Error("a mouse was used") })`, nil)
	}

	k.Go(w.url + "/sign-in")
	count()
	k.to(`button[value="arendt"]`)
	k.Press("Enter")
	k.arrive("h1", "Inbox")
	k.Press("g r")
	k.arrive("h1", "Rooms")
	for range 40 {
		k.Press("j")
		var at string
		k.Eval(`document.activeElement.innerText ?? ""`, &at)
		if strings.HasPrefix(at, "Infusion pumps") {
			break
		}
	}
	k.Press("o")
	k.arrive("h1", "Infusion pumps")

	// A topic, for one circle.
	k.Press("t")
	k.arrive("h1", "New topic")
	k.to("#compose-title")
	k.write("Written by keys")
	k.Press("Tab")
	k.write("No mouse was near.")
	k.to("#compose-label")
	k.write("TLP:AMBER:")
	k.Press("Tab")
	k.write("community")
	k.to(`input[name=audience][value="community"]`)
	k.Press("Space Shift+Tab")
	k.to(`[data-filter]`)
	for range len("community") {
		k.Press("Backspace")
	}
	k.write("Infusion pump resp")
	k.Press("Tab")
	k.to(`#compose-groups input:checked, #compose-groups .choice:not([hidden]) input`)
	k.Press("Space")
	k.arrive("[data-send]", "Send to 9 people in 4 organizations")
	k.Press("Control+Enter")
	k.arrive("article.post", "No mouse was near.")
	topic := strings.TrimPrefix(k.URL(), w.url)

	// Reply, then quote a post.
	k.Press("r")
	k.write("A first answer.")
	k.Press("Control+Enter")
	k.arrive("[role=log]", "A first answer.")
	k.arrive("#compose .form-state", "Sent")
	k.Press("Escape j j q")
	k.arrive("h2", "You quote")
	k.Press("r")
	k.write("With what was said.")
	k.Press("Control+Enter")
	k.arrive(".post .quote", "A first")
	k.arrive("[role=log] article:last-of-type", "With what was said.")

	// Who can see it: the band opens, Esc closes it and gives the focus back.
	k.Go(w.url + topic)
	count()
	k.to(".band summary")
	k.Press("Enter")
	k.arrive(".band-panel", "Pumpworks Medical")
	k.Press("Escape")
	var open, back bool
	k.Eval(`document.querySelector(".band-open").open`, &open)
	k.Eval(`document.activeElement.matches(".band summary")`, &back)
	if open || !back {
		t.Errorf("Esc in the audience panel: open %t, focus on %s", open, k.focus())
	}

	// Tighten the label.
	k.Press("l")
	k.arrive("h1", "Change label or audience")
	k.to("select[name=tlp]")
	k.write("TLP:AMBER+")
	k.to("#relabel button.primary")
	k.Press("Enter")
	k.arrive(".title", "TLP:AMBER+STRICT")

	// Resolve.
	k.Press("v")
	k.to("#resolve-summary")
	k.write("Done by keys.")
	k.Press("Tab Enter")
	k.arrive("main", "Resolved by Tobias Arendt")

	// Search.
	k.Press("/")
	k.write("mouse")
	k.Press("Enter")
	k.arrive("h1", "Search")
	k.arrive("main a.row-link", "Written by keys")

	// The command menu, away from and back to where one was.
	k.to("main a.row-link")
	was := k.focus()
	k.Press("Control+k")
	k.Wait("#ui-command-list [role=option]")
	k.Press("Escape")
	if k.focus() != was {
		t.Errorf("Esc from the command menu leads to %s, not %s", k.focus(), was)
	}
	k.Press("?")
	k.arrive("#ui-keys[open]", "Quote")
	k.Press("Escape")
	if k.focus() != was {
		t.Errorf("Esc from the sheet of keys leads to %s, not %s", k.focus(), was)
	}
	k.Press("Control+k")
	k.write("Members")
	k.arrive("#ui-command-list [aria-selected=true]", "Members")
	k.Press("Enter")
	k.arrive("h1", "Members")
	k.CheckQuiet()
}
