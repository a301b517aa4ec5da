package intel

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/cordon-isao/cordon/formats/iocs"
	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
)

// What of a table is looked at before it is taken in.
const (
	columnsHead    = 128 << 10 // bytes of its beginning
	columnsSample  = 5         // rows as they are
	columnsRead    = 20        // rows as they are understood
	mappingColumns = 200
)

// Columns is the beginning of a table of indicators: as it is, and as it would be
// understood.
type Columns struct {
	iocs.Sample
	Read []ColumnsRow
	More bool // there is more of the table than was looked at
}

// ColumnsRow is an indicator of the table, or why a row is none.
type ColumnsRow struct {
	Line    int
	Type    iocs.Type
	Value   string
	Name    string
	TLP     string
	Problem string
}

// Columns looks at a table that was kept and is not read yet ([NewBatch.Paused]).
// mapping says what its columns hold; nil guesses, or takes what was said before.
func (x *Intel) Columns(ctx context.Context, v *db.View, batch string, mapping iocs.Mapping) (c Columns, err error) {
	b, err := x.batchOf(v, batch)
	if err != nil {
		return c, err
	}
	if err := b.unread(); err != nil {
		return c, err
	}
	key, err := x.box.UnwrapKey(b.key, []byte(b.file))
	if err != nil {
		return c, fmt.Errorf("open the batch's file: %w", err)
	}
	f, size, err := x.files.Open(ctx, blobOf(b.file), key)
	if err != nil {
		return c, fmt.Errorf("open the batch's file: %w", err)
	}
	defer f.Close()
	head, err := io.ReadAll(io.LimitReader(f, columnsHead))
	if err != nil {
		return c, fmt.Errorf("read the batch's file: %w", err)
	}
	if c.More = int64(len(head)) < size; c.More {
		head = head[:bytes.LastIndexByte(head, '\n')+1] // no row that is cut
	}
	if mapping == nil {
		mapping = b.Terms.Mapping
	}
	o := iocs.Options{Mapping: mapping}
	if c.Sample, err = iocs.ReadSample(bytes.NewReader(head), o, columnsSample); err != nil {
		return c, fault.InvalidField("upload", "%s.", sentenceCase(err.Error()))
	}
	r, err := iocs.NewReader(bytes.NewReader(head), o)
	if err != nil {
		return c, fault.InvalidField("upload", "%s.", sentenceCase(err.Error()))
	}
	for len(c.Read) < columnsRead {
		row, err := r.Next()
		var bad *iocs.RowError
		switch {
		case errors.As(err, &bad):
			at := ""
			if bad.Column > 0 {
				at = fmt.Sprintf("Column %d: ", bad.Column)
			}
			c.Read = append(c.Read, ColumnsRow{Line: bad.Line, Problem: at + bad.Reason})
		case err == io.EOF, err == iocs.ErrNoValues:
			return c, nil
		case err != nil:
			return c, err
		default:
			c.Read = append(c.Read, ColumnsRow{Line: row.Line, Type: row.Type, Value: row.Value, Name: row.Name, TLP: row.TLP})
		}
	}
	c.More = true
	return c, nil
}

// unread says why a batch is no table whose columns can still be said.
func (b *Batch) unread() error {
	if b.Format != FormatCSV || b.State != Stopped || b.Seen > 0 || b.Consumed > 0 || b.file == "" {
		return fault.Conflictf("Its reading has begun. What its columns hold cannot be changed any more.")
	}
	return nil
}

// Begin has a table read that was kept, with its columns taken for what mapping
// says.
func (x *Intel) Begin(tx *db.Tx, batch string, mapping iocs.Mapping) error {
	b, err := x.batchOf(tx.View, batch)
	if err != nil {
		return err
	}
	if err := b.unread(); err != nil {
		return err
	}
	if err := checkMapping(mapping); err != nil {
		return err
	}
	b.Terms.Mapping = mapping
	text, err := json.Marshal(b.Terms)
	if err != nil {
		return err
	}
	if err := tx.MustChange(`UPDATE intel_batches SET terms = $1 WHERE id = $2`, string(text), b.ID); err != nil {
		return err
	}
	return x.Resume(tx, batch)
}

// checkMapping says what is wrong with a mapping of columns, in the fields
// "columns" and "column-N" (from 0).
func checkMapping(m iocs.Mapping) error {
	var p check.Problems
	if len(m) > mappingColumns {
		return fault.InvalidField("columns", "A table has at most %d columns.", mappingColumns)
	}
	if !m.HasValue() {
		p.Add("columns", "Say which column holds the indicators.")
	}
	seen := map[iocs.Field]bool{}
	for i, c := range m {
		field := fmt.Sprintf("column-%d", i)
		switch {
		case c.Field != iocs.FieldNone && !slices.Contains(iocs.Fields(), c.Field), c.Type != "" && (c.Field != iocs.FieldValue || !slices.Contains(iocs.Types(), c.Type)):
			p.Add(field, "Choose what column %d holds from the list.", i+1)
		case c.Field != iocs.FieldNone && c.Field != iocs.FieldValue && seen[c.Field]:
			p.Add(field, "Column %d cannot hold this, another one does already.", i+1)
		}
		seen[c.Field] = true
	}
	return p.Err()
}
