package cases

import (
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
)

// Grant reads a grant: for those in its case and, once it is given, its holder.
func (c *Cases) Grant(v *db.View, id string) (Grant, error) {
	return db.One(v, scanGrant(v), `SELECT `+grantColumns+` FROM visible.case_grants g WHERE g.id = $1`, id)
}

// Grants is the need-to-know register of a case, newest first.
func (c *Cases) Grants(v *db.View, id string) ([]Grant, error) {
	return db.All(v, scanGrant(v), `SELECT `+grantColumns+` FROM visible.case_grants g WHERE g.case_id = $1 ORDER BY g.asked_at DESC, g.id DESC`, id)
}

// MyGrants lists the grants that are the viewer's own, those that end last first.
func (c *Cases) MyGrants(v *db.View) ([]Grant, error) {
	return db.All(v, scanGrant(v), `SELECT `+grantColumns+` FROM visible.case_grants g WHERE g.person = $1 ORDER BY g.expires_at DESC, g.id LIMIT $2`, v.Viewer().Person, MaxPage)
}

// Register is the need-to-know register across all cases that the desk handles,
// newest first, at most limit, and where the next page begins (zero when there is
// none).
func (c *Cases) Register(v *db.View, after Cursor, limit int) (gs []Grant, next Cursor, err error) {
	if !v.Viewer().May(policy.MayTriage) {
		return nil, next, fault.Forbiddenf("The desk keeps the register of all cases. That of a case is on its own page.")
	}
	if limit <= 0 || limit > MaxPage {
		limit = MaxPage
	}
	at := int64(1) << 62
	if after.ID != "" {
		at = clock.Micros(after.At)
	}
	gs, err = db.All(v, scanGrant(v), `SELECT `+grantColumns+` FROM visible.case_grants g
		WHERE (g.asked_at < $1 OR g.asked_at = $1 AND g.id < $2) ORDER BY g.asked_at DESC, g.id DESC LIMIT $3`, at, after.ID, limit+1)
	if err == nil && len(gs) > limit {
		gs = gs[:limit]
		next = Cursor{gs[limit-1].Asked, gs[limit-1].ID}
	}
	return gs, next, err
}

// Openings is the disclosure log of a case, oldest first: who opened it under
// which grant, when. All who take part read it.
func (c *Cases) Openings(v *db.View, id string) ([]Opening, error) {
	return db.All(v, func(s db.Scanner) (o Opening, err error) {
		var at, until int64
		err = s.Scan(&o.ID, &o.Grant, &o.Case, &o.Person, &o.Name, &o.OrgName, &at, &until)
		o.At, o.Until = clock.FromMicros(at), clock.FromMicros(until)
		return o, err
	}, `SELECT o.id, o.grant_id, o.case_id, o.person, o.name, o.org_name, o.at, o.until FROM visible.case_openings o WHERE o.case_id = $1 ORDER BY o.at, o.id`, id)
}
