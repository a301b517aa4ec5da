package web

import (
	"strings"

	"github.com/cordon-isao/cordon/cases"
)

// stateChip is a report's state in a word.
func stateChip(s cases.ReportState) string {
	return map[cases.ReportState]string{cases.ReportReceived: "Received", cases.ReportAcknowledged: "Acknowledged", cases.ReportExamined: "Being examined", cases.ReportTracked: "Watched",
		cases.ReportAccepted: "Accepted", cases.ReportDeclined: "Declined", cases.ReportDuplicate: "Duplicate", cases.ReportPublished: "Published"}[s]
}

func answerWords(a cases.Answer) string {
	return map[cases.Answer]string{cases.AnswerYes: "Yes", cases.AnswerNo: "No", cases.AnswerUnknown: "Not known"}[a]
}

func yes(b bool) string {
	if b {
		return "Yes"
	}
	return ""
}

// intakeRows is what a report says, part by part, in the order of the form; what
// was left empty is left out.
func intakeRows(r cases.Report) (rows [][2]string) {
	in := r.Intake
	add := func(name, value string) {
		if value != "" {
			rows = append(rows, [2]string{name, value})
		}
	}
	add(fieldWords["description"], in.Description)
	for _, p := range in.Products {
		words := p.String()
		for _, part := range []struct{ before, text string }{{"version ", p.Version}, {"UDI ", p.UDI}} {
			if part.text != "" && part.text != words {
				words += ", " + part.before + part.text
			}
		}
		add("Device", words)
	}
	for _, x := range []struct{ name, value string }{
		{"component", in.Component}, {"cwe", strings.Join(in.CWE, ", ")}, {"cves", strings.Join(in.CVEs, ", ")}, {"tracking_ids", strings.Join(in.Tracking, ", ")},
		{"exploit", in.Exploit}, {"impact", in.Impact}, {"how_found", in.HowFound}, {"found_on", in.FoundOn},
		{"already_told", in.Told}, {"public", yes(in.Public)}, {"public_url", in.PublicURL}, {"disclosure_on", in.PlanOn}, {"disclosure_zone", in.PlanZone}, {"disclosure_url", in.PlanURL},
		{"patient_harm", answerWords(in.Harm)}, {"patient_harm_text", in.HarmText}, {"exploited", answerWords(in.Exploited)}, {"exploitation_evidence", in.Evidence},
		{"bench_only", answerWords(in.BenchOnly)}, {"clinical_setting", in.Setting}, {"safety_effect", in.SafetyText}, {"comments", in.Comments},
	} {
		add(fieldWords[x.name], x.value)
	}
	if in.TLP != "" {
		add("Wished marking", in.TLP.String())
	}
	c := in.Contact
	for _, x := range []struct{ name, value string }{{"Name", c.Name}, {"Organization", c.Org}, {"E-mail", c.Email}, {"Phone", c.Phone}, {"PGP key", c.Key}} {
		add(x.name, x.value)
	}
	if c != (cases.Contact{}) {
		words := "No: for the desk only"
		if in.MayShare {
			words = "Yes, with the manufacturer and the parties"
		}
		add("May be passed on", words)
	}
	if in.Credit {
		add("Wants to be acknowledged as", in.CreditName)
	}
	if outcome, kinds := r.Outcome(); outcome != "" {
		add("Looked at for patient data", map[string]string{"clean": "Nothing found", "removed": "The sender took it out", "none": "Found, and the sender says that it is none", "justified": "Found, and the sender says that it belongs here"}[outcome]+kindWords(kinds))
	}
	return rows
}

func kindWords(kinds []string) string {
	if len(kinds) == 0 {
		return ""
	}
	return " (" + strings.ReplaceAll(strings.Join(kinds, ", "), "_", " ") + ")"
}
