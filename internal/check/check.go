// Package check gathers everything that is wrong with an input, so that it is
// told at once and beside its fields.
package check

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/cordon-isao/cordon/internal/fault"
)

// Problems is what was found wrong so far. The zero value is none.
type Problems struct{ fields []fault.Field }

// Add notes a problem with a field.
func (p *Problems) Add(field, format string, args ...any) {
	p.fields = append(p.fields, fault.Field{Name: field, Message: fmt.Sprintf(format, args...)})
}

// Take notes the fields of an invalid input that another check found; any other
// error is returned.
func (p *Problems) Take(err error) error {
	if !fault.Is(err, fault.Invalid) {
		return err
	}
	fs := fault.FieldsOf(err)
	if len(fs) == 0 {
		return err
	}
	p.fields = append(p.fields, fs...)
	return nil
}

// Found reports whether something is wrong.
func (p *Problems) Found() bool { return len(p.fields) > 0 }

// Err is the fault of everything gathered, or nil.
func (p *Problems) Err() error { return fault.InvalidFields(p.fields) }

// Line checks a text of one line, a title or a name, of at most max characters,
// and returns it trimmed.
func (p *Problems) Line(field, what, s string, max int, needed bool) string {
	s = strings.TrimSpace(s)
	switch n := utf8.RuneCountInString(s); {
	case !utf8.ValidString(s):
		p.Add(field, "%s is not readable text (UTF-8).", what)
	case needed && n == 0:
		p.Add(field, "%s is missing.", what)
	case n > max:
		p.Add(field, "%s has %d characters; at most %d fit.", what, n, max)
	case strings.ContainsFunc(s, Deceptive):
		p.Add(field, "%s contains characters that cannot be seen or that turn text around. Type it again without them.", what)
	}
	return s
}

// Text checks a text of many lines, of at most max characters, and returns it
// trimmed, with plain line ends.
func (p *Problems) Text(field, what, s string, max int, needed bool) string {
	s = strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n"))
	switch n := utf8.RuneCountInString(s); {
	case !utf8.ValidString(s):
		p.Add(field, "%s is not readable text (UTF-8).", what)
	case strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' }):
		p.Add(field, "%s contains control characters.", what)
	case needed && n == 0:
		p.Add(field, "%s is missing.", what)
	case n > max:
		p.Add(field, "%s has %d characters; at most %d fit.", what, n, max)
	}
	return s
}

// OneOf checks that s is one of the choices.
func (p *Problems) OneOf(field, what, s string, choices ...string) string {
	if !slices.Contains(choices, s) {
		p.Add(field, "%s must be one of %s.", what, strings.Join(choices, ", "))
	}
	return s
}

// Deceptive reports characters that have no place in a line: controls, line
// ends, direction marks and what has no width.
func Deceptive(r rune) bool {
	return unicode.Is(unicode.Cc, r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029' || r == utf8.RuneError
}
