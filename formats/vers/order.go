package vers

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/google/osv-scalibr/semantic"
)

// maxVersion is how many bytes a version may have.
const maxVersion = 256

// An order compares two versions of one scheme. It fails where the scheme does
// not say which is the lower.
type order func(a, b string) (int, error)

// orders are the schemes: the ecosystem names of OSV, "semver" and "generic".
// Ecosystems whose packages follow no common rule are read as "generic", which
// says that it does not know rather than guess.
var orders = map[string]order{
	"": compareGeneric, "generic": compareGeneric, "ConanCenter": compareGeneric,
	"GitHub Actions": compareGeneric, "Homebrew": compareGeneric, "Linux": compareGeneric,
	"OSS-Fuzz": compareGeneric, "VSCode": compareGeneric,

	"semver": compareSemver, "Bioconductor": compareSemver, "crates.io": compareSemver,
	"Docker Hardened Images": compareSemver, "GHC": compareSemver, "Go": compareGo,
	"Hex": compareSemver, "Julia": compareSemver, "kubernetes": compareSemver, "npm": compareSemver,
	"SwiftURL": compareSemver, "Bitnami": compareBitnami,
}

// shapes are the versions that osv-scalibr's comparators read as the ecosystem
// does. They accept everything else too, and order it somehow; that is no basis
// for "not affected".
var shapes = map[string]*regexp.Regexp{
	"Alpine":    regexp.MustCompile(`^\d+(\.\d+)*[a-z]?(_(alpha|beta|pre|rc|cvs|svn|git|hg|p)\d*)*(~[0-9a-f]+)?(-r\d+)?$`),
	"CRAN":      regexp.MustCompile(`^\d+([.-]\d+)*$`),
	"Debian":    regexp.MustCompile(`^(\d+:)?\d[A-Za-z0-9.+~:-]*$`),
	"Hackage":   regexp.MustCompile(`^\d+(\.\d+)*$`),
	"Maven":     regexp.MustCompile(`^[vr]?\d[A-Za-z0-9._+-]*$`),
	"NuGet":     regexp.MustCompile(`^\d+(\.\d+)*(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$`),
	"Packagist": regexp.MustCompile(`^v?\d+(\.\d+)*([._+-]?(stable|beta|b|RC|rc|alpha|a|patch|pl|p|dev)[.-]?\d*)*$`),
	"Pub":       regexp.MustCompile(`^\d+(\.\d+)*(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$`),
	"PyPI":      regexp.MustCompile(`(?i)^v?(\d+!)?\d+(\.\d+)*([-_.]?(a|b|c|rc|alpha|beta|pre|preview)[-_.]?\d*)?(-\d+|[-_.]?(post|rev|r)[-_.]?\d*)?([-_.]?dev[-_.]?\d*)?(\+[a-z0-9]+([-_.][a-z0-9]+)*)?$`),
	"Red Hat":   regexp.MustCompile(`^(\d+:)?[A-Za-z0-9._+~^-]+$`),
	"RubyGems":  regexp.MustCompile(`^\d+(\.[0-9A-Za-z]+)*(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?$`),
}

// families name the ecosystems that share the comparator of another.
var families = map[string]string{
	"AlmaLinux": "Red Hat", "Mageia": "Red Hat", "openEuler": "Red Hat", "openSUSE": "Red Hat",
	"Rocky Linux": "Red Hat", "SUSE": "Red Hat", "Azure Linux": "Red Hat",
	"Alpaquita": "Alpine", "BellSoft Hardened Containers": "Alpine", "Chainguard": "Alpine",
	"MinimOS": "Alpine", "Wolfi": "Alpine", "Ubuntu": "Debian", "Echo": "Debian",
}

// padded are the ecosystems where plain numbers compare one by one and a missing
// one counts as zero, which needs no parser.
var padded = map[string]bool{"Maven": true, "NuGet": true, "Pub": true, "PyPI": true, "RubyGems": true}

// orderOf gives the comparator of a scheme; a release after a colon
// ("Debian:11") is ignored.
func orderOf(scheme string) order {
	if o := orders[scheme]; o != nil {
		return o
	}
	name, _, _ := strings.Cut(scheme, ":")
	if o := orders[name]; o != nil {
		return o
	}
	if f := families[name]; f != "" {
		name = f
	}
	shape := shapes[name]
	if shape == nil {
		return nil
	}
	return func(a, b string) (int, error) {
		if padded[name] && isNumbers(a) && isNumbers(b) {
			return compareNumbers(a, b), nil
		}
		for _, v := range []string{a, b} {
			if !shape.MatchString(v) {
				return 0, fmt.Errorf("%q is not a version of %s", v, name)
			}
		}
		v, err := semantic.Parse(a, name)
		if err != nil {
			return 0, fmt.Errorf("%q is not a version of %s", a, name)
		}
		c, err := v.CompareStr(b)
		if err != nil {
			return 0, fmt.Errorf("%q is not a version of %s", b, name)
		}
		return sign(c), nil
	}
}

// Known says whether versions of the scheme can be compared at all.
func Known(scheme string) bool { return orderOf(scheme) != nil }

// Compare orders two versions of a scheme: -1 if a is the lower, 0 if they are
// the same, +1. It is an error if the scheme is not known, or does not say which
// is the lower: then a person must.
func Compare(scheme, a, b string) (int, error) {
	o := orderOf(scheme)
	if o == nil {
		return 0, fmt.Errorf("versions of %q cannot be compared: the scheme is not known", scheme)
	}
	return compare(o, a, b)
}

func compare(o order, a, b string) (int, error) {
	a, b = strings.TrimSpace(a), strings.TrimSpace(b)
	if len(a) > maxVersion || len(b) > maxVersion {
		return 0, fmt.Errorf("a version has more than %d bytes", maxVersion)
	}
	if a == "" || b == "" {
		return 0, fmt.Errorf("a version is empty")
	}
	return o(a, b)
}

func sign(n int) int {
	switch {
	case n < 0:
		return -1
	case n > 0:
		return 1
	}
	return 0
}

func isDigit(c byte) bool  { return '0' <= c && c <= '9' }
func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// isNumbers says whether s is numbers with single dots between.
func isNumbers(s string) bool {
	digit := false
	for i := range len(s) {
		switch {
		case isDigit(s[i]):
			digit = true
		case s[i] == '.' && digit:
			digit = false
		default:
			return false
		}
	}
	return digit
}

// compareNumbers compares dotted numbers one by one, a missing one as zero.
func compareNumbers(a, b string) int {
	for a != "" || b != "" {
		var x, y string
		x, a, _ = strings.Cut(a, ".")
		y, b, _ = strings.Cut(b, ".")
		if c := compareDigits(x, y); c != 0 {
			return c
		}
	}
	return 0
}

// compareDigits compares whole numbers of any length.
func compareDigits(a, b string) int {
	for a != "" && a[0] == '0' {
		a = a[1:]
	}
	for b != "" && b[0] == '0' {
		b = b[1:]
	}
	if len(a) != len(b) {
		return sign(len(a) - len(b))
	}
	return strings.Compare(a, b)
}
