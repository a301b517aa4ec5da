package matching_test

import (
	"slices"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/matching"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/vulns"
)

// everybody is who looks in these tests.
var everybody = []string{town.Pia, town.Paz, town.Max, town.Wim, town.Wanda, town.Cleo, town.Lea, town.Fay, town.Dora, ""}

// readers checks who reads a finding: all of them by every way, all others by none.
func readers(h *house, what, id, sbom, vuln string, want ...string) {
	h.T.Helper()
	for _, who := range everybody {
		f, err := h.finding(who, id)
		may := slices.Contains(want, who)
		switch {
		case may && err != nil:
			h.T.Errorf("%s: %q does not read it: %v", what, who, err)
		case !may && !fault.Is(err, fault.Missing):
			h.T.Errorf("%s: %q reads it: %+v, %v", what, who, f, err)
		case !may:
			_, random := h.finding(who, "find_0000000000000000000000")
			if random == nil || random.Error() != err.Error() {
				h.T.Errorf("%s: %q is told %v, and %v of what is not there", what, who, err, random)
			}
		}
		holds := func(fs []matching.Finding) bool {
			return slices.ContainsFunc(fs, func(f matching.Finding) bool { return f.ID == id })
		}
		if got := holds(h.ofVuln(who, vuln)); got != may {
			h.T.Errorf("%s: in what %q reads of %s: %v", what, who, vuln, got)
		}
		if sbom != "" {
			fs, err := town.Read(h.Town, who, func(v *db.View) ([]matching.Finding, error) {
				return h.Matching.OfSBOM(v, sbom, matching.Query{})
			})
			if err == nil != may || may && !holds(fs) {
				h.T.Errorf("%s: of the SBOM %q reads %d findings, %v", what, who, len(fs), err)
			}
		}
	}
}

// TestLabels: a finding is read by who reads its subject and a record that says so, and
// by nobody else.
func TestLabels(t *testing.T) {
	onBoth(t, func(t *testing.T, h *house) {
		h.bring(town.Dora, vulns.OSV, public, []byte(osv("OSV-1", "2025-01-01T00:00:00Z", "alpha", "2.0.0")))
		h.bring(town.Pia, vulns.OSV, own(town.Pump), []byte(osv("OSV-2", "2025-01-01T00:00:00Z", "alpha", "2.0.0")))
		h.bring(town.Pia, vulns.OSV, town.Label(policy.Amber, town.Pump, town.Ward), []byte(osv("OSV-3", "2025-01-01T00:00:00Z", "alpha", "2.0.0")))
		product := h.product(town.Pia, devices.ProductForm{Name: "Infusor", Label: town.Label(policy.Clear, policy.Public)})
		bom := h.sbom(town.Pia, product, "1.0", town.Label(policy.Amber, town.Pump, town.Ward), cdx(library("alpha", "1.0.0", "pkg:npm/alpha@1.0.0")))
		h.settle()
		ids := map[string]string{}
		for _, f := range h.ofSBOM(town.Pia, bom.ID) {
			ids[f.Vuln] = f.ID
		}
		if len(ids) != 3 {
			t.Fatalf("%v", ids)
		}
		readers(h, "shared SBOM, public record", ids["OSV-1"], bom.ID, "OSV-1", town.Pia, town.Wim)
		readers(h, "shared SBOM, private record", ids["OSV-2"], "", "OSV-2", town.Pia)
		readers(h, "shared SBOM, shared record", ids["OSV-3"], "", "OSV-3", town.Pia, town.Wim)

		// A hospital's deployment is its own, whoever makes it and says it is affected.
		h.bring(town.Dora, vulns.CSAF, public, advisory("ADV-1", "CVE-2025-0001", "Pump Works", "Infusor", "vers:all/*"))
		wards := h.deploy(town.Wim, devices.DeploymentForm{Maker: "Pump Works", Model: "Infusor", Version: "1.0"})
		clinics := h.deploy(town.Cleo, devices.DeploymentForm{Product: product, Version: "1.0"})
		h.settle()
		for who, place := range map[string]string{town.Wim: wards, town.Cleo: clinics} {
			i := slices.IndexFunc(h.mine(who), func(f matching.Finding) bool { return f.Deployment == place })
			if i < 0 {
				t.Fatalf("%s has no finding on his own", who)
			}
			readers(h, "a deployment", h.mine(who)[i].ID, "", "CVE-2025-0001", who)
		}
		// The clinic runs the product, and has no SBOM of it.
		for _, f := range h.mine(town.Cleo) {
			if f.Kind != "deployment" {
				t.Errorf("the clinic reads %+v", f)
			}
		}
		// Ward's is not reconciled with the product; then the SBOM that it was given counts.
		h.OK(h.Write(town.Wim, func(tx *db.Tx) error {
			return h.Devices.ChangeDeployment(tx, wards, 1, devices.DeploymentForm{Product: product, Version: "1.0", Count: 1})
		}))
		h.settle()
		var inside []string
		for _, f := range h.mine(town.Wim) {
			if f.Kind == "component" {
				inside = append(inside, f.Vuln)
			}
		}
		slices.Sort(inside)
		if !slices.Equal(inside, []string{"OSV-1", "OSV-3"}) {
			t.Errorf("Ward reads %v on the components of what it runs", inside)
		}
		// A stricter label takes it away at once, with nothing compared again.
		h.OK(h.Write(town.Pia, func(tx *db.Tx) error { return h.Devices.TightenSBOM(tx, bom.ID, own(town.Pump)) }))
		readers(h, "tightened SBOM", ids["OSV-1"], bom.ID, "OSV-1", town.Pia)
	})
}

// TestNews: who is told is who may see, each in his own eyes.
func TestNews(t *testing.T) {
	onBoth(t, func(t *testing.T, h *house) {
		product := h.product(town.Pia, devices.ProductForm{Name: "Infusor", Label: public})
		h.sbom(town.Pia, product, "1.0", town.Label(policy.Amber, town.Pump, town.Ward), cdx(library("alpha", "1.0.0", "pkg:npm/alpha@1.0.0")))
		for _, who := range []string{town.Wim, town.Cleo} {
			h.deploy(who, devices.DeploymentForm{Product: product, Version: "v1.0"})
		}
		retired := h.deploy(town.Max, devices.DeploymentForm{Product: product, Version: "1.0"})
		h.OK(h.Write(town.Max, func(tx *db.Tx) error { return h.Devices.RetireDeployment(tx, retired) }))
		h.settle()
		h.bring(town.Dora, vulns.OSV, public, []byte(osv("OSV-1", "2025-01-01T00:00:00Z", "alpha", "2.0.0", `"aliases":["CVE-2025-0001"]`)))
		h.settle()
		var after int64
		fresh := func() (out []string) {
			h.OK(h.DB.Read(h.Ctx, policy.System("alerts"), func(v *db.View) error {
				ts, upto, err := h.Matching.FreshTouches(v, after, 100)
				after = upto
				for _, x := range ts {
					out = append(out, x.Org+" "+x.Vuln+" "+x.News)
				}
				return err
			}))
			return out
		}
		if got := fresh(); !slices.Equal(got, []string{town.Pump.ID() + " CVE-2025-0001 found", town.Ward.ID() + " CVE-2025-0001 found"}) {
			t.Errorf("news: %v", got)
		}
		var owners []string
		h.OK(h.DB.Read(h.Ctx, policy.System("matching"), func(v *db.View) (err error) {
			owners, err = h.Matching.Owners(v, "CVE-2025-0001")
			return err
		}))
		if !slices.Equal(owners, []string{town.Clinic.ID(), town.Ward.ID()}) { // of all that run it, for counts; Monitor's is retired
			t.Errorf("owners: %v", owners)
		}
		// It becomes known to be exploited: told once.
		kev := []byte(`{"title":"CISA Catalog of Known Exploited Vulnerabilities","catalogVersion":"2026.02.01","dateReleased":"2026-02-01T00:00:00Z","count":1,"vulnerabilities":[{"cveID":"CVE-2025-0001","vendorProject":"A","product":"Alpha","vulnerabilityName":"Alpha","dateAdded":"2026-02-01","shortDescription":"x","requiredAction":"Update.","dueDate":"2026-02-20","knownRansomwareCampaignUse":"Unknown","notes":"","cwes":[]}]}`)
		h.bring(town.Dora, vulns.KEV, public, kev)
		h.settle()
		if got := fresh(); !slices.Equal(got, []string{town.Pump.ID() + " CVE-2025-0001 exploited", town.Ward.ID() + " CVE-2025-0001 exploited"}) {
			t.Errorf("news: %v", got)
		}
		h.again()
		if got := fresh(); len(got) != 0 {
			t.Errorf("news of what is known: %v", got)
		}
		if fs := h.mine(town.Wim); len(fs) != 1 || !fs[0].Exploited {
			t.Errorf("%+v", fs)
		}
	})
}

// TestRanked: KEV, then what a rule affirms, then severity.
func TestRanked(t *testing.T) {
	h := newHouse(t, "")
	score := func(v string) string { return `"severity":[{"type":"CVSS_V3","score":"` + v + `"}]` }
	high, low := score("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"), score("CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N")
	for _, r := range []string{
		osv("LOW-1", "2025-01-01T00:00:00Z", "alpha", "2.0.0", low),
		osv("HIGH-1", "2025-01-01T00:00:00Z", "alpha", "2.0.0", high),
		osv("KEV-1", "2025-01-01T00:00:00Z", "alpha", "2.0.0", low, `"aliases":["CVE-2025-0001"]`),
	} {
		h.bring(town.Dora, vulns.OSV, public, []byte(r))
	}
	h.bring(town.Dora, vulns.CSAF, public, advisory("ADV-1", "CVE-2025-0002", "Pump Works", "Infusor", "before the summer"))
	h.bring(town.Dora, vulns.KEV, public, []byte(`{"title":"x","catalogVersion":"1","dateReleased":"2026-02-01T00:00:00Z","count":1,"vulnerabilities":[{"cveID":"CVE-2025-0001","vendorProject":"A","product":"Alpha","vulnerabilityName":"Alpha","dateAdded":"2026-02-01","shortDescription":"x","requiredAction":"Update.","dueDate":"2026-02-20","knownRansomwareCampaignUse":"Unknown","notes":"","cwes":[]}]}`))
	product := h.product(town.Pia, devices.ProductForm{Name: "Infusor", Label: public})
	h.sbom(town.Pia, product, "1.0", town.Label(policy.Amber, town.Pump, town.Ward), cdx(library("alpha", "1.0.0", "pkg:npm/alpha@1.0.0")))
	h.deploy(town.Wim, devices.DeploymentForm{Product: product, Version: "1.0"})
	h.settle()
	var got []string
	for after := 0; ; after++ { // a page of one, so that the pages fit together
		fs := town.Must(h.Town, town.Wim, func(v *db.View) ([]matching.Finding, error) {
			return h.Matching.Mine(v, matching.Query{After: after, Limit: 1})
		})
		if len(fs) == 0 {
			break
		}
		got = append(got, fs[0].Vuln)
	}
	if want := []string{"CVE-2025-0001", "HIGH-1", "LOW-1", "CVE-2025-0002"}; !slices.Equal(got, want) {
		t.Errorf("ranked %v, want %v", got, want)
	}
	last := h.mine(town.Wim)[3]
	if last.Verdict != matching.Person || len(last.Reasons) != 1 || last.Reasons[0].Document != "ADV-1" {
		t.Errorf("%+v", last)
	}
}

// TestDecided: an answer is the organization's own, and holds until its day.
func TestDecided(t *testing.T) {
	onBoth(t, func(t *testing.T, h *house) {
		h.bring(town.Dora, vulns.CSAF, public, advisory("ADV-1", "CVE-2025-0001", "Pump Works", "Infusor", "< 2.0"))
		for _, who := range []string{town.Wim, town.Cleo} {
			h.deploy(who, devices.DeploymentForm{Maker: "Pump Works", Model: "Infusor", Version: "1.0"})
		}
		h.settle()
		f := h.mine(town.Wim)[0]
		decide := func(who, state, why, until string) error {
			return h.Write(who, func(tx *db.Tx) error { return h.Matching.Decide(tx, f.ID, state, why, until) })
		}
		open := func() (listed, counted int) {
			for _, f := range h.mine(town.Wim) {
				if f.Open(h.Clock.Now()) {
					listed++
				}
			}
			e := town.Must(h.Town, town.Wim, func(v *db.View) (matching.Exposure, error) { return h.Matching.Exposure(v, time.Time{}) })
			return listed, e.Open
		}
		check := func(what string, want int) {
			t.Helper()
			if l, c := open(); l != want || c != want {
				t.Errorf("%s: %d are open in the list, %d in the exposure; want %d", what, l, c, want)
			}
		}
		check("at first", 1)
		town.Wants(t, decide(town.Cleo, "fixed", "x", ""), fault.Missing, "")
		town.Wants(t, decide(town.Wanda, "fixed", "x", ""), fault.Forbidden, "")
		town.Wants(t, decide(town.Wim, "muted", "later", ""), fault.Invalid, "until")
		town.Wants(t, decide(town.Wim, "muted", "later", "2026-01-01"), fault.Invalid, "until")
		town.Wants(t, decide(town.Wim, "fixed", "", ""), fault.Invalid, "why")
		town.Wants(t, decide(town.Wim, "gone", "x", ""), fault.Invalid, "state")
		h.OK(decide(town.Wim, "looking", "", ""))
		check("looking", 1)
		h.OK(decide(town.Wim, "muted", "the winter is long", "2026-03-10"))
		check("muted", 0)
		if f, err := h.finding(town.Wim, f.ID); err != nil || f.Answer == nil || f.Answer.State != "muted" || f.Answer.Name != "Wim Ward" {
			t.Errorf("%+v %v", f.Answer, err)
		}
		h.Clock.Add(11 * 24 * time.Hour)
		check("the mute is over", 1)
		h.OK(decide(town.Wim, "not us", "the network is closed", ""))
		check("not us", 0)
		h.again()
		check("made again", 0)
		if f := h.mine(town.Cleo)[0]; f.Answer != nil {
			t.Errorf("the clinic reads %+v", f.Answer)
		}
	})
}

// TestOwnView: when something was found, and whether it is news, is what the reader's
// own sources say. A record that he may not read changes nothing for him.
func TestOwnView(t *testing.T) {
	onBoth(t, func(t *testing.T, h *house) {
		product := h.product(town.Pia, devices.ProductForm{Name: "Infusor", Label: public})
		h.sbom(town.Pia, product, "1.0", town.Label(policy.Amber, town.Pump, town.Ward, town.Clinic), cdx(library("alpha", "1.0.0", "pkg:npm/alpha@1.0.0")))
		for _, who := range []string{town.Wim, town.Cleo} {
			h.deploy(who, devices.DeploymentForm{Product: product, Version: "1.0"})
		}
		h.settle()
		var after int64
		told := func() (out []string) {
			h.OK(h.DB.Read(h.Ctx, policy.System("alerts"), func(v *db.View) error {
				ts, upto, err := h.Matching.FreshTouches(v, after, 100)
				after = upto
				for _, x := range ts {
					if x.Deployment != "" { // what its keeper is told is in TestNews
						out = append(out, x.Org)
					}
				}
				return err
			}))
			slices.Sort(out)
			return out
		}
		exactly := func(what string, want ...string) {
			t.Helper()
			if got := told(); !slices.Equal(got, want) {
				t.Errorf("%s: %v are told, want %v", what, got, want)
			}
		}
		private := town.Label(policy.Amber, town.Pump, town.Ward)
		alpha := osv("OSV-1", "2025-01-01T00:00:00Z", "alpha", "2.0.0")
		h.bring(town.Pia, vulns.OSV, private, []byte(alpha))
		h.settle()
		exactly("a record for Ward", town.Ward.ID())
		if fs := h.mine(town.Cleo); len(fs) != 0 {
			t.Errorf("the clinic reads %+v", fs)
		}
		first := h.mine(town.Wim)[0]
		h.Clock.Add(time.Hour)
		at := h.Clock.Now()
		h.bring(town.Dora, vulns.OSV, public, []byte(alpha))
		h.settle()
		exactly("the same for everybody", town.Clinic.ID())
		ward, clinic := h.mine(town.Wim)[0], h.mine(town.Cleo)[0]
		if !ward.Found.Equal(first.Found) || ward.ID != first.ID || len(ward.Reasons) != 2 {
			t.Errorf("for Ward it is another: %+v", ward)
		}
		if clinic.Found.Before(at) || len(clinic.Reasons) != 1 {
			t.Errorf("for the clinic it was found at %v, which was at %v: %+v", clinic.Found, at, clinic.Reasons)
		}
		// The public source takes its word back: gone for the clinic, and open for Ward.
		h.bring(town.Dora, vulns.OSV, public, []byte(osv("OSV-1", "2025-02-01T00:00:00Z", "alpha", "0.5.0")))
		h.settle()
		exactly("taken back")
		if fs := h.mine(town.Cleo); len(fs) != 0 {
			t.Errorf("the clinic reads %+v", fs)
		}
		if fs := h.mine(town.Wim); len(fs) != 1 || len(fs[0].Reasons) != 1 {
			t.Errorf("Ward reads %+v", fs)
		}
		for who, gone := range map[string]bool{town.Wim: false, town.Cleo: true} {
			fs := town.Must(h.Town, who, func(v *db.View) ([]matching.Finding, error) {
				return h.Matching.Mine(v, matching.Query{Gone: true})
			})
			if len(fs) != 1 || fs[0].Gone.IsZero() == gone || fs[0].Open(h.Clock.Now()) == gone || len(fs[0].Reasons) != 1 {
				t.Errorf("%s, of what is gone: %+v", who, fs)
			}
		}
		if f, err := h.finding(town.Cleo, clinic.ID); err != nil || f.Gone.IsZero() || f.Verdict != matching.Affected {
			t.Errorf("%+v, %v", f, err)
		}
		e := town.Must(h.Town, town.Cleo, func(v *db.View) (matching.Exposure, error) { return h.Matching.Exposure(v, at) })
		if e.Open != 0 || e.Gone != 1 {
			t.Errorf("the clinic's exposure: %d open, %d gone", e.Open, e.Gone)
		}
		// And gives it again: news again, to whom it was gone.
		h.bring(town.Dora, vulns.OSV, public, []byte(osv("OSV-1", "2025-03-01T00:00:00Z", "alpha", "3.0.0")))
		h.settle()
		exactly("said again", town.Clinic.ID())
		if again := h.mine(town.Cleo); len(again) != 1 || again[0].ID != clinic.ID || !again[0].Gone.IsZero() {
			t.Errorf("%+v", again)
		}
		// Another wording of the same record is no news.
		h.bring(town.Dora, vulns.OSV, public, []byte(osv("OSV-1", "2025-04-01T00:00:00Z", "alpha", "4.0.0")))
		h.settle()
		exactly("said otherwise")
	})
}
