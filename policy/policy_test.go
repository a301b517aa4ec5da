package policy_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cordon-isao/cordon/policy"
)

var square = town{
	people: []person{
		{id: "p1", org: "o0", kind: "manufacturer", standing: "active", recipient: true, circles: []string{"c0"}},
		{id: "p2", org: "o2", kind: "agency", standing: "active"},
		{id: "p3", org: "o1", kind: "provider", standing: "suspended", recipient: true},
	},
	orgs:  map[string]string{"o0": "manufacturer", "o1": "provider", "o2": "agency"},
	named: map[string]bool{"c0": true},
}

func aud(ss ...string) policy.Audience {
	a, err := policy.ParseAudience(ss)
	if err != nil {
		panic(err)
	}
	return a
}

func TestCheck(t *testing.T) {
	var many []string
	for i := range 501 {
		many = append(many, fmt.Sprintf("org:o%d", i))
	}
	ps := make([]policy.Principal, len(many))
	for i, s := range many {
		ps[i] = policy.Principal(s)
	}
	for _, c := range []struct {
		tlp  policy.TLP
		aud  policy.Audience
		want string // part of the problem, "" = lawful
	}{
		{policy.Clear, aud("public"), ""},
		{policy.Clear, aud("community"), "the whole community"},
		{policy.Clear, aud("public", "org:o1"), "an organization"},
		{policy.Green, aud("community"), ""},
		{policy.Green, aud("community-private", "kind:agency", "peer:x"), ""},
		{policy.Green, aud("kind:provider", "org:o1"), ""},
		{policy.Green, aud("org:o1"), "names only organizations"},
		{policy.Green, aud("public"), "the public"},
		{policy.Green, aud("community", "circle:c0"), "a circle"},
		{policy.Green, aud("person:p1"), "a single person"},
		{policy.Amber, aud("org:o1", "circle:c1"), ""},
		{policy.Amber, aud("community-private"), "the community without government members"},
		{policy.Amber, aud("kind:provider"), "all members of one kind"},
		{policy.Amber, aud("peer:x"), "a peer"},
		{policy.AmberStrict, aud("circle:c1"), ""},
		{policy.AmberStrict, aud("person:p1"), "a single person"},
		{policy.Red, aud("person:p1", "circle:c0"), ""},
		{policy.Red, aud("circle:c1"), "a circle"},
		{policy.Red, aud("org:o1"), "an organization"},
		{policy.Red, policy.Audience{}, "Nobody"},
		{"", aud("public"), "missing or unknown"},
		{"WHITE", aud("public"), "missing or unknown"},
		{policy.Amber, policy.NewAudience(ps...), "more than 500"},
		{policy.Clear, policy.NewAudience("Public"), "a peer"}, // no principal at all
	} {
		err := policy.Label{TLP: c.tlp, Audience: c.aud}.Check(square)
		var le *policy.LabelError
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s to %v: %v", c.tlp, c.aud.Strings(), err)
		case c.want != "" && (!errors.As(err, &le) || !strings.Contains(le.Problem, c.want) || le.Mend == "" || !strings.HasSuffix(err.Error(), ".")):
			t.Errorf("%s to %v: %v, want a problem with %q", c.tlp, c.aud.Strings(), err, c.want)
		}
	}
	if _, err := policy.ParseAudience(many); err == nil {
		t.Error("501 members were read")
	}
	if l := policy.Default("o1"); l.TLP != policy.AmberStrict || !l.Audience.Equal(aud("org:o1")) || l.Check(square) != nil {
		t.Errorf("the default is %v", l)
	}
}

func TestCovers(t *testing.T) {
	for _, c := range []struct {
		outer, inner string
		want         bool
	}{
		{"public", "peer:x", true}, {"public", "circle:c9", true}, {"community", "public", false}, {"community", "peer:x", false},
		{"community", "community-private", true}, {"community", "circle:c9", true}, {"community", "org:o9", true}, {"community-private", "community", false},
		{"community-private", "kind:provider", true}, {"community-private", "kind:agency", false}, {"community-private", "org:o0", true}, {"community-private", "org:o2", false},
		{"community-private", "org:o9", false}, {"community-private", "person:p1", true}, {"community-private", "person:p2", false}, {"community-private", "circle:c0", false},
		{"kind:provider", "org:o1", true}, {"kind:provider", "org:o0", false}, {"kind:agency", "person:p2", true}, {"kind:agency", "person:p1", false}, {"kind:agency", "kind:provider", false},
		{"org:o0", "person:p1", true}, {"org:o2", "person:p2", false}, {"circle:c0", "person:p1", true}, {"circle:c0", "person:p2", false}, {"circle:c0", "circle:c0", true},
		{"org:o1", "person:p3", false}, {"org:o0", "person:p9", false}, {"peer:x", "peer:x", true}, {"peer:x", "peer:y", false},
	} {
		if got := policy.Covers(aud(c.outer), aud(c.inner), square); got != c.want {
			t.Errorf("%s covers %s: %v", c.outer, c.inner, got)
		}
	}
	if !policy.Covers(aud("org:o1"), policy.Audience{}, square) || policy.Covers(policy.Audience{}, aud("org:o1"), square) {
		t.Error("the empty audience")
	}
}

func TestTightens(t *testing.T) {
	l := func(tlp policy.TLP, ss ...string) policy.Label { return policy.Label{TLP: tlp, Audience: aud(ss...)} }
	for _, c := range []struct {
		old, next policy.Label
		want      bool
	}{
		{l(policy.Amber, "org:o0", "org:o1"), l(policy.Amber, "org:o0"), true},
		{l(policy.Amber, "org:o0"), l(policy.Amber, "org:o0", "org:o1"), false},
		{l(policy.Amber, "org:o0"), l(policy.AmberStrict, "org:o0"), true},
		{l(policy.AmberStrict, "org:o0"), l(policy.Amber, "org:o0"), false},
		{l(policy.Amber, "org:o0"), l(policy.Red, "person:p1"), true},
		{l(policy.Amber, "org:o1"), l(policy.Red, "person:p1"), false},
		{l(policy.Clear, "public"), l(policy.Green, "community"), true},
		{l("", "org:o0"), l(policy.Red, "org:o0"), false}, // unknown is the strictest
		{l(policy.Red, "org:o0"), l("", "org:o0"), true},
	} {
		if got := policy.Tightens(c.old, c.next, square); got != c.want {
			t.Errorf("%v to %v tightens: %v", c.old, c.next, got)
		}
		if got := policy.NotLooser(c.old, c.next, square); got != c.want {
			t.Errorf("%v under %v is not looser: %v", c.next, c.old, got)
		}
	}
}

func TestMay(t *testing.T) {
	all := []policy.Right{policy.MayPost, policy.MayOpenRoom, policy.MayFormCircle, policy.MaySponsor, policy.MayInvite, policy.MayManageOrg,
		policy.MayVet, policy.MayApprove, policy.MayOperate, policy.MayExport}
	m := policy.Membership{Person: "p1", Org: "o1", Kind: policy.Provider, OrgStands: policy.Active}
	out := m
	out.OrgStands = policy.Terminated
	every := []policy.Right{policy.MayPost, policy.MayOpenRoom, policy.MayFormCircle, policy.MaySponsor, policy.MayApprove, policy.MayExport}
	for name, c := range map[string]struct {
		v    policy.Viewer
		want []policy.Right
	}{
		"nobody":   {policy.Viewer{}, nil},
		"public":   {policy.Anonymous(), nil},
		"system":   {policy.System("x"), all},
		"member":   {policy.Member(m, "", "", "", nil, nil), every},
		"officer":  {policy.Member(m, "", "", "", []policy.Role{policy.RoleOfficer}, nil), append([]policy.Right{policy.MayManageOrg, policy.MayInvite}, every...)},
		"desk":     {policy.Member(m, "", "", "", []policy.Role{policy.RoleDesk}, nil), append([]policy.Right{policy.MayVet, policy.MayInvite}, every...)},
		"operator": {policy.Member(m, "", "", "", []policy.Role{policy.RoleOperator}, nil), append([]policy.Right{policy.MayOperate, policy.MayVet, policy.MayInvite, policy.MayManageOrg}, every...)},
		"out":      {policy.Member(out, "", "", "", policy.Roles(), nil), nil},
		"reader":   {policy.Member(m, "", "", "", policy.Roles(), []policy.Scope{policy.ScopeRead}), []policy.Right{policy.MayExport}},
		"writer":   {policy.Member(m, "", "", "", policy.Roles(), []policy.Scope{policy.ScopeWrite}), []policy.Right{policy.MayPost}},
		"both":     {policy.Member(m, "", "", "", policy.Roles(), policy.Scopes()), []policy.Right{policy.MayPost, policy.MayExport}},
		"no scope": {policy.Member(m, "", "", "", policy.Roles(), []policy.Scope{}), nil},
	} {
		for _, r := range all {
			if got := c.v.May(r); got != slices.Contains(c.want, r) {
				t.Errorf("%s may %s: %v", name, r, got)
			}
		}
	}
}

func TestViewer(t *testing.T) {
	m := policy.Membership{Person: "p1", Org: "o1", Kind: policy.Provider, OrgStands: policy.Active}
	v := policy.Member(m, "Ada", "Clinic", "s1", []policy.Role{policy.RoleDesk}, nil)
	if !v.SignedIn() || !v.InGoodStanding() || v.IsSystem() || v.IsToken() || !v.HasRole(policy.RoleDesk) || v.HasRole(policy.RoleOfficer) || !v.HasScope(policy.ScopeWrite) {
		t.Errorf("a member in a session: %+v", v)
	}
	token := policy.Member(m, "", "", "t1", nil, []policy.Scope{policy.ScopeRead})
	if !token.IsToken() || token.HasScope(policy.ScopeWrite) || !token.HasScope(policy.ScopeRead) {
		t.Error("a token's scopes")
	}
	sys := policy.System("mail")
	if !sys.IsSystem() || sys.SystemName() != "mail" || !sys.CanRead(aud("org:o9")) || sys.Principals().Has(policy.Public) {
		t.Error("a system viewer")
	}
	if (policy.Viewer{}).CanRead(aud("public")) || policy.Anonymous().SignedIn() {
		t.Error("nobody reads something")
	}
	for want, v := range map[string]policy.Viewer{"p1": v, "system:mail": sys, "anonymous": policy.Anonymous()} {
		if v.Actor() != want {
			t.Errorf("actor %q, want %q", v.Actor(), want)
		}
	}
	if !v.SameRights(policy.Member(m, "", "", "s1", []policy.Role{policy.RoleDesk}, nil)) {
		t.Error("the same rights differ")
	}
	m2 := m
	m2.Circles = []string{"c1"}
	for _, w := range []policy.Viewer{policy.Anonymous(), sys, token, policy.Member(m, "", "", "s1", nil, nil), policy.Member(m2, "", "", "s1", []policy.Role{policy.RoleDesk}, nil)} {
		if v.SameRights(w) {
			t.Errorf("%v has the same rights as %v", w, v)
		}
	}
}

func TestAudience(t *testing.T) {
	a := aud("org:b", "org:a", "org:b")
	if !slices.Equal(a.Strings(), []string{"org:a", "org:b"}) || len(a.Members()) != 2 || a.Empty() || !a.Has("org:a") || a.Has("org:c") {
		t.Errorf("%v", a)
	}
	if b := aud("org:b").With("org:a"); !b.Equal(a) || b.ID() != a.ID() || aud("org:a").ID() == a.ID() {
		t.Error("equal audiences have different addresses")
	}
	if !strings.HasPrefix(a.ID(), "aud_") || len(a.ID()) != 36 {
		t.Error(a.ID())
	}
	for _, p := range []policy.Principal{policy.OfOrg("x"), policy.OfCircle("x"), policy.OfPerson("x"), policy.OfPeer("x")} {
		if q, err := policy.ParsePrincipal(string(p)); q != p || err != nil || p.ID() != "x" || string(p) != p.Class()+":x" {
			t.Errorf("%s: %v", p, err)
		}
	}
	if p, err := policy.ParsePrincipal("kind:agency"); p != policy.OfKind(policy.Agency) || err != nil {
		t.Error(p, err)
	}
	for _, s := range []string{"", "Public", "public ", "public:", "community:x", "kind:", "kind:Agency", "kind:agency ", "org:", "org", "org:a b", "org:a:b", "org:\u0430", "ORG:a", "person:" + strings.Repeat("a", 65), "peer:a\n"} {
		if p, err := policy.ParsePrincipal(s); err == nil {
			t.Errorf("%q was read as %s", s, p)
		}
		if _, err := policy.ParseAudience([]string{"public", s}); err == nil {
			t.Errorf("an audience with %q was read", s)
		}
	}
}

func TestTLP(t *testing.T) {
	if policy.Strictest() != policy.Red || policy.Strictest(policy.Green, policy.Amber, policy.Clear) != policy.Amber || policy.Strictest(policy.Red, "?") != "?" {
		t.Error("the strictest")
	}
	for _, s := range []string{"WHITE", "TLP:WHITE"} { // TLP 1.0
		if m, err := policy.ParseTLP(s); m != policy.Clear || err != nil {
			t.Errorf("%s: %v %v", s, m, err)
		}
	}
	sentences := map[string]bool{}
	for i, m := range policy.Markings() {
		if got, err := policy.ParseTLP(m.String()); got != m || err != nil || m.String() != "TLP:"+string(m) || !m.Known() {
			t.Errorf("%s: %v", m, err)
		}
		sentences[m.Sentence()] = true
		for j, o := range policy.Markings() {
			if m.StricterThan(o) != (i > j) {
				t.Errorf("%s stricter than %s", m, o)
			}
		}
	}
	if len(sentences) != 5 || policy.TLP("?").Sentence() != policy.Red.Sentence() {
		t.Error("two markings have one sentence, or an unknown one is not as strict as RED")
	}
	if policy.Kind("x").Known() || !policy.ISAO.Known() {
		t.Error("kinds")
	}
}
