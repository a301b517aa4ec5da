package cyclonedx

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/cordon-isao/cordon/formats/sbom"
	"github.com/cordon-isao/cordon/formats/vex"
)

func statements(t *testing.T, text string) []vex.Statement {
	t.Helper()
	var sink record
	if _, err := Read(strings.NewReader(text), "json", &sink, sbom.Limits{}); err != nil {
		t.Fatal(err)
	}
	return sink.statements
}

// TestStates: every analysis state and justification.
func TestStates(t *testing.T) {
	for state, want := range map[string]string{
		"not_affected": "not_affected", "false_positive": "not_affected", "exploitable": "affected", "in_triage": "under_investigation",
		"resolved": "fixed", "resolved_with_pedigree": "fixed", "": "affected",
	} {
		analysis := `"analysis":{"state":"` + state + `","detail":"d","lastUpdated":"2026-01-02T03:04:05Z"},`
		if state == "" {
			analysis = ""
		}
		got := statements(t, jsonDoc(`"metadata":{"timestamp":"2025-01-01T00:00:00Z","authors":[{"name":"Jane"}]},"vulnerabilities":[{"id":"CVE-2026-1",`+
			analysis+`"recommendation":"Update to 2","references":[{"id":"GHSA-x","source":{"name":"y"}},{"id":"CVE-2026-1"}],"affects":[{"ref":"a"}]}]`))
		st := vex.Statement{
			Vulnerability: "CVE-2026-1", Aliases: []string{"GHSA-x"}, Products: []vex.Product{{Ref: "a"}}, Status: want,
			At: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Author: "Jane",
		}
		switch {
		case state == "":
			st.At = time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
		case want == "not_affected":
			st.Impact = "d"
		default:
			st.Notes = "d"
		}
		if want == "affected" {
			st.Action = "Update to 2"
		}
		if d := cmp.Diff([]vex.Statement{st}, got); d != "" {
			t.Errorf("%q: %s", state, d)
		}
	}
	for justification, want := range justifications {
		got := statements(t, jsonDoc(`"vulnerabilities":[{"id":"CVE-1","analysis":{"state":"not_affected","justification":"`+justification+`"},"affects":[{"ref":"a"}]}]`))
		if len(got) != 1 || got[0].Justification != want || !slices.Contains(vex.Justifications(), want) {
			t.Errorf("%s: %+v", justification, got)
		}
		if kept := strings.Contains(got[0].Notes, justification); kept == (toCycloneDX[want] == justification) {
			t.Errorf("%s: notes %q", justification, got[0].Notes)
		}
	}
	if len(justifications) != 9 || len(statuses) != 6 || len(toCycloneDX) != len(vex.Justifications()) {
		t.Error("a mapping is incomplete")
	}
}

// TestVersions: the versions of a product that are not affected are not, and
// nothing is said of what is not there.
func TestVersions(t *testing.T) {
	got := statements(t, jsonDoc(`"vulnerabilities":[{"id":"CVE-1","analysis":{"state":"exploitable","response":["update","will_not_fix"]},"workaround":"Unplug it.","affects":[
	 {"ref":"a","versions":[{"version":"2.4","status":"affected"},{"range":"vers:generic/>=2.9|<=4.1"},{"version":"5","status":"unaffected"},{"version":"6","status":"unknown"}]},{"ref":"b"}]},
	 {"id":"CVE-2","analysis":{"state":"not_affected"}}]`))
	want := []vex.Statement{
		{Vulnerability: "CVE-1", Status: "not_affected", Products: []vex.Product{{Ref: "a", Version: "5"}}},
		{
			Vulnerability: "CVE-1", Status: "affected", Products: []vex.Product{{Ref: "a", Version: "2.4"}, {Ref: "a", Version: "vers:generic/>=2.9|<=4.1"}, {Ref: "b"}},
			Action: "Unplug it.\nResponse of the supplier: update to another version; it will not be fixed.",
		},
		{Vulnerability: "CVE-1", Status: "under_investigation", Products: []vex.Product{{Ref: "a", Version: "6"}}},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// TestVEXExamples: the published VEX documents, all of them, say something.
func TestVEXExamples(t *testing.T) {
	n, count := 0, map[string]int{}
	for name, data := range archive(t, "examples.tar.gz") {
		if !strings.Contains(name, "/VEX__") {
			continue
		}
		n++
		var sink record
		if _, err := Read(bytes.NewReader(data), "json", &sink, sbom.Limits{}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if len(sink.statements) == 0 {
			t.Errorf("%s says nothing", name)
		}
		for _, s := range sink.statements {
			count[s.Status]++
			for _, p := range s.Products {
				if strings.HasPrefix(p.Ref, "urn:cdx:") {
					if _, _, ref, ok := BOMLink(p.Ref); !ok || ref == "" {
						t.Errorf("%s: %q is no BOM-Link", name, p.Ref)
					}
				}
			}
		}
	}
	if n != 18 {
		t.Errorf("%d documents", n)
	}
	want := map[string]int{"affected": 14, "fixed": 6, "not_affected": 42, "under_investigation": 7}
	if d := cmp.Diff(want, count); d != "" {
		t.Error(d)
	}
}

func TestBOMLink(t *testing.T) {
	serial, version, ref, ok := BOMLink("urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1#pkg:maven/a/b@1#x")
	if serial != "3e671687-395b-41f5-a30f-a58921a69b79" || version != "1" || ref != "pkg:maven/a/b@1#x" || !ok {
		t.Error(serial, version, ref, ok)
	}
	for _, s := range []string{"", "a", "urn:cdx:", "urn:cdx:x/1#a", "urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79#a", "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79/1#a"} {
		if _, _, _, ok := BOMLink(s); ok {
			t.Errorf("%q is one", s)
		}
	}
}

const serial = "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79"

// TestWriteVEX: the bytes of a document.
func TestWriteVEX(t *testing.T) {
	var b bytes.Buffer
	err := WriteVEX(&b, VEX{
		Serial: serial, Version: 2, Created: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Author: "Vital Devices", Tool: "Cordon", ToolVersion: "1",
		Statements: []vex.Statement{{
			Vulnerability: "CVE-2026-1", Aliases: []string{"GHSA-x"}, Status: vex.NotAffected, Justification: "vulnerable_code_not_in_execute_path", Impact: "It is never called.",
			Products: []vex.Product{{PURL: "pkg:generic/pump@3", Name: "Pump", Version: "3", Vendor: "Vital Devices"}}, At: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	const want = `{
  "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
  "bomFormat": "CycloneDX",
  "specVersion": "1.6",
  "serialNumber": "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79",
  "version": 2,
  "metadata": {
    "timestamp": "2026-01-02T03:04:05Z",
    "authors": [
      {
        "name": "Vital Devices"
      }
    ],
    "tools": {
      "components": [
        {
          "type": "application",
          "name": "Cordon",
          "version": "1"
        }
      ]
    }
  },
  "components": [
    {
      "type": "application",
      "bom-ref": "pkg:generic/pump@3",
      "supplier": {
        "name": "Vital Devices"
      },
      "name": "Pump",
      "version": "3",
      "purl": "pkg:generic/pump@3"
    }
  ],
  "vulnerabilities": [
    {
      "id": "CVE-2026-1",
      "references": [
        {
          "id": "GHSA-x",
          "source": {
            "name": "GitHub Advisories"
          }
        }
      ],
      "analysis": {
        "state": "not_affected",
        "justification": "code_not_reachable",
        "detail": "It is never called.",
        "lastUpdated": "2026-01-01T00:00:00Z"
      },
      "affects": [
        {
          "ref": "pkg:generic/pump@3"
        }
      ]
    }
  ]
}
`
	if d := cmp.Diff(want, b.String()); d != "" {
		t.Error(d)
	}
	for name, d := range map[string]VEX{
		"no serial":      {Version: 1, Created: time.Unix(1, 0)},
		"no version":     {Serial: serial, Created: time.Unix(1, 0)},
		"no time":        {Serial: serial, Version: 1},
		"no id":          {Serial: serial, Version: 1, Created: time.Unix(1, 0), Statements: []vex.Statement{{Status: "fixed", Products: []vex.Product{{Ref: "a"}}}}},
		"no status":      {Serial: serial, Version: 1, Created: time.Unix(1, 0), Statements: []vex.Statement{{Vulnerability: "CVE-1", Products: []vex.Product{{Ref: "a"}}}}},
		"no product":     {Serial: serial, Version: 1, Created: time.Unix(1, 0), Statements: []vex.Statement{{Vulnerability: "CVE-1", Status: "fixed"}}},
		"empty product":  {Serial: serial, Version: 1, Created: time.Unix(1, 0), Statements: []vex.Statement{{Vulnerability: "CVE-1", Status: "fixed", Products: []vex.Product{{}}}}},
		"justification?": {Serial: serial, Version: 1, Created: time.Unix(1, 0), Statements: []vex.Statement{{Vulnerability: "CVE-1", Status: "not_affected", Justification: "luck", Products: []vex.Product{{Ref: "a"}}}}},
	} {
		if err := WriteVEX(&bytes.Buffer{}, d); err == nil {
			t.Errorf("%s: it is written", name)
		}
	}
}

// TestWriteRead: what is written says the same when it is read.
func TestWriteRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[A-Za-z0-9äß"\\ .:/@-]{0,12}`)
		name := rapid.StringMatching(`[A-Za-z0-9ä/@.:-]{1,6}`)
		d := VEX{Serial: serial, Version: 1, Created: time.Unix(1_800_000_000, 0).UTC(), Author: "A"}
		for range rapid.IntRange(0, 5).Draw(t, "statements") {
			s := vex.Statement{
				Vulnerability: name.Draw(t, "id"), Status: rapid.SampledFrom(vex.Statuses()).Draw(t, "status"),
				At: time.Unix(rapid.Int64Range(1, 2_000_000_000).Draw(t, "at"), 0).UTC(), Author: "A",
			}
			switch s.Status {
			case vex.NotAffected:
				s.Justification = rapid.SampledFrom(append(vex.Justifications(), "")).Draw(t, "why")
				s.Impact = text.Draw(t, "impact")
			case vex.Affected:
				s.Action, s.Notes = strings.TrimSpace(text.Draw(t, "action")), text.Draw(t, "notes")
			default:
				s.Notes = text.Draw(t, "notes")
			}
			for range rapid.IntRange(1, 4).Draw(t, "products") {
				s.Products = append(s.Products, vex.Product{
					Ref:  rapid.SampledFrom([]string{"", "a", "b", "urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1#x"}).Draw(t, "ref"),
					PURL: rapid.SampledFrom([]string{"", "pkg:generic/a", "pkg:generic/b"}).Draw(t, "purl"),
					Name: name.Draw(t, "name"), Version: rapid.SampledFrom([]string{"", "1"}).Draw(t, "version"),
				})
				if last := &s.Products[len(s.Products)-1]; !strings.HasPrefix(last.Ref, "urn:cdx:") {
					last.Part = rapid.SampledFrom([]string{"", "", "pkg:npm/alpha@1", "pkg:npm/alpha"}).Draw(t, "part")
				}
			}
			d.Statements = append(d.Statements, s)
		}
		var b bytes.Buffer
		if err := WriteVEX(&b, d); err != nil {
			t.Fatal(err)
		}
		var sink record
		if _, err := Read(&b, "json", &sink, sbom.Limits{}); err != nil {
			t.Fatal(err)
		}
		components := map[string]sbom.Component{}
		for _, c := range sink.components {
			components[c.Ref] = c
		}
		if len(sink.statements) != len(d.Statements) {
			t.Fatalf("%d statements, %d written", len(sink.statements), len(d.Statements))
		}
		for i, got := range sink.statements {
			want := d.Statements[i]
			products, gotProducts := want.Products, got.Products
			want.Products, got.Products = nil, nil
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatal(diff)
			}
			if len(products) != len(gotProducts) {
				t.Fatalf("%d products, %d written", len(gotProducts), len(products))
			}
			for k, p := range products {
				c := components[gotProducts[k].Ref]
				if strings.HasPrefix(p.Ref, "urn:cdx:") {
					if gotProducts[k].Ref != p.Ref {
						t.Fatalf("%q became %q", p.Ref, gotProducts[k].Ref)
					}
					continue
				}
				if p.Part != "" {
					in := components[sink.under(c.Ref)]
					if c.PURL != p.Part || in.Name != p.Name || in.PURL != p.PURL || in.Version != p.Version {
						t.Fatalf("%+v became %+v in %+v", p, c, in)
					}
					continue
				}
				if c.Name != p.Name || c.PURL != p.PURL || c.Version != p.Version {
					t.Fatalf("%+v became %+v", p, c)
				}
			}
		}
	})
}
