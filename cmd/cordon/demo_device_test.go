package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cordon-isao/cordon/alerts"
	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/matching"
	"github.com/cordon-isao/cordon/vulns"
	"github.com/cordon-isao/cordon/web"
)

// settled waits until everything is compared and told of; the running house does so by
// itself.
func (w *world) settled() {
	w.t.Helper()
	s := &story{house: w.house, ctx: w.t.Context()}
	if err := s.settle(); err != nil {
		w.t.Fatal(err)
	}
}

// demoDevices: two hospitals have the maker's notice with the reason, the third none,
// and the maker a count on the floor; each SBOM and its findings are for whom it was
// shared with; real products are the desk's, invented ones their makers'.
func demoDevices(t *testing.T, w *world) {
	w.settled()
	as := w.house.alerts

	// The maker's alert.
	var gateway alerts.Alert
	w.read(w.being("arendt"), func(v *db.View) error {
		list, _, err := as.Alerts(v, alerts.Query{Mine: true})
		if err != nil || len(list) != 1 || list[0].Title != gatewayTitle || list[0].State != alerts.Sent {
			t.Fatalf("Pumpworks' alerts: %+v, %v", list, err)
		}
		gateway = list[0]
		f, err := as.Funnel(v, gateway.ID)
		const few = alerts.Least
		if diff := cmp.Diff(alerts.Answered{Told: few, Opened: few, NotUs: few, Looking: few, Affected: few, Fixed: few, Silent: few}, f); diff != "" || err != nil {
			t.Errorf("the maker is shown other counts (-want +got): %v\n%s", err, diff)
		}
		r, err := as.Reach(v, []string{gateway.Affected[0].Product})
		if err != nil || len(r) != 1 || r[0].Shown != "fewer than 5" {
			t.Errorf("holders of the Gateway: %v, %v", r, err)
		}
		is, err := as.Inquiries(v, gateway.ID)
		if err != nil || len(is) != 1 || is[0].Asker != "" || !strings.HasPrefix(is[0].Pseudonym, "Asker ") || len(is[0].Messages) != 2 {
			t.Errorf("what the maker knows of the inquiry (R-048): %+v, %v", is, err)
		}
		return nil
	})
	for _, c := range []struct {
		who    string
		answer alerts.Answer
		why    string // "" = no notice
	}{
		{"salcedo", alerts.Hit, "2.8.1 is before 2.9.0"},
		{"sethu", alerts.Looking, "2.8.0 is before 2.9.0"},
		{"tollefson", "", ""}, // has 2.9.0
		{"haddadin", "", ""},  // has none
		{"meneses", "", ""},
	} {
		w.read(w.being(c.who), func(v *db.View) error {
			n, err := as.NoticeOf(v, gateway.ID)
			switch {
			case c.why == "" && err == nil:
				t.Errorf("%s has a notice: %+v", c.who, n.Matched)
			case c.why != "" && (err != nil || n.Answer != c.answer || len(n.Matched) != 1 || !n.Matched[0].Sure || !strings.Contains(n.Matched[0].Why, c.why)):
				t.Errorf("the notice of %s: %v %q %+v", c.who, err, n.Answer, n.Matched)
			}
			return nil
		})
	}
	// What the desk wrote: sent to everybody's eyes, and waiting for a second person.
	w.read(w.being("maas"), func(v *db.View) error {
		list, _, err := as.Alerts(v, alerts.Query{Mine: true})
		var got []string
		for _, a := range list {
			got = append(got, fmt.Sprintf("%s %s second=%t may=%t", a.State, a.TLP, a.NeedsSecond, as.MayApprove(v, a)))
		}
		if diff := cmp.Diff([]string{"draft TLP:GREEN second=true may=true", "sent TLP:CLEAR second=true may=true"}, got); diff != "" || err != nil {
			t.Errorf("the desk's alerts (-want +got): %v\n%s", err, diff)
		}
		r, err := as.Reach(v, []string{list[len(list)-1].Affected[0].Product})
		if err != nil || len(r) != 1 || r[0].Shown != "5 or more" {
			t.Errorf("holders of Vue PACS: %v, %v", r, err)
		}
		return nil
	})
	w.read(w.being("tembo"), func(v *db.View) error {
		list, _, err := as.Alerts(v, alerts.Query{State: alerts.Draft})
		if err != nil || len(list) != 1 || as.MayApprove(v, list[0]) {
			t.Errorf("who wrote the draft may approve it: %v", err)
		}
		return nil
	})

	// The SBOMs: findings are for whom they are shared with.
	for _, c := range []struct {
		product string
		readers string // with findings; everybody else of those who are asked has none
	}{
		{"Pumpworks Gateway", "arendt salcedo sethu osei"},
		{"Vane Central", "venkat haddadin osei sethu"}, // of the working group
		{"Roost bedside reader", "arendt salcedo sethu venkat haddadin osei tollefson hallberg brodnik maas"},
		{"Lanekeeper middleware", "hallberg"},
	} {
		for _, who := range strings.Fields("arendt salcedo sethu venkat haddadin osei tollefson hallberg brodnik maas") {
			w.read(w.being(who), func(v *db.View) error {
				p, err := (&shelf{saga: &saga{story: &story{house: w.house}}}).product(v, c.product)
				if err != nil {
					t.Fatalf("%s: %v", who, err)
				}
				bs, err := w.house.devices.SBOMs(v, p.ID, 10)
				if err != nil {
					return err
				}
				fs, err := w.house.matching.OfProduct(v, p.ID, "", matching.Query{Limit: 100})
				reads := slices.Contains(strings.Fields(c.readers), who)
				if (len(bs) == 1) != reads || (len(fs) >= 5) != reads || !reads && len(fs) > 0 {
					t.Errorf("%s has %d SBOMs of %s and %d findings; reads it: %t", who, len(bs), c.product, len(fs), reads)
				}
				for _, f := range fs {
					if c.product == "Pumpworks Gateway" && f.Vuln == "CVE-2024-5991" && (f.Said == nil || f.Said.Status != "not_affected" || f.Open(v.Now())) {
						t.Errorf("%s does not have the maker's word about %s: %+v", who, f.Vuln, f.Said)
					}
				}
				return err
			})
		}
	}

	// What hospitals run is theirs, whoever asks; and what is exploited is told.
	orgs := map[string]string{}
	for _, who := range []string{"salcedo", "sethu", "haddadin", "meneses", "tollefson", "maas", "arendt", "drumm"} {
		w.read(w.being(who), func(v *db.View) error {
			ds, _, err := w.house.devices.Deployments(v, devices.DeploymentQuery{Limit: 100})
			for _, d := range ds {
				orgs[d.ID] = d.Org
				if d.Org != v.Viewer().Org {
					t.Errorf("%s reads a deployment of another organization", who)
				}
			}
			runs := map[string]int{"salcedo": 14, "sethu": 8, "haddadin": 10, "meneses": 5, "tollefson": 6}[who]
			if len(ds) != runs || err != nil {
				t.Errorf("%s has %d deployments, want %d, %v", who, len(ds), runs, err)
			}
			ns, _, err := as.Inbox(v, alerts.InboxQuery{})
			if exploited := len(ns) > 0 && ns[0].Exploited && ns[0].Kind == alerts.OfMatching; exploited != (runs > 0) {
				t.Errorf("%s is told of something exploited: %t, %v", who, exploited, err)
			}
			return err
		})
	}
	if len(orgs) != 43 {
		t.Errorf("%d deployments", len(orgs))
	}
	w.read(w.being("salcedo"), func(v *db.View) error {
		ds, _, err := w.house.devices.Deployments(v, devices.DeploymentQuery{Words: "IntelliSpace"})
		if err != nil || len(ds) != 1 || ds[0].Maker != "Phillips" || ds[0].Product == "" {
			t.Errorf("what is spelt Phillips: %+v, %v", ds, err)
		}
		e, err := w.house.matching.Exposure(v, v.Now())
		if err != nil || e.Open < 50 || len(e.Rows) != 14 || e.Rows[0].Exploited == 0 {
			t.Errorf("exposure: %d open, %d rows, %v", e.Open, len(e.Rows), err)
		}
		return nil
	})
	w.read(w.being("tollefson"), func(v *db.View) error {
		ss, _, err := w.house.devices.Suggestions(v, "", 50)
		if err != nil || len(ss) < 4 {
			t.Errorf("%d suggestions, %v", len(ss), err)
		}
		return nil
	})

	// Real makers are no members; members' products are invented.
	w.read(w.being("maas"), func(v *db.View) error {
		ps, _, err := w.house.devices.Products(v, devices.ProductQuery{Limit: 500})
		own := map[string]int{}
		for _, p := range ps {
			invented := slices.ContainsFunc(w.house.web.Demo.Personas, func(q web.Persona) bool { return q.Org == p.Maker })
			if invented != (p.Org != "") || invented != (p.Source == devices.FromCSV) || !invented && (p.Source != devices.FromCSAF || p.Label.TLP.String() != "TLP:CLEAR") {
				t.Errorf("%s is of the organization %q, from %s, %s", p.Title(), p.Org, p.Source, p.Label.TLP)
			}
			own[p.Source]++
		}
		if own[devices.FromCSV] != 14 || own[devices.FromCSAF] < 40 {
			t.Errorf("products: %v, %v", own, err)
		}
		fs, err := w.house.vulns.Feeds(v)
		var got []string
		for _, f := range fs {
			got = append(got, fmt.Sprintf("%s %s %s +%d -%d", f.Kind, f.Place, f.State, f.Health.Added, f.Health.Skipped))
		}
		slices.Sort(got)
		if diff := cmp.Diff([]string{"csaf file on +148 -0", "cve file on +27 -0", "epss file on +245 -0", "kev file on +9 -0", "kev url paused +0 -0", "osv file on +88 -0"}, got); diff != "" {
			t.Errorf("feeds (-want +got):\n%s", diff)
		}
		for _, f := range fs {
			if f.Place == vulns.PlaceURL && !f.Health.LastTry.IsZero() {
				t.Errorf("the demo called %s", f.Address)
			}
		}
		return err
	})
	w.read(w.being("vasquez"), func(v *db.View) error {
		p, err := (&shelf{saga: &saga{story: &story{house: w.house}}}).product(v, "Perch programmer")
		if err != nil || p.Stage != devices.LimitedSupport || devices.CheckNotice(p.EOS, p.Announced) != devices.NoticeLate {
			t.Errorf("Perch: %s, %s, %v (R-060, R-061)", p.Stage, p.EOS, err)
		}
		gs, err := w.house.devices.ProductGaps(v, p.ID)
		if err != nil || len(gs) == 0 {
			t.Errorf("gaps of Perch: %v, %v", gs, err)
		}
		return nil
	})
}

// noticeOf is the page of the notice that a person's organization got of an alert.
func (w *world) noticeOf(who, title string) (path string) {
	w.t.Helper()
	w.read(w.being(who), func(v *db.View) error {
		ns, _, err := w.house.alerts.Inbox(v, alerts.InboxQuery{})
		i := slices.IndexFunc(ns, func(n alerts.Notice) bool { return n.Content.Title == title })
		if err != nil || i < 0 {
			w.t.Fatalf("%s has no notice %q: %v", who, title, err)
		}
		path = "/alerts/notices/" + ns[i].ID
		return nil
	})
	return path
}
