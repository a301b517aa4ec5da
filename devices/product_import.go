package devices

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cordon-isao/cordon/formats/names"
	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/policy"
)

// The formats that products are imported from.
const (
	FromCSV   = "csv"   // a table: see [ProductColumns]
	FromGUDID = "gudid" // records of FDA's database of device identifiers, as openFDA gives them (device/udi)
	FromCSAF  = "csaf"  // the product tree of an advisory; for the desk
)

// ProductImport is a file of products.
type ProductImport struct {
	Format  string
	Name    string   // of the file
	Body    []byte   // at most [MaxSheet]; CSAF at most csaf.MaxBytes
	Columns []string // of a table: what each column holds; nil = guessed by the header
	Label   policy.Label
	// Label is for what is added; the zero label is AMBER+STRICT to the own
	// organization. What comes from CSAF is TLP:CLEAR and public, as the advisory is.
}

// chunk is how many products one commit and one entry hold.
const chunk = 200

// item is a product of a file: one row or record, or several that name one thing.
type item struct {
	line     int
	lines    int
	form     ProductForm
	given    map[string]bool // fields that the file says, of those that are no lists
	versions []VersionForm
	notes    []string
	source   string
	ref      string
}

func (it *item) what() string { return strings.TrimSpace(it.form.Maker + " " + it.form.Name) }

// note adds a note once.
func (it *item) note(form string, args ...any) {
	if s := fmt.Sprintf(form, args...); !slices.Contains(it.notes, s) && len(it.notes) < 20 {
		it.notes = append(it.notes, s)
	}
}

// PlanProducts is the dry run of an import: what would be added, changed and
// refused, and why.
func (x *Devices) PlanProducts(v *db.View, in ProductImport) (Plan, error) {
	k, err := x.keeper(v)
	if err != nil {
		return Plan{}, err
	}
	items, plan, err := x.items(v, k, &in)
	if err != nil {
		return plan, err
	}
	others, err := x.others(v)
	if err != nil {
		return plan, err
	}
	for _, it := range items {
		row, _, err := x.planItem(v, k, others, in.Label, it)
		if err != nil {
			return plan, err
		}
		plan.add(row)
	}
	slices.SortStableFunc(plan.Rows, func(a, b PlanRow) int { return a.Line - b.Line })
	return plan, nil
}

// errNothing undoes a write that found nothing to do.
var errNothing = errors.New("nothing to do")

// ImportProducts imports a file of products. Every 200 are one commit with one
// entry, products.imported, that names them: what a crash interrupts is finished by
// importing the file again, which changes nothing twice. progress, which may be
// nil, is told how far it is.
func (x *Devices) ImportProducts(ctx context.Context, d *db.DB, viewer policy.Viewer, in ProductImport, progress func(done, total int)) (plan Plan, err error) {
	var k keeper
	var items []*item
	err = d.Read(ctx, viewer, func(v *db.View) (err error) {
		if k, err = x.keeper(v); err != nil {
			return err
		}
		items, plan, err = x.items(v, k, &in)
		return err
	})
	if err != nil {
		return plan, err
	}
	plan.Import = ids.New("import")
	for from := 0; from < len(items); from += chunk {
		some := items[from:min(from+chunk, len(items))]
		var rows []PlanRow
		err := d.Write(ctx, viewer, func(tx *db.Tx) (err error) {
			rows, err = x.importItems(tx, plan.Import, in, some)
			return err
		})
		if err != nil && !errors.Is(err, errNothing) {
			return plan, err
		}
		for _, r := range rows {
			plan.add(r)
		}
		if progress != nil {
			progress(from+len(some), len(items))
		}
	}
	slices.SortStableFunc(plan.Rows, func(a, b PlanRow) int { return a.Line - b.Line })
	return plan, nil
}

// importItems does what planItem says, in one commit.
func (x *Devices) importItems(tx *db.Tx, id string, in ProductImport, items []*item) (rows []PlanRow, err error) {
	k, err := x.keeper(tx.View)
	if err != nil {
		return nil, err
	}
	others, err := x.others(tx.View)
	if err != nil {
		return nil, err
	}
	type group struct {
		label    policy.Label
		products []string
		versions int
	}
	var groups []*group
	for _, it := range items {
		row, old, err := x.planItem(tx.View, k, others, in.Label, it)
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
		if row.Action != PlanAdd && row.Action != PlanChange {
			continue
		}
		var d Product
		switch {
		case old == nil:
			form := it.form
			form.Label = in.Label
			d, err = x.newProduct(tx, k, others, form, it.source, it.ref)
		case len(row.Fields) > 0:
			d, err = x.changeProduct(tx, *old, others, it.merged(*old))
		default:
			d = *old
		}
		if err != nil {
			return nil, fmt.Errorf("import %s: %w", it.what(), err)
		}
		fresh := slices.Clone(row.Versions)
		for _, r := range it.versions {
			at := slices.Index(fresh, r.Name)
			if at < 0 {
				continue
			}
			fresh = slices.Delete(fresh, at, at+1)
			if _, err := x.addVersion(tx, d, r); err != nil {
				return nil, fmt.Errorf("import %s %s: %w", it.what(), r.Name, err)
			}
		}
		i := slices.IndexFunc(groups, func(g *group) bool { return sameLabel(g.label, d.Label) })
		if i < 0 {
			i = len(groups)
			groups = append(groups, &group{label: d.Label})
		}
		groups[i].products = append(groups[i].products, d.ID)
		groups[i].versions += len(row.Versions)
	}
	if len(groups) == 0 {
		return rows, errNothing
	}
	for _, g := range groups {
		tx.Append(db.Entry{Verb: "products.imported", Object: id, Label: g.label, Data: map[string]any{"products": g.products, "versions": g.versions, "source": in.Format}})
	}
	return rows, nil
}

// planItem says what happens with an item, and to which product.
func (x *Devices) planItem(v *db.View, k keeper, others map[string]string, l policy.Label, it *item) (row PlanRow, old *Product, err error) {
	row = PlanRow{Line: it.line, Lines: it.lines, What: it.what(), Notes: it.notes}
	var p check.Problems
	id, err := x.named(v, k, it.form.Maker, it.form.Name)
	if err != nil {
		return row, nil, err
	}
	known := map[string]bool{}
	if id == "" {
		row.Action = PlanAdd
		form := it.form
		form.Label = l
		if _, err := x.checkedNew(v, &p, k, others, form); err != nil {
			return row, nil, err
		}
	} else {
		d, err := x.Product(v, id)
		if err != nil {
			return row, nil, err
		}
		old, row.ID, row.Action = &d, id, PlanSame
		if it.given["stage"] && it.form.Stage != d.Stage {
			row.Notes = append(slices.Clone(row.Notes), "The stage stays "+StageWords(d.Stage)+": a product is moved by hand, which says whom it has to be told.")
		}
		next, err := x.checkedChange(v, &p, d, others, it.merged(d))
		if err != nil {
			return row, nil, err
		}
		if row.Fields = changedFields(d.Form(), next.Form()); len(row.Fields) > 0 {
			row.Action = PlanChange
		}
		if len(it.versions) > 0 {
			vs, err := x.Versions(v, id)
			if err != nil {
				return row, nil, err
			}
			for _, r := range vs {
				known[FoldVersion(r.Name)] = true
			}
		}
	}
	for _, r := range it.versions {
		if f := FoldVersion(r.Name); !known[f] {
			known[f] = true
			row.Versions = append(row.Versions, r.Name)
		}
	}
	if len(known) > MaxVersions {
		p.Add("version", "A product has at most %d versions.", MaxVersions)
	}
	if len(row.Versions) > 0 && row.Action == PlanSame {
		row.Action = PlanChange
	}
	if p.Found() {
		row.Action, row.Problems, row.Fields, row.Versions = PlanRefuse, fault.FieldsOf(p.Err()), nil, nil
	}
	return row, old, nil
}

// merged is the form of a product after an import: what a table says replaces, what
// other sources say fills what is empty, and lists only grow.
func (it *item) merged(d Product) ProductForm {
	f, in := d.Form(), it.form
	text := func(field string, old *string, s string) {
		if it.given[field] && s != "" && (it.source == FromCSV || *old == "") {
			*old = s
		}
	}
	text("description", &f.Description, in.Description)
	text("catalog", &f.Catalog, in.Catalog)
	text("class", &f.Class, in.Class)
	text("essential", &f.Essential, in.Essential)
	text("eol", &f.EOL, in.EOL)
	text("eos", &f.EOS, in.EOS)
	text("announced", &f.Announced, in.Announced)
	truth := func(field string, old *bool, b bool) {
		if it.given[field] {
			*old = b
		}
	}
	truth("software", &f.Software, in.Software)
	truth("vulnerable", &f.Vulnerable, in.Vulnerable)
	truth("sustaining", &f.Sustaining, in.Sustaining)
	truth("implantable", &f.Implantable, in.Implantable)
	f.Models, f.UDIs, f.GMDN = union(f.Models, in.Models), union(f.UDIs, in.UDIs), union(f.GMDN, in.GMDN)
	f.Codes, f.Premarket, f.Connectors = union(f.Codes, in.Codes), union(f.Premarket, in.Premarket), union(f.Connectors, in.Connectors)
	return f
}

func union(a, b []string) []string {
	out := slices.Clone(a)
	for _, s := range b {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// items reads a file. What cannot be read of it stands in the plan already.
func (x *Devices) items(v *db.View, k keeper, in *ProductImport) (items []*item, plan Plan, err error) {
	var all []*item
	switch in.Format {
	case FromCSV:
		all, err = tableItems(in, &plan)
	case FromGUDID:
		all, err = gudidItems(in.Body, &plan)
	case FromCSAF:
		if k.org != "" {
			return nil, plan, fault.Forbiddenf("Products are taken from advisories by the desk, for makers that are no members.")
		}
		in.Label = policy.Label{TLP: policy.Clear, Audience: policy.NewAudience(policy.Public)}
		all, err = csafItems(in.Body, &plan)
	default:
		return nil, plan, fault.InvalidField("format", "Products are imported from csv, gudid or csaf.")
	}
	if err != nil {
		return nil, plan, err
	}
	if in.Label.TLP != "" || !in.Label.Audience.Empty() {
		if err := x.productLabel(v, in.Label, k.kept); err != nil {
			return nil, plan, err
		}
	}
	// Each row is judged by itself, so that one bad row does not take others with it;
	// then those that name one product become one.
	byKey := map[string]*item{}
	for _, it := range all {
		if it.form.Maker == "" && k.org != "" {
			it.form.Maker = k.name
		}
		var p check.Problems
		checked := it.form.checked(&p)
		for i, r := range it.versions {
			var vp check.Problems
			it.versions[i] = r.checked(&vp)
			for _, f := range fault.FieldsOf(vp.Err()) {
				p.Add(versionField(f.Name), "%s", f.Message)
			}
		}
		if err := p.Err(); err != nil {
			plan.add(refuse(it.line, it.what(), err))
			continue
		}
		label, stage := it.form.Label, it.form.Stage
		it.form = checked.Form()
		if it.form.Label = label; stage == "" {
			it.form.Stage = ""
		}
		key := names.Device(it.form.Maker, it.form.Name)
		if first := byKey[key]; first != nil {
			first.take(it)
			continue
		}
		byKey[key] = it
		items = append(items, it)
	}
	return items, plan, nil
}

// versionField is the column of a version's field.
func versionField(name string) string {
	switch name {
	case "name":
		return "version"
	case "eos":
		return "version_eos"
	}
	return name
}

// take adds another row of the same product.
func (it *item) take(more *item) {
	merged := more.merged(productOf(it.form))
	if more.given["stage"] {
		merged.Stage = more.form.Stage
	}
	it.form = merged
	for g := range more.given {
		it.given[g] = true
	}
	it.lines += more.lines
	it.versions = append(it.versions, more.versions...)
	for _, n := range more.notes {
		it.note("%s", n)
	}
}

// productOf is a form as a product, for merging.
func productOf(f ProductForm) Product {
	return Product{Maker: f.Maker, Name: f.Name, Models: f.Models, Description: f.Description, UDIs: f.UDIs, Catalog: f.Catalog, GMDN: f.GMDN, Codes: f.Codes, Class: f.Class, Premarket: f.Premarket,
		Essential: f.Essential, Connectors: f.Connectors, Software: f.Software, Vulnerable: f.Vulnerable, Sustaining: f.Sustaining, Implantable: f.Implantable, Stage: f.Stage, EOL: f.EOL, EOS: f.EOS, Announced: f.Announced, Label: f.Label}
}
