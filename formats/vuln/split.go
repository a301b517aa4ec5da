package vuln

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// Split cuts a feed into its records without reading them: one JSON object,
// objects one after the other (JSON lines), or one array of objects. each gets
// a record's number, from 1, and its text, valid until it returns; an error of
// each ends the reading. skip, which may be nil, hears of what is no record or
// is too large, and the reading goes on after it. Lines that break off do not
// take the records after them along.
func Split(r io.Reader, limits Limits, each func(n int, data []byte) error, skip func(n int, err error)) error {
	s := splitter{in: bufio.NewReaderSize(r, 64<<10), limits: limits.Filled(), each: each, skip: skip}
	return s.run()
}

type splitter struct {
	in     *bufio.Reader
	limits Limits
	each   func(int, []byte) error
	skip   func(int, error)

	n       int    // records so far
	record  []byte // text of the one being read
	large   bool   // it is over the limit, and no longer kept
	depth   int    // of its open brackets
	quoted  bool   // within a string
	escaped bool   // after a backslash within one
	lines   bool   // a record before it filled a whole line
	broken  bool   // it has a line feed
	last    byte   // before this one, that is no space, outside of strings
	bol     bool   // at the beginning of a line

	array, closed bool // the feed is an array, and at its end
	comma         bool // after an element's comma
	junk, told    bool // within a line that is no record; it was told
}

var errArray = errors.New("something follows the array")

func (s *splitter) run() error {
	s.bol = true
	if b, err := s.in.Peek(3); err != nil && err != io.EOF {
		return fmt.Errorf("reading the feed: %w", err)
	} else if bytes.Equal(b, []byte("\xef\xbb\xbf")) {
		return errors.New("the text begins with a byte order mark")
	}
	for {
		chunk, err := s.in.Peek(1)
		if len(chunk) > 0 {
			chunk, _ = s.in.Peek(s.in.Buffered())
			if err := s.feed(chunk); err != nil {
				return err
			}
			_, _ = s.in.Discard(len(chunk))
			continue
		}
		if err != nil && err != io.EOF {
			return fmt.Errorf("reading the feed after record %d: %w", s.n, err)
		}
		break
	}
	if s.depth > 0 || s.quoted {
		if err := s.cut("the text ends in the middle"); err != nil {
			return err
		}
	}
	if s.array && !s.closed {
		return fmt.Errorf("the array does not end after record %d", s.n)
	}
	return nil
}

// feed takes the next bytes.
func (s *splitter) feed(chunk []byte) error {
	start := 0 // of the record's part in chunk
	for i := 0; i < len(chunk); i++ {
		c := chunk[i]
		bol := s.bol
		s.bol = c == '\n'
		if s.quoted {
			switch {
			case c == '\n' && !s.array: // not allowed in a string: the line broke off
				s.keep(chunk[start : i+1])
				if err := s.cut("a string has a line break"); err != nil {
					return err
				}
			case s.escaped:
				s.escaped = false
			case c == '\\':
				s.escaped = true
			case c == '"':
				s.quoted, s.last = false, '"'
			}
			continue
		}
		if s.depth == 0 {
			if s.junk { // the rest of the line is passed over
				s.junk = c != '\n'
				continue
			}
			switch c {
			case ' ', '\t', '\r', '\n':
				continue
			case '{':
				if s.array && (s.closed || s.n > 0 && !s.comma) {
					return errArray
				}
				if s.n++; s.n > s.limits.Records {
					return fmt.Errorf("the feed has more than %d records", s.limits.Records)
				}
				start, s.depth, s.comma, s.told = i, 1, false, false
				s.last = c
				continue
			case '[':
				if !s.array && s.n == 0 {
					s.array = true
					continue
				}
			case ',':
				if s.array && s.n > 0 && !s.comma && !s.closed {
					s.comma = true
					continue
				}
			case ']':
				if s.array && !s.comma && !s.closed {
					s.closed = true
					continue
				}
			}
			if s.array {
				if s.closed {
					return errArray
				}
				return fmt.Errorf("the array has something other than objects after record %d", s.n)
			}
			s.junk = true
			if !s.told {
				s.told = true
				if err := s.bad(s.n+1, errors.New("this is not a JSON object")); err != nil {
					return err
				}
			}
			continue
		}
		switch c {
		case ' ', '\t', '\r':
			continue
		case '\n':
			s.broken = true
			continue
		case '"':
			s.quoted = true
			continue
		case '{':
			// At the beginning of a line and where JSON has no object: the line before broke off.
			if bol && !s.array && (s.lines || s.last != '[' && s.last != ',' && s.last != ':') {
				s.keep(chunk[start:i])
				if err := s.cut("the text ends in the middle"); err != nil {
					return err
				}
				s.n++
				start = i
			}
			s.depth++
		case '[':
			s.depth++
		case '}', ']':
			s.depth--
			if s.depth == 0 {
				s.keep(chunk[start : i+1])
				s.last = 0
				if err := s.done(); err != nil {
					return err
				}
				continue
			}
		}
		s.last = c
	}
	if s.depth > 0 {
		s.keep(chunk[start:])
	}
	return nil
}

// keep adds to the record, up to the limit.
func (s *splitter) keep(part []byte) {
	if s.large = s.large || len(s.record)+len(part) > s.limits.Bytes; s.large {
		s.record = s.record[:0]
		return
	}
	s.record = append(s.record, part...)
}

// done gives away a whole record.
func (s *splitter) done() error {
	defer s.reset()
	if s.large {
		return s.bad(s.n, fmt.Errorf("the record is larger than %d bytes", s.limits.Bytes))
	}
	s.lines = s.lines || !s.broken
	return s.each(s.n, s.record)
}

// cut ends a record that broke off.
func (s *splitter) cut(why string) error {
	defer s.reset()
	return s.bad(s.n, errors.New(why))
}

func (s *splitter) reset() {
	s.record, s.large, s.depth, s.quoted, s.escaped, s.broken, s.last = s.record[:0], false, 0, false, false, false, 0
}

// bad tells skip of a record, or fails where there is none.
func (s *splitter) bad(n int, err error) error {
	if s.skip == nil {
		return fmt.Errorf("record %d: %w", n, err)
	}
	s.skip(n, err)
	return nil
}
