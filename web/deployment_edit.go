package web

import (
	"strconv"
	"strings"

	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

var (
	doneDeployed        = greeting("deployed", "ok", "The deployment is kept. It is matched from now on.")
	doneDeployment      = greeting("deployment-changed", "ok", "The deployment is changed. It is matched anew.")
	doneDeploymentEnded = greeting("deployment-retired", "ok", "The deployment is retired. It is kept for the record and matched no more.")
)

var deploymentFields = []string{"product", "maker", "model", "version", "udi", "count", "zone", "exposure", "stage", "owner", "note", "eos", "revision"}

// deploymentForm is the form of a new deployment, or of one that is changed.
type deploymentForm struct {
	tabs     []ui.Tab
	a        attempt
	key      string
	id       string // of the one that is changed
	revision int64
	products []ui.Option
	more     bool // there are more products than are offered
	zones    []string
}

// deploymentNew is the form with which a deployment is added.
func (c *Ctx) deploymentNew() error { return c.showDeploymentForm(200, attempt{}, "") }

// deploymentEdit is the form with which a deployment is changed.
func (c *Ctx) deploymentEdit() error {
	return c.showDeploymentForm(200, attempt{}, c.R.PathValue("deployment"))
}

// productsOffered is how many products the form offers to choose from.
const productsOffered = 200

func (c *Ctx) showDeploymentForm(status int, a attempt, id string) error {
	return c.ownDevices(func() error {
		if !c.Devices.MayDeploy(c.View) {
			return fault.ErrMissing
		}
		x := deploymentForm{tabs: c.deviceTabs(devicesAtDeployments), id: id, key: a.key("deployment", ids.Random(26))}
		label, title := policy.Default(c.Viewer.Org), "Add a deployment"
		chosen := valid(c.R.URL.Query().Get("product"))
		if id != "" {
			d, err := c.Devices.Deployment(c.View, id)
			if err != nil {
				return err
			}
			x.revision, title, chosen = d.Revision, "Change "+deploymentTitle(d), d.Product
			if a.which == "" {
				a = deploymentAttempt(d)
			}
		}
		if a.which != "" {
			chosen = a.t["product"]
		}
		ps, next, err := c.Devices.Products(c.View, devices.ProductQuery{Limit: productsOffered})
		if err != nil {
			return err
		}
		x.more = next != ""
		x.products = []ui.Option{{Value: "", Text: "None: maker and model below", Selected: chosen == ""}}
		had := chosen == ""
		add := func(p devices.Product) {
			had = had || p.ID == chosen
			x.products = append(x.products, ui.Option{Value: p.ID, Text: p.Title(), Selected: p.ID == chosen})
			if p.Label.TLP.StricterThan(label.TLP) {
				label = stricter(label, p.Label.TLP)
			}
		}
		for _, p := range ps {
			add(p)
		}
		if !had {
			p, err := c.Devices.Product(c.View, chosen)
			switch {
			case err == nil:
				add(p)
			case fault.Is(err, fault.Missing) && id != "":
				x.products = append(x.products, ui.Option{Value: chosen, Text: "As it is: no longer shared with you", Selected: true})
			case !fault.Is(err, fault.Missing):
				return err
			}
		}
		counts, err := c.Devices.DeploymentCounts(c.View)
		if err != nil {
			return err
		}
		for _, z := range counts.Zones {
			if z.Name != "" && len(x.zones) < 5 {
				x.zones = append(x.zones, z.Name)
			}
		}
		x.a = a
		return c.show(Page{Title: title, Kind: "compose", Status: status, Label: label, Body: deploymentFormBody(x, title)})
	})
}

// deploymentAttempt is the form with a deployment in it.
func deploymentAttempt(d devices.Deployment) attempt {
	return attempt{which: "deployment", t: typed{"product": d.Product, "maker": d.Maker, "model": d.Model, "version": d.Version, "udi": d.UDI, "count": strconv.Itoa(d.Count), "zone": d.Zone,
		"exposure": d.Exposure, "stage": d.Stage, "owner": d.Owner, "note": d.Note, "eos": d.EOS}}
}

// typedDeployment is the deployment as it was typed.
func typedDeployment(a attempt) (f devices.DeploymentForm, err error) {
	f = devices.DeploymentForm{Product: a.t["product"], Maker: a.t["maker"], Model: a.t["model"], Version: a.t["version"], UDI: a.t["udi"], Zone: a.t["zone"], Exposure: a.t["exposure"], Stage: a.t["stage"],
		Owner: a.t["owner"], Note: a.t["note"], EOS: strings.TrimSpace(a.t["eos"]), Key: a.t["idempotency_key"]}
	if f.Count, err = strconv.Atoi(strings.TrimSpace(a.t["count"])); err != nil {
		return f, fault.InvalidField("count", "The number of units is a whole number from 1 to %s.", ui.Number(devices.MaxCount))
	}
	return f, nil
}

// deploymentAdd adds a deployment.
func (c *Ctx) deploymentAdd() error {
	return c.caseAct(caseForm{which: "deployment", fields: deploymentFields,
		show: func(status int, a attempt) error { return c.showDeploymentForm(status, a, "") },
		do: func(tx *db.Tx, a attempt) (string, error) {
			f, err := typedDeployment(a)
			if err != nil {
				return "", err
			}
			id, again, err := c.Devices.Deploy(tx, f)
			return deploymentAt(id) + "?done=" + doneDeployed, once(again, err)
		}})
}

// deploymentChange says anew what a deployment is.
func (c *Ctx) deploymentChange() error {
	id := c.R.PathValue("deployment")
	return c.caseAct(caseForm{which: "deployment", fields: deploymentFields,
		show: func(status int, a attempt) error { return c.showDeploymentForm(status, a, id) },
		do: func(tx *db.Tx, a attempt) (string, error) {
			f, err := typedDeployment(a)
			if err != nil {
				return "", err
			}
			revision, err := strconv.ParseInt(a.t["revision"], 10, 64)
			if err != nil {
				return "", fault.Invalidf("The form is not whole. Load the page again.")
			}
			return deploymentAt(id) + "?done=" + doneDeployment, c.Devices.ChangeDeployment(tx, id, revision, f)
		}})
}

// deploymentRetire takes a deployment out of use.
func (c *Ctx) deploymentRetire() error {
	id := c.R.PathValue("deployment")
	return c.caseAct(caseForm{which: "turn", show: c.showDeployment, do: func(tx *db.Tx, _ attempt) (string, error) {
		return deploymentAt(id) + "?done=" + doneDeploymentEnded, c.Devices.RetireDeployment(tx, id)
	}})
}

// exposureWords say how a deployment can be reached.
var exposureWords = map[string]string{"internet": "from the internet", "network": "from the hospital’s network", "isolated": "not by a network", "": "not known"}

func exposureOptions() []ui.Option {
	os := []ui.Option{{Value: "", Text: "Not known"}}
	for _, e := range devices.Exposures() {
		os = append(os, ui.Option{Value: e, Text: upperFirst(exposureWords[e])})
	}
	return os
}

func useOptions() (os []ui.Option) {
	for i, s := range devices.Uses() {
		os = append(os, ui.Option{Value: s, Text: upperFirst(s), Selected: i == 1})
	}
	return os
}
