package main

import (
	"time"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/formats/fda"
	"github.com/cordon-isao/cordon/formats/vultron"
	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/policy"
)

// stackSaga is a component's case: a supplier and two manufacturers who ship its
// network stack, under an embargo, with statuses that differ. One of them has not
// given word for more than 30 days, and a third was asked in and has not answered.
func stackSaga(g *saga) error {
	ws, err := g.c.Weaknesses("icsma-19-274-01", "CVE-2019-12256", "CVE-2019-12255", "CVE-2019-12258", "CVE-2019-12265")
	if err != nil {
		return err
	}
	const yes, no, unknown, fixed = cases.StatusAffected, cases.StatusNotAffected, cases.StatusUnknown, cases.StatusFixed

	report := ""
	g.on(41, "09:05", "delacourt", g.report(&report, cases.Intake{Title: "Memory corruption in the CorvidNet TCP/IP stack",
		Products:  []cases.Product{{Maker: "Corvid Embedded", Name: "CorvidNet TCP/IP", Version: "6.9"}},
		Component: "CorvidNet TCP/IP", CWE: []string{"CWE-121", "CWE-191"}, BenchOnly: cases.AnswerYes, Exploited: cases.AnswerNo,
		Description: "Invalid IPv4 options and the urgent pointer of TCP lead to writes outside of buffers. Seen on a development board with CorvidNet 6.9 and on two devices that ship it, on my bench.",
		HowFound:    "A fuzzer of my own against the stack's parser.", MayShare: true, Credit: true, CreditName: "Threadneedle Research",
		Contact: cases.Contact{Name: "Marguerite Delacourt-Obi", Email: "report@threadneedle.example"}}))
	g.on(41, "11:40", "maas", g.acknowledgeReport(&report))
	g.on(40, "14:15", "maas", g.coordinate(&report, cases.ReportDecision{Points: map[string]string{"report-public": "no", "supplier-contacted": "no", "report-credibility": "credible", "supplier-cardinality": "multiple",
		"supplier-engagement": "active", "utility": "super effective", "public-safety-impact": "significant"}, Reason: "A stack in many devices: several makers must move together.",
		Answer: "Thank you. We coordinate this with the supplier and the manufacturers, and you are in the case.",
		Case: cases.NewCase{Title: "CorvidNet TCP/IP: memory corruption in option and urgent-pointer handling", Label: policy.Label{TLP: policy.Amber}, Safety: cases.SafetyReview,
			Summary: "CorvidNet's parser of IPv4 options and its urgent pointer write outside of their buffers. The stack is in devices of several manufacturers; some leave the port that is needed closed."}}, "ICSMA-19-274-01"))
	g.on(39, "09:30", "maas", g.describe(ws), g.move(cases.Verification))
	g.on(38, "10:00", "maas", g.ask(cases.Vendor, "A component of your products is concerned. The case opens when you agree to the embargo.", "corvid", "aldervane", "kestrel"), g.embargo(time.Time{}), g.move(cases.Notified))

	g.on(37, "04:20", "kallionpaa", g.see("corvid"))
	g.on(37, "04:55", "kallionpaa", g.accept("corvid", "viitala"), g.answer("corvid", "", yes, yes, yes, yes))
	g.on(36, "08:10", "rousselin", g.accept("aldervane", "venkat"), g.acknowledge(), g.state("aldervane", fact(cases.Learned)))
	g.on(35, "10:30", "vasquez", g.see("kestrel"), g.accept("kestrel", "brodnik"), g.answer("kestrel", "", unknown, unknown, unknown, no))
	g.on(34, "05:30", "viitala", g.say("The four are confirmed in 6.4 to 6.9. 12256 and 12255 can be stopped in front of the device by dropping packets with IPv4 options and with the URG flag; neither has a use on a ward. 12265 leaks a few bytes and no more."))
	g.on(33, "09:00", "maas", g.move(cases.Analysis))
	g.on(30, "07:45", "venkat", g.answer("aldervane", "VaneView 4 and Vane Central 7 ship CorvidNet 6.7. IGMPv3 is not built in.", yes, yes, yes, no))
	g.on(28, "08:30", "rousselin", g.determine("aldervane", cases.Worksheet{Device: "VaneView monitors", Exploit: fda.LowExploitability, Harm: fda.HarmFacts{TemporaryInjury: true},
		Performance: "A monitor that restarts shows nothing for eleven seconds; alarms are raised by Vane Central meanwhile.",
		Controls:    []cases.Control{{Name: "The monitors' own network drops IPv4 options and URG at its switch", GreaterRisk: fda.No, LowersExploitability: fda.LowExploitability}},
		Rationale:   "Reachable from the monitors' own network only, which every installation separates. What an attacker gains is a restart."}))
	g.on(27, "11:15", "rousselin", g.planFix(g.when(-18, "12:00")))
	g.on(20, "05:10", "viitala", func(tx *db.Tx) error {
		corvid, err := g.party(tx.View, "corvid")
		if err != nil {
			return err
		}
		aldervane, err := g.party(tx.View, "aldervane")
		if err != nil {
			return err
		}
		_, _, err = g.cases.StartThread(tx, g.id, forum.NewTopic{Title: "Backport to 6.7 for VaneView", Body: "6.9.1 needs the new timer interface, which your 6.7 build does not have. We can carry the two fixes back without it; please send the list of your patches to `tcp_input`.",
			Label: policy.Label{TLP: policy.AmberStrict, Audience: policy.NewAudience(policy.OfCircle(corvid.Circle), policy.OfCircle(aldervane.Circle))}})
		return err
	})
	g.on(12, "04:40", "kallionpaa", g.answer("corvid", "6.9.1 and 6.7.4 mend it; under embargo at the customers' portal.", fixed, fixed, fixed, fixed), func(tx *db.Tx) error {
		return g.cases.MoveFix(tx, g.id, vultron.FixReady)
	})
	g.on(12, "09:15", "maas", g.move(cases.Planning, cases.Remediation))
	g.on(9, "09:20", "venkat", g.word("6.7.4 runs on the bench in VaneView 4. No difference in alarm latency over 72 hours. Vane Central follows."))
	g.on(2, "10:00", "maas", g.ask(cases.Vendor, "A component of one of your products is concerned. The case opens when you agree to the embargo.", "morrow"))
	g.on(1, "13:30", "maas", g.say("A week until the embargo ends. Kestrel: we have had no word from you for a month, and three of your four statuses are still “unknown”. Please answer here or call the desk."))
	return nil
}
