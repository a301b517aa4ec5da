package matching

import (
	"github.com/cordon-isao/cordon/internal/db"
)

// Count is what touches a product, counted by vulnerability.
type Count struct {
	Bands     map[string]int // open vulnerabilities by [Band]
	Open      int
	Exploited int // of Open
	Settled   int // those that its keeper says do not affect it, or are fixed
}

// about is a vulnerability in a product.
type about struct{ product, vuln string }

// What touches products now: their versions, and what is in the newest SBOMs of them.
// $1 is their ids.
const (
	touchedVersions = joined + `JOIN visible.devices_products p ON p.id = f.subject
		WHERE f.kind = 'version' AND r.gone = 0 AND f.subject <> '' AND f.subject IN (SELECT value FROM json_each($1))`
	touchedParts = joined + `JOIN visible.devices_sboms s ON s.n = f.sbom
		WHERE f.kind = 'component' AND r.gone = 0 AND s.product IN (SELECT value FROM json_each($1)) AND` + newest
)

// Counts counts the vulnerabilities that touch products, in the reader's eyes: those
// that name a version of it, and those in the newest SBOM of each version. A
// vulnerability is settled if the product's keeper says of each of its findings that it
// does not affect the product or is fixed.
func (x *Matching) Counts(v *db.View, products []string) (map[string]Count, error) {
	out := make(map[string]Count, len(products))
	if len(products) == 0 {
		return out, nil
	}
	type hit struct {
		about
		severity, exploited int64
	}
	const worst = `, COALESCE((SELECT MAX(w.severity) FROM visible.vulns_records w WHERE w.vuln = f.vuln), -1), COALESCE((SELECT MAX(w.exploited) FROM visible.vulns_records w WHERE w.vuln = f.vuln), 0) `
	scan := func(s db.Scanner) (h hit, err error) {
		err = s.Scan(&h.product, &h.vuln, &h.severity, &h.exploited)
		return h, err
	}
	hits := map[about]hit{}
	for _, q := range []string{
		`SELECT f.subject, f.vuln` + worst + touchedVersions + ` GROUP BY f.subject, f.vuln`,
		`SELECT s.product, f.vuln` + worst + touchedParts + `GROUP BY s.product, f.vuln`,
	} {
		found, err := db.All(v, scan, q, db.List(products))
		if err != nil {
			return nil, err
		}
		for _, h := range found {
			hits[h.about] = h
		}
	}
	settled, err := x.settled(v, products)
	if err != nil {
		return nil, err
	}
	for a, h := range hits {
		c := out[a.product]
		if c.Bands == nil {
			c.Bands = map[string]int{}
		}
		if settled[a] {
			c.Settled++
		} else {
			c.Open++
			c.Bands[Band(h.severity)]++
			c.Exploited += int(h.exploited)
		}
		out[a.product] = c
	}
	return out, nil
}

// settled tells of which vulnerabilities in products the keeper says something that the
// reader may read, and by which no open finding of theirs is left. A word on one
// version, or on one component, settles no other.
func (x *Matching) settled(v *db.View, products []string) (map[about]bool, error) {
	out := map[about]bool{}
	var vulns []string
	err := v.Each(`SELECT DISTINCT x.product, x.vuln FROM visible.matching_vex x JOIN visible.devices_products p ON p.id = x.product AND p.kept = x.org
		WHERE x.replaced = 0 AND x.status IN ('not_affected', 'fixed') AND x.product IN (SELECT value FROM json_each($1))`, []any{db.List(products)}, func(s db.Scanner) error {
		var a about
		err := s.Scan(&a.product, &a.vuln)
		out[a], vulns = true, append(vulns, a.vuln)
		return err
	})
	if err != nil || len(out) == 0 {
		return out, err
	}
	var open []touching
	for _, q := range []string{
		`SELECT DISTINCT f.n, f.sbom, f.subject, f.vuln` + touchedVersions + ` AND f.vuln IN (SELECT value FROM json_each($2))`,
		`SELECT DISTINCT f.n, f.sbom, s.product, f.vuln` + touchedParts + `AND f.vuln IN (SELECT value FROM json_each($2))`,
	} {
		found, err := db.All(v, func(s db.Scanner) (t touching, err error) {
			err = s.Scan(&t.n, &t.sbom, &t.product, &t.vuln)
			return t, err
		}, q, db.List(products), db.List(vulns))
		if err != nil {
			return nil, err
		}
		open = append(open, found...)
	}
	closed, err := x.closed(v, open)
	if err != nil {
		return nil, err
	}
	for _, t := range open {
		if !closed[t.n] {
			delete(out, about{t.product, t.vuln})
		}
	}
	return out, nil
}
