package csaf

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func testdata(t testing.TB) map[string][]byte {
	names, err := filepath.Glob("testdata/*.json")
	if err != nil || len(names) == 0 {
		t.Fatal("no testdata", err)
	}
	// CORDON_ICSMA names a folder with the whole collection, for a longer run.
	if dir := os.Getenv("CORDON_ICSMA"); dir != "" {
		more, err := filepath.Glob(filepath.Join(dir, "*.json"))
		if err != nil || len(more) == 0 {
			t.Fatal("nothing in CORDON_ICSMA", err)
		}
		names = append(names, more...)
	}
	files := map[string][]byte{}
	for _, name := range names {
		if files[name], err = os.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// Every advisory is read whole: names, dates, products, and only products that
// are in its tree.
func TestParseAll(t *testing.T) {
	files := testdata(t)
	vulns, scores := 0, 0
	for name, data := range files {
		d, err := Parse(data)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		// CSAF 2.0 §5.1: the file is named after the id.
		if want := strings.ToLower(d.ID) + ".json"; filepath.Base(name) != want {
			t.Errorf("%s has the id %s", name, d.ID)
		}
		if d.Title == "" || d.TLP != "CLEAR" || d.Publisher.Name == "" || d.Released.IsZero() || d.Updated.Before(d.Released) {
			t.Errorf("%s: %q %q %q %v %v", name, d.Title, d.TLP, d.Publisher.Name, d.Released, d.Updated)
		}
		if len(d.Vendors) == 0 || len(d.Products) == 0 || len(d.Vulns) == 0 || len(d.CVEs()) == 0 || d.Summary() == "" {
			t.Errorf("%s: %d vendors, %d products, %d vulnerabilities, %d CVEs", name, len(d.Vendors), len(d.Products), len(d.Vulns), len(d.CVEs()))
		}
		known := map[string]bool{}
		for _, p := range d.Products {
			known[p.ID] = true
			if p.ID == "" || p.Name == "" || p.Vendor == "" {
				t.Errorf("%s: product %+v", name, p)
			}
		}
		for _, v := range d.Vulns {
			vulns++
			scores += len(v.Scores)
			for _, id := range v.Affected {
				if !known[id] {
					t.Errorf("%s: %s affects %s, which is no product", name, v.CVE, id)
				}
			}
		}
	}
	t.Logf("%d documents, %d vulnerabilities, %d scores", len(files), vulns, scores)
}

func TestParse(t *testing.T) {
	d, err := Parse(testdata(t)["testdata/icsma-17-009-01a.json"])
	if err != nil {
		t.Fatal(err)
	}
	if d.ID != "ICSMA-17-009-01A" || d.Status != "final" || d.Version != "2" || d.Lang != "en-US" || d.Category != "csaf_security_advisory" {
		t.Errorf("%+v", d)
	}
	if d := cmp.Diff(Publisher{"CISA", "coordinator", "https://www.cisa.gov/", "CISAservicedesk@cisa.dhs.gov"}, d.Publisher); d != "" {
		t.Error(d)
	}
	if !d.Released.Equal(time.Date(2017, 1, 9, 0, 0, 0, 0, time.UTC)) || !d.Updated.Equal(time.Date(2017, 2, 6, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("%v, %v", d.Released, d.Updated)
	}
	if d := cmp.Diff([]string{"St. Jude Medical"}, d.Vendors); d != "" {
		t.Error(d)
	}
	want := Product{ID: "CSAFPID-0001", Name: "Inductive models EX1100: versions prior to Version 8.2.2", Vendor: "St. Jude Medical", Family: "Inductive models EX1100", Version: "< 8.2.2"}
	if diff := cmp.Diff(want, d.Products[0]); diff != "" || len(d.Products) != 3 {
		t.Errorf("%d products; %s", len(d.Products), diff)
	}
	v := d.Vulns[0]
	if v.CVE != "CVE-2017-5149" || v.CWE != "CWE-300" || v.CWEName != "Channel Accessible by Non-Endpoint" || len(v.Affected) != 3 || len(v.Refs) != 2 || v.Notes[0].Category != "summary" {
		t.Errorf("%+v", v)
	}
	s := Score{"3.0", "CVSS:3.0/AV:N/AC:H/PR:N/UI:N/S:C/C:L/I:H/A:H", 8.9, "HIGH", v.Affected}
	if diff := cmp.Diff([]Score{s}, v.Scores); diff != "" {
		t.Error(diff)
	}
	if best, ok := d.MaxScore(); !ok || best.Base != 8.9 {
		t.Errorf("%v, %v", best, ok)
	}
	if r := v.Remediations; len(r) != 1 || r[0].Category != "mitigation" || !strings.HasPrefix(r[0].Details, "The new version") || len(r[0].Products) != 3 {
		t.Errorf("%+v", r)
	}
}

const small = `{"document":{"csaf_version":"2.0","title":"T","distribution":{"tlp":{"label":"AMBER"}},"tracking":{"id":"X-1","initial_release_date":"2026-01-02T03:04:05+01:00","current_release_date":"2026-01-02T03:04:05Z"},"x_ours":[1]},
"product_tree":{"full_product_names":[{"name":"A","product_id":"1","product_identification_helper":{"cpe":"cpe:2.3:a:b","purl":"pkg:x/y"}}],"relationships":[{"full_product_name":{"name":"A on B","product_id":"2"}}]}}`

func TestSmall(t *testing.T) {
	d, err := Parse([]byte(small))
	if err != nil {
		t.Fatal(err)
	}
	want := []Product{{ID: "1", Name: "A", CPE: "cpe:2.3:a:b", PURL: "pkg:x/y"}, {ID: "2", Name: "A on B"}}
	if diff := cmp.Diff(want, d.Products); diff != "" || d.TLP != "AMBER" || !d.Released.Equal(time.Date(2026, 1, 2, 2, 4, 5, 0, time.UTC)) {
		t.Errorf("%s %+v", diff, d)
	}
	for name, change := range map[string][2]string{
		"another version":    {`"2.0"`, `"2.1"`},
		"unknown TLP":        {`"AMBER"`, `"PINK"`},
		"TLP in lower case":  {`"AMBER"`, `"amber"`},
		"two labels":         {`"label":"AMBER"`, `"label":"RED","label":"WHITE"`},
		"no id":              {`"X-1"`, `" "`},
		"no title":           {`"T"`, `""`},
		"a date without day": {`2026-01-02T03:04:05Z`, `2026-01`},
		"a number for text":  {`"T"`, `7`},
		"bad UTF-8":          {`"T"`, "\"\xff\""},
		"cut":                {`"A on B"`, ``},
		"deep":               {`[1]`, strings.Repeat("[", 70) + strings.Repeat("]", 70)},
		"something after":    {`"2"}}]}}`, `"2"}}]}} {}`},
		"no document":        {`"document"`, `"Document"`},
	} {
		text := strings.Replace(small, change[0], change[1], 1)
		if text == small {
			t.Fatalf("%s changes nothing", name)
		}
		if _, err := Parse([]byte(text)); !errors.Is(err, ErrNotCSAF) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Parse(bytes.Repeat([]byte(" "), MaxBytes+1)); err == nil || errors.Is(err, ErrNotCSAF) {
		t.Errorf("too large: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(small))
	for _, data := range testdata(f) {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := Parse(data)
		if err != nil {
			return
		}
		if d.ID == "" || d.Title == "" || d.Released.IsZero() && d.Updated.IsZero() && !bytes.Contains(data, []byte("0001")) {
			t.Errorf("%q was read as %+v", data, d)
		}
		_, _, _ = d.Summary(), d.CVEs(), len(d.Vendors)
	})
}
