package scan

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"
)

// TestMeter: a byte order mark is passed over, the rest comes as it is.
func TestMeter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "text")
		mark := rapid.Bool().Draw(t, "mark")
		in := text
		if mark {
			in = append([]byte("\xef\xbb\xbf"), text...)
		}
		if !mark && bytes.HasPrefix(text, []byte("\xef\xbb\xbf")) {
			t.Skip()
		}
		var r io.Reader = bytes.NewReader(in)
		if rapid.Bool().Draw(t, "slow") {
			r = iotest.OneByteReader(r)
		}
		got, err := io.ReadAll(&Meter{R: r, All: 100})
		if err != nil || !bytes.Equal(got, text) {
			t.Fatalf("%q, %v", got, err)
		}
		if _, err := io.ReadAll(&Meter{R: bytes.NewReader(text), All: int64(len(text)) - 1}); len(text) > 0 && err == nil {
			t.Fatal("one byte too many is read")
		}
	})
}

// TestSet: a set of identifiers is one.
func TestSet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ids := rapid.SliceOf(rapid.StringN(0, 3, -1))
		var s, u Set
		a, b := map[string]bool{}, map[string]bool{}
		for _, id := range ids.Draw(t, "a") {
			if s.Add(id) == a[id] {
				t.Fatalf("%q", id)
			}
			a[id] = true
		}
		for _, id := range ids.Draw(t, "b") {
			u.Add(id)
			b[id] = true
		}
		common := 0
		for id := range b {
			if s.Has(id) != a[id] {
				t.Fatalf("%q", id)
			}
			if a[id] {
				common++
			}
		}
		if s.Common(&u) != common || u.Common(&s) != common || s.Len() != len(a) {
			t.Fatalf("%d, want %d", s.Common(&u), common)
		}
	})
}

// TestError: an error is one line, whatever the document holds.
func TestError(t *testing.T) {
	e := &Error{Path: "/a\n" + strings.Repeat("ä", 300), Byte: 7, Reason: "it is wrong"}
	if s := e.Error(); strings.ContainsAny(s, "\n") || len(s) > 300 || !strings.HasSuffix(s, "… (byte 7)") {
		t.Errorf("%q", s)
	}
	for _, c := range []struct {
		e    Error
		want string
	}{
		{Error{Reason: "r"}, "r"},
		{Error{Reason: "r", Line: 3}, "r (line 3)"},
		{Error{Reason: "r", Path: "/a", Line: 3, Byte: 9}, "r at /a (line 3)"},
		{Error{Reason: "r", Byte: 9}, "r (byte 9)"},
	} {
		if got := c.e.Error(); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
	if got := Quote(strings.Repeat("ä", 100) + "\n"); len(got) > 70 || strings.Contains(got, "\n") {
		t.Errorf("%q", got)
	}
}

var limits = Limits{Bytes: 1 << 20, Depth: 4, Text: 10}

// TestWalk: null is nothing, everything else has its type.
func TestWalk(t *testing.T) {
	j := NewJSON(strings.NewReader(`{"s":"x","n":null,"i":3,"l":["a","b"],"one":"c","o":{"\u0061":1},"skip":[{"a":[1]}],"t":"0123456789abc"}`), limits, "s")
	got := map[string]string{}
	err := j.Object(func(name string) error {
		var err error
		switch name {
		case "s", "n":
			got[name], err = j.String()
		case "i":
			var n int64
			n, err = j.Int()
			got[name] = fmt.Sprint(n)
		case "l", "one":
			var l []string
			l, err = j.Strings(2)
			got[name] = strings.Join(l, "+")
		case "o":
			err = j.Object(func(name string) error { got["o"] = name; return j.Skip(name) })
		case "t":
			got[name], err = j.Text(4)
		default:
			err = j.Skip(name)
		}
		return err
	})
	if err != nil || j.End() != nil {
		t.Fatal(err)
	}
	if want := map[string]string{"s": "x", "n": "", "i": "3", "l": "a+b", "one": "c", "o": "a", "t": "0123…"}; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%v, want %v", got, want)
	}
	for text, want := range map[string]string{
		`"x"`: "an object is wanted, there is a string", `{"S":1}`: `is written "s"`, `{"s":"0123456789a"}`: "more than 10 bytes at /s",
		`{"s":"a"`: "ends in the middle", `{"s":true}`: "a string is wanted, there is a boolean at /s", `{"x":[[[[1]]]]}`: "deeper than 4",
		`{"s":1e5}`: "there is a number", `{"s":{}}`: "there is an object", `{"s":[]}`: "there is an array", `{"s":nul}`: "not JSON",
	} {
		j := NewJSON(strings.NewReader(text), limits, "s")
		err := j.Object(func(name string) error {
			if name == "s" {
				_, err := j.String()
				return err
			}
			return j.Skip(name)
		})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}
