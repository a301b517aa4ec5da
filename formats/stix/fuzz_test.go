package stix

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func seeds(f *testing.F) {
	files, _ := filepath.Glob("testdata/*/*.json")
	for _, path := range files {
		if data, err := os.ReadFile(path); err == nil && len(data) < 10_000 {
			f.Add(data)
		}
	}
	for name, text := range corpus() {
		if len(text) < 2000 && (name[0] == 'i' || name[0] == 'm') {
			f.Add(text)
		}
	}
	for typ, entry := range typeTable {
		if entry.class == SCO {
			f.Add([]byte(seen(typ, `"value":"a"`)))
		} else {
			f.Add([]byte(made(typ, `"name":"a"`)))
		}
	}
}

// FuzzParse: no text makes Parse panic (T-49); what it accepts is JSON to
// another reader too, keeps its bytes and reads the same again.
func FuzzParse(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		o, err := Parse(text)
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || e.Fatal || e.Reason == "" {
				t.Fatalf("%#v", err)
			}
			return
		}
		if !bytes.Equal(o.Raw, bytes.Trim(text, " \t\r\n")) {
			t.Fatal("other bytes")
		}
		if typ, ok := ID(o.ID); !ok || typ != o.Type || o.Class == "" {
			t.Fatalf("%q of %q", o.ID, o.Type)
		}
		var other struct{ ID, Type string }
		if err := json.Unmarshal(o.Raw, &other); err != nil || other.ID != o.ID || other.Type != o.Type {
			t.Fatalf("%+v, %v", other, err)
		}
		again, err := Parse(o.Raw)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(o, again); diff != "" {
			t.Fatal(diff)
		}
	})
}

// FuzzReader: no text makes a Reader panic or go on for ever (T-49); each
// object that it gives is what Parse gives.
func FuzzReader(f *testing.F) {
	seeds(f)
	f.Add([]byte(bundle(seen("url", `"value":"a"`), "7", seen("url", ""))))
	f.Add([]byte(`{"more":true,"objects":[{}],"next":"x"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		r := NewReader(bytes.NewReader(text), Limits{Object: 20_000, Objects: 500, Total: 1 << 20})
		for n := 0; ; n++ {
			o, err := r.Next()
			if err == io.EOF {
				return
			}
			if n > len(text) {
				t.Fatal("more objects than bytes")
			}
			var e *Error
			if errors.As(err, &e) {
				if e.Fatal {
					return
				}
				continue
			}
			if err != nil {
				t.Fatalf("%#v", err)
			}
			alone, err := Parse(o.Raw)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(alone, o); diff != "" {
				t.Fatal(diff)
			}
			if !bytes.Contains(text, o.Raw) {
				t.Fatal("other bytes")
			}
		}
	})
}
