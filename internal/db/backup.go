package db

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// BackupFormat is the version of the backup file that this program writes.
const BackupFormat = 1

// BackupInfo is what a backup file says of itself (its member backup.json). It
// is the same for both engines: two stores are equal when their tables' digests
// are.
type BackupInfo struct {
	Format     int                 `json:"format"`
	At         string              `json:"at"`     // RFC 3339, UTC: when the copy began
	Engine     Engine              `json:"engine"` // where it came from; it does not matter where it goes
	Steps      map[string][]string `json:"steps"`  // duty → digests of its schema steps
	Ledger     int64               `json:"ledger"` // entries
	Checkpoint string              `json:"checkpoint"`
	Tables     []BackupTable       `json:"tables"`
	Files      BackupFiles         `json:"files"`
}

// BackupTable is one table, kept as tables/<name>.jsonl: one JSON array a row, in
// the columns' order, sorted by the primary key; bytes are base64.
type BackupTable struct {
	Name    string         `json:"name"`
	Columns []BackupColumn `json:"columns"`
	Rows    int64          `json:"rows"`
	Bytes   int64          `json:"bytes"`
	SHA256  string         `json:"sha256"`
}

// BackupColumn is a column's name and type (text, bigint or bytea).
type BackupColumn struct {
	Name string `json:"name"`
	Type string `json:"type"`
	key  int    // place in the primary key, from 1
}

// BackupFiles tells of the stored files, which stay encrypted as they are. They
// are listed in files.jsonl as [name, bytes, sha256].
type BackupFiles struct {
	Count  int64  `json:"count"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"` // of files.jsonl
}

// BackupSource is what is copied.
type BackupSource struct {
	Dir   string // the data folder with cordon.db in it
	URL   string // postgres://…; empty means SQLite
	Files string // the folder of stored files; need not exist
	Now   time.Time
	// Progress is told how many of how many rows and files are done; may be nil.
	Progress func(what string, done, total int64)
}

// Backup writes a copy of a store to w while others may go on writing to it: one
// snapshot of all tables, and then the files that it names, which are written
// before what names them. Full-text indexes are left out; they are made again.
func Backup(ctx context.Context, src BackupSource, w io.Writer) (BackupInfo, error) {
	info := BackupInfo{Format: BackupFormat, At: src.Now.UTC().Format(time.RFC3339), Engine: SQLite, Steps: map[string][]string{}, Tables: []BackupTable{}}
	dl := dialect{SQLite}
	if src.URL != "" {
		dl, info.Engine = dialect{Postgres}, Postgres
	} else if _, err := os.Stat(filepath.Join(src.Dir, "cordon.db")); err != nil {
		return info, fmt.Errorf("there is no store in %s: %w", src.Dir, err)
	}
	write, read, err := dl.open(src.Dir, src.URL)
	if err != nil {
		return info, fmt.Errorf("open the store: %w", err)
	}
	defer write.Close()
	defer read.Close()
	tx, err := dl.beginRead(ctx, read)
	if err != nil {
		return info, fmt.Errorf("open the store: %w", err)
	}
	defer tx.Rollback()
	if info.Steps, err = stepsDone(ctx, tx); err != nil {
		return info, err
	}
	tables, err := dl.catalog(ctx, tx)
	if err != nil {
		return info, err
	}
	if err := tx.QueryRowContext(ctx, `SELECT size FROM ledger_head WHERE id = 1`).Scan(&info.Ledger); err != nil {
		return info, fmt.Errorf("read the ledger's size: %w", err)
	}
	err = tx.QueryRowContext(ctx, `SELECT note FROM ledger_checkpoints ORDER BY size DESC LIMIT 1`).Scan(&info.Checkpoint)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return info, fmt.Errorf("read the ledger's checkpoint: %w", err)
	}
	p := &progress{fn: src.Progress}
	for _, t := range tables {
		var n int64
		if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM `+quoted(t.Name)).Scan(&n); err != nil {
			return info, fmt.Errorf("count the rows of %s: %w", t.Name, err)
		}
		p.total += n
	}
	z := zip.NewWriter(w)
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestSpeed) })
	create := func(name string, method uint16) (io.Writer, error) {
		return z.CreateHeader(&zip.FileHeader{Name: name, Method: method, Modified: src.Now.UTC().Truncate(2 * time.Second)})
	}
	for _, t := range tables {
		out, err := create("tables/"+t.Name+".jsonl", zip.Deflate)
		if err != nil {
			return info, err
		}
		sum := newSummer(out)
		t.Rows, err = dl.dump(ctx, tx, t, sum, func() { p.add(t.Name) })
		if err != nil {
			return info, fmt.Errorf("copy table %s: %w", t.Name, err)
		}
		t.Bytes, t.SHA256 = sum.n, sum.hex()
		info.Tables = append(info.Tables, t)
	}
	tx.Rollback() // the snapshot is read; files do not change once written
	if info.Files, err = backupFiles(ctx, src.Files, create, p); err != nil {
		return info, err
	}
	text, err := json.MarshalIndent(info, "", "  ")
	if err != nil {
		return info, err
	}
	out, err := create("backup.json", zip.Deflate)
	if err != nil {
		return info, err
	}
	if _, err := out.Write(append(text, '\n')); err != nil {
		return info, err
	}
	return info, z.Close()
}

// fileName is where the blob store keeps a file: two hexadecimal digits and an id.
var fileName = regexp.MustCompile(`^[0-9a-f]{2}/[a-z0-9_-]{1,128}$`)

func backupFiles(ctx context.Context, dir string, create func(string, uint16) (io.Writer, error), p *progress) (out BackupFiles, err error) {
	var list bytes.Buffer
	var names []string
	if dir != "" {
		names, err = storedFiles(dir)
		if err != nil {
			return out, fmt.Errorf("list the stored files: %w", err)
		}
	}
	p.total += int64(len(names))
	root := os.DirFS(dir)
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return out, err
		}
		f, err := root.Open(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue // shredded since the list was made
		}
		if err != nil {
			return out, fmt.Errorf("copy file %s: %w", name, err)
		}
		w, err := create("files/"+name, zip.Store) // encrypted bytes do not shrink
		if err != nil {
			f.Close()
			return out, err
		}
		sum := newSummer(w)
		_, err = io.Copy(sum, f)
		f.Close()
		if err != nil {
			return out, fmt.Errorf("copy file %s: %w", name, err)
		}
		line, err := json.Marshal([]any{name, sum.n, sum.hex()})
		if err != nil {
			return out, err
		}
		list.Write(append(line, '\n'))
		out.Count++
		out.Bytes += sum.n
		p.add("files")
	}
	w, err := create("files.jsonl", zip.Deflate)
	if err != nil {
		return out, err
	}
	sum := newSummer(w)
	if _, err := sum.Write(list.Bytes()); err != nil {
		return out, err
	}
	out.SHA256 = sum.hex()
	return out, nil
}

func storedFiles(dir string) (names []string, err error) {
	folders, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	for _, folder := range folders {
		if !folder.IsDir() || len(folder.Name()) != 2 {
			continue
		}
		files, err := os.ReadDir(filepath.Join(dir, folder.Name()))
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			if name := path.Join(folder.Name(), f.Name()); f.Type().IsRegular() && fileName.MatchString(name) {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return names, nil
}

// dump writes a table's rows and returns how many.
func (dl dialect) dump(ctx context.Context, tx *sql.Tx, t BackupTable, w io.Writer, each func()) (rows int64, err error) {
	var cols, order []string
	keyed := slices.Clone(t.Columns)
	if slices.ContainsFunc(keyed, func(c BackupColumn) bool { return c.key > 0 }) {
		keyed = slices.DeleteFunc(keyed, func(c BackupColumn) bool { return c.key == 0 })
		slices.SortFunc(keyed, func(a, b BackupColumn) int { return a.key - b.key })
	}
	for _, c := range t.Columns {
		cols = append(cols, quoted(c.Name))
	}
	for _, c := range keyed {
		o := quoted(c.Name)
		if dl.engine == Postgres && c.Type == "text" {
			o += ` COLLATE "C"` // bytes, as SQLite sorts
		}
		order = append(order, o)
	}
	rs, err := tx.QueryContext(ctx, `SELECT `+strings.Join(cols, ", ")+` FROM `+quoted(t.Name)+` ORDER BY `+strings.Join(order, ", "))
	if err != nil {
		return 0, err
	}
	defer rs.Close()
	row, dest := make([]any, len(cols)), make([]any, len(cols))
	for i := range row {
		dest[i] = &row[i]
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	for rs.Next() {
		if err := rs.Scan(dest...); err != nil {
			return rows, err
		}
		for i, c := range t.Columns {
			if row[i], err = portable(c, row[i]); err != nil {
				return rows, err
			}
		}
		buf.Reset()
		if err := enc.Encode(row); err != nil {
			return rows, err
		}
		if _, err := w.Write(buf.Bytes()); err != nil {
			return rows, err
		}
		rows++
		each()
	}
	return rows, rs.Err()
}

// raw is a text that is no UTF-8, which JSON cannot hold as it is.
type raw struct {
	Base64 string `json:"base64"`
}

// portable is a value as both engines agree on it.
func portable(c BackupColumn, v any) (any, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case int64:
		if c.Type == "bigint" {
			return v, nil
		}
	case string:
		if c.Type == "text" && !utf8.ValidString(v) {
			return raw{base64.StdEncoding.EncodeToString([]byte(v))}, nil
		}
		if c.Type == "text" {
			return v, nil
		}
	case []byte:
		if c.Type == "bytea" {
			return base64.StdEncoding.EncodeToString(v), nil
		}
	}
	return nil, fmt.Errorf("column %s of type %s holds a %T", c.Name, c.Type, v)
}

// derived reports whether a table is made from others: a full-text index and the
// tables that SQLite keeps it in.
func derived(name string) bool {
	return strings.HasSuffix(name, "_fts") || strings.Contains(name, "_fts_") || strings.HasPrefix(name, "sqlite_") || name == "schema_steps"
}

// catalog lists the tables that are copied, with their columns, by name.
func (dl dialect) catalog(ctx context.Context, tx *sql.Tx) ([]BackupTable, error) {
	stmt := `SELECT m.name, c.name, c.type, c.pk, c.hidden FROM sqlite_master m, pragma_table_xinfo(m.name) c WHERE m.type = 'table' ORDER BY m.name, c.cid`
	if dl.engine == Postgres {
		stmt = `SELECT c.table_name, c.column_name, c.data_type,
			COALESCE(array_position(i.indkey::int2[], a.attnum)+1, 0), CASE WHEN c.is_generated = 'ALWAYS' THEN 2 ELSE 0 END
			FROM information_schema.columns c
			JOIN information_schema.tables t ON t.table_schema = c.table_schema AND t.table_name = c.table_name AND t.table_type = 'BASE TABLE'
			JOIN pg_class k ON k.relname = c.table_name AND k.relnamespace = current_schema()::regnamespace
			JOIN pg_attribute a ON a.attrelid = k.oid AND a.attname = c.column_name
			LEFT JOIN pg_index i ON i.indrelid = k.oid AND i.indisprimary
			WHERE c.table_schema = current_schema() ORDER BY c.table_name COLLATE "C", c.ordinal_position`
	}
	rows, err := tx.QueryContext(ctx, stmt)
	if err != nil {
		return nil, fmt.Errorf("list the tables: %w", err)
	}
	defer rows.Close()
	types := map[string]string{"TEXT": "text", "INTEGER": "bigint", "BLOB": "bytea", "text": "text", "bigint": "bigint", "bytea": "bytea"}
	var out []BackupTable
	for rows.Next() {
		var table string
		var c BackupColumn
		var hidden int
		if err := rows.Scan(&table, &c.Name, &c.Type, &c.key, &hidden); err != nil {
			return nil, fmt.Errorf("list the tables: %w", err)
		}
		if derived(table) || hidden != 0 {
			continue
		}
		declared := c.Type
		if c.Type = types[declared]; c.Type == "" {
			if c.key > 0 {
				return nil, fmt.Errorf("table %s has a key of the unknown type %s", table, declared)
			}
			continue // an engine's own column, such as tsvector: made again
		}
		if len(out) == 0 || out[len(out)-1].Name != table {
			out = append(out, BackupTable{Name: table})
		}
		t := &out[len(out)-1]
		t.Columns = append(t.Columns, c)
	}
	return out, rows.Err()
}

// stepsDone reads which schema steps a store has.
func stepsDone(ctx context.Context, tx *sql.Tx) (map[string][]string, error) {
	rows, err := tx.QueryContext(ctx, `SELECT duty, digest FROM schema_steps ORDER BY duty, step`)
	if err != nil {
		return nil, fmt.Errorf("read the schema's history: %w", err)
	}
	defer rows.Close()
	done := map[string][]string{}
	for rows.Next() {
		var duty, digest string
		if err := rows.Scan(&duty, &digest); err != nil {
			return nil, err
		}
		done[duty] = append(done[duty], digest)
	}
	return done, rows.Err()
}

func quoted(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// summer counts and hashes what passes to w.
type summer struct {
	w io.Writer
	h hash.Hash
	n int64
}

func newSummer(w io.Writer) *summer { return &summer{w: w, h: sha256.New()} }

func (s *summer) Write(p []byte) (int, error) {
	n, err := s.w.Write(p)
	s.h.Write(p[:n])
	s.n += int64(n)
	return n, err
}

func (s *summer) hex() string { return hex.EncodeToString(s.h.Sum(nil)) }

type progress struct {
	fn          func(what string, done, total int64)
	done, total int64
}

func (p *progress) add(what string) {
	p.done++
	if p.fn != nil && (p.done%1000 == 0 || p.done == p.total) {
		p.fn(what, p.done, p.total)
	}
}
