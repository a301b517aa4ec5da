package intel

import (
	"slices"

	"github.com/cordon-isao/cordon/internal/db"
)

// referring lists what refers to any of some ids and is of one of some types (none
// = any), newest first. The index answers, so that what the viewer may not see
// costs him nothing; what came since it was written is looked for beside it, so
// that what a person just did is there.
func (x *Intel) referring(v *db.View, ids, types []string, limit int) ([]Object, error) {
	mark, err := x.mark(v, indexMark)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	args := []any{mark, db.List(ids), limit}
	typed := ""
	if types != nil {
		typed = ` AND o.type IN (SELECT value FROM json_each($4))`
		args = append(args, db.List(types))
	}
	found, err := db.All(v, scanObject(v), `SELECT `+objectColumns+fromObjects+`WHERE o.n > $1 AND o.n IN (SELECT r.n FROM intel_refs r WHERE r.target IN (SELECT value FROM json_each($2)) AND r.n > $1)`+
		typed+` AND `+latest+` AND `+once+` ORDER BY o.n DESC LIMIT $3`, args...)
	if err != nil || len(found) >= limit {
		return found, err
	}
	m := &matching{}
	m.anyOf("ref", ids)
	if types != nil {
		m.anyOf("type", types)
	}
	f := &finding{engine: v.Engine()}
	f.index(m, v.Viewer())
	f.and(latest)
	f.and(once)
	older, err := db.All(v, scanObject(v), f.statement(objectColumns, limit-len(found)), f.args...)
	return slices.Concat(found, older), err
}

// maxTied is how many of the objects that are tied to a technique by a
// relationship a search looks at, the newest first.
const maxTied = 200

// techniques finds the techniques of a code that the viewer may see, and what is
// tied to them.
func (x *Intel) techniques(v *db.View, code string) (ids, tied []string, err error) {
	hits, _, err := x.Search(v, Query{Types: []string{"attack-pattern"}, code: code, Confidence: -1}, "", 20)
	if err != nil {
		return nil, nil, err
	}
	for _, h := range hits {
		ids = append(ids, h.ID)
		rels, err := x.referring(v, []string{h.ID}, []string{"relationship"}, maxTied)
		if err != nil {
			return nil, nil, err
		}
		for _, r := range rels {
			if r.Target == h.ID && !slices.Contains(tied, r.Source) && len(tied) < maxTied {
				tied = append(tied, r.Source)
			}
		}
	}
	return ids, tied, nil
}
