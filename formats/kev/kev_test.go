package kev

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cordon-isao/cordon/formats/vuln"
)

func testdata(tb testing.TB, name string) []byte {
	tb.Helper()
	f, err := os.Open("testdata/" + name)
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		tb.Fatal(err)
	}
	data, err := io.ReadAll(z)
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

func readAll(t *testing.T, data []byte) (Catalog, []vuln.Record) {
	t.Helper()
	var out []vuln.Record
	c, err := Read(bytes.NewReader(data), func(r vuln.Record) error { out = append(out, r); return nil }, func(where string, err error) { t.Errorf("%s: %v", where, err) })
	if err != nil {
		t.Fatal(err)
	}
	return c, out
}

// The catalogue is read whole, and the same from both of its forms.
func TestCatalogue(t *testing.T) {
	c, fromJSON := readAll(t, testdata(t, "kev.json.gz"))
	if c.Version != "2025.08.25" || c.Count != 1404 || !c.Released.Equal(time.Date(2025, 8, 25, 17, 4, 19, 979_600_000, time.UTC)) {
		t.Errorf("%+v", c)
	}
	_, fromCSV := readAll(t, testdata(t, "kev.csv.gz"))
	if len(fromJSON) != 1404 {
		t.Errorf("%d entries", len(fromJSON))
	}
	if d := cmp.Diff(fromJSON, fromCSV); d != "" {
		t.Error(d)
	}
	ransomware, links := 0, 0
	for _, r := range fromJSON {
		if r.Source != vuln.InKEV || r.KEV == nil || r.KEV.Added.IsZero() || r.KEV.Due.IsZero() || r.Title == "" || r.Summary == "" || r.KEV.Action == "" || r.KEV.Vendor == "" || r.KEV.Product == "" || len(r.Claims) > 0 {
			t.Errorf("%+v", r)
		}
		if r.KEV.Ransomware {
			ransomware++
		}
		links += len(r.References)
	}
	if ransomware != 293 || links != 2235 {
		t.Errorf("%d in ransomware, %d links", ransomware, links)
	}
	want := vuln.Record{
		ID: "CVE-2020-29583", Source: vuln.InKEV, Title: "Zyxel Multiple Products Use of Hard-Coded Credentials Vulnerability",
		CWEs: []string{"CWE-522"}, References: []string{"https://nvd.nist.gov/vuln/detail/CVE-2020-29583"},
	}
	last := fromJSON[len(fromJSON)-1]
	if last.ID != want.ID || last.Title != want.Title || !cmp.Equal(last.CWEs, want.CWEs) || !cmp.Equal(last.References, want.References) || last.KEV.Due != time.Date(2022, 5, 3, 0, 0, 0, 0, time.UTC) {
		t.Errorf("%+v %+v", last, last.KEV)
	}
}

const small = `{"catalogVersion":"1","count":3,"vulnerabilities":[
{"cveID":"CVE-2026-0001","vendorProject":"V","product":"P","vulnerabilityName":"N","dateAdded":"2026-01-02","shortDescription":"S","requiredAction":"A","dueDate":"2026-01-20","knownRansomwareCampaignUse":"Known","notes":"see https://a.example/x ; http://b.example"},
{"cveID":"CVE-2026-1","dateAdded":"2026-01-02"},
{"cveID":"CVE-2026-0003","dateAdded":"yesterday"},
{"cveID":7},
{"cveID":"CVE-2026-0005","dateAdded":"2026-01-02","dueDate":""}]}`

func TestSkip(t *testing.T) {
	var got, skipped []string
	_, err := Read(strings.NewReader(small), func(r vuln.Record) error { got = append(got, r.ID); return nil }, func(where string, err error) { skipped = append(skipped, where+": "+err.Error()) })
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"CVE-2026-0001", "CVE-2026-0005"}, got); d != "" {
		t.Error(d)
	}
	want := []string{
		"catalogue: it says that it has 3 entries, and has 5",
		"entry 2: its cveID is not a CVE id",
		"entry 3 (CVE-2026-0003): its dateAdded is not a date like 2026-01-31",
		"entry 4: a value of /vulnerabilities/3 is of another kind than the catalogue's",
	}
	if d := cmp.Diff(want, skipped); d != "" {
		t.Error(d)
	}
	if _, err := Read(strings.NewReader(small), func(vuln.Record) error { return nil }, nil); err == nil {
		t.Error("no error without skip")
	}
	stop := errors.New("stop")
	if _, err := Read(strings.NewReader(small), func(vuln.Record) error { return stop }, func(string, error) {}); !errors.Is(err, stop) {
		t.Error(err)
	}
}

func TestCSVSkip(t *testing.T) {
	const text = "cveID,vendorProject,product,vulnerabilityName,dateAdded,shortDescription,requiredAction,dueDate\n" +
		"CVE-2026-0001,V,P,N,2026-01-02,S,A,2026-01-20\nCVE-2026-0002,V\nCVE-2026-0003,V,P,N,2026-01-02,a\"b,A,\nCVE-2026-0004,V,P,N,2026-01-02,S,A,\n"
	var got, skipped []string
	_, err := Read(strings.NewReader(text), func(r vuln.Record) error { got = append(got, r.ID); return nil }, func(where string, err error) { skipped = append(skipped, where+": "+err.Error()) })
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"CVE-2026-0001", "CVE-2026-0004"}, got); d != "" {
		t.Error(d, skipped)
	}
	if len(skipped) != 2 || !strings.Contains(skipped[0], "entry 2: line 3") || !strings.Contains(skipped[1], "entry 3: line 4") {
		t.Error(skipped)
	}
}

func TestRefused(t *testing.T) {
	for name, text := range map[string]string{
		"nothing": "", "a page": "<html>", "other JSON": "{}", "an array": "[]", "two names": `{"vulnerabilities":[],"vulnerabilities":[]}`,
		"two cases": `{"vulnerabilities":[],"Vulnerabilities":[]}`, "cut": small[:200], "other CSV": "a,b\n1,2\n",
	} {
		if _, err := Read(strings.NewReader(text), func(vuln.Record) error { return nil }, func(string, error) {}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := Read(io.LimitReader(spaces{}, MaxBytes+2), func(vuln.Record) error { return nil }, nil); err == nil || !strings.Contains(err.Error(), "larger than") && !strings.Contains(err.Error(), "not a KEV") {
		t.Error(err)
	}
}

type spaces struct{}

func (spaces) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

func FuzzEach(f *testing.F) {
	f.Add([]byte(small))
	f.Add(testdata(f, "kev.csv.gz")[:3000])
	f.Fuzz(func(t *testing.T, data []byte) {
		_, _ = Read(bytes.NewReader(data), func(r vuln.Record) error {
			if r.KEV == nil || r.KEV.Added.IsZero() || !idPattern.MatchString(r.ID) || len(r.Summary) > vuln.MaxSummary {
				t.Errorf("%+v", r)
			}
			return nil
		}, func(string, error) {})
	})
}
