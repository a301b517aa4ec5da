package houserules

import (
	"fmt"
	"go/ast"
	"regexp"
	"strings"
)

var (
	createTable = regexp.MustCompile(`(?i)\bCREATE\s+(?:VIRTUAL\s+)?TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?([a-z_][a-z0-9_]*)`)
	// A literal is SQL if it starts as a statement or a clause does, or names a
	// table after a keyword in capitals.
	sqlStart = regexp.MustCompile(`(?i)^\s*(SELECT|INSERT\s+INTO|UPDATE\s+\S+\s+SET|DELETE\s+FROM|WITH\s+\S+.*\bAS\b|CREATE\s+TABLE|FROM|(LEFT |INNER |CROSS )?JOIN)\s`)
	sqlUpper = regexp.MustCompile(`\b(FROM|JOIN|INSERT INTO|DELETE FROM)\s+[a-z_]`)
	sqlRefs  = regexp.MustCompile(`(?i)\b(?:FROM|JOIN|INTO|UPDATE|TABLE)\s+(?:ONLY\s+)?([a-z_][a-z0-9_.]*(?:(?:\s+(?:AS\s+)?[a-z_][a-z0-9_]*)?\s*,\s*[a-z_][a-z0-9_.]*)*)`)
	comment  = regexp.MustCompile(`--[^\n]*`)
)

// declare notes which folder owns the tables that a schema file creates.
func (h *house) declare(dir string, text []byte) {
	for _, m := range createTable.FindAllSubmatch(text, -1) {
		h.tables[strings.ToLower(string(m[1]))] = dir
	}
}

func isSQL(s string) bool { return sqlStart.MatchString(s) || sqlUpper.MatchString(s) }

// tablesIn lists the tables that a statement, or a part of one, names.
func tablesIn(s string) (names []string) {
	for _, m := range sqlRefs.FindAllStringSubmatch(comment.ReplaceAllString(s, ""), -1) {
		for item := range strings.SplitSeq(m[1], ",") {
			if words := strings.Fields(item); len(words) > 0 {
				names = append(names, strings.ToLower(words[0]))
			}
		}
	}
	return names
}

// checkTables lets a duty name its own tables only; others' are read as
// visible.<table>, in the viewer's eyes. internal/db does the expanding and is
// free.
func checkTables(h *house) (bad []string) {
	for _, f := range h.program() {
		if under(f.dir, "internal/db") {
			continue
		}
		f.stringLits(func(lit *ast.BasicLit, s string) {
			if !isSQL(s) {
				return
			}
			for _, name := range tablesIn(s) {
				if owner, ok := h.tables[name]; ok && owner != f.dir {
					bad = append(bad, fmt.Sprintf("%s: names the table %s of %s; read it as visible.%s or ask its duty", h.at(lit), name, owner, name))
				}
			}
		})
	}
	return bad
}

// sqlFree are the folders in which no SQL stands at all.
var sqlFree = []string{"policy", "formats", "web", "api", "cmd"}

// checkSQLFree keeps SQL in duties, the ledger and the machinery.
func checkSQLFree(h *house) (bad []string) {
	for _, f := range h.program() {
		for _, top := range sqlFree {
			if !under(f.dir, top) {
				continue
			}
			f.stringLits(func(lit *ast.BasicLit, s string) {
				if statement.MatchString(s) {
					bad = append(bad, fmt.Sprintf("%s: SQL does not belong in %s", h.at(lit), top))
				}
			})
		}
	}
	return bad
}

// statement is a whole SQL statement, strict enough to leave prose alone.
var statement = regexp.MustCompile(`(?is)^\s*(SELECT\s.+\sFROM\s+[a-z_.]+(\s|$)|INSERT\s+INTO\s+[a-z_]+\s*\(|UPDATE\s+[a-z_]+\s+SET\s+[a-z_]+\s*=|DELETE\s+FROM\s+[a-z_]+\s+WHERE\s)`)
