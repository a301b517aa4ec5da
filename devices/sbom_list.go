package devices

import (
	"cmp"
	"context"
	"io"
	"iter"
	"slices"
	"strings"

	"github.com/cordon-isao/cordon/formats/names"
	"github.com/cordon-isao/cordon/formats/sbom"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
)

// Components lists components of an SBOM by number, after one, of those whose name,
// version, supplier or package URL holds all words of filter.
func (x *Devices) Components(v *db.View, id, filter string, after, limit int) ([]Part, error) {
	b, err := x.SBOM(v, id)
	if err != nil {
		return nil, err
	}
	where, args := "", []any{b.n, after, page(limit)}
	for i, w := range strings.Fields(strings.ToLower(filter)) {
		if i == 5 {
			break
		}
		args = append(args, likeWord(w))
		where += ` AND LOWER(c.name || ' ' || c.version || ' ' || c.supplier || ' ' || c.purl) LIKE $` + string(rune('4'+i)) + ` ESCAPE '!'`
	}
	return db.All(v, scanWhole, `SELECT `+partColumns+`, c.facts FROM visible.devices_sboms s JOIN devices_components c ON c.sbom = s.n WHERE s.n = $1 AND s.state = 'done' AND c.part > $2`+where+` ORDER BY c.part LIMIT $3`, args...)
}

func likeWord(w string) string {
	return "%" + strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(w) + "%"
}

// Component is one component of an SBOM.
func (x *Devices) Component(v *db.View, id string, number int) (Part, error) {
	b, err := x.SBOM(v, id)
	if err != nil {
		return Part{}, err
	}
	return db.One(v, scanWhole, `SELECT `+partColumns+`, c.facts FROM visible.devices_sboms s JOIN devices_components c ON c.sbom = s.n WHERE s.n = $1 AND s.state = 'done' AND c.part = $2`, b.n, number)
}

// each gives the components of an SBOM one after another.
func (x *Devices) each(v *db.View, n int64) iter.Seq2[sbom.Component, error] {
	return func(yield func(sbom.Component, error) bool) {
		for after := 0; ; {
			parts, err := db.All(v, scanWhole, `SELECT `+partColumns+`, c.facts FROM visible.devices_sboms s JOIN devices_components c ON c.sbom = s.n WHERE s.n = $1 AND c.part > $2 ORDER BY c.part LIMIT 2000`, n, after)
			if err != nil {
				yield(sbom.Component{}, err)
				return
			}
			if len(parts) == 0 {
				return
			}
			for _, p := range parts {
				if !yield(p.Component, nil) {
					return
				}
			}
			after = parts[len(parts)-1].Number
		}
	}
}

// maxDiff is how many components two SBOMs may have together to be compared on a page.
const maxDiff = 200_000

// DiffSBOMs tells what changed from one SBOM to another that the viewer may read.
func (x *Devices) DiffSBOMs(v *db.View, from, to string) (sbom.Change, error) {
	var lists [2][]sbom.Component
	total := 0
	for i, id := range []string{from, to} {
		b, err := x.SBOM(v, id)
		if err != nil {
			return sbom.Change{}, err
		}
		if b.State != SBOMDone {
			return sbom.Change{}, fault.Conflictf("One of the SBOMs has not been read. Compare them when it is.")
		}
		if total += b.Components; total > maxDiff {
			return sbom.Change{}, fault.Invalidf("The two SBOMs have more than %d components together; that many are not compared.", maxDiff)
		}
		for c, err := range x.each(v, b.n) {
			if err != nil {
				return sbom.Change{}, err
			}
			lists[i] = append(lists[i], c)
		}
	}
	return sbom.Diff(lists[0], lists[1]), nil
}

// Holds is a component that some product is made of.
type Holds struct {
	Product Product
	SBOM    *SBOM
	Part
}

// Containing answers "which products contain X?": components of the newest SBOM,
// that the viewer may read, of each product's version, by name, package URL or CPE.
func (x *Devices) Containing(v *db.View, what string, limit int) ([]Holds, error) {
	what = strings.TrimSpace(what)
	p := Part{Component: sbom.Component{Name: what}}
	switch {
	case strings.HasPrefix(what, "pkg:"):
		p = Part{Component: sbom.Component{PURL: what}}
	case strings.HasPrefix(what, "cpe:"):
		p = Part{Component: sbom.Component{CPE: []string{what}}}
	}
	keys := p.Keys()
	if len(keys) == 0 {
		return nil, fault.InvalidField("q", "Give the name of a component, a package URL (pkg:…) or a CPE (cpe:…).")
	}
	// The index gives the newest first, and the reading ends when there are enough.
	parts, err := db.All(v, scanPart, `SELECT `+partColumns+` FROM devices_keys k CROSS JOIN visible.devices_sboms s CROSS JOIN devices_components c
		WHERE k.key = $1 AND s.n = k.sbom AND c.sbom = k.sbom AND c.part = k.part
		AND s.state = 'done' AND NOT EXISTS (SELECT 1 FROM visible.devices_sboms w WHERE w.product = s.product AND w.folded = s.folded AND w.state = 'done' AND w.at >= s.at AND (w.at > s.at OR w.id > s.id))
		ORDER BY k.sbom DESC, k.part DESC LIMIT $2`, names.Hash(keys[0]), page(limit))
	if err != nil {
		return nil, err
	}
	parts = slices.DeleteFunc(parts, func(c Part) bool { return !slices.Contains(c.Keys(), keys[0]) }) // two keys with one hash
	slices.SortStableFunc(parts, func(a, b Part) int { return cmp.Or(cmp.Compare(b.SBOM, a.SBOM), cmp.Compare(a.Number, b.Number)) })
	numbers := make([]int64, len(parts))
	for i, c := range parts {
		numbers[i] = c.SBOM
	}
	found, err := db.All(v, scanSBOM(v), `SELECT `+sbomColumns+` FROM visible.devices_sboms s WHERE s.n IN (SELECT CAST(value AS BIGINT) FROM json_each($1))`, hashes(numbers))
	if err != nil {
		return nil, err
	}
	sboms := map[int64]*SBOM{}
	var ids []string
	for _, b := range found {
		sboms[b.n], ids = b, append(ids, b.Product)
	}
	products, err := x.ProductsOf(v, ids)
	if err != nil {
		return nil, err
	}
	out := make([]Holds, 0, len(parts))
	for _, c := range parts {
		if b := sboms[c.SBOM]; b != nil {
			d, ok := products[b.Product]
			if !ok {
				d = Product{ID: b.Product} // its SBOM is shared and the product is not
			}
			out = append(out, Holds{d, b, c})
		}
	}
	return out, nil
}

// OpenSBOM opens the file of an SBOM as it was sent.
func (x *Devices) OpenSBOM(ctx context.Context, v *db.View, id string) (*SBOM, io.ReadSeekCloser, error) {
	b, err := x.SBOM(v, id)
	if err != nil {
		return nil, nil, err
	}
	f, err := x.open(ctx, b.file, b.key)
	return b, f, err
}
