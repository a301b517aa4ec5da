package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

var (
	doneInventorySent = greeting("inventory-sent", "ok", "The file is kept for a day, for you alone. Nothing was taken in yet: look at its columns first.")
	doneInventory     = greeting("inventory", "ok", "The inventory is taken in. What it names is matched now.")
	doneInventoryRuns = greeting("inventory-runs", "info", "The inventory is being taken in. You may leave this page.")
	doneInventoryEnds = greeting("inventory-retired", "ok", "They are retired. They are kept for the record and matched no more.")
)

// An inventory lies among its sender's uploads until it is taken in, or a day long:
// nobody else can read it. The page of an upload is made from the file each time, so
// that after a crash, or on another node, it says what is still to be done: what was
// taken in already is the same then.

// placeRuns are the imports that run in this process, and how they ended.
type placeRuns struct {
	mu sync.Mutex
	of map[string]*placeRun // by upload
}

// placeRun is one import.
type placeRun struct {
	mu          sync.Mutex
	at          time.Time
	done, total int
	over        bool
	plan        devices.DeploymentPlan
	err         error
}

// How many imports are remembered, and run at once: each holds a whole inventory.
const (
	runsMost   = 200
	runsAtOnce = 4
)

func (r *placeRuns) get(id string) *placeRun {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.of[id]
}

// begin notes an import that begins; nil if it runs already.
func (r *placeRuns) begin(id string, now time.Time) (*placeRun, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if x := r.of[id]; x != nil && !x.state().over {
		return nil, nil
	}
	running := map[string]*placeRun{}
	for k, x := range r.of {
		if !x.state().over {
			running[k] = x
		}
	}
	if len(running) >= runsAtOnce {
		return nil, fault.Busyf("Several inventories are being taken in just now. Nothing was changed; try again in a minute.")
	}
	if r.of == nil || len(r.of) >= runsMost {
		r.of = running
	}
	x := &placeRun{at: now}
	r.of[id] = x
	return x, nil
}

// end notes how an import ended. Its counts stay; its rows are made from the file again.
func (x *placeRun) end(plan devices.DeploymentPlan, err error) {
	plan.Rows, plan.Missing = nil, nil
	x.mu.Lock()
	defer x.mu.Unlock()
	x.over, x.plan, x.err = true, plan, err
}

// runState is a copy of how far an import is.
type runState struct {
	at          time.Time
	done, total int
	over        bool
	plan        devices.DeploymentPlan
	err         error
}

func (x *placeRun) state() runState {
	x.mu.Lock()
	defer x.mu.Unlock()
	return runState{x.at, x.done, x.total, x.over, x.plan, x.err}
}

// inventoryView is what the page of a sent inventory is drawn from.
type inventoryView struct {
	tabs  []ui.Tab
	a     attempt
	id    string
	name  string
	sheet devices.Sheet
	plan  devices.DeploymentPlan
	bad   string    // why the file cannot be read
	lacks []string  // what is wrong with the columns
	run   *runState // of this process; nil if it knows none
}

// deploymentImport is the form with which an inventory is sent.
func (c *Ctx) deploymentImport() error { return c.showDeploymentImport(200, attempt{}) }

func (c *Ctx) showDeploymentImport(status int, a attempt) error {
	return c.ownDevices(func() error {
		if !c.Devices.MayDeploy(c.View) {
			return fault.ErrMissing
		}
		return c.show(Page{Title: "Import deployments", Kind: "compose", Status: status, Label: policy.Default(c.Viewer.Org), Body: deploymentImportBody(c.deviceTabs(devicesAtDeployments), a), Right: deploymentImportAside()})
	})
}

// deploymentSend keeps an inventory among the sender's uploads.
func (c *Ctx) deploymentSend() error {
	a := attempt{which: "inventory", t: typed{}}
	f, err := c.takeInventory()
	if err != nil {
		_, _ = io.Copy(io.Discard, c.R.Body) // a browser that is not read to the end does not hear the answer
		a.errs = formErrors(renamed(err, "file", "upload"), "inventory", "upload")
		return c.again(err, func(status int) error { return c.showDeploymentImport(status, a) })
	}
	return c.redirect(inventoriesAt + "/" + f.ID + "?done=" + doneInventorySent)
}

func (c *Ctx) takeInventory() (forum.File, error) {
	var none forum.File
	err := c.read(func(v *db.View) error {
		if !c.Devices.MayDeploy(v) {
			return fault.ErrMissing
		}
		g, err := c.gateOf(v)
		if err == nil && g.hides(policy.Default(c.Viewer.Org)) {
			err = fault.Forbiddenf("Add a second passkey first.")
		}
		return err
	})
	if err != nil {
		return none, err
	}
	c.R.Body = http.MaxBytesReader(c.W, c.R.Body, devices.MaxSheet+maxForm)
	parts, err := c.R.MultipartReader()
	if err != nil {
		return none, fault.Invalidf("The form could not be read. Load the page again.")
	}
	for n := 0; n < maxParts; n++ {
		part, err := parts.NextPart()
		if err == io.EOF {
			break
		}
		if err != nil {
			return none, c.truncated(err)
		}
		if part.FormName() != "upload" || part.FileName() == "" {
			continue
		}
		f, err := c.Forum.Upload(c.R.Context(), c.DB, c.Viewer, forum.Incoming{Name: path.Base(strings.ReplaceAll(part.FileName(), `\`, "/")), Size: -1, From: part})
		if err != nil && errors.As(err, new(*http.MaxBytesError)) {
			err = fault.InvalidField("upload", "The file is larger than %d MiB. Send it in parts.", devices.MaxSheet>>20)
		}
		return f, err
	}
	return none, fault.InvalidField("upload", "Choose a file.")
}

// gateOf is the gate of a snapshot that is not a page's.
func (c *Ctx) gateOf(v *db.View) (gate, error) {
	shut, err := c.Members.NeedsSecondPasskey(v)
	return gate{shut}, err
}

// inventory reads a sent file.
func (c *Ctx) inventory(v *db.View, id string) (forum.File, []byte, error) {
	ref, err := c.Forum.FindFile(v, id)
	if err != nil {
		return forum.File{}, nil, err
	}
	if ref.Post != "" || ref.Size > devices.MaxSheet {
		return ref.File, nil, fault.ErrMissing // an attachment is no inventory
	}
	f, r, err := c.Forum.OpenFile(v, id)
	if err != nil {
		return f, nil, err
	}
	defer r.Close()
	b, err := io.ReadAll(io.LimitReader(r, devices.MaxSheet+1))
	if err != nil {
		return f, nil, fmt.Errorf("read an inventory: %w", err)
	}
	return f, b, nil
}

// deploymentInventory shows a sent inventory: its columns, and what would become of
// it.
func (c *Ctx) deploymentInventory() error { return c.showInventory(200, attempt{}) }

func (c *Ctx) showInventory(status int, a attempt) error {
	return c.ownDevices(func() error {
		if !c.Devices.MayDeploy(c.View) {
			return fault.ErrMissing
		}
		x := inventoryView{tabs: c.deviceTabs(devicesAtDeployments), a: a, id: c.R.PathValue("upload")}
		f, body, err := c.inventory(c.View, x.id)
		if err != nil {
			return err
		}
		x.name = f.Name
		p := Page{Title: "Import " + f.Name, Kind: "compose", Status: status, Label: policy.Default(c.Viewer.Org)}
		if run := c.placeRuns.get(x.id); run != nil {
			s := run.state()
			x.run = &s
			if !s.over {
				p.Live = []string{"*"}
				p.Body = inventoryRunsBody(x)
				return c.show(p)
			}
		}
		columns := typedColumns(a.t)
		if a.which != "inventory" {
			columns = nil
		}
		x.sheet, err = c.Devices.DeploymentSheet(c.View, body, columns)
		if fault.Is(err, fault.Invalid) {
			x.bad = fault.Sentence(err)
		} else if err != nil {
			return err
		}
		if x.bad == "" {
			x.plan, err = c.Devices.PlanDeployments(c.View, devices.DeploymentImport{Body: body, Columns: columns})
			if fault.Is(err, fault.Invalid) {
				for _, f := range fault.FieldsOf(err) {
					x.lacks = append(x.lacks, f.Message)
				}
				if len(x.lacks) == 0 {
					x.lacks = []string{fault.Sentence(err)}
				}
			} else if err != nil {
				return err
			}
		}
		p.Body = inventoryBody(x)
		return c.show(p)
	})
}

// typedColumns is what was chosen for each column; nil if nothing was.
func typedColumns(t typed) []string {
	n, err := strconv.Atoi(t["columns"])
	if err != nil {
		return nil
	}
	out := make([]string, max(0, min(n, maxColumns)))
	for i := range out {
		out[i] = t["column-"+strconv.Itoa(i)]
	}
	return out
}

// inventoryWait is how long a form waits for its import before it shows how far it is.
const inventoryWait = 3 * time.Second

// deploymentInventoryTake shows an inventory once more with its columns as they were
// chosen, or takes it in.
func (c *Ctx) deploymentInventoryTake() error {
	a := attempt{which: "inventory"}
	var err error
	if a.t, err = c.typed("do", "columns"); err != nil {
		return err
	}
	for i := range typedColumns(a.t) {
		name := "column-" + strconv.Itoa(i)
		if a.t[name], err = c.field(name); err != nil {
			return err
		}
	}
	id := c.R.PathValue("upload")
	if a.t["do"] != "take" {
		return c.again(nil, func(status int) error { return c.showInventory(status, a) })
	}
	in := devices.DeploymentImport{Columns: typedColumns(a.t)}
	err = c.read(func(v *db.View) error {
		if !c.Devices.MayDeploy(v) {
			return fault.ErrMissing
		}
		_, body, err := c.inventory(v, id)
		if err != nil {
			return err
		}
		in.Body = body
		_, err = c.Devices.PlanDeployments(v, in) // says what is wrong before anything is written
		return err
	})
	if err != nil {
		known := []string{"columns"}
		for i := range typedColumns(a.t) {
			known = append(known, "column-"+strconv.Itoa(i))
		}
		a.errs = formErrors(err, "inventory", known...)
		return c.again(err, func(status int) error { return c.showInventory(status, a) })
	}
	at := inventoriesAt + "/" + id
	run, err := c.placeRuns.begin(id, c.DB.Clock().Now())
	if err != nil {
		a.errs = formErrors(err, "inventory")
		return c.again(err, func(status int) error { return c.showInventory(status, a) })
	}
	if run == nil {
		return c.redirect(at + "?done=" + doneInventoryRuns)
	}
	ended := make(chan struct{})
	// The import outlives its request: who leaves the page does not break it off.
	ctx := context.WithoutCancel(c.R.Context())
	who, server := c.Viewer, c.Server
	go func() {
		defer close(ended)
		plan, err := server.Devices.ImportDeployments(ctx, server.DB, who, in, func(done, total int) {
			run.mu.Lock()
			run.done, run.total = done, total
			run.mu.Unlock()
		})
		if err != nil && fault.Is(err, fault.Internal) {
			server.Log.Error("import deployments", "err", err)
		}
		run.end(plan, err)
	}()
	select {
	case <-ended:
	case <-time.After(inventoryWait):
		return c.redirect(at + "?done=" + doneInventoryRuns)
	case <-c.R.Context().Done():
		return c.R.Context().Err()
	}
	if s := run.state(); s.err != nil {
		a.errs = formErrors(s.err, "inventory")
		return c.again(s.err, func(status int) error { return c.showInventory(status, a) })
	}
	return c.redirect(at + "?done=" + doneInventory)
}

// deploymentInventoryRetire retires what an inventory does not name.
func (c *Ctx) deploymentInventoryRetire() error {
	id := c.R.PathValue("upload")
	return c.caseAct(caseForm{which: "missing", lists: []string{"deployments"}, show: c.showInventory, do: func(tx *db.Tx, a attempt) (string, error) {
		if _, err := c.Forum.FindFile(tx.View, id); err != nil {
			return "", err
		}
		return inventoriesAt + "/" + id + "?done=" + doneInventoryEnds, c.Devices.RetireDeployments(tx, a.lists["deployments"])
	}})
}

// inventoryColumn is the choice of what one column holds.
func inventoryColumn(x inventoryView, i int) ui.Field {
	label := fmt.Sprintf("Column %d", i+1)
	if s := strings.TrimSpace(x.sheet.Header[i]); s != "" {
		label += ": " + shortText(s, 60)
	}
	var seen []string
	for _, r := range x.sheet.Rows {
		if i < len(r) && r[i] != "" && len(seen) < 2 && !slices.Contains(seen, r[i]) {
			seen = append(seen, shortText(r[i], 40))
		}
	}
	f := ui.Field{ID: "inventory-column-" + strconv.Itoa(i), Name: "column-" + strconv.Itoa(i), Label: label, Type: "select", Options: []ui.Option{{Value: "", Text: "Pass over"}}}
	if len(seen) > 0 {
		f.Hint = "Such as " + strings.Join(seen, ", ")
	}
	for _, k := range devices.DeploymentColumns() {
		f.Options = append(f.Options, ui.Option{Value: k.Name, Text: upperFirst(k.Words), Selected: i < len(x.sheet.Columns) && x.sheet.Columns[i] == k.Name})
	}
	f.Error = errorOf(x.a.errs, f.ID)
	return f
}

// planWords are what an import does with a row.
var planWords = map[string]string{devices.PlanAdd: "is added", devices.PlanChange: "is changed", devices.PlanSame: "stays as it is", devices.PlanRefuse: "is refused"}

// planShown is how many rows of a dry run are listed; the refused come first.
const planShown = 100

// planRows are the rows of a dry run, those first that need somebody.
func planRows(rows []devices.PlanRow) (out [][]ui.Cell) {
	rank := map[string]int{devices.PlanRefuse: 0, devices.PlanChange: 1, devices.PlanAdd: 2, devices.PlanSame: 3}
	rows = slices.Clone(rows)
	slices.SortStableFunc(rows, func(a, b devices.PlanRow) int { return rank[a.Action] - rank[b.Action] })
	for _, r := range rows[:min(planShown, len(rows))] {
		line := strconv.Itoa(r.Line)
		if r.Lines > 1 {
			line += fmt.Sprintf(" and %d more", r.Lines-1)
		}
		var why []string
		for _, p := range r.Problems {
			if p.Name != "" {
				why = append(why, p.Name+": "+p.Message)
			} else {
				why = append(why, p.Message)
			}
		}
		if len(r.Fields) > 0 {
			why = append(why, "changes "+strings.Join(r.Fields, ", "))
		}
		why = append(why, r.Notes...)
		what := ui.Cell{Text: r.What, Header: true}
		if r.ID != "" {
			what.Href = deploymentAt(r.ID)
		}
		out = append(out, []ui.Cell{what, {Text: line}, {Text: planWords[r.Action]}, {Text: strings.Join(why, " ")}})
	}
	return out
}

// planCounts are the sums of a dry run.
func planCounts(p devices.DeploymentPlan) []ui.KV {
	return []ui.KV{{Key: "Added", Value: ui.Number(p.Added)}, {Key: "Changed", Value: ui.Number(p.Changed)}, {Key: "The same", Value: ui.Number(p.Same)}, {Key: "Refused rows", Value: ui.Number(p.Refused)},
		{Key: "Not in the file", Value: ui.Number(p.MissingTotal)}}
}

// missingOptions are the deployments that an inventory does not name.
func missingOptions(ds []devices.Deployment) (os []ui.Option) {
	for _, d := range ds {
		var hint []string
		for _, s := range []string{d.Version, d.Zone, d.Owner} {
			if s != "" {
				hint = append(hint, s)
			}
		}
		os = append(os, ui.Option{Value: d.ID, Text: deploymentTitle(d) + ", " + ui.Count(d.Count, "unit", "units"), Hint: strings.Join(hint, ", ")})
	}
	return os
}
