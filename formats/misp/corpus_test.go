package misp

import (
	"archive/tar"
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// corpus is the archive of MISP events and event–STIX pairs of the MISP project
// (PyMISP and misp-stix, BSD-2-Clause), by path. It is not in this repository:
// tests that need it are skipped where it, or zstd, is absent.
func corpus(t testing.TB) map[string][]byte {
	t.Helper()
	files, why := readCorpus()
	if why != "" {
		t.Skip(why)
	}
	return files
}

var readCorpus = sync.OnceValues(func() (map[string][]byte, string) {
	archive := filepath.Join("..", "..", "..", "shared", "data", "misp", "misp-events-and-stix-pairs.tar.zst")
	if _, err := os.Stat(archive); err != nil {
		return nil, "the data folder is absent"
	}
	out, err := exec.Command("zstd", "-dcq", archive).Output()
	if err != nil {
		return nil, "zstd is absent"
	}
	files := map[string][]byte{}
	r := tar.NewReader(bytes.NewReader(out))
	for {
		h, err := r.Next()
		if err == io.EOF {
			return files, ""
		}
		if err != nil {
			return nil, "the archive cannot be read"
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		b, err := io.ReadAll(r)
		if err != nil {
			return nil, "the archive cannot be read"
		}
		files[strings.TrimPrefix(h.Name, "./")] = b
	}
})
