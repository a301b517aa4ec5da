package scan

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// JSON walks over a JSON text. Each method consumes one value. null is taken
// for a member that is not there: the zero value, an empty object or array.
type JSON struct {
	in    *Meter
	dec   *jsontext.Decoder
	lim   Limits
	exact map[string]string // lower case → the spelling that is meant
	names map[string]string // as they were met, so that each is one string
}

// NewJSON walks over r. The names are those that the caller reads, at any
// level: the same name in another letter case is refused wherever a member is
// passed over.
func NewJSON(r io.Reader, lim Limits, names ...string) *JSON {
	in := &Meter{R: r, All: lim.Bytes}
	j := &JSON{in: in, dec: jsontext.NewDecoder(in), lim: lim, exact: map[string]string{}, names: map[string]string{}}
	for _, n := range names {
		j.exact[strings.ToLower(n)] = n
	}
	return j
}

// Offset is how many bytes were consumed.
func (j *JSON) Offset() int64 { return j.dec.InputOffset() }

// Path is the RFC 6901 pointer of the value that was read last, or of the
// object or array that it is in.
func (j *JSON) Path() string { return string(j.dec.StackPointer()) }

// Errorf is an error at the current place.
func (j *JSON) Errorf(format string, args ...any) error {
	return j.ErrorAt(j.Path(), format, args...)
}

// ErrorAt is an error at path.
func (j *JSON) ErrorAt(path, format string, args ...any) error {
	return &Error{Path: path, Byte: j.Offset(), Reason: fmt.Sprintf(format, args...)}
}

// Broken turns an error of the decoder into a sentence.
func (j *JSON) Broken(err error) error {
	e := &Error{Path: j.Path(), Byte: j.Offset(), Err: err}
	var syntax *jsontext.SyntacticError
	isSyntax := errors.As(err, &syntax)
	switch {
	case errors.Is(err, ErrTooLarge):
		e.Path, e.Reason = "", fmt.Sprintf("the document has more than %d bytes", j.lim.Bytes)
	case j.in.long:
		e.Reason = fmt.Sprintf("one value has more than %d bytes", maxToken)
	case errors.Is(err, jsontext.ErrDuplicateName):
		e.Reason = "a name is given twice"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		e.Reason = "the document ends in the middle"
	case isSyntax && strings.Contains(syntax.Err.Error(), "UTF-8"):
		e.Reason = "there is text that is not UTF-8"
	case isSyntax && strings.Contains(syntax.Err.Error(), "surrogate"):
		e.Reason = "there is half a surrogate pair"
	case isSyntax:
		e.Reason = "this is not JSON"
	default:
		e.Reason = "the document could not be read: " + Printable(err.Error())
	}
	if isSyntax {
		e.Path, e.Byte = string(syntax.JSONPointer), syntax.ByteOffset
	}
	return e
}

func (j *JSON) token() (jsontext.Token, error) {
	t, err := j.dec.ReadToken()
	if err != nil {
		return t, j.Broken(err)
	}
	j.in.Allow(j.dec.InputOffset())
	return t, nil
}

func kindName(k jsontext.Kind) string {
	switch k {
	case 'n':
		return "null"
	case 't', 'f':
		return "a boolean"
	case '"':
		return "a string"
	case '0':
		return "a number"
	case '{':
		return "an object"
	case '[':
		return "an array"
	}
	return "nothing"
}

// Kind is the kind of the next value, as jsontext names it: { [ " 0 t f n.
func (j *JSON) Kind() jsontext.Kind { return j.dec.PeekKind() }

// open consumes the bracket, or null, for which it says false.
func (j *JSON) open(bracket jsontext.Kind, want string) (bool, error) {
	if k := j.dec.PeekKind(); k == bracket && j.dec.StackDepth() >= j.lim.Depth {
		return false, j.Errorf("nesting is deeper than %d", j.lim.Depth)
	}
	t, err := j.token()
	switch {
	case err != nil:
		return false, err
	case t.Kind() == 'n':
		return false, nil
	case t.Kind() != bracket:
		return false, j.Errorf("%s is wanted, there is %s", want, kindName(t.Kind()))
	}
	return true, nil
}

// Object calls member for each name; member must consume the value, with
// [JSON.Skip] if it does not know it.
func (j *JSON) Object(member func(name string) error) error {
	ok, err := j.open('{', "an object")
	if !ok || err != nil {
		return err
	}
	for j.dec.PeekKind() != '}' {
		raw, err := j.dec.ReadValue()
		if err != nil {
			return j.Broken(err)
		}
		name, known := "", false
		if body := raw[min(1, len(raw)) : len(raw)-1]; len(body) < 64 {
			if name, known = j.names[string(body)]; !known {
				unquoted, err := jsontext.AppendUnquote(nil, raw)
				if err != nil {
					return j.Broken(err)
				}
				name = string(unquoted)
				if len(j.names) < 1000 && name == string(body) {
					j.names[name] = name
				}
			}
		}
		if err := member(name); err != nil {
			return err
		}
	}
	_, err = j.token()
	return err
}

// Array calls element for each; element must consume the value.
func (j *JSON) Array(element func(i int) error) error {
	ok, err := j.open('[', "an array")
	if !ok || err != nil {
		return err
	}
	for i := 0; j.dec.PeekKind() != ']'; i++ {
		if err := element(i); err != nil {
			return err
		}
	}
	_, err = j.token()
	return err
}

// String reads a string that is kept.
func (j *JSON) String() (string, error) {
	t, err := j.token()
	switch {
	case err != nil:
		return "", err
	case t.Kind() == 'n':
		return "", nil
	case t.Kind() != '"':
		return "", j.Errorf("a string is wanted, there is %s", kindName(t.Kind()))
	}
	s := t.String()
	if len(s) > j.lim.Text {
		return "", j.Errorf("a text has more than %d bytes", j.lim.Text)
	}
	if strings.IndexByte(s, 0) >= 0 {
		return "", j.Errorf("a text holds NUL")
	}
	return s, nil
}

// Text reads a string as String does, but only its beginning if it is too
// long: for descriptions.
func (j *JSON) Text(most int) (string, error) {
	t, err := j.token()
	switch {
	case err != nil:
		return "", err
	case t.Kind() == 'n':
		return "", nil
	case t.Kind() != '"':
		return "", j.Errorf("a string is wanted, there is %s", kindName(t.Kind()))
	}
	s := t.String()
	if strings.IndexByte(s, 0) >= 0 {
		return "", j.Errorf("a text holds NUL")
	}
	return Cut(s, most), nil
}

// Cut is the beginning of s, of at most most bytes.
func Cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.Clone(strings.ToValidUTF8(s[:most], "") + "…")
}

// Strings reads an array of strings, or one string.
func (j *JSON) Strings(most int) ([]string, error) {
	if j.Kind() == '"' {
		s, err := j.String()
		return []string{s}, err
	}
	var all []string
	err := j.Array(func(i int) error {
		if i >= most {
			return j.Errorf("there are more than %d values", most)
		}
		s, err := j.String()
		all = append(all, s)
		return err
	})
	return all, err
}

// Int reads a whole number that is not negative.
func (j *JSON) Int() (int64, error) {
	t, err := j.token()
	switch {
	case err != nil:
		return 0, err
	case t.Kind() == 'n':
		return 0, nil
	case t.Kind() != '0':
		return 0, j.Errorf("a number is wanted, there is %s", kindName(t.Kind()))
	}
	n, err := strconv.ParseInt(Cut(t.String(), 64), 10, 64)
	if err != nil || n < 0 {
		return 0, j.Errorf("a whole number that is not negative is wanted")
	}
	return n, nil
}

// Skip passes over the value of the member name, "" for an element. A name
// that differs from one that is read only in letter case is refused.
func (j *JSON) Skip(name string) error {
	if name != "" {
		if meant, ok := j.exact[fold(name)]; ok && meant != name {
			return j.Errorf("names are case-sensitive: %s is written %q", Quote(name), meant)
		}
	}
	base := j.dec.StackDepth()
	for {
		if k := j.dec.PeekKind(); (k == '{' || k == '[') && j.dec.StackDepth() >= j.lim.Depth {
			return j.Errorf("nesting is deeper than %d", j.lim.Depth)
		}
		if _, err := j.token(); err != nil {
			return err
		}
		if j.dec.StackDepth() <= base {
			return nil
		}
	}
}

func fold(s string) string {
	for i := range len(s) {
		if s[i] >= 0x80 { // the Kelvin sign and long s fold to ASCII
			return strings.ToLower(strings.ToUpper(s))
		}
	}
	return strings.ToLower(s)
}

// End says that nothing may follow.
func (j *JSON) End() error {
	if _, err := j.dec.ReadToken(); err == io.EOF {
		return nil
	}
	return &Error{Byte: j.Offset(), Reason: "something follows the document"}
}
