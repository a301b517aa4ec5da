package web

import (
	"slices"
	"strings"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/intel"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

const (
	newsHits     = 5 // of each saved search
	deviceCases  = 8 // newest open cases whose products are looked for
	devicesTaken = 8 // products of them
)

var (
	doneSearchSaved   = greeting("intel-saved", "ok", "The search is saved. What comes in for it is counted here.")
	doneSearchRenamed = greeting("intel-renamed", "ok", "The search has its new name.")
	doneSearchGone    = greeting("intel-forgotten", "ok", "The search is forgotten.")
	doneDevicesKept   = greeting("intel-devices", "ok", "Your devices are kept. Nobody else sees the list.")
	doneDevicesSeen   = greeting("intel-devices-seen", "ok", "What came for your devices counts as seen.")
)

// intelSavedView is what the page of saved searches is drawn from.
type intelSavedView struct {
	Tabs    []ui.Tab
	News    []intel.News
	Devices []intel.DeviceNews
	Own     []string // device names that the reader keeps
	Hidden  int
}

// intelSaved lists the reader's saved searches and devices, with what is new.
func (c *Ctx) intelSaved() error { return c.showIntelSaved(200, attempt{}) }

func (c *Ctx) showIntelSaved(status int, a attempt) error {
	var x intelSavedView
	var err error
	if x.Tabs, err = c.intelTabs(intelAtSaved); err != nil {
		return err
	}
	if x.News, err = c.Intel.Fresh(c.View, newsHits); err != nil {
		return err
	}
	var label policy.Label
	for i := range x.News {
		hidden := 0
		if x.News[i].Hits, hidden, err = c.openHits(x.News[i].Hits); err != nil {
			return err
		}
		x.Hidden += hidden
		label = strictestHit(label, x.News[i].Hits)
	}
	if x.Own, err = c.Intel.Devices(c.View); err != nil {
		return err
	}
	if x.Devices, err = c.deviceNews(newsHits); err != nil {
		return err
	}
	for _, d := range x.Devices {
		label = strictestHit(label, d.Hits)
	}
	return c.show(Page{Title: "Saved searches", Kind: "intel-saved", Label: label, Status: status, Body: intelSavedBody(x, a, c.View.Now())})
}

func strictestHit(l policy.Label, hits []intel.Hit) policy.Label {
	for _, h := range hits {
		l = stricter(l, h.Label.TLP)
	}
	return l
}

// deviceNews is what is new for the reader's devices and for the products of his
// cases. The products never leave his own view.
func (c *Ctx) deviceNews(few int) ([]intel.DeviceNews, error) {
	products, err := c.caseProducts()
	if err != nil {
		return nil, err
	}
	news, err := c.Intel.FreshForDevices(c.View, products, few)
	if err != nil {
		return nil, err
	}
	for i := range news {
		if news[i].Hits, _, err = c.openHits(news[i].Hits); err != nil {
			return nil, err
		}
	}
	return news, nil
}

// caseProducts are the products that the reader's newest open cases name.
func (c *Ctx) caseProducts() (names []string, err error) {
	ks, _, err := c.Cases.Cases(c.View, cases.Filter{Open: true}, cases.Cursor{}, deviceCases)
	if err != nil {
		return nil, err
	}
	g, err := c.gate()
	if err != nil {
		return nil, err
	}
	for _, k := range ks {
		if g.hides(k.Label) {
			continue
		}
		vs, err := c.Cases.Vulnerabilities(c.View, k.ID)
		if err != nil {
			return nil, err
		}
		for _, v := range vs {
			for _, d := range v.Products {
				if p := strings.TrimSpace(d.Product); p != "" && !slices.Contains(names, p) && len(names) < devicesTaken {
					names = append(names, p)
				}
			}
		}
	}
	return names, nil
}

// freshDevices are those for which something is new.
func freshDevices(ds []intel.DeviceNews) (out []intel.DeviceNews) {
	for _, d := range ds {
		if d.Count > 0 {
			out = append(out, d)
		}
	}
	return out
}

// newsWords counts what is new: "3 new", "99+ new".
func newsWords(n int, more bool) string {
	s := ui.Number(n)
	if more {
		s += "+"
	}
	return s + " new"
}

// intelSavedOpen shows what a saved search finds, and counts it as seen.
func (c *Ctx) intelSavedOpen() error {
	s, err := c.Intel.SavedOne(c.View, c.R.PathValue("saved"))
	if err != nil {
		return err
	}
	c.afterwards(func() {
		if err := c.note(func(tx *db.Tx) error { return c.Intel.MarkSeen(tx, s.ID) }); err != nil {
			c.Log.Warn("note that a saved search was looked at", "err", err)
		}
	})
	return c.redirect(searchAt(s.Query))
}

// intelSave keeps a search.
func (c *Ctx) intelSave() error {
	return c.intelNote(caseForm{which: "save", fields: []string{"name", "q"}, show: c.showIntelSearch, do: func(tx *db.Tx, a attempt) (string, error) {
		_, err := c.Intel.Save(tx, a.t["name"], a.t["q"])
		return intelAtSaved + "?done=" + doneSearchSaved, err
	}})
}

// intelRename gives a saved search another name.
func (c *Ctx) intelRename() error {
	id := c.R.PathValue("saved")
	return c.intelNote(caseForm{which: "rename-" + id, fields: []string{"name"}, show: c.showIntelSaved, do: func(tx *db.Tx, a attempt) (string, error) {
		return intelAtSaved + "?done=" + doneSearchRenamed, c.Intel.Rename(tx, id, a.t["name"])
	}})
}

// intelForget removes a saved search.
func (c *Ctx) intelForget() error {
	id := c.R.PathValue("saved")
	return c.intelNote(caseForm{which: "forget", show: c.showIntelSaved, do: func(tx *db.Tx, _ attempt) (string, error) {
		return intelAtSaved + "?done=" + doneSearchGone, c.Intel.Forget(tx, id)
	}})
}

// intelDevices keeps the names of the reader's devices, one a line.
func (c *Ctx) intelDevices() error {
	return c.intelNote(caseForm{which: "devices", fields: []string{"devices"}, show: c.showIntelSaved, do: func(tx *db.Tx, a attempt) (string, error) {
		var names []string
		for line := range strings.Lines(a.t["devices"]) {
			if line = strings.TrimSpace(line); line != "" {
				names = append(names, line)
			}
		}
		return intelAtSaved + "?done=" + doneDevicesKept + "#devices", c.Intel.KeepDevices(tx, names)
	}})
}

// intelDevicesSeen counts what came for the reader's devices as seen.
func (c *Ctx) intelDevicesSeen() error {
	return c.intelNote(caseForm{which: "devices-seen", show: c.showIntelSaved, do: func(tx *db.Tx, _ attempt) (string, error) {
		return intelAtSaved + "?done=" + doneDevicesSeen + "#devices", c.Intel.MarkDevicesSeen(tx)
	}})
}

// intelNote is caseAct for what a person keeps for himself: it leaves no entry.
func (c *Ctx) intelNote(f caseForm) error {
	a := attempt{which: f.which, lists: map[string][]string{}}
	var err error
	if a.t, err = c.typed(f.fields...); err != nil {
		return err
	}
	var to string
	err = c.note(func(tx *db.Tx) (err error) { to, err = f.do(tx, a); return err })
	if err != nil {
		a.errs = formErrors(err, f.which, f.fields...)
		return c.again(err, func(status int) error { return f.show(status, a) })
	}
	return c.redirect(to)
}
