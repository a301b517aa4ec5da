package cpe

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRealNames: the names of real records and SBOMs are read, written and read
// again as the same; those with unescaped colons are refused.
func TestRealNames(t *testing.T) {
	for _, s := range lines(t, "names.txt") {
		c, err := Parse(s)
		if err != nil {
			t.Error(err)
			continue
		}
		if back, err := Parse(c.String()); err != nil || back != c {
			t.Errorf("%s became %s: %v", s, c, err)
		}
		if strings.Count(c.Key(), ":") != 3 || c.Key() != strings.ToLower(c.Key()) {
			t.Errorf("%s: the key is %s", s, c.Key())
		}
	}
	for _, s := range lines(t, "malformed.txt") {
		if c, err := Parse(s); err == nil {
			t.Errorf("%s was read as %s", s, c)
		}
	}
}

func lines(t *testing.T, name string) []string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(data)), "\n")
}
