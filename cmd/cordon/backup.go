package main

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/seal"
)

// backupCmd copies a community to a file, while it runs. The keys go to a file of
// their own, FILE.keys, so that they can be kept apart: without them the attached
// files and the ledger's entries stay closed. What members wrote stands in the
// backup as it stands in the database, in the clear.
type backupCmd struct {
	File     string `arg:"" help:"The file to write; the keys go to FILE.keys." type:"path"`
	Data     string `help:"The data folder." default:"cordon-data" type:"path"`
	Database string `help:"PostgreSQL, as postgres://…; without it the embedded database is copied." placeholder:"URL"`
}

// Run does it, and reads back what it wrote.
func (c *backupCmd) Run(ctx context.Context, out io.Writer) error {
	for _, name := range []string{c.File, c.File + ".keys"} {
		if _, err := os.Lstat(name); err == nil {
			return fmt.Errorf("%s is there already; give another name", name)
		}
	}
	// Keys first: what they remember to have signed is then never ahead of the copy.
	keys := filepath.Join(c.Data, "keys")
	if err := writeWhole(c.File+".keys", func(f *os.File) error { return saveKeys(keys, f) }); err != nil {
		return fmt.Errorf("copy the keys: %w", err)
	}
	var info db.BackupInfo
	var files int64
	err := writeWhole(c.File, func(f *os.File) (err error) {
		bar := newBar("backup")
		info, err = db.Backup(ctx, db.BackupSource{Dir: c.Data, URL: c.Database, Files: filepath.Join(c.Data, "files"), Now: clock.System().Now(), Progress: bar.set}, f)
		bar.end()
		if err != nil {
			return err
		}
		size, err := f.Seek(0, io.SeekEnd)
		if err != nil {
			return err
		}
		back, err := db.OpenBackup(f, size)
		if err != nil {
			return fmt.Errorf("read back the backup: %w", err)
		}
		bar = newBar("check")
		err = back.Verify(ctx, bar.set)
		bar.end()
		if err != nil {
			return fmt.Errorf("read back the backup: %w", err)
		}
		files = size
		return nil
	})
	if err != nil {
		os.Remove(c.File + ".keys")
		return err
	}
	if err := seal.WriteFile(filepath.Join(c.Data, "last-backup"), []byte(info.At+"\n")); err != nil {
		return fmt.Errorf("note the time of the backup: %w", err)
	}
	rows := int64(0)
	for _, t := range info.Tables {
		rows += t.Rows
	}
	_, err = fmt.Fprintf(out, "Backed up and checked: %d rows in %d tables, %d files, %d ledger entries, %.1f MB.\n  %s\n  %s  (the keys: keep them apart from the backup)\nKeep both as safe as the server: posts stand in the backup in the clear.\n",
		rows, len(info.Tables), info.Files.Count, info.Ledger, float64(files)/1e6, c.File, c.File+".keys")
	return err
}

// writeWhole writes a file under another name first, readable by its owner only,
// so that no half file ever has the name.
func writeWhole(name string, write func(*os.File) error) error {
	f, err := os.OpenFile(name+".part", os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer os.Remove(name + ".part")
	defer f.Close()
	if err := f.Chmod(0o600); err != nil {
		return err
	}
	if err := write(f); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := os.Link(name+".part", name); err != nil { // never over another file
		return err
	}
	d, err := os.Open(filepath.Dir(name))
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// keyName is what may stand in a keys folder.
var keyName = regexp.MustCompile(`^([a-z0-9-]{1,40}/)?[A-Za-z0-9][A-Za-z0-9._+@-]{0,120}$`)

const maxKey = 1 << 20 // bytes

// saveKeys copies the keys folder into a zip.
func saveKeys(dir string, w io.Writer) error {
	z := zip.NewWriter(w)
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		if !keyName.MatchString(name) {
			return nil // a temporary file, or something put there by hand
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		f, err := z.Create(name)
		if err != nil {
			return err
		}
		_, err = f.Write(b)
		return err
	})
	if err != nil {
		return err
	}
	return z.Close()
}

// loadKeys writes a keys folder from what saveKeys made.
func loadKeys(file, dir string) error {
	z, err := zip.OpenReader(file)
	if err != nil {
		return fmt.Errorf("read the keys %s: %w", file, err)
	}
	defer z.Close()
	found := false
	for _, f := range z.File {
		if !keyName.MatchString(f.Name) || f.UncompressedSize64 > maxKey {
			return fmt.Errorf("%s holds %q, which is no key", file, f.Name)
		}
		r, err := f.Open()
		if err != nil {
			return fmt.Errorf("read the keys %s: %w", file, err)
		}
		b, err := io.ReadAll(io.LimitReader(r, maxKey))
		r.Close()
		if err != nil {
			return fmt.Errorf("read the keys %s: %w", file, err)
		}
		if err := seal.WriteFile(filepath.Join(dir, filepath.FromSlash(f.Name)), b); err != nil {
			return fmt.Errorf("write the keys: %w", err)
		}
		found = found || f.Name == "master.key"
	}
	if !found {
		return fmt.Errorf("%s holds no master key", file)
	}
	return nil
}

// emptyBut reports whether a folder holds nothing but the named entry.
func emptyBut(dir, name string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Name() != name {
			return fmt.Errorf("%s is not empty (%s is in it); restore into an empty folder", dir, strings.TrimSpace(e.Name()))
		}
	}
	return nil
}
