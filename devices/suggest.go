package devices

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/cordon-isao/cordon/formats/names"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/policy"
)

// How a suggestion was found, the surest first.
const (
	ByUDI   = "udi"   // the same device identifier
	ByName  = "name"  // the same maker and name
	ByModel = "model" // the same maker and model
	ByAlias = "alias" // by another name that is on record
	ByClose = "close" // the same maker, and a name with half of the words
)

// Sure lists the ways of finding that [Devices.AcceptAll] takes: what is only close
// is looked at one by one.
func Sure() []string { return []string{ByUDI, ByName, ByModel, ByAlias} }

var ways = []string{ByUDI, ByName, ByModel, ByAlias, ByClose}

// Suggestion is a known product that a deployment may be of.
type Suggestion struct {
	Deployment Deployment
	Product    Product
	How        string
	Share      float64 // of the words that both names have, with [ByClose]; else 1
	Why        string
}

// perDeployment is how many suggestions a deployment has at most, and closeMost how
// many products of a maker are looked through.
const (
	perDeployment = 5
	closeMost     = 1000
	closeShare    = 0.5
)

// Suggestions lists, for deployments that name no known product, the products that
// the viewer can read and that they may be of, the surest first. It looks through
// limit deployments, those after a place ("" = the first); next is "" at the end.
func (x *Devices) Suggestions(v *db.View, after string, limit int) (out []Suggestion, next string, err error) {
	ds, next, err := x.Deployments(v, DeploymentQuery{Unknown: true, After: after, Limit: limit})
	if err != nil {
		return nil, "", err
	}
	close := map[string][]Product{} // by maker
	for _, d := range ds {
		found, err := x.suggest(v, d, close)
		if err != nil {
			return nil, "", err
		}
		out = append(out, found...)
	}
	return out, next, nil
}

// SuggestionsFor lists the products that one deployment may be of.
func (x *Devices) SuggestionsFor(v *db.View, deployment string) ([]Suggestion, error) {
	d, err := x.Deployment(v, deployment)
	if err != nil {
		return nil, err
	}
	return x.suggest(v, d, map[string][]Product{})
}

func (x *Devices) suggest(v *db.View, d Deployment, close map[string][]Product) (out []Suggestion, err error) {
	keys := d.placeKeys()
	list := make([]int64, len(keys))
	for i, k := range keys {
		list[i] = names.Hash(k)
	}
	found, err := x.NamesByKey(v, list)
	if err != nil {
		return nil, err
	}
	best := map[string]Suggestion{}
	var products []string
	for _, n := range found {
		old, ok := best[n.Product]
		if ok && slices.Index(ways, old.How) <= slices.Index(ways, n.How) || !slices.Contains(ways, n.How) {
			continue
		}
		best[n.Product] = Suggestion{Deployment: d, How: n.How, Share: 1, Why: why(n)}
		products = append(products, n.Product)
	}
	read, err := x.ProductsOf(v, products)
	if err != nil {
		return nil, err
	}
	for id, s := range best {
		if p, ok := read[id]; ok {
			s.Product = p
			out = append(out, s)
		}
	}
	if len(out) == 0 {
		if out, err = x.closeTo(v, d, close); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(out, func(a, b Suggestion) int {
		return cmp.Or(slices.Index(ways, a.How)-slices.Index(ways, b.How), cmp.Compare(b.Share, a.Share), strings.Compare(a.Product.Title(), b.Product.Title()), strings.Compare(a.Product.ID, b.Product.ID))
	})
	return out[:min(len(out), perDeployment)], nil
}

func why(n Name) string {
	switch n.How {
	case ByUDI:
		return "Both have the device identifier " + n.Text + "."
	case ByModel:
		return "This maker's product has that model: " + n.Text + "."
	case ByAlias:
		return "This product is also known as " + n.Text + "."
	}
	return "The maker and the name are the same: " + n.Text + "."
}

// closeTo finds products of the same maker whose names have many words in common
// with a deployment's.
func (x *Devices) closeTo(v *db.View, d Deployment, close map[string][]Product) (out []Suggestion, err error) {
	maker := makerKey(d.Maker)
	ps, ok := close[maker]
	if !ok {
		ps, err = db.All(v, scanProduct(v), `SELECT `+productColumns+` FROM devices_names n JOIN visible.devices_products p ON p.id = n.product WHERE n.key = $1 AND n.how = 'maker' ORDER BY p.folded, p.id LIMIT $2`, names.Hash(maker), closeMost)
		if err != nil {
			return nil, err
		}
		close[maker] = ps
	}
	want := strings.Fields(names.Product(d.Maker, d.Model))
	for _, p := range ps {
		share := 0.0
		for _, name := range append([]string{""}, p.Models...) {
			share = max(share, overlap(want, strings.Fields(names.Product(p.Maker, p.Name+" "+name))))
		}
		if share >= closeShare {
			out = append(out, Suggestion{Deployment: d, Product: p, How: ByClose, Share: share,
				Why: fmt.Sprintf("The same maker, and %d %% of the words of both names are the same.", int(share*100+0.5))})
		}
	}
	return out, nil
}

// overlap is the share of words that two names have in common, of all their words.
func overlap(a, b []string) float64 {
	all, both := map[string]bool{}, 0
	for _, w := range a {
		all[w] = true
	}
	n, seen := len(all), map[string]bool{}
	for _, w := range b {
		if seen[w] {
			continue
		}
		seen[w] = true
		if all[w] {
			both++
		} else {
			n++
		}
	}
	if n == 0 {
		return 0
	}
	return float64(both) / float64(n)
}

// AcceptSuggestion says that a deployment is of a known product that the viewer can
// read. The entry is device.changed.
func (x *Devices) AcceptSuggestion(tx *db.Tx, deployment, product string) error {
	d, err := x.ownDeployment(tx.View, deployment)
	if err != nil {
		return err
	}
	if _, err := x.Product(tx.View, product); err != nil {
		return err
	}
	if d.Product == product {
		return fault.Conflictf("It is of this product already.")
	}
	d.Product = product
	if err := x.updateDeployment(tx, &d, ""); err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: "device.changed", Object: d.ID, Label: d.Label, Data: map[string]any{"deployments": []string{d.ID}}})
	return nil
}

// AcceptAll accepts, for the deployments after a place that name no known product,
// the suggestion that was found in that way (one of [Sure]), where it is the only
// one of the surest way. It does [MaxBatch] at most, in one step with one entry,
// device.changed, and tells how many; next is where to go on, "" at the end.
func (x *Devices) AcceptAll(tx *db.Tx, how, after string) (n int, next string, err error) {
	if err := mayDeploy(tx.View); err != nil {
		return 0, "", err
	}
	if !slices.Contains(Sure(), how) {
		return 0, "", fault.InvalidField("how", "Suggestions by %s can be accepted together; others are looked at one by one.", strings.Join(Sure(), ", "))
	}
	var done []string
	for next = after; len(done) == 0; {
		var all []Suggestion
		if all, next, err = x.Suggestions(tx.View, next, MaxBatch); err != nil {
			return 0, "", err
		}
		for len(all) > 0 {
			rest := slices.IndexFunc(all, func(s Suggestion) bool { return s.Deployment.ID != all[0].Deployment.ID })
			if rest < 0 {
				rest = len(all)
			}
			of := all[:rest]
			if all = all[rest:]; of[0].How != how || len(of) > 1 && of[1].How == how {
				continue
			}
			d := of[0].Deployment
			d.Product = of[0].Product.ID
			if err := x.updateDeployment(tx, &d, ""); err != nil {
				return 0, "", err
			}
			done = append(done, d.ID)
		}
		if next == "" {
			break
		}
	}
	if len(done) == 0 {
		return 0, "", fault.Conflictf("There is nothing to accept here: no suggestion of this kind stands alone.")
	}
	object := done[0]
	if len(done) > 1 {
		object = ids.New("import")
	}
	tx.Append(db.Entry{Verb: "device.changed", Object: object, Label: policy.Default(tx.Viewer().Org), Data: map[string]any{"deployments": done}})
	return len(done), next, nil
}
