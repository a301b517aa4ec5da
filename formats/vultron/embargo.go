package vultron

// EmbargoState is where a case's embargo stands (EM).
type EmbargoState string

// The states of an embargo.
const (
	EmbargoNone     EmbargoState = "none" // final while nothing is proposed
	EmbargoProposed EmbargoState = "proposed"
	EmbargoActive   EmbargoState = "active"
	EmbargoRevise   EmbargoState = "revise" // active, and a change is proposed
	EmbargoExited   EmbargoState = "exited" // final
)

// InForce tells whether the participants are bound.
func (s EmbargoState) InForce() bool { return s == EmbargoActive || s == EmbargoRevise }

// EmbargoEvent is what is done about an embargo.
type EmbargoEvent string

// The events of an embargo.
const (
	Propose   EmbargoEvent = "propose"
	AcceptIt  EmbargoEvent = "accept"
	Reject    EmbargoEvent = "reject"
	Terminate EmbargoEvent = "terminate"
)

// Embargo is the embargo machine, one per case: at most one embargo is active
// (R-064; domain section c; Vultron EM). A rejected revision leaves the embargo
// as it was.
var Embargo = &Machine[EmbargoState, EmbargoEvent]{
	name:  "embargo",
	start: EmbargoNone,
	ends:  []EmbargoState{EmbargoNone, EmbargoExited},
	rows: []Transition[EmbargoState, EmbargoEvent]{
		{EmbargoNone, Propose, EmbargoProposed},
		{EmbargoProposed, Propose, EmbargoProposed},
		{EmbargoProposed, Reject, EmbargoNone},
		{EmbargoProposed, AcceptIt, EmbargoActive},
		{EmbargoActive, Propose, EmbargoRevise},
		{EmbargoActive, Terminate, EmbargoExited},
		{EmbargoRevise, Propose, EmbargoRevise},
		{EmbargoRevise, AcceptIt, EmbargoActive},
		{EmbargoRevise, Reject, EmbargoActive},
		{EmbargoRevise, Terminate, EmbargoExited},
	},
}
