package pattern

import (
	"encoding/base64"
	"encoding/hex"
	"strconv"
	"strings"
)

// String prints the pattern in its one canonical form, which Parse reads back as
// the same pattern: no comments, single spaces, no needless parentheses or
// quotes, = for == and != for <>.
func (p *Pattern) String() string {
	var b strings.Builder
	writeObservation(&b, p.root)
	return b.String()
}

// tightness of the observation operators; AND and OR of comparisons compare the
// same way.
var tightness = map[string]int{"FOLLOWEDBY": 1, "OR": 2, "AND": 3}

func writeObservation(b *strings.Builder, node observation) {
	switch n := node.(type) {
	case *bracket:
		b.WriteByte('[')
		writeComparison(b, n.expr)
		b.WriteByte(']')
	case *joined:
		for i, kid := range n.kids {
			if i > 0 {
				b.WriteString(" " + n.op + " ")
			}
			wrap(b, n.wraps(kid), func() { writeObservation(b, kid) })
		}
	case *qualified:
		wrap(b, n.wraps(), func() { writeObservation(b, n.inner) })
		b.WriteString(" " + n.kind + " ")
		writeConstant(b, n.from)
		switch n.kind {
		case "WITHIN":
			b.WriteString(" SECONDS")
		case "REPEATS":
			b.WriteString(" TIMES")
		case "START":
			b.WriteString(" STOP ")
			writeConstant(b, n.to)
		}
	}
}

// wraps says whether kid, an operand of n, is printed in parentheses.
func (n *joined) wraps(kid observation) bool {
	k, ok := kid.(*joined)
	return ok && tightness[k.op] <= tightness[n.op]
}

// wraps is joined.wraps for comparisons.
func (n *both) wraps(kid comparison) bool {
	k, ok := kid.(*both)
	return ok && tightness[k.op] <= tightness[n.op]
}

// wraps says whether what n qualifies is printed in parentheses: it is joined,
// or has a qualifier of n's kind already.
func (n *qualified) wraps() bool {
	inner := n.inner
	for {
		q, ok := inner.(*qualified)
		if !ok {
			break
		}
		if q.kind == n.kind {
			return true
		}
		inner = q.inner
	}
	_, ok := n.inner.(*joined)
	return ok
}

// observationDepth is how many parentheses String prints around one another.
func observationDepth(node observation) int {
	depth := 0
	switch n := node.(type) {
	case *bracket:
		depth = comparisonDepth(n.expr)
	case *joined:
		for _, kid := range n.kids {
			d := observationDepth(kid)
			if n.wraps(kid) {
				d++
			}
			depth = max(depth, d)
		}
	case *qualified:
		depth = observationDepth(n.inner)
		if n.wraps() {
			depth++
		}
	}
	return depth
}

func comparisonDepth(node comparison) int {
	depth := 0
	if n, ok := node.(*both); ok {
		for _, kid := range n.kids {
			d := comparisonDepth(kid)
			if n.wraps(kid) {
				d++
			}
			depth = max(depth, d)
		}
	}
	return depth
}

func writeComparison(b *strings.Builder, node comparison) {
	switch n := node.(type) {
	case *both:
		for i, kid := range n.kids {
			if i > 0 {
				b.WriteString(" " + n.op + " ")
			}
			wrap(b, n.wraps(kid), func() { writeComparison(b, kid) })
		}
	case *test:
		if n.op == "EXISTS" {
			if n.not {
				b.WriteString("NOT ")
			}
			b.WriteString("EXISTS " + n.typ + ":" + pathString(n.path))
			return
		}
		b.WriteString(n.typ + ":" + pathString(n.path) + " ")
		if n.not {
			b.WriteString("NOT ")
		}
		b.WriteString(n.op + " ")
		wrap(b, n.op == "IN", func() {
			for i, c := range n.args {
				if i > 0 {
					b.WriteString(", ")
				}
				writeConstant(b, c)
			}
		})
	}
}

func wrap(b *strings.Builder, parens bool, inside func()) {
	if parens {
		b.WriteByte('(')
	}
	inside()
	if parens {
		b.WriteByte(')')
	}
}

// pathString prints the part of an object path behind the colon.
func pathString(path []step) string {
	var b strings.Builder
	for i, s := range path {
		switch s.kind {
		case stepIndex:
			b.WriteString("[" + strconv.Itoa(s.index) + "]")
		case stepEach:
			b.WriteString("[*]")
		default:
			if i > 0 {
				b.WriteByte('.')
			}
			if plain(s.key) {
				b.WriteString(s.key)
			} else {
				b.WriteString(Quote(s.key))
			}
		}
	}
	return b.String()
}

// plain says whether a property's name stands without quotes.
func plain(s string) bool {
	if s == "" || !letter(s[0]) || keywords[s] {
		return false
	}
	for i := range len(s) {
		if !letter(s[i]) && !digit(s[i]) {
			return false
		}
	}
	return true
}

func writeConstant(b *strings.Builder, c constant) {
	switch c.kind {
	case constString:
		b.WriteString(Quote(c.text))
	case constHex:
		b.WriteString("h'" + c.plain() + "'")
	case constBinary:
		b.WriteString("b'" + c.plain() + "'")
	case constTime:
		b.WriteString("t'" + c.text + "'")
	default:
		b.WriteString(c.plain())
	}
}

// plain is the constant's value without quotes.
func (c constant) plain() string {
	switch c.kind {
	case constInt:
		return strconv.FormatInt(c.i, 10)
	case constFloat:
		s := strconv.FormatFloat(c.f, 'f', -1, 64)
		if !strings.Contains(s, ".") {
			s += ".0"
		}
		return s
	case constBool:
		return strconv.FormatBool(c.b)
	case constHex:
		return hex.EncodeToString([]byte(c.text))
	case constBinary:
		return base64.StdEncoding.EncodeToString([]byte(c.text))
	default:
		return c.text
	}
}

var quoter = strings.NewReplacer(`\`, `\\`, `'`, `\'`)

// Quote is s as a string literal.
func Quote(s string) string { return "'" + quoter.Replace(s) + "'" }
