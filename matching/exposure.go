package matching

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/policy"
)

// Exposure is what an organization runs, against how grave what is known of it is.
type Exposure struct {
	Rows   []ExposureRow
	Open   int // findings that wait for a decision
	New    int // of them, found since the given time
	Gone   int // findings that went since then
	Weeks  []Week
	Capped bool // there are more findings than are counted
	// Unversioned is how many deployments say no version: nothing that is built into
	// them is compared, and that nothing was found there says nothing.
	Unversioned int
	// Labels are those of the SBOMs and records that what is counted comes from.
	Labels []policy.Label
}

// ExposureRow is one kind of device.
type ExposureRow struct {
	Maker, Model string
	Product      string // id, or ""
	Units        int
	Deployments  []string
	EOS          string         // of support, the earliest: YYYY-MM-DD or ""
	Count        map[string]int // distinct vulnerabilities by band
	Exploited    int
}

// Week is how many findings were open at the end of a week.
type Week struct {
	Ends time.Time
	Open int
}

// maxExposure is how many findings are counted.
const maxExposure = 100_000

// Exposure counts the open findings on the reader's own deployments by device and
// severity, and what changed since a time.
func (x *Matching) Exposure(v *db.View, since time.Time) (Exposure, error) {
	var e Exposure
	type hit struct {
		n, found, gone, severity, exploited int64
		sbom                                int64 // 0 = the finding is on the deployment itself
		deployment, vuln, said              string
	}
	const counts = `SELECT f.n, MIN(r.found), CASE WHEN MIN(r.gone) = 0 THEN 0 ELSE MAX(r.gone) END, f.sbom, d.id, f.vuln, COALESCE((SELECT MAX(w.severity) FROM visible.vulns_records w WHERE w.vuln = f.vuln), -1),
		COALESCE((SELECT MAX(w.exploited) FROM visible.vulns_records w WHERE w.vuln = f.vuln), 0),
		COALESCE((SELECT MAX(y.until || ' ' || y.state) FROM visible.matching_answers y WHERE y.finding = f.n AND y.org = $1 AND y.newest = 1), '') `
	scan := func(s db.Scanner) (h hit, err error) {
		err = s.Scan(&h.n, &h.found, &h.gone, &h.sbom, &h.deployment, &h.vuln, &h.severity, &h.exploited, &h.said)
		return h, err
	}
	var hits []hit
	labels := func(s db.Scanner) error {
		var record, bill struct{ tlp, audience string }
		if err := s.Scan(&record.tlp, &record.audience, &bill.tlp, &bill.audience); err != nil {
			return err
		}
		a, err := v.Label(record.tlp, record.audience)
		if err != nil {
			return err
		}
		b, err := v.Label(bill.tlp, bill.audience)
		e.Labels = append(e.Labels, a, b)
		return err
	}
	for _, q := range []struct{ from, bill string }{{directly + ` WHERE ` + directlyWhere, "u"}, {inside + ` WHERE ` + insideWhere, "s"}} {
		part, err := db.All(v, scan, counts+joined+q.from+` GROUP BY f.n, f.sbom, d.id, f.vuln LIMIT $2`, v.Viewer().Org, maxExposure)
		if err != nil {
			return e, err
		}
		e.Capped = e.Capped || len(part) == maxExposure
		hits = append(hits, part...)
		if err := v.Each(`SELECT DISTINCT u.tlp, u.audience, `+q.bill+`.tlp, `+q.bill+`.audience`+joined+q.from, nil, labels); err != nil {
			return e, err
		}
	}
	deployed, err := x.devices.Matched(v)
	if err != nil {
		return e, err
	}
	rows := map[string]*ExposureRow{}
	at := map[string]*ExposureRow{}
	for _, d := range deployed {
		key := d.Product
		if key == "" {
			key = strings.ToLower(d.Maker + "\x00" + d.Model)
		}
		r := rows[key]
		if r == nil {
			r = &ExposureRow{Maker: d.Maker, Model: d.Model, Product: d.Product, Count: map[string]int{}}
			rows[key] = r
		}
		if d.Version == "" {
			e.Unversioned++
		}
		r.Units += d.Count
		r.Deployments = append(r.Deployments, d.ID)
		if eos := d.EOS; eos != "" && (r.EOS == "" || eos < r.EOS) {
			r.EOS = eos
		}
		at[d.ID] = r
	}
	claims := make([]touching, len(hits))
	for i, h := range hits {
		if r := at[h.deployment]; r != nil && h.gone == 0 {
			claims[i] = touching{h.n, h.sbom, r.Product, h.vuln}
		}
	}
	closed, err := x.closed(v, claims)
	if err != nil {
		return e, err
	}
	now := v.Now()
	ends := weeks(now)
	open := make([]int, len(ends))
	type told struct {
		row  *ExposureRow
		vuln string
	}
	seen, counted := map[told]bool{}, map[int64]bool{}
	for _, h := range hits {
		r := at[h.deployment]
		if r == nil {
			continue
		}
		until, state, _ := strings.Cut(h.said, " ")
		settled := (Answer{State: state, Until: until}).Settles(now) || closed[h.n]
		if !counted[h.n] {
			counted[h.n] = true
			for i, w := range ends {
				if micros := clock.Micros(w); h.found <= micros && (h.gone == 0 || h.gone > micros) {
					open[i]++
				}
			}
			switch after := clock.Micros(since); {
			case h.gone != 0 && h.gone > after && !since.IsZero():
				e.Gone++
			case h.gone == 0 && !settled:
				e.Open++
				if !since.IsZero() && h.found > after {
					e.New++
				}
			}
		}
		if key := (told{r, h.vuln}); h.gone == 0 && !settled && !seen[key] {
			seen[key] = true
			r.Count[Band(h.severity)]++
			if h.exploited == 1 {
				r.Exploited++
			}
		}
	}
	for i, w := range ends {
		e.Weeks = append(e.Weeks, Week{w, open[i]})
	}
	for _, r := range rows {
		e.Rows = append(e.Rows, *r)
	}
	slices.SortFunc(e.Rows, func(a, b ExposureRow) int {
		for _, band := range append([]string{"exploited"}, Bands()...) {
			x, y := a.Count[band], b.Count[band]
			if band == "exploited" {
				x, y = a.Exploited, b.Exploited
			}
			if x != y {
				return y - x
			}
		}
		return strings.Compare(a.Maker+a.Model, b.Maker+b.Model)
	})
	return e, nil
}

// touching is a finding by what it is about.
type touching struct {
	n, sbom       int64
	product, vuln string
}

// closed tells of which findings the maker says that they do not affect the product or
// are fixed. Only those are looked at about which something of the kind is said.
func (x *Matching) closed(v *db.View, ts []touching) (map[int64]bool, error) {
	said := map[about]bool{}
	err := v.Each(`SELECT DISTINCT x.product, x.vuln FROM visible.matching_vex x WHERE x.replaced = 0 AND x.status IN ('not_affected', 'fixed')`, nil, func(s db.Scanner) error {
		var a about
		err := s.Scan(&a.product, &a.vuln)
		said[a] = true
		return err
	})
	if err != nil {
		return nil, err
	}
	within := map[int64]bool{} // SBOMs that make statements themselves
	var list []string
	for _, t := range ts {
		if _, ok := within[t.sbom]; !ok && t.sbom != 0 {
			texts, err := x.devices.StatementsOf(v, t.sbom)
			if err != nil {
				return nil, err
			}
			within[t.sbom] = len(texts) > 0
		}
		if t.n != 0 && (said[about{t.product, t.vuln}] || within[t.sbom]) {
			list = append(list, strconv.FormatInt(t.n, 10))
		}
	}
	out := map[int64]bool{}
	for part := range slices.Chunk(list, MaxPage) {
		fs, err := x.list(v, seen, seenWhere+` AND f.n IN (SELECT CAST(value AS BIGINT) FROM json_each($1))`, Query{Limit: MaxPage}, db.List(part))
		if err != nil {
			return nil, err
		}
		for _, f := range fs {
			out[f.n] = f.Said != nil && (f.Said.Status == "not_affected" || f.Said.Status == "fixed")
		}
	}
	return out, nil
}

// weeks is the ends of the last 26 weeks, the present moment last.
func weeks(now time.Time) []time.Time {
	out := make([]time.Time, 26)
	for i := range out {
		out[i] = now.AddDate(0, 0, -7*(len(out)-1-i))
	}
	return out
}

// Metrics are FDA's three measures of how a manufacturer handles vulnerabilities in a
// product (R-035; premarket guidance 2026, TPLC metrics).
type Metrics struct {
	Identified int // vulnerabilities that touched the product
	Patched    int // of them, those that its maker says are fixed or do not affect it
	Open       int
	// Percent is Patched of Identified, in whole percent; -1 if there are none.
	Percent int
	// ToPatch is the mean time from identification to the maker's word that it is
	// fixed, over those that are: open ones are left out, and Open counts them.
	ToPatch time.Duration
	// Timed is over how many that mean was taken.
	Timed int
}

// Metrics measures a product by what the reader may see.
func (x *Matching) Metrics(v *db.View, product string) (Metrics, error) {
	m := Metrics{Percent: -1}
	type times struct{ first, fixed time.Time }
	by := map[string]*times{}
	p, err := x.devices.Product(v, product)
	if err != nil {
		return m, err
	}
	err = v.Each(`SELECT f.vuln, MIN(r.found)`+joined+ofNewest+` WHERE (f.kind = 'version' AND p.id = $1 OR f.kind = 'component' AND s.product = $1) GROUP BY f.vuln`, []any{product}, func(s db.Scanner) error {
		var id string
		var first int64
		if err := s.Scan(&id, &first); err != nil {
			return err
		}
		by[id] = &times{first: clock.FromMicros(first)}
		return nil
	})
	if err != nil {
		return m, err
	}
	says, err := x.Sayings(v, product, false, MaxPage)
	if err != nil {
		return m, err
	}
	settled, err := x.settled(v, []string{product})
	if err != nil {
		return m, err
	}
	for _, w := range says { // newest first: the last one that is fixed counts
		if a := by[w.Vuln]; a != nil && w.Org == p.Kept && w.Status == "fixed" && settled[about{product, w.Vuln}] && a.fixed.IsZero() {
			a.fixed = w.Said
		}
	}
	var sum time.Duration
	for id, a := range by {
		m.Identified++
		if settled[about{product, id}] {
			m.Patched++
		} else {
			m.Open++
		}
		if !a.fixed.IsZero() && a.fixed.After(a.first) {
			sum += a.fixed.Sub(a.first)
			m.Timed++
		}
	}
	if m.Identified > 0 {
		m.Percent = 100 * m.Patched / m.Identified
	}
	if m.Timed > 0 {
		m.ToPatch = sum / time.Duration(m.Timed)
	}
	return m, nil
}
