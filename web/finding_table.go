package web

import (
	"slices"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/formats/vex"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/matching"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

// findingsShown is how many findings a page lists.
const findingsShown = 100

// findingTable is findings as they are listed, ranked.
type findingTable struct {
	Rows   []findingRow
	Hidden int // that a second passkey would open
	Total  int // of those that were read
	Now    time.Time
}

// findingRow is a line of it.
type findingRow struct {
	matching.Finding
	Open bool // something is to be done about it
}

// findingTable leaves out what stays closed and makes label that of a page that shows
// the rest.
func (c *Ctx) findingTable(found []matching.Finding, label *policy.Label) (x findingTable, err error) {
	x.Now = c.View.Now()
	g, err := c.gate()
	if err != nil {
		return x, err
	}
	var ids []string
	for _, f := range found {
		if !slices.Contains(ids, f.Vuln) {
			ids = append(ids, f.Vuln)
		}
	}
	items, err := c.Vulns.Items(c.View, ids)
	if err != nil {
		return x, err
	}
	sboms := map[string]policy.Label{}
	for _, f := range found {
		own, ok := sboms[f.SBOM]
		switch {
		case ok:
		case f.Kind == "component":
			b, err := c.Devices.SBOM(c.View, f.SBOM)
			if err != nil {
				return x, err
			}
			own = b.Label
			sboms[f.SBOM] = own
		case f.Kind == "deployment":
			own = policy.Default(c.Viewer.Org)
		}
		if of := items[f.Vuln].Label; g.hides(own) || g.hides(of) {
			x.Hidden++
			continue
		}
		*label = together(together(*label, own), items[f.Vuln].Label)
		if f.Said != nil {
			if g.hides(f.Said.Label) {
				f.Said = nil
			} else {
				*label = together(*label, f.Said.Label)
			}
		}
		if f.Answer != nil {
			if mine := policy.Default(c.Viewer.Org); g.hides(mine) {
				f.Answer = nil
			} else {
				*label = together(*label, mine)
			}
		}
		x.Rows = append(x.Rows, findingRow{Finding: f, Open: f.Open(x.Now)})
	}
	x.Total = len(x.Rows)
	return x, nil
}

// fixedIn is the versions in which sources say that a finding is fixed.
func (f findingRow) fixedIn() string {
	var all []string
	for _, r := range f.Reasons {
		for _, s := range r.Fixed {
			if s != "" && !slices.Contains(all, s) {
				all = append(all, s)
			}
		}
	}
	if len(all) > 3 {
		all = append(all[:3], "…")
	}
	return strings.Join(all, ", ")
}

// subject is what a finding is about.
func subjectOf(f matching.Finding) string {
	switch f.Kind {
	case "component":
		return strings.TrimSpace(f.Part.Name + " " + f.Part.Version)
	case "version":
		if f.Version != "" {
			return "version " + f.Version
		}
		return "the product"
	}
	return "what you run"
}

// sayingStatus are the statuses of statements in words.
var sayingStatus = map[string]string{vex.NotAffected: "not affected", vex.Affected: "affected", vex.Fixed: "fixed", vex.Investigating: "being looked at"}

// justificationWords are the reasons of "not affected" in words (CISA, VEX status
// justifications, 2022).
var justificationWords = map[string]string{
	"component_not_present":                             "The component is not in the product",
	"vulnerable_code_not_present":                       "The vulnerable code is not in the product",
	"vulnerable_code_not_in_execute_path":               "The vulnerable code is never run",
	"vulnerable_code_cannot_be_controlled_by_adversary": "An attacker cannot reach or steer the vulnerable code",
	"inline_mitigations_already_exist":                  "Something in the product prevents it already",
}

// ownAnswer are an organization's own answers in words.
var ownAnswer = map[string]string{"looking": "we are looking", "affected": "we are affected", "fixed": "we fixed it", "not us": "not us", "muted": "muted"}

// verdictWords are a rule's verdicts in words.
var verdictWords = map[matching.Verdict]string{matching.Affected: "affected", matching.Investigating: "its source is looking", matching.Person: "needs a person", matching.Cleared: "cleared"}

// findingListView is what a product's findings are drawn from.
type findingListView struct {
	productHead
	T        findingTable
	Versions []devices.Version
	Version  string
	Band     string
	Exploit  bool
	OpenOnly bool
	Filtered bool
	First    bool // there is none at all
	After    int
	Pages    ui.Pages
	Capped   bool
}

// leastOf is the lowest score × 10 of a band; 0 if it has none.
func leastOf(band string) int64 {
	return map[string]int64{"critical": 90, "high": 70, "medium": 40, "low": 1}[band]
}

// deviceFindings lists the findings on a product, ranked.
func (c *Ctx) deviceFindings() error {
	return c.onProduct(productFindings, func(h productHead) (err error) {
		q := c.R.URL.Query()
		x := findingListView{productHead: h, Version: q.Get("version"), Band: q.Get("band"), Exploit: q.Get("exploited") == "1", OpenOnly: q.Get("open") == "1", After: intParam(q.Get("after"))}
		if !slices.Contains(matching.Bands(), x.Band) {
			x.Band = ""
		}
		x.Filtered = x.Version != "" || x.Band != "" || x.Exploit || x.OpenOnly
		if x.Versions, err = c.Devices.Versions(c.View, h.P.ID); err != nil {
			return err
		}
		query := matching.Query{Severity: leastOf(x.Band), Exploited: x.Exploit, After: x.After, Limit: findingsShown + 1}
		narrow := x.Band != "" || x.OpenOnly // what is read is narrowed here
		if narrow {
			query.After, query.Limit = 0, matching.MaxPage
		}
		found, err := c.Matching.OfProduct(c.View, h.P.ID, x.Version, query)
		if err != nil {
			return err
		}
		now := c.View.Now()
		if narrow {
			x.Capped = len(found) == matching.MaxPage
			found = slices.DeleteFunc(found, func(f matching.Finding) bool {
				return x.Band != "" && matching.Band(f.Severity) != x.Band || x.OpenOnly && !f.Open(now)
			})
			found = found[min(x.After, len(found)):]
		}
		with := func(after string) string {
			v := c.R.URL.Query()
			v.Del("done")
			v.Del("after")
			if after != "" {
				v.Set("after", after)
			}
			return h.At(productFindings) + "?" + v.Encode()
		}
		if len(found) > findingsShown {
			found = found[:findingsShown]
			x.Pages.OlderHref = with(itoa(int64(x.After + findingsShown)))
		}
		if x.After > 0 {
			x.Pages.NewerHref = with(itoa(int64(max(0, x.After-findingsShown))))
		}
		label := h.P.Label
		if x.T, err = c.findingTable(found, &label); err != nil {
			return err
		}
		x.First = len(found) == 0 && !x.Filtered && x.After == 0
		page := c.productPage(h, "findings", 200)
		page.Kind, page.Label, page.Body = "findings", label, findingListBody(x)
		return c.show(page)
	})
}

// intParam is a number in an address; what is none is 0.
func intParam(s string) (n int) {
	for _, r := range s {
		if r < '0' || r > '9' || n > 1_000_000 {
			return 0
		}
		n = n*10 + int(r-'0')
	}
	return n
}

// sayings reads the statements about a product, without those that stay closed.
func (c *Ctx) sayings(product string, history bool, limit int, label *policy.Label) ([]matching.Saying, error) {
	all, err := c.Matching.Sayings(c.View, product, history, limit)
	if err != nil {
		return nil, err
	}
	g, err := c.gate()
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(w matching.Saying) bool { return g.hides(w.Label) })
	for _, w := range all {
		*label = together(*label, w.Label)
	}
	return all, nil
}

// productOf is a product if the reader may see it; the zero one if not.
func (c *Ctx) productOf(id string) (devices.Product, error) {
	if id == "" {
		return devices.Product{}, nil
	}
	p, err := c.Devices.Product(c.View, id)
	if fault.Is(err, fault.Missing) {
		return devices.Product{}, nil
	}
	return p, err
}
