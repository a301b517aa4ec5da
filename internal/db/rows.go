package db

import (
	"regexp"
	"strconv"
	"strings"
)

// Rows gathers rows of one table, which go in together, as many as a statement takes.
// The table's writer calls Add for each and Flush in the end. After an error of either the
// transaction must end: some of the rows may be there.
type Rows struct {
	Into    string // INSERT INTO table (columns)
	End     string // of the statement: ON CONFLICT …
	columns int
	args    []any
	full    string // the statement with as many rows as it takes
	given   string // the same as SQLite is given it
}

// Add gives a row, whose values are in the order of the columns. All rows have the
// same number of values.
func (r *Rows) Add(tx *Tx, values ...any) error {
	r.columns = len(values)
	r.args = append(r.args, values...)
	if len(r.args)+r.columns <= maxPlaceholders {
		return nil
	}
	if r.full == "" {
		r.full = r.text()
	}
	return r.exec(tx, r.full)
}

// Flush writes what was gathered.
func (r *Rows) Flush(tx *Tx) error {
	if len(r.args) == 0 {
		return nil
	}
	return r.exec(tx, r.text())
}

func (r *Rows) exec(tx *Tx, stmt string) error {
	_, err := tx.exec(stmt, r.args, func(text string) string {
		switch {
		case tx.Engine() != SQLite:
			return text
		case stmt != r.full:
			return inOrder(text)
		case r.given == "":
			r.given = inOrder(text)
		}
		return r.given
	})
	clear(r.args)
	r.args = r.args[:0]
	return err
}

var numbered = regexp.MustCompile(`\?\d+`)

// inOrder is a statement of rows as SQLite takes it fastest. It would keep what the
// statement changes, to take back this one alone; here the whole transaction ends if it
// fails. And the driver looks each numbered placeholder up among all.
func inOrder(text string) string {
	return numbered.ReplaceAllString(strings.Replace(text, "INSERT INTO ", "INSERT OR FAIL INTO ", 1), "?")
}

func (r *Rows) text() string {
	var b strings.Builder
	b.WriteString(r.Into)
	b.WriteString(" VALUES ")
	for i := range r.args {
		switch {
		case i == 0:
			b.WriteString("(")
		case i%r.columns == 0:
			b.WriteString("), (")
		default:
			b.WriteString(", ")
		}
		b.WriteString("$" + strconv.Itoa(i+1))
	}
	b.WriteString(")")
	if r.End != "" {
		b.WriteString(" " + r.End)
	}
	return b.String()
}
