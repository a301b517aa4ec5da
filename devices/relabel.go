package devices

import (
	"time"

	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/policy"
)

// Relabelling of products. Tightening is done at once by one recipient of the
// organization that keeps the product. Loosening takes the request of one and the
// approval of another. A request is known to that organization only.

// Relabel is a request to loosen a product's label.
type Relabel struct {
	ID         string
	Product    string
	Title      string // the product's
	Person     string // who asks
	PersonName string
	At         time.Time
	Why        string
	From, To   policy.Label
	State      string // waiting, approved, refused or withdrawn
	Decided    time.Time
}

// The states of a request.
const (
	RelabelWaiting   = "waiting"
	RelabelApproved  = "approved"
	RelabelRefused   = "refused"
	RelabelWithdrawn = "withdrawn"
)

// RelabelProduct changes a product's label. Tightening is done at once and request
// is ""; the entry is product.relabelled. Loosening waits, under the returned
// request, for a second recipient of the organization; the entry is
// relabel.requested.
func (x *Devices) RelabelProduct(tx *db.Tx, product string, next policy.Label, why string) (request string, err error) {
	d, err := x.toChange(tx.View, product)
	if err != nil {
		return "", err
	}
	if sameLabel(d.Label, next) {
		return "", fault.Conflictf("This is its label already.")
	}
	var p check.Problems
	why = p.Text("why", "The reason", why, maxNote, false)
	if err := p.Take(x.productLabel(tx.View, next, d.Kept)); err != nil {
		return "", err
	}
	if err := p.Err(); err != nil {
		return "", err
	}
	if policy.Tightens(d.Label, next, x.members.Facts(tx.View)) {
		return "", x.relabel(tx, d, next, map[string]any{"why": why})
	}
	waiting, err := tx.Exists(`SELECT 1 FROM visible.devices_relabels r WHERE r.product = $1 AND r.state = 'waiting'`, d.ID)
	if err != nil {
		return "", err
	}
	if waiting {
		return "", fault.Conflictf("A request to loosen this label waits for a second person already. Withdraw it first.")
	}
	from, err := tx.Store(d.Label.Audience)
	if err != nil {
		return "", err
	}
	to, err := tx.Store(next.Audience)
	if err != nil {
		return "", err
	}
	own := policy.Default(d.Kept)
	audience, err := tx.Store(own.Audience)
	if err != nil {
		return "", err
	}
	id, who := ids.New("relabel"), tx.Viewer()
	if _, err := tx.Exec(`INSERT INTO devices_relabels (id, product, person, person_name, at, why, from_tlp, from_audience, to_tlp, to_audience, state, decided, decided_by, tlp, audience)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'waiting', 0, '', $11, $12)`,
		id, d.ID, who.Person, who.Name, clock.Micros(tx.Now()), why, string(d.Label.TLP), from, string(next.TLP), to, string(own.TLP), audience); err != nil {
		return "", err
	}
	tx.Append(db.Entry{Verb: "relabel.requested", Object: id, Parent: d.ID, Label: own, Data: map[string]any{"product": d.ID, "why": why, "to": next.TLP, "readers": next.Audience.Strings()}})
	return id, nil
}

// relabel gives a product its new label.
func (x *Devices) relabel(tx *db.Tx, d Product, next policy.Label, data map[string]any) error {
	audience, err := tx.Store(next.Audience)
	if err != nil {
		return err
	}
	n, err := tx.Exec(`UPDATE devices_products SET tlp = $1, audience = $2, changed = $3, revision = revision + 1 WHERE id = $4 AND revision = $5`,
		string(next.TLP), audience, clock.Micros(tx.Now()), d.ID, d.Revision)
	if err != nil {
		return err
	}
	if n != 1 {
		return changedMeanwhile("product")
	}
	// Requests that start from a label that is no more cannot be decided any more.
	if _, err := tx.Exec(`UPDATE devices_relabels SET state = 'withdrawn', decided = $1 WHERE product = $2 AND state = 'waiting'`, clock.Micros(tx.Now()), d.ID); err != nil {
		return err
	}
	data["tlp"], data["from"] = next.TLP, d.Label.TLP
	tx.Append(db.Entry{Verb: "product.relabelled", Object: d.ID, Label: next, Data: data, Access: true})
	return nil
}

func sameLabel(a, b policy.Label) bool { return a.TLP == b.TLP && a.Audience.Equal(b.Audience) }

const relabelSelect = `SELECT r.id, r.product, p.maker, p.name, r.person, r.person_name, r.at, r.why, r.from_tlp, r.from_audience, r.to_tlp, r.to_audience, r.state, r.decided
	FROM visible.devices_relabels r JOIN visible.devices_products p ON p.id = r.product WHERE `

func scanRelabel(v *db.View) func(db.Scanner) (Relabel, error) {
	return func(s db.Scanner) (r Relabel, err error) {
		var at, decided int64
		var maker, name, fromTLP, from, toTLP, to string
		if err = s.Scan(&r.ID, &r.Product, &maker, &name, &r.Person, &r.PersonName, &at, &r.Why, &fromTLP, &from, &toTLP, &to, &r.State, &decided); err != nil {
			return r, err
		}
		r.Title, r.At, r.Decided = Product{Maker: maker, Name: name}.Title(), clock.FromMicros(at), clock.FromMicros(decided)
		if r.From, err = v.Label(fromTLP, from); err != nil {
			return r, err
		}
		r.To, err = v.Label(toTLP, to)
		return r, err
	}
}

// Relabels lists the requests about a product, newest first.
func (x *Devices) Relabels(v *db.View, product string) ([]Relabel, error) {
	return db.All(v, scanRelabel(v), relabelSelect+`r.product = $1 ORDER BY r.at DESC, r.id LIMIT 100`, product)
}

// RelabelsToDecide lists the requests that the viewer may decide on, oldest first.
func (x *Devices) RelabelsToDecide(v *db.View) ([]Relabel, error) {
	if !v.Viewer().SignedIn() || !v.Viewer().May(policy.MayApprove) {
		return nil, nil
	}
	return db.All(v, scanRelabel(v), relabelSelect+`r.state = 'waiting' AND r.person <> $1 AND p.kept = $2 ORDER BY r.at, r.id LIMIT 100`, v.Viewer().Person, v.Viewer().Org)
}

// ApproveRelabel is the second person's consent: the label is loosened at once.
func (x *Devices) ApproveRelabel(tx *db.Tx, request string) error {
	r, d, err := x.toDecide(tx, request)
	if err != nil {
		return err
	}
	if !sameLabel(d.Label, r.From) {
		return fault.Conflictf("The label was changed after this request. Refuse it; it can be asked for anew.")
	}
	if err := x.productLabel(tx.View, r.To, d.Kept); err != nil {
		return fault.Conflictf("The label asked for cannot be given any more: %s", fault.Sentence(err))
	}
	if err := x.decide(tx, r, RelabelApproved); err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: "relabel.approved", Object: r.ID, Parent: d.ID, Label: policy.Default(d.Kept), Data: map[string]any{"product": d.ID}})
	return x.relabel(tx, d, r.To, map[string]any{"request": r.ID, "originator": r.Person, "second": tx.Viewer().Person, "why": r.Why})
}

// RefuseRelabel is the second person's no.
func (x *Devices) RefuseRelabel(tx *db.Tx, request string) error {
	r, d, err := x.toDecide(tx, request)
	if err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: "relabel.refused", Object: r.ID, Parent: d.ID, Label: policy.Default(d.Kept), Data: map[string]any{"product": d.ID}})
	return x.decide(tx, r, RelabelRefused)
}

// WithdrawRelabel takes one's own request back.
func (x *Devices) WithdrawRelabel(tx *db.Tx, request string) error {
	r, err := db.One(tx.View, scanRelabel(tx.View), relabelSelect+`r.id = $1`, request)
	if err != nil {
		return err
	}
	d, err := x.toChange(tx.View, r.Product)
	if err != nil {
		return err
	}
	if r.Person != tx.Viewer().Person {
		return fault.Forbiddenf("Only who asked for it takes a request back. You can refuse it.")
	}
	tx.Append(db.Entry{Verb: "relabel.withdrawn", Object: r.ID, Parent: d.ID, Label: policy.Default(d.Kept), Data: map[string]any{"product": d.ID}})
	return x.decide(tx, r, RelabelWithdrawn)
}

func (x *Devices) toDecide(tx *db.Tx, request string) (r Relabel, d Product, err error) {
	if r, err = db.One(tx.View, scanRelabel(tx.View), relabelSelect+`r.id = $1`, request); err != nil {
		return r, d, err
	}
	if d, err = x.toChange(tx.View, r.Product); err != nil {
		return r, d, err
	}
	switch who := tx.Viewer(); {
	case !who.May(policy.MayApprove):
		return r, d, fault.Forbiddenf("You may not decide on labels.")
	case r.Person == who.Person:
		return r, d, fault.Forbiddenf("You asked for this yourself: a second person has to decide.")
	}
	return r, d, nil
}

func (x *Devices) decide(tx *db.Tx, r Relabel, to string) error {
	n, err := tx.Exec(`UPDATE devices_relabels SET state = $1, decided = $2, decided_by = $3 WHERE id = $4 AND state = 'waiting'`, to, clock.Micros(tx.Now()), tx.Viewer().Person, r.ID)
	if err == nil && n != 1 {
		return fault.Conflictf("This request was %s already.", r.State)
	}
	return err
}
