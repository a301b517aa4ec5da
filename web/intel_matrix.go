package web

import (
	"fmt"

	"github.com/cordon-isao/cordon/intel"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

// heatSteps is how many shades there are above nothing.
const heatSteps = 5

// intelMatrixView is what the ATT&CK matrix is drawn from.
type intelMatrixView struct {
	Tabs  []ui.Tab
	Names []intel.MatrixName
	M     intel.Matrix
	Only  bool // techniques that were seen, and no others
}

// intelMatrix is the ATT&CK matrix, coloured by what the community saw, as far as
// the reader may see it.
func (c *Ctx) intelMatrix() (err error) {
	q := c.R.URL.Query()
	x := intelMatrixView{Only: q.Get("seen") == "1"}
	if x.Tabs, err = c.intelTabs(intelAtMatrix); err != nil {
		return err
	}
	if x.Names, err = c.Intel.Matrices(c.View); err != nil {
		return err
	}
	if len(x.Names) > 0 {
		id := q.Get("matrix")
		if id == "" {
			id = x.Names[0].ID
		}
		if x.M, err = c.Intel.Matrix(c.View, id); err != nil {
			return err
		}
	} else if q.Get("matrix") != "" {
		return fault.ErrMissing
	}
	// The page is as strict as the strictest of what it counts.
	return c.show(Page{Title: "ATT&CK matrix", Kind: "intel-matrix", Label: policy.Label{TLP: x.M.TLP}, Body: intelMatrixBody(x, c.View.Now())})
}

// heat is the shade of a number: the same scale for the whole matrix.
func heat(n, most int) string {
	if n <= 0 || most <= 0 {
		return "h0"
	}
	return fmt.Sprintf("h%d", min(heatSteps, (n*heatSteps+most-1)/most))
}

// techniques counts the cells that are shown, and those that were seen.
func (x intelMatrixView) techniques() (all, seen int) {
	had := map[string]bool{}
	for _, t := range x.M.Tactics {
		for _, k := range t.Techniques {
			if had[k.ID] {
				continue // one technique may serve several tactics
			}
			had[k.ID] = true
			all++
			if k.Seen > 0 {
				seen++
			}
		}
	}
	return all, seen
}

// shown are the techniques of a tactic that the page lists.
func (x intelMatrixView) shown(t intel.Tactic) (ks []intel.Technique) {
	for _, k := range t.Techniques {
		if !x.Only || k.Seen > 0 {
			ks = append(ks, k)
		}
	}
	return ks
}

func (x intelMatrixView) finding() string {
	all, seen := x.techniques()
	if seen == 0 {
		return fmt.Sprintf("None of %s was seen yet, as far as you may know.", ui.Count(all, "technique", "techniques"))
	}
	return fmt.Sprintf("%s of %s seen, the most often seen in %s.", ui.Number(seen), ui.Count(all, "technique", "techniques"), ui.Count(x.M.Most, "object", "objects"))
}
