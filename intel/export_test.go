package intel_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/formats/iocs"
	"github.com/cordon-isao/cordon/formats/misp"
	"github.com/cordon-isao/cordon/formats/stix"
	"github.com/cordon-isao/cordon/intel"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/policy"
)

const (
	amber1 = "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82"
	red1   = "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed"
)

// export takes something out in a person's name.
func export(h *town.Town, person string, r intel.ExportRequest) (intel.Exported, string, error) {
	h.T.Helper()
	var b bytes.Buffer
	e, err := h.Intel.Export(h.Ctx, h.DB, h.As(person), r, func(intel.Exported) (io.Writer, error) { return &b, nil })
	return e, b.String(), err
}

func exported(h *town.Town, person, q string, f intel.ExportFormat) (intel.Exported, string) {
	h.T.Helper()
	e, text, err := export(h, person, intel.ExportRequest{Query: query(h, q), Format: f})
	h.OK(err)
	return e, text
}

// rule is an indicator with a rule.
func rule(n int, typ, text, rest string, markings ...string) string {
	return strings.Replace(looksFor(n, fmt.Sprintf("Rule %d", n), "X", rest, markings...), `"pattern":"X","pattern_type":"stix"`, fmt.Sprintf(`"pattern":%q,"pattern_type":%q`, text, typ), 1)
}

// report is a report on other objects.
func report(n int, name, marking string, refs ...string) string {
	return thing(n, "report", name, `"published":"2026-01-01T00:00:00Z","object_refs":["`+strings.Join(refs, `","`)+`"]`, marking)
}

func lookID(n int) string { return fmt.Sprintf("indicator--00000000-0000-4000-9000-%012d", n) }

// stocked is a town with something of every mark, from two senders.
func stocked(h *town.Town) {
	take(h, town.Pia, open,
		looksFor(1, "Beacon", "[ipv4-addr:value = '198.51.100.7'] OR [domain-name:value IN ('a.example', 'b.example')]", "", white1),
		looksFor(2, "Both", "[ipv4-addr:value = '198.51.100.8' AND ipv4-addr:value = '198.51.100.9']", "", green),
		looksFor(3, "Ours", "[url:value = 'https://c.example/x']", "", amberStrict),
		thing(4, "malware", "Quokka", `"is_family":false`, green),
		`{"type":"domain-name","spec_version":"2.1","id":"domain-name--00000000-0000-5000-8000-000000000005","value":"d.example","object_marking_refs":["`+green+`"]}`,
		rule(6, "sigma", "title: A\ndetection: {}", "", green), rule(7, "yara", "rule a { condition: true }", "", green))
	terms := open
	terms.Attribution, terms.PAP, terms.AIS = intel.Community, "AMBER", "usg"
	take(h, town.Wim, terms, looksFor(8, "Limited", "[ipv4-addr:value = '203.0.113.8']", "", green))
	terms.PAP, terms.Amber = "", []policy.Principal{town.Ward, town.Pump}
	_, outs := take(h, town.Wim, terms, looksFor(9, "Wards", "[ipv4-addr:value = '203.0.113.9']", "", amber1))
	for _, o := range outs {
		if o.Kind != intel.WasAdded {
			h.T.Fatalf("%+v", o)
		}
	}
	indexed(h)
}

func TestExport(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		stocked(h)

		// A bundle holds the objects' own bytes, their markings and a grouping that
		// carries the joined label; it imports again.
		e, text := exported(h, town.Cy, "", intel.ExportSTIX)
		if e.Label.TLP != policy.Green || !e.Label.Audience.Equal(policy.NewAudience(policy.Community)) || e.PAP != "AMBER" || e.Count != 7 {
			t.Errorf("the agency's bundle is %+v", e)
		}
		if !strings.Contains(text, `"pattern":"[ipv4-addr:value = '198.51.100.7'] OR [domain-name:value IN ('a.example', 'b.example')]","pattern_type":"stix"`) || strings.Contains(text, "c.example") {
			t.Error("the bundle does not hold what it should")
		}
		r := stix.NewReader(strings.NewReader(text), stix.Limits{})
		types := map[string]int{}
		for {
			o, err := r.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if types[o.Type]++; o.Type == "grouping" && (!slices.Contains(o.Markings, green) || len(o.Refs) != 7+0 || !strings.Contains(o.Description, "PAP:AMBER")) {
				t.Errorf("the grouping: %s", o.Raw)
			}
		}
		if types["grouping"] != 1 || types["marking-definition"] == 0 || types["indicator"] != 5 {
			t.Errorf("the bundle holds %v", types)
		}
		again, text2 := exported(h, town.Cy, "", intel.ExportSTIX)
		if text != text2 || e.Digest != again.Digest {
			t.Error("the same objects are not the same bytes")
		}

		// The joined label is the strictest that all parts have in common.
		for _, c := range []struct {
			person, q string
			tlp       policy.TLP
			audience  policy.Audience
			count     int
		}{
			{town.Pol, "", policy.AmberStrict, policy.NewAudience(town.Pump), 9},
			{town.Pol, "tlp<=amber", policy.Amber, policy.NewAudience(town.Pump, town.Ward), 8},
			{town.Wim, "", policy.Amber, policy.NewAudience(town.Pump, town.Ward), 8},
			{town.Cy, "tlp:clear", policy.Clear, policy.NewAudience(policy.Public), 1},
			{town.Cy, "nothing-like-this", policy.Clear, policy.NewAudience(policy.Public), 0},
		} {
			e, _ := exported(h, c.person, c.q, intel.ExportSTIX)
			if e.Label.TLP != c.tlp || !e.Label.Audience.Equal(c.audience) || e.Count != c.count {
				t.Errorf("%s, %q: %d objects, %s %s", c.person, c.q, e.Count, e.Label.TLP, e.Label.Audience.Strings())
			}
			if mark := strings.ToLower(strings.ReplaceAll(string(c.tlp), "+", "-")); !strings.HasPrefix(e.Name, "intel-tlp-"+mark+"-2026") {
				t.Errorf("the file is called %s", e.Name)
			}
		}

		// A list holds the values of which one alone is meant.
		_, text = exported(h, town.Cy, "", intel.ExportList)
		if got := lines(text); got != "198.51.100.7 a.example b.example d.example 203.0.113.8" || !strings.HasPrefix(text, "# TLP:GREEN") || !strings.Contains(text, "\n# PAP:AMBER. ") {
			t.Errorf("the list is\n%s", text)
		}
		_, text, err := export(h, town.Cy, intel.ExportRequest{Query: query(h, ""), Format: intel.ExportList, Values: iocs.Domain})
		if got := lines(text); err != nil || got != "a.example b.example d.example" {
			t.Errorf("the domains are\n%s (%v)", text, err)
		}

		// Rules are passed through.
		e, text = exported(h, town.Cy, "", intel.ExportSigma)
		if e.Count != 1 || !strings.HasSuffix(text, "---\n# Rule 6\n# "+lookID(6)+", 2026-01-01T00:00:00.000Z, TLP:GREEN\n# from Pump Works\ntitle: A\ndetection: {}\n") {
			t.Errorf("the rules are\n%s", text)
		}
		if _, text = exported(h, town.Cy, "", intel.ExportYARA); !strings.HasPrefix(text, "// TLP:GREEN") || !strings.HasSuffix(text, "\nrule a { condition: true }\n") {
			t.Errorf("the rules are\n%s", text)
		}

		// A table has a row a value, and its own label in each.
		_, text = exported(h, town.Cy, "type:indicator,malware", intel.ExportCSV)
		rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
		if err != nil || len(rows) != 1+3+1+1+1+1+1 {
			t.Fatalf("%d rows, %v:\n%s", len(rows), err, text)
		}
		for _, row := range rows[1:] {
			if row[len(row)-2] != "TLP:GREEN" || row[len(row)-1] != "PAP:AMBER" && row[len(row)-1] != "AMBER" {
				t.Errorf("a row is %q", row)
			}
		}
		back, err := iocs.NewReader(strings.NewReader(text), iocs.Options{})
		if err != nil {
			t.Fatal(err)
		}
		var read []string
		for {
			row, err := back.Next()
			var bad *iocs.RowError // of what has no value
			if err == io.EOF {
				break
			}
			if !errors.As(err, &bad) {
				read = append(read, row.TLP+" "+row.Value)
			}
		}
		slices.Sort(read)
		if got := strings.Join(read, ", "); got != "CLEAR 198.51.100.7, CLEAR a.example, CLEAR b.example, GREEN 203.0.113.8" {
			t.Errorf("read again: %s", got)
		}

		// A MISP event.
		_, text = exported(h, town.Cy, "", intel.ExportMISP)
		es, err := misp.Parse(strings.NewReader(text), misp.Limits{})
		if err != nil || len(es) != 1 {
			t.Fatal(es, err)
		}
		tlp, _ := es[0].TLP()
		pap, _ := es[0].PAP()
		if tlp != "GREEN" || pap != "AMBER" || es[0].Distribution != "1" || len(es[0].Attributes)+len(es[0].Objects) == 0 {
			t.Errorf("the event is %s", text)
		}

		// What is chosen by its id.
		e, text, err = export(h, town.Pol, intel.ExportRequest{IDs: []string{lookID(3), lookID(1), "indicator--00000000-0000-4000-8000-999999999999"}, Format: intel.ExportSTIX})
		if err != nil || e.Count != 2 || !strings.Contains(text, "c.example") {
			t.Errorf("%d objects by id, %v", e.Count, err)
		}
	})
}

// lines are a file's lines without comments.
func lines(text string) string {
	var out []string
	for l := range strings.Lines(text) {
		if !strings.HasPrefix(l, "#") {
			out = append(out, strings.TrimSpace(l))
		}
	}
	return strings.Join(out, " ")
}

// What was revoked or has expired is in no list and no rules, unless it is asked
// for.
func TestExportOver(t *testing.T) {
	h := town.New(t, "")
	take(h, town.Pia, open, looksFor(1, "On", "[ipv4-addr:value = '198.51.100.1']", ""), looksFor(2, "Over", "[ipv4-addr:value = '198.51.100.2']", `"valid_until":"2026-02-01T00:00:00Z"`),
		looksFor(3, "Revoked", "[ipv4-addr:value = '198.51.100.3']", `"revoked":true`))
	indexed(h)
	for q, want := range map[string]string{"": "198.51.100.1", "is:expired": "198.51.100.2", "is:revoked": "198.51.100.3"} {
		if _, text := exported(h, town.Pia, q, intel.ExportList); lines(text) != want {
			t.Errorf("%q: %s", q, text)
		}
	}
	if e, _ := exported(h, town.Pia, "", intel.ExportSTIX); e.Count != 3 {
		t.Errorf("a bundle holds %d objects", e.Count)
	}
}

// Every export is on record before its first byte, for the exporter's organization
// alone, and not possible without the right.
func TestExportRecorded(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		stocked(h)
		count := func(person string) int {
			n := 0
			h.OK(h.DB.Read(h.Ctx, h.As(person), func(v *db.View) error {
				es, err := h.Ledger.ByOrg(v, town.Pump.ID(), []string{"intel.exported"}, town.Epoch.Add(-time.Hour), town.Epoch.Add(time.Hour), 100)
				n = len(es)
				return err
			}))
			return n
		}
		_, _, err := export(h, town.Pia, intel.ExportRequest{Query: query(h, ""), Format: intel.ExportCSV})
		h.OK(err)
		if count(town.Pol) != 1 || count(town.Wim) != 0 {
			t.Errorf("%d exports for the colleague, %d for others", count(town.Pol), count(town.Wim))
		}
		broken := errors.New("broken")
		_, err = h.Intel.Export(h.Ctx, h.DB, h.As(town.Pia), intel.ExportRequest{Query: query(h, ""), Format: intel.ExportCSV}, func(intel.Exported) (io.Writer, error) { return nil, broken })
		if !errors.Is(err, broken) || count(town.Pol) != 2 {
			t.Errorf("%v, %d on record", err, count(town.Pol))
		}
		_, text, err := export(h, "", intel.ExportRequest{Query: query(h, ""), Format: intel.ExportCSV})
		town.Wants(t, err, fault.Forbidden, "")
		if text != "" {
			t.Errorf("written all the same: %s", text)
		}
		for field, r := range map[string]intel.ExportRequest{
			"format": {Query: query(h, ""), Format: "xml"},
			"values": {Query: query(h, ""), Format: intel.ExportCSV, Values: iocs.Domain},
			"id":     {IDs: make([]string, intel.MaxExportIDs+1), Format: intel.ExportCSV},
		} {
			_, _, err := export(h, town.Pia, r)
			town.Wants(t, err, fault.Invalid, field)
		}
	})
}

// An export ends with an error, and its bytes are no whole bundle, if something of
// it is tightened while it is written.
func TestExportMoved(t *testing.T) {
	h := town.New(t, "")
	take(h, town.Pia, open, looksFor(1, "One", "[url:value = 'x']", "", green))
	indexed(h)
	var b bytes.Buffer
	_, err := h.Intel.Export(h.Ctx, h.DB, h.As(town.Wim), intel.ExportRequest{Query: query(h, ""), Format: intel.ExportSTIX}, func(intel.Exported) (io.Writer, error) {
		h.OK(h.Write(town.Pia, func(tx *db.Tx) error {
			o, err := h.Intel.Object(tx.View, lookID(1))
			if err != nil {
				return err
			}
			return h.Intel.Delete(tx, lookID(1), o.Version)
		}))
		return &b, nil
	})
	town.Wants(t, err, fault.Conflict, "")
	if json.Valid(b.Bytes()) || strings.Contains(b.String(), "[url:value") {
		t.Errorf("written: %s", &b)
	}
}

// T-51: no cell of a table can become a formula, whoever wrote what is in it. 400
// cells: 20 ways to begin one, in 20 places.
func TestExportFormulas(t *testing.T) {
	h := town.New(t, "")
	starts := []string{"=1+1", "+1", "-1", "@SUM(1)", "\\t=1", "\\r=1", "=HYPERLINK(\\\"http://x.example\\\")", "=cmd|' /C calc'!A0", " =1", "  +1", "%0A=1", "|calc", "＝1", "＋1", "－1", "＠1", "\\n=1", "'=1", "\u00a0=1", "\u200b=1"}
	var objs []string
	for i, s := range starts {
		objs = append(objs, fmt.Sprintf(`{"type":"indicator","spec_version":"2.1","id":"indicator--00000000-0000-4000-8000-%012d","created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:00.000Z","object_marking_refs":["%s"],
			"name":"%s","description":"%s","labels":["%s","%s"],"pattern":"%s","pattern_type":"x","valid_from":"2026-01-01T00:00:00Z","kill_chain_phases":[{"kill_chain_name":"%s","phase_name":"%s"}],"external_references":[{"source_name":"%s","url":"%s"}]}`,
			i, green, s, s, s, s, s, s, s, s, s),
			fmt.Sprintf(`{"type":"file","spec_version":"2.1","id":"file--00000000-0000-5000-8000-%012d","name":"%s","object_marking_refs":["%s"]}`, i, s, green),
			fmt.Sprintf(`{"type":"mutex","spec_version":"2.1","id":"mutex--00000000-0000-5000-8000-%012d","name":"%s","object_marking_refs":["%s"]}`, i, s, green),
			fmt.Sprintf(`{"type":"malware","spec_version":"2.1","id":"malware--00000000-0000-4000-8000-%012d","created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:00.000Z","is_family":false,"name":"%s","description":"%s","object_marking_refs":["%s"]}`, i, s, s, green))
	}
	_, outs := take(h, town.Pia, intel.Terms{Scrub: intel.ScrubJustified, Why: "A test."}, objs...)
	for _, o := range outs {
		if o.Kind != intel.WasAdded {
			t.Fatalf("%+v", o)
		}
	}
	indexed(h)
	e, text := exported(h, town.Pia, "", intel.ExportCSV)
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil || e.Count != len(objs) || len(rows) != len(objs)+1 {
		t.Fatalf("%d objects, %d rows, %v", e.Count, len(rows), err)
	}
	cells := 0
	for _, row := range rows[1:] {
		for _, cell := range row {
			cells++
			trimmed := strings.TrimLeft(cell, " \u00a0\u200b")
			if cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r\n|%") || trimmed != "" && strings.ContainsRune("=+-@\t\r\n\x00＝＋－＠", []rune(trimmed)[0]) {
				t.Errorf("a cell begins %q", cell)
			}
		}
	}
	if cells < 400 {
		t.Errorf("only %d cells", cells)
	}
}

// communityID is of the community of one test.
var communityID = regexp.MustCompile(`"Orgc":\{"uuid":"[^"]*"`)

// What a reader may not see changes no byte of what he takes out or is fed (T-01).
func TestExportTwins(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		world := func(h *town.Town, hidden bool) map[string]string {
			take(h, town.Pia, open, looksFor(1, "Beacon", "[ipv4-addr:value = '198.51.100.7']", "", white1), looksFor(2, "Green", "[domain-name:value = 'a.example']", "", green))
			h.Clock.Add(time.Second)
			if hidden {
				take(h, town.Pia, open, looksFor(1, "Beacon", "[ipv4-addr:value = '198.51.100.7']", "", amberStrict), looksFor(3, "Zebra", "[domain-name:value = 'zebra.example']", "", amberStrict),
					report(20, "Zebra", amberStrict, lookID(1), lookID(2)), rule(4, "sigma", "zebra", "", red1))
			}
			h.Clock.Add(time.Second)
			take(h, town.Wim, open, looksFor(5, "Late", "[ipv4-addr:value = '198.51.100.9']", "", green), report(21, "Open", green, lookID(1), lookID(3), lookID(5)))
			indexed(h)
			out := map[string]string{}
			for _, person := range []string{town.Cy, town.Wanda} {
				for _, f := range intel.ExportFormats() {
					e, text := exported(h, person, "", f)
					out[person+" "+string(f)] = fmt.Sprint(e.Name, e.Label, e.Audiences, e.Count, e.Digest) + communityID.ReplaceAllString(text, "")
				}
			}
			for _, person := range []string{"", town.Cy, town.Wanda} {
				for _, reach := range []intel.Reach{intel.ReachGreen, intel.ReachAmber} {
					es, err := town.Read(h, person, func(v *db.View) ([]misp.Event, error) { return h.Intel.MISPFeed(v, reach) })
					var b bytes.Buffer
					for _, e := range es {
						e.UUID, e.Orgc.UUID = "", "" // of a share and of the community: random
						b.Write(e.JSON())
					}
					out[person+" feed "+string(reach)] = fmt.Sprint(err) + b.String()
				}
				hs := town.Must(h, person, func(v *db.View) ([]intel.Headline, error) { return h.Intel.Headlines(v) })
				out[person+" headlines"] = fmt.Sprint(hs)
			}
			return out
		}
		without := world(h, false)
		var with map[string]string
		if strings.HasSuffix(t.Name(), "sqlite") {
			with = world(town.New(t, ""), true)
		} else {
			with = world(town.New(t, town.Postgres(t)), true)
		}
		for name, a := range without {
			if b := with[name]; a != b {
				i := 0
				for i < min(len(a), len(b)) && a[i] == b[i] {
					i++
				}
				t.Errorf("%s differs from byte %d: %.200s | %.200s", name, i, a[max(i-40, 0):], b[max(i-40, 0):])
			}
			if strings.Contains(strings.ToLower(with[name]), "zebra") {
				t.Errorf("%s tells what is hidden", name)
			}
		}
	})
}
