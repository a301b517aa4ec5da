package purl

import (
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// contradicted are the cases that the suite itself contradicts: for the same
// input another case asks for the canonical text. The specification folds the
// names of qualifiers, and so do we.
var contradicted = map[string]bool{
	"pkg:gem/jruby-launcher@1.1.2?Platform=java":                   true,
	"pkg:Rpm/fedora/curl@7.50.3-1.fc25?Arch=i386&Distro=fedora-25": true,
}

// parts is a PURL as the suite writes it; null is "".
type parts struct {
	Type       string            `json:"type"`
	Namespace  string            `json:"namespace"`
	Name       string            `json:"name"`
	Version    string            `json:"version"`
	Subpath    string            `json:"subpath"`
	Qualifiers map[string]string `json:"qualifiers"`
}

func readSuite(t *testing.T) []suiteCase {
	f, err := os.Open(filepath.Join("testdata", "suite.json.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	var cases []suiteCase
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	return cases
}

type suiteCase struct {
	File        string         `json:"file"`
	Description string         `json:"description"`
	Type        string         `json:"test_type"`
	Failure     bool           `json:"expected_failure"`
	Input       jsontext.Value `json:"input"`
	Output      jsontext.Value `json:"expected_output"`
}

// text and purl read an input or output of the suite.
func text(t *testing.T, v jsontext.Value) (s string) {
	if err := json.Unmarshal(v, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

func purl(t *testing.T, v jsontext.Value) PURL {
	var p parts
	if err := json.Unmarshal(v, &p); err != nil {
		t.Fatal(err)
	}
	return PURL(p)
}

// TestSuite runs all cases of the specification by name.
func TestSuite(t *testing.T) {
	cases := readSuite(t)
	if len(cases) != 586 {
		t.Errorf("the suite has %d cases, not 586", len(cases))
	}
	excused := 0
	for _, c := range cases {
		t.Run(c.File+"/"+c.Type+"/"+c.Description, func(t *testing.T) {
			var got PURL
			var err error
			if c.Type == "build" {
				got, err = Canonical(purl(t, c.Input))
			} else {
				got, err = Parse(text(t, c.Input))
			}
			switch {
			case c.Failure && err == nil && contradicted[strings.Trim(string(c.Input), `"`)]:
				excused++
			case c.Failure && err == nil:
				t.Errorf("%s was accepted: %s", c.Input, got)
			case c.Failure:
			case err != nil:
				t.Errorf("%s: %v", c.Input, err)
			case c.Type == "parse":
				if d := cmp.Diff(purl(t, c.Output), got, cmpopts.EquateEmpty()); d != "" {
					t.Errorf("%s (-want +got):\n%s", c.Input, d)
				}
			default:
				if want := text(t, c.Output); got.String() != want {
					t.Errorf("%s: %s, want %s", c.Input, got, want)
				}
			}
		})
	}
	if excused != len(contradicted) {
		t.Errorf("%d cases are excused, not %d", excused, len(contradicted))
	}
}
