package strictjson

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
)

// ErrTooLarge is wrapped by the error for a text over its byte limit.
var ErrTooLarge = errors.New("the JSON text is too large")

// Error says what is wrong with a text and where.
type Error struct {
	Pointer string // RFC 6901; empty for the whole text
	Offset  int64  // bytes from the start, at or before the fault
	Reason  string // a clause in plain words, without any value of the text

	err error
}

// Error is a sentence. The pointer, which the sender chose, is shortened and
// freed of control characters.
func (e *Error) Error() string {
	if e.Pointer == "" {
		return fmt.Sprintf("%s (byte %d)", e.Reason, e.Offset)
	}
	return fmt.Sprintf("%s at %s (byte %d)", e.Reason, printable(e.Pointer), e.Offset)
}

// Unwrap gives the error of a type's own decoding, where there is one.
func (e *Error) Unwrap() error { return e.err }

// Reasoner is an error that a type's own decoding may return to have its
// words shown to the sender. They must not repeat the value.
type Reasoner interface {
	error
	JSONReason() string
}

func printable(s string) string {
	const most = 200
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '\uFFFD'
		}
		return r
	}, s)
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}
