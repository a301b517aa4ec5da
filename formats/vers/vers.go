// Package vers is the one place that says whether a version is in a range
// . A range comes from an advisory, in the notation of the vers
// specification, of OSV, of CVE records, or in words; a version comes from an
// SBOM or from a device. Versions are compared by the rules of their ecosystem.
//
// What cannot be read or compared is Unknown, never Outside: "not affected" is
// not to be concluded from a failure to match.
package vers

import (
	"fmt"
	"strings"
)

// Limits of one range.
const (
	maxItems = 10_000  // exact versions, spans, words: of each
	maxText  = 4096    // bytes of one text for a person
	maxJSON  = 8 << 20 // bytes of an encoded range
)

// Verdict answers "is this version in the range?".
type Verdict int

// The verdicts. Unknown is the zero value: a person must look, and nobody may
// read it as Outside.
const (
	Unknown Verdict = iota
	Outside
	Inside
)

// String gives the verdict as a word.
func (v Verdict) String() string {
	switch v {
	case Outside:
		return "outside"
	case Inside:
		return "inside"
	}
	return "unknown"
}

// Span is one interval of versions. An empty bound is open-ended.
type Span struct {
	Low        string `json:"lo,omitempty"`
	LowOpen    bool   `json:"lx,omitzero"` // > rather than >=
	High       string `json:"hi,omitempty"`
	HighClosed bool   `json:"hc,omitzero"` // <= rather than <
}

// Range is a set of versions: all, or any exact version listed, or inside any
// span, minus what is excepted; and words that no program can read. A range that
// names nothing at all says nothing: every version is Unknown to it.
type Range struct {
	Scheme      string   `json:"s,omitempty"` // an OSV ecosystem, "semver", "generic" or "" (the same)
	All         bool     `json:"all,omitzero"`
	Exact       []string `json:"eq,omitempty"`
	Spans       []Span   `json:"in,omitempty"`
	Except      []Span   `json:"ex,omitempty"`
	ExceptExact []string `json:"ne,omitempty"`
	Plain       []string `json:"txt,omitempty"` // words for a person
	Fixed       []string `json:"fix,omitempty"` // versions that fix it, as the source says
}

// Contains says whether the version is in the range, and why, in plain words.
func (r Range) Contains(version string) (Verdict, string) {
	version = strings.TrimSpace(version)
	if version == "" && !(r.All && len(r.Except) == 0 && len(r.ExceptExact) == 0) {
		return Unknown, "no version is given"
	}
	if len(version) > maxVersion {
		return Unknown, fmt.Sprintf("the version has more than %d bytes", maxVersion)
	}
	o := orderOf(r.Scheme)

	in, why := r.included(o, version)
	if in == Outside {
		return Outside, why
	}
	switch out, whyNot := anyOf(o, r.Scheme, r.ExceptExact, r.Except, version); {
	case out == Inside:
		return Outside, whyNot + ", which is excepted"
	case out == Unknown && (len(r.Except) > 0 || len(r.ExceptExact) > 0):
		return Unknown, whyNot
	}
	return in, why
}

// included is Contains without the exceptions.
func (r Range) included(o order, version string) (Verdict, string) {
	if r.All {
		return Inside, "all versions are meant"
	}
	v, why := anyOf(o, r.Scheme, r.Exact, r.Spans, version)
	switch {
	case v == Inside:
		return v, why
	case len(r.Plain) > 0:
		return Unknown, fmt.Sprintf("a person must read %q", clip(r.Plain[0]))
	case v == Unknown && len(r.Exact) == 0 && len(r.Spans) == 0:
		if len(r.Except) > 0 || len(r.ExceptExact) > 0 {
			// Nothing but exceptions: what they leave is not said.
			return Unknown, "the source names only what it does not mean"
		}
		return Unknown, "the source names no versions"
	}
	return v, why
}

// anyOf says whether the version is one of those listed or inside one of the
// spans.
func anyOf(o order, scheme string, exact []string, spans []Span, version string) (Verdict, string) {
	if len(exact) == 0 && len(spans) == 0 {
		return Unknown, ""
	}
	if len(exact) > maxItems || len(spans) > maxItems {
		return Unknown, fmt.Sprintf("the range has more than %d parts", maxItems)
	}
	for _, e := range exact {
		if strings.TrimSpace(e) == version {
			return Inside, version + " is listed"
		}
	}
	if o == nil {
		return Unknown, fmt.Sprintf("versions of %q cannot be compared: the scheme is not known", scheme)
	}

	doubt := ""
	for _, s := range spans {
		v, why := s.contains(o, version)
		switch {
		case v == Inside:
			return Inside, why
		case v == Unknown && doubt == "":
			doubt = why
		case len(spans) == 1 && len(exact) == 0 && v == Outside:
			return v, why
		}
	}
	// A version that its scheme can read differs from a listed one that it
	// cannot; where no scheme is known, it may be another name of the same.
	generic := isGeneric(scheme)
	if len(exact) > 0 && !generic {
		if _, err := compare(o, version, version); err != nil && doubt == "" {
			doubt = err.Error()
		}
	}
	for _, e := range exact {
		c, err := compare(o, version, e)
		switch {
		case err == nil && c == 0:
			return Inside, fmt.Sprintf("%s is %s, which is listed", version, e)
		case doubt != "" || !generic:
		case err != nil:
			doubt = err.Error()
		case resembles(e, version):
			doubt = fmt.Sprintf("%s may be one of those that %q means", version, e)
		}
	}
	switch {
	case doubt != "":
		return Unknown, doubt
	case len(spans) == 0 && len(exact) == 1:
		return Outside, fmt.Sprintf("%s is not %s", version, exact[0])
	case len(spans) == 0:
		return Outside, fmt.Sprintf("%s is none of the %d versions listed", version, len(exact))
	}
	return Outside, fmt.Sprintf("%s is in none of the ranges given", version)
}

func isGeneric(scheme string) bool { return scheme == "" || scheme == "generic" }

// contains says whether the version is inside the interval. One bound that fails
// decides, even if the other cannot be compared.
func (s Span) contains(o order, version string) (Verdict, string) {
	var doubt error
	if s = s.shown(); s.Low != "" {
		c, err := compare(o, version, s.Low)
		switch {
		case err != nil:
			doubt = err
		case c < 0:
			return Outside, version + " is before " + s.Low
		case c == 0 && s.LowOpen:
			return Outside, version + " is not after " + s.Low
		}
	}
	if s.High != "" {
		c, err := compare(o, version, s.High)
		switch {
		case err != nil && doubt == nil:
			doubt = err
		case err != nil:
		case c > 0:
			return Outside, version + " is after " + s.High
		case c == 0 && !s.HighClosed:
			return Outside, version + " is not before " + s.High
		}
	}
	if doubt != nil {
		return Unknown, doubt.Error()
	}
	return Inside, version + " is " + s.words()
}

// shown drops the lower bound "0", by which OSV means the first version.
func (s Span) shown() Span {
	if s.Low == "0" && !s.LowOpen {
		s.Low = ""
	}
	return s
}

// words gives the interval for a sentence that begins with "1.2 is".
func (s Span) words() string {
	s = s.shown()
	low, high := "at least ", "before "
	if s.LowOpen {
		low = "after "
	}
	if s.HighClosed {
		high = "at most "
	}
	switch {
	case s.Low == "" && s.High == "":
		return "any version"
	case s.Low == "":
		return high + s.High
	case s.High == "":
		return low + s.Low
	}
	return low + s.Low + " and " + high + s.High
}

// String gives the interval as people write it: ">= 1.0, < 2.0".
func (s Span) String() string {
	s = s.shown()
	low, high := ">= ", "< "
	if s.LowOpen {
		low = "> "
	}
	if s.HighClosed {
		high = "<= "
	}
	switch {
	case s.Low == "" && s.High == "":
		return "all versions"
	case s.Low == "":
		return high + s.High
	case s.High == "":
		return low + s.Low
	}
	return low + s.Low + ", " + high + s.High
}

// named is how many exact versions String names.
const named = 20

// String gives the range as a person reads it: ">= 1.1.1, < 1.1.1l", "all
// versions", "2.0 and 2.1". Long lists are cut.
func (r Range) String() string {
	var parts []string
	if r.All {
		parts = append(parts, "all versions")
	}
	parts = append(parts, describe(r.Exact, r.Spans)...)
	text := strings.Join(parts, "; ")
	switch not := describe(r.ExceptExact, r.Except); {
	case len(not) == 0:
	case text == "" && len(r.Except) == 1 && r.Except[0] == Span{}:
		text = "no version" // vers:none/*
	case text == "":
		text = "not " + strings.Join(not, "; ")
	default:
		text += ", except " + strings.Join(not, "; ")
	}
	for _, p := range r.Plain {
		if text != "" {
			text += "; "
		}
		text += fmt.Sprintf("%q", clip(p))
	}
	if text == "" {
		return "no version is named"
	}
	return text
}

func describe(exact []string, spans []Span) (parts []string) {
	for i, s := range spans {
		if i == named {
			parts = append(parts, fmt.Sprintf("and %d more ranges", len(spans)-i))
			break
		}
		parts = append(parts, s.String())
	}
	switch n := len(exact); {
	case n == 1:
		parts = append(parts, exact[0])
	case n > named:
		parts = append(parts, fmt.Sprintf("%s and %d more", strings.Join(exact[:named], ", "), n-named))
	case n > 1:
		parts = append(parts, strings.Join(exact[:n-1], ", ")+" and "+exact[n-1])
	}
	return parts
}

// clip shortens words for a sentence.
func clip(s string) string {
	const most = 200
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
