package web

import (
	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/formats/ssvc"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

var (
	doneSSVC  = greeting("ssvc", "ok", "The decision is recorded, with its answers.")
	doneKnown = greeting("known", "ok", "Noted as it was read.")
)

// ssvcView is everything on the page with which a vulnerability is decided on.
type ssvcView struct {
	head  caseHead
	v     cases.Vulnerability
	k     calculator
	a     attempt
	w     worked
	bad   string
	named []calculator
}

// caseSSVC lists the tables that a case keeps decisions of.
func caseSSVC() (ks []calculator) {
	for _, k := range calculators() {
		if k.table == ssvc.SupplierPatch || k.table == ssvc.DeployerPatch || k.table == ssvc.CISA {
			ks = append(ks, k)
		}
	}
	return ks
}

// tableFor is the table that somebody of a kind begins with.
func tableFor(k policy.Kind) string {
	switch k {
	case policy.Provider:
		return ssvc.DeployerPatch
	case policy.Agency, policy.ISAO:
		return ssvc.CISA
	}
	return ssvc.SupplierPatch
}

// riskSSVC asks a table's questions about a vulnerability.
func (c *Ctx) riskSSVC() error {
	table := c.R.URL.Query().Get("table")
	if table == "" {
		table = tableFor(c.Viewer.Kind)
	}
	return c.showSSVC(200, attempt{t: typed{"table": table}}, worked{}, "")
}

func (c *Ctx) showSSVC(status int, a attempt, w worked, bad string) error {
	return c.onCase(tabRisk, func(h caseHead) error {
		v, err := c.Cases.Vulnerability(c.View, c.R.PathValue("vulnerability"))
		if err != nil {
			return err
		}
		if v.Case != h.K.ID {
			return fault.ErrMissing
		}
		x := ssvcView{head: h, v: v, a: a, w: w, bad: bad, named: caseSSVC()}
		for _, k := range x.named {
			if k.table == a.t["table"] {
				x.k = k
			}
		}
		if x.k.id == "" {
			return fault.ErrMissing
		}
		p := c.casePage(h, "SSVC", status)
		p.Live = nil
		p.Body = ssvcBody(x)
		return c.show(p)
	})
}

// riskSSVCWork says what the answers come to, or records it.
func (c *Ctx) riskSSVCWork() error {
	if err := c.parseForm(); err != nil {
		return err
	}
	table, err := c.field("table")
	if err != nil {
		return err
	}
	var k calculator
	for _, x := range caseSSVC() {
		if x.table == table {
			k = x
		}
	}
	if k.id == "" {
		return fault.InvalidField("table", "Choose one of the tables.")
	}
	a := attempt{which: "ssvc"}
	if a.t, err = c.typed(append(k.fields(), "do", "table")...); err != nil {
		return err
	}
	bad := ""
	if a.t["do"] == "fill" {
		if err := k.fill(a.t); err != nil {
			bad = fault.Sentence(err)
			a.errs = []ui.FieldError{{Field: k.prefix + "vector", Text: bad}}
			return c.again(err, func(status int) error { return c.showSSVC(status, a, worked{}, bad) })
		}
	}
	w := k.work(a.t)
	if !w.ok {
		a.errs = k.errors(w)
		return c.again(fault.Invalidf("%s", w.say), func(status int) error { return c.showSSVC(status, a, w, bad) })
	}
	if a.t["do"] != "record" {
		return c.again(nil, func(status int) error { return c.showSSVC(status, a, w, bad) })
	}
	id := c.R.PathValue("case")
	err = c.write(func(tx *db.Tx) error {
		v, err := c.Cases.Vulnerability(tx.View, c.R.PathValue("vulnerability"))
		if err == nil && v.Case != id {
			err = fault.ErrMissing
		}
		if err == nil {
			_, err = c.Cases.DecideSSVC(tx, v.ID, table, k.values(a.t))
		}
		return err
	})
	if err != nil {
		a.errs = formErrors(err, "ssvc")
		return c.again(err, func(status int) error { return c.showSSVC(status, a, w, bad) })
	}
	return c.redirect("/cases/" + id + "/risk?done=" + doneSSVC)
}

// knownView is everything on the page that notes KEV and EPSS.
type knownView struct {
	head caseHead
	v    cases.Vulnerability
	a    attempt
}

// riskKnown is where it is noted what CISA's catalogue and EPSS say.
func (c *Ctx) riskKnown() error { return c.showKnown(200, attempt{}) }

func (c *Ctx) showKnown(status int, a attempt) error {
	return c.onCase(tabRisk, func(h caseHead) error {
		v, err := c.Cases.Vulnerability(c.View, c.R.PathValue("vulnerability"))
		if err != nil {
			return err
		}
		if may, err := c.Cases.MayDescribe(c.View, h.K); err != nil || v.Case != h.K.ID || !may {
			if err == nil {
				err = fault.ErrMissing
			}
			return err
		}
		p := c.casePage(h, "KEV and EPSS", status)
		p.Body = knownBody(knownView{h, v, a})
		return c.show(p)
	})
}

// riskKnownNote notes one of the two.
func (c *Ctx) riskKnownNote() error {
	if err := c.parseForm(); err != nil {
		return err
	}
	which, err := c.field("which")
	if err != nil {
		return err
	}
	id := c.R.PathValue("case")
	f := caseForm{which: "kev", fields: []string{"which", "listed", "added", "due", "ransomware", "source", "as_of"}, show: c.showKnown}
	if which == "epss" {
		f.which, f.fields = "epss", []string{"which", "probability", "percentile", "source", "as_of"}
	}
	f.do = func(tx *db.Tx, a attempt) (string, error) {
		v, err := c.Cases.Vulnerability(tx.View, c.R.PathValue("vulnerability"))
		if err != nil {
			return "", err
		}
		if v.Case != id {
			return "", fault.ErrMissing
		}
		to := "/cases/" + id + "/risk?done=" + doneKnown
		if which == "epss" {
			return to, c.Cases.SetEPSS(tx, v.ID, cases.EPSS{Probability: a.t["probability"], Percentile: a.t["percentile"], Source: a.t["source"], AsOf: a.t["as_of"]})
		}
		return to, c.Cases.SetKEV(tx, v.ID, cases.KEV{Listed: a.t["listed"] == "yes", Added: a.t["added"], Due: a.t["due"], Ransomware: a.t["ransomware"] != "", Source: a.t["source"], AsOf: a.t["as_of"]})
	}
	return c.caseAct(f)
}
