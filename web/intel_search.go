package web

import (
	"net/url"
	"slices"
	"strings"

	"github.com/a-h/templ"

	"github.com/cordon-isao/cordon/intel"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/search"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

const (
	intelAPage     = 50 // results
	deviceNewsHits = 3  // of each device on the strip
)

// unasked is what the page shows before anything is asked for: what came last, but
// for what says little by itself.
const unasked = "-type:relationship,marking-definition,identity"

// intelSamples are searches that show what the box understands.
var intelSamples = []struct{ Query, Words string }{
	{"type:indicator after:30d -is:expired", "indicators of the last 30 days that still hold"},
	{"pattern:*.example tlp<=green", "indicators that look for a host under a domain, and may be passed on"},
	{"technique:T0806 confidence>=60", "what is said, with some confidence, of an ATT&CK technique"},
}

// intelSearchView is what the search page is drawn from.
type intelSearchView struct {
	Tabs    []ui.Tab
	Q       string // as it was typed
	Asked   bool
	Rows    []intelRow
	Hidden  int // results that a second passkey would open
	Pages   ui.Pages
	First   bool // nothing was asked and nothing is there
	Devices []intel.DeviceNews
	Facets  []intel.Facet
	Counted int
	All     bool // Counted is everything
	Saves   bool // this search can be kept
	Exports bool // and what it found can be taken out
	Save    attempt
	Errors  []ui.FieldError
}

// intelRow is one result.
type intelRow struct {
	intel.Hit
	Seen intel.Sum
}

// intelSearch finds objects in the reader's view, newest first. Without a question
// it shows what came last.
func (c *Ctx) intelSearch() error { return c.showIntelSearch(200, attempt{}) }

// showIntelSearch shows the results of what the address asks for, or of what a
// refused form did.
func (c *Ctx) showIntelSearch(status int, a attempt) error {
	q := c.R.URL.Query()
	x := intelSearchView{Q: strings.TrimSpace(q.Get("q")), Save: a}
	if a.which == "save" {
		x.Q = strings.TrimSpace(a.t["q"])
	}
	// An id that is typed into the box leads to what it names.
	if to := c.intelTarget(x.Q); to != "" && a.which == "" {
		return c.redirect(to)
	}
	x.Asked = x.Q != ""
	var err error
	if x.Tabs, err = c.intelTabs(intelAtSearch); err != nil {
		return err
	}
	asked := x.Q
	if !x.Asked {
		asked = unasked
	}
	query, err := intel.ParseQuery(asked, c.View.Now())
	if fault.Is(err, fault.Invalid) {
		x.Errors = formErrors(err, "intel", "q")
		return c.show(Page{Title: "Threat intelligence", Kind: "intel", Status: 422, Body: intelSearchBody(x, c.View.Now())})
	}
	if err != nil {
		return err
	}
	label, err := c.intelFind(&x, query, q.Get("after"))
	if err != nil {
		return err
	}
	var right templ.Component
	if len(x.Rows) > 0 && x.Hidden == 0 {
		if x.Facets, x.Counted, x.All, err = c.Intel.Facets(c.View, query); err != nil {
			return err
		}
		right = intelFacets(x)
		for _, f := range x.Facets { // the numbers come from these, too
			for _, value := range f.Values {
				if t, err := policy.ParseTLP(strings.ToUpper(value.Value)); f.Name == "tlp" && value.Count > 0 && err == nil {
					label = stricter(label, t)
				}
			}
		}
	}
	if !x.Asked && q.Get("after") == "" {
		x.First = len(x.Rows) == 0 && x.Hidden == 0
		if x.Devices, err = c.deviceNews(deviceNewsHits); err != nil {
			return err
		}
		for _, d := range x.Devices {
			for _, h := range d.Hits {
				label = stricter(label, h.Label.TLP)
			}
		}
	}
	x.Saves, x.Exports = x.Asked, x.Asked && c.Viewer.May(policy.MayExport)
	return c.show(Page{Title: "Threat intelligence", Kind: "intel", Label: label, Status: status, Right: right, Body: intelSearchBody(x, c.View.Now())})
}

// intelFind fills the results and returns the strictest label among them.
func (c *Ctx) intelFind(x *intelSearchView, query intel.Query, after string) (label policy.Label, err error) {
	hits, next, err := c.Intel.Search(c.View, query, after, intelAPage)
	if err != nil {
		return label, err
	}
	address := func(after string) string {
		v := url.Values{}
		if x.Q != "" {
			v.Set("q", x.Q)
		}
		if after != "" {
			v.Set("after", after)
		}
		if len(v) == 0 {
			return intelAtSearch
		}
		return intelAtSearch + "?" + v.Encode()
	}
	if next != "" {
		x.Pages.OlderHref = address(next)
	}
	if after != "" {
		x.Pages.NewerHref, x.Pages.Note = address(""), "Newer leads to the newest."
	}
	hits, x.Hidden, err = c.openHits(hits)
	if err != nil {
		return label, err
	}
	var ids []string
	for _, h := range hits {
		ids = append(ids, h.ID)
	}
	seen, err := c.Intel.Seen(c.View, ids)
	if err != nil {
		return label, err
	}
	for _, h := range hits {
		label = stricter(label, h.Label.TLP)
		x.Rows = append(x.Rows, intelRow{h, seen[h.ID]})
	}
	return label, nil
}

// openHits leaves out what a second passkey would open, and counts it.
func (c *Ctx) openHits(hits []intel.Hit) ([]intel.Hit, int, error) {
	g, err := c.gate()
	if err != nil {
		return nil, 0, err
	}
	all := len(hits)
	hits = slices.DeleteFunc(hits, func(h intel.Hit) bool { return g.hides(h.Label) })
	return hits, all - len(hits), nil
}

// intelTarget is the page of the object whose id was typed, or "". It is the same
// for an id that is hidden and one that nobody has.
func (c *Ctx) intelTarget(text string) string {
	o, ok := c.cited(strings.TrimSpace(text))
	if !ok {
		return ""
	}
	return objectAt(o.ID)
}

// objectAt is the address of an object's page.
func objectAt(id string) string { return "/intel/objects/" + id }

// searchAt is the address of a search.
func searchAt(q string) string {
	if q == "" {
		return intelAtSearch
	}
	return intelAtSearch + "?q=" + url.QueryEscape(q)
}

// sharedBy says from whom an object is, as far as its sender agreed.
func sharedBy(s intel.Share) string {
	switch s.Attribution {
	case intel.Named:
		return s.OrgName
	case intel.Community:
		return "a member of the community"
	}
	return "not named"
}

// seenWords sums sightings for a list.
func seenWords(s intel.Sum) string {
	switch {
	case s.Count > 0 && s.More:
		return ui.Number(s.Count) + "+"
	case s.Count > 0:
		return ui.Number(s.Count)
	case s.Not > 0:
		return "not seen"
	}
	return ""
}

// intelParts is what a result says around what was asked for; nothing without a
// question in words, and nothing that its name says already.
func intelParts(h intel.Hit) []search.Part {
	text := ""
	for _, p := range h.Snippet {
		text += p.Text
	}
	if strings.TrimSpace(text) == h.Name || !slices.ContainsFunc(h.Snippet, func(p search.Part) bool { return p.Hit }) {
		return nil
	}
	return h.Snippet
}

// facetTitles are the facets' names in words.
var facetTitles = map[string]string{"type": "Type", "tlp": "Label", "label": "Tag", "from": "From", "phase": "Kill chain phase", "is": "State"}

func facetTitle(name string) string {
	if t := facetTitles[name]; t != "" {
		return t
	}
	return upperFirst(name)
}

// facetWords is a facet's value in words.
func facetWords(facet, value string) string {
	switch facet {
	case "type":
		return intelTypeWords(value)
	case "tlp":
		return ui.TLPText(value)
	}
	return value
}

// intelCommands offers the command menu the pages of intelligence, and the object
// whose id is typed.
func (c *Ctx) intelCommands(q string, add func(command)) {
	want := strings.ToLower(q)
	for _, x := range []command{{Label: "ATT&CK matrix", Href: intelAtMatrix}, {Label: "Saved searches", Href: intelAtSaved}, {Label: "Test a STIX pattern", Href: intelAtPattern}} {
		if strings.Contains(strings.ToLower(x.Label), want) {
			add(x)
		}
	}
	if o, ok := c.cited(q); ok {
		add(command{Label: objectTitle(o.Name, o.Type, o.ID) + " (" + intelTypeWords(o.Type) + ")", Href: objectAt(o.ID)})
	}
}
