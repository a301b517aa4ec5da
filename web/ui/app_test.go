package ui

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/a-h/templ"
	"github.com/chromedp/chromedp"
)

// A desk is a topic page with what its script calls, kept in memory.
type desk struct {
	mu     sync.Mutex
	posts  []Post
	keys   map[string]int // idempotency keys, and how often each came
	drafts []string
	pins   int
	drop   int // how many sends to cut before they are answered
	frames chan string
}

// open serves the desk's page at /t.
func (d *desk) open(h *house) {
	page := func(w http.ResponseWriter, r *http.Request, status int, change func(*Compose)) {
		f := frame("light", "Topic", "topic")
		f.StreamCursor, f.Live = "c0", []string{"topic_1"}
		var cs []templ.Component
		for _, p := range d.posts {
			cs = append(cs, Message(p))
		}
		c := someComposer(false)
		c.DraftSaved = time.Time{}
		c.IdempotencyKey = fmt.Sprintf("key-%d", len(d.posts))
		change(&c)
		w.Header().Set("Content-Security-Policy", csp)
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(status)
		within(Page(f), TitleRow(Heading{Title: "Topic"}), within(Messages("Posts"), cs...), Composer(c)).Render(r.Context(), w)
	}
	h.mux.HandleFunc("GET /t", func(w http.ResponseWriter, r *http.Request) {
		d.mu.Lock()
		defer d.mu.Unlock()
		page(w, r, 200, func(*Compose) {})
	})
	h.mux.HandleFunc("POST /posts", func(w http.ResponseWriter, r *http.Request) {
		r.ParseMultipartForm(1 << 20)
		d.mu.Lock()
		defer d.mu.Unlock()
		key := r.Header.Get("Idempotency-Key")
		d.keys[key]++
		if d.drop > 0 {
			d.drop--
			panic(http.ErrAbortHandler) // the line is cut
		}
		if strings.Contains(r.FormValue("body"), "refused") {
			page(w, r, 422, func(c *Compose) {
				c.Body, c.Errors = r.FormValue("body"), []FieldError{{"compose-body", "Say it differently."}}
			})
			return
		}
		d.add(r.FormValue("body"))
		http.Redirect(w, r, "/t", http.StatusSeeOther)
	})
	h.mux.HandleFunc("POST /preview", func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("tlp") == "RED" {
			io.WriteString(w, `{"problem":"TLP:RED needs named persons."}`)
			return
		}
		io.WriteString(w, `{"sentence":"6 people in 2 organizations will see this.","button":"Send to 6 people in 2 organizations","rows":[{"org":"<b>St. Anne</b>","kind":"provider","people":4}]}`)
	})
	h.mux.HandleFunc("POST /drafts", func(w http.ResponseWriter, r *http.Request) {
		d.mu.Lock()
		d.drafts = append(d.drafts, r.FormValue("draft_key")+"="+r.FormValue("body"))
		d.mu.Unlock()
		w.WriteHeader(http.StatusNoContent)
	})
	h.mux.HandleFunc("POST /pin", func(w http.ResponseWriter, r *http.Request) {
		d.mu.Lock()
		d.pins++
		d.mu.Unlock()
		http.Redirect(w, r, "/t", http.StatusSeeOther)
	})
	h.mux.HandleFunc("GET /commands", func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, `[{"label":"Open a room","href":"/rooms/new","keys":"T"},{"label":"Members","href":"/members"}]`)
	})
	h.mux.HandleFunc("GET /live", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		w.WriteHeader(200)
		w.(http.Flusher).Flush()
		for {
			select {
			case f := <-d.frames:
				io.WriteString(w, f)
				w.(http.Flusher).Flush()
			case <-r.Context().Done():
				return
			}
		}
	})
}

// add appends a post; the caller holds mu.
func (d *desk) add(body string) {
	p := post(fmt.Sprintf("post_%d", len(d.posts)+1), "K. Adeyemi", "St. Anne", "AMBER", "<p>"+templ.EscapeString(body)+"</p>", time.Minute)
	d.posts = append(d.posts, p)
}

// TestScript drives the script in a real browser through what it promises:
// live updates that move nothing under a typing hand, drafts, the audience
// preview, sending once over a bad line, form errors, keys, masking, and the
// word when access ends.
func TestScript(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a browser")
	}
	h, url := newHouse(t)
	d := &desk{keys: map[string]int{}, frames: make(chan string)}
	for i := range 12 {
		d.add(fmt.Sprintf("Post number %d", i+1))
	}
	d.open(h)
	ctx := browser(t)
	do := func(what string, steps ...chromedp.Action[chromedp.Void]) {
		t.Helper()
		if err := chromedp.Do(ctx, steps...); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	is := func(want, js string) {
		t.Helper()
		got, err := chromedp.Run(ctx, chromedp.Evaluate[string]("String("+js+")"))
		if err != nil || got != want {
			t.Errorf("%s is %q (%v), want %q", js, got, err, want)
		}
	}
	until := func(what, js string) {
		t.Helper()
		c, cancel := context.WithTimeout(ctx, 15*time.Second)
		defer cancel()
		if _, err := chromedp.Run(c, chromedp.Poll[bool]("!!("+js+")")); err != nil {
			now, _ := chromedp.Run(ctx, chromedp.Evaluate[string](`document.querySelector(".composer .form-state").textContent + " / " + document.activeElement.outerHTML.slice(0, 120)`))
			t.Fatalf("waiting until %s: %v; %s", what, err, now)
		}
	}
	area := chromedp.ID("compose-body")

	do("open", chromedp.EmulateViewport(1280, 860), chromedp.Navigate(url+"/t"), chromedp.Click(area), chromedp.SendKeys(area, "Half a sen"))
	until("typed", `document.querySelector("#compose-body").value === "Half a sen"`)
	do("remember", chromedp.Evaluate[chromedp.Void](`void (window.top0 = document.querySelector("#compose-body").getBoundingClientRect().top)`))

	// Live: the post appears above, the composer stays under the hand.
	d.mu.Lock()
	d.add("From the other side")
	d.mu.Unlock()
	d.frames <- "event: change\nid: c1\ndata: {\"verb\":\"post.added\",\"object\":\"post_13\",\"parent\":\"topic_1\",\"room\":\"room_1\"}\n\n"
	until("the post is there", `document.getElementById("post_13")`)
	is("true", `Math.abs(document.querySelector("#compose-body").getBoundingClientRect().top - window.top0) < 2`)
	is("Half a sen", `document.activeElement.value`)
	is("1 new message", `document.querySelector("#ui-polite").textContent`)
	is("key-12", `document.forms.compose.elements.idempotency_key.value`) // the form was left alone

	// The draft is kept by the server, and nothing by the browser.
	until("the draft is saved", `document.querySelector(".composer .form-state").textContent === "Draft saved"`)
	d.mu.Lock()
	if got := strings.Join(d.drafts, "|"); got != "topic_1=Half a sen" {
		t.Errorf("drafts: %q", got)
	}
	d.mu.Unlock()
	is("0 0", `localStorage.length + " " + sessionStorage.length`)

	// Preview: the bar and the button say who; a problem stops sending.
	choose := func(v string) {
		do("choose "+v, chromedp.Evaluate[chromedp.Void](`void (() => { const s = document.forms.compose.elements.tlp; s.value = "`+v+`"; s.dispatchEvent(new Event("change", { bubbles: true })); })()`))
	}
	choose("RED")
	until("the problem shows", `document.querySelector("[data-preview-sentence]").textContent === "TLP:RED needs named persons."`)
	is("true", `document.querySelector("[data-send]").disabled`)
	choose("AMBER+STRICT")
	until("the button says who", `document.querySelector("[data-preview-button]").textContent === "Send to 6 people in 2 organizations"`)
	is("false TLP:AMBER+STRICT <b>St. Anne</b> provider", `document.querySelector("[data-send]").disabled + " " + document.querySelector("[data-preview-label]").textContent + " " + document.querySelector("[data-preview-rows] dt").textContent`)

	// Send over a line that is cut: typed text stays, one post comes out.
	d.mu.Lock()
	d.drop = 3
	d.mu.Unlock()
	do("send", chromedp.SendKeys(area, "tence."), chromedp.KeyEvent("\r", chromedp.KeyModifiers(chromedp.ModifierCtrl)))
	until("it says what is wrong", `document.querySelector(".composer .form-state").textContent.startsWith("Not sent yet: connection lost.")`)
	is("Half a sentence.", `document.querySelector("#compose-body").value`)
	until("it is sent", `document.getElementById("post_14")`)
	is("Sent.", `document.querySelector(".composer .form-state").textContent`)
	is("", `document.querySelector("#compose-body").value`)
	is("key-14", `document.forms.compose.elements.idempotency_key.value`)
	d.mu.Lock()
	if len(d.posts) != 14 || len(d.keys) != 1 || d.keys["key-12"] < 4 {
		t.Errorf("%d posts, keys %v; want 14 posts, all tries with key-12", len(d.posts), d.keys)
	}
	d.mu.Unlock()

	// A refusal brings the errors, the focus on them, and what was typed.
	do("send what is refused", chromedp.SendKeys(area, "This is refused"), chromedp.Click(chromedp.CSS("[data-send]")))
	until("errors have the focus", `document.activeElement.matches("[data-errors]")`)
	is("This is refused", `document.querySelector("#compose-body").value`)

	// Keys.
	do("leave the form", chromedp.Evaluate[chromedp.Void](`void document.activeElement.blur()`), chromedp.KeyEvent("?"))
	until("the sheet is open", `document.querySelector("#ui-keys").open`)
	do("Esc", chromedp.KeyEvent("\x1b"))
	until("the sheet is closed", `!document.querySelector("#ui-keys").open`)
	do("j j", chromedp.KeyEvent("j"), chromedp.KeyEvent("j"))
	is("post_2", `document.activeElement.id`)
	do("k", chromedp.KeyEvent("k"))
	is("post_1", `document.activeElement.id`)
	do("command menu", chromedp.KeyEvent("k", chromedp.KeyModifiers(chromedp.ModifierCtrl)))
	until("commands are listed", `document.querySelectorAll("#ui-commands [role=option]").length === 2`)
	snap(t, ctx, "commands")
	do("Esc", chromedp.KeyEvent("\x1b"))
	until("focus is back", `document.activeElement.id === "post_1"`)
	do("/", chromedp.KeyEvent("/"))
	is("q", `document.activeElement.name`)
	do("[", chromedp.KeyEvent("\x1b"), chromedp.KeyEvent("["))
	is("false", `document.querySelector("#ui-nav").checkVisibility()`)
	do("[", chromedp.KeyEvent("["))
	is("true", `document.querySelector("#ui-nav").checkVisibility()`)
	do("sheet", chromedp.KeyEvent("?"))
	snap(t, ctx, "keys")
	do("close", chromedp.KeyEvent("\x1b"))

	// A question before what cannot be taken back; "no" changes nothing.
	do("press pin", chromedp.Click(chromedp.CSS("#post_1 form .btn")))
	until("it asks", `document.querySelector("#ui-ask").open`)
	is("Pin this for everybody in the topic?", `document.querySelector("#ui-ask-text").textContent`)
	do("no", chromedp.Click(chromedp.CSS(`#ui-ask [value="no"]`)))
	d.mu.Lock()
	if d.pins != 0 {
		t.Error("pinned although the answer was no")
	}
	d.mu.Unlock()
	do("mask", chromedp.Evaluate[chromedp.Void](`void dispatchEvent(new KeyboardEvent("keydown", { key: ">", code: "Period", ctrlKey: true, shiftKey: true }))`))
	is("false", `document.querySelector("#ui-mask").hidden`)
	do("unmask", chromedp.Evaluate[chromedp.Void](`void dispatchEvent(new KeyboardEvent("keydown", { key: ">", code: "Period", ctrlKey: true, shiftKey: true }))`))

	// The band's panel, on a phone too; the menu.
	do("panel", chromedp.Click(chromedp.CSS(".band summary")))
	snap(t, ctx, "panel")
	do("phone", chromedp.KeyEvent("\x1b"), chromedp.EmulateViewport(360, 740), chromedp.Click(chromedp.CSS(`[popovertarget="ui-nav"]`)))
	is("true", `document.querySelector("#ui-nav").matches(":popover-open")`)
	snap(t, ctx, "menu")
	do("close", chromedp.KeyEvent("\x1b"), chromedp.Click(chromedp.CSS(`[popovertarget="ui-context"]`)))
	snap(t, ctx, "context")
	do("close", chromedp.KeyEvent("\x1b"))

	// "Yes" goes on, once.
	do("pin", chromedp.Evaluate[chromedp.Void](`void document.querySelector("#post_1 form .btn").click()`))
	until("it asks", `document.querySelector("#ui-ask").open`)
	do("yes", chromedp.Click(chromedp.CSS(`#ui-ask [value="yes"]`)))
	for i := 0; ; i++ {
		d.mu.Lock()
		pins := d.pins
		d.mu.Unlock()
		if pins == 1 {
			break
		}
		if i == 100 || pins > 1 {
			t.Fatalf("pinned %d times, want once", pins)
		}
		time.Sleep(50 * time.Millisecond)
	}
	do("open again", chromedp.Navigate(url+"/t"))

	// Access ends.
	do("type", chromedp.SendKeys(area, "Still here"))
	d.frames <- "event: bye\ndata: {}\n\n"
	until("the banner says so", `!document.querySelector("#ui-banner").hidden`)
	is("Still here", `document.querySelector("#compose-body").value`)
	snap(t, ctx, "bye")

	if v := h.violations(); len(v) > 0 {
		t.Errorf("%d reports against the policy, first: %s", len(v), v[0])
	}
}

// snap leaves a screenshot for people to look at, where they asked for it.
func snap(t *testing.T, ctx context.Context, name string) {
	if dir := os.Getenv("CORDON_GALLERY"); dir != "" {
		shot, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
		if err != nil {
			t.Fatal(err)
		}
		os.WriteFile(filepath.Join(dir, "app-"+name+".png"), shot, 0o644)
	}
}

// TestPrint prints the topic page, and makes sure that every label stands in
// the header and the footer of each page (U-10, FIRST TLP 2.0).
func TestPrint(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a browser")
	}
	_, url := newHouse(t)
	ctx := browser(t)
	if err := chromedp.Do(ctx, chromedp.Navigate(url+"/gallery/topic?theme=dark")); err != nil {
		t.Fatal(err)
	}
	pdf, err := chromedp.Run(ctx, chromedp.PrintToPDF())
	if err != nil {
		t.Fatal(err)
	}
	if dir := os.Getenv("CORDON_GALLERY"); dir != "" {
		os.WriteFile(filepath.Join(dir, "topic.pdf"), pdf, 0o644)
	}
	if !strings.HasPrefix(string(pdf), "%PDF-") || len(pdf) < 20_000 {
		t.Errorf("the print is %d bytes", len(pdf))
	}
	// Each label has its kind of page, with the label in header and footer.
	for label, name := range map[string]string{"CLEAR": "clear", "GREEN": "green", "AMBER": "amber", "AMBER+STRICT": "strict", "RED": "red"} {
		got, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](`(() => {
			document.body.dataset.tlp = "`+label+`";
			const find = (rules) => [...rules].flatMap((r) => r instanceof CSSPageRule && r.selectorText === "tlp-`+name+`" ? [r.cssText] : r.cssRules ? find(r.cssRules) : []);
			return [getComputedStyle(document.body).page, ...[...document.styleSheets].flatMap((s) => find(s.cssRules))];
		})()`))
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != 2 || got[0] != "tlp-"+name || strings.Count(got[1], `content: "TLP:`+label+`"`) != 2 {
			t.Errorf("TLP:%s prints on %q", label, got)
		}
	}
}
