package members

import (
	"encoding/json"
	"strings"

	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
)

var (
	errEnded  = fault.Forbiddenf("Your session has ended. Sign in again; what you wrote is still in its draft.")
	errToken  = fault.Forbiddenf("This token is not valid. Make a new one on your account page.")
	errSignIn = fault.Forbiddenf("Sign in first.")
)

// record is everything that decides a viewer.
type record struct {
	policy.Membership
	name, orgName string
	roles         []policy.Role
	left          bool
}

func (r record) good() bool { return !r.left && !r.Suspended && r.OrgStands.Good() }

// load reads a person's record in two statements.
func load(v *db.View, id string) (record, error) {
	sys := all(v)
	r, err := db.One(sys, func(s db.Scanner) (r record, err error) {
		var officer, desk, operator, recipient, suspended, left int64
		err = s.Scan(&r.Person, &r.Org, &r.Kind, &r.OrgStands, &r.orgName, &r.name, &officer, &desk, &operator, &recipient, &suspended, &left)
		r.Suspended, r.Recipient, r.left = suspended == 1, recipient == 1, left != 0
		r.roles = roles(officer, desk, operator)
		return r, err
	}, `SELECT p.id, p.org, o.kind, o.standing, o.name, p.name, p.officer, p.desk, p.operator, p.recipient, p.suspended, p.left_at
		FROM visible.people p JOIN visible.organizations o ON o.id = p.org WHERE p.id = $1`, id)
	if err != nil {
		return r, err
	}
	r.Circles, err = circlesOf(sys, id)
	return r, err
}

// ViewerOf loads a person as a viewer. via is the session or token the person
// acts through ("" for the program acting in the person's name); nil scopes are
// everything the person may do. Whoever left, or never was, is ErrMissing.
func (m *Members) ViewerOf(v *db.View, person, via string, scopes []policy.Scope) (policy.Viewer, error) {
	r, err := load(v, person)
	if err != nil {
		return policy.Viewer{}, err
	}
	if r.left {
		return policy.Viewer{}, fault.ErrMissing
	}
	return policy.Member(r.Membership, r.name, r.orgName, via, r.roles, scopes), nil
}

// Refresh reads a viewer again, as db.SetRefresh and live streams want it: the
// person's standing, roles and circles of this moment, and whether the session
// or token still holds. If it does not, the error is a fault.Forbidden.
func (m *Members) Refresh(v *db.View, who policy.Viewer) (policy.Viewer, error) {
	if !who.SignedIn() {
		return who, nil
	}
	scopes, err := m.viaHolds(v, who)
	if err != nil {
		return policy.Viewer{}, err
	}
	fresh, err := m.ViewerOf(v, who.Person, who.Via, scopes)
	switch {
	case fault.Is(err, fault.Missing):
		return policy.Viewer{}, errEnded
	case err != nil:
		return policy.Viewer{}, err
	case who.IsToken() && !fresh.InGoodStanding():
		return policy.Viewer{}, errToken
	}
	return fresh, nil
}

// viaHolds checks what the viewer came through and tells its scopes.
func (m *Members) viaHolds(v *db.View, who policy.Viewer) ([]policy.Scope, error) {
	now := clock.Micros(v.Now())
	switch {
	case who.Via == "":
		if !who.IsToken() {
			return nil, nil
		}
		scopes := []policy.Scope{}
		for _, s := range policy.Scopes() {
			if who.HasScope(s) {
				scopes = append(scopes, s)
			}
		}
		return scopes, nil
	case strings.HasPrefix(who.Via, "token_"):
		list, err := db.One(v, db.Value[string], `SELECT scopes FROM tokens WHERE id = $1 AND person = $2 AND revoked_at = 0 AND expires_at > $3`, who.Via, who.Person, now)
		if fault.Is(err, fault.Missing) {
			return nil, errToken
		}
		if err != nil {
			return nil, err
		}
		return parseScopes(list)
	default:
		s, err := db.One(v, scanSession, `SELECT `+sessionColumns+` FROM sessions s LEFT JOIN session_seen e ON e.id = s.id WHERE s.id = $1 AND s.person = $2`, who.Via, who.Person)
		if fault.Is(err, fault.Missing) || err == nil && !s.holds(v.Now()) {
			return nil, errEnded
		}
		return nil, err
	}
}

func parseScopes(list string) ([]policy.Scope, error) {
	scopes := []policy.Scope{}
	err := json.Unmarshal([]byte(list), &scopes)
	return scopes, err
}
