package cases

import (
	"strings"

	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/scrub"
	"github.com/cordon-isao/cordon/policy"
)

// Question is one place in a report that its sender should look at again before
// it is sent: patient data, serial numbers, labels that the text itself names.
type Question struct {
	Field string // as in [Intake]; "text" for an addition
	Kind  string // of scrub, or "label"
	Text  string // what stands there
	Why   string // a sentence
}

// maxQuestions bounds what one form shows.
const maxQuestions = 50

// Look finds what to ask the sender about, once: what he confirms is taken. The
// contact, which he gives on purpose, is not looked at.
func (in Intake) Look() (qs []Question) {
	for _, f := range []struct{ name, text string }{
		{"title", in.Title}, {"description", in.Description}, {"exploit", in.Exploit}, {"impact", in.Impact}, {"how_found", in.HowFound}, {"already_told", in.Told},
		{"exploitation_evidence", in.Evidence}, {"clinical_setting", in.Setting}, {"patient_harm_text", in.HarmText}, {"safety_effect", in.SafetyText}, {"comments", in.Comments},
	} {
		qs = append(qs, look(f.name, f.text, in.TLP)...)
	}
	return qs[:min(len(qs), maxQuestions)]
}

// Look is [Intake.Look] for the text of an addition or an answer.
func Look(text string) []Question { return look("text", text, "") }

func look(field, text string, wanted policy.TLP) (qs []Question) {
	for _, f := range scrub.Find(text) {
		qs = append(qs, Question{field, string(f.Kind), f.Text, f.Why})
	}
	for _, l := range scrub.Labels(text) {
		t, err := policy.ParseTLP(l)
		switch {
		case err != nil:
			qs = append(qs, Question{field, "label", l, "This is no marking of the Traffic Light Protocol 2.0. Choose the marking in the form."})
		case wanted == "" && t.StricterThan(policy.AmberStrict), wanted != "" && t != wanted:
			qs = append(qs, Question{field, "label", l, "The text names another marking than the form. Choose the one that you mean in the form."})
		}
	}
	return qs[:min(len(qs), maxQuestions)]
}

// looked is what is kept of the questions: that they were asked, about what, and
// what the sender said.
type looked struct {
	Outcome string   `json:"outcome"` // clean, removed, none, justified
	Kinds   []string `json:"kinds,omitempty"`
}

// settle refuses what was not asked about yet, with every question beside its
// field.
func settle(qs []Question, confirmed Confirmed) (l looked, err error) {
	if len(qs) == 0 {
		if l.Outcome = "clean"; confirmed == FoundRemoved {
			l.Outcome = "removed"
		}
		return l, nil
	}
	if confirmed == "" {
		var fs []fault.Field
		for _, q := range qs {
			fs = append(fs, fault.Field{Name: q.Field, Message: "“" + cut(q.Text, 60) + "”: " + q.Why})
		}
		fs = append(fs, fault.Field{Name: "confirmed", Message: "Please look at this once more. Take out what should not leave, or say that it belongs there; then send again."})
		return l, &fault.Error{Kind: fault.Invalid, Message: "Something in the text may be a patient's, a person's or one device's. Look at it once more before it is sent.", Fields: fs}
	}
	l.Outcome = string(confirmed)
	seen := map[string]bool{}
	for _, q := range qs {
		if !seen[q.Kind] {
			seen[q.Kind] = true
			l.Kinds = append(l.Kinds, q.Kind)
		}
	}
	return l, nil
}

// key folds a name so that two spellings of a product are one.
func key(s string) string { return strings.Join(strings.Fields(strings.ToLower(s)), " ") }
