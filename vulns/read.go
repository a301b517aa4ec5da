package vulns

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/formats/vuln"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
)

// Vulnerability is what all sources that the reader may see say of one
// vulnerability, put together.
type Vulnerability struct {
	ID        string   // canonical: the CVE id, if there is one
	IDs       []string // every id it is known by, the canonical one first
	Title     string
	Summary   string
	Published time.Time // the earliest word
	Modified  time.Time // the latest word
	Withdrawn bool      // every source has taken its word back

	Severity                          int64         // CVSS base score × 10 of the worst score, -1 if there is none
	Worst                             SourceScore   // that score
	Scores                            []SourceScore // every source's
	KEV                               *vuln.KEV
	EPSS                              *vuln.EPSS
	Exploited                         bool   // in KEV, or CISA's SSVC says active
	Exploitation, Automatable, Impact string // CISA's SSVC decision points
	CWEs                              []string

	Records []Record     // each source's word, with its claims
	History []Change     // newest first
	Label   policy.Label // the strictest of the records'
}

// SourceScore is a score with the record that it comes from.
type SourceScore struct {
	vuln.Score
	Source   string
	SourceID string
}

// Change is an earlier word of a record, which a later one replaced.
type Change struct {
	At       time.Time // when it was replaced
	Record   string    // id of the record
	Source   string
	SourceID string
	Before   vuln.Record
	Label    policy.Label
}

const recordColumns = `r.n, r.id, r.vuln, r.owner, r.severity, r.exploited, r.record, r.digest, r.batch, r.at, r.tlp, r.audience`

func scanRecord(v *db.View) func(db.Scanner) (Record, error) {
	return func(s db.Scanner) (r Record, err error) {
		var exploited, at int64
		var text []byte
		var tlp, audience string
		if err = s.Scan(&r.Place, &r.ID, &r.Vuln, &r.Org, &r.Severity, &exploited, &text, &r.digest, &r.Batch, &at, &tlp, &audience); err != nil {
			return r, err
		}
		r.Exploited, r.At = exploited == 1, clock.FromMicros(at)
		if err = decode(text, &r.Record); err != nil {
			return r, err
		}
		r.Label, err = v.Label(tlp, audience)
		return r, err
	}
}

// withClaims reads the claims of records.
func (x *Vulns) withClaims(v *db.View, rs []Record) error {
	at := map[int64]int{}
	for i, r := range rs {
		at[r.Place] = i
		rs[i].Claims = nil
	}
	places := make([]int64, 0, len(rs))
	for _, r := range rs {
		places = append(places, r.Place)
	}
	for part := range slices.Chunk(places, readChunk) {
		err := v.Each(`SELECT c.n, c.claim FROM vulns_claims c WHERE c.n IN (SELECT CAST(value AS BIGINT) FROM json_each($1)) ORDER BY c.n, c.i`, []any{numbers(part)}, func(s db.Scanner) error {
			var n int64
			var text []byte
			if err := s.Scan(&n, &text); err != nil {
				return err
			}
			var c vuln.Claim
			if err := decode(text, &c); err != nil {
				return err
			}
			rs[at[n]].Claims = append(rs[at[n]].Claims, c)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// readChunk is how many places or keys one statement asks for.
const readChunk = 2000

// Records reads the records at places, in their order, as far as the viewer may see
// them, without their claims.
func (x *Vulns) Records(v *db.View, places []int64) (out []Record, err error) {
	places = slices.Compact(slices.Sorted(slices.Values(places)))
	for part := range slices.Chunk(places, readChunk) {
		rs, err := db.All(v, scanRecord(v), `SELECT `+recordColumns+` FROM visible.vulns_records r WHERE r.n IN (SELECT CAST(value AS BIGINT) FROM json_each($1)) ORDER BY r.n`, numbers(part))
		if err != nil {
			return nil, err
		}
		out = append(out, rs...)
	}
	return out, nil
}

// Touched are the places of the records that a commit of an import added, changed or
// moved to another canonical id, as far as the viewer may see them and nothing later
// touched them: that has an entry of its own.
func (x *Vulns) Touched(v *db.View, batch string, part int64) ([]int64, error) {
	return db.All(v, db.Value[int64], `SELECT r.n FROM visible.vulns_records r WHERE r.touched = $1 AND r.touched_part = $2 ORDER BY r.n`, batch, part)
}

// canonicalOf finds the canonical id of what is known by an id, in the viewer's eyes.
func (x *Vulns) canonicalOf(v *db.View, id string) (string, error) {
	for _, name := range []string{id, strings.ToUpper(id)} {
		if ok, err := v.Exists(`SELECT r.n FROM visible.vulns_records r WHERE r.vuln = $1 LIMIT 1`, name); err != nil || ok {
			return name, err
		}
	}
	return db.One(v, db.Value[string], `SELECT r.vuln FROM vulns_names w JOIN visible.vulns_records r ON r.n = w.n WHERE w.name = $1 ORDER BY w.link DESC, r.vuln LIMIT 1`, strings.ToUpper(id))
}

// Vulnerability is what is known of a vulnerability, by any of its ids, put together
// from the records that the viewer may see.
func (x *Vulns) Vulnerability(v *db.View, id string) (Vulnerability, error) {
	u := Vulnerability{Severity: -1, Withdrawn: true}
	if badID(id) || id == "" {
		return u, fault.ErrMissing
	}
	var err error
	if u.ID, err = x.canonicalOf(v, id); err != nil {
		return u, err
	}
	if u.Records, err = db.All(v, scanRecord(v), `SELECT `+recordColumns+` FROM visible.vulns_records r WHERE r.vuln = $1`, u.ID); err != nil {
		return u, err
	}
	if len(u.Records) == 0 {
		return u, fault.ErrMissing
	}
	if err := x.withClaims(v, u.Records); err != nil {
		return u, err
	}
	sortRecords(u.Records)
	u.merge()
	if u.History, err = x.history(v, u.Records); err != nil {
		return u, err
	}
	scores, err := x.EPSSOf(v, []string{u.ID})
	if e, ok := scores[u.ID]; ok {
		u.EPSS = &e
	}
	return u, err
}

// sortRecords orders records so that it tells nothing of what else there is.
func sortRecords(rs []Record) {
	slices.SortFunc(rs, func(a, b Record) int {
		return cmp.Or(cmp.Compare(rank(a.Source), rank(b.Source)), strings.Compare(a.Record.ID, b.Record.ID), strings.Compare(a.Document, b.Document),
			cmp.Compare(slices.Index(policy.Markings(), a.Label.TLP), slices.Index(policy.Markings(), b.Label.TLP)), strings.Compare(a.ID, b.ID))
	})
}

// rank is the order in which sources are shown.
func rank(source string) int {
	return slices.Index([]string{vuln.CVE, vuln.InKEV, vuln.CSAF, vuln.OSV}, source)
}

// merge puts the records together.
func (u *Vulnerability) merge() {
	u.IDs = []string{u.ID}
	var markings []policy.TLP
	seen := map[string]bool{strings.ToUpper(u.ID): true}
	id := func(s string) {
		if up := strings.ToUpper(s); !seen[up] {
			seen[up] = true
			u.IDs = append(u.IDs, s)
		}
	}
	for _, r := range u.Records {
		markings = append(markings, r.Label.TLP)
		id(r.Record.ID)
		if u.Published.IsZero() || !r.Published.IsZero() && r.Published.Before(u.Published) {
			u.Published = r.Published
		}
		if r.Modified.After(u.Modified) {
			u.Modified = r.Modified
		}
		out := !r.Record.Withdrawn.IsZero()
		u.Withdrawn = u.Withdrawn && out
		if u.Title == "" && (!out || len(u.Records) == 1) {
			u.Title = r.Title
		}
		if u.Summary == "" && (!out || len(u.Records) == 1) {
			u.Summary = r.Summary
		}
		if u.KEV == nil && r.KEV != nil {
			u.KEV = r.KEV
		}
		if !out {
			u.Exploited = u.Exploited || r.Exploited
			if u.Exploitation == "" {
				u.Exploitation, u.Automatable, u.Impact = r.Exploitation, r.Automatable, r.Impact
			}
		}
		for _, c := range r.CWEs {
			if !slices.Contains(u.CWEs, c) {
				u.CWEs = append(u.CWEs, c)
			}
		}
		for _, s := range r.Scores {
			score := SourceScore{s, r.Source, r.Record.ID}
			u.Scores = append(u.Scores, score)
			if n := severity(vuln.Record{Scores: []vuln.Score{s}}); !out && n > u.Severity {
				u.Severity, u.Worst = n, score
			}
		}
	}
	for _, r := range u.Records {
		if u.Title == "" {
			u.Title = r.Title
		}
		if u.Summary == "" {
			u.Summary = r.Summary
		}
		if baseID(r.Record) != several {
			for _, a := range r.Aliases {
				id(a)
			}
		}
	}
	slices.Sort(u.IDs[1:])
	slices.Sort(u.CWEs)
	u.Label.TLP = policy.Strictest(markings...)
	for _, r := range u.Records {
		if r.Label.TLP == u.Label.TLP {
			u.Label.Audience = r.Label.Audience
			break
		}
	}
}

// maxHistory is how many earlier words are shown.
const maxHistory = 50

func (x *Vulns) history(v *db.View, rs []Record) ([]Change, error) {
	var places []int64
	for _, r := range rs {
		places = append(places, r.Place)
	}
	type row struct {
		n int64
		Change
	}
	rows, err := db.All(v, func(s db.Scanner) (c row, err error) {
		var at int64
		var text []byte
		var tlp, audience string
		if err = s.Scan(&c.n, &at, &text, &tlp, &audience); err != nil {
			return c, err
		}
		c.At = clock.FromMicros(at)
		if err = decode(text, &c.Before); err != nil {
			return c, err
		}
		c.Label, err = v.Label(tlp, audience)
		return c, err
	}, `SELECT h.n, h.at, h.record, h.tlp, h.audience FROM visible.vulns_history h WHERE h.n IN (SELECT CAST(value AS BIGINT) FROM json_each($1)) ORDER BY h.at DESC, h.n, h.part DESC LIMIT $2`, numbers(places), maxHistory)
	if err != nil {
		return nil, err
	}
	var out []Change
	for _, c := range rows {
		for _, r := range rs {
			if r.Place == c.n {
				c.Record, c.Source, c.SourceID = r.ID, r.Source, r.Record.ID
			}
		}
		out = append(out, c.Change)
	}
	return out, nil
}
