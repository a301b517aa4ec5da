package markdown

import (
	"fmt"
	"html"
	"strings"
	"unicode"
)

// invisible reports whether a rune shows nothing or changes how others are
// ordered: controls, bidirectional formatting, zero-width and filler
// characters, tags, and selectors that can carry hidden text.
func invisible(r rune) bool {
	switch {
	case r == '\n' || r == '\t':
		return false
	case r < 0x80:
		return r < ' ' || r == 0x7f
	case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs, unicode.Zl, unicode.Zp, unicode.Noncharacter_Code_Point):
		return true
	case r == 0x034f || r == 0x115f || r == 0x1160 || r == 0x17b4 || r == 0x17b5 || r == 0x3164 || r == 0xffa0 || r == 0x2800:
		return true // joiners and fillers without a picture
	case r >= 0x180b && r <= 0x180f, r >= 0xfe00 && r <= 0xfe0e, r >= 0xe0000 && r <= 0xe0fff:
		return true
	}
	return false
}

// split calls plain for runs of text and odd for each invisible rune, but lets
// joiners pass where they build an emoji.
func split(s string, plain func(string), odd func(rune)) {
	start := 0
	var before rune
	for i, r := range s {
		if invisible(r) && !(r == '\u200d' && emoji(before) && emoji(firstRune(s[i+3:]))) {
			plain(s[start:i])
			odd(r)
			start = i + len(string(r))
		}
		before = r
	}
	plain(s[start:])
}

func firstRune(s string) rune {
	for _, r := range s {
		return r
	}
	return 0
}

func emoji(r rune) bool {
	return r == '\ufe0f' || r >= 0x1f3fb && r <= 0x1f3ff || r > 0x2000 && unicode.Is(unicode.So, r)
}

// escape is text as HTML, with invisible runes shown by name.
func escape(s string) string {
	var b strings.Builder
	split(s, func(t string) { b.WriteString(html.EscapeString(t)) }, func(r rune) {
		fmt.Fprintf(&b, `<span class="invisible">U+%04X</span>`, r)
	})
	return b.String()
}

// strip is text without invisible runes.
func strip(s string) string {
	var b strings.Builder
	split(s, func(t string) { b.WriteString(t) }, func(rune) {})
	return b.String()
}

// unescape resolves CommonMark's backslash escapes and entities (§2.4, §2.5).
func unescape(s string) string {
	if !strings.ContainsAny(s, `\&`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s) && strings.IndexByte("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", s[i+1]) >= 0:
			b.WriteByte(s[i+1])
			i += 2
		case c == '&':
			// Entities end in a semicolon and are at most 33 bytes long.
			end := strings.IndexByte(s[i:min(len(s), i+40)], ';')
			if end < 0 {
				b.WriteByte(c)
				i++
				break
			}
			b.WriteString(html.UnescapeString(s[i : i+end+1]))
			i += end + 1
		default:
			b.WriteByte(c)
			i++
		}
	}
	return b.String()
}
