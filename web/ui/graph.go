package ui

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// A Graph is objects and how they are tied. It is drawn for eyes; [GraphList]
// says the same for everybody.
type Graph struct {
	ID      string // "" means "graph". Unique on its page
	Finding string // what it shows, in one sentence; "" counts it
	Nodes   []GraphNode
	Edges   []GraphEdge
}

// A GraphNode is one object. X and Y lie between 0 and 1.
type GraphNode struct {
	Key    string // in this picture
	Name   string
	Kind   string // its type in words
	Shape  string // see [GraphShapes]; another one is drawn as "thing"
	Label  string // TLP label
	Href   string // where pressing it leads
	Does   string // what pressing it does: "Open", "Add what belongs to"
	Note   string // such as "+ 40 indicators"; may be empty
	Center bool
	Faint  bool // it no longer holds
	X, Y   float64
}

// A GraphEdge leads from a node to another, by their keys.
type GraphEdge struct{ From, To, Kind string }

// graphShapes are drawn around the middle of a node, in px: shape, words for the
// legend, path.
var graphShapes = []struct{ name, words, path string }{
	{"indicator", "indicator", "M0-11 11 0 0 11-11 0z"},
	{"actor", "actor or campaign", "M0-11 11 8H-11z"},
	{"malware", "malware or tool", "M-6-10H6L12 0 6 10H-6L-12 0z"},
	{"technique", "technique or tactic", "M-9-9H9V9H-9z"},
	{"vulnerability", "vulnerability", "M0-11 11-3 7 10H-7L-11-3z"},
	{"observed", "observed", "M-12-7H12V7H-12z"},
	{"text", "report or note", "M-8-10H4L9-5V10H-8z"},
	{"action", "course of action", "M-9-10H9V1C9 6 4 9 0 11-4 9-9 6-9 1z"},
	{"party", "organization or place", "M0-10A10 10 0 1 1 0 10 10 10 0 1 1 0-10z"},
	{"thing", "other", "M0-7A7 7 0 1 1 0 7 7 7 0 1 1 0-7z"},
}

// GraphShapes returns the names that the field Shape accepts.
func GraphShapes() (names []string) {
	for _, s := range graphShapes {
		names = append(names, s.name)
	}
	return names
}

// Beyond crowded nodes, names are shown of the nodes that were asked for, and of
// the one that is rested on; beyond worded edges, their kinds likewise.
const (
	crowded = 36
	worded  = 12
)

// The plane's width in px, for which nodes are kept apart; and the room that a node
// takes with its name and label, or alone.
const (
	planeWidth            = 780
	wordsWide, wordsHigh  = 128, 66
	shapeWide, shapeHigh  = 34, 30
	planeMargin           = 0.08
	planeTop, planeBottom = 0.06, 0.13
)

func (g Graph) id() string { return or(g.ID, "graph") }

func (g Graph) finding() string {
	return sentence(or(g.Finding, fmt.Sprintf("%s, %s", Count(len(g.Nodes), "object", "objects"), Count(len(g.Edges), "tie", "ties"))))
}

func (n GraphNode) shape() int {
	if i := slices.IndexFunc(graphShapes, func(s struct{ name, words, path string }) bool { return s.name == n.Shape }); i >= 0 {
		return i
	}
	return len(graphShapes) - 1
}

// name is what is read out: everything that the picture says of the node.
func (n GraphNode) words() string {
	s := n.Name + ", " + n.Kind + ", " + TLPText(n.Label)
	if n.Faint {
		s += ", revoked"
	}
	if n.Note != "" {
		s += ", " + n.Note
	}
	if n.Does != "" {
		s = n.Does + ": " + s
	}
	return s
}

// graphView is a graph with what its drawing needs.
type graphView struct {
	Graph
	height  string
	at      map[string]GraphNode
	ties    map[string]string // by node: the elements of its neighbours
	shapes  []int             // that occur, in the legend's order
	counts  []int
	crowded bool
	worded  bool
}

func (g Graph) view() graphView {
	v := graphView{Graph: g, at: map[string]GraphNode{}, ties: map[string]string{}, counts: make([]int, len(graphShapes)), crowded: len(g.Nodes) > crowded, worded: len(g.Edges) <= worded}
	height := min(max(380, 30*len(g.Nodes)), 900)
	v.height = fmt.Sprint(height)
	v.Nodes = spread(g.Nodes, float64(height), v.crowded)
	for _, n := range v.Nodes {
		v.at[n.Key] = n
		v.counts[n.shape()]++
	}
	neighbours := map[string][]string{}
	for _, e := range g.Edges {
		neighbours[e.From] = append(neighbours[e.From], g.element(e.To))
		neighbours[e.To] = append(neighbours[e.To], g.element(e.From))
	}
	for k, list := range neighbours {
		slices.Sort(list)
		v.ties[k] = strings.Join(slices.Compact(list), " ")
	}
	for i := range graphShapes {
		if v.counts[i] > 0 {
			v.shapes = append(v.shapes, i)
		}
	}
	return v
}

// element is the id of a node's element.
func (g Graph) element(key string) string { return g.id() + "-" + key }

// graphX and graphY keep the nodes and their words off the edges of the plane.
func graphX(x float64) string {
	return percent(100 * (planeMargin + (1-2*planeMargin)*min(max(x, 0), 1)))
}
func graphY(y float64) string {
	return percent(100 * (planeTop + (1-planeTop-planeBottom)*min(max(y, 0), 1)))
}

// spread fills the plane with the nodes and moves those apart that would cover one
// another. The same nodes are always moved to the same places.
func spread(nodes []GraphNode, height float64, crowded bool) []GraphNode {
	nodes = slices.Clone(nodes)
	if len(nodes) < 2 {
		for i := range nodes {
			nodes[i].X, nodes[i].Y = .5, .5
		}
		return nodes
	}
	width := planeWidth * (1 - 2*planeMargin)
	height *= 1 - planeTop - planeBottom
	fill(nodes, func(n *GraphNode) *float64 { return &n.X })
	fill(nodes, func(n *GraphNode) *float64 { return &n.Y })
	w, h := wordsWide/width, wordsHigh/height
	if crowded {
		w, h = shapeWide/width, shapeHigh/height
	}
	for range 80 {
		moved := false
		for i := range nodes {
			for j := range i {
				a, b := &nodes[i], &nodes[j]
				dx, dy := a.X-b.X, a.Y-b.Y
				overX, overY := w-math.Abs(dx), h-math.Abs(dy)
				if overX <= 0 || overY <= 0 {
					continue
				}
				moved = true
				// Apart along the shorter way, each by half.
				if overX/w < overY/h {
					step := math.Copysign(overX/2+.001, dx)
					a.X, b.X = inside(a.X+step), inside(b.X-step)
				} else {
					step := math.Copysign(overY/2+.001, dy)
					a.Y, b.Y = inside(a.Y+step), inside(b.Y-step)
				}
			}
		}
		if !moved {
			break
		}
	}
	return nodes
}

// fill stretches one coordinate to the whole of its range.
func fill(nodes []GraphNode, of func(*GraphNode) *float64) {
	low, high := *of(&nodes[0]), *of(&nodes[0])
	for i := range nodes {
		low, high = min(low, *of(&nodes[i])), max(high, *of(&nodes[i]))
	}
	for i := range nodes {
		if x := of(&nodes[i]); high > low {
			*x = (*x - low) / (high - low)
		} else {
			*x = .5
		}
	}
}

func inside(x float64) float64 { return min(max(x, 0), 1) }

func middle(a, b float64) float64 { return (a + b) / 2 }

// short cuts a node's name to what has room under it.
func shortName(s string) string {
	const most = 24
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}

// chipWidth is about the width of a label in px.
func chipWidth(label string) int { return 8*len(TLPText(label)) + 6 }
