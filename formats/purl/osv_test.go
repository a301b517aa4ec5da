package purl

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestKeys(t *testing.T) {
	for _, c := range []struct{ purl, key, ecosystem, distro, release string }{
		{"pkg:npm/%40scope/name@1.0", "pkg:npm/%40scope/name", "npm", "", ""},
		{"pkg:npm/@scope/name@1.0", "pkg:npm/%40scope/name", "npm", "", ""},
		{"pkg:pypi/Zope.Interface@5", "pkg:pypi/zope-interface", "PyPI", "", ""},
		{"pkg:nuget/Newtonsoft.Json@13.0.1", "pkg:nuget/newtonsoft.json", "NuGet", "", ""},
		{"pkg:golang/github.com/Masterminds/semver@v1.5.0", "pkg:golang/github.com/masterminds/semver", "Go", "", ""},
		{"pkg:golang/stdlib@1.22.0", "pkg:golang/stdlib", "Go", "", ""},
		{"pkg:maven/org.apache/Io@1?type=jar", "pkg:maven/org.apache/Io", "Maven", "", ""},
		{"pkg:deb/debian/openssl@1.1.1n-0+deb11u3?arch=amd64&distro=debian-11", "pkg:deb/debian/openssl", "Debian", "debian-11", "11"},
		{"pkg:deb/debian/curl@7.50.3-1?distro=jessie", "pkg:deb/debian/curl", "Debian", "debian-8", "8"},
		{"pkg:deb/debian/curl@7.50.3-1?distro=debian-bullseye", "pkg:deb/debian/curl", "Debian", "debian-11", "11"},
		{"pkg:deb/ubuntu/curl@7?distro=ubuntu-22.04", "pkg:deb/ubuntu/curl", "Ubuntu", "ubuntu-22.04", "22.04"},
		{"pkg:apk/alpine/musl@1.2.4-r2?distro=alpine-3.18.4", "pkg:apk/alpine/musl", "Alpine", "alpine-3.18.4", "3.18"},
		{"pkg:apk/alpine/musl@1.2.4-r2?distro=3.18.4", "pkg:apk/alpine/musl", "Alpine", "alpine-3.18.4", "3.18"},
		{"pkg:apk/wolfi/musl@1.2.4-r2?distro=wolfi-20230201", "pkg:apk/wolfi/musl", "Wolfi", "wolfi-20230201", "20230201"},
		{"pkg:rpm/rocky/bash@5?distro=rocky-9.2", "pkg:rpm/rocky-linux/bash", "Rocky Linux", "rocky-9.2", "9"},
		{"pkg:rpm/redhat/bash@5?distro=rhel-8.6", "pkg:rpm/redhat/bash", "Red Hat", "rhel-8.6", "8"},
		{"pkg:rpm/fedora/curl@7?distro=fedora-25", "pkg:rpm/fedora/curl", "", "fedora-25", "25"},
		{"pkg:generic/openssl@1.1.1k", "pkg:generic/openssl", "", "", ""},
		{"pkg:github/actions/checkout@v4", "pkg:github/actions/checkout", "GitHub Actions", "", ""},
	} {
		p, err := Parse(c.purl)
		if err != nil {
			t.Error(err)
			continue
		}
		if p.Key() != c.key || p.Ecosystem() != c.ecosystem || p.Distro() != c.distro || p.Release() != c.release {
			t.Errorf("%s: %q %q %q %q, want %q %q %q %q", c.purl, p.Key(), p.Ecosystem(), p.Distro(), p.Release(), c.key, c.ecosystem, c.distro, c.release)
		}
	}
}

func TestFromOSV(t *testing.T) {
	for _, c := range []struct{ ecosystem, name, key, release string }{
		{"Debian:11", "openssl", "pkg:deb/debian/openssl", "11"},
		{"Debian", "openssl", "pkg:deb/debian/openssl", ""},
		{"Ubuntu:22.04:LTS", "curl", "pkg:deb/ubuntu/curl", "22.04"},
		{"Ubuntu:Pro:18.04:LTS", "curl", "pkg:deb/ubuntu/curl", "18.04"},
		{"Alpine:v3.18", "musl", "pkg:apk/alpine/musl", "3.18"},
		{"AlmaLinux:8", "bash", "pkg:rpm/almalinux/bash", "8"},
		{"Red Hat:enterprise_linux:8::appstream", "bash", "pkg:rpm/redhat/bash", "8"},
		{"Rocky Linux:9", "bash", "pkg:rpm/rocky-linux/bash", "9"},
		{"SUSE:Linux Enterprise Server 15 SP4", "bash", "pkg:rpm/suse/bash", "15"},
		{"openSUSE:Leap 15.4", "bash", "pkg:rpm/opensuse/bash", "15.4"},
		{"Wolfi", "bash", "pkg:apk/wolfi/bash", ""},
		{"npm", "@scope/name", "pkg:npm/%40scope/name", ""},
		{"PyPI", "zope.interface", "pkg:pypi/zope-interface", ""},
		{"Go", "github.com/gin-gonic/gin", "pkg:golang/github.com/gin-gonic/gin", ""},
		{"Go", "stdlib", "pkg:golang/stdlib", ""},
		{"Maven", "org.apache:io", "pkg:maven/org.apache/io", ""},
		{"Packagist:https://packages.drupal.org/8", "drupal/acl", "pkg:composer/drupal/acl", ""},
		{"SwiftURL", "https://github.com/vapor/vapor.git", "pkg:swift/github.com/vapor/vapor", ""},
		{"GitHub Actions", "actions/checkout", "pkg:github/actions/checkout", ""},
		{"kubernetes", "k8s.io/apiserver", "pkg:generic/k8s.io/apiserver", ""},
		{"Julia", "HTTP", "pkg:julia/HTTP", ""},
		{"Maven", "nogroup", "", ""},
		{"GIT", "x", "", ""},
		{"npm", "", "", ""},
	} {
		key, release, ok := FromOSV(c.ecosystem, c.name)
		if key != c.key || release != c.release || ok != (c.key != "") {
			t.Errorf("%s, %s: %q %q %v, want %q %q", c.ecosystem, c.name, key, release, ok, c.key, c.release)
		}
	}
}

// TestOSVPackages: every name that OSV's databases use has a key, and where a
// record has a package URL besides, it has the same.
func TestOSVPackages(t *testing.T) {
	f, err := os.Open(filepath.Join("testdata", "osv-packages.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	n := 0
	for s := bufio.NewScanner(f); s.Scan(); n++ {
		c := strings.Split(s.Text(), "\t")
		key, _, ok := FromOSV(c[0], c[1])
		if !ok {
			t.Errorf("%s: no key", s.Text())
		}
		if c[2] == "" {
			continue
		}
		p, err := Parse(c[2])
		if err != nil {
			t.Error(err)
		} else if p.Key() != key {
			t.Errorf("%s: %s from the ecosystem, %s from the package URL", s.Text(), key, p.Key())
		}
	}
	if n < 400 {
		t.Errorf("only %d names", n)
	}
}

func TestRefused(t *testing.T) {
	for _, s := range []string{
		"", "pkg", "pkg:", "pkg:npm", "pkg:npm/", "npm/a", "pkg:npm/a%2", "pkg:npm/a%zz", "pkg:npm/%ff",
		"pkg:npm/a%00", "pkg:npm/a\n", "pkg:npm/a?x=1&X=2", "pkg:maven/a%2Fb/c", "pkg:julia/Dates",
		"pkg:npm/" + strings.Repeat("a", maxBytes), "pkg:npm/a?" + strings.Repeat("=", 9) + "=b",
	} {
		if p, err := Parse(s); err == nil {
			t.Errorf("%.40q was accepted as %q", s, p)
		}
	}
}

// TestRoundTrip: what Canonical gives is written and read back unchanged.
func TestRoundTrip(t *testing.T) {
	word := rapid.StringMatching(`[ -~é]{1,12}`)
	types := rapid.SampledFrom([]string{"npm", "generic", "git", "pypi", "deb", "golang", "oci", "x.y", "pub", "rpm"})
	rapid.Check(t, func(t *rapid.T) {
		p, err := Canonical(PURL{
			Type: types.Draw(t, "type"), Namespace: rapid.OneOf(rapid.Just(""), word).Draw(t, "namespace"),
			Name: word.Draw(t, "name"), Version: rapid.OneOf(rapid.Just(""), word).Draw(t, "version"),
			Subpath:    rapid.OneOf(rapid.Just(""), word).Draw(t, "subpath"),
			Qualifiers: rapid.MapOf(rapid.StringMatching(`[a-z_][a-z0-9_.-]{0,3}`), word).Draw(t, "qualifiers"),
		})
		if err != nil {
			t.Skip(err)
		}
		q, err := Parse(p.String())
		if err != nil {
			t.Fatal(err)
		}
		if q.String() != p.String() || q.Key() != p.Key() || q.Version != p.Version || q.Name != p.Name {
			t.Fatalf("%#v became %#v", p, q)
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"pkg:npm/@a/b@1?x=y&z=%20#a/../b", "pkg:git/github.com/A/b@c", "pkg:deb/debian/a?distro=11", "pkg:brew/node@20@20.1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := Parse(s)
		if err != nil {
			return
		}
		q, err := Parse(p.String())
		if err != nil && len(p.String()) <= maxBytes {
			t.Fatalf("%q became %q: %v", s, p, err)
		}
		if err == nil && q.String() != p.String() {
			t.Fatalf("%q became %q, then %q", s, p, q)
		}
		p.Key()
		p.Distro()
		p.Release()
		FromOSV(p.Ecosystem(), p.Name)
	})
}
