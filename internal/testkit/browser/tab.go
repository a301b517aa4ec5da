package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// Tab is one page. Its methods belong to one goroutine at a time.
type Tab struct {
	t     testing.TB
	b     *Browser
	ctx   context.Context
	media map[string]string // emulated media features
	print bool

	mu      sync.Mutex // guards what listen collects
	errors  []string
	blocked []CSPViolation
}

// call runs one devtools command on the tab and fails the test on error.
func call[P, R any](t *Tab, cmd cdp.Command[P, R], params P) R {
	t.t.Helper()
	ctx, cancel := context.WithTimeout(t.ctx, Patience)
	defer cancel()
	r, err := chromedp.Call(ctx, cmd, params)
	if err != nil {
		t.t.Fatalf("devtools %s: %v", cmd.Method, err)
	}
	return r
}

// do runs steps and fails the test, naming what was wanted, on error.
func (t *Tab) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	t.t.Helper()
	ctx, cancel := context.WithTimeout(t.ctx, Patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		t.t.Fatalf("%s: %v\npage: %s", what, err, t.describe())
	}
}

// describe says where the tab is and what it shows, for failures.
func (t *Tab) describe() string {
	var s struct{ URL, Title, Text string }
	err := t.eval(`({URL: location.href, Title: document.title, Text: (document.body?.innerText ?? "").slice(0, 600)})`, &s, 0)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%s %q\n%s\nerrors: %q", s.URL, s.Title, s.Text, t.ConsoleErrors())
}

// Go opens the address and waits until the page has loaded.
func (t *Tab) Go(url string) {
	t.t.Helper()
	t.do("open "+url, chromedp.Navigate(url))
}

// Reload loads the page again.
func (t *Tab) Reload() {
	t.t.Helper()
	t.do("reload", chromedp.Reload())
}

// Back goes one page back in the tab's history. A page that the browser kept
// whole comes back without loading, so this asks for the place in the history
// instead of waiting for a load.
func (t *Tab) Back() {
	t.t.Helper()
	was := call(t, page.GetNavigationHistory, cdp.Empty{}).CurrentIndex
	if was == 0 {
		t.t.Fatalf("go back: this is the first page")
	}
	t.Eval(`history.back()`, nil)
	for began := time.Now(); call(t, page.GetNavigationHistory, cdp.Empty{}).CurrentIndex >= was; time.Sleep(20 * time.Millisecond) {
		if time.Since(began) > Patience {
			t.t.Fatalf("go back: not within %v", Patience)
		}
	}
	t.until("load the page before", Patience, `document.readyState === "complete"`)
}

// URL returns the page's address.
func (t *Tab) URL() string {
	t.t.Helper()
	var s string
	t.Eval(`location.href`, &s)
	return s
}

// Click scrolls to the first visible element that css selects and clicks it.
func (t *Tab) Click(css string) {
	t.t.Helper()
	t.do("click "+css, chromedp.Click(chromedp.CSS(css), chromedp.NodeVisible))
}

// Type focuses the element and types text after what it holds.
func (t *Tab) Type(css, text string) {
	t.t.Helper()
	t.do("find "+css, chromedp.WaitVisible(chromedp.CSS(css)))
	t.Eval(`(e => {
		e.focus();
		if (e.setSelectionRange && e.selectionStart !== null) e.setSelectionRange(e.value.length, e.value.length);
	})(document.querySelector(`+quote(css)+`))`, nil)
	t.do("type into "+css, chromedp.KeyEvent(text))
}

// Fill empties a field and types text into it.
func (t *Tab) Fill(css, text string) {
	t.t.Helper()
	t.do("find "+css, chromedp.WaitVisible(chromedp.CSS(css)))
	t.Eval(`(e => { e.focus(); e.select(); })(document.querySelector(`+quote(css)+`))`, nil)
	t.do("fill "+css, chromedp.KeyEvent(kb.Backspace+text))
}

// Upload chooses files in a file field.
func (t *Tab) Upload(css string, paths ...string) {
	t.t.Helper()
	t.do("choose files in "+css, chromedp.SetUploadFiles(chromedp.CSS(css), paths, chromedp.NodeReady))
}

// Text waits for the element and returns the text it shows.
func (t *Tab) Text(css string) string {
	t.t.Helper()
	t.Wait(css)
	var s string
	t.Eval(`(document.querySelector(`+quote(css)+`)?.innerText ?? "")`, &s)
	return s
}

// Exists reports whether css selects anything now.
func (t *Tab) Exists(css string) bool {
	t.t.Helper()
	var ok bool
	t.Eval(`document.querySelector(`+quote(css)+`) !== null`, &ok)
	return ok
}

// HTML returns the page as it stands, scripts' changes included.
func (t *Tab) HTML() string {
	t.t.Helper()
	var s string
	t.Eval(`document.documentElement.outerHTML`, &s)
	return s
}

// Wait waits until css selects something.
func (t *Tab) Wait(css string) {
	t.t.Helper()
	t.until("wait for "+css, Patience, `document.querySelector(`+quote(css)+`) !== null`)
}

// WaitGone waits until css selects nothing.
func (t *Tab) WaitGone(css string) {
	t.t.Helper()
	t.until("wait until "+css+" is gone", Patience, `document.querySelector(`+quote(css)+`) === null`)
}

// WaitText waits until an element that css selects shows substr, and returns
// how long that took.
func (t *Tab) WaitText(css, substr string, timeout time.Duration) time.Duration {
	t.t.Helper()
	return t.until(fmt.Sprintf("wait for %q in %s", substr, css), timeout,
		`[...document.querySelectorAll(`+quote(css)+`)].some(e => e.innerText.includes(`+quote(substr)+`))`)
}

// until waits until the script expression is true.
func (t *Tab) until(what string, timeout time.Duration, expression string) time.Duration {
	t.t.Helper()
	began := time.Now()
	for {
		var ok bool
		// An error is a page between two documents: ask again.
		if err := t.eval(expression, &ok, 0); err == nil && ok {
			return time.Since(began)
		}
		if time.Since(began) > timeout || t.ctx.Err() != nil {
			t.t.Fatalf("%s: not within %v\npage: %s", what, timeout, t.describe())
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// Eval evaluates a script expression in the page, waits for it if it is a
// promise, and decodes the value into out, which may be nil. The page's
// content security policy does not apply to it.
func (t *Tab) Eval(js string, out any) {
	t.t.Helper()
	if err := t.eval(js, out, 0); err != nil {
		t.t.Fatalf("evaluate %.200s: %v", js, err)
	}
}

// eval evaluates in the page, or in the isolated world with the given id.
func (t *Tab) eval(js string, out any, world runtime.ExecutionContextID) error {
	ctx, cancel := context.WithTimeout(t.ctx, Patience)
	defer cancel()
	yes := true
	r, err := chromedp.Call(ctx, runtime.Evaluate, runtime.EvaluateParams{
		Expression:    js,
		ContextID:     world,
		ReturnByValue: &yes,
		AwaitPromise:  &yes,
		UserGesture:   &yes,
	})
	if err != nil {
		return err
	}
	if e := r.ExceptionDetails; e != nil {
		if e.Exception != nil && e.Exception.Description != "" {
			return fmt.Errorf("the script threw %s", e.Exception.Description)
		}
		return fmt.Errorf("the script threw: %s", e.Text)
	}
	if out == nil {
		return nil
	}
	if len(r.Result.Value) == 0 {
		return fmt.Errorf("the script gave %s, which is no value", r.Result.Type)
	}
	return json.Unmarshal(r.Result.Value, out)
}

// quote makes s a script string literal.
func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // strings always marshal
	}
	return string(b)
}

// Screenshot writes what the viewport shows to path, as PNG.
func (t *Tab) Screenshot(path string) {
	t.t.Helper()
	t.shoot(path, chromedp.CaptureScreenshot())
}

// FullScreenshot writes the whole page to path, as PNG.
func (t *Tab) FullScreenshot(path string) {
	t.t.Helper()
	t.shoot(path, chromedp.FullScreenshot(100))
}

func (t *Tab) shoot(path string, a chromedp.Action[[]byte]) {
	t.t.Helper()
	ctx, cancel := context.WithTimeout(t.ctx, Patience)
	defer cancel()
	b, err := chromedp.Run(ctx, a)
	if err != nil {
		t.t.Fatalf("take a screenshot: %v", err)
	}
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.t.Fatalf("keep the screenshot: %v", err)
	}
}

// PDF prints the page as a tagged PDF with backgrounds.
func (t *Tab) PDF() []byte {
	t.t.Helper()
	ctx, cancel := context.WithTimeout(t.ctx, Patience)
	defer cancel()
	b, err := chromedp.Run(ctx, chromedp.PrintToPDF(chromedp.PDFPrintBackground(), chromedp.PDFOutlineAndTagged()))
	if err != nil {
		t.t.Fatalf("print the page: %v", err)
	}
	return b
}

// ScrollTo scrolls the element into view.
func (t *Tab) ScrollTo(css string) {
	t.t.Helper()
	t.do("scroll to "+css, chromedp.ScrollIntoView(chromedp.CSS(css)))
}
