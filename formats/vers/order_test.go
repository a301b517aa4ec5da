package vers

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/osv-scalibr/semantic"
	"pgregory.net/rapid"
)

// TestOrder: each line of versions ascends, and every pair of it is compared.
func TestOrder(t *testing.T) {
	for _, c := range []struct{ scheme, ascending string }{
		{"semver", "1.0.0-alpha 1.0.0-alpha.1 1.0.0-alpha.beta 1.0.0-beta 1.0.0-beta.2 1.0.0-beta.11 1.0.0-rc.1 1.0.0 1.0.1 1.0.10 2"},
		{"npm", "0.0.0-0 0.9.9 v1.0.0 1.0.1+build 1.0.2"},
		{"Go", "1.22rc1 go1.22.0 v1.22.1 v1.23.0-0.20240101000000-abcdefabcdef v1.23.0+incompatible"},
		{"Bitnami", "6.2.0-rc1 6.2.0 6.2.0-1 6.2.0-10 6.2.1"},
		{"PyPI", "1.0.dev1 1.0a1 1.0b2 1.0rc1 1.0 1.0.post1 1.1 1!0.1"},
		{"Maven", "1.0-alpha-1 1.0-rc1 1.0 1.0-sp1 1.0.1 1.10"},
		{"RubyGems", "1.0.a 1.0.0 1.0.1 1.10"},
		{"Packagist", "1.0.0-beta1 1.0.0-RC1 1.0.0 1.0.1"},
		{"NuGet", "1.0.0-beta 1.0.0 1.0.0.1 1.0.1"},
		{"Debian:11", "1.1.1n-0+deb11u3~bpo1 1.1.1n-0+deb11u3 1.1.1n-0+deb11u4 1.1.1w-0 1:0.1-1"},
		{"Ubuntu:22.04:LTS", "7.81.0-1 7.81.0-1ubuntu1 7.81.0-1ubuntu1.14 7.81.0-1ubuntu1.15"},
		{"Alpine:v3.18", "1.2.4_rc1 1.2.4 1.2.4-r1 1.2.4-r2 1.2.4_p1 1.2.4a"},
		{"AlmaLinux:8", "0:4.18.0-477.10.1.el8_8 4.18.0-477.13.1.el8_8 4.18.0-513.el8 1:0.1-1"},
		{"Hackage", "1.2 1.2.0 1.2.0.1 1.10"},
		{"CRAN", "1.0 1.0-4 1.0-10 1.1"},
		{"generic", "1.1.1-dev 1.1.1-alpha 1.1.1-alpha2 1.1.1-beta 1.1.1rc1 1.1.1 1.1.1k 1.1.1l 1.1.2 1.10"},
		{"generic", "v1.2 1.3 V1.4 version1.5"},
		{"generic", "A.01 A.05 B.02 C.00.04"},
		{"generic", "Rev|A Rev|B Rev|M"},
		{"generic", "3.0|D14 3.0|D15 3.1"},
		{"generic", "BT02 BT03 BT06"},
		{"ConanCenter", "1.1.1 1.1.1k"},
		{"", "012U000040 012U000061 028U000001"},
	} {
		versions := strings.Fields(c.ascending)
		for i := range versions {
			versions[i] = strings.ReplaceAll(versions[i], "|", " ")
		}
		for i, a := range versions {
			for j, b := range versions {
				got, err := Compare(c.scheme, a, b)
				if want := sign(i - j); err != nil || got != want {
					t.Errorf("%s: %s and %s: %d %v, want %d", c.scheme, a, b, got, err, want)
				}
			}
		}
	}
}

func TestSame(t *testing.T) {
	for _, c := range [][3]string{
		{"npm", "1.0.0+a", "1.0.0+b"}, {"npm", "v1.2.3", "1.2.3"}, {"Maven", "1.0", "1.0.0"}, {"PyPI", "1.0RC1", "1.0c1"},
		{"generic", "1.0", "1"}, {"generic", "v1.01", "1.1.0"}, {"generic", "Rev B", "REV b"}, {"generic", "1.2_3", "1.2-3"},
	} {
		if got, err := Compare(c[0], c[1], c[2]); got != 0 || err != nil {
			t.Errorf("%v: %d, %v", c, got, err)
		}
	}
}

// TestIncomparable: what a scheme does not order is an error, not an answer.
func TestIncomparable(t *testing.T) {
	for _, c := range [][3]string{
		{"npm", "latest", "1.0.0"}, {"npm", "1.1.1k", "1.1.1"}, {"Go", "(devel)", "1.0"}, {"PyPI", "1.0-ubuntu-x", "1.0"},
		{"Packagist", "dev-master", "1.0"}, {"Maven", "LATEST", "1.0"}, {"Debian", "unknown", "1.0"}, {"Alpine", "edge", "3.18"},
		{"nobody's", "1", "2"}, {"generic", "", "1"}, {"generic", "1", strings.Repeat("1", 257)},
		{"generic", "Rev B", "3.1"}, {"generic", "B", "3.1"}, {"generic", "BT02", "SV20.1"}, {"generic", "L81", "U61"},
		{"generic", "2018.1", "3.1"}, {"generic", "20180401", "3.1"}, {"generic", "2018", "20180401"},
		{"generic", "1.1.3 Build 10", "1.1.3"}, {"generic", "1.2 SP1", "1.2 HF1"}, {"generic", "1.1.1k", "1.1.1.2"},
		{"generic", "1.2.x", "1.2.3"}, {"generic", "1.4.2-9d9eff4", "1.4.2"}, {"generic", "8/30/2024", "1.0"}, {"generic", "1.0 (beta)", "1.0"},
	} {
		if got, err := Compare(c[0], c[1], c[2]); err == nil {
			t.Errorf("%v: %d, although nothing orders them", c, got)
		}
		if got, err := Compare(c[0], c[2], c[1]); err == nil {
			t.Errorf("%v turned round: %d, although nothing orders them", c, got)
		}
	}
}

// allSchemes are those whose orders the properties try.
var allSchemes = []string{"semver", "npm", "Go", "Bitnami", "PyPI", "Maven", "RubyGems", "Packagist", "NuGet", "Pub", "Debian", "Alpine", "Red Hat", "Hackage", "CRAN", "generic"}

func drawVersion(t *rapid.T, label string) string {
	return rapid.OneOf(
		rapid.StringMatching(`[0-3](\.[0-2]){0,3}`),
		rapid.StringMatching(`v?[0-2](\.[0-2]){0,2}([-. _]?(rc|alpha|beta|a|b|k|dev|p|build|post|sp|r|x)[.-]?[0-2]?){0,2}`),
		rapid.StringMatching(`([A-C]|Rev |BT)\.?[0-2](\.[0-2])?[a-c]?`),
		rapid.StringMatching(`[0-2]?:?[0-2.a~+^-]{1,6}`),
	).Draw(t, label)
}

// TestCompareProperties: Compare is antisymmetric, equal to itself, and
// transitive where it gives an answer.
func TestCompareProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		scheme := rapid.SampledFrom(allSchemes).Draw(t, "scheme")
		a, b, c := drawVersion(t, "a"), drawVersion(t, "b"), drawVersion(t, "c")
		ab, errAB := Compare(scheme, a, b)
		ba, errBA := Compare(scheme, b, a)
		if ab != -ba || (errAB == nil) != (errBA == nil) {
			t.Fatalf("%d %v, turned round %d %v", ab, errAB, ba, errBA)
		}
		if aa, err := Compare(scheme, a, a); err == nil && aa != 0 {
			t.Fatalf("%q is %d to itself", a, aa)
		}
		bc, errBC := Compare(scheme, b, c)
		ac, errAC := Compare(scheme, a, c)
		if errAB == nil && errBC == nil && errAC == nil && ab <= 0 && bc <= 0 && (ac > 0 || ac == 0 && (ab < 0 || bc < 0)) {
			t.Fatalf("%q %d %q %d %q, but %d", a, ab, b, bc, c, ac)
		}
	})
}

// TestNumbersAgree: the quick way for plain numbers says what osv-scalibr's
// comparator says; so does our own for semantic versions.
func TestNumbersAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.StringMatching(`[0-9]{1,2}(\.[0-9]{1,2}){0,2}`).Draw(t, "a")
		b := rapid.StringMatching(`[0-9]{1,2}(\.[0-9]{1,2}){0,2}`).Draw(t, "b")
		for _, scheme := range []string{"npm", "Go", "crates.io", "PyPI", "Maven", "NuGet", "RubyGems", "Pub"} {
			x, y := a, b
			if scheme == "npm" || scheme == "crates.io" {
				pre := rapid.SampledFrom([]string{"", "-rc.1", "-rc.2", "-0", "-alpha", "+b"})
				for strings.Count(x, ".") < 2 {
					x += ".0"
				}
				for strings.Count(y, ".") < 2 {
					y += ".0"
				}
				x += pre.Draw(t, "preA")
				y += pre.Draw(t, "preB")
			}
			got, err := Compare(scheme, x, y)
			want, _ := semantic.MustParse(x, scheme).CompareStr(y)
			if err != nil || got != sign(want) {
				t.Fatalf("%s: %s and %s: %d %v, want %d", scheme, x, y, got, err, want)
			}
		}
	})
}

// TestContainsModel: Contains agrees with a model that asks of small numbers one
// by one.
func TestContainsModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		digits := rapid.IntRange(0, 9)
		text := func(n int) string { return "1." + string(rune('0'+n)) }
		in, not := map[int]bool{}, map[int]bool{}
		spans := func(into map[int]bool, label string) (list []Span) {
			for range rapid.IntRange(0, 2).Draw(t, label) {
				low, high := digits.Draw(t, "low"), digits.Draw(t, "high")
				s := Span{LowOpen: rapid.Bool().Draw(t, "open"), HighClosed: rapid.Bool().Draw(t, "closed")}
				hasLow, hasHigh := rapid.Bool().Draw(t, "hasLow"), rapid.Bool().Draw(t, "hasHigh")
				if hasLow {
					s.Low = text(low)
				}
				if hasHigh {
					s.High = text(high)
				}
				for n := range 10 {
					if (!hasLow || n > low || n == low && !s.LowOpen) && (!hasHigh || n < high || n == high && s.HighClosed) {
						into[n] = true
					}
				}
				list = append(list, s)
			}
			return list
		}
		exact := func(into map[int]bool, label string) (list []string) {
			for _, n := range rapid.SliceOfN(digits, 0, 2).Draw(t, label) {
				into[n] = true
				list = append(list, text(n))
			}
			return list
		}
		r := Range{Scheme: rapid.SampledFrom([]string{"npm", "generic", "PyPI", "Debian"}).Draw(t, "scheme"),
			Exact: exact(in, "exact"), Spans: spans(in, "spans"), Except: spans(not, "except"), ExceptExact: exact(not, "exceptExact")}
		r.All = rapid.IntRange(0, 4).Draw(t, "all") == 0
		for n := range 10 {
			want := Outside
			switch {
			case not[n]:
			case r.All || in[n]:
				want = Inside
			case len(r.Exact)+len(r.Spans) == 0:
				want = Unknown
			}
			if got, why := r.Contains(text(n)); got != want {
				t.Fatalf("%s in %s: %s (%s), want %s", text(n), r, got, why, want)
			}
		}
		// Words for a person make of every Outside an Unknown, unless excepted.
		r.Plain = []string{"and others"}
		for n := range 10 {
			if got, _ := r.Contains(text(n)); got == Outside && !not[n] {
				t.Fatalf("%s in %s: outside, although a person must read it", text(n), r)
			}
		}
	})
}

func TestRoundTrips(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringMatching(`[0-9]{1,2}(\.[0-9]{1,2}){0,2}`)
		words := rapid.SliceOfNDistinct(word, 0, 6, func(s string) string { // by value, as vers asks
			return strings.TrimSuffix(strings.TrimSuffix(strings.Join(slices.Collect(numbers(s)), "."), ".0"), ".0")
		}).Draw(t, "versions")
		r := Range{Scheme: "npm"}
		slices.SortFunc(words, compareNumbers)
		for i := 0; i < len(words); i++ {
			switch rapid.IntRange(0, 3).Draw(t, "as") {
			case 0:
				r.Exact = append(r.Exact, words[i])
			case 1:
				r.ExceptExact = append(r.ExceptExact, words[i])
			default:
				if i+1 < len(words) {
					r.Spans = append(r.Spans, Span{words[i], rapid.Bool().Draw(t, "open"), words[i+1], rapid.Bool().Draw(t, "closed")})
					i++
				}
			}
		}
		back, err := Decode(r.Encode())
		if err != nil || back.Encode() != r.Encode() {
			t.Fatalf("%s: %v, %s", r.Encode(), err, back.Encode())
		}
		text, ok := r.Vers()
		if !ok {
			if len(r.Exact)+len(r.Spans) > 0 {
				t.Fatalf("%s has no vers notation", r)
			}
			return
		}
		again, err := ParseVers(text)
		if err != nil || again.Encode() != r.Encode() {
			t.Fatalf("%s became %s: %v, %s", r.Encode(), text, err, again.Encode())
		}
	})
}

// numbers gives the numbers of a dotted version without leading zeros.
func numbers(s string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for n := range strings.SplitSeq(s, ".") {
			if n = strings.TrimLeft(n, "0"); n == "" {
				n = "0"
			}
			if !yield(n) {
				return
			}
		}
	}
}
