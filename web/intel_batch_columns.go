package web

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/cordon-isao/cordon/formats/iocs"
	"github.com/cordon-isao/cordon/intel"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/web/ui"
)

// columnsView is a table's columns, before it is taken in.
type columnsView struct {
	a       attempt
	table   intel.Columns
	mapping iocs.Mapping
	bad     string // why it cannot be looked at
	button  string
}

// iocFieldWords are what a column can hold, in words.
var iocFieldWords = map[iocs.Field]string{
	iocs.FieldValue: "Indicator, of whichever type it shows", iocs.FieldType: "Type of the indicator", iocs.FieldName: "Name", iocs.FieldDescription: "Description",
	iocs.FieldConfidence: "Confidence", iocs.FieldTLP: "TLP marking", iocs.FieldValidFrom: "Valid from", iocs.FieldValidUntil: "Valid until",
	iocs.FieldFirstSeen: "First seen", iocs.FieldLastSeen: "Last seen", iocs.FieldLabels: "Labels", iocs.FieldReference: "Reference", iocs.FieldKillChain: "Kill chain phase",
}

// columnsOf looks at a table, with its columns as they were chosen or guessed.
func (c *Ctx) columnsOf(b *intel.Batch, a attempt) (*columnsView, error) {
	x := &columnsView{a: a}
	var chosen iocs.Mapping
	if a.which == "columns" {
		chosen = typedMapping(a.t)
	}
	var err error
	x.table, err = c.Intel.Columns(c.R.Context(), c.View, b.ID, chosen)
	if fault.Is(err, fault.Invalid) {
		x.bad = fault.Sentence(err)
		return x, nil
	}
	if err != nil {
		return nil, err
	}
	if x.mapping = chosen; chosen == nil {
		x.mapping = x.table.Mapping
	}
	// As the import's own button: whom it reaches.
	p, err := c.termsPreview(c.View, b.Terms)
	x.button = p.Button
	return x, err
}

// typedMapping reads what was chosen for each column: a field, and after a colon
// the type of its values.
func typedMapping(t typed) iocs.Mapping {
	n, err := strconv.Atoi(t["columns"])
	if err != nil {
		return nil
	}
	m := make(iocs.Mapping, max(0, min(n, maxColumns)))
	for i := range m {
		field, typ, _ := strings.Cut(t["column-"+strconv.Itoa(i)], ":")
		m[i] = iocs.Column{Field: iocs.Field(field), Type: iocs.Type(typ)}
	}
	return m
}

// maxColumns is how many columns of a table can be said what they hold.
const maxColumns = 200

// intelBatchColumns takes what the columns of a table hold, shows the table once
// more with it, or has it read.
func (c *Ctx) intelBatchColumns() error {
	a := attempt{which: "columns"}
	var err error
	if a.t, err = c.typed("do", "columns"); err != nil {
		return err
	}
	for i := range typedMapping(a.t) {
		name := "column-" + strconv.Itoa(i)
		if a.t[name], err = c.field(name); err != nil {
			return err
		}
	}
	id := c.R.PathValue("batch")
	if a.t["do"] != "take" {
		return c.again(nil, func(status int) error { return c.showBatch(status, a) })
	}
	if err = c.write(func(tx *db.Tx) error { return c.Intel.Begin(tx, id, typedMapping(a.t)) }); err != nil {
		known := []string{"columns"}
		for i := range typedMapping(a.t) {
			known = append(known, "column-"+strconv.Itoa(i))
		}
		a.errs = formErrors(err, "columns", known...)
		return c.again(err, func(status int) error { return c.showBatch(status, a) })
	}
	return c.redirect(intelAtBatches + "/" + id + "?done=" + doneImporting)
}

// columnField is the choice of what one column holds.
func columnField(x columnsView, i int) ui.Field {
	chosen := ""
	if i < len(x.mapping) {
		if chosen = string(x.mapping[i].Field); x.mapping[i].Type != "" {
			chosen += ":" + string(x.mapping[i].Type)
		}
	}
	label := fmt.Sprintf("Column %d", i+1)
	if i < len(x.table.Header) && strings.TrimSpace(x.table.Header[i]) != "" {
		label += ": " + shortened(x.table.Header[i])
	}
	var seen []string
	for _, r := range x.table.Rows {
		if i < len(r) && strings.TrimSpace(r[i]) != "" && len(seen) < 2 {
			seen = append(seen, shortened(r[i]))
		}
	}
	f := ui.Field{ID: "columns-column-" + strconv.Itoa(i), Name: "column-" + strconv.Itoa(i), Label: label, Type: "select"}
	if len(seen) > 0 {
		f.Hint = "Such as " + strings.Join(seen, ", ")
	}
	f.Options = append(f.Options, ui.Option{Value: "", Text: "Pass over"})
	for _, k := range iocs.Fields() {
		f.Options = append(f.Options, ui.Option{Value: string(k), Text: iocFieldWords[k]})
	}
	for _, t := range iocs.Types() {
		f.Options = append(f.Options, ui.Option{Value: string(iocs.FieldValue) + ":" + string(t), Text: "Indicators: " + iocTypeWords[t]})
	}
	for n := range f.Options {
		f.Options[n].Selected = f.Options[n].Value == chosen
	}
	f.Error = errorOf(x.a.errs, f.ID)
	return f
}

// iocTypeWords are the types of indicators in words.
var iocTypeWords = map[iocs.Type]string{
	iocs.IPv4: "IPv4 addresses", iocs.IPv6: "IPv6 addresses", iocs.CIDR: "networks", iocs.IPPort: "addresses with a port", iocs.Domain: "domain names", iocs.URL: "URLs", iocs.Email: "e-mail addresses",
	iocs.MD5: "MD5 hashes", iocs.SHA1: "SHA-1 hashes", iocs.SHA224: "SHA-224 hashes", iocs.SHA256: "SHA-256 hashes", iocs.SHA384: "SHA-384 hashes", iocs.SHA512: "SHA-512 hashes",
	iocs.FileName: "file names", iocs.FilePath: "file paths", iocs.MAC: "MAC addresses", iocs.ASN: "autonomous systems", iocs.CVE: "CVE ids", iocs.Registry: "registry keys", iocs.Mutex: "mutexes",
}

// columnsRows are the first indicators as they would be understood.
func columnsRows(rows []intel.ColumnsRow) (out [][]ui.Cell) {
	for _, r := range rows {
		line := ui.Cell{Text: strconv.Itoa(r.Line), Header: true}
		if r.Problem != "" {
			out = append(out, []ui.Cell{line, {Text: "not read", Muted: true}, {Text: r.Problem}, {}, {}})
			continue
		}
		tlp := ui.Cell{Text: "none", Muted: true}
		if r.TLP != "" {
			tlp = ui.Cell{Part: ui.TLPChip(r.TLP)}
		}
		out = append(out, []ui.Cell{line, {Text: iocTypeWords[r.Type]}, {Text: shortened(r.Value), Mono: true}, {Text: shortened(r.Name)}, tlp})
	}
	return out
}
