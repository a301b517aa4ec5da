package ui

import (
	"fmt"
	"math"
	"time"
)

// A Ruler shows how deadlines were kept: each event as a dot before or after
// its due mark, all due marks on one line.
type Ruler struct {
	ID      string // "" means "ruler". Unique on its page
	Finding string // "" counts what was in time
	Now     time.Time
	Rows    []RulerRow
	Empty   string
}

// A RulerRow is one deadline.
type RulerRow struct {
	Name string // "Customer notice"
	Due  time.Time
	Done time.Time // zero while it is open
	Zone string    // of Due
	Href string    // the event; may be empty
}

// state is early, late, open or overdue.
func (r RulerRow) state(now time.Time) string {
	switch {
	case r.Done.IsZero() && now.After(r.Due):
		return "overdue"
	case r.Done.IsZero():
		return "open"
	case r.Done.After(r.Due):
		return "late"
	}
	return "early"
}

// words tells the distance to the due instant: "6 d early".
func (r RulerRow) words(now time.Time) string {
	switch r.state(now) {
	case "overdue":
		return Span(now.Sub(r.Due)) + " over, still open"
	case "open":
		return "open, " + Span(r.Due.Sub(now)) + " left"
	case "late":
		return Span(r.Done.Sub(r.Due)) + " late"
	}
	return Span(r.Due.Sub(r.Done)) + " early"
}

// sentence is the row without its picture.
func (r RulerRow) sentence(now time.Time) string {
	s := fmt.Sprintf("%s: %s. Due %s", r.Name, r.words(now), Deadline(r.Due, r.Zone))
	if !r.Done.IsZero() {
		s += ", done " + Deadline(r.Done, "")
	}
	return s + "."
}

// rulerGlyphs are drawn around 0, 0: full dot, square, hollow dot, hollow square.
var rulerGlyphs = map[string]string{
	"early":   "M0-5a5 5 0 1 0 0 10 5 5 0 1 0 0-10z",
	"late":    "M-5-5H5V5H-5z",
	"open":    "M0-5a5 5 0 1 0 0 10 5 5 0 1 0 0-10z",
	"overdue": "M-5-5H5V5H-5z",
}

type rulerLine struct {
	RulerRow
	state, words, sentence string
	x, from, width, wordsX string
}

type rulerView struct {
	id, finding, sentence, due string
	ticks                      []tick
	rows                       []rulerLine
	room                       string
}

func (r Ruler) view() rulerView {
	v := rulerView{id: or(r.ID, "ruler")}
	from, to := -1.0, 1.0
	off := func(row RulerRow) float64 {
		if row.Done.IsZero() {
			return days(row.Due, r.Now)
		}
		return days(row.Due, row.Done)
	}
	counts := map[string]int{}
	for _, row := range r.Rows {
		from, to = min(from, off(row)), max(to, off(row))
		counts[row.state(r.Now)]++
	}
	every := step(to-from, 6)
	s := scale{math.Floor(from/every) * every, math.Ceil(to/every) * every}
	for d := s.from; d <= s.to; d += every {
		t := tick{x: percent(s.at(d)), label: "due", minor: int(math.Abs(d/every))%2 == 1}
		switch {
		case d < 0:
			t.label = Number(int(-d)) + " d early"
		case d > 0:
			t.label = Number(int(d)) + " d late"
		}
		v.ticks = append(v.ticks, t)
	}
	v.due = percent(s.at(0))
	need := 0.0
	for _, row := range r.Rows {
		x, zero := s.at(off(row)), s.at(0)
		l := rulerLine{RulerRow: row, state: row.state(r.Now), words: row.words(r.Now), sentence: row.sentence(r.Now),
			x: percent(x), from: percent(min(x, zero)), width: percent(math.Abs(x - zero)), wordsX: percent(max(x, zero))}
		need = max(need, overhang(max(x, zero), l.words))
		v.rows = append(v.rows, l)
	}
	v.room = room(need)
	v.finding = r.Finding
	if v.finding == "" {
		done := counts["early"] + counts["late"]
		v.finding = fmt.Sprintf("%d of %s met in time", counts["early"], Count(done, "deadline", "deadlines"))
		if done == counts["early"] && done > 0 {
			v.finding = "Every deadline so far was met in time"
		}
		if n := counts["overdue"]; n > 0 {
			v.finding += fmt.Sprintf("; %d over and still open", n)
		}
	}
	v.finding = sentence(v.finding)
	v.sentence = fmt.Sprintf("%s %s: %s.", v.finding, Count(len(r.Rows), "deadline", "deadlines"),
		list([]string{"early", "late", "overdue", "open"}, counts, func(s string) string {
			if s == "early" {
				return "in time"
			}
			return s
		}))
	return v
}
