package ui

import (
	"fmt"
	"strings"
	"time"
)

// Spans are spans of years below each other on one axis with a line for today:
// how long products and versions are supported.
type Spans struct {
	ID      string // begins the ids inside; "" means "spans". Unique on its page
	Finding string // what it shows, in one sentence
	Caption string // of the table twin
	Now     time.Time
	Rows    []SpanRow
	Empty   string // said where there are no rows
}

// A SpanRow is one thing with its spans, in order.
type SpanRow struct {
	Name, Note string // Note stands under the name; may be empty
	Href       string
	Bars       []SpanBar
	Marks      []SpanMark
}

// A SpanBar is one span.
type SpanBar struct {
	Kind     string    // full, part or over: how it is drawn
	Words    string    // "supported"
	From, To time.Time // zero: not known, it runs off the picture
}

// A SpanMark is a day with words: "end of life".
type SpanMark struct {
	Words string
	At    time.Time
}

type spanBar struct{ kind, x, width string }

type spanLine struct {
	SpanRow
	bars  []spanBar
	marks []string
}

type spansView struct {
	Spans
	id, sentence, today string
	ticks               []tick
	rows                []spanLine
	kinds               [][2]string // kind and its words, for the legend
}

func (s Spans) view() spansView {
	v := spansView{Spans: s, id: or(s.ID, "spans")}
	from, to := s.Now.AddDate(-1, 0, 0), s.Now.AddDate(1, 0, 0)
	reach := func(t time.Time) {
		if !t.IsZero() && t.Before(from) {
			from = t
		}
		if t.After(to) {
			to = t
		}
	}
	for _, r := range s.Rows {
		for _, b := range r.Bars {
			reach(b.From)
			reach(b.To)
		}
		for _, m := range r.Marks {
			reach(m.At)
		}
	}
	first := time.Date(from.Year(), 1, 1, 0, 0, 0, 0, time.UTC)
	last := time.Date(to.Year()+1, 1, 1, 0, 0, 0, 0, time.UTC)
	axis := scale{0, days(first, last)}
	at := func(t time.Time) float64 { return axis.at(days(first, t)) }
	every := max(1, (last.Year()-first.Year()+6)/7)
	for y := first.Year(); y < last.Year(); y += every {
		v.ticks = append(v.ticks, tick{x: percent(at(time.Date(y, 1, 1, 0, 0, 0, 0, time.UTC))), label: fmt.Sprint(y)})
	}
	v.today = percent(at(s.Now))
	known := map[string]bool{}
	for _, r := range s.Rows {
		l := spanLine{SpanRow: r}
		for _, b := range r.Bars {
			begin, end := 0.0, 100.0
			if !b.From.IsZero() {
				begin = at(b.From)
			}
			if !b.To.IsZero() {
				end = at(b.To)
			}
			l.bars = append(l.bars, spanBar{b.Kind, percent(begin), percent(max(end-begin, 0.3))})
			if !known[b.Kind] {
				known[b.Kind] = true
				v.kinds = append(v.kinds, [2]string{b.Kind, b.Words})
			}
		}
		for _, m := range r.Marks {
			l.marks = append(l.marks, percent(at(m.At)))
		}
		v.rows = append(v.rows, l)
	}
	v.Finding = sentence(s.Finding)
	v.sentence = v.Finding + " " + Count(len(s.Rows), "row", "rows") + ", " + fmt.Sprintf("%d to %d.", first.Year(), last.Year()-1)
	return v
}

// hover is what resting on a row tells.
func (r SpanRow) hover() string {
	var parts []string
	for _, b := range r.Bars {
		parts = append(parts, b.Words+" "+spanWords(b.From, b.To))
	}
	for _, m := range r.Marks {
		parts = append(parts, m.Words+" "+m.At.Format(time.DateOnly))
	}
	return r.Name + ": " + strings.Join(parts, "; ") + "."
}

func spanWords(from, to time.Time) string {
	switch {
	case from.IsZero() && to.IsZero():
		return "without dates"
	case from.IsZero():
		return "until " + to.Format(time.DateOnly)
	case to.IsZero():
		return "from " + from.Format(time.DateOnly)
	}
	return from.Format(time.DateOnly) + " to " + to.Format(time.DateOnly)
}

func (v spansView) twin() Table {
	t := Table{Caption: v.Caption, Quiet: true, LiveKey: v.id + "-table", Head: []string{"What", "State", "From", "Until"}}
	day := func(d time.Time) string {
		if d.IsZero() {
			return "not said"
		}
		return d.Format(time.DateOnly)
	}
	for _, r := range v.Rows {
		for _, b := range r.Bars {
			t.Rows = append(t.Rows, []Cell{{Text: r.Name, Href: r.Href, Header: true}, {Text: b.Words}, {Text: day(b.From)}, {Text: day(b.To)}})
		}
		for _, m := range r.Marks {
			t.Rows = append(t.Rows, []Cell{{Text: r.Name, Href: r.Href, Header: true}, {Text: m.Words}, {Text: day(m.At)}, {Text: day(m.At)}})
		}
	}
	return t
}
