package intel

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/policy"
)

// Facet is one way of dividing what was found.
type Facet struct {
	Name   string // "type", "tlp", "label", "from", "phase", "is"
	Values []FacetValue
}

// FacetValue is one part of a facet.
type FacetValue struct {
	Value string
	Count int
	Query string // the query with the value added, or removed if it is on
	On    bool
}

const (
	// MaxFaceted is how many of the newest hits are counted.
	MaxFaceted = 1000
	// maxFacet is how many values of a facet are told, besides those that are on.
	maxFacet = 12
)

// Facets divides the newest MaxFaceted hits of a query, in the reader's own view.
// of is how many were counted, and all says that there are no more. What of is
// when all is false is the same for everybody; there is no other total.
func (x *Intel) Facets(v *db.View, q Query) (fs []Facet, of int, all bool, err error) {
	f, ok, err := x.find(v, q)
	if err != nil || !ok {
		return nil, 0, true, err
	}
	counts := map[string]map[string]int{}
	for _, name := range facetNames {
		counts[name] = map[string]int{}
	}
	now := clock.Micros(v.Now())
	stmt := f.statement(`o.type, o.tlp, o.until, o.revoked, s.org_name, s.attribution,
		COALESCE((SELECT c.labels FROM intel_cards c WHERE c.n = o.n), ''), COALESCE((SELECT c.phases FROM intel_cards c WHERE c.n = o.n), '')`, MaxFaceted+1)
	all = true
	err = v.Each(stmt, f.args, func(s db.Scanner) error {
		var typ, tlp, labels, phases string
		var until, revoked int64
		var from Share
		if err := s.Scan(&typ, &tlp, &until, &revoked, &from.OrgName, &from.Attribution, &labels, &phases); err != nil {
			return err
		}
		if of == MaxFaceted {
			all = false
			return nil
		}
		of++
		counts["type"][typ]++
		counts["tlp"][strings.ToLower(tlp)]++
		counts["from"][from.sender()]++
		for _, l := range lines(labels) {
			counts["label"][l]++
		}
		for _, p := range lines(phases) {
			counts["phase"][p]++
		}
		if until > 0 && until <= now {
			counts["is"]["expired"]++
		}
		if revoked == 1 {
			counts["is"]["revoked"]++
		}
		return nil
	})
	for _, name := range facetNames {
		if f := facet(q, name, counts[name]); len(f.Values) > 0 {
			fs = append(fs, f)
		}
	}
	return fs, of, all, err
}

var facetNames = []string{"type", "tlp", "from", "label", "phase", "is"}

func lines(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, "\n")
}

// facet is the values of a facet, the most frequent first, and what a press on
// each asks for.
func facet(q Query, name string, counts map[string]int) Facet {
	f := Facet{Name: name}
	for _, value := range q.on(name) {
		if _, ok := counts[value]; !ok && !hasFold(counts, value) {
			counts[value] = 0
		}
	}
	for value, n := range counts {
		query, on, ok := q.toggle(name, value)
		if ok {
			f.Values = append(f.Values, FacetValue{value, n, query.String(), on})
		}
	}
	slices.SortFunc(f.Values, func(a, b FacetValue) int {
		return cmp.Or(cmp.Compare(bit(b.On), bit(a.On)), cmp.Compare(b.Count, a.Count), strings.Compare(a.Value, b.Value))
	})
	for len(f.Values) > maxFacet && !f.Values[len(f.Values)-1].On {
		f.Values = f.Values[:len(f.Values)-1]
	}
	return f
}

func hasFold(counts map[string]int, value string) bool {
	for k := range counts {
		if strings.EqualFold(k, value) {
			return true
		}
	}
	return false
}

// on is the values of a facet that the query asks for.
func (q Query) on(name string) (values []string) {
	switch name {
	case "type":
		return q.Types
	case "tlp":
		for _, t := range q.TLP {
			values = append(values, strings.ToLower(string(t)))
		}
		return values
	case "label":
		return q.Labels
	case "from":
		values = []string{q.Source}
	case "phase":
		values = []string{q.Phase}
	case "is":
		if q.Expired != nil && *q.Expired {
			values = append(values, "expired")
		}
		if q.Revoked != nil && *q.Revoked {
			values = append(values, "revoked")
		}
		return values
	}
	return slices.DeleteFunc(values, func(s string) bool { return s == "" })
}

// toggle is the query with a facet's value added, or taken away if it is on. ok is
// false for a value that no query can name.
func (q Query) toggle(name, value string) (to Query, on, ok bool) {
	q = q.clone()
	value = strings.ToLower(value)
	flip := func(list *[]string) {
		if i, found := slices.BinarySearch(*list, value); found {
			*list, on = slices.Delete(*list, i, i+1), true
			if len(*list) == 0 {
				*list = nil
			}
			return
		}
		into(list, value)
	}
	set := func(at *string) {
		if on = *at == value; on {
			*at = ""
			return
		}
		*at = value
	}
	is := func(at **bool) {
		on = *at != nil && **at
		yes := !on
		if *at = &yes; on {
			*at = nil
		}
	}
	switch name {
	case "type":
		flip(&q.Types)
	case "label":
		flip(&q.Labels)
	case "tlp":
		t := policy.TLP(strings.ToUpper(value))
		if i := slices.Index(q.TLP, t); i >= 0 {
			if q.TLP, on = slices.Delete(q.TLP, i, i+1), true; len(q.TLP) == 0 {
				q.TLP = nil
			}
			break
		}
		q.TLP = slices.DeleteFunc(policy.Markings(), func(o policy.TLP) bool { return o != t && !slices.Contains(q.TLP, o) })
	case "from":
		set(&q.Source)
	case "phase":
		set(&q.Phase)
	case "is":
		if value == "expired" {
			is(&q.Expired)
		} else {
			is(&q.Revoked)
		}
	}
	return q, on, on || sayable(value)
}

// sayable reports whether a value can stand in a query.
func sayable(value string) bool {
	q, err := ParseQuery("label:"+quoted(value), time.Time{})
	return err == nil && len(q.Labels) == 1 && q.Labels[0] == value && q.Text == ""
}
