package osv

import (
	"fmt"
	"slices"

	"github.com/cordon-isao/cordon/formats/vers"
	"github.com/cordon-isao/cordon/formats/vuln"
)

// step is one event: a version at which something begins or ends.
type step struct {
	kind    byte // i(ntroduced), f(ixed), l(ast affected)
	version string
}

// add adds the spans of a range to a set of versions. As the schema has it,
// events count in the order of their versions: affected from "introduced" until
// before "fixed" or through "last_affected", and only before a "limit" if there
// are any. What cannot be ordered is added in words.
func (r *eventRange) add(to *vers.Range) {
	var steps []step
	var limits []string
	unlimited := false
	for _, e := range r.Events {
		for _, s := range []step{{'i', e.Introduced}, {'f', e.Fixed}, {'l', e.LastAffected}, {'m', e.Limit}} {
			switch {
			case s.version == "":
			case len(s.version) > maxVersion:
				to.Plain = append(to.Plain, vuln.Clip("a range with a version that cannot be compared: "+s.version, vuln.MaxWords))
				return
			case s.kind != 'm':
				steps = append(steps, s)
			case s.version == "*":
				unlimited = true
			default:
				limits = append(limits, s.version)
			}
			if s.kind == 'f' && s.version != "" && !slices.Contains(to.Fixed, s.version) {
				to.Fixed = append(to.Fixed, s.version)
			}
		}
	}
	if !slices.ContainsFunc(steps, func(s step) bool { return s.kind == 'i' }) {
		to.Plain = append(to.Plain, vuln.Clip(fmt.Sprintf("a range that does not say where it begins%s", words(steps)), vuln.MaxWords))
		return
	}
	pair := len(steps) == 1 || len(steps) == 2 && steps[0] == (step{'i', "0"}) && steps[1].kind != 'i'
	if !pair && !sortSteps(to.Scheme, steps) && !alternating(steps) {
		to.Plain = append(to.Plain, vuln.Clip("a range whose versions cannot be ordered:"+words(steps), vuln.MaxWords))
		return
	}
	spans := between(steps)
	if len(limits) > 0 && !unlimited {
		limited, ok := limit(to.Scheme, spans, limits)
		if !ok {
			to.Plain = append(to.Plain, vuln.Clip("a range whose limit cannot be compared:"+words(steps), vuln.MaxWords))
			return
		}
		spans = limited
	}
	to.Spans = append(to.Spans, spans...)
}

// between gives the spans of ordered steps.
func between(steps []step) []vers.Span {
	var spans []vers.Span
	open := false
	var s vers.Span
	for i, at := range steps {
		switch {
		case at.kind == 'i' && !open:
			open, s = true, vers.Span{Low: at.version}
			if at.version == "0" {
				s.Low = ""
			}
		case at.kind == 'i' || !open:
		default:
			// The end of a span at which the next one begins is none.
			if next := i + 1; at.kind == 'f' && next < len(steps) && steps[next] == (step{'i', at.version}) {
				continue
			}
			s.High, s.HighClosed = at.version, at.kind == 'l'
			spans, open = append(spans, s), false
		}
	}
	if open {
		spans = append(spans, s)
	}
	return spans
}

// sortSteps orders steps by version and tells whether all can be compared. Of
// equal versions, what is written first comes first, but nothing ends with the
// last affected version before it begins with it.
func sortSteps(scheme string, steps []step) bool {
	ok := true
	sorted := slices.Clone(steps)
	slices.SortStableFunc(sorted, func(a, b step) int {
		c, err := compare(scheme, a.version, b.version)
		if err != nil {
			ok = false
		}
		if c == 0 && (a.kind == 'l') != (b.kind == 'l') {
			if a.kind == 'l' {
				return 1
			}
			return -1
		}
		return c
	})
	if ok {
		copy(steps, sorted)
	}
	return ok
}

// compare is vers.Compare with "0" before all.
func compare(scheme, a, b string) (int, error) {
	switch {
	case a == b:
		return 0, nil
	case a == "0":
		return -1, nil
	case b == "0":
		return 1, nil
	}
	return vers.Compare(scheme, a, b)
}

// alternating tells whether steps are pairs of a beginning and an end.
func alternating(steps []step) bool {
	for i, s := range steps {
		if (s.kind == 'i') != (i%2 == 0) {
			return false
		}
	}
	return true
}

// limit keeps of spans what is before the highest limit, and tells whether all
// could be compared.
func limit(scheme string, spans []vers.Span, limits []string) ([]vers.Span, bool) {
	highest := limits[0]
	for _, l := range limits[1:] {
		c, err := compare(scheme, highest, l)
		if err != nil {
			return nil, false
		}
		if c < 0 {
			highest = l
		}
	}
	var out []vers.Span
	for _, s := range spans {
		if s.Low != "" {
			c, err := compare(scheme, s.Low, highest)
			if err != nil {
				return nil, false
			}
			if c >= 0 {
				continue
			}
		}
		if s.High == "" {
			s.High = highest
		} else if c, err := compare(scheme, s.High, highest); err != nil {
			return nil, false
		} else if c >= 0 {
			s.High, s.HighClosed = highest, false
		}
		out = append(out, s)
	}
	return out, true
}

// words says steps in words.
func words(steps []step) string {
	out := ""
	for _, s := range steps {
		out += map[byte]string{'i': " from ", 'f': " fixed in ", 'l': " through "}[s.kind] + s.version
	}
	return out
}
