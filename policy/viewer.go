package policy

import "slices"

// Viewer is somebody, or something, that reads and acts: a person in a session,
// a program with a token, the anonymous public, or a named part of the system.
// The zero value can read nothing at all.
type Viewer struct {
	Person  string // person id, "" for the public and the system
	Org     string // organization id
	Name    string // for display beside what the person does
	OrgName string
	Kind    Kind
	Via     string // session or token id: what a revocation names

	principals Audience
	roles      []Role
	scopes     []Scope // nil = everything the person may do; tokens narrow it
	system     string
}

// Standing is what the community holds of an organization or a person. Only
// Active and Provisional members are in good standing.
type Standing string

// The standings of a membership (domain §c, Membership).
const (
	Applicant   Standing = "applicant"
	Vetting     Standing = "vetting"
	Agreement   Standing = "agreement_pending"
	Provisional Standing = "provisional"
	Active      Standing = "active"
	Grace       Standing = "grace"
	Suspended   Standing = "suspended"
	Withdrawn   Standing = "withdrawn"
	Terminated  Standing = "terminated"
)

// Good reports whether a member of this standing may read and act as one.
func (s Standing) Good() bool { return s == Active || s == Provisional || s == Grace }

// Membership is everything that decides what a person can be reached as.
type Membership struct {
	Person    string
	Org       string
	Kind      Kind
	OrgStands Standing // the organization's standing
	Suspended bool     // the person's own suspension
	Recipient bool     // a named recipient of the organization
	Circles   []string // ids of the circles whose roster names the person
}

// Principals is the rule from membership to principals. A member out of good
// standing, and a stranger, has only public.
func (m Membership) Principals() Audience {
	if m.Person == "" || m.Suspended || !m.OrgStands.Good() {
		return NewAudience(Public)
	}
	ps := []Principal{Public, Community, OfPerson(m.Person), OfKind(m.Kind)}
	if m.Kind != Agency {
		ps = append(ps, CommunityPrivate)
	}
	if m.Recipient {
		ps = append(ps, OfOrg(m.Org))
	}
	for _, c := range m.Circles {
		ps = append(ps, OfCircle(c))
	}
	return NewAudience(ps...)
}

// Anonymous is the public: somebody who is not signed in.
func Anonymous() Viewer { return Viewer{principals: NewAudience(Public)} }

// System is a named part of the program that must see everything (a follower,
// a backup). The places that make one are listed in internal/houserules.
func System(name string) Viewer { return Viewer{system: name} }

// Member is a person with a membership, roles and, through a token, scopes
// (nil scopes = everything). A person out of good standing has no roles.
func Member(m Membership, name, orgName, via string, roles []Role, scopes []Scope) Viewer {
	v := Viewer{Person: m.Person, Org: m.Org, Name: name, OrgName: orgName, Kind: m.Kind, Via: via,
		principals: m.Principals(), scopes: scopes}
	if !m.Suspended && m.OrgStands.Good() {
		v.roles = slices.Clone(roles)
	}
	return v
}

// Principals is the viewer's set. A system viewer has none: it is let through
// by IsSystem.
func (v Viewer) Principals() Audience { return v.principals }

// SystemName is the name of a system viewer, or "".
func (v Viewer) SystemName() string { return v.system }

// IsSystem reports whether the viewer is a named part of the program.
func (v Viewer) IsSystem() bool { return v.system != "" }

// SignedIn reports whether the viewer is a person.
func (v Viewer) SignedIn() bool { return v.Person != "" }

// InGoodStanding reports whether the viewer is a member in good standing.
func (v Viewer) InGoodStanding() bool { return v.principals.Has(Community) }

// CanRead is the rule: the viewer's set and the audience meet.
func (v Viewer) CanRead(a Audience) bool {
	if v.system != "" {
		return true
	}
	for _, p := range a.members {
		if v.principals.Has(p) {
			return true
		}
	}
	return false
}

// Actor names the viewer in the ledger: a person id, "system:<name>" or
// "anonymous".
func (v Viewer) Actor() string {
	switch {
	case v.system != "":
		return "system:" + v.system
	case v.Person != "":
		return v.Person
	default:
		return "anonymous"
	}
}

// SameRights reports whether two readings of one person's rights are equal; a
// live stream is closed when they are not.
func (v Viewer) SameRights(w Viewer) bool {
	return v.Person == w.Person && v.Org == w.Org && v.Via == w.Via && v.system == w.system &&
		v.principals.Equal(w.principals) && slices.Equal(v.roles, w.roles) && slices.Equal(v.scopes, w.scopes)
}
