package policy

import (
	"fmt"
	"strings"
)

// Label says how a thing is marked and who may read it.
type Label struct {
	TLP      TLP
	Audience Audience
}

// Default is the label of a thing that arrived without one, or with one that
// nobody knows: TLP:AMBER+STRICT to the author's own organization.
func Default(org string) Label {
	return Label{TLP: AmberStrict, Audience: NewAudience(OfOrg(org))}
}

// Facts is what the rules must know about the world. The answers are about the
// moment of asking; a duty answers them from the transaction it writes in.
type Facts interface {
	// NamedCircle reports whether the circle exists and is one of named persons.
	NamedCircle(id string) bool
	// OrgKind is the kind of an organization, or "" when there is none.
	OrgKind(id string) Kind
	// PersonPrincipals lists what a person can be reached as, or nil.
	PersonPrincipals(id string) []Principal
}

// LabelError is a label that does not fit its audience. Problem says what is
// wrong and Mend what to do about it, both as sentences.
type LabelError struct{ Problem, Mend string }

// Error joins problem and mend.
func (e *LabelError) Error() string { return strings.TrimSpace(e.Problem + " " + e.Mend) }

// Check reports whether the label is lawful (FIRST TLP 2.0; domain §3.6):
//
//	CLEAR         exactly {public}
//	GREEN         community, kinds and peers; organizations may be added to them
//	AMBER         organizations and circles, and what they pass to their clients
//	AMBER+STRICT  organizations and circles
//	RED           named persons, or circles of named persons
//
// An organization beside a kind or a peer keeps GREEN lawful because it lets an
// author read along what was sent to others, and names nobody outside the
// community. The error is a *[LabelError].
func (l Label) Check(f Facts) error {
	if !l.TLP.Known() {
		return &LabelError{"The TLP label is missing or unknown.", "Choose RED, AMBER+STRICT, AMBER, GREEN or CLEAR."}
	}
	if l.Audience.Empty() {
		return &LabelError{"Nobody is in the audience.", "Choose at least one recipient."}
	}
	if len(l.Audience.members) > MaxAudience {
		return &LabelError{fmt.Sprintf("The audience has more than %d members.", MaxAudience), "Form a circle and address that."}
	}
	wide := false
	for _, p := range l.Audience.members {
		ok := false
		switch l.TLP {
		case Clear:
			ok = p == Public
		case Green:
			switch p.Class() {
			case "community", "community-private", "kind", "peer":
				ok, wide = true, true
			case "org":
				ok = true
			}
		case Amber, AmberStrict:
			ok = p.Class() == "org" || p.Class() == "circle"
		case Red:
			ok = p.Class() == "person" || p.Class() == "circle" && f.NamedCircle(p.ID())
		}
		if !ok {
			return unlawful(l.TLP, p)
		}
	}
	if l.TLP == Green && !wide {
		return &LabelError{"TLP:GREEN is for the community, and this audience names only organizations.", "Add the community or a kind of member, or use TLP:AMBER."}
	}
	return nil
}

func unlawful(t TLP, p Principal) error {
	problem := fmt.Sprintf("%s cannot be shared with %s.", t, p.words())
	switch t {
	case Clear:
		return &LabelError{problem, "TLP:CLEAR is public: its audience is everyone and nothing else. For fewer readers choose a stricter label."}
	case Green:
		return &LabelError{problem, "TLP:GREEN goes to the community or kinds of members. For circles or single organizations use TLP:AMBER."}
	case Red:
		return &LabelError{problem, "TLP:RED goes to named persons, or to a circle of named persons."}
	default:
		return &LabelError{problem, t.String() + " goes to organizations and circles. For more readers use TLP:GREEN, for named persons TLP:RED."}
	}
}

func (p Principal) words() string {
	switch p.Class() {
	case "public":
		return "the public"
	case "community":
		return "the whole community"
	case "community-private":
		return "the community without government members"
	case "kind":
		return "all members of one kind"
	case "org":
		return "an organization"
	case "circle":
		return "a circle"
	case "person":
		return "a single person"
	default:
		return "a peer"
	}
}

// Covers reports whether everyone whom inner reaches is also reached by outer,
// as far as the facts tell; in doubt it says no. A reply's audience must be
// covered by its topic's.
func Covers(outer, inner Audience, f Facts) bool {
	for _, p := range inner.members {
		if !coversOne(outer, p, f) {
			return false
		}
	}
	return true
}

func coversOne(outer Audience, p Principal, f Facts) bool {
	if outer.Has(p) || outer.Has(Public) {
		return true
	}
	if outer.Has(Community) && p.Class() != "public" && p.Class() != "peer" {
		return true
	}
	switch p.Class() {
	case "kind":
		return outer.Has(CommunityPrivate) && p != OfKind(Agency)
	case "org":
		k := f.OrgKind(p.ID())
		return k != "" && (outer.Has(OfKind(k)) || outer.Has(CommunityPrivate) && k != Agency)
	case "person":
		for _, q := range f.PersonPrincipals(p.ID()) {
			if outer.Has(q) {
				return true
			}
		}
	}
	return false
}

// NotLooser reports whether inner may stand under outer: its marking is at
// least as strict and its audience is covered (a reply under its topic, a quote
// beside its source).
func NotLooser(outer, inner Label, f Facts) bool {
	return !outer.TLP.StricterThan(inner.TLP) && Covers(outer.Audience, inner.Audience, f)
}

// Tightens reports whether changing from old to next can only take readers or
// permissions away. Everything else is a loosening and needs a second person.
func Tightens(old, next Label, f Facts) bool { return NotLooser(old, next, f) }
