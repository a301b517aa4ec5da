package web

import (
	"cmp"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/cordon-isao/cordon/formats/iocs"
	"github.com/cordon-isao/cordon/intel"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

// exportView is what the export's page is drawn from.
type exportView struct {
	tabs   []ui.Tab
	asked  bool // something was asked for
	q      string
	ids    []string
	format intel.ExportFormat
	values string
	found  *intel.Exported // nil: nothing was asked for, or it is wrong
	reach  string          // who may read all of it, in words
	shut   bool            // it opens with a second passkey only
	errs   []ui.FieldError
	origin string
}

// exportNames are the formats in words.
var exportNames = map[intel.ExportFormat][2]string{
	intel.ExportSTIX:     {"STIX 2.1 bundle", "The objects’ own bytes, with the markings that they refer to."},
	intel.ExportCSV:      {"Table (CSV)", "Indicators with all that is known of them. Safe to open in a spreadsheet."},
	intel.ExportMISP:     {"MISP event (JSON)", "For a MISP instance that is fed by hand."},
	intel.ExportList:     {"Plain list of values", "A value a line, for a firewall or a resolver. What was revoked or has expired is left out."},
	intel.ExportSigma:    {"Sigma rules", "As they came, each behind a comment that names it."},
	intel.ExportYARA:     {"YARA rules", "As they came, each behind a comment that names it."},
	intel.ExportSnort:    {"Snort rules", "As they came, each behind a comment that names it."},
	intel.ExportSuricata: {"Suricata rules", "As they came, each behind a comment that names it."},
}

// exportOrder is how the formats are listed.
var exportOrder = []intel.ExportFormat{intel.ExportSTIX, intel.ExportCSV, intel.ExportMISP, intel.ExportList, intel.ExportSigma, intel.ExportYARA, intel.ExportSnort, intel.ExportSuricata}

// exportRequest reads what is to be taken out, from the page's address or its form.
func exportRequest(v *db.View, f url.Values) (r intel.ExportRequest, err error) {
	r = intel.ExportRequest{Format: cmp.Or(intel.ExportFormat(f.Get("format")), intel.ExportSTIX), IDs: f["id"], Values: iocs.Type(f.Get("values"))}
	if r.Format != intel.ExportList {
		r.Values = ""
	}
	if len(r.IDs) > intel.MaxExportIDs {
		return r, fault.InvalidField("id", "Choose at most %d objects.", intel.MaxExportIDs)
	}
	if len(r.IDs) > 0 {
		return r, nil
	}
	r.Query, err = intel.ParseQuery(f.Get("q"), v.Now())
	if err != nil {
		err = fault.InvalidField("q", "%s", fault.Sentence(err))
	}
	return r, err
}

// intelExport shows what would be taken out, and under which label.
func (c *Ctx) intelExport() error {
	f := c.R.URL.Query()
	return c.showExport(200, f, nil)
}

func (c *Ctx) showExport(status int, f url.Values, problem error) error {
	x := exportView{q: f.Get("q"), ids: f["id"], format: cmp.Or(intel.ExportFormat(f.Get("format")), intel.ExportSTIX), values: f.Get("values"), origin: c.Origin,
		asked: f.Has("q") || f.Has("id") || f.Has("format")}
	label := policy.Label{}
	if problem == nil && x.asked {
		r, err := exportRequest(c.View, f)
		if err == nil {
			var e intel.Exported
			if e, err = c.Intel.Choose(c.View, r); err == nil {
				x.found, label = &e, e.Label
			}
		}
		if problem = err; err != nil && !fault.Is(err, fault.Invalid) {
			return err
		}
		if err != nil {
			status = http.StatusUnprocessableEntity
		}
	}
	x.errs = formErrors(problem, "export", "q", "format", "values")
	g, err := c.gate()
	if err != nil {
		return err
	}
	if x.found != nil {
		if x.shut = g.hides(x.found.Label); x.shut {
			x.found, label = nil, policy.Label{}
		} else if x.reach, err = c.audienceWords(c.View, x.found.Label.Audience); err != nil {
			return err
		}
	}
	if x.tabs, err = c.intelTabs(intelAtExport); err != nil {
		return err
	}
	return c.show(Page{Title: "Take intelligence out", Kind: "export", Status: status, Label: label, Body: exportBody(x), Right: exportAside()})
}

// intelTakeOut hands the file out. Taking it is recorded, so it is a form's answer
// and never a link's.
func (c *Ctx) intelTakeOut() error {
	if err := c.parseForm(); err != nil {
		return err
	}
	f := c.R.PostForm
	var r intel.ExportRequest
	var hidden bool
	err := c.read(func(v *db.View) (err error) {
		if r, err = exportRequest(v, f); err != nil {
			return err
		}
		shut, err := c.Members.NeedsSecondPasskey(v)
		if err != nil || !shut {
			return err
		}
		e, err := c.Intel.Choose(v, r)
		hidden = gate{shut}.hides(e.Label)
		return err
	})
	if err == nil && hidden {
		return c.again(nil, func(int) error { return c.secondPasskey() })
	}
	begun := false
	if err == nil {
		_, err = c.Intel.Export(c.R.Context(), c.DB, c.Viewer, r, func(e intel.Exported) (io.Writer, error) {
			inert(c.W.Header(), e.Name)
			c.W.Header().Set("X-Cordon-Label", e.Label.TLP.String())
			begun = true
			return c.W, nil
		})
	}
	if err != nil && begun {
		// Too late for a page: the reader must see that the file is not whole.
		c.Log.Error("an export broke off", "err", err)
		panic(http.ErrAbortHandler)
	}
	if err != nil {
		return c.again(err, func(status int) error { return c.showExport(status, f, err) })
	}
	return nil
}

// exportFacts is what an export holds.
func exportFacts(x exportView) []ui.KV {
	e := x.found
	kvs := []ui.KV{
		{Key: "Objects", Value: ui.Number(e.Count)},
		{Key: "All of it is marked", Part: ui.TLPChip(string(e.Label.TLP))},
		{Key: "Who may read all of it", Value: x.reach},
	}
	for i, a := range e.Audiences {
		if len(e.Audiences) > 1 && i < 20 {
			kvs = append(kvs, ui.KV{Key: "A part of it", Value: a})
		}
	}
	if e.PAP != "" {
		kvs = append(kvs, ui.KV{Key: "What may be done with it", Value: "PAP:" + e.PAP})
	}
	return append(kvs, ui.KV{Key: "File", Value: e.Name, Mono: true}, ui.KV{Key: "Digest", Value: e.Digest, Mono: true})
}

func exportFormats(now intel.ExportFormat) (out []ui.Option) {
	for _, f := range exportOrder {
		out = append(out, ui.Option{Value: string(f), Text: exportNames[f][0], Hint: exportNames[f][1], Selected: f == now})
	}
	return out
}

func exportValues(now string) (out []ui.Option) {
	out = []ui.Option{{Value: "", Text: "Values of every type"}}
	for _, t := range iocs.Types() {
		out = append(out, ui.Option{Value: string(t), Text: "Only " + iocTypeWords[t], Selected: string(t) == now})
	}
	return out
}

// exportButton says what is taken out, and that it is marked.
func exportButton(e *intel.Exported) string {
	return "Download " + ui.Count(e.Count, "object", "objects") + ", " + e.Label.TLP.String()
}

// exportHidden is the request as hidden fields of the form that takes it out.
func exportHidden(x exportView) []ui.Hidden {
	hs := []ui.Hidden{{Name: "format", Value: string(x.format)}, {Name: "values", Value: x.values}, {Name: "q", Value: x.q}}
	for _, id := range x.ids {
		hs = append(hs, ui.Hidden{Name: "id", Value: id})
	}
	return slices.DeleteFunc(hs, func(h ui.Hidden) bool { return h.Value == "" })
}

// feed is an address from which programs can pull, and how.
type feed struct{ Name, Address, For, Line string }

// feeds are the addresses of what programs pull.
func feeds(origin string) []feed {
	at := strings.TrimSuffix(origin, "/")
	return []feed{
		{"TAXII 2.1", at + "/taxii2/", "Everything that you may read, object by object, without loss. What programs should use.",
			"curl -H 'Authorization: Bearer TOKEN' -H 'Accept: application/taxii+json;version=2.1' " + at + "/taxii2/"},
		{"MISP feed", at + "/feeds/misp/manifest.json", "For a MISP instance: add it as a feed of the format “MISP”, with your token in the header Authorization. Never TLP:RED.",
			"curl -H 'Authorization: Bearer TOKEN' " + at + "/feeds/misp/manifest.json"},
		{"Atom", at + "/feeds/intel.atom", "For people with a feed reader. Without a token it holds what is TLP:CLEAR.",
			"curl " + at + "/feeds/intel.atom"},
	}
}
