package misp

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"
)

// differsBack lists the pairs of the other direction that differ, and why.
//
// Executables and values of registry keys come back as objects of their own only
// from what this package made, which keeps them; of the other converter's
// objects the file and the key are read.
var differsBack = map[string]string{
	"stix21_to_misp_attributes regkey, Indicator":                                                 "theirs leaves the pattern's backslashes doubled",
	"stix21_to_misp_attributes regkey|value, Indicator":                                           "as regkey",
	"external_stix21_to_misp_attributes email-dst, Indicator":                                     "theirs drops the second term; the whole pattern is kept here",
	"stix21_to_misp_objects File object with a Windows PE binary extension, Indicator":            "the file only",
	"stix21_to_misp_objects File object with a Windows PE binary extension, Observed Data":        "the file only",
	"stix21_to_misp_objects registry-key with references to registry-key-value(s), Indicator":     "the values stay with the key; backslashes as regkey",
	"stix21_to_misp_objects registry-key with references to registry-key-value(s), Observed Data": "the values stay with the key",
	"stix21_to_misp_objects registry-key, Indicator":                                              "as attribute regkey",
	"stix21_to_misp_objects asn, Observed Data":                                                   "AS before the number, as theirs has it elsewhere",
	"stix21_to_misp_objects netflow, Indicator":                                                   "as asn",
	"stix21_to_misp_objects geolocation, Location":                                                "1 there is 1.0",
	"stix21_to_misp_objects file, Indicator":                                                      "an attachment that only the example's MISP side has data for",
	"stix21_to_misp_objects image, Indicator":                                                     "a path of the pattern that no artifact has",
	"stix21_to_misp_objects http-request, Indicator":                                              "theirs keeps closing brackets in the values",
	"stix21_to_misp_objects http-request, Observed Data":                                          "the url is taken for a uri as well",
	"stix21_to_misp_objects news-agency, Identity":                                                "several addresses are several attributes here, one in theirs",
	"stix21_to_misp_galaxies tool":                                                                "the galaxy is the one that the label names",
	"stix21_to_misp_galaxies vulnerability":                                                       "the CVE is kept as external_id, and not as alias",
	"external_stix21_to_misp_galaxies threat-actor":                                               "theirs gives one without description its name for one",
}

// backPairs are the MISP project's examples of reading what its own converter
// made, and what others made.
func backPairs(t *testing.T, file string) map[string][2][]byte {
	t.Helper()
	out := map[string][2][]byte{}
	for name, m := range mapping(t, corpus(t), file) {
		if m["STIX"] != nil {
			out[name] = [2][]byte{m["MISP"], m["STIX"]}
			continue
		}
		for kind, v := range m {
			_, inner := members(v)
			if inner["STIX"] != nil {
				out[name+", "+kind] = [2][]byte{inner["MISP"], inner["STIX"]}
			}
		}
	}
	if len(out) == 0 {
		t.Fatal("no pairs")
	}
	return out
}

func compareBack(t *testing.T, file string, want func(*testing.T, []byte) []string, got func(Event) []string) {
	t.Helper()
	pairs := backPairs(t, file)
	names := make([]string, 0, len(pairs))
	for name := range pairs {
		names = append(names, name)
	}
	slices.Sort(names)
	equal := 0
	for _, name := range names {
		key := strings.TrimSuffix(file, ".json") + " " + name
		t.Run(name, func(t *testing.T) {
			e, _, err := FromSTIX(split(t, pairs[name][1]))
			if err != nil {
				t.Fatal(err)
			}
			w, g := want(t, pairs[name][0]), got(e)
			slices.Sort(w)
			slices.Sort(g)
			diff := cmp.Diff(w, g)
			why, known := differsBack[key]
			switch {
			case diff == "" && known:
				t.Errorf("this is equal, and listed as different: %s", why)
			case diff == "":
				equal++
			case !known:
				t.Errorf("%s: not equal (- theirs, + ours):\n%s", key, diff)
			}
		})
	}
	t.Logf("%d of %d pairs equal", equal, len(names))
}

func attributeLine(a Attribute) string {
	return strings.Join([]string{a.Type, a.Value, strconv.FormatBool(a.ToIDS)}, " · ")
}

// What the MISP project's converter made of attributes comes back as the same
// attributes: type, value and to_ids.
func TestPairsFromSTIX(t *testing.T) {
	read := func(t *testing.T, data []byte) []string {
		var out []string
		for _, raw := range split(t, data) {
			var a Attribute
			if err := decode(raw, &a, ""); err != nil {
				t.Fatal(err)
			}
			out = append(out, attributeLine(a))
		}
		return out
	}
	have := func(e Event) []string {
		var out []string
		for _, a := range e.Attributes {
			out = append(out, attributeLine(a))
		}
		return out
	}
	compareBack(t, "stix21_to_misp_attributes.json", read, have)
	compareBack(t, "external_stix21_to_misp_attributes.json", read, have)
}

// Objects: name, relations and values.
func TestObjectPairsFromSTIX(t *testing.T) {
	line := func(o Object) []string {
		out := []string{"template " + o.Name}
		for _, a := range o.Attributes {
			v := a.Value
			if t, ok := instant(v); ok && a.Type == "datetime" {
				v = moment(t)
			}
			out = append(out, a.Relation+" · "+v)
		}
		return out
	}
	compareBack(t, "stix21_to_misp_objects.json", func(t *testing.T, data []byte) []string {
		var out []string
		for _, raw := range split(t, data) {
			var o Object
			if err := decode(raw, &o, ""); err != nil {
				t.Fatal(err)
			}
			out = append(out, line(o)...)
		}
		return out
	}, func(e Event) []string {
		var out []string
		for _, o := range e.Objects {
			out = append(out, line(o)...)
		}
		return out
	})
}

// Clusters: galaxy, value, synonyms, ids and links.
func TestGalaxyPairsFromSTIX(t *testing.T) {
	line := func(g Galaxy) []string {
		out := []string{}
		for _, c := range g.Clusters {
			out = append(out, g.Type+" · "+g.Name+" · "+c.Value+" · "+c.Description)
			var meta map[string]jsontext.Value
			if len(c.Meta) > 0 {
				_, meta = members(c.Meta)
			}
			for _, key := range []string{"synonyms", "external_id", "refs", "kill_chain"} {
				for _, v := range texts(meta[key]) {
					if v != c.Value && !strings.HasPrefix(c.Value, v+" - ") {
						out = append(out, key+" "+v)
					}
				}
			}
		}
		return out
	}
	read := func(t *testing.T, data []byte) []string {
		var out []string
		for _, raw := range split(t, data) {
			var g Galaxy
			if err := decode(raw, &g, ""); err != nil {
				t.Fatal(err)
			}
			out = append(out, line(g)...)
		}
		return out
	}
	have := func(e Event) []string {
		var out []string
		for _, g := range e.Galaxies {
			out = append(out, line(g)...)
		}
		return out
	}
	compareBack(t, "stix21_to_misp_galaxies.json", read, have)
	compareBack(t, "external_stix21_to_misp_galaxies.json", read, have)
}
