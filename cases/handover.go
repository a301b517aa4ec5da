package cases

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/cordon-isao/cordon/formats/strictjson"
	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
)

// A case is handed over to another coordinator as one JSON text in RFC 8785 form.
// It holds what everybody who takes part reads, as far as the one who hands over
// reads it too: never a side thread of some, nor a party that has not accepted.
// Attached files are named in it and not contained.

// HandoverVersion is the version of the packages that this program writes and
// reads.
const HandoverVersion = 1

// The limits of a package.
const (
	MaxHandover      = 16 << 20 // bytes
	maxHandoverPosts = 5000
	maxTimeline      = 5000
)

type handover struct {
	Version         int                     `json:"handover"`
	Made            time.Time               `json:"made"`
	From            string                  `json:"from"` // the community
	By              string                  `json:"by"`   // the person
	Case            handoverCase            `json:"case"`
	Parties         []handoverParty         `json:"parties"`
	Vulnerabilities []handoverVulnerability `json:"vulnerabilities"`
	Statuses        []handoverStatus        `json:"statuses"`
	Threads         []handoverThread        `json:"threads"`
	Timeline        []handoverEvent         `json:"timeline"`
}

type handoverCase struct {
	ID           string           `json:"id"`
	TLP          policy.TLP       `json:"tlp"`
	Title        string           `json:"title"`
	Summary      string           `json:"summary"`
	Stage        string           `json:"stage"`
	Severity     string           `json:"severity"`
	Safety       string           `json:"safety"`
	Opened       time.Time        `json:"opened"`
	OpenedBy     string           `json:"opened_by"` // organization
	Manufacturer string           `json:"manufacturer"`
	Coordinator  string           `json:"coordinator"`
	Origin       string           `json:"origin"`
	Contacted    time.Time        `json:"contacted,omitzero"`
	Public       time.Time        `json:"public,omitzero"`
	Exploit      time.Time        `json:"exploit,omitzero"`
	Attacks      time.Time        `json:"attacks,omitzero"`
	Embargo      *handoverEmbargo `json:"embargo,omitzero"` // while it binds
}

type handoverEmbargo struct {
	From  time.Time `json:"from"`
	Until time.Time `json:"until"`
	Terms string    `json:"terms"`
}

type handoverParty struct {
	ID        string     `json:"id"`
	TLP       policy.TLP `json:"tlp"`
	Name      string     `json:"name"`
	Role      string     `json:"role"`
	Fix       string     `json:"fix"`
	Accepted  time.Time  `json:"accepted"`
	Planned   time.Time  `json:"planned,omitzero"`
	Statement string     `json:"statement"`
}

type handoverVulnerability struct {
	ID          string         `json:"id"`
	TLP         policy.TLP     `json:"tlp"`
	CVE         string         `json:"cve"`
	CVEAsked    string         `json:"cve_asked"` // whom, if it is asked for and not assigned
	Title       string         `json:"title"`
	Description string         `json:"description"`
	CWE         string         `json:"cwe"`
	Vector3     string         `json:"cvss3"`
	Score3      string         `json:"score3"`
	Vector4     string         `json:"cvss4"`
	Score4      string         `json:"score4"`
	Products    []Device       `json:"products"`
	References  []string       `json:"references"`
	Solution    string         `json:"solution"`
	Workaround  string         `json:"workaround"`
	Exploits    string         `json:"exploits"`
	Credits     []string       `json:"credits"`
	KEV         *KEV           `json:"kev,omitzero"`
	EPSS        *EPSS          `json:"epss,omitzero"`
	Decisions   []handoverSSVC `json:"ssvc"`
	Withdrawn   string         `json:"withdrawn"` // the reason, or ""
}

type handoverSSVC struct {
	Table   string            `json:"table"`
	Version string            `json:"version"`
	Values  map[string]string `json:"values"`
	Outcome string            `json:"outcome"`
	At      time.Time         `json:"at"`
	By      string            `json:"by"`
}

type handoverStatus struct {
	Party         string     `json:"party"`
	Vulnerability string     `json:"vulnerability"`
	TLP           policy.TLP `json:"tlp"`
	Status        string     `json:"status"`
	Statement     string     `json:"statement"`
	At            time.Time  `json:"at"`
}

type handoverThread struct {
	TLP      policy.TLP     `json:"tlp"`
	Title    string         `json:"title"`
	Official bool           `json:"official"`
	Posts    []handoverPost `json:"posts"`
}

type handoverPost struct {
	TLP    policy.TLP     `json:"tlp"`
	At     time.Time      `json:"at"`
	Author string         `json:"author"`
	Org    string         `json:"org"`
	Body   string         `json:"body"` // Markdown
	Files  []handoverFile `json:"files"`
}

type handoverFile struct {
	Name string `json:"name"`
	Size int64  `json:"size"` // bytes
}

type handoverEvent struct {
	TLP    policy.TLP `json:"tlp"`
	At     time.Time  `json:"at"`
	What   string     `json:"what"` // verb of the entry
	Object string     `json:"object"`
}

// Handover is the package of a case, for whoever leads it. [Cases.HandOver] also
// records to whom it goes.
func (c *Cases) Handover(v *db.View, id string) ([]byte, error) {
	k, err := c.led(v, id)
	if err != nil {
		return nil, err
	}
	s, err := c.members.Settings(v)
	if err != nil {
		return nil, err
	}
	h := handover{Version: HandoverVersion, Made: v.Now().UTC(), From: s.Name, By: v.Viewer().Name, Case: handoverCase{ID: k.ID, TLP: k.Label.TLP, Title: k.Title, Summary: k.Summary,
		Stage: string(k.Stage), Severity: k.Severity, Safety: string(k.Safety), Opened: k.At, OpenedBy: k.Author.OrgName, Manufacturer: k.MakerName, Coordinator: k.Coordinator.Name, Origin: k.Origin,
		Contacted: k.Contacted, Public: k.PublicAt, Exploit: k.ExploitAt, Attacks: k.AttacksAt}}
	if k.Embargo.In(v.Now()) {
		h.Case.Embargo = &handoverEmbargo{k.Embargo.From, k.Embargo.Until, k.Embargo.Terms}
	}
	for _, fill := range []func(*db.View, Case, *handover) error{c.packParties, c.packVulnerabilities, c.packStatuses, c.packThreads, c.packTimeline} {
		if err := fill(v, k, &h); err != nil {
			return nil, err
		}
	}
	data, err := strictjson.Canonical(h)
	if err == nil && len(data) > MaxHandover {
		err = fault.Conflictf("This case is too large to be handed over in one package of at most %d MiB.", MaxHandover>>20)
	}
	return data, err
}

// HandOver makes the package of a case and records that it goes to somebody.
func (c *Cases) HandOver(tx *db.Tx, id, to string) ([]byte, error) {
	var p check.Problems
	to = p.Line("to", "To whom the case is handed over", to, MaxTitle, true)
	data, err := c.Handover(tx.View, id)
	if err != nil {
		return nil, err
	}
	if err := p.Err(); err != nil {
		return nil, err
	}
	k, err := c.Case(tx.View, id)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(data)
	tx.Append(db.Entry{Verb: "handover.exported", Object: k.ID, Label: k.Label, Data: map[string]any{"to": to, "sha256": hex.EncodeToString(sum[:]), "bytes": len(data)}})
	return data, nil
}

// forAll reports whether everybody who takes part in the case reads what carries
// that label.
func forAll(k Case, l policy.Label) bool { return l.Audience.Has(policy.OfCircle(k.Team)) }

func (c *Cases) packParties(v *db.View, k Case, h *handover) error {
	h.Parties = []handoverParty{}
	ps, err := c.Parties(v, k.ID)
	for _, p := range ps {
		if p.State == Joined && forAll(k, p.Label) {
			h.Parties = append(h.Parties, handoverParty{p.ID, p.Label.TLP, p.Name, string(p.Role), p.Fix, p.Accepted, p.Planned, p.Words})
		}
	}
	return err
}

func (c *Cases) packVulnerabilities(v *db.View, k Case, h *handover) error {
	h.Vulnerabilities = []handoverVulnerability{}
	xs, err := c.Vulnerabilities(v, k.ID)
	for _, x := range xs {
		if !forAll(k, x.Label) {
			continue
		}
		y := handoverVulnerability{ID: x.ID, TLP: x.Label.TLP, CVE: x.CVE, Title: x.Title, Description: x.Text, CWE: x.CWE, Vector3: x.Vector3, Vector4: x.Vector4,
			Products: append([]Device{}, x.Products...), References: append([]string{}, x.References...), Solution: x.Solution, Workaround: x.Workaround, Exploits: x.Exploits,
			Credits: append([]string{}, x.Credits...), KEV: x.KEV, EPSS: x.EPSS, Decisions: []handoverSSVC{}, Withdrawn: x.Why}
		if x.Vector3 != "" {
			y.Score3 = fmt.Sprintf("%.1f", x.Score3)
		}
		if x.Vector4 != "" {
			y.Score4 = fmt.Sprintf("%.1f", x.Score4)
		}
		if x.CVEState == CVERequested && x.Request != nil {
			y.CVEAsked = x.Request.To
		}
		for _, d := range x.Decisions {
			y.Decisions = append(y.Decisions, handoverSSVC{d.Table, d.Version, d.Values, d.Outcome, d.At, byLine(d.Name, d.OrgName)})
		}
		h.Vulnerabilities = append(h.Vulnerabilities, y)
	}
	return err
}

func byLine(name, org string) string {
	if org == "" {
		return name
	}
	return name + ", " + org
}

func (c *Cases) packStatuses(v *db.View, k Case, h *handover) error {
	h.Statuses = []handoverStatus{}
	known := map[string]bool{}
	for _, p := range h.Parties {
		known[p.ID] = true
	}
	for _, x := range h.Vulnerabilities {
		known[x.ID] = true
	}
	type row struct {
		handoverStatus
		l policy.Label
	}
	rows, err := db.All(v, func(s db.Scanner) (r row, err error) {
		var at int64
		var tlp, audience string
		if err = s.Scan(&r.Party, &r.Vulnerability, &r.Status, &r.Statement, &at, &tlp, &audience); err != nil {
			return r, err
		}
		r.At = time.UnixMicro(at).UTC()
		r.l, err = v.Label(tlp, audience)
		r.TLP = r.l.TLP
		return r, err
	}, `SELECT t.party, t.vulnerability, t.status, t.statement, t.at, t.tlp, t.audience FROM visible.case_statuses t WHERE t.case_id = $1 ORDER BY t.vulnerability, t.party`, k.ID)
	for _, r := range rows {
		if forAll(k, r.l) && known[r.Party] && known[r.Vulnerability] {
			h.Statuses = append(h.Statuses, r.handoverStatus)
		}
	}
	return err
}

func (c *Cases) packThreads(v *db.View, k Case, h *handover) error {
	h.Threads = []handoverThread{}
	ts, err := c.Threads(v, k.ID)
	if err != nil {
		return err
	}
	n := 0
	for _, t := range ts {
		if !forAll(k, t.Label) {
			continue
		}
		out := handoverThread{TLP: t.Label.TLP, Title: t.Title, Official: t.Official, Posts: []handoverPost{}}
		for after, more := (forum.Cursor{}), true; more; {
			ps, err := c.forum.Posts(v, t.ID, after, forum.MaxPage)
			if err != nil {
				return err
			}
			if more = len(ps) == forum.MaxPage; more {
				after = ps[len(ps)-1].Cursor()
			}
			for _, p := range ps {
				if p.Deleted != nil || !forAll(k, p.Label) {
					continue
				}
				q := handoverPost{TLP: p.Label.TLP, At: p.At, Author: p.Author.Name, Org: p.Author.OrgName, Body: p.Body, Files: []handoverFile{}}
				for _, f := range p.Files {
					q.Files = append(q.Files, handoverFile{f.Name, f.Size})
				}
				out.Posts = append(out.Posts, q)
				n++
			}
			if n > maxHandoverPosts {
				return fault.Conflictf("This case has more than %d posts, which is too much for one package.", maxHandoverPosts)
			}
		}
		h.Threads = append(h.Threads, out)
	}
	return nil
}

// packTimeline adds what is on record about the case: what happened when, without
// what the entries say.
func (c *Cases) packTimeline(v *db.View, k Case, h *handover) error {
	h.Timeline = []handoverEvent{}
	type row struct {
		handoverEvent
		l policy.Label
	}
	rows, err := db.All(v, func(s db.Scanner) (r row, err error) {
		var at int64
		var tlp, audience string
		if err = s.Scan(&at, &r.What, &r.Object, &tlp, &audience); err != nil {
			return r, err
		}
		r.At = time.UnixMicro(at).UTC()
		r.l, err = v.Label(tlp, audience)
		r.TLP = r.l.TLP
		return r, err
	}, `SELECT e.at, e.verb, e.object, e.tlp, e.audience FROM visible.ledger_entries e WHERE e.object = $1 OR e.parent = $1 ORDER BY e.seq LIMIT $2`, k.ID, maxTimeline)
	for _, r := range rows {
		if forAll(k, r.l) || r.l.Audience.Has(policy.Public) {
			h.Timeline = append(h.Timeline, r.handoverEvent)
		}
	}
	return err
}
