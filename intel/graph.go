package intel

import (
	"cmp"
	"slices"
	"strings"

	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
)

const (
	// MaxNodes is how many objects a graph shows; more are grouped by type.
	MaxNodes = 150
	// MaxCenters is how many objects a graph is opened from.
	MaxCenters = 20
	// maxTies is how many objects that refer to those asked about are looked at,
	// the newest first.
	maxTies = 600
	// maxExpanded is how many neighbours are asked about for a second hop.
	maxExpanded = 40
)

// Graph is objects and how they are tied, laid out the same way each time.
type Graph struct {
	Nodes  []Node
	Edges  []Edge
	Groups []Group      // what is left out beyond MaxNodes
	More   bool         // something was left out, and how much is not known
	List   []Branch     // the same as a nested list
	Label  policy.Label // the strictest marking of everything shown; its audience is not set
}

// Node is one object. X and Y lie between 0 and 1.
type Node struct {
	ID, Type, Name string
	Label          policy.Label
	Revoked        bool
	Center         bool // it was asked for
	X, Y           float64
}

// Edge ties two nodes. ID is the relationship object's, or "" for a reference
// within an object, whose label it then has.
type Edge struct {
	From, To string // ids of nodes
	Kind     string // "indicates", "sighting of", "object"
	ID       string
	Label    policy.Label
}

// Group stands for what is not drawn one by one: "+ 40 indicators".
type Group struct {
	At    string // id of the node it hangs on
	Type  string
	Count int
}

// Branch is a node and what it is tied to. Every edge stands at one node only, so
// the list has as many lines as the picture has edges.
type Branch struct {
	Node   Node
	Ties   []Tie
	Groups []Group
}

// Tie is one edge from a branch's node.
type Tie struct {
	Edge Edge
	Back bool // the edge leads to the branch's node
	To   Node
}

// Graph opens from some objects, with what is tied to them within one hop or two.
// What the viewer may not see is not there, and neither is anything that would
// show where it was; ids of such objects are passed over.
func (x *Intel) Graph(v *db.View, ids []string, hops int) (Graph, error) {
	if len(ids) > MaxCenters {
		return Graph{}, fault.InvalidField("ids", "A graph opens from at most %d objects. Choose fewer.", MaxCenters)
	}
	w := web{nodes: map[string]*Object{}, depth: map[string]int{}, over: map[Group]int{}}
	centers, err := x.Objects(v, ids)
	if err != nil {
		return Graph{}, err
	}
	// A relationship is an edge: its ends are what it is opened from.
	var ends []string
	for i := 0; i < len(centers); i++ {
		if o := centers[i]; o.Type == "relationship" {
			ends = append(ends, o.Source, o.Target)
			centers = slices.Delete(centers, i, i+1)
			i--
		}
	}
	if ends != nil {
		more, err := x.Objects(v, ends)
		if err != nil {
			return Graph{}, err
		}
		centers = append(centers, more...)
	}
	slices.SortFunc(centers, byName)
	for i := range centers {
		if w.nodes[centers[i].ID] == nil {
			w.nodes[centers[i].ID] = &centers[i]
			w.order = append(w.order, centers[i].ID)
		}
	}
	frontier := slices.Clone(w.order)
	w.centers = len(frontier)
	for hop := range max(1, min(hops, 2)) {
		near, edges, more, err := x.around(v, frontier, w.nodes)
		if err != nil {
			return Graph{}, err
		}
		w.more = w.more || more
		frontier = w.grow(near, edges, hop+1)
		if len(frontier) > maxExpanded {
			frontier = frontier[:maxExpanded]
		}
	}
	return w.graph(), nil
}

// web is a graph on its way.
type web struct {
	nodes   map[string]*Object
	order   []string // of the nodes; those asked for come first
	centers int
	depth   map[string]int
	edges   []Edge
	over    map[Group]int // with a Count of 0
	more    bool
}

// around finds what some objects are tied to: by relationships, by what refers to
// them, and by what they refer to. Only what the viewer may see at both ends is an
// edge.
func (x *Intel) around(v *db.View, ids []string, known map[string]*Object) (near map[string]*Object, edges []Edge, more bool, err error) {
	near = map[string]*Object{}
	if len(ids) == 0 {
		return near, nil, false, nil
	}
	refs, err := x.referring(v, ids, nil, maxTies+1)
	if err != nil {
		return nil, nil, false, err
	}
	if len(refs) > maxTies {
		refs, more = refs[:maxTies], true
	}
	var missing []string
	wants := func(id string) {
		if known[id] == nil && near[id] == nil && !strings.HasPrefix(id, "marking-definition--") {
			missing = append(missing, id)
		}
	}
	for i := range refs {
		o := &refs[i]
		if o.Type == "relationship" {
			edges = append(edges, Edge{From: o.Source, To: o.Target, Kind: o.RelationshipType, ID: o.ID, Label: o.Label})
			wants(o.Source)
			wants(o.Target)
			continue
		}
		if known[o.ID] == nil {
			near[o.ID] = o
		}
		for _, r := range o.Refs {
			if slices.Contains(ids, r.Target) {
				edges = append(edges, Edge{From: o.ID, To: r.Target, Kind: kindOf(r.Property), Label: o.Label})
			}
		}
	}
	for _, id := range ids {
		o := known[id]
		for _, r := range o.Refs {
			edges = append(edges, Edge{From: o.ID, To: r.Target, Kind: kindOf(r.Property), Label: o.Label})
			wants(r.Target)
		}
	}
	slices.Sort(missing)
	missing = slices.Compact(missing)
	for part := range slices.Chunk(missing, 500) {
		found, err := x.Objects(v, part)
		if err != nil {
			return nil, nil, false, err
		}
		for i := range found {
			if found[i].Type != "relationship" {
				near[found[i].ID] = &found[i]
			}
		}
	}
	edges = slices.DeleteFunc(edges, func(e Edge) bool {
		return e.From == e.To || known[e.From] == nil && near[e.From] == nil || known[e.To] == nil && near[e.To] == nil
	})
	return near, edges, more, nil
}

// kindOf is a reference's property as words.
func kindOf(property string) string {
	property = property[strings.LastIndexByte(property, '.')+1:]
	property = strings.TrimSuffix(strings.TrimSuffix(property, "_refs"), "_ref")
	return strings.ReplaceAll(property, "_", " ")
}

// grow adds what was found, as far as it fits, and gives the ids of what was
// added.
func (w *web) grow(near map[string]*Object, edges []Edge, depth int) (added []string) {
	all := make([]Object, 0, len(near))
	for _, o := range near {
		all = append(all, *o)
	}
	slices.SortFunc(all, byName)
	for _, o := range all {
		if w.nodes[o.ID] != nil {
			continue
		}
		if len(w.order) >= MaxNodes {
			w.leave(o, edges)
			continue
		}
		w.nodes[o.ID] = near[o.ID]
		w.depth[o.ID] = depth
		w.order = append(w.order, o.ID)
		added = append(added, o.ID)
	}
	w.edges = append(w.edges, edges...)
	return added
}

// leave counts an object that does not fit, at the first node it hangs on.
func (w *web) leave(o Object, edges []Edge) {
	for _, e := range edges {
		at := ""
		if e.From == o.ID {
			at = e.To
		} else if e.To == o.ID {
			at = e.From
		}
		if w.nodes[at] != nil {
			w.over[Group{At: at, Type: o.Type}]++
			return
		}
	}
	w.more = true
}

// byName orders objects the same way each time: what is tied is easier found by
// kind and name than by chance.
func byName(a, b Object) int {
	return cmp.Or(strings.Compare(a.Type, b.Type), strings.Compare(a.Name, b.Name), strings.Compare(a.ID, b.ID))
}

// graph lays the web out and writes it down.
func (w *web) graph() Graph {
	g := Graph{More: w.more}
	var tlps []policy.TLP
	for i, id := range w.order {
		o := w.nodes[id]
		g.Nodes = append(g.Nodes, Node{ID: id, Type: o.Type, Name: o.Name, Label: o.Label, Revoked: o.Revoked, Center: i < w.centers})
		tlps = append(tlps, o.Label.TLP)
	}
	slices.SortFunc(w.edges, func(a, b Edge) int {
		return cmp.Or(strings.Compare(a.From, b.From), strings.Compare(a.To, b.To), strings.Compare(a.Kind, b.Kind), strings.Compare(a.ID, b.ID))
	})
	for i, e := range w.edges {
		shown := slices.Contains(w.order, e.From) && slices.Contains(w.order, e.To)
		if shown && (i == 0 || e.key() != w.edges[i-1].key()) {
			g.Edges = append(g.Edges, e)
			tlps = append(tlps, e.Label.TLP)
		}
	}
	for group, n := range w.over {
		group.Count = n
		g.Groups = append(g.Groups, group)
	}
	slices.SortFunc(g.Groups, func(a, b Group) int { return cmp.Or(strings.Compare(a.At, b.At), strings.Compare(a.Type, b.Type)) })
	if len(tlps) > 0 {
		g.Label.TLP = policy.Strictest(tlps...)
	}
	place(g.Nodes, g.Edges)
	g.List = list(g)
	return g
}

func (e Edge) key() [4]string { return [4]string{e.From, e.To, e.Kind, e.ID} }

// list is the graph as a nested list. An edge stands at the end that comes first.
func list(g Graph) []Branch {
	at := map[string]int{}
	for i, n := range g.Nodes {
		at[n.ID] = i
	}
	bs := make([]Branch, len(g.Nodes))
	for i, n := range g.Nodes {
		bs[i].Node = n
	}
	for _, e := range g.Edges {
		from, to := at[e.From], at[e.To]
		if from <= to {
			bs[from].Ties = append(bs[from].Ties, Tie{Edge: e, To: g.Nodes[to]})
		} else {
			bs[to].Ties = append(bs[to].Ties, Tie{Edge: e, Back: true, To: g.Nodes[from]})
		}
	}
	for _, group := range g.Groups {
		bs[at[group.At]].Groups = append(bs[at[group.At]].Groups, group)
	}
	// What stands under another and has nothing of its own is not repeated.
	under := map[string]bool{}
	for _, b := range bs {
		for _, t := range b.Ties {
			under[t.To.ID] = true
		}
	}
	return slices.DeleteFunc(bs, func(b Branch) bool { return len(b.Ties)+len(b.Groups) == 0 && under[b.Node.ID] })
}
