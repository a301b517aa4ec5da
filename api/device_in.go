package api

import (
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/formats/csaf"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/fault"
)

// incoming is a file on its way in: the bare bytes, or the part named file of a form.
// Its terms stand in the address: name, and others.
func (c *call) incoming(w http.ResponseWriter, limit int64, within time.Duration, terms ...string) (q url.Values, name string, body io.Reader, size int64, err error) {
	if err := c.look(func() error { return nil }); err != nil {
		return nil, "", nil, 0, err
	}
	q, c.terms = c.r.URL.Query(), true
	if err := onlyTerms(q, append(terms, "name")...); err != nil {
		return nil, "", nil, 0, err
	}
	_ = http.NewResponseController(w).SetReadDeadline(clock.System().Now().Add(within)) // not every connection has one
	name, size, body = q.Get("name"), c.r.ContentLength, http.MaxBytesReader(w, c.r.Body, limit+1<<20)
	media, params, _ := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	if media == "multipart/form-data" {
		part, err := multipart.NewReader(body, params["boundary"]).NextPart()
		if err != nil || part.FormName() != "file" {
			return nil, "", nil, 0, fault.InvalidField("file", "Send a form with one part, named file.")
		}
		if name == "" {
			name = part.FileName()
		}
		size, body = -1, part
	}
	if name == "" {
		name = "sent by a program"
	}
	return q, name, body, size, nil
}

// onlyTerms refuses an address with terms that nobody knows, so that a misspelt one is not
// left out, and with one said twice.
func onlyTerms(q url.Values, terms ...string) error {
	for term, values := range q {
		if !slices.Contains(terms, term) {
			return fault.InvalidField("query", "The address names something that is no part of this.")
		}
		if len(values) > 1 {
			return fault.InvalidField(term, "Say this once.")
		}
	}
	return nil
}

// whole reads a file that is looked at whole.
func whole(body io.Reader, limit int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(body, limit+1))
	switch {
	case tooLarge(err) || err == nil && int64(len(data)) > limit:
		return nil, fault.InvalidField("file", "The file is larger than %d MiB.", limit>>20)
	case err != nil:
		return nil, fault.InvalidField("file", "The file did not arrive whole. Send it again.")
	}
	return data, nil
}

// takesFile describes that an operation takes a file.
func takesFile(op *huma.Operation, media ...string) {
	op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
		"multipart/form-data": {Schema: &huma.Schema{Type: "object", Required: []string{"file"},
			Properties: map[string]*huma.Schema{"file": {Type: "string", ContentEncoding: "binary"}}}},
	}}
	for _, m := range media {
		op.RequestBody.Content[m] = &huma.MediaType{}
	}
}

// queries describes terms in the address; names and what they mean alternate.
func queries(op *huma.Operation, namesAbout ...string) {
	for i := 0; i+1 < len(namesAbout); i += 2 {
		op.Parameters = append(op.Parameters, &huma.Param{Name: namesAbout[i], In: "query", Schema: &huma.Schema{Type: "string"}, Description: namesAbout[i+1]})
	}
}

// labelQueries are the terms of a label.
var labelQueries = []string{"tlp", "RED, AMBER+STRICT, AMBER, GREEN or CLEAR; AMBER+STRICT to your organization if it is left out", "audience", "Principals with commas between, such as org:…,circle:…"}

// truth reads a yes or no from an address.
func truth(q url.Values, name string) (bool, error) {
	switch q.Get(name) {
	case "", "false":
		return false, nil
	case "true":
		return true, nil
	}
	return false, fault.InvalidField(name, "Write true or false.")
}

// columnsIn reads what the columns of a table hold; nil if it is not said.
func columnsIn(q url.Values) []string {
	if q.Get("columns") == "" {
		return nil
	}
	return strings.Split(q.Get("columns"), ",")
}

// ImportPlan is what an import does, or did.
type ImportPlan struct {
	Import  string      `json:"import,omitempty" doc:"The import's id; missing from a dry run"`
	Dry     bool        `json:"dry" doc:"Nothing was changed"`
	Added   int         `json:"added"`
	Changed int         `json:"changed"`
	Same    int         `json:"same"`
	Refused int         `json:"refused"`
	Rows    []ImportRow `json:"rows" doc:"The first 1,000, those that are refused before the others"`
	More    int         `json:"more,omitempty" doc:"Rows that are not listed"`
}

// ImportRow is what an import does with a row or a record.
type ImportRow struct {
	Line     int             `json:"line" doc:"Of the table, or the number of the record"`
	Lines    int             `json:"lines" doc:"How many say this"`
	What     string          `json:"what"`
	Action   string          `json:"action" enum:"add,change,same,refuse"`
	ID       string          `json:"id,omitempty"`
	Fields   []string        `json:"fields" doc:"What changes"`
	Versions []string        `json:"versions" doc:"That are added"`
	Problems []ImportProblem `json:"problems"`
	Notes    []string        `json:"notes" doc:"What was passed over"`
}

// ImportProblem is why a row is refused.
type ImportProblem struct {
	Field  string `json:"field"`
	Detail string `json:"detail"`
}

// maxImportRows is how many rows of a plan are listed.
const maxImportRows = 1000

func planShape(p devices.Plan, dry bool) ImportPlan {
	out := ImportPlan{Import: p.Import, Dry: dry, Added: p.Added, Changed: p.Changed, Same: p.Same, Refused: p.Refused, Rows: []ImportRow{}}
	rows := slices.Clone(p.Rows)
	slices.SortStableFunc(rows, func(a, b devices.PlanRow) int { return refusedFirst(a) - refusedFirst(b) })
	for i, r := range rows {
		if i == maxImportRows {
			out.More = len(rows) - i
			break
		}
		row := ImportRow{r.Line, r.Lines, r.What, r.Action, r.ID, some(r.Fields), some(r.Versions), []ImportProblem{}, some(r.Notes)}
		for _, f := range r.Problems {
			row.Problems = append(row.Problems, ImportProblem{f.Name, f.Message})
		}
		out.Rows = append(out.Rows, row)
	}
	return out
}

func refusedFirst(r devices.PlanRow) int {
	if r.Action == devices.PlanRefuse {
		return 0
	}
	return 1
}

func deviceImportDoc(t *table, op *huma.Operation) {
	op.Description = "The bytes of a table (CSV), of GUDID records as openFDA gives them, or of a CSAF advisory, or a form with one part, file. Importing the same file again changes nothing."
	takesFile(op, "text/csv", "application/json", "application/octet-stream")
	queries(op, append([]string{"format", "csv, gudid or csaf", "name", "The file's name", "dry", "true to be told only what would be done", "columns", "Of a table: what each column holds, with commas between; guessed by the header if it is left out"}, labelQueries...)...)
	op.Responses["200"] = &huma.Response{Description: "What was done, or would be", Content: map[string]*huma.MediaType{"application/json": {Schema: t.schemaOf(ImportPlan{})}}}
}

// importDevices imports a file of products, or says what that would do.
func (c *call) importDevices(w http.ResponseWriter) {
	out, err := func() (out ImportPlan, err error) {
		q, name, body, _, err := c.incoming(w, max(devices.MaxSheet, csaf.MaxBytes), uploadTime, "format", "dry", "columns", "tlp", "audience")
		if err != nil {
			return out, err
		}
		in := devices.ProductImport{Format: q.Get("format"), Name: name, Columns: columnsIn(q)}
		limit := int64(devices.MaxSheet)
		switch in.Format {
		case devices.FromCSV, devices.FromGUDID:
		case devices.FromCSAF:
			limit = csaf.MaxBytes
		default:
			return out, fault.InvalidField("format", "Say the format: csv, gudid or csaf.")
		}
		if in.Label, err = labelIn(q); err != nil {
			return out, err
		}
		dry, err := truth(q, "dry")
		if err != nil {
			return out, err
		}
		if in.Body, err = whole(body, limit); err != nil {
			return out, err
		}
		var p devices.Plan
		if dry {
			err = c.look(func() error { p, err = c.Devices.PlanProducts(c.view, in); return err })
		} else {
			p, err = c.Devices.ImportProducts(c.r.Context(), c.DB, c.who, in, nil)
		}
		return planShape(p, dry), renamed(err, "label", "tlp")
	}()
	if err != nil {
		c.fail(w, err)
		return
	}
	c.touch()
	sendJSON(w, http.StatusOK, out)
}
