package intel

import (
	"cmp"
	"math"
	"slices"
)

// place gives every node its place, from the graph alone: what was asked for in
// the middle, everything else on rings around it, near what it is tied to and
// beside its own kind. Nothing is left to chance, so the same graph looks the same
// each time and to everybody who sees the same.
func place(nodes []Node, edges []Edge) {
	var inner, outer []int
	for i := range nodes {
		if nodes[i].Center {
			inner = append(inner, i)
		} else {
			outer = append(outer, i)
		}
	}
	at := map[string]int{}
	for i, n := range nodes {
		at[n.ID] = i
	}
	ring(nodes, inner, pick(len(inner) == 1, 0, 0.10), -math.Pi/2)

	// The angle of what a node hangs on pulls it to that side.
	side := make([]float64, len(nodes))
	for _, i := range outer {
		var dx, dy float64
		for _, e := range edges {
			other := ""
			if e.From == nodes[i].ID {
				other = e.To
			} else if e.To == nodes[i].ID {
				other = e.From
			}
			if j, ok := at[other]; ok && nodes[j].Center {
				dx, dy = dx+nodes[j].X-0.5, dy+nodes[j].Y-0.5
			}
		}
		if len(inner) > 1 && math.Hypot(dx, dy) > 1e-9 {
			side[i] = math.Atan2(dy, dx) + math.Pi
		}
	}
	slices.SortStableFunc(outer, func(a, b int) int {
		return cmp.Or(cmp.Compare(math.Round(side[a]*1e6), math.Round(side[b]*1e6)), cmp.Compare(a, b))
	})
	// Rings with room for each node; the last takes what is left.
	rings := []struct {
		radius float64
		room   int
	}{{0.22, 14}, {0.31, 26}, {0.39, 42}, {0.47, MaxNodes}}
	for k, r := range rings {
		part := every(&outer, r.room)
		if k == 0 && len(outer) == 0 {
			r.radius = 0.34 // few: use the room there is
		}
		ring(nodes, part, r.radius, -math.Pi/2+float64(k)*0.2)
	}
}

// every takes n of the list, spread evenly over it, so that each ring keeps the
// order of sides.
func every(list *[]int, n int) []int {
	all := *list
	if n >= len(all) {
		*list = nil
		return all
	}
	var taken, rest []int
	for i, x := range all {
		if (i+1)*n/len(all) > i*n/len(all) {
			taken = append(taken, x)
		} else {
			rest = append(rest, x)
		}
	}
	*list = rest
	return taken
}

// ring spreads nodes evenly over a circle.
func ring(nodes []Node, part []int, radius, from float64) {
	for i, n := range part {
		angle := from + 2*math.Pi*float64(i)/float64(len(part))
		// Rounded, so that no machine's last digit shows.
		nodes[n].X = math.Round((0.5+radius*math.Cos(angle))*1e4) / 1e4
		nodes[n].Y = math.Round((0.5+radius*math.Sin(angle))*1e4) / 1e4
	}
}
