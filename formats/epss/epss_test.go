package epss

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const sample = "#model_version:v2025.03.14,score_date:2025-08-25T12:55:00Z\ncve,epss,percentile\nCVE-2021-44228,0.94358,0.99956\nCVE-1999-0001,1.0e-05,0.0\n"

type scored struct {
	CVE               string
	Score, Percentile float64
	Date              time.Time
}

func read(text []byte) (got []scored, skipped []string, err error) {
	err = EachSkip(bytes.NewReader(text), func(cve string, score, percentile float64, date time.Time) error {
		got = append(got, scored{cve, score, percentile, date})
		return nil
	}, func(where string, err error) { skipped = append(skipped, where+": "+err.Error()) })
	return got, skipped, err
}

func pack(t testing.TB, text []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Values are kept as they are, packed or not.
func TestEach(t *testing.T) {
	day := time.Date(2025, 8, 25, 12, 55, 0, 0, time.UTC)
	want := []scored{{"CVE-2021-44228", 0.94358, 0.99956, day}, {"CVE-1999-0001", 0.00001, 0, day}}
	for _, text := range [][]byte{[]byte(sample), pack(t, []byte(sample)), []byte(strings.ReplaceAll(sample, "\n", "\r\n"))} {
		got, skipped, err := read(text)
		if d := cmp.Diff(want, got); d != "" || err != nil || skipped != nil {
			t.Errorf("%s %v %v", d, skipped, err)
		}
	}
	got, _, err := read([]byte("#score_date:2022-02-04T00:00:00+0000\n" + sample[strings.Index(sample, "cve,"):]))
	if err != nil || !got[0].Date.Equal(time.Date(2022, 2, 4, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("%v %v", got, err)
	}
	r := Record(want[0].CVE, want[0].Score, want[0].Percentile, day)
	if r.ID != want[0].CVE || r.EPSS.Score != 0.94358 || r.EPSS.Percentile != 0.99956 || r.EPSS.Date != day || r.Source != "epss" {
		t.Errorf("%+v", r)
	}
}

func TestSkip(t *testing.T) {
	bad := []string{"CVE-2021-1,0.1,0.1", "CVE-2021-44228,0.1", "CVE-2021-44228,0.1,0.1,0.1", "CVE-2021-44228,1.01,0.1", "CVE-2021-44228,-0.1,0.1", "CVE-2021-44228,NaN,0.1", "CVE-2021-44228,0x1p-2,0.1", "CVE-2021-44228,0.1,"}
	got, skipped, err := read([]byte(sample + strings.Join(bad, "\n") + "\nCVE-2022-0001,1,1\n"))
	if err != nil || len(got) != 3 || len(skipped) != len(bad) || skipped[0] != "line 5: the first value is not a CVE id" || skipped[3] != "line 8: the score of CVE-2021-44228 is not between 0 and 1" {
		t.Errorf("%v %v %v", got, skipped, err)
	}
	err = Each(strings.NewReader(sample+bad[0]), func(string, float64, float64, time.Time) error { return nil })
	if err == nil || err.Error() != "EPSS line 5: the first value is not a CVE id" {
		t.Error(err)
	}
	stop := errors.New("stop")
	if err := Each(strings.NewReader(sample), func(string, float64, float64, time.Time) error { return stop }); !errors.Is(err, stop) {
		t.Error(err)
	}
}

func TestRefused(t *testing.T) {
	for name, text := range map[string]string{
		"nothing": "", "another header": "cve,score\n", "no header": "CVE-2021-44228,0.1,0.1\n", "no date": "#model_version:v1\ncve,epss,percentile\n",
		"a bad date": "#score_date:soon\ncve,epss,percentile\n", "a long line": strings.Repeat("x", 2000), "half gzip": string(pack(t, []byte(sample)))[:40], "bad gzip": "\x1f\x8bxx",
	} {
		if _, _, err := read([]byte(text)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// T-52: a small file that unpacks to a large one ends early.
func TestBomb(t *testing.T) {
	bomb := pack(t, []byte(sample+strings.Repeat("\n", 30<<20)))
	if _, _, err := read(bomb); err == nil || !strings.Contains(err.Error(), "unpacks to more than 100 times") {
		t.Error(len(bomb), err)
	}
	b := bounded{in: strings.NewReader("12345678"), left: 7}
	if _, err := b.Read(make([]byte, 8)); err == nil {
		t.Error("no limit")
	}
}

func FuzzEach(f *testing.F) {
	f.Add([]byte(sample))
	f.Add(pack(f, []byte(sample)))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, _, err := read(data)
		for _, s := range got {
			if !idPattern.MatchString(s.CVE) || !(s.Score >= 0 && s.Score <= 1 && s.Percentile >= 0 && s.Percentile <= 1) {
				t.Errorf("%+v %v", s, err)
			}
		}
	})
}

func BenchmarkEach(b *testing.B) {
	var text strings.Builder
	text.WriteString(sample)
	for i := range 100_000 {
		fmt.Fprintf(&text, "CVE-2024-%d,0.%05d,0.%05d\n", 10_000+i, i, i)
	}
	packed := pack(b, []byte(text.String()))
	n := 0
	for b.Loop() {
		if err := Each(bytes.NewReader(packed), func(string, float64, float64, time.Time) error { n++; return nil }); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "scores/s")
}
