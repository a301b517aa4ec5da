package main

import (
	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/formats/fda"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/policy"
)

// lateSaga is a case in which FDA's discretion was lost: the customer notice went
// out on day 33, three days too late. A report under 21 CFR 806.10 is owed, and its
// ten work days run.
func lateSaga(g *saga) error {
	ws, err := g.c.Weaknesses("icsma-23-117-01")
	if err != nil {
		return err
	}
	notice := ""
	g.on(41, "09:00", "hallberg", g.open(cases.NewCase{Title: "Copy service of Hema 300 listens on every address", Label: policy.Label{TLP: policy.Amber}, Safety: cases.SafetyReview, DeskSees: true, LearnedAt: g.when(41, "08:30"),
		Summary: "The service that copies results from the Hema 300 to Lanekeeper listens on all addresses and runs with the operating system's rights. Found by our own test."}, "ICSMA-23-117-01"))
	g.on(41, "09:40", "hallberg", g.describe(ws), g.answer("brightlane", "Hema 300 with copy service 1 and 2.", cases.StatusAffected, cases.StatusAffected))
	g.on(40, "10:10", "noorani", func(tx *db.Tx) error { return g.cases.Assign(tx, g.id, g.people["noorani"]) }, g.move(cases.Verification, cases.Analysis))
	g.on(36, "08:15", "hallberg", g.determine("brightlane", cases.Worksheet{Device: "Hema 300", Exploit: fda.HighExploitability, Harm: fda.HarmFacts{PermanentImpairment: true, ConfidentialityLoss: true}, CVSS3: ws[0].Vector,
		Performance: "Counting goes on; results on their way to the laboratory system can be replaced.", Rationale: "Reachable from the hospital's network without a password; a wrong result can lead to a wrong transfusion."}))
	g.on(30, "08:20", "hallberg", g.state("brightlane", fact(cases.ControlsFound, "name", "Close port 4210 in the instrument's own firewall", "greater_risk", "no", "text", "Service menu, Network, Firewall; one minute for each instrument."),
		fact(cases.PlanMade, "text", "Copy service 3 binds to Lanekeeper's address alone and runs without rights."), fact(cases.Rationale, "text", "Revalidation with three analyzers takes four weeks.")), g.planFix(g.when(-15, "12:00")))
	g.on(29, "10:00", "noorani", g.move(cases.Planning, cases.Remediation))
	g.on(28, "07:50", "hallberg", g.draft("brightlane", cases.NoticeText{Subject: "Hema 300: close port 4210 until the update",
		Devices: "Hema 300 with copy service 1 and 2.", Impact: "Somebody on the hospital's network can replace results on their way to the laboratory system. No wrong result is known to us.",
		Efforts: "A copy service that listens to Lanekeeper alone is under validation.", Controls: "Close port 4210 in the instrument's firewall: service menu, Network, Firewall.",
		Fix: "Copy service 3 binds to one address and runs without rights.", Future: "We tell you when it is available.", Strategy: "With the port closed results travel by file, and the risk is acceptable.",
		Contact: "psirt@brightlane.example", Customers: true, Users: true, Recipients: []string{"Hospitais Vale do Sol", "St Brannoc University Hospital", "labs@ostergard.example"}}, &notice))
	g.on(17, "14:00", "noorani", g.say("Day 24: the customer notice is due in six days. What keeps it?"))
	g.on(16, "05:40", "hallberg", g.word("The translations. Our distributor wants all nine languages at once and the last two are not back."))
	g.on(8, "08:00", "hallberg", g.send(&notice, "Letter and e-mail to 61 customers in nine languages"), g.state("brightlane", fact(cases.Initiated, "kind", "correction", "text", "Customers are told to close port 4210; copy service 3 follows.")))
	g.on(8, "08:30", "hallberg", g.say("The notice went out this morning, on day 33. We waited for two translations and should have sent the seven that were there. FDA's discretion is lost by that; the report under 806.10 is being written."))
	g.on(7, "09:30", "noorani", g.say("Thank you for saying it plainly. The clock of 806.10 counts ten work days from yesterday. The 60 days for the fix still run, and meeting them still counts for your customers."))
	return nil
}
