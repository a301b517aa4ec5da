package db

import (
	"context"
	"database/sql"
	"regexp"
	"strings"
	"testing"
	"time"
)

func parser(e Engine) *DB {
	return &DB{dialect: dialect{e}, tables: map[string]Table{
		"posts":  {Name: "posts", Privacy: Labelled},
		"topics": {Name: "topics", Privacy: Labelled},
		"facts":  {Name: "facts", Privacy: Private},
		"drafts": {Name: "drafts", Privacy: Scratch},
	}}
}

func TestRewrite(t *testing.T) {
	const seen = `(SELECT * FROM posts WHERE EXISTS (SELECT 1 FROM audience_members am WHERE am.audience = posts.audience AND am.principal IN (SELECT value FROM json_each($N))))`
	mine := func(n string) string { return strings.ReplaceAll(seen, "$N", "$"+n) }
	for _, c := range []struct {
		stmt, want string
		args       int
		uses       bool
	}{
		{`SELECT 1`, `SELECT 1`, 0, false},
		{`SELECT id FROM visible.posts`, `SELECT id FROM ` + mine("1") + ` AS posts`, 0, true},
		{`SELECT id FROM VISIBLE.Posts`, `SELECT id FROM ` + mine("1") + ` AS posts`, 0, true},
		{`SELECT p.id FROM visible.posts p WHERE p.id = $1`, `SELECT p.id FROM ` + mine("2") + ` p WHERE p.id = $1`, 1, true},
		{`SELECT p.id FROM visible.posts AS p`, `SELECT p.id FROM ` + mine("1") + ` AS p`, 0, true},
		{`SELECT posts.id FROM visible.posts WHERE posts.id = $2 AND $1 = ''`, `SELECT posts.id FROM ` + mine("3") + ` AS posts WHERE posts.id = $2 AND $1 = ''`, 2, true},
		{`SELECT id FROM facts, visible.posts`, `SELECT id FROM facts, ` + mine("1") + ` AS posts`, 0, true},
		{`SELECT (SELECT count(*) FROM visible.posts)`, `SELECT (SELECT count(*) FROM ` + mine("1") + ` AS posts)`, 0, true},
		{`SELECT 'FROM posts $9' -- FROM posts`, `SELECT 'FROM posts $9' -- FROM posts`, 0, false},
		{`SELECT 'it''s posts'`, `SELECT 'it''s posts'`, 0, false},
		{`INSERT INTO posts (id) VALUES ($1)`, `INSERT INTO posts (id) VALUES ($1)`, 1, false},
		{`insert or ignore into posts (id) values ($1)`, `insert or ignore into posts (id) values ($1)`, 1, false},
		{`UPDATE posts SET body = $1 WHERE id IN (SELECT id FROM visible.posts)`, `UPDATE posts SET body = $1 WHERE id IN (SELECT id FROM ` + mine("2") + ` AS posts)`, 1, true},
		{`DELETE FROM posts WHERE id = $1`, `DELETE FROM posts WHERE id = $1`, 1, false},
		{`WITH x AS (SELECT 1) DELETE FROM posts WHERE id = ''`, `WITH x AS (SELECT 1) DELETE FROM posts WHERE id = ''`, 0, false},
		{`INSERT INTO facts (id) SELECT id FROM visible.posts ON CONFLICT (id) DO UPDATE SET id = excluded.id`,
			`INSERT INTO facts (id) SELECT id FROM ` + mine("1") + ` AS posts ON CONFLICT (id) DO UPDATE SET id = excluded.id`, 0, true},
		{`UPDATE facts SET id = $1 RETURNING id`, `UPDATE facts SET id = $1 RETURNING id`, 1, false},
	} {
		r := parser(Postgres).rewrite(c.stmt, false)
		if r.err != nil || r.text != c.want || r.args != c.args || r.uses != c.uses {
			t.Errorf("%s\n got %s (%d arguments, viewer %v, %v)\nwant %s", c.stmt, r.text, r.args, r.uses, r.err, c.want)
		}
	}
	if r := parser(SQLite).rewrite(`SELECT $2, '$1', id FROM visible.posts WHERE id = $1 -- $3`, false); r.err != nil ||
		!strings.HasPrefix(r.text, `SELECT ?2, '$1', id FROM (`) || !strings.Contains(r.text, `json_each(?3)`) || !strings.Contains(r.text, `id = ?1 -- $3`) {
		t.Errorf("on SQLite: %s %v", r.text, r.err)
	}
	d := parser(SQLite)
	if r := d.rewrite(`SELECT id FROM visible.posts p`, true); r.text != `SELECT id FROM posts p` || r.uses {
		t.Errorf("for the system: %s", r.text)
	}
	if r := d.rewrite(`SELECT id FROM visible.posts p`, false); !r.uses {
		t.Error("the system's statement was handed to a viewer")
	}
}

// refused names a labelled table past its labels, or is no statement for here.
var refused = []string{
	`SELECT * FROM posts`, `select * from POSTS`, `SELECT * FROM posts p`, `SELECT * FROM facts, posts`, `SELECT * FROM facts,posts`,
	`SELECT * FROM facts JOIN posts ON 1 = 1`, `SELECT * FROM visible.posts JOIN topics ON 1 = 1`, `SELECT (SELECT body FROM posts)`,
	`SELECT 1 WHERE EXISTS (SELECT 1 FROM posts)`, `WITH x AS (SELECT * FROM posts) SELECT * FROM x`, `WITH posts AS (SELECT 1) SELECT * FROM posts`,
	`SELECT * FROM (posts)`, `SELECT * FROM facts UNION SELECT * FROM posts`, "SELECT * FROM -- visible.\nposts", `SELECT 'x' FROM posts`,
	`DELETE FROM facts USING posts`, `DELETE FROM facts WHERE id IN (SELECT id FROM posts)`, `INSERT INTO facts SELECT id FROM posts`,
	`UPDATE facts SET id = body FROM posts`, `UPDATE posts SET body = (SELECT body FROM topics)`, `INSERT INTO posts SELECT * FROM posts`,
	`SELECT * FROM main.posts`, `SELECT * FROM public.posts`, `SELECT * FROM visible . posts`, `SELECT * FROM visible.public.posts`, `SELECT posts FROM visible.posts`,
	`SELECT body AS delete FROM posts`, `SELECT f(1) delete FROM posts`, `SELECT 1 AS update posts`, `SELECT * INTO posts FROM facts`, `SELECT 1 AS into, posts`,
	`UPDATE posts SET body = '' RETURNING body`, `DELETE FROM posts RETURNING body`, `INSERT INTO posts (id) VALUES ('') RETURNING id`,
	`WITH x AS (UPDATE posts SET body = body RETURNING *) SELECT * FROM x`, `WITH x AS (DELETE FROM posts RETURNING *) SELECT * FROM x`,
	`UPDATE visible.posts SET body = ''`, `DELETE FROM visible.posts`, `INSERT INTO visible.posts (id) VALUES ('')`, `SELECT * FROM visible.facts`, `SELECT * FROM visible.none`,
	`TABLE posts`, `TRUNCATE posts`, `DROP TABLE drafts`, `PRAGMA table_info(posts)`, `ATTACH 'x' AS y`, `COPY posts TO STDOUT`, `EXPLAIN SELECT 1`, `CREATE TABLE x (y TEXT)`, `BEGIN`, ``, ` `, `-- x`, `(SELECT 1)`, `VACUUM`,
	`UPDATE schema_steps SET step = 1`, `DELETE FROM sqlite_master`, `INSERT INTO main.posts (id) VALUES ('')`,
	`SELECT * FROM "posts"`, "SELECT * FROM `posts`", `SELECT * FROM [posts]`, `SELECT 1; SELECT * FROM posts`, `SELECT /* x */ 1`, `SELECT /* FROM */ * FROM posts`, `SELECT 'x`, `SELECT \ 1`,
	`SELECT E'\'' FROM posts WHERE x = E'\''`, `SELECT U&'x'`, "SELECT 1 -- x\rFROM posts", "SELECT\r1", "SELECT 1\x00", "SELECT\v1", "SELECT\f1", `SELECT $$ FROM posts $$`, `SELECT $a$ x $a$`, `SELECT $0`, `SELECT $999`, "SELECT * FROM po\u017fts",
}

func TestRewriteRefuses(t *testing.T) {
	for _, e := range []Engine{SQLite, Postgres} {
		for _, system := range []bool{false, true} {
			for _, stmt := range refused {
				if r := parser(e).rewrite(stmt, system); r.err == nil {
					t.Errorf("%s, system %v: %q became %q", e, system, stmt, r.text)
				}
			}
		}
	}
}

// FuzzRewrite holds that no statement reads a labelled row past its labels. Two
// oracles: no labelled name is left in the text but where rows are written or
// filtered; and SQLite itself, run with a viewer who may see nothing over tables
// whose every field is a canary, gives none back.
func FuzzRewrite(f *testing.F) {
	for _, s := range refused {
		f.Add(s)
	}
	for _, s := range []string{
		`SELECT * FROM visible.posts p JOIN visible.topics t ON t.id = p.id WHERE p.id = $1`, `SELECT 'posts', id FROM visible.posts WHERE body LIKE '%''posts%'`,
		`SELECT posts.body FROM visible.posts -- posts`, `SELECT (SELECT max(body) FROM visible.posts) FROM facts`, `WITH x AS (SELECT * FROM visible.posts) SELECT * FROM x`,
		`DELETE FROM posts`, `WITH x AS (SELECT 1) UPDATE posts SET body = ''`,
	} {
		f.Add(s)
	}
	store, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		f.Fatal(err)
	}
	store.SetMaxOpenConns(1)
	f.Cleanup(func() { store.Close() })
	for _, s := range []string{
		`CREATE TABLE audience_members (audience TEXT, principal TEXT)`, `CREATE TABLE facts (id TEXT)`, `CREATE TABLE drafts (id TEXT)`, `INSERT INTO facts VALUES ('f')`,
		`CREATE TABLE posts (id TEXT, body TEXT, tlp TEXT, audience TEXT)`, `CREATE TABLE topics (id TEXT, body TEXT, tlp TEXT, audience TEXT)`,
		`INSERT INTO posts VALUES ('CANARY', 'CANARY', 'CANARY', 'CANARY')`, `INSERT INTO topics VALUES ('CANARY', 'CANARY', 'CANARY', 'CANARY')`,
		`INSERT INTO audience_members VALUES ('CANARY', 'org:theirs')`, `PRAGMA query_only = 1`,
	} {
		if _, err := store.Exec(s); err != nil {
			f.Fatal(err)
		}
	}
	quiet := regexp.MustCompile(`'(?:[^']|'')*'|--[^\n]*`)
	filtered := regexp.MustCompile(`\(SELECT \* FROM (posts|topics) WHERE EXISTS \(SELECT 1 FROM audience_members am WHERE am\.audience = (posts|topics)\.audience AND am\.principal IN \(SELECT value FROM json_each\([$?]\d+\)\)\)\)( AS (posts|topics))?`)
	written := regexp.MustCompile(`(?i)\b(INTO|UPDATE|DELETE\s+FROM)\s+(posts|topics)\b`)
	column := regexp.MustCompile(`(?i)\b(posts|topics)\.`)
	bare := regexp.MustCompile(`(?i)\b(posts|topics)\b`)
	f.Fuzz(func(t *testing.T, stmt string) {
		for _, e := range []Engine{SQLite, Postgres} {
			r := parser(e).rewrite(stmt, false)
			if r.err != nil {
				continue
			}
			left := filtered.ReplaceAllString(quiet.ReplaceAllString(r.text, " "), " ")
			left = column.ReplaceAllString(written.ReplaceAllString(left, " "), " ")
			if m := bare.FindString(left); m != "" {
				t.Errorf("%s: %q keeps the bare name %s: %q", e, stmt, m, r.text)
			}
			if e != SQLite || strings.Contains(stmt, "CANARY") || strings.Contains(strings.ToUpper(stmt), "RECURSIVE") || strings.Contains(strings.ToLower(stmt), "sqlite_") {
				continue
			}
			args := make([]any, r.args, r.args+1)
			for i := range args {
				args[i] = "x"
			}
			if r.uses {
				args = append(args, `["public","org:mine"]`)
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			rows, err := store.QueryContext(ctx, r.text, args...)
			if err == nil {
				cols, _ := rows.Columns()
				for rows.Next() {
					got := make([]sql.NullString, len(cols))
					to := make([]any, len(cols))
					for i := range got {
						to[i] = &got[i]
					}
					if rows.Scan(to...) == nil {
						for _, s := range got {
							if strings.Contains(s.String, "CANARY") {
								t.Errorf("%q gave back what the viewer may not see: %q", stmt, r.text)
							}
						}
					}
				}
				rows.Close()
			}
			cancel()
		}
	})
}
