package houserules

import (
	"fmt"
	"go/ast"
	"path"
	"regexp"
	"slices"
	"strings"
)

const (
	dbPath     = module + "/internal/db"
	policyPath = module + "/policy"
)

// nameless lists exported functions of duties that read or write and take no
// viewer, by "dir.Func" or "dir.Type.Method", with the reason.
var nameless = map[string]string{
	"cases.Cases.SubmitAnonymous": "without an account; the named view intake, for the report it makes",
	"cases.Cases.AddAnonymous":    "without an account; the named view intake, for the report of the receipt",
	"cases.Cases.Fetch":           "without an account; the named view intake, for the report of the receipt",
	"cases.Cases.FetchFile":       "without an account; the named view intake, for the report of the receipt",
}

// reads are method names through which a function reads or writes the store.
var reads = []string{"Read", "Write", "Exec", "Exists", "Append", "Query", "QueryRow"}

// checkViewers makes every exported function of a duty that reads or writes
// say in whose name: it takes a *db.View, a *db.Tx, or a policy.Viewer.
func checkViewers(h *house) (bad []string) {
	for _, f := range h.program() {
		if !slices.ContainsFunc(duties, func(d string) bool { return under(f.dir, d) }) {
			continue
		}
		names := f.imports()
		for _, d := range f.ast.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || !fn.Name.IsExported() || fn.Body == nil {
				continue
			}
			name := path.Join(f.dir) + "."
			if fn.Recv != nil {
				recv := receiver(fn)
				if !ast.IsExported(recv) {
					continue
				}
				name += recv + "."
			}
			name += fn.Name.Name
			if _, ok := nameless[name]; ok || saysWho(fn, names) || !touches(fn.Body, names) {
				continue
			}
			bad = append(bad, fmt.Sprintf("%s: %s reads or writes and takes no *db.View, *db.Tx or policy.Viewer", h.at(fn), name))
		}
	}
	return bad
}

func receiver(fn *ast.FuncDecl) string {
	e := fn.Recv.List[0].Type
	for {
		switch x := e.(type) {
		case *ast.StarExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.IndexListExpr:
			e = x.X
		case *ast.Ident:
			return x.Name
		default:
			return ""
		}
	}
}

// saysWho reports whether a parameter carries a viewer.
func saysWho(fn *ast.FuncDecl, names map[string]string) bool {
	for _, p := range fn.Type.Params.List {
		e := p.Type
		if star, ok := e.(*ast.StarExpr); ok {
			e = star.X
		}
		sel, ok := e.(*ast.SelectorExpr)
		if !ok {
			continue
		}
		id, ok := sel.X.(*ast.Ident)
		if !ok {
			continue
		}
		switch names[id.Name] + "." + sel.Sel.Name {
		case dbPath + ".View", dbPath + ".Tx", policyPath + ".Viewer":
			return true
		}
	}
	return false
}

// touches reports whether a body calls the store: a function of package db, a
// reading or writing method, or SQL text.
func touches(body *ast.BlockStmt, names map[string]string) (found bool) {
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			fun := n.Fun
			if ix, ok := fun.(*ast.IndexExpr); ok {
				fun = ix.X
			}
			sel, ok := fun.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			id, isIdent := sel.X.(*ast.Ident)
			switch {
			case isIdent && names[id.Name] == dbPath && slices.Contains([]string{"All", "One"}, sel.Sel.Name):
				found = true
			case isIdent && names[id.Name] != "": // another package's function
			case slices.Contains(reads, sel.Sel.Name) && callsStore(n):
				found = true
			}
		case *ast.BasicLit:
			if statement.MatchString(strings.Trim(n.Value, "`\"")) {
				found = true
			}
		}
		return !found
	})
	return found
}

// callsStore tells a store's method from an io.Reader's: it takes a context, a
// statement, or more than one argument.
func callsStore(call *ast.CallExpr) bool { return len(call.Args) > 1 }

// systemViews lists every use of a view that sees everything, by file and
// argument as written, with the reason.
var systemViews = []struct{ file, arg, why string }{
	{"internal/db/writer.go", `"ledger"`, "the batch's entries are sequenced for all writers at once"},
	{"ledger/ledger.go", `"ledger"`, "the tree's size is read at start"},
	{"ledger/checkpoint.go", `"ledger"`, "checkpoints and tiles cover every leaf and show commitments only"},
	{"ledger/follow.go", `"follower:" + f.Name`, "a follower works on all facts; its outputs are filtered for each reader"},
	{"ledger/live.go", `"live"`, "reads the tree's size only, to know where live frames begin"},
	{"members/members.go", `"members"`, "rosters, uniqueness, facts for the rules and counts of readers; its rows are never shown as they are"},
	{"forum/relabel.go", `"forum"`, "a topic's label binds posts that its originator cannot see"},
	{"forum/relabel_apply.go", `"forum"`, "a topic's label binds posts that its originator cannot see"},
	{"cases/label.go", `"cases"`, "all: parties, clocks and reports beyond the viewer's eyes, for the rules; its rows are never shown as they are"},
	{"cases/report_drop.go", `"intake"`, "writes and reads reports without an account; each is handed only to who holds its receipt"},
	{"intel/state.go", `"intel"`, "places, latest versions and copies of an id are right for everybody; batches are read on in their sender's name; its rows are never shown as they are"},
	{"devices/state.go", `"devices"`, "numbers SBOMs; its rows are never shown as they are"},
	{"vulns/state.go", `"vulns"`, "places, canonical ids and copies of a record are right for everybody; its rows are never shown as they are"},
	{"alerts/state.go", `"alerts"`, "finds whose deployments an alert touches; the sender never learns who"},
	{"matching/matching.go", `"matching"`, "compares every SBOM, product and deployment with every vulnerability; findings are read only through both sources"},
	{"ledger/verify.go", `"ledger"`, "checks every entry, leaf and content of the record; it reports positions, never content"},
	{"web/machine.go", `"ledger"`, "checkpoint and tiles are for anyone's monitor; leaves are salted commitments"},
	{"cmd/cordon/serve.go", `"welcome"`, "before anyone belongs: is the community founded, and the first operator's link"},
	{"cmd/cordon/house.go", `"deadlines"`, "the deadline pass looks at every obligation, embargo, grant and statement whose time has come"},
	{"cmd/cordon/house.go", `"intel"`, "reads what was sent on, in its sender's name, and writes the index of words"},
	{"cmd/cordon/house.go", `"reader"`, "reads SBOMs and files of vulnerabilities that were sent, under the labels they were sent with"},
	{"cmd/cordon/house.go", `"matching"`, "compares what was noted; what it finds is read only through both sources"},
	{"cmd/cordon/house.go", `"teller"`, "tells owners what new findings touch; what it writes is each owner's own"},
	{"cmd/cordon/house.go", `"mails"`, "finds who has an address, and sends; what is new for somebody is asked in his own view"},
	{"cmd/cordon/house.go", `"sweep"`, "finds uploads that no post claimed"},
	{"cmd/cordon/restore.go", `"restore"`, "fills the search index after a restore, and records a stated loss"},
	{"cmd/cordon/admin.go", `"admin"`, "the operator at the machine: members and standing only"},
	{"cmd/cordon/vulns_match.go", `"match"`, "founds the house of one person in which a file is checked without a server"},
	{"cmd/cordon/demo.go", `"demo"`, "tokens for the invented people"},
	{"cmd/cordon/demo_furnish.go", `"demo"`, "seats the invented people"},
	{"ledger/follow.go", `"tail"`, "the live tail reads new facts once and filters each frame for its reader"},
}

// checkSystem holds policy.System to the list.
func checkSystem(h *house) (bad []string) {
	for _, f := range h.files {
		if f.test || f.generated {
			continue
		}
		f.uses(policyPath, func(sel *ast.SelectorExpr) {
			if sel.Sel.Name != "System" {
				return
			}
			arg := h.argument(f, sel)
			for _, v := range systemViews {
				if v.file == f.path && v.arg == arg {
					return
				}
			}
			bad = append(bad, fmt.Sprintf("%s: policy.System(%s) is not in the list of views that see everything", h.at(sel), arg))
		})
	}
	return bad
}

// argument returns the source of the first argument of the call of sel, or ""
// if it is not called there (a function value must be listed as such).
func (h *house) argument(f *source, sel *ast.SelectorExpr) (arg string) {
	ast.Inspect(f.ast, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok && call.Fun == ast.Expr(sel) && len(call.Args) > 0 {
			from, to := h.fset.Position(call.Args[0].Pos()).Offset, h.fset.Position(call.Args[0].End()).Offset
			arg = string(h.texts[f.path][from:to])
		}
		return arg == ""
	})
	return arg
}

// clocks are the folders that may read the wall clock.
var clocks = []string{"internal/clock", "cmd"}

// checkClock keeps the wall clock behind internal/clock, so that time comes
// from the transaction and tests can move it. Timers are free.
func checkClock(h *house) (bad []string) {
	for _, f := range h.files {
		if f.test || f.generated || slices.ContainsFunc(clocks, func(d string) bool { return under(f.dir, d) }) {
			continue
		}
		f.uses("time", func(sel *ast.SelectorExpr) {
			switch sel.Sel.Name {
			case "Now", "Since", "Until":
				bad = append(bad, fmt.Sprintf("%s: time.%s; ask internal/clock or the transaction", h.at(sel), sel.Sel.Name))
			}
		})
	}
	return bad
}

var sentence = regexp.MustCompile(`^Package \w+ |^Command \w+ |^Cordon |^[A-Z]\w* `)

// checkComments asks every package for a comment that says what it is for.
func checkComments(h *house) (bad []string) {
	said := map[string]bool{}
	for _, f := range h.files {
		if f.generated || strings.HasSuffix(f.path, "_test.go") {
			continue
		}
		said[f.dir] = said[f.dir] || (f.ast.Doc != nil && sentence.MatchString(f.ast.Doc.Text()))
	}
	for dir, ok := range said {
		if !ok {
			bad = append(bad, fmt.Sprintf("%s: the package has no comment", dir))
		}
	}
	slices.Sort(bad)
	return bad
}
