package db_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cordon-isao/cordon/internal/blob"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/seal"
	"github.com/cordon-isao/cordon/internal/testkit/pgtest"
	"github.com/cordon-isao/cordon/ledger"
	"github.com/cordon-isao/cordon/policy"
)

// things has every kind of column, a reference to a table that sorts after it,
// and one to itself.
var things = db.Schema{Duty: "things", Tables: map[string]db.Privacy{"a_things": db.Scratch, "z_owners": db.Scratch, "words_fts": db.Scratch}, Steps: []string{`
CREATE TABLE z_owners (
	id TEXT NOT NULL PRIMARY KEY
);
CREATE TABLE a_things (
	owner TEXT NOT NULL REFERENCES z_owners (id),
	n     BIGINT NOT NULL,
	note  TEXT,
	body  BYTEA NOT NULL,
	more  BYTEA,
	above BIGINT,
	PRIMARY KEY (owner, n)
);
-- sqlite: CREATE VIRTUAL TABLE words_fts USING fts5(words, content='');
-- postgres: CREATE TABLE words_fts (rowid BIGINT NOT NULL PRIMARY KEY, doc tsvector NOT NULL);
`}}

var backupSchemas = []db.Schema{ledger.Schema, things}

type store struct {
	dir, url string
	db       *db.DB
	ledger   *ledger.Ledger
	blobs    *blob.Dir
	keys     string
}

func (s *store) files() string { return filepath.Join(s.dir, "files") }

func open(t testing.TB, dir, url, keys string) *store {
	t.Helper()
	ctx := context.Background()
	s := &store{dir: dir, url: url, keys: keys}
	key, _, err := seal.LoadOrCreateKey(filepath.Join(keys, "master.key"))
	check(t, err)
	s.ledger, err = ledger.New(keys, seal.NewBox(key), nil)
	check(t, err)
	s.db, err = db.Open(ctx, db.Options{Dir: dir, URL: url, Clock: clock.NewManual(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)), Ledger: s.ledger, Schemas: backupSchemas})
	check(t, err)
	check(t, s.ledger.Attach(ctx, s.db))
	s.blobs, err = blob.OpenDir(s.files(), time.Unix(0, 0))
	check(t, err)
	t.Cleanup(func() { s.blobs.Close(); s.db.Close() })
	return s
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

var program = policy.System("test")

const (
	factCount = 1000
	fileCount = 25
)

func fileKey(i int) (k [32]byte) { k[0] = byte(i); return k }

func (s *store) fill(t testing.TB) {
	t.Helper()
	ctx := context.Background()
	for i := range factCount / 50 {
		check(t, s.db.Write(ctx, program, func(tx *db.Tx) error {
			for j := range 50 {
				tx.Append(db.Entry{Verb: "thing.made", Object: fmt.Sprintf("thing_%d", i*50+j),
					Label: policy.Label{TLP: policy.Amber, Audience: policy.NewAudience(policy.OfOrg(fmt.Sprint("o", j%3)))}, Data: map[string]any{"secret": fmt.Sprint("fact ", i*50+j)}})
			}
			return nil
		}))
	}
	check(t, s.db.Note(ctx, program, func(tx *db.Tx) error {
		for _, owner := range []string{"Zoë", "zoe", "äpfel", "a b", `quote " ' \ <&>`, "e\u0301", "é", "𝕏", ""} {
			if _, err := tx.Exec(`INSERT INTO z_owners (id) VALUES ($1)`, owner); err != nil {
				return err
			}
			for n := range 30 {
				var note, more, above any
				body := []byte{}
				if n%3 == 1 {
					note, above = strings.Repeat("line\u2028\n\ttab ", n), int64(1)<<62-int64(n)
				}
				if n%4 == 1 {
					body, more = make([]byte, n*100), []byte{}
					rand.Read(body)
				}
				if _, err := tx.Exec(`INSERT INTO a_things (owner, n, note, body, more, above) VALUES ($1, $2, $3, $4, $5, $6)`, owner, -int64(n), note, body, more, above); err != nil {
					return err
				}
			}
		}
		return nil
	}))
	for i := range fileCount {
		_, _, err := s.blobs.Put(ctx, fmt.Sprintf("file_%d", i), fileKey(i), strings.NewReader(strings.Repeat(fmt.Sprint("file ", i), i*1000)), 1<<20)
		check(t, err)
	}
	_, err := s.ledger.Publish(ctx)
	check(t, err)
}

func (s *store) backup(t testing.TB) ([]byte, db.BackupInfo) {
	t.Helper()
	var b bytes.Buffer
	info, err := db.Backup(context.Background(), db.BackupSource{Dir: s.dir, URL: s.url, Files: s.files(), Now: time.Unix(0, 0)}, &b)
	check(t, err)
	return b.Bytes(), info
}

func restore(t testing.TB, backup []byte, to db.RestoreTarget) error {
	t.Helper()
	b, err := db.OpenBackup(bytes.NewReader(backup), int64(len(backup)))
	if err != nil {
		return err
	}
	to.Schemas = backupSchemas
	return b.Restore(context.Background(), to)
}

// T-28: backup, restore, compare: row hashes, ledger root, blob hashes, 1,000
// decrypts; on both engines and across them.
func TestBackupRestore(t *testing.T) {
	ctx := context.Background()
	engines := map[string]func(t testing.TB) string{
		"sqlite":   func(testing.TB) string { return "" },
		"postgres": func(t testing.TB) string { return pgtest.URL(t, pgtest.NoFsync()) },
	}
	for from, source := range engines {
		for to, target := range engines {
			t.Run(from+" to "+to, func(t *testing.T) {
				keys := t.TempDir()
				old := open(t, t.TempDir(), source(t), keys)
				old.fill(t)
				backup, info := old.backup(t) // while it is open
				if info.Ledger < factCount || info.Files.Count != fileCount || info.Checkpoint == "" {
					t.Fatalf("%+v", info)
				}
				dir, url := filepath.Join(t.TempDir(), "new"), target(t)
				check(t, restore(t, backup, db.RestoreTarget{Dir: dir, URL: url, Files: filepath.Join(dir, "files")}))

				fresh := open(t, dir, url, keys)
				r, err := fresh.ledger.Verify(ctx, nil)
				check(t, err)
				if !r.Whole() || r.Size != info.Ledger {
					t.Fatalf("the restored ledger is not whole: %v", r.Problems)
				}
				if old, err := old.ledger.Verify(ctx, nil); err != nil || old.Root != r.Root {
					t.Fatalf("the roots differ: %v, %v, %v", old.Root, r.Root, err)
				}
				opened := 0
				check(t, fresh.db.Read(ctx, program, func(v *db.View) error {
					es, err := fresh.ledger.Range(v, 0, 5000)
					for _, e := range es {
						c, err := fresh.ledger.Open(v, e)
						if err != nil || !strings.Contains(string(c.Event.Data), "fact ") {
							t.Fatalf("entry %d opens to %s: %v", e.Seq, c.Event.Data, err)
						}
						opened++
					}
					return err
				}))
				if opened != factCount {
					t.Errorf("%d of %d entries open", opened, factCount)
				}
				for i := range fileCount {
					f, _, err := fresh.blobs.Open(ctx, fmt.Sprintf("file_%d", i), fileKey(i))
					check(t, err)
					b, err := io.ReadAll(f)
					check(t, err)
					f.Close()
					if string(b) != strings.Repeat(fmt.Sprint("file ", i), i*1000) {
						t.Errorf("file %d reads differently", i)
					}
				}
				// The same digests, table by table and file by file, on whichever engine.
				_, again := fresh.backup(t)
				if diff := cmp.Diff(digestsOf(info), digestsOf(again)); diff != "" {
					t.Error(diff)
				}
				if len(info.Tables) < 10 {
					t.Errorf("only %d tables were copied", len(info.Tables))
				}
				// It goes on from there.
				check(t, fresh.db.Write(ctx, program, func(tx *db.Tx) error {
					tx.Append(db.Entry{Verb: "thing.made", Object: "thing_new", Label: policy.Default("o1"), Data: map[string]any{}})
					return nil
				}))
			})
		}
	}
}

func digestsOf(info db.BackupInfo) map[string]string {
	out := map[string]string{"files": info.Files.SHA256, "ledger": fmt.Sprint(info.Ledger), "checkpoint": info.Checkpoint}
	for _, t := range info.Tables {
		out[t.Name] = t.SHA256
	}
	return out
}

// A backup that was changed anywhere is refused before anything is written.
func TestChangedBackups(t *testing.T) {
	s := open(t, t.TempDir(), "", t.TempDir())
	s.fill(t)
	backup, _ := s.backup(t)
	tries, refused := 100, 0
	for range tries {
		var r [8]byte
		rand.Read(r[:])
		at := int(uint32(r[0])<<24|uint32(r[1])<<16|uint32(r[2])<<8|uint32(r[3])) % len(backup)
		changed := bytes.Clone(backup)
		changed[at] ^= 1 + r[4]%255
		dir := filepath.Join(t.TempDir(), "new")
		if err := restore(t, changed, db.RestoreTarget{Dir: dir, Files: filepath.Join(dir, "files")}); err != nil {
			refused++
			if _, err := os.Stat(filepath.Join(dir, "cordon.db")); err == nil {
				t.Fatalf("byte %d: a refused backup left a store behind", at)
			}
			continue
		}
		// What is left are bytes of the zip that mean nothing (times, flags): the
		// content must be the same.
		fresh := filepath.Join(dir, "cordon.db")
		if _, err := os.Stat(fresh); err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		info, err := db.Backup(context.Background(), db.BackupSource{Dir: dir, Files: filepath.Join(dir, "files"), Now: time.Unix(0, 0)}, &b)
		check(t, err)
		_, was := s.backup(t)
		if diff := cmp.Diff(digestsOf(was), digestsOf(info)); diff != "" {
			t.Fatalf("byte %d changed and something else was restored: %s", at, diff)
		}
	}
	if refused < tries*8/10 {
		t.Errorf("only %d of %d changed backups were refused", refused, tries)
	}
	for name, b := range map[string][]byte{"cut": backup[:len(backup)-1], "half": backup[:len(backup)/2], "empty": {}} {
		if err := restore(t, b, db.RestoreTarget{Dir: t.TempDir()}); err == nil {
			t.Errorf("a backup that is %s is restored", name)
		}
	}
}

func TestRestoreIntoEmptyOnly(t *testing.T) {
	url := pgtest.URL(t, pgtest.NoFsync())
	s := open(t, t.TempDir(), "", t.TempDir())
	s.fill(t)
	backup, _ := s.backup(t)
	other := open(t, t.TempDir(), url, t.TempDir())
	for name, to := range map[string]db.RestoreTarget{"store": {Dir: s.dir}, "files": {Dir: t.TempDir(), Files: s.files()}, "database": {Dir: t.TempDir(), URL: other.url}} {
		if err := restore(t, backup, to); err == nil {
			t.Errorf("a backup is restored over another %s", name)
		}
	}
	if r, err := s.ledger.Verify(context.Background(), nil); err != nil || !r.Whole() {
		t.Errorf("the old store suffered: %v %v", r.Problems, err)
	}
}

// A backup by a newer or another program is refused; one by an older program is
// restored with its own steps and brought up to date when it is opened.
func TestBackupOfAnotherProgram(t *testing.T) {
	s := open(t, t.TempDir(), "", t.TempDir())
	s.fill(t)
	backup, _ := s.backup(t)
	b, err := db.OpenBackup(bytes.NewReader(backup), int64(len(backup)))
	check(t, err)
	newer := things
	newer.Steps = append(append([]string{}, things.Steps...), "CREATE TABLE later (\n\tid TEXT NOT NULL PRIMARY KEY\n);\n")
	newer.Tables = map[string]db.Privacy{"a_things": db.Scratch, "z_owners": db.Scratch, "words_fts": db.Scratch, "later": db.Scratch}
	other := things
	other.Steps = []string{things.Steps[0] + "\n"}
	for name, c := range map[string]struct {
		schemas []db.Schema
		ok      bool
	}{"newer": {[]db.Schema{ledger.Schema, newer}, true}, "changed": {[]db.Schema{ledger.Schema, other}, false}, "older": {[]db.Schema{ledger.Schema}, false}} {
		dir := t.TempDir()
		err := b.Restore(context.Background(), db.RestoreTarget{Dir: dir, Schemas: c.schemas})
		if (err == nil) != c.ok {
			t.Errorf("a backup restored by a %s program: %v", name, err)
		}
		if !c.ok {
			continue
		}
		d, err := db.Open(context.Background(), db.Options{Dir: dir, Clock: clock.System(), Ledger: s.ledger, Schemas: c.schemas})
		check(t, err)
		check(t, d.Close())
	}
}

// What is written while a backup runs is wholly in it or not at all.
func TestBackupIsOneSnapshot(t *testing.T) {
	for name, url := range map[string]string{"sqlite": "", "postgres": pgtest.URL(t, pgtest.NoFsync())} {
		t.Run(name, func(t *testing.T) {
			keys := t.TempDir()
			s := open(t, t.TempDir(), url, keys)
			s.fill(t)
			stop, done := make(chan struct{}), make(chan int)
			go func() {
				n := 0
				for ; ; n++ {
					select {
					case <-stop:
						done <- n
						return
					default:
					}
					_ = s.db.Write(context.Background(), program, func(tx *db.Tx) error {
						tx.Append(db.Entry{Verb: "thing.made", Object: fmt.Sprint("late_", n), Label: policy.Default("o1"), Data: map[string]any{}})
						return nil
					})
				}
			}()
			var backups [][]byte
			for range 2 {
				b, _ := s.backup(t)
				backups = append(backups, b)
			}
			close(stop)
			if n := <-done; n == 0 {
				t.Fatal("nothing was written meanwhile")
			}
			for i, b := range backups {
				dir := t.TempDir()
				check(t, restore(t, b, db.RestoreTarget{Dir: dir, Files: filepath.Join(dir, "files")}))
				fresh := open(t, dir, "", keys)
				if r, err := fresh.ledger.Verify(context.Background(), nil); err != nil || !r.Whole() {
					t.Errorf("backup %d: %v %v", i, r.Problems, err)
				}
			}
		})
	}
}

func FuzzOpenBackup(f *testing.F) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, text := range map[string]string{"backup.json": `{"format":1,"at":"","engine":"sqlite","steps":{},"ledger":0,"checkpoint":"","tables":[],"files":{"count":0,"bytes":0,"sha256":"` +
		hex.EncodeToString(make([]byte, 32)) + `"}}`, "files.jsonl": ""} {
		w, err := z.Create(name)
		check(f, err)
		_, err = w.Write([]byte(text))
		check(f, err)
	}
	check(f, z.Close())
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		if x, err := db.OpenBackup(bytes.NewReader(b), int64(len(b))); err == nil {
			_ = x.Verify(context.Background(), nil)
		}
	})
}

// Content that was changed with its checksums in the zip is caught by the digests
// in backup.json, before anything is written.
func TestRewrittenBackups(t *testing.T) {
	s := open(t, t.TempDir(), "", t.TempDir())
	s.fill(t)
	backup, _ := s.backup(t)
	for name, change := range map[string]func(string, []byte) []byte{
		"tables/a_things.jsonl":    func(_ string, b []byte) []byte { return bytes.Replace(b, []byte("[\"zoe\","), []byte("[\"joe\","), 1) },
		"tables/ledger_head.jsonl": func(_ string, b []byte) []byte { return nil },
		"files.jsonl":              func(_ string, b []byte) []byte { return b[:bytes.IndexByte(b, '\n')+1] },
		"files/":                   func(_ string, b []byte) []byte { return append(b, 0) },
		"../evil":                  nil,
	} {
		old, err := zip.NewReader(bytes.NewReader(backup), int64(len(backup)))
		check(t, err)
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		changed := false
		for _, f := range old.File {
			r, err := f.Open()
			check(t, err)
			content, err := io.ReadAll(r)
			check(t, err)
			if change != nil && strings.HasPrefix(f.Name, name) && !changed {
				next := change(f.Name, content)
				changed = !bytes.Equal(next, content)
				content = next
			}
			w, err := z.Create(f.Name)
			check(t, err)
			_, err = w.Write(content)
			check(t, err)
		}
		if change == nil {
			_, err := z.Create(name)
			check(t, err)
			changed = true
		}
		check(t, z.Close())
		dir := t.TempDir()
		err = restore(t, b.Bytes(), db.RestoreTarget{Dir: dir, Files: filepath.Join(dir, "files")})
		if !changed || err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: changed %v, and the restore says %v", name, changed, err)
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("%s: a refused restore left %v (%v)", name, left, err)
		}
	}
}
