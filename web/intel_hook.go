package web

import (
	"strconv"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/intel"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

var (
	doneHookChanged = greeting("hook-changed", "ok", "The webhook is changed. It tells in your view from now on.")
	doneHookOn      = greeting("hook-on", "ok", "The webhook is on. It tells what comes from now on.")
	doneHookOff     = greeting("hook-off", "ok", "The webhook is off.")
	doneHookTest    = greeting("hook-test", "ok", "A test is on its way. Its answer shows below.")
	doneHookAgain   = greeting("hook-again", "ok", "It is delivered again, with what may be read of it now.")
	doneHookRemoved = greeting("hook-removed", "ok", "The webhook is removed, and its secret is forgotten.")
)

var hookFields = []string{"name", "url", "mode", "query", "saved"}

// hookListView is what the list of webhooks is drawn from.
type hookListView struct {
	tabs []ui.Tab
	rows []intel.Hook
	may  bool
}

// intelHooks lists the webhooks of the reader's organization.
func (c *Ctx) intelHooks() error {
	x := hookListView{may: c.Viewer.May(policy.MayExport)}
	var err error
	if x.rows, err = c.Intel.Hooks(c.View); err != nil {
		return err
	}
	if x.tabs, err = c.intelTabs(intelAtHooks); err != nil {
		return err
	}
	return c.show(Page{Title: "Webhooks", Kind: "list", Label: policy.Default(c.Viewer.Org), Live: []string{"*"}, Body: hooksBody(x, c.View.Now())})
}

// hookView is what one webhook's page is drawn from.
type hookView struct {
	tabs       []ui.Tab
	h          intel.Hook
	deliveries []intel.Delivery
	may        bool
	secret     string // shown this once
}

// intelHook is one webhook, with what it told.
func (c *Ctx) intelHook() error {
	return c.showHook(200, attempt{}, c.R.PathValue("hook"), "")
}

func (c *Ctx) showHook(status int, a attempt, id, secret string) error {
	x := hookView{may: c.Viewer.May(policy.MayExport), secret: secret}
	var err error
	if x.h, err = c.Intel.Hook(c.View, id); err != nil {
		return err
	}
	if x.deliveries, err = c.Intel.Deliveries(c.View, id); err != nil {
		return err
	}
	if x.tabs, err = c.intelTabs(intelAtHooks); err != nil {
		return err
	}
	p := Page{Title: x.h.Name, Kind: "hook", Status: status, Label: policy.Default(c.Viewer.Org), Live: []string{"*"}, Body: hookBody(x, a, c.View.Now()), Right: hookAside()}
	if secret != "" {
		p.Live = nil // fetched again in place, the page would not show the secret any more
	}
	return c.show(p)
}

// hookForm is the form of a new webhook, or of one that is changed.
type hookForm struct {
	tabs  []ui.Tab
	a     attempt
	key   string
	id    string
	saved []ui.Option
}

// intelHookNew is the form with which a webhook is made.
func (c *Ctx) intelHookNew() error { return c.showHookForm(200, attempt{}, "") }

// intelHookEdit is the form with which a webhook is changed.
func (c *Ctx) intelHookEdit() error { return c.showHookForm(200, attempt{}, c.R.PathValue("hook")) }

func (c *Ctx) showHookForm(status int, a attempt, id string) error {
	x := hookForm{a: a, id: id, key: a.key("hook", ids.Random(26))}
	title := "Add a webhook"
	if id != "" {
		h, err := c.Intel.Hook(c.View, id)
		if err != nil {
			return err
		}
		title = "Change " + h.Name
		if a.which == "" {
			x.a = attempt{which: "hook", t: typed{"name": h.Name, "url": h.URL, "mode": string(h.Mode), "query": h.Query}}
		}
	}
	saved, err := c.Intel.Saved(c.View)
	if err != nil {
		return err
	}
	x.saved = []ui.Option{{Value: "", Text: "Everything that you may read, or what you write below"}}
	for _, s := range saved {
		x.saved = append(x.saved, ui.Option{Value: s.Query, Text: s.Name, Hint: s.Query})
	}
	if x.tabs, err = c.intelTabs(intelAtHooks); err != nil {
		return err
	}
	return c.show(Page{Title: title, Kind: "compose", Status: status, Label: policy.Default(c.Viewer.Org), Body: hookFormBody(x, title)})
}

// typedHook is the webhook as it was typed. What is written goes before a saved
// search.
func typedHook(a attempt) intel.NewHook {
	n := intel.NewHook{Name: a.t["name"], URL: a.t["url"], Mode: intel.HookMode(a.t["mode"]), Query: strings.TrimSpace(a.t["query"])}
	if n.Query == "" {
		n.Query = a.t["saved"]
	}
	return n
}

// intelHookAdd makes a webhook and shows its secret.
func (c *Ctx) intelHookAdd() error {
	a := attempt{which: "hook"}
	var err error
	if a.t, err = c.typed(append([]string{"idempotency_key"}, hookFields...)...); err != nil {
		return err
	}
	n := typedHook(a)
	var id, secret string
	err = c.write(func(tx *db.Tx) error {
		var again bool
		id, again, err = tx.Once(a.t["idempotency_key"], "hook "+n.Name+" "+n.URL, func() (id string, err error) {
			id, secret, err = c.Intel.AddHook(tx, n)
			return id, err
		})
		return once(again, err)
	})
	if err != nil && err != errAgain {
		a.errs = formErrors(err, "hook", hookFields...)
		return c.again(err, func(status int) error { return c.showHookForm(status, a, "") })
	}
	if secret == "" {
		return c.redirect(intelAtHooks + "/" + id)
	}
	return c.again(nil, func(status int) error { return c.showHook(status, attempt{}, id, secret) })
}

// intelHookChange changes a webhook.
func (c *Ctx) intelHookChange() error {
	id := c.R.PathValue("hook")
	return c.caseAct(caseForm{which: "hook", fields: hookFields, show: func(status int, a attempt) error { return c.showHookForm(status, a, id) }, do: func(tx *db.Tx, a attempt) (string, error) {
		return intelAtHooks + "/" + id + "?done=" + doneHookChanged, c.Intel.EditHook(tx, id, typedHook(a))
	}})
}

// intelHookSecret gives a webhook another secret and shows it.
func (c *Ctx) intelHookSecret() error {
	id := c.R.PathValue("hook")
	var secret string
	err := c.write(func(tx *db.Tx) (err error) { secret, err = c.Intel.RenewHookSecret(tx, id); return err })
	return c.again(err, func(status int) error {
		a := attempt{which: "turn", errs: formErrors(err, "turn")}
		if err != nil {
			secret = ""
		}
		return c.showHook(status, a, id, secret)
	})
}

func (c *Ctx) intelHookOn() error {
	return c.turnHook(doneHookOn, false, func(tx *db.Tx, id string) error { return c.Intel.TurnHook(tx, id, true) })
}

func (c *Ctx) intelHookOff() error {
	return c.turnHook(doneHookOff, false, func(tx *db.Tx, id string) error { return c.Intel.TurnHook(tx, id, false) })
}

// intelHookTest has a webhook say that it works.
func (c *Ctx) intelHookTest() error {
	return c.turnHook(doneHookTest, true, func(tx *db.Tx, id string) error { _, err := c.Intel.TestHook(tx, id); return err })
}

// intelHookAgain has one delivery made again.
func (c *Ctx) intelHookAgain() error {
	return c.turnHook(doneHookAgain, true, func(tx *db.Tx, id string) error { return c.Intel.Redeliver(tx, id, c.R.PathValue("delivery")) })
}

// turnHook does one act on a webhook; note says that it leaves no entry.
func (c *Ctx) turnHook(done string, note bool, turn func(*db.Tx, string) error) error {
	id := c.R.PathValue("hook")
	write := c.write
	if note {
		write = c.note
	}
	if err := write(func(tx *db.Tx) error { return turn(tx, id) }); err != nil {
		a := attempt{which: "turn", errs: formErrors(err, "turn")}
		return c.again(err, func(status int) error { return c.showHook(status, a, id, "") })
	}
	return c.redirect(intelAtHooks + "/" + id + "?done=" + done)
}

// intelHookRemove ends a webhook.
func (c *Ctx) intelHookRemove() error {
	id := c.R.PathValue("hook")
	if err := c.write(func(tx *db.Tx) error { return c.Intel.RemoveHook(tx, id) }); err != nil {
		a := attempt{which: "turn", errs: formErrors(err, "turn")}
		return c.again(err, func(status int) error { return c.showHook(status, a, id, "") })
	}
	return c.redirect(intelAtHooks + "?done=" + doneHookRemoved)
}

// hookState says in few words how a webhook does.
func hookState(h intel.Hook) string {
	switch {
	case h.State == intel.HookFailed:
		return "turned off, it failed"
	case h.State == intel.HookOff:
		return "off"
	case h.Failures > 0:
		return "failing"
	case h.LastOK.IsZero():
		return "nothing told yet"
	}
	return "well"
}

// hookNext is what comes next for a webhook.
func hookNext(x hookView, now time.Time) ui.Step {
	h, at := x.h, intelAtHooks+"/"+x.h.ID
	button := func(s ui.Step, label, act string) ui.Step {
		if x.may {
			s.Button, s.Href, s.Method, s.Key = label, at+"/"+act, "post", "r"
		}
		return s
	}
	switch {
	case x.secret != "":
		return button(ui.Step{Kind: "info", Sentence: "Copy the secret, then try it."}, "Send a test", "test")
	case h.State == intel.HookFailed:
		return button(ui.Step{Kind: "danger", Sentence: "It was turned off, because nothing was taken for " + strconv.Itoa(int(intel.HookPatience/(24*time.Hour))) + " days.", Detail: h.Why}, "Turn it on again", "on")
	case h.State == intel.HookOff:
		return button(ui.Step{Kind: "info", Sentence: "It is off.", Detail: h.Why}, "Turn it on", "on")
	case h.Failures > 0:
		detail := ui.Count(h.Failures, "try", "tries") + " failed in a row."
		if h.NextTry.After(now) {
			detail += " It tries again " + ui.Relative(h.NextTry, now) + "."
		}
		return button(ui.Step{Kind: "warn", Sentence: "The other side does not take it.", Detail: detail}, "Try it now", "test")
	case h.LastOK.IsZero():
		return button(ui.Step{Kind: "info", Sentence: "It has told nothing yet."}, "Send a test", "test")
	}
	return button(ui.Step{Kind: "ok", Sentence: "It works.", Detail: "The last delivery was taken " + ui.Relative(h.LastOK, now) + "."}, "Send a test", "test")
}

// hookQuery is what a webhook tells of, in words.
func hookQuery(h intel.Hook) string {
	if h.Query == "" {
		return "everything"
	}
	return h.Query
}

func hookModeWords(m intel.HookMode) string {
	if m == intel.HookChat {
		return "a sentence, as chats take it"
	}
	return "JSON, signed"
}

func hookRows(rows []intel.Hook, now time.Time) (out [][]ui.Cell) {
	for _, h := range rows {
		last := ui.Cell{Text: "never", Muted: true}
		if !h.LastOK.IsZero() {
			last = ui.Cell{Part: ui.ShortTime(h.LastOK, now)}
		}
		out = append(out, []ui.Cell{{Text: h.Name, Href: intelAtHooks + "/" + h.ID, Header: true}, {Text: hookState(h)}, {Text: hookQuery(h), Mono: h.Query != ""}, {Text: h.PersonName, Muted: true}, last})
	}
	return out
}

func hookFacts(h intel.Hook) []ui.KV {
	return []ui.KV{{Key: "Address", Value: h.URL, Mono: true}, {Key: "Tells of", Value: hookQuery(h), Mono: h.Query != ""}, {Key: "Form", Value: hookModeWords(h.Mode)}, {Key: "In the view of", Value: h.PersonName}}
}

// deliveryState says how far a delivery is.
func deliveryState(d intel.Delivery) string {
	switch d.State {
	case intel.DeliveryDone:
		return "taken"
	case intel.DeliveryLost:
		return "given up"
	case intel.DeliveryVoid:
		return "nothing left to tell"
	}
	if d.Tries == 0 {
		return "is being sent"
	}
	return "waits, " + ui.Count(d.Tries, "try", "tries")
}

func deliveryRows(x hookView, now time.Time) (out [][]ui.Cell) {
	for _, d := range x.deliveries {
		what := "test"
		if d.Kind != "test" {
			what = ui.Count(d.Objects, "object", "objects")
		}
		answer := ui.Cell{Text: "none yet", Muted: true}
		switch {
		case d.Error != "" && d.Answer > 0:
			answer = ui.Cell{Text: strconv.Itoa(d.Answer) + ": " + d.Error}
		case d.Error != "":
			answer = ui.Cell{Text: d.Error}
		case d.Answer > 0:
			answer = ui.Cell{Text: strconv.Itoa(d.Answer)}
		}
		row := []ui.Cell{{Text: what, Header: true}, {Text: deliveryState(d)}, answer, {Part: ui.ShortTime(d.At, now)}}
		if x.may {
			act := ui.Cell{}
			if x.h.State == intel.HookOn && d.Kind != "test" {
				act = ui.Cell{Part: ui.ActionButton(ui.Action{Label: "Deliver again", Href: intelAtHooks + "/" + x.h.ID + "/deliveries/" + d.ID, Method: "post", Kind: "quiet"})}
			}
			row = append(row, act)
		}
		out = append(out, row)
	}
	return out
}

func deliveryHead(x hookView) []string {
	head := []string{"What", "State", "Answer", "When"}
	if x.may {
		head = append(head, "Again")
	}
	return head
}
