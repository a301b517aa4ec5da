package ui

import "fmt"

// A Funnel shows how many there are at each step, where a count is told in words and
// may be less than exact: "5 or more", "fewer than 5".
type Funnel struct {
	ID      string // begins the ids inside; "" means "funnel". Unique on its page
	Label   string // "How the alert was received"
	Finding string // in one sentence
	Corner  string // names the rows: "Step"
	Note    string // said below; may be empty
	Rows    []FunnelRow
}

// A FunnelRow is one step.
type FunnelRow struct {
	Name  string
	Count string // in words, as it may be shown
	Least int    // what the count surely stands for: the length of the bar
	Part  bool   // one of the answers to the step before: drawn further in
}

type funnelLine struct {
	FunnelRow
	width string
}

type funnelView struct {
	Funnel
	id, sentence string
	rows         []funnelLine
}

func (f Funnel) view() funnelView {
	v := funnelView{Funnel: f, id: or(f.ID, "funnel")}
	most := 1
	for _, r := range f.Rows {
		most = max(most, r.Least)
	}
	v.Finding = sentence(f.Finding)
	v.sentence = v.Finding
	for i, r := range f.Rows {
		v.rows = append(v.rows, funnelLine{r, percent(100 * float64(r.Least) / float64(most))})
		sep := ", "
		if i == 0 {
			sep = " "
		}
		v.sentence += fmt.Sprintf("%s%s: %s", sep, r.Name, r.Count)
	}
	v.sentence += "."
	return v
}

func (v funnelView) twin() Table {
	t := Table{Caption: or(v.Label, "Steps") + " as a table", Quiet: true, LiveKey: v.id + "-table", Head: []string{or(v.Corner, "Step"), "Organizations"}}
	for _, r := range v.rows {
		t.Rows = append(t.Rows, []Cell{{Text: r.Name, Header: true}, {Text: r.Count}})
	}
	return t
}
