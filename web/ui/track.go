package ui

import "fmt"

// A Track is a life-cycle with the step it has reached.
type Track struct {
	ID    string // "" means "track". Unique on its page
	Label string // "State of the case"
	Steps []TrackStep
}

// A TrackStep is one state of a life-cycle.
type TrackStep struct {
	Name  string // "Coordinating"
	Note  string // "since 2 Nov", "12 Nov"; may be empty
	State string // done, now, stopped (it ended here) or skipped; "" is still to come
}

// sentence says where the track stands.
func (t Track) sentence() string {
	for i, s := range t.Steps {
		switch s.State {
		case "now":
			return fmt.Sprintf("%s: %s, step %d of %d.", or(t.Label, "State"), s.Name, i+1, len(t.Steps))
		case "stopped":
			return fmt.Sprintf("%s: ended at %s, step %d of %d.", or(t.Label, "State"), s.Name, i+1, len(t.Steps))
		}
	}
	return or(t.Label, "State") + "."
}

// word is what a screen reader hears of a step besides its name.
func (s TrackStep) word() string {
	switch s.State {
	case "done":
		return "done"
	case "now":
		return "now"
	case "stopped":
		return "ended here"
	case "skipped":
		return "skipped"
	}
	return "to come"
}
