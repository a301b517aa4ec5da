package web

import (
	"io"
	"path"
	"slices"
	"strings"

	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

// productImportView is what the import of products is drawn from: the form at first,
// then what would be done with the file, and at last what was done.
type productImportView struct {
	Tabs   []ui.Tab
	A      attempt
	Share  shareView
	Desk   bool // CSAF is for the desk
	File   forum.File
	Format string
	Label  policy.Label
	Sees   ui.Preview
	Plan   *devices.Plan
	Sheet  *devices.Sheet // of a table
	Done   bool
}

// productPlanShown is how many rows of a plan are listed.
const productPlanShown = 300

var productImportFields = append([]string{"format", "upload"}, shareFields...)

// deviceImport is the form to import products.
func (c *Ctx) deviceImport() error { return c.showDeviceImport(200, attempt{}) }

func (c *Ctx) showDeviceImport(status int, a attempt) error {
	if !c.Devices.MayAddProducts(c.View) {
		return fault.ErrMissing
	}
	x := productImportView{Tabs: c.deviceTabs(devicesAtProducts), A: a, Desk: c.ofDesk()}
	var marking policy.TLP
	var err error
	if x.Share, marking, err = c.shareView("import", a, policy.Default(c.Viewer.Org), ""); err != nil {
		return err
	}
	x.Share.hint = "For products that are added; those that are known keep their label. Products from advisories are public, as the advisories are."
	return c.show(Page{Title: "Import products", Kind: "compose", Status: status, Label: policy.Label{TLP: marking}, Body: productImportBody(x), Right: productImportAside()})
}

// deviceImportPlan takes a file and shows what an import of it would do. The file
// waits among the reader's uploads, which nobody else reads and which are forgotten
// after a day.
func (c *Ctx) deviceImportPlan() error {
	a := attempt{which: "import"}
	var file forum.File
	err := c.takeUpload(fileForm{fields: productImportFields, lists: []string{"audience"}, most: devices.MaxSheet, limit: "10 MiB"}, &a, func(name string, body io.Reader) (err error) {
		file, err = c.Forum.Upload(c.R.Context(), c.DB, c.Viewer, forum.Incoming{Name: name, Size: -1, From: io.LimitReader(body, devices.MaxSheet+1)})
		return err
	})
	if err == nil {
		a.t["file"] = file.ID
		err = c.showPlan(a)
	}
	if err != nil {
		err = renamed(err, "file", "upload")
		a.errs = formErrors(err, "import", append(slices.Clone(productImportFields), "audience")...)
		return c.again(err, func(status int) error { return c.showDeviceImport(status, a) })
	}
	return nil
}

// imported is a file that waits, as the duty imports it.
func (c *Ctx) imported(v *db.View, a attempt) (in devices.ProductImport, f forum.File, err error) {
	ref, err := c.Forum.FindFile(v, a.t["file"])
	if fault.Is(err, fault.Missing) || err == nil && ref.Post != "" {
		return in, f, fault.Conflictf("The file is not there any more. Choose it again.")
	}
	if err != nil {
		return in, f, err
	}
	f, r, err := c.Forum.OpenFile(v, a.t["file"])
	if err != nil {
		return in, f, err
	}
	defer r.Close()
	in = devices.ProductImport{Format: a.t["format"], Name: f.Name}
	if in.Body, err = io.ReadAll(io.LimitReader(r, devices.MaxSheet+1)); err != nil {
		return in, f, err
	}
	if in.Format == "" {
		in.Format = importFormat(f.Name, in.Body)
	}
	in.Label, err = labelOf(a)
	return in, f, err
}

// importFormat guesses what a file of products is.
func importFormat(name string, body []byte) string {
	text := string(body[:min(len(body), 4096)])
	switch {
	case strings.EqualFold(path.Ext(name), ".csv"), !strings.HasPrefix(strings.TrimSpace(strings.TrimPrefix(text, "\ufeff")), "{") && !strings.HasPrefix(strings.TrimSpace(text), "["):
		return devices.FromCSV
	case strings.Contains(text, `"csaf_version"`) || strings.Contains(text, `"product_tree"`) || strings.Contains(text, `"aggregate_severity"`) || strings.Contains(text, `"document"`):
		return devices.FromCSAF
	}
	return devices.FromGUDID
}

// showPlan shows the dry run, with the button that imports.
func (c *Ctx) showPlan(a attempt) error {
	var in devices.ProductImport
	var f forum.File
	var plan devices.Plan
	var sheet *devices.Sheet
	err := c.read(func(v *db.View) (err error) {
		if in, f, err = c.imported(v, a); err != nil {
			return err
		}
		if plan, err = c.Devices.PlanProducts(v, in); err != nil {
			return err
		}
		if in.Format == devices.FromCSV {
			s, err := c.Devices.ProductSheet(v, in.Body, nil)
			if err != nil {
				return err
			}
			sheet = &s
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.again(nil, func(int) error {
		x := productImportView{Tabs: c.deviceTabs(devicesAtProducts), A: a, File: f, Format: in.Format, Plan: &plan, Sheet: sheet, Label: in.Label}
		if x.Label.TLP == "" {
			x.Label = policy.Default(c.Viewer.Org)
		}
		if in.Format == devices.FromCSAF {
			x.Label = policy.Label{TLP: policy.Clear, Audience: policy.NewAudience(policy.Public)}
		}
		var err error
		if x.Sees, err = c.preview(c.View, x.Label, policy.Label{}); err != nil {
			return err
		}
		return c.show(Page{Title: "Import products: what it would do", Kind: "compose", Label: policy.Default(c.Viewer.Org), Body: productPlanBody(x)})
	})
}

var ourProducts = "/devices?mine=1"

// deviceImportDo imports a file that waits and shows what was done.
func (c *Ctx) deviceImportDo() error {
	a := attempt{which: "import", lists: map[string][]string{}}
	var err error
	if a.t, err = c.typed(append([]string{"file"}, productImportFields...)...); err != nil {
		return err
	}
	a.lists["audience"] = c.R.PostForm["audience"]
	var in devices.ProductImport
	var f forum.File
	err = c.read(func(v *db.View) (err error) { in, f, err = c.imported(v, a); return err })
	var plan devices.Plan
	if err == nil {
		plan, err = c.Devices.ImportProducts(c.R.Context(), c.DB, c.Viewer, in, nil)
	}
	if err != nil {
		err = renamed(err, "file", "upload")
		a.errs = formErrors(err, "import", append(slices.Clone(productImportFields), "audience")...)
		return c.again(err, func(status int) error { return c.showDeviceImport(status, a) })
	}
	if e := c.note(func(tx *db.Tx) error { return c.Forum.DropUpload(tx, f.ID) }); e != nil && !fault.Is(e, fault.Missing) {
		c.Log.Warn("drop an imported file", "err", e)
	}
	return c.again(nil, func(int) error {
		x := productImportView{Tabs: c.deviceTabs(devicesAtProducts), File: f, Format: in.Format, Plan: &plan, Done: true}
		return c.show(Page{Title: "Products imported", Kind: "compose", Label: policy.Default(c.Viewer.Org), Body: productPlanBody(x)})
	})
}

// deviceTemplate is an empty table of products.
func (c *Ctx) deviceTemplate() error {
	inert(c.W.Header(), "products.csv")
	_, err := c.W.Write(devices.ProductTemplate())
	return err
}

// productPlanRows are the rows of a plan, those that were refused first.
func productPlanRows(p *devices.Plan) (rows [][]ui.Cell) {
	all := slices.Clone(p.Rows)
	order := map[string]int{devices.PlanRefuse: 0, devices.PlanAdd: 1, devices.PlanChange: 2, devices.PlanSame: 3}
	slices.SortStableFunc(all, func(a, b devices.PlanRow) int { return order[a.Action] - order[b.Action] })
	for i, r := range all {
		if i == productPlanShown {
			break
		}
		what := ui.Cell{Text: clip(r.What, 100), Header: true}
		if r.ID != "" {
			what.Href = productAt(r.ID)
		}
		rows = append(rows, []ui.Cell{{Text: ui.Number(r.Line)}, what, {Text: productPlanWords[r.Action]}, {Text: productPlanDetail(r)}})
	}
	return rows
}

var productPlanWords = map[string]string{devices.PlanAdd: "is added", devices.PlanChange: "is changed", devices.PlanSame: "stays as it is", devices.PlanRefuse: "is refused"}

func productPlanDetail(r devices.PlanRow) string {
	var parts []string
	for _, f := range r.Problems {
		if f.Name != "" {
			parts = append(parts, f.Name+": "+f.Message)
		} else {
			parts = append(parts, f.Message)
		}
	}
	if len(r.Fields) > 0 {
		parts = append(parts, "Changes: "+strings.Join(r.Fields, ", ")+".")
	}
	if n := len(r.Versions); n > 0 {
		parts = append(parts, ui.Count(n, "new version", "new versions")+": "+clip(strings.Join(r.Versions, ", "), 120)+".")
	}
	if r.Lines > 1 {
		parts = append(parts, ui.Count(r.Lines, "row says", "rows say")+" it.")
	}
	return clip(strings.Join(append(parts, r.Notes...), " "), 400)
}
