package alerts

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"

	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
)

// ProductReach is how many organizations hold a product, in any version, as it may be
// shown.
type ProductReach struct {
	Product string
	Shown   Shown
}

// Answered is the response funnel of an alert, each count as it may be shown.
type Answered struct {
	Told, Opened, NotUs, Looking, Affected, Fixed, Silent Shown
}

// hidden is an organization as it stands in stored sets.
func (x *Alerts) hidden(org string) string {
	h := hmac.New(sha256.New, x.sets[:])
	h.Write([]byte(org))
	return hex.EncodeToString(h.Sum(nil)[:12])
}

func (x *Alerts) hide(orgs []string, but ...string) []string {
	set := make([]string, 0, len(orgs))
	for _, o := range orgs {
		if !slices.Contains(but, o) {
			set = append(set, x.hidden(o))
		}
	}
	return sorted(set)
}

func scanSet(s db.Scanner) (p published, err error) {
	var members string
	if err = s.Scan(&p.n, &p.used, &members); err == nil {
		err = json.Unmarshal([]byte(members), &p.members)
	}
	return p, err
}

// stands is the set behind what a subject shows; at first the empty one.
func (x *Alerts) stands(v *db.View, subject, what string) (p published, err error) {
	ps, err := db.All(v, scanSet, `SELECT s.n, s.used, s.members FROM alerts_shown h JOIN alerts_sets s ON s.n = h.n WHERE h.subject = $1 AND h.what = $2`, subject, what)
	if err == nil && len(ps) > 0 {
		p = ps[0]
	}
	return p, err
}

func (x *Alerts) shown(v *db.View, subject, what string) (Shown, error) {
	p, err := x.stands(v, subject, what)
	return shownOf(len(p.members)), err
}

// show keeps which set stands for what a subject shows, now that its organizations are
// these (by keyed hashes, sorted). It is asked at every change, and never when somebody
// looks: what is shown depends on what happened and not on who looked when.
func (x *Alerts) show(tx *db.Tx, subject, what string, set []string) error {
	now, err := x.stands(tx.View, subject, what)
	if err != nil {
		return err
	}
	var near []published
	if len(set) >= Floor && apart(set, now.members) >= Floor {
		if near, err = x.near(tx.View, set); err != nil {
			return err
		}
	}
	next, ok := standIn(set, now, near)
	if !ok {
		if next, err = x.publish(tx, set); err != nil {
			return err
		}
	}
	if next.n == now.n {
		return nil
	}
	if next.n != 0 && (what == holders || what == told) { // an answer to one alert is not where the next begins
		if _, err := tx.Exec(`UPDATE alerts_sets SET used = (SELECT MAX(used) + 1 FROM alerts_sets) WHERE n = $1`, next.n); err != nil {
			return err
		}
	}
	_, err = tx.Exec(`INSERT INTO alerts_shown (subject, what, n) VALUES ($1, $2, $3) ON CONFLICT (subject, what) DO UPDATE SET n = excluded.n`, subject, what, next.n)
	return err
}

// near lists the published sets that may be less than [Floor] apart from a set.
func (x *Alerts) near(v *db.View, set []string) ([]published, error) {
	var digests []string
	for _, part := range parts(set) {
		digests = append(digests, digest(part))
	}
	return db.All(v, scanSet, `SELECT s.n, s.used, s.members FROM alerts_sets s WHERE s.n IN (SELECT p.n FROM alerts_parts p
		WHERE (p.part = 0 AND p.digest = $1 OR p.part = 1 AND p.digest = $2 OR p.part = 2 AND p.digest = $3 OR p.part = 3 AND p.digest = $4 OR p.part = 4 AND p.digest = $5) AND p.size > $6 AND p.size < $7) ORDER BY s.n`,
		digests[0], digests[1], digests[2], digests[3], digests[4], len(set)-Floor, len(set)+Floor)
}

func (x *Alerts) publish(tx *db.Tx, set []string) (p published, err error) {
	if p.n, err = db.One(tx.View, db.Value[int64], `SELECT COALESCE(MAX(n), 0) + 1 FROM alerts_sets`); err != nil {
		return p, err
	}
	p.members = set
	if _, err = tx.Exec(`INSERT INTO alerts_sets (n, used, size, members) VALUES ($1, 0, $2, $3)`, p.n, len(set), encode(set)); err != nil {
		return p, err
	}
	for i, part := range parts(set) {
		if _, err = tx.Exec(`INSERT INTO alerts_parts (part, digest, size, n) VALUES ($1, $2, $3, $4)`, i, digest(part), len(set), p.n); err != nil {
			return p, err
		}
	}
	return p, nil
}

// What is shown of a product and of an alert.
const (
	holders = "holders"
	told    = "told"
	opened  = "opened"
	silent  = "silent"
)

// Reach says how many organizations hold each of some products, in any version, as it
// may be shown: what a composer asks before it writes. It is told product by product
// and never of several together, of a version or a range (docs/decisions/alerts.md).
// The desk asks about every product that it may read, others about those that their
// organization keeps.
func (x *Alerts) Reach(v *db.View, products []string) ([]ProductReach, error) {
	w, err := x.writer(v)
	if err != nil {
		return nil, err
	}
	if len(products) > MaxAffected {
		return nil, fault.InvalidField("affected", "An alert names at most %d products.", MaxAffected)
	}
	known, err := x.devices.ProductsOf(v, products)
	if err != nil {
		return nil, err
	}
	var out []ProductReach
	for _, id := range products {
		d, ok := known[id]
		switch {
		case !ok:
			return nil, fault.ErrMissing
		case !w.desk && d.Kept != w.org:
			return nil, fault.Forbiddenf("Another organization keeps this product. You may ask about your own.")
		}
		s, err := x.shown(v, id, holders)
		if err != nil {
			return nil, err
		}
		out = append(out, ProductReach{id, s})
	}
	return out, nil
}

// Funnel says how an alert was received, as it may be shown: to its author's
// organization and to the desk, the same to both.
func (x *Alerts) Funnel(v *db.View, alert string) (f Answered, err error) {
	a, err := x.Alert(v, alert)
	if err != nil {
		return f, err
	}
	if who := v.Viewer(); !who.May(policy.MayTriage) && !ofOrg(who, a.Org) {
		return f, fault.Forbiddenf("How an alert was received is told to who sent it, and to the desk.")
	}
	for _, c := range []struct {
		what string
		to   *Shown
	}{{told, &f.Told}, {opened, &f.Opened}, {string(NotUs), &f.NotUs}, {string(Looking), &f.Looking}, {string(Hit), &f.Affected}, {string(Fixed), &f.Fixed}, {silent, &f.Silent}} {
		if *c.to, err = x.shown(v, a.ID, c.what); err != nil {
			return f, err
		}
	}
	return f, nil
}

// recount brings the funnel of an alert up to date, after a recipient's act.
func (x *Alerts) recount(tx *db.Tx, alert, author string) error {
	v := all(tx.View)
	sets := map[string][]string{told: {}, opened: {}, silent: {}, string(NotUs): {}, string(Looking): {}, string(Hit): {}, string(Fixed): {}}
	err := v.Each(`SELECT n.org, n.opened, n.answer FROM visible.alerts_notices n WHERE n.alert = $1`, []any{alert}, func(s db.Scanner) error {
		var org, answer string
		var at int64
		if err := s.Scan(&org, &at, &answer); err != nil {
			return err
		}
		if org == author {
			return nil
		}
		h := x.hidden(org)
		sets[told] = append(sets[told], h)
		if at != 0 || answer != "" {
			sets[opened] = append(sets[opened], h)
		}
		if answer == "" {
			answer = silent
		}
		sets[answer] = append(sets[answer], h)
		return nil
	})
	if err != nil {
		return err
	}
	for _, what := range []string{told, opened, silent, string(NotUs), string(Looking), string(Hit), string(Fixed)} {
		if err := x.show(tx, alert, what, sorted(sets[what])); err != nil {
			return err
		}
	}
	return nil
}

// recountProduct brings the count of a product's holders up to date. Those that keep
// the product are no holders of it.
func (x *Alerts) recountProduct(tx *db.Tx, d devices.Product) error {
	orgs, err := db.All(tx.View, db.Value[string], `SELECT DISTINCT h.org FROM alerts_holders h WHERE h.product = $1`, d.ID)
	if err != nil {
		return err
	}
	return x.show(tx, d.ID, holders, x.hide(orgs, d.Org, d.Kept))
}
