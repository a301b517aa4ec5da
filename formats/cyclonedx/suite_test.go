package cyclonedx

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path"
	"strings"
	"testing"

	"github.com/cordon-isao/cordon/formats/sbom"
	"github.com/cordon-isao/cordon/formats/vex"
)

// record is a sink that keeps everything.
type record struct {
	components []sbom.Component
	edges      [][2]string
	statements []vex.Statement
}

func (r *record) Component(c sbom.Component) error {
	r.components = append(r.components, c)
	return nil
}

func (r *record) Depends(from string, on []string) error {
	for _, to := range on {
		r.edges = append(r.edges, [2]string{from, to})
	}
	return nil
}

// under is what ref hangs from.
func (r *record) under(ref string) string {
	for _, e := range r.edges {
		if e[1] == ref {
			return e[0]
		}
	}
	return ""
}

func (r *record) Statement(s vex.Statement) error {
	r.statements = append(r.statements, s)
	return nil
}

// archive reads a file of testdata: name → content.
func archive(t testing.TB, name string) map[string][]byte {
	t.Helper()
	f, err := os.Open("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err == io.EOF {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Typeflag == tar.TypeReg {
			if files[h.Name], err = io.ReadAll(r); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// purists are the invalid resources of the specification that are read all the
// same, by their name without version, and why.
var purists = map[string]string{
	"invalid-component-swid":        "swid is not read",
	"invalid-issue-type":            "pedigree is not read",
	"invalid-patch-type":            "pedigree is not read",
	"invalid-scope":                 "scope is not read",
	"invalid-service-data":          "services are not read",
	"invalid-license-id":            "whether an identifier is in SPDX's list of licences is not checked: the list grows, the document stays",
	"invalid-metadata-license":      "as invalid-license-id",
	"invalid-citations":             "citations are not read",
	"invalid-metadata-distribution": "distribution constraints are not read",
}

// TestSuite: every valid resource of the specification is read; every invalid
// one is refused, but for those of purists.
func TestSuite(t *testing.T) {
	valid, refused, read := 0, 0, map[string]int{}
	for name, data := range archive(t, "suite.tar.gz") {
		base := path.Base(name)
		encoding := path.Ext(base)[1:]
		var sink record
		doc, err := Read(bytes.NewReader(data), encoding, &sink, sbom.Limits{})
		if strings.HasPrefix(base, "valid-") {
			valid++
			switch {
			case err != nil:
				t.Errorf("%s: %v", name, err)
			case doc.Spec != path.Dir(name):
				t.Errorf("%s: version %q", name, doc.Spec)
			case doc.Components != len(sink.components) || doc.Edges != len(sink.edges) || doc.Statements != len(sink.statements):
				t.Errorf("%s: counts differ", name)
			}
			format, enc, err := sbom.Sniff(data)
			if format != sbom.CycloneDX || enc != encoding || err != nil {
				t.Errorf("%s: sniffed as %s %s, %v", name, format, enc, err)
			}
			continue
		}
		kind := base[:strings.LastIndexByte(base, '-')]
		if err != nil {
			refused++
			if encoding == sbom.XML && !strings.Contains(err.Error(), "line ") {
				t.Errorf("%s: the error has no line: %v", name, err)
			}
			if purists[kind] != "" {
				t.Errorf("%s is refused after all: %v", name, err)
			}
			continue
		}
		read[kind]++
		if purists[kind] == "" {
			t.Errorf("%s is read", name)
		}
	}
	for kind := range purists {
		if read[kind] == 0 {
			t.Errorf("no resource %s was read: drop the exception", kind)
		}
	}
	t.Logf("%d valid read, %d invalid refused, %d kinds of invalid read", valid, refused, len(read))
	if valid != 450 || refused != 207 {
		t.Errorf("%d valid and %d refused: the suite is incomplete", valid, refused)
	}
}
