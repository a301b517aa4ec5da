package main

import (
	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/formats/fda"
	"github.com/cordon-isao/cordon/formats/vultron"
	"github.com/cordon-isao/cordon/internal/db"
)

// keptSaga is a case in which everything was done in time: notice on day 20 with the
// ISAO's copy, fix validated on day 38 and distributed on day 44, and a public
// statement that opened by itself when the embargo ended. Its pack is ready.
func keptSaga(g *saga) error {
	ws, err := g.c.Weaknesses("icsma-20-345-01")
	if err != nil {
		return err
	}
	const affected, fixed = cases.StatusAffected, cases.StatusFixed
	notice, statement := "", ""
	g.on(78, "10:00", "vasquez", g.open(cases.NewCase{Title: "Roost bedside reader: pairing and update can be bypassed", LearnedAt: g.when(78, "09:20"), DeskSees: true,
		Summary: "Within Bluetooth range another telephone can pair with a Roost reader, crash it and load unsigned firmware. The implant itself takes no commands from the reader. Found by our own test laboratory."}, "ICSMA-20-345-01"))
	g.on(78, "10:30", "vasquez", g.describe(ws), func(tx *db.Tx) error {
		_, err := g.cases.ShareWithDesk(tx, g.id, "Please coordinate the publication, and take our copies.")
		return err
	}, func(tx *db.Tx) error {
		return g.cases.Seat(tx, g.id, []string{g.people["brodnik"], g.people["quintanar"]})
	})
	g.on(77, "09:15", "tembo", g.see("desk"), g.accept("desk"), g.embargo(g.when(32, "12:00")), g.move(cases.Verification, cases.Analysis))
	g.on(76, "11:00", "brodnik", g.answer("kestrel", "Roost 2 with firmware before 2.8.", affected, affected, affected))
	g.on(74, "10:20", "vasquez", g.determine("kestrel", cases.Worksheet{Device: "Roost bedside reader", Exploit: fda.HighExploitability, Harm: fda.HarmFacts{ProfessionalIntervention: true, ConfidentialityLoss: true}, CVSS3: ws[2].Vector,
		Performance: "The implant goes on as programmed. Remote follow-up can be missed.", Rationale: "An unsigned reader can hide an alert of the implant; a missed alert can mean a visit to hospital."}))
	g.on(70, "13:00", "brodnik", g.state("kestrel", fact(cases.ControlsFound, "name", "Keep the reader within the home and pair it anew once", "greater_risk", "no", "text", "The application leads through it."),
		fact(cases.PlanMade, "text", "Firmware 2.8 with signed images and a pairing that asks on the reader."), fact(cases.Rationale, "text", "Six weeks: two of them for the update through the application in stages.")))
	g.on(69, "09:00", "tembo", g.move(cases.Planning, cases.Remediation))
	g.on(62, "14:10", "quintanar", g.draft("kestrel", cases.NoticeText{Subject: "Roost bedside reader: pair anew, and expect an update", Devices: "Roost 2 before firmware 2.8.",
		Impact: "Somebody within Bluetooth range of a reader can pair with it and load firmware. The implant is not reached. Alerts to the clinic could be held back. No such case is known.", Efforts: "Firmware 2.8 is being validated.",
		Controls: "Keep the reader at home, and follow the application's request to pair it anew.", Fix: "Firmware 2.8 accepts signed images only.", Future: "The application announces it; clinics get a letter.",
		Strategy: "With the new pairing an attacker must press the reader's own button; the risk is acceptable until the update.", Contact: "security@kestrelcardiac.example", Customers: true, Users: true,
		Recipients: []string{"St Brannoc University Hospital", "Harborcrest Health Network", "device-clinic@lindenhof.example"}}, &notice))
	g.on(58, "10:00", "quintanar", g.send(&notice, "Letter to 212 device clinics, message in the patients' application"))
	g.on(48, "11:00", "vasquez", g.word("2.8 is in the last week of validation; 40 readers in the field test, none lost its pairing."))
	g.on(40, "10:30", "brodnik", g.state("kestrel", fact(cases.FixValidated, "text", "Verification report VR-2208: signed images, pairing, alerts, 72 hours of transmission.")),
		func(tx *db.Tx) error { return g.cases.MoveFix(tx, g.id, vultron.FixReady) })
	g.on(36, "09:30", "vasquez", func(tx *db.Tx) error {
		return g.cases.Declare(tx, g.id, "Firmware 2.8 is installed by the application. Patients need do nothing but keep it open once near the reader.")
	}, func(tx *db.Tx) (err error) {
		statement, err = g.cases.DraftPublication(tx, g.id, cases.NewPublication{Title: "Roost bedside reader: update to firmware 2.8", Reference: ws[0].URL,
			Body: "Roost 2 readers before firmware 2.8 could be paired by another telephone within Bluetooth range, be made to restart, and take unsigned firmware (" + ws[0].CVE + ", " + ws[1].CVE + ", " + ws[2].CVE + ").\n\nThe implant does not take commands from the reader. Firmware 2.8 mends all three; the application installs it.\n\n*Demonstration: the vulnerabilities are CISA's ICSMA-20-345-01, the product and its maker are invented.*"})
		return err
	})
	g.on(35, "15:20", "tembo", g.move(cases.PreDisclosure), func(tx *db.Tx) error { return g.cases.ApprovePublication(tx, statement) })
	g.on(34, "10:00", "brodnik", g.state("kestrel", fact(cases.FixDistributed, "text", "2.8 through the application: 96 of 100 readers within a week.", "residual_controlled", true)),
		func(tx *db.Tx) error { return g.cases.MoveFix(tx, g.id, vultron.FixDeployed) }, g.answer("kestrel", "Mended by 2.8.", fixed, fixed, fixed))
	g.on(33, "09:40", "vasquez", g.determine("kestrel", cases.Worksheet{Device: "Roost bedside reader", Versions: "2.8", Residual: true, Exploit: fda.LowExploitability, Harm: fda.HarmFacts{Inconvenience: true},
		Rationale: "What is left needs the reader in one's hand."}))
	// The statement opens when the embargo ends, on day 46: no person does it.
	g.on(30, "10:15", "tembo", g.move(cases.PostPublished), g.say("Published on the agreed day. All conditions of the guidance were met in time; the pack has the proof."))
	g.on(25, "13:30", "quintanar", g.state("kestrel", fact(cases.UsersFollowedUp, "text", "The 4 of 100 readers that had not been updated were called; three are, one patient has a new reader.")),
		g.word("The last four readers are done. We close our side."))
	return nil
}
