package matching

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/formats/vuln"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/vulns"
)

// Finding says that a vulnerability touches something that the reader may see, and why.
type Finding struct {
	ID         string
	Kind       string // component, version or deployment
	Vuln       string // canonical id of the vulnerability
	Title      string
	Severity   int64 // worst CVSS base score × 10 of the records the reader may see; -1 if there is none
	Exploited  bool  // known to be exploited (KEV, or CISA's SSVC says active)
	Withdrawn  bool
	EPSS       *vuln.EPSS
	Verdict    Verdict // the gravest of the reasons
	Reasons    []Reason
	Found      time.Time
	Gone       time.Time // when the sources stopped to say so; zero = they still do
	Product    string
	Version    string
	SBOM       string // id
	Part       devices.Part
	Deployment string // id

	// Said is the newest word of the product's maker that the reader may see; nil if
	// there is none. Answer is what the reader's own organization decided.
	Said   *Saying
	Answer *Answer

	n    int64
	sbom int64
}

// Reason is a source's word, as a rule understood it.
type Reason struct {
	Source   string
	SourceID string
	Document string
	Verdict  Verdict
	How      How
	Why      string
	Remedy   string // what the source says to do
	Fixed    []string
}

// Open reports whether something is to be done: the maker has not said that it is not
// affected or fixed, and the reader's organization did not settle it.
func (f Finding) Open(now time.Time) bool {
	if !f.Gone.IsZero() || f.Withdrawn {
		return false
	}
	if f.Said != nil && (f.Said.Status == "not_affected" || f.Said.Status == "fixed") {
		return false
	}
	return f.Answer == nil || !f.Answer.Settles(now)
}

// Band is a severity in words: critical, high, medium, low, or "none" if there is no
// score (CVSS 3.1 §5).
func Band(severity int64) string {
	switch {
	case severity >= 90:
		return "critical"
	case severity >= 70:
		return "high"
	case severity >= 40:
		return "medium"
	case severity > 0:
		return "low"
	}
	return "none"
}

// Bands lists the bands, the gravest first.
func Bands() []string { return []string{"critical", "high", "medium", "low", "none"} }

// Query narrows findings.
type Query struct {
	Vuln      string // only of this vulnerability
	Severity  int64  // at least this score × 10
	Exploited bool   // only those known to be exploited
	Gone      bool   // also those that no source says any more
	After     int    // how many to leave out: pages are short and ranked
	Limit     int
}

// ranked puts what is exploited first, then what a rule affirms, then the gravest:
// KEV › matched › severity. EPSS is shown raw and ranks nothing.
const ranked = ` ORDER BY exploited DESC, verdict, severity DESC, f.vuln DESC, f.n`

// columns are a finding's, of a query that is grouped by f.n. Severity and exploitation
// are those of all records of the vulnerability that the reader may see; when it was
// found, and whether it is gone, is what his reasons say.
const columns = `f.n, f.id, f.kind, f.sbom, f.part, f.subject, f.version, f.vuln,
	MIN(CASE WHEN r.gone = 0 THEN r.found ELSE 9223372036854775807 END) AS found, MIN(r.found) AS first, CASE WHEN MIN(r.gone) = 0 THEN 0 ELSE MAX(r.gone) END AS gone,
	MIN(CASE WHEN r.gone <> 0 THEN 4 ELSE 0 END + CASE r.verdict WHEN 'affected' THEN 1 WHEN 'under_investigation' THEN 2 ELSE 3 END) AS verdict,
	COALESCE((SELECT MAX(w.severity) FROM visible.vulns_records w WHERE w.vuln = f.vuln), -1) AS severity,
	COALESCE((SELECT MAX(w.exploited) FROM visible.vulns_records w WHERE w.vuln = f.vuln), 0) AS exploited,
	COALESCE((SELECT MAX(w.title) FROM visible.vulns_records w WHERE w.vuln = f.vuln AND w.title <> ''), '') AS title`

const grouped = ` GROUP BY f.n, f.id, f.kind, f.sbom, f.part, f.subject, f.version, f.vuln`

// joined is where findings are read: only with a record that the reader may see.
const joined = ` FROM matching_findings f JOIN matching_reasons r ON r.finding = f.n JOIN visible.vulns_records u ON u.n = r.record `

func scanFinding(s db.Scanner) (f Finding, err error) {
	var part, found, first, gone, verdict, exploited int64
	var subject string
	err = s.Scan(&f.n, &f.ID, &f.Kind, &f.sbom, &part, &subject, &f.Version, &f.Vuln, &found, &first, &gone, &verdict, &f.Severity, &exploited, &f.Title)
	f.Found, f.Exploited, f.Part.Number = clock.FromMicros(found), exploited == 1, int(part)
	if gone != 0 {
		f.Found, f.Gone = clock.FromMicros(first), clock.FromMicros(gone)
	}
	f.Verdict = []Verdict{Affected, Investigating, Person}[(verdict-1)%4]
	switch f.Kind {
	case ofVersion:
		f.Product = subject
	case ofDeployment:
		f.Deployment = subject
	}
	return f, err
}

// source is where findings are read: from joins f with what makes it the reader's to
// see, where chooses among those.
type source struct {
	from, where string
	args        []any
}

// list reads findings and what belongs to them.
func (x *Matching) list(v *db.View, from, where string, q Query, args ...any) ([]Finding, error) {
	fs, err := found(v, source{from, where, args}, q, max(q.After, 0), page(q.Limit))
	if err != nil {
		return nil, err
	}
	return fs, x.complete(v, fs)
}

// maxDeep is how far down a list is read that is put together of several.
const maxDeep = 20 * MaxPage

// merged reads a page of several lists as if they were one, and what belongs to it.
func (x *Matching) merged(v *db.View, q Query, sources ...source) ([]Finding, error) {
	from, to := min(max(q.After, 0), maxDeep), min(max(q.After, 0)+page(q.Limit), maxDeep)
	var all []Finding
	for _, s := range sources {
		part, err := found(v, s, q, 0, to)
		if err != nil {
			return nil, err
		}
		all = append(all, part...)
	}
	all = rank(all)
	all = all[min(from, len(all)):min(to, len(all))]
	return all, x.complete(v, all)
}

// found reads findings, ranked, without what belongs to them.
func found(v *db.View, s source, q Query, after, limit int) ([]Finding, error) {
	args, where := slices.Clone(s.args), s.where
	arg := func(a any) string { args = append(args, a); return "$" + strconv.Itoa(len(args)) }
	if !q.Gone {
		where += ` AND r.gone = 0`
	}
	if q.Vuln != "" {
		where += ` AND f.vuln = ` + arg(q.Vuln)
	}
	having := ""
	if q.Severity > 0 {
		having = ` HAVING COALESCE((SELECT MAX(w.severity) FROM visible.vulns_records w WHERE w.vuln = f.vuln), -1) >= ` + arg(q.Severity)
	}
	if q.Exploited {
		if having == "" {
			having = ` HAVING`
		} else {
			having += ` AND`
		}
		having += ` COALESCE((SELECT MAX(w.exploited) FROM visible.vulns_records w WHERE w.vuln = f.vuln), 0) = 1`
	}
	return db.All(v, scanFinding, `SELECT `+columns+joined+s.from+` WHERE `+where+grouped+having+ranked+` LIMIT `+arg(limit)+` OFFSET `+arg(after), args...)
}

// complete adds to findings what is read with them: reasons, parts, the maker's word,
// the organization's own answer.
func (x *Matching) complete(v *db.View, fs []Finding) error {
	if err := x.reasons(v, fs); err != nil {
		return err
	}
	var cves []string
	within := map[int64][]int{} // numbers of components, by SBOM
	for _, f := range fs {
		if !slices.Contains(cves, f.Vuln) {
			cves = append(cves, f.Vuln)
		}
		if f.Kind == ofComponent {
			within[f.sbom] = append(within[f.sbom], f.Part.Number)
		}
	}
	sboms, parts := map[int64]*devices.SBOM{}, map[int64]map[int]devices.Part{}
	for n, numbers := range within {
		var err error
		if sboms[n], err = x.devices.SBOMNumbered(v, n); err != nil {
			return err
		}
		if parts[n], err = x.devices.PartsNumbered(v, n, numbers); err != nil {
			return err
		}
	}
	for i := range fs {
		f := &fs[i]
		b := sboms[f.sbom]
		if f.Kind != ofComponent {
			continue
		}
		f.SBOM, f.Product, f.Version = b.ID, b.Product, b.Version
		if p, ok := parts[f.sbom][f.Part.Number]; ok { // none of one that was withdrawn
			f.Part = p
		}
	}
	epss, err := x.vulns.EPSSOf(v, cves)
	if err != nil {
		return err
	}
	for i := range fs {
		if e, ok := epss[fs[i].Vuln]; ok {
			fs[i].EPSS = &e
		}
	}
	if err := x.said(v, fs, sboms); err != nil {
		return err
	}
	return x.answers(v, fs)
}

// reasons adds the reasons whose record the reader may see.
func (x *Matching) reasons(v *db.View, fs []Finding) error {
	at := map[int64]*Finding{}
	var list []string
	for i := range fs {
		at[fs[i].n] = &fs[i]
		list = append(list, strconv.FormatInt(fs[i].n, 10))
	}
	if len(list) == 0 {
		return nil
	}
	type row struct {
		finding, record, claim, gone int64
		Reason
	}
	rows, err := db.All(v, func(s db.Scanner) (w row, err error) {
		err = s.Scan(&w.finding, &w.record, &w.claim, &w.Verdict, &w.How, &w.Why, &w.gone, &w.Source, &w.SourceID, &w.Document)
		return w, err
	}, `SELECT r.finding, r.record, r.claim, r.verdict, r.how, r.why, r.gone, u.source, u.source_id, u.document FROM matching_reasons r JOIN visible.vulns_records u ON u.n = r.record
		WHERE r.finding IN (SELECT CAST(value AS BIGINT) FROM json_each($1)) ORDER BY r.finding, r.record, r.claim`, db.List(list))
	if err != nil {
		return err
	}
	var places []int64
	for _, w := range rows {
		if !slices.Contains(places, w.record) {
			places = append(places, w.record)
		}
	}
	claims, err := x.vulns.ClaimsOf(v, places)
	if err != nil {
		return err
	}
	words := map[[2]int64]vulns.Claim{}
	for _, c := range claims {
		words[[2]int64{c.Record, int64(c.I)}] = c
	}
	for _, w := range rows {
		if f := at[w.finding]; w.gone != 0 && (f.Gone.IsZero() || w.gone != clock.Micros(f.Gone)) {
			continue // others still say so, or did so for longer
		}
		if c, ok := words[[2]int64{w.record, w.claim}]; ok {
			w.Reason.Remedy, w.Reason.Fixed = c.Remedy, c.Range.Fixed
		}
		at[w.finding].Reasons = append(at[w.finding].Reasons, w.Reason)
	}
	for _, f := range at {
		f.Withdrawn = len(f.Reasons) == 0
	}
	return nil
}

// OfSBOM lists the findings on the components of an SBOM.
func (x *Matching) OfSBOM(v *db.View, id string, q Query) ([]Finding, error) {
	b, err := x.devices.SBOM(v, id)
	if err != nil {
		return nil, err
	}
	return x.list(v, `JOIN visible.devices_sboms s ON s.n = f.sbom`, `f.kind = 'component' AND s.n = $1`, q, b.Number())
}

// OfProduct lists the findings on a product's version ("" = on every version): those
// that name the product, and those on the components of its newest SBOM.
func (x *Matching) OfProduct(v *db.View, product, version string, q Query) ([]Finding, error) {
	if _, err := x.devices.Product(v, product); err != nil {
		return nil, err
	}
	where, args := `(f.kind = 'version' AND p.id = $1 OR f.kind = 'component' AND s.product = $1)`, []any{product}
	if version != "" {
		where = `(f.kind = 'version' AND p.id = $1 AND f.version = $2 OR f.kind = 'component' AND s.product = $1 AND s.folded = $3)`
		args = append(args, version, devices.FoldVersion(version))
	}
	return x.list(v, ofNewest, where, q, args...)
}

// ofNewest joins findings with the newest SBOM, that the reader may see, of each version.
const ofNewest = `LEFT JOIN visible.devices_sboms s ON f.kind = 'component' AND s.n = f.sbom AND` + newest + `
	LEFT JOIN visible.devices_products p ON f.kind = 'version' AND p.id = f.subject`

// newest keeps the newest SBOM, that the reader may see, of each version.
const newest = ` s.state = 'done' AND NOT EXISTS (SELECT 1 FROM visible.devices_sboms w WHERE w.product = s.product AND w.folded = s.folded AND w.state = 'done' AND w.at >= s.at AND (w.at > s.at OR w.id > s.id)) `

// The findings on deployments that the reader may see: on the deployment itself, and on
// the components of what is deployed, if he has the SBOM.
const (
	directly      = ` JOIN visible.devices_deployments d ON f.subject <> '' AND d.id = f.subject `
	directlyWhere = ` f.kind = 'deployment' AND d.state = 'kept' AND d.stage IN ('in use', 'stored') `
	inside        = ` JOIN visible.devices_sboms s ON s.n = f.sbom JOIN visible.devices_deployments d ON d.product = s.product AND d.folded = s.folded `
	insideWhere   = ` f.kind = 'component' AND d.state = 'kept' AND d.stage IN ('in use', 'stored') AND d.folded <> '' AND ` + newest
)

// Mine lists the findings on the deployments of the reader's organization.
func (x *Matching) Mine(v *db.View, q Query) ([]Finding, error) {
	return x.merged(v, q, source{from: directly, where: directlyWhere}, source{from: inside, where: insideWhere})
}

// OfDeployment lists the findings on a deployment, those on the components of its
// product's SBOM among them if the hospital has it.
func (x *Matching) OfDeployment(v *db.View, id string, q Query) ([]Finding, error) {
	d, err := x.devices.Deployment(v, id)
	if err != nil {
		return nil, err
	}
	sources := []source{{directly, `f.kind = 'deployment' AND d.id = $1`, []any{id}}}
	if d.Product != "" && d.Version != "" {
		b, err := x.devices.CurrentSBOM(v, d.Product, d.Version)
		if err != nil && !fault.Is(err, fault.Missing) {
			return nil, err
		}
		if err == nil {
			sources = append(sources, source{`JOIN visible.devices_sboms s ON s.n = f.sbom`, `f.kind = 'component' AND s.n = $1`, []any{b.Number()}})
		}
	}
	return x.merged(v, q, sources...)
}

// rank sorts findings of several lists as one list is sorted.
func rank(fs []Finding) []Finding {
	order := map[Verdict]int{Affected: 1, Investigating: 2, Person: 3}
	slices.SortStableFunc(fs, func(a, b Finding) int {
		switch {
		case a.Exploited != b.Exploited:
			if a.Exploited {
				return -1
			}
			return 1
		case a.Verdict != b.Verdict:
			return order[a.Verdict] - order[b.Verdict]
		case a.Severity != b.Severity:
			return int(b.Severity - a.Severity)
		}
		return strings.Compare(b.Vuln, a.Vuln)
	})
	return fs
}

// Finding is one finding that the reader may see, with its reasons.
func (x *Matching) Finding(v *db.View, id string) (Finding, error) {
	fs, err := x.list(v, seen, seenWhere+` AND f.id = $1`, Query{Gone: true, Limit: 1}, id)
	if err != nil {
		return Finding{}, err
	}
	if len(fs) == 0 {
		return Finding{}, fault.ErrMissing
	}
	return fs[0], nil
}

// seen joins a finding with whichever subject it is about.
const seen = `LEFT JOIN visible.devices_sboms s ON f.kind = 'component' AND s.n = f.sbom LEFT JOIN visible.devices_products p ON f.kind = 'version' AND p.id = f.subject
	LEFT JOIN visible.devices_deployments d ON f.kind = 'deployment' AND d.id = f.subject`

const seenWhere = `(s.n IS NOT NULL OR p.id IS NOT NULL OR d.id IS NOT NULL)`

// OfVulnerability lists the findings of one vulnerability that the reader may see.
func (x *Matching) OfVulnerability(v *db.View, id string, q Query) ([]Finding, error) {
	q.Vuln = id
	return x.list(v, seen, seenWhere, q)
}
