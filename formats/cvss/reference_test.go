package cvss

import (
	"math/big"
	"testing"

	gocvss40 "github.com/pandatix/go-cvss/40"
	"pgregory.net/rapid"
)

// This file writes the formulas of 3.0 and 3.1 down a second time, in exact
// arithmetic, and compares; and it compares 4.0 with the library.

func rat(s string) *big.Rat {
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		panic(s)
	}
	return r
}

func mul(all ...*big.Rat) *big.Rat {
	p := big.NewRat(1, 1)
	for _, r := range all {
		p.Mul(p, r)
	}
	return p
}

func add(a, b *big.Rat) *big.Rat { return new(big.Rat).Add(a, b) }
func sub(a, b *big.Rat) *big.Rat { return new(big.Rat).Sub(a, b) }

func least(a, b *big.Rat) *big.Rat {
	if a.Cmp(b) < 0 {
		return a
	}
	return b
}

func power(r *big.Rat, n int) *big.Rat {
	p := big.NewRat(1, 1)
	for range n {
		p.Mul(p, r)
	}
	return p
}

// roundup is the smallest number of tenths that is not below r; 3.1 (appendix
// A) first rounds to five decimals.
func roundup(version Version, r *big.Rat) *big.Rat {
	if version == V31 {
		r = new(big.Rat).SetFrac(floor(add(mul(r, rat("100000")), rat("1/2"))), big.NewInt(100000))
	}
	tenths := floor(mul(r, rat("-10")))
	return new(big.Rat).SetFrac(tenths.Neg(tenths), big.NewInt(10))
}

func floor(r *big.Rat) *big.Int {
	return new(big.Int).Div(r.Num(), r.Denom()) // Euclidean, and the denominator is positive
}

var weights = map[string]map[string]string{
	"AV": {"N": "0.85", "A": "0.62", "L": "0.55", "P": "0.2"},
	"AC": {"L": "0.77", "H": "0.44"},
	"PR": {"N": "0.85", "L": "0.62", "H": "0.27"},
	"PC": {"N": "0.85", "L": "0.68", "H": "0.5"}, // PR with a changed scope
	"UI": {"N": "0.85", "R": "0.62"},
	"C":  {"H": "0.56", "L": "0.22", "N": "0"},
	"CR": {"X": "1", "H": "1.5", "M": "1", "L": "0.5"},
	"E":  {"X": "1", "H": "1", "F": "0.97", "P": "0.94", "U": "0.91"},
	"RL": {"X": "1", "U": "1", "W": "0.97", "T": "0.96", "O": "0.95"},
	"RC": {"X": "1", "C": "1", "R": "0.96", "U": "0.92"},
}

// score3 computes the score of a 3.0 or 3.1 vector: CVSS 3.1 §7.1 to 7.3, and
// for 3.0 its §8.
func score3(v Vector) float64 {
	env := v.Nomenclature() == "environmental"
	val := func(code string) string {
		if env && v.Get("M"+code) != "X" {
			return v.Get("M" + code)
		}
		return v.Get(code)
	}
	weight := func(table, value string) *big.Rat { return rat(weights[table][value]) }
	one := rat("1")
	safe := one
	for impact, need := range map[string]string{"C": "CR", "I": "IR", "A": "AR"} {
		w := weight("C", val(impact))
		if env {
			w = mul(w, weight("CR", v.Get(need)))
		}
		safe = mul(safe, sub(one, w))
	}
	iss := sub(one, safe)
	if env {
		iss = least(iss, rat("0.915"))
	}
	changed := val("S") == "C"
	impact, pr := mul(rat("6.42"), iss), "PR"
	if changed {
		tail := power(sub(iss, rat("0.02")), 15)
		if env && v.Version == V31 {
			tail = power(sub(mul(iss, rat("0.9731")), rat("0.02")), 13)
		}
		impact, pr = sub(mul(rat("7.52"), sub(iss, rat("0.029"))), mul(rat("3.25"), tail)), "PC"
	}
	if impact.Sign() <= 0 {
		return 0
	}
	sum := add(impact, mul(rat("8.22"), weight("AV", val("AV")), weight("AC", val("AC")), weight(pr, val("PR")), weight("UI", val("UI"))))
	if changed {
		sum = mul(sum, rat("1.08"))
	}
	score := roundup(v.Version, least(sum, rat("10")))
	if v.Nomenclature() != "base" {
		score = roundup(v.Version, mul(score, weight("E", v.Get("E")), weight("RL", v.Get("RL")), weight("RC", v.Get("RC"))))
	}
	f, _ := score.Float64()
	return f
}

// every walks through all combinations of the base metrics.
func every(version Version, each func(map[string]string)) {
	values := map[string]string{}
	var walk func([]Metric)
	walk = func(rest []Metric) {
		if len(rest) == 0 || !rest[0].Required() {
			each(values)
			return
		}
		for _, v := range rest[0].Values {
			values[rest[0].Code] = v.Code
			walk(rest[1:])
		}
	}
	walk(catalogue(version))
}

// all 2,592 base vectors of 3.0 and of 3.1.
func TestReference3(t *testing.T) {
	for _, version := range []Version{V30, V31} {
		n := 0
		every(version, func(values map[string]string) {
			n++
			v, err := Build(version, values)
			if err != nil {
				t.Fatal(err)
			}
			if want := score3(v); v.Score() != want || v.BaseScore() != want {
				t.Errorf("%s is %.1f, not %.1f", v, v.Score(), want)
			}
		})
		if n != 2592 {
			t.Errorf("%d base vectors", n)
		}
	}
}

func TestReference3Environmental(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		version := rapid.SampledFrom([]Version{V30, V31}).Draw(t, "version")
		v, err := Build(version, draw(t, version))
		if err != nil {
			t.Fatal(err)
		}
		if want := score3(v); v.Score() != want {
			t.Fatalf("%s is %.1f, not %.1f", v, v.Score(), want)
		}
	})
}

// What the tables say of the levels follows from how levels are defined: where
// they begin, and how deep they are.
func TestLevels(t *testing.T) {
	for i, s := range sets {
		values := map[string]byte{}
		least, most := map[string]int{}, map[string]int{}
		var walk func([]string, int)
		walk = func(rest []string, steps int) {
			if len(rest) == 0 {
				at := s.of(func(code string) byte { return values[code] })
				if n, ok := least[at]; !ok || steps < n {
					least[at] = steps
				}
				most[at] = max(most[at], steps)
				return
			}
			for i := range severity[rest[0]] {
				values[rest[0]] = severity[rest[0]][i]
				walk(rest[1:], steps+i)
			}
		}
		walk(s.metrics, 0)
		if len(least) != len(s.levels) {
			t.Errorf("set %d has the levels %v", i, least)
		}
		for at, l := range s.levels {
			if l.top != least[at] {
				t.Errorf("set %d: level %s begins after %d steps, not %d", i, at, least[at], l.top)
			}
			if l.depth != most[at]-least[at]+1 || 840%l.depth != 0 {
				t.Errorf("set %d: level %s is %d deep, not %d", i, at, most[at]-least[at]+1, l.depth)
			}
		}
	}
	if len(macros()) != 270 {
		t.Errorf("%d macro vectors", len(macros()))
	}
}

// library4 compares a 4.0 score with the library's, which is its own reading
// of the specification. It rounds in floating point: where the exact score ends
// in a half it may be a tenth below. It returns whether it was.
func library4(t interface{ Fatalf(string, ...any) }, v Vector) bool {
	c, err := gocvss40.ParseVector(v.String())
	if err != nil {
		t.Fatalf("%s: %v", v, err)
	}
	num, den := score4(v)
	got, want := int(v.Score()*10+0.5), int(c.Score()*10+0.5)
	if half := 2*num%den == 0 && num%den != 0; got != want && !(half && got == want+1) {
		t.Fatalf("%s is %.1f (%d/%d), not %.1f", v, v.Score(), num, den, c.Score())
	}
	return got != want
}

// all 104,976 base vectors of 4.0.
func TestReference4(t *testing.T) {
	n, halves := 0, 0
	every(V40, func(values map[string]string) {
		n++
		v, err := Build(V40, values)
		if err != nil {
			t.Fatal(err)
		}
		if library4(t, v) {
			halves++
		}
		if v.Score() != v.BaseScore() {
			t.Fatalf("%s: %v, %v", v, v.Score(), v.BaseScore())
		}
	})
	if n != 104976 || halves != 450 {
		t.Errorf("%d base vectors, %d of them halves that the library rounds down", n, halves)
	}
}

// The same for vectors with threat, environmental and supplemental metrics.
func TestReference4Environmental(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v, err := Build(V40, draw(t, V40))
		if err != nil {
			t.Fatal(err)
		}
		library4(t, v)
	})
}
