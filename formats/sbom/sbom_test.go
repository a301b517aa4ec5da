package sbom

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestSniff(t *testing.T) {
	tar := make([]byte, 600)
	copy(tar[257:], "ustar")
	for _, c := range []struct{ head, format, encoding, err string }{
		{`{"bomFormat":"CycloneDX"`, CycloneDX, JSON, ""},
		{"\xef\xbb\xbf \n{ \"$schema\": \"http://cyclonedx.org/schema/bom-1.4.schema.json\"", CycloneDX, JSON, ""},
		{`{"components":[{"bom-ref":"a"`, CycloneDX, JSON, ""},
		{`<?xml version="1.0"?><bom xmlns="http://cyclonedx.org/schema/bom/1.4">`, CycloneDX, XML, ""},
		{`{"SPDXID":"SPDXRef-DOCUMENT"`, SPDX, JSON, ""},
		{`{"files":[{"fileName":"x","SPDXID":"SPDXRef-File"`, SPDX, JSON, ""},
		{`{"@context":"https:\/\/spdx.org\/rdf\/3.0.1\/spdx-context.jsonld"`, SPDX, JSON, ""},
		{"# comment\n\nSPDXVersion: SPDX-2.3", SPDX, TagValue, ""},
		{"SPDXVersion: SPDX-2.3\rDataLicense: CC0-1.0", SPDX, TagValue, ""},
		{"", "", "", "empty"},
		{" \n", "", "", "empty"},
		{"PK\x03\x04rest", "", "", "a ZIP archive"},
		{"\x1f\x8b\x08", "", "", "compressed with gzip"},
		{"\x28\xb5\x2f\xfd", "", "", "zstd"},
		{"%PDF-1.7", "", "", "a PDF"},
		{"\xff\xfe{\x00", "", "", "UTF-16"},
		{"{\x00\"\x00", "", "", "a binary file"},
		{string(tar), "", "", "a tar archive"},
		{"[{}]", "", "", "a JSON list"},
		{`{"@context":"https://openvex.dev/ns/v0.2.0"`, "", "", "OpenVEX"},
		{`{"document":{"csaf_version":"2.0"`, "", "", "CSAF"},
		{`{"_type":"https://in-toto.io/Statement/v1"`, "", "", "attestation"},
		{`{"schema_version":"1.6","affected":[`, "", "", "OSV"},
		{`{"a":1}`, "", "", "neither that of CycloneDX"},
		{`<rdf:RDF xmlns:spdx="http://spdx.org/rdf/terms#">`, "", "", "RDF"},
		{"<!DOCTYPE html><html>", "", "", "a web page"},
		{`<SoftwareIdentity xmlns="x">`, "", "", "SWID"},
		{"<a/>", "", "", "not CycloneDX"},
		{"bomFormat: CycloneDX", "", "", "YAML"},
		{"hello", "", "", "neither JSON nor XML"},
		{"# only a comment", "", "", "neither JSON nor XML"},
	} {
		format, encoding, err := Sniff([]byte(c.head))
		if format != c.format || encoding != c.encoding {
			t.Errorf("%.40q: %s %s", c.head, format, encoding)
		}
		if (err != nil) != (c.err != "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%.40q: %v, want %q", c.head, err, c.err)
		}
	}
}

func FuzzSniff(f *testing.F) {
	f.Add([]byte(`{"bomFormat":"CycloneDX"`))
	f.Add([]byte("SPDXVersion: SPDX-2.3"))
	f.Fuzz(func(t *testing.T, head []byte) {
		format, encoding, err := Sniff(head)
		if (err == nil) != (format != "" && encoding != "") {
			t.Fatalf("%q %q %v", format, encoding, err)
		}
	})
}

func TestProperty(t *testing.T) {
	for _, c := range []struct{ name, value, support, end string }{
		{"supportLevel", "actively maintained", Maintained, ""},
		{"Level of Support", "Actively maintained", Maintained, ""},
		{"fda:support-level", "No longer maintained", NoLongerMaintained, ""},
		{"x:y:support_status", "ABANDONED", Abandoned, ""},
		{"supportLevel", "who knows", "", ""},
		{"End-of-Support", "2027-06-01", "", "2027-06-01"},
		{"End-of-Support", "Until hardware support ends", "", ""},
		{"cdx:lifecycle:milestone:endOfSupport", "2027-06-01T12:00:00Z", "", "2027-06-01"},
		{"end of support date", "2028-02", "", "2028-02-29"},
		{"eos", "2027", "", "2027-12-31"},
		{"eol", "June 2027", "", "2027-06-30"},
		{"eol", "true", "", ""},
		{"endOfSupport", "04/05/2027", "", ""},
		{"endOfSupport", "2027-02-30", "", ""},
		{"endOfSupportPhone", "2027-02-03", "", ""},
		{strings.Repeat("x", 100), "2027-02-03", "", ""},
	} {
		var got Component
		got.Property(c.name, c.value)
		if got.Support != c.support || got.EndOfSupport != c.end {
			t.Errorf("%s = %s: %q, %q", c.name, c.value, got.Support, got.EndOfSupport)
		}
	}
	// The end of support counts, not the end of life, whatever comes first.
	for _, names := range [][]string{{"eol", "eos"}, {"eos", "eol"}} {
		var got Component
		for _, n := range names {
			got.Property(n, map[string]string{"eol": "2030-01-01", "eos": "2027-01-01"}[n])
		}
		if got.EndOfSupport != "2027-01-01" {
			t.Errorf("%v: %s", names, got.EndOfSupport)
		}
	}
	var got Component
	got.PropertiesIn("Some words: and more\nsupportLevel=abandoned\nx: endOfSupport: 2027-01-02\n")
	if got.Support != Abandoned || got.EndOfSupport != "2027-01-02" {
		t.Errorf("%+v", got)
	}
}

func TestKey(t *testing.T) {
	for _, c := range []struct {
		component Component
		want      string
	}{
		{Component{PURL: "pkg:npm/%40scope/name@1.2?x=y#z"}, "pkg:npm/%40scope/name"},
		{Component{PURL: "pkg:npm/@scope/name"}, "pkg:npm/@scope/name"},
		{Component{PURL: "pkg:golang/a/b@v1.0.0#sub/dir"}, "pkg:golang/a/b"},
		{Component{PURL: "pkg:GENERIC/A@1"}, "pkg:generic/a"},
		{Component{Group: "Org", Name: "N", Version: "1"}, "org/n"},
		{Component{Name: "N"}, "n"},
	} {
		if got := c.component.Key(); got != c.want {
			t.Errorf("%+v: %q, want %q", c.component, got, c.want)
		}
	}
}

func TestDiff(t *testing.T) {
	c := func(name, version string) Component { return Component{Name: name, Version: version} }
	got := Diff(
		[]Component{c("same", "1"), c("up", "1"), c("gone", "1"), c("two", "1"), c("two", "2")},
		[]Component{c("two", "2"), c("two", "3"), c("two", "4"), c("new", "1"), c("Up", "2"), c("same", "1")},
	)
	want := Change{
		Added: []Component{c("new", "1"), c("two", "4")}, Removed: []Component{c("gone", "1")},
		Upgraded:  []Upgrade{{c("two", "1"), c("two", "3")}, {c("up", "1"), c("Up", "2")}},
		Unchanged: 2,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// TestDiffProperties: nothing is lost or counted twice, order does not matter,
// and the other way round everything is turned round.
func TestDiffProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Component {
			return Component{Name: rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "name"), Version: rapid.SampledFrom([]string{"1", "2", "3", ""}).Draw(t, "version")}
		}), 0, 8)
		old, is := list.Draw(t, "old"), list.Draw(t, "new")
		change := Diff(old, is)
		if n := change.Unchanged + len(change.Upgraded) + len(change.Removed); n != len(old) {
			t.Fatalf("%d of %d old ones", n, len(old))
		}
		if n := change.Unchanged + len(change.Upgraded) + len(change.Added); n != len(is) {
			t.Fatalf("%d of %d new ones", n, len(is))
		}
		for _, u := range change.Upgraded {
			if u.Old.Key() != u.New.Key() || u.Old.Version == u.New.Version {
				t.Fatalf("%+v", u)
			}
		}
		back := Diff(is, old)
		if d := cmp.Diff(change.Added, back.Removed); d != "" || back.Unchanged != change.Unchanged {
			t.Fatal(d)
		}
		turned := slices.Clone(old)
		slices.Reverse(turned)
		if d := cmp.Diff(change, Diff(turned, is)); d != "" {
			t.Fatal(d)
		}
		if same := Diff(old, old); same.Unchanged != len(old) {
			t.Fatalf("%+v", same)
		}
	})
}

func TestQuality(t *testing.T) {
	sum := 0
	for _, w := range Weights {
		sum += w
	}
	if sum != 100 {
		t.Errorf("the weights add up to %d", sum)
	}
	full := Component{
		Name: "n", Version: "1", Supplier: "s", PURL: "pkg:generic/n@1", CPE: []string{"cpe:2.3:a:s:n:1:*:*:*:*:*:*:*"},
		Hashes: []Hash{{"SHA-256", "x"}}, Licenses: []string{"MIT"}, Support: Maintained, EndOfSupport: "2027-01-01",
	}
	doc := Document{Created: time.Unix(1, 0), Authors: []string{"Jane"}}

	q := NewQuality()
	for i := range 4 {
		c := full
		c.Ref = fmt.Sprint(i)
		q.Add(c)
	}
	q.Depends("0", []string{"1", "2", "3", "elsewhere"})
	r := q.Report(doc)
	if r.Score != 100 || r.Components != 4 || r.Edges != 4 {
		t.Errorf("%+v", r)
	}
	for _, e := range append(r.NTIA, r.FDA...) {
		if !e.Met || e.Improve != "" || e.Share.Share != 1 {
			t.Errorf("%+v", e)
		}
	}
	if len(r.NTIA) != 7 || len(r.FDA) != 2 || len(r.Shares) != len(elements) {
		t.Errorf("%d, %d, %d elements", len(r.NTIA), len(r.FDA), len(r.Shares))
	}

	// Half without anything but a name, and no head.
	q = NewQuality()
	for i := range 4 {
		c := full
		if i%2 == 1 {
			c = Component{Name: "n"}
		}
		c.Ref = fmt.Sprint(i)
		q.Add(c)
	}
	r = q.Report(Document{})
	if want := 5 + (25+15+15+5+5+5+5)/2; r.Score != want {
		t.Errorf("score %d, want %d", r.Score, want)
	}
	for _, s := range r.Shares {
		want := Share{Key: s.Key, Label: s.Label, Count: 2, Total: 4, Share: 0.5, Improve: s.Improve}
		switch s.Key {
		case KeyName:
			want.Count, want.Share = 4, 1
		case KeyRelationships:
			want.Count, want.Share = 0, 0
		case KeyAuthor, KeyTimestamp:
			want.Count, want.Total, want.Share = 0, 1, 0
		}
		if d := cmp.Diff(want, s); d != "" || (s.Improve == "") != (s.Count == s.Total) {
			t.Errorf("%+v: %s", s, d)
		}
	}

	// Nothing at all.
	if r := NewQuality().Report(doc); r.Score != 0 || r.NTIA[2].Met {
		t.Errorf("%+v", r)
	}
}

func TestLimits(t *testing.T) {
	got := Limits{Components: 7}.Filled()
	want := DefaultLimits
	want.Components = 7
	if got != want || DefaultLimits.Bytes != 512<<20 {
		t.Errorf("%+v", got)
	}
}
