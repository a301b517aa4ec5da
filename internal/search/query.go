package search

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// MaxQuery is the longest query, in characters.
	MaxQuery = 200
	// MaxTerms is the most terms of a query.
	MaxTerms = 16
)

var (
	// ErrEmpty says that a query asks for nothing: no word, or only what is
	// not wanted.
	ErrEmpty = errors.New("write at least one word to search for")
	// ErrTooLong says that a query is over a limit.
	ErrTooLong = fmt.Errorf("a search has at most %d characters and %d words", MaxQuery, MaxTerms)
)

// Query is what to search for: all of its terms, and none of the negated.
type Query struct{ terms []term }

// term is words that follow one another.
type term struct {
	tokens []string
	joined string // for an identifier: also found as this one word
	not    bool
	prefix bool // the last word may go on
}

// ParseQuery reads words, "phrases", and -words or -"phrases" that are not
// wanted. The last word, unless it is quoted or negated, may be unfinished. All
// other punctuation means nothing.
func ParseQuery(q string) (Query, error) {
	if utf8.RuneCountInString(q) > MaxQuery || len(q) > 4*MaxQuery {
		return Query{}, ErrTooLong
	}
	var out Query
	wanted := false
	for rest := q; ; {
		rest = strings.TrimLeftFunc(rest, unicode.IsSpace)
		if rest == "" {
			break
		}
		var t term
		if len(rest) > 1 && rest[0] == '-' && rest[1] != '-' {
			t.not, rest = true, rest[1:]
		}
		var text string
		quoted := rest[0] == '"'
		if quoted {
			text, rest, _ = strings.Cut(rest[1:], `"`) // an open quote ends with the query
		} else {
			end := strings.IndexFunc(rest, func(r rune) bool { return unicode.IsSpace(r) || r == '"' })
			if end < 0 {
				end = len(rest)
			}
			text, rest = rest[:end], rest[end:]
		}
		runs := 0
		scan(text, func(w word) { t.tokens = append(t.tokens, w.tokens...) }, func(run []word) {
			runs++
			t.joined = join(run)
		})
		if len(t.tokens) == 0 {
			continue
		}
		// The joined word stands for the whole term or for nothing. Of digits
		// alone it would confuse 1.2.3 with 12.3.
		if quoted || runs != 1 || t.joined != strings.Join(t.tokens, "") || strings.Trim(t.joined, "0123456789") == "" {
			t.joined = ""
		}
		t.prefix = !quoted && !t.not && rest == ""
		wanted = wanted || !t.not
		if len(out.terms) == MaxTerms || len(t.tokens) > MaxQuery {
			return Query{}, ErrTooLong
		}
		out.terms = append(out.terms, t)
	}
	if !wanted {
		return Query{}, ErrEmpty
	}
	return out, nil
}

// FTS5 writes the query for SQLite's MATCH. Every word is quoted.
func (q Query) FTS5() string {
	write := func(t term) string {
		s := `"` + strings.Join(t.tokens, " ") + `"`
		star := ""
		if t.prefix {
			star = " *"
		}
		if t.joined != "" {
			return "(" + s + star + ` OR "` + t.joined + `"` + star + ")"
		}
		return s + star
	}
	return q.write(write, " AND ", " NOT ")
}

// TSQuery writes the query for PostgreSQL's to_tsquery('simple', $1).
func (q Query) TSQuery() string {
	write := func(t term) string {
		star := ""
		if t.prefix {
			star = ":*"
		}
		s := strings.Join(t.tokens, " <-> ") + star
		if t.joined != "" {
			s += " | " + t.joined + star
		}
		return "(" + s + ")"
	}
	return q.write(write, " & ", " & !")
}

// write puts the wanted terms first: FTS5's NOT needs something before it.
func (q Query) write(one func(term) string, and, not string) string {
	var b strings.Builder
	for _, t := range q.terms {
		if !t.not {
			if b.Len() > 0 {
				b.WriteString(and)
			}
			b.WriteString(one(t))
		}
	}
	// In both grammars "a and b not c not d" needs no parentheses: FTS5's NOT
	// binds tighter than AND, but a AND (b NOT c) asks for the same.
	for _, t := range q.terms {
		if t.not {
			b.WriteString(not)
			b.WriteString(one(t))
		}
	}
	return b.String()
}

// Match reports whether a text, given as its [Tokens], is an answer.
func (q Query) Match(tokens string) bool {
	words := strings.Fields(tokens)
	for _, t := range q.terms {
		found := false
		for i := range words {
			if t.at(words[i:]) > 0 {
				found = true
				break
			}
		}
		if found == t.not {
			return false
		}
	}
	return len(q.terms) > 0
}

// at is how many of the words, from the first on, the term matches; 0 for none.
func (t term) at(words []string) int {
	if t.joined != "" && same(words[0], t.joined, t.prefix) {
		return 1
	}
	if len(words) < len(t.tokens) {
		return 0
	}
	for i, token := range t.tokens {
		if !same(words[i], token, t.prefix && i == len(t.tokens)-1) {
			return 0
		}
	}
	return len(t.tokens)
}

func same(word, token string, prefix bool) bool {
	return word == token || prefix && strings.HasPrefix(word, token)
}
