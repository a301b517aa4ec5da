package vulns

import (
	"archive/zip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"
)

// openFolder opens a mirror folder. It lies below one of the folders that the
// operator allows, and nothing that it links to leads out of it.
func (x *Vulns) openFolder(name string) (*os.Root, error) {
	if len(x.options.Mirrors) == 0 {
		return nil, errors.New("no folder of the server may be read: its operator names the allowed ones when the program starts")
	}
	if !filepath.IsAbs(name) {
		return nil, errors.New("give the folder's whole path")
	}
	for _, m := range x.options.Mirrors {
		rel, err := filepath.Rel(filepath.Clean(m), filepath.Clean(name))
		if err != nil || !filepath.IsLocal(rel) {
			continue
		}
		root, err := os.OpenRoot(m)
		if err != nil {
			return nil, errors.New("the folder of mirrors cannot be opened")
		}
		defer root.Close()
		sub, err := root.OpenRoot(rel)
		if err != nil {
			return nil, errors.New("there is no such folder, it cannot be opened, or it leads out of the folders that may be read")
		}
		return sub, nil
	}
	return nil, errors.New("this folder lies outside of those that may be read")
}

// mirrored is a file of a mirror folder.
type mirrored struct {
	name string
	size int64
	at   time.Time
}

// listFolder lists the files of a folder that a feed of the kind reads, by name, with
// a digest of names, sizes and times.
func listFolder(root *os.Root, kind Kind) (files []mirrored, stamp string, err error) {
	total := int64(0)
	err = fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return errors.New("the folder cannot be read whole")
		}
		base := strings.ToLower(path.Base(name))
		if name != "." && strings.HasPrefix(base, ".") {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if !d.Type().IsRegular() || !ofKind(kind, base) {
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return errors.New("the folder cannot be read whole")
		}
		files = append(files, mirrored{name, info.Size(), info.ModTime()})
		if len(files) > maxMirrorEntries {
			return fmt.Errorf("the folder has more than %d files", maxMirrorEntries)
		}
		if total += info.Size(); total > maxMirrorUnpacked {
			return fmt.Errorf("the folder holds more than %d GiB", int64(maxMirrorUnpacked)>>30)
		}
		return nil
	})
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("the folder has no file of %s", kind)
	}
	if err != nil {
		return nil, "", err
	}
	if kind == KEV || kind == EPSS { // one file says all: the newest
		files = newest(kind, files)
	}
	h := sha256.New()
	for _, f := range files {
		fmt.Fprintf(h, "%q %d %d\n", f.name, f.size, f.at.UnixNano())
	}
	return files, "folder:" + hex.EncodeToString(h.Sum(nil)), nil
}

// ofKind tells by its name whether a feed of the kind reads a file.
func ofKind(kind Kind, base string) bool {
	switch kind {
	case KEV:
		return (strings.HasSuffix(base, ".json") || strings.HasSuffix(base, ".csv")) && !strings.Contains(base, "schema")
	case EPSS:
		return strings.HasSuffix(base, ".csv") || strings.HasSuffix(base, ".csv.gz")
	case CVE:
		return wanted(base) && (strings.HasPrefix(base, "cve-") || path.Ext(base) != ".json") || path.Ext(base) == ".zip"
	case CSAF:
		return path.Ext(base) == ".json" && base != "provider-metadata.json" && base != "aggregator.json" || path.Ext(base) == ".zip"
	}
	return wanted(base) || path.Ext(base) == ".zip"
}

// newest is the file of the latest day: by the time of change, for EPSS by name,
// which has the date in it.
func newest(kind Kind, files []mirrored) []mirrored {
	best := files[0]
	for _, f := range files[1:] {
		if kind == EPSS && path.Base(f.name) > path.Base(best.name) || kind != EPSS && f.at.After(best.at) {
			best = f
		}
	}
	return []mirrored{best}
}

// pack writes the files of a folder into one: a file alone as it is, several as an
// archive, those of archives among them one by one. It is the same for the same
// content.
func pack(root *os.Root, files []mirrored, w io.Writer) (mirror bool, err error) {
	if len(files) == 1 {
		f, err := root.Open(files[0].name)
		if err != nil {
			return false, errors.New("a file of the folder cannot be opened")
		}
		defer f.Close()
		_, err = io.Copy(w, f)
		return false, err
	}
	z := zip.NewWriter(w)
	for _, file := range files {
		if err := packFile(z, root, file); err != nil {
			return true, err
		}
	}
	return true, z.Close()
}

func packFile(z *zip.Writer, root *os.Root, file mirrored) error {
	f, err := root.Open(file.name)
	if err != nil {
		return errors.New("a file of the folder cannot be opened")
	}
	defer f.Close()
	if path.Ext(strings.ToLower(file.name)) != ".zip" {
		out, err := z.Create(file.name)
		if err == nil {
			_, err = io.Copy(out, f)
		}
		return err
	}
	inner, err := zip.NewReader(f, file.size)
	if err != nil {
		return fmt.Errorf("%s is not a ZIP archive, or it is damaged", file.name)
	}
	if len(inner.File) > maxMirrorEntries {
		return fmt.Errorf("%s has more than %d files", file.name, maxMirrorEntries)
	}
	left := int64(maxMirrorUnpacked)
	for _, e := range inner.File {
		if !wanted(strings.ToLower(e.Name)) {
			continue
		}
		in, err := e.Open()
		if err != nil {
			return fmt.Errorf("%s is damaged", file.name)
		}
		out, err := z.Create(file.name + "/" + e.Name)
		if err == nil {
			b := &bounded{r: in, left: left, ratio: max(ratioFrom, min(int64(e.CompressedSize64), file.size)*maxRatio)}
			_, err = io.Copy(out, b)
			left = b.left
			if b.over != nil {
				err = fmt.Errorf("%s: %w", file.name, b.over)
			}
		}
		in.Close()
		if err != nil {
			return err
		}
	}
	return nil
}
