package web

import (
	"fmt"
	"strconv"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/formats/fda"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

var doneMatrix = greeting("matrix", "ok", "The new matrix is in force. Determinations that were signed keep the version they rest on.")

// matrixView is everything on the page of an organization's own matrix.
type matrixView struct {
	now      cases.RiskMatrix
	versions []cases.RiskMatrix
	table    fda.Matrix // as it stands in the form
	a        attempt
	org      string
}

// cellName is the field of one cell of the matrix.
func cellName(row, col int) string { return fmt.Sprintf("m_%d_%d", row, col) }

// matrixFields are the fields of the whole form.
func matrixFields() []string {
	names := []string{"version", "note"}
	for row := range (fda.Matrix{}) {
		for col := range (fda.Matrix{})[row] {
			names = append(names, cellName(row, col))
		}
	}
	return names
}

// riskMatrix is the reader's own organization's matrix.
func (c *Ctx) riskMatrix() error { return c.showMatrix(200, attempt{}) }

func (c *Ctx) showMatrix(status int, a attempt) error {
	x := matrixView{a: a, org: c.Viewer.OrgName}
	var err error
	if x.versions, err = c.Cases.RiskMatrices(c.View); err != nil {
		return err
	}
	if x.now, err = c.Cases.RiskMatrix(c.View); err != nil {
		return err
	}
	x.table = x.now.Table
	if a.which != "" {
		x.table = typedMatrix(a.t)
	}
	return c.show(Page{Title: "Risk matrix", Kind: "risk-matrix", Status: status, Label: policy.Default(c.Viewer.Org), Body: matrixBody(x, c.View.Now())})
}

func typedMatrix(t typed) (m fda.Matrix) {
	for row := range m {
		for col := range m[row] {
			m[row][col] = fda.Risk(t[cellName(row, col)])
		}
	}
	return m
}

// riskMatrixSet puts a new version in force.
func (c *Ctx) riskMatrixSet() error {
	return c.caseAct(caseForm{which: "matrix", fields: matrixFields(), show: c.showMatrix,
		do: func(tx *db.Tx, a attempt) (string, error) {
			now, err := c.Cases.RiskMatrix(tx.View)
			if err != nil {
				return "", err
			}
			if a.t["version"] != strconv.FormatInt(now.Version, 10) {
				return "", fault.Conflictf("%s put version %d in force meanwhile. Compare it with yours below the form, then save again.", now.Name, now.Version)
			}
			_, err = c.Cases.SetRiskMatrix(tx, typedMatrix(a.t), a.t["note"])
			return "/risk-matrix?done=" + doneMatrix, err
		}})
}

// severityRows are the five levels of harm, in FDA's words (2016 guidance, §VI.B,
// after ISO 14971).
var severityRows = [5]struct{ name, text string }{
	{"Negligible", "Inconvenience or temporary discomfort"},
	{"Minor", "Temporary injury or impairment not requiring professional medical intervention"},
	{"Serious", "Injury or impairment requiring professional medical intervention"},
	{"Critical", "Permanent impairment or life-threatening injury"},
	{"Catastrophic", "Patient death"},
}

// matrixTable shows a matrix, high exploitability on top; marks says what stands
// in some of its cells.
func matrixTable(caption string, m fda.Matrix, marks map[fda.Cell]string) ui.Table {
	t := ui.Table{Caption: caption, Quiet: true, Head: []string{"Exploitability"}, LiveKey: "matrix"}
	for i, s := range severityRows {
		t.Head = append(t.Head, fmt.Sprintf("%d %s", i+1, s.name))
	}
	for row := len(m) - 1; row >= 0; row-- {
		cells := []ui.Cell{{Text: upperFirst(string(fda.Exploitabilities[row])), Header: true}}
		for col, r := range m[row] {
			mark := marks[fda.Cell{Exploitability: fda.Exploitabilities[row], Severity: fda.HarmSeverity(col + 1)}]
			cells = append(cells, ui.Cell{Part: matrixCell(r, mark)})
		}
		t.Rows = append(t.Rows, cells)
	}
	return t
}
