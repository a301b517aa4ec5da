package spdx

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/cordon-isao/cordon/formats/sbom"
	"github.com/cordon-isao/cordon/formats/sbom/scan"
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

func (r *record) Statement(s vex.Statement) error {
	r.statements = append(r.statements, s)
	return nil
}

func untar(t testing.TB, in io.Reader) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	for r := tar.NewReader(in); ; {
		h, err := r.Next()
		if err == io.EOF {
			return files
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
}

func examples(t testing.TB) map[string][]byte {
	t.Helper()
	f, err := os.Open("testdata/examples.tar.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	return untar(t, z)
}

// TestExamples: every document of spdx-examples is read, with as many packages
// as it has.
func TestExamples(t *testing.T) {
	specs := map[string]int{}
	for name, data := range examples(t) {
		format, encoding, err := sbom.Sniff(data)
		if err != nil || format != sbom.SPDX {
			t.Errorf("%s: sniffed as %s: %v", name, format, err)
			continue
		}
		var sink record
		doc, err := Read(bytes.NewReader(data), encoding, &sink, sbom.Limits{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		specs[doc.Spec+" "+encoding]++
		want := bytes.Count(data, []byte("PackageName:"))
		switch {
		case encoding == sbom.JSON && strings.HasPrefix(doc.Spec, "3"):
			want = 0
			for line := range bytes.Lines(data) {
				s := strings.ReplaceAll(string(line), " ", "")
				for _, kind := range []string{"software_Package", "ai_AIPackage", "dataset_DatasetPackage"} {
					if strings.Contains(s, `"type":"`+kind+`"`) {
						want++
					}
				}
			}
		case encoding == sbom.JSON: // every package has a download location, nothing else has
			want = bytes.Count(data, []byte(`"downloadLocation"`))
		}
		if doc.Components != want || len(sink.components) != want {
			t.Errorf("%s: %d packages, want %d", name, doc.Components, want)
		}
		if doc.Created.IsZero() || len(doc.Authors)+len(doc.Tools) == 0 {
			t.Errorf("%s: no time or no creator: %+v", name, doc)
		}
		refs := map[string]bool{}
		for _, c := range sink.components {
			refs[c.Ref] = true
		}
		for _, e := range sink.edges {
			if !refs[e[0]] || !refs[e[1]] {
				t.Errorf("%s: the edge %v names what is no package", name, e)
			}
		}
	}
	want := map[string]int{"2.2 json": 7, "2.2 tag-value": 12, "2.3 json": 11, "3.0.1 json": 26}
	if d := cmp.Diff(want, specs); d != "" {
		t.Error(d)
	}
}

// TestTwoAndThree: example 9 says the same in SPDX 2.2 and 3.0.
func TestTwoAndThree(t *testing.T) {
	files := examples(t)
	var two, three record
	docTwo, err := Read(bytes.NewReader(files["software/example9/spdx2.2/appbomination.spdx.json"]), sbom.JSON, &two, sbom.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	docThree, err := Read(bytes.NewReader(files["software/example9/spdx3.0/appbomination.spdx3.json"]), sbom.JSON, &three, sbom.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	key := func(r record) (all []string) {
		names := map[string]string{}
		for _, c := range r.components {
			slices.Sort(c.Licenses)
			names[c.Ref] = c.Name
			all = append(all, fmt.Sprint(c.Name, " ", c.Version, " ", c.PURL, " ", c.Supplier, " ", len(c.Licenses)))
		}
		for _, e := range r.edges {
			all = append(all, names[e[0]]+" → "+names[e[1]])
		}
		slices.Sort(all)
		return all
	}
	if d := cmp.Diff(key(two), key(three)); d != "" {
		t.Errorf("(-2.2 +3.0):\n%s", d)
	}
	if docTwo.Root == "" || docThree.Root == "" || !docTwo.Created.Equal(docThree.Created) {
		t.Errorf("roots %q and %q, times %s and %s", docTwo.Root, docThree.Root, docTwo.Created, docThree.Created)
	}
}

// broken are documents of the set that are not read, and why.
var broken = map[string]string{
	"in-the-wild/vast-sbom.spdx":             "given twice",   // the identifier SPDXRef-Package
	"in-the-wild/istio-source.spdx":          "is not closed", // the file was cut at 3.25 MiB when it was published
	"in-the-wild/powershell-2.2.6.spdx.json": "follows",       // a web page's footer was copied with it
}

// TestRealSet: every SPDX document of the set is read, but for those of broken,
// with the number of packages that the index counted.
func TestRealSet(t *testing.T) {
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
	files := map[string][]byte{}
	for name, data := range untar(t, bytes.NewReader(data)) {
		for range 2 { // with and without a folder around it
			files[name] = data
			_, name, _ = strings.Cut(name, "/")
		}
	}
	rows := csv.NewReader(f)
	rows.Comma = '\t'
	all, err := rows.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	read, refused, other := 0, 0, 0
	// purls that the index has otherwise: it counted every reference of a package
	// (some have several, we take the first), and none of SPDX 3.
	otherwise := map[string]string{
		"in-the-wild/fatbom-sbom.spdx":      "458",
		"sbomqs/perl-Mojolicious.spdx.json": "1",
	}
	for _, row := range all[1:] {
		name := row[4]
		data := files[name]
		if data == nil {
			t.Errorf("%s is not in the archive", name)
			continue
		}
		format, encoding, err := sbom.Sniff(data)
		if err != nil {
			other++
			continue
		}
		if format != sbom.SPDX {
			continue
		}
		var sink record
		doc, err := Read(bytes.NewReader(data), encoding, &sink, sbom.Limits{})
		if why := broken[name]; why != "" {
			refused++
			if err == nil || !strings.Contains(err.Error(), why) {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
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
		if got := fmt.Sprint(doc.Components); got != row[0] {
			t.Errorf("%s: %s packages, the index has %s", name, got, row[0])
		}
		want := row[1]
		if n, ok := otherwise[name]; ok {
			want = n
		}
		if got := fmt.Sprint(len(purls)); got != want {
			t.Errorf("%s: %s different purls, want %s", name, got, want)
		}
	}
	t.Logf("%d read, %d refused, %d of other formats", read, refused, other)
	if read != 92 || refused != len(broken) || other != 5 {
		t.Errorf("%d read, %d refused, %d of other formats", read, refused, other)
	}
}

const head2 = `"spdxVersion":"SPDX-2.3","SPDXID":"SPDXRef-DOCUMENT","name":"doc","documentNamespace":"https://example.org/d","creationInfo":{"created":"2026-01-02T03:04:05Z","creators":["Person: Jane (j@example.org)","Tool: maker-1"]}`

// wantDoc is what the three documents below say.
func wantDoc(spec, encoding string) sbom.Document {
	return sbom.Document{
		Format: "SPDX", Spec: spec, Encoding: encoding, Serial: "https://example.org/d", Name: "doc",
		Created: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Authors: []string{"Jane"}, Tools: []string{"maker-1"},
		Root: "SPDXRef-a", Supplier: "Vital Devices", Components: 3, Edges: 4,
	}
}

func wantComponents() []sbom.Component {
	return []sbom.Component{
		{
			Ref: "SPDXRef-a", Type: "operating-system", Name: "a", Version: "1", Supplier: "Vital Devices", PURL: "pkg:generic/a@1",
			CPE:      []string{"cpe:2.3:o:vital:a:1:*:*:*:*:*:*:*"},
			Hashes:   []sbom.Hash{{Algorithm: "SHA-1", Value: "e6b1000b94e835ffd37f4c6dcbdad43f4b48a02a"}},
			Licenses: []string{"MIT", "Apache-2.0"}, Description: "Two\nlines", Support: sbom.Abandoned, EndOfSupport: "2027-01-31",
		},
		{Ref: "SPDXRef-b", Name: "b", Supplier: "Maker", Support: sbom.NoLongerMaintained, EndOfSupport: "2026-06-30"},
		{Ref: "SPDXRef-c", Name: "c"},
	}
}

func check(t *testing.T, text, encoding, spec string) {
	t.Helper()
	var got record
	doc, err := Read(strings.NewReader(text), encoding, &got, sbom.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(wantDoc(spec, encoding), doc); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(wantComponents(), got.components); d != "" {
		t.Error(d)
	}
	edges := [][2]string{{"SPDXRef-a", "SPDXRef-b"}, {"SPDXRef-a", "SPDXRef-c"}, {"SPDXRef-b", "SPDXRef-c"}, {"SPDXRef-c", "SPDXRef-a"}}
	slices.SortFunc(got.edges, func(x, y [2]string) int { return strings.Compare(x[0]+x[1], y[0]+y[1]) })
	if d := cmp.Diff(edges, got.edges); d != "" {
		t.Error(d)
	}
}

// TestWholeJSON: everything that is read of SPDX 2 in JSON; relationships may
// come first.
func TestWholeJSON(t *testing.T) {
	relationships := `"relationships":[
	 {"spdxElementId":"SPDXRef-DOCUMENT","relationshipType":"DESCRIBES","relatedSpdxElement":"SPDXRef-a"},
	 {"spdxElementId":"SPDXRef-DOCUMENT","relationshipType":"DESCRIBES","relatedSpdxElement":"SPDXRef-File"},
	 {"spdxElementId":"SPDXRef-a","relationshipType":"DEPENDS_ON","relatedSpdxElement":"SPDXRef-b"},
	 {"spdxElementId":"SPDXRef-c","relationshipType":"CONTAINED_BY","relatedSpdxElement":"SPDXRef-a"},
	 {"spdxElementId":"SPDXRef-c","relationshipType":"RUNTIME_DEPENDENCY_OF","relatedSpdxElement":"SPDXRef-b"},
	 {"spdxElementId":"SPDXRef-c","relationshipType":"STATIC_LINK","relatedSpdxElement":"SPDXRef-a"},
	 {"spdxElementId":"SPDXRef-a","relationshipType":"CONTAINS","relatedSpdxElement":"SPDXRef-File"},
	 {"spdxElementId":"SPDXRef-a","relationshipType":"CONTAINS","relatedSpdxElement":"NOASSERTION"},
	 {"spdxElementId":"SPDXRef-a","relationshipType":"GENERATED_FROM","relatedSpdxElement":"SPDXRef-b"}]`
	packages := `"packages":[{"SPDXID":"SPDXRef-a","name":"a","versionInfo":"1","supplier":"Organization: Vital Devices (info@example.org)","originator":"Person: X",
	 "primaryPackagePurpose":"OPERATING_SYSTEM","description":"Two\nlines","summary":"s","licenseConcluded":"MIT","licenseDeclared":"Apache-2.0","validUntilDate":"2027-01-31T00:00:00Z",
	 "checksums":[{"algorithm":"SHA1","checksumValue":"E6B1000B94E835FFD37F4C6DCBDAD43F4B48A02A"}],
	 "annotations":[{"annotator":"Person: Y","comment":"supportLevel: abandoned\nsomething else"}],
	 "externalRefs":[{"referenceCategory":"PACKAGE-MANAGER","referenceType":"purl","referenceLocator":"pkg:generic/a@1"},
	  {"referenceCategory":"SECURITY","referenceType":"http://spdx.org/rdf/references/cpe23Type","referenceLocator":"cpe:2.3:o:vital:a:1:*:*:*:*:*:*:*"},
	  {"referenceCategory":"PACKAGE_MANAGER","referenceType":"purl","referenceLocator":"https://example.org/no/purl"},{"referenceCategory":"OTHER","referenceType":"swh","referenceLocator":"swh:1:x"}]},
	 {"SPDXID":"SPDXRef-b","name":"b","versionInfo":"NOASSERTION","supplier":"NOASSERTION","originator":"Organization: Maker","licenseConcluded":"NONE","comment":"endOfSupport=2026-06-30\nlevel of support=No longer maintained"},
	 {"SPDXID":"SPDXRef-c","name":"c"}]`
	check(t, `{`+head2+`,`+packages+`,`+relationships+`}`, sbom.JSON, "2.3")
	check(t, `{`+relationships+`,"files":[{"SPDXID":"SPDXRef-File"}],`+packages+`,`+head2+`}`, sbom.JSON, "2.3")
}

// TestWholeTags: the same as tag-value, with each kind of line end.
func TestWholeTags(t *testing.T) {
	const text = `# a comment
SPDXVersion: SPDX-2.2
SPDXID: SPDXRef-DOCUMENT
DocumentName: doc
DocumentNamespace: https://example.org/d
Creator: Person: Jane (j@example.org)
Creator: Tool: maker-1
Created: 2026-01-02T03:04:05Z
CreatorComment: <text>Anything: at
all # here</text>

PackageName: a
SPDXID: SPDXRef-a
PackageVersion: 1
PackageSupplier: Organization: Vital Devices (info@example.org)
PackageDescription: <text>Two
lines</text>
PrimaryPackagePurpose: OPERATING-SYSTEM
PackageLicenseConcluded: MIT
PackageLicenseDeclared: Apache-2.0
PackageChecksum: SHA1: e6b1000b94e835ffd37f4c6dcbdad43f4b48a02a
ValidUntilDate: 2027-01-31T00:00:00Z
ExternalRef: PACKAGE-MANAGER purl pkg:generic/a@1
ExternalRef: SECURITY cpe23Type cpe:2.3:o:vital:a:1:*:*:*:*:*:*:*
Annotator: Person: Y
SPDXREF: SPDXRef-a
AnnotationComment: <text>Support status: abandoned</text>
Relationship: SPDXRef-DOCUMENT DESCRIBES SPDXRef-a
Relationship: SPDXRef-a DEPENDS_ON SPDXRef-b

FileName: ./x
SPDXID: SPDXRef-File
FileChecksum: SHA1: x
Relationship: SPDXRef-a CONTAINS SPDXRef-File

PackageName: b
SPDXID: SPDXRef-b
PackageVersion: NOASSERTION
PackageOriginator: Organization: Maker ()
PackageComment: <text>endOfSupport: 2026-06-30
supportLevel: unmaintained</text>
PackageName: c
SPDXID: SPDXRef-c
Relationship: SPDXRef-c CONTAINED_BY SPDXRef-a
Relationship: SPDXRef-c DEPENDENCY_OF SPDXRef-b
Relationship: SPDXRef-c DYNAMIC_LINK SPDXRef-a

LicenseID: LicenseRef-1
ExtractedText: <text>` + "x: y\n" + `</text>`
	check(t, text, sbom.TagValue, "2.2")
	check(t, strings.ReplaceAll(text, "\n", "\r\n"), sbom.TagValue, "2.2")
	check(t, strings.ReplaceAll(text, "\n", "\r"), sbom.TagValue, "2.2")
}

// TestThree: SPDX 3, with references forwards, VEX and support.
func TestThree(t *testing.T) {
	const text = `{"@context":"https://spdx.org/rdf/3.0.1/spdx-context.jsonld","@graph":[
	{"type":"Relationship","spdxId":"r1","creationInfo":"_:c","from":"a","to":["b","f"],"relationshipType":"dependsOn"},
	{"type":"LifecycleScopedRelationship","spdxId":"r2","creationInfo":"_:c","from":"a","to":["b"],"relationshipType":"hasStaticLink"},
	{"type":"Relationship","spdxId":"r3","creationInfo":"_:c","from":"a","to":["l"],"relationshipType":"hasDeclaredLicense"},
	{"type":"Relationship","spdxId":"r4","creationInfo":"_:c","from":"b","to":["https://spdx.org/licenses/MIT"],"relationshipType":"hasConcludedLicense"},
	{"type":"software_Package","spdxId":"a","creationInfo":"_:c","name":"Pump","software_packageVersion":"3","software_packageUrl":"pkg:generic/pump@3","suppliedBy":"org","software_primaryPurpose":"operatingSystem",
	 "supportLevel":["noSupport"],"validUntilTime":"2027-02-03T00:00:00Z","verifiedUsing":[{"type":"Hash","algorithm":"sha3_256","hashValue":"f498a8ff2dd007e29c2074f5e4b01a9a01775c3ff3aeaf6906ea503bc5791b7b"}],
	 "externalIdentifier":[{"type":"ExternalIdentifier","externalIdentifierType":"cpe23","identifier":"cpe:2.3:a:v:pump:3:*:*:*:*:*:*:*"}]},
	{"type":"ai_AIPackage","spdxId":"b","creationInfo":"_:c","name":"Model","originatedBy":["jane"],"externalIdentifier":[{"externalIdentifierType":"packageUrl","identifier":"pkg:generic/model"}]},
	{"type":"software_File","spdxId":"f","name":"x"},
	{"type":"security_Vulnerability","spdxId":"v","creationInfo":"_:c","name":"Ours-1","externalIdentifier":[{"externalIdentifierType":"cve","identifier":"CVE-2026-1"}]},
	{"type":"security_VexNotAffectedVulnAssessmentRelationship","spdxId":"x1","creationInfo":"_:c","from":"v","to":["a"],"relationshipType":"doesNotAffect","security_justificationType":"componentNotPresent","security_impactStatement":"No.","suppliedBy":"org","security_publishedTime":"2026-02-01T00:00:00Z"},
	{"type":"security_VexAffectedVulnAssessmentRelationship","spdxId":"x2","creationInfo":"_:c","from":"v","to":["b"],"relationshipType":"affects","security_actionStatement":"Update."},
	{"type":"simplelicensing_LicenseExpression","spdxId":"l","simplelicensing_licenseExpression":"MIT OR Apache-2.0"},
	{"type":"software_Sbom","spdxId":"s","creationInfo":"_:c","rootElement":["a"]},
	{"type":"SpdxDocument","spdxId":"https://example.org/d","creationInfo":"_:c","name":"doc","rootElement":["s"]},
	{"type":"Organization","spdxId":"org","name":"Vital Devices"},{"type":"Person","spdxId":"jane","name":"Jane"},{"type":"Tool","spdxId":"tool","name":"maker"},
	{"type":"CreationInfo","@id":"_:c","specVersion":"3.0.1","created":"2026-01-02T03:04:05Z","createdBy":["jane"],"createdUsing":["tool"]}]}`
	var got record
	doc, err := Read(strings.NewReader(text), sbom.JSON, &got, sbom.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	want := sbom.Document{
		Format: "SPDX", Spec: "3.0.1", Encoding: "json", Serial: "https://example.org/d", Name: "doc", Created: at, Authors: []string{"Jane"},
		Tools: []string{"maker"}, Root: "a", Supplier: "Vital Devices", Components: 2, Edges: 2, Statements: 2,
	}
	if d := cmp.Diff(want, doc); d != "" {
		t.Error(d)
	}
	components := []sbom.Component{
		{
			Ref: "a", Type: "operating-system", Name: "Pump", Version: "3", Supplier: "Vital Devices", PURL: "pkg:generic/pump@3", CPE: []string{"cpe:2.3:a:v:pump:3:*:*:*:*:*:*:*"},
			Hashes:   []sbom.Hash{{Algorithm: "SHA3-256", Value: "f498a8ff2dd007e29c2074f5e4b01a9a01775c3ff3aeaf6906ea503bc5791b7b"}},
			Licenses: []string{"MIT OR Apache-2.0"}, Support: sbom.NoLongerMaintained, EndOfSupport: "2027-02-03",
		},
		{Ref: "b", Type: "machine-learning-model", Name: "Model", Supplier: "Jane", PURL: "pkg:generic/model", Licenses: []string{"MIT"}},
	}
	if d := cmp.Diff(components, got.components); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([][2]string{{"a", "b"}, {"a", "b"}}, got.edges); d != "" {
		t.Error(d)
	}
	statements := []vex.Statement{
		{
			Vulnerability: "CVE-2026-1", Aliases: []string{"Ours-1"}, Products: []vex.Product{{Ref: "a"}}, Status: "not_affected", Justification: "component_not_present",
			Impact: "No.", At: time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC), Author: "Vital Devices",
		},
		{Vulnerability: "CVE-2026-1", Aliases: []string{"Ours-1"}, Products: []vex.Product{{Ref: "b"}}, Status: "affected", Action: "Update.", At: at, Author: "Jane"},
	}
	if d := cmp.Diff(statements, got.statements); d != "" {
		t.Error(d)
	}
}

// TestPack: what waits comes back as it was.
func TestPack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringN(0, 5, -1)
		lists := rapid.SliceOfN(text, 0, 3)
		want := &pkg{}
		texts, all := want.fields()
		for _, s := range texts {
			*s = text.Draw(t, "text")
		}
		for _, l := range all {
			if list := lists.Draw(t, "list"); len(list) > 0 {
				*l = list
			}
		}
		for range rapid.IntRange(0, 2).Draw(t, "hashes") {
			want.Hashes = append(want.Hashes, sbom.Hash{Algorithm: text.Draw(t, "alg"), Value: text.Draw(t, "value")})
		}
		if d := cmp.Diff(want, want.pack().unpack(), cmp.AllowUnexported(pkg{})); d != "" {
			t.Fatal(d)
		}
	})
}

// TestRefused: T-53 and what is wrong with a document, with the place.
func TestRefused(t *testing.T) {
	two := func(s string) string { return `{` + head2 + `,` + s + `}` }
	three := func(s string) string {
		return `{"@context":"https://spdx.org/rdf/3.0.1/spdx-context.jsonld","@graph":[{"type":"CreationInfo","@id":"_:c","specVersion":"3.0.1","created":"2026-01-02T03:04:05Z"}` + s + `]}`
	}
	p := `{"SPDXID":"SPDXRef-%d","name":"n"}`
	var four []string
	for i := range 4 {
		four = append(four, fmt.Sprintf(p, i))
	}
	small := sbom.Limits{Bytes: 1 << 20, Components: 3, Edges: 2, Text: 100}
	for _, c := range []struct{ name, encoding, text, want string }{
		{"empty", "json", ``, "ends in the middle"},
		{"list", "json", `[]`, "no object"},
		{"cut", "json", `{"spdxVersion":"SPDX-2.3",`, "ends in the middle"},
		{"after", "json", two(`"x":1`) + `x`, "something follows"},
		{"no version", "json", `{"name":"x"}`, "does not say that it is SPDX"},
		{"1.2", "json", `{"spdxVersion":"SPDX-1.2"}`, `"SPDX-1.2" is no version`},
		{"two and three", "json", two(`"@graph":[]`), "at once"},
		{"three and two", "json", `{"@graph":[],"spdxVersion":"SPDX-2.3"}`, "at once"},
		{"other context", "json", `{"@context":"https://openvex.dev/ns"}`, "not that of SPDX 3"},
		{"duplicate name", "json", two(`"packages":[{"name":"a","name":"b"}]`), "given twice"},
		{"letter case", "json", two(`"packages":[{"SPDXID":"SPDXRef-a","name":"a","VersionInfo":"1"}]`), `is written "versionInfo"`},
		{"bad UTF-8", "json", two("\"packages\":[{\"name\":\"\xff\"}]"), "not UTF-8"},
		{"NUL", "json", two(`"packages":[{"name":"\u0000"}]`), "NUL"},
		{"no name", "json", two(`"packages":[{"SPDXID":"SPDXRef-a"}]`), "no name at /packages/0"},
		{"no id", "json", two(`"packages":[{"name":"a"}]`), `"a" has no SPDX identifier at /packages/0`},
		{"id twice", "json", two(`"packages":[{"SPDXID":"SPDXRef-a","name":"a"},{"SPDXID":"SPDXRef-a","name":"b"}]`), `"SPDXRef-a" is given twice at /packages/1`},
		{"packages an object", "json", two(`"packages":{}`), "an array is wanted"},
		{"bad time", "json", `{"creationInfo":{"created":"yesterday"}}`, `"yesterday" is no date`},
		{"bad hash", "json", two(`"packages":[{"SPDXID":"SPDXRef-a","name":"a","checksums":[{"algorithm":"SHA256","checksumValue":"12"}]}]`), `"12" is no SHA-256`},
		{"relationship without end", "json", two(`"relationships":[{"spdxElementId":"SPDXRef-a","relationshipType":"CONTAINS"}]`), "lacks"},
		{"deep", "json", two(`"x":` + strings.Repeat("[", 100000)), "deeper than 64"},
		{"long text", "json", two(`"packages":[{"name":"` + strings.Repeat("n", 101) + `"}]`), "more than 100 bytes at /packages/0/name"},
		{"many packages", "json", two(`"packages":[` + strings.Join(four, ",") + `]`), "more than 3 packages"},
		{"many edges", "json", two(`"packages":[` + strings.Join(four[:3], ",") + `],"relationships":[` + strings.TrimSuffix(strings.Repeat(`{"spdxElementId":"SPDXRef-0","relationshipType":"CONTAINS","relatedSpdxElement":"SPDXRef-1"},`, 3), ",") + `]`), "more than 2 relationships"},
		{"many bytes", "json", two(`"x":"` + strings.Repeat("y", 1<<20) + `"`), "more than 1048576 bytes"},
		{"3: no creation info", "json", `{"@graph":[{"type":"software_Package","spdxId":"a","name":"a"}]}`, "CreationInfo"},
		{"3: other version", "json", `{"@graph":[{"type":"CreationInfo","specVersion":"4.0"}]}`, `SPDX "4.0" is not read`},
		{"3: no type", "json", three(`,{"spdxId":"a"}`), "no type at /@graph/1"},
		{"3: string", "json", three(`,"a"`), "no object"},
		{"3: no name", "json", three(`,{"type":"software_Package","spdxId":"a"}`), "no name"},
		{"3: no id", "json", three(`,{"type":"software_Package","name":"a"}`), "no spdxId"},
		{"3: id twice", "json", three(strings.Repeat(`,{"type":"software_Package","spdxId":"a","name":"a"}`, 2)), "given twice"},
		{"3: many packages", "json", three(strings.Repeat(`,{"type":"software_Package","spdxId":"a","name":"a"}`, 4)), "more than 3 packages"},
		{"3: many relationships", "json", three(`,{"type":"Relationship","from":"a","to":["a","b","c"],"relationshipType":"contains"}`), "more than 2"},
		{"3: two documents", "json", three(`,{"type":"SpdxDocument","spdxId":"a"},{"type":"SpdxDocument","spdxId":"b"}`), "more than one SpdxDocument"},
		{"3: vulnerability missing", "json", three(`,{"type":"security_VexFixedVulnAssessmentRelationship","from":"v","to":["a"],"relationshipType":"fixedIn"}`), "not there"},
		{"3: deep", "json", three(`,` + strings.Repeat(`{"type":"Relationship","from":`, 100)), "deeper than 64"},

		{"empty", "tag-value", "", "no SPDXVersion"},
		{"no tag", "tag-value", "SPDXVersion: SPDX-2.3\n\nhello", "no tag: Tag: value is wanted (line 3)"},
		{"1.2", "tag-value", "SPDXVersion: SPDX-1.2", "(line 1)"},
		{"text not closed", "tag-value", "SPDXVersion: SPDX-2.3\nDocumentComment: <text>a\nb", "<text> is not closed (line 2)"},
		{"line after a text", "tag-value", "SPDXVersion: SPDX-2.3\nDocumentComment: <text>a\nb\n</text>\nbad", "(line 5)"},
		{"no id", "tag-value", "SPDXVersion: SPDX-2.3\nPackageName: a\nPackageName: b", `"a" has no SPDX identifier (line 3)`},
		{"two ids", "tag-value", "PackageName: a\nSPDXID: SPDXRef-a\nSPDXID: SPDXRef-b", "two identifiers (line 3)"},
		{"relationship", "tag-value", "Relationship: a CONTAINS", "from TYPE to (line 1)"},
		{"checksum", "tag-value", "PackageName: a\nPackageChecksum: abc", "ALGORITHM: digits (line 2)"},
		{"reference", "tag-value", "PackageName: a\nExternalRef: purl", "CATEGORY type locator (line 2)"},
		{"bad UTF-8", "tag-value", "SPDXVersion: SPDX-2.3\nPackageName: \xff", "not UTF-8"},
		{"NUL", "tag-value", "PackageName: \x00", "NUL"},
		{"long name", "tag-value", "PackageName: " + strings.Repeat("n", 101), "more than 100 bytes (line 1)"},
		{"many bytes", "tag-value", "DocumentComment: <text>" + strings.Repeat("y\n", 1<<19), "more than 1048576 bytes"},
		{"many packages", "tag-value", "PackageName: a\nSPDXID: 1\nPackageName: a\nSPDXID: 2\nPackageName: a\nSPDXID: 3\nPackageName: a\nSPDXID: 4", "more than 3 packages"},
		{"encoding", "yaml", "", "not as"},
	} {
		t.Run(c.encoding+" "+c.name, func(t *testing.T) {
			doc, err := Read(strings.NewReader(c.text), c.encoding, &record{}, small)
			if err == nil {
				t.Fatal("it is read")
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %q, want %q", err, c.want)
			}
			if d := cmp.Diff(sbom.Document{}, doc); d != "" {
				t.Errorf("a document is given in spite of the error: %s", d)
			}
		})
	}
}

// TestLongLine: a line without end may not fill the memory.
func TestLongLine(t *testing.T) {
	for _, head := range []string{"PackageName: ", "DocumentComment: <text>"} {
		_, err := Read(io.MultiReader(strings.NewReader(head), endless{}), sbom.TagValue, &record{}, sbom.Limits{})
		if err == nil || !strings.Contains(err.Error(), "16777216 bytes") {
			t.Errorf("%s: %v", head, err)
		}
	}
	_, err := Read(io.MultiReader(strings.NewReader(`{"spdxVersion":"`), endless{}), sbom.JSON, &record{}, sbom.Limits{Bytes: 1 << 20})
	if !errors.Is(err, scan.ErrTooLarge) {
		t.Error(err)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'y'
	}
	return len(p), nil
}

// TestPendingEdges: more relationships than can wait are given as they are.
func TestPendingEdges(t *testing.T) {
	var b strings.Builder
	b.WriteString("SPDXVersion: SPDX-2.3\n")
	for range maxPending + 10 {
		b.WriteString("Relationship: SPDXRef-a CONTAINS SPDXRef-f\n")
	}
	b.WriteString("PackageName: a\nSPDXID: SPDXRef-a\n")
	var got record
	if _, err := Read(strings.NewReader(b.String()), sbom.TagValue, &got, sbom.Limits{}); err != nil {
		t.Fatal(err)
	}
	if len(got.edges) != 10 {
		t.Errorf("%d edges", len(got.edges))
	}
}

// peak is a sink that forgets everything and watches the heap.
type peak struct {
	n, every int
	most     uint64
}

func (p *peak) Component(sbom.Component) error {
	if p.n++; p.n%p.every == 0 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		p.most = max(p.most, m.HeapAlloc)
	}
	return nil
}
func (p *peak) Depends(string, []string) error { return nil }
func (p *peak) Statement(vex.Statement) error  { return nil }

// TestStreams: what a package costs while the document is read: in SPDX 2 its
// identifier and its supplier, in SPDX 3 the package itself. With CORDON_LONG=1,
// 300,000 packages.
func TestStreams(t *testing.T) {
	n := 20_000
	if os.Getenv("CORDON_LONG") != "" {
		n = 300_000
	}
	for _, c := range []struct {
		name, encoding, head, foot string
		each                       string
		most                       int64 // bytes a package
	}{
		{"2 JSON", sbom.JSON, `{` + head2 + `,"packages":[{"SPDXID":"x","name":"x"}`, `]}`, `,{"SPDXID":"SPDXRef-Package-%[1]d","name":"artifact-%[1]d","versionInfo":"1.%[1]d","supplier":"Organization: Example","licenseConcluded":"NOASSERTION","checksums":[{"algorithm":"SHA256","checksumValue":"%064[1]x"}],"externalRefs":[{"referenceCategory":"PACKAGE-MANAGER","referenceType":"purl","referenceLocator":"pkg:maven/org.example/artifact-%[1]d@1.%[1]d"}]}`, 120},
		{"2 tags", sbom.TagValue, "SPDXVersion: SPDX-2.3\n", "", "PackageName: artifact-%[1]d\nSPDXID: SPDXRef-Package-%[1]d\nPackageVersion: 1.%[1]d\nPackageChecksum: SHA256: %064[1]x\nExternalRef: PACKAGE-MANAGER purl pkg:maven/org.example/artifact-%[1]d@1.%[1]d\n", 80},
		{"3", sbom.JSON, `{"@graph":[{"type":"CreationInfo","@id":"_:c","specVersion":"3.0.1","created":"2026-01-02T03:04:05Z"}`, `]}`, `,{"type":"software_Package","spdxId":"https://example.org/sbom#package-%[1]d","creationInfo":"_:c","name":"artifact-%[1]d","software_packageVersion":"1.%[1]d","software_packageUrl":"pkg:maven/org.example/artifact-%[1]d@1.%[1]d","verifiedUsing":[{"type":"Hash","algorithm":"sha256","hashValue":"%064[1]x"}]}`, 500},
	} {
		in, out := io.Pipe()
		size := 0
		go func() {
			w := bufio.NewWriter(out)
			size, _ = w.WriteString(c.head)
			for i := range n {
				k, _ := fmt.Fprintf(w, c.each, i)
				size += k
			}
			w.WriteString(c.foot)
			w.Flush()
			out.Close()
		}()
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		sink := &peak{every: n / 4}
		start := time.Now()
		doc, err := Read(in, c.encoding, sink, sbom.Limits{})
		if err != nil || doc.Components < n {
			t.Fatalf("%s: %d packages of %d: %v", c.name, doc.Components, n, err)
		}
		growth := int64(sink.most) - int64(m.HeapAlloc)
		t.Logf("%s: %d packages, %d MB in %v: the heap grew by %d kB (%d bytes each)", c.name, n, size>>20, time.Since(start).Round(time.Millisecond), growth>>10, growth/int64(n))
		if growth > int64(n)*c.most+1<<20 {
			t.Errorf("%s: the heap grew by %d bytes for %d packages", c.name, growth, n)
		}
	}
}

func fuzz(f *testing.F, encoding string) {
	n := 0
	for _, data := range examples(f) {
		if _, e, _ := sbom.Sniff(data); e == encoding && len(data) < 8000 {
			f.Add(data)
			n++
		}
	}
	if n < 8 {
		f.Fatalf("only %d seeds", n)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var sink record
		doc, err := Read(bytes.NewReader(data), encoding, &sink, sbom.Limits{})
		if err != nil {
			if err.Error() == "" || len(err.Error()) > 2000 || strings.ContainsAny(err.Error(), "\x00\n") {
				t.Fatalf("the error is no sentence: %q", err)
			}
			return
		}
		refs := map[string]bool{}
		for _, c := range sink.components {
			if c.Ref == "" || c.Name == "" || refs[c.Ref] {
				t.Fatalf("component %+v", c)
			}
			refs[c.Ref] = true
		}
		if doc.Components != len(sink.components) || doc.Edges != len(sink.edges) || doc.Statements != len(sink.statements) {
			t.Fatal("the counts are wrong")
		}
		if doc.Root != "" && !refs[doc.Root] {
			t.Fatalf("the root %q is no package", doc.Root)
		}
	})
}

func FuzzJSON(f *testing.F) { fuzz(f, sbom.JSON) }
func FuzzTags(f *testing.F) { fuzz(f, sbom.TagValue) }
