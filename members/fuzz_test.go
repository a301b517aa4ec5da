package members

import (
	"strings"
	"testing"
)

// FuzzTexts feeds whatever comes from outside as one text: cursors, tokens,
// User-Agents, names.
func FuzzTexts(f *testing.F) {
	body := "00000000000000000000000000_" + strings.Repeat("A", tokenSecretSize)
	for _, s := range []string{"", cursor("pumpworks", "org_1"), "%%%", tokenPrefix + body + "_" + tokenSum(body), "Mozilla/5.0 (Windows NT) Edg/1", "a\u202eb", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if key, id, err := readCursor(s); err == nil && s != "" {
			if k, i, err := readCursor(cursor(key, id)); err != nil || k != key || i != id {
				t.Errorf("cursor %q does not come back: %q %q %v", s, k, i, err)
			}
		}
		if wellFormed(s) && len(s) != len(tokenPrefix)+26+1+tokenSecretSize+1+8 {
			t.Errorf("%q passes for a token", s)
		}
		if a := agentFamily(s); len(a) > 40 {
			t.Errorf("of a User-Agent %q is kept", a)
		}
		var c checker
		if name := c.line("name", "a name", s, 1, 40); c.err() == nil && (strings.ContainsFunc(name, hidden) || strings.Contains(name, "\n") || name == "") {
			t.Errorf("the name %q passes", name)
		}
	})
}
