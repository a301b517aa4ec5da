package ui

import "fmt"

// A VersionRuler shows which versions are affected and which are fixed. Versions
// stand in their order at equal distances: how far apart they are means nothing.
type VersionRuler struct {
	ID       string // begins the ids inside; "" means "versions". Unique on its page
	Label    string // "Versions of libssl"
	Finding  string
	Versions []string // in order
	Rows     []VersionRow
	More     string // said below where rows were left out
}

// A VersionRow is what one source says of one thing.
type VersionRow struct {
	Name     string // of the thing
	Source   string // who says so
	Segments []VersionSegment
	Words    string // the same as text: ">= 1.0, < 2.0"
	Status   string // "affected", "fixed", …, as text
	Note     string // in the table: what the source says to do; may be empty
}

// A VersionSegment lies between two of the ruler's versions; -1 means open to that
// side. One version alone has From and To the same.
type VersionSegment struct {
	Kind       string // affected, fixed, cleared or person
	From, To   int
	Open, Shut bool // From, or To, does not belong to it
}

type versionLine struct {
	VersionRow
	bars []bar
	dots []versionDot
}

type versionDot struct{ class, x, path string }

type versionView struct {
	VersionRuler
	id, sentence string
	ticks        []tick
	rows         []versionLine
}

// versionEnds are the shapes of a segment's ends: full where the version belongs
// to it, hollow where it does not.
const (
	dotFull   = "M0-4.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 1 0 0-9z"
	dotSquare = "M-4-4H4V4H-4z"
)

func (r VersionRuler) view() versionView {
	v := versionView{VersionRuler: r, id: or(r.ID, "versions")}
	n := len(r.Versions)
	at := func(i int) float64 { return 100 * float64(i+1) / float64(n+1) }
	for i, name := range r.Versions {
		if len([]rune(name)) > 14 {
			name = string([]rune(name)[:13]) + "…"
		}
		v.ticks = append(v.ticks, tick{x: percent(at(i)), label: name, minor: n > 7 && i%2 == 1})
	}
	affected := 0
	for _, row := range r.Rows {
		l := versionLine{VersionRow: row}
		for _, s := range row.Segments {
			from, to := 0.0, 100.0
			if s.From >= 0 {
				from = at(s.From)
			}
			if s.To >= 0 {
				to = at(s.To)
			}
			fill := ""
			if s.Kind == "person" {
				fill = "url(#" + v.id + "-held)"
			}
			if to > from {
				l.bars = append(l.bars, bar{"seg " + s.Kind, percent(from), percent(to - from), fill})
			}
			path := dotFull
			if s.Kind == "fixed" {
				path = dotSquare
			}
			if s.From >= 0 {
				l.dots = append(l.dots, versionDot{dotClass(s.Kind, s.Open), percent(from), path})
			}
			if s.To >= 0 && s.To != s.From {
				l.dots = append(l.dots, versionDot{dotClass(s.Kind, s.Shut), percent(to), path})
			}
		}
		if row.Status == "affected" {
			affected++
		}
		v.rows = append(v.rows, l)
	}
	v.Finding = sentence(or(r.Finding, Count(affected, "affected range", "affected ranges")))
	v.sentence = fmt.Sprintf("%s %s on a line of %s.", v.Finding, Count(len(r.Rows), "range", "ranges"), Count(n, "version", "versions"))
	return v
}

func dotClass(kind string, hollow bool) string {
	if hollow {
		return "seg-end hollow " + kind
	}
	return "seg-end " + kind
}

func (v versionView) twin() Table {
	t := Table{Caption: or(v.Label, "Versions") + " as a table", Quiet: true, LiveKey: v.id + "-table", Head: []string{"Of what", "Status", "Versions", "Source", "What to do"}}
	for _, r := range v.Rows {
		t.Rows = append(t.Rows, []Cell{{Text: r.Name, Header: true}, {Text: r.Status}, {Text: r.Words, Mono: true}, {Text: r.Source}, {Text: r.Note}})
	}
	return t
}
