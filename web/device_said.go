package web

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/formats/cyclonedx"
	"github.com/cordon-isao/cordon/formats/vex"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/matching"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

// saidView is what the page of a product's statements is drawn from.
type saidView struct {
	productHead
	Said    []matching.Saying
	History bool
	Export  bool
	Now     time.Time
}

// deviceSaid lists what was said of vulnerabilities in a product.
func (c *Ctx) deviceSaid() error {
	return c.onProduct(productSaid, func(h productHead) (err error) {
		x := saidView{productHead: h, History: c.R.URL.Query().Get("history") == "1", Export: c.Viewer.May(policy.MayExport), Now: c.View.Now()}
		label := h.P.Label
		if x.Said, err = c.sayings(h.P.ID, x.History, matching.MaxPage, &label); err != nil {
			return err
		}
		page := c.productPage(h, "statements", 200)
		page.Label, page.Body = label, saidBody(x)
		return c.show(page)
	})
}

// vexFormats are the formats that statements are taken out in, with the end of the
// file's name.
var vexFormats = map[string]string{"openvex": "openvex.json", "csaf": "csaf.json", "cyclonedx": "cdx.json"}

// deviceVEX hands out the keeper's statements about a product, as far as the reader
// may read them, as VEX. The document's label is the strictest of theirs.
func (c *Ctx) deviceVEX() error {
	p, err := c.Devices.Product(c.View, c.R.PathValue("product"))
	if err != nil {
		return err
	}
	format := c.R.PathValue("format")
	end, ok := vexFormats[format]
	if !ok {
		return fault.ErrMissing
	}
	g, err := c.gate()
	if err != nil {
		return err
	}
	if g.hides(p.Label) {
		return c.secondPasskey()
	}
	label := p.Label
	all, err := c.sayings(p.ID, false, matching.MaxPage, &label)
	if err != nil {
		return err
	}
	all = slices.DeleteFunc(all, func(w matching.Saying) bool { return w.Org != p.Kept })
	if len(all) == 0 {
		return fault.Conflictf("There is no statement of the keeper to take out yet.")
	}
	doc := vexOf(p, all, c.Origin)
	var tlp policy.TLP
	for _, w := range all {
		if tlp == "" || w.Label.TLP.StricterThan(tlp) {
			tlp = w.Label.TLP
		}
	}
	var out bytes.Buffer
	meta := vex.Meta{ID: c.Origin + productAt(p.ID) + productSaid, Author: all[0].OrgName, Role: "vendor", Namespace: c.Origin, At: all[0].Said, Version: 1, TLP: string(tlp)}
	switch format {
	case "openvex":
		err = vex.WriteOpenVEX(&out, meta, doc)
	case "csaf":
		if tlp == policy.AmberStrict {
			meta.TLP = string(policy.Red) // CSAF 2.0 has no such label, and no laxer one may stand for it
		}
		err = vex.WriteCSAF(&out, meta, doc)
	case "cyclonedx":
		err = cyclonedx.WriteVEX(&out, cyclonedx.VEX{Serial: serialOf(p.ID), Version: 1, Created: all[0].Said, Author: all[0].OrgName, Tool: "cordon", Statements: doc})
	}
	if err != nil {
		return fault.Conflictf("These statements cannot be written so: %s.", err.Error())
	}
	inert(c.W.Header(), fileName(p.Title())+"."+end)
	c.W.WriteHeader(200)
	_, err = c.W.Write(out.Bytes())
	return err
}

// vexOf is the keeper's statements as the formats have them.
func vexOf(p devices.Product, all []matching.Saying, origin string) (out []vex.Statement) {
	for _, w := range all {
		product := vex.Product{ID: origin + productAt(p.ID), Vendor: p.Maker, Name: p.Name, Version: w.Version}
		if w.Version != "" {
			product.ID += "#" + fileName(w.Version)
		}
		product.Part = strings.TrimPrefix(w.Component, "name:")
		out = append(out, vex.Statement{Vulnerability: w.Vuln, Products: []vex.Product{product}, Status: w.Status, Justification: w.Justification, Impact: w.Impact, Action: w.Action, Notes: w.Notes, At: w.Said})
	}
	return out
}

// serialOf is the serial number of a product's VEX document, always the same one (RFC
// 9562, UUID version 8).
func serialOf(product string) string {
	h := sha256.Sum256([]byte("vex of " + product))
	h[6], h[8] = h[6]&0x0f|0x80, h[8]&0x3f|0x80
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", h[:4], h[4:6], h[6:8], h[8:10], h[10:16])
}

// fileName is a text as a part of a file's name.
func fileName(s string) string {
	s = strings.Trim(strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '.':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return '-'
	}, s), "-.")
	if s == "" {
		return "product"
	}
	return clip(s, 80)
}

func vexActions(x saidView) (as []ui.Action) {
	if !x.Export || len(x.Said) == 0 {
		return nil
	}
	for _, f := range [][2]string{{"openvex", "OpenVEX"}, {"csaf", "CSAF"}, {"cyclonedx", "CycloneDX"}} {
		as = append(as, ui.Action{Label: "Download " + f[1], Href: x.At("/vex/" + f[0]), Icon: "download"})
	}
	return as
}
