package vex

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/cordon-isao/cordon/formats/csaf"
	"github.com/cordon-isao/cordon/formats/vuln"
)

var day = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func meta() Meta {
	return Meta{ID: "NHS-VEX-7", Author: "North Hill Systems", Role: "vendor", Namespace: "https://northhill.example", At: day, Version: 1, TLP: "GREEN"}
}

func write(t testing.TB, to func(*bytes.Buffer) error) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := to(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// drawn makes statements such that of one vulnerability no product is named
// twice and no two say the same: those could be one.
func drawn(t *rapid.T, ids bool) []Statement {
	word := rapid.StringMatching(`[A-Za-z0-9 ._:/<>&"é-]{0,11}[A-Za-z0-9]`)
	n := 0
	var out []Statement
	for v := range rapid.IntRange(1, 3).Draw(t, "vulnerabilities") {
		name := fmt.Sprintf("CVE-2026-%04d", v)
		var aliases []string
		if rapid.Bool().Draw(t, "other id") {
			name = fmt.Sprintf("GHSA-%04d", v)
		}
		if rapid.Bool().Draw(t, "alias") {
			aliases = []string{fmt.Sprintf("PYSEC-%04d", v), "own"}
		}
		for i := range rapid.IntRange(1, 4).Draw(t, "statements") {
			s := Statement{Vulnerability: name, Aliases: aliases, Author: meta().Author, Status: rapid.SampledFrom(Statuses()).Draw(t, "status"), At: day.Add(-time.Duration(i) * time.Hour)}
			switch s.Status {
			case NotAffected:
				if rapid.Bool().Draw(t, "justified") {
					s.Justification = rapid.SampledFrom(Justifications()).Draw(t, "justification")
				}
				if s.Justification == "" || rapid.Bool().Draw(t, "impact") {
					s.Impact = word.Draw(t, "impact")
				}
			case Affected:
				s.Action = word.Draw(t, "action")
			}
			if rapid.Bool().Draw(t, "notes") {
				s.Notes = word.Draw(t, "notes")
			}
			for range rapid.IntRange(1, 3).Draw(t, "products") {
				n++
				p := Product{Ref: fmt.Sprintf(`p "%d"`, n)}
				if ids && rapid.Bool().Draw(t, "id") {
					p.ID = "https://things.example/" + fmt.Sprint(n)
				}
				if rapid.Bool().Draw(t, "purl") {
					p.PURL = fmt.Sprintf("pkg:generic/x@%d", n)
				}
				if rapid.Bool().Draw(t, "cpe") {
					p.CPE = fmt.Sprintf("cpe:2.3:h:north_hill:pump:%d:*:*:*:*:*:*:*", n)
				}
				if rapid.Bool().Draw(t, "name") {
					p.Name = word.Draw(t, "name")
				}
				if rapid.Bool().Draw(t, "vendor") {
					p.Vendor = word.Draw(t, "vendor")
				}
				if rapid.Bool().Draw(t, "version") {
					p.Version = word.Draw(t, "version")
				}
				if p == (Product{Ref: p.Ref}) {
					p.Name = "only a name"
				}
				if rapid.Bool().Draw(t, "part") {
					p.Part = rapid.SampledFrom([]string{"pkg:npm/left-pad@1.0", "cpe:2.3:a:x:y:1:*:*:*:*:*:*:*", "https://parts.example/1"}).Draw(t, "which")
				}
				s.Products = append(s.Products, p)
			}
			out = append(out, s)
		}
	}
	return out
}

// sorted is the order in which statements are compared: CSAF keeps them by
// vulnerability and status.
func sorted(in []Statement) []Statement {
	slices.SortFunc(in, func(a, b Statement) int {
		return strings.Compare(fmt.Sprint(a.Vulnerability, a.Status, a.At, a.Products), fmt.Sprint(b.Vulnerability, b.Status, b.At, b.Products))
	})
	return in
}

// Statements survive every format.
func TestRoundTripOpenVEX(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, want := meta(), drawn(t, false)
		m.ID, m.TLP = "https://northhill.example/vex/7", rapid.SampledFrom([]string{"", "AMBER+STRICT"}).Draw(t, "label")
		var b bytes.Buffer
		if err := WriteOpenVEX(&b, m, want); err != nil {
			t.Fatal(err)
		}
		gotMeta, got, err := ReadOpenVEX(b.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(m, gotMeta); d != "" {
			t.Error(d)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
	})
}

func TestRoundTripCSAF(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, want := meta(), drawn(t, true)
		m.Version = rapid.IntRange(1, 3).Draw(t, "version")
		for v := range m.Version - 1 {
			m.History = append(m.History, day.Add(time.Duration(v-10)*time.Hour))
		}
		var b bytes.Buffer
		if err := WriteCSAF(&b, m, want); err != nil {
			t.Fatal(err)
		}
		gotMeta, got, err := ReadCSAF(b.Bytes())
		if err != nil {
			t.Fatal(err, b.String())
		}
		if d := cmp.Diff(m, gotMeta); d != "" {
			t.Error(d)
		}
		if d := cmp.Diff(sorted(want), sorted(got)); d != "" {
			t.Error(d)
		}
	})
}

func statement() Statement {
	return Statement{
		Vulnerability: "CVE-2026-1234", Status: NotAffected, Justification: "vulnerable_code_not_present", At: day,
		Products: []Product{{Vendor: "North Hill", Name: "A4 infusion pump", Version: "2.1"}},
	}
}

// What is written reads as CSAF to those who read CSAF, and says the same.
func TestCSAFIsCSAF(t *testing.T) {
	affected := statement()
	affected.Status, affected.Justification, affected.Action = Affected, "", "Update to 2.2."
	affected.Products = []Product{{Vendor: "North Hill", Name: "A4 infusion pump", Version: "< 2.0", PURL: "pkg:generic/north-hill/a4"}}
	data := write(t, func(b *bytes.Buffer) error { return WriteCSAF(b, meta(), []Statement{statement(), affected}) })
	d, err := csaf.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	if d.Category != "csaf_vex" || d.TLP != "GREEN" || d.Publisher.Category != "vendor" || len(d.Vulns) != 1 || len(d.Products) != 2 || d.Vendors[0] != "North Hill" {
		t.Errorf("%+v", d)
	}
	records, _, err := csaf.Vulnerabilities(data)
	if err != nil {
		t.Fatal(err)
	}
	claims := records[0].Claims
	if len(claims) != 3 || claims[0].Status != vuln.Affected || claims[0].Range.String() != "< 2.0" || claims[0].Remedy != "Mitigation: Update to 2.2." || claims[1].Key != "pkg:generic/north-hill/a4" ||
		claims[2].Status != vuln.NotAffected || claims[2].Range.String() != "2.1" || !strings.Contains(claims[2].Words, "vulnerable code not present") {
		t.Errorf("%+v", claims)
	}
}

// A label that a format cannot say is refused, never loosened.
func TestLabels(t *testing.T) {
	m := meta()
	m.TLP = "AMBER+STRICT"
	if err := WriteCSAF(&bytes.Buffer{}, m, []Statement{statement()}); err == nil || !strings.Contains(err.Error(), "label the document RED") {
		t.Error(err)
	}
	m.TLP = "AMBER STRICT"
	if err := WriteOpenVEX(&bytes.Buffer{}, m, []Statement{statement()}); err == nil {
		t.Error("an unknown label is written")
	}
	m.TLP = "RED"
	data := write(t, func(b *bytes.Buffer) error { return WriteOpenVEX(b, m, []Statement{statement()}) })
	if !bytes.Contains(data, []byte(`"role": "vendor (TLP:RED)"`)) || !bytes.Contains(data, []byte(`"@id": "https://northhill.example/vex/NHS-VEX-7"`)) {
		t.Errorf("%s", data)
	}
}

// not affected needs why, affected needs what to do.
func TestCheck(t *testing.T) {
	for name, change := range map[string]func(*Statement){
		"names no vulnerability":     func(s *Statement) { s.Vulnerability = " " },
		"which is none of":           func(s *Statement) { s.Status = "known_affected" },
		"names no product":           func(s *Statement) { s.Products = nil },
		"has the justification":      func(s *Statement) { s.Justification = "trust me" },
		"has a justification":        func(s *Statement) { s.Status = Fixed },
		"without saying why":         func(s *Statement) { s.Justification = "" },
		"without saying what to do":  func(s *Statement) { s.Status, s.Justification = Affected, "" },
		"no identifier and no name":  func(s *Statement) { s.Products = append(s.Products, Product{Vendor: "V", Version: "1"}) },
		"the limit is 200":           func(s *Statement) { s.Aliases = make([]string, MaxAliases+1) },
		"the limit is 10000":         func(s *Statement) { s.Products = make([]Product, MaxProducts+1) },
		"the notes of the statement": func(s *Statement) { s.Notes = strings.Repeat("x", MaxText+1) },
		"is another author's":        func(s *Statement) { s.Author = "Somebody else" },
	} {
		s := statement()
		change(&s)
		for _, write := range []func(*bytes.Buffer) error{
			func(b *bytes.Buffer) error { return WriteCSAF(b, meta(), []Statement{s}) },
			func(b *bytes.Buffer) error { return WriteOpenVEX(b, meta(), []Statement{s}) },
		} {
			if err := write(&bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	s := statement()
	s.Justification, s.Impact = "", "The part is not built in."
	if err := s.Check(); err != nil {
		t.Error(err)
	}
	// CSAF 2.0 §6.1.6: one status a product.
	other := statement()
	other.Status, other.Justification = Fixed, ""
	if err := WriteCSAF(&bytes.Buffer{}, meta(), []Statement{s, other}); err == nil || !strings.Contains(err.Error(), "two statements on CVE-2026-1234") {
		t.Error(err)
	}
	for name, change := range map[string]func(*Meta){
		"an id and an author": func(m *Meta) { m.Author = "" }, "https URL": func(m *Meta) { m.Namespace = "northhill" }, "needs a time": func(m *Meta) { m.At = time.Time{} },
		"the version": func(m *Meta) { m.Version = 0 }, "history": func(m *Meta) { m.History = []time.Time{day} },
	} {
		m := meta()
		change(&m)
		if err := WriteCSAF(&bytes.Buffer{}, m, []Statement{s}); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// CISA's own documents of the profile: what they say of every product, or why
// they are refused.
func TestCISA(t *testing.T) {
	names, err := filepath.Glob("testdata/va-*.json")
	if err != nil || len(names) != 4 {
		t.Fatal(names, err)
	}
	got := map[string]string{}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		m, statements, err := ReadCSAF(data)
		counts := map[string]int{}
		for _, s := range statements {
			counts[s.Status] += len(s.Products)
		}
		got[filepath.Base(name)] = fmt.Sprint(m.Author, m.Version, " ", counts, err)
	}
	want := map[string]string{
		"va-24-201-01.json": "CISA1 map[affected:8 fixed:3] <nil>",
		"va-24-254-01.json": "CISA1 map[affected:3 fixed:3] <nil>",
		"va-24-254-02.json": "CISA1 map[affected:2 fixed:1] <nil>",
		"va-24-262-01.json": "CISA1 map[affected:1 fixed:1] <nil>",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// sample has what the specification of OpenVEX has, by people that do not exist.
const sample = `{
  "@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://example.org/vex/1", "author": "Example Builds", "role": "Document Creator",
  "timestamp": "2026-01-02T03:04:05+01:00", "version": 2, "tooling": "by hand",
  "statements": [
    {"vulnerability": {"name": "CVE-2026-0001", "@id": "https://example.org/v/1", "aliases": ["GHSA-1"]}, "status": "not_affected", "justification": "component_not_present",
     "products": [{"@id": "pkg:oci/app@sha256:ab", "subcomponents": [{"@id": "pkg:apk/wolfi/zlib@1.2"}, {"identifiers": {"cpe23": "cpe:2.3:a:zlib:zlib:1.2:*:*:*:*:*:*:*"}}]}, {"@id": "https://example.org/app", "identifiers": {"cpe22": "cpe:/a:x:y"}, "hashes": {"sha-256": "ab"}}]},
    {"vulnerability": {"name": "CVE-2026-0002"}, "timestamp": "2026-02-01T00:00:00Z", "status": "affected", "action_statement": "Wait.", "supplier": "S", "status_notes": "N",
     "products": [{"identifiers": {"purl": "pkg:npm/x@1"}}]}
  ]}`

func TestReadOpenVEX(t *testing.T) {
	m, got, err := ReadOpenVEX([]byte(sample))
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 1, 2, 2, 4, 5, 0, time.UTC)
	if d := cmp.Diff(Meta{ID: "https://example.org/vex/1", Author: "Example Builds", Role: "Document Creator", Namespace: "https://example.org", At: at, Version: 2}, m); d != "" {
		t.Error(d)
	}
	want := []Statement{
		{
			Vulnerability: "CVE-2026-0001", Aliases: []string{"GHSA-1"}, Status: NotAffected, Justification: "component_not_present", At: at, Author: "Example Builds",
			Products: []Product{
				{PURL: "pkg:oci/app@sha256:ab", Part: "pkg:apk/wolfi/zlib@1.2"}, {PURL: "pkg:oci/app@sha256:ab", Part: "cpe:2.3:a:zlib:zlib:1.2:*:*:*:*:*:*:*"},
				{ID: "https://example.org/app", CPE: "cpe:/a:x:y"},
			},
		},
		{Vulnerability: "CVE-2026-0002", Status: Affected, Action: "Wait.", Notes: "N", At: time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC), Author: "Example Builds", Products: []Product{{PURL: "pkg:npm/x@1"}}},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	for name, change := range map[string][2]string{
		"another context":     {"v0.2.0", "v0.1.0"},
		"no author":           {"Example Builds", " "},
		"no time":             {"2026-01-02T03:04:05+01:00", "today"},
		"no justification":    {`"justification": "component_not_present",`, ""},
		"no action":           {`"action_statement": "Wait.",`, ""},
		"an unknown status":   {`"affected"`, `"maybe"`},
		"a product of hashes": {`"identifiers": {"purl": "pkg:npm/x@1"}`, `"hashes": {"md5": "00"}`},
		"a name twice":        {`"version": 2`, `"version": 2, "version": 3`},
		"a name in two cases": {`"version": 2`, `"version": 2, "Version": 3`},
		"an unknown name":     {`"tooling"`, `"tools"`},
		"a label unknown":     {"Document Creator", "x (TLP:PINK)"},
		"cut":                 {"]}`", ""},
	} {
		text := strings.Replace(sample, change[0], change[1], 1)
		if name == "cut" {
			text = sample[:len(sample)-3]
		}
		if _, _, err := ReadOpenVEX([]byte(text)); err == nil || !strings.HasPrefix(err.Error(), "reading OpenVEX: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestReadCSAFRefuses(t *testing.T) {
	affected := statement()
	affected.Status, affected.Justification, affected.Action, affected.Products = Affected, "", "Update.", []Product{{Ref: "P9", Name: "B5"}}
	text := string(write(t, func(b *bytes.Buffer) error { return WriteCSAF(b, meta(), []Statement{statement(), affected}) }))
	if _, got, err := ReadCSAF([]byte(text)); err != nil || len(got) != 2 {
		t.Fatal(got, err)
	}
	for name, change := range map[string][2]string{
		"another profile":    {`"csaf_vex"`, `"csaf_security_advisory"`},
		"two statuses":       {`"known_affected": [`, `"fixed": ["P9"], "known_affected": [`},
		"no such product":    {`"product_id": "P9"`, `"product_id": "P8"`},
		"no impact":          {`"flags"`, `"x_flags"`},
		"no action":          {`"remediations"`, `"x_remediations"`},
		"no id":              {`"cve"`, `"x_cve"`},
		"two justifications": {`"label": "vulnerable_code_not_present",`, `"label": "vulnerable_code_not_present","product_ids":["CSAFPID-0001"]},{"label":"component_not_present",`},
		"an unknown label":   {"GREEN", "AMBER+STRICT"},
	} {
		changed := strings.Replace(text, change[0], change[1], 1)
		if changed == text {
			t.Fatalf("%s changes nothing in %s", name, text)
		}
		if _, got, err := ReadCSAF([]byte(changed)); err == nil {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(sample))
	names, _ := filepath.Glob("testdata/va-*.json")
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add(write(f, func(b *bytes.Buffer) error { return WriteCSAF(b, meta(), []Statement{statement()}) }))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, read := range []func([]byte) (Meta, []Statement, error){ReadOpenVEX, ReadCSAF} {
			_, statements, err := read(data)
			if err != nil {
				continue
			}
			for _, s := range statements {
				if err := s.Check(); err != nil {
					t.Error(err)
				}
			}
		}
	})
}
