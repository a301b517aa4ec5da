package ui

import (
	"fmt"
	"math"
	"time"
)

// A Horizon shows when things end, on an axis of dates: support, certificates,
// agreements. Each bar has marks 180, 90 and 30 days before its end.
type Horizon struct {
	ID      string    // begins the ids inside; "" means "horizon". Unique on its page
	Label   string    // "Support of what I run"
	Corner  string    // names the rows: "Device"
	Finding string    // "" takes what ends next
	Now     time.Time // days are those of its location
	Rows    []HorizonRow
	Empty   string // said where there are no rows
}

// A HorizonRow is one thing that ends.
type HorizonRow struct {
	Name, Href string
	Note       string    // in the table: "12 units"; may be empty
	Told       time.Time // when the end was announced; zero if that is not known
	Ends       time.Time // zero if that is not known
}

// The marks before an end, in days.
var horizonMarks = []int{180, 90, 30}

// state is over, at-risk (within 180 days), running or paused (no date).
func (r HorizonRow) state(now time.Time) string {
	switch left := days(now, r.Ends); {
	case r.Ends.IsZero():
		return "paused"
	case left < 0:
		return "over"
	case left <= float64(horizonMarks[0]):
		return "at-risk"
	}
	return "running"
}

func (r HorizonRow) words(now time.Time) string {
	switch {
	case r.Ends.IsZero():
		return "no date known"
	case r.Ends.Before(now):
		return "ended " + Relative(r.Ends, now)
	}
	return "ends " + Relative(r.Ends, now)
}

type horizonLine struct {
	HorizonRow
	state, words string
	bars         []bar
	marks        []string // x of 180, 90 and 30 days before
	ends         string   // x of the end; "" beyond the picture
	wordsX       string
}

type horizonView struct {
	Horizon
	id, finding, sentence, today string
	ticks                        []tick
	rows                         []horizonLine
	room                         string
}

// The horizon's reach: what ended long ago, or ends far from now, runs out of the
// picture so that what is near can be told apart.
const (
	horizonPast   = 2 * 365
	horizonFuture = 6 * 365
)

func (h Horizon) view() horizonView {
	v := horizonView{Horizon: h, id: or(h.ID, "horizon")}
	from, to := -90.0, 365.0
	for _, r := range h.Rows {
		if !r.Ends.IsZero() {
			d := days(h.Now, r.Ends)
			from, to = min(from, max(d-30, -horizonPast)), max(to, min(d+30, horizonFuture))
		}
	}
	s := scale{from, to}
	v.ticks = monthTicks(s, h.Now)
	v.today = percent(s.at(0))
	counts, need := map[string]int{}, 0.0
	for _, r := range h.Rows {
		l := horizonLine{HorizonRow: r, state: r.state(h.Now), words: r.words(h.Now)}
		counts[l.state]++
		x := s.at(0)
		if !r.Ends.IsZero() {
			d := days(h.Now, r.Ends)
			put := func(class string, a, b float64, fill string) {
				if x, y := s.at(a), s.at(b); y > x {
					l.bars = append(l.bars, bar{class, percent(x), percent(y - x), fill})
				}
			}
			put("gone", from, min(0, d), "")
			put("plan", 0, d, "")
			put("late", d, 0, "url(#"+v.id+"-late)")
			for _, m := range horizonMarks {
				if at := d - float64(m); at > from && at < to {
					l.marks = append(l.marks, percent(s.at(at)))
				}
			}
			if d < to {
				l.ends = percent(s.at(d))
			}
			x = s.at(max(d, 0))
		}
		l.wordsX = percent(x)
		need = max(need, overhang(x, l.words))
		v.rows = append(v.rows, l)
	}
	v.room = room(need)
	v.finding = sentence(or(h.Finding, h.find()))
	v.sentence = fmt.Sprintf("%s %s: %s.", v.finding, Count(len(h.Rows), "row", "rows"), list([]string{"over", "at-risk", "running", "paused"}, counts, horizonWord))
	return v
}

func horizonWord(state string) string {
	switch state {
	case "over":
		return "ended"
	case "at-risk":
		return "within 180 days"
	case "paused":
		return "without a date"
	}
	return "later"
}

// find is the sentence of what ends next.
func (h Horizon) find() string {
	over, next := 0, -1
	for i, r := range h.Rows {
		switch {
		case r.Ends.IsZero():
		case r.Ends.Before(h.Now):
			over++
		case next < 0 || r.Ends.Before(h.Rows[next].Ends):
			next = i
		}
	}
	s := ""
	if over > 0 {
		s = Count(over, "has", "have") + " ended. "
	}
	if next >= 0 {
		return s + h.Rows[next].Name + " " + h.Rows[next].words(h.Now)
	}
	return s + "No later end is known"
}

// monthTicks are ticks at beginnings of months, at most eight.
func monthTicks(s scale, now time.Time) (out []tick) {
	for _, every := range []int{1, 2, 3, 6, 12, 24, 60} {
		if (s.to-s.from)/30.44/float64(every) > 7 && every < 60 {
			continue
		}
		first := now.Add(time.Duration(s.from * 24 * float64(time.Hour)))
		y, m := first.Year(), int(first.Month())
		m = int(math.Ceil(float64(m)/float64(every)))*every + 1 // the first month after
		if every > 12 {
			m = 13
		}
		for at := time.Date(y, time.Month(m), 1, 0, 0, 0, 0, now.Location()); days(now, at) <= s.to; at = at.AddDate(0, every, 0) {
			label := at.Format("Jan 2006")
			if every >= 12 {
				label = at.Format("2006")
			}
			out = append(out, tick{x: percent(s.at(days(now, at))), label: label, minor: len(out)%2 == 1})
		}
		return out
	}
	return out
}

func (v horizonView) twin() Table {
	t := Table{Caption: or(v.Label, "Ends") + " as a table", Quiet: true, LiveKey: v.id + "-table", Head: []string{or(v.Corner, "What"), "Ends", "State", "Announced", "Note"}}
	day := func(at time.Time) Cell {
		if at.IsZero() {
			return Cell{Text: "not known", Muted: true}
		}
		return Cell{Text: at.Format("2 Jan 2006")}
	}
	for _, r := range v.rows {
		t.Rows = append(t.Rows, []Cell{{Text: r.Name, Href: r.Href, Header: true}, day(r.Ends), {Part: stateCell(r.state, r.words)}, day(r.Told), {Text: r.Note}})
	}
	return t
}
