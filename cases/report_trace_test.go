package cases_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/policy"
)

func on(t *testing.T, engine string) *town.Town {
	if engine == "postgres" {
		return town.New(t, town.Postgres(t))
	}
	return town.New(t, "")
}

// T-46: of 500 reports without an account, sent at exact moments and with files
// that name their author, nothing on the disk tells the moment or the author: not
// the store's files, not their names and times, not a column, not the ledger.
func TestDropLeavesNoTrace(t *testing.T) {
	for _, engine := range []struct {
		name string
		n    int
	}{{"sqlite", 500}, {"postgres", 100}} {
		t.Run(engine.name, func(t *testing.T) {
			h := on(t, engine.name)
			h.Cases.QuickReceipts()
			n := engine.n
			if testing.Short() {
				n /= 10
			}
			const author = "Canary Author 203.0.113.77 CanaryAgent/9.9"
			from := ledgerSize(h)
			at := time.Date(2026, 3, 5, 13, 37, 42, 123457000, time.UTC)
			var moments []time.Time
			var receipts []string
			for i := range n {
				at = at.Add(7*time.Minute + 11*time.Second + 13007*time.Microsecond)
				h.Clock.Set(at)
				moments = append(moments, at)
				var files []cases.Incoming
				if i%10 == 0 {
					files = []cases.Incoming{file(author+".png", picture(author)), file("notes.txt", "nothing to see")}
				}
				sent, err := h.Cases.SubmitAnonymous(h.Ctx, h.DB, h.Cases.NewForm(), plain(fmt.Sprint("Report ", i)), files)
				h.OK(err)
				receipts = append(receipts, sent.Receipt.String())
				if i%25 == 0 {
					_, err := h.Cases.AddAnonymous(h.Ctx, h.DB, receipts[i], h.Cases.NewForm(), cases.Addition{Text: "And this.", Files: []cases.Incoming{file(author+".png", picture(author))}})
					h.OK(err)
					_, err = h.Cases.Fetch(h.Ctx, h.DB, receipts[i])
					h.OK(err)
				}
			}
			days(t, h)
			entries(t, h, from, n)

			var secrets [][]byte
			for i, m := range moments {
				us := clock.Micros(m)
				secrets = append(secrets, []byte(fmt.Sprint(us)), []byte(fmt.Sprint(us/1e6)), binary.BigEndian.AppendUint64(nil, uint64(us)), []byte(m.Format("15:04:05.000")), []byte(receipts[i]))
			}
			secrets = append(secrets, []byte("Canary"), []byte("203.0.113.77"))
			for _, dir := range []string{h.Dir, h.FilesDir} {
				h.OK(filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
					if err != nil {
						return err
					}
					info, err := e.Info()
					if err != nil {
						return err
					}
					if dir == h.FilesDir && !info.ModTime().Equal(clock.Day(info.ModTime())) {
						t.Errorf("%s was changed at %v", path, info.ModTime())
					}
					if e.IsDir() {
						return nil
					}
					b, err := os.ReadFile(path)
					if err != nil {
						return err
					}
					for _, s := range secrets {
						if bytes.Contains(b, s) {
							t.Errorf("%s holds %q", path, s)
						}
					}
					return nil
				}))
			}
			// What the desk opens tells nothing either.
			files := 0
			for _, q := range queue(h, town.Dora) {
				for _, f := range town.Must(h, town.Dora, func(v *db.View) ([]cases.File, error) { return h.Cases.Files(v, q.ID) }) {
					got, body, err := readFile(h, town.Dora, f.ID)
					h.OK(err)
					if files++; strings.Contains(body+got.Name, "Canary") || !strings.HasPrefix(got.Name, "attachment-") {
						t.Errorf("file %q still tells its author", got.Name)
					}
				}
			}
			if files == 0 {
				t.Error("no file was looked at")
			}
		})
	}
}

func ledgerSize(h *town.Town) (n int64) {
	h.OK(h.DB.Read(h.Ctx, policy.System("test"), func(v *db.View) (err error) { n, err = h.Ledger.Size(v); return err }))
	return n
}

var (
	tableForm  = regexp.MustCompile(`(?s)CREATE TABLE (\w+) \((.*?)\n\);`)
	columnForm = regexp.MustCompile(`(?m)^\t(at|\w+_at)\s+BIGINT`)
)

// days wants every time in every table of cases to be the beginning or the end of
// a day.
func days(t *testing.T, h *town.Town) {
	t.Helper()
	columns, values := 0, 0
	for _, m := range tableForm.FindAllStringSubmatch(cases.Schema.Steps[0], -1) {
		table := m[1]
		if cases.Schema.Tables[table] == db.Labelled {
			table = "visible." + table
		}
		for _, c := range columnForm.FindAllStringSubmatch(m[2], -1) {
			columns++
			h.OK(h.DB.Read(h.Ctx, policy.System("test"), func(v *db.View) error {
				us, err := db.All(v, db.Value[int64], `SELECT x.`+c[1]+` FROM `+table+` x`)
				for _, u := range us {
					// Or its last microsecond, from which a deadline may be counted.
					if values++; u%(24*3600*1e6) != 0 && (u+1)%(24*3600*1e6) != 0 {
						t.Errorf("%s.%s holds the moment %v", table, c[1], clock.FromMicros(u))
						break
					}
				}
				return err
			}))
		}
	}
	if columns < 20 || values < 40 {
		t.Errorf("only %d columns and %d values were looked at", columns, values)
	}
}

// entries wants the ledger's entries of anonymous reports to know the day only, in
// the row and in the event, and the ledger to be whole.
func entries(t *testing.T, h *town.Town, from int64, atLeast int) {
	t.Helper()
	seen := 0
	h.OK(h.DB.Read(h.Ctx, policy.System("test"), func(v *db.View) error {
		es, err := h.Ledger.Range(v, from, 1_000_000)
		if err != nil {
			return err
		}
		for _, e := range es {
			c, err := h.Ledger.Open(v, e)
			if err != nil {
				return err
			}
			seen++
			if e.At%(24*3600*1e6) != 0 || !c.Event.Coarse() || clock.Micros(c.Event.Time()) != e.At || e.Actor != "system:intake" {
				t.Fatalf("entry %d %s by %s is at %v, and says %s", e.Seq, e.Verb, e.Actor, clock.FromMicros(e.At), c.Event.At)
			}
		}
		return nil
	}))
	if seen < atLeast {
		t.Errorf("%d entries of %d reports", seen, atLeast)
	}
	if r, err := h.Ledger.Verify(h.Ctx, nil); err != nil || !r.Whole() {
		t.Errorf("the ledger: %v, %v", r.Problems, err)
	}
}

// What a crash leaves of a report that was being written is swept, and nothing
// else.
func TestDropSweep(t *testing.T) {
	h := town.New(t, "")
	h.Cases.QuickReceipts()
	submit(h, plain("x"), file("a.txt", "kept"))
	mine, err := h.Cases.UploadFile(h.Ctx, h.DB, h.As(town.Lea), file("b.txt", "pending"))
	h.OK(err)
	h.OK(h.DB.Note(h.Ctx, policy.System("test"), func(tx *db.Tx) error {
		_, err := tx.Exec(`INSERT INTO case_intake (file, at) VALUES ($1, $2)`, "cfile_"+strings.Repeat("0", 26), clock.Micros(clock.Day(tx.Now())))
		return err
	}))
	_, _, err = h.Blobs.Put(h.Ctx, "cfile_"+strings.Repeat("0", 26), [32]byte{}, strings.NewReader("cut off"), 100)
	h.OK(err)
	_, _, err = h.Blobs.Put(h.Ctx, "file_"+strings.Repeat("0", 26), [32]byte{}, strings.NewReader("the forum's"), 100)
	h.OK(err)
	count := func() (names []string) {
		for name, err := range h.Blobs.List(h.Ctx) {
			h.OK(err)
			names = append(names, name)
		}
		return names
	}
	sweep := func() int {
		n, err := h.Cases.SweepFiles(h.Ctx, h.DB, policy.System("test"))
		h.OK(err)
		return n
	}
	if n := sweep(); n != 0 || len(count()) != 4 {
		t.Errorf("swept %d too early", n)
	}
	h.Clock.Add(72 * time.Hour)
	if n := sweep(); n != 2 || len(count()) != 2 || slices.Contains(count(), strings.ToLower(mine.ID)) {
		t.Errorf("swept %d, left %v", n, count())
	}
	if fs := town.Must(h, town.Dora, func(v *db.View) ([]cases.File, error) { return h.Cases.Files(v, queue(h, town.Dora)[0].ID) }); len(fs) != 1 {
		t.Fatalf("the report's files: %v", fs)
	} else if _, body, err := readFile(h, town.Dora, fs[0].ID); err != nil || body != "kept" {
		t.Errorf("the report's file reads %q, %v", body, err)
	}
}
