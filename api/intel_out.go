package api

import (
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/cordon-isao/cordon/formats/iocs"
	"github.com/cordon-isao/cordon/intel"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
)

func rawIntelDoc(_ *table, op *huma.Operation) {
	op.Description = "The latest version's bytes, as they came."
	document(op, "application/stix+json", "The object")
}

// rawIntel hands out an object as it came.
func (c *call) rawIntel(w http.ResponseWriter) {
	var o intel.Object
	err := c.look(func() (err error) {
		o, err = c.Intel.Object(c.view, c.r.PathValue("stix"))
		return err
	})
	if err != nil {
		c.fail(w, err)
		return
	}
	c.touch()
	inert(w.Header(), "application/stix+json;version=2.1", o.ID+".json")
	w.Header().Set(labelHeader, o.Label.TLP.String())
	w.Write(o.Raw)
}

// labelHeader tells a program how what it gets is marked, beside what the file
// says of itself.
const labelHeader = "X-Cordon-Label"

// exportTime is how long an export may take to be fetched.
const exportTime = 30 * time.Minute

func exportIntelDoc(_ *table, op *huma.Operation) {
	op.Description = "At most 100,000 objects (10,000 as MISP): narrow the search, or pull everything over TAXII. The file carries the strictest marking of its parts, also in " + labelHeader +
		" and in its name, and the strictest permissible actions, also in X-Cordon-PAP. A list and rules hold nothing that was revoked or has expired, unless you ask for just that. That you take it is recorded. What breaks off is not whole."
	for _, p := range []struct{ name, about string }{
		{"q", "As in the search box; everything if it is left out"},
		{"id", "The STIX id of an object instead; may be given up to 1,000 times"},
		{"format", "stix, csv, misp, list, sigma, snort, suricata or yara"},
		{"values", "With format=list, only values of this type: " + strings.Join(valueTypes(), ", ")},
	} {
		op.Parameters = append(op.Parameters, &huma.Param{Name: p.name, In: "query", Required: p.name == "format", Schema: &huma.Schema{Type: "string"}, Description: p.about})
	}
	op.Responses["200"] = &huma.Response{Description: "The file", Content: map[string]*huma.MediaType{"application/stix+json": {}, "application/json": {}, "text/csv": {}, "text/plain": {}}}
}

func valueTypes() (out []string) {
	for _, t := range iocs.Types() {
		out = append(out, string(t))
	}
	return out
}

// exportIntel writes an export as it is read.
func (c *call) exportIntel(w http.ResponseWriter) {
	var r intel.ExportRequest
	err := c.look(func() (err error) {
		r, err = readExport(c.view, c.r)
		return err
	})
	if err == nil && c.r.Method != http.MethodGet {
		err = errMethod // asking for the headers alone would record a taking
	}
	if err != nil {
		c.fail(w, err)
		return
	}
	begun := false
	_, err = c.Intel.Export(c.r.Context(), c.DB, c.who, r, func(e intel.Exported) (io.Writer, error) {
		begun = true
		_ = http.NewResponseController(w).SetWriteDeadline(clock.System().Now().Add(exportTime)) // not every connection has one
		h := w.Header()
		inert(h, e.Media, e.Name)
		h.Set(labelHeader, e.Label.TLP.String())
		h.Set("X-Cordon-Objects", strconv.Itoa(e.Count))
		if e.PAP != "" {
			h.Set("X-Cordon-PAP", "PAP:"+e.PAP)
		}
		return w, nil
	})
	switch {
	case err == nil:
		c.touch()
	case !begun:
		c.fail(w, err)
	default: // bytes may have been sent: a fault can only be told by breaking off
		c.Log.Warn("an export of intelligence broke off", "err", err)
		panic(http.ErrAbortHandler)
	}
}

// readExport reads what is asked for. What nobody knows is refused, so that a
// misspelt condition does not let everything out.
func readExport(v *db.View, req *http.Request) (r intel.ExportRequest, err error) {
	q := req.URL.Query()
	for name, values := range q {
		if !slices.Contains([]string{"q", "id", "format", "values"}, name) {
			return r, fault.InvalidField("query", "The address names something that is no part of an export.")
		}
		if len(values) > 1 && name != "id" {
			return r, fault.InvalidField(name, "Say this once.")
		}
	}
	r = intel.ExportRequest{IDs: q["id"], Format: intel.ExportFormat(q.Get("format")), Values: iocs.Type(q.Get("values"))}
	if r.IDs != nil && q.Has("q") {
		return r, fault.InvalidField("id", "Choose objects by their ids or by a search, not both.")
	}
	r.Query, err = intel.ParseQuery(q.Get("q"), v.Now())
	return r, err
}
