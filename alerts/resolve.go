package alerts

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/formats/names"
	"github.com/cordon-isao/cordon/formats/vers"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
)

// touched are the matches of each organization.
type touched map[string][]Match

// orgs lists the organizations in order.
func (t touched) orgs() []string { return slices.Sorted(maps.Keys(t)) }

// resolve finds who holds what an alert names, and which of it. v sees everything.
// What is outside the range is not told of; what nobody can tell is, with the words
// that a person has to look.
func (x *Alerts) resolve(v *db.View, affected []Affected) (touched, error) {
	out := touched{}
	at := map[string]int{} // deployment → its match
	for _, a := range affected {
		list, models, err := x.held(v, a)
		if err != nil {
			return nil, err
		}
		r := vers.ParseText(a.Range)
		for _, d := range list {
			m, ok := judge(a, r, d, models)
			if !ok {
				continue
			}
			if i, seen := at[d.ID]; seen { // named twice: the surest word stands
				if m.Sure && !out[d.Org][i].Sure {
					out[d.Org][i] = m
				}
				continue
			}
			at[d.ID] = len(out[d.Org])
			out[d.Org] = append(out[d.Org], m)
		}
	}
	return out, nil
}

// held lists the deployments of what an alert names, by the product's id and by its
// names, and the product's models.
func (x *Alerts) held(v *db.View, a Affected) (list []devices.Deployment, models []string, err error) {
	keys := []int64{}
	if a.Product != "" {
		p, err := x.devices.Product(v, a.Product)
		if err != nil && !fault.Is(err, fault.Missing) {
			return nil, nil, err
		}
		models = p.Models
		if list, err = x.devices.DeploymentsOf(v, []string{a.Product}); err != nil {
			return nil, nil, err
		}
		if keys, err = x.keysOf(v, a.Product); err != nil {
			return nil, nil, err
		}
	} else {
		keys = append(keys, names.Hash(names.Device(a.Maker, a.Name)))
	}
	named, err := x.devices.DeploymentsByKey(v, keys)
	for _, d := range named {
		if !slices.ContainsFunc(list, func(e devices.Deployment) bool { return e.ID == d.ID }) {
			list = append(list, d)
		}
	}
	return list, models, err
}

// keysOf are the keys of what a product is called. The maker alone says too little.
func (x *Alerts) keysOf(v *db.View, product string) ([]int64, error) {
	called, err := x.devices.NamesOf(v, product)
	keys := make([]int64, 0, len(called))
	for _, n := range called {
		if n.How != "maker" {
			keys = append(keys, n.Key)
		}
	}
	return keys, err
}

// judge asks whether a deployment is one of those that an alert names.
func judge(a Affected, r vers.Range, d devices.Deployment, models []string) (m Match, ok bool) {
	m = Match{Deployment: d.ID, What: called(d)}
	if a.Range == "" || r.All {
		m.Sure = true
		m.Why = "The alert names every version of " + a.Title() + "."
		return m, true
	}
	verdict, why := vers.Unknown, "no version of it is on record"
	if d.Version != "" {
		verdict, why = r.Contains(d.Version)
	}
	for _, model := range append([]string{d.Model}, models...) { // ranges may list models
		if verdict == vers.Inside {
			break
		}
		if slices.ContainsFunc(r.Exact, func(e string) bool { return names.Fold(e) == names.Fold(model) }) && names.Fold(model) == names.Fold(d.Model) {
			verdict, why = vers.Inside, "the model "+model+" is in the list"
		}
	}
	switch verdict {
	case vers.Outside:
		return m, false
	case vers.Inside:
		m.Sure = true
		m.Why = fmt.Sprintf("The alert names %s of %s: %s.", a.Range, a.Title(), why)
	default:
		m.Why = fmt.Sprintf("The alert names %s of %s, and this needs a person: %s.", a.Range, a.Title(), why)
	}
	return m, true
}

// called is a deployment in its hospital's words.
func called(d devices.Deployment) string {
	s := strings.TrimSpace(d.Maker + " " + d.Model)
	if d.Version != "" {
		s += ", version " + d.Version
	}
	if d.Zone != "" {
		s += ", in " + d.Zone
	}
	return s
}
