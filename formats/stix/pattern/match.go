package pattern

import "slices"

// Result is what Match found.
type Result struct {
	Matched bool

	// Observations are one choice that meets the pattern together, as indices
	// into what was given, ascending, each once. Empty when nothing matched. For
	// a pattern of one pair of brackets, Terms says which others would do.
	Observations []int

	// Terms are the comparison expressions in brackets, in reading order, each
	// with the observations that meet it taken alone, whatever its qualifiers
	// say. They show why a pattern does not match.
	Terms []Term

	Steps int // of work done
}

// Term is a comparison expression in brackets.
type Term struct {
	Text         string // as String prints it
	Observations []int  // indices, ascending
}

// Match looks for observations that meet the pattern (STIX 2.1 §9.5):
//
//   - Brackets are met by one observation, one of whose objects meets the
//     comparisons.
//   - The operands of AND and FOLLOWEDBY, and the turns of REPEATS, take
//     different observations; one that was seen Count times may be taken Count
//     times.
//   - An observation that lasted from First to Last happened at any moment
//     between. FOLLOWEDBY, WITHIN and START…STOP hold when moments can be chosen
//     so that they do; the moment of STOP is outside. Under several of them at
//     once each is judged for itself, so observations that lasted may be taken
//     that moments chosen for all together would leave out.
//
// The error, which wraps ErrWork, is for work beyond the limit; the Result then
// holds only the steps done.
func (p *Pattern) Match(obs []Observation, limits Limits) (Result, error) {
	if limits.Steps <= 0 {
		limits.Steps = defaultSteps
	}
	m := &matcher{work: work{most: limits.Steps}}
	for i := range obs {
		m.views = append(m.views, newView(&obs[i], i))
	}
	slices.SortStableFunc(m.views, func(a, b view) int { return a.first.Compare(b.first) })
	for _, v := range m.views {
		m.room = append(m.room, min(max(v.Count, 1), plenty))
	}
	tree := m.plan(p.root, context{})
	found := tree != nil && m.solve(tree)
	if m.err != nil {
		return Result{Steps: m.done}, m.err
	}
	result := Result{Matched: found, Terms: m.terms, Steps: m.done}
	if found {
		result.Observations = m.indices(m.chosen)
	}
	return result, nil
}

// matcher is one run of Match.
type matcher struct {
	work
	views []view // in the order of First
	terms []Term

	room   []int // how often each observation may still be taken
	chosen []int // those taken, in the order of the search
	shared bool  // not only one leaf draws on the observations, or it does more than once
}

// indices turns positions in m.views into indices of what Match was given.
func (m *matcher) indices(positions []int) []int {
	var list []int
	for _, i := range positions {
		list = append(list, m.views[i].index)
	}
	slices.Sort(list)
	return slices.Compact(list)
}
