package cve

import (
	"slices"
	"strconv"
	"strings"

	"github.com/cordon-isao/cordon/formats/vers"
	"github.com/cordon-isao/cordon/formats/vuln"
)

const (
	genericScheme = "generic"
	maxVersion    = 256    // bytes; formats/vers has the same
	maxVersions   = 10_000 // of one range; the same
)

// sets are the versions of one product by what is said of them.
type sets struct {
	affected, unaffected, unknown vers.Range
	commits                       []string // ranges of commits, in words
}

// of gives the set of a status.
func (s *sets) of(status string) *vers.Range {
	switch status {
	case Affected:
		return &s.affected
	case Unaffected:
		return &s.unaffected
	}
	return &s.unknown
}

// read sorts the versions of a product by their status.
func (p *Product) read() sets {
	var s sets
	s.affected.Scheme = p.scheme()
	s.unaffected.Scheme, s.unknown.Scheme = s.affected.Scheme, s.affected.Scheme
	for i := range p.Versions {
		v := &p.Versions[i]
		switch {
		case v.commits():
			if v.Status == Affected {
				s.commits = append(s.commits, "commits "+v.words())
			}
		case v.LessThan != "" || v.LessThanOrEqual != "":
			s.addRange(v)
		default:
			addOne(s.of(v.Status), v.Version)
		}
	}
	return s
}

// scheme is the order of versions that a product's ranges name; the general one
// where they name several or none that is known.
func (p *Product) scheme() string {
	schemes := map[string]string{
		"semver": "semver", "python": "PyPI", "maven": "Maven", "rpm": "Red Hat", "npm": "npm", "deb": "Debian", "dpkg": "Debian",
		"gem": "RubyGems", "nuget": "NuGet", "go": "Go", "apk": "Alpine", "cargo": "crates.io",
	}
	found := ""
	for _, v := range p.Versions {
		if v.LessThan == "" && v.LessThanOrEqual == "" || v.commits() {
			continue
		}
		scheme := schemes[strings.ToLower(v.Type)]
		if scheme == "semver" && !(semantic(v.Version) && semantic(v.LessThan) && semantic(v.LessThanOrEqual)) {
			scheme = "" // many who write semver do not mean it
		}
		if scheme == "" || found != "" && found != scheme {
			return genericScheme
		}
		found = scheme
	}
	if found == "" {
		return genericScheme
	}
	return found
}

// semantic tells whether a bound is one of Semantic Versioning, or open.
func semantic(v string) bool {
	if v == "" || v == "*" || v == "0" {
		return true
	}
	core, _, _ := strings.Cut(v, "-")
	core, _, _ = strings.Cut(core, "+")
	parts := strings.Split(core, ".")
	if len(parts) != 3 {
		return false
	}
	for _, part := range parts {
		if part == "" || strings.Trim(part, "0123456789") != "" {
			return false
		}
	}
	return true
}

// commits tells whether a version is a commit, which no version compares with.
func (v *Version) commits() bool { return v.Type == "git" || v.Type == "original_commit_for_fix" }

// words is what is written, for a person.
func (v *Version) words() string {
	out := "from " + v.Version
	if v.LessThan != "" {
		out += " to before " + v.LessThan
	}
	if v.LessThanOrEqual != "" {
		out += " through " + v.LessThanOrEqual
	}
	for _, c := range v.Changes {
		out += ", " + c.Status + " from " + c.At
	}
	return vuln.Clip(out, vuln.MaxWords)
}

// nothing tells whether a version says none: "n/a" and the like.
func nothing(s string) bool {
	switch strings.ToLower(s) {
	case "", "n/a", "na", "-", "--", "none", "unspecified", "unknown", "not specified", "not applicable", "see references", "see advisory",
		"tbd", "various", "multiple", "multiple versions", "publication", "prior", "<", "latest", "next of":
		return true
	}
	return false
}

// every tells whether a version says all.
func every(s string) bool {
	switch strings.ToLower(s) {
	case "*", "all", "any", "all versions", "all version", "all releases", "every version":
		return true
	}
	return false
}

// token tells whether s is one version, without words around it.
func token(s string) bool {
	s = strings.TrimLeft(s, "vV")
	if s == "" || s[0] < '0' || s[0] > '9' || len(s) > maxVersion {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || strings.ContainsRune("<>=,;|*/", r) })
}

// addOne adds a version that is no range, or what is written in its place.
func addOne(r *vers.Range, text string) {
	text = strings.TrimSpace(text)
	switch {
	case nothing(text):
		r.Plain = append(r.Plain, "the record names no version")
	case every(text):
		r.All = true
	case text == "0": // the schema's word for the first version, without an end
		r.Plain = append(r.Plain, "the record says 0, which may be all versions or none")
	case len(text) > vuln.MaxWords:
		r.Plain = append(r.Plain, vuln.Clip(text, vuln.MaxWords))
	default:
		if s, ok := below(text); ok {
			r.Spans = append(r.Spans, s)
			return
		}
		if token(text) {
			r.Exact = append(r.Exact, text)
			return
		}
		merge(r, vers.ParseText(text))
	}
}

// merge adds what was read to a set. Exceptions belong to one label alone, so
// that a set with others in it leaves such a label to a person.
func merge(r *vers.Range, more vers.Range) {
	if len(more.Except)+len(more.ExceptExact) > 0 {
		r.Plain = append(r.Plain, more.String())
		return
	}
	r.All = r.All || more.All
	r.Exact = append(r.Exact, more.Exact...)
	r.Spans = append(r.Spans, more.Spans...)
	r.Plain = append(r.Plain, more.Plain...)
}

// below reads 5.4.* and 5.4.x as all that begin with 5.4.
func below(s string) (vers.Span, bool) {
	low, ok := strings.CutSuffix(s, ".*")
	if !ok {
		if low, ok = strings.CutSuffix(strings.ToLower(s), ".x"); !ok {
			return vers.Span{}, false
		}
	}
	high, ok := after(low)
	return vers.Span{Low: low, High: high}, ok && token(low)
}

// after gives the least version after all that begin with a dotted number: 5.5
// after 5.4.
func after(s string) (string, bool) {
	head, last := "", s
	if i := strings.LastIndexByte(s, '.'); i >= 0 {
		head, last = s[:i+1], s[i+1:]
	}
	if n := len(last) - len(strings.TrimLeft(last, "vV")); head == "" && n > 0 {
		head, last = last[:n], last[n:]
	}
	n, err := strconv.ParseUint(last, 10, 32)
	if err != nil {
		return "", false
	}
	return head + strconv.FormatUint(n+1, 10), true
}

// addRange adds a range with its changes of status.
func (s *sets) addRange(v *Version) {
	span, ok := v.span()
	if !ok {
		r := s.of(v.Status)
		r.Plain = append(r.Plain, v.words())
		return
	}
	changes := slices.Clone(v.Changes)
	for _, c := range changes {
		if !token(strings.TrimSpace(c.At)) {
			r := s.of(v.Status)
			r.Plain = append(r.Plain, v.words())
			return
		}
	}
	scheme := s.affected.Scheme
	slices.SortStableFunc(changes, func(a, b Change) int {
		c, _ := vers.Compare(scheme, a.At, b.At) // those that cannot be compared stay in their order
		return c
	})
	status, part := v.Status, span
	for _, c := range changes {
		at := strings.TrimSpace(c.At)
		if c.Status == status {
			continue
		}
		part.High, part.HighClosed = at, false
		s.addSpan(status, part)
		status, part = c.Status, vers.Span{Low: at, High: span.High, HighClosed: span.HighClosed}
	}
	s.addSpan(status, part)
}

func (s *sets) addSpan(status string, span vers.Span) {
	r := s.of(status)
	if span == (vers.Span{}) {
		r.All = true
		return
	}
	r.Spans = append(r.Spans, span)
	if status == Affected && span.High != "" && !span.HighClosed && !slices.Contains(r.Fixed, span.High) {
		r.Fixed = append(r.Fixed, span.High)
	}
}

// span reads the bounds of a range; false if they need a person.
func (v *Version) span() (vers.Span, bool) {
	low, high, closed := strings.TrimSpace(v.Version), strings.TrimSpace(v.LessThan), false
	if high == "" {
		high, closed = strings.TrimSpace(v.LessThanOrEqual), true
	} else if v.LessThanOrEqual != "" {
		return vers.Span{}, false // two ends
	}
	s := vers.Span{}
	// Operators, which belong to the members' names, are written all the same.
	switch cut, op := operator(low); op {
	case "":
	case ">", ">=":
		low, s.LowOpen = cut, op == ">"
	default:
		return s, false
	}
	switch cut, op := operator(high); op {
	case "":
	case "<", "<=":
		high, closed = cut, op == "<="
	default:
		return s, false
	}
	if low != "0" && !every(low) && !nothing(low) {
		if b, ok := below(low); ok {
			low = b.Low
		}
		if !bound(low) {
			return vers.Span{}, false
		}
		s.Low = low
	}
	if s.Low == "" {
		s.LowOpen = false
	}
	switch {
	case high == "*" || every(high):
		return s, true
	case nothing(high):
		return vers.Span{}, false
	}
	if b, ok := below(high); ok { // 5.4.* ends before 5.5, with or without the end
		high, closed = b.High, false
	}
	if !bound(high) {
		return vers.Span{}, false
	}
	if high == s.Low && !closed {
		s.Low = "" // "from 2.3 to before 2.3": those before 2.3 are meant
	}
	s.High, s.HighClosed = high, closed
	return s, true
}

// operator cuts a comparison off.
func operator(s string) (rest, op string) {
	rest = strings.TrimLeft(s, "<>=")
	return strings.TrimSpace(rest), s[:len(s)-len(rest)]
}

// bound tells whether s can be an end of a range: one version, perhaps with
// words such as SP1, but no list and no sentence.
func bound(s string) bool {
	return s != "" && len(s) <= maxVersion && strings.ContainsAny(s, "0123456789") && strings.Count(s, " ") <= 3 &&
		!strings.ContainsAny(s, ",;<>=|*") && !strings.Contains(s, "://")
}
