package sbom

import (
	"errors"
	"strings"

	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/formats/names"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
)

// unknownProject says why no product was found. It is of the asker's own organization
// only, and tells of nobody else's.
type unknownProject struct{ why string }

func (u *unknownProject) Error() string { return u.why }

// find is the product of the asker's organization of that name, or with that id.
func (c *call) find(v *db.View, id, name string) (devices.Product, error) {
	if id != "" {
		if !ids.Valid("product", id) {
			return devices.Product{}, &unknownProject{"The project is no id of a product, such as product_…. Give projectName instead, or the id as the product's page shows it."}
		}
		p, err := c.Devices.Product(v, id)
		if fault.Is(err, fault.Missing) || err == nil && p.Kept != v.Viewer().Org {
			return p, &unknownProject{"Your organization keeps no product with this id."}
		}
		return p, err
	}
	want := names.Fold(name)
	if want == "" {
		return devices.Product{}, fault.InvalidField("projectName", "Say the name of the product.")
	}
	var found []devices.Product
	for after := ""; ; {
		ps, next, err := c.Devices.MyProducts(v, devices.ProductQuery{Words: name, After: after, Limit: devices.MaxPage})
		if err != nil {
			return devices.Product{}, err
		}
		for _, p := range ps {
			if names.Fold(p.Name) == want || names.Fold(p.Title()) == want {
				found = append(found, p)
			}
		}
		if after = next; next == "" {
			break
		}
	}
	switch len(found) {
	case 0:
		return devices.Product{}, &unknownProject{"Your organization keeps no product of this name. Set autoCreate to true to add it, or add it on the products' page."}
	case 1:
		return found[0], nil
	}
	return devices.Product{}, fault.Conflictf("Your organization keeps %d products of this name. Give the id of the one that is meant as project.", len(found))
}

// product is where an SBOM goes. With autoCreate what is not there is added, in one
// step each: the product, and its version.
func (c *call) product(r request) (p devices.Product, err error) {
	look := func(v *db.View) (err error) { p, err = c.find(v, r.Project, r.ProjectName); return err }
	err = c.snapshot(look)
	var no *unknownProject
	if errors.As(err, &no) && r.AutoCreate && r.Project == "" {
		err = c.DB.Write(c.r.Context(), c.who, func(tx *db.Tx) error {
			if err := look(tx.View); err == nil {
				return errThere // another call was faster
			} else if !errors.As(err, &no) {
				return err
			}
			id, _, err := c.Devices.AddProduct(tx, devices.ProductForm{Name: r.ProjectName, Software: true})
			if err != nil {
				return renamed(err, "projectName")
			}
			p, err = c.Devices.Product(tx.View, id)
			return err
		})
		if errors.Is(err, errThere) {
			err = c.snapshot(look)
		}
	}
	if err != nil || !r.AutoCreate || strings.TrimSpace(r.ProjectVersion) == "" {
		return p, err
	}
	has := func(v *db.View) (bool, error) {
		vs, err := c.Devices.Versions(v, p.ID)
		for _, x := range vs {
			if devices.FoldVersion(x.Name) == devices.FoldVersion(r.ProjectVersion) {
				return true, nil
			}
		}
		return false, err
	}
	var there bool
	err = c.snapshot(func(v *db.View) (err error) { there, err = has(v); return err })
	if err != nil || there {
		return p, err
	}
	err = c.DB.Write(c.r.Context(), c.who, func(tx *db.Tx) error {
		if there, err := has(tx.View); err != nil || there {
			if err == nil {
				err = errThere
			}
			return err
		}
		_, err := c.Devices.AddVersion(tx, p.ID, devices.VersionForm{Name: r.ProjectVersion})
		return renamed(err, "projectVersion")
	})
	if errors.Is(err, errThere) {
		err = nil
	}
	return p, err
}

// errThere undoes a write for what is there already.
var errThere = errors.New("it is there already")

// renamed gives the name of a product or version the name that it has in this door.
func renamed(err error, name string) error {
	fields := fault.FieldsOf(err)
	if len(fields) == 0 {
		return err
	}
	out := make([]fault.Field, len(fields))
	for i, f := range fields {
		out[i] = f
		if f.Name == "name" {
			out[i].Name = name
		}
	}
	return fault.InvalidFields(out)
}
