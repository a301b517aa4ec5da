package devices

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"strings"
	"syscall"
	"time"
	"unicode/utf8"

	"github.com/cordon-isao/cordon/internal/blob"
	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/internal/seal"
	"github.com/cordon-isao/cordon/policy"
)

// MaxDocument is how large a document is at most, in bytes.
const MaxDocument = 50 << 20

// DocumentKinds are what a document of a product is: the MDS2 form, labelling,
// instructions for use, security documentation, or something else.
func DocumentKinds() []string { return []string{"mds2", "labelling", "ifu", "security", "other"} }

// Document is a file of a product. Media is a guess from its first bytes and only
// for show: a document is always handed out as an attachment.
type Document struct {
	ID      string
	Product string
	Version string // the product's version that it is for, as text; "" = all
	At      time.Time
	Kind    string
	Title   string
	Name    string // of the file
	Media   string
	Size    int64 // bytes
	SHA256  string
	Label   policy.Label // the product's
}

// NewDocument is a document on its way in.
type NewDocument struct {
	Product string
	Version string
	Kind    string
	Title   string // "" = the file's name
	Name    string // of the file
	Size    int64  // bytes as announced; -1 if they were not
	From    io.Reader
}

func (x *Devices) checkDocument(v *db.View, n *NewDocument) (Product, error) {
	d, err := x.toChange(v, n.Product)
	if err != nil {
		return d, err
	}
	var p check.Problems
	p.OneOf("kind", "The kind", n.Kind, DocumentKinds()...)
	n.Name = cleanName(n.Name)
	if strings.TrimSpace(n.Title) == "" {
		n.Title = n.Name
	}
	n.Title = p.Line("title", "The title", n.Title, MaxName, true)
	n.Version = p.Line("version", "The version", n.Version, maxVersion, false)
	if n.Size > MaxDocument {
		p.Add("file", "The file is larger than %d MiB.", MaxDocument>>20)
	}
	count, err := db.One(v, db.Value[int64], `SELECT COUNT(*)`+fromDocuments+`WHERE f.product = $1`, d.ID)
	if err != nil {
		return d, err
	}
	if count >= MaxDocuments {
		p.Add("file", "A product has at most %d documents. Remove one first.", MaxDocuments)
	}
	return d, p.Err()
}

// AddDocument keeps a document of a product: it is on disk, whole, when AddDocument
// returns. It is readable by whoever can read the product. The entry is
// product.documented.
func (x *Devices) AddDocument(ctx context.Context, d *db.DB, viewer policy.Viewer, n NewDocument) (f Document, err error) {
	if err := d.Read(ctx, viewer, func(v *db.View) error { _, err := x.checkDocument(v, &n); return err }); err != nil {
		return f, err
	}
	file, key := ids.New(fileDocument), seal.NewKey()
	from := &sniffed{r: n.From}
	size, sum, err := x.files.Put(ctx, blobOf(file), key, from, MaxDocument)
	drop := func() { _ = x.files.Delete(context.WithoutCancel(ctx), blobOf(file)) } // what stays, SweepFiles removes
	switch {
	case errors.Is(err, blob.ErrTooLarge):
		return f, fault.InvalidField("file", "The file is larger than %d MiB.", MaxDocument>>20)
	case err != nil && from.err != nil:
		return f, fault.InvalidField("file", "The file did not arrive whole. Send it again.")
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return f, &fault.Error{Kind: fault.Busy, Message: "The storage is full: nothing was saved, and nothing that was saved is lost. The operator has to make room.", Err: err}
	case err != nil:
		return f, fmt.Errorf("keep a document: %w", err)
	case size == 0:
		drop()
		return f, fault.InvalidField("file", "The file is empty.")
	case n.Size >= 0 && size != n.Size:
		drop()
		return f, fault.InvalidField("file", "The file did not arrive whole. Send it again.")
	}
	f = Document{ID: ids.New("document"), Product: n.Product, Version: n.Version, Kind: n.Kind, Title: n.Title, Name: n.Name, Media: media(from.head), Size: size, SHA256: hex.EncodeToString(sum[:])}
	err = d.Write(ctx, viewer, func(tx *db.Tx) error {
		p, err := x.checkDocument(tx.View, &n)
		if err != nil {
			return err
		}
		f.At, f.Label = tx.Now(), p.Label
		if _, err := tx.Exec(`INSERT INTO devices_documents (id, product, version, at, person, kind, title, name, media, size, sha256, file, key) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
			f.ID, f.Product, f.Version, clock.Micros(f.At), tx.Viewer().Person, f.Kind, f.Title, f.Name, f.Media, f.Size, f.SHA256, file, x.box.WrapKey(key, []byte(file))); err != nil {
			return err
		}
		tx.Append(db.Entry{Verb: "product.documented", Object: p.ID, Label: p.Label, Data: map[string]any{"document": f.ID, "kind": f.Kind, "title": f.Title, "sha256": f.SHA256, "size": f.Size}})
		return touch(tx, p.ID)
	})
	if err != nil {
		drop()
		return Document{}, err
	}
	return f, nil
}

const (
	documentColumns = `f.id, f.product, f.version, f.at, f.kind, f.title, f.name, f.media, f.size, f.sha256, p.tlp, p.audience`
	fromDocuments   = ` FROM devices_documents f JOIN visible.devices_products p ON p.id = f.product `
)

func scanDocument(v *db.View, more ...any) func(db.Scanner) (Document, error) {
	return func(s db.Scanner) (f Document, err error) {
		var at int64
		var tlp, audience string
		if err = s.Scan(append([]any{&f.ID, &f.Product, &f.Version, &at, &f.Kind, &f.Title, &f.Name, &f.Media, &f.Size, &f.SHA256, &tlp, &audience}, more...)...); err != nil {
			return f, err
		}
		f.At = clock.FromMicros(at)
		f.Label, err = v.Label(tlp, audience)
		return f, err
	}
}

// Documents lists the documents of a product, newest first.
func (x *Devices) Documents(v *db.View, product string) ([]Document, error) {
	return db.All(v, scanDocument(v), `SELECT `+documentColumns+fromDocuments+`WHERE f.product = $1 ORDER BY f.at DESC, f.id`, product)
}

// OpenDocument opens a document whose product the viewer can read. The reader is to
// be closed; it outlives the View. Serve it as an attachment, whatever Media says.
func (x *Devices) OpenDocument(v *db.View, id string) (Document, io.ReadSeekCloser, error) {
	var file string
	var wrapped []byte
	f, err := db.One(v, scanDocument(v, &file, &wrapped), `SELECT `+documentColumns+`, f.file, f.key`+fromDocuments+`WHERE f.id = $1`, id)
	if err != nil {
		return f, nil, err
	}
	r, err := x.open(v.Context(), file, wrapped)
	return f, r, err
}

// RemoveDocument takes a document away. The entry, product.documented, keeps its
// digest.
func (x *Devices) RemoveDocument(tx *db.Tx, id, why string) error {
	var file string
	var wrapped []byte
	f, err := db.One(tx.View, scanDocument(tx.View, &file, &wrapped), `SELECT `+documentColumns+`, f.file, f.key`+fromDocuments+`WHERE f.id = $1`, id)
	if err != nil {
		return err
	}
	d, err := x.toChange(tx.View, f.Product)
	if err != nil {
		return err
	}
	var p check.Problems
	if why = p.Line("why", "The reason", why, MaxName, true); p.Found() {
		return p.Err()
	}
	if err := tx.MustChange(`DELETE FROM devices_documents WHERE id = $1`, id); err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: "product.documented", Object: d.ID, Label: d.Label, Data: map[string]any{"removed": id, "kind": f.Kind, "title": f.Title, "sha256": f.SHA256, "why": why}})
	tx.AfterCommit(func() { _ = x.files.Delete(context.Background(), blobOf(file)) }) // what stays, SweepFiles removes
	return touch(tx, d.ID)
}

// sniffed keeps the beginning of what is read, and the sender's own error apart
// from the store's.
type sniffed struct {
	r    io.Reader
	head []byte
	err  error
}

func (s *sniffed) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if room := 512 - len(s.head); room > 0 {
		s.head = append(s.head, p[:min(n, room)]...)
	}
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}

// media guesses a media type. Text of any kind is text/plain: what a browser could
// run is not called by its name.
func media(head []byte) string {
	m, _, _ := strings.Cut(http.DetectContentType(head), ";")
	if strings.HasPrefix(m, "text/") {
		return "text/plain"
	}
	return m
}

// cleanName is a file's name without folders and without what cannot be shown.
func cleanName(s string) string {
	s = path.Base(strings.ReplaceAll(strings.ToValidUTF8(s, ""), `\`, "/"))
	s = strings.Trim(strings.Map(func(r rune) rune {
		if check.Deceptive(r) || strings.ContainsRune(`<>:"/|?*`, r) {
			return -1
		}
		return r
	}, s), " .")
	if utf8.RuneCountInString(s) > 200 {
		ext := path.Ext(s)
		if utf8.RuneCountInString(ext) > 20 {
			ext = ""
		}
		s = string([]rune(s)[:200-utf8.RuneCountInString(ext)]) + ext
	}
	if s == "" {
		return "file"
	}
	return s
}
