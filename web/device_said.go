package web

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/matching"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

// saidView is what the page of a product's statements is drawn from.
type saidView struct {
	productHead
	A       attempt
	Said    []matching.Saying
	History bool
	Export  bool
	Share   shareView
	Taken   *matching.Taken // what became of a document that was just brought in
	Now     time.Time
}

// deviceSaid lists what was said of vulnerabilities in a product, with the form to
// bring in a VEX document.
func (c *Ctx) deviceSaid() error { return c.showSaid(200, attempt{}, nil) }

func (c *Ctx) showSaid(status int, a attempt, taken *matching.Taken) error {
	return c.onProduct(productSaid, func(h productHead) (err error) {
		x := saidView{productHead: h, A: a, History: c.R.URL.Query().Get("history") == "1", Export: c.Viewer.May(policy.MayExport), Taken: taken, Now: c.View.Now()}
		label := h.P.Label
		if x.Said, err = c.sayings(h.P.ID, x.History, matching.MaxPage, &label); err != nil {
			return err
		}
		if h.May {
			var marking policy.TLP
			if x.Share, marking, err = c.shareView("vex", a, h.P.Label, ""); err != nil {
				return err
			}
			x.Share.hint = "At first: those who may read the product."
			label = stricterIf(label, marking)
		}
		page := c.productPage(h, "statements", status)
		page.Label, page.Body = label, saidBody(x)
		return c.show(page)
	})
}

// deviceTakeVEX keeps the statements of a VEX document about a product, and tells
// which were left and why.
func (c *Ctx) deviceTakeVEX() error {
	id := c.R.PathValue("product")
	a := attempt{which: "vex"}
	var data []byte
	known := append([]string{"upload"}, shareFields...)
	err := c.takeUpload(fileForm{fields: known, lists: []string{"audience"}, most: matching.MaxVEX, limit: "15 MiB"}, &a, func(_ string, body io.Reader) (err error) {
		data, err = io.ReadAll(io.LimitReader(body, matching.MaxVEX+1))
		return err
	})
	var taken matching.Taken
	if err == nil {
		err = c.write(func(tx *db.Tx) error {
			p, err := c.Devices.Product(tx.View, id)
			if err != nil {
				return err
			}
			if !c.Devices.MayChange(tx.View, p) {
				return fault.Forbiddenf("Only the organization that keeps the product speaks for it.")
			}
			l, err := labelOf(a)
			if err != nil {
				return err
			}
			taken, err = c.Matching.TakeVEX(tx, id, data, l)
			return renamed(err, "file", "upload")
		})
	}
	if err != nil {
		a.errs = formErrors(err, "vex", append(known, "audience")...)
		return c.again(err, func(status int) error { return c.showSaid(status, a, nil) })
	}
	return c.again(nil, func(int) error { return c.showSaid(200, attempt{}, &taken) })
}

// vexFiles are the ends of the names of files with statements, by format.
var vexFiles = map[matching.VEXFormat]string{matching.OpenVEX: ".openvex.json", matching.CSAFVEX: ".csaf.json", matching.CycloneDXVEX: ".cdx.json"}

// deviceVEX hands out the keeper's statements about a product, as far as the reader
// may read them, as VEX.
func (c *Ctx) deviceVEX() error {
	p, err := c.Devices.Product(c.View, c.R.PathValue("product"))
	if err != nil {
		return err
	}
	format := matching.VEXFormat(c.R.PathValue("format"))
	if !slices.Contains(matching.VEXFormats(), format) {
		return fault.ErrMissing
	}
	var out bytes.Buffer
	label, err := c.Matching.WriteVEX(c.View, &out, p.ID, "", format, c.Origin)
	if err != nil {
		return err
	}
	g, err := c.gate()
	if err != nil {
		return err
	}
	if g.hides(p.Label) || g.hides(label) {
		return c.secondPasskey()
	}
	inert(c.W.Header(), fileName(p.Title())+vexFiles[format])
	_, err = c.W.Write(out.Bytes())
	return err
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
	words := map[matching.VEXFormat]string{matching.OpenVEX: "OpenVEX", matching.CSAFVEX: "CSAF", matching.CycloneDXVEX: "CycloneDX"}
	for _, f := range matching.VEXFormats() {
		as = append(as, ui.Action{Label: "Download " + words[f], Href: x.At("/vex/" + string(f)), Icon: "download"})
	}
	return as
}
