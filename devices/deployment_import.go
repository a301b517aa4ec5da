package devices

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/cordon-isao/cordon/formats/iocs"
	"github.com/cordon-isao/cordon/formats/strictjson"
	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/policy"
)

// DeploymentColumns are what the columns of an inventory may hold. Rows that say
// the same maker, model, version, zone and owner are one deployment, and their
// units are added up; a row without a number is one unit.
func DeploymentColumns() []Column {
	return []Column{
		{"maker", "the maker", true, []string{"manufacturer", "vendor", "company", "make", "oem", "brand"}},
		{"model", "the product or model", true, []string{"product", "productname", "device", "devicename", "modelname", "modelnumber", "devicemodel"}},
		{"version", "the version", false, []string{"softwareversion", "firmware", "firmwareversion", "swversion", "fwversion", "softwarerev", "release"}},
		{"udi", "the device identifier (UDI-DI)", false, []string{"udidi", "di", "gtin", "deviceidentifier"}},
		{"count", "the number of units", false, []string{"quantity", "qty", "units", "number", "amount"}},
		{"zone", "the network zone", false, []string{"networkzone", "network", "segment", "vlan", "location"}},
		{"exposure", "how it can be reached: internet, network or isolated", false, []string{"reachable", "connectivity", "connection"}},
		{"stage", "the stage: planned, in use, stored or retired", false, []string{"status", "state", "use"}},
		{"owner", "who is responsible", false, []string{"department", "ward", "unit", "responsible", "costcenter", "costcentre"}},
		{"eos", "expected end of support", false, []string{"endofsupport", "eosdate", "supportends"}},
		{"note", "a note", false, []string{"notes", "comment", "comments", "remark", "remarks"}},
	}
}

// DeploymentTemplate is an empty inventory.
func DeploymentTemplate() []byte { return template(DeploymentColumns()) }

// DeploymentImport is an inventory on its way in.
type DeploymentImport struct {
	Body    []byte   // at most [MaxSheet]
	Columns []string // what each column holds; nil = as the organization said before, or guessed
}

// DeploymentPlan is what an import does, or did.
type DeploymentPlan struct {
	Plan
	Header  []string
	Columns []string
	// Missing are the kept deployments that the inventory does not name, at most
	// MaxBatch; they stay as they are. [Devices.RetireDeployments] retires them.
	Missing      []Deployment
	MissingTotal int
}

// DeploymentSheet shows the beginning of an inventory, and what its columns are
// taken for; columns may say otherwise.
func (x *Devices) DeploymentSheet(v *db.View, body []byte, columns []string) (Sheet, error) {
	if err := mayDeploy(v); err != nil {
		return Sheet{}, err
	}
	header, rows, err := readSheet(body, MaxPlaceRows)
	if err != nil {
		return Sheet{}, err
	}
	if columns == nil {
		if columns, err = x.guessed(v, header); err != nil {
			return Sheet{}, err
		}
	}
	return preview(header, columns, rows), nil
}

func (x *Devices) guessed(v *db.View, header []string) ([]string, error) {
	told, err := x.mapping(v)
	return guess(header, DeploymentColumns(), told), err
}

// mapping is what the organization said of columns before, by folded header.
func (x *Devices) mapping(v *db.View) (map[string]string, error) {
	told := map[string]string{}
	text, err := db.One(v, db.Value[string], `SELECT m.columns FROM devices_mappings m WHERE m.org = $1`, v.Viewer().Org)
	if fault.Is(err, fault.Missing) {
		return told, nil
	}
	if err == nil {
		err = strictjson.Unmarshal([]byte(text), &told)
	}
	return told, err
}

// remember keeps what was said of the columns, for the next inventory.
func (x *Devices) remember(tx *db.Tx, header, columns []string) error {
	told, err := x.mapping(tx.View)
	if err != nil {
		return err
	}
	if len(told) > maxColumns { // of many inventories: begin anew
		told = map[string]string{}
	}
	for i, h := range header {
		if h = foldHeader(h); h != "" && len(h) <= 200 {
			told[h] = ""
			if i < len(columns) {
				told[h] = columns[i]
			}
		}
	}
	text, err := json.Marshal(told, json.Deterministic(true))
	if err != nil {
		return err
	}
	_, err = tx.Exec(`INSERT INTO devices_mappings (org, columns) VALUES ($1, $2) ON CONFLICT (org) DO UPDATE SET columns = EXCLUDED.columns`, tx.Viewer().Org, string(text))
	return err
}

// place is what an inventory says of one deployment.
type place struct {
	line, lines int
	same        string
	d           Deployment
	given       map[string]bool
}

// PlanDeployments is the dry run of an import: what would be added, changed and
// refused, and what is missing.
func (x *Devices) PlanDeployments(v *db.View, in DeploymentImport) (plan DeploymentPlan, err error) {
	places, plan, err := x.places(v, in)
	if err != nil {
		return plan, err
	}
	for from := 0; from < len(places); from += MaxBatch {
		rows, _, err := x.planPlaces(v, places[from:min(from+MaxBatch, len(places))])
		if err != nil {
			return plan, err
		}
		for _, r := range rows {
			plan.add(r)
		}
	}
	slices.SortStableFunc(plan.Rows, func(a, b PlanRow) int { return a.Line - b.Line })
	return plan, x.missing(v, places, &plan)
}

// ImportDeployments imports an inventory. Every 500 deployments are one commit with
// one entry, deployments.imported, that names those added and changed. Importing
// the same inventory again changes nothing: a deployment is known again by its
// maker, model, version, zone and owner, and its number of units is replaced. What
// the inventory does not name stays, and is told. progress may be nil.
func (x *Devices) ImportDeployments(ctx context.Context, d *db.DB, viewer policy.Viewer, in DeploymentImport, progress func(done, total int)) (plan DeploymentPlan, err error) {
	var places []*place
	err = d.Read(ctx, viewer, func(v *db.View) (err error) {
		places, plan, err = x.places(v, in)
		return err
	})
	if err != nil {
		return plan, err
	}
	err = d.Note(ctx, viewer, func(tx *db.Tx) error {
		if err := mayDeploy(tx.View); err != nil {
			return err
		}
		return x.remember(tx, plan.Header, plan.Columns)
	})
	if err != nil {
		return plan, err
	}
	plan.Import = ids.New("import")
	for from := 0; from < len(places); from += MaxBatch {
		some := places[from:min(from+MaxBatch, len(places))]
		var rows []PlanRow
		err := d.Write(ctx, viewer, func(tx *db.Tx) (err error) {
			rows, err = x.importPlaces(tx, plan.Import, some)
			return err
		})
		if err != nil && !errors.Is(err, errNothing) {
			return plan, err
		}
		for _, r := range rows {
			plan.add(r)
		}
		if progress != nil {
			progress(from+len(some), len(places))
		}
	}
	slices.SortStableFunc(plan.Rows, func(a, b PlanRow) int { return a.Line - b.Line })
	return plan, d.Read(ctx, viewer, func(v *db.View) error { return x.missing(v, places, &plan) })
}

func (x *Devices) importPlaces(tx *db.Tx, id string, some []*place) ([]PlanRow, error) {
	if err := mayDeploy(tx.View); err != nil {
		return nil, err
	}
	rows, olds, err := x.planPlaces(tx.View, some)
	if err != nil {
		return nil, err
	}
	var done []string
	for i, p := range some {
		switch rows[i].Action {
		case PlanAdd:
			d := p.d
			if err := x.writeDeployment(tx, &d, id); err != nil {
				return nil, err
			}
			rows[i].ID = d.ID
			done = append(done, d.ID)
		case PlanChange:
			d := p.merged(*olds[i])
			if err := x.updateDeployment(tx, &d, id); err != nil {
				return nil, err
			}
			done = append(done, d.ID)
		}
	}
	if len(done) == 0 {
		return rows, errNothing
	}
	tx.Append(db.Entry{Verb: "deployments.imported", Object: id, Label: policy.Default(tx.Viewer().Org), Data: map[string]any{"deployments": done}})
	return rows, nil
}

// planPlaces says what happens with some deployments, and to which.
func (x *Devices) planPlaces(v *db.View, some []*place) (rows []PlanRow, olds []*Deployment, err error) {
	keys := make([]string, len(some))
	for i, p := range some {
		keys[i] = p.same
	}
	found, err := db.All(v, scanDeployment(v), `SELECT `+deploymentColumns+` FROM visible.devices_deployments d WHERE d.org = $1 AND d.same IN (SELECT value FROM json_each($2))`, v.Viewer().Org, db.List(keys))
	if err != nil {
		return nil, nil, err
	}
	// What is kept comes before what is retired. The store is not asked to sort:
	// it would look through all that the organization has to save itself the trouble.
	slices.SortFunc(found, func(a, b Deployment) int {
		return cmp.Or(strings.Compare(a.state(), b.state()), a.At.Compare(b.At), strings.Compare(a.ID, b.ID))
	})
	by := map[string]*Deployment{}
	for _, d := range found {
		if k := d.sameAs(); by[k] == nil {
			by[k] = &d
		}
	}
	for _, p := range some {
		row, old := PlanRow{Line: p.line, Lines: p.lines, What: p.d.Maker + " " + p.d.Model, Action: PlanAdd}, by[p.same]
		if old != nil {
			row.ID, row.Action = old.ID, PlanSame
			if row.Fields = changedPlace(*old, p.merged(*old)); len(row.Fields) > 0 {
				row.Action = PlanChange
			}
		}
		rows, olds = append(rows, row), append(olds, old)
	}
	return rows, olds, nil
}

// merged is a deployment after an import: the number of units is replaced, and what
// else the inventory says. What it has no words for stays. What it names is in use
// again, unless it says otherwise.
func (p *place) merged(old Deployment) Deployment {
	d := old
	d.Count = p.d.Count
	for field, t := range map[string]struct {
		into *string
		s    string
	}{"udi": {&d.UDI, p.d.UDI}, "exposure": {&d.Exposure, p.d.Exposure}, "stage": {&d.Stage, p.d.Stage}, "eos": {&d.EOS, p.d.EOS}, "note": {&d.Note, p.d.Note}} {
		if p.given[field] {
			*t.into = t.s
		}
	}
	if !p.given["stage"] && old.state() == deploymentRetired {
		d.Stage = p.d.Stage
	}
	return d
}

func changedPlace(a, b Deployment) []string {
	var out []string
	for _, f := range []struct {
		name string
		same bool
	}{{"count", a.Count == b.Count}, {"udi", a.UDI == b.UDI}, {"exposure", a.Exposure == b.Exposure}, {"stage", a.Stage == b.Stage}, {"eos", a.EOS == b.EOS}, {"note", a.Note == b.Note}} {
		if !f.same {
			out = append(out, f.name)
		}
	}
	return out
}

// places reads an inventory. Rows that are refused stand in the plan already.
func (x *Devices) places(v *db.View, in DeploymentImport) (out []*place, plan DeploymentPlan, err error) {
	if err := mayDeploy(v); err != nil {
		return nil, plan, err
	}
	header, rows, err := readSheet(in.Body, MaxPlaceRows)
	if err != nil {
		return nil, plan, err
	}
	columns := in.Columns
	if columns == nil {
		if columns, err = x.guessed(v, header); err != nil {
			return nil, plan, err
		}
	}
	plan.Header, plan.Columns = header, columns
	if err := checkColumns(header, columns, DeploymentColumns()); err != nil {
		return nil, plan, err
	}
	by := map[string]*place{}
	for _, r := range rows {
		p, err := x.placeOf(v, cellsOf(columns, r), r.line)
		if err != nil {
			if !fault.Is(err, fault.Invalid) {
				return nil, plan, err
			}
			c := cellsOf(columns, r)
			plan.add(refuse(r.line, strings.TrimSpace(cut(c["maker"], 60)+" "+cut(c["model"], 60)), err))
			continue
		}
		first := by[p.same]
		switch {
		case first == nil:
			by[p.same] = p
			out = append(out, p)
		case first.d.Count+p.d.Count > MaxCount:
			plan.add(refuse(r.line, p.d.Maker+" "+p.d.Model, fault.InvalidField("count", "With the rows before it, these are more than %d units.", MaxCount)))
		default:
			p.d.Count += first.d.Count
			p.line, p.lines = first.line, first.lines+1
			count := p.d.Count
			given := first.given
			first.d = p.merged(first.d)
			first.d.Count, first.lines = count, p.lines
			for g := range p.given {
				given[g] = true
			}
		}
	}
	return out, plan, nil
}

// placeOf reads a row.
func (x *Devices) placeOf(v *db.View, c map[string]string, line int) (*place, error) {
	var p check.Problems
	out := &place{line: line, lines: 1, given: map[string]bool{}}
	f := DeploymentForm{Maker: c["maker"], Model: c["model"], Version: c["version"], UDI: c["udi"], Zone: c["zone"], Owner: c["owner"], Note: c["note"], EOS: c["eos"], Count: 1,
		Exposure: strings.ToLower(c["exposure"]), Stage: strings.ToLower(c["stage"])}
	if s := c["count"]; s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			p.Add("count", "%q is no whole number.", cut(s, 30))
		} else {
			f.Count = n
		}
	}
	d, err := x.checkedDeployment(v, &p, f)
	if err != nil {
		return nil, err
	}
	if err := p.Err(); err != nil {
		return nil, err
	}
	for _, field := range []string{"udi", "exposure", "stage", "eos", "note"} {
		if c[field] != "" {
			out.given[field] = true
		}
	}
	out.d, out.same = d, d.sameAs()
	return out, nil
}

// missing finds the kept deployments that an inventory does not name.
func (x *Devices) missing(v *db.View, places []*place, plan *DeploymentPlan) error {
	named := map[string]bool{}
	for _, p := range places {
		named[p.same] = true
	}
	var some []string
	err := v.Each(`SELECT d.id, d.same FROM visible.devices_deployments d WHERE d.org = $1 AND d.state = 'kept' ORDER BY d.name, d.id`, []any{v.Viewer().Org}, func(s db.Scanner) error {
		var id, same string
		if err := s.Scan(&id, &same); err != nil {
			return err
		}
		if !named[same] {
			if plan.MissingTotal++; len(some) < MaxBatch {
				some = append(some, id)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	plan.Missing, err = db.All(v, scanDeployment(v), `SELECT `+deploymentColumns+` FROM visible.devices_deployments d WHERE d.id IN (SELECT value FROM json_each($1)) ORDER BY d.name, d.id`, db.List(some))
	return err
}

// ExportDeployments writes the kept deployments of the viewer's organization as a
// table that no spreadsheet takes for formulas (T-51), and that can be imported
// again.
func (x *Devices) ExportDeployments(v *db.View, w io.Writer) error {
	header := make([]string, 0, 12)
	for _, c := range DeploymentColumns() {
		header = append(header, c.Name)
	}
	var failed error
	err := iocs.WriteCSV(w, append(header, "known product"), func(yield func([]string) bool) {
		titles := map[string]string{}
		for after := ""; ; {
			ds, next, err := x.Deployments(v, DeploymentQuery{After: after, Limit: MaxPage})
			if err != nil {
				failed = err
				return
			}
			if failed = x.titles(v, ds, titles); failed != nil {
				return
			}
			for _, d := range ds {
				if !yield([]string{d.Maker, d.Model, d.Version, d.UDI, strconv.Itoa(d.Count), d.Zone, d.Exposure, d.Stage, d.Owner, d.EOS, d.Note, titles[d.Product]}) {
					return
				}
			}
			if after = next; after == "" {
				return
			}
		}
	})
	if failed != nil {
		return failed
	}
	if err != nil {
		return fmt.Errorf("export deployments: %w", err)
	}
	return nil
}

// titles adds how the known products of some deployments are called, as far as the
// viewer can read them.
func (x *Devices) titles(v *db.View, ds []Deployment, titles map[string]string) error {
	var ask []string
	for _, d := range ds {
		if _, ok := titles[d.Product]; !ok && d.Product != "" {
			titles[d.Product] = ""
			ask = append(ask, d.Product)
		}
	}
	if len(ask) == 0 {
		return nil
	}
	ps, err := x.ProductsOf(v, ask)
	for id, p := range ps {
		titles[id] = p.Title()
	}
	return err
}
