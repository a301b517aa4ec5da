package web

import (
	"encoding/csv"
	"strings"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/testkit/town"
)

// facts are stated and withdrawn without script, and every clock
// tells its rule, source, trigger, due instant with zone, and what is missing.
func TestFactsAndClocksWithoutScript(t *testing.T) {
	eachCases(t, func(t *testing.T, h *caseHouse) {
		h.Clock.Add(40 * 24 * time.Hour) // everybody has been a member for a while: it is 10 April 2026
		id, _ := h.coordinated()
		at := "/cases/" + id
		pia := h.visitor(town.Pia)
		pia.Get(at+"/clocks").Want(200, "State a fact", "Clocks")
		pia.Follow("State a fact").Want(200, "What happened?", "Starts FDA’s 30 and 60 days.")
		pia.Follow("Learned of the vulnerability").Want(200, "When it happened, in UTC")
		pia.Send("/facts", one("at", "2026-09-01T10:00", "d_how", "A researcher wrote to us.")).Want(422, "has not come yet", "A researcher wrote to us.")
		pia.Send("/facts", one("at", "soon")).Want(422, "is written as year-month-day", "A researcher wrote to us.")
		pia.Send("/facts", one("at", "2026-04-01T10:00")).Want(200, "Recorded. The clocks were worked out anew.", "30-day notice to customers and users", "60-day fix", "America/New_York", "Learned of the vulnerability")
		pia.Get(at+"/facts/new?kind=controls-identified").Send("/facts", one("at", "2026-04-02T10:00", "d_greater_risk", "no")).Want(422, "The control is missing.")
		pia.Send("/facts", one("d_name", "Unplug the network")).Want(200)

		pia.Get(at+"/clocks").Follow("Interim compensating control identified").Want(200, "Unplug the network")
		pia.Send("/withdraw", nil).Want(422, "The reason is missing.")
		pia.Send("/withdraw", one("reason", "It was another pump.")).Want(200, "Withdrawn, with your reason", "(withdrawn)")

		// one clock, whole
		o := h.obligation(town.Pia, id, "R-010", "notice")
		pia.Get(at+"/clocks/"+o.ID).Want(200, "R-010: tell customers and users no later than 30 calendar days", "§VII.B", "The manufacturer learned of the vulnerability.", "America/New_York", "What is missing", "Say why it does not apply")
		pia.Send("/waive", nil).Want(422, "The reason is missing.")
		pia.Send("/waive", one("reason", "the device was never sold")).Want(200, "Waived", "Does not apply because the device was never sold")

		// what Pump states is Pump's, and the desk's if Pump lets it
		h.joins(town.Max, h.party(id, town.Monitor))
		max := h.visitor(town.Max)
		max.Get(at+"/clocks").Want(200, "No fact is recorded yet").Never("A researcher wrote", "Unplug", o.ID)
		max.Get(at + "/clocks/" + o.ID).Want(404)
		max.Get(at + "/facts/new?kind=learned&party=" + o.Party).Want(403)
		h.visitor(town.Wim).Get(at + "/clocks").Want(404)
		dora := h.visitor(town.Dora)
		dora.Get(at+"/facts/new?kind=plan-made").Send("/facts", one("at", "2026-04-03T10:00", "d_text", "A signed update.")).Want(422, "How the desk knows it is missing.", "A signed update.")
		dora.Send("/facts", one("source", "A call with Pia.")).Want(200, "Remediation plan made")
	})
}

// obligation is one of a case's clocks as a person sees it.
func (h *caseHouse) obligation(person, id, rule, clock string) cases.Obligation {
	h.t.Helper()
	for _, o := range town.Must(h.Town, person, func(v *db.View) ([]cases.Obligation, error) { return h.Cases.Obligations(v, id) }) {
		if o.Rule == rule && o.Clock == clock {
			return o
		}
	}
	h.t.Fatalf("the case has no clock %s %s", rule, clock)
	return cases.Obligation{}
}

// the switch says first what follows, wants a typed word, and
// goes one way.
func TestHarmWithoutScript(t *testing.T) {
	h := openCases(t, "")
	h.Clock.Add(40 * 24 * time.Hour)
	id, _ := h.coordinated()
	h.learned(id, town.Pia, 48*time.Hour)
	at := "/cases/" + id
	pia := h.visitor(town.Pia)
	pia.Get(at + "/clocks").Follow("Read what follows")
	for _, s := range cases.HarmConsequences() {
		pia.Want(200, s)
	}
	pia.Send("/harm", one("at", "2026-04-10T09:00", "event", "serious_injury", "text", "A patient was given too much.", "word", "yes")).
		Want(422, "Type HARM KNOWN to confirm", "A patient was given too much.")
	pia.Send("/harm", one("event", "", "word", "harm known")).Want(422, "What happened must be one of")
	pia.Send("/harm", one("event", "serious_injury", "word", "harm known")).Want(200, "serious harm is known", "lost", "Medical device report", "R-023").Never("Read what follows")
	pia.Get(at+"/harm").Want(200, "Serious harm is known already").Never("Record that serious harm")
	pia.Get(at+"/clocks").Follow("Serious harm known").Want(200, "cannot be taken back").Never(`action="` + at + `/facts/`)
	// everybody in the case reads that it is known, and nothing more
	h.visitor(town.Dora).Get(at+"/clocks").Want(200, "Serious harm known").Never("too much")
}

// The page of one's own clocks, the strip on the inbox, the count in the rail, and
// the same as CSV.
func TestMyClocksWithoutScript(t *testing.T) {
	h := openCases(t, "")
	h.Clock.Add(40 * 24 * time.Hour)
	pia := h.visitor(town.Pia)
	pia.Get("/clocks").Want(200, "No clock runs against you", "Example")
	pia.Get("/inbox").Want(200).Never("My clocks")
	id, _ := h.coordinated()
	h.learned(id, town.Pia, 26*24*time.Hour)
	pia.Get("/clocks").Want(200, "30-day notice to customers and users", "What is missing", "due in")
	pia.Get("/inbox").Want(200, "My clocks", "30-day notice")
	if !strings.Contains(pia.Body, `href="/clocks"`) {
		t.Error("the rail does not lead to the clocks")
	}
	pia.Get("/clocks.csv").Want(200)
	rows, err := csv.NewReader(strings.NewReader(pia.Body)).ReadAll()
	if err != nil || len(rows) < 3 || len(rows[0]) != len(clockColumns) {
		t.Fatalf("the CSV has %d rows: %v", len(rows), err)
	}
	pia.Get("/cases/" + id + "/clocks.csv").Want(200)
	if cd := pia.Header.Get("Content-Disposition"); !strings.Contains(cd, "-clocks.csv") {
		t.Errorf("the file is called %q", cd)
	}
	h.visitor(town.Wim).Get("/clocks").Want(200, "No clock runs against you").Never("30-day notice to")
}

// A spreadsheet runs nothing that comes out of here.
func TestClocksCSVRunsNothing(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	b, err := clocksCSV([]cases.Obligation{{Case: "case_00000000000000000000000000", Name: "=HYPERLINK(1)", Rule: "R-010", Source: "+1", What: "@x", WaivedName: "-2", Missing: []string{"\tx"}, Trigger: now, Due: now}})
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(string(b))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, cell := range rows[1] {
		if cell != "" && strings.ContainsAny(cell[:1], "=+-@\t") {
			t.Errorf("the cell %q is a formula", cell)
		}
	}
	if rows[1][1] != "'=HYPERLINK(1)" {
		t.Errorf("the name is %q", rows[1][1])
	}
}

// the row of a PMA device leaves as CSV and as JSON.
func TestPMARowWithoutScript(t *testing.T) {
	h := openCases(t, "")
	h.Clock.Add(40 * 24 * time.Hour)
	id, _ := h.coordinated()
	h.learned(id, town.Pia, 48*time.Hour)
	at := "/cases/" + id
	pia := h.visitor(town.Pia)
	pia.Get(at+"/facts/new?kind=pma").Send("/facts", one("at", "2026-02-01T10:00", "d_number", "P123456", "d_report_due", "2026-13-01")).Want(422, "write the day as 2026-03-31")
	pia.Send("/facts", one("d_report_due", "2026-12-31")).Want(200, "Row of the periodic PMA report")
	row := at + "/pma/" + h.party(id, town.Pump)
	pia.Get(row+".csv").Want(200, "Unsigned firmware")
	pia.Get(row+".json").Want(200, "Unsigned firmware")
	pia.Get(row + ".pdf").Want(404)
	h.joins(town.Max, h.party(id, town.Monitor))
	h.visitor(town.Max).Get(row + ".csv").Want(403)
}
