package ui

import (
	"fmt"
	"slices"
	"strings"
)

// A MatrixTable is a grid of marks: participants by steps, or vendors by
// vulnerabilities. It is a table, so it needs no twin.
type MatrixTable struct {
	ID      string // "" means "matrix". Unique on its page
	Caption string // "Participants"
	Finding string // what it shows, in one sentence; "" counts the marks
	Corner  string // names the rows: "Organization", "Vendor"
	Columns []MatrixColumn
	Rows    []MatrixRow
	Legend  bool   // names the marks below
	Note    string // after the legend; may be empty
	Empty   string // said where there are no rows
}

// A MatrixColumn is a step or a vulnerability. Vulnerabilities are written in
// mono, and upright where there are more than eight columns.
type MatrixColumn struct {
	Name, Href string
	ID         bool   // Name is an id: CVE-2026-12345
	Hint       string // told on resting; may be empty
}

// A MatrixRow is one organization.
type MatrixRow struct {
	Name, Href string
	Kind       string // manufacturer, finder …; may be empty
	Mine       bool   // the reader's own
	Cells      []Dot  // one a column; missing ones count as not asked
}

// A Dot is one cell of a matrix.
type Dot struct {
	State string // done, pending, late, none; affected, not-affected, unknown, fixed
	Words string // "accepted 12 Nov": read out, and told on resting; "" takes the state's
	Text  string // short text beside the mark, such as a date; may be empty
	Href  string // where the answer is, or where to ask for it
}

// marks are the states, in the order of the legend: shape and words.
var marks = []struct{ state, word, path string }{
	{"done", "done", "M7 1.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 1 0 0-11zM4.4 7.2l1.9 1.9 3.4-4"},
	{"pending", "pending", "M7 1.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 1 0 0-11z"},
	{"late", "late", "M7 1.2 13 12H1zM7 5v3.2M7 9.9v.3"},
	{"none", "not asked", "M5 7h4"},
	{"affected", "affected", "M7 1 13 7l-6 6-6-6zM7 4.2v3.4M7 9.4v.3"},
	{"fixed", "fixed", "M7 1.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 1 0 0-11zM4.4 7.2l1.9 1.9 3.4-4"},
	{"not-affected", "not affected", "M7 1.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 1 0 0-11zM3.2 10.8l7.6-7.6"},
	{"unknown", "unknown", "M4.8 5.2a2.2 2.2 0 1 1 3.3 1.9c-.8.5-1.1.9-1.1 1.7M7 11.2v.3"},
}

// mark returns the index of a state in marks; what is not one counts as none.
func mark(state string) int {
	i := slices.IndexFunc(marks, func(m struct{ state, word, path string }) bool { return m.state == state })
	if i < 0 {
		return 3
	}
	return i
}

func (m Dot) state() string { return marks[mark(m.State)].state }
func (m Dot) words() string { return or(m.Words, marks[mark(m.State)].word) }

// at returns the mark of column i.
func (r MatrixRow) at(i int) Dot {
	if i < len(r.Cells) {
		return r.Cells[i]
	}
	return Dot{}
}

func (m MatrixTable) id() string { return or(m.ID, "matrix") }

// upright says that the columns' names are turned.
func (m MatrixTable) upright() bool { return len(m.Columns) > 8 }

// count returns how often each state stands in the matrix.
func (m MatrixTable) count() map[string]int {
	n := map[string]int{}
	for _, r := range m.Rows {
		for i := range m.Columns {
			n[r.at(i).state()]++
		}
	}
	return n
}

func (m MatrixTable) finding(n map[string]int) string {
	if m.Finding != "" {
		return sentence(m.Finding)
	}
	var parts []string
	for _, k := range marks {
		if n[k.state] > 0 {
			parts = append(parts, Number(n[k.state])+" "+k.word)
		}
	}
	return fmt.Sprintf("%s: %s.", Count(len(m.Rows), strings.ToLower(or(m.Corner, "organization")), strings.ToLower(plural(or(m.Corner, "organization")))), strings.Join(parts, ", "))
}

func plural(s string) string {
	if strings.HasSuffix(s, "s") {
		return s
	}
	return s + "s"
}
