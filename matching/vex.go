package matching

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/formats/purl"
	"github.com/cordon-isao/cordon/formats/vex"
	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/policy"
)

// Saying is what an organization says of a vulnerability in a product (a VEX
// statement). The word of who keeps the product decides; that of others is shown
// beside it.
type Saying struct {
	ID            string // "" = it came within the SBOM
	At            time.Time
	Org           string
	OrgName       string
	Product       string
	Version       string // "" = all versions
	Component     string // key of the component (see ComponentKey), perhaps with its version, "" = the product as a whole
	Vuln          string
	Status        string // not_affected, affected, fixed or under_investigation
	Justification string // one of vex.Justifications, of not_affected
	Impact        string // why it is not affected
	Action        string // what to do, of affected
	Notes         string
	Source        string // typed, openvex, csaf, cyclonedx or sbom
	Said          time.Time
	Replaced      bool // by a later one of the same organization about the same
	Label         policy.Label
}

// called is what statements call a component: every version of it by key, which is its
// package URL without the version, else its folded name; and this version by name. A
// product may hold several versions, of which a statement clears only its own.
func called(p devices.Part) (key, version, name string) {
	version = p.Version
	if u, err := purl.Parse(p.PURL); err == nil {
		key, version = u.Key(), cmp.Or(u.Version, version)
	} else if keys := p.Keys(); len(keys) > 0 {
		key = keys[len(keys)-1]
	}
	if version == "" {
		return key, "", key
	}
	return key, version, key + "@" + version
}

// ComponentKey is what a statement calls every version of a component by.
func ComponentKey(p devices.Part) string {
	key, _, _ := called(p)
	return key
}

// speaksOf reports whether a statement that names component speaks of p.
func speaksOf(component string, p devices.Part) bool {
	key, _, name := called(p)
	return component == key || component == name
}

const sayingColumns = `x.id, x.at, x.org, x.org_name, x.product, x.version, x.component, x.vuln, x.status, x.justification, x.impact, x.action, x.notes, x.source, x.said, x.replaced, x.tlp, x.audience`

func scanSaying(v *db.View) func(db.Scanner) (Saying, error) {
	return func(s db.Scanner) (w Saying, err error) {
		var at, said, replaced int64
		var tlp, audience string
		if err = s.Scan(&w.ID, &at, &w.Org, &w.OrgName, &w.Product, &w.Version, &w.Component, &w.Vuln, &w.Status, &w.Justification, &w.Impact, &w.Action, &w.Notes, &w.Source, &said, &replaced, &tlp, &audience); err != nil {
			return w, err
		}
		w.At, w.Said, w.Replaced = clock.FromMicros(at), clock.FromMicros(said), replaced != 0
		w.Label, err = v.Label(tlp, audience)
		return w, err
	}
}

// NewSaying is a statement that somebody makes.
type NewSaying struct {
	Product, Version string // a version's name, "" = all
	Component        string // see [Saying]; "" = the product as a whole
	Vuln             string
	Status           string
	Justification    string
	Impact           string
	Action           string
	Notes            string
	Source           string    // "" = typed
	Said             time.Time // when its author said it; zero = now
	Label            policy.Label
}

// statement is what the formats call it, to be checked by their rules.
func (n NewSaying) statement() vex.Statement {
	return vex.Statement{Vulnerability: n.Vuln, Status: n.Status, Justification: n.Justification, Impact: n.Impact, Action: n.Action, Notes: n.Notes, Products: []vex.Product{{ID: "product:" + n.Product, Name: "product"}}}
}

// Say keeps a statement about a product. An earlier one of the same organization about
// the same is replaced and stays readable as history (see replace).
func (x *Matching) Say(tx *db.Tx, n NewSaying) (string, error) {
	who := tx.Viewer()
	if !who.May(policy.MayPost) {
		return "", fault.Forbiddenf("You may not make statements about products.")
	}
	p, err := x.devices.Product(tx.View, n.Product)
	if err != nil {
		return "", err
	}
	var bad check.Problems
	n.Vuln = strings.ToUpper(bad.Line("vuln", "The vulnerability", n.Vuln, 100, true))
	if u, err := x.vulns.Vulnerability(tx.View, n.Vuln); err == nil {
		n.Vuln = u.ID
	}
	n.Version = bad.Line("version", "The version", n.Version, 100, false)
	n.Impact = bad.Text("impact", "The impact", n.Impact, 4000, false)
	n.Action = bad.Text("action", "The action", n.Action, 4000, false)
	n.Notes = bad.Text("notes", "The notes", n.Notes, 4000, false)
	if n.Component = bad.Line("component", "The component", n.Component, 500, false); strings.HasPrefix(n.Component, "pkg:") {
		u, err := purl.Parse(n.Component)
		if err != nil {
			bad.Add("component", "%s", sentence(err))
		} else if n.Component = u.Key(); u.Version != "" {
			n.Component += "@" + u.Version
		}
	}
	n.Status = bad.OneOf("status", "The status", n.Status, vex.Statuses()...)
	switch {
	case n.Status == vex.NotAffected && n.Justification == "" && n.Impact == "":
		bad.Add("justification", "Say why it is not affected: choose a justification or write the impact.")
	case n.Status == vex.Affected && n.Action == "":
		bad.Add("action", "Say what to do, or that there is nothing to do yet.")
	case n.Status != vex.NotAffected && n.Justification != "":
		bad.Add("justification", "A justification belongs to “not affected” only.")
	}
	if !bad.Found() && n.Status != "" {
		if err := n.statement().Check(); err != nil {
			bad.Add("status", "%s", sentence(err))
		}
	}
	if n.Label.TLP == "" {
		n.Label = policy.Default(who.Org)
	}
	if err := bad.Take(x.members.CheckLabel(tx.View, n.Label)); err != nil {
		return "", err
	}
	if err := bad.Err(); err != nil {
		return "", err
	}
	a, err := tx.Store(n.Label.Audience)
	if err != nil {
		return "", err
	}
	if n.Source == "" {
		n.Source = "typed"
	}
	if n.Said.IsZero() || n.Said.After(tx.Now()) {
		n.Said = tx.Now()
	}
	folded := devices.FoldVersion(n.Version)
	if err := x.replace(tx, n, folded); err != nil {
		return "", err
	}
	id := ids.New("vex")
	_, err = tx.Exec(`INSERT INTO matching_vex (id, at, org, org_name, person, product, version, folded, component, vuln, status, justification, impact, action, notes, source, said, replaced, tlp, audience)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, 0, $18, $19)`,
		id, clock.Micros(tx.Now()), who.Org, who.OrgName, who.Person, n.Product, n.Version, folded, n.Component, n.Vuln, n.Status, n.Justification, n.Impact, n.Action, n.Notes, n.Source, clock.Micros(n.Said), string(n.Label.TLP), a)
	if err != nil {
		return "", err
	}
	tx.Append(db.Entry{Verb: "vex.said", Object: id, Parent: p.ID, Label: n.Label, Data: map[string]any{"product": p.ID, "version": n.Version, "vulnerability": n.Vuln, "status": n.Status, "justification": n.Justification, "source": n.Source}})
	return id, nil
}

// replace marks what a new statement stands in the place of: earlier ones of the same
// organization about the same, whose readers all read the new one. What others were
// told stays until they are told otherwise, so that a draft takes nothing away.
func (x *Matching) replace(tx *db.Tx, n NewSaying, folded string) error {
	all := tx.View.As(system)
	old, err := db.All(all, scanSaying(all), `SELECT `+sayingColumns+` FROM visible.matching_vex x WHERE x.org = $1 AND x.product = $2 AND x.folded = $3 AND x.component = $4 AND x.vuln = $5 AND x.replaced = 0 AND x.said <= $6`,
		tx.Viewer().Org, n.Product, folded, n.Component, n.Vuln, clock.Micros(n.Said))
	if err != nil {
		return err
	}
	for _, w := range old {
		if !policy.Covers(n.Label.Audience, w.Label.Audience, x.members.Facts(tx.View)) {
			continue
		}
		if err := tx.MustChange(`UPDATE matching_vex SET replaced = 1 WHERE id = $1`, w.ID); err != nil {
			return err
		}
	}
	return nil
}

// Sayings lists the statements about a product that the reader may see, newest first;
// history adds those that were replaced.
func (x *Matching) Sayings(v *db.View, product string, history bool, limit int) ([]Saying, error) {
	where := ` AND x.replaced = 0`
	if history {
		where = ""
	}
	return db.All(v, scanSaying(v), `SELECT `+sayingColumns+` FROM visible.matching_vex x WHERE x.product = $1`+where+` ORDER BY x.said DESC, x.id DESC LIMIT $2`, product, page(limit))
}

// Saying is one statement.
func (x *Matching) Saying(v *db.View, id string) (Saying, error) {
	return db.One(v, scanSaying(v), `SELECT `+sayingColumns+` FROM visible.matching_vex x WHERE x.id = $1`, id)
}

// said adds to each finding the newest word of who keeps the product.
func (x *Matching) said(v *db.View, fs []Finding, sboms map[int64]*devices.SBOM) error {
	type key struct{ product, vuln string }
	words := map[key][]Saying{}
	within := map[int64][]Saying{}
	deployed := map[string]devices.Deployment{}
	products := map[string]devices.Product{}
	for i := range fs {
		f := &fs[i]
		product, version := f.Product, f.Version
		if f.Kind == ofDeployment {
			d, ok := deployed[f.Deployment]
			if !ok {
				var err error
				if d, err = x.devices.Deployment(v, f.Deployment); err != nil {
					return err
				}
				deployed[f.Deployment] = d
			}
			product, version = d.Product, d.Version
			f.Product, f.Version = product, version
		}
		if product == "" {
			continue
		}
		k := key{product, f.Vuln}
		list, ok := words[k]
		if !ok {
			var err error
			if list, err = db.All(v, scanSaying(v), `SELECT `+sayingColumns+` FROM visible.matching_vex x WHERE x.product = $1 AND x.vuln = $2 AND x.replaced = 0 ORDER BY x.said DESC, x.id DESC LIMIT 100`, product, f.Vuln); err != nil {
				return err
			}
			words[k] = list
		}
		p, ok := products[product]
		if !ok {
			var err error
			if p, err = x.devices.Product(v, product); err != nil && !fault.Is(err, fault.Missing) {
				return err
			}
			products[product] = p
		}
		keeper := p.Kept
		if f.Kind == ofComponent {
			keeper = sboms[f.sbom].Org
			inside, ok := within[f.sbom]
			if !ok {
				var err error
				if inside, err = x.within(v, sboms[f.sbom]); err != nil {
					return err
				}
				within[f.sbom] = inside
			}
			list = slices.Concat(list, inside)
		}
		for _, w := range list {
			if w.Org != keeper || w.Vuln != f.Vuln || w.Version != "" && devices.FoldVersion(w.Version) != devices.FoldVersion(version) || w.Component != "" && !(f.Kind == ofComponent && speaksOf(w.Component, f.Part)) {
				continue
			}
			if f.Said == nil || w.Said.After(f.Said.Said) {
				f.Said = &w
			}
		}
	}
	return nil
}

// within is the statements that an SBOM brought itself.
func (x *Matching) within(v *db.View, b *devices.SBOM) ([]Saying, error) {
	texts, err := x.devices.StatementsOf(v, b.Number())
	if err != nil || len(texts) == 0 {
		return nil, err
	}
	refs := map[string]devices.Part{}
	for after := 0; ; {
		parts, err := x.devices.PartsOf(v, b.Number(), after, chunkParts)
		if err != nil {
			return nil, err
		}
		for _, p := range parts {
			refs[p.Ref] = p
		}
		if len(parts) < chunkParts {
			break
		}
		after = parts[len(parts)-1].Number
	}
	var out []Saying
	for _, text := range texts {
		var s vex.Statement
		if err := json.Unmarshal([]byte(text), &s); err != nil {
			return nil, err
		}
		vuln := s.Vulnerability
		if u, err := x.vulns.Vulnerability(v, vuln); err == nil {
			vuln = u.ID
		}
		at := s.At
		if at.IsZero() {
			at = b.At
		}
		for _, p := range s.Products {
			w := Saying{At: b.At, Org: b.Org, OrgName: b.OrgName, Product: b.Product, Version: b.Version, Vuln: vuln, Status: s.Status, Justification: s.Justification, Impact: s.Impact, Action: s.Action, Notes: s.Notes, Source: "sbom", Said: at, Label: b.Label}
			part, ok := refs[p.Ref]
			switch {
			case ok && part.Number == b.Root:
			case ok:
				_, _, w.Component = called(part)
			default:
				continue // about something that this SBOM does not list
			}
			out = append(out, w)
		}
	}
	return out, nil
}

func sentence(err error) string {
	s := err.Error()
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + strings.TrimSuffix(s[1:], ".") + "."
}
