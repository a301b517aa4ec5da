// Package cpe reads CPE names as advisories and SBOMs carry them: formatted
// strings of CPE 2.3 and URIs of CPE 2.2 (NISTIR 7695), and says whether one
// name covers another (NISTIR 7696). Firmware and operating systems are the part
// "o", devices "h", applications "a".
package cpe

import (
	"fmt"
	"strings"
)

// The logical values of an attribute.
const (
	Any = "*" // any value
	NA  = "-" // not applicable
)

// maxBytes is how long a name may be.
const maxBytes = 2048

// CPE is one name. An attribute is Any, NA, or text without the escapes of the
// notation. Only what would be mistaken keeps its backslash: an asterisk, a
// question mark or a backslash that means itself, and a lone hyphen. An asterisk
// or question mark without one is a wildcard. Letter case is as given, and means
// nothing.
type CPE struct {
	Part                                           byte // 'a', 'o', 'h', or '*'
	Vendor, Product, Version, Update, Edition      string
	Language, SwEdition, TargetSW, TargetHW, Other string
}

// attributes lists the values after the part, in the order of the notation.
func (c *CPE) attributes() [10]*string {
	return [10]*string{&c.Vendor, &c.Product, &c.Version, &c.Update, &c.Edition,
		&c.Language, &c.SwEdition, &c.TargetSW, &c.TargetHW, &c.Other}
}

var names = [10]string{"vendor", "product", "version", "update", "edition",
	"language", "sw_edition", "target_sw", "target_hw", "other"}

// Parse reads a formatted string ("cpe:2.3:a:vendor:product:1.0:…", all eleven
// attributes) or a URI ("cpe:/a:vendor:product:1.0").
func Parse(s string) (CPE, error) {
	if len(s) > maxBytes {
		return CPE{}, fmt.Errorf("CPE name: %d bytes are too many (at most %d)", len(s), maxBytes)
	}
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7f {
			return CPE{}, fmt.Errorf("CPE name %q: there is a character other than printable ASCII at byte %d", s, i)
		}
	}
	var c CPE
	var err error
	switch {
	case len(s) > 8 && strings.EqualFold(s[:8], "cpe:2.3:"):
		c, err = parseFormatted(s[8:])
	case len(s) > 5 && strings.EqualFold(s[:5], "cpe:/"):
		c, err = parseURI(s[5:])
	default:
		err = fmt.Errorf(`it begins neither with "cpe:2.3:" nor with "cpe:/"`)
	}
	if err != nil {
		return CPE{}, fmt.Errorf("CPE name %q: %w", s, err)
	}
	return c, nil
}

func readPart(s string) (byte, error) {
	switch s {
	case "a", "o", "h", Any:
		return s[0], nil
	case "A", "O", "H":
		return s[0] | 0x20, nil
	}
	return 0, fmt.Errorf("the part is %q; it may be a, o or h", s)
}

func parseFormatted(s string) (CPE, error) {
	var c CPE
	fields := splitEscaped(s)
	if len(fields) != 11 {
		return c, fmt.Errorf("it has %d attributes; a formatted string has 11", len(fields))
	}
	var err error
	if c.Part, err = readPart(fields[0]); err != nil {
		return c, err
	}
	for i, a := range c.attributes() {
		if *a, err = unbind(fields[i+1]); err != nil {
			return c, fmt.Errorf("%s: %w", names[i], err)
		}
	}
	return c, nil
}

// splitEscaped splits at colons that no backslash escapes.
func splitEscaped(s string) []string {
	var fields []string
	start := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case ':':
			fields = append(fields, s[start:i])
			start = i + 1
		}
	}
	return append(fields, s[start:])
}

// unbind reads the value of a formatted string.
func unbind(s string) (string, error) {
	switch s {
	case Any, NA, `\-`:
		return s, nil
	case "":
		return "", fmt.Errorf("it is empty; write * for any value")
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == '\\' {
			if i++; i == len(s) {
				return "", fmt.Errorf("it ends in a backslash")
			}
			literal(&b, s[i])
			continue
		}
		b.WriteByte(c)
	}
	return check(b.String())
}

// literal adds a character that means itself.
func literal(b *strings.Builder, c byte) {
	if c == '*' || c == '?' || c == '\\' {
		b.WriteByte('\\')
	}
	b.WriteByte(c)
}

// check refuses wildcards in the middle (NISTIR 7695 5.3.2): an asterisk stands
// at either end, question marks too.
func check(s string) (string, error) {
	if len(s) > 1 && strings.Contains(s, "*") && strings.Trim(s, "*?") == "" {
		return "", fmt.Errorf("%q has nothing but wildcards", s)
	}
	body := strings.TrimLeft(s, "?")
	if body == s {
		body = strings.TrimPrefix(s, "*")
	}
	for i := 0; i < len(body); i++ {
		switch body[i] {
		case '\\':
			i++
		case '*', '?':
			if tail := body[i:]; tail != "*" && strings.Trim(tail, "?") != "" {
				return "", fmt.Errorf("%q has a wildcard in its middle", s)
			}
			return s, nil
		}
	}
	return s, nil
}

func parseURI(s string) (CPE, error) {
	fields := strings.Split(s, ":")
	if len(fields) > 7 {
		return CPE{}, fmt.Errorf("it has %d attributes; a URI has at most 7", len(fields))
	}
	c := CPE{}
	for _, a := range c.attributes() {
		*a = Any
	}
	var err error
	if c.Part, err = readPart(fields[0]); err != nil {
		return c, err
	}
	attributes := c.attributes()
	for i, f := range fields[1:] {
		if i == 4 && strings.HasPrefix(f, "~") { // edition, and four attributes of 2.3 packed into it
			packed := strings.Split(f[1:], "~")
			if len(packed) != 5 {
				return c, fmt.Errorf("the edition %q packs %d attributes, not 5", f, len(packed))
			}
			for j, p := range packed {
				at := 4
				if j > 0 {
					at = 5 + j
				}
				if *attributes[at], err = unbindURI(p); err != nil {
					return c, fmt.Errorf("%s: %w", names[at], err)
				}
			}
			continue
		}
		if *attributes[i], err = unbindURI(f); err != nil {
			return c, fmt.Errorf("%s: %w", names[i], err)
		}
	}
	return c, nil
}

// unbindURI reads the value of a URI: nothing is any, %01 and %02 are wildcards.
func unbindURI(s string) (string, error) {
	switch s {
	case "":
		return Any, nil
	case NA:
		return NA, nil
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			literal(&b, s[i])
			continue
		}
		if i+2 >= len(s) {
			return "", fmt.Errorf("a percent sign is not followed by two hexadecimal digits")
		}
		switch code := strings.ToLower(s[i+1 : i+3]); code {
		case "01":
			b.WriteByte('?')
		case "02":
			b.WriteByte('*')
		default:
			high, low := strings.IndexByte("0123456789abcdef", code[0]), strings.IndexByte("0123456789abcdef", code[1])
			c := high<<4 | low
			if high < 0 || low < 0 || c <= ' ' || c >= 0x7f {
				return "", fmt.Errorf("%%%s is not the code of a printable character", code)
			}
			literal(&b, byte(c))
		}
		i += 2
	}
	if text := b.String(); text == NA {
		return `\-`, nil
	}
	return check(b.String())
}

// String gives the formatted string of CPE 2.3. Attributes that are "" count as
// any.
func (c CPE) String() string {
	var b strings.Builder
	b.WriteString("cpe:2.3:")
	if c.Part == 0 {
		c.Part = '*'
	}
	b.WriteByte(c.Part)
	for _, a := range c.attributes() {
		b.WriteByte(':')
		bind(&b, *a)
	}
	return b.String()
}

func bind(b *strings.Builder, s string) {
	if s == "" {
		s = Any
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == '\\' && i+1 < len(s) { // already escaped
			i++
			b.WriteByte('\\')
			b.WriteByte(s[i])
			continue
		}
		if !plain(c) && c != '*' && c != '?' {
			b.WriteByte('\\')
		}
		b.WriteByte(c)
	}
}

func plain(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_' || c == '.' || c == '-'
}

// Key is "cpe:" part ":" vendor ":" product in lower case and without escapes,
// by which SBOMs and advisories are joined. A colon or a percent sign inside a
// name is percent-encoded, so that no two names have one key.
func (c CPE) Key() string {
	part := c.Part
	if part == 0 {
		part = '*'
	}
	return "cpe:" + string(rune(part)) + ":" + keyPart(c.Vendor) + ":" + keyPart(c.Product)
}

var keyEscapes = strings.NewReplacer(`\\`, `\`, `\*`, "%2a", `\?`, "%3f", `\-`, "%2d", ":", "%3a", "%", "%25")

func keyPart(s string) string {
	if s == "" {
		return Any
	}
	return lower(keyEscapes.Replace(s))
}

func lower(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}
