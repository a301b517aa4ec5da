package web

import (
	"slices"

	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/web/ui"
)

const (
	treeParts = 500 // components that a whole tree shows
	treeLines = 300 // lines of a tree
)

// treeView is the part of an SBOM's tree that a page shows.
type treeView struct {
	SBOM *devices.SBOM
	Rows []treeLine
	All  bool   // not only the paths to a match
	Hits int    // components with an open finding
	Cut  bool   // there are more lines
	Href string // shows the other of paths and whole tree
}

// treeLine is one component in the tree.
type treeLine struct {
	P     devices.Part
	Level int // from 1
	Under int // components below it in this picture
	Found []findingRow
}

// productTree is the tree of a product's newest SBOM that was read; nil if it has
// none.
func (c *Ctx) productTree(sboms []*devices.SBOM, found []findingRow) (*treeView, error) {
	i := slices.IndexFunc(sboms, func(b *devices.SBOM) bool { return b.State == devices.SBOMDone })
	if i < 0 {
		return nil, nil
	}
	return c.tree(sboms[i], found, false)
}

// tree is the paths of an SBOM to what has an open finding, or all of it.
func (c *Ctx) tree(b *devices.SBOM, found []findingRow, all bool) (*treeView, error) {
	x := &treeView{SBOM: b, All: all, Href: sbomAt(b.ID) + "?show=tree"}
	if !all {
		x.Href += "&all=1"
	}
	hits := map[int][]findingRow{}
	for _, f := range found {
		if f.SBOM == b.ID && f.Open {
			hits[f.Part.Number] = append(hits[f.Part.Number], f)
		}
	}
	x.Hits = len(hits)
	var parts []int
	if all {
		some, err := c.Devices.Components(c.View, b.ID, "", 0, treeParts)
		if err != nil {
			return nil, err
		}
		for _, p := range some {
			parts = append(parts, p.Number)
		}
		x.Cut = b.Components > len(parts)
	} else {
		for n := range hits {
			parts = append(parts, n)
		}
		slices.Sort(parts)
	}
	if len(parts) == 0 {
		return x, nil
	}
	t, err := c.Devices.Paths(c.View, b.ID, parts)
	if err != nil {
		return nil, err
	}
	var walk func(n, level int)
	walk = func(n, level int) {
		if len(x.Rows) == treeLines {
			x.Cut = true
			return
		}
		x.Rows = append(x.Rows, treeLine{P: t.Parts[n], Level: level, Under: len(t.Under[n]), Found: hits[n]})
		for _, below := range t.Under[n] {
			walk(below, level+1)
		}
	}
	for _, top := range t.Tops {
		walk(top, 1)
	}
	return x, nil
}

// finding says in a sentence what the tree shows.
func (x treeView) finding() string {
	switch {
	case x.All && x.Hits == 0:
		return "What it is made of. No component has an open finding."
	case x.All:
		return "What it is made of. " + ui.Count(x.Hits, "component has", "components have") + " an open finding."
	case x.Hits == 0:
		return "No path leads to an open finding."
	}
	return ui.Count(x.Hits, "component with an open finding, and its path", "components with an open finding, and their paths") + "."
}
