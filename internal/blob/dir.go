package blob

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"time"
)

// Dir is a Store in a folder: files under 256 subfolders by hash of the id,
// and a folder tmp of uploads under way.
type Dir struct {
	root *os.Root
	wrap func(io.Writer) io.Writer // tests put faults here
}

var _ Store = (*Dir)(nil)

const (
	tmp      = "tmp"
	staleAge = 24 * time.Hour
)

// OpenDir opens the store in a folder, making it if need be, and removes what
// uploads cut off more than a day before now have left in tmp.
func OpenDir(path string, now time.Time) (*Dir, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("opening the file store: %w", err)
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, fmt.Errorf("opening the file store: %w", err)
	}
	d := &Dir{root: root, wrap: func(w io.Writer) io.Writer { return w }}
	err = d.mkdir(tmp)
	if err == nil {
		err = d.sweep(now)
	}
	if err != nil {
		root.Close()
		return nil, fmt.Errorf("opening the file store: %w", err)
	}
	return d, nil
}

// Close releases the folder. Files that are open stay readable.
func (d *Dir) Close() error { return d.root.Close() }

// Put implements [Store].
func (d *Dir) Put(ctx context.Context, id string, key [32]byte, r io.Reader, limit int64) (size int64, sum [32]byte, err error) {
	return d.put(ctx, id, key, r, limit, time.Time{})
}

// PutDated implements [Store]. The file, its folder and the folder of uploads get
// that time of last change and of last access. What a file system keeps besides
// (the time of the inode's change or birth) no program can set.
func (d *Dir) PutDated(ctx context.Context, id string, key [32]byte, r io.Reader, limit int64, at time.Time) (size int64, sum [32]byte, err error) {
	return d.put(ctx, id, key, r, limit, at)
}

func (d *Dir) put(ctx context.Context, id string, key [32]byte, r io.Reader, limit int64, at time.Time) (size int64, sum [32]byte, err error) {
	fail := func(err error) (int64, [32]byte, error) {
		return 0, [32]byte{}, fmt.Errorf("storing file %s: %w", id, err)
	}
	if !validID(id) {
		return 0, sum, errors.New("storing a file: the id is not one of a file")
	}
	folder, name := place(id)
	if _, err := d.root.Lstat(name); err == nil {
		return fail(ErrExists) // the usual case, told before the upload is read; Link below decides
	}
	var suffix [12]byte
	rand.Read(suffix[:])
	temp := tmp + "/" + hex.EncodeToString(suffix[:])
	f, err := d.root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fail(err)
	}
	defer func() {
		f.Close()
		d.root.Remove(temp)
		if at.IsZero() {
			return
		}
		// The folders changed just now, which tells of the file in them.
		for _, n := range []string{tmp, folder, "."} {
			if e := d.root.Chtimes(n, at, at); e != nil && !errors.Is(e, fs.ErrNotExist) && err == nil {
				size, sum, err = fail(errors.Join(e, d.root.Remove(name)))
			}
		}
	}()

	in := &intake{ctx: ctx, r: r, limit: limit}
	hash := sha256.New()
	if err := encrypt(d.wrap(f), io.TeeReader(in, hash), key, id); err != nil {
		return fail(err)
	}
	if err := f.Sync(); err != nil {
		return fail(err)
	}
	if err := f.Close(); err != nil {
		return fail(err)
	}
	if !at.IsZero() {
		if err := d.root.Chtimes(temp, at, at); err != nil {
			return fail(err)
		}
	}
	if err := ctx.Err(); err != nil {
		return fail(err)
	}
	if err := d.mkdir(folder); err != nil {
		return fail(err)
	}
	// A link, unlike a rename, never replaces a file of the same name.
	if err := d.root.Link(temp, name); errors.Is(err, fs.ErrExist) {
		return fail(ErrExists)
	} else if err != nil {
		return fail(err)
	}
	if err := d.syncDir(folder); err != nil {
		// Not known to be on disk, so it must not be found either.
		return fail(errors.Join(err, d.root.Remove(name)))
	}
	return in.n, [32]byte(hash.Sum(nil)), nil
}

// Open implements [Store].
func (d *Dir) Open(ctx context.Context, id string, key [32]byte) (io.ReadSeekCloser, int64, error) {
	if err := ctx.Err(); err != nil {
		return nil, 0, fmt.Errorf("opening file %s: %w", id, err)
	}
	if !validID(id) {
		return nil, 0, fmt.Errorf("opening a file: %w", ErrMissing)
	}
	_, name := place(id)
	f, err := d.root.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, fmt.Errorf("opening file %s: %w", id, ErrMissing)
	}
	if err != nil {
		return nil, 0, fmt.Errorf("opening file %s: %w", id, err)
	}
	info, err := f.Stat()
	if err == nil {
		var r *reader
		if r, err = newReader(f, info.Size(), key, id); err == nil {
			r.close = f.Close
			return r, r.size, nil
		}
	}
	f.Close()
	return nil, 0, fmt.Errorf("opening file %s: %w", id, err)
}

// Delete implements [Store].
func (d *Dir) Delete(ctx context.Context, id string) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("deleting file %s: %w", id, err)
	}
	if !validID(id) {
		return nil
	}
	folder, name := place(id)
	err := d.root.Remove(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("deleting file %s: %w", id, err)
	}
	// Also when it is gone already: the crash may have come before this.
	if err := d.syncDir(folder); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("deleting file %s: %w", id, err)
	}
	return nil
}

// List implements [Store].
func (d *Dir) List(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		fail := func(err error) { yield("", fmt.Errorf("listing files: %w", err)) }
		folders, err := fs.ReadDir(d.root.FS(), ".")
		if err != nil {
			fail(err)
			return
		}
		for _, folder := range folders {
			if !folder.IsDir() || folder.Name() == tmp {
				continue
			}
			if err := ctx.Err(); err != nil {
				fail(err)
				return
			}
			files, err := fs.ReadDir(d.root.FS(), folder.Name())
			if err != nil {
				fail(err)
				return
			}
			for _, file := range files {
				// What is not where its id belongs was not put here.
				if at, name := place(file.Name()); validID(file.Name()) && at == folder.Name() && name != "" && !yield(file.Name(), nil) {
					return
				}
			}
		}
	}
}

// place is the folder of an id, and its path.
func place(id string) (folder, name string) {
	sum := sha256.Sum256([]byte(id))
	folder = hex.EncodeToString(sum[:1])
	return folder, folder + "/" + id
}

// mkdir makes a folder of the store, durably.
func (d *Dir) mkdir(name string) error {
	err := d.root.Mkdir(name, 0o700)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return d.syncDir(".")
}

func (d *Dir) syncDir(name string) error {
	f, err := d.root.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

func (d *Dir) sweep(now time.Time) error {
	entries, err := fs.ReadDir(d.root.FS(), tmp)
	if err != nil {
		return err
	}
	for _, e := range entries {
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // its upload ended just now
		}
		if err != nil {
			return err
		}
		if now.Sub(info.ModTime()) <= staleAge {
			continue
		}
		if err := d.root.Remove(tmp + "/" + e.Name()); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// intake counts an upload, and stops it at its limit or its context's end.
type intake struct {
	ctx      context.Context
	r        io.Reader
	n, limit int64
}

func (in *intake) Read(p []byte) (int, error) {
	if err := in.ctx.Err(); err != nil {
		return 0, err
	}
	// A byte more than allowed is asked for, to tell full from too full.
	if most := in.limit - in.n + 1; int64(len(p)) > most {
		p = p[:most]
	}
	n, err := in.r.Read(p)
	in.n += int64(n)
	if in.n > in.limit {
		return 0, ErrTooLarge
	}
	// io.ReadFull would take this for the file's end; an upload cut off by the
	// network must not look like a shorter file.
	if err == io.ErrUnexpectedEOF {
		err = errCut
	}
	return n, err
}

var errCut = errors.New("the upload was cut off")
