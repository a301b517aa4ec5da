package sbom

import (
	"cmp"
	"slices"
	"strings"
)

// Change is what is different between two lists of components.
type Change struct {
	Added, Removed []Component // by key, then version
	Upgraded       []Upgrade   // by key
	Unchanged      int         // how many are the same in both
}

// Upgrade is one component at two versions (newer or older: not judged here).
type Upgrade struct {
	Old, New Component
}

// Key says which component c is, whatever its version: its purl without
// version, qualifiers and subpath, else group and name. Neither letter case of
// a name nor the Ref matters: references differ from document to document.
func (c Component) Key() string {
	if c.PURL != "" {
		p := c.PURL
		if i := strings.IndexAny(p, "?#"); i >= 0 {
			p = p[:i]
		}
		if i := strings.LastIndexByte(p, '@'); i > strings.LastIndexByte(p, '/') {
			p = p[:i]
		}
		return strings.ToLower(p)
	}
	if c.Group != "" {
		return strings.ToLower(c.Group + "/" + c.Name)
	}
	return strings.ToLower(c.Name)
}

// Diff compares two lists of components by [Component.Key] and version. What is
// left of one key in both, at other versions, is upgraded, lowest version text
// with lowest; the rest is added or removed.
func Diff(old, new []Component) Change {
	var change Change
	a, b := byKey(old), byKey(new)
	keys := make([]string, 0, len(a)+len(b))
	for k := range a {
		keys = append(keys, k)
	}
	for k := range b {
		if _, ok := a[k]; !ok {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	for _, k := range keys {
		was, is := a[k], b[k]
		var gone, came []Component
		for len(was) > 0 && len(is) > 0 {
			switch c := cmp.Compare(was[0].Version, is[0].Version); {
			case c == 0:
				change.Unchanged++
				was, is = was[1:], is[1:]
			case c < 0:
				gone, was = append(gone, was[0]), was[1:]
			default:
				came, is = append(came, is[0]), is[1:]
			}
		}
		gone, came = append(gone, was...), append(came, is...)
		n := min(len(gone), len(came))
		for i := range n {
			change.Upgraded = append(change.Upgraded, Upgrade{gone[i], came[i]})
		}
		change.Removed = append(change.Removed, gone[n:]...)
		change.Added = append(change.Added, came[n:]...)
	}
	return change
}

// byKey groups by key; each group is sorted by version.
func byKey(all []Component) map[string][]Component {
	m := make(map[string][]Component, len(all))
	for _, c := range all {
		m[c.Key()] = append(m[c.Key()], c)
	}
	for _, group := range m {
		slices.SortStableFunc(group, func(x, y Component) int { return cmp.Compare(x.Version, y.Version) })
	}
	return m
}
