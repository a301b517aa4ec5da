package devices

import (
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
)

// WithdrawSBOM takes an SBOM back: it is kept as evidence and is matched no more.
func (x *Devices) WithdrawSBOM(tx *db.Tx, id, why string) error {
	b, err := x.ownSBOM(tx, id)
	if err != nil {
		return err
	}
	if b.State == SBOMWithdrawn {
		return fault.Conflictf("This SBOM was withdrawn already.")
	}
	if why == "" {
		return fault.InvalidField("why", "Say why the SBOM is withdrawn.")
	}
	if err := tx.MustChange(`UPDATE devices_sboms SET state = 'withdrawn', why = $1 WHERE id = $2`, why, id); err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: "sbom.withdrawn", Object: id, Parent: b.Product, Label: b.Label, Data: map[string]any{"product": b.Product, "why": why}})
	return nil
}

// TightenSBOM gives an SBOM a stricter label. A looser one is given by sending the
// SBOM again under it, which its sender may do at any time: the file is his own.
func (x *Devices) TightenSBOM(tx *db.Tx, id string, l policy.Label) error {
	b, err := x.ownSBOM(tx, id)
	if err != nil {
		return err
	}
	if err := x.members.CheckLabel(tx.View, l); err != nil {
		return err
	}
	if !policy.Tightens(b.Label, l, x.members.Facts(tx.View)) {
		return fault.InvalidField("readers", "These readers are more than before. To share an SBOM with more, send it again under the wider label.")
	}
	a, err := tx.Store(l.Audience)
	if err != nil {
		return err
	}
	if err := tx.MustChange(`UPDATE devices_sboms SET tlp = $1, audience = $2 WHERE id = $3`, string(l.TLP), a, id); err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: "sbom.tightened", Object: id, Parent: b.Product, Label: l, Data: map[string]any{"from": b.Label.TLP, "to": l.TLP}, Access: true})
	return nil
}

// ownSBOM is an SBOM of the viewer's organization that he may change.
func (x *Devices) ownSBOM(tx *db.Tx, id string) (*SBOM, error) {
	b, err := x.SBOM(tx.View, id)
	if err != nil {
		return nil, err
	}
	p, err := x.Product(tx.View, b.Product)
	if err != nil {
		return nil, err
	}
	return b, x.may(tx.View, p)
}
