package members

import (
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/policy"
)

// Facts answers the rules' questions from this snapshot, about everything there
// is and not only what the viewer sees. What cannot be read counts as not so,
// which can only make a rule stricter.
func (m *Members) Facts(v *db.View) policy.Facts { return facts{all(v)} }

type facts struct{ v *db.View }

func (f facts) NamedCircle(id string) bool {
	ok, err := f.v.Exists(`SELECT 1 FROM visible.circles WHERE id = $1 AND named = 1`, id)
	return ok && err == nil
}

func (f facts) OrgKind(id string) policy.Kind {
	k, err := db.One(f.v, db.Value[string], `SELECT kind FROM visible.organizations WHERE id = $1`, id)
	if err != nil {
		return ""
	}
	return policy.Kind(k)
}

func (f facts) PersonPrincipals(id string) []policy.Principal {
	r, err := load(f.v, id)
	if err != nil || r.left {
		return nil
	}
	return r.Principals().Members()
}
