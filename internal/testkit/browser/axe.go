package browser

import (
	_ "embed"
	"fmt"
	"strings"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
)

//go:embed axe.min.js
var axeScript string

// Violation is one accessibility rule that the page breaks.
type Violation struct {
	ID     string          `json:"id"`     // as "color-contrast"
	Impact string          `json:"impact"` // minor, moderate, serious, critical
	Help   string          `json:"help"`
	Nodes  []ViolationNode `json:"nodes"`
}

// ViolationNode is one element that breaks the rule.
type ViolationNode struct {
	Target  string `json:"target"` // a selector
	HTML    string `json:"html"`
	Summary string `json:"summary"`
}

// String says the finding on a few lines.
func (v Violation) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%s): %s", v.ID, v.Impact, v.Help)
	for _, n := range v.Nodes {
		fmt.Fprintf(&b, "\n\t%s\n\t\t%s\n\t\t%s", n.Target, n.HTML, strings.ReplaceAll(n.Summary, "\n", "\n\t\t"))
	}
	return b.String()
}

// Axe checks the page with axe-core, best practices included, and returns the
// violations. It runs in an isolated world, so neither the page's content
// security policy nor its Trusted Types stand in the way, and the page's own
// scripts cannot see it.
func (t *Tab) Axe() []Violation {
	t.t.Helper()
	return t.axe(`{resultTypes: ["violations"]}`)
}

// AxeColours checks what another theme of a page that was checked whole can break: its
// colours. Names, roles and structure are the same in every theme.
func (t *Tab) AxeColours() []Violation {
	t.t.Helper()
	return t.axe(`{resultTypes: ["violations"], runOnly: {type: "rule", values: ["color-contrast", "link-in-text-block"]}}`)
}

func (t *Tab) axe(options string) []Violation {
	t.t.Helper()
	world := t.world("axe")
	// The world lives as long as its page: axe-core is there for the second theme.
	var there bool
	if err := t.eval(`typeof axe !== "undefined"`, &there, world); err != nil {
		t.t.Fatalf("look for axe-core: %v", err)
	}
	if !there {
		if err := t.eval(axeScript+";0", nil, world); err != nil {
			t.t.Fatalf("load axe-core: %v", err)
		}
	}
	var out []Violation
	err := t.eval(`axe.run(document, `+options+`).then(r => r.violations.map(v => ({
		id: v.id, impact: v.impact ?? "", help: v.help,
		nodes: v.nodes.map(n => ({target: n.target.flat().join(" "), html: n.html, summary: n.failureSummary ?? ""})),
	})))`, &out, world)
	if err != nil {
		t.t.Fatalf("run axe-core: %v", err)
	}
	return out
}

// CheckAxe fails the test, and lets it go on, on each violation.
func (t *Tab) CheckAxe() {
	t.t.Helper()
	for _, v := range t.Axe() {
		t.t.Errorf("%s: %s", t.URL(), v)
	}
}

// CheckAxeColours is [Tab.CheckAxe] of [Tab.AxeColours].
func (t *Tab) CheckAxeColours() {
	t.t.Helper()
	for _, v := range t.AxeColours() {
		t.t.Errorf("%s: %s", t.URL(), v)
	}
}

// world makes a script world beside the page's own.
func (t *Tab) world(name string) runtime.ExecutionContextID {
	t.t.Helper()
	tree := call(t, page.GetFrameTree, cdp.Empty{})
	return call(t, page.CreateIsolatedWorld, page.CreateIsolatedWorldParams{
		FrameID:   tree.FrameTree.Frame.ID,
		WorldName: name,
	}).ExecutionContextID
}

// CLS returns the page's cumulative layout shift so far: the largest session
// of shifts (gaps under 1 s, at most 5 s long) that no input caused, as the
// metric is defined by web.dev/cls.
func (t *Tab) CLS() float64 {
	t.t.Helper()
	var score float64
	t.Eval(`new Promise(resolve => {
		const shifts = [];
		const seen = list => shifts.push(...list.filter(e => !e.hadRecentInput));
		const o = new PerformanceObserver(l => seen(l.getEntries()));
		o.observe({type: "layout-shift", buffered: true});
		// Two frames and a moment: buffered entries come in a later task.
		requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => {
			seen(o.takeRecords());
			o.disconnect();
			let best = 0, sum = 0, first = -1, last = -1;
			for (const e of shifts.sort((a, b) => a.startTime - b.startTime)) {
				if (first < 0 || e.startTime - last >= 1000 || e.startTime - first >= 5000) { sum = 0; first = e.startTime; }
				last = e.startTime;
				sum += e.value;
				best = Math.max(best, sum);
			}
			resolve(best);
		}, 50)));
	})`, &score)
	return score
}
