package web

import (
	"time"

	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/formats/sbom"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
)

// sbomDiffView is what the comparison of two SBOMs is drawn from.
type sbomDiffView struct {
	P        devices.Product
	From, To *devices.SBOM
	Change   sbom.Change
	Now      time.Time
}

// sbomChangeView is what the forms that change an SBOM are drawn from.
type sbomChangeView struct {
	B     *devices.SBOM
	P     devices.Product
	A     attempt
	Words string
	Share shareView
}

// sbomWithdrawForm asks why an SBOM is withdrawn; sbomTightenForm whom it is taken
// from.
func (c *Ctx) sbomWithdrawForm() error { return c.showSBOMChange("withdraw", 200, attempt{}) }
func (c *Ctx) sbomTightenForm() error  { return c.showSBOMChange("tighten", 200, attempt{}) }

func (c *Ctx) showSBOMChange(what string, status int, a attempt) error {
	b, p, label, err := c.sbomOf()
	if err != nil {
		return err
	}
	if b == nil {
		return c.secondPasskey()
	}
	if p.ID == "" || !c.Devices.MayChange(c.View, p) {
		return fault.ErrMissing
	}
	x := sbomChangeView{B: b, P: p, A: a}
	if x.Words, err = c.audienceWords(c.View, b.Label.Audience); err != nil {
		return err
	}
	page := Page{Title: "Withdraw the SBOM", Kind: "sbom", Label: label, Status: status, Body: sbomWithdrawBody(x)}
	if what == "tighten" {
		var marking policy.TLP
		if x.Share, marking, err = c.shareView("tighten", a, b.Label, b.Label.TLP); err != nil {
			return err
		}
		x.Share.open = true
		page.Title, page.Kind, page.Body, page.Label = "Make the SBOM stricter", "compose", sbomTightenBody(x), stricterIf(label, marking)
	}
	return c.show(page)
}

var (
	doneSBOMWithdrawn = greeting("sbom-withdrawn", "ok", "The SBOM is withdrawn. It is kept as evidence and compared no more.")
	doneSBOMStricter  = greeting("sbom-stricter", "ok", "The SBOM has its stricter label at once.")
)

// sbomWithdraw takes an SBOM back.
func (c *Ctx) sbomWithdraw() error {
	id := c.R.PathValue("sbom")
	return c.caseAct(caseForm{which: "withdraw", fields: []string{"why"}, show: func(status int, a attempt) error { return c.showSBOMChange("withdraw", status, a) }, do: func(tx *db.Tx, a attempt) (string, error) {
		return sbomAt(id) + "?done=" + doneSBOMWithdrawn, c.Devices.WithdrawSBOM(tx, id, a.t["why"])
	}})
}

// sbomTighten gives an SBOM a stricter label.
func (c *Ctx) sbomTighten() error {
	id := c.R.PathValue("sbom")
	return c.caseAct(caseForm{which: "tighten", fields: shareFields, lists: []string{"audience"}, show: func(status int, a attempt) error { return c.showSBOMChange("tighten", status, a) }, do: func(tx *db.Tx, a attempt) (string, error) {
		l, err := labelOf(a)
		if err != nil {
			return "", err
		}
		return sbomAt(id) + "?done=" + doneSBOMStricter, renamed(c.Devices.TightenSBOM(tx, id, l), "readers", "audience")
	}})
}
