package vulns

import (
	"archive/zip"
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"sync"

	"github.com/cordon-isao/cordon/formats/csaf"
	"github.com/cordon-isao/cordon/formats/cve"
	"github.com/cordon-isao/cordon/formats/kev"
	"github.com/cordon-isao/cordon/formats/osv"
	"github.com/cordon-isao/cordon/formats/vuln"
)

// Limits of an archive (T-52). A mirror folder, which the operator chose, is packed
// by the program itself and has wider ones.
const (
	maxEntries  = 100_000
	maxUnpacked = 512 << 20 // bytes of all entries together
	maxRatio    = 100       // unpacked to packed bytes
	ratioFrom   = 64 << 10  // unpacked bytes below which the ratio says nothing
	maxDocument = 15 << 20  // bytes of one entry

	maxMirrorEntries  = 1_000_000
	maxMirrorUnpacked = 16 << 30
)

// item is a record of a file, or why there is none.
type item struct {
	where string
	rec   vuln.Record
	rest  []string // with the first record of a CSAF document or a KEV catalogue: the ids of all its records
	err   error    // it could not be read
}

// each reads the records of a file one after another and in the same order each
// time. An error of fn, or one that leaves nothing more to read, ends it.
func each(kind Kind, f io.ReadSeeker, mirror bool, fn func(item) error) error {
	head := make([]byte, 4)
	n, err := io.ReadFull(f, head)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return err
	}
	if n == 0 {
		return errors.New("the file is empty")
	}
	size, err := f.Seek(0, io.SeekEnd)
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		return err
	}
	switch {
	case bytes.HasPrefix(head[:n], []byte("PK")):
		if kind == KEV {
			return errors.New("the catalogue is one file of JSON or CSV, not an archive")
		}
		return eachEntry(kind, &readerAt{r: f}, size, mirror, fn)
	case bytes.HasPrefix(head[:n], []byte{0x1f, 0x8b}):
		in, err := unzip(f)
		if err != nil {
			return err
		}
		return eachOf(kind, in, fn)
	}
	return eachOf(kind, f, fn)
}

// eachOf reads a text.
func eachOf(kind Kind, r io.Reader, fn func(item) error) error {
	var ended error // of fn, when a record was passed over
	give := func(rec vuln.Record) error {
		if ended == nil {
			ended = fn(item{where: where(rec), rec: rec})
		}
		return ended
	}
	skip := func(where string, err error) {
		if ended == nil {
			ended = fn(item{where: where, err: err})
		}
	}
	var err error
	switch kind {
	case OSV:
		err = osv.Each(r, give, skip)
	case CVE:
		err = cve.Each(r, give, skip)
	case KEV:
		return eachKnown(r, fn)
	case CSAF:
		data, rerr := io.ReadAll(io.LimitReader(r, maxDocument+1))
		if rerr != nil {
			return rerr
		}
		if len(data) > maxDocument {
			return fmt.Errorf("the document is larger than %d MiB", maxDocument>>20)
		}
		return eachDocument("", data, fn)
	default:
		return fmt.Errorf("%s holds no records", kind)
	}
	if ended != nil {
		return ended
	}
	return err
}

// eachKnown gives the records of a KEV catalogue. One that says when it was released and
// is whole takes back what it no longer lists; a CSV, which says neither, does not.
func eachKnown(r io.Reader, fn func(item) error) error {
	var items []item
	c, err := kev.Read(r, func(rec vuln.Record) error {
		items = append(items, item{where: where(rec), rec: rec})
		return nil
	}, func(where string, err error) { items = append(items, item{where: where, err: err}) })
	if err != nil {
		return err
	}
	if c.Whole && !c.Released.IsZero() {
		var all []string
		for i := range items {
			items[i].rec.Modified = c.Released
			all = append(all, items[i].rec.ID)
		}
		if len(items) > 0 {
			items[0].rest = all
		}
	}
	for _, it := range items {
		if err := fn(it); err != nil {
			return err
		}
	}
	return nil
}

func where(r vuln.Record) string {
	if r.Document != "" {
		return r.Document + ", " + r.ID
	}
	return r.ID
}

// eachDocument gives the records of a CSAF document; one that cannot be read is an
// error of a file of its own and an item of an archive's.
func eachDocument(entry string, data []byte, fn func(item) error) error {
	recs, _, err := csaf.Vulnerabilities(data)
	if err != nil {
		if entry == "" {
			return err
		}
		return fn(item{where: entry, err: err})
	}
	var all []string
	for _, r := range recs {
		all = append(all, r.ID)
	}
	for i, r := range recs {
		it := item{where: where(r), rec: r}
		if i == 0 {
			it.rest = all
		}
		if err := fn(it); err != nil {
			return err
		}
	}
	return nil
}

// eachEntry reads an archive of one or more records a file.
func eachEntry(kind Kind, ra io.ReaderAt, size int64, mirror bool, fn func(item) error) error {
	z, err := zip.NewReader(ra, size)
	if err != nil {
		return errors.New("this is not a ZIP archive, or it is damaged")
	}
	entries, left := maxEntries, int64(maxUnpacked)
	if mirror {
		entries, left = maxMirrorEntries, maxMirrorUnpacked
	}
	if len(z.File) > entries {
		return fmt.Errorf("the archive has %d files; the limit is %d", len(z.File), entries)
	}
	for i, f := range z.File {
		if strings.HasSuffix(f.Name, "/") {
			continue
		}
		name := vuln.Clip(strings.ReplaceAll(f.Name, `\`, "/"), 200)
		at := fmt.Sprintf("file %d of the archive (%s)", i+1, name)
		lower := strings.ToLower(name)
		if packed(lower) {
			return fmt.Errorf("%s is itself an archive", at)
		}
		if !wanted(lower) {
			if !mirror {
				if err := fn(item{where: at, err: errors.New("its name does not end in .json")}); err != nil {
					return err
				}
			}
			continue
		}
		in, err := f.Open()
		if err != nil {
			if err := fn(item{where: at, err: errors.New("the file is damaged or packed in an unknown way")}); err != nil {
				return err
			}
			continue
		}
		// A header may lie about sizes, so what is unpacked is counted.
		b := &bounded{r: in, left: left, ratio: max(ratioFrom, min(int64(f.CompressedSize64), size)*maxRatio)}
		if mirror { // packed here, from files of any size
			b.ratio = left
		}
		err = eachFile(kind, at, b, fn)
		in.Close()
		left = b.left
		switch {
		case b.over != nil:
			return fmt.Errorf("%s: %w", at, b.over)
		case err != nil:
			return err
		}
	}
	return nil
}

// eachFile reads one file of an archive; what is wrong with all of it is told as an
// item.
func eachFile(kind Kind, at string, r *bounded, fn func(item) error) error {
	var ended error
	give := func(it item) error {
		if it.err != nil || it.where == "" {
			it.where = at + ": " + it.where
		}
		ended = fn(it)
		return ended
	}
	var err error
	if kind == CSAF {
		var data []byte
		if data, err = io.ReadAll(io.LimitReader(r, maxDocument+1)); err == nil {
			if len(data) > maxDocument {
				return fn(item{where: at, err: fmt.Errorf("the document is larger than %d MiB", maxDocument>>20)})
			}
			return eachDocument(at, data, fn)
		}
	} else {
		err = eachOf(kind, r, give)
	}
	if ended != nil || r.over != nil {
		return ended
	}
	if err != nil {
		return fn(item{where: at, err: err})
	}
	return nil
}

// wanted tells whether a file's name is that of records.
func wanted(name string) bool {
	switch path.Ext(name) {
	case ".json", ".jsonl", ".ndjson":
		return true
	}
	return false
}

// packed tells whether a file's name is that of an archive.
func packed(name string) bool {
	switch path.Ext(name) {
	case ".zip", ".gz", ".tgz", ".bz2", ".xz", ".zst", ".7z", ".rar", ".tar", ".jar":
		return true
	}
	return false
}

// bounded reads what is unpacked, within what is left of an archive's limit and of
// its own ratio.
type bounded struct {
	r     io.Reader
	left  int64
	ratio int64
	over  error
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.over != nil {
		return 0, b.over
	}
	n, err := b.r.Read(p)
	b.left -= int64(n)
	b.ratio -= int64(n)
	switch {
	case b.ratio < 0:
		b.over = fmt.Errorf("it unpacks to more than %d times its size", maxRatio)
	case b.left < 0:
		b.over = errors.New("the archive unpacks to more than the limit")
	case err != nil && err != io.EOF:
		err = errors.New("it is damaged")
	}
	if b.over != nil {
		return 0, b.over
	}
	return n, err
}

// unzip reads a gzip file within the limits of an archive.
func unzip(r io.Reader) (io.Reader, error) {
	in := &counting{r: r}
	z, err := gzip.NewReader(bufio.NewReaderSize(in, 64<<10))
	if err != nil {
		return nil, errors.New("the packed file is damaged")
	}
	return &gunzipped{z: z, in: in}, nil
}

type counting struct {
	r io.Reader
	n int64
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

type gunzipped struct {
	z   io.Reader
	in  *counting
	out int64
}

func (g *gunzipped) Read(p []byte) (int, error) {
	n, err := g.z.Read(p)
	g.out += int64(n)
	switch {
	case g.out > ratioFrom && g.out > g.in.n*maxRatio:
		return 0, fmt.Errorf("the file unpacks to more than %d times its size", maxRatio)
	case g.out > MaxFile:
		return 0, fmt.Errorf("the file unpacks to more than %d GiB", MaxFile>>30)
	case err != nil && err != io.EOF:
		return n, errors.New("the packed file is damaged or cut off")
	}
	return n, err
}

// readerAt reads a file of the store at any place, a window at a time: archives are
// read in many small pieces that lie beside each other.
type readerAt struct {
	mu  sync.Mutex
	r   io.ReadSeeker
	off int64 // of buf
	buf []byte
}

const window = 256 << 10

func (r *readerAt) ReadAt(p []byte, off int64) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	for n < len(p) {
		at := off + int64(n)
		if at < r.off || at >= r.off+int64(len(r.buf)) {
			if _, err := r.r.Seek(at, io.SeekStart); err != nil {
				return n, err
			}
			if cap(r.buf) == 0 {
				r.buf = make([]byte, window)
			}
			m, err := io.ReadFull(r.r, r.buf[:window])
			r.off, r.buf = at, r.buf[:m]
			if m == 0 {
				if err == io.ErrUnexpectedEOF {
					err = io.EOF
				}
				return n, err
			}
		}
		n += copy(p[n:], r.buf[at-r.off:])
	}
	return n, nil
}

// disk reads a file of the store and keeps the store's own errors apart from what is
// wrong with the content.
type disk struct {
	io.ReadSeeker
	n   int64 // bytes that were read
	err error
}

func (d *disk) Read(p []byte) (int, error) {
	n, err := d.ReadSeeker.Read(p)
	d.n += int64(n)
	if err != nil && err != io.EOF {
		d.err = err
	}
	return n, err
}

func (d *disk) Seek(off int64, whence int) (int64, error) {
	at, err := d.ReadSeeker.Seek(off, whence)
	if err != nil {
		d.err = err
	}
	return at, err
}
