package cases

import (
	"slices"

	"github.com/cordon-isao/cordon/internal/fault"
)

// Stage is where the desk's work on a case stands (domain §c, case workflow).
type Stage string

// The stages, in the order of a case that goes well, and the ways out of it.
const (
	Triage        Stage = "triage"
	Verification  Stage = "verification"
	Notified      Stage = "vendor-notified"
	Analysis      Stage = "analysis"
	Planning      Stage = "remediation-planning"
	Remediation   Stage = "remediation"
	PreDisclosure Stage = "pre-disclosure"
	Published     Stage = "published"
	PostPublished Stage = "post-disclosure"
	Closed        Stage = "closed"

	Duplicate  Stage = "duplicate"
	OutOfScope Stage = "out-of-scope"
	Disputed   Stage = "disputed"
	Withdrawn  Stage = "withdrawn"
)

// Course is the stages of a case that goes well, for pictures.
func Course() []Stage {
	return []Stage{Triage, Verification, Notified, Analysis, Planning, Remediation, PreDisclosure, Published, PostPublished, Closed}
}

// stageMoves is the workflow: from → to. Published needs an embargo that has
// ended or never was; closed needs no open clock (stage.go).
var stageMoves = map[Stage][]Stage{
	Triage:        {Verification, Notified, Duplicate, OutOfScope, Withdrawn},
	Verification:  {Notified, Analysis, Duplicate, OutOfScope, Disputed, Withdrawn},
	Notified:      {Analysis, Disputed, Duplicate, OutOfScope, Withdrawn},
	Analysis:      {Planning, Remediation, PreDisclosure, Disputed, Duplicate, OutOfScope, Withdrawn},
	Planning:      {Remediation, PreDisclosure, Disputed, Withdrawn},
	Remediation:   {PreDisclosure, Disputed, Withdrawn},
	PreDisclosure: {Published, Remediation, Withdrawn},
	Published:     {PostPublished, Closed},
	PostPublished: {Closed},
	Disputed:      {Analysis, PreDisclosure, Withdrawn, Closed},
	Duplicate:     {Closed, Triage},
	OutOfScope:    {Closed, Triage},
	Withdrawn:     {Closed},
	Closed:        {PostPublished},
}

// Next lists the stages that may follow.
func (s Stage) Next() []Stage { return slices.Clone(stageMoves[s]) }

// Ended reports whether nothing more is expected of the case.
func (s Stage) Ended() bool {
	return s == Closed || s == Duplicate || s == OutOfScope || s == Withdrawn
}

// Words says a stage to people.
func (s Stage) Words() string { return stageWords[s] }

var stageWords = map[Stage]string{
	Triage: "Triage", Verification: "Verification", Notified: "Vendors notified", Analysis: "Analysis", Planning: "Planning the fix",
	Remediation: "Fixing", PreDisclosure: "Before disclosure", Published: "Published", PostPublished: "After disclosure", Closed: "Closed",
	Duplicate: "Duplicate", OutOfScope: "Out of scope", Disputed: "Disputed", Withdrawn: "Withdrawn",
}

func (s Stage) to(next Stage) error {
	if stageWords[next] == "" {
		return fault.InvalidField("stage", "There is no stage %q.", string(next))
	}
	if !slices.Contains(stageMoves[s], next) {
		return fault.Conflictf("A case cannot go from “%s” to “%s”.", s.Words(), next.Words())
	}
	return nil
}

// partyMoves is a party's life in a case: from → to. A party that declined or
// left may be asked again.
var partyMoves = map[Standing][]Standing{
	"":       {Invited, Joined},
	Invited:  {Joined, Declined, Removed},
	Joined:   {Left, Removed},
	Declined: {Invited},
	Left:     {Invited},
	Removed:  {Invited},
}

func (s Standing) to(next Standing) error {
	if !slices.Contains(partyMoves[s], next) {
		return fault.Conflictf("This organization is %s in the case, which does not allow that.", standingWords[s])
	}
	return nil
}

var standingWords = map[Standing]string{"": "not a party", Invited: "invited", Joined: "a party", Declined: "one that declined", Left: "one that left", Removed: "removed"}
