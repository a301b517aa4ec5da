package cvss

import (
	"fmt"
	"strings"
)

// MaxBytes is the longest text that is read; a 4.0 vector with every metric
// has some 220.
const MaxBytes = 512

// Error says what is wrong with a vector, in a sentence.
type Error struct {
	Metrics []string // codes of the metrics it is about, if any
	Reason  string
}

func (e *Error) Error() string { return e.Reason }

// Parse reads a vector with its metrics in any order; space around it and one
// slash after it are forgiven, as feeds have both. Errors are of type *Error.
func Parse(vector string) (Vector, error) {
	if len(vector) > MaxBytes {
		return Vector{}, &Error{Reason: fmt.Sprintf("a CVSS vector of %d bytes is over the limit of %d", len(vector), MaxBytes)}
	}
	text := strings.TrimSuffix(strings.TrimSpace(vector), "/")
	head, rest, _ := strings.Cut(text, "/")
	name, isCVSS := strings.CutPrefix(head, "CVSS:")
	version := Version(name)
	if !isCVSS || catalogue(version) == nil {
		return Vector{}, &Error{Reason: "a CVSS vector begins with CVSS:3.0/, CVSS:3.1/ or CVSS:4.0/"}
	}
	values := map[string]string{}
	for i, part := range strings.Split(rest, "/") {
		code, value, ok := strings.Cut(part, ":")
		switch {
		case rest == "":
			continue
		case !ok || code == "" || value == "":
			return Vector{}, &Error{Reason: fmt.Sprintf("part %d of the vector, %q, is not a metric and its value, as in AV:N", i+1, clip(part))}
		case values[code] != "":
			return Vector{}, &Error{[]string{clip(code)}, fmt.Sprintf("the metric %q stands there twice", clip(code))}
		}
		// Required metrics know no X, and Build takes it for nothing.
		if m := find(version, code); m != nil && value == "X" && m.Required() {
			return Vector{}, &Error{[]string{code}, fmt.Sprintf("%s (%s) cannot be %q, only one of %s", m.Name, m.Code, value, m.codes())}
		}
		values[code] = value
	}
	return Build(version, values)
}

// clip shortens what somebody else wrote before it is repeated.
func clip(s string) string {
	s = strings.ToValidUTF8(s, "?")
	if r := []rune(s); len(r) > 24 {
		return string(r[:24]) + "…"
	}
	return s
}
