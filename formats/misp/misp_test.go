package misp

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const small = `{"Event":{"uuid":"5b1f9378-46d4-494b-a4c1-044e0a00020f","info":"Pump firmware on a phishing page","date":"2026-03-02","timestamp":"1772409600","published":true,` +
	`"Orgc":{"name":"Example Hospital","uuid":"a0c22599-9e58-4da4-96ac-7051603fa951"},"Tag":[{"name":"tlp:amber"},{"name":"PAP:GREEN"}],` +
	`"Attribute":[{"uuid":"2972c3a2-dda3-4de7-aca1-e96cf7ce5544","type":"domain","category":"Network activity","value":"pump.example","to_ids":true,"timestamp":"1772409601"}]}}`

func one(t testing.TB, text string) Event {
	t.Helper()
	events, err := Parse(strings.NewReader(text), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if len(events) != 1 {
		t.Fatalf("%d events", len(events))
	}
	return events[0]
}

func TestParseShapes(t *testing.T) {
	bare := strings.TrimSuffix(strings.TrimPrefix(small, `{"Event":`), "}")
	want := one(t, small)
	for _, text := range []string{bare, `{"response":[` + small + `]}`, `[` + small + `]`, `[` + bare + `]`, `{"response":` + small + `}`} {
		if diff := cmp.Diff(want, one(t, text)); diff != "" {
			t.Errorf("%.40s: %s", text, diff)
		}
	}
	many, err := Parse(strings.NewReader(`{"response":[`+small+`,`+small+`]}`), Limits{})
	if err != nil || len(many) != 2 {
		t.Errorf("two events: %d, %v", len(many), err)
	}
	// PHP and older instances: numbers as strings, truth as 0 and 1, [] for {}.
	e := one(t, `{"Event":{"info":"x","timestamp":5,"published":"1","Org":[],"threat_level_id":null,"Attribute":[{"value":8,"to_ids":"0","type":"port"}]}}`)
	if e.Timestamp != "5" || !e.Published || e.ThreatLevel != "" || e.Attributes[0].Value != "8" || e.Attributes[0].ToIDS {
		t.Errorf("read as %+v", e)
	}
}

// T-53: texts that two readers could read differently, or that are made to
// exhaust one, are refused with a place or a reason, and never repeated.
func TestParseRefuses(t *testing.T) {
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	cases := map[string]string{
		"nothing": "", "blank": " \n", "null": "null", "a number": "5", "a string": `"x"`, "no event": "{}", "empty list": "[]",
		"name twice":            `{"Event":{"info":"a","info":"b"}}`,
		"name twice, tag":       `{"Event":{"info":"a","Tag":[{"name":"tlp:red","name":"tlp:clear"}]}}`,
		"case variant":          `{"Event":{"info":"a","Info":"b"}}`,
		"case variant, tag":     `{"Event":{"info":"a","Tag":[{"name":"tlp:red","Name":"tlp:clear"}]}}`,
		"case variant, unicode": "{\"Event\":{\"info\":\"a\",\"kind\":1,\"\u212aind\":2}}",
		"case variant, event":   `{"Event":{"info":"a"},"event":{"info":"b"}}`,
		"escaped twice":         `{"Event":{"info":"a","inf\u006f":"b"}}`,
		"lone surrogate":        `{"Event":{"info":"\ud800"}}`,
		"low surrogate first":   `{"Event":{"info":"\udc00\ud800"}}`,
		"bad UTF-8":             "{\"Event\":{\"info\":\"\xff\"}}",
		"overlong UTF-8":        "{\"Event\":{\"info\":\"\xc0\x80\"}}",
		"NUL":                   "{\"Event\":{\"info\":\"\x00\"}}",
		"escaped NUL":           `{"Event":{"info":"\u0000"}}`,
		"escaped NUL, name":     `{"Event":{"info":"a","x\u0000":1}}`,
		"byte order mark":       "\xef\xbb\xbf" + small,
		"UTF-16":                "\xff\xfe{\x00}\x00",
		"truncated":             small[:len(small)-1],
		"trailing":              small + "{}",
		"trailing comma":        `{"Event":{"info":"a",}}`,
		"comment":               `{"Event":{"info":"a"/*b*/}}`,
		"single quotes":         `{'Event':{}}`,
		"NaN":                   `{"Event":{"info":NaN}}`,
		"leading zero":          `{"Event":{"info":"a","timestamp":007}}`,
		"long number":           `{"Event":{"info":"a","timestamp":` + strings.Repeat("9", 65) + `}}`,
		"deep":                  `{"Event":{"info":"a","x":` + deep(65) + `}}`,
		"very deep":             deep(100_000),
		"deep, unclosed":        strings.Repeat(`{"Event":`, 100_000),
		"event is a list":       `{"Event":[]}`,
		"event is text":         `{"Event":"x"}`,
		"attributes are text":   `{"Event":{"info":"a","Attribute":"x"}}`,
		"attribute is text":     `{"Event":{"info":"a","Attribute":["x"]}}`,
		"value is a list":       `{"Event":{"info":"a","Attribute":[{"value":[]}]}}`,
		"truth is text":         `{"Event":{"info":"a","published":"maybe"}}`,
		"tag is a list":         `{"Event":{"info":"a","Tag":[["tlp:red"]]}}`,
		"uuid is none":          `{"Event":{"info":"a","uuid":"../../etc/passwd"}}`,
		"response of response":  `{"response":{"response":{"response":{"response":{"response":` + small + `}}}}}`,
		"one of two is broken":  `[` + small + `,{"Event":{"info":1,"info":2}}]`,
	}
	for name, text := range cases {
		t.Run(name, func(t *testing.T) {
			events, err := Parse(strings.NewReader(text), Limits{})
			if err == nil {
				t.Fatalf("accepted: %+v", events)
			}
			if events != nil {
				t.Error("something was returned with the error")
			}
			var e *Error
			if !errors.As(err, &e) || e.Reason == "" || len(err.Error()) > 300 || strings.Contains(err.Error(), "passwd") {
				t.Errorf("error %q", err)
			}
		})
	}
	attributes := func(n int) string {
		return `{"Event":{"info":"a","Attribute":[` + strings.TrimSuffix(strings.Repeat(`{"value":"x"},`, n), ",") + `]}}`
	}
	for name, c := range map[string]struct {
		text string
		l    Limits
	}{
		"bytes":      {small, Limits{Bytes: 100}},
		"values":     {small, Limits{Values: 10}},
		"events":     {`[` + small + `,` + small + `]`, Limits{Events: 1}},
		"attributes": {attributes(101), Limits{Attributes: 100}},
		"default":    {attributes(100_001), Limits{}},
	} {
		if _, err := Parse(strings.NewReader(c.text), c.l); err == nil {
			t.Errorf("the limit of %s does not hold", name)
		}
	}
	if _, err := Parse(strings.NewReader(attributes(100_000)), Limits{}); err != nil {
		t.Errorf("100,000 attributes: %v", err)
	}
}

// T-53, the other way: what FromSTIX is given is as hostile.
func TestFromSTIXRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"nothing": "", "a list": "[]", "no id": `{"type":"indicator"}`, "id of another type": `{"type":"indicator","id":"malware--2972c3a2-dda3-4de7-aca1-e96cf7ce5544"}`,
		"name twice":   `{"type":"indicator","type":"malware","id":"indicator--2972c3a2-dda3-4de7-aca1-e96cf7ce5544"}`,
		"case variant": `{"type":"indicator","Type":"malware","id":"indicator--2972c3a2-dda3-4de7-aca1-e96cf7ce5544"}`,
		"deep":         `{"type":"x-a","id":"x-a--2972c3a2-dda3-4de7-aca1-e96cf7ce5544","x":` + strings.Repeat("[", 70) + strings.Repeat("]", 70) + `}`,
	} {
		if _, _, err := FromSTIX([][]byte{[]byte(text)}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestTLP(t *testing.T) {
	for _, c := range []struct {
		tags []string
		want string
		ok   bool
	}{
		{nil, "", false},
		{[]string{"osint", "type:tlp"}, "", false},
		{[]string{"tlp:white"}, "CLEAR", true},
		{[]string{"tlp:clear"}, "CLEAR", true},
		{[]string{"TLP:GREEN"}, "GREEN", true},
		{[]string{"tlp:amber", "tlp:green"}, "AMBER", true},
		{[]string{"tlp:amber+strict", "tlp:amber"}, "AMBER+STRICT", true},
		{[]string{"tlp:clear", "tlp:red"}, "RED", true},
		{[]string{"tlp:unclear"}, "?", true},
		{[]string{"tlp:ex:chr", "tlp:clear"}, "?", true},
		{[]string{"tlp:purple", "tlp:red"}, "RED", true},
		{[]string{"tlp: amber"}, "AMBER", true},
		{[]string{`tlp="amber"`}, "AMBER", true},
		{[]string{"TLP AMBER"}, "AMBER", true},
		{[]string{"tlp:"}, "?", true},
		{[]string{" tlp:red "}, "RED", true},
		{[]string{"tlp-red"}, "RED", true},
	} {
		var e Event
		for _, n := range c.tags {
			e.Tags = append(e.Tags, Tag{Name: n})
		}
		if got, ok := e.TLP(); got != c.want || ok != c.ok {
			t.Errorf("%q: %q, %v; want %q, %v", c.tags, got, ok, c.want, c.ok)
		}
	}
	e := Event{Tags: []Tag{{Name: "PAP:RED"}, {Name: "PAP:GREEN"}, {Name: `ais-marking:aisconsent="usg"`}, {Name: `ais-marking:AISConsent="everyone"`}}}
	if p, ok := e.PAP(); p != "RED" || !ok {
		t.Errorf("PAP %q, %v", p, ok)
	}
	if c, ok := e.AISConsent(); c != "usg" || !ok {
		t.Errorf("consent %q, %v", c, ok)
	}
}

// T-07: a marking is never loosened on the way: not by a looser tag on a part,
// nor by a tag nobody knows, there or back.
func TestMarkingsNeverLoosen(t *testing.T) {
	for _, c := range []struct{ event, attribute, want string }{
		{"tlp:amber", "tlp:clear", "AMBER"},
		{"tlp:clear", "tlp:red", "RED"},
		{"", "tlp:green", "GREEN"},
		{"tlp:green", "tlp:secret", "AMBER+STRICT"},
		{"tlp:nonsense", "", "AMBER+STRICT"},
		{"tlp:red", "tlp:nonsense", "RED"},
	} {
		for _, inObject := range []bool{false, true} {
			a := Attribute{UUID: "2972c3a2-dda3-4de7-aca1-e96cf7ce5544", Type: "domain", Relation: "domain", Value: "pump.example", ToIDS: true}
			if c.attribute != "" {
				a.Tags = []Tag{{Name: c.attribute}}
			}
			e := Event{UUID: "5b1f9378-46d4-494b-a4c1-044e0a00020f", Info: "x", Date: "2026-03-02"}
			if c.event != "" {
				e.Tags = []Tag{{Name: c.event}}
			}
			if inObject {
				e.Objects = []Object{{UUID: "4bb235a7-7d25-4aef-802f-2c6b45c5eceb", Name: "domain-ip", Attributes: []Attribute{a}}}
			} else {
				a.Relation = ""
				e.Attributes = []Attribute{a}
			}
			objects, _, err := ToSTIX(e)
			if err != nil {
				t.Fatal(err)
			}
			checkSTIX(t, objects)
			for _, raw := range objects {
				if bytes.Contains(raw, []byte(`"type":"marking-definition"`)) || bytes.Contains(raw, []byte(`"type":"grouping"`)) {
					continue
				}
				if !bytes.Contains(raw, []byte(`"object_marking_refs":["`+tlp2IDs[c.want]+`"]`)) {
					t.Errorf("%+v: not marked %s: %s", c, c.want, raw)
				}
			}
			back, _, err := FromSTIX(objects)
			if err != nil {
				t.Fatal(err)
			}
			got, _ := back.TLP()
			for _, a := range back.Attributes {
				l, _ := a.TLP()
				got = stricter(got, l)
			}
			for _, o := range back.Objects {
				l, _ := o.TLP()
				got = stricter(got, l)
			}
			if tlpRank[got] < tlpRank[c.want] {
				t.Errorf("%+v: came back as %q", c, got)
			}
		}
	}
}

func TestFeed(t *testing.T) {
	e := one(t, small)
	e.Attributes = append(e.Attributes, Attribute{Type: "domain|ip", Value: "pump.example|192.0.2.7"}, Attribute{Type: "text", Value: "gone", Deleted: true})
	e.Objects = []Object{{Name: "file", Attributes: []Attribute{{Type: "filename", Value: "pump.bin"}}}}
	csv := HashesCSV([]Event{e})
	// md5sum of pump.example, 192.0.2.7 and pump.bin; pump.example stands once.
	want := ""
	for _, sum := range []string{"37785904299c031b10db3d0eb03a171d", "e9cc93d8ae23cfc5941cec7cc4ee788a", "0f2913fe0b8625f6f296746ebf553abc"} {
		want += sum + "," + e.UUID + "\n"
	}
	if diff := cmp.Diff(want, string(csv)); diff != "" {
		t.Error(diff)
	}
	hashes, err := ParseHashes(bytes.NewReader(csv))
	if err != nil || len(hashes) != 3 || hashes[0].Event != e.UUID {
		t.Errorf("%v, %v", hashes, err)
	}
	m := NewManifest([]Event{e, {Info: "without uuid"}})
	back, err := ParseManifest(bytes.NewReader(m.JSON()))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(m, back); diff != "" || len(m) != 1 {
		t.Errorf("%d entries %s", len(m), diff)
	}
	for _, bad := range []string{`{"../x":{"info":"a"}}`, `[]`, `{"5b1f9378-46d4-494b-a4c1-044e0a00020f":[]}`,
		`{"5b1f9378-46d4-494b-a4c1-044e0a00020f":{"info":"a"},"5B1F9378-46D4-494B-A4C1-044E0A00020F":{"info":"b"}}`} {
		if _, err := ParseManifest(strings.NewReader(bad)); err == nil {
			t.Errorf("accepted: %s", bad)
		}
	}
	for _, bad := range []string{"x,y", "d41d8cd98f00b204e9800998ecf8427e", "d41d8cd98f00b204e9800998ecf8427e,../x", "d41d8cd9,5b1f9378-46d4-494b-a4c1-044e0a00020f"} {
		if _, err := ParseHashes(strings.NewReader(bad)); err == nil {
			t.Errorf("accepted: %s", bad)
		}
	}
}

func TestSightings(t *testing.T) {
	e := one(t, small)
	e.Attributes[0].Sightings = []Sighting{
		{UUID: "5c764095-129c-4e81-956d-0e1a0a00020f", Type: "0", Date: "1772409700", Org: &Org{UUID: "5c6983c8-3af8-4304-869c-4800d6c1883c", Name: "Another Hospital"}},
		{UUID: "5c764095-129c-4e81-956d-0e1a0a000210", Type: "1", Date: "1772409800"},
		{UUID: "5c764095-129c-4e81-956d-0e1a0a000211", Type: "2", Date: "1772409900"},
	}
	objects, skipped, err := ToSTIX(e)
	if err != nil {
		t.Fatal(err)
	}
	checkSTIX(t, objects)
	if len(skipped) != 1 || skipped[0].Path != "/Attribute/0/Sighting/2" {
		t.Errorf("skipped %v", skipped)
	}
	all := string(bytes.Join(objects, []byte("\n")))
	for _, want := range []string{`"type":"sighting"`, `"count":1`, `"sighting_of_ref":"indicator--2972c3a2`, `"opinion":"strongly-disagree"`} {
		if !strings.Contains(all, want) {
			t.Errorf("no %s in\n%s", want, all)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(small))
	f.Add([]byte(`{"response":[{"Object":{"name":"file","Attribute":[{"object_relation":"md5","type":"md5","value":"8764605c6f388c89096b534d33565802"}]}}]}`))
	f.Add([]byte(`{"response":{"Attribute":[{"type":"ip-src|port","value":"1.2.3.4|5"}]}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		events, err := Parse(bytes.NewReader(data), Limits{Bytes: 1 << 16})
		if err != nil {
			return
		}
		for _, e := range events {
			text := e.JSON()
			if e.Info != "" {
				back, err := Parse(bytes.NewReader(text), Limits{})
				if err != nil || len(back) != 1 || !bytes.Equal(back[0].JSON(), text) {
					t.Fatalf("not read back: %v\n%s", err, text)
				}
			}
			objects, _, err := ToSTIX(e)
			if err != nil {
				continue
			}
			checkSTIX(t, objects)
			if _, _, err := FromSTIX(objects); err != nil {
				t.Fatalf("%v", err)
			}
		}
	})
}

func FuzzFromSTIX(f *testing.F) {
	objects, _, err := ToSTIX(one(f, small))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(bytes.Join(objects, []byte("\n")))
	f.Add([]byte(`{"type":"indicator","id":"indicator--2972c3a2-dda3-4de7-aca1-e96cf7ce5544","pattern_type":"stix","pattern":"[(file:name='a' OR ipv4-addr:value = '1.2.3.4')]","valid_from":"2026-01-01T00:00:00Z"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		e, _, err := FromSTIX(bytes.Split(data, []byte("\n")))
		if err != nil {
			return
		}
		if _, err := Parse(bytes.NewReader(e.JSON()), Limits{}); err != nil {
			t.Fatalf("what came out cannot be read: %v\n%s", err, e.JSON())
		}
	})
}

func big(n int) Event {
	e := Event{UUID: "5b1f9378-46d4-494b-a4c1-044e0a00020f", Info: "big", Date: "2026-03-02", Timestamp: "1772409600", Orgc: project, Tags: []Tag{{Name: "tlp:green"}}}
	for i := range n {
		a := Attribute{UUID: derive("big", fmt.Sprint(i)), Category: "Network activity", Timestamp: "1772409600", ToIDS: i%2 == 0}
		switch i % 4 {
		case 0:
			a.Type, a.Value = "domain", fmt.Sprintf("h%d.example", i)
		case 1:
			a.Type, a.Value = "ip-dst", fmt.Sprintf("10.%d.%d.%d", i>>16&255, i>>8&255, i&255)
		case 2:
			a.Type, a.Value = "sha256", fmt.Sprintf("%064x", i)
		case 3:
			a.Type, a.Value = "btc", fmt.Sprint(i)
		}
		e.Attributes = append(e.Attributes, a)
	}
	return e
}

func benchmarkToSTIX(b *testing.B, n int) {
	e := big(n)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := ToSTIX(e); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "attributes/s")
}

func BenchmarkToSTIX1000(b *testing.B)   { benchmarkToSTIX(b, 1000) }
func BenchmarkToSTIX10000(b *testing.B)  { benchmarkToSTIX(b, 10_000) }
func BenchmarkToSTIX100000(b *testing.B) { benchmarkToSTIX(b, 100_000) }

func BenchmarkFromSTIX10000(b *testing.B) {
	objects, _, err := ToSTIX(big(10_000))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, _, err := FromSTIX(objects); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(10_000*float64(b.N)/b.Elapsed().Seconds(), "attributes/s")
}

func BenchmarkParse10000(b *testing.B) {
	text := big(10_000).JSON()
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, err := Parse(bytes.NewReader(text), Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}
