package db

import (
	"archive/zip"
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cordon-isao/cordon/formats/strictjson"
)

// The limits of a backup file: what is read whole, and the longest row.
const (
	maxBackupInfo = 4 << 20
	maxFileList   = 1 << 30
	maxRow        = 256 << 20
)

// BackupFile is an open backup. Nothing of it may be believed before [BackupFile.Verify].
type BackupFile struct {
	Info    BackupInfo
	members map[string]*zip.File
	files   []storedFile
}

type storedFile struct {
	name, sha256 string
	size         int64
}

// OpenBackup reads what a backup says of itself.
func OpenBackup(r io.ReaderAt, size int64) (*BackupFile, error) {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, fmt.Errorf("this is no backup, or it was cut off: %w", err)
	}
	b := &BackupFile{members: map[string]*zip.File{}}
	for _, f := range z.File {
		if b.members[f.Name] != nil {
			return nil, fmt.Errorf("the backup holds %q twice", f.Name)
		}
		b.members[f.Name] = f
	}
	text, err := b.whole("backup.json", maxBackupInfo)
	if err != nil {
		return nil, err
	}
	if err := strictjson.UnmarshalLimits(text, strictjson.Limits{Bytes: maxBackupInfo}, &b.Info); err != nil {
		return nil, fmt.Errorf("read backup.json: %w", err)
	}
	if b.Info.Format != BackupFormat {
		return nil, fmt.Errorf("the backup is of format %d and this program reads %d; use the program that made it", b.Info.Format, BackupFormat)
	}
	list, err := b.whole("files.jsonl", maxFileList)
	if err != nil {
		return nil, err
	}
	if sum := sha256.Sum256(list); hex.EncodeToString(sum[:]) != b.Info.Files.SHA256 {
		return nil, errors.New("files.jsonl was changed: its digest is not the one in backup.json")
	}
	for line := range bytes.Lines(list) {
		var f storedFile
		var fields []json.RawMessage
		err := json.Unmarshal(line, &fields)
		if err == nil && len(fields) == 3 {
			err = errors.Join(json.Unmarshal(fields[0], &f.name), json.Unmarshal(fields[1], &f.size), json.Unmarshal(fields[2], &f.sha256))
		}
		if err != nil || len(fields) != 3 || !fileName.MatchString(f.name) || f.size < 0 {
			return nil, errors.New("files.jsonl has a line that names no stored file")
		}
		b.files = append(b.files, f)
	}
	known := map[string]bool{"backup.json": true, "files.jsonl": true}
	for _, t := range b.Info.Tables {
		known["tables/"+t.Name+".jsonl"] = true
	}
	for _, f := range b.files {
		known["files/"+f.name] = true
	}
	for name := range b.members {
		if !known[name] {
			return nil, fmt.Errorf("the backup holds %q, which it does not list", name)
		}
	}
	return b, nil
}

func (b *BackupFile) open(name string) (io.ReadCloser, error) {
	f := b.members[name]
	if f == nil {
		return nil, fmt.Errorf("the backup lacks %s", name)
	}
	r, err := f.Open()
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return r, nil
}

func (b *BackupFile) whole(name string, limit int64) ([]byte, error) {
	r, err := b.open(name)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	text, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if int64(len(text)) > limit {
		return nil, fmt.Errorf("%s is longer than %d bytes", name, limit)
	}
	return text, nil
}

// Verify reads the whole backup and compares every table and file with its digest.
func (b *BackupFile) Verify(ctx context.Context, report func(what string, done, total int64)) error {
	p := &progress{fn: report, total: int64(len(b.files))}
	for _, t := range b.Info.Tables {
		p.total += t.Rows
	}
	for _, t := range b.Info.Tables {
		rows, err := b.check("tables/"+t.Name+".jsonl", t.Bytes, t.SHA256, true)
		if err != nil {
			return err
		}
		if rows != t.Rows {
			return fmt.Errorf("table %s has %d rows in the backup, not %d", t.Name, rows, t.Rows)
		}
		p.done += rows - 1
		p.add(t.Name)
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	var total int64
	for _, f := range b.files {
		if _, err := b.check("files/"+f.name, f.size, f.sha256, false); err != nil {
			return err
		}
		total += f.size
		p.add("files")
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	if int64(len(b.files)) != b.Info.Files.Count || total != b.Info.Files.Bytes {
		return fmt.Errorf("the backup holds %d files of %d bytes, not %d of %d", len(b.files), total, b.Info.Files.Count, b.Info.Files.Bytes)
	}
	return nil
}

func (b *BackupFile) check(name string, size int64, want string, lines bool) (rows int64, err error) {
	r, err := b.open(name)
	if err != nil {
		return 0, err
	}
	defer r.Close()
	count := io.Discard
	if lines {
		count = lineCounter{&rows}
	}
	sum := newSummer(count)
	// A byte more than promised is asked for, so that an endless member ends.
	if _, err := io.Copy(sum, io.LimitReader(r, size+1)); err != nil {
		return 0, fmt.Errorf("read %s: %w", name, err)
	}
	if sum.n != size || sum.hex() != want {
		return 0, fmt.Errorf("%s was changed: its digest is not the one in backup.json", name)
	}
	return rows, nil
}

type lineCounter struct{ n *int64 }

func (c lineCounter) Write(p []byte) (int, error) {
	*c.n += int64(bytes.Count(p, []byte{'\n'}))
	return len(p), nil
}

// RestoreTarget is where a backup goes: an empty store only.
type RestoreTarget struct {
	Dir      string // the data folder
	URL      string // postgres://…; empty means SQLite
	Files    string // the folder for stored files
	Schemas  []Schema
	Progress func(what string, done, total int64)
}

// Restore writes a verified backup into an empty store, and reads every table
// back to compare it with its digest before it commits. A backup of an older
// program is restored with that program's schema steps; opening the store then
// brings it up to date. Full-text indexes are left empty: see [NeedsIndex].
func (b *BackupFile) Restore(ctx context.Context, to RestoreTarget) (err error) {
	if err := b.Verify(ctx, nil); err != nil {
		return err
	}
	dl := dialect{SQLite}
	file := filepath.Join(to.Dir, "cordon.db")
	if to.URL != "" {
		dl = dialect{Postgres}
	} else {
		if _, err := os.Lstat(file); err == nil {
			return fmt.Errorf("there is a store in %s already; restore into an empty folder", to.Dir)
		}
		if err := os.MkdirAll(to.Dir, 0o700); err != nil {
			return fmt.Errorf("make the data folder: %w", err)
		}
		defer func() {
			if err != nil {
				for _, suffix := range []string{"", "-wal", "-shm"} {
					os.Remove(file + suffix)
				}
			}
		}()
	}
	if to.Files != "" {
		if left, err := storedFiles(to.Files); err != nil || len(left) > 0 {
			return errors.Join(err, fmt.Errorf("there are %d files in %s already; restore into an empty folder", len(left), to.Files))
		}
	}
	write, read, err := dl.open(to.Dir, to.URL)
	if err != nil {
		return fmt.Errorf("open the store: %w", err)
	}
	defer write.Close()
	defer read.Close()
	tx, err := write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("open the store: %w", err)
	}
	defer tx.Rollback()
	before, err := dl.catalog(ctx, tx)
	if err != nil {
		return err
	}
	if len(before) > 0 {
		return fmt.Errorf("the database has tables already (%s …); restore into an empty one", before[0].Name)
	}
	if err := b.build(ctx, dl, tx, to.Schemas); err != nil {
		return err
	}
	made, err := dl.catalog(ctx, tx)
	if err != nil {
		return err
	}
	p := &progress{fn: to.Progress, total: int64(len(b.files))}
	for _, t := range b.Info.Tables {
		p.total += t.Rows
	}
	again, err := dl.unbind(ctx, tx)
	if err != nil {
		return err
	}
	for _, t := range made {
		if _, err := tx.ExecContext(ctx, `DELETE FROM `+quoted(t.Name)); err != nil {
			return fmt.Errorf("empty table %s: %w", t.Name, err)
		}
	}
	for _, t := range b.Info.Tables {
		i := slices.IndexFunc(made, func(m BackupTable) bool { return m.Name == t.Name })
		if i < 0 || !sameColumns(made[i].Columns, t.Columns) {
			return fmt.Errorf("the backup's table %s is not one of this program's schema", t.Name)
		}
		if err := b.load(ctx, dl, tx, t, p); err != nil {
			return fmt.Errorf("restore table %s: %w", t.Name, err)
		}
		sum := newSummer(io.Discard)
		if _, err := dl.dump(ctx, tx, made[i], sum, func() {}); err != nil {
			return fmt.Errorf("read back table %s: %w", t.Name, err)
		}
		if sum.hex() != t.SHA256 {
			return fmt.Errorf("table %s reads back differently from what was restored", t.Name)
		}
	}
	for _, stmt := range again {
		if _, err := tx.ExecContext(ctx, stmt); err != nil {
			return fmt.Errorf("the restored rows refer to others that are not there: %w", err)
		}
	}
	if err := b.restoreFiles(ctx, to.Files, p); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("save the restored store: %w", err)
	}
	return nil
}

// sameColumns compares names and types; order may differ where a later step added
// a column on one engine first.
func sameColumns(a, b []BackupColumn) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Name != b[i].Name || a[i].Type != b[i].Type {
			return false
		}
	}
	return true
}

// build makes the tables as the backup's program had them.
func (b *BackupFile) build(ctx context.Context, dl dialect, tx *sql.Tx, schemas []Schema) error {
	for _, s := range dl.prepare() {
		if _, err := tx.ExecContext(ctx, s); err != nil {
			return fmt.Errorf("prepare the store: %w", err)
		}
	}
	known := map[string]bool{}
	for _, s := range append([]Schema{base}, schemas...) {
		known[s.Duty] = true
		for i, want := range b.Info.Steps[s.Duty] {
			if i >= len(s.Steps) {
				return fmt.Errorf("the backup was made by a newer program (schema %s step %d); restore it with that program", s.Duty, i+1)
			}
			sum := sha256.Sum256([]byte(s.Steps[i]))
			if digest := hex.EncodeToString(sum[:]); digest != want {
				return fmt.Errorf("the backup's schema %s differs from this program's at step %d; restore it with the program that made it", s.Duty, i+1)
			}
			for _, stmt := range dl.ddl(s.Steps[i]) {
				if _, err := tx.ExecContext(ctx, stmt); err != nil {
					return fmt.Errorf("schema %s step %d: %w", s.Duty, i+1, err)
				}
			}
			if _, err := tx.ExecContext(ctx, dl.bind(`INSERT INTO schema_steps (duty, step, digest) VALUES ($1, $2, $3)`), s.Duty, i+1, want); err != nil {
				return err
			}
		}
	}
	for duty := range b.Info.Steps {
		if !known[duty] {
			return fmt.Errorf("the backup was made by a newer program (schema %s); restore it with that program", duty)
		}
	}
	return nil
}

// unbind lets rows come in any order: SQLite checks references at the commit;
// PostgreSQL's are taken away, and the returned statements put them back.
func (dl dialect) unbind(ctx context.Context, tx *sql.Tx) (again []string, err error) {
	if dl.engine == SQLite {
		_, err := tx.ExecContext(ctx, `PRAGMA defer_foreign_keys = 1`)
		return nil, err
	}
	rows, err := tx.QueryContext(ctx, `SELECT r.relname, c.conname, pg_get_constraintdef(c.oid) FROM pg_constraint c
		JOIN pg_class r ON r.oid = c.conrelid WHERE c.contype = 'f' AND c.connamespace = current_schema()::regnamespace`)
	if err != nil {
		return nil, fmt.Errorf("list the references: %w", err)
	}
	defer rows.Close()
	var drop []string
	for rows.Next() {
		var table, name, def string
		if err := rows.Scan(&table, &name, &def); err != nil {
			return nil, err
		}
		drop = append(drop, `ALTER TABLE `+quoted(table)+` DROP CONSTRAINT `+quoted(name))
		again = append(again, `ALTER TABLE `+quoted(table)+` ADD CONSTRAINT `+quoted(name)+` `+def)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	rows.Close()
	for _, stmt := range drop {
		if _, err := tx.ExecContext(ctx, stmt); err != nil {
			return nil, fmt.Errorf("take away a reference: %w", err)
		}
	}
	return again, nil
}

// load inserts a table's rows, many in one statement.
func (b *BackupFile) load(ctx context.Context, dl dialect, tx *sql.Tx, t BackupTable, p *progress) error {
	r, err := b.open("tables/" + t.Name + ".jsonl")
	if err != nil {
		return err
	}
	defer r.Close()
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = quoted(c.Name)
	}
	most := max(1, min(200, 20000/len(names)))
	insert := func(n int) string {
		var s strings.Builder
		fmt.Fprintf(&s, "INSERT INTO %s (%s) VALUES ", quoted(t.Name), strings.Join(names, ", "))
		for i := range n * len(names) {
			switch {
			case i == 0:
				s.WriteString("(")
			case i%len(names) == 0:
				s.WriteString("), (")
			default:
				s.WriteString(", ")
			}
			fmt.Fprintf(&s, "$%d", i+1)
		}
		return dl.bind(s.String() + ")")
	}
	full, err := tx.PrepareContext(ctx, insert(most))
	if err != nil {
		return err
	}
	defer full.Close()
	var args []any
	n, size := 0, 0
	flush := func() error {
		if n == 0 {
			return nil
		}
		var err error
		if n == most {
			_, err = full.ExecContext(ctx, args...)
		} else {
			_, err = tx.ExecContext(ctx, insert(n), args...)
		}
		args, n, size = args[:0], 0, 0
		return err
	}
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 64<<10), maxRow)
	for lines.Scan() {
		var row []json.RawMessage
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil || len(row) != len(t.Columns) {
			return errors.New("a row does not fit the table's columns")
		}
		for i, c := range t.Columns {
			v, err := native(c, row[i])
			if err != nil {
				return err
			}
			args = append(args, v)
		}
		n++
		size += len(lines.Bytes())
		if n == most || size > 8<<20 {
			if err := flush(); err != nil {
				return err
			}
		}
		p.add(t.Name)
	}
	if err := lines.Err(); err != nil {
		return err
	}
	return flush()
}

// native reads what portable wrote.
func native(c BackupColumn, text json.RawMessage) (any, error) {
	if string(text) == "null" {
		return nil, nil
	}
	switch c.Type {
	case "bigint":
		var n int64
		err := json.Unmarshal(text, &n)
		return n, err
	case "bytea":
		var b = []byte{}
		err := json.Unmarshal(text, &b)
		return b, err
	}
	if bytes.HasPrefix(text, []byte("{")) {
		var r raw
		if err := json.Unmarshal(text, &r); err != nil {
			return nil, err
		}
		b, err := base64.StdEncoding.DecodeString(r.Base64)
		return string(b), err
	}
	var s string
	err := json.Unmarshal(text, &s)
	return s, err
}

func (b *BackupFile) restoreFiles(ctx context.Context, dir string, p *progress) error {
	if dir == "" || len(b.files) == 0 {
		return nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make the folder of stored files: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("make the folder of stored files: %w", err)
	}
	defer root.Close()
	folders := map[string]bool{".": true}
	for _, f := range b.files {
		if err := ctx.Err(); err != nil {
			return err
		}
		folder := f.name[:2]
		if !folders[folder] {
			if err := root.Mkdir(folder, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
				return err
			}
			folders[folder] = true
		}
		if err := b.restoreFile(root, f); err != nil {
			return fmt.Errorf("restore file %s: %w", f.name, err)
		}
		p.add("files")
	}
	for folder := range folders {
		d, err := root.Open(folder)
		if err != nil {
			return err
		}
		err = d.Sync()
		d.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

func (b *BackupFile) restoreFile(root *os.Root, f storedFile) error {
	r, err := b.open("files/" + f.name)
	if err != nil {
		return err
	}
	defer r.Close()
	w, err := root.OpenFile(f.name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	sum := newSummer(w)
	_, err = io.Copy(sum, io.LimitReader(r, f.size+1))
	if err == nil {
		err = w.Sync()
	}
	if err2 := w.Close(); err == nil {
		err = err2
	}
	if err == nil && sum.hex() != f.sha256 {
		err = errors.New("it is not what its digest says")
	}
	return err
}
