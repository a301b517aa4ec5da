package pattern

import (
	"strings"
	"unicode/utf8"
)

type tokenKind int

const (
	tokEnd     tokenKind = iota
	tokName              // an identifier that is no keyword
	tokKeyword           // AND, WITHIN, …
	tokMark              // an operator or punctuation
	tokString            // text is the value, unescaped
	tokHex               // text is what stands between the quotes; so for the next two
	tokBinary
	tokTime
	tokInt
	tokFloat
)

// token is a piece of the text; at is its byte offset.
type token struct {
	kind tokenKind
	text string
	at   int
}

// is says whether t is the keyword or mark s.
func (t token) is(s string) bool {
	return (t.kind == tokKeyword || t.kind == tokMark) && t.text == s
}

// keywords are reserved: STIX 2.1 §9 writes them in capitals, and true and false
// in small letters.
var keywords = map[string]bool{
	"AND": true, "OR": true, "NOT": true, "FOLLOWEDBY": true, "LIKE": true, "MATCHES": true,
	"ISSUPERSET": true, "ISSUBSET": true, "EXISTS": true, "LAST": true, "IN": true, "START": true, "STOP": true,
	"SECONDS": true, "WITHIN": true, "REPEATS": true, "TIMES": true, "true": true, "false": true,
}

// marks, the longer first.
var marks = []string{"==", "!=", "<>", "<=", ">=", "=", "<", ">", ":", ".", ",", "(", ")", "[", "]", "*"}

type lexer struct {
	text string
	pos  int
}

// next reads one token.
func (l *lexer) next() (token, *Error) {
	if err := l.skip(); err != nil {
		return token{}, err
	}
	at := l.pos
	if at == len(l.text) {
		return token{at: at}, nil
	}
	rest := l.text[at:]
	switch c := rest[0]; {
	case c == '\'':
		s, err := l.quoted()
		return token{tokString, s, at}, err
	case len(rest) > 1 && rest[1] == '\'' && (c == 'h' || c == 'b' || c == 't'):
		return l.typed(c)
	case letter(c):
		n := 1
		for n < len(rest) && (letter(rest[n]) || digit(rest[n]) || rest[n] == '-') {
			n++
		}
		l.pos += n
		if keywords[rest[:n]] {
			return token{tokKeyword, rest[:n], at}, nil
		}
		return token{tokName, rest[:n], at}, nil
	}
	if n, float := number(rest); n > 0 {
		l.pos += n
		if float {
			return token{tokFloat, rest[:n], at}, nil
		}
		return token{tokInt, rest[:n], at}, nil
	}
	for _, m := range marks {
		if strings.HasPrefix(rest, m) {
			l.pos += len(m)
			return token{tokMark, m, at}, nil
		}
	}
	return token{}, fault(l.text, at, "this character has no meaning here")
}

// skip passes white space and comments.
func (l *lexer) skip() *Error {
	for l.pos < len(l.text) {
		rest := l.text[l.pos:]
		switch r, w := utf8.DecodeRuneInString(rest); {
		case space(r):
			l.pos += w
		case strings.HasPrefix(rest, "//"):
			n := strings.IndexAny(rest, "\r\n")
			if n < 0 {
				n = len(rest)
			}
			l.pos += n
		case strings.HasPrefix(rest, "/*"):
			n := strings.Index(rest[2:], "*/")
			if n < 0 {
				return fault(l.text, l.pos, "the comment that begins here does not end")
			}
			l.pos += n + 4
		default:
			return nil
		}
	}
	return nil
}

// quoted reads a string literal, in which ' and \ stand behind a \.
func (l *lexer) quoted() (string, *Error) {
	at := l.pos
	var b strings.Builder
	for i := at + 1; i < len(l.text); i++ {
		switch c := l.text[i]; c {
		case '\'':
			l.pos = i + 1
			return b.String(), nil
		case '\\':
			i++
			if i == len(l.text) || l.text[i] != '\\' && l.text[i] != '\'' {
				return "", fault(l.text, i-1, `a backslash in a string is written twice (\\), and stands alone only before a quote`)
			}
			b.WriteByte(l.text[i])
		default:
			b.WriteByte(c)
		}
	}
	return "", fault(l.text, at, "the quote that begins here does not end")
}

// typed reads h'…', b'…' or t'…'. What stands between is judged by the parser.
func (l *lexer) typed(c byte) (token, *Error) {
	at := l.pos
	n := strings.IndexByte(l.text[at+2:], '\'')
	if n < 0 {
		return token{}, fault(l.text, at, "the quote that begins here does not end")
	}
	l.pos = at + n + 3
	kind := map[byte]tokenKind{'h': tokHex, 'b': tokBinary, 't': tokTime}[c]
	return token{kind, l.text[at+2 : at+2+n], at}, nil
}

// number is the length of the number that s begins with, or 0.
func number(s string) (n int, float bool) {
	if n < len(s) && (s[n] == '+' || s[n] == '-') {
		n++
	}
	start := n
	for n < len(s) && digit(s[n]) {
		n++
	}
	if n+1 < len(s) && s[n] == '.' && digit(s[n+1]) {
		for n++; n < len(s) && digit(s[n]); n++ {
		}
		return n, true
	}
	if n == start {
		return 0, false
	}
	return n, false
}

func letter(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_'
}

func digit(c byte) bool { return '0' <= c && c <= '9' }

// space is the grammar's list.
func space(r rune) bool {
	switch r {
	case ' ', '\t', '\r', '\n', '\v', '\f', 0x85, 0xa0, 0x1680, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000:
		return true
	}
	return 0x2000 <= r && r <= 0x200a
}
