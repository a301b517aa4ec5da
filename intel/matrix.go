package intel

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
)

// Matrix is an ATT&CK matrix, coloured by what was seen.
type Matrix struct {
	ID, Name string
	Domain   string // "ics-attack"
	Tactics  []Tactic
	Most     int        // the largest Seen
	TLP      policy.TLP // the strictest of what was counted; "" if nothing was
	Counted  int        // objects that speak of techniques, of any matrix, that were looked at
	More     bool       // there are more; the newest were looked at
}

// Tactic is a column.
type Tactic struct {
	ID, Name, Short string // Short as kill chains have it: "initial-access"
	Techniques      []Technique
}

// Technique is a cell. Its sub-techniques are counted with it.
type Technique struct {
	ID       string // STIX id
	External string // T0806
	Name     string
	Seen     int // objects that say so, as far as the viewer may read them
	Last     time.Time
}

// MatrixName is a matrix to choose.
type MatrixName struct{ ID, Name, Domain string }

const (
	// MaxCited is how many of the newest objects that speak of techniques are
	// counted in a matrix.
	MaxCited      = 2000
	maxMatrices   = 50
	maxTechniques = 3000
)

// chains are the kill chains of ATT&CK's domains (ATT&CK data model).
var chains = map[string]string{"ics-attack": "mitre-ics-attack", "enterprise-attack": "mitre-attack", "mobile-attack": "mitre-mobile-attack"}

// matrixText is what a matrix, a tactic and a technique say beyond STIX.
type matrixText struct {
	Name      string   `json:"name"`
	Tactics   []string `json:"tactic_refs"`
	Short     string   `json:"x_mitre_shortname"`
	Old       bool     `json:"x_mitre_deprecated"`
	Technique bool     `json:"x_mitre_is_subtechnique"`
}

// matrixOf reads it. The text was checked when it came; what has another form is
// as if it were not there.
func matrixOf(o Object) (w matrixText) {
	_ = json.Unmarshal(o.Raw, &w)
	return w
}

// Matrices lists the matrices in the store that the viewer may read, ICS first.
func (x *Intel) Matrices(v *db.View) ([]MatrixName, error) {
	hits, _, err := x.Search(v, Query{Types: []string{"x-mitre-matrix"}, Confidence: -1, Revoked: new(bool)}, "", maxMatrices)
	if err != nil {
		return nil, err
	}
	var ms []MatrixName
	for _, h := range hits {
		if w := matrixOf(h.Object); !w.Old {
			ms = append(ms, MatrixName{ID: h.ID, Name: h.Name, Domain: domain(h.Object)})
		}
	}
	slices.SortFunc(ms, func(a, b MatrixName) int {
		return cmp.Or(cmp.Compare(bit(a.Domain != "ics-attack"), bit(b.Domain != "ics-attack")), strings.Compare(a.Name, b.Name), strings.Compare(a.ID, b.ID))
	})
	return ms, nil
}

// domain is the name under which a matrix is published.
func domain(o Object) string {
	for _, e := range o.External {
		if strings.HasPrefix(e.SourceName, "mitre") && e.ID != "" {
			return e.ID
		}
	}
	return ""
}

// code is a technique's code.
func code(o Object) string {
	for _, e := range o.External {
		if strings.HasPrefix(e.SourceName, "mitre") && wholeCode.MatchString(e.ID) {
			return e.ID
		}
	}
	return ""
}

// Matrix is one of them, "" the first. It is missing when there is none.
func (x *Intel) Matrix(v *db.View, id string) (Matrix, error) {
	if id == "" {
		ms, err := x.Matrices(v)
		if err != nil {
			return Matrix{}, err
		}
		if len(ms) == 0 {
			return Matrix{}, fault.ErrMissing
		}
		id = ms[0].ID
	}
	o, err := x.Object(v, id)
	if err != nil {
		return Matrix{}, err
	}
	if o.Type != "x-mitre-matrix" {
		return Matrix{}, fault.ErrMissing
	}
	m := Matrix{ID: o.ID, Name: o.Name, Domain: domain(o)}
	if m.Tactics, err = x.tactics(v, matrixOf(o).Tactics); err != nil {
		return m, err
	}
	if err := x.cells(v, &m); err != nil {
		return m, err
	}
	for i := range m.Tactics {
		for _, t := range m.Tactics[i].Techniques {
			m.Most = max(m.Most, t.Seen)
		}
	}
	return m, nil
}

// tactics are the columns, in the matrix's order.
func (x *Intel) tactics(v *db.View, ids []string) (ts []Tactic, err error) {
	found, err := x.Objects(v, ids[:min(len(ids), maxMatrices)])
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		i := slices.IndexFunc(found, func(o Object) bool { return o.ID == id })
		if i < 0 || found[i].Type != "x-mitre-tactic" {
			continue
		}
		if w := matrixOf(found[i]); w.Short != "" {
			ts = append(ts, Tactic{ID: id, Name: found[i].Name, Short: w.Short})
		}
	}
	return ts, nil
}

// cells fills the columns.
func (x *Intel) cells(v *db.View, m *Matrix) error {
	chain := chains[m.Domain]
	var phases []string
	for _, t := range m.Tactics {
		phases = append(phases, inChain(chain, t.Short))
	}
	if phases == nil {
		return nil
	}
	ask := &matching{}
	ask.anyOf("type", []string{"attack-pattern"})
	ask.anyOf("phase", phases)
	ask.no = []string{"revoked"}
	f := &finding{engine: v.Engine()}
	f.index(ask, v.Viewer())
	f.and(latest)
	f.and(once)
	all, err := db.All(v, scanObject(v), f.statement(objectColumns, maxTechniques), f.args...)
	if err != nil {
		return err
	}
	seen, err := x.cited(v, m)
	if err != nil {
		return err
	}
	// An object that speaks of a technique in several ways counts once, and one
	// that speaks of a sub-technique counts for the technique.
	codes := map[string]string{} // STIX id → code without the sub-technique's part
	for _, o := range all {
		codes[o.ID], _, _ = strings.Cut(code(o), ".")
	}
	type count struct {
		seen int
		last time.Time
	}
	counts := map[string]count{}
	for _, s := range seen {
		var each []string
		for _, c := range s.cites {
			if k, ok := codes[c]; ok && k != "" {
				into(&each, k)
			} else if ok {
				into(&each, c)
			} else if k, _, _ := strings.Cut(c, "."); wholeCode.MatchString(k) {
				into(&each, k)
			}
		}
		for _, k := range each {
			c := counts[k]
			counts[k] = count{c.seen + 1, latestOf(c.last, s.added)}
		}
	}
	for _, o := range all {
		if w := matrixOf(o); w.Old || w.Technique {
			continue
		}
		c := counts[cmp.Or(codes[o.ID], o.ID)]
		t := Technique{ID: o.ID, External: code(o), Name: o.Name, Seen: c.seen, Last: c.last}
		for i := range m.Tactics {
			if slices.ContainsFunc(o.phases(), func(p string) bool {
				return p == inChain(chain, m.Tactics[i].Short) || chain == "" && strings.HasSuffix(p, "/"+m.Tactics[i].Short)
			}) {
				m.Tactics[i].Techniques = append(m.Tactics[i].Techniques, t)
			}
		}
	}
	for i := range m.Tactics {
		slices.SortFunc(m.Tactics[i].Techniques, func(a, b Technique) int {
			return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.ID, b.ID))
		})
	}
	return nil
}

// inChain is a tactic as the index names its phase; of a matrix whose kill chain
// nobody here knows, in any chain.
func inChain(chain, short string) string {
	if chain == "" {
		return fold(short)
	}
	return chain + "/" + fold(short)
}

// phases are the object's, as the index names them.
func (o Object) phases() (ps []string) {
	for _, p := range o.KillChain {
		ps = append(ps, fold(p.Chain)+"/"+fold(p.Phase))
	}
	return ps
}

func latestOf(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// citation is an object that speaks of techniques.
type citation struct {
	cites []string // codes, and ids of techniques
	added time.Time
}

// cited lists the newest objects that speak of techniques and are not ATT&CK's
// own: sightings of them, relationships to them, and what names their codes.
func (x *Intel) cited(v *db.View, m *Matrix) (all []citation, err error) {
	f := &finding{engine: v.Engine()}
	ask := &matching{}
	ask.any(citing)
	ask.no = []string{"revoked"}
	f.index(ask, v.Viewer())
	f.and(latest)
	f.and(once)
	stmt := f.statement(`o.added, o.tlp, COALESCE((SELECT STRING_AGG(c.technique, ' ' ORDER BY c.technique) FROM intel_cites c WHERE c.n = o.n), '')`, MaxCited+1)
	err = v.Each(stmt, f.args, func(s db.Scanner) error {
		var added int64
		var cites string
		var tlp policy.TLP
		if err := s.Scan(&added, &tlp, &cites); err != nil {
			return err
		}
		if len(all) == MaxCited {
			m.More = true
			return nil
		}
		if m.TLP == "" || tlp.StricterThan(m.TLP) {
			m.TLP = tlp
		}
		all = append(all, citation{strings.Fields(cites), clock.FromMicros(added)})
		return nil
	})
	m.Counted = len(all)
	return all, err
}
