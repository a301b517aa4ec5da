package vers

import (
	"fmt"
	"strings"
)

// semver is one version as compareSemver reads it.
type semver struct {
	numbers string // dotted; any count
	pre     string // what is before the release: "rc.1"
	post    string // a revision after the release, on Bitnami
}

// readSemver reads a semantic version, and what is often written for one: a "v"
// before it, more or fewer than three numbers, "1.22rc1".
func readSemver(s string) (semver, error) {
	t := s
	if len(t) > 1 && (t[0] == 'v' || t[0] == 'V') {
		t = t[1:]
	}
	if i := strings.IndexByte(t, '+'); i >= 0 { // build metadata orders nothing
		t = t[:i]
	}
	i := 0
	for i < len(t) && (isDigit(t[i]) || t[i] == '.') {
		i++
	}
	v := semver{numbers: t[:i], pre: t[i:]}
	if !isNumbers(v.numbers) {
		return v, fmt.Errorf("%q is not a semantic version", s)
	}
	if v.pre == "" {
		return v, nil
	}
	if v.pre[0] == '-' {
		v.pre = v.pre[1:]
	} else if w := letters(v.pre); w != "a" && w != "b" && preRank(w) == 0 {
		return v, fmt.Errorf("%q is not a semantic version: what is %q?", s, v.pre)
	}
	if v.pre == "" || strings.Trim(strings.Map(plainIdentifier, v.pre), "-") != "" {
		return v, fmt.Errorf("%q is not a semantic version", s)
	}
	return v, nil
}

// plainIdentifier makes what may stand in a pre-release a hyphen.
func plainIdentifier(r rune) rune {
	if r < 0x80 && (isDigit(byte(r)) || isLetter(byte(r)) || r == '.' || r == '_') {
		return '-'
	}
	return r
}

func letters(s string) string {
	i := 0
	for i < len(s) && isLetter(s[i]) {
		i++
	}
	return s[:i]
}

// compareSemver is semver.org's item 11.
func compareSemver(a, b string) (int, error) {
	if isNumbers(a) && isNumbers(b) {
		return compareNumbers(a, b), nil
	}
	v, err := readSemver(a)
	if err != nil {
		return 0, err
	}
	w, err := readSemver(b)
	if err != nil {
		return 0, err
	}
	return v.compare(w), nil
}

// compareGo also reads the standard library's "go1.22.1".
func compareGo(a, b string) (int, error) {
	return compareSemver(trimGo(a), trimGo(b))
}

func trimGo(s string) string {
	if len(s) > 2 && s[:2] == "go" && isDigit(s[2]) {
		return s[2:]
	}
	return s
}

// compareBitnami reads "6.2.0-5" as the fifth packaging of 6.2.0, which follows
// it; a semantic version would come before.
func compareBitnami(a, b string) (int, error) {
	v, err := readSemver(a)
	if err != nil {
		return 0, err
	}
	w, err := readSemver(b)
	if err != nil {
		return 0, err
	}
	for _, x := range []*semver{&v, &w} {
		if x.pre != "" && strings.Trim(x.pre, "0123456789") == "" {
			x.pre, x.post = "", x.pre
		}
	}
	return v.compare(w), nil
}

func (v semver) compare(w semver) int {
	if c := compareNumbers(v.numbers, w.numbers); c != 0 {
		return c
	}
	switch {
	case v.pre == w.pre:
		return compareDigits(v.post, w.post)
	case v.pre == "":
		return 1
	case w.pre == "":
		return -1
	}
	a, b := v.pre, w.pre
	for {
		x, restA, moreA := strings.Cut(a, ".")
		y, restB, moreB := strings.Cut(b, ".")
		xn, yn := x != "" && strings.Trim(x, "0123456789") == "", y != "" && strings.Trim(y, "0123456789") == ""
		c := 0
		switch {
		case xn && yn:
			c = compareDigits(x, y)
		case xn:
			c = -1
		case yn:
			c = 1
		default:
			c = strings.Compare(x, y)
		}
		switch {
		case c != 0:
			return c
		case !moreA && !moreB:
			return 0
		case !moreA:
			return -1
		case !moreB:
			return 1
		}
		a, b = restA, restB
	}
}
