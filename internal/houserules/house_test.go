package houserules

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

// module is this project's import path.
const module = "github.com/cordon-isao/cordon"

// house is the source that rules look at.
type house struct {
	fset   *token.FileSet
	files  []*source         // Go files
	texts  map[string][]byte // every text file, Go files included, by path
	broken []string          // files that do not parse
	tables map[string]string // SQL table to the folder that declares it
}

// source is one Go file.
type source struct {
	path      string // slash-separated, from the repository's root
	dir       string
	test      bool // a test, or a package that only tests import
	generated bool
	ast       *ast.File
}

// newHouse parses files, given by path.
func newHouse(texts map[string][]byte) *house {
	h := &house{fset: token.NewFileSet(), texts: texts, tables: map[string]string{}}
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		if path.Base(name) == "schema.go" || path.Ext(name) == ".sql" {
			h.declare(path.Dir(name), texts[name])
		}
		if path.Ext(name) != ".go" || strings.HasPrefix(name, "tools/") {
			continue
		}
		f, err := parser.ParseFile(h.fset, name, texts[name], parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			h.broken = append(h.broken, err.Error())
			continue
		}
		dir := path.Dir(name)
		h.files = append(h.files, &source{
			path: name, dir: dir, ast: f, generated: ast.IsGenerated(f),
			test: strings.HasSuffix(name, "_test.go") || under(dir, "internal/testkit"),
		})
	}
	return h
}

// program lists the hand-written files that are not tests.
func (h *house) program() []*source {
	return slices.DeleteFunc(slices.Clone(h.files), func(f *source) bool { return f.test || f.generated })
}

// at says where a node stands, as path:line.
func (h *house) at(n ast.Node) string {
	p := h.fset.Position(n.Pos())
	return p.Filename + ":" + strconv.Itoa(p.Line)
}

// under reports whether dir is top or below it.
func under(dir, top string) bool { return dir == top || strings.HasPrefix(dir, top+"/") }

// imports maps the name under which a file knows each import to its path.
func (f *source) imports() map[string]string {
	out := map[string]string{}
	for _, s := range f.ast.Imports {
		p := importPath(s)
		name := path.Base(p)
		if s.Name != nil {
			name = s.Name.Name
		}
		out[name] = p
	}
	return out
}

func importPath(s *ast.ImportSpec) string {
	p, err := strconv.Unquote(s.Path.Value)
	if err != nil {
		panic(err) // the parser accepted it
	}
	return p
}

// uses calls fn for each pkg.Name in the file where pkg is the package at
// importPath, whatever the file calls it.
func (f *source) uses(importPath string, fn func(sel *ast.SelectorExpr)) {
	imports := f.imports()
	ast.Inspect(f.ast, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok {
			if id, ok := sel.X.(*ast.Ident); ok && imports[id.Name] == importPath {
				fn(sel)
			}
		}
		return true
	})
}

// stringLits calls fn for each string literal of the file.
func (f *source) stringLits(fn func(lit *ast.BasicLit, s string)) {
	ast.Inspect(f.ast, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			if s, err := strconv.Unquote(lit.Value); err == nil {
				fn(lit, s)
			}
		}
		return true
	})
}

// repository reads the committed and not yet committed files of the
// repository that this test stands in.
func repository(t *testing.T) map[string][]byte {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	names, err := tracked(root)
	if err != nil {
		names = walk(t, root) // an unpacked release has no git
	}
	texts := map[string][]byte{}
	for _, name := range names {
		full := filepath.Join(root, filepath.FromSlash(name))
		info, err := os.Lstat(full)
		if err != nil || !info.Mode().IsRegular() {
			continue // removed and not yet committed, or a link
		}
		b, err := os.ReadFile(full)
		if err != nil {
			t.Fatal(err)
		}
		if utf8.Valid(b) && bytes.IndexByte(b, 0) < 0 {
			texts[name] = b
		}
	}
	return texts
}

func tracked(root string) ([]string, error) {
	cmd := exec.Command("git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	out, err := cmd.Output()
	if err != nil {
		return nil, err
	}
	return strings.FieldsFunc(string(out), func(r rune) bool { return r == 0 }), nil
}

func walk(t *testing.T, root string) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(root, func(full string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && d.Name() == ".git" {
			return fs.SkipDir
		}
		if !d.IsDir() {
			name, err := filepath.Rel(root, full)
			if err != nil {
				return err
			}
			names = append(names, filepath.ToSlash(name))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}
