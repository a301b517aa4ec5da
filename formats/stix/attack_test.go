package stix

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// shared gives a file of the data folder beside the repository, unpacked, and
// skips the test where the folder or zstd is absent.
func shared(tb testing.TB, name string) []byte {
	tb.Helper()
	path := filepath.Join("..", "..", "..", "shared", "data", "stix", name)
	if _, err := os.Stat(path); err != nil {
		tb.Skip("the data folder is not here")
	}
	zstd, err := exec.LookPath("zstd")
	if err != nil {
		tb.Skip("zstd is not here")
	}
	data, err := exec.Command(zstd, "-dc", path).Output()
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

// TestReadAttack: ATT&CK and CAPEC are accepted whole.
func TestReadAttack(t *testing.T) {
	for _, c := range []struct {
		file    string
		objects int
	}{
		{"enterprise-attack-18.1-from-cti.json.zst", 24771},
		{"ics-attack-18.1.json.zst", 1826},
		{"mobile-attack-17.1.json.zst", 2148},
		{"capec-2.1.json.zst", 2683},
	} {
		t.Run(c.file, func(t *testing.T) {
			data := shared(t, c.file)
			r := NewReader(bytes.NewReader(data), Limits{})
			n := 0
			for {
				o, err := r.Next()
				if err == io.EOF {
					break
				}
				if err != nil {
					t.Error(err)
					var e *Error
					if errors.As(err, &e) && e.Fatal {
						break
					}
					continue
				}
				n++
				if n <= 50 && !bytes.Contains(data, o.Raw) {
					t.Errorf("%s: its bytes are not those of the file", o.ID)
				}
				if o.Name == "" && o.Type != "language-content" {
					t.Errorf("%s has no name", o.ID)
				}
				if o.Type == "relationship" && (o.Source == "" || o.Target == "" || len(o.Refs) < 2) {
					t.Errorf("%s has no ends", o.ID)
				}
			}
			if n != c.objects {
				t.Errorf("%d objects, want %d", n, c.objects)
			}
			if r.Offset() != int64(len(data)) && int(r.Offset()) != len(bytes.TrimSpace(data)) {
				t.Errorf("%d bytes consumed of %d", r.Offset(), len(data))
			}
		})
	}
}

func BenchmarkReadATTACK(b *testing.B) {
	data := shared(b, "enterprise-attack-18.1-from-cti.json.zst")
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	objects := 0
	for b.Loop() {
		r := NewReader(bytes.NewReader(data), Limits{})
		for {
			_, err := r.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				b.Fatal(err)
			}
			objects++
		}
	}
	b.ReportMetric(float64(objects)/b.Elapsed().Seconds(), "objects/s")
}
