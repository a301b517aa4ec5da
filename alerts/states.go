package alerts

import (
	"slices"

	"github.com/cordon-isao/cordon/internal/fault"
)

// State is where an alert stands.
type State string

// The states of an alert.
const (
	Draft      State = "draft"
	Approved   State = "approved"
	Sent       State = "sent"
	Withdrawn  State = "withdrawn"
	Superseded State = "superseded"
)

// moves is an alert's life: from → to. Changing an approved text makes it a draft
// again; a draft that is given up is withdrawn without having been sent.
var moves = map[State][]State{
	Draft:    {Approved, Withdrawn},
	Approved: {Draft, Sent, Withdrawn},
	Sent:     {Withdrawn, Superseded},
}

// Next lists the states that may follow.
func (s State) Next() []State { return slices.Clone(moves[s]) }

// Words says a state to people.
func (s State) Words() string { return stateWords[s] }

var stateWords = map[State]string{Draft: "a draft", Approved: "approved", Sent: "sent", Withdrawn: "withdrawn", Superseded: "superseded"}

func (s State) to(next State) error {
	if !slices.Contains(moves[s], next) {
		return fault.Conflictf("This alert is %s, and cannot become %s.", s.Words(), next.Words())
	}
	return nil
}
