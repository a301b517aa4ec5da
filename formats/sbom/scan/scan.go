// Package scan is what the readers of bills of materials have in common: a
// walk over JSON that keeps nothing, with the refusals of package strictjson,
// a reader that counts bytes, and a small set of identifiers.
package scan

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
)

// Limits bound what is read; none may be zero.
type Limits struct {
	Bytes int64 // of the whole text
	Depth int   // of nested objects, arrays or elements
	Text  int   // bytes of one string that is kept
}

// maxToken is how many bytes one string may have that is passed over, such as
// the text of a licence: it has to be held to be checked.
const maxToken = 16 << 20

// ErrTooLarge is wrapped by the error for a text over its limit of bytes.
var ErrTooLarge = errors.New("the document is too large")

// Error says what is wrong with a document and where.
type Error struct {
	Path   string // RFC 6901 pointer, path of elements, or identifier; "" for the whole
	Line   int    // from 1; 0 if lines are not counted
	Byte   int64  // from the start, at or before the fault; 0 if a line is given
	Reason string // a clause in plain words
	Err    error  // what it was made of, or nil
}

// Error is a sentence.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Reason)
	if e.Path != "" {
		b.WriteString(" at ")
		b.WriteString(Printable(e.Path))
	}
	switch {
	case e.Line > 0:
		fmt.Fprintf(&b, " (line %d)", e.Line)
	case e.Byte > 0 || e.Path != "":
		fmt.Fprintf(&b, " (byte %d)", e.Byte)
	}
	return b.String()
}

// Unwrap gives what the error was made of.
func (e *Error) Unwrap() error { return e.Err }

// Printable is s without control characters, cut to 200 bytes.
func Printable(s string) string {
	const most = 200
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}

// Quote is a value of the document as an error shows it: short, printable.
func Quote(s string) string {
	const most = 60
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return fmt.Sprintf("%q", s)
}

// Meter reads from R and refuses more than All bytes in all, and more than a
// token's worth beyond what was last allowed. A byte order mark at the start is
// passed over.
type Meter struct {
	R   io.Reader
	All int64

	read, until int64
	started     bool
	long        bool
}

// Allow says that everything before offset was consumed.
func (m *Meter) Allow(offset int64) { m.until = offset + maxToken }

// Read is io.Reader.
func (m *Meter) Read(p []byte) (int, error) {
	if !m.started {
		m.started = true
		m.Allow(0)
		var head [3]byte
		n, err := io.ReadFull(m.R, head[:])
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return 0, err
		}
		if rest := strings.TrimPrefix(string(head[:n]), "\xef\xbb\xbf"); rest != "" {
			m.R = io.MultiReader(strings.NewReader(rest), m.R)
		}
	}
	if m.read > m.All {
		return 0, fmt.Errorf("%w: it has more than %d bytes", ErrTooLarge, m.All)
	}
	if m.read > m.until {
		m.long = true
		return 0, fmt.Errorf("one value has more than %d bytes", maxToken)
	}
	n, err := m.R.Read(p[:min(int64(len(p)), m.All-m.read+1)])
	m.read += int64(n)
	if m.read > m.All {
		return 0, fmt.Errorf("%w: it has more than %d bytes", ErrTooLarge, m.All)
	}
	return n, err
}

// Set is a set of identifiers that keeps 16 bytes of each, of its SHA-256: two
// identifiers are never taken for one, in practice.
type Set struct {
	m map[[16]byte]struct{}
}

// Key is what a Set keeps of an identifier.
func Key(s string) [16]byte {
	sum := sha256.Sum256([]byte(s))
	return [16]byte(sum[:16])
}

// Add puts s in and says whether it is new.
func (s *Set) Add(id string) bool {
	k := Key(id)
	if _, ok := s.m[k]; ok {
		return false
	}
	if s.m == nil {
		s.m = map[[16]byte]struct{}{}
	}
	s.m[k] = struct{}{}
	return true
}

// Has says whether id is in.
func (s *Set) Has(id string) bool {
	_, ok := s.m[Key(id)]
	return ok
}

// Len is how many there are.
func (s *Set) Len() int { return len(s.m) }

// Common is how many of s are also in t.
func (s *Set) Common(t *Set) int {
	if t.Len() < s.Len() {
		s, t = t, s
	}
	n := 0
	for k := range s.m {
		if _, ok := t.m[k]; ok {
			n++
		}
	}
	return n
}
