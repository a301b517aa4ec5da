package cases

import (
	"github.com/cordon-isao/cordon/formats/vultron"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
)

// OpenPublications makes approved statements public whose case no embargo binds
// any more, at most 500, and returns how many; more may be left. It asks the case
// as it is now: an embargo that was prolonged since holds them, one that was ended
// sooner lets them go (T-26).
func (c *Cases) OpenPublications(tx *db.Tx) (int, error) {
	sys := all(tx.View)
	// A coarse choice; Embargo.In decides.
	ps, err := db.All(sys, scanPublication(sys), `SELECT `+publicationColumns+` FROM visible.case_publications p JOIN visible.cases k ON k.id = p.case_id
		WHERE p.state = 'approved' AND (k.embargo_from = 0 OR k.embargo_until <= $1 OR k.embargo_ended > 0) ORDER BY p.opens_at, p.id LIMIT 500`, clock.Micros(tx.Now()))
	if err != nil {
		return 0, err
	}
	opened := 0
	for _, p := range ps {
		k, err := c.Case(sys, p.Case)
		if err != nil {
			return 0, err
		}
		if k.Embargo.In(tx.Now()) {
			continue
		}
		if err := c.publish(tx, k, p); err != nil {
			return 0, err
		}
		opened++
	}
	return opened, nil
}

// publish makes a statement public, and with it what the case is about known; a
// case that was about to be published is.
func (c *Cases) publish(tx *db.Tx, k Case, p Publication) error {
	l := toEverybody()
	audience, err := tx.Store(l.Audience)
	if err != nil {
		return err
	}
	if err := tx.MustChange(`UPDATE case_publications SET state = 'published', published_at = $1, tlp = $2, audience = $3 WHERE id = $4`,
		clock.Micros(tx.Now()), string(l.TLP), audience, p.ID); err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: "publication.opened", Object: p.ID, Parent: k.ID, Label: l, Access: true,
		Data: map[string]any{"case": k.Short(), "title": p.Title, "body": p.Body, "reference": p.Reference}})
	if k.Stage == PreDisclosure {
		if err := tx.MustChange(`UPDATE cases SET stage = $1, stage_at = $2 WHERE id = $3`, string(Published), clock.Micros(tx.Now()), k.ID); err != nil {
			return err
		}
		tx.Append(db.Entry{Verb: "case.stage", Object: k.ID, Label: k.Label, Data: map[string]any{"from": k.Stage, "to": Published, "reason": "The public statement was published."}})
		k.Stage = Published
	}
	if k.PublicAt.IsZero() {
		// Who reads the statement knows of the vulnerability (P; R-069).
		return c.happened(tx, k, vultron.PublicAware, tx.Now(), "The public statement “"+p.Title+"” was published.")
	}
	return c.reckonCase(tx, k)
}
