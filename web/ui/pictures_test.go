package ui

import (
	"context"
	"fmt"
	"math"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"
	"golang.org/x/net/html"
)

// draw renders c and returns its document.
func draw(t *testing.T, c templ.Component) *html.Node {
	t.Helper()
	var b strings.Builder
	if err := c.Render(context.Background(), &b); err != nil {
		t.Fatal(err)
	}
	n, err := html.Parse(strings.NewReader(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// find returns the elements under n that bear the class, or have the name.
func find(n *html.Node, what string) []*html.Node {
	var out []*html.Node
	for d := range n.Descendants() {
		if d.Type == html.ElementNode && (d.Data == what || slices.Contains(strings.Fields(attr(d, "class")), what)) {
			out = append(out, d)
		}
	}
	return out
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// words returns the text under n, with single spaces.
func wordsOf(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data + " ")
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

func coordinate(t *testing.T, n *html.Node, name string) float64 {
	t.Helper()
	f, err := strconv.ParseFloat(strings.TrimSuffix(attr(n, name), "%"), 64)
	if err != nil {
		t.Fatalf("%s of %s: %v", name, n.Data, err)
	}
	return f
}

// TestClocksTwin reads the picture back from its coordinates and compares it
// with the table below it, row by row (U-07): days, due times, words.
func TestClocksTwin(t *testing.T) {
	for name, c := range map[string]ClocksChart{"mock": mockClocks(), "all": allClocks()} {
		doc := draw(t, Clocks(c))
		ticks := find(find(doc, "axis")[0], "tick")
		day := func(p float64) float64 { // percent to days, by the labels of the axis
			first, last := ticks[0], ticks[len(ticks)-1]
			var a, b float64
			fmt.Sscanf(wordsOf(first), "day %g", &a)
			fmt.Sscanf(wordsOf(last), "day %g", &b)
			xa, xb := coordinate(t, first, "x"), coordinate(t, last, "x")
			return a + (p-xa)*(b-a)/(xb-xa)
		}
		svg := find(find(doc, "axis")[0], "svg")[0]
		if attr(svg, "role") != "img" || !strings.Contains(attr(svg, "aria-label"), Count(len(c.Rows), "clock", "clocks")) {
			t.Errorf("%s: the picture is %q, %q", name, attr(svg, "role"), attr(svg, "aria-label"))
		}
		rows, lines := find(find(doc, "tbody")[0], "tr"), find(doc, "clock")
		if len(rows) != len(c.Rows) || len(lines) != len(c.Rows) {
			t.Fatalf("%s: %d rows in the table, %d in the picture, want %d", name, len(rows), len(lines), len(c.Rows))
		}
		for i, r := range c.Rows {
			head, cells := find(rows[i], "th")[0], find(rows[i], "td")
			state, due, from, to := wordsOf(cells[0]), cells[1], wordsOf(cells[2]), wordsOf(cells[3])
			if got := wordsOf(find(lines[i], "lane-name")[0]); got != wordsOf(head)+" "+state || state != r.StateWords {
				t.Errorf("%s: the picture says %q, the table %q, %q", name, got, wordsOf(head), state)
			}
			if got := wordsOf(find(lines[i], "words")[0]); got != state {
				t.Errorf("%s, %s: %q beside the bar, %q in the table", name, r.Name, got, state)
			}
			if !slices.Contains(strings.Fields(attr(lines[i], "class")), r.State) || attr(find(lines[i], "glyph")[0], "d") != attr(find(cells[0], "glyph")[0], "d") {
				t.Errorf("%s, %s: state or glyph differ", name, r.Name)
			}
			plan := find(lines[i], "plan")[0]
			a := coordinate(t, plan, "x")
			b := a + coordinate(t, plan, "width")
			// The table counts calendar days, the bar goes on by the hour.
			if n, err := strconv.Atoi(from); err != nil || math.Abs(day(a)-float64(n)) > 1 {
				t.Errorf("%s, %s: the bar begins on day %.2f, the table says %q", name, r.Name, day(a), from)
			}
			if torn := len(find(lines[i], "torn")) > 0; torn {
				if b < 99.99 || !r.Due.IsZero() && days(c.Zero, r.Due) <= day(100) {
					t.Errorf("%s, %s: torn at %.2f %%", name, r.Name, b)
				}
				continue
			}
			if n, err := strconv.Atoi(to); err != nil || math.Abs(day(b)-float64(n)) > 1 {
				t.Errorf("%s, %s: the bar ends on day %.2f, the table says %q", name, r.Name, day(b), to)
			}
			at, err := time.Parse(time.RFC3339, attr(find(due, "time")[0], "datetime"))
			if err != nil || math.Abs(days(c.Zero, at)-day(b)) > 0.01 {
				t.Errorf("%s, %s: the bar ends on day %.3f, the table is due %v, day %.3f", name, r.Name, day(b), at, days(c.Zero, at))
			}
			if r.Zone != "" && !strings.HasSuffix(wordsOf(due), r.Zone) {
				t.Errorf("%s, %s: the table shows no zone: %q", name, r.Name, wordsOf(due))
			}
		}
	}
}

// TestBars says what is solid, hollow and hatched, in days.
func TestBars(t *testing.T) {
	zero := learned
	for _, c := range []struct {
		name  string
		clock Clock
		want  string
	}{
		{"running", Clock{Due: onDay(30)}, "plan 0-30 gone 0-24"},
		{"met", Clock{Due: onDay(10), SatisfiedAt: onDay(4)}, "plan 0-10 gone 0-4"},
		{"met late", Clock{Due: onDay(10), SatisfiedAt: onDay(12)}, "plan 0-10 gone 0-10 late 10-12"},
		{"over", Clock{Start: onDay(5), Due: onDay(20)}, "plan 5-20 gone 5-20 late 20-24"},
		{"lost", Clock{Due: onDay(20), StoppedAt: onDay(16)}, "plan 0-20 gone 0-16"},
		{"paused", Clock{Due: onDay(40), Pauses: []ClockPause{{onDay(2), onDay(5)}, {From: onDay(20)}}}, "plan 0-40 gone 0-24 held 2-5 held 20-24"},
		{"not begun", Clock{Start: onDay(30), Due: onDay(40)}, "plan 30-40"},
		{"no date", Clock{}, "plan 0-50 gone 0-24"},
		{"beyond", Clock{Due: onDay(300)}, "plan 0-50 gone 0-24"},
	} {
		l, _ := c.clock.line(scale{0, 50}, zero, onDay(24), "x")
		var got []string
		for _, b := range l.bars {
			x, _ := strconv.ParseFloat(strings.TrimSuffix(b.x, "%"), 64)
			w, _ := strconv.ParseFloat(strings.TrimSuffix(b.width, "%"), 64)
			got = append(got, fmt.Sprintf("%s %.0f-%.0f", b.class, x/2, (x+w)/2))
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s: %s, want %s", c.name, s, c.want)
		}
		if torn := c.name == "no date" || c.name == "beyond"; l.marks != torn {
			t.Errorf("%s: torn is %v", c.name, l.marks)
		}
	}
}

// TestDayNumber counts calendar days where a day has 23 or 25 hours, too.
func TestDayNumber(t *testing.T) {
	east := time.FixedZone("EST", -5*3600)
	for _, c := range []struct {
		a, b time.Time
		want int
	}{
		{time.Date(2026, 1, 1, 23, 50, 0, 0, east), time.Date(2026, 1, 31, 23, 59, 59, 0, east), 30},
		{time.Date(2026, 1, 1, 0, 10, 0, 0, east), time.Date(2026, 1, 31, 23, 59, 59, 0, east), 30},
		{time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC), time.Date(2026, 1, 31, 23, 59, 0, 0, east), 30}, // still 1 Jan in the east
		{time.Date(2026, 3, 8, 0, 0, 0, 0, time.UTC), time.Date(2026, 3, 7, 0, 0, 0, 0, time.UTC), -1},
	} {
		if got := DayNumber(c.a, c.b); got != c.want {
			t.Errorf("from %v to %v: day %d, want %d", c.a, c.b, got, c.want)
		}
	}
}

// TestStripTwin makes sure that the strip and its table tell the same clocks
// in the same order, overdue first (U-07).
func TestStripTwin(t *testing.T) {
	doc := draw(t, ClockStrip(someStrip()))
	rows, lines := find(find(doc, "tbody")[0], "tr"), find(doc, "clock")
	if len(rows) != len(someStrip().Rows) || len(lines) != len(rows) {
		t.Fatalf("%d rows, %d lines", len(rows), len(lines))
	}
	v := someStrip().view()
	for i, r := range v.rows {
		cells := find(rows[i], "td")
		want := wordsOf(find(rows[i], "th")[0]) + " " + r.Case + " " + wordsOf(cells[1])
		if got := wordsOf(find(lines[i], "lane-name")[0]); got != want {
			t.Errorf("row %d: the picture says %q, the table %q", i, got, want)
		}
		at, err := time.Parse(time.RFC3339, attr(find(cells[2], "time")[0], "datetime"))
		plan := find(lines[i], "plan")
		if err != nil || len(plan) == 0 || len(find(lines[i], "torn")) > 0 {
			continue
		}
		y, m, d := noon.Date()
		x := coordinate(t, plan[0], "x") + coordinate(t, plan[0], "width")
		if got := x / 100 * stripDays; math.Abs(got-days(time.Date(y, m, d-stripPast, 0, 0, 0, 0, time.UTC), at)) > 0.01 {
			t.Errorf("row %d: the bar ends at %.2f days, the table says %v", i, got, at)
		}
	}
	if v.rows[0].state != "over" {
		t.Errorf("the first row is %s", v.rows[0].state)
	}
}

// TestRulerTwin compares the dots' distances with the sentences (U-07).
func TestRulerTwin(t *testing.T) {
	r := someRuler()
	doc := draw(t, DeadlineRuler(r))
	lines, said := find(doc, "clock"), find(find(doc, "sentences")[0], "li")
	if len(lines) != len(r.Rows) || len(said) != len(r.Rows) {
		t.Fatalf("%d lines, %d sentences", len(lines), len(said))
	}
	var early, late float64
	ticks := find(doc, "tick")
	fmt.Sscanf(wordsOf(ticks[0]), "%g d early", &early)
	fmt.Sscanf(wordsOf(ticks[len(ticks)-1]), "%g d late", &late)
	for i, want := range []string{"21 h early", "12 d early", "12 d early", "5 d late", "3 d over, still open", "open, 20 d left"} {
		if got := wordsOf(find(lines[i], "words")[0]); got != want || !strings.Contains(wordsOf(said[i]), want) {
			t.Errorf("row %d says %q and %q, want %q", i, got, wordsOf(said[i]), want)
		}
		reach := coordinate(t, find(lines[i], "reach")[0], "width") / 100 * (early + late)
		at := r.Rows[i].Done
		if at.IsZero() {
			at = r.Now
		}
		if d := math.Abs(days(r.Rows[i].Due, at)); math.Abs(reach-d) > 0.01 {
			t.Errorf("row %d reaches over %.2f days, want %.2f", i, reach, d)
		}
	}
}

// TestMatrixWords makes sure that each mark is said in words and counted in
// the legend, and that rows and columns have headers.
func TestMatrixWords(t *testing.T) {
	for _, m := range []MatrixTable{participants(121), vendorStatus(9, 35)} {
		doc := draw(t, Matrix(m))
		body := find(doc, "tbody")[0]
		rows := find(body, "tr")
		if len(rows) != len(m.Rows) || len(find(find(doc, "thead")[0], "th")) != len(m.Columns)+1 {
			t.Fatalf("%s: %d rows", m.Caption, len(rows))
		}
		counts := map[string]int{}
		for i, row := range rows {
			cells := find(row, "td")
			if len(cells) != len(m.Columns) || attr(find(row, "th")[0], "scope") != "row" {
				t.Fatalf("%s, row %d: %d cells", m.Caption, i, len(cells))
			}
			for j, c := range cells {
				want := m.Rows[i].at(j)
				if got := wordsOf(find(c, "sr")[0]); got != want.words() || attr(c, "title") != got {
					t.Errorf("%s, %d, %d: %q, want %q", m.Caption, i, j, got, want.words())
				}
				use := attr(find(c, "use")[0], "href")
				if use != "#"+m.id()+"-"+want.state() {
					t.Errorf("%s, %d, %d: glyph %s", m.Caption, i, j, use)
				}
				counts[marks[mark(want.State)].word]++
			}
		}
		legend := wordsOf(find(doc, "legend")[0])
		for word, n := range counts {
			if !strings.Contains(legend, word+" "+Number(n)) || !strings.Contains(m.finding(m.count()), Number(n)+" "+word) {
				t.Errorf("%s: %d %s, but the legend says %q", m.Caption, n, word, legend)
			}
		}
	}
}

// TestPictureContrast computes the contrast of what the pictures draw (U-06),
// besides the pairs of TestContrast.
func TestPictureContrast(t *testing.T) {
	css, err := os.ReadFile("../assets/pictures.css")
	if err != nil {
		t.Fatal(err)
	}
	all, err := os.ReadFile("../assets/app.css")
	if err != nil {
		t.Fatal(err)
	}
	two := regexp.MustCompile(`--([\w-]+): light-dark\((#[0-9A-F]{6}), (#[0-9A-F]{6})\);`)
	themes := [2]map[string]string{{}, {}}
	for _, m := range slices.Backward(two.FindAllSubmatch(append(css, all...), -1)) { // the first of a name is the theme's
		themes[0][string(m[1])], themes[1][string(m[1])] = string(m[2]), string(m[3])
	}
	for i, name := range []string{"light", "dark"} {
		for _, p := range []struct {
			over, under string
			least       float64
		}{
			{"link", "surface", 4.5}, {"warn", "surface", 4.5}, {"danger", "surface", 4.5}, {"ok", "surface", 4.5}, {"muted", "surface", 4.5}, // words and bars
			{"link", "free", 4.5}, {"warn", "free", 4.5}, {"danger", "free", 4.5}, {"muted", "free", 4.5}, // on days off
			{"ink", "surface", 4.5}, {"elapsed", "surface", 3},
			{"ok", "bg", 3}, {"danger", "bg", 3}, {"muted", "bg", 3}, // the track's nodes
		} {
			if c := contrast(t, themes[i][p.over], themes[i][p.under]); c < p.least {
				t.Errorf("%s: %s on %s is %.2f:1, want %.1f:1", name, p.over, p.under, c, p.least)
			}
		}
	}
}

// TestStoryDays groups by day of the reader's zone and keeps hours to itself
// where they are not told.
func TestStoryDays(t *testing.T) {
	s := someStory()
	if got := len(s.days()); got != 5 {
		t.Errorf("%d days, want 5", got)
	}
	doc := draw(t, CaseTimeline(s))
	for i, e := range find(doc, "event") {
		html, told := s.Events[i], len(find(e, "time")) == 1
		if told == html.DayOnly {
			t.Errorf("%s: its hour is told: %v", html.Text, told)
		}
		if got := len(find(e, "tick-proof")); (got == 1) != (html.Proof != "") {
			t.Errorf("%s: %d ticks for %q", html.Text, got, html.Proof)
		}
	}
}
