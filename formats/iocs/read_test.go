package iocs

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// readAll gives rows and row errors in the file's order.
func readAll(t testing.TB, r io.Reader, o Options) (rows []Row, bad []*RowError, header *Reader) {
	t.Helper()
	rd, err := NewReader(r, o)
	if err != nil {
		t.Fatal(err)
	}
	for {
		row, err := rd.Next()
		var re *RowError
		switch {
		case err == io.EOF:
			return rows, bad, rd
		case errors.As(err, &re):
			bad = append(bad, re)
		case err != nil:
			t.Fatal(err)
		default:
			rows = append(rows, row)
		}
	}
}

func values(rows []Row) (list []string) {
	for _, r := range rows {
		list = append(list, fmt.Sprintf("%d %s %s", r.Line, r.Type, r.Value))
	}
	return list
}

func day(s string) time.Time {
	t, err := ParseTime(s)
	if err != nil {
		panic(err)
	}
	return t
}

func TestReadFull(t *testing.T) {
	text := "\xef\xbb\xbfType;Indicator;Malware family;Comment;Confidence;TLP;Valid from;Valid until;First seen;Last seen;Tags;Source;Kill chain;Other\r\n" +
		"domain;evil[.]example;Ransom X;\"said \"\"yes\"\";\nand more\";high;tlp:amber+strict;2026-01-02;2026-03-04 05:06:07;1767225600;2026-01-01T12:00:00+02:00;c2, ot|x;https://feed.example/1;mitre-ics-attack:discovery;ignored\r\n"
	rows, bad, rd := readAll(t, strings.NewReader(text), Options{})
	want := []Row{{Line: 2, Type: Domain, Value: "evil.example", Pattern: "[domain-name:value = 'evil.example']", Name: "Ransom X", Description: "said \"yes\";\nand more", Confidence: 85,
		TLP: "AMBER+STRICT", ValidFrom: day("2026-01-02"), ValidUntil: day("2026-03-04T05:06:07Z"), FirstSeen: day("2026-01-01"), LastSeen: day("2026-01-01T10:00:00Z"),
		Labels: []string{"c2", "ot", "x"}, Reference: "https://feed.example/1", KillChain: []Phase{{"mitre-ics-attack", "discovery"}}}}
	if d := cmp.Diff(want, rows); d != "" || len(bad) > 0 {
		t.Errorf("%v (-want +got):\n%s", bad, d)
	}
	if rd.Separator() != ';' || len(rd.Header()) != 14 || rd.Header()[0] != "Type" || rd.Offset() != int64(len(text)-3) {
		t.Errorf("separator %q, header %q, %d bytes", rd.Separator(), rd.Header(), rd.Offset())
	}
}

// Shapes that files come in.
func TestReadShapes(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		o    Options
		want []string
	}{
		"plain list":               {"# a feed\n198.51.100.7\n\nevil[.]example\r\nhttp://evil.example/a,b;c\n", Options{}, []string{"2 ipv4 198.51.100.7", "4 domain evil.example", "5 url http://evil.example/a,b;c"}},
		"a list of URLs first":     {"http://evil.example/a;b,c\nhttp://evil.example/d", Options{}, []string{"1 url http://evil.example/a;b,c", "2 url http://evil.example/d"}},
		"list with a name":         {"indicator\nevil.example\n", Options{}, []string{"2 domain evil.example"}},
		"quoted one column":        {"\"indicator\"\n\"evil.example\"\n", Options{}, []string{"2 domain evil.example"}},
		"tabs":                     {"value\ttype\nevil.example\tdomain\n", Options{}, []string{"2 domain evil.example"}},
		"no header":                {"2026-01-01,198.51.100.7,bad\n2026-01-02,198.51.100.8,worse\n", Options{}, []string{"1 ipv4 198.51.100.7", "2 ipv4 198.51.100.8"}},
		"stated no header":         {"evil.example,x\n", Options{NoHeader: true}, []string{"1 domain evil.example"}},
		"hidden header":            {"################\n# A feed, of today\n#\n# \"first_seen_utc\",\"ioc_id\",\"ioc_value\",\"ioc_type\"\n\"2026-01-01 00:00:00\", \"1\", \"198.51.100.7:443\", \"ip:port\"\n# end\n", Options{}, []string{"5 ip-port 198.51.100.7:443"}},
		"several values a row":     {"name,md5,sha1,sha256\nx," + strings.Repeat("a", 32) + ",," + strings.Repeat("b", 64) + "\n", Options{}, []string{"2 md5 " + strings.Repeat("a", 32), "2 sha256 " + strings.Repeat("b", 64)}},
		"typed column":             {"ip,asn,country\n198.51.100.7,64500,XX\n", Options{}, []string{"2 ipv4 198.51.100.7"}},
		"asn alone":                {"asn,country\n64500,XX\n", Options{}, []string{"2 asn AS64500"}},
		"own mapping":              {"a,b\nevil.example,mtx\n", Options{Mapping: Mapping{{}, {FieldValue, Mutex}}}, []string{"2 mutex mtx"}},
		"own mapping, a URL first": {"http://evil.example/x,note\n", Options{NoHeader: true, Mapping: Mapping{{FieldValue, ""}, {FieldDescription, ""}}}, []string{"1 url http://evil.example/x"}},
		"own separator":            {"value|type\nevil.example|domain\n", Options{Separator: '|'}, []string{"2 domain evil.example"}},
		"stated type":              {"one name\nanother\n", Options{Type: Mutex, NoHeader: true}, []string{"1 mutex one name", "2 mutex another"}},
		"short and long rows":      {"value,type,comment\nevil.example\nevil.example,domain,x,y,z\n", Options{}, []string{"2 domain evil.example", "3 domain evil.example"}},
		"own export":               {"value,name\nevil.example,'=1+1\n", Options{}, []string{"2 domain evil.example"}},
	} {
		t.Run(name, func(t *testing.T) {
			rows, bad, _ := readAll(t, strings.NewReader(c.text), c.o)
			if d := cmp.Diff(c.want, values(rows)); d != "" || len(bad) > 0 {
				t.Errorf("%v (-want +got):\n%s", bad, d)
			}
		})
	}
}

// Errors name line and column; the rows around them are read.
func TestReadErrors(t *testing.T) {
	for name, c := range map[string]struct {
		text         string
		line, column int
		reason       string
	}{
		"no value":         {"value,type\nevil.example,domain\n,domain\nevil.example,\n", 3, 0, "no value"},
		"unknown value":    {"value,type\nevil.example,domain\nnot one,\nevil.example,\n", 3, 1, "no kind"},
		"wrong type":       {"value,type\nevil.example,domain\nevil.example,md5\nevil.example,\n", 3, 1, "md5 hash"},
		"unknown type":     {"value,type\nevil.example,domain\nevil.example,yara\nevil.example,\n", 3, 2, "type"},
		"confidence":       {"value,confidence\nevil.example,1\nevil.example,101\nevil.example,none\n", 3, 2, "confidence"},
		"marking":          {"value,tlp\nevil.example,red\nevil.example,TLP:PURPLE\nevil.example,\n", 3, 2, "marking"},
		"date":             {"value,valid_from\nevil.example,2026-01-01\nevil.example,02/03/2026\nevil.example,\n", 3, 2, "date"},
		"order":            {"value,valid_from,valid_until\nevil.example,,\nevil.example,2026-01-02,2026-01-01\nevil.example,,\n", 3, 3, "valid until"},
		"seen":             {"value,first_seen,last_seen\nevil.example,,\nevil.example,2026-01-02,2026-01-01\nevil.example,,\n", 3, 3, "seen last"},
		"kill chain":       {"value,kill_chain\nevil.example,c2\nevil.example,nonsense\nevil.example,\n", 3, 2, "chain:phase"},
		"closing mark":     {"value,type\nevil.example,domain\n\"evil.example\"x,domain\nevil.example,\n", 3, 0, "closing quotation mark"},
		"open mark":        {"value,type\nevil.example,domain\n\"evil.example,domain\nevil.example,\n", 3, 0, "not closed"},
		"UTF-8":            {"value,type\nevil.example,domain\n\xff,domain\nevil.example,\n", 3, 0, "UTF-8"},
		"NUL":              {"value,type\nevil.example,domain\n" + strings.Repeat(" ", 600) + "a\x00,domain\nevil.example,\n", 3, 0, "NUL"},
		"long row":         {"value,type\nevil.example,domain\n" + strings.Repeat("a", maxRow+1) + "\nevil.example,\n", 3, 0, "longer"},
		"columns":          {"value,type\nevil.example,domain\nevil.example" + strings.Repeat(",", maxColumns+1) + "\nevil.example,\n", 3, 0, "columns"},
		"long description": {"value,comment\nevil.example,x\nevil.example," + strings.Repeat("a", maxDescription+1) + "\nevil.example,\n", 3, 2, "longer"},
		"too many labels":  {"value;tags\nevil.example;x\nevil.example;" + manyLabels() + "\nevil.example;\n", 3, 2, "labels"},
	} {
		t.Run(name, func(t *testing.T) {
			rows, bad, _ := readAll(t, strings.NewReader(c.text), Options{})
			if len(bad) != 1 || bad[0].Line != c.line || bad[0].Column != c.column || !strings.Contains(bad[0].Reason, c.reason) {
				t.Fatalf("errors: %v", bad)
			}
			if d := cmp.Diff([]string{"2 domain evil.example", "4 domain evil.example"}, values(rows)); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			if strings.Contains(bad[0].Error(), "evil") {
				t.Errorf("the error repeats the row: %v", bad[0])
			}
		})
	}
}

func manyLabels() string {
	var b strings.Builder
	for i := range maxLabels + 1 {
		fmt.Fprintf(&b, "l%d,", i)
	}
	return b.String()
}

func TestReadWhole(t *testing.T) {
	for text, want := range map[string]error{
		"": ErrEmpty, "\n\n# only a comment\n": ErrEmpty, "\xff\xfev\x00a\x00": ErrNotText, "\xfe\xff\x00v": ErrNotText, "va\x00lue\n": ErrNotText,
		strings.Repeat("\xff\n", maxBadStart+2): ErrNotText,
	} {
		if _, err := NewReader(strings.NewReader(text), Options{}); !errors.Is(err, want) {
			t.Errorf("%.20q: %v", text, err)
		}
	}
	// Columns that nobody knows: the header is shown, and a person chooses.
	rd, err := NewReader(strings.NewReader("alpha,beta\nevil.example,x\n"), Options{})
	if err != nil || len(rd.Header()) != 2 {
		t.Fatalf("%v, %v", rd, err)
	}
	if _, err := rd.Next(); !errors.Is(err, ErrNoValues) {
		t.Errorf("without a value's column: %v", err)
	}
	// The reader's own error ends it.
	broken := io.MultiReader(strings.NewReader("value,type\nevil.example,domain\n"), brokenReader{})
	rd, err = NewReader(broken, Options{})
	for err == nil {
		_, err = rd.Next()
	}
	if !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("a broken file: %v", err)
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestGuess(t *testing.T) {
	for header, want := range map[string]Mapping{
		"indicator_type,Indicator Value,Notes":   {{Field: FieldType}, {Field: FieldValue}, {Field: FieldDescription}},
		"IP Address,First-Seen,Confidence_Level": {{Field: FieldValue}, {Field: FieldFirstSeen}, {Field: FieldConfidence}},
		"md5,file name,source":                   {{FieldValue, MD5}, {}, {Field: FieldReference}},
		"value,value":                            {{Field: FieldValue}, {}},
		"x,y":                                    {{}, {}},
		"":                                       {{}},
	} {
		if d := cmp.Diff(want, Guess(strings.Split(header, ","))); d != "" {
			t.Errorf("%s (-want +got):\n%s", header, d)
		}
	}
}

// endless gives n rows without holding them.
type endless struct {
	n   int
	row int
	buf []byte
}

func (e *endless) Read(p []byte) (int, error) {
	for len(e.buf) == 0 {
		if e.row > e.n {
			return 0, io.EOF
		}
		if e.row == 0 {
			e.buf = append(e.buf, "value,comment\n"...)
		} else {
			e.buf = fmt.Appendf(e.buf, "host%d.evil.example,\"a comment, the %dth\"\n", e.row, e.row)
		}
		e.row++
	}
	n := copy(p, e.buf)
	e.buf = e.buf[:copy(e.buf, e.buf[n:])]
	return n, nil
}

func TestReadStreams(t *testing.T) {
	rd, err := NewReader(&endless{n: 200_000}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	n, most := 0, uint64(0)
	for ; ; n++ {
		row, err := rd.Next()
		if err == io.EOF {
			break
		}
		if err != nil || row.Line != n+2 {
			t.Fatalf("row %d: %+v, %v", n, row, err)
		}
		if n%50_000 == 0 {
			var m runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapAlloc)
		}
	}
	if n != 200_000 || most > 32<<20 {
		t.Errorf("%d rows, %d bytes of memory", n, most)
	}
}

// A file of quotation marks costs no more than a file.
func TestReadQuotationMarks(t *testing.T) {
	for _, line := range []string{"\"\n", "\"\"\"\n", "a,\"\n", "\"a\n", "\"x\"\"\n", "x\n\"y\n"} {
		start := time.Now()
		rd, err := NewReader(strings.NewReader("value,type\n"+strings.Repeat(line, 100_000)), Options{})
		if err != nil {
			t.Fatal(err)
		}
		for {
			if _, err := rd.Next(); err == io.EOF {
				break
			} else if re := (*RowError)(nil); err != nil && !errors.As(err, &re) {
				t.Fatal(err)
			}
		}
		if d := time.Since(start); d > 20*time.Second {
			t.Errorf("%q takes %v", line, d)
		}
	}
}

// T-49: no panic and no endless loop; every row is what [Parse] makes of it.
func FuzzRead(f *testing.F) {
	for _, s := range []string{"value,type\nevil.example,domain\n", "198.51.100.7\n", "\"a\",\"b\"\n\"c\nd\",e\n", "# \"ioc\",\"x\"\nevil.example,1\n", "md5;sha1\n;\n", "value\n\"\n\"\"\"\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		rd, err := NewReader(strings.NewReader(string(data)), Options{})
		if err != nil {
			return
		}
		for n := 0; ; n++ {
			row, err := rd.Next()
			var re *RowError
			switch {
			case errors.As(err, &re):
				if re.Line < 1 || re.Reason == "" {
					t.Errorf("%+v", re)
				}
			case err == io.EOF || errors.Is(err, ErrNoValues):
				return
			case err != nil:
				t.Fatal(err)
			default:
				if same, err := Normalize(row.Type, row.Value); err != nil || same != row.Value {
					t.Errorf("%s %q is %q, %v", row.Type, row.Value, same, err)
				}
			}
			if n > 20*len(data)+100 {
				t.Fatal("there is no end")
			}
		}
	})
}
