package ui

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// A Strip is "My clocks": the clocks of one reader across cases, on fourteen
// days of which today is the third.
type Strip struct {
	ID      string    // begins the ids inside; "" means "strip". Unique on its page
	Finding string    // "" takes the most urgent clock
	Now     time.Time // days are those of its location
	Rows    []StripClock
	CSV     string
	Empty   string // said where there are no clocks
}

// A StripClock is a clock with the case that it belongs to.
type StripClock struct {
	Clock        // a zero Start means before the days shown
	Case  string // short id: CASE-7K3Q-2M9P
	Title string // of the case; told on resting and in the table
	Label string // TLP label of the case; may be empty
}

const (
	stripDays = 14
	stripPast = 2
)

type stripLine struct {
	clockLine
	StripClock
}

type stripView struct {
	Strip
	id, finding, tally, sentence string
	ticks                        []tick
	free                         []tick // x of days off, each one day wide
	dayWidth, today              string
	rows                         []stripLine
	room                         string
}

func (s Strip) view() stripView {
	v := stripView{Strip: s, id: or(s.ID, "strip"), dayWidth: percent(100.0 / stripDays)}
	y, m, d := s.Now.Date()
	zero := time.Date(y, m, d-stripPast, 0, 0, 0, 0, s.Now.Location())
	axis := scale{0, stripDays}
	for i := range stripDays {
		day := time.Date(y, m, d-stripPast+i, 0, 0, 0, 0, s.Now.Location())
		t := tick{x: percent(axis.at(float64(i))), label: day.Format("Mon"), second: day.Format("2")}
		if day.Day() == 1 {
			t.second = day.Format("2 Jan")
		}
		if i == stripPast {
			t.label = "today"
		}
		v.ticks = append(v.ticks, t)
		if w := day.Weekday(); w == time.Saturday || w == time.Sunday {
			v.free = append(v.free, t)
		}
	}
	v.today = percent(axis.at(days(zero, s.Now)))
	rows := slices.Clone(s.Rows)
	slices.SortStableFunc(rows, func(a, b StripClock) int {
		return cmp.Or(cmp.Compare(urgency(a.State), urgency(b.State)), later(a.Due, b.Due))
	})
	v.Rows = rows
	need, counts := 0.0, map[string]int{}
	for _, r := range rows {
		if r.Start.IsZero() {
			r.Clock.Start = zero.Add(-time.Hour) // day 0 of its case, before these days
		}
		l, x := r.Clock.line(axis, zero, s.Now, v.id)
		v.rows = append(v.rows, stripLine{l, r})
		counts[l.state]++
		need = max(need, overhang(x, r.StateWords))
	}
	v.room = room(need)
	v.finding = sentence(or(s.Finding, s.find()))
	v.tally = list(clockStates, counts, clockWord)
	v.sentence = fmt.Sprintf("%s My %s from %s to %s: %s.", v.finding, Count(len(rows), "clock", "clocks"),
		zero.Format("2 Jan"), zero.AddDate(0, 0, stripDays-1).Format("2 Jan"), v.tally)
	return v
}

// urgency puts what is overdue first and what is over and done last.
func urgency(state string) int {
	switch clockState(state) {
	case "over":
		return 0
	case "lost":
		return 1
	case "met", "waived":
		return 3
	}
	return 2
}

// later orders due times; none comes last.
func later(a, b time.Time) int {
	if a.IsZero() != b.IsZero() {
		if a.IsZero() {
			return 1
		}
		return -1
	}
	return a.Compare(b)
}

func (s Strip) find() string {
	clocks := make([]Clock, len(s.Rows))
	for i, r := range s.Rows {
		clocks[i] = r.Clock
		clocks[i].Name += " of " + r.Case
	}
	return ClocksChart{Rows: clocks}.find()
}

// hover is what resting on a row tells.
func (s StripClock) hover() string { return sentence(s.Title) + " " + s.Clock.hover() }

func (v stripView) twin() Table {
	t := Table{Caption: "My clocks as a table", Quiet: true, LiveKey: v.id + "-table",
		Head: []string{"Clock", "Case", "State", "Due", "Rule"}}
	for _, r := range v.Rows {
		t.Rows = append(t.Rows, []Cell{
			{Text: r.Name, Href: r.Href, Header: true}, {Part: caseCell(r)},
			{Part: stateCell(clockState(r.State), r.StateWords)}, {Part: deadlineCell(r.Due, r.Zone)}, {Text: sentence(r.Rule)},
		})
	}
	return t
}
