package main

import (
	"time"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/formats/fda"
	"github.com/cordon-isao/cordon/formats/vultron"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/policy"
)

// pumpNotice is the customer notice of the pumps' case, which is drafted and due.
var pumpNotice = cases.NoticeText{Subject: "Infusion pumps A4 and A5: accept configuration only from the Gateway until the update",
	Devices:   "Infusion pump A4 before 3.9.6 and A5 before 4.3.1, when they are connected to a network.",
	Impact:    "Somebody on the pump network can send configuration and data to a pump without authenticating. The pump can then run with other limits than your pharmacy released, or execute commands. Rate and volume that a nurse programs at the bedside are shown and kept. No injury is known to us.",
	Efforts:   "Signed configuration and mutual authentication with the Gateway are developed and under validation. We work on this as expeditiously as possible.",
	Controls:  "Allow traffic to the pumps from the Gateway's address only. Where that is not possible, disconnect the pumps from the network: they deliver without it.",
	Fix:       "A4 3.9.6 and A5 4.3.1 accept signed configuration only.",
	Future:    "We will write to you again when the updates are available, at the latest on the day that this notice names.",
	Strategy:  "With the filter in place what is left is an attacker who has the Gateway's address and its place in the network; the residual risk is acceptable until the update.",
	Contact:   "psirt@pumpworks.example, day and night",
	Customers: true, Users: true, Recipients: []string{"Harborcrest Health Network", "Northfen Children's Hospital", "Pine Fork Community Hospital", "biomed@st-aubin.example", "pumps@eastlake-clinics.example"}}

// pumpSaga is the case that everybody looks at first: day 24 of a manufacturer that
// learned of an uncontrolled risk. The customer notice is due on day 30, drafted and
// not sent. FDA was let in by a grant and answered; a grant for CISA waits. One
// hospital takes part, another one was asked.
func pumpSaga(g *saga) error {
	ws, err := g.c.Weaknesses("icsma-21-294-01")
	if err != nil {
		return err
	}
	const yes, no = cases.StatusAffected, cases.StatusNotAffected

	report, notice, harm := "", "", ""
	g.on(27, "10:20", "salcedo", g.report(&report, cases.Intake{Title: "Infusion pump A5 accepts configuration without authentication",
		Products:  []cases.Product{{Maker: "Pumpworks Medical", Name: "Infusion pump A5", Version: "4.2.7"}, {Maker: "Pumpworks Medical", Name: "Infusion pump A4", Version: "3.9.5"}},
		Component: "network interface", CWE: []string{"CWE-306", "CWE-345"}, BenchOnly: cases.AnswerYes, Exploited: cases.AnswerNo, Harm: cases.AnswerNo,
		Description: "While we put new filters in front of the pump network, a test machine could send a pump a configuration that the Gateway never released. The pump took it and showed it as valid.",
		Impact:      "Other limits than the pharmacy's could be in force.", HowFound: "A network capture and a script that repeats it, on a pump in the workshop.",
		Setting: "Wards and intensive care; 1,140 pumps.", SafetyText: "The drug library guards the dose; without it the nurse's entry is the only limit.",
		MayShare: true, Credit: true, CreditName: "Harborcrest clinical engineering", Contact: cases.Contact{Name: "Renata Salcedo", Org: "Harborcrest Health Network"}}))
	g.on(27, "15:00", "tembo", g.acknowledgeReport(&report), g.rate(&report, 5, "tembo"))
	g.on(25, "14:00", "tembo", g.coordinate(&report, cases.ReportDecision{Points: map[string]string{"report-public": "no", "supplier-contacted": "no", "report-credibility": "credible", "supplier-cardinality": "one",
		"supplier-engagement": "active", "utility": "efficient", "public-safety-impact": "significant"}, Reason: "Dosing limits can be changed from the pump network, at many sites.",
		Deviation: "There is one manufacturer, and it answers; but the hospitals must hear the same at the same time.", Answer: "We have told the manufacturer, and you are in the case as its finder.",
		Case: cases.NewCase{Title: "Unauthenticated configuration of infusion pump A4/A5", Maker: g.orgs["pumpworks"], Label: policy.Label{TLP: policy.AmberStrict}, Safety: cases.SafetyReview,
			Summary: "A4 and A5 take configuration and data from the network without checking who sent them. Found by Harborcrest on a pump in the workshop; Pumpworks has confirmed it on both models."}}, "ICSMA-21-294-01"))
	g.on(25, "14:20", "tembo", g.describe(ws), g.embargo(time.Time{}), g.move(cases.Verification, cases.Notified))

	g.on(24, "09:10", "lindqvist", g.see("pumpworks"), g.accept("pumpworks", "arendt", "mirza", "pell"), g.state("pumpworks", fact(cases.Learned)))
	g.on(24, "09:40", "arendt", g.acknowledge(), func(tx *db.Tx) error { return g.cases.Handle(tx, g.id, vultron.Validate, "") })
	g.on(23, "11:00", "arendt", func(tx *db.Tx) error { return g.cases.Handle(tx, g.id, vultron.Accept, "") })
	g.on(23, "13:00", "tembo", g.move(cases.Analysis))
	g.on(22, "15:10", "arendt", g.answer("pumpworks", "A4 before 3.9.6, A5 before 4.3.1.", yes, yes, yes, yes, no))
	g.on(20, "10:15", "lindqvist", g.determine("pumpworks", cases.Worksheet{Device: "Infusion pumps A4 and A5", Exploit: fda.HighExploitability, Harm: fda.HarmFacts{LifeThreatening: true, ConfidentialityLoss: true},
		CVSS3: ws[1].Vector, Performance: "Delivery as programmed continues. The limits of the drug library can be replaced.",
		Controls:  []cases.Control{{Name: "Traffic to the pumps from the Gateway's address only", GreaterRisk: fda.No, LowersExploitability: fda.MediumExploitability}},
		Rationale: "No authentication, no skill beyond repeating a capture, and an overdose is conceivable where the limits are the last barrier. The filter helps and is not everywhere."}))
	g.on(18, "09:30", "arendt", g.state("pumpworks", fact(cases.ControlsFound, "name", "Traffic to the pumps from the Gateway's address only", "greater_risk", "no", "text", "An address filter at the pump network's switch; the Gateway's release notes show how."),
		fact(cases.PlanMade, "text", "Signed configuration in A4 3.9.6 and A5 4.3.1; validation until day 45, distribution through the Gateway until day 55."),
		fact(cases.Rationale, "text", "Verification of dosing after a change of the library loader takes three weeks for each model.")))
	g.on(18, "14:00", "tembo", g.move(cases.Planning))
	g.on(15, "11:30", "lindqvist", func(tx *db.Tx) (err error) {
		harm, _, err = g.cases.RequestGrant(tx, g.id, cases.NewGrant{Person: g.people["tranberg"], Seat: cases.SeatHarm, Purpose: "Advice on the risk to patients while the update is validated.",
			Basis: "Pumpworks' own request for advice under the pre-submission program", Question: "Is the filter enough to keep the pumps in use until the update, or should wards fall back to pumps without a network?"})
		return err
	})
	g.on(14, "09:05", "maas", func(tx *db.Tx) error { return g.cases.ApproveGrant(tx, harm) })
	g.on(13, "09:00", "tranberg", func(tx *db.Tx) error { _, err := g.cases.OpenUnderGrant(tx, harm); return err })
	g.on(13, "09:40", "tranberg", func(tx *db.Tx) error {
		_, err := g.cases.AnswerGrant(tx, harm, "With the filter in place and checked, keeping the pumps in use is the lesser risk: taking them away means manual infusion on wards that are not staffed for it. Please confirm that delivery is not interrupted during the update.")
		return err
	})
	g.on(12, "10:00", "tembo", g.ask(cases.Deployer, "You run the devices concerned. The case opens when you agree to the embargo.", "northfen"), g.move(cases.Remediation))
	g.on(11, "13:20", "castonguay", g.see("northfen"), g.accept("northfen", "sethu"), g.say("Northfen: 44 A5 on the transport team, where there is no switch in front of the pump. For those we need the update, not the filter."))
	g.on(10, "09:14", "pell", g.word("The signed-update build passes the bench test on A4. A5 starts Monday. Delivery goes on during the update; it is taken over at the next start only."))
	g.on(9, "15:00", "lindqvist", g.planFix(g.when(-21, "12:00")))
	g.on(3, "16:30", "arendt", g.draft("pumpworks", cases.NoticeText{Subject: pumpNotice.Subject, Impact: pumpNotice.Impact, Efforts: pumpNotice.Efforts, Customers: true}, &notice))
	g.on(2, "10:40", "lindqvist", func(tx *db.Tx) error {
		_, _, err := g.cases.RequestGrant(tx, g.id, cases.NewGrant{Person: g.people["kolbeck"], Seat: cases.SeatCoordination, Purpose: "A CVE record and an advisory on the day the embargo ends.", Basis: "6 U.S.C. 659(c)"})
		return err
	})
	g.on(2, "11:00", "tembo", g.ask(cases.Deployer, "You run the devices concerned. The case opens when you agree to the embargo.", "pinefork"))
	g.on(1, "11:20", "mirza", func(tx *db.Tx) error { return g.cases.EditNotice(tx, notice, pumpNotice) })
	g.on(1, "14:45", "tembo", func(tx *db.Tx) error {
		k, err := g.cases.Case(tx.View, g.id)
		if err != nil {
			return err
		}
		return g.cases.Edit(tx, g.id, k.Title, k.Summary, k.Safety, g.when(-3, "10:00"))
	})
	return nil
}
