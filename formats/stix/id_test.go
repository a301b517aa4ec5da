package stix

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestID(t *testing.T) {
	for s, want := range map[string]string{
		"tool--" + u1:                  "tool",
		"x-acme-pump2--" + u1:          "x-acme-pump2",
		"tool--" + strings.ToUpper(u1): "tool",
		"tool-" + u1:                   "",
		"tool---" + u1:                 "",
		"--" + u1:                      "",
		"ab--" + u1:                    "",
		"-tool--" + u1:                 "",
		"2ool--" + u1:                  "",
		"to_l--" + u1:                  "",
		"to--ol--" + u1:                "",
		"Tool--" + u1:                  "",
		"tool--" + u1 + " ":            "",
		"tool--" + u1[:35] + "g":       "",
		"tool--" + strings.Replace(u1, "-", "", 1) + "0": "",
		"tool--8c6af861-7b20-91ef-9b59-6344fd872a8f":     "",
		"tool--8c6af861-7b20-41ef-cb59-6344fd872a8f":     "",
		"tool--00000000-0000-0000-0000-000000000000":     "",
		strings.Repeat("a", 250) + "--" + u1:             strings.Repeat("a", 250),
		strings.Repeat("a", 251) + "--" + u1:             "",
		"":                                               "",
	} {
		if typ, ok := ID(s); typ != want || ok != (want != "") {
			t.Errorf("%q: %q, %v", s, typ, ok)
		}
	}
}

func TestNewID(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		id := NewID("bundle")
		if typ, ok := ID(id); !ok || typ != "bundle" || id[len("bundle--")+14] != '4' || seen[id] {
			t.Fatalf("%q", id)
		}
		seen[id] = true
	}
}

// TestSCOID: ids that other programs make of the same observables. The first is
// the example of the standard's errata.
func TestSCOID(t *testing.T) {
	for _, c := range []struct {
		typ   string
		props map[string]any
		want  string
	}{
		{"domain-name", map[string]any{"value": "example.com"}, "domain-name--bedb4899-d24b-5401-bc86-8f6b4cc18ec7"},
		{"domain-name", map[string]any{"value": "control.example.com", "defanged": true}, "domain-name--427e3664-0043-5865-b454-97df26649bde"},
		{"ipv4-addr", map[string]any{"value": "198.51.100.8"}, "ipv4-addr--6c83081b-13af-5e30-ba30-6f401772a083"},
		{"ipv4-addr", map[string]any{"value": "127.0.0.1"}, "ipv4-addr--679c6c82-b4be-52e2-9c7a-198689f6f77b"},
	} {
		if got := SCOID(c.typ, c.props); got != c.want {
			t.Errorf("%s: %s, want %s", c.typ, got, c.want)
		}
	}

	md5, sha := strings.Repeat("a", 32), strings.Repeat("b", 64)
	one := SCOID("file", map[string]any{"hashes": map[string]string{"MD5": md5}})
	for name, same := range map[string]map[string]any{
		"MD5 is chosen":           {"hashes": map[string]string{"SHA-256": sha, "MD5": md5}},
		"of any map":              {"hashes": map[string]any{"SHA-256": sha, "MD5": md5}},
		"size does not count":     {"hashes": map[string]string{"MD5": md5}, "size": 7},
		"null counts for nothing": {"hashes": map[string]string{"MD5": md5}, "name": nil},
	} {
		if got := SCOID("file", same); got != one {
			t.Errorf("%s: %s, %s", name, got, one)
		}
	}
	if SCOID("file", map[string]any{"hashes": map[string]string{"MD5": md5}, "name": "x"}) == one {
		t.Error("a file's name counts for nothing")
	}
	for _, random := range []func() string{
		func() string { return SCOID("process", map[string]any{"pid": 4}) },
		func() string { return SCOID("file", map[string]any{"hashes": map[string]string{}, "size": 1}) },
		func() string { return SCOID("url", map[string]any{"value": func() {}}) },
	} {
		if a, b := random(), random(); a == b {
			t.Errorf("%s is not random", a)
		}
	}
	if _, err := DeterministicID("url", func() {}); err == nil {
		t.Error("an id was made of what has no JSON")
	}
	a, err := DeterministicID("x-y", map[string]any{"b": 1.0, "a": "é\u2028"})
	if err != nil {
		t.Fatal(err)
	}
	b, _ := DeterministicID("x-y", json.RawMessage(`{ "a":"\u00e9\u2028", "b":1e0 }`))
	if a != b {
		t.Errorf("%s, %s: the JSON is not canonical", a, b)
	}
}

// TestEveryIDIsRead: what NewID and SCOID make, ID reads.
func TestEveryIDIsRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		typ := rapid.SampledFrom([]string{"file", "url", "x-acme", "domain-name", "process"}).Draw(t, "type")
		value := rapid.String().Draw(t, "value")
		for _, id := range []string{NewID(typ), SCOID(typ, map[string]any{"value": value, "name": value})} {
			if got, ok := ID(id); !ok || got != typ || FoldID(id) != id {
				t.Fatalf("%q", id)
			}
		}
	})
}

func TestTLP(t *testing.T) {
	for _, label := range []string{"CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED"} {
		raw := MarkingDefinition(label)
		o, err := Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		if o.TLP != label || o.ID != MarkingID(label) {
			t.Errorf("%s: %s, %s", label, o.TLP, o.ID)
		}
		if got, ok := TLPOf(strings.ToUpper(o.ID)); !ok || got != label {
			t.Errorf("%s is %q", o.ID, got)
		}
	}
	if MarkingID("WHITE") != "" || MarkingDefinition("PINK") != nil {
		t.Error("a label that is none has a marking")
	}
	if _, ok := TLPOf("marking-definition--" + u1); ok {
		t.Error("any id is a TLP marking")
	}
	for _, c := range []struct{ members, want string }{
		{`"definition_type":"tlp","definition":{"tlp":"white"}`, "CLEAR"},
		{`"definition_type":"TLP","definition":{"TLP":"TLP:AMBER+STRICT"}`, "AMBER+STRICT"},
		{`"definition_type":"tlp","definition":{"tlp":"pink"}`, "?"},
		{`"definition_type":"tlp","definition":{"x_y":"red"}`, "?"},
		{`"name":"TLP:EX:CHR","definition_type":"statement","definition":{"statement":"s"}`, "?"},
		{`"name":"TLP:RED","definition_type":"tlp","definition":{"tlp":"pink"}`, "?"},
		{`"name":"tlp:red","definition_type":"statement","definition":{"statement":"s"}`, "RED"},
		{`"definition_type":"statement","definition":{"statement":"custom"},"x_opencti_definition":"TLP:AMBER+STRICT"`, "AMBER+STRICT"},
		{`"extensions":{"` + tlpExtension + `":{"extension_type":"property-extension"}}`, "?"},
		{`"extensions":{"` + tlpExtension + `":{"extension_type":"property-extension","tlp_2_0":"green"}}`, "GREEN"},
		{`"definition_type":"statement","definition":{"statement":"TLP:RED"}`, ""},
	} {
		o, err := Parse([]byte(made("marking-definition", c.members)))
		if err != nil || o.TLP != c.want {
			t.Errorf("%s: %q, %v; want %q", c.members, o.TLP, err, c.want)
		}
	}
	// The ids of TLP 1, and the one of wide use, mean what they mean whatever
	// words stand with them.
	for id, want := range tlpLabels {
		raw := strings.Replace(made("marking-definition", `"definition_type":"statement","definition":{"statement":"custom"}`), "marking-definition--"+u1, id, 1)
		if o, err := Parse([]byte(raw)); err != nil || o.TLP != want {
			t.Errorf("%s: %q, %v", id, o.TLP, err)
		}
	}
}

// TestDefinitions: the markings of a stream are found wherever they stand and
// however their type is spelled.
func TestDefinitions(t *testing.T) {
	spelled := strings.Replace(made("marking-definition", `"name":"TLP:GREEN","definition_type":"statement","definition":{"statement":"s"}`),
		`"type":"marking-definition"`, `"type":"marking\u002ddefinition"`, 1)
	text := bundle(seen("url", `"value":"a"`), string(MarkingDefinition("RED")), "7", spelled)
	got, err := Definitions(strings.NewReader(text), Limits{})
	if diff := cmp.Diff(map[string]string{tlpRed: "RED", "marking-definition--" + u1: "GREEN"}, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
	if _, err := Definitions(strings.NewReader(text[:len(text)-1]), Limits{}); err == nil {
		t.Error("a text without its end was read to its end")
	}
}

// TestTLPAsPublished: the marking definitions are those that were published.
func TestTLPAsPublished(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "data", "tlp", "stix21-tlp-markings.json"))
	if err != nil {
		t.Skip("the data folder is not here")
	}
	var published struct {
		One []json.RawMessage `json:"tlp_1_0_stix21"`
		Two []json.RawMessage `json:"tlp_2_0_stix21"`
	}
	if err := json.Unmarshal(data, &published); err != nil {
		t.Fatal(err)
	}
	if len(published.One) != 4 || len(published.Two) != 5 {
		t.Fatal("other markings than expected")
	}
	for _, raw := range append(published.One, published.Two...) {
		o, err := Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		if label, ok := TLPOf(o.ID); !ok || o.TLP != label {
			t.Errorf("%s: %q, %q", o.ID, o.TLP, label)
		}
	}
	for _, raw := range published.Two {
		o, _ := Parse(raw)
		var want, got any
		if json.Unmarshal(raw, &want) != nil || json.Unmarshal(MarkingDefinition(o.TLP), &got) != nil {
			t.Fatal("not JSON")
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
}
