package vultron

import (
	"fmt"
	"slices"
)

// Transition is one row of a machine's table.
type Transition[S, E ~string] struct {
	From  S
	Event E
	To    S
}

// Machine is a table of transitions. Two rows never share From and Event.
type Machine[S, E ~string] struct {
	name  string
	start S
	ends  []S
	rows  []Transition[S, E]
}

// NoTransition says that a machine's table has no such step.
type NoTransition struct{ Machine, State, Event string }

func (e *NoTransition) Error() string {
	return fmt.Sprintf("a %s that is %s cannot %s", e.Machine, e.State, e.Event)
}

// Next is the state after event. The error is a [*NoTransition]; the state is
// then unchanged.
func (m *Machine[S, E]) Next(state S, event E) (S, error) {
	for _, r := range m.rows {
		if r.From == state && r.Event == event {
			return r.To, nil
		}
	}
	return state, &NoTransition{m.name, string(state), string(event)}
}

// Events lists what can happen in a state, in the table's order.
func (m *Machine[S, E]) Events(state S) []E {
	var all []E
	for _, r := range m.rows {
		if r.From == state {
			all = append(all, r.Event)
		}
	}
	return all
}

// States lists every state, in the table's order.
func (m *Machine[S, E]) States() []S {
	all := []S{m.start}
	for _, r := range m.rows {
		for _, s := range []S{r.From, r.To} {
			if !slices.Contains(all, s) {
				all = append(all, s)
			}
		}
	}
	return all
}

// Table is a copy of all rows.
func (m *Machine[S, E]) Table() []Transition[S, E] { return slices.Clone(m.rows) }

// Start is where the machine begins.
func (m *Machine[S, E]) Start() S { return m.start }

// Valid tells whether state is one of the machine's.
func (m *Machine[S, E]) Valid(state S) bool { return slices.Contains(m.States(), state) }

// Final tells whether a case may be closed with the machine in this state.
func (m *Machine[S, E]) Final(state S) bool { return slices.Contains(m.ends, state) }
