package api

import (
	"time"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/fault"
)

// The cases as programs read them that were written for CERT/CC's VINCE: the same
// paths, names and answers, in the reader's own view. It only reads. A token may
// be sent as VINCE wants it, Authorization: Token.

// vinceMost is how many things one answer has: VINCE has no pages.
const vinceMost = 2000

// VinceCase is a case in VINCE's words.
type VinceCase struct {
	ID      string     `json:"vuid" doc:"The case's id here"`
	Created time.Time  `json:"created"`
	Status  string     `json:"status" enum:"Active,Inactive"`
	Summary string     `json:"summary"`
	Title   string     `json:"title"`
	Due     *time.Time `json:"due_date" doc:"The embargo's end"`
}

func vinceCase(k cases.Case) VinceCase {
	out := VinceCase{k.ID, utc(k.At), "Active", k.Summary, k.Title, nil}
	if k.Stage.Ended() {
		out.Status = "Inactive"
	}
	if !k.Embargo.Until.IsZero() {
		t := utc(k.Embargo.Until)
		out.Due = &t
	}
	return out
}

func (c *call) vinceCases(*nothing) (*answer[[]VinceCase], error) {
	out := []VinceCase{}
	for after := (cases.Cursor{}); len(out) < vinceMost; {
		ks, next, err := c.Cases.Cases(c.view, cases.Filter{}, after, cases.MaxPage)
		if err != nil {
			return nil, err
		}
		for _, k := range ks {
			out = append(out, vinceCase(k))
		}
		if after = next; next.ID == "" {
			break
		}
	}
	return &answer[[]VinceCase]{out}, nil
}

func (c *call) vinceCase(in *InCase) (*answer[VinceCase], error) {
	k, err := c.Cases.Case(c.view, in.Case)
	return &answer[VinceCase]{vinceCase(k)}, err
}

// VincePost is a post in VINCE's words.
type VincePost struct {
	Created time.Time `json:"created"`
	Author  string    `json:"author"`
	Pinned  bool      `json:"pinned"`
	Content string    `json:"content" doc:"Markdown"`
	Thread  string    `json:"thread" doc:"Its title"`
}

func (c *call) vincePosts(in *InCase) (*answer[[]VincePost], error) {
	if _, err := c.Cases.Case(c.view, in.Case); err != nil {
		return nil, err
	}
	ts, err := c.Cases.Threads(c.view, in.Case)
	if err != nil {
		return nil, err
	}
	out := []VincePost{}
	for _, t := range ts {
		for after := (forum.Cursor{}); len(out) < vinceMost; {
			const page = 200
			ps, err := c.Forum.Posts(c.view, t.ID, after, page)
			if err != nil {
				return nil, err
			}
			for _, p := range ps {
				after = forum.Cursor{At: p.At, ID: p.ID}
				if p.Deleted == nil {
					out = append(out, VincePost{utc(p.At), p.Author.Name, p.Decision != nil, p.Body, t.Title})
				}
			}
			if len(ps) < page {
				break
			}
		}
	}
	return &answer[[]VincePost]{out}, nil
}

// VinceReport is the report of which a case came, in VINCE's words.
type VinceReport struct {
	Vendor     string `json:"vendor_name"`
	Product    string `json:"product_name"`
	Version    string `json:"product_version"`
	Text       string `json:"vul_description"`
	Exploit    string `json:"vul_exploit"`
	Impact     string `json:"vul_impact"`
	Discovery  string `json:"vul_discovery"`
	Public     bool   `json:"vul_public"`
	References string `json:"public_references"`
	Exploited  bool   `json:"vul_exploited"`
	ExploitRef string `json:"exploit_references"`
	Disclose   bool   `json:"vul_disclose"`
	Plans      string `json:"disclosure_plans"`
	Submitted  string `json:"date_submitted" doc:"The day"`
}

// vinceReport is the first report of a case that the reader can read: the desk,
// and who made it.
func (c *call) vinceReport(in *InCase) (*answer[VinceReport], error) {
	rs, err := c.Cases.CaseReports(c.view, in.Case)
	if err == nil && len(rs) == 0 {
		err = fault.ErrMissing
	}
	if err != nil {
		return nil, err
	}
	r := rs[0].Intake
	out := VinceReport{Text: r.Description, Exploit: r.Exploit, Impact: r.Impact, Discovery: r.HowFound, Public: r.Public, References: r.PublicURL, Exploited: r.Exploited == cases.AnswerYes,
		ExploitRef: r.Evidence, Disclose: r.PlanOn != "", Plans: r.PlanOn, Submitted: rs[0].At.UTC().Format(time.DateOnly)}
	if len(r.Products) > 0 {
		out.Vendor, out.Product, out.Version = r.Products[0].Maker, r.Products[0].Name, r.Products[0].Version
	}
	return &answer[VinceReport]{out}, nil
}

// VinceVul is a vulnerability in VINCE's words.
type VinceVul struct {
	Name  string    `json:"name"`
	CVE   *string   `json:"cve"`
	Text  string    `json:"description"`
	Added time.Time `json:"date_added"`
}

func (c *call) vinceVuls(in *InCase) (*answer[[]VinceVul], error) {
	if _, err := c.Cases.Case(c.view, in.Case); err != nil {
		return nil, err
	}
	xs, err := c.Cases.Vulnerabilities(c.view, in.Case)
	out := []VinceVul{}
	for _, x := range xs {
		if !x.Withdrawn.IsZero() {
			continue
		}
		v := VinceVul{x.Name(), nil, x.Text, utc(x.At)}
		if v.Text == "" {
			v.Text = x.Title
		}
		if x.CVE != "" {
			v.CVE = &x.CVE
		}
		out = append(out, v)
	}
	return &answer[[]VinceVul]{out}, err
}

// VinceVendor is a vendor with its worst status, in VINCE's words.
type VinceVendor struct {
	Vendor     string     `json:"vendor"`
	Status     string     `json:"status" enum:"Affected,Not Affected,Unknown"`
	Statement  string     `json:"statement"`
	Added      time.Time  `json:"date_added"`
	StatedOn   *time.Time `json:"statement_date"`
	References string     `json:"references"`
	Addendum   *string    `json:"cert_addendum"`
}

func (c *call) vinceVendors(in *InCase) (*answer[[]VinceVendor], error) {
	if _, err := c.Cases.Case(c.view, in.Case); err != nil {
		return nil, err
	}
	m, err := c.Cases.Matrix(c.view, in.Case)
	out := []VinceVendor{}
	for _, r := range m.Rows {
		if r.Party.Role != cases.Vendor {
			continue
		}
		v := VinceVendor{Vendor: r.Party.Name, Status: "Unknown", Statement: r.Party.Words, Added: utc(r.Party.Invited)}
		if at := utc(r.Party.Answered); !at.IsZero() {
			v.StatedOn = &at
		}
		for _, s := range r.Statuses {
			switch s {
			case cases.StatusAffected, cases.StatusFixed: // a fixed product was affected
				v.Status = "Affected"
			case cases.StatusNotAffected:
				if v.Status == "Unknown" {
					v.Status = "Not Affected"
				}
			}
		}
		out = append(out, v)
	}
	return &answer[[]VinceVendor]{out}, err
}
