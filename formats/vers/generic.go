package vers

import (
	"fmt"
	"strings"
)

// A token is one run of digits or letters of a version.
type token struct {
	kind tokenKind
	text string
	// alone: nothing but a dot, a blank or the end follows ("A.01", not "A01").
	alone bool
}

type tokenKind byte

const (
	end tokenKind = iota
	number
	word
	hash // of a commit: says nothing about order
)

// foreign says of a character that versions do not have it.
func foreign(r rune) bool {
	return r >= 0x80 || !isDigit(byte(r)) && !isLetter(byte(r)) && !strings.ContainsRune(separating, r)
}

const separating = " .-_+~:"

// next takes the first token off s.
func next(s string) (token, string) {
	i := 0
	for i < len(s) && strings.IndexByte(separating, s[i]) >= 0 {
		i++
	}
	dashed := i > 0 && s[i-1] != '.'
	s = s[i:]
	if s == "" {
		return token{}, ""
	}
	if dashed {
		if n := hashLength(s); n > 0 {
			return token{kind: hash, text: s[:n]}, s[n:]
		}
	}
	i = 0
	if isDigit(s[0]) {
		for i < len(s) && isDigit(s[i]) {
			i++
		}
		return token{kind: number, text: s[:i]}, s[i:]
	}
	for i < len(s) && !isDigit(s[i]) && strings.IndexByte(separating, s[i]) < 0 {
		i++
	}
	return token{kind: word, text: s[:i], alone: i == len(s) || s[i] == '.' || s[i] == ' '}, s[i:]
}

// hashLength is how long a commit's hash at the beginning of s is: at least
// seven hexadecimal digits, both letters and numerals; 0 if there is none.
func hashLength(s string) int {
	i, letter, digit := 0, false, false
	for ; i < len(s); i++ {
		switch c := s[i]; {
		case isDigit(c):
			digit = true
		case 'a' <= c && c <= 'f':
			letter = true
		case isLetter(c):
			return 0
		default:
			if i >= 7 && letter && digit {
				return i
			}
			return 0
		}
	}
	if i >= 7 && letter && digit {
		return i
	}
	return 0
}

// preRank orders the words for what comes before a release; 0 is none.
func preRank(w string) int {
	switch {
	case strings.EqualFold(w, "dev"), strings.EqualFold(w, "snapshot"), strings.EqualFold(w, "nightly"):
		return 1
	case strings.EqualFold(w, "alpha"):
		return 2
	case strings.EqualFold(w, "beta"):
		return 3
	case strings.EqualFold(w, "pre"), strings.EqualFold(w, "preview"):
		return 4
	case strings.EqualFold(w, "rc"), strings.EqualFold(w, "cr"):
		return 5
	}
	return 0
}

// vague says of a word that a version with it and the one without may be the
// same: "1.1.3 Build 10" is one of those called 1.1.3.
func vague(w string) bool {
	for _, v := range []string{"build", "bld", "x", "mr", "ga", "final", "release", "lts", "us", "global"} {
		if strings.EqualFold(w, v) {
			return true
		}
	}
	return false
}

// trimVersionWord drops "v" and "version" before a number.
func trimVersionWord(s string) string {
	w := letters(s)
	switch {
	case strings.EqualFold(w, "v"), strings.EqualFold(w, "ver"), strings.EqualFold(w, "version"):
		if rest := strings.TrimLeft(s[len(w):], " .:"); rest != "" && isDigit(rest[0]) {
			return rest
		}
	}
	return s
}

// compareGeneric compares versions whose scheme nobody told, as people write
// them: digits by value, letters after numbers ("1.1.1" < "1.1.1k"), words such
// as "rc" before the release, a missing number as zero. Where two versions do
// not have the same shape, it fails.
func compareGeneric(a, b string) (int, error) {
	if a == b {
		return 0, nil
	}
	for _, v := range []string{a, b} {
		if i := strings.IndexFunc(v, foreign); i >= 0 {
			return 0, fmt.Errorf("%q is not a version: %q is no part of one", v, clip(v[i:]))
		}
	}
	x, y := trimVersionWord(a), trimVersionWord(b)
	for place := 0; ; place++ {
		var s, t token
		s, x = next(x)
		t, y = next(y)
		var c int
		var err error
		if s.kind <= t.kind { // half of the cases are enough
			c, err = compareTokens(place, s, t)
		} else if c, err = compareTokens(place, t, s); err == nil {
			c = -c
		}
		switch {
		case err != nil:
			return 0, fmt.Errorf("%q and %q cannot be compared: %w", a, b, err)
		case c != 0 || s.kind == end && t.kind == end:
			return c, nil
		}
	}
}

// compareTokens compares what stands at the same place; s.kind <= t.kind.
func compareTokens(place int, s, t token) (int, error) {
	switch {
	case s.kind == end && t.kind == end:
		return 0, nil
	case place == 0 && s.kind == end:
		return 0, fmt.Errorf("there is no version")
	case t.kind == hash && s.kind == hash && s.text == t.text:
		return 0, nil
	case t.kind == hash:
		return 0, fmt.Errorf("%s is the hash of a commit", t.text)
	case s.kind == end && t.kind == number:
		if strings.Trim(t.text, "0") == "" {
			return 0, nil
		}
		return -1, nil
	case s.kind == number && t.kind == number:
		if place == 0 && len(s.text) != len(t.text) && (dateLike(s.text) || dateLike(t.text)) {
			return 0, fmt.Errorf("one may be a year or a date")
		}
		return compareDigits(s.text, t.text), nil
	case t.kind == word && s.kind != word:
		switch {
		case place == 0:
			return 0, fmt.Errorf("one begins with a number, the other with a word")
		case preRank(t.text) > 0:
			return 1, nil
		case vague(t.text):
			return 0, fmt.Errorf("nothing says how %q orders them", t.text)
		case s.kind == end:
			return -1, nil
		}
		return 0, fmt.Errorf("one has a number where the other has %q", t.text)
	}

	// Two words.
	if strings.EqualFold(s.text, t.text) {
		if strings.EqualFold(s.text, "x") {
			return 0, fmt.Errorf(`"x" stands for any number`)
		}
		return 0, nil
	}
	p, q := preRank(s.text), preRank(t.text)
	switch {
	case place > 0 && p > 0 && q > 0:
		if p == q {
			return 0, fmt.Errorf("nothing orders the words %q and %q", s.text, t.text)
		}
		return sign(p - q), nil
	case place > 0 && (p > 0 || q > 0):
		return sign(q - p), nil
	case len(s.text) == 1 && len(t.text) == 1 && (place > 0 || s.alone && t.alone) && s.text != "x" && t.text != "x" && s.text != "X" && t.text != "X":
		return strings.Compare(strings.ToLower(s.text), strings.ToLower(t.text)), nil
	}
	return 0, fmt.Errorf("nothing orders the words %q and %q", s.text, t.text)
}

// dateLike says of a first number that it may be a year, or a date written
// without separators.
func dateLike(s string) bool {
	return (len(s) == 4 || len(s) == 6 || len(s) == 8) && (s[:2] == "19" || s[:2] == "20")
}

// resembles says whether the version may be what the label means though they are
// not equal: the label names a whole series ("4.2" and 4.2.1), or it may be no
// version at all but a model ("24950" and 4.2.1).
func resembles(label, version string) bool {
	x, y := trimVersionWord(label), trimVersionWord(version)
	if strings.Contains(x, ".") != strings.Contains(y, ".") {
		return true
	}
	if isDigit(x[0]) && isDigit(y[0]) && !strings.Contains(x, ".") && (len(x) > len(y)+1 || len(y) > len(x)+1) {
		return true
	}
	for {
		var s, t token
		s, x = next(x)
		t, y = next(y)
		if s.kind == end || t.kind == end {
			return true
		}
		if s.kind != t.kind || s.kind == number && compareDigits(s.text, t.text) != 0 || s.kind != number && !strings.EqualFold(s.text, t.text) {
			return false
		}
	}
}
