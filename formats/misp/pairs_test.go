package misp

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"
)

// Where every object differs in the same way, and normal evens it out:
//
//   - created and modified: the converter writes the last change into both; here
//     created is the event's date, so that versions of one object share it, and
//     clusters and authors, which events share, have the epoch.
//   - Whole numbers and truth values in patterns: 'n' there, n here. A string
//     and a number never compare equal (STIX 2.1 §9.6).
//   - Names of custom properties: x_misp_PackageName, x_misp_cfr-type-of-incident
//     there; lower case and _ here, as §3.1 demands.
//   - pattern_version of rules in other languages: 2.1 there, the rule's own or
//     none here. to_ids false stands in x_misp_attributes here.
//   - Brackets within patterns of AND only. The order of terms under AND, of members, and of objects.
//   - Custom properties that only this package writes, labels, and version 4 ids.
//
// differs lists the pairs that differ otherwise, and why.
var differs = map[string]string{
	// misp_attributes_to_stix21.json
	"attribute email-reply-to":      "header values are lists (§6.6) and patterns quote the header's own name",
	"attribute email-x-mailer":      "as email-reply-to",
	"attribute email-header":        "received_lines is a list: [*]",
	"attribute hostname|port":       "terms under AND must be of one type (§9.5): the host is the traffic's dst_ref",
	"attribute regkey|value":        "values is a list: [*]; % needs no backslash",
	"attribute sha512/224":          "SHA-512/224 is not SHA-224",
	"attribute sha512/256":          "SHA-512/256 is not SHA-256",
	"attribute filename|sha512/224": "as sha512/224",
	"attribute filename|sha512/256": "as sha512/256",
	"attribute sigma":               "a rule stands as it is, without brackets",
	"attribute snort":               "as sigma",
	"attribute suricata":            "as sigma",
	"attribute yara":                "as sigma",
	"attribute vulnerability":       "the comment is kept as the description",
	// misp_objects_to_stix21.json
	"object email":              "header values are lists (§6.6); no content_disposition is just attachment, so that term would never match",
	"object http-request":       "no destination is an address and a name, and no request has two values: the name and the url are terms of their own",
	"object ip-port":            "as http-request: the name is a term of its own",
	"object network-connection": "as ip-port",
	"object network-socket":     "as ip-port",
	"object image":              "artifact has no url beside a payload (§6.1): the term names the property that the artifact has",
	"object registry-key with references to registry-key-value(s)": "a time is compared with a time, t'…'",
	"object domain-ip with the perfect domain & ip matching":       "nothing in the example is meant for detection, so there is no indicator",
	"custom object person": "the example is older than the converter's own identity for persons, which misp_objects_to_stix21.json shows",
	// misp_custom_attributes_to_stix21.json
	"custom btc":           "x-misp-attribute with x_misp_type, not a type of its own for each",
	"custom http-method":   "as btc",
	"custom iban":          "as btc",
	"custom port":          "as btc",
	"custom size-in-bytes": "as btc",
	"custom user-agent":    "as btc",
}

var (
	quotedNumber = regexp.MustCompile(`= '(\d+|true|false)'`)
	idPattern    = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)
)

// normal is an object without what is compared nowhere, as canonical JSON.
func normal(t *testing.T, raw []byte) string {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal(raw, &m); err != nil {
		t.Fatal(err)
	}
	switch m["type"] {
	case "identity":
		if m["name"] == "MISP-Project" {
			return ""
		}
	case "marking-definition":
		return ""
	}
	for _, name := range []string{"created", "modified", "labels", "spec_version", "created_by_ref", "x_misp_object", "x_misp_attribute", "x_misp_galaxy", "x_misp_event", "x_misp_galaxy_refs"} {
		delete(m, name)
	}
	if p, ok := m["pattern"].(string); ok && m["pattern_type"] == "stix" {
		p = quotedNumber.ReplaceAllString(p, "= $1")
		p = strings.NewReplacer("(", "", ")", "").Replace(p)
		terms := strings.Split(strings.Trim(p, "[]"), " AND ")
		slices.Sort(terms)
		m["pattern"] = strings.Join(terms, " AND ")
	}
	if m["pattern_type"] != "stix" && m["pattern_version"] == "2.1" {
		delete(m, "pattern_version")
	}
	rows, _ := m["x_misp_attributes"].([]any)
	for _, row := range rows {
		if a, ok := row.(map[string]any); ok && a["to_ids"] == false {
			delete(a, "to_ids")
		}
	}
	var ids func(v any) any
	ids = func(v any) any {
		switch v := v.(type) {
		case string:
			if typ, u, ok := strings.Cut(v, "--"); ok && idPattern.MatchString(v) && len(u) == 36 {
				return typ
			}
		case []any:
			for i := range v {
				v[i] = ids(v[i])
			}
			// References are sets.
			if slices.ContainsFunc(v, func(x any) bool { _, ok := x.(string); return !ok }) {
				return v
			}
			slices.SortFunc(v, func(a, b any) int { return strings.Compare(a.(string), b.(string)) })
		case map[string]any:
			out := map[string]any{}
			for k, x := range v {
				if rest, ok := strings.CutPrefix(k, "x_misp_"); ok {
					k = propertyName("x_misp_", rest, "")
				}
				out[k] = ids(x)
			}
			return out
		}
		return v
	}
	b, err := json.Marshal(ids(m), json.Deterministic(true), jsontext.WithIndent(" "))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func normals(t *testing.T, raw [][]byte) []string {
	t.Helper()
	var out []string
	for _, o := range raw {
		if s := normal(t, o); s != "" {
			out = append(out, s)
		}
	}
	slices.Sort(out)
	return out
}

// split takes a JSON list, or one value, apart.
func split(t *testing.T, data []byte) [][]byte {
	t.Helper()
	data = bytes.TrimSpace(data)
	if data[0] == '{' {
		return [][]byte{data}
	}
	var out []jsontext.Value
	if err := json.Unmarshal(data, &out); err != nil {
		t.Fatal(err)
	}
	var raw [][]byte
	for _, v := range out {
		raw = append(raw, v)
	}
	return raw
}

type pair struct {
	name  string
	event Event
	stix  [][]byte
}

var project = &Org{Name: "MISP-Project", UUID: "a0c22599-9e58-4da4-96ac-7051603fa951"}

// cut are attachments that the documentation abbreviates, which makes them no
// base64.
var cut = regexp.MustCompile(`[A-Za-z0-9+/]+\[\.\.\.\][A-Za-z0-9+/=]+`)

func mapping(t *testing.T, files map[string][]byte, name string) map[string]map[string]jsontext.Value {
	t.Helper()
	raw := cut.ReplaceAll(files["misp-stix/documentation/mapping/"+name], []byte("YWJicmV2aWF0ZWQ="))
	if raw == nil {
		t.Fatalf("%s is not in the archive", name)
	}
	var m map[string]map[string]jsontext.Value
	if err := json.Unmarshal(raw, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func forwardPairs(t *testing.T) []pair {
	files := corpus(t)
	var out []pair
	read := func(data []byte, v any) {
		t.Helper()
		if err := decode(data, v, ""); err != nil {
			t.Fatal(err)
		}
	}
	for _, file := range [][2]string{{"attribute", "misp_attributes_to_stix21.json"}, {"custom", "misp_custom_attributes_to_stix21.json"}} {
		for name, m := range mapping(t, files, file[1]) {
			p := pair{name: file[0] + " " + name, stix: split(t, m["STIX"])}
			var a Attribute
			read(m["MISP"], &a)
			// The documentation shows what to_ids leads to without saying so.
			a.ToIDS = a.ToIDS || file[0] == "attribute" && bytes.Contains(m["STIX"], []byte(`"indicator"`))
			a.Extra = nil
			p.event = Event{Orgc: project, Attributes: []Attribute{a}}
			out = append(out, p)
		}
	}
	for _, file := range [][2]string{{"object", "misp_objects_to_stix21.json"}, {"custom object", "misp_custom_objects_to_stix21.json"}} {
		for name, m := range mapping(t, files, file[1]) {
			p := pair{name: file[0] + " " + name, stix: split(t, m["STIX"]), event: Event{Orgc: project}}
			for _, raw := range split(t, m["MISP"]) {
				var o Object
				read(raw, &o)
				p.event.Objects = append(p.event.Objects, o)
			}
			out = append(out, p)
		}
	}
	for name, m := range mapping(t, files, "misp_galaxies_to_stix21.json") {
		var g Galaxy
		read(m["MISP"], &g)
		out = append(out, pair{name: "galaxy " + name, stix: split(t, m["STIX"]), event: Event{Orgc: project, Galaxies: []Galaxy{g}}})
	}
	slices.SortFunc(out, func(a, b pair) int { return strings.Compare(a.name, b.name) })
	return out
}

// Pairs in the data folder compare equal: what the MISP project's converter
// makes of an attribute, object or cluster is what is made of it here.
func TestPairsToSTIX(t *testing.T) {
	pairs := forwardPairs(t)
	equal := 0
	for _, p := range pairs {
		t.Run(p.name, func(t *testing.T) {
			objects, skipped, err := ToSTIX(p.event)
			if err != nil {
				t.Fatal(err)
			}
			if len(skipped) > 0 {
				t.Errorf("skipped: %v", skipped)
			}
			diff := cmp.Diff(normals(t, p.stix), normals(t, objects))
			why, known := differs[p.name]
			switch {
			case diff == "" && known:
				t.Errorf("this is equal, and listed as different: %s", why)
			case diff == "":
				equal++
			case !known:
				t.Errorf("not equal (- theirs, + ours):\n%s", diff)
			}
		})
	}
	t.Logf("%d of %d pairs equal", equal, len(pairs))
}

// The whole events and collections among the pairs compare equal too, reports
// and all.
func TestWholePairsToSTIX(t *testing.T) {
	files := corpus(t)
	for _, c := range []struct {
		stix string
		misp []string
	}{
		{"test_event1_stix21.json", []string{"test_events_collection_1.json"}},
		{"test_event2_stix21.json", []string{"test_events_collection_2.json"}},
		{"test_events_collection_stix21.json", []string{"test_events_collection_1.json", "test_events_collection_2.json"}},
		{"test_attributes_collection_stix21.json", []string{"test_attributes_collection_1.json", "test_attributes_collection_2.json"}},
		{"test_objects_collection_stix21.json", []string{"test_objects_collection_1.json", "test_objects_collection_2.json"}},
	} {
		t.Run(c.stix, func(t *testing.T) {
			var got [][]byte
			for _, name := range c.misp {
				events, err := Parse(bytes.NewReader(files["misp-stix/tests/"+name]), Limits{})
				if err != nil {
					t.Fatal(err)
				}
				for _, e := range events {
					objects, _, err := ToSTIX(e)
					if err != nil {
						t.Fatal(err)
					}
					got = append(got, objects...)
				}
			}
			var bundle struct {
				Objects []jsontext.Value `json:"objects"`
			}
			if err := json.Unmarshal(files["misp-stix/tests/"+c.stix], &bundle); err != nil {
				t.Fatal(err)
			}
			var want [][]byte
			for _, o := range bundle.Objects {
				want = append(want, o)
			}
			if diff := cmp.Diff(normals(t, want), normals(t, got)); diff != "" {
				t.Errorf("not equal (- theirs, + ours):\n%s", diff)
			}
		})
	}
}
