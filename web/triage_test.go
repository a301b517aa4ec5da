package web

import (
	"regexp"
	"strings"
	"testing"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/internal/testkit/reader"
	"github.com/cordon-isao/cordon/internal/testkit/town"
)

// The desk works through its queue without script: rates, assigns, acknowledges,
// merges, asks the table, declines, reopens and makes a case.
func TestTriage(t *testing.T) {
	eachIntake(t, func(t *testing.T, h *intakeHouse) {
		d := h.visitor(town.Dora)
		d.Get("/triage").Want(200, "Nothing waits for the desk")
		a := h.member(town.Lea, func(in *cases.Intake) { in.Title, in.CVEs = "Quokka in the updater", []string{"CVE-2026-12345"} })
		b := h.member(town.Wim, func(in *cases.Intake) { in.Title, in.CVEs = "Zebra in the updater", []string{"CVE-2026-12345"} })
		d = h.visitor(town.Dora)
		d.Get("/triage").Want(200, "Quokka in the updater", "Zebra in the updater", "1 like it", "Due in", "Lab Research")
		if n := reader.Find(d.Page, func(n *node) bool { return reader.Attr(n, "href") == "/triage" }); n == nil || !strings.Contains(reader.Words(n), "2") {
			t.Error("the rail does not say that two wait")
		}

		d.Send("/triage/"+a+"/severity", reader.Fill{"severity": {"4"}}).Want(200, "The severity is set")
		if row := reader.Find(d.Page, func(n *node) bool { return reader.Attr(n, "id") == a }); reader.Find(row, func(n *node) bool { return reader.Attr(n, "aria-pressed") == "true" && reader.Attr(n, "value") == "4" }) == nil {
			t.Error("the row does not show its severity")
		}
		d.Send("/triage/"+a+"/severity", reader.Fill{"severity": {"9"}}).Want(422, "from 1 to 5", "Quokka in the updater")
		d.Get("/triage").Send("/triage/"+a+"/assign", reader.Fill{"person": {town.Dora}}).Want(200, "The report is assigned", "Dora Desk")
		d.Get("/triage?severity=4&assignee="+town.Dora).Want(200, "Quokka").Never("Zebra")
		d.Get("/triage?q=zEbra").Want(200, "Zebra").Never("Quokka")
		d.Get("/triage?severity=5").Want(200, "No report is like that")
		if d.Get("/triage?after=zzz"); d.Status != 422 {
			t.Errorf("a made-up place: %d", d.Status)
		}

		d.Get("/triage/"+a).Want(200, "Acknowledge the report", "Severity 4", "Duplicates", "It names CVE-2026-12345 too", "Zebra in the updater", "the same")
		d.Send("/acknowledge", nil).Want(200, "The reporter is told", "Decide what becomes of it")
		d.Send("/assign", reader.Fill{"person": {town.Dan}}).Want(200, "The report is assigned")
		d.Send("/assign", reader.Fill{"person": {town.Pia}}).Want(422, "somebody of the desk")
		d.Get("/triage/"+a).Send("/messages", reader.Fill{"text": {"Which version?"}}).Want(200, "Which version?", "Dora Desk, the desk")
		h.visitor(town.Lea).Get("/reports/"+a).Want(200, "Which version?").Never("Zebra", "everity 4", "Dan")

		// Merge, and back.
		d.Get("/triage/"+b).Send("/merge", reader.Fill{"into": {b}}).Want(422, "duplicate of itself")
		d.Get("/triage/"+b).Send("/merge", reader.Fill{"into": {a}, "reason": {"One flaw"}}).Want(200, "The reports are one now", "Merged into", "Quokka in the updater", "Take the decision back")
		d.Get("/triage/"+a).Want(200, "1 report was merged into this one")
		h.visitor(town.Wim).Get("/reports/"+b).Want(200, "Joined with an earlier report").Never("Quokka", a)
		d.Get("/triage/"+b).Send("/reopen", reader.Fill{"reason": {""}}).Want(422)
		d.Send("/reopen", reader.Fill{"reason": {"They differ"}}).Want(200, "The report is open again")

		// The table suggests, a person decides.
		d.Send("/decide", reader.Fill{"check": {"1"}, "points.report-public": {"no"}, "reason": {"kept"}}).Want(422, "This is not answered", "kept")
		answers := reader.Fill{"points.report-public": {"no"}, "points.supplier-contacted": {"yes"}, "points.report-credibility": {"credible"}, "points.supplier-cardinality": {"multiple"},
			"points.supplier-engagement": {"active"}, "points.utility": {"efficient"}, "points.public-safety-impact": {"significant"}}
		with := func(more reader.Fill) reader.Fill {
			f := reader.Fill{}
			for k, v := range answers {
				f[k] = v
			}
			for k, v := range more {
				f[k] = v
			}
			return f
		}
		want, err := cases.SuggestTriage(map[string]string{"report-public": "no", "supplier-contacted": "yes", "report-credibility": "credible", "supplier-cardinality": "multiple", "supplier-engagement": "active", "utility": "efficient", "public-safety-impact": "significant"})
		h.OK(err)
		d.Get("/triage/"+b).Send("/decide", with(reader.Fill{"check": {"1"}})).Want(200, "The table suggests: "+decisionTitle(want))
		d.Send("/decide", reader.Fill{"decision": {"decline"}}).Want(422, "Say why you decide otherwise", "The reason", "The answer to the reporter")
		d.Send("/decide", reader.Fill{"decision": {"decline"}, "deviation": {"It is known"}, "reason": {"Nothing new"}, "answer": {"We knew it already."}}).
			Want(200, "Your decision is on record", "The table suggested", "Nothing new", "We knew it already.")
		h.visitor(town.Wim).Get("/reports/"+b).Want(200, "Not taken up", "We knew it already").Never("Nothing new", "It is known")

		// A case comes of it.
		d.Get("/triage/"+a).Send("/decide", with(reader.Fill{"decision": {"coordinate"}, "reason": {"Several makers"}, "deviation": {"Whatever it says"}, "maker": {town.Pump.ID()}}))
		if !regexp.MustCompile(`^/cases/case_`).MatchString(d.Path) {
			t.Errorf("coordinating leads to %s (%d)", d.Path, d.Status)
		}
		d.Get("/triage/"+a).Want(200, "A case came of it", "Coordinate")
		h.visitor(town.Lea).Get("/reports/"+a).Want(200, "Accepted. A case was opened")
		d.Get("/triage").Want(200, "Nothing waits for the desk").Get("/triage?all=1").Want(200, "Quokka", "Zebra")
	})
}
