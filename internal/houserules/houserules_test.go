package houserules

import (
	"go/ast"
	"strings"
	"testing"
)

// rules are all house rules. bad and good are small sources, by path, that
// prove that the rule catches what it should and nothing else: each bad source
// must be caught by itself; the good ones together must pass.
var rules = []struct {
	name  string
	check func(*house) []string
	also  map[string]string // present beside every source, such as schemas
	bad   []file
	good  []file
}{
	{
		name: "imports run downwards", check: checkImports,
		bad: []file{
			{"policy/a.go", `package policy; import _ "` + module + `/internal/db"`},
			{"policy/a.go", `package policy; import _ "example.org/x"`},
			{"formats/csaf/a.go", `package csaf; import _ "` + module + `/policy"`},
			{"internal/db/a.go", `package db; import _ "` + module + `/ledger"`},
			{"ledger/a.go", `package ledger; import _ "` + module + `/members"`},
			{"members/a.go", `package members; import _ "` + module + `/forum"`},
			{"forum/a.go", `package forum; import _ "` + module + `/web"`},
			{"web/a.go", `package web; import _ "` + module + `/api"`},
			{"api/a.go", `package api; import _ "` + module + `/web/ui"`},
			{"cmd/cordon/a.go", `package main; import _ "` + module + `/internal/testkit/pgtest"`},
			{"helpers/a.go", `package helpers`},
		},
		good: []file{
			{"policy/a.go", `package policy; import _ "strings"`},
			{"formats/vex/a.go", `package vex; import _ "` + module + `/formats/csaf"`},
			{"ledger/a.go", `package ledger; import _ "` + module + `/internal/db"`},
			{"forum/a.go", `package forum; import _ "` + module + `/members"`},
			{"web/ui/a.go", `package ui; import _ "` + module + `/forum"`},
			{"cmd/cordon/a.go", `package main; import _ "` + module + `/web"`},
			{"members/a_test.go", `package members; import _ "` + module + `/internal/testkit"`},
		},
	},
	{
		name: "reserved imports stay where they belong", check: checkReserved,
		bad: []file{
			{"forum/a.go", `package forum; import _ "database/sql"`},
			{"ledger/a.go", `package ledger; import pg "github.com/jackc/pgx/v5"`},
			{"internal/live/a.go", `package live; import _ "modernc.org/sqlite"`},
			{"web/a.go", `package web; import _ "os/exec"`},
			{"cmd/cordon/a.go", `package main; import _ "text/template"`},
			{"internal/ids/a.go", `package ids; import _ "math/rand/v2"`},
			{"forum/a.go", `package forum; import . "fmt"`},
		},
		good: []file{
			{"internal/db/a.go", `package db; import _ "database/sql"`},
			{"internal/db/pg.go", `package db; import _ "github.com/jackc/pgx/v5/stdlib"`},
			{"cmd/cordon/a.go", `package main; import _ "os/exec"`},
			{"forum/a_test.go", `package forum; import _ "math/rand/v2"`},
			{"internal/ids/a.go", `package ids; import _ "crypto/rand"`},
		},
	},
	{
		name: "the wall clock is read in one place", check: checkClock,
		bad: []file{
			{"forum/a.go", `package forum; import "time"; var t = time.Now()`},
			{"internal/db/a.go", `package db; import tm "time"; var f = tm.Now`},
			{"web/a.go", `package web; import "time"; func a(t time.Time) time.Duration { return time.Since(t) }`},
			{"ledger/a.go", `package ledger; import "time"; func a(t time.Time) time.Duration { return time.Until(t) }`},
		},
		good: []file{
			{"internal/clock/a.go", `package clock; import "time"; var t = time.Now()`},
			{"cmd/cordon/a.go", `package main; import "time"; var t = time.Now()`},
			{"forum/a_test.go", `package forum; import "time"; var t = time.Now()`},
			{"forum/a.go", `package forum; import "time"; var t = time.Unix(0, 0); var a = time.After`},
			{"forum/b.go", `package forum; type clock struct{}; func (clock) Now() int { return 0 }; func f(time clock) { time.Now() }`},
		},
	},
	{
		name: "reads and writes say in whose name", check: checkViewers,
		bad: []file{
			{"forum/a.go", `package forum; import "` + dbPath + `"; type S struct{ v *db.View }; func (s *S) List() { db.All(s.v, nil, "x") }`},
			{"forum/a.go", `package forum; import "` + dbPath + `"; type S struct{ d *db.DB }; func (s *S) Post(ctx int) { s.d.Write(ctx, who, nil) }`},
			{"members/a.go", `package members; import "` + dbPath + `"; func Find(d *db.DB, id string) { d.Read(ctx, who, nil) }`},
			{"members/a.go", `package members; import "` + dbPath + `"; type S struct{ v *db.View }; func (s *S) List() { db.One[int](s.v, nil, "x") }`},
			{"evidence/a.go", "package evidence; func Count(q func(string)) { q(`SELECT count(*) FROM visible.posts`) }"},
		},
		good: []file{
			{"forum/a.go", `package forum; import "` + dbPath + `"; func List(v *db.View) { db.All(v, nil, "x") }`},
			{"forum/b.go", `package forum; import store "` + dbPath + `"; func Post(tx *store.Tx) { tx.Exec("x", 1) }`},
			{"forum/c.go", `package forum; import ("context"; "` + dbPath + `"; "` + policyPath + `"); func Open(ctx context.Context, d *db.DB, who policy.Viewer) { d.Write(ctx, who, nil) }`},
			{"forum/d.go", `package forum; func Title(s string) string { return s }; func list() { x.Read(1, 2) }; type Reader struct{}; func (r *Reader) Fill(b []byte) { r.in.Read(b) }`},
			{"ledger/a.go", `package ledger; func Size() { d.Read(ctx, who, nil) }`},
		},
	},
	{
		name: "views that see everything are listed", check: checkSystem,
		bad: []file{
			{"forum/a.go", `package forum; import "` + policyPath + `"; var v = policy.System("forum")`},
			{"ledger/ledger.go", `package ledger; import p "` + policyPath + `"; var v = p.System("other")`},
			{"ledger/ledger.go", `package ledger; import "` + policyPath + `"; var v = policy.System`},
		},
		good: []file{
			{"ledger/ledger.go", `package ledger; import "` + policyPath + `"; var v = policy.System("ledger")`},
			{"forum/a_test.go", `package forum; import "` + policyPath + `"; var v = policy.System("anything")`},
		},
	},
	{
		name: "a duty names its own tables", check: checkTables,
		also: map[string]string{
			"members/schema.go":   "package members\nconst s = `CREATE TABLE people (id TEXT);\nCREATE TABLE IF NOT EXISTS orgs (id TEXT)`",
			"forum/schema.go":     "package forum\nconst s = `CREATE TABLE posts (id TEXT, author TEXT REFERENCES people (id));\nCREATE VIRTUAL TABLE posts_fts USING fts5(body)`",
			"agreements/more.sql": "create table mous (id text);",
		},
		bad: []file{
			{"forum/a.go", `package forum; const q = "SELECT name FROM people WHERE id = $1"`},
			{"forum/a.go", `package forum; const q = "SELECT p.id FROM posts p, orgs o"`},
			{"forum/a.go", `package forum; const q = "SELECT p.id FROM visible.posts AS p JOIN orgs o ON true"`},
			{"forum/a.go", `package forum; const q = "select id from visible.posts where author in (select id from people)"`},
			{"members/a.go", `package members; const q = "UPDATE posts SET id = $1"`},
			{"members/a.go", `package members; const q = "INSERT INTO posts_fts (body) VALUES ($1)"`},
			{"members/a.go", `package members; const q = " LEFT JOIN mous ON true"`},
			{"internal/live/a.go", `package live; const q = "DELETE FROM posts WHERE id = $1"`},
		},
		good: []file{
			{"forum/a.go", "package forum; const q = `SELECT p.id FROM visible.posts p, visible.people o, posts_fts f -- people FROM orgs`"},
			{"members/a.go", `package members; const q = "INSERT INTO people (id) VALUES ($1) ON CONFLICT (id) DO UPDATE SET id = $1"`},
			{"members/b.go", `package members; const s = "remove them from posts first"`},
			{"internal/db/a.go", `package db; const q = "SELECT id FROM posts"`},
			{"forum/a_test.go", `package forum; const q = "SELECT id FROM people"`},
		},
	},
	{
		name: "doors and policy hold no SQL", check: checkSQLFree,
		bad: []file{
			{"web/a.go", `package web; const q = "SELECT id FROM visible.posts"`},
			{"cmd/cordon/a.go", `package main; const q = "delete from posts where id = $1"`},
			{"api/a.go", "package api; const q = `\n\tINSERT INTO posts (id) VALUES ($1)`"},
			{"formats/x/a.go", `package x; const q = "UPDATE posts SET id = 1"`},
		},
		good: []file{
			{"web/a.go", `package web; const s = "Select the rooms you want to hear from"; const t = "Update rooms"`},
			{"forum/a.go", `package forum; const q = "SELECT id FROM visible.posts"`},
		},
	},
	{
		name: "files stay short", check: checkLength,
		bad: []file{
			{"forum/a.go", "package forum\n" + strings.Repeat("\n", maxLines)},
			{"web/a.css", strings.Repeat("a {}\n", maxLines+1)},
		},
		good: []file{
			{"forum/a.go", "package forum\n" + strings.Repeat("\n", maxLines-1)},
			{"web/a_templ.go", "// Code generated by templ - DO NOT EDIT.\n\npackage web\n" + strings.Repeat("\n", maxLines)},
			{"web/a.min.js", strings.Repeat("x\n", maxLines+1)},
		},
	},
	{
		name: "packages say what they are for", check: checkComments,
		bad: []file{
			{"forum/a.go", "package forum"},
			{"forum/a.go", "// +build x\n\npackage forum"},
		},
		good: []file{
			{"forum/a.go", "// Package forum holds rooms.\npackage forum"},
			{"forum/b.go", "package forum"},
			{"forum/a_test.go", "package forum_test"},
			{"cmd/cordon/main.go", "// Command cordon runs the house.\npackage main"},
		},
	},
	{
		name: "nothing of one machine is committed", check: checkMachine,
		bad: []file{
			{"docs/a.md", "see /wo" + "rk/shared"},
			{"a.sh", "cp x /tm" + "p/x"},
			{"a.go", `package a; const p = "/ro` + `ot/.cache"`},
			{"Makefile", "GOPROXY=https://proxy.go" + "lang.org"},
			{".npmrc", "registry=https://registry.np" + "mjs.org/"},
		},
		good: []file{
			{"docs/a.md", "see https://example.org/work/ and /taxii2/root/collections, a/tmp/b, $HOME/work/x"},
			{"x/testdata/a.txt", "/tm" + "p/x"},
		},
	},
}

type file struct{ path, text string }

// TestHouse holds the repository to the house rules (T-64).
func TestHouse(t *testing.T) {
	h := newHouse(repository(t))
	for _, b := range h.broken {
		t.Error(b)
	}
	if len(h.files) < 10 {
		t.Fatalf("only %d Go files found: the rules are looking at the wrong folder", len(h.files))
	}
	for _, r := range rules {
		t.Run(strings.ReplaceAll(r.name, " ", "_"), func(t *testing.T) {
			for _, b := range r.check(h) {
				t.Error(b)
			}
		})
	}
}

// TestRulesBite proves every rule on sources made for it (T-64).
func TestRulesBite(t *testing.T) {
	for _, r := range rules {
		t.Run(strings.ReplaceAll(r.name, " ", "_"), func(t *testing.T) {
			if len(r.bad) == 0 || len(r.good) == 0 {
				t.Fatal("the rule has no sources to prove it")
			}
			for _, f := range r.bad {
				if found := r.check(build(t, r.also, f)); len(found) == 0 {
					t.Errorf("not caught: %s: %.200s", f.path, f.text)
				}
			}
			for _, found := range r.check(build(t, r.also, r.good...)) {
				t.Errorf("caught a good source: %s", found)
			}
		})
	}
}

func build(t *testing.T, also map[string]string, files ...file) *house {
	t.Helper()
	texts := map[string][]byte{}
	for name, text := range also {
		texts[name] = []byte(text)
	}
	for _, f := range files {
		texts[f.path] = []byte(f.text)
	}
	h := newHouse(texts)
	if len(h.broken) > 0 {
		t.Fatalf("the rule's own source does not parse: %v", h.broken)
	}
	return h
}

// The lists of exceptions name things that exist: an exception that outlived
// its reason is removed.
func TestExceptionsAreAlive(t *testing.T) {
	h := newHouse(repository(t))
	used := map[string]bool{}
	for _, f := range h.files {
		f.uses(policyPath, func(sel *ast.SelectorExpr) {
			if sel.Sel.Name == "System" && !f.test {
				used[f.path+" "+h.argument(f, sel)] = true
			}
		})
	}
	for _, v := range systemViews {
		if _, ok := h.texts[v.file]; ok && !used[v.file+" "+v.arg] {
			t.Errorf("systemViews lists %s %s, which is not there", v.file, v.arg)
		}
		if v.why == "" {
			t.Errorf("systemViews lists %s without a reason", v.file)
		}
	}
	for name, why := range nameless {
		if why == "" {
			t.Errorf("nameless lists %s without a reason", name)
		}
	}
}
