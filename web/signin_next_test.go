package web

import (
	"net/url"
	"strings"
	"testing"
)

// FuzzLocalPath holds that no address can send a reader who signs in to another
// host, as browsers read addresses: backslashes as slashes, tabs and line ends
// left out.
func FuzzLocalPath(f *testing.F) {
	for _, s := range []string{"/account", "/rooms/room_1?q=a#b", "//evil.example", "/\\evil.example", "/\t/evil.example", "https://evil.example/", "javascript:alert(1)", "/%2f/evil.example", ""} {
		f.Add(s)
	}
	base, err := url.Parse("https://isao.example/sign-in")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := localPath(s)
		if got == "" {
			return
		}
		seen := strings.NewReplacer("\\", "/", "\t", "", "\r", "", "\n", "").Replace(strings.TrimSpace(got))
		u, err := base.Parse(seen)
		if err != nil || u.Host != base.Host || u.Scheme != "https" || strings.HasPrefix(seen, "//") {
			t.Errorf("%q leads to %v (%v)", s, u, err)
		}
	})
}
