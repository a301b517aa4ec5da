package pattern

import (
	"errors"
	"fmt"
	"unicode/utf8"
)

// Error says where and why a text is not a pattern.
type Error struct {
	Offset int    // runes before the place
	Line   int    // of the place, from 1
	Col    int    // rune in the line, from 1
	Reason string // what is wrong or wanted, without a full stop
	Near   string // the text from the place on, at most 20 runes; it repeats what was sent, so Error leaves it out
}

// Error is the sentence for a person, without a full stop.
func (e *Error) Error() string {
	if e.Line > 1 {
		return fmt.Sprintf("at line %d, column %d: %s", e.Line, e.Col, e.Reason)
	}
	return fmt.Sprintf("at column %d: %s", e.Col, e.Reason)
}

// ErrWork is wrapped by Match's error when the work exceeds the limit. Whether
// the pattern matches is then not known.
var ErrWork = errors.New("the pattern takes more work on these observations than is allowed")

// fault makes the error for the byte offset at of text.
func fault(text string, at int, format string, args ...any) *Error {
	const near = 20
	e := &Error{Line: 1, Col: 1, Reason: fmt.Sprintf(format, args...)}
	for _, r := range text[:at] {
		e.Offset++
		e.Col++
		if r == '\n' {
			e.Line++
			e.Col = 1
		}
	}
	rest := text[at:]
	for n, i := 0, 0; i < len(rest); n++ {
		if n == near {
			rest = rest[:i]
			break
		}
		_, w := utf8.DecodeRuneInString(rest[i:])
		i += w
	}
	e.Near = rest
	return e
}
