package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/testkit/reader"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/vulns"
	"golang.org/x/net/html"
)

// What a hospital runs is shown against what is known of it: a number in every cell
// that leads to its rows, the exploited first, the reason in words. Others see nothing
// of it.
func TestExposureWithoutScript(t *testing.T) {
	eachCases(t, func(t *testing.T, h *caseHouse) {
		wim := h.visitor(town.Wim)
		wim.Get("/exposure").Want(200, "You run nothing yet", "Import your inventory")
		wim.Get("/lifecycle").Want(200, "No product stands here yet")
		w := h.ward()
		wim = h.visitor(town.Wim)
		wim.Get("/exposure").Want(200, "CVE-2017-5149 touches what you run and is known to be exploited.", "St. Jude Medical Inductive models EX1100", "3 of 4 kinds of devices have vulnerabilities", "and 1 is known to be exploited",
			"When support ends", "1 has ended.", "Announced", "Over time", "1 kind of device has no date")
		if strings.Contains(wim.Body, "since your last visit") {
			t.Error("the first visit has a visit before it")
		}
		// The number in a cell is that of the rows behind it.
		cells := 0
		for n := range wim.Page.Descendants() {
			if n.Data != "a" || !strings.HasPrefix(reader.Attr(n, "href"), "/exposure/findings?") || n.Parent.Data != "td" {
				continue
			}
			cells++
			number, _, _ := strings.Cut(strings.TrimSpace(reader.Words(n)), " ")
			words := "vulnerabilities"
			if number == "1" {
				words = "vulnerability"
			}
			h.visitor(town.Wim).Get(reader.Attr(n, "href")).Want(200, number+" "+words)
		}
		if cells < 4 {
			t.Errorf("%d cells lead to their rows", cells)
		}
		wim.Get("/exposure/findings?product="+w.pump).Want(200, "GHSA-aaaa-bbbb-cccc", "CVE-2026-1000", "3.1, Ward network, 60 units", "tiny-http 1.4.0", "Fixed in 1.4.2")
		wim.Get("/exposure/findings?maker=Nobody&model=Nothing").Want(200, "Nothing waits here")

		// What has no version is not compared with what is built into it, and that is said.
		wim.Get("/exposure").Never("no version: what is built into")
		blank := h.runs(town.Wim, devices.DeploymentForm{Product: w.pump, Count: 2, Zone: "Store"})
		wim.Get("/exposure").Want(200, "1 deployment says no version: what is built into it is not compared.")
		wim.Get("/deployments/"+blank).Want(200, "Its version is not known. Until it is, what is built into it is not compared")
		h.do(town.Wim, func(tx *db.Tx) error { return h.Devices.RetireDeployment(tx, blank) })

		// The next visit says what is new since this one.
		h.Clock.Add(30 * time.Minute)
		wim.Get("/exposure").Never("since your last visit") // the same visit
		h.Clock.Add(25 * time.Hour)
		home, err := url.Parse(h.web.URL)
		h.OK(err)
		wim.Client.Jar.SetCookies(home, []*http.Cookie{h.cookie(town.Wim)}) // the session before has ended
		h.fed(town.Dora, vulns.OSV, public, strings.NewReplacer("GHSA-aaaa-bbbb-cccc", "GHSA-dddd-eeee-ffff", "CVE-2026-1000", "CVE-2026-1001").Replace(osvFile))
		h.compared()
		wim.Get("/exposure").Want(200, "1 new since your last visit, 25 h ago", "0 gone since then")

		wim.Get("/deployments/"+w.merlin).Want(200, "CVE-2017-5149 touches it and is known to be exploited.", "reachable from the internet", "EPSS 0.412, percentile 97", "CSAF advisory ICSMA-17-009-01A, by name", "Version 8.2.2, will be automatically updated", "Nobody is named who is responsible.")
		wim.Get("/deployments/"+w.a4).Want(200, "CVE-2026-1000", "Pump Works A4", "2026-06-30, as the product says")
		wim.Get("/deployments/"+w.bare).Want(200, "No vulnerability that you can see touches it")

		wim.Get("/lifecycle").Want(200, "Pump Works A4", "You run 60 units.", "Support ends 2026-06-30, within 180 days", "Announced less than two years ahead", "3 deployments are linked to no known product", "Not met by")
		h.visitor(town.Pia).Get("/lifecycle").Want(200, "You make it.", "Announced less than two years ahead", "There is no MDS2.").Never("60 units")
		wim.Get("/lifecycle?stage=eos").Want(200, "Accept the responsibility and the risk on record")

		for _, who := range []string{town.Dora, town.Pia, town.Cleo, town.Wanda} {
			v := h.visitor(who)
			v.Get("/exposure").Want(200, "You run nothing yet")
			v.Get("/vulnerabilities/CVE-2017-5149").Want(200, "It touches nothing of yours").Never("EX1100, 8.1.0", w.merlin)
		}
	})
}

// A vulnerability is one page with every source's word; what is private stays so.
func TestVulnerabilityWithoutScript(t *testing.T) {
	eachCases(t, func(t *testing.T, h *caseHouse) {
		h.visitor(town.Wim).Get("/vulnerabilities").Want(200, "No vulnerability is known here yet", "Bring in a file")
		h.visitor(town.Dora).Get("/vulnerabilities").Want(200, "Set up the feeds")
		h.ward()
		wim := h.visitor(town.Wim)
		wim.Get("/vulnerabilities").Want(200, "CVE-2017-5149", "CVE-2026-1000", "Critical 9.8", "CSAF advisory", "TLP:CLEAR")
		wim.Get("/vulnerabilities?exploited=1").Want(200, "CVE-2017-5149").Never("CVE-2026-1000")
		wim.Get("/vulnerabilities?q=smuggling&severity=90&source=osv").Want(200, "CVE-2026-1000").Never("CVE-2017-5149")
		wim.Get("/vulnerabilities?q=nothing+like+this").Want(200, "No vulnerability matches")
		wim.Get("/vulnerabilities/cve-2017-5149").Want(200, "CVE-2017-5149", "High 8.9", "It touches what is yours: 1 finding waits", "until 15 March 2026", "0.41234, percentile 0.97123, of 28 Feb 2026",
			"ICSMA-17-009-01A", "CISA KEV", "Due for agencies", "15 Mar 2026", "My St. Jude Medical Inductive models EX1100, 8.1.0, Cardiology, 12 units", "< 8.2.2", "Who scored it")
		wim.Get("/vulnerabilities/GHSA-aaaa-bbbb-cccc").Want(200, "CVE-2026-1000", "tiny-http", ">= 1.0.0, < 1.4.2", "Pump Works A4 3.1: tiny-http 1.4.0", "https://tiny.example/advisory", "Also known as")
		if reader.Find(wim.Page, func(n *html.Node) bool { return n.Data == "svg" && reader.Attr(n, "role") == "img" }) == nil {
			t.Error("there is no ruler")
		}
		wim.Get("/vulnerabilities/CVE-1999-9999").Want(404)

		// A changed word keeps the one before.
		h.fed(town.Dora, vulns.OSV, public, strings.NewReplacer("2026-02-10", "2026-02-20", "Request smuggling", "Request splitting").Replace(osvFile))
		wim.Get("/vulnerabilities/CVE-2026-1000").Want(200, "Request splitting", "What was said before", "Request smuggling")

		// A maker's own file is its readers' only.
		pia := h.visitor(town.Pia)
		pia.Get("/vulnerabilities/import").Want(200, "What the file holds", "Bring it in")
		pia.Send("/vulnerabilities/import", nil, reader.File("upload", "x.json", "{}")).Want(422, "Choose what the file holds.")
		pia.Get("/vulnerabilities/import").Send("/vulnerabilities/import", one("kind", "osv")).Want(422, "Choose a file.")
		pia.Get("/vulnerabilities/import").Send("/vulnerabilities/import", reader.Fill{"kind": {"osv"}, "tlp": {"CLEAR"}, "audience": {"public"}}, reader.File("upload", "x.json", "{}")).Want(422, "What everybody reads is brought in by the desk")
		secret := strings.NewReplacer("GHSA-aaaa-bbbb-cccc", "GHSA-zzzz-zzzz-zzzz", "CVE-2026-1000", "CVE-2026-9999", "tiny-http", "secret-part").Replace(osvFile)
		pia.Get("/vulnerabilities/import").Send("/vulnerabilities/import", one("kind", "osv"), reader.File("upload", "mine.json", secret+"\n{\"id\":\n")).Want(200, "The file is kept and being read", "waits to be read", "0 %", "Stop reading")
		at, _, _ := strings.Cut(pia.Path, "?")
		pia.Send(at+"/stop", nil).Want(200, "Reading was stopped.", "Resume reading").Send(at+"/resume", nil).Want(200, "It is read further")
		_, err := h.Vulns.Read(h.Ctx, h.DB, policy.System("vulns"), at[strings.LastIndexByte(at, '/')+1:], nil)
		h.OK(err)
		pia.Get(at).Want(200, "TLP:AMBER+STRICT", "Added 1", "1 record was left out.", "What was wrong")
		pia.Get("/vulnerabilities/CVE-2026-9999").Want(200, "secret-part")
		pia.Get("/vulnerabilities/batches").Want(200, "mine.json")
		for _, who := range []string{town.Wim, town.Dora, town.Max} {
			v := h.visitor(who)
			v.Get("/vulnerabilities/CVE-2026-9999").Want(404)
			v.Get(at).Want(404)
			v.Get("/vulnerabilities?q=secret").Want(200).Never("CVE-2026-9999")
			v.Get("/vulnerabilities/batches").Want(200).Never("mine.json")
		}
	})
}

// Feeds are kept by the desk; members read how they do.
func TestVulnFeedsWithoutScript(t *testing.T) {
	eachCases(t, func(t *testing.T, h *caseHouse) {
		h.visitor(town.Wim).Get("/feeds/vulnerabilities").Want(200, "No feed yet").Never("Add a feed")
		dora := h.visitor(town.Dora)
		dora.Get("/feeds/vulnerabilities").Want(200, "No feed yet").Follow("Add a feed").Want(200, "Where it comes from")
		dora.Send("/feeds/vulnerabilities", one("name", "KEV mirror", "kind", "kev", "place", "url", "address", "http://127.0.0.1/kev.json", "every", "60")).Want(422)
		kept(t, dora, "KEV mirror")
		dora.Send("/feeds/vulnerabilities", one("address", "https://kev.example/kev.json")).Want(200, "The feed is read from now on.", "not read yet", "every hour", "https://kev.example/kev.json", "TLP:CLEAR", "Dora Desk")
		at, _, _ := strings.Cut(dora.Path, "?")
		id := at[strings.LastIndexByte(at, '/')+1:]
		dora.Get(at+"/edit").Want(200, "Change KEV mirror").Send("/edit", one("every", "1440", "name", "KEV of CISA")).Want(200, "The feed is changed.", "once a day", "KEV of CISA")
		dora.Send("/pull", nil).Want(200, "The feed is read now.")
		dora.Send("/pause", nil).Want(200, "It is paused.").Send("/resume", nil).Want(200, "The feed is read again.")
		wim := h.visitor(town.Wim)
		wim.Get("/feeds/vulnerabilities").Want(200, "KEV of CISA", "not read yet", "never")
		wim.Get(at).Want(200, "It was not read yet.").Never("Remove this feed", "Read it now")
		wim.Get("/feeds/vulnerabilities/new").Want(404)
		wim.Get(at + "/edit").Want(404)

		// Files for a feed that is fed by hand.
		dora.Get("/feeds/vulnerabilities/new").Send("/feeds/vulnerabilities", one("name", "By hand", "kind", "osv", "place", "file")).Want(200, "It is read from files that the desk sends.").Follow("Send a file").Want(200, "By hand (osv)")
		dora.Send("/vulnerabilities/import", one("kind", "osv"), reader.File("upload", "day.json", osvFile)).Want(200, "A feed brought it")
		sent, _, _ := strings.Cut(dora.Path, "?")
		_, err := h.Vulns.Read(h.Ctx, h.DB, policy.System("vulns"), sent[strings.LastIndexByte(sent, '/')+1:], nil)
		h.OK(err)
		wim.Get(sent).Want(200, "Everything was read.", "Added 1")
		wim.Get("/feeds/vulnerabilities").Want(200, "By hand", "well")

		if f := town.Must(h.Town, town.Wim, func(v *db.View) (vulns.Feed, error) { return h.Vulns.Feed(v, id) }); f.Every != 24*time.Hour {
			t.Errorf("it is read every %s", f.Every)
		}
		dora.Get(at).Send("/remove", nil).Want(200, "The feed is removed.").Never("KEV of CISA")
		wim.Get(at).Want(404)
	})
}
