package web

import (
	"time"

	"github.com/cordon-isao/cordon/intel"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/web/ui"
)

var doneObjectGone = greeting("intel-object-deleted", "ok", "It is deleted. What others brought of it stays.")

// objectDeleteView is what the question before deleting is drawn from.
type objectDeleteView struct {
	Tabs []ui.Tab
	O    intel.Object
	Own  int // versions that go
}

// intelObjectRemove asks before an object is deleted. Who brought none of it has
// no such page.
func (c *Ctx) intelObjectRemove() error { return c.showObjectDelete(200, attempt{}) }

func (c *Ctx) showObjectDelete(status int, a attempt) error {
	o, _, err := c.objectOf()
	if err != nil {
		return err
	}
	x := objectDeleteView{O: o}
	all, err := c.Intel.History(c.View, o.ID)
	if err != nil {
		return err
	}
	for _, v := range all {
		mine, err := c.Intel.Mine(c.View, v)
		if err != nil {
			return err
		}
		if mine {
			x.Own++
		}
	}
	if x.Own == 0 {
		return fault.ErrMissing
	}
	if x.Tabs, err = c.intelTabs(intelAtSearch); err != nil {
		return err
	}
	return c.show(Page{Title: "Delete an object", Kind: "intel-object", Label: o.Label, Status: status, Body: objectDeleteBody(x, a)})
}

// intelObjectDelete deletes what the reader's organization brought of an id.
func (c *Ctx) intelObjectDelete() error {
	id := c.R.PathValue("object")
	if !intel.ValidID(id) {
		return fault.ErrMissing
	}
	return c.caseAct(caseForm{which: "delete", show: c.showObjectDelete, do: func(tx *db.Tx, _ attempt) (string, error) {
		return intelAtSearch + "?done=" + doneObjectGone, c.Intel.Delete(tx, id, time.Time{})
	}})
}

// sharedAgain is the object whose text the import's form is filled with: one that
// the reader's organization brought, to bring it again on other terms.
func (c *Ctx) sharedAgain() (o intel.Object, ok bool) {
	if o, ok = c.cited(c.R.URL.Query().Get("object")); !ok {
		return o, false
	}
	mine, err := c.Intel.Mine(c.View, o)
	return o, err == nil && mine && len(o.Raw) < maxField
}
