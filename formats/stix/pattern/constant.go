package pattern

import (
	"encoding/base64"
	"encoding/hex"
	"math"
	"strconv"
	"strings"
	"time"
)

// constant reads a literal of any kind.
func (p *parser) constant() (constant, *Error) {
	tok := p.tok
	var c constant
	switch {
	case tok.kind == tokString:
		c = constant{kind: constString, text: tok.text}
	case tok.is("true"), tok.is("false"):
		c = constant{kind: constBool, b: tok.text == "true"}
	case tok.kind == tokInt:
		n, err := strconv.ParseInt(tok.text, 10, 64)
		if leadingZero(tok.text) {
			return c, p.fail(tok.at, "a whole number is written without leading zeros")
		}
		if err != nil {
			return c, p.fail(tok.at, "the number does not fit in 64 bits")
		}
		c = constant{kind: constInt, i: n}
	case tok.kind == tokFloat:
		f, err := strconv.ParseFloat(tok.text, 64)
		if err != nil || math.IsInf(f, 0) {
			return c, p.fail(tok.at, "the number does not fit in 64 bits")
		}
		c = constant{kind: constFloat, f: f}
	case tok.kind == tokHex:
		b, err := hex.DecodeString(tok.text)
		if err != nil {
			return c, p.fail(tok.at, "between the quotes of h'' stand hexadecimal digits in pairs")
		}
		c = constant{kind: constHex, text: string(b)}
	case tok.kind == tokBinary:
		b, ok := unbase64(tok.text)
		if !ok {
			return c, p.fail(tok.at, "between the quotes of b'' stands Base64 with its padding")
		}
		c = constant{kind: constBinary, text: b}
	case tok.kind == tokTime:
		t, ok := timestamp(tok.text)
		if !ok {
			return c, p.fail(tok.at, "a timestamp is written t'2030-01-31T12:00:00Z', with any fraction of a second before the Z")
		}
		if t.IsZero() {
			p.remark("a timestamp names no day of the calendar, so nothing equals it")
		}
		c = constant{kind: constTime, text: tok.text, t: t}
	default:
		return c, p.wanted("a constant: a string in quotes, a number, true, false, t'', h'' or b''")
	}
	return c, p.advance()
}

// leadingZero finds the grammar's rule against 007.
func leadingZero(s string) bool {
	s = strings.TrimLeft(s, "+-")
	return len(s) > 1 && s[0] == '0'
}

func hexDigit(c byte) (int, bool) {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0'), true
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10, true
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10, true
	}
	return 0, false
}

// unbase64 reads standard Base64 with padding and no line breaks.
func unbase64(s string) (string, bool) {
	if strings.ContainsAny(s, "\r\n") {
		return "", false // the decoder would pass over them
	}
	b, err := base64.StdEncoding.DecodeString(s)
	return string(b), err == nil
}

// timestamp reads the grammar's timestamp: RFC 3339 in UTC with capital T and Z.
// ok is about the form; a day such as 30 February has the form, and gives the
// zero time, because OASIS's own tests demand that it be read.
func timestamp(s string) (t time.Time, ok bool) {
	const form = "0000-00-00T00:00:00Z"
	if len(s) < len(form) || s[len(s)-1] != 'Z' {
		return t, false
	}
	fraction := s[len(form)-1 : len(s)-1]
	for i := 0; i < len(form)-1; i++ {
		if form[i] == '0' && !digit(s[i]) || form[i] != '0' && form[i] != s[i] {
			return t, false
		}
	}
	nanos := 0
	if fraction != "" {
		if len(fraction) < 2 || fraction[0] != '.' {
			return t, false
		}
		for i := 1; i < len(fraction); i++ {
			if !digit(fraction[i]) {
				return t, false
			}
		}
		digits := (fraction[1:] + "000000000")[:9]
		nanos, _ = strconv.Atoi(digits)
	}
	number := func(from, to int) int {
		n, _ := strconv.Atoi(s[from:to])
		return n
	}
	year, month, day := number(0, 4), number(5, 7), number(8, 10)
	hour, minute, second := number(11, 13), number(14, 16), number(17, 19)
	if month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60 {
		return t, false
	}
	if time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC).Day() != day {
		return t, true
	}
	return time.Date(year, time.Month(month), day, hour, minute, second, nanos, time.UTC), true
}
