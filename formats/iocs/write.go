package iocs

import (
	"bufio"
	"fmt"
	"io"
	"iter"
	"strings"
	"unicode"
)

// triggers begin what a spreadsheet takes for a formula, or what makes it look
// further: the ASCII ones, and the wide forms that some locales treat alike.
const triggers = "=+-@|%\t\r\n\x00＝＋－＠｜％"

// risky reports whether a spreadsheet may compute a cell instead of showing it.
// Space before the trigger does not help: some programs skip it.
func risky(s string) bool {
	s = strings.TrimLeftFunc(s, func(r rune) bool {
		return r != '\t' && r != '\r' && r != '\n' && (unicode.IsSpace(r) || strings.ContainsRune("\u200b\u2060\ufeff", r))
	})
	for _, r := range s {
		return strings.ContainsRune(triggers, r)
	}
	return false
}

// Cell is text as it may stand in a CSV that a spreadsheet opens (T-51): what
// could become a formula gets an apostrophe in front, which shows as text.
// [Uncell] undoes it.
func Cell(s string) string {
	if risky(strings.TrimLeft(s, "'")) { // one more, so that it can be undone
		return "'" + s
	}
	return s
}

// Uncell is what [Cell] was given.
func Uncell(s string) string {
	if rest, ok := strings.CutPrefix(s, "'"); ok && risky(strings.TrimLeft(rest, "'")) {
		return rest
	}
	return s
}

// WriteCSV writes a header and rows as RFC 4180 has it, each cell passed
// through [Cell], and quoted unless it is harmless to every reader: an
// unquoted semicolon or tab begins a new cell in some countries' spreadsheets.
func WriteCSV(w io.Writer, header []string, rows iter.Seq[[]string]) error {
	b := bufio.NewWriterSize(w, 32<<10)
	writeRow(b, header)
	if rows != nil {
		for row := range rows {
			writeRow(b, row)
		}
	}
	if err := b.Flush(); err != nil {
		return fmt.Errorf("writing CSV: %w", err)
	}
	return nil
}

// writeRow leaves errors to the writer's Flush, which keeps the first.
func writeRow(b *bufio.Writer, row []string) {
	for i, s := range row {
		if i > 0 {
			_ = b.WriteByte(',')
		}
		s = strings.ToValidUTF8(Cell(s), "\uFFFD")
		if s != "" && strings.IndexFunc(s, func(r rune) bool { return !safe(r) }) < 0 || s == "" && len(row) > 1 {
			_, _ = b.WriteString(s)
			continue
		}
		_ = b.WriteByte('"')
		_, _ = b.WriteString(strings.ReplaceAll(s, `"`, `""`))
		_ = b.WriteByte('"')
	}
	_, _ = b.WriteString("\r\n")
}

func safe(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("._:/@-", r)
}

// WriteList writes values one a line. A value that is no single line is
// refused: it would be read as two.
func WriteList(w io.Writer, values iter.Seq[string]) error {
	b := bufio.NewWriterSize(w, 32<<10)
	n := 0
	for v := range values {
		n++
		if v == "" || strings.ContainsFunc(v, unicode.IsControl) {
			return fmt.Errorf("value %d does not fit on a line of its own", n)
		}
		_, _ = b.WriteString(v)
		_ = b.WriteByte('\n')
	}
	if err := b.Flush(); err != nil {
		return fmt.Errorf("writing a list: %w", err)
	}
	return nil
}

// CSVHeader names the columns of [Row.CSV]. [Guess] reads them again.
func CSVHeader() []string {
	return []string{"type", "value", "name", "description", "confidence", "tlp", "valid_from", "valid_until", "first_seen", "last_seen", "labels", "reference", "kill_chain"}
}
