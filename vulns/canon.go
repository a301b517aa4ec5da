package vulns

import (
	"cmp"
	"slices"
	"strings"

	"github.com/cordon-isao/cordon/formats/vuln"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/policy"
)

// The canonical id of a record is the one CVE id that it names. A record that names
// several (an advisory of many) goes by its own id and joins nothing. Records that
// name none, and share a name, are one vulnerability: of them and of the records
// with a CVE id that call them by a name, that id is taken, if it is one only; else
// the first of their own ids. Only public records join others, so that a private one
// never changes what the public sees; what was joined depends on which records there
// are, and not on the order in which they came.

// several is the base of a record that names more than one CVE id.
const several = "-"

func isCVE(id string) bool { return len(id) > 8 && strings.EqualFold(id[:4], "CVE-") }

// baseID is the one CVE id that a record names, "" if it names none, or several. A
// distribution's advisory may name the one that it is made of.
func baseID(r vuln.Record) string {
	one := func(lists ...[]string) (base string) {
		for _, list := range lists {
			for _, id := range list {
				if id = strings.ToUpper(id); !isCVE(id) || id == base {
					continue
				}
				if base != "" {
					return several
				}
				base = id
			}
		}
		return base
	}
	if base := one([]string{r.ID}, r.Aliases); base != "" {
		return base
	}
	return one(r.Upstream)
}

// canonical is the id of a record as far as it says it itself.
func canonical(base, id string) string {
	if base == "" || base == several {
		return id
	}
	return base
}

// namesOf are the ids by which a record is known, in capitals, and whether the record
// calls that the same vulnerability.
func namesOf(r vuln.Record, base string) map[string]bool {
	out := map[string]bool{}
	if r.Document != "" {
		out[strings.ToUpper(r.Document)] = false
	}
	for _, id := range slices.Concat(r.Upstream, r.Aliases) {
		out[strings.ToUpper(id)] = false
	}
	if base != several {
		for _, id := range r.Aliases {
			out[strings.ToUpper(id)] = true
		}
	}
	out[strings.ToUpper(r.ID)] = true
	return out
}

// linked are the names by which a record joins others: CVE ids do so by themselves.
func linked(r vuln.Record) (out []string) {
	for name, link := range namesOf(r, baseID(r)) {
		if link && !isCVE(name) {
			out = append(out, name)
		}
	}
	return out
}

// joint is a record as far as it joins others.
type joint struct {
	n              int64
	base, id, vuln string
	public         bool
	names          []string
	root           *joint // of the records that are one with it
}

func (j *joint) top() *joint {
	for j.root != j {
		j.root = j.root.root
		j = j.root
	}
	return j
}

// maxJoint bounds how many names are followed from one commit. No source comes near;
// beyond it records keep their own ids.
const maxJoint = 50_000

// settle gives the records that are known by the names, and those joined with them,
// their canonical ids. It tells how many public records moved that did not come in
// this commit, if the batch is public.
func (x *Vulns) settle(tx *db.Tx, b *Batch, seeds []string, fresh map[int64]bool) (moved int, err error) {
	s := &settling{v: tx.View, joints: map[int64]*joint{}, byName: map[string][]*joint{}, asked: map[string]bool{}}
	next := seeds
	for len(next) > 0 && len(s.asked) < maxJoint {
		if next, err = s.follow(next); err != nil {
			return 0, err
		}
	}
	// Private records may be known by names that lead elsewhere, too.
	var more []string
	for _, j := range s.joints {
		if !j.public && j.base == "" {
			more = append(more, j.names...)
		}
	}
	beside := &settling{v: tx.View, joints: map[int64]*joint{}, byName: map[string][]*joint{}, asked: s.asked}
	if err := beside.load(more); err != nil {
		return 0, err
	}
	for _, j := range s.sorted() {
		want := s.vulnOf(j, beside)
		if want == j.vuln {
			continue
		}
		if err := tx.MustChange(`UPDATE vulns_records SET vuln = $1, touched = $2, touched_part = $3 WHERE n = $4`, want, b.ID, b.parts, j.n); err != nil {
			return 0, err
		}
		if !fresh[j.n] && j.public && b.Label.TLP == policy.Clear {
			moved++
		}
	}
	return moved, nil
}

// settling is the records around some names.
type settling struct {
	v      *db.View
	joints map[int64]*joint
	byName map[string][]*joint
	asked  map[string]bool // names that were looked up
	groups map[*joint]string
}

func (s *settling) sorted() []*joint {
	out := make([]*joint, 0, len(s.joints))
	for _, j := range s.joints {
		out = append(out, j)
	}
	slices.SortFunc(out, func(a, b *joint) int { return cmp.Compare(a.n, b.n) })
	return out
}

// load reads the records that are known by names.
func (s *settling) load(list []string) error {
	var ask []string
	for _, name := range list {
		if !s.asked[name] {
			s.asked[name] = true
			ask = append(ask, name)
		}
	}
	for part := range slices.Chunk(ask, 2000) {
		err := s.v.Each(`SELECT w.name, r.n, r.base, r.source_id, r.vuln, r.tlp FROM vulns_names w JOIN visible.vulns_records r ON r.n = w.n WHERE w.link = 1 AND w.name IN (SELECT value FROM json_each($1))`,
			[]any{db.List(part)}, func(row db.Scanner) error {
				var name, tlp string
				j := &joint{}
				if err := row.Scan(&name, &j.n, &j.base, &j.id, &j.vuln, &tlp); err != nil {
					return err
				}
				if known := s.joints[j.n]; known != nil {
					j = known
				} else {
					j.public, j.root = tlp == string(policy.Clear), j
					s.joints[j.n] = j
				}
				s.byName[name] = append(s.byName[name], j)
				return nil
			})
		if err != nil {
			return err
		}
	}
	return nil
}

// follow reads the records that are known by names, joins them, and gives the names
// by which more may be known.
func (s *settling) follow(list []string) (next []string, err error) {
	before := len(s.joints)
	if err := s.load(list); err != nil {
		return nil, err
	}
	if len(s.joints) > before {
		var weak []int64
		for n, j := range s.joints {
			if j.base == "" && j.names == nil {
				weak = append(weak, n)
			}
		}
		for part := range slices.Chunk(weak, 2000) {
			err := s.v.Each(`SELECT w.n, w.name FROM vulns_names w WHERE w.link = 1 AND w.n IN (SELECT CAST(value AS BIGINT) FROM json_each($1))`, []any{numbers(part)}, func(row db.Scanner) error {
				var n int64
				var name string
				if err := row.Scan(&n, &name); err != nil {
					return err
				}
				j := s.joints[n]
				j.names = append(j.names, name)
				if j.public && !s.asked[name] {
					next = append(next, name)
				}
				return nil
			})
			if err != nil {
				return nil, err
			}
		}
	}
	for _, name := range list {
		var first *joint
		for _, j := range s.byName[name] {
			if !j.public || j.base != "" {
				continue
			}
			if first == nil {
				first = j
			}
			j.top().root = first.top()
		}
	}
	return next, nil
}

// vulnOf is the canonical id of a record.
func (s *settling) vulnOf(j *joint, beside *settling) string {
	if j.base != "" {
		return canonical(j.base, j.id)
	}
	if j.public {
		return s.ofGroup(j)
	}
	// A private record goes with the public ones that it names, if they are one.
	found := map[string]bool{}
	for _, name := range j.names {
		for _, o := range s.byName[name] {
			if o.public && o.base != several {
				found[s.vulnOf(o, beside)] = true
			}
		}
		for _, o := range beside.byName[name] {
			if o.public && o.base != several {
				found[o.vuln] = true
			}
		}
	}
	if len(found) == 1 {
		for id := range found {
			return id
		}
	}
	return j.id
}

// ofGroup is the id of the public records that are one with a record.
func (s *settling) ofGroup(j *joint) string {
	if s.groups == nil {
		s.groups = map[*joint]string{}
		members := map[*joint][]*joint{}
		for _, o := range s.joints {
			if o.public && o.base == "" {
				members[o.top()] = append(members[o.top()], o)
			}
		}
		for top, group := range members {
			s.groups[top] = s.idOf(group)
		}
	}
	return s.groups[j.top()]
}

func (s *settling) idOf(group []*joint) string {
	least, base := group[0].id, ""
	for _, o := range group {
		least = min(least, o.id)
		for _, name := range o.names {
			for _, p := range s.byName[name] {
				switch {
				case !p.public || p.base == "" || p.base == several || p.base == base:
				case base == "":
					base = p.base
				default:
					base = several
				}
			}
		}
	}
	if base == "" || base == several {
		return least
	}
	return base
}
