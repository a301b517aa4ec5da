package taxii

import (
	"bytes"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// §2: a timestamp is RFC 3339 in UTC with microseconds.
func TestTime(t *testing.T) {
	east := time.FixedZone("", 3600)
	for want, in := range map[string]time.Time{
		"2026-03-02T01:01:01.000000Z": time.Date(2026, 3, 2, 1, 1, 1, 0, time.UTC),
		"2026-03-02T01:01:01.123456Z": time.Date(2026, 3, 2, 2, 1, 1, 123456999, east),
	} {
		if got := FormatTime(in); got != want {
			t.Errorf("%v is written %s", in, got)
		}
	}
	for _, bad := range []string{"", "2026", "2026-03-02 01:01:01Z", "2026-03-02T1:01:01Z", "2026-13-02T01:01:01Z", "2026-03-02T25:01:01Z",
		"2026-03-02T01:01:01.Z", "0000-03-02T01:01:01Z", "9999-12-31T23:59:59-10:00", "2026-03-02T01:01:01.123456789012345678901234567890Z"} {
		if got, err := ParseTime(bad); err == nil {
			t.Errorf("%q is read as %v", bad, got)
		}
	}
}

// The standard's resources, written and read again.
func TestResources(t *testing.T) {
	added := Time{time.Date(2026, 3, 2, 1, 1, 1, 123456000, time.UTC)}
	discovery := Discovery{Title: "Some TAXII Server", Description: "A server", Contact: "desk@example.com", Default: "https://example.com/api2/",
		APIRoots: []string{"https://example.com/api1/", "https://example.com/api2/"}}
	root := APIRoot{Title: "Malware Research Group", Versions: []string{MediaType}, MaxContentLength: 104857600}
	collection := Collection{ID: "91a7b528-80eb-42ed-a74d-c6fbd5a26116", Title: "High Value", Alias: "high-value", CanRead: true, MediaTypes: []string{STIXMediaType}}
	status := Status{ID: "2d086da7-4bdc-4f91-900e-d77486753710", Status: Pending, RequestTimestamp: added, TotalCount: 4,
		SuccessCount: 1, Successes: []StatusDetail{{ID: idA, Version: "2018-05-27T12:02:41.312Z"}},
		FailureCount: 1, Failures: []StatusDetail{{ID: idB, Version: "2018-05-27T12:02:41.312Z", Message: "Unable to process object"}}, PendingCount: 2}
	message := ErrorMessage{Title: "Bad request", HTTPStatus: "400", Details: map[string]string{"parameter": "limit"}}
	manifest := Manifest{More: true, Objects: []ManifestRecord{{ID: idA, DateAdded: added, Version: "2016-01-01T01:01:01.000Z", MediaType: STIXMediaType}}}

	check := func(name, want string, v any, parse func([]byte) (any, error)) {
		t.Helper()
		data, err := Encode(v)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if want != "" && string(data) != want {
			t.Errorf("%s is written %s", name, data)
		}
		got, err := parse(data)
		if d := cmp.Diff(v, got); err != nil || d != "" {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, d)
		}
	}
	check("discovery", "", discovery, func(b []byte) (any, error) { return ParseDiscovery(b) })
	check("discovery at its least", `{"title":"x"}`, Discovery{Title: "x"}, func(b []byte) (any, error) { return ParseDiscovery(b) })
	check("API root", `{"title":"Malware Research Group","versions":["application/taxii+json;version=2.1"],"max_content_length":104857600}`,
		root, func(b []byte) (any, error) { return ParseAPIRoot(b) })
	check("collection", "", collection, func(b []byte) (any, error) { return ParseCollection(b) })
	check("collections", "", Collections{[]Collection{collection}}, func(b []byte) (any, error) { return ParseCollections(b) })
	check("no collections", `{}`, Collections{}, func(b []byte) (any, error) { return ParseCollections(b) })
	check("status", "", status, func(b []byte) (any, error) { return ParseStatus(b) })
	check("error", `{"title":"Bad request","http_status":"400","details":{"parameter":"limit"}}`, message, func(b []byte) (any, error) { return ParseError(b) })
	check("manifest", `{"more":true,"objects":[{"id":"`+idA+`","date_added":"2026-03-02T01:01:01.123456Z","version":"2016-01-01T01:01:01.000Z","media_type":"application/stix+json;version=2.1"}]}`,
		manifest, func(b []byte) (any, error) { return ParseManifest(b) })
	check("versions", `{"versions":["2016-01-01T01:01:01.000Z"]}`, VersionList{Versions: []string{"2016-01-01T01:01:01.000Z"}},
		func(b []byte) (any, error) { return ParseVersions(b) })
}

// §3.7: an envelope's objects stay the bytes they are; an empty one is {}.
func TestEnvelope(t *testing.T) {
	objects := [][]byte{[]byte(`{"type":"x", "n":1.50}`), []byte("{\n\t\"b\" : \"\\u00e9\"}")}
	data := AppendEnvelope(nil, true, `a"b`, objects)
	if want := "{\"more\":true,\"next\":\"a\\\"b\",\"objects\":[{\"type\":\"x\", \"n\":1.50},{\n\t\"b\" : \"\\u00e9\"}]}"; string(data) != want {
		t.Errorf("it is %s", data)
	}
	e, err := ParseEnvelope(data)
	if err != nil || !e.More || e.Next != `a"b` || len(e.Objects) != 2 || !bytes.Equal(e.Objects[0], objects[0]) || !bytes.Equal(e.Objects[1], objects[1]) {
		t.Errorf("%+v, %v", e, err)
	}
	for want, got := range map[string][]byte{
		`{}`:               AppendEnvelope(nil, false, "", nil),
		`x{"next":"n"}`:    AppendEnvelope([]byte("x"), false, "n", nil),
		`{"objects":[{}]}`: AppendEnvelope(nil, false, "", [][]byte{[]byte(`{}`)}),
		`{"more":true}`:    AppendEnvelope(nil, true, "", nil),
	} {
		if string(got) != want {
			t.Errorf("%s instead of %s", got, want)
		}
	}
}

// Members that the standard does not name are passed over.
func TestAddedMembers(t *testing.T) {
	c, err := ParseCollection([]byte(`{"id":"a","title":"t","can_read":true,"can_write":false,"x_rank":{"a":[1]}}`))
	if err != nil || !c.CanRead || c.CanWrite {
		t.Errorf("%+v, %v", c, err)
	}
}

var parsers = map[string]func([]byte) error{
	"discovery":   func(b []byte) error { _, err := ParseDiscovery(b); return err },
	"root":        func(b []byte) error { _, err := ParseAPIRoot(b); return err },
	"collection":  func(b []byte) error { _, err := ParseCollection(b); return err },
	"collections": func(b []byte) error { _, err := ParseCollections(b); return err },
	"envelope":    func(b []byte) error { _, err := ParseEnvelope(b); return err },
	"manifest":    func(b []byte) error { _, err := ParseManifest(b); return err },
	"versions":    func(b []byte) error { _, err := ParseVersions(b); return err },
	"status":      func(b []byte) error { _, err := ParseStatus(b); return err },
	"error":       func(b []byte) error { _, err := ParseError(b); return err },
}

// T-53: what two readers could read differently, and what is too much, is refused by every parser.
func TestRefusesUnsafeJSON(t *testing.T) {
	deep := strings.Repeat(`{"a":`, 70) + "1" + strings.Repeat("}", 70)
	for name, text := range map[string]string{
		"empty": "", "space": " \n", "cut off": `{"title":"x"`, "two": `{"title":"x"}{"title":"y"}`, "trailing": `{"title":"x"} x`,
		"twice": `{"title":"x","title":"y"}`, "twice in another case": `{"title":"x","Title":"y"}`, "twice by escape": `{"title":"x","\u0074itle":"y"}`,
		"twice by long s": `{"status":"pending","ſtatus":"complete"}`, "twice inside": `{"title":"x","objects":[{"a":1,"A":2}]}`,
		"bad UTF-8": "{\"title\":\"\xff\"}", "half a pair": `{"title":"\ud800"}`, "NUL": "{\"title\":\"a\x00\"}", "NUL by escape": `{"title":"a\u0000"}`,
		"mark": "\xef\xbb\xbf{\"title\":\"x\"}", "UTF-16": "\xff\xfe{\x00}\x00", "deep": deep, "deep array": strings.Repeat("[", 100) + strings.Repeat("]", 100),
		"long number": `{"x":` + strings.Repeat("9", 100) + `}`, "array": `[]`, "string": `"title"`, "comment": `{/**/"title":"x"}`,
		"single quotes": `{'title':'x'}`, "NaN": `{"x":NaN}`, "comma": `{"title":"x",}`,
	} {
		for kind, parse := range parsers {
			if err := parse([]byte(text)); !errors.Is(err, ErrNotTAXII) {
				t.Errorf("%s, %s: %v", kind, name, err)
			}
		}
	}
	if err := parsers["discovery"]([]byte(`{"title":"` + strings.Repeat("x", MaxResource) + `"}`)); !errors.Is(err, ErrNotTAXII) {
		t.Errorf("a resource that is too long: %v", err)
	}
}

// What each section requires of its resource.
func TestRefusesIncomplete(t *testing.T) {
	for _, c := range []struct{ kind, text string }{
		{"discovery", `{}`}, {"discovery", `{"title":7}`}, {"discovery", `{"title":"x","api_roots":"y"}`}, {"discovery", `{"title":"x","api_roots":[1]}`}, // §4.1.1
		{"root", `{"title":"x","versions":["a"]}`}, {"root", `{"title":"x","max_content_length":1}`}, {"root", `{"versions":["a"],"max_content_length":1}`}, // §4.2.1
		{"root", `{"title":"x","versions":["a"],"max_content_length":0}`}, {"root", `{"title":"x","versions":["a"],"max_content_length":"1"}`},
		{"root", `{"title":"x","versions":["a"],"max_content_length":1.5}`}, {"root", `{"title":"x","versions":["a"],"max_content_length":99999999999999999999}`},
		{"collection", `{"title":"x","can_read":true,"can_write":true}`}, {"collection", `{"id":"a","can_read":true,"can_write":true}`}, // §5.2.1
		{"collection", `{"id":"a","title":"x","can_read":true}`}, {"collection", `{"id":"a","title":"x","canRead":true,"canWrite":true}`},
		{"collection", `{"id":"../b","title":"x","can_read":true,"can_write":true}`}, {"collection", `{"id":"..","title":"x","can_read":true,"can_write":true}`},
		{"collection", `{"id":"a?b","title":"x","can_read":true,"can_write":true}`}, {"collection", `{"id":"a","title":"x","can_read":"true","can_write":true}`},
		{"collections", `{"collections":[{"id":"a","title":"x","can_read":true,"can_write":true},{"id":"a","title":"y","can_read":true,"can_write":true}]}`},
		{"collections", `{"collections":{}}`},
		{"envelope", `{"objects":[1]}`}, {"envelope", `{"objects":{}}`}, {"envelope", `{"more":"true"}`}, {"envelope", `{"more":true}`}, {"envelope", `{"next":"a\nb"}`}, // §3.7
		{"envelope", `{"next":"` + strings.Repeat("n", 2*maxNext+1) + `"}`},
		{"manifest", `{"objects":[{"id":"x","date_added":"2026-03-02T01:01:01Z","version":"2026-03-02T01:01:01Z"}]}`}, // §5.3.2
		{"manifest", `{"objects":[{"id":"` + idA + `","version":"2026-03-02T01:01:01Z"}]}`},
		{"manifest", `{"objects":[{"id":"` + idA + `","date_added":"Wed May 31 2017","version":"2026-03-02T01:01:01Z"}]}`},
		{"manifest", `{"objects":[{"id":"` + idA + `","date_added":"2026-03-02T01:01:01Z","version":"1"}]}`},
		{"versions", `{"versions":["yesterday"]}`}, {"versions", `{"versions":"2026-03-02T01:01:01Z"}`}, // §5.8.1
		{"status", `{"id":"a","status":"done"}`}, {"status", `{"status":"complete"}`}, {"status", `{"id":"a/b","status":"complete"}`}, // §4.3.1
		{"status", `{"id":"a","status":"complete","pending_count":1}`}, {"status", `{"id":"a","status":"pending","total_count":-1}`},
		{"error", `{}`}, {"error", `{"title":""}`}, {"error", `{"title":"x","http_status":400}`}, // §3.6.1: a string
	} {
		if err := parsers[c.kind]([]byte(c.text)); !errors.Is(err, ErrNotTAXII) {
			t.Errorf("%s %.100s: %v", c.kind, c.text, err)
		}
	}
}

// §4.1.1 and §3.1: API roots are whole or relative; addresses end in a slash.
func TestAddresses(t *testing.T) {
	discovery, _ := url.Parse("https://taxii.example.com/taxii2/")
	for in, want := range map[string]string{
		"https://other.example.com/api1/": "https://other.example.com/api1/",
		"https://other.example.com/api1":  "https://other.example.com/api1/",
		"/api1/":                          "https://taxii.example.com/api1/",
		"api/v21":                         "https://taxii.example.com/api/v21/",
	} {
		u, err := RootURL(discovery, in)
		if err != nil || u.String() != want {
			t.Errorf("%s is %v, %v", in, u, err)
		}
	}
	for _, bad := range []string{"", "ftp://example.com/", "https://u:p@example.com/", "javascript:x", "https:///x", "/a?b=c", "/a#b", "https://exa mple.com/", "file:///etc/", "\\\\x\\y"} {
		if u, err := RootURL(discovery, bad); err == nil {
			t.Errorf("%s is read as %v", bad, u)
		}
	}
	root, _ := url.Parse("https://taxii.example.com/api1/")
	if got := Endpoint(root, "collections", "x", "objects").String(); got != "https://taxii.example.com/api1/collections/x/objects/" {
		t.Errorf("the endpoint is %s", got)
	}
}

// T-49: no parser panics, and what one accepts can be written and read again.
func FuzzParse(f *testing.F) {
	for _, s := range []string{`{}`, `{"title":"x"}`, `{"id":"a","status":"pending"}`, `{"more":true,"next":"a","objects":[{}]}`,
		`{"versions":["2026-03-02T01:01:01Z"]}`, `{"collections":[{"id":"a","title":"x","can_read":true,"can_write":true}]}`,
		`{"objects":[{"id":"` + idA + `","date_added":"2026-03-02T01:01:01Z","version":"2026-03-02T01:01:01Z"}]}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		again := func(v any, err error, parse func([]byte) (any, error)) {
			if err != nil {
				if !errors.Is(err, ErrNotTAXII) {
					t.Fatalf("%v", err)
				}
				return
			}
			text, err := Encode(v)
			if err != nil {
				t.Fatalf("%+v: %v", v, err)
			}
			got, err := parse(text)
			if err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			if once, _ := Encode(got); !bytes.Equal(once, text) {
				t.Errorf("%s becomes %s", text, once)
			}
		}
		for _, parse := range []func([]byte) (any, error){
			func(b []byte) (any, error) { return ParseDiscovery(b) }, func(b []byte) (any, error) { return ParseAPIRoot(b) },
			func(b []byte) (any, error) { return ParseCollections(b) }, func(b []byte) (any, error) { return ParseEnvelope(b) },
			func(b []byte) (any, error) { return ParseManifest(b) }, func(b []byte) (any, error) { return ParseVersions(b) },
			func(b []byte) (any, error) { return ParseStatus(b) }, func(b []byte) (any, error) { return ParseError(b) },
		} {
			v, err := parse(data)
			again(v, err, parse)
		}
	})
}
