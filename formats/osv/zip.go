package osv

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/cordon-isao/cordon/formats/vuln"
)

// Limits of an archive (T-52).
const (
	MaxUnpacked = 512 << 20 // bytes of all entries together
	MaxEntries  = 100_000
	MaxRatio    = 100      // unpacked to packed
	ratioFrom   = 64 << 10 // bytes unpacked of an entry, below which the ratio says nothing
)

// EachZip reads a feed as databases publish it: an archive with one record a
// file. It refuses archives that unpack to more than the limits and archives
// within archives; files that are not named .json are told to skip.
func EachZip(ra io.ReaderAt, size int64, fn func(vuln.Record) error, skip func(where string, err error)) error {
	limits := Limits{}.Filled()
	z, err := zip.NewReader(ra, size)
	if err != nil {
		return errors.New("this is not a ZIP archive, or it is damaged")
	}
	if len(z.File) > MaxEntries {
		return fmt.Errorf("the archive has %d entries; the limit is %d", len(z.File), MaxEntries)
	}
	var total int64
	for i, f := range z.File {
		name := strings.ToValidUTF8(vuln.Clip(path.Base(strings.ReplaceAll(f.Name, `\`, "/")), 120), "?")
		where := fmt.Sprintf("entry %d (%s)", i+1, name)
		bad := func(err error) error {
			if skip == nil {
				return fmt.Errorf("OSV %s: %w", where, err)
			}
			skip(where, err)
			return nil
		}
		switch lower := strings.ToLower(name); {
		case strings.HasSuffix(f.Name, "/"):
			continue
		case archive(lower):
			return fmt.Errorf("%s of the archive is itself an archive", where)
		case !strings.HasSuffix(lower, ".json"):
			if err := bad(errors.New("its name does not end in .json")); err != nil {
				return err
			}
			continue
		}
		data, err := unpack(f, int64(limits.Bytes), MaxUnpacked-total)
		total += int64(len(data))
		var over *overError
		if errors.As(err, &over) {
			return fmt.Errorf("%s of the archive: %w", where, err)
		}
		if err == nil {
			var r vuln.Record
			if r, _, err = read(data, limits); err == nil {
				if err := fn(r); err != nil {
					return err
				}
				continue
			}
		}
		if err := bad(err); err != nil {
			return err
		}
	}
	return nil
}

// overError says that an archive unpacks to more than a limit.
type overError struct{ text string }

func (e *overError) Error() string { return e.text }

// unpack reads an entry. What its header says of sizes is not believed.
func unpack(f *zip.File, most, left int64) ([]byte, error) {
	packed, err := f.OpenRaw()
	if err != nil {
		return nil, errors.New("the entry is damaged")
	}
	// The packed size bounds what is read, so the ratio cannot be lied about.
	length := int64(min(f.CompressedSize64, 1<<40))
	if r, ok := packed.(*io.SectionReader); ok {
		length = min(length, r.Size())
	}
	in, err := f.Open()
	if err != nil {
		return nil, errors.New("the entry is damaged or packed in an unknown way")
	}
	defer in.Close()
	bound := max(ratioFrom, length*MaxRatio)
	data, err := io.ReadAll(io.LimitReader(in, min(most, left, bound)+1))
	switch n := int64(len(data)); {
	case n > left:
		return nil, &overError{fmt.Sprintf("the archive unpacks to more than %d bytes", MaxUnpacked)}
	case n > bound:
		return nil, &overError{fmt.Sprintf("it unpacks to more than %d times its size", MaxRatio)}
	case n > most:
		return data[:most], fmt.Errorf("the record is larger than %d bytes", most)
	case err != nil:
		return data, errors.New("the entry is damaged")
	}
	return data, nil
}

// archive tells whether a file's name is that of an archive.
func archive(name string) bool {
	switch path.Ext(name) {
	case ".zip", ".gz", ".tgz", ".bz2", ".xz", ".zst", ".7z", ".rar", ".tar", ".jar":
		return true
	}
	return false
}
