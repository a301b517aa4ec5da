package ui

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// star is a node in the middle with n around it, all near one another.
func star(n int) (g Graph) {
	g.Nodes = append(g.Nodes, GraphNode{Key: "0", Name: "Middle", Kind: "malware", Shape: "malware", Label: "AMBER+STRICT", Href: "/0", Center: true, X: .5, Y: .5})
	for i := range n {
		a := 2 * math.Pi * float64(i) / float64(n)
		key := fmt.Sprint(i + 1)
		g.Nodes = append(g.Nodes, GraphNode{Key: key, Name: "Node <" + key + ">", Kind: "indicator", Shape: "indicator", Label: "GREEN", Href: "/" + key, X: .5 + .1*math.Cos(a), Y: .5 + .1*math.Sin(a)})
		g.Edges = append(g.Edges, GraphEdge{From: key, To: "0", Kind: "indicates"})
	}
	return g
}

// TestGraphSpread: nodes lie on the plane, each time in the same place, and no two
// cover one another.
func TestGraphSpread(t *testing.T) {
	for _, n := range []int{0, 1, 3, 12, 20} {
		v := star(n).view()
		if diff := cmp.Diff(v.Nodes, star(n).view().Nodes); diff != "" {
			t.Errorf("%d nodes lie elsewhere the second time: %s", n, diff)
		}
		covered := 0
		for i, a := range v.Nodes {
			if a.X < 0 || a.X > 1 || a.Y < 0 || a.Y > 1 {
				t.Errorf("%d nodes: %s lies at %v, %v", n, a.Key, a.X, a.Y)
			}
			for _, b := range v.Nodes[:i] {
				if math.Abs(a.X-b.X)*planeWidth*(1-2*planeMargin) < shapeWide && math.Abs(a.Y-b.Y)*380*(1-planeTop-planeBottom) < shapeHigh {
					covered++
				}
			}
		}
		if covered > 0 {
			t.Errorf("of %d nodes, %d pairs cover one another", n, covered)
		}
	}
}

// TestGraphPicture: everything of a node is said in words, its name is escaped, and
// neighbours are named for the arrow keys.
func TestGraphPicture(t *testing.T) {
	var b bytes.Buffer
	if err := GraphPicture(star(3)).Render(context.Background(), &b); err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{"4 objects, 3 ties.", "Middle, malware, TLP:AMBER+STRICT", "Node &lt;1&gt;, indicator, TLP:GREEN", `data-ties="graph-1 graph-2 graph-3"`, `data-ties="graph-0"`} {
		if !strings.Contains(b.String(), s) {
			t.Errorf("the picture lacks %q", s)
		}
	}
	if strings.Contains(b.String(), "style=") {
		t.Error("the picture has an inline style, which the policy blocks")
	}
}
