package vuln

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of what is kept of a record.
const (
	MaxTitle      = 512     // bytes
	MaxSummary    = 4 << 10 // bytes
	MaxRemedy     = 1 << 10 // bytes
	MaxWords      = 1 << 10 // bytes
	MaxReferences = 50
	MaxReference  = 2 << 10 // bytes of one
	MaxClaims     = 20_000  // of one record
	MaxIDs        = 2_000   // aliases, related or upstream ids, scores or weaknesses of one record
)

// Limits bound what a reader takes of a feed. A zero field means its default.
type Limits struct {
	Bytes   int // of one record; default 8 MiB
	Depth   int // of one record's objects and arrays; default 64
	Values  int // members, elements and brackets of one record; default 1,000,000
	Records int // default 5,000,000
}

// Filled gives the limits with the defaults in place of zeros.
func (l Limits) Filled() Limits {
	if l.Bytes <= 0 {
		l.Bytes = 8 << 20
	}
	if l.Depth <= 0 {
		l.Depth = 64
	}
	if l.Values <= 0 {
		l.Values = 1_000_000
	}
	if l.Records <= 0 {
		l.Records = 5_000_000
	}
	return l
}

// Clip gives at most most bytes of s as plain text: valid UTF-8 without control
// characters but line feeds and tabs, without space at its ends, and with "…"
// where it was cut.
func Clip(s string, most int) string {
	s = strings.TrimSpace(strings.ToValidUTF8(s, "\uFFFD"))
	if strings.ContainsFunc(s, unprintable) {
		s = strings.Map(func(r rune) rune {
			if unprintable(r) {
				return -1
			}
			return r
		}, s)
	}
	if len(s) <= most {
		return s
	}
	const mark = "…"
	cut := max(most-len(mark), 0)
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return strings.TrimRightFunc(s[:cut], unicode.IsSpace) + mark
}

// unprintable finds control characters and those that turn the direction of
// text, which could make one reason read as another.
func unprintable(r rune) bool {
	return r != '\n' && r != '\t' && unicode.IsControl(r) ||
		'\u202a' <= r && r <= '\u202e' || '\u2066' <= r && r <= '\u2069'
}

// Links keeps the references that may be shown as links: https, once each, in
// order, at most MaxReferences.
func Links(urls ...string) []string {
	var out []string
	seen := map[string]bool{}
	for _, u := range urls {
		if len(out) == MaxReferences {
			break
		}
		if len(u) > len("https://") && strings.EqualFold(u[:len("https://")], "https://") && len(u) <= MaxReference && !seen[u] &&
			!strings.ContainsFunc(u, func(r rune) bool { return unicode.IsSpace(r) || unprintable(r) || r == utf8.RuneError }) {
			seen[u] = true
			out = append(out, u)
		}
	}
	return out
}

// IDs keeps ids once each, in order, without empty ones and those in not, at
// most MaxIDs.
func IDs(ids []string, not ...string) []string {
	var out []string
	seen := map[string]bool{"": true}
	for _, id := range not {
		seen[id] = true
	}
	for _, id := range ids {
		id = strings.TrimSpace(id)
		if !seen[id] && len(id) <= 256 && len(out) < MaxIDs {
			seen[id] = true
			out = append(out, id)
		}
	}
	return out
}
