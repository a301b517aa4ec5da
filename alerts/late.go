package alerts

import (
	"slices"

	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
)

// Who comes to hold a product after an alert on it was sent is told as well, as long as
// the alert stands: what to do now is no less urgent for who installed the device a day
// later. It is told in the rounds in which notices of findings are made, so that when
// somebody is told says no more than those do.

// changed notes a deployment for the next round.
func (x *Alerts) changed(tx *db.Tx, deployment string, seq int64) error {
	_, err := tx.Exec(`INSERT INTO alerts_late (deployment, seq) VALUES ($1, $2) ON CONFLICT (deployment) DO UPDATE SET seq = excluded.seq`, deployment, seq)
	return err
}

// changedBefore are the deployments that changed before a fact, and of which no round knows.
func (x *Alerts) changedBefore(v *db.View, before int64) (map[string]bool, error) {
	ids, err := db.All(v, db.Value[string], `SELECT l.deployment FROM alerts_late l WHERE l.seq < $1`, before)
	changed := make(map[string]bool, len(ids))
	for _, id := range ids {
		changed[id] = true
	}
	return changed, err
}

// lateIn is what an alert names of what changed.
func (x *Alerts) lateIn(v *db.View, a Alert, changed map[string]bool) (touched, error) {
	found, err := x.resolve(v, a.Affected)
	for org, ms := range found {
		ms = slices.DeleteFunc(ms, func(m Match) bool { return !changed[m.Deployment] })
		if found[org] = ms; len(ms) == 0 {
			delete(found, org)
		}
	}
	return found, err
}

// lateOnes lists the alerts that stand and name what changed before a fact.
func (x *Alerts) lateOnes(v *db.View, before int64) (ids []string, err error) {
	changed, err := x.changedBefore(v, before)
	if err != nil || len(changed) == 0 {
		return nil, err
	}
	standing, err := db.All(v, scanAlert(v), `SELECT `+alertColumns+` FROM visible.alerts_alerts a WHERE a.state = 'sent' ORDER BY a.sent, a.id`)
	if err != nil {
		return nil, err
	}
	for _, a := range standing {
		found, err := x.lateIn(v, a, changed)
		if err != nil {
			return nil, err
		}
		if len(found) > 0 {
			ids = append(ids, a.ID)
		}
	}
	return ids, nil
}

// tellLate gives the notices of alerts to those who hold their products only now, and
// forgets what changed before a fact. Who has a notice already gets what is new in it.
// Which alerts these are was found before the write; who holds what is read again in it.
func (x *Alerts) tellLate(tx *db.Tx, alerts []string, before int64) error {
	v := all(tx.View)
	changed, err := x.changedBefore(v, before)
	if err != nil {
		return err
	}
	for _, id := range alerts {
		a, err := db.One(v, scanAlert(v), `SELECT `+alertColumns+` FROM visible.alerts_alerts a WHERE a.id = $1 AND a.state = 'sent'`, id)
		if fault.Is(err, fault.Missing) { // it ended meanwhile
			continue
		}
		if err != nil {
			return err
		}
		found, err := x.lateIn(v, a, changed)
		if err != nil {
			return err
		}
		told := false
		for _, org := range found.orgs() {
			some, err := x.tellOrg(tx, a, org, found[org])
			if err != nil {
				return err
			}
			told = told || some
		}
		if !told {
			continue
		}
		if err := x.recount(tx, a.ID, a.Org); err != nil {
			return err
		}
	}
	_, err = tx.Exec(`DELETE FROM alerts_late WHERE seq < $1`, before)
	return err
}

// tellOrg gives an organization the notice of an alert, or adds to the one it has, which
// opens it again; some says that there was something to tell.
func (x *Alerts) tellOrg(tx *db.Tx, a Alert, org string, ms []Match) (some bool, err error) {
	v := all(tx.View)
	n, err := db.One(v, scanNotice(v), `SELECT `+noticeColumns+` FROM visible.alerts_notices n WHERE n.org = $1 AND n.alert = $2`, org, a.ID)
	if fault.Is(err, fault.Missing) {
		exploited, err := x.exploited(v, a.Vulns)
		if err != nil {
			return false, err
		}
		return true, x.give(tx, newNotice(tx, OfAlert, org, a.OrgName, a.Class, a.Content, ms, exploited, a.ID, ""))
	}
	if err != nil {
		return false, err
	}
	ms = slices.DeleteFunc(slices.Clone(ms), func(m Match) bool {
		return slices.ContainsFunc(n.Matched, func(had Match) bool { return had.Deployment == m.Deployment })
	})
	if len(ms) == 0 || n.More > 0 { // with more than are listed, which are new nobody knows
		return false, nil
	}
	n.add(ms)
	return true, x.grow(tx, n)
}
