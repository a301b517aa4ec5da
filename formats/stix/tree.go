package stix

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// maxNumber is how many characters one number may have.
const maxNumber = 64

// node is a value of a JSON text. Nodes lie in the order of the text, so the
// first child of node i is i+1 and its next sibling is nodes[i].end.
type node struct {
	kind jsontext.Kind // '{', '[', '"', '0', 't', 'f', 'n'
	name string        // of a member; "" for an element
	text string        // of a string, decoded; of a number, as written
	end  int32         // index after the last node within
	up   int32         // the node around it; -1 for the outermost
	pos  int32         // which child of it this is, from 0
}

// tree is one JSON text, read strictly. It may be used again.
type tree struct {
	nodes []node
	open  []level
	buf   *bytes.Buffer
	dec   *jsontext.Decoder
}

// level is an object or array that is being read.
type level struct {
	node   int32
	n      int32 // children so far
	folds  bool  // a name in it has other than lower-case ASCII letters
	named  bool  // name has been read, its value has not
	object bool
	name   string
}

// read fills t with raw, which it neither keeps nor changes: all strings are
// parts of one copy.
func (t *tree) read(raw []byte, l Limits) *Error {
	t.nodes, t.open = t.nodes[:0], t.open[:0]
	if t.dec == nil {
		t.buf, t.dec = new(bytes.Buffer), new(jsontext.Decoder)
	}
	*t.buf = *bytes.NewBuffer(raw)
	t.dec.Reset(t.buf) // its defaults refuse duplicate names, invalid UTF-8 and lone surrogates
	text := string(raw)
	for {
		kind := t.dec.PeekKind()
		if (kind == '{' || kind == '[') && len(t.open) >= l.Depth {
			return t.refuse(fmt.Sprintf("nesting is deeper than %d", l.Depth), ErrTooLarge)
		}
		if len(t.nodes) >= l.Values {
			return t.refuse(fmt.Sprintf("there are more than %d values", l.Values), ErrTooLarge)
		}
		switch kind {
		case '{', '[':
			if _, err := t.dec.ReadToken(); err != nil {
				return t.explain(err)
			}
			t.add(node{kind: kind})
			t.open = append(t.open, level{node: int32(len(t.nodes) - 1), object: kind == '{'})
			continue
		case '}', ']':
			if _, err := t.dec.ReadToken(); err != nil {
				return t.explain(err)
			}
			last := t.open[len(t.open)-1]
			t.open = t.open[:len(t.open)-1]
			t.nodes[last.node].end = int32(len(t.nodes))
			if last.folds && t.variants(last.node) {
				t.open = append(t.open, level{node: last.node})
				return t.refuse("two names differ only in letter case", nil)
			}
		case '"':
			v, err := t.dec.ReadValue()
			if err != nil {
				return t.explain(err)
			}
			end := int(t.dec.InputOffset())
			s := text[end-len(v)+1 : end-1]
			if strings.IndexByte(s, '\\') >= 0 {
				decoded, err := jsontext.AppendUnquote(nil, v)
				if err != nil {
					return t.explain(err)
				}
				s = string(decoded)
				if strings.IndexByte(s, 0) >= 0 {
					return t.refuse("a string holds NUL", nil)
				}
			}
			if n := len(t.open); n > 0 && t.open[n-1].object && !t.open[n-1].named {
				o := &t.open[n-1]
				o.name, o.named = s, true
				o.folds = o.folds || !plain(s)
				continue
			}
			t.add(node{kind: kind, text: s})
		case '0':
			v, err := t.dec.ReadValue()
			if err != nil {
				return t.explain(err)
			}
			if len(v) > maxNumber {
				return t.refuse(fmt.Sprintf("a number has more than %d characters", maxNumber), nil)
			}
			end := int(t.dec.InputOffset())
			t.add(node{kind: kind, text: text[end-len(v) : end]})
		case 't', 'f', 'n':
			if _, err := t.dec.ReadToken(); err != nil {
				return t.explain(err)
			}
			t.add(node{kind: kind})
		default:
			_, err := t.dec.ReadToken()
			if err == nil {
				err = io.ErrUnexpectedEOF
			}
			return t.explain(err)
		}
		if len(t.open) == 0 {
			break
		}
	}
	if _, err := t.dec.ReadToken(); err != io.EOF {
		return t.refuse("something follows the value", nil)
	}
	return nil
}

// add appends a value to the object or array that is open.
func (t *tree) add(n node) {
	n.up, n.end = -1, int32(len(t.nodes)+1)
	if k := len(t.open); k > 0 {
		o := &t.open[k-1]
		n.up, n.pos = o.node, o.n
		if o.object {
			n.name, o.named = o.name, false
		}
		o.n++
	}
	t.nodes = append(t.nodes, n)
}

// refuse makes an error about what was being read.
func (t *tree) refuse(reason string, wrapped error) *Error {
	e := &Error{Index: -1, Reason: reason, Offset: t.dec.InputOffset(), err: wrapped}
	if k := len(t.open); k > 0 {
		o := t.open[k-1]
		e.Pointer = t.pointer(o.node)
		switch {
		case o.object && o.named:
			e.Pointer += "/" + pointerToken(o.name)
		case !o.object && t.nodes[o.node].kind == '[':
			e.Pointer += "/" + strconv.Itoa(int(o.n))
		}
	}
	return e
}

func (t *tree) explain(err error) *Error {
	e, at := explain(err), t.refuse("", nil)
	e.Pointer = at.Pointer
	return e
}

// pointer leads from the outermost value to node i (RFC 6901).
func (t *tree) pointer(i int32) string {
	n := t.nodes[i]
	if n.up < 0 {
		return ""
	}
	token := strconv.Itoa(int(n.pos))
	if t.nodes[n.up].kind == '{' {
		token = pointerToken(n.name)
	}
	return t.pointer(n.up) + "/" + token
}

// get gives the member of object i with the name, or -1.
func (t *tree) get(i int32, name string) int32 {
	for c, end := i+1, t.nodes[i].end; c < end; c = t.nodes[c].end {
		if t.nodes[c].name == name {
			return c
		}
	}
	return -1
}

// str gives the text of the member with the name if it is a string.
func (t *tree) str(i int32, name string) string {
	if c := t.get(i, name); c >= 0 && t.nodes[c].kind == '"' {
		return t.nodes[c].text
	}
	return ""
}

// strings gives the elements of array i that are strings.
func (t *tree) strings(i int32) []string {
	list := make([]string, 0, t.nodes[i].end-i-1)
	for c, end := i+1, t.nodes[i].end; c < end; c = t.nodes[c].end {
		if t.nodes[c].kind == '"' {
			list = append(list, t.nodes[c].text)
		}
	}
	return list
}

// variants says whether two names of object i differ only in letter case.
func (t *tree) variants(i int32) bool {
	seen := map[string]struct{}{}
	for c, end := i+1, t.nodes[i].end; c < end; c = t.nodes[c].end {
		f := fold(t.nodes[c].name)
		if _, dup := seen[f]; dup {
			return true
		}
		seen[f] = struct{}{}
	}
	return false
}

// plain says whether s has no letters with another case: then no other plain
// name can differ from it in case alone.
func plain(s string) bool {
	for i := range len(s) {
		if c := s[i]; 'A' <= c && c <= 'Z' || c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// fold maps names that differ only in letter case, by Unicode simple folding,
// to one.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		if r < utf8.RuneSelf {
			return unicode.ToLower(r)
		}
		least := r
		for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
			least = min(least, next)
		}
		return unicode.ToLower(least) // K and the Kelvin sign, s and long s
	}, s)
}
