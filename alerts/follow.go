package alerts

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/ledger"
	"github.com/cordon-isao/cordon/matching"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/vulns"
)

// Follower keeps who holds which product, and how that is shown, and notes that there
// was something to compare. Counts change here and not when somebody looks, so that
// what is shown depends on facts alone.
func (x *Alerts) Follower() ledger.Follower {
	return ledger.Follower{Name: "alerts", Apply: func(tx *db.Tx, facts []ledger.Fact) error {
		products := map[string]bool{}
		for _, f := range facts {
			if err := x.heed(tx, products, f); err != nil {
				return fmt.Errorf("%s: %w", f.Event.Verb, err)
			}
		}
		for _, id := range slices.Sorted(maps.Keys(products)) { // so that equal facts give equal tables
			if err := x.recountHolders(tx, id); err != nil {
				return fmt.Errorf("holders of %s: %w", id, err)
			}
		}
		return nil
	}}
}

// heed gathers the products whose holders a fact may have changed.
func (x *Alerts) heed(tx *db.Tx, products map[string]bool, f ledger.Fact) error {
	verb := f.Event.Verb
	switch {
	case verb == "sbom.read", verb == "sbom.withdrawn", verb == vulns.ImportedVerb:
	case strings.HasPrefix(verb, "product."):
		products[f.Event.Object] = true
	case verb == "products.imported":
		var d struct{ Products []string }
		if err := json.Unmarshal(f.Event.Data, &d); err != nil {
			return err
		}
		for _, id := range d.Products {
			products[id] = true
		}
	case strings.HasPrefix(verb, "device."), strings.HasPrefix(verb, "deployments."):
		var d struct{ Deployments []string }
		if err := json.Unmarshal(f.Event.Data, &d); err != nil {
			return err
		}
		if len(d.Deployments) == 0 && strings.HasPrefix(f.Event.Object, "deployment_") {
			d.Deployments = []string{f.Event.Object}
		}
		for _, id := range d.Deployments {
			if err := x.changed(tx, id, f.Seq); err != nil {
				return err
			}
			if err := x.productsOf(tx, products, id); err != nil {
				return err
			}
		}
	default:
		return nil
	}
	return x.setCursor(tx, "facts", f.Seq+1)
}

// productsOf adds the products that a deployment is, and was, one of.
func (x *Alerts) productsOf(tx *db.Tx, products map[string]bool, deployment string) error {
	v := all(tx.View)
	was, err := db.All(v, db.Value[string], `SELECT h.product FROM alerts_holders h WHERE h.deployment = $1`, deployment)
	if err != nil {
		return err
	}
	for _, id := range was {
		products[id] = true
	}
	keys, err := x.devices.KeysOfDeployment(v, deployment)
	if err != nil {
		return err
	}
	called, err := x.devices.NamesByKey(v, keys)
	if err != nil {
		return err
	}
	for _, n := range called {
		if n.How != "maker" {
			products[n.Product] = true
		}
	}
	return nil
}

// recountHolders brings the holders of a product up to date, and what is shown of them.
func (x *Alerts) recountHolders(tx *db.Tx, product string) error {
	v := all(tx.View)
	p, err := x.devices.Product(v, product)
	if fault.Is(err, fault.Missing) {
		return nil
	}
	if err != nil {
		return err
	}
	list, _, err := x.held(v, Affected{Product: product})
	if err != nil {
		return err
	}
	now := map[string]string{}
	for _, d := range list {
		now[d.ID] = d.Org
	}
	was, err := db.All(v, db.Value[string], `SELECT h.deployment FROM alerts_holders h WHERE h.product = $1`, product)
	if err != nil {
		return err
	}
	for _, id := range was {
		if _, ok := now[id]; ok {
			delete(now, id)
		} else if _, err := tx.Exec(`DELETE FROM alerts_holders WHERE product = $1 AND deployment = $2`, product, id); err != nil {
			return err
		}
	}
	for id, org := range now {
		if _, err := tx.Exec(`INSERT INTO alerts_holders (product, deployment, org) VALUES ($1, $2, $3)`, product, id, org); err != nil {
			return err
		}
	}
	return x.recountProduct(tx, p)
}

// When the findings of matching are looked at. Each round leaves one entry, and whether
// there is a round depends on what there was to compare, never on what was found: that
// somebody is touched does not show in the length of the record.
const (
	settle = time.Minute     // after a round, another looks for what came late
	most   = 5 * time.Minute // a round waits so long for comparing to end
	idle   = 24 * time.Hour  // a round comes in any case
)

// Run makes notices of what matching finds, until ctx ends.
func (x *Alerts) Run(ctx context.Context, d *db.DB, program policy.Viewer, log *slog.Logger) error {
	return d.Work(ctx, log, "make notices of findings", 10*time.Second, func() (bool, error) {
		_, err := x.Step(ctx, d, program)
		return false, err
	})
}

// round is where the rounds stand.
type round struct {
	facts, passed, settled int64 // sequence numbers: of the newest fact to compare, and looked at
	at                     int64 // of the round before, in UTC microseconds
	news                   int64 // the place in what matching found
	waits                  bool  // there is something yet to compare
}

func (x *Alerts) round(v *db.View) (r round, err error) {
	for _, c := range []struct {
		name string
		to   *int64
	}{{"facts", &r.facts}, {"passed", &r.passed}, {"settled", &r.settled}, {"at", &r.at}, {"news", &r.news}} {
		if *c.to, err = x.cursor(v, c.name); err != nil {
			return r, err
		}
	}
	return r, nil
}

// due reports whether there is a round now. If comparing has not ended, r.waits, and
// the round counts as none of its facts.
func (x *Alerts) due(v *db.View, r *round) (bool, error) {
	since := v.Now().Sub(clock.FromMicros(r.at))
	waiting, err := x.matching.Waiting(v)
	if err != nil {
		return false, err
	}
	// What is to be compared is noted by another follower, which may be behind.
	noted, err := ledger.FollowedTo(v, "matching")
	r.waits = waiting > 0 || noted < r.facts
	switch {
	case r.at == 0, since >= idle:
		return true, err
	case r.facts > r.passed:
		return !r.waits || since >= most, err
	}
	return r.passed > r.settled && since >= settle, err
}

// unread is the label of what nobody reads, the desk neither: rounds follow facts, and
// some of these are known to one hospital only. No organization has this id.
var unread = policy.Label{TLP: policy.AmberStrict, Audience: policy.NewAudience(policy.OfOrg("none"))}

// Step does a round, if one is due: one write with the one entry alerts.matched, in
// which nothing stands.
func (x *Alerts) Step(ctx context.Context, d *db.DB, program policy.Viewer) (done bool, err error) {
	var r round
	var due bool
	err = d.Read(ctx, program, func(v *db.View) (err error) {
		if r, err = x.round(v); err == nil {
			due, err = x.due(v, &r)
		}
		return err
	})
	if err != nil || !due {
		return false, err
	}
	touches, upto, err := x.gather(ctx, d, program, r.news)
	if err != nil {
		return false, err
	}
	var after []string // alerts
	err = d.Read(ctx, program, func(v *db.View) (err error) {
		after, err = x.lateOnes(all(v), r.facts)
		return err
	})
	if err != nil {
		return false, err
	}
	err = d.Write(ctx, program, func(tx *db.Tx) error {
		done = false
		now, err := x.round(tx.View)
		if err != nil {
			return err
		}
		if now.news != r.news || now.at != r.at {
			return errElsewhere
		}
		if err := x.tellLate(tx, after, r.facts); err != nil { // first: about what people wrote, matching is silent
			return err
		}
		if err := x.tell(tx, touches); err != nil {
			return err
		}
		passed, settled := r.facts, r.settled
		switch {
		case r.waits:
			passed = r.passed
		case r.facts == r.passed:
			settled = r.passed
		}
		for _, c := range []struct {
			name  string
			value int64
		}{{"news", upto}, {"at", clock.Micros(tx.Now())}, {"passed", passed}, {"settled", settled}} {
			if err := x.setCursor(tx, c.name, c.value); err != nil {
				return err
			}
		}
		s, err := x.members.Settings(tx.View)
		if err != nil {
			return err
		}
		tx.Append(db.Entry{Verb: "alerts.matched", Object: s.ID, Label: unread, Data: map[string]any{}})
		done = true
		return nil
	})
	if err == errElsewhere || fault.Is(err, fault.Missing) { // another node did it; or there is no community yet
		return false, nil
	}
	return done, err
}

var errElsewhere = fault.Conflictf("Another node makes these notices.")

// gather reads what matching found since a place, and keeps what is worth a notice.
func (x *Alerts) gather(ctx context.Context, d *db.DB, program policy.Viewer, after int64) (out []matching.Touch, upto int64, err error) {
	upto = after
	for more := true; more; {
		err := d.Read(ctx, program, func(v *db.View) error {
			ts, to, err := x.matching.FreshTouches(all(v), upto, matching.MaxPage)
			if err != nil {
				return err
			}
			for _, t := range ts {
				if notable(t, v.Now()) {
					out = append(out, t)
				}
			}
			more, upto = to > upto, to
			return nil
		})
		if err != nil {
			return nil, after, err
		}
	}
	return out, upto, nil
}
