package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/cordon-isao/cordon/intel"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
)

// intelCmd takes threat intelligence in and out at the command line.
type intelCmd struct {
	Import intelImportCmd `cmd:"" help:"Bring in a STIX bundle, a MISP event or a table of indicators."`
	Export intelExportCmd `cmd:"" help:"Take out what a person may read, marked as strictly as its strictest part."`
}

// intelPlace says where a command works: in a data folder that no server has open,
// in a person's name; or at a running server, with that person's token.
type intelPlace struct {
	Data      string `help:"The data folder, when no server runs on it." default:"cordon-data" type:"path"`
	Database  string `help:"With --data: the PostgreSQL database of that community." placeholder:"URL"`
	Person    string `help:"With --data: the id of the person in whose name this is done; it is recorded. cordon admin list shows ids." placeholder:"ID"`
	Server    string `help:"Address of a running server instead, such as https://isao.example." placeholder:"URL"`
	TokenFile string `name:"token-file" help:"With --server: a file that holds your token." placeholder:"FILE" type:"path"`
}

// check refuses a place that cannot be meant.
func (p *intelPlace) check() error {
	switch {
	case p.Server != "" && p.TokenFile == "":
		return errors.New("give --token-file with --server: a file that holds your token")
	case p.Server != "" && (p.Person != "" || p.Database != ""):
		return errors.New("--person and --database go with --data; at a server the token says who you are")
	case p.Server == "" && p.Person == "":
		return errors.New("say in whose name: --person with an id, which cordon admin list shows; or --server with --token-file")
	}
	return nil
}

// intelImportCmd brings a file in. What was interrupted goes on when the same
// command is given again.
type intelImportCmd struct {
	File string `arg:"" help:"The file; - reads standard input." placeholder:"FILE|-"`
	intelPlace
	Format   string   `help:"What the file is." default:"auto" enum:"auto,stix,misp,csv"`
	Unmarked string   `help:"How objects without a marking are marked; AMBER+STRICT if not given." placeholder:"TLP"`
	Floor    string   `help:"Nothing is marked wider than this." placeholder:"TLP"`
	Green    []string `help:"Whom TLP:GREEN reaches; the community if not given." placeholder:"WHOM"`
	Amber    []string `help:"Whom TLP:AMBER and AMBER+STRICT reach, such as circle:ID; your organization if not given." placeholder:"WHOM"`
	Red      []string `help:"Whom TLP:RED reaches; you if not given." placeholder:"WHOM"`
	As       string   `help:"How your organization is named to readers." default:"named" enum:"named,community,anonymous"`
	PAP      string   `name:"pap" help:"Permissible actions." placeholder:"PAP"`
	AIS      string   `name:"ais" help:"Consent to Automated Indicator Sharing." placeholder:"CONSENT"`
	Scrub    string   `help:"What your review for personal data found: clean, removed or justified." placeholder:"FOUND"`
	Why      string   `help:"With --scrub justified: why what is there may be there." placeholder:"REASON"`
	Name     string   `help:"Another name than the file's, for the record." placeholder:"NAME"`
}

// terms are those that the flags say.
func (c *intelImportCmd) terms() (t intel.Terms, err error) {
	t = intel.Terms{Unmarked: tlpFlag(c.Unmarked), Floor: tlpFlag(c.Floor), Attribution: intel.Attribution(c.As), PAP: strings.ToUpper(c.PAP), AIS: c.AIS, Scrub: intel.Scrub(c.Scrub), Why: c.Why}
	for _, f := range []struct {
		name string
		in   []string
		to   *[]policy.Principal
	}{{"green", c.Green, &t.Green}, {"amber", c.Amber, &t.Amber}, {"red", c.Red, &t.Red}} {
		if len(f.in) == 0 {
			continue
		}
		a, err := policy.ParseAudience(f.in)
		if err != nil {
			return t, fmt.Errorf("--%s: %w", f.name, err)
		}
		*f.to = a.Members()
	}
	return t, nil
}

// tlpFlag reads "tlp:green" and "GREEN" alike.
func tlpFlag(s string) policy.TLP {
	s = strings.TrimPrefix(strings.ToUpper(strings.TrimSpace(s)), "TLP:")
	if s == "WHITE" {
		s = "CLEAR"
	}
	return policy.TLP(s)
}

// intelFile is a file whose end is known and that can be read twice.
type intelFile struct {
	*os.File
	name   string
	format intel.Format
	size   int64
	sum    [sha256.Size]byte
	done   func()
}

// openIntel opens a file, or keeps standard input in one, and looks at it whole.
func openIntel(ctx context.Context, path, format string) (*intelFile, error) {
	f := &intelFile{name: filepath.Base(path), done: func() {}}
	var err error
	if path == "-" {
		f.name = "standard input"
		if f.File, err = os.CreateTemp("", "cordon-*"); err != nil { // only its owner may read it
			return nil, err
		}
		f.done = func() { _ = os.Remove(f.File.Name()) }
		if _, err := io.Copy(f.File, &interruptible{ctx, os.Stdin}); err != nil {
			f.close()
			return nil, fmt.Errorf("read standard input: %w", err)
		}
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			f.close()
			return nil, err
		}
	} else if f.File, err = os.Open(path); err != nil {
		return nil, err
	}
	head := make([]byte, 64<<10)
	n, err := io.ReadFull(f, head)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		f.close()
		return nil, fmt.Errorf("read %s: %w", f.name, err)
	}
	h := sha256.New()
	h.Write(head[:n])
	rest, err := io.Copy(h, &interruptible{ctx, f})
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		f.close()
		return nil, fmt.Errorf("read %s: %w", f.name, err)
	}
	f.size, f.sum = int64(n)+rest, [sha256.Size]byte(h.Sum(nil))
	if f.format = intel.Format(format); format == "auto" {
		f.format = intel.Sniff(f.name, head[:n])
	}
	if f.size == 0 || f.format == "" {
		f.close()
		return nil, fmt.Errorf("%s is empty", f.name)
	}
	return f, nil
}

func (f *intelFile) close() {
	_ = f.Close()
	f.done()
}

// interruptible ends reading when the command is interrupted.
type interruptible struct {
	ctx context.Context
	r   io.Reader
}

func (i *interruptible) Read(p []byte) (int, error) {
	if err := i.ctx.Err(); err != nil {
		return 0, err
	}
	return i.r.Read(p)
}

// Run does it.
func (c *intelImportCmd) Run(ctx context.Context, out io.Writer) error {
	if err := c.check(); err != nil {
		fmt.Fprintln(os.Stderr, "cordon:", err)
		return exitCode(2)
	}
	terms, err := c.terms()
	if err != nil {
		return err
	}
	f, err := openIntel(ctx, c.File, c.Format)
	if err != nil {
		return err
	}
	defer f.close()
	if c.Name != "" {
		f.name = c.Name
	}
	var b *intel.Batch
	if c.Server != "" {
		b, err = c.send(ctx, out, f, terms)
	} else {
		b, err = c.read(ctx, out, f, terms)
	}
	if ctx.Err() != nil {
		seen := 0
		if b != nil {
			seen = b.Seen
		}
		return fmt.Errorf("interrupted after %d objects, which stay. Give the same command again, and it goes on where it was", seen)
	}
	if err != nil {
		return said(err)
	}
	return report(out, b)
}

// said gives every field's sentence of a refusal, with the flags' names.
func said(err error) error {
	fields := fault.FieldsOf(err)
	if len(fields) == 0 {
		return err
	}
	var lines []string
	for _, f := range fields {
		lines = append(lines, "--"+f.Name+": "+f.Message)
	}
	return errors.New(strings.Join(lines, "\n        "))
}

// read takes the file in at the data folder.
func (c *intelImportCmd) read(ctx context.Context, out io.Writer, f *intelFile, terms intel.Terms) (*intel.Batch, error) {
	h, who, done, err := c.open(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	var b *intel.Batch
	err = h.db.Read(ctx, who, func(v *db.View) (err error) {
		b, err = h.intel.Unfinished(ctx, v, f.format, terms, f.size, f.sum)
		return err
	})
	if err != nil {
		return nil, err
	}
	bar := newBar("keep")
	defer func() { bar.end() }()
	if b == nil {
		b, err = h.intel.Accept(ctx, h.db, who, intel.NewBatch{Via: "command", Name: f.name, Format: f.format, Terms: terms}, &watched{what: "keep", r: &interruptible{ctx, f}, bar: bar, size: f.size})
		if err != nil {
			return nil, err
		}
	} else {
		fmt.Fprintf(out, "Going on with %s, which was begun on %s: %d objects were read.\n", b.Name, b.At.Format("2 January 2006 15:04 UTC"), b.Seen)
		if b.State == intel.Stopped {
			if err := h.db.Write(ctx, who, func(tx *db.Tx) error { return h.intel.Resume(tx, b.ID) }); err != nil {
				return b, err
			}
		}
	}
	bar.end()
	bar = newBar("read")
	return h.intel.Read(ctx, h.db, scribe, b.ID, func(b *intel.Batch) { bar.set("read", b.Consumed, b.Size) })
}

// watched shows how far a file was kept.
type watched struct {
	what       string
	r          io.Reader
	bar        *bar
	done, size int64
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.r.Read(p)
	w.done += int64(n)
	w.bar.set(w.what, w.done, w.size)
	return n, err
}

// open opens a data folder that no server has open, and finds the person in whose
// name something is done there.
func (p *intelPlace) open(ctx context.Context) (*house, policy.Viewer, func(), error) {
	var who policy.Viewer
	if _, err := os.Stat(filepath.Join(p.Data, "keys")); err != nil {
		return nil, who, nil, fmt.Errorf("there is no community in %s", p.Data)
	}
	unlock, err := lockData(p.Data)
	if err != nil {
		return nil, who, nil, fmt.Errorf("%w; or give --server and --token-file", err)
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	h, err := build(ctx, plan{Data: p.Data, Database: p.Database, Origin: "http://localhost", Clock: clock.System(), Log: log})
	if err != nil {
		unlock()
		return nil, who, nil, err
	}
	done := func() {
		if err := h.close(); err != nil {
			log.Error("close the store", "err", err)
		}
		unlock()
	}
	err = h.db.Read(ctx, operator, func(v *db.View) (err error) {
		who, err = h.members.ViewerOf(v, p.Person, "", nil)
		return err
	})
	if err != nil {
		done()
		if fault.Is(err, fault.Missing) {
			err = fmt.Errorf("there is nobody with the id %q; cordon admin list shows ids", p.Person)
		}
		return nil, who, nil, err
	}
	return h, who, done, nil
}

// problemsShown is how many problems are printed; the page shows more.
const problemsShown = 20

// report says what became of a file.
func report(out io.Writer, b *intel.Batch) error {
	fmt.Fprintf(out, "%s: %d objects read; %d added, %d known already, %d held for a person, %d refused.\n", b.Name, b.Seen, b.Added, b.Same, b.Tally.Held, b.Refused)
	for i, p := range b.Problems {
		if i == problemsShown {
			fmt.Fprintf(out, "  … and %d more, at /intel/batches/%s\n", len(b.Problems)-i, b.ID)
			break
		}
		fmt.Fprintf(out, "  %s: %s\n", strings.TrimSpace(p.Where+" "+p.ID), p.Reason)
	}
	switch b.State {
	case intel.Done:
		return nil
	case intel.Broken:
		return errors.New("the file could not be read to its end; what was read stays")
	}
	return errors.New("the file was not read to its end: somebody stopped it; what was read stays")
}
