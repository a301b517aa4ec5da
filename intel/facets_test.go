package intel_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cordon-isao/cordon/intel"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/testkit/town"
)

type faceted struct {
	fs  []intel.Facet
	of  int
	all bool
}

func facets(h *town.Town, person, s string) faceted {
	h.T.Helper()
	q := query(h, s)
	return town.Must(h, person, func(v *db.View) (f faceted, err error) {
		f.fs, f.of, f.all, err = h.Intel.Facets(v, q)
		return f, err
	})
}

func (f faceted) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d %v", f.of, f.all)
	for _, x := range f.fs {
		fmt.Fprintf(&b, "\n%s:", x.Name)
		for _, v := range x.Values {
			fmt.Fprintf(&b, " %s=%d", v.Value, v.Count)
			if v.On {
				b.WriteString("!")
			}
		}
	}
	return b.String()
}

// A press on a facet finds as many as it said, and another press goes back.
func TestFacets(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		take(h, town.Pia, open,
			looksFor(1, "one", `[domain-name:value = 'a.example']`, `"labels":["Ransomware","two  words"],"valid_until":"2026-02-28T00:00:00Z"`),
			looksFor(2, "two", `[domain-name:value = 'b.example']`, `"kill_chain_phases":[{"kill_chain_name":"mitre-ics-attack","phase_name":"impact"}]`),
			thing(3, "malware", "three", `"is_family":true,"labels":["ransomware"],"revoked":true`),
			thing(4, "malware", "four", `"is_family":true,"labels":["ransomware","quo\"te"]`, amberStrict))
		other := open
		other.Attribution = intel.Anonymous
		take(h, town.Max, other, thing(5, "tool", "five", ""))
		indexed(h)
		for _, c := range []struct{ person, query, want string }{
			{town.Wim, "", "4 true\ntype: indicator=2 malware=1 tool=1\ntlp: green=4\nfrom: Pump Works=3 not named=1\nlabel: ransomware=2 two words=1\nphase: mitre-ics-attack/impact=1\nis: expired=1 revoked=1"},
			{town.Pol, "label:ransomware", "3 true\ntype: malware=2 indicator=1\ntlp: green=2 amber+strict=1\nfrom: Pump Works=3\nlabel: ransomware=3! two words=1\nis: expired=1 revoked=1"},
			{town.Wim, "type:indicator,report tlp:green", "2 true\ntype: indicator=2! report=0!\ntlp: green=2!\nfrom: Pump Works=2\nlabel: ransomware=1 two words=1\nphase: mitre-ics-attack/impact=1\nis: expired=1"},
			{town.Wim, "nosuchword", "0 true"},
			{"", "", "0 true"},
		} {
			got := facets(h, c.person, c.query)
			if got.String() != c.want {
				t.Errorf("%s: %q:\n%v\nwant\n%s", c.person, c.query, got, c.want)
			}
			for _, f := range got.fs {
				for _, v := range f.Values {
					if names := found(h, c.person, v.Query); !v.On && len(names) != v.Count && len(query(h, c.query).Types) == 0 {
						t.Errorf("%s: %q: %s %s says %d, and %q finds %v", c.person, c.query, f.Name, v.Value, v.Count, v.Query, names)
					}
				}
			}
		}
	})
}

// What a reader may not see changes nothing for him (T-01, T-06): not what is
// found, not its order, not the facets, not the cursors.
func TestSearchTwinWorlds(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		seen := func() string {
			indexed(h)
			var b strings.Builder
			for _, q := range []string{"", "beacon", "beac*", "type:indicator", "pattern:*.100.*", "tlp<=red", "label:ransomware", "confidence>=10", "is:expired", "-is:expired", "after:2026-01-01", "before:2026-04-01",
				"technique:T0806", "from:\"pump works\"", "-from:x", "198.51.100.3", "phase:impact"} {
				fmt.Fprintln(&b, q, facets(h, town.Wim, q))
				town.Must(h, town.Wim, func(v *db.View) (struct{}, error) {
					hits, next, err := h.Intel.Search(v, query(h, q), "", 2)
					for _, hit := range hits {
						fmt.Fprintln(&b, hit.ID, hit.Version, hit.Newest, hit.Snippet, hit.From)
					}
					fmt.Fprintln(&b, next)
					return struct{}{}, err
				})
				fmt.Fprintln(&b, found(h, town.Wim, q))
			}
			town.Must(h, town.Wim, func(v *db.View) (struct{}, error) {
				id := "indicator--00000000-0000-4000-8000-000000000003"
				sum, all, err := h.Intel.Sightings(v, id)
				fmt.Fprintln(&b, sum, len(all), err)
				g, err := h.Intel.Graph(v, []string{id, "malware--00000000-0000-4000-9000-000000000050"}, 2)
				fmt.Fprintln(&b, g, err)
				_, err = h.Intel.Path(v, id, "malware--00000000-0000-4000-9000-000000000050")
				fmt.Fprintln(&b, err)
				news, err := h.Intel.FreshForDevices(v, []string{"beacon"}, 2)
				for _, n := range news {
					fmt.Fprintln(&b, n.Device, n.Count, n.More, len(n.Hits), err)
				}
				return struct{}{}, nil
			})
			return b.String()
		}
		var objs []string
		for i := range 7 {
			objs = append(objs, indicator(i, 1))
		}
		take(h, town.Pia, open, objs...)
		before := seen()
		// The same ids in other versions and copies, and much besides, for others.
		hidden := intel.Terms{Scrub: intel.ScrubClean, Unmarked: "AMBER"}
		for i := range 7 {
			objs[i] = indicator(i, 2)
		}
		take(h, town.Max, hidden, objs...)
		_, outs := take(h, town.Max, hidden, indicator(1, 1), indicator(3, 0),
			thing(50, "malware", "Beacon", `"is_family":true,"labels":["ransomware"],"confidence":90,"description":"T0806","kill_chain_phases":[{"kill_chain_name":"x","phase_name":"impact"}]`),
			`{"type":"relationship","spec_version":"2.1","id":"relationship--00000000-0000-4000-9000-000000000051","created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:00.000Z","relationship_type":"indicates","source_ref":"indicator--00000000-0000-4000-8000-000000000003","target_ref":"malware--00000000-0000-4000-9000-000000000050"}`,
			`{"type":"sighting","spec_version":"2.1","id":"sighting--00000000-0000-4000-9000-000000000052","created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:00.000Z","sighting_of_ref":"indicator--00000000-0000-4000-8000-000000000003","count":5}`)
		for i, o := range outs {
			if o.Kind == intel.WasRefused {
				t.Errorf("object %d of the other world: %s", i, o.Reason)
			}
		}
		if after := seen(); after != before {
			t.Errorf("what Wim may not see shows:\n%s\n%s", before, after)
		}
		if got := found(h, town.Max, "technique:T0806"); len(got) == 0 {
			t.Error("Max does not find what is his")
		}
	})
}

// A cursor goes on behind the last hit, whatever came since or was deleted.
func TestSearchPagesOn(t *testing.T) {
	h := town.New(t, "")
	for i := range 10 {
		take(h, town.Pia, open, indicator(i, 0))
	}
	indexed(h)
	q := query(h, "beacon")
	next, names := "", []string{}
	page := func(v *db.View) (struct{}, error) {
		hits, n, err := h.Intel.Search(v, q, next, 4)
		for _, hit := range hits {
			names = append(names, strings.TrimPrefix(hit.Name, "Beacon "))
		}
		next = n
		return struct{}{}, err
	}
	town.Must(h, town.Wim, page)
	take(h, town.Pia, open, indicator(20, 0))
	indexed(h)
	h.OK(h.Write(town.Pia, func(tx *db.Tx) error {
		return h.Intel.Delete(tx, "indicator--00000000-0000-4000-8000-000000000006", noTime) // the last of the page
	}))
	other := next
	town.Must(h, town.Wim, page)
	town.Must(h, town.Wim, page)
	if got := strings.Join(names, " "); got != "9 8 7 6 5 4 3 2 1 0" || next != "" {
		t.Errorf("paged %s, then %q", got, next)
	}
	for person, q := range map[string]intel.Query{town.Cy: q, town.Wim: query(h, "beacon type:indicator")} {
		if _, err := town.Read(h, person, func(v *db.View) (struct{}, error) {
			_, _, err := h.Intel.Search(v, q, other, 4)
			return struct{}{}, err
		}); err == nil {
			t.Errorf("%s may use Wim's cursor for %q", person, q)
		}
	}
}
