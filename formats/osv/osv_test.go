package osv

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/cordon-isao/cordon/formats/vers"
	"github.com/cordon-isao/cordon/formats/vuln"
)

func lines(r vuln.Record) []string {
	var out []string
	for _, c := range r.Claims {
		line := c.Kind + " " + c.Key
		if c.Release != "" {
			line += " " + c.Release
		}
		if line += "|" + c.Range.Scheme + "|" + c.Range.String(); c.Words != "" {
			line += "|" + c.Words
		}
		out = append(out, line)
	}
	return out
}

// The records of the schema's own tests, by name.
func TestSchema(t *testing.T) {
	want := map[string][]string{
		"equals_no_patch.osv.json":              {"purl pkg:gem/paranoid2|RubyGems|1.1.6"},
		"equals_with_patch.osv.json":            {"purl pkg:npm/mixin-deep|semver|< 1.3.2; >= 2.0.0, < 2.0.1"},
		"full_ranges.osv.json":                  {"purl pkg:maven/com.typesafe.akka/akka-actor_2.12|Maven|>= 2.5.0, < 2.5.16", "purl pkg:maven/com.typesafe.akka/akka-actor_2.11|Maven|>= 2.5.0, < 2.5.16"},
		"greater_than_equals_no_patch.osv.json": {"purl pkg:npm/marky-markdown|semver|>= 0.0.0"},
		"less_than_equals_no_patch.osv.json":    {"purl pkg:npm/shiba|semver|all versions"},
		"less_than_equals_with_patch.osv.json":  {"purl pkg:npm/i18next|semver|< 1.10.3"},
		"maven_greater_than.osv.json":           {"purl pkg:maven/org.xwiki.commons/xwiki-commons-core|Maven|>= 11.6.1, < 11.10.13; >= 12.0, < 12.6.7; >= 12.10.0, < 12.10.2"},
		"multiple_ranges_in_package.osv.json":   {"purl pkg:gem/passenger|RubyGems|< 3.0.21; >= 4.0.1, < 4.0.5"},
		"npm_greater_than.osv.json":             {"purl pkg:npm/jquery|semver|>= 2.1.1-0, < 3.0.0"},
		"pypi_normalize.osv.json":               {"purl pkg:pypi/products-pluggableauthservice|PyPI|< 2.6.1"},
		"withdrawn.osv.json":                    {"purl pkg:gem/activesupport|RubyGems|>= 3.2.0, < 3.2.22; >= 4.0.0, < 4.1.11; >= 4.2.0, < 4.2.2"},
		"MAL-2024-10238.json":                   {"purl pkg:pypi/123bla|PyPI|0.0.1"},
	}
	names, err := filepath.Glob("testdata/schema/*.json")
	if err != nil || len(names) != 25 {
		t.Fatal(len(names), err)
	}
	for _, name := range names {
		t.Run(filepath.Base(name), func(t *testing.T) {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			r, err := Parse(data)
			if err != nil {
				t.Fatal(err)
			}
			none := bytes.Contains(data, []byte(`"affected": []`)) || !bytes.Contains(data, []byte(`"affected"`))
			if r.ID == "" || (len(r.Claims) == 0) != none {
				t.Errorf("%+v", r)
			}
			if strings.HasPrefix(filepath.Base(name), "withdrawn") == r.Withdrawn.IsZero() {
				t.Error(r.Withdrawn)
			}
			if w := want[filepath.Base(name)]; w != nil {
				if d := cmp.Diff(w, lines(r)); d != "" {
					t.Error(d)
				}
			} else {
				t.Log(lines(r)[:min(3, len(r.Claims))])
			}
		})
	}
}

const one = `{"schema_version":"1.7.0","id":"X-1","modified":"2026-01-02T03:04:05Z","aliases":["CVE-2026-1","X-1","CVE-2026-1"],"upstream":["U-1"],"related":["R-1"],"summary":"S","details":"D",
"severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"},{"type":"CVSS_V2","score":"AV:N/AC:L/Au:N/C:N/I:N/A:C"},{"type":"Ubuntu","score":"Medium"},{"type":"CVSS_V4","score":"CVSS:4.0/AV:?"}],
"references":[{"type":"WEB","url":"http://a.example"},{"type":"FIX","url":"https://b.example"}],"database_specific":{"cwe_ids":["CWE-79","x"]},"affected":[AFFECTED]}`

func parse(t *testing.T, affected string) vuln.Record {
	t.Helper()
	r, err := Parse([]byte(strings.Replace(one, "AFFECTED", affected, 1)))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestParse(t *testing.T) {
	got := parse(t, "")
	want := vuln.Record{
		ID: "X-1", Source: vuln.OSV, Aliases: []string{"CVE-2026-1"}, Related: []string{"R-1"}, Upstream: []string{"U-1"}, Title: "S", Summary: "D", Modified: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		Scores: []vuln.Score{
			{Version: "3.1", Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Base: 9.8, Severity: "critical"},
			{Version: "2.0", Vector: "AV:N/AC:L/Au:N/C:N/I:N/A:C", Base: 7.8, Severity: "high"}, // the guide's example, §3.3.1
			{Severity: "medium"},
			{Version: "4", Vector: "CVSS:4.0/AV:?"},
		},
		CWEs: []string{"CWE-79"}, References: []string{"https://b.example"},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// What each form of "affected" comes to.
func TestClaims(t *testing.T) {
	pkg := func(eco, name, rest string) string {
		return fmt.Sprintf(`{"package":{"ecosystem":%q,"name":%q}%s}`, eco, name, rest)
	}
	events := func(kind, text string) string { return `,"ranges":[{"type":"` + kind + `","events":[` + text + `]}]` }
	for _, c := range []struct {
		name, affected string
		want           []string
	}{
		{"a release", pkg("Debian:11", "openssl", events("ECOSYSTEM", `{"introduced":"0"},{"fixed":"1.1.1k-1"}`)), []string{"purl pkg:deb/debian/openssl 11|Debian|< 1.1.1k-1"}},
		{"last affected", pkg("PyPI", "A_b", events("ECOSYSTEM", `{"introduced":"1.0"},{"last_affected":"1.4"}`)), []string{"purl pkg:pypi/a-b|PyPI|>= 1.0, <= 1.4"}},
		{"one version", pkg("PyPI", "a", events("ECOSYSTEM", `{"last_affected":"1.4"},{"introduced":"1.4"},{"introduced":"2.0"}`)), []string{"purl pkg:pypi/a|PyPI|>= 1.4, <= 1.4; >= 2.0"}},
		{"two in one event", pkg("PyPI", "a", events("ECOSYSTEM", `{"introduced":"0","fixed":"2"}`)), []string{"purl pkg:pypi/a|PyPI|< 2"}},
		{"a limit", pkg("PyPI", "a", events("ECOSYSTEM", `{"introduced":"1"},{"limit":"2"},{"introduced":"3"}`)), []string{"purl pkg:pypi/a|PyPI|>= 1, < 2"}},
		{"no limit", pkg("PyPI", "a", events("ECOSYSTEM", `{"introduced":"1"},{"limit":"*"}`)), []string{"purl pkg:pypi/a|PyPI|>= 1"}},
		{"versions and ranges", pkg("PyPI", "a", events("ECOSYSTEM", `{"introduced":"1"},{"fixed":"2"}`)+`,"versions":["0.9b"]`), []string{"purl pkg:pypi/a|PyPI|>= 1, < 2; 0.9b"}},
		{"commits beside versions", pkg("PyPI", "a", `,"ranges":[{"type":"GIT","repo":"https://r.example","events":[{"introduced":"0"},{"fixed":"abc"}]}],"versions":["1"]`), []string{"purl pkg:pypi/a|PyPI|1"}},
		{"commits alone", pkg("PyPI", "a", `,"ranges":[{"type":"GIT","repo":"https://r.example","events":[{"introduced":"0"},{"fixed":"abc"}]}]`), []string{`purl pkg:pypi/a|PyPI|"commits from the first until before abc of https://r.example"|commits from the first until before abc of https://r.example`}},
		{"commits apart from versions", pkg("PyPI", "a", `,"ranges":[{"type":"GIT","repo":"https://r.example","events":[{"introduced":"0"}]}]`) + "," + pkg("PyPI", "a", `,"versions":["1"]`), []string{"purl pkg:pypi/a|PyPI|1"}},
		{"no package", `{"ranges":[{"type":"GIT","repo":"https://r.example","events":[{"introduced":"a1"},{"last_affected":"b2"},{"limit":"c3"}]}]}`, []string{`name |generic|"commits from a1 through b2 on the way to c3 of https://r.example"|commits from a1 through b2 on the way to c3 of https://r.example`}},
		{"nothing", pkg("PyPI", "a", ""), []string{`purl pkg:pypi/a|PyPI|"no versions are named"`}},
		{"no beginning", pkg("PyPI", "a", events("ECOSYSTEM", `{"fixed":"2"}`)), []string{`purl pkg:pypi/a|PyPI|"a range that does not say where it begins fixed in 2"`}},
		{"an empty range", pkg("PyPI", "a", events("ECOSYSTEM", `{"introduced":"2"},{"limit":"1"}`)), []string{`purl pkg:pypi/a|PyPI|"the ranges given are empty"`}},
		{"an unknown type", pkg("PyPI", "a", events("MOON", `{"introduced":"2"}`)), []string{`purl pkg:pypi/a|PyPI|"a range of the unknown type \"MOON\""`}},
		{"two orders", pkg("PyPI", "a", `,"ranges":[{"type":"SEMVER","events":[{"introduced":"1.0.0"}]},{"type":"ECOSYSTEM","events":[{"introduced":"1"}]}]`), []string{"purl pkg:pypi/a|PyPI|>= 1", "purl pkg:pypi/a|semver|>= 1.0.0"}},
		{"an unknown ecosystem", pkg("Moonbase", "a", `,"versions":["1"]`), []string{"name |Moonbase|1"}},
		{"an ecosystem known by its package URL", `{"package":{"ecosystem":"Moonbase","name":"a","purl":"pkg:generic/a"},"versions":["1"]}`, []string{"purl pkg:generic/a|Moonbase|1"}},
		{"a version that is none", pkg("PyPI", "a", `,"versions":["",`+fmt.Sprintf("%q", strings.Repeat("9", 300))+`]`), []string{`purl pkg:pypi/a|PyPI|"a version that cannot be compared:"; "a version that cannot be compared: ` + strings.Repeat("9", 165) + `…"`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if d := cmp.Diff(c.want, lines(parse(t, c.affected))); d != "" {
				t.Error(d)
			}
		})
	}
	r := parse(t, pkg("PyPI", "a", events("ECOSYSTEM", `{"introduced":"0"},{"fixed":"1.1"},{"introduced":"2"},{"fixed":"2.5"}`)))
	if !slices.Equal(r.Claims[0].Range.Fixed, []string{"1.1", "2.5"}) {
		t.Errorf("%+v", r.Claims)
	}
	// More versions than one range may have.
	many := make([]string, 2*maxVersions+1)
	for i := range many {
		many[i] = fmt.Sprintf(`"%d"`, i)
	}
	n := 0
	for _, c := range parse(t, pkg("PyPI", "a", `,"versions":[`+strings.Join(many, ",")+`]`)).Claims {
		if n += len(c.Range.Exact); len(c.Range.Exact) > maxVersions {
			t.Error(len(c.Range.Exact))
		}
	}
	if n != len(many) {
		t.Errorf("%d of %d versions are left", n, len(many))
	}
}

// affectedBySpec is the schema's evaluation algorithm, word for word, for
// versions that are numbers.
func affectedBySpec(version int, events []event, listed []string) bool {
	if slices.Contains(listed, fmt.Sprint(version)) {
		return true
	}
	number := func(s string) (n int) { _, _ = fmt.Sscan(s, &n); return n }
	type at struct {
		kind byte
		n    int
	}
	var sorted []at
	limited, before := false, false
	for _, e := range events {
		switch {
		case e.Introduced != "":
			sorted = append(sorted, at{'i', number(e.Introduced)})
		case e.Fixed != "":
			sorted = append(sorted, at{'f', number(e.Fixed)})
		case e.LastAffected != "":
			sorted = append(sorted, at{'l', number(e.LastAffected)})
		default:
			limited = true
			before = before || version < number(e.Limit)
		}
	}
	slices.SortStableFunc(sorted, func(a, b at) int { return a.n - b.n })
	vulnerable := false
	for _, e := range sorted {
		switch {
		case e.kind == 'i' && version >= e.n:
			vulnerable = true
		case e.kind == 'f' && version >= e.n:
			vulnerable = false
		case e.kind == 'l' && version > e.n:
			vulnerable = false
		}
	}
	return vulnerable && (!limited || before)
}

func TestEventsModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var events []event
		introduced := false
		used := map[int]bool{} // of one version only one thing can happen
		for range rapid.IntRange(1, 6).Draw(t, "events") {
			n := rapid.IntRange(0, 20).Draw(t, "version")
			kind := rapid.SampledFrom([]string{"i", "f", "l", "m"}).Draw(t, "kind")
			if n == 0 {
				kind = "i"
			}
			if used[n] {
				continue
			}
			used[n] = true
			v := fmt.Sprint(n)
			switch kind {
			case "i":
				introduced = true
				events = append(events, event{Introduced: v})
			case "f":
				events = append(events, event{Fixed: v})
			case "l":
				events = append(events, event{LastAffected: v})
			case "m":
				events = append(events, event{Limit: v})
			}
		}
		if !introduced {
			events = append(events, event{Introduced: "0"})
		}
		a := affected{Ranges: []eventRange{{Type: "ECOSYSTEM", Events: events}}, Versions: rapid.SampledFrom([][]string{nil, {"7"}, {"0", "13"}}).Draw(t, "versions")}
		claims := a.claims()
		for v := range 22 {
			want := affectedBySpec(v, events, a.Versions)
			got := vers.Outside
			for _, c := range claims {
				if c.Range.Plain != nil {
					continue // an empty range, which needs a person
				}
				if verdict, _ := c.Range.Contains(fmt.Sprint(v)); verdict != vers.Outside {
					got = verdict
				}
			}
			if (got == vers.Inside) != want || got == vers.Unknown {
				t.Fatalf("%d: want %v, got %v of %+v by %+v", v, want, got, claims, events)
			}
		}
	})
}

func TestEach(t *testing.T) {
	good := strings.ReplaceAll(strings.Replace(one, "AFFECTED", "", 1), "\n", "")
	bad := []string{
		`{"id":""}`, strings.Replace(good, `"1.7.0"`, `"2.0.0"`, 1), strings.Replace(good, "2026-01-02T03:04:05Z", "yesterday", 1), strings.Replace(good, `"summary":"S"`, `"summary":7`, 1),
		strings.Replace(good, `"summary":"S"`, `"summary":"S","Summary":"T"`, 1), strings.Replace(good, `"summary":"S"`, `"summary":"\ud800"`, 1), good[:100],
	}
	var skipped []string
	n := 0
	err := Each(strings.NewReader(good+"\n"+strings.Join(bad, "\n")+"\n"+good), func(vuln.Record) error { n++; return nil }, func(where string, err error) { skipped = append(skipped, where+": "+err.Error()) })
	if err != nil || n != 2 {
		t.Error(n, err)
	}
	want := []string{
		"record 2: the record has no /id", "record 3 (X-1): /schema_version is not 1.x", "record 4 (X-1): /modified is not an RFC 3339 date and time",
		"record 5 (X-1): the value at /summary (byte 162) is of another kind than the OSV schema has", "record 6: a name differs only in letter case from one before it at /Summary", "record 7: there is half a surrogate pair", "record 8: the text ends in the middle",
	}
	for i, w := range want {
		if i >= len(skipped) || !strings.HasPrefix(skipped[i], w) {
			t.Errorf("%q is not %q", skipped, w)
			break
		}
	}
	if err := Each(strings.NewReader("["+good+","+bad[0]+"]"), func(vuln.Record) error { return nil }, nil); err == nil || err.Error() != "OSV record 2: the record has no /id" {
		t.Error(err)
	}
	stop := errors.New("stop")
	if err := Each(strings.NewReader(good), func(vuln.Record) error { return stop }, nil); !errors.Is(err, stop) {
		t.Error(err)
	}
	if err := EachLimits(strings.NewReader(good+good), Limits{Records: 1}, func(vuln.Record) error { return nil }, nil); err == nil {
		t.Error("no limit")
	}
}

func archiveOf(t testing.TB, names []string, data func(string) []byte) *bytes.Reader {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range names {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(data(name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return bytes.NewReader(b.Bytes())
}

// T-52: archives within their limits are read, others refused.
func TestEachZip(t *testing.T) {
	good := []byte(strings.Replace(one, "AFFECTED", "", 1))
	run := func(names []string, data func(string) []byte) (n int, skipped []string, err error) {
		r := archiveOf(t, names, data)
		err = EachZip(r, r.Size(), func(vuln.Record) error { n++; return nil }, func(where string, err error) { skipped = append(skipped, where+": "+err.Error()) })
		return n, skipped, err
	}
	same := func(string) []byte { return good }
	if n, skipped, err := run([]string{"a/", "a/X-1.json", "../../etc/X-2.JSON", "README.md"}, func(name string) []byte {
		if name == "a/" {
			return nil
		}
		return good
	}); n != 2 || err != nil || !slices.Equal(skipped, []string{"entry 4 (README.md): its name does not end in .json"}) {
		t.Error(n, skipped, err)
	}
	if n, skipped, err := run([]string{"a.json", "b.json"}, func(name string) []byte { return good[:len(good)-int(name[0]-'a')] }); n != 1 || err != nil || len(skipped) != 1 || !strings.HasPrefix(skipped[0], "entry 2 (b.json): ") {
		t.Error(n, skipped, err)
	}
	if _, _, err := run([]string{"a.json", "inner.zip"}, same); err == nil || !strings.Contains(err.Error(), "itself an archive") {
		t.Error(err)
	}
	if _, _, err := run([]string{"a.json"}, func(string) []byte { return make([]byte, 10<<20) }); err == nil || !strings.Contains(err.Error(), "more than 100 times") {
		t.Error(err)
	}
	if err := EachZip(strings.NewReader("no"), 2, nil, nil); err == nil {
		t.Error("no archive is read")
	}
	if os.Getenv("CORDON_LONG") == "" {
		return
	}
	names := make([]string, MaxEntries+1)
	for i := range names {
		names[i] = fmt.Sprint(i)
	}
	if _, _, err := run(names, func(string) []byte { return nil }); err == nil || !strings.Contains(err.Error(), "100001 entries") {
		t.Error(err)
	}
}

func FuzzEach(f *testing.F) {
	f.Add([]byte(one))
	f.Add([]byte(strings.Replace(one, "AFFECTED", `{"package":{"ecosystem":"PyPI","name":"a"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"1"},{"limit":"2"},{"introduced":"3"},{"last_affected":"x"}]},{"type":"GIT","events":[{"fixed":"2"}]}],"versions":["1"]}`, 1)))
	names, _ := filepath.Glob("testdata/schema/*.json")
	for _, name := range names[:8] {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		fn := func(r vuln.Record) error {
			if r.ID == "" || len(r.Summary) > vuln.MaxSummary {
				t.Errorf("%+v", r)
			}
			for _, c := range r.Claims {
				if g := c.Range; len(g.Exact)+len(g.Spans)+len(g.Plain) == 0 || len(c.Words) > vuln.MaxWords {
					t.Errorf("%+v", c)
				}
			}
			return nil
		}
		_ = Each(bytes.NewReader(data), fn, func(string, error) {})
		_ = EachZip(bytes.NewReader(data), int64(len(data)), fn, func(string, error) {})
	})
}
