package pattern

import (
	"fmt"
	"sort"
	"time"
)

// maxChosen is the most observations one choice may consist of, which bounds the
// depth of the search.
const maxChosen = 10_000

// solve chooses observations for p into m.chosen.
func (m *matcher) solve(p plan) bool {
	if e, ok := p.(*either); ok {
		for _, part := range e.parts {
			if m.solve(part) {
				return true
			}
		}
		return false
	}
	room := 0
	for _, n := range m.room {
		room = min(room+n, plenty)
	}
	if p.least() > room {
		return false
	}
	// Without OR, the question whether there are observations enough is one of
	// flow, which takes no search. Without times there is no other question.
	demands, timeless, ok := demandsOf(p, 1)
	if ok {
		chosen, enough := m.flow(demands)
		if !enough {
			return false
		}
		if timeless {
			m.chosen = chosen
			return true
		}
	}
	m.shared = !alone(p)
	return m.take(p, nil, func() bool { return true })
}

// alone says whether p is one leaf, taken once.
func alone(p plan) bool {
	for {
		w, ok := p.(*within)
		if !ok {
			_, ok := p.(*leaf)
			return ok
		}
		p = w.part
	}
}

// scope is a part of the plan for whose observations a rule of time holds.
type scope struct {
	outer *scope

	bounded bool // by span, from the earliest last to the latest first
	span    time.Duration
	ordered bool      // no observation ends before after
	after   time.Time // the latest first of what goes before

	// Of the observations chosen so far:
	any      bool
	latest   time.Time // first
	earliest time.Time // last
}

// bounds is what all scopes from s outwards demand of one more observation: its
// last not before low, its first not after high.
func (m *matcher) bounds(s *scope) (low time.Time, high *time.Time) {
	for ; s != nil; s = s.outer {
		m.spend(1)
		if s.ordered && s.after.After(low) {
			low = s.after
		}
		if !s.bounded || !s.any {
			continue
		}
		if t := s.latest.Add(-s.span); t.After(low) {
			low = t
		}
		if t := s.earliest.Add(s.span); high == nil || t.Before(*high) {
			high = &t
		}
	}
	return low, high
}

// add enters an observation in all scopes from s outwards, and returns what
// takes it out again.
func (s *scope) add(first, last time.Time) (undo func()) {
	type before struct {
		s   *scope
		old scope
	}
	var saved []before
	for ; s != nil; s = s.outer {
		saved = append(saved, before{s, *s})
		if !s.any || first.After(s.latest) {
			s.latest = first
		}
		if !s.any || last.Before(s.earliest) {
			s.earliest = last
		}
		s.any = true
	}
	return func() {
		for _, b := range saved {
			*b.s = b.old
		}
	}
}

// take chooses for p inside s, then goes on with next. It tries one choice after
// another until next says true, or returns false with all undone.
func (m *matcher) take(p plan, s *scope, next func() bool) bool {
	if !m.spend(1) {
		return false
	}
	switch p := p.(type) {
	case *leaf:
		return m.takeLeaf(p, 0, p.n, s, next)
	case *all:
		return m.takeAll(p, 0, time.Time{}, s, next)
	case *either:
		for _, part := range p.parts {
			if m.take(part, s, next) {
				return true
			}
		}
	case *turns:
		return m.takeTurns(p, p.n, s, next)
	case *within:
		return m.take(p.part, &scope{outer: s, bounded: true, span: p.span}, next)
	}
	return false
}

// takeAll chooses for the parts from k on; moment is the latest first before
// them.
func (m *matcher) takeAll(a *all, k int, moment time.Time, s *scope, next func() bool) bool {
	if k == len(a.parts) {
		return next()
	}
	if !a.after {
		return m.take(a.parts[k], s, func() bool { return m.takeAll(a, k+1, moment, s, next) })
	}
	inner := &scope{outer: s, ordered: k > 0, after: moment}
	return m.take(a.parts[k], inner, func() bool {
		latest := moment
		if k == 0 || inner.latest.After(latest) {
			latest = inner.latest
		}
		return m.takeAll(a, k+1, latest, s, next)
	})
}

func (m *matcher) takeTurns(t *turns, left int, s *scope, next func() bool) bool {
	if left == 0 {
		return next()
	}
	return m.take(t.part, s, func() bool { return m.takeTurns(t, left-1, s, next) })
}

// takeLeaf chooses left observations from the candidates from k on. Choices that
// differ only in order are tried once.
func (m *matcher) takeLeaf(l *leaf, k, left int, s *scope, next func() bool) bool {
	if left == 0 {
		return next()
	}
	if len(m.chosen) >= maxChosen {
		if m.err == nil {
			m.err = fmt.Errorf("%w: more than %d observations at once", ErrWork, maxChosen)
		}
		return false
	}
	low, high := m.bounds(s)
	k = max(k, sort.Search(len(l.reach), func(k int) bool { return !l.reach[k].Before(low) }))
	for ; k < len(l.candidates); k++ {
		if !m.spend(1) || left > 1 && !m.enough(l, k, left, low, high) {
			return false
		}
		i := l.candidates[k]
		first, last, _ := l.frame.clip(m.views[i])
		if high != nil && first.After(*high) {
			return false // and so do all that follow
		}
		if m.room[i] == 0 || last.Before(low) {
			continue
		}
		// Taking fewer than can be had helps only when another leaf wants it.
		most, least := min(m.room[i], left), 1
		if !m.shared {
			least = most
		}
		for n := most; n >= least; n-- {
			undo := s.add(first, last)
			m.room[i] -= n
			m.chosen = append(m.chosen, i)
			if m.takeLeaf(l, k+1, left-n, s, next) {
				return true
			}
			m.chosen = m.chosen[:len(m.chosen)-1]
			m.room[i] += n
			undo()
			if !m.spend(1) {
				return false
			}
		}
	}
	return false
}

// enough says whether the candidates from k on that suit the bounds could make
// up what is left.
func (m *matcher) enough(l *leaf, k, left int, low time.Time, high *time.Time) bool {
	for _, i := range l.candidates[k:] {
		if !m.spend(1) {
			return false
		}
		first, last, _ := l.frame.clip(m.views[i])
		if high != nil && first.After(*high) {
			return false
		}
		if !last.Before(low) {
			if left -= m.room[i]; left <= 0 {
				return true
			}
		}
	}
	return false
}
