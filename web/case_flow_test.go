package web

import (
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/testkit/reader"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/policy"
)

// at is the page's address without what greets.
func at(r *reader.Reader) string {
	path, _, _ := strings.Cut(r.Path, "?")
	return path
}

// holds checks that a field of the page still holds what was typed.
func holds(t *testing.T, r *reader.Reader, field, value string) {
	t.Helper()
	n := reader.Find(r.Page, func(n *html.Node) bool { return reader.Attr(n, "name") == field && n.Data != "button" })
	if n == nil {
		t.Fatalf("%s has no field %q", r.Path, field)
	}
	if got := reader.Attr(n, "value"); got != value {
		t.Errorf("%s: the field %q holds %q, not the typed %q (U: nothing typed is lost)", r.Path, field, got, value)
	}
}

// TestCaseOpenPlain opens a case without script: what is wrong is said beside its
// field, nothing typed is lost, and the same form sent twice makes one case.
func TestCaseOpenPlain(t *testing.T) {
	eachCases(t, func(t *testing.T, h *caseHouse) {
		pia := h.visitor(town.Pia).Get("/cases").Want(200, "No case yet", "Open a case")
		pia.Get("/cases/new").Send("/cases", reader.Fill{"title": {""}, "summary": {"It takes **any** firmware."}, "learned_at": {"yesterday"}}).
			Want(422, "It takes **any** firmware.", "year-month-day")
		holds(t, pia, "learned_at", "yesterday")
		pia.Send("/cases", reader.Fill{"title": {"Unsigned update"}, "learned_at": {"2026-02-20T09:00"}}).Want(200, "The case is open", "Unsigned update", "CASE-", "official thread")
		if got := at(pia); !strings.HasPrefix(got, "/cases/case_") {
			t.Fatalf("the case is at %s", got)
		}
		id := strings.TrimPrefix(at(pia), "/cases/")
		for _, tab := range []string{"", "/threads", "/technical", "/decisions", "/evidence", "/embargo", "/ours", "/stage", "/edit", "/share", "/happened", "/publish", "/grants", "/threads/new", "/vulnerabilities/new"} {
			pia.Get("/cases/"+id+tab).Want(200, "Unsigned update")
		}
		// Nobody else learns that it is there: not the desk, not another maker.
		for _, other := range []string{town.Dora, town.Max, town.Fay, ""} {
			for _, tab := range []string{"", "/threads", "/technical", "/embargo", "/grants", "/publish", "/edit"} {
				if got := h.visitor(other).Get("/cases/" + id + tab); got.Status == 200 && strings.Contains(got.Body, "Unsigned") {
					t.Errorf("%q reads %s", other, tab)
				}
			}
		}
		max := h.visitor(town.Max).Get("/cases/" + id)
		if missing := h.visitor(town.Max).Get("/cases/case_00000000000000000000000000"); max.Body != missing.Body || max.Status != 404 {
			t.Errorf("a hidden case is told from none (T-02)")
		}
		// A provider cannot open one and is not shown the form.
		h.visitor(town.Wim).Get("/cases/new").Want(404)
		// Short ids and the command menu lead to it.
		short := town.Must(h.Town, town.Pia, func(v *db.View) (cases.Case, error) { return h.Cases.Case(v, id) }).Short()
		if got := at(pia.Get("/go/" + short)); got != "/cases/"+id {
			t.Errorf("/go/%s leads to %s", short, got)
		}
		h.visitor(town.Max).Get("/go/" + short).Want(404)
		if got := pia.Get("/commands?q=" + short); !strings.Contains(got.Body, "/cases/"+id) {
			t.Errorf("the command menu does not know %s: %s", short, got.Body)
		}
		if got := pia.Get("/commands?q=unsigned"); !strings.Contains(got.Body, "/cases/"+id) {
			t.Errorf("the command menu does not find the case by its title: %s", got.Body)
		}
	})
}

// TestCasePartyPlain walks a case through the parties' forms without script: the
// desk asks two vendors in, one agrees to the embargo and takes part, says what is
// affected, plans its fix, and leaves.
func TestCasePartyPlain(t *testing.T) {
	eachCases(t, func(t *testing.T, h *caseHouse) {
		id, vulnerability := h.coordinated()
		path := "/cases/" + id
		dora := h.visitor(town.Dora)
		dora.Get(path).Want(200, "Participants", "Pump Works", "Monitor Makers", "Clocks", "What happened")

		// Those who are in do not see who is asked; those who are asked see nothing.
		pia := h.visitor(town.Pia)
		pia.Get(path).Want(200, "Pump Works").Never("Monitor Makers")
		monitor := h.party(id, town.Monitor)
		max := h.visitor(town.Max)
		max.Get(path).Want(404)
		max.Get("/cases").Want(200, "Your organization is asked into CASE-", "vendor").Never("pump A4")
		max.Follow("Read the invitation").Want(200, "You may use the same module.", "Embargo until").Never("infusion")
		max.Send("/accept", nil).Want(422, "Agree to the embargo first")
		max.Send("/accept", reader.Fill{"agree": {"1"}, "until": {"later"}}).Want(422, "year-month-day")
		holds(t, max, "until", "later")
		max.Send("/accept", reader.Fill{"until": {"2026-04-30T12:00"}, "people": {town.Mia}}).Want(200, "You take part", "infusion pump A4")
		h.visitor(town.Mia).Get(path).Want(200, "infusion pump A4")
		pia.Get(path).Want(200, "Monitor Makers")
		max.Get("/invited/" + monitor).Want(404)

		// The next step is one button; the count stands in the rail.
		max.Get(path).Want(200, "Acknowledge the report", "My cases")
		max.Send("/acknowledge", nil).Want(200, "The others know that you have the report")
		max.Get(path+"/statuses").Want(200, "Firmware update is accepted unsigned")
		status, words := statusField(vulnerability)
		max.Send("/statuses", nil).Want(422, "Say the status of one vulnerability")
		max.Send("/statuses", reader.Fill{status: {"affected"}, words: {"Modules before 2.0"}}).Want(200, "The statuses are recorded")
		pia.Get(path+"/technical").Want(200, "Monitor Makers", "Affected")
		pia.Get(path+"/parties/"+monitor).Want(200, "Modules before 2.0", "Takes part")

		ours := max.Get(path+"/ours").Want(200, "Our fix", "Mia Monitor")
		ours.Send("/fix", reader.Fill{"at": {"soon"}}).Want(422, "year-month-day")
		holds(t, max, "at", "soon")
		max.Send("/fix", reader.Fill{"at": {"2026-04-01T12:00"}}).Want(200, "It is recorded")
		max.Send("/fix", reader.Fill{"event": {"F"}}).Want(200, "It is recorded", "The fix is ready")
		max.Send("/update", reader.Fill{"text": {"The fix is in test."}}).Want(200, "It is recorded")
		pia.Get(path).Want(200, "The fix is in test.")
		max.Send("/statement", reader.Fill{"statement": {"We fixed it in 2.1."}}).Want(200, "We fixed it in 2.1.")
		max.Send("/report", reader.Fill{"event": {"invalidate"}}).Want(422, "reason")
		max.Send("/report", reader.Fill{"event": {"validate"}}).Want(200, "Confirmed")
		max.Send("/seats/"+town.Mia+"/remove", nil).Want(200, "people on the case are changed")
		h.visitor(town.Mia).Get(path).Want(404)
		max.Send("/seats", reader.Fill{"people": {town.Mia}}).Want(200, "Mia Monitor")

		// The desk speaks for a vendor with its source, and removes one with a reason.
		party := dora.Get(path+"/parties/"+monitor).Want(200, "Remove from the case", "lose the case")
		party.Send("/statuses", reader.Fill{status: {"fixed"}}).Want(422, "source")
		dora.Send("/statuses", reader.Fill{status: {"fixed"}, "source": {"Its advisory of 3 March"}}).Want(200, "by the desk, from: Its advisory of 3 March")
		dora.Send("/remove", nil).Want(422, "The reason is missing")
		dora.Send("/remove", reader.Fill{"reason": {"They asked to leave."}}).Want(200, "They are out of the case")
		max.Get(path).Want(404)

		// Who leaves says why; then nothing of the case opens.
		pia.Get(path+"/ours").Send("/leave", nil).Want(422, "The reason is missing")
		pia.Send("/leave", reader.Fill{"reason": {"The product is not ours."}}).Want(200, "has left the case")
		pia.Get(path).Want(404)
		pia.Get("/cases").Want(200).Never("infusion pump A4")

		// Asked again.
		form := dora.Get(path+"/invite").Want(200, "Pump Works", "Monitor Makers", "Clinic Group").Never("Device Agency")
		form.Send("/parties", nil).Want(422, "Choose from 1 to")
		dora.Send("/parties", reader.Fill{"orgs": {town.Monitor.ID(), town.Clinic.ID()}, "role": {"deployer"}, "note": {"Once more."}}).Want(200, "They are asked in", "Clinic Group")
		h.visitor(town.Cleo).Get("/cases").Follow("Read the invitation").Send("/decline", reader.Fill{"reason": {"No such pump here."}}).Want(200, "You declined")
		dora.Get(path+"/parties/"+h.party(id, town.Clinic)).Want(200, "Declined", "No such pump here.")
	})
}

// TestCaseDecidePlain takes a case through stage, embargo, events and publication
// without script: consequences are said first, and what cannot be taken back asks
// to be known as such.
func TestCaseDecidePlain(t *testing.T) {
	eachCases(t, func(t *testing.T, h *caseHouse) {
		id, _ := h.coordinated()
		path := "/cases/" + id
		dora, pia := h.visitor(town.Dora), h.visitor(town.Pia)

		// Only legal stages are offered.
		dora.Get(path+"/stage").Want(200, "Analysis", "Disputed").Never(`value="published"`)
		dora.Send("/stage", reader.Fill{"stage": {"disputed"}}).Want(422, "The reason is missing")
		dora.Send("/stage", reader.Fill{"stage": {"published"}}).Want(409, "cannot go from")
		dora.Send("/stage", reader.Fill{"stage": {"analysis"}}).Want(200, "The case is in its next stage", "Analysis")
		pia.Get(path + "/stage").Want(404)

		// Another end is proposed by a party, agreed to, turned down.
		pia.Get(path+"/embargo").Want(200, "The embargo runs until", "Propose another end").Never("End the embargo sooner")
		pia.Send("/embargo", reader.Fill{"until": {"1999-01-01"}, "terms": {"Until the fix."}}).Want(422, "has passed already", "Until the fix.")
		pia.Send("/embargo", reader.Fill{"until": {"2026-05-01T12:00"}}).Want(200, "It is proposed", "1 May 2026")
		dora.Get(path+"/embargo").Want(200, "1 May 2026", "Put it in force").Send("/reject", nil).Want(422, "The reason is missing")
		dora.Send("/reject", reader.Fill{"reason": {"Too long."}}).Want(200, "turned down", "Too long.")

		// The public statement takes two people.
		h.do(town.Dora, func(tx *db.Tx) error { return h.Cases.Move(tx, id, cases.PreDisclosure, "") })
		pia.Get(path+"/publish").Send("/publish", reader.Fill{"title": {"Pump A4"}, "body": {""}}).Want(422, "The statement is missing")
		holds(t, pia, "title", "Pump A4")
		pia.Send("/publish", reader.Fill{"body": {"Update to 3.5."}, "reference": {"https://pump.example/a4"}}).Want(200, "The draft is kept", "Update to 3.5.").Never("Approve for publication")
		dora.Get(path+"/publish").Want(200, "when the embargo ends", "for good").Send("/approve", nil).Want(422, "cannot be taken back from the public web")
		dora.Send("/approve", reader.Fill{"sure": {"1"}}).Want(200, "It is public as soon as no embargo binds")
		h.visitor("").Get("/disclosures").Want(200).Never("Pump A4")

		// Attacks ask for a decision; public ends the embargo and lets the statement out.
		ev := dora.Get(path+"/happened").Want(200, "It ends the embargo at once", "is published", "Within 24 hours")
		ev.Send("/happened", reader.Fill{"event": {"A"}, "source": {"A honeypot"}}).Want(422, "never taken back", "A honeypot")
		dora.Send("/happened", reader.Fill{"event": {"A"}, "source": {"A honeypot"}, "sure": {"1"}}).Want(200, "It is recorded", "Decide whether the embargo ends now")
		dora.Get(path+"/embargo").Want(200, "Should the embargo end now?").Send("/keep", reader.Fill{"reason": {"Two days more."}}).Want(200, "The embargo is kept", "Two days more.")
		dora.Send("/embargo/end", reader.Fill{"reason": {"All have their fix."}}).Want(422, "never taken back", "All have their fix.")
		dora.Send("/embargo/end", reader.Fill{"sure": {"1"}}).Want(200, "The embargo is over")
		h.OK(h.System("cases", func(tx *db.Tx) error { _, err := h.Cases.OpenPublications(tx); return err }))
		h.visitor("").Get("/disclosures").Want(200, "Pump A4")
		dora.Get(path+"/publish").Want(200, "Published").Send("/withdraw", reader.Fill{"reason": {"Wrong version."}}).Want(200, "Withdrawn", "Wrong version.")
		dora.Get(path+"/decisions").Want(200, "Stage", "Embargo", "Public statement")
		dora.Get(path+"/happened").Want(200, "An exploit is public").Never("Attacks were observed")
		dora.Get(path+"/edit").Send("/edit", reader.Fill{"title": {""}, "review": {"never"}}).Want(422)
		holds(t, dora, "review", "never")
		dora.Send("/edit", reader.Fill{"title": {"Unsigned firmware in pump A4"}, "review": {"2026-06-01T09:00"}, "safety": {"possible"}}).Want(200, "The case is changed", "Safety impact: possible")
		dora.Get(path+"/edit").Send("/assign", reader.Fill{"person": {town.Dan}}).Want(200, "Coordinator: Dan Desk")
	})
}

// TestCaseShareHandover: a manufacturer's own case is offered to the desk, which
// takes it over; and a case goes to another coordinator and comes back as a new one.
func TestCaseShareHandover(t *testing.T) {
	eachCases(t, func(t *testing.T, h *caseHouse) {
		id := h.Case(town.Pia, cases.NewCase{Title: "Ours alone"})
		path := "/cases/" + id
		pia, dora := h.visitor(town.Pia), h.visitor(town.Dora)
		dora.Get(path).Want(404)
		pia.Get(path+"/share").Want(200, "It cannot be taken back").Send("/share", reader.Fill{"note": {"Please coordinate."}}).Want(200, "offered to the desk")
		dora.Get("/cases").Want(200, "offers CASE-").Never("Ours alone")
		dora.Follow("Read the invitation").Want(200, "Please coordinate.", "The desk reads the case from then on").Never("Ours alone")
		dora.Send("/accept", nil).Want(200, "Ours alone")
		dora.Get(path+"/evidence").Want(200, "Hand the case over").Send("/handover", nil).Want(422, "To whom")
		dora.Send("/handover", reader.Fill{"to": {"Sister ISAO"}})
		if dora.Status != 200 || !strings.Contains(dora.Body, `"Ours alone"`) || !strings.Contains(dora.Header.Get("Content-Disposition"), "handover.json") {
			t.Fatalf("the package: %d %s", dora.Status, dora.Body)
		}
		pack := dora.Body
		dora.Get(path).Want(200, "Ours alone")
		pia.Get("/cases/import").Want(404)
		dora.Get("/cases/import").Send("/cases/import", nil, reader.File("package", "case.json", "{}")).Want(422)
		dora.Get("/cases/import").Send("/cases/import", nil, reader.File("package", "case.json", pack)).Want(200, "The case is taken over", "Ours alone")
		if at(dora) == path {
			t.Error("the package opened the case it came from")
		}
	})
}

// TestNeedToKnow: an agency's person is let in by a grant that one asks for and
// another approves; each opening is in the log that all in the case read.
func TestNeedToKnow(t *testing.T) {
	eachCases(t, func(t *testing.T, h *caseHouse) {
		id, _ := h.coordinated()
		path := "/cases/" + id
		pia, dora, fay := h.visitor(town.Pia), h.visitor(town.Dora), h.visitor(town.Fay)
		fay.Get("/need-to-know").Want(200, "No grant is yours")
		dora.Get("/need-to-know").Want(200, "No agency has access to any case")
		pia.Get("/need-to-know").Want(200, "is on its own page")
		pia.Get(path+"/grants").Want(200, "No agency has access to this case", "Everybody in the case sees the grant and each opening")
		pia.Send("/grants", reader.Fill{"purpose": {"Harm to patients"}, "until": {"x"}}).Want(422, "Harm to patients")
		holds(t, pia, "until", "x")
		pia.Send("/grants", reader.Fill{"person": {town.Fay}, "seat": {"patient-harm"}, "purpose": {"Harm to patients"}, "basis": {"MOA 225-24-015"}, "until": {""}}).Want(200, "Asked for", "Waits for the desk", "Fay Device")
		fay.Get("/need-to-know").Want(200, "No grant is yours")
		fay.Get(path).Want(404)
		dora.Get("/need-to-know").Want(200, "1 grant waits", "Fay Device").Follow("CASE-").Want(200, "cannot be taken back", "A government agency then reads")
		grant := at(dora)
		fay.Get(grant).Want(404)
		pia.Get(grant).Want(200, "It waits for a second person").Never("Grant access to the agency")
		dora.Send("/approve", nil).Want(422, "checked the purpose")
		dora.Send("/approve", reader.Fill{"sure": {"1"}}).Want(200, "Granted")

		fay.Get("/need-to-know").Want(200, "Granted", "MOA 225-24-015").Never("infusion")
		fay.Get(path).Want(404)
		fay.Get(grant).Want(200, "written into the case’s disclosure log first", "Embargo until").Never("infusion pump A4")
		fay.Send("/open", nil).Want(422, "Agree to the embargo")
		fay.Send("/open", reader.Fill{"agree": {"1"}}).Want(200, "open to you for an hour", "infusion pump A4", "Answer the question")
		pia.Get(path+"/grants").Want(200, "Disclosure log", "Fay Device")
		fay.Follow("Answer it").Want(200, "what harm to patients").Send("/answer", nil).Want(422, "The answer is missing")
		fay.Send("/answer", reader.Fill{"answer": {"Over-infusion is possible."}}).Want(200, "stands in the official thread")
		pia.Get(path).Follow("Open the official thread").Want(200, "Over-infusion is possible.")

		h.Clock.Add(61 * time.Minute)
		fay, dora = h.visitor(town.Fay), h.visitor(town.Dora) // an hour without a page ends sessions
		fay.Get(path).Want(404)
		dora.Get(grant).Send("/revoke", nil).Want(422, "The reason is missing")
		dora.Send("/revoke", reader.Fill{"reason": {"Answered."}}).Want(200, "The access is ended")
		fay.Get(grant).Want(200, "Ended").Never("Open the case, on record")
	})
}

// TestCaseTechnicalPlain describes vulnerabilities without script and takes one
// to a CVE record.
func TestCaseTechnicalPlain(t *testing.T) {
	eachCases(t, func(t *testing.T, h *caseHouse) {
		id, first := h.coordinated()
		path := "/cases/" + id
		dora := h.visitor(town.Dora)
		dora.Get(path+"/vulnerabilities/new").Send("/vulnerabilities", reader.Fill{"title": {"Hard-coded key"}, "cvss3": {"CVSS:3.1/AV:X"}, "products": {"Pump Works"}, "references": {"ftp://x"}}).
			Want(422, "Line 1 is not")
		holds(t, dora, "title", "Hard-coded key")
		holds(t, dora, "cvss3", "CVSS:3.1/AV:X")
		dora.Send("/vulnerabilities", reader.Fill{"products": {"Pump Works | A4 | 3.1 - 3.4, !3.5"}}).Want(422, "is not a CVSS 3.1", "A reference is a web address")
		dora.Send("/vulnerabilities", reader.Fill{"cvss3": {"CVSS:3.1/AV:L/AC:L/PR:N/UI:N/S:U/C:L/I:N/A:N"}, "references": {"https://pump.example/1"}}).
			Want(200, "is described", "Hard-coded key", "3.1 through 3.4 affected", "3.5 unaffected")
		dora.Get(path+"/technical").Want(200, "Hard-coded key", "Firmware update is accepted unsigned", "not said yet")
		one := path + "/vulnerabilities/" + first
		dora.Get(one).Want(200, "CWE-347", "none was asked for").Send("/cve-request", reader.Fill{"to": {"Pump Works CNA"}}).Want(200, "asked of Pump Works CNA")
		dora.Send("/cve", reader.Fill{"cve": {"CVE-1"}}).Want(422, "A CVE id is like")
		holds(t, dora, "cve", "CVE-1")
		dora.Send("/cve", reader.Fill{"cve": {"CVE-2026-12345"}}).Want(200, "still lacks")
		dora.Send("/edit", reader.Fill{"references": {"https://pump.example/a4"}}).Want(200, "https://pump.example/a4")
		dora.Send("/cve", reader.Fill{"assigner": {"b15e7b5b-3da4-40ae-a43c-f7aa60e62599"}, "assigner_name": {"pump"}}).Want(200, "is complete", "Download it")
		if got := dora.Get(one + "/cve.json"); got.Status != 200 || !strings.Contains(got.Body, `"CVE-2026-12345"`) {
			t.Errorf("the record: %d %s", got.Status, got.Body)
		}
		dora.Get(one).Send("/kev", reader.Fill{"listed": {"1"}, "source": {"kev.json"}}).Want(422, "A date is like")
		holds(t, dora, "source", "kev.json")
		dora.Send("/kev", reader.Fill{"added": {"2026-02-01"}, "as_of": {"2026-03-01"}}).Want(200, "listed 2026-02-01")
		dora.Send("/epss", reader.Fill{"probability": {"0.0432"}, "source": {"epss.csv"}, "as_of": {"2026-03-01"}}).Want(200, "0.0432")
		dora.Send("/withdraw", reader.Fill{"reason": {"Not a vulnerability."}}).Want(200, "Withdrawn: Not a vulnerability.").Never("Edit the description")
		// A party of another case cannot reach it, nor under another case's address.
		other := h.Case(town.Dora, cases.NewCase{Title: "Another"})
		dora.Get("/cases/" + other + "/vulnerabilities/" + first).Want(404)
		dora.Get("/cases/" + other + "/parties/" + h.party(id, town.Pump)).Want(404)
	})
}

// TestCaseThreadsPlain: a side thread is for some of the case; the others do not
// learn of it, and its page leads back to the case.
func TestCaseThreadsPlain(t *testing.T) {
	eachCases(t, func(t *testing.T, h *caseHouse) {
		id, _ := h.coordinated()
		h.joins(town.Max, h.party(id, town.Monitor))
		path := "/cases/" + id
		pump := town.Must(h.Town, town.Dora, func(v *db.View) (cases.Party, error) { return h.Cases.Party(v, h.party(id, town.Pump)) })
		pia := h.visitor(town.Pia)
		pia.Get(path+"/threads").Want(200, "Official thread", "No side thread that you read")
		pia.Follow("Start a side thread").Send("/threads", reader.Fill{"title": {"Price of the fix"}, "audience": {}}).Want(422, "Choose who reads the thread")
		holds(t, pia, "title", "Price of the fix")
		pia.Send("/threads", reader.Fill{"body": {"Between us and the desk."}, "audience": {string(policy.OfCircle(pump.Circle)), string(h.Desk)}}).Want(200, "Price of the fix", "Case CASE-")
		topic := at(pia)
		pia.Follow("Case CASE-").Want(200, "infusion pump A4")
		h.visitor(town.Dora).Get(path+"/threads").Want(200, "Price of the fix", "2 organizations")
		max := h.visitor(town.Max)
		max.Get(path+"/threads").Want(200, "No side thread that you read").Never("Price of the fix")
		max.Get(path).Want(200).Never("Price of the fix")
		max.Get(topic).Want(404)
		room := town.Must(h.Town, town.Pia, func(v *db.View) (cases.Case, error) { return h.Cases.Case(v, id) }).Room
		if got := at(pia.Get("/rooms/" + room)); got != path+"/threads" {
			t.Errorf("the case's room leads to %s", got)
		}
	})
}
