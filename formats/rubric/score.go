package rubric

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cordon-isao/cordon/formats/cvss"
)

// Answers are answers by question id: Y, N or U (unknown), and for impacts N
// (none), L (low), H (high) or U. An empty answer is none.
type Answers map[string]string

// Result is what the answers come to.
type Result struct {
	Vector   cvss.Vector // CVSS 3.1, base metrics
	Extended string      // the vector and the answers it rests on
	Impacts  []Impact
	Flags    []Flag
	Unused   []string // questions answered though the flow did not ask them
}

// Impact is the impact on one class of data or function.
type Impact struct {
	Class  string // the id of a Class
	Metric string // C, I or A
	Value  string // N, L or H; an unknown one is H
}

// The codes of flags.
const (
	TherapyHigh         = "therapy-high"         // an impact on the delivery of therapy is High
	DiagnosisHigh       = "diagnosis-high"       // an impact on diagnosis or monitoring is High
	ManyPatients        = "many-patients"        // data of many patients can be read
	ConfidentialityOnly = "confidentiality-only" // nothing can be changed or kept from working
	Unknowns            = "unknowns"             // an answer was unknown
)

// Flag is something to look at twice.
type Flag struct{ Code, Text string }

// Error names the questions that are wrongly or not answered.
type Error struct {
	Missing []string // asked and not answered
	Invalid []string // no such question, or no such answer to it
}

func (e *Error) Error() string {
	var parts []string
	if e.Invalid != nil {
		parts = append(parts, "the rubric has no such question or answer: "+strings.Join(e.Invalid, ", "))
	}
	if e.Missing != nil {
		parts = append(parts, "not answered: "+strings.Join(e.Missing, ", "))
	}
	return strings.Join(parts, "; ")
}

// flow is one pass through the questions.
type flow struct {
	answers Answers
	asked   []string
	missing []string
}

// ask returns the answer to a question that the flow has reached. Without one
// it goes on as if it were unknown, to find what else is missing.
func (f *flow) ask(id string) string {
	f.asked = append(f.asked, id)
	if f.answers[id] == "" {
		f.missing = append(f.missing, id)
		return "U"
	}
	return f.answers[id]
}

// Score follows the rubric's flow through the answers (rule R-081). The error
// is of type *Error.
func Score(answers Answers) (Result, error) {
	invalid := check(answers)
	f := &flow{answers: answers}
	values := map[string]string{
		"AV": f.attackVector(), "AC": "L", "PR": "", "UI": "N", "S": "C",
	}
	if f.ask("XACL") == "N" {
		values["AC"] = "H"
	}
	values["PR"] = f.privileges()
	if f.ask("XUI") == "Y" {
		values["UI"] = "R"
	}
	if f.ask("XS") == "N" {
		values["S"] = "U"
	}
	var r Result
	for _, h := range harms {
		values[h.metric] = "N"
	}
	for _, class := range classes {
		for _, h := range harms {
			i := Impact{class.ID, h.metric, f.impact("X" + h.metric + class.ID)}
			r.Impacts = append(r.Impacts, i)
			values[h.metric] = worse(values[h.metric], i.Value)
		}
	}
	if invalid != nil || f.missing != nil {
		return Result{}, &Error{f.missing, invalid}
	}
	var err error
	if r.Vector, err = cvss.Build(cvss.V31, values); err != nil {
		return Result{}, fmt.Errorf("the rubric's answers give no vector: %w", err)
	}
	r.Extended = r.Vector.String()
	for _, q := range all {
		switch answer := answers[q.ID]; {
		case slices.Contains(f.asked, q.ID):
			r.Extended += "/" + q.ID + ":" + answer
		case answer != "":
			r.Unused = append(r.Unused, q.ID)
		}
	}
	r.flag(f)
	return r, nil
}

// check lists answers to no question and impossible ones.
func check(answers Answers) (invalid []string) {
	for id, answer := range answers {
		i := slices.IndexFunc(all, func(q Question) bool { return q.ID == id })
		if i < 0 || answer != "" && !all[i].allows(answer) {
			invalid = append(invalid, clip(id)+":"+clip(answer))
		}
	}
	slices.Sort(invalid)
	return invalid
}

func (f *flow) attackVector() string {
	switch f.ask("XAVN") {
	case "N":
		if f.ask("XAVP") == "Y" {
			f.ask("XAVPA")
			return "P"
		}
		return "L"
	case "Y":
		if f.ask("XAVT") != "N" {
			return "N"
		}
		if f.ask("XAVW") == "Y" && f.ask("XAVR") == "Y" {
			return "L"
		}
		return "A"
	}
	return "N"
}

func (f *flow) privileges() string {
	switch {
	case f.ask("XPRL") != "Y", f.ask("XPRZ") != "Y":
		return "N"
	case f.ask("XPRS") == "Y":
		return "H"
	}
	return "L"
}

func (f *flow) impact(id string) string {
	answer := f.ask(id)
	switch {
	case answer == "U":
		return "H"
	case id == "XCP" && answer == "Y":
		if f.ask("XCPM") == "N" {
			return "L"
		}
		return "H"
	}
	return answer
}

func worse(a, b string) string {
	if strings.Index("NLH", a) > strings.Index("NLH", b) {
		return a
	}
	return b
}

func (r *Result) flag(f *flow) {
	add := func(code, text string) { r.Flags = append(r.Flags, Flag{code, text}) }
	high := func(class string) (names []string) {
		for _, i := range r.Impacts {
			if i.Class == class && i.Value == "H" {
				names = append(names, map[string]string{"C": "confidentiality", "I": "integrity", "A": "availability"}[i.Metric])
			}
		}
		return names
	}
	if names := high(Therapy); names != nil {
		add(TherapyHigh, "The impact on the delivery of therapy is High: "+strings.Join(names, ", ")+".")
	}
	if names := high(Diagnosis); names != nil {
		add(DiagnosisHigh, "The impact on diagnosis or monitoring is High: "+strings.Join(names, ", ")+".")
	}
	if f.answers["XCP"] == "Y" && f.answers["XCPM"] == "Y" {
		add(ManyPatients, "Data of many patients can be read: check whether a breach must be notified.")
	}
	if r.Vector.Get("C") != "N" && r.Vector.Get("I") == "N" && r.Vector.Get("A") == "N" {
		add(ConfidentialityOnly, "Only confidentiality is affected; its loss alone is not patient harm.")
	}
	var unknown []string
	for _, id := range f.asked {
		if f.answers[id] == "U" {
			unknown = append(unknown, id)
		}
	}
	if unknown != nil {
		add(Unknowns, "Unknown, and so taken as the worst: "+strings.Join(unknown, ", ")+".")
	}
}

// clip shortens what somebody else wrote before it is repeated.
func clip(s string) string {
	s = strings.ToValidUTF8(s, "?")
	if r := []rune(s); len(r) > 12 {
		return string(r[:12]) + "…"
	}
	return s
}
