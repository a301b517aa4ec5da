package houserules

import (
	"bytes"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
)

// maxLines is the length past which a file is cut.
const maxLines = 800

// measured are the kinds of hand-written files whose length is held.
var measured = []string{".go", ".templ", ".css", ".sql", ".sh"}

// checkLength reports hand-written files over maxLines.
func checkLength(h *house) (bad []string) {
	generated := map[string]bool{}
	for _, f := range h.files {
		generated[f.path] = f.generated
	}
	for _, name := range slices.Sorted(maps.Keys(h.texts)) {
		if generated[name] || !slices.Contains(measured, path.Ext(name)) {
			continue
		}
		if n := bytes.Count(h.texts[name], []byte("\n")); n > maxLines {
			bad = append(bad, fmt.Sprintf("%s: %d lines, more than %d", name, n, maxLines))
		}
	}
	return bad
}

// machine matches folders of somebody's machine, and registry hosts. The
// pattern is put together so that it does not match itself.
var machine = regexp.MustCompile(
	`(?:^|[^A-Za-z0-9_.~/-])/(?:` + strings.Join([]string{"work", "root", "tmp"}, "|") + `)/` +
		`|(?:` + strings.Join([]string{`proxy\.golang`, `sum\.golang`, `registry\.npmjs`, `registry\.yarnpkg`, `deb\.debian`, `security\.debian`, `files\.pythonhosted`}, "|") + `)\.org` +
		`|goproxy\.(?:io|cn)`)

// foreign are files by others, kept as they came.
func foreign(name string) bool {
	return strings.HasSuffix(name, ".min.js") || strings.Contains(path.Base(name), "LICENSE") ||
		strings.Contains("/"+name, "/testdata/") || strings.Contains("/"+name, "/vendor/") || path.Ext(name) == ".json"
}

// checkMachine reports what only makes sense on one machine or in one network.
func checkMachine(h *house) (bad []string) {
	for _, name := range slices.Sorted(maps.Keys(h.texts)) {
		if foreign(name) {
			continue
		}
		n := 0
		for line := range bytes.Lines(h.texts[name]) {
			n++
			if m := machine.Find(line); m != nil {
				bad = append(bad, fmt.Sprintf("%s:%d: %q belongs to a machine or a registry, not to the repository", name, n, bytes.TrimSpace(m)))
			}
		}
	}
	return bad
}
