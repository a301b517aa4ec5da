package web

import (
	"bytes"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

// The pages of deployments.
const (
	deploymentsAtNew       = devicesAtDeployments + "/new"
	deploymentsAtImport    = devicesAtDeployments + "/import"
	deploymentsAtReconcile = devicesAtDeployments + "/reconcile"
	inventoriesAt          = "/inventories"
	deploymentsAtExport    = "/deployments.csv"
	deploymentsAtTemplate  = "/deployments/template.csv"
)

const deploymentsAPage = 100

// deploymentPrivacy is the promise that every page of deployments repeats.
const deploymentPrivacy = "Only the named recipients of your organization read this; the desk and the manufacturers do not. Matching runs on it and writes to you only."

// deploymentListView is what the list of deployments is drawn from.
type deploymentListView struct {
	tabs     []ui.Tab
	q        devices.DeploymentQuery
	rows     []devices.Deployment
	products map[string]devices.Product
	counts   devices.DeploymentCounts
	pages    ui.Pages
	may      bool
}

// ownDevices admits to pages of what the reader's organization keeps to itself: they
// are AMBER+STRICT.
func (c *Ctx) ownDevices(show func() error) error {
	g, err := c.gate()
	if err != nil {
		return err
	}
	if g.hides(policy.Default(c.Viewer.Org)) {
		return c.secondPasskey()
	}
	return show()
}

// deploymentList lists what the reader's organization runs.
func (c *Ctx) deploymentList() error {
	return c.ownDevices(func() error {
		q := c.R.URL.Query()
		x := deploymentListView{tabs: c.deviceTabs(devicesAtDeployments), may: c.Devices.MayDeploy(c.View)}
		x.q = devices.DeploymentQuery{Words: valid(q.Get("q")), Product: q.Get("product"), Unknown: q.Get("unknown") == "1", Zone: valid(q.Get("zone")), Exposure: q.Get("exposure"), Stage: q.Get("stage"), After: q.Get("after"), Limit: deploymentsAPage}
		if !slices.Contains(devices.Uses(), x.q.Stage) {
			x.q.Stage = ""
		}
		if !slices.Contains(devices.Exposures(), x.q.Exposure) {
			x.q.Exposure = ""
		}
		var err error
		if x.counts, err = c.Devices.DeploymentCounts(c.View); err != nil {
			return err
		}
		var next string
		if x.rows, next, err = c.Devices.Deployments(c.View, x.q); err != nil {
			return err
		}
		if next != "" {
			x.pages.OlderHref = x.at("after", next)
		}
		if x.q.After != "" {
			x.pages.NewerHref = x.at("after", "")
		}
		var ids []string
		for _, d := range x.rows {
			if d.Product != "" {
				ids = append(ids, d.Product)
			}
		}
		if x.products, err = c.Devices.ProductsOf(c.View, ids); err != nil {
			return err
		}
		label := policy.Default(c.Viewer.Org)
		for _, p := range x.products {
			if p.Label.TLP.StricterThan(label.TLP) {
				label = stricter(label, p.Label.TLP)
			}
		}
		return c.show(Page{Title: "My deployments", Kind: "list", Label: label, Live: []string{"*"}, Body: deploymentListBody(x)})
	})
}

// valid is a text of the address, or nothing if it is no text.
func valid(s string) string {
	if !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
		return ""
	}
	return s
}

// at is the list's address with one thing said otherwise; "" leaves it out.
func (x deploymentListView) at(name, value string) string {
	v := url.Values{}
	for k, s := range map[string]string{"q": x.q.Words, "product": x.q.Product, "zone": x.q.Zone, "exposure": x.q.Exposure, "stage": x.q.Stage} {
		if s != "" {
			v.Set(k, s)
		}
	}
	if x.q.Unknown {
		v.Set("unknown", "1")
	}
	if value == "" {
		v.Del(name)
	} else {
		v.Set(name, value)
	}
	if len(v) == 0 {
		return devicesAtDeployments
	}
	return devicesAtDeployments + "?" + v.Encode()
}

// filtered says that something narrows the list.
func (x deploymentListView) filtered() bool {
	return x.q.Words != "" || x.q.Product != "" || x.q.Unknown || x.q.Zone != "" || x.q.Exposure != "" || x.q.Stage != ""
}

// none says that the organization keeps no deployment at all.
func (x deploymentListView) none() bool { return len(x.counts.Stages) == 0 }

func (x deploymentListView) zones() []ui.Option {
	os := []ui.Option{{Value: "", Text: "Every zone", Selected: x.q.Zone == ""}}
	for _, z := range x.counts.Zones {
		if z.Name != "" {
			os = append(os, ui.Option{Value: z.Name, Text: z.Name + " (" + ui.Number(z.Units) + ")", Selected: z.Name == x.q.Zone})
		}
	}
	return os
}

func (x deploymentListView) stages() []ui.Option {
	os := []ui.Option{{Value: "", Text: "All but retired", Selected: x.q.Stage == ""}}
	for _, s := range devices.Uses() {
		os = append(os, ui.Option{Value: s, Text: upperFirst(s), Selected: s == x.q.Stage})
	}
	return os
}

func (x deploymentListView) table() [][]ui.Cell {
	var out [][]ui.Cell
	for _, d := range x.rows {
		product := ui.Cell{Text: "not linked", Muted: true}
		if p, ok := x.products[d.Product]; ok {
			product = ui.Cell{Text: p.Title(), Href: devicesAtProducts + "/" + p.ID}
		} else if d.Product != "" {
			product = ui.Cell{Text: "no longer shared with you", Muted: true}
		}
		out = append(out, []ui.Cell{
			{Text: deploymentTitle(d), Href: deploymentAt(d.ID), Header: true}, orNot(d.Version, "not known"), {Text: ui.Number(d.Count)}, orNot(d.Zone, "not known"), {Text: d.Stage}, product,
		})
	}
	return out
}

func deploymentAt(id string) string { return devicesAtDeployments + "/" + id }

// deploymentTitle is how a hospital calls a deployment.
func deploymentTitle(d devices.Deployment) string {
	return strings.TrimSpace(d.Maker + " " + d.Model)
}

// orNot is a cell with a text, or with a muted word in its place.
func orNot(s, none string) ui.Cell {
	if s == "" {
		return ui.Cell{Text: none, Muted: true}
	}
	return ui.Cell{Text: s}
}

// deploymentExport is the list as a table that can be imported again.
func (c *Ctx) deploymentExport() error {
	return c.ownDevices(func() error {
		var b bytes.Buffer
		if err := c.Devices.ExportDeployments(c.View, &b); err != nil {
			return err
		}
		return c.sendFile("deployments-"+c.View.Now().UTC().Format(time.DateOnly)+".csv", "text/csv; charset=utf-8", b.Bytes())
	})
}

// deploymentTemplate is an empty inventory.
func (c *Ctx) deploymentTemplate() error {
	return c.sendFile("deployments-template.csv", "text/csv; charset=utf-8", devices.DeploymentTemplate())
}
