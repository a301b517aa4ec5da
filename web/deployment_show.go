package web

import (
	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/matching"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

// findingsAPage is how many findings a page lists.
const findingsAPage = 50

// deploymentView is what one deployment's page is drawn from.
type deploymentView struct {
	tabs      []ui.Tab
	d         devices.Deployment
	product   *devices.Product // nil if none is known, or it is not shared
	findings  exposureFindings
	open      int // of those shown
	all       bool
	gaps      []devices.Gap
	suggested []devices.Suggestion
	may       bool
	pages     ui.Pages
}

// deploymentShow is one deployment with what touches it and why.
func (c *Ctx) deploymentShow() error { return c.showDeployment(200, attempt{}) }

func (c *Ctx) showDeployment(status int, a attempt) error {
	return c.ownDevices(func() error {
		q := c.R.URL.Query()
		x := deploymentView{tabs: c.deviceTabs(devicesAtDeployments), may: c.Devices.MayDeploy(c.View), all: q.Get("all") == "1"}
		var err error
		if x.d, err = c.Devices.Deployment(c.View, c.R.PathValue("deployment")); err != nil {
			return err
		}
		label := policy.Default(c.Viewer.Org)
		if x.d.Product != "" {
			p, err := c.Devices.Product(c.View, x.d.Product)
			if err == nil {
				x.product = &p
				label = together(label, p.Label)
			} else if !fault.Is(err, fault.Missing) {
				return err
			}
		} else if x.may && x.d.Stage != "retired" {
			if x.suggested, err = c.Devices.SuggestionsFor(c.View, x.d.ID); err != nil {
				return err
			}
		}
		after := pageStart(q.Get("after"))
		fs, err := c.Matching.OfDeployment(c.View, x.d.ID, matching.Query{Gone: x.all, After: after, Limit: findingsAPage + 1})
		if err != nil {
			return err
		}
		at := deploymentAt(x.d.ID)
		fs = paged(fs, after, findingsAPage, &x.pages, func(n int) string { return pageAddress(at, n, x.all) })
		now := c.View.Now()
		x.findings.caption = "Findings on this deployment, the most pressing first"
		if x.findings.findingTable, err = c.findingTable(fs, &label); err != nil {
			return err
		}
		for _, f := range x.findings.Rows {
			if f.Open {
				x.open++
			}
		}
		if x.gaps, err = c.Devices.DeploymentGaps(c.View, x.d.ID); err != nil {
			return err
		}
		return c.show(Page{Title: deploymentTitle(x.d), Kind: "deployment", Status: status, Label: label, Live: []string{"*"}, Body: deploymentBody(x, a, now), Right: deploymentAside(x, now)})
	})
}

// deploymentNext is what comes next for a deployment.
func deploymentNext(x deploymentView) ui.Step {
	edit := func(s ui.Step, button string) ui.Step {
		if x.may {
			s.Button, s.Href, s.Key = button, deploymentAt(x.d.ID)+"/edit", "r"
		}
		return s
	}
	for _, f := range x.findings.Rows {
		if f.Open && f.Exploited {
			return ui.Step{Kind: "danger", Sentence: f.Vuln + " touches it and is known to be exploited.", Detail: findingRemedy(f.Finding), Button: "Decide what to do", Href: findingAt(f.ID), Key: "r"}
		}
	}
	switch {
	case x.d.Stage == "retired":
		return edit(ui.Step{Kind: "info", Sentence: "It is retired and matched no more."}, "Bring it back")
	case x.d.Stage == "planned":
		return edit(ui.Step{Kind: "info", Sentence: "It is planned.", Detail: "It is matched once it is in use or stored."}, "Say that it is in use")
	case len(x.suggested) > 0:
		s := ui.Step{Kind: "info", Sentence: "It may be " + x.suggested[0].Product.Title() + ".", Detail: x.suggested[0].Why, Button: "Link it to this product", Href: deploymentsAtReconcile, Method: "post", Key: "r",
			Hidden: []ui.Hidden{{Name: "deployment", Value: x.d.ID}, {Name: "product", Value: x.suggested[0].Product.ID}, {Name: "from", Value: "deployment"}}}
		return s
	case x.open > 0:
		for _, f := range x.findings.Rows {
			if f.Open {
				return ui.Step{Sentence: ui.Count(x.open, "finding waits", "findings wait") + " for a decision on this page.", Detail: "The most pressing is " + f.Vuln + ".", Button: "Decide about " + f.Vuln, Href: findingAt(f.ID), Key: "r"}
			}
		}
	case x.d.Version == "":
		return edit(ui.Step{Sentence: "Its version is not known.", Detail: "Until it is, what is built into it is not compared, and more findings need a person."}, "Say which version it is")
	}
	return ui.Step{Kind: "ok", Sentence: "Nothing waits for you here."}
}

// deploymentFacts are what is said of a deployment.
func deploymentFacts(x deploymentView) []ui.KV {
	d := x.d
	product := ui.KV{Key: "Known product", Value: "not linked"}
	switch {
	case x.product != nil:
		product = ui.KV{Key: "Known product", Value: x.product.Title(), Href: devicesAtProducts + "/" + x.product.ID}
	case d.Product != "":
		product.Value = "no longer shared with you"
	}
	or := func(key, s string) ui.KV {
		if s == "" {
			s = "not known"
		}
		return ui.KV{Key: key, Value: s}
	}
	eos := or("End of support", d.EOS)
	if d.EOS == "" && x.product != nil && x.product.EOS != "" {
		eos.Value = x.product.EOS + ", as the product says"
	}
	kvs := []ui.KV{product, or("Version", d.Version), {Key: "Units", Value: ui.Number(d.Count)}, or("Zone", d.Zone), {Key: "It can be reached", Value: exposureWords[d.Exposure]}, {Key: "Stage", Value: d.Stage}, or("Responsible", d.Owner), eos}
	if d.UDI != "" {
		kvs = append(kvs, ui.KV{Key: "UDI-DI", Value: d.UDI, Mono: true})
	}
	if d.Note != "" {
		kvs = append(kvs, ui.KV{Key: "Note", Value: d.Note})
	}
	return kvs
}
