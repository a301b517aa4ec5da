package vulns_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/vulns"
)

var program = policy.System("vulns")

// public is the label of what the desk brings to everybody.
var public = policy.Label{TLP: policy.Clear, Audience: policy.NewAudience(policy.Public)}

func sample(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// send has a file read to its end and gives what became of it.
func send(h *town.Town, person string, k vulns.Kind, l policy.Label, data []byte) *vulns.Batch {
	h.T.Helper()
	b, err := h.Vulns.Accept(h.Ctx, h.DB, h.As(person), vulns.NewBatch{Name: "a file", Kind: k, Label: l}, bytes.NewReader(data))
	h.OK(err)
	return readOn(h, b.ID)
}

func readOn(h *town.Town, id string) *vulns.Batch {
	h.T.Helper()
	b, err := h.Vulns.Read(h.Ctx, h.DB, program, id, nil)
	h.OK(err)
	return b
}

func look(h *town.Town, person, id string) (vulns.Vulnerability, error) {
	h.T.Helper()
	return town.Read(h, person, func(v *db.View) (vulns.Vulnerability, error) { return h.Vulns.Vulnerability(v, id) })
}

func mustLook(h *town.Town, person, id string) vulns.Vulnerability {
	h.T.Helper()
	u, err := look(h, person, id)
	h.OK(err)
	return u
}

// osv is an OSV record as small as one can be.
func osv(id, modified string, more ...string) string {
	return fmt.Sprintf(`{"schema_version":"1.6.0","id":%q,"modified":%q,"summary":"About %s"%s}`, id, modified, id, strings.Join(append([]string{""}, more...), ","))
}

func affects(name, fixed string) string {
	return fmt.Sprintf(`"affected":[{"package":{"ecosystem":"npm","name":%q},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":%q}]}]}]`, name, fixed)
}

func list(ss ...string) string { return strings.Join(ss, "\n") }

func TestSamples(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		for _, c := range []struct {
			kind vulns.Kind
			file string
			want int
		}{{vulns.OSV, "osv.jsonl", 40}, {vulns.CVE, "cve.jsonl", 40}, {vulns.KEV, "kev.json", 50}, {vulns.EPSS, "epss.csv", 87}} {
			b := send(h, town.Dora, c.kind, public, sample(t, c.file))
			if b.State != vulns.Done || b.Added != c.want || b.Seen != c.want || b.Same+b.Changed+b.Skipped != 0 || b.Consumed != b.Size {
				t.Fatalf("%s: %+v", c.file, b)
			}
			h.Clock.Add(1e9)
			if b = send(h, town.Dan, c.kind, public, sample(t, c.file)); b.State != vulns.Done || b.Same != c.want || b.Added+b.Changed+b.Skipped != 0 {
				t.Errorf("%s again: %+v", c.file, b)
			}
		}
		files, err := filepath.Glob("testdata/csaf/*.json")
		if err != nil || len(files) != 6 {
			t.Fatal(len(files), err)
		}
		for _, f := range files {
			data := sample(t, strings.TrimPrefix(f, "testdata/"))
			b := send(h, town.Dora, vulns.CSAF, public, data)
			if b.State != vulns.Done || b.Added == 0 || b.Skipped != 0 {
				t.Fatalf("%s: %+v", f, b)
			}
			if again := send(h, town.Dora, vulns.CSAF, public, data); again.Same != b.Added || again.Added+again.Changed != 0 {
				t.Errorf("%s again: %+v", f, again)
			}
		}

		// CVE-2017-5149 comes from ICSMA-17-009-01A; anybody reads it, by any of its ids.
		for _, id := range []string{"CVE-2017-5149", "cve-2017-5149", "ICSMA-17-009-01A#CVE-2017-5149", "ICSMA-17-009-01A"} {
			u := mustLook(h, "", id)
			if u.ID != "CVE-2017-5149" || u.Severity != 89 || len(u.Records) != 1 || len(u.Records[0].Claims) == 0 || u.Withdrawn || u.Label.TLP != policy.Clear {
				t.Errorf("%s: %+v", id, u)
			}
		}
		if _, err := look(h, "", "CVE-1999-9999"); !fault.Is(err, fault.Missing) {
			t.Errorf("an unknown id: %v", err)
		}

		// Those that are exploited: in KEV, or CISA says so.
		seen, next := 0, ""
		for {
			type page struct {
				items []vulns.Item
				next  string
			}
			p := town.Must(h, "", func(v *db.View) (p page, err error) {
				p.items, p.next, err = h.Vulns.List(v, vulns.Query{Exploited: true, After: next, Limit: 7})
				return p, err
			})
			for _, it := range p.items {
				seen++
				u := mustLook(h, "", it.ID)
				if !u.Exploited || !it.Exploited || u.Severity != it.Severity || u.Title != it.Title || !u.Modified.Equal(it.Modified) {
					t.Errorf("%+v beside %+v", it, u)
				}
			}
			if next = p.next; next == "" {
				break
			}
		}
		if seen < 50 {
			t.Errorf("%d are exploited", seen)
		}
		u := mustLook(h, "", "CVE-2007-0671")
		if u.KEV == nil || u.KEV.Due.IsZero() || u.EPSS == nil || u.EPSS.Score != 0.037 || u.EPSS.Percentile != 0.053 || u.EPSS.Date.IsZero() || !u.Exploited {
			t.Errorf("%+v, %+v", u.KEV, u.EPSS)
		}
	})
}

func TestListFinds(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		send(h, town.Dora, vulns.OSV, public, []byte(list(
			osv("GHSA-aaaa-bbbb-cccc", "2025-01-01T00:00:00Z", `"aliases":["CVE-2025-0001"],"severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}]`),
			osv("PYSEC-2025-2", "2025-01-02T00:00:00Z", `"severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N"}]`),
			osv("RUSTSEC-2025-0003", "2025-01-03T00:00:00Z"))))
		send(h, town.Pia, vulns.OSV, policy.Default(town.Pump.ID()), []byte(osv("PUMP-1", "2025-02-01T00:00:00Z", `"aliases":["CVE-2025-0001"],"severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H"}]`)))
		find := func(person string, q vulns.Query) string {
			t.Helper()
			var ids []string
			for _, it := range town.Must(h, person, func(v *db.View) (items []vulns.Item, err error) {
				items, _, err = h.Vulns.List(v, q)
				return items, err
			}) {
				ids = append(ids, it.ID)
			}
			return strings.Join(ids, " ")
		}
		for _, c := range []struct {
			person, want string
			q            vulns.Query
		}{
			{"", "RUSTSEC-2025-0003 PYSEC-2025-2 CVE-2025-0001", vulns.Query{}},
			{town.Pia, "CVE-2025-0001 RUSTSEC-2025-0003 PYSEC-2025-2", vulns.Query{}},
			{town.Wim, "CVE-2025-0001", vulns.Query{Severity: 70}},
			{town.Wim, "CVE-2025-0001", vulns.Query{Text: "CVE-2025-0001"}},
			{town.Wim, "CVE-2025-0001", vulns.Query{Text: "ghsa aaaa"}},
			{town.Wim, "", vulns.Query{Text: "PUMP"}},
			{town.Pia, "CVE-2025-0001", vulns.Query{Text: "PUMP"}},
			{"", "", vulns.Query{Severity: 99}},
			{town.Pol, "CVE-2025-0001", vulns.Query{Severity: 99}},
			{"", "", vulns.Query{Source: "cve"}},
			{"", "RUSTSEC-2025-0003 PYSEC-2025-2 CVE-2025-0001", vulns.Query{Source: "osv"}},
		} {
			if got := find(c.person, c.q); got != c.want {
				t.Errorf("%q finds %q for %+v, want %q", c.person, got, c.q, c.want)
			}
		}
		for _, q := range []vulns.Query{{Text: `"`}, {After: "?"}, {After: "AAAA"}, {Text: strings.Repeat("a ", 200)}} {
			_, err := town.Read(h, "", func(v *db.View) (any, error) { _, _, err := h.Vulns.List(v, q); return nil, err })
			town.Wants(t, err, fault.Invalid, "")
		}
		// The private record ranks nothing for who may not read it.
		u, w := mustLook(h, town.Wim, "CVE-2025-0001"), mustLook(h, town.Pia, "PUMP-1")
		if u.Severity != 98 || len(u.Records) != 1 || w.Severity != 100 || len(w.Records) != 2 || w.Label.TLP != policy.AmberStrict || w.ID != u.ID {
			t.Errorf("%+v beside %+v", u, w)
		}
		if _, err := look(h, town.Wim, "PUMP-1"); !fault.Is(err, fault.Missing) {
			t.Errorf("a private id: %v", err)
		}
	})
}

func TestChangedKeepsHistory(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		first := osv("GHSA-1111-1111-1111", "2025-01-01T00:00:00Z", affects("left", "1.2.3"))
		second := osv("GHSA-1111-1111-1111", "2025-01-02T00:00:00Z", affects("right", "1.2.4"))
		gone := osv("GHSA-1111-1111-1111", "2025-01-03T00:00:00Z", `"withdrawn":"2025-01-03T00:00:00Z"`, affects("right", "1.2.4"))
		send(h, town.Dora, vulns.OSV, public, []byte(first))
		before := mustLook(h, "", "GHSA-1111-1111-1111")
		h.Clock.Add(1e9)
		b := send(h, town.Dora, vulns.OSV, public, []byte(list(second, second, gone)))
		if b.Changed != 2 || b.Same != 1 || b.Withdrawn != 1 || b.Added != 0 || b.Seen != 3 {
			t.Fatalf("%+v", b)
		}
		u := mustLook(h, "", "GHSA-1111-1111-1111")
		if !u.Withdrawn || len(u.History) != 2 || u.History[0].Before.Claims[0].Key != "pkg:npm/right" || u.History[1].Before.Claims[0].Key != "pkg:npm/left" || u.Records[0].ID != before.Records[0].ID {
			t.Fatalf("%+v", u.History)
		}
		// An older file changes nothing, in whatever order files come.
		if b = send(h, town.Dora, vulns.OSV, public, []byte(list(first, second))); b.Same != 2 {
			t.Errorf("older files: %+v", b)
		}
		// What it claimed first is not found any more; what it claims is, as withdrawn.
		claims := func(key string) []vulns.Claim { return byKey(h, program, key) }
		if got := claims("pkg:npm/left"); len(got) != 0 {
			t.Errorf("the old claim is found: %+v", got)
		}
		if got := claims("pkg:npm/right"); len(got) != 1 || !got[0].Withdrawn || got[0].Range.Spans[0].High != "1.2.4" {
			t.Errorf("%+v", got)
		}
	})
}

// TestAliases: records become one through what public ones say, in any order, and
// private ones join nothing for others.
func TestAliases(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		a := osv("PYSEC-2025-1", "2025-01-01T00:00:00Z", `"aliases":["GHSA-xxxx-xxxx-xxxx"]`)
		weak := osv("RUSTSEC-2025-0009", "2025-01-01T00:00:00Z", `"aliases":["GHSA-xxxx-xxxx-xxxx"]`)
		strong := osv("GHSA-xxxx-xxxx-xxxx", "2025-01-01T00:00:00Z", `"aliases":["CVE-2025-7777"]`)
		many := osv("ALSA-2025:1", "2025-01-01T00:00:00Z", `"upstream":["CVE-2025-7777","CVE-2025-7778"]`)
		one := osv("ALSA-2025:2", "2025-01-01T00:00:00Z", `"upstream":["CVE-2025-7777"]`)
		own := policy.Default(town.Pump.ID())

		send(h, town.Dora, vulns.OSV, public, []byte(a))
		// A private one that says both are the same moves nothing.
		send(h, town.Pia, vulns.OSV, own, []byte(osv("PUMP-7", "2025-01-01T00:00:00Z", `"aliases":["PYSEC-2025-1","RUSTSEC-2025-0009","OTHER-1"]`)))
		send(h, town.Dora, vulns.OSV, public, []byte(osv("OTHER-1", "2025-01-01T00:00:00Z")))
		if u := mustLook(h, "", "PYSEC-2025-1"); u.ID != "PYSEC-2025-1" || len(u.Records) != 1 {
			t.Fatalf("%+v", u)
		}
		if u := mustLook(h, town.Pia, "PUMP-7"); u.ID != "PUMP-7" { // it names two
			t.Errorf("%+v", u)
		}
		send(h, town.Dora, vulns.OSV, public, []byte(weak))
		if u := mustLook(h, "", "RUSTSEC-2025-0009"); u.ID != "PYSEC-2025-1" || len(u.Records) != 2 {
			t.Errorf("%+v", u)
		}
		b := send(h, town.Dora, vulns.OSV, public, []byte(list(strong, many, one)))
		if b.Added != 3 || b.Changed != 2 { // two moved
			t.Errorf("%+v", b)
		}
		places := town.Must(h, "", func(v *db.View) ([]int64, error) { return h.Vulns.Touched(v, b.ID, 1) })
		if len(places) != 5 {
			t.Errorf("%d records were touched", len(places))
		}
		for _, id := range []string{"PYSEC-2025-1", "RUSTSEC-2025-0009", "CVE-2025-7777", "ghsa-XXXX-xxxx-xxxx", "ALSA-2025:2"} {
			if u := mustLook(h, "", id); u.ID != "CVE-2025-7777" || len(u.Records) != 4 {
				t.Errorf("%s is %s with %d records", id, u.ID, len(u.Records))
			}
		}
		if u := mustLook(h, "", "ALSA-2025:1"); u.ID != "ALSA-2025:1" || len(u.Records) != 1 {
			t.Errorf("an advisory of many: %+v", u)
		}
		// The public one takes its word back, and everything stands apart again.
		send(h, town.Dora, vulns.OSV, public, []byte(osv("GHSA-xxxx-xxxx-xxxx", "2025-01-02T00:00:00Z")))
		if u := mustLook(h, "", "PYSEC-2025-1"); u.ID != "GHSA-xxxx-xxxx-xxxx" || len(u.Records) != 3 {
			t.Errorf("%s with %d records", u.ID, len(u.Records))
		}
	})
}

func TestLabels(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		amber := town.Label(policy.Amber, town.Pump, town.Ward)
		doc := csafDoc("PUMP-2026-1", "AMBER", "2026-02-01T00:00:00Z", "CVE-2026-0001", "CVE-2026-0002")
		b := send(h, town.Pia, vulns.CSAF, amber, []byte(doc))
		if b.State != vulns.Done || b.Added != 2 {
			t.Fatalf("%+v", b)
		}
		for _, person := range []string{town.Pia, town.Wim} {
			if u := mustLook(h, person, "CVE-2026-0001"); len(u.Records) != 1 || u.Label.TLP != policy.Amber || u.Records[0].Org != town.Pump.ID() {
				t.Errorf("%s: %+v", person, u)
			}
		}
		for _, person := range []string{town.Paz, town.Cleo, town.Max, town.Dora, town.Fay, ""} {
			_, err := look(h, person, "CVE-2026-0001")
			_, none := look(h, person, "CVE-2026-9999")
			if !fault.Is(err, fault.Missing) || err.Error() != none.Error() {
				t.Errorf("%q: %v beside %v", person, err, none)
			}
			if _, err := town.Read(h, person, func(v *db.View) (*vulns.Batch, error) { return h.Vulns.Batch(v, b.ID) }); !fault.Is(err, fault.Missing) {
				t.Errorf("%q sees the batch: %v", person, err)
			}
			if got := byKey(h, h.As(person), "dev:pump works:infuser"); len(got) != 0 {
				t.Errorf("%q finds %d claims", person, len(got))
			}
		}
		if got := byKey(h, h.As(town.Wim), "dev:pump works:infuser"); len(got) != 2 {
			t.Errorf("%+v", got)
		}

		// Never looser than the document says.
		green := town.Label(policy.Green, policy.Community)
		b = send(h, town.Pia, vulns.CSAF, green, []byte(doc))
		if b.State != vulns.Done || b.Skipped != 2 || b.Added != 0 || !strings.Contains(b.Problems[0].Reason, "TLP:AMBER") && !strings.Contains(b.Problems[0].Reason, "AMBER") {
			t.Errorf("%+v", b)
		}
		// What another organization says under the same label does not take its place.
		both := town.Label(policy.Amber, town.Pump, town.Ward)
		b = send(h, town.Wim, vulns.CSAF, both, []byte(strings.ReplaceAll(doc, "2026-02-01", "2026-02-03")))
		if u := mustLook(h, town.Pia, "CVE-2026-0001"); b.Added != 2 || len(u.Records) != 2 {
			t.Errorf("%+v: %d records", b, len(u.Records))
		}

		// Who may what.
		for _, c := range []struct {
			person string
			l      policy.Label
			kind   fault.Kind
			field  string
		}{
			{town.Pia, public, fault.Invalid, "label"},
			{town.Pia, town.Label(policy.Clear, policy.Community), fault.Invalid, "label"},
			{town.Pia, town.Label(policy.Amber, town.Ward), fault.Invalid, "label"},
			{town.Paz, policy.Label{}, fault.Invalid, "label"},
			{"", public, fault.Forbidden, ""},
		} {
			_, err := h.Vulns.Accept(h.Ctx, h.DB, h.As(c.person), vulns.NewBatch{Name: "x", Kind: vulns.OSV, Label: c.l}, strings.NewReader("{}"))
			town.Wants(t, err, c.kind, c.field)
		}
		_, err := h.Vulns.Accept(h.Ctx, h.DB, h.As(town.Pia), vulns.NewBatch{Name: "x", Kind: vulns.EPSS, Label: green}, strings.NewReader("{}"))
		town.Wants(t, err, fault.Invalid, "label")
	})
}

// csafDoc is a document about one product with some vulnerabilities.
func csafDoc(id, tlp, modified string, cves ...string) string {
	var vs []string
	for _, c := range cves {
		vs = append(vs, fmt.Sprintf(`{"cve":%q,"product_status":{"known_affected":["P1"]}}`, c))
	}
	return fmt.Sprintf(`{"document":{"category":"csaf_security_advisory","csaf_version":"2.0","title":"T","distribution":{"tlp":{"label":%q}},"publisher":{"category":"vendor","name":"Pump Works","namespace":"https://pump.example"},
"tracking":{"id":%q,"status":"final","version":"1","initial_release_date":"2026-01-02T03:04:05Z","current_release_date":%q,"revision_history":[{"number":"1","date":"2026-01-02T03:04:05Z","summary":"x"}]}},
"product_tree":{"branches":[{"category":"vendor","name":"Pump Works","branches":[{"category":"product_name","name":"Infuser","branches":[{"category":"product_version_range","name":"vers:all/*","product":{"name":"Pump Works Infuser","product_id":"P1"}}]}]}]},
"vulnerabilities":[%s]}`, tlp, id, modified, strings.Join(vs, ","))
}

// A document's new form without one of its vulnerabilities takes back what it said of it.
func TestDocumentRevised(t *testing.T) {
	h := town.New(t, "")
	send(h, town.Dora, vulns.CSAF, public, []byte(csafDoc("ICSMA-1", "WHITE", "2026-02-01T00:00:00Z", "CVE-2026-0001", "CVE-2026-0002")))
	b := send(h, town.Dora, vulns.CSAF, public, []byte(csafDoc("ICSMA-1", "WHITE", "2026-02-02T00:00:00Z", "CVE-2026-0001")))
	if b.Changed != 2 || b.Withdrawn != 1 {
		t.Errorf("%+v", b)
	}
	if u := mustLook(h, "", "CVE-2026-0002"); !u.Withdrawn || len(u.Records[0].Claims) != 1 || len(u.History) != 1 {
		t.Errorf("%+v", u)
	}
	if b = send(h, town.Dora, vulns.CSAF, public, []byte(csafDoc("ICSMA-1", "WHITE", "2026-02-01T00:00:00Z", "CVE-2026-0001", "CVE-2026-0002"))); b.Same != 2 {
		t.Errorf("the older form: %+v", b)
	}
}

func TestSweepFiles(t *testing.T) {
	h := town.New(t, "")
	b, err := h.Vulns.Accept(h.Ctx, h.DB, h.As(town.Dora), vulns.NewBatch{Name: "x", Kind: vulns.OSV, Label: public}, strings.NewReader(osv("A-1", "2025-01-01T00:00:00Z")))
	h.OK(err)
	var key [32]byte
	_, _, err = h.Blobs.Put(h.Ctx, "vulnfile_0123456789abcdefghjkmnpqrs", key, strings.NewReader("left"), 10)
	h.OK(err)
	lost, removed, err := h.Vulns.SweepFiles(h.Ctx, h.DB, program, nil)
	h.OK(err)
	if removed != 0 || len(lost) != 1 {
		t.Errorf("the first sweep removed %d and found %v", removed, lost)
	}
	if _, removed, err = h.Vulns.SweepFiles(context.Background(), h.DB, program, lost); err != nil || removed != 1 {
		t.Errorf("the second sweep removed %d: %v", removed, err)
	}
	if b = readOn(h, b.ID); b.Added != 1 {
		t.Errorf("%+v", b)
	}
}
