package devices

import (
	"slices"

	"github.com/cordon-isao/cordon/internal/db"
)

// Tree is how the components of an SBOM hang together, as far as it is asked for.
type Tree struct {
	Root  int // part; 0 = the document names no root
	Parts map[int]Part
	Under map[int][]int // parts by the part that contains or needs them, in order
	Tops  []int         // parts that nothing of the tree contains: the root first
}

// maxTree is how many relationships of an SBOM are looked at for its tree.
const maxTree = 1_000_000

// Paths is the part of an SBOM's tree that leads to some components: for each of them
// the shortest way from the root, or from whatever it hangs under.
func (x *Devices) Paths(v *db.View, id string, parts []int) (Tree, error) {
	b, err := x.SBOM(v, id)
	if err != nil {
		return Tree{}, err
	}
	above := map[int]int{} // for each part on a way: the part above it, 0 at the top
	ups, err := x.nearest(v, b, parts)
	if err != nil {
		return Tree{}, err
	}
	t := Tree{Root: b.Root, Parts: map[int]Part{}, Under: map[int][]int{}}
	for _, way := range ups {
		for i, p := range way { // from the top down
			if i == 0 {
				above[p] = 0
			} else if _, ok := above[p]; !ok {
				above[p] = way[i-1]
			}
		}
	}
	var all []int
	for p, up := range above {
		all = append(all, p)
		if up == 0 {
			t.Tops = append(t.Tops, p)
		} else {
			t.Under[up] = append(t.Under[up], p)
		}
	}
	for up := range t.Under {
		slices.Sort(t.Under[up])
	}
	slices.SortFunc(t.Tops, func(a, c int) int {
		if (a == b.Root) != (c == b.Root) {
			if a == b.Root {
				return -1
			}
			return 1
		}
		return a - c
	})
	list := make([]int64, len(all))
	for i, p := range all {
		list[i] = int64(p)
	}
	rows, err := db.All(v, scanPart, `SELECT `+partColumns+` FROM visible.devices_sboms s JOIN devices_components c ON c.sbom = s.n WHERE s.n = $1 AND c.part IN (SELECT CAST(value AS BIGINT) FROM json_each($2))`, b.n, hashes(list))
	for _, p := range rows {
		t.Parts[p.Number] = p
	}
	return t, err
}

// PathTo is the shortest way from an SBOM's root to a component, both included; it
// begins elsewhere if the document does not join them.
func (x *Devices) PathTo(v *db.View, id string, part int) ([]Part, error) {
	t, err := x.Paths(v, id, []int{part})
	if err != nil {
		return nil, err
	}
	var path []Part
	for at := t.Tops; len(at) > 0; at = t.Under[at[0]] {
		path = append(path, t.Parts[at[0]])
	}
	return path, nil
}

// nearest gives for each part its shortest way from the top. It reads the
// relationships once.
func (x *Devices) nearest(v *db.View, b *SBOM, parts []int) (ways [][]int, err error) {
	up, down := map[int][]int{}, map[int][]int{}
	n := 0
	err = v.Each(`SELECT e.child, e.parent FROM visible.devices_sboms s JOIN devices_edges e ON e.sbom = s.n WHERE s.n = $1 ORDER BY e.child, e.parent LIMIT $2`, []any{b.n, maxTree}, func(s db.Scanner) error {
		var child, parent int
		if err := s.Scan(&child, &parent); err != nil {
			return err
		}
		n++
		up[child] = append(up[child], parent)
		down[parent] = append(down[parent], child)
		return nil
	})
	if err != nil {
		return nil, err
	}
	// Breadth first from the root: the part above each, on its shortest way.
	from := map[int]int{}
	walk := func(start int) {
		from[start] = 0
		for queue := []int{start}; len(queue) > 0; queue = queue[1:] {
			for _, c := range down[queue[0]] {
				if _, ok := from[c]; !ok {
					from[c] = queue[0]
					queue = append(queue, c)
				}
			}
		}
	}
	if b.Root != 0 {
		walk(b.Root)
	}
	for _, p := range parts {
		if _, ok := from[p]; !ok { // it hangs under something that the root does not reach
			top, seen := p, map[int]bool{p: true}
			for len(up[top]) > 0 {
				next := slices.IndexFunc(up[top], func(q int) bool { return !seen[q] })
				if next < 0 {
					break
				}
				top = up[top][next]
				seen[top] = true
			}
			walk(top)
		}
		var way []int
		for at := p; at != 0 && len(way) < 1000; at = from[at] {
			way = append(way, at)
		}
		slices.Reverse(way)
		ways = append(ways, way)
	}
	return ways, nil
}
