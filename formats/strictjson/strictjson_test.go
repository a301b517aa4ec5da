package strictjson

import (
	"bytes"
	stdjson "encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

type label struct {
	TLP      string   `json:"tlp"`
	Audience []string `json:"audience"`
}

type post struct {
	Title string         `json:"title"`
	Body  string         `json:"body"`
	Label label          `json:"label"`
	Count int64          `json:"count"`
	Score float64        `json:"score"`
	Open  bool           `json:"open"`
	Extra map[string]any `json:"extra"`
}

const good = `{"title":"Pump","body":"é\n\ud83d\ude00","label":{"tlp":"RED","audience":["org:a"]},"count":3,"score":1.5,"open":true,"extra":{"a":[1,null]}}`

func TestUnmarshal(t *testing.T) {
	var got post
	if err := Unmarshal([]byte(" "+good+"\n"), &got); err != nil {
		t.Fatal(err)
	}
	want := post{"Pump", "é\n😀", label{"RED", []string{"org:a"}}, 3, 1.5, true, map[string]any{"a": []any{1.0, nil}}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// secret stands for values in the refused texts; no error may repeat it.
const secret = "s3cr3tvalue"

// refused is every way of being refused that has a name.
var refused = []struct{ name, text, reason string }{
	{"duplicate", `{"title":"` + secret + `","title":"` + secret + `"}`, "given twice at /title"},
	{"duplicate by escape", `{"title":"a","t\u0069tle":"b"}`, "given twice"},
	{"nested duplicate", `{"label":{"tlp":"RED","tlp":"CLEAR"}}`, "given twice at /label/tlp"},
	{"duplicate in a map", `{"extra":{"a":1,"a":2}}`, "given twice at /extra/a"},
	{"the design's own", `{"label":{"tlp":"RED","TLP":"CLEAR"}}`, "letter case from one before it at /label/TLP"},
	{"case variant alone", `{"Title":"` + secret + `"}`, `write "title" at /Title`},
	{"case variants in a map", `{"extra":{"a":1,"A":2}}`, "letter case"},
	{"case variants by folding", `{"extra":{"\u212a":1,"k":2}}`, "letter case"},
	{"long s", `{"extra":{"\u017f":1,"S":2}}`, "letter case"},
	{"unknown", `{"wat":"` + secret + `"}`, "not known here at /wat"},
	{"unknown deep", `{"label":{"wat":{"` + secret + `":1}}}`, "not known here at /label/wat"},
	{"bom", "\xef\xbb\xbf{}", "byte order mark"},
	{"utf-16", "\xff\xfe{\x00}\x00", "NUL"},
	{"utf-16 ascii", "{\x00}\x00", "UTF-16"},
	{"raw nul", "{\"title\":\"a\x00b\"}", "NUL"},
	{"escaped nul", `{"title":"` + secret + `\u0000"}`, "NUL at /title"},
	{"nul in a name", `{"a\u0000":1}`, "NUL"},
	{"lone high surrogate", `{"title":"\ud800"}`, ""},
	{"lone low surrogate", `{"title":"\udc00x"}`, ""},
	{"swapped surrogates", `{"title":"\udc00\ud800"}`, ""},
	{"encoded surrogate", "{\"title\":\"\xed\xa0\x80\"}", "UTF-8"},
	{"bad utf-8", "{\"title\":\"\xff\"}", "UTF-8"},
	{"bad utf-8 in a name", "{\"\xff\":1}", "UTF-8"},
	{"overlong", "{\"title\":\"\xc0\xaf\"}", "UTF-8"},
	{"trailing value", `{} {}`, "follows"},
	{"trailing comma", `{},`, "follows"},
	{"trailing word", `{}` + secret, "follows"},
	{"comment", `{/*` + secret + `*/}`, "not JSON"},
	{"comma before end", `{"title":"a",}`, "not JSON"},
	{"single quotes", `{'title':'a'}`, "not JSON"},
	{"NaN", `{"score":NaN}`, "not JSON"},
	{"Infinity", `{"score":Infinity}`, "not JSON"},
	{"plus", `{"score":+1}`, "not JSON"},
	{"leading zero", `{"score":01}`, "not JSON"},
	{"hex", `{"score":0x1}`, "not JSON"},
	{"cut short", `{"title":"` + secret, "ends in the middle"},
	{"cut short in an array", `{"label":{"audience":["a"`, "ends in the middle"},
	{"empty", ``, "empty"},
	{"blank", " \n", "empty"},
	{"newline in a string", "{\"title\":\"a\nb\"}", "not JSON"},
	{"huge number", `{"score":1` + strings.Repeat("0", 100) + `}`, "more than 64 characters at /score"},
	{"out of range", `{"score":1e999}`, "a number is wanted at /score"},
	{"integer out of range", `{"count":9223372036854775808}`, "within range"},
	{"fraction for an integer", `{"count":1.5}`, "whole number"},
	{"string for a number", `{"count":"` + secret + `"}`, "there is a string at /count"},
	{"number for a string", `{"title":7}`, "a string is wanted, there is a number at /title"},
	{"object for an array", `{"label":{"audience":{}}}`, "an array is wanted, there is an object"},
	{"array for an object", `[]`, "an object is wanted, there is an array"},
}

// T-53: everything refused has a sentence that says where, and repeats no value.
func TestRefused(t *testing.T) {
	for _, c := range refused {
		var v post
		err := Unmarshal([]byte(c.text), &v)
		if err == nil {
			t.Errorf("%s was accepted as %+v", c.name, v)
			continue
		}
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%s: %v is a %T", c.name, err, err)
		}
		if !strings.Contains(err.Error(), c.reason) {
			t.Errorf("%s: %q does not say %q", c.name, err, c.reason)
		}
		if strings.Contains(err.Error(), secret) {
			t.Errorf("%s: %q repeats a value", c.name, err)
		}
		if e.Offset < 0 || e.Offset > int64(len(c.text)) {
			t.Errorf("%s: offset %d of %d", c.name, e.Offset, len(c.text))
		}
	}
}

func TestLimits(t *testing.T) {
	nested := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	keys := func(n int) string {
		var b strings.Builder
		b.WriteString("{")
		for i := range n {
			if i > 0 {
				b.WriteString(",")
			}
			fmt.Fprintf(&b, `"k%d":1`, i)
		}
		return b.String() + "}"
	}
	for _, c := range []struct {
		name, text string
		limits     Limits
		ok         bool
	}{
		{"depth 64", nested(64), Limits{}, true},
		{"depth 65", nested(65), Limits{}, false},
		{"depth 10,001", nested(10_001), Limits{}, false},
		{"depth 10^6, open", strings.Repeat("[", 1e6), Limits{}, false},
		{"objects 65 deep", strings.Repeat(`{"a":`, 65) + "1" + strings.Repeat("}", 65), Limits{}, false},
		{"20,000 keys", keys(20_000), Limits{}, true},
		{"10^6 keys", keys(1e6), Limits{Bytes: 1 << 30}, false},
		{"64 MiB string", `"` + strings.Repeat("a", 64<<20) + `"`, Limits{}, false},
		{"at the byte limit", `"123456"`, Limits{Bytes: 8}, true},
		{"over the byte limit", `"1234567"`, Limits{Bytes: 8}, false},
		{"spaces count", `"123456" `, Limits{Bytes: 8}, false},
		{"a number of 64", strings.Repeat("1", 64), Limits{}, true},
		{"a number of 65", strings.Repeat("1", 65), Limits{}, false},
	} {
		var v any
		err := Decode(strings.NewReader(c.text), c.limits, &v)
		if (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
		if err != nil && len(err.Error()) > 300 {
			t.Errorf("%s: the error is %d bytes long", c.name, len(err.Error()))
		}
	}
	var v any
	if err := Decode(strings.NewReader(`"123456789"`), Limits{Bytes: 8}, &v); !errors.Is(err, ErrTooLarge) {
		t.Errorf("over the limit: %v", err)
	}
	if err := Decode(io.MultiReader(strings.NewReader("{"), errReader{}), Limits{}, &v); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("a broken reader: %v", err)
	}
	var p post
	if err := UnmarshalLimits([]byte(`{"title":"a","other":{"x":1}}`), Limits{AllowUnknown: true}, &p); err != nil || p.Title != "a" {
		t.Errorf("unknown members allowed: %v", err)
	}
	if err := UnmarshalLimits([]byte(`{"title":"a","other":{"x":1,"X":2}}`), Limits{AllowUnknown: true}, &p); err == nil {
		t.Error("case variants inside an ignored member were accepted")
	}
}

type errReader struct{}

func (errReader) Read([]byte) (int, error) { return 0, io.ErrClosedPipe }

// T-53: 600 generated documents, each spoilt in one way at a random place; all
// are refused, and the unspoilt one is read as encoding/json reads it.
func TestSpoiltDocuments(t *testing.T) {
	var total int
	rapid.Check(t, func(t *rapid.T) {
		doc := object(t, 0)
		data, err := stdjson.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		var got, want any
		if err := Unmarshal(data, &got); err != nil {
			t.Fatalf("%s: %v", data, err)
		}
		if err := stdjson.Unmarshal(data, &want); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Fatal(d)
		}
		// Each place is the start of an object that has a member.
		var places []int
		for i, c := range data {
			if c == '{' && data[i+1] == '"' {
				places = append(places, i+1)
			}
		}
		at := rapid.SampledFrom(places).Draw(t, "place")
		name := data[at : at+1+bytes.IndexByte(data[at+1:], '"')+1]
		for _, spoil := range []string{
			string(name) + `:1,`,
			strings.ToUpper(string(name)) + `:1,`,
			"\"z\xff\":1,",
			`"z":"\ud800",`,
			`"z":"\u0000",`,
			`"z":` + strings.Repeat("[", 70) + strings.Repeat("]", 70) + `,`,
			`,`,
		} {
			bad := append(append(append([]byte(nil), data[:at]...), spoil...), data[at:]...)
			var v any
			if err := Unmarshal(bad, &v); err == nil {
				t.Fatalf("%s was accepted", bad)
			}
			total++
		}
		for _, bad := range []string{string(data) + "x", string(data[:len(data)-1]), "\ufeff" + string(data)} {
			var v any
			if err := Unmarshal([]byte(bad), &v); err == nil {
				t.Fatalf("%s was accepted", bad)
			}
			total++
		}
	})
	if total < 500 {
		t.Errorf("only %d documents", total)
	}
}

// object draws a document whose names are lower-case letters and differ.
func object(t *rapid.T, depth int) map[string]any {
	o := map[string]any{}
	for _, name := range rapid.SliceOfNDistinct(rapid.StringMatching(`[a-y]{1,6}`), 1, 4, rapid.ID).Draw(t, "names") {
		switch kind := rapid.IntRange(0, 4).Draw(t, "kind"); {
		case kind == 0 && depth < 4:
			o[name] = object(t, depth+1)
		case kind == 1:
			o[name] = rapid.Float64Range(-1e6, 1e6).Draw(t, "number")
		case kind == 2:
			o[name] = []any{true, nil, "x"}
		default:
			// without "{", by which the test finds where objects begin
			o[name] = rapid.StringMatching(`[ -!#-\[\]-z|}~é☃😀]{0,8}`).Draw(t, "string")
		}
	}
	return o
}

// picky is a type with its own decoding, whose words are shown only if it says so.
type picky string

type pickyError struct{}

func (pickyError) Error() string      { return "picky says " + secret }
func (pickyError) JSONReason() string { return "picky wants another" }

func (p *picky) UnmarshalText(b []byte) error {
	switch string(b) {
	case "plain":
		return errors.New("it was " + secret)
	case "reason":
		return pickyError{}
	}
	*p = picky(b)
	return nil
}

func TestErrorsOfTypes(t *testing.T) {
	var v struct{ P picky }
	err := Unmarshal([]byte(`{"P":"plain"}`), &v)
	if err == nil || err.Error() != "the value does not fit at /P (byte 5)" {
		t.Errorf("got %v", err)
	}
	err = Unmarshal([]byte(`{"P":"reason"}`), &v)
	if err == nil || !strings.HasPrefix(err.Error(), "picky wants another at /P") || !errors.As(err, new(pickyError)) {
		t.Errorf("got %v", err)
	}
	long := `{"` + strings.Repeat("a", 5000) + `\u202e":1}`
	if err := Unmarshal([]byte(long), &v); err == nil || len(err.Error()) > 300 {
		t.Errorf("a long name makes a long error: %v", err)
	}
	if err := Unmarshal([]byte(`{"a\u202eb":1}`), &v); err == nil || strings.ContainsRune(err.Error(), '\u202e') {
		t.Errorf("a control character came through: %q", err)
	}
}

// RFC 8785 §3.2.2 and appendix B.
func TestCanonical(t *testing.T) {
	for _, c := range []struct {
		v    any
		want string
	}{
		{map[string]any{"b": 1, "a": []any{true, nil, "é\u20ac$\u000f\n\"\\"}}, `{"a":[true,null,"é€$\u000f\n\"\\"],"b":1}`},
		{stdjson.RawMessage(`[333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001, -0]`), `[333333333.3333333,1e+30,4.5,0.002,1e-27,0]`},
		{map[string]int{"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\U0001f600": 5, "\u0080": 6, "\u00f6": 7}, `{"\r":2,"1":4,"` + "\u0080" + `":6,"ö":7,"€":1,"😀":5,"` + "\ufb33" + `":3}`},
		{int64(1) << 53, `9007199254740992`},
	} {
		got, err := Canonical(c.v)
		if err != nil {
			t.Errorf("%v: %v", c.v, err)
		} else if string(got) != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
	}
	for _, v := range []any{int64(1)<<53 + 1, map[string]any{"a": int64(-1)<<53 - 1}, "\xff", func() {}} {
		if got, err := Canonical(v); err == nil {
			t.Errorf("%v was written as %s", v, got)
		}
	}
}

func FuzzUnmarshal(f *testing.F) {
	f.Add([]byte(good))
	for _, c := range refused {
		f.Add([]byte(c.text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var v any
		if err := Unmarshal(data, &v); err != nil {
			return
		}
		// What is accepted, the standard library reads alike.
		var std any
		if err := stdjson.Unmarshal(data, &std); err != nil {
			t.Fatalf("encoding/json refuses %q: %v", data, err)
		}
		if d := cmp.Diff(std, v); d != "" {
			t.Error(d)
		}
		if canonical, err := Canonical(v); err == nil {
			var again any
			if err := Unmarshal(canonical, &again); err != nil {
				t.Errorf("%q is not accepted again: %v", canonical, err)
			}
		}
		var p post
		_ = Unmarshal(data, &p)
	})
}
