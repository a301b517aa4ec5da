package vulns

import (
	"bytes"
	"errors"
	"io"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cordon-isao/cordon/formats/vuln"
	"github.com/cordon-isao/cordon/policy"
)

// FuzzEach: whatever a file holds, reading it ends, gives the same items each time,
// and what it gives can be written down and read back (T-49).
func FuzzEach(f *testing.F) {
	for i, name := range []string{"osv.jsonl", "cve.jsonl", "kev.json", "epss.csv", "csaf/icsma-17-009-01a.json"} {
		data, err := os.ReadFile("testdata/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(i, data[:min(len(data), 20_000)])
	}
	f.Add(0, []byte("PK\x03\x04"))
	f.Add(0, []byte{0x1f, 0x8b, 8})
	f.Fuzz(func(t *testing.T, kind int, data []byte) {
		k := Kinds()[uint(kind)%uint(len(Kinds()))]
		read := func() (wheres []string, recs []vuln.Record, err error) {
			err = each(k, bytes.NewReader(data), false, func(it item) error {
				wheres = append(wheres, it.where)
				if it.err == nil {
					recs = append(recs, it.rec)
				}
				return nil
			})
			return wheres, recs, err
		}
		a, recs, err := read()
		b, _, again := read()
		if d := cmp.Diff(a, b); d != "" || (err == nil) != (again == nil) {
			t.Fatalf("read again: %s, %v and %v", d, err, again)
		}
		for _, r := range recs {
			in, err := arrive(item{rec: r}, everybody)
			if err != nil {
				continue
			}
			var back vuln.Record
			if err := decode(in.text, &back); err != nil {
				t.Fatalf("%s: %v", in.text, err)
			}
			for _, text := range in.claims {
				var c vuln.Claim
				if err := decode(text, &c); err != nil {
					t.Fatalf("%s: %v", text, err)
				}
				back.Claims = append(back.Claims, c)
				Keys(c)
			}
			second := &incoming{rec: back}
			if err := second.seal(); err != nil || second.digest != in.digest {
				t.Fatalf("read back, it is another: %v\n%s\n%s", err, in.text, second.text)
			}
		}
	})
}

// TestReaderAt: any piece of a file, over the window's ends.
func TestReaderAt(t *testing.T) {
	data := make([]byte, 3*window+17)
	for i := range data {
		data[i] = byte(i * 7 / 3)
	}
	r := &readerAt{r: bytes.NewReader(data)}
	for _, c := range []struct{ off, n int }{{0, 10}, {window - 5, 10}, {len(data) - 10, 10}, {5, 2 * window}, {0, len(data)}, {window * 2, 1}, {100, 50}} {
		p := make([]byte, c.n)
		if n, err := r.ReadAt(p, int64(c.off)); n != c.n || err != nil || !bytes.Equal(p, data[c.off:c.off+c.n]) {
			t.Errorf("%+v: %d, %v", c, n, err)
		}
	}
	p := make([]byte, 20)
	if n, err := r.ReadAt(p, int64(len(data)-5)); n != 5 || !errors.Is(err, io.EOF) {
		t.Errorf("over the end: %d, %v", n, err)
	}
	if n, err := r.ReadAt(p, int64(len(data)+5)); n != 0 || !errors.Is(err, io.EOF) {
		t.Errorf("after the end: %d, %v", n, err)
	}
}

func TestArriveRefuses(t *testing.T) {
	green := policy.Label{TLP: policy.Green, Audience: policy.NewAudience(policy.Community)}
	for _, c := range []struct {
		rec vuln.Record
		l   policy.Label
		ok  bool
	}{
		{vuln.Record{ID: "A-1", Source: "osv"}, everybody, true},
		{vuln.Record{ID: "A-1", Source: "csaf", TLP: "CLEAR"}, everybody, true},
		{vuln.Record{ID: "A-1", Source: "csaf", TLP: "GREEN"}, green, true},
		{vuln.Record{ID: "A-1", Source: "csaf", TLP: "GREEN"}, policy.Default("org_X"), true},
		{vuln.Record{ID: "A-1", Source: "csaf", TLP: "GREEN"}, everybody, false},
		{vuln.Record{ID: "A-1", Source: "csaf", TLP: "AMBER"}, green, false},
		{vuln.Record{ID: "A-1", Source: "csaf", TLP: "RED"}, policy.Default("org_X"), false},
		{vuln.Record{ID: "A-1", Source: "csaf", TLP: "PINK"}, policy.Default("org_X"), false},
		{vuln.Record{Source: "osv"}, everybody, false},
		{vuln.Record{ID: "A\x00", Source: "osv"}, everybody, false},
		{vuln.Record{ID: "A-1"}, everybody, false},
	} {
		if _, err := arrive(item{rec: c.rec}, c.l); (err == nil) != c.ok {
			t.Errorf("%+v under %s: %v", c.rec, c.l.TLP, err)
		}
	}
}
