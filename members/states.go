package members

import (
	"fmt"
	"strings"

	"github.com/cordon-isao/cordon/policy"
)

// Who names who may make a move of an organization's standing.
type Who string

// The parties to a membership's life-cycle.
const (
	ByVetters  Who = "two people of the desk or of sponsors"
	ByDesk     Who = "the desk"
	ByOfficer  Who = "an officer of the organization"
	ByOperator Who = "an operator"
)

// Move is one line of the life-cycle: an organization of standing From becomes
// To by Verb, done by Who.
type Move struct {
	From, To policy.Standing
	Verb     string // the ledger's verb
	Who      Who
}

// Moves is the life-cycle of a membership (domain §c, Membership). The
// participation agreement leads straight to active; grace follows when its
// renewal is overdue.
func Moves() []Move {
	return []Move{
		{policy.Applicant, policy.Vetting, "organization.vetting", ByVetters},
		{policy.Vetting, policy.Agreement, "organization.vetted", ByVetters},
		{policy.Agreement, policy.Active, "organization.activated", ByOfficer},
		{policy.Applicant, policy.Terminated, "organization.declined", ByDesk},
		{policy.Vetting, policy.Terminated, "organization.declined", ByDesk},
		{policy.Agreement, policy.Terminated, "organization.declined", ByDesk},
		{policy.Applicant, policy.Withdrawn, "organization.withdrawn", ByOfficer},
		{policy.Vetting, policy.Withdrawn, "organization.withdrawn", ByOfficer},
		{policy.Agreement, policy.Withdrawn, "organization.withdrawn", ByOfficer},
		{policy.Active, policy.Grace, "organization.lapsed", ByDesk},
		{policy.Grace, policy.Active, "organization.renewed", ByDesk},
		{policy.Active, policy.Suspended, "organization.suspended", ByOperator},
		{policy.Grace, policy.Suspended, "organization.suspended", ByOperator},
		{policy.Suspended, policy.Active, "organization.reinstated", ByOperator},
		{policy.Active, policy.Withdrawn, "organization.withdrawn", ByOfficer},
		{policy.Grace, policy.Withdrawn, "organization.withdrawn", ByOfficer},
		{policy.Suspended, policy.Withdrawn, "organization.withdrawn", ByOfficer},
		{policy.Active, policy.Terminated, "organization.terminated", ByOperator},
		{policy.Grace, policy.Terminated, "organization.terminated", ByOperator},
		{policy.Suspended, policy.Terminated, "organization.terminated", ByOperator},
	}
}

// findMove finds the line for a verb from a standing.
func findMove(from policy.Standing, verb string) (Move, bool) {
	for _, m := range Moves() {
		if m.From == from && m.Verb == verb {
			return m, true
		}
	}
	return Move{}, false
}

// Diagram draws the life-cycle as a Mermaid state diagram, for the docs.
func Diagram() string {
	var b strings.Builder
	b.WriteString("stateDiagram-v2\n    [*] --> applicant: applies by invitation\n")
	for _, m := range Moves() {
		_, verb, _ := strings.Cut(m.Verb, ".")
		fmt.Fprintf(&b, "    %s --> %s: %s by %s\n", m.From, m.To, verb, m.Who)
	}
	for _, s := range []policy.Standing{policy.Withdrawn, policy.Terminated} {
		fmt.Fprintf(&b, "    %s --> [*]\n", s)
	}
	return b.String()
}
