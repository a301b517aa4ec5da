package alerts

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/cordon-isao/cordon/formats/names"
	"github.com/cordon-isao/cordon/formats/vers"
	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
)

// vulnID is an id of a vulnerability, of whatever database.
var vulnID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._:-]{2,99}$`)

// maxSeconds is the longest downtime that can be said: a year.
const maxSeconds = 366 * 24 * 3600

// checked checks a form and gives it as it is stored. Products are looked up in the
// writer's view: what he cannot read is not there.
func (x *Alerts) checked(v *db.View, w writer, f Form) (Form, error) {
	var p check.Problems
	f.Title = p.Line("title", "The title", f.Title, MaxTitle, true)
	f.DoNow = p.Text("do_now", "What to do now", f.DoNow, MaxDoNow, true)
	if n := strings.Count(f.DoNow, "\n") + 1; n > MaxDoLines {
		p.Add("do_now", "What to do now has %d lines; at most %d fit. Put the rest into the text.", n, MaxDoLines)
	}
	f.What = p.Text("what", "The text", f.What, MaxWhat, false)
	f.Class = Class(p.OneOf("class", "The class", string(f.Class), words(Classes())...))
	switch f.TLP {
	case policy.Red:
		p.Add("tlp", "An alert goes to organizations, and TLP:RED is for named persons. Choose AMBER+STRICT, AMBER, GREEN or CLEAR.")
	case policy.Clear, policy.Green, policy.Amber, policy.AmberStrict:
	default:
		p.Add("tlp", "Choose CLEAR, GREEN, AMBER or AMBER+STRICT.")
	}
	if f.Mechanism != "" {
		p.OneOf("mechanism", "The mechanism", f.Mechanism, Mechanisms()...)
	}
	if f.Category != "" {
		p.OneOf("category", "The category", f.Category, Categories()...)
	}
	var ids []string
	for _, id := range f.Vulns {
		if id = strings.TrimSpace(id); id == "" || slices.Contains(ids, id) {
			continue
		}
		if !vulnID.MatchString(id) {
			p.Add("vulns", "%q is not the id of a vulnerability, such as CVE-2026-1234.", cut(id, 40))
		}
		ids = append(ids, id)
	}
	if f.Vulns = ids; len(ids) > MaxVulns {
		p.Add("vulns", "An alert names at most %d vulnerabilities.", MaxVulns)
	}
	f.Clinical = f.Clinical.checked(&p)
	affected, err := x.checkedAffected(v, w, &p, f.Affected)
	if err != nil {
		return f, err
	}
	f.Affected = affected
	return f, p.Err()
}

// checkedAffected checks what an alert names.
func (x *Alerts) checkedAffected(v *db.View, w writer, p *check.Problems, in []Affected) (out []Affected, err error) {
	switch {
	case len(in) == 0:
		p.Add("affected", "Name at least one product. Its holders are who is told.")
	case len(in) > MaxAffected:
		p.Add("affected", "An alert names at most %d products.", MaxAffected)
		return in, nil
	}
	var ids []string
	for _, a := range in {
		if a.Product = strings.TrimSpace(a.Product); a.Product != "" {
			ids = append(ids, a.Product)
		}
	}
	known, err := x.devices.ProductsOf(v, ids)
	if err != nil {
		return nil, err
	}
	for i, a := range in {
		field := func(name string) string { return fmt.Sprintf("affected.%d.%s", i, name) }
		a.Product = strings.TrimSpace(a.Product)
		a.Range = p.Line(field("range"), "The range of versions", a.Range, MaxRange, false)
		if len(a.Range) > 0 {
			if err := vers.ParseText(a.Range).Check(); err != nil {
				p.Add(field("range"), "The range of versions cannot be kept: %v.", err)
			}
		}
		a.Words = p.Line(field("words"), "What else is said of the product", a.Words, MaxWords, false)
		if a.Product == "" {
			a.Maker = p.Line(field("maker"), "The maker", a.Maker, MaxTitle, true)
			a.Name = p.Line(field("name"), "The product", a.Name, MaxTitle, true)
			switch {
			case !w.desk:
				p.Add(field("product"), "Choose a product that your organization keeps.")
			case names.Vendor(a.Maker) == "" || names.Fold(a.Name) == "":
				p.Add(field("name"), "Maker and product have no letter and no digit, and nothing is found by them.")
			}
		} else {
			d, ok := known[a.Product]
			switch {
			case !ok:
				p.Add(field("product"), "There is no such product, or it is not shared with you.")
			case !w.desk && d.Kept != w.org:
				p.Add(field("product"), "Another organization keeps this product. You may write to the holders of your own products.")
			}
			a.Maker, a.Name = d.Maker, d.Name
		}
		if slices.ContainsFunc(out, func(b Affected) bool {
			return a.Product == b.Product && a.Range == b.Range && a.Words == b.Words && a.Maker == b.Maker && a.Name == b.Name
		}) {
			p.Add(field("product"), "This product is named twice with the same versions.")
		}
		out = append(out, a)
	}
	return out, nil
}

func (c Clinical) checked(p *check.Problems) Clinical {
	yesNo := func(field, what, s string) {
		if s != "" && s != "yes" && s != "no" {
			p.Add(field, "%s is yes, no, or not said.", what)
		}
	}
	yesNo("downtime", "Downtime", c.Downtime)
	yesNo("restart", "A restart", c.Restart)
	switch {
	case c.Seconds < 0 || c.Seconds > maxSeconds:
		p.Add("seconds", "The downtime is from 0 to %d seconds.", maxSeconds)
	case c.Seconds > 0 && c.Downtime != "yes":
		p.Add("seconds", "Say that there is downtime, or leave its length out.")
	}
	c.Features = p.Text("features", "What no longer works", c.Features, MaxClinical, false)
	c.Workflow = p.Text("workflow", "The effect on work", c.Workflow, MaxClinical, false)
	c.Note = p.Text("clinical_note", "The clinical note", c.Note, MaxClinical, false)
	return c
}

func words[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = string(s)
	}
	return out
}

// cut is at most n characters of s.
func cut(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}

// recorded refuses what cannot be superseded: an alert of somebody else's, or one that
// was not sent.
func (x *Alerts) recorded(v *db.View, org, id string) error {
	if id == "" {
		return nil
	}
	a, err := x.Alert(v, id)
	if fault.Is(err, fault.Missing) || err == nil && a.Org != org {
		return fault.InvalidField("supersedes", "There is no alert of yours that this could take the place of.")
	}
	if err == nil && a.State != Sent {
		return fault.InvalidField("supersedes", "The alert that this would take the place of is %s.", a.State.Words())
	}
	return err
}
