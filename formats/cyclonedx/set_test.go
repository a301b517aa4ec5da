package cyclonedx

import (
	"archive/tar"
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cordon-isao/cordon/formats/sbom"
)

// realSet reads the set of real SBOMs beside the repository, and its index: path
// → components, purls. It skips the test where the folder or zstd is absent.
func realSet(t *testing.T) (files map[string][]byte, index map[string][2]int) {
	const folder = "../../../shared/data/sbom/"
	f, err := os.Open(folder + "index.tsv")
	if err != nil {
		t.Skip("the set of SBOMs is not here")
	}
	defer f.Close()
	zstd, err := exec.LookPath("zstd")
	if err != nil {
		t.Skip("zstd is not here")
	}
	data, err := exec.Command(zstd, "-dc", folder+"sbom-set.tar.zst").Output()
	if err != nil {
		t.Fatal(err)
	}
	files, index = map[string][]byte{}, map[string][2]int{}
	for r := tar.NewReader(bytes.NewReader(data)); ; {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Typeflag == tar.TypeReg {
			if files[path.Clean(h.Name)], err = io.ReadAll(r); err != nil {
				t.Fatal(err)
			}
		}
	}
	rows := csv.NewReader(f)
	rows.Comma = '\t'
	all, err := rows.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range all[1:] {
		var n [2]int
		fmt.Sscan(row[0], &n[0])
		fmt.Sscan(row[1], &n[1])
		index[row[4]] = n
	}
	return files, index
}

// find is the content of the file that ends in name, whatever folder the
// archive has put around it.
func find(files map[string][]byte, name string) []byte {
	for n, data := range files {
		if n == name || strings.HasSuffix(n, "/"+name) {
			return data
		}
	}
	return nil
}

// TestRealSet: every CycloneDX document of the set is read. The index counted
// with grep and jq, so it differs by what the comments say.
func TestRealSet(t *testing.T) {
	files, index := realSet(t)
	read := 0
	for name, want := range index {
		data := find(files, name)
		if data == nil {
			t.Errorf("%s is not in the archive", name)
			continue
		}
		format, encoding, err := sbom.Sniff(data)
		if err != nil || format != sbom.CycloneDX {
			continue
		}
		var sink record
		doc, err := Read(bytes.NewReader(data), encoding, &sink, sbom.Limits{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		read++
		purls := map[string]bool{}
		for _, c := range sink.components {
			if c.PURL != "" {
				purls[c.PURL] = true
			}
		}
		// In JSON the index has the top list only: the component that the
		// document is about comes on top, and what is nested in others.
		extra := doc.Components - want[0]
		nested := map[string]int{
			"in-the-wild/harp-darwin-amd64.sbom.json": 109, // packages in modules
		}[name]
		if doc.Root != "" && encoding == sbom.JSON {
			extra--
		}
		if extra != nested {
			t.Errorf("%s: %d components, the index has %d (root %q)", name, doc.Components, want[0], doc.Root)
		}
		// With grep, opening and closing tags of the wild XML documents were
		// counted, and a purl in a property or in a BOM-Link too.
		switch {
		case strings.HasPrefix(name, "in-the-wild/") && encoding == sbom.XML:
			want[1] /= 2
		case strings.HasSuffix(name, "purl-cyclonedx__bom.json"):
			want[1] = 5
		case strings.HasSuffix(name, "VEX__vex.json"):
			want[1] = 0
		}
		if len(purls) != want[1] {
			t.Errorf("%s: %d purls, the index has %d", name, len(purls), want[1])
		}
	}
	if read != 54 {
		t.Errorf("%d CycloneDX documents were read", read)
	}
}

// differ are the resources whose JSON and XML forms say different things.
var differ = []string{
	"valid-bom", "valid-component-ref", "valid-compositions", "valid-dependency", "valid-external-reference", "valid-service",
	"valid-license-choice", "valid-license-expression", "valid-license-id", "valid-license-name", "valid-machine-learning",
	"valid-metadata-timestamp", "valid-cryptography-implementation", "valid-license-expression-with-text",
	"valid-license-expression-with-licensing", "valid-license-declared-concluded-mix", "valid-component-external-with",
}

// TestSameInBothEncodings: what a document says in JSON and in XML is the same,
// for the resources of the specification that are twins, and for real SBOMs.
func TestSameInBothEncodings(t *testing.T) {
	files := archive(t, "suite.tar.gz")
	for name, data := range archive(t, "examples.tar.gz") {
		files[name] = data
	}
	twins, excused := 0, 0
	for name, data := range files {
		stem, ok := strings.CutSuffix(name, ".json")
		other := files[stem+".xml"]
		base := path.Base(stem)
		if !ok || other == nil || strings.HasPrefix(base, "invalid-") {
			continue
		}
		var a, b record
		docA, err := Read(bytes.NewReader(data), sbom.JSON, &a, sbom.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		docB, err := Read(bytes.NewReader(other), sbom.XML, &b, sbom.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		docB.Encoding = sbom.JSON
		for _, list := range [][]sbom.Component{a.components, b.components} {
			for i := range list {
				if strings.HasPrefix(base, "SBOM__dropwizard") && list[i].Name == "osgi-resource-locator" {
					list[i].Licenses = nil // its XML form has none
				}
			}
		}
		d := cmp.Diff(docA, docB) + cmp.Diff(a.components, b.components) + cmp.Diff(a.edges, b.edges) + cmp.Diff(a.statements, b.statements)
		switch {
		case d == "":
			twins++
		case slices.Contains(differ, strings.TrimRight(base, "-.0123456789")) || slices.Contains(differ, base[:strings.LastIndexByte(base, '-')]):
			excused++
		default:
			t.Errorf("%s: (-json +xml):\n%s", stem, d)
		}
	}
	t.Logf("%d twins, %d whose forms differ", twins, excused)
	if twins != 171 {
		t.Errorf("only %d twins", twins)
	}
}
