package stix

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json/jsontext"
)

// Limits bound what is read. A zero field means its default.
type Limits struct {
	Object  int   // bytes of one object; default 8 MiB
	Depth   int   // of nesting in one object; default 64
	Values  int   // members, elements and brackets of one object; default 200,000
	Objects int   // of the whole stream; default no limit
	Total   int64 // bytes of the whole stream; default no limit
}

func (l Limits) filled() Limits {
	if l.Object == 0 {
		l.Object = 8 << 20
	}
	if l.Depth == 0 {
		l.Depth = 64
	}
	if l.Values == 0 {
		l.Values = 200_000
	}
	return l
}

// maxMembers is how many members may stand around the objects.
const maxMembers = 1000

// Reader streams the objects of a bundle, of a TAXII envelope, of a JSON array,
// or a single object, in the memory of the largest object.
type Reader struct {
	limits Limits
	in     *meter
	dec    *jsontext.Decoder

	only   []byte // objects without these bytes are passed over, as empty ones; nil = none are
	state  state
	names  map[string]bool // of the text's own members, folded
	typ    string          // of the text: "bundle", or "" for an envelope
	listed bool            // a list of objects was there
	index  int             // of the next object
	offset int64
	done   error // what Next gives from now on

	bundleID string
	next     string
	more     bool
	size     int // bytes of the members around the objects
}

type state uint8

const (
	atStart   state = iota
	inMembers       // of a bundle or an envelope
	inObjects       // of the list in it
	inArray         // of a text that is a list
	atEnd
)

// NewReader reads r, which it may buffer beyond what it has given.
func NewReader(r io.Reader, l Limits) *Reader {
	l = l.filled()
	in := &meter{r: bufio.NewReaderSize(r, 64<<10), total: l.Total, keep: true}
	return &Reader{
		limits: l,
		in:     in,
		// What is within an object Parse refuses, so that the stream goes on.
		dec:   jsontext.NewDecoder(in, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)),
		names: map[string]bool{},
	}
}

// Next gives the next object. At the end it gives io.EOF. An *Error whose Fatal
// is false refuses this object, and Next can be called again; one whose Fatal is
// true says that nothing more can be read: everything that was given before it
// is valid all the same.
func (r *Reader) Next() (Object, error) {
	if r.done != nil {
		return Object{}, r.done
	}
	o, err := r.step()
	r.offset = r.dec.InputOffset()
	var e *Error
	if err == io.EOF || errors.As(err, &e) && e.Fatal {
		r.done = err
	}
	return o, err
}

// Offset is how many bytes of the text have been consumed.
func (r *Reader) Offset() int64 { return r.offset }

// BundleID is the id of the bundle, once it was read: as a rule before the first
// object, for certain at the end. It is "" for what is no bundle.
func (r *Reader) BundleID() string { return r.bundleID }

// EnvelopeNext gives the members next and more of a TAXII envelope (TAXII 2.1
// §3.7). They may stand after the objects: they are certain at the end.
func (r *Reader) EnvelopeNext() (next string, more bool) { return r.next, r.more }

func (r *Reader) step() (Object, error) {
	for {
		r.in.allow(r.dec.InputOffset() + int64(r.limits.Object))
		switch r.state {
		case atStart:
			switch kind := r.dec.PeekKind(); kind {
			case '{':
				r.state = inMembers
			case '[':
				r.state = inArray
				r.in.forget()
			default:
				if _, err := r.dec.ReadToken(); err != nil {
					return Object{}, r.broken(err)
				}
				return Object{}, r.fatal("this is neither a JSON object nor a list of them", nil)
			}
			if _, err := r.dec.ReadToken(); err != nil {
				return Object{}, r.broken(err)
			}
		case inMembers:
			kind := r.dec.PeekKind()
			if kind == '}' {
				if _, err := r.dec.ReadToken(); err != nil {
					return Object{}, r.broken(err)
				}
				return r.closeMembers()
			}
			single, e := r.member()
			if e != nil {
				return Object{}, e
			}
			if single {
				return r.single()
			}
		case inObjects, inArray:
			if r.dec.PeekKind() == ']' {
				if _, err := r.dec.ReadToken(); err != nil {
					return Object{}, r.broken(err)
				}
				if r.state == inArray {
					return Object{}, r.end()
				}
				r.state = inMembers
				continue
			}
			return r.object()
		case atEnd:
			return Object{}, r.end()
		}
	}
}

// member reads one member around the objects. It says whether the text is a
// single object after all.
func (r *Reader) member() (single bool, e *Error) {
	token, err := r.dec.ReadToken()
	if err != nil {
		return false, r.broken(err)
	}
	name := token.String()
	if f := fold(name); r.names[f] {
		return false, r.fatal("a name is given twice, or again in another letter case", nil)
	} else if len(r.names) >= maxMembers {
		return false, r.fatal(fmt.Sprintf("there are more than %d members", maxMembers), ErrTooLarge)
	} else {
		r.names[f] = true
	}
	if name == "objects" && r.dec.PeekKind() == '[' {
		if _, err := r.dec.ReadToken(); err != nil {
			return false, r.broken(err)
		}
		r.state, r.listed = inObjects, true
		r.in.forget()
		return false, nil
	}
	v, err := r.dec.ReadValue()
	if err != nil {
		return false, r.broken(err)
	}
	if r.size += len(name) + len(v); r.size > r.limits.Object {
		e := tooLarge(r.limits)
		e.Fatal, e.Offset = true, r.dec.InputOffset()
		return false, e
	}
	if r.in.keep && name == "type" && !bytes.Equal(v, []byte(`"bundle"`)) {
		return true, nil
	}
	t := &tree{}
	if e := t.read(v, r.limits); e != nil {
		e.Fatal, e.Pointer = true, "/"+pointerToken(name)+e.Pointer
		return false, e
	}
	root := t.nodes[0]
	switch name {
	case "type":
		if r.typ = root.text; root.kind != '"' || r.typ != "bundle" {
			return false, r.fatal("what holds the objects is not a bundle", nil)
		}
	case "id":
		typ, ok := ID(root.text)
		switch {
		case ok && typ == "bundle":
			r.bundleID = root.text
		case r.in.keep && r.typ == "": // of a single object whose type comes later
			return true, nil
		default:
			return false, r.fatal("the bundle's id is not bundle-- and a UUID", nil)
		}
	case "next":
		if root.kind == '"' {
			r.next = root.text
		}
	case "more":
		r.more = root.kind == 't'
	}
	return false, nil
}

// closeMembers decides what a text without more members was.
func (r *Reader) closeMembers() (Object, error) {
	if r.in.keep && r.typ == "" { // no list of objects
		for name := range r.names {
			if name != "more" && name != "next" {
				return r.single()
			}
		}
	}
	switch {
	case r.names["objects"] && !r.listed:
		return Object{}, r.fatal("objects is not a list", nil)
	case r.typ == "" && r.bundleID != "":
		return Object{}, r.fatal("type is missing from the bundle", nil)
	case r.typ == "bundle" && r.bundleID == "":
		return Object{}, r.fatal("id is missing from the bundle", nil)
	}
	return Object{}, r.end()
}

// single reads the text again, as one object.
func (r *Reader) single() (Object, error) {
	r.in.again()
	r.dec.Reset(r.in, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	r.in.allow(int64(r.limits.Object))
	r.bundleID, r.next, r.more = "", "", false
	v, err := r.dec.ReadValue()
	if err != nil {
		return Object{}, r.broken(err)
	}
	r.state, r.index = atEnd, 1
	o, e := parse(v, r.limits)
	if e != nil {
		e.Index = 0
		return Object{}, e
	}
	return o, nil
}

// object reads an element of the list of objects.
func (r *Reader) object() (Object, error) {
	if r.limits.Objects > 0 && r.index >= r.limits.Objects {
		return Object{}, r.fatal(fmt.Sprintf("there are more than %d objects", r.limits.Objects), ErrTooLarge)
	}
	index := r.index
	v, err := r.dec.ReadValue()
	r.index++
	var e *Error
	var o Object
	switch {
	case errors.Is(err, errAllowance):
		if err := r.skip(); err != nil {
			return Object{}, r.broken(err)
		}
		e = tooLarge(r.limits)
	case err != nil:
		e = r.broken(err)
	case r.only != nil && !bytes.Contains(v, r.only) && !bytes.Contains(v, []byte(`\u00`)): // which may spell them
		return Object{}, nil
	default:
		o, e = parse(v, r.limits)
	}
	if e != nil {
		e.Index = index
		return Object{}, e
	}
	return o, nil
}

// skip passes over an object that is too large, in little memory.
func (r *Reader) skip() error {
	depth := r.dec.StackDepth()
	if kind := r.dec.PeekKind(); kind != '{' && kind != '[' {
		return errAllowance // a string or white space without end
	}
	for {
		r.in.allow(r.dec.InputOffset() + int64(r.limits.Object))
		if _, err := r.dec.ReadToken(); err != nil {
			return err
		}
		if r.dec.StackDepth() == depth {
			return nil
		}
	}
}

// end sees to it that nothing follows.
func (r *Reader) end() error {
	r.state = atEnd
	switch _, err := r.dec.ReadToken(); {
	case err == io.EOF:
		return io.EOF
	case err == nil:
		return r.fatal("something follows the end", nil)
	case errors.Is(err, errTotal), errors.Is(err, errAllowance):
		return r.broken(err)
	default:
		var syntax *jsontext.SyntacticError
		if !errors.As(err, &syntax) {
			return r.broken(err)
		}
		return r.fatal("something follows the end", nil)
	}
}

func (r *Reader) fatal(reason string, wrapped error) *Error {
	return &Error{Index: -1, Offset: r.dec.InputOffset(), Reason: reason, Fatal: true, err: wrapped}
}

// broken explains an error of the decoder.
func (r *Reader) broken(err error) *Error {
	switch {
	case errors.Is(err, errTotal):
		return r.fatal(fmt.Sprintf("the text is longer than %d bytes", r.limits.Total), ErrTooLarge)
	case errors.Is(err, errAllowance):
		e := tooLarge(r.limits)
		e.Fatal, e.Offset = true, r.dec.InputOffset()
		return e
	}
	if failed := r.in.failed; failed != nil {
		return r.fatal("the text cannot be read to its end", failed)
	}
	if err == io.EOF && r.state == atStart {
		return r.fatal("the text is empty", nil)
	}
	if e := notText(r.in.head[:r.in.headed]); e != nil {
		e.Fatal = true
		return e
	}
	return explain(err)
}

func tooLarge(l Limits) *Error {
	return &Error{Index: -1, Reason: fmt.Sprintf("it is longer than %d bytes", l.Object), err: ErrTooLarge}
}

// notText recognizes by its first bytes what is no JSON at all.
func notText(head []byte) *Error {
	has := func(prefix string) bool { return bytes.HasPrefix(head, []byte(prefix)) }
	reason := ""
	switch {
	case has("\xef\xbb\xbf"):
		reason = "the text begins with a byte order mark"
	case has("\x1f\x8b"), has("PK\x03\x04"), has("\x28\xb5\x2f\xfd"):
		reason = "this is a compressed file: unpack it first"
	case has("\xff\xfe"), has("\xfe\xff"), bytes.IndexByte(head[:min(4, len(head))], 0) >= 0:
		reason = "the text is not UTF-8 (is it UTF-16?)"
	default:
		return nil
	}
	return &Error{Index: -1, Reason: reason}
}

var (
	errAllowance = errors.New("an object is too long")
	errTotal     = errors.New("the text is too long")
)

// meter counts and bounds what is read. Until forget it keeps all that it gave,
// so that it can be given again.
type meter struct {
	r      *bufio.Reader
	given  int64
	until  int64 // given may not pass this
	total  int64 // nor this, unless 0
	keep   bool
	kept   []byte
	replay []byte
	failed error   // of r
	head   [8]byte // the first bytes of all
	headed int
}

// slack is how far the decoder may read ahead of an object's limit.
const slack = 64 << 10

func (m *meter) allow(until int64) { m.until = max(m.until, until+slack) }

func (m *meter) forget() { m.keep, m.kept = false, nil }

// again gives from now on what was given, then the rest.
func (m *meter) again() {
	m.replay, m.given, m.until = m.kept, 0, 0
	m.forget()
}

func (m *meter) Read(b []byte) (n int, err error) {
	room := m.until - m.given
	if room <= 0 {
		return 0, errAllowance
	}
	if m.total > 0 {
		// One byte more than the total tells a text that ends there from one
		// that goes on.
		if left := m.total + 1 - m.given; left < room {
			room = left
		}
	}
	b = b[:min(int64(len(b)), max(room, 0))]
	if len(m.replay) > 0 {
		n = copy(b, m.replay)
		m.replay = m.replay[n:]
	} else {
		n, err = m.r.Read(b)
	}
	m.given += int64(n)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		m.failed = err
	}
	if m.total > 0 && m.given > m.total {
		return 0, errTotal
	}
	if m.headed < len(m.head) {
		m.headed += copy(m.head[m.headed:], b[:n])
	}
	if m.keep {
		m.kept = append(m.kept, b[:n]...)
	}
	return n, err
}
