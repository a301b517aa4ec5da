package iocs

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Options of reading. The zero value guesses everything.
type Options struct {
	// Mapping overrides the guess; it says nothing of columns beyond its end.
	Mapping Mapping
	// NoHeader says that the first row is an indicator already.
	NoHeader bool
	// Separator between columns: ',', ';', tab or '|'. 0 guesses.
	Separator byte
	// Type of all values of a file that states none, for example Mutex.
	Type Type
}

const (
	maxRow     = 1 << 20 // bytes
	maxColumns = 200
	maxValues  = 16 // columns with values

	// maxBadStart is how many bad rows may come before the first good one.
	maxBadStart = 1_000
)

// Errors that end reading a file.
var (
	ErrNotText  = errors.New("this is not UTF-8 text; save the file as CSV UTF-8 or as plain text")
	ErrNoValues = errors.New("no column is known to hold the indicators; choose one")
	ErrEmpty    = errors.New("the file holds no rows")
)

// Reader gives the indicators of a file, one by one, in constant memory.
type Reader struct {
	in        *bufio.Reader
	line      int    // of the line read last
	pushed    []line // lines to be read again
	read      int64
	separator byte // 0: the whole line is the value
	typ       Type
	header    []string
	comment   string // the last comment before the first row: some feeds hide the header in it
	mapping   Mapping
	first     []string // a first row that is no header
	firstLine int
	pending   []result
}

type line struct {
	number int
	text   []byte
}

type result struct {
	row Row
	err *RowError
}

// NewReader reads as far as the first row, to know the columns. Errors are
// [ErrNotText], [ErrEmpty] and those of r; a file whose columns tell nothing
// still gives a Reader, for its header.
func NewReader(r io.Reader, o Options) (*Reader, error) {
	rd := &Reader{in: bufio.NewReaderSize(r, 64<<10), separator: o.Separator, typ: o.Type}
	begin, err := rd.in.Peek(512)
	if err != nil && err != io.EOF && err != bufio.ErrBufferFull {
		return nil, fmt.Errorf("reading the file: %w", err)
	}
	switch {
	case bytes.HasPrefix(begin, []byte("\xef\xbb\xbf")):
		_, _ = rd.in.Discard(3) // it was peeked at
	case bytes.HasPrefix(begin, []byte("\xff\xfe")), bytes.HasPrefix(begin, []byte("\xfe\xff")), bytes.IndexByte(begin, 0) >= 0:
		return nil, ErrNotText
	}
	if o.Separator == 0 {
		if err := rd.guessSeparator(o); err != nil {
			return nil, err
		}
	}
	for rd.first == nil {
		fields, number, err := rd.record()
		if err == io.EOF {
			return nil, ErrEmpty
		}
		var bad *RowError
		if errors.As(err, &bad) {
			if rd.pending = append(rd.pending, result{err: bad}); len(rd.pending) > maxBadStart {
				return nil, ErrNotText
			}
			continue
		}
		if err != nil {
			return nil, err
		}
		rd.first, rd.firstLine = fields, number
	}
	rd.columns(o)
	return rd, nil
}

// columns decides whether the first row is a header, and what the columns hold.
func (r *Reader) columns(o Options) {
	guess := Guess(r.first)
	values := valueColumns(r.first, o.Type)
	hidden := r.splitComment()
	switch {
	case o.NoHeader:
		r.mapping = values
	case guess.known() && !values.HasValue():
		r.header, r.first, r.mapping = r.first, nil, guess
	case len(hidden) == len(r.first) && Guess(hidden).HasValue():
		r.header, r.mapping = hidden, Guess(hidden)
	case values.HasValue():
		r.mapping = values
	default: // names that nobody knows: a person must choose
		r.header, r.first, r.mapping = r.first, nil, guess
	}
	if o.Mapping != nil {
		r.mapping = o.Mapping
	}
	if len(r.mapping) > maxColumns {
		r.mapping = r.mapping[:maxColumns]
	}
}

// valueColumns finds the first column that holds an indicator.
func valueColumns(row []string, t Type) Mapping {
	m := make(Mapping, len(row))
	for i, cell := range row {
		if found, _, err := Parse(t, Uncell(cell)); err == nil && (t != "" || found != FileName && found != FilePath || len(row) == 1) {
			m[i] = Column{FieldValue, t}
			break
		}
	}
	return m
}

// splitComment reads a comment as a header: # "first_seen","ioc_value" …
func (r *Reader) splitComment() []string {
	if r.separator == 0 || r.comment == "" {
		return nil
	}
	fields, _, _ := split([]byte(strings.TrimLeft(r.comment, "# ")), r.separator)
	for i := range fields {
		fields[i] = strings.Trim(fields[i], ` "`)
	}
	return fields
}

// guessSeparator looks at the first row. A row that is an indicator as a whole
// has no columns, whatever it holds (a URL may hold a comma or semicolon).
func (r *Reader) guessSeparator(o Options) error {
	for {
		l, err := r.nextLine()
		var bad *RowError
		switch {
		case err == io.EOF:
			return ErrEmpty
		case errors.As(err, &bad):
			if r.pending = append(r.pending, result{err: bad}); len(r.pending) > maxBadStart {
				return ErrNotText
			}
			continue
		case err != nil:
			return err
		case r.skipped(l.text):
			continue
		}
		r.pushed = append(r.pushed, l)
		if _, _, err := Parse(o.Type, string(l.text)); err == nil && o.Mapping == nil {
			return nil
		}
		most, quoted := 0, false
		counts := map[byte]int{}
		for _, c := range l.text {
			switch {
			case c == '"':
				quoted = !quoted
			case !quoted && (c == ',' || c == ';' || c == '\t' || c == '|'):
				counts[c]++
			}
		}
		for _, c := range []byte{',', ';', '\t', '|'} {
			if counts[c] > most {
				most, r.separator = counts[c], c
			}
		}
		if most == 0 && (l.text[0] == '"' || len(o.Mapping) > 0) {
			r.separator = ','
		}
		return nil
	}
}

// Header is the names of the columns as the file has them; nil when it has none.
func (r *Reader) Header() []string { return r.header }

// Mapping is what the columns are taken for.
func (r *Reader) Mapping() Mapping { return r.mapping }

// Separator is what parts the columns; 0 in a plain list.
func (r *Reader) Separator() byte { return r.separator }

// Offset is how many bytes were read, for progress.
func (r *Reader) Offset() int64 { return r.read }

// Next gives the next indicator. A [*RowError] tells of one that cannot be
// read, and reading goes on; io.EOF and any other error end it.
func (r *Reader) Next() (Row, error) {
	if !r.mapping.HasValue() {
		return Row{}, ErrNoValues
	}
	for len(r.pending) == 0 {
		fields, number := r.first, r.firstLine
		if r.first = nil; fields == nil {
			var err error
			if fields, number, err = r.record(); err != nil {
				return Row{}, err
			}
		}
		r.rows(fields, number)
	}
	next := r.pending[0]
	r.pending = r.pending[1:]
	if next.err != nil {
		return Row{}, next.err
	}
	return next.row, nil
}

// rows makes the indicators of one row of the file: one for each value.
func (r *Reader) rows(fields []string, number int) {
	refuse := func(column int, reason string) {
		r.pending = append(r.pending, result{err: &RowError{number, column, reason}})
	}
	common := Row{Line: number, Confidence: -1}
	stated := r.typ
	for i, c := range r.mapping {
		if i >= len(fields) {
			break
		}
		cell := strings.TrimSpace(Uncell(fields[i]))
		switch c.Field {
		case FieldNone, FieldValue:
		case FieldType:
			if cell == "" {
				break
			}
			t, ok := ParseType(cell)
			if !ok {
				refuse(i+1, "this type of indicator is not known here")
				return
			}
			stated = t
		default:
			if reason := common.set(c.Field, cell); reason != "" {
				refuse(i+1, reason)
				return
			}
		}
	}
	if reason, column := r.order(common); reason != "" {
		refuse(column, reason)
		return
	}
	found := 0
	for i, c := range r.mapping {
		if c.Field != FieldValue || i >= len(fields) {
			continue
		}
		cell := Uncell(fields[i])
		if strings.TrimSpace(cell) == "" {
			continue
		}
		if found++; found > maxValues {
			refuse(i+1, fmt.Sprintf("there are more than %d values in the row", maxValues))
			return
		}
		t := c.Type
		if t == "" {
			t = stated
		}
		row := common
		var err error
		if row.Type, row.Value, err = Parse(t, cell); err != nil {
			refuse(i+1, err.Error())
			continue
		}
		row.Pattern = Pattern(row.Type, row.Value)
		r.pending = append(r.pending, result{row: row})
	}
	if found == 0 {
		refuse(0, "there is no value")
	}
}

// order checks that what ends does not end before it begins.
func (r *Reader) order(row Row) (reason string, column int) {
	at := func(f Field) int {
		for i, c := range r.mapping {
			if c.Field == f {
				return i + 1
			}
		}
		return 0
	}
	switch {
	case !row.ValidFrom.IsZero() && !row.ValidUntil.IsZero() && !row.ValidUntil.After(row.ValidFrom):
		return "it is valid until a time that is not after the time from which it is", at(FieldValidUntil)
	case !row.FirstSeen.IsZero() && !row.LastSeen.IsZero() && row.LastSeen.Before(row.FirstSeen):
		return "it was seen last before it was seen first", at(FieldLastSeen)
	}
	return "", 0
}

// nextLine gives the next line without its end. A line over the limit, or not
// UTF-8, is a [*RowError].
func (r *Reader) nextLine() (line, error) {
	if n := len(r.pushed); n > 0 {
		l := r.pushed[n-1]
		r.pushed = r.pushed[:n-1]
		return l, nil
	}
	var text []byte
	long := false
	for {
		part, err := r.in.ReadSlice('\n')
		r.read += int64(len(part))
		if !long {
			text = append(text, part...)
			if long = len(text) > maxRow; long {
				text = nil
			}
		}
		if err == bufio.ErrBufferFull {
			continue
		}
		if err != nil && err != io.EOF {
			return line{}, fmt.Errorf("reading the file: %w", err)
		}
		if err == io.EOF && len(text) == 0 && !long {
			return line{}, io.EOF
		}
		break
	}
	r.line++
	text = bytes.TrimSuffix(bytes.TrimSuffix(text, []byte("\n")), []byte("\r"))
	switch {
	case long:
		return line{}, &RowError{Line: r.line, Reason: fmt.Sprintf("the row is longer than %d bytes", maxRow)}
	case !utf8.Valid(text):
		return line{}, &RowError{Line: r.line, Reason: "the row is not UTF-8"}
	case bytes.IndexByte(text, 0) >= 0:
		return line{}, &RowError{Line: r.line, Reason: "the row holds NUL"}
	}
	return line{r.line, text}, nil
}

// skipped reports lines that are no rows: empty ones and comments, of which
// the last before the first row is kept.
func (r *Reader) skipped(text []byte) bool {
	trimmed := bytes.TrimSpace(text)
	if len(trimmed) == 0 {
		return true
	}
	if trimmed[0] == '#' || bytes.HasPrefix(trimmed, []byte("//")) {
		if r.mapping == nil && bytes.IndexByte(trimmed, ' ') != len(trimmed)-1 && len(bytes.Trim(trimmed, "#/ *-=")) > 0 {
			r.comment = string(trimmed)
		}
		return true
	}
	return false
}

// record gives the next row's cells. A quoted cell may run over several lines
// (RFC 4180 §2.6); if its quotation mark is never closed, the line it began on
// is refused and the lines after it are read as rows of their own.
func (r *Reader) record() (fields []string, number int, err error) {
	var l line
	for {
		if l, err = r.nextLine(); err != nil {
			return nil, 0, err
		}
		if !r.skipped(l.text) {
			break
		}
	}
	if r.separator == 0 {
		return []string{string(l.text)}, l.number, nil
	}
	text := l.text
	var after []line
	for {
		fields, open, reason := []string(nil), true, ""
		if len(after) == 0 || bytes.IndexByte(after[len(after)-1].text, '"') >= 0 { // else the cell is still open
			fields, open, reason = split(text, r.separator)
		}
		switch {
		case reason == "" && !open && len(fields) > maxColumns:
			return nil, 0, &RowError{Line: l.number, Reason: fmt.Sprintf("the row has more than %d columns", maxColumns)}
		case reason == "" && !open:
			return fields, l.number, nil
		case reason != "":
			r.again(after)
			return nil, 0, &RowError{Line: l.number, Reason: reason}
		}
		next, err := r.nextLine()
		var bad *RowError
		if err != nil && err != io.EOF && !errors.As(err, &bad) {
			return nil, 0, err
		}
		if err == nil {
			after = append(after, next)
		}
		if err != nil || len(text)+len(next.text) > maxRow || len(after) > maxRowLines {
			r.again(after)
			if bad != nil {
				r.pending = append(r.pending, result{err: bad})
			}
			return nil, 0, &RowError{Line: l.number, Reason: "a quotation mark is not closed"}
		}
		if len(after) == 1 {
			text = bytes.Clone(text)
		}
		text = append(append(text, '\n'), next.text...)
	}
}

// maxRowLines is how many further lines a quoted cell may take; with it, a file
// of nothing but quotation marks costs no more than reading it so many times.
const maxRowLines = 500

// again puts lines back, to be read in their order.
func (r *Reader) again(lines []line) {
	for i := len(lines) - 1; i >= 0; i-- {
		r.pushed = append(r.pushed, lines[i])
	}
}

// split cuts a row into cells. open means that a quoted cell goes on with the
// next line; reason says what is wrong.
func split(text []byte, separator byte) (fields []string, open bool, reason string) {
	for {
		if len(fields) > maxColumns {
			return fields, false, ""
		}
		if len(text) == 0 || text[0] != '"' {
			i := bytes.IndexByte(text, separator)
			if i < 0 {
				return append(fields, string(text)), false, ""
			}
			fields = append(fields, string(text[:i]))
			text = text[i+1:]
			continue
		}
		var cell []byte
		for text = text[1:]; ; {
			i := bytes.IndexByte(text, '"')
			if i < 0 {
				return nil, true, ""
			}
			cell = append(cell, text[:i]...)
			if text = text[i+1:]; len(text) > 0 && text[0] == '"' {
				cell = append(cell, '"')
				text = text[1:]
				continue
			}
			break
		}
		fields = append(fields, string(cell))
		text = bytes.TrimLeft(text, " ")
		if len(text) == 0 {
			return fields, false, ""
		}
		if text[0] != separator {
			return nil, false, "something follows a closing quotation mark"
		}
		text = text[1:]
		if separator != ' ' { // `"a", "b"`: a space before a quoted cell is no part of it
			if trimmed := bytes.TrimLeft(text, " "); len(trimmed) > 0 && trimmed[0] == '"' {
				text = trimmed
			}
		}
	}
}
