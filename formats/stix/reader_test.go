package stix

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
)

const bundleID = "bundle--" + u1

// bundle gives a bundle of the texts.
func bundle(objects ...string) string {
	return `{"type":"bundle","id":"` + bundleID + `","objects":[` + strings.Join(objects, ",") + `]}`
}

func TestReaderForms(t *testing.T) {
	a, b := seen("url", `"value":"a"`), seen("url", `"value":"b"`)
	for _, c := range []struct {
		name, text string
		objects    int
		id, next   string
		more       bool
	}{
		{"bundle", bundle(a, b), 2, bundleID, "", false},
		{"bundle, spaced", "\n" + strings.ReplaceAll(bundle(a, b), ",", " ,\n\t") + "\n", 2, bundleID, "", false},
		{"bundle, objects first", `{"objects":[` + a + `],"id":"` + bundleID + `","type":"bundle"}`, 1, bundleID, "", false},
		{"bundle with more of its own", `{"type":"bundle","x_a":{"b":[1]},"id":"` + bundleID + `","objects":[` + a + `],"x_b":2}`, 1, bundleID, "", false},
		{"bundle without objects", `{"type":"bundle","id":"` + bundleID + `"}`, 0, bundleID, "", false},
		{"bundle of an empty list", bundle(), 0, bundleID, "", false},
		{"envelope", `{"more":true,"next":"abc","objects":[` + a + `]}`, 1, "", "abc", true},
		{"envelope, objects first", `{"objects":[` + a + `,` + b + `],"more":false,"next":"abc"}`, 2, "", "abc", false},
		{"envelope, empty", `{}`, 0, "", "", false},
		{"envelope without objects", `{"more":false}`, 0, "", "", false},
		{"list", `[` + a + `,` + b + `,` + a + `]`, 3, "", "", false},
		{"list, empty", ` [] `, 0, "", "", false},
		{"object", a, 1, "", "", false},
		{"object, type last", `{"value":"x","id":"url--` + u1 + `","type":"url"}`, 1, "", "", false},
		{"object whose objects are its own", made("observed-data", `"objects":{"0":{"type":"url"}},"first_observed":"2026-01-02T00:00:00Z","last_observed":"2026-01-02T00:00:00Z","number_observed":1`), 1, "", "", false},
	} {
		for how, wrap := range map[string]func(io.Reader) io.Reader{
			"whole": func(r io.Reader) io.Reader { return r }, "by bytes": iotest.OneByteReader, "with EOF": iotest.DataErrReader,
		} {
			t.Run(c.name+" "+how, func(t *testing.T) {
				r := NewReader(wrap(strings.NewReader(c.text)), Limits{})
				objects, refused, fatal := readAll(r)
				if len(objects) != c.objects || refused != nil || fatal != nil {
					t.Fatalf("%d objects, %v, %v", len(objects), refused, fatal)
				}
				next, more := r.EnvelopeNext()
				if r.BundleID() != c.id || next != c.next || more != c.more {
					t.Errorf("%q, %q, %v", r.BundleID(), next, more)
				}
				if r.Offset() == 0 || r.Offset() > int64(len(c.text)) {
					t.Errorf("at %d of %d", r.Offset(), len(c.text))
				}
				if _, err := r.Next(); err != io.EOF {
					t.Errorf("after the end: %v", err)
				}
			})
		}
	}
}

// TestReaderGoesOn: an object that is refused does not stop the stream, whatever
// is wrong within it.
func TestReaderGoesOn(t *testing.T) {
	good := seen("url", `"value":"a"`)
	bad := []string{
		`{}`, `[]`, `7`, `null`, `"x"`,
		seen("url", ""),
		seen("url", `"value":"a","value":"b"`),
		seen("url", `"value":"a","VALUE":"b"`),
		seen("url", `"value":"\ud800"`),
		seen("url", `"value":"\u0000"`),
		seen("url", "\"value\":\"\xff\""),
		seen("url", `"value":"a","x_a":`+strings.Repeat("[", 70)+strings.Repeat("]", 70)),
		seen("url", `"value":"a","x_a":`+strings.Repeat("1", 70)),
		seen("url", `"value":"`+strings.Repeat("a", 1500)+`"`),
		seen("url", `"value":"a","x_a":["`+strings.Repeat("a", 900)+`","`+strings.Repeat("a", 900)+`"`+strings.Repeat(`,"`+strings.Repeat("b", 900)+`"`, 1000)+`]`),
		seen("url", `"value":"a","x_a":[`+strings.Repeat("1,", 250)+`1]`),
		bundle(good),
	}
	var all []string
	for _, b := range bad {
		all = append(all, good, b)
	}
	r := NewReader(strings.NewReader(bundle(append(all, good)...)), Limits{Object: 1000, Values: 200})
	objects, refused, fatal := readAll(r)
	if fatal != nil {
		t.Fatal(fatal)
	}
	if len(objects) != len(bad)+1 || len(refused) != len(bad) {
		t.Errorf("%d accepted, %d refused; want %d, %d", len(objects), len(refused), len(bad)+1, len(bad))
	}
	for i, e := range refused {
		if e.Index != 2*i+1 || !strings.HasPrefix(e.Error(), fmt.Sprintf("object %d", 2*i+2)) {
			t.Errorf("%d: %v (index %d)", i, e, e.Index)
		}
	}
	if e := refused[5]; e.ID != "url--"+u1 {
		t.Errorf("%v does not say which object", e)
	}
	for _, i := range []int{13, 14, 15} {
		if !errors.Is(refused[i], ErrTooLarge) {
			t.Errorf("%v is not ErrTooLarge", refused[i])
		}
	}
}

// TestReaderStops: a text that is broken, or over a limit of the whole, ends
// with one error that stays; what came before it is given.
func TestReaderStops(t *testing.T) {
	a := seen("url", `"value":"a"`)
	whole := bundle(a, a)
	for _, c := range []struct {
		name, text string
		limits     Limits
		objects    int
		reason     string
	}{
		{"empty", "", Limits{}, 0, "the text is empty"},
		{"spaces", " \n\t ", Limits{}, 0, "the text is empty"},
		{"a number", "7", Limits{}, 0, "neither a JSON object"},
		{"a string", `"bundle"`, Limits{}, 0, "neither a JSON object"},
		{"XML", "<stix/>", Limits{}, 0, "this is not JSON"},
		{"byte order mark", "\xef\xbb\xbf" + whole, Limits{}, 0, "byte order mark"},
		{"UTF-16 with a mark", "\xff\xfe{\x00}\x00", Limits{}, 0, "UTF-16"},
		{"UTF-16 without", "{\x00\"\x00", Limits{}, 0, "UTF-16"},
		{"UTF-16, the other end first", "\x00{\x00\"", Limits{}, 0, "UTF-16"},
		{"gzip", "\x1f\x8b\x08\x00\x00\x00", Limits{}, 0, "compressed"},
		{"zip", "PK\x03\x04\x00", Limits{}, 0, "compressed"},
		{"cut in the second", whole[:len(whole)-20], Limits{}, 1, "ends in the middle"},
		{"cut after the first", bundle(a)[:len(bundle(a))-2], Limits{}, 1, "ends in the middle"},
		{"cut at the end", whole[:len(whole)-1], Limits{}, 2, "ends in the middle"},
		{"twice", whole + whole, Limits{}, 2, "something follows the end"},
		{"followed by words", whole + " x", Limits{}, 2, "something follows the end"},
		{"list followed", "[" + a + "]]", Limits{}, 1, "something follows the end"},
		{"object followed", a + a, Limits{}, 1, "something follows the end"},
		{"comma", bundle(a, ""), Limits{}, 1, "not JSON"},
		{"no comma", bundle(a + a), Limits{}, 1, "not JSON"},
		{"objects twice", strings.TrimSuffix(whole, "}") + `,"objects":[]}`, Limits{}, 2, "given twice"},
		{"objects twice in capitals", strings.TrimSuffix(whole, "}") + `,"Objects":[]}`, Limits{}, 2, "letter case"},
		{"type twice", `{"type":"bundle","type":"bundle","id":"` + bundleID + `"}`, Limits{}, 0, "given twice"},
		{"type of something else, late", `{"objects":[` + a + `],"type":"report"}`, Limits{}, 1, "not a bundle"},
		{"type of something else, later", `{"id":"` + bundleID + `","objects":[` + a + `]}`, Limits{}, 1, "type is missing"},
		{"no id", `{"type":"bundle","objects":[` + a + `]}`, Limits{}, 1, "id is missing"},
		{"id of something else", `{"type":"bundle","id":"report--` + u1 + `","objects":[` + a + `]}`, Limits{}, 0, "the bundle's id"},
		{"objects no list", `{"type":"bundle","id":"` + bundleID + `","objects":{"a":1}}`, Limits{}, 0, "objects is not a list"},
		{"too deep around", `{"type":"bundle","x_a":` + strings.Repeat("[", 70) + strings.Repeat("]", 70) + `}`, Limits{}, 0, "deeper than 64"},
		{"too deep for all", bundle(strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000)), Limits{}, 0, "too deep"},
		{"bad UTF-8 around", "{\"type\":\"bundle\",\"x_a\":\"\xff\"}", Limits{}, 0, "not UTF-8"},
		{"duplicates around", `{"type":"bundle","x_a":{"b":1,"b":2}}`, Limits{}, 0, "given twice"},
		{"one object too many", whole, Limits{Objects: 1}, 1, "more than 1 objects"},
		{"a byte too many", whole, Limits{Total: int64(len(whole)) - 1}, 0, "longer than"},
		{"a string too long", bundle(a, `"`+strings.Repeat("a", 200_000)+`"`), Limits{Object: 1000}, 1, "longer than 1000 bytes"},
		{"spaces for ever", bundle(a, strings.Repeat(" ", 200_000)+a), Limits{Object: 1000}, 1, "longer than 1000 bytes"},
		{"too much around", `{"x_a":"` + strings.Repeat("a", 600) + `","x_b":"` + strings.Repeat("a", 600) + `"}`, Limits{Object: 1000}, 0, "longer than 1000 bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := NewReader(strings.NewReader(c.text), c.limits)
			objects, refused, fatal := readAll(r)
			var e *Error
			if !errors.As(fatal, &e) || !strings.Contains(e.Reason, c.reason) || refused != nil {
				t.Fatalf("%v, %v; want %q", fatal, refused, c.reason)
			}
			// A limit on the whole may be met while reading ahead.
			if len(objects) != c.objects && c.limits.Total == 0 {
				t.Errorf("%d objects, want %d", len(objects), c.objects)
			}
			if _, again := r.Next(); again != fatal {
				t.Errorf("then %v", again)
			}
		})
	}
	if _, _, fatal := readAll(NewReader(strings.NewReader(whole), Limits{Total: int64(len(whole)), Objects: 2})); fatal != nil {
		t.Errorf("at its limits: %v", fatal)
	}
	broken := errors.New("the wire was cut")
	_, _, fatal := readAll(NewReader(io.MultiReader(strings.NewReader(whole[:100]), iotest.ErrReader(broken)), Limits{}))
	if !errors.Is(fatal, broken) {
		t.Errorf("%v does not wrap the reader's error", fatal)
	}
}

// flood gives a bundle of n indicators without ever holding it.
type flood struct {
	n, i int
	buf  bytes.Buffer
}

func (f *flood) Read(b []byte) (int, error) {
	for f.buf.Len() == 0 {
		switch {
		case f.i == 0:
			fmt.Fprintf(&f.buf, `{"type":"bundle","id":%q,"objects":[`, bundleID)
		case f.i == f.n+1:
			f.buf.WriteString("]}")
		case f.i > f.n+1:
			return 0, io.EOF
		default:
			if f.i > 1 {
				f.buf.WriteByte(',')
			}
			fmt.Fprintf(&f.buf, `{"type":"indicator","spec_version":"2.1","id":"indicator--00000000-0000-4000-8000-%012x",%s,`+
				`"pattern":"[ipv4-addr:value = '192.0.2.1']","pattern_type":"stix","valid_from":"2026-01-01T00:00:00Z","description":%q}`,
				f.i, when, strings.Repeat("some words. ", 50))
		}
		f.i++
	}
	return f.buf.Read(b)
}

// TestReaderMemory: a bundle of 100,000 objects, 95 MB, streams in little memory
// (T-55).
func TestReaderMemory(t *testing.T) {
	const n = 100_000
	r := NewReader(&flood{n: n}, Limits{})
	var before, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var most uint64
	got := 0
	for {
		_, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if got++; got%10_000 == 0 {
			runtime.GC()
			runtime.ReadMemStats(&now)
			most = max(most, now.HeapAlloc)
		}
	}
	if got != n {
		t.Errorf("%d objects", got)
	}
	if grown := int64(most) - int64(before.HeapAlloc); grown > 4<<20 {
		t.Errorf("%d bytes more are held on the way", grown)
	}
	if r.Offset() < 80<<20 {
		t.Errorf("%d bytes only", r.Offset())
	}
}

// TestSkipMemory: one object of 200 MB is refused in little memory.
func TestSkipMemory(t *testing.T) {
	huge := io.MultiReader(
		strings.NewReader(`{"type":"bundle","id":"`+bundleID+`","objects":[{"type":"url","x_a":[1`),
		&repeat{text: `,"` + strings.Repeat("a", 1000) + `"`, n: 200_000},
		strings.NewReader(`]},`+seen("url", `"value":"a"`)+`]}`))
	r := NewReader(huge, Limits{Object: 1 << 20})
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	objects, refused, fatal := readAll(r)
	runtime.ReadMemStats(&after)
	if len(objects) != 1 || len(refused) != 1 || fatal != nil || !errors.Is(refused[0], ErrTooLarge) {
		t.Fatalf("%d objects, %v, %v", len(objects), refused, fatal)
	}
	if sys := after.HeapSys - before.HeapSys; int64(sys) > 32<<20 {
		t.Errorf("the heap grew by %d bytes", sys)
	}
}

type repeat struct {
	text string
	n    int
	rest string
}

func (r *repeat) Read(b []byte) (int, error) {
	if r.rest == "" {
		if r.n == 0 {
			return 0, io.EOF
		}
		r.rest, r.n = r.text, r.n-1
	}
	n := copy(b, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}
