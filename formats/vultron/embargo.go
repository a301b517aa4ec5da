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
	ProposeEmbargo   EmbargoEvent = "propose"
	AcceptEmbargo    EmbargoEvent = "accept"
	RejectEmbargo    EmbargoEvent = "reject"
	TerminateEmbargo EmbargoEvent = "terminate"
)

// Embargo is the embargo machine, one per case: at most one embargo is active
// (R-064; domain section c; Vultron EM). A rejected revision leaves the embargo
// as it was.
var Embargo = &Machine[EmbargoState, EmbargoEvent]{
	name:  "embargo",
	start: EmbargoNone,
	ends:  []EmbargoState{EmbargoNone, EmbargoExited},
	rows: []Transition[EmbargoState, EmbargoEvent]{
		{EmbargoNone, ProposeEmbargo, EmbargoProposed},
		{EmbargoProposed, ProposeEmbargo, EmbargoProposed},
		{EmbargoProposed, RejectEmbargo, EmbargoNone},
		{EmbargoProposed, AcceptEmbargo, EmbargoActive},
		{EmbargoActive, ProposeEmbargo, EmbargoRevise},
		{EmbargoActive, TerminateEmbargo, EmbargoExited},
		{EmbargoRevise, ProposeEmbargo, EmbargoRevise},
		{EmbargoRevise, AcceptEmbargo, EmbargoActive},
		{EmbargoRevise, RejectEmbargo, EmbargoActive},
		{EmbargoRevise, TerminateEmbargo, EmbargoExited},
	},
}
