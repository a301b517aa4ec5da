package furnish

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// The small language in which the discussions are written.

func public() Label              { return Label{"CLEAR", []string{"public"}} }
func green(who ...string) Label  { return Label{"GREEN", who} }
func amber(who ...string) Label  { return Label{"AMBER", who} }
func strict(who ...string) Label { return Label{"AMBER+STRICT", who} }
func red(who ...string) Label    { return Label{"RED", who} }

// line is a post before its time and label are known.
type line struct {
	by     string
	at     string // after the topic's first post, in an advisory's thread; ago, in a member's topic
	body   string
	label  *Label // nil for the thread's own
	quotes int
	pinned bool
	edits  []correction
	gone   *correction
}

type correction struct{ by, at, text string }

// ending resolves a topic.
type ending struct{ by, at, summary string }

func say(by, at, body string) line { return line{by: by, at: at, body: body} }

func (l line) to(label Label) line { l.label = &label; return l }
func (l line) quoting(n int) line  { l.quotes = n; return l }
func (l line) decision() line      { l.pinned = true; return l }
func (l line) edited(at, body string) line {
	l.edits = append(l.edits, correction{l.by, at, body})
	return l
}
func (l line) deleted(at, reason string) line { l.gone = &correction{l.by, at, reason}; return l }

// share is a topic begun by a member; times in it are "ago".
type share struct {
	key, room, title string
	label            Label
	lines            []line
	end              *ending
}

// thread is what followed an advisory; times in it are after its release.
type thread struct {
	lines []line
	end   *ending
}

func talk(lines ...line) thread { return thread{lines: lines} }

func (t thread) resolved(by, at, summary string) thread {
	t.end = &ending{by, at, summary}
	return t
}

// post gives a line its place in time.
func (l line) post(own Label, place func(string) (When, error)) (Post, error) {
	at, err := place(l.at)
	if err != nil {
		return Post{}, err
	}
	p := Post{By: l.by, At: at, Label: own, Body: l.body, Decision: l.pinned, Quotes: l.quotes}
	if l.label != nil {
		p.Label = *l.label
	}
	for _, e := range l.edits {
		at, err := place(e.at)
		if err != nil {
			return Post{}, err
		}
		p.Edits = append(p.Edits, Edit{At: at, Body: e.text})
	}
	if g := l.gone; g != nil {
		at, err := place(g.at)
		if err != nil {
			return Post{}, err
		}
		p.Deleted = &Deletion{By: g.by, At: at, Reason: g.text}
	}
	return p, nil
}

func (e *ending) resolution(place func(string) (When, error)) (*Resolution, error) {
	if e == nil {
		return nil, nil
	}
	at, err := place(e.at)
	if err != nil {
		return nil, err
	}
	return &Resolution{By: e.by, At: at, Summary: e.summary}, nil
}

// topic turns a member's share into a topic.
func (s share) topic() (Topic, error) {
	t := Topic{Key: s.key, Room: s.room, Title: s.title}
	ago := func(text string) (When, error) {
		d, err := span(text)
		return When{Ago: d}, err
	}
	for _, l := range s.lines {
		p, err := l.post(s.label, ago)
		if err != nil {
			return Topic{}, fmt.Errorf("topic %s: %w", s.key, err)
		}
		t.Posts = append(t.Posts, p)
	}
	var err error
	if t.Resolved, err = s.end.resolution(ago); err != nil {
		return Topic{}, fmt.Errorf("topic %s: %w", s.key, err)
	}
	return t, nil
}

// span reads a duration such as "3d4h" or "20m": days of 24 hours, hours and minutes, in that order.
func span(text string) (time.Duration, error) {
	var total time.Duration
	rest := text
	units := []struct {
		mark string
		unit time.Duration
	}{{"d", 24 * time.Hour}, {"h", time.Hour}, {"m", time.Minute}}
	for _, u := range units {
		figures, after, found := strings.Cut(rest, u.mark)
		if !found {
			continue
		}
		n, err := strconv.ParseUint(figures, 10, 16)
		if err != nil {
			return 0, fmt.Errorf("%q is not a span such as 3d4h", text)
		}
		total += time.Duration(n) * u.unit
		rest = after
	}
	if rest != "" || text == "" {
		return 0, fmt.Errorf("%q is not a span such as 3d4h", text)
	}
	return total, nil
}
