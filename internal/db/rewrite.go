package db

import (
	"fmt"
	"strconv"
	"strings"
)

// rewritten is a statement ready for the engine.
type rewritten struct {
	text    string
	args    int      // placeholders the caller fills
	uses    bool     // one more argument, the viewer's principals, follows them
	targets []string // tables written to
	err     error
}

// rewrite turns visible.<table> into the rows the viewer can read and refuses a
// statement that names a labelled table otherwise. It reads SQL only as far as
// it must: words, strings, comments, placeholders.
func (d *DB) rewrite(stmt string, system bool) rewritten {
	key := stmt
	if system {
		key = "\x00" + stmt
	}
	if r, ok := d.cache.Load(key); ok {
		return r.(rewritten)
	}
	r := d.rewriteNow(stmt, system)
	d.cache.Store(key, r)
	return r
}

func (d *DB) rewriteNow(stmt string, system bool) rewritten {
	toks, err := lex(stmt)
	if err != nil {
		return rewritten{err: err}
	}
	var r rewritten
	for _, t := range toks {
		if t.kind == '$' {
			n, err := strconv.Atoi(t.text[1:])
			if err != nil || n < 1 || n > 200 {
				return rewritten{err: fmt.Errorf("db: bad placeholder %s", t.text)}
			}
			r.args = max(r.args, n)
		}
	}
	var out strings.Builder
	prev, prev2 := "", "" // the words before, in capitals
	for i := 0; i < len(toks); i++ {
		t := toks[i]
		if t.kind != 'w' {
			out.WriteString(t.text)
			if t.kind != ' ' {
				prev2, prev = prev, t.text
			}
			continue
		}
		word := strings.ToLower(t.text)
		if word == "visible" && i+2 < len(toks) && toks[i+1].text == "." && toks[i+2].kind == 'w' {
			name := strings.ToLower(toks[i+2].text)
			table, ok := d.tables[name]
			if !ok || table.Privacy != Labelled {
				return rewritten{err: fmt.Errorf("db: visible.%s: %s is not a labelled table", name, name)}
			}
			if system {
				out.WriteString(name)
			} else {
				r.uses = true
				fmt.Fprintf(&out, "(SELECT * FROM %s WHERE %s)", name, d.dialect.readable(name, r.args+1))
			}
			if !aliased(toks[i+3:]) {
				out.WriteString(" AS " + name)
			}
			prev2, prev = prev, name
			i += 2
			continue
		}
		if table, ok := d.tables[word]; ok && !followedByDot(toks[i+1:]) {
			write := prev == "INTO" || prev == "UPDATE" || prev == "FROM" && prev2 == "DELETE"
			if write {
				r.targets = append(r.targets, word)
			} else if table.Privacy == Labelled && prev != "." {
				return rewritten{err: fmt.Errorf("db: %s is labelled; read it as visible.%s", word, word)}
			}
		}
		out.WriteString(t.text)
		prev2, prev = prev, strings.ToUpper(t.text)
	}
	r.text = d.dialect.bind(out.String())
	return r
}

func followedByDot(toks []token) bool { return len(toks) > 0 && toks[0].text == "." }

// aliased reports whether an alias follows: a word that is no keyword.
func aliased(toks []token) bool {
	for _, t := range toks {
		if t.kind == ' ' {
			continue
		}
		if t.kind != 'w' {
			return false
		}
		switch strings.ToUpper(t.text) {
		case "WHERE", "ORDER", "GROUP", "LIMIT", "JOIN", "LEFT", "INNER", "CROSS", "ON", "UNION", "EXCEPT", "INTERSECT", "HAVING", "USING":
			return false
		}
		return true
	}
	return false
}

type token struct {
	kind byte // 'w' word, '\'' string, '$' placeholder, ' ' space or comment, 'p' anything else
	text string
}

func lex(s string) ([]token, error) {
	var toks []token
	for i := 0; i < len(s); {
		c := s[i]
		j := i + 1
		kind := byte('p')
		switch {
		case c == ' ' || c == '\n' || c == '\t' || c == '\r':
			kind = ' '
			for j < len(s) && strings.IndexByte(" \n\t\r", s[j]) >= 0 {
				j++
			}
		case c == '-' && strings.HasPrefix(s[i:], "--"):
			kind = ' '
			for j < len(s) && s[j] != '\n' {
				j++
			}
		case c == '\'':
			kind = '\''
			for ; ; j++ {
				if j >= len(s) {
					return nil, fmt.Errorf("db: unfinished string in statement")
				}
				if s[j] == '\'' {
					if j+1 < len(s) && s[j+1] == '\'' {
						j++
						continue
					}
					j++
					break
				}
			}
		case c == '"' || c == '`' || c == '[' || c == ';' || c == '\\' || c >= 0x80 || strings.HasPrefix(s[i:], "/*"):
			return nil, fmt.Errorf("db: %q has no place in a statement", string(rune(c)))
		case c == '$':
			kind = '$'
			for j < len(s) && s[j] >= '0' && s[j] <= '9' {
				j++
			}
		case isWord(c):
			kind = 'w'
			for j < len(s) && (isWord(s[j]) || s[j] >= '0' && s[j] <= '9') {
				j++
			}
		}
		toks = append(toks, token{kind, s[i:j]})
		i = j
	}
	return toks, nil
}

func isWord(c byte) bool { return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }
