package devices

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/cordon-isao/cordon/formats/names"
	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/internal/seal"
	"github.com/cordon-isao/cordon/policy"
)

// MaxSBOM is how large an SBOM's file is at most, in bytes.
const MaxSBOM = 512 << 20

// NewSBOM is an SBOM that somebody sends.
type NewSBOM struct {
	Product string // its id
	Version string // of the product; "" = not said
	Name    string // of the file
	Via     string
	Label   policy.Label
	Key     string // what comes twice under one key is kept once; "" = always
}

// FoldVersion is a version's text as versions are compared for being the same one:
// folded, without a leading "v" or "version".
func FoldVersion(s string) string {
	s = names.Fold(strings.ReplaceAll(s, ".", "·"))
	for _, w := range []string{"version ", "ver ", "v "} {
		s = strings.TrimPrefix(s, w)
	}
	if len(s) > 1 && s[0] == 'v' && s[1] >= '0' && s[1] <= '9' {
		s = s[1:]
	}
	return s
}

// may reports whether the viewer may send an SBOM for a product: a named recipient of
// the organization that keeps it.
func (x *Devices) may(v *db.View, p Product) error {
	who := v.Viewer()
	if !who.May(policy.MayPost) {
		return fault.Forbiddenf("You may not send SBOMs.")
	}
	if who.Org != p.Kept {
		return fault.Forbiddenf("This product is kept by another organization. Only it sends SBOMs for it.")
	}
	if !who.CanRead(policy.Default(who.Org).Audience) {
		return fault.Forbiddenf("You are not a named recipient of your organization. Ask its officer.")
	}
	return nil
}

// checkSBOM checks what somebody wants to send, before its file is taken.
func (x *Devices) checkSBOM(v *db.View, n *NewSBOM) (Product, error) {
	p, err := x.Product(v, n.Product)
	if err != nil {
		return p, err
	}
	if err := x.may(v, p); err != nil {
		return p, err
	}
	var bad check.Problems
	n.Version = bad.Line("version", "The version", n.Version, 100, false)
	n.Name = bad.Line("name", "The name", n.Name, 200, true)
	if n.Label.TLP == "" {
		n.Label = policy.Default(v.Viewer().Org)
	}
	if err := bad.Take(x.members.CheckLabel(v, n.Label)); err != nil {
		return p, err
	}
	return p, bad.Err()
}

// AcceptSBOM keeps a file and queues its reading: when it returns, the file is on
// disk and will be read, whatever happens. body is read to its end. The same file for
// the same version and label is kept once.
func (x *Devices) AcceptSBOM(ctx context.Context, d *db.DB, who policy.Viewer, n NewSBOM, body io.Reader) (*SBOM, error) {
	err := d.Read(ctx, who, func(v *db.View) error {
		_, err := x.checkSBOM(v, &n)
		return err
	})
	if err != nil {
		return nil, err
	}
	file, key := ids.New(fileSBOM), seal.NewKey()
	size, sum, err := x.files.Put(ctx, blobOf(file), key, body, MaxSBOM)
	if err != nil {
		if size > MaxSBOM {
			return nil, fault.InvalidField("file", "The file is larger than %d MiB.", MaxSBOM>>20)
		}
		return nil, fmt.Errorf("keep the file: %w", err)
	}
	if size == 0 {
		_ = x.files.Delete(context.WithoutCancel(ctx), blobOf(file))
		return nil, fault.InvalidField("file", "The file is empty. An SBOM is a CycloneDX or SPDX document.")
	}
	b := &SBOM{ID: ids.New("sbom"), Via: n.Via, Product: n.Product, Version: n.Version, Name: n.Name, State: SBOMQueued, Size: size, SHA256: hex.EncodeToString(sum[:]), Label: n.Label,
		folded: FoldVersion(n.Version), file: file, key: x.box.WrapKey(key, []byte(file))}
	err = d.Write(ctx, who, func(tx *db.Tx) error { return x.queueSBOM(tx, n, b) })
	if err != nil {
		_ = x.files.Delete(context.WithoutCancel(ctx), blobOf(file)) // what stays, SweepFiles removes
	}
	var twice *cameTwice
	if errors.As(err, &twice) {
		return twice.b, nil
	}
	if err != nil {
		return nil, err
	}
	return b, nil
}

// cameTwice undoes the write for a file that is there already.
type cameTwice struct{ b *SBOM }

func (*cameTwice) Error() string { return "this SBOM was kept before" }

func (x *Devices) queueSBOM(tx *db.Tx, n NewSBOM, b *SBOM) error {
	p, err := x.checkSBOM(tx.View, &n)
	if err != nil {
		return err
	}
	a, err := tx.Store(n.Label.Audience)
	if err != nil {
		return err
	}
	same, err := db.All(tx.View, scanSBOM(tx.View), `SELECT `+sbomColumns+` FROM visible.devices_sboms s WHERE s.product = $1 AND s.folded = $2 AND s.sha256 = $3 AND s.audience = $4 AND s.tlp = $5 AND s.state IN ('queued', 'done') LIMIT 1`,
		n.Product, b.folded, b.SHA256, a, string(n.Label.TLP))
	if err != nil {
		return err
	}
	if len(same) > 0 {
		return &cameTwice{same[0]}
	}
	who := tx.Viewer()
	b.At, b.Person, b.PersonName, b.Org, b.OrgName = tx.Now(), who.Person, who.Name, who.Org, who.OrgName
	if b.n, err = db.One(tx.View.As(system), db.Value[int64], `SELECT COALESCE(MAX(s.n), 0) + 1 FROM visible.devices_sboms s`); err != nil {
		return err
	}
	_, err = tx.Exec(`INSERT INTO devices_sboms (n, id, at, person, person_name, org, org_name, via, product, version, folded, name, state, why, file, key, size, sha256, consumed, components, edges, document, quality, ended, tlp, audience)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, '', $14, $15, $16, $17, 0, 0, 0, '{}', '{}', 0, $18, $19)`,
		b.n, b.ID, clock.Micros(b.At), b.Person, b.PersonName, b.Org, b.OrgName, b.Via, b.Product, b.Version, b.folded, b.Name, string(b.State), b.file, b.key, b.Size, b.SHA256, string(n.Label.TLP), a)
	if err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: "sbom.received", Object: b.ID, Parent: p.ID, Label: n.Label, Data: map[string]any{"product": p.ID, "version": b.Version, "sha256": b.SHA256, "size": b.Size, "via": b.Via}})
	return nil
}
