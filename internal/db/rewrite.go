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
	returns bool     // it gives back rows of what it writes
	err     error
}

// maxPlaceholders is how many placeholders a statement has at most. The SQLite driver
// looks each up among all, so that more are slower.
const maxPlaceholders = 200

// rewrite turns visible.<table> into the rows the viewer can read and refuses a
// statement that names a labelled table otherwise. It reads SQL only as far as
// it must: words, strings, comments, placeholders, and where a verb stands at
// the head of a statement or of a part in brackets.
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
			if err != nil || n < 1 || n > maxPlaceholders {
				return rewritten{err: fmt.Errorf("db: bad placeholder %s", t.text)}
			}
			r.args = max(r.args, n)
		}
	}
	var out strings.Builder
	// prev and prev2 are the words before, in capitals; head is the verb of the
	// innermost part so far, and at says that prev, or prev2, is that verb.
	var prev, prev2, head string
	var at, at2 bool
	depth, verb := 0, false // verb: the statement's own verb was seen
	for i := 0; i < len(toks); i++ {
		t := toks[i]
		if t.kind == ' ' {
			out.WriteString(t.text)
			continue
		}
		if t.kind != 'w' {
			switch {
			case prev == "":
				return rewritten{err: fmt.Errorf("db: a statement starts with a word, not with %q", t.text)}
			case t.text == "(":
				depth++
			case t.text == ")":
				depth--
			}
			if t.kind == '$' {
				out.WriteString(d.dialect.bind(t.text))
			} else {
				out.WriteString(t.text)
			}
			prev2, prev, at2, at = prev, t.text, at, false
			continue
		}
		word, upper := strings.ToLower(t.text), strings.ToUpper(t.text)
		if prev == "" && !isVerb(upper) && upper != "WITH" {
			return rewritten{err: fmt.Errorf("db: %s is no way to read or write here", upper)}
		}
		write := prev == "INTO" && (head == "INSERT" || head == "REPLACE") || prev == "UPDATE" && at || prev == "FROM" && prev2 == "DELETE" && at2
		if word == "visible" && i+2 < len(toks) && toks[i+1].text == "." && toks[i+2].kind == 'w' {
			name := strings.ToLower(toks[i+2].text)
			table, ok := d.tables[name]
			if write {
				return rewritten{err: fmt.Errorf("db: visible.%s is for reading; write to %s", name, name)}
			}
			if !ok || table.Privacy != Labelled {
				return rewritten{err: fmt.Errorf("db: visible.%s: %s is not a labelled table", name, name)}
			}
			if system {
				out.WriteString(name)
			} else {
				r.uses = true
				fmt.Fprintf(&out, "(SELECT * FROM %s WHERE %s)", name, d.dialect.bind(d.dialect.readable(name, r.args+1)))
			}
			if !aliased(toks[i+3:]) {
				out.WriteString(" AS " + name)
			}
			prev2, prev, at2, at = prev, strings.ToUpper(name), at, false
			i += 2
			continue
		}
		switch {
		case write:
			if _, ok := d.tables[word]; !ok {
				return rewritten{err: fmt.Errorf("db: there is no table %s to write to", word)}
			}
			r.targets = append(r.targets, word)
		case d.tables[word].Privacy == Labelled && !followedByDot(toks[i+1:]):
			return rewritten{err: fmt.Errorf("db: %s is labelled; read it as visible.%s", word, word)}
		case upper == "RETURNING":
			r.returns = true
		}
		starts := isVerb(upper) && (prev == "(" || depth == 0 && !verb)
		if starts {
			head, verb = upper, verb || depth == 0
		}
		out.WriteString(t.text)
		prev2, prev, at2, at = prev, upper, at, starts
	}
	if prev == "" {
		return rewritten{err: fmt.Errorf("db: an empty statement")}
	}
	for _, name := range r.targets {
		if r.returns && d.tables[name].Privacy == Labelled {
			return rewritten{err: fmt.Errorf("db: RETURNING would read %s past its labels; read it as visible.%s", name, name)}
		}
	}
	r.text = out.String()
	return r
}

func isVerb(upper string) bool {
	switch upper {
	case "SELECT", "INSERT", "UPDATE", "DELETE", "REPLACE", "VALUES":
		return true
	}
	return false
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
		case "WHERE", "ORDER", "GROUP", "LIMIT", "OFFSET", "FETCH", "FOR", "WINDOW", "JOIN", "LEFT", "RIGHT", "FULL", "INNER", "CROSS", "NATURAL",
			"ON", "UNION", "EXCEPT", "INTERSECT", "HAVING", "USING", "RETURNING", "SET":
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
		case c == ' ' || c == '\n' || c == '\t':
			kind = ' '
			for j < len(s) && strings.IndexByte(" \n\t", s[j]) >= 0 {
				j++
			}
		case c == '-' && strings.HasPrefix(s[i:], "--"):
			kind = ' '
			for j < len(s) && s[j] != '\n' {
				if s[j] < ' ' && s[j] != '\t' { // a carriage return ends a comment on PostgreSQL only
					return nil, fmt.Errorf("db: %q has no place in a comment", string(rune(s[j])))
				}
				j++
			}
		case c == '\'':
			kind = '\''
			if i > 0 && (isWord(s[i-1]) || s[i-1] == '&') { // E'…', U&'…': other rules for quotes
				return nil, fmt.Errorf("db: a string stands right after %q", string(rune(s[i-1])))
			}
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
		case c == '"' || c == '`' || c == '[' || c == ';' || c == '\\' || c < ' ' || c >= 0x80 || strings.HasPrefix(s[i:], "/*"):
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
