package ui

import (
	"math"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
)

// cellsOf reads a table's body as texts.
func cellsOf(t *testing.T, doc *html.Node) (rows [][]string) {
	t.Helper()
	for _, tr := range find(find(doc, "tbody")[0], "tr") {
		var row []string
		for n := range tr.ChildNodes() {
			if n.Data == "th" || n.Data == "td" {
				row = append(row, wordsOf(n))
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// U-07: the line's points are the table's counts.
func TestTrendTwin(t *testing.T) {
	start := time.Date(2026, 1, 4, 0, 0, 0, 0, time.UTC)
	want := []int{0, 3, 12, 12, 5}
	tr := Trend{What: "finding"}
	for i, n := range want {
		tr.Points = append(tr.Points, TrendPoint{start.AddDate(0, 0, 7*i), n})
	}
	doc := draw(t, TrendChart(tr))
	rows := cellsOf(t, doc)
	lines := find(doc, "run")
	if len(rows) != len(want) || len(lines) != len(want)-1 {
		t.Fatalf("%d rows, %d lines", len(rows), len(lines))
	}
	for i, l := range lines {
		for end, n := range map[string]int{"y1": want[i], "y2": want[i+1]} {
			if got := 12 * (100 - coordinate(t, l, end)) / 100; math.Abs(got-float64(n)) > 0.01 {
				t.Errorf("line %d: %s shows %.2f, not %d", i, end, got, n)
			}
		}
	}
	for i, r := range rows {
		if r[1] != Number(want[i]) {
			t.Errorf("row %d says %q", i, r)
		}
	}
	if label := attr(find(doc, "svg")[0], "aria-label"); !strings.HasPrefix(label, "5 findings now, 5 more than on 4 January 2026.") {
		t.Errorf("its sentence is %q", label)
	}
	if s := wordsOf(draw(t, TrendChart(Trend{}))); s != "There is nothing to compare yet." {
		t.Errorf("an empty one says %q", s)
	}
}

// U-07: a darker cell is the graver one, on one scale for all columns; the numbers stand
// in the cells, and a cell with none is no link.
func TestHeat(t *testing.T) {
	h := HeatMap{Caption: "My devices", Finding: "2 devices", Corner: "Device", Columns: []HeatColumn{{"Critical", 8}, {"Low", 1}}, Rows: []HeatRow{
		{Name: "A", Cells: []HeatCell{{N: 1, Href: "/a"}, {N: 7, Href: "/b"}}}, {Name: "B", Cells: []HeatCell{{N: 2, Href: "/c"}, {Href: "/d"}}}}}
	doc := draw(t, Heat(h))
	rows := cellsOf(t, doc)
	if rows[0][1] != "1 Critical, A" || rows[0][2] != "7 Low, A" || rows[1][1] != "2 Critical, B" || rows[1][2] != "0" {
		t.Errorf("the cells are %q", rows)
	}
	// One critical weighs more than seven low ones.
	var shades []string
	for _, td := range find(doc, "td") {
		shades = append(shades, attr(td, "class"))
	}
	if got := strings.Join(shades, " "); got != "h3 h3 h5 h0" {
		t.Errorf("the shades are %s", got)
	}
	if n := len(find(find(doc, "tbody")[0], "a")); n != 3 {
		t.Errorf("%d cells are links", n)
	}
}

// U-07: what has ended, what ends within 180 days and what has no date stands in the
// picture as in the table.
func TestHorizonTwin(t *testing.T) {
	now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	day := func(n int) time.Time { return now.AddDate(0, 0, n) }
	doc := draw(t, HorizonChart(Horizon{Now: now, Label: "Support", Corner: "Device", Rows: []HorizonRow{{Name: "Old", Ends: day(-40)}, {Name: "Soon", Ends: day(25)}, {Name: "Later", Ends: day(365)}, {Name: "Never", Ends: day(9000)}, {Name: "Unknown"}}}))
	rows := cellsOf(t, doc)
	if len(rows) != 5 || rows[0][1] != "20 Jan 2026" || !strings.Contains(rows[0][2], "ended") || !strings.Contains(rows[1][2], "ends in 25 d") || rows[4][1] != "not known" {
		t.Errorf("the table says %q", rows)
	}
	var states []string
	for _, c := range find(doc, "clock") {
		states = append(states, strings.TrimPrefix(attr(c, "class"), "clock "))
	}
	if got := strings.Join(states, " "); got != "over at-risk running running paused" {
		t.Errorf("the states are %s", got)
	}
	ends := find(doc, "end") // but of what ends beyond the picture or has no date
	if len(ends) != 3 {
		t.Fatalf("%d ends are drawn", len(ends))
	}
	today := coordinate(t, find(find(doc, "axis")[0], "today")[0], "x1")
	old, soon, later := coordinate(t, ends[0], "x1"), coordinate(t, ends[1], "x1"), coordinate(t, ends[2], "x1")
	if a := (later - today) / 365; math.Abs((soon-today)/25-a) > 0.01*a || math.Abs((today-old)/40-a) > 0.01*a {
		t.Errorf("ends stand at %.2f %.2f %.2f, today at %.2f", old, soon, later, today)
	}
	if label := attr(find(doc, "svg")[0], "aria-label"); !strings.Contains(label, "1 has ended. Soon ends in 25 d.") {
		t.Errorf("its sentence is %q", label)
	}
}

// U-07: segments lie between the versions that the table names; an end that does not
// belong to a range is hollow.
func TestVersionsTwin(t *testing.T) {
	doc := draw(t, Versions(VersionRuler{Versions: []string{"1.0", "1.4", "2.0"}, Rows: []VersionRow{
		{Name: "part", Source: "OSV", Status: "affected", Words: ">= 1.0, < 1.4", Segments: []VersionSegment{{Kind: "affected", From: 0, To: 1, Shut: true}, {Kind: "fixed", From: 1, To: 1}}},
		{Name: "part", Source: "CSAF", Status: "affected", Words: "all versions", Segments: []VersionSegment{{Kind: "affected", From: -1, To: -1}}},
	}}))
	rows := cellsOf(t, doc)
	if len(rows) != 2 || rows[0][2] != ">= 1.0, < 1.4" || rows[1][3] != "CSAF" {
		t.Errorf("the table says %q", rows)
	}
	segs := find(doc, "seg")
	if len(segs) != 2 || coordinate(t, segs[0], "x") != 25 || coordinate(t, segs[0], "width") != 25 || coordinate(t, segs[1], "x") != 0 || coordinate(t, segs[1], "width") != 100 {
		t.Errorf("%d segments", len(segs))
	}
	var dots []string
	for _, d := range find(doc, "seg-end") {
		dots = append(dots, strings.TrimPrefix(attr(d, "class"), "seg-end "))
	}
	if got := strings.Join(dots, ", "); got != "affected, hollow affected, fixed" {
		t.Errorf("the ends are %s", got)
	}
}
