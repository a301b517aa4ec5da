package stix

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// Error says why an object or a text was refused. It repeats nothing of the
// text but well-formed ids, types and property names.
type Error struct {
	Index   int    // of the object in the stream, from 0; -1 if it is about none
	ID      string // of the object, if it is well-formed
	Pointer string // where in the object (RFC 6901); "" is the object itself
	Offset  int64  // of the byte, if it is known: in the text if Fatal, else in the object
	Reason  string // a sentence without its full stop
	Fatal   bool   // the text itself is broken or over a limit: nothing more can be read of it

	err error
}

// ErrTooLarge is what an Error wraps when a limit was met.
var ErrTooLarge = errors.New("over a limit")

// Unwrap gives ErrTooLarge, the reader's own error, or nil.
func (e *Error) Unwrap() error { return e.err }

// Error gives the sentence, objects counted from 1.
func (e *Error) Error() string {
	var b strings.Builder
	if e.Index >= 0 {
		fmt.Fprintf(&b, "object %d", e.Index+1)
	}
	if e.ID != "" {
		if b.Len() > 0 {
			b.WriteString(", ")
		}
		b.WriteString(e.ID)
	}
	if e.Pointer != "" {
		if b.Len() > 0 {
			b.WriteString(", ")
		}
		b.WriteString("at " + e.Pointer)
	}
	if b.Len() > 0 {
		b.WriteString(": ")
	}
	b.WriteString(e.Reason)
	return b.String()
}

// pointerToken is a name as a token of a pointer, or "…" if the name is not one
// that may be repeated.
func pointerToken(name string) string {
	if len(name) == 0 || len(name) > 100 {
		return "…"
	}
	for i := range len(name) {
		if c := name[i]; !lower(c) && !digit(c) && c != '_' && c != '-' && (c < 'A' || c > 'Z') {
			return "…"
		}
	}
	return name
}

// explain puts a JSON decoder's error into our words. Its Pointer is left empty
// for the caller, who knows which names may be repeated.
func explain(err error) *Error {
	e := &Error{Index: -1, Fatal: true}
	var syntax *jsontext.SyntacticError
	if errors.As(err, &syntax) {
		e.Offset = syntax.ByteOffset
	}
	switch {
	case errors.Is(err, jsontext.ErrDuplicateName):
		e.Reason = "a name is given twice"
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		e.Reason = "the text ends in the middle"
	case syntax == nil:
		e.Reason = "the text cannot be read to its end"
		e.err = err
	case strings.Contains(syntax.Err.Error(), "UTF-8"):
		e.Reason = "there is text that is not UTF-8"
	case strings.Contains(syntax.Err.Error(), "surrogate"):
		e.Reason = "there is half a surrogate pair"
	case strings.Contains(syntax.Err.Error(), "depth"):
		e.Reason = "nesting is too deep"
	default:
		e.Reason = "this is not JSON"
	}
	return e
}
