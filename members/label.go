package members

import (
	"errors"
	"slices"

	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
)

// CheckLabel reports whether the viewer may put this label on something new: it
// is lawful (policy), everybody in it is there, in good standing and visible to
// the viewer, and the viewer is among the readers. What is hidden and what does
// not exist are answered alike. The error is a fault.Invalid on "label" or
// "audience".
func (m *Members) CheckLabel(v *db.View, l policy.Label) error {
	if err := m.nameable(v, l.Audience); err != nil {
		return err
	}
	if err := l.Check(m.Facts(v)); err != nil {
		var wrong *policy.LabelError
		if errors.As(err, &wrong) {
			return fault.InvalidField("label", "%s", wrong.Error())
		}
		return err
	}
	who := v.Viewer()
	if who.IsSystem() || who.CanRead(l.Audience) {
		return nil
	}
	mend := "Add your organization, or a circle you are in."
	switch {
	case l.TLP == policy.Red:
		mend = "Add yourself, or a circle of named persons you are in."
	case l.TLP == policy.Green:
		mend = "Add the community, or your own kind of member or organization."
	case slices.Contains(l.Audience.Members(), policy.OfOrg(who.Org)):
		mend = "You are not a named recipient of your organization: ask its officer, or add a circle you are in."
	}
	return fault.InvalidField("audience", "You could not read this yourself. %s", mend)
}

// nameable reports whether the viewer may name every principal of an audience.
func (m *Members) nameable(v *db.View, a policy.Audience) error {
	k, err := m.known(v, a)
	if err != nil {
		return err
	}
	for _, p := range a.Members() {
		if !k[p] {
			return fault.InvalidField("audience", "%q is nobody you can share with. Choose from those you are offered.", string(p))
		}
	}
	return nil
}

// known finds which principals of an audience the viewer may name: they exist,
// are in good standing, and are visible to the viewer.
func (m *Members) known(v *db.View, a policy.Audience) (map[policy.Principal]bool, error) {
	out := map[policy.Principal]bool{}
	byClass := map[string][]string{}
	for _, p := range a.Members() {
		switch p.Class() {
		case "org", "circle", "person":
			byClass[p.Class()] = append(byClass[p.Class()], p.ID())
		case "peer": // no partner is federated yet
		default:
			out[p] = true
		}
	}
	find := func(class, stmt string) error {
		if len(byClass[class]) == 0 {
			return nil
		}
		return v.Each(stmt, []any{db.List(byClass[class])}, func(s db.Scanner) error {
			var id string
			err := s.Scan(&id)
			out[policy.Principal(class+":"+id)] = true
			return err
		})
	}
	err := find("org", `SELECT id FROM visible.organizations WHERE standing IN ('active', 'provisional', 'grace') AND id IN (SELECT value FROM json_each($1))`)
	if err == nil {
		err = find("circle", `SELECT id FROM visible.circles WHERE id IN (SELECT value FROM json_each($1))`)
	}
	if err == nil {
		err = find("person", `SELECT p.id FROM visible.people p JOIN visible.organizations o ON o.id = p.org
			WHERE p.left_at = 0 AND p.suspended = 0 AND o.standing IN ('active', 'provisional', 'grace') AND p.id IN (SELECT value FROM json_each($1))`)
	}
	return out, err
}

// Named is a principal in words.
type Named struct {
	Principal policy.Principal
	Name      string
	Hint      string // kind of the organization, organization of the person
}

// Describe names the principals of an audience that the viewer may name. others
// is how it must be said that there are more.
func (m *Members) Describe(v *db.View, a policy.Audience) (names []Named, others bool, err error) {
	texts := map[policy.Principal]Named{}
	lists := map[string][]string{}
	for _, p := range a.Members() {
		lists[p.Class()] = append(lists[p.Class()], p.ID())
		if w := classWords(p); w != "" {
			texts[p] = Named{p, w, ""}
		}
	}
	add := func(class, stmt string) error {
		if len(lists[class]) == 0 {
			return nil
		}
		return v.Each(stmt, []any{db.List(lists[class])}, func(s db.Scanner) error {
			var id, name, hint string
			err := s.Scan(&id, &name, &hint)
			p := policy.Principal(class + ":" + id)
			texts[p] = Named{p, name, hint}
			return err
		})
	}
	err = add("org", `SELECT id, name, kind FROM visible.organizations WHERE id IN (SELECT value FROM json_each($1))`)
	if err == nil {
		err = add("circle", `SELECT id, name, '' FROM visible.circles WHERE id IN (SELECT value FROM json_each($1))`)
	}
	if err == nil {
		err = add("person", `SELECT p.id, p.name, o.name FROM visible.people p JOIN visible.organizations o ON o.id = p.org WHERE p.id IN (SELECT value FROM json_each($1))`)
	}
	if err != nil {
		return nil, false, err
	}
	for _, p := range a.Members() {
		if n, ok := texts[p]; ok {
			names = append(names, n)
		} else {
			others = true
		}
	}
	return names, others, nil
}

// classWords names the principals that stand for themselves.
func classWords(p policy.Principal) string {
	switch p {
	case policy.Public:
		return "Everyone"
	case policy.Community:
		return "The whole community"
	case policy.CommunityPrivate:
		return "The community without government members"
	}
	if p.Class() == "kind" {
		return "All " + KindWords(policy.Kind(p.ID()), 2)
	}
	return ""
}

// KindWords is a kind in words, for n organizations of it.
func KindWords(k policy.Kind, n int) string {
	one, many := string(k), string(k)+"s"
	switch k {
	case policy.Provider:
		one, many = "care provider", "care providers"
	case policy.Agency:
		one, many = "agency", "agencies"
	case policy.ISAO:
		one, many = "information sharing organization", "information sharing organizations"
	case policy.Vendor:
		one, many = "security or component vendor", "security and component vendors"
	}
	if n == 1 {
		return one
	}
	return many
}

// CheckAudience reports whether the viewer may name everybody in an audience, for
// duties that decide themselves what label it stands under.
func (m *Members) CheckAudience(v *db.View, a policy.Audience) error { return m.nameable(v, a) }
