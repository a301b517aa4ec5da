package ui

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// A ClocksChart is the picture of a case's clocks: a bar each from its start
// to its due instant, on days counted from Zero.
type ClocksChart struct {
	ID      string    // begins the ids inside; "" means "clocks". Unique on its page
	Label   string    // tells it from other charts of the page; "" means "Clocks"
	Finding string    // what the picture shows, in one sentence; "" takes the most urgent clock
	Zero    time.Time // day 0; in its own location
	Now     time.Time
	Rows    []Clock
	CSV     string // address of the same rows as CSV; "" offers none
	Empty   string // said where there are no clocks; "" takes a general sentence
	LiveKey string // "" means ID
}

// A Clock is one row: an obligation and how it stands.
type Clock struct {
	Name       string    // "FDA 30-day customer notice"
	Rule       string    // "R-010: 30 calendar days after the manufacturer learned"
	Source     string    // "FDA 2016 postmarket guidance, section VII"
	Trigger    string    // what started it; may be empty
	Satisfies  string    // what would satisfy it; may be empty
	Start, Due time.Time // a zero Start means day 0; a zero Due means that there is no date
	// SatisfiedAt is when it was met; StoppedAt when it was lost or waived.
	// Both are zero for clocks that run.
	SatisfiedAt, StoppedAt time.Time
	Pauses                 []ClockPause
	State                  string // running, at-risk, over, met, lost, waived or paused
	StateWords             string // "due in 6 d", "met day 7": at most some 24 letters
	Reason                 string // why it is lost, waived or paused; may be empty
	Missing                []string
	Href                   string // its events; may be empty
	Zone                   string // name beside the due time; "" takes the abbreviation of Due's location
}

// A ClockPause is a time that does not count; a zero To means that it goes on.
type ClockPause struct{ From, To time.Time }

// clockStates are the states of clocks, most urgent first, and their names.
var clockStates = []string{"over", "lost", "at-risk", "paused", "running", "waived", "met"}

func clockState(s string) string {
	for _, c := range clockStates {
		if s == c {
			return s
		}
	}
	return "running"
}

func clockWord(s string) string {
	switch s = clockState(s); s {
	case "at-risk":
		return "at risk"
	default:
		return s
	}
}

// clockGlyphs are drawn in a box of 12 px: each state has a shape of its own.
var clockGlyphs = map[string]string{
	"running": "M6 1a5 5 0 1 0 0 10A5 5 0 1 0 6 1M6 3.2V6l2 1.2",
	"at-risk": "M6 1.2 11.4 10.8H.6zM6 4.6v2.8M6 8.9v.3",
	"over":    "M3.8 1h4.4L11 3.8v4.4L8.2 11H3.8L1 8.2V3.8zM6 3.4v3.2M6 8.4v.3",
	"met":     "m1.5 6.4 3 3 6-6.8",
	"lost":    "m2 2 8 8M10 2l-8 8",
	"waived":  "M6 1a5 5 0 1 0 0 10A5 5 0 1 0 6 1M3.4 6h5.2",
	"paused":  "M4 2v8M8 2v8",
}

// A bar is a rectangle along the axis.
type bar struct{ class, x, width, fill string }

// A clockLine is a clock as it is drawn.
type clockLine struct {
	Clock
	state  string
	bars   []bar
	marks  bool   // goes on beyond the right edge
	before bool   // began before the left edge
	wordsX string // where glyph and words begin
}

// A clocksView is a chart ready to be drawn.
type clocksView struct {
	ClocksChart
	id, finding, tally, sentence string
	ticks                        []tick
	today, todayLabel, anchor    string // x, words and text-anchor of the today line
	rows                         []clockLine
	room                         string
}

// axis returns the days that the chart spans. Clocks that end long after the
// others (an annual report beside a 30-day notice) run out of the picture, so
// that the near ones can be told apart.
func (c ClocksChart) axis() (scale, float64) {
	today := days(c.Zero, c.Now)
	from, far := 0.0, max(today, 1)
	limit := max(120, today+60)
	for _, r := range c.Rows {
		if !r.Start.IsZero() {
			from = min(from, days(c.Zero, r.Start))
		}
		for _, t := range []time.Time{r.Start, r.Due, r.SatisfiedAt, r.StoppedAt} {
			if d := days(c.Zero, t); !t.IsZero() && d <= limit {
				far = max(far, d)
			}
		}
	}
	s := step(far-from, 8)
	// Half a day beyond a tick (a due time at the end of its day) needs no new one.
	to := math.Ceil((far-0.999)/s) * s
	return scale{math.Floor(from/s) * s, max(to, far, s)}, s
}

// end returns when the bar of a clock stops growing.
func (c Clock) end(now time.Time) time.Time {
	switch {
	case !c.SatisfiedAt.IsZero():
		return c.SatisfiedAt
	case !c.StoppedAt.IsZero():
		return c.StoppedAt
	}
	return now
}

// line lays out one clock on the axis s of days after zero.
func (c Clock) line(s scale, zero, now time.Time, hatch string) (clockLine, float64) {
	l := clockLine{Clock: c, state: clockState(c.State)}
	start, due, end := 0.0, math.Inf(1), days(zero, c.end(now))
	if !c.Start.IsZero() {
		start = days(zero, c.Start)
	}
	if !c.Due.IsZero() {
		due = max(days(zero, c.Due), start)
	}
	put := func(class string, from, to float64, fill string) {
		if a, b := s.at(from), s.at(to); to > from && b > a {
			l.bars = append(l.bars, bar{class, percent(a), percent(b - a), fill})
		}
	}
	put("plan", start, due, "")
	put("gone", start, min(end, due), "")
	for _, p := range c.Pauses {
		to := end
		if !p.To.IsZero() {
			to = min(days(zero, p.To), end)
		}
		put("held", max(days(zero, p.From), start), min(to, due), "url(#"+hatch+"-held)")
	}
	last := due
	if end > due {
		put("late", due, end, "url(#"+hatch+"-late)")
		last = end
	}
	l.marks, l.before = last > s.to, start < s.from
	x := s.at(last)
	l.wordsX = percent(x)
	return l, x
}

func (c ClocksChart) view() clocksView {
	v := clocksView{ClocksChart: c, id: or(c.ID, "clocks")}
	s, every := c.axis()
	need, counts := 0.0, map[string]int{}
	for _, r := range c.Rows {
		l, x := r.line(s, c.Zero, c.Now, v.id)
		v.rows = append(v.rows, l)
		counts[l.state]++
		need = max(need, overhang(x, r.StateWords))
	}
	for d := s.from; d <= s.to; d += every {
		v.ticks = append(v.ticks, tick{x: percent(s.at(d)), label: "day " + strconv.Itoa(int(d)), minor: len(v.ticks)%2 == 1})
	}
	today := days(c.Zero, c.Now)
	v.today, v.todayLabel, v.anchor = percent(s.at(today)), fmt.Sprintf("today, day %d", DayNumber(c.Zero, c.Now)), "middle"
	switch p := s.at(today); { // on a phone the words are a third of the plot
	case p > 82:
		v.anchor = "end"
	case p < 24:
		v.anchor = "start"
	}
	v.room = room(need)
	v.finding = sentence(or(c.Finding, c.find()))
	v.tally = list([]string{"over", "lost", "at-risk", "running", "paused", "waived", "met"}, counts, clockWord)
	v.sentence = fmt.Sprintf("%s %s from day %d to day %d, %s: %s.", v.finding, Count(len(c.Rows), "clock", "clocks"), int(s.from), int(s.to), v.todayLabel, v.tally)
	return v
}

// find returns the sentence of the most urgent clock.
func (c ClocksChart) find() string {
	if r := mostUrgent(c.Rows); r != nil {
		if s := clockState(r.State); s == "met" || s == "waived" {
			return "No clock is running: all are met or waived"
		}
		return r.Name + ": " + or(r.StateWords, clockWord(r.State))
	}
	return "No clock is running"
}

func mostUrgent(rows []Clock) *Clock {
	for _, s := range clockStates {
		var first *Clock
		for i, r := range rows {
			if clockState(r.State) == s && (first == nil || !r.Due.IsZero() && (first.Due.IsZero() || r.Due.Before(first.Due))) {
				first = &rows[i]
			}
		}
		if first != nil {
			return first
		}
	}
	return nil
}

// dueWords is the due instant with its zone.
func (c Clock) dueWords() string {
	if c.Due.IsZero() {
		return "no date"
	}
	return Deadline(c.Due, c.Zone)
}

// hover is what resting on a row tells.
func (c Clock) hover() string {
	s := sentence(c.Rule)
	if !c.Due.IsZero() {
		s += " Due " + c.dueWords() + "."
	}
	return strings.TrimSpace(s)
}

// twin is the table that says what the chart shows.
func (v clocksView) twin() Table {
	t := Table{Caption: or(v.Label, "Clocks") + " as a table", Quiet: true, Numeric: []bool{false, false, false, true, true}, LiveKey: v.id + "-table",
		Head: []string{"Clock", "State", "Due", "From day", "To day", "Rule", "Missing"}}
	for _, r := range v.Rows {
		start := r.Start
		if start.IsZero() {
			start = v.Zero
		}
		to := Cell{Text: "open", Muted: true}
		if !r.Due.IsZero() {
			to = Cell{Text: Number(DayNumber(v.Zero, r.Due))}
		}
		missing := Cell{Text: strings.Join(r.Missing, "; ")}
		if len(r.Missing) == 0 {
			missing = Cell{Text: "nothing", Muted: true}
		}
		t.Rows = append(t.Rows, []Cell{
			{Text: r.Name, Href: r.Href, Header: true},
			{Part: stateCell(clockState(r.State), r.StateWords)},
			{Part: deadlineCell(r.Due, r.Zone)},
			{Text: Number(DayNumber(v.Zero, start))}, to,
			{Text: strings.TrimSuffix(sentence(r.Rule)+" "+sentence(r.Source), " ")}, missing,
		})
	}
	return t
}
