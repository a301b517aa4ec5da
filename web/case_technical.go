package web

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/web/ui"
)

// caseTechnicalView is what the technical tab is drawn from.
type caseTechnicalView struct {
	caseHead
	All      []cases.Vulnerability
	Statuses ui.MatrixTable
	Describe bool
	Now      time.Time
}

// caseTechnical is the technical tab: the vulnerabilities, and what every vendor
// says of each.
func (c *Ctx) caseTechnical() error {
	return c.onCase(tabTechnical, func(h caseHead) error {
		x := caseTechnicalView{caseHead: h, Now: c.View.Now()}
		var err error
		if x.All, err = c.Cases.Vulnerabilities(c.View, h.K.ID); err != nil {
			return err
		}
		if x.Describe, err = c.Cases.MayDescribe(c.View, h.K); err != nil {
			return err
		}
		m, err := c.Cases.Matrix(c.View, h.K.ID)
		if err != nil {
			return err
		}
		x.Statuses = statusMatrix(h, m)
		page := c.casePage(h, "technical", 200)
		page.Body = technicalBody(x)
		return c.show(page)
	})
}

// statusMatrix is vendors by vulnerabilities.
func statusMatrix(h caseHead, m cases.Matrix) ui.MatrixTable {
	t := ui.MatrixTable{ID: "statuses", Caption: "What each vendor says of each vulnerability", Corner: "Vendor", Legend: true, Empty: "No vendor takes part yet, or no vulnerability is described."}
	for i, u := range m.Vulnerabilities {
		name := u.CVE
		if name == "" {
			name = fmt.Sprintf("No. %d", i+1)
		}
		t.Columns = append(t.Columns, ui.MatrixColumn{Name: name, ID: u.CVE != "", Hint: u.Title, Href: h.At("vulnerabilities/" + u.ID)})
	}
	for _, r := range m.Rows {
		if r.Party.Role != cases.Vendor {
			continue
		}
		row := ui.MatrixRow{Name: r.Party.Name, Href: h.At("parties/" + r.Party.ID), Mine: h.Own != nil && r.Party.ID == h.Own.ID}
		for _, u := range m.Vulnerabilities {
			s, ok := r.Statuses[u.ID]
			switch {
			case !ok:
				row.Cells = append(row.Cells, ui.Dot{State: "pending", Words: "not said yet"})
			default:
				row.Cells = append(row.Cells, ui.Dot{State: string(s), Words: statusWords[s]})
			}
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// vulnerabilityView is what the pages of one vulnerability are drawn from.
type vulnerabilityView struct {
	caseHead
	a        attempt
	key      string
	V        cases.Vulnerability
	Describe bool
	Missing  []string // what its CVE record still lacks
	Ready    bool     // its CVE record is complete
	Prose    *prose
	Now      time.Time
}

// vulnerabilityNew is the form with which a vulnerability is described.
func (c *Ctx) vulnerabilityNew() error { return c.showVulnerabilityNew(200, attempt{}) }

func (c *Ctx) showVulnerabilityNew(status int, a attempt) error {
	return c.onCase(tabTechnical, func(h caseHead) error {
		ok, err := c.Cases.MayDescribe(c.View, h.K)
		if err != nil {
			return err
		}
		if !ok {
			return fault.ErrMissing
		}
		x := vulnerabilityView{caseHead: h, a: a, key: a.key("vulnerability", ids.Random(26)), Describe: true, Now: c.View.Now()}
		page := c.casePage(h, "new vulnerability", status)
		page.Body = vulnerabilityNewBody(x)
		return c.show(page)
	})
}

// vulnerabilityShow is one vulnerability of a case.
func (c *Ctx) vulnerabilityShow() error { return c.showVulnerability(200, attempt{}) }

func (c *Ctx) showVulnerability(status int, a attempt) error {
	return c.onCase(tabTechnical, func(h caseHead) error {
		u, err := c.vulnerabilityOf(c.View, h.K.ID)
		if err != nil {
			return err
		}
		x := vulnerabilityView{caseHead: h, a: a, V: u, Prose: c.prose(), Now: c.View.Now()}
		if x.Describe, err = c.Cases.MayDescribe(c.View, h.K); err != nil {
			return err
		}
		x.Describe = x.Describe && u.Withdrawn.IsZero() && h.K.Stage != cases.Closed
		if u.CVE != "" {
			_, err := c.Cases.CVERecord(c.View, u.ID)
			switch {
			case err == nil:
				x.Ready = true
			case fault.Is(err, fault.Invalid), fault.Is(err, fault.Conflict):
				for _, f := range fault.FieldsOf(err) {
					x.Missing = append(x.Missing, f.Name+": "+f.Message)
				}
			default:
				return err
			}
		}
		page := c.casePage(h, "vulnerability", status, u.Label)
		page.Body = vulnerabilityBody(x)
		return c.show(page)
	})
}

// vulnerabilityOf reads the vulnerability that the address names, of its case.
func (c *Ctx) vulnerabilityOf(v *db.View, id string) (cases.Vulnerability, error) {
	u, err := c.Cases.Vulnerability(v, c.R.PathValue("vulnerability"))
	if err == nil && u.Case != id {
		err = fault.ErrMissing
	}
	return u, err
}

// describeFields are the fields of a description; the duty names its problems
// under the same names, but for lists.
var describeFields = []string{"cve", "title", "description", "cwe", "cvss3", "cvss4", "products", "references", "solution", "workaround", "exploits", "credits"}

// described reads a description that was typed.
func described(t typed) (cases.Description, error) {
	d := cases.Description{Title: t["title"], Text: t["description"], CWE: t["cwe"], Vector3: strings.TrimSpace(t["cvss3"]), Vector4: strings.TrimSpace(t["cvss4"]),
		References: typedLines(t["references"]), Solution: t["solution"], Workaround: t["workaround"], Exploits: t["exploits"], Credits: typedLines(t["credits"])}
	var p check.Problems
	d.Products = typedProducts(&p, t["products"])
	return d, p.Err()
}

func typedLines(s string) (out []string) {
	for l := range strings.Lines(s) {
		if l = strings.TrimSpace(l); l != "" {
			out = append(out, l)
		}
	}
	return out
}

// typedProducts reads affected products, one a line: vendor | product | versions,
// where versions are split by commas: "3.1 - 3.4" is a range through 3.4, "< 3.5"
// ends before it, "!3.5" is not affected, "?2" is not known. Without versions
// every version is affected.
func typedProducts(p *check.Problems, s string) (out []cases.Device) {
	for i, l := range typedLines(s) {
		parts := strings.Split(l, "|")
		if len(parts) < 2 || len(parts) > 3 {
			p.Add("products", "Line %d is not “vendor | product | versions”.", i+1)
			continue
		}
		d := cases.Device{Vendor: strings.TrimSpace(parts[0]), Product: strings.TrimSpace(parts[1])}
		if len(parts) == 3 {
			for _, v := range strings.Split(parts[2], ",") {
				if v = strings.TrimSpace(v); v != "" {
					d.Versions = append(d.Versions, typedVersion(v))
				}
			}
		}
		if len(d.Versions) == 0 {
			d.Default = "affected"
		}
		out = append(out, d)
	}
	return out
}

func typedVersion(s string) cases.DeviceVersion {
	v := cases.DeviceVersion{Status: "affected"}
	switch s[0] {
	case '!':
		v.Status, s = "unaffected", strings.TrimSpace(s[1:])
	case '?':
		v.Status, s = "unknown", strings.TrimSpace(s[1:])
	}
	from, through, ranged := strings.Cut(s, " - ")
	switch {
	case ranged:
		v.Version, v.Through = strings.TrimSpace(from), strings.TrimSpace(through)
	case strings.HasPrefix(s, "<="):
		v.Version, v.Through = "0", strings.TrimSpace(s[2:])
	case strings.HasPrefix(s, "<"):
		v.Version, v.Before = "0", strings.TrimSpace(s[1:])
	case strings.Contains(s, "<"):
		from, before, _ := strings.Cut(s, "<")
		v.Version, v.Before = strings.TrimSpace(from), strings.TrimSpace(before)
	default:
		v.Version = s
	}
	return v
}

// productLines writes products as typedProducts reads them.
func productLines(ds []cases.Device) string {
	var lines []string
	for _, d := range ds {
		l := d.Vendor + " | " + d.Product
		var vs []string
		for _, v := range d.Versions {
			s := v.Version
			switch {
			case v.Through != "":
				s += " - " + v.Through
			case v.Before != "":
				s += " < " + v.Before
			}
			vs = append(vs, map[string]string{"unaffected": "!", "unknown": "?"}[v.Status]+s)
		}
		if len(vs) > 0 {
			l += " | " + strings.Join(vs, ", ")
		}
		lines = append(lines, l)
	}
	return strings.Join(lines, "\n")
}

var (
	doneDescribed = greeting("described", "ok", "The vulnerability is described. Vendors are asked for its status.")
	doneVulnEdit  = greeting("vulnerability", "ok", "The vulnerability is changed.")
)

// inField puts a problem with one of several, as references[2], beside the field
// that holds them all.
func inField(err error) error {
	if !fault.Is(err, fault.Invalid) {
		return err
	}
	fields := slices.Clone(fault.FieldsOf(err))
	for i := range fields {
		if name, _, ok := strings.Cut(fields[i].Name, "["); ok {
			fields[i].Name = name
		}
		if _, name, ok := strings.Cut(fields[i].Name, "."); ok {
			fields[i].Name = name
		}
	}
	if len(fields) == 0 {
		return err
	}
	return fault.InvalidFields(fields)
}

// vulnerabilityAdd adds a vulnerability to a case.
func (c *Ctx) vulnerabilityAdd() error {
	id := c.R.PathValue("case")
	return c.caseAct(caseForm{which: "vulnerability", fields: describeFields, show: c.showVulnerabilityNew, do: func(tx *db.Tx, a attempt) (string, error) {
		d, err := described(a.t)
		if err != nil {
			return "", err
		}
		made, again, err := c.Cases.AddVulnerability(tx, id, strings.TrimSpace(a.t["cve"]), d, a.t["idempotency_key"])
		return "/cases/" + id + "/vulnerabilities/" + made + "?done=" + doneDescribed, once(again, inField(err))
	}})
}

// vulnerabilityAct is a form of the page of one vulnerability.
func (c *Ctx) vulnerabilityAct(which, done string, fields []string, do func(tx *db.Tx, u cases.Vulnerability, a attempt) error) error {
	id := c.R.PathValue("case")
	return c.caseAct(caseForm{which: which, fields: fields, show: c.showVulnerability, do: func(tx *db.Tx, a attempt) (string, error) {
		u, err := c.vulnerabilityOf(tx.View, id)
		if err != nil {
			return "", err
		}
		return "/cases/" + id + "/vulnerabilities/" + u.ID + "?done=" + done, inField(do(tx, u, a))
	}})
}

// vulnerabilityEdit says anew what a vulnerability is.
func (c *Ctx) vulnerabilityEdit() error {
	return c.vulnerabilityAct("vulnerability", doneVulnEdit, describeFields, func(tx *db.Tx, u cases.Vulnerability, a attempt) error {
		d, err := described(a.t)
		if err != nil {
			return err
		}
		return c.Cases.EditVulnerability(tx, u.ID, strings.TrimSpace(a.t["cve"]), d)
	})
}

// vulnerabilityWithdraw says that a vulnerability is none.
func (c *Ctx) vulnerabilityWithdraw() error {
	return c.vulnerabilityAct("withdraw", doneVulnEdit, []string{"reason"}, func(tx *db.Tx, u cases.Vulnerability, a attempt) error {
		return c.Cases.WithdrawVulnerability(tx, u.ID, a.t["reason"])
	})
}

// vulnerabilityKEV keeps what CISA's catalogue says.
func (c *Ctx) vulnerabilityKEV() error {
	return c.vulnerabilityAct("kev", doneVulnEdit, []string{"listed", "added", "due", "ransomware", "source", "as_of"}, func(tx *db.Tx, u cases.Vulnerability, a attempt) error {
		return c.Cases.SetKEV(tx, u.ID, cases.KEV{Listed: a.t["listed"] != "", Added: a.t["added"], Due: a.t["due"], Ransomware: a.t["ransomware"] != "", Source: a.t["source"], AsOf: a.t["as_of"]})
	})
}

// vulnerabilityEPSS keeps FIRST's estimate.
func (c *Ctx) vulnerabilityEPSS() error {
	return c.vulnerabilityAct("epss", doneVulnEdit, []string{"probability", "percentile", "source", "as_of"}, func(tx *db.Tx, u cases.Vulnerability, a attempt) error {
		return c.Cases.SetEPSS(tx, u.ID, cases.EPSS{Probability: a.t["probability"], Percentile: a.t["percentile"], Source: a.t["source"], AsOf: a.t["as_of"]})
	})
}

// cveAsk records that a CVE id was asked for.
func (c *Ctx) cveAsk() error {
	return c.vulnerabilityAct("cve-request", doneVulnEdit, []string{"to"}, func(tx *db.Tx, u cases.Vulnerability, a attempt) error {
		return c.Cases.RequestCVE(tx, u.ID, a.t["to"])
	})
}

// cveAssign records the CVE id that was assigned.
func (c *Ctx) cveAssign() error {
	return c.vulnerabilityAct("cve-assign", doneVulnEdit, []string{"cve", "assigner", "assigner_name", "reserved"}, func(tx *db.Tx, u cases.Vulnerability, a attempt) error {
		var p check.Problems
		reserved := moment(&p, "reserved", "The day of reservation", a.t["reserved"], false)
		if err := p.Err(); err != nil {
			return err
		}
		return c.Cases.AssignCVE(tx, u.ID, a.t["cve"], cases.Assigner{OrgID: a.t["assigner"], ShortName: a.t["assigner_name"], Reserved: reserved})
	})
}

// cveRecord hands out the CVE record of a vulnerability, in JSON 5.1.
func (c *Ctx) cveRecord() error {
	return c.onCase(tabTechnical, func(h caseHead) error {
		u, err := c.vulnerabilityOf(c.View, h.K.ID)
		if err != nil {
			return err
		}
		b, err := c.Cases.CVERecord(c.View, u.ID)
		if err != nil {
			return err
		}
		inert(c.W.Header(), u.CVE+".json")
		_, err = c.W.Write(b)
		return err
	})
}
