package web

import (
	"net/url"
	"slices"
	"strings"

	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/matching"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

// productsShown is how many products a page lists.
const productsShown = 25

// productRow is a product in the list.
type productRow struct {
	P        devices.Product
	Versions int
	SBOM     *devices.SBOM // the newest that the reader may read; nil = none
	Count    matching.Count
}

// productListView is what the list of products is drawn from.
type productListView struct {
	tabs     []ui.Tab
	rows     []productRow
	q        string
	mine     bool
	stage    devices.Stage
	filtered bool
	first    bool // there is nothing at all
	hidden   int
	may      bool // add products
	waiting  []devices.Relabel
	pages    ui.Pages
}

// deviceList is the products that the reader may see.
func (c *Ctx) deviceList() error {
	q := c.R.URL.Query()
	x := productListView{tabs: c.deviceTabs(devicesAtProducts), q: strings.TrimSpace(q.Get("q")), mine: q.Get("mine") == "1", stage: devices.Stage(q.Get("stage")), may: c.Devices.MayAddProducts(c.View)}
	if !slices.Contains(devices.Stages(), x.stage) {
		x.stage = ""
	}
	x.filtered = x.q != "" || x.mine || x.stage != ""
	g, err := c.gate()
	if err != nil {
		return err
	}
	ps, next, err := c.Devices.Products(c.View, devices.ProductQuery{Words: x.q, Mine: x.mine, Stage: x.stage, After: q.Get("after"), Limit: productsShown})
	if err != nil {
		return err
	}
	x.first = len(ps) == 0 && !x.filtered && q.Get("after") == ""
	if next != "" {
		x.pages.OlderHref = devicesAtProducts + "?" + url.Values{"q": {x.q}, "mine": {q.Get("mine")}, "stage": {string(x.stage)}, "after": {next}}.Encode()
	}
	if q.Get("after") != "" {
		x.pages.NewerHref = devicesAtProducts + "?" + url.Values{"q": {x.q}, "mine": {q.Get("mine")}, "stage": {string(x.stage)}}.Encode()
		x.pages.Note = "Newer leads back to the beginning."
	}
	var label policy.Label
	var ids []string
	for _, p := range ps {
		if g.hides(p.Label) {
			x.hidden++
			continue
		}
		ids, label = append(ids, p.ID), together(label, p.Label)
		x.rows = append(x.rows, productRow{P: p})
	}
	counts, err := c.Matching.Counts(c.View, ids)
	if err != nil {
		return err
	}
	for i := range x.rows {
		r := &x.rows[i]
		r.Count = counts[r.P.ID]
		vs, err := c.Devices.Versions(c.View, r.P.ID)
		if err != nil {
			return err
		}
		r.Versions = len(vs)
		b, err := c.Devices.CurrentSBOM(c.View, r.P.ID, "")
		switch {
		case fault.Is(err, fault.Missing):
		case err != nil:
			return err
		case !g.hides(b.Label):
			r.SBOM, label = b, together(label, b.Label)
		}
	}
	if x.waiting, err = c.Devices.RelabelsToDecide(c.View); err != nil {
		return err
	}
	if len(x.waiting) > 0 {
		label = together(label, policy.Default(c.Viewer.Org))
	}
	return c.show(Page{Title: "Devices", Kind: "devices", Label: label, Live: []string{"*"}, Body: deviceListBody(x), Right: deviceListAside(x)})
}

// containsView is what the answer to "which products contain it?" is drawn from.
type containsView struct {
	tabs   []ui.Tab
	q      string
	rows   []devices.Holds
	more   bool
	hidden int
	errs   []ui.FieldError
}

// containsShown is how many components are listed.
const containsShown = 100

// deviceContains answers which products contain a component.
func (c *Ctx) deviceContains() error {
	x := containsView{tabs: c.deviceTabs(""), q: strings.TrimSpace(c.R.URL.Query().Get("q"))}
	g, err := c.gate()
	if err != nil {
		return err
	}
	status, label := 200, policy.Label{}
	if x.q != "" {
		found, err := c.Devices.Containing(c.View, x.q, containsShown+1)
		if fault.Is(err, fault.Invalid) {
			status, x.errs = 422, formErrors(err, "contains", "q")
		} else if err != nil {
			return err
		}
		if x.more = len(found) > containsShown; x.more {
			found = found[:containsShown]
		}
		for _, h := range found {
			if g.hides(h.SBOM.Label) || g.hides(h.Product.Label) {
				x.hidden++
				continue
			}
			x.rows, label = append(x.rows, h), together(together(label, h.SBOM.Label), h.Product.Label)
		}
	}
	return c.show(Page{Title: "Which products contain it?", Kind: "devices", Label: label, Status: status, Body: containsBody(x), Right: containsAside()})
}

// productStageOptions are the stages of a product's life, for a filter.
func productStageOptions(selected devices.Stage) []ui.Option {
	out := []ui.Option{{Value: "", Text: "All stages", Selected: selected == ""}}
	for _, s := range devices.Stages() {
		out = append(out, ui.Option{Value: string(s), Text: upperFirst(devices.StageWords(s)), Selected: s == selected})
	}
	return out
}
