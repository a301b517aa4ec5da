package intel

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/cordon-isao/cordon/formats/iocs"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/policy"
)

// ExportFormat is how objects are written out.
type ExportFormat string

// The formats of exports. Of a list and of rules, only what machines act on is
// written: what was revoked or has expired is left out unless it is asked for.
const (
	ExportSTIX ExportFormat = "stix" // a bundle of the objects' own bytes
	ExportCSV  ExportFormat = "csv"  // a table that no spreadsheet takes for formulas (T-51)
	ExportMISP ExportFormat = "misp" // one MISP event
	ExportList ExportFormat = "list" // a value a line, of observables and of patterns that are no more than values

	// Rules as they came, each behind a comment that names it.
	ExportSigma    ExportFormat = "sigma"
	ExportSnort    ExportFormat = "snort"
	ExportSuricata ExportFormat = "suricata"
	ExportYARA     ExportFormat = "yara"
)

// ExportFormats lists them.
func ExportFormats() []ExportFormat {
	return []ExportFormat{ExportSTIX, ExportCSV, ExportMISP, ExportList, ExportSigma, ExportSnort, ExportSuricata, ExportYARA}
}

// Rules reports whether the format is one of rules, which is then also the
// pattern_type of the indicators that hold them.
func (f ExportFormat) Rules() bool {
	return f == ExportSigma || f == ExportSnort || f == ExportSuricata || f == ExportYARA
}

// The limits of one export, in objects. TAXII has none.
const (
	MaxExport     = 100_000
	MaxExportMISP = 10_000 // an event is made in memory
	MaxExportIDs  = 1000
)

// ExportRequest says what is taken out. IDs, if there are any, choose the latest
// versions of these objects, and Query is not asked.
type ExportRequest struct {
	Query  Query
	IDs    []string
	Format ExportFormat
	Values iocs.Type // with ExportList: only values of this type; "" = all
}

// String is the request in words, for the record.
func (r ExportRequest) String() string {
	if len(r.IDs) > 0 {
		return fmt.Sprintf("%d chosen objects", len(r.IDs))
	}
	return r.Query.String()
}

// Exported is what an export holds. Its label joins those of its parts: the
// strictest marking, and whom all parts reach.
type Exported struct {
	Format    ExportFormat
	Request   string
	Label     policy.Label
	Labels    []policy.Label // of the parts, each once, strictest first
	Audiences []string       // of Labels, in words that the viewer may know
	PAP       string         // the strictest of the parts; "" if none has one
	Count     int            // objects
	Digest    string         // over the ids, versions and texts of the objects, in order
	Name      string         // for a file; says the marking
	Media     string         // media type

	parts []part
	head  head
	r     ExportRequest
}

// part is an object that was chosen, as it was labelled then.
type part struct {
	n        int64
	id       string
	tlp      policy.TLP
	audience string
	extra    bool // a marking or an author that the others refer to
}

// Export chooses objects in the viewer's name, records that he takes them, and
// writes them to what begin returns for them, in chunks that are each read with his
// rights of that moment. Nothing is written that is not on record, and what was
// relabelled or deleted since it was chosen ends the export with an error.
func (x *Intel) Export(ctx context.Context, d *db.DB, who policy.Viewer, r ExportRequest, begin func(Exported) (io.Writer, error)) (e Exported, err error) {
	err = d.Read(ctx, who, func(v *db.View) (err error) {
		e, err = x.Choose(v, r)
		return err
	})
	if err != nil {
		return e, err
	}
	if err := d.Write(ctx, who, func(tx *db.Tx) error { return x.RecordExport(tx, e) }); err != nil {
		return e, err
	}
	w, err := begin(e)
	if err != nil {
		return e, err
	}
	return e, x.writeExport(w, e, func(fn func(v *db.View) error) error {
		return d.Read(ctx, who, func(v *db.View) error {
			now, err := x.members.Refresh(v, who)
			if err != nil {
				return err
			}
			return fn(v.As(now))
		})
	})
}

// errManyExported is told where an export would be too large.
func errManyExported(most int) error {
	return fault.InvalidField("q", "This finds more than %d objects. Narrow it, or pull everything over TAXII.", most)
}

// Choose chooses what an export holds, and takes nothing out: a page shows with it
// what the label of the file would be.
func (x *Intel) Choose(v *db.View, r ExportRequest) (Exported, error) {
	e := Exported{Format: r.Format, Request: r.String(), r: r}
	if !slices.Contains(ExportFormats(), r.Format) {
		return e, fault.InvalidField("format", "Choose a format: stix, csv, misp, list, sigma, snort, suricata or yara.")
	}
	if r.Values != "" && (r.Format != ExportList || !slices.Contains(iocs.Types(), r.Values)) {
		return e, fault.InvalidField("values", "This is no type of values that a list can be of.")
	}
	if len(r.IDs) > MaxExportIDs {
		return e, fault.InvalidField("id", "Choose at most %d objects.", MaxExportIDs)
	}
	most := MaxExport
	if r.Format == ExportMISP {
		most = MaxExportMISP
	}
	g := gathering{labels: map[string]policy.Label{}, refs: map[string]bool{}, have: map[string]bool{}, sums: map[int64]string{}}
	err := x.found(v, r, func(o Object) error {
		if !r.takes(o, v.Now()) {
			return nil
		}
		if g.add(o, false); len(g.parts) > most {
			return errManyExported(most)
		}
		return nil
	})
	if err != nil {
		return e, err
	}
	e.Count = len(g.parts)
	if r.Format == ExportSTIX || r.Format == ExportMISP {
		if err := x.alsoMeant(v, &g); err != nil {
			return e, err
		}
	}
	// In the order of arrival: what others refer to comes before them, as a rule.
	slices.SortFunc(g.parts, func(a, b part) int { return cmp.Compare(a.n, b.n) })
	h := sha256.New()
	for _, p := range g.parts {
		io.WriteString(h, g.sums[p.n])
	}
	e.parts, e.head, e.PAP, e.Digest = g.parts, g.head, g.pap, hex.EncodeToString(h.Sum(nil))
	return e, x.label(v, &e, g.labels)
}

// found calls fn for every object of the request that the viewer may see.
func (x *Intel) found(v *db.View, r ExportRequest, fn func(Object) error) error {
	if len(r.IDs) > 0 {
		all, err := x.Objects(v, r.IDs)
		for _, o := range all {
			if err == nil {
				err = fn(o)
			}
		}
		return err
	}
	for after := ""; ; {
		hits, next, err := x.Search(v, r.Query, after, MaxPage)
		if err != nil {
			return err
		}
		for _, h := range hits {
			if err := fn(h.Object); err != nil {
				return err
			}
		}
		if next == "" {
			return nil
		}
		after = next
	}
}

// gathering is what was found so far.
type gathering struct {
	parts  []part
	sums   map[int64]string
	have   map[string]bool // ids
	refs   map[string]bool // authors and markings that are referred to
	labels map[string]policy.Label
	head   head
	pap    string
}

func (g *gathering) add(o Object, extra bool) {
	a := o.Label.Audience.ID()
	g.parts = append(g.parts, part{o.n, o.ID, o.Label.TLP, a, extra})
	g.head.take(o)
	g.labels[string(o.Label.TLP)+" "+a] = o.Label
	g.sums[o.n] = o.ID + " " + o.VersionText + " " + digest(o.Raw) + "\n"
	g.have[o.ID] = true
	if extra {
		return
	}
	g.pap = strictestPAP(g.pap, o.From.PAP)
	if o.CreatedBy != "" {
		g.refs[o.CreatedBy] = true
	}
	for _, id := range o.Markings {
		g.refs[id] = true
	}
}

// alsoMeant adds the authors and the marking definitions that the objects refer
// to, as far as that makes the label no stricter.
func (x *Intel) alsoMeant(v *db.View, g *gathering) error {
	var missing []string
	for _, id := range sorted(g.refs) {
		if !g.have[id] {
			missing = append(missing, id)
		}
	}
	for part := range slices.Chunk(missing, MaxPage) {
		all, err := x.Objects(v, part)
		if err != nil {
			return err
		}
		for _, o := range all {
			_, known := g.labels[string(o.Label.TLP)+" "+o.Label.Audience.ID()]
			if (known || o.Label.TLP == policy.Clear) && (o.Type == "identity" || o.Type == "marking-definition") {
				g.add(o, true)
			}
		}
	}
	return nil
}

// label joins the labels of the parts and names the file.
func (x *Intel) label(v *db.View, e *Exported, labels map[string]policy.Label) error {
	for _, key := range sorted(labels) {
		e.Labels = append(e.Labels, labels[key])
	}
	slices.SortStableFunc(e.Labels, func(a, b policy.Label) int {
		switch {
		case a.TLP.StricterThan(b.TLP):
			return -1
		case b.TLP.StricterThan(a.TLP):
			return 1
		}
		return 0
	})
	for _, l := range e.Labels {
		names, others, err := x.members.Describe(v, l.Audience)
		if err != nil {
			return err
		}
		var words []string
		for _, n := range names {
			words = append(words, n.Name)
		}
		if others {
			words = append(words, "others")
		}
		if s := l.TLP.String() + " for " + strings.Join(words, ", "); !slices.Contains(e.Audiences, s) {
			e.Audiences = append(e.Audiences, s)
		}
	}
	e.Label = x.joined(v, e.Labels)
	ext := map[ExportFormat]string{ExportSTIX: "json", ExportCSV: "csv", ExportMISP: "misp.json", ExportList: "txt", ExportSigma: "sigma.yml", ExportSnort: "snort.rules", ExportSuricata: "suricata.rules", ExportYARA: "yar"}
	media := map[ExportFormat]string{ExportSTIX: "application/stix+json;version=2.1", ExportCSV: "text/csv;charset=utf-8;header=present", ExportMISP: "application/json"}
	e.Media = cmp.Or(media[e.Format], "text/plain;charset=utf-8")
	mark := strings.ToLower(strings.ReplaceAll(string(e.Label.TLP), "+", "-"))
	e.Name = fmt.Sprintf("intel-tlp-%s-%s.%s", mark, v.Now().UTC().Format("20060102-150405"), ext[e.Format])
	return nil
}

// joined is the label of what is made of several: the strictest marking, and the
// audience that all the others cover. Where no audience does, only who made it has
// read all of it, and it is for him alone.
func (x *Intel) joined(v *db.View, ls []policy.Label) policy.Label {
	if len(ls) == 0 {
		return policy.Label{TLP: policy.Clear, Audience: policy.NewAudience(policy.Public)}
	}
	var all []policy.TLP
	for _, l := range ls {
		all = append(all, l.TLP)
	}
	out := policy.Label{TLP: policy.Strictest(all...)}
	facts := x.members.Facts(v)
	for _, l := range ls {
		if !slices.ContainsFunc(ls, func(o policy.Label) bool { return !policy.Covers(o.Audience, l.Audience, facts) }) {
			out.Audience = l.Audience
			return out
		}
	}
	out.Audience = policy.NewAudience(policy.OfPerson(v.Viewer().Person))
	return out
}

// RecordExport writes down that the viewer takes an export, for himself and his
// organization's recipients: what others read is nobody else's to know (T-01).
func (x *Intel) RecordExport(tx *db.Tx, e Exported) error {
	who := tx.Viewer()
	if !who.May(policy.MayExport) {
		return fault.Forbiddenf("You may not take threat intelligence out. Members in good standing may; a token needs the scope read.")
	}
	tx.Append(db.Entry{Verb: "intel.exported", Object: ids.New("export"), Label: policy.Default(who.Org), Data: map[string]any{
		"format": string(e.Format), "request": e.Request, "objects": e.Count, "tlp": string(e.Label.TLP), "pap": e.PAP, "digest": e.Digest}})
	return nil
}

// errMoved ends an export whose objects are not what they were when it was chosen.
var errMoved = fault.Conflictf("What you asked for was relabelled or deleted while it was written. Ask again.")

const exportChunk = 300 // objects that are read at once

// each reads the parts of an export in order and calls fn for each.
func (e Exported) each(read func(func(*db.View) error) error, fn func(o Object, extra bool) error) error {
	for chunk := range slices.Chunk(e.parts, exportChunk) {
		places := make([]string, len(chunk))
		for i, p := range chunk {
			places[i] = fmt.Sprint(p.n)
		}
		var objs []Object
		err := read(func(v *db.View) (err error) {
			objs, err = db.All(v, scanObject(v), `SELECT `+objectColumns+fromObjects+`WHERE o.n IN (SELECT CAST(value AS BIGINT) FROM json_each($1)) ORDER BY o.n`, db.List(places))
			return err
		})
		if err != nil {
			return err
		}
		if len(objs) != len(chunk) {
			return errMoved
		}
		for i, o := range objs {
			if p := chunk[i]; o.n != p.n || o.Label.TLP != p.tlp || o.Label.Audience.ID() != p.audience {
				return errMoved
			}
			if err := fn(o, chunk[i].extra); err != nil {
				return err
			}
		}
	}
	return nil
}

// writeExport writes the chosen objects.
func (x *Intel) writeExport(w io.Writer, e Exported, read func(func(*db.View) error) error) error {
	each := func(fn func(o Object, extra bool) error) error { return e.each(read, fn) }
	switch e.Format {
	case ExportSTIX:
		return writeSTIX(w, e, each)
	case ExportCSV:
		return writeTable(w, e, each)
	case ExportMISP:
		return x.writeMISP(w, e, read, each)
	case ExportList:
		return writeValues(w, e, each)
	}
	return writeRules(w, e, each)
}
