package web

import (
	"slices"
	"strconv"
	"strings"

	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

// productFormFields are the fields of a product's form; those of several values take one a
// line.
var productFormFields = []string{"maker", "name", "models", "description", "udis", "catalog", "gmdn", "codes", "class", "premarket", "essential", "software", "vulnerable", "sustaining", "implantable",
	"stage", "eol", "eos", "announced", "revision"}

// productFormView is what a product's form is drawn from.
type productFormView struct {
	New   bool
	H     productHead // when it is changed
	Tabs  []ui.Tab
	A     attempt
	F     devices.ProductForm
	Key   string
	Rev   int64
	Share shareView
	Maker bool // the maker is asked for: the desk keeps others' products
}

// deviceNew is the form to add a product.
func (c *Ctx) deviceNew() error { return c.showDeviceNew(200, attempt{}) }

func (c *Ctx) showDeviceNew(status int, a attempt) error {
	if !c.Devices.MayAddProducts(c.View) {
		return fault.ErrMissing
	}
	x := productFormView{New: true, Tabs: c.deviceTabs(devicesAtProducts), A: a, Key: a.key("product", ids.Random(26)), Maker: c.ofDesk(), F: devices.ProductForm{Stage: devices.Support}}
	var marking policy.TLP
	var err error
	if x.Share, marking, err = c.shareView("product", a, policy.Default(c.Viewer.Org), ""); err != nil {
		return err
	}
	x.Share.hint = "At first nobody outside your organization. Hospitals find their devices by products that they may read."
	return c.show(Page{Title: "Add a product", Kind: "compose", Status: status, Label: policy.Label{TLP: marking}, Body: productFormBody(x), Right: productFormAside()})
}

// ofDesk reports whether the reader keeps products for makers that are no members.
func (c *Ctx) ofDesk() bool {
	return c.Viewer.Kind != policy.Manufacturer && c.Viewer.Kind != policy.Vendor
}

// lineList is the lines of a field, without empty ones.
func lineList(s string) (out []string) {
	for _, l := range strings.Split(s, "\n") {
		if l = strings.TrimSpace(l); l != "" {
			out = append(out, l)
		}
	}
	return out
}

// productForm is what a form says of a product.
func productForm(a attempt) devices.ProductForm {
	on := func(name string) bool { return a.t[name] != "" }
	return devices.ProductForm{Maker: a.t["maker"], Name: a.t["name"], Models: lineList(a.t["models"]), Description: a.t["description"], UDIs: lineList(a.t["udis"]), Catalog: a.t["catalog"],
		GMDN: lineList(a.t["gmdn"]), Codes: lineList(a.t["codes"]), Class: a.t["class"], Premarket: lineList(a.t["premarket"]), Essential: a.t["essential"], Connectors: a.lists["connectors"],
		Software: on("software"), Vulnerable: on("vulnerable"), Sustaining: on("sustaining"), Implantable: on("implantable"), Stage: devices.Stage(a.t["stage"]), EOL: a.t["eol"], EOS: a.t["eos"], Announced: a.t["announced"]}
}

var (
	doneProduct = greeting("product-added", "ok", "The product is added. Next: its versions, and an SBOM.")
	doneChanged = greeting("product-changed", "ok", "The product is changed.")
)

// deviceAdd adds a product.
func (c *Ctx) deviceAdd() error {
	return c.caseAct(caseForm{which: "product", fields: append(slices.Clone(productFormFields), shareFields...), lists: []string{"connectors", "audience"}, show: c.showDeviceNew, do: func(tx *db.Tx, a attempt) (string, error) {
		f := productForm(a)
		var err error
		if f.Label, err = labelOf(a); err != nil {
			return "", err
		}
		f.Key = a.t["idempotency_key"]
		id, again, err := c.Devices.AddProduct(tx, f)
		return productAt(id) + "?done=" + doneProduct, once(again, err)
	}})
}

// deviceEdit is the form to change a product.
func (c *Ctx) deviceEdit() error { return c.showDeviceEdit(200, attempt{}) }

func (c *Ctx) showDeviceEdit(status int, a attempt) error {
	return c.onProduct(productOverview, func(h productHead) error {
		if err := onlyKeeper(h); err != nil {
			return err
		}
		x := productFormView{H: h, A: a, F: h.P.Form(), Rev: h.P.Revision, Maker: c.ofDesk()}
		if rev, err := strconv.ParseInt(a.t["revision"], 10, 64); err == nil && a.which == "product" {
			x.Rev = rev
		}
		page := c.productPage(h, "edit", status)
		page.Kind, page.Body, page.Right = "compose", productFormBody(x), productFormAside()
		return c.show(page)
	})
}

// deviceChange changes a product.
func (c *Ctx) deviceChange() error {
	id := c.R.PathValue("product")
	return c.caseAct(caseForm{which: "product", fields: productFormFields, lists: []string{"connectors"}, show: c.showDeviceEdit, do: func(tx *db.Tx, a attempt) (string, error) {
		rev, err := strconv.ParseInt(a.t["revision"], 10, 64)
		if err != nil {
			return "", fault.Invalidf("The form is not whole. Load the page again.")
		}
		p, err := c.Devices.Product(tx.View, id)
		if err != nil {
			return "", err
		}
		f := productForm(a)
		f.Stage = p.Stage
		return productAt(id) + "?done=" + doneChanged, c.Devices.ChangeProduct(tx, id, rev, f)
	}})
}

// connectorOptions are the ways to connect.
func connectorOptions(now []string) []ui.Option {
	var out []ui.Option
	for _, s := range devices.Connectors() {
		out = append(out, ui.Option{Value: s, Text: upperFirst(map[string]string{"wifi": "Wi-Fi", "usb": "USB"}[s]), Selected: slices.Contains(now, s)})
		if o := &out[len(out)-1]; o.Text == "" {
			o.Text = upperFirst(s)
		}
	}
	return out
}

func classOptions(now string) []ui.Option {
	out := []ui.Option{{Value: "", Text: "Not said"}}
	for _, s := range []string{"1", "2", "3"} {
		out = append(out, ui.Option{Value: s, Text: "Class " + s, Selected: s == now})
	}
	return out
}

// productRelabelView is what the form of a product's label is drawn from.
type productRelabelView struct {
	productHead
	A        attempt
	Words    string
	Share    shareView
	Requests []productRequest
}

// productRequest is a request to loosen a product's label.
type productRequest struct {
	devices.Relabel
	From, To     string // audiences in words
	Before, Then string // how many people
	Mine         bool
	Decides      bool // the reader is a second person
}

// deviceRelabel is the form to change a product's label, with the requests that wait.
func (c *Ctx) deviceRelabel() error { return c.showDeviceRelabel(200, attempt{}) }

func (c *Ctx) showDeviceRelabel(status int, a attempt) error {
	return c.onProduct(productOverview, func(h productHead) (err error) {
		if err := onlyKeeper(h); err != nil {
			return err
		}
		x := productRelabelView{productHead: h, A: a}
		if x.Words, err = c.audienceWords(c.View, h.P.Label.Audience); err != nil {
			return err
		}
		requests, err := c.Devices.Relabels(c.View, h.P.ID)
		if err != nil {
			return err
		}
		decide, err := c.Devices.RelabelsToDecide(c.View)
		if err != nil {
			return err
		}
		label := h.P.Label
		if len(requests) > 0 {
			label = together(label, policy.Default(c.Viewer.Org))
		}
		for i, r := range requests {
			if i == 20 {
				break
			}
			q := productRequest{Relabel: r, Mine: r.Person == c.Viewer.Person, Decides: slices.ContainsFunc(decide, func(d devices.Relabel) bool { return d.ID == r.ID })}
			if q.From, q.Before, err = c.labelWords(r.From); err != nil {
				return err
			}
			if q.To, q.Then, err = c.labelWords(r.To); err != nil {
				return err
			}
			x.Requests = append(x.Requests, q)
		}
		var marking policy.TLP
		if x.Share, marking, err = c.shareView("relabel", a, h.P.Label, ""); err != nil {
			return err
		}
		x.Share.open = true
		page := c.productPage(h, "label", status)
		page.Kind, page.Label, page.Body = "compose", stricterIf(label, marking), productRelabelBody(x, c.View.Now())
		return c.show(page)
	})
}

// deviceRelabelled changes a product's label at once if that only takes readers away,
// and asks a second person otherwise.
func (c *Ctx) deviceRelabelled() error {
	id := c.R.PathValue("product")
	return c.caseAct(caseForm{which: "relabel", fields: append([]string{"why"}, shareFields...), lists: []string{"audience"}, show: c.showDeviceRelabel, do: func(tx *db.Tx, a attempt) (string, error) {
		l, err := labelOf(a)
		if err != nil {
			return "", err
		}
		request, err := c.Devices.RelabelProduct(tx, id, l, a.t["why"])
		if request != "" {
			return productAt(id) + "/relabel?done=" + doneLoosening, err
		}
		return productAt(id) + "?done=" + doneTightened, err
	}})
}

// deviceRelabelDecide is the second person's yes or no, or the first one's withdrawal.
func (c *Ctx) deviceRelabelDecide() error {
	id, request := c.R.PathValue("product"), c.R.PathValue("relabel")
	do, done := c.Devices.ApproveRelabel, doneAgreed
	switch c.R.PathValue("word") {
	case "approve":
	case "refuse":
		do, done = c.Devices.RefuseRelabel, doneNotAgreed
	case "withdraw":
		do, done = c.Devices.WithdrawRelabel, doneTakenBack
	default:
		return fault.ErrMissing
	}
	return c.caseAct(caseForm{which: "decide", show: c.showDeviceRelabel, do: func(tx *db.Tx, a attempt) (string, error) {
		all, err := c.Devices.Relabels(tx.View, id)
		if err != nil {
			return "", err
		}
		if !slices.ContainsFunc(all, func(r devices.Relabel) bool { return r.ID == request }) {
			return "", fault.ErrMissing
		}
		return productAt(id) + "?done=" + done, do(tx, request)
	}})
}
