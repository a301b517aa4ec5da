package pattern

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

func FuzzParse(f *testing.F) {
	for _, name := range []string{"spec_examples.txt", "pass.txt", "fail.txt"} {
		for _, text := range lines(f, name) {
			f.Add(text)
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := Parse(text)
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || e.Line < 1 || e.Col < 1 || e.Offset < 0 || e.Reason == "" || p != nil {
				t.Fatalf("%#v", err)
			}
			return
		}
		roundTrip(t, p)
		p.Types()
		p.Values()
		if typ, path, value, ok := p.Simple(); ok && Equal(typ, path, value) != p.String() {
			t.Fatalf("Equal gives %s for %s", Equal(typ, path, value), p)
		}
	})
}

// FuzzMatch: T-55. Work stays within its limit, and answers do not depend on
// chance.
func FuzzMatch(f *testing.F) {
	for _, text := range lines(f, "spec_examples.txt") {
		f.Add(text, bundle)
	}
	f.Add(`([host:name LIKE '%'] REPEATS 2 TIMES AND [EXISTS host:name]) WITHIN 5 SECONDS`, bundle)
	f.Fuzz(func(t *testing.T, text, objects string) {
		p, err := Parse(text)
		if err != nil {
			return
		}
		obs, err := Observe(split(objects))
		if err != nil {
			return
		}
		begin := time.Now()
		r, err := p.Match(obs, Limits{Steps: 100_000})
		if d := time.Since(begin); d > 2*time.Second {
			t.Fatalf("%v for %d steps", d, r.Steps)
		}
		if r.Steps > 100_000 || err != nil && !errors.Is(err, ErrWork) {
			t.Fatalf("%d steps, %v", r.Steps, err)
		}
		again, err2 := p.Match(obs, Limits{Steps: 100_000})
		if again.Matched != r.Matched || (err == nil) != (err2 == nil) || !slices.Equal(again.Observations, r.Observations) {
			t.Fatalf("%v, then %v", r, again)
		}
	})
}

var benchmarked = `([file:hashes.MD5 = '79054025255fb1a26e4bc422aef54eb4' OR file:name MATCHES '^Final Report.+\\.exe$'] FOLLOWEDBY [windows-registry-key:key LIKE 'HKEY_LOCAL_MACHINE\\foo%']) WITHIN 300 SECONDS`

func BenchmarkParse(b *testing.B) {
	b.SetBytes(int64(len(benchmarked)))
	for b.Loop() {
		if _, err := Parse(benchmarked); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkString(b *testing.B) {
	p := mustParse(b, benchmarked)
	for b.Loop() {
		if p.String() == "" {
			b.Fatal("nothing is printed")
		}
	}
}

func BenchmarkMatch(b *testing.B) {
	p := mustParse(b, benchmarked)
	var obs []Observation
	for i := range 1_000 {
		file := map[string]any{"type": "file", "name": strings.Repeat("x", i%40) + ".exe", "hashes": map[string]any{"MD5": "cead3f77f6cda6ec00f57d76c9a6879f"}}
		obs = append(obs, at(float64(i), file, host("a")))
	}
	obs[500].Objects[0]["name"] = "Final Report 2030.exe"
	obs = append(obs, at(700, map[string]any{"type": "windows-registry-key", "key": `HKEY_LOCAL_MACHINE\foo\bar`}))
	for b.Loop() {
		if r, err := p.Match(obs, Limits{}); err != nil || !r.Matched {
			b.Fatal(r.Matched, err)
		}
	}
}
