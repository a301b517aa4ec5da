package web

import (
	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/internal/fault"
)

// riskView is everything on a case's page of risk.
type riskView struct {
	head            caseHead
	all             []cases.Determination
	vulnerabilities []cases.Vulnerability
	names           map[string]string // of parties, by id
	may             bool              // the reader may determine
	describe        bool              // the reader may describe vulnerabilities
}

// name is what a determination is about.
func (x riskView) name(d cases.Determination) string {
	s := "The case as a whole"
	for _, v := range x.vulnerabilities {
		if v.ID == d.Sheet.Vulnerability {
			s = v.Name()
		}
	}
	if d.Sheet.Device != "" {
		s += ", " + d.Sheet.Device
	}
	if d.Sheet.Versions != "" {
		s += " " + d.Sheet.Versions
	}
	if d.Sheet.Residual {
		s += " (what the fix leaves)"
	}
	return s
}

// inForce are the determinations that no later one supersedes.
func (x riskView) inForce() (out []cases.Determination) {
	gone := map[string]bool{}
	for _, d := range x.all {
		gone[d.Supersedes] = true
	}
	for i := len(x.all) - 1; i >= 0; i-- {
		if !gone[x.all[i].ID] {
			out = append(out, x.all[i])
		}
	}
	return out
}

// riskShow is a case's risk: what was determined, by whom, and how the
// vulnerabilities are scored.
func (c *Ctx) riskShow() error {
	return c.onCase(tabRisk, func(h caseHead) error {
		x, err := c.readRisk(h)
		if err != nil {
			return err
		}
		p := c.casePage(h, "risk", 200)
		if len(x.all) > 0 && h.Own != nil {
			p.Label = c.ownLabel(*h.Own)
		}
		p.Body = riskBody(x, c.View.Now())
		return c.show(p)
	})
}

func (c *Ctx) readRisk(h caseHead) (x riskView, err error) {
	x = riskView{head: h, names: partyNames(h.All), may: h.Own != nil && c.Cases.MayDetermine(c.View, *h.Own) && h.Own.Role == cases.Vendor}
	if x.all, err = c.Cases.Determinations(c.View, h.K.ID); err != nil {
		return x, err
	}
	if x.vulnerabilities, err = c.Cases.Vulnerabilities(c.View, h.K.ID); err != nil {
		return x, err
	}
	x.describe, err = c.Cases.MayDescribe(c.View, h.K)
	return x, err
}

// determinationShow is one signed determination, with everything it rests on.
func (c *Ctx) determinationShow() error {
	return c.onCase(tabRisk, func(h caseHead) error {
		x, err := c.readRisk(h)
		if err != nil {
			return err
		}
		for _, d := range x.all {
			if d.ID == c.R.PathValue("determination") {
				p := c.casePage(h, "determination", 200)
				if h.Own != nil {
					p.Label = c.ownLabel(*h.Own)
				}
				p.Body = determinationBody(x, d, c.View.Now())
				return c.show(p)
			}
		}
		return fault.ErrMissing
	})
}
