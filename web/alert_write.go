package web

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/cordon-isao/cordon/alerts"
	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

var (
	doneAlertDrafted = greeting("alert-drafted", "ok", "Saved as a draft. Below is what its recipients will read.")
	doneAlertChanged = greeting("alert-changed", "ok", "Saved. It has to be approved as it is now.")
)

// What the composer's form brings: fields that come once, and those that come once for
// each product, in the same order.
var (
	alertFields = []string{"title", "do_now", "what", "class", "tlp", "vulns", "downtime", "minutes", "restart", "features", "workflow", "clinical_note", "mechanism", "category",
		"other_maker", "other_name", "find", "case", "supersedes", "revision", "do", "idempotency_key"}
	alertRowFields = []string{"product", "maker", "name", "range", "words"}
)

const productsFound = 20 // products that the composer lists

// alertFormView is what the composer is drawn from.
type alertFormView struct {
	a       attempt
	tabs    []ui.Tab
	id      string // of the draft that is changed, or ""
	form    alerts.Form
	reach   map[string]alerts.Shown // by product
	found   []devices.Product
	more    bool   // there are more than are listed
	looked  string // what products were looked for by
	desk    bool
	own     string // the writer's organization
	preview *alertText
	instead string // title of the alert that this takes the place of
	key     string
}

// alertNew is the composer.
func (c *Ctx) alertNew() error { return c.showAlertForm(200, attempt{}, alerts.Form{}, "") }

// alertEdit is the composer with a draft in it.
func (c *Ctx) alertEdit() error {
	return c.showAlertForm(200, attempt{}, alerts.Form{}, c.R.PathValue("alert"))
}

// showAlertForm shows the composer: empty, with a draft, or with what was typed.
func (c *Ctx) showAlertForm(status int, a attempt, f alerts.Form, id string) error {
	if !c.Alerts.MayWrite(c.View) {
		return fault.ErrMissing
	}
	x := alertFormView{a: a, tabs: c.alertTabs(alertsAtWritten), id: id, form: f, desk: c.Viewer.May(policy.MayTriage), own: c.Viewer.OrgName, key: a.key("alert", ids.Random(26))}
	label := policy.Label{}
	g, err := c.gate()
	if err != nil {
		return err
	}
	if id != "" {
		al, err := c.Alerts.Alert(c.View, id)
		if err != nil {
			return err
		}
		switch {
		case g.hides(al.Label):
			return c.secondPasskey()
		case !c.Alerts.MayChange(c.View, al):
			return fault.Forbiddenf("Another organization wrote this alert. Only it changes the text.")
		case al.State != alerts.Draft && al.State != alerts.Approved:
			return fault.Conflictf("This alert is %s. Its text stays as it is.", al.State.Words())
		}
		if label = al.Label; a.which == "" {
			x.form, x.a = al.Form(), alertAttempt(al.Form(), al.Revision)
		}
	} else if a.which == "" {
		if x.form, err = c.alertBegun(); err != nil {
			return err
		}
		x.a = alertAttempt(x.form, 0)
	}
	if x.form.Supersedes != "" {
		if old, err := c.Alerts.Alert(c.View, x.form.Supersedes); err == nil {
			x.instead, label = old.Title, together(label, old.Label)
		} else if !fault.Is(err, fault.Missing) {
			return err
		}
	}
	if err := c.alertPicker(&x, g, &label); err != nil {
		return err
	}
	if a.t["do"] == "check" {
		text, err := c.alertText(x.form.Content)
		if err != nil {
			return err
		}
		x.preview = &text
	}
	title := "Write an alert"
	if id != "" {
		title = "Change the alert"
	}
	return c.show(Page{Title: title, Kind: "compose", Status: status, Label: label, Body: alertFormBody(x, title), Right: alertFormAside(x)})
}

// alertPicker lists products that can be named, and tells how many hold those that are.
func (c *Ctx) alertPicker(x *alertFormView, g gate, label *policy.Label) error {
	x.looked = strings.TrimSpace(x.a.t["find"])
	ps, next, err := c.Devices.Products(c.View, devices.ProductQuery{Words: valid(x.looked), Mine: !x.desk, Limit: productsFound})
	if err != nil {
		return err
	}
	x.more = next != ""
	for _, p := range ps {
		named := slices.ContainsFunc(x.form.Affected, func(a alerts.Affected) bool { return a.Product == p.ID })
		if !named && !g.hides(p.Label) {
			*label = together(*label, p.Label)
			x.found = append(x.found, p)
		}
	}
	var ids []string
	for _, a := range x.form.Affected {
		if a.Product != "" && !slices.Contains(ids, a.Product) && len(ids) < alerts.MaxAffected {
			ids = append(ids, a.Product)
		}
	}
	known, err := c.Devices.ProductsOf(c.View, ids)
	if err != nil {
		return err
	}
	ids = slices.DeleteFunc(ids, func(id string) bool {
		p, ok := known[id]
		return !ok || g.hides(p.Label) || !x.desk && p.Kept != c.Viewer.Org
	})
	for i, a := range x.form.Affected {
		if p, ok := known[a.Product]; ok && slices.Contains(ids, a.Product) {
			*label = together(*label, p.Label)
			x.form.Affected[i].Maker, x.form.Affected[i].Name = p.Maker, p.Name
		}
	}
	shown, err := c.Alerts.Reach(c.View, ids)
	x.reach = map[string]alerts.Shown{}
	for _, s := range shown {
		x.reach[s.Product] = s.Shown
	}
	return err
}

// alertBegun is what a new alert begins with: nothing, a product, a case, or the text
// that it takes the place of.
func (c *Ctx) alertBegun() (f alerts.Form, err error) {
	q := c.R.URL.Query()
	f.TLP, f.Class = policy.Amber, alerts.Today
	if old := q.Get("supersedes"); old != "" {
		al, err := c.Alerts.Alert(c.View, old)
		if err != nil {
			return f, err
		}
		if !c.Alerts.MayChange(c.View, al) || al.State != alerts.Sent {
			return f, fault.Conflictf("Another alert can take the place of one that your organization sent, and that stands.")
		}
		f = al.Form()
		f.Supersedes = al.ID
	}
	if k := q.Get("case"); k != "" && ids.Valid("case", k) {
		f.Case = k
	}
	if id := q.Get("product"); id != "" {
		p, err := c.Devices.Product(c.View, id)
		if err != nil {
			return f, err
		}
		f.Affected = append(f.Affected, alerts.Affected{Product: p.ID, Maker: p.Maker, Name: p.Name})
	}
	return f, nil
}

// alertAttempt is the composer's form with a text in it.
func alertAttempt(f alerts.Form, revision int64) attempt {
	minutes := ""
	if f.Clinical.Seconds > 0 {
		minutes = strconv.FormatFloat(float64(f.Clinical.Seconds)/60, 'f', -1, 64)
		if f.Clinical.Seconds%60 != 0 {
			minutes = strconv.FormatFloat(math.Round(float64(f.Clinical.Seconds)/60*100)/100, 'f', -1, 64)
		}
	}
	return attempt{which: "alert", t: typed{"title": f.Title, "do_now": f.DoNow, "what": f.What, "class": string(f.Class), "tlp": string(f.TLP), "vulns": strings.Join(f.Vulns, "\n"),
		"downtime": f.Clinical.Downtime, "minutes": minutes, "restart": f.Clinical.Restart, "features": f.Clinical.Features, "workflow": f.Clinical.Workflow, "clinical_note": f.Clinical.Note,
		"mechanism": f.Mechanism, "category": f.Category, "case": f.Case, "supersedes": f.Supersedes, "revision": strconv.FormatInt(revision, 10)}}
}

// readAlert reads the composer's form. What was ticked is added to the products, what
// was to go is taken away.
func (c *Ctx) readAlert() (a attempt, f alerts.Form, err error) {
	a = attempt{which: "alert", lists: map[string][]string{}}
	if a.t, err = c.typed(alertFields...); err != nil {
		return a, f, err
	}
	for _, name := range append([]string{"add", "drop"}, alertRowFields...) {
		if a.lists[name] = c.R.PostForm[name]; len(a.lists[name]) > 4*alerts.MaxAffected {
			return a, f, fault.InvalidField("affected", "An alert names at most %d products.", alerts.MaxAffected)
		}
	}
	t := a.t
	f = alerts.Form{Class: alerts.Class(t["class"]), Case: t["case"], Supersedes: t["supersedes"], Key: t["idempotency_key"],
		Content: alerts.Content{Title: t["title"], DoNow: strings.TrimSpace(t["do_now"]), What: t["what"], TLP: policy.TLP(t["tlp"]), Vulns: strings.FieldsFunc(t["vulns"], func(r rune) bool { return strings.ContainsRune(" ,;\t\n", r) }),
			Mechanism: t["mechanism"], Category: t["category"],
			Clinical: alerts.Clinical{Downtime: t["downtime"], Restart: t["restart"], Features: t["features"], Workflow: t["workflow"], Note: t["clinical_note"]}}}
	at := func(name string, i int) string {
		if i < len(a.lists[name]) {
			return a.lists[name][i]
		}
		return ""
	}
	for i := range a.lists["product"] {
		if !slices.Contains(a.lists["drop"], strconv.Itoa(i)) {
			f.Affected = append(f.Affected, alerts.Affected{Product: at("product", i), Maker: at("maker", i), Name: at("name", i), Range: at("range", i), Words: at("words", i)})
		}
	}
	for _, id := range a.lists["add"] {
		if !slices.ContainsFunc(f.Affected, func(b alerts.Affected) bool { return b.Product == id }) {
			f.Affected = append(f.Affected, alerts.Affected{Product: id})
		}
	}
	if t["other_maker"] != "" || t["other_name"] != "" {
		f.Affected = append(f.Affected, alerts.Affected{Maker: t["other_maker"], Name: t["other_name"]})
		t["other_maker"], t["other_name"] = "", ""
	}
	if m := strings.TrimSpace(t["minutes"]); m != "" {
		n, err := strconv.ParseFloat(strings.ReplaceAll(m, ",", "."), 64)
		if err != nil || math.IsNaN(n) || n < 0 || n > 1e6 {
			return a, f, fault.InvalidField("minutes", "The downtime is a number of minutes, such as 10 or 0.5.")
		}
		f.Clinical.Seconds = int64(math.Round(n * 60))
	}
	return a, f, nil
}

// alertSave keeps what the composer says as a draft, or shows it once more: with further
// products, or as its recipients will read it.
func (c *Ctx) alertSave() error {
	id := c.R.PathValue("alert")
	a, f, err := c.readAlert()
	if a.t == nil {
		return err
	}
	if err == nil && a.t["do"] != "" && a.t["do"] != "save" {
		if a.t["do"] == "check" {
			err = c.alertTry(id, a, f)
		}
		a.errs = alertErrors(err)
		return c.again(nil, func(int) error { return c.showAlertForm(200, a, f, id) })
	}
	done := doneAlertDrafted
	if err == nil {
		err = c.write(func(tx *db.Tx) (err error) {
			if id == "" {
				id, err = c.Alerts.Draft(tx, f)
				return err
			}
			done = doneAlertChanged
			return c.Alerts.Change(tx, id, alertRevision(a), f)
		})
	}
	if err != nil {
		a.errs = alertErrors(err)
		return c.again(err, func(status int) error { return c.showAlertForm(status, a, f, c.R.PathValue("alert")) })
	}
	return c.redirect(alertAt(id) + "?done=" + done)
}

func alertRevision(a attempt) int64 {
	n, _ := strconv.ParseInt(a.t["revision"], 10, 64) // of none, the duty says that the text changed meanwhile
	return n
}

// errOnlyTried takes back what was written to find out whether it could be.
var errOnlyTried = fault.Conflictf("This was only tried.")

// alertTry tells what is wrong with a text, without keeping it.
func (c *Ctx) alertTry(id string, a attempt, f alerts.Form) error {
	f.Key = ""
	err := c.write(func(tx *db.Tx) error {
		var err error
		if id == "" {
			_, err = c.Alerts.Draft(tx, f)
		} else {
			err = c.Alerts.Change(tx, id, alertRevision(a), f)
		}
		if err == nil {
			err = errOnlyTried
		}
		return err
	})
	if err == errOnlyTried {
		return nil
	}
	return err
}

var alertRowField = regexp.MustCompile(`^affected\.(\d+)\.([a-z]+)$`)

// alertErrors are the errors of the composer, each at its field.
func alertErrors(err error) []ui.FieldError {
	known := append([]string{"affected"}, alertFields...)
	var fields []fault.Field
	for _, f := range fault.FieldsOf(renamed(err, "seconds", "minutes")) {
		if m := alertRowField.FindStringSubmatch(f.Name); m != nil {
			f.Name = fmt.Sprintf("%s-%s", m[2], m[1])
			known = append(known, f.Name)
		}
		fields = append(fields, f)
	}
	if len(fields) > 0 {
		err = fault.InvalidFields(fields)
	}
	return formErrors(err, "alert", known...)
}

// row is a field of the i-th product.
func (x alertFormView) row(i int, f ui.Field) ui.Field {
	f.ID = fmt.Sprintf("alert-%s-%d", f.Name, i)
	f.Error = errorOf(x.a.errs, f.ID)
	return f
}

// rowError is what is wrong with the i-th product as such.
func (x alertFormView) rowError(i int) string {
	return errorOf(x.a.errs, fmt.Sprintf("alert-product-%d", i))
}

func (x alertFormView) action() string {
	if x.id == "" {
		return alertsAt
	}
	return alertAt(x.id) + "/change"
}

// reached says how many hold a product.
func (x alertFormView) reached(a alerts.Affected) string {
	if a.Product == "" {
		return "Nobody keeps this product here: it is found by its maker and name, and is not counted beforehand."
	}
	s, ok := x.reach[a.Product]
	if !ok {
		return ""
	}
	return upperFirst(string(s)) + " organizations hold it, in any version."
}
