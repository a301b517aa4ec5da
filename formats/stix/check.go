package stix

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// fail notes why the object is refused and where. It always gives false, so
// that checks read "return p.fail(…)".
func (p *parser) fail(n int32, format string, args ...any) bool {
	if p.failed == nil {
		reason := format
		if len(args) > 0 {
			reason = fmt.Sprintf(format, args...)
		}
		p.failed = &Error{Index: -1, Pointer: p.pointer(n), Reason: reason}
	}
	return false
}

// checkObject checks object n against its property table and, for the outermost
// object, the common properties.
func (p *parser) checkObject(n int32, s *shape, common map[string]rule) bool {
	for c, end := n+1, p.nodes[n].end; c < end; c = p.nodes[c].end {
		name := p.nodes[c].name
		r, known := s.props[name]
		if !known {
			r, known = common[name]
		}
		switch {
		case known:
			if !p.checkValue(c, &r, s) {
				return false
			}
		case p.nodes[c].kind == 'n':
			return p.fail(c, "null is not a value of STIX")
		case n == 0 && (name == "id" || name == "type" || name == "spec_version"):
		case !validProperty(name):
			return p.fail(c, "a property's name has other than 3 to 250 of a–z, 0–9 and _")
		}
	}
	for _, name := range s.required {
		if p.get(n, name) < 0 {
			return p.fail(n, "%s is missing", name)
		}
	}
	if len(s.some) > 0 && !slices.ContainsFunc(s.some, func(name string) bool { return p.has(n, s, name) }) {
		if s.some[0] == "*" {
			return p.fail(n, "it has none of the properties of its type")
		}
		return p.fail(n, "one of %s is missing", strings.Join(s.some, ", "))
	}
	return s.check == nil || s.check(p, n)
}

func (p *parser) has(n int32, s *shape, name string) bool {
	if name != "*" {
		return p.get(n, name) >= 0
	}
	for c, end := n+1, p.nodes[n].end; c < end; c = p.nodes[c].end {
		if _, known := s.props[p.nodes[c].name]; known {
			return true
		}
	}
	return false
}

// validProperty says whether a custom property may have the name (STIX 2.1
// §3.1). MISP's converter writes capitals and hyphens after its x_, which are
// let through: names that differ in case alone are refused before.
func validProperty(name string) bool {
	if len(name) < 3 || len(name) > 250 {
		return false
	}
	custom := strings.HasPrefix(name, "x_")
	for i := range len(name) {
		if c := name[i]; !lower(c) && !digit(c) && c != '_' && (!custom || c != '-' && (c < 'A' || c > 'Z')) {
			return false
		}
	}
	return true
}

// checkValue checks value n against the rule; s is the table that it stands in.
func (p *parser) checkValue(n int32, r *rule, s *shape) bool {
	v := &p.nodes[n]
	switch r.kind {
	case anyValue:
		return v.kind != 'n' || p.fail(n, "null is not a value of STIX")
	case boolean:
		return v.kind == 't' || v.kind == 'f' || p.fail(n, "it is neither true nor false")
	case integer:
		return p.checkInteger(n, r)
	case number:
		if v.kind != '0' {
			return p.fail(n, "it is not a number")
		}
		_, err := strconv.ParseFloat(v.text, 64)
		return err == nil || p.fail(n, "the number is too large")
	case text, instant, reference, enum, hexText, base64Text, language:
		if v.kind != '"' {
			return p.fail(n, "it is not a string")
		}
		return p.checkText(n, v.text, r)
	case texts, refs:
		if v.kind != '[' {
			return p.fail(n, "it is not a list")
		}
		if v.end == n+1 && !r.maybe {
			return p.fail(n, "the list is empty")
		}
		for c := n + 1; c < v.end; c = p.nodes[c].end {
			if p.nodes[c].kind != '"' {
				return p.fail(c, "it is not a string")
			}
			if !p.checkText(c, p.nodes[c].text, r) {
				return false
			}
		}
		return true
	case part:
		if v.kind != '{' {
			return p.fail(n, "it is not an object")
		}
		return p.checkObject(n, r.shape, nil)
	case parts:
		if v.kind != '[' {
			return p.fail(n, "it is not a list")
		}
		if v.end == n+1 {
			return p.fail(n, "the list is empty")
		}
		for c := n + 1; c < v.end; c = p.nodes[c].end {
			if p.nodes[c].kind != '{' {
				return p.fail(c, "it is not an object")
			}
			if !p.checkObject(c, r.shape, nil) {
				return false
			}
		}
		return true
	case dict, dictOf, hashes, extensions:
		return p.checkDictionary(n, r, s)
	}
	return true
}

func (p *parser) checkInteger(n int32, r *rule) bool {
	v := p.nodes[n]
	if v.kind != '0' || strings.ContainsAny(v.text, ".eE") {
		return p.fail(n, "it is not a whole number")
	}
	i, err := strconv.ParseInt(v.text, 10, 64)
	if err != nil || i > safeInteger || i < -safeInteger {
		return p.fail(n, "the number is too large")
	}
	if (r.min != 0 || r.max != 0) && (i < r.min || i > r.max) {
		return p.fail(n, "it is not from %d to %d", r.min, r.max)
	}
	return true
}

// checkText checks a string, alone or in a list.
func (p *parser) checkText(n int32, s string, r *rule) bool {
	switch r.kind {
	case instant:
		if _, _, ok := timestamp(s); !ok {
			return p.fail(n, "it is not a timestamp such as 2026-01-31T23:59:59.000Z")
		}
	case reference, refs:
		typ, ok := ID(s)
		if !ok {
			return p.fail(n, "it is not an identifier, a type and a UUID")
		}
		if len(r.types) > 0 && slices.Contains(r.types, typ) == r.except {
			if r.except {
				return p.fail(n, "it may not refer to an object of the type %s", typ)
			}
			return p.fail(n, "it refers to an object of the type %s, not of %s", typ, strings.Join(r.types, " or "))
		}
	case enum:
		if !slices.Contains(r.values, s) {
			return p.fail(n, "it is none of %s", strings.Join(r.values, ", "))
		}
	case hexText:
		if !isHex(s) || len(s)%2 != 0 {
			return p.fail(n, "it is not pairs of hexadecimal digits")
		}
	case base64Text:
		if !isBase64(s) {
			return p.fail(n, "it is not base64")
		}
	case language:
		if !validLanguage(s) {
			return p.fail(n, "it is not a language code such as en or de-CH")
		}
	case texts:
		if r.values != nil && !slices.Contains(r.values, s) {
			return p.fail(n, "it is none of %s", strings.Join(r.values, ", "))
		}
	}
	if r.test != nil {
		if reason := r.test(s); reason != "" {
			return p.fail(n, "%s", reason)
		}
	}
	return true
}

func (p *parser) checkDictionary(n int32, r *rule, s *shape) bool {
	v := &p.nodes[n]
	if v.kind != '{' {
		return p.fail(n, "it is not an object")
	}
	if v.end == n+1 {
		return p.fail(n, "it is empty")
	}
	for c := n + 1; c < v.end; c = p.nodes[c].end {
		m := &p.nodes[c]
		switch r.kind {
		case hashes:
			if m.kind != '"' {
				return p.fail(c, "it is not a string")
			}
			if reason := badHash(m.name, m.text); reason != "" {
				return p.fail(c, "%s", reason)
			}
		case dictOf:
			if !p.checkValue(c, r.each, s) {
				return false
			}
		case extensions:
			if !p.checkExtension(c, s) {
				return false
			}
		default:
			if len(m.name) == 0 || len(m.name) > 250 {
				return p.fail(c, "a key has other than 1 to 250 characters")
			}
		}
	}
	return true
}

// checkExtension checks one member of extensions (STIX 2.1 §3.2, §7.3).
func (p *parser) checkExtension(n int32, s *shape) bool {
	e := &p.nodes[n]
	if e.kind != '{' {
		return p.fail(n, "it is not an object")
	}
	if e.end == n+1 {
		return p.fail(n, "it is empty")
	}
	if typ, ok := ID(e.name); ok && typ == "extension-definition" {
		kind := p.get(n, "extension_type")
		if kind < 0 {
			return p.fail(n, "extension_type is missing")
		}
		return p.checkValue(kind, &extensionTypes, s)
	}
	if known, ok := s.exts[e.name]; ok {
		return p.checkObject(n, known, nil)
	}
	if !strings.HasSuffix(e.name, "-ext") || !validType(e.name) {
		return p.fail(n, "an extension's key is neither the id of an extension-definition nor a name that ends in -ext")
	}
	return true
}

// ordered compares two timestamps of object n, if both are there.
func (p *parser) ordered(n int32, later, earlier string, equal bool) bool {
	l, e := p.get(n, later), p.get(n, earlier)
	if l < 0 || e < 0 {
		return true
	}
	lt, _, _ := timestamp(p.nodes[l].text)
	et, _, _ := timestamp(p.nodes[e].text)
	switch {
	case equal && lt.Before(et):
		return p.fail(l, "it is before %s", earlier)
	case !equal && !lt.After(et):
		return p.fail(l, "it is not after %s", earlier)
	}
	return true
}

// after says that the property later, if there, must be after earlier.
func after(later, earlier string) func(*parser, int32) bool {
	return func(p *parser, n int32) bool { return p.ordered(n, later, earlier, false) }
}

// notBefore says that the property later, if there, must not be before earlier.
func notBefore(later, earlier string) func(*parser, int32) bool {
	return func(p *parser, n int32) bool { return p.ordered(n, later, earlier, true) }
}
