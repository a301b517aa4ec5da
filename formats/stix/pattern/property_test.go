package pattern

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// oneOf draws one of the generators' results, at depth 0 only of the first.
func oneOf[T any](t *rapid.T, depth int, gens ...func() T) T {
	if depth <= 0 {
		return gens[0]()
	}
	return gens[rapid.IntRange(0, len(gens)-1).Draw(t, "kind")]()
}

var (
	names   = rapid.SampledFrom([]string{"value", "name", "x_1", "_", "IN", "true", "a-b", "SHA-256", "", "it's", `\`, "é.", "7", "h", "extensions"})
	typings = rapid.SampledFrom([]string{"file", "ipv4-addr", "x-a-", "_t", "h", "t"})
	texts   = rapid.OneOf(rapid.SampledFrom([]string{"", "'", `\`, `\\'`, "// x", "/* x", "\n", "198.51.100.0/24", "a%_", "(", "[a:b = 1]"}),
		rapid.Map(rapid.String(), func(s string) string { return strings.ReplaceAll(strings.ToValidUTF8(s, "?"), "\x00", "") }))
	stamps = rapid.SampledFrom([]string{"2030-01-31T12:00:00Z", "2023-02-30T23:59:60.000Z", "0000-01-01T00:00:00.123456789012Z"})
)

func drawConstant(t *rapid.T, kinds ...constantKind) constant {
	c := constant{kind: rapid.SampledFrom(kinds).Draw(t, "constant")}
	switch c.kind {
	case constString, constHex, constBinary:
		c.text = texts.Draw(t, "text")
	case constInt:
		c.i = rapid.Int64().Draw(t, "int")
	case constFloat:
		c.f = rapid.Float64().Draw(t, "float")
	case constBool:
		c.b = rapid.Bool().Draw(t, "bool")
	case constTime:
		c.text = stamps.Draw(t, "time")
		c.t, _ = timestamp(c.text)
	}
	return c
}

var anyKind = []constantKind{constString, constInt, constFloat, constBool, constHex, constBinary, constTime}

func drawTest(t *rapid.T, typ string) *test {
	n := &test{typ: typ, not: rapid.Bool().Draw(t, "not")}
	n.path = []step{{kind: stepKey, key: names.Draw(t, "key")}}
	for range rapid.IntRange(0, 3).Draw(t, "steps") {
		n.path = append(n.path, rapid.SampledFrom([]step{{kind: stepKey, key: names.Draw(t, "key")}, {kind: stepIndex, index: rapid.IntRange(0, math.MaxInt32).Draw(t, "index")}, {kind: stepEach}}).Draw(t, "step"))
	}
	n.op = rapid.SampledFrom([]string{"=", "!=", "<", "<=", ">", ">=", "IN", "LIKE", "MATCHES", "ISSUBSET", "ISSUPERSET", "EXISTS"}).Draw(t, "op")
	switch n.op {
	case "EXISTS":
	case "IN":
		kind := rapid.SampledFrom(anyKind).Draw(t, "of")
		for range rapid.IntRange(0, 3).Draw(t, "members") {
			n.args = append(n.args, drawConstant(t, kind))
		}
	case "=", "!=":
		n.args = []constant{drawConstant(t, anyKind...)}
	case "LIKE", "ISSUBSET", "ISSUPERSET":
		n.args = []constant{drawConstant(t, constString)}
		if n.op != "LIKE" {
			n.net, _ = network(n.args[0].text)
		}
	case "MATCHES":
		n.args = []constant{{text: rapid.SampledFrom([]string{"", `^a\.b'$`, `[\\]`, "x{3}"}).Draw(t, "regexp")}}
		n.re, n.weight, _ = compile(n.args[0].text, maxRegexp)
	default:
		n.args = []constant{drawConstant(t, constString, constInt, constFloat, constHex, constBinary, constTime)}
	}
	return n
}

func drawComparison(t *rapid.T, depth int) comparison {
	return oneOf(t, depth,
		func() comparison { return drawTest(t, typings.Draw(t, "type")) },
		func() comparison {
			n := &both{op: rapid.SampledFrom([]string{"AND", "OR"}).Draw(t, "op")}
			for range rapid.IntRange(2, 3).Draw(t, "kids") {
				n.kids = append(n.kids, drawComparison(t, depth-1))
			}
			return n
		})
}

func drawObservation(t *rapid.T, depth int) observation {
	return oneOf(t, depth,
		func() observation { return &bracket{expr: drawComparison(t, 2)} },
		func() observation {
			n := &joined{op: rapid.SampledFrom([]string{"AND", "OR", "FOLLOWEDBY"}).Draw(t, "op")}
			for range rapid.IntRange(2, 3).Draw(t, "kids") {
				n.kids = append(n.kids, drawObservation(t, depth-1))
			}
			return n
		},
		func() observation {
			n := &qualified{kind: rapid.SampledFrom([]string{"WITHIN", "REPEATS", "START"}).Draw(t, "kind"), inner: drawObservation(t, depth-1)}
			switch n.kind {
			case "WITHIN":
				n.from = constant{kind: constFloat, f: rapid.Float64Range(1e-9, 1e18).Draw(t, "seconds")}
			case "REPEATS":
				n.from = constant{kind: constInt, i: rapid.Int64Range(1, math.MaxInt64).Draw(t, "times")}
			case "START":
				n.from, n.to = drawConstant(t, constTime), drawConstant(t, constTime)
			}
			return n
		})
}

// TestPrintedIsRead: a random tree, printed and read, is the same tree. The
// types of brackets and the remarks are the parser's own.
func TestPrintedIsRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := &Pattern{root: drawObservation(t, 4)}
		text := p.String()
		again, err := Parse(text)
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if got := again.String(); got != text {
			t.Fatalf("printed %s\nread as %s", text, got)
		}
		if got, want := dump(again.root), dump(p.root); got != want {
			t.Fatalf("%s\nread as\n%s\nwant\n%s", text, got, want)
		}
	})
}

// dump writes a tree with all its structure, without the printer's help.
func dump(node any) string {
	switch n := node.(type) {
	case *bracket:
		return "[" + dump(n.expr) + "]"
	case *joined:
		s := n.op + "("
		for _, kid := range n.kids {
			s += dump(kid) + ";"
		}
		return s + ")"
	case *both:
		s := n.op + "("
		for _, kid := range n.kids {
			s += dump(kid) + ";"
		}
		return s + ")"
	case *qualified:
		return fmt.Sprintf("%s(%#v,%#v,%s)", n.kind, n.from, n.to, dump(n.inner))
	case *test:
		return fmt.Sprintf("%s:%#v %v %s %#v %v %d %v", n.typ, n.path, n.not, n.op, n.args, n.re, n.weight, n.net)
	}
	return fmt.Sprintf("%T", node)
}

// truth finds every choice of observations that meets a pattern straight from
// the standard's sentences, for observations of one moment. Each choice counts
// how often each observation is taken.
func truth(node observation, obs []Observation) [][]int {
	join := func(a, b [][]int, ok func(x, y []int) bool) [][]int {
		var all [][]int
		for _, x := range a {
			for _, y := range b {
				sum := make([]int, len(obs))
				fits := ok == nil || ok(x, y)
				for i := range sum {
					sum[i] = x[i] + y[i]
					fits = fits && sum[i] <= obs[i].Count
				}
				if fits && !slices.ContainsFunc(all, func(z []int) bool { return slices.Equal(z, sum) }) {
					all = append(all, sum)
				}
			}
		}
		return all
	}
	switch n := node.(type) {
	case *bracket:
		var all [][]int
		name := n.expr.(*test).args[0].text
		for i, o := range obs {
			if o.Objects[0]["name"] == name {
				one := make([]int, len(obs))
				one[i] = 1
				all = append(all, one)
			}
		}
		return all
	case *joined:
		all := truth(n.kids[0], obs)
		for _, kid := range n.kids[1:] {
			next := truth(kid, obs)
			switch n.op {
			case "OR":
				all = append(all, next...)
			case "AND":
				all = join(all, next, nil)
			default:
				all = join(all, next, func(x, y []int) bool {
					_, last, ok1 := extent(x, obs)
					first, _, ok2 := extent(y, obs)
					return ok1 && ok2 && !last.After(first)
				})
			}
		}
		return all
	case *qualified:
		inner := truth(n.inner, obs)
		switch n.kind {
		case "REPEATS":
			all := inner
			for range n.from.i - 1 {
				all = join(all, inner, nil)
			}
			return all
		case "WITHIN":
			return slices.DeleteFunc(inner, func(x []int) bool {
				first, last, ok := extent(x, obs)
				return !ok || last.Sub(first) > time.Duration(n.from.i)*time.Second
			})
		default:
			return slices.DeleteFunc(inner, func(x []int) bool {
				first, last, ok := extent(x, obs)
				return !ok || first.Before(n.from.t) || !last.Before(n.to.t)
			})
		}
	}
	panic("no such node")
}

// extent is the first and last moment of a choice; ok is false when one of it
// has no time.
func extent(choice []int, obs []Observation) (first, last time.Time, ok bool) {
	ok = true
	for i, n := range choice {
		if n == 0 {
			continue
		}
		when := obs[i].First
		ok = ok && !when.IsZero()
		if first.IsZero() || when.Before(first) {
			first = when
		}
		if when.After(last) {
			last = when
		}
	}
	return first, last, ok
}

// TestMatchIsTrue compares Match with truth on small worlds.
func TestMatchIsTrue(t *testing.T) {
	letters := rapid.SampledFrom([]string{"a", "b", "c"})
	var draw func(t *rapid.T, depth int) string
	draw = func(t *rapid.T, depth int) string {
		return oneOf(t, depth,
			func() string { return "[host:name = '" + letters.Draw(t, "name") + "']" },
			func() string {
				op := rapid.SampledFrom([]string{" AND ", " OR ", " FOLLOWEDBY "}).Draw(t, "op")
				return "(" + draw(t, depth-1) + op + draw(t, depth-1) + ")"
			},
			func() string {
				inner := "(" + draw(t, depth-1) + ")"
				n := rapid.IntRange(1, 3).Draw(t, "n")
				switch rapid.IntRange(0, 2).Draw(t, "qualifier") {
				case 0:
					return fmt.Sprintf("%s WITHIN %d SECONDS", inner, n)
				case 1:
					return fmt.Sprintf("%s REPEATS %d TIMES", inner, n)
				}
				m := rapid.IntRange(0, 4).Draw(t, "m")
				return fmt.Sprintf("%s START t'2030-01-31T12:00:0%dZ' STOP t'2030-01-31T12:00:0%dZ'", inner, m, m+n)
			})
	}
	matched := 0
	rapid.Check(t, func(t *rapid.T) {
		obs := make([]Observation, rapid.IntRange(0, 5).Draw(t, "observations"))
		for i := range obs {
			obs[i] = at(float64(rapid.IntRange(0, 6).Draw(t, "second")), host(letters.Draw(t, "name")))
			obs[i].Count = rapid.SampledFrom([]int{1, 1, 2}).Draw(t, "count")
			if rapid.IntRange(0, 9).Draw(t, "timeless") == 0 {
				obs[i].First, obs[i].Last = time.Time{}, time.Time{}
			}
		}
		for range 40 {
			text := draw(t, 3)
			p, err := Parse(text)
			if err != nil {
				t.Fatal(err)
			}
			r, err := p.Match(obs, Limits{})
			if err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			choices := truth(p.root, obs)
			if r.Matched != (len(choices) > 0) {
				t.Fatalf("%s: %v, but the choices are %v", p, r.Matched, choices)
			}
			if !r.Matched {
				continue
			}
			matched++
			if !slices.ContainsFunc(choices, func(choice []int) bool {
				var taken []int
				for i, n := range choice {
					if n > 0 {
						taken = append(taken, i)
					}
				}
				return slices.Equal(taken, r.Observations)
			}) {
				t.Fatalf("%s: %v is none of the choices %v", p, r.Observations, choices)
			}
		}
	})
	if matched == 0 {
		t.Error("no pattern matched: the worlds say nothing")
	}
}

// TestLike compares with the regular expression that says the same.
func TestLike(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringOfN(rapid.RuneFrom([]rune("abé%")), 0, 8, -1).Draw(t, "s")
		like := rapid.StringOfN(rapid.RuneFrom([]rune("abé%_.")), 0, 8, -1).Draw(t, "like")
		re, _, reason := compile("^"+strings.NewReplacer("%", ".*", "_", ".", ".", `\.`).Replace(like)+"$", maxRegexp)
		if reason != "" {
			t.Fatal(reason)
		}
		w := &work{most: 1_000_000}
		if got := w.like(s, like); got != re.MatchString(s) {
			t.Fatalf("%q LIKE %q is %v", s, like, got)
		}
	})
}
