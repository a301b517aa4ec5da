package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/formats/names"
	"github.com/cordon-isao/cordon/matching"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

// exposurePressing is how many findings the page of exposure lists.
const exposurePressing = 10

// exposureView is what the exposure of the reader's organization is drawn from.
type exposureView struct {
	tabs     []ui.Tab
	e        matching.Exposure
	since    time.Time // of the visit before; zero on the first
	rows     []exposureRow
	pressing exposureFindings
	exploit  int // vulnerabilities that are known to be exploited, by device
	checked  time.Time
	waiting  int // comparisons that wait
	may      bool
	now      time.Time
}

// exposureRow is one kind of device with its product, if that is known.
type exposureRow struct {
	matching.ExposureRow
	eos  string // of support: the deployment's own word, else the product's
	told string // when that was announced
}

// exposureShow is what the reader's organization runs against what is known of it.
func (c *Ctx) exposureShow() error {
	return c.ownDevices(func() error {
		x := exposureView{tabs: c.deviceTabs(devicesAtExposure), may: c.Devices.MayDeploy(c.View), now: c.View.Now(), since: c.lastLook()}
		var err error
		if x.e, err = c.Matching.Exposure(c.View, x.since); err != nil {
			return err
		}
		label := policy.Default(c.Viewer.Org)
		for _, l := range x.e.Labels {
			label = together(label, l)
		}
		var ids []string
		for _, r := range x.e.Rows {
			if r.Product != "" {
				ids = append(ids, r.Product)
			}
			x.exploit += r.Exploited
		}
		products, err := c.Devices.ProductsOf(c.View, ids)
		if err != nil {
			return err
		}
		for _, r := range x.e.Rows {
			row := exposureRow{ExposureRow: r, eos: r.EOS}
			if p, ok := products[r.Product]; ok {
				label = together(label, p.Label)
				row.told = p.Announced
				if row.eos == "" {
					row.eos = p.EOS
				}
			}
			x.rows = append(x.rows, row)
		}
		fs, err := c.Matching.Mine(c.View, matching.Query{Limit: 5 * exposurePressing})
		if err != nil {
			return err
		}
		fs = slices.DeleteFunc(fs, func(f matching.Finding) bool { return !f.Open(x.now) })
		x.pressing.caption = "The most pressing findings on what I run"
		if x.pressing.findingTable, err = c.findingTable(fs[:min(len(fs), exposurePressing)], &label); err != nil {
			return err
		}
		if x.checked, err = c.lastFed(); err != nil {
			return err
		}
		if x.waiting, err = c.Matching.Waiting(c.View); err != nil {
			return err
		}
		return c.show(Page{Title: "Exposure", Kind: "exposure", Label: label, Live: []string{"*"}, Body: exposureBody(x), Right: exposureAside(x)})
	})
}

// lastFed is when a feed of vulnerabilities was last read whole.
func (c *Ctx) lastFed() (last time.Time, err error) {
	feeds, err := c.Vulns.Feeds(c.View)
	for _, f := range feeds {
		if f.Health.LastOK.After(last) {
			last = f.Health.LastOK
		}
	}
	return last, err
}

// The reader's browser remembers when this page was looked at: the visit before, and
// this one. Looks within an hour are one visit, so that coming back from a row does not
// lose what is new.
const (
	lookCookie = "cordon-exposure"
	oneVisit   = time.Hour
	looksKept  = 400 * 24 * time.Hour
)

// lastLook is when the visit before this one was; zero on the first.
func (c *Ctx) lastLook() time.Time {
	now := c.View.Now()
	var before, latest time.Time
	if k, err := c.R.Cookie(lookCookie); err == nil {
		a, b, _ := strings.Cut(k.Value, ".")
		before, latest = lookTime(a, now), lookTime(b, now)
	}
	if latest.IsZero() || now.Sub(latest) > oneVisit {
		before = latest
	}
	value := "."
	if !before.IsZero() {
		value = strconv.FormatInt(before.Unix(), 10) + value
	}
	http.SetCookie(c.W, &http.Cookie{Name: lookCookie, Value: value + strconv.FormatInt(now.Unix(), 10), Path: devicesAtExposure, MaxAge: int(looksKept / time.Second),
		HttpOnly: true, Secure: c.TLS, SameSite: http.SameSiteLaxMode})
	return before
}

// lookTime reads a time that the browser remembered; what is none, or not yet, is
// zero.
func lookTime(s string, now time.Time) time.Time {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n <= 0 {
		return time.Time{}
	}
	if t := time.Unix(n, 0).UTC(); !t.After(now) {
		return t
	}
	return time.Time{}
}

// none says that nothing is deployed that is matched.
func (x exposureView) none() bool { return len(x.rows) == 0 }

// clear says that nothing is known of what is deployed.
func (x exposureView) clear() bool {
	return !slices.ContainsFunc(x.rows, func(r exposureRow) bool { return r.Exploited > 0 || len(r.Count) > 0 })
}

// bandWeights are what a vulnerability of each band counts in a shade.
var bandWeights = map[string]int{"critical": 8, "high": 4, "medium": 2, "low": 1, "none": 1}

// heat is the picture of devices by severity.
func (x exposureView) heat() ui.HeatMap {
	h := ui.HeatMap{ID: "exposure", Caption: "My devices by severity: vulnerabilities that wait for a decision", Corner: "Device", Columns: []ui.HeatColumn{{Name: "Exploited", Weight: bandWeights["critical"]}},
		Note: "A number counts each vulnerability once a device. Exploited ones are also in the column of their severity."}
	for _, b := range matching.Bands() {
		name := upperFirst(b)
		if b == "none" {
			name = "No score"
		}
		h.Columns = append(h.Columns, ui.HeatColumn{Name: name, Weight: bandWeights[b]})
	}
	touched := 0
	for _, r := range x.rows {
		row := ui.HeatRow{Name: strings.TrimSpace(r.Maker + " " + r.Model), Href: x.rowAt(r, "", false), Note: ui.Count(r.Units, "unit", "units"), Cells: []ui.HeatCell{{N: r.Exploited, Href: x.rowAt(r, "", true)}}}
		all := 0
		for _, b := range matching.Bands() {
			all += r.Count[b]
			row.Cells = append(row.Cells, ui.HeatCell{N: r.Count[b], Href: x.rowAt(r, b, false)})
		}
		if all > 0 {
			touched++
		}
		h.Rows = append(h.Rows, row)
	}
	h.Finding = ui.Number(touched) + " of " + ui.Count(len(x.rows), "kind of device has", "kinds of devices have") + " vulnerabilities that wait for a decision"
	if x.exploit > 0 {
		h.Finding += ", and " + ui.Count(x.exploit, "is", "are") + " known to be exploited"
	}
	return h
}

// rowAt is where the findings behind a row or a cell are.
func (x exposureView) rowAt(r exposureRow, band string, exploited bool) string {
	v := url.Values{}
	if r.Product != "" {
		v.Set("product", r.Product)
	} else {
		v.Set("maker", r.Maker)
		v.Set("model", r.Model)
	}
	if band != "" {
		v.Set("band", band)
	}
	if exploited {
		v.Set("exploited", "1")
	}
	return devicesAtExposure + "/findings?" + v.Encode()
}

// supportMost is how many devices the picture of support shows: those that end first.
const supportMost = 24

// support is the picture of when support ends.
func (x exposureView) support() ui.Horizon {
	h := ui.Horizon{ID: "support", Label: "End of support of what I run", Corner: "Device", Now: x.now.UTC(), Empty: "No end of support is known of what you run."}
	for _, r := range x.rows {
		row := ui.HorizonRow{Name: strings.TrimSpace(r.Maker + " " + r.Model), Href: x.devicesAt(r), Note: ui.Count(r.Units, "unit", "units")}
		row.Ends, _ = time.Parse(time.DateOnly, r.eos)
		row.Told, _ = time.Parse(time.DateOnly, r.told)
		if !row.Ends.IsZero() {
			h.Rows = append(h.Rows, row)
		}
	}
	slices.SortStableFunc(h.Rows, func(a, b ui.HorizonRow) int { return a.Ends.Compare(b.Ends) })
	h.Rows = h.Rows[:min(len(h.Rows), supportMost)]
	return h
}

// undated counts the devices whose end of support is not known.
func (x exposureView) undated() (n int) {
	for _, r := range x.rows {
		if r.eos == "" {
			n++
		}
	}
	return n
}

// devicesAt is the list of deployments behind a row.
func (x exposureView) devicesAt(r exposureRow) string {
	if r.Product != "" {
		return devicesAtDeployments + "?product=" + queryEscape(r.Product)
	}
	return devicesAtDeployments + "?q=" + queryEscape(r.Maker+" "+r.Model)
}

func (x exposureView) trend() ui.Trend {
	t := ui.Trend{ID: "weeks", Label: "Findings on what I run, week by week", What: "finding"}
	for _, w := range x.e.Weeks {
		t.Points = append(t.Points, ui.TrendPoint{Ends: w.Ends, N: w.Open})
	}
	return t
}

// next is what comes next on the page of exposure.
func (x exposureView) next() ui.Step {
	for _, f := range x.pressing.Rows {
		if f.Exploited {
			return ui.Step{Kind: "danger", Sentence: f.Vuln + " touches what you run and is known to be exploited.", Detail: findingRemedy(f.Finding), Button: "Decide what to do", Href: findingAt(f.ID), Key: "r"}
		}
	}
	if len(x.pressing.Rows) > 0 {
		f := x.pressing.Rows[0]
		return ui.Step{Sentence: ui.Count(x.e.Open, "finding waits", "findings wait") + " for a decision.", Detail: "Nothing is known to be exploited. The most pressing is " + f.Vuln + ".", Button: "Decide about " + f.Vuln, Href: findingAt(f.ID), Key: "r"}
	}
	return ui.Step{Kind: "ok", Sentence: "Nothing waits for a decision."}
}

// exposureFindingsView is what the rows behind a cell are drawn from.
type exposureFindingsView struct {
	tabs      []ui.Tab
	title     string
	band      string
	exploited bool
	back      string
	findings  exposureFindings
	vulns     int // distinct
	looked    int // deployments that were looked through
	of        int
	capped    bool
}

// cellDeployments is how many deployments of a row are looked through.
const cellDeployments = 40

// exposureRowFindings lists what is behind a row or a cell of the picture.
func (c *Ctx) exposureRowFindings() error {
	return c.ownDevices(func() error {
		q := c.R.URL.Query()
		x := exposureFindingsView{tabs: c.deviceTabs(devicesAtExposure), band: q.Get("band"), exploited: q.Get("exploited") == "1", back: devicesAtExposure}
		if !slices.Contains(matching.Bands(), x.band) {
			x.band = ""
		}
		ds, err := c.cellOf(valid(q.Get("product")), valid(q.Get("maker")), valid(q.Get("model")))
		if err != nil {
			return err
		}
		x.of = len(ds)
		ds = ds[:min(len(ds), cellDeployments)]
		x.looked = len(ds)
		now, label := c.View.Now(), policy.Default(c.Viewer.Org)
		var all []matching.Finding
		where := map[string][]string{}
		seen := map[string]bool{}
		for _, d := range ds {
			x.title = deploymentTitle(d)
			fs, err := c.Matching.OfDeployment(c.View, d.ID, matching.Query{Severity: leastOf(x.band), Exploited: x.exploited, Limit: matching.MaxPage})
			if err != nil {
				return err
			}
			x.capped = x.capped || len(fs) == matching.MaxPage
			for _, f := range fs {
				// As the picture counts them.
				if !f.Open(now) || x.band != "" && matching.Band(f.Severity) != x.band {
					continue
				}
				if len(where[f.ID]) == 0 {
					all = append(all, f)
				}
				if w := deploymentPlace(d); !slices.Contains(where[f.ID], w) {
					where[f.ID] = append(where[f.ID], w)
				}
				seen[f.Vuln] = true
			}
		}
		x.vulns = len(seen)
		x.capped = x.capped || len(all) > findingsShown
		x.findings = exposureFindings{caption: "Findings, the most pressing first", of: map[string]string{}}
		for id, ws := range where {
			if len(ws) > 3 {
				ws = append(ws[:3:3], "and "+ui.Number(len(ws)-3)+" more")
			}
			x.findings.of[id] = strings.Join(ws, "; ")
		}
		if x.findings.findingTable, err = c.findingTable(all[:min(len(all), findingsShown)], &label); err != nil {
			return err
		}
		return c.show(Page{Title: "Exposure of " + x.title, Kind: "exposure", Label: label, Live: []string{"*"}, Body: exposureFindingsBody(x, now)})
	})
}

// cellOf is the deployments of one row: of a known product, or that a hospital calls
// the same.
func (c *Ctx) cellOf(product, maker, model string) (out []devices.Deployment, err error) {
	q := devices.DeploymentQuery{Product: product, Limit: devices.MaxPage}
	if product == "" {
		q.Words, q.Unknown = maker+" "+model, true
	}
	want := names.Fold(maker + " " + model)
	for range 20 {
		ds, next, err := c.Devices.Deployments(c.View, q)
		if err != nil {
			return nil, err
		}
		for _, d := range ds {
			if (d.Stage == "in use" || d.Stage == "stored") && (product != "" || names.Fold(d.Maker+" "+d.Model) == want) {
				out = append(out, d)
			}
		}
		if q.After = next; next == "" {
			break
		}
	}
	return out, nil
}

// deploymentPlace says which of several deployments of one kind is meant.
func deploymentPlace(d devices.Deployment) string {
	var parts []string
	if d.Version != "" {
		parts = append(parts, d.Version)
	}
	if d.Zone != "" {
		parts = append(parts, d.Zone)
	}
	return strings.Join(append(parts, ui.Count(d.Count, "unit", "units")), ", ")
}
