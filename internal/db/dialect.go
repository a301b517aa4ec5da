package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	_ "github.com/jackc/pgx/v5/stdlib" // the PostgreSQL driver
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Engine names a database engine.
type Engine string

// The two engines.
const (
	SQLite   Engine = "sqlite"
	Postgres Engine = "postgres"
)

// dialect is all that differs between the engines.
type dialect struct{ engine Engine }

// open opens the writing and the reading pool.
func (dl dialect) open(dir, dsn string) (write, read *sql.DB, err error) {
	if dl.engine == Postgres {
		// Compiling a plan costs more than running these short statements.
		if strings.Contains(dsn, "?") {
			dsn += "&jit=off"
		} else {
			dsn += "?jit=off"
		}
		if write, err = sql.Open("pgx", dsn); err != nil {
			return nil, nil, err
		}
		write.SetMaxOpenConns(2) // the writer, and one for migrations and backups
		if read, err = sql.Open("pgx", dsn); err != nil {
			return nil, nil, err
		}
		read.SetMaxOpenConns(4 * runtime.NumCPU())
		read.SetMaxIdleConns(4 * runtime.NumCPU())
		return write, read, nil
	}
	// Pragmas belong to a connection, so they stand in the DSN; FULL makes every
	// commit wait for the disk (T-20), secure_delete overwrites what is shredded.
	common := url.Values{"_pragma": {"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)",
		"secure_delete(1)", "trusted_schema(0)", "cache_size(-8000)", "temp_store(MEMORY)"}}
	path := "file:" + (&url.URL{Path: filepath.ToSlash(filepath.Join(dir, "cordon.db"))}).EscapedPath()
	w := url.Values{"_pragma": common["_pragma"], "_txlock": {"immediate"}}
	if write, err = sql.Open("sqlite", path+"?"+w.Encode()); err != nil {
		return nil, nil, err
	}
	write.SetMaxOpenConns(1)
	r := url.Values{"_pragma": append(append([]string{}, common["_pragma"]...), "query_only(1)")}
	if read, err = sql.Open("sqlite", path+"?"+r.Encode()); err != nil {
		return nil, nil, err
	}
	read.SetMaxOpenConns(2 * max(2, runtime.NumCPU()))
	read.SetMaxIdleConns(2 * max(2, runtime.NumCPU()))
	return write, read, nil
}

// openSide opens a pool for look-ups beside a transaction. It is apart from the
// reading pool so that a transaction that needs a look-up cannot wait for others
// that do.
func (dl dialect) openSide(dir, dsn string) (*sql.DB, error) {
	write, side, err := dl.open(dir, dsn)
	if err != nil {
		return nil, err
	}
	side.SetMaxOpenConns(2)
	return side, write.Close() // pools connect when first used: nothing was opened
}

// prepare is what a store needs before its first schema step.
func (dl dialect) prepare() []string {
	steps := `CREATE TABLE IF NOT EXISTS schema_steps (duty TEXT NOT NULL, step BIGINT NOT NULL, digest TEXT NOT NULL, PRIMARY KEY (duty, step))`
	if dl.engine == SQLite {
		return []string{strings.Replace(steps, "BIGINT", "INTEGER", 1) + " STRICT"}
	}
	return []string{
		`SELECT pg_advisory_xact_lock(7241982)`, // one node migrates at a time
		steps,
		// the same spelling of "a list in one argument" on both engines
		`CREATE OR REPLACE FUNCTION json_each(j text) RETURNS TABLE (value text) LANGUAGE sql IMMUTABLE PARALLEL SAFE
		 AS $$ SELECT x FROM jsonb_array_elements_text(j::jsonb) t(x) $$`,
	}
}

var (
	bigint = regexp.MustCompile(`\bBIGINT\b`)
	bytea  = regexp.MustCompile(`\bBYTEA\b`)
)

// ddl splits a step into statements and translates them. A line that starts
// with "-- sqlite:" or "-- postgres:" holds a statement for that engine alone.
func (dl dialect) ddl(step string) []string {
	var b strings.Builder
	for line := range strings.Lines(step) {
		if rest, ok := strings.CutPrefix(strings.TrimSpace(line), "-- "+string(dl.engine)+":"); ok {
			b.WriteString(rest + "\n")
		} else if !strings.HasPrefix(strings.TrimSpace(line), "--") {
			b.WriteString(line)
		}
	}
	var out []string
	for stmt := range strings.SplitSeq(b.String(), ";\n") {
		stmt = strings.TrimSuffix(strings.TrimSpace(stmt), ";")
		if stmt == "" {
			continue
		}
		if dl.engine == SQLite {
			stmt = bytea.ReplaceAllString(bigint.ReplaceAllString(stmt, "INTEGER"), "BLOB")
			if strings.HasPrefix(stmt, "CREATE TABLE") {
				stmt += " STRICT"
			}
		}
		out = append(out, stmt)
	}
	return out
}

var placeholder = regexp.MustCompile(`\$(\d+)`)

// bind writes placeholders as the engine wants them. SQLite numbers $name
// placeholders in order of first use, so they become ?N there.
func (dl dialect) bind(stmt string) string {
	if dl.engine == Postgres {
		return stmt
	}
	return placeholder.ReplaceAllString(stmt, "?$1")
}

// readable is the condition that row t of a labelled table can be read by the
// principals in placeholder n (a JSON list).
func (dl dialect) readable(table string, n int) string {
	return fmt.Sprintf("EXISTS (SELECT 1 FROM audience_members am WHERE am.audience = %s.audience AND am.principal IN (SELECT value FROM json_each($%d)))", table, n)
}

// beginRead starts a snapshot.
func (dl dialect) beginRead(ctx context.Context, db *sql.DB) (*sql.Tx, error) {
	if dl.engine == Postgres {
		return db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	}
	return db.BeginTx(ctx, nil)
}

// classify finds what an engine's error means to us.
func (dl dialect) classify(err error) errClass {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		switch {
		case pg.Code == "23505":
			return errUnique
		case pg.Code == "23503", pg.Code == "23502", pg.Code == "23514":
			return errConstraint
		case pg.Code == "53100", pg.Code == "53200":
			return errFull
		case pg.Code == "40001", pg.Code == "40P01", pg.Code == "57014":
			return errBusy
		case strings.HasPrefix(pg.Code, "08"), strings.HasPrefix(pg.Code, "57P"), pg.Code == "53300":
			return errGone // it stops, crashed, starts, or has no place for one more connection
		}
		return errOther
	}
	if dl.engine == Postgres && unreachable(err) {
		return errGone
	}
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		switch code := lite.Code(); {
		case code == sqlite3.SQLITE_CONSTRAINT_UNIQUE || code == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY || code == sqlite3.SQLITE_CONSTRAINT_ROWID:
			return errUnique
		case code&0xff == sqlite3.SQLITE_CONSTRAINT:
			return errConstraint
		case code&0xff == sqlite3.SQLITE_FULL:
			return errFull
		case code&0xff == sqlite3.SQLITE_BUSY, code&0xff == sqlite3.SQLITE_LOCKED:
			return errBusy
		case code == sqlite3.SQLITE_IOERR_FSYNC, code == sqlite3.SQLITE_IOERR_DIR_FSYNC, code == sqlite3.SQLITE_CORRUPT, code == sqlite3.SQLITE_NOTADB:
			return errFatal
		case code&0xff == sqlite3.SQLITE_IOERR:
			return errIO
		}
	}
	return errOther
}

// unreachable reports whether the connection to the server broke.
func unreachable(err error) bool {
	var network net.Error
	return errors.As(err, &network) || errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, pgconn.ErrConnClosed)
}

// undoes reports whether the engine may have undone the whole transaction by
// itself on this error, not just the statement (sqlite.org/lang_transaction.html
// §"Response To Errors Within A Transaction").
func (dl dialect) undoes(err error) bool {
	var lite *sqlite.Error
	if !errors.As(err, &lite) {
		return false
	}
	switch lite.Code() & 0xff {
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_CORRUPT:
		return true
	}
	return false
}

type errClass int

const (
	errOther errClass = iota
	errUnique
	errConstraint
	errFull
	errBusy
	errGone
	errIO
	errFatal
)
