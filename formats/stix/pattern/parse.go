package pattern

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Limits of a pattern's text.
const (
	maxText   = 64 << 10 // bytes
	maxDepth  = 64       // parentheses and qualifiers around one another
	maxNodes  = 10_000   // comparisons, path parts, constants, operators and qualifiers
	maxRegexp = 20_000   // instructions of all regular expressions together
)

// Parse reads a pattern. Its error is an *Error.
func Parse(text string) (*Pattern, error) {
	p, err := parse(text)
	if err != nil {
		return nil, err
	}
	return p, nil
}

func parse(text string) (*Pattern, *Error) {
	if len(text) > maxText {
		return nil, fault("", 0, "the pattern is longer than %d bytes", maxText)
	}
	if !utf8.ValidString(text) {
		at := 0
		for r, w := utf8.DecodeRuneInString(text); r != utf8.RuneError || w != 1; r, w = utf8.DecodeRuneInString(text[at:]) {
			at += w
		}
		return nil, fault(text, at, "the text is not UTF-8")
	}
	if at := strings.IndexByte(text, 0); at >= 0 {
		return nil, fault(text, at, "the text holds NUL")
	}
	p := &parser{lex: lexer{text: text}}
	if err := p.advance(); err != nil {
		return nil, err
	}
	root, err := p.sequence()
	if err != nil {
		return nil, err
	}
	if p.tok.kind != tokEnd {
		return nil, p.wanted("AND, OR, FOLLOWEDBY, a qualifier or the end")
	}
	// What String prints must be readable again. It spreads some things wider
	// and puts some in parentheses that had none.
	pattern := &Pattern{root, p.remarks}
	if len(text) > maxText/4 && len(pattern.String()) > maxText {
		return nil, fault("", 0, "the pattern is longer than %d bytes with a space between its parts", maxText)
	}
	if observationDepth(root) > maxDepth {
		return nil, fault("", 0, "the pattern is nested deeper than %d", maxDepth)
	}
	return pattern, nil
}

// parser holds the token not yet used.
type parser struct {
	lex    lexer
	tok    token
	depth  int
	nodes  int
	weight int // of the regular expressions so far

	remarks []string
}

// remark notes, once, what can be read and yet cannot be meant.
func (p *parser) remark(s string) {
	if !slices.Contains(p.remarks, s) {
		p.remarks = append(p.remarks, s)
	}
}

func (p *parser) advance() *Error {
	tok, err := p.lex.next()
	if err == nil {
		p.tok = tok
	}
	return err
}

// accept uses the keyword or mark s if it is next.
func (p *parser) accept(s string) (bool, *Error) {
	if !p.tok.is(s) {
		return false, nil
	}
	return true, p.advance()
}

// expect uses the keyword or mark s or fails.
func (p *parser) expect(s string) *Error {
	if !p.tok.is(s) {
		return p.wanted(s)
	}
	return p.advance()
}

// wanted is the error that says what should stand at the token.
func (p *parser) wanted(what string) *Error {
	return p.fail(p.tok.at, "%s is wanted", what)
}

func (p *parser) fail(at int, format string, args ...any) *Error {
	return fault(p.lex.text, at, format, args...)
}

// count adds a node.
func (p *parser) count() *Error {
	if p.nodes++; p.nodes > maxNodes {
		return p.fail(p.tok.at, "the pattern has more than %d parts", maxNodes)
	}
	return nil
}

// enter goes one level down; leave goes back.
func (p *parser) enter() *Error {
	if p.depth++; p.depth > maxDepth {
		return p.fail(p.tok.at, "the pattern is nested deeper than %d", maxDepth)
	}
	return nil
}

func (p *parser) leave() { p.depth-- }

// sequence, alternatives and conjunction read the three observation operators,
// the loosest first (STIX 2.1 §9.5: AND before OR before FOLLOWEDBY).
func (p *parser) sequence() (observation, *Error) {
	return p.chain("FOLLOWEDBY", p.alternatives)
}

func (p *parser) alternatives() (observation, *Error) {
	return p.chain("OR", p.conjunction)
}

func (p *parser) conjunction() (observation, *Error) {
	return p.chain("AND", p.observation)
}

func (p *parser) chain(op string, operand func() (observation, *Error)) (observation, *Error) {
	first, err := operand()
	if err != nil {
		return nil, err
	}
	kids := []observation{first}
	for p.tok.is(op) {
		if err := p.count(); err != nil {
			return nil, err
		}
		if err := p.advance(); err != nil {
			return nil, err
		}
		kid, err := operand()
		if err != nil {
			return nil, err
		}
		kids = append(kids, kid)
	}
	if len(kids) == 1 {
		return first, nil
	}
	return &joined{op, kids}, nil
}

// observation reads brackets or parentheses, and the qualifiers behind them.
func (p *parser) observation() (observation, *Error) {
	if p.tok.is("[") {
		if err := p.count(); err != nil {
			return nil, err
		}
		node, err := p.brackets()
		if err != nil {
			return nil, err
		}
		// OASIS's validator refuses a second qualifier of one kind behind
		// brackets, and lets it pass behind parentheses. So do we.
		return p.qualifiers(node, map[string]bool{})
	}
	if !p.tok.is("(") {
		return nil, p.wanted("[ or (")
	}
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	if err := p.advance(); err != nil {
		return nil, err
	}
	node, err := p.sequence()
	if err != nil {
		return nil, err
	}
	if err := p.expect(")"); err != nil {
		return nil, err
	}
	return p.qualifiers(node, nil)
}

func (p *parser) brackets() (observation, *Error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	expr, types, err := p.either()
	if err != nil {
		return nil, err
	}
	if !p.tok.is("]") {
		return nil, p.wanted("AND, OR or ]")
	}
	return &bracket{expr, types}, p.advance()
}

// qualifiers reads what follows node. seen holds the kinds already used, or is
// nil when a kind may come again.
func (p *parser) qualifiers(node observation, seen map[string]bool) (observation, *Error) {
	for levels := 0; ; levels++ {
		kind := p.tok.text
		if !p.tok.is("WITHIN") && !p.tok.is("REPEATS") && !p.tok.is("START") {
			return node, nil
		}
		if seen[kind] {
			return nil, p.fail(p.tok.at, "%s stands here a second time; put what comes before it in parentheses if it is meant to", kind)
		}
		if seen != nil {
			seen[kind] = true
		}
		if levels == maxDepth {
			return nil, p.fail(p.tok.at, "there are more than %d qualifiers", maxDepth)
		}
		if err := p.count(); err != nil {
			return nil, err
		}
		if err := p.advance(); err != nil {
			return nil, err
		}
		q := &qualified{kind: kind, inner: node}
		var err *Error
		switch kind {
		case "WITHIN":
			q.from, err = p.amount("a number of seconds above 0", "SECONDS", true)
		case "REPEATS":
			q.from, err = p.amount("a whole number above 0", "TIMES", false)
		case "START":
			if q.from, err = p.instant(); err != nil {
				return nil, err
			}
			if err = p.expect("STOP"); err != nil {
				return nil, err
			}
			if q.to, err = p.instant(); err == nil && !q.from.t.Before(q.to.t) && !q.to.t.IsZero() {
				p.remark("START is not before STOP, so nothing can meet it")
			}
		}
		if err != nil {
			return nil, err
		}
		node = q
	}
}

// amount reads a number above 0 and its unit.
func (p *parser) amount(what, unit string, float bool) (constant, *Error) {
	if p.tok.kind != tokInt && (p.tok.kind != tokFloat || !float) {
		return constant{}, p.wanted(what)
	}
	at := p.tok.at
	c, err := p.constant()
	if err != nil {
		return constant{}, err
	}
	if c.kind == constInt && c.i <= 0 || c.kind == constFloat && c.f <= 0 {
		return constant{}, p.fail(at, "%s is wanted", what)
	}
	return c, p.expect(unit)
}

// instant reads a timestamp.
func (p *parser) instant() (constant, *Error) {
	if p.tok.kind != tokTime {
		return constant{}, p.wanted("a timestamp such as t'2030-01-31T12:00:00Z'")
	}
	return p.constant()
}

// path reads an object path: type:part.part[0]…
func (p *parser) path(t *test) *Error {
	if p.tok.kind != tokName {
		return p.wanted("an object path such as file:name")
	}
	t.typ = p.tok.text
	if err := p.advance(); err != nil {
		return err
	}
	if !p.tok.is(":") {
		return p.wanted("a colon and the name of a property")
	}
	if err := p.advance(); err != nil {
		return err
	}
	if err := p.key(t); err != nil {
		return err
	}
	for {
		if ok, err := p.accept("."); err != nil {
			return err
		} else if ok {
			if err := p.key(t); err != nil {
				return err
			}
			continue
		}
		if ok, err := p.accept("["); err != nil {
			return err
		} else if !ok {
			return nil
		}
		if err := p.index(t); err != nil {
			return err
		}
	}
}

func (p *parser) key(t *test) *Error {
	switch {
	case p.tok.kind == tokKeyword:
		return p.fail(p.tok.at, "%s is a word of the language; as a property's name it is put in quotes", p.tok.text)
	case p.tok.kind != tokName && p.tok.kind != tokString:
		return p.wanted("the name of a property")
	case p.tok.kind == tokName && strings.Contains(p.tok.text, "-"):
		return p.fail(p.tok.at, "a property's name with a hyphen is put in quotes")
	}
	t.path = append(t.path, step{kind: stepKey, key: p.tok.text})
	if err := p.count(); err != nil {
		return err
	}
	return p.advance()
}

// index reads what stands behind an opening bracket of a path.
func (p *parser) index(t *test) *Error {
	s := step{kind: stepEach}
	if !p.tok.is("*") {
		n, err := strconv.ParseInt(p.tok.text, 10, 32)
		if p.tok.kind != tokInt || err != nil || n < 0 || leadingZero(p.tok.text) {
			return p.wanted("a position in the list, from 0, or *")
		}
		s = step{kind: stepIndex, index: int(n)}
	}
	t.path = append(t.path, s)
	if err := p.count(); err != nil {
		return err
	}
	if err := p.advance(); err != nil {
		return err
	}
	return p.expect("]")
}
