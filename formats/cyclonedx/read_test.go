package cyclonedx

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cordon-isao/cordon/formats/sbom"
	"github.com/cordon-isao/cordon/formats/sbom/scan"
	"github.com/cordon-isao/cordon/formats/vex"
)

func jsonDoc(members string) string {
	return `{"bomFormat":"CycloneDX","specVersion":"1.6",` + members + `}`
}

func xmlDoc(elements string) string {
	return `<?xml version="1.0"?>` + "\n" + `<bom xmlns="http://cyclonedx.org/schema/bom/1.6">` + elements + `</bom>`
}

func components(s string) string { return `"components":[` + s + `]` }

// TestWhole: everything that is read of a small document, in the order in which
// it is given.
func TestWhole(t *testing.T) {
	const text = `{"$schema":"x","bomFormat":"CycloneDX","specVersion":"1.6","serialNumber":"urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79","version":3,
	"metadata":{"timestamp":"2026-02-03T04:05:06+01:00","tools":{"components":[{"type":"application","group":"Acme","name":"bom","version":"1"}]},
	 "authors":[{"name":"Jane"},{"email":"j@example.org"}],"supplier":{"name":"Vital Devices"},
	 "component":{"type":"device","bom-ref":"pump","name":"Pump 3","version":"3.1","components":[{"type":"firmware","bom-ref":"fw","name":"Boot","cpe":"cpe:2.3:o:acme:boot:1:*:*:*:*:*:*:*"}]}},
	"components":[
	 {"type":"library","bom-ref":"a","group":"org.acme","name":"a","version":"1.2","publisher":"P","manufacturer":{"name":"M"},"purl":"pkg:maven/org.acme/a@1.2",
	  "hashes":[{"alg":"SHA-256","content":"F498A8FF2DD007E29C2074F5E4B01A9A01775C3FF3AEAF6906EA503BC5791B7B"}],
	  "licenses":[{"license":{"id":"MIT"}},{"license":{"name":"Own"}}],"description":"A thing",
	  "properties":[{"name":"Level of Support","value":"Actively maintained"},{"name":"cdx:lifecycle:milestone:endOfSupport","value":"2027-06"},{"name":"syft:cpe23","value":"cpe:2.3:a:acme:a:1.2:*:*:*:*:*:*:*"}],
	  "components":[{"type":"file","name":"a.so"}]},
	 {"type":"operating-system","name":"os","supplier":{"name":"S"},"publisher":"P","releaseNotes":{"type":"major","properties":[{"name":"eol","value":"2025-01-01"}]}}],
	"dependencies":[{"ref":"pump","dependsOn":["a","fw"]},{"ref":"fw"}],
	"unknown":{"deep":[1,{"x":null}]}}`
	var got record
	doc, err := Read(strings.NewReader(text), sbom.JSON, &got, sbom.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	wantDoc := sbom.Document{
		Format: "CycloneDX", Spec: "1.6", Encoding: "json", Serial: "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79", Version: "3",
		Name: "Pump 3", Created: time.Date(2026, 2, 3, 3, 5, 6, 0, time.UTC), Authors: []string{"Jane", "j@example.org"},
		Tools: []string{"Acme bom 1"}, Root: "pump", Supplier: "Vital Devices", Components: 5, Edges: 4,
	}
	if d := cmp.Diff(wantDoc, doc); d != "" {
		t.Error(d)
	}
	want := []sbom.Component{
		{Ref: "fw", Type: "firmware", Name: "Boot", CPE: []string{"cpe:2.3:o:acme:boot:1:*:*:*:*:*:*:*"}},
		{Ref: "pump", Type: "device", Name: "Pump 3", Version: "3.1"},
		{Ref: "#/components/0/components/0", Type: "file", Name: "a.so"},
		{
			Ref: "a", Type: "library", Name: "a", Group: "org.acme", Version: "1.2", Supplier: "M", PURL: "pkg:maven/org.acme/a@1.2",
			CPE:      []string{"cpe:2.3:a:acme:a:1.2:*:*:*:*:*:*:*"},
			Hashes:   []sbom.Hash{{Algorithm: "SHA-256", Value: "f498a8ff2dd007e29c2074f5e4b01a9a01775c3ff3aeaf6906ea503bc5791b7b"}},
			Licenses: []string{"MIT", "Own"}, Description: "A thing", Support: sbom.Maintained, EndOfSupport: "2027-06-30",
		},
		{Ref: "#/components/1", Type: "operating-system", Name: "os", Supplier: "S", EndOfSupport: "2025-01-01"},
	}
	if d := cmp.Diff(want, got.components); d != "" {
		t.Error(d)
	}
	edges := [][2]string{{"pump", "fw"}, {"a", "#/components/0/components/0"}, {"pump", "a"}, {"pump", "fw"}}
	if d := cmp.Diff(edges, got.edges); d != "" {
		t.Error(d)
	}
}

// TestRefused: T-53, T-54 and what is wrong with a document, with the place.
func TestRefused(t *testing.T) {
	lib := `{"type":"library","name":"n"}`
	deep := strings.Repeat(`{"type":"library","name":"n","components":[`, 40) + lib + strings.Repeat(`]}`, 40)
	small := sbom.Limits{Bytes: 1 << 20, Components: 3, Edges: 2, Depth: 64, Text: 100}
	for _, c := range []struct{ name, encoding, text, want string }{
		{"empty", "json", ``, "ends in the middle"},
		{"list", "json", `[]`, "no object"},
		{"cut", "json", `{"bomFormat":"CycloneDX",`, "ends in the middle"},
		{"after", "json", jsonDoc(`"version":1`) + `{}`, "something follows"},
		{"no format", "json", `{"specVersion":"1.6"}`, "bomFormat"},
		{"no version", "json", `{"bomFormat":"CycloneDX"}`, "specVersion"},
		{"1.1", "json", `{"bomFormat":"CycloneDX","specVersion":"1.1"}`, `CycloneDX "1.1" is not read`},
		{"2.0", "json", `{"bomFormat":"CycloneDX","specVersion":"2.0"}`, "not read"},
		{"number as version", "json", `{"bomFormat":"CycloneDX","specVersion":1.6}`, "a string is wanted, there is a number at /specVersion"},
		{"duplicate name", "json", jsonDoc(components(`{"type":"library","name":"a","name":"b"}`)), "given twice"},
		{"duplicate in what is passed over", "json", jsonDoc(`"x":{"a":1,"a":2}`), "given twice"},
		{"letter case", "json", jsonDoc(components(`{"type":"library","name":"a","PURL":"pkg:npm/x"}`)), `"PURL" is written "purl"`},
		{"letter case at the top", "json", jsonDoc(`"Components":[]`), `is written "components"`},
		{"Kelvin sign", "json", jsonDoc("\"dependencies\":[{\"ref\":\"a\",\"depend\u017fOn\":[]}]"), `is written "dependsOn"`},
		{"bad UTF-8", "json", jsonDoc(components("{\"type\":\"library\",\"name\":\"\xff\"}")), "not UTF-8"},
		{"surrogate", "json", jsonDoc(components(`{"type":"library","name":"\ud800"}`)), "surrogate"},
		{"NUL", "json", jsonDoc(components(`{"type":"library","name":"a\u0000"}`)), "NUL at /components/0/name"},
		{"components an object", "json", jsonDoc(`"components":{}`), "an array is wanted, there is an object at /components"},
		{"component a string", "json", jsonDoc(components(`"x"`)), "an object is wanted, there is a string at /components/0"},
		{"component null", "json", jsonDoc(components(`null`)), "an object is wanted, there is null"},
		{"name a number", "json", jsonDoc(components(`{"type":"library","name":7}`)), "at /components/0/name"},
		{"no name", "json", jsonDoc(components(`{"type":"library","name":null}`)), "has no name at /components/0"},
		{"nested without type", "json", jsonDoc(components(`{"type":"library","name":"a","components":[{"name":"b"}]}`)), "has no type at /components/0/components/0"},
		{"ref twice", "json", jsonDoc(components(`{"type":"library","name":"a","bom-ref":"r"},{"type":"library","name":"b","bom-ref":"r"}`)), `bom-ref "r" is given twice`},
		{"ref of the root twice", "json", jsonDoc(`"metadata":{"component":{"type":"device","name":"d","bom-ref":"r"}},` + components(`{"type":"library","name":"b","bom-ref":"r"}`)), `given twice`},
		{"ref like a made one", "json", jsonDoc(components(`{"type":"library","name":"a","bom-ref":"#/components/1"},{"type":"library","name":"b"}`)), `given twice`},
		{"two metadata", "json", jsonDoc(`"metadata":{},"metadata":{}`), "given twice"},
		{"bad state", "json", jsonDoc(`"vulnerabilities":[{"id":"CVE-1","analysis":{"state":"fine"},"affects":[{"ref":"a"}]}]`), `"fine" is no analysis state`},
		{"bad justification", "json", jsonDoc(`"vulnerabilities":[{"id":"CVE-1","analysis":{"state":"not_affected","justification":"luck"},"affects":[{"ref":"a"}]}]`), `"luck"`},
		{"no id", "json", jsonDoc(`"vulnerabilities":[{"affects":[{"ref":"a"}]}]`), "no id"},
		{"affects nothing", "json", jsonDoc(`"vulnerabilities":[{"id":"CVE-1","affects":[{}]}]`), "no ref"},
		{"dependsOn empty", "json", jsonDoc(`"dependencies":[{"ref":"a","dependsOn":[""]}]`), "empty ref"},
		{"deep", "json", jsonDoc(components(deep)), "deeper than 64"},
		{"deep in what is passed over", "json", jsonDoc(`"x":` + strings.Repeat("[", 100000)), "deeper than 64"},
		{"deep in a component", "json", jsonDoc(components(`{"x":` + strings.Repeat(`{"a":`, 70) + `1` + strings.Repeat("}", 70) + `}`)), "deeper than 64"},
		{"long text", "json", jsonDoc(components(`{"type":"library","name":"` + strings.Repeat("n", 101) + `"}`)), "more than 100 bytes at /components/0/name"},
		{"many components", "json", jsonDoc(components(strings.Join([]string{lib, lib, lib, lib}, ","))), "more than 3 components"},
		{"many edges", "json", jsonDoc(`"dependencies":[{"ref":"a","dependsOn":["b","c","d"]}]`), "more than 2"},
		{"many bytes", "json", jsonDoc(`"x":"` + strings.Repeat("y", 1<<20) + `"`), "more than 1048576 bytes"},

		{"empty", "xml", ``, "ends in the middle"},
		{"cut", "xml", `<bom xmlns="http://cyclonedx.org/schema/bom/1.6"><components>`, "ends in the middle"},
		{"not closed", "xml", xmlDoc(`<components></bom>`), "not well-formed"},
		{"document type", "xml", `<!DOCTYPE bom SYSTEM "http://example.org/x.dtd">` + xmlDoc(""), "document type"},
		{"laughs", "xml", `<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;">]>` + strings.TrimPrefix(xmlDoc(`<components><component type="library"><name>&b;</name></component></components>`), `<?xml version="1.0"?>`), "document type"},
		{"document type within", "xml", xmlDoc(`<!DOCTYPE x [<!ENTITY a "b">]>`), "document type"},
		{"external entity", "xml", `<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>` + xmlDoc(""), "document type"},
		{"entity not declared", "xml", xmlDoc(`<components><component type="library"><name>&nbsp;</name></component></components>`), "entity"},
		{"XInclude", "xml", xmlDoc(`<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd"/>`), "XInclude"},
		{"XInclude in a component", "xml", xmlDoc(`<components><component type="library"><name>a</name><i:include xmlns:i="http://www.w3.org/2001/XInclude" href="x"/></component></components>`), "XInclude"},
		{"style sheet", "xml", `<?xml version="1.0"?><?xml-stylesheet href="http://example.org/x.xsl"?>` + strings.TrimPrefix(xmlDoc(""), `<?xml version="1.0"?>`), "processing instruction"},
		{"instruction within", "xml", xmlDoc(`<?php x ?>`), "processing instruction"},
		{"Latin-1", "xml", `<?xml version="1.0" encoding="ISO-8859-1"?>` + strings.TrimPrefix(xmlDoc(""), `<?xml version="1.0"?>`), "UTF-8"},
		{"bad UTF-8", "xml", xmlDoc("<components><component type=\"library\"><name>\xff</name></component></components>"), "UTF-8"},
		{"other root", "xml", `<html xmlns="http://www.w3.org/1999/xhtml"/>`, `"html"`},
		{"no name space", "xml", `<bom/>`, "name space"},
		{"1.0", "xml", `<bom xmlns="http://cyclonedx.org/schema/bom/1.0"/>`, `"1.0" is not read`},
		{"after", "xml", xmlDoc("") + `<bom/>`, "something follows"},
		{"text after", "xml", xmlDoc("") + `x`, "something follows"},
		{"text before", "xml", `x` + xmlDoc(""), "text before"},
		{"no name", "xml", xmlDoc("\n<components>\n<component type=\"library\"/></components>"), "has no name at /bom/components/component (line 4)"},
		{"two names", "xml", xmlDoc(`<components><component type="library"><name>a</name><name>b</name></component></components>`), "given twice at /bom/components/component/name"},
		{"element in a text", "xml", xmlDoc(`<components><component type="library"><name>a<b/></name></component></components>`), "text is wanted"},
		{"attribute twice", "xml", xmlDoc(`<components><component type="library" type="file"><name>a</name></component></components>`), "given twice"},
		{"ref twice", "xml", xmlDoc(`<components><component type="library" bom-ref="r"><name>a</name></component><component type="library" bom-ref="r"><name>b</name></component></components>`), `bom-ref "r" is given twice`},
		{"deep", "xml", xmlDoc(strings.Repeat("<a>", 100000)), "deeper than 64"},
		{"deep elsewhere", "xml", xmlDoc(strings.Repeat(`<a xmlns="x">`, 64)), "deeper than 64"},
		{"long text", "xml", xmlDoc(`<components><component type="library"><name>` + strings.Repeat("n", 101) + `</name></component></components>`), "more than 100 bytes at /bom/components/component/name"},
		{"long text of comments", "xml", xmlDoc(`<components><component type="library"><name>` + strings.Repeat("nnnnnnnnnn<!-- -->", 11) + `</name></component></components>`), "more than 100 bytes"},
		{"many components", "xml", xmlDoc(`<components>` + strings.Repeat(`<component type="library"><name>a</name></component>`, 4) + `</components>`), "more than 3 components"},
		{"many bytes", "xml", xmlDoc(`<x>` + strings.Repeat("y", 1<<20) + `</x>`), "more than 1048576 bytes"},
		{"many attributes", "xml", xmlDoc(`<x ` + strings.Repeat(`a="" `, 100) + `/>`), "attributes"},
	} {
		t.Run(c.encoding+" "+c.name, func(t *testing.T) {
			var sink record
			doc, err := Read(strings.NewReader(c.text), c.encoding, &sink, small)
			if err == nil {
				t.Fatal("it is read")
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %q, want %q", err, c.want)
			}
			if d := cmp.Diff(sbom.Document{}, doc); d != "" {
				t.Errorf("a document is given in spite of the error: %s", d)
			}
		})
	}
}

// TestLongTokens: one value that is passed over, or one attribute, may not
// fill the memory: 16 MiB are held at most.
func TestLongTokens(t *testing.T) {
	for encoding, head := range map[string]string{
		"json": `{"bomFormat":"CycloneDX","x":"`,
		"xml":  `<bom xmlns="http://cyclonedx.org/schema/bom/1.6" x="`,
	} {
		endless := io.MultiReader(strings.NewReader(head), neverEnding('y'))
		_, err := Read(endless, encoding, &record{}, sbom.Limits{})
		if err == nil || !strings.Contains(err.Error(), "one value has more than") {
			t.Errorf("%s: %v", encoding, err)
		}
	}
	_, err := Read(io.MultiReader(strings.NewReader(`{"x":[`), &repeat{s: "1,"}), "json", &record{}, sbom.Limits{Bytes: 1 << 20})
	if !errors.Is(err, scan.ErrTooLarge) {
		t.Errorf("an endless list: %v", err)
	}
}

type neverEnding byte

func (b neverEnding) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(b)
	}
	return len(p), nil
}

type repeat struct {
	s string
	n int
}

func (r *repeat) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = r.s[r.n%len(r.s)]
		r.n++
	}
	return len(p), nil
}

// failing is a sink that fails at the nth call.
type failing struct {
	n   int
	err error
}

func (f *failing) step() error {
	if f.n--; f.n < 0 {
		return f.err
	}
	return nil
}
func (f *failing) Component(sbom.Component) error { return f.step() }
func (f *failing) Depends(string, []string) error { return f.step() }
func (f *failing) Statement(vex.Statement) error  { return f.step() }

// TestSinkEnds: an error of the sink ends the reading and is wrapped.
func TestSinkEnds(t *testing.T) {
	text := jsonDoc(components(`{"type":"library","name":"a","bom-ref":"a"}`) + `,"dependencies":[{"ref":"a","dependsOn":["b"]}],"vulnerabilities":[{"id":"CVE-2026-1","affects":[{"ref":"a"}]}]`)
	full := errors.New("the disk is full")
	for n := range 4 {
		_, err := Read(strings.NewReader(text), "json", &failing{n, full}, sbom.Limits{})
		if want := n < 3; errors.Is(err, full) != want {
			t.Errorf("failing at call %d: %v", n, err)
		}
	}
	broken := errors.New("the line is broken")
	for _, encoding := range []string{"json", "xml"} {
		head := map[string]string{"json": `{"bomFormat":`, "xml": `<bom `}[encoding]
		_, err := Read(io.MultiReader(strings.NewReader(head), errReader{broken}), encoding, &record{}, sbom.Limits{})
		if !errors.Is(err, broken) {
			t.Errorf("%s: %v", encoding, err)
		}
	}
}

type errReader struct{ err error }

func (r errReader) Read([]byte) (int, error) { return 0, r.err }

// TestByteOrderMark: tools for Windows write one.
func TestByteOrderMark(t *testing.T) {
	for encoding, text := range map[string]string{"json": jsonDoc(`"version":1`), "xml": xmlDoc("")} {
		if _, err := Read(strings.NewReader("\xef\xbb\xbf"+text), encoding, &record{}, sbom.Limits{}); err != nil {
			t.Errorf("%s: %v", encoding, err)
		}
	}
}

// generate writes a document of n components as a real tool would.
func generate(w io.Writer, n int) error {
	if _, err := io.WriteString(w, `{"bomFormat":"CycloneDX","specVersion":"1.6","version":1,"metadata":{"component":{"type":"device","bom-ref":"root","name":"Device"}},"components":[`); err != nil {
		return err
	}
	for i := range n {
		comma := ","
		if i == 0 {
			comma = ""
		}
		_, err := fmt.Fprintf(w, `%s{"bom-ref":"pkg:maven/org.example.group%d/artifact-%d@1.%d.%d?type=jar","type":"library","group":"org.example.group%d","name":"artifact-%d","version":"1.%d.%d","description":"An artifact of the example","hashes":[{"alg":"SHA-256","content":"%064x"}],"licenses":[{"license":{"id":"Apache-2.0"}}],"purl":"pkg:maven/org.example.group%d/artifact-%d@1.%d.%d?type=jar"}`,
			comma, i%97, i, i%7, i%13, i%97, i, i%7, i%13, i, i%97, i, i%7, i%13)
		if err != nil {
			return err
		}
	}
	_, err := io.WriteString(w, `]}`)
	return err
}

// peak is a sink that forgets everything and watches the heap.
type peak struct {
	n, every int
	most     uint64
}

func (p *peak) Component(sbom.Component) error {
	if p.n++; p.n%p.every == 0 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		p.most = max(p.most, m.HeapAlloc)
	}
	return nil
}
func (p *peak) Depends(string, []string) error { return nil }
func (p *peak) Statement(vex.Statement) error  { return nil }

// TestStreams: a document is not held; a component costs its reference in the
// set that finds those given twice. With CORDON_LONG=1, 300,000 components.
func TestStreams(t *testing.T) {
	n := 30_000
	if os.Getenv("CORDON_LONG") != "" {
		n = 300_000
	}
	read := func(n int) (uint64, int64) {
		in, out := io.Pipe()
		count := &counter{r: in}
		go func() { out.CloseWithError(generate(out, n)) }()
		sink := &peak{every: max(1, n/5)}
		doc, err := Read(count, "json", sink, sbom.Limits{})
		if err != nil || doc.Components != n+1 {
			t.Fatalf("%d components of %d: %v", doc.Components, n, err)
		}
		return sink.most, count.n
	}
	base, _ := read(10)
	most, size := read(n)
	growth := int64(most) - int64(base)
	t.Logf("%d components, %d MB: the heap grew by %d kB (%d bytes each)", n, size>>20, growth>>10, growth/int64(n))
	if growth > int64(n)*80+1<<20 {
		t.Errorf("the heap grew by %d bytes for %d components", growth, n)
	}
}

// TestLongList: a list of dependencies goes to the sink in parts, whether its
// ref comes first or last.
func TestLongList(t *testing.T) {
	list := strings.TrimSuffix(strings.Repeat(`"a",`, 25_000), ",")
	for _, c := range []struct {
		text, encoding string
	}{
		{jsonDoc(`"dependencies":[{"ref":"r","dependsOn":[` + list + `]}]`), "json"},
		{jsonDoc(`"dependencies":[{"dependsOn":[` + list + `],"ref":"r"}]`), "json"},
		{xmlDoc(`<dependencies><dependency ref="r">` + strings.Repeat(`<dependency ref="a"/>`, 25_000) + `</dependency></dependencies>`), "xml"},
	} {
		var got record
		doc, err := Read(strings.NewReader(c.text), c.encoding, &got, sbom.Limits{})
		if err != nil || len(got.edges) != 25_000 || doc.Edges != 25_000 || got.edges[0] != [2]string{"r", "a"} {
			t.Errorf("%.80s: %d edges, %v", c.text, len(got.edges), err)
		}
		if _, err := Read(strings.NewReader(c.text), c.encoding, &record{}, sbom.Limits{Edges: 24_999}); err == nil {
			t.Errorf("%.80s: more than the limit is read", c.text)
		}
	}
}

type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

func BenchmarkReadJSON(b *testing.B) {
	var doc bytes.Buffer
	if err := generate(&doc, 28_000); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(doc.Len()))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Read(bytes.NewReader(doc.Bytes()), "json", &peak{every: 1 << 30}, sbom.Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReadXML(b *testing.B) {
	data := archive(b, "examples.tar.gz")["cyclonedx-bom-examples/SBOM__dropwizard-1.3.15__bom.xml"]
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Read(bytes.NewReader(data), "xml", &peak{every: 1 << 30}, sbom.Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}

func fuzz(f *testing.F, encoding string) {
	n := 0
	for name, data := range archive(f, "suite.tar.gz") {
		if strings.HasSuffix(name, "."+encoding) && strings.HasPrefix(name, "1.6/") && len(data) < 5000 {
			f.Add(data)
			n++
		}
	}
	if n < 20 {
		f.Fatalf("only %d seeds", n)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var sink record
		doc, err := Read(bytes.NewReader(data), encoding, &sink, sbom.Limits{})
		if err != nil {
			if err.Error() == "" || len(err.Error()) > 2000 || strings.ContainsAny(err.Error(), "\x00\n") {
				t.Fatalf("the error is no sentence: %q", err)
			}
			return
		}
		refs := map[string]bool{}
		for _, c := range sink.components {
			if c.Ref == "" || c.Name == "" || c.Type == "" || refs[c.Ref] {
				t.Fatalf("component %+v", c)
			}
			refs[c.Ref] = true
		}
		if doc.Components != len(sink.components) || doc.Edges != len(sink.edges) || doc.Statements != len(sink.statements) {
			t.Fatal("the counts are wrong")
		}
		if doc.Root != "" && !refs[doc.Root] {
			t.Fatalf("the root %q is no component", doc.Root)
		}
		for _, s := range sink.statements {
			if s.Vulnerability == "" || len(s.Products) == 0 || s.Status == "" {
				t.Fatalf("statement %+v", s)
			}
		}
	})
}

func FuzzJSON(f *testing.F) { fuzz(f, "json") }
func FuzzXML(f *testing.F)  { fuzz(f, "xml") }
