package cases

import (
	"slices"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/formats/fda"
	"github.com/cordon-isao/cordon/internal/check"
)

// FactKind says what a party states that it did, or that happened.
type FactKind string

// The kinds of facts.
const (
	// Learned starts the statutory clocks: the day the manufacturer learned of the
	// vulnerability (R-010; FDA Postmarket 2016 §VII.B).
	Learned          FactKind = "learned"
	Information      FactKind = "information"         // anything else worth keeping
	ControlsFound    FactKind = "controls-identified" // interim compensating controls
	PlanMade         FactKind = "plan-made"           // the remediation plan
	Rationale        FactKind = "timeline-rationale"  // of the plan's timeline
	FixValidated     FactKind = "fix-validated"
	FixDistributed   FactKind = "fix-distributed"
	UsersFollowedUp  FactKind = "users-followed-up" // beyond day 60 (footnote 39)
	SeriousHarmKnown FactKind = "serious-harm-known"
	Initiated        FactKind = "correction-initiated"    // of a correction or removal: the trigger of R-020
	Extension        FactKind = "extension-of-correction" // to more lots or devices (21 CFR 806.10(d))
	Filed806         FactKind = "806-filed"
	MDRAware         FactKind = "mdr-aware"
	MDRFiled         FactKind = "mdr-filed"
	MDRNotReportable FactKind = "mdr-not-reportable"
	PMA              FactKind = "pma"                     // the device is approved under a PMA
	PMAReported      FactKind = "pma-reported"            // in its periodic report
	Enhancement      FactKind = "enhancement"             // a routine update
)

// Field is one detail of a kind of fact, as a form asks for it.
type Field struct {
	Name    string
	Label   string
	Type    string   // line, text, choice, bool, date or fact (the id of another)
	Choices []string // of a choice
	Needed  bool
}

var factFields = map[FactKind][]Field{
	Learned:         {{Name: "how", Label: "How you became aware", Type: "text"}},
	Information:     {{Name: "text", Label: "What is known", Type: "text", Needed: true}},
	ControlsFound:   {{Name: "name", Label: "The control", Type: "line", Needed: true}, {Name: "greater_risk", Label: "Does it endanger safety or essential performance more than the vulnerability does?", Type: "choice", Choices: []string{"no", "yes", "unknown"}, Needed: true}, {Name: "text", Label: "How users apply it", Type: "text"}},
	PlanMade:        {{Name: "text", Label: "The plan", Type: "text", Needed: true}},
	Rationale:       {{Name: "text", Label: "Why the timeline is as it is", Type: "text", Needed: true}},
	FixValidated:    {{Name: "text", Label: "How it was validated", Type: "text"}},
	FixDistributed:  {{Name: "text", Label: "What was distributed, to whom", Type: "text"}, {Name: "residual_controlled", Label: "The residual risk was determined to be controlled", Type: "bool"}, {Name: "long_term_control", Label: "The fix is a compensating control for the long term", Type: "bool"}, {Name: "justification", Label: "Why a compensating control is the long-term solution", Type: "text"}},
	UsersFollowedUp: {{Name: "text", Label: "What was done", Type: "text", Needed: true}},
	SeriousHarmKnown: {{Name: "event", Label: "What happened", Type: "choice", Choices: []string{string(fda.Death), string(fda.SeriousInjury)}, Needed: true},
		{Name: "text", Label: "What is known, without anything that tells who the patient is", Type: "text", Needed: true}},
	Initiated: {{Name: "kind", Label: "Correction or removal", Type: "choice", Choices: []string{"correction", "removal"}, Needed: true}, {Name: "text", Label: "What was initiated", Type: "text", Needed: true}},
	Extension: {{Name: "text", Label: "The lots or devices it was extended to", Type: "text", Needed: true}},
	Filed806:  {{Name: "number", Label: "The report's number", Type: "line", Needed: true}, {Name: "extends", Label: "The extension that it reports", Type: "fact"}},
	MDRAware: {{Name: "reporter", Label: "Who reports", Type: "choice", Choices: []string{string(fda.Manufacturer), string(fda.Importer), string(fda.UserFacility)}, Needed: true},
		{Name: "event", Label: "The event", Type: "choice", Choices: []string{string(fda.Death), string(fda.SeriousInjury), string(fda.Malfunction)}, Needed: true},
		{Name: "remedial_action", Label: "It needs remedial action to prevent an unreasonable risk of substantial harm to the public health", Type: "bool"},
		{Name: "fda_request", Label: "FDA asked for five-day reports in writing", Type: "bool"},
		{Name: "manufacturer_unknown", Label: "The manufacturer is not known", Type: "bool"},
		{Name: "text", Label: "What happened, without anything that tells who the patient is", Type: "text"}},
	MDRFiled: {{Name: "number", Label: "The report's number", Type: "line", Needed: true}, {Name: "event", Label: "The event that it reports", Type: "fact", Needed: true}},
	MDRNotReportable: {{Name: "event", Label: "The event", Type: "fact", Needed: true}, {Name: "by", Label: "Who concluded it", Type: "line", Needed: true},
		{Name: "role", Label: "Their profession", Type: "choice", Choices: []string{string(fda.Physician), string(fda.Nurse), string(fda.RiskManager), string(fda.BiomedicalEngineer)}, Needed: true},
		{Name: "basis", Label: "The information it rests on", Type: "text", Needed: true}},
	PMA: {{Name: "number", Label: "The PMA's number", Type: "line"}, {Name: "report_due", Label: "Day on which the next periodic report is due", Type: "date"},
		{Name: "change", Label: "The change", Type: "text"}, {Name: "comparison", Label: "Compared with the version approved before", Type: "text"}, {Name: "rationale", Label: "Rationale of the change", Type: "text"},
		{Name: "udi", Label: "UDI, one a line", Type: "text"}, {Name: "other_devices", Label: "Other submissions or devices modified, one a line, or “none”", Type: "text"}, {Name: "related_events", Label: "Recall numbers, one a line, or “none”", Type: "text"},
		{Name: "alerts", Label: "Government or ISAO alerts, one address a line, or “none”", Type: "text"}, {Name: "other_submissions", Label: "Other submissions, one a line", Type: "text"}, {Name: "basis_for_none", Label: "The basis for none", Type: "text"}},
	PMAReported: {{Name: "text", Label: "The report", Type: "line", Needed: true}},
	Enhancement: {{Name: "purpose", Label: "What the change is for", Type: "choice", Choices: []string{string(fda.ReduceHarm), string(fda.ConfidentialityFix), string(fda.DefenceInDepthOnly)}, Needed: true}, {Name: "text", Label: "The change", Type: "text", Needed: true}},
}

// FactKinds lists the kinds of facts that a party can state, in the order of a
// case. Known serious harm is not among them: see [Cases.SeriousHarm].
func FactKinds() []FactKind {
	return []FactKind{Learned, ControlsFound, PlanMade, Rationale, FixValidated, FixDistributed, UsersFollowedUp, Initiated, Filed806, Extension,
		MDRAware, MDRFiled, MDRNotReportable, PMA, PMAReported, Enhancement, Information}
}

// Words says a kind to people.
func (k FactKind) Words() string { return factWords[k] }

var factWords = map[FactKind]string{
	Learned: "Learned of the vulnerability", Information: "Information", ControlsFound: "Interim compensating control identified", PlanMade: "Remediation plan made",
	Rationale: "Rationale of the timeline documented", FixValidated: "Fix validated", FixDistributed: "Fix distributed", UsersFollowedUp: "Users followed up",
	SeriousHarmKnown: "Serious harm known", Initiated: "Correction or removal initiated", Extension: "Correction or removal extended", Filed806: "Part 806 report filed",
	MDRAware: "Became aware of a reportable event", MDRFiled: "Medical device report filed", MDRNotReportable: "Concluded not to be reportable", PMA: "Device approved under a PMA",
	PMAReported: "Told FDA in the periodic PMA report", Enhancement: "Routine update or enhancement",
}

// FactFields lists the details of a kind of fact.
func FactFields(k FactKind) []Field { return slices.Clone(factFields[k]) }

// check looks at a fact by its kind and keeps nothing that the kind does not have.
func (in *NewFact) check(now time.Time) error {
	var p check.Problems
	fields, ok := factFields[in.Kind]
	if !ok {
		p.Add("kind", "There is no kind of fact called %q.", string(in.Kind))
		return p.Err()
	}
	switch {
	case in.At.IsZero():
		p.Add("at", "Say when it happened.")
	case in.At.After(now):
		p.Add("at", "%s has not come yet.", in.At.UTC().Format("2 Jan 2006 15:04 UTC"))
	case in.At.Year() < 1990:
		p.Add("at", "%s is too long ago.", in.At.UTC().Format("2 Jan 2006"))
	}
	detail := map[string]any{}
	for _, f := range fields {
		if value := f.check(&p, in.Detail[f.Name]); value != nil {
			detail[f.Name] = value
		}
	}
	for _, own := range []string{"source", "harm"} {
		if v, ok := in.Detail[own]; ok {
			detail[own] = v
		}
	}
	if len(in.Evidence) > 50 {
		p.Add("evidence", "A fact takes at most 50 pieces of evidence.")
	}
	for i, e := range in.Evidence {
		in.Evidence[i] = p.Line("evidence", "The evidence", e, 200, true)
	}
	in.Detail = detail
	in.checkKind(&p)
	return p.Err()
}

// check checks one detail and returns what is kept of it, or nil.
func (f Field) check(p *check.Problems, v any) any {
	if f.Type == "bool" {
		if b, ok := v.(bool); ok && b {
			return true
		} else if v != nil && !ok {
			p.Add(f.Name, "%s: yes or no.", f.Label)
		}
		return nil
	}
	s, ok := v.(string)
	if v != nil && !ok {
		p.Add(f.Name, "%s is a text.", f.Label)
		return nil
	}
	switch f.Type {
	case "text":
		s = p.Text(f.Name, f.Label, s, MaxText, f.Needed)
	case "choice":
		if s != "" || f.Needed {
			s = p.OneOf(f.Name, f.Label, s, f.Choices...)
		}
	default:
		s = p.Line(f.Name, f.Label, s, MaxTitle, f.Needed)
	}
	if f.Type == "date" && s != "" {
		if _, err := fda.ParseDate(s); err != nil {
			p.Add(f.Name, "%s: write the day as 2026-03-31.", f.Label)
		}
	}
	if s == "" {
		return nil
	}
	return s
}

func (in *NewFact) checkKind(p *check.Problems) {
	f := Fact{Detail: in.Detail}
	switch number := f.Says("number"); in.Kind {
	case Filed806:
		if number != "" && !fda.ValidCorrectionReportNumber(number) {
			p.Add("number", "Write the number as 1234567-6/1/97-001-C: registration (or seven zeros), day, sequence, C or R.")
		}
	case MDRFiled:
		if number != "" && !fda.ValidMDRNumber(number) && !fda.ValidFacilityMDRNumber(number) {
			p.Add("number", "Write the number as 1234567-2011-00001, or as a user facility 1234560000-2011-0001.")
		}
	case FixDistributed:
		if f.Is("long_term_control") && strings.TrimSpace(f.Says("justification")) == "" {
			p.Add("justification", "Say why a compensating control is the long-term solution.")
		}
	}
}
