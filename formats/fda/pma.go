package fda

import (
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strings"
)

// PMAAnnualRow is what the periodic report of a PMA device says of one
// vulnerability: eleven fields.
//
// R-014; FDA Postmarket 2016 §VIII, 21 CFR 814.84.
type PMAAnnualRow struct {
	Vulnerability    string `json:"vulnerability"`     // 1: brief description …
	HowAware         string `json:"how_aware"`         // 1: … and how the firm became aware
	RiskConclusion   Risk   `json:"risk_conclusion"`   // 2
	RiskSummary      string `json:"risk_summary"`      // 2
	Change           string `json:"change"`            // 3: what was changed …
	Comparison       string `json:"comparison"`        // 3: … against the version approved before
	Rationale        string `json:"rationale"`         // 4
	OtherDevices     Listed `json:"other_devices"`     // 5: other submissions or devices modified
	RelatedEvents    Listed `json:"related_events"`    // 6: MDR and recall numbers
	UDI              Listed `json:"udi"`               // 7; none is no answer
	Alerts           Listed `json:"alerts"`            // 8: government or ISAO alerts, by address
	Notifications    Listed `json:"notifications"`     // 9: all distributed to customers
	ISAO             string `json:"isao"`              // 10: its name …
	ISAOReportedOn   Date   `json:"isao_reported_on"`  // 10: … and the day it was told
	OtherSubmissions Listed `json:"other_submissions"` // 11: PMA supplement, 30-day notice, 806 report …
	BasisForNone     string `json:"basis_for_none"`    // 11: … or why there is none
}

// Listed is a list that may be empty only if somebody said so.
type Listed struct {
	Items []string `json:"items,omitempty"`
	None  bool     `json:"none,omitempty"`
}

func (l Listed) stated() bool {
	return l.None || slices.ContainsFunc(l.Items, func(s string) bool { return strings.TrimSpace(s) != "" })
}

func (l Listed) text() string {
	if l.None && len(l.Items) == 0 {
		return "none"
	}
	return strings.Join(l.Items, "; ")
}

// PMAHeader names the eleven fields, in the order of [PMAAnnualRow.Record].
func PMAHeader() []string {
	return []string{
		"Vulnerability and how the firm became aware",
		"Conclusion of the risk assessment",
		"Change, compared with the version approved before",
		"Rationale of the change",
		"Other submissions or devices modified",
		"Related events (MDR and recall numbers)",
		"UDI",
		"Government or ISAO alert",
		"Customer notifications",
		"ISAO, and when it was told",
		"Other submissions, or the basis for none",
	}
}

// Record is the row as eleven texts.
func (r PMAAnnualRow) Record() []string {
	join := func(sep string, parts ...string) string {
		return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return strings.TrimSpace(s) == "" }), sep)
	}
	day := ""
	if !r.ISAOReportedOn.IsZero() {
		day = r.ISAOReportedOn.String()
	}
	last := r.OtherSubmissions.text()
	if r.OtherSubmissions.None || last == "" {
		last = join(": ", last, r.BasisForNone)
	}
	return []string{
		join(" ", r.Vulnerability, r.HowAware), join(": ", string(r.RiskConclusion), r.RiskSummary), join(" ", r.Change, r.Comparison), r.Rationale,
		r.OtherDevices.text(), r.RelatedEvents.text(), r.UDI.text(), r.Alerts.text(), r.Notifications.text(), join(", ", r.ISAO, day), last,
	}
}

// Missing names, in order, the fields of [PMAHeader] that are not complete. An
// empty list counts only where none is an answer and was given.
func (r PMAAnnualRow) Missing() []string {
	said := func(all ...string) bool {
		return !slices.ContainsFunc(all, func(s string) bool { return strings.TrimSpace(s) == "" })
	}
	complete := [11]bool{
		said(r.Vulnerability, r.HowAware),
		r.RiskConclusion.Valid() && said(r.RiskSummary),
		said(r.Change, r.Comparison),
		said(r.Rationale),
		r.OtherDevices.stated(),
		r.RelatedEvents.stated(),
		Listed{Items: r.UDI.Items}.stated(),
		r.Alerts.stated(),
		r.Notifications.stated(),
		said(r.ISAO) && !r.ISAOReportedOn.IsZero(),
		Listed{Items: r.OtherSubmissions.Items}.stated() || said(r.BasisForNone),
	}
	var missing []string
	for i, name := range PMAHeader() {
		if !complete[i] {
			missing = append(missing, name)
		}
	}
	return missing
}

// WritePMA writes rows as CSV with a header. A text that a spreadsheet would
// run as a formula gets an apostrophe in front.
func WritePMA(w io.Writer, rows []PMAAnnualRow) error {
	out := csv.NewWriter(w)
	out.Write(PMAHeader()) // a failure is kept until Error
	for _, r := range rows {
		record := r.Record()
		for i, text := range record {
			if strings.IndexAny(text, "=+-@\t\r") == 0 {
				record[i] = "'" + text
			}
		}
		out.Write(record)
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("writing the PMA report's rows: %w", err)
	}
	return nil
}
