package db

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Privacy says how a table is protected.
type Privacy string

const (
	// Labelled tables have the columns tlp and audience, and are read only as
	// visible.<table>.
	Labelled Privacy = "labelled"
	// Private tables are read by their own duty only (internal/houserules).
	Private Privacy = "private"
	// Scratch tables are private and hold no facts (drafts, read marks, indexes,
	// cursors): they may be written without a ledger entry.
	Scratch Privacy = "scratch"
)

// Schema is one duty's tables. Steps are DDL in the common dialect and are
// append-only: a step that was ever released is never changed. Every table that
// a step creates is listed in Tables.
type Schema struct {
	Duty   string
	Steps  []string
	Tables map[string]Privacy
}

// Table is what the store knows of a table.
type Table struct {
	Name, Duty string
	Privacy    Privacy
}

var createTable = regexp.MustCompile(`(?i)CREATE\s+(?:VIRTUAL\s+)?TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?(\w+)`)

// base is the store's own schema.
var base = Schema{
	Duty: "db",
	Tables: map[string]Privacy{
		"audiences": Scratch, "audience_members": Scratch, "requests": Scratch,
	},
	Steps: []string{`
CREATE TABLE audiences (
	id      TEXT NOT NULL PRIMARY KEY,
	members TEXT NOT NULL
);
CREATE TABLE audience_members (
	audience  TEXT NOT NULL REFERENCES audiences (id),
	principal TEXT NOT NULL,
	PRIMARY KEY (audience, principal)
);
CREATE INDEX audience_members_principal ON audience_members (principal, audience);
CREATE TABLE requests (
	person  TEXT NOT NULL,
	key     TEXT NOT NULL,
	at      BIGINT NOT NULL,
	digest  TEXT NOT NULL,
	result  TEXT NOT NULL,
	PRIMARY KEY (person, key)
);
CREATE INDEX requests_at ON requests (at);
`},
}

// register checks the schemas against their own lists and fills d.tables.
func (d *DB) register(schemas []Schema) error {
	for _, s := range schemas {
		var made []string
		for _, step := range s.Steps {
			for _, m := range createTable.FindAllStringSubmatch(step, -1) {
				made = append(made, m[1])
			}
		}
		for _, name := range made {
			p, ok := s.Tables[name]
			if !ok && !strings.HasSuffix(name, "_fts") {
				return fmt.Errorf("schema %s: table %s does not say how it is protected", s.Duty, name)
			}
			if !ok {
				p = Scratch
			}
			if other, ok := d.tables[name]; ok && other.Duty != s.Duty { // a duty may make a table in each engine's own words
				return fmt.Errorf("schema %s: table %s belongs to %s", s.Duty, name, other.Duty)
			}
			d.tables[name] = Table{Name: name, Duty: s.Duty, Privacy: p}
		}
		for name := range s.Tables {
			if !slices.Contains(made, name) {
				return fmt.Errorf("schema %s: lists table %s, which no step creates", s.Duty, name)
			}
		}
	}
	return nil
}

// Tables lists every table, by name.
func (d *DB) Tables() []Table {
	ts := make([]Table, 0, len(d.tables))
	for _, t := range d.tables {
		ts = append(ts, t)
	}
	slices.SortFunc(ts, func(a, b Table) int { return strings.Compare(a.Name, b.Name) })
	return ts
}

// migrate brings the store to the given schemas. It refuses a store that has
// steps this program does not know (a newer program made it) and one whose steps
// differ from the program's (a released step was changed).
func (d *DB) migrate(ctx context.Context, schemas []Schema) error {
	tx, err := d.write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("open the store: %w", err)
	}
	defer tx.Rollback()
	for _, s := range d.dialect.prepare() {
		if _, err := tx.ExecContext(ctx, s); err != nil {
			return fmt.Errorf("prepare the store: %w", err)
		}
	}
	rows, err := tx.QueryContext(ctx, `SELECT duty, step, digest FROM schema_steps ORDER BY duty, step`)
	if err != nil {
		return fmt.Errorf("read the schema's history: %w", err)
	}
	done := map[string][]string{}
	for rows.Next() {
		var duty, digest string
		var step int
		if err := rows.Scan(&duty, &step, &digest); err != nil {
			return err
		}
		done[duty] = append(done[duty], digest)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	known := map[string]int{}
	for _, s := range schemas {
		known[s.Duty] = len(s.Steps)
	}
	for duty, steps := range done {
		if n, ok := known[duty]; !ok || len(steps) > n {
			return fmt.Errorf("this store was made by a newer program: its schema %q has %d steps and this program knows %d; start the newer program", duty, len(steps), n)
		}
	}
	for _, s := range schemas {
		for i, step := range s.Steps {
			sum := sha256.Sum256([]byte(step))
			digest := hex.EncodeToString(sum[:])
			if i < len(done[s.Duty]) {
				if done[s.Duty][i] != digest {
					return fmt.Errorf("schema %s: step %d was changed after it was applied; steps are append-only", s.Duty, i+1)
				}
				continue
			}
			for _, stmt := range d.dialect.ddl(step) {
				if _, err := tx.ExecContext(ctx, stmt); err != nil {
					return fmt.Errorf("schema %s step %d: %w in %q", s.Duty, i+1, err, stmt)
				}
			}
			if _, err := tx.ExecContext(ctx, d.dialect.bind(`INSERT INTO schema_steps (duty, step, digest) VALUES ($1, $2, $3)`), s.Duty, i+1, digest); err != nil {
				return err
			}
		}
	}
	return tx.Commit()
}
