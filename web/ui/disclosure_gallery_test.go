package ui

import (
	"fmt"
	"strings"
	"time"

	"github.com/a-h/templ"
)

// The gallery's pages of coordinated disclosure: each part filled, empty and
// at its edge.

const day = 24 * time.Hour

// learned is day 0 of the clocks below; noon is its day 24.
var learned = noon.Add(-24*day - 6*time.Hour)

func onDay(n float64) time.Time { return learned.Add(time.Duration(n * float64(day))) }

// mockClocks are the clocks of the case page that the look was agreed on.
func mockClocks() ClocksChart {
	return ClocksChart{Zero: learned, Now: noon, CSV: "/cases/x/clocks.csv", Rows: []Clock{
		{Name: "Acknowledge reporter (2 d)", Rule: "R-068: answer the reporter within 2 days", Due: onDay(2), SatisfiedAt: onDay(1.1), State: "met", StateWords: "met day 1", Href: "#c1"},
		{Name: "Triage decision (5 d)", Rule: "R-067: decline, track or coordinate, with reason", Due: onDay(5), SatisfiedAt: onDay(4), State: "met", StateWords: "met day 4", Href: "#c2"},
		{Name: "Share with ISAO (agreed 7 d)", Rule: "Participation agreement, section 4", Due: onDay(7), SatisfiedAt: onDay(7), State: "met", StateWords: "met day 7", Href: "#c3"},
		{Name: "FDA 30-day customer notice", Rule: "R-010: tell customers no later than 30 calendar days after learning", Source: "FDA postmarket cybersecurity guidance 2016, section VII.B", Trigger: "The manufacturer learned of the vulnerability", Satisfies: "A notice with items a to d, sent to customers and copied to the ISAO", Due: onDay(30), State: "at-risk", StateWords: "due in 6 d", Missing: []string{"Item c: compensating controls", "Third reviewer"}, Href: "#c4", Zone: "America/New_York"},
		{Name: "FDA 60-day fix validated", Rule: "R-010: fix, validate and distribute no later than 60 calendar days after learning", Due: onDay(60), State: "running", StateWords: "due in 36 d", Missing: []string{"Validation report"}, Href: "#c5", Zone: "America/New_York"},
		{Name: "Public disclosure (embargo)", Rule: "R-062: 45 days from the first attempted contact", Due: onDay(45), State: "running", StateWords: "due in 21 d", Href: "#c6"},
	}}
}

// allClocks has every state, pauses, what is late, and what ends far away.
func allClocks() ClocksChart {
	return ClocksChart{ID: "all", Label: "All clocks", Zero: learned, Now: noon, Rows: []Clock{
		{Name: "Embargo asked for before day 0", Rule: "R-062", Start: onDay(-4), Due: onDay(41), State: "running", StateWords: "due in 17 d"},
		{Name: "Vendor update that waits for a consent which nobody has given in a long while", Rule: "R-066", Due: onDay(20), Pauses: []ClockPause{{From: onDay(8), To: onDay(13)}, {From: onDay(18)}}, State: "paused", StateWords: "paused since day 18", Reason: "The vendor's engineer is away until day 27"},
		{Name: "MDR 5-day report", Rule: "R-023", Start: onDay(15), Due: onDay(22), State: "over", StateWords: "over by 2 d", Missing: []string{"Report to FDA"}},
		{Name: "Customer notice, sent late", Rule: "R-010", Due: onDay(12), SatisfiedAt: onDay(14), State: "met", StateWords: "met 2 d late"},
		{Name: "Part 806 discretion", Rule: "R-011", Due: onDay(23), StoppedAt: onDay(16), State: "lost", StateWords: "lost day 16", Reason: "Membership ended on day 16"},
		{Name: "Weekly vendor update", Rule: "R-066", Due: onDay(28), StoppedAt: onDay(9), State: "waived", StateWords: "waived day 9", Reason: "All five parties agreed"},
		{Name: "PMA annual report row", Rule: "R-014", Due: onDay(320), State: "running", StateWords: "due in 296 d"},
		{Name: "Not yet begun", Rule: "R-020", Start: onDay(30), Due: onDay(44), State: "running", StateWords: "starts in 6 d"},
		{Name: "No date", Rule: "R-063: until public", State: "running", StateWords: "open"},
		{Name: "ThisNameHasNoPlaceWhereItCouldBeBrokenIntoTwoLines", Rule: "R-005", Due: onDay(26), State: "at-risk", StateWords: "due in 47 h"},
	}}
}

func someStrip() Strip {
	c, a := mockClocks().Rows, allClocks().Rows
	return Strip{Now: noon, CSV: "/clocks.csv", Rows: []StripClock{
		{c[3], "CASE-7K3Q-2M9P", "Unauthenticated firmware update in infusion pump A4/A5", "AMBER+STRICT"},
		{c[5], "CASE-7K3Q-2M9P", "Unauthenticated firmware update in infusion pump A4/A5", "AMBER+STRICT"},
		{a[2], "CASE-9D1X-4TTB", "Telemetry gateway leaks session keys", "AMBER"},
		{a[1], "CASE-0QW2-88ZE", "Hard-coded maintenance password in a discontinued syringe driver", "AMBER"},
		{Clock{Name: "Acknowledge reporter", Rule: "R-068", Start: ago(20 * time.Hour), Due: noon.Add(28 * time.Hour), State: "at-risk", StateWords: "due in 28 h", Href: "#"}, "CASE-3M3M-1A1A", "Anonymous report", ""},
		{Clock{Name: "Vendor statement", Rule: "R-066", Start: ago(3 * day), Due: noon.Add(8 * day), State: "running", StateWords: "due in 8 d", Href: "#"}, "CASE-5555-ABCD", "OpenSSL in the drug library server", "GREEN"},
	}}
}

func participants(n int) MatrixTable {
	m := MatrixTable{Caption: "Participants", Legend: true, Note: "Only the coordinator sees who is late.",
		Columns: []MatrixColumn{{Name: "Invited"}, {Name: "Accepted"}, {Name: "Seen"}, {Name: "Affected?"}, {Name: "Fix date"}, {Name: "Statement"}}}
	kinds := []string{"manufacturer", "provider", "agency", "finder", "coordinator"}
	states := []string{"done", "done", "pending", "late", "none", "done", "pending"}
	for i := range n {
		r := MatrixRow{Name: fmt.Sprintf("Pumpworks %d", i+1), Kind: kinds[i%5], Href: "#p"}
		if i == 1 {
			r.Name, r.Mine = "St. Anne", true
		}
		if i == 3 {
			r.Name = "The Northfield and Southfield Association of Clinical Monitoring Manufacturers"
		}
		for j := range m.Columns {
			d := Dot{State: states[(i*j+i/3)%len(states)]}
			if j == 0 {
				d = Dot{State: "done", Words: "invited 2 Nov", Text: "2 Nov"}
			}
			if j == 4 && d.State == "late" {
				d.Words, d.Href = "late by 3 d: ask again", "#ask"
			}
			r.Cells = append(r.Cells, d)
		}
		m.Rows = append(m.Rows, r)
	}
	return m
}

func vendorStatus(vendors, vulns int) MatrixTable {
	m := MatrixTable{ID: "status", Caption: "Status by vendor and vulnerability", Corner: "Vendor", Legend: true}
	for j := range vulns {
		m.Columns = append(m.Columns, MatrixColumn{Name: fmt.Sprintf("CVE-2026-%05d", 11200+37*j), Href: "#v", ID: true, Hint: "Missing check of the signature"})
	}
	states := []string{"affected", "not-affected", "unknown", "fixed", "unknown"}
	for i := range vendors {
		r := MatrixRow{Name: fmt.Sprintf("Vendor %d", i+1), Href: "#v"}
		for j := range vulns {
			r.Cells = append(r.Cells, Dot{State: states[(i*3+j*j)%5], Href: "#s"})
		}
		m.Rows = append(m.Rows, r)
	}
	return m
}

func someStory() Story {
	return Story{Now: noon, Label: "What happened in this case", Pages: Pages{OlderHref: "?older", Note: "8 of 41"},
		Filters: []Filter{{"All", "?", 41, true}, {"People", "?people", 12, false}, {"Clocks", "?clocks", 9, false}, {"Decisions", "?decisions", 4, false}, {"System", "?system", 16, false}},
		Events: []StoryEvent{
			{ID: "e41", At: ago(2 * time.Hour), Lane: "clocks", Kind: "warn", Text: "Customer notice is at risk: due in 6 d", Detail: "Item c and the third review are missing.", Href: "#c4", Proof: "recorded", ProofText: "Entry 41, not yet witnessed"},
			{ID: "e40", At: ago(6 * time.Hour), Lane: "people", Text: "Said that A4 is fixed and A5 follows on Monday", By: "R. Osei, Pumpworks", Href: "#p", Proof: "proved", ProofText: "Entry 40, seen by 2 of 3 witnesses", ProofHref: "#e40"},
			{ID: "e39", At: ago(20 * time.Hour), DayOnly: true, Lane: "people", Text: "A member says that it sees the same bootloader in one more module", Proof: "proved", ProofHref: "#e39"},
			{ID: "e38", At: ago(27 * time.Hour), Lane: "decisions", Kind: "danger", Text: "Risk is uncontrolled", By: "M. Alvarez, Pumpworks", Href: "#d", Detail: "Exploitability high, severity of harm serious; no compensating control.", Proof: "proved", ProofHref: "#e38"},
			{ID: "e37", At: ago(30 * time.Hour), Lane: "system", Text: "Evidence pack 2 was made", Proof: "proved", ProofHref: "#e37"},
			{ID: "e9", At: onDay(7), Lane: "clocks", Kind: "ok", Text: "Shared with the ISAO in time: 0 d early", Href: "#c3", Proof: "proved", ProofHref: "#e9"},
			{ID: "e2", At: onDay(1.1), Lane: "clocks", Kind: "ok", Text: "Reporter acknowledged", Proof: "proved"},
			{ID: "e1", At: onDay(-400), Lane: "people", Text: "The component was first discussed, in another case that has an exceedingly_long_identifier_without_any_break_0123456789_0123456789", Href: "#"},
		}}
}

func someTrack(at int) Track {
	names := []string{"Reported", "Triaged", "Coordinating", "Fix ready", "Published", "Closed"}
	t := Track{ID: fmt.Sprintf("track-%d", at), Label: "State of the case"}
	for i, n := range names {
		s := TrackStep{Name: n}
		if i < at {
			s.State, s.Note = "done", onDay(float64(4*i)).Format("2 Jan")
		}
		if i == at {
			s.State, s.Note = "now", "since 2 Nov"
		}
		t.Steps = append(t.Steps, s)
	}
	return t
}

func cvssGroups(wrong bool) []MetricGroup {
	answers := func(chosen int, pairs ...string) []Option {
		var os []Option
		for i := 0; i < len(pairs); i += 2 {
			os = append(os, Option{Value: pairs[i][:1], Text: pairs[i], Hint: pairs[i+1], Selected: i/2 == chosen})
		}
		return os
	}
	ac := Metric{Name: "AC", Code: "AC", Label: "Attack complexity", Options: answers(-1, "Low", "Nothing stands in the way", "High", "Something must be got round first")}
	if wrong {
		ac.Error = "Choose one: a score needs every base metric."
	} else {
		ac.Options[0].Selected = true
	}
	return []MetricGroup{
		{Title: "Exploitability", Note: "How the vulnerable part can be reached.", Metrics: []Metric{
			{Name: "AV", Code: "AV", Label: "Attack vector", Options: answers(0, "Network", "From anywhere that can route to it", "Adjacent", "From the same segment or radio", "Local", "With an account or a file on the device", "Physical", "With hands on the device")},
			ac,
			{Name: "PR", Code: "PR", Label: "Privileges required", Options: answers(0, "None", "", "Low", "", "High", "")},
		}},
		{Title: "Impact", Metrics: []Metric{
			{Name: "VC", Code: "VC", Label: "Confidentiality", Options: answers(2, "High", "", "Low", "", "None", "")},
			{Name: "VI", Code: "VI", Label: "Integrity", Options: answers(0, "High", "", "Low", "", "None", "")},
		}},
		{Title: "Optional: threat", Folded: true, Metrics: []Metric{{Name: "E", Code: "E", Label: "Exploit maturity", Options: answers(0, "Unproven", "", "Proof of concept", "", "Attacked", "")}}},
		{Title: "Severity of harm", Metrics: []Metric{{Name: "harm", Label: "If it is exploited, what happens to the patient?", Hint: "The highest credible harm. Loss of privacy alone is not patient harm.", Stacked: true, Options: []Option{
			{Value: "1", Text: "Negligible", Hint: "Inconvenience or passing discomfort"},
			{Value: "2", Text: "Minor", Hint: "Passing injury that needs no professional care"},
			{Value: "3", Text: "Serious", Hint: "Injury or impairment that needs professional care", Selected: true},
			{Value: "4", Text: "Critical", Hint: "Lasting impairment or life-threatening injury"},
			{Value: "5", Text: "Catastrophic", Hint: "Death", Disabled: true}}}}},
	}
}

func someRuler() Ruler {
	return Ruler{Now: noon, Rows: []RulerRow{
		{Name: "Acknowledge reporter", Due: onDay(2), Done: onDay(1.1), Href: "#"},
		{Name: "Customer notice", Due: onDay(20), Done: onDay(8), Zone: "America/New_York", Href: "#"},
		{Name: "Copy to the ISAO", Due: onDay(20), Done: onDay(8)},
		{Name: "Fix distributed to the last of the customers that are known", Due: onDay(18), Done: onDay(23)},
		{Name: "Vendor update", Due: onDay(21), Href: "#"},
		{Name: "Public disclosure", Due: onDay(45)},
	}}
}

// disclosureGallery returns the pages by name.
func disclosureGallery(theme string) map[string]templ.Component {
	heading := Heading{
		ShortID: "CASE-7K3Q-2M9P", Label: "AMBER+STRICT", Severity: "critical", SeverityText: "Critical 9.1", States: []string{"Coordinating", "Safety impact: under review"},
		Title: "Unauthenticated firmware update in infusion pump A4/A5", Subtitle: "Reported 28 Oct 2026 by a pseudonymous member (clinical engineering). Owner: M. Alvarez. Next review Thursday.",
	}
	next := func(kind string) templ.Component {
		return NextStep(Step{Kind: kind, Sentence: "Customer notice is due in 6 days.", Detail: "Draft is ready; two of three reviewers have approved.", Button: "Review draft", Href: "#draft", Key: "r"})
	}
	tabs := Tabs("Case", []Tab{{Label: "Summary", Href: "#", Current: true}, {Label: "Official thread", Href: "#o"}, {Label: "Side threads", Href: "#s", Note: "3 orgs"}, {Label: "Technical", Href: "#t"}, {Label: "Devices", Href: "#d"}, {Label: "Decisions", Href: "#x"}, {Label: "Evidence", Href: "#e"}})
	page := func(title string, parts ...templ.Component) templ.Component {
		f := frame(theme, title, "case")
		return within(Page(f), append([]templ.Component{TitleRow(Heading{Title: title})}, parts...)...)
	}
	single := mockClocks()
	single.ID, single.Label, single.Rows = "single", "One clock", single.Rows[3:4]
	old := mockClocks()
	old.ID, old.Label, old.Now = "old", "Old clocks", onDay(800)
	for i := range old.Rows[3:] {
		old.Rows[3+i].State, old.Rows[3+i].StateWords = "over", fmt.Sprintf("over by %d d", 800-[]int{30, 60, 45}[i])
	}
	return map[string]templ.Component{
		"case": within(Page(frame(theme, "Unauthenticated firmware update", "case")), TitleRow(heading), next("warn"), tabs, StateTrack(someTrack(2)),
			within(Section("Clocks"), Clocks(mockClocks())), within(Section("Participants"), Matrix(participants(5))), within(Section("What happened"), CaseTimeline(someStory()))),
		"clocks": page("Clocks at their edges", next("danger"), within(Section("All states"), Clocks(allClocks())), within(Section("One"), Clocks(single)), within(Section("Old"), Clocks(old)), within(Section("None"), Clocks(ClocksChart{ID: "zero", Zero: learned, Now: noon}))),
		"strip":  page("My clocks", next("info"), within(Section("My clocks"), ClockStrip(someStrip())), within(Section("None"), ClockStrip(Strip{ID: "no-strip", Now: noon}))),
		"matrix": page("Many participants", within(Section("Status"), Matrix(vendorStatus(9, 35))), within(Section("Few"), Matrix(func() MatrixTable { m := vendorStatus(2, 4); m.ID, m.Caption = "few", "Status of four"; return m }())),
			within(Section("Participants"), Matrix(participants(121))), within(Section("None"), Matrix(MatrixTable{ID: "nobody"}))),
		"story": page("Events", within(Section("What happened"), CaseTimeline(someStory())), CaseTimeline(Story{ID: "no-story", Label: "Nothing", Now: noon, Filters: []Filter{{"All", "?", 0, false}, {"Decisions", "?d", 0, true}}})),
		"worksheet": page("Risk worksheet", within(Section("CVSS and harm"), within(Form(FormSpec{ID: "risk", Action: "/risk", Submit: "Compute the score"}), Metrics(cvssGroups(true)), ResultLine(Result{Title: "CVSS 4.0", Severity: "high", Text: "High 8.7", Vector: "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:H/VA:N/SC:N/SI:N/SA:N", Detail: "One metric is missing."}))),
			ResultLine(Result{ID: "ssvc", Title: "SSVC deployer", Text: "Out of cycle"})),
		"ruler": page("Deadlines", within(Section("Quarter"), DeadlineRuler(someRuler())), within(Section("None"), DeadlineRuler(Ruler{ID: "no-ruler", Now: noon})),
			within(Section("Tracks"), StateTrack(someTrack(0)), StateTrack(someTrack(6)), StateTrack(Track{ID: "stopped", Steps: []TrackStep{{"Reported", "", "done"}, {"Triaged", "4 Nov", "stopped"}, {"Coordinating", "", "skipped"}, {strings.Repeat("Very long ", 4), "", ""}}}))),
	}
}
