package web

import (
	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

// The tabs of a product, by their address below it.
const (
	productOverview  = ""
	productFindings  = "/findings"
	productLifecycle = "/lifecycle"
	productVersions  = "/versions"
	productDocuments = "/documents"
	productSaid      = "/statements"
)

var productTabs = []ui.Tab{{Label: "Overview", Href: productOverview}, {Label: "Findings", Href: productFindings}, {Label: "Lifecycle", Href: productLifecycle},
	{Label: "Versions and names", Href: productVersions}, {Label: "Documents", Href: productDocuments}, {Label: "Statements", Href: productSaid}}

// productAt is the address of a product.
func productAt(id string) string { return devicesAtProducts + "/" + id }

// sbomAt is the address of an SBOM.
func sbomAt(id string) string { return "/sboms/" + id }

// findingAt is the address of a finding.
func findingAt(id string) string { return "/findings/" + id }

// productHead is what a product's pages have in common.
type productHead struct {
	P    devices.Product
	Tabs []ui.Tab
	May  bool // the reader may change it
	Head ui.Heading
}

// At is an address below the product.
func (h productHead) At(path string) string { return productAt(h.P.ID) + path }

// onProduct shows a page of the product that the address names, unless it stays
// closed until the reader has a second passkey.
func (c *Ctx) onProduct(tab string, fn func(h productHead) error) error {
	p, err := c.Devices.Product(c.View, c.R.PathValue("product"))
	if err != nil {
		return err
	}
	g, err := c.gate()
	if err != nil {
		return err
	}
	if g.hides(p.Label) {
		return c.secondPasskey()
	}
	h := productHead{P: p, May: c.Devices.MayChange(c.View, p)}
	for _, t := range productTabs {
		t.Current, t.Href = t.Href == tab, h.At(t.Href)
		h.Tabs = append(h.Tabs, t)
	}
	h.Head = ui.Heading{Label: string(p.Label.TLP), Title: p.Name, States: []string{upperFirst(devices.StageWords(p.Stage))}, Subtitle: productSubtitle(p)}
	if p.Cyber() {
		h.Head.States = append(h.Head.States, "Cyber device")
	}
	return fn(h)
}

func productSubtitle(p devices.Product) string {
	s := p.Maker
	if p.Org == "" {
		s += ", no member here; the desk keeps this record"
	}
	return s
}

// productPage is the page of a product with everything that its pages have in common.
func (c *Ctx) productPage(h productHead, title string, status int, more ...policy.Label) Page {
	p := Page{Title: h.P.Title() + ": " + title, Kind: "device", Label: h.P.Label, Live: []string{h.P.ID}, Status: status}
	for _, l := range more {
		p.Label = together(p.Label, l)
	}
	return p
}

// onlyKeeper is the answer to who may not change a product: its forms do not exist.
func onlyKeeper(h productHead) error {
	if h.May {
		return nil
	}
	return fault.ErrMissing
}
