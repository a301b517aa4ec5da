package web

import (
	"fmt"

	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

var (
	doneLinked    = greeting("deployment-linked", "ok", "It is linked to the known product, and matched with its SBOM from now on.")
	doneLinkedAll = greeting("deployments-linked", "ok", "They are linked to known products, and matched with their SBOMs from now on.")
)

// reconcilePage is how many deployments without a product a page looks through.
const reconcilePage = 100

// reconcileView is what the suggestions are drawn from.
type reconcileView struct {
	tabs    []ui.Tab
	a       attempt
	rows    []devices.Suggestion
	unknown int            // deployments that are linked to no product
	of      map[string]int // deployments on this page whose surest suggestion is of a kind
	after   string         // where the page begins
	pages   ui.Pages
}

// reconcileWords are the ways in which a suggestion is found.
var reconcileWords = map[string]string{devices.ByUDI: "same device identifier", devices.ByName: "same maker and name", devices.ByModel: "same maker and model", devices.ByAlias: "another name on record", devices.ByClose: "close name"}

// deploymentReconcile suggests known products for deployments that name none.
func (c *Ctx) deploymentReconcile() error { return c.showReconcile(200, attempt{}) }

func (c *Ctx) showReconcile(status int, a attempt) error {
	return c.ownDevices(func() error {
		if !c.Devices.MayDeploy(c.View) {
			return fault.ErrMissing
		}
		x := reconcileView{tabs: c.deviceTabs(devicesAtDeployments), a: a, of: map[string]int{}, after: c.R.URL.Query().Get("after")}
		if a.which == "all" {
			x.after = a.t["after"]
		}
		var next string
		var err error
		if x.rows, next, err = c.Devices.Suggestions(c.View, x.after, reconcilePage); err != nil {
			return err
		}
		counts, err := c.Devices.DeploymentCounts(c.View)
		if err != nil {
			return err
		}
		x.unknown = counts.Unknown
		if next != "" {
			x.pages.OlderHref = deploymentsAtReconcile + "?after=" + queryEscape(next)
		}
		if x.after != "" {
			x.pages.NewerHref = deploymentsAtReconcile
		}
		label := policy.Default(c.Viewer.Org)
		for i, s := range x.rows {
			if s.Product.Label.TLP.StricterThan(label.TLP) {
				label = stricter(label, s.Product.Label.TLP)
			}
			first := i == 0 || x.rows[i-1].Deployment.ID != s.Deployment.ID
			alone := i+1 == len(x.rows) || x.rows[i+1].Deployment.ID != s.Deployment.ID || x.rows[i+1].How != s.How
			if first && alone {
				x.of[s.How]++
			}
		}
		return c.show(Page{Title: "Link deployments to products", Kind: "list", Status: status, Label: label, Body: reconcileBody(x)})
	})
}

// deploymentLink accepts one suggestion.
func (c *Ctx) deploymentLink() error {
	return c.caseAct(caseForm{which: "link", fields: []string{"deployment", "product", "from"}, show: c.showReconcile, do: func(tx *db.Tx, a attempt) (string, error) {
		to := deploymentsAtReconcile
		if a.t["from"] == "deployment" {
			to = deploymentAt(pathEscape(a.t["deployment"]))
		}
		return to + "?done=" + doneLinked, c.Devices.AcceptSuggestion(tx, a.t["deployment"], a.t["product"])
	}})
}

// deploymentLinkAll accepts all suggestions of one kind.
func (c *Ctx) deploymentLinkAll() error {
	return c.caseAct(caseForm{which: "all", fields: []string{"how", "after"}, show: c.showReconcile, do: func(tx *db.Tx, a attempt) (string, error) {
		_, _, err := c.Devices.AcceptAll(tx, a.t["how"], a.t["after"])
		return deploymentsAtReconcile + "?done=" + doneLinkedAll, err
	}})
}

// sureKinds are the kinds that can be accepted together and are on the page.
func (x reconcileView) sureKinds() (as []ui.Action) {
	for _, how := range devices.Sure() {
		if n := x.of[how]; n > 0 {
			as = append(as, ui.Action{Label: fmt.Sprintf("Accept all: %s (%s here)", reconcileWords[how], ui.Number(n)), Href: deploymentsAtReconcile + "/all", Method: "post",
				Hidden: []ui.Hidden{{Name: "how", Value: how}, {Name: "after", Value: x.after}}, Confirm: "Link every deployment from here on whose only suggestion is of this kind, up to " + ui.Number(devices.MaxBatch) + "?"})
		}
	}
	return as
}

func (x reconcileView) table() (out [][]ui.Cell) {
	for i, s := range x.rows {
		d := s.Deployment
		what := ui.Cell{Text: deploymentTitle(d), Href: deploymentAt(d.ID), Header: true}
		if i > 0 && x.rows[i-1].Deployment.ID == d.ID {
			what = ui.Cell{Part: orAlso(deploymentTitle(d)), Header: true}
		}
		out = append(out, []ui.Cell{what, {Text: ui.Number(d.Count)}, {Text: s.Product.Title(), Href: devicesAtProducts + "/" + s.Product.ID}, {Text: s.Why},
			{Part: ui.ActionButton(ui.Action{Label: "Link", Href: deploymentsAtReconcile, Method: "post", Hidden: []ui.Hidden{{Name: "deployment", Value: d.ID}, {Name: "product", Value: s.Product.ID}}})}})
	}
	return out
}
