package api

import (
	"io"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/internal/db"
)

// VersionRecord is a version of a product that was released.
type VersionRecord struct {
	ID       string    `json:"id"`
	Product  string    `json:"product"`
	At       time.Time `json:"at"`
	Name     string    `json:"name"`
	Released string    `json:"released,omitempty" doc:"A day"`
	EOS      string    `json:"eos,omitempty" doc:"End of support of this version"`
	UDI      string    `json:"udi,omitempty" doc:"Its own device identifier"`
	Note     string    `json:"note,omitempty"`
}

func versionShape(x devices.Version) VersionRecord {
	return VersionRecord{x.ID, x.Product, utc(x.At), x.Name, x.Released, x.EOS, x.UDI, x.Note}
}

func (c *call) readVersion(v *db.View, id string) (VersionRecord, error) {
	x, err := c.Devices.Version(v, id)
	if err != nil {
		return VersionRecord{}, err
	}
	return versionShape(x), nil
}

func (c *call) versionList(in *InProduct) (*answer[list[VersionRecord]], error) {
	if _, err := c.Devices.Product(c.view, in.Product); err != nil {
		return nil, err
	}
	xs, err := c.Devices.Versions(c.view, in.Product)
	return listed(c.view, xs, err, plain(versionShape))
}

func (c *call) addVersion(in *struct {
	InProduct
	Keyed
	Body struct {
		Name     string `json:"name"`
		Released string `json:"released,omitempty" doc:"A day, such as 2026-11-21"`
		EOS      string `json:"eos,omitempty"`
		UDI      string `json:"udi,omitempty"`
		Note     string `json:"note,omitempty"`
	}
}) (*created[VersionRecord], error) {
	return makes(c, in.Keyed, "/api/v1/versions/", func(tx *db.Tx) (string, bool, error) {
		return once(tx, in.Keyed, "add-version "+in.Product, in.Body, func() (string, error) {
			return c.Devices.AddVersion(tx, in.Product, devices.VersionForm(in.Body))
		})
	}, c.readVersion)
}

// InVersion is an operation on a version of a product.
type InVersion struct {
	Version string `path:"version" doc:"A version's id"`
}

func (c *call) version(in *InVersion) (*answer[VersionRecord], error) {
	out, err := c.readVersion(c.view, in.Version)
	return &answer[VersionRecord]{out}, err
}

func (c *call) editVersion(in *struct {
	InVersion
	Body struct {
		Name     *string `json:"name,omitempty"`
		Released *string `json:"released,omitempty"`
		EOS      *string `json:"eos,omitempty"`
		UDI      *string `json:"udi,omitempty"`
		Note     *string `json:"note,omitempty"`
	}
}) (*answer[VersionRecord], error) {
	b := in.Body
	return changes(c, in.Version, func(tx *db.Tx) error {
		x, err := c.Devices.Version(tx.View, in.Version)
		if err != nil {
			return err
		}
		f := devices.VersionForm{Name: x.Name, Released: x.Released, EOS: x.EOS, UDI: x.UDI, Note: x.Note}
		put(&f.Name, b.Name)
		put(&f.Released, b.Released)
		put(&f.EOS, b.EOS)
		put(&f.UDI, b.UDI)
		put(&f.Note, b.Note)
		return c.Devices.ChangeVersion(tx, in.Version, f)
	}, c.readVersion)
}

// DeviceAlias is another name of a product.
type DeviceAlias struct {
	ID    string    `json:"id"`
	At    time.Time `json:"at"`
	Maker string    `json:"maker"`
	Name  string    `json:"name"`
	Why   string    `json:"why" doc:"Where it is known from"`
}

func aliasShape(a devices.Alias) DeviceAlias {
	return DeviceAlias{a.ID, utc(a.At), a.Maker, a.Name, a.Why}
}

func (c *call) aliasesOf(v *db.View, product string) (list[DeviceAlias], error) {
	as, err := c.Devices.Aliases(v, product)
	if err != nil {
		return list[DeviceAlias]{}, err
	}
	items, err := each(v, as, plain(aliasShape))
	return list[DeviceAlias]{Items: items}, err
}

func (c *call) aliasList(in *InProduct) (*answer[list[DeviceAlias]], error) {
	if _, err := c.Devices.Product(c.view, in.Product); err != nil {
		return nil, err
	}
	out, err := c.aliasesOf(c.view, in.Product)
	return &answer[list[DeviceAlias]]{out}, err
}

func (c *call) addAlias(in *struct {
	InProduct
	Keyed
	Body struct {
		Maker string `json:"maker,omitempty" doc:"The product's maker if it is left out"`
		Name  string `json:"name,omitempty" doc:"The product's name if it is left out"`
		Why   string `json:"why" doc:"Where it is known from: renamed in 2019, as in ICSMA-21-012-01"`
	}
}) (*created[list[DeviceAlias]], error) {
	return makes(c, in.Keyed, "/api/v1/products/"+in.Product+"/aliases", func(tx *db.Tx) (string, bool, error) {
		return once(tx, in.Keyed, "add-alias "+in.Product, in.Body, func() (string, error) {
			return c.Devices.AddAlias(tx, in.Product, devices.AliasForm(in.Body))
		})
	}, func(v *db.View, _ string) (list[DeviceAlias], error) { return c.aliasesOf(v, in.Product) })
}

func (c *call) removeAlias(in *struct {
	Alias string `path:"alias" doc:"An alias's id"`
	Why   string `query:"why" maxLength:"4000" doc:"It goes on the record"`
}) (*nothing, error) {
	return c.does(func(tx *db.Tx) error { return c.Devices.RemoveAlias(tx, in.Alias, in.Why) })
}

// DeviceDocument is a file of a product.
type DeviceDocument struct {
	ID      string    `json:"id"`
	Product string    `json:"product"`
	Version string    `json:"version,omitempty" doc:"That it is for; missing for all"`
	At      time.Time `json:"at"`
	Kind    string    `json:"kind" enum:"mds2,labelling,ifu,security,other"`
	Title   string    `json:"title"`
	Name    string    `json:"name" doc:"Of the file"`
	Media   string    `json:"media,omitempty" doc:"A guess, for show"`
	Size    int64     `json:"size" doc:"Bytes"`
	SHA256  string    `json:"sha256"`
}

func documentShape(d devices.Document) DeviceDocument {
	return DeviceDocument{d.ID, d.Product, d.Version, utc(d.At), d.Kind, d.Title, d.Name, d.Media, d.Size, d.SHA256}
}

func (c *call) documentList(in *InProduct) (*answer[list[DeviceDocument]], error) {
	if _, err := c.Devices.Product(c.view, in.Product); err != nil {
		return nil, err
	}
	ds, err := c.Devices.Documents(c.view, in.Product)
	return listed(c.view, ds, err, plain(documentShape))
}

func documentInDoc(t *table, op *huma.Operation) {
	op.Description = "The bytes of a file, or a form with one part, file. At most 50 MiB. It is readable by whoever can read the product."
	takesFile(op, "application/octet-stream")
	queries(op, "name", "The file's name", "kind", "mds2, labelling, ifu, security or other", "title", "The file's name if it is left out", "version", "The product's version that it is for; all if it is left out")
	t.describes(op, DeviceDocument{}, "It is kept")
}

func (c *call) addDocument(w http.ResponseWriter) {
	product := c.r.PathValue("product")
	f, err := func() (devices.Document, error) {
		q, name, body, size, err := c.incoming(w, devices.MaxDocument, uploadTime, "kind", "title", "version")
		if err != nil {
			return devices.Document{}, err
		}
		return c.Devices.AddDocument(c.r.Context(), c.DB, c.who, devices.NewDocument{Product: product, Version: q.Get("version"), Kind: q.Get("kind"), Title: q.Get("title"), Name: name, Size: size, From: body})
	}()
	sendCreated(c, w, &created[DeviceDocument]{Location: location("documents", f.ID), Body: documentShape(f)}, err)
}

func (c *call) downloadDocument(w http.ResponseWriter) {
	c.serveFile(w, func() (string, io.ReadSeekCloser, error) {
		f, r, err := c.Devices.OpenDocument(c.view, c.r.PathValue("document"))
		return f.Name, r, err
	})
}

func (c *call) removeDocument(in *struct {
	Document string `path:"document" doc:"A document's id"`
	Why      string `query:"why" maxLength:"4000" doc:"It goes on the record"`
}) (*nothing, error) {
	return c.does(func(tx *db.Tx) error { return c.Devices.RemoveDocument(tx, in.Document, in.Why) })
}
