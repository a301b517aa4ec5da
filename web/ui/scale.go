package ui

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Pictures are SVG without a viewBox: what lies along the time axis is given
// in percent of the plot, what has a size for the eye (bars, marks, letters)
// in px. So they fill any width, letters never shrink, and no inline style is
// needed to place anything.

// A scale maps days to percent of a plot's width.
type scale struct{ from, to float64 }

// at returns where day lies, kept inside the plot.
func (s scale) at(day float64) float64 {
	return 100 * (min(max(day, s.from), s.to) - s.from) / (s.to - s.from)
}

// percent writes a coordinate; a thousandth of a percent is less than a minute
// on the longest axis that is drawn.
func percent(p float64) string {
	return strings.TrimSuffix(strings.TrimRight(strconv.FormatFloat(p, 'f', 4, 64), "0"), ".") + "%"
}

// steps are the distances of ticks, in days.
var steps = []float64{1, 2, 5, 10, 15, 30, 60, 90, 180, 365, 730, 1825, 3650}

// step returns the smallest distance that cuts an axis of span days into at
// most most parts.
func step(span, most float64) float64 {
	for _, s := range steps {
		if span/s <= most {
			return s
		}
	}
	return math.Ceil(span/most/3650) * 3650
}

// A tick is one mark of an axis.
type tick struct {
	x, label string
	second   string // a second line; may be empty
	minor    bool   // a label only where there is room
}

// days returns how many days t is after zero; a day has 24 hours.
func days(zero, t time.Time) float64 { return t.Sub(zero).Hours() / 24 }

// DayNumber counts calendar days from zero to t, both read in t's location:
// the day on which something was learned is day 0.
func DayNumber(zero, t time.Time) int {
	z := zero.In(t.Location())
	a := time.Date(z.Year(), z.Month(), z.Day(), 0, 0, 0, 0, time.UTC)
	b := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
	return int(b.Sub(a).Hours() / 24)
}

// Deadline writes t in its own location with the zone, which deadlines always
// show: "14 Dec 2026 23:59 America/New_York".
func Deadline(t time.Time, zone string) string {
	return t.Format("2 Jan 2006 15:04 ") + or(zone, t.Format("MST"))
}

// Span writes a length of time as [Relative] does: "6 d", "47 h".
func Span(d time.Duration) string {
	if d < 0 {
		d = -d
	}
	zero := time.Time{}
	if d < time.Minute {
		return "under 1 min"
	}
	return strings.TrimSuffix(Relative(zero, zero.Add(d)), " ago")
}

// room returns the class that leaves space for words right of a plot: need is
// the widest overhang, in px.
func room(need float64) string {
	switch {
	case need <= 88:
		return "room-s"
	case need <= 136:
		return "room-m"
	}
	return "room-l"
}

// overhang estimates by how many px words of 12 px that begin at p percent of
// a plot reach beyond it, where the plot is as narrow as it may be.
func overhang(p float64, words string) float64 {
	return 26 + 6.4*float64(utf8.RuneCountInString(words)) - (100-p)/100*narrowest
}

// narrowest is the least width of a plot in px, as the style sheet says.
const narrowest = 400

// sentence ends s with a full stop, if it has no end of its own.
func sentence(s string) string {
	if s == "" || strings.HasSuffix(s, ".") || strings.HasSuffix(s, "!") || strings.HasSuffix(s, "?") {
		return s
	}
	return s + "."
}

// list writes "3 met, 1 at risk" from counts, in the order of names.
func list(names []string, counts map[string]int, word func(string) string) string {
	var parts []string
	for _, n := range names {
		if counts[n] > 0 {
			parts = append(parts, fmt.Sprintf("%s %s", Number(counts[n]), word(n)))
		}
	}
	return strings.Join(parts, ", ")
}
