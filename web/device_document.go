package web

import (
	"io"
	"slices"
	"time"

	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

// documentsView is what the page of a product's documents is drawn from.
type documentsView struct {
	productHead
	A        attempt
	Docs     []devices.Document
	Versions []ui.Option
	Now      time.Time
}

// documentAt is the address of a document's file.
func documentAt(d devices.Document) string {
	return productAt(d.Product) + productDocuments + "/" + d.ID
}

// documentKind is the kind of a document in words.
func documentKind(kind string) string {
	switch kind {
	case "mds2":
		return "MDS2"
	case "labelling":
		return "labelling"
	case "ifu":
		return "instructions for use"
	case "security":
		return "security documentation"
	}
	return "other"
}

func documentKindOptions() []ui.Option {
	var out []ui.Option
	for _, k := range devices.DocumentKinds() {
		out = append(out, ui.Option{Value: k, Text: upperFirst(documentKind(k))})
	}
	return out
}

// deviceDocuments lists a product's documents, with the form to add one.
func (c *Ctx) deviceDocuments() error { return c.showDeviceDocuments(200, attempt{}) }

func (c *Ctx) showDeviceDocuments(status int, a attempt) error {
	return c.onProduct(productDocuments, func(h productHead) (err error) {
		x := documentsView{productHead: h, A: a, Now: c.View.Now()}
		if x.Docs, err = c.Devices.Documents(c.View, h.P.ID); err != nil {
			return err
		}
		vs, err := c.Devices.Versions(c.View, h.P.ID)
		if err != nil {
			return err
		}
		x.Versions = []ui.Option{{Value: "", Text: "All versions"}}
		for _, v := range vs {
			x.Versions = append(x.Versions, ui.Option{Value: v.Name, Text: v.Name})
		}
		page := c.productPage(h, "documents", status)
		page.Body = documentsBody(x)
		return c.show(page)
	})
}

var (
	doneDocument     = greeting("document-added", "ok", "The document is kept. Those who may read the product may read it.")
	doneDocumentGone = greeting("document-removed", "ok", "The document is taken away. Its digest stays on record.")
)

// documentAdd keeps a document of a product.
func (c *Ctx) documentAdd() error {
	product := c.R.PathValue("product")
	a := attempt{which: "document"}
	known := []string{"kind", "title", "version", "upload"}
	err := c.takeUpload(fileForm{fields: known, most: devices.MaxDocument, limit: "50 MiB"}, &a, func(name string, body io.Reader) error {
		_, err := c.Devices.AddDocument(c.R.Context(), c.DB, c.Viewer, devices.NewDocument{Product: product, Version: a.t["version"], Kind: a.t["kind"], Title: a.t["title"], Name: name, Size: -1, From: body})
		return err
	})
	if err != nil {
		a.errs = formErrors(err, "document", known...)
		return c.again(err, func(status int) error { return c.showDeviceDocuments(status, a) })
	}
	return c.redirect(productAt(product) + productDocuments + "?done=" + doneDocument)
}

// documentGet hands out a document, inert.
func (c *Ctx) documentGet() error {
	return c.deviceFile(func(v *db.View) (io.ReadSeekCloser, string, policy.Label, error) {
		d, r, err := c.Devices.OpenDocument(v, c.R.PathValue("document"))
		if err == nil && d.Product != c.R.PathValue("product") {
			err = fault.ErrMissing
		}
		return r, d.Name, d.Label, err
	})
}

// documentRemove takes a document away.
func (c *Ctx) documentRemove() error {
	id, document := c.R.PathValue("product"), c.R.PathValue("document")
	return c.caseAct(caseForm{which: "undocument", fields: []string{"why"}, show: c.showDeviceDocuments, do: func(tx *db.Tx, a attempt) (string, error) {
		docs, err := c.Devices.Documents(tx.View, id)
		if err != nil {
			return "", err
		}
		if !slices.ContainsFunc(docs, func(d devices.Document) bool { return d.ID == document }) {
			return "", fault.ErrMissing
		}
		return productAt(id) + productDocuments + "?done=" + doneDocumentGone, c.Devices.RemoveDocument(tx, document, a.t["why"])
	}})
}
