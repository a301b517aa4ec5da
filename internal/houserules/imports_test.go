package houserules

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// imports is the one table of who may import whom inside the project. The
// first row whose folder holds the package decides; "x/..." means x and what
// is below it. Imports run downwards: a duty knows only the duties named in its
// row, doors never know one another, and an upward need goes through the
// ledger. Tests are free, so that they can furnish a whole house.
var imports = []struct {
	dir   string
	allow []string
}{
	{"formats", []string{"formats/..."}},
	{"policy", nil},
	{"internal/houserules", nil},
	{"internal", []string{"formats/...", "policy", "internal/..."}},
	{"ledger", []string{"formats/...", "policy", "internal/..."}},
	{"members", duty()},
	{"agreements", duty("members")},
	{"forum", duty("members", "agreements")},
	{"devices", duty("members")},
	{"vulns", duty("members")},
	{"matching", duty("members", "devices", "vulns")},
	{"alerts", duty("members", "devices", "vulns", "matching")},
	{"cases", duty("members", "agreements", "forum", "devices", "alerts")},
	{"notify", duty("members", "forum", "alerts", "cases")},
	{"intel", duty("members")},
	{"evidence", duty("members", "agreements", "forum", "cases")},
	{"web", append(door(), "web/...")},
	{"api", append(door(), "api/...")},
	{"feeds/taxii", door()},
	{"feeds/misp", door()},
	{"feeds/atom", door()},
	{"feeds/sbom", door()},
	{"cmd", []string{"..."}},
}

// duty is what every duty may import, and the duties above it that it names.
func duty(above ...string) []string {
	return append([]string{"formats/...", "policy", "internal/...", "ledger"}, above...)
}

// door is what every door may import: all duties, no other door.
func door() []string {
	return duty("members/...", "agreements/...", "forum/...", "devices/...", "vulns/...", "matching/...", "alerts/...", "cases/...", "notify/...", "intel/...", "evidence/...")
}

// duties are the packages whose exported functions act in somebody's name.
var duties = []string{"members", "agreements", "forum", "devices", "vulns", "matching", "alerts", "cases", "notify", "intel", "evidence"}

func matches(pattern, pkg string) bool {
	if pattern == "..." {
		return true
	}
	if top, ok := strings.CutSuffix(pattern, "/..."); ok {
		return under(pkg, top)
	}
	return pattern == pkg
}

// checkImports holds the project's own imports to the table, keeps policy on
// the standard library and test kits out of the program.
func checkImports(h *house) (bad []string) {
	for _, f := range h.files {
		if f.test {
			continue
		}
		row := slices.IndexFunc(imports, func(r struct {
			dir   string
			allow []string
		}) bool {
			return under(f.dir, r.dir)
		})
		if row < 0 {
			bad = append(bad, fmt.Sprintf("%s: the package %s is not in the table of imports", f.path, f.dir))
			continue
		}
		for _, s := range f.ast.Imports {
			p := importPath(s)
			own, inside := strings.CutPrefix(p, module+"/")
			switch {
			case !inside && f.dir == "policy" && strings.Contains(strings.Split(p, "/")[0], "."):
				bad = append(bad, fmt.Sprintf("%s: policy imports %s; it uses the standard library only", h.at(s), p))
			case !inside || own == f.dir:
			case under(own, "internal/testkit"):
				bad = append(bad, fmt.Sprintf("%s: only tests import %s", h.at(s), own))
			case !slices.ContainsFunc(imports[row].allow, func(pattern string) bool { return matches(pattern, own) }):
				bad = append(bad, fmt.Sprintf("%s: %s may not import %s", h.at(s), f.dir, own))
			}
		}
	}
	return bad
}

// reserved lists imports that belong to a few folders. Tests are free.
var reserved = []struct {
	path string // this import and what is below it
	dirs []string
	why  string
}{
	{"database/sql", []string{"internal/db"}, "nothing is read but through a db.View"},
	{"github.com/jackc/pgx", []string{"internal/db"}, "nothing is read but through a db.View"},
	{"modernc.org/sqlite", []string{"internal/db"}, "nothing is read but through a db.View"},
	{"os/exec", []string{"cmd"}, "the service starts no programs"},
	{"text/template", nil, "it escapes nothing; pages are templ"},
	{"math/rand", nil, "ids, keys and salts come from crypto/rand"},
}

// checkReserved reports imports outside their folders, and dot imports, which
// would hide them from the other rules.
func checkReserved(h *house) (bad []string) {
	for _, f := range h.files {
		if f.test {
			continue
		}
		for _, s := range f.ast.Imports {
			p := importPath(s)
			if s.Name != nil && s.Name.Name == "." {
				bad = append(bad, fmt.Sprintf("%s: dot import of %s", h.at(s), p))
			}
			for _, r := range reserved {
				if !under(p, r.path) || slices.ContainsFunc(r.dirs, func(d string) bool { return under(f.dir, d) }) {
					continue
				}
				bad = append(bad, fmt.Sprintf("%s: %s does not belong in %s: %s", h.at(s), p, path.Dir(f.path), r.why))
			}
		}
	}
	return bad
}
