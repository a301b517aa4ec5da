package vuln

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func split(t testing.TB, text string, limits Limits) (records, skipped []string, err error) {
	t.Helper()
	read := func(r io.Reader) ([]string, []string, error) {
		var got, bad []string
		err := Split(r, limits, func(n int, data []byte) error {
			got = append(got, fmt.Sprint(n, " ", string(data)))
			return nil
		}, func(n int, err error) { bad = append(bad, fmt.Sprint(n, " ", err)) })
		return got, bad, err
	}
	records, skipped, err = read(strings.NewReader(text))
	// However the bytes arrive, the records are the same.
	again, bad, err2 := read(iotest.OneByteReader(strings.NewReader(text)))
	if d := cmp.Diff(records, again); d != "" || fmt.Sprint(err) != fmt.Sprint(err2) || !cmp.Equal(skipped, bad) {
		t.Errorf("%q byte by byte: %s, %v %v, %v %v", text, d, skipped, bad, err, err2)
	}
	return records, skipped, err
}

func TestSplit(t *testing.T) {
	for _, c := range []struct {
		name, text    string
		want, skipped []string
		err           string
	}{
		{name: "nothing", text: " \n"},
		{name: "one", text: `{"a":"}"}`, want: []string{`1 {"a":"}"}`}},
		{name: "one over lines", text: "{\n \"a\": [\n{\"b\":\n{}}\n,\n{}]\n}\n", want: []string{"1 {\n \"a\": [\n{\"b\":\n{}}\n,\n{}]\n}"}},
		{name: "lines", text: "{\"a\":1}\n\n{\"a\":\"\\\"{\"}\r\n{}", want: []string{`1 {"a":1}`, `2 {"a":"\"{"}`, `3 {}`}},
		{name: "an array", text: "[{\"a\":[1]} ,\n{}]\n", want: []string{`1 {"a":[1]}`, `2 {}`}},
		{name: "an empty array", text: "[]"},
		{name: "an array in the middle", text: "[{},", want: []string{"1 {}"}, err: "does not end"},
		{name: "an array of other things", text: "[{},7]", want: []string{"1 {}"}, err: "other than objects"},
		{name: "an array without comma", text: "[{}{}]", want: []string{"1 {}"}, err: "follows the array"},
		{name: "after an array", text: "[{}] {}", want: []string{"1 {}"}, err: "follows the array"},
		{name: "a comma too many", text: "[{},]", want: []string{"1 {}"}, err: "other than objects"},
		{name: "a line broke off", text: "{\"a\":[1\n{\"b\":2}\n", want: []string{`2 {"b":2}`}, skipped: []string{"1 the text ends in the middle"}},
		{name: "a line broke off after a comma", text: "{}\n{\"a\":1,\n{\"b\":2}\n", want: []string{"1 {}", `3 {"b":2}`}, skipped: []string{"2 the text ends in the middle"}},
		{name: "a line broke off in a string", text: "{\"a\":\"x\n{\"b\":2}\n", want: []string{`2 {"b":2}`}, skipped: []string{"1 a string has a line break"}},
		{name: "the last broke off", text: "{}\n{\"a\"", want: []string{"1 {}"}, skipped: []string{"2 the text ends in the middle"}},
		{name: "not JSON", text: "{}\nid,name\n1,{2}\n{}\n", want: []string{"1 {}", "2 {}"}, skipped: []string{"2 this is not a JSON object"}},
		{name: "a page", text: "<html>\n{}", want: []string{"1 {}"}, skipped: []string{"1 this is not a JSON object"}},
		{name: "a byte order mark", text: "\xef\xbb\xbf{}", err: "byte order mark"},
		{name: "too many", text: "{}{}{}{}{}{}", want: []string{"1 {}", "2 {}", "3 {}", "4 {}", "5 {}"}, err: "more than 5 records"},
		{name: "too large", text: "{}\n{\"a\":\"" + strings.Repeat("x", 60) + "\"}\n{}", want: []string{"1 {}", "3 {}"}, skipped: []string{"2 the record is larger than 50 bytes"}},
	} {
		got, skipped, err := split(t, c.text, Limits{Bytes: 50, Records: 5})
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s: %s", c.name, d)
		}
		if d := cmp.Diff(c.skipped, skipped); d != "" {
			t.Errorf("%s: skipped %s", c.name, d)
		}
		if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestSplitErrors(t *testing.T) {
	stop := errors.New("stop")
	if err := Split(strings.NewReader("{}{}"), Limits{}, func(int, []byte) error { return stop }, nil); !errors.Is(err, stop) {
		t.Error(err)
	}
	if err := Split(strings.NewReader("{}x"), Limits{}, func(int, []byte) error { return nil }, nil); err == nil || err.Error() != "record 2: this is not a JSON object" {
		t.Error(err)
	}
	if err := Split(iotest.TimeoutReader(iotest.OneByteReader(strings.NewReader("{}"))), Limits{}, func(int, []byte) error { return nil }, nil); !errors.Is(err, iotest.ErrTimeout) {
		t.Error(err)
	}
}

// A record that is whole is never lost to a neighbour that broke off.
func TestSplitBrokenLines(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var text bytes.Buffer
		var want []string
		first := rapid.SampledFrom([]string{`{"id":"0","list":[{"x":1},{"y":"}{"}]}`}).Draw(t, "first")
		text.WriteString(first + "\n")
		want = append(want, first)
		for i := range rapid.IntRange(0, 8).Draw(t, "lines") {
			line := fmt.Sprintf(`{"id":"%d","list":[{"x":"\\\""},{"y":[]}],"text":"[{,:"}`, i+1)
			if cut := rapid.IntRange(1, 2*len(line)).Draw(t, "cut"); cut < len(line) {
				line = line[:cut]
			} else {
				want = append(want, line)
			}
			text.WriteString(line + "\n")
		}
		var got []string
		if err := Split(&text, Limits{}, func(_ int, data []byte) error { got = append(got, string(data)); return nil }, func(int, error) {}); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
	})
}

func TestClip(t *testing.T) {
	for _, c := range []struct {
		in   string
		most int
		want string
	}{
		{" a\x00b\u202ec\r\n", 10, "abc"},
		{"a\n\tb", 10, "a\n\tb"},
		{"\xff", 10, "\uFFFD"},
		{"abcdef", 6, "abcdef"},
		{"ab cdef", 6, "ab…"},
		{"ééé", 5, "é…"},
	} {
		if got := Clip(c.in, c.most); got != c.want || len(got) > c.most {
			t.Errorf("Clip(%q, %d) = %q", c.in, c.most, got)
		}
	}
}

func TestLinks(t *testing.T) {
	got := Links("http://a.example", "https://a.example", "HTTPS://b.example", "javascript:alert(1)", "https://a.example", "https://c.example/ x", "https://")
	if d := cmp.Diff([]string{"https://a.example", "HTTPS://b.example"}, got); d != "" {
		t.Error(d)
	}
	many := make([]string, MaxReferences+7)
	for i := range many {
		many[i] = fmt.Sprintf("https://a.example/%d", i)
	}
	if got := Links(many...); len(got) != MaxReferences {
		t.Error(len(got))
	}
	if d := cmp.Diff([]string{"a", "b"}, IDs([]string{"a", " b", "", "a", "c"}, "c")); d != "" {
		t.Error(d)
	}
}

func FuzzSplit(f *testing.F) {
	f.Add([]byte("{}\n{\"a\":\"\\\"{\"}\n[{}]"))
	f.Add([]byte("[{},{\"a\":[1]}]"))
	f.Add([]byte("{\"a\":[1\n{\"b\":2}\nx\n{}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		limits := Limits{Bytes: 64, Records: 20}
		err := Split(bytes.NewReader(data), limits, func(n int, data []byte) error {
			if n < 1 || n > 20 || len(data) < 2 || len(data) > 64 || data[0] != '{' {
				t.Errorf("%d %q", n, data)
			}
			return nil
		}, func(n int, err error) {
			if n < 1 || n > 21 || err == nil {
				t.Errorf("%d %v", n, err)
			}
		})
		_ = err
	})
}
