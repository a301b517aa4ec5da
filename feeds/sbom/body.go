package sbom

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/cordon-isao/cordon/formats/strictjson"
	"github.com/cordon-isao/cordon/internal/fault"
)

const (
	maxBody = 64 << 20 // bytes of a PUT, of which the SBOM is three quarters
	maxRest = 64 << 10 // bytes of what is beside the SBOM
)

// request is what a pipeline says of an SBOM. What else it may say to Dependency-Track
// (tags, parents) is taken and means nothing here.
type request struct {
	Project        string `json:"project"` // a product's id
	ProjectName    string `json:"projectName"`
	ProjectVersion string `json:"projectVersion"`
	AutoCreate     bool   `json:"autoCreate"`
	BOM            string `json:"bom"`

	ProjectTags   jsontext.Value `json:"projectTags"`
	ParentUUID    jsontext.Value `json:"parentUUID"`
	ParentName    jsontext.Value `json:"parentName"`
	ParentVersion jsontext.Value `json:"parentVersion"`
	IsLatest      jsontext.Value `json:"isLatest"`
}

// splitter reads the JSON of a PUT and parts the SBOM in it from the rest: the SBOM is
// read as it comes, and the rest, with "" in its place, is looked at strictly.
type splitter struct {
	in   *bufio.Reader
	rest []byte // the document so far, without what the SBOM holds

	depth     int
	inString  bool
	escaped   bool
	from      int    // where the string began in rest
	key       []byte // the newest string at depth 1 that is a name, with its quotes
	wantValue bool   // at depth 1 after a colon
}

// errShort says that a document ended early.
var errShort = errors.New("the document is not whole")

// next reads until the SBOM begins (true) or the document ends (false).
func (s *splitter) next() (bool, error) {
	for {
		c, err := s.in.ReadByte()
		if err == io.EOF {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		if len(s.rest) >= maxRest {
			return false, fault.Invalidf("What stands beside the SBOM is longer than %d KiB.", maxRest>>10)
		}
		s.rest = append(s.rest, c)
		switch {
		case s.inString && s.escaped:
			s.escaped = false
		case s.inString && c == '\\':
			s.escaped = true
		case s.inString && c == '"':
			s.inString = false
			if s.depth == 1 && !s.wantValue {
				s.key = s.rest[s.from:]
			}
		case s.inString:
		case c == '"':
			if s.depth == 1 && s.wantValue && string(s.key) == `"bom"` {
				return true, nil // rest ends with the quote that begins it
			}
			s.inString, s.from = true, len(s.rest)-1
		case c == '{' || c == '[':
			s.depth++
		case c == '}' || c == ']':
			s.depth--
		case c == ':' && s.depth == 1:
			s.wantValue = true
		case c == ',' && s.depth == 1:
			s.wantValue, s.key = false, nil
		}
	}
}

// Read gives the text of the SBOM's string, with its escapes taken away (some write
// \/ and \u002b), and io.EOF at its end.
func (s *splitter) Read(p []byte) (n int, err error) {
	for n < len(p) {
		c, err := s.in.ReadByte()
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return n, errShort
		}
		if err != nil {
			return n, err
		}
		switch {
		case c == '"':
			s.rest = append(s.rest, '"')
			s.wantValue, s.key = false, nil
			return n, io.EOF
		case c == '\\':
			if c, err = s.unescape(); err != nil {
				return n, err
			}
		case c < ' ':
			return n, errors.New("there is a control character in it")
		}
		p[n] = c
		n++
		if s.in.Buffered() == 0 {
			return n, nil
		}
	}
	return n, nil
}

func (s *splitter) unescape() (byte, error) {
	c, err := s.in.ReadByte()
	if err != nil {
		return 0, errShort
	}
	switch c {
	case '/':
		return '/', nil
	case 'n':
		return '\n', nil
	case 'r':
		return '\r', nil
	case 'u':
		var hex [4]byte
		if _, err := io.ReadFull(s.in, hex[:]); err != nil {
			return 0, errShort
		}
		n, err := strconv.ParseUint(string(hex[:]), 16, 16)
		if err == nil && n < 0x80 {
			return byte(n), nil
		}
	}
	return 0, errors.New("it is not base64")
}

// known reads what was said before the SBOM; ok is false if it does not name the
// project whole, so that the rest has to be read first.
func (s *splitter) known() (r request, ok bool) {
	so := append(bytes.Clone(s.rest), `"}`...)
	if err := strictjson.UnmarshalLimits(so, strictjson.Limits{Bytes: maxRest + 2}, &r); err != nil {
		return r, false
	}
	for _, name := range []string{`"projectName"`, `"projectVersion"`, `"autoCreate"`} {
		if !bytes.Contains(s.rest, []byte(name)) {
			return r, false
		}
	}
	return r, true
}

// finish reads to the end of the document and looks at all of it.
func (s *splitter) finish() (r request, err error) {
	if again, err := s.next(); err != nil {
		return r, err
	} else if again {
		return r, fault.Invalidf("The body has bom twice.")
	}
	if err := strictjson.UnmarshalLimits(s.rest, strictjson.Limits{Bytes: maxRest + 1}, &r); err != nil {
		return r, fault.Invalidf("The body cannot be read: %v.", err)
	}
	if r.BOM != "" {
		return r, fault.Invalidf("The name bom is written with escapes. Write it as it is.")
	}
	return r, nil
}

// document is the SBOM as it comes. At its end, what stands behind it in the body has
// to be as it should; else reading fails, so that nothing is kept.
type document struct {
	s      *splitter
	text   io.Reader
	before *request // what was said before it, if that is acted on
	said   request  // by the whole body, once it was read
	done   bool
}

func newDocument(s *splitter, before *request) *document {
	return &document{s: s, text: base64.NewDecoder(base64.StdEncoding, s), before: before}
}

// badBody is what is wrong with a body, found while the SBOM in it was being kept.
type badBody struct{ err error }

func (b *badBody) Error() string { return b.err.Error() }
func (b *badBody) Unwrap() error { return b.err }

// Read is io.Reader.
func (d *document) Read(p []byte) (int, error) {
	n, err := d.text.Read(p)
	var corrupt base64.CorruptInputError
	switch {
	case err == nil || d.done:
		return n, err
	case err == io.EOF:
		d.done = true
		d.said, err = d.s.finish()
		if err == nil && d.before != nil && d.said.Project != d.before.Project {
			err = fault.InvalidField("project", "Put project before bom.")
		}
		if err != nil {
			return n, &badBody{err}
		}
		return n, io.EOF
	case errors.As(err, new(*http.MaxBytesError)):
		return n, err
	case errors.As(err, &corrupt), errors.Is(err, io.ErrUnexpectedEOF):
		return n, &badBody{fault.InvalidField("bom", "The SBOM is not whole base64.")}
	case errors.Is(err, errShort):
		return n, &badBody{fault.Invalidf("The body did not arrive whole. Send it again.")}
	}
	return n, &badBody{fault.InvalidField("bom", "The SBOM cannot be read: %v.", err)}
}
