package db

import (
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
		if tx.Engine() != SQLite {
			return text
		}
		// Else SQLite keeps what the statement changes, to take back this one alone. Here
		// the whole transaction ends if it fails.
		return strings.Replace(text, "INSERT INTO ", "INSERT OR FAIL INTO ", 1)
	})
	clear(r.args)
	r.args = r.args[:0]
	return err
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
