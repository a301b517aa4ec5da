package matching

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/formats/names"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/vulns"
)

// chunkParts is how many components of an SBOM are compared in one commit.
const chunkParts = 5_000

// Run compares what is noted until ctx ends. What the follower notes wakes nobody, as
// notes do not; it comes soon after the entry that does, so Run looks again soon, and
// then less and less often.
func (x *Matching) Run(ctx context.Context, d *db.DB, program policy.Viewer, log *slog.Logger) error {
	const soon, late = 20 * time.Millisecond, 30 * time.Second
	rekeyed := false
	for wait := soon; ; {
		changed := d.Changed()
		var err error
		more := false
		if !rekeyed {
			rekeyed, err = x.Rekeyed(ctx, d, program)
		}
		if err == nil {
			more, err = x.Step(ctx, d, program)
		}
		if err == nil && more {
			wait = soon
			continue
		}
		if err != nil && ctx.Err() == nil {
			log.Error("compare with vulnerabilities; trying again", "err", err)
			wait, changed = 2*time.Second, nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
			wait = soon
		case <-time.After(wait):
			wait = min(2*wait, late)
		}
	}
}

type todo struct {
	kind, subject string
	seq, after    int64
}

// stepTime is how long one commit goes on with what waits: others write meanwhile.
const stepTime = 50 * time.Millisecond

// Step compares what was noted first, and what follows as long as there is time, in one
// commit; more is false if nothing waits.
func (x *Matching) Step(ctx context.Context, d *db.DB, program policy.Viewer) (more bool, err error) {
	var waits bool
	err = d.Read(ctx, program, func(v *db.View) (err error) {
		waits, err = v.Exists(`SELECT 1 FROM matching_todo LIMIT 1`)
		return err
	})
	if err != nil || !waits {
		return false, err
	}
	err = d.Note(ctx, program, func(tx *db.Tx) error {
		// One worker at a time on all nodes: the row is the lock.
		if _, err := tx.Exec(`INSERT INTO matching_todo (kind, subject, seq, after) VALUES ('lock', '', 0, 0) ON CONFLICT (kind, subject) DO UPDATE SET after = matching_todo.after + 1`); err != nil {
			return err
		}
		for began := clock.System().Now(); clock.Since(began) < stepTime; {
			t, err := db.One(tx.View, func(s db.Scanner) (t todo, err error) {
				err = s.Scan(&t.kind, &t.subject, &t.seq, &t.after)
				return t, err
			}, `SELECT t.kind, t.subject, t.seq, t.after FROM matching_todo t WHERE t.kind <> 'lock' ORDER BY t.seq, t.kind, t.subject LIMIT 1`)
			if more = !fault.Is(err, fault.Missing); !more { // it is done, perhaps by another node
				_, err = tx.Exec(`DELETE FROM matching_todo WHERE kind = 'lock'`)
				return err
			}
			if err == nil {
				err = x.compare(tx, t)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	return more, err
}

// compare does one of what was noted, or a part of it.
func (x *Matching) compare(tx *db.Tx, t todo) error {
	v := tx.View.As(system)
	var next int64 // where to go on; 0 = it is done
	var err error
	switch t.kind {
	case todoRecords:
		err = x.records(tx, v, t.subject)
	case todoSBOM:
		next, err = x.sbom(tx, v, t.subject, t.after)
	case todoProduct:
		err = x.product(tx, v, t.subject)
	case todoDeployment:
		err = x.deployment(tx, v, t.subject)
	case todoAll:
		next, err = x.all(tx, v, t.after)
	default:
		return fmt.Errorf("matching: nothing is known of %q", t.kind)
	}
	if err != nil {
		return fmt.Errorf("compare %s %s: %w", t.kind, t.subject, err)
	}
	if next != 0 {
		_, err = tx.Exec(`UPDATE matching_todo SET after = $1 WHERE kind = $2 AND subject = $3 AND seq = $4`, next, t.kind, t.subject, t.seq)
		return err
	}
	// What was noted anew meanwhile, on another node, stays to be done.
	_, err = tx.Exec(`DELETE FROM matching_todo WHERE kind = $1 AND subject = $2 AND seq = $3`, t.kind, t.subject, t.seq)
	return err
}

// subject is what a finding is about, beside the vulnerability.
type subject struct {
	kind    string // component, version or deployment
	sbom    int64
	part    int64
	id      string // of the product or deployment
	version string
}

// The kinds of subjects.
const (
	ofComponent  = "component"
	ofVersion    = "version"
	ofDeployment = "deployment"
)

// reason is a claim's answer about a subject.
type reason struct {
	subject
	vuln          string
	record, claim int64
	judged
}

// outcome gathers reasons. Where a source names the very version as cleared, its
// claims on wider ranges do not count.
type outcome struct{ reasons []reason }

func (o *outcome) add(s subject, c vulns.Claim, j judged, ok bool) {
	if !ok || c.Withdrawn {
		return
	}
	o.reasons = append(o.reasons, reason{s, c.Vuln, c.Record, int64(c.I), j})
}

// settled drops what a source itself clears, and the clearing words.
func (o *outcome) settled() []reason {
	type about struct {
		subject
		record int64
		vuln   string
	}
	cleared := map[about]bool{}
	for _, r := range o.reasons {
		if r.verdict == Cleared {
			cleared[about{r.subject, r.record, r.vuln}] = true
		}
	}
	var out []reason
	for _, r := range o.reasons {
		if !cleared[about{r.subject, r.record, r.vuln}] {
			out = append(out, r)
		}
	}
	return out
}

// byKey lists claims by each of their hashed keys.
func byKey(claims []vulns.Claim) map[int64][]vulns.Claim {
	m := map[int64][]vulns.Claim{}
	for _, c := range claims {
		for _, k := range c.Keys {
			h := names.Hash(k)
			m[h] = append(m[h], c)
		}
	}
	return m
}

func keysOf[T any](m map[int64]T) []int64 {
	keys := make([]int64, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// judgeParts compares components, by their hashed keys, with claims.
func judgeParts(o *outcome, parts []devices.Part, keyed [][]int64, claims map[int64][]vulns.Claim) {
	type pair struct {
		record int64
		i      int
	}
	for i, p := range parts {
		var done map[pair]bool // a claim can be found by several keys
		var known *part
		for _, h := range keyed[i] {
			for _, c := range claims[h] {
				if done[pair{c.Record, c.I}] {
					continue
				}
				if known == nil {
					done, known = map[pair]bool{}, partOf(p)
				}
				done[pair{c.Record, c.I}] = true
				j, ok := judgePart(known, c)
				o.add(subject{kind: ofComponent, sbom: p.SBOM, part: int64(p.Number)}, c, j, ok)
			}
		}
	}
}

// hashes are the hashed keys of a component.
func hashes(p devices.Part) []int64 {
	keys := p.Keys()
	out := make([]int64, len(keys))
	for i, k := range keys {
		out[i] = names.Hash(k)
	}
	return out
}

func allHashes(parts []devices.Part) [][]int64 {
	out := make([][]int64, len(parts))
	for i, p := range parts {
		out[i] = hashes(p)
	}
	return out
}

// records compares the records that one commit of an import touched with everything.
func (x *Matching) records(tx *db.Tx, v *db.View, at string) error {
	batch, part, _ := strings.Cut(at, " ")
	n, err := strconv.ParseInt(part, 10, 64)
	if err != nil {
		return err
	}
	places, err := x.vulns.Touched(v, batch, n)
	if err != nil || len(places) == 0 {
		return err
	}
	return x.compareRecords(tx, v, places)
}

func (x *Matching) compareRecords(tx *db.Tx, v *db.View, places []int64) error {
	o, err := x.touched(v, places)
	if err != nil {
		return err
	}
	list := make([]string, len(places))
	for i, p := range places {
		list[i] = strconv.FormatInt(p, 10)
	}
	if err := x.keep(tx, o, `r.record IN (SELECT CAST(value AS BIGINT) FROM json_each($1))`, db.List(list)); err != nil {
		return err
	}
	return x.worse(tx, v, places)
}

// touched compares records with all components, versions and deployments.
func (x *Matching) touched(v *db.View, places []int64) (*outcome, error) {
	o := &outcome{}
	list, err := x.vulns.ClaimsOf(v, places)
	if err != nil {
		return nil, err
	}
	claims := byKey(list)
	keys := keysOf(claims)
	for part := range slices.Chunk(keys, 2000) {
		parts, err := x.devices.PartsByKey(v, part)
		if err != nil {
			return nil, err
		}
		judgeParts(o, parts, allHashes(parts), claims)
		called, err := x.devices.NamesByKey(v, part)
		if err != nil {
			return nil, err
		}
		if err := x.judgeNamed(v, o, called, claims); err != nil {
			return nil, err
		}
		deployed, err := x.devices.DeploymentsByKey(v, part)
		if err != nil {
			return nil, err
		}
		for _, d := range deployed {
			if err := x.judgeDeployment(v, o, d, claims); err != nil {
				return nil, err
			}
		}
	}
	return o, nil
}

// judgeNamed compares the products that are called so, version by version, and their
// deployments.
func (x *Matching) judgeNamed(v *db.View, o *outcome, called []devices.Name, claims map[int64][]vulns.Claim) error {
	var products []string
	for _, n := range called {
		if !slices.Contains(products, n.Product) {
			products = append(products, n.Product)
		}
	}
	for _, id := range products {
		if err := x.judgeProduct(v, o, id, claims); err != nil {
			return err
		}
	}
	deployed, err := x.devices.DeploymentsOf(v, products)
	if err != nil {
		return err
	}
	for _, d := range deployed {
		if err := x.judgeDeployment(v, o, d, claims); err != nil {
			return err
		}
	}
	return nil
}

// named is a claim together with the surest way in which a device was recognized.
type named struct {
	vulns.Claim
	how How
}

var surest = []How{ByUDI, ByName, ByModel, ByAlias}

// claimsFor lists the claims that are found by names, each once.
func claimsFor(called []devices.Name, claims map[int64][]vulns.Claim) []named {
	type pair struct {
		record int64
		i      int
	}
	at := map[pair]int{}
	var out []named
	for _, n := range called {
		how := How(n.How)
		if n.How == "udi" {
			how = ByUDI
		}
		for _, c := range claims[n.Key] {
			k := pair{c.Record, c.I}
			i, ok := at[k]
			if !ok {
				at[k] = len(out)
				out = append(out, named{c, how})
			} else if slices.Index(surest, how) < slices.Index(surest, out[i].how) {
				out[i].how = how
			}
		}
	}
	return out
}

// judgeProduct compares a product, each of its versions, with the claims on its names.
func (x *Matching) judgeProduct(v *db.View, o *outcome, id string, claims map[int64][]vulns.Claim) error {
	p, err := x.devices.Product(v, id)
	if err != nil {
		return err
	}
	called, err := x.devices.NamesOf(v, id)
	if err != nil {
		return err
	}
	list := claimsFor(called, claims)
	if len(list) == 0 {
		return nil
	}
	versions, err := x.devices.Versions(v, id)
	if err != nil {
		return err
	}
	if len(versions) == 0 {
		versions = []devices.Version{{}} // the product as such
	}
	for _, w := range versions {
		d := device{what: strings.TrimSpace(p.Title() + " " + w.Name), version: w.Name, models: p.Models}
		for _, c := range list {
			j, ok := judgeDevice(d, c.how, c.Claim)
			o.add(subject{kind: ofVersion, id: id, version: w.Name}, c.Claim, j, ok)
		}
	}
	return nil
}

// judgeDeployment compares a deployment with the claims on its names, those of its
// known product among them.
func (x *Matching) judgeDeployment(v *db.View, o *outcome, dep devices.Deployment, claims map[int64][]vulns.Claim) error {
	d := device{what: strings.TrimSpace(dep.Maker + " " + dep.Model + " " + dep.Version), version: dep.Version, models: []string{dep.Model}}
	var called []devices.Name
	if dep.Product != "" {
		p, err := x.devices.Product(v, dep.Product)
		if err != nil && !fault.Is(err, fault.Missing) {
			return err
		}
		if err == nil {
			if called, err = x.devices.NamesOf(v, dep.Product); err != nil {
				return err
			}
			d.models = append(d.models, p.Models...)
		}
	}
	own, err := x.devices.KeysOfDeployment(v, dep.ID)
	if err != nil {
		return err
	}
	for _, k := range own {
		if !slices.ContainsFunc(called, func(n devices.Name) bool { return n.Key == k }) {
			called = append(called, devices.Name{Key: k, How: string(ByName)})
		}
	}
	for _, c := range claimsFor(called, claims) {
		j, ok := judgeDevice(d, c.how, c.Claim)
		o.add(subject{kind: ofDeployment, id: dep.ID}, c.Claim, j, ok)
	}
	return nil
}

// sbom compares a part of an SBOM with all vulnerabilities.
func (x *Matching) sbom(tx *db.Tx, v *db.View, id string, after int64) (next int64, err error) {
	b, err := x.devices.SBOM(v, id)
	if err != nil {
		return 0, err
	}
	o := &outcome{}
	parts, err := x.devices.PartsOf(v, b.Number(), int(after), chunkParts) // none, if it was withdrawn
	if err != nil {
		return 0, err
	}
	if err := x.compareParts(v, o, parts); err != nil {
		return 0, err
	}
	upto := int64(1) << 62
	if len(parts) == chunkParts {
		upto = int64(parts[len(parts)-1].Number)
		next = upto
	}
	return next, x.keep(tx, o, `f.sbom = $1 AND f.part > $2 AND f.part <= $3`, b.Number(), after, upto)
}

// compareParts compares components with all vulnerabilities.
func (x *Matching) compareParts(v *db.View, o *outcome, parts []devices.Part) error {
	keyed := allHashes(parts)
	seen := map[int64]bool{}
	var keys []int64
	for _, list := range keyed {
		for _, h := range list {
			if !seen[h] {
				seen[h] = true
				keys = append(keys, h)
			}
		}
	}
	list, err := x.vulns.ClaimsByKey(v, keys)
	if err != nil {
		return err
	}
	judgeParts(o, parts, keyed, byKey(list))
	return nil
}

// claimsNamed are the claims on any of these keys.
func (x *Matching) claimsNamed(v *db.View, keys []int64) (map[int64][]vulns.Claim, error) {
	list, err := x.vulns.ClaimsByKey(v, keys)
	return byKey(list), err
}

// product compares a product and its deployments with all vulnerabilities.
func (x *Matching) product(tx *db.Tx, v *db.View, id string) error {
	o := &outcome{}
	called, err := x.devices.NamesOf(v, id)
	if err != nil {
		return err
	}
	keys := make([]int64, len(called))
	for i, n := range called {
		keys[i] = n.Key
	}
	if len(called) > 0 {
		claims, err := x.claimsNamed(v, keys)
		if err != nil {
			return err
		}
		if err := x.judgeProduct(v, o, id, claims); err != nil {
			return err
		}
	}
	if err := x.keep(tx, o, `f.kind = 'version' AND f.subject <> '' AND f.subject = $1`, id); err != nil {
		return err
	}
	deployed, err := x.devices.DeploymentsOf(v, []string{id})
	if err != nil {
		return err
	}
	for _, d := range deployed {
		if err := x.deployment(tx, v, d.ID); err != nil {
			return err
		}
	}
	return nil
}

// deployment compares a deployment with all vulnerabilities.
func (x *Matching) deployment(tx *db.Tx, v *db.View, id string) error {
	o := &outcome{}
	keys, err := x.devices.KeysOfDeployment(v, id) // none, if it is not matched any more
	if err != nil {
		return err
	}
	if len(keys) > 0 {
		d, err := x.devices.Deployment(v, id)
		if err != nil {
			return err
		}
		claims, err := x.claimsNamed(v, keys)
		if err != nil {
			return err
		}
		if err := x.judgeDeployment(v, o, d, claims); err != nil {
			return err
		}
	}
	return x.keep(tx, o, `f.kind = 'deployment' AND f.subject <> '' AND f.subject = $1`, id)
}

// all notes every source to be compared, one kind after another.
func (x *Matching) all(tx *db.Tx, v *db.View, after int64) (next int64, err error) {
	sboms, err := x.devices.SBOMNumbers(v, 0, 1_000_000)
	if err != nil {
		return 0, err
	}
	for _, n := range sboms {
		b, err := x.devices.SBOMNumbered(v, n)
		if err != nil {
			return 0, err
		}
		if err := x.todo(tx, todoSBOM, b.ID, 1); err != nil {
			return 0, err
		}
	}
	products, err := db.All(v, db.Value[string], `SELECT p.id FROM visible.devices_products p`)
	if err != nil {
		return 0, err
	}
	for _, id := range products {
		if err := x.todo(tx, todoProduct, id, 1); err != nil {
			return 0, err
		}
	}
	deployed, err := db.All(v, db.Value[string], `SELECT d.id FROM visible.devices_deployments d`)
	if err != nil {
		return 0, err
	}
	for _, id := range deployed {
		if err := x.todo(tx, todoDeployment, id, 1); err != nil {
			return 0, err
		}
	}
	return 0, nil
}

// worse notes, once for each record that says so, the open findings whose vulnerability is now known to be exploited.
func (x *Matching) worse(tx *db.Tx, v *db.View, places []int64) error {
	records, err := x.vulns.Records(v, places)
	if err != nil {
		return err
	}
	now, w := clock.Micros(tx.Now()), newWriter()
	for _, r := range records {
		if !r.Exploited {
			continue
		}
		open, err := db.All(tx.View, db.Value[int64], `SELECT f.n FROM matching_findings f WHERE f.vuln = $1 AND f.gone = 0 AND NOT EXISTS (SELECT 1 FROM matching_news w WHERE w.finding = f.n AND w.what = 'exploited' AND w.record = $2) ORDER BY f.n`, r.Vuln, r.Place)
		if err != nil {
			return err
		}
		for _, n := range open {
			if err := w.news(tx, n, r.Place, "exploited", now); err != nil {
				return err
			}
		}
	}
	return w.flush(tx)
}
