package stix

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestOASIS: OASIS's valid examples are accepted and come out of Reader and
// WriteBundle byte for byte; the invalid ones are refused.
func TestOASIS(t *testing.T) {
	invalid := map[string]string{
		"invalid_braces.json":   "this is not JSON",
		"invalid_comma.json":    "this is not JSON",
		"invalid_identity.json": "modified is missing",
	}
	files, err := filepath.Glob("testdata/*/*.json")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d examples, %v", len(files), err)
	}
	for _, path := range files {
		t.Run(filepath.Base(path), func(t *testing.T) {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			objects, refused, fatal := readAll(NewReader(bytes.NewReader(data), Limits{}))
			if reason, ok := invalid[filepath.Base(path)]; ok {
				why := fatal
				if len(refused) == 1 {
					why = refused[0]
				}
				if len(objects) > 0 || why == nil || !strings.Contains(why.Error(), reason) {
					t.Errorf("%d accepted, %v, want %q", len(objects), why, reason)
				}
				return
			}
			if fatal != nil || refused != nil {
				t.Fatalf("%v, %v", refused, fatal)
			}

			// Another reader's idea of where the objects lie.
			var whole struct{ Objects []json.RawMessage }
			if err := json.Unmarshal(data, &whole); err != nil {
				t.Fatal(err)
			}
			want := whole.Objects
			if want == nil {
				want = []json.RawMessage{bytes.TrimSpace(data)}
			}
			sameRaw(t, objects, want)

			var written bytes.Buffer
			if err := WriteBundle(&written, bundleID, raws(objects)); err != nil {
				t.Fatal(err)
			}
			again, refused, fatal := readAll(NewReader(&written, Limits{}))
			if fatal != nil || refused != nil {
				t.Fatalf("written: %v, %v", refused, fatal)
			}
			sameRaw(t, again, want)
		})
	}
}

func sameRaw(t *testing.T, objects []Object, want []json.RawMessage) {
	t.Helper()
	if len(objects) != len(want) || len(want) == 0 {
		t.Fatalf("%d objects, want %d", len(objects), len(want))
	}
	for i := range want {
		if !bytes.Equal(objects[i].Raw, want[i]) {
			t.Errorf("object %d differs:\n%s\n%s", i, objects[i].Raw, want[i])
		}
	}
}

func raws(objects []Object) func(yield func([]byte, error) bool) {
	return func(yield func([]byte, error) bool) {
		for _, o := range objects {
			if !yield(o.Raw, nil) {
				return
			}
		}
	}
}

func TestWriteBundle(t *testing.T) {
	var w bytes.Buffer
	if err := WriteBundle(&w, bundleID, raws(nil)); err != nil || w.String() != `{"type":"bundle","id":"`+bundleID+`"}` {
		t.Errorf("%s, %v", w.String(), err)
	}
	if err := WriteBundle(&w, "report--"+u1, raws(nil)); err == nil {
		t.Error("a report's id was taken for a bundle's")
	}
	for _, raw := range []string{"", "7", `[{}]`, ` {}`} {
		if err := WriteBundle(&w, bundleID, raws([]Object{{Raw: []byte(raw)}})); err == nil {
			t.Errorf("%q was written", raw)
		}
	}
	// An error on the way leaves what no reader takes for a whole bundle.
	broken := errors.New("the disk is gone")
	w.Reset()
	err := WriteBundle(&w, bundleID, func(yield func([]byte, error) bool) {
		_ = yield([]byte(seen("url", `"value":"a"`)), nil) && yield(nil, broken)
	})
	if !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
	objects, _, fatal := readAll(NewReader(&w, Limits{}))
	if len(objects) != 1 || fatal == nil {
		t.Errorf("%d objects, %v", len(objects), fatal)
	}
}
