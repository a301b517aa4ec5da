package api

import (
	"time"

	"github.com/cordon-isao/cordon/formats/vuln"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/vulns"
)

// KnownVulnerability is what all sources that you may see say of one, in a list.
type KnownVulnerability struct {
	ID        string     `json:"id" doc:"The CVE id, if there is one"`
	Title     string     `json:"title,omitempty"`
	Published time.Time  `json:"published,omitzero"`
	Modified  time.Time  `json:"modified,omitzero" doc:"The newest word of a source"`
	Severity  *float64   `json:"severity,omitempty" doc:"The worst CVSS base score; missing if there is none"`
	Exploited bool       `json:"exploited" doc:"In CISA's catalogue, or CISA says that it is"`
	Withdrawn bool       `json:"withdrawn,omitempty" doc:"Every source has taken its word back"`
	EPSS      *EPSSScore `json:"epss,omitempty"`
	Sources   []string   `json:"sources"`
	Label     Label      `json:"label" doc:"The strictest of what is told here"`
}

func (c *call) knownShape(v *db.View, i vulns.Item) (KnownVulnerability, error) {
	l, err := c.label(v, i.Label)
	return KnownVulnerability{i.ID, i.Title, utc(i.Published), utc(i.Modified), score(i.Severity), i.Exploited, i.Withdrawn, epssShape(i.EPSS), some(i.Sources), l}, err
}

func (c *call) knownList(in *struct {
	PlacePaging
	Query     string  `query:"q" maxLength:"500" doc:"Words of titles and ids"`
	Severity  float64 `query:"severity" minimum:"0" maximum:"10" doc:"At least this CVSS base score"`
	Exploited bool    `query:"exploited" doc:"Only what is known to be exploited"`
	Source    string  `query:"source" enum:"osv,cve,csaf,kev,epss" doc:"Only those of which this source speaks"`
}) (*answer[list[KnownVulnerability]], error) {
	is, next, err := c.Vulns.List(c.view, vulns.Query{Text: in.Query, Severity: int64(in.Severity*10 + 0.5), Exploited: in.Exploited, Source: in.Source, After: in.Cursor, Limit: in.Limit})
	return paged(c.view, is, next, renamed(err, "text", "q"), c.knownShape)
}

// InKnown is an operation on a vulnerability that sources speak of.
type InKnown struct {
	Known string `path:"known" doc:"Any id of a vulnerability, such as CVE-2021-44228"`
}

// KnownPage is what sources say of a vulnerability, put together, and each one's word.
type KnownPage struct {
	KnownVulnerability
	IDs          []string      `json:"ids" doc:"Every id that it is known by"`
	Summary      string        `json:"summary,omitempty"`
	Scores       []KnownScore  `json:"scores"`
	KEV          *KEVEntry     `json:"kev,omitempty" doc:"As CISA's catalogue of exploited vulnerabilities has it"`
	Exploitation string        `json:"exploitation,omitempty" doc:"By CISA: none, poc or active"`
	Automatable  string        `json:"automatable,omitempty" doc:"By CISA: yes or no"`
	Impact       string        `json:"impact,omitempty" doc:"By CISA: partial or total"`
	CWEs         []string      `json:"cwes"`
	Records      []KnownRecord `json:"records" doc:"Each source's word"`
	History      []KnownChange `json:"history" doc:"Earlier words, newest first"`
}

// KnownScore is a source's CVSS score.
type KnownScore struct {
	Version  string  `json:"version"`
	Vector   string  `json:"vector"`
	Base     float64 `json:"base"`
	Severity string  `json:"severity,omitempty"`
	By       string  `json:"by,omitempty"`
	Source   string  `json:"source"`
	SourceID string  `json:"source_id"`
}

// KEVEntry is an entry of CISA's catalogue.
type KEVEntry struct {
	Added      time.Time `json:"added"`
	Due        time.Time `json:"due,omitzero"`
	Ransomware bool      `json:"ransomware" doc:"Known to be used in ransomware campaigns"`
	Action     string    `json:"action,omitempty"`
	Name       string    `json:"name,omitempty"`
}

// KnownRecord is one source's word.
type KnownRecord struct {
	ID         string       `json:"id"`
	Source     string       `json:"source" enum:"osv,cve,csaf,kev,epss"`
	SourceID   string       `json:"source_id"`
	Document   string       `json:"document,omitempty" doc:"Tracking id of the advisory"`
	Title      string       `json:"title,omitempty"`
	Summary    string       `json:"summary,omitempty"`
	Aliases    []string     `json:"aliases"`
	Published  time.Time    `json:"published,omitzero"`
	Modified   time.Time    `json:"modified,omitzero"`
	Withdrawn  time.Time    `json:"withdrawn,omitzero"`
	References []string     `json:"references"`
	Claims     []KnownClaim `json:"claims" doc:"What is affected, and what is not; the first 200"`
	MoreClaims int          `json:"more_claims,omitempty" doc:"Claims that are not listed"`
	Label      Label        `json:"label"`
}

// KnownClaim says that versions of one thing are, or are not, affected.
type KnownClaim struct {
	Kind     string `json:"kind" enum:"purl,cpe,device,name"`
	Key      string `json:"key,omitempty"`
	Vendor   string `json:"vendor,omitempty"`
	Product  string `json:"product,omitempty"`
	Release  string `json:"release,omitempty" doc:"Of a distribution"`
	Status   string `json:"status" enum:"affected,not_affected,fixed,under_investigation"`
	Versions string `json:"versions,omitempty" doc:"As a rule reads them"`
	Words    string `json:"words,omitempty" doc:"As the source wrote it"`
	Person   bool   `json:"person,omitempty" doc:"No rule reads the versions: a person must look"`
	Remedy   string `json:"remedy,omitempty"`
}

// KnownChange is an earlier word of a source, which a later one replaced.
type KnownChange struct {
	At       time.Time `json:"at" doc:"When it was replaced"`
	Source   string    `json:"source"`
	SourceID string    `json:"source_id"`
	Title    string    `json:"title,omitempty" doc:"As it was before"`
}

// maxClaims is how many claims of a record are listed.
const maxClaims = 200

func claimShape(x vuln.Claim) KnownClaim {
	return KnownClaim{x.Kind, x.Key, x.Vendor, x.Product, x.Release, x.Status, x.Range.String(), x.Words, x.NeedsPerson(), x.Remedy}
}

func (c *call) recordShape(v *db.View, r vulns.Record) (KnownRecord, error) {
	l, err := c.label(v, r.Label)
	out := KnownRecord{ID: r.ID, Source: r.Source, SourceID: r.Record.ID, Document: r.Document, Title: r.Title, Summary: r.Summary, Aliases: some(r.Aliases), Published: utc(r.Published), Modified: utc(r.Modified),
		Withdrawn: utc(r.Withdrawn), References: some(r.References), Claims: []KnownClaim{}, Label: l}
	for i, x := range r.Claims {
		if i == maxClaims {
			out.MoreClaims = len(r.Claims) - i
			break
		}
		out.Claims = append(out.Claims, claimShape(x))
	}
	return out, err
}

func (c *call) known(in *InKnown) (*answer[KnownPage], error) {
	u, err := c.Vulns.Vulnerability(c.view, in.Known)
	if err != nil {
		return nil, err
	}
	l, err := c.label(c.view, u.Label)
	if err != nil {
		return nil, err
	}
	out := KnownPage{KnownVulnerability: KnownVulnerability{ID: u.ID, Title: u.Title, Published: utc(u.Published), Modified: utc(u.Modified), Severity: score(u.Severity), Exploited: u.Exploited, Withdrawn: u.Withdrawn,
		EPSS: epssShape(u.EPSS), Sources: []string{}, Label: l},
		IDs: some(u.IDs), Summary: u.Summary, Scores: []KnownScore{}, Exploitation: u.Exploitation, Automatable: u.Automatable, Impact: u.Impact, CWEs: some(u.CWEs), History: []KnownChange{}}
	for _, s := range u.Scores {
		out.Scores = append(out.Scores, KnownScore{s.Version, s.Vector, s.Base, s.Severity, s.By, s.Source, s.SourceID})
	}
	if k := u.KEV; k != nil {
		out.KEV = &KEVEntry{utc(k.Added), utc(k.Due), k.Ransomware, k.Action, k.Name}
	}
	seen := map[string]bool{}
	for _, r := range u.Records {
		if !seen[r.Source] {
			seen[r.Source] = true
			out.Sources = append(out.Sources, r.Source)
		}
	}
	if out.Records, err = each(c.view, u.Records, c.recordShape); err != nil {
		return nil, err
	}
	for _, h := range u.History {
		out.History = append(out.History, KnownChange{utc(h.At), h.Source, h.SourceID, h.Before.Title})
	}
	return &answer[KnownPage]{out}, nil
}
