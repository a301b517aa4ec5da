package pattern

// demand is a leaf and how many observations it must be given.
type demand struct {
	l *leaf
	n int
}

// demandsOf lists what p needs, n times over. ok is false when p leaves a choice
// between parts; timeless is true when nothing else than numbers matters.
func demandsOf(p plan, n int) (list []demand, timeless, ok bool) {
	switch p := p.(type) {
	case *leaf:
		return []demand{{p, product(p.n, n)}}, true, true
	case *all:
		timeless, ok = !p.after, true
		for _, part := range p.parts {
			l, t, o := demandsOf(part, n)
			list, timeless, ok = append(list, l...), timeless && t, ok && o
		}
		return list, timeless, ok
	case *turns:
		return demandsOf(p.part, product(n, p.n))
	case *within:
		list, _, ok = demandsOf(p.part, n)
		return list, false, ok
	}
	return nil, false, false
}

// flow gives each demand its number of observations, each observation at most
// as often as there is room, and returns those given; enough is false when it
// cannot be done. It is the method of augmenting paths: a demand that finds
// nothing free makes another one change to something else.
func (m *matcher) flow(demands []demand) (chosen []int, enough bool) {
	f := &flow{
		m: m, demands: demands,
		free:  append([]int(nil), m.room...),
		given: make([][]share, len(m.room)),
		seen:  make([]int, len(m.room)),
	}
	for d, want := range demands {
		for left := want.n; left > 0; {
			f.turn++
			n := f.find(d, left)
			if n == 0 {
				return nil, false
			}
			left -= n
		}
	}
	for i, shares := range f.given {
		for _, has := range shares {
			if has.n > 0 {
				chosen = append(chosen, i)
				break
			}
		}
	}
	return chosen, true
}

// share is what one demand has of an observation.
type share struct{ d, n int }

type flow struct {
	m       *matcher
	demands []demand
	free    []int     // of each observation
	given   [][]share // of each observation
	seen    []int     // the last turn in which an observation was looked at
	turn    int
}

// find gets at most n more observations for demand d, and returns how many.
func (f *flow) find(d, n int) int {
	candidates := f.demands[d].l.candidates
	for _, i := range candidates {
		if !f.m.spend(1) {
			return 0
		}
		if got := min(n, f.free[i]); got > 0 {
			f.free[i] -= got
			f.give(i, d, got)
			return got
		}
	}
	for _, i := range candidates {
		if f.seen[i] == f.turn {
			continue
		}
		f.seen[i] = f.turn
		for _, has := range f.given[i] {
			if !f.m.spend(1) {
				return 0
			}
			if has.d == d || has.n == 0 {
				continue
			}
			if got := f.find(has.d, min(n, has.n)); got > 0 {
				f.give(i, has.d, -got)
				f.give(i, d, got)
				return got
			}
		}
	}
	return 0
}

// give adds n, which may be negative, to what demand d has of observation i.
func (f *flow) give(i, d, n int) {
	for k := range f.given[i] {
		if f.given[i][k].d == d {
			f.given[i][k].n += n
			return
		}
	}
	f.given[i] = append(f.given[i], share{d, n})
}
