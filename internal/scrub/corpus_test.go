package scrub

import (
	"archive/zip"
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// furnished is the archive of CISA's medical advisories that the demo shows.
const furnished = "../../cmd/cordon/furnish/icsma.zip"

// texts collects every text of a JSON document but identifiers and links.
func texts(v any, out *[]string) {
	switch v := v.(type) {
	case string:
		if strings.Contains(v, " ") && !strings.HasPrefix(v, "http") {
			*out = append(*out, v)
		}
	case []any:
		for _, e := range v {
			texts(e, out)
		}
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			texts(v[k], out)
		}
	}
}

// tally counts findings by kind and the texts that have any.
type tally struct {
	texts, hit, bytes int
	kinds             map[Kind]int
}

func (c *tally) add(t *testing.T, text string) {
	found := Find(text)
	c.texts++
	c.bytes += len(text)
	if len(found) > 0 {
		c.hit++
	}
	for _, f := range found {
		if c.kinds == nil {
			c.kinds = map[Kind]int{}
		}
		c.kinds[f.Kind]++
		if os.Getenv("CORDON_SCRUB_SHOW") != "" {
			fmt.Printf("%s\t%q\t%q\n", f.Kind, f.Text, text[max(0, f.Start-50):min(len(text), f.End+30)])
		}
	}
}

// The advisories hold no patient data, so whatever is found in them is a
// question in vain, and false where it is not even what it looks like. doc.go
// states these numbers. CORDON_SCRUB_SHOW prints every finding.
func TestAdvisories(t *testing.T) {
	z, err := zip.OpenReader(furnished)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	documents, c := 0, tally{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		var doc any
		if json.Unmarshal(data, &doc) != nil {
			continue // the licence
		}
		documents++
		var all []string
		texts(doc, &all)
		for _, s := range all {
			c.add(t, s)
		}
	}
	t.Logf("%d advisories, %d texts, %d bytes: %d texts with findings, %v", documents, c.texts, c.bytes, c.hit, c.kinds)
	if documents != 144 {
		t.Errorf("%d advisories", documents)
	}
	want := map[Kind]int{
		Email: 279, Phone: 182, // of support desks
		DeviceSerial: 65, // ranges of affected devices
		PersonName:   8,  // a researcher with his title
		Address:      1,  // false: VxWorks 6.9.4.11
		PatientDate:  1,  // false: an electrosurgery generator's date
	}
	if d := cmp.Diff(want, c.kinds); d != "" {
		t.Errorf("tell the new numbers in doc.go: %s", d)
	}
}

// CORDON_CVE names a file of CVE records, one JSON document a line.
func TestRecords(t *testing.T) {
	path := os.Getenv("CORDON_CVE")
	if path == "" {
		t.Skip("CORDON_CVE names no file of CVE records")
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	c := tally{}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var record struct {
			Containers struct {
				CNA struct{ Descriptions []struct{ Value string } }
			}
		}
		if err := json.Unmarshal(lines.Bytes(), &record); err != nil {
			t.Fatal(err)
		}
		for _, d := range record.Containers.CNA.Descriptions {
			c.add(t, d.Value)
		}
	}
	if lines.Err() != nil {
		t.Fatal(lines.Err())
	}
	t.Logf("%d texts, %d bytes: %d texts with findings, %v", c.texts, c.bytes, c.hit, c.kinds)
}
