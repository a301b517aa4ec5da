package vers

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cordon-isao/cordon/formats/strictjson"
)

// TestICSMALabels is R-084's golden table: every version label in CISA's medical
// advisories has the reading that was found right, and none is lost.
func TestICSMALabels(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("testdata", "icsma_versions.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	byRule, inPart, byPerson := 0, 0, 0
	for line := range strings.Lines(string(data)) {
		label, want, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		r := ParseText(label)
		if got := r.Encode(); got != want {
			t.Errorf("%q: %s, want %s", label, got, want)
		}
		back, err := Decode(want)
		if err != nil {
			t.Error(err)
		} else if d := cmp.Diff(r, back); d != "" {
			t.Errorf("%q does not survive encoding:\n%s", label, d)
		}
		read := r.All || len(r.Exact)+len(r.Spans) > 0
		switch {
		case !read && len(r.Plain) == 0:
			t.Errorf("%q is lost", label)
		case len(r.Plain) == 0:
			byRule++
		case read:
			inPart++
		default:
			byPerson++
			if v, _ := r.Contains("1.0"); v != Unknown {
				t.Errorf("%q: 1.0 is %s to words no program can read", label, v)
			}
		}
	}
	if got, want := [3]int{byRule, inPart, byPerson}, [3]int{205, 4, 76}; got != want {
		t.Errorf("by rule, in part, by a person: %v, want %v", got, want)
	}
}

// TestICSMACorpus: the table has every label of the advisories themselves.
func TestICSMACorpus(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join("..", "..", "..", "shared", "data", "icsma", "*.json"))
	if len(files) == 0 {
		t.Skip("the data folder is not here")
	}
	data, err := os.ReadFile(filepath.Join("testdata", "icsma_versions.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	known, seen := map[string]bool{}, map[string]bool{}
	for line := range strings.Lines(string(data)) {
		label, _, _ := strings.Cut(line, "\t")
		known[label] = true
	}
	type branch struct {
		Category string   `json:"category"`
		Name     string   `json:"name"`
		Branches []branch `json:"branches"`
	}
	var walk func(b branch)
	walk = func(b branch) {
		if b.Category == "product_version" || b.Category == "product_version_range" {
			seen[b.Name] = true
			if !known[b.Name] {
				t.Errorf("%q is not in the table", b.Name)
			}
		}
		for _, c := range b.Branches {
			walk(c)
		}
	}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		var doc struct {
			Tree branch `json:"product_tree"`
		}
		if err := strictjson.UnmarshalLimits(data, strictjson.Limits{Bytes: 16 << 20, AllowUnknown: true}, &doc); err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		walk(doc.Tree)
	}
	if len(files) != 144 || len(seen) != len(known) {
		t.Errorf("%d advisories with %d labels; the table has %d", len(files), len(seen), len(known))
	}
}

func TestParseText(t *testing.T) {
	for _, c := range []struct{ label, want string }{
		{"All versions", "all versions"},
		{"all software versions", "all versions"},
		{"*", "all versions"},
		{"<1.2", "< 1.2"},
		{"<= 1.2", "<= 1.2"},
		{"≤ v1.2", "<= v1.2"},
		{">= 1.0 | <= 1.3", ">= 1.0, <= 1.3"},
		{">=1.0, <1.3", ">= 1.0, < 1.3"},
		{">= 1.0 and < 1.3", ">= 1.0, < 1.3"},
		{">=1.0 <1.3", ">= 1.0, < 1.3"},
		{"< 1.2 | >= 2.0 | < 2.3", "< 1.2; >= 2.0, < 2.3"},
		{"1.1 | 1.2", "1.1 and 1.2"},
		{"v1.2", "v1.2"},
		{"version 1.2 and prior", "<= 1.2"},
		{"Versions 1.2 and prior", "<= 1.2"},
		{"1.2 and earlier", "<= 1.2"},
		{"1.2 and earlier versions", "<= 1.2"},
		{"1.2 or later", ">= 1.2"},
		{"prior to 3.4", "< 3.4"},
		{"Versions prior to 3.4", "< 3.4"},
		{"all versions prior to 3.4", "< 3.4"},
		{"before 3.4", "< 3.4"},
		{"up to and including 3.4", "<= 3.4"},
		{"versions 2.0 through 2.4", ">= 2.0, <= 2.4"},
		{"from 2.0 to 2.4", ">= 2.0, <= 2.4"},
		{"between 2.0 and 2.4", ">= 2.0, <= 2.4"},
		{"A.01 to A.05", ">= A.01, <= A.05"},
		{"2.0 through 3.x", ">= 2.0, < 4"},
		{"5.x", ">= 5, < 6"},
		{"9.9.x", ">= 9.9, < 9.10"},
		{"<= 12.2.x.x", "< 12.3"},
		{"> 3.x", ">= 4"},
		{"1.0, 1.1 and 1.2", "1.0, 1.1 and 1.2"},
		{"vers:npm/>=1.0|<2.0", ">= 1.0, < 2.0"},
		// For a person, word for word.
		{">= 2.0 | <= 1.0", `">= 2.0 | <= 1.0"`},
		{">= 2.0 | 3.0", `">= 2.0 | 3.0"`},
		{"< May 2018", `"< May 2018"`},
		{"<= 1.54 (integrated)", `"<= 1.54 (integrated)"`},
		{"Rev B-M", `"Rev B-M"`},
		{"vers:npm/", `"vers:npm/"`},
		{"shipped between 2016 and 2018", `"shipped between 2016 and 2018"`},
		{"", "no version is named"},
	} {
		if got := ParseText(c.label).String(); got != c.want {
			t.Errorf("%q: %s, want %s", c.label, got, c.want)
		}
	}
}
