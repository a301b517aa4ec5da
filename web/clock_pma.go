package web

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/cordon-isao/cordon/formats/fda"
	"github.com/cordon-isao/cordon/internal/fault"
)

// pmaRow is a party's row for the periodic report of a PMA device, as CSV
// or JSON, as the end of the address says.
func (c *Ctx) pmaRow() error {
	return c.onCase(tabClocks, func(h caseHead) error {
		party, as, _ := strings.Cut(c.R.PathValue("row"), ".")
		p, err := c.Cases.Party(c.View, party)
		if err != nil {
			return err
		}
		if p.Case != h.K.ID {
			return fault.ErrMissing
		}
		row, _, err := c.Cases.PMARow(c.View, p.ID)
		if err != nil {
			return err
		}
		switch as {
		case "csv":
			var b bytes.Buffer
			if err := fda.WritePMA(&b, []fda.PMAAnnualRow{row}); err != nil {
				return err
			}
			return c.sendFile(h.K.Short()+"-pma-row.csv", "text/csv; charset=utf-8", b.Bytes())
		case "json":
			b, err := json.MarshalIndent(row, "", "  ")
			if err != nil {
				return err
			}
			return c.sendFile(h.K.Short()+"-pma-row.json", "application/json", b)
		}
		return fault.ErrMissing
	})
}
