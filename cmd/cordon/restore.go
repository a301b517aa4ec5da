package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/cordon-isao/cordon/formats/tlog"
	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/seal"
	"github.com/cordon-isao/cordon/policy"
)

// restoreCmd brings a community back from a backup, of either engine onto either
// engine, into an empty folder (and an empty database).
//
// A folder that still holds keys remembers how much of the ledger was signed. A
// backup from before that is refused: entries that members hold proofs of would
// be gone. Where they are truly lost, a statement signed with the ledger's key
// (cordon admin known-loss) says so, and becomes an entry itself.
type restoreCmd struct {
	File      string `arg:"" help:"The backup." type:"path"`
	Dir       string `arg:"" help:"The data folder to make; it may hold nothing but its keys." type:"path"`
	Keys      string `help:"The backup's keys; FILE.keys if they lie there." placeholder:"FILE" type:"path"`
	Database  string `help:"PostgreSQL, as postgres://…: an empty database; without it the embedded one is made." placeholder:"URL"`
	KnownLoss string `name:"known-loss" help:"A signed statement that newer entries are lost." placeholder:"FILE" type:"path"`
}

// Run does it: everything is verified before anything is believed.
func (c *restoreCmd) Run(ctx context.Context, out io.Writer) (err error) {
	keys := filepath.Join(c.Dir, "keys")
	if err := emptyBut(c.Dir, "keys"); err != nil {
		return err
	}
	f, err := os.Open(c.File)
	if err != nil {
		return fmt.Errorf("open the backup: %w", err)
	}
	defer f.Close()
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return fmt.Errorf("open the backup: %w", err)
	}
	b, err := db.OpenBackup(f, size)
	if err != nil {
		return err
	}
	made, err := c.takeKeys(keys)
	if err != nil {
		return err
	}
	store, files := filepath.Join(c.Dir, "cordon.db"), filepath.Join(c.Dir, "files")
	began := false
	defer func() {
		if err == nil {
			return
		}
		if made {
			os.RemoveAll(keys)
		}
		if began && c.Database == "" { // the folder was empty: all of it is ours
			os.RemoveAll(files)
			for _, suffix := range []string{"", "-wal", "-shm"} {
				os.Remove(store + suffix)
			}
		}
	}()
	key, signed, err := readLedgerKeys(keys)
	if err != nil {
		return err
	}
	covered, err := backupCovers(b.Info, key)
	if err != nil {
		return err
	}
	var loss *statement
	if b.Info.Ledger < signed {
		if loss, err = c.readLoss(key, signed, b.Info.Ledger); err != nil {
			return err
		}
	}
	began = true
	bar := newBar("restore")
	err = b.Restore(ctx, db.RestoreTarget{Dir: c.Dir, URL: c.Database, Files: files, Schemas: schemas, Progress: bar.set})
	bar.end()
	if err != nil {
		return err
	}
	if loss != nil {
		if err := c.acceptLoss(keys, covered, loss); err != nil {
			return err
		}
	}
	size, err = c.check(ctx, loss, b.Info)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "Restored and checked: %d ledger entries, %d files, copied on %s.\nStart it with: cordon serve --data %s\n", size, b.Info.Files.Count, b.Info.At, c.Dir)
	return err
}

// takeKeys finds the keys: those in the folder, or those that came with the
// backup.
func (c *restoreCmd) takeKeys(keys string) (made bool, err error) {
	_, err = os.Stat(filepath.Join(keys, "ledger.key"))
	switch {
	case err == nil && c.Keys != "":
		return false, fmt.Errorf("%s holds keys already; leave out --keys, or move them away if they are another community's", keys)
	case err == nil:
		return false, nil
	case !errors.Is(err, fs.ErrNotExist):
		return false, err
	}
	file := c.Keys
	if file == "" {
		file = c.File + ".keys"
	}
	if err := loadKeys(file, keys); err != nil {
		os.RemoveAll(keys)
		return false, fmt.Errorf("%w; without its keys nothing in a backup can be read", err)
	}
	return true, nil
}

func readLedgerKeys(keys string) (*tlog.Key, int64, error) {
	text, err := os.ReadFile(filepath.Join(keys, "ledger.key"))
	if err != nil {
		return nil, 0, fmt.Errorf("read the ledger's key: %w", err)
	}
	key, err := tlog.ParseKey(strings.TrimSpace(string(text)))
	if err != nil {
		return nil, 0, fmt.Errorf("read the ledger's key: %w", err)
	}
	text, err = os.ReadFile(filepath.Join(keys, "ledger.signed"))
	if errors.Is(err, fs.ErrNotExist) {
		return key, 0, nil
	}
	if err != nil {
		return nil, 0, fmt.Errorf("read what the ledger signed: %w", err)
	}
	signed, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	if err != nil {
		return nil, 0, fmt.Errorf("read what the ledger signed: %w", err)
	}
	return key, signed, nil
}

// backupCovers checks that the backup's checkpoint is by this key, and returns
// its size.
func backupCovers(info db.BackupInfo, key *tlog.Key) (int64, error) {
	if info.Checkpoint == "" {
		return 0, nil
	}
	c, err := tlog.ParseCheckpoint(key.Verifier(), []byte(info.Checkpoint))
	if err != nil {
		return 0, fmt.Errorf("these keys are not the backup's: %w", err)
	}
	if c.Size > info.Ledger {
		return 0, fmt.Errorf("the backup holds %d ledger entries and a checkpoint over %d: it is not whole", info.Ledger, c.Size)
	}
	return c.Size, nil
}

// check opens what was restored, verifies the ledger, makes the search index and
// records a stated loss.
func (c *restoreCmd) check(ctx context.Context, loss *statement, info db.BackupInfo) (size int64, err error) {
	d, l, err := openStore(ctx, c.Dir, c.Database)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	if err := l.Attach(ctx, d); err != nil {
		return 0, err
	}
	bar := newBar("ledger")
	r, err := l.Verify(ctx, func(done, total int64) { bar.set("ledger", done, total) })
	bar.end()
	if err != nil {
		return 0, err
	}
	if !r.Whole() {
		return 0, fmt.Errorf("the restored ledger is not whole: %s (%d problems)", r.Problems[0], int64(len(r.Problems))+r.More)
	}
	program := policy.System("restore")
	if _, err := forum.New(nil, nil, nil).RebuildIndex(ctx, d, program); err != nil {
		return 0, err
	}
	if loss == nil {
		return r.Size, nil
	}
	return r.Size, d.Write(ctx, program, func(tx *db.Tx) error {
		tx.Append(db.Entry{Verb: "ledger.loss-stated", Object: "ledger",
			Label: policy.Label{TLP: policy.Green, Audience: policy.NewAudience(policy.Community)},
			Data:  map[string]any{"signed": loss.signed, "restored": info.Ledger, "reason": loss.reason, "statement": loss.text}})
		return nil
	})
}

// A statement of loss is a C2SP signed note by the ledger's key. Its first line
// keeps it from being taken for a checkpoint, whose first line is the key's name.
const lossTitle = "cordon known loss"

type statement struct {
	signed       int64 // the largest checkpoint that was signed then
	reason, text string
}

// knownLossCmd makes the statement. It needs no server: a server whose store is
// behind its keys does not start.
type knownLossCmd struct {
	Reason string `required:"" help:"What was lost, and why, in one line. Every member will read it."`
}

// Run prints it.
func (c *knownLossCmd) Run(out io.Writer, a *adminCmd) error {
	key, signed, err := readLedgerKeys(filepath.Join(a.Data, "keys"))
	if err != nil {
		return err
	}
	text, err := stateLoss(key, signed, c.Reason, clock.System().Now())
	if err != nil {
		return err
	}
	_, err = out.Write(text)
	return err
}

func stateLoss(key *tlog.Key, signed int64, reason string, at time.Time) ([]byte, error) {
	reason = strings.Join(strings.Fields(reason), " ")
	if reason == "" || len(reason) > 1000 {
		return nil, errors.New("give a reason of at most 1,000 bytes")
	}
	text := fmt.Sprintf("%s\n%s\nsigned %d\nat %s\nreason %s\n", lossTitle, key.Name(), signed, at.UTC().Format(time.RFC3339), reason)
	b, err := note.Sign(&note.Note{Text: text}, key.Signer())
	if err != nil {
		return nil, fmt.Errorf("sign the statement: %w", err)
	}
	return b, nil
}

func (c *restoreCmd) readLoss(key *tlog.Key, signed, restored int64) (*statement, error) {
	if c.KnownLoss == "" {
		return nil, fmt.Errorf("this backup holds %d ledger entries, but a checkpoint over %d was signed: it is older than what members hold proofs of; restore a newer one, or, if the rest is lost, state it: cordon admin known-loss --reason … > FILE, and give --known-loss FILE", restored, signed)
	}
	b, err := os.ReadFile(c.KnownLoss)
	if err != nil {
		return nil, fmt.Errorf("read the statement of loss: %w", err)
	}
	return parseLoss(b, key, signed)
}

func parseLoss(b []byte, key *tlog.Key, signed int64) (*statement, error) {
	if len(b) > 16<<10 {
		return nil, errors.New("this is no statement of loss: it is too long")
	}
	n, err := note.Open(b, note.VerifierList(key.Verifier()))
	if err != nil {
		return nil, fmt.Errorf("the statement of loss is not signed with this ledger's key: %w", err)
	}
	lines := strings.Split(n.Text, "\n")
	if len(lines) != 6 || lines[0] != lossTitle || lines[1] != key.Name() || !strings.HasPrefix(lines[4], "reason ") {
		return nil, errors.New("this is a signed note, but no statement of loss")
	}
	s := &statement{reason: strings.TrimPrefix(lines[4], "reason "), text: string(b)}
	if s.signed, err = strconv.ParseInt(strings.TrimPrefix(lines[2], "signed "), 10, 64); err != nil {
		return nil, errors.New("this is a signed note, but no statement of loss")
	}
	if s.signed != signed {
		return nil, fmt.Errorf("the statement is about a ledger that had signed %d entries; this one has signed %d: make a new one", s.signed, signed)
	}
	return s, nil
}

// acceptLoss makes the keys folder remember what the backup covers, and keeps the
// statement beside it.
func (c *restoreCmd) acceptLoss(keys string, covered int64, s *statement) error {
	if err := seal.WriteFile(filepath.Join(keys, fmt.Sprintf("loss-%d.txt", s.signed)), []byte(s.text)); err != nil {
		return fmt.Errorf("keep the statement of loss: %w", err)
	}
	if err := seal.WriteFile(filepath.Join(keys, "ledger.signed"), []byte(strconv.FormatInt(covered, 10)+"\n")); err != nil {
		return fmt.Errorf("remember the checkpoint: %w", err)
	}
	return nil
}
