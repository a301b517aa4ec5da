package ui

import (
	"fmt"
	"strconv"
	"time"
)

// A Trend is a line of counts over time.
type Trend struct {
	ID      string // "" means "trend". Unique on its page
	Label   string // "Open findings, week by week"
	Finding string // "" compares the last with the first
	What    string // one of them: "open finding"
	Points  []TrendPoint
	Empty   string
}

// A TrendPoint is a count at the end of a period.
type TrendPoint struct {
	Ends time.Time
	N    int
}

type trendView struct {
	Trend
	id, finding, sentence string
	most                  int
	lines                 []trendLine
	ticks                 []tick
	lastX, lastY          string
}

type trendLine struct{ x1, y1, x2, y2 string }

func (t Trend) view() trendView {
	v := trendView{Trend: t, id: or(t.ID, "trend")}
	for _, p := range t.Points {
		v.most = max(v.most, p.N)
	}
	top := float64(max(v.most, 1))
	at := func(i int) (x, y string) {
		return percent(100 * float64(i) / float64(max(len(t.Points)-1, 1))), percent(100 - 100*float64(t.Points[i].N)/top)
	}
	for i := range t.Points {
		x, y := at(i)
		if i > 0 {
			a, b := at(i - 1)
			v.lines = append(v.lines, trendLine{a, b, x, y})
		}
		if every := max(len(t.Points)/5, 1); i%every == 0 && i+every/2 < len(t.Points) || i == len(t.Points)-1 {
			v.ticks = append(v.ticks, tick{x: x, label: t.Points[i].Ends.UTC().Format("2 Jan")})
		}
		v.lastX, v.lastY = x, y
	}
	first, last := t.Points[0], t.Points[len(t.Points)-1]
	v.finding = t.Finding
	if v.finding == "" {
		what := or(t.What, "item")
		v.finding = Count(last.N, what, plural(what)) + " now"
		switch d := last.N - first.N; {
		case d > 0:
			v.finding += fmt.Sprintf(", %s more than on %s", Number(d), first.Ends.UTC().Format("2 January 2006"))
		case d < 0:
			v.finding += fmt.Sprintf(", %s fewer than on %s", Number(-d), first.Ends.UTC().Format("2 January 2006"))
		default:
			v.finding += ", as many as on " + first.Ends.UTC().Format("2 January 2006")
		}
	}
	v.finding = sentence(v.finding)
	v.sentence = fmt.Sprintf("%s %s; the most at once was %s.", v.finding, Count(len(t.Points), "point in time", "points in time"), strconv.Itoa(v.most))
	return v
}

func (v trendView) twin() Table {
	t := Table{Caption: or(v.Label, "Counts") + " as a table", Quiet: true, LiveKey: v.id + "-table", Head: []string{"Up to", "Count"}, Numeric: []bool{false, true}}
	for _, p := range v.Points {
		t.Rows = append(t.Rows, []Cell{{Text: p.Ends.UTC().Format("2 Jan 2006"), Header: true}, {Text: Number(p.N)}})
	}
	return t
}
