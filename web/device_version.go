package web

import (
	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/web/ui"
	"time"
)

// versionsView is what the page of a product's versions and other names is drawn from.
type versionsView struct {
	productHead
	A        attempt
	Versions []devices.Version
	Aliases  []devices.Alias
	Names    []devices.Name
	Now      time.Time
}

// deviceVersions lists a product's versions and other names, with the forms to add
// them.
func (c *Ctx) deviceVersions() error { return c.showDeviceVersions(200, attempt{}) }

func (c *Ctx) showDeviceVersions(status int, a attempt) error {
	return c.onProduct(productVersions, func(h productHead) (err error) {
		x := versionsView{productHead: h, A: a, Now: c.View.Now()}
		if x.Versions, err = c.Devices.Versions(c.View, h.P.ID); err != nil {
			return err
		}
		if x.Aliases, err = c.Devices.Aliases(c.View, h.P.ID); err != nil {
			return err
		}
		if x.Names, err = c.Devices.NamesOf(c.View, h.P.ID); err != nil {
			return err
		}
		page := c.productPage(h, "versions and names", status)
		page.Body, page.Right = versionsBody(x), versionsAside(x)
		return c.show(page)
	})
}

var (
	doneVersion   = greeting("version-added", "ok", "The version is added.")
	doneVersioned = greeting("version-changed", "ok", "The version is changed.")
	doneAlias     = greeting("alias-added", "ok", "The name is added. What is called so is found from now on.")
	doneAliasGone = greeting("alias-removed", "ok", "The name is taken away.")
)

var versionFields = []string{"name", "released", "eos", "udi", "note"}

func versionForm(a attempt) devices.VersionForm {
	return devices.VersionForm{Name: a.t["name"], Released: a.t["released"], EOS: a.t["eos"], UDI: a.t["udi"], Note: a.t["note"]}
}

// versionAdd adds a version to a product.
func (c *Ctx) versionAdd() error {
	id := c.R.PathValue("product")
	return c.caseAct(caseForm{which: "version", fields: versionFields, show: c.showDeviceVersions, do: func(tx *db.Tx, a attempt) (string, error) {
		_, err := c.Devices.AddVersion(tx, id, versionForm(a))
		return productAt(id) + productVersions + "?done=" + doneVersion, err
	}})
}

// versionEdit is the form to change a version.
func (c *Ctx) versionEdit() error { return c.showVersionEdit(200, attempt{}) }

func (c *Ctx) showVersionEdit(status int, a attempt) error {
	return c.onProduct(productVersions, func(h productHead) error {
		if err := onlyKeeper(h); err != nil {
			return err
		}
		v, err := c.Devices.Version(c.View, c.R.PathValue("version"))
		if err == nil && v.Product != h.P.ID {
			err = fault.ErrMissing
		}
		if err != nil {
			return err
		}
		page := c.productPage(h, "version "+v.Name, status)
		page.Body = versionEditBody(h, v, a)
		return c.show(page)
	})
}

// versionChange changes a version.
func (c *Ctx) versionChange() error {
	id, version := c.R.PathValue("product"), c.R.PathValue("version")
	return c.caseAct(caseForm{which: "version", fields: versionFields, show: c.showVersionEdit, do: func(tx *db.Tx, a attempt) (string, error) {
		v, err := c.Devices.Version(tx.View, version)
		if err == nil && v.Product != id {
			err = fault.ErrMissing
		}
		if err != nil {
			return "", err
		}
		return productAt(id) + productVersions + "?done=" + doneVersioned, c.Devices.ChangeVersion(tx, version, versionForm(a))
	}})
}

// aliasAdd adds another name to a product.
func (c *Ctx) aliasAdd() error {
	id := c.R.PathValue("product")
	return c.caseAct(caseForm{which: "alias", fields: []string{"maker", "name", "why"}, show: c.showDeviceVersions, do: func(tx *db.Tx, a attempt) (string, error) {
		_, err := c.Devices.AddAlias(tx, id, devices.AliasForm{Maker: a.t["maker"], Name: a.t["name"], Why: a.t["why"]})
		return productAt(id) + productVersions + "?done=" + doneAlias, err
	}})
}

// aliasRemove takes another name away.
func (c *Ctx) aliasRemove() error {
	id, alias := c.R.PathValue("product"), c.R.PathValue("alias")
	return c.caseAct(caseForm{which: "unalias", fields: []string{"why"}, show: c.showDeviceVersions, do: func(tx *db.Tx, a attempt) (string, error) {
		return productAt(id) + productVersions + "?done=" + doneAliasGone, c.Devices.RemoveAlias(tx, alias, a.t["why"])
	}})
}

func deviceVersionRows(x versionsView) (rows [][]ui.Cell) {
	for _, v := range x.Versions {
		name := ui.Cell{Text: v.Name, Header: true, Mono: true}
		if x.May {
			name.Href = x.At(productVersions + "/" + v.ID)
		}
		rows = append(rows, []ui.Cell{name, {Text: orDash(v.Released)}, {Text: orDash(v.EOS)}, {Text: v.UDI, Mono: true}, {Text: clip(v.Note, 120), Muted: true}})
	}
	return rows
}
