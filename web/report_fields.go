package web

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

// intakeDevices is how many devices the form has lines for. More go into the
// description; the API takes all.
const intakeDevices = 3

// intakeNames are the fields of a report's form: the names are those of the same
// report as JSON (cases.Intake).
var intakeNames = func() []string {
	names := []string{"title", "description", "exploit", "impact", "how_found", "found_on", "component", "cwe", "cves", "tracking_ids",
		"already_told", "public", "public_url", "disclosure_on", "disclosure_zone", "disclosure_url",
		"exploited", "exploitation_evidence", "patient_harm", "patient_harm_text", "bench_only", "clinical_setting", "safety_effect",
		"contact.name", "contact.organization", "contact.email", "contact.phone", "contact.pgp_key", "share_contact", "credit", "credit_name",
		"tlp", "comments", "keep_files", "no_patient_data", "confirmed", "form", "idempotency_key", "receipt", "text"}
	for i := range intakeDevices {
		for _, part := range []string{"manufacturer", "name", "model", "udi_di", "version"} {
			names = append(names, fmt.Sprintf("products[%d].%s", i, part))
		}
	}
	return names
}()

// intakeForm is a report as it was typed, with what is wrong with it.
type intakeForm struct {
	typed
	errs      []ui.FieldError
	questions []question
	member    bool
	files     []cases.File // a member's, of an earlier try
	lost      bool         // files were sent that must be chosen again
}

// question is a place in a text that its sender should look at again.
type question struct {
	Where, Before, Text, After, Why string
}

// intake is the report that was typed. What is wrong with it, the duty says.
func (t typed) intake() cases.Intake {
	in := cases.Intake{Title: t["title"], Component: t["component"], CWE: listed(t["cwe"]), Description: t["description"], Exploit: t["exploit"], Impact: t["impact"],
		HowFound: t["how_found"], FoundOn: t["found_on"], Told: t["already_told"], Public: t["public"] != "", PublicURL: t["public_url"],
		Exploited: cases.Answer(t["exploited"]), Evidence: t["exploitation_evidence"], PlanOn: t["disclosure_on"], PlanZone: t["disclosure_zone"], PlanURL: t["disclosure_url"],
		Contact:  cases.Contact{Name: t["contact.name"], Org: t["contact.organization"], Email: t["contact.email"], Key: t["contact.pgp_key"], Phone: t["contact.phone"]},
		MayShare: t["share_contact"] != "", Credit: t["credit"] != "", CreditName: t["credit_name"], CVEs: listed(t["cves"]), Tracking: listed(t["tracking_ids"]),
		BenchOnly: cases.Answer(t["bench_only"]), Setting: t["clinical_setting"], Harm: cases.Answer(t["patient_harm"]), HarmText: t["patient_harm_text"], SafetyText: t["safety_effect"],
		NoPatients: t["no_patient_data"] != "", TLP: policy.TLP(t["tlp"]), KeepFiles: t["keep_files"] != "", Comments: t["comments"], Confirmed: cases.Confirmed(t["confirmed"])}
	for i := range intakeDevices {
		of := func(part string) string { return t[fmt.Sprintf("products[%d].%s", i, part)] }
		in.Products = append(in.Products, cases.Product{Maker: of("manufacturer"), Name: of("name"), Model: of("model"), UDI: of("udi_di"), Version: of("version")})
	}
	return in
}

// listed reads ids that stand in one line.
func listed(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ';' || r == ' ' || r == '\n' || r == '\t' })
}

// inputID is the id of a field's element.
func inputID(name string) string {
	words := strings.FieldsFunc(name, func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') })
	return "report-" + strings.Join(words, "-")
}

// refused is the form with what is wrong, each at its field. If all of it is
// questions about the text, they are asked in one place.
func (f intakeForm) refused(err error) intakeForm {
	fields := fault.FieldsOf(err)
	asked := slices.ContainsFunc(fields, func(x fault.Field) bool { return x.Name == "confirmed" })
	switch {
	case err == nil:
	case len(fields) == 0:
		f.errs = []ui.FieldError{{Text: fault.Sentence(err)}}
	case asked:
		f.errs = []ui.FieldError{{Field: inputID("confirmed"), Text: fault.Sentence(err)}}
	default:
		for _, x := range fields {
			e := ui.FieldError{Text: x.Message}
			switch {
			case x.Name == "products":
				e.Field = inputID(product(0, "name"))
			case slices.Contains(intakeNames, x.Name) && x.Name != "form", x.Name == "files":
				e.Field = inputID(x.Name)
			}
			f.errs = append(f.errs, e)
		}
	}
	if asked || f.typed["confirmed"] != "" {
		f.questions = f.find()
	}
	return f
}

// find is every question with the words around it.
func (f intakeForm) find() (qs []question) {
	if f.typed["text"] != "" {
		for _, q := range cases.Look(f.typed["text"]) {
			qs = append(qs, around(f.typed["text"], "Your addition", q))
		}
		return qs
	}
	in := f.typed.intake()
	for _, q := range in.Look() {
		qs = append(qs, around(f.typed[q.Field], fieldWords[q.Field], q))
	}
	return qs
}

// around cuts the surroundings of what was found out of a text.
func around(text, where string, q cases.Question) question {
	out := question{Where: where, Text: q.Text, Why: q.Why}
	if before, after, ok := strings.Cut(text, q.Text); ok {
		out.Before, out.After = lastRunes(before, 50), firstRunes(after, 50)
	}
	return out
}

func lastRunes(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return "…" + string(r[len(r)-n:])
	}
	return s
}

func firstRunes(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n]) + "…"
	}
	return s
}

// fieldWords name a report's fields for people.
var fieldWords = map[string]string{"title": "Title", "description": "What is the weakness", "exploit": "How it can be exploited", "impact": "What an attacker gains", "how_found": "How you found it",
	"found_on": "Found on", "component": "Part or library", "cwe": "Kind of weakness (CWE)", "cves": "CVE ids", "tracking_ids": "Other ids", "already_told": "Whom you told", "public": "Public already",
	"public_url": "Where it is public", "disclosure_on": "Day of publication", "disclosure_zone": "Time zone", "disclosure_url": "Where it will be published", "exploited": "Exploited",
	"exploitation_evidence": "Signs of exploitation", "patient_harm": "Patient harm", "patient_harm_text": "What happened to patients", "bench_only": "Found on a bench", "clinical_setting": "Clinical setting",
	"safety_effect": "Effect on safety", "comments": "Comments"}

// field is one field of the form with what was typed and what is wrong.
func (f intakeForm) field(x ui.Field) ui.Field {
	x.ID, x.Value, x.Error = inputID(x.Name), f.typed[x.Name], errorOf(f.errs, inputID(x.Name))
	if x.Autocomplete == "" {
		x.Autocomplete = "off"
	}
	switch x.Type {
	case "textarea":
		if x.Rows == 0 {
			x.Rows = 3
		}
		if x.MaxLength == 0 {
			x.MaxLength = cases.MaxText
		}
	case "checkbox":
		x.Checked, x.Value = x.Value != "", "1"
	case "radios":
		for i := range x.Options {
			x.Options[i].Selected = x.Options[i].Value == x.Value
		}
	case "select", "file":
	default:
		if x.MaxLength == 0 {
			x.MaxLength = cases.MaxLine
		}
	}
	return x
}

// open reports whether a folded part of the form has anything in it.
func (f intakeForm) open(names ...string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return f.typed[n] != "" || errorOf(f.errs, inputID(n)) != "" })
}

// more reports whether the lines for further devices hold anything.
func (f intakeForm) more() bool {
	for i := 1; i < intakeDevices; i++ {
		for _, part := range []string{"manufacturer", "name", "model", "udi_di", "version"} {
			if f.open(product(i, part)) {
				return true
			}
		}
	}
	return false
}

func product(i int, part string) string { return fmt.Sprintf("products[%d].%s", i, part) }

// answers are yes, no and unknown.
func answers(yes, no, unknown string) []ui.Option {
	return []ui.Option{{Value: "yes", Text: yes}, {Value: "no", Text: no}, {Value: "unknown", Text: unknown}}
}

// wishes are the markings that a reporter may ask for.
func wishes(chosen string) []ui.Option {
	os := []ui.Option{{Value: "", Text: "No wish: as strict as the desk keeps reports"}}
	for _, t := range policy.Markings() {
		os = append(os, ui.Option{Value: string(t), Text: t.String() + ": " + tlpWords[t], Selected: string(t) == chosen})
	}
	return os
}
