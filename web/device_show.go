package web

import (
	"slices"
	"time"

	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/matching"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

const (
	findingsOnCard = 8  // findings that a product's overview lists
	sbomsShown     = 50 // SBOMs of a product
	saidOnCard     = 5  // statements that the overview lists
)

// productView is what a product's overview is drawn from.
type productView struct {
	productHead
	Count    matching.Count
	Findings findingTable
	Tree     *treeView // nil: there is no SBOM
	SBOMs    []*devices.SBOM
	Versions []devices.Version
	Metrics  matching.Metrics
	Said     []matching.Saying
	Moves    []devices.StageChange
	Docs     []devices.Document
	Aliases  []devices.Alias
	Gaps     []devices.Gap
	Words    string // whom it is shared with
	Keeper   string // name of the organization that keeps it
	Waiting  *devices.Relabel
	Next     ui.Step
	Hidden   int
	Now      time.Time
}

// deviceShow is the overview of a product.
func (c *Ctx) deviceShow() error {
	return c.onProduct(productOverview, func(h productHead) (err error) {
		x := productView{productHead: h, Now: c.View.Now()}
		g, err := c.gate()
		if err != nil {
			return err
		}
		label := h.P.Label
		counts, err := c.Matching.Counts(c.View, []string{h.P.ID})
		if err != nil {
			return err
		}
		x.Count = counts[h.P.ID]
		found, err := c.Matching.OfProduct(c.View, h.P.ID, "", matching.Query{Limit: findingsShown})
		if err != nil {
			return err
		}
		if x.Findings, err = c.findingTable(found, &label); err != nil {
			return err
		}
		x.Hidden += x.Findings.Hidden
		if x.SBOMs, err = c.Devices.SBOMs(c.View, h.P.ID, sbomsShown); err != nil {
			return err
		}
		n := len(x.SBOMs)
		x.SBOMs = slices.DeleteFunc(x.SBOMs, func(b *devices.SBOM) bool { return g.hides(b.Label) })
		x.Hidden += n - len(x.SBOMs)
		for _, b := range x.SBOMs {
			label = together(label, b.Label)
		}
		if x.Tree, err = c.productTree(x.SBOMs, x.Findings.Rows); err != nil {
			return err
		}
		if err := c.productFacts(&x, &label); err != nil {
			return err
		}
		x.Findings.Total = len(x.Findings.Rows)
		x.Next = c.productNext(x)
		if len(x.Findings.Rows) > findingsOnCard {
			x.Findings.Rows = x.Findings.Rows[:findingsOnCard]
		}
		page := c.productPage(h, "overview", 200)
		page.Label, page.Body, page.Right = label, productBody(x), productAside(x)
		for _, b := range x.SBOMs {
			page.Live = append(page.Live, b.ID)
		}
		return c.show(page)
	})
}

// productFacts reads what is said of a product.
func (c *Ctx) productFacts(x *productView, label *policy.Label) (err error) {
	id := x.P.ID
	if x.Versions, err = c.Devices.Versions(c.View, id); err != nil {
		return err
	}
	if x.Metrics, err = c.Matching.Metrics(c.View, id); err != nil {
		return err
	}
	if x.Said, err = c.sayings(id, false, saidOnCard, label); err != nil {
		return err
	}
	if x.Moves, err = c.Devices.StageChanges(c.View, id); err != nil {
		return err
	}
	if x.Docs, err = c.Devices.Documents(c.View, id); err != nil {
		return err
	}
	if x.Aliases, err = c.Devices.Aliases(c.View, id); err != nil {
		return err
	}
	if x.Gaps, err = c.Devices.ProductGaps(c.View, id); err != nil {
		return err
	}
	if x.Words, err = c.audienceWords(c.View, x.P.Label.Audience); err != nil {
		return err
	}
	org, err := c.Members.Organization(c.View, x.P.Kept)
	if err == nil {
		x.Keeper = org.Name
	} else if !fault.Is(err, fault.Missing) {
		return err
	}
	waiting, err := c.Devices.RelabelsToDecide(c.View)
	for _, r := range waiting {
		if r.Product == id {
			x.Waiting = &r
		}
	}
	return err
}

// productNext is the one thing that is to be done with a product.
func (c *Ctx) productNext(x productView) ui.Step {
	open := func(exploited bool) *matching.Finding {
		for _, f := range x.Findings.Rows {
			if f.Open && (f.Exploited || !exploited) && (!x.May || f.Said == nil) {
				return &f.Finding
			}
		}
		return nil
	}
	switch {
	case x.Waiting != nil:
		return ui.Step{Kind: "warn", Sentence: x.Waiting.PersonName + " asks to share this product with more people.", Detail: "You are the second person.", Button: "Look at the request", Href: x.At("/relabel"), Key: "r"}
	case x.May && len(x.SBOMs) == 0:
		return ui.Step{Kind: "warn", Sentence: "There is no SBOM yet.", Detail: "With one, what it is made of is compared with every known vulnerability.", Button: "Drop an SBOM", Href: x.At("/sboms/new"), Key: "r"}
	case len(x.SBOMs) > 0 && x.SBOMs[0].State == devices.SBOMQueued:
		return ui.Step{Kind: "info", Sentence: "An SBOM is being read.", Detail: "Findings appear by themselves.", Button: "See how far it is", Href: sbomAt(x.SBOMs[0].ID), Key: "r"}
	}
	if f := open(true); f != nil {
		return ui.Step{Kind: "danger", Sentence: f.Vuln + " is known to be exploited" + inPart(*f) + ".", Detail: decideWords(x.May), Button: "Decide on it", Href: findingAt(f.ID), Key: "r"}
	}
	if f := open(false); f != nil {
		return ui.Step{Kind: "warn", Sentence: ui.Count(x.Count.Open, "open vulnerability waits", "open vulnerabilities wait") + ".", Detail: decideWords(x.May), Button: "Decide on the gravest", Href: findingAt(f.ID), Key: "r"}
	}
	for _, gap := range x.Gaps {
		if x.May && gap.Role == devices.RoleMaker {
			return ui.Step{Kind: "info", Sentence: gap.Why, Detail: gap.Text, Button: "Look at the responsibilities", Href: x.At(productLifecycle), Key: "r"}
		}
	}
	if x.May {
		return ui.Step{Kind: "ok", Sentence: "Nothing waits for you.", Detail: "A new vulnerability that touches this product appears here by itself."}
	}
	return ui.Step{Kind: "ok", Sentence: "Nothing open is known for this product.", Detail: "No match is never “not affected”: what nobody has told cannot be found."}
}

func inPart(f matching.Finding) string {
	if f.Part.Name == "" {
		return ""
	}
	return " in " + f.Part.Name + " " + f.Part.Version
}

func decideWords(may bool) string {
	if may {
		return "Say whether your product is affected; those who may read the product read your word."
	}
	return "Say what it means for your organization; nobody else reads your answer."
}

// supportSpans is how long a product and its versions are supported.
func supportSpans(p devices.Product, versions []devices.Version, now time.Time) ui.Spans {
	s := ui.Spans{ID: "support", Caption: "Support dates", Now: now, Empty: "No date of release or of an end of support is known."}
	day := func(text string) time.Time {
		t, _ := time.Parse(time.DateOnly, text)
		return t
	}
	eol, eos, announced := day(p.EOL), day(p.EOS), day(p.Announced)
	row := ui.SpanRow{Name: p.Name, Note: upperFirst(devices.StageWords(p.Stage))}
	var first time.Time
	for _, v := range versions {
		if d := day(v.Released); !d.IsZero() && (first.IsZero() || d.Before(first)) {
			first = d
		}
	}
	switch {
	case eol.IsZero() && eos.IsZero():
		if !first.IsZero() {
			row.Bars = []ui.SpanBar{{Kind: "full", Words: "supported", From: first}}
		}
	case eol.IsZero() || !eos.IsZero() && !eol.Before(eos):
		row.Bars = []ui.SpanBar{{Kind: "full", Words: "supported", From: first, To: eos}, {Kind: "over", Words: "without support", From: eos}}
	case eos.IsZero():
		row.Bars = []ui.SpanBar{{Kind: "full", Words: "supported", From: first, To: eol}, {Kind: "part", Words: "limited support", From: eol}}
	default:
		row.Bars = []ui.SpanBar{{Kind: "full", Words: "supported", From: first, To: eol}, {Kind: "part", Words: "limited support", From: eol, To: eos}, {Kind: "over", Words: "without support", From: eos}}
	}
	for _, m := range []ui.SpanMark{{Words: "end of life", At: eol}, {Words: "end of support", At: eos}, {Words: "end of support announced", At: announced}} {
		if !m.At.IsZero() {
			row.Marks = append(row.Marks, m)
		}
	}
	if len(row.Bars) > 0 {
		s.Rows = append(s.Rows, row)
	}
	const most = 8
	for _, v := range versions {
		from, to := day(v.Released), day(v.EOS)
		if len(s.Rows) > most || from.IsZero() && to.IsZero() {
			continue
		}
		r := ui.SpanRow{Name: v.Name, Note: "version", Bars: []ui.SpanBar{{Kind: "full", Words: "supported", From: from, To: to}}}
		if to.IsZero() {
			r.Bars[0].To = eos
		}
		if end := r.Bars[0].To; !end.IsZero() {
			if !from.IsZero() && end.Before(from) {
				r.Bars[0].To = from
			}
			r.Bars = append(r.Bars, ui.SpanBar{Kind: "over", Words: "without support", From: r.Bars[0].To})
		}
		s.Rows = append(s.Rows, r)
	}
	s.Finding = supportSentence(p, now)
	return s
}

// supportSentence says in a sentence how a product's support stands.
func supportSentence(p devices.Product, now time.Time) string {
	eos, err := time.Parse(time.DateOnly, p.EOS)
	switch {
	case err != nil:
		return "The end of support is not said."
	case eos.After(now):
		return "Support ends on " + p.EOS + ", in " + ui.Span(eos.Sub(now)) + "."
	}
	return "Support ended on " + p.EOS + ", " + ui.Span(now.Sub(eos)) + " ago."
}
