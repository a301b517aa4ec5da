package misp

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/cordon-isao/cordon/formats/stix"
	"github.com/cordon-isao/cordon/formats/stix/pattern"
)

// realEvents are all events of PyMISP's tests.
func realEvents(t testing.TB) map[string]Event {
	t.Helper()
	notEvents := []string{
		"git-vuln-finder-quagga.json", "search_index_result.json", "sharing_groups.json", "stix2.json",
		"galaxy.json", "sighting.json", "simple.json", "definition.json",
	}
	out := map[string]Event{}
	for name, data := range corpus(t) {
		base := name[strings.LastIndexByte(name, '/')+1:]
		if !strings.HasPrefix(name, "PyMISP/tests/") || slices.Contains(notEvents, base) {
			continue
		}
		events, err := Parse(bytes.NewReader(data), Limits{})
		if err != nil {
			t.Errorf("%s: %v", base, err)
			continue
		}
		for _, e := range events {
			out[base] = e
		}
	}
	if len(out) < 18 {
		t.Fatalf("only %d events", len(out))
	}
	return out
}

// sameJSON compares members kept as they stand by what they say.
var sameJSON = cmp.FilterValues(func(a, b jsontext.Value) bool { return len(a)+len(b) > 0 }, cmp.Comparer(func(a, b jsontext.Value) bool {
	a, b = a.Clone(), b.Clone()
	for _, v := range []*jsontext.Value{&a, &b} {
		if len(*v) > 0 && v.Canonicalize() != nil {
			return false
		}
	}
	return bytes.Equal(a, b)
}))

// What is written is read back as the same, and written again as the same bytes.
func TestJSONRoundTrip(t *testing.T) {
	for name, e := range realEvents(t) {
		text := e.JSON()
		back, err := Parse(bytes.NewReader(text), Limits{})
		if err != nil || len(back) != 1 {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(e, back[0], cmpopts.EquateEmpty(), sameJSON); diff != "" {
			t.Errorf("%s (- before, + after):\n%s", name, diff)
		}
		if !bytes.Equal(text, back[0].JSON()) {
			t.Errorf("%s: written twice, different bytes", name)
		}
	}
}

// checkSTIX holds every object against the strict reader of formats/stix, every
// pattern against the pattern parser, and looks for references into nothing.
func checkSTIX(t *testing.T, objects [][]byte) {
	t.Helper()
	ids := map[string]bool{}
	var all []stix.Object
	for _, raw := range objects {
		o, err := stix.Parse(raw)
		if err != nil {
			t.Errorf("%v\n%.600s", err, raw)
			continue
		}
		if ids[o.ID] {
			t.Errorf("%s comes twice", o.ID)
		}
		ids[o.ID] = true
		all = append(all, o)
		if o.PatternType == "stix" {
			if _, err := pattern.Parse(o.Pattern); err != nil {
				t.Errorf("%v\n%.600s", err, o.Pattern)
			}
		}
	}
	for _, o := range all {
		for _, r := range o.Refs {
			if !ids[r.Target] {
				t.Errorf("%s refers to %s by %s, which is not there", o.ID, r.Target, r.Property)
			}
		}
		for _, m := range o.Markings {
			if !ids[m] {
				t.Errorf("%s is marked with %s, which is not there", o.ID, m)
			}
		}
	}
}

// kept is an event without what STIX does not carry: ids of one instance, what
// this package does not know, deleted parts, colours, sharing groups.
func kept(e Event) Event {
	e.Extra, e.SharingGroup = nil, ""
	org := func(o *Org) *Org {
		if o == nil || o.Name == "" {
			return nil
		}
		return &Org{UUID: o.UUID, Name: o.Name}
	}
	e.Orgc, e.Org = org(e.Orgc), org(e.Org)
	if e.Orgc == nil {
		e.Orgc = e.Org
	}
	if !e.Published {
		e.PublishedAt = ""
	}
	tags := func(in []Tag) []Tag {
		var out []Tag
		for _, t := range in {
			if t.Name != "" && !slices.ContainsFunc(out, func(o Tag) bool { return o.Name == t.Name }) {
				out = append(out, Tag{Name: t.Name})
			}
		}
		return out
	}
	galaxies := func(in []Galaxy) []Galaxy {
		var out []Galaxy
		seen := map[string]bool{}
		for _, g := range in {
			g.Extra = nil
			var clusters []GalaxyCluster
			for _, c := range g.Clusters {
				if _, ok := convertCluster(&g, &c); ok && !seen[c.UUID] {
					seen[c.UUID] = true
					c.Extra = nil
					clusters = append(clusters, c)
				}
			}
			if g.Clusters = clusters; clusters != nil {
				addCluster(&out, g)
			}
		}
		slices.SortFunc(out, func(a, b Galaxy) int { return strings.Compare(a.Type, b.Type) })
		for _, g := range out {
			slices.SortFunc(g.Clusters, func(a, b GalaxyCluster) int { return strings.Compare(a.UUID, b.UUID) })
		}
		return out
	}
	attributes := func(in []Attribute, inObject bool, object string) []Attribute {
		var out []Attribute
		for _, a := range in {
			if a.Deleted && !inObject || a.Value == "" && !inObject {
				continue
			}
			a.Extra, a.SharingGroup, a.Tags, a.Galaxies = nil, "", tags(a.Tags), galaxies(a.Galaxies)
			if !inObject {
				a.Relation = ""
			} else if a.Timestamp == "" {
				a.Timestamp = object
			}
			var s []Sighting
			for _, x := range a.Sightings {
				if x.Type == "2" {
					continue
				}
				x.Extra, x.Org = nil, org(x.Org)
				s = append(s, x)
			}
			a.Sightings = s
			out = append(out, a)
		}
		slices.SortFunc(out, func(a, b Attribute) int { return strings.Compare(a.UUID+a.Value, b.UUID+b.Value) })
		return out
	}
	e.Tags, e.Galaxies, e.Attributes = tags(e.Tags), galaxies(e.Galaxies), attributes(e.Attributes, false, "")
	var objects []Object
	for _, o := range e.Objects {
		if o.Deleted {
			continue
		}
		o.Extra, o.SharingGroup = nil, ""
		o.Attributes = attributes(o.Attributes, true, o.Timestamp)
		for i := range o.References {
			o.References[i].Extra = nil
		}
		objects = append(objects, o)
	}
	slices.SortFunc(objects, func(a, b Object) int { return strings.Compare(a.UUID, b.UUID) })
	e.Objects = objects
	var reports []EventReport
	for _, r := range e.Reports {
		if !r.Deleted && r.Content != "" {
			r.Extra = nil
			reports = append(reports, r)
		}
	}
	e.Reports = reports
	return e
}

// MISP → STIX → MISP loses nothing that both can say, whatever the event; and
// all STIX on the way is valid and the same each time.
func TestThereAndBack(t *testing.T) {
	events := realEvents(t)
	for _, p := range forwardPairs(t) {
		e := p.event
		e.UUID, e.Info, e.Date, e.Timestamp = derive(p.name), p.name, "2020-10-25", "1603642920"
		events[p.name] = e
	}
	for name, e := range events {
		t.Run(name, func(t *testing.T) {
			if e.UUID == "" {
				e.UUID, e.Info, e.Date = derive(name), "an event", "2020-10-25"
			}
			for i := range e.Attributes { // those without a uuid get one
				if a := &e.Attributes[i]; a.UUID == "" {
					a.UUID = idFor("", e.UUID, a.Type, a.Value)
				}
			}
			objects, _, err := ToSTIX(e)
			if err != nil {
				if e.count() == 0 && e.Orgc == nil && e.Org == nil {
					return // STIX has no report of nothing by nobody
				}
				t.Fatal(err)
			}
			checkSTIX(t, objects)
			again, _, _ := ToSTIX(e)
			if !slices.EqualFunc(objects, again, bytes.Equal) {
				t.Error("converted twice, different bytes")
			}
			back, _, err := FromSTIX(objects)
			if err != nil {
				t.Fatal(err)
			}
			want, got := kept(e), kept(back)
			if want.Timestamp == "" {
				got.Timestamp = ""
			}
			if diff := cmp.Diff(want, got, cmpopts.EquateEmpty(), sameJSON); diff != "" {
				t.Errorf("(- before, + after):\n%.6000s", diff)
			}
		})
	}
}
