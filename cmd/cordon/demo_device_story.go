package main

import (
	"maps"
	"slices"

	"github.com/cordon-isao/cordon/alerts"
	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/formats/vex"
	"github.com/cordon-isao/cordon/matching"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/vulns"
)

// The alerts of the demo.
const (
	gatewayAlert = "gateway" // of Pumpworks, to the holders of its Gateway
	pacsAlert    = "pacs"    // of the desk, for everybody
	monitorAlert = "monitor" // of the desk, not approved yet
)

const gatewayTitle = "Pumpworks Gateway before 2.9.0: a malformed packet stops it"

// deviceSaga is what makers keep of their products and hospitals of what they run; the
// SBOMs, under three labels; what public sources say; what is touched by it; and three
// alerts: one answered, one for everybody, one that waits for a second person.
func deviceSaga(g *saga) error {
	s := &shelf{saga: g, feeds: map[vulns.Kind]string{}, sboms: map[string]string{}, alerts: map[string]string{}}
	archive, products, err := g.c.DeviceDocuments()
	if err != nil {
		return err
	}

	s.addProducts(74, "09:10", "arendt", "pumpworks")
	s.addProducts(73, "14:00", "rousselin", "aldervane")
	s.addProducts(72, "10:30", "brodnik", "kestrel")
	s.addProducts(72, "15:20", "hallberg", "brightlane")
	s.addProducts(70, "08:45", "rangihuna", "morrow")
	s.do(69, "13:00", "dvornik", func(who policy.Viewer) error {
		for _, id := range slices.Sorted(maps.Keys(products)) {
			plan, err := s.devices.ImportProducts(s.ctx, s.db, who, devices.ProductImport{Format: devices.FromCSAF, Name: id + ".json", Body: products[id]}, nil)
			if err := whole(plan, err); err != nil {
				return err
			}
		}
		return nil
	})

	s.addDeployments(66, "11:00", "salcedo", "harborcrest", devices.ByName, devices.ByModel)
	s.addDeployments(65, "09:30", "castonguay", "northfen", devices.ByName, devices.ByModel)
	s.addDeployments(64, "16:10", "haddadin", "brannoc", devices.ByName, devices.ByModel)
	s.addDeployments(62, "10:05", "meneses", "valedosol", devices.ByName)
	s.addDeployments(60, "21:40", "tollefson", "pinefork")

	s.on(59, "13:00", "dvornik", s.addFeed(vulns.OSV, "OSV: Go and Packagist"), s.addFeed(vulns.CVE, "CVE, with CISA's enrichment"), s.addFeed(vulns.KEV, "Known exploited vulnerabilities, by hand"),
		s.addFeed(vulns.EPSS, "EPSS (example values)"), s.addFeed(vulns.CSAF, "CISA medical advisories"))
	s.on(59, "13:20", "dvornik", s.addPaused(vulns.KEV, "Known exploited vulnerabilities, from CISA", "https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json"))
	s.settle(59, "13:30")
	s.bring(59, "14:00", "dvornik", vulns.CSAF, "csaf-medical.zip", func() ([]byte, error) { return archive, nil })
	s.settle(59, "14:30")
	s.bring(52, "14:00", "dvornik", vulns.OSV, "osv.jsonl", records("osv.jsonl"))
	s.settle(52, "14:30")

	// Three SBOMs and their audiences: named hospitals, the community, a working group;
	// and one for nobody else.
	hospitals := func() policy.Label { return s.forOrgs("pumpworks", "harborcrest", "northfen") }
	s.addSBOM(50, "09:00", "arendt", "pumpworks-gateway.json", "Pumpworks Gateway", "2.8.1", "build", hospitals)
	s.addSBOM(49, "10:15", "brodnik", "roost.xml", "Roost bedside reader", "3.1", "page", green)
	s.addSBOM(47, "16:00", "venkat", "vane-central.json", "Vane Central", "4.2", "page", func() policy.Label {
		return policy.Label{TLP: policy.Amber, Audience: policy.NewAudience(policy.OfOrg(s.orgs["aldervane"])).With(s.circle("monitoring")...)}
	})
	s.addSBOM(46, "11:40", "hallberg", "lanekeeper.json", "Lanekeeper middleware", "5.4", "command", func() policy.Label { return policy.Default(s.orgs["brightlane"]) })
	s.settle(46, "12:00")
	s.bring(38, "14:00", "dvornik", vulns.CVE, "cve.jsonl", records("cve.jsonl"))
	s.bring(38, "14:20", "dvornik", vulns.EPSS, "epss-example.csv", s.scores(38))
	s.settle(38, "14:40")
	s.bring(31, "14:00", "dvornik", vulns.KEV, "known_exploited_vulnerabilities.json", records("kev.json"))
	s.settle(31, "14:10")

	s.statements()
	s.lives()
	s.told()
	s.settle(0, "00:05")
	return nil
}

// statements are what makers and hospitals say of findings.
func (s *shelf) statements() {
	hospitals := func() policy.Label { return s.forOrgs("pumpworks", "harborcrest", "northfen") }
	const gateway = "pumpworks-gateway.json"
	s.on(34, "09:30", "arendt", s.say(gateway, matching.NewSaying{Vuln: "CVE-2024-0901", Status: vex.Investigating}, hospitals))
	s.on(28, "15:00", "arendt", s.say(gateway, matching.NewSaying{Vuln: "CVE-2024-5991", Status: vex.NotAffected, Justification: "vulnerable_code_not_in_execute_path",
		Impact: "The Gateway holds the key of its one server and compares no host names, so the function is never called."}, hospitals))
	s.on(28, "15:10", "arendt", s.say(gateway, matching.NewSaying{Vuln: "CVE-2024-21907", Status: vex.NotAffected, Justification: "vulnerable_code_cannot_be_controlled_by_adversary",
		Impact: "Only the Gateway's own settings are read with it, and they are signed."}, hospitals))
	s.on(13, "16:20", "arendt", s.say(gateway, matching.NewSaying{Vuln: "CVE-2024-0901", Status: vex.Affected,
		Action: "Update to 2.9.0. Until then let nothing but pumps and the pharmacy's servers reach port 8443 of the Gateway."}, hospitals))
	s.on(27, "10:40", "brodnik", s.say("roost.xml", matching.NewSaying{Vuln: "CVE-2023-39325", Status: vex.NotAffected, Justification: "vulnerable_code_not_in_execute_path",
		Impact: "The reader only calls; it serves no HTTP/2."}, green))
	s.on(26, "14:00", "hallberg", s.say("lanekeeper.json", matching.NewSaying{Vuln: "CVE-2024-52301", Status: vex.Investigating}, func() policy.Label { return policy.Default(s.orgs["brightlane"]) }))
	s.on(29, "11:15", "osei", s.decide("CVE-2017-0144", "looking", "The service comes on Thursday; the compounders stay off the network until then."))
}

// lives are moves in products' lives.
func (s *shelf) lives() {
	s.on(21, "10:00", "rousselin", s.stage("Alder Sono 7", devices.LimitedSupport, "Its operating system gets no updates any more. Security updates of our own parts go on until the end of support; hospitals were written to the day this was announced."))
	s.on(18, "13:30", "vasquez", s.stage("Perch programmer", devices.LimitedSupport, "The recorder's processor is no longer made. Programmers are exchanged clinic by clinic."))
}

// told are the alerts.
func (s *shelf) told() {
	s.on(24, "09:40", "noorani", s.draftAlert(pacsAlert, "Vue PACS", "< 12.2.8.410", alerts.Form{Class: alerts.Today, Content: alerts.Content{
		Title: "Philips Vue PACS before 12.2.8.410: default credentials, old libraries",
		DoNow: "Ask your imaging team whether default passwords were changed.\nSet the environment up by the maker's guides; plan 12.2.8.410.",
		What:  "CISA's advisory ICSMA-24-200-01 lists thirteen vulnerabilities in Vue PACS, among them default credentials and old libraries. The maker recommends the releases 12.2.8.400 and 12.2.8.410, and to set the environment up by its user guide and its guide to ports and protocols.",
		Vulns: []string{"CVE-2023-40704", "CVE-2020-11113", "CVE-2020-10673"}, Mechanism: "access_control", Category: "vendor_fix", TLP: policy.Clear}}))
	s.on(24, "10:30", "tembo", s.approve(pacsAlert))
	s.on(24, "10:35", "noorani", s.sendAlert(pacsAlert))
	s.on(23, "08:20", "carvalhal", s.openNotice(pacsAlert), s.answerNotice(pacsAlert, alerts.Fixed, "Updated to 12.2.8.410 in the night to Monday; our inventory follows."))
	s.on(22, "19:05", "tollefson", s.openNotice(pacsAlert), s.answerNotice(pacsAlert, alerts.Looking, ""))

	s.on(13, "15:30", "arendt", s.draftAlert(gatewayAlert, "Pumpworks Gateway", "< 2.9.0", alerts.Form{Class: alerts.Now, Content: alerts.Content{
		Title: gatewayTitle,
		DoNow: "Let only pumps and the pharmacy's servers reach port 8443 of the Gateway.\nUpdate to 2.9.0 in a quiet hour. Pumps keep delivering meanwhile.",
		What:  "The TLS library in the Gateway reads beyond its buffer when it gets a malformed packet of the right length (CVE-2024-0901). The Gateway stops; it has to be started by hand.\n\nWe saw this on our own bench. We know of nobody to whom it happened.",
		Vulns: []string{"CVE-2024-0901"}, Mechanism: "firmware_patch", Category: "vendor_fix", TLP: policy.Amber,
		Clinical: alerts.Clinical{Downtime: "yes", Seconds: 480, Restart: "yes", Features: "Pumps get no new drug library and hand in no log while the Gateway restarts.",
			Workflow: "Do not begin it while a library is being distributed.", Note: "Delivery is not interrupted. The library that a pump holds stays valid."}}}))
	s.on(13, "16:30", "lindqvist", s.approve(gatewayAlert))
	s.on(12, "09:00", "arendt", s.sendAlert(gatewayAlert))
	s.on(12, "09:25", "salcedo", s.openNotice(gatewayAlert))
	s.on(12, "13:10", "sethu", s.openNotice(gatewayAlert), s.answerNotice(gatewayAlert, alerts.Looking, "The pharmacy says when."),
		s.askAbout(gatewayAlert, "Our transport team is away from the network for hours. Does a pump that comes back while the Gateway restarts ask again by itself, or has somebody to do something?"))
	s.on(11, "08:40", "salcedo", s.answerNotice(gatewayAlert, alerts.Hit, "Six Gateways. Filter is on; the update is on Thursday night."))
	s.on(10, "10:30", "arendt", s.reply(gatewayAlert, "By itself: it asks every ten minutes until it gets an answer. Nothing has to be done at the pump."))

	s.on(1, "15:50", "tembo", s.draftAlert(monitorAlert, "CMS8000 CONTEC ICU CCU Vital Signs Patient Monitor", "", alerts.Form{Class: alerts.Now, Content: alerts.Content{
		Title: "Contec CMS8000 monitors: let nobody but the central station reach them",
		DoNow: "Find out where your CMS8000 are, rebadged ones among them.\nPut them into a network of their own.",
		What:  "CISA's advisory ICSMA-22-244-01 lists five vulnerabilities in every version: requests that make the monitor stop, hard-coded credentials, active debug code, and firmware that takes what somebody with a USB stick brings.",
		Vulns: []string{"CVE-2022-38100", "CVE-2022-38069"}, Mechanism: "network_segmentation", Category: "mitigation", TLP: policy.Green,
		Clinical: alerts.Clinical{Downtime: "no", Restart: "no", Note: "Readings at the bedside do not need the network."}}}))
}
