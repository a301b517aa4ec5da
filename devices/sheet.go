package devices

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/cordon-isao/cordon/formats/iocs"
	"github.com/cordon-isao/cordon/formats/names"
	"github.com/cordon-isao/cordon/internal/fault"
)

// The limits of tables.
const (
	MaxSheet       = 10 << 20 // bytes
	MaxProductRows = 20_000   // of products, and records of GUDID
	MaxPlaceRows   = 100_000  // of deployments: many inventories have a row a unit
	maxColumns     = 200
	maxCell        = 8000 // bytes
	previewRows    = 10
)

// Column is what a column of a table may hold.
type Column struct {
	Name   string // as in a template's header
	Words  string // what it is
	Needed bool
	also   []string // other headers, folded without spaces
}

// Sheet is a table before it is imported: as it is, and what its columns are taken
// for.
type Sheet struct {
	Header  []string
	Columns []string   // by column the name of a [Column], or "" if it is passed over
	Rows    [][]string // the first few
	Total   int
}

type sheetRow struct {
	line  int
	cells []string
}

// readSheet reads a table with a header. Errors are of the field "file" and name
// the line.
func readSheet(body []byte, most int) (header []string, rows []sheetRow, err error) {
	wrong := func(form string, args ...any) error { return fault.InvalidField("file", form, args...) }
	if len(body) > MaxSheet {
		return nil, nil, wrong("The file is larger than %d MiB. Send it in parts.", MaxSheet>>20)
	}
	body = bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))
	if bytes.HasPrefix(body, []byte("\xff\xfe")) || bytes.HasPrefix(body, []byte("\xfe\xff")) || bytes.IndexByte(body, 0) >= 0 || !utf8.Valid(body) {
		return nil, nil, wrong("This is not UTF-8 text. Save the table as CSV UTF-8.")
	}
	r := csv.NewReader(bytes.NewReader(body))
	r.Comma, r.FieldsPerRecord = separator(body), -1
	for {
		cells, err := r.Read()
		if err == io.EOF {
			break
		}
		var bad *csv.ParseError
		if errors.As(err, &bad) {
			return nil, nil, wrong("Line %d cannot be read: %s. Quotes must be doubled and closed.", bad.Line, strings.TrimPrefix(bad.Err.Error(), "parse error: "))
		}
		if err != nil {
			return nil, nil, err
		}
		line, _ := r.FieldPos(0)
		if len(cells) > maxColumns {
			return nil, nil, wrong("Line %d has %d columns; at most %d fit.", line, len(cells), maxColumns)
		}
		for i, c := range cells {
			if len(c) > maxCell {
				return nil, nil, wrong("Line %d, column %d has %d bytes; at most %d fit.", line, i+1, len(c), maxCell)
			}
			cells[i] = strings.TrimSpace(iocs.Uncell(strings.TrimSpace(c)))
		}
		if !slices.ContainsFunc(cells, func(c string) bool { return c != "" }) {
			continue
		}
		if header == nil {
			header = cells
			continue
		}
		if rows = append(rows, sheetRow{line, cells}); len(rows) > most {
			return nil, nil, wrong("The table has more than %d rows. Send it in parts.", most)
		}
	}
	if header == nil {
		return nil, nil, wrong("The file is empty. Its first row names the columns.")
	}
	return header, rows, nil
}

// separator is what parts the columns of the first line, outside quotes.
func separator(body []byte) rune {
	counts, quoted := map[byte]int{}, false
	for _, c := range body {
		if c == '"' {
			quoted = !quoted
		}
		if quoted {
			continue
		}
		if c == '\n' {
			break
		}
		counts[c]++
	}
	best := byte(',')
	for _, c := range []byte{';', '\t', '|'} {
		if counts[c] > counts[best] {
			best = c
		}
	}
	return rune(best)
}

// foldHeader is a column's name without case, spaces and punctuation.
func foldHeader(s string) string { return strings.ReplaceAll(names.Fold(s), " ", "") }

// guess says what columns hold by their names, each field once. remembered holds
// what the organization said before, by folded header.
func guess(header []string, fields []Column, remembered map[string]string) []string {
	out, taken := make([]string, len(header)), map[string]bool{}
	known := func(name string) bool {
		return slices.ContainsFunc(fields, func(f Column) bool { return f.Name == name })
	}
	for i, h := range header {
		if f := remembered[foldHeader(h)]; f != "" && known(f) && !taken[f] {
			out[i], taken[f] = f, true
		}
	}
	for i, h := range header {
		h = foldHeader(h)
		if _, told := remembered[h]; told || out[i] != "" || h == "" {
			continue
		}
		for _, f := range fields {
			if !taken[f.Name] && (h == foldHeader(f.Name) || slices.Contains(f.also, h)) {
				out[i], taken[f.Name] = f.Name, true
				break
			}
		}
	}
	return out
}

// checkColumns says what is wrong with a mapping, in the fields "columns" and
// "column-N" (from 0).
func checkColumns(header, columns []string, fields []Column) error {
	var bad []fault.Field
	if len(columns) > len(header) {
		return fault.InvalidField("columns", "The table has %d columns, and %d were described.", len(header), len(columns))
	}
	seen := map[string]bool{}
	for i, c := range columns {
		switch {
		case c == "":
		case !slices.ContainsFunc(fields, func(f Column) bool { return f.Name == c }):
			bad = append(bad, fault.Field{Name: fmt.Sprintf("column-%d", i), Message: fmt.Sprintf("Choose what column %d holds from the list.", i+1)})
		case seen[c]:
			bad = append(bad, fault.Field{Name: fmt.Sprintf("column-%d", i), Message: fmt.Sprintf("Column %d cannot hold this, another one does already.", i+1)})
		}
		seen[c] = true
	}
	for _, f := range fields {
		if f.Needed && !seen[f.Name] {
			bad = append(bad, fault.Field{Name: "columns", Message: fmt.Sprintf("Say which column holds this: %s.", f.Words)})
		}
	}
	return fault.InvalidFields(bad)
}

// cellsOf gives the cells of a row by the name of their column.
func cellsOf(columns []string, r sheetRow) map[string]string {
	out := map[string]string{}
	for i, c := range columns {
		if c != "" && i < len(r.cells) {
			out[c] = r.cells[i]
		}
	}
	return out
}

// preview is the beginning of a table.
func preview(header, columns []string, rows []sheetRow) Sheet {
	s := Sheet{Header: header, Columns: columns, Total: len(rows)}
	for _, r := range rows[:min(len(rows), previewRows)] {
		s.Rows = append(s.Rows, r.cells)
	}
	return s
}

// Parts of a cell that holds several values.
func parts(s string) (out []string) {
	for _, p := range strings.FieldsFunc(s, func(r rune) bool { return r == ';' || r == '|' || r == '\n' }) {
		if p = strings.TrimSpace(p); p != "" {
			out = append(out, p)
		}
	}
	return out
}

// yes reads a cell that says yes or no.
func yes(s string) (is, ok bool) {
	switch names.Fold(s) {
	case "yes", "y", "true", "1", "x":
		return true, true
	case "no", "n", "false", "0":
		return false, true
	}
	return false, false
}

// The actions of a plan.
const (
	PlanAdd    = "add"
	PlanChange = "change"
	PlanSame   = "same"
	PlanRefuse = "refuse"
)

// PlanRow is what an import does with a row of a table, or with a record.
type PlanRow struct {
	Line     int    // of the table, or the number of the record; where several say one thing, the first
	Lines    int    // how many say it
	What     string // maker and name
	Action   string
	ID       string        // what is changed; "" if it is added
	Fields   []string      // what changes
	Versions []string      // that are added
	Problems []fault.Field // why it is refused
	Notes    []string      // what was passed over
}

// Plan is what an import does, or did.
type Plan struct {
	Import  string // id of the import; "" for a dry run
	Rows    []PlanRow
	Added   int
	Changed int
	Same    int
	Refused int
}

func (p *Plan) add(r PlanRow) {
	switch r.Action {
	case PlanAdd:
		p.Added++
	case PlanChange:
		p.Changed++
	case PlanSame:
		p.Same++
	default:
		p.Refused++
	}
	p.Rows = append(p.Rows, r)
}

// refuse makes a row that is not taken.
func refuse(line int, what string, err error) PlanRow {
	r := PlanRow{Line: line, Lines: 1, What: what, Action: PlanRefuse, Problems: fault.FieldsOf(err)}
	if len(r.Problems) == 0 {
		r.Problems = []fault.Field{{Message: fault.Sentence(err)}}
	}
	return r
}
