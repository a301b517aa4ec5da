package browser

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/chromedp/cdproto/audits"
	devlog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
)

// CSPViolation is something that the page's content security policy blocked,
// Trusted Types included.
type CSPViolation struct {
	Directive string // as "script-src-elem"
	Blocked   string // the address, or what kind of inline content
	Source    string // file:line that caused it, when known
}

// listen collects complaints. It runs on the connection's goroutine: it must
// be quick and must not call the browser.
func (t *Tab) listen(ev any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch ev := ev.(type) {
	case *runtime.EventExceptionThrown:
		d := ev.ExceptionDetails
		text := d.Text
		if d.Exception != nil && d.Exception.Description != "" {
			text = d.Exception.Description
		}
		t.errors = append(t.errors, fmt.Sprintf("%s:%d: %s", d.URL, d.LineNumber+1, text))
	case *runtime.EventConsoleAPICalled:
		if ev.Type != runtime.ConsoleAPICalledTypeError && ev.Type != runtime.ConsoleAPICalledTypeAssert {
			return
		}
		var words []string
		for _, a := range ev.Args {
			var text string
			switch {
			case a.Description != "":
				text = a.Description
			case json.Unmarshal(a.Value, &text) != nil:
				text = string(a.Value) // a number, a boolean, an object's preview
			}
			words = append(words, text)
		}
		t.errors = append(t.errors, "console."+string(ev.Type)+": "+strings.Join(words, " "))
	case *devlog.EventEntryAdded:
		if ev.Entry.Level == devlog.EntryLevelError {
			t.errors = append(t.errors, strings.TrimSpace(ev.Entry.Text+" "+ev.Entry.URL))
		}
	case *audits.EventIssueAdded:
		d := ev.Issue.Details.ContentSecurityPolicyIssueDetails
		if d == nil {
			return
		}
		v := CSPViolation{Directive: d.ViolatedDirective, Blocked: d.BlockedURL}
		if v.Blocked == "" {
			v.Blocked = string(d.ContentSecurityPolicyViolationType)
		}
		if l := d.SourceCodeLocation; l != nil {
			v.Source = fmt.Sprintf("%s:%d", l.URL, l.LineNumber+1)
		}
		t.blocked = append(t.blocked, v)
	}
}

// ConsoleErrors returns the uncaught errors, console errors, and failed or
// refused loads since the tab opened or Forget was called.
func (t *Tab) ConsoleErrors() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.errors)
}

// CSPViolations returns what the content security policy blocked since the tab
// opened or Forget was called.
func (t *Tab) CSPViolations() []CSPViolation {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.blocked)
}

// Forget drops the complaints collected so far.
func (t *Tab) Forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.errors, t.blocked = nil, nil
}

// CheckQuiet fails the test, and lets it go on, if the browser complained.
func (t *Tab) CheckQuiet() {
	t.t.Helper()
	for _, v := range t.CSPViolations() {
		t.t.Errorf("the content security policy blocked %s (%s) at %s", v.Blocked, v.Directive, v.Source)
	}
	for _, e := range t.ConsoleErrors() {
		t.t.Errorf("the browser complained: %s", e)
	}
}
