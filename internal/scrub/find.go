package scrub

import (
	"cmp"
	"slices"
	"strings"
)

const (
	// MaxText is how many bytes of a text are looked at. Callers refuse longer
	// texts.
	MaxText = 1 << 20
	// MaxFindings is how many findings are told. A text with more is a list of
	// them, and its writer learns that from these.
	MaxFindings = 1000
)

// Kind is what a finding looks like.
type Kind string

// The kinds of R-046.
const (
	Email         Kind = "email"
	Phone         Kind = "phone"
	SSN           Kind = "ssn"
	RecordNumber  Kind = "record-number"
	BirthDate     Kind = "birth-date"
	PatientName   Kind = "patient-name"
	PersonName    Kind = "person-name"
	StreetAddress Kind = "street-address"
	DeviceSerial  Kind = "device-serial"
	Address       Kind = "address"      // of the Internet; often an indicator, which the caller may know
	PatientDate   Kind = "patient-date" // a day on which something happened to a patient
)

// sentences say what a kind looks like.
var sentences = map[Kind]string{
	Email:         "This looks like a person's e-mail address.",
	Phone:         "This looks like a phone number.",
	SSN:           "This looks like a US social security number.",
	RecordNumber:  "This looks like a patient's record number.",
	BirthDate:     "This looks like a patient's date of birth.",
	PatientName:   "This looks like a patient's name.",
	PersonName:    "This looks like a person's name.",
	StreetAddress: "This looks like a postal address.",
	DeviceSerial:  "This looks like the serial or lot number of a device, which may lead to the patient who has it.",
	Address:       "This is an Internet address. It may belong to a person; leave it if it is an attacker's.",
	PatientDate:   "This looks like a day on which something happened to a patient.",
}

// Sentence says in plain words what a kind looks like, or "" for no kind.
func (k Kind) Sentence() string { return sentences[k] }

// Finding is one place in a text.
type Finding struct {
	Kind       Kind
	Start, End int    // bytes
	Text       string // what stands there
	Why        string // a sentence for the writer
}

// Find lists what should be looked at before a text leaves, in the order of the
// text. Findings do not overlap: of two that would, the kind that stands first
// in detectors is told.
func Find(text string) []Finding {
	text = text[:min(len(text), MaxText)]
	var out []Finding
	var taken []bool // bytes that a finding covers
	lower := strings.ToLower(text)
	for _, d := range detectors {
		if d.needs != nil && !slices.ContainsFunc(d.needs, func(w string) bool { return strings.Contains(lower, w) }) {
			continue
		}
		for _, m := range d.pattern.FindAllStringSubmatchIndex(text, -1) {
			start, end := m[0], m[1]
			for i := 2; i < len(m); i += 2 { // what is told is the first group that matched
				if m[i] >= 0 {
					start, end = m[i], m[i+1]
					break
				}
			}
			if d.accept != nil && !d.accept(text, start, end) {
				continue
			}
			if taken == nil {
				taken = make([]bool, len(text))
			}
			if slices.Contains(taken[start:end], true) {
				continue
			}
			for i := start; i < end; i++ {
				taken[i] = true
			}
			out = append(out, Finding{Kind: d.kind, Start: start, End: end, Text: text[start:end], Why: d.kind.Sentence()})
		}
	}
	slices.SortFunc(out, func(a, b Finding) int { return cmp.Compare(a.Start, b.Start) })
	return out[:min(len(out), MaxFindings)]
}
