package pattern

import (
	"math"
	"slices"
	"time"
)

// plan is a pattern with the comparisons done: what is left is to choose
// observations. A nil plan cannot be met.
type plan interface {
	// least is the number of observations it takes at least, saturating.
	least() int
}

// leaf takes n of the candidates.
type leaf struct {
	n          int
	candidates []int // positions in matcher.views, ascending, so in the order of first
	frame      frame
	reach      []time.Time // the greatest last of the candidates up to here
}

// all takes what each of its parts takes; when after is set, the parts follow
// one another in time.
type all struct {
	parts []plan
	after bool
}

// either takes what one of its parts takes.
type either struct {
	parts []plan
}

// turns takes what its part takes, n times over.
type turns struct {
	part plan
	n    int
}

// within takes what its part takes, inside a span of time.
type within struct {
	part plan
	span time.Duration
}

// plenty is where counts stop growing.
const plenty = math.MaxInt32

func (l *leaf) least() int { return l.n }

func (a *all) least() int {
	sum := 0
	for _, p := range a.parts {
		sum = min(sum+p.least(), plenty)
	}
	return sum
}

func (e *either) least() int {
	least := plenty
	for _, p := range e.parts {
		least = min(least, p.least())
	}
	return least
}

func (t *turns) least() int  { return product(t.part.least(), t.n) }
func (w *within) least() int { return w.part.least() }

// product multiplies two counts.
func product(a, b int) int { return int(min(int64(a)*int64(b), plenty)) }

// frame is a START…STOP, or the common part of several. The zero frame is no
// restriction.
type frame struct {
	set      bool
	from, to time.Time // to is outside
}

// narrow is the common part of f and g, which is set.
func (f frame) narrow(g frame) frame {
	if f.set && f.from.After(g.from) {
		g.from = f.from
	}
	if f.set && f.to.Before(g.to) {
		g.to = f.to
	}
	return g
}

// clip is the part of v's time inside f; ok is false when there is none.
func (f frame) clip(v view) (first, last time.Time, ok bool) {
	first, last = v.first, v.last
	if !f.set {
		return first, last, true
	}
	if f.from.After(first) {
		first = f.from
	}
	if end := f.to.Add(-1); last.After(end) {
		last = end
	}
	return first, last, !last.Before(first)
}

// context is what surrounds a node.
type context struct {
	frame frame
	timed bool // an operator or qualifier needs times
	never bool // a START or STOP names no day of the calendar
}

// plan makes the plan of a node.
func (m *matcher) plan(node observation, c context) plan {
	switch n := node.(type) {
	case *bracket:
		return m.leaf(n, c)
	case *joined:
		c.timed = c.timed || n.op == "FOLLOWEDBY"
		parts := make([]plan, len(n.kids))
		for i, kid := range n.kids { // all of them even if one cannot be met, because Terms wants all
			parts[i] = m.plan(kid, c)
		}
		if n.op == "OR" {
			return m.either(parts)
		}
		if slices.Contains(parts, nil) {
			return nil
		}
		a := &all{parts, n.op == "FOLLOWEDBY"}
		if a.after && !m.consecutive(parts) {
			return nil
		}
		return a
	case *qualified:
		switch n.kind {
		case "START":
			c.timed = true
			c.never = c.never || n.from.t.IsZero() || n.to.t.IsZero()
			c.frame = c.frame.narrow(frame{true, n.from.t, n.to.t})
			return m.plan(n.inner, c)
		case "REPEATS":
			return repeat(m.plan(n.inner, c), int(min(n.from.i, plenty)))
		default:
			c.timed = true
			return limit(m.plan(n.inner, c), n.from)
		}
	}
	return nil
}

// leaf does the comparisons of brackets.
func (m *matcher) leaf(b *bracket, c context) plan {
	var met, candidates []int
	for i, v := range m.views {
		if !m.meets(b, v) {
			if m.err != nil {
				return nil
			}
			continue
		}
		met = append(met, i)
		if c.never || c.timed && v.first.IsZero() {
			continue
		}
		if _, _, ok := c.frame.clip(v); ok {
			candidates = append(candidates, i)
		}
	}
	m.terms = append(m.terms, Term{(&Pattern{root: b}).String(), m.indices(met)})
	if len(candidates) == 0 {
		return nil
	}
	return m.newLeaf(candidates, c.frame)
}

func (m *matcher) newLeaf(candidates []int, f frame) *leaf {
	l := &leaf{n: 1, candidates: candidates, frame: f, reach: make([]time.Time, len(candidates))}
	for k, i := range candidates {
		_, last, _ := f.clip(m.views[i])
		if k > 0 && l.reach[k-1].After(last) {
			last = l.reach[k-1]
		}
		l.reach[k] = last
	}
	return l
}

// either makes one leaf of all leaves that take one observation each.
func (m *matcher) either(parts []plan) plan {
	var one []int
	var f frame
	rest := parts[:0]
	for _, p := range parts {
		l, ok := p.(*leaf)
		switch {
		case p == nil:
		case ok && l.n == 1 && (one == nil || l.frame == f):
			one, f = append(one, l.candidates...), l.frame
		default:
			rest = append(rest, p)
		}
	}
	if one != nil {
		slices.Sort(one)
		rest = slices.Insert(rest, 0, plan(m.newLeaf(slices.Compact(one), f)))
	}
	switch len(rest) {
	case 0:
		return nil
	case 1:
		return rest[0]
	}
	return &either{rest}
}

// consecutive is a quick look at parts that are to follow one another: whether
// they could if none of them needed an observation of its own.
func (m *matcher) consecutive(parts []plan) bool {
	var moment time.Time
	for _, p := range parts {
		l, ok := p.(*leaf)
		if !ok {
			continue
		}
		found := false
		for _, i := range l.candidates {
			first, last, _ := l.frame.clip(m.views[i])
			if !m.spend(1) {
				return false
			}
			if last.Before(moment) {
				continue
			}
			if first.After(moment) {
				moment = first
			}
			found = true
			break // the others begin later
		}
		if !found {
			return false
		}
	}
	return true
}

// repeat makes n of a part.
func repeat(part plan, n int) plan {
	if part == nil || n == 1 {
		return part
	}
	if l, ok := part.(*leaf); ok {
		many := *l
		many.n = product(l.n, n)
		return &many
	}
	return &turns{part, n}
}

// limit puts a span of time around a part.
func limit(part plan, seconds constant) plan {
	switch p := part.(type) {
	case nil:
		return nil
	case *leaf:
		if p.n == 1 {
			return p // one moment
		}
	case *either:
		for i := range p.parts {
			p.parts[i] = limit(p.parts[i], seconds)
		}
		return p
	}
	d := (seconds.f + float64(seconds.i)) * float64(time.Second) // one of them is 0
	if d >= math.MaxInt64 {
		return &within{part, math.MaxInt64}
	}
	return &within{part, time.Duration(d)}
}
