package fda

import (
	"fmt"
	"strings"
)

// Tri is an answer that may not have been given yet.
type Tri string

// The three answers.
const (
	Unknown Tri = ""
	Yes     Tri = "yes"
	No      Tri = "no"
)

// Risk is the binary determination FDA asks for "in all cases": whether the
// residual risk of patient harm is acceptable. There is no third final value.
type Risk string

// The two determinations.
const (
	Controlled   Risk = "controlled"
	Uncontrolled Risk = "uncontrolled"
)

// Valid tells whether r may be stored as a determination.
func (r Risk) Valid() bool { return r == Controlled || r == Uncontrolled }

// Exploitability is how easily a vulnerability is exploited, in the
// manufacturer's own judgement.
type Exploitability string

// The three levels, in rising order.
const (
	LowExploitability    Exploitability = "low"
	MediumExploitability Exploitability = "medium"
	HighExploitability   Exploitability = "high"
)

// Exploitabilities lists the levels in rising order: the rows of a [Matrix].
var Exploitabilities = [3]Exploitability{LowExploitability, MediumExploitability, HighExploitability}

func (e Exploitability) row() int {
	for i, x := range Exploitabilities {
		if x == e {
			return i
		}
	}
	return -1
}

// Matrix is a manufacturer's own table of exploitability (rows, rising) by
// severity of harm (columns, 1 to 5).
//
// R-001; FDA Postmarket 2016 §VI.C. FDA gives a figure without values, so each
// manufacturer keeps its own.
type Matrix [3][5]Risk

// DefaultMatrix is what a manufacturer starts from. Its cells are a design
// choice of ours; FDA gives none.
func DefaultMatrix() Matrix {
	const c, u = Controlled, Uncontrolled
	return Matrix{
		{c, c, c, u, u},
		{c, c, u, u, u},
		{c, u, u, u, u},
	}
}

// Cell is one place in a [Matrix].
type Cell struct {
	Exploitability Exploitability `json:"exploitability"`
	Severity       HarmSeverity   `json:"severity"`
}

func (c Cell) String() string {
	return fmt.Sprintf("%s exploitability, %s harm", c.Exploitability, c.Severity)
}

// MatrixError names the cells that make a matrix unusable.
type MatrixError struct {
	Empty []Cell    // neither controlled nor uncontrolled
	Falls [][2]Cell // the first is uncontrolled, the second is worse and controlled
}

func (e *MatrixError) Error() string {
	var all []string
	for _, c := range e.Empty {
		all = append(all, fmt.Sprintf("%s is neither controlled nor uncontrolled", c))
	}
	for _, p := range e.Falls {
		all = append(all, fmt.Sprintf("%s is uncontrolled, yet %s is controlled", p[0], p[1]))
	}
	return "the risk matrix cannot be used: " + strings.Join(all, "; ")
}

// Validate checks that every cell is filled and that more exploitability or
// more harm never turns uncontrolled into controlled. The error is a
// [*MatrixError]; it names neighbouring cells only.
func (m Matrix) Validate() error {
	var bad MatrixError
	at := func(row, col int) Cell { return Cell{Exploitabilities[row], HarmSeverity(col + 1)} }
	for row := range m {
		for col := range m[row] {
			if !m[row][col].Valid() {
				bad.Empty = append(bad.Empty, at(row, col))
			}
			if row > 0 && m[row-1][col] == Uncontrolled && m[row][col] == Controlled {
				bad.Falls = append(bad.Falls, [2]Cell{at(row-1, col), at(row, col)})
			}
			if col > 0 && m[row][col-1] == Uncontrolled && m[row][col] == Controlled {
				bad.Falls = append(bad.Falls, [2]Cell{at(row, col-1), at(row, col)})
			}
		}
	}
	if len(bad.Empty)+len(bad.Falls) > 0 {
		return &bad
	}
	return nil
}

// Decide is what the matrix says of one cell. It fails for a level that does
// not exist and for a matrix that is not valid.
func (m Matrix) Decide(c Cell) (Risk, error) {
	if err := m.Validate(); err != nil {
		return "", err
	}
	row := c.Exploitability.row()
	if row < 0 {
		return "", fmt.Errorf("exploitability is low, medium or high, not %q", string(c.Exploitability))
	}
	if !c.Severity.Valid() {
		return "", fmt.Errorf("severity of harm is 1 to 5, not %d", int(c.Severity))
	}
	return m[row][c.Severity-1], nil
}
