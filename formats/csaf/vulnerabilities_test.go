package csaf

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cordon-isao/cordon/formats/vuln"
)

// archive gives the documents of an archive beside the repository, by name; it
// skips the test where that or zstd is absent.
func archive(tb testing.TB, name string) map[string][]byte {
	tb.Helper()
	path := filepath.Join("..", "..", "..", "shared", "data", "csaf", name)
	if _, err := os.Stat(path); err != nil {
		tb.Skip("the data folder is not here")
	}
	zstd, err := exec.LookPath("zstd")
	if err != nil {
		tb.Skip("zstd is not here")
	}
	data, err := exec.Command(zstd, "-dc", path).Output()
	if err != nil {
		tb.Fatal(err)
	}
	return unpack(tb, bytes.NewReader(data))
}

func unpack(tb testing.TB, in io.Reader) map[string][]byte {
	tb.Helper()
	files := map[string][]byte{}
	for r := tar.NewReader(in); ; {
		h, err := r.Next()
		if err == io.EOF {
			return files
		}
		if err != nil {
			tb.Fatal(err)
		}
		if strings.HasSuffix(h.Name, ".json") {
			if files[h.Name], err = io.ReadAll(r); err != nil {
				tb.Fatal(err)
			}
		}
	}
}

// survey reads documents and counts what they say. It fails for every product
// of a status that makes no claim, and every claim that has neither versions nor
// words for a person.
func survey(t *testing.T, files map[string][]byte) map[string]int {
	t.Helper()
	got, plain := map[string]int{}, map[string]int{}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		records, tree, err := Vulnerabilities(files[name])
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		_, w, err := read(files[name])
		if err != nil {
			t.Fatal(err)
		}
		got["documents"]++
		got["products"] += len(tree.Products)
		ids := map[string]bool{}
		for i, r := range records {
			got["vulnerabilities"]++
			if r.Source != vuln.CSAF || ids[r.ID] || !strings.HasPrefix(r.ID, r.Document+"#") || r.TLP != "CLEAR" || r.Title == "" || r.Summary == "" || r.Published.IsZero() || r.Modified.IsZero() {
				t.Errorf("%s: %+v", name, r)
			}
			ids[r.ID] = true
			s := w.Vulns[i].Status
			products := 0
			for _, list := range [][]string{s.FirstAffected, s.Known, s.LastAffected, s.Not, s.FirstFixed, s.Fixed, s.Investigated, s.Recommended} {
				products += len(merge(list))
			}
			devices := 0
			for _, c := range r.Claims {
				got[c.Status]++
				if c.Kind != vuln.Device {
					got[c.Kind]++
					continue
				}
				devices++
				got["claims"]++
				if c.Remedy != "" {
					got["with remedy"]++
				}
				if c.Product == "" || c.Words == "" || c.Vendor == "" {
					t.Errorf("%s: %s: %+v", name, r.ID, c)
				}
				g := c.Range
				switch {
				case len(g.Plain) > 0:
					got["need a person"]++
					plain[g.Plain[0]]++
				case g.All:
					got["all versions"]++
				case len(g.Exact)+len(g.Spans) > 0:
					got["by rule"]++
				default:
					t.Errorf("%s: %s: %+v is lost", name, r.ID, c)
				}
			}
			if devices != products {
				t.Errorf("%s: %s: %d products have %d claims", name, r.ID, products, devices)
			}
		}
	}
	if testing.Verbose() {
		words := slices.SortedFunc(maps.Keys(plain), func(a, b string) int { return plain[b] - plain[a] })
		for _, w := range words[:min(60, len(words))] {
			t.Log(plain[w], w)
		}
	}
	return got
}

func show(counts map[string]int) string {
	var b strings.Builder
	for _, k := range slices.Sorted(maps.Keys(counts)) {
		fmt.Fprintf(&b, "%q: %d, ", k, counts[k])
	}
	return b.String()
}

// byRule checks how many claims are read by rule and how many need a person,
// which follows formats/vers: it may learn to read more, never less.
func byRule(t *testing.T, got map[string]int, rule, person int) {
	t.Helper()
	if got["by rule"] < rule || got["need a person"] > person || got["by rule"]+got["need a person"]+got["all versions"] != got["claims"] {
		t.Errorf("%d are read by rule, not %d; %d need a person, not %d", got["by rule"], rule, got["need a person"], person)
	}
	delete(got, "by rule")
	delete(got, "need a person")
}

// All of CISA's medical advisories: nothing is lost.
func TestMedical(t *testing.T) {
	f, err := os.Open("testdata/icsma.tar.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	got := survey(t, unpack(t, z))
	byRule(t, got, 829, 251)
	want := map[string]int{"affected": 1590, "all versions": 510, "claims": 1590, "documents": 144, "products": 607, "vulnerabilities": 433, "with remedy": 1590}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d, show(got))
	}
}

// All of CISA's other advisories, with CORDON_LONG=1.
func TestIndustrial(t *testing.T) {
	if os.Getenv("CORDON_LONG") == "" {
		t.Skip("CORDON_LONG is not set")
	}
	got := survey(t, archive(t, "cisa-icsa-and-it-all.tar.zst"))
	byRule(t, got, 31077, 2710)
	want := map[string]int{
		"affected": 40972, "all versions": 7979, "claims": 41766, "documents": 2239, "fixed": 482, "not_affected": 312,
		"products": 16566, "vulnerabilities": 7483, "with remedy": 40972,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d, show(got))
	}
}

const document = `{"document":{"category":"csaf_security_advisory","csaf_version":"2.0","title":"T","publisher":{"name":"Pub"},"distribution":{"tlp":{"label":"AMBER"}},
"tracking":{"id":"X-1","initial_release_date":"2026-01-02T03:04:05Z","current_release_date":"2026-01-03T03:04:05Z"}},
"product_tree":{
 "branches":[{"category":"vendor","name":"V","branches":[
  {"category":"product_name","name":"Pump","branches":[
   {"category":"product_version","name":"1.0","product":{"name":"V Pump 1.0","product_id":"1.0"}},
   {"category":"product_version","name":"1.5","product":{"name":"V Pump 1.5","product_id":"1.5"}},
   {"category":"product_version","name":"2.0","branches":[{"category":"service_pack","name":"SP1","product":{"name":"V Pump 2.0 SP1","product_id":"2.0"}}]},
   {"category":"product_version_range","name":"vers:all/<V3.0","product":{"name":"V Pump before 3.0","product_id":"<3"}},
   {"category":"product_version_range","name":"shipped in May","product":{"name":"V Pump of May","product_id":"may"}}]},
  {"category":"product_family","name":"Monitors","branches":[{"category":"product_name","name":"M1","product":{"name":"V M1","product_id":"m1","product_identification_helper":{"model_numbers":["M1-*"]}}}]},
  {"category":"product_name","name":"Firmware","branches":[{"category":"product_version_range","name":"< 4.2","product":{"name":"V Firmware < 4.2","product_id":"fw"}}]}]},
  {"category":"vendor","name":"W","branches":[{"category":"product_name","name":"OS","branches":[{"category":"product_version","name":"9","product":{"name":"W OS 9","product_id":"os","product_identification_helper":{"cpe":"cpe:2.3:o:w:os:9:*:*:*:*:*:*:*","purl":"pkg:generic/w/os@9"}}}]}]}],
 "full_product_names":[{"name":"Inductive models EX1100: versions prior to Version 8.2.2","product_id":"full"},{"name":"Thing","product_id":"thing"},{"name":"lib","product_id":"lib","product_identification_helper":{"purl":"pkg:npm/lib@1.2.3"}}],
 "relationships":[
  {"category":"installed_on","product_reference":"fw","relates_to_product_reference":"m1","full_product_name":{"name":"fw on m1","product_id":"fw-m1"}},
  {"category":"installed_on","product_reference":"os","relates_to_product_reference":"m1","full_product_name":{"name":"os on m1","product_id":"os-m1"}},
  {"category":"default_component_of","product_reference":"os-m1","relates_to_product_reference":"1.0","full_product_name":{"name":"all","product_id":"deep"}},
  {"category":"default_component_of","product_reference":"nowhere","relates_to_product_reference":"1.0","full_product_name":{"name":"lost","product_id":"lost"}}],
 "product_groups":[{"group_id":"g","product_ids":["1.0","1.5"]}]},
"vulnerabilities":[
 {"cve":"CVE-2026-0001","product_status":{"STATUS":["PRODUCT"]},"remediations":[{"category":"mitigation","details":"Unplug.","group_ids":["g"]},{"category":"vendor_fix","details":"Update.","product_ids":["1.0"]},{"category":"none_available","details":"All."}],
  "flags":[{"label":"vulnerable_code_not_present","product_ids":["1.0"]}],"threats":[{"category":"impact","details":"No network.","group_ids":["g"]}]},
 {"ids":[{"system_name":"s","text":"BUG-7"}]},{"cve":"CVE-2026-0001"},{"title":"Named"}]}`

func read1(t *testing.T, status, product string) ([]vuln.Record, Tree) {
	t.Helper()
	text := strings.Replace(document, `"STATUS":["PRODUCT"]`, `"`+strings.ReplaceAll(strings.ReplaceAll(status, ",", `"],"`), "=", `":["`)+`":["`+product+`"]`, 1)
	records, tree, err := Vulnerabilities([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return records, tree
}

// What each form of product and status comes to.
func TestClaims(t *testing.T) {
	for _, c := range []struct {
		status, product string
		want            []string
	}{
		{"known_affected", "1.0", []string{"device |V|Pump|affected|1.0|V Pump 1.0|The vendor's fix: Update.\nMitigation: Unplug.\nThere is no fix yet: All."}},
		{"known_affected", "2.0", []string{"device |V|Pump|affected|2.0 SP1|V Pump 2.0 SP1|There is no fix yet: All."}},
		{"known_affected", "<3", []string{"device |V|Pump|affected|< V3.0|V Pump before 3.0|There is no fix yet: All."}},
		{"known_affected", "may", []string{`device |V|Pump|affected|"shipped in May"|V Pump of May|There is no fix yet: All.`}},
		{"fixed", "1.0", []string{"device |V|Pump|fixed|1.0|V Pump 1.0|"}},
		{"recommended", "1.0", []string{"device |V|Pump|fixed|1.0|V Pump 1.0|"}},
		{"first_fixed", "1.5", []string{"device |V|Pump|fixed|>= 1.5|V Pump 1.5|"}},
		{"known_not_affected", "1.0", []string{"device |V|Pump|not_affected|1.0|V Pump 1.0: vulnerable code not present; No network.|"}},
		{"under_investigation", "1.5", []string{"device |V|Pump|under_investigation|1.5|V Pump 1.5|"}},
		{"first_affected", "1.0", []string{"device |V|Pump|affected|>= 1.0|V Pump 1.0|The vendor's fix: Update.\nMitigation: Unplug.\nThere is no fix yet: All."}},
		{"last_affected", "1.5", []string{"device |V|Pump|affected|<= 1.5|V Pump 1.5|Mitigation: Unplug.\nThere is no fix yet: All."}},
		{"first_affected=1.0,last_affected", "1.5", []string{"device |V|Pump|affected|>= 1.0, <= 1.5|V Pump 1.0|The vendor's fix: Update.\nMitigation: Unplug.\nThere is no fix yet: All.", "device |V|Pump|affected|>= 1.0, <= 1.5|V Pump 1.5|Mitigation: Unplug.\nThere is no fix yet: All."}},
		{"known_affected", "m1", []string{`device |V|M1|affected|"no version is named: V M1"|V M1|There is no fix yet: All.`}},
		{"fixed", "os", []string{"device |W|OS|fixed|9|W OS 9|", "purl pkg:generic/w/os|W|OS|fixed|9|W OS 9|", "cpe cpe:o:w:os|W|OS|fixed|9|W OS 9|"}},
		{"fixed", "full", []string{"device ||Inductive models EX1100|fixed|< 8.2.2|Inductive models EX1100: versions prior to Version 8.2.2|"}},
		{"fixed", "thing", []string{`device ||Thing|fixed|"no version is named: Thing"|Thing|`}},
		{"fixed", "lib", []string{"device ||lib|fixed|1.2.3|lib|", "purl pkg:npm/lib||lib|fixed|1.2.3|lib|"}},
		// The same maker's firmware on a device is that device's version; another's is not.
		{"fixed", "fw-m1", []string{"device |V|M1|fixed|< 4.2|V Firmware < 4.2, installed on V M1|"}},
		{"fixed", "os-m1", []string{`device |V|M1|fixed|"W OS 9, installed on V M1"|W OS 9, installed on V M1|`, "purl pkg:generic/w/os|V|M1|fixed|9|W OS 9, installed on V M1|", `cpe cpe:o:w:os|V|M1|fixed|"W OS 9, installed on V M1"|W OS 9, installed on V M1|`}},
		{"fixed", "deep", []string{`device |V|Pump|fixed|"W OS 9, installed on V M1, a component of V Pump 1.0"|W OS 9, installed on V M1, a component of V Pump 1.0|`, "purl pkg:generic/w/os|V|Pump|fixed|9|W OS 9, installed on V M1, a component of V Pump 1.0|", `cpe cpe:o:w:os|V|Pump|fixed|"W OS 9, installed on V M1, a component of V Pump 1.0"|W OS 9, installed on V M1, a component of V Pump 1.0|`}},
		{"fixed", "lost", []string{`device ||lost|fixed|"a relation of products that cannot be followed: lost"|lost|`}},
	} {
		t.Run(c.status+" "+c.product, func(t *testing.T) {
			records, _ := read1(t, c.status, c.product)
			var got []string
			for _, x := range records[0].Claims {
				got = append(got, strings.Join([]string{x.Kind + " " + x.Key, x.Vendor, x.Product, x.Status, x.Range.String(), x.Words, x.Remedy}, "|"))
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
		})
	}
	records, tree := read1(t, "fixed", "1.0")
	var ids []string
	for _, r := range records {
		ids = append(ids, r.ID+" "+strings.Join(r.Aliases, ","))
	}
	if d := cmp.Diff([]string{"X-1#CVE-2026-0001 CVE-2026-0001", "X-1#BUG-7 BUG-7", "X-1#CVE-2026-0001#2 CVE-2026-0001", "X-1#vulnerability-4 "}, ids); d != "" {
		t.Error(d)
	}
	if records[0].TLP != "AMBER" || records[0].Document != "X-1" || records[3].Title != "Named" || records[0].Title != "T" {
		t.Errorf("%+v", records)
	}
	l, ok := tree.Leaf("m1")
	if !ok || l.Family != "Monitors" || l.Product != "M1" || !slices.Equal(l.Models, []string{"M1-*"}) || len(tree.Products) != 15 {
		t.Errorf("%d %+v", len(tree.Products), l)
	}
	if _, ok := tree.Leaf("none"); ok {
		t.Error("a product that is not there")
	}
}

func TestVulnerabilitiesRefused(t *testing.T) {
	for name, change := range map[string][2]string{
		"a product that is not there": {`"STATUS":["PRODUCT"]`, `"fixed":["none"]`},
		"an id twice":                 {`"product_id":"1.5"`, `"product_id":"1.0"`},
		"no id":                       {`"product_id":"1.5"`, `"product_id":""`},
		"no CSAF":                     {`"2.0","title"`, `"2.1","title"`},
	} {
		_, _, err := Vulnerabilities([]byte(strings.Replace(document, change[0], change[1], 1)))
		if !errors.Is(err, ErrNotCSAF) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzVulnerabilities(f *testing.F) {
	f.Add([]byte(document))
	for _, data := range testdata(f) {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		records, _, err := Vulnerabilities(data)
		if err != nil {
			return
		}
		for _, r := range records {
			for _, c := range r.Claims {
				if g := c.Range; !g.All && len(g.Exact)+len(g.Spans)+len(g.Plain) == 0 || len(c.Remedy) > vuln.MaxRemedy {
					t.Errorf("%+v", c)
				}
			}
		}
	})
}
