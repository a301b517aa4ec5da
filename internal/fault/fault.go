// Package fault is the six kinds of things that go wrong. Each carries a
// sentence fit for the reader; one function at the door (internal/httpkit)
// turns a kind into a status, a page or an RFC 9457 problem.
package fault

import (
	"context"
	"errors"
	"fmt"
)

// Kind is one of six.
type Kind string

// The kinds. What a viewer may not see is Missing, never Forbidden: Forbidden is
// for acts on things the viewer can see.
const (
	Invalid   Kind = "invalid"   // the input is wrong; the sentence says what and how to mend it
	Forbidden Kind = "forbidden" // this viewer may not do that
	Missing   Kind = "missing"   // there is no such thing, as far as this viewer can know
	Conflict  Kind = "conflict"  // the thing changed, or is in a state that does not allow this
	Busy      Kind = "busy"      // try again later
	Internal  Kind = "internal"  // our fault; the reader learns no detail
)

// Field is what is wrong with one input field.
type Field struct{ Name, Message string }

// Error is a fault. Message is shown to the reader; the wrapped error is for
// the operator's log only.
type Error struct {
	Kind    Kind
	Message string
	Fields  []Field
	Err     error
}

// Error is the sentence, and what it wraps.
func (e *Error) Error() string {
	if e.Err != nil {
		return e.Message + ": " + e.Err.Error()
	}
	return e.Message
}

// Unwrap gives the operator's side.
func (e *Error) Unwrap() error { return e.Err }

// Invalidf, Forbiddenf, Conflictf and Busyf make faults whose sentence is shown
// to the reader: it starts with a capital and ends with a full stop.
func Invalidf(format string, args ...any) error {
	return &Error{Kind: Invalid, Message: fmt.Sprintf(format, args...)}
}

// Forbiddenf is for an act that this viewer may not do on a thing it can see.
func Forbiddenf(format string, args ...any) error {
	return &Error{Kind: Forbidden, Message: fmt.Sprintf(format, args...)}
}

// Conflictf is for a thing that changed or is in the wrong state.
func Conflictf(format string, args ...any) error {
	return &Error{Kind: Conflict, Message: fmt.Sprintf(format, args...)}
}

// Busyf is for what may succeed later.
func Busyf(format string, args ...any) error {
	return &Error{Kind: Busy, Message: fmt.Sprintf(format, args...)}
}

// ErrMissing is the one answer for what does not exist and for what may not be
// seen: the same bytes for both (T-08).
var ErrMissing error = &Error{Kind: Missing, Message: "There is nothing here, or it is not shared with you."}

// InvalidField is a fault of one field.
func InvalidField(name, format string, args ...any) error {
	m := fmt.Sprintf(format, args...)
	return &Error{Kind: Invalid, Message: m, Fields: []Field{{name, m}}}
}

// InvalidFields is a fault of several fields, or nil when there are none.
func InvalidFields(fields []Field) error {
	switch len(fields) {
	case 0:
		return nil
	case 1:
		return &Error{Kind: Invalid, Message: fields[0].Message, Fields: fields}
	}
	return &Error{Kind: Invalid, Message: fmt.Sprintf("%d things need mending before this can be saved.", len(fields)), Fields: fields}
}

// KindOf finds the kind of an error; an error that is not a fault is Internal,
// and nil has no kind.
func KindOf(err error) Kind {
	if err == nil {
		return ""
	}
	var f *Error
	switch {
	case errors.As(err, &f):
		return f.Kind
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return Busy // whoever asked did not wait
	}
	return Internal
}

// Is reports whether err is a fault of the kind.
func Is(err error, k Kind) bool { return err != nil && KindOf(err) == k }

// Sentence is what a reader may be told of the error. An internal error tells
// nothing of itself.
func Sentence(err error) string {
	var f *Error
	if errors.As(err, &f) && f.Kind != Internal {
		return f.Message
	}
	if KindOf(err) == Busy {
		return "The request was given up before it was answered. Look before you send it again."
	}
	return "Something went wrong on our side. Nothing was changed. Try again; if it happens again, tell the desk."
}

// FieldsOf lists what is wrong field by field, if the error says so.
func FieldsOf(err error) []Field {
	var f *Error
	if errors.As(err, &f) {
		return f.Fields
	}
	return nil
}
