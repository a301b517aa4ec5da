package intel_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cordon-isao/cordon/intel"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/policy"
)

// thingID is the id of a thing.
func thingID(n int, typ string) string {
	return fmt.Sprintf("%s--00000000-0000-4000-9000-%012d", typ, n)
}

// tied is a relationship.
func tied(n int, kind, from, to string, markings ...string) string {
	return strings.Replace(thing(n, "relationship", "x", fmt.Sprintf(`"relationship_type":%q,"source_ref":%q,"target_ref":%q`, kind, from, to), markings...), `"name":"x",`, "", 1)
}

// drawn is a graph as text: edges by name, the list's lines, and groups.
func drawn(g intel.Graph) (edges, lines []string) {
	name := map[string]string{}
	for _, n := range g.Nodes {
		name[n.ID] = n.Name
		if n.Name == "" {
			name[n.ID] = n.Type
		}
	}
	for _, e := range g.Edges {
		edges = append(edges, name[e.From]+" "+e.Kind+" "+name[e.To])
	}
	for _, b := range g.List {
		for _, tie := range b.Ties {
			line := name[b.Node.ID] + " " + tie.Edge.Kind + " " + name[tie.To.ID]
			if tie.Back {
				line = name[tie.To.ID] + " " + tie.Edge.Kind + " " + name[b.Node.ID]
			}
			lines = append(lines, line)
		}
	}
	slices.Sort(edges)
	slices.Sort(lines)
	return edges, lines
}

func graphOf(h *town.Town, person string, hops int, ids ...string) intel.Graph {
	h.T.Helper()
	return town.Must(h, person, func(v *db.View) (intel.Graph, error) { return h.Intel.Graph(v, ids, hops) })
}

func TestGraph(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		take(h, town.Pia, open,
			thing(1, "malware", "worm", `"is_family":true`),
			thing(2, "tool", "scanner", ""),
			thing(3, "campaign", "winter", ""),
			thing(4, "campaign", "secret", "", amberStrict),
			thing(5, "report", "story", fmt.Sprintf(`"published":"2026-01-01T00:00:00Z","object_refs":[%q,%q]`, thingID(1, "malware"), thingID(99, "tool"))),
			tied(10, "uses", thingID(3, "campaign"), thingID(1, "malware")),
			tied(11, "uses", thingID(4, "campaign"), thingID(1, "malware")),
			tied(12, "uses", thingID(1, "malware"), thingID(2, "tool"), amberStrict),
			tied(13, "uses", thingID(1, "malware"), thingID(98, "tool")))
		for range 2 { // before and after the index knows of it
			g := graphOf(h, town.Wim, 1, thingID(1, "malware"))
			edges, lines := drawn(g)
			if d := cmp.Diff([]string{"story object worm", "winter uses worm"}, edges); d != "" {
				t.Error(d)
			}
			if d := cmp.Diff(edges, lines); d != "" {
				t.Errorf("the list says other things than the picture (U-07): %s", d)
			}
			if g.Label.TLP != policy.Green || g.More || len(g.Nodes) != 3 {
				t.Errorf("%+v", g)
			}
			g = graphOf(h, town.Pol, 1, thingID(1, "malware"))
			if edges, _ = drawn(g); len(edges) != 4 || g.Label.TLP != policy.AmberStrict {
				t.Errorf("Pol sees %v under %v", edges, g.Label)
			}
			// A relationship is its two ends.
			if edges, _ = drawn(graphOf(h, town.Wim, 1, thingID(10, "relationship"))); len(edges) != 2 {
				t.Errorf("from the relationship: %v", edges)
			}
			if edges, _ = drawn(graphOf(h, town.Pol, 2, thingID(2, "tool"))); len(edges) != 4 {
				t.Errorf("two hops: %v", edges)
			}
			if g := graphOf(h, town.Wim, 1, thingID(4, "campaign"), thingID(97, "tool")); len(g.Nodes)+len(g.Edges) != 0 {
				t.Errorf("of what is hidden and absent: %+v", g)
			}
			if a, b := graphOf(h, town.Pol, 2, thingID(2, "tool")), graphOf(h, town.Pol, 2, thingID(2, "tool")); !cmp.Equal(a, b, cmp.AllowUnexported(policy.Audience{})) {
				t.Error("the same graph looks otherwise the next time")
			}
			path := func(person, a, b string) string {
				g, err := town.Read(h, person, func(v *db.View) (intel.Graph, error) { return h.Intel.Path(v, a, b) })
				if fault.Is(err, fault.Missing) {
					return "missing"
				}
				h.OK(err)
				names := []string{}
				for _, n := range g.Nodes {
					names = append(names, n.Name)
				}
				return strings.Join(names, " ")
			}
			for _, c := range []struct{ person, a, b, want string }{
				{town.Wim, thingID(5, "report"), thingID(3, "campaign"), "story worm winter"},
				{town.Pol, thingID(2, "tool"), thingID(4, "campaign"), "scanner worm secret"},
				{town.Wim, thingID(2, "tool"), thingID(3, "campaign"), ""},
				{town.Wim, thingID(3, "campaign"), thingID(4, "campaign"), "missing"},
				{town.Wim, thingID(3, "campaign"), thingID(3, "campaign"), "winter"},
			} {
				if got := path(c.person, c.a, c.b); got != c.want {
					t.Errorf("%s: from %s to %s: %q, want %q", c.person, c.a, c.b, got, c.want)
				}
			}
			indexed(h)
		}
	})
}

// More than fits is grouped by type, and the groups with the nodes are everything.
func TestGraphGroups(t *testing.T) {
	h := town.New(t, "")
	objs := []string{thing(1, "malware", "worm", `"is_family":true`)}
	for i := range 200 {
		objs = append(objs, looksFor(1000+i, fmt.Sprintf("i%03d", i), "[ipv4-addr:value = '198.51.100.1']", ""), tied(2000+i, "indicates", thingID(1000+i, "indicator"), thingID(1, "malware")))
	}
	take(h, town.Pia, open, objs...)
	g := graphOf(h, town.Wim, 1, thingID(1, "malware"))
	if len(g.Nodes) != intel.MaxNodes || len(g.Groups) != 1 || g.Groups[0] != (intel.Group{At: thingID(1, "malware"), Type: "indicator", Count: 51}) || g.More {
		t.Errorf("%d nodes, groups %+v, more %v", len(g.Nodes), g.Groups, g.More)
	}
	type spot struct{ x, y float64 }
	at := map[spot]string{}
	for _, n := range g.Nodes {
		if n.X < 0 || n.X > 1 || n.Y < 0 || n.Y > 1 || at[spot{n.X, n.Y}] != "" {
			t.Errorf("%s lies at %v %v, as %q", n.Name, n.X, n.Y, at[spot{n.X, n.Y}])
		}
		at[spot{n.X, n.Y}] = n.Name
	}
	if edges, lines := drawn(g); len(edges) != intel.MaxNodes-1 || !slices.Equal(edges, lines) || len(g.List) != 1 || len(g.List[0].Groups) != 1 {
		t.Errorf("%d edges, %d lines, %d branches", len(edges), len(lines), len(g.List))
	}
}

func TestGraphTooMany(t *testing.T) {
	h := town.New(t, "")
	_, err := town.Read(h, town.Wim, func(v *db.View) (intel.Graph, error) {
		return h.Intel.Graph(v, make([]string, intel.MaxCenters+1), 1)
	})
	town.Wants(t, err, fault.Invalid, "ids")
}
