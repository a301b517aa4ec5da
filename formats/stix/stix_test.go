package stix

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const (
	when = `"created":"2026-01-02T03:04:05.000Z","modified":"2026-01-02T03:04:05.000Z"`
	u1   = "8c6af861-7b20-41ef-9b59-6344fd872a8f"
	u2   = "0d5b424b-93b8-4cd8-ac36-306e1789d63c"
)

// made gives an object of a type with versions, with the members given.
func made(typ, members string) string {
	return fmt.Sprintf(`{"type":%q,"spec_version":"2.1","id":"%s--%s",%s%s}`, typ, typ, u1, when, comma(members))
}

// seen gives an observable.
func seen(typ, members string) string {
	return fmt.Sprintf(`{"type":%q,"id":"%s--%s"%s}`, typ, typ, u1, comma(members))
}

func comma(members string) string {
	if members == "" {
		return ""
	}
	return "," + members
}

func at(s string) time.Time {
	t, _ := time.Parse(time.RFC3339Nano, s)
	return t
}

func TestParse(t *testing.T) {
	raw := ` {"type":"indicator","spec_version":"2.1","id":"indicator--` + u1 + `",
		"created":"2026-01-02T03:04:05.678Z","modified":"2026-01-03T03:04:05.1234567Z","created_by_ref":"identity--` + u2 + `",
		"revoked":true,"confidence":70,"lang":"en","labels":["a","b"],
		"object_marking_refs":["` + tlpRed + `"],
		"granular_markings":[{"marking_ref":"` + tlpAmber + `","selectors":["description","labels.[0]"]},{"lang":"fr","selectors":["name"]}],
		"external_references":[{"source_name":"src","external_id":"X-1","url":"https://example.org/","description":"why"}],
		"kill_chain_phases":[{"kill_chain_name":"k","phase_name":"p"}],
		"name":"A \u00e9\n name","description":"words","pattern":"[url:value = 'x']","pattern_type":"stix",
		"valid_from":"2026-01-01T00:00:00Z","valid_until":"2026-02-01T00:00:00Z",
		"x_more":{"deep":[{"some_ref":"tool--` + u1 + `","object_marking_refs":["` + tlpGreen + `"]}]},"x_not_ref":"Jane Doe"}` + "\n"
	got, err := Parse([]byte(raw))
	if err != nil {
		t.Fatal(err)
	}
	want := Object{
		Raw: []byte(strings.TrimSpace(raw)), Class: SDO, Type: "indicator", ID: "indicator--" + u1, SpecVersion: "2.1",
		Created: at("2026-01-02T03:04:05.678Z"), Modified: at("2026-01-03T03:04:05.1234567Z"),
		VersionText: "2026-01-03T03:04:05.1234567Z", CreatedBy: "identity--" + u2, Revoked: true, Confidence: 70, Lang: "en",
		Name: "A é name", Description: "words", Labels: []string{"a", "b"},
		Markings: []string{tlpRed, tlpGreen},
		Granular: []GranularMarking{{tlpAmber, "", []string{"description", "labels.[0]"}}, {"", "fr", []string{"name"}}},
		Refs:     []Ref{{"created_by_ref", "identity--" + u2}, {"x_more.deep.some_ref", "tool--" + u1}},
		External: []ExternalReference{{"src", "X-1", "https://example.org/", "why"}}, KillChain: []KillChainPhase{{"k", "p"}},
		ValidFrom: at("2026-01-01T00:00:00Z"), ValidUntil: at("2026-02-01T00:00:00Z"), Pattern: "[url:value = 'x']", PatternType: "stix",
		Texts: []string{"a", "b", "src", "X-1", "https://example.org/", "why", "k", "p", "A é\n name", "words", "[url:value = 'x']", "stix", "Jane Doe"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestRawIsOurs: the object keeps nothing of the reader's buffer.
func TestRawIsOurs(t *testing.T) {
	raw := []byte(made("identity", `"name":"Ada"`))
	o, err := Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	want := string(raw)
	for i := range raw {
		raw[i] = '#'
	}
	if string(o.Raw) != want || o.Name != "Ada" || o.Texts[0] != "Ada" {
		t.Error("the object changed with the buffer that it was read from")
	}
}

func TestParseOthers(t *testing.T) {
	for _, c := range []struct {
		name, raw string
		check     func(o Object) bool
	}{
		{"relationship", made("relationship", `"relationship_type":"uses","source_ref":"malware--`+u1+`","target_ref":"tool--`+u2+`"`), func(o Object) bool {
			return o.IsSRO() && o.RelationshipType == "uses" && o.Source == "malware--"+u1 && o.Target == "tool--"+u2 && o.Name == "uses" && len(o.Refs) == 2
		}},
		{"sighting", made("sighting", `"sighting_of_ref":"malware--`+u1+`","count":17,"first_seen":"2026-01-01T00:00:00Z","last_seen":"2026-01-01T00:00:00Z","where_sighted_refs":["identity--`+u1+`","location--`+u1+`"]`), func(o Object) bool {
			return o.IsSRO() && o.Target == "malware--"+u1 && o.Source == "" && o.Count == 17 && o.FirstSeen.Equal(o.LastSeen) && !o.LastSeen.IsZero() &&
				len(o.Refs) == 3 && o.Refs[2].Property == "where_sighted_refs"
		}},
		{"a count that is absent", made("sighting", `"sighting_of_ref":"malware--`+u1+`"`), func(o Object) bool { return o.Count == 0 && o.Confidence == -1 }},
		{"an observable", seen("ipv4-addr", `"value":"192.0.2.1"`), func(o Object) bool {
			return o.IsSCO() && o.SpecVersion == "2.1" && o.Name == "192.0.2.1" && o.VersionText == "" && o.Created.IsZero()
		}},
		{"refs in an extension", seen("file", `"name":"a.zip","extensions":{"archive-ext":{"contains_refs":["file--`+u2+`"]}}`), func(o Object) bool {
			return len(o.Refs) == 1 && o.Refs[0] == Ref{"extensions.archive-ext.contains_refs", "file--" + u2}
		}},
		{"a file without a name", seen("file", `"hashes":{"MD5":"d41d8cd98f00b204e9800998ecf8427e"}`), func(o Object) bool {
			return o.Name == "d41d8cd98f00b204e9800998ecf8427e" && len(o.Texts) == 1
		}},
		{"a network", seen("autonomous-system", `"number":64500`), func(o Object) bool { return o.Name == "AS64500" }},
		{"traffic", seen("network-traffic", `"protocols":["ipv4","tcp"],"src_ref":"ipv4-addr--`+u1+`"`), func(o Object) bool { return o.Name == "ipv4 tcp" }},
		{"a note", made("note", `"abstract":"in short","content":"at length","object_refs":["tool--`+u1+`"]`), func(o Object) bool {
			return o.Name == "in short" && o.Description == "at length"
		}},
		{"an opinion", made("opinion", `"opinion":"agree","explanation":"because","object_refs":["tool--`+u1+`"]`), func(o Object) bool {
			return o.Name == "agree" && o.Description == "because"
		}},
		{"a long name", made("tool", `"name":"`+strings.Repeat("é", 400)+`"`), func(o Object) bool { return o.Name == strings.Repeat("é", 300) }},
		{"a custom domain object", made("x-acme-pump", `"name":"P"`), func(o Object) bool { return o.IsSDO() && o.Name == "P" }},
		{"a custom observable", seen("x-acme-port", `"value":"7"`), func(o Object) bool { return o.IsSCO() && o.Name == "7" }},
		{"a custom relationship by extension", made("acme-link", `"extensions":{"extension-definition--`+u1+`":{"extension_type":"new-sro"}}`), func(o Object) bool { return o.IsSRO() }},
		{"a marking", made("marking-definition", `"definition_type":"statement","definition":{"statement":"Copyright us"}`), func(o Object) bool {
			return o.IsMeta() && o.TLP == "" && o.Name == "Copyright us"
		}},
		{"an id in capitals", strings.Replace(made("tool", `"name":"x"`), u1, strings.ToUpper(u1), 1), func(o Object) bool { return FoldID(o.ID) == "tool--"+u1 }},
		{"markings of a part", made("observed-data", `"first_observed":"2026-01-01T00:00:00Z","last_observed":"2026-01-01T00:00:00Z","number_observed":1,"objects":{"0":{"type":"url","value":"x","object_marking_refs":["`+tlpRed+`"]}}`), func(o Object) bool {
			return len(o.Markings) == 1 && o.Markings[0] == tlpRed
		}},
		{"MISP's names", made("tool", `"name":"x","x_misp_Known-Good":"y"`), func(o Object) bool { return len(o.Texts) == 2 }},
	} {
		t.Run(c.name, func(t *testing.T) {
			o, err := Parse([]byte(c.raw))
			if err != nil {
				t.Fatal(err)
			}
			if !c.check(o) {
				t.Errorf("%+v", o)
			}
		})
	}
}

// TestTextsAreWhole: what a person wrote is among the texts wherever it hides
// and a cut is said.
func TestTextsAreWhole(t *testing.T) {
	hiding := made("tool", `"name":"a","x_ref":"Jane1","kill_chain_phases":[{"kill_chain_name":"Jane2","phase_name":"Jane3"}],
		"extensions":{"x-y-ext":{"extension_type":"Jane4","selectors":["Jane 5"],"payload_bin":"Jane 6","a":[["Jane7"]],"lang":"Jane 8"}},
		"x_refs":["Jane9"],"x_marking":[{"marking_ref":"Jane10"}],"x_time":"JaneZ"`)
	o, err := Parse([]byte(hiding))
	if err != nil {
		t.Fatal(err)
	}
	all := strings.Join(o.Texts, "|")
	for _, want := range []string{"Jane1", "Jane2", "Jane3", "Jane4", "Jane 5", "Jane 6", "Jane7", "Jane 8", "Jane9", "Jane10", "JaneZ"} {
		if !strings.Contains(all, want) {
			t.Errorf("%s is not among the texts %q", want, all)
		}
	}
	if o.TextsCut {
		t.Error("nothing was cut")
	}

	o, err = Parse([]byte(made("tool", `"name":"a","description":"`+strings.Repeat("é", 40_000)+`"`)))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, s := range o.Texts {
		n += len(s)
		if strings.ContainsRune(s, '\ufffd') {
			t.Error("a character was cut in two")
		}
	}
	if !o.TextsCut || n > 64<<10 || n < 64<<10-2 {
		t.Errorf("%d bytes of text, cut %v", n, o.TextsCut)
	}
}

func TestTimestamp(t *testing.T) {
	for s, want := range map[string]string{
		"2026-02-28T23:59:59Z":               "2026-02-28T23:59:59Z",
		"2024-02-29T00:00:00.123Z":           "2024-02-29T00:00:00.123Z",
		"2016-12-31T23:59:60.5Z":             "2017-01-01T00:00:00.5Z",
		"2026-01-01T00:00:00.1234567899Z":    "2026-01-01T00:00:00.123456789Z",
		"2026-02-29T00:00:00Z":               "",
		"2026-13-01T00:00:00Z":               "",
		"2026-01-01T24:00:00Z":               "",
		"2026-01-01T00:60:00Z":               "",
		"2026-01-01T00:00:61Z":               "",
		"2026-01-01T00:00:00.Z":              "",
		"2026-01-01T00:00:00":                "",
		"2026-01-01T00:00:00+00:00":          "",
		"2026-01-01t00:00:00z":               "",
		"2026-01-01 00:00:00Z":               "",
		"20x6-01-01T00:00:00Z":               "",
		"2026-01-01T00:00:00.12x4Z":          "",
		"2026-00-01T00:00:00Z":               "",
		"2026-01-00T00:00:00Z":               "",
		"2026-04-31T00:00:00Z":               "",
		"+026-04-30T00:00:00Z":               "",
		"2026-01-01T00:00:00,5Z":             "",
		"":                                   "",
		"2026-01-01T00:00:00." + zeros + "Z": "",
	} {
		got, _, ok := timestamp(s)
		if ok != (want != "") || ok && !got.Equal(at(want)) {
			t.Errorf("%q: %v, %v; want %q", s, got, ok, want)
		}
	}
}

var zeros = strings.Repeat("0", 40)

func TestTypes(t *testing.T) {
	n := map[Class]int{}
	for _, i := range Types() {
		n[i.Class]++
		if !strings.HasSuffix(i.Sentence, ".") || strings.Count(i.Sentence, ".") != 1 {
			t.Errorf("%s: %q is not a sentence", i.Type, i.Sentence)
		}
		if o := (Object{Type: i.Type}); o.class() != i.Class {
			t.Errorf("%s is %s", i.Type, o.class())
		}
	}
	// STIX 2.1 §4, §5, §6, §7.
	if diff := cmp.Diff(map[Class]int{SDO: 19, SRO: 2, SCO: 18, Meta: 3}, n); diff != "" {
		t.Error(diff)
	}
}

// readAll gives what a Reader gives, errors that are not fatal in their place.
func readAll(r *Reader) (objects []Object, refused []*Error, fatal error) {
	for {
		o, err := r.Next()
		var e *Error
		switch {
		case err == io.EOF:
			return objects, refused, nil
		case errors.As(err, &e) && !e.Fatal:
			refused = append(refused, e)
		case err != nil:
			return objects, refused, err
		default:
			objects = append(objects, o)
		}
	}
}
