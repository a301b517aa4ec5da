package matching

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/ledger"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/vulns"
)

// What is to be compared again, by kind.
const (
	todoRecords    = "records"    // subject: a commit of an import, "batch part"
	todoSBOM       = "sbom"       // subject: an SBOM
	todoProduct    = "product"    // subject: a product, with its versions and deployments
	todoDeployment = "deployment" // subject: a deployment
	todoAll        = "all"        // everything is made again from the sources
)

// Follower notes what facts ask to be compared. The comparing is done by [Matching.Run],
// so that a large SBOM holds up no other follower.
func (x *Matching) Follower() ledger.Follower {
	return ledger.Follower{Name: "matching", Apply: func(tx *db.Tx, facts []ledger.Fact) error {
		for _, f := range facts {
			if err := x.note(tx, f); err != nil {
				return fmt.Errorf("%s: %w", f.Event.Verb, err)
			}
		}
		return nil
	}}
}

func (x *Matching) note(tx *db.Tx, f ledger.Fact) error {
	e := f.Event
	switch {
	case e.Verb == "sbom.read", e.Verb == "sbom.withdrawn":
		return x.todo(tx, todoSBOM, e.Object, f.Seq)
	case e.Verb == vulns.ImportedVerb:
		var d vulns.Imported
		if err := json.Unmarshal(e.Data, &d); err != nil {
			return err
		}
		return x.todo(tx, todoRecords, fmt.Sprintf("%s %d", d.Batch, d.Part), f.Seq)
	case strings.HasPrefix(e.Verb, "product."):
		return x.todo(tx, todoProduct, e.Object, f.Seq)
	case e.Verb == "products.imported":
		var d struct{ Products []string }
		if err := json.Unmarshal(e.Data, &d); err != nil {
			return err
		}
		for _, id := range d.Products {
			if err := x.todo(tx, todoProduct, id, f.Seq); err != nil {
				return err
			}
		}
	case strings.HasPrefix(e.Verb, "device."), strings.HasPrefix(e.Verb, "deployments."):
		var d struct{ Deployments []string }
		if err := json.Unmarshal(e.Data, &d); err != nil {
			return err
		}
		if len(d.Deployments) == 0 && strings.HasPrefix(e.Object, "deployment_") {
			d.Deployments = []string{e.Object}
		}
		for _, id := range d.Deployments {
			if err := x.todo(tx, todoDeployment, id, f.Seq); err != nil {
				return err
			}
		}
	}
	return nil
}

// todo notes a subject once, at its newest fact.
func (x *Matching) todo(tx *db.Tx, kind, subject string, seq int64) error {
	_, err := tx.Exec(`INSERT INTO matching_todo (kind, subject, seq, after) VALUES ($1, $2, $3, 0) ON CONFLICT (kind, subject) DO UPDATE SET seq = excluded.seq, after = 0`, kind, subject, seq)
	return err
}

// Again asks for everything to be made again from the sources; findings keep their
// ids. It is a scratch write (db.Note).
func (x *Matching) Again(tx *db.Tx) error { return x.todo(tx, todoAll, "", 0) }

// Rekeyed asks for everything to be made again when what is compared is looked up by
// other keys than before: what was not found may be found now. done is false while the
// indexes are still being made again.
func (x *Matching) Rekeyed(ctx context.Context, d *db.DB, program policy.Viewer) (done bool, err error) {
	version := fmt.Sprint(devices.KeysVersion(), " ", vulns.KeysVersion())
	var same bool
	err = d.Read(ctx, program, func(v *db.View) (err error) {
		if same, err = v.Exists(`SELECT version FROM matching_keys WHERE version = $1`, version); same || err != nil {
			return err
		}
		if done, err = x.devices.Keyed(v); done && err == nil {
			done, err = x.vulns.Keyed(v)
		}
		return err
	})
	if err != nil || same || !done {
		return same, err
	}
	return true, d.Note(ctx, program, func(tx *db.Tx) error {
		if _, err := tx.Exec(`DELETE FROM matching_keys`); err != nil {
			return err
		}
		if _, err := tx.Exec(`INSERT INTO matching_keys (version) VALUES ($1)`, version); err != nil {
			return err
		}
		return x.Again(tx)
	})
}

// Waiting is how many comparisons wait.
func (x *Matching) Waiting(v *db.View) (int, error) {
	return db.One(v, db.Value[int], `SELECT count(*) FROM matching_todo`)
}
