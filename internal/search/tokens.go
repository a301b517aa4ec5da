package search

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

const (
	// maxToken is the longest word kept, in bytes; the rest is cut off, in
	// texts and queries alike. A SHA-512 in hex fits.
	maxToken = 128
	// maxParts is the most parts of an identifier that are also joined.
	maxParts = 16
)

// Tokens gives the words of a text, separated by spaces: first all words in
// order, so that phrases are neighbours; then, for each identifier, its parts
// joined. Words are [a-z0-9]+: accents are dropped, other letters are spelt by
// code point, and each Chinese, Japanese or Korean character is a word.
func Tokens(text string) string {
	var b strings.Builder
	var joined []string
	seen := map[string]bool{}
	scan(text, func(w word) {
		for _, t := range w.tokens {
			if b.Len() > 0 {
				b.WriteByte(' ')
			}
			b.WriteString(t)
		}
	}, func(run []word) {
		if j := join(run); j != "" && !seen[j] {
			seen[j] = true
			joined = append(joined, j)
		}
	})
	for _, j := range joined {
		b.WriteByte(' ')
		b.WriteString(j)
	}
	return b.String()
}

// word is a run of letters and digits in a text.
type word struct {
	start, end int      // bytes of the text
	tokens     []string // one, but for scripts without spaces
}

// scan finds the words of a text in order, and runs of words that single
// punctuation marks hold together.
func scan(text string, each func(word), run func([]word)) {
	var held []word
	flush := func() {
		if len(held) > 1 {
			run(held)
		}
		held = held[:0]
	}
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		if !partOfWord(r) {
			i += size
			continue
		}
		start := i
		for i < len(text) {
			r, size := utf8.DecodeRuneInString(text[i:])
			if !partOfWord(r) {
				break
			}
			i += size
		}
		w := word{start: start, end: i, tokens: fold(text[start:i])}
		if len(w.tokens) == 0 {
			continue // marks alone
		}
		if len(held) > 0 {
			if between := text[held[len(held)-1].end:start]; len(between) != 1 || !strings.Contains("-._:/+@()", between) {
				flush()
			}
		}
		each(w)
		held = append(held, w)
	}
	flush()
}

func partOfWord(r rune) bool {
	if r < utf8.RuneSelf {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
	}
	// Soft hyphens and zero-width characters are inside words, and dropped.
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r) || unicode.Is(unicode.Cf, r))
}

// ligatures are letters that Unicode does not decompose.
var ligatures = map[rune]string{
	'ß': "ss", 'ẞ': "ss", 'æ': "ae", 'Æ': "ae", 'œ': "oe", 'Œ': "oe", 'ø': "o", 'Ø': "o", 'đ': "d", 'Đ': "d", 'ð': "d", 'Ð': "d",
	'þ': "th", 'Þ': "th", 'ł': "l", 'Ł': "l", 'ħ': "h", 'Ħ': "h", 'ı': "i", 'ŋ': "ng", 'Ŋ': "ng",
}

// fold spells a word in [a-z0-9].
func fold(s string) []string {
	var tokens []string
	var b strings.Builder
	end := func() {
		if b.Len() > 0 {
			t := b.String()
			tokens = append(tokens, t[:min(len(t), maxToken)])
			b.Reset()
		}
	}
	decomposed := s
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			decomposed = norm.NFKD.String(s)
			break
		}
	}
	for _, r := range decomposed {
		switch {
		case 'a' <= r && r <= 'z' || '0' <= r && r <= '9':
			b.WriteByte(byte(r))
		case 'A' <= r && r <= 'Z':
			b.WriteByte(byte(r) + 'a' - 'A')
		case r < utf8.RuneSelf || unicode.IsMark(r) || unicode.Is(unicode.Cf, r):
		case ligatures[r] != "":
			b.WriteString(ligatures[r])
		case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul):
			end()
			fmt.Fprintf(&b, "u%04x", r)
			end()
		case unicode.IsLetter(r) || unicode.IsNumber(r):
			fmt.Fprintf(&b, "u%04x", unicode.ToLower(r))
		}
	}
	end()
	return tokens
}

// join gives an identifier's parts as one word: those runs that hold a digit.
func join(run []word) string {
	if len(run) < 2 || len(run) > maxParts {
		return ""
	}
	var b strings.Builder
	digit := false
	for _, w := range run {
		for _, t := range w.tokens {
			digit = digit || strings.ContainsAny(t, "0123456789")
			b.WriteString(t)
		}
	}
	if !digit || b.Len() > maxToken {
		return ""
	}
	return b.String()
}
