package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Principal is one element of an audience and of a viewer:
//
//	public               anyone, signed in or not
//	community            every member in good standing
//	community-private    the same without government members
//	kind:<kind>          every member organization of that kind
//	org:<id>             that organization's named recipients, not all its staff
//	circle:<id>          a room's roster, working group or case team
//	person:<id>          one person
//	peer:<id>            a federated partner
type Principal string

// The principals that stand for themselves.
const (
	Public           Principal = "public"
	Community        Principal = "community"
	CommunityPrivate Principal = "community-private"
)

// MaxAudience is the largest number of principals in one audience.
const MaxAudience = 500

// Kind says what an organization is in the sector.
type Kind string

// The kinds of organizations. A member of kind Agency is a government member.
const (
	Manufacturer Kind = "manufacturer"
	Provider     Kind = "provider"
	Agency       Kind = "agency"
	Researcher   Kind = "researcher"
	Vendor       Kind = "vendor"
	ISAO         Kind = "isao"
)

// Kinds lists every kind of organization.
func Kinds() []Kind { return []Kind{Manufacturer, Provider, Agency, Researcher, Vendor, ISAO} }

// Known reports whether k is one of [Kinds].
func (k Kind) Known() bool { return slices.Contains(Kinds(), k) }

// OfOrg, OfCircle, OfPerson, OfKind and OfPeer name principals by id.
func OfOrg(id string) Principal    { return Principal("org:" + id) }
func OfCircle(id string) Principal { return Principal("circle:" + id) }
func OfPerson(id string) Principal { return Principal("person:" + id) }
func OfKind(k Kind) Principal      { return Principal("kind:" + string(k)) }
func OfPeer(id string) Principal   { return Principal("peer:" + id) }

var principalID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// ParsePrincipal reads a principal. The id after the colon is taken as written;
// whether it exists is for the caller to find out in the viewer's own view.
func ParsePrincipal(s string) (Principal, error) {
	switch p := Principal(s); p {
	case Public, Community, CommunityPrivate:
		return p, nil
	}
	class, id, ok := strings.Cut(s, ":")
	switch {
	case ok && class == "kind" && Kind(id).Known():
		return Principal(s), nil
	case ok && slices.Contains([]string{"org", "circle", "person", "peer"}, class) && principalID.MatchString(id):
		return Principal(s), nil
	}
	return "", fmt.Errorf("%q is not a principal; write public, community, community-private, kind:…, org:…, circle:…, person:… or peer:…", s)
}

// Class is the part before the colon: "org", "circle", "public" …
func (p Principal) Class() string { class, _, _ := strings.Cut(string(p), ":"); return class }

// ID is the part after the colon, or "".
func (p Principal) ID() string { _, id, _ := strings.Cut(string(p), ":"); return id }

// Audience is a set of principals. It is addressed by the hash of its sorted
// members, so equal audiences are stored once. The zero value is empty and
// readable by nobody; no label with it is lawful.
type Audience struct{ members []Principal } // sorted, distinct

// NewAudience makes an audience of the given principals.
func NewAudience(ps ...Principal) Audience {
	m := slices.Clone(ps)
	slices.Sort(m)
	return Audience{slices.Compact(m)}
}

// ParseAudience reads an audience from its members' texts.
func ParseAudience(ss []string) (Audience, error) {
	if len(ss) > MaxAudience {
		return Audience{}, fmt.Errorf("an audience has at most %d members; form a circle instead", MaxAudience)
	}
	ps := make([]Principal, 0, len(ss))
	for _, s := range ss {
		p, err := ParsePrincipal(s)
		if err != nil {
			return Audience{}, err
		}
		ps = append(ps, p)
	}
	return NewAudience(ps...), nil
}

// ID is the address of the audience: a hash of its sorted members.
func (a Audience) ID() string {
	h := sha256.New()
	for _, p := range a.members {
		h.Write([]byte(p))
		h.Write([]byte{'\n'})
	}
	return "aud_" + hex.EncodeToString(h.Sum(nil)[:16])
}

// Members lists the principals in order. The caller must not change the slice.
func (a Audience) Members() []Principal { return a.members }

// Strings lists the principals as texts, in order.
func (a Audience) Strings() []string {
	ss := make([]string, len(a.members))
	for i, p := range a.members {
		ss[i] = string(p)
	}
	return ss
}

// Empty reports whether the audience has no members.
func (a Audience) Empty() bool { return len(a.members) == 0 }

// Has reports whether p is a member.
func (a Audience) Has(p Principal) bool {
	_, ok := slices.BinarySearch(a.members, p)
	return ok
}

// Equal reports whether both audiences have the same members.
func (a Audience) Equal(b Audience) bool { return slices.Equal(a.members, b.members) }

// With returns the audience with more principals.
func (a Audience) With(ps ...Principal) Audience {
	return NewAudience(append(slices.Clone(a.members), ps...)...)
}
