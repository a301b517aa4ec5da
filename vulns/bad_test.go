package vulns_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/vulns"
)

func zipped(t testing.TB, files ...string) []byte { // name, content, …
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		w, err := z.Create(files[i])
		if err == nil {
			_, err = io.WriteString(w, files[i+1])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gzipped(t testing.TB, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.WriteString(z, text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestBadFiles: what cannot be read says why and changes nothing (T-52, T-53).
func TestBadFiles(t *testing.T) {
	h := town.New(t, "")
	good := osv("GOOD-1", "2025-01-01T00:00:00Z")
	doc := csafDoc("D-1", "WHITE", "2026-02-01T00:00:00Z", "CVE-2026-0001")
	spaces := strings.Repeat(" ", 4<<20)
	for _, c := range []struct {
		name  string
		kind  vulns.Kind
		data  []byte
		state vulns.BatchState
		why   string // in a problem
	}{
		{"empty", vulns.OSV, nil, vulns.Broken, "empty"},
		{"empty", vulns.EPSS, nil, vulns.Broken, ""},
		{"no JSON", vulns.OSV, []byte("hello"), vulns.Done, "not a JSON object"},
		{"cut", vulns.OSV, []byte(good[:40]), vulns.Done, "ends in the middle"},
		{"cut", vulns.CVE, sample(t, "cve.jsonl")[:500], vulns.Done, "ends in the middle"},
		{"cut", vulns.KEV, sample(t, "kev.json")[:50], vulns.Broken, ""},
		{"cut", vulns.CSAF, []byte(doc[:300]), vulns.Broken, "JSON"},
		{"OSV for CVE", vulns.CVE, []byte(good), vulns.Done, ""},
		{"OSV for CSAF", vulns.CSAF, []byte(good), vulns.Broken, ""},
		{"OSV for KEV", vulns.KEV, []byte(good), vulns.Broken, ""},
		{"CSAF for OSV", vulns.OSV, []byte(doc), vulns.Done, ""},
		{"OSV for EPSS", vulns.EPSS, []byte(good), vulns.Broken, ""},
		{"EPSS for KEV", vulns.KEV, []byte(scores(3)), vulns.Broken, ""},
		{"no date", vulns.EPSS, []byte("cve,epss,percentile\nCVE-2025-0001,0.1,0.1\n"), vulns.Broken, "which day"},
		{"duplicate names", vulns.OSV, []byte(`{"id":"A-1","id":"B-1","modified":"2025-01-01T00:00:00Z"}`), vulns.Done, ""},
		{"case variants", vulns.OSV, []byte(`{"id":"A-1","ID":"B-1","modified":"2025-01-01T00:00:00Z"}`), vulns.Done, ""},
		{"deep", vulns.OSV, []byte(`{"id":"A-1","modified":"2025-01-01T00:00:00Z","database_specific":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`), vulns.Done, ""},
		{"large", vulns.OSV, []byte(`{"id":"A-1","modified":"2025-01-01T00:00:00Z","details":"` + strings.Repeat("x", 9<<20) + `"}`), vulns.Done, "larger"},
		{"controls", vulns.OSV, []byte(osv("A\u0007-1", "2025-01-01T00:00:00Z")), vulns.Done, ""},
		{"damaged archive", vulns.OSV, []byte("PK\x03\x04 and nothing"), vulns.Broken, "ZIP"},
		{"nested archive", vulns.OSV, zipped(t, "a.zip", string(zipped(t, "b.json", good))), vulns.Broken, "itself an archive"},
		{"bomb", vulns.OSV, zipped(t, "a.json", spaces), vulns.Broken, "times its size"},
		{"bomb", vulns.CSAF, zipped(t, "a.json", spaces), vulns.Broken, "times its size"},
		{"gzip bomb", vulns.OSV, gzipped(t, spaces), vulns.Broken, "times its size"},
		{"gzip bomb", vulns.EPSS, gzipped(t, spaces), vulns.Broken, ""},
		{"cut gzip", vulns.OSV, gzipped(t, string(records(50)))[:200], vulns.Broken, ""},
		{"an archive of KEV", vulns.KEV, zipped(t, "a.json", "{}"), vulns.Broken, "not an archive"},
		{"another name", vulns.OSV, zipped(t, "README.md", "hello"), vulns.Done, ".json"},
	} {
		b := send(h, town.Dora, c.kind, public, c.data)
		said := ""
		for _, p := range b.Problems {
			said += p.Where + ": " + p.Reason + "\n"
		}
		if b.State != c.state || said == "" || !strings.Contains(said, c.why) || b.Added != 0 {
			t.Errorf("%s of %s: %s %+v: %s", c.name, c.kind, b.State, b.Tally, said)
		}
	}
	if items := town.Must(h, "", func(v *db.View) (items []vulns.Item, err error) {
		items, _, err = h.Vulns.List(v, vulns.Query{})
		return items, err
	}); len(items) != 0 {
		t.Errorf("%d are there", len(items))
	}
	// What is good beside it is taken.
	b := send(h, town.Dora, vulns.OSV, public, zipped(t, "a/1.json", good, "a/2.json", good[:30], "a/3.json", osv("GOOD-2", "2025-01-01T00:00:00Z")))
	if b.State != vulns.Done || b.Added != 2 || b.Skipped != 1 || !strings.Contains(b.Problems[0].Where, "a/2.json") {
		t.Errorf("%+v", b)
	}
	b = send(h, town.Dora, vulns.CSAF, public, zipped(t, "1.json", doc, "2.json", "{}"))
	if b.State != vulns.Done || b.Added != 1 || b.Skipped != 1 {
		t.Errorf("%+v", b)
	}
	b = send(h, town.Dora, vulns.OSV, public, gzipped(t, osv("GOOD-3", "2025-01-01T00:00:00Z")))
	if b.State != vulns.Done || b.Added != 1 {
		t.Errorf("%+v", b)
	}
}

// Many files, and the same ones each time.
func TestArchive(t *testing.T) {
	h := town.New(t, "")
	var files []string
	for i := range 3000 {
		files = append(files, fmt.Sprintf("%d.json", i), osv(fmt.Sprintf("Z-%d", i), "2025-01-01T00:00:00Z"))
	}
	data := zipped(t, files...)
	if b := send(h, town.Dora, vulns.OSV, public, data); b.State != vulns.Done || b.Added != 3000 {
		t.Errorf("%+v", b)
	}
	if b := send(h, town.Dora, vulns.OSV, public, data); b.State != vulns.Done || b.Same != 3000 {
		t.Errorf("%+v", b)
	}
}
