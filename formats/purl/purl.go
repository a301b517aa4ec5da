// Package purl reads and writes package URLs, the names that software parts
// carry in SBOMs and advisories (package-url/purl-spec), and relates them to
// the ecosystem names of OSV.
//
// The rules are the package's own: packageurl-go v0.1.7 fails cases of the
// specification's suite (it keeps "." segments in subpaths, and accepts Maven
// names without a group), and the checks around it would be as long as this.
package purl

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Limits of one package URL.
const (
	maxBytes      = 4096
	maxQualifiers = 64
)

// PURL is one package URL, its parts decoded: no percent-encoding anywhere.
// A namespace and a subpath keep their slashes.
type PURL struct {
	Type, Namespace, Name, Version, Subpath string
	Qualifiers                              map[string]string
}

// Parse reads a package URL and gives it in the canonical form of its type.
// What needs encoding and is not encoded (`@` in an npm scope, `/` in the value
// of a qualifier) is accepted, as the specification's suite asks.
func Parse(s string) (PURL, error) {
	if len(s) > maxBytes {
		return PURL{}, fmt.Errorf("package URL: %d bytes are too many (at most %d)", len(s), maxBytes)
	}
	p, err := split(s)
	if err == nil {
		p, err = Canonical(p)
	}
	if err != nil {
		return PURL{}, fmt.Errorf("package URL %q: %w", s, err)
	}
	return p, nil
}

// split takes the text apart and decodes the parts.
func split(s string) (PURL, error) {
	var p PURL
	scheme, rest, ok := strings.Cut(s, ":")
	if !ok || !strings.EqualFold(scheme, "pkg") {
		return p, fmt.Errorf(`it does not begin with "pkg:"`)
	}

	var err error
	if i := strings.LastIndexByte(rest, '#'); i >= 0 {
		if p.Subpath, err = decodePath(rest[i+1:]); err != nil {
			return p, fmt.Errorf("subpath: %w", err)
		}
		rest = rest[:i]
	}
	if i := strings.LastIndexByte(rest, '?'); i >= 0 {
		if p.Qualifiers, err = decodeQualifiers(rest[i+1:]); err != nil {
			return p, err
		}
		rest = rest[:i]
	}

	p.Type, rest, ok = strings.Cut(strings.TrimLeft(rest, "/"), "/")
	if !ok {
		return p, fmt.Errorf("there is no name after the type")
	}
	if i := versionAt(rest); i >= 0 {
		if p.Version, err = decode(rest[i+1:]); err != nil {
			return p, fmt.Errorf("version: %w", err)
		}
		if rest = rest[:i]; strings.HasSuffix(rest, "/") {
			return p, fmt.Errorf("there is no name before the version")
		}
	}
	namespace, name := "", strings.Trim(rest, "/")
	if i := strings.LastIndexByte(name, '/'); i >= 0 {
		namespace, name = name[:i], name[i+1:]
	}
	if p.Namespace, err = decodePath(namespace); err != nil {
		return p, fmt.Errorf("namespace: %w", err)
	}
	if p.Name, err = decode(name); err != nil {
		return p, fmt.Errorf("name: %w", err)
	}
	return p, nil
}

// versionAt gives where the "@" before the version stands, or -1. The "@" that
// begins an npm scope, followed by a slash, is none.
func versionAt(s string) int {
	i := strings.LastIndexByte(s, '@')
	if i >= 0 && (i == 0 || s[i-1] == '/') && strings.Contains(s[i:], "/") {
		return -1
	}
	return i
}

func decodePath(s string) (string, error) {
	var segments []string
	for segment := range strings.SplitSeq(s, "/") {
		segment, err := decode(segment)
		if err != nil {
			return "", err
		}
		if strings.Contains(segment, "/") {
			return "", fmt.Errorf("a segment holds an encoded slash")
		}
		if segment != "" && segment != "." && segment != ".." {
			segments = append(segments, segment)
		}
	}
	return strings.Join(segments, "/"), nil
}

func decodeQualifiers(s string) (map[string]string, error) {
	q := map[string]string{}
	for pair := range strings.SplitSeq(s, "&") {
		key, value, _ := strings.Cut(pair, "=")
		if value == "" { // a qualifier without a value is none
			continue
		}
		value, err := decode(value)
		if err != nil {
			return nil, fmt.Errorf("qualifier %q: %w", key, err)
		}
		key = lower(key)
		if _, twice := q[key]; twice {
			return nil, fmt.Errorf("the qualifier %q stands twice", key)
		}
		if q[key] = value; len(q) > maxQualifiers {
			return nil, fmt.Errorf("there are more than %d qualifiers", maxQualifiers)
		}
	}
	return q, nil
}

// decode undoes percent-encoding; a plus sign is a plus sign.
func decode(s string) (string, error) {
	if strings.IndexByte(s, '%') >= 0 {
		b := make([]byte, 0, len(s))
		for i := 0; i < len(s); i++ {
			if s[i] != '%' {
				b = append(b, s[i])
				continue
			}
			if i+2 >= len(s) || unhex(s[i+1]) > 15 || unhex(s[i+2]) > 15 {
				return "", fmt.Errorf("a percent sign is not followed by two hexadecimal digits")
			}
			b = append(b, unhex(s[i+1])<<4|unhex(s[i+2]))
			i += 2
		}
		s = string(b)
	}
	return s, checkText(s)
}

func unhex(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10
	}
	return 255
}

func checkText(s string) error {
	if !utf8.ValidString(s) {
		return fmt.Errorf("the text is not UTF-8")
	}
	for i := range len(s) {
		if s[i] < ' ' || s[i] == 0x7f {
			return fmt.Errorf("there is a control character")
		}
	}
	return nil
}

// encode percent-encodes all but what RFC 3986 calls unreserved, and ":".
func encode(b *strings.Builder, s string) {
	const digits = "0123456789ABCDEF"
	for i := range len(s) {
		c := s[i]
		if isAlnum(c) || c == '.' || c == '-' || c == '_' || c == '~' || c == ':' {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(digits[c>>4])
		b.WriteByte(digits[c&15])
	}
}

func encodePath(b *strings.Builder, s string) {
	for i, segment := range strings.Split(s, "/") {
		if i > 0 {
			b.WriteByte('/')
		}
		encode(b, segment)
	}
}

// String gives the canonical text of a package URL that Parse or Canonical gave.
func (p PURL) String() string {
	var b strings.Builder
	p.path(&b)
	if p.Version != "" {
		b.WriteByte('@')
		encode(&b, p.Version)
	}
	keys := make([]string, 0, len(p.Qualifiers))
	for k := range p.Qualifiers {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for i, k := range keys {
		b.WriteByte("?&"[min(i, 1)])
		b.WriteString(k)
		b.WriteByte('=')
		encode(&b, p.Qualifiers[k])
	}
	if p.Subpath != "" {
		b.WriteByte('#')
		encodePath(&b, p.Subpath)
	}
	return b.String()
}

func (p PURL) path(b *strings.Builder) {
	b.WriteString("pkg:")
	b.WriteString(p.Type)
	b.WriteByte('/')
	if p.Namespace != "" {
		encodePath(b, p.Namespace)
		b.WriteByte('/')
	}
	if p.Type == "git" { // whose names are paths
		encodePath(b, p.Name)
		return
	}
	encode(b, p.Name)
}

// Key is the canonical text without version, qualifiers and subpath, by which
// SBOMs and advisories are joined. It also folds what the registry itself does
// not tell apart and the specification leaves as it is: letter case on NuGet,
// Go and Swift, on PyPI runs of ".", "-" and "_" (PEP 503), and the spellings
// of one Linux distribution's name.
func (p PURL) Key() string {
	if a := namespaceAlias[p.Type+"/"+p.Namespace]; a != "" {
		p.Namespace = a
	}
	switch p.Type {
	case "nuget", "golang", "swift":
		p.Namespace, p.Name = lower(p.Namespace), lower(p.Name)
	case "pypi":
		p.Name = pep503(p.Name)
	}
	var b strings.Builder
	p.path(&b)
	return b.String()
}

func pep503(name string) string {
	parts := strings.FieldsFunc(name, func(r rune) bool { return r == '.' || r == '-' || r == '_' })
	if len(parts) == 0 {
		return name
	}
	return lower(strings.Join(parts, "-"))
}

func isAlnum(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// lower folds ASCII letters only, so that no other text changes its length or
// meaning.
func lower(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}
