package web

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/alerts"
	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/members"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/vulns"
)

// hospitals adds care providers that hold a version of a product; it returns a named
// recipient of each.
func (h *caseHouse) hospitals(n int, product, version string) (people []string) {
	h.t.Helper()
	h.OK(h.System("test", func(tx *db.Tx) error {
		for i := range n {
			org, person := fmt.Sprintf("org_H%02d", i), fmt.Sprintf("person_H%02d", i)
			if _, err := h.Members.SeedOrganization(tx, org, town.Profile("Hospital "+fmt.Sprint(i), policy.Provider)); err != nil {
				return err
			}
			if _, err := h.Members.SeedPerson(tx, person, org, members.NewPerson{Name: fmt.Sprint("Nurse ", i), Title: "Engineer", Recipient: true, Listed: true}); err != nil {
				return err
			}
			people = append(people, person)
		}
		return nil
	}))
	for _, person := range people {
		h.do(person, func(tx *db.Tx) error {
			_, _, err := h.Devices.Deploy(tx, devices.DeploymentForm{Product: product, Version: version, Count: 2})
			return err
		})
	}
	h.followAlerts()
	return people
}

// exploited brings in a record of a vulnerability in versions of Pump A4 before 2.0, and
// that it is exploited, and has matching tell of it.
func (h *caseHouse) exploited() {
	h.t.Helper()
	const assigner = `"416baaa9-dc9f-4396-8d5f-8c081fb06d67"`
	at := h.Clock.Now().Format(time.RFC3339)
	for kind, text := range map[vulns.Kind]string{
		vulns.CVE: `{"dataType":"CVE_RECORD","dataVersion":"5.1","cveMetadata":{"cveId":"CVE-2026-7001","assignerOrgId":` + assigner + `,"state":"PUBLISHED","assignerShortName":"acme","datePublished":"` + at + `","dateUpdated":"` + at + `"},` +
			`"containers":{"cna":{"providerMetadata":{"orgId":` + assigner + `,"shortName":"acme"},"title":"Firmware is accepted unsigned","descriptions":[{"lang":"en","value":"Anybody on the network can replace the firmware."}],` +
			`"affected":[{"vendor":"Pump Works","product":"Pump A4","versions":[{"version":"0","lessThan":"2.0","status":"affected","versionType":"semver"}]}],"references":[{"url":"https://example.com/"}]}}}`,
		vulns.KEV: `{"title":"CISA Catalog of Known Exploited Vulnerabilities","catalogVersion":"2026.03.01","dateReleased":"2026-03-01T00:00:00.000Z","count":1,"vulnerabilities":[{"cveID":"CVE-2026-7001","vendorProject":"Pump Works","product":"Pump","vulnerabilityName":"Flaw","dateAdded":"2026-03-01","shortDescription":"x","requiredAction":"y","dueDate":"2026-03-20","knownRansomwareCampaignUse":"Unknown","notes":"","cwes":[]}]}`,
	} {
		b, err := h.Vulns.Accept(h.Ctx, h.DB, h.As(town.Dora), vulns.NewBatch{Name: "a file", Kind: kind, Label: town.Label(policy.Clear, policy.Public)}, strings.NewReader(text))
		h.OK(err)
		if b, err = h.Vulns.Read(h.Ctx, h.DB, policy.System("vulns"), b.ID, nil); err != nil || b.State != vulns.Done || b.Skipped != 0 {
			h.t.Fatalf("the feed: %+v %v", b, err)
		}
	}
	for n := int64(1); n > 0; {
		var err error
		n, err = h.Ledger.Step(h.Ctx, h.Matching.Follower())
		h.OK(err)
	}
	for more := true; more; {
		var err error
		more, err = h.Matching.Step(h.Ctx, h.DB, policy.System("matching"))
		h.OK(err)
	}
	h.followAlerts()
	for done := true; done; {
		var err error
		done, err = h.Alerts.Step(h.Ctx, h.DB, policy.System("test"))
		h.OK(err)
		h.followAlerts()
	}
}

// U-03, U-04, U-05, U-08: the pages of alerts, empty, filled and refused, in Chromium; an
// alert is answered by keys alone.
func TestAlertScreens(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a browser")
	}
	h := openCases(t, "")
	p := h.held("Pump A4", map[string]string{town.Wim: "1.5"})
	other := h.held("Pump B2", map[string]string{town.Wim: "4.0"})
	wim, pia := h.tab(town.Wim), h.tab(town.Pia)
	see := func(tab interface{ Go(string) }, path string) func() {
		return func() { tab.Go(h.web.URL + path) }
	}
	glance(t, wim, "alerts-empty", see(wim, "/alerts"))

	nurses := h.hospitals(11, p, "1.2")
	id := h.alerted(p, policy.Amber, alerts.Today)
	h.alerted(other, policy.Green, alerts.Digest)
	h.exploited()
	notice := func(person, alert string) alerts.Notice {
		return town.Must(h.Town, person, func(v *db.View) (alerts.Notice, error) { return h.Alerts.NoticeOf(v, alert) })
	}
	for i, a := range []alerts.Answer{alerts.Hit, alerts.Hit, alerts.Hit, alerts.Hit, alerts.Hit, alerts.Fixed, alerts.Looking} {
		h.do(nurses[i], func(tx *db.Tx) error { return h.Alerts.Answer(tx, notice(nurses[i], id).ID, a, "") })
	}
	h.do(nurses[0], func(tx *db.Tx) error {
		_, err := h.Alerts.Ask(tx, notice(nurses[0], id).ID, "Is the gateway touched too, or only the pump?")
		return err
	})
	asks := town.Must(h.Town, town.Pia, func(v *db.View) ([]alerts.Inquiry, error) { return h.Alerts.Inquiries(v, id) })
	h.do(town.Pia, func(tx *db.Tx) error { return h.Alerts.Reply(tx, asks[0].ID, "Only the pump.") })

	// From the inbox of alerts to an answer: keys alone.
	wim.SetViewport(1280, 800)
	wim.Go(h.web.URL + "/inbox")
	wim.Press("g")
	wim.Press("a")
	wim.WaitText("h1", "Alerts", 10*time.Second)
	wim.Press("j")
	wim.Press("o")
	wim.WaitText("h1", "CVE-2026-7001", 10*time.Second) // what is exploited comes first
	wim.Press("3")
	wim.WaitText(".title .chips", "Our answer: Affected", 10*time.Second)
	wim.Press("e")
	wim.WaitText(".notice", "Put away", 10*time.Second)

	glance(t, wim, "alerts", see(wim, "/alerts"))
	glance(t, wim, "alert-notice", see(wim, alertNoticeAt(notice(town.Wim, id).ID)))
	glance(t, wim, "alert-found", func() {
		see(wim, "/alerts?show=done")()
		wim.Click(".alert-row .row-link")
		wim.Wait(".why-us")
	})
	glance(t, pia, "alert-sent", see(pia, alertAt(id)))
	glance(t, pia, "alerts-written", see(pia, "/alerts/written"))
	glance(t, pia, "alert-inquiry", see(pia, alertInquiryAt(asks[0].ID)))
	glance(t, pia, "alert-refused", func() {
		see(pia, "/alerts/new?product="+p)()
		pia.Eval(`for (const f of document.querySelectorAll("#alert [required]")) f.required = false`, nil)
		pia.Fill("[name=range]", "< 2.0")
		pia.Click("[value=check]:not(.sr)")
		pia.Wait(".errors")
	})
	for _, tab := range []interface{ CheckQuiet() }{wim, pia} {
		tab.CheckQuiet()
	}
}
