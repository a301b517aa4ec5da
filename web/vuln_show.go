package web

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/formats/vuln"
	"github.com/cordon-isao/cordon/matching"
	"github.com/cordon-isao/cordon/vulns"
	"github.com/cordon-isao/cordon/web/ui"
)

// historyShown is how many earlier words a page lists.
const historyShown = 50

// vulnView is what one vulnerability's page is drawn from.
type vulnView struct {
	tabs     []ui.Tab
	u        vulns.Vulnerability
	claims   claimsView
	findings exposureFindings
	capped   bool // there are more findings
	now      time.Time
}

// vulnShow is all that is known of one vulnerability, source by source.
func (c *Ctx) vulnShow() error {
	x := vulnView{tabs: c.deviceTabs(devicesAtVulns), now: c.View.Now()}
	var err error
	if x.u, err = c.Vulns.Vulnerability(c.View, valid(c.R.PathValue("vuln"))); err != nil {
		return err
	}
	g, err := c.gate()
	if err != nil {
		return err
	}
	if g.hides(x.u.Label) {
		return c.secondPasskey() // its parts cannot be told from one another once they are put together
	}
	label := x.u.Label
	fs, err := c.Matching.OfVulnerability(c.View, x.u.ID, matching.Query{Gone: true, Limit: findingsAPage + 1})
	if err != nil {
		return err
	}
	x.capped = len(fs) > findingsAPage
	fs = fs[:min(len(fs), findingsAPage)]
	x.findings = exposureFindings{caption: "What it touches of yours", of: map[string]string{}, one: true}
	if x.findings.findingTable, err = c.findingTable(fs, &label); err != nil {
		return err
	}
	if err := c.findingPlaces(x.findings); err != nil {
		return err
	}
	x.claims = newClaims(x.u)
	return c.show(Page{Title: x.u.ID, Kind: "vulnerability", Label: label, Live: []string{"*"}, Body: vulnBody(x), Right: vulnAside(x)})
}

// findingPlaces says of each finding on what it is: a deployment, or a product.
func (c *Ctx) findingPlaces(x exposureFindings) error {
	var ids []string
	for _, f := range x.Rows {
		if f.Product != "" {
			ids = append(ids, f.Product)
		}
	}
	products, err := c.Devices.ProductsOf(c.View, ids)
	if err != nil {
		return err
	}
	for _, f := range x.Rows {
		switch {
		case f.Deployment != "":
			d, err := c.Devices.Deployment(c.View, f.Deployment)
			if err != nil {
				return err
			}
			x.of[f.ID] = "My " + deploymentTitle(d) + ", " + deploymentPlace(d)
		case products[f.Product].ID != "":
			x.of[f.ID] = strings.TrimSpace(products[f.Product].Title() + " " + f.Version)
		}
		if f.Part.Name != "" {
			x.of[f.ID] = strings.TrimSpace(x.of[f.ID] + ": " + f.Part.Name + " " + f.Part.Version)
		}
	}
	return nil
}

// others are the other ids it is known by.
func (x vulnView) others() []string {
	return slices.DeleteFunc(slices.Clone(x.u.IDs), func(s string) bool { return s == x.u.ID })
}

// next says what matters most about a vulnerability.
func (x vulnView) next() ui.Step {
	open := 0
	var first *findingRow
	for i, f := range x.findings.Rows {
		if f.Open {
			if open++; first == nil {
				first = &x.findings.Rows[i]
			}
		}
	}
	s := ui.Step{Kind: "ok", Sentence: "It touches nothing of yours, as far as anybody could match it.", Detail: "That nothing matched does not mean that nothing is affected."}
	if first != nil {
		s = ui.Step{Sentence: "It touches what is yours: " + ui.Count(open, "finding waits", "findings wait") + " for a decision.", Button: "Decide about the first", Href: findingAt(first.ID), Key: "r"}
	} else if len(x.findings.Rows) > 0 {
		s = ui.Step{Kind: "ok", Sentence: "Everything that it touches of yours is decided."}
	}
	switch {
	case x.u.Withdrawn:
		s.Kind, s.Detail = "info", "Every source has taken its word back."
	case x.u.KEV != nil:
		s.Detail = "CISA knows of attacks and asks agencies to act"
		if !x.u.KEV.Due.IsZero() {
			s.Detail += " until " + x.u.KEV.Due.UTC().Format("2 January 2006")
		}
		s.Detail += "."
		if first != nil {
			s.Kind = "danger"
		}
	case x.u.Exploited:
		if s.Detail = "It is known to be exploited."; first != nil {
			s.Kind = "danger"
		}
	}
	return s
}

// vulnFacts are the figures of a vulnerability.
func vulnFacts(x vulnView) []ui.KV {
	u := x.u
	day := func(key string, t time.Time) ui.KV {
		if t.IsZero() {
			return ui.KV{Key: key, Value: "not said"}
		}
		return ui.KV{Key: key, Part: ui.RelTime(t, x.now)}
	}
	worst := ui.KV{Key: "Worst score", Value: "none"}
	if u.Severity >= 0 {
		worst.Value = severityText(u.Severity)
		if by := u.Worst.By; by != "" {
			worst.Value += ", by " + by
		}
		worst.Value += " (" + vulnSourceWords(u.Worst.Source) + ")"
	}
	kvs := []ui.KV{day("First word", u.Published), day("Latest word", u.Modified), worst}
	if u.EPSS != nil {
		v := fmt.Sprintf("%s, percentile %s", strconv.FormatFloat(u.EPSS.Score, 'f', 5, 64), strconv.FormatFloat(u.EPSS.Percentile, 'f', 5, 64))
		if !u.EPSS.Date.IsZero() {
			v += ", of " + u.EPSS.Date.UTC().Format("2 Jan 2006")
		}
		kvs = append(kvs, ui.KV{Key: "EPSS, as it is", Value: v})
	}
	ssvc := []string{}
	for _, p := range [][2]string{{"exploitation", u.Exploitation}, {"automatable", u.Automatable}, {"technical impact", u.Impact}} {
		if p[1] != "" {
			ssvc = append(ssvc, p[0]+": "+p[1])
		}
	}
	if len(ssvc) > 0 {
		kvs = append(kvs, ui.KV{Key: "SSVC points (CISA)", Value: strings.Join(ssvc, ", ")})
	}
	if len(u.CWEs) > 0 {
		kvs = append(kvs, ui.KV{Key: "Weaknesses", Value: strings.Join(u.CWEs, ", ")})
	}
	return kvs
}

// kevFacts are what CISA's catalogue says.
func kevFacts(k vuln.KEV) []ui.KV {
	kvs := []ui.KV{{Key: "Added", Value: k.Added.UTC().Format("2 Jan 2006")}}
	if !k.Due.IsZero() {
		kvs = append(kvs, ui.KV{Key: "Due for agencies", Value: k.Due.UTC().Format("2 Jan 2006")})
	}
	ransom := "not known"
	if k.Ransomware {
		ransom = "known"
	}
	kvs = append(kvs, ui.KV{Key: "Used for ransom", Value: ransom})
	if k.Action != "" {
		kvs = append(kvs, ui.KV{Key: "Asked action", Value: k.Action})
	}
	return kvs
}

// vulnSourceRows is each source's word with its dates.
func vulnSourceRows(x vulnView) (out [][]ui.Cell) {
	day := func(t time.Time) ui.Cell {
		if t.IsZero() {
			return ui.Cell{Text: "not said", Muted: true}
		}
		return ui.Cell{Text: t.UTC().Format("2 Jan 2006")}
	}
	for _, r := range x.u.Records {
		state := ui.Cell{Text: "stands"}
		if !r.Withdrawn.IsZero() {
			state = ui.Cell{Text: "withdrawn " + r.Withdrawn.UTC().Format("2 Jan 2006")}
		}
		out = append(out, []ui.Cell{{Part: sourceWord(r), Header: true}, {Text: severityText(r.Severity)}, {Text: ui.Number(len(r.Claims))}, day(r.Published), day(r.Modified), state, {Part: ui.TLPChip(string(r.Label.TLP))}})
	}
	return out
}

// scoreRows are who scored how.
func scoreRows(x vulnView) (out [][]ui.Cell) {
	for _, s := range x.u.Scores {
		by := s.By
		if by == "" {
			by = "not said"
		}
		score := s.Severity
		if s.Base > 0 {
			score = strconv.FormatFloat(s.Base, 'f', 1, 64) + " " + s.Severity
		}
		version := s.Version
		if version == "" {
			version = "a word"
		} else if strings.ContainsAny(version[:1], "234") {
			version = "CVSS " + version
		}
		out = append(out, []ui.Cell{{Text: by, Header: true}, {Text: vulnSourceWords(s.Source) + " " + s.SourceID}, {Text: score}, {Text: version}, {Text: s.Vector, Mono: true}})
	}
	return out
}

// references are the links of all sources, each once.
func (x vulnView) references() (out []string) {
	for _, r := range x.u.Records {
		for _, l := range r.References {
			if strings.HasPrefix(l, "https://") && !slices.Contains(out, l) && len(out) < 40 {
				out = append(out, l)
			}
		}
	}
	return out
}

// vulnHistory are earlier words, newest first.
func vulnHistory(x vulnView) (out []ui.Event) {
	for _, h := range x.u.History[:min(len(x.u.History), historyShown)] {
		e := ui.Event{At: h.At, Text: vulnSourceWords(h.Source) + " " + h.SourceID + " changed its word"}
		var said []string
		if h.Before.Title != "" {
			said = append(said, "“"+shortText(h.Before.Title, 100)+"”")
		}
		for _, s := range h.Before.Scores {
			if s.Base > 0 {
				said = append(said, strings.TrimSpace("scored "+strconv.FormatFloat(s.Base, 'f', 1, 64)+" "+s.Severity))
				break
			}
		}
		if n := len(h.Before.Claims); n > 0 {
			said = append(said, ui.Count(n, "claim", "claims"))
		}
		if !h.Before.Modified.IsZero() {
			said = append(said, "of "+h.Before.Modified.UTC().Format("2 Jan 2006"))
		}
		if len(said) > 0 {
			e.Detail = "Before: " + strings.Join(said, ", ") + "."
		}
		if !h.Before.Withdrawn.IsZero() {
			e.Kind = "warn"
		}
		out = append(out, e)
	}
	return out
}
