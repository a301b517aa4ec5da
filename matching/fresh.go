package matching

import (
	"time"

	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
)

// Touch says that something new touches a deployment, or a product that somebody keeps.
type Touch struct {
	Org        string // whose it is
	Deployment string // id, or "" if it is the product
	Product    string // id, or ""
	Version    string
	Vuln       string
	Finding    string // id
	Kind       string // of the finding: component, version or deployment
	How, Why   string
	Exploited  bool
	Severity   int64     // × 10, -1 if there is none
	Document   string    // tracking id of the advisory that says so, "" if it is none
	News       string    // found or exploited
	Published  time.Time // of the record, or when it was last changed, whichever is later
}

// news is what a record brought about a finding.
type news struct {
	n, finding, record int64
	what               string
}

// FreshTouches lists what became new about deployments and products, in order, after a place; upto
// is the place to go on from. It is asked under a system view, and asks for each owner
// in his own eyes: whom an SBOM is not shared with is not touched through it.
func (x *Matching) FreshTouches(v *db.View, after int64, limit int) (touches []Touch, upto int64, err error) {
	rows, err := db.All(v, func(s db.Scanner) (w news, err error) {
		err = s.Scan(&w.n, &w.finding, &w.record, &w.what)
		return w, err
	}, `SELECT w.n, w.finding, w.record, w.what FROM matching_news w WHERE w.n > $1 ORDER BY w.n LIMIT $2`, after, page(limit))
	upto = after
	eyes := map[string]*db.View{}
	for _, w := range rows {
		upto = w.n
		part, err := x.touch(v, eyes, w)
		if err != nil {
			return nil, upto, err
		}
		touches = append(touches, part...)
	}
	return touches, upto, err
}

// own is something of an organization's that a finding is about: a deployment, or a
// version of a product that it keeps.
type own struct{ org, deployment, product, version string }

// touch lists whose own things a finding is about, of those who may see it.
func (x *Matching) touch(v *db.View, eyes map[string]*db.View, w news) ([]Touch, error) {
	f, err := db.One(v, scanFinding, `SELECT `+columns+joined+` WHERE f.n = $1 AND r.gone = 0`+grouped, w.finding)
	if fault.Is(err, fault.Missing) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	owners, err := x.ownersOf(v, f)
	if fault.Is(err, fault.Missing) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var out []Touch
	for _, o := range owners {
		eye, err := x.eye(v, eyes, o.org)
		if err != nil {
			return nil, err
		}
		if o.deployment == "" && eye.Viewer().Kind == policy.ISAO { // what the desk keeps is kept for others
			continue
		}
		t, ok, err := x.asOwner(eye, f, o, w)
		if err != nil {
			return nil, err
		}
		if t.News = w.what; ok {
			out = append(out, t)
		}
	}
	return out, nil
}

// ownersOf lists whose own things a finding is about: who keeps the product, and who
// runs it in that version.
func (x *Matching) ownersOf(v *db.View, f Finding) ([]own, error) {
	switch f.Kind {
	case ofDeployment:
		d, err := x.devices.Deployment(v, f.Deployment)
		return []own{{d.Org, d.ID, d.Product, d.Version}}, err
	case ofVersion:
		p, err := x.devices.Product(v, f.Product)
		return []own{{p.Kept, "", p.ID, f.Version}}, err
	}
	b, err := x.devices.SBOMNumbered(v, f.sbom)
	if err != nil {
		return nil, err
	}
	out := []own{{b.Org, "", b.Product, b.Version}}
	run, err := x.devices.DeploymentsOf(v, []string{b.Product})
	for _, d := range run {
		if d.Version != "" && devices.FoldVersion(d.Version) == devices.FoldVersion(b.Version) {
			out = append(out, own{d.Org, d.ID, d.Product, d.Version})
		}
	}
	return out, err
}

// eye is the view of an organization's named recipients.
func (x *Matching) eye(v *db.View, eyes map[string]*db.View, org string) (*db.View, error) {
	if e, ok := eyes[org]; ok {
		return e, nil
	}
	o, err := x.members.Organization(v, org)
	if err != nil {
		return nil, err
	}
	who := policy.Member(policy.Membership{Person: "recipient", Org: o.ID, Kind: o.Kind, OrgStands: o.Standing, Recipient: true}, "", o.Name, "", nil, nil)
	eyes[org] = v.As(who)
	return eyes[org], nil
}

// isNews reports whether what a record brought is news to a reader: he may see the
// record, and none that he may see told him so before.
func isNews(v *db.View, w news) (bool, error) {
	if w.what == "exploited" {
		sees, err := v.Exists(`SELECT 1 FROM visible.vulns_records u WHERE u.n = $1 AND u.exploited = 1`, w.record)
		if err != nil || !sees {
			return false, err
		}
		before, err := v.Exists(`SELECT 1 FROM matching_news o JOIN visible.vulns_records u ON u.n = o.record WHERE o.finding = $1 AND o.what = 'exploited' AND o.n < $2 AND u.exploited = 1`, w.finding, w.n)
		return !before, err
	}
	first, err := db.All(v, db.Value[int64], `SELECT r.record FROM matching_reasons r JOIN visible.vulns_records u ON u.n = r.record WHERE r.finding = $1 AND r.gone = 0 ORDER BY r.found, r.record LIMIT 1`, w.finding)
	return len(first) == 1 && first[0] == w.record, err
}

// asOwner reads a finding in its owner's eyes.
func (x *Matching) asOwner(v *db.View, f Finding, o own, w news) (Touch, bool, error) {
	t := Touch{Org: o.org, Deployment: o.deployment, Product: o.product, Version: o.version, Finding: f.ID, Kind: f.Kind, Vuln: f.Vuln}
	if fresh, err := isNews(v, w); err != nil || !fresh {
		return t, false, err
	}
	join, where, args := ofNewest, `(s.n IS NOT NULL OR p.id IS NOT NULL)`, []any{f.n}
	if o.deployment != "" {
		join, where, args = directly, directlyWhere+`AND d.id = $2`, append(args, o.deployment)
		if f.Kind == ofComponent {
			join, where = inside, insideWhere+`AND d.id = $2`
		}
	}
	found, err := db.One(v, scanFinding, `SELECT `+columns+joined+join+` WHERE `+where+` AND r.gone = 0 AND f.n = $1`+grouped, args...)
	if fault.Is(err, fault.Missing) {
		return t, false, nil
	}
	if err != nil {
		return t, false, err
	}
	t.Exploited, t.Severity = found.Exploited, found.Severity
	one := []Finding{found}
	if err := x.complete(v, one); err != nil {
		return t, false, err
	}
	if !one[0].Open(v.Now()) || len(one[0].Reasons) == 0 {
		return t, false, nil
	}
	why := one[0].Reasons[0]
	for _, r := range one[0].Reasons {
		if r.Verdict == Affected && why.Verdict != Affected {
			why = r
		}
		if r.Document != "" {
			t.Document = r.Document
		}
	}
	t.How, t.Why = string(why.How), why.Why
	at, err := db.One(v, db.Value[int64], `SELECT COALESCE(MAX(CASE WHEN u.modified > u.published THEN u.modified ELSE u.published END), 0) FROM visible.vulns_records u WHERE u.vuln = $1`, f.Vuln)
	if at != 0 {
		t.Published = clock.FromMicros(at)
	}
	return t, true, err
}

// Owners lists the organizations whose deployments a vulnerability touches, for the
// system only: through what names their devices, and through the SBOMs of what they
// run. It is one look-up by key on each side, and its cost follows the answer.
func (x *Matching) Owners(v *db.View, vuln string) ([]string, error) {
	return db.All(v, db.Value[string], `SELECT d.org FROM matching_findings f JOIN visible.devices_deployments d ON d.id = f.subject WHERE f.vuln = $1 AND f.gone = 0 AND`+directlyWhere+`
		UNION SELECT d.org FROM matching_findings f JOIN visible.devices_sboms s ON s.n = f.sbom JOIN visible.devices_deployments d ON d.product = s.product AND d.folded = s.folded WHERE f.vuln = $1 AND f.gone = 0 AND`+insideWhere+` ORDER BY 1`, vuln)
}

// Progress is where [Matching.FreshTouches] ends now.
func (x *Matching) Progress(v *db.View) (int64, error) {
	n, err := db.One(v, db.Value[int64], `SELECT COALESCE(MAX(w.n), 0) FROM matching_news w`)
	return n, err
}
