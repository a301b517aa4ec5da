package pattern

import (
	"slices"
	"strings"
)

// Comparison is one constant that a pattern compares a property with.
type Comparison struct {
	Type    string // of the object, such as ipv4-addr
	Path    string // behind the colon, as String prints it
	Op      string // =, IN or LIKE
	Value   string // the constant without quotes: hex in small letters, binary in Base64
	Negated bool   // by NOT or !=, and not by both
}

// tests calls f for each comparison, in reading order.
func (p *Pattern) tests(f func(*test)) {
	var inside func(comparison)
	inside = func(node comparison) {
		switch n := node.(type) {
		case *both:
			for _, kid := range n.kids {
				inside(kid)
			}
		case *test:
			f(n)
		}
	}
	var outside func(observation)
	outside = func(node observation) {
		switch n := node.(type) {
		case *bracket:
			inside(n.expr)
		case *joined:
			for _, kid := range n.kids {
				outside(kid)
			}
		case *qualified:
			outside(n.inner)
		}
	}
	outside(p.root)
}

// Types lists the object types the pattern speaks of, sorted, each once.
func (p *Pattern) Types() []string {
	var types []string
	p.tests(func(t *test) { types = append(types, t.typ) })
	slices.Sort(types)
	return slices.Compact(types)
}

// Values lists what the pattern compares with by =, !=, IN and LIKE, in reading
// order, a member of a set each for itself. It is what search and plain lists of
// indicators are made of.
func (p *Pattern) Values() []Comparison {
	var all []Comparison
	p.tests(func(t *test) {
		c := Comparison{Type: t.typ, Op: t.op, Negated: t.not}
		switch t.op {
		case "!=":
			c.Op, c.Negated = "=", !t.not
		case "=", "IN", "LIKE":
		default:
			return
		}
		c.Path = pathString(t.path)
		for _, arg := range t.args {
			c.Value = arg.plain()
			all = append(all, c)
		}
	})
	return all
}

// Remarks are sentences, each once, about what is well-formed and yet cannot be
// meant, such as AND between properties of two types of object. They are for the
// author; others' patterns are kept with them.
func (p *Pattern) Remarks() []string { return slices.Clone(p.remarks) }

// Simple takes apart a pattern that is exactly [type:path = 'value'].
func (p *Pattern) Simple() (typ, path, value string, ok bool) {
	b, ok := p.root.(*bracket)
	if !ok {
		return "", "", "", false
	}
	t, ok := b.expr.(*test)
	if !ok || t.not || t.op != "=" || t.args[0].kind != constString {
		return "", "", "", false
	}
	return t.typ, pathString(t.path), t.args[0].text, true
}

// Any takes apart a pattern that one of several values meets by itself: brackets
// with no other operator than OR, and =, IN and ISSUBSET in them. ok is false for
// every other pattern: a part of it alone would match what it does not.
func (p *Pattern) Any() (values []Comparison, ok bool) {
	var inside func(comparison) bool
	inside = func(node comparison) bool {
		switch n := node.(type) {
		case *both:
			return n.op == "OR" && !slices.ContainsFunc(n.kids, func(kid comparison) bool { return !inside(kid) })
		case *test:
			if n.not || n.op != "=" && n.op != "IN" && n.op != "ISSUBSET" {
				return false
			}
			for _, arg := range n.args {
				values = append(values, Comparison{Type: n.typ, Path: pathString(n.path), Op: n.op, Value: arg.plain()})
			}
			return true
		}
		return false
	}
	var outside func(observation) bool
	outside = func(node observation) bool {
		switch n := node.(type) {
		case *bracket:
			return inside(n.expr)
		case *joined:
			return n.op == "OR" && !slices.ContainsFunc(n.kids, func(kid observation) bool { return !outside(kid) })
		}
		return false
	}
	if !outside(p.root) {
		return nil, false
	}
	return values, true
}

// Equal builds [type:path = 'value']. path is written as in a pattern; parts
// that need quotes and lack them, as in hashes.SHA-256, are given them. Whether
// typ and value suit each other is for Parse to say.
func Equal(typ, path, value string) string {
	p := &parser{lex: lexer{text: typ + ":" + path}}
	var t test
	err := p.advance()
	if err == nil {
		err = p.path(&t)
	}
	if err != nil || p.tok.kind != tokEnd {
		parts := strings.Split(path, ".")
		for i, part := range parts {
			if !plain(part) && !strings.ContainsAny(part, "[']") {
				parts[i] = Quote(part)
			}
		}
		path = strings.Join(parts, ".")
	} else {
		path = pathString(t.path)
	}
	return "[" + typ + ":" + path + " = " + Quote(value) + "]"
}
