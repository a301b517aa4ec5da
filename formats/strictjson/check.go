package strictjson

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// Limits bound what is read. A zero field means its default.
type Limits struct {
	Bytes  int64 // of the whole text; default 1 MiB
	Depth  int   // of nested objects and arrays; default 64
	Values int   // members, elements and brackets in all; default 100,000
	Number int   // bytes of one number; default 64

	// AllowUnknown ignores members that the target does not know, for other
	// people's documents. All other refusals stay.
	AllowUnknown bool
}

func (l Limits) filled() Limits {
	if l.Bytes == 0 {
		l.Bytes = 1 << 20
	}
	if l.Depth == 0 {
		l.Depth = 64
	}
	if l.Values == 0 {
		l.Values = 100_000
	}
	if l.Number == 0 {
		l.Number = 64
	}
	return l
}

// Check reads data as one JSON text and refuses what this package refuses,
// short of what depends on a target.
func Check(data []byte, limits Limits) error {
	limits = limits.filled()
	if int64(len(data)) > limits.Bytes {
		return tooLarge(limits.Bytes)
	}
	if bytes.HasPrefix(data, []byte("\xef\xbb\xbf")) {
		return &Error{Reason: "the text begins with a byte order mark"}
	}
	if i := bytes.IndexByte(data, 0); i >= 0 {
		return &Error{Offset: int64(i), Reason: "there is a NUL (is this UTF-16?)"}
	}
	if len(bytes.TrimLeft(data, " \t\r\n")) == 0 {
		return &Error{Reason: "the text is empty"}
	}

	d := jsontext.NewDecoder(bytes.NewBuffer(data)) // its defaults refuse duplicate names and invalid UTF-8
	var seen []map[string]struct{}                  // for each open bracket, its names folded; nil for an array
	at := func(reason string) error {
		return &Error{Pointer: string(d.StackPointer()), Offset: d.InputOffset(), Reason: reason}
	}
	for n := 0; ; n++ {
		if n > 0 && d.StackDepth() == 0 {
			break
		}
		if n > limits.Values {
			return at(fmt.Sprintf("there are more than %d values", limits.Values))
		}
		if k := d.PeekKind(); (k == '{' || k == '[') && d.StackDepth() >= limits.Depth {
			return at(fmt.Sprintf("nesting is deeper than %d", limits.Depth))
		}
		token, err := d.ReadToken()
		if err != nil {
			return explain(err)
		}
		switch token.Kind() {
		case '{':
			seen = append(seen, map[string]struct{}{})
		case '[':
			seen = append(seen, nil)
		case '}', ']':
			seen = seen[:len(seen)-1]
		case '0':
			if len(token.String()) > limits.Number {
				return at(fmt.Sprintf("a number has more than %d characters", limits.Number))
			}
		case '"':
			s := token.String()
			if strings.IndexByte(s, 0) >= 0 {
				return at("a string holds NUL")
			}
			kind, length := d.StackIndex(d.StackDepth())
			if kind != '{' || length%2 == 0 {
				break // a value
			}
			names := seen[len(seen)-1]
			f := fold(s)
			if _, dup := names[f]; dup {
				return at("a name differs only in letter case from one before it")
			}
			names[f] = struct{}{}
		}
	}
	if _, err := d.ReadToken(); err != io.EOF {
		return &Error{Offset: d.InputOffset(), Reason: "something follows the value"}
	}
	return nil
}

// fold maps names that differ only in letter case, by Unicode simple folding,
// to one.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		if r < utf8.RuneSelf {
			if 'A' <= r && r <= 'Z' {
				r += 'a' - 'A'
			}
			return r
		}
		least := r
		for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
			least = min(least, next)
		}
		if 'A' <= least && least <= 'Z' { // K and the Kelvin sign, s and long s
			least += 'a' - 'A'
		}
		return least
	}, s)
}

func tooLarge(limit int64) error {
	return &Error{Offset: limit, Reason: fmt.Sprintf("the text is longer than %d bytes", limit), err: ErrTooLarge}
}

// explain turns the decoder's syntax error into ours.
func explain(err error) error {
	var syntax *jsontext.SyntacticError
	if !errors.As(err, &syntax) {
		if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
			return &Error{Reason: "the text ends in the middle"}
		}
		return &Error{Reason: "this is not JSON"}
	}
	e := &Error{Pointer: string(syntax.JSONPointer), Offset: syntax.ByteOffset}
	switch text := syntax.Err.Error(); {
	case errors.Is(err, jsontext.ErrDuplicateName):
		e.Reason = "a name is given twice"
	case errors.Is(err, io.ErrUnexpectedEOF):
		e.Reason = "the text ends in the middle"
	case strings.Contains(text, "UTF-8"):
		e.Reason = "there is text that is not UTF-8"
	case strings.Contains(text, "surrogate"):
		e.Reason = "there is half a surrogate pair"
	default:
		e.Reason = "this is not JSON"
	}
	return e
}
