package web

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/cordon-isao/cordon/intel"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

// intelGraphView is what the graph's page is drawn from.
type intelGraphView struct {
	Tabs     []ui.Tab
	IDs      []string // asked for
	Hops     int
	From, To string // a way between two was asked for
	G        intel.Graph
	Picture  ui.Graph
	Hidden   int
}

// Way reports whether the page shows a way between two objects.
func (x intelGraphView) Way() bool { return x.From != "" && x.To != "" }

// intelGraph draws objects with what is tied to them, or the shortest way between
// two. What the reader may not see leaves no trace in it.
func (c *Ctx) intelGraph() error {
	q := c.R.URL.Query()
	x := intelGraphView{Hops: 1, From: q.Get("from"), To: q.Get("to")}
	if q.Get("hops") == "2" {
		x.Hops = 2
	}
	for _, v := range q["ids"] {
		for id := range strings.SplitSeq(v, ",") {
			if id = strings.TrimSpace(id); id != "" && !slices.Contains(x.IDs, id) {
				x.IDs = append(x.IDs, id)
			}
		}
	}
	if len(x.IDs) > intel.MaxCenters {
		return fault.InvalidField("ids", "A graph opens from at most %d objects. Choose fewer.", intel.MaxCenters)
	}
	for _, id := range append([]string{x.From, x.To}, x.IDs...) {
		if id != "" && !intel.ValidID(id) {
			return fault.InvalidField("ids", "One of the ids is no STIX id: a type, two hyphens and a UUID.")
		}
	}
	var err error
	if x.Tabs, err = c.intelTabs(intelAtSearch); err != nil {
		return err
	}
	switch {
	case x.Way():
		x.G, err = c.Intel.Path(c.View, x.From, x.To)
	case len(x.IDs) > 0:
		x.G, err = c.Intel.Graph(c.View, x.IDs, x.Hops)
	}
	if err != nil {
		return err
	}
	g, err := c.gate()
	if err != nil {
		return err
	}
	x.G, x.Hidden = openGraph(x.G, g)
	x.Picture = x.picture()
	return c.show(Page{Title: "Graph", Kind: "intel-graph", Label: policy.Label{TLP: strictestNode(x.G)}, Body: intelGraphBody(x)})
}

// openGraph leaves out what a second passkey would open, with its ties.
func openGraph(g intel.Graph, gate gate) (intel.Graph, int) {
	shut := map[string]bool{}
	for _, n := range g.Nodes {
		if gate.hides(n.Label) {
			shut[n.ID] = true
		}
	}
	hidden := len(shut)
	closed := func(e intel.Edge) bool { return shut[e.From] || shut[e.To] || gate.hides(e.Label) }
	g.Nodes = slices.DeleteFunc(g.Nodes, func(n intel.Node) bool { return shut[n.ID] })
	g.Edges = slices.DeleteFunc(g.Edges, closed)
	g.Groups = slices.DeleteFunc(g.Groups, func(x intel.Group) bool { return shut[x.At] })
	g.List = slices.DeleteFunc(g.List, func(b intel.Branch) bool { return shut[b.Node.ID] })
	for i := range g.List {
		g.List[i].Ties = slices.DeleteFunc(g.List[i].Ties, func(t intel.Tie) bool { return closed(t.Edge) })
	}
	return g, hidden
}

// strictestNode is the strictest label in a graph.
func strictestNode(g intel.Graph) (t policy.TLP) {
	for _, n := range g.Nodes {
		t = stricter(policy.Label{TLP: t}, n.Label.TLP).TLP
	}
	for _, e := range g.Edges {
		t = stricter(policy.Label{TLP: t}, e.Label.TLP).TLP
	}
	return t
}

// graphAt is the address of a graph that opens from some objects.
func graphAt(ids []string, hops int) string {
	v := url.Values{"ids": {strings.Join(ids, ",")}}
	if hops > 1 {
		v.Set("hops", strconv.Itoa(hops))
	}
	return "/intel/graph?" + v.Encode()
}

// with is the address of the same graph that opens from one object more.
func (x intelGraphView) with(id string) string {
	ids := slices.Clone(x.IDs)
	if len(ids) == 0 {
		for _, n := range x.G.Nodes {
			if n.Center {
				ids = append(ids, n.ID)
			}
		}
	}
	return graphAt(append(ids, id), x.Hops)
}

// expands reports whether a node can be opened further.
func (x intelGraphView) expands(n intel.Node) bool {
	return !n.Center && len(x.IDs) < intel.MaxCenters
}

// picture is the graph as the kit draws it.
func (x intelGraphView) picture() ui.Graph {
	p := ui.Graph{Finding: graphFinding(x)}
	keys := map[string]string{}
	for i, n := range x.G.Nodes {
		keys[n.ID] = strconv.Itoa(i)
		node := ui.GraphNode{Key: keys[n.ID], Name: objectTitle(n.Name, n.Type, n.ID), Kind: intelTypeWords(n.Type), Shape: graphShape(n.Type), Label: string(n.Label.TLP), Center: n.Center, Faint: n.Revoked, X: n.X, Y: n.Y,
			Href: objectAt(n.ID), Does: "Open", Note: groupsAt(x.G.Groups, n.ID)}
		if x.expands(n) {
			node.Href, node.Does = x.with(n.ID), "Add what belongs to it"
		}
		p.Nodes = append(p.Nodes, node)
	}
	for _, e := range x.G.Edges {
		p.Edges = append(p.Edges, ui.GraphEdge{From: keys[e.From], To: keys[e.To], Kind: unhyphened(e.Kind)})
	}
	return p
}

func graphFinding(x intelGraphView) string {
	s := fmt.Sprintf("%s, %s", ui.Count(len(x.G.Nodes), "object", "objects"), ui.Count(len(x.G.Edges), "tie", "ties"))
	if left := leftOut(x.G); left > 0 {
		s += fmt.Sprintf("; %s more beside them", ui.Number(left))
	}
	return s
}

// leftOut counts what is grouped instead of drawn.
func leftOut(g intel.Graph) (n int) {
	for _, x := range g.Groups {
		n += x.Count
	}
	return n
}

// groupsAt says what hangs on a node and is not drawn: "+ 40 indicators".
func groupsAt(groups []intel.Group, id string) string {
	var parts []string
	for _, g := range groups {
		if g.At == id {
			parts = append(parts, groupWords(g))
		}
	}
	return strings.Join(parts, ", ")
}

func groupWords(g intel.Group) string {
	return "+ " + ui.Count(g.Count, intelTypeWords(g.Type), typesWords(g.Type))
}

// typesWords is a type in words, for several.
func typesWords(typ string) string {
	w := intelTypeWords(typ)
	switch {
	case strings.HasSuffix(w, "y"):
		return strings.TrimSuffix(w, "y") + "ies"
	case strings.HasSuffix(w, "s"), w == "malware", w == "software", w == "infrastructure", w == "network traffic", w == "observed data":
		return w
	}
	return w + "s"
}

// graphShape is the shape of a type.
func graphShape(typ string) string {
	switch typ {
	case "indicator", "vulnerability":
		return typ
	case "threat-actor", "intrusion-set", "campaign":
		return "actor"
	case "malware", "tool", "malware-analysis", "infrastructure":
		return "malware"
	case "attack-pattern", "x-mitre-tactic", "x-mitre-matrix":
		return "technique"
	case "observed-data", "sighting":
		return "observed"
	case "report", "note", "opinion", "grouping", "incident":
		return "text"
	case "course-of-action":
		return "action"
	case "identity", "location":
		return "party"
	}
	return "thing"
}
