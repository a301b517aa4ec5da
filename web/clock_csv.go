package web

import (
	"bytes"
	"encoding/csv"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/internal/ids"
)

var clockColumns = []string{"case", "clock", "rule", "source", "state", "trigger", "trigger at", "due at", "zone", "satisfied at", "lost at", "waived at", "waived by", "reason", "missing"}

// clocksCSV is the table twin as a file. A spreadsheet runs what begins like a
// formula, so every such text gets an apostrophe before it.
func clocksCSV(os []cases.Obligation) ([]byte, error) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.UseCRLF = true
	if err := w.Write(clockColumns); err != nil {
		return nil, err
	}
	for _, o := range os {
		short := ""
		if o.Case != "" {
			short = ids.Short(o.Case)
		}
		row := []string{short, o.Name, o.Rule, o.Source, stateWords(o.State), o.What, stamp(o.Trigger), stamp(inZone(o.Due, o.Zone)), zoneName(o.Zone),
			stamp(o.SatisfiedAt), stamp(o.LostAt), stamp(o.WaivedAt), o.WaivedName, clockReason(o), strings.Join(o.Missing, " ")}
		for i := range row {
			row[i] = plainCell(row[i])
		}
		if err := w.Write(row); err != nil {
			return nil, err
		}
	}
	w.Flush()
	return b.Bytes(), w.Error()
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339)
}

// plainCell makes a text that no spreadsheet takes for a formula.
func plainCell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r\n|%", rune(s[0])) {
		return "'" + s
	}
	return s
}

// sendCSV answers with a file that browsers save.
func (c *Ctx) sendCSV(name string, os []cases.Obligation) error {
	b, err := clocksCSV(os)
	if err != nil {
		return err
	}
	return c.sendFile(name, "text/csv; charset=utf-8", b)
}

// sendFile answers with a small file that browsers save and never show.
func (c *Ctx) sendFile(name, media string, b []byte) error {
	inert(c.W.Header(), name)
	c.W.Header().Set("Content-Type", media)
	_, err := c.W.Write(b)
	return err
}
