package cvss

import (
	"archive/zip"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func mustParse(t testing.TB, text string) Vector {
	t.Helper()
	v, err := Parse(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

// advisories returns the 144 CISA medical advisories that the demonstration
// carries.
func advisories(t testing.TB) map[string][]byte {
	z, err := zip.OpenReader("../../cmd/cordon/furnish/icsma.zip")
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	all := map[string][]byte{}
	for _, f := range z.File {
		data, err := func() ([]byte, error) {
			r, err := f.Open()
			if err != nil {
				return nil, err
			}
			defer r.Close()
			return io.ReadAll(r)
		}()
		if err != nil {
			t.Fatalf("%s: %v", f.Name, err)
		}
		all[f.Name] = data
	}
	return all
}

// the 434 vectors of CISA's 144 medical advisories give the published
// scores and severity words.
func TestAdvisories(t *testing.T) {
	files := advisories(t)
	count := map[Version]int{}
	for name, data := range files {
		var doc struct {
			Vulnerabilities []struct {
				Scores []struct {
					V3 struct {
						Version      Version
						VectorString string
						BaseScore    float64
						BaseSeverity string
					} `json:"cvss_v3"`
				}
			}
		}
		if err := json.Unmarshal(data, &doc); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, vuln := range doc.Vulnerabilities {
			for _, s := range vuln.Scores {
				v, err := Parse(s.V3.VectorString)
				if err != nil {
					t.Errorf("%s: %v", name, err)
					continue
				}
				count[v.Version]++
				if v.Version != s.V3.Version || v.BaseScore() != s.V3.BaseScore || strings.ToUpper(v.BaseSeverity()) != s.V3.BaseSeverity {
					t.Errorf("%s: %s is %.1f %s, not %.1f %s", name, v, v.BaseScore(), v.BaseSeverity(), s.V3.BaseScore, s.V3.BaseSeverity)
				}
			}
		}
	}
	if diff := cmp.Diff(map[Version]int{V30: 388, V31: 46}, count); diff != "" || len(files) != 144 {
		t.Errorf("%d files: %s", len(files), diff)
	}
}

// CORDON_CVSS_VECTORS names a file of example vectors with their scores, tab
// separated: the vector, and "base, temporal, environmental" or the one score
// of 4.0. See testdata/README.md for where it comes from and why it is not here.
func TestExamples(t *testing.T) {
	name := os.Getenv("CORDON_CVSS_VECTORS")
	if name == "" {
		t.Skip("CORDON_CVSS_VECTORS names no file")
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.Comma, r.LazyQuotes, r.FieldsPerRecord = '\t', true, -1
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, row := range rows {
		if !strings.HasPrefix(row[0], "CVSS:") {
			continue // the heading, and version 2
		}
		n++
		v, err := Parse(row[0])
		if err != nil {
			t.Errorf("%s: %v", row[0], err)
			continue
		}
		scores := strings.Split(row[1], ", ")
		if len(scores) != 1 && len(scores) != 3 {
			t.Fatalf("%s: %q", row[0], row[1])
		}
		want := scores[0]
		if v.Nomenclature() == "environmental" {
			want = scores[2]
		} else if v.Nomenclature() == "temporal" {
			want = scores[1]
		}
		if got := strconv.FormatFloat(v.Score(), 'f', 1, 64); got != want {
			t.Errorf("%s is %s, not %s", row[0], got, want)
		}
		if got := strconv.FormatFloat(v.BaseScore(), 'f', 1, 64); v.Version != V40 && got != scores[0] {
			t.Errorf("%s has the base score %s, not %s", row[0], got, scores[0])
		}
	}
	if n < 1000 {
		t.Errorf("only %d vectors", n)
	}
	t.Logf("%d vectors", n)
}

func TestParse(t *testing.T) {
	for text, want := range map[string]struct {
		text, severity, name string
		base, score          float64
	}{
		// R-080's own example.
		"CVSS:3.1/AV:A/AC:L/PR:N/UI:R/S:U/C:L/I:L/A:N": {"", "Medium", "base", 4.6, 4.6},
		// Metrics in any order, one slash and space too many.
		" CVSS:3.0/S:U/AV:N/AC:L/PR:H/UI:N/C:L/I:L/A:N/E:F/RL:X/ ": {"CVSS:3.0/AV:N/AC:L/PR:H/UI:N/S:U/C:L/I:L/A:N/E:F", "Low", "temporal", 3.8, 3.7},
		"CVSS:4.0/SA:N/SI:N/SC:N/VA:H/VI:H/VC:H/UI:N/PR:N/AT:N/AC:L/AV:N": {
			"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", "Critical", "CVSS-B", 9.3, 9.3},
		"CVSS:4.0/U:Red/S:P/E:U/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N": {
			"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N/E:U/S:P/U:Red", "High", "CVSS-BT", 9.3, 8.1},
		// Safety of those behind the device counts when it is where the device is used.
		"CVSS:4.0/AV:L/AC:L/AT:N/PR:N/UI:N/VC:N/VI:L/VA:N/SC:N/SI:N/SA:N/MSI:S": {"", "High", "CVSS-BE", 5.1, 7.8},
		"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N":                          {"", "None", "base", 0, 0},
	} {
		v := mustParse(t, text)
		if want.text == "" {
			want.text = text
		}
		if v.String() != want.text || v.Severity() != want.severity || v.Nomenclature() != want.name || v.BaseScore() != want.base || v.Score() != want.score {
			t.Errorf("%s: %s %s %s %.1f %.1f", text, v, v.Severity(), v.Nomenclature(), v.BaseScore(), v.Score())
		}
	}
}

func TestErrors(t *testing.T) {
	const good = "CVSS:3.1/AV:A/AC:L/PR:N/UI:R/S:U/C:L/I:L/A:N"
	for _, c := range []struct{ text, says, metrics string }{
		{"", "begins with CVSS", ""},
		{"AV:N/AC:M/Au:N/C:P/I:P/A:N", "begins with CVSS", ""},
		{"CVSS:3.2/AV:N", "begins with CVSS", ""},
		{"cvss:3.1/AV:N", "begins with CVSS", ""},
		{"CVSS:3.1", "needs Attack Vector (AV), Attack Complexity (AC)", "AV AC PR UI S C I A"},
		{strings.Replace(good, "/S:U", "", 1), "needs Scope (S)", "S"},
		{strings.Replace(good, "AV:A", "AV:Q", 1), `Attack Vector (AV) cannot be "Q", only one of N, A, L, P`, "AV"},
		{strings.Replace(good, "AV:A", "AV:X", 1), `Attack Vector (AV) cannot be "X"`, "AV"},
		{strings.Replace(good, "AV:A", "AV:a", 1), `cannot be "a"`, "AV"},
		{good + "/AV:A", `"AV" stands there twice`, "AV"},
		{good + "/E:X/E:X", `"E" stands there twice`, "E"},
		{good + "/VC:H", "CVSS 3.1 has no metric VC", "VC"},
		{good + "//E:F", `part 9 of the vector, "", is not a metric`, ""},
		{good + "/E", `"E", is not a metric`, ""},
		{good + "/E:", `"E:", is not a metric`, ""},
		{good + "/" + strings.Repeat("Ä", 60) + ":N", "has no metric " + strings.Repeat("Ä", 24) + "…", strings.Repeat("Ä", 24) + "…"},
		{good + strings.Repeat("/E:F", 200), "over the limit", ""},
	} {
		v, err := Parse(c.text)
		var e *Error
		if !errors.As(err, &e) || !strings.Contains(err.Error(), c.says) || strings.Join(e.Metrics, " ") != c.metrics || !v.IsZero() {
			t.Errorf("%q: %v %#v", c.text, v, err)
		}
	}
	if v, err := Build("5", nil); err == nil || !v.IsZero() {
		t.Error(v, err)
	}
	_, err := Build(V40, map[string]string{"AV": "N", "XX": "1", "AB": "2"})
	if err == nil || err.Error() != "CVSS 4.0 has no metric AB, XX" {
		t.Error(err)
	}
}

func TestMatches(t *testing.T) {
	const half = "CVSS:4.0/AV:N/AC:L/AT:P/PR:H/UI:N/VC:N/VI:N/VA:N/SC:H/SI:H/SA:N" // exactly 5.05
	for _, c := range []struct {
		text  string
		score float64
		want  bool
	}{
		{half, 5.1, true}, {half, 5.0, true}, {half, 5.2, false}, {half, 4.9, false}, {half, 0, false},
		{half + "/E:U", 1.2, true}, {half + "/E:U", 5.1, true}, {half + "/E:U", 5.0, true}, {half + "/E:U", 1.3, false},
		{"CVSS:3.1/AV:A/AC:L/PR:N/UI:R/S:U/C:L/I:L/A:N", 4.6, true},
		{"CVSS:3.1/AV:A/AC:L/PR:N/UI:R/S:U/C:L/I:L/A:N", 4.5, false},
		{"CVSS:3.1/AV:A/AC:L/PR:N/UI:R/S:U/C:L/I:L/A:N/E:U", 4.6, true},
		{"CVSS:3.1/AV:A/AC:L/PR:N/UI:R/S:U/C:L/I:L/A:N/E:U", 4.2, false},
	} {
		v := mustParse(t, c.text)
		if v.Matches(c.score) != c.want {
			t.Errorf("%s (%.1f, %.1f) matches %.1f: %v", v, v.BaseScore(), v.Score(), c.score, !c.want)
		}
	}
}

func TestSeverity(t *testing.T) {
	for score, want := range map[float64]string{
		0: "None", 0.1: "Low", 3.9: "Low", 4: "Medium", 6.9: "Medium", 7: "High", 8.9: "High", 9: "Critical", 10: "Critical",
	} {
		if got := Severity(score); got != want {
			t.Errorf("%.1f is %s", score, got)
		}
	}
}

// The catalogue can be shown as a form: each metric once, with words, the
// optional ones beginning with X.
func TestMetrics(t *testing.T) {
	for version, want := range map[Version]map[Group]int{
		V30: {Base: 8, Threat: 3, Environmental: 11},
		V31: {Base: 8, Threat: 3, Environmental: 11},
		V40: {Base: 11, Threat: 1, Environmental: 14, Supplemental: 6},
	} {
		seen, groups := map[string]bool{}, map[Group]int{}
		for _, m := range Metrics(version) {
			groups[m.Group]++
			if seen[m.Code] || m.Name == "" || m.Help == "" || len(m.Values) < 2 || m.Required() == m.allows("X") || !m.Required() && m.Values[0].Code != "X" {
				t.Errorf("CVSS %s: %+v", version, m)
			}
			seen[m.Code] = true
			for _, v := range m.Values {
				if v.Name == "" || v.Help == "" {
					t.Errorf("CVSS %s: %s: %+v", version, m.Code, v)
				}
			}
		}
		if diff := cmp.Diff(want, groups); diff != "" {
			t.Error(version, diff)
		}
	}
	Metrics(V31)[0].Values[0].Code = "changed"
	if m := Metrics(V31); m[0].Values[0].Code != "N" || Metrics("2.0") != nil {
		t.Error("the catalogue can be changed from outside")
	}
}

// draw makes any valid vector's metrics.
func draw(t *rapid.T, version Version) map[string]string {
	values := map[string]string{}
	for _, m := range catalogue(version) {
		values[m.Code] = rapid.SampledFrom(m.Values).Draw(t, m.Code).Code
	}
	return values
}

// Whatever the order of the metrics, a vector reads as itself; its metrics
// build it again.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		version := rapid.SampledFrom([]Version{V30, V31, V40}).Draw(t, "version")
		values := draw(t, version)
		v, err := Build(version, values)
		if err != nil {
			t.Fatal(err)
		}
		codes := rapid.Permutation(slices.Sorted(maps.Keys(values))).Draw(t, "order")
		text := "CVSS:" + string(version)
		for _, code := range codes {
			text += "/" + code + ":" + values[code]
		}
		p, err := Parse(text)
		if err != nil || p != v {
			t.Fatalf("%v, %v: %v", v, p, err)
		}
		b, err := Build(version, p.Values())
		if err != nil || b != v {
			t.Fatalf("%v, %v: %v", v, b, err)
		}
		for code, value := range values {
			if v.Get(code) != value {
				t.Fatalf("%s has %s of %s", v, v.Get(code), code)
			}
		}
		if v.Get("none") != "" {
			t.Fatal(v.Get("none"))
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add("CVSS:3.0/S:U/AV:N/AC:L/PR:H/UI:N/C:L/I:L/A:N/E:F/RL:X")
	f.Add("CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:H/I:H/A:N/E:H/RL:O/RC:C/CR:H/IR:H/AR:H/MAV:N/MAC:L/MPR:L/MUI:N/MS:C/MC:H/MI:H/MA:H")
	f.Add("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:N/SC:N/SI:N/SA:N/MSI:S/S:N/AU:N/R:A/V:D/RE:L/U:Clear")
	f.Add("CVSS:4.0//:/AV:")
	f.Fuzz(func(t *testing.T, text string) {
		v, err := Parse(text)
		if err != nil {
			if !v.IsZero() {
				t.Errorf("%q: both %v and %v", text, v, err)
			}
			return
		}
		again, err := Parse(v.String())
		if err != nil || again != v {
			t.Errorf("%q is %s, which is %s: %v", text, v, again, err)
		}
		for _, s := range []float64{v.Score(), v.BaseScore()} {
			if s < 0 || s > 10 || math.Abs(s*10-math.Round(s*10)) > 1e-9 {
				t.Errorf("%q scores %v", text, s)
			}
		}
	})
}
