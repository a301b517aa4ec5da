package policy

import "slices"

// Role is a duty a person holds. Roles give rights to act, never to read.
type Role string

// The roles. Every member in good standing may post; the rest is granted.
const (
	RoleOfficer  Role = "officer"  // of an organization: its people, recipients, agreement
	RoleDesk     Role = "desk"     // the ISAO's staff: vetting, rooms, circles
	RoleOperator Role = "operator" // runs the installation: health, suspension, recovery
)

// Roles lists every role.
func Roles() []Role { return []Role{RoleOfficer, RoleDesk, RoleOperator} }

// Right is something a viewer may do.
type Right string

// The rights. A right lets a viewer try; the duty still checks the thing itself.
const (
	MayPost       Right = "post"        // write topics and replies, upload files
	MayOpenRoom   Right = "open-room"   // open a room for a circle one is in
	MayFormCircle Right = "form-circle" // found a circle and become its steward
	MaySponsor    Right = "sponsor"     // vouch for an applicant organization
	MayInvite     Right = "invite"      // invite an organization to apply
	MayManageOrg  Right = "manage-org"  // invite people, name recipients, accept the agreement
	MayVet        Right = "vet"         // decide on applicants
	MayApprove    Right = "approve"     // be the second person of a loosening
	MayOperate    Right = "operate"     // suspend, revoke, recover, read health
	MayExport     Right = "export"      // take an evidence pack out
	MayReport     Right = "report"      // report a vulnerability to the desk
	MayWorkCase   Right = "work-case"   // open a case, act in those one takes part in
	MayTriage     Right = "triage"      // decide on reports, coordinate cases, invite parties
)

// rights is the role table. The empty role is every member in good standing.
var rights = map[Role][]Right{
	"":           {MayPost, MaySponsor, MayFormCircle, MayOpenRoom, MayApprove, MayExport, MayReport, MayWorkCase},
	RoleOfficer:  {MayManageOrg, MayInvite},
	RoleDesk:     {MayVet, MayInvite, MayOpenRoom, MayTriage},
	RoleOperator: {MayOperate, MayVet, MayInvite, MayManageOrg},
}

// Scope narrows what a token may do in its owner's name.
type Scope string

// The scopes of API tokens.
const (
	ScopeRead  Scope = "read"  // every read
	ScopeWrite Scope = "write" // posts, replies, files, read marks, reports, cases
)

// Scopes lists every scope.
func Scopes() []Scope { return []Scope{ScopeRead, ScopeWrite} }

// byToken is what a token with the write scope may do, as far as its owner may.
var byToken = []Right{MayPost, MayReport, MayWorkCase, MayTriage}

// May reports whether the viewer has the right. Tokens with the write scope may
// post and work on cases and, with the read scope, export; everything else needs
// a session.
func (v Viewer) May(r Right) bool {
	if v.system != "" {
		return true
	}
	if !v.InGoodStanding() {
		return false
	}
	if v.scopes != nil && !(r == MayExport && v.HasScope(ScopeRead) || slices.Contains(byToken, r) && v.HasScope(ScopeWrite)) {
		return false
	}
	if slices.Contains(rights[""], r) {
		return true
	}
	for _, role := range v.roles {
		if slices.Contains(rights[role], r) {
			return true
		}
	}
	return false
}

// HasScope reports whether the viewer's token, if it is one, has the scope.
func (v Viewer) HasScope(s Scope) bool { return v.scopes == nil || slices.Contains(v.scopes, s) }

// IsToken reports whether the viewer acts through an API token.
func (v Viewer) IsToken() bool { return v.scopes != nil }

// HasRole reports whether the viewer holds the role.
func (v Viewer) HasRole(r Role) bool { return slices.Contains(v.roles, r) }
