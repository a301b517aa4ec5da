package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/cordon-isao/cordon/evidence"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/seal"
	"github.com/cordon-isao/cordon/ledger"
)

// verifyCmd checks an evidence pack, or a whole data folder. It exits with 0 only
// when everything holds, with 1 when something does not, with 2 when it was not
// asked rightly.
type verifyCmd struct {
	Pack     string `arg:"" optional:"" help:"The evidence pack (zip), or a certificate (its JSON or its page)." type:"path"`
	Key      string `help:"The community's key that you pinned: its text, or a file that holds it." placeholder:"KEY|FILE"`
	JSON     bool   `name:"json" help:"Print the findings as JSON."`
	Data     string `help:"Check a whole data folder instead: store, ledger, tree, checkpoints." placeholder:"DIR" type:"path"`
	Database string `help:"With --data: the PostgreSQL database of that community." placeholder:"URL"`
}

// Run does it.
func (c *verifyCmd) Run(ctx context.Context, out io.Writer) error {
	if (c.Pack == "") == (c.Data == "") || c.Data == "" && c.Database != "" {
		fmt.Fprintln(os.Stderr, "cordon: give a pack (cordon verify PACK.zip) or a data folder (cordon verify --data DIR)")
		return exitCode(2)
	}
	var report evidence.Report
	var err error
	if c.Data != "" {
		report, err = c.data(ctx)
	} else {
		report, err = c.pack()
	}
	if err != nil {
		return err
	}
	if err := c.print(out, report); err != nil {
		return err
	}
	if !report.OK {
		return exitCode(1)
	}
	return nil
}

func (c *verifyCmd) print(out io.Writer, report evidence.Report) error {
	if c.JSON {
		e := json.NewEncoder(out)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		return e.Encode(report)
	}
	for _, l := range report.Lines {
		mark := "✓"
		switch {
		case !l.OK:
			mark = "✗"
		case l.Part == "limits" || strings.HasPrefix(l.Text, "NOT PINNED"):
			mark = "·"
		}
		if _, err := fmt.Fprintln(out, mark, printable(l.Text)); err != nil {
			return err
		}
	}
	end := "Everything holds."
	if !report.OK {
		end = "This does NOT hold: do not rely on it."
	}
	_, err := fmt.Fprintln(out, end)
	return err
}

// printable keeps what others wrote from steering the terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r >= 0x200b && r <= 0x200f || r >= 0x2028 && r <= 0x202e || r >= 0x2060 && r <= 0x206f {
			return '\uFFFD'
		}
		return r
	}, s)
}

func (c *verifyCmd) pack() (evidence.Report, error) {
	key, err := keyText(c.Key)
	if err != nil {
		return evidence.Report{}, err
	}
	f, err := os.Open(c.Pack)
	if err != nil {
		return evidence.Report{}, fmt.Errorf("open the pack: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return evidence.Report{}, fmt.Errorf("open the pack: %w", err)
	}
	return evidence.Verify(f, info.Size(), evidence.Options{Key: key})
}

// keyText is the key itself, given as text or as a file whose first line it is.
func keyText(s string) (string, error) {
	if s == "" {
		return "", nil
	}
	b, err := os.ReadFile(s)
	if errors.Is(err, fs.ErrNotExist) || err != nil && strings.Contains(s, "+") {
		return strings.TrimSpace(s), nil
	}
	if err != nil {
		return "", fmt.Errorf("read the key: %w", err)
	}
	line, _, _ := strings.Cut(string(b), "\n")
	return strings.TrimSpace(line), nil
}

// data checks a whole data folder, also of a server that runs.
func (c *verifyCmd) data(ctx context.Context) (report evidence.Report, err error) {
	d, l, err := openStore(ctx, c.Data, c.Database)
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	report.OK = true
	say := func(ok bool, part, format string, args ...any) {
		report.OK = report.OK && ok
		report.Lines = append(report.Lines, evidence.Line{OK: ok, Part: part, Text: fmt.Sprintf(format, args...)})
	}
	if err := d.Check(ctx); err != nil {
		say(false, "store", "The store is not whole: %v.", err)
	} else {
		say(true, "store", "The store is whole (%s).", d.Engine())
	}
	if err := l.Attach(ctx, d); err != nil {
		say(false, "ledger", "The ledger was refused: %v.", err)
	}
	bar := newBar("ledger")
	r, err := l.Verify(ctx, func(done, total int64) { bar.set("ledger", done, total) })
	bar.end()
	if err != nil {
		return report, err
	}
	for _, p := range r.Problems {
		say(false, p.Part, "%s: %s.", p.Part, p.Text)
	}
	if r.More > 0 {
		say(false, "ledger", "There are %d more problems.", r.More)
	}
	if r.Whole() {
		say(true, "ledger", "The ledger is whole: %d entries, %d of them under %d signed checkpoints; %d were shredded, on the record.", r.Size, r.Covered, r.Checkpoints, r.Shredded)
	}
	say(true, "limits", "It does not prove that nothing younger than the newest checkpoint was cut off, and it does not read the attached files.")
	return report, nil
}

// openStore opens a store and its ledger without attaching them.
func openStore(ctx context.Context, dir, url string) (*db.DB, *ledger.Ledger, error) {
	keys := filepath.Join(dir, "keys")
	for _, name := range []string{"master.key", "ledger.key"} {
		if _, err := os.Stat(filepath.Join(keys, name)); err != nil {
			return nil, nil, fmt.Errorf("this is no data folder with its keys: %w", err)
		}
	}
	if url == "" {
		if _, err := os.Stat(filepath.Join(dir, "cordon.db")); err != nil {
			return nil, nil, fmt.Errorf("there is no store here: %w", err)
		}
	}
	master, _, err := seal.LoadOrCreateKey(filepath.Join(keys, "master.key"))
	if err != nil {
		return nil, nil, err
	}
	log := slog.New(slog.DiscardHandler)
	l, err := ledger.New(keys, seal.NewBox(master), log)
	if err != nil {
		return nil, nil, err
	}
	d, err := db.Open(ctx, db.Options{Dir: dir, URL: url, Clock: clock.System(), Schemas: schemas, Ledger: l, Log: log})
	if err != nil {
		return nil, nil, err
	}
	return d, l, nil
}
