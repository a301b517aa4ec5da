package web

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/formats/vuln"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/matching"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/vulns"
	"github.com/cordon-isao/cordon/web/ui"
)

const vulnsAPage = 50

// vulnListView is what the list of vulnerabilities is drawn from.
type vulnListView struct {
	tabs   []ui.Tab
	q      vulns.Query
	rows   []vulns.Item
	hidden int
	errs   []ui.FieldError
	first  bool // there is none at all
	posts  bool
	feeds  bool // may keep feeds
	pages  ui.Pages
}

// vulnList lists what vulnerabilities the reader may see, those with the newest word
// first.
func (c *Ctx) vulnList() error {
	q := c.R.URL.Query()
	x := vulnListView{tabs: c.deviceTabs(devicesAtVulns), posts: c.Viewer.May(policy.MayPost), feeds: keepsFeeds(c.Viewer)}
	x.q = vulns.Query{Text: valid(q.Get("q")), Exploited: q.Get("exploited") == "1", Source: q.Get("source"), After: q.Get("after"), Limit: vulnsAPage}
	if n, err := strconv.ParseInt(q.Get("severity"), 10, 64); err == nil && n > 0 && n <= 100 {
		x.q.Severity = n
	}
	if !slices.Contains(vulnSources, x.q.Source) {
		x.q.Source = ""
	}
	status, label := 200, policy.Label{}
	g, err := c.gate()
	if err != nil {
		return err
	}
	rows, next, err := c.Vulns.List(c.View, x.q)
	switch {
	case fault.Is(err, fault.Invalid):
		status, x.errs = 422, formErrors(renamed(err, "text", "q"), "find", "q")
	case err != nil:
		return err
	}
	for _, r := range rows {
		if g.hides(r.Label) {
			x.hidden++
			continue
		}
		label = together(label, r.Label)
		x.rows = append(x.rows, r)
	}
	if next != "" {
		x.pages.OlderHref = x.at("after", next)
	}
	if x.q.After != "" {
		x.pages.NewerHref = x.at("after", "")
	}
	x.first = len(rows) == 0 && !x.filtered() && x.q.After == "" && len(x.errs) == 0
	return c.show(Page{Title: "Vulnerabilities", Kind: "list", Status: status, Label: label, Live: []string{"*"}, Body: vulnListBody(x, c.View.Now())})
}

// vulnSources are the sources that a record can come from.
var vulnSources = []string{vuln.OSV, vuln.CVE, vuln.CSAF, vuln.InKEV}

// keepsFeeds reports whether somebody keeps the feeds: the desk and who operates the
// house.
func keepsFeeds(who policy.Viewer) bool {
	return who.May(policy.MayTriage) || who.May(policy.MayOperate)
}

func (x vulnListView) filtered() bool {
	return strings.TrimSpace(x.q.Text) != "" || x.q.Exploited || x.q.Severity > 0 || x.q.Source != ""
}

// at is the list's address with one thing said otherwise; "" leaves it out.
func (x vulnListView) at(name, value string) string {
	v := url.Values{}
	for k, s := range map[string]string{"q": x.q.Text, "source": x.q.Source} {
		if s != "" {
			v.Set(k, s)
		}
	}
	if x.q.Exploited {
		v.Set("exploited", "1")
	}
	if x.q.Severity > 0 {
		v.Set("severity", strconv.FormatInt(x.q.Severity, 10))
	}
	if value == "" {
		v.Del(name)
	} else {
		v.Set(name, value)
	}
	if len(v) == 0 {
		return devicesAtVulns
	}
	return devicesAtVulns + "?" + v.Encode()
}

func (x vulnListView) severities() []ui.Option {
	os := []ui.Option{{Value: "", Text: "Any", Selected: x.q.Severity == 0}}
	for _, s := range []struct {
		least int64
		text  string
	}{{90, "Critical: 9.0 and more"}, {70, "High and more: 7.0"}, {40, "Medium and more: 4.0"}} {
		os = append(os, ui.Option{Value: strconv.FormatInt(s.least, 10), Text: s.text, Selected: x.q.Severity == s.least})
	}
	return os
}

func (x vulnListView) sources() []ui.Option {
	os := []ui.Option{{Value: "", Text: "Any", Selected: x.q.Source == ""}}
	for _, s := range vulnSources {
		os = append(os, ui.Option{Value: s, Text: vulnSourceWords(s), Selected: x.q.Source == s})
	}
	return os
}

func vulnRows(rows []vulns.Item, now time.Time) (out [][]ui.Cell) {
	for _, r := range rows {
		var sources []string
		for _, s := range r.Sources {
			sources = append(sources, vulnSourceWords(s))
		}
		epss := ui.Cell{Text: "none", Muted: true}
		if r.EPSS != nil {
			epss = ui.Cell{Text: strconv.FormatFloat(r.EPSS.Score, 'f', 3, 64)}
		}
		changed := ui.Cell{Text: "not said", Muted: true}
		if !r.Modified.IsZero() {
			changed = ui.Cell{Part: ui.ShortTime(r.Modified, now)}
		}
		out = append(out, []ui.Cell{{Part: vulnTitle(r), Header: true}, {Part: vulnSeverity(r.Severity, r.Exploited)}, epss, {Text: strings.Join(sources, ", ")}, {Part: ui.TLPChip(string(r.Label.TLP))}, changed})
	}
	return out
}

// bandOf is a severity's class of chip.
func bandOf(severity int64) string { return matching.Band(severity) }
