package vultron

import "strings"

// CaseState is what is known of a vulnerability, as six letters that are upper
// case once true: vendor aware, fix ready, fix deployed, public aware, exploit
// public, attacks observed. It runs from vfdpxa to VFDPXA (CS). With several
// vendors each has its own v, f and d.
type CaseState string

// CaseEvent is the letter that becomes true.
type CaseEvent string

// The events of a case.
const (
	VendorAware   CaseEvent = "V"
	FixReady      CaseEvent = "F"
	FixDeployed   CaseEvent = "D"
	PublicAware   CaseEvent = "P"
	ExploitPublic CaseEvent = "X"
	Attacks       CaseEvent = "A"
)

const caseLetters = "VFDPXA"

// Has tells whether the letter of event is true in s.
func (s CaseState) Has(event CaseEvent) bool { return strings.Contains(string(s), string(event)) }

// Case is the case-state machine (R-069; domain section c; Vultron CS): 32
// states, each event flips one letter and none flips back. V comes before F
// before D. What is public is known to the vendor, and a public exploit makes
// the vulnerability public: in those states the table holds nothing but that
// next step, which [Advance] takes at once.
var Case = &Machine[CaseState, CaseEvent]{
	name:  "case",
	start: "vfdpxa",
	ends:  []CaseState{"VFDPXA"},
	rows:  caseRows(),
}

func caseRows() (rows []Transition[CaseState, CaseEvent]) {
	for _, fix := range []string{"vfd", "Vfd", "VFd", "VFD"} {
		for rest := range 8 {
			open := []byte("pxa")
			for i := range open {
				if rest>>(2-i)&1 == 1 {
					open[i] -= 'a' - 'A'
				}
			}
			from := CaseState(fix + string(open))
			for _, event := range caseEvents(from) {
				i := strings.Index(caseLetters, string(event))
				rows = append(rows, Transition[CaseState, CaseEvent]{from, event, from[:i] + CaseState(event) + from[i+1:]})
			}
		}
	}
	return rows
}

// caseEvents is R-069 as a rule, from which the table is made.
func caseEvents(s CaseState) (all []CaseEvent) {
	switch {
	case s.Has(ExploitPublic) && !s.Has(PublicAware):
		return []CaseEvent{PublicAware}
	case s.Has(PublicAware) && !s.Has(VendorAware):
		return []CaseEvent{VendorAware}
	}
	for _, c := range caseLetters {
		event := CaseEvent(c)
		switch {
		case s.Has(event), event == FixReady && !s.Has(VendorAware), event == FixDeployed && !s.Has(FixReady):
		default:
			all = append(all, event)
		}
	}
	return all
}

// Advance is the state after event and all that follows from it at once, with
// the events in order; the first is event itself.
func Advance(s CaseState, event CaseEvent) (CaseState, []CaseEvent, error) {
	next, err := Case.Next(s, event)
	if err != nil {
		return s, nil, err
	}
	events := []CaseEvent{event}
	for next.Transient() {
		event = Case.Events(next)[0]
		if next, err = Case.Next(next, event); err != nil {
			return s, nil, err
		}
		events = append(events, event)
	}
	return next, events, nil
}

// Transient tells whether the next step follows at once: an exploit is public
// and the vulnerability not yet, or it is public and the vendor unaware.
func (s CaseState) Transient() bool {
	return s.Has(ExploitPublic) && !s.Has(PublicAware) || s.Has(PublicAware) && !s.Has(VendorAware)
}
