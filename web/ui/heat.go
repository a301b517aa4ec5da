package ui

import "fmt"

// A HeatMap is a grid of counts, such as devices by severity. One scale holds for
// the whole map, so that a darker cell is always the graver one: its shade is the
// count times its column's weight. It is a table, so it needs no twin.
type HeatMap struct {
	ID      string // "" means "heat". Unique on its page
	Caption string // "My devices by severity"
	Finding string // what it shows, in one sentence
	Corner  string // names the rows: "Device"
	Columns []HeatColumn
	Rows    []HeatRow
	Note    string // below; may be empty
}

// A HeatColumn is a band. What weighs nothing has no shade.
type HeatColumn struct {
	Name   string
	Weight int
}

// A HeatRow is one kind of thing.
type HeatRow struct {
	Name, Href string
	Note       string // beside the name: "12 units"; may be empty
	Cells      []HeatCell
}

// A HeatCell is a count and where the things counted are.
type HeatCell struct {
	N    int
	Href string // "" or where N is 0: no link
}

// heatSteps is how many shades there are above nothing.
const heatSteps = 5

func (h HeatMap) id() string { return or(h.ID, "heat") }

// most is the largest product of count and weight.
func (h HeatMap) most() (most int) {
	for _, r := range h.Rows {
		for i, c := range h.Columns {
			most = max(most, r.at(i).N*c.Weight)
		}
	}
	return most
}

// at is the cell of column i.
func (r HeatRow) at(i int) HeatCell {
	if i < len(r.Cells) {
		return r.Cells[i]
	}
	return HeatCell{}
}

// shade is the class of a cell.
func (h HeatMap) shade(n, weight, most int) string {
	if n <= 0 || most <= 0 || weight <= 0 {
		return "h0"
	}
	return fmt.Sprintf("h%d", min(heatSteps, (n*weight*heatSteps+most-1)/most))
}
