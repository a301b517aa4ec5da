package web

import (
	"bufio"
	"bytes"
	"io"

	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/formats/sbom"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

// sbomNewView is what the form to send an SBOM is drawn from.
type sbomNewView struct {
	productHead
	A        attempt
	Key      string
	Versions []ui.Option
	Share    shareView
}

// sbomNew is the form to send an SBOM of a product.
func (c *Ctx) sbomNew() error { return c.showSBOMNew(200, attempt{}) }

func (c *Ctx) showSBOMNew(status int, a attempt) error {
	return c.onProduct(productOverview, func(h productHead) error {
		if err := onlyKeeper(h); err != nil {
			return err
		}
		x := sbomNewView{productHead: h, A: a, Key: a.key("sbom", ids.Random(26))}
		vs, err := c.Devices.Versions(c.View, h.P.ID)
		if err != nil {
			return err
		}
		for i, v := range vs {
			x.Versions = append(x.Versions, ui.Option{Value: v.Name, Text: v.Name, Selected: i == 0})
		}
		x.Versions = append(x.Versions, ui.Option{Value: "", Text: "Not said"})
		var marking policy.TLP
		if x.Share, marking, err = c.shareView("sbom", a, policy.Default(c.Viewer.Org), ""); err != nil {
			return err
		}
		x.Share.hint = "At first nobody outside your organization. To share it with hospitals, choose them by name under AMBER or AMBER+STRICT; with the whole community, under GREEN."
		page := c.productPage(h, "send an SBOM", status)
		page.Kind, page.Body, page.Right, page.Label = "compose", sbomNewBody(x), sbomNewAside(), stricterIf(h.P.Label, marking)
		return c.show(page)
	})
}

var doneSBOM = greeting("sbom-sent", "ok", "The file is kept, and is being read. You may leave this page.")

// sbomSend takes an SBOM: it is read in the background.
func (c *Ctx) sbomSend() error {
	product := c.R.PathValue("product")
	a := attempt{which: "sbom"}
	var b *devices.SBOM
	known := append([]string{"version", "idempotency_key", "upload"}, shareFields...)
	err := c.takeUpload(fileForm{fields: known, lists: []string{"audience"}, most: devices.MaxSBOM, limit: "512 MiB"}, &a, func(name string, body io.Reader) error {
		in := bufio.NewReaderSize(body, sbom.SniffLen)
		head, err := in.Peek(sbom.SniffLen)
		if err != nil && err != io.EOF {
			return c.truncated(err)
		}
		if len(bytes.TrimSpace(head)) == 0 {
			return fault.InvalidField("upload", "The file is empty.")
		}
		if _, _, err := sbom.Sniff(head); err != nil {
			return fault.InvalidField("upload", "%s", upperFirst(err.Error())+".")
		}
		l, err := labelOf(a)
		if err != nil {
			return err
		}
		b, err = c.Devices.AcceptSBOM(c.R.Context(), c.DB, c.Viewer, devices.NewSBOM{Product: product, Version: a.t["version"], Name: name, Via: "page", Label: l, Key: a.t["idempotency_key"]}, in)
		return err
	})
	if err != nil {
		a.errs = formErrors(err, "sbom", append(known, "audience")...)
		return c.again(err, func(status int) error { return c.showSBOMNew(status, a) })
	}
	return c.redirect(sbomAt(b.ID) + "?done=" + doneSBOM)
}
