package intel

import (
	"slices"

	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
)

const (
	// MaxHops is how long a way between two objects is at most.
	MaxHops = 4
	// maxFrontier is how many objects are asked about at each step from one end.
	maxFrontier = 200
)

// Path finds a shortest way between two objects along what the viewer may see,
// and shows the objects on it. Nodes is empty if there is none within MaxHops; of
// objects with very many ties the newest are followed.
func (x *Intel) Path(v *db.View, a, b string) (Graph, error) {
	ends, err := x.Objects(v, []string{a, b})
	if err != nil {
		return Graph{}, err
	}
	w := web{nodes: map[string]*Object{}, depth: map[string]int{}, over: map[Group]int{}}
	for i := range ends {
		w.nodes[ends[i].ID] = &ends[i]
	}
	if w.nodes[a] == nil || w.nodes[b] == nil {
		return Graph{}, fault.ErrMissing
	}
	sides := [2]side{{frontier: []string{a}, from: map[string]Edge{a: {}}}, {frontier: []string{b}, from: map[string]Edge{b: {}}}}
	meet := ""
	if a == b {
		meet = a
	}
	for hop := 0; hop < MaxHops && meet == ""; hop++ {
		// The smaller side goes on; which one is the same each time.
		s, t := &sides[0], &sides[1]
		if len(t.frontier) < len(s.frontier) {
			s, t = t, s
		}
		near, edges, more, err := x.around(v, s.frontier, w.nodes)
		if err != nil {
			return Graph{}, err
		}
		w.more = w.more || more
		for id, o := range near {
			w.nodes[id] = o
		}
		meet = s.step(edges, t)
		if len(s.frontier) > maxFrontier {
			s.frontier, w.more = s.frontier[:maxFrontier], true
		}
	}
	if meet == "" {
		return Graph{More: w.more}, nil
	}
	way := append(sides[0].way(meet), meet)
	back := sides[1].way(meet)
	slices.Reverse(back)
	way = append(way, back...)
	w.order = append(w.order, way...)
	for _, s := range sides {
		for id := meet; s.from[id].From != ""; {
			e := s.from[id]
			w.edges = append(w.edges, e)
			id = e.other(id)
		}
	}
	w.more = false // what was not followed is not on the way
	w.centers = 0
	g := w.graph()
	for i := range g.Nodes { // along a line, from a to b
		g.Nodes[i].Center = g.Nodes[i].ID == a || g.Nodes[i].ID == b
		g.Nodes[i].Y = 0.5
		if n := len(g.Nodes); n > 1 {
			g.Nodes[i].X = 0.1 + 0.8*float64(i)/float64(n-1)
		}
	}
	g.List = list(g)
	return g, nil
}

// side is one end of a search for a way.
type side struct {
	frontier []string
	from     map[string]Edge // by which edge a node was reached; none for the end itself
}

func (e Edge) other(id string) string {
	if e.From == id {
		return e.To
	}
	return e.From
}

// step reaches what is tied to the frontier, and gives a node that the other side
// has reached too.
func (s *side) step(edges []Edge, t *side) (meet string) {
	slices.SortFunc(edges, func(a, b Edge) int { return slices.Compare(keyOf(a), keyOf(b)) })
	var next []string
	for _, e := range edges {
		for _, ends := range [][2]string{{e.From, e.To}, {e.To, e.From}} {
			if _, known := s.from[ends[1]]; known || !slices.Contains(s.frontier, ends[0]) {
				continue
			}
			s.from[ends[1]] = e
			next = append(next, ends[1])
			if _, ok := t.from[ends[1]]; ok && meet == "" {
				meet = ends[1]
			}
		}
	}
	s.frontier = next
	return meet
}

func keyOf(e Edge) []string { return []string{e.From, e.To, e.Kind, e.ID} }

// way is the nodes from the side's end to a node, which is left out.
func (s *side) way(to string) (way []string) {
	for id := to; s.from[id].From != ""; {
		id = s.from[id].other(id)
		way = append(way, id)
	}
	slices.Reverse(way)
	return way
}
