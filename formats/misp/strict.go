package misp

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Error says where a text is refused and why. It repeats no value.
type Error struct {
	Pointer string // RFC 6901; empty for the whole text
	Reason  string
}

// Error returns a sentence.
func (e *Error) Error() string {
	if e.Pointer == "" {
		return e.Reason
	}
	p := e.Pointer
	if len(p) > 200 {
		p = strings.ToValidUTF8(p[:200], "") + "…"
	}
	return "at " + p + ": " + e.Reason
}

// Limits bound what is read. A zero field means its default.
type Limits struct {
	Bytes      int64 // of the whole text; default 256 MiB
	Depth      int   // of nested objects and arrays; default 64
	Values     int   // members, elements and brackets in all; default 20,000,000
	Events     int   // default 10,000
	Attributes int   // per event, those of its objects included; default 100,000
}

func (l Limits) filled() Limits {
	if l.Bytes == 0 {
		l.Bytes = 256 << 20
	}
	if l.Depth == 0 {
		l.Depth = 64
	}
	if l.Values == 0 {
		l.Values = 20_000_000
	}
	if l.Events == 0 {
		l.Events = 10_000
	}
	if l.Attributes == 0 {
		l.Attributes = 100_000
	}
	return l
}

func readAll(r io.Reader, l Limits) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, l.Bytes+1))
	if err != nil {
		return nil, fmt.Errorf("reading MISP JSON: %w", err)
	}
	if int64(len(data)) > l.Bytes {
		return nil, &Error{Reason: fmt.Sprintf("the text is longer than %d bytes", l.Bytes)}
	}
	return data, checkText(data, l)
}

// checkText refuses JSON that two readers could read differently: names given
// twice or in two letter cases, bad UTF-8, half surrogate pairs, NUL, and
// anything after the value. It does not recurse.
func checkText(data []byte, l Limits) error {
	if bytes.HasPrefix(data, []byte("\xef\xbb\xbf")) {
		return &Error{Reason: "the text begins with a byte order mark"}
	}
	if bytes.IndexByte(data, 0) >= 0 {
		return &Error{Reason: "there is a NUL (is this UTF-16?)"}
	}
	if len(bytes.TrimLeft(data, " \t\r\n")) == 0 {
		return &Error{Reason: "the text is empty"}
	}
	d := jsontext.NewDecoder(bytes.NewBuffer(data)) // refuses duplicate names and bad UTF-8 itself
	at := func(reason string) error { return &Error{Pointer: string(d.StackPointer()), Reason: reason} }
	type level struct {
		names  map[string]struct{} // folded; made when there are too many to compare
		few    []string
		object bool
	}
	var stack []level
	for n := 0; n == 0 || d.StackDepth() > 0; n++ {
		if n > l.Values {
			return at(fmt.Sprintf("there are more than %d values", l.Values))
		}
		if k := d.PeekKind(); (k == '{' || k == '[') && d.StackDepth() >= l.Depth {
			return at(fmt.Sprintf("nesting is deeper than %d", l.Depth))
		}
		token, err := d.ReadToken()
		if err != nil {
			return explain(err)
		}
		switch token.Kind() {
		case '{':
			stack = append(stack, level{object: true})
		case '[':
			stack = append(stack, level{})
		case '}', ']':
			stack = stack[:len(stack)-1]
		case '0':
			if len(token.String()) > 64 {
				return at("a number has more than 64 characters")
			}
		case '"':
			s := token.String()
			if strings.IndexByte(s, 0) >= 0 {
				return at("a string holds NUL")
			}
			if len(stack) == 0 || !stack[len(stack)-1].object {
				break
			}
			if _, length := d.StackIndex(d.StackDepth()); length%2 == 0 {
				break // a value
			}
			top, f := &stack[len(stack)-1], fold(s)
			dup := false
			if top.names != nil {
				_, dup = top.names[f]
				top.names[f] = struct{}{}
			} else {
				for _, other := range top.few {
					dup = dup || other == f
				}
				if top.few = append(top.few, f); len(top.few) > 32 {
					top.names = map[string]struct{}{}
					for _, other := range top.few {
						top.names[other] = struct{}{}
					}
				}
			}
			if dup {
				return at("a name differs only in letter case from one before it")
			}
		}
	}
	if _, err := d.ReadToken(); err != io.EOF {
		return &Error{Reason: "something follows the value"}
	}
	return nil
}

// fold maps names that differ only in letter case, by Unicode simple folding,
// to one.
func fold(s string) string {
	plain := true
	for i := 0; i < len(s) && plain; i++ {
		plain = s[i] < utf8.RuneSelf && (s[i] < 'A' || s[i] > 'Z')
	}
	if plain {
		return s
	}
	return strings.Map(func(r rune) rune {
		least := r
		for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
			least = min(least, next)
		}
		if 'A' <= least && least <= 'Z' {
			least += 'a' - 'A'
		}
		return least
	}, s)
}

func explain(err error) error {
	var syntax *jsontext.SyntacticError
	if !errors.As(err, &syntax) {
		if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
			return &Error{Reason: "the text ends in the middle"}
		}
		return &Error{Reason: "this is not JSON"}
	}
	e := &Error{Pointer: string(syntax.JSONPointer)}
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

// lenient reads what PHP and older instances write: numbers and truth values as
// strings and the other way round, null for nothing, [] for an empty object.
var lenient = json.WithUnmarshalers(json.JoinUnmarshalers(
	json.UnmarshalFromFunc(func(d *jsontext.Decoder, s *string) error {
		switch d.PeekKind() {
		case '"':
			return errors.ErrUnsupported // the usual way
		case '0', 't', 'f':
			v, err := d.ReadValue()
			*s = string(v)
			return err
		case 'n':
			*s = ""
			return d.SkipValue()
		}
		return errors.ErrUnsupported
	}),
	json.UnmarshalFromFunc(func(d *jsontext.Decoder, b *bool) error {
		switch d.PeekKind() {
		case '"', '0':
			t, err := d.ReadToken()
			if err != nil {
				return err
			}
			switch t.String() {
			case "1", "true", "True":
				*b = true
			case "0", "false", "False", "":
				*b = false
			default:
				return errors.New("neither true nor false")
			}
			return nil
		case 'n':
			*b = false
			return d.SkipValue()
		}
		return errors.ErrUnsupported
	}),
	json.UnmarshalFromFunc(func(d *jsontext.Decoder, o *Org) error {
		if d.PeekKind() == '[' { // PHP's empty object
			return d.SkipValue()
		}
		return errors.ErrUnsupported
	}),
))

// decode reads text that checkText has accepted.
func decode(data []byte, v any, at string) error {
	err := json.Unmarshal(data, v, lenient)
	if err == nil {
		return nil
	}
	var semantic *json.SemanticError
	if errors.As(err, &semantic) {
		kind := map[jsontext.Kind]string{'n': "null", 't': "true", 'f': "false", '"': "a string", '0': "a number", '{': "an object", '[': "a list"}[semantic.JSONKind]
		if kind == "" {
			kind = "a value"
		}
		return &Error{Pointer: at + string(semantic.JSONPointer), Reason: kind + " cannot stand here"}
	}
	return &Error{Pointer: at, Reason: "this is not a MISP event"}
}
