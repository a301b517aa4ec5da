package pattern

import (
	"net/netip"
	"strings"
)

// either reads comparison expressions joined by OR, and all reads those joined
// by AND, which binds tighter. Both also return the types of object that can
// meet what was read.
func (p *parser) either() (comparison, map[string]bool, *Error) {
	first, types, err := p.all()
	if err != nil || !p.tok.is("OR") {
		return first, types, err
	}
	kids := []comparison{first}
	union := map[string]bool{}
	for t := range types {
		union[t] = true
	}
	for p.tok.is("OR") {
		if err := p.operator(); err != nil {
			return nil, nil, err
		}
		kid, types, err := p.all()
		if err != nil {
			return nil, nil, err
		}
		for t := range types {
			union[t] = true
		}
		kids = append(kids, kid)
	}
	return &both{"OR", kids}, union, nil
}

func (p *parser) all() (comparison, map[string]bool, *Error) {
	first, types, err := p.single()
	if err != nil || !p.tok.is("AND") {
		return first, types, err
	}
	kids := []comparison{first}
	for p.tok.is("AND") {
		if err := p.operator(); err != nil {
			return nil, nil, err
		}
		kid, others, err := p.single()
		if err != nil {
			return nil, nil, err
		}
		// One object must meet both sides (STIX 2.1 §9.6), and it has one type.
		// OASIS's tests and MISP write otherwise, so it is read all the same.
		common := map[string]bool{}
		for t := range others {
			if types[t] {
				common[t] = true
			}
		}
		if len(common) == 0 {
			p.remark("AND inside brackets joins properties of different types of object, so no object can meet it; close the brackets before AND to speak of two objects")
		}
		types = common
		kids = append(kids, kid)
	}
	return &both{"AND", kids}, types, nil
}

// operator uses AND or OR.
func (p *parser) operator() *Error {
	if err := p.count(); err != nil {
		return err
	}
	return p.advance()
}

// single reads a comparison, or comparisons in parentheses.
func (p *parser) single() (comparison, map[string]bool, *Error) {
	if p.tok.is("(") {
		if err := p.enter(); err != nil {
			return nil, nil, err
		}
		defer p.leave()
		if err := p.advance(); err != nil {
			return nil, nil, err
		}
		expr, types, err := p.either()
		if err != nil {
			return nil, nil, err
		}
		return expr, types, p.expect(")")
	}
	if err := p.count(); err != nil {
		return nil, nil, err
	}
	t := &test{}
	if p.tok.is("NOT") || p.tok.is("EXISTS") {
		not, err := p.accept("NOT")
		if err != nil {
			return nil, nil, err
		}
		t.not, t.op = not, "EXISTS"
		if err := p.expect("EXISTS"); err != nil {
			return nil, nil, err
		}
		if err := p.path(t); err != nil {
			return nil, nil, err
		}
		return t, map[string]bool{t.typ: true}, nil
	}
	if err := p.path(t); err != nil {
		return nil, nil, err
	}
	not, err := p.accept("NOT")
	if err != nil {
		return nil, nil, err
	}
	t.not = not
	if err := p.relation(t); err != nil {
		return nil, nil, err
	}
	return t, map[string]bool{t.typ: true}, nil
}

// spelling maps the operators to the one way they are printed.
var spelling = map[string]string{
	"=": "=", "==": "=", "!=": "!=", "<>": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">=",
	"IN": "IN", "LIKE": "LIKE", "MATCHES": "MATCHES", "ISSUBSET": "ISSUBSET", "ISSUPERSET": "ISSUPERSET",
}

// relation reads the operator and what it compares with.
func (p *parser) relation(t *test) *Error {
	op, ok := spelling[p.tok.text]
	if !ok || p.tok.kind != tokMark && p.tok.kind != tokKeyword {
		return p.wanted("a comparison operator such as = or IN")
	}
	t.op = op
	if err := p.advance(); err != nil {
		return err
	}
	if op == "IN" {
		return p.set(t)
	}
	at := p.tok.at
	switch op {
	case "LIKE", "MATCHES", "ISSUBSET", "ISSUPERSET":
		if p.tok.kind != tokString {
			return p.wanted("a string in quotes")
		}
	case "<", "<=", ">", ">=":
		if p.tok.is("true") || p.tok.is("false") {
			return p.fail(at, "true and false have no order; = or != is wanted before them")
		}
	}
	c, err := p.constant()
	if err != nil {
		return err
	}
	t.args = []constant{c}
	switch op {
	case "=", "!=":
		return p.hash(t, c, at)
	case "MATCHES":
		re, weight, reason := compile(c.text, maxRegexp-p.weight)
		if reason != "" {
			return p.fail(at, "%s", reason)
		}
		t.re, t.weight = re, weight
		p.weight += weight
	case "ISSUBSET", "ISSUPERSET":
		if t.net, _ = network(c.text); !t.net.IsValid() {
			p.remark(op + " is not followed by an address or network of IPv4 or IPv6, so nothing can meet it")
		}
	}
	return nil
}

// set reads the constants of IN: of one kind, or numbers of both kinds.
func (p *parser) set(t *test) *Error {
	if err := p.expect("("); err != nil {
		return err
	}
	for !p.tok.is(")") {
		if len(t.args) > 0 {
			if !p.tok.is(",") {
				return p.wanted(", or )")
			}
			if err := p.advance(); err != nil {
				return err
			}
		}
		at := p.tok.at
		c, err := p.constant()
		if err != nil {
			return err
		}
		if len(t.args) > 0 && t.args[0].kind.family() != c.kind.family() {
			return p.fail(at, "a set holds constants of one kind")
		}
		if err := p.hash(t, c, at); err != nil {
			return err
		}
		t.args = append(t.args, c)
		if err := p.count(); err != nil {
			return err
		}
	}
	return p.advance()
}

// hashDigits is the length in hexadecimal digits by algorithm, written without
// hyphens.
var hashDigits = map[string]int{
	"MD5": 32, "MD6": 32, "RIPEMD160": 40, "SHA1": 40, "SHA224": 56, "SHA256": 64, "SHA384": 96, "SHA512": 128,
	"SHA3224": 56, "SHA3256": 64, "SHA3384": 96, "SHA3512": 128, "WHIRLPOOL": 128,
}

// hash refuses a hash that its algorithm cannot give, as OASIS's validator does:
// such a comparison can never be true.
func (p *parser) hash(t *test, c constant, at int) *Error {
	n := len(t.path)
	if c.kind != constString || n < 2 || t.path[n-1].kind != stepKey || t.path[n-2].kind != stepKey || t.path[n-2].key != "hashes" {
		return nil
	}
	name := t.path[n-1].key
	digits, known := hashDigits[strings.ToUpper(strings.NewReplacer("-", "", "_", "").Replace(name))]
	if !known {
		return nil
	}
	ok := len(c.text) == digits
	for i := 0; ok && i < len(c.text); i++ {
		_, ok = hexDigit(c.text[i])
	}
	if !ok {
		return p.fail(at, "this is not a %s hash, which has %d hexadecimal digits", name, digits)
	}
	return nil
}

// network reads an address or a CIDR block of IPv4 or IPv6; an address is a
// block of itself alone. Host bits are dropped.
func network(s string) (netip.Prefix, bool) {
	if a, err := netip.ParseAddr(s); err == nil && a.Zone() == "" {
		return netip.PrefixFrom(a, a.BitLen()), true
	}
	n, err := netip.ParsePrefix(s)
	return n.Masked(), err == nil
}
